/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_WORKER_H
#define PERF_WORKER_H

/* The loops that are measured: what one lcore does in one pass of a scenario. */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_dmadev.h>
#include <rte_mbuf.h>

#include "perf_conf.h"
#include "perf_hist.h"

/*
 * What a pass measures. A clock that is read more often, or a device that is left idle, would
 * change the throughput: each has a pass of its own.
 */
enum perf_pass {
	PERF_PASS_THROUGHPUT,
	PERF_PASS_CYCLES,		/* where the CPU's cycles go; the same loop */
	PERF_PASS_LATENCY,		/* one operation in flight */
	PERF_PASS_BATCH_LATENCY,	/* one batch in flight */
	PERF_NB_PASSES,
};

/* How a device is told to do it. */
enum perf_op {
	PERF_OP_CPU_COPY,
	PERF_OP_COPY,
	PERF_OP_COPY_SG,
	PERF_OP_ENQ_DEQ,
	PERF_OP_FILL,
};

/* What the workers of a pass have in common. */
struct perf_sync {
	const volatile sig_atomic_t *interrupted;
	uint32_t nb_workers;
	uint32_t nb_ready;	/* atomic */
	uint32_t failed;	/* atomic: one failed, the others need not go on */
};

/* The operations that a worker has done over and over. */
struct perf_work {
	int16_t dev_id;
	uint16_t nb_src;	/* segments */
	uint16_t nb_dst;
	uint32_t buf_size;
	uint64_t nb_ops;
	uint64_t first;		/* number of the first in the whole scenario */
	struct rte_mbuf **srcs;
	struct rte_mbuf **dsts;
	struct rte_dma_sge *src_sges; /* nb_src for each operation; a CPU's are its own addresses */
	struct rte_dma_sge *dst_sges;
	struct rte_dma_op **dma_ops;
};

/* Cycles of a PERF_PASS_CYCLES. */
struct perf_cycles {
	uint64_t ops;
	uint64_t enqueue;
	uint64_t submit;
	uint64_t poll;		/* that found completions */
	uint64_t idle;		/* polls in vain */
};

struct __rte_cache_aligned perf_worker {
	/* Set before the launch. */
	struct perf_sync *sync;
	struct perf_work work;
	enum perf_pass pass;
	enum perf_op op;
	unsigned int lcore;
	const char *dev;
	uint16_t kick_batch;
	uint64_t nb_bufs;
	bool src_remote;	/* nothing for the CPU to touch */
	bool dst_remote;
	bool cache_flush;
	uint64_t warm_up_cycles;
	uint64_t test_cycles;
	uint64_t hang_cycles;
	struct perf_hist *hist;	/* of latencies; emptied before they are measured */

	/* The worker's own. */
	uint64_t next;		/* operation */
	uint16_t enqueued;	/* index that the next operation should get */
	uint16_t completed;	/* index that completes next */
	uint64_t in_flight;
	uint32_t idle_polls;
	uint64_t idle_since;

	/* Valid after the end. */
	uint64_t ops;
	uint64_t cycles;
	struct perf_cycles split;
	bool interrupted;
	bool failed;
	bool hung;		/* the device may still write to the buffers */
	char reason[200];
};

/* An lcore's function (arg is its struct perf_worker): warm up, wait for the others, measure. */
int
perf_worker_run(void *arg);

#endif /* PERF_WORKER_H */
