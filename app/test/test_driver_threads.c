/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * 16 vchans of a function driven by two threads for some time, with random sizes, bursts and
 * fences: check all indices and data. At the same time one thread causes failures on its own vchan
 * and restarts another function, and one thread queries statistics and dumps of all.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)
#define FN1 TD_NAME(1)

enum {
	VCHANS = 16,
	FAILING = VCHANS, /* an additional vchan for failures */
	THREADS = 2,
	SOURCE = 8 << 20,  /* bytes of the source pattern of all channels */
	REGION = 4 << 20,  /* bytes of destinations per channel */
	LONGEST = 1 << 20, /* maximum bytes per operation */
	SLOT_GUARD = 64,   /* bytes between destinations */
	MIN_OPS = 100,   /* minimum number of operations per channel */
	ROUND = 8,	   /* operations, of which one fails */
	ROUND_LEN = 1000,  /* bytes per operation */
	BAD = 64,	   /* unmapped address */
};

/* Expected result of an operation. */
struct op {
	uint32_t src; /* offset of the final data in the source pattern */
	uint32_t len;
	uint32_t lead; /* offset of the destination in its slot */
};

struct chan {
	uint16_t vchan;
	uint16_t nb_desc;
	uint32_t slots;	    /* number of destinations, one more than can be outstanding */
	uint32_t slot_len;  /* size of each, with guards */
	uint8_t *region;
	struct op *op;	    /* by slot */
	uint64_t enqueued, submitted, gathered;
	uint64_t fences, bytes;
};

struct worker {
	pthread_t thread;
	int16_t id;
	int16_t other; /* a function that is restarted */
	uint8_t *dst;  /* for the failing operations */
	unsigned int first; /* this thread drives every THREADS-th channel from here on */
	uint64_t rnd;
	char error[256];
};

static struct chan chans[VCHANS];
static uint8_t *source;
static bool stopping; /* atomic: start no new operations */

static bool
is_stopping(void)
{
	return __atomic_load_n(&stopping, __ATOMIC_RELAXED);
}

static void
stop_all(void)
{
	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
}

static uint64_t
rnd_next(uint64_t *rnd)
{
	return td_word((*rnd)++, 0);
}

static uint8_t *
slot_of(const struct chan *c, uint64_t idx)
{
	return c->region + (size_t)(idx % c->slots) * c->slot_len + SLOT_GUARD;
}

/* Mostly short, sometimes long. */
static uint32_t
random_len(const struct chan *c, uint64_t rnd)
{
	const uint32_t room = c->slot_len - 2 * SLOT_GUARD - 64;
	uint32_t most = RTE_MIN(room, UINT32_C(1) << (rnd >> 32) % 21);

	return (uint32_t)(rnd & UINT32_MAX) % most + 1;
}

static bool
enqueue(struct worker *w, struct chan *c)
{
	uint64_t rnd = rnd_next(&w->rnd);
	struct op *op = &c->op[c->enqueued % c->slots];
	const struct op *prev = &c->op[(c->enqueued + c->slots - 1) % c->slots];
	uint64_t flags = 0;
	const uint8_t *src;
	uint8_t *dst;
	int ret;

	op->len = random_len(c, rnd);
	op->lead = (rnd >> 40) % 64;
	/* The previous operation may be in progress: its destination needs a fence. */
	if ((rnd >> 46) % 8 == 0 && c->enqueued != c->gathered) {
		op->len = RTE_MIN(op->len, prev->len);
		op->src = prev->src;
		src = slot_of(c, c->enqueued - 1) + prev->lead;
		flags = RTE_DMA_OP_FLAG_FENCE;
	} else {
		op->src = rnd_next(&w->rnd) % (SOURCE - LONGEST);
		src = source + op->src;
		if ((rnd >> 50) % 16 == 0)
			flags = RTE_DMA_OP_FLAG_FENCE;
	}
	if ((rnd >> 55) % 4 == 0)
		flags |= RTE_DMA_OP_FLAG_SUBMIT;
	c->fences += (flags & RTE_DMA_OP_FLAG_FENCE) != 0;

	/* Clear old contents that equal the expected data. */
	dst = slot_of(c, c->enqueued) + op->lead;
	memset(dst - SLOT_GUARD, TD_GUARD, SLOT_GUARD);
	memset(dst, ~source[op->src], op->len);
	memset(dst + op->len, TD_GUARD, SLOT_GUARD);

	ret = rte_dma_copy(w->id, c->vchan, (uintptr_t)src, (uintptr_t)dst, op->len, flags);
	if (ret != (uint16_t)c->enqueued) {
		snprintf(w->error, sizeof(w->error),
			 "vchan %u: operation %" PRIu64 ": expected index %u, found %d", c->vchan,
			 c->enqueued, (uint16_t)c->enqueued, ret);
		return false;
	}
	c->enqueued++;
	if (flags & RTE_DMA_OP_FLAG_SUBMIT)
		c->submitted = c->enqueued;
	return true;
}

