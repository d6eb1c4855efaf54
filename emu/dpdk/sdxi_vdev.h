/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_VDEV_H_
#define _SDXI_VDEV_H_

/** @file Emulated functions of this process: for tests that have the driver linked in. */

#include <pthread.h>

#include <rte_dev.h>

#include <sdxi_emu.h>

#include "sdxi_bus.h"
#include "sdxi_compat.h"

/**
 * Call @p call with the emulated function that @p fn is the driver's view of; it is paused
 * meanwhile. @p call must not use or run the device, nor allocate or free DPDK memory.
 */
void sdxi_vdev_call(const struct sdxi_fn *fn, void (*call)(struct sdxi_emu *emu, void *arg),
		    void *arg);

/** Have @p cb called, in the function's thread, for each vector it raises. NULL: stop that. */
void sdxi_vdev_irq(const struct sdxi_fn *fn, void (*cb)(uint16_t vector, void *arg), void *arg);

/* ---- Shared by the parts of the virtual device ----------------------------------------------- */

extern int sdxi_emu_logtype;
#define RTE_LOGTYPE_SDXI_EMU sdxi_emu_logtype
/** Log a line that begins with a device's name. */
#define EMU_LOG(level, name, ...) SDXI_LOG_LINE_OF(level, SDXI_EMU, name, __VA_ARGS__)

/** Keys of arguments, for RTE_PMD_REGISTER_PARAM_STRING. */
#define SDXI_VDEV_ARG_PARAMS "max_cxt=<1-65535> max_ring=<1024-2147483648> "                       \
	"max_buffer=<2097152-4294967296> db_stride=<4096-524288> sfunc=<0-65535> "                 \
	"error=stop|continue order=in|random seed=<uint64> cxt_upd=number|flags|refuse "           \
	"csr=0|1|none read_index=each|lag:<0-65536> flr_ms=<0-60000> flr_reads=zeros|ones "        \
	"lcore=<lcore> reach=process|eal fault=<kind>[:<key>=<value>|:<flag>]... " SDXI_ARG_PARAMS

/** Which memory of the process a function reaches; by default, all where that is possible. */
enum sdxi_vdev_reach { SDXI_VDEV_REACH_DEFAULT, SDXI_VDEV_REACH_PROCESS, SDXI_VDEV_REACH_EAL };

/**
 * Memory as one function sees it. EAL calls back about events with its own memory lock held, and
 * the callback takes this lock: never take EAL's with this one held.
 */
struct sdxi_vdev_mem {
	const char *name;	/**< the device's */
	pthread_mutex_t lock;	/**< EAL's memory is not unmapped while it is held */
	RTE_ATOMIC(uint32_t) waiting; /**< threads that the function's own gives way to */
	bool off;		/**< bus mastering is off: no memory is reached */
	pid_t pid;		/**< this process, all of whose memory is reached; 0: EAL's only */
	unsigned int nb_ranges;
	struct sdxi_vdev_range *ranges; /**< EAL's memory as far as it is known, sorted by iova */
};

/** Take a lock that the function's thread would otherwise take again before others get it. */
static inline void
sdxi_vdev_lock(struct sdxi_vdev_mem *mem, pthread_mutex_t *lock)
{
	rte_atomic_fetch_add_explicit(&mem->waiting, 1, rte_memory_order_relaxed);
	pthread_mutex_lock(lock);
	rte_atomic_fetch_sub_explicit(&mem->waiting, 1, rte_memory_order_relaxed);
}

/** Prepare what is zeroed, but for name and lock: 0, or a negative errno that has been logged. */
int sdxi_vdev_mem_init(struct sdxi_vdev_mem *mem, enum sdxi_vdev_reach reach);

/* The accesses of struct sdxi_emu_ops; opaque is the struct sdxi_vdev_mem, whose lock is held. */
enum sdxi_emu_mem sdxi_vdev_mem_read(void *opaque, uint64_t iova, void *buf, size_t len);
enum sdxi_emu_mem sdxi_vdev_mem_write(void *opaque, uint64_t iova, const void *buf, size_t len);
enum sdxi_emu_mem sdxi_vdev_mem_read64(void *opaque, uint64_t iova, uint64_t *val);
enum sdxi_emu_mem sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val);
enum sdxi_emu_mem sdxi_vdev_mem_copy(void *opaque, uint64_t dst, uint64_t src, size_t len);
bool sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);

#endif /* _SDXI_VDEV_H_ */
