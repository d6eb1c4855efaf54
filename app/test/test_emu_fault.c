/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Emulated function: fault injection. All tests hold in any order of execution. */

#include <errno.h>
#include <stdio.h>

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))
#define BURST 20
#define HIT 7 /* first operation of a burst that is hit */
#define FAULT(kind) SDXI_EMU_FAULT_##kind

static void
inject(struct owner *own, const struct sdxi_emu_fault *fault)
{
	assert_int_equal(sdxi_emu_inject(own->emu, fault), 0);
}

/* Push copies of 64 bytes, each with its own source and destination, to an empty ring. */
static void
push_burst(struct owner *own, unsigned int area)
{
	struct sdxi_dsc dsc;
	unsigned int i;

	fill(own, SRC, BURST * 64, 1);
	memset(mem_at(own, DST), 0, BURST * 64);
	for (i = 0; i < BURST; i++) {
		dsc = dsc_copy(DST + i * 64, SRC + i * 64, 64);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
}

static bool
is_copied(struct owner *own, unsigned int i)
{
	return same(own, DST + i * 64, SRC + i * 64, 64);
}

/* Restart a context if it does not run; returns whether it did not. */
static bool
restart(struct owner *own, unsigned int area)
{
	if (cxt_state(own, area) == SDXI_CXT_RUN)
		return false;
	cxt_stop(own, own->cxt[area]);
	cxt_start(own, own->cxt[area]);
	return true;
}

/* Check that all copies but some were executed, exactly once, and the context runs. */
static void
check_burst(struct owner *own, unsigned int area, unsigned int first, unsigned int end)
{
	unsigned int i;

	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	assert_int_equal(read_index(own, area), BURST);
	for (i = 0; i < BURST; i++)
		assert_true((i >= first && i < end) || (is_done(own, area, i) &&
			    !has_er(own, area, i) && is_copied(own, i)));
	do_good(own, area, dsc_nop());
}

/* Number of hits of all kinds. */
static uint64_t
hits(struct owner *own)
{
	unsigned int kind;
	uint64_t n = 0;

	for (kind = 0; kind < SDXI_EMU_FAULT_KINDS; kind++)
		n += sdxi_emu_injected(own->emu, kind);
	return n;
}

/* Check the number of hits of one kind, and that no other kind was hit. */
static void
expect_hits(struct owner *own, enum sdxi_emu_fault_kind kind, uint64_t n)
{
	assert_int_equal(sdxi_emu_injected(own->emu, kind), n);
	assert_int_equal(hits(own), n);
}

static void
test_arguments(void **state)
{
	static const struct {
		struct sdxi_emu_fault fault;
		int ret;
	} rows[] = {
		{ { .kind = SDXI_EMU_FAULT_KINDS }, -EINVAL },
		{ { .kind = FAULT(FAIL), .cxt = 1024 }, -EINVAL },
		{ { .kind = FAULT(FAIL), .step = 64 }, -EINVAL },
		{ { .kind = FAULT(FAIL), .sub_step = 16 }, -EINVAL },
		{ { .kind = FAULT(FAIL), .buf = 8 }, -EINVAL },
		{ { .kind = FAULT(FAIL), .cxt = 1023 }, 0 },
		/* These ignore the context's number. */
		{ { .kind = FAULT(NO_ACTIVE), .cxt = UINT16_MAX }, 0 },
	};
	struct owner *own = active(STOPS);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(sdxi_emu_inject(own->emu, &rows[i].fault), rows[i].ret);
	assert_int_equal(sdxi_emu_inject(own->emu, NULL), -EINVAL);
	assert_int_equal(sdxi_emu_inject(NULL, &rows[5].fault), -EINVAL);
	assert_int_equal(hits(own), 0);
	assert_int_equal(sdxi_emu_injected(own->emu, SDXI_EMU_FAULT_KINDS), 0);
	/* The number of pending faults is limited. */
	for (i = 0; sdxi_emu_inject(own->emu, &rows[5].fault) == 0; i++)
		assert_true(i < 100000);
	assert_int_equal(i, 254);
	assert_int_equal(sdxi_emu_inject(own->emu, &rows[5].fault), -ENOSPC);
	sdxi_emu_inject_clear(own->emu);
	inject(own, &rows[5].fault);
	owner_free(own);
}

/* ---- faults as text ---- */

#define KEY(member) offsetof(struct sdxi_emu_fault, member), \
	sizeof(((struct sdxi_emu_fault *)0)->member)
static const struct {
	char letter;
	const char *text;
	size_t off;
	size_t size;
	uint64_t val;
} keys[] = {
	{ 'x', "cxt=77", KEY(cxt), 77 },
	{ 'o', "op=0xfffffffffffffffa", KEY(op), UINT64_MAX - 5 },
	{ 'c', "count=4000000000", KEY(count), 4000000000 },
	{ 's', "step=12", KEY(step), 12 },
	{ 'u', "sub-step=3", KEY(sub_step), 3 },
	{ 'b', "buf=1", KEY(buf), 1 },
	{ 'n', "no_block", KEY(no_block), true },
	{ 'l', "no-log", KEY(no_log), true },
};

/* Numbers of the fault kinds. */
static const struct {
	const char *name;
	const char *keys; /* accepted keys, by letter */
} kinds[SDXI_EMU_FAULT_KINDS] = {
	[FAULT(FAIL)] = { "fail", "xocsubnl" },
	[FAULT(LOSE)] = { "lose", "xoc" },
	[FAULT(NO_SIGNAL)] = { "no_signal", "xocsubl" },
	[FAULT(STALL)] = { "stall", "xoc" },
	[FAULT(STOP)] = { "stop", "xoc" },
	[FAULT(FN_ERROR)] = { "fn_error", "xoc" },
	[FAULT(LOG_OVF)] = { "log_ovf", "xoc" },
	[FAULT(LOG_ERR)] = { "log_err", "xoc" },
	[FAULT(NO_STOP)] = { "no_stop", "xo" },
	[FAULT(NO_FN_STOP)] = { "no_fn_stop", "" },
	[FAULT(NO_RESET)] = { "no_reset", "" },
	[FAULT(NO_ACTIVE)] = { "no_active", "c" },
	[FAULT(FLR)] = { "flr", "xoc" },
};

static void
key_set(struct sdxi_emu_fault *fault, unsigned int key)
{
	number_put((uint8_t *)fault + keys[key].off, keys[key].size, keys[key].val);
}

static void
expect_fault(const char *text, const struct sdxi_emu_fault *want)
{
	struct sdxi_emu_fault fault;
	char why[256] = "";
	unsigned int i;

	if (sdxi_emu_fault_parse(text, &fault, why, sizeof(why)) != 0)
		fail_msg("%s: %s", text, why);
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (memcmp((uint8_t *)&fault + keys[i].off, (const uint8_t *)want + keys[i].off,
			   keys[i].size) != 0)
			fail_msg("%s: %s", text, keys[i].text);
	assert_int_equal(fault.kind, want->kind);
}

/* Each kind alone, with each of its keys, with all of them, and with an invalid one. */
static void
test_parse(void **state)
{
	static const char * const bad[] = {
		"", "fails", "fai", "fail:", "fail:cxt", "fail:cxt=", "fail:cxt=65536",
		"fail:cxt=-1", "fail:cxt=1x", "fail:count=0", "fail:count=4294967296",
		"fail:step=0", "fail:step=13", "fail:sub_step=4", "fail:buf=2", "fail:no_block=1",
		"fail:what=1", "fail;cxt=1",
		"fail:op=18446744073709551616", "fail:no_block=", "no_reset:cxt=1",
	};
	struct sdxi_emu_fault fault, all, want;
	char text[256], all_text[256], why[256];
	unsigned int kind, key;

	(void)state;
	for (kind = 0; kind < SDXI_EMU_FAULT_KINDS; kind++) {
		const char *name = kinds[kind].name;

		assert_string_equal(sdxi_emu_fault_name(kind), name);
		all = (struct sdxi_emu_fault){ .kind = kind };
		snprintf(all_text, sizeof(all_text), "%s", name);
		expect_fault(name, &all);
		for (key = 0; key < ARRAY_LEN(keys); key++) {
			snprintf(text, sizeof(text), "%s:%s", name, keys[key].text);
			if (strchr(kinds[kind].keys, keys[key].letter) == NULL) {
				assert_int_equal(sdxi_emu_fault_parse(text, &fault, why,
								      sizeof(why)), -EINVAL);
				assert_non_null(strstr(why, name));
				continue;
			}
			want = (struct sdxi_emu_fault){ .kind = kind };
			key_set(&want, key);
			/* A sub-step alone refers to the default step. */
			if (keys[key].letter == 'u')
				want.step = SDXI_STEP_BUFFER;
			expect_fault(text, &want);
			key_set(&all, key);
			strcat(strcat(all_text, ":"), keys[key].text);
		}
		expect_fault(all_text, &all);
	}
	assert_string_equal(sdxi_emu_fault_name(SDXI_EMU_FAULT_KINDS), "?");
	for (key = 0; key < ARRAY_LEN(bad); key++) {
		why[0] = '\0';
		assert_int_equal(sdxi_emu_fault_parse(bad[key], &fault, why, sizeof(why)), -EINVAL);
		assert_int_not_equal(why[0], '\0');
	}
}

/* ---- operations that fail ---- */

/* Fail two valid copies in a row, or one, optionally without an outcome. */
static void
test_fail(void **state)
{
	static const struct {
		struct sdxi_emu_fault fault;
		bool copied;
		bool er;
		bool signal;
		bool log;
		int buf;
		enum sdxi_err_step step;
		unsigned int sub;
	} rows[] = {
		{ { .count = 2, .buf = 1 }, false, true, true, true, 1, AT(BUFFER, TRANSLATION) },
		{ { .no_block = true }, false, false, false, true, 0, AT(BUFFER, TRANSLATION) },
		{ { .no_log = true }, false, true, true, false, 0, 0, 0 },
		{ { .no_block = true, .no_log = true }, false, false, false, false, 0, 0, 0 },
		{ { .step = SDXI_STEP_BUFFER, .sub_step = 2, .buf = 1 }, false, true, true, true, 1,
		  AT(BUFFER, ACCESS) },
		{ { .step = SDXI_STEP_DESC, .sub_step = 3 }, false, true, true, true, BAD_DESC },
		{ { .step = SDXI_STEP_CST_BLK, .sub_step = 1, .no_block = true }, false, false,
		  false, true, LOG_NO_BUF, AT(CST_BLK, TRANSLATION) },
		{ { .step = 63, .sub_step = 15 }, false, true, true, true, LOG_NO_BUF, 63, 15 },
		{ { .kind = FAULT(NO_SIGNAL) }, false, true, false, true, 0,
		  AT(BUFFER, TRANSLATION) },
		{ { .kind = FAULT(NO_SIGNAL), .no_log = true }, false, true, false, false, 0,
		  0, 0 },
		{ { .kind = FAULT(LOSE), .count = 3 }, true, false, false, false, 0, 0, 0 },
	};
	unsigned int i, j, area, n, restarts, slot;
	struct sdxi_emu_fault fault;
	struct owner *own;
	bool stops;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		fault = rows[i / 2].fault;
		fault.cxt = 1;
		fault.op = HIT;
		n = fault.count == 0 ? 1 : fault.count;
		stops = fault.kind != FAULT(LOSE) && i % 2 == STOPS;
		own = active(i % 2);
		area = cxt_up(own, 1);
		inject(own, &fault);
		push_burst(own, area);
		assert_true((cxt_state(own, area) == SDXI_CXT_ERR_FN) == stops);
		/* Consumed operations are completed, others untouched. */
		for (j = 0; rows[i / 2].signal && j < BURST; j++)
			assert_true(is_done(own, area, j) == (j < read_index(own, area)));
		for (restarts = 0; restart(own, area); restarts++)
			;
		assert_in_range(restarts, stops, stops ? n : 0);
		check_burst(own, area, HIT, HIT + n);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), rows[i / 2].log ? n : 0);
		for (j = HIT; j < HIT + n; j++) {
			assert_true(is_done(own, area, j) == rows[i / 2].signal);
			assert_true(has_er(own, area, j) == rows[i / 2].er);
			assert_true(is_copied(own, j) == rows[i / 2].copied);
			slot = le64(log_at(own, 0)->dsc_index) == j ? 0 : 1;
			if (rows[i / 2].log)
				log_check(own, slot, 1, j, rows[i / 2].buf, rows[i / 2].step,
					  rows[i / 2].sub,
					  stops ? SDXI_RE_CXT_STOPPED : SDXI_RE_INFORMATIVE);
		}
		expect_hits(own, fault.kind, n);
		owner_free(own);
	}
}

