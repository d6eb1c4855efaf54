/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <inttypes.h>
#include <stdint.h>
#include <time.h>

#include <rte_version.h>

#include "perf_json.h"
#include "perf_run.h"

#define FORMAT "dpdk-test-dma-perf"
/* Increase when a name is removed or changes its meaning. */
#define FORMAT_VERSION 1

static void
write_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		/* JSON is UTF-8; a path or an argument may have any bytes. */
		else if (c < 0x20 || c >= 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

/* "name": "value" and what follows it. */
static void
write_named(FILE *f, const char *name, const char *value, const char *end)
{
	fprintf(f, "\"%s\": ", name);
	write_string(f, value);
	fputs(end, f);
}

static void
write_number_or_null(FILE *f, const char *name, uint64_t value, const char *end)
{
	if (value == 0)
		fprintf(f, "\"%s\": null%s", name, end);
	else
		fprintf(f, "\"%s\": %" PRIu64 "%s", name, value, end);
}

static const char *
bool_name(bool b)
{
	return b ? "true" : "false";
}

static void
write_latency(FILE *f, const char *name, const struct perf_record *rec,
	      const struct perf_latency *l, uint64_t ops, const char *end)
{
	fprintf(f, "          \"%s\": ", name);
	if (l->samples == 0) {
		fprintf(f, "null%s\n", end);
		return;
	}
	fprintf(f, "{\"operations_per_sample\": %" PRIu64 ", \"samples\": %" PRIu64
		", \"min_ns\": %.1f, \"mean_ns\": %.1f, \"p50_ns\": %.1f, \"p99_ns\": %.1f"
		", \"p99_9_ns\": %.1f, \"max_ns\": %.1f}%s\n", ops, l->samples,
		perf_ns(rec, l->min), perf_ns(rec, l->mean), perf_ns(rec, l->p50),
		perf_ns(rec, l->p99), perf_ns(rec, l->p999), perf_ns(rec, l->max), end);
}

static void
write_lane(FILE *f, const struct perf_record *rec)
{
	fprintf(f, "        {\"lcore\": %u, ", rec->lcore);
	if (rec->type == PERF_TYPE_CPU_MEM_COPY)
		fprintf(f, "\"device\": null, ");
	else
		write_named(f, "device", rec->dev, ", ");
	write_named(f, "direction", perf_dir_name(rec->dir), ", ");
	write_number_or_null(f, "buffers_per_side", rec->nb_bufs, ",\n");
	if (rec->kind == PERF_RECORD_FAILED) {
		fprintf(f, "          \"status\": \"failed\", ");
		write_named(f, "reason", rec->reason, "}");
		return;
	}
	fprintf(f, "          \"status\": \"%s\", \"data\": \"%s\",\n",
		rec->interrupted ? "interrupted" : "complete",
		rec->verified ? "verified" : "not verified");
	fprintf(f, "          \"operations\": %" PRIu64 ", \"duration_s\": %.9f, "
		"\"operations_per_s\": %.1f, \"bandwidth_bit_per_s\": %.0f, "
		"\"cycles_per_operation\": %.2f,\n", rec->ops,
		rec->hz == 0 ? 0 : (double)rec->cycles / rec->hz, perf_mops(rec) * 1e6,
		perf_gbps(rec) * 1e9, rec->ops == 0 ? 0 : (double)rec->cycles / rec->ops);
	fprintf(f, "          \"cpu_cycles_per_operation\": ");
	if (rec->split_ops == 0)
		fprintf(f, "null,\n");
	else
		fprintf(f, "{\"operations\": %" PRIu64 ", \"enqueue_cycles\": %.2f, "
			"\"submit_cycles\": %.2f, \"poll_cycles\": %.2f, "
			"\"idle_poll_cycles\": %.2f},\n", rec->split_ops,
			perf_per_op(rec, rec->split_enqueue), perf_per_op(rec, rec->split_submit),
			perf_per_op(rec, rec->split_poll), perf_per_op(rec, rec->split_idle));
	write_latency(f, "latency_single", rec, &rec->latency, 1, ",");
	write_latency(f, "latency_batch", rec, &rec->batch_latency, rec->batch_ops, "}");
}

/* Rows of a scenario are adjacent. */
static void
write_scenario(FILE *f, const struct perf_row *rows, unsigned int nb)
{
	const struct perf_case *pc = rows[0].pc;
	const struct perf_record *rec = &rows[0].rec;
	bool failed = false, interrupted = false;
	double ops = 0, bits = 0;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		failed |= rows[i].rec.kind == PERF_RECORD_FAILED;
		interrupted |= rows[i].rec.interrupted;
		ops += perf_mops(&rows[i].rec) * 1e6;
		bits += perf_gbps(&rows[i].rec) * 1e9;
	}
	fprintf(f, "    {\"case\": %u, \"scenario\": %u, \"type\": \"%s\", \"status\": \"%s\",\n",
		pc->id, rec->scenario, perf_type_name(pc->type),
		failed ? "failed" : interrupted ? "interrupted" : "complete");
	fprintf(f, "      \"buffer_size_bytes\": %" PRIu64 ", \"memory_size_mib\": %" PRIu64
		",\n      ", rec->buf_size, rec->mem_size);
	write_number_or_null(f, "ring_size_descriptors", rec->ring_size, ", ");
	write_number_or_null(f, "kick_batch_operations", rec->kick_batch, ", ");
	write_number_or_null(f, "source_segments", rec->nb_src_sges, ", ");
	write_number_or_null(f, "destination_segments", rec->nb_dst_sges, ",\n      ");
	fprintf(f, "\"enqueue_dequeue_operations\": %s, \"cache_flush\": %s, "
		"\"source_numa_node\": %u, \"destination_numa_node\": %u,\n",
		bool_name(rec->enq_deq), bool_name(pc->cache_flush), pc->src_numa_node,
		pc->dst_numa_node);
	fprintf(f, "      \"operations_per_s\": %.1f, \"bandwidth_bit_per_s\": %.0f,\n"
		"      \"lcores\": [\n", ops, bits);
	for (i = 0; i < nb; i++) {
		write_lane(f, &rows[i].rec);
		fputs(i + 1 < nb ? ",\n" : "]}", f);
	}
}

