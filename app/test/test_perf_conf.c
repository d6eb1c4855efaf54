/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* INI files of dpdk-test-dma-perf: effects of all keys, and messages about all mistakes. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_common.h>
#include <rte_dmadev.h>

#include "perf_conf.h"

#define GLOBAL "[GLOBAL]\neal_args=-l 0-3\n"

/* A valid case, except for the line that a test adds. */
#define DMA_KEYS \
	"mem_size=10\n" \
	"src_numa_node=0\n" \
	"dst_numa_node=0\n"
#define DMA_CASE "[case1]\ntype=DMA_MEM_COPY\n" DMA_KEYS
#define BUF "buf_size=64\n"
#define RING "dma_ring_size=1024\nkick_batch=32\n"
#define LANE "lcore_dma0=lcore=1,dev=dma_a,dir=mem2mem\n"
#define OLD_LANE "lcore_dma=lcore1@dma_a\n"
#define CPU_CASE "[case1]\ntype=CPU_MEM_COPY\nbuf_size=64\n" DMA_KEYS

static char path[4096];

static void
write_file(const char *text, size_t len)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/perf_conf_XXXXXX", dir == NULL ? "/tmp" : dir);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static int
load_bytes(struct perf_conf *conf, const char *text, size_t len)
{
	int ret;

	write_file(text, len);
	ret = perf_conf_load(conf, path);
	unlink(path);
	return ret;
}

static int
load(struct perf_conf *conf, const char *text)
{
	return load_bytes(conf, text, strlen(text));
}

static void
load_valid(struct perf_conf *conf, const char *text)
{
	int ret = load(conf, text);

	perf_conf_print_messages(conf, stderr);
	assert_int_equal(ret, 0);
	assert_int_equal(conf->nb_errors, 0);
}

/* Number of messages of a severity with the file's name and the text. */
static unsigned int
count_said(const struct perf_conf *conf, enum perf_severity severity, const char *text)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < conf->nb_messages; i++)
		if (conf->messages[i].severity == severity &&
		    strncmp(conf->messages[i].text, path, strlen(path)) == 0 &&
		    strstr(conf->messages[i].text, text) != NULL)
			n++;
	return n;
}

static void
assert_said(const struct perf_conf *conf, enum perf_severity severity, const char *text)
{
	if (count_said(conf, severity, text) == 1)
		return;
	print_error("expected once: %s; found:\n", text);
	perf_conf_print_messages(conf, stderr);
	fail();
}

/* Expect this mistake and no other. */
static void
assert_only_mistake(const char *text, const char *message)
{
	struct perf_conf conf;

	assert_int_equal(load(&conf, text), -EINVAL);
	assert_said(&conf, PERF_ERROR, message);
	if (conf.nb_errors != 1) {
		print_error("expected nothing but: %s; found:\n", message);
		perf_conf_print_messages(&conf, stderr);
		fail();
	}
	perf_conf_free(&conf);
}

static void
assert_range(const struct perf_range *r, uint64_t first, uint64_t last, uint64_t incr,
	     enum perf_step step)
{
	assert_int_equal(r->first, first);
	assert_int_equal(r->last, last);
	assert_int_equal(r->incr, incr);
	assert_int_equal(r->step, step);
}

static void
test_every_key_of_dma(void **state)
{
	struct perf_conf conf;
	const struct perf_case *pc;

	(void)state;
	load_valid(&conf,
		"; a comment\n"
		"# another\n"
		"[GLOBAL]\n"
		"eal_args = --no-huge  -l 0-3 ; after a value\n"
		"cache_flush=1\n"
		"test_seconds=7\n"
		"detail_ms=0\n"
		"[case1]\n"
		"type=DMA_MEM_COPY\n"
		"skip=0\n"
		"mem_size=10,30,10,ADD\n"
		"buf_size=64, 8192, 2, MUL\n"
		"dma_ring_size=1024\n"
		"kick_batch=32\n"
		"src_numa_node=0\n"
		"dst_numa_node=1\n"
		"dma_src_sge=4\n"
		"dma_dst_sge=2\n"
		"use_enq_deq_ops=0\n"
		"lcore_dma0=lcore=10,dev=0000:00:04.2,dir=mem2mem\n"
		"lcore_dma1 = dir=mem2mem, dev=dma_sdxi_emu0 , lcore=11\n"
		"lcore_dma2=dev=dma_b,lcore=12\n");
	assert_int_equal(conf.nb_messages, 0);
	assert_int_equal(conf.nb_cases, 1);
	pc = &conf.cases[0];
	assert_string_equal(pc->section, "case1");
	assert_int_equal(pc->id, 1);
	assert_false(pc->skip);
	assert_false(pc->unsupported);
	assert_int_equal(pc->type, PERF_TYPE_DMA_MEM_COPY);
	assert_string_equal(pc->eal_args, "--no-huge  -l 0-3");
	assert_true(pc->cache_flush);
	assert_int_equal(pc->test_seconds, 7);
	assert_int_equal(pc->detail_ms, 0);
	assert_int_equal(pc->nb_src_sges, 4);
	assert_int_equal(pc->nb_dst_sges, 2);
	assert_false(pc->enq_deq);
	assert_int_equal(perf_nb_scenarios(pc), 3 * 8);
	assert_range(&pc->mem_size, 10, 30, 10, PERF_STEP_ADD);
	assert_range(&pc->buf_size, 64, 8192, 2, PERF_STEP_MUL);
	assert_range(&pc->ring_size, 1024, 1024, 0, PERF_STEP_NONE);
	assert_range(&pc->kick_batch, 32, 32, 0, PERF_STEP_NONE);
	assert_int_equal(pc->src_numa_node, 0);
	assert_int_equal(pc->dst_numa_node, 1);
	assert_int_equal(pc->nb_lanes, 3);
	assert_int_equal(pc->lanes[0].lcore, 10);
	assert_string_equal(pc->lanes[0].dev, "0000:00:04.2");
	assert_int_equal(pc->lanes[1].lcore, 11);
	assert_string_equal(pc->lanes[1].dev, "dma_sdxi_emu0");
	assert_int_equal(pc->lanes[2].lcore, 12);
	assert_string_equal(pc->lanes[2].dev, "dma_b");
	assert_int_equal(pc->lanes[2].dir, PERF_DIR_MEM_TO_MEM);
	perf_conf_free(&conf);
}