/* Fail each kind of operation, also silent ones; an additional real error makes no difference. */
static void
test_fail_what(void **state)
{
	struct sdxi_emu_fault fault = { .kind = FAULT(FAIL) };
	struct sdxi_dsc rows[] = {
		dsc_nop(), dsc_copy(DST, SRC, 5 * SDXI_EMU_CHUNK),
		dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR), dsc_copy(NO_MEM, NO_MEM, 64),
		dsc_copy(DST, SRC, 64), dsc_adm(SDXI_ADM_CXT_UPD, 0, 5),
	};
	struct owner *own;
	unsigned int i, area;

	(void)state;
	rows[4].any.csb_ptr = le64(SDXI_DSC_NP);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		own = active(CONTINUES);
		area = i < 5 ? cxt_up(own, 1) : 0;
		fault.cxt = own->cxt[area];
		fill(own, SRC, 64, 1);
		inject(own, &fault);
		assert_false(do_bad(own, area, rows[i], 0, AT(BUFFER, TRANSLATION)));
		assert_false(same(own, SRC, DST, 64));
		do_good(own, area, dsc_nop());
		expect_hits(own, FAULT(FAIL), 1);
		owner_free(own);
	}
}

/* Counts persist over stops and RESET; some kinds forget them. */
static void
test_count(void **state)
{
	struct sdxi_emu_fault fault = { .kind = FAULT(FAIL), .cxt = 5, .op = 4 };
	struct owner *own = active(CONTINUES);
	unsigned int area, i;

	(void)state;
	/* For a context that never existed. */
	inject(own, &fault);
	area = cxt_up(own, 5);
	do_good(own, area, dsc_nop());
	do_good(own, 0, dsc_stop(5, 5, true));
	assert_true(restart(own, area));
	do_good(own, area, dsc_nop());
	for (i = 0; i < 4; i++) {
		fault.op = UINT64_MAX - i;
		inject(own, &fault);
	}
	fn_ask(own, SDXI_GSR_RESET);
	again(own);
	area = cxt_up(own, 5);
	do_good(own, area, dsc_nop());
	do_good(own, area, dsc_nop());
	do_bad(own, area, dsc_nop(), 0, AT(BUFFER, TRANSLATION));
	for (i = 0; i < 8; i++)
		do_good(own, area, dsc_nop());
	fault.op = 0;
	inject(own, &fault);
	sdxi_emu_inject_clear(own->emu);
	do_good(own, area, dsc_nop());
	inject(own, &fault);
	sdxi_emu_reset(own->emu);
	again(own);
	do_good(own, cxt_up(own, 5), dsc_nop());
	expect_hits(own, FAULT(FAIL), 1);
	owner_free(own);
}