static bool
check(struct worker *w, struct chan *c, uint64_t idx)
{
	const struct op *op = &c->op[idx % c->slots];
	const uint8_t *dst = slot_of(c, idx) + op->lead;
	const char *what;

	if (memcmp(dst, source + op->src, op->len) != 0)
		what = "wrong data";
	else if (!td_is_all(dst - SLOT_GUARD, SLOT_GUARD, TD_GUARD))
		what = "bytes before it written";
	else if (!td_is_all(dst + op->len, SLOT_GUARD, TD_GUARD))
		what = "bytes after it written";
	else
		return true;
	snprintf(w->error, sizeof(w->error), "vchan %u: operation %" PRIu64 ", %u bytes: %s",
		 c->vchan, idx, op->len, what);
	return false;
}

/* Poll completions; returns false on an error. */
static bool
gather(struct worker *w, struct chan *c, bool *progress)
{
	enum rte_dma_vchan_status halted = RTE_DMA_VCHAN_IDLE;
	enum rte_dma_status_code status[32];
	uint64_t rnd = rnd_next(&w->rnd);
	uint16_t want = rnd % RTE_DIM(status) + 1, got, last = 0xdead, i;
	bool error = false;

	if ((rnd >> 34) % 8 == 0)
		error = rte_dma_vchan_status(w->id, c->vchan, &halted) < 0 ||
			halted == RTE_DMA_VCHAN_HALTED_ERROR;
	if ((rnd >> 32) % 4 != 0) {
		bool failed;

		got = rte_dma_completed(w->id, c->vchan, want, &last, &failed);
		error |= failed;
	} else {
		got = rte_dma_completed_status(w->id, c->vchan, want, &last, status);
		for (i = 0; i < RTE_MIN(got, want); i++)
			error |= status[i] != RTE_DMA_STATUS_SUCCESSFUL;
	}
	if (error || got > RTE_MIN((uint64_t)want, c->submitted - c->gathered) ||
	    last != (uint16_t)(c->gathered + got - 1)) {
		snprintf(w->error, sizeof(w->error), "vchan %u: gathering %u of %" PRIu64
			 " after index %u: found %u, last index %u%s", c->vchan, want,
			 c->submitted - c->gathered, (uint16_t)(c->gathered - 1), got, last,
			 error ? ", an error" : "");
		return false;
	}
	for (i = 0; i < got; i++) {
		c->bytes += c->op[(c->gathered + i) % c->slots].len;
		if (!check(w, c, c->gathered + i))
			return false;
	}
	c->gathered += got;
	*progress |= got != 0;
	return true;
}

