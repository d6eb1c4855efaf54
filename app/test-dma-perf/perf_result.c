/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "perf_result.h"

#define EMPTY_LINE ",,,,,,,,\n"

struct perf_row {
	char section[PERF_SECTION_LEN];
	struct perf_record rec;
};

static double
mops(const struct perf_record *rec)
{
	return (double)rec->ops * rec->hz / rec->cycles / 1e6;
}

static double
gbps(const struct perf_record *rec)
{
	return mops(rec) * rec->buf_size * 8 / 1e3;
}

static double
cycles_per_op(const struct perf_record *rec)
{
	return rec->ops == 0 ? 0 : (double)rec->cycles / rec->ops;
}

static double
memory_mib(const struct perf_record *rec)
{
	return (double)rec->buf_size * rec->nb_bufs * 2 / (1 << 20);
}

int
perf_result_open(struct perf_result *res, const char *path)
{
	memset(res, 0, sizeof(*res));
	res->path = path;
	res->csv = fopen(path, "w");
	return res->csv == NULL ? -errno : 0;
}

void
perf_result_skipped(struct perf_result *res, const struct perf_case *pc)
{
	printf("%s: skipped\n", pc->section);
	fprintf(res->csv, EMPTY_LINE EMPTY_LINE "Skip the test-case %u\n", pc->id);
}

void
perf_result_unsupported(struct perf_result *res, const struct perf_case *pc)
{
	printf("%s: FAILED: asks for something that is not supported, see above\n", pc->section);
	fprintf(res->csv, EMPTY_LINE EMPTY_LINE "Invalid case %u\n", pc->id);
}

void
perf_result_begin(struct perf_result *res, const struct perf_case *pc)
{
	printf("%s: %s\n", pc->section, perf_type_name(pc->type));
	res->has_header = false;
}

static void
write_header(struct perf_result *res, const struct perf_case *pc, uint64_t hz)
{
	if (res->has_header)
		return;
	res->has_header = true;
	fprintf(res->csv, EMPTY_LINE EMPTY_LINE);
	/* A case that failed before a clock was known has no environment to tell of. */
	if (hz != 0)
		fprintf(res->csv, "Test Environment:\nCPU frequency,%.3f Ghz\n" EMPTY_LINE,
			hz / 1e9);
	fprintf(res->csv, "Case %u : %s,lcore,DMA,DMA ring size,kick batch size,buffer size(B),"
		"number of buffers,memory(MB),average cycle,bandwidth(Gbps),MOps\n", pc->id,
		perf_type_name(pc->type));
}

/* A comma or a line end in a reason would shift columns. */
static void
write_reason(FILE *f, const char *reason)
{
	for (; *reason != '\0'; reason++)
		fputc(*reason == ',' || *reason == '\n' ? ';' : *reason, f);
}

static void
write_csv(struct perf_result *res, const struct perf_record *rec)
{
	if (rec->failed) {
		fprintf(res->csv, "Scenario %u failed,%u,%s,", rec->scenario, rec->lcore, rec->dev);
		write_reason(res->csv, rec->reason);
		fputc('\n', res->csv);
		return;
	}
	fprintf(res->csv, "Scenario %u,%u,%s,", rec->scenario, rec->lcore, rec->dev);
	if (rec->type == PERF_TYPE_DMA_MEM_COPY)
		fprintf(res->csv, "%" PRIu64 ",%" PRIu64 ",", rec->ring_size, rec->kick_batch);
	else
		fprintf(res->csv, "NA,NA,");
	fprintf(res->csv, "%" PRIu64 ",%" PRIu64 ",%.2f,%.0f,%.3f,%.3f\n", rec->buf_size,
		rec->nb_bufs, memory_mib(rec), cycles_per_op(rec), gbps(rec), mops(rec));
}

/* The last lane of a scenario has arrived: sum up all of its rows. */
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
		if (rec->failed || rec->scenario != last->scenario ||
		    strcmp(res->rows[i].section, pc->section) != 0)
			return;
		sum_mops += mops(rec);
		sum_gbps += gbps(rec);
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
print_line(const struct perf_record *rec)
{
	printf("  scenario %u: lcore %u, %s", rec->scenario, rec->lcore,
	       rec->type == PERF_TYPE_DMA_MEM_COPY ? rec->dev : "CPU");
	if (rec->type == PERF_TYPE_DMA_MEM_COPY)
		printf(", ring %" PRIu64 ", batch %" PRIu64, rec->ring_size, rec->kick_batch);
	printf(", %" PRIu64 " bytes: ", rec->buf_size);
	if (rec->failed)
		printf("FAILED: %s\n", rec->reason);
	else
		printf("%.3f MOps, %.3f Gbps, %.0f cycles/op, data verified%s\n", mops(rec),
		       gbps(rec), cycles_per_op(rec), rec->interrupted ? " (interrupted)" : "");
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
	snprintf(grown[res->nb_rows].section, sizeof(grown->section), "%s", pc->section);
	grown[res->nb_rows++].rec = *rec;
}

void
perf_result_add(struct perf_result *res, const struct perf_case *pc, const struct perf_record *rec)
{
	write_header(res, pc, rec->hz);
	print_line(rec);
	write_csv(res, rec);
	keep_row(res, pc, rec);
	if (!rec->failed && rec->lane + 1 == rec->nb_lanes)
		write_summary(res, pc, rec);
	/* What was measured stays, however the rest ends. */
	fflush(res->csv);
}

void
perf_result_failed(struct perf_result *res, const struct perf_case *pc, const char *reason)
{
	struct perf_record rec = { .failed = true, .type = pc->type };

	printf("%s: FAILED: %s\n", pc->section, reason);
	write_header(res, pc, 0);
	fprintf(res->csv, "Case %u failed,", pc->id);
	write_reason(res->csv, reason);
	fputc('\n', res->csv);
	snprintf(rec.dev, sizeof(rec.dev), "NA");
	snprintf(rec.reason, sizeof(rec.reason), "%s", reason);
	keep_row(res, pc, &rec);
	fflush(res->csv);
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
	fprintf(f, "\n%-8s %-20s %5s %6s %6s %11s %10s %10s %10s  %s\n", "case", "copied by",
		"lcore", "ring", "batch", "buffer(B)", "MOps", "Gbps", "cycles/op", "data");
	for (i = 0; i < res->nb_rows; i++) {
		const struct perf_record *rec = &res->rows[i].rec;

		fprintf(f, "%-8s %-20s %5u", res->rows[i].section,
			rec->type == PERF_TYPE_CPU_MEM_COPY ? "CPU" : rec->dev, rec->lcore);
		print_number(f, 6, rec->ring_size);
		print_number(f, 6, rec->kick_batch);
		print_number(f, 11, rec->buf_size);
		if (rec->failed)
			fprintf(f, " %10s %10s %10s  FAILED\n", "-", "-", "-");
		else
			fprintf(f, " %10.3f %10.3f %10.0f  verified%s\n", mops(rec), gbps(rec),
				cycles_per_op(rec), rec->interrupted ? ", interrupted" : "");
	}
}

int
perf_result_close(struct perf_result *res)
{
	int ret = 0;

	if (ferror(res->csv))
		ret = -EIO;
	if (fclose(res->csv) != 0 && ret == 0)
		ret = -errno;
	free(res->rows);
	memset(res, 0, sizeof(*res));
	return ret;
}
