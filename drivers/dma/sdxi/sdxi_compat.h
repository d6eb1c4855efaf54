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
#include <stdint.h>

#include <rte_lcore.h>
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

#endif /* _SDXI_COMPAT_H_ */
