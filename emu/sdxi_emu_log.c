/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <string.h>

#include "sdxi_emu_priv.h"

/* Entry and its place; false when the log's memory cannot be written. */
static bool
log_write(struct sdxi_emu *emu, uint64_t iova, const struct sdxi_errlog_hd_ent *ent)
{
	const size_t hd_len = sizeof(ent->hd);

	/* The word with vl last: the log may be read by looking at vl alone. */
	return emu->ops.write(emu->opaque, iova + hd_len, (const uint8_t *)ent + hd_len,
			      sizeof(*ent) - hd_len) == SDXI_EMU_MEM_OK &&
	       emu->ops.write64(emu->opaque, iova, ent->hd) == SDXI_EMU_MEM_OK;
}

void
emu_log(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail,
	enum sdxi_err_reaction re)
{
	const uint64_t cfg = emu->err_cfg;
	const uint64_t sz = SDXI_GET(SDXI_ERR_CFG_SZ, cfg);
	const uint64_t entries = sz * SDXI_ERRLOG_UNIT;
	const uint64_t base = cfg & SDXI_ERR_CFG_PTR;
	const uint64_t wrt = emu->err_wrt;
	struct sdxi_errlog_hd_ent ent;
	uint64_t hd;

	/* [I] A log that is off takes no notice at all, of ERR_STS either. */
	if (!(cfg & SDXI_ERR_CFG_EN))
		return;

	/* [I] sts goes with ovf and err, since software looks at it first. */
	emu->err_sts |= SDXI_ERR_STS_STS;
	if (emu->err_ctl & SDXI_ERR_CTL_INTR_EN)
		emu->irq_due = true;

	if (emu_fault_log(emu))
		return;
	/*
	 * [I] A size that is 0, above CAP1's or too much for the addresses makes the log unusable.
	 */
	if (sz == 0 || sz > UINT64_C(1) << emu->conf.max_errlog_sz ||
	    base + (entries * sizeof(ent) - 1) < base) {
		emu->err_sts |= SDXI_ERR_STS_ERR;
		return;
	}
	/* [I] ERR_WRT and ERR_RD only grow. An ERR_RD that ran ahead counts as a full log. */
	if (wrt - emu->err_rd >= entries) {
		emu->err_sts |= SDXI_ERR_STS_OVF;
		return;
	}

	hd = SDXI_ERRLOG_VL | SDXI_PUT(SDXI_ERRLOG_STEP, SDXI_GET(EMU_FAIL_STEP, fail)) |
	     SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD) | SDXI_ERRLOG_CV |
	     SDXI_PUT(SDXI_ERRLOG_SUB_STEP, SDXI_GET(EMU_FAIL_SUB, fail)) |
	     SDXI_PUT(SDXI_ERRLOG_RE, re) | SDXI_PUT(SDXI_ERRLOG_CXT_NUM, cxt);
	if (index != EMU_NO_DESC)
		hd |= SDXI_ERRLOG_DIV;
	if (fail & EMU_FAIL_BV)
		hd |= SDXI_ERRLOG_BV |
		      SDXI_PUT(SDXI_ERRLOG_BUF, SDXI_GET(EMU_FAIL_BUF, fail));

	memset(&ent, 0, sizeof(ent));
	ent.hd = emu_le64(hd);
	if (index != EMU_NO_DESC)
		ent.dsc_index = emu_le64(index);

	if (!log_write(emu, base + wrt % entries * sizeof(ent), &ent)) {
		emu->err_sts |= SDXI_ERR_STS_ERR;
		return;
	}
	emu->err_wrt = wrt + 1;
}
