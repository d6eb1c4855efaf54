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
 * Call @p call with the emulated function of that name, which stands still meanwhile. @p call must
 * neither use the device nor take or give back DPDK memory. -ENODEV: there is none in this process.
 */
int sdxi_vdev_call(const char *name, void (*call)(struct sdxi_emu *emu, void *arg), void *arg);

/**
 * Have @p cb called for each vector that the function of that name raises, until this is called
 * again with NULL. It stands still meanwhile, as above. -ENODEV: there is none in this process.
 */
int sdxi_vdev_irq(const char *name, void (*cb)(uint16_t vector, void *arg), void *arg);

/* ---- Shared by the parts of the virtual device ----------------------------------------------- */

extern int sdxi_emu_logtype;
#define RTE_LOGTYPE_SDXI_EMU sdxi_emu_logtype
/** One log line, with a device's name in front. */
#define EMU_LOG(level, name, ...) SDXI_LOG_LINE_OF(level, SDXI_EMU, name, __VA_ARGS__)

/** Keys of arguments, for RTE_PMD_REGISTER_PARAM_STRING. */
#define SDXI_VDEV_ARG_PARAMS                                                                       \
	"max_cxt=<1-65535> "                                                                       \
	"max_ring=<1024-2147483648> "                                                              \
	"max_buffer=<2097152-4294967296> "                                                         \
	"db_stride=<4096-524288> "                                                                 \
	"sfunc=<0-65535> "                                                                         \
	"error=stop|continue "                                                                     \
	"order=in|random "                                                                         \
	"seed=<uint64> "                                                                           \
	"cxt_upd=number|flags|refuse "                                                             \
	"csr=0|1|none "                                                                            \
	"read_index=each|lag:<0-65536> "                                                           \
	"flr_ms=<0-60000> "                                                                        \
	"flr_reads=zeros|ones "                                                                    \
	"lcore=<lcore> "                                                                           \
	"engines=<1-16> "                                                                          \
	"reach=process|eal "                                                                       \
	"fault=<kind>[:<key>=<value>|:<flag>]... "                                                 \
	SDXI_ARG_PARAMS

/** What of the process's memory a function reaches; by default, all where that is possible. */
enum sdxi_vdev_reach { SDXI_VDEV_REACH_DEFAULT, SDXI_VDEV_REACH_PROCESS, SDXI_VDEV_REACH_EAL };

/**
 * Memory as one function sees it. EAL takes its lock with EAL's own memory lock held, to tell of
 * events, so EAL's is never taken with this one held.
 */
struct sdxi_vdev_mem {
	const char *name;	/**< the device's */
	pthread_rwlock_t lock;	/**< EAL's memory is not unmapped while it is held */
	RTE_ATOMIC(uint32_t) waiting; /**< threads that the function's own give way to */
	bool off;		/**< nothing is reached: bus mastering is off */
	pid_t pid;		/**< of this process, all of which is reached; 0: EAL's memory is */
	unsigned int frees;	/**< events that have made ranges void */
	unsigned int nb_ranges;
	RTE_ATOMIC(unsigned int) last; /**< the range that was found last */
	struct sdxi_vdev_range *ranges; /**< EAL's memory as far as it is known, sorted by iova */
};

/** Take a lock that the function's threads would otherwise take again before others get it. */
static inline void
sdxi_vdev_lock(struct sdxi_vdev_mem *mem, pthread_rwlock_t *lock)
{
	rte_atomic_fetch_add_explicit(&mem->waiting, 1, rte_memory_order_relaxed);
	pthread_rwlock_wrlock(lock);
	rte_atomic_fetch_sub_explicit(&mem->waiting, 1, rte_memory_order_relaxed);
}

/** Prepare what is zeroed, but for name and lock: 0, or a negative errno that has been logged. */
int sdxi_vdev_mem_init(struct sdxi_vdev_mem *mem, enum sdxi_vdev_reach reach);
void sdxi_vdev_mem_fini(struct sdxi_vdev_mem *mem);

/* The accesses of struct sdxi_emu_ops; opaque is the struct sdxi_vdev_mem, whose lock is held. */
enum sdxi_emu_mem sdxi_vdev_mem_read(void *opaque, uint64_t iova, void *buf, size_t len);
enum sdxi_emu_mem sdxi_vdev_mem_write(void *opaque, uint64_t iova, const void *buf, size_t len);
enum sdxi_emu_mem sdxi_vdev_mem_read64(void *opaque, uint64_t iova, uint64_t *val);
enum sdxi_emu_mem sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val);
enum sdxi_emu_mem sdxi_vdev_mem_copy(void *opaque, uint64_t dst, uint64_t src, size_t len);
bool sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);

/** Make doorbells, or attach the primary process's: 0, or a negative errno, logged. */
int sdxi_vdev_db_create(const char *name, size_t len, void **db);
int sdxi_vdev_db_attach(const char *name, size_t *len, void **db);
void sdxi_vdev_db_free(const char *name, void *db, size_t len);

#endif /* _SDXI_VDEV_H_ */
