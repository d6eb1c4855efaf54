/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Emulated function: start, stop and update of contexts. */

#include "test_emu_owner.h"
#include "test_emu_tables.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))
#define LONG_LEN (8 * SDXI_EMU_CHUNK)

/* Start contexts that cannot start: the administrative context must continue. */
static void
start_bad(struct owner *own, struct sdxi_dsc dsc, unsigned int logged)
{
	const uint64_t wrt = reg_get(own, SDXI_MMIO_ERR_WRT);
	const uint64_t index = push_ring(own, 0, dsc);

	run_dry(own);
	assert_true(is_done(own, 0, index) && has_er(own, 0, index));
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), wrt + logged);
	do_good(own, 0, dsc_nop());
}

/* Before activation doorbells have no effect; a start implies one. */
static void
test_doorbell(void **state)
{
	struct owner *own = built();
	const struct sdxi_dsc nop = dsc_nop();
	unsigned int area, i;
	uint64_t index;

	(void)state;
	index = push(own, 0, &nop);
	sdxi_emu_doorbell(own->emu, 0, 0);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_false(is_done(own, 0, index));
	sdxi_emu_doorbell(own->emu, 0, 0);
	run_dry(own);
	assert_true(is_done(own, 0, index));
	assert_int_equal(read_index(own, 0), 1);

	area = cxt_build(own, 9, UINT64_C(0x1ffffffff));
	for (i = 0; i < 2; i++) {
		index = push(own, area, &nop);
		run_dry(own);
		assert_false(is_done(own, area, index));
		cxt_start(own, 9);
		assert_true(is_done(own, area, index));
		assert_int_equal(read_index(own, area), index + 1);
	}
	owner_free(own);
}

/* Start and stop contexts in any order; the others must continue to work. */
static void
test_start_stop_order(void **state)
{
	static const uint16_t nums[] = { 1, 127, 128, 300, 301, 302, 1022, 1023 };
	static const uint8_t order[] = { 2, 7, 0, 6, 1, 4, 3, 5 };
	struct owner *own = active(STOPS);
	unsigned int area[ARRAY_LEN(nums)], i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(nums); i++)
		area[i] = cxt_up(own, nums[i]);
	for (i = 0; i < ARRAY_LEN(nums); i++) {
		do_good(own, 0, dsc_stop(nums[order[i]], nums[order[i]], i & 1));
		for (j = 0; j < ARRAY_LEN(nums); j++)
			if (cxt_state(own, area[j]) == SDXI_CXT_RUN)
				do_good(own, area[j], dsc_nop());
		for (j = 0; j <= i; j++)
			assert_int_equal(cxt_state(own, area[order[j]]), SDXI_CXT_STOP_SW);
		assert_int_equal(read_index(own, area[order[i]]), i);
	}
	/* Stopping a context that does not run, or never did, is no error. */
	do_good(own, 0, dsc_stop(1, 1023, true));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1023));
	for (i = 0; i < ARRAY_LEN(nums); i++) {
		cxt_start(own, nums[i]);
		do_good(own, area[i], dsc_nop());
	}
	owner_free(own);
}

/* All valid contexts of a range start, with an optional doorbell value. */
static void
test_start_range(void **state)
{
	static const uint8_t subtypes[] = { SDXI_ADM_CXT_START_NM, SDXI_ADM_CXT_START_RS };
	struct sdxi_dsc dsc;
	unsigned int i, j, area[3];
	struct owner *own;

	(void)state;
	for (i = 0; i < 4; i++) {
		own = active(STOPS);
		for (j = 0; j < 3; j++)
			area[j] = cxt_build(own, 254 + j * 2, 0);
		dsc = dsc_nop();
		push(own, area[0], &dsc);
		dsc = dsc_adm(subtypes[i / 2], 254, 258);
		dsc.adm.vflags = i % 2 ? SDXI_VFLAGS_DV : 0;
		dsc.adm.db_value = le64(i);
		start_bad(own, dsc, 2);
		for (j = 0; j < 3; j++)
			assert_int_equal(cxt_state(own, area[j]), SDXI_CXT_RUN);
		assert_true(is_done(own, area[0], 0));
		for (j = 0; j < 2; j++)
			log_check(own, j, 255 + 2 * j, LOG_NO_DESC, LOG_NO_BUF,
				  AT(CXT_L1, VALIDATION), SDXI_RE_CXT_STOPPED);
		owner_free(own);
	}
}

