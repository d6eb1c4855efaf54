/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_JSON_H
#define PERF_JSON_H

/* The JSON result file: all figures, with their units in the names. */

#include <stdio.h>

#include "perf_result.h"

void
perf_json_write(FILE *f, const struct perf_result *res, const struct perf_about *about);

#endif /* PERF_JSON_H */
