/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <string.h>

#include "sdxi_emu_priv.h"

/* A context's entries in the tables. */
struct cxt_tables {
	struct sdxi_cxt_l1_ent l1;
	struct sdxi_cxt_ctl ctl;
};

static bool
mem_read(struct sdxi_emu *emu, uint64_t iova, void *buf, size_t len)
{
	return emu->ops.read(emu->opaque, iova, buf, len) == SDXI_EMU_MEM_OK;
}

bool
emu_read64(struct sdxi_emu *emu, uint64_t iova, uint64_t *val)
{
	uint64_t raw = 0;

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

static uint64_t *
doorbell_word(const struct sdxi_emu *emu, uint16_t num)
{
	const size_t stride = (size_t)SDXI_DB_STRIDE_MIN << emu->conf.db_stride;

	return emu->conf.doorbells == NULL ? NULL :
		(uint64_t *)((uint8_t *)emu->conf.doorbells + num * stride);
}

void
emu_doorbell_idle(struct sdxi_emu *emu, uint16_t num)
{
	uint64_t *db = doorbell_word(emu, num);

	atomic_store(&emu->cxt[num].rung, false);
	if (db != NULL)
		atomic_exchange(EMU_ATOMIC(db), EMU_DB_IDLE);
}

/*
 * [I] Reserved bits of table entries are not looked at, except where they would make a pointer
 * misaligned.
 */
static emu_fail_t
tables_read(struct sdxi_emu *emu, uint16_t num, struct cxt_tables *tab)
{
	uint64_t l2, w;

	if (!emu_read64(emu, emu->lim_l2_ptr + (num >> SDXI_L1_SHIFT) * sizeof(l2), &l2))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_L2);
	if (!(l2 & SDXI_L2_ENT_VL))
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_L2);

	w = (l2 & SDXI_L2_ENT_LV01_PTR) + (num & (SDXI_L1_ENTRIES - 1)) * sizeof(tab->l1);
	if (!mem_read(emu, w, &tab->l1, sizeof(tab->l1)))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_L1);
	w = emu_le64(tab->l1.cxt_ctl_ptr);
	/* [I] A context with a PASID of its own is refused: there is one address space. */
	if (!(w & SDXI_L1_ENT_VL) || (w & SDXI_L1_ENT_PV))
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_L1);
	if (SDXI_GET(SDXI_L1_ENT_AKEY_SZ, emu_le64(tab->l1.akey_ptr)) > emu->lim_max_akey_sz)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_L1);

	if (!mem_read(emu, w & SDXI_L1_ENT_CXT_CTL_PTR, &tab->ctl, sizeof(tab->ctl)))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_CTL);
	if (!(emu_le64(tab->ctl.ds_ring_ptr) & SDXI_CXT_CTL_VL))
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	return 0;
}

void
emu_cxt_forget_akeys(struct emu_cxt *cxt)
{
	memset(cxt->akey, 0, sizeof(cxt->akey));
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
	cxt->opb = emu_le32(tab->l1.opb_000_enb) & emu->lim_opb;
	max_buffer = EMU_MIN(max_buffer, emu->lim_max_buffer);
	cxt->max_len = UINT64_C(1) << (max_buffer + SDXI_MAX_BUFFER_SHIFT);
	emu_cxt_forget_akeys(cxt);

	/*
	 * [I] The AKey table must be reachable from its first to its last entry, and not wrap.
	 */
	last = cxt->akey_ptr + (cxt->akeys - 1) * sizeof(ent);
	if (last < cxt->akey_ptr || !mem_read(emu, cxt->akey_ptr, &ent, sizeof(ent)) ||
	    !mem_read(emu, last, &ent, sizeof(ent)))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_AKEY);
	return 0;
}

emu_fail_t
emu_cxt_reload(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct cxt_tables tab;
	emu_fail_t fail;

	/* [I] Ring, CXT_STS and Write_Index stay where they are while a context runs. */
	fail = tables_read(emu, cxt->num, &tab);
	return fail != 0 ? fail : tables_apply(emu, cxt, &tab);
}

