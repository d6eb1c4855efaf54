/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <stdlib.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/* A context's entries in the tables. */
struct cxt_tables {
	struct sdxi_cxt_l1_ent l1;
	struct sdxi_cxt_ctl ctl;
};

#define FAIL_TRANSLATION(step) EMU_FAIL(step, SDXI_SUB_STEP_TRANSLATION)
#define FAIL_VALIDATION(step) EMU_FAIL(step, SDXI_SUB_STEP_VALIDATION)

static bool
mem_read(struct sdxi_emu *emu, uint64_t iova, void *buf, size_t len)
{
	return emu->ops.read(emu->opaque, iova, buf, len) == SDXI_EMU_MEM_OK;
}

/* Read a little-endian word. */
static bool
mem_read64(struct sdxi_emu *emu, uint64_t iova, uint64_t *val)
{
	uint64_t raw = 0;

	if (emu->ops.read64(emu->opaque, iova, &raw) != SDXI_EMU_MEM_OK)
		return false;
	*val = emu_le64(raw);
	return true;
}

struct emu_cxt *
emu_cxt_find(struct sdxi_emu *emu, uint16_t num)
{
	struct emu_chunk *chunk = emu->chunk[num >> SDXI_L1_SHIFT];

	return chunk == NULL ? NULL : &chunk->cxt[num & (SDXI_L1_ENTRIES - 1)];
}

struct emu_cxt *
emu_cxt_get(struct sdxi_emu *emu, uint16_t num)
{
	struct emu_chunk **chunk = &emu->chunk[num >> SDXI_L1_SHIFT];
	unsigned int i;

	if (*chunk == NULL) {
		*chunk = calloc(1, sizeof(**chunk));
		if (*chunk == NULL)
			return NULL;
		for (i = 0; i < SDXI_L1_ENTRIES; i++)
			(*chunk)->cxt[i].num = (num & ~(SDXI_L1_ENTRIES - 1)) + i;
	}
	return emu_cxt_find(emu, num);
}

static bool
run_add(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_cxt **run;
	uint32_t alloc;

	if (emu->n_run == emu->run_alloc) {
		alloc = emu->run_alloc == 0 ? 16 : emu->run_alloc * 2;
		run = realloc(emu->run, alloc * sizeof(*run));
		if (run == NULL)
			return false;
		emu->run = run;
		emu->run_alloc = alloc;
	}
	cxt->run_pos = emu->n_run;
	emu->run[emu->n_run++] = cxt;
	emu->n_qos[cxt->qos]++;
	emu_cxt_heat(emu, cxt, true);
	return true;
}

static void
run_swap(struct sdxi_emu *emu, uint32_t a, uint32_t b)
{
	struct emu_cxt *cxt = emu->run[a];

	emu->run[a] = emu->run[b];
	emu->run[a]->run_pos = a;
	emu->run[b] = cxt;
	cxt->run_pos = b;
}

void
emu_cxt_heat(struct sdxi_emu *emu, struct emu_cxt *cxt, bool hot)
{
	cxt->idle = 0;
	if (hot == (cxt->run_pos < emu->n_hot))
		return;
	if (hot)
		run_swap(emu, cxt->run_pos, emu->n_hot++);
	else
		run_swap(emu, cxt->run_pos, --emu->n_hot);
}

static void
run_remove(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	emu_cxt_heat(emu, cxt, false);
	run_swap(emu, cxt->run_pos, --emu->n_run);
	emu->n_qos[cxt->qos]--;
	cxt->busy = false;
}

void
emu_doorbell_idle(struct sdxi_emu *emu, uint16_t num)
{
	uint64_t *db;

	atomic_fetch_and_explicit(&emu->db_bits[num / 64], ~(UINT64_C(1) << num % 64),
				  memory_order_acq_rel);
	if (emu->conf.doorbells != NULL) {
		db = (uint64_t *)((uint8_t *)emu->conf.doorbells +
				  (size_t)num * ((size_t)SDXI_DB_STRIDE_MIN
						 << emu->conf.db_stride));
		atomic_exchange(EMU_ATOMIC(db), EMU_DB_IDLE);
	}
}

/*
 * [I] Reserved bits of table entries are not looked at, except where they would make a pointer
 * misaligned.
 */
