/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Recovery: what fails, hangs and stops, on a function that the test plays, with the control
 * thread's rounds made by hand. Between them the data path is polled, of which each call is checked
 * to read no register, to wait for nothing and to log nothing.
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
#define S	UINT64_C(1000000) /* us */

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

/* The data path. */

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

/* Copies to 1000, 2000, ...: as many as the text has characters, fenced where it is a "|". */
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

/* Nothing is reported, and nothing is said to have failed. */
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

/* What the control thread has found is reported: exactly these, in this order. */
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

/* The context is as good as new: more turns of its ring than one, wide operations among them. */
static void
expect_sound(uint16_t vchan)
{
	struct rte_dma_sge src[5], dst = { 1000, 5 * 8 };
	unsigned int i, j;

	for (j = 0; j < 5; j++)
		src[j] = (struct rte_dma_sge){ (1 << 20) + j * 100, 8 };
	/* What recovery has put in the place of what it has settled. */
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

/* A context stops. */

/* The third of ten fails: see the driver's promise. */
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
	/* From index 0: a NOP in the place of the one that failed, and the seven after it. */
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
	/* The other vchan has gone on meanwhile. */
	expect_ran(2, 2, 1, 2);
	expect(1, 2, OK, OK);
	assert_int_equal(vc[1].recoveries, 0);
}

/* Fences on either side, operations that were begun, failures in a burst. */
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
	/* A fence that is enqueued after all that is one of its own. */
	enqueue(0, "|-");
	expect_ran(1, 2, 1, 2);
	expect(0, 2, OK, OK);
	assert_int_equal(vc[0].errors, 5);
	expect_sound(0);
}

/* One below Read_Index that a later, fenced one has passed may have been executed. */
static void
test_passed(__rte_unused void **state)
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

/* Nothing but CXT_STS tells: no block, no log, or a log that says nothing true. */
static void
test_silent_death(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			setup(state);
		enqueue(0, "---");
		if (i == 1)
			fn.err_sts = 0xb;
		if (i == 2) /* of the turn before */
			fn_log_entry(LOG_SRC(1), 1, 1024);
		if (i == 3)
			fn_log_entry(LOG_SRC(0) & ~LOG_DIV, 1, 0);
		fn_take(1);
		fn_cxt_state(1, ERR_FN);
		expect_nothing(0);
		service();
		/* Nobody knows what failed, so all runs again. */
		assert_string_equal(fn.cmds, "sYUCUCS");
		expect_ran(1, 3, 1, 2, 3);
		expect(0, 3, OK, OK, OK);
		assert_int_equal(vc[0].errors, 0);
		/* er alone: that it failed, but not how. */
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

/* What the log has said of a slot is not said of the ring that is made again. */
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
	/* Descriptor 2 has failed; now it is the third operation's. */
	assert_int_equal(fn_exec(1, 2), 2);
	expect(0, 1, OK);
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	service();
	expect_ran(1, 2, 3, 4);
	expect(0, 2, OK, OK);
}

