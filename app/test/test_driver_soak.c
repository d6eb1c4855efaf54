/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Runs the operations of test_driver_model.h for a given time, with one thread per vchan.
 *
 * A cycle probes functions with various arguments, configures them several times in various ways,
 * starts and stops them, also with operations outstanding, and removes them. After a cycle, there
 * must not be more memory, memzones, files and threads than after the first one. A cycle depends
 * only on the seed and its number, so that a failed one can be run alone.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_log.h>
#include <rte_malloc.h>

#include "sdxi_internal.h"
#include "test_driver_model.h"

enum {
	DPDK_MIB = 256,
	/* A function whose thread has no CPU for this long would count as hung. */
	WATCHDOG_MS = 3000,
	/* Without faults no recovery may happen, however slow the machine is. */
	WATCHDOG_OFF = 0,
	LINE_SECONDS = 10,
	MAX_ROUNDS = 3,
	MAX_SEGMENTS = 4,
	MAX_OPS = 3000,
	MAX_SILENT_OPS = 200, /* all of which are verified when the device has stopped */
	MIN_DESC = 64,	      /* maximum size of an operation in descriptors */
	MAX_DESC = 4096,
};

/* Allowed growth of the C library's heap: some blocks are 16 bytes longer than requested. */
#define LIBC_ALLOWED 1024

/*
 * Allowed growth of RSS. Memory of DPDK and the model is touched before the first cycle, but the
 * placement of heap blocks and the caching of thread stacks depend on timing. Address sanitizer
 * holds back 256 MiB of freed memory.
 */
#define RSS_ALLOWED (UINT64_C(2) << 20)
#define RSS_ALLOWED_SLOW (UINT64_C(320) << 20)

/* A constant default seed separates new bugs from old ones. */
#define DEFAULT_SEED UINT64_C(0x5d5d1)

/* Minimum number of cycles, and the number in which each kind of action occurs. */
#define MIN_CYCLES 2
#define VARIED_CYCLES 10
/* Failures without an injected fault, before they are compared with the number of resets. */
#define MAX_LATE 3

struct memory {
	struct td_stock dpdk; /* includes threads */
	unsigned int files;
	uint64_t libc, rss;
};

struct worker {
	struct model_vchan *v;
	pthread_t thread;
	uint64_t ops, bytes; /* atomic: read by others */
};

static struct {
	uint64_t seconds, cycles, cycle;
	const char *order, *faults; /* "any": random */
} conf = { .seconds = 120, .cycles = UINT32_MAX, .order = "any", .faults = "any" };

static struct {
	uint64_t cycles, probes, configured, starts, cut, ops, bytes, faults, recoveries, resets;
	uint64_t silent_ops, rops, fault_cycles;
	struct memory first, last;
} sum;

static struct timespec began;
static volatile sig_atomic_t asked_to_end;
static unsigned int nb_fns;
static struct model_fn fns[MODEL_MAX_FNS];
static unsigned int nb_of_fn[MODEL_MAX_FNS]; /* number of channels of each function */
static struct model_vchan *vchans;
static struct worker workers[MODEL_VCHANS];
static unsigned int nb_workers;
static bool cut; /* leave operations outstanding */
static pthread_barrier_t gathered[MODEL_MAX_FNS];
static unsigned int finished[MODEL_MAX_FNS]; /* atomic: number of channels that have finished */
static sem_t ended;

static uint64_t
seconds_gone(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - began.tv_sec - (now.tv_nsec < began.tv_nsec);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long size, pages;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &size, &pages), 2);
	fclose(f);
	return (uint64_t)pages * sysconf(_SC_PAGESIZE);
}

static void
memory_take(struct memory *memory)
{
	const struct mallinfo2 info = mallinfo2();

	memset(memory, 0, sizeof(*memory));
	td_stock_take(&memory->dpdk);
	memory->files = td_nb_files();
	memory->libc = info.uordblks + info.hblkhd;
	memory->rss = resident();
}

