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
#define WAIT_MS 5

/* A device hangs if nothing completes for this long, plus the time for all in flight at a crawl. */
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
	uint64_t nb_ops;	/* that fit into nb_bufs, per lane */
};

/* Results of a lane, from all passes. */
struct outcome {
	uint64_t ops;
	uint64_t cycles;
	struct perf_cycles split;
	struct perf_latency latency;
	struct perf_latency batch_latency;
	bool interrupted;
};

struct run {
	const struct perf_case *pc;
	const volatile sig_atomic_t *interrupted;
	perf_sink sink;
	void *opaque;
	struct scenario sc;
	struct perf_sync sync;
	struct perf_worker *workers;
	struct outcome *outcomes;
	struct perf_hist *hists;
	int16_t *dev_ids;
	struct perf_mem src;
	struct perf_mem dst;
	struct rte_dma_sge *sges;	/* all source segments, then all destination segments */
	struct rte_dma_op **dma_ops;
	void *dma_op_mem;
	bool sink_gone;
};

static bool
is_sg(const struct perf_case *pc)
{
	return pc->nb_src_sges != 0;
}

/* Segments per operation; 1 without scatter-gather. */
static unsigned int
nb_src(const struct perf_case *pc)
{
	return pc->type == PERF_TYPE_DMA_MEM_FILL ? 0 : RTE_MAX(pc->nb_src_sges, 1u);
}

static unsigned int
nb_dst(const struct perf_case *pc)
{
	return RTE_MAX(pc->nb_dst_sges, 1u);
}

static enum perf_op
op_of(const struct perf_case *pc)
{
	if (pc->type == PERF_TYPE_CPU_MEM_COPY)
		return PERF_OP_CPU_COPY;
	if (pc->type == PERF_TYPE_DMA_MEM_FILL)
		return PERF_OP_FILL;
	if (pc->enq_deq)
		return PERF_OP_ENQ_DEQ;
	return is_sg(pc) ? PERF_OP_COPY_SG : PERF_OP_COPY;
}

/* The CPU cannot access remote memory, so its data cannot be verified. */
static bool
is_remote(const struct perf_case *pc, unsigned int lane)
{
	return perf_by_dma(pc) && pc->lanes[lane].dir != PERF_DIR_MEM_TO_MEM;
}

static void
send_record(struct run *run, const struct perf_record *rec)
{
	if (run->sink(run->opaque, rec) < 0)
		run->sink_gone = true;
}

/* Send the results of a lane, or the reason why it failed. */
static void
emit(struct run *run, unsigned int lane, const struct outcome *outcome, const char *reason)
{
	const struct perf_case *pc = run->pc;
	struct perf_record rec = {
		.kind = reason != NULL ? PERF_RECORD_FAILED : PERF_RECORD_RESULT,
		.scenario = run->sc.id,
		.lane = lane,
		.nb_lanes = pc->nb_lanes,
		.lcore = pc->lanes[lane].lcore,
		.type = pc->type,
		.dir = pc->lanes[lane].dir,
		.verified = !is_remote(pc, lane),
		.mem_size = run->sc.mem_size,
		.buf_size = run->sc.buf_size,
		.nb_bufs = run->sc.nb_bufs,
		.nb_src_sges = pc->nb_src_sges,
		.nb_dst_sges = pc->nb_dst_sges,
		.enq_deq = pc->enq_deq,
		.hz = rte_get_tsc_hz(),
	};

	if (perf_by_dma(pc)) {
		snprintf(rec.dev, sizeof(rec.dev), "%s", pc->lanes[lane].dev);
		rec.ring_size = run->sc.ring_size;
		rec.kick_batch = run->sc.kick_batch;
	} else {
		snprintf(rec.dev, sizeof(rec.dev), "NA");
	}
	if (reason != NULL) {
		snprintf(rec.reason, sizeof(rec.reason), "%s", reason);
	} else {
		rec.ops = outcome->ops;
		rec.cycles = outcome->cycles;
		rec.split_ops = outcome->split.ops;
		rec.split_enqueue = outcome->split.enqueue;
		rec.split_submit = outcome->split.submit;
		rec.split_poll = outcome->split.poll;
		rec.split_idle = outcome->split.idle;
		rec.latency = outcome->latency;
		rec.batch_latency = outcome->batch_latency;
		rec.batch_ops = RTE_MIN(run->sc.kick_batch, run->sc.nb_ops);
		rec.interrupted = outcome->interrupted;
	}
	send_record(run, &rec);
}

