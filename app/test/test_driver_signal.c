/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An application that is continuously interrupted by signals, in all threads including those of the
 * function and the driver, by handlers with and without SA_RESTART. Nothing is lost, and no wait is
 * shorter than without signals.
 */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)

enum {
	NB_DESC = 64,
	VCHANS = 2,
	LEN = 3000,
	STORM_US = 100, /* between two rounds of signals */
	ENOUGH = 1000,	/* minimum number of signals handled by the main thread */
	STATE_LOOKS = 10000, /* reads of the function's state, with this interval in us: */
	LOOK_US = 100,
};

static pthread_t main_thread;
static unsigned int sleeps; /* of the main thread between reads; replaces EAL's sleep */

void
rte_delay_us_sleep(unsigned int us)
{
	static __typeof__(rte_delay_us_sleep) *real;

	if (real == NULL)
		real = TD_REAL(rte_delay_us_sleep);
	if (pthread_equal(pthread_self(), main_thread))
		sleeps++;
	real(us);
}

/* ---- signal storm ---------------------------------------------------------------------------- */

static const int signals[] = { SIGUSR1, SIGINT, SIGALRM };

static struct {
	pthread_t thread;
	bool exit;	     /* atomic */
	uint64_t mains, all; /* atomic: number handled */
} storm;

static void
handler(int sig)
{
	const int saved = errno;

	RTE_SET_USED(sig);
	if (pthread_equal(pthread_self(), main_thread))
		__atomic_fetch_add(&storm.mains, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&storm.all, 1, __ATOMIC_RELAXED);
	errno = saved;
}

