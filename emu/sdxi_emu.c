/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <stdlib.h>

#include "sdxi_emu_priv.h"

#define CTL0_BITS                                                                                  \
	(CTL0_STOP_BITS | SDXI_CTL0_FN_GSR | SDXI_CTL0_FN_GRP_ID)
/* Of these, what changes in state STOP only. */
#define CTL0_STOP_BITS                                                                             \
	(SDXI_CTL0_FN_PASID_VL | SDXI_CTL0_FN_ERR_INTR_EN | SDXI_CTL0_FN_PASID)
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
conf_good(const struct sdxi_emu_conf *conf, const struct sdxi_emu_ops *ops)
{
	return conf->max_cxt != 0 && conf->max_ds_ring_sz <= 21 &&
	       conf->max_buffer <= SDXI_MAX_BUFFER_4G && conf->max_akey_sz <= 8 &&
	       conf->max_errlog_sz <= 4 && conf->db_stride <= 7 &&
	       conf->cxt_upd <= SDXI_EMU_CXT_UPD_REFUSE && conf->csr <= SDXI_EMU_CSR_NONE &&
	       (uintptr_t)conf->doorbells % sizeof(uint64_t) == 0 &&
	       (conf->flr_ms == 0 || ops->now_ms != NULL) && ops->read != NULL &&
	       ops->write != NULL && ops->read64 != NULL && ops->write64 != NULL &&
	       ops->copy != NULL;
}

/* All registers as after power-up. */
static void
fn_init(struct sdxi_emu *emu)
{
	emu_cxt_forget_all(emu);
	/* [I] CTL2 too: software that does not grant limits is granted the least. */
	emu->regs = (struct emu_regs){ .ctl0 = 0 };
	emu->gsv = SDXI_GSV_STOP;
	emu->absent_until = 0;
	emu->irq_due = false;
	emu->gsr_due = false;
	emu->flr_due = false;
	emu->random = emu->conf.seed;
	emu->mood.turns = 0;
	emu_doorbell_idle(emu, SDXI_CXT_ADMIN);
}

int
sdxi_emu_create(const struct sdxi_emu_conf *conf, const struct sdxi_emu_ops *ops, void *opaque,
		struct sdxi_emu **emu)
{
	struct sdxi_emu *new;

	if (conf == NULL || ops == NULL || emu == NULL || !conf_good(conf, ops))
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	new->ops = *ops;
	new->opaque = opaque;
	new->conf = *conf;
	new->cxt = calloc(conf->max_cxt + 1u, sizeof(*new->cxt));
	new->run = calloc(conf->max_cxt + 1u, sizeof(*new->run));
	if (new->cxt == NULL || new->run == NULL) {
		sdxi_emu_destroy(new);
		return -ENOMEM;
	}
	fn_init(new);
	*emu = new;
	return 0;
}

void
sdxi_emu_destroy(struct sdxi_emu *emu)
{
	unsigned int num;

	if (emu == NULL)
		return;
	for (num = 0; emu->cxt != NULL && num <= emu->conf.max_cxt; num++)
		free(emu->cxt[num].op);
	free(emu->cxt);
	free(emu->run);
	free(emu);
}

void
sdxi_emu_reset(struct sdxi_emu *emu)
{
	emu->reset_due = emu->in_run;
	if (emu->in_run)
		return;
	sdxi_emu_inject_clear(emu);
	fn_init(emu);
}

void
sdxi_emu_flr(struct sdxi_emu *emu)
{
	emu->flr_due = emu->in_run;
	if (emu->in_run)
		return;
	fn_init(emu);
	if (emu->conf.flr_ms != 0)
		emu->absent_until = emu->ops.now_ms(emu->opaque) + emu->conf.flr_ms;
}

static bool
is_absent(const struct sdxi_emu *emu)
{
	return emu->absent_until != 0 && emu->ops.now_ms(emu->opaque) < emu->absent_until;
}

unsigned int
emu_random(struct sdxi_emu *emu, unsigned int n)
{
	uint64_t z = emu->random += UINT64_C(0x9e3779b97f4a7c15);

	if (!emu->conf.reorder)
		return 0;
	/* splitmix64 */
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (z >> 32) * n >> 32;
}

static void
irq_deliver(struct sdxi_emu *emu)
{
	/* With reorder, it may take a while. */
	if (!emu->irq_due || (emu->gsv == SDXI_GSV_ACTIVE && emu_random(emu, 8) != 0))
		return;
	emu->irq_due = false;
	if (emu->ops.irq != NULL)
		emu->ops.irq(emu->opaque, SDXI_INTR_ERRLOG);
}

