/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Device control of the driver: discovery, stopping from each state, activation, tables as bytes,
 * administrative commands, the error log and its messages. Uses the function model of test_fn.h.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "test_eal.h"
#include "test_fn.h"

#define S UINT64_C(1000000) /* in us */

static struct sdxi_dev *dev;

static int
setup(__rte_unused void **state)
{
	dev = fn_create();
	return 0;
}

static int
teardown(__rte_unused void **state)
{
	fn_destroy(dev);
	return 0;
}

/* Two vchans, whose contexts are in the tables of the active function. */
static int
setup_up(void **state)
{
	setup(state);
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(sdxi_fn_alloc(dev, 2), 0);
	fn_vchans(dev, 2, false);
	assert_int_equal(sdxi_fn_up(dev), 0);
	fn.nb_access = 0;
	fn.slept = 0;
	return 0;
}

static int
setup_started(void **state)
{
	setup_up(state);
	assert_int_equal(sdxi_vchans_start(dev, 0, 1), 0);
	assert_string_equal(fn.cmds, "S");
	memset(fn.cmds, 0, sizeof(fn.cmds));
	fn.nb_access = 0;
	return 0;
}

/* ---- discovery ---- */

static void
test_discover(__rte_unused void **state)
{
	fn.version = 1 << 16 | 7;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(fn.nb_access, 0);
	assert_int_equal(dev->db_stride, 4096);
	assert_int_equal(dev->max_cxt, 65535);
	assert_int_equal(dev->max_ring, 4096);
	assert_int_equal(dev->max_len, 16 << 20);
	/* Limits that exceed the types of slot numbers and dmadev lengths. */
	fn.cap0 = 31 << 24 | 7 << 20;
	fn.cap1 = UINT64_C(300) << 16 | 15;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(dev->db_stride, 512 << 10);
	assert_int_equal(dev->max_cxt, 300);
	assert_int_equal(dev->max_ring, 1024 << 16);
	assert_int_equal(dev->max_len, UINT32_MAX);
	fn.cap1 = UINT64_C(300) << 16 | 11;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(dev->max_len, UINT32_MAX);
	/* The BAR limits the number of contexts. */
	dev->fn.db_len = 3 * (512 << 10) - 1;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(dev->max_cxt, 1);
}

static void
test_discover_refuses(__rte_unused void **state)
{
	static const uint64_t version[] = { 9, 2 << 16, 0xff << 16, 1 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(version); i++) {
		fn.version = version[i];
		assert_int_equal(sdxi_fn_discover(dev), -ENOTSUP);
	}
	fn.version = 1 << 16;
	fn.cap1 = 0;
	assert_int_equal(sdxi_fn_discover(dev), -EINVAL);
	fn.cap1 = FN_CAP1;
	dev->fn.db_len = 2 * 4096 - 1;
	assert_int_equal(sdxi_fn_discover(dev), -EINVAL);
}

/* After a function level reset, registers read as all zeros or all ones for a while. */
static void
test_absent(__rte_unused void **state)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fn.absent = true;
		fn.absent_val = i == 0 ? 0 : UINT64_MAX;
		fn.slept = 0;
		fn.back_at = 200000;
		assert_int_equal(sdxi_fn_discover(dev), 0);
		assert_int_equal(dev->max_ring, 4096);
		assert_in_range(fn.slept, 200000, 202000);
		fn.absent = true;
		fn.slept = 0;
		fn.back_at = 0;
		assert_int_equal(sdxi_fn_discover(dev), -ENODEV);
		assert_in_range(fn.slept, S, 11 * S / 10);
		fn.slept = 0;
		assert_int_equal(sdxi_fn_down(dev), 0);
		assert_in_range(fn.slept, S, 11 * S / 10);
		assert_int_equal(sdxi_fn_up(dev), -ENODEV);
	}
}

/* ---- stopping ---- */