static emu_fail_t
tables_read(struct sdxi_emu *emu, uint16_t num, struct cxt_tables *tab)
{
	uint64_t l2, w;

	if (!mem_read64(emu, emu->lim_l2_ptr + (num >> SDXI_L1_SHIFT) * sizeof(l2), &l2))
		return FAIL_TRANSLATION(SDXI_STEP_CXT_L2);
	if (!(l2 & SDXI_L2_ENT_VL))
		return FAIL_VALIDATION(SDXI_STEP_CXT_L2);

	w = (l2 & SDXI_L2_ENT_LV01_PTR) + (num & (SDXI_L1_ENTRIES - 1)) * sizeof(tab->l1);
	if (!mem_read(emu, w, &tab->l1, sizeof(tab->l1)))
		return FAIL_TRANSLATION(SDXI_STEP_CXT_L1);
	w = emu_le64(tab->l1.cxt_ctl_ptr);
	/* [I] A context with a PASID of its own is refused: there is one address space. */
	if (!(w & SDXI_L1_ENT_VL) || (w & SDXI_L1_ENT_PV))
		return FAIL_VALIDATION(SDXI_STEP_CXT_L1);
	if (SDXI_GET(SDXI_L1_ENT_AKEY_SZ, emu_le64(tab->l1.akey_ptr)) > emu->lim_max_akey_sz)
		return FAIL_VALIDATION(SDXI_STEP_CXT_L1);

	if (!mem_read(emu, w & SDXI_L1_ENT_CXT_CTL_PTR, &tab->ctl, sizeof(tab->ctl)))
		return FAIL_TRANSLATION(SDXI_STEP_CXT_CTL);
	if (!(emu_le64(tab->ctl.ds_ring_ptr) & SDXI_CXT_CTL_VL))
		return FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	return 0;
}

bool
emu_cxt_is_listed(struct sdxi_emu *emu, uint16_t num)
{
	struct cxt_tables tab;
	emu_fail_t fail = tables_read(emu, num, &tab);

	return fail != FAIL_VALIDATION(SDXI_STEP_CXT_L2) &&
	       fail != FAIL_VALIDATION(SDXI_STEP_CXT_L1);
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
	cxt->csa = (emu_le64(tab->ctl.ds_ring_ptr) & SDXI_CXT_CTL_CSA) != 0;
	emu_cxt_forget_akeys(cxt);

	/*
	 * [I] The AKey table must be reachable from its first to its last entry, none of which is
	 * behind the last address.
	 */
	last = cxt->akey_ptr + (cxt->akeys - 1) * sizeof(ent);
	if (last < cxt->akey_ptr || !mem_read(emu, cxt->akey_ptr, &ent, sizeof(ent)) ||
	    !mem_read(emu, last, &ent, sizeof(ent)))
		return FAIL_TRANSLATION(SDXI_STEP_AKEY);
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
		return FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	cxt->ring = emu_le64(tab.ctl.ds_ring_ptr) & SDXI_CXT_CTL_DS_RING_PTR;
	len = (uint64_t)cxt->ring_sz * SDXI_DESC_LEN;
	if (cxt->ring + (len - 1) < cxt->ring)
		return FAIL_VALIDATION(SDXI_STEP_CXT_CTL);
	cxt->sts = emu_le64(tab.ctl.cxt_sts_ptr);
	cxt->write_index_ptr = emu_le64(tab.ctl.write_index_ptr);
	if ((cxt->sts & ~SDXI_CXT_CTL_CXT_STS_PTR) != 0 ||
	    (cxt->write_index_ptr & ~SDXI_CXT_CTL_WRITE_INDEX_PTR) != 0)
		return FAIL_VALIDATION(SDXI_STEP_CXT_CTL);

	/* [I] Nor are qos and se looked at while a context runs. */
	cxt->qos = SDXI_GET(SDXI_CXT_CTL_QOS, emu_le64(tab.ctl.ds_ring_ptr));
	cxt->se = (emu_le64(tab.ctl.ds_ring_ptr) & SDXI_CXT_CTL_SE) != 0;

	fail = tables_apply(emu, cxt, &tab);
	if (fail != 0)
		return fail;

	if (!mem_read64(emu, cxt->sts + offsetof(struct sdxi_cxt_sts, read_index),
			&cxt->read_index))
		return FAIL_TRANSLATION(SDXI_STEP_CXT_STS);
	cxt->slot = cxt->read_index % cxt->ring_sz;
	return 0;
}

