/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The dmadev operations from the inside: what they write for the function, and what they make of
 * what a function that errs or misbehaves writes. The channel's doorbell is led astray, so that the
 * emulated function knows nothing of the operations, and the test is in its place.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_malloc.h>

#include "sdxi_dmadev.h"
#include "sdxi_vdev.h"
#include "test_eal.h"

#define DEV "dma_sdxi_emu0"
#define OPS 8

static const uint32_t er = UINT32_C(1) << 31;

static int16_t id;
static struct sdxi_vchan *vc;
static struct sdxi_cxt_sts *sts;
static uint64_t bell;
static uint8_t *mem; /* sources, and destinations LEN * SLOTS behind them */

#define LEN   64
#define SLOTS 64

static uint8_t *
src_of(uint64_t op)
{
	return mem + op % SLOTS * LEN;
}

static uint8_t *
dst_of(uint64_t op)
{
	return src_of(op) + SLOTS * LEN;
}

/* The function's registers, where the test is in its place for these as well. */
static const struct sdxi_fn_ops *real_ops;
static struct sdxi_fn_ops test_ops;
static void (*on_state_read)(void); /* called for each look at the function's state */
static void (*on_log_read)(void);   /* and into its log */
static unsigned int log_reads;
static uint64_t logged; /* ERR_WRT, if the test has written entries: the function writes none */

static uint64_t
reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	if (off == SDXI_MMIO_STS0 && on_state_read != NULL)
		on_state_read();
	if (off == SDXI_MMIO_ERR_STS) {
		log_reads++;
		if (on_log_read != NULL)
			on_log_read();
		if (logged != vc->dev->errlog.read)
			return logged != 0 ? SDXI_ERR_STS_STS : real_ops->reg_read(fn, off);
	}
	return off == SDXI_MMIO_ERR_WRT && logged != 0 ? logged : real_ops->reg_read(fn, off);
}

/* The log says that a descriptor has failed at its source. */
static void
log_fault(uint64_t index, enum sdxi_err_reaction re)
{
	struct sdxi_errlog *log = &vc->dev->errlog;
	struct sdxi_errlog_hd_ent *ring = log->mem.va;

	ring[logged % log->size] = (struct sdxi_errlog_hd_ent){
		.hd = rte_cpu_to_le_64(SDXI_ERRLOG_VL | SDXI_ERRLOG_CV | SDXI_ERRLOG_DIV |
				       SDXI_ERRLOG_BV | SDXI_PUT(SDXI_ERRLOG_CXT_NUM, vc->cxt.num) |
				       SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD) |
				       SDXI_PUT(SDXI_ERRLOG_STEP, SDXI_STEP_BUFFER) |
				       SDXI_PUT(SDXI_ERRLOG_SUB_STEP, SDXI_SUB_STEP_ACCESS) |
				       SDXI_PUT(SDXI_ERRLOG_RE, re)),
		.dsc_index = rte_cpu_to_le_64(index),
	};
	logged++;
}

static void
up(void)
{
	struct sdxi_fn *fn = sdxi_dev_fn_get(id);

	assert_int_equal(rte_dma_start(id), 0);
	vc = rte_dma_fp_objs[id].dev_private;
	sts = vc->cxt.sts;
	vc->ring.doorbell = &bell;
	bell = 0;
	if (fn->ops != &test_ops) {
		real_ops = fn->ops;
		test_ops = *fn->ops;
		test_ops.reg_read = reg_read;
		fn->ops = &test_ops;
	}
	on_state_read = NULL;
	on_log_read = NULL;
	logged = 0;
}

static int
setup_with(const char *args, bool silent)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vconf = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 16 };

#ifdef RTE_DMA_CFG_FLAG_SILENT
	conf.flags = silent ? RTE_DMA_CFG_FLAG_SILENT : 0;
#else
	conf.enable_silent = silent;
#endif
	assert_int_equal(rte_vdev_init(DEV, args), 0);
	id = rte_dma_get_dev_id_by_name(DEV);
	assert_int_equal(rte_dma_configure(id, &conf), 0);
	assert_int_equal(rte_dma_vchan_setup(id, 0, &vconf), 0);
	mem = rte_malloc(NULL, 2 * SLOTS * LEN, LEN);
	assert_non_null(mem);
	for (unsigned int i = 0; i < SLOTS * LEN; i++)
		mem[i] = i * 7 + i / 256;
	memset(mem + SLOTS * LEN, 0, SLOTS * LEN);
	up();
	return 0;
}

/* Nobody but the tests decides when a channel has stood still for too long. */
static int
setup(void **state)
{
	(void)state;
	return setup_with("watchdog=0", false);
}

static int
setup_batch(void **state)
{
	(void)state;
	return setup_with("watchdog=0,completion=batch", false);
}

static int
setup_watchdog(void **state)
{
	(void)state;
	return setup_with("watchdog=1", false);
}

static int
setup_long(void **state)
{
	return setup_with(*state != NULL ? "watchdog=60000,completion=batch" : "watchdog=60000",
			  false);
}

static int
setup_small(void **state)
{
	(void)state;
	return setup_with("watchdog=0,max_ring=1024,max_buffer=2097152", false);
}

static int
setup_silent(void **state)
{
	(void)state;
	return setup_with("watchdog=0", true);
}

