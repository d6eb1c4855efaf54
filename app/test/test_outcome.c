/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Results of operations after a failure: the table of outcomes row by row, and all combinations
 * against a second implementation of the table; status codes and text of log entries.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdxi_internal.h"

#define OK	RTE_DMA_STATUS_SUCCESSFUL
#define NOT	RTE_DMA_STATUS_NOT_ATTEMPTED
#define SRC	RTE_DMA_STATUS_INVALID_SRC_ADDR
#define UNKNOWN RTE_DMA_STATUS_ERROR_UNKNOWN
#define AGAIN	SDXI_RUN_AGAIN

/*
 * An operation has two characters. Its state:
 * d  signalled without er
 * e  signalled with er
 * h  er in one completion block, another one not signalled
 * E  signalled with er, and its code in the log
 * l  code in the log, not signalled
 * L  code in the log, signalled without er
 * b  below Read_Index, not signalled
 * p  at or above Read_Index
 * D  done, settled earlier
 * S  failed, settled earlier
 * Then "|" if fenced, "a" if enqueued after a failure that was not known yet, "A" if both.
 */
static unsigned int
parse(const char *text, struct sdxi_op *ops)
{
	unsigned int n;

	for (n = 0; *text != '\0'; n++, text += 2) {
		const char how = text[0], flag = text[1];

		ops[n] = (struct sdxi_op){
			.signalled = strchr("deELDS", how) != NULL,
			.er = strchr("ehES", how) != NULL,
			.settled = how == 'D' || how == 'S',
			.fenced = flag == '|' || flag == 'A',
			.below = how != 'p',
			.after_fault = flag == 'a' || flag == 'A',
			.code = strchr("ElLS", how) != NULL ? SRC : 0,
			.outcome = 77,
			.nb_slots = 1,
		};
	}
	return n;
}

static const struct {
	const char *ops;
	bool moved;
	int outcome[6];
} table[] = {
	/* Signalled without er, whatever the log says. */
	{ "d L ", true, { OK, OK } },
	/* er, or a code, or both. */
	{ "e E h l ", true, { UNKNOWN, SRC, UNKNOWN, SRC } },
	/* At or above Read_Index: runs again, also after a failure. */
	{ "E p p ", true, { SRC, AGAIN, AGAIN } },
	/* Below it, and a later fenced operation has completed, with or without error. */
	{ "b d|", true, { UNKNOWN, OK } },
	{ "b e|", true, { UNKNOWN, UNKNOWN } },
	{ "b d b E|b ", true, { UNKNOWN, OK, UNKNOWN, SRC, NOT } },
	/* A fence that is not done, or is not later, has no effect. */
	{ "b p|", true, { AGAIN, AGAIN } },
	{ "d|b ", true, { OK, AGAIN } },
	{ "b h|", true, { AGAIN, UNKNOWN } },
	/* Nor has a fence on an operation at or above Read_Index, which has not begun. */
	{ "p d|", true, { AGAIN, OK } },
	/* Below it, otherwise. */
	{ "b b d ", true, { AGAIN, AGAIN, OK } },
	/* The first fenced operation after a failed one, and all later ones. */
	{ "e p p|p p ", true, { UNKNOWN, AGAIN, NOT, NOT, NOT } },
	{ "p p|l p p|b ", true, { AGAIN, AGAIN, SRC, AGAIN, NOT, NOT } },
	{ "e p|d E b p|", true, { UNKNOWN, NOT, OK, SRC, NOT, NOT } },
	{ "b d|p p|", true, { UNKNOWN, OK, NOT, NOT } },
	/* Fences before the failed operation or on it do not count. */
	{ "p|e p ", true, { AGAIN, UNKNOWN, AGAIN } },
	{ "p e|p ", true, { AGAIN, UNKNOWN, AGAIN } },
	/* A failure settled earlier is known to the user: later fences do not refer to it. */
	{ "S p|p ", true, { SRC, AGAIN, AGAIN } },
	{ "D S e p|", true, { OK, SRC, UNKNOWN, NOT } },
	/* Enqueued when a failure, since reported, was not known yet. */
	{ "pap|", true, { AGAIN, AGAIN } },
	{ "papAp p|", true, { AGAIN, NOT, NOT, NOT } },
	/* Nothing failed and nothing progressed: blame the oldest that is not done. */
	{ "d p p ", false, { OK, UNKNOWN, AGAIN } },
	{ "b p|p ", false, { UNKNOWN, NOT, NOT } },
	{ "S D p ", false, { SRC, OK, UNKNOWN } },
	/* Something failed, or nothing is outstanding. */
	{ "b e ", false, { AGAIN, UNKNOWN } },
	{ "b d|p ", false, { UNKNOWN, OK, NOT } },
	{ "p papA", false, { AGAIN, AGAIN, NOT } },
	{ "d D S ", false, { OK, OK, SRC } },
	{ "", false, { 0 } },
};

