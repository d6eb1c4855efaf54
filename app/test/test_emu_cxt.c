/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The emulated function: contexts, and the commands of the administrative one. */

#include "test_emu_owner.h"
#include "test_emu_tables.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- contexts ---- */

static void
test_jump_start(void **state)
{
	struct owner *own = *state;
	const struct sdxi_dsc nop = dsc_nop();
	uint64_t index;

	/* What was rung before counts for nothing. */
	index = push(own, 0, &nop);
	sdxi_emu_doorbell(own->emu, 0, 0);
	fn_activate(own);
	assert_false(is_done(own, 0, index));
	sdxi_emu_doorbell(own->emu, 0, 0);
	run_dry(own);
	assert_true(is_done(own, 0, index));
	assert_int_equal(read_index(own, 0), 1);
}

static void
test_contexts_anywhere(void **state)
{
	static const uint16_t nums[] = { 1, 127, 128, 300, 1022, 1023 };
	struct owner *own = *state;
	unsigned int area[ARRAY_LEN(nums)], i;

	for (i = 0; i < ARRAY_LEN(nums); i++)
		area[i] = cxt_up(own, nums[i]);
	for (i = 0; i < ARRAY_LEN(nums); i++)
		do_good(own, area[i], dsc_nop());
	for (i = 0; i < ARRAY_LEN(nums); i++)
		assert_int_equal(read_index(own, area[i]), 1);
}

static void
test_start_range(void **state)
{
	struct owner *own = *state;
	unsigned int area[3], i;
	struct sdxi_dsc start;
	uint64_t index;

	for (i = 0; i < 3; i++)
		area[i] = cxt_build(own, 254 + i * 2, 0);
	/* The command is for five, two of which have no tables. */
	start = dsc_adm(SDXI_ADM_CXT_START_RS, 254, 258);
	start.adm.db_value = le64(7);
	index = push_ring(own, 0, start);
	run_dry(own);
	assert_true(is_done(own, 0, index) && has_er(own, 0, index));
	for (i = 0; i < 3; i++)
		assert_int_equal(cxt_state(own, area[i]), SDXI_CXT_RUN);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 2);
	log_check(own, 0, 255, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_CXT_L1, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_CXT_STOPPED);
	log_check(own, 1, 257, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_CXT_L1, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_CXT_STOPPED);
	/* The administrative context lives on. */
	do_good(own, 0, dsc_nop());
}

static void
test_start_failures(void **state)
{
	struct owner *own;
	unsigned int what, area;
	uint64_t index;
	void *s;

	(void)state;
	for (what = 0; what < ACT_LAST; what++) {
		setup_active(&s);
		own = s;
		area = cxt_build(own, 130, 0);
		act_break(own, area, what);
		index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 130, 130));
		run_dry(own);
		assert_true(is_done(own, 0, index) && has_er(own, 0, index));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		log_check(own, 0, 130, LOG_NO_DESC, LOG_NO_BUF, act_want[what].step,
			  act_want[what].sub, SDXI_RE_CXT_STOPPED);
		assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		do_good(own, 0, dsc_nop());
		owner_free(own);
	}
}

/* What stands in the ring when the context starts runs without a doorbell of its own. */
static void
test_start_is_doorbell(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_build(own, 9, UINT64_C(0x1ffffffff));
	const struct sdxi_dsc nop = dsc_nop();
	uint64_t first, second;

	first = push(own, area, &nop);
	assert_int_equal(first, UINT64_C(0x1ffffffff));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 9, 9));
	assert_true(is_done(own, area, first));
	assert_int_equal(read_index(own, area), UINT64_C(0x200000000));
	/* To start it once more rings it once more. */
	second = push(own, area, &nop);
	run_dry(own);
	assert_false(is_done(own, area, second));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 9, 9));
	assert_true(is_done(own, area, second));
}

