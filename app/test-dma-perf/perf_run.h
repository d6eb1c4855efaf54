/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_RUN_H
#define PERF_RUN_H

/* All scenarios of a case, in a process whose EAL is up. */

#include <signal.h>
#include <stdio.h>

#include "perf_conf.h"
#include "perf_result.h"

/* How long a pass runs before it is measured. */
#define PERF_WARM_UP_MS 10

/* Takes each record as it is made. Negative: nobody reads them, stop. */
typedef int (*perf_sink)(void *opaque, const struct perf_record *rec);

/*
 * 0 if every scenario ran and every byte was right, -EINTR if *interrupted was set before the
 * end, another negative errno if a scenario failed (its record says why).
 */
int
perf_run_case(const struct perf_case *pc, const volatile sig_atomic_t *interrupted, perf_sink sink,
	      void *opaque);

void
perf_run_list_devices(FILE *f);

#endif /* PERF_RUN_H */
