/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "perf_json.h"
#include "perf_result.h"

#define EMPTY_LINE ",,,,,,,,\n"

double
perf_mops(const struct perf_record *rec)
{
	return rec->cycles == 0 ? 0 : (double)rec->ops * rec->hz / rec->cycles / 1e6;
}

double
perf_gbps(const struct perf_record *rec)
{
	return perf_mops(rec) * rec->buf_size * 8 / 1e3;
}

double
perf_ns(const struct perf_record *rec, double cycles)
{
	return rec->hz == 0 ? 0 : cycles * 1e9 / rec->hz;
}

double
perf_per_op(const struct perf_record *rec, uint64_t cycles)
{
	return rec->split_ops == 0 ? 0 : (double)cycles / rec->split_ops;
}

static double
cycles_per_op(const struct perf_record *rec)
{
	return rec->ops == 0 ? 0 : (double)rec->cycles / rec->ops;
}

static double
memory_mib(const struct perf_record *rec)
{
	unsigned int sides = rec->type == PERF_TYPE_DMA_MEM_FILL ? 1 : 2;

	return (double)rec->buf_size * rec->nb_bufs * sides / (1 << 20);
}

int
perf_result_open(struct perf_result *res, const char *csv, const char *json, unsigned int nb_cases,
		 const char **bad)
{
	int ret;

	memset(res, 0, sizeof(*res));
	res->csv_path = csv;
	res->json_path = json;
	*bad = csv;
	res->verdicts = calloc(nb_cases, sizeof(*res->verdicts));
	if (res->verdicts == NULL)
		return -ENOMEM;
	res->csv = fopen(csv, "w");
	if (res->csv != NULL) {
		*bad = json;
		res->json = fopen(json, "w");
	}
	if (res->json != NULL)
		return 0;
	ret = -errno;
	if (res->csv != NULL)
		fclose(res->csv);
	free(res->verdicts);
	return ret;
}