/* Contexts come and go in any order; those that stay, work. */
static void
test_many_come_and_go(void **state)
{
	static const uint16_t order[] = { 3, 8, 1, 7, 2, 5, 4, 6 };
	struct owner *own = *state;
	unsigned int area[9], i, n;

	for (n = 1; n <= 8; n++)
		area[n] = cxt_up(own, n);
	for (i = 0; i < 8; i++) {
		do_good(own, 0, dsc_stop(order[i], order[i], i & 1));
		for (n = 1; n <= 8; n++)
			if (cxt_state(own, area[n]) == SDXI_CXT_RUN)
				do_good(own, area[n], dsc_nop());
		for (n = 0; n <= i; n++)
			assert_int_equal(cxt_state(own, area[order[n]]), SDXI_CXT_STOP_SW);
		assert_int_equal(read_index(own, area[order[i]]), i);
	}
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 8));
	for (n = 1; n <= 8; n++)
		do_good(own, area[n], dsc_nop());
}

static void
test_stop_and_restart(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 40);
	const struct sdxi_dsc nop = dsc_nop();
	uint64_t stop, sync, index;

	do_good(own, area, dsc_nop());
	/* CXT_STOP is done before the stop is; SYNC(STOP) is not. */
	stop = push_ring(own, 0, dsc_stop(40, 40, false));
	sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 0, 1023));
	while (!is_done(own, 0, stop)) {
		assert_true(with_freedom || cxt_state(own, area) == SDXI_CXT_RUN);
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
	}
	/* With freedom it may be seen late, or not at all. */
	assert_true(with_freedom || cxt_state(own, area) == SDXI_CXT_STOPG_SW);
	assert_true(with_freedom || !is_done(own, 0, sync));
	while (!is_done(own, 0, sync)) {
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
		assert_true(!is_done(own, 0, sync) || cxt_state(own, area) == SDXI_CXT_STOP_SW);
	}
	run_dry(own);
	assert_true(is_done(own, 0, sync));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	/* It is gone: doorbells are ignored. */
	index = push(own, area, &nop);
	ring_doorbell(own, area);
	run_dry(own);
	assert_false(is_done(own, area, index));
	/* To stop it again is no error, and none of contexts that never were. */
	do_good(own, 0, dsc_stop(1, 1023, true));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1023));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	/* It goes on where it was. */
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, 40, 40));
	assert_true(is_done(own, area, index));
	assert_int_equal(read_index(own, area), 2);
}

/* SYNC(STOP) waits for the stops in its range, not for others. */
static void
test_sync_range(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 7);
	uint64_t elsewhere, here;

	cxt_up(own, 8);
	fill(own, DATA_AT, 4 * SDXI_EMU_CHUNK, 3);
	push_ring(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 4 * SDXI_EMU_CHUNK));
	while (read_index(own, area) == 0)
		sdxi_emu_run(own->emu, 1);
	push_ring(own, 0, dsc_stop(7, 7, false));
	elsewhere = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 8, 1023));
	here = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 7, 7));
	while (!is_done(own, 0, elsewhere))
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOPG_SW);
	run_dry(own);
	assert_true(is_done(own, 0, here));
}

static void
test_function_stop_states(void **state)
{
	struct owner *own = *state;
	unsigned int run, stopped, failed, i;

	for (i = 0; i < 2; i++) {
		run = cxt_up(own, 10);
		stopped = cxt_up(own, 11);
		failed = cxt_up(own, 200);
		do_good(own, 0, dsc_stop(11, 11, false));
		run_dry(own);
		push_ring(own, failed, dsc_op(0x7ff, 0));
		run_dry(own);
		fn_ask(own, i == 0 ? SDXI_GSR_STOP_SF : SDXI_GSR_STOP_HD);
		assert_int_equal(cxt_state(own, run), SDXI_CXT_RUN);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		assert_int_equal(cxt_state(own, 0), SDXI_CXT_STOP_FN);
		assert_int_equal(cxt_state(own, run), SDXI_CXT_STOP_FN);
		assert_int_equal(cxt_state(own, stopped), SDXI_CXT_STOP_SW);
		assert_int_equal(cxt_state(own, failed), SDXI_CXT_ERR_FN);
		/* Contexts do not outlive it. */
		own->writes = 0;
		ring_doorbell(own, run);
		run_dry(own);
		assert_int_equal(own->writes, 0);
		own->n_areas = 0;
		cxt_build(own, SDXI_CXT_ADMIN, 0);
		fn_activate(own);
		sdxi_emu_doorbell(own->emu, 0, 0);
		ring_doorbell(own, run);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	}
	/* A status that cannot be written does not keep the function from stopping. */
	run = cxt_up(own, 10);
	hole_add(own, AREA_AT(run) + STS_OFF, 16, true, true);
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	assert_int_equal(cxt_state(own, 0), SDXI_CXT_STOP_FN);
}

