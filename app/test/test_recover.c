/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Recovery from failures, hangs and stops, on the function model of test_fn.h, running rounds of
 * the control thread explicitly. The data path is polled in between; each call must not read a
 * register, wait or log.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "test_eal.h"
#include "test_fn.h"

#define OK	RTE_DMA_STATUS_SUCCESSFUL
#define NOT	RTE_DMA_STATUS_NOT_ATTEMPTED
#define SRC	RTE_DMA_STATUS_INVALID_SRC_ADDR
#define UNKNOWN RTE_DMA_STATUS_ERROR_UNKNOWN
#define FENCE	RTE_DMA_OP_FLAG_FENCE
#define SUBMIT	RTE_DMA_OP_FLAG_SUBMIT
#define S	UINT64_C(1000000) /* in us */

static struct sdxi_dev *dev;
static struct sdxi_vchan *vc;
static struct rte_dma_fp_object fp;

static int
start(bool silent)
{
	dev = fn_create();
	fn.next[STOP_SF] = STOP;
	dev->args.watchdog_ms = 30000;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(sdxi_fn_alloc(dev, 2), 0);
	fn_vchans(dev, 2, silent);
	vc = dev->vchans;
	assert_int_equal(sdxi_fn_up(dev), 0);
	assert_int_equal(sdxi_vchans_start(dev, 0, 1), 0);
	dev->started = 1;
	sdxi_datapath_set(&fp, dev);
	memset(fn.cmds, 0, sizeof(fn.cmds));
	fn_log_forget();
	return 0;
}

static int
setup(__rte_unused void **state)
{
	return start(false);
}

static int
setup_silent(__rte_unused void **state)
{
	return start(true);
}

static int
teardown(__rte_unused void **state)
{
	fn_destroy(dev);
	return 0;
}

/* ---- data path ---- */

static unsigned int reads_before, lines_before;
static uint64_t slept_before;

static void
watch(void)
{
	reads_before = fn.reads;
	slept_before = fn.slept;
	lines_before = fn_logged("\n");
}

static void
expect_quiet(void)
{
	assert_int_equal(fn.reads, reads_before);
	assert_int_equal(fn.slept, slept_before);
	assert_int_equal(fn_logged("\n"), lines_before);
}

/* Enqueue copies to 1000, 2000, ..., one per character, fenced where it is '|'. */
static void
enqueue(uint16_t vchan, const char *ops)
{
	uint64_t dst;

	watch();
	for (dst = 1000; *ops != '\0'; ops++, dst += 1000)
		assert_true(fp.copy(dev, vchan, UINT64_C(1) << 40, dst, 64,
				    *ops == '|' ? FENCE : 0) >= 0);
	fp.submit(dev, vchan);
	expect_quiet();
}

static enum rte_dma_status_code status[64];
static uint16_t last_index;

static unsigned int
completed_status(uint16_t vchan)
{
	unsigned int n;

	watch();
	n = fp.completed_status(dev, vchan, RTE_DIM(status), &last_index, status);
	expect_quiet();
	return n;
}

/* Nothing is reported, and no error. */
static void
expect_nothing(uint16_t vchan)
{
	bool has_error = false;

	assert_int_equal(completed_status(vchan), 0);
	watch();
	assert_int_equal(fp.completed(dev, vchan, 8, &last_index, &has_error), 0);
	assert_false(has_error);
	fp.burst_capacity(dev, vchan);
	expect_quiet();
}

/* The results that the control thread found are reported: exactly these, in order. */
static void
expect(uint16_t vchan, unsigned int nb, ...)
{
	unsigned int n, i;
	va_list ap;

	n = completed_status(vchan);
	assert_int_equal(n, nb);
	va_start(ap, nb);
	for (i = 0; i < n; i++)
		assert_int_equal(status[i], va_arg(ap, int));
	va_end(ap);
}

static void
service(void)
{
	sdxi_service(dev, false);
}

static void
service_periodic(void)
{
	sdxi_service(dev, true);
}

/* The function executes the rest of a context: copies to these thousands. */
static void
expect_ran(uint16_t num, unsigned int nb, ...)
{
	unsigned int i;
	va_list ap;

	fn.nb_ran = 0;
	fn_exec(num, UINT32_MAX);
	assert_int_equal(fn.nb_ran, nb);
	va_start(ap, nb);
	for (i = 0; i < nb; i++)
		assert_int_equal(fn.ran[i], va_arg(ap, int) * 1000);
	va_end(ap);
}

