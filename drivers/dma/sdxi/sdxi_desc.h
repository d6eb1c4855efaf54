/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_DESC_H_
#define _SDXI_DESC_H_

/**
 * @file
 * Parameters to descriptors. Each function fills bytes 8 to 55 of a slot and returns its first 8
 * bytes, in CPU order and without vl, for the caller to store last: see sdxi_ring_commit().
 */

#include <stdbool.h>

#include <rte_byteorder.h>

#include "sdxi_hw.h"

/** AKey that every context's table holds: the function's own address space. */
#define SDXI_AKEY_SELF 0

/**
 * DMAB_COPY between places in coherent memory.
 *
 * @param len
 *   Bytes, 1 to UINT32_MAX.
 * @param flags
 *   SDXI_DSC_FE, SDXI_DSC_SE or 0.
 */
static inline uint64_t
sdxi_desc_copy(struct sdxi_dsc *dsc, uint64_t src, uint64_t dst, uint32_t len, uint64_t flags)
{
	/* attr and both AKeys (SDXI_AKEY_SELF) are 0 */
	dsc->qw[1] = 0;
	dsc->qw[2] = rte_cpu_to_le_64(src);
	dsc->qw[3] = rte_cpu_to_le_64(dst);
	dsc->qw[4] = 0;
	dsc->qw[5] = 0;
	dsc->qw[6] = 0;
	return SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY) | flags | (uint64_t)(len - 1) << 32;
}

static inline uint64_t
sdxi_desc_adm(struct sdxi_dsc *dsc, uint8_t subtype, uint8_t cflags, uint8_t vflags,
	      uint16_t cxt_start, uint16_t cxt_end, uint64_t flags)
{
	dsc->qw[1] = rte_cpu_to_le_64(cxt_start | (uint64_t)cxt_end << 16);
	dsc->qw[2] = 0;
	dsc->qw[3] = 0;
	dsc->qw[4] = 0;
	dsc->qw[5] = 0;
	dsc->qw[6] = 0;
	return SDXI_DSC_OP(SDXI_TYPE_ADMIN, subtype) | flags | (uint64_t)cflags << 32 |
	       (uint64_t)vflags << 40;
}

/** CXT_UPD [E]: the function is to drop what it knows of a level of the contexts' structures. */
static inline uint64_t
sdxi_desc_cxt_upd(struct sdxi_dsc *dsc, enum sdxi_cxt_lvl level, uint16_t first, uint16_t last)
{
	return sdxi_desc_adm(dsc, SDXI_ADM_CXT_UPD, level, 0, first, last, 0);
}

/** SYNC: completes when the updates or stops that it names have taken effect. */
static inline uint64_t
sdxi_desc_sync(struct sdxi_dsc *dsc, enum sdxi_sync_flt flt, uint16_t first, uint16_t last)
{
	return sdxi_desc_adm(dsc, SDXI_ADM_SYNC, flt, 0, first, last, 0);
}

/** CXT_START_NM with a doorbell value of 0. */
static inline uint64_t
sdxi_desc_cxt_start(struct sdxi_dsc *dsc, uint16_t first, uint16_t last)
{
	return sdxi_desc_adm(dsc, SDXI_ADM_CXT_START_NM, 0, 0, first, last, SDXI_DSC_FE);
}

/** CXT_STOP: soft, what has started is finished; hard, it is abandoned. */
static inline uint64_t
sdxi_desc_cxt_stop(struct sdxi_dsc *dsc, bool hard, uint16_t first, uint16_t last)
{
	return sdxi_desc_adm(dsc, SDXI_ADM_CXT_STOP, 0, hard ? SDXI_VFLAGS_HS : 0, first, last,
			     SDXI_DSC_FE);
}

#endif /* _SDXI_DESC_H_ */
