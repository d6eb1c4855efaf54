/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_DESC_H_
#define _SDXI_DESC_H_

/**
 * @file
 * Parameters to descriptors. Each function fills bytes 8 to 55 of a slot and returns its first 8
 * bytes, in CPU order and without vl, for sdxi_ring_put().
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

/**
 * DMAB_REPCOPY [I] from one 4 KiB page to each page of the destination. Parameters are those of
 * sdxi_desc_copy(), multiples of SDXI_REPCOPY_PAGE.
 */
static inline uint64_t
sdxi_desc_repcopy(struct sdxi_dsc *dsc, uint64_t src, uint64_t dst, uint32_t len, uint64_t flags)
{
	return sdxi_desc_copy(dsc, src, dst, len, flags) ^
	       (SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY) ^
		SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY));
}

/**
 * DMAB_WRT_IMM [E] of a repeated word.
 *
 * @param word
 *   8 bytes, the first in memory being the lowest.
 * @param len
 *   Bytes, 1 to SDXI_WRT_IMM_MAX.
 * @param flags
 *   As for sdxi_desc_copy().
 */
static inline uint64_t
sdxi_desc_wrt_imm(struct sdxi_dsc *dsc, uint64_t word, uint64_t dst, uint32_t len, uint64_t flags)
{
	dsc->qw[1] = 0;
	dsc->qw[2] = rte_cpu_to_le_64(dst);
	dsc->qw[3] = rte_cpu_to_le_64(word);
	dsc->qw[4] = rte_cpu_to_le_64(word);
	dsc->qw[5] = rte_cpu_to_le_64(word);
	dsc->qw[6] = rte_cpu_to_le_64(word);
	return SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM) | flags | (uint64_t)(len - 1) << 32;
}

/** A command that names contexts @p first to @p last, both included. */
struct sdxi_cmd {
	uint8_t subtype;
	uint8_t cflags;
	uint8_t vflags;
	uint64_t flags; /**< SDXI_DSC_FE or 0 */
	uint16_t first;
	uint16_t last;
};

/** CXT_UPD [E]: the function is to drop what it knows of a level of the contexts' structures. */
static inline struct sdxi_cmd
sdxi_cmd_cxt_upd(enum sdxi_cxt_lvl level, uint16_t first, uint16_t last)
{
	return (struct sdxi_cmd){
		.subtype = SDXI_ADM_CXT_UPD, .cflags = level, .first = first, .last = last,
	};
}

/** SYNC: completes when the updates or stops that it names have taken effect. */
static inline struct sdxi_cmd
sdxi_cmd_sync(enum sdxi_sync_flt flt, uint16_t first, uint16_t last)
{
	return (struct sdxi_cmd){
		.subtype = SDXI_ADM_SYNC, .cflags = flt, .first = first, .last = last,
	};
}

/** CXT_START_NM with a doorbell value of 0. */
static inline struct sdxi_cmd
sdxi_cmd_cxt_start(uint16_t first, uint16_t last)
{
	return (struct sdxi_cmd){
		.subtype = SDXI_ADM_CXT_START_NM, .flags = SDXI_DSC_FE,
		.first = first, .last = last,
	};
}

/** CXT_STOP: soft, what has started is finished; hard, it is abandoned. */
static inline struct sdxi_cmd
sdxi_cmd_cxt_stop(bool hard, uint16_t first, uint16_t last)
{
	return (struct sdxi_cmd){
		.subtype = SDXI_ADM_CXT_STOP, .vflags = hard ? SDXI_VFLAGS_HS : 0,
		.flags = SDXI_DSC_FE, .first = first, .last = last,
	};
}

/** An administrative command. */
static inline uint64_t
sdxi_desc_cmd(struct sdxi_dsc *dsc, struct sdxi_cmd cmd)
{
	dsc->qw[1] = rte_cpu_to_le_64(cmd.first | (uint64_t)cmd.last << 16);
	dsc->qw[2] = 0;
	dsc->qw[3] = 0;
	dsc->qw[4] = 0;
	dsc->qw[5] = 0;
	dsc->qw[6] = 0;
	return SDXI_DSC_OP(SDXI_TYPE_ADMIN, cmd.subtype) | cmd.flags | (uint64_t)cmd.cflags << 32 |
	       (uint64_t)cmd.vflags << 40;
}

#endif /* _SDXI_DESC_H_ */
