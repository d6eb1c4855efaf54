/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/* Fields of CTL0 that change in state STOP only. */
#define CTL0_STOP_BITS                                                                             \
	(SDXI_CTL0_FN_PASID_VL | SDXI_CTL0_FN_ERR_INTR_EN | SDXI_CTL0_FN_PASID)

/* Registers, and their bits that software writes. */
static const struct {
	uint32_t off;
	uint64_t bits;
} reg_table[EMU_REGS] = {
#define REG(name, bits) [EMU_##name] = { SDXI_MMIO_##name, bits }
	REG(CTL0, CTL0_STOP_BITS | SDXI_CTL0_FN_GSR | SDXI_CTL0_FN_GRP_ID),
	REG(CTL2, SDXI_CTL2_MAX_BUFFER | SDXI_CTL2_MAX_AKEY_SZ | SDXI_CTL2_MAX_CXT |
		  SDXI_CTL2_OPB_000_AVL),
	REG(STS0, 0),
	REG(CAP0, 0),
	REG(CAP1, 0),
	REG(VERSION, 0),
	REG(CXT_L2, SDXI_CXT_L2_PTR),
	REG(RKEY, SDXI_RKEY_EN | SDXI_RKEY_SZ | SDXI_RKEY_PTR),
	REG(ERR_CTL, SDXI_ERR_CTL_INTR_EN),
	REG(ERR_STS, SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF | SDXI_ERR_STS_ERR),
	REG(ERR_CFG, SDXI_ERR_CFG_EN | SDXI_ERR_CFG_SZ | SDXI_ERR_CFG_PTR),
	REG(ERR_WRT, UINT64_MAX),
	REG(ERR_RD, UINT64_MAX),
};

/* What could not be done from within a callback. */
#define DUE_REQUEST 1
#define DUE_FLR	    2
#define DUE_RESET   4

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
	return conf->max_cxt != 0 && conf->max_ds_ring_sz <= 21 && conf->max_akey_sz <= 8 &&
	       conf->max_buffer <= SDXI_MAX_BUFFER_4G && conf->max_errlog_sz <= 4 &&
	       conf->db_stride <= 7 && conf->cxt_upd <= SDXI_EMU_CXT_UPD_REFUSE &&
	       conf->csr <= SDXI_EMU_CSR_NONE && (uintptr_t)conf->doorbells % 8 == 0 &&
	       ops->read != NULL && ops->write != NULL && ops->read64 != NULL &&
	       ops->write64 != NULL && ops->copy != NULL &&
	       (conf->flr_ms == 0 || ops->now_ms != NULL);
}

