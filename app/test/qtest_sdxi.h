/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _QTEST_SDXI_H_
#define _QTEST_SDXI_H_

/**
 * @file
 * The least of a driver that it takes to try out QEMU's device sdxi from its bus: tables, rings and
 * descriptors, activation and contexts, the error log.
 *
 * What registers and memory are to hold is written by hand from the facts about SDXI, not taken
 * from the emulated function's sources. What goes wrong fails the test that runs.
 */

#include <stdbool.h>
#include <stdint.h>

#include "qtest.h"
#include "sdxi_emu_hw.h"
#include "sdxi_regs.h"
#include "test_le.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/** Where the device under test is, unless a test puts it elsewhere; its id is dut. */
#define SLOT "addr=0x10"
#define DEVFN QT_DEVFN(0x10, 0)

/** @name The memory of each function: its tables, and areas that belong to one context each.
 * @{
 */
#define FNS 3
#define FN_AT(i) (UINT64_C(0x1000000) * (1 + (i)))
#define L2_OFF 0x0
#define L1_OFF 0x1000
#define L1_PAGES 8
#define LOG_OFF 0x10000
#define LOG_ENTRIES 64
#define MSG_OFF 0x14000 /**< where MSI-X messages go */
#define AREA_OFF(i) (0x20000 + (uint64_t)(i) * AREA_LEN)
#define AREA_LEN 0x40000
#define AREAS 16
#define CSB_OFF 0x10000 /**< a block for each slot of a ring of RING_SZ */
#define CTL_OFF 0x18000
#define STS_OFF 0x19000
#define WIX_OFF 0x1a000
#define AKEY_OFF 0x1b000
#define RING_SZ 1024
#define BIG_RING_OFF 0x800000
#define BIG_RING_SZ 65536
/** @} */

/** Memory for data, which all functions share. */
#define DATA_AT UINT64_C(0x4000000)
#define DATA_LEN UINT64_C(0x4000000)

/** Operation groups: bit t is the group of the descriptors of type t. */
#define OPB_ALL UINT32_C(0x10)

/** A function, as its driver knows it. */
struct fn {
	struct qt_pci pci;
	uint64_t at;	 /**< its memory */
	uint64_t iova;	 /**< what an IOMMU takes off the addresses in tables and descriptors */
	uint64_t stride; /**< of doorbells */
	unsigned int n_l1;
	unsigned int n_areas;
	/* Of each area: */
	uint16_t cxt[AREAS];
	uint32_t ring_sz[AREAS];
	uint64_t ring[AREAS];
	uint64_t wix[AREAS]; /**< the producer's Write_Index */
};

extern struct fn fns[FNS];

/** @name Registers
 * @{
 */
#define REGS 13

/** Each register, and the bits of it that hold what software writes. */
struct reg {
	uint64_t off;
	uint64_t rw;
};

extern const struct reg regs[REGS];

#define REGS_END 0x20030

uint64_t reg_get(const struct fn *f, uint64_t off);
void reg_set(const struct fn *f, uint64_t off, uint64_t val);
/** STS0.fn_gsv */
unsigned int fn_state(const struct fn *f);
/** A request in CTL0.fn_gsr, all else of it kept. */
void fn_ask(const struct fn *f, enum sdxi_fn_gsr gsr);
/** @} */

/** @name A function's memory
 * @{
 */
void *mem(const struct fn *f, uint64_t off, uint64_t len);
struct sdxi_cxt_l2_ent *l2_of(const struct fn *f, uint16_t num);
struct sdxi_cxt_l1_ent *l1_of(const struct fn *f, uint16_t num);
void *in_area(const struct fn *f, unsigned int area, uint64_t off);
struct sdxi_cxt_ctl *ctl_of(const struct fn *f, unsigned int area);
struct sdxi_akey_ent *akeys_of(const struct fn *f, unsigned int area);
struct sdxi_dsc *slot_of(const struct fn *f, unsigned int area, uint64_t index);
bool is_done(const struct fn *f, unsigned int area, uint64_t index);
bool has_er(const struct fn *f, unsigned int area, uint64_t index);
/** CXT_STS.state */
unsigned int cxt_state(const struct fn *f, unsigned int area);
uint64_t read_index(const struct fn *f, unsigned int area);
void write_index_set(const struct fn *f, unsigned int area, uint64_t val);
/** Bytes that tell places apart. */
void fill(uint64_t at, uint64_t len, unsigned int seed);
bool all_are(uint64_t at, uint64_t len, uint8_t byte);
/** @} */