static int
teardown(void **state)
{
	(void)state;
	rte_free(mem);
	return rte_vdev_uninit(DEV);
}

static void
enqueue(unsigned int n)
{
	while (n-- > 0) {
		uint64_t op = vc->ring.op_head;

		assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src_of(op), (uintptr_t)dst_of(op),
					      LEN, 0), (uint16_t)op);
	}
	assert_int_equal(rte_dma_submit(id, 0), 0);
}

static void
complete(unsigned int idx, bool failed)
{
	vc->ring.csb[idx].flags = failed ? rte_cpu_to_le_32(er) : 0;
	vc->ring.csb[idx].signal = 0;
}

/* The operation was executed: behind this, not by this test, but by the function. */
static void
expect_copied(uint64_t op, bool copied)
{
	static const uint8_t none[LEN];

	assert_memory_equal(dst_of(op), copied ? src_of(op) : none, LEN);
}

static enum rte_dma_vchan_status
status_of(void)
{
	enum rte_dma_vchan_status status;

	assert_int_equal(rte_dma_vchan_status(id, 0, &status), 0);
	return status;
}

/* Gather statuses until @p n are there; how many looks that takes is the driver's. */
static void
gather(enum rte_dma_status_code *status, unsigned int n)
{
	unsigned int polls, done = 0;

	for (polls = 0; polls < 100000000 && done < n; polls++)
		done += rte_dma_completed_status(id, 0, n - done, NULL, status + done);
	assert_int_equal(done, n);
}

static void
test_descriptor(void **state)
{
	const struct sdxi_dsc *desc = vc->ring.desc;

	(void)state;
	assert_int_equal(rte_dma_copy(id, 0, 0x1000, 0x2000, 0x345, RTE_DMA_OP_FLAG_FENCE), 0);
	assert_int_equal(rte_dma_copy(id, 0, 0x3000, 0x4000, 1, 0), 1);
	assert_int_equal(bell, 0);
	assert_int_equal(*vc->ring.write_index, 0);
	assert_int_equal(rte_dma_copy(id, 0, 0x5000, 0x6000, UINT32_MAX, RTE_DMA_OP_FLAG_SUBMIT |
				      RTE_DMA_OP_FLAG_FENCE), 2);
	assert_int_equal(rte_le_to_cpu_64(bell), 3);
	assert_int_equal(rte_le_to_cpu_64(*vc->ring.write_index), 3);

	/* vl, fe; subtype, type; bytes - 1 */
	assert_true(rte_le_to_cpu_64(desc[0].qw[0]) == UINT64_C(0x0000034400010305));
	assert_true(rte_le_to_cpu_64(desc[1].qw[0]) == UINT64_C(0x0000000000010301));
	assert_true(rte_le_to_cpu_64(desc[2].qw[0]) == UINT64_C(0xfffffffe00010305));
	assert_int_equal(rte_le_to_cpu_64(desc[0].qw[2]), 0x1000);
	assert_int_equal(rte_le_to_cpu_64(desc[0].qw[3]), 0x2000);
}

static void
test_refused(void **state)
{
	(void)state;
	vc->ring.max_len = 100;
	assert_int_equal(rte_dma_copy(id, 0, 1, 2, 0, 0), -EINVAL);
	assert_int_equal(rte_dma_copy(id, 0, 1, 2, 101, RTE_DMA_OP_FLAG_SUBMIT), -EINVAL);
	assert_int_equal(vc->ring.desc[0].qw[0], 0);
	assert_int_equal(vc->ring.op_head, 0);
	assert_int_equal(rte_dma_copy(id, 0, 1, 2, 100, 0), 0);
}

/* A fill that no ring would take. */
static void
test_long_fill(void **state)
{
	(void)state;
	assert_int_equal(rte_dma_fill(id, 0, 0, 0, UINT32_C(0x80000001), 0), -EINVAL);
	assert_int_equal(vc->ring.op_head, 0);
	assert_int_equal(rte_dma_fill(id, 0, 0, 0, UINT32_C(0x80000000), 0), 0);
}

/* er counts only behind the terminal value, and stands in the way of what is behind it. */
static void
test_error(void **state)
{
	enum rte_dma_status_code status[OPS];
	struct rte_dma_stats stats;
	bool error = false;
	uint16_t last;

	(void)state;
	enqueue(OPS);
	vc->ring.csb[0].flags = rte_cpu_to_le_32(er);
	assert_int_equal(rte_dma_completed(id, 0, OPS, &last, &error), 0);
	assert_false(error);
	assert_int_equal(last, UINT16_MAX);

	complete(0, false);
	complete(1, true);
	complete(2, false);
	assert_int_equal(rte_dma_completed(id, 0, OPS, &last, &error), 1);
	assert_true(error);
	assert_int_equal(last, 0);
	assert_int_equal(rte_dma_completed(id, 0, OPS, &last, &error), 0);
	assert_true(error);
	assert_int_equal(rte_dma_completed_status(id, 0, OPS, &last, status), 2);
	assert_int_equal(status[0], RTE_DMA_STATUS_ERROR_UNKNOWN);
	assert_int_equal(status[1], RTE_DMA_STATUS_SUCCESSFUL);
	assert_int_equal(last, 2);
	assert_int_equal(rte_dma_stats_get(id, 0, &stats), 0);
	assert_int_equal(stats.submitted, OPS);
	assert_int_equal(stats.completed, 3);
	assert_int_equal(stats.errors, 1);
	/* The context runs on. */
	assert_int_equal(status_of(), RTE_DMA_VCHAN_ACTIVE);
	enqueue(1);
}