static void
test_start_failures(void **state)
{
	struct owner *own;
	unsigned int i, area;

	(void)state;
	for (i = 0; i < TABLE_BREAKS; i++) {
		own = active(STOPS);
		area = cxt_build(own, 130, 0);
		table_break(own, area, &table_breaks[i]);
		start_bad(own, dsc_adm(SDXI_ADM_CXT_START_NM, 130, 130), 1);
		log_check(own, 0, 130, LOG_NO_DESC, LOG_NO_BUF, table_breaks[i].step,
			  table_breaks[i].sub, SDXI_RE_CXT_STOPPED);
		assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		owner_free(own);
	}
}

/* A failed context can start only after a stop. */
static void
test_start_of_failed(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 20);

	(void)state;
	assert_true(do_bad(own, area, dsc_copy(NO_MEM, SRC, 8), 1, AT(BUFFER, TRANSLATION)));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 20, 20));
	start_bad(own, dsc_adm(SDXI_ADM_CXT_START_NM, 20, 20), 1);
	log_check(own, 1, 20, LOG_NO_DESC, LOG_NO_BUF, AT(CXT_STS, VALIDATION),
		  SDXI_RE_CXT_STOPPED);
	cxt_stop(own, 20);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	cxt_start(own, 20);
	do_good(own, area, dsc_nop());
	owner_free(own);
}

/* ---- stops ---- */

/* CXT_STOP completes before the stop does, SYNC(STOP) after it; doorbells are then ignored. */
static void
test_stop_and_sync(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 40);
	const struct sdxi_dsc nop = dsc_nop();
	uint64_t stop, sync, index;

	(void)state;
	do_good(own, area, nop);
	stop = push_ring(own, 0, dsc_stop(40, 40, false));
	sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 0, 1023));
	while (!is_done(own, 0, sync)) {
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
		assert_true(!is_done(own, 0, sync) || cxt_state(own, area) == SDXI_CXT_STOP_SW);
	}
	assert_true(is_done(own, 0, stop));
	run_dry(own);
	index = push(own, area, &nop);
	ring_doorbell(own, area);
	run_dry(own);
	assert_false(is_done(own, area, index));
	/* It resumes where it was. */
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, 40, 40));
	assert_true(is_done(own, area, index));
	assert_int_equal(read_index(own, area), 2);
	owner_free(own);
}

/* Start a long copy, followed by another operation. */
static unsigned int
copy_under_way(struct owner *own)
{
	const unsigned int area = cxt_up(own, 1);
	const struct sdxi_dsc nop = dsc_nop();

	fill(own, SRC, LONG_LEN, 1);
	memset(mem_at(own, DST), 0, LONG_LEN);
	push_ring(own, area, dsc_copy(DST, SRC, LONG_LEN));
	push(own, area, &nop);
	ring_doorbell(own, area);
	while (*(uint8_t *)mem_at(own, DST) == 0)
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
	assert_int_equal(read_index(own, area), 1);
	assert_false(same(own, DST, SRC, LONG_LEN));
	return area;
}

