/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_errno.h>
#include <rte_memcpy.h>
#include <rte_pause.h>

#include "perf_mem.h"
#include "perf_worker.h"

#define VCHAN 0
#define MAX_COMPLETIONS 256

/* Empty polls before yielding the CPU: a device in software may have to share it. */
#define POLLS_BEFORE_YIELD 4096
#define SPINS_BEFORE_YIELD 1000

/* Bytes that a CPU copies between two reads of the clock. */
#define CPU_CHUNK_BYTES (UINT64_C(256) << 10)
#define CPU_CHUNK_OPS UINT64_C(64)

static int __rte_cold __rte_format_printf(2, 3)
fail(struct perf_worker *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->reason, sizeof(w->reason), fmt, ap);
	va_end(ap);
	w->failed = true;
	__atomic_store_n(&w->sync->failed, 1, __ATOMIC_RELEASE);
	return -EIO;
}

static inline bool
must_stop(const struct perf_worker *w)
{
	return *w->sync->interrupted != 0 ||
		__atomic_load_n(&w->sync->failed, __ATOMIC_RELAXED) != 0;
}

static int __rte_cold
fail_op(struct perf_worker *w)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_ERROR_UNKNOWN;
	uint16_t idx = w->completed;

	if (rte_dma_completed_status(w->work.dev_id, VCHAN, 1, &idx, &status) != 1)
		return fail(w, "device %s: an error at index %u, but no status", w->dev,
			    w->completed);
	return fail(w, "device %s: operation %u failed with status %d", w->dev, idx, (int)status);
}

static int __rte_noinline
idle_poll(struct perf_worker *w)
{
	uint64_t now = rte_rdtsc();

	if (w->idle_polls == 1) {
		w->idle_since = now;
		return 0;
	}
	sched_yield();
	if (now - w->idle_since < w->hang_cycles)
		return 0;
	if (w->in_flight == 0)
		return fail(w, "device %s: no room for an operation for %" PRIu64 " s, with none in "
			    "flight", w->dev, w->hang_cycles / rte_get_tsc_hz());
	w->hung = true;
	return fail(w, "device %s: no completion for %" PRIu64 " s, next index %u, %" PRIu64
		    " operations in flight", w->dev, w->hang_cycles / rte_get_tsc_hz(),
		    w->completed, w->in_flight);
}

/*
 * The kind of operation is a compile-time constant in all functions below, so that each kind has
 * specialized loops without checks for the others.
 */

/* Returns the number of operations completed in order, or a negative errno. */
static __rte_always_inline int
take_completed(struct perf_worker *w)
{
	bool has_error = false;
	uint16_t last = 0;
	uint16_t n = rte_dma_completed(w->work.dev_id, VCHAN, MAX_COMPLETIONS, &last, &has_error);

	if (n != 0) {
		w->completed += n;
		if (unlikely(last != (uint16_t)(w->completed - 1)))
			return fail(w, "device %s: index %u completed, expected %u", w->dev, last,
				    (uint16_t)(w->completed - 1));
	}
	return unlikely(has_error) ? fail_op(w) : n;
}

static __rte_always_inline int
take_dequeued(struct perf_worker *w)
{
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
	struct rte_dma_op *ops[MAX_COMPLETIONS];
	uint16_t n = rte_dma_dequeue_ops(w->work.dev_id, VCHAN, ops, MAX_COMPLETIONS);
	uint16_t i;

	for (i = 0; i < n; i++)
		if (unlikely(ops[i]->status != RTE_DMA_STATUS_SUCCESSFUL))
			return fail(w, "device %s: operation %u failed with status %d", w->dev,
				    (uint16_t)(w->completed + i), (int)ops[i]->status);
	w->completed += n;
	return n;
#else
	return fail(w, "this DPDK has no enqueue and dequeue operations");
#endif
}

