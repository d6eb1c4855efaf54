/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_DRIVER_UTIL_H_
#define _TEST_DRIVER_UTIL_H_

/**
 * @file
 * What the tests of the driver through DPDK's public API share. For most of them the driver is a
 * plugin, as it is for applications; nothing in here needs it to be linked in.
 */

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include <rte_dmadev.h>

/**
 * The plugin, by the bare name that EAL takes from anywhere on the loader's path. It brings the
 * driver's along.
 */
#define TD_PLUGIN "librte_dma_sdxi_emu.so"
/** A name that the driver takes; @p n is a literal. */
#define TD_NAME(n) "dma_sdxi_emu" #n
/** How long something may hang before a test fails. No verdict is in anything shorter. */
#define TD_HANG_SECONDS 240

/**
 * In the environment: the order of functions that say nothing of it themselves, for a test to be
 * run once more on a function that takes every liberty.
 */
#define TD_ORDER "SDXI_TEST_ORDER"
/** And for how they read what public facts leave open: the arguments of these names. */
#define TD_CXT_UPD "SDXI_TEST_CXT_UPD"
#define TD_CSR "SDXI_TEST_CSR"
#define TD_READ_INDEX "SDXI_TEST_READ_INDEX"
/** Room for all arguments of a function. */
#define TD_ARGS_LEN 512

/** The pattern that guards what must not be written. */
#define TD_GUARD 0xa5
/** Bytes of it on either side of a destination. */
#define TD_GUARD_LEN 64

/**
 * Bring EAL up without huge pages, with one lcore on the first CPU of this process, so that the
 * functions' threads have the others. EAL's log goes to stderr: verdicts have stdout.
 *
 * @param mib
 *   DPDK memory.
 * @param prefix
 *   File prefix for an EAL that leaves its files behind, NULL for one that makes none.
 * @return
 *   Whether it is up; stderr says why not.
 */
bool td_eal_init(const char *prog, unsigned int mib, const char *prefix);

/** The same for a program that the driver is linked into, without files left behind. */
bool td_eal_init_linked(const char *prog, unsigned int mib);
/** And for one with telemetry, whose clients need the prefix. */
bool td_eal_init_telemetry(const char *prog, unsigned int mib, const char *prefix);

/** CPUs that this process had before EAL bound its main thread to one. */
const cpu_set_t *td_cpus(void);

/** Is this process run by valgrind or a sanitizer, so that less has to do? */
bool td_is_slow(void);

/** Run a group of tests for main(): those that @p filter names, which may be NULL. */
#define TD_RUN(name, tests, filter) td_run(name, tests, RTE_DIM(tests), filter)
int td_run(const char *name, const struct CMUnitTest *tests, size_t nb, const char *filter);

/** The library's function that the program's own @p f replaces: for @p f to call. */
#define TD_REAL(f) ((__typeof__(f) *)td_real(#f))
void (*td_real(const char *name))(void);

/* Waiting. */

/** A moment from which on something counts as hanging. */
struct td_bound {
	struct timespec until;
	unsigned int looks;
};

void td_bound_set(struct td_bound *bound);
/** Give the CPU away; true once the bound has passed. */
bool td_bound_yield(struct td_bound *bound);