static void
tell_progress(struct run *run, enum perf_pass pass)
{
	static const char *const names[PERF_NB_PASSES] = {
		[PERF_PASS_THROUGHPUT] = "throughput",
		[PERF_PASS_CYCLES] = "cycles",
		[PERF_PASS_LATENCY] = "latency",
		[PERF_PASS_BATCH_LATENCY] = "latency of batches",
	};
	struct perf_record rec = {
		.kind = PERF_RECORD_PROGRESS,
		.scenario = run->sc.id,
		.type = run->pc->type,
	};

	snprintf(rec.reason, sizeof(rec.reason), "%s", names[pass]);
	send_record(run, &rec);
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

/* Lists lcores as " 0 1 3", truncated to size. */
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

/* Check the machine and EAL's arguments against the needs of the case. */
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
		if (!perf_by_dma(pc))
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

/* Check the device's limits and capabilities. */
static int
check_device(struct run *run, unsigned int lane, const struct rte_dma_info *info)
{
	static const struct {
		uint64_t capa;
		const char *name;
	} dirs[] = {
		[PERF_DIR_MEM_TO_MEM] = { RTE_DMA_CAPA_MEM_TO_MEM, "from memory to memory" },
		[PERF_DIR_MEM_TO_DEV] = { RTE_DMA_CAPA_MEM_TO_DEV, "from memory to a device" },
		[PERF_DIR_DEV_TO_MEM] = { RTE_DMA_CAPA_DEV_TO_MEM, "from a device to memory" },
	};
	const struct perf_case *pc = run->pc;
	const char *dev = pc->lanes[lane].dev;
	enum perf_dir dir = pc->lanes[lane].dir;
	unsigned int sges = RTE_MAX(pc->nb_src_sges, pc->nb_dst_sges);

	if ((info->dev_capa & dirs[dir].capa) == 0)
		return fail(run, lane, -ENOTSUP, "dir=%s: not supported: device %s does not copy %s",
			    perf_dir_name(dir), dev, dirs[dir].name);
	if (pc->type == PERF_TYPE_DMA_MEM_FILL && (info->dev_capa & RTE_DMA_CAPA_OPS_FILL) == 0)
		return fail(run, lane, -ENOTSUP, "type=%s: not supported: device %s does not fill",
			    perf_type_name(pc->type), dev);
	if (pc->type == PERF_TYPE_DMA_MEM_COPY && !is_sg(pc) &&
	    (info->dev_capa & RTE_DMA_CAPA_OPS_COPY) == 0)
		return fail(run, lane, -ENOTSUP, "type=%s: not supported: device %s does not copy",
			    perf_type_name(pc->type), dev);
	if (is_sg(pc) && (info->dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) == 0)
		return fail(run, lane, -ENOTSUP, "dma_src_sge=%u: not supported: device %s does not "
			    "copy scatter-gather lists", pc->nb_src_sges, dev);
	if (is_sg(pc) && info->max_sges < sges)
		return fail(run, lane, -ENOTSUP, "%s=%u: device %s takes up to %u segments",
			    sges == pc->nb_src_sges ? "dma_src_sge" : "dma_dst_sge", sges, dev,
			    info->max_sges);
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
	if (pc->enq_deq && (info->dev_capa & RTE_DMA_CAPA_OPS_ENQ_DEQ) == 0)
		return fail(run, lane, -ENOTSUP, "use_enq_deq_ops=1: not supported: device %s has no "
			    "enqueue and dequeue operations", dev);
#endif
	if (run->sc.ring_size < info->min_desc || run->sc.ring_size > info->max_desc)
		return fail(run, lane, -EINVAL, "dma_ring_size=%" PRIu64 ": device %s expects %u "
			    "to %u", run->sc.ring_size, dev, info->min_desc, info->max_desc);
	return 0;
}

static void
set_enq_deq(struct rte_dma_conf *conf, bool on)
{
#if defined(RTE_DMA_CFG_FLAG_ENQ_DEQ)
	if (on)
		conf->flags |= RTE_DMA_CFG_FLAG_ENQ_DEQ;
#elif defined(RTE_DMA_CAPA_OPS_ENQ_DEQ)
	conf->enable_enq_deq = on;
#else
	RTE_SET_USED(conf);
	RTE_SET_USED(on);
#endif
}

static int
start_device(struct run *run, unsigned int lane)
{
	const struct perf_lane *l = &run->pc->lanes[lane];
	const struct rte_dma_port_param port = {
		.port_type = RTE_DMA_PORT_PCIE,
		.pcie = {
			.coreid = l->coreid,
			.pfid = l->pfid,
			.vfen = 1,
			.vfid = l->vfid,
		},
	};
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan_conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = run->sc.ring_size,
	};
	int16_t id = run->dev_ids[lane];
	struct rte_dma_info info;
	int ret;

	ret = rte_dma_info_get(id, &info);
	if (ret < 0)
		return fail(run, lane, ret, "device %s: no information: %s", l->dev,
			    rte_strerror(-ret));
	ret = check_device(run, lane, &info);
	if (ret < 0)
		return ret;
	if (l->dir == PERF_DIR_MEM_TO_DEV) {
		vchan_conf.direction = RTE_DMA_DIR_MEM_TO_DEV;
		vchan_conf.dst_port = port;
	} else if (l->dir == PERF_DIR_DEV_TO_MEM) {
		vchan_conf.direction = RTE_DMA_DIR_DEV_TO_MEM;
		vchan_conf.src_port = port;
	}
	set_enq_deq(&conf, run->pc->enq_deq);
	ret = rte_dma_configure(id, &conf);
	if (ret < 0)
		return fail(run, lane, ret, "device %s: cannot be configured: %s", l->dev,
			    rte_strerror(-ret));
	ret = rte_dma_vchan_setup(id, VCHAN, &vchan_conf);
	if (ret < 0)
		return fail(run, lane, ret, "dma_ring_size=%" PRIu64 ": device %s refused it: %s",
			    run->sc.ring_size, l->dev, rte_strerror(-ret));
	ret = rte_dma_start(id);
	if (ret < 0)
		return fail(run, lane, ret, "device %s: cannot be started: %s", l->dev,
			    rte_strerror(-ret));
	return 0;
}

