/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <rte_bitops.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "perf_mem.h"
#include "perf_run.h"
#include "perf_worker.h"

#define VCHAN 0
#define WARM_UP_MS 10
#define WAIT_MS 5

/* Completions may stop for that long, and longer by what is in flight at a crawl. */
#define HANG_SECONDS 10
#define CRAWL_BYTES_PER_SECOND (UINT64_C(64) << 20)

/* One combination of a case's ranges. */
struct scenario {
	unsigned int id;
	uint64_t mem_size;
	uint64_t buf_size;
	uint64_t ring_size;
	uint64_t kick_batch;
	uint64_t nb_bufs;	/* per lane and side */
};

struct run {
	const struct perf_case *pc;
	const volatile sig_atomic_t *interrupted;
	perf_sink sink;
	void *opaque;
	struct scenario sc;
	struct perf_sync sync;
	struct perf_worker *workers;
	int16_t *dev_ids;
	struct perf_mem src;
	struct perf_mem dst;
	bool sink_gone;
};

static void
emit(struct run *run, unsigned int lane, const struct perf_worker *w, const char *reason)
{
	const struct perf_case *pc = run->pc;
	struct perf_record rec = {
		.failed = reason != NULL,
		.scenario = run->sc.id,
		.lane = lane,
		.nb_lanes = pc->nb_lanes,
		.lcore = pc->lanes[lane].lcore,
		.type = pc->type,
		.buf_size = run->sc.buf_size,
		.nb_bufs = run->sc.nb_bufs,
		.hz = rte_get_tsc_hz(),
	};

	if (pc->type == PERF_TYPE_DMA_MEM_COPY) {
		snprintf(rec.dev, sizeof(rec.dev), "%s", pc->lanes[lane].dev);
		rec.ring_size = run->sc.ring_size;
		rec.kick_batch = run->sc.kick_batch;
	} else {
		snprintf(rec.dev, sizeof(rec.dev), "NA");
	}
	if (reason != NULL) {
		snprintf(rec.reason, sizeof(rec.reason), "%s", reason);
	} else {
		rec.ops = w->ops;
		rec.cycles = w->cycles;
		rec.interrupted = w->interrupted;
	}
	if (run->sink(run->opaque, &rec) < 0)
		run->sink_gone = true;
}

static int __rte_format_printf(4, 5)
fail(struct run *run, unsigned int lane, int ret, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	emit(run, lane, NULL, reason);
	return ret;
}

/* " 0 1 3", as far as it fits. */
static void
list_lcores(char *text, size_t size)
{
	unsigned int lcore;
	size_t len = 0;

	text[0] = '\0';
	RTE_LCORE_FOREACH(lcore)
		if (len < size)
			len += snprintf(text + len, size - len, " %u", lcore);
}

static void
list_devices(char *text, size_t size)
{
	struct rte_dma_info info;
	size_t len = 0;
	int16_t id;

	snprintf(text, size, " none");
	RTE_DMA_FOREACH_DEV(id)
		if (rte_dma_info_get(id, &info) == 0 && len < size)
			len += snprintf(text + len, size - len, " %s", info.dev_name);
}

static bool
has_numa_node(unsigned int node)
{
	unsigned int i;

	for (i = 0; i < rte_socket_count(); i++)
		if (rte_socket_id_by_idx(i) == (int)node)
			return true;
	return false;
}

/* What the machine and EAL's arguments must have for the case, all of it. */
static int
check_case(struct run *run)
{
	const struct perf_case *pc = run->pc;
	char have[128];
	int ret = 0;
	unsigned int i;

	if (!has_numa_node(pc->src_numa_node))
		ret = fail(run, 0, -EINVAL, "src_numa_node=%u: expected one of the %u NUMA nodes "
			   "that EAL found", pc->src_numa_node, rte_socket_count());
	if (!has_numa_node(pc->dst_numa_node))
		ret = fail(run, 0, -EINVAL, "dst_numa_node=%u: expected one of the %u NUMA nodes "
			   "that EAL found", pc->dst_numa_node, rte_socket_count());
	if (pc->cache_flush && !perf_mem_can_flush())
		ret = fail(run, 0, -ENOTSUP, "cache_flush=1: not supported on this CPU, expected 0");
	for (i = 0; i < pc->nb_lanes; i++) {
		const struct perf_lane *lane = &pc->lanes[i];

		if (!rte_lcore_is_enabled(lane->lcore)) {
			list_lcores(have, sizeof(have));
			ret = fail(run, i, -EINVAL, "lcore %u: expected one of EAL's lcores:%s "
				   "(eal_args -l)", lane->lcore, have);
		}
		if (pc->type != PERF_TYPE_DMA_MEM_COPY)
			continue;
		run->dev_ids[i] = rte_dma_get_dev_id_by_name(lane->dev);
		if (run->dev_ids[i] < 0) {
			list_devices(have, sizeof(have));
			ret = fail(run, i, -ENODEV, "device %s: not found, EAL has:%s (eal_args -a "
				   "for PCI, --vdev, -d for a driver)", lane->dev, have);
		}
	}
	return ret;
}