static void
write_case(FILE *f, const struct perf_verdict *v)
{
	const struct perf_case *pc = v->pc;

	fprintf(f, "    {\"case\": %u, \"type\": \"%s\", \"status\": \"%s\", ", pc->id,
		perf_type_name(pc->type), v->status);
	if (v->reason[0] == '\0')
		fprintf(f, "\"reason\": null, ");
	else
		write_named(f, "reason", v->reason, ", ");
	fprintf(f, "\"test_seconds\": %u, \"detail_ms\": %u, ", pc->test_seconds, pc->detail_ms);
	write_named(f, "eal_args", pc->eal_args, "}");
}

static uint64_t
clock_of(const struct perf_result *res)
{
	unsigned int i;

	for (i = 0; i < res->nb_rows; i++)
		if (res->rows[i].rec.hz != 0)
			return res->rows[i].rec.hz;
	return 0;
}

void
perf_json_write(FILE *f, const struct perf_result *res, const struct perf_about *about)
{
	const time_t now = time(NULL);
	char when[32] = "";
	unsigned int i, nb;
	bool any = false;
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(f, "{\n  \"format\": \"" FORMAT "\", \"format_version\": %d,\n  ", FORMAT_VERSION);
	write_named(f, "program_version", PERF_APP_VERSION, ", ");
	write_named(f, "dpdk_version", rte_version(), ",\n  ");
	write_named(f, "config", about->config, ", ");
	write_named(f, "written", when, ", ");
	fprintf(f, "\"interrupted\": %s,\n  ", bool_name(about->interrupted));
	write_number_or_null(f, "clock_hz", clock_of(res), ", ");
	fprintf(f, "\"warm_up_ms\": %d, \"percentile_relative_error\": %.6f,\n", PERF_WARM_UP_MS,
		1.0 / PERF_HIST_SUB);
	fprintf(f, "  \"cases\": [");
	for (i = 0; i < res->nb_verdicts; i++) {
		fputs(i == 0 ? "\n" : ",\n", f);
		write_case(f, &res->verdicts[i]);
	}
	fprintf(f, "\n  ],\n  \"scenarios\": [");
	for (i = 0; i < res->nb_rows; i += nb) {
		const struct perf_row *row = &res->rows[i];

		for (nb = 1; i + nb < res->nb_rows && row[nb].pc == row->pc &&
		     row[nb].rec.scenario == row->rec.scenario; nb++)
			;
		/* A case that failed as a whole is listed in "cases" only. */
		if (row->rec.scenario == 0)
			continue;
		fputs(any ? ",\n" : "\n", f);
		write_scenario(f, row, nb);
		any = true;
	}
	fprintf(f, "\n  ]\n}\n");
}
