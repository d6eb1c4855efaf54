/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _FUZZ_DRIVER_H_
#define _FUZZ_DRIVER_H_

/** @file
 * Included before each source of the driver when it is built for fuzzing. The function acts when
 * the driver waits, orders memory accesses or accesses shared memory. Time does not pass by itself.
 * Memory comes from a heap that sanitizers check. The fuzzer runs the control thread. Locks,
 * sleeps, register accesses and logs are errors in the data path.
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

uint64_t hostile_timer_cycles(void);
uint64_t hostile_timer_hz(void);
void hostile_delay_us_sleep(unsigned int us);
void hostile_pause(void);
void hostile_barrier(void);
void hostile_shared(void);
void hostile_write64(uint64_t val, volatile void *addr);
int hostile_mutex_lock(pthread_mutex_t *mutex);
int hostile_log(uint32_t level, uint32_t type, const char *fmt, ...) __rte_format_printf(3, 4);
int hostile_thread_create(rte_thread_t *thread, const char *name, sdxi_thread_ret (*func)(void *),
		       void *arg);
int hostile_thread_join(rte_thread_t thread, uint32_t *val);
void *hostile_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
void hostile_free(void *ptr);

#define rte_get_timer_cycles	    hostile_timer_cycles
#define rte_get_timer_hz	    hostile_timer_hz
#define rte_delay_us_sleep	    hostile_delay_us_sleep
#define rte_pause		    hostile_pause
#undef rte_io_mb
#define rte_io_mb		    hostile_barrier
#undef rte_io_rmb
#define rte_io_rmb		    hostile_barrier
#undef rte_io_wmb
#define rte_io_wmb		    hostile_barrier
#define rte_write64		    hostile_write64
#define pthread_mutex_lock	    hostile_mutex_lock
#define rte_log			    hostile_log
#define sdxi_thread_create	    hostile_thread_create
#define rte_thread_join		    hostile_thread_join
#define rte_zmalloc_socket	    hostile_zmalloc_socket
#define rte_free		    hostile_free
#define rte_malloc_virt2iova(addr)  ((uintptr_t)(addr))
#define rte_memzone_reserve_aligned(...) NULL

/* The function and the control thread act before each load and after each store. */
#undef SDXI_LOAD
#define SDXI_LOAD(ptr, order) (hostile_shared(), __atomic_load_n(ptr, rte_memory_order_##order))
#undef rte_atomic_load_explicit
#define rte_atomic_load_explicit(ptr, order) (hostile_shared(), __atomic_load_n(ptr, order))
#undef rte_atomic_store_explicit
#define rte_atomic_store_explicit(ptr, val, order) \
	(__atomic_store_n(ptr, val, order), hostile_shared())

#endif /* _FUZZ_DRIVER_H_ */