/* Do what CTL0.fn_gsr asks for, as far as the state allows it; the rest is ignored. */
static void
fn_request(struct sdxi_emu *emu)
{
	const enum sdxi_fn_gsr gsr = SDXI_GET(SDXI_CTL0_FN_GSR, emu->regs.ctl0);
	enum sdxi_fn_gsv next = emu->gsv;

	/* In STOP, ACTIVE alone has an effect. */
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
	 * [I] RESET: immediately, from every state, and nothing is written to memory any more.
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
	return SDXI_PUT(SDXI_CAP1_MAX_BUFFER, emu->conf.max_buffer) | SDXI_CAP1_MMIO64 |
	       SDXI_PUT(SDXI_CAP1_RKEY_CAP, emu->ops.peer != NULL) |
	       SDXI_PUT(SDXI_CAP1_MAX_ERRLOG_SZ, emu->conf.max_errlog_sz) |
	       SDXI_PUT(SDXI_CAP1_MAX_AKEY_SZ, emu->conf.max_akey_sz) |
	       SDXI_PUT(SDXI_CAP1_MAX_CXT, emu->conf.max_cxt) |
	       SDXI_PUT(SDXI_CAP1_OPB_000_CAP, EMU_OPB_CAP);
}

/* Where a register is kept that software writes, and its bits in @p mask; NULL: there is none. */
static uint64_t *
reg_word(struct sdxi_emu *emu, uint64_t off, uint64_t *mask)
{
	struct emu_regs *regs = &emu->regs;
	const struct {
		uint32_t off;
		uint64_t *word;
		uint64_t mask;
	} words[] = {
		{ SDXI_MMIO_CTL0, &regs->ctl0, CTL0_BITS },
		{ SDXI_MMIO_CTL2, &regs->ctl2, CTL2_BITS },
		{ SDXI_MMIO_CXT_L2, &regs->cxt_l2, SDXI_CXT_L2_PTR },
		{ SDXI_MMIO_RKEY, &regs->rkey, RKEY_BITS },
		{ SDXI_MMIO_ERR_CTL, &regs->err_ctl, SDXI_ERR_CTL_INTR_EN },
		{ SDXI_MMIO_ERR_STS, &regs->err_sts, ERR_STS_BITS },
		{ SDXI_MMIO_ERR_CFG, &regs->err_cfg, ERR_CFG_BITS },
		{ SDXI_MMIO_ERR_WRT, &regs->err_wrt, UINT64_MAX },
		{ SDXI_MMIO_ERR_RD, &regs->err_rd, UINT64_MAX },
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].off != off)
			continue;
		*mask = words[i].mask;
		return words[i].word;
	}
	return NULL;
}

/* The register at an offset, 0 where there is none. */
static uint64_t
reg_value(struct sdxi_emu *emu, uint64_t off)
{
	uint64_t mask;
	const uint64_t *word = reg_word(emu, off, &mask);

	if (word != NULL)
		return *word;
	switch (off) {
	case SDXI_MMIO_STS0:
		return SDXI_PUT(SDXI_STS0_FN_GSV, emu->gsv);
	case SDXI_MMIO_CAP0:
		return cap0_value(emu);
	case SDXI_MMIO_CAP1:
		return cap1_value(emu);
	case SDXI_MMIO_VERSION:
		return EMU_VERSION;
	default:
		return 0;
	}
}

uint64_t
sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size)
{
	const uint64_t mask = UINT64_MAX >> (64 - size * 8) % 64;

	if ((size != 1 && size != 2 && size != 4 && size != 8) || off % size != 0)
		return 0;
	if (is_absent(emu))
		return emu->conf.flr_ones ? mask : 0;
	return reg_value(emu, off & ~UINT64_C(7)) >> off % 8 * 8 & mask;
}

void
sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size)
{
	uint64_t mask, bits, next, *word;

	if ((size != 8 && size != 4) || off % size != 0 || is_absent(emu))
		return;
	mask = size == 8 ? UINT64_MAX : UINT64_C(0xffffffff) << off % 8 * 8;
	val = size == 8 ? val : val << off % 8 * 8 & mask;
	off &= ~UINT64_C(7);
	word = reg_word(emu, off, &bits);
	if (word == NULL)
		return;
	/* A half that is not written keeps its value. */
	next = ((*word & ~mask) | val) & bits;
	if (off == SDXI_MMIO_ERR_STS)
		next = *word & ~val;
	/* [I] The function's own while the log is on; software's to set up before. */
	if (off == SDXI_MMIO_ERR_WRT && (emu->regs.err_cfg & SDXI_ERR_CFG_EN))
		next = *word;
	if (off == SDXI_MMIO_CTL0 && emu->gsv != SDXI_GSV_STOP)
		next = (next & ~CTL0_STOP_BITS) | (*word & CTL0_STOP_BITS);
	*word = next;
	/* [I] Every write to the half that holds fn_gsr is a request. */
	if (off != SDXI_MMIO_CTL0 || !(mask & SDXI_CTL0_FN_GSR))
		return;
	/* Contexts are not forgotten while one of them waits for a callback. */
	emu->gsr_due = emu->in_run;
	if (!emu->in_run)
		fn_request(emu);
}

