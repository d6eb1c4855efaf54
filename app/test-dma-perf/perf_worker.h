/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_WORKER_H
#define PERF_WORKER_H

/* The loops that copy: what one lcore does in one scenario. */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "perf_conf.h"

/* What the workers of a scenario have in common. */
struct perf_sync {
	const volatile sig_atomic_t *interrupted;
	uint32_t nb_workers;
	uint32_t nb_ready;	/* atomic */
	uint32_t failed;	/* atomic: one failed, the others need not go on */
};

struct perf_worker {
	/* Set before the launch. */
	struct perf_sync *sync;
	enum perf_type type;
	unsigned int lcore;
	const char *dev;
	int16_t dev_id;
	uint16_t kick_batch;
	uint64_t buf_size;
	struct rte_mbuf **srcs;
	struct rte_mbuf **dsts;
	uint64_t nb_bufs;
	bool cache_flush;
	uint64_t warm_up_cycles;
	uint64_t test_cycles;
	uint64_t hang_cycles;

	/* The worker's own. */
	uint64_t next;		/* buffer */
	uint16_t enqueued;	/* index that the next copy should get */
	uint16_t completed;	/* index that completes next */
	uint64_t in_flight;
	uint32_t idle_polls;
	uint64_t idle_since;

	/* Valid after the end. */
	uint64_t ops;
	uint64_t cycles;
	bool interrupted;
	bool failed;
	bool hung;		/* the device may still write to the buffers */
	char reason[200];
};

/* An lcore's function (arg is its struct perf_worker): warm up, wait for the others, measure. */
int
perf_worker_run(void *arg);

#endif /* PERF_WORKER_H */