/* A soft stop waits for operations in progress, a hard one abandons them; neither starts others. */
static void
test_stop_in_copy(void **state)
{
	static const struct {
		bool by_fn;
		bool soft;
		bool hard;
		bool fails; /* the copy fails at its end */
		bool unlisted; /* the context is removed from its table in the meantime */
		enum sdxi_cxt_state state;
	} rows[] = {
		{ false, true, false, false, false, SDXI_CXT_STOP_SW },
		{ false, false, true, false, false, SDXI_CXT_STOP_SW },
		{ false, true, true, false, false, SDXI_CXT_STOP_SW },
		{ false, true, false, true, false, SDXI_CXT_STOP_SW },
		{ false, true, false, false, true, SDXI_CXT_STOP_SW },
		{ true, true, false, false, false, SDXI_CXT_STOP_FN },
		{ true, false, true, false, false, SDXI_CXT_STOP_FN },
		{ true, true, true, false, false, SDXI_CXT_STOP_FN },
		{ true, true, false, true, false, SDXI_CXT_STOP_FN },
	};
	unsigned int i, area;
	struct owner *own;
	uint64_t sync;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		own = active(STOPS);
		area = copy_under_way(own);
		if (rows[i].fails)
			hole_add(own, DST + LONG_LEN - 1, 1, true, true);
		if (rows[i].by_fn) {
			fn_ask(own, rows[i].soft ? SDXI_GSR_STOP_SF : SDXI_GSR_STOP_HD);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
			while (rows[i].soft && cxt_state(own, area) != SDXI_CXT_STOPG_FN)
				assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
			if (rows[i].hard)
				fn_ask(own, SDXI_GSR_STOP_HD);
		} else {
			push_ring(own, 0, dsc_stop(1, 1, !rows[i].soft));
			while (cxt_state(own, area) == SDXI_CXT_RUN)
				assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOPG_SW);
			if (rows[i].hard && rows[i].soft)
				push_ring(own, 0, dsc_stop(1, 1, true));
			if (rows[i].unlisted)
				l1_of(own, 1)->cxt_ctl_ptr = 0;
			if (rows[i].unlisted)
				push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 1, 1));
			sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
			while (!is_done(own, 0, sync)) {
				assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
				assert_true(!is_done(own, 0, sync) ||
					    cxt_state(own, area) == rows[i].state);
			}
		}
		run_dry(own);
		assert_int_equal(fn_state(own), rows[i].by_fn ? SDXI_GSV_STOP : SDXI_GSV_ACTIVE);
		assert_int_equal(cxt_state(own, area), rows[i].state);
		assert_int_equal(read_index(own, area), 1);
		assert_true(is_done(own, area, 0) == !rows[i].hard);
		assert_true(has_er(own, area, 0) == rows[i].fails);
		assert_true(same(own, DST, SRC, LONG_LEN) == !(rows[i].hard || rows[i].fails));
		assert_false(is_done(own, area, 1));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT),
				 rows[i].fails || rows[i].unlisted);
		/* The failure did not stop it. */
		if (rows[i].fails)
			log_check(own, 0, 1, 0, 1, AT(BUFFER, TRANSLATION), SDXI_RE_INFORMATIVE);
		/* The next start executes what follows the copy. */
		if (rows[i].state == SDXI_CXT_STOP_SW && !rows[i].unlisted) {
			cxt_start(own, 1);
			assert_true(is_done(own, area, 1));
		}
		owner_free(own);
	}
}

/* SYNC(STOP) waits for stops in its range only. */
static void
test_sync_range(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = copy_under_way(own);
	uint64_t elsewhere, here;

	(void)state;
	push_ring(own, 0, dsc_stop(1, 1, false));
	elsewhere = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 2, 1023));
	here = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
	while (!is_done(own, 0, elsewhere))
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOPG_SW);
	run_dry(own);
	assert_true(is_done(own, 0, here));
	owner_free(own);
}

