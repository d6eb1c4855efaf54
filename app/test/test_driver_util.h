/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_DRIVER_UTIL_H_
#define _TEST_DRIVER_UTIL_H_

/** @file
 * Common code of tests of the driver through DPDK's public API. The driver need not be linked in:
 * for most tests it is a plugin, as for applications.
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

/** Plugin, found by the loader. It loads the driver's plugin, too. */
#define TD_PLUGIN "librte_dma_sdxi_emu.so"
/** Device name; @p n is a literal. */
#define TD_NAME(n) "dma_sdxi_emu" #n
/** Timeout of all waits. No result depends on a shorter time. */
#define TD_HANG_SECONDS 240

/**
 * Environment variable with the default order of functions, to run a test again with random order.
 */
#define TD_ORDER "SDXI_TEST_ORDER"
/** Environment variables with interpretations of the specification, passed as arguments. */
#define TD_CXT_UPD "SDXI_TEST_CXT_UPD"
#define TD_CSR "SDXI_TEST_CSR"
#define TD_READ_INDEX "SDXI_TEST_READ_INDEX"
/** Buffer size for all arguments of a function. */
#define TD_ARGS_LEN 512

/** Guard pattern around data that must not be written. */
#define TD_GUARD 0xa5
/** Bytes of it on either side of a destination. */
#define TD_GUARD_LEN 64

/**
 * Start EAL without huge pages, with one lcore on the first CPU of this process, so that the
 * threads of functions have the others. EAL logs to stderr, as stdout is for test results.
 *
 * @param mib DPDK memory. @param prefix File prefix if other processes attach, or NULL for no
 * files. @return true on success, otherwise stderr has the reason.
 */
bool td_eal_init(const char *prog, unsigned int mib, const char *prefix);

/** The same for a program with the driver linked in, without files. */
bool td_eal_init_linked(const char *prog, unsigned int mib);
/** The same with telemetry, whose clients need the prefix. */
bool td_eal_init_telemetry(const char *prog, unsigned int mib, const char *prefix);

/** CPUs of this process before EAL bound its main thread. */
const cpu_set_t *td_cpus(void);

/** Does this process run in valgrind or a sanitizer? Tests then do less. */
bool td_is_slow(void);

/** Run a group of tests for main(), limited to those in @p filter unless NULL. */
#define TD_RUN(name, tests, filter) td_run(name, tests, RTE_DIM(tests), filter)
int td_run(const char *name, const struct CMUnitTest *tests, size_t nb, const char *filter);

/** Library function that the program's own @p f replaces, for calls from @p f. */
#define TD_REAL(f) ((__typeof__(f) *)td_real(#f))
void (*td_real(const char *name))(void);

/* ---- waiting ---- */

/** Deadline after which something counts as hung. */
struct td_bound {
	struct timespec until;
	unsigned int looks;
};

void td_bound_set(struct td_bound *bound);
/** Yield the CPU; returns true once the deadline has passed. */
bool td_bound_yield(struct td_bound *bound);

/** Wait until @p cond holds, or fail the test; for the main thread only. */
#define TD_WAIT(cond)                                                                              \
	do {                                                                                       \
		struct td_bound td_bound_;                                                         \
                                                                                                   \
		td_bound_set(&td_bound_);                                                          \
		while (!(cond))                                                                    \
			if (td_bound_yield(&td_bound_))                                            \
				fail_msg("%s:%d: timeout: %s", __FILE__, __LINE__, #cond);    \
	} while (0)

/* ---- cmocka fixtures ---- */

/** Record DPDK memory, memzones, threads and mappings. */
int td_setup(void **state);
/** Remove devices and memory of a test; fail if anything else is left. */
int td_teardown(void **state);

#define TD_TEST(f) cmocka_unit_test_setup_teardown(f, td_setup, td_teardown)
/** The same test with another *state, and a @p label. */
#define TD_TEST_WITH(f, label, value)                                                              \
	{                                                                                          \
		#f " (" label ")", f, td_setup, td_teardown, value                                 \
	}

/** DPDK memory until the end of the test; fails the test if out of memory. */
void *td_alloc(size_t len, size_t align);
/** Free it earlier. */
void td_free(void *ptr);

/** Resources held by DPDK. */
struct td_stock {
	unsigned int memzones;
	unsigned int allocs; /**< number of heap elements */
	size_t bytes;	     /**< size of these */
	unsigned int threads; /**< of this process */
};

void td_stock_take(struct td_stock *stock);

/**
 * Number of open files of this process, except those that EAL's interrupt thread opens again when
 * its sources change.
 */
unsigned int td_nb_files(void);

/* ---- devices: all of these fail the test on an error ---- */

/** Request silent mode: the flag depends on the DPDK version. */
static inline void
td_conf_silent(struct rte_dma_conf *conf)
{
#ifdef RTE_DMA_CFG_FLAG_SILENT
	conf->flags |= RTE_DMA_CFG_FLAG_SILENT;
#else
	conf->enable_silent = true;
#endif
}

/** Combine arguments with those of the environment, and reach=eal as the default, in @p buf. */
const char *td_args(const char *args, char *buf, size_t len);
/** Create a function; returns the dmadev id. */
int16_t td_probe(const char *name, const char *args);
/** Probe with the log redirected to memory, which the caller frees; returns what the probe does. */
int td_probe_logged(const char *name, const char *args, char **log);
void td_remove(const char *name);
void td_configure(int16_t id, uint16_t nb_vchans);
void td_vchan_setup(int16_t id, uint16_t vchan, uint16_t nb_desc);
/** Configure, set up @p nb_vchans equal vchans, start. */
void td_up(int16_t id, uint16_t nb_vchans, uint16_t nb_desc);
/** td_probe() and td_up(). */
int16_t td_open(const char *name, const char *args, uint16_t nb_vchans, uint16_t nb_desc);

/** Result of rte_dma_vchan_setup() for a memory-to-memory channel. */
int td_try_vchan_setup(int16_t id, uint16_t vchan, uint16_t nb_desc);
enum rte_dma_vchan_status td_status(int16_t id, uint16_t vchan);
/** Output of rte_dma_dump(); the caller frees it. */
char *td_dump(int16_t id);
/** The number after the first @p name after @p part in the output of rte_dma_dump(). */
uint64_t td_dump_number(int16_t id, const char *part, const char *name);

/** Enqueue a copy that must get the index @p idx. */
void td_copy(int16_t id, uint16_t vchan, uint64_t idx, const void *src, void *dst, uint32_t len,
	     uint64_t flags);
/** Poll exactly @p n successful completions, from index @p first on. */
void td_gather(int16_t id, uint16_t vchan, uint64_t first, unsigned int n);
/** Poll exactly @p n statuses. */
void td_statuses(int16_t id, uint16_t vchan, unsigned int n, enum rte_dma_status_code *status);
/** Compare the statistics of one vchan, or of all. */
void td_expect_stats(int16_t id, uint16_t vchan, uint64_t submitted, uint64_t completed,
		     uint64_t errors);
/** Copy once on an idle channel whose next index is @p idx, and compare. */
void td_one_copy(int16_t id, uint16_t vchan, uint64_t idx);

/* ---- content ---- */

/** The 64-bit word at word offset @p at of the pattern @p seed. */
static inline uint64_t
td_word(uint64_t seed, uint64_t at)
{
	uint64_t x = (seed + at) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/** Fill with a pattern in which no two parts are equal. */
void td_fill(void *buf, size_t len, uint64_t seed);
/** Do all bytes have this value? */
bool td_is_all(const void *buf, size_t len, uint8_t byte);

#endif /* _TEST_DRIVER_UTIL_H_ */