/* Returns the number of operations completed, or a negative errno. */
static __rte_always_inline int
poll(struct perf_worker *w, enum perf_op op, uint64_t *ops)
{
	int n = op == PERF_OP_ENQ_DEQ ? take_dequeued(w) : take_completed(w);

	if (n > 0) {
		if (unlikely((unsigned int)n > w->in_flight))
			return fail(w, "device %s: %d operations completed, %" PRIu64 " were in "
				    "flight", w->dev, n, w->in_flight);
		w->in_flight -= n;
		*ops += n;
		w->idle_polls = 0;
	}
	if (n == 0 && (++w->idle_polls == 1 || w->idle_polls % POLLS_BEFORE_YIELD == 0) &&
	    idle_poll(w) < 0)
		return -EIO;
	return n;
}

static __rte_always_inline int
put_one(const struct perf_work *k, enum perf_op op, uint64_t i)
{
	switch (op) {
	case PERF_OP_COPY:
		return rte_dma_copy(k->dev_id, VCHAN, k->src_sges[i].addr, k->dst_sges[i].addr,
				    k->buf_size, 0);
	case PERF_OP_COPY_SG:
		return rte_dma_copy_sg(k->dev_id, VCHAN, &k->src_sges[i * k->nb_src],
				       &k->dst_sges[i * k->nb_dst], k->nb_src, k->nb_dst, 0);
	case PERF_OP_FILL:
		return rte_dma_fill(k->dev_id, VCHAN, perf_mem_fill_pattern(k->first + i),
				    k->dst_sges[i].addr, k->buf_size, 0);
	default:
		return -ENOTSUP;
	}
}

/* Enqueue up to max operations with one call. */
static __rte_always_inline int
put_ops(struct perf_worker *w, const struct perf_work *k, uint64_t max)
{
	uint16_t n = 0;

#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
	n = rte_dma_enqueue_ops(k->dev_id, VCHAN, &k->dma_ops[w->next],
				RTE_MIN(max, k->nb_ops - w->next));
#else
	RTE_SET_USED(max);
#endif
	w->next += n;
	if (w->next == k->nb_ops)
		w->next = 0;
	w->in_flight += n;
	return n;
}

/* Enqueue up to max operations. Returns how many fit into the ring, or a negative errno. */
static __rte_always_inline int
put(struct perf_worker *w, enum perf_op op, uint64_t max)
{
	/* A local copy, which the compiler can keep in registers across calls. */
	const struct perf_work k = w->work;
	uint64_t next = w->next;
	uint64_t n;
	int ret;

	if (op == PERF_OP_ENQ_DEQ)
		return put_ops(w, &k, max);
	for (n = 0; n < max; n++) {
		ret = put_one(&k, op, next);
		if (unlikely(ret == -ENOSPC))
			break;
		if (unlikely(ret < 0))
			return fail(w, "device %s: operation refused: %s", w->dev,
				    rte_strerror(-ret));
		if (unlikely(ret != (uint16_t)(w->enqueued + n)))
			return fail(w, "device %s: operation got index %d, expected %u", w->dev,
				    ret, (uint16_t)(w->enqueued + n));
		if (++next == k.nb_ops)
			next = 0;
	}
	w->next = next;
	w->enqueued += n;
	w->in_flight += n;
	return n;
}

static __rte_always_inline int
submit(struct perf_worker *w, enum perf_op op)
{
	/* An enqueue operation also submits. */
	if (op != PERF_OP_ENQ_DEQ && unlikely(rte_dma_submit(w->work.dev_id, VCHAN) < 0))
		return fail(w, "device %s: submit refused", w->dev);
	return 0;
}

/* Enqueue and submit a batch; poll when the ring is full. */
static __rte_always_inline int
put_batch(struct perf_worker *w, enum perf_op op, uint64_t batch, uint64_t *ops)
{
	int n;

	for (;;) {
		n = put(w, op, batch);
		if (n < 0 || (n > 0 && submit(w, op) < 0))
			return -EIO;
		batch -= n;
		if (likely(batch == 0))
			return 0;
		if (poll(w, op, ops) < 0)
			return -EIO;
	}
}