/* Stop the devices of the first nb lanes, even if one fails to stop. */
static int
stop_devices(struct run *run, unsigned int nb)
{
	int result = 0;
	unsigned int i;

	if (!perf_by_dma(run->pc))
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

	if (!perf_by_dma(run->pc))
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
	rte_free(run->sges);
	rte_free(run->dma_ops);
	rte_free(run->dma_op_mem);
	run->sges = NULL;
	run->dma_ops = NULL;
	run->dma_op_mem = NULL;
}

static void
set_sges(struct rte_dma_sge *sges, struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size,
	 unsigned int nb_segments, bool by_dma)
{
	uint64_t n;

	for (n = 0; n < nb_bufs; n++)
		sges[n] = (struct rte_dma_sge){
			.addr = by_dma ? rte_mbuf_data_iova(bufs[n]) :
					 rte_pktmbuf_mtod(bufs[n], uintptr_t),
			.length = perf_mem_segment(buf_size, nb_segments, n % nb_segments),
		};
}

/*
 * Lists of addresses, so that measured loops do not read mbufs: a cache miss per mbuf would be
 * measured as well. Enqueue/dequeue operations are also prepared here.
 */
static int
alloc_lists(struct run *run)
{
	const struct perf_case *pc = run->pc;
	uint64_t nb = run->sc.nb_bufs * pc->nb_lanes;

	run->sges = rte_zmalloc(NULL, nb * 2 * sizeof(*run->sges), RTE_CACHE_LINE_SIZE);
	if (run->sges == NULL)
		return -ENOMEM;
	if (nb_src(pc) != 0)
		set_sges(run->sges, run->src.bufs, nb, run->sc.buf_size, nb_src(pc),
			 perf_by_dma(pc));
	set_sges(run->sges + nb, run->dst.bufs, nb, run->sc.buf_size, nb_dst(pc), perf_by_dma(pc));
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
	if (pc->enq_deq) {
		unsigned int nb_sges = nb_src(pc) + nb_dst(pc);
		uint64_t nb_ops = run->sc.nb_ops * pc->nb_lanes;
		size_t size = RTE_ALIGN_CEIL(sizeof(struct rte_dma_op) +
					     nb_sges * sizeof(struct rte_dma_sge), (size_t)8);
		uint64_t n;

		run->dma_ops = rte_zmalloc(NULL, nb_ops * sizeof(*run->dma_ops), 0);
		run->dma_op_mem = rte_zmalloc(NULL, nb_ops * size, RTE_CACHE_LINE_SIZE);
		if (run->dma_ops == NULL || run->dma_op_mem == NULL)
			return -ENOMEM;
		for (n = 0; n < nb_ops; n++) {
			struct rte_dma_op *op = RTE_PTR_ADD(run->dma_op_mem, n * size);
			/*
			 * Each lane starts with its own buffers, and may leave the last ones
			 * unused.
			 */
			uint64_t buf = n / run->sc.nb_ops * run->sc.nb_bufs;
			uint64_t i = n % run->sc.nb_ops;

			op->vchan = VCHAN;
			op->nb_src = nb_src(pc);
			op->nb_dst = nb_dst(pc);
			memcpy(op->src_dst_seg, run->sges + buf + i * op->nb_src,
			       op->nb_src * sizeof(*run->sges));
			memcpy(op->src_dst_seg + op->nb_src, run->sges + nb + buf + i * op->nb_dst,
			       op->nb_dst * sizeof(*run->sges));
			run->dma_ops[n] = op;
		}
	}
#endif
	return 0;
}

