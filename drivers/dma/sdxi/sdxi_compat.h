/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_COMPAT_H_
#define _SDXI_COMPAT_H_

/**
 * @file
 * What the driver takes of DPDK that has changed since 22.11: atomics, logging, threads, telemetry,
 * and what dmadev has learnt. Nothing else in the driver depends on the version.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_dmadev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_telemetry.h>
#include <rte_thread.h>
#include <rte_version.h>
#ifndef RTE_EXPORT_INTERNAL_SYMBOL
/* For DPDK's own build since 25.07, which looks for it in sources. Before, there is version.map. */
#define RTE_EXPORT_INTERNAL_SYMBOL(symbol)
#endif
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#include <rte_stdatomic.h>
#else
#define RTE_ATOMIC(type) type
#define __rte_atomic
#define rte_memory_order_relaxed __ATOMIC_RELAXED
#define rte_memory_order_acquire __ATOMIC_ACQUIRE
#define rte_memory_order_release __ATOMIC_RELEASE
#define rte_memory_order_acq_rel __ATOMIC_ACQ_REL
#define rte_atomic_load_explicit(ptr, order) __atomic_load_n(ptr, order)
#define rte_atomic_store_explicit(ptr, val, order) __atomic_store_n(ptr, val, order)
#define rte_atomic_exchange_explicit(ptr, val, order) __atomic_exchange_n(ptr, val, order)
#define rte_atomic_fetch_add_explicit(ptr, val, order) __atomic_fetch_add(ptr, val, order)
#define rte_atomic_fetch_sub_explicit(ptr, val, order) __atomic_fetch_sub(ptr, val, order)
#define rte_atomic_compare_exchange_strong_explicit(ptr, expected, val, done, other) \
	__atomic_compare_exchange_n(ptr, expected, val, false, done, other)
#endif

/**
 * A word that is no atomic by its type, as what driver and function share is not: read or write it
 * whole, in an order that is relaxed, acquire or release.
 */
#define SDXI_LOAD(ptr, order) \
	rte_atomic_load_explicit((typeof(*(ptr)) __rte_atomic *)(uintptr_t)(ptr), \
				 rte_memory_order_##order)
#define SDXI_STORE(ptr, val, order) \
	rte_atomic_store_explicit((typeof(*(ptr)) __rte_atomic *)(uintptr_t)(ptr), val, \
				  rte_memory_order_##order)

extern int sdxi_logtype;
#define RTE_LOGTYPE_SDXI sdxi_logtype

/** One log line of a log type, with a device's name in front. */
#if RTE_VERSION >= RTE_VERSION_NUM(24, 3, 0, 0)
#define SDXI_LOG_TYPE_LINE(level, type, name, ...) \
	RTE_LOG_LINE_PREFIX(level, type, "%s: ", name, __VA_ARGS__)
#else
#define SDXI_LOG_TYPE_LINE(level, type, name, fmt, ...) \
	RTE_LOG(level, type, "%s: " fmt "\n", name, ##__VA_ARGS__)
#endif

/** The same of the driver's log type. */
#define SDXI_LOG_LINE(level, name, ...) SDXI_LOG_TYPE_LINE(level, SDXI, name, __VA_ARGS__)

/** What the function of a control thread returns. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
typedef uint32_t sdxi_thread_ret;
#else
typedef void *sdxi_thread_ret;
#endif

/**
 * Start a thread that keeps off the CPUs of the lcores where it can.
 *
 * @return 0, or a negative errno.
 */
static inline int
sdxi_control_thread_create(rte_thread_t *thread, const char *name,
			   sdxi_thread_ret (*func)(void *), void *arg)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	int ret = rte_thread_create_internal_control(thread, name, func, arg);

	return ret > 0 ? -ret : ret;
#else
	pthread_t id;
	int ret = rte_ctrl_thread_create(&id, name, NULL, func, arg);

	if (ret == 0)
		thread->opaque_id = (uintptr_t)id;
	return ret > 0 ? -ret : ret;
#endif
}

/** Does the application ask for silent mode? */
static inline bool
sdxi_conf_is_silent(const struct rte_dma_conf *conf)
{
#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
	return (conf->flags & RTE_DMA_CFG_FLAG_SILENT) != 0;
#else
	return conf->enable_silent;
#endif
}

#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
#define SDXI_CAPA_PRIORITY RTE_DMA_CAPA_PRI_POLICY_SP
#else
#define SDXI_CAPA_PRIORITY 0
#endif

/** The priority that the application asks for, 0 being the highest. */
static inline uint16_t
sdxi_conf_priority(const struct rte_dma_conf *conf)
{
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
	return conf->priority;
#else
	RTE_SET_USED(conf);
	return 0;
#endif
}

static inline void
sdxi_info_set_priorities(struct rte_dma_info *info, uint16_t nb)
{
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
	info->nb_priorities = nb;
#else
	RTE_SET_USED(info);
	RTE_SET_USED(nb);
#endif
}

#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
#define SDXI_CAPA_OPS_ENQ_DEQ RTE_DMA_CAPA_OPS_ENQ_DEQ
#else
#define SDXI_CAPA_OPS_ENQ_DEQ 0
/* What the driver uses of it. */
struct rte_dma_op {
	uint64_t flags;
	enum rte_dma_status_code status;
	uint16_t nb_src;
	uint16_t nb_dst;
	struct rte_dma_sge src_dst_seg[];
};
#endif

/** Does the application ask for enqueue and dequeue operations? */
static inline bool
sdxi_conf_is_enq_deq(const struct rte_dma_conf *conf)
{
#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
	return (conf->flags & RTE_DMA_CFG_FLAG_ENQ_DEQ) != 0;
#else
	RTE_SET_USED(conf);
	return false;
#endif
}

/** Enqueue or dequeue operations. */
typedef uint16_t (*sdxi_ops_t)(void *dev_private, uint16_t vchan, struct rte_dma_op **ops,
			       uint16_t nb_ops);

static inline void
sdxi_fp_set_ops(struct rte_dma_fp_object *fp, sdxi_ops_t enqueue, sdxi_ops_t dequeue)
{
#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
	fp->enqueue = enqueue;
	fp->dequeue = dequeue;
#else
	RTE_SET_USED(fp);
	RTE_SET_USED(enqueue);
	RTE_SET_USED(dequeue);
#endif
}

/** Add an unsigned number to a telemetry dictionary. */
static inline int
sdxi_tel_dict_u64(struct rte_tel_data *d, const char *name, uint64_t val)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	return rte_tel_data_add_dict_uint(d, name, val);
#else
	return rte_tel_data_add_dict_u64(d, name, val);
#endif
}

#endif /* _SDXI_COMPAT_H_ */
