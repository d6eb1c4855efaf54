/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _EMU_WATCH_H_
#define _EMU_WATCH_H_

/**
 * @file
 * Memory of an emulated function for fuzz_emu.c, and a watch over what the function does with it.
 *
 * The watch knows of the function's workings no more than SDXI's tables and the interface of
 * emu/sdxi_emu.h. From the values that it hands out it follows which contexts have been started,
 * which descriptors they consumed and which AKeys they looked up, and each access has to follow
 * from these: a table that a valid entry of the one above names, the next slot of a running
 * context's ring below Write_Index, a block or a buffer that a consumed descriptor names, the
 * buffer by an AKey that was looked up and found good, an entry of the error log. All else ends
 * the program.
 *
 * What the function may reach directly (map()) is a copy of its own for each piece of memory, of
 * exactly that size, which is looked at and freed when the function has to have done with it. Where
 * software writes to it in between, the rest of the input is not judged.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdxi_emu.h"
#include "sdxi_emu_hw.h"

/* What is not the function's own code is not what inputs are to be found for. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

#include "../test/test_le.h"

/* Pieces of memory. Those of a context begin at REG_CXT + its place * REG_CXT_PARTS. */
enum {
	REG_L2,
	REG_L1A,
	REG_L1B,
	REG_LOG,
	REG_RKEY,
	REG_DATA0,
	REG_DATA1, /* right after DATA0 */
	REG_DATA2, /* of an odd size */
	REG_BIG,   /* for more than SDXI_EMU_CHUNK; never mapped */
	REG_TOP,   /* up to the last byte of all addresses */
	REG_LOW,   /* from address 0 on */
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
	bool dirty[192]; /* by pages */
};

/* How much map() gives. */
enum {
	MAP_NEVER,
	MAP_PAGE,
	MAP_REGION,
	MAP_UNALIGNED, /* as PAGE, at odd places of this process */
	MAP_KINDS,
};

struct live;
struct window;

/* A context's tables as the function has read them. */
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
	bool plain_fault; /* copies do not say which side it was */
	bool at_work; /* sdxi_emu_run() is on the stack */

	/* What sdxi_emu_run() does in one call. */
	uint64_t accesses;
	uint64_t copied;
	/* The same over all. */
	uint64_t all_accesses;
	uint64_t all_copied;

	/* Called in front of access number hook_at, or of a map(), once. */
	void (*hook)(struct watch *w, void *arg);
	void *hook_arg;
	uint64_t hook_at;

	/* More contexts or AKeys than are followed: what this input does is not judged any more. */
	bool lost;

	/* Tables that are being read, and those of a context that is about to be started. */
	struct watch_walk walk;
	struct watch_walk start;
	uint64_t read_index;
	uint64_t l2[16]; /* level 2 tables that CXT_L2 has named */
	unsigned int n_l2;
	uint16_t max_cxt; /* the most that CTL2 has granted */

	struct live *live;
	unsigned int n_live;
	struct window *window;
	unsigned int n_window;
	bool intr_log; /* interrupts by the error log have been asked for */
};

/* What is wrong; does not return. */
void watch_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Once. */
void watch_init(struct watch *w);
/* All memory there and zero, and nothing known of the function. */
void watch_clear(struct watch *w);
/* A function that owns this memory, or NULL where the configuration is no good. */
struct sdxi_emu *watch_create(struct watch *w);

/* The software's own view of memory; NULL: not in one piece. */
void *watch_at(struct watch *w, uint64_t iova, size_t len);
/* Write as software. */
void watch_poke(struct watch *w, unsigned int region, uint32_t off, const void *buf, size_t len);

/* Of a context's place, not its number. */
static inline unsigned int
region_of(unsigned int place, unsigned int part)
{
	return REG_CXT + place * REG_CXT_PARTS + part;
}

/* After each call that may have changed registers or the function's state. */
void watch_state(struct watch *w);
/* sdxi_emu_run(), held to what it promises. */
unsigned int watch_run(struct watch *w, unsigned int budget);

#endif /* _EMU_WATCH_H_ */
