/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <string.h>

#include "perf_hist.h"

void
perf_hist_reset(struct perf_hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

uint64_t
perf_hist_percentile(const struct perf_hist *h, unsigned int permille)
{
	/* Rounded up; in two steps, as the product may overflow. */
	uint64_t rank = h->count / 1000 * permille + (h->count % 1000 * permille + 999) / 1000;
	uint64_t seen = 0;
	uint64_t last;
	uint32_t i;

	if (h->count == 0)
		return 0;
	if (rank == 0)
		return h->min;
	for (i = 0; i < PERF_HIST_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			break;
	}
	last = i < PERF_HIST_BUCKETS ? perf_hist_bucket_last(i) : h->max;
	/* The bucket may end above the maximum. */
	return last > h->max ? h->max : last;
}

void
perf_hist_summarize(const struct perf_hist *h, struct perf_latency *latency)
{
	memset(latency, 0, sizeof(*latency));
	if (h->count == 0)
		return;
	latency->samples = h->count;
	latency->min = h->min;
	latency->p50 = perf_hist_percentile(h, 500);
	latency->p99 = perf_hist_percentile(h, 990);
	latency->p999 = perf_hist_percentile(h, 999);
	latency->max = h->max;
	latency->mean = (double)h->sum / h->count;
}