emu_fail_t
emu_cxt_start(struct sdxi_emu *emu, uint16_t num)
{
	struct emu_cxt *cxt = emu_cxt_get(emu, num);
	uint64_t write_index;
	emu_fail_t fail;

	if (cxt == NULL)
		return EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER);
	/* [I] To start a context that runs is no error and rings its doorbell. */
	if (cxt->mode == EMU_CXT_RUN && !emu_free_ending(cxt)) {
		cxt->kick = true;
		return 0;
	}
	/* [I] One that is stopping, or failed and was not stopped since, cannot be started. */
	if (cxt->mode != EMU_CXT_OFF)
		return FAIL_VALIDATION(SDXI_STEP_CXT_STS);

	fail = cxt_load(emu, cxt);
	if (fail != 0)
		return fail;
	cxt->db = NULL;
	if (emu->conf.doorbells != NULL)
		cxt->db = (uint64_t *)((uint8_t *)emu->conf.doorbells +
				       (size_t)num * ((size_t)SDXI_DB_STRIDE_MIN
						      << emu->conf.db_stride));
	/* Before Write_Index is looked at: a ring that this wipes out is covered by that. */
	emu_doorbell_idle(emu, num);
	if (!mem_read64(emu, cxt->write_index_ptr, &write_index))
		return FAIL_TRANSLATION(SDXI_STEP_WRITE_INDEX);
	if (write_index < cxt->read_index || write_index - cxt->read_index > cxt->ring_sz)
		return FAIL_VALIDATION(SDXI_STEP_WRITE_INDEX);
	/* The administrative context has its jump-start doorbell yet to come. */
	cxt->kick = num != SDXI_CXT_ADMIN;
	cxt->write_index = cxt->read_index;
	cxt->busy = false;
	cxt->stopg = false;
	if (emu->conf.freedom && !emu_free_start(cxt))
		return EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER);

	if (!emu_cxt_write_state(emu, cxt, SDXI_CXT_RUN))
		return FAIL_TRANSLATION(SDXI_STEP_CXT_STS);
	if (!run_add(emu, cxt))
		return EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER);
	cxt->mode = EMU_CXT_RUN;
	return 0;
}

bool
emu_cxt_write_state(struct sdxi_emu *emu, const struct emu_cxt *cxt, enum sdxi_cxt_state state)
{
	/* The reserved bytes behind the state are part of the word, and written 0. */
	return emu->ops.write64(emu->opaque, cxt->sts, emu_le64(state)) == SDXI_EMU_MEM_OK;
}

void
emu_cxt_stop(struct sdxi_emu *emu, struct emu_cxt *cxt, bool hard)
{
	if (EMU_UNLIKELY(cxt->n_faults != 0 || cxt->no_stop))
		emu_fault_stop_asked(emu, cxt);
	switch (cxt->mode) {
	case EMU_CXT_FAILED:
		/* Nothing is in flight, so there is nothing to wait for. */
		if (EMU_LIKELY(!cxt->no_stop) || !run_add(emu, cxt)) {
			cxt->mode = EMU_CXT_OFF;
			emu_cxt_write_state(emu, cxt, SDXI_CXT_STOP_SW);
			break;
		}
		/* fall through */
	case EMU_CXT_RUN:
		cxt->mode = EMU_CXT_STOPPING;
		cxt->hard = hard;
		emu->n_stopping++;
		if (cxt->free == NULL || emu_free_stop(emu, cxt))
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

/* It has no turns any more. */
static void
cxt_leave(struct sdxi_emu *emu, struct emu_cxt *cxt, enum emu_cxt_mode mode)
{
	if (cxt->mode == EMU_CXT_STOPPING)
		emu->n_stopping--;
	run_remove(emu, cxt);
	cxt->mode = mode;
	if (EMU_UNLIKELY(cxt->stalled || cxt->no_stop))
		emu_fault_gone(emu, cxt, emu_fn_stopping(emu));
}

void
emu_cxt_stopped(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	/* [I] A context that was being stopped by software when the function stops: STOP_SW. */
	enum sdxi_cxt_state state =
		cxt->mode == EMU_CXT_STOPPING ? SDXI_CXT_STOP_SW : SDXI_CXT_STOP_FN;

	cxt_leave(emu, cxt, EMU_CXT_OFF);
	emu_cxt_write_state(emu, cxt, state);
}

void
emu_cxt_failed(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	cxt_leave(emu, cxt, EMU_CXT_FAILED);
	emu_cxt_write_state(emu, cxt, SDXI_CXT_ERR_FN);
}

void
emu_cxt_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail)
{
	if (cxt->free != NULL) {
		emu_free_error(emu, cxt, index, fail);
		return;
	}
	emu_log(emu, cxt->num, index, fail, SDXI_RE_CXT_STOPPED);
	emu_cxt_failed(emu, cxt);
}

void
emu_cxt_forget_all(struct sdxi_emu *emu)
{
	unsigned int i, j;

	for (i = 0; i < SDXI_L2_ENTRIES; i++) {
		if (emu->chunk[i] == NULL)
			continue;
		for (j = 0; j < SDXI_L1_ENTRIES; j++) {
			emu->chunk[i]->cxt[j].mode = EMU_CXT_OFF;
			emu->chunk[i]->cxt[j].busy = false;
			emu_fault_gone(emu, &emu->chunk[i]->cxt[j], true);
		}
	}
	memset(emu->n_qos, 0, sizeof(emu->n_qos));
	emu->n_run = 0;
	emu->n_hot = 0;
	emu->run_next = 0;
	emu->cold_next = 0;
	emu->cold_left = 0;
	emu->all_idle = false;
	emu->n_stopping = 0;
}