/* Digits of all requests in order. */
static unsigned int
requests(void)
{
	unsigned int i, digits = 0;

	for (i = 0; i < fn.nb_access; i++) {
		if (fn.access[i].off != CTL0)
			continue;
		/* Only the request changes; the function group in particular must not. */
		assert_int_equal(fn.access[i].val & ~UINT64_C(3),
				 FN_GRP | 5 << 8 | 1 << 4 | 1 << 2);
		digits = digits * 10 + (fn.access[i].val & 3);
	}
	return digits;
}

static void
test_ladder(__rte_unused void **state)
{
	static const struct {
		unsigned int from, next[3]; /* after RESET, STOP_SF, STOP_HD */
		unsigned int requests, waits;
		bool stops;
	} rows[] = {
		{ STOP, { STOP, STOP, STOP }, 0, 0, true },
		{ INIT, { STOP, STOP, STOP }, STOP_SF, 0, true },
		{ ACTIVE, { STOP, STOP, STOP }, STOP_SF, 0, true },
		{ STOPG_SF, { STOP, STOPG_SF, STOP }, STOP_HD, 0, true },
		{ STOPG_HD, { STOP, STOPG_HD, STOP }, STOP_HD, 0, true },
		{ STOPG_HD, { STOP, STOPG_HD, STOPG_HD }, 20, 1, true },
		{ ERROR, { STOP, ERROR, ERROR }, RESET, 0, true },
		/* Try the next step if one does not help. */
		{ ACTIVE, { STOP, STOPG_SF, STOPG_HD }, 120, 2, true },
		/* Neither wait in ERROR nor repeat the request. */
		{ ACTIVE, { STOP, ERROR, ERROR }, 10, 0, true },
		{ ACTIVE, { STOP, STOPG_SF, ERROR }, 120, 1, true },
		{ 6, { STOP, 6, 6 }, RESET, 0, true },
		{ ACTIVE, { ERROR, ACTIVE, ACTIVE }, 120, 3, false },
		{ ERROR, { ERROR, ERROR, ERROR }, RESET, 1, false },
	};
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(rows); i++) {
		const typeof(rows[0]) *row = &rows[i / 2];

		fn.nb_access = 0;
		fn.slept = 0;
		fn.state = row->from;
		memcpy(fn.next, row->next, sizeof(row->next));
		/* If the function cannot be stopped, disable its bus mastering, if possible. */
		fn.dma_fails = i % 2 == 1;
		assert_int_equal(sdxi_fn_down(dev), row->stops || !fn.dma_fails ? 0 : -EIO);
		assert_int_equal(dev->dma_uncontrolled, !row->stops && fn.dma_fails);
		assert_int_equal(requests(), row->requests);
		assert_in_range(fn.slept, row->waits * S, row->waits * 11 * S / 10);
		assert_int_equal(fn.access[fn.nb_access - 1].off, DMA_OFF);
		if (row->stops)
			assert_int_equal(fn.state, STOP);
	}
}

/* At probe: disable bus mastering first; request nothing if the function is stopped. */
static void
test_take_over(__rte_unused void **state)
{
	assert_int_equal(sdxi_fn_take_over(dev), 0);
	assert_int_equal(fn.nb_access, 0);
	fn.state = ACTIVE;
	fn.next[STOP_HD] = STOP;
	assert_int_equal(sdxi_fn_take_over(dev), 0);
	assert_int_equal(fn.nb_access, 2);
	assert_int_equal(fn.access[0].off, DMA_OFF);
	assert_int_equal(requests(), STOP_HD);
	fn.nb_access = 0;
	fn.state = STOPG_SF;
	fn.next[STOP_HD] = STOPG_HD;
	fn.next[RESET] = ACTIVE;
	assert_int_equal(sdxi_fn_take_over(dev), -ETIMEDOUT);
	assert_int_equal(fn.access[0].off, DMA_OFF);
	assert_int_equal(requests(), 20);
}

/* ---- activation ---- */

/* All contexts are in the tables before ACTIVE. */
static void
expect_tables(uint32_t off)
{
	if (off != CTL0 || (fn.access[fn.nb_access - 1].val & 3) != ACTIVATE)
		return;
	assert_int_equal(*fn_at(fn_le(fn_check_context(0, 1024) + 16, 8)), RUN);
	fn_check_context(1, 1024);
	fn_check_context(2, 1024);
}

