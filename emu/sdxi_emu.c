/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <stdlib.h>

#include "sdxi_emu_priv.h"

/* Bits of the registers that hold what software writes; the others read 0. */
#define CTL0_BITS                                                                                  \
	(SDXI_CTL0_FN_GSR | SDXI_CTL0_FN_PASID_VL | SDXI_CTL0_FN_ERR_INTR_EN |                     \
	 SDXI_CTL0_FN_PASID | SDXI_CTL0_FN_GRP_ID)
#define CTL2_BITS                                                                                  \
	(SDXI_CTL2_MAX_BUFFER | SDXI_CTL2_MAX_AKEY_SZ | SDXI_CTL2_MAX_CXT | SDXI_CTL2_OPB_000_AVL)
#define RKEY_BITS (SDXI_RKEY_EN | SDXI_RKEY_SZ | SDXI_RKEY_PTR)
#define ERR_STS_BITS (SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF | SDXI_ERR_STS_ERR)
#define ERR_CFG_BITS (SDXI_ERR_CFG_EN | SDXI_ERR_CFG_SZ | SDXI_ERR_CFG_PTR)

void
sdxi_emu_conf_default(struct sdxi_emu_conf *conf)
{
	*conf = (struct sdxi_emu_conf){
		.max_cxt = 127,
		.max_ds_ring_sz = 6,
		.max_buffer = SDXI_MAX_BUFFER_4G,
		.max_akey_sz = 8,
		.max_errlog_sz = 4,
	};
}

static bool
conf_good(const struct sdxi_emu_conf *conf)
{
	return conf->max_cxt != 0 && conf->max_ds_ring_sz <= 21 &&
	       conf->max_buffer <= SDXI_MAX_BUFFER_4G && conf->max_akey_sz <= 8 &&
	       conf->max_errlog_sz <= 4 && conf->db_stride <= 7 &&
	       (uintptr_t)conf->doorbells % sizeof(uint64_t) == 0;
}

/* All registers as after power-up. */
static void
fn_init(struct sdxi_emu *emu)
{
	emu_cxt_forget_all(emu);
	emu->ctl0 = 0;
	emu->ctl2 = EMU_CTL2_RESET;
	emu->cxt_l2 = 0;
	emu->rkey = 0;
	emu->err_ctl = 0;
	emu->err_sts = 0;
	emu->err_cfg = 0;
	emu->err_wrt = 0;
	emu->err_rd = 0;
	emu->gsv = SDXI_GSV_STOP;
	emu->irq_due = false;
	emu->gsr_due = false;
	emu->reset_due = false;
	emu->random = emu->conf.seed;
	emu->delay = 0;
	sdxi_emu_inject_clear(emu);
	emu_doorbell_idle(emu, SDXI_CXT_ADMIN);
}

int
sdxi_emu_create(const struct sdxi_emu_conf *conf, const struct sdxi_emu_ops *ops, void *opaque,
		struct sdxi_emu **emu)
{
	struct sdxi_emu *new;

