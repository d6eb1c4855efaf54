/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_PROGRESS_H
#define PERF_PROGRESS_H

/* A line that says how far the run is; on a terminal only. */

#include <stdbool.h>
#include <stdint.h>

#include "perf_conf.h"
#include "perf_result.h"

struct perf_progress {
	bool on;		/* stdout is a terminal */
	int shown;		/* columns of the line that stands there */
	double total_s;		/* what all cases take, at least */
	double done_s;		/* of it, by scenarios that have begun */
	uint64_t nb_scenarios;
	uint64_t begun;
	unsigned int scenario;	/* the last one of the case to have begun */
};

void
perf_progress_init(struct perf_progress *p, const struct perf_conf *conf);

/* Behind the last record of a case, however it ended. */
void
perf_progress_end_case(struct perf_progress *p, const struct perf_case *pc);

void
perf_progress_update(struct perf_progress *p, const struct perf_case *pc,
		     const struct perf_record *rec);

/* Make room for other output. */
void
perf_progress_hide(struct perf_progress *p);

#endif /* PERF_PROGRESS_H */