/* States of contexts after a stop of the function, which do not survive it. */
static void
test_function_stop(void **state)
{
	struct owner *own = active(STOPS);
	unsigned int run, stopped, failed, i;

	(void)state;
	for (i = 0; i < 3; i++) {
		run = cxt_up(own, 10);
		stopped = cxt_up(own, 11);
		failed = cxt_up(own, 200);
		cxt_stop(own, 11);
		assert_true(do_bad(own, failed, dsc_op(0x7ff, 0), BAD_DESC));
		/* The function stops even if a state cannot be written. */
		if (i == 2)
			hole_add(own, AREA_AT(run) + STS_OFF, 16, true, true);
		fn_ask(own, i == 0 ? SDXI_GSR_STOP_SF : SDXI_GSR_STOP_HD);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		assert_int_equal(cxt_state(own, 0), SDXI_CXT_STOP_FN);
		assert_true(i == 2 || cxt_state(own, run) == SDXI_CXT_STOP_FN);
		assert_int_equal(cxt_state(own, stopped), SDXI_CXT_STOP_SW);
		assert_int_equal(cxt_state(own, failed), SDXI_CXT_ERR_FN);
		own->n_areas = 0;
		cxt_build(own, SDXI_CXT_ADMIN, 0);
		fn_activate(own);
		own->writes = 0;
		ring_doorbell(own, run);
		run_dry(own);
		assert_int_equal(own->writes, 0);
	}
	owner_free(own);
}

/* RESET during a copy: no further write. */
static void
test_reset_is_silent(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = copy_under_way(own);

	(void)state;
	own->writes = 0;
	fn_ask(own, SDXI_GSR_RESET);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	run_dry(own);
	assert_int_equal(own->writes, 0);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	assert_false(is_done(own, area, 0));
	owner_free(own);
}

/* ---- updates ---- */

/* Ranges may exceed the existing contexts; nothing is started there. */
static void
test_admin_ranges(void **state)
{
	static const uint8_t subtypes[] = {
		SDXI_ADM_CXT_UPD, SDXI_ADM_AKEY_UPD, SDXI_ADM_RKEY_UPD,
	};
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1023);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(subtypes); i++) {
		do_good(own, 0, dsc_adm(subtypes[i], 0, 0xffff));
		do_good(own, 0, dsc_adm(subtypes[i], 1024, 0xffff));
	}
	for (i = SDXI_FLT_CXT; i <= SDXI_FLT_FN; i++)
		do_good(own, 0, dsc_sync(i, 0, 0xffff));
	do_good(own, 0, dsc_sync(SDXI_FLT_FN, 5, 4));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	do_good(own, 0, dsc_stop(1, 0xffff, false));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 0xffff));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	assert_false(do_bad(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1023, 1024), BAD_DESC));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	owner_free(own);
}

/* CXT_UPD: which values name a context, under each interpretation of the specification. */
static void
test_cxt_upd_levels(void **state)
{
	/* Values 0 to 8: no effect, effect, refused. */
	static const char want[][10] = {
		[SDXI_EMU_CXT_UPD_NUMBER] = "eeerrrrrr",
		[SDXI_EMU_CXT_UPD_FLAGS] = "-eeeeeeer",
		[SDXI_EMU_CXT_UPD_REFUSE] = "rrrrrrrrr",
	};
	const struct sdxi_dsc large = dsc_copy(DST, SRC, (2 << 20) + 1);
	struct sdxi_emu_conf conf = conf_test();
	unsigned int mode, level, area;
	struct sdxi_dsc upd;
	struct owner *own;

	(void)state;
	conf.err_continue = true;
	for (mode = 0; mode < ARRAY_LEN(want); mode++) {
		conf.cxt_upd = mode;
		own = active_with(&conf);
		for (level = 0; level < 9; level++) {
			area = cxt_up(own, level + 1);
			l1_of(own, level + 1)->misc0 = 0;
			/* Changes have no effect before CXT_UPD. */
			do_good(own, area, large);
			upd = dsc_adm(SDXI_ADM_CXT_UPD, level + 1, level + 1);
			upd.adm.cflags = level;
			if (want[mode][level] == 'r')
				assert_false(do_bad(own, 0, upd, BAD_DESC));
			else
				do_good(own, 0, upd);
			do_good(own, 0, dsc_sync(SDXI_FLT_CXT, 0, 1023));
			if (want[mode][level] == 'e')
				assert_false(do_bad(own, area, large, BAD_DESC));
			else
				do_good(own, area, large);
		}
		owner_free(own);
	}
}