/*
 * No buffer is in flight twice, as the order of two copies to one buffer is undefined, and a ring
 * full of large copies would take long to drain.
 */
static inline uint64_t
batch_of(const struct perf_worker *w)
{
	return RTE_MIN((uint64_t)w->kick_batch, w->work.nb_ops);
}

/* Run for the duration, then drain: only completed operations count. */
static __rte_always_inline int
throughput(struct perf_worker *w, enum perf_op op, uint64_t duration)
{
	const uint64_t batch = batch_of(w);
	const uint64_t begin = rte_rdtsc();
	uint64_t ops = 0;

	while (rte_rdtsc() - begin < duration && !must_stop(w)) {
		if (w->work.nb_ops - w->in_flight >= batch && put_batch(w, op, batch, &ops) < 0)
			return -EIO;
		if (poll(w, op, &ops) < 0)
			return -EIO;
	}
	while (w->in_flight != 0)
		if (poll(w, op, &ops) < 0)
			return -EIO;
	w->cycles = rte_rdtsc() - begin;
	w->ops = ops;
	return 0;
}

/* As throughput(), but reads the clock after each step. */
static __rte_always_inline int
split_cycles(struct perf_worker *w, enum perf_op op, uint64_t duration)
{
	const uint64_t batch = batch_of(w);
	const uint64_t begin = rte_rdtsc();
	struct perf_cycles split = { .ops = 0 };
	uint64_t before = begin;
	uint64_t left = 0;	/* of a batch that did not fit into the ring */
	uint64_t ops = 0;
	uint64_t now;
	int n;

	while ((before - begin < duration && !must_stop(w)) || w->in_flight != 0) {
		if (before - begin >= duration || must_stop(w))
			left = 0;
		else if (left == 0 && w->work.nb_ops - w->in_flight >= batch)
			left = batch;
		if (left != 0) {
			before = rte_rdtsc();
			n = put(w, op, left);
			now = rte_rdtsc();
			split.enqueue += now - before;
			before = now;
			if (n < 0 || (n > 0 && submit(w, op) < 0))
				return -EIO;
			left -= n;
			now = rte_rdtsc();
			split.submit += now - before;
			before = now;
		}
		n = poll(w, op, &ops);
		if (n < 0)
			return -EIO;
		now = rte_rdtsc();
		if (n != 0)
			split.poll += now - before;
		else
			split.idle += now - before;
		before = now;
	}
	split.ops = ops;
	w->split = split;
	w->cycles = before - begin;
	w->ops = ops;
	return 0;
}

/* Time from the first enqueue of a batch to its last completion, one batch at a time. */
static __rte_always_inline int
latencies(struct perf_worker *w, enum perf_op op, uint64_t batch, uint64_t duration)
{
	const uint64_t begin = rte_rdtsc();
	uint64_t end = begin;
	uint64_t ops = 0;
	uint64_t start;

	while (end - begin < duration && !must_stop(w)) {
		start = rte_rdtsc();
		if (put_batch(w, op, batch, &ops) < 0)
			return -EIO;
		while (w->in_flight != 0)
			if (poll(w, op, &ops) < 0)
				return -EIO;
		end = rte_rdtsc();
		perf_hist_add(w->hist, end - start);
	}
	w->cycles = end - begin;
	w->ops = ops;
	return 0;
}

static __rte_always_inline int
run_dma(struct perf_worker *w, enum perf_op op, uint64_t duration)
{
	switch (w->pass) {
	case PERF_PASS_CYCLES:
		return split_cycles(w, op, duration);
	case PERF_PASS_LATENCY:
		return latencies(w, op, 1, duration);
	case PERF_PASS_BATCH_LATENCY:
		return latencies(w, op, batch_of(w), duration);
	default:
		return throughput(w, op, duration);
	}
}