/* As after power-up. [I] CTL2 is 0: software that does not grant limits is granted the least. */
static void
fn_init(struct sdxi_emu *emu)
{
	const struct sdxi_emu_conf *conf = &emu->conf;

	emu_cxt_forget_all(emu);
	memset(emu->reg, 0, sizeof(emu->reg));
	emu->reg[EMU_CAP0] = SDXI_PUT(SDXI_CAP0_SFUNC, conf->sfunc) |
			     SDXI_PUT(SDXI_CAP0_DB_STRIDE, conf->db_stride) |
			     SDXI_PUT(SDXI_CAP0_MAX_DS_RING_SZ, conf->max_ds_ring_sz);
	emu->reg[EMU_CAP1] = SDXI_PUT(SDXI_CAP1_MAX_BUFFER, conf->max_buffer) | SDXI_CAP1_MMIO64 |
			     SDXI_PUT(SDXI_CAP1_RKEY_CAP, emu->ops.peer != NULL) |
			     SDXI_PUT(SDXI_CAP1_MAX_ERRLOG_SZ, conf->max_errlog_sz) |
			     SDXI_PUT(SDXI_CAP1_MAX_AKEY_SZ, conf->max_akey_sz) |
			     SDXI_PUT(SDXI_CAP1_MAX_CXT, conf->max_cxt) |
			     SDXI_PUT(SDXI_CAP1_OPB_000_CAP, EMU_OPB_CAP);
	emu->reg[EMU_VERSION] = SDXI_PUT(SDXI_VERSION_MAJOR, 1);
	emu->gsv = SDXI_GSV_STOP;
	emu->irq_due = false;
	emu->absent_until = emu->due = emu->run_next = emu->round = emu->mood.turns = 0;
	emu->random = conf->seed;
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
	*new = (struct sdxi_emu){ .ops = *ops, .opaque = opaque, .conf = *conf };
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

/* Called from a callback, in the middle of a context's work, put it off; true: it was put off. */
static bool
defer(struct sdxi_emu *emu, uint8_t what)
{
	if (emu->in_run)
		emu->due |= what;
	return emu->in_run;
}

void
sdxi_emu_reset(struct sdxi_emu *emu)
{
	if (defer(emu, DUE_RESET))
		return;
	sdxi_emu_inject_clear(emu);
	fn_init(emu);
}

void
sdxi_emu_flr(struct sdxi_emu *emu)
{
	if (defer(emu, DUE_FLR))
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

/* With reorder, it may take a while. */
static void
irq_deliver(struct sdxi_emu *emu)
{
	if (!emu->irq_due || (emu->gsv == SDXI_GSV_ACTIVE && emu_random(emu, 8) != 0))
		return;
	emu->irq_due = false;
	if (emu->ops.irq != NULL)
		emu->ops.irq(emu->opaque, SDXI_INTR_ERRLOG);
}

/* Do what CTL0.fn_gsr asks for, as far as the state allows it: in STOP, ACTIVE alone. */
static void
fn_request(struct sdxi_emu *emu)
{
	const enum sdxi_fn_gsr gsr = SDXI_GET(SDXI_CTL0_FN_GSR, emu->reg[EMU_CTL0]);
	const bool works = emu->gsv == SDXI_GSV_ACTIVE || emu->gsv == SDXI_GSV_INIT;
	enum sdxi_fn_gsv next = emu->gsv;

	if (gsr == SDXI_GSR_RESET)
		next = SDXI_GSV_STOP;
	else if (gsr == SDXI_GSR_STOP_SF && works)
		next = SDXI_GSV_STOPG_SF;
	else if (gsr == SDXI_GSR_STOP_HD && (works || emu->gsv == SDXI_GSV_STOPG_SF))
		next = SDXI_GSV_STOPG_HD;
	else if (gsr == SDXI_GSR_ACTIVE && emu->gsv == SDXI_GSV_STOP)
		next = SDXI_GSV_INIT;
	if (next == emu->gsv || emu_fault_ignores(emu, gsr))
		return;
	/* [I] RESET: immediately, with no more writes to memory. Registers keep their values. */
	if (gsr == SDXI_GSR_RESET)
		emu_cxt_forget_all(emu);
	emu->gsv = next;
}

/* Which register 8 bytes are; EMU_REGS: none. */
static enum emu_reg
reg_find(uint64_t off)
{
	enum emu_reg reg = 0;

	while (reg < EMU_REGS && reg_table[reg].off != (off & ~UINT64_C(7)))
		reg++;
	return reg;
}

uint64_t
sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size)
{
	const uint64_t mask = UINT64_MAX >> (64 - size * 8) % 64;
	const enum emu_reg reg = reg_find(off);

	if ((size != 1 && size != 2 && size != 4 && size != 8) || off % size != 0)
		return 0;
	if (is_absent(emu))
		return emu->conf.flr_ones ? mask : 0;
	emu->reg[EMU_STS0] = SDXI_PUT(SDXI_STS0_FN_GSV, emu->gsv);
	return reg == EMU_REGS ? 0 : emu->reg[reg] >> off % 8 * 8 & mask;
}

void
sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size)
{
	const enum emu_reg reg = reg_find(off);
	uint64_t mask, *word = &emu->reg[reg];

	if ((size != 8 && size != 4) || off % size != 0 || is_absent(emu) || reg == EMU_REGS)
		return;
	/* What is not written, a half or a bit, keeps its value. */
	mask = (size == 8 ? UINT64_MAX : UINT64_C(0xffffffff) << off % 8 * 8) & reg_table[reg].bits;
	val = val << off % 8 * 8 & mask;
	if (reg == EMU_ERR_STS)
		val = *word & ~val;
	/* [I] ERR_WRT is the function's own while the log is on; software sets it up before. */
	if (reg == EMU_ERR_WRT && (emu->reg[EMU_ERR_CFG] & SDXI_ERR_CFG_EN))
		return;
	if (reg == EMU_CTL0 && emu->gsv != SDXI_GSV_STOP)
		mask &= ~CTL0_STOP_BITS;
	*word = (*word & ~mask) | (val & mask);
	/* [I] Every write to the half that holds fn_gsr is a request. */
	if (reg == EMU_CTL0 && (mask & SDXI_CTL0_FN_GSR) && !defer(emu, DUE_REQUEST))
		fn_request(emu);
}

