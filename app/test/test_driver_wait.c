/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Every wait of the driver's that is bounded runs out: the result is an errno and a line that says
 * which device and context, what was expected and what was found; it was not given up early,
 * nothing is left behind, and the device works again once the function does.
 *
 * Those of the function's state are in test_dev.c as well, those of channels in
 * test_driver_fault.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_log.h>

#include <sdxi_emu.h>

#include "sdxi_dmadev.h"
#include "sdxi_recover.h"
#include "sdxi_vdev.h"
#include "sdxi_vdev_mp.h"
#include "test_driver_util.h"

#define FN0 TD_NAME(0)
#define SAYS "SDXI: " FN0 ": "

enum {
	NB_DESC = 64,
	LEN = 100,
	/* The driver's own bounds: looks with a sleep in between. */
	STATE_LOOKS = 1000,
	ADMIN_LOOKS = 20000,
	LOCK_LOOKS = 30000,
};

static pthread_t main_thread;

static bool
is_main(void)
{
	return pthread_equal(pthread_self(), main_thread);
}

/* ---- in the place of EAL's and the C library's ----------------------------------------------- */

static unsigned int sleeps; /* the main thread's */
static bool no_sleep;	    /* where nobody can do what it waits for: time is not to be lost */

void
rte_delay_us_sleep(unsigned int us)
{
	static __typeof__(rte_delay_us_sleep) *real;

	if (real == NULL)
		real = TD_REAL(rte_delay_us_sleep);
	if (is_main())
		sleeps++;
	if (!is_main() || !no_sleep)
		real(us);
}

static unsigned int clock_step_ms; /* that each look at the clock takes, for the main thread */

int
clock_gettime(clockid_t id, struct timespec *now)
{
	static __typeof__(clock_gettime) *real;
	static uint64_t ahead_ms;
	int ret;

	if (real == NULL)
		real = TD_REAL(clock_gettime);
	ret = real(id, now);
	if (is_main() && clock_step_ms > 0 && id == CLOCK_MONOTONIC) {
		ahead_ms += clock_step_ms;
		now->tv_sec += ahead_ms / 1000;
	}
	return ret;
}

static char log_text[256 << 10];
static size_t log_len;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

int
rte_log(uint32_t level, uint32_t type, const char *fmt, ...)
{
	va_list ap, again;
	int ret, n;

	va_start(ap, fmt);
	va_copy(again, ap);
	pthread_mutex_lock(&log_lock);
	n = vsnprintf(log_text + log_len, sizeof(log_text) - log_len, fmt, again);
	log_len = RTE_MIN(log_len + RTE_MAX(n, 0), sizeof(log_text) - 1);
	pthread_mutex_unlock(&log_lock);
	va_end(again);
	ret = rte_vlog(level, type, fmt, ap);
	va_end(ap);
	return ret;
}

static void
begin(void)
{
	pthread_mutex_lock(&log_lock);
	log_len = 0;
	log_text[0] = '\0';
	pthread_mutex_unlock(&log_lock);
	sleeps = 0;
}

static void
expect_line(const char *line)
{
	bool found;

	pthread_mutex_lock(&log_lock);
	found = strstr(log_text, line) != NULL;
	pthread_mutex_unlock(&log_lock);
	if (!found)
		fail_msg("expected in the log: \"%s\", found:\n%s", line, log_text);
}

static void
expect_looks(unsigned int looks)
{
	if (sleeps < looks)
		fail_msg("expected at least %u looks, found %u", looks, sleeps);
}

/* ---- the function ---------------------------------------------------------------------------- */

static int16_t id;
static struct sdxi_dev *dev;
static uint8_t *mem;

static void
inject_cb(struct sdxi_emu *emu, void *arg)
{
	assert_int_equal(sdxi_emu_inject(emu, arg), 0);
}

static void
inject_clear_cb(struct sdxi_emu *emu, void *arg)
{
	RTE_SET_USED(arg);
	sdxi_emu_inject_clear(emu);
}

#define INJECT(...) \
	assert_int_equal(sdxi_vdev_call(FN0, inject_cb, &(struct sdxi_emu_fault){ __VA_ARGS__ }), 0)

static void
mend(void)
{
	assert_int_equal(sdxi_vdev_call(FN0, inject_clear_cb, NULL), 0);
}