static void
test_context_stops(void **state)
{
	static const enum rte_dma_status_code expected[OPS] = {
		[1] = RTE_DMA_STATUS_ERROR_UNKNOWN,
	};
	enum rte_dma_status_code status[OPS];
	struct rte_dma_stats stats;
	unsigned int i, n, polls;
	bool error = false;

	(void)state;
	enqueue(OPS);
	/* Three fetched: done, failed, lost; one done ahead of the others; the rest not begun. */
	complete(0, false);
	complete(1, true);
	complete(4, false);
	sts->read_index = rte_cpu_to_le_64(3);
	sts->state = SDXI_CXT_ERR_FN;
	assert_int_equal(status_of(), RTE_DMA_VCHAN_HALTED_ERROR);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, &error), 1);
	assert_true(error);
	/* What is behind the failure waits until that has been asked for. */
	assert_int_equal(status_of(), RTE_DMA_VCHAN_HALTED_ERROR);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, &error), 0);
	assert_true(error);
	expect_copied(2, false);
	enqueue(1);
	gather(status + 1, OPS - 1);
	for (i = 1; i < OPS; i++)
		assert_int_equal(status[i], expected[i]);
	for (polls = n = 0; polls < 100000000 && n == 0; polls++)
		n = rte_dma_completed(id, 0, OPS, NULL, &error);
	assert_int_equal(n, 1);
	assert_false(error);
	/* The test has said that 0, 1 and 4 were executed, so the function was not asked to. */
	for (i = 0; i <= OPS; i++)
		expect_copied(i, i != 0 && i != 1 && i != 4);
	assert_int_equal(status_of(), RTE_DMA_VCHAN_IDLE);
	assert_int_equal(rte_dma_burst_capacity(id, 0), 16);
	assert_int_equal(rte_dma_stats_get(id, 0, &stats), 0);
	assert_int_equal(stats.submitted, OPS + 1);
	assert_int_equal(stats.completed, OPS + 1);
	assert_int_equal(stats.errors, 1);
}

/* An operation behind a fence behind the failure is not begun, unless the function did so. */
static void
test_fence(void **state)
{
	enum rte_dma_status_code status[OPS];
	bool went_on = *state != NULL;
	unsigned int i;

	enqueue(1);
	enqueue(1);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src_of(2), (uintptr_t)dst_of(2), LEN,
				      RTE_DMA_OP_FLAG_FENCE), 2);
	enqueue(1);
	complete(0, true);
	if (went_on)
		complete(2, false);
	sts->read_index = rte_cpu_to_le_64(went_on ? 3 : 1);
	sts->state = SDXI_CXT_ERR_FN;
	gather(status, 4);
	assert_int_equal(status[0], RTE_DMA_STATUS_ERROR_UNKNOWN);
	/* 2 was done, so it had found 1 done, or failed: nobody knows. */
	assert_int_equal(status[1], went_on ? RTE_DMA_STATUS_ERROR_UNKNOWN :
					      RTE_DMA_STATUS_SUCCESSFUL);
	assert_int_equal(status[2], went_on ? RTE_DMA_STATUS_SUCCESSFUL :
					      RTE_DMA_STATUS_NOT_ATTEMPTED);
	assert_int_equal(status[3], went_on ? RTE_DMA_STATUS_SUCCESSFUL :
					      RTE_DMA_STATUS_NOT_ATTEMPTED);
	for (i = 0; i < 4; i++)
		expect_copied(i, i == (went_on ? 3 : 1));
}

/*
 * A function that stops had fetched what stands behind the fence: it may have begun that, and the
 * driver does not.
 */
static void
test_fence_fetched(void **state)
{
	static const enum rte_dma_status_code expected[] = {
		RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_SUCCESSFUL,
		RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_ERROR_UNKNOWN,
		RTE_DMA_STATUS_NOT_ATTEMPTED,
	};
	enum rte_dma_status_code status[RTE_DIM(expected)];
	unsigned int i;

	(void)state;
	enqueue(1);
	enqueue(1);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src_of(2), (uintptr_t)dst_of(2), LEN,
				      RTE_DMA_OP_FLAG_FENCE), 2);
	enqueue(1);
	enqueue(1);
	complete(0, true);
	sts->read_index = rte_cpu_to_le_64(4);
	sts->state = SDXI_CXT_ERR_FN;
	gather(status, RTE_DIM(expected));
	for (i = 0; i < RTE_DIM(expected); i++) {
		assert_int_equal(status[i], expected[i]);
		/* What stands in front of the fence is run again. */
		expect_copied(i, i == 1);
	}
}

/* Enqueue copies, of which @p fenced has a fence, and hand them over. */
static void
enqueue_fenced(unsigned int n, unsigned int fenced)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint64_t op = vc->ring.op_head;

		assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src_of(op), (uintptr_t)dst_of(op),
					      LEN, i == fenced ? RTE_DMA_OP_FLAG_FENCE : 0),
				 (uint16_t)op);
	}
	assert_int_equal(rte_dma_submit(id, 0), 0);
}