/* Several faults for one operation, and one for another context in between. */
static void
test_several(void **state)
{
	static const enum sdxi_emu_fault_kind order[] = {
		FAULT(LOSE), FAULT(FAIL), FAULT(STOP), FAULT(LOG_ERR),
	};
	struct sdxi_emu_fault fault = { .cxt = 1, .op = HIT };
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	const unsigned int other = cxt_up(own, 2);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(order); i++) {
		fault.kind = order[i];
		inject(own, &fault);
	}
	inject(own, &(struct sdxi_emu_fault){ .kind = FAULT(FAIL), .cxt = 2, .op = 1 });
	push_burst(own, area);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
	assert_int_equal(read_index(own, area), HIT);
	do_good(own, other, dsc_nop());
	assert_true(restart(own, area));
	check_burst(own, area, HIT, HIT + 2);
	assert_false(is_done(own, area, HIT) || has_er(own, area, HIT));
	assert_true(is_done(own, area, HIT + 1) && has_er(own, area, HIT + 1));
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS | SDXI_ERR_STS_ERR);
	do_bad(own, other, dsc_nop(), 0, AT(BUFFER, TRANSLATION));
	assert_int_equal(hits(own), 5);
	owner_free(own);
}

static void
test_log_lost(void **state)
{
	static const struct {
		enum sdxi_emu_fault_kind kind;
		uint64_t sts;
	} rows[] = {
		{ FAULT(LOG_OVF), SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF },
		{ FAULT(LOG_ERR), SDXI_ERR_STS_STS | SDXI_ERR_STS_ERR },
	};
	struct sdxi_emu_fault fault = { .cxt = 1, .op = HIT, .count = 2 };
	unsigned int area, i, r;
	struct owner *own;

	(void)state;
	for (r = 0; r < ARRAY_LEN(rows); r++) {
		own = active(CONTINUES);
		area = cxt_up(own, 1);
		reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
		fault.kind = rows[r].kind;
		inject(own, &fault);
		for (i = 0; i < BURST; i++) {
			push_ring(own, area, i % 3 == 0 ? dsc_copy(DST, NO_MEM, 64) : dsc_nop());
			run_dry(own);
			assert_true(is_done(own, area, i));
			/* 0, 3, 6 are logged, 9 and 12 are not. */
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT),
					 i < 9 ? i / 3 + 1 : i < 15 ? 3 : i / 3 - 1);
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS),
					 i < 9 ? SDXI_ERR_STS_STS : rows[r].sts);
		}
		assert_int_equal(own->irqs, 1);
		expect_hits(own, fault.kind, 2);
		/* Clearing the fault ends it. */
		inject(own, &fault);
		sdxi_emu_inject_clear(own->emu);
		do_bad(own, area, dsc_copy(DST, NO_MEM, 64), 0, AT(BUFFER, TRANSLATION));
		owner_free(own);
	}
}

