/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _FUZZ_DRIVER_H_
#define _FUZZ_DRIVER_H_

/**
 * @file
 * Included in front of all of the driver's sources where they are built to be fuzzed. The function
 * acts wherever the driver waits or puts memory accesses in order, on a clock that is as fast as
 * the driver asks, and may change memory in front of each load; the heap, a dmadev's private data
 * included, is one whose ends a sanitizer knows, and which runs out when it is told to; telemetry
 * has no thread.
 */

#include <rte_atomic.h>
#include <rte_cycles.h>
#include <rte_dmadev_pmd.h>
#include <rte_io.h>
#include <rte_malloc.h>
#include <rte_memzone.h>
#include <rte_pause.h>
#include <rte_telemetry.h>

#include "sdxi_compat.h"

uint64_t liar_timer_cycles(void);
uint64_t liar_timer_hz(void);
void liar_delay_us_sleep(unsigned int us);
void liar_pause(void);
void liar_barrier(void);
void liar_load(void);
void liar_write64(uint64_t val, volatile void *addr);
void *liar_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
void liar_free(void *ptr);
rte_iova_t liar_malloc_virt2iova(const void *addr);
const struct rte_memzone *liar_memzone_reserve_aligned(const char *name, size_t len, int socket,
						       unsigned int flags, unsigned int align);
int liar_memzone_free(const struct rte_memzone *zone);
struct rte_dma_dev *liar_dma_allocate(const char *name, int socket, size_t size);
int liar_dma_release(const char *name);
int fuzz_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help);
int fuzz_tel_data_add_dict_container(struct rte_tel_data *d, const char *name,
				     struct rte_tel_data *val, int keep);

#define rte_get_timer_cycles	       liar_timer_cycles
#define rte_get_timer_hz	       liar_timer_hz
#define rte_delay_us_sleep	       liar_delay_us_sleep
#define rte_pause		       liar_pause
#undef rte_io_rmb
#define rte_io_rmb		       liar_barrier
#undef rte_io_wmb
#define rte_io_wmb		       liar_barrier
#define rte_write64		       liar_write64
#define rte_zmalloc_socket	       liar_zmalloc_socket
#define rte_free		       liar_free
#define rte_malloc_virt2iova	       liar_malloc_virt2iova
#define rte_memzone_reserve_aligned    liar_memzone_reserve_aligned
#define rte_memzone_free	       liar_memzone_free
#define rte_dma_pmd_allocate	       liar_dma_allocate
#define rte_dma_pmd_release	       liar_dma_release
#define rte_telemetry_register_cmd     fuzz_telemetry_register_cmd
#define rte_tel_data_add_dict_container fuzz_tel_data_add_dict_container

#undef SDXI_LOAD
#define SDXI_LOAD(ptr, order) \
	((void)liar_load(), \
	 rte_atomic_load_explicit((typeof(*(ptr)) __rte_atomic *)(uintptr_t)(ptr), \
				  rte_memory_order_##order))

#endif /* _FUZZ_DRIVER_H_ */