/*
 * The context stops, or is seen to, after its failed operation has been reported: what was enqueued
 * before that stands behind it all the same. What has been enqueued since does not.
 */
static void
test_late_state(void **state)
{
	bool since = *state != NULL;
	enum rte_dma_status_code status[OPS];
	unsigned int i;

	(void)state;
	enqueue(1);
	if (!since)
		enqueue_fenced(3, 1);
	complete(0, true);
	sts->read_index = rte_cpu_to_le_64(1);
	gather(status, 1);
	assert_int_equal(status[0], RTE_DMA_STATUS_ERROR_UNKNOWN);
	if (since)
		enqueue_fenced(3, 1);
	for (i = 0; i < 100000; i++)
		assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	sts->state = SDXI_CXT_ERR_FN;
	gather(status, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(status[i], since || i == 0 ? RTE_DMA_STATUS_SUCCESSFUL :
							      RTE_DMA_STATUS_NOT_ATTEMPTED);
		expect_copied(1 + i, since || i == 0);
	}
}

/*
 * The failure that a context stops for later is not the one that has been reported: the log says
 * that it went on behind that, or it took what it was given later.
 */
static void
test_went_on(void **state)
{
	bool log = *state != NULL;
	enum rte_dma_status_code status[OPS];
	unsigned int i;

	enqueue(1);
	if (log) {
		log_fault(0, SDXI_RE_INFORMATIVE);
		enqueue_fenced(3, 1);
	} else {
		enqueue(1);
	}
	complete(0, true);
	gather(status, 1);
	assert_int_equal(status[0], log ? RTE_DMA_STATUS_BUS_READ_ERROR :
					  RTE_DMA_STATUS_ERROR_UNKNOWN);
	if (!log) {
		enqueue_fenced(3, 1);
		complete(1, false);
		complete(2, false);
		gather(status, 2);
	}
	sts->read_index = rte_cpu_to_le_64(log ? 1 : 3);
	sts->state = SDXI_CXT_STOP_FN;
	gather(status, log ? 3 : 2);
	for (i = log ? 1 : 3; i < (log ? 4 : 5); i++)
		expect_copied(i, true);
	for (i = 0; i < (log ? 3 : 2); i++)
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
}

static void
expect_counts(uint64_t completed, uint64_t errors)
{
	struct rte_dma_stats stats;

	assert_int_equal(rte_dma_stats_get(id, 0, &stats), 0);
	assert_int_equal(stats.completed, completed);
	assert_int_equal(stats.errors, errors);
}

/*
 * In silent mode what has been consumed counts as completed, and is looked at no more; but what
 * stands behind a fence behind it is not run if the context has stopped for it.
 */
static void
test_silent_fence(void **state)
{
	unsigned int polls;
	bool log = *state != NULL;

	enqueue_fenced(4, 2);
	sts->read_index = rte_cpu_to_le_64(1);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	assert_int_equal(rte_dma_burst_capacity(id, 0), 13);
	if (log)
		log_fault(0, SDXI_RE_CXT_STOPPED);
	sts->state = SDXI_CXT_ERR_FN;
	assert_int_equal(rte_dma_submit(id, 0), 0);
	for (polls = 0; polls < 100000000 && vc->ring.tail != 4; polls++)
		rte_dma_completed(id, 0, OPS, NULL, NULL);
	/* What is in front of the fence is run. */
	expect_copied(0, false);
	expect_copied(1, true);
	expect_copied(2, false);
	expect_copied(3, false);
	expect_counts(4, 3);
	assert_int_equal(rte_dma_stats_reset(id, 0), 0);
	expect_counts(0, 0);
}

/* A failure that does not stop the context is counted when the log tells. */
static void
test_silent_errors(void **state)
{
	unsigned int polls;

	(void)state;
	enqueue(4);
	log_fault(1, SDXI_RE_INFORMATIVE);
	sts->read_index = rte_cpu_to_le_64(3);
	expect_counts(3, 1);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	log_fault(2, SDXI_RE_INFORMATIVE);
	expect_counts(3, 2);
	expect_counts(3, 2);
	/* Nor is it counted again when the context is started anew. */
	sts->state = SDXI_CXT_STOP_FN;
	assert_int_equal(rte_dma_submit(id, 0), 0);
	assert_int_equal(vc->recoveries, 1);
	for (polls = 0; polls < 100000000 && vc->ring.tail != 4; polls++)
		rte_dma_completed(id, 0, OPS, NULL, NULL);
	/* It has stopped for what nobody knows. */
	expect_counts(4, 3);
}

/*
 * The function is reset for another channel: nobody knows whether what it had consumed of this one
 * was executed, so that counts as failed, and is not run again.
 */
static void
test_silent_reset(void **state)
{
	unsigned int i, polls;

	(void)state;
	enqueue(2);
	sts->read_index = rte_cpu_to_le_64(2);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	expect_counts(2, 0);
	enqueue(OPS - 2);
	sts->read_index = rte_cpu_to_le_64(5);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	assert_int_equal(sdxi_dev_up(vc->dev), 0);
	for (polls = 0; polls < 100000000 && vc->ring.tail != OPS; polls++)
		rte_dma_completed(id, 0, OPS, NULL, NULL);
	expect_counts(OPS, 5);
	assert_int_equal(rte_dma_stop(id), 0);
	expect_counts(OPS, 5);
	for (i = 0; i < OPS; i++)
		expect_copied(i, i >= 5);
}

