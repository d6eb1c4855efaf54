/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Histogram of dpdk-test-dma-perf: buckets, resolution, percentiles. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "perf_hist.h"

#define NB_VALUES 20000

static struct perf_hist hist;

static void
test_buckets_follow_each_other(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(perf_hist_bucket(0), 0);
	for (i = 0; i < PERF_HIST_BUCKETS; i++) {
		uint64_t last = perf_hist_bucket_last(i);

		assert_int_equal(perf_hist_bucket(last), i);
		if (i + 1 < PERF_HIST_BUCKETS)
			assert_int_equal(perf_hist_bucket(last + 1), i + 1);
	}
	assert_true(perf_hist_bucket_last(PERF_HIST_BUCKETS - 1) == UINT64_MAX);
}

static void
test_resolution(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < PERF_HIST_BUCKETS; i++) {
		uint64_t first = i == 0 ? 0 : perf_hist_bucket_last(i - 1) + 1;

		/* The width of a bucket is less than 1/64 of its first value. */
		assert_true(perf_hist_bucket_last(i) - first <= first / PERF_HIST_SUB);
	}
}

static void
test_empty(void **state)
{
	struct perf_latency l;

	(void)state;
	perf_hist_reset(&hist);
	assert_int_equal(perf_hist_percentile(&hist, 500), 0);
	perf_hist_summarize(&hist, &l);
	assert_int_equal(l.samples, 0);
	assert_int_equal(l.max, 0);
}

static void
test_one_value(void **state)
{
	struct perf_latency l;

	(void)state;
	perf_hist_reset(&hist);
	perf_hist_add(&hist, 1000003);
	perf_hist_summarize(&hist, &l);
	assert_int_equal(l.samples, 1);
	/* Percentiles do not exceed the maximum. */
	assert_int_equal(l.min, 1000003);
	assert_int_equal(l.p50, 1000003);
	assert_int_equal(l.p99, 1000003);
	assert_int_equal(l.p999, 1000003);
	assert_int_equal(l.max, 1000003);
	assert_true(l.mean == 1000003);
}

static void
test_exact_percentiles(void **state)
{
	uint64_t v;
	unsigned int n;

	(void)state;
	/* 1 to 50, twenty times each: 1000 values, all small enough to be exact. */
	perf_hist_reset(&hist);
	for (n = 0; n < 20; n++)
		for (v = 1; v <= 50; v++)
			perf_hist_add(&hist, v);
	assert_int_equal(hist.count, 1000);
	assert_int_equal(hist.sum, 25500);
	assert_int_equal(perf_hist_percentile(&hist, 0), 1);
	assert_int_equal(perf_hist_percentile(&hist, 1), 1);
	assert_int_equal(perf_hist_percentile(&hist, 20), 1);
	assert_int_equal(perf_hist_percentile(&hist, 21), 2);
	assert_int_equal(perf_hist_percentile(&hist, 500), 25);
	assert_int_equal(perf_hist_percentile(&hist, 501), 26);
	assert_int_equal(perf_hist_percentile(&hist, 990), 50);
	assert_int_equal(perf_hist_percentile(&hist, 1000), 50);
}

static void
test_tail(void **state)
{
	struct perf_latency l;
	unsigned int i;

	(void)state;
	/* Of 1000, the 990th is the last ordinary one, the 999th is late, one is very late. */
	perf_hist_reset(&hist);
	for (i = 0; i < 990; i++)
		perf_hist_add(&hist, 10);
	for (i = 0; i < 9; i++)
		perf_hist_add(&hist, 40);
	perf_hist_add(&hist, 1 << 20);
	perf_hist_summarize(&hist, &l);
	assert_int_equal(l.p50, 10);
	assert_int_equal(l.p99, 10);
	assert_int_equal(l.p999, 40);
	assert_int_equal(l.max, 1 << 20);
	perf_hist_add(&hist, 1 << 20);
	perf_hist_summarize(&hist, &l);
	assert_int_equal(l.p99, 40);
	assert_int_equal(l.p999, 1 << 20);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
test_against_sorted_values(void **state)
{
	static const unsigned int permilles[] = { 1, 10, 250, 500, 900, 990, 999, 1000 };
	uint64_t *values = malloc(NB_VALUES * sizeof(*values));
	uint64_t x = 88172645463325252;
	unsigned int i;

	(void)state;
	assert_non_null(values);
	perf_hist_reset(&hist);
	for (i = 0; i < NB_VALUES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* All magnitudes. */
		values[i] = x >> (x % 60);
		perf_hist_add(&hist, values[i]);
	}
	qsort(values, NB_VALUES, sizeof(*values), compare);
	assert_true(hist.min == values[0]);
	assert_true(hist.max == values[NB_VALUES - 1]);
	for (i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		unsigned int rank = (NB_VALUES * permilles[i] + 999) / 1000;
		uint64_t exact = values[rank - 1];
		uint64_t found = perf_hist_percentile(&hist, permilles[i]);

		assert_true(found >= exact);
		assert_true(found - exact <= exact / PERF_HIST_SUB);
	}
	free(values);
}

static void
test_rank_of_many(void **state)
{
	(void)state;
	/* Counts whose product with 1000 exceeds 64 bits. */
	perf_hist_reset(&hist);
	hist.count = UINT64_C(1) << 60;
	hist.min = 1;
	hist.max = 9;
	hist.buckets[1] = (UINT64_C(1) << 59) - 1;
	hist.buckets[9] = (UINT64_C(1) << 59) + 1;
	assert_int_equal(perf_hist_percentile(&hist, 499), 1);
	assert_int_equal(perf_hist_percentile(&hist, 500), 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets_follow_each_other),
		cmocka_unit_test(test_resolution),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one_value),
		cmocka_unit_test(test_exact_percentiles),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_against_sorted_values),
		cmocka_unit_test(test_rank_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