static void
test_table(__rte_unused void **state)
{
	struct sdxi_op ops[6];
	unsigned int row, i, nb;

	for (row = 0; row < RTE_DIM(table); row++) {
		nb = parse(table[row].ops, ops);
		sdxi_decide(ops, nb, table[row].moved);
		for (i = 0; i < nb; i++)
			if (ops[i].outcome != table[row].outcome[i])
				fail_msg("'%s', %s, operation %u: expected %d, found %d",
					 table[row].ops, table[row].moved ? "moved" : "not moved",
					 i, table[row].outcome[i], ops[i].outcome);
	}
}

/*
 * Second implementation: the result of an operation from the state of all and the results of older
 * ones. @p blamed is failed for lack of another candidate, or -1.
 */
static int
expected(const struct sdxi_op *ops, int nb, int i, const int *older, int blamed)
{
	const struct sdxi_op *op = &ops[i];
	int j, k;

	if (op->signalled && !op->er)
		return OK;
	if (op->code != 0)
		return op->code;
	if (op->er || i == blamed)
		return UNKNOWN;
	for (j = 0; j <= i; j++) {
		if (!ops[j].fenced)
			continue;
		/* If the function continued, operations that it began are not special. */
		if (ops[j].after_fault && !ops[j].below)
			return NOT;
		for (k = 0; k < j; k++)
			if (older[k] != OK && older[k] != AGAIN && !ops[k].settled)
				return NOT;
	}
	for (j = i + 1; op->below && j < nb; j++)
		if (ops[j].fenced && ops[j].signalled)
			return UNKNOWN;
	return AGAIN;
}

static void
check(const struct sdxi_op *facts, int nb, bool moved)
{
	struct sdxi_op ops[5];
	int outcome[5] = { 0 }, i, blamed = -1;
	bool failed = false;

	for (i = 0; i < nb; i++) {
		outcome[i] = expected(facts, nb, i, outcome, -1);
		failed |= outcome[i] != OK && outcome[i] != AGAIN && !facts[i].settled;
	}
	for (i = nb - 1; i >= 0 && !failed && !moved; i--)
		if (outcome[i] == AGAIN)
			blamed = i;
	for (i = 0; i < nb; i++)
		outcome[i] = expected(facts, nb, i, outcome, blamed);
	memcpy(ops, facts, nb * sizeof(*ops));
	sdxi_decide(ops, nb, moved);
	for (i = 0; i < nb; i++)
		if (ops[i].outcome != outcome[i])
			fail_msg("operation %d of %d: expected %d, found %d", i, nb, outcome[i],
				 ops[i].outcome);
}