/* What the log says of one that had not been consumed takes none of those that had. */
static void
test_silent_reset_fault(void **state)
{
	unsigned int polls;

	(void)state;
	enqueue(OPS);
	sts->read_index = rte_cpu_to_le_64(5);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	log_fault(6, SDXI_RE_FN_STOPPED);
	expect_counts(5, 1);
	assert_int_equal(sdxi_dev_up(vc->dev), 0);
	for (polls = 0; polls < 100000000 && vc->ring.tail != OPS; polls++)
		rte_dma_completed(id, 0, OPS, NULL, NULL);
	expect_counts(OPS, 6);
}

/* What is submitted to a channel that has been given up has failed at once. */
static void
test_silent_given_up(void **state)
{
	(void)state;
	enqueue(2);
	sts->read_index = rte_cpu_to_le_64(2);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src_of(2), (uintptr_t)dst_of(2), LEN, 0),
			 2);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src_of(3), (uintptr_t)dst_of(3), LEN, 0),
			 3);
	assert_int_equal(rte_dma_stop(id), 0);
	expect_counts(2, 0);
	assert_int_equal(rte_dma_submit(id, 0), 0);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	expect_counts(4, 2);
	assert_int_equal(status_of(), RTE_DMA_VCHAN_IDLE);
	expect_copied(2, false);
	expect_copied(3, false);
}

static void
log_late(void)
{
	if (log_reads == 110)
		log_fault(1, SDXI_RE_INFORMATIVE);
}

/* Entries that were lost once are no reason not to wait for those of later operations. */
static void
test_log_lost(void **state)
{
	enum rte_dma_status_code status;

	(void)state;
	enqueue(1);
	complete(0, true);
	vc->cxt.faults.lost++;
	gather(&status, 1);
	assert_int_equal(status, RTE_DMA_STATUS_ERROR_UNKNOWN);
	enqueue(1);
	complete(1, true);
	log_reads = 0;
	on_log_read = log_late;
	gather(&status, 1);
	assert_int_equal(status, RTE_DMA_STATUS_BUS_READ_ERROR);
}

/* What is outstanding when the device is stopped is reported as what became of it. */
static void
test_stopped(void **state)
{
	static const enum rte_dma_status_code expected[OPS] = {
		RTE_DMA_STATUS_SUCCESSFUL, RTE_DMA_STATUS_ERROR_UNKNOWN,
		RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_NOT_ATTEMPTED,
		RTE_DMA_STATUS_SUCCESSFUL, RTE_DMA_STATUS_NOT_ATTEMPTED,
		RTE_DMA_STATUS_NOT_ATTEMPTED, RTE_DMA_STATUS_NOT_ATTEMPTED,
	};
	enum rte_dma_status_code status[OPS];
	bool error = false;
	unsigned int i;

	(void)state;
	enqueue(OPS);
	complete(0, false);
	complete(1, true);
	complete(4, false);
	sts->read_index = rte_cpu_to_le_64(3);
	assert_int_equal(rte_dma_stop(id), 0);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)mem, (uintptr_t)dst_of(0), 1, 0), -EIO);
	assert_int_equal(rte_dma_burst_capacity(id, 0), 0);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, &error), 1);
	assert_true(error);
	gather(status + 1, OPS - 1);
	for (i = 1; i < OPS; i++)
		assert_int_equal(status[i], expected[i]);
	assert_int_equal(rte_dma_completed_status(id, 0, OPS, NULL, status), 0);
	assert_int_equal(status_of(), RTE_DMA_VCHAN_IDLE);
	up();
	assert_int_equal(rte_dma_burst_capacity(id, 0), 16);
	enqueue(1);
}

/* State bytes that are no state, or one on the way, are waited through. */
static void
test_odd_states(void **state)
{
	static const uint8_t odd[] = {
		SDXI_CXT_STOPG_SW, SDXI_CXT_STOPG_FN, 3, 0x7e, 0xf1,
	};
	unsigned int i, polls;
	bool error = false;

	(void)state;
	enqueue(1);
	for (i = 0; i < RTE_DIM(odd); i++) {
		sts->state = odd[i];
		for (polls = 0; polls < 10000; polls++)
			assert_int_equal(rte_dma_completed(id, 0, 1, NULL, &error), 0);
		assert_false(error);
	}
	sts->state = SDXI_CXT_RUN;
	complete(0, false);
	assert_int_equal(rte_dma_completed(id, 0, 1, NULL, &error), 1);
}

static void
test_bad_read_index(void **state)
{
	enum rte_dma_status_code status[OPS];
	unsigned int i;

	enqueue(OPS);
	complete(0, false);
	sts->read_index = rte_cpu_to_le_64(17);
	/* Who wants room has the context started anew. */
	if (*state != NULL)
		assert_int_equal(rte_dma_burst_capacity(id, 0), 16 - OPS);
	for (i = OPS; i < 16; i++)
		enqueue(1);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)mem, (uintptr_t)dst_of(0), 1, 0), -ENOSPC);
	assert_int_equal(vc->recoveries, 1);
	for (i = 0; i < 16; i += OPS) {
		gather(status, OPS);
		assert_int_equal(status[0], RTE_DMA_STATUS_SUCCESSFUL);
		assert_int_equal(status[OPS - 1], RTE_DMA_STATUS_SUCCESSFUL);
	}
	for (i = 0; i < 16; i++)
		expect_copied(i, i != 0);
}