/* ---- contexts that hang or stop ---- */

/* Check that a stalled context does not move, whatever is tried. */
static void
check_stalled(struct owner *own, unsigned int area)
{
	unsigned int i;

	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), HIT);
	for (i = 0; i < BURST; i++)
		assert_true(is_done(own, area, i) == (i < HIT));
}

static void
test_stall(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = FAULT(STALL), .cxt = 1, .op = HIT, .count = 2,
	};
	enum { CLEAR, SOFT_CLEAR, SOFT_FN, HARD, HOWS } how;
	struct owner *own;
	unsigned int area;
	uint64_t sync;

	(void)state;
	for (how = 0; how < HOWS; how++) {
		own = active(STOPS);
		area = cxt_up(own, 1);
		inject(own, &fault);
		push_burst(own, area);
		check_stalled(own, area);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
		expect_hits(own, FAULT(STALL), 1);
		if (how == HARD) {
			/* The stall ends, and is injected again. */
			do_good(own, 0, dsc_stop(1, 1, true));
			do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
			cxt_start(own, 1);
			check_stalled(own, area);
			expect_hits(own, FAULT(STALL), 2);
			do_good(own, 0, dsc_stop(1, 1, true));
			assert_true(restart(own, area));
		}
		if (how == SOFT_CLEAR || how == SOFT_FN) {
			/* A soft stop never completes. */
			do_good(own, 0, dsc_stop(1, 1, false));
			sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
			check_stalled(own, area);
			assert_false(is_done(own, 0, sync));
		}
		if (how == SOFT_FN) {
			fn_ask(own, SDXI_GSR_STOP_SF);
			check_stalled(own, area);
			assert_int_equal(fn_state(own), SDXI_GSV_STOPG_SF);
			fn_ask(own, SDXI_GSR_STOP_HD);
			run_dry(own);
			assert_int_equal(fn_state(own), SDXI_GSV_STOP);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
			assert_int_equal(read_index(own, area), HIT);
		} else {
			sdxi_emu_inject_clear(own->emu);
			run_dry(own);
			assert_true(restart(own, area) == (how == SOFT_CLEAR));
			check_burst(own, area, 0, 0);
		}
		owner_free(own);
	}
}