/* RESET under way: not one write more. */
static void
test_reset_is_silent(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 3);

	push_ring(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 4 * SDXI_EMU_CHUNK));
	while (read_index(own, area) == 0)
		sdxi_emu_run(own->emu, 1);
	own->writes = 0;
	fn_ask(own, SDXI_GSR_RESET);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	run_dry(own);
	assert_int_equal(own->writes, 0);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	assert_false(is_done(own, area, 0));
}

static void
test_start_of_failed(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 20);
	uint64_t index;

	push_ring(own, area, dsc_op(0x7ff, 0));
	run_dry(own);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 20, 20));
	run_dry(own);
	assert_true(has_er(own, 0, index));
	log_check(own, 1, 20, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_CXT_STS, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_CXT_STOPPED);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	do_good(own, 0, dsc_stop(20, 20, false));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 20, 20));
	do_good(own, area, dsc_nop());
}

/* ---- priorities ---- */

#define QOS_OPS 400

/* Contexts 1 to 4, with qos 3 to 0, all busy: how many were done when the first was finished. */
static void
qos_run(struct owner *own, const uint8_t qos[4], unsigned int done[4])
{
	struct sdxi_dsc dsc;
	unsigned int area[4], i, j, k;
	bool finished = false;

	for (i = 0; i < 4; i++) {
		area[i] = cxt_build(own, i + 1, 0);
		ctl_of(own, area[i])->ds_ring_ptr |= le64(SDXI_PUT(SDXI_CXT_CTL_QOS, qos[i]));
	}
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 4));
	for (i = 0; i < 4; i++) {
		for (j = 0; j < QOS_OPS; j++) {
			/* Each is a turn of its own. */
			dsc = dsc_copy(DATA_AT + (12 << 20), DATA_AT, SDXI_EMU_CHUNK);
			push(own, area[i], &dsc);
		}
		ring_doorbell(own, area[i]);
	}
	for (i = 0; !finished; i++) {
		assert_true(i < 10 * QOS_OPS);
		assert_int_not_equal(sdxi_emu_run(own->emu, 3), 0);
		for (k = 0; k < 4; k++)
			finished |= read_index(own, area[k]) == QOS_OPS;
	}
	for (k = 0; k < 4; k++)
		done[k] = read_index(own, area[k]);
	run_dry(own);
	for (k = 0; k < 4; k++)
		assert_int_equal(read_index(own, area[k]), QOS_OPS);
	do_good(own, 0, dsc_stop(1, 4, false));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 4));
	own->n_areas = 1;
}

static void
test_qos(void **state)
{
	static const uint8_t qos[][4] = {
		{ 3, 2, 1, 0 }, { 0, 1, 2, 3 }, { 1, 3, 1, 3 }, { 2, 2, 2, 2 }, { 0, 0, 0, 0 },
	};
	struct owner *own = *state;
	unsigned int done[4], i, j, k, best;

	for (i = 0; i < ARRAY_LEN(qos); i++) {
		qos_run(own, qos[i], done);
		for (j = best = 0; j < 4; j++)
			best = qos[i][j] < qos[i][best] ? j : best;
		for (j = 0; j < 4; j++) {
			/* Levels before all else, but none is starved. */
			if (qos[i][j] != qos[i][best])
				assert_in_range(done[j], QOS_OPS / 32, QOS_OPS / 8);
			for (k = 0; k < 4; k++)
				if (qos[i][j] == qos[i][k])
					assert_in_range(done[j] + 2, done[k], done[k] + 4);
		}
	}
}

