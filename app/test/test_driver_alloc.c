/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Fails the n-th allocation of the driver, for n from 1 until no more occur: each call returns an
 * error or works without, nothing leaks, and a retry works.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_malloc.h>

#include "test_driver_util.h"
#include "test_inject.h"

#define FN0 TD_NAME(0)

enum {
	LEN = 300,
	NB_DESC = 64,
	KEEPS = 8, /* limit of allocations that failing calls may keep for later */
	BAD = 64, /* unmapped address */
};

/* ---- resources ------------------------------------------------------------------------------- */

struct stock {
	struct td_stock td;
	unsigned int fds;
	unsigned int devices;
	long live;
};

static void
stock_take(struct stock *stock)
{
	memset(stock, 0, sizeof(*stock));
	td_stock_take(&stock->td);
	stock->fds = td_nb_files();
	stock->devices = rte_dma_count_avail();
	stock->live = __atomic_load_n(&inject.live, __ATOMIC_RELAXED);
}

static void
expect_stock(const struct stock *before, const char *when)
{
	struct td_bound bound;
	struct stock now;

	/* A joined thread may stay listed for a moment. */
	td_bound_set(&bound);
	do {
		stock_take(&now);
	} while (now.td.threads != before->td.threads && !td_bound_yield(&bound));
	if (memcmp(&now, before, sizeof(now)) == 0)
		return;
	fail_msg("%s, call %u (%s): memzones %u -> %u, heap elements %u -> %u, bytes %zu -> %zu, "
		 "threads %u -> %u, files %u -> %u, dmadevs %u -> %u, C heap elements %ld -> %ld",
		 when, inject.fail, inject.first != NULL ? inject.first : "none failed",
		 before->td.memzones, now.td.memzones, before->td.allocs, now.td.allocs,
		 before->td.bytes, now.td.bytes, before->td.threads, now.td.threads, before->fds,
		 now.fds, before->devices, now.devices, before->live, now.live);
}

/* ---- the sequence ---------------------------------------------------------------------------- */

enum phase {
	PROBE,
	CONFIGURE,
	SETUP,
	START,
	NB_PHASES,
};

static const char *const phase_names[NB_PHASES] = { "probe", "configure", "vchan_setup", "start" };

struct variant {
	const char *args;
	uint16_t nb_vchans;
	unsigned int phases; /* bit mask of phases with failing calls */
	bool zones;
	bool silent;
	bool ops; /* use enqueue and dequeue operations if this DPDK has them */
};

static uint8_t *src, *dst;

static int
phase_do(const struct variant *v, enum phase phase, int16_t *id)
{
	struct rte_dma_conf conf = { .nb_vchans = v->nb_vchans };
	char args[TD_ARGS_LEN];
	unsigned int i;
	int ret;

	inject.sleeps = 0;
	switch (phase) {
	case PROBE:
		ret = rte_vdev_init(FN0, td_args(v->args, args, sizeof(args)));
		*id = rte_dma_get_dev_id_by_name(FN0);
		if ((ret == 0) != (*id >= 0))
			fail_msg("probe: %d, but the dmadev is %d", ret, *id);
		return ret;
	case CONFIGURE:
		if (v->silent)
			td_conf_silent(&conf);
#ifdef RTE_DMA_CFG_FLAG_ENQ_DEQ
		if (v->ops)
			conf.flags |= RTE_DMA_CFG_FLAG_ENQ_DEQ;
#endif
		return rte_dma_configure(*id, &conf);
	case SETUP:
		for (i = 0, ret = 0; i < v->nb_vchans && ret == 0; i++)
			ret = td_try_vchan_setup(*id, i, NB_DESC);
		return ret;
	default:
		return rte_dma_start(*id);
	}
}

#ifdef RTE_DMA_CFG_FLAG_ENQ_DEQ
/* The same with enqueue and dequeue operations. */
static void
traffic_ops(int16_t id)
{
	struct rte_dma_op *op = calloc(1, sizeof(*op) + 2 * sizeof(struct rte_dma_sge));
	struct rte_dma_op *back = NULL;

	assert_non_null(op);
	op->nb_src = 1;
	op->nb_dst = 1;
	op->src_dst_seg[0] = (struct rte_dma_sge){ (uintptr_t)src, LEN };
	op->src_dst_seg[1] = (struct rte_dma_sge){ (uintptr_t)dst, LEN };
	memset(dst, TD_GUARD, LEN);
	assert_int_equal(rte_dma_enqueue_ops(id, 0, &op, 1), 1);
	TD_WAIT(rte_dma_dequeue_ops(id, 0, &back, 1) == 1);
	assert_ptr_equal(back, op);
	assert_int_equal(op->status, RTE_DMA_STATUS_SUCCESSFUL);
	assert_memory_equal(dst, src, LEN);
	free(op);
}
#endif