static emu_fail_t
cxt_load(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct cxt_tables tab;
	emu_fail_t fail;
	uint64_t len;

	fail = tables_read(emu, cxt->num, &tab);
	if (fail != 0)
		return fail;

	/* [I] A ring's size need not be a power of two. */
	cxt->ring_sz = emu_le32(tab.ctl.ds_ring_sz);
	if (cxt->ring_sz < SDXI_DS_RING_SZ_MIN ||
	    cxt->ring_sz > (uint64_t)SDXI_DS_RING_SZ_MIN << emu->conf.max_ds_ring_sz)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	cxt->ring = emu_le64(tab.ctl.ds_ring_ptr) & SDXI_CXT_CTL_DS_RING_PTR;
	len = (uint64_t)cxt->ring_sz * SDXI_DESC_LEN;
	if (cxt->ring + (len - 1) < cxt->ring)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	cxt->sts = emu_le64(tab.ctl.cxt_sts_ptr);
	cxt->write_index_ptr = emu_le64(tab.ctl.write_index_ptr);
	if ((cxt->sts & ~SDXI_CXT_CTL_CXT_STS_PTR) != 0 ||
	    (cxt->write_index_ptr & ~SDXI_CXT_CTL_WRITE_INDEX_PTR) != 0)
		return EMU_FAIL_VALIDATION(SDXI_STEP_CXT_CTL);

	/* [I] Nor does se change. Levels of qos have no order [I], and make no difference. */
	cxt->se = (emu_le64(tab.ctl.ds_ring_ptr) & SDXI_CXT_CTL_SE) != 0;

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
	fail = cxt_load(emu, cxt);
	if (fail != 0)
		return fail;
	cxt->db = doorbell_word(emu, num);
	/* Before Write_Index is read, which covers a ring of the doorbell that this clears. */
	emu_doorbell_idle(emu, num);
	if (!emu_read64(emu, cxt->write_index_ptr, &write_index))
		return EMU_FAIL_TRANSLATION(SDXI_STEP_WRITE_INDEX);
	if (write_index < cxt->read_index || write_index - cxt->read_index > cxt->ring_sz)
		return EMU_FAIL_VALIDATION(SDXI_STEP_WRITE_INDEX);
	/* The administrative context has its jump-start doorbell yet to come. */
	cxt->rung = num != SDXI_CXT_ADMIN;
	cxt->write_index = cxt->read_index;
	if (!emu_exec_start(emu, cxt))
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

void
emu_cxt_stop(struct sdxi_emu *emu, struct emu_cxt *cxt, bool hard)
{
	if (cxt->n_faults != 0 || cxt->no_stop)
		emu_fault_stop_asked(emu, cxt);
	switch (cxt->mode) {
	case EMU_CXT_FAILED:
		/* Nothing is in progress, so there is nothing to wait for. */
		if (!cxt->no_stop) {
			cxt->mode = EMU_CXT_OFF;
			emu_cxt_write_state(emu, cxt, SDXI_CXT_STOP_SW);
			break;
		}
		run_add(emu, cxt);
		/* fall through */
	case EMU_CXT_RUN:
		cxt->mode = EMU_CXT_STOPPING;
		cxt->hard = hard;
		cxt->failing = false;
		cxt->self_stop = false;
		emu->n_stopping++;
		cxt->stopg = emu_random(emu, 2) == 0;
		if (cxt->stopg)
			emu_cxt_write_state(emu, cxt, SDXI_CXT_STOPG_SW);
		break;
	case EMU_CXT_STOPPING:
		cxt->hard |= hard;
		break;
	default:
		/* [I] To stop a context that does not run is no error and has no effect. */
		break;
	}
}

void
emu_cxt_ended(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	/* [I] A context that was being stopped by software when the function stops: STOP_SW. */
	enum sdxi_cxt_state state =
		cxt->mode == EMU_CXT_STOPPING ? SDXI_CXT_STOP_SW : SDXI_CXT_STOP_FN;

	if (cxt->failing)
		state = SDXI_CXT_ERR_FN;
	if (cxt->mode == EMU_CXT_STOPPING)
		emu->n_stopping--;
	emu->run[cxt->run_pos] = emu->run[--emu->n_run];
	emu->run[cxt->run_pos]->run_pos = cxt->run_pos;
	cxt->mode = cxt->failing ? EMU_CXT_FAILED : EMU_CXT_OFF;
	if (cxt->stalled || cxt->no_stop)
		emu_fault_gone(emu, cxt, emu_fn_stopping(emu));
	if (!cxt->err_out || state != SDXI_CXT_ERR_FN)
		emu_cxt_write_state(emu, cxt, state);
}

void
emu_cxt_forget_all(struct sdxi_emu *emu)
{
	unsigned int num;

	for (num = 0; num <= emu->conf.max_cxt; num++) {
		/* Most have never been touched, and have no memory yet. */
		if (emu->cxt[num].mode != EMU_CXT_OFF) {
			emu->cxt[num].mode = EMU_CXT_OFF;
			emu_fault_gone(emu, &emu->cxt[num], true);
		}
	}
	emu->n_run = 0;
	emu->n_stopping = 0;
}