static void
test_activation(void **state)
{
	static const uint32_t order[] = {
		CTL0, CTL2, CXT_L2, RKEY, ERR_CFG, ERR_STS, ERR_CTL, ERR_WRT, ERR_RD, ERR_CFG,
		DMA_ON, CTL0,
	};
	unsigned int i, intr;

	for (intr = 0; intr < 2; intr++) {
		setup_up(state);
		fn_db[0] = 77;
		assert_int_equal(sdxi_fn_down(dev), 0);
		fn.nb_access = 0;
		dev->intr = intr != 0;
		/* A request left over from a previous driver must not be repeated. */
		fn.ctl0 = FN_GRP | 5 << 8 | 1 << 4 | 1 << 2 | ACTIVATE;
		fn.err_sts = 0xb;
		fn.on_access = expect_tables;
		assert_int_equal(sdxi_fn_up(dev), 0);
		assert_int_equal(fn.nb_access, RTE_DIM(order));
		for (i = 0; i < RTE_DIM(order); i++)
			assert_int_equal(fn.access[i].off, order[i]);
		assert_int_equal(fn.access[0].val, FN_GRP | STOP_SF | intr << 4);
		/* From CAP1: max_buffer 3, max_akey_sz 3, max_cxt 65535, opb_000 0x18. */
		assert_int_equal(fn.access[1].val, UINT64_C(0x18ffff3003));
		assert_int_equal(fn.access[3].val, 0);
		assert_int_equal(fn.access[4].val, 0);
		assert_int_equal(fn.access[5].val, 0xb);
		assert_int_equal(fn.access[6].val, intr);
		assert_int_equal(fn.access[7].val, 0);
		assert_int_equal(fn.access[8].val, 0);
		/* 256 entries. */
		assert_int_equal(fn.access[9].val & 0xfff, 4 << 1 | 1);
		assert_int_equal(fn.access[11].val, FN_GRP | ACTIVATE | intr << 4);
		/* Jump start: after ACTIVE, and no other doorbell. */
		assert_int_equal(fn_db[0], 0);
		assert_int_equal(fn_db[FN_STRIDE / 8], UINT64_MAX);
		assert_string_equal(fn.cmds, "");
		if (intr == 0)
			teardown(state);
	}
}

static void
test_activation_fails(__rte_unused void **state)
{
	fn.next[RESET] = STOP;
	fn.next[ACTIVATE] = ERROR;
	assert_int_equal(sdxi_fn_up(dev), -EIO);
	assert_int_equal(fn.state, STOP);
	assert_false(dev->up);
	assert_int_equal(fn.slept, 0);
	fn.next[ACTIVATE] = INIT;
	assert_int_equal(sdxi_fn_up(dev), -EIO);
	assert_int_equal(fn.state, STOP);
	assert_in_range(fn.slept, S, 11 * S / 10);
	fn.next[ACTIVATE] = ACTIVE;
	fn.dma_fails = true;
	assert_int_equal(sdxi_fn_up(dev), -EIO);
	assert_int_equal(fn.state, STOP);
	fn.dma_fails = false;
	/* A different function than the one probed. */
	fn.cap0 ^= 1 << 20;
	assert_int_equal(sdxi_fn_up(dev), -ENODEV);
	fn.cap0 ^= 1 << 20;
	fn.cap1 ^= UINT64_C(1) << 40;
	assert_int_equal(sdxi_fn_up(dev), -ENODEV);
	fn.cap1 ^= UINT64_C(1) << 40;
	assert_int_equal(sdxi_fn_up(dev), 0);
	assert_true(dev->up);
}

/* After a stop the function has no pointers to memory that may be freed. */
static void
test_down(__rte_unused void **state)
{
	static const struct {
		uint32_t off;
		uint64_t val;
	} order[] = {
		{ CTL0, FN_GRP | STOP_SF }, { ERR_CFG, 0 }, { CXT_L2, 0 }, { DMA_OFF, 0 },
	};
	unsigned int i;

	assert_int_equal(sdxi_fn_down(dev), 0);
	assert_int_equal(fn.nb_access, RTE_DIM(order));
	for (i = 0; i < RTE_DIM(order); i++) {
		assert_int_equal(fn.access[i].off, order[i].off);
		assert_int_equal(fn.access[i].val, order[i].val);
	}
	assert_false(dev->up);
}