static int
start_device(struct run *run, unsigned int lane)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vchan_conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = run->sc.ring_size,
	};
	const char *dev = run->pc->lanes[lane].dev;
	int16_t id = run->dev_ids[lane];
	struct rte_dma_info info;
	int ret;

	ret = rte_dma_info_get(id, &info);
	if (ret < 0)
		return fail(run, lane, ret, "device %s: no information: %s", dev,
			    rte_strerror(-ret));
	if ((info.dev_capa & RTE_DMA_CAPA_MEM_TO_MEM) == 0 ||
	    (info.dev_capa & RTE_DMA_CAPA_OPS_COPY) == 0)
		return fail(run, lane, -ENOTSUP, "device %s: expected one that copies from memory "
			    "to memory", dev);
	if (run->sc.ring_size < info.min_desc || run->sc.ring_size > info.max_desc)
		return fail(run, lane, -EINVAL, "dma_ring_size=%" PRIu64 ": device %s expects %u "
			    "to %u", run->sc.ring_size, dev, info.min_desc, info.max_desc);
	ret = rte_dma_configure(id, &conf);
	if (ret < 0)
		return fail(run, lane, ret, "device %s: cannot be configured: %s", dev,
			    rte_strerror(-ret));
	ret = rte_dma_vchan_setup(id, VCHAN, &vchan_conf);
	if (ret < 0)
		return fail(run, lane, ret, "dma_ring_size=%" PRIu64 ": device %s refused it: %s",
			    run->sc.ring_size, dev, rte_strerror(-ret));
	ret = rte_dma_start(id);
	if (ret < 0)
		return fail(run, lane, ret, "device %s: cannot be started: %s", dev,
			    rte_strerror(-ret));
	return 0;
}

/* Stop the devices of the first nb lanes; all of them, whatever the first says. */
static int
stop_devices(struct run *run, unsigned int nb)
{
	int result = 0;
	unsigned int i;

	if (run->pc->type != PERF_TYPE_DMA_MEM_COPY)
		return 0;
	for (i = 0; i < nb; i++) {
		int ret = rte_dma_stop(run->dev_ids[i]);

		if (ret < 0)
			result = fail(run, i, ret, "device %s: cannot be stopped: %s",
				      run->pc->lanes[i].dev, rte_strerror(-ret));
	}
	return result;
}

static int
start_devices(struct run *run)
{
	unsigned int i;
	int ret;

	if (run->pc->type != PERF_TYPE_DMA_MEM_COPY)
		return 0;
	for (i = 0; i < run->pc->nb_lanes; i++) {
		ret = start_device(run, i);
		if (ret < 0) {
			stop_devices(run, i);
			return ret;
		}
	}
	return 0;
}

static void
free_memory(struct run *run)
{
	perf_mem_free(&run->src);
	perf_mem_free(&run->dst);
}

static int
alloc_memory(struct run *run)
{
	const struct perf_case *pc = run->pc;
	const struct scenario *sc = &run->sc;
	uint64_t nb = sc->nb_bufs * pc->nb_lanes;
	int ret;

	ret = perf_mem_alloc(&run->src, "perf_src", nb, sc->buf_size, pc->src_numa_node);
	if (ret == 0) {
		ret = perf_mem_alloc(&run->dst, "perf_dst", nb, sc->buf_size, pc->dst_numa_node);
		if (ret < 0)
			perf_mem_free(&run->src);
	}
	if (ret < 0)
		return fail(run, 0, ret, "no memory for 2 * %" PRIu64 " buffers of %" PRIu64
			    " bytes on NUMA nodes %u and %u: %s (a smaller mem_size, or more "
			    "memory for EAL)", nb, sc->buf_size, pc->src_numa_node,
			    pc->dst_numa_node, rte_strerror(-ret));
	perf_mem_fill(run->src.bufs, nb, sc->buf_size);
	perf_mem_clear(run->dst.bufs, nb, sc->buf_size);
	return 0;
}