/* The context works like a new one: wrap its ring several times, with wide operations. */
static void
expect_sound(uint16_t vchan)
{
	struct rte_dma_sge src[5], dst = { 1000, 5 * 8 };
	unsigned int i, j;

	for (j = 0; j < 5; j++)
		src[j] = (struct rte_dma_sge){ (1 << 20) + j * 100, 8 };
	/* NOPs that recovery put in place of settled operations. */
	fn_exec(vchan + 1, UINT32_MAX);
	for (i = 0; i < 60; i++) {
		for (j = 0; j < 5; j++)
			assert_true(fp.copy_sg(dev, vchan, src, &dst, 5, 1, 0) >= 0);
		enqueue(vchan, "--|--");
		assert_int_equal(fn_exec(vchan + 1, 100), 5 * 5 + 5);
		assert_int_equal(completed_status(vchan), 10);
		assert_int_equal(status[i % 10], OK);
	}
	assert_int_equal(vc[vchan].word, SDXI_WORD_RUNNING);
}

/* The next descriptor fails, and the context stops. */
static void
fail_and_stop(uint16_t num)
{
	fn_log_entry(LOG_SRC(1), num, fn_fail(num));
	fn_cxt_state(num, ERR_FN);
}

/* ---- stopped contexts ---- */

/* The third of ten fails: see the driver's guarantees. */
static void
test_third_of_ten(__rte_unused void **state)
{
	bool has_error = false;

	enqueue(0, "-----");
	expect_ran(1, 5, 1, 2, 3, 4, 5);
	expect(0, 5, OK, OK, OK, OK, OK);
	enqueue(0, "----------");
	enqueue(1, "--");
	assert_int_equal(fn_exec(1, 2), 2);
	fail_and_stop(1);
	assert_int_equal(fp.completed(dev, 0, 64, &last_index, &has_error), 2);
	assert_false(has_error);
	expect_nothing(0);
	assert_int_equal(vc[0].word, SDXI_WORD_STOPPED);
	service();
	assert_string_equal(fn.cmds, "sYUCUCS");
	assert_int_equal(fn_logged("\n"), 1);
	assert_int_equal(fn_logged("vchan 0: context 1 has stopped: 1 operations have failed, 7 run "
				   "again; error log: context 1, descriptor 7, buffer 0, data"), 1);
	/* From index 0: a NOP in place of the failed operation, and the seven after it. */
	assert_int_equal(fn_le(fn.cxt[1].write_index, 8), 8);
	assert_int_equal(fn_le(&fn_db[FN_STRIDE / 8], 8), 8);
	assert_int_equal(fn_le(fn.cxt[1].ring, 8), 0x00010101);
	assert_int_equal(fn_le(fn.cxt[1].ring + 56, 8), 1);
	assert_int_equal(fp.completed(dev, 0, 64, &last_index, &has_error), 0);
	assert_true(has_error);
	expect(0, 1, SRC);
	assert_int_equal(last_index, 7);
	expect_ran(1, 7, 4, 5, 6, 7, 8, 9, 10);
	expect(0, 7, OK, OK, OK, OK, OK, OK, OK);
	assert_int_equal(last_index, 14);
	expect_sound(0);
	/* The other vchan has continued in the meantime. */
	expect_ran(2, 2, 1, 2);
	expect(1, 2, OK, OK);
	assert_int_equal(vc[1].recoveries, 0);
}

/* Fences on either side, operations that had begun, failures in a burst. */
static void
test_fences(__rte_unused void **state)
{
	enqueue(0, "--|---|--");
	assert_int_equal(fn_exec(1, 3), 3);
	fn_log_entry(LOG_SRC(0), 1, fn_fail(1));
	fn_take(1);
	fail_and_stop(1);
	expect(0, 3, OK, OK, OK);
	expect_nothing(0);
	service();
	expect(0, 1, SRC);
	expect_ran(1, 1, 5);
	expect(0, 5, OK, SRC, NOT, NOT, NOT);
	assert_int_equal(last_index, 8);
	/* A fence enqueued later is independent. */
	enqueue(0, "|-");
	expect_ran(1, 2, 1, 2);
	expect(0, 2, OK, OK);
	assert_int_equal(vc[0].errors, 5);
	expect_sound(0);
}