static void
open_fn(const char *args)
{
	id = td_probe(FN0, args);
	dev = sdxi_dev_fn_get(id)->dmadev->data->dev_private;
	td_configure(id, 1);
	td_vchan_setup(id, 0, NB_DESC);
	mem = td_alloc(2 * LEN * NB_DESC, 64);
	td_fill(mem, 2 * LEN * NB_DESC, 1);
}

static void
copy(unsigned int n)
{
	while (n-- > 0)
		assert_return_code(rte_dma_copy(id, 0, (uintptr_t)mem,
						(uintptr_t)mem + LEN * NB_DESC, LEN,
						RTE_DMA_OP_FLAG_SUBMIT), 0);
}

/* Gather @p n; gives how many have failed. */
static unsigned int
gather(unsigned int n)
{
	enum rte_dma_status_code status[NB_DESC];
	unsigned int i, failed = 0;
	struct td_bound bound;
	uint16_t got;

	td_bound_set(&bound);
	while (n > 0) {
		got = rte_dma_completed_status(id, 0, RTE_MIN(n, (unsigned int)NB_DESC), NULL,
					       status);
		for (i = 0; i < got; i++)
			failed += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
		n -= got;
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("%u operations do not complete", n);
	}
	return failed;
}

/*
 * Stopped or not, it begins anew and works; and goes without a trace, which td_teardown() checks.
 */
static void
expect_works(void)
{
	assert_int_equal(rte_dma_stop(id), 0);
	assert_int_equal(rte_dma_start(id), 0);
	td_one_copy(id, 0, 0);
	td_remove(FN0);
}

/* What the driver sees of the context's state is the test's to say. */
static struct sdxi_cxt_sts *real_sts;
static struct sdxi_cxt_sts fake_sts;

static void
sts_take(enum sdxi_cxt_state state)
{
	real_sts = dev->vchans[0].cxt.sts;
	fake_sts.state = state;
	dev->vchans[0].cxt.sts = &fake_sts;
}

static void
sts_give(void)
{
	dev->vchans[0].cxt.sts = real_sts;
}

/* ---- the function's state -------------------------------------------------------------------- */