/*
 * All kinds of operations on each channel, including a failure and its recovery: none may allocate.
 */
static void
traffic(const struct variant *v, int16_t id)
{
	struct rte_dma_sge from[2], to[2];
	struct rte_dma_info info;
	struct rte_dma_stats stats;
	enum rte_dma_status_code status[8];
	struct td_bound bound;
	unsigned int i, n, got;
	uint16_t vchan;
	FILE *f;

#ifdef RTE_DMA_CFG_FLAG_ENQ_DEQ
	if (v->ops) {
		traffic_ops(id);
		return;
	}
#endif
	for (vchan = 0; vchan < RTE_MIN(v->nb_vchans, 3); vchan++) {
		memset(dst, TD_GUARD, 4 * LEN);
		for (i = 0; i < 2; i++) {
			from[i] = (struct rte_dma_sge){ (uintptr_t)src + i * 50, 40 };
			to[i] = (struct rte_dma_sge){ (uintptr_t)dst + 2 * LEN + i * 40, 40 };
		}
		assert_int_equal(rte_dma_copy(id, vchan, (uintptr_t)src, (uintptr_t)dst, LEN, 0),
				 0);
		assert_int_equal(rte_dma_fill(id, vchan, UINT64_C(0x0101010101010101) * 7,
					      (uintptr_t)dst + LEN, LEN, 0), 1);
		assert_int_equal(rte_dma_copy_sg(id, vchan, from, to, 2, 2, 0), 2);
		/* After a failure that is not reported, others need not be executed. */
		assert_int_equal(rte_dma_copy(id, vchan, v->silent ? (uintptr_t)src : BAD,
					      (uintptr_t)dst + 3 * LEN, LEN, 0), 3);
		assert_int_equal(rte_dma_copy(id, vchan, (uintptr_t)src, (uintptr_t)dst + 3 * LEN,
					      LEN, 0), 4);
		assert_int_equal(rte_dma_submit(id, vchan), 0);
		td_bound_set(&bound);
		for (n = 0; n < 5; n += got) {
			if (v->silent) {
				rte_dma_completed(id, vchan, 1, NULL, NULL);
				assert_int_equal(rte_dma_stats_get(id, vchan, &stats), 0);
				got = stats.completed == 5 ? 5 : 0;
			} else {
				got = rte_dma_completed_status(id, vchan, 5 - n, NULL, status + n);
			}
			if (got == 0 && td_bound_yield(&bound))
				fail_msg("vchan %u: operation %u does not complete", vchan, n);
		}
		if (v->silent)
			TD_WAIT(memcmp(dst, src, LEN) == 0 && td_is_all(dst + LEN, LEN, 7) &&
				memcmp(dst + 2 * LEN, src, 40) == 0 &&
				memcmp(dst + 2 * LEN + 40, src + 50, 40) == 0 &&
				memcmp(dst + 3 * LEN, src, LEN) == 0);
		for (i = 0; i < 5 && !v->silent; i++)
			assert_int_equal(status[i], i == 3 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
							     RTE_DMA_STATUS_SUCCESSFUL);
		assert_memory_equal(dst, src, LEN);
		assert_true(td_is_all(dst + LEN, LEN, 7));
		assert_memory_equal(dst + 2 * LEN, src, 40);
		assert_memory_equal(dst + 2 * LEN + 40, src + 50, 40);
		assert_memory_equal(dst + 3 * LEN, src, LEN);
		td_status(id, vchan);
		assert_int_equal(rte_dma_stats_get(id, vchan, &stats), 0);
		assert_int_equal(rte_dma_stats_reset(id, vchan), 0);
	}
	assert_int_equal(rte_dma_info_get(id, &info), 0);
	f = fopen("/dev/null", "w");
	assert_non_null(f);
	assert_int_equal(rte_dma_dump(id, f), 0);
	fclose(f);
}

/*
 * Fail the n-th call of a phase repeatedly, until this allocates nothing more: allocations that are
 * kept for the next attempt must not accumulate.
 *
 * @return Result of the last attempt.
 */