/* Nothing is outstanding; who asks for room finds the context stopped, Read_Index left behind. */
static void
test_no_read_index(void **state)
{
	enum rte_dma_status_code status[16];
	unsigned int i, lap;

	(void)state;
	for (lap = 0; lap < (vc->ring.mask + 1) / 16; lap++) {
		enqueue(16);
		for (i = 0; i < 16; i++)
			complete((lap * 16 + i) & vc->ring.mask, false);
		gather(status, 16);
	}
	assert_int_equal(rte_dma_burst_capacity(id, 0), 0);
	sts->state = SDXI_CXT_STOP_FN;
	assert_int_equal(rte_dma_burst_capacity(id, 0), 16);
	assert_int_equal(vc->recoveries, 1);
	enqueue(16);
}

/* A channel of which the function has nothing does not stand still, however long it is full. */
static void
test_unsubmitted(void **state)
{
	uint64_t end;
	unsigned int i;

	(void)state;
	for (i = 0; i < 16; i++)
		assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)mem, (uintptr_t)dst_of(i), LEN, 0),
				 i);
	end = rte_get_timer_cycles() + rte_get_timer_hz() / 10;
	while (rte_get_timer_cycles() < end) {
		assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)mem, (uintptr_t)dst_of(0), LEN, 0),
				 -ENOSPC);
		assert_int_equal(rte_dma_burst_capacity(id, 0), 0);
	}
	assert_int_equal(vc->recoveries, 0);
	assert_false(vc->stopping);
}

/* The function itself is gone, and its contexts' states are as they were. */
static void
test_function_stops(void **state)
{
	struct sdxi_dev *dev = vc->dev;
	enum rte_dma_status_code status[OPS];
	unsigned int i;

	(void)state;
	enqueue(OPS);
	complete(3, false);
	sts->read_index = rte_cpu_to_le_64(5);
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	sts->state = SDXI_CXT_RUN;
	gather(status, OPS);
	for (i = 0; i < OPS; i++) {
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
		expect_copied(i, i != 3);
	}
	assert_int_equal(vc->resets, 1);
	assert_int_equal(rte_dma_stop(id), 0);
	up();
	enqueue(1);
}

struct injection {
	struct sdxi_emu_fault fault;
	int ret;
};

static void
inject_cb(struct sdxi_emu *emu, void *arg)
{
	struct injection *in = arg;

	in->ret = sdxi_emu_inject(emu, &in->fault);
}

static void
inject(enum sdxi_emu_fault_kind kind)
{
	struct injection in = { .fault = { .kind = kind, .cxt = 1 }, .ret = -1 };

	assert_int_equal(sdxi_vdev_call(DEV, inject_cb, &in), 0);
	assert_int_equal(in.ret, 0);
}

/* The real function stands still before it begins what it is given next. */
static void
stall(void)
{
	inject(SDXI_EMU_FAULT_STALL);
}

/* While nothing can be found out, nothing is said of a batch of which something has failed. */
static void
test_batch_unknown(void **state)
{
	enum rte_dma_status_code status[OPS];
	bool error = false;
	unsigned int i;

	(void)state;
	enqueue(2);
	complete(0, false);
	enqueue(OPS - 2);
	complete(2, true);
	sts->read_index = rte_cpu_to_le_64(OPS);
	/* As where another process holds the device's lock, or is about to stop the device. */
	vc->dev->started = false;
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, &error), 2);
	assert_false(error);
	for (i = 0; i < 3; i++) {
		assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, &error), 0);
		assert_false(error);
		assert_int_equal(rte_dma_completed_status(id, 0, OPS, NULL, status), 0);
	}
	vc->dev->started = true;
	/* No entry says which one it was, so they are run again. */
	gather(status, OPS - 2);
	for (i = 0; i < OPS - 2; i++) {
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
		expect_copied(i + 2, true);
	}
}

static void
clear_cb(struct sdxi_emu *emu, void *arg)
{
	(void)arg;
	sdxi_emu_inject_clear(emu);
}

/* The real function goes on. */
static void
go_on(void)
{
	assert_int_equal(sdxi_vdev_call(DEV, clear_cb, NULL), 0);
}

/* The context has stopped, and does not say why: what it has consumed is run one by one. */
static void
stop_without_reason(void (*meanwhile)(void))
{
	enqueue(OPS);
	sts->read_index = rte_cpu_to_le_64(2);
	sts->state = SDXI_CXT_STOP_FN;
	stall();
	on_state_read = meanwhile;
}

static void
take_device(void)
{
	vc->dev->started = false;
	/* Nobody looks. */
	go_on();
}