/* An operation below Read_Index that a later fenced one has passed may have been executed. */
static void
test_passed_by_fence(__rte_unused void **state)
{
	enqueue(0, "-|-");
	fn_take(1);
	assert_int_equal(fn_exec(1, 1), 1);
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	service();
	expect(0, 3, UNKNOWN, OK, NOT);
	expect_sound(0);
}

/* Only CXT_STS shows the stop: no completion block, no log, or a wrong log entry. */
static void
test_stop_without_trace(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			setup(state);
		enqueue(0, "---");
		if (i == 1)
			fn.err_sts = 0xb;
		if (i == 2) /* from the previous round of the ring */
			fn_log_entry(LOG_SRC(1), 1, 1024);
		if (i == 3)
			fn_log_entry(LOG_SRC(0) & ~LOG_DIV, 1, 0);
		fn_take(1);
		fn_cxt_state(1, ERR_FN);
		expect_nothing(0);
		service();
		/* The cause is not known, so all run again. */
		assert_string_equal(fn.cmds, "sYUCUCS");
		expect_ran(1, 3, 1, 2, 3);
		expect(0, 3, OK, OK, OK);
		assert_int_equal(vc[0].errors, 0);
		/* er only: it failed for an unknown reason. */
		enqueue(0, "--");
		fn_fail(1);
		fn_cxt_state(1, ERR_FN);
		expect_nothing(0);
		service();
		expect_ran(1, 1, 2);
		expect(0, 2, UNKNOWN, OK);
		if (i < 3)
			teardown(state);
	}
}

/* Old log entries must not refer to slots of the new ring. */
static void
test_old_log(__rte_unused void **state)
{
	enqueue(0, "--");
	expect_ran(1, 2, 1, 2);
	expect(0, 2, OK, OK);
	enqueue(0, "----");
	fail_and_stop(1);
	expect_nothing(0);
	service();
	expect(0, 1, SRC);
	/* Descriptor 2 failed before; now it belongs to the third operation. */
	assert_int_equal(fn_exec(1, 2), 2);
	expect(0, 1, OK);
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	service();
	expect_ran(1, 2, 3, 4);
	expect(0, 2, OK, OK);
}

/* If the context stops at each run, the oldest operation that is not done is blamed. */
static void
test_blame(__rte_unused void **state)
{
	unsigned int i;

	enqueue(0, "----");
	for (i = 0; i < 5; i++) {
		/* The second one stops the context, and is now the first to run again. */
		assert_int_equal(fn_exec(1, i == 0 ? 1 : 0), i == 0);
		fn_cxt_state(1, STOP_FN);
		if (i == 0)
			expect(0, 1, OK);
		expect_nothing(0);
		service();
		if (i == 1)
			break;
	}
	expect(0, 1, UNKNOWN);
	expect_ran(1, 2, 3, 4);
	expect(0, 2, OK, OK);
	assert_int_equal(vc[0].recoveries, 2);
}

/* Operations of several descriptors: one failed part fails it, and all parts run again. */
static void
test_wide(__rte_unused void **state)
{
	const struct rte_dma_sge src[3] = { { 1 << 20, 8 }, { 2 << 20, 8 }, { 3 << 20, 8 } };
	const struct rte_dma_sge dst[3] = { { 1000, 8 }, { 2000, 8 }, { 3000, 8 } };
	unsigned int i;

	for (i = 0; i < 3; i++)
		assert_int_equal(fp.copy_sg(dev, 0, src, dst, 3, 3, 0), i);
	fp.submit(dev, 0);
	assert_int_equal(fn_exec(1, 4), 4);
	fail_and_stop(1);
	expect(0, 1, OK);
	expect_nothing(0);
	service();
	expect(0, 1, SRC);
	expect_ran(1, 3, 1, 2, 3);
	expect(0, 1, OK);
	/* A partly executed one runs again completely. */
	assert_int_equal(fp.copy_sg(dev, 0, src, dst, 3, 3, SUBMIT), 3);
	assert_int_equal(fn_exec(1, 2), 2);
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	service();
	expect_ran(1, 3, 1, 2, 3);
	expect(0, 1, OK);
	expect_sound(0);
}

