/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <stdlib.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/* Contexts: their tables, start and stop, and the operations of the administrative one. */

/* A context's entries in the tables. */
struct cxt_tables {
	struct sdxi_cxt_l1_ent l1;
	struct sdxi_cxt_ctl ctl;
};

emu_fail_t
emu_entry_read(struct sdxi_emu *emu, void *mem, enum sdxi_err_step step, uint64_t iova, void *ent,
	       size_t len)
{
	if (emu->ops.read(mem, iova, ent, len) != SDXI_EMU_MEM_OK)
		return EMU_FAIL_TRANSLATION(step);
	return *(const uint8_t *)ent & 1 ? 0 : EMU_FAIL_VALIDATION(step);
}

bool
emu_read64(struct sdxi_emu *emu, uint64_t iova, uint64_t *val)
{
	uint64_t raw;

	if (emu->ops.read64(emu->opaque, iova, &raw) != SDXI_EMU_MEM_OK)
		return false;
	*val = emu_le64(raw);
	return true;
}

static void
run_add(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	cxt->idle = 0;
	cxt->run_pos = emu->n_run;
	emu->run[emu->n_run++] = cxt;
}

void
emu_doorbell_idle(struct sdxi_emu *emu, uint16_t num)
{
	const size_t stride = (size_t)SDXI_DB_STRIDE_MIN << emu->conf.db_stride;
	struct emu_cxt *cxt = &emu->cxt[num];

	atomic_store(&cxt->rung, false);
	if (emu->conf.doorbells == NULL)
		return;
	cxt->db = (uint64_t *)((uint8_t *)emu->conf.doorbells + num * stride);
	atomic_exchange(EMU_ATOMIC(cxt->db), EMU_DB_IDLE);
}

/* [I] Reserved bits are not looked at, except where they would make a pointer misaligned. */
static emu_fail_t
tables_read(struct sdxi_emu *emu, uint16_t num, struct cxt_tables *tab)
{
	const uint64_t max_akey_sz = EMU_MIN(SDXI_GET(SDXI_CTL2_MAX_AKEY_SZ, emu->ctl2),
					     emu->conf.max_akey_sz);
	uint64_t iova = emu->cxt_l2 + (num >> SDXI_L1_SHIFT) * sizeof(uint64_t), l2, l1;
	emu_fail_t fail;

	if (!emu_read64(emu, iova, &l2))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_L2);
	if (!(l2 & SDXI_L2_ENT_VL))
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_L2);
	iova = (l2 & SDXI_L2_ENT_LV01_PTR) + (num & (SDXI_L1_ENTRIES - 1)) * sizeof(tab->l1);
	fail = emu_entry_read(emu, emu->opaque, SDXI_STEP_CXT_L1, iova, &tab->l1, sizeof(tab->l1));
	if (fail != 0)
		return fail;
	l1 = emu_le64(tab->l1.cxt_ctl_ptr);
	/* [I] A context with a PASID of its own is refused: there is one address space. */
	if ((l1 & SDXI_L1_ENT_PV) ||
	    SDXI_GET(SDXI_L1_ENT_AKEY_SZ, emu_le64(tab->l1.akey_ptr)) > max_akey_sz)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_L1);
	return emu_entry_read(emu, emu->opaque, SDXI_STEP_CXT_CTL, l1 & SDXI_L1_ENT_CXT_CTL_PTR,
			      &tab->ctl, sizeof(tab->ctl));
}

/* What may change while a context runs. */
static emu_fail_t
tables_apply(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct cxt_tables *tab)
{
	const uint64_t akey_ptr = emu_le64(tab->l1.akey_ptr);
	unsigned int max_buffer = SDXI_GET(SDXI_L1_ENT_MAX_BUFFER, emu_le32(tab->l1.misc0));
	struct sdxi_akey_ent ent;
	uint64_t last;

	cxt->akey_ptr = akey_ptr & SDXI_L1_ENT_AKEY_PTR;
	cxt->akeys = SDXI_AKEY_ENTRIES_MIN << SDXI_GET(SDXI_L1_ENT_AKEY_SZ, akey_ptr);
	cxt->opb = emu_le32(tab->l1.opb_000_enb) & EMU_OPB_CAP &
		   SDXI_GET(SDXI_CTL2_OPB_000_AVL, emu->ctl2);
	max_buffer = EMU_MIN(max_buffer, SDXI_GET(SDXI_CTL2_MAX_BUFFER, emu->ctl2));
	max_buffer = EMU_MIN(max_buffer, emu->conf.max_buffer);
	cxt->max_len = UINT64_C(1) << (max_buffer + SDXI_MAX_BUFFER_SHIFT);
	/* [I] The AKey table must be reachable from its first to its last entry, and not wrap. */
	last = cxt->akey_ptr + (cxt->akeys - 1) * sizeof(ent);
	return last >= cxt->akey_ptr &&
	       emu->ops.read(emu->opaque, cxt->akey_ptr, &ent, sizeof(ent)) == SDXI_EMU_MEM_OK &&
	       emu->ops.read(emu->opaque, last, &ent, sizeof(ent)) == SDXI_EMU_MEM_OK ? 0 :
	       EMU_FAIL_TRANSLATION(SDXI_STEP_AKEY);
}

