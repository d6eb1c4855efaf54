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
	rte_spinlock_init(&adm->lock);
	return sdxi_cxt_alloc(dev, &adm->cxt, SDXI_CXT_ADMIN, SDXI_DS_RING_SZ_MIN,
			      SDXI_DS_RING_SZ_MIN, &adm->ring);
}

int
sdxi_admin_publish(struct sdxi_dev *dev)
{
	struct sdxi_admin *adm = &dev->admin;

	return sdxi_cxt_publish(dev, &adm->cxt, &adm->ring, SDXI_CXT_RUN, NULL);
}

void
sdxi_admin_jump_start(struct sdxi_dev *dev)
{
	rte_write64(0, dev->admin.ring.doorbell);
	dev->admin.usable = true;
}

void
sdxi_admin_disable(struct sdxi_dev *dev)
{
	dev->admin.usable = false;
}

void
sdxi_admin_free(struct sdxi_dev *dev)
{
	sdxi_cxt_free(&dev->admin.cxt);
}

static bool
admin_wait(struct sdxi_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ADMIN_SPINS; i++) {
		if (sdxi_ring_done(ring, 1) == 1)
			return true;
		rte_pause();
	}
	for (i = 0; i < ADMIN_POLLS; i++) {
		if (sdxi_ring_done(ring, 1) == 1)
			return true;
		rte_delay_us_sleep(ADMIN_SLEEP_US);
	}
	return sdxi_ring_done(ring, 1) == 1;
}

/* A slot that one of the sdxi_desc functions has filled is run and waited for. */
static int
admin_run(struct sdxi_dev *dev, struct sdxi_dsc *dsc, uint64_t first, const char *name,
	  uint16_t cxt_first, uint16_t cxt_last)
{
	struct sdxi_admin *adm = &dev->admin;
	struct sdxi_ring *ring = &adm->ring;
	bool failed;

	sdxi_ring_commit(ring, dsc, first);
	sdxi_ring_submit(ring);
	if (!admin_wait(ring)) {
		adm->usable = false;
		SDXI_LOG(ERR, dev,
			 "%s of contexts %u to %u: no answer; administrative context is %s, function %s",
			 name, cxt_first, cxt_last, sdxi_cxt_state_name(sdxi_cxt_state(&adm->cxt)),
			 sdxi_dev_state_name(sdxi_dev_state(dev)));
		return -ETIMEDOUT;
	}
	failed = sdxi_ring_is_error(ring, ring->tail);
	ring->tail++;
	if (failed) {
		SDXI_LOG(ERR, dev, "%s of contexts %u to %u: refused by the function", name,
			 cxt_first, cxt_last);
		/* A function of the stopping kind stops this context as well, now or in a while. */
		adm->usable = false;
		return -EIO;
	}
	return 0;
}

static int
admin_slot(struct sdxi_dev *dev, struct sdxi_dsc **dsc, const char *name)
{
	int ret;

	if (!dev->admin.usable) {
		SDXI_LOG(ERR, dev, "%s: the administrative context does not work", name);
		return -EIO;
	}
	ret = sdxi_ring_slot(&dev->admin.ring, dsc);
	if (ret < 0) {
		/* Commands are run one by one, so a full ring means a Read_Index gone astray. */
		SDXI_LOG(ERR, dev, "%s: administrative ring: Read_Index %" PRIu64
			 " does not fit Write_Index %" PRIu64, name,
			 rte_le_to_cpu_64(dev->admin.cxt.sts->read_index),
			 dev->admin.ring.submitted);
		dev->admin.usable = false;
		return -EIO;
	}
	return 0;
}

static int
admin_cxt_upd(struct sdxi_dev *dev, enum sdxi_cxt_lvl level, uint16_t first, uint16_t last)
{
	struct sdxi_dsc *dsc;
	int ret = admin_slot(dev, &dsc, "CXT_UPD");

	if (ret < 0)
		return ret;
	return admin_run(dev, dsc, sdxi_desc_cxt_upd(dsc, level, first, last), "CXT_UPD", first,
			 last);
}

static int
admin_sync(struct sdxi_dev *dev, enum sdxi_sync_flt flt, uint16_t first, uint16_t last)
{
	struct sdxi_dsc *dsc;
	int ret = admin_slot(dev, &dsc, "SYNC");

	if (ret < 0)
		return ret;
	return admin_run(dev, dsc, sdxi_desc_sync(dsc, flt, first, last), "SYNC", first, last);
}

int
sdxi_admin_update(struct sdxi_dev *dev, uint16_t first, uint16_t last, bool l2_changed)
{
	int ret = 0;

	rte_spinlock_lock(&dev->admin.lock);
	if (l2_changed)
		ret = admin_cxt_upd(dev, SDXI_LVL_L2, first, last);
	if (ret == 0)
		ret = admin_cxt_upd(dev, SDXI_LVL_L1, first, last);
	if (ret == 0)
		ret = admin_sync(dev, SDXI_FLT_CXT, first, last);
	rte_spinlock_unlock(&dev->admin.lock);
	return ret;
}

int
sdxi_admin_start(struct sdxi_dev *dev, uint16_t first, uint16_t last)
{
	struct sdxi_dsc *dsc;
	int ret;

	rte_spinlock_lock(&dev->admin.lock);
	ret = admin_slot(dev, &dsc, "CXT_START_NM");
	if (ret == 0)
		ret = admin_run(dev, dsc, sdxi_desc_cxt_start(dsc, first, last), "CXT_START_NM",
				first, last);
	rte_spinlock_unlock(&dev->admin.lock);
	return ret;
}

int
sdxi_admin_stop(struct sdxi_dev *dev, bool hard, uint16_t first, uint16_t last)
{
	struct sdxi_dsc *dsc;
	int ret;

	rte_spinlock_lock(&dev->admin.lock);
	ret = admin_slot(dev, &dsc, "CXT_STOP");
	if (ret == 0)
		ret = admin_run(dev, dsc, sdxi_desc_cxt_stop(dsc, hard, first, last), "CXT_STOP",
				first, last);
	rte_spinlock_unlock(&dev->admin.lock);
	return ret;
}

int
sdxi_admin_sync_stop(struct sdxi_dev *dev, uint16_t first, uint16_t last)
{
	int ret;

	rte_spinlock_lock(&dev->admin.lock);
	ret = admin_sync(dev, SDXI_FLT_STOP, first, last);
	rte_spinlock_unlock(&dev->admin.lock);
	return ret;
}