void
sdxi_emu_doorbell(struct sdxi_emu *emu, uint16_t cxt, uint64_t val)
{
	(void)val; /* Write_Index in memory is what counts. */
	if (cxt <= emu->conf.max_cxt)
		atomic_store(&emu->cxt[cxt].rung, true);
}

/* Write an entry, its word with vl last: software may read the log by vl alone. */
static bool
log_write(struct sdxi_emu *emu, uint64_t iova, const struct sdxi_errlog_hd_ent *ent)
{
	const size_t hd_len = sizeof(ent->hd);

	return emu->ops.write(emu->opaque, iova + hd_len, (const uint8_t *)ent + hd_len,
			      sizeof(*ent) - hd_len) == SDXI_EMU_MEM_OK &&
	       emu->ops.write64(emu->opaque, iova, ent->hd) == SDXI_EMU_MEM_OK;
}

void
emu_log(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail,
	enum sdxi_err_reaction re)
{
	const uint64_t cfg = emu->reg[EMU_ERR_CFG], sz = SDXI_GET(SDXI_ERR_CFG_SZ, cfg);
	const uint64_t base = cfg & SDXI_ERR_CFG_PTR, wrt = emu->reg[EMU_ERR_WRT];
	const uint64_t entries = sz * SDXI_ERRLOG_UNIT;
	const bool desc = index != EMU_NO_DESC;
	struct sdxi_errlog_hd_ent ent;
	uint64_t lost, hd;

	/* [I] A log that is off takes no notice at all, of ERR_STS either. */
	if (!(cfg & SDXI_ERR_CFG_EN))
		return;
	/* [I] sts goes with ovf and err, since software looks at it first. */
	if (!(emu->reg[EMU_ERR_STS] & SDXI_ERR_STS_STS) &&
	    (emu->reg[EMU_ERR_CTL] & SDXI_ERR_CTL_INTR_EN))
		emu->irq_due = true;
	lost = emu_fault_log(emu);
	hd = SDXI_ERRLOG_VL | SDXI_PUT(SDXI_ERRLOG_STEP, SDXI_GET(EMU_FAIL_STEP, fail)) |
	     SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD) | SDXI_ERRLOG_CV |
	     SDXI_PUT(SDXI_ERRLOG_DIV, desc) | SDXI_PUT(SDXI_ERRLOG_BV, (fail & EMU_FAIL_BV) != 0) |
	     SDXI_PUT(SDXI_ERRLOG_SUB_STEP, SDXI_GET(EMU_FAIL_SUB, fail)) |
	     SDXI_PUT(SDXI_ERRLOG_RE, re) | SDXI_PUT(SDXI_ERRLOG_CXT_NUM, cxt) |
	     SDXI_PUT(SDXI_ERRLOG_BUF, SDXI_GET(EMU_FAIL_BUF, fail));
	ent = (struct sdxi_errlog_hd_ent){ emu_le64(hd), .dsc_index = desc ? emu_le64(index) : 0 };
	/*
	 * [I] A size that is 0, above CAP1's or too much for the addresses makes the log unusable.
	 * ERR_WRT and ERR_RD only grow; an ERR_RD that ran ahead counts as a full log.
	 */
	if (lost == 0 && (sz == 0 || sz > UINT64_C(1) << emu->conf.max_errlog_sz ||
			  base + (entries * sizeof(ent) - 1) < base))
		lost = SDXI_ERR_STS_ERR;
	if (lost == 0 && wrt - emu->reg[EMU_ERR_RD] >= entries)
		lost = SDXI_ERR_STS_OVF;
	if (lost == 0 && !log_write(emu, base + wrt % entries * sizeof(ent), &ent))
		lost = SDXI_ERR_STS_ERR;
	emu->reg[EMU_ERR_STS] |= SDXI_ERR_STS_STS | lost;
	emu->reg[EMU_ERR_WRT] += lost == 0;
}

