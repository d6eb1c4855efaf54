/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_io.h>
#include <rte_pause.h>

#include "sdxi_dev.h"

RTE_LOG_REGISTER_DEFAULT(sdxi_logtype, NOTICE);

/* How long a change of the function's state may take, in polls of one millisecond. */
#define FN_STATE_POLLS 1000

/* What a register of a function that has left the bus reads as. */
#define FN_GONE UINT64_MAX

/*
 * How long a lock is waited for: so many looks with a pause, then so many of a millisecond each,
 * which is longer than bringing a function up and starting its contexts takes at the worst.
 */
#define LOCK_SPINS 1000
#define LOCK_POLLS 30000

/* How this process reaches the functions of dmadevs, by their id; few pages of it are ever used. */
static struct sdxi_fn *dev_fns[INT16_MAX + 1];

int
sdxi_dev_fn_set(int16_t id, const struct sdxi_fn *fn)
{
	struct sdxi_fn *copy = NULL;

	if (fn != NULL) {
		copy = malloc(sizeof(*copy));
		if (copy == NULL)
			return -ENOMEM;
		*copy = *fn;
	}
	free(dev_fns[id]);
	dev_fns[id] = copy;
	return 0;
}

struct sdxi_fn *
sdxi_dev_fn_get(int16_t id)
{
	return dev_fns[id];
}

struct sdxi_fn *
sdxi_dev_fn(const struct sdxi_dev *dev)
{
	return sdxi_dev_fn_get(dev->id);
}

static const char *
lock_name(const struct sdxi_dev *dev, const struct sdxi_lock *lock)
{
	return lock == &dev->errlog.lock ? "error log" :
	       lock == &dev->admin.lock	 ? "administrative context" :
					   "control";
}

bool
sdxi_dev_lock(struct sdxi_dev *dev, struct sdxi_lock *lock)
{
	unsigned int i;
	int ret;

	for (i = 0; i < LOCK_SPINS + LOCK_POLLS; i++) {
		ret = sdxi_lock_try(lock);
		if (ret >= 0) {
			/* A command of the dead may be half done: the function is to begin anew. */
			if (ret > 0) {
				SDXI_LOG(WARNING, dev, "a process has died at work on the function");
				sdxi_admin_disable(dev);
			}
			return true;
		}
		if (i < LOCK_SPINS)
			rte_pause();
		else
			rte_delay_us_sleep(1000);
	}
	SDXI_LOG(ERR, dev, "%s: expected its lock to be given back in %u s, found it held",
		 lock_name(dev, lock), LOCK_POLLS / 1000);
	return false;
}

enum sdxi_fn_gsv
sdxi_dev_state(const struct sdxi_dev *dev)
{
	return (enum sdxi_fn_gsv)SDXI_GET(SDXI_STS0_FN_GSV, sdxi_dev_read(dev, SDXI_MMIO_STS0));
}

const char *
sdxi_dev_state_name(enum sdxi_fn_gsv state)
{
	switch (state) {
	case SDXI_GSV_STOP:
		return "STOP";
	case SDXI_GSV_INIT:
		return "INIT";
	case SDXI_GSV_ACTIVE:
		return "ACTIVE";
	case SDXI_GSV_STOPG_SF:
		return "STOPG_SF";
	case SDXI_GSV_STOPG_HD:
		return "STOPG_HD";
	case SDXI_GSV_ERROR:
		return "ERROR";
	}
	return "reserved";
}

static void
fn_request(const struct sdxi_dev *dev, enum sdxi_fn_gsr gsr)
{
	uint64_t ctl0 = sdxi_dev_read(dev, SDXI_MMIO_CTL0);

	sdxi_dev_write(dev, SDXI_MMIO_CTL0,
		       (ctl0 & ~SDXI_CTL0_FN_GSR) | SDXI_PUT(SDXI_CTL0_FN_GSR, gsr));
}

/* Wait until the function is in one of two states; gives the state it was last seen in. */
static enum sdxi_fn_gsv
fn_wait(const struct sdxi_dev *dev, enum sdxi_fn_gsv want, enum sdxi_fn_gsv or_want)
{
	enum sdxi_fn_gsv state = sdxi_dev_state(dev);
	unsigned int polls;

	for (polls = 0; polls < FN_STATE_POLLS && state != want && state != or_want; polls++) {
		rte_delay_us_sleep(1000);
		state = sdxi_dev_state(dev);
	}
	return state;
}

