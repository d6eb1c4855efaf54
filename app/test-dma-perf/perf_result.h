/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_RESULT_H
#define PERF_RESULT_H

/*
 * What was measured, and how it is written: a line as it arrives, the CSV file, the JSON file, the
 * last table.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "perf_conf.h"
#include "perf_hist.h"

enum perf_record_kind {
	PERF_RECORD_RESULT,
	PERF_RECORD_FAILED,	/* reason says why; nothing below hz is set */
	/* reason names the pass that begins; of the others, scenario is set */
	PERF_RECORD_PROGRESS,
};

/*
 * One lane's outcome in one scenario. It goes through a pipe from the process that runs the case:
 * no pointers, and below PIPE_BUF so that it arrives whole. Durations are in cycles of the clock.
 */
struct perf_record {
	enum perf_record_kind kind;
	bool interrupted;	/* before all was measured */
	bool verified;		/* all data was looked at, and right */
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
	/* Each of these from a pass of its own; 0 if there was none. */
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

/* How a case ended. */
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
	bool has_header;	/* the current case's */
	struct perf_row *rows;
	unsigned int nb_rows;
	struct perf_verdict *verdicts;
	unsigned int nb_verdicts;
};

/*
 * Create the CSV file and the JSON file, for up to that many cases. 0 or a negative errno, with
 * *bad being the path that it is about.
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

/* The whole case ended in a way that no record tells. */
void
perf_result_failed(struct perf_result *res, const struct perf_case *pc, const char *reason);

/* As the above, by a signal; what was measured stays. */
void
perf_result_interrupted(struct perf_result *res, const struct perf_case *pc);

void
perf_result_print_table(const struct perf_result *res, FILE *f);

/* What the JSON file tells besides. */
struct perf_about {
	const char *config;
	bool interrupted;
};

/*
 * Write the JSON file. 0, or a negative errno if some of a file could not be written, with *bad
 * being its path.
 */
int
perf_result_close(struct perf_result *res, const struct perf_about *about, const char **bad);

double
perf_mops(const struct perf_record *rec);

double
perf_gbps(const struct perf_record *rec);

double
perf_ns(const struct perf_record *rec, double cycles);

/* Cycles of the split, for one operation. */
double
perf_per_op(const struct perf_record *rec, uint64_t cycles);

#endif /* PERF_RESULT_H */