static void
test_active(void **state)
{
	RTE_SET_USED(state);
	open_fn("");
	assert_int_equal(rte_dma_start(id), 0);
	/* Off, so that the next start brings it up. */
	assert_int_equal(sdxi_dev_down(dev), 0);
	dev->started = false;
	assert_int_equal(rte_dma_stop(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_NO_RESET);
	begin();
	assert_int_equal(rte_dma_start(id), -EIO);
	expect_looks(STATE_LOOKS);
	expect_line(SAYS "activation: expected function state ACTIVE, found STOP (0)");
	mend();
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* No stop helps, and none of the context's. */
static void
test_stop_ladder(void **state)
{
	RTE_SET_USED(state);
	open_fn("");
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 0);
	INJECT(.kind = SDXI_EMU_FAULT_NO_RESET);
	copy(3);
	begin();
	assert_int_equal(rte_dma_stop(id), 0);
	expect_looks(ADMIN_LOOKS + 3 * STATE_LOOKS);
	expect_line(SAYS "CXT_STOP of contexts 1 to 1: no answer; administrative context is RUN, "
		    "function ACTIVE");
	expect_line(SAYS "STOP_SF requested: expected function state STOP, found ACTIVE (2)");
	expect_line(SAYS "STOP_HD requested: expected function state STOP, found ACTIVE (2)");
	expect_line(SAYS "RESET requested: expected function state STOP, found ACTIVE (2)");
	expect_line(SAYS "function does not stop: state is ACTIVE (2) after RESET");
	expect_line(SAYS "bus mastering disabled for a function that does not stop");
	/* It cannot be brought up either, and says so. */
	begin();
	assert_int_equal(rte_dma_start(id), -ETIMEDOUT);
	expect_looks(3 * STATE_LOOKS);
	mend();
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* ---- commands -------------------------------------------------------------------------------- */

static void
test_admin(void **state)
{
	RTE_SET_USED(state);
	open_fn("");
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 0);
	begin();
	assert_int_equal(rte_dma_start(id), -ETIMEDOUT);
	expect_looks(ADMIN_LOOKS);
	expect_line(SAYS "CXT_UPD of contexts 1 to 1: no answer; administrative context is RUN, "
		    "function ACTIVE");
	mend();
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* Commands are executed, and their slots not given back. */
static void
test_admin_room(void **state)
{
	struct sdxi_cxt_sts sts = { .state = SDXI_CXT_RUN };
	const struct sdxi_cxt_sts *real;
	unsigned int i;
	int ret;

	RTE_SET_USED(state);
	open_fn("");
	assert_int_equal(rte_dma_start(id), 0);
	real = dev->admin.ring.sts;
	sts.read_index = dev->admin.ring.sts->read_index;
	dev->admin.ring.sts = &sts;
	for (i = 0; i < 2 * SDXI_DS_RING_SZ_MIN; i++) {
		begin();
		ret = sdxi_admin_start(dev, 1, 1);
		if (ret < 0)
			break;
	}
	dev->admin.ring.sts = real;
	assert_int_equal(ret, -EIO);
	assert_in_range(i, SDXI_DS_RING_SZ_MIN - 8, SDXI_DS_RING_SZ_MIN);
	expect_looks(ADMIN_LOOKS);
	expect_line(SAYS "CXT_START_NM: administrative ring: Read_Index ");
	expect_line(" does not fit Write_Index ");
	expect_works();
}

/* ---- contexts -------------------------------------------------------------------------------- */

static void
test_cxt_start(void **state)
{
	RTE_SET_USED(state);
	open_fn("");
	sts_take(SDXI_CXT_STOP_SW);
	begin();
	assert_int_equal(rte_dma_start(id), -EIO);
	expect_looks(STATE_LOOKS);
	expect_line(SAYS "vchan 0: context 1: started: expected state RUN, found STOP_SW");
	sts_give();
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

static void
test_cxt_stop_soft(void **state)
{
	RTE_SET_USED(state);
	open_fn("watchdog=0");
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1);
	copy(2);
	begin();
	assert_int_equal(rte_dma_stop(id), 0);
	expect_looks(STATE_LOOKS);
	expect_line(SAYS "vchan 0: context 1: stopped softly: expected state STOP_SW, found STOPG_SW");
	mend();
	assert_int_equal(gather(2), 2);
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* The command says that it has stopped, its state does not. */
static void
test_cxt_stop(void **state)
{
	RTE_SET_USED(state);
	open_fn("");
	assert_int_equal(rte_dma_start(id), 0);
	sts_take(SDXI_CXT_RUN);
	begin();
	assert_int_equal(rte_dma_stop(id), 0);
	expect_looks(2 * STATE_LOOKS);
	expect_line(SAYS "vchan 0: context 1: stopped: expected state STOP_SW, found RUN");
	expect_line(SAYS "contexts of 1 vchans do not stop: the function is stopped");
	sts_give();
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* SYNC is never answered for a context that does not stop. */
static void
test_cxt_stop_never(void **state)
{
	RTE_SET_USED(state);
	open_fn("watchdog=0");
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_NO_STOP, .cxt = 1);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1);
	copy(2);
	begin();
	assert_int_equal(rte_dma_stop(id), 0);
	expect_looks(STATE_LOOKS + ADMIN_LOOKS);
	expect_line(SAYS "SYNC of contexts 1 to 1: no answer; administrative context is RUN, function "
		    "ACTIVE");
	mend();
	assert_int_equal(gather(2), 2);
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* ---- recovery -------------------------------------------------------------------------------- */

/*
 * Neither does it come to rest, nor does it run again, whatever is done: the channel is given up.
 */
static void
test_recover(void **state)
{
	RTE_SET_USED(state);
	open_fn("watchdog=0");
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1, .count = 100);
	copy(3);
	sts_take(SDXI_CXT_RUN);
	begin();
	sdxi_recover(dev, &dev->vchans[0]);
	/* Softly and hard, and then each time that it is started. */
	expect_looks(3 * STATE_LOOKS);
	expect_line(SAYS "vchan 0: the function is reset");
	expect_line(SAYS "vchan 0: context 1: started again: expected state RUN, found STOP_SW");
	expect_line(SAYS "vchan 0: given up: what is outstanding has failed");
	sts_give();
	assert_int_equal(gather(3), 3);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)mem, (uintptr_t)mem, LEN, 0), -EIO);
	assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_HALTED_ERROR);
	mend();
	expect_works();
}

/* A suspect that is run alone hangs, too: it is to blame, and what is behind it runs. */
static void
test_step(void **state)
{
	RTE_SET_USED(state);
	open_fn("watchdog=10");
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1, .op = 1, .count = 40);
	copy(4);
	begin();
	assert_in_range(gather(4), 1, 3);
	expect_line(SAYS "vchan 0: context 1: nothing moves for 10 ms, state ");
	mend();
	expect_works();
}

