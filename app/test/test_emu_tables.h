/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_EMU_TABLES_H_
#define _TEST_EMU_TABLES_H_

/** @file
 * Everything that can be wrong with the tables of a context, for activation, start and CXT_UPD.
 */

#include "test_emu_owner.h"

enum table_part { IN_L2, IN_L1, IN_CTL, IN_STS, IN_WIX };

static const struct table_break {
	enum table_part part;
	unsigned int off;
	uint64_t keep; /* mask of the word to keep */
	uint64_t set;
	enum sdxi_err_step step; /* where the error must be detected */
	enum sdxi_err_sub_step sub;
	bool no_read; /* make the word inaccessible instead */
	bool no_write;
} table_breaks[] = {
	{ IN_L2, 0, UINT64_MAX, 0, AT(CXT_L2, TRANSLATION), .no_read = true },
	{ IN_L2, 0, ~SDXI_L2_ENT_VL, 0, AT(CXT_L2, VALIDATION) },
	{ IN_L2, 0, 0, NO_MEM | SDXI_L2_ENT_VL, AT(CXT_L1, TRANSLATION) },
	{ IN_L1, 0, ~SDXI_L1_ENT_VL, 0, AT(CXT_L1, VALIDATION) },
	{ IN_L1, 0, UINT64_MAX, SDXI_L1_ENT_PV, AT(CXT_L1, VALIDATION) },
	{ IN_L1, 8, UINT64_MAX, 9, AT(CXT_L1, VALIDATION) },
	{ IN_L1, 0, 0, NO_MEM | SDXI_L1_ENT_VL, AT(CXT_CTL, TRANSLATION) },
	{ IN_L1, 8, 0, NO_MEM, AT(AKEY, TRANSLATION) },
	/* The table has 4 KiB; 8 KiB would extend into unmapped memory, or wrap around. */
	{ IN_L1, 8, 0, (MEM_BASE + MEM_LEN - 4096) | 1, AT(AKEY, TRANSLATION) },
	{ IN_L1, 8, 0, -UINT64_C(4096) | 1, AT(AKEY, TRANSLATION) },
	{ IN_CTL, 0, ~SDXI_CXT_CTL_VL, 0, AT(CXT_CTL, VALIDATION) },
#define TABLE_BREAKS_OF_START 11 /* index of the first */
	{ IN_CTL, 8, 0, 1023, AT(CXT_CTL, VALIDATION) },
	{ IN_CTL, 8, 0, (1024 << 6) + 1, AT(CXT_CTL, VALIDATION) },
	{ IN_CTL, 0, 0, -UINT64_C(0xffc0) | SDXI_CXT_CTL_VL, AT(CXT_CTL, VALIDATION) },
	{ IN_CTL, 16, UINT64_MAX, 8, AT(CXT_CTL, VALIDATION) },
	{ IN_CTL, 24, UINT64_MAX, 4, AT(CXT_CTL, VALIDATION) },
	{ IN_CTL, 16, 0, NO_MEM, AT(CXT_STS, TRANSLATION) },
	{ IN_STS, 0, UINT64_MAX, 0, AT(CXT_STS, TRANSLATION), .no_write = true },
	{ IN_CTL, 24, 0, NO_MEM, AT(WRITE_INDEX, TRANSLATION) },
	{ IN_STS, 8, 0, 1, AT(WRITE_INDEX, VALIDATION) },
	{ IN_WIX, 0, 0, RING_SZ + 1, AT(WRITE_INDEX, VALIDATION) },
};
#define TABLE_BREAKS (sizeof(table_breaks) / sizeof(table_breaks[0]))

static inline void
table_break(struct owner *own, unsigned int area, const struct table_break *b)
{
	const uint16_t num = own->cxt[area];
	const uint64_t part[] = {
		[IN_L2] = L2_AT + num / 128 * 8,
		[IN_L1] = L1_AT(num) + num % 128 * 32,
		[IN_CTL] = AREA_AT(area) + CTL_OFF,
		[IN_STS] = AREA_AT(area) + STS_OFF,
		[IN_WIX] = AREA_AT(area) + WIX_OFF,
	};
	uint64_t *word = mem_at(own, part[b->part] + b->off);

	*word = le64((le64(*word) & b->keep) | b->set);
	if (b->no_read || b->no_write)
		hole_add(own, part[b->part] + b->off, 8, b->no_read, b->no_write);
}

#endif /* _TEST_EMU_TABLES_H_ */