	if (conf == NULL || ops == NULL || emu == NULL || !conf_good(conf) || ops->read == NULL ||
	    ops->write == NULL || ops->read64 == NULL || ops->write64 == NULL ||
	    ops->copy == NULL)
		return -EINVAL;
	/* aligned_alloc() wants a multiple of the alignment, which sizeof is. */
	new = aligned_alloc(_Alignof(struct sdxi_emu), sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	*new = (struct sdxi_emu){ .ops = *ops, .opaque = opaque, .conf = *conf };
	new->db_bits = calloc(conf->max_cxt / 64 + 1, sizeof(*new->db_bits));
	if (new->db_bits == NULL) {
		free(new);
		return -ENOMEM;
	}
	fn_init(new);
	*emu = new;
	return 0;
}

void
sdxi_emu_destroy(struct sdxi_emu *emu)
{
	unsigned int i, j;

	if (emu == NULL)
		return;
	for (i = 0; i < SDXI_L2_ENTRIES; i++) {
		for (j = 0; emu->chunk[i] != NULL && j < SDXI_L1_ENTRIES; j++)
			free(emu->chunk[i]->cxt[j].free);
		free(emu->chunk[i]);
	}
	free(emu->fault);
	free(emu->run);
	free(emu->db_bits);
	free(emu);
}

void
sdxi_emu_reset(struct sdxi_emu *emu)
{
	if (emu->in_run)
		emu->reset_due = true;
	else
		fn_init(emu);
}

/* With freedom, what takes a while may take so many looks at it. */
#define MAX_DELAY 40

static bool
is_put_off(struct sdxi_emu *emu)
{
	if (!emu->conf.freedom || emu->delay >= MAX_DELAY || emu_random(emu, 8) == 0) {
		emu->delay = 0;
		return false;
	}
	emu->delay++;
	return true;
}

static void
irq_deliver(struct sdxi_emu *emu)
{
	if (!emu->irq_due || (emu->gsv == SDXI_GSV_ACTIVE && is_put_off(emu)))
		return;
	emu->irq_due = false;
	if (emu->ops.irq != NULL)
		emu->ops.irq(emu->opaque, SDXI_INTR_ERRLOG);
}

/* Do what CTL0.fn_gsr asks for, as far as the state allows it; the rest is ignored. */
static void
fn_request(struct sdxi_emu *emu)
{
	const enum sdxi_fn_gsr gsr = SDXI_GET(SDXI_CTL0_FN_GSR, emu->ctl0);
	enum sdxi_fn_gsv next = emu->gsv;

	switch (gsr) {
	case SDXI_GSR_RESET:
		next = SDXI_GSV_STOP;
		break;
	case SDXI_GSR_STOP_SF:
		if (emu->gsv == SDXI_GSV_ACTIVE || emu->gsv == SDXI_GSV_INIT)
			next = SDXI_GSV_STOPG_SF;
		break;
	case SDXI_GSR_STOP_HD:
		if (emu->gsv == SDXI_GSV_ACTIVE || emu->gsv == SDXI_GSV_INIT ||
		    emu->gsv == SDXI_GSV_STOPG_SF)
			next = SDXI_GSV_STOPG_HD;
		break;
	case SDXI_GSR_ACTIVE:
		if (emu->gsv == SDXI_GSV_STOP)
			next = SDXI_GSV_INIT;
		break;
	}
	if (next == emu->gsv || emu_fault_ignores(emu, gsr))
		return;
	/*
	 * [I] RESET: at once, from every state, and nothing is written to memory any more.
	 * Registers keep their values, so that an error log can still be read.
	 */
	if (gsr == SDXI_GSR_RESET)
		emu_cxt_forget_all(emu);
	emu->gsv = next;
}

static uint64_t
cap0_value(const struct sdxi_emu *emu)
{
	return SDXI_PUT(SDXI_CAP0_SFUNC, emu->conf.sfunc) |
	       SDXI_PUT(SDXI_CAP0_DB_STRIDE, emu->conf.db_stride) |
	       SDXI_PUT(SDXI_CAP0_MAX_DS_RING_SZ, emu->conf.max_ds_ring_sz);
}

static uint64_t
cap1_value(const struct sdxi_emu *emu)
{
	/* [I] rkey_cap and rm are 0: no other function is there. mmio64: 8-byte accesses are. */
	return SDXI_PUT(SDXI_CAP1_MAX_BUFFER, emu->conf.max_buffer) | SDXI_CAP1_MMIO64 |
	       SDXI_PUT(SDXI_CAP1_MAX_ERRLOG_SZ, emu->conf.max_errlog_sz) |
	       SDXI_PUT(SDXI_CAP1_MAX_AKEY_SZ, emu->conf.max_akey_sz) |
	       SDXI_PUT(SDXI_CAP1_MAX_CXT, emu->conf.max_cxt) |
	       SDXI_PUT(SDXI_CAP1_OPB_000_CAP, EMU_OPB_CAP);
}

/* The register at an offset, 0 where there is none. */
static uint64_t
reg_value(const struct sdxi_emu *emu, uint64_t off)
{
	switch (off) {
	case SDXI_MMIO_CTL0:
		return emu->ctl0;
	case SDXI_MMIO_CTL2:
		return emu->ctl2;
	case SDXI_MMIO_STS0:
		return SDXI_PUT(SDXI_STS0_FN_GSV, emu->gsv);
	case SDXI_MMIO_CAP0:
		return cap0_value(emu);
	case SDXI_MMIO_CAP1:
		return cap1_value(emu);
	case SDXI_MMIO_VERSION:
		return EMU_VERSION;
	case SDXI_MMIO_CXT_L2:
		return emu->cxt_l2;
	case SDXI_MMIO_RKEY:
		return emu->rkey;
	case SDXI_MMIO_ERR_CTL:
		return emu->err_ctl;
	case SDXI_MMIO_ERR_STS:
		return emu->err_sts;
	case SDXI_MMIO_ERR_CFG:
		return emu->err_cfg;
	case SDXI_MMIO_ERR_WRT:
		return emu->err_wrt;
	case SDXI_MMIO_ERR_RD:
		return emu->err_rd;
	default:
		return 0;
	}
}

uint64_t
sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size)
{
	uint64_t val, word = 0;
	unsigned int i;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return 0;
	val = reg_value(emu, off & ~UINT64_C(7)) >> off % 8 * 8;
	i = 8 - off % 8;
	if (i < size) {
		/* Reaches into the next register, if the address space has one. */
		word = off + i < off ? 0 : reg_value(emu, off + i);
		val |= word << i * 8;
	}
	return size == 8 ? val : val & ((UINT64_C(1) << size * 8) - 1);
}