/* Drive a channel once; returns false on an error. */
static bool
drive(struct worker *w, struct chan *c, bool more, bool *progress)
{
	uint64_t rnd = rnd_next(&w->rnd);
	uint64_t burst = more ? rnd % (RTE_MIN(c->nb_desc, 64) + 1) : 0;
	uint16_t room;

	burst = RTE_MIN(burst, c->nb_desc - (c->enqueued - c->gathered));
	/* The function may own a slot for a moment after its operation was reported. */
	room = rte_dma_burst_capacity(w->id, c->vchan);
	for (burst = RTE_MIN(burst, (uint64_t)room); burst > 0; burst--) {
		if (!enqueue(w, c))
			return false;
		*progress = true;
	}
	if (c->submitted != c->enqueued &&
	    (!more || (rnd >> 32) % 4 == 0 || c->enqueued - c->gathered == c->nb_desc)) {
		rte_dma_submit(w->id, c->vchan);
		c->submitted = c->enqueued;
	}
	return gather(w, c, progress);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct td_bound bound;
	bool few = true, more = true, busy = true;
	unsigned int i;

	if (rte_thread_register() < 0) {
		snprintf(w->error, sizeof(w->error), "thread cannot be registered with EAL");
		return NULL;
	}
	td_bound_set(&bound);
	while (busy) {
		bool progress = false;

		/* However short the time, each channel runs its minimum. */
		more = few || !is_stopping();
		few = false;
		busy = more;
		for (i = w->first; i < VCHANS; i += THREADS) {
			if (!drive(w, &chans[i], more, &progress))
				goto out;
			few |= chans[i].enqueued < MIN_OPS;
			busy |= chans[i].gathered != chans[i].enqueued;
		}
		if (progress) {
			td_bound_set(&bound);
		} else if (td_bound_yield(&bound)) {
			snprintf(w->error, sizeof(w->error), "no more operations complete");
			break;
		}
	}
out:
	if (w->error[0] != '\0')
		stop_all();
	rte_thread_unregister();
	return NULL;
}

/* Some operations of which one fails, and their statuses; returns false on an error. */
static bool
fail_one(struct worker *w, int16_t id, uint16_t vchan, uint8_t *dst)
{
	enum rte_dma_status_code status[ROUND], want;
	const unsigned int bad = rnd_next(&w->rnd) % ROUND;
	struct td_bound bound;
	unsigned int i, n, got;
	int ret;

	memset(dst, TD_GUARD, ROUND * ROUND_LEN);
	td_bound_set(&bound);
	for (i = 0, n = 0; n < ROUND; n += got) {
		/* There is no space during recovery. */
		for (ret = 0; i < ROUND && ret >= 0; i += ret >= 0)
			ret = rte_dma_copy(id, vchan, i == bad ? BAD : (uintptr_t)source + i,
					   (uintptr_t)dst + i * ROUND_LEN, ROUND_LEN,
					   RTE_DMA_OP_FLAG_SUBMIT);
		got = rte_dma_completed_status(id, vchan, ROUND - n, NULL, status + n);
		if ((ret < 0 && ret != -ENOSPC) || (got == 0 && td_bound_yield(&bound))) {
			snprintf(w->error, sizeof(w->error), "device %d, vchan %u: %u of a round "
				 "enqueued (%d), %u reported", id, vchan, i, ret, n);
			return false;
		}
	}
	for (i = 0; i < ROUND; i++) {
		want = i == bad ? RTE_DMA_STATUS_INVALID_SRC_ADDR : RTE_DMA_STATUS_SUCCESSFUL;
		if (status[i] != want ||
		    (i != bad && memcmp(dst + i * ROUND_LEN, source + i, ROUND_LEN) != 0)) {
			snprintf(w->error, sizeof(w->error), "device %d, vchan %u: operation %u of a "
				 "round: expected status %d, found %d, or wrong data", id, vchan, i,
				 want, status[i]);
			return false;
		}
	}
	return true;
}

/* Failures and recovery on one vchan of several, and a function that is restarted. */
static void *
fail_rounds(void *arg)
{
	struct worker *w = arg;
	enum rte_dma_vchan_status status;
	struct rte_dma_stats stats;
	unsigned int rounds = 0;

	if (rte_thread_register() < 0) {
		snprintf(w->error, sizeof(w->error), "thread cannot be registered with EAL");
		stop_all();
		return NULL;
	}
	do {
		if (!fail_one(w, w->id, FAILING, w->dst))
			break;
		if (rte_dma_start(w->other) < 0) {
			snprintf(w->error, sizeof(w->error), "device %d: start failed", w->other);
			break;
		}
		if (!fail_one(w, w->other, 0, w->dst) || !fail_one(w, w->other, 1, w->dst))
			break;
		if (rte_dma_stats_get(w->other, 1, &stats) < 0 || stats.submitted != ROUND ||
		    stats.completed != ROUND || stats.errors != 1) {
			snprintf(w->error, sizeof(w->error), "device %d: expected %u submitted and "
				 "completed, 1 error, found %" PRIu64 ", %" PRIu64 ", %" PRIu64,
				 w->other, ROUND, stats.submitted, stats.completed, stats.errors);
			break;
		}
		if (rte_dma_vchan_status(w->other, 0, &status) < 0 ||
		    status != RTE_DMA_VCHAN_IDLE || rte_dma_stop(w->other) < 0 ||
		    rte_dma_stats_reset(w->other, RTE_DMA_ALL_VCHAN) < 0) {
			snprintf(w->error, sizeof(w->error), "device %d is not idle, or does not "
				 "stop", w->other);
			break;
		}
		rounds++;
	} while (!is_stopping());
	if (w->error[0] != '\0')
		stop_all();
	print_message("# %u rounds of failures\n", rounds);
	rte_thread_unregister();
	return NULL;
}

