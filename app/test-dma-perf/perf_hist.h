/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_HIST_H
#define PERF_HIST_H

/*
 * A histogram of durations for use in a measured loop: of fixed size, adding a value takes constant
 * time. Buckets are log-linear: each power of two is split into PERF_HIST_SUB equal buckets, so the
 * relative error is at most 1/PERF_HIST_SUB. Values below PERF_HIST_SUB are exact.
 */

#include <stdint.h>

#define PERF_HIST_SUB_BITS 6
#define PERF_HIST_SUB (UINT32_C(1) << PERF_HIST_SUB_BITS)
#define PERF_HIST_BUCKETS ((64 - PERF_HIST_SUB_BITS + 1) * PERF_HIST_SUB)

struct perf_hist {
	uint64_t count;
	uint64_t sum;
	uint64_t min;		/* exact, like max */
	uint64_t max;
	uint64_t buckets[PERF_HIST_BUCKETS];
};

static inline uint32_t
perf_hist_bucket(uint64_t value)
{
	uint32_t shift;

	if (value < PERF_HIST_SUB)
		return value;
	shift = 63 - __builtin_clzll(value) - PERF_HIST_SUB_BITS;
	return shift * PERF_HIST_SUB + (uint32_t)(value >> shift);
}

/* Largest value of a bucket. */
static inline uint64_t
perf_hist_bucket_last(uint32_t bucket)
{
	uint32_t shift;

	if (bucket < PERF_HIST_SUB)
		return bucket;
	shift = bucket / PERF_HIST_SUB - 1;
	return ((uint64_t)(bucket % PERF_HIST_SUB + PERF_HIST_SUB) << shift) +
		((UINT64_C(1) << shift) - 1);
}

static inline void
perf_hist_add(struct perf_hist *h, uint64_t value)
{
	h->count++;
	h->sum += value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->buckets[perf_hist_bucket(value)]++;
}

void
perf_hist_reset(struct perf_hist *h);

/*
 * The permille-th per mille (nearest rank): at least the true value, and above it by less than
 * 1/PERF_HIST_SUB. Returns 0 if the histogram is empty.
 */
uint64_t
perf_hist_percentile(const struct perf_hist *h, unsigned int permille);

/* Summary of a histogram, in the unit of its values. */
struct perf_latency {
	uint64_t samples;	/* 0: no other field is set */
	uint64_t min;
	uint64_t p50;
	uint64_t p99;
	uint64_t p999;
	uint64_t max;
	double mean;
};

void
perf_hist_summarize(const struct perf_hist *h, struct perf_latency *latency);

#endif /* PERF_HIST_H */