/* A recovery that could not be brought to its end is begun anew. */
static void
test_recovery_interrupted(void **state)
{
	enum rte_dma_status_code status[OPS];
	unsigned int i, n;

	(void)state;
	stop_without_reason(take_device);
	n = rte_dma_completed_status(id, 0, OPS, NULL, status);
	assert_in_range(n, 0, 2);
	assert_false(vc->dev->started);
	on_state_read = NULL;
	vc->dev->started = true;
	gather(status + n, OPS - n);
	for (i = 0; i < OPS; i++) {
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
		expect_copied(i, true);
	}
}

static void
stop_function(void)
{
	/* The suspect has been handed over. */
	if (!vc->parked || vc->published == 0)
		return;
	on_state_read = NULL;
	real_ops->reg_write(sdxi_dev_fn_get(id), SDXI_MMIO_CTL0,
			    SDXI_PUT(SDXI_CTL0_FN_GSR, SDXI_GSR_RESET));
	go_on();
}

/* A suspect is run alone when the function goes down: that is not held against it. */
static void
test_step_interrupted(void **state)
{
	enum rte_dma_status_code status[OPS];
	unsigned int i;

	(void)state;
	stop_without_reason(stop_function);
	gather(status, OPS);
	assert_null(on_state_read);
	assert_int_equal(vc->resets, 1);
	for (i = 0; i < OPS; i++) {
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
		expect_copied(i, true);
	}
}

static void
fail_and_stop_late(void)
{
	/* The suspects are handed over one by one. */
	if (!vc->parked || vc->published == 0)
		return;
	if (vc->published == 1) {
		complete(0, true);
	} else {
		on_state_read = NULL;
		/* The next one has been begun, and goes no further. */
		sts->read_index = rte_cpu_to_le_64(vc->published);
		sts->state = SDXI_CXT_ERR_FN;
	}
}

/*
 * A suspect has failed, and the context stops for it when the next one runs: that one is innocent.
 */
static void
test_step_late_state(void **state)
{
	enum rte_dma_status_code status[OPS];
	unsigned int i;

	(void)state;
	stop_without_reason(fail_and_stop_late);
	gather(status, OPS);
	assert_null(on_state_read);
	assert_int_equal(status[0], RTE_DMA_STATUS_ERROR_UNKNOWN);
	for (i = 1; i < OPS; i++) {
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
		expect_copied(i, true);
	}
}

/* Who polls seldom does not wait longer for that: it is time that counts. */
static void
test_seldom_polled(void **state)
{
	enum rte_dma_status_code status[2];
	unsigned int polls, n;

	(void)state;
	enqueue(2);
	complete(1, false);
	/* The first one has failed without a block. */
	sts->read_index = rte_cpu_to_le_64(2);
	log_fault(0, SDXI_RE_INFORMATIVE);
	for (polls = n = 0; polls < 1000 && n < 2; polls++) {
		n += rte_dma_completed_status(id, 0, 2 - n, NULL, status + n);
		rte_delay_us_sleep(1000);
	}
	assert_int_equal(n, 2);
	assert_int_equal(status[0], RTE_DMA_STATUS_BUS_READ_ERROR);
	assert_int_equal(status[1], RTE_DMA_STATUS_SUCCESSFUL);
}

/* A slow operation in front of a failure without a block is waited for, and not abandoned. */
static void
test_slow_before_failure(void **state)
{
	enum rte_dma_status_code status[2];
	unsigned int polls, i;

	(void)state;
	enqueue(2);
	sts->read_index = rte_cpu_to_le_64(2);
	log_fault(1, SDXI_RE_INFORMATIVE);
	/* The context does not stop before it is done. */
	inject(SDXI_EMU_FAULT_NO_STOP);
	for (polls = 0; polls < 100000000 && !vc->stopping && vc->recoveries == 0; polls++)
		assert_int_equal(rte_dma_completed_status(id, 0, 2, NULL, status), 0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(rte_dma_completed_status(id, 0, 2, NULL, status), 0);
	assert_true(vc->stopping);
	assert_int_equal(vc->recoveries, 0);
	complete(0, false);
	go_on();
	gather(status, 2);
	assert_int_equal(status[0], RTE_DMA_STATUS_SUCCESSFUL);
	assert_int_equal(status[1], RTE_DMA_STATUS_BUS_READ_ERROR);
	assert_int_equal(vc->resets, 0);
	expect_copied(0, false);
}

/* The period of the watchdog is over, as far as it knows: does the channel stand still? */
static bool
stands_still(void)
{
	enum rte_dma_status_code status;

	vc->watch_tsc = 1;
	assert_int_equal(rte_dma_completed_status(id, 0, 1, NULL, &status), 0);
	return vc->stopping;
}

/* What blocks show is progress as well: of operations behind the first, and of its parts. */
static void
test_progress(void **state)
{
	struct rte_dma_sge src[4], dst[4];
	bool batch = *state != NULL;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		src[i] = (struct rte_dma_sge){ .addr = (uintptr_t)src_of(i), .length = LEN };
		dst[i] = (struct rte_dma_sge){ .addr = (uintptr_t)dst_of(i), .length = LEN };
	}
	assert_int_equal(rte_dma_copy_sg(id, 0, src, dst, 4, 4, RTE_DMA_OP_FLAG_SUBMIT), 0);
	enqueue(2);
	sts->read_index = rte_cpu_to_le_64(6);
	/* What moves is Read_Index. */
	assert_int_equal(rte_dma_completed(id, 0, 1, NULL, NULL), 0);
	for (i = 3; i > 0; i--) {
		vc->ring.csb[0].signal = rte_cpu_to_le_64(i);
		assert_false(stands_still());
	}
	if (batch)
		vc->ring.csb[1].signal = rte_cpu_to_le_64(1);
	else
		complete(2, false);
	assert_false(stands_still());
	assert_true(stands_still());
}

