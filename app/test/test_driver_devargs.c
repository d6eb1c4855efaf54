/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Device arguments: each key of the driver and of the emulated function, with all possible errors.
 * A bad argument fails the probe, and the log names the key, the value, and the allowed values.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)

/* Key, invalid value, and words that the error message must contain. */
struct bad {
	const char *args;
	const char *said[4];
};

static void
expect_bad(const struct bad *bad, unsigned int nb)
{
	struct td_stock before, now;
	unsigned int i, s;
	char *log;

	td_stock_take(&before);
	for (i = 0; i < nb; i++) {
		if (td_probe_logged(FN0, bad[i].args, &log) >= 0) {
			rte_vdev_uninit(FN0);
			fail_msg("%s: the function was created", bad[i].args);
		}
		assert_true(rte_dma_get_dev_id_by_name(FN0) < 0);
		if (strstr(log, FN0) == NULL)
			fail_msg("%s: expected " FN0 " in the log, found: %s", bad[i].args,
				 log);
		for (s = 0; s < RTE_DIM(bad[i].said) && bad[i].said[s] != NULL; s++)
			if (strstr(log, bad[i].said[s]) == NULL)
				fail_msg("%s: expected \"%s\" in the log, found: %s", bad[i].args,
					 bad[i].said[s], log);
		free(log);
		/* A function may have been created: its thread may stay listed for a moment. */
		TD_WAIT((td_stock_take(&now), now.threads == before.threads));
		assert_memory_equal(&now, &before, sizeof(now));
	}
	/* The name is free again. */
	td_one_copy(td_open(FN0, "", 1, 4), 0, 0);
}

/* Errors common to all numbers. */
#define BAD_NUMBERS(key, range)                                                                    \
	{ key "=many", { key, "'many'", range } }, { key "=-1", { key, "'-1'", range } },          \
	{ key "=+1", { key, "'+1'", range } }, { key "= 1", { key, "' 1'", range } },              \
	{ key "=12x", { key, "'12x'", range } }, { key "=1.5", { key, "'1.5'", range } },          \
	{ key "=0x", { key, "'0x'", range } }, { key "=", { key, "''", range } },                  \
	{ key, { key, "''", range } },                                                             \
	{ key "=18446744073709551617", { key, "'18446744073709551617'", range } }
/* A number that is in range only in its low 32 bits. */
#define BAD_LONG(key, range) { key "=4294967297", { key, "'4294967297'", range } }
#define BAD_WORDS(key, words)                                                                      \
	{ key "=maybe", { key, "'maybe'", words } }, { key "=", { key, "''", words } },            \
	{ key, { key, "''", words } }, { key "=1", { key, "'1'", words } }

static void
test_unknown_keys(void **state)
{
	static const struct bad bad[] = {
		{ "speed=9", { "speed", "max_cxt", "watchdog", "order" } },
		{ "max_context=5", { "max_context", "max_cxt" } },
		{ "max_cxt=5,speed=9", { "speed" } },
		{ "MAX_CXT=5", { "MAX_CXT", "max_cxt" } },
		{ "completion=op", { "'completion'", "max_cxt" } },
		{ "freedom=random", { "'freedom'", "order" } },
		{ "watchdog_ms=5", { "watchdog_ms", "watchdog" } },
		{ "=5", { "known" } },
		{ "error=stop,max_cxt=8,max_ring=7", { "max_ring", "'7'", "2147483648" } },
		{ "error=stop,watchdog=5,what", { "what" } },
	};

	RTE_SET_USED(state);
	expect_bad(bad, RTE_DIM(bad));
}