/* Touch EAL's memory now, instead of at first use. */
static void
memory_touch(void)
{
	void *block[DPDK_MIB];
	unsigned int n = 0;

	while (n < DPDK_MIB) {
		block[n] = rte_malloc("touch", 1 << 20, 0);
		if (block[n] == NULL)
			break;
		memset(block[n++], 0, 1 << 20);
	}
	assert_in_range(n, DPDK_MIB / 8, DPDK_MIB);
	while (n > 0)
		rte_free(block[--n]);
}

static void
memory_check(uint64_t cycle)
{
	const uint64_t allowed = td_is_slow() ? RSS_ALLOWED_SLOW : RSS_ALLOWED;
	const struct memory *a = &sum.first, *b = &sum.last;
	struct td_bound bound;

	memory_take(&sum.last);
	if (sum.cycles++ == 0) {
		sum.first = sum.last;
		return;
	}
	/* A joined thread may stay listed for a moment. */
	td_bound_set(&bound);
	while (b->dpdk.threads != a->dpdk.threads && !td_bound_yield(&bound))
		memory_take(&sum.last);
	if (memcmp(&a->dpdk, &b->dpdk, sizeof(a->dpdk)) != 0 || a->files != b->files ||
	    b->libc > a->libc + LIBC_ALLOWED || b->rss > a->rss + allowed)
		model_fail("seed %" PRIu64 ": memory after cycle %" PRIu64 ": expected %zu bytes "
			   "of DPDK's heap in %u blocks, %u memzones, %u files, %u threads, "
			   "%" PRIu64 " bytes of libc's heap and %" PRIu64
			   " KiB resident or less, found %zu in "
			   "%u, %u, %u, %u, %" PRIu64 ", %" PRIu64 " KiB", model_conf.seed, cycle,
			   a->dpdk.bytes, a->dpdk.allocs, a->dpdk.memzones, a->files,
			   a->dpdk.threads, a->libc + LIBC_ALLOWED, (a->rss + allowed) >> 10,
			   b->dpdk.bytes, b->dpdk.allocs, b->dpdk.memzones, b->files,
			   b->dpdk.threads, b->libc, b->rss >> 10);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void
show_memory(const char *what, const struct memory *memory)
{
	printf("%s: RSS %" PRIu64 " KiB, DPDK heap %zu bytes in %u, libc heap %" PRIu64
	       " bytes, %u memzones, %u files, %u threads\n", what, memory->rss >> 10,
	       memory->dpdk.bytes, memory->dpdk.allocs, memory->libc, memory->dpdk.memzones,
	       memory->files, memory->dpdk.threads);
}

static void
show_line(void)
{
	uint64_t ops = sum.ops, bytes = sum.bytes, s = seconds_gone();
	struct memory memory;
	char text[96];
	unsigned int i;

	for (i = 0; i < nb_workers; i++) {
		ops += __atomic_load_n(&workers[i].ops, __ATOMIC_RELAXED);
		bytes += __atomic_load_n(&workers[i].bytes, __ATOMIC_RELAXED);
	}
	snprintf(text, sizeof(text), "%3" PRIu64 ":%02" PRIu64 " cycle %" PRIu64 ", %" PRIu64
		 " operations, %" PRIu64 " MiB, %" PRIu64 " faults", s / 60, s % 60,
		 conf.cycle + sum.cycles, ops, bytes >> 20, sum.faults);
	/* For heaps and files, the state after the last cycle is more useful. */
	memory = sum.last;
	if (sum.cycles == 0)
		memory_take(&memory);
	memory.rss = resident();
	show_memory(text, &memory);
	fflush(stdout);
}

static void
show_sum(void)
{
	static bool shown;
	const uint64_t s = seconds_gone();

	if (shown)
		return;
	shown = true;
	printf("--- %" PRIu64 " min %" PRIu64 " s, seed %" PRIu64 "\n", s / 60, s % 60,
	       model_conf.seed);
	printf("operations     %" PRIu64 " (%" PRIu64 " in silent mode, %" PRIu64
	       " as structures), %" PRIu64 " bytes\n", sum.ops, sum.silent_ops, sum.rops,
	       sum.bytes);
	printf("faults         %" PRIu64 " hit\n", sum.faults);
	printf("recoveries     %" PRIu64 " of channels, %" PRIu64 " resets of functions; %u functions "
	       "failed without a CPU\n", sum.recoveries, sum.resets,
	       fns[0].nb_late + fns[1].nb_late);
	printf("starts         %" PRIu64 ", %" PRIu64 " stops with operations outstanding\n",
	       sum.starts, sum.cut);
	printf("configurations %" PRIu64 "\n", sum.configured);
	printf("probes         %" PRIu64 " in %" PRIu64 " cycles\n", sum.probes, sum.cycles);
	show_memory("memory, first ", &sum.first);
	show_memory("memory, last  ", &sum.last);
	fflush(stdout);
}

/* The first thread that finds an error ends the program. */
static void
on_fail(const char *text)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	printf("FAILED in cycle %" PRIu64 ": %s\n", conf.cycle + sum.cycles, text);
	show_sum();
	rmdir(rte_eal_get_runtime_dir());
	_exit(1);
}

