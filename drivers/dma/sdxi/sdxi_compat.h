/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_COMPAT_H_
#define _SDXI_COMPAT_H_

/** @file What has changed in DPDK since 22.11. Nothing else here depends on the version. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_dmadev.h>
#include <rte_dmadev_pmd.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_thread.h>
#include <rte_version.h>
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#include <rte_stdatomic.h>
typedef uint32_t sdxi_thread_ret; /**< what the function of a control thread returns */
#else
typedef void *sdxi_thread_ret;
#define RTE_ATOMIC(type) type
#define __rte_atomic
#define rte_memory_order_relaxed __ATOMIC_RELAXED
#define rte_memory_order_acquire __ATOMIC_ACQUIRE
#define rte_memory_order_release __ATOMIC_RELEASE
#define rte_atomic_load_explicit(ptr, order) __atomic_load_n(ptr, order)
#define rte_atomic_store_explicit(ptr, val, order) __atomic_store_n(ptr, val, order)
#define rte_atomic_fetch_add_explicit(ptr, val, order) __atomic_fetch_add(ptr, val, order)
#define rte_atomic_fetch_sub_explicit(ptr, val, order) __atomic_fetch_sub(ptr, val, order)
#define rte_atomic_exchange_explicit(ptr, val, order) __atomic_exchange_n(ptr, val, order)
#define rte_atomic_compare_exchange_strong_explicit(ptr, expected, val, done, other) \
	__atomic_compare_exchange_n(ptr, expected, val, false, done, other)
#endif

/* Since 25.07 a DPDK tree exports what these lines name; its header is not installed. */
#if __has_include(<eal_export.h>)
#include <eal_export.h>
#else
#define RTE_EXPORT_INTERNAL_SYMBOL(symbol)
#endif

/** Load or store a word that others look at too, in one access: the function, or a thread. */
#define SDXI_LOAD(ptr, order) \
	rte_atomic_load_explicit((typeof(*(ptr)) __rte_atomic *)(uintptr_t)(ptr), \
				 rte_memory_order_##order)
#define SDXI_STORE(ptr, val, order) \
	rte_atomic_store_explicit((typeof(*(ptr)) __rte_atomic *)(uintptr_t)(ptr), val, \
				  rte_memory_order_##order)

extern int sdxi_logtype;
#define RTE_LOGTYPE_SDXI sdxi_logtype

/** One log line of a log type, that begins with a device's name. */
#if RTE_VERSION >= RTE_VERSION_NUM(24, 3, 0, 0)
#define SDXI_LOG_LINE_OF(level, type, name, ...) \
	RTE_LOG_LINE_PREFIX(level, type, "%s: ", name, __VA_ARGS__)
#else
#define SDXI_LOG_LINE_OF(level, type, name, fmt, ...) \
	RTE_LOG(level, type, "%s: " fmt "\n", name, ##__VA_ARGS__)
#endif
#define SDXI_LOG_LINE(level, name, ...) SDXI_LOG_LINE_OF(level, SDXI, name, __VA_ARGS__)

/** Start a control thread: 0 or a negative errno. */
static inline int
sdxi_thread_create(rte_thread_t *thread, const char *name, sdxi_thread_ret (*func)(void *),
		   void *arg)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	int ret = rte_thread_create_internal_control(thread, name, func, arg);
#else
	pthread_t id;
	int ret = rte_ctrl_thread_create(&id, name, NULL, func, arg);

	if (ret == 0)
		thread->opaque_id = (uintptr_t)id;
#endif
	return ret > 0 ? -ret : ret;
}

#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
#define SDXI_CAPA_OPS_ENQ_DEQ RTE_DMA_CAPA_OPS_ENQ_DEQ
#define SDXI_CONF_SILENT(conf) (((conf)->flags & RTE_DMA_CFG_FLAG_SILENT) != 0)
#define SDXI_CONF_ENQ_DEQ(conf) (((conf)->flags & RTE_DMA_CFG_FLAG_ENQ_DEQ) != 0)
#define SDXI_FP_SET_ENQ_DEQ(fp, enq, deq) ((fp)->enqueue = (enq), (fp)->dequeue = (deq))
#else
#define SDXI_CAPA_OPS_ENQ_DEQ 0
#define SDXI_CONF_SILENT(conf) ((conf)->enable_silent)
#define SDXI_CONF_ENQ_DEQ(conf) false
#define SDXI_FP_SET_ENQ_DEQ(fp, enq, deq) (RTE_SET_USED(fp), RTE_SET_USED(enq), RTE_SET_USED(deq))
/* The fields that the driver uses. */
struct rte_dma_op {
	uint64_t flags;
	enum rte_dma_status_code status;
	uint16_t nb_src;
	uint16_t nb_dst;
	struct rte_dma_sge src_dst_seg[];
};
#endif

#endif /* _SDXI_COMPAT_H_ */
