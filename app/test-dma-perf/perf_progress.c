/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "perf_progress.h"

static double
scenario_seconds(const struct perf_case *pc)
{
	unsigned int passes = perf_by_dma(pc) ? 3 : 1;

	return pc->test_seconds + passes * pc->detail_ms / 1e3;
}

static bool
will_run(const struct perf_case *pc)
{
	return !pc->skip && !pc->unsupported;
}

void
perf_progress_init(struct perf_progress *p, const struct perf_conf *conf)
{
	unsigned int i;

	memset(p, 0, sizeof(*p));
	p->on = isatty(STDOUT_FILENO) == 1;
	for (i = 0; i < conf->nb_cases; i++) {
		const struct perf_case *pc = &conf->cases[i];

		if (!will_run(pc))
			continue;
		p->nb_scenarios += perf_nb_scenarios(pc);
		p->total_s += perf_nb_scenarios(pc) * scenario_seconds(pc);
	}
}

void
perf_progress_hide(struct perf_progress *p)
{
	if (p->shown == 0)
		return;
	/* Overwrite with blanks: not every terminal supports an erase sequence. */
	printf("\r%*s\r", p->shown, "");
	p->shown = 0;
}

void
perf_progress_end_case(struct perf_progress *p, const struct perf_case *pc)
{
	uint64_t missing = perf_nb_scenarios(pc) - p->scenario;

	perf_progress_hide(p);
	/* The case may have failed before its last scenario. */
	p->begun += missing;
	p->done_s += missing * scenario_seconds(pc);
	p->scenario = 0;
}

void
perf_progress_update(struct perf_progress *p, const struct perf_case *pc,
		     const struct perf_record *rec)
{
	double left;

	if (rec->scenario > p->scenario) {
		p->begun += rec->scenario - p->scenario;
		p->done_s += (rec->scenario - p->scenario) * scenario_seconds(pc);
		p->scenario = rec->scenario;
	}
	if (!p->on)
		return;
	left = p->total_s - p->done_s + scenario_seconds(pc);
	perf_progress_hide(p);
	p->shown = printf("scenario %" PRIu64 " of %" PRIu64 " (%s): %s, at least %.0f s to go",
			  p->begun, p->nb_scenarios, pc->section, rec->reason, left);
	fflush(stdout);
}
