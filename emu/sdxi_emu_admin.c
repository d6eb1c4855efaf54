/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include "sdxi_emu_priv.h"

/* The parts of an administrative descriptor that an operation may leave unused. */
enum adm_field {
	ADM_CFLAGS = 1 << 0,
	ADM_VFLAGS = 1 << 1,
	ADM_VF_NUM = 1 << 2,
	ADM_CXT = 1 << 3,
	ADM_KEY = 1 << 4,
	ADM_DB = 1 << 5,
	ADM_FE = 1 << 6, /* the fence is not optional */
};

/* Fields of a subtype, or -1: no such operation. */
static int
adm_fields(unsigned int subtype)
{
	switch (subtype) {
	case SDXI_ADM_FN_UPD:
		return 0;
	case SDXI_ADM_CXT_UPD:
		return ADM_CFLAGS | ADM_CXT;
	case SDXI_ADM_AKEY_UPD:
	case SDXI_ADM_RKEY_UPD:
		return ADM_CXT | ADM_KEY;
	case SDXI_ADM_CXT_START_NM:
	case SDXI_ADM_CXT_START_RS:
		return ADM_VFLAGS | ADM_VF_NUM | ADM_CXT | ADM_DB | ADM_FE;
	case SDXI_ADM_CXT_STOP:
		return ADM_VFLAGS | ADM_VF_NUM | ADM_CXT | ADM_FE;
	case SDXI_ADM_SYNC:
		return ADM_CFLAGS | ADM_VFLAGS | ADM_VF_NUM | ADM_CXT | ADM_KEY;
	default:
		return -1;
	}
}

/* Do the fields that an operation does not have hold zeroes? */
static bool
adm_reserved_zero(const struct sdxi_dsc *dsc, int fields)
{
	if (!(fields & ADM_CFLAGS) && dsc->adm.cflags != 0)
		return false;
	if (!(fields & ADM_VFLAGS) && dsc->adm.vflags != 0)
		return false;
	if (!(fields & ADM_VF_NUM) && dsc->adm.vf_num != 0)
		return false;
	if (!(fields & ADM_CXT) && (dsc->adm.cxt_start | dsc->adm.cxt_end) != 0)
		return false;
	if (!(fields & ADM_KEY) && (dsc->adm.key_start | dsc->adm.key_end) != 0)
		return false;
	if (!(fields & ADM_DB) && dsc->adm.db_value != 0)
		return false;
	return (dsc->qw[3] | dsc->qw[4] | dsc->qw[5] | dsc->qw[6]) == 0;
}

emu_fail_t
emu_admin_judge(const struct sdxi_emu *emu, uint32_t opcode, const struct sdxi_dsc *dsc,
		struct emu_op *op)
{
	const unsigned int subtype = SDXI_GET(SDXI_DSC_SUBTYPE, opcode);
	const uint16_t cxt_start = emu_le16(dsc->adm.cxt_start);
	const uint16_t cxt_end = emu_le16(dsc->adm.cxt_end);
	const int fields = adm_fields(subtype);
	uint8_t vflags = dsc->adm.vflags;

	if (fields < 0)
		return EMU_FAIL_DESC | EMU_FAIL_FATAL;
	if (!adm_reserved_zero(dsc, fields))
		return EMU_FAIL_DESC;
	if ((fields & ADM_FE) && !(opcode & SDXI_DSC_FE))
		return EMU_FAIL_DESC;
	/*
	 * [I] Contexts that the function does not have cannot be started, and are passed over by
	 * what is said of a range of them. A SYNC about the function has no range.
	 */
	if (cxt_start > cxt_end &&
	    !(subtype == SDXI_ADM_SYNC && dsc->adm.cflags == SDXI_FLT_FN))
		return EMU_FAIL_DESC;
	if (cxt_end > emu->lim_max_cxt &&
	    (subtype == SDXI_ADM_CXT_START_NM || subtype == SDXI_ADM_CXT_START_RS))
		return EMU_FAIL_DESC;
	/* Key ranges of a SYNC that is not about keys mean nothing. */
	if ((subtype == SDXI_ADM_AKEY_UPD || subtype == SDXI_ADM_RKEY_UPD) &&
	    emu_le16(dsc->adm.key_start) > emu_le16(dsc->adm.key_end))
		return EMU_FAIL_DESC;
	/* [I] Other functions cannot be named: vf_num and its flags are 0. */
	if (subtype == SDXI_ADM_CXT_STOP)
		vflags &= ~SDXI_VFLAGS_HS;
	if (vflags != 0 || dsc->adm.vf_num != 0)
		return EMU_FAIL_DESC;