static void
test_bad_driver_keys(void **state)
{
	static const struct bad bad[] = {
		BAD_NUMBERS("max_vchans", "from 1 to 65535,"),
		BAD_LONG("max_vchans", "from 1 to 65535,"),
		{ "max_vchans=0", { "max_vchans", "'0'", "65535" } },
		{ "max_vchans=65536", { "max_vchans", "'65536'", "65535" } },
		BAD_NUMBERS("errlog_size", "from 64 to 1984, a multiple of 64,"),
		{ "errlog_size=0", { "errlog_size", "'0'", "64" } },
		{ "errlog_size=63", { "errlog_size", "'63'", "64" } },
		{ "errlog_size=65", { "errlog_size", "'65'", "64" } },
		{ "errlog_size=1985", { "errlog_size", "'1985'", "1984" } },
		{ "errlog_size=2048", { "errlog_size", "'2048'", "1984" } },
		{ "errlog_size=65600", { "errlog_size", "'65600'", "1984" } },
		/* More than the function has. */
		{ "max_vchans=128", { "max_vchans", "127", "128" } },
		{ "max_vchans=9,max_cxt=4", { "max_vchans", "4", "found 9" } },
		{ "errlog_size=1984", { "errlog_size", "1024", "1984" } },
		BAD_NUMBERS("watchdog", "from 0 to 600000,"),
		{ "watchdog=600001", { "watchdog", "'600001'", "600000" } },
		{ "watchdog=4294967296", { "watchdog", "'4294967296'", "600000" } },
		{ "watchdog=50ms", { "watchdog", "'50ms'", "600000" } },
		/* One of several values is wrong: the last, or the first. */
		{ "watchdog=50,watchdog=x", { "watchdog", "'x'" } },
		{ "watchdog=x,watchdog=50", { "watchdog", "'x'" } },
	};

	RTE_SET_USED(state);
	expect_bad(bad, RTE_DIM(bad));
}

static void
test_bad_function_keys(void **state)
{
	static const struct bad bad[] = {
		BAD_NUMBERS("max_cxt", "1 to 65535,"),
		BAD_LONG("max_cxt", "1 to 65535,"),
		{ "max_cxt=0", { "max_cxt", "'0'", "65535" } },
		{ "max_cxt=65536", { "max_cxt", "'65536'", "65535" } },
		BAD_NUMBERS("max_ring", "power of two from 1024 to 2147483648,"),
		{ "max_ring=512", { "max_ring", "'512'", "1024" } },
		{ "max_ring=4294967296", { "max_ring", "'4294967296'", "2147483648" } },
		{ "max_ring=3072", { "max_ring", "'3072'", "power of two" } },
		BAD_NUMBERS("max_buffer", "power of two from 2097152 to 4294967296,"),
		{ "max_buffer=1048576", { "max_buffer", "'1048576'", "2097152" } },
		{ "max_buffer=3000000", { "max_buffer", "'3000000'", "power of two" } },
		{ "max_buffer=8589934592", { "max_buffer", "'8589934592'", "4294967296" } },
		BAD_NUMBERS("db_stride", "power of two from 4096 to 524288,"),
		{ "db_stride=2048", { "db_stride", "'2048'", "4096" } },
		{ "db_stride=5000", { "db_stride", "'5000'", "power of two" } },
		{ "db_stride=1048576", { "db_stride", "'1048576'", "524288" } },
		/* EAL runs with one lcore. */
		BAD_NUMBERS("lcore", "has CPUs,"),
		{ "lcore=1", { "lcore", "'1'", "has CPUs, found" } },
		{ "lcore=99999", { "lcore", "'99999'", "has CPUs, found" } },
		BAD_LONG("lcore", "has CPUs, found"),
		BAD_WORDS("error", "stop|continue"),
		BAD_WORDS("order", "in|random"),
		{ "order=all", { "order", "'all'", "in|random" } },
		BAD_NUMBERS("sfunc", "0 to 65535,"),
		{ "sfunc=65536", { "sfunc", "'65536'", "65535" } },
		BAD_WORDS("cxt_upd", "number|flags|refuse"),
		{ "csr=2", { "csr", "'2'", "0|1|none" } },
		{ "read_index=lag", { "read_index", "'lag'", "each|lag:N" } },
		{ "read_index=lag:65537", { "read_index", "'lag:65537'", "65536" } },
		BAD_NUMBERS("flr_ms", "0 to 60000,"),
		BAD_WORDS("flr_reads", "zeros|ones"),
		BAD_NUMBERS("seed", "0 to 18446744073709551615,"),
		BAD_WORDS("reach", "process|eal"),
	};

	RTE_SET_USED(state);
	expect_bad(bad, RTE_DIM(bad));
}