static void
set_contents(struct run *run)
{
	const struct perf_case *pc = run->pc;
	uint64_t size = run->sc.buf_size;
	uint64_t nb = run->sc.nb_bufs;
	unsigned int i;

	for (i = 0; i < pc->nb_lanes; i++) {
		struct rte_mbuf **srcs = run->src.bufs + i * nb;
		struct rte_mbuf **dsts = run->dst.bufs + i * nb;

		if (nb_src(pc) != 0) {
			if (pc->lanes[i].dir == PERF_DIR_DEV_TO_MEM)
				perf_mem_set_remote(srcs, nb, size, pc->lanes[i].raddr);
			else
				perf_mem_fill(srcs, i * nb, nb, size);
		}
		if (pc->lanes[i].dir == PERF_DIR_MEM_TO_DEV)
			perf_mem_set_remote(dsts, nb, size, pc->lanes[i].raddr);
		else
			perf_mem_clear(dsts, nb, size);
	}
}

static int
alloc_memory(struct run *run)
{
	const struct perf_case *pc = run->pc;
	const struct scenario *sc = &run->sc;
	uint64_t nb = sc->nb_bufs * pc->nb_lanes;
	int ret = 0;

	if (nb_src(pc) != 0)
		ret = perf_mem_alloc(&run->src, "perf_src", nb, sc->buf_size, pc->src_numa_node);
	if (ret == 0)
		ret = perf_mem_alloc(&run->dst, "perf_dst", nb, sc->buf_size, pc->dst_numa_node);
	if (ret == 0) {
		set_contents(run);
		ret = alloc_lists(run);
	}
	if (ret == 0)
		return 0;
	free_memory(run);
	return fail(run, 0, ret, "no memory for 2 * %" PRIu64 " buffers of %" PRIu64
		    " bytes on NUMA nodes %u and %u: %s (a smaller mem_size, or more memory for "
		    "EAL)", nb, sc->buf_size, pc->src_numa_node, pc->dst_numa_node,
		    rte_strerror(-ret));
}

static void
prepare_worker(struct run *run, unsigned int lane)
{
	const struct perf_case *pc = run->pc;
	const struct scenario *sc = &run->sc;
	uint64_t hz = rte_get_tsc_hz();
	uint64_t bytes = sc->nb_bufs * sc->buf_size;
	uint64_t nb = sc->nb_bufs * pc->nb_lanes;
	uint64_t buf = lane * sc->nb_bufs;

	run->workers[lane] = (struct perf_worker){
		.sync = &run->sync,
		.work = {
			.dev_id = run->dev_ids[lane],
			.nb_src = nb_src(pc),
			.nb_dst = nb_dst(pc),
			.buf_size = sc->buf_size,
			.nb_ops = sc->nb_ops,
			.first = buf,
			.srcs = nb_src(pc) == 0 ? NULL : run->src.bufs + buf,
			.dsts = run->dst.bufs + buf,
			.src_sges = run->sges + buf,
			.dst_sges = run->sges + nb + buf,
			.dma_ops = run->dma_ops == NULL ? NULL : run->dma_ops + lane * sc->nb_ops,
		},
		.op = op_of(pc),
		.lcore = pc->lanes[lane].lcore,
		.dev = pc->lanes[lane].dev,
		.kick_batch = sc->kick_batch,
		.nb_bufs = sc->nb_bufs,
		.src_remote = pc->lanes[lane].dir == PERF_DIR_DEV_TO_MEM,
		.dst_remote = pc->lanes[lane].dir == PERF_DIR_MEM_TO_DEV,
		.cache_flush = pc->cache_flush,
		.warm_up_cycles = hz / 1000 * PERF_WARM_UP_MS,
		.hang_cycles = hz * (HANG_SECONDS + bytes / CRAWL_BYTES_PER_SECOND),
		.hist = &run->hists[lane],
	};
	memset(&run->outcomes[lane], 0, sizeof(run->outcomes[lane]));
}