static void
on_signal(int number)
{
	RTE_SET_USED(number);
	asked_to_end = 1;
}

static bool
is_over(uint64_t cycle)
{
	/* Memory is compared with the state after the first cycle. */
	return asked_to_end || cycle >= conf.cycles ||
	       (cycle >= MIN_CYCLES && seconds_gone() >= conf.seconds);
}

/* After this many cycles each kind of action has occurred, unless its operations were cut short. */
static void
expect_variety(void)
{
	const unsigned int late = fns[0].nb_late + fns[1].nb_late;

	if (sum.fault_cycles >= VARIED_CYCLES && (sum.faults == 0 || sum.resets == 0))
		model_fail("%" PRIu64 " cycles with faults: expected some to hit, and functions to be "
			   "reset, found %" PRIu64 " hits, %" PRIu64 " resets", sum.fault_cycles,
			   sum.faults, sum.resets);
	if (sum.cycles >= VARIED_CYCLES && (sum.recoveries == 0 || sum.cut == 0))
		model_fail("%" PRIu64 " cycles: expected recoveries, and stops with operations "
			   "outstanding, found %" PRIu64 " and %" PRIu64, sum.cycles,
			   sum.recoveries, sum.cut);
	/* On any machine, it is rare that a function has no CPU for seconds. */
	if (late > MAX_LATE && late > sum.resets / 8)
		model_fail("%u functions failed without a fault, %" PRIu64 " were reset",
			   late, sum.resets);
}

/* ---- traffic --------------------------------------------------------------------------------- */