static void
test_every_key_of_fill(void **state)
{
	struct perf_conf conf;
	const struct perf_case *pc;

	(void)state;
	load_valid(&conf, GLOBAL "[case1]\ntype=DMA_MEM_FILL\n" DMA_KEYS BUF RING LANE);
	assert_int_equal(conf.nb_messages, 0);
	pc = &conf.cases[0];
	assert_int_equal(pc->type, PERF_TYPE_DMA_MEM_FILL);
	assert_true(perf_by_dma(pc));
	assert_int_equal(pc->nb_lanes, 1);
	assert_int_equal(pc->ring_size.first, 1024);
	perf_conf_free(&conf);

	load_valid(&conf, GLOBAL "[case1]\ntype=DMA_MEM_FILL\n" DMA_KEYS BUF RING LANE
		   "dma_src_sge=4\ndma_dst_sge=4\nuse_enq_deq_ops=1\n");
	assert_int_equal(conf.nb_messages, 3);
	assert_said(&conf, PERF_WARNING, "[case1] dma_src_sge=4: has no effect in a case of type "
		    "DMA_MEM_FILL");
	assert_said(&conf, PERF_WARNING, "[case1] use_enq_deq_ops=1: has no effect");
	assert_int_equal(conf.cases[0].nb_src_sges, 0);
	perf_conf_free(&conf);
}

