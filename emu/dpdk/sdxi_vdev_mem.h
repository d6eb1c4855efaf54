/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_VDEV_MEM_H_
#define _SDXI_VDEV_MEM_H_

/**
 * @file
 * Memory as an emulated function sees it: what an IOMMU would let it reach, which is DPDK's memory
 * and registered external memory, and nothing else.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_dev.h>

#include <sdxi_emu.h>

#include "sdxi_compat.h"

struct sdxi_vdev_range;

/**
 * One function's view. EAL's own memory lock is never taken with this lock held, because EAL gives
 * notice of memory events with its lock held, and that takes this one.
 */
struct sdxi_vdev_mem {
	/** Keeps memory that the function is using from being unmapped. Helpers of it share it. */
	pthread_rwlock_t lock;
	RTE_ATOMIC(uint32_t) waiting; /**< threads that want the lock; the function gives way */
	bool off;	      /**< nothing is reached: bus mastering is off */
	char name[RTE_DEV_NAME_MAX_LEN]; /**< the device's */

	struct sdxi_vdev_range *ranges; /**< sorted by iova */
	unsigned int nb_ranges;
	unsigned int max_ranges;
	RTE_ATOMIC(unsigned int) last; /**< the range that the last translation found */
	unsigned int frees; /**< how often EAL said that it unmaps memory */
};

/**
 * Take a lock that the function's thread gives way for: it would take it again at once otherwise.
 *
 * @param waiting
 *   What that thread looks at.
 */
static inline void
sdxi_vdev_lock(pthread_rwlock_t *lock, RTE_ATOMIC(uint32_t) *waiting)
{
	rte_atomic_fetch_add_explicit(waiting, 1, rte_memory_order_relaxed);
	pthread_rwlock_wrlock(lock);
	rte_atomic_fetch_sub_explicit(waiting, 1, rte_memory_order_relaxed);
}

/** @return 0, or a negative errno with nothing to be given back. */
int sdxi_vdev_mem_init(struct sdxi_vdev_mem *mem, const char *name);

/** Give back what sdxi_vdev_mem_init() and the accesses took. */
void sdxi_vdev_mem_fini(struct sdxi_vdev_mem *mem);

/**
 * Hear of memory that goes, from here on to sdxi_vdev_mem_unwatch().
 *
 * @return 0, or a negative errno that has been logged.
 */
int sdxi_vdev_mem_watch(struct sdxi_vdev_mem *mem);
void sdxi_vdev_mem_unwatch(struct sdxi_vdev_mem *mem);

/* The accesses of struct sdxi_emu_ops; opaque is the struct sdxi_vdev_mem, whose lock is held. */

enum sdxi_emu_mem sdxi_vdev_mem_read(void *opaque, uint64_t iova, void *buf, size_t len);
enum sdxi_emu_mem sdxi_vdev_mem_write(void *opaque, uint64_t iova, const void *buf, size_t len);
enum sdxi_emu_mem sdxi_vdev_mem_read64(void *opaque, uint64_t iova, uint64_t *val);
enum sdxi_emu_mem sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val);
enum sdxi_emu_mem sdxi_vdev_mem_copy(void *opaque, uint64_t dst, uint64_t src, size_t len);
bool sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);

#endif /* _SDXI_VDEV_MEM_H_ */