/* Operations submitted during recovery are executed afterwards. */
static void
test_submit_in_recovery(__rte_unused void **state)
{
	enqueue(0, "--");
	assert_int_equal(fp.copy(dev, 0, 1 << 20, 3000, 64, 0), 2);
	fail_and_stop(1);
	expect_nothing(0);
	fp.submit(dev, 0);
	service();
	assert_int_equal(fn_le(fn.cxt[1].write_index, 8), 2);
	expect(0, 1, SRC);
	assert_int_equal(fn_le(fn.cxt[1].write_index, 8), 3);
	expect_ran(1, 2, 2, 3);
	expect(0, 2, OK, OK);
	expect_sound(0);
}

/* Read_Index is invalid: ignore it, and rebuild the context. */
static void
test_bad_read_index(void **state)
{
	enqueue(0, "---");
	assert_int_equal(fn_exec(1, 1), 1);
	fn.cxt[1].sts[15] = 0x80;
	expect(0, 1, OK);
	watch();
	while (fp.copy(dev, 0, 1 << 20, 4000, 64, 0) >= 0)
		;
	expect_quiet();
	expect_nothing(0);
	service();
	assert_string_equal(fn.cmds, "sYUCUCS");
	assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
	expect_ran(1, 2, 2, 3);
	expect(0, 2, OK, OK);
	/* A Read_Index that goes back does not prove that passed operations are outstanding. */
	teardown(state);
	setup(state);
	enqueue(0, "-|");
	fn_take(1);
	assert_int_equal(fn_exec(1, 1), 1);
	assert_int_equal(fp.fill(dev, 0, 0, 1000, 8192, SUBMIT), 2);
	fn.cxt[1].sts[8] = 0;
	assert_int_equal(fp.fill(dev, 0, 0, 1000, 8192, 0), -ENOSPC);
	expect_nothing(0);
	service();
	expect(0, 3, UNKNOWN, OK, NOT);
}

/* A function that continues after errors: no command is sent. */
static void
test_continuing(__rte_unused void **state)
{
	enqueue(0, "-----");
	assert_int_equal(fn_exec(1, 1), 1);
	fn_log_entry(LOG_SRC(0), 1, fn_fail(1));
	assert_int_equal(fn_exec(1, 1), 1);
	/* This time without a log entry. */
	fn_fail(1);
	expect(0, 1, OK);
	expect_nothing(0);
	service();
	assert_string_equal(fn.cmds, "");
	assert_int_equal(fn.slept, 100000); /* in us */
	assert_int_equal(fn_logged("vchan 0: context 1: 2 operations have failed"), 1);
	expect(0, 3, SRC, OK, UNKNOWN);
	expect_ran(1, 1, 5);
	expect(0, 1, OK);
	expect_sound(0);
	assert_int_equal(vc[0].errors, 2);
	assert_int_equal(vc[0].recoveries, 0);
}

/* A completion block that cannot be written may appear late while the context runs, so stop it. */
static void
test_continuing_without_block(__rte_unused void **state)
{
	enqueue(0, "---");
	assert_int_equal(fn_exec(1, 1), 1);
	fn_log_entry(LOG_ALL | 8 << 8 | UINT64_C(2) << 40, 1, fn_take(1));
	expect(0, 1, OK);
	service_periodic();
	assert_int_equal(vc[0].word, SDXI_WORD_STOPPING);
	expect_nothing(0);
	service();
	expect(0, 1, RTE_DMA_STATUS_BUS_ERROR);
	expect_ran(1, 1, 3);
	expect(0, 1, OK);
	expect_sound(0);
	assert_int_equal(vc[0].recoveries, 1);
}

/* Log entry and completion block arrive separately, in either order; neither wait times out. */
static void
test_continuing_apart(__rte_unused void **state)
{
	uint64_t index;

	/* The entry first, the block later; triggered only by the interrupt. */
	enqueue(0, "--");
	index = fn_take(1);
	fn_log_entry(LOG_SRC(0), 1, index);
	dev->irq = 1;
	service();
	assert_int_equal(vc[0].word, SDXI_WORD_STOPPING);
	expect_nothing(0);
	vc[0].cxt.line[index].blk.flags = rte_cpu_to_le_32(UINT32_C(1) << 31);
	vc[0].cxt.line[index].blk.signal = 0;
	service();
	assert_int_equal(fn.slept, 0);
	expect(0, 1, SRC);
	assert_int_equal(fn_exec(1, 1), 1);
	expect(0, 1, OK);
	/* A wrong log entry: a completed operation stays completed. */
	enqueue(0, "-");
	assert_int_equal(fn_exec(1, 1), 1);
	fn_log_entry(LOG_SRC(0), 1, 2);
	dev->irq = 1;
	service();
	expect(0, 1, OK);
	expect_nothing(0);
	service();
	assert_string_equal(fn.cmds, "");
	expect_sound(0);
}