static void
test_bad_faults(void **state)
{
	static const struct bad bad[] = {
		{ "fault", { "fault", "fail", "no_active" } },
		{ "fault=", { "fault", "fail", "no_active" } },
		{ "fault=melt", { "fault", "'melt'", "fail", "no_active" } },
		{ "fault=Fail", { "fault", "'Fail'" } },
		{ "fault=:op=1", { "fault", "fail" } },
		{ "fault=fail:when=5", { "fault", "'when'", "cxt" } },
		{ "fault=fail:op", { "fault", "op", "''" } },
		{ "fault=fail:op=", { "fault", "op", "''" } },
		{ "fault=fail:op=-1", { "fault", "op", "'-1'", "0 to 18446744073709551615," } },
		{ "fault=fail:op=x", { "fault", "op", "'x'" } },
		{ "fault=fail:op=5x", { "fault", "op", "'5x'" } },
		{ "fault=fail:op=18446744073709551616",
		  { "fault", "op", "'18446744073709551616'" } },
		{ "fault=fail:cxt=65536", { "fault", "cxt", "'65536'", "0 to 65535," } },
		{ "fault=fail:cxt=128", { "fault", "cxt", "'128'", "0 to 127," } },
		{ "max_cxt=8,fault=fail:cxt=9", { "fault", "cxt", "'9'", "0 to 8," } },
		{ "fault=fail:cxt=9,max_cxt=8", { "fault", "cxt", "'9'", "0 to 8," } },
		{ "fault=fail:count=0", { "fault", "count", "'0'", "1 to 4294967295," } },
		{ "fault=fail:count=4294967296", { "fault", "count", "'4294967296'" } },
		{ "fault=fail:step=0", { "fault", "step", "'0'", "1 to 12," } },
		{ "fault=fail:step=13", { "fault", "step", "'13'", "1 to 12," } },
		{ "fault=fail:sub_step=4", { "fault", "sub_step", "'4'", "0 to 3," } },
		{ "fault=fail:buf=2", { "fault", "buf", "'2'", "0 to 1," } },
		{ "fault=fail:no_block=1", { "fault", "no_block", "'1'" } },
		{ "fault=fail:no_log=0", { "fault", "no_log", "'0'" } },
		{ "fault=stall:step=10", { "fault", "stall", "'step'" } },
		{ "fault=lose:no_block", { "fault", "lose", "'no_block'" } },
		{ "fault=no_reset:cxt=1", { "fault", "no_reset", "'cxt'" } },
		{ "fault=fail:op=5,fault=melt", { "fault", "'melt'" } },
		{ "fault=fail:op=5:", { "fault", "''" } },
	};

	RTE_SET_USED(state);
	expect_bad(bad, RTE_DIM(bad));
}