/* A failed function is restarted once all of its threads have arrived here. */
static void
gather(struct model_fn *fn)
{
	pthread_barrier_t *barrier = &gathered[fn - fns];

	if (pthread_barrier_wait(barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		model_fn_restart(fn);
	pthread_barrier_wait(barrier);
}

static bool
has_done_its_part(const struct model_vchan *v)
{
	return model_is_finished(v) || (cut && v->next == v->total);
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct model_vchan *v = worker->v;
	struct model_fn *fn = v->fn;
	const uint64_t ops = v->next, bytes = v->nb_bytes;
	unsigned int *done = &finished[fn - fns];
	struct td_bound bound;
	bool counted = false, moved;

	td_bound_set(&bound);
	for (;;) {
		moved = false;
		if (model_fn_is_dying(fn)) {
			if (model_is_drained(v)) {
				gather(fn);
				moved = true;
			} else {
				moved = model_step(v);
			}
		} else if (!has_done_its_part(v)) {
			moved = model_step(v);
		} else if (!counted) {
			model_submit(v);
			__atomic_fetch_add(done, 1, __ATOMIC_ACQ_REL);
			counted = true;
		} else if (__atomic_load_n(done, __ATOMIC_ACQUIRE) == fn->vchans) {
			break;
		}
		__atomic_store_n(&worker->ops, v->next - ops, __ATOMIC_RELAXED);
		__atomic_store_n(&worker->bytes, v->nb_bytes - bytes, __ATOMIC_RELAXED);
		if (moved || counted)
			td_bound_set(&bound);
		if (!moved && td_bound_yield(&bound))
			model_hangs(v);
	}
	sem_post(&ended);
	return NULL;
}

/* Run this many operations on each channel of all started functions. */
static void
traffic(struct model_rng *rng)
{
	static struct timespec line;
	pthread_attr_t attr;
	unsigned int i, f, left;

	cut = one_in(rng, 4);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), td_cpus());
	for (f = 0; f < nb_fns; f++) {
		const uint32_t most = fns[f].mode == MODEL_SILENT ? MAX_SILENT_OPS :
				      one_in(rng, 3)		  ? 100 :
								    MAX_OPS;

		finished[f] = 0;
		assert_int_equal(pthread_barrier_init(&gathered[f], NULL, fns[f].vchans), 0);
		for (i = 0; i < fns[f].vchans; i++) {
			struct worker *worker = &workers[nb_workers++];

			worker->v = &fns[f].vchan[i];
			model_go_on(worker->v, 1 + below(rng, most));
		}
	}
	for (i = 0; i < nb_workers; i++)
		assert_int_equal(pthread_create(&workers[i].thread, &attr, work, &workers[i]), 0);
	pthread_attr_destroy(&attr);
	if (line.tv_sec == 0) {
		clock_gettime(CLOCK_REALTIME, &line);
		line.tv_sec += LINE_SECONDS;
	}
	for (left = nb_workers; left > 0;) {
		if (sem_timedwait(&ended, &line) == 0) {
			left--;
		} else if (errno == ETIMEDOUT) {
			show_line();
			line.tv_sec += LINE_SECONDS;
		}
	}
	for (i = 0; i < nb_workers; i++) {
		const struct worker *worker = &workers[i];

		assert_int_equal(pthread_join(worker->thread, NULL), 0);
		sum.ops += worker->ops;
		sum.bytes += worker->bytes;
		sum.silent_ops += worker->v->fn->mode == MODEL_SILENT ? worker->ops : 0;
		sum.rops += worker->v->fn->mode == MODEL_OPS ? worker->ops : 0;
	}
	memset(workers, 0, sizeof(workers));
	nb_workers = 0;
	for (f = 0; f < nb_fns; f++)
		pthread_barrier_destroy(&gathered[f]);
}

/* ---- cycles ---------------------------------------------------------------------------------- */

static bool
draw_word(struct model_rng *rng, const char *word, const char *no, uint32_t n)
{
	const bool drawn = !one_in(rng, n);

	return strcmp(word, "any") == 0 ? drawn : strcmp(word, no) != 0;
}

static void
configure(struct model_fn *fn, struct model_rng *rng)
{
	struct rte_dma_conf dma_conf = { .nb_vchans = fn->vchans };
	const uint32_t mode = below(rng, 10);
	struct rte_dma_info info;
	unsigned int i;

	fn->mode = mode < 6 ? MODEL_REPORTS : MODEL_SILENT;
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
	if (mode == 4 || mode == 5) {
		fn->mode = MODEL_OPS;
#ifdef RTE_DMA_CFG_FLAG_ENQ_DEQ
		dma_conf.flags |= RTE_DMA_CFG_FLAG_ENQ_DEQ;
#else
		dma_conf.enable_enq_deq = true;
#endif
	}
#endif
	if (fn->mode == MODEL_SILENT)
		td_conf_silent(&dma_conf);
	assert_return_code(rte_dma_info_get(fn->id, &info), 0);
	assert_return_code(rte_dma_configure(fn->id, &dma_conf), 0);
	for (i = 0; i < fn->vchans; i++) {
		const uint32_t most = one_in(rng, 3) ? 2 * MIN_DESC :
					RTE_MIN(info.max_desc, (uint16_t)MAX_DESC);
		const uint16_t nb_desc = MIN_DESC + below(rng, most - MIN_DESC + 1);

		td_vchan_setup(fn->id, i, nb_desc);
		model_is_configured(&fn->vchan[i], nb_desc);
	}
	sum.configured++;
}