void
sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size)
{
	uint64_t mask, word;

	if ((size != 8 && size != 4) || off % size != 0)
		return;
	mask = size == 8 ? UINT64_MAX : UINT64_C(0xffffffff) << off % 8 * 8;
	val = size == 8 ? val : val << off % 8 * 8 & mask;
	off &= ~UINT64_C(7);
	/* A half that is not written keeps its value. */
	word = (reg_value(emu, off) & ~mask) | val;

	switch (off) {
	case SDXI_MMIO_CTL0:
		emu->ctl0 = word & CTL0_BITS;
		/* [I] Every write to the half that holds fn_gsr is a request. */
		if (!(mask & SDXI_CTL0_FN_GSR))
			break;
		/* Contexts are not forgotten while one of them waits for a callback. */
		if (emu->in_run)
			emu->gsr_due = true;
		else
			fn_request(emu);
		break;
	case SDXI_MMIO_CTL2:
		emu->ctl2 = word & CTL2_BITS;
		break;
	case SDXI_MMIO_CXT_L2:
		emu->cxt_l2 = word & SDXI_CXT_L2_PTR;
		break;
	case SDXI_MMIO_RKEY:
		emu->rkey = word & RKEY_BITS;
		break;
	case SDXI_MMIO_ERR_CTL:
		emu->err_ctl = word & SDXI_ERR_CTL_INTR_EN;
		break;
	case SDXI_MMIO_ERR_STS:
		emu->err_sts &= ~(val & ERR_STS_BITS);
		break;
	case SDXI_MMIO_ERR_CFG:
		emu->err_cfg = word & ERR_CFG_BITS;
		break;
	case SDXI_MMIO_ERR_WRT:
		/* [I] The function's own while the log is on; software's to set up before. */
		if (!(emu->err_cfg & SDXI_ERR_CFG_EN))
			emu->err_wrt = word;
		break;
	case SDXI_MMIO_ERR_RD:
		emu->err_rd = word;
		break;
	default:
		break;
	}
}

void
sdxi_emu_doorbell(struct sdxi_emu *emu, uint16_t cxt, uint64_t val)
{
	/* Write_Index in memory is what counts. */
	(void)val;

	if (cxt <= emu->conf.max_cxt)
		atomic_fetch_or_explicit(&emu->db_bits[cxt / 64], UINT64_C(1) << cxt % 64,
					 memory_order_acq_rel);
}

void
emu_fn_error(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail)
{
	emu_log(emu, cxt, index, fail, SDXI_RE_FN_STOPPED);
	emu_cxt_forget_all(emu);
	emu->gsv = SDXI_GSV_ERROR;
	if (emu->ctl0 & SDXI_CTL0_FN_ERR_INTR_EN)
		emu->irq_due = true;
}