/* A running context, also the administrative one, fails if CXT_UPD makes it read bad tables. */
static void
test_cxt_upd_failures(void **state)
{
	unsigned int i, area, other;
	struct owner *own;
	uint16_t num;

	(void)state;
	for (i = 0; i < 2 * TABLE_BREAKS_OF_START; i++) {
		const struct table_break *b = &table_breaks[i / 2];

		own = active(STOPS);
		other = cxt_up(own, 300);
		area = i % 2 ? cxt_up(own, 140) : 0;
		num = own->cxt[area];
		table_break(own, area, b);
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, num, num));
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		log_check(own, 0, num, LOG_NO_DESC, LOG_NO_BUF, b->step, b->sub,
			  SDXI_RE_CXT_STOPPED);
		do_good(own, other, dsc_nop());
		owner_free(own);
	}
}

/* ---- callbacks that call the function ---- */

static void
reenter(struct owner *own)
{
	assert_int_equal(sdxi_emu_run(own->emu, 1000), 0);
	sdxi_emu_doorbell(own->emu, 3, 1);
	fn_ask(own, SDXI_GSR_RESET);
}

/* Remove the ring before the context continues. */
static void
reenter_no_ring(struct owner *own)
{
	fn_ask(own, SDXI_GSR_RESET);
	hole_add(own, AREA_AT(1) + RING_OFF, RING_SZ * 64, false, true);
}

static void
reenter_reset(struct owner *own)
{
	sdxi_emu_reset(own->emu);
}

static void
reenter_flr(struct owner *own)
{
	sdxi_emu_flr(own->emu);
}

/* Callbacks may call the function. */
static void
test_reentry(void **state)
{
	void (*const how[])(struct owner *own) = {
		reenter, reenter_no_ring, reenter_reset, reenter_flr,
	};
	unsigned int i, area;
	struct owner *own;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(how); i++) {
		own = active(STOPS);
		area = cxt_up(own, 3);
		own->on_copy = how[i / 2];
		/* The copy continues, or fails, after the callback. */
		push_ring(own, area, dsc_copy(i % 2 ? NO_MEM : DST, SRC, 4 * SDXI_EMU_CHUNK));
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		assert_true(i % 2 || !is_done(own, area, 0));
		assert_int_equal(reg_get(own, SDXI_MMIO_CXT_L2), i < 4 ? L2_AT : 0);
		own->on_copy = NULL;
		own->n_holes = 0;
		again(own);
		do_good(own, cxt_up(own, 3), dsc_copy(DST, SRC, 64));
		owner_free(own);
	}
}

/* ---- driver behaviour ---- */

/* Free a context and create one with the same number in other memory. */
static void
test_recreated(void **state)
{
	struct owner *own = active(CONTINUES);
	unsigned int round, area, i;
	uint8_t *old;

	(void)state;
	fill(own, SRC, 64, 1);
	for (round = 0; round < 12; round++) {
		area = cxt_up(own, 9);
		for (i = 0; i <= round; i++)
			push_ring(own, area, dsc_copy(DST, SRC, 64));
		do_good(own, 0, dsc_stop(9, 9, round % 2));
		do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 9, 9));
		l1_of(own, 9)->cxt_ctl_ptr = 0;
		if (round % 3 != 0) {
			/* Drivers that run on hardware do not issue CXT_UPD. */
			do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 9, 9));
			do_good(own, 0, dsc_sync(SDXI_FLT_CXT, 9, 9));
		}
		/* The memory has been reused. */
		memset(mem_at(own, AREA_AT(area)), 0xee, AREA_LEN);
	}
	area = cxt_up(own, 9);
	do_good(own, area, dsc_copy(DST, SRC, 64));
	do_good(own, 0, dsc_nop());
	old = mem_at(own, AREA_AT(1));
	for (i = 0; i < 12 * AREA_LEN; i++)
		assert_int_equal(old[i], 0xee);
	owner_free(own);
}