/* Values at the limits of their ranges, in several notations, are accepted and have an effect. */
static void
test_valid(void **state)
{
	static const struct {
		const char *args;
		unsigned int max_vchans, max_desc;
	} good[] = {
		{ "", 127, 32768 },
		{ "max_cxt=1", 1, 32768 },
		{ "max_cxt=0x10", 16, 32768 },
		{ "max_cxt=010", 10, 32768 },
		{ "max_cxt=65535", 65535, 32768 },
		{ "max_ring=1024", 127, 512 },
		{ "max_ring=65536", 127, 32768 },
		{ "max_ring=2147483648", 127, 32768 },
		{ "max_buffer=2097152", 127, 32768 },
		{ "max_buffer=4294967296", 127, 32768 },
		{ "db_stride=4096", 127, 32768 },
		{ "db_stride=524288", 127, 32768 },
		{ "lcore=0", 127, 32768 },
		{ "error=stop", 127, 32768 },
		{ "error=continue", 127, 32768 },
		{ "order=in", 127, 32768 },
		{ "order=random", 127, 32768 },
		{ "order=random,seed=0", 127, 32768 },
		{ "order=random,seed=18446744073709551615", 127, 32768 },
		{ "seed=7", 127, 32768 },
		{ "lcore=0x0", 127, 32768 },
		{ "sfunc=65535", 127, 32768 },
		{ "cxt_upd=flags,csr=none,read_index=lag:0", 127, 32768 },
		{ "cxt-upd=refuse,read-index=each,flr-ms=100,flr-reads=ones", 127, 32768 },
		{ "reach=process", 127, 32768 },
		{ "reach=process,reach=eal", 127, 32768 },
		{ "max_vchans=1", 1, 32768 },
		{ "max_vchans=127", 127, 32768 },
		{ "max_vchans=65535,max_cxt=65535", 65535, 32768 },
		{ "max_vchans=4,max_cxt=9", 4, 32768 },
		{ "max_vchans=0x7", 7, 32768 },
		{ "max_vchans=0X1f", 31, 32768 },
		{ "max_vchans=010", 10, 32768 },
		{ "errlog_size=64", 127, 32768 },
		{ "errlog_size=1024", 127, 32768 },
		{ "watchdog=0", 127, 32768 },
		{ "watchdog=1", 127, 32768 },
		{ "watchdog=600000", 127, 32768 },
		{ "watchdog=5,watchdog=010,error=continue,error=stop", 127, 32768 },
		{ "fault=fail:cxt=127:op=18446744073709551615", 127, 32768 },
		{ "max_cxt=10,fault=fail:cxt=010:op=0x1F:count=09", 10, 32768 },
		{ "fault=fail:cxt=5:op=9:count=4294967295:step=12:sub_step=3:buf=1:no_block:no_log",
		  127, 32768 },
		{ "fault=lose:cxt=9:op=1,fault=no_signal:cxt=9,fault=stall:cxt=9,fault=stop:cxt=9,"
		  "fault=fn_error:cxt=9,fault=log_ovf:cxt=9,fault=log_err:cxt=9,"
		  "fault=no_stop:cxt=9",
		  127, 32768 },
		{ "fault=no_fn_stop", 127, 32768 },
		{ "error=continue,lcore=0,db_stride=8192,max_buffer=4194304,max_ring=2048,"
		  "max_cxt=9,errlog_size=128,watchdog=500,max_vchans=3", 3, 1024 },
	};
	struct rte_dma_info info;
	unsigned int i;
	int16_t id;

	RTE_SET_USED(state);
	for (i = 0; i < RTE_DIM(good); i++) {
		id = td_probe(FN0, good[i].args);
		assert_return_code(rte_dma_info_get(id, &info), 0);
		if (info.max_vchans != good[i].max_vchans || info.max_desc != good[i].max_desc)
			fail_msg("%s: vchans, descriptors: expected %u, %u, found %u, %u",
				 good[i].args, good[i].max_vchans, good[i].max_desc,
				 info.max_vchans, info.max_desc);
		td_up(id, 1, info.max_desc);
		td_one_copy(id, 0, 0);
		td_remove(FN0);
	}
}

/* More channels than max_vchans are refused. */
static void
test_limits(void **state)
{
	struct rte_dma_conf conf = { .nb_vchans = 4 };
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "max_vchans=3");
	assert_int_equal(rte_dma_configure(id, &conf), -EINVAL);
	td_up(id, 3, 64);
	td_one_copy(id, 0, 0);
	td_one_copy(id, 2, 0);
}

/* A fault given as an argument hits the operation that it names. */
static void
test_fault_hits(void **state)
{
	static const struct {
		const char *args;
		enum rte_dma_status_code code;
	} fault[] = {
		{ "fault=fail:cxt=2:op=5", RTE_DMA_STATUS_INVALID_SRC_ADDR },
		{ "fault=fail:cxt=2:op=5:buf=1", RTE_DMA_STATUS_INVALID_DST_ADDR },
		{ "fault=fail:cxt=2:op=5:step=10:sub_step=2:buf=1",
		  RTE_DMA_STATUS_BUS_WRITE_ERROR },
		{ "fault=fail:cxt=2:op=5:sub_step=2", RTE_DMA_STATUS_BUS_READ_ERROR },
		{ "fault=fail:cxt=2:op=5:no_log", RTE_DMA_STATUS_ERROR_UNKNOWN },
		{ "fault=fail:cxt=1:op=3,fault=fail:cxt=2:op=5:step=7:sub_step=3",
		  RTE_DMA_STATUS_INVALID_OPCODE },
	};
	static const char * const errors[] = { "stop", "continue" };
	enum rte_dma_status_code status[10];
	unsigned int i, e, op;
	char args[256];
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(8192, 64);
	for (i = 0; i < RTE_DIM(fault); i++) {
		for (e = 0; e < RTE_DIM(errors); e++) {
			snprintf(args, sizeof(args), "watchdog=0,error=%s,%s", errors[e],
				 fault[i].args);
			id = td_open(FN0, args, 2, 64);
			for (op = 0; op < RTE_DIM(status); op++)
				td_copy(id, 1, op, buf, buf + 4096, 100, 0);
			assert_return_code(rte_dma_submit(id, 1), 0);
			td_statuses(id, 1, RTE_DIM(status), status);
			for (op = 0; op < RTE_DIM(status); op++)
				if (status[op] != (op == 5 ? fault[i].code : 0))
					fail_msg("%s: operation %u: expected status %d, found %d",
						 args, op, op == 5 ? (int)fault[i].code : 0,
						 status[op]);
			td_remove(FN0);
		}
	}
}