/* A fence enqueued before a failure was known, on a context that stops later. */
static void
test_continuing_then_stop(__rte_unused void **state)
{
	enqueue(0, "--|-");
	fn_log_entry(LOG_SRC(0), 1, fn_fail(1));
	expect_nothing(0);
	service();
	expect(0, 1, SRC);
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	service();
	expect_ran(1, 1, 2);
	expect(0, 3, OK, NOT, NOT);
	expect_sound(0);
}

/* ---- hangs ---- */

static void
let_time_pass(unsigned int ms)
{
	unsigned int round;

	for (round = 0; round <= ms / 100; round++)
		service_periodic();
}

static void
test_watchdog(__rte_unused void **state)
{
	unsigned int i;

	enqueue(0, "---");
	let_time_pass(0);
	/* Any change of Read_Index or a completion block is progress. */
	for (i = 0; i < 2; i++) {
		let_time_pass(10000);
		if (i == 0)
			fn_take(1);
		else
			vc[0].cxt.line[0].blk.signal = 0;
		let_time_pass(10000);
		assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
	}
	expect(0, 1, OK);
	let_time_pass(40000);
	assert_int_equal(vc[0].word, SDXI_WORD_STOPPING);
	/* A vchan with nothing outstanding, or with results not polled, does not hang. */
	assert_int_equal(vc[1].word, SDXI_WORD_RUNNING);
	expect_nothing(0);
	service();
	assert_int_equal(fn_logged("has stopped, as nothing moved: 0 operations have failed, 2 run"),
			 1);
	/* Hung twice without progress in between: the oldest is blamed. */
	let_time_pass(0);
	let_time_pass(40000);
	expect_nothing(0);
	service();
	expect(0, 1, UNKNOWN);
	expect_ran(1, 1, 3);
	let_time_pass(40000);
	let_time_pass(40000);
	assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
	expect(0, 1, OK);
	let_time_pass(40000);
	let_time_pass(40000);
	assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
	/* Disabled. */
	dev->args.watchdog_ms = 0;
	enqueue(0, "-");
	let_time_pass(40000);
	let_time_pass(400000);
	assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
}

/* Without requests, no register is read between periods. */
static void
test_nothing_to_do(__rte_unused void **state)
{
	enqueue(0, "-");
	watch();
	service();
	expect_quiet();
	service_periodic();
	assert_true(fn.reads > reads_before);
	assert_int_equal(fn_logged("\n"), 0);
	assert_string_equal(fn.cmds, "");
}

/* ---- function resets ---- */

/* All contexts are in the tables when ACTIVE is requested, and none runs. */
static void
expect_tables(uint32_t off)
{
	if (off != CTL0 || (fn.access[fn.nb_access - 1].val & 3) != ACTIVATE)
		return;
	fn_check_context(0, 1024);
	fn_check_context(1, 1024);
	fn_check_context(2, 1024);
}

/* A recovery command is refused or not completed: the function is reset, and traffic continues. */
static void
test_command_refused(void **state)
{
	static const char * const cmd[] = { "U", "C", "s", "Y", "S" };
	static const char * const cmds[] = { "sYUSS", "sYUCSS", "sSS", "sYSS", "sYUCUCSSS" };
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(cmd); i++) {
		if (i > 0)
			setup(state);
		enqueue(0, "-----");
		enqueue(1, "-----");
		assert_int_equal(fn_exec(2, 2), 2);
		fn_take(2);
		assert_int_equal(fn_exec(1, 1), 1);
		fail_and_stop(1);
		expect(0, 1, OK);
		expect_nothing(0);
		if (i % 2 == 0)
			fn.refused = cmd[i / 2];
		else
			fn.ignored = cmd[i / 2];
		fn.nb_access = 0;
		fn.on_access = expect_tables;
		/* A reset clears that fault. */
		fn.heals = true;
		service();
		assert_int_equal(fn.state, ACTIVE);
		assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
		assert_int_equal(dev->resets, 1);
		/* The other vchan was not released in time; it starts once it is. */
		assert_int_equal(vc[1].word, SDXI_WORD_STOPPING);
		expect(1, 2, OK, OK);
		expect_nothing(1);
		service();
		assert_string_equal(fn.cmds, cmds[i / 2]);
		expect(0, 1, SRC);
		expect_ran(1, 3, 3, 4, 5);
		expect(0, 3, OK, OK, OK);
		expect_ran(2, 3, 3, 4, 5);
		expect(1, 3, OK, OK, OK);
		assert_int_equal(vc[1].errors, 0);
		expect_sound(0);
		expect_sound(1);
		if (i < 2 * RTE_DIM(cmd) - 1)
			teardown(state);
	}
}