/* Where those of the highest level are idle, the next one's have all the turns, at once. */
static void
test_qos_idle(void **state)
{
	struct owner *own = *state;
	unsigned int area[3], i;

	for (i = 0; i < 3; i++) {
		area[i] = cxt_build(own, i + 1, 0);
		ctl_of(own, area[i])->ds_ring_ptr |= le64(SDXI_PUT(SDXI_CXT_CTL_QOS, i + 1));
	}
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 3));
	for (i = 0; i < 200; i++) {
		push_ring(own, area[i % 3], dsc_nop());
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
		assert_true(is_done(own, area[i % 3], i / 3));
		assert_int_equal(sdxi_emu_run(own->emu, 1), 0);
	}
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
}

/* ---- administrative descriptors ---- */

static void
test_admin_validation(void **state)
{
	static const struct {
		unsigned int subtype;
		unsigned int byte;
		uint8_t val;
	} bad[] = {
		{ SDXI_ADM_FN_UPD, 4, 1 },	 { SDXI_ADM_FN_UPD, 8, 1 },
		{ SDXI_ADM_CXT_UPD, 4, 3 },	 { SDXI_ADM_CXT_UPD, 5, 1 },
		{ SDXI_ADM_CXT_UPD, 12, 1 },	 { SDXI_ADM_CXT_START_NM, 11, 4 },
		{ SDXI_ADM_CXT_UPD, 8, 2 },	 { SDXI_ADM_CXT_UPD, 6, 1 },
		 { SDXI_ADM_AKEY_UPD, 4, 1 },
		{ SDXI_ADM_AKEY_UPD, 12, 1 },	 { SDXI_ADM_AKEY_UPD, 16, 1 },
		{ SDXI_ADM_RKEY_UPD, 13, 1 },	 { SDXI_ADM_CXT_START_NM, 0, 1 },
		{ SDXI_ADM_CXT_START_NM, 5, 1 }, { SDXI_ADM_CXT_START_NM, 5, 0x40 },
		{ SDXI_ADM_CXT_START_NM, 6, 1 }, { SDXI_ADM_CXT_START_NM, 8, 0 },
		{ SDXI_ADM_CXT_START_RS, 0, 1 }, { SDXI_ADM_CXT_START_NM, 24, 1 },
		{ SDXI_ADM_CXT_START_NM, 55, 1 }, { SDXI_ADM_CXT_STOP, 0, 1 },
		{ SDXI_ADM_CXT_STOP, 5, 0x40 },	 { SDXI_ADM_CXT_STOP, 7, 1 },
		{ SDXI_ADM_CXT_STOP, 16, 1 },	 { SDXI_ADM_CXT_STOP, 8, 0 },
		{ SDXI_ADM_SYNC, 4, 5 },	 { SDXI_ADM_SYNC, 4, 8 },
		{ SDXI_ADM_SYNC, 5, 1 },	 { SDXI_ADM_SYNC, 6, 1 },
		{ SDXI_ADM_SYNC, 23, 1 },	 { SDXI_ADM_INTR, 4, 0 },
		{ 0x7f, 4, 0 },
	};
	struct sdxi_dsc dsc;
	struct owner *own;
	uint64_t index;
	unsigned int i;
	void *s;

	(void)state;
	setup_active_continue(&s);
	own = s;
	cxt_up(own, 1);
	reg_set(own, SDXI_MMIO_ERR_RD, reg_get(own, SDXI_MMIO_ERR_WRT));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		const bool none = bad[i].subtype == SDXI_ADM_INTR || bad[i].subtype == 0x7f;

		dsc = dsc_adm(bad[i].subtype, bad[i].subtype != SDXI_ADM_FN_UPD,
			      bad[i].subtype != SDXI_ADM_FN_UPD);
		/* Good without the flaw. */
		if (!none)
			do_good(own, 0, dsc);
		if (bad[i].byte == 0)
			dsc.any.opcode &= ~le32(SDXI_DSC_FE);
		else
			((uint8_t *)&dsc)[bad[i].byte] = bad[i].val;
		index = push_ring(own, 0, dsc);
		run_dry(own);
		assert_true(is_done(own, 0, index) && has_er(own, 0, index));
		log_check(own, (reg_get(own, SDXI_MMIO_ERR_WRT) - 1) % 64, 0, index, LOG_NO_BUF,
			  SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
			  none ? SDXI_RE_CXT_STOPPED : SDXI_RE_INFORMATIVE);
		if (none) {
			/* An unknown operation ends it; it takes the function to start again. */
			assert_int_equal(cxt_state(own, 0), SDXI_CXT_ERR_FN);
			fn_ask(own, SDXI_GSR_STOP_SF);
			run_dry(own);
			own->n_areas = 0;
			cxt_build(own, SDXI_CXT_ADMIN, 0);
			fn_activate(own);
		}
	}
	owner_free(own);
}