/* These faults need a recovery: all submitted operations are reported. */
static void
test_fault_recovered(void **state)
{
	static const struct {
		const char *args;
		bool recovered;
		enum rte_dma_status_code code; /* status of operation 5 */
	} fault[] = {
		/* Without a fault, and with one that is never reached. */
		{ "watchdog=0", false },
		{ "watchdog=0,fault=stop:cxt=2:op=1000", false },
		{ "watchdog=0,fault=stop:cxt=1:op=5", false },
		{ "watchdog=0,fault=stop:cxt=2:op=5", true },
		{ "watchdog=200,fault=lose:cxt=2:op=5", true },
		{ "watchdog=200,fault=no_signal:cxt=2:op=5:no_log,error=continue", true },
		{ "watchdog=200,fault=stall:cxt=2:op=5", true },
		{ "watchdog=200,fault=stall:cxt=2:op=5,fault=no_stop:cxt=2", true },
		{ "watchdog=0,fault=fn_error:cxt=2:op=5", true,
		  RTE_DMA_STATUS_ERROR_UNKNOWN },
	};
	enum rte_dma_status_code status[10];
	unsigned int i, op;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(8192, 64);
	for (i = 0; i < RTE_DIM(fault); i++) {
		id = td_open(FN0, fault[i].args, 2, 64);
		for (op = 0; op < RTE_DIM(status); op++)
			td_copy(id, 1, op, buf, buf + 4096, 100, 0);
		assert_return_code(rte_dma_submit(id, 1), 0);
		td_statuses(id, 1, RTE_DIM(status), status);
		for (op = 0; op < RTE_DIM(status); op++) {
			if (status[op] == (op == 5 ? fault[i].code : RTE_DMA_STATUS_SUCCESSFUL))
				continue;
			/* On a slow machine, a watchdog may fire at any time. */
			if (strstr(fault[i].args, "watchdog=0") != NULL ||
			    status[op] != RTE_DMA_STATUS_ERROR_UNKNOWN)
				fail_msg("%s: operation %u: found status %d", fault[i].args, op,
					 status[op]);
		}
		td_one_copy(id, 1, op);
		if ((td_dump_number(id, "vchan 1:", "recoveries ") != 0) != fault[i].recovered)
			fail_msg("%s: recoveries: found %" PRIu64, fault[i].args,
				 td_dump_number(id, "vchan 1:", "recoveries "));
		td_remove(FN0);
	}
}

/* A function that fails to activate, once or always. */
static void
test_fault_activation(void **state)
{
	unsigned int i;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "fault=no_active:count=1");
	td_configure(id, 1);
	td_vchan_setup(id, 0, 64);
	assert_int_equal(rte_dma_start(id), -EIO);
	td_up(id, 1, 64);
	td_one_copy(id, 0, 0);
	td_remove(FN0);
	id = td_probe(FN0, "fault=no_reset");
	td_configure(id, 1);
	td_vchan_setup(id, 0, 64);
	for (i = 0; i < 2; i++)
		assert_int_equal(rte_dma_start(id), -EIO);
	td_remove(FN0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TD_TEST(test_unknown_keys),
		TD_TEST(test_bad_driver_keys),
		TD_TEST(test_bad_function_keys),
		TD_TEST(test_bad_faults),
		TD_TEST(test_valid),
		TD_TEST(test_limits),
		TD_TEST(test_fault_hits),
		TD_TEST(test_fault_recovered),
		TD_TEST(test_fault_activation),
	};

	if (!td_eal_init(argv[0], 160, NULL))
		return 1;
	return TD_RUN("driver, device arguments", tests, argc > 1 ? argv[1] : NULL);
}