/* A context that does not stop, though the command completes. */
static void
test_does_not_stop(__rte_unused void **state)
{
	uint8_t other[16] __attribute__((aligned(16))) = { 0 };

	enqueue(0, "--");
	assert_int_equal(fn_exec(1, 1), 1);
	fn_log_entry(LOG_SRC(1), 1, fn_take(1));
	expect(0, 1, OK);
	dev->irq = 1;
	service();
	expect_nothing(0);
	fn.cxt[1].sts = other;
	service();
	assert_string_equal(fn.cmds, "shYS");
	assert_int_equal(dev->resets, 1);
	expect(0, 1, SRC);
	expect_sound(0);
}

/* A function in ERROR: blame the operation in the log, otherwise the oldest if it happens again. */
static void
test_function_error(__rte_unused void **state)
{
	unsigned int i;

	fn.next[RESET] = STOP;
	enqueue(0, "---");
	enqueue(1, "-");
	for (i = 0; i < 2; i++) {
		fn.state = ERROR;
		service_periodic();
		assert_int_equal(fn.state, ACTIVE);
		expect_nothing(0);
		service();
		assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
	}
	expect(0, 1, UNKNOWN);
	expect_ran(1, 2, 2, 3);
	expect(0, 2, OK, OK);
	/* The other vchan's data path was late: its context has been running only since now. */
	expect_nothing(1);
	service();
	expect_ran(2, 1, 1);
	expect(1, 1, OK);
	/* The log names one, so the other one is not blamed. */
	enqueue(0, "--");
	enqueue(1, "--");
	for (i = 0; i < 2; i++) {
		fn.state = ERROR;
		if (i == 1)
			fn_log_entry(LOG_SRC(2), 1, 1);
		service_periodic();
		expect_nothing(0);
		expect_nothing(1);
		service();
	}
	expect_ran(1, 1, 1);
	expect(0, 2, OK, SRC);
	expect_ran(2, 2, 1, 2);
	expect(1, 2, OK, OK);
	/* The log names a context without a descriptor, twice: its oldest operation is blamed. */
	enqueue(0, "--");
	enqueue(1, "--");
	for (i = 0; i < 2; i++) {
		fn.state = ERROR;
		fn_log_entry(LOG_SRC(2) & ~SDXI_ERRLOG_DIV, 1, 0);
		service_periodic();
		expect_nothing(0);
		expect_nothing(1);
		service();
	}
	expect(0, 1, UNKNOWN);
	expect_ran(1, 1, 2);
	expect(0, 1, OK);
	expect_ran(2, 2, 1, 2);
	expect(1, 2, OK, OK);
	/* Operations that were not submitted are not blamed. */
	enqueue(0, "-");
	assert_true(fp.copy(dev, 1, 1 << 20, 1000, 8, FENCE) >= 0);
	for (i = 0; i < 2; i++) {
		fn.state = ERROR;
		service_periodic();
		expect_nothing(0);
		expect_nothing(1);
		service();
	}
	expect(0, 1, UNKNOWN);
	expect_nothing(1);
	fp.submit(dev, 1);
	expect_ran(2, 1, 1);
	expect(1, 1, OK);
	expect_sound(0);
	expect_sound(1);
}