/* Poll with sleeps: a device in software may share the main lcore's CPU. */
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

/* Check the workers' results and the destination data. */
static int
judge(struct run *run)
{
	const struct perf_case *pc = run->pc;
	const struct scenario *sc = &run->sc;
	const struct perf_layout layout = { sc->buf_size, nb_src(pc), nb_dst(pc) };
	struct perf_mismatch bad;
	int ret = 0;
	unsigned int i;

	for (i = 0; i < pc->nb_lanes; i++) {
		const struct perf_worker *w = &run->workers[i];

		if (w->failed)
			ret = fail(run, i, -EIO, "%s", w->reason);
		else if (!is_remote(pc, i) &&
			 __atomic_load_n(&run->sync.failed, __ATOMIC_ACQUIRE) == 0 &&
			 !perf_mem_verify(w->work.dsts, sc->nb_bufs, w->work.first,
					  RTE_MIN(w->ops, sc->nb_ops), &layout, &bad))
			ret = fail(run, i, -EIO, "buffer %" PRIu64 ", byte %" PRIu64 ": 0x%02x "
				   "found, expected 0x%02x", bad.buf, bad.offset, bad.found,
				   bad.expected);
	}
	return ret;
}

/* Save what the workers measured in this pass. */
static void
keep(struct run *run, enum perf_pass pass)
{
	unsigned int i;

	for (i = 0; i < run->pc->nb_lanes; i++) {
		const struct perf_worker *w = &run->workers[i];
		struct outcome *outcome = &run->outcomes[i];

		outcome->interrupted |= w->interrupted;
		switch (pass) {
		case PERF_PASS_THROUGHPUT:
			outcome->ops = w->ops;
			outcome->cycles = w->cycles;
			break;
		case PERF_PASS_CYCLES:
			outcome->split = w->split;
			break;
		case PERF_PASS_LATENCY:
			perf_hist_summarize(w->hist, &outcome->latency);
			break;
		case PERF_PASS_BATCH_LATENCY:
			perf_hist_summarize(w->hist, &outcome->batch_latency);
			break;
		default:
			break;
		}
	}
}

static int
run_pass(struct run *run, enum perf_pass pass)
{
	const struct perf_case *pc = run->pc;
	uint64_t hz = rte_get_tsc_hz();
	unsigned int i;
	int ret;

	tell_progress(run, pass);
	run->sync = (struct perf_sync){
		.interrupted = run->interrupted,
		.nb_workers = pc->nb_lanes,
	};
	for (i = 0; i < pc->nb_lanes; i++) {
		run->workers[i].pass = pass;
		run->workers[i].test_cycles = pass == PERF_PASS_THROUGHPUT ?
			hz * pc->test_seconds : hz / 1000 * pc->detail_ms;
	}
	run_workers(run);
	ret = judge(run);
	if (ret == 0)
		keep(run, pass);
	return ret;
}

static void
mark_interrupted(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->pc->nb_lanes; i++)
		run->outcomes[i].interrupted = true;
}

