/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>

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

/*
 * Polls in vain before the CPU is offered to others: long beside a copy, but a device that is a
 * thread may have no CPU but this one.
 */
#define POLLS_BEFORE_YIELD 4096
#define SPINS_BEFORE_YIELD 1000

/* Between two looks at the clock a CPU copies about that much. */
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
fail_copy(struct perf_worker *w)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_ERROR_UNKNOWN;
	uint16_t idx = w->completed;

	if (rte_dma_completed_status(w->dev_id, VCHAN, 1, &idx, &status) != 1)
		return fail(w, "device %s: an error at index %u, but no status", w->dev,
			    w->completed);
	return fail(w, "device %s: copy %u failed with status %d", w->dev, idx, (int)status);
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
	w->hung = true;
	return fail(w, "device %s: no completion for %" PRIu64 " s, next index %u, %" PRIu64
		    " copies in flight", w->dev, w->hang_cycles / rte_get_tsc_hz(), w->completed,
		    w->in_flight);
}

static inline int
poll(struct perf_worker *w, uint64_t *ops)
{
	bool has_error = false;
	uint16_t last = 0;
	uint16_t n = rte_dma_completed(w->dev_id, VCHAN, MAX_COMPLETIONS, &last, &has_error);

	if (n != 0) {
		if (unlikely(n > w->in_flight))
			return fail(w, "device %s: %u copies completed, %" PRIu64 " were in flight",
				    w->dev, n, w->in_flight);
		w->completed += n;
		if (unlikely(last != (uint16_t)(w->completed - 1)))
			return fail(w, "device %s: index %u completed, expected %u", w->dev, last,
				    (uint16_t)(w->completed - 1));
		w->in_flight -= n;
		*ops += n;
		w->idle_polls = 0;
	}
	if (unlikely(has_error))
		return fail_copy(w);
	if (n == 0 && (++w->idle_polls == 1 || w->idle_polls % POLLS_BEFORE_YIELD == 0))
		return idle_poll(w);
	return 0;
}

/* Enqueue a batch and submit it; a ring that fills up on the way is polled. */
static inline int
enqueue(struct perf_worker *w, uint64_t batch, uint64_t *ops)
{
	struct rte_mbuf **const srcs = w->srcs;
	struct rte_mbuf **const dsts = w->dsts;
	const uint64_t nb_bufs = w->nb_bufs;
	const uint32_t buf_size = w->buf_size;
	const int16_t dev_id = w->dev_id;
	uint64_t next = w->next;
	uint64_t unsubmitted = 0;
	int ret;

	while (batch != 0) {
		ret = rte_dma_copy(dev_id, VCHAN, rte_mbuf_data_iova(srcs[next]),
				   rte_mbuf_data_iova(dsts[next]), buf_size, 0);
		if (unlikely(ret == -ENOSPC)) {
			if (unsubmitted != 0 && rte_dma_submit(dev_id, VCHAN) < 0)
				return fail(w, "device %s: submit refused", w->dev);
			unsubmitted = 0;
			if (poll(w, ops) < 0)
				return -EIO;
			continue;
		}
		if (unlikely(ret < 0))
			return fail(w, "device %s: copy refused: %s", w->dev, rte_strerror(-ret));
		if (unlikely(ret != w->enqueued))
			return fail(w, "device %s: copy got index %d, expected %u", w->dev, ret,
				    w->enqueued);
		w->enqueued++;
		w->in_flight++;
		unsubmitted++;
		batch--;
		if (++next == nb_bufs)
			next = 0;
	}
	w->next = next;
	if (unsubmitted != 0 && rte_dma_submit(dev_id, VCHAN) < 0)
		return fail(w, "device %s: submit refused", w->dev);
	return 0;
}

/* Copy for so long, and wait for what is then in flight: what counts is whole copies. */
static int
copy_by_dma(struct perf_worker *w, uint64_t duration)
{
	/*
	 * No buffer is in flight twice: two copies to one place may be done in any order, and a
	 * ring full of large copies would take long to drain.
	 */
	const uint64_t batch = RTE_MIN((uint64_t)w->kick_batch, w->nb_bufs);
	const uint64_t begin = rte_rdtsc();
	uint64_t ops = 0;

	w->idle_polls = 0;
	while (rte_rdtsc() - begin < duration && !must_stop(w)) {
		if (w->nb_bufs - w->in_flight >= batch && enqueue(w, batch, &ops) < 0)
			return -EIO;
		if (poll(w, &ops) < 0)
			return -EIO;
	}
	while (w->in_flight != 0)
		if (poll(w, &ops) < 0)
			return -EIO;
	w->cycles = rte_rdtsc() - begin;
	w->ops = ops;
	return 0;
}

static int
copy_by_cpu(struct perf_worker *w, uint64_t duration)
{
	/* In registers: for all that the compiler knows, a copy may change what w points to. */
	struct rte_mbuf **const srcs = w->srcs;
	struct rte_mbuf **const dsts = w->dsts;
	const uint64_t nb_bufs = w->nb_bufs;
	const uint64_t buf_size = w->buf_size;
	const uint64_t chunk = RTE_MIN(CPU_CHUNK_OPS, CPU_CHUNK_BYTES / buf_size + 1);
	const uint64_t begin = rte_rdtsc();
	uint64_t next = w->next;
	uint64_t ops = 0;
	uint64_t i;

	while (rte_rdtsc() - begin < duration && !must_stop(w)) {
		for (i = 0; i < chunk; i++) {
			rte_memcpy(rte_pktmbuf_mtod(dsts[next], void *),
				   rte_pktmbuf_mtod(srcs[next], void *), buf_size);
			if (++next == nb_bufs)
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
copy(struct perf_worker *w, uint64_t duration)
{
	return w->type == PERF_TYPE_DMA_MEM_COPY ? copy_by_dma(w, duration) :
		copy_by_cpu(w, duration);
}

/* Also passed by those that failed: the others must not wait for them. */
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
	int ret = copy(w, w->warm_up_cycles);

	/* From here on only what is measured may make the data right. */
	w->next = 0;
	w->ops = 0;
	w->cycles = 0;
	if (ret == 0) {
		perf_mem_clear(w->dsts, w->nb_bufs, w->buf_size);
		if (w->cache_flush) {
			perf_mem_flush(w->srcs, w->nb_bufs, w->buf_size);
			perf_mem_flush(w->dsts, w->nb_bufs, w->buf_size);
		}
	}
	wait_for_others(w->sync);
	if (ret == 0 && !must_stop(w))
		ret = copy(w, w->test_cycles);
	w->interrupted = *w->sync->interrupted != 0;
	return ret;
}