static void
test_stop(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = FAULT(STOP), .cxt = 1, .op = HIT, .count = 2,
	};
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	(void)state;
	inject(own, &fault);
	push_burst(own, area);
	for (i = 0; i < 2; i++) {
		check_stalled(own, area);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
		/* The second time, start without a stop. */
		if (i == 0)
			assert_true(restart(own, area));
		else
			cxt_start(own, 1);
	}
	check_burst(own, area, 0, 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	expect_hits(own, FAULT(STOP), 2);
	owner_free(own);
}

static void
test_no_stop(void **state)
{
	const struct sdxi_emu_fault fault = { .kind = FAULT(NO_STOP), .cxt = 1, .op = HIT };
	unsigned int area, other, i;
	struct owner *own;
	uint64_t sync;

	(void)state;
	for (i = 0; i < 8; i++) {
		own = active(STOPS);
		area = cxt_up(own, 1);
		other = cxt_up(own, 2);
		inject(own, &fault);
		/* Not before the operation. */
		do_good(own, 0, dsc_stop(1, 1, false));
		assert_true(restart(own, area));
		push_burst(own, area);
		/* Also a failed one. */
		if (i & 1)
			do_bad(own, area, dsc_copy(DST, NO_MEM, 64), 0, AT(BUFFER, TRANSLATION));
		do_good(own, 0, dsc_stop(1, 1, i & 2));
		do_good(own, 0, dsc_stop(1, 1, true));
		sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		run_dry(own);
		assert_false(is_done(own, 0, sync));
		assert_int_not_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		expect_hits(own, FAULT(NO_STOP), 1);
		do_good(own, other, dsc_nop());
		fn_ask(own, i < 4 ? SDXI_GSR_STOP_SF : SDXI_GSR_RESET);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		assert_true(i >= 4 || cxt_state(own, area) == SDXI_CXT_STOP_SW);
		assert_true(is_done(own, 0, sync) == (i < 4));
		/* That ended the fault. */
		again(own);
		area = cxt_up(own, 1);
		do_good(own, area, dsc_nop());
		cxt_stop(own, 1);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		owner_free(own);
	}
}