/* Ranges may reach beyond the contexts there are, but nothing is started there. */
static void
test_admin_ranges(void **state)
{
	static const unsigned int subtypes[] = {
		SDXI_ADM_CXT_UPD, SDXI_ADM_AKEY_UPD, SDXI_ADM_RKEY_UPD,
	};
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1023);
	unsigned int i;
	uint64_t index;

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
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1023, 1024));
	run_dry(own);
	assert_true(has_er(own, 0, index));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
}

/* A failed context is forgotten when it is taken out of the tables, stopped or not. */
static void
test_failed_unlisted(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 9);
	unsigned int next;
	uint64_t index;

	push_ring(own, area, dsc_copy(NO_MEM, DATA_AT, 8));
	run_dry(own);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	/* It has been there all along: still to be stopped. */
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 9, 9));
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 9, 9));
	run_dry(own);
	assert_true(has_er(own, 0, index));

	l1_of(own, 9)->cxt_ctl_ptr = 0;
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 9, 9));
	next = cxt_up(own, 9);
	do_good(own, next, dsc_nop());
}

/* The same descriptors outside the administrative context. */
static void
test_admin_in_client(void **state)
{
	unsigned int subtype, area;
	struct owner *own;
	uint64_t index;
	void *s;

	(void)state;
	for (subtype = 0; subtype < 9; subtype++) {
		/* Of either kind it stops the context. */
		if (subtype % 2)
			setup_active(&s);
		else
			setup_active_continue(&s);
		own = s;
		area = cxt_up(own, 2);
		index = push_ring(own, area, dsc_adm(subtype, 0, 0));
		run_dry(own);
		assert_true(is_done(own, area, index) && has_er(own, area, index));
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		log_check(own, 0, 2, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
			  SDXI_RE_CXT_STOPPED);
		owner_free(own);
	}
}

/* CXT_UPD: a running context takes what changed in its tables, and fails where they are bad. */
static void
test_cxt_upd(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 140);
	const unsigned int other = cxt_up(own, 141);
	struct sdxi_cxt_l1_ent *l1 = l1_of(own, 140);
	uint64_t index;

	do_good(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 1 << 22));
	/* Not before it is told. */
	l1->misc0 = 0;
	do_good(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 1 << 22));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 0, 1023));
	do_good(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 1 << 21));
	l1->misc0 = le32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER, 1));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 140, 140));
	do_good(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 1 << 22));
	do_good(own, 0, dsc_sync(SDXI_FLT_CXT, 140, 140));

	l1->cxt_ctl_ptr &= ~le64(SDXI_L1_ENT_VL);
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 128, 255));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	assert_int_equal(cxt_state(own, other), SDXI_CXT_RUN);
	log_check(own, 0, 140, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_CXT_L1, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_CXT_STOPPED);

	/* The administrative context can do that to itself. */
	l1_of(own, 0)->cxt_ctl_ptr = 0;
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 0, 0));
	run_dry(own);
	assert_int_equal(cxt_state(own, 0), SDXI_CXT_ERR_FN);
	/* With freedom what is in flight is finished. */
	assert_true(with_freedom || !is_done(own, 0, index));
	do_good(own, other, dsc_nop());
}