/* Load a context, or update one that runs: [I] ring, CXT_STS and Write_Index stay then. */
static emu_fail_t
cxt_load(struct sdxi_emu *emu, struct emu_cxt *cxt, bool update)
{
	struct cxt_tables tab;
	emu_fail_t fail;
	uint64_t len;

	fail = tables_read(emu, cxt->num, &tab);
	if (fail != 0 || update)
		return fail != 0 ? fail : tables_apply(emu, cxt, &tab);
	/* [I] Levels of qos have no order, and se and csa are hints: they make no difference. */
	cxt->ring_sz = emu_le32(tab.ctl.ds_ring_sz);
	cxt->ring = emu_le64(tab.ctl.ds_ring_ptr) & SDXI_CXT_CTL_DS_RING_PTR;
	cxt->sts = emu_le64(tab.ctl.cxt_sts_ptr);
	cxt->write_index_ptr = emu_le64(tab.ctl.write_index_ptr);
	len = (uint64_t)cxt->ring_sz * SDXI_DESC_LEN;
	if (cxt->ring_sz < SDXI_DS_RING_SZ_MIN ||
	    cxt->ring_sz > (uint64_t)SDXI_DS_RING_SZ_MIN << emu->conf.max_ds_ring_sz ||
	    cxt->ring + (len - 1) < cxt->ring || (cxt->sts & ~SDXI_CXT_CTL_CXT_STS_PTR) != 0 ||
	    (cxt->write_index_ptr & ~SDXI_CXT_CTL_WRITE_INDEX_PTR) != 0)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	fail = tables_apply(emu, cxt, &tab);
	if (fail != 0)
		return fail;
	if (!emu_read64(emu, cxt->sts + offsetof(struct sdxi_cxt_sts, read_index),
			&cxt->read_index))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_STS);
	cxt->index_out = cxt->read_index;
	cxt->slot = cxt->read_index % cxt->ring_sz;
	return 0;
}

emu_fail_t
emu_cxt_start(struct sdxi_emu *emu, uint16_t num)
{
	struct emu_cxt *cxt = &emu->cxt[num];
	uint64_t write_index;
	emu_fail_t fail;

	/* [I] To start a context that runs is no error and rings its doorbell. */
	if (cxt->mode == EMU_CXT_RUN && !cxt->failing && !cxt->self_stop) {
		cxt->rung = true;
		return 0;
	}
	/* [I] One that is stopping, or failed and was not stopped since, cannot be started. */
	if (cxt->mode != EMU_CXT_OFF)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_STS);

	cxt->num = num;
	fail = cxt_load(emu, cxt, false);
	if (fail != 0)
		return fail;
	/* Clear the doorbell before reading Write_Index: the read covers any ring lost here. */
	emu_doorbell_idle(emu, num);
	if (!emu_read64(emu, cxt->write_index_ptr, &write_index))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_WRITE_INDEX);
	cxt->write_index = cxt->read_index;
	if (!emu_write_index_good(cxt, write_index))
		return EMU_FAIL_VALIDATION(SDXI_STEP_WRITE_INDEX);
	/* The administrative context has its jump-start doorbell yet to come. */
	if (num != SDXI_CXT_ADMIN)
		cxt->rung = true;
	memset(cxt->akey, 0, sizeof(cxt->akey));
	cxt->n_ops = 0;
	cxt->fail_index = UINT64_MAX;
	cxt->failing = cxt->err_out = cxt->stopg = cxt->self_stop = false;
	if (cxt->op == NULL)
		cxt->op = malloc((emu->conf.reorder ? EMU_WINDOW : 1) * sizeof(*cxt->op));
	if (cxt->op == NULL)
		return EMU_FAIL_INTERNAL;
	if (!emu_cxt_write_state(emu, cxt, SDXI_CXT_RUN))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_STS);
	run_add(emu, cxt);
	cxt->mode = EMU_CXT_RUN;
	return 0;
}