static void
prepare_worker(struct run *run, unsigned int lane)
{
	const struct perf_case *pc = run->pc;
	const struct scenario *sc = &run->sc;
	uint64_t hz = rte_get_tsc_hz();
	uint64_t bytes = sc->nb_bufs * sc->buf_size;

	run->workers[lane] = (struct perf_worker){
		.sync = &run->sync,
		.type = pc->type,
		.lcore = pc->lanes[lane].lcore,
		.dev = pc->lanes[lane].dev,
		.dev_id = run->dev_ids[lane],
		.kick_batch = sc->kick_batch,
		.buf_size = sc->buf_size,
		.srcs = run->src.bufs + lane * sc->nb_bufs,
		.dsts = run->dst.bufs + lane * sc->nb_bufs,
		.nb_bufs = sc->nb_bufs,
		.cache_flush = pc->cache_flush,
		.warm_up_cycles = hz / 1000 * WARM_UP_MS,
		.test_cycles = hz * pc->test_seconds,
		.hang_cycles = hz * (HANG_SECONDS + bytes / CRAWL_BYTES_PER_SECOND),
	};
}

/* Sleeps: a device that is a thread may share the main lcore's CPU. */
static void
wait_for_workers(const struct run *run)
{
	const struct timespec pause = { .tv_nsec = WAIT_MS * 1000000 };
	unsigned int i;

	for (i = 0; i < run->pc->nb_lanes; i++) {
		unsigned int lcore = run->pc->lanes[i].lcore;

		if (lcore == rte_get_main_lcore())
			continue;
		while (rte_eal_get_lcore_state(lcore) == RUNNING)
			nanosleep(&pause, NULL);
		rte_eal_wait_lcore(lcore);
	}
}

static void
run_workers(struct run *run)
{
	struct perf_worker *own = NULL;
	unsigned int i;

	for (i = 0; i < run->pc->nb_lanes; i++) {
		struct perf_worker *w = &run->workers[i];

		if (w->lcore == rte_get_main_lcore()) {
			own = w;
		} else if (rte_eal_remote_launch(perf_worker_run, w, w->lcore) != 0) {
			w->failed = true;
			snprintf(w->reason, sizeof(w->reason), "lcore %u is busy", w->lcore);
			__atomic_store_n(&run->sync.failed, 1, __ATOMIC_RELEASE);
			__atomic_add_fetch(&run->sync.nb_ready, 1, __ATOMIC_ACQ_REL);
		}
	}
	if (own != NULL)
		perf_worker_run(own);
	wait_for_workers(run);
}

/* What the workers say, and what lies in the destinations. */
static int
judge(struct run *run)
{
	const struct scenario *sc = &run->sc;
	struct perf_mismatch bad;
	int ret = 0;
	unsigned int i;

	for (i = 0; i < run->pc->nb_lanes; i++) {
		const struct perf_worker *w = &run->workers[i];

		if (w->failed)
			ret = fail(run, i, -EIO, "%s", w->reason);
		else if (__atomic_load_n(&run->sync.failed, __ATOMIC_ACQUIRE) == 0 &&
			 !perf_mem_verify(run->dst.bufs, i * sc->nb_bufs, sc->nb_bufs,
					  RTE_MIN(w->ops, sc->nb_bufs), sc->buf_size, &bad))
			ret = fail(run, i, -EIO, "buffer %" PRIu64 ", byte %" PRIu64 ": 0x%02x "
				   "found, expected 0x%02x", bad.buf, bad.offset, bad.found,
				   bad.expected);
	}
	if (ret < 0)
		return ret;
	for (i = 0; i < run->pc->nb_lanes; i++)
		/* Interrupted before it began: there is nothing to tell. */
		if (run->workers[i].ops != 0)
			emit(run, i, &run->workers[i], NULL);
	return 0;
}