/* Tables that turn bad while the context is stopping: SYNC(STOP) does not wait for ever. */
static void
test_fail_while_stopping(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 7);

	push_ring(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 8 * SDXI_EMU_CHUNK));
	while (read_index(own, area) == 0)
		sdxi_emu_run(own->emu, 1);
	l1_of(own, 7)->cxt_ctl_ptr = 0;
	push_ring(own, 0, dsc_stop(7, 7, false));
	push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 7, 7));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 7, 7));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	assert_false(is_done(own, area, 0));
}

/* An owner's callback may come back to the function; it is not torn apart. */
static void
reenter(struct owner *own)
{
	assert_int_equal(sdxi_emu_run(own->emu, 1000), 0);
	fn_ask(own, SDXI_GSR_RESET);
	sdxi_emu_doorbell(own->emu, 3, 1);
}

/* And finds its ring gone when it goes on. */
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
test_reentry(void **state)
{
	struct owner *own = *state;
	unsigned int area = cxt_up(own, 3);
	unsigned int i;

	own->on_copy = reenter;
	push_ring(own, area, dsc_copy(DATA_AT + (8 << 20), DATA_AT, 4 * SDXI_EMU_CHUNK));
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	assert_false(is_done(own, area, 0));

	for (i = 0; i < 3; i++) {
		own->on_copy = NULL;
		own->n_holes = 0;
		own->n_areas = 0;
		cxt_build(own, SDXI_CXT_ADMIN, 0);
		fn_activate(own);
		sdxi_emu_doorbell(own->emu, 0, 0);
		area = cxt_up(own, 3);
		/* A copy that fails when it comes back. */
		own->on_copy = i == 0 ? reenter : i == 1 ? reenter_no_ring : reenter_reset;
		push_ring(own, area, dsc_copy(NO_MEM, DATA_AT, i == 1 ? 64 : 4 * SDXI_EMU_CHUNK));
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	}
	assert_int_equal(reg_get(own, SDXI_MMIO_CXT_L2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_jump_start, setup_built, teardown),
		cmocka_unit_test_setup_teardown(test_contexts_anywhere, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_start_range, setup_active, teardown),
		cmocka_unit_test(test_start_failures),
		cmocka_unit_test_setup_teardown(test_start_is_doorbell, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_many_come_and_go, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_stop_and_restart, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_sync_range, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_function_stop_states, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_reset_is_silent, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_start_of_failed, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_qos, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_qos_idle, setup_active, teardown),
		cmocka_unit_test(test_admin_validation),
		cmocka_unit_test_setup_teardown(test_admin_ranges, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_failed_unlisted, setup_active, teardown),
		cmocka_unit_test(test_admin_in_client),
		cmocka_unit_test_setup_teardown(test_cxt_upd, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_fail_while_stopping, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_reentry, setup_active, teardown),
	};
	/* Not those that look at what is in between, or count on doorbells being waited for. */
	const struct CMUnitTest free_tests[] = {
		cmocka_unit_test_setup_teardown(test_contexts_anywhere, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_start_range, setup_active, teardown),
		cmocka_unit_test(test_start_failures),
		cmocka_unit_test_setup_teardown(test_many_come_and_go, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_stop_and_restart, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_cxt_upd, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_function_stop_states, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_start_of_failed, setup_active, teardown),
		cmocka_unit_test(test_admin_validation),
		cmocka_unit_test_setup_teardown(test_admin_ranges, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_failed_unlisted, setup_active, teardown),
		cmocka_unit_test(test_admin_in_client),
		cmocka_unit_test_setup_teardown(test_reentry, setup_active, teardown),
	};
	int failed;

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	RUN_WITH_FREEDOM(failed, free_tests);
	return failed;
}