/** Wait until @p cond holds; for the main thread only, as it fails the test. */
#define TD_WAIT(cond)                                                                              \
	do {                                                                                       \
		struct td_bound td_bound_;                                                         \
                                                                                                   \
		td_bound_set(&td_bound_);                                                          \
		while (!(cond))                                                                    \
			if (td_bound_yield(&td_bound_))                                            \
				fail_msg("%s:%d: still not so: %s", __FILE__, __LINE__, #cond);    \
	} while (0)

/* Each test's surroundings, for cmocka. */

/** Remember what DPDK memory, memzones, threads and mappings there are. */
int td_setup(void **state);
/** Remove the devices that a test has left, free its memory; fail if anything else is there. */
int td_teardown(void **state);

#define TD_TEST(f) cmocka_unit_test_setup_teardown(f, td_setup, td_teardown)
/** The same test with another *state; @p label tells them apart. */
#define TD_TEST_WITH(f, label, value)                                                              \
	{                                                                                          \
		#f " (" label ")", f, td_setup, td_teardown, value                                 \
	}

/** DPDK memory until the test's end; the test fails if there is none. */
void *td_alloc(size_t len, size_t align);
/** Free it before that. */
void td_free(void *ptr);

/** What DPDK holds. */
struct td_stock {
	unsigned int memzones;
	unsigned int allocs; /**< heap elements */
	size_t bytes;	     /**< in them */
	unsigned int threads; /**< of this process */
};

void td_stock_take(struct td_stock *stock);

/**
 * Open files of this process, but for those that EAL's interrupt thread opens again, at a time of
 * its own, whenever its sources change.
 */
unsigned int td_nb_files(void);

/* Devices. All of these fail the test when DPDK refuses. */

/** Ask for silent mode: where the flag is depends on the DPDK version. */
static inline void
td_conf_silent(struct rte_dma_conf *conf)
{
#ifdef RTE_DMA_CFG_FLAG_SILENT
	conf->flags |= RTE_DMA_CFG_FLAG_SILENT;
#else
	conf->enable_silent = true;
#endif
}

/** A function's arguments in @p buf, with the environment's, and with reach=eal unless they say. */
const char *td_args(const char *args, char *buf, size_t len);
/** Make a function; gives the dmadev's id. */
int16_t td_probe(const char *name, const char *args);
void td_remove(const char *name);
void td_configure(int16_t id, uint16_t nb_vchans);
void td_vchan_setup(int16_t id, uint16_t vchan, uint16_t nb_desc);
/** Configure, set up @p nb_vchans equal vchans, start. */
void td_up(int16_t id, uint16_t nb_vchans, uint16_t nb_desc);
/** td_probe() and td_up(). */
int16_t td_open(const char *name, const char *args, uint16_t nb_vchans, uint16_t nb_desc);

/** What rte_dma_vchan_setup() gives for a memory-to-memory channel. */
int td_try_vchan_setup(int16_t id, uint16_t vchan, uint16_t nb_desc);
enum rte_dma_vchan_status td_status(int16_t id, uint16_t vchan);
/** What rte_dma_dump() says; freed by the caller. */
char *td_dump(int16_t id);
/** The number in it after the first @p name that comes after @p part. */
uint64_t td_dump_number(int16_t id, const char *part, const char *name);

/** Enqueue a copy that must get the index @p idx. */
void td_copy(int16_t id, uint16_t vchan, uint64_t idx, const void *src, void *dst, uint32_t len,
	     uint64_t flags);
/** Gather exactly @p n successful completions, the first of which has the index @p first. */
void td_gather(int16_t id, uint16_t vchan, uint64_t first, unsigned int n);
/** Take exactly @p n statuses. */
void td_statuses(int16_t id, uint16_t vchan, unsigned int n, enum rte_dma_status_code *status);
/** Compare a vchan's statistics, or all vchans'. */
void td_expect_stats(int16_t id, uint16_t vchan, uint64_t submitted, uint64_t completed,
		     uint64_t errors);
/** Copy once on an idle channel whose next index is @p idx, and compare. */
void td_one_copy(int16_t id, uint16_t vchan, uint64_t idx);

/* Content. */

/** The 64-bit word that the pattern @p seed has at the word offset @p at. */
static inline uint64_t
td_word(uint64_t seed, uint64_t at)
{
	uint64_t x = (seed + at) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/** Fill with the pattern; equal parts of it lie at no two places. */
void td_fill(void *buf, size_t len, uint64_t seed);
/** Does all of it hold this one byte? */
bool td_is_all(const void *buf, size_t len, uint8_t byte);

#endif /* _TEST_DRIVER_UTIL_H_ */
