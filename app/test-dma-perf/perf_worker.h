/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_WORKER_H
#define PERF_WORKER_H

/* The measured loops: what one lcore does in one pass of a scenario. */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_dmadev.h>
#include <rte_mbuf.h>

#include "perf_conf.h"
#include "perf_hist.h"

/*
 * What a pass measures. Each has a pass of its own: reading the clock more often, or leaving the
 * device idle, would lower the throughput.
 */
enum perf_pass {
	PERF_PASS_THROUGHPUT,
	PERF_PASS_CYCLES,		/* CPU cycles by step of the same loop */
	PERF_PASS_LATENCY,		/* one operation in flight */
	PERF_PASS_BATCH_LATENCY,	/* one batch in flight */
	PERF_NB_PASSES,
};

/* How operations are given to the device. */
enum perf_op {
	PERF_OP_CPU_COPY,
	PERF_OP_COPY,
	PERF_OP_COPY_SG,
	PERF_OP_ENQ_DEQ,
	PERF_OP_FILL,
};

/* Shared by all workers of a pass. */
struct perf_sync {
	const volatile sig_atomic_t *interrupted;
	uint32_t nb_workers;
	uint32_t nb_ready;	/* atomic */
	uint32_t failed;	/* atomic: one failed, the others stop */
};

/* The operations of a worker, which it repeats. */
struct perf_work {
	int16_t dev_id;
	uint16_t nb_src;	/* segments */
	uint16_t nb_dst;
	uint32_t buf_size;
	uint64_t nb_ops;
	uint64_t first;		/* number of the first one within the scenario */
	struct rte_mbuf **srcs;
	struct rte_mbuf **dsts;
	struct rte_dma_sge *src_sges; /* nb_src per operation; virtual addresses in a CPU case */
	struct rte_dma_sge *dst_sges;
	struct rte_dma_op **dma_ops;
};

/* Result of PERF_PASS_CYCLES. */
struct perf_cycles {
	uint64_t ops;
	uint64_t enqueue;
	uint64_t submit;
	uint64_t poll;		/* polls that found completions */
	uint64_t idle;		/* empty polls */
};

struct __rte_cache_aligned perf_worker {
	/* Set by the main lcore before launch. */
	struct perf_sync *sync;
	struct perf_work work;
	enum perf_pass pass;
	enum perf_op op;
	unsigned int lcore;
	const char *dev;
	uint16_t kick_batch;
	uint64_t nb_bufs;
	bool src_remote;	/* not accessible to the CPU */
	bool dst_remote;
	bool cache_flush;
	uint64_t warm_up_cycles;
	uint64_t test_cycles;
	uint64_t hang_cycles;
	struct perf_hist *hist;	/* latencies; cleared after the warm-up */

	/* Private to the worker. */
	uint64_t next;		/* operation */
	uint16_t enqueued;	/* next ring index to be enqueued */
	uint16_t completed;	/* next ring index to complete */
	uint64_t in_flight;
	uint32_t idle_polls;
	uint64_t idle_since;

	/* Results, valid when the worker has finished. */
	uint64_t ops;
	uint64_t cycles;
	struct perf_cycles split;
	bool interrupted;
	bool failed;
	bool hung;		/* the device may still write to the buffers */
	char reason[200];
};

/* Lcore function (arg is a struct perf_worker): warm up, wait for the others, measure. */
int
perf_worker_run(void *arg);

#endif /* PERF_WORKER_H */