/* The operation on which the context dies each time is found: the oldest that is not done. */
static void
test_blame(__rte_unused void **state)
{
	unsigned int i;

	enqueue(0, "----");
	for (i = 0; i < 5; i++) {
		/* The second kills the context, by now the first of what runs again. */
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

/* Operations of several descriptors: one failed part is enough, and all run again. */
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
	/* One that is half done runs again as a whole. */
	assert_int_equal(fp.copy_sg(dev, 0, src, dst, 3, 3, SUBMIT), 3);
	assert_int_equal(fn_exec(1, 2), 2);
	fn_cxt_state(1, STOP_FN);
	expect_nothing(0);
	service();
	expect_ran(1, 3, 1, 2, 3);
	expect(0, 1, OK);
	expect_sound(0);
}

/* What the user submits while the vchan is handed over is with the function afterwards. */
static void
test_submit_meanwhile(__rte_unused void **state)
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

/* Read_Index is nonsense: it says nothing, and the context is made again. */
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
	/* Nor does one that goes back say that what a fence has passed is still to come. */
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

/* A function that goes on after errors: no command is sent. */
static void
test_continuing(__rte_unused void **state)
{
	enqueue(0, "-----");
	assert_int_equal(fn_exec(1, 1), 1);
	fn_log_entry(LOG_SRC(0), 1, fn_fail(1));
	assert_int_equal(fn_exec(1, 1), 1);
	/* This time the log says nothing. */
	fn_fail(1);
	expect(0, 1, OK);
	expect_nothing(0);
	service();
	assert_string_equal(fn.cmds, "");
	assert_int_equal(fn.slept, 100000); /* us */
	assert_int_equal(fn_logged("vchan 0: context 1: 2 operations have failed"), 1);
	expect(0, 3, SRC, OK, UNKNOWN);
	expect_ran(1, 1, 5);
	expect(0, 1, OK);
	expect_sound(0);
	assert_int_equal(vc[0].errors, 2);
	assert_int_equal(vc[0].recoveries, 0);
}

/* A block that cannot be written may still come while the context runs, so that is stopped. */
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

/* An entry and its block come apart, whichever is first; neither is waited for in vain. */
static void
test_continuing_apart(__rte_unused void **state)
{
	uint64_t index;

	/* The entry is there, the block comes later; nobody has asked but the interrupt. */
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
	/* A wrong accusation: what is done is done. */
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

/* A fence that was enqueued before a failure was known, on a context that stops later. */
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

/* Hangs. */

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
	/* Whatever the function moves is a sign of life: Read_Index, a block. */
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
	/* A vchan on which nothing is outstanding, or waits to be reported only, hangs never. */
	assert_int_equal(vc[1].word, SDXI_WORD_RUNNING);
	expect_nothing(0);
	service();
	assert_int_equal(fn_logged("has stopped, as nothing moved: 0 operations have failed, 2 run"),
			 1);
	/* Twice, with nothing done in between: the oldest is to blame. */
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
	/* Off. */
	dev->args.watchdog_ms = 0;
	enqueue(0, "-");
	let_time_pass(40000);
	let_time_pass(400000);
	assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
}

/* Nobody asked for anything, so no register is read between periods. */
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

/* The function is reset. */

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

/* A command of recovery's is refused, or not answered: the function is reset, traffic goes on. */
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
		/* The function forgets that fault when it is reset. */
		fn.heals = true;
		service();
		assert_int_equal(fn.state, ACTIVE);
		assert_int_equal(vc[0].word, SDXI_WORD_RUNNING);
		assert_int_equal(dev->resets, 1);
		/* The other was not asked in time; it is started when its data path lets it go. */
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

/* A context that does not stop, though the function says so. */
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

/* A function in ERROR: to blame is whom the log names, else, if it happens again, the oldest. */
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
	/* The other vchan's data path was late, and its context has run only since now. */
	expect_nothing(1);
	service();
	expect_ran(2, 1, 1);
	expect(1, 1, OK);
	/* The log names one, so the other is not to blame. */
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
	/* It names a context and no descriptor, twice: that one's oldest operation is to blame. */
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
	/* What was not submitted is not to blame. */
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

/* Function-level reset, several times, registers absent for 200 ms: nobody is to blame. */
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
		/* Without any progress it is one that does not work: but for the third time. */
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
	/* Idle, it may be reset as often as one likes. */
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

/* A vchan on which all is over: what was outstanding is reported, and nothing is taken any more. */
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
	/* Nothing is handed over any more. */
	fn_db[FN_STRIDE / 8 * (vchan + 1)] = 77;
	fp.submit(dev, vchan);
	assert_int_equal(fn_db[FN_STRIDE / 8 * (vchan + 1)], 77);
	expect_quiet();
	expect_nothing(vchan);
}

/* It cannot be activated: three times, with pauses, and then all vchans have failed. */
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
	/* Each as its data path lets it go. */
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
	/* Nothing more is asked of the function. */
	watch();
	service_periodic();
	expect_quiet();
}

/* It can, but does nothing, as often as that. */
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

/* So is one that is reset from outside again and again while something waits to be done. */
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

/* Registers do not come back: bounded, and memory is not taken for safe before it is. */
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

/* In silent mode the driver counts for the user. */
static void
test_silent_mode(__rte_unused void **state)
{
	enqueue(0, "--|-");
	assert_int_equal(fn_exec(1, 1), 1);
	fail_and_stop(1);
	/* Nobody polls: the watchdog, the interrupt or the next submit sets it going. */
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

/* What is outstanding when the device is stopped, by what a context at rest tells. */
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
		/* One that was begun is not one that was not attempted. */
		assert_int_equal(fn_exec(1, 1), 1);
		/* A context that is not at rest, and a Read_Index that cannot be, tell nothing. */
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
		TEST(test_passed),
		TEST(test_silent_death),
		TEST(test_old_log),
		TEST(test_blame),
		TEST(test_wide),
		TEST(test_submit_meanwhile),
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