bool
emu_cxt_write_state(struct sdxi_emu *emu, const struct emu_cxt *cxt, enum sdxi_cxt_state state)
{
	/* The reserved bytes after the state are part of the word, and written 0. */
	return emu->ops.write64(emu->opaque, cxt->sts, emu_le64(state)) == SDXI_EMU_MEM_OK;
}

/* [I] To stop a context that does not run is no error and has no effect. */
static void
cxt_stop(struct sdxi_emu *emu, struct emu_cxt *cxt, bool hard)
{
	const bool failed = cxt->mode == EMU_CXT_FAILED;
	const bool stays = emu_fault_no_stop(emu, cxt, failed || cxt->mode == EMU_CXT_RUN);

	if (failed && !stays) {
		/* Nothing is in progress, so there is nothing to wait for. */
		cxt->mode = EMU_CXT_OFF;
		emu_cxt_write_state(emu, cxt, SDXI_CXT_STOP_SW);
	} else if (failed || cxt->mode == EMU_CXT_RUN) {
		if (failed)
			run_add(emu, cxt);
		cxt->mode = EMU_CXT_STOPPING;
		cxt->hard = hard;
		cxt->failing = cxt->self_stop = false;
		emu->n_stopping++;
		cxt->stopg = emu_random(emu, 2) == 0;
		if (cxt->stopg)
			emu_cxt_write_state(emu, cxt, SDXI_CXT_STOPG_SW);
	} else if (cxt->mode == EMU_CXT_STOPPING) {
		cxt->hard |= hard;
	}
}

void
emu_cxt_ended(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	/* [I] A context that was being stopped by software when the function stops: STOP_SW. */
	const bool stopping = cxt->mode == EMU_CXT_STOPPING;
	const enum sdxi_cxt_state state = cxt->failing ? SDXI_CXT_ERR_FN :
					  stopping ? SDXI_CXT_STOP_SW : SDXI_CXT_STOP_FN;

	emu->n_stopping -= stopping;
	emu->run[cxt->run_pos] = emu->run[--emu->n_run];
	emu->run[cxt->run_pos]->run_pos = cxt->run_pos;
	cxt->mode = cxt->failing ? EMU_CXT_FAILED : EMU_CXT_OFF;
	emu_fault_gone(emu, cxt, emu_fn_stopping(emu));
	if (!cxt->err_out || state != SDXI_CXT_ERR_FN)
		emu_cxt_write_state(emu, cxt, state);
}

void
emu_cxt_forget_all(struct sdxi_emu *emu)
{
	unsigned int num;

	for (num = 0; num <= emu->conf.max_cxt; num++) {
		/* Do not write to unused ones: their pages have not been allocated. */
		if (emu->cxt[num].mode == EMU_CXT_OFF)
			continue;
		emu->cxt[num].mode = EMU_CXT_OFF;
		emu_fault_gone(emu, &emu->cxt[num], true);
	}
	emu->n_run = 0;
	emu->n_stopping = 0;
}

/* ---- administrative operations ---- */

/*
 * [I] What is legal in the fields that an operation has. Other functions cannot be named: vf and
 * vf_num are 0. The administrative context starts and stops with the function only. Contexts that
 * the function does not have cannot be started, and other operations skip them.
 */