	switch (subtype) {
	case SDXI_ADM_CXT_UPD:
		if (dsc->adm.cflags > SDXI_LVL_CXT_CTL)
			return EMU_FAIL_DESC;
		break;
	case SDXI_ADM_SYNC:
		if (dsc->adm.cflags > SDXI_FLT_FN)
			return EMU_FAIL_DESC;
		break;
	case SDXI_ADM_CXT_START_NM:
	case SDXI_ADM_CXT_START_RS:
	case SDXI_ADM_CXT_STOP:
		/* [I] The administrative context starts and stops with the function only. */
		if (cxt_start == SDXI_CXT_ADMIN)
			return EMU_FAIL_DESC;
		break;
	default:
		break;
	}
	op->pos = cxt_start;
	return 0;
}

/* Are there stops in a range that have not taken effect? */
static bool
stops_due(const struct sdxi_emu *emu, uint16_t first, uint16_t last)
{
	const struct emu_cxt *cxt;
	uint32_t i;

	for (i = 0; emu->n_stopping != 0 && i < emu->n_run; i++) {
		cxt = emu->run[i];
		if (cxt->mode == EMU_CXT_STOPPING && cxt->num >= first && cxt->num <= last)
			return true;
	}
	return false;
}

static void
step_cxt(struct sdxi_emu *emu, struct emu_op *op, unsigned int subtype, uint16_t num)
{
	struct emu_cxt *cxt;
	emu_fail_t fail;

	if (subtype == SDXI_ADM_CXT_START_NM || subtype == SDXI_ADM_CXT_START_RS) {
		/*
		 * [I] Contexts of the range that cannot be started are logged by their own
		 * numbers and give the command er; the others start, and the administrative
		 * context goes on in either kind of error reaction.
		 */
		fail = emu_cxt_start(emu, num);
		if (fail != 0) {
			emu_log(emu, num, EMU_NO_DESC, fail, SDXI_RE_CXT_STOPPED);
			op->er = true;
		}
		return;
	}

	cxt = emu_cxt_find(emu, num);
	if (cxt == NULL)
		return;
	if (subtype == SDXI_ADM_CXT_STOP) {
		emu_cxt_stop(emu, cxt, (op->dsc.adm.vflags & SDXI_VFLAGS_HS) != 0);
		return;
	}
	/* [I] A context that has failed and is then taken out of the tables is forgotten. */
	if (subtype == SDXI_ADM_CXT_UPD && cxt->mode == EMU_CXT_FAILED &&
	    !emu_cxt_is_listed(emu, num))
		cxt->mode = EMU_CXT_OFF;
	if (cxt->mode != EMU_CXT_RUN && cxt->mode != EMU_CXT_STOPPING)
		return;
	if (subtype == SDXI_ADM_CXT_UPD) {
		/* [I] A running context whose tables turned bad fails. */
		fail = emu_cxt_reload(emu, cxt);
		if (fail != 0)
			emu_cxt_error(emu, cxt, EMU_NO_DESC, fail);
	} else {
		emu_cxt_forget_akeys(cxt);
	}
}

enum emu_admin
emu_admin_step(struct sdxi_emu *emu, struct emu_op *op)
{
	const unsigned int subtype = SDXI_GET(SDXI_DSC_SUBTYPE, emu_le32(op->dsc.any.opcode));
	/* [I] A context that runs can still be spoken of when fewer are granted. */
	uint32_t last = EMU_MIN(emu_le16(op->dsc.adm.cxt_end), emu->conf.max_cxt);
	unsigned int i;

	switch (subtype) {
	case SDXI_ADM_SYNC:
		/* All but stops took effect when the operations before this one were executed. */
		if (op->dsc.adm.cflags == SDXI_FLT_STOP && stops_due(emu, op->pos, last))
			return EMU_ADMIN_WAIT;
		return EMU_ADMIN_DONE;
	case SDXI_ADM_RKEY_UPD:
		/* RKeys are not cached. */
		return EMU_ADMIN_DONE;
	case SDXI_ADM_FN_UPD:
		/*
		 * [I] CTL2 and CXT_L2 count from now on, for what is started or read anew: contexts
		 * that run keep what they have until CXT_UPD, but AKeys, which are read anew.
		 */
		if (op->pos == 0)
			emu_fn_latch(emu);
		last = emu->conf.max_cxt;
		break;
	default:
		break;
	}

	for (i = 0; i < EMU_ADMIN_PART && op->pos <= last; i++)
		step_cxt(emu, op, subtype, op->pos++);
	return op->pos > last ? EMU_ADMIN_DONE : EMU_ADMIN_MORE;
}