void
emu_fn_latch(struct sdxi_emu *emu)
{
	const uint64_t cap1 = cap1_value(emu);

	emu->lim_l2_ptr = emu->cxt_l2 & SDXI_CXT_L2_PTR;
	emu->lim_max_cxt = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_CXT, emu->ctl2),
				   SDXI_GET(SDXI_CAP1_MAX_CXT, cap1));
	emu->lim_max_buffer = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_BUFFER, emu->ctl2),
				      SDXI_GET(SDXI_CAP1_MAX_BUFFER, cap1));
	emu->lim_max_akey_sz = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_AKEY_SZ, emu->ctl2),
				       SDXI_GET(SDXI_CAP1_MAX_AKEY_SZ, cap1));
	emu->lim_opb = SDXI_GET(SDXI_CTL2_OPB_000_AVL, emu->ctl2) &
		       SDXI_GET(SDXI_CAP1_OPB_000_CAP, cap1);
}

/* The work of state INIT. */
static void
fn_activate(struct sdxi_emu *emu)
{
	emu_fail_t fail;

	emu_fn_latch(emu);
	/* [I] A PASID for the whole function is refused: there is one address space. */
	if (emu_fault_activation(emu))
		fail = EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER);
	else if (emu->ctl0 & SDXI_CTL0_FN_PASID_VL)
		fail = EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_VALIDATION);
	else
		fail = emu_cxt_start(emu, SDXI_CXT_ADMIN);
	if (fail == 0) {
		emu->gsv = SDXI_GSV_ACTIVE;
		return;
	}
	emu_fn_error(emu, SDXI_CXT_ADMIN, EMU_NO_DESC, fail);
}

/* What came in through a callback while a context was at work; true: all has changed. */
static bool
requests_due(struct sdxi_emu *emu)
{
	const bool due = emu->gsr_due || emu->reset_due;

	if (emu->gsr_due) {
		emu->gsr_due = false;
		fn_request(emu);
	}
	if (emu->reset_due)
		fn_init(emu);
	return due;
}

/* The context in the list whose turn it is has it; the next is the next one's. */
static unsigned int
run_one(struct sdxi_emu *emu, unsigned int budget)
{
	struct emu_cxt *cxt = emu->run[emu->run_next];
	const unsigned int work = emu_cxt_turn(emu, cxt, budget);

	/* One that left the list has given its place to another. */
	if (emu->run_next < emu->n_run && emu->run[emu->run_next] == cxt)
		emu->run_next++;
	irq_deliver(emu);
	return work;
}

/*
 * The same where contexts are not of one level of qos. The list is gone through in rounds, each
 * open to the contexts down to some level: [I] a level has turns when those above it have no work,
 * and in one round out of EMU_QOS_ROUNDS.
 */
static unsigned int
run_by_qos(struct sdxi_emu *emu, unsigned int budget)
{
	/* A round without work is followed by at most so many until one without any. */
	const uint64_t max_steps = (EMU_QOS_LEVELS + 1) * ((uint64_t)emu->n_run + budget);
	unsigned int done = 0, work;
	bool whole = false; /* this round is of this call alone */
	uint64_t steps;

	for (steps = 0; steps < max_steps && done < budget && emu->n_run != 0; steps++) {
		if (emu->run_next >= emu->n_run) {
			emu->run_next = 0;
			if (whole && !emu->qos_worked && emu->qos_level == EMU_QOS_LEVELS - 1)
				return done;
			emu->qos_level = emu->qos_worked ? 0 :
						(emu->qos_level + 1) % EMU_QOS_LEVELS;
			if (++emu->qos_rounds >= EMU_QOS_ROUNDS)
				emu->qos_level = EMU_QOS_LEVELS - 1;
			if (emu->qos_level == EMU_QOS_LEVELS - 1)
				emu->qos_rounds = 0;
			emu->qos_worked = false;
			whole = true;
		}
		if (emu->run[emu->run_next]->qos > emu->qos_level) {
			emu->run_next++;
			continue;
		}
		work = run_one(emu, budget - done);
		done += work;
		emu->qos_worked |= work != 0;
		if (requests_due(emu))
			return done + 1;
	}
	return done;
}

/*
 * One after the other, as many of the cold contexts as are asked for; true: something has changed
 * that makes the rest void. To look at a doorbell is what an idle context costs.
 */