/* Has the function left the bus? Says so if it has. */
static bool
fn_is_gone(const struct sdxi_dev *dev)
{
	if (sdxi_dev_read(dev, SDXI_MMIO_VERSION) != FN_GONE)
		return false;
	SDXI_LOG(ERR, dev, "function does not answer: all registers read as ones");
	return true;
}

/* Requests from the gentlest to the last resort. */
enum stop_step {
	STEP_SOFT,
	STEP_HARD,
	STEP_RESET,
	NB_STEPS,
};

/* Bring the function to STOP, beginning with a request that its state allows. */
static int
fn_stop(struct sdxi_dev *dev, enum stop_step first)
{
	static const struct {
		enum sdxi_fn_gsr gsr;
		const char *name;
	} ladder[NB_STEPS] = {
		[STEP_SOFT] = { SDXI_GSR_STOP_SF, "STOP_SF" },
		[STEP_HARD] = { SDXI_GSR_STOP_HD, "STOP_HD" },
		[STEP_RESET] = { SDXI_GSR_RESET, "RESET" },
	};
	enum sdxi_fn_gsv state;
	unsigned int step;

	if (fn_is_gone(dev))
		return -ENODEV;
	state = sdxi_dev_state(dev);
	switch (state) {
	case SDXI_GSV_STOP:
		return 0;
	case SDXI_GSV_ACTIVE:
	case SDXI_GSV_INIT:
		step = first;
		break;
	case SDXI_GSV_STOPG_SF:
	case SDXI_GSV_STOPG_HD:
		step = STEP_HARD;
		break;
	default:
		step = STEP_RESET;
		break;
	}

	for (; step < NB_STEPS; step++) {
		/* ERROR is left by RESET alone. */
		if (state == SDXI_GSV_ERROR)
			step = STEP_RESET;
		fn_request(dev, ladder[step].gsr);
		state = fn_wait(dev, SDXI_GSV_STOP, ladder[step].gsr == SDXI_GSR_RESET ?
				SDXI_GSV_STOP : SDXI_GSV_ERROR);
		if (state == SDXI_GSV_STOP)
			return 0;
		if (fn_is_gone(dev))
			return -ENODEV;
		SDXI_LOG(WARNING, dev, "%s requested: expected function state STOP, found %s (%u)",
			 ladder[step].name, sdxi_dev_state_name(state), state);
	}
	SDXI_LOG(ERR, dev, "function does not stop: state is %s (%u) after RESET",
		 sdxi_dev_state_name(state), state);
	return -ETIMEDOUT;
}

int
sdxi_dev_quiesce(struct sdxi_dev *dev)
{
	return fn_stop(dev, STEP_SOFT);
}

int
sdxi_dev_seize(struct sdxi_dev *dev)
{
	const struct sdxi_fn *fn = sdxi_dev_fn(dev);
	enum sdxi_fn_gsv state = sdxi_dev_state(dev);

	if (state != SDXI_GSV_STOP) {
		SDXI_LOG(NOTICE, dev, "expected function state STOP, found %s (%u): taken from its "
			 "owner before", sdxi_dev_state_name(state), state);
		/* What it still does is for memory that may be somebody else's by now. */
		if (fn->ops->dma_enable(fn, false) < 0)
			SDXI_LOG(WARNING, dev, "cannot disable bus mastering");
	}
	return fn_stop(dev, STEP_HARD);
}