/* ---- locks ----------------------------------------------------------------------------------- */

static struct {
	struct sdxi_lock *lock;
	sem_t held, give_back;
	pthread_t thread;
	bool at_work;
	int ret; /* of taking the lock */
} holder;

static void *
holder_main(void *arg)
{
	RTE_SET_USED(arg);
	/* cmocka's assertions are the main thread's. */
	holder.ret = sdxi_lock_try(holder.lock);
	sem_post(&holder.held);
	while (sem_wait(&holder.give_back) != 0)
		;
	if (holder.ret == 0)
		sdxi_lock_release(holder.lock);
	return NULL;
}

static void
lock_take(struct sdxi_lock *lock)
{
	holder.lock = lock;
	sem_init(&holder.held, 0, 0);
	sem_init(&holder.give_back, 0, 0);
	assert_int_equal(pthread_create(&holder.thread, NULL, holder_main, NULL), 0);
	holder.at_work = true;
	while (sem_wait(&holder.held) != 0)
		;
	assert_int_equal(holder.ret, 0);
	no_sleep = true;
	begin();
}

/* Also of a test that has failed meanwhile. */
static void
holder_end(void)
{
	no_sleep = false;
	if (!holder.at_work)
		return;
	holder.at_work = false;
	sem_post(&holder.give_back);
	assert_int_equal(pthread_join(holder.thread, NULL), 0);
}

static void
lock_give(const char *which)
{
	char line[160];

	expect_looks(LOCK_LOOKS);
	snprintf(line, sizeof(line), SAYS "%s: expected its lock to be given back in 30 s, found it "
		 "held", which);
	expect_line(line);
	holder_end();
}

static void
test_lock_device(void **state)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };

	RTE_SET_USED(state);
	open_fn("");
	lock_take(&dev->lock);
	assert_int_equal(rte_dma_configure(id, &conf), -EBUSY);
	lock_give("control");
	lock_take(&dev->lock);
	assert_int_equal(rte_dma_start(id), -EBUSY);
	lock_give("control");
	lock_take(&dev->lock);
	assert_int_equal(rte_dma_close(id), -EBUSY);
	lock_give("control");
	assert_int_equal(rte_dma_start(id), 0);
	lock_take(&dev->lock);
	assert_int_equal(rte_dma_stop(id), -EBUSY);
	lock_give("control");
	/* A device that cannot be stopped stays; one that cannot be closed as well. */
	lock_take(&dev->lock);
	assert_int_equal(rte_vdev_uninit(FN0), -EBUSY);
	lock_give("control");
	td_one_copy(id, 0, 0);
	expect_works();
}

static void
test_lock_admin(void **state)
{
	RTE_SET_USED(state);
	open_fn("");
	lock_take(&dev->admin.lock);
	assert_int_equal(rte_dma_start(id), -EIO);
	lock_give("administrative context");
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

static void
test_lock_errlog(void **state)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };

	RTE_SET_USED(state);
	open_fn("");
	lock_take(&dev->errlog.lock);
	assert_int_equal(rte_dma_configure(id, &conf), -EBUSY);
	/* Known to be held for ever, it is not waited for again; what is needs its time. */
	no_sleep = false;
	assert_int_equal(td_try_vchan_setup(id, 0, NB_DESC), -EBUSY);
	free(td_dump(id));
	assert_int_equal(rte_dma_start(id), 0);
	td_one_copy(id, 0, 0);
	assert_int_equal(rte_dma_stop(id), 0);
	assert_int_equal(rte_dma_close(id), -EBUSY);
	assert_in_range(sleeps, LOCK_LOOKS, 2 * LOCK_LOOKS - 1);
	lock_give("error log");
	/* The close has taken it down. */
	assert_int_equal(rte_dma_start(id), 0);
	expect_works();
}

/* ---- other processes ------------------------------------------------------------------------- */

static struct sdxi_vdev_shm shm;
static struct sdxi_vdev_remote remote = { .name = FN0 };
static const struct sdxi_fn remote_fn = { .ops = &sdxi_vdev_remote_ops, .opaque = &remote };

static struct {
	pthread_t thread;
	sem_t ready, asked, answer;
	bool exit, serve;
} server;