/* Configure several times, start and stop several times. */
static void
rounds(uint64_t cycle)
{
	struct model_rng rng = rng_of(S_ROUND, 0, cycle);
	unsigned int nb_rounds = 1 + below(&rng, MAX_ROUNDS), nb_segments, f, i;
	const struct sdxi_dev *dev;

	for (; nb_rounds > 0; nb_rounds--) {
		for (f = 0; f < nb_fns; f++) {
			fns[f].vchans = 1 + below(&rng, nb_of_fn[f]);
			configure(&fns[f], &rng);
		}
		for (nb_segments = 1 + below(&rng, MAX_SEGMENTS); nb_segments > 0; nb_segments--) {
			for (f = 0; f < nb_fns; f++) {
				model_fn_start(&fns[f]);
				sum.starts++;
				if (!one_in(&rng, 3))
					continue;
				assert_return_code(rte_dma_stats_reset(fns[f].id,
								       RTE_DMA_ALL_VCHAN), 0);
				for (i = 0; i < fns[f].vchans; i++)
					model_is_configured(&fns[f].vchan[i],
							    fns[f].vchan[i].nb_desc);
			}
			traffic(&rng);
			for (f = 0; f < nb_fns; f++) {
				for (i = 0; i < fns[f].vchans; i++)
					sum.cut += !model_is_drained(&fns[f].vchan[i]);
				model_fn_stop(&fns[f]);
			}
		}
		for (f = 0; f < nb_fns; f++) {
			dev = rte_dma_fp_objs[fns[f].id].dev_private;
			for (i = 0; i < fns[f].vchans; i++)
				sum.recoveries += dev->vchans[i].recoveries;
		}
	}
}

static void
probe(struct model_fn *fn, uint64_t cycle, struct model_rng *rng, const char *args)
{
	char all[TD_ARGS_LEN];
	unsigned int f = fn - fns, i;
	size_t n;

	snprintf(fn->name, sizeof(fn->name), "dma_sdxi_emu%u", f);
	nb_of_fn[f] = MODEL_VCHANS / nb_fns;
	fn->vchan = &vchans[f * nb_of_fn[f]];
	n = snprintf(all, sizeof(all), "%s,max_cxt=%u,max_ring=%u,max_buffer=%" PRIu64
		     ",db_stride=%u,errlog_size=%u,seed=%" PRIu64, args,
		     nb_of_fn[f] + below(rng, 200), 1024 << below(rng, 4),
		     UINT64_C(0x200000) << below(rng, 12), 4096 << below(rng, 3),
		     64 * (1 + below(rng, 6)), draw(rng));
	assert_true(n < sizeof(all));
	for (i = 0; i < nb_of_fn[f]; i++)
		model_is_probed(&fn->vchan[i], fn, i, cycle);
	if (!model_conf.quiet)
		fprintf(stderr, "cycle %" PRIu64 ": %s,%s\n", cycle, fn->name, all);
	fn->id = td_probe(fn->name, all);
	sum.probes++;
}

static void
run_cycle(uint64_t cycle)
{
	struct model_rng rng = rng_of(S_SOAK, 0, cycle);
	uint64_t hits[SDXI_EMU_FAULT_KINDS] = { 0 };
	const struct sdxi_dev *dev;
	unsigned int f, i;
	char args[160];

	model_conf.cont = one_in(&rng, 2);
	model_conf.reorder = draw_word(&rng, conf.order, "in", 2);
	model_conf.faults = draw_word(&rng, conf.faults, "no", 5);
	sum.fault_cycles += model_conf.faults;
	nb_fns = 1 + below(&rng, MODEL_MAX_FNS);
	snprintf(args, sizeof(args), "error=%s,order=%s,watchdog=%u",
		 model_conf.cont ? "continue" : "stop", model_conf.reorder ? "random" : "in",
		 model_conf.faults ? WATCHDOG_MS : WATCHDOG_OFF);
	for (f = 0; f < nb_fns; f++)
		probe(&fns[f], cycle, &rng, args);
	rounds(cycle);
	for (f = 0; f < nb_fns; f++) {
		model_fn_hits(&fns[f], hits);
		dev = rte_dma_fp_objs[fns[f].id].dev_private;
		sum.resets += dev->epoch;
		td_remove(fns[f].name);
	}
	for (i = 0; i < SDXI_EMU_FAULT_KINDS; i++)
		sum.faults += hits[i];
	model_recheck(vchans);
}