static void *
storm_main(void *arg)
{
	const struct timespec pause = { .tv_nsec = STORM_US * 1000 };
	const pid_t pid = getpid(), self = syscall(SYS_gettid);
	const struct dirent *ent;
	unsigned int n = 0;
	pid_t tid;
	DIR *dir;

	RTE_SET_USED(arg);
	while (!__atomic_load_n(&storm.exit, __ATOMIC_ACQUIRE)) {
		dir = opendir("/proc/self/task");
		if (dir == NULL)
			continue;
		while ((ent = readdir(dir)) != NULL) {
			tid = atoi(ent->d_name);
			if (tid > 0 && tid != self)
				syscall(SYS_tgkill, pid, tid, signals[n++ % RTE_DIM(signals)]);
		}
		closedir(dir);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
storm_begin(bool restart)
{
	const struct sigaction sa = { .sa_handler = handler, .sa_flags = restart ? SA_RESTART : 0 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(signals); i++)
		assert_int_equal(sigaction(signals[i], &sa, NULL), 0);
	storm.exit = false;
	storm.mains = 0;
	storm.all = 0;
	assert_int_equal(pthread_create(&storm.thread, NULL, storm_main, NULL), 0);
}

static void
storm_end(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	unsigned int i;

	__atomic_store_n(&storm.exit, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(storm.thread, NULL), 0);
	/* Some may still be pending. */
	for (i = 0; i < RTE_DIM(signals); i++)
		assert_int_equal(sigaction(signals[i], &ignore, NULL), 0);
}

/* ---- life of a device ------------------------------------------------------------------------ */

static uint8_t *src, *dst;

/* All are reported once and in order, and only the bad one fails. */
static void
burst(int16_t id, uint16_t vchan, uint64_t *idx, int bad)
{
	enum rte_dma_status_code status[NB_DESC / 2], expected;
	struct td_bound bound;
	unsigned int i, n;
	uint16_t got, last;
	int ret;

	memset(dst, TD_GUARD, NB_DESC / 2 * LEN);
	for (i = 0; i < NB_DESC / 2; i++) {
		ret = rte_dma_copy(id, vchan, (int)i == bad ? 8 : (uintptr_t)src + i,
				   (uintptr_t)dst + i * LEN, LEN, 0);
		assert_int_equal(ret, (uint16_t)(*idx + i));
	}
	assert_int_equal(rte_dma_submit(id, vchan), 0);
	td_bound_set(&bound);
	for (n = 0; n < NB_DESC / 2; n += got) {
		got = rte_dma_completed_status(id, vchan, NB_DESC / 2 - n, &last, status + n);
		if (got > 0)
			assert_int_equal(last, (uint16_t)(*idx + n + got - 1));
		else if (td_bound_yield(&bound))
			fail_msg("operation %u does not complete", n);
	}
	assert_int_equal(rte_dma_completed_status(id, vchan, 1, &last, status), 0);
	for (i = 0; i < NB_DESC / 2; i++) {
		expected = (int)i == bad ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
					   RTE_DMA_STATUS_SUCCESSFUL;
		if (status[i] != expected)
			fail_msg("operation %u: expected status %d, found %d", i, expected,
				 status[i]);
		if ((int)i != bad)
			assert_memory_equal(dst + i * LEN, src + i, LEN);
	}
	*idx += NB_DESC / 2;
}

struct mode {
	const char *args;
	bool restart;
};

static void
test_life(void **state)
{
	const struct mode *mode = *state;
	unsigned int round, v, n;
	uint64_t idx;
	int16_t id;

	src = td_alloc(LEN + NB_DESC, 64);
	td_fill(src, LEN + NB_DESC, 1);
	dst = td_alloc(NB_DESC / 2 * LEN, 64);
	storm_begin(mode->restart);
	for (round = 0; round < 10 || __atomic_load_n(&storm.mains, __ATOMIC_RELAXED) < ENOUGH;
	     round++) {
		id = td_probe(FN0, mode->args);
		td_up(id, VCHANS, NB_DESC);
		for (v = 0; v < VCHANS; v++) {
			idx = 0;
			/* With a failure and a recovery. */
			for (n = 0; n < 6; n++)
				burst(id, v, &idx, n % 2 != 0 ? (int)(n * 5) : -1);
		}
		assert_int_equal(rte_dma_stop(id), 0);
		assert_int_equal(rte_dma_start(id), 0);
		td_one_copy(id, 0, 0);
		assert_int_equal(rte_dma_stop(id), 0);
		if (round % 2 != 0)
			assert_int_equal(rte_dma_close(id), 0);
		td_remove(FN0);
	}
	storm_end();
	assert_true(storm.all > storm.mains);
}

/* ---- timeouts -------------------------------------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Activation of a function that does not change its state: number of reads and their interval. */
static void
test_wait(void **state)
{
	unsigned int looks, way;
	uint64_t began, took;
	int16_t id;

	RTE_SET_USED(state);
	for (way = 0; way < 3; way++) {
		id = td_probe(FN0, "fault=no_reset");
		td_configure(id, 1);
		td_vchan_setup(id, 0, NB_DESC);
		if (way > 0)
			storm_begin(way == 1);
		sleeps = 0;
		began = now_ms();
		assert_int_equal(rte_dma_start(id), -EIO);
		took = now_ms() - began;
		looks = sleeps;
		if (way > 0) {
			storm_end();
			assert_true(storm.mains > 0);
		}
		td_remove(FN0);
		assert_int_equal(looks, STATE_LOOKS);
		/* Signals must not shorten the sleeps. */
		if (took < looks * LOOK_US / 1000)
			fail_msg("%u looks took %" PRIu64 " ms", looks, took);
	}
}

static int
teardown(void **state)
{
	if (storm.thread != 0 && !storm.exit)
		storm_end();
	return td_teardown(state);
}

int
main(int argc, char **argv)
{
	static struct mode modes[] = {
		{ "", true }, { "", false },
	};
	const struct CMUnitTest tests[] = {
		{ "test_life (SA_RESTART)", test_life, td_setup, teardown, &modes[0] },
		{ "test_life", test_life, td_setup, teardown, &modes[1] },
		{ "test_wait", test_wait, td_setup, teardown, NULL },
	};

	main_thread = pthread_self();
	if (!td_eal_init(argv[0], 128, NULL))
		return 1;
	return TD_RUN("driver, signals", tests, argc > 1 ? argv[1] : NULL);
}
