/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _FUZZ_DRIVER_H_
#define _FUZZ_DRIVER_H_

/**
 * @file
 * Included in front of all of the driver's sources where they are built to be fuzzed: a clock that
 * jumps ahead where the driver waits, and a heap whose ends a sanitizer knows.
 */

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_memzone.h>
#include <rte_pause.h>

uint64_t fuzz_timer_cycles(void);
uint64_t fuzz_timer_hz(void);
void fuzz_delay_us_sleep(unsigned int us);
void fuzz_pause(void);
void *fuzz_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
void fuzz_free(void *ptr);
rte_iova_t fuzz_malloc_virt2iova(const void *addr);

#define rte_get_timer_cycles fuzz_timer_cycles
#define rte_get_timer_hz     fuzz_timer_hz
#define rte_delay_us_sleep   fuzz_delay_us_sleep
#define rte_pause	     fuzz_pause
#define rte_zmalloc_socket   fuzz_zmalloc_socket
#define rte_free	     fuzz_free
#define rte_malloc_virt2iova fuzz_malloc_virt2iova

#endif /* _FUZZ_DRIVER_H_ */