static int
run_cpu(struct perf_worker *w, uint64_t duration)
{
	const struct perf_work k = w->work;
	const uint64_t buf_size = k.buf_size;
	const uint64_t chunk = RTE_MIN(CPU_CHUNK_OPS, CPU_CHUNK_BYTES / buf_size + 1);
	const uint64_t begin = rte_rdtsc();
	uint64_t next = w->next;
	uint64_t ops = 0;
	uint64_t i;

	while (rte_rdtsc() - begin < duration && !must_stop(w)) {
		for (i = 0; i < chunk; i++) {
			rte_memcpy((void *)(uintptr_t)k.dst_sges[next].addr,
				   (const void *)(uintptr_t)k.src_sges[next].addr, buf_size);
			if (++next == k.nb_ops)
				next = 0;
		}
		ops += chunk;
	}
	w->cycles = rte_rdtsc() - begin;
	w->next = next;
	w->ops = ops;
	return 0;
}

static int
cpu_latencies(struct perf_worker *w, uint64_t duration)
{
	const struct perf_work k = w->work;
	const uint64_t begin = rte_rdtsc();
	uint64_t next = w->next;
	uint64_t end = begin;
	uint64_t ops = 0;
	uint64_t start;

	while (end - begin < duration && !must_stop(w)) {
		start = rte_rdtsc_precise();
		rte_memcpy((void *)(uintptr_t)k.dst_sges[next].addr,
			   (const void *)(uintptr_t)k.src_sges[next].addr, k.buf_size);
		/* Wait until all stores are visible before reading the clock. */
		end = rte_rdtsc_precise();
		perf_hist_add(w->hist, end - start);
		if (++next == k.nb_ops)
			next = 0;
		ops++;
	}
	w->cycles = end - begin;
	w->next = next;
	w->ops = ops;
	return 0;
}

static int
run_pass(struct perf_worker *w, uint64_t duration)
{
	perf_hist_reset(w->hist);
	switch (w->op) {
	case PERF_OP_COPY:
		return run_dma(w, PERF_OP_COPY, duration);
	case PERF_OP_COPY_SG:
		return run_dma(w, PERF_OP_COPY_SG, duration);
	case PERF_OP_ENQ_DEQ:
		return run_dma(w, PERF_OP_ENQ_DEQ, duration);
	case PERF_OP_FILL:
		return run_dma(w, PERF_OP_FILL, duration);
	default:
		return w->pass == PERF_PASS_LATENCY ? cpu_latencies(w, duration) :
			run_cpu(w, duration);
	}
}

/* Failed workers also get here, so that the others do not wait forever. */
static void
wait_for_others(struct perf_sync *sync)
{
	unsigned int spins = 0;

	__atomic_add_fetch(&sync->nb_ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&sync->nb_ready, __ATOMIC_ACQUIRE) < sync->nb_workers) {
		if (++spins % SPINS_BEFORE_YIELD == 0)
			sched_yield();
		rte_pause();
	}
}

int
perf_worker_run(void *arg)
{
	struct perf_worker *w = arg;
	int ret = run_pass(w, w->warm_up_cycles);

	/* Forget the warm-up: verify only measured operations. */
	w->next = 0;
	w->ops = 0;
	w->cycles = 0;
	memset(&w->split, 0, sizeof(w->split));
	perf_hist_reset(w->hist);
	if (ret == 0 && !w->dst_remote) {
		perf_mem_clear(w->work.dsts, w->nb_bufs, w->work.buf_size);
		if (w->cache_flush)
			perf_mem_flush(w->work.dsts, w->nb_bufs, w->work.buf_size);
	}
	if (ret == 0 && w->cache_flush && w->work.srcs != NULL && !w->src_remote)
		perf_mem_flush(w->work.srcs, w->nb_bufs, w->work.buf_size);
	wait_for_others(w->sync);
	if (ret == 0 && !must_stop(w))
		ret = run_pass(w, w->test_cycles);
	w->interrupted = *w->sync->interrupted != 0;
	return ret;
}