static int
fail_again(const struct variant *v, enum phase phase, int16_t *id, unsigned int n, bool on)
{
	const struct inject was = inject;
	struct stock before, now;
	unsigned int i;
	int ret;

	stock_take(&now);
	for (i = 0;; i++) {
		before = now;
		inject_arm(INJECT_MAINS, n, on);
		ret = phase_do(v, phase, id);
		inject_disarm();
		stock_take(&now);
		if (ret == 0 || (now.td.memzones <= before.td.memzones &&
				 now.td.bytes <= before.td.bytes && now.live <= before.live))
			break;
		if (i == KEEPS)
			fail_msg("%s: failing call %u, of %s, leaks with each retry",
				 phase_names[phase], n, inject.first);
	}
	inject.fail = was.fail;
	inject.first = was.first;
	inject.hits = was.hits;
	inject.calls = was.calls;
	return ret;
}

/*
 * Run the sequence with a failing call; after an error, end there or retry.
 *
 * @return false if there was no such call.
 */
static bool
run(const struct variant *v, unsigned int fail, bool on, bool again)
{
	const struct stock *before;
	static struct stock stock;
	enum phase phase;
	int16_t id = -1;
	int ret = 0, code;
	bool was_hit = false, failed = false;
	unsigned int calls_before;

	stock_take(&stock);
	before = &stock;
	inject.zones = v->zones;
	inject_arm(INJECT_NOBODYS, fail, on);
	for (phase = 0; phase < NB_PHASES; phase++) {
		if (!was_hit && (v->phases & 1u << phase) != 0)
			__atomic_store_n(&inject.whose, INJECT_MAINS, __ATOMIC_SEQ_CST);
		__atomic_store_n(&inject.lines, 0, __ATOMIC_RELAXED);
		calls_before = inject.calls;
		ret = phase_do(v, phase, &id);
		inject_disarm();
		was_hit = inject.hits > 0;
		if (ret == 0)
			continue;
		failed = true;
		if (!was_hit)
			fail_msg("%s: %d, but no call failed", phase_names[phase], ret);
		code = inject_code(inject.first);
		/* Memory may come from the heap or a memzone. */
		if (ret != -code)
			fail_msg("%s: call %u, of %s, fails: expected %d, found %d",
				 phase_names[phase], fail, inject.first, -code, ret);
		if (__atomic_load_n(&inject.lines, __ATOMIC_RELAXED) == 0)
			fail_msg("%s: failing call %u, of %s: nothing in the log",
				 phase_names[phase], fail, inject.first);
		if (phase == PROBE)
			expect_stock(before, "a probe that failed");
		else if (fail_again(v, phase, &id, fail - calls_before, on) == 0)
			ret = 0;
		if (ret == 0)
			continue;
		if (!again)
			break;
		ret = phase_do(v, phase, &id);
		if (ret != 0)
			fail_msg("%s: retry after failing call %u, of %s: %d",
				 phase_names[phase], fail, inject.first, ret);
	}
	/* A single failure has no effect if the other kind of memory is available. */
	if (was_hit && !failed && inject_code(inject.first) != 0 &&
	    (on || strcmp(inject.first, "rte_zmalloc_socket") != 0))
		fail_msg("call %u, of %s, failed without an error", fail, inject.first);
	if (ret == 0) {
		unsigned int calls = inject.calls;

		__atomic_store_n(&inject.whose, INJECT_MAINS, __ATOMIC_SEQ_CST);
		inject.fail = UINT32_MAX;
		inject.on = false;
		traffic(v, id);
		inject_disarm();
		assert_int_equal(inject.calls, calls);
		inject.fail = fail;
	}
	if (id >= 0) {
		/* Closing must also work without memory. */
		__atomic_store_n(&inject.whose, INJECT_MAINS, __ATOMIC_SEQ_CST);
		inject.calls = 0;
		inject.fail = 1;
		inject.on = true;
		ret = rte_vdev_uninit(FN0);
		inject_disarm();
		inject.fail = fail;
		if (ret != 0)
			fail_msg("remove after failing call %u, of %s: %d", fail,
				 inject.first != NULL ? inject.first : "none", ret);
	}
	expect_stock(before, "the device removed");
	return was_hit;
}

static void
test_control(void **state)
{
	const struct variant *v = *state;
	unsigned int way, n, total = 0;

	for (way = 0; way < 4; way++) {
		for (n = 1; run(v, n, (way & 1) != 0, (way & 2) != 0); n++)
			;
		/* The number of failing calls must not depend on it. */
		assert_true(n > 1);
		total += n - 1;
	}
	print_message("# %u allocations failed one by one, in 4 variants\n", total / 4);
}