/* The example of the guide of DPDK's tool, literally. */
static void
test_directions(void **state)
{
	struct perf_conf conf;
	const struct perf_case *pc;

	(void)state;
	load_valid(&conf, GLOBAL DMA_CASE BUF RING "dma_src_sge=4\ndma_dst_sge=1\n"
		   "lcore_dma0=lcore=10,dev=0000:00:04.1,dir=mem2mem\n"
		   "lcore_dma1=lcore=11,dev=0000:00:04.2,dir=dev2mem,raddr=0x200000000,coreid=1,"
		   "pfid=2,vfid=3\n"
		   "lcore_dma2=lcore=12,dev=0000:00:04.3,dir=mem2dev,raddr=fF0,coreid=15,pfid=255,"
		   "vfid=65535\n"
		   "use_enq_deq_ops=0\n");
	assert_int_equal(conf.nb_messages, 0);
	pc = &conf.cases[0];
	assert_int_equal(pc->nb_lanes, 3);
	assert_int_equal(pc->lanes[0].dir, PERF_DIR_MEM_TO_MEM);
	assert_int_equal(pc->lanes[1].dir, PERF_DIR_DEV_TO_MEM);
	assert_int_equal(pc->lanes[1].raddr, 0x200000000);
	assert_int_equal(pc->lanes[1].coreid, 1);
	assert_int_equal(pc->lanes[1].pfid, 2);
	assert_int_equal(pc->lanes[1].vfid, 3);
	assert_int_equal(pc->lanes[2].dir, PERF_DIR_MEM_TO_DEV);
	assert_int_equal(pc->lanes[2].raddr, 0xff0);
	assert_int_equal(pc->lanes[2].coreid, 15);
	assert_int_equal(pc->lanes[2].pfid, 255);
	assert_int_equal(pc->lanes[2].vfid, 65535);
	perf_conf_free(&conf);

	load_valid(&conf, GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dir=mem2dev\n");
	assert_int_equal(conf.nb_messages, 1);
	assert_said(&conf, PERF_WARNING, "no raddr found with mem2dev, using 0");
	perf_conf_free(&conf);
}

static void
test_every_key_of_cpu(void **state)
{
	struct perf_conf conf;
	const struct perf_case *pc;

	(void)state;
	load_valid(&conf, GLOBAL CPU_CASE "lcore = 10, 11 12\n");
	assert_int_equal(conf.nb_messages, 0);
	pc = &conf.cases[0];
	assert_int_equal(pc->type, PERF_TYPE_CPU_MEM_COPY);
	assert_int_equal(pc->nb_lanes, 3);
	assert_int_equal(pc->lanes[0].lcore, 10);
	assert_int_equal(pc->lanes[1].lcore, 11);
	assert_int_equal(pc->lanes[2].lcore, 12);
	assert_string_equal(pc->lanes[0].dev, "");
	/* Default values of GLOBAL. */
	assert_false(pc->cache_flush);
	assert_int_equal(pc->test_seconds, 2);
	assert_int_equal(pc->detail_ms, 100);
	assert_int_equal(perf_nb_scenarios(pc), 1);
	assert_false(perf_by_dma(pc));
	perf_conf_free(&conf);
}

static void
test_old_release(void **state)
{
	struct perf_conf conf;
	const struct perf_case *pc;

	(void)state;
	/* No GLOBAL: its keys are in the cases. */
	load_valid(&conf,
		DMA_CASE BUF RING
		"cache_flush=1\n"
		"test_seconds=3\n"
		"lcore_dma=lcore10@0000:00:04.2, lcore11@0000:00:04.3\n"
		"eal_args=--in-memory --file-prefix=test\n");
	pc = &conf.cases[0];
	assert_true(pc->cache_flush);
	assert_int_equal(pc->test_seconds, 3);
	assert_string_equal(pc->eal_args, "--in-memory --file-prefix=test");
	assert_int_equal(pc->nb_lanes, 2);
	assert_int_equal(pc->lanes[1].lcore, 11);
	assert_string_equal(pc->lanes[1].dev, "0000:00:04.3");
	perf_conf_free(&conf);
}

/* One direction for all lanes, as in DPDK 24.03 and 24.07. */
static void
test_old_directions(void **state)
{
	struct perf_conf conf;
	unsigned int i;

	(void)state;
	load_valid(&conf, DMA_CASE BUF RING
		   "direction=dev2mem\n"
		   "vchan_dev=raddr=0x200000000,coreid=1,pfid=2,vfid=3\n"
		   "lcore_dma=lcore10@0000:00:04.2, lcore11@0000:00:04.3\n");
	assert_int_equal(conf.nb_messages, 0);
	assert_int_equal(conf.cases[0].nb_lanes, 2);
	for (i = 0; i < 2; i++) {
		const struct perf_lane *lane = &conf.cases[0].lanes[i];

		assert_int_equal(lane->lcore, 10 + i);
		assert_int_equal(lane->dir, PERF_DIR_DEV_TO_MEM);
		assert_int_equal(lane->raddr, 0x200000000);
		assert_int_equal(lane->coreid, 1);
		assert_int_equal(lane->pfid, 2);
		assert_int_equal(lane->vfid, 3);
	}
	perf_conf_free(&conf);

	load_valid(&conf, DMA_CASE BUF RING OLD_LANE "direction=mem2mem\nvchan_dev=raddr=1\n");
	assert_int_equal(conf.nb_messages, 1);
	assert_said(&conf, PERF_WARNING, "[case1] vchan_dev: has no effect with mem2mem");
	assert_int_equal(conf.cases[0].lanes[0].dir, PERF_DIR_MEM_TO_MEM);
	assert_int_equal(conf.cases[0].lanes[0].raddr, 0);
	perf_conf_free(&conf);

	load_valid(&conf, DMA_CASE BUF RING OLD_LANE "direction=mem2dev\nvchan_dev=pfid=1\n");
	assert_int_equal(conf.nb_messages, 1);
	assert_said(&conf, PERF_WARNING, "[case1] vchan_dev=pfid=1: no raddr found, using 0");
	perf_conf_free(&conf);

	load_valid(&conf, DMA_CASE BUF RING LANE "direction=mem2dev\nvchan_dev=raddr=1\n");
	assert_int_equal(conf.nb_messages, 2);
	assert_said(&conf, PERF_WARNING, "[case1] direction: has no effect without lcore_dma");
	assert_said(&conf, PERF_WARNING, "[case1] vchan_dev: has no effect without lcore_dma");
	assert_int_equal(conf.cases[0].lanes[0].dir, PERF_DIR_MEM_TO_MEM);
	perf_conf_free(&conf);
}

static void
test_case_overrides_global(void **state)
{
	struct perf_conf conf;

	(void)state;
	/* GLOBAL applies wherever it is; cases keep the order of the file. */
	load_valid(&conf,
		"[case2]\ntype=CPU_MEM_COPY\nlcore=1\n" BUF DMA_KEYS
		"test_seconds=9\neal_args=-l 5\n"
		"[case1]\ntype=CPU_MEM_COPY\nlcore=1\n" BUF DMA_KEYS
		"[GLOBAL]\ntest_seconds=4\neal_args=-l 6\n");
	assert_int_equal(conf.nb_cases, 2);
	assert_int_equal(conf.cases[0].id, 2);
	assert_int_equal(conf.cases[0].test_seconds, 9);
	assert_string_equal(conf.cases[0].eal_args, "-l 5");
	assert_int_equal(conf.cases[1].id, 1);
	assert_int_equal(conf.cases[1].test_seconds, 4);
	assert_string_equal(conf.cases[1].eal_args, "-l 6");
	assert_string_equal(conf.global.eal_args, "-l 6");
	perf_conf_free(&conf);
}

static void
test_skip(void **state)
{
	struct perf_conf conf;

	(void)state;
	load_valid(&conf, GLOBAL "[case1]\nnonsense=1\nbuf_size=x\nskip=1\n"
		   "[case2]\ntype=CPU_MEM_COPY\nlcore=1\n" BUF DMA_KEYS);
	assert_int_equal(conf.nb_messages, 0);
	assert_true(conf.cases[0].skip);
	assert_false(conf.cases[1].skip);
	perf_conf_free(&conf);
	assert_only_mistake(GLOBAL CPU_CASE "lcore=1\nskip=yes\n",
			    "[case1] skip=yes: expected 0 or 1");
}

static void
test_crlf_and_long_comments(void **state)
{
	struct perf_conf conf;
	char *text;

	(void)state;
	assert_true(asprintf(&text, "; %0600d\n%s%s", 0, GLOBAL CPU_CASE, "lcore=1\r\n\r\n") > 0);
	load_valid(&conf, text);
	assert_int_equal(conf.cases[0].lanes[0].lcore, 1);
	perf_conf_free(&conf);
	free(text);
}

static void
test_has_no_effect(void **state)
{
	struct perf_conf conf;

	(void)state;
	/* The guide of DPDK's tool has a key twice; the tool uses the first. */
	load_valid(&conf, GLOBAL DMA_CASE BUF RING LANE
		   "lcore_dma0=lcore=2,dev=dma_b,dir=mem2mem\n"
		   "lcore_dma1=lcore=3,dev=dma_c,dir=mem2mem,raddr=0x200000000,vfid=3\n"
		   "lcore=1\n");
	assert_int_equal(conf.nb_messages, 4);
	assert_said(&conf, PERF_WARNING, "[case1] lcore_dma0=lcore=2,dev=dma_b,dir=mem2mem: has no "
		    "effect, the key is already set above");
	assert_said(&conf, PERF_WARNING, "raddr has no effect with mem2mem");
	assert_said(&conf, PERF_WARNING, "vfid has no effect with mem2mem");
	assert_said(&conf, PERF_WARNING, "[case1] lcore=1: has no effect in a case of type "
		    "DMA_MEM_COPY");
	assert_int_equal(conf.cases[0].nb_lanes, 2);
	assert_string_equal(conf.cases[0].lanes[0].dev, "dma_a");
	perf_conf_free(&conf);

	load_valid(&conf, GLOBAL CPU_CASE "lcore=1\n" RING "dma_src_sge=4\n");
	assert_int_equal(conf.nb_messages, 3);
	assert_said(&conf, PERF_WARNING, "[case1] dma_src_sge=4: has no effect in a case of type "
		    "CPU_MEM_COPY");
	assert_false(conf.cases[0].unsupported);
	perf_conf_free(&conf);
}

static void
assert_unsupported(const char *text, const char *message)
{
	struct perf_conf conf;

	load_valid(&conf, text);
	assert_int_equal(conf.nb_messages, 1);
	assert_said(&conf, PERF_UNSUPPORTED, message);
	assert_true(conf.cases[0].unsupported);
	perf_conf_free(&conf);
}

static void
test_not_supported(void **state)
{
	(void)state;
#ifndef RTE_DMA_CAPA_OPS_ENQ_DEQ
	assert_unsupported(GLOBAL DMA_CASE BUF RING LANE "use_enq_deq_ops=1\n",
			   "[case1] use_enq_deq_ops=1: not supported: enqueue and dequeue operations "
			   "need DPDK 25.11 or newer");
#endif
	assert_unsupported(GLOBAL "[case1]\ntype=DMA_MEM_FILL\n" DMA_KEYS BUF RING
			   "lcore_dma0=lcore=1,dev=a,dir=mem2dev,raddr=1\n",
			   "not supported: a fill goes to memory, expected dir=mem2mem");
	assert_unsupported(GLOBAL "[case1]\ntype=DMA_MEM_FILL\n" DMA_KEYS BUF RING OLD_LANE
			   "direction=mem2dev\nvchan_dev=raddr=1\n",
			   "direction=mem2dev: not supported: a fill goes to memory");
	assert_unsupported(GLOBAL "[case1]\ntype=DMA_MEM_SORT\n" DMA_KEYS BUF RING LANE,
			   "[case1] type=DMA_MEM_SORT: not supported: expected DMA_MEM_COPY, "
			   "CPU_MEM_COPY or DMA_MEM_FILL");
}

#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
static void
test_enqueue_dequeue(void **state)
{
	struct perf_conf conf;

	(void)state;
	load_valid(&conf, GLOBAL DMA_CASE BUF RING LANE "use_enq_deq_ops=1\n");
	assert_int_equal(conf.nb_messages, 0);
	assert_true(conf.cases[0].enq_deq);
	perf_conf_free(&conf);
}
#endif

static void
test_every_mistake(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} mistakes[] = {
		/* Files */
		{ "", "no case found, expected a section [case1]" },
		{ "; nothing\n\n", "no case found" },
		{ GLOBAL, "no case found" },
		{ "x=1\n" CPU_CASE "lcore=1\n", "line 1: x=1 found before the first [section]" },
		{ "\xef\xbb\xbf" GLOBAL CPU_CASE "lcore=1\n", "line 1: UTF-8 byte order mark found, "
			"expected none: save the file as UTF-8 without BOM" },
		{ GLOBAL CPU_CASE "lcore=1\nskip 1\n", "line 10: 'skip 1' found, expected [section], "
			"key=value or a comment" },
		{ GLOBAL "[case1\ntype=CPU_MEM_COPY\nlcore=1\n" BUF DMA_KEYS,
			"line 3: '[case1' found, expected a ']'" },
		{ "[GLOBAL] x\n" CPU_CASE "lcore=1\n",
			"'x' found, expected nothing after [GLOBAL]" },
		/* Sections */
		{ GLOBAL GLOBAL CPU_CASE "lcore=1\n", "[GLOBAL] found twice, expected once" },
		{ GLOBAL CPU_CASE "lcore=1\n" CPU_CASE, "[case1] found twice, expected once" },
		{ GLOBAL CPU_CASE "lcore=1\n[cases]\n", "[cases] unknown section, expected [GLOBAL] "
			"or [case<N>]" },
		{ GLOBAL CPU_CASE "lcore=1\n[case0]\n", "[case0] unknown section" },
		{ GLOBAL CPU_CASE "lcore=1\n[case01]\n", "[case01] unknown section" },
		{ GLOBAL CPU_CASE "lcore=1\n[case99999999999999999999]\n", "unknown section" },
		{ GLOBAL CPU_CASE "lcore=1\n[]\n", "[] unknown section" },
		/* Keys */
		{ GLOBAL CPU_CASE "lcore=1\nbufsize=64\n", "[case1] bufsize=64: unknown key" },
		{ GLOBAL CPU_CASE "lcore=1\n=64\n", "[case1] =64: unknown key" },
		{ GLOBAL "kick_batch=1\n" CPU_CASE "lcore=1\n", "[GLOBAL] kick_batch=1: expected in a "
			"section [case<N>]" },
		{ GLOBAL "[case1]\nlcore=1\n" BUF DMA_KEYS, "[case1] type: missing" },
		{ GLOBAL "[case1]\ntype=\n" BUF DMA_KEYS,
			"[case1] type=: expected DMA_MEM_COPY, " },
		{ GLOBAL CPU_CASE, "[case1] lcore: missing" },
		{ GLOBAL DMA_CASE RING LANE, "[case1] buf_size: missing" },
		{ GLOBAL DMA_CASE BUF LANE "kick_batch=1\n", "[case1] dma_ring_size: missing" },
		{ GLOBAL DMA_CASE BUF LANE "dma_ring_size=64\n", "[case1] kick_batch: missing" },
		{ GLOBAL DMA_CASE BUF RING, "[case1] lcore_dma0: missing" },
		/* Numbers */
		{ GLOBAL "cache_flush=2\n" CPU_CASE "lcore=1\n", "[GLOBAL] cache_flush=2: expected 0 or "
			"1" },
		{ GLOBAL "test_seconds=0\n" CPU_CASE "lcore=1\n", "[GLOBAL] test_seconds=0: expected a "
			"whole number from 1 to 65535" },
		{ GLOBAL "test_seconds=65536\n" CPU_CASE "lcore=1\n",
			"test_seconds=65536: expected" },
		{ GLOBAL "test_seconds=-1\n" CPU_CASE "lcore=1\n", "test_seconds=-1: expected" },
		{ GLOBAL "test_seconds=1.5\n" CPU_CASE "lcore=1\n", "test_seconds=1.5: expected" },
		{ GLOBAL "test_seconds=99999999999999999999999\n" CPU_CASE "lcore=1\n",
			"test_seconds=99999999999999999999999: expected" },
		{ GLOBAL "test_seconds=\n" CPU_CASE "lcore=1\n", "test_seconds=: expected" },
		{ GLOBAL "[case1]\ntype=CPU_MEM_COPY\nlcore=1\n" BUF "mem_size=1\nsrc_numa_node=any\n"
			"dst_numa_node=0\n", "[case1] src_numa_node=any: expected a whole number" },
		{ GLOBAL "[case1]\ntype=CPU_MEM_COPY\nlcore=1\n" BUF "mem_size=1\nsrc_numa_node=0\n"
			"dst_numa_node=99999\n",
			"[case1] dst_numa_node=99999: expected a whole number" },
		/* Ranges */
		{ GLOBAL DMA_CASE RING LANE "buf_size=0\n", "buf_size=0: '0' found, expected a whole "
			"number from 1 to 1073741824" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=1073741825\n", "expected a whole number from 1 to "
			"1073741824" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64k\n",
			"'64k' found, expected a whole number" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=\n", "'' found, expected a whole number" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64 8192 2 MUL\n", "'64 8192 2 MUL' found" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,8192\n", "expected one number or "
			"first,last,increment,ADD|MUL, found 2 fields" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,8192,2MUL\n", "found 3 fields" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,8192,2,MUL,\n", "found 5 fields" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=1,2,3,4,5,6\n", "found 5 and more fields" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=0,64,2,MUL\n", "first value '0' found" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,,2,MUL\n", "last value '' found" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,32,2,MUL\n", "last value 32 found, expected "
			"the first value 64 or more" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,128,0,ADD\n", "increment '0' found, expected a "
			"whole number from 1" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,128,0,MUL\n", "increment '0' found, expected a "
			"whole number from 2" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,128,1,MUL\n", "increment '1' found, expected a "
			"whole number from 2" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,128,18446744073709551617,ADD\n",
			"increment '18446744073709551617' found" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,128,2,mul\n", "'mul' found, expected ADD or "
			"MUL" },
		{ GLOBAL DMA_CASE BUF LANE "kick_batch=1\ndma_ring_size=65536\n",
			"dma_ring_size=65536: '65536' found" },
		{ GLOBAL DMA_CASE BUF LANE "dma_ring_size=64\nkick_batch=65536\n",
			"kick_batch=65536: '65536' found" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=1,1000000,1,ADD\n", "[case1] 1000000 scenarios "
			"found, expected at most 65535" },
		{ GLOBAL DMA_CASE BUF LANE "dma_ring_size=1,65535,1,ADD\nkick_batch=1,65535,1,ADD\n",
			"[case1] 4294836225 scenarios found" },
		/* Memory */
		{ GLOBAL DMA_CASE RING LANE "buf_size=64,8388608,2,MUL\n", "[case1] mem_size=10: too "
			"small for buf_size 8388608 and 1 lcores, expected at least 16" },
		{ GLOBAL "[case1]\ntype=CPU_MEM_COPY\nlcore=1\nbuf_size=1\nmem_size=1048576\n"
			"src_numa_node=0\ndst_numa_node=0\n", "549755813888 buffers of buf_size 1 found, "
			"expected at most 1073741824" },
		/* Lcores and devices */
		{ GLOBAL CPU_CASE "lcore=\n", "lcore=: expected lcore numbers" },
		{ GLOBAL CPU_CASE "lcore=1,x\n",
			"lcore=1,x: lcore 'x' found, expected a number from 0" },
		{ GLOBAL CPU_CASE "lcore=99999\n", "lcore '99999' found" },
		{ GLOBAL CPU_CASE "lcore=1,2,1\n", "[case1] lcore 1 found twice, expected once" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=1@dma_a\n", "'1@dma_a' found, expected "
			"lcore=<number>,dev=<name>,dir=mem2mem" },
		{ GLOBAL DMA_CASE BUF RING LANE "dma_src_sge=4\n", "[case1] dma_dst_sge: missing, "
			"expected with dma_src_sge" },
		{ GLOBAL DMA_CASE BUF RING LANE "dma_dst_sge=4\n", "[case1] dma_src_sge: missing, "
			"expected with dma_dst_sge" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=8\ndma_src_sge=9\ndma_dst_sge=1\n",
			"[case1] buf_size=8: found with 9 segments, expected at least a byte" },
		{ GLOBAL DMA_CASE RING LANE "buf_size=1048576\ndma_src_sge=4\ndma_dst_sge=3\n",
			"[case1] mem_size=10: too small for buf_size 1048576 and 1 lcores, expected "
			"at least 24" },
		{ GLOBAL "detail_ms=3600001\n" CPU_CASE "lcore=1\n", "[GLOBAL] detail_ms=3600001: "
			"expected a whole number from 0 to 3600000" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dir=mem2dev,raddr=0xz\n",
			"raddr '0xz' found, expected a hexadecimal address" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dir=mem2dev,raddr=-1\n",
			"raddr '-1' found" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dir=mem2dev,raddr=\n",
			"raddr '' found" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dir=mem2dev,"
			"raddr=10000000000000000\n", "raddr '10000000000000000' found" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,coreid=16\n", "coreid '16' "
			"found, expected a number from 0 to 15" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,pfid=256\n", "pfid '256' "
			"found, expected a number from 0 to 255" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,vfid=65536\n", "vfid '65536' "
			"found, expected a number from 0 to 65535" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=x,dev=dma_a\n", "lcore 'x' found" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=\n", "device '' found, expected a "
			"name" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1\n", "no device found, expected "
			"dev=<name>" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=dev=dma_a\n", "no lcore found, expected "
			"lcore=<number>" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dev=b\n", "dev found twice" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,queue=1\n", "unknown 'queue', "
			"expected lcore, dev, dir, raddr, coreid, pfid and vfid" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma0=lcore=1,dev=a,dir=up\n", "dir 'up' found, "
			"expected mem2mem, mem2dev or dev2mem" },
		{ GLOBAL DMA_CASE BUF RING LANE "lcore_dma2=lcore=2,dev=b\n", "[case1] lcore_dma1: "
			"missing, expected before lcore_dma2" },
		{ GLOBAL DMA_CASE BUF RING LANE "lcore_dma01=lcore=2,dev=b\n", "unknown key" },
		{ GLOBAL DMA_CASE BUF RING LANE "lcore_dma9999=lcore=2,dev=b\n", "expected lcore_dma0 to "
			"lcore_dma" },
		{ GLOBAL DMA_CASE BUF RING LANE "lcore_dma1=lcore=1,dev=b\n",
			"lcore 1 found twice" },
		{ GLOBAL DMA_CASE BUF RING LANE "lcore_dma1=lcore=2,dev=dma_a\n", "device dma_a found "
			"twice" },
		{ GLOBAL DMA_CASE BUF RING LANE "lcore_dma=lcore2@b\n", "lcore_dma: found with "
			"lcore_dma0" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma=2@b\n", "'2@b' found, expected "
			"lcore<number>@<device>" },
		{ GLOBAL DMA_CASE BUF RING "lcore_dma=lcore2@\n", "device '' found" },
		{ GLOBAL DMA_CASE BUF RING OLD_LANE "direction=up\n",
			"direction=up: dir 'up' found" },
		{ GLOBAL DMA_CASE BUF RING OLD_LANE "direction=dev2mem\n",
			"direction=dev2mem: vchan_dev is missing" },
		{ GLOBAL DMA_CASE BUF RING OLD_LANE "direction=dev2mem\nvchan_dev=\n",
			"vchan_dev=: '' found, expected raddr=<address>" },
		{ GLOBAL DMA_CASE BUF RING OLD_LANE "direction=dev2mem\nvchan_dev=dev=a\n",
			"unknown 'dev', expected raddr, coreid, pfid and vfid" },
		{ GLOBAL DMA_CASE BUF RING OLD_LANE "direction=dev2mem\n"
			"vchan_dev=raddr=1,coreid=16\n", "coreid '16' found" },
		{ GLOBAL DMA_CASE BUF RING LANE "dma_src_sge=0\ndma_dst_sge=1\n", "dma_src_sge=0: expected a whole "
			"number from 1 to 255" },
		{ GLOBAL DMA_CASE BUF RING LANE "use_enq_deq_ops=x\n", "use_enq_deq_ops=x: expected 0 or "
			"1" },
		/* EAL's arguments */
		{ "[GLOBAL]\neal_args=-d 'a b\n" CPU_CASE "lcore=1\n", "[GLOBAL] eal_args=-d 'a b: "
			"unterminated quote" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(mistakes); i++)
		assert_only_mistake(mistakes[i].text, mistakes[i].message);
}

static void
test_all_mistakes_together(void **state)
{
	struct perf_conf conf;

	(void)state;
	assert_int_equal(load(&conf,
		"stray\n"
		"[GLOBAL]\ntest_seconds=x\n"
		"[case1]\ntype=DMA_MEM_COPY\nbuf_size=1,2\nkick_batch=0\nwhat=1\n"
		"lcore_dma0=lcore=1,dev=\n"
		"[case2]\ntype=CPU_MEM_COPY\n" BUF DMA_KEYS
		"[other]\n"), -EINVAL);
	assert_said(&conf, PERF_ERROR, "line 1: 'stray' found");
	assert_said(&conf, PERF_ERROR, "[GLOBAL] test_seconds=x: expected");
	assert_said(&conf, PERF_ERROR, "[case1] buf_size=1,2: expected");
	assert_said(&conf, PERF_ERROR, "[case1] kick_batch=0: ");
	assert_said(&conf, PERF_ERROR, "[case1] what=1: unknown key");
	assert_said(&conf, PERF_ERROR, "[case1] lcore_dma0=lcore=1,dev=: device ''");
	assert_said(&conf, PERF_ERROR, "[case1] mem_size: missing");
	assert_said(&conf, PERF_ERROR, "[case1] dma_ring_size: missing");
	assert_said(&conf, PERF_ERROR, "[case2] lcore: missing");
	assert_said(&conf, PERF_ERROR, "[other] unknown section");
	assert_int_equal(conf.nb_errors, 10);
	perf_conf_free(&conf);
}

static void
test_too_long(void **state)
{
	struct perf_conf conf;
	char *text;

	(void)state;
	assert_true(asprintf(&text, "[GLOBAL]\neal_args=%0256d\n%s%s", 0, CPU_CASE,
			     "lcore=1\n") > 0);
	assert_only_mistake(text, "line 2: eal_args: value of 256 characters found, expected at most "
			    "255");
	free(text);
	assert_true(asprintf(&text, "[GLOBAL]\neal_args=%0255d\n%s%s", 0, CPU_CASE,
			     "lcore=1\n") > 0);
	load_valid(&conf, text);
	assert_int_equal(strlen(conf.cases[0].eal_args), 255);
	perf_conf_free(&conf);
	free(text);
	assert_true(asprintf(&text, "%s%s%064d=1\n", CPU_CASE, "lcore=1\n", 0) > 0);
	assert_only_mistake(text, "key of 64 characters found, expected at most 63");
	free(text);
	assert_true(asprintf(&text, "%s%s[%064d]\n", CPU_CASE, "lcore=1\n", 0) > 0);
	assert_int_equal(load(&conf, text), -EINVAL);
	assert_said(&conf, PERF_ERROR, "section name of 64 characters found, expected at most 63");
	perf_conf_free(&conf);
	free(text);
}

static void
test_unreadable(void **state)
{
	static const char zero[] = CPU_CASE "lcore=1\n\0x=1\n";
	struct perf_conf conf;

	(void)state;
	write_file("", 0);
	unlink(path);
	assert_int_equal(perf_conf_load(&conf, path), -ENOENT);
	assert_said(&conf, PERF_ERROR, "cannot be read: No such file or directory, expected an INI "
		    "file");
	perf_conf_free(&conf);

	snprintf(path, sizeof(path), "/");
	assert_int_equal(perf_conf_load(&conf, path), -EISDIR);
	assert_said(&conf, PERF_ERROR, "cannot be read: Is a directory");
	perf_conf_free(&conf);

	assert_int_equal(load_bytes(&conf, zero, sizeof(zero) - 1), -EINVAL);
	assert_said(&conf, PERF_ERROR, "a zero byte found, expected text");
	perf_conf_free(&conf);
}

static unsigned int
values_of(const struct perf_range *r, uint64_t *values, unsigned int max)
{
	uint64_t v = r->first;
	unsigned int n = 0;

	do {
		assert_true(n < max);
		values[n++] = v;
	} while (perf_range_next(r, &v));
	assert_int_equal(n, perf_range_count(r));
	return n;
}

static void
test_ranges(void **state)
{
	static const struct perf_range one = { 7, 7, 0, PERF_STEP_NONE };
	static const struct perf_range add = { 64, 200, 50, PERF_STEP_ADD };
	static const struct perf_range mul = { 3, 80, 3, PERF_STEP_MUL };
	static const struct perf_range add_high = { UINT64_MAX - 5, UINT64_MAX, 4, PERF_STEP_ADD };
	static const struct perf_range mul_high = { UINT64_C(1) << 62, UINT64_MAX, 3,
						    PERF_STEP_MUL };
	static const struct perf_range add_zero = { 1, 9, 0, PERF_STEP_ADD };
	static const struct perf_range mul_one = { 1, 9, 1, PERF_STEP_MUL };
	static const struct perf_range mul_of_zero = { 0, 9, 2, PERF_STEP_MUL };
	uint64_t v[8];

	(void)state;
	assert_int_equal(values_of(&one, v, 8), 1);
	assert_int_equal(values_of(&add, v, 8), 3);
	assert_int_equal(v[1], 114);
	assert_int_equal(v[2], 164);
	assert_int_equal(values_of(&mul, v, 8), 3);
	assert_int_equal(v[1], 9);
	assert_int_equal(v[2], 27);
	assert_int_equal(values_of(&add_high, v, 8), 2);
	assert_int_equal(v[1], UINT64_MAX - 1);
	assert_int_equal(values_of(&mul_high, v, 8), 2);
	assert_int_equal(v[1], UINT64_C(3) << 62);
	assert_int_equal(values_of(&add_zero, v, 8), 1);
	assert_int_equal(values_of(&mul_one, v, 8), 1);
	assert_int_equal(values_of(&mul_of_zero, v, 8), 1);
}

static void
test_nb_bufs(void **state)
{
	struct perf_case pc = { .nb_lanes = 1 };

	(void)state;
	assert_int_equal(perf_nb_bufs(&pc, 10, 64, 1), 81920);
	assert_int_equal(perf_nb_bufs(&pc, 10, 64, 3), 27306);
	assert_int_equal(perf_nb_bufs(&pc, 2, 1 << 20, 1), 1);
	assert_int_equal(perf_nb_bufs(&pc, 1, 1 << 20, 1), 0);
	assert_int_equal(perf_nb_bufs(&pc, 1 << 20, 1, 1), UINT64_C(1) << 39);
	/* The number is a multiple of the segments of both sides. */
	pc.nb_src_sges = 4;
	pc.nb_dst_sges = 3;
	assert_int_equal(perf_nb_bufs(&pc, 10, 64, 3), 27300);
	assert_int_equal(perf_nb_bufs(&pc, 2, 100000, 1), 0);
}

static void
assert_split(const char *args, const char *const *expected)
{
	unsigned int argc, i;
	char **argv = perf_args_split(args, &argc);

	assert_non_null(argv);
	for (i = 0; i < argc; i++) {
		assert_non_null(expected[i]);
		assert_string_equal(argv[i], expected[i]);
	}
	assert_null(expected[argc]);
	perf_args_free(argv, argc);
}

static void
test_args(void **state)
{
	unsigned int argc;

	(void)state;
	assert_split("", (const char *const[]){ NULL });
	assert_split(" \t ", (const char *const[]){ NULL });
	assert_split("a", (const char *const[]){ "a", NULL });
	assert_split("-l 0,1  --vdev=x ", (const char *const[]){ "-l", "0,1", "--vdev=x", NULL });
	assert_split("-d '/a b/c' \"d's\" e\"f g\"h ''",
		     (const char *const[]){ "-d", "/a b/c", "d's", "ef gh", "", NULL });
	errno = 0;
	assert_null(perf_args_split("-d 'a", &argc));
	assert_int_equal(errno, EINVAL);
	assert_null(perf_args_split("a b \"", &argc));
}

static void
test_help_lists_keys(void **state)
{
	static const char *const keys[] = {
		"eal_args", "cache_flush", "test_seconds", "skip", "type", "mem_size", "buf_size",
		"dma_ring_size", "kick_batch", "src_numa_node", "dst_numa_node", "lcore_dma<N>",
		"lcore", "dma_src_sge", "dma_dst_sge", "use_enq_deq_ops", "detail_ms",
		"direction", "vchan_dev",
	};
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	unsigned int i;

	(void)state;
	assert_non_null(f);
	perf_conf_print_keys(f);
	fclose(f);
	for (i = 0; i < RTE_DIM(keys); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n    %s ", keys[i]);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_of_dma),
		cmocka_unit_test(test_every_key_of_cpu),
		cmocka_unit_test(test_every_key_of_fill),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_old_release),
		cmocka_unit_test(test_old_directions),
		cmocka_unit_test(test_case_overrides_global),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_crlf_and_long_comments),
		cmocka_unit_test(test_has_no_effect),
		cmocka_unit_test(test_not_supported),
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
		cmocka_unit_test(test_enqueue_dequeue),
#endif
		cmocka_unit_test(test_every_mistake),
		cmocka_unit_test(test_all_mistakes_together),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_nb_bufs),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_help_lists_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