/* Function level reset, several times, registers absent for 200 ms: nothing is blamed. */
static void
test_flr(__rte_unused void **state)
{
	unsigned int i;

	enqueue(0, "--");
	enqueue(1, "-");
	for (i = 0; i < 10; i++) {
		fn.state = STOP;
		fn.absent = true;
		fn.absent_val = i % 2 == 0 ? 0 : UINT64_MAX;
		fn.back_at = fn.slept + 200000;
		service_periodic();
		assert_false(fn.absent);
		expect_nothing(0);
		expect_nothing(1);
		service();
		assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
		assert_int_equal(vc[1].word, SDXI_WORD_RUNNING);
		/* Without any progress, the third time counts as a failure of the function. */
		if (i % 2 == 1) {
			fn.nb_ran = 0;
			assert_int_equal(fn_exec(1, 1), 1);
			expect(0, 1, OK);
			enqueue(0, "-");
		}
	}
	assert_int_equal(dev->failed, false);
	assert_int_equal(vc[0].errors + vc[1].errors, 0);
	expect_ran(2, 1, 1);
	expect(1, 1, OK);
	/* When idle, the number of resets is not limited. */
	expect_ran(1, 2, 1, 1);
	expect(0, 2, OK, OK);
	for (i = 0; i < 10; i++) {
		fn.state = STOP;
		service_periodic();
		expect_nothing(0);
		expect_nothing(1);
		service();
	}
	expect_sound(0);
	expect_sound(1);
}

/* A failed vchan: outstanding operations are reported, and nothing is accepted. */
static void
expect_failed(uint16_t vchan)
{
	const struct rte_dma_dev dmadev = { .fp_obj = &fp };
	enum rte_dma_vchan_status st;

	assert_int_equal(vc[vchan].word, SDXI_WORD_FAILED);
	watch();
	assert_int_equal(fp.copy(dev, vchan, 1 << 20, 1000, 64, 0), -EIO);
	assert_int_equal(fp.fill(dev, vchan, 0, 1000, 8192, 0), -EIO);
	assert_int_equal(fp.burst_capacity(dev, vchan), 0);
	assert_int_equal(sdxi_vchan_status(&dmadev, vchan, &st), 0);
	assert_int_equal(st, RTE_DMA_VCHAN_HALTED_ERROR);
	/* Submit has no effect. */
	fn_db[FN_STRIDE / 8 * (vchan + 1)] = 77;
	fp.submit(dev, vchan);
	assert_int_equal(fn_db[FN_STRIDE / 8 * (vchan + 1)], 77);
	expect_quiet();
	expect_nothing(vchan);
}

/* It cannot be activated: three attempts, with pauses, then all vchans fail. */
static void
test_no_activation(__rte_unused void **state)
{
	unsigned int i, activations = 0;

	fn.next[RESET] = STOP;
	fn.next[ACTIVATE] = ERROR;
	enqueue(0, "----");
	assert_int_equal(fp.copy(dev, 0, 1 << 20, 5000, 64, 0), 4);
	enqueue(1, "-");
	assert_int_equal(fn_exec(1, 1), 1);
	fn_fail(1);
	fn_log_entry(LOG_SRC(2), 1, fn_take(1));
	fn.state = ERROR;
	fn.nb_access = 0;
	service_periodic();
	for (i = 0; i < fn.nb_access; i++)
		activations += fn.access[i].off == CTL0 && (fn.access[i].val & 3) == ACTIVATE;
	assert_int_equal(activations, 3);
	assert_int_equal(fn.access[fn.nb_access - 1].off, DMA_OFF);
	assert_in_range(fn.slept, 300000, 10 * S);
	assert_int_equal(fn_logged("function has failed"), 1);
	/* Each once its data path releases it. */
	expect(0, 1, OK);
	expect_nothing(0);
	service();
	expect(0, 4, UNKNOWN, SRC, UNKNOWN, NOT);
	expect_failed(0);
	assert_int_equal(vc[1].word, SDXI_WORD_STOPPING);
	expect_nothing(1);
	service();
	expect(1, 1, UNKNOWN);
	expect_failed(1);
	/* The function is not accessed any more. */
	watch();
	service_periodic();
	expect_quiet();
}

/* It can be activated, but makes no progress, three times. */
static void
test_no_progress(__rte_unused void **state)
{
	fn.next[RESET] = STOP;
	enqueue(0, "--");
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	fn.refused = "S";
	service();
	assert_string_equal(fn.cmds, "sYUCUCSSSS");
	assert_true(dev->failed);
	expect(0, 2, UNKNOWN, UNKNOWN);
	expect_failed(0);
}

