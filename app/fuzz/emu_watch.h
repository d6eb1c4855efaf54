/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _EMU_WATCH_H_
#define _EMU_WATCH_H_

/** @file
 * Memory of an emulated function for fuzz_emu.c, and a checker of the function's accesses to it.
 *
 * The checker knows only SDXI's tables and the interface in emu/sdxi_emu.h. From the values that
 * the function reads, it tracks which contexts are running, which descriptors they consumed and
 * which AKeys they read. Each access must be explained by these: a table referenced by a valid
 * entry of the table above, the next slot of a running context's ring below Write_Index, a
 * completion block or buffer of a consumed descriptor (the buffer through a valid AKey), or an
 * entry of the error log. Any other access aborts.
 *
 * Memory returned by map() is a copy for each region, of exactly its size. It is compared and freed
 * when the function must have finished with it. If software writes to it in the meantime, the rest
 * of the input is not checked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdxi_emu.h"
#include "sdxi_emu_hw.h"

/* Exclude code other than the function's from coverage. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#include "../test/test_le.h"

/* Regions of memory. Those of a context start at REG_CXT + its place * REG_CXT_PARTS. */
enum {
	REG_L2,
	REG_L1A,
	REG_L1B,
	REG_LOG,
	REG_RKEY,
	REG_DATA0,
	REG_DATA1, /* directly after DATA0 */
	REG_DATA2, /* odd size */
	REG_BIG,   /* larger than SDXI_EMU_CHUNK; never mapped */
	REG_TOP,   /* ends at the last address */
	REG_LOW,   /* starts at address 0 */
	REG_CXT,
};
enum {
	PART_CTL,
	PART_STS,
	PART_WIX,
	PART_AKEY,
	PART_RING,
	PART_CST,
	REG_CXT_PARTS,
};
#define WATCH_CXTS 4
#define REGIONS (REG_CXT + WATCH_CXTS * REG_CXT_PARTS)
#define RING_SZ 1024
#define CST_BLKS 64

#define PERM_R 1
#define PERM_W 2
#define PERM_RW (PERM_R | PERM_W)

#define PAGE 4096u

struct region {
	uint64_t iova;
	uint32_t len;
	uint8_t perm;
	uint8_t *va;
	bool dirty[192]; /* per page */
};

/* What map() maps. */
enum {
	MAP_NEVER,
	MAP_PAGE,
	MAP_REGION,
	MAP_UNALIGNED, /* as MAP_PAGE, unaligned in this process */
	MAP_KINDS,
};

struct live;
struct window;

/* The tables of a context as read by the function. */
struct watch_walk {
	unsigned int stage;
	uint32_t num;
	uint64_t l2;
	struct sdxi_cxt_l1_ent l1;
	struct sdxi_cxt_ctl ctl;
};

struct watch {
	struct sdxi_emu *emu;
	struct sdxi_emu_conf conf;
	struct region region[REGIONS];
	uint8_t map_kind;
	bool plain_fault; /* copies do not report which side failed */
	bool at_work; /* inside sdxi_emu_run() */

	/* Counters for one call of sdxi_emu_run(). */
	uint64_t accesses;
	uint64_t copied;
	/* Totals. */
	uint64_t all_accesses;
	uint64_t all_copied;

	/* Called once, before access number hook_at or a map(). */
	void (*hook)(struct watch *w, void *arg);
	void *hook_arg;
	uint64_t hook_at;

	/* Too many contexts or AKeys to track: the rest of the input is not checked. */
	bool lost;

	/* Tables being read, and those of a context about to start. */
	struct watch_walk walk;
	struct watch_walk start;
	uint64_t read_index;
	uint64_t l2[16]; /* level 2 tables found in CXT_L2 */
	unsigned int n_l2;
	uint16_t max_cxt; /* largest value written to CTL2 */

	struct live *live;
	unsigned int n_live;
	struct window *window;
	unsigned int n_window;
	bool intr_log; /* interrupts requested by the error log */
};

/* Print the error and abort. */
void watch_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Call once. */
void watch_init(struct watch *w);
/* Zero all memory, and forget the function. */
void watch_clear(struct watch *w);
/* Create a function that uses this memory; returns NULL if the configuration is invalid. */
struct sdxi_emu *watch_create(struct watch *w);

/* Software's pointer to memory; NULL if not contiguous. */
void *watch_at(struct watch *w, uint64_t iova, size_t len);
/* Write as software. */
void watch_poke(struct watch *w, unsigned int region, uint32_t off, const void *buf, size_t len);

/* place is the index of a context here, not its number. */
static inline unsigned int
region_of(unsigned int place, unsigned int part)
{
	return REG_CXT + place * REG_CXT_PARTS + part;
}

/* Call after each call that may have changed registers or the function's state. */
void watch_state(struct watch *w);
/* Call sdxi_emu_run() and check its result and its accesses. */
unsigned int watch_run(struct watch *w, unsigned int budget);

#endif /* _EMU_WATCH_H_ */