int
sdxi_dev_discover(struct sdxi_dev *dev)
{
	uint64_t cap0, cap1, max_cxt, nb_db, shift;

	if (fn_is_gone(dev))
		return -ENODEV;
	SDXI_SHOW(dev->version, sdxi_dev_read(dev, SDXI_MMIO_VERSION));
	cap0 = sdxi_dev_read(dev, SDXI_MMIO_CAP0);
	cap1 = sdxi_dev_read(dev, SDXI_MMIO_CAP1);
	if (SDXI_GET(SDXI_VERSION_MAJOR, dev->version) != 1) {
		SDXI_LOG(ERR, dev, "expected SDXI version 1.x, found %" PRIu64 ".%" PRIu64,
			 SDXI_GET(SDXI_VERSION_MAJOR, dev->version),
			 SDXI_GET(SDXI_VERSION_MINOR, dev->version));
		return -ENOTSUP;
	}

	SDXI_SHOW(dev->db_stride,
		  (uint64_t)SDXI_DB_STRIDE_MIN << SDXI_GET(SDXI_CAP0_DB_STRIDE, cap0));
	nb_db = sdxi_dev_fn(dev)->db_len / dev->db_stride;
	max_cxt = SDXI_GET(SDXI_CAP1_MAX_CXT, cap1);
	if (max_cxt < 1 || nb_db < 2) {
		SDXI_LOG(ERR, dev,
			 "no client context: highest context number %" PRIu64 ", BAR %u of %" PRIu64
			 " bytes holds %" PRIu64 " doorbells of %" PRIu64 " bytes, expected 2",
			 max_cxt, SDXI_PCI_BAR_DB, sdxi_dev_fn(dev)->db_len, nb_db, dev->db_stride);
		return -EINVAL;
	}
	SDXI_SHOW(dev->max_cxt, RTE_MIN(max_cxt, nb_db - 1));

	/* Larger rings and buffers than these cannot be named by a slot number or by dmadev. */
	shift = RTE_MIN(SDXI_GET(SDXI_CAP0_MAX_DS_RING_SZ, cap0), UINT64_C(21));
	SDXI_SHOW(dev->max_ring, (uint32_t)SDXI_DS_RING_SZ_MIN << shift);
	dev->max_buffer = RTE_MIN(SDXI_GET(SDXI_CAP1_MAX_BUFFER, cap1),
				  (uint64_t)SDXI_MAX_BUFFER_4G);
	SDXI_SHOW(dev->max_len, RTE_MIN(UINT64_C(1) << (dev->max_buffer + SDXI_MAX_BUFFER_SHIFT),
					(uint64_t)UINT32_MAX));
	SDXI_SHOW(dev->opb_000, SDXI_GET(SDXI_CAP1_OPB_000_CAP, cap1));
	return 0;
}

int
sdxi_dev_l1_ent(struct sdxi_dev *dev, uint16_t cxt, struct sdxi_cxt_l1_ent **ent,
		bool *l2_changed)
{
	struct sdxi_cxt_l2_ent *l2 = dev->l2.va;
	uint16_t idx = cxt >> SDXI_L1_SHIFT;
	struct sdxi_mem *l1 = &dev->l1[idx];
	int ret;

	if (cxt > dev->max_cxt) {
		SDXI_LOG(ERR, dev, "context %u: function has 0 to %u", cxt, dev->max_cxt);
		return -ERANGE;
	}
	if (l1->va == NULL || l2[idx].lv01_ptr == 0) {
		if (l1->va == NULL) {
			ret = sdxi_mem_alloc(l1, SDXI_TABLE_LEN, SDXI_TABLE_LEN, dev->socket);
			if (ret < 0) {
				SDXI_LOG(ERR, dev, "context %u: no memory for a level 1 table",
					 cxt);
				return ret;
			}
		}
		memset(l1->va, 0, SDXI_TABLE_LEN);
		/* The table is empty before the function can find it. */
		rte_io_wmb();
		SDXI_STORE(&l2[idx].lv01_ptr, rte_cpu_to_le_64(l1->iova | SDXI_L2_ENT_VL), relaxed);
		if (l2_changed != NULL)
			*l2_changed = true;
	}
	*ent = (struct sdxi_cxt_l1_ent *)l1->va + (cxt & (SDXI_L1_ENTRIES - 1));
	return 0;
}

static int
dev_alloc(struct sdxi_dev *dev)
{
	int ret;

	if (dev->l2.va == NULL) {
		ret = sdxi_mem_alloc(&dev->l2, SDXI_TABLE_LEN, SDXI_TABLE_LEN, dev->socket);
		if (ret < 0) {
			SDXI_LOG(ERR, dev, "no memory for the level 2 table on socket %d",
				 dev->socket);
			return ret;
		}
	}
	ret = sdxi_admin_alloc(dev);
	if (ret == 0)
		ret = sdxi_errlog_alloc(dev);
	return ret;
}

/* Behind sdxi_dev_quiesce(), which gave @p stopped: 0, or -EIO if the function may still write. */
static int
dma_off(struct sdxi_dev *dev, int stopped)
{
	const struct sdxi_fn *fn = sdxi_dev_fn(dev);
	/* Always: a function that does not answer may have lost its registers only. */
	int ret = fn->ops->dma_enable(fn, false);

	SDXI_SHOW(dev->loose, stopped == -ETIMEDOUT && ret < 0);
	if (dev->loose) {
		SDXI_LOG(ERR, dev, "cannot disable bus mastering: %s; the function may write memory",
			 strerror(-ret));
		return -EIO;
	}
	if (stopped == -ETIMEDOUT)
		SDXI_LOG(WARNING, dev, "bus mastering disabled for a function that does not stop");
	return 0;
}