static void
test_tables(__rte_unused void **state)
{
	uint16_t num;

	fn.cap0 |= 2 << 20;
	assert_int_equal(sdxi_fn_discover(dev), 0);
	assert_int_equal(sdxi_fn_alloc(dev, 130), 0);
	fn_vchans(dev, 130, false);
	assert_int_equal(sdxi_fn_up(dev), 0);
	for (num = 0; num <= 130; num++)
		fn_check_context(num, 1024);
	for (num = 1; num <= 130; num++)
		assert_ptr_equal(dev->vchans[num - 1].cxt.doorbell, (uint8_t *)fn_db + num * 16384);
	/* One level 1 table per 128 contexts, without entries beyond the last context. */
	assert_null(dev->l1[2].va);
	assert_int_equal(fn_le(fn_at(fn.cxt_l2) + 16, 8), 0);
	assert_int_equal(fn_le((uint8_t *)dev->l1[1].va + 3 * 32, 8), 0);
}

/* ---- administrative commands ---- */

static void
test_start_stop(__rte_unused void **state)
{
	struct sdxi_vchan *vc = dev->vchans;
	unsigned int i;

	assert_int_equal(sdxi_vchans_start(dev, 1, 1), 0);
	assert_int_equal(sdxi_cxt_state(vc[0].cxt.sts), STOP_SW);
	assert_int_equal(sdxi_cxt_state(vc[1].cxt.sts), RUN);
	assert_int_equal(fn_le(&fn_db[0], 8), 1);
	assert_int_equal(fn_db[2 * FN_STRIDE / 8], UINT64_MAX);
	/* A range that includes a context that was not started. */
	assert_int_equal(sdxi_vchans_stop(dev, 0, 1), 0);
	assert_int_equal(sdxi_cxt_state(vc[1].cxt.sts), STOP_SW);
	assert_string_equal(fn.cmds, "SsY");
	/* A soft stop first, then a hard one after the timeout. */
	assert_int_equal(sdxi_vchans_start(dev, 0, 1), 0);
	assert_int_equal(fn.slept, 0);
	fn.soft_hangs = true;
	assert_int_equal(sdxi_vchans_stop(dev, 0, 1), 0);
	assert_string_equal(fn.cmds, "SsYSshY");
	assert_in_range(fn.slept, S, 11 * S / 10);
	/* A context that stopped by itself counts as stopped. */
	fn.soft_hangs = false;
	assert_int_equal(sdxi_vchans_start(dev, 0, 1), 0);
	fn_cxt_state(1, ERR_FN);
	assert_int_equal(sdxi_vchans_stop(dev, 0, 1), 0);
	/* CXT_STS of a context that has not run since the activation is stale. */
	assert_int_equal(sdxi_vchans_start(dev, 0, 1), 0);
	assert_int_equal(sdxi_fn_up(dev), 0);
	assert_int_equal(sdxi_vchans_start(dev, 1, 1), 0);
	fn.slept = 0;
	assert_int_equal(sdxi_vchans_stop(dev, 0, 1), 0);
	assert_int_equal(fn.slept, 0);
	/* Wrap the administrative ring; the model checks that each completion block is armed. */
	for (i = 0; i < 1000; i++) {
		memset(fn.cmds, 0, sizeof(fn.cmds));
		assert_int_equal(sdxi_vchans_start(dev, 0, 1), 0);
		assert_int_equal(sdxi_vchans_stop(dev, 0, 1), 0);
		assert_string_equal(fn.cmds, "SsY");
	}
	assert_int_equal(fn_le(&fn_db[0], 8), 3 + 3000);
}

