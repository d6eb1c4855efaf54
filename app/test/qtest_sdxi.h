/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _QTEST_SDXI_H_
#define _QTEST_SDXI_H_

/** @file
 * Minimal driver to test QEMU's device sdxi over its bus: tables, rings, descriptors, activation,
 * contexts and error log.
 *
 * Expected contents of registers and memory are written by hand from the facts about SDXI, not
 * taken from the sources of the emulated function. Errors fail the current test.
 */

#include <stdbool.h>
#include <stdint.h>

#include "qtest.h"
#include "sdxi_emu_hw.h"
#include "sdxi_regs.h"
#include "test_le.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/** Default slot of the device under test; its id is dut. */
#define SLOT "addr=0x10"
#define DEVFN QT_DEVFN(0x10, 0)

/**
 * @name Memory of a function: its tables, and one area per context
 * @{
 */
#define FNS 3
#define FN_AT(i) (UINT64_C(0x1000000) * (1 + (i)))
#define L2_OFF 0x0
#define L1_OFF 0x1000
#define L1_PAGES 8
#define LOG_OFF 0x10000
#define LOG_ENTRIES 64
#define MSG_OFF 0x14000 /**< address of MSI-X messages */
#define AREA_OFF(i) (0x20000 + (uint64_t)(i) * AREA_LEN)
#define AREA_LEN 0x40000
#define AREAS 16
#define CSB_OFF 0x10000 /**< a completion block per slot of a ring of RING_SZ */
#define CTL_OFF 0x18000
#define STS_OFF 0x19000
#define WIX_OFF 0x1a000
#define AKEY_OFF 0x1b000
#define RING_SZ 1024
#define BIG_RING_OFF 0x800000
#define BIG_RING_SZ 65536
/** @} */

/** Data memory, shared by all functions. */
#define DATA_AT UINT64_C(0x4000000)
#define DATA_LEN UINT64_C(0x4000000)

/** Operation groups: bit t enables descriptors of type t. */
#define OPB_ALL UINT32_C(0x10)

/** A function as seen by its driver. */
struct fn {
	struct qt_pci pci;
	uint64_t at;	 /**< of its memory */
	uint64_t iova;	 /**< subtracted by an IOMMU from addresses in tables and descriptors */
	uint64_t stride; /**< of the doorbells */
	unsigned int n_l1;
	unsigned int n_areas;
	/* Per area: */
	uint16_t cxt[AREAS];
	uint32_t ring_sz[AREAS];
	uint64_t ring[AREAS];
	uint64_t wix[AREAS]; /**< Write_Index of the producer */
};

extern struct fn fns[FNS];

/** @name Registers
 * @{
 */
#define REGS 13

/** A register and its writable bits. */
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
/** Write a request to CTL0.fn_gsr, preserving the other fields. */
void fn_ask(const struct fn *f, enum sdxi_fn_gsr gsr);
/** @} */

/**
 * @name Memory of a function
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
/** Fill with a pattern that depends on the address. */
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

/**
 * @name Life of a function
 * @{
 */
/** Use a function whose BARs are mapped. */
void fn_found(struct fn *f);
/** Find a function on its bus and use it as fns[i]. */
struct fn *fn_find(unsigned int i, uint8_t bus, uint8_t devfn);
/** Start QEMU with one device with these properties, at SLOT. */
struct fn *fn_start(const char *props);
/** Prepare activation in the order of the specification, up to the request. */
void fn_build(struct fn *f);
/** Request activation and wait for it. */
void fn_activate(struct fn *f);
void fn_up(struct fn *f);
/** RESET through CTL0. */
void fn_reset(struct fn *f);
/** Test that the function works: activate it, start a context and copy. */
void fn_works(struct fn *f);
/** @} */

/** @name Contexts
 * @{
 */
/** Set up the tables of a context in the next free area; returns the area. */
unsigned int cxt_build(struct fn *f, uint16_t num);
/** The same with a given ring. */
unsigned int cxt_build_ring(struct fn *f, uint16_t num, uint64_t ring, uint32_t ring_sz);
/** The same, and start it. */
unsigned int cxt_up(struct fn *f, uint16_t num);
/** Stop a failed context and start it again. */
void cxt_again(struct fn *f, unsigned int area);
void ring_doorbell(const struct fn *f, unsigned int area);
/**
 * Put a descriptor into a ring and advance Write_Index, without a doorbell; returns its index.
 * Without np or a completion block, it gets the one of its slot, armed.
 */
uint64_t push(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** The same, with a doorbell. */
uint64_t submit(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** Execute a descriptor that must succeed. */
void do_good(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** Execute a descriptor that must end with er. */
void do_bad(struct fn *f, unsigned int area, struct sdxi_dsc dsc);
/** Execute a copy that must succeed and change nothing around its destination. */
void copy_good(struct fn *f, unsigned int area, uint64_t dst, uint64_t src, uint64_t len);
/** @} */

/**
 * @name Error log
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
	int buf;	/**< 0: source, 1: destination, or NO_BUF */
};

/** Wait for an entry and check all of it except vendor-defined fields. */
void log_check(const struct fn *f, uint64_t pos, const struct entry *want);
/** Handle the log as a driver does; returns the previous ERR_STS. */
uint64_t log_service(struct fn *f);
/** @} */

/** Addresses without memory. */
enum place {
	PLACE_ABOVE_RAM,
	PLACE_FAR,
	PLACE_TOP, /**< up to the end of the address space */
	PLACE_HOLE, /**< unused part of the PCI MMIO window */
	PLACE_ECAM,
	PLACE_IOAPIC,
	PLACE_HPET,
	PLACE_LAPIC,
	PLACE_BAR0, /**< BAR of the function itself */
	PLACE_BAR2,
	PLACE_MSIX,
	PLACES,
};

uint64_t place_at(const struct fn *f, enum place place, uint64_t len);

/** Index of the BAR with the MSI-X table. */
unsigned int msix_bar(const struct fn *f);

/** State that only the test may change: registers (except log indices), command, MSI-X. */
struct snap {
	uint64_t reg[REGS];
	uint32_t cmd;
	uint8_t msix[4096];
};

void snap_take(const struct fn *f, struct snap *snap);
void snap_check(const struct fn *f, const struct snap *before);

#endif /* _QTEST_SDXI_H_ */