void
sdxi_emu_doorbell(struct sdxi_emu *emu, uint16_t cxt, uint64_t val)
{
	/* Write_Index in memory is what counts. */
	(void)val;

	if (cxt <= emu->conf.max_cxt)
		atomic_store(&emu->cxt[cxt].rung, true);
}

/* False: the log's memory cannot be written. */
static bool
log_write(struct sdxi_emu *emu, uint64_t iova, const struct sdxi_errlog_hd_ent *ent)
{
	const size_t hd_len = sizeof(ent->hd);

	/* The word with vl last: software may read the log by vl alone. */
	return emu->ops.write(emu->opaque, iova + hd_len, (const uint8_t *)ent + hd_len,
			      sizeof(*ent) - hd_len) == SDXI_EMU_MEM_OK &&
	       emu->ops.write64(emu->opaque, iova, ent->hd) == SDXI_EMU_MEM_OK;
}

void
emu_log(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail,
	enum sdxi_err_reaction re)
{
	const uint64_t cfg = emu->regs.err_cfg;
	const uint64_t sz = SDXI_GET(SDXI_ERR_CFG_SZ, cfg);
	const uint64_t entries = sz * SDXI_ERRLOG_UNIT;
	const uint64_t base = cfg & SDXI_ERR_CFG_PTR;
	const uint64_t wrt = emu->regs.err_wrt;
	struct sdxi_errlog_hd_ent ent;
	uint64_t lost, hd;

	/* [I] A log that is off takes no notice at all, of ERR_STS either. */
	if (!(cfg & SDXI_ERR_CFG_EN))
		return;

	/* [I] sts goes with ovf and err, since software looks at it first. */
	if (!(emu->regs.err_sts & SDXI_ERR_STS_STS) && (emu->regs.err_ctl & SDXI_ERR_CTL_INTR_EN))
		emu->irq_due = true;
	lost = emu_fault_log(emu);
	emu->regs.err_sts |= SDXI_ERR_STS_STS | lost;
	if (lost != 0)
		return;
	/*
	 * [I] A size that is 0, above CAP1's or too much for the addresses makes the log unusable.
	 */
	if (sz == 0 || sz > UINT64_C(1) << emu->conf.max_errlog_sz ||
	    base + (entries * sizeof(ent) - 1) < base) {
		emu->regs.err_sts |= SDXI_ERR_STS_ERR;
		return;
	}
	/* [I] ERR_WRT and ERR_RD only grow. An ERR_RD that ran ahead counts as a full log. */
	if (wrt - emu->regs.err_rd >= entries) {
		emu->regs.err_sts |= SDXI_ERR_STS_OVF;
		return;
	}

	hd = SDXI_ERRLOG_VL | SDXI_PUT(SDXI_ERRLOG_STEP, SDXI_GET(EMU_FAIL_STEP, fail)) |
	     SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD) | SDXI_ERRLOG_CV |
	     SDXI_PUT(SDXI_ERRLOG_SUB_STEP, SDXI_GET(EMU_FAIL_SUB, fail)) |
	     SDXI_PUT(SDXI_ERRLOG_RE, re) | SDXI_PUT(SDXI_ERRLOG_CXT_NUM, cxt) |
	     SDXI_PUT(SDXI_ERRLOG_BUF, SDXI_GET(EMU_FAIL_BUF, fail));
	if (index != EMU_NO_DESC)
		hd |= SDXI_ERRLOG_DIV;
	if (fail & EMU_FAIL_BV)
		hd |= SDXI_ERRLOG_BV;
	ent = (struct sdxi_errlog_hd_ent){
		.hd = emu_le64(hd), .dsc_index = index == EMU_NO_DESC ? 0 : emu_le64(index),
	};

	if (!log_write(emu, base + wrt % entries * sizeof(ent), &ent)) {
		emu->regs.err_sts |= SDXI_ERR_STS_ERR;
		return;
	}
	emu->regs.err_wrt = wrt + 1;
}

