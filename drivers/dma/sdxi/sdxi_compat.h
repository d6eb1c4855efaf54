/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_COMPAT_H_
#define _SDXI_COMPAT_H_

/**
 * @file
 * What differs between the DPDK versions that the driver supports, 22.11 to main. Nothing else in
 * the driver looks at RTE_VERSION.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_dmadev.h>
#include <rte_lcore.h>
#include <rte_telemetry.h>
#include <rte_thread.h>
#include <rte_version.h>

/* Control threads returned a pointer before rte_thread. */
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
#ifdef RTE_DMA_CFG_FLAG_SILENT
	return (conf->flags & RTE_DMA_CFG_FLAG_SILENT) != 0;
#else
	return conf->enable_silent;
#endif
}

/* Priorities are capabilities of dmadev since 24.11, enqueue and dequeue operations since 25.11. */
#ifdef RTE_DMA_CAPA_PRI_POLICY_SP
#define SDXI_CAPA_PRIORITY RTE_DMA_CAPA_PRI_POLICY_SP
#else
#define SDXI_CAPA_PRIORITY 0
#endif
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
#define SDXI_CAPA_OPS_ENQ_DEQ RTE_DMA_CAPA_OPS_ENQ_DEQ
#else
#define SDXI_CAPA_OPS_ENQ_DEQ 0
#endif

/** The priority that the application asks for, 0 being the highest. */
static inline uint16_t
sdxi_conf_priority(const struct rte_dma_conf *conf)
{
#ifdef RTE_DMA_CAPA_PRI_POLICY_SP
	return conf->priority;
#else
	RTE_SET_USED(conf);
	return 0;
#endif
}

static inline void
sdxi_info_set_priorities(struct rte_dma_info *info, uint16_t nb)
{
#ifdef RTE_DMA_CAPA_PRI_POLICY_SP
	info->nb_priorities = nb;
#else
	RTE_SET_USED(info);
	RTE_SET_USED(nb);
#endif
}

/** Does the application ask for enqueue and dequeue operations? */
static inline bool
sdxi_conf_is_enq_deq(const struct rte_dma_conf *conf)
{
#if defined(RTE_DMA_CFG_FLAG_ENQ_DEQ)
	return (conf->flags & RTE_DMA_CFG_FLAG_ENQ_DEQ) != 0;
#elif defined(RTE_DMA_CAPA_OPS_ENQ_DEQ)
	return conf->enable_enq_deq;
#else
	RTE_SET_USED(conf);
	return false;
#endif
}

/** Add an unsigned number to a telemetry dictionary. The old names are macros, or gone, by now. */
static inline int
sdxi_tel_dict_u64(struct rte_tel_data *d, const char *name, uint64_t val)
{
#ifdef RTE_TEL_U64_VAL
	return rte_tel_data_add_dict_uint(d, name, val);
#else
	return rte_tel_data_add_dict_u64(d, name, val);
#endif
}

#endif /* _SDXI_COMPAT_H_ */