static void
test_soak(void **state)
{
	uint64_t cycle;

	RTE_SET_USED(state);
	memory_touch();
	vchans = model_make();
	for (cycle = conf.cycle; cycle == conf.cycle || !is_over(cycle - conf.cycle); cycle++) {
		run_cycle(cycle);
		memory_check(cycle);
		expect_variety();
	}
	model_free(vchans);
}

/* ---- command line ---------------------------------------------------------------------------- */

static int
parse_word(const char *text, const char *no, const char *yes, const char **word)
{
	*word = text;
	return strcmp(text, no) == 0 || strcmp(text, yes) == 0 || strcmp(text, "any") == 0 ? 0 :
											     -1;
}

static int
usage(const char *prog, int ret)
{
	fprintf(ret == 0 ? stdout : stderr,
		"Usage: %s [--seconds N] [--cycles N] [--seed N|random] [--cycle FIRST]\n"
		"\t[--order in|random|any] [--faults yes|no|any] [--log]\n"
		"The default seed is a constant.\n", prog);
	return ret;
}

static int
parse_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 't' },
		{ "cycles", required_argument, NULL, 'n' },
		{ "cycle", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "order", required_argument, NULL, 'f' },
		{ "faults", required_argument, NULL, 'm' },
		{ "log", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, ret = 0;

	model_conf.seed = DEFAULT_SEED;
	while (ret == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 't': ret = model_parse_number(optarg, UINT32_MAX, &conf.seconds); break;
		case 'n': ret = model_parse_number(optarg, UINT32_MAX, &conf.cycles); break;
		case 'c': ret = model_parse_number(optarg, UINT32_MAX, &conf.cycle); break;
		case 'f': ret = parse_word(optarg, "in", "random", &conf.order); break;
		case 'm': ret = parse_word(optarg, "no", "yes", &conf.faults); break;
		case 'l': model_conf.quiet = false; break;
		case 's': ret = model_parse_seed(optarg); break;
		default: ret = -1; break;
		}
	}
	return optind != argc ? -1 : ret;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { TD_TEST(test_soak) };
	/* The second signal terminates immediately. */
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	int ret;

	if (parse_args(argc, argv) < 0)
		return usage(argv[0], 2);
	/* Per-thread caches of the heap would count as in use. */
	if (getenv("GLIBC_TUNABLES") == NULL) {
		setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1", 1);
		execv("/proc/self/exe", argv);
	}
	printf("seed %" PRIu64 " (a cycle again: %s --order %s --faults %s --seed %" PRIu64
	       " --cycles 1 --cycle N)\n", model_conf.seed, argv[0], conf.order, conf.faults,
	       model_conf.seed);
	fflush(stdout);
	sem_init(&ended, 0, 0);
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (!td_eal_init_linked(argv[0], DPDK_MIB))
		return 1;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	model_conf.threads = true;
	model_conf.on_fail = on_fail;
	/* Ten thousands of injected faults would be logged. */
	if (model_conf.quiet)
		rte_log_set_level_pattern("pmd.dma.sdxi*", RTE_LOG_CRIT);
	ret = TD_RUN("driver, soak", tests, NULL);
	if (ret != 0)
		printf("FAILED in cycle %" PRIu64 "\n", conf.cycle + sum.cycles);
	show_sum();
	return ret != 0;
}