/* Query statistics, information and dumps of all vchans while they work. */
static void *
look(void *arg)
{
	uint64_t completed[VCHANS] = { 0 };
	struct worker *w = arg;
	struct rte_dma_stats stats;
	struct rte_dma_info info;
	FILE *f = fopen("/dev/null", "w");
	uint16_t i;

	if (f == NULL || rte_thread_register() < 0) {
		snprintf(w->error, sizeof(w->error), "no file, or no thread of EAL's");
		stop_all();
		if (f != NULL)
			fclose(f);
		return NULL;
	}
	do {
		for (i = 0; i < VCHANS && w->error[0] == '\0'; i++) {
			if (rte_dma_stats_get(w->id, i, &stats) < 0 ||
			    rte_dma_info_get(w->id, &info) < 0)
				snprintf(w->error, sizeof(w->error), "vchan %u: refused", i);
			else if (stats.completed < completed[i] || stats.errors != 0 ||
				 info.nb_vchans != VCHANS + 1)
				snprintf(w->error, sizeof(w->error), "vchan %u: completed %" PRIu64
					 " after %" PRIu64 ", errors %" PRIu64 ", %u vchans", i,
					 stats.completed, completed[i], stats.errors,
					 info.nb_vchans);
			completed[i] = stats.completed;
		}
		if (w->error[0] == '\0' &&
		    (rte_dma_dump(w->id, f) < 0 || rte_dma_dump(w->other, f) < 0 ||
		     rte_dma_stats_get(w->id, FAILING, &stats) < 0 ||
		     rte_dma_stats_reset(w->id, FAILING) < 0 ||
		     /* No reset concurrent with a start: dmadev leaves that to its user. */
		     rte_dma_stats_get(w->other, RTE_DMA_ALL_VCHAN, &stats) < 0))
			snprintf(w->error, sizeof(w->error), "statistics, info or dump failed");
		if (w->error[0] != '\0')
			stop_all();
	} while (!is_stopping());
	fclose(f);
	rte_thread_unregister();
	return NULL;
}

static unsigned int seconds = 5;
static uint64_t seed;

/* Only the last vchan, with the failures, has been recovered. */
static void
expect_recovery_of_last(int16_t id)
{
	static const char good[] = "recoveries 0\n";
	unsigned int n = 0;
	const char *at;
	char *text;

	text = td_dump(id);
	for (at = text; (at = strstr(at, "recoveries ")) != NULL; at++, n++)
		if ((strncmp(at, good, strlen(good)) == 0) != (n != FAILING))
			fail_msg("expected \"%s\" of all vchans but %u, found:\n%s", good, FAILING,
				 text);
	assert_int_equal(n, VCHANS + 1);
	free(text);
}

