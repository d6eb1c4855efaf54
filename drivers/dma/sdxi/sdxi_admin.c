/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "sdxi_admin.h"
#include "sdxi_desc.h"
#include "sdxi_dev.h"

/*
 * A command is looked after closely at first, as most take microseconds, and then in steps of
 * ADMIN_SLEEP_US. ADMIN_POLLS bounds the wait at two seconds or more.
 */
#define ADMIN_SPINS	10000
#define ADMIN_SLEEP_US	100
#define ADMIN_POLLS	20000

int
sdxi_admin_alloc(struct sdxi_dev *dev)
{
	struct sdxi_admin *adm = &dev->admin;

	if (adm->cxt.mem.va != NULL)
		return 0;
	return sdxi_cxt_alloc(dev, &adm->cxt, SDXI_CXT_ADMIN, SDXI_DS_RING_SZ_MIN,
			      SDXI_DS_RING_SZ_MIN, &adm->ring);
}

int
sdxi_admin_publish(struct sdxi_dev *dev)
{
	struct sdxi_admin *adm = &dev->admin;

	sdxi_ring_reset(&adm->ring);
	return sdxi_cxt_publish(dev, &adm->cxt, &adm->ring, SDXI_CXT_RUN, NULL);
}

void
sdxi_admin_jump_start(struct sdxi_dev *dev)
{
	sdxi_doorbell_ring(dev->admin.ring.doorbell, 0);
	SDXI_SHOW(dev->admin.usable, true);
}

void
sdxi_admin_disable(struct sdxi_dev *dev)
{
	SDXI_SHOW(dev->admin.usable, false);
}

void
sdxi_admin_free(struct sdxi_dev *dev)
{
	sdxi_cxt_free(&dev->admin.cxt);
}

static bool
admin_is_done(struct sdxi_ring *ring)
{
	return sdxi_ring_is_done(ring, ring->tail);
}

/* Is there room, or will there never be? */
static bool
admin_has_room(struct sdxi_ring *ring)
{
	return ring->next < ring->stop || sdxi_ring_refill(ring, SDXI_MODE_OP) != -ENOSPC;
}

static bool
admin_wait(struct sdxi_ring *ring, bool (*is_over)(struct sdxi_ring *ring))
{
	unsigned int i;

	for (i = 0; i < ADMIN_SPINS; i++) {
		if (is_over(ring))
			return true;
		rte_pause();
	}
	for (i = 0; i < ADMIN_POLLS; i++) {
		if (is_over(ring))
			return true;
		rte_delay_us_sleep(ADMIN_SLEEP_US);
	}
	return is_over(ring);
}

/* Run one command of those that name contexts, and wait for it. */
static int
admin_cmd(struct sdxi_dev *dev, const char *name, struct sdxi_cmd cmd)
{
	struct sdxi_admin *adm = &dev->admin;
	struct sdxi_ring *ring = &adm->ring;
	struct sdxi_dsc *dsc;
	uint64_t last;
	bool failed;

	if (!adm->usable) {
		SDXI_LOG(ERR, dev, "%s: the administrative context does not work", name);
		return -EIO;
	}
	/* Commands are run one by one, so what a full ring waits for is a Read_Index that lags. */
	if (!admin_wait(ring, admin_has_room) || ring->next >= ring->stop) {
		SDXI_LOG(ERR, dev, "%s: administrative ring: Read_Index %" PRIu64
			 " does not fit Write_Index %" PRIu64, name,
			 rte_le_to_cpu_64(SDXI_LOOK(adm->cxt.sts->read_index)), ring->submitted);
		SDXI_SHOW(adm->usable, false);
		return -EIO;
	}
	last = sdxi_ring_begin(ring, SDXI_MODE_OP, 1);
	dsc = sdxi_ring_slot(ring);
	sdxi_ring_put(ring, dsc, sdxi_desc_cmd(dsc, cmd), last);
	sdxi_ring_end(ring, SDXI_MODE_OP, 1, false);
	sdxi_ring_submit(ring, SDXI_MODE_OP);
	if (!admin_wait(ring, admin_is_done)) {
		SDXI_SHOW(adm->usable, false);
		SDXI_LOG(ERR, dev,
			 "%s of contexts %u to %u: no answer; administrative context is %s, function %s",
			 name, cmd.first, cmd.last, sdxi_cxt_state_name(sdxi_cxt_state(&adm->cxt)),
			 sdxi_dev_state_name(sdxi_dev_state(dev)));
		return -ETIMEDOUT;
	}
	sdxi_csb_acquire(&ring->csb[ring->tail & ring->mask], 1);
	failed = sdxi_ring_is_error(ring, ring->tail);
	sdxi_ring_report(ring, 1);
	if (failed) {
		SDXI_LOG(ERR, dev, "%s of contexts %u to %u: refused by the function", name,
			 cmd.first, cmd.last);
		/* A function of the stopping kind stops this context as well, now or in a while. */
		SDXI_SHOW(adm->usable, false);
		return -EIO;
	}
	return 0;
}

int
sdxi_admin_update(struct sdxi_dev *dev, uint16_t first, uint16_t last, bool l2_changed)
{
	int ret = 0;

	if (!sdxi_dev_lock(dev, &dev->admin.lock))
		return -EIO;
	if (l2_changed)
		ret = admin_cmd(dev, "CXT_UPD", sdxi_cmd_cxt_upd(SDXI_LVL_L2, first, last));
	if (ret == 0)
		ret = admin_cmd(dev, "CXT_UPD", sdxi_cmd_cxt_upd(SDXI_LVL_L1, first, last));
	if (ret == 0)
		ret = admin_cmd(dev, "SYNC", sdxi_cmd_sync(SDXI_FLT_CXT, first, last));
	sdxi_lock_release(&dev->admin.lock);
	return ret;
}

static int
admin_one_cmd(struct sdxi_dev *dev, const char *name, struct sdxi_cmd cmd)
{
	int ret;

	if (!sdxi_dev_lock(dev, &dev->admin.lock))
		return -EIO;
	ret = admin_cmd(dev, name, cmd);
	sdxi_lock_release(&dev->admin.lock);
	return ret;
}

int
sdxi_admin_start(struct sdxi_dev *dev, uint16_t first, uint16_t last)
{
	return admin_one_cmd(dev, "CXT_START_NM", sdxi_cmd_cxt_start(first, last));
}

int
sdxi_admin_stop(struct sdxi_dev *dev, bool hard, uint16_t first, uint16_t last)
{
	return admin_one_cmd(dev, "CXT_STOP", sdxi_cmd_cxt_stop(hard, first, last));
}

int
sdxi_admin_sync_stop(struct sdxi_dev *dev, uint16_t first, uint16_t last)
{
	return admin_one_cmd(dev, "SYNC", sdxi_cmd_sync(SDXI_FLT_STOP, first, last));
}