/* ---- threads of the function ----------------------------------------------------------------- */

/* All operations are reported, and successful ones were executed. */
static void
traffic_any(int16_t id)
{
	enum rte_dma_status_code status[8];
	struct td_bound bound;
	unsigned int i, n, got;

	memset(dst, TD_GUARD, 8 * LEN);
	for (n = 0; n < 8; n++)
		if (rte_dma_copy(id, 0, (uintptr_t)src + n, (uintptr_t)dst + n * LEN, LEN,
				 RTE_DMA_OP_FLAG_SUBMIT) < 0)
			break;
	td_bound_set(&bound);
	for (i = 0; i < n; i += got) {
		got = rte_dma_completed_status(id, 0, n - i, NULL, status + i);
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("operation %u does not complete", i);
	}
	for (i = 0; i < n; i++)
		if (status[i] == RTE_DMA_STATUS_SUCCESSFUL)
			assert_memory_equal(dst + i * LEN, src + i, LEN);
}

/* A function without memory causes errors: the driver reports them, and nothing leaks. */
static void
test_function(void **state)
{
	const struct variant *v = *state;
	struct stock before;
	unsigned int way, n;
	enum phase phase;
	int16_t id;
	bool was_hit = true;
	int ret;

	for (way = 0; way < 2; way++) {
		for (n = 1, was_hit = true; was_hit; n++) {
			stock_take(&before);
			inject_arm(INJECT_OTHERS, n, way == 1);
			for (phase = 0, ret = 0; phase < NB_PHASES && ret == 0; phase++)
				ret = phase_do(v, phase, &id);
			assert_in_range(-ret, 0, 133);
			if (ret == 0)
				traffic_any(id);
			else if (inject.hits == 0)
				fail_msg("%s: %d, but no call failed", phase_names[phase - 1],
					 ret);
			inject_disarm();
			was_hit = inject.hits > 0;
			if (id >= 0)
				assert_int_equal(rte_vdev_uninit(FN0), 0);
			expect_stock(&before, "the device removed");
		}
		assert_true(n > 2);
	}
}

/* A failed test may have left its device. */
static int
teardown(void **state)
{
	inject_disarm();
	inject.zones = false;
	rte_vdev_uninit(FN0);
	return td_teardown(state);
}

/* ---- main ------------------------------------------------------------------------------------ */

int
main(int argc, char **argv)
{
	const unsigned int all = (1u << NB_PHASES) - 1;
	/* Three channels; all arguments; other memory types; more tables at start. */
	static struct variant plain = { .args = "", .nb_vchans = 3 };
	static struct variant full = {
		.args = "max_cxt=7,max_vchans=4,errlog_size=128,watchdog=1000,"
			"fault=fail:cxt=7:op=5,fault=stall:cxt=7:op=9",
		.nb_vchans = 2,
		.ops = true,
	};
	static struct variant zones = { .args = "error=continue", .nb_vchans = 2, .zones = true };
	static struct variant many = {
		.args = "max_cxt=255", .nb_vchans = 130, .phases = 1u << START, .silent = true,
	};
	static struct variant one = { .args = "", .nb_vchans = 1 };
	static struct variant random_one = { .args = "order=random", .nb_vchans = 1 };
	const struct CMUnitTest tests[] = {
#define TEST(f, label, variant) { #f " (" label ")", f, td_setup, teardown, variant }
		TEST(test_control, "three vchans", &plain),
		TEST(test_control, "all arguments", &full),
		TEST(test_control, "memzones", &zones),
		TEST(test_control, "130 vchans, start", &many),
		TEST(test_function, "plain", &one),
		TEST(test_function, "order=random", &random_one),
	};
	int ret;

	plain.phases = all;
	full.phases = all;
	zones.phases = all;
	if (!td_eal_init(argv[0], 256, NULL))
		return 1;
	if (inject_begin() < 0) {
		fprintf(stderr, "the driver's calls cannot be redirected\n");
		return 1;
	}
	src = rte_malloc("src", LEN + 64, 64);
	dst = rte_malloc("dst", 8 * LEN, 64);
	if (src == NULL || dst == NULL)
		return 1;
	td_fill(src, LEN + 64, 1);
	ret = TD_RUN("driver, allocations", tests, argc > 1 ? argv[1] : NULL);
	rte_free(src);
	rte_free(dst);
	return ret != 0;
}
