/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_EMU_TABLES_H_
#define _TEST_EMU_TABLES_H_

/**
 * @file
 * Every single thing that can be wrong with a context's tables, for activation and for start.
 */

#include "test_emu_owner.h"

enum act_break {
	ACT_L2_FAULT,
	ACT_L2_VL,
	ACT_L1_FAULT,
	ACT_L1_VL,
	ACT_L1_PV,
	ACT_L1_AKEY_SZ,
	ACT_CTL_FAULT,
	ACT_CTL_VL,
	ACT_RING_SMALL,
	ACT_RING_BIG,
	ACT_RING_WRAPS,
	ACT_STS_ALIGN,
	ACT_WIX_ALIGN,
	ACT_STS_FAULT,
	ACT_STS_READ_ONLY,
	ACT_WIX_FAULT,
	ACT_WIX_BEHIND,
	ACT_WIX_AHEAD,
	ACT_AKEY_FAULT,
	ACT_AKEY_END_FAULT,
	ACT_LAST,
};

/* The step and sub-step that each must be found at. */
static const struct {
	enum sdxi_err_step step;
	enum sdxi_err_sub_step sub;
} act_want[ACT_LAST] = {
	[ACT_L2_FAULT] = { SDXI_STEP_CXT_L2, SDXI_SUB_STEP_TRANSLATION },
	[ACT_L2_VL] = { SDXI_STEP_CXT_L2, SDXI_SUB_STEP_VALIDATION },
	[ACT_L1_FAULT] = { SDXI_STEP_CXT_L1, SDXI_SUB_STEP_TRANSLATION },
	[ACT_L1_VL] = { SDXI_STEP_CXT_L1, SDXI_SUB_STEP_VALIDATION },
	[ACT_L1_PV] = { SDXI_STEP_CXT_L1, SDXI_SUB_STEP_VALIDATION },
	[ACT_L1_AKEY_SZ] = { SDXI_STEP_CXT_L1, SDXI_SUB_STEP_VALIDATION },
	[ACT_CTL_FAULT] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_TRANSLATION },
	[ACT_CTL_VL] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_VALIDATION },
	[ACT_RING_SMALL] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_VALIDATION },
	[ACT_RING_BIG] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_VALIDATION },
	[ACT_RING_WRAPS] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_VALIDATION },
	[ACT_STS_ALIGN] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_VALIDATION },
	[ACT_WIX_ALIGN] = { SDXI_STEP_CXT_CTL, SDXI_SUB_STEP_VALIDATION },
	[ACT_STS_FAULT] = { SDXI_STEP_CXT_STS, SDXI_SUB_STEP_TRANSLATION },
	[ACT_STS_READ_ONLY] = { SDXI_STEP_CXT_STS, SDXI_SUB_STEP_TRANSLATION },
	[ACT_WIX_FAULT] = { SDXI_STEP_WRITE_INDEX, SDXI_SUB_STEP_TRANSLATION },
	[ACT_WIX_BEHIND] = { SDXI_STEP_WRITE_INDEX, SDXI_SUB_STEP_VALIDATION },
	[ACT_WIX_AHEAD] = { SDXI_STEP_WRITE_INDEX, SDXI_SUB_STEP_VALIDATION },
	[ACT_AKEY_FAULT] = { SDXI_STEP_AKEY, SDXI_SUB_STEP_TRANSLATION },
	[ACT_AKEY_END_FAULT] = { SDXI_STEP_AKEY, SDXI_SUB_STEP_TRANSLATION },
};

/* Break one thing in the tables of a context. */
static inline void
act_break(struct owner *own, unsigned int area, enum act_break what)
{
	const uint16_t num = own->cxt[area];
	struct sdxi_cxt_l2_ent *l2 = (struct sdxi_cxt_l2_ent *)mem_at(own, L2_AT) + num / 128;
	struct sdxi_cxt_l1_ent *l1 = l1_of(own, num);
	struct sdxi_cxt_ctl *ctl = ctl_of(own, area);

	switch (what) {
	case ACT_L2_FAULT:
		hole_add(own, L2_AT + num / 128 * 8, 8, true, false);
		break;
	case ACT_L2_VL:
		l2->lv01_ptr &= ~le64(SDXI_L2_ENT_VL);
		break;
	case ACT_L1_FAULT:
		l2->lv01_ptr = le64(NO_MEM | SDXI_L2_ENT_VL);
		break;
	case ACT_L1_VL:
		l1->cxt_ctl_ptr &= ~le64(SDXI_L1_ENT_VL);
		break;
	case ACT_L1_PV:
		l1->cxt_ctl_ptr |= le64(SDXI_L1_ENT_PV);
		break;
	case ACT_L1_AKEY_SZ:
		l1->akey_ptr |= le64(9);
		break;
	case ACT_CTL_FAULT:
		l1->cxt_ctl_ptr = le64(NO_MEM | SDXI_L1_ENT_VL);
		break;
	case ACT_CTL_VL:
		ctl->ds_ring_ptr &= ~le64(SDXI_CXT_CTL_VL);
		break;
	case ACT_RING_SMALL:
		ctl->ds_ring_sz = le32(1023);
		break;
	case ACT_RING_BIG:
		ctl->ds_ring_sz = le32((1024 << own->conf.max_ds_ring_sz) + 1);
		break;
	case ACT_RING_WRAPS:
		ctl->ds_ring_ptr = le64(UINT64_C(0xffffffffffff0040) | SDXI_CXT_CTL_VL);
		break;
	case ACT_STS_ALIGN:
		ctl->cxt_sts_ptr |= le64(8);
		break;
	case ACT_WIX_ALIGN:
		ctl->write_index_ptr |= le64(4);
		break;
	case ACT_STS_FAULT:
		ctl->cxt_sts_ptr = le64(NO_MEM);
		break;
	case ACT_STS_READ_ONLY:
		hole_add(own, AREA_AT(area) + STS_OFF, 16, false, true);
		break;
	case ACT_WIX_FAULT:
		ctl->write_index_ptr = le64(NO_MEM);
		break;
	case ACT_WIX_BEHIND:
		sts_of(own, area)->read_index = le64(1);
		break;
	case ACT_WIX_AHEAD:
		write_index_set(own, area, RING_SZ + 1);
		break;
	case ACT_AKEY_FAULT:
		l1->akey_ptr = le64(NO_MEM);
		break;
	case ACT_AKEY_END_FAULT:
		/* The table is 4 KiB; 8 KiB would reach into what is not there. */
		l1->akey_ptr = le64((MEM_BASE + MEM_LEN - 4096) | 1);
		break;
	default:
		fail();
	}
}

#endif /* _TEST_EMU_TABLES_H_ */