static bool
run_cold(struct sdxi_emu *emu, uint32_t n, unsigned int budget, unsigned int *done)
{
	struct emu_cxt *cxt;
	unsigned int work;

	for (; n > 0 && emu->n_run > emu->n_hot && *done < budget; n--) {
		if (emu->cold_next < emu->n_hot || emu->cold_next >= emu->n_run)
			emu->cold_next = emu->n_hot;
		cxt = emu->run[emu->cold_next++];
		work = emu_cxt_turn(emu, cxt, budget - *done);
		*done += work;
		irq_deliver(emu);
		if (requests_due(emu))
			return true;
		/* It may have left the list. */
		if (work != 0 && cxt->run_pos < emu->n_run && emu->run[cxt->run_pos] == cxt)
			emu_cxt_heat(emu, cxt, true);
	}
	return false;
}

/* Let contexts have their turns; 0: none of them has anything to do. */
static unsigned int
run_contexts(struct sdxi_emu *emu, unsigned int budget)
{
	/* Idle contexts cost too: no more visits than what a budget can be spent in. */
	const uint64_t max_visits = (uint64_t)emu->n_run + budget;
	uint32_t n_cold = emu->n_run - emu->n_hot;
	unsigned int done = 0, idle = 0, work;
	struct emu_cxt *cxt;
	uint64_t visits;

	if (EMU_UNLIKELY(emu->n_run != 0 && emu->n_qos[emu->run[0]->qos] != emu->n_run))
		return run_by_qos(emu, budget);
	/* Where nobody is at work, nobody has to wait for the cold ones. */
	if (!emu->all_idle && n_cold != 0)
		n_cold = n_cold / EMU_COLD_PART + 1;
	if (run_cold(emu, n_cold, budget, &done))
		return done + 1;
	for (visits = 0; visits < max_visits && done < budget && idle < emu->n_hot; visits++) {
		if (emu->run_next >= emu->n_hot)
			emu->run_next = 0;
		cxt = emu->run[emu->run_next];
		work = run_one(emu, budget - done);
		done += work;
		idle = work == 0 ? idle + 1 : 0;
		if (requests_due(emu))
			return done + 1;
		if (work != 0) {
			cxt->idle = 0;
		} else if (!emu->conf.freedom && ++cxt->idle >= EMU_COLD) {
			/* Another one gets its place, and has yet to be looked at. */
			emu->run_next = cxt->run_pos;
			emu_cxt_heat(emu, cxt, false);
			idle--;
		}
	}
	if (done != 0) {
		emu->cold_left = emu->n_run - emu->n_hot;
		emu->all_idle = emu->cold_left == 0;
	} else if (!emu->all_idle) {
		/*
		 * To have looked at all but a part at a time is no reason to say that there is
		 * nothing.
		 */
		done = 1;
		emu->cold_left -= EMU_MIN(emu->cold_left, n_cold);
		emu->all_idle = emu->cold_left == 0;
	}
	return done;
}

unsigned int
sdxi_emu_run(struct sdxi_emu *emu, unsigned int budget)
{
	unsigned int done = 0;

	/* From within a callback: the work is under way. */
	if (emu->in_run)
		return 0;
	emu->in_run = true;
	budget = budget == 0 ? 1 : budget;

	switch (emu->gsv) {
	case SDXI_GSV_INIT:
		if (!is_put_off(emu))
			fn_activate(emu);
		done = 1;
		break;
	case SDXI_GSV_ACTIVE:
		/* One that was put off is work, too. */
		done = emu->irq_due;
		done += run_contexts(emu, budget);
		break;
	case SDXI_GSV_STOPG_SF:
	case SDXI_GSV_STOPG_HD:
		done = run_contexts(emu, budget);
		if (emu->n_run == 0 && emu->gsv != SDXI_GSV_STOP) {
			emu_cxt_forget_all(emu);
			emu->gsv = SDXI_GSV_STOP;
			done++;
		}
		break;
	default:
		break;
	}
	irq_deliver(emu);
	requests_due(emu);
	emu->in_run = false;
	return done;
}

bool
sdxi_emu_waits(const struct sdxi_emu *emu)
{
	const struct emu_cxt *cxt;
	uint32_t i;

	for (i = 0; i < emu->n_run; i++) {
		cxt = emu->run[i];
		/* With freedom Write_Index may be sampled without a doorbell. */
		if (cxt->free != NULL ||
		    (cxt->read_index != cxt->write_index && !cxt->stalled))
			return true;
	}
	return false;
}