emu_fail_t
emu_admin_judge(const struct sdxi_emu *emu, struct emu_op *op)
{
	const unsigned int subtype = SDXI_GET(SDXI_DSC_SUBTYPE, emu_le32(op->dsc.any.opcode));
	const struct sdxi_dsc *dsc = &op->dsc;
	const uint16_t cxt_start = emu_le16(dsc->adm.cxt_start);
	const uint16_t cxt_end = emu_le16(dsc->adm.cxt_end);
	bool good = true, range = cxt_start <= cxt_end;

	op->pos = cxt_start;
	switch (subtype) {
	case SDXI_ADM_CXT_UPD:
		/* Levels as a number, or a flag for each. */
		good = emu->conf.cxt_upd != SDXI_EMU_CXT_UPD_REFUSE &&
		       dsc->adm.cflags <= (emu->conf.cxt_upd == SDXI_EMU_CXT_UPD_FLAGS ? 7 :
					   SDXI_LVL_CXT_CTL);
		break;
	case SDXI_ADM_AKEY_UPD:
	case SDXI_ADM_RKEY_UPD:
		good = emu_le16(dsc->adm.key_start) <= emu_le16(dsc->adm.key_end);
		break;
	case SDXI_ADM_SYNC:
		good = dsc->adm.cflags <= SDXI_FLT_FN;
		range = range || dsc->adm.cflags == SDXI_FLT_FN;
		break;
	case SDXI_ADM_CXT_STOP:
		good = cxt_start != SDXI_CXT_ADMIN;
		break;
	case SDXI_ADM_CXT_START_NM:
	case SDXI_ADM_CXT_START_RS:
		/* Write_Index is sampled at the start, whatever db_value there is. */
		good = cxt_start != SDXI_CXT_ADMIN && cxt_end <= emu->conf.max_cxt &&
		       cxt_end <= SDXI_GET(SDXI_CTL2_MAX_CXT, emu->ctl2);
		break;
	default:
		break;
	}
	return good && range ? 0 : EMU_FAIL_DESC;
}

/* Are there stops in a range that have not taken effect? */
static bool
stops_due(const struct sdxi_emu *emu, uint16_t first, uint16_t last)
{
	uint32_t i;

	for (i = 0; emu->n_stopping != 0 && i < emu->n_run; i++)
		if (emu->run[i]->mode == EMU_CXT_STOPPING && emu->run[i]->num >= first &&
		    emu->run[i]->num <= last)
			return true;
	return false;
}

/*
 * [I] Contexts of the range that cannot be started are logged by their own numbers and give the
 * command er; the others start, and the administrative context continues in either kind of error
 * reaction. A running context whose tables turned bad fails.
 */
static void
step_cxt(struct sdxi_emu *emu, struct emu_op *op, unsigned int subtype, uint16_t num)
{
	struct emu_cxt *cxt = &emu->cxt[num];
	emu_fail_t fail;

	if (subtype == SDXI_ADM_CXT_START_NM || subtype == SDXI_ADM_CXT_START_RS) {
		fail = emu_cxt_start(emu, num);
		if (fail != 0)
			emu_log(emu, num, EMU_NO_DESC, fail, SDXI_RE_CXT_STOPPED);
		op->er |= fail != 0;
	} else if (subtype == SDXI_ADM_CXT_STOP) {
		cxt_stop(emu, cxt, (op->dsc.adm.vflags & SDXI_VFLAGS_HS) != 0);
	} else if (emu_cxt_has_turns(cxt)) {
		memset(cxt->akey, 0, sizeof(cxt->akey));
		fail = subtype == SDXI_ADM_CXT_UPD ? cxt_load(emu, cxt, true) : 0;
		if (fail != 0)
			emu_cxt_error(emu, cxt, EMU_NO_DESC, fail);
	}
}

bool
emu_admin_step(struct sdxi_emu *emu, struct emu_op *op)
{
	const unsigned int subtype = SDXI_GET(SDXI_DSC_SUBTYPE, emu_le32(op->dsc.any.opcode));
	/* [I] Contexts above a max_cxt lowered since may still run: they can be named. */
	uint32_t last = EMU_MIN(emu_le16(op->dsc.adm.cxt_end), emu->conf.max_cxt);
	unsigned int i;

	/* All but stops took effect when the operations before this one were executed. */
	if (subtype == SDXI_ADM_SYNC) {
		op->blocked = op->dsc.adm.cflags == SDXI_FLT_STOP && stops_due(emu, op->pos, last);
		return !op->blocked;
	}
	/* RKeys are not cached; and as flags, a level of 0 names nothing. */
	if (subtype == SDXI_ADM_RKEY_UPD ||
	    (subtype == SDXI_ADM_CXT_UPD && op->dsc.adm.cflags == 0 &&
	     emu->conf.cxt_upd == SDXI_EMU_CXT_UPD_FLAGS))
		return true;
	/* [I] CTL2 and CXT_L2 count for what is started or updated from now on. */
	if (subtype == SDXI_ADM_FN_UPD) {
		emu_fn_latch(emu);
		last = emu->conf.max_cxt;
	}

	for (i = 0; i < EMU_ADMIN_PART && op->pos <= last; i++)
		step_cxt(emu, op, subtype, op->pos++);
	return op->pos > last;
}