static uint64_t
served_read(const struct sdxi_fn *fn, uint32_t off)
{
	RTE_SET_USED(fn);
	sem_post(&server.asked);
	while (sem_wait(&server.answer) != 0)
		;
	return off + 1;
}

/* Lives, which is what others look for; answers if it is told to. */
static void *
server_main(void *arg)
{
	static const struct sdxi_fn_ops ops = { .reg_read = served_read };
	const struct sdxi_fn fn = { .ops = &ops };

	RTE_SET_USED(arg);
	sdxi_vdev_shm_enter(&shm);
	sem_post(&server.ready);
	while (!__atomic_load_n(&server.exit, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&server.serve, __ATOMIC_ACQUIRE))
			sdxi_vdev_shm_serve(&shm, &fn);
		sched_yield();
	}
	sdxi_vdev_shm_leave(&shm);
	return NULL;
}

static void *
other_main(void *arg)
{
	*(uint64_t *)arg = sdxi_vdev_remote_ops.reg_read(&remote_fn, 16);
	return NULL;
}

static void
expect_no_answer(void)
{
	begin();
	clock_step_ms = 50;
	assert_true(sdxi_vdev_remote_ops.reg_read(&remote_fn, 8) == UINT64_MAX);
	clock_step_ms = 0;
	expect_line(SAYS "no answer from the primary process for 5 s: Connection timed out");
	clock_step_ms = 50;
	assert_int_equal(sdxi_vdev_remote_ops.dma_enable(&remote_fn, true), -ETIMEDOUT);
	clock_step_ms = 0;
}

static void
test_remote(void **state)
{
	uint64_t other = 0;
	pthread_t thread;

	RTE_SET_USED(state);
	assert_int_equal(sdxi_vdev_shm_create(&shm, FN0, 8192), 0);
	remote.mailbox = shm.mailbox;
	sem_init(&server.ready, 0, 0);
	sem_init(&server.asked, 0, 0);
	sem_init(&server.answer, 0, 0);
	assert_int_equal(pthread_create(&server.thread, NULL, server_main, NULL), 0);
	while (sem_wait(&server.ready) != 0)
		;
	/* It lives and does not look: what was asked is taken back. */
	expect_no_answer();

	/* Another one holds the mailbox, whose question was taken and is not answered. */
	__atomic_store_n(&server.serve, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_create(&thread, NULL, other_main, &other), 0);
	while (sem_wait(&server.asked) != 0)
		;
	expect_no_answer();
	sem_post(&server.answer);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(other == 17 || other == UINT64_MAX);

	/* The same of one's own; and then the mailbox is not free. */
	begin();
	clock_step_ms = 50;
	assert_true(sdxi_vdev_remote_ops.reg_read(&remote_fn, 8) == UINT64_MAX);
	clock_step_ms = 0;
	while (sem_wait(&server.asked) != 0)
		;
	expect_no_answer();
	sem_post(&server.answer);
	sem_post(&server.answer);
	assert_true(sdxi_vdev_remote_ops.reg_read(&remote_fn, 8) == 9);

	__atomic_store_n(&server.exit, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(server.thread, NULL), 0);
	assert_true(sdxi_vdev_remote_ops.reg_read(&remote_fn, 8) == UINT64_MAX);
	assert_int_equal(sdxi_vdev_remote_ops.dma_enable(&remote_fn, true), -ENODEV);
	sdxi_vdev_shm_free(&shm);
}

static int
teardown(void **state)
{
	holder_end();
	return td_teardown(state);
}

int
main(int argc, char **argv)
{
#define LOCK_TEST(f) cmocka_unit_test_setup_teardown(f, td_setup, teardown)
	const struct CMUnitTest tests[] = {
		TD_TEST(test_active),
		TD_TEST(test_stop_ladder),
		TD_TEST(test_admin),
		TD_TEST(test_admin_room),
		TD_TEST(test_cxt_start),
		TD_TEST(test_cxt_stop_soft),
		TD_TEST(test_cxt_stop),
		TD_TEST(test_cxt_stop_never),
		TD_TEST(test_recover),
		TD_TEST(test_step),
		LOCK_TEST(test_lock_device),
		LOCK_TEST(test_lock_admin),
		LOCK_TEST(test_lock_errlog),
		TD_TEST(test_remote),
	};
#undef LOCK_TEST

	main_thread = pthread_self();
	if (!td_eal_init_linked(argv[0], 128))
		return 1;
	return TD_RUN("driver, waits", tests, argc > 1 ? argv[1] : NULL);
}