/* ---- function ---- */

/* In ERROR nothing runs and only RESET helps; a function level reset resets everything. */
static void
test_fn_error_and_flr(void **state)
{
	struct sdxi_emu_fault fault = { .cxt = 1, .op = HIT };
	struct sdxi_emu_conf conf = conf_test();
	unsigned int area, i, flr;
	struct owner *own;
	uint64_t accesses;

	(void)state;
	conf.flr_ms = 100;
	for (flr = 0; flr < 2; flr++) {
		own = owner_make(&conf);
		fn_build(own);
		reg_set(own, SDXI_MMIO_CTL0, SDXI_CTL0_FN_ERR_INTR_EN);
		fn_activate(own);
		area = cxt_up(own, 1);
		cxt_up(own, 2);
		fault.kind = flr ? FAULT(FLR) : FAULT(FN_ERROR);
		inject(own, &fault);
		push_burst(own, area);
		own->now_ms = 99;
		assert_int_equal(fn_state(own), flr ? SDXI_GSV_STOP : SDXI_GSV_ERROR);
		assert_int_equal(reg_get(own, SDXI_MMIO_VERSION), flr ? 0 : 0x10000);
		own->now_ms = 100;
		assert_int_equal(own->irqs, !flr);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), !flr);
		if (!flr)
			log_check(own, 0, 1, HIT, LOG_NO_BUF, AT(INTERNAL, OTHER),
				  SDXI_RE_FN_STOPPED);
		for (i = 0; i < 3; i++)
			assert_int_equal(cxt_state(own, i), SDXI_CXT_RUN);
		for (i = HIT; i < BURST; i++)
			assert_true(!is_done(own, area, i) && !is_copied(own, i));
		assert_true(read_index(own, area) <= HIT);
		accesses = own->accesses;
		push_ring(own, 0, dsc_nop());
		fn_ask(own, SDXI_GSR_STOP_SF);
		fn_ask(own, SDXI_GSR_STOP_HD);
		if (!flr)
			fn_ask(own, SDXI_GSR_ACTIVE);
		assert_int_equal(sdxi_emu_run(own->emu, 100), 0);
		assert_int_equal(own->accesses, accesses);
		assert_int_equal(fn_state(own), flr ? SDXI_GSV_STOP : SDXI_GSV_ERROR);
		fn_ask(own, SDXI_GSR_RESET);
		again(own);
		area = cxt_up(own, 1);
		push_burst(own, area);
		check_burst(own, area, 0, 0);
		expect_hits(own, fault.kind, 1);
		owner_free(own);
	}
}

