/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_CONF_H
#define PERF_CONF_H

/*
 * Reads and checks an INI file of dpdk-test-dma-perf. Needs no EAL, so that all mistakes are
 * reported before a device is touched.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PERF_DEV_NAME_LEN 64
#define PERF_SECTION_LEN 64

enum perf_type {
	PERF_TYPE_NONE,
	PERF_TYPE_DMA_MEM_COPY,
	PERF_TYPE_CPU_MEM_COPY,
	PERF_TYPE_DMA_MEM_FILL,
};

enum perf_dir {
	PERF_DIR_MEM_TO_MEM,
	PERF_DIR_MEM_TO_DEV,
	PERF_DIR_DEV_TO_MEM,
};

enum perf_step {
	PERF_STEP_NONE,
	PERF_STEP_ADD,
	PERF_STEP_MUL,
};

/* One value (step NONE, first = last), or the values from first to last. */
struct perf_range {
	uint64_t first;
	uint64_t last;
	uint64_t incr;
	enum perf_step step;
};

/* An lcore and the device that it drives (none in a CPU case). */
struct perf_lane {
	unsigned int lcore;
	char dev[PERF_DEV_NAME_LEN];
	enum perf_dir dir;
	/* Remote address and port, if dir has one. */
	uint64_t raddr;
	uint16_t vfid;
	uint8_t coreid;
	uint8_t pfid;
};

struct perf_case {
	char section[PERF_SECTION_LEN];
	unsigned int id;
	bool skip;
	/* DPDK's tool can run it but this one cannot: counts as failed. */
	bool unsupported;
	enum perf_type type;
	struct perf_range mem_size;	/* MiB, half of it source and half of it destination */
	struct perf_range buf_size;	/* bytes */
	struct perf_range ring_size;	/* descriptors */
	struct perf_range kick_batch;	/* operations per submit */
	unsigned int nb_src_sges;	/* 0: no scatter-gather */
	unsigned int nb_dst_sges;
	bool enq_deq;
	unsigned int src_numa_node;
	unsigned int dst_numa_node;
	bool cache_flush;
	unsigned int test_seconds;
	unsigned int detail_ms;		/* of each pass after the first; 0: skip these passes */
	char *eal_args;			/* "" if not in the file */
	struct perf_lane *lanes;
	unsigned int nb_lanes;
};

enum perf_severity {
	PERF_WARNING,		/* accepted, has no effect */
	PERF_UNSUPPORTED,	/* fails its case; the other cases run */
	PERF_ERROR,		/* nothing runs */
};

struct perf_message {
	enum perf_severity severity;
	char *text;
};

struct perf_conf {
	const char *path;
	struct perf_case global;	/* defaults of all cases */
	struct perf_case *cases;
	unsigned int nb_cases;
	struct perf_message *messages;
	unsigned int nb_messages;
	unsigned int nb_errors;
};

/*
 * Read the file. Returns 0 if it can run (with possible warnings and unsupported cases among the
 * messages), -EINVAL if it has mistakes, or another negative errno if it cannot be read. Always
 * sets messages; always call perf_conf_free() afterwards.
 */
int
perf_conf_load(struct perf_conf *conf, const char *path);

void
perf_conf_free(struct perf_conf *conf);

void
perf_conf_print_messages(const struct perf_conf *conf, FILE *f);

/* Explain all keys, for --help. */
void
perf_conf_print_keys(FILE *f);

/* Advance *value; returns false if it was the last. */
bool
perf_range_next(const struct perf_range *range, uint64_t *value);

/* Number of values in a range, at least 1. */
uint64_t
perf_range_count(const struct perf_range *range);

/*
 * Number of buffers per lane and side that fit into the memory; 0 if too small. With
 * scatter-gather, a multiple of the segments of both sides (each has its own buffer), as in DPDK's
 * tool.
 */
uint64_t
perf_nb_bufs(const struct perf_case *pc, uint64_t mem_mib, uint64_t buf_size,
	     unsigned int nb_lanes);

/* Number of scenarios of a case whose ranges were checked. */
uint64_t
perf_nb_scenarios(const struct perf_case *pc);

/* Whether devices, not CPUs, do the work. */
static inline bool
perf_by_dma(const struct perf_case *pc)
{
	return pc->type != PERF_TYPE_CPU_MEM_COPY;
}

/*
 * Split EAL arguments at white space outside of '...' or "...". Free the vector with
 * perf_args_free(). Returns NULL with errno EINVAL for an unterminated quote, or ENOMEM.
 */
char **
perf_args_split(const char *args, unsigned int *argc);

void
perf_args_free(char **argv, unsigned int argc);

const char *
perf_type_name(enum perf_type type);

const char *
perf_dir_name(enum perf_dir dir);

#endif /* PERF_CONF_H */