static bool
any_hung(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->pc->nb_lanes; i++)
		if (run->workers[i].hung)
			return true;
	return false;
}

/* -EBUSY: a device is out of control, no further scenario can be run in this process. */
static int
run_scenario(struct run *run)
{
	unsigned int i;
	int stopped, ret;

	ret = alloc_memory(run);
	if (ret < 0)
		return ret;
	ret = start_devices(run);
	if (ret < 0)
		goto out;
	run->sync = (struct perf_sync){
		.interrupted = run->interrupted,
		.nb_workers = run->pc->nb_lanes,
	};
	for (i = 0; i < run->pc->nb_lanes; i++)
		prepare_worker(run, i);
	run_workers(run);
	stopped = stop_devices(run, run->pc->nb_lanes);
	ret = judge(run);
	/* Memory that a device may still write is not given back. */
	if (stopped < 0 || any_hung(run))
		return -EBUSY;
out:
	free_memory(run);
	return ret;
}

/* All combinations; the size of the buffers changes fastest. */
static int
run_scenarios(struct run *run)
{
	const struct perf_case *pc = run->pc;
	struct scenario *sc = &run->sc;
	int result = 0;
	int ret;

	sc->mem_size = pc->mem_size.first;
	sc->ring_size = pc->ring_size.first;
	sc->kick_batch = pc->kick_batch.first;
	sc->buf_size = pc->buf_size.first;
	for (;;) {
		sc->id++;
		sc->nb_bufs = perf_nb_bufs(sc->mem_size, sc->buf_size, pc->nb_lanes);
		ret = run_scenario(run);
		if (ret < 0)
			result = ret;
		if (ret == -EBUSY || run->sink_gone)
			return result;
		if (*run->interrupted != 0)
			return result < 0 ? result : -EINTR;
		if (perf_range_next(&pc->buf_size, &sc->buf_size))
			continue;
		sc->buf_size = pc->buf_size.first;
		if (perf_range_next(&pc->kick_batch, &sc->kick_batch))
			continue;
		sc->kick_batch = pc->kick_batch.first;
		if (perf_range_next(&pc->ring_size, &sc->ring_size))
			continue;
		sc->ring_size = pc->ring_size.first;
		if (!perf_range_next(&pc->mem_size, &sc->mem_size))
			return result;
	}
}

int
perf_run_case(const struct perf_case *pc, const volatile sig_atomic_t *interrupted, perf_sink sink,
	      void *opaque)
{
	struct run run = { .pc = pc, .interrupted = interrupted, .sink = sink, .opaque = opaque };
	unsigned int i;
	int ret = -ENOMEM;

	run.workers = rte_zmalloc(NULL, pc->nb_lanes * sizeof(*run.workers), RTE_CACHE_LINE_SIZE);
	run.dev_ids = rte_zmalloc(NULL, pc->nb_lanes * sizeof(*run.dev_ids), 0);
	if (run.workers == NULL || run.dev_ids == NULL) {
		fail(&run, 0, ret, "no memory for %u workers", pc->nb_lanes);
		goto out;
	}
	ret = check_case(&run);
	if (ret < 0)
		goto out;
	ret = run_scenarios(&run);
	if (pc->type == PERF_TYPE_DMA_MEM_COPY && ret != -EBUSY)
		for (i = 0; i < pc->nb_lanes; i++)
			rte_dma_close(run.dev_ids[i]);
out:
	rte_free(run.workers);
	rte_free(run.dev_ids);
	return ret;
}

void
perf_run_list_devices(FILE *f)
{
	struct rte_dma_info info;
	unsigned int nb = 0;
	int16_t id;

	RTE_DMA_FOREACH_DEV(id) {
		if (rte_dma_info_get(id, &info) != 0)
			continue;
		fprintf(f, "%s: mem2mem %s, dma_ring_size %u to %u, NUMA node %d\n", info.dev_name,
			(info.dev_capa & RTE_DMA_CAPA_MEM_TO_MEM) != 0 ? "yes" : "no",
			info.min_desc, info.max_desc, info.numa_node);
		nb++;
	}
	if (nb == 0)
		fprintf(f, "no DMA device (eal_args -a for PCI, --vdev, -d for a driver)\n");
}
