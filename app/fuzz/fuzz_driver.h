/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _FUZZ_DRIVER_H_
#define _FUZZ_DRIVER_H_

/**
 * @file
 * Included before each of the driver's sources when they are built to be fuzzed. The function acts
 * wherever the driver waits, orders memory accesses or loads what is shared; time costs nothing;
 * memory comes from a heap that a sanitizer checks; the control thread is run by the fuzzer; and
 * locks, sleeps, register accesses and log lines are refused in the data path.
 */

#include <pthread.h>

#include <rte_atomic.h>
#include <rte_cycles.h>
#include <rte_io.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memzone.h>
#include <rte_pause.h>
#include <rte_thread.h>

#include "sdxi_compat.h"

uint64_t liar_timer_cycles(void);
uint64_t liar_timer_hz(void);
void liar_delay_us_sleep(unsigned int us);
void liar_pause(void);
void liar_barrier(void);
void liar_shared(void);
void liar_write64(uint64_t val, volatile void *addr);
int liar_mutex_lock(pthread_mutex_t *mutex);
int liar_log(uint32_t level, uint32_t type, const char *fmt, ...) __rte_format_printf(3, 4);
int liar_thread_create(rte_thread_t *thread, const char *name, sdxi_thread_ret (*func)(void *),
		       void *arg);
int liar_thread_join(rte_thread_t thread, uint32_t *val);
void *liar_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
void liar_free(void *ptr);

#define rte_get_timer_cycles	    liar_timer_cycles
#define rte_get_timer_hz	    liar_timer_hz
#define rte_delay_us_sleep	    liar_delay_us_sleep
#define rte_pause		    liar_pause
#undef rte_io_mb
#define rte_io_mb		    liar_barrier
#undef rte_io_rmb
#define rte_io_rmb		    liar_barrier
#undef rte_io_wmb
#define rte_io_wmb		    liar_barrier
#define rte_write64		    liar_write64
#define pthread_mutex_lock	    liar_mutex_lock
#define rte_log			    liar_log
#define sdxi_thread_create	    liar_thread_create
#define rte_thread_join		    liar_thread_join
#define rte_zmalloc_socket	    liar_zmalloc_socket
#define rte_free		    liar_free
#define rte_malloc_virt2iova(addr)  ((uintptr_t)(addr))
#define rte_memzone_reserve_aligned(...) NULL

/* Function and control thread act before each load, and after each store. */
#undef SDXI_LOAD
#define SDXI_LOAD(ptr, order) (liar_shared(), __atomic_load_n(ptr, rte_memory_order_##order))
#undef rte_atomic_load_explicit
#define rte_atomic_load_explicit(ptr, order) (liar_shared(), __atomic_load_n(ptr, order))
#undef rte_atomic_store_explicit
#define rte_atomic_store_explicit(ptr, val, order) \
	(__atomic_store_n(ptr, val, order), liar_shared())

#endif /* _FUZZ_DRIVER_H_ */