static void
set_verdict(struct perf_result *res, const char *status, const char *reason)
{
	struct perf_verdict *v = &res->verdicts[res->nb_verdicts - 1];

	v->status = status;
	snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

/* Keep the first reason: later failures may follow from it. */
static void
fail_verdict(struct perf_result *res, const char *reason)
{
	if (strcmp(res->verdicts[res->nb_verdicts - 1].status, "failed") != 0)
		set_verdict(res, "failed", reason);
}

static void
begin_verdict(struct perf_result *res, const struct perf_case *pc, const char *status)
{
	res->verdicts[res->nb_verdicts++].pc = pc;
	set_verdict(res, status, "");
}

void
perf_result_skipped(struct perf_result *res, const struct perf_case *pc)
{
	printf("%s: skipped\n", pc->section);
	fprintf(res->csv, EMPTY_LINE EMPTY_LINE "Skip the test-case %u\n", pc->id);
	begin_verdict(res, pc, "skipped");
}

void
perf_result_unsupported(struct perf_result *res, const struct perf_case *pc)
{
	printf("%s: FAILED: not supported, see above\n", pc->section);
	fprintf(res->csv, EMPTY_LINE EMPTY_LINE "Invalid case %u\n", pc->id);
	begin_verdict(res, pc, "unsupported");
}

void
perf_result_begin(struct perf_result *res, const struct perf_case *pc)
{
	printf("%s: %s\n", pc->section, perf_type_name(pc->type));
	res->has_header = false;
	begin_verdict(res, pc, "passed");
}

static void
write_header(struct perf_result *res, const struct perf_case *pc, uint64_t hz)
{
	if (res->has_header)
		return;
	res->has_header = true;
	fprintf(res->csv, EMPTY_LINE EMPTY_LINE);
	/* hz is 0 if the case failed before the clock was known. */
	if (hz != 0)
		fprintf(res->csv, "Test Environment:\nCPU frequency,%.3f Ghz\n" EMPTY_LINE,
			hz / 1e9);
	/* The columns of DPDK's tool up to MOps, then additional ones. */
	fprintf(res->csv, "Case %u : %s,lcore,DMA,DMA ring size,kick batch size,buffer size(B),"
		"number of buffers,memory(MB),average cycle,bandwidth(Gbps),MOps,direction,"
		"source segments,destination segments,enqueue-dequeue,data,state,"
		"enqueue(cycles/op),submit(cycles/op),poll(cycles/op),idle poll(cycles/op)",
		pc->id, perf_type_name(pc->type));
	fprintf(res->csv, ",latency samples,latency p50(ns),latency p99(ns),latency p99.9(ns),"
		"latency max(ns),batch latency samples,batch latency p50(ns),"
		"batch latency p99(ns),batch latency p99.9(ns),batch latency max(ns)\n");
}

/* A comma or a newline in the reason would shift columns. */
static void
write_reason(FILE *f, const char *reason)
{
	for (; *reason != '\0'; reason++)
		fputc(*reason == ',' || *reason == '\n' ? ';' : *reason, f);
}

static const char *
state_of(const struct perf_record *rec)
{
	return rec->interrupted ? "interrupted" : "complete";
}

static void
write_latency(FILE *f, const struct perf_record *rec, const struct perf_latency *l)
{
	if (l->samples == 0)
		fprintf(f, ",0,NA,NA,NA,NA");
	else
		fprintf(f, ",%" PRIu64 ",%.0f,%.0f,%.0f,%.0f", l->samples, perf_ns(rec, l->p50),
			perf_ns(rec, l->p99), perf_ns(rec, l->p999), perf_ns(rec, l->max));
}

static void
write_csv(struct perf_result *res, const struct perf_record *rec)
{
	FILE *f = res->csv;

	if (rec->kind == PERF_RECORD_FAILED) {
		fprintf(f, "Scenario %u failed,%u,%s,", rec->scenario, rec->lcore, rec->dev);
		write_reason(f, rec->reason);
		fputc('\n', f);
		return;
	}
	fprintf(f, "Scenario %u,%u,%s,", rec->scenario, rec->lcore, rec->dev);
	if (rec->type == PERF_TYPE_CPU_MEM_COPY)
		fprintf(f, "NA,NA,");
	else
		fprintf(f, "%" PRIu64 ",%" PRIu64 ",", rec->ring_size, rec->kick_batch);
	fprintf(f, "%" PRIu64 ",%" PRIu64 ",%.2f,%.0f,%.3f,%.3f", rec->buf_size, rec->nb_bufs,
		memory_mib(rec), cycles_per_op(rec), perf_gbps(rec), perf_mops(rec));
	fprintf(f, ",%s,", perf_dir_name(rec->dir));
	if (rec->nb_src_sges == 0)
		fprintf(f, "NA,NA,");
	else
		fprintf(f, "%u,%u,", rec->nb_src_sges, rec->nb_dst_sges);
	fprintf(f, "%d,%s,%s,", rec->enq_deq ? 1 : 0, rec->verified ? "verified" : "not verified",
		state_of(rec));
	if (rec->split_ops == 0)
		fprintf(f, "NA,NA,NA,NA");
	else
		fprintf(f, "%.1f,%.1f,%.1f,%.1f", perf_per_op(rec, rec->split_enqueue),
			perf_per_op(rec, rec->split_submit), perf_per_op(rec, rec->split_poll),
			perf_per_op(rec, rec->split_idle));
	write_latency(f, rec, &rec->latency);
	write_latency(f, rec, &rec->batch_latency);
	fputc('\n', f);
}

/* Called after the last lane of a scenario: sum up its rows. */
static void
write_summary(struct perf_result *res, const struct perf_case *pc, const struct perf_record *last)
{
	double sum_mops = 0, sum_gbps = 0, sum_cycles = 0, sum_mib = 0;
	uint64_t sum_bufs = 0;
	unsigned int i;

	if (res->nb_rows < last->nb_lanes)
		return;
	for (i = res->nb_rows - last->nb_lanes; i < res->nb_rows; i++) {
		const struct perf_record *rec = &res->rows[i].rec;

		/* An interrupted scenario may lack rows. */
		if (rec->kind != PERF_RECORD_RESULT || rec->scenario != last->scenario ||
		    res->rows[i].pc != pc)
			return;
		sum_mops += perf_mops(rec);
		sum_gbps += perf_gbps(rec);
		sum_cycles += cycles_per_op(rec);
		sum_mib += memory_mib(rec);
		sum_bufs += rec->nb_bufs;
	}
	fprintf(res->csv, "Scenario %u Summary, , , , , ,%" PRIu64 ",%.2f,%.1f,%.3f,%.3f\n",
		last->scenario, sum_bufs, sum_mib, sum_cycles / last->nb_lanes, sum_gbps, sum_mops);
	if (last->nb_lanes > 1)
		printf("  scenario %u: %u lcores together %.3f MOps, %.3f Gbps\n", last->scenario,
		       last->nb_lanes, sum_mops, sum_gbps);
}

static void
print_latency(const char *what, const struct perf_record *rec, const struct perf_latency *l)
{
	if (l->samples != 0)
		printf("    %s, microseconds: p50 %.2f, p99 %.2f, p99.9 %.2f, max %.2f\n", what,
		       perf_ns(rec, l->p50) / 1e3, perf_ns(rec, l->p99) / 1e3,
		       perf_ns(rec, l->p999) / 1e3, perf_ns(rec, l->max) / 1e3);
}

static void
print_line(const struct perf_record *rec)
{
	bool by_dma = rec->type != PERF_TYPE_CPU_MEM_COPY;
	char what[64];

	printf("  scenario %u: lcore %u, %s", rec->scenario, rec->lcore,
	       by_dma ? rec->dev : "CPU");
	if (by_dma)
		printf(", ring %" PRIu64 ", batch %" PRIu64, rec->ring_size, rec->kick_batch);
	if (rec->nb_src_sges != 0)
		printf(", %u to %u segments", rec->nb_src_sges, rec->nb_dst_sges);
	if (rec->dir != PERF_DIR_MEM_TO_MEM)
		printf(", %s", perf_dir_name(rec->dir));
	printf(", %" PRIu64 " bytes: ", rec->buf_size);
	if (rec->kind == PERF_RECORD_FAILED) {
		printf("FAILED: %s\n", rec->reason);
		fflush(stdout);
		return;
	}
	printf("%.3f MOps, %.3f Gbps, %.0f cycles/op, data %s%s\n", perf_mops(rec), perf_gbps(rec),
	       cycles_per_op(rec), rec->verified ? "verified" : "not verified",
	       rec->interrupted ? " (interrupted)" : "");
	if (rec->split_ops != 0)
		printf("    cycles/op: enqueue %.1f, submit %.1f, poll %.1f, idle poll %.1f\n",
		       perf_per_op(rec, rec->split_enqueue), perf_per_op(rec, rec->split_submit),
		       perf_per_op(rec, rec->split_poll), perf_per_op(rec, rec->split_idle));
	print_latency("latency of one", rec, &rec->latency);
	snprintf(what, sizeof(what), "latency of a batch of %" PRIu64, rec->batch_ops);
	print_latency(what, rec, &rec->batch_latency);
	fflush(stdout);
}

static void
keep_row(struct perf_result *res, const struct perf_case *pc, const struct perf_record *rec)
{
	struct perf_row *grown = realloc(res->rows, (res->nb_rows + 1) * sizeof(*grown));

	if (grown == NULL) {
		fprintf(stderr, "out of memory for a row of results\n");
		exit(EXIT_FAILURE);
	}
	res->rows = grown;
	grown[res->nb_rows++] = (struct perf_row){ .pc = pc, .rec = *rec };
}

void
perf_result_add(struct perf_result *res, const struct perf_case *pc, const struct perf_record *rec)
{
	write_header(res, pc, rec->hz);
	print_line(rec);
	write_csv(res, rec);
	keep_row(res, pc, rec);
	if (rec->kind == PERF_RECORD_FAILED)
		fail_verdict(res, rec->reason);
	else if (rec->lane + 1 == rec->nb_lanes)
		write_summary(res, pc, rec);
	/* Results must survive a later crash. */
	fflush(res->csv);
}

static void
end_case(struct perf_result *res, const struct perf_case *pc, const char *status,
	 const char *reason)
{
	struct perf_record rec = { .kind = PERF_RECORD_FAILED, .type = pc->type };

	printf("%s: FAILED: %s\n", pc->section, reason);
	write_header(res, pc, 0);
	fprintf(res->csv, "Case %u failed,", pc->id);
	write_reason(res->csv, reason);
	fputc('\n', res->csv);
	set_verdict(res, status, reason);
	snprintf(rec.dev, sizeof(rec.dev), "NA");
	snprintf(rec.reason, sizeof(rec.reason), "%s", reason);
	keep_row(res, pc, &rec);
	fflush(res->csv);
}

void
perf_result_failed(struct perf_result *res, const struct perf_case *pc, const char *reason)
{
	end_case(res, pc, "failed", reason);
}

void
perf_result_interrupted(struct perf_result *res, const struct perf_case *pc)
{
	end_case(res, pc, "interrupted", "interrupted");
}

static void
print_number(FILE *f, int width, uint64_t v)
{
	if (v == 0)
		fprintf(f, " %*s", width, "-");
	else
		fprintf(f, " %*" PRIu64, width, v);
}

void
perf_result_print_table(const struct perf_result *res, FILE *f)
{
	unsigned int i;

	if (res->nb_rows == 0)
		return;
	fprintf(f, "\n%-8s %-20s %5s %6s %6s %11s %10s %10s %10s  %s\n", "case", "done by",
		"lcore", "ring", "batch", "buffer(B)", "MOps", "Gbps", "cycles/op", "data");
	for (i = 0; i < res->nb_rows; i++) {
		const struct perf_record *rec = &res->rows[i].rec;

		fprintf(f, "%-8s %-20s %5u", res->rows[i].pc->section,
			rec->type == PERF_TYPE_CPU_MEM_COPY ? "CPU" : rec->dev, rec->lcore);
		print_number(f, 6, rec->ring_size);
		print_number(f, 6, rec->kick_batch);
		print_number(f, 11, rec->buf_size);
		if (rec->kind == PERF_RECORD_FAILED)
			fprintf(f, " %10s %10s %10s  FAILED\n", "-", "-", "-");
		else
			fprintf(f, " %10.3f %10.3f %10.0f  %s%s\n", perf_mops(rec), perf_gbps(rec),
				cycles_per_op(rec), rec->verified ? "verified" : "not verified",
				rec->interrupted ? ", interrupted" : "");
	}
}

static int
close_file(FILE *f)
{
	int ret = ferror(f) ? -EIO : 0;

	if (fclose(f) != 0 && ret == 0)
		ret = -errno;
	return ret;
}

int
perf_result_close(struct perf_result *res, const struct perf_about *about, const char **bad)
{
	int csv, json;

	perf_json_write(res->json, res, about);
	csv = close_file(res->csv);
	json = close_file(res->json);
	*bad = csv < 0 ? res->csv_path : res->json_path;
	free(res->rows);
	free(res->verdicts);
	memset(res, 0, sizeof(*res));
	return csv < 0 ? csv : json;
}