void
emu_fn_error(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail)
{
	emu_log(emu, cxt, index, fail, SDXI_RE_FN_STOPPED);
	emu_cxt_forget_all(emu);
	emu->gsv = SDXI_GSV_ERROR;
	if (emu->regs.ctl0 & SDXI_CTL0_FN_ERR_INTR_EN)
		emu->irq_due = true;
}

void
emu_fn_latch(struct sdxi_emu *emu)
{
	const uint64_t cap1 = cap1_value(emu);

	emu->lim_l2_ptr = emu->regs.cxt_l2 & SDXI_CXT_L2_PTR;
	emu->lim_max_cxt = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_CXT, emu->regs.ctl2),
				   SDXI_GET(SDXI_CAP1_MAX_CXT, cap1));
	emu->lim_max_buffer = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_BUFFER, emu->regs.ctl2),
				      SDXI_GET(SDXI_CAP1_MAX_BUFFER, cap1));
	emu->lim_max_akey_sz = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_AKEY_SZ, emu->regs.ctl2),
				       SDXI_GET(SDXI_CAP1_MAX_AKEY_SZ, cap1));
	emu->lim_opb = SDXI_GET(SDXI_CTL2_OPB_000_AVL, emu->regs.ctl2) &
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
	else if (emu->regs.ctl0 & SDXI_CTL0_FN_PASID_VL)
		fail = EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_VALIDATION);
	else
		fail = emu_cxt_start(emu, SDXI_CXT_ADMIN);
	if (fail == 0) {
		emu->gsv = SDXI_GSV_ACTIVE;
		return;
	}
	emu_fn_error(emu, SDXI_CXT_ADMIN, EMU_NO_DESC, fail);
}

/* What came in through a callback while a context worked; true: all has changed. */
static bool
requests_due(struct sdxi_emu *emu)
{
	const bool reset = emu->reset_due, flr = emu->flr_due, gsr = emu->gsr_due;

	if (EMU_LIKELY(!reset && !flr && !gsr))
		return false;
	emu->in_run = false;
	emu->gsr_due = false;
	if (gsr)
		fn_request(emu);
	if (flr)
		sdxi_emu_flr(emu);
	if (reset)
		sdxi_emu_reset(emu);
	emu->in_run = true;
	return true;
}

/* Give contexts their turns, round after round; 0: none of them has anything to do. */
static unsigned int
run_contexts(struct sdxi_emu *emu, unsigned int budget)
{
	/* Idle contexts cost too: no more visits than what a budget can be spent in. */
	uint64_t visits = (uint64_t)emu->n_run + budget;
	unsigned int done = 0, idle = 0, work;
	struct emu_cxt *cxt;

	for (; visits > 0 && done < budget && idle < emu->n_run; visits--) {
		if (emu->run_next >= emu->n_run) {
			emu->run_next = 0;
			emu->round++;
		}
		cxt = emu->run[emu->run_next];
		/* While others work, those without work for a while have few turns. */
		if (cxt->idle >= EMU_COLD && done != 0 &&
		    (emu->round + cxt->num) % EMU_COLD_PART != 0) {
			emu->run_next++;
			idle++;
			continue;
		}
		work = emu_cxt_turn(emu, cxt, budget - done);
		irq_deliver(emu);
		done += work;
		if (requests_due(emu))
			return done + 1;
		idle = work == 0 ? idle + 1 : 0;
		cxt->idle = work == 0 ? EMU_MIN(cxt->idle + 1, EMU_COLD) : 0;
		/* In the place of one that left the list there is another. */
		if (emu->run_next < emu->n_run && emu->run[emu->run_next] == cxt)
			emu->run_next++;
	}
	return done;
}

unsigned int
sdxi_emu_run(struct sdxi_emu *emu, unsigned int budget)
{
	unsigned int done = 0;

	/* From within a callback: the work is in progress. */
	if (emu->in_run)
		return 0;
	emu->in_run = true;
	budget = budget == 0 ? 1 : budget;

	switch (emu->gsv) {
	case SDXI_GSV_INIT:
		if (emu_random(emu, 8) == 0)
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
		if (emu->n_run == 0 && emu_fn_stopping(emu)) {
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
	bool waits = emu->conf.reorder && emu->n_run != 0;
	uint32_t i;

	for (i = 0; i < emu->n_run && !waits; i++)
		waits = emu_cxt_has_work(emu->run[i]);
	return waits;
}

uint64_t
sdxi_emu_seen(const struct sdxi_emu *emu, unsigned int type, unsigned int subtype)
{
	return emu->seen[type & 7][subtype & 15];
}
