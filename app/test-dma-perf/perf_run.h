/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_RUN_H
#define PERF_RUN_H

/* Runs all scenarios of a case. EAL must be initialized. */

#include <signal.h>
#include <stdio.h>

#include "perf_conf.h"
#include "perf_result.h"

/* Warm-up time of each pass. */
#define PERF_WARM_UP_MS 10

/* Called with each record. A negative result ends the case. */
typedef int (*perf_sink)(void *opaque, const struct perf_record *rec);

/*
 * Returns 0 if all scenarios ran and all data was correct, -EINTR if *interrupted was set, or
 * another negative errno if a scenario failed (its record has the reason).
 */
int
perf_run_case(const struct perf_case *pc, const volatile sig_atomic_t *interrupted, perf_sink sink,
	      void *opaque);

void
perf_run_list_devices(FILE *f);

#endif /* PERF_RUN_H */