/* kexec: the new kernel finds the function active, and takes it over. */
static void
test_kexec(void **state)
{
	struct owner *own = active(STOPS);
	unsigned int area, i, admin, steps;
	const size_t len = 4 * AREA_LEN;
	uint8_t *first = malloc(len);
	uint64_t wrt;

	(void)state;
	assert_non_null(first);
	fill(own, SRC, LONG_LEN, 1);
	for (i = 1; i < 4; i++)
		push_ring(own, cxt_up(own, i), dsc_copy(DST + i * LONG_LEN, SRC, LONG_LEN));
	for (i = 0; i < 5; i++)
		sdxi_emu_run(own->emu, 1);
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	fn_ask(own, SDXI_GSR_STOP_SF);
	for (steps = 0; fn_state(own) == SDXI_GSV_STOPG_SF; steps++) {
		assert_true(steps < 10000);
		sdxi_emu_run(own->emu, 1);
	}
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	memcpy(first, mem_at(own, AREA_AT(0)), len);

	/* New tables, same context numbers. */
	memset(mem_at(own, L2_AT), 0, 0x10000);
	admin = cxt_build(own, SDXI_CXT_ADMIN, 0);
	reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
	wrt = reg_get(own, SDXI_MMIO_ERR_WRT);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	sdxi_emu_doorbell(own->emu, SDXI_CXT_ADMIN, 0);
	for (i = 3; i >= 1; i--) {
		area = cxt_build(own, i, 0);
		do_good(own, admin, dsc_adm(SDXI_ADM_CXT_START_NM, i, i));
		do_good(own, area, dsc_copy(DST + i * LONG_LEN, SRC, 4096));
	}
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), wrt);
	assert_memory_equal(first, mem_at(own, AREA_AT(0)), len);
	free(first);
	owner_free(own);
}

/* The maximum number of contexts, all with the same tables. */
static void
test_all_contexts(void **state)
{
	struct sdxi_emu_conf conf = conf_test();
	const uint64_t l1_at = MEM_BASE + 0xf000;
	struct sdxi_cxt_l1_ent *l1;
	unsigned int area, i;
	struct owner *own;
	uint64_t *l2;

	(void)state;
	conf.max_cxt = UINT16_MAX;
	own = active_with(&conf);
	area = cxt_build(own, 1, 0);
	l1 = mem_at(own, l1_at);
	for (i = 0; i < 128; i++)
		l1[i] = *l1_of(own, 1);
	memcpy(l1_of(own, 1), l1, 127 * sizeof(*l1));
	l2 = mem_at(own, L2_AT);
	for (i = 1; i < 512; i++)
		l2[i] = le64(l1_at | SDXI_L2_ENT_VL);
	/* Takes many turns. */
	push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, UINT16_MAX));
	assert_in_range(sdxi_emu_run(own->emu, 1), 1, 32);
	do_good(own, 0, dsc_nop());
	push_ring(own, area, dsc_nop());
	sdxi_emu_doorbell(own->emu, UINT16_MAX - 1, 1);
	run_dry(own);
	assert_int_equal(read_index(own, area), 1);
	do_good(own, 0, dsc_stop(1, UINT16_MAX, false));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, UINT16_MAX));
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	owner_free(own);
}

int
main(void)
{
	/* These check intermediate states, or depend on doorbells. */
	const struct CMUnitTest in_order[] = {
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_stop_in_copy),
		cmocka_unit_test(test_sync_range),
		cmocka_unit_test(test_reset_is_silent),
		cmocka_unit_test(test_all_contexts),
	};
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_start_stop_order),
		cmocka_unit_test(test_start_range),
		cmocka_unit_test(test_start_failures),
		cmocka_unit_test(test_start_of_failed),
		cmocka_unit_test(test_stop_and_sync),
		cmocka_unit_test(test_function_stop),
		cmocka_unit_test(test_admin_ranges),
		cmocka_unit_test(test_cxt_upd_levels),
		cmocka_unit_test(test_cxt_upd_failures),
		cmocka_unit_test(test_reentry),
		cmocka_unit_test(test_recreated),
		cmocka_unit_test(test_kexec),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in order only", in_order, NULL, NULL);
	RUN_ANY_ORDER(failed, any_order);
	return failed;
}