void
emu_fn_error(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail)
{
	emu_log(emu, cxt, index, fail, SDXI_RE_FN_STOPPED);
	emu_cxt_forget_all(emu);
	emu->gsv = SDXI_GSV_ERROR;
	emu->irq_due |= (emu->reg[EMU_CTL0] & SDXI_CTL0_FN_ERR_INTR_EN) != 0;
}

void
emu_fn_latch(struct sdxi_emu *emu)
{
	emu->ctl2 = emu->reg[EMU_CTL2];
	emu->cxt_l2 = emu->reg[EMU_CXT_L2];
}

/* The work of state INIT. [I] A PASID for the function is refused: there is one address space. */
static void
fn_activate(struct sdxi_emu *emu)
{
	emu_fail_t fail;

	emu_fn_latch(emu);
	if (emu_fault_activation(emu))
		fail = EMU_FAIL_INTERNAL;
	else if (emu->reg[EMU_CTL0] & SDXI_CTL0_FN_PASID_VL)
		fail = EMU_FAIL_VALIDATION(SDXI_STEP_INTERNAL);
	else
		fail = emu_cxt_start(emu, SDXI_CXT_ADMIN);
	emu->gsv = SDXI_GSV_ACTIVE;
	if (fail != 0)
		emu_fn_error(emu, SDXI_CXT_ADMIN, EMU_NO_DESC, fail);
}

/* Carry out what callbacks put off while a context worked; true: anything may have changed. */
static bool
deferred_do(struct sdxi_emu *emu)
{
	const uint8_t due = emu->due;

	if (due == 0)
		return false;
	emu->in_run = false;
	emu->due = 0;
	if (due & DUE_REQUEST)
		fn_request(emu);
	if (due & DUE_FLR)
		sdxi_emu_flr(emu);
	if (due & DUE_RESET)
		sdxi_emu_reset(emu);
	emu->in_run = true;
	return true;
}

/* Give contexts their turns, round after round; 0: none of them has anything to do. */
static unsigned int
run_contexts(struct sdxi_emu *emu, unsigned int budget)
{
	/* Visits to idle contexts take time as well, so their number is bounded. */
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
		if (cxt->idle < EMU_COLD || done == 0 ||
		    (emu->round + cxt->num) % EMU_COLD_PART == 0)
			work = emu_cxt_turn(emu, cxt, budget - done);
		else
			work = 0;
		irq_deliver(emu);
		done += work;
		if (deferred_do(emu))
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
	if (emu->gsv == SDXI_GSV_INIT) {
		if (emu_random(emu, 8) == 0)
			fn_activate(emu);
		done = 1;
	} else if (emu->gsv == SDXI_GSV_ACTIVE || emu_fn_stopping(emu)) {
		/* An interrupt that was put off is work, too. */
		done = emu->irq_due;
		done += run_contexts(emu, EMU_MAX(budget, 1u));
		if (emu->n_run == 0 && emu_fn_stopping(emu)) {
			emu_cxt_forget_all(emu);
			emu->gsv = SDXI_GSV_STOP;
			done++;
		}
	}
	irq_deliver(emu);
	done += deferred_do(emu);
	emu->in_run = false;
	return done;
}

bool
sdxi_emu_waits(const struct sdxi_emu *emu)
{
	uint32_t i;

	for (i = 0; i < emu->n_run; i++)
		if (emu->conf.reorder || emu_cxt_has_work(emu->run[i]))
			return true;
	return false;
}