static void
test_threads(void **state)
{
	static const uint16_t nb_desc[VCHANS] = {
		1, 2, 3, 8, 31, 32, 64, 100, 128, 256, 500, 512, 1000, 1024, 1025, 2048,
	};
	void *(*const jobs[])(void *) = { work, work, look, fail_rounds };
	struct worker worker[RTE_DIM(jobs)] = { 0 };
	uint64_t ops = 0, bytes = 0, fences = 0;
	uint8_t *dst = td_alloc(ROUND * ROUND_LEN, 64);
	struct rte_dma_stats stats, failing;
	struct timespec end, now;
	pthread_attr_t attr;
	unsigned int i;
	int16_t id, other;

	RTE_SET_USED(state);
	source = td_alloc(SOURCE, 64);
	td_fill(source, SOURCE, seed);
	/* No watchdog: slow operations must not be recovered. */
	id = td_probe(FN0, "watchdog=0");
	td_configure(id, VCHANS + 1);
	td_vchan_setup(id, FAILING, 64);
	other = td_probe(FN1, "watchdog=0");
	td_configure(other, 2);
	td_vchan_setup(other, 0, 64);
	td_vchan_setup(other, 1, 64);
	for (i = 0; i < VCHANS; i++) {
		struct chan *c = &chans[i];

		c->vchan = i;
		c->nb_desc = nb_desc[i];
		c->slots = c->nb_desc + 1;
		c->slot_len = RTE_ALIGN_FLOOR(RTE_MIN((uint32_t)LONGEST, REGION / c->slots), 64);
		c->region = td_alloc((size_t)c->slots * c->slot_len, 64);
		c->op = calloc(c->slots, sizeof(*c->op));
		assert_non_null(c->op);
		td_vchan_setup(id, i, c->nb_desc);
	}
	assert_return_code(rte_dma_start(id), 0);

	/* EAL has bound this thread to one CPU, which the new ones would inherit. */
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), td_cpus());
	for (i = 0; i < RTE_DIM(jobs); i++) {
		worker[i].id = id;
		worker[i].other = other;
		worker[i].dst = dst;
		worker[i].first = i;
		worker[i].rnd = seed + ((uint64_t)i << 56);
		assert_int_equal(pthread_create(&worker[i].thread, &attr, jobs[i], &worker[i]), 0);
	}
	pthread_attr_destroy(&attr);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	do {
		const struct timespec pause = { .tv_nsec = 10000000 };

		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		/* A thread that has found an error stops early. */
	} while (!is_stopping() &&
		 (now.tv_sec < end.tv_sec ||
		  (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec)));
	stop_all();
	for (i = 0; i < RTE_DIM(jobs); i++)
		assert_int_equal(pthread_join(worker[i].thread, NULL), 0);
	for (i = 0; i < RTE_DIM(jobs); i++)
		if (worker[i].error[0] != '\0')
			fail_msg("thread %u: %s", i, worker[i].error);

	for (i = 0; i < VCHANS; i++) {
		struct chan *c = &chans[i];

		assert_return_code(rte_dma_stats_get(id, i, &stats), 0);
		assert_int_equal(stats.submitted, c->enqueued);
		assert_int_equal(stats.completed, c->enqueued);
		assert_int_equal(stats.errors, 0);
		assert_true(c->gathered >= MIN_OPS);
		ops += c->gathered;
		bytes += c->bytes;
		fences += c->fences;
		free(c->op);
	}
	assert_return_code(rte_dma_stats_get(id, FAILING, &failing), 0);
	assert_return_code(rte_dma_stats_get(id, RTE_DMA_ALL_VCHAN, &stats), 0);
	assert_int_equal(stats.submitted, ops + failing.submitted);
	assert_int_equal(stats.completed, ops + failing.completed);
	assert_int_equal(stats.errors, failing.errors);
	expect_recovery_of_last(id);
	print_message("%" PRIu64 " operations, %" PRIu64 " MiB, %" PRIu64 " fences\n", ops,
		      bytes >> 20, fences);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { TD_TEST(test_threads) };
	char *end;

	seed = (uint64_t)time(NULL);
	if (argc > 1) {
		errno = 0;
		seconds = strtoul(argv[1], &end, 10);
		if (errno != 0 || *end != '\0' || seconds == 0)
			argc = 4;
	}
	if (argc == 3) {
		errno = 0;
		seed = strtoull(argv[2], &end, 0);
		if (errno != 0 || *end != '\0')
			argc = 4;
	}
	if (argc > 3) {
		fprintf(stderr, "Usage: %s [SECONDS [SEED]]\n", argv[0]);
		return 2;
	}
	fprintf(stderr, "%u seconds, seed %" PRIu64 "\n", seconds, seed);
	if (!td_eal_init(argv[0], 160, NULL))
		return 1;
	return TD_RUN("driver_threads", tests, NULL);
}