/* Up to three operations in all states, including impossible ones. */
static void
test_all_of_three(__rte_unused void **state)
{
	struct sdxi_op ops[3];
	uint32_t n, i, nb, bits;

	for (nb = 0; nb <= 3; nb++) {
		for (n = 0; n < 1u << 7 * nb; n++) {
			for (i = 0; i < nb; i++) {
				bits = n >> 7 * i;
				ops[i] = (struct sdxi_op){
					.signalled = bits & 1, .er = bits & 2,
					.settled = bits & 4, .fenced = bits & 8,
					.below = bits & 16, .after_fault = bits & 32,
					.code = bits & 64 ? SRC : 0, .nb_slots = 1,
				};
			}
			check(ops, nb, false);
			check(ops, nb, true);
		}
	}
}

/* Five in states that occur together, some enqueued after a failure that was not known yet. */
static void
test_all_of_five(__rte_unused void **state)
{
	static const char how[] = "dehElbpDS";
	const unsigned int kinds = 2 * (sizeof(how) - 1);
	unsigned int n, i, rest, end, power = kinds * kinds * kinds * kinds * kinds;
	char text[11] = "";
	struct sdxi_op ops[5];

	for (n = 0; n < power; n++) {
		for (i = 0, rest = n; i < 5; i++, rest /= kinds) {
			text[2 * i] = how[rest % kinds / 2];
			text[2 * i + 1] = rest % 2 == 0 ? ' ' : '|';
		}
		parse(text, ops);
		/* The ones enqueued before some point in time. */
		end = n % 7;
		for (i = 0; i < RTE_MIN(end, 5u); i++)
			ops[i].after_fault = true;
		check(ops, 5, n % 2 == 0);
	}
}

/* ---- error log entries ---- */

#define VL   UINT64_C(1)
#define TYPE (UINT64_C(0x7f7) << 16)
#define CV   (UINT64_C(1) << 32)
#define DIV  (UINT64_C(1) << 33)
#define BV   (UINT64_C(1) << 34)

static uint64_t
entry(unsigned int step, unsigned int sub_step, int buf)
{
	return VL | TYPE | CV | DIV | (uint64_t)step << 8 | (uint64_t)sub_step << 40 |
	       (buf < 0 ? UINT64_C(7) << 36 : BV | (uint64_t)buf << 36);
}

/* By step and sub-step; 4 stands for reserved sub-steps. One code, or one per buffer. */
#define ONE(code) { RTE_DMA_STATUS_##code, RTE_DMA_STATUS_##code, RTE_DMA_STATUS_##code }
#define ADDRESS { RTE_DMA_STATUS_INVALID_ADDR, SRC, RTE_DMA_STATUS_INVALID_DST_ADDR }
static const struct {
	unsigned int step, sub_step;
	enum rte_dma_status_code code[3]; /* no buffer, source, destination */
} codes[] = {
	{ 7, 1, ONE(DESCRIPTOR_READ_ERROR) },
	{ 7, 2, ONE(DESCRIPTOR_READ_ERROR) },
	{ 7, 3, ONE(INVALID_OPCODE) },
	{ 8, 1, ONE(PAGE_FAULT) },
	{ 8, 2, ONE(BUS_ERROR) },
	{ 10, 1, ADDRESS },
	{ 10, 2, { RTE_DMA_STATUS_BUS_ERROR, RTE_DMA_STATUS_BUS_READ_ERROR,
		   RTE_DMA_STATUS_BUS_WRITE_ERROR } },
	{ 10, 3, ONE(DATA_POISION) },
	{ 11, 0, ADDRESS }, { 11, 1, ADDRESS }, { 11, 3, ADDRESS }, { 11, 4, ADDRESS },
	{ 11, 2, ONE(BUS_READ_ERROR) },
	{ 12, 0, ADDRESS }, { 12, 1, ADDRESS }, { 12, 3, ADDRESS }, { 12, 4, ADDRESS },
	{ 12, 2, ONE(BUS_READ_ERROR) },
};