/* Ignored requests: which ones, and how to recover. */
static void
test_requests(void **state)
{
	static const struct {
		enum sdxi_emu_fault_kind kind;
		enum sdxi_fn_gsv after[4]; /* state after an ACTIVE request */
		unsigned int hits;
	} rows[] = {
		{ FAULT(NO_FN_STOP),
		  { SDXI_GSV_STOP, SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE }, 2 },
		{ FAULT(NO_RESET),
		  { SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE }, 3 },
	};
	struct sdxi_emu_fault fault = { .count = 2 };
	struct owner *own;
	unsigned int i;
	int gsr;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		own = active(STOPS);
		fault.kind = rows[i].kind;
		inject(own, &fault);
		for (gsr = SDXI_GSR_ACTIVE; gsr >= SDXI_GSR_RESET; gsr--) {
			fn_ask(own, gsr);
			run_dry(own);
			assert_int_equal(fn_state(own), rows[i].after[gsr]);
			if (fn_state(own) == SDXI_GSV_ACTIVE)
				do_good(own, cxt_up(own, gsr + 1), dsc_nop());
		}
		/* ACTIVE does not request another state. */
		expect_hits(own, rows[i].kind, rows[i].hits);
		if (rows[i].kind == FAULT(NO_RESET))
			sdxi_emu_reset(own->emu);
		again(own);
		fn_ask(own, SDXI_GSR_STOP_SF);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		owner_free(own);
	}

	own = built();
	fault.kind = FAULT(NO_ACTIVE);
	inject(own, &fault);
	for (i = 0; i < 2; i++) {
		fn_ask(own, SDXI_GSR_ACTIVE);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
		assert_int_equal(cxt_state(own, 0), SDXI_CXT_STOP_SW);
		log_check(own, i, 0, LOG_NO_DESC, LOG_NO_BUF, AT(INTERNAL, OTHER),
			  SDXI_RE_FN_STOPPED);
		fn_ask(own, SDXI_GSR_RESET);
	}
	fn_activate(own);
	expect_hits(own, FAULT(NO_ACTIVE), 2);
	owner_free(own);
}

int
main(void)
{
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_fail_what),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_log_lost),
		cmocka_unit_test(test_stall),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_no_stop),
		cmocka_unit_test(test_fn_error_and_flr),
		cmocka_unit_test(test_requests),
	};
	int failed = 0;

	RUN_ANY_ORDER(failed, any_order);
	return failed;
}
