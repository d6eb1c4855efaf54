/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_RESULT_H
#define PERF_RESULT_H

/*
 * Results and their output: the line of each result, the CSV file, the JSON file, the final table.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "perf_conf.h"
#include "perf_hist.h"

enum perf_record_kind {
	PERF_RECORD_RESULT,
	PERF_RECORD_FAILED,	/* with a reason; fields below hz are not set */
	/* the pass that starts is in reason, its scenario in scenario; other fields are not set */
	PERF_RECORD_PROGRESS,
};

/*
 * Result of one lane in one scenario. Sent through a pipe from the process that runs the case, so
 * it has no pointers and is smaller than PIPE_BUF (atomic write). Durations are in clock cycles.
 */
struct perf_record {
	enum perf_record_kind kind;
	bool interrupted;	/* before all was measured */
	bool verified;		/* all data was checked and correct */
	bool enq_deq;
	unsigned int scenario;
	unsigned int lane;
	unsigned int nb_lanes;
	unsigned int lcore;
	enum perf_type type;
	enum perf_dir dir;
	char dev[PERF_DEV_NAME_LEN];
	unsigned int nb_src_sges;	/* 0: no scatter-gather */
	unsigned int nb_dst_sges;
	uint64_t mem_size;
	uint64_t ring_size;
	uint64_t kick_batch;
	uint64_t buf_size;
	uint64_t nb_bufs;	/* of this lane, per side */
	uint64_t hz;
	uint64_t ops;
	uint64_t cycles;
	/* Each is measured in its own pass; 0 if the pass did not run. */
	uint64_t split_ops;
	uint64_t split_enqueue;
	uint64_t split_submit;
	uint64_t split_poll;
	uint64_t split_idle;
	struct perf_latency latency;
	struct perf_latency batch_latency;
	uint64_t batch_ops;
	char reason[256];
};

struct perf_row {
	const struct perf_case *pc;
	struct perf_record rec;
};

/* Outcome of a case. */
struct perf_verdict {
	const struct perf_case *pc;
	const char *status;	/* passed, failed, skipped, unsupported, interrupted */
	char reason[256];
};

struct perf_result {
	FILE *csv;
	FILE *json;
	const char *csv_path;
	const char *json_path;
	bool has_header;	/* of the current case */
	struct perf_row *rows;
	unsigned int nb_rows;
	struct perf_verdict *verdicts;
	unsigned int nb_verdicts;
};

/*
 * Create the CSV and JSON files, for up to nb_cases cases. Returns 0 or a negative errno, with *bad
 * set to the path that failed.
 */
int
perf_result_open(struct perf_result *res, const char *csv, const char *json, unsigned int nb_cases,
		 const char **bad);

void
perf_result_skipped(struct perf_result *res, const struct perf_case *pc);

void
perf_result_unsupported(struct perf_result *res, const struct perf_case *pc);

void
perf_result_begin(struct perf_result *res, const struct perf_case *pc);

void
perf_result_add(struct perf_result *res, const struct perf_case *pc, const struct perf_record *rec);

/* The case failed as a whole, and no record says why. */
void
perf_result_failed(struct perf_result *res, const struct perf_case *pc, const char *reason);

/* A signal interrupted the case; its results so far are kept. */
void
perf_result_interrupted(struct perf_result *res, const struct perf_case *pc);

void
perf_result_print_table(const struct perf_result *res, FILE *f);

/* Additional information for the JSON file. */
struct perf_about {
	const char *config;
	bool interrupted;
};

/*
 * Write the JSON file. Returns 0, or a negative errno if a file could not be written completely,
 * with *bad set to its path.
 */
int
perf_result_close(struct perf_result *res, const struct perf_about *about, const char **bad);

double
perf_mops(const struct perf_record *rec);

double
perf_gbps(const struct perf_record *rec);

double
perf_ns(const struct perf_record *rec, double cycles);

/* Cycles per operation. */
double
perf_per_op(const struct perf_record *rec, uint64_t cycles);

#endif /* PERF_RESULT_H */