/* The same if it is reset externally again and again with operations outstanding. */
static void
test_reset_from_outside(__rte_unused void **state)
{
	unsigned int i;

	enqueue(0, "--");
	for (i = 0; i < 4; i++) {
		assert_false(dev->failed);
		fn.state = STOP;
		service_periodic();
		expect_nothing(0);
		service();
	}
	expect(0, 2, UNKNOWN, UNKNOWN);
	expect_failed(0);
}

/* Registers do not come back: the wait is bounded, and memory is not freed too early. */
static void
test_gone(__rte_unused void **state)
{
	enqueue(0, "--");
	fn.absent = true;
	fn.absent_val = UINT64_MAX;
	service_periodic();
	assert_true(dev->failed);
	assert_in_range(fn.slept, 3 * S, 6 * S);
	assert_int_equal(fn.access[fn.nb_access - 1].off, DMA_OFF);
	expect_nothing(0);
	service();
	expect(0, 2, UNKNOWN, UNKNOWN);
	expect_failed(0);
}

/* In silent mode the driver counts completions. */
static void
test_silent_mode(__rte_unused void **state)
{
	enqueue(0, "--|-");
	assert_int_equal(fn_exec(1, 1), 1);
	fail_and_stop(1);
	/* Without polls, the watchdog, the interrupt or the next submit starts the recovery. */
	dev->irq = 1;
	service();
	watch();
	assert_int_equal(fp.submit(dev, 0), 0);
	expect_quiet();
	service();
	assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
	assert_int_equal(fp.copy(dev, 0, 1 << 20, 9000, 64, SUBMIT), 4);
	expect_ran(1, 1, 9);
	watch();
	while (fp.copy(dev, 0, 1 << 20, 9000, 64, 0) >= 0)
		;
	expect_quiet();
	assert_int_equal(vc[0].errors, 3);
	assert_int_equal(vc[0].ring.op_tail, 5);
	assert_int_equal(completed_status(0), 0);
}

/* Results of outstanding operations after a stop, from the state of a stopped context. */
static void
test_stop(void **state)
{
	const struct rte_dma_sge src[2] = { { 1 << 20, 8 }, { 2 << 20, 8 } };
	const struct rte_dma_sge dst[2] = { { 1000, 8 }, { 2000, 8 } };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			setup(state);
		enqueue(0, "---");
		assert_int_equal(fp.copy_sg(dev, 0, src, dst, 2, 2, 0), 3);
		assert_int_equal(fp.copy_sg(dev, 0, src, dst, 2, 2, SUBMIT), 4);
		assert_int_equal(fp.copy(dev, 0, 1 << 20, 6000, 64, 0), 5);
		fn_take(1);
		assert_int_equal(fn_exec(1, 1), 1);
		fn_fail(1);
		/* An operation that has begun was attempted. */
		assert_int_equal(fn_exec(1, 1), 1);
		/* A running context and an invalid Read_Index provide no information. */
		if (i == 2)
			fn.cxt[1].sts[15] = 0x80;
		sdxi_vchan_release(&vc[0], i == 3);
		sdxi_vchan_fail(&vc[0], i != 1);
		if (i == 0)
			expect(0, 6, UNKNOWN, OK, UNKNOWN, UNKNOWN, NOT, NOT);
		else
			expect(0, 6, UNKNOWN, OK, UNKNOWN, UNKNOWN, UNKNOWN, NOT);
		expect_failed(0);
		if (i < 3)
			teardown(state);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_third_of_ten),
		TEST(test_fences),
		TEST(test_passed_by_fence),
		TEST(test_stop_without_trace),
		TEST(test_old_log),
		TEST(test_blame),
		TEST(test_wide),
		TEST(test_submit_in_recovery),
		TEST(test_bad_read_index),
		TEST(test_continuing),
		TEST(test_continuing_without_block),
		TEST(test_continuing_apart),
		TEST(test_continuing_then_stop),
		TEST(test_watchdog),
		TEST(test_nothing_to_do),
		TEST(test_command_refused),
		TEST(test_does_not_stop),
		TEST(test_function_error),
		TEST(test_flr),
		TEST(test_no_activation),
		TEST(test_no_progress),
		TEST(test_reset_from_outside),
		TEST(test_gone),
		cmocka_unit_test_setup_teardown(test_silent_mode, setup_silent, teardown),
		TEST(test_stop),
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
