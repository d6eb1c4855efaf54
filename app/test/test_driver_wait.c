/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Timeouts of control operations: the call returns an errno and logs device, context, expected and
 * actual state; the function had its full time, nothing leaks, and the device works again when the
 * function does.
 *
 * Timeouts of the control thread are tested in test_driver_fault.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_log.h>

#include <sdxi_emu.h>

#include "test_driver_util.h"
#include "test_vdev.h"

#define FN0 TD_NAME(0)
#define SAYS "SDXI: " FN0 ": "

enum {
	NB_DESC = 64,
	LEN = 100,
	/* Timeouts of the driver in us: for a state change, for a command. */
	STATE_US = 1000000,
	CMD_US = 2000000,
};

/* ---- replacements for EAL -------------------------------------------------------------------- */

static pthread_t main_thread;
static uint64_t slept; /* us slept by the main thread */

void
rte_delay_us_sleep(unsigned int us)
{
	static __typeof__(rte_delay_us_sleep) *real;

	if (real == NULL)
		real = TD_REAL(rte_delay_us_sleep);
	if (pthread_equal(pthread_self(), main_thread))
		slept += us;
	real(us);
}

/* One line per second is logged: make a second take no time. */
uint64_t
rte_get_tsc_hz(void)
{
	static __typeof__(rte_get_tsc_hz) *real;

	if (real == NULL)
		real = TD_REAL(rte_get_tsc_hz);
	return pthread_equal(pthread_self(), main_thread) ? 1 : real();
}

static char log_text[64 << 10];
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
	slept = 0;
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
expect_slept(uint64_t us)
{
	if (slept < us)
		fail_msg("expected a wait of %" PRIu64 " us, found %" PRIu64, us, slept);
}

/* ---- function -------------------------------------------------------------------------------- */

static int16_t id;
static uint8_t *mem;

#define INJECT(...) \
	assert_int_equal(td_vdev_inject(FN0, &(struct sdxi_emu_fault){ __VA_ARGS__ }), 0)

static void
inject_clear(void)
{
	assert_int_equal(td_vdev_inject(FN0, NULL), 0);
}

static void
open_fn(void)
{
	id = td_probe(FN0, "watchdog=0");
	td_configure(id, 1);
	td_vchan_setup(id, 0, NB_DESC);
	mem = td_alloc(2 * LEN, 64);
	td_fill(mem, LEN, 1);
}

static void
copy(unsigned int n)
{
	unsigned int i;

	memset(mem + LEN, TD_GUARD, LEN);
	for (i = 0; i < n; i++)
		td_copy(id, 0, i, mem, mem + LEN, LEN, RTE_DMA_OP_FLAG_SUBMIT);
}

/* After a stop: none of the @p n operations was executed, and @p status has what is known. */
static void
expect_outcomes(unsigned int n, enum rte_dma_status_code expected)
{
	enum rte_dma_status_code status;
	unsigned int i;
	uint16_t last;

	for (i = 0; i < n; i++) {
		assert_int_equal(rte_dma_completed_status(id, 0, 1, &last, &status), 1);
		assert_int_equal(last, i);
		assert_int_equal(status, expected);
	}
	assert_int_equal(rte_dma_completed_status(id, 0, 1, &last, &status), 0);
	assert_true(td_is_all(mem + LEN, LEN, TD_GUARD));
	assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
}

/* td_teardown() checks for leaks. */
static void
expect_works(void)
{
	inject_clear();
	assert_int_equal(rte_dma_start(id), 0);
	td_one_copy(id, 0, 0);
	assert_int_equal(rte_dma_stop(id), 0);
	assert_int_equal(rte_dma_start(id), 0);
	td_one_copy(id, 0, 0);
	td_remove(FN0);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
test_active(void **state)
{
	RTE_SET_USED(state);
	open_fn();
	INJECT(.kind = SDXI_EMU_FAULT_NO_RESET);
	begin();
	assert_int_equal(rte_dma_start(id), -EIO);
	expect_slept(STATE_US);
	expect_line(SAYS "activation: expected function state ACTIVE, found STOP");
	expect_works();
}

/* Neither the contexts nor the function stop. */
static void
test_stop_ladder(void **state)
{
	RTE_SET_USED(state);
	open_fn();
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1);
	INJECT(.kind = SDXI_EMU_FAULT_NO_RESET);
	copy(3);
	begin();
	/* The stop succeeds: bus mastering is disabled. */
	assert_int_equal(rte_dma_stop(id), 0);
	expect_slept(CMD_US + 3 * STATE_US);
	expect_line(SAYS "CXT_STOP of contexts 1 to 1: no answer; administrative context is RUN, "
		    "function ACTIVE");
	expect_line(SAYS "STOP_SF requested: expected function state STOP, found ACTIVE");
	expect_line(SAYS "STOP_HD requested: expected function state STOP, found ACTIVE");
	expect_line(SAYS "RESET requested: expected function state STOP, found ACTIVE");
	expect_outcomes(3, RTE_DMA_STATUS_ERROR_UNKNOWN);
	/* It cannot be activated either, which is an error. */
	begin();
	assert_int_equal(rte_dma_start(id), -ETIMEDOUT);
	expect_slept(3 * STATE_US);
	expect_works();
}

static void
test_start_no_answer(void **state)
{
	RTE_SET_USED(state);
	open_fn();
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 0);
	begin();
	assert_int_equal(rte_dma_start(id), -EIO);
	expect_slept(CMD_US);
	expect_line(SAYS "CXT_START_NM of contexts 1 to 1: no answer; administrative context is "
		    "RUN, function ACTIVE");
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)mem, (uintptr_t)mem + LEN, LEN, 0), -EIO);
	expect_works();
}

static void
test_start_refused(void **state)
{
	RTE_SET_USED(state);
	open_fn();
	INJECT(.kind = SDXI_EMU_FAULT_FAIL, .cxt = 0);
	begin();
	assert_int_equal(rte_dma_start(id), -EIO);
	expect_line(SAYS "CXT_START_NM of contexts 1 to 1: refused by the function; ");
	expect_works();
}

/* A context that does not stop softly is stopped hard; operations not begun are known. */
static void
test_stop_hard(void **state)
{
	RTE_SET_USED(state);
	open_fn();
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1);
	copy(3);
	begin();
	assert_int_equal(rte_dma_stop(id), 0);
	expect_slept(STATE_US);
	expect_outcomes(3, RTE_DMA_STATUS_NOT_ATTEMPTED);
	expect_works();
}

/* A context that never stops delays SYNC forever: the function is stopped instead. */
static void
test_stop_never(void **state)
{
	RTE_SET_USED(state);
	open_fn();
	assert_int_equal(rte_dma_start(id), 0);
	INJECT(.kind = SDXI_EMU_FAULT_NO_STOP, .cxt = 1);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1);
	copy(3);
	begin();
	assert_int_equal(rte_dma_stop(id), 0);
	expect_slept(STATE_US + CMD_US);
	expect_line(SAYS "SYNC(STOP) of contexts 1 to 1: no answer; administrative context is RUN, "
		    "function ACTIVE");
	expect_outcomes(3, RTE_DMA_STATUS_ERROR_UNKNOWN);
	expect_works();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TD_TEST(test_active),
		TD_TEST(test_stop_ladder),
		TD_TEST(test_start_no_answer),
		TD_TEST(test_start_refused),
		TD_TEST(test_stop_hard),
		TD_TEST(test_stop_never),
	};

	main_thread = pthread_self();
	if (!td_eal_init_linked(argv[0], 128))
		return 1;
	return TD_RUN("driver, waits", tests, argc > 1 ? argv[1] : NULL);
}