/*
 * Behind a reset, a fence may have been passed though nothing says so: what was lost in front of it
 * is not run again, as its source may be another by now.
 */
static void
test_reset_fence(void **state)
{
	static const enum rte_dma_status_code expected[] = {
		RTE_DMA_STATUS_SUCCESSFUL, RTE_DMA_STATUS_ERROR_UNKNOWN,
		RTE_DMA_STATUS_SUCCESSFUL, RTE_DMA_STATUS_SUCCESSFUL,
		RTE_DMA_STATUS_SUCCESSFUL,
	};
	enum rte_dma_status_code status[RTE_DIM(expected)];
	unsigned int i;

	(void)state;
	enqueue_fenced(RTE_DIM(expected), 3);
	complete(0, false);
	sts->read_index = rte_cpu_to_le_64(2);
	assert_int_equal(sdxi_dev_up(vc->dev), 0);
	gather(status, RTE_DIM(expected));
	for (i = 0; i < RTE_DIM(expected); i++) {
		assert_int_equal(status[i], expected[i]);
		expect_copied(i, i >= 2);
	}
}

static struct sdxi_cxt_sts admin_sts;

/* The administrative ring's Read_Index follows when the ring is full, and a while later. */
static void *
admin_lags(void *arg)
{
	const struct sdxi_admin *admin = arg;
	uint64_t end = admin_sts.read_index + admin->ring.mask + 1;

	while (__atomic_load_n(&admin->ring.submitted, __ATOMIC_ACQUIRE) != end)
		rte_delay_us_sleep(100);
	rte_delay_us_sleep(20000);
	__atomic_store_n(&admin_sts.read_index, end, __ATOMIC_RELEASE);
	return NULL;
}

static void
test_admin_lags(void **state)
{
	struct sdxi_admin *admin = &vc->dev->admin;
	const struct sdxi_cxt_sts *real = admin->ring.sts;
	pthread_t thread;
	unsigned int i;

	(void)state;
	assert_int_equal(sdxi_ring_refill(&admin->ring, SDXI_MODE_OP), 0);
	admin_sts.read_index = rte_cpu_to_le_64(admin->ring.read_index);
	admin->ring.sts = &admin_sts;
	assert_int_equal(pthread_create(&thread, NULL, admin_lags, admin), 0);
	/* Two commands each. */
	for (i = 0; i < admin->ring.mask + 1; i++)
		if (sdxi_admin_update(vc->dev, 1, 1, false) < 0)
			break;
	admin->ring.sts = real;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(i, admin->ring.mask + 1);
}

#define UNIT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define SILENT_TEST(test) cmocka_unit_test_setup_teardown(test, setup_silent, teardown)
#define BATCH_TEST(test) cmocka_unit_test_setup_teardown(test, setup_batch, teardown)

int
main(void)
{
	static int went_on;
	const struct CMUnitTest tests[] = {
		UNIT_TEST(test_descriptor),
		UNIT_TEST(test_refused),
		{ "test_long_fill", test_long_fill, setup_small, teardown, NULL },
		UNIT_TEST(test_error),
		UNIT_TEST(test_context_stops),
		UNIT_TEST(test_fence),
		{ "test_fence (the function went on)", test_fence, setup, teardown, &went_on },
		UNIT_TEST(test_fence_fetched),
		UNIT_TEST(test_late_state),
		{ "test_late_state (enqueued since)", test_late_state, setup, teardown, &went_on },
		UNIT_TEST(test_went_on),
		{ "test_went_on (the log says)", test_went_on, setup, teardown, &went_on },
		SILENT_TEST(test_silent_fence),
		{ "test_silent_fence (the log says)", test_silent_fence, setup_silent, teardown,
		  &went_on },
		SILENT_TEST(test_silent_errors),
		SILENT_TEST(test_silent_reset),
		SILENT_TEST(test_silent_reset_fault),
		SILENT_TEST(test_silent_given_up),
		UNIT_TEST(test_log_lost),
		UNIT_TEST(test_stopped),
		UNIT_TEST(test_odd_states),
		UNIT_TEST(test_bad_read_index),
		{ "test_bad_read_index (room is asked for)", test_bad_read_index, setup, teardown,
		  &went_on },
		UNIT_TEST(test_no_read_index),
		{ "test_unsubmitted", test_unsubmitted, setup_watchdog, teardown, NULL },
		UNIT_TEST(test_function_stops),
		BATCH_TEST(test_batch_unknown),
		UNIT_TEST(test_recovery_interrupted),
		UNIT_TEST(test_step_interrupted),
		UNIT_TEST(test_step_late_state),
		UNIT_TEST(test_reset_fence),
		UNIT_TEST(test_admin_lags),
		UNIT_TEST(test_seldom_polled),
		UNIT_TEST(test_slow_before_failure),
		{ "test_progress", test_progress, setup_long, teardown, NULL },
		{ "test_progress (completion=batch)", test_progress, setup_long, teardown,
		  &went_on },
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
