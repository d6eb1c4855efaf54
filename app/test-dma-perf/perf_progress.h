/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_PROGRESS_H
#define PERF_PROGRESS_H

/* A progress line, shown on a terminal only. */

#include <stdbool.h>
#include <stdint.h>

#include "perf_conf.h"
#include "perf_result.h"

struct perf_progress {
	bool on;		/* stdout is a terminal */
	int shown;		/* length of the line on screen */
	double total_s;		/* minimum duration of all cases */
	double done_s;		/* share of it for scenarios already started */
	uint64_t nb_scenarios;
	uint64_t begun;
	unsigned int scenario;	/* last one started in this case */
};

void
perf_progress_init(struct perf_progress *p, const struct perf_conf *conf);

/* Call after the last record of a case, even if it failed. */
void
perf_progress_end_case(struct perf_progress *p, const struct perf_case *pc);

void
perf_progress_update(struct perf_progress *p, const struct perf_case *pc,
		     const struct perf_record *rec);

/* Clear the line before other output. */
void
perf_progress_hide(struct perf_progress *p);

#endif /* PERF_PROGRESS_H */