int
sdxi_dev_up(struct sdxi_dev *dev)
{
	const struct sdxi_fn *fn = sdxi_dev_fn(dev);
	enum sdxi_fn_gsv state;
	unsigned int i;
	uint64_t ctl0;
	int ret;

	sdxi_admin_disable(dev);
	SDXI_SHOW(dev->up, false);
	rte_atomic_fetch_add_explicit(&dev->epoch, 1, rte_memory_order_release);
	/* Nothing is programmed, and no table touched, under a function that runs. */
	ret = sdxi_dev_quiesce(dev);
	if (ret < 0) {
		dma_off(dev, ret);
		return ret;
	}
	SDXI_SHOW(dev->loose, false);
	ret = dev_alloc(dev);
	if (ret < 0)
		return ret;

	/*
	 * No interrupts yet, no PASID; fn_grp_id stays as it is. fn_gsr may still hold any request
	 * of an owner before, ACTIVE among them: it asks for what the function has done already.
	 */
	ctl0 = sdxi_dev_read(dev, SDXI_MMIO_CTL0);
	ctl0 &= ~(SDXI_CTL0_FN_GSR | SDXI_CTL0_FN_ERR_INTR_EN | SDXI_CTL0_FN_PASID_VL |
		  SDXI_CTL0_FN_PASID);
	sdxi_dev_write(dev, SDXI_MMIO_CTL0, ctl0 | SDXI_PUT(SDXI_CTL0_FN_GSR, SDXI_GSR_STOP_SF));

	/* The function is stopped, so it may have been reset or replaced since probe. */
	ret = sdxi_dev_discover(dev);
	if (ret < 0)
		return ret;
	sdxi_dev_write(dev, SDXI_MMIO_CTL2,
		       SDXI_PUT(SDXI_CTL2_MAX_BUFFER, dev->max_buffer) |
		       SDXI_PUT(SDXI_CTL2_MAX_CXT, dev->max_cxt) |
		       SDXI_PUT(SDXI_CTL2_OPB_000_AVL, dev->opb_000));

	/* What level 1 tables hold of other contexts is as old as they are. */
	for (i = 0; i < RTE_DIM(dev->l1); i++)
		if (dev->l1[i].va != NULL)
			memset(dev->l1[i].va, 0, SDXI_TABLE_LEN);
	memset(dev->l2.va, 0, SDXI_TABLE_LEN);
	sdxi_dev_write(dev, SDXI_MMIO_CXT_L2, dev->l2.iova);
	sdxi_dev_write(dev, SDXI_MMIO_RKEY, 0);
	ret = sdxi_admin_publish(dev);
	if (ret < 0)
		return ret;
	sdxi_errlog_enable(dev, dev->intr);

	ret = fn->ops->dma_enable(fn, true);
	if (ret < 0) {
		SDXI_LOG(ERR, dev, "cannot enable bus mastering: %s", strerror(-ret));
		return ret;
	}
	if (dev->intr)
		sdxi_dev_write(dev, SDXI_MMIO_CTL0,
			       sdxi_dev_read(dev, SDXI_MMIO_CTL0) | SDXI_CTL0_FN_ERR_INTR_EN);

	fn_request(dev, SDXI_GSR_ACTIVE);
	state = fn_wait(dev, SDXI_GSV_ACTIVE, SDXI_GSV_ERROR);
	if (state != SDXI_GSV_ACTIVE) {
		SDXI_LOG(ERR, dev, "activation: expected function state ACTIVE, found %s (%u)",
			 sdxi_dev_state_name(state), state);
		sdxi_errlog_service(dev);
		ret = sdxi_dev_down(dev);
		return ret < 0 ? ret : -EIO;
	}
	sdxi_admin_jump_start(dev);
	SDXI_SHOW(dev->up, true);
	SDXI_SHOW(dev->failed, false);
	return 0;
}

int
sdxi_dev_down(struct sdxi_dev *dev)
{
	int stopped;

	sdxi_admin_disable(dev);
	SDXI_SHOW(dev->up, false);
	rte_atomic_fetch_add_explicit(&dev->epoch, 1, rte_memory_order_release);
	stopped = sdxi_dev_quiesce(dev);
	if (stopped == 0) {
		/* The memory behind these may be freed next. */
		sdxi_dev_write(dev, SDXI_MMIO_ERR_CFG, 0);
		sdxi_dev_write(dev, SDXI_MMIO_CXT_L2, 0);
	}
	return dma_off(dev, stopped);
}

void
sdxi_dev_free(struct sdxi_dev *dev)
{
	unsigned int i;

	sdxi_errlog_free(dev);
	sdxi_admin_free(dev);
	for (i = 0; i < RTE_DIM(dev->l1); i++)
		sdxi_mem_free(&dev->l1[i]);
	sdxi_mem_free(&dev->l2);
}