/* Commands that are refused or not completed: the wait is bounded, and no command follows. */
static void
test_command_fails(__rte_unused void **state)
{
	static const struct {
		const char *refused, *ignored, *cmds;
		unsigned int waits;
	} rows[] = {
		{ "S", NULL, "S", 0 }, { NULL, "S", "S", 2 }, { "s", NULL, "Ss", 0 },
		{ NULL, "s", "Ss", 2 }, { NULL, "Y", "SsY", 2 }, { "Y", NULL, "SsY", 0 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		assert_int_equal(sdxi_fn_up(dev), 0);
		memset(fn.cmds, 0, sizeof(fn.cmds));
		fn.refused = rows[i].refused;
		fn.ignored = rows[i].ignored;
		fn.slept = 0;
		if (sdxi_vchans_start(dev, 0, 0) == 0)
			assert_int_equal(sdxi_vchans_stop(dev, 0, 0), -EIO);
		assert_in_range(fn.slept, rows[i].waits * S, rows[i].waits * 11 * S / 10);
		fn.refused = NULL;
		fn.ignored = NULL;
		assert_int_equal(sdxi_vchans_start(dev, 1, 1), -EIO);
		assert_int_equal(sdxi_vchans_stop(dev, 1, 1), -EIO);
		assert_string_equal(fn.cmds, rows[i].cmds);
	}
	/* Do not wait for a function that stops in the meantime. */
	assert_int_equal(sdxi_fn_up(dev), 0);
	fn.slept = 0;
	fn.state = ERROR;
	assert_int_equal(sdxi_vchans_start(dev, 0, 0), -EIO);
	assert_int_equal(fn.slept, 0);
}

/* Completion of a command is not enough: the context must run, or must have stopped. */
static void
test_context_resists(__rte_unused void **state)
{
	uint8_t *sts = fn.cxt[1].sts, other[16] __attribute__((aligned(16))) = { 0 };

	/* The function follows the command, but writes the state elsewhere. */
	fn.cxt[1].sts = other;
	assert_int_equal(sdxi_vchans_start(dev, 0, 0), -EIO);
	assert_in_range(fn.slept, S, 11 * S / 10);
	fn.slept = 0;
	*sts = RUN;
	assert_int_equal(sdxi_vchans_stop(dev, 0, 0), -EIO);
	assert_string_equal(fn.cmds, "SshY");
	assert_in_range(fn.slept, 2 * S, 22 * S / 10);
}

/* Tables changed while ACTIVE are announced to the function. */
static void
test_publish(__rte_unused void **state)
{
	struct sdxi_vchan *vc = &dev->vchans[0];
	const uint64_t *l1 = (const uint64_t *)dev->l1[0].va + 4 * 1; /* of context 1 */

	assert_int_equal(sdxi_vchan_publish(dev, vc, false), 0);
	assert_int_equal(fn_le(l1, 8), 0);
	assert_false(fn.cxt[1].known);
	assert_true(fn.cxt[2].known);
	assert_int_equal(sdxi_vchan_publish(dev, vc, true), 0);
	fn_check_context(1, 1024);
	assert_int_equal(sdxi_vchans_start(dev, 0, 0), 0);
	assert_string_equal(fn.cmds, "UCUCS");
	fn.refused = "U";
	assert_int_equal(sdxi_vchan_publish(dev, vc, false), -EIO);
}

/* ---- error log ---- */

static void
test_errlog_quiet(__rte_unused void **state)
{
	sdxi_errlog_drain(dev);
	fn.err_sts = 1 << 2; /* reserved bit */
	sdxi_errlog_drain(dev);
	fn.absent = true;
	fn.absent_val = UINT64_MAX;
	sdxi_errlog_drain(dev);
	assert_int_equal(fn.nb_access, 3);
	assert_int_equal(fn.access[2].off, READ | ERR_STS);
	assert_int_equal(dev->errlog.stats.entries, 0);
}

static void
test_errlog_filed(__rte_unused void **state)
{
	static const uint32_t order[] = { READ | ERR_STS, ERR_STS, READ | ERR_WRT, ERR_RD };
	struct sdxi_vchan *vc = dev->vchans;
	unsigned int i;

	fn_log_entry(LOG_SRC(1), 1, 1024 + 5);
	fn_log_entry(LOG_SRC(0), 1, 7);
	fn_log_entry(LOG_SRC(0) & ~LOG_DIV, 2, 9);
	fn.err_sts = 0xff;
	sdxi_errlog_drain(dev);
	assert_int_equal(fn.nb_access, RTE_DIM(order));
	for (i = 0; i < RTE_DIM(order); i++)
		assert_int_equal(fn.access[i].off, order[i]);
	assert_int_equal(fn.access[1].val, 0xb);
	assert_int_equal(fn.access[3].val, 3);
	assert_int_equal(vc[0].logged[5].dsc_index, 1024 + 5);
	assert_int_equal(vc[0].logged[5].hd & 0xffffffffffff, LOG_SRC(1));
	assert_int_equal(vc[0].logged[7].dsc_index, 7);
	assert_int_equal(vc[1].logged[9].hd, 0);
	assert_int_equal(vc[0].word, SDXI_WORD_STOPPING);
	assert_int_equal(vc[1].word, SDXI_WORD_STOPPING);
	assert_true(vc[0].log_stopped);
	assert_false(vc[1].log_stopped);
	assert_false(dev->errlog.fn_stopped);
	assert_int_equal(dev->errlog.stats.entries, 3);
	assert_int_equal(dev->errlog.stats.invalid, 0);
	assert_int_equal(dev->errlog.stats.overflow, 1);
	assert_int_equal(dev->errlog.stats.unusable, 1);
}

/* Entries that do not refer to a vchan. */
static void
test_errlog_foreign(__rte_unused void **state)
{
	static const uint64_t hd[] = {
		LOG_SRC(1) & ~LOG_VL, LOG_SRC(1) ^ 1 << 16, LOG_SRC(1) ^ 1 << 26, 0,
		LOG_SRC(1) & ~LOG_CV,
	};
	static const uint16_t num[] = { 0, 3, 4, 0x8001, 65535 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(hd); i++)
		fn_log_entry(hd[i], 1, 1);
	for (i = 0; i < RTE_DIM(num); i++)
		fn_log_entry(LOG_SRC(1), num[i], 1);
	sdxi_errlog_drain(dev);
	assert_int_equal(fn.err_rd, 10);
	assert_int_equal(dev->errlog.stats.entries, 10);
	assert_int_equal(dev->errlog.stats.invalid, 4);
	assert_false(dev->errlog.fn_stopped);
	/* The context has not run since this activation. */
	dev->vchans[1].epoch--;
	fn_log_entry(LOG_SRC(2), 2, 1);
	sdxi_errlog_drain(dev);
	assert_true(dev->errlog.fn_stopped);
	for (i = 0; i < 2; i++) {
		assert_int_equal(dev->vchans[i].word, SDXI_WORD_RUNNING);
		assert_int_equal(dev->vchans[i].logged[1].hd, 0);
		assert_false(dev->vchans[i].log_stopped);
	}
}

/* An impossible ERR_WRT, and indices that wrap. */
static void
test_errlog_index(__rte_unused void **state)
{
	unsigned int i;

	fn.err_sts = 1;
	fn.err_wrt = 257;
	sdxi_errlog_drain(dev);
	assert_int_equal(dev->errlog.stats.invalid, 1);
	assert_int_equal(dev->errlog.stats.entries, 0);
	assert_int_equal(fn.err_rd, 257);
	fn.err_sts = 1;
	fn.err_wrt = 256;
	sdxi_errlog_drain(dev);
	assert_int_equal(dev->errlog.stats.invalid, 2);
	assert_int_equal(dev->errlog.stats.entries, 0);
	/* It continues from there. */
	dev->errlog.read = fn.err_wrt = fn.err_rd = UINT64_MAX - 99;
	for (i = 0; i < 256; i++)
		fn_log_entry(LOG_SRC(0), 1, i);
	sdxi_errlog_drain(dev);
	assert_int_equal(fn.err_rd, 156);
	assert_int_equal(dev->errlog.stats.entries, 256);
	assert_int_equal(dev->errlog.stats.invalid, 2);
	for (i = 0; i < 256; i++)
		assert_true(dev->vchans[0].logged[i].hd != 0 &&
			    dev->vchans[0].logged[i].dsc_index == i);
}

/* An entry logged during a drain is found by this drain or the next one. */
static void
log_meanwhile(uint32_t off)
{
	if (off == (READ | ERR_WRT) || off == ERR_RD)
		fn_log_entry(LOG_SRC(0), 1, fn.err_wrt);
}

static void
test_errlog_during_drain(__rte_unused void **state)
{
	fn_log_entry(LOG_SRC(0), 1, 0);
	fn.on_access = log_meanwhile;
	sdxi_errlog_drain(dev);
	fn.on_access = NULL;
	assert_int_equal(dev->errlog.stats.entries, 2);
	assert_int_equal(fn.err_sts, 1);
	sdxi_errlog_drain(dev);
	assert_int_equal(dev->errlog.stats.entries, 3);
	assert_int_equal(fn.err_rd, 3);
	assert_int_equal(dev->vchans[0].logged[2].dsc_index, 2);
}

static void
test_errlog_size(void **state)
{
	static const struct {
		uint64_t cap1;
		uint16_t arg, size;
	} rows[] = {
		{ 0, 0, 64 }, { 1 << 8, 0, 128 }, { 15 << 8, 0, 256 }, { 15 << 8, 1984, 1984 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		setup(state);
		fn.cap1 = UINT64_C(7) << 16 | rows[i].cap1;
		dev->args.errlog_size = rows[i].arg;
		assert_int_equal(sdxi_fn_discover(dev), 0);
		assert_int_equal(sdxi_fn_alloc(dev, 1), 0);
		assert_int_equal(sdxi_fn_up(dev), 0);
		assert_int_equal(fn.err_cfg & 0xfff, rows[i].size / 64 << 1 | 1);
		if (i < RTE_DIM(rows) - 1)
			teardown(state);
	}
}

/* Incidents: one line per second, with the last entry and the number of suppressed ones. */
static void
test_incident(__rte_unused void **state)
{
	unsigned int i;

	fn_log_forget();
	fn_log_entry(LOG_SRC(1), 1, 5);
	fn_log_entry(LOG_SRC(1), 2, 6);
	sdxi_errlog_drain(dev);
	assert_int_equal(fn_logged("\n"), 0);
	dev->log_tsc = 0;
	sdxi_incident(dev, "number %d", 1);
	assert_int_equal(fn_logged("test: number 1; error log: context 2, descriptor 6, buffer 0, "
				   "data buffer: address translation failure"), 1);
	assert_int_equal(fn_logged("left out"), 0);
	for (i = 0; i < 1000; i++) {
		/* Reset the rate limit's clock. */
		dev->log_tsc = rte_get_timer_cycles();
		sdxi_incident(dev, "number %d", 2);
	}
	assert_int_equal(fn_logged("\n"), 1);
	dev->log_tsc -= rte_get_timer_hz();
	sdxi_incident(dev, "number %d", 3);
	assert_int_equal(fn_logged("test: number 3 (1000 lines left out before)\n"), 1);
	dev->log_tsc -= rte_get_timer_hz();
	sdxi_incident(dev, "number %d", 4);
	assert_int_equal(fn_logged("test: number 4\n"), 1);
	assert_int_equal(fn_logged("\n"), 3);
}

#define TEST(test, setup) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_discover, setup),
		TEST(test_discover_refuses, setup),
		TEST(test_absent, setup),
		TEST(test_ladder, setup),
		TEST(test_take_over, setup),
		cmocka_unit_test_teardown(test_activation, teardown),
		TEST(test_activation_fails, setup_up),
		TEST(test_down, setup_up),
		TEST(test_tables, setup),
		TEST(test_start_stop, setup_up),
		TEST(test_command_fails, setup_up),
		TEST(test_context_resists, setup_up),
		TEST(test_publish, setup_up),
		TEST(test_errlog_quiet, setup_started),
		TEST(test_errlog_filed, setup_started),
		TEST(test_errlog_foreign, setup_started),
		TEST(test_errlog_index, setup_started),
		TEST(test_errlog_during_drain, setup_started),
		cmocka_unit_test_teardown(test_errlog_size, teardown),
		TEST(test_incident, setup_started),
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
