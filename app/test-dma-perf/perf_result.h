/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_RESULT_H
#define PERF_RESULT_H

/* What was measured, and how it is written: a line as it arrives, the CSV file, the last table. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "perf_conf.h"

/*
 * One lane's outcome in one scenario. It goes through a pipe from the process that runs the case:
 * no pointers, and below PIPE_BUF so that it arrives whole.
 */
struct perf_record {
	bool failed;		/* with the reason; nothing below cycles is set */
	bool interrupted;	/* before test_seconds were over */
	unsigned int scenario;
	unsigned int lane;
	unsigned int nb_lanes;
	unsigned int lcore;
	enum perf_type type;
	char dev[PERF_DEV_NAME_LEN];
	uint64_t ring_size;
	uint64_t kick_batch;
	uint64_t buf_size;
	uint64_t nb_bufs;	/* of this lane, per side */
	uint64_t ops;
	uint64_t cycles;
	uint64_t hz;
	char reason[256];
};

struct perf_row;

struct perf_result {
	FILE *csv;
	const char *path;
	bool has_header;	/* the current case's */
	struct perf_row *rows;
	unsigned int nb_rows;
};

/* Create the CSV file. 0 or a negative errno. */
int
perf_result_open(struct perf_result *res, const char *path);

void
perf_result_skipped(struct perf_result *res, const struct perf_case *pc);

void
perf_result_unsupported(struct perf_result *res, const struct perf_case *pc);

void
perf_result_begin(struct perf_result *res, const struct perf_case *pc);

void
perf_result_add(struct perf_result *res, const struct perf_case *pc, const struct perf_record *rec);

/* The whole case ended in a way that no record tells. */
void
perf_result_failed(struct perf_result *res, const struct perf_case *pc, const char *reason);

void
perf_result_print_table(const struct perf_result *res, FILE *f);

/* 0, or a negative errno if some of the CSV file could not be written. */
int
perf_result_close(struct perf_result *res);

#endif /* PERF_RESULT_H */
