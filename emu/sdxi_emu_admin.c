/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include "sdxi_emu_priv.h"

static bool
is_start(unsigned int subtype)
{
	return subtype == SDXI_ADM_CXT_START_NM || subtype == SDXI_ADM_CXT_START_RS;
}

/*
 * [I] What is legal in the fields that an operation has.
 *
 * Other functions cannot be named: vf and vf_num are 0. The administrative context starts and stops
 * with the function only. Contexts that the function does not have cannot be started, and other
 * operations skip them. Ranges that mean nothing to a SYNC are not checked.
 */
emu_fail_t
emu_admin_judge(const struct sdxi_emu *emu, struct emu_op *op)
{
	const unsigned int subtype = SDXI_GET(SDXI_DSC_SUBTYPE, emu_le32(op->dsc.any.opcode));
	const struct sdxi_dsc *dsc = &op->dsc;
	const uint16_t cxt_start = emu_le16(dsc->adm.cxt_start);
	const uint16_t cxt_end = emu_le16(dsc->adm.cxt_end);
	/* Levels as a number, or a flag for each. */
	const uint8_t levels = emu->conf.cxt_upd == SDXI_EMU_CXT_UPD_FLAGS ? 7 : SDXI_LVL_CXT_CTL;
	uint8_t vflags = 0;
	bool good = true;

	switch (subtype) {
	case SDXI_ADM_CXT_UPD:
		good = emu->conf.cxt_upd != SDXI_EMU_CXT_UPD_REFUSE && dsc->adm.cflags <= levels;
		break;
	case SDXI_ADM_AKEY_UPD:
	case SDXI_ADM_RKEY_UPD:
		good = emu_le16(dsc->adm.key_start) <= emu_le16(dsc->adm.key_end);
		break;
	case SDXI_ADM_SYNC:
		good = dsc->adm.cflags <= SDXI_FLT_FN;
		break;
	case SDXI_ADM_CXT_STOP:
		vflags = SDXI_VFLAGS_HS;
		good = cxt_start != SDXI_CXT_ADMIN;
		break;
	case SDXI_ADM_CXT_START_NM:
	case SDXI_ADM_CXT_START_RS:
		/* Write_Index is sampled at the start, whatever db_value there is. */
		vflags = SDXI_VFLAGS_DV;
		good = cxt_start != SDXI_CXT_ADMIN && cxt_end <= emu->lim_max_cxt;
		break;
	default:
		break;
	}
	if (subtype != SDXI_ADM_SYNC || dsc->adm.cflags != SDXI_FLT_FN)
		good = good && cxt_start <= cxt_end;
	/* Without vflags, the fields are others or reserved, and known to be 0. */
	if (vflags != 0 || subtype == SDXI_ADM_SYNC)
		good = good && (dsc->adm.vflags & ~vflags) == 0 && dsc->adm.vf_num == 0;
	op->pos = cxt_start;
	return good ? 0 : EMU_FAIL_DESC;
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

	if (is_start(subtype)) {
		/*
		 * [I] Contexts of the range that cannot be started are logged by their own
		 * numbers and give the command er; the others start, and the administrative
		 * context continues in either kind of error reaction.
		 */
		fail = emu_cxt_start(emu, num);
		if (fail != 0) {
			emu_log(emu, num, EMU_NO_DESC, fail, SDXI_RE_CXT_STOPPED);
			op->er = true;
		}
		return;
	}

	cxt = &emu->cxt[num];
	if (subtype == SDXI_ADM_CXT_STOP) {
		emu_cxt_stop(emu, cxt, (op->dsc.adm.vflags & SDXI_VFLAGS_HS) != 0);
		return;
	}
	if (!emu_cxt_has_turns(cxt))
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
	/* [I] A context that runs can still be named when fewer are granted. */
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
	case SDXI_ADM_CXT_UPD:
		/* As flags, 0 names nothing. */
		if (emu->conf.cxt_upd == SDXI_EMU_CXT_UPD_FLAGS && op->dsc.adm.cflags == 0)
			return EMU_ADMIN_DONE;
		break;
	case SDXI_ADM_FN_UPD:
		/*
		 * [I] CTL2 and CXT_L2 count from now on, for what is started or read again: running
		 * contexts keep what they have until CXT_UPD, but AKeys, which are read again.
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