static int
run_passes(struct run *run)
{
	const struct perf_case *pc = run->pc;
	enum perf_pass pass;
	unsigned int i;
	int ret;

	for (pass = PERF_PASS_THROUGHPUT; pass < PERF_NB_PASSES; pass++) {
		if (pass != PERF_PASS_THROUGHPUT && pc->detail_ms == 0)
			continue;
		/* CPU copies are synchronous: they have no enqueue and no batches. */
		if ((pass == PERF_PASS_CYCLES || pass == PERF_PASS_BATCH_LATENCY) &&
		    !perf_by_dma(pc))
			continue;
		/* The signal may have arrived after the previous pass, during verification. */
		if (pass != PERF_PASS_THROUGHPUT && *run->interrupted != 0) {
			mark_interrupted(run);
			break;
		}
		ret = run_pass(run, pass);
		if (ret < 0)
			return ret;
	}
	for (i = 0; i < pc->nb_lanes; i++)
		/* Do not report a lane that was interrupted before its first operation. */
		if (run->outcomes[i].ops != 0)
			emit(run, i, &run->outcomes[i], NULL);
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

/* Returns -EBUSY if a device could not be stopped: this process cannot run another scenario. */
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
	for (i = 0; i < run->pc->nb_lanes; i++)
		prepare_worker(run, i);
	ret = run_passes(run);
	stopped = stop_devices(run, run->pc->nb_lanes);
	/* Do not free memory that a device may still write to. */
	if (stopped < 0 || any_hung(run))
		return -EBUSY;
out:
	free_memory(run);
	return ret;
}

/* Run all combinations; buf_size is the innermost loop. */
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
		sc->nb_bufs = perf_nb_bufs(pc, sc->mem_size, sc->buf_size, pc->nb_lanes);
		sc->nb_ops = sc->nb_bufs / RTE_MAX(nb_src(pc), nb_dst(pc));
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
	run.outcomes = rte_zmalloc(NULL, pc->nb_lanes * sizeof(*run.outcomes), 0);
	run.hists = rte_zmalloc(NULL, pc->nb_lanes * sizeof(*run.hists), RTE_CACHE_LINE_SIZE);
	run.dev_ids = rte_zmalloc(NULL, pc->nb_lanes * sizeof(*run.dev_ids), 0);
	if (run.workers == NULL || run.outcomes == NULL || run.hists == NULL ||
	    run.dev_ids == NULL) {
		fail(&run, 0, ret, "no memory for %u workers", pc->nb_lanes);
		goto out;
	}
	ret = check_case(&run);
	if (ret < 0)
		goto out;
	ret = run_scenarios(&run);
	if (perf_by_dma(pc) && ret != -EBUSY)
		for (i = 0; i < pc->nb_lanes; i++)
			rte_dma_close(run.dev_ids[i]);
out:
	rte_free(run.workers);
	rte_free(run.outcomes);
	rte_free(run.hists);
	rte_free(run.dev_ids);
	return ret;
}

struct capability {
	uint64_t capa;
	const char *name;
};

/* Print the capabilities in dev_capa, one word each. */
static void
print_capabilities(FILE *f, uint64_t dev_capa, const struct capability *capas, unsigned int nb)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		if ((dev_capa & capas[i].capa) == 0)
			continue;
		fprintf(f, " %s", capas[i].name);
		any = true;
	}
	if (!any)
		fprintf(f, " none");
}

void
perf_run_list_devices(FILE *f)
{
	static const struct capability dirs[] = {
		{ RTE_DMA_CAPA_MEM_TO_MEM, "mem2mem" },
		{ RTE_DMA_CAPA_MEM_TO_DEV, "mem2dev" },
		{ RTE_DMA_CAPA_DEV_TO_MEM, "dev2mem" },
		{ RTE_DMA_CAPA_DEV_TO_DEV, "dev2dev" },
	};
	static const struct capability ops[] = {
		{ RTE_DMA_CAPA_OPS_COPY, "copy" },
		{ RTE_DMA_CAPA_OPS_COPY_SG, "scatter-gather" },
		{ RTE_DMA_CAPA_OPS_FILL, "fill" },
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
		{ RTE_DMA_CAPA_OPS_ENQ_DEQ, "enqueue-dequeue" },
#endif
	};
	struct rte_dma_info info;
	unsigned int nb = 0;
	int16_t id;

	RTE_DMA_FOREACH_DEV(id) {
		if (rte_dma_info_get(id, &info) != 0)
			continue;
		fprintf(f, "%s: directions", info.dev_name);
		print_capabilities(f, info.dev_capa, dirs, RTE_DIM(dirs));
		fprintf(f, "; operations");
		print_capabilities(f, info.dev_capa, ops, RTE_DIM(ops));
		if ((info.dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) != 0)
			fprintf(f, "; up to %u segments", info.max_sges);
		fprintf(f, "; dma_ring_size %u to %u; NUMA node %d\n", info.min_desc, info.max_desc,
			info.numa_node);
		nb++;
	}
	if (nb == 0)
		fprintf(f, "no DMA device (eal_args -a for PCI, --vdev, -d for a driver)\n");
}