/** @name Descriptors
 * @{
 */
struct sdxi_dsc dsc_nop(void);
struct sdxi_dsc dsc_copy(const struct fn *f, uint64_t dst, uint64_t src, uint64_t len);
struct sdxi_dsc dsc_wrt_imm(const struct fn *f, uint64_t dst, unsigned int len, uint8_t byte);
struct sdxi_dsc dsc_intr(uint16_t akey);
struct sdxi_dsc dsc_start(uint16_t first, uint16_t last);
struct sdxi_dsc dsc_stop(uint16_t num, bool hard);
struct sdxi_dsc dsc_sync_stop(uint16_t num);
/** @} */

/** @name A function's life
 * @{
 */
/** Take over a function whose BARs have been mapped. */
void fn_found(struct fn *f);
/** Find a function on its bus, to be fns[i]. */
struct fn *fn_find(unsigned int i, uint8_t bus, uint8_t devfn);
/** Start a QEMU with one device of these properties, at SLOT. */
struct fn *fn_start(const char *props);
/** Activation as the facts have it, in their order, but for the request and what is behind it. */
void fn_build(struct fn *f);
/** The rest of it. */
void fn_activate(struct fn *f);
void fn_up(struct fn *f);
/** RESET, by CTL0. */
void fn_reset(struct fn *f);
/** All works: the function is brought up, a context starts, and copies. */
void fn_works(struct fn *f);
/** @} */

/** @name Contexts
 * @{
 */
/** The tables of a context, whose area is the next one; gives the area. */
unsigned int cxt_build(struct fn *f, uint16_t num);
/** The same with a ring of its own choice. */
unsigned int cxt_build_ring(struct fn *f, uint16_t num, uint64_t ring, uint32_t ring_sz);
/** The same, started. */
unsigned int cxt_up(struct fn *f, uint16_t num);
/** One that has failed is stopped, and started again. */
void cxt_again(struct fn *f, unsigned int area);
void ring_doorbell(const struct fn *f, unsigned int area);
/**
 * Put a descriptor into a ring and advance Write_Index, without a doorbell; gives its index. Unless
 * it says np or has a block, it gets the block of its slot, armed.
 */
uint64_t push(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** The same with the doorbell. */
uint64_t submit(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** One that is to end well, and has. */
void do_good(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** One that is to end with er. */
void do_bad(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** A copy that is to end well, and nothing around it changes. */
void copy_good(struct fn *f, unsigned int area, uint64_t dst, uint64_t src, uint64_t len);
/** @} */

/** @name The error log
 * @{
 */
#define NO_INDEX UINT64_MAX
#define NO_BUF (-1)

struct entry {
	unsigned int step;
	unsigned int sub;
	unsigned int re;
	uint16_t cxt;
	uint64_t index; /**< of the descriptor, or NO_INDEX */
	int buf;	/**< 0 source, 1 destination, or NO_BUF */
};

/** Wait for an entry, and check all of it that no vendor defines. */
void log_check(const struct fn *f, uint64_t pos, const struct entry *want);
/** What a driver does about the log; gives ERR_STS as it was. */
uint64_t log_service(struct fn *f);
/** @} */

/** Places where there is no memory. */
enum place {
	PLACE_BEHIND_RAM,
	PLACE_FAR,
	PLACE_TOP, /**< what is there ends where addresses do */
	PLACE_HOLE, /**< for PCI devices, where none is */
	PLACE_ECAM,
	PLACE_IOAPIC,
	PLACE_HPET,
	PLACE_LAPIC,
	PLACE_BAR0, /**< the function's own, and so on */
	PLACE_BAR2,
	PLACE_MSIX,
	PLACES,
};

uint64_t place_at(const struct fn *f, enum place place, uint64_t len);

/** The BAR that MSI-X has. */
unsigned int msix_bar(const struct fn *f);

/** What nothing but the test may change, the log's indices left out: registers, command, MSI-X. */
struct snap {
	uint64_t reg[REGS];
	uint32_t cmd;
	uint8_t msix[4096];
};

void snap_take(const struct fn *f, struct snap *snap);
void snap_check(const struct fn *f, const struct snap *before);

#endif /* _QTEST_SDXI_H_ */
