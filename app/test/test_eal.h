/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_EAL_H_
#define _TEST_EAL_H_

/** @file
 * EAL setup and teardown of a cmocka group, for unit tests that allocate DPDK memory.
 */

#include <sched.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_eal.h>

static inline int
test_eal_up(void **state)
{
	char lcores[32];
	char *argv[] = {
		(char[]){ "test" }, (char[]){ "--no-huge" }, (char[]){ "--no-shconf" },
		(char[]){ "--no-pci" }, (char[]){ "--no-telemetry" }, (char[]){ "-m" },
		(char[]){ "64" }, lcores, NULL,
	};

	RTE_SET_USED(state);
	/* A CPU that this process may use. */
	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", sched_getcpu());
	return rte_eal_init(RTE_DIM(argv) - 1, argv) < 0 ? -1 : 0;
}

static inline int
test_eal_down(void **state)
{
	RTE_SET_USED(state);
	return rte_eal_cleanup();
}

#endif /* _TEST_EAL_H_ */