/* All values of step and sub-step, also reserved ones. */
static void
test_status(__rte_unused void **state)
{
	unsigned int step, sub, i;
	int buf;

	for (step = 0; step < 64; step++) {
		for (sub = 0; sub < 16; sub++) {
			for (i = 0; i < RTE_DIM(codes) && (codes[i].step != step ||
			     codes[i].sub_step != RTE_MIN(sub, 4u)); i++)
				;
			for (buf = -1; buf < 8; buf++)
				assert_int_equal(
					sdxi_errlog_status(entry(step, sub, buf), NULL),
					i == RTE_DIM(codes) ? UNKNOWN :
					codes[i].code[buf == 0 || buf == 1 ? buf + 1 : 0]);
		}
	}
}

/* A function reports overlap only as an invalid descriptor. */
static void
test_overlap(__rte_unused void **state)
{
	static const struct {
		uint64_t src, dst;
		uint32_t len;
		bool overlaps;
	} copy[] = {
		{ 1000, 1063, 64, true }, { 1063, 1000, 64, true }, { 1000, 1000, 1, true },
		{ 1000, 1064, 64, false }, { 1064, 1000, 64, false }, { 1000, 1001, 1, false },
		{ 0, UINT32_MAX, 0, true }, { 0, UINT64_C(1) << 32, 0, false },
		{ UINT64_MAX, 0, 2, true },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(copy); i++) {
		/* Length 0 means 4 GiB. */
		const struct sdxi_dsc dsc = {
			.qw[0] = rte_cpu_to_le_64(UINT64_C(0x00010301) |
						  (uint64_t)(copy[i].len - 1) << 32),
			.qw[2] = rte_cpu_to_le_64(copy[i].src),
			.qw[3] = rte_cpu_to_le_64(copy[i].dst),
		};

		assert_int_equal(sdxi_errlog_status(entry(7, 3, -1), &dsc), copy[i].overlaps ?
				 RTE_DMA_STATUS_INVALID_ADDR : RTE_DMA_STATUS_INVALID_OPCODE);
		assert_int_equal(sdxi_errlog_status(entry(10, 1, 0), &dsc), SRC);
	}
}

static void
test_format(__rte_unused void **state)
{
	struct sdxi_errlog_hd_ent ent = {
		.dsc_index = UINT64_MAX, .err_class = rte_cpu_to_le_16(0xbeef),
	};
	char buf[160];
	unsigned int step;

	ent.hd = rte_cpu_to_le_64(entry(10, 2, 1) | UINT64_C(1) << 44 | UINT64_C(65535) << 48);
	assert_ptr_equal(sdxi_errlog_format(&ent, buf, sizeof(buf)), buf);
	assert_string_equal(buf, "context 65535, descriptor 18446744073709551615, buffer 1, data "
			    "buffer: data access failure (context stopped, class 0xbeef)");
	ent.hd = rte_cpu_to_le_64(VL | TYPE | 1 << 8 | UINT64_C(2) << 44);
	sdxi_errlog_format(&ent, buf, sizeof(buf));
	assert_string_equal(buf, "internal error: failure (function stopped, class 0xbeef)");
	/* Any contents and any buffer size. */
	memset(&ent, 0xff, sizeof(ent));
	sdxi_errlog_format(&ent, buf, sizeof(buf));
	assert_non_null(strstr(buf, "context 65535, descriptor 18446744073709551615, buffer 7, "
			       "reserved"));
	assert_non_null(strstr(buf, ", class 0xffff)"));
	for (step = 0; step < 64; step++) {
		ent.hd = rte_cpu_to_le_64(entry(step, step % 4, step % 8));
		memset(buf, 'x', sizeof(buf));
		sdxi_errlog_format(&ent, buf, 20);
		assert_int_equal(strlen(buf), 19);
		assert_int_equal(buf[20], 'x');
		sdxi_errlog_format(&ent, buf, sizeof(buf));
		assert_true((strstr(buf, "reserved") == NULL) == (step >= 1 && step <= 12));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_all_of_three),
		cmocka_unit_test(test_all_of_five),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
