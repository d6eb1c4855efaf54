/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Emulated function: reactions to errors, and the error log. */

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))
#define BURST 20
#define FAILING 7
#define DATA_END (DATA_AT + DATA_LEN)

/* Copies of which one is bad: at its first byte, or in its last part. */
static const struct {
	uint64_t src;
	uint64_t dst;
	uint64_t len;
	int buf;
} bad_copies[] = {
	{ NO_MEM, DST, 64, 0 },
	{ SRC, NO_MEM, 64, 1 },
	{ DATA_END - (3 << 20), DST + BURST * 64, (3 << 20) + 1, 0 },
	{ SRC + BURST * 64, DATA_END - (3 << 20), (3 << 20) + 1, 1 },
};

static void
push_burst(struct owner *own, unsigned int area, unsigned int bad)
{
	struct sdxi_dsc dsc;
	unsigned int i;

	fill(own, SRC, BURST * 64, 1);
	memset(mem_at(own, DST), 0, BURST * 64);
	for (i = 0; i < BURST; i++) {
		dsc = i == FAILING ? dsc_copy(bad_copies[bad].dst, bad_copies[bad].src,
					      bad_copies[bad].len) :
				     dsc_copy(DST + i * 64, SRC + i * 64, 64);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
}

static bool looked;

/* When the terminal value of the signal is visible, Read_Index, log entry and state are final. */
static void
look_at_failure(struct owner *own, uint64_t iova)
{
	if (iova != cst_at(2, FAILING))
		return;
	looked = true;
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
	assert_int_equal(cxt_state(own, 2), SDXI_CXT_ERR_FN);
	assert_int_equal(read_index(own, 2), FAILING + 1);
	assert_true(has_er(own, 2, FAILING));
}

static void
test_error_stops(void **state)
{
	unsigned int area, other, i, bad;
	struct owner *own;

	(void)state;
	for (bad = 0; bad < ARRAY_LEN(bad_copies); bad++) {
		own = active(STOPS);
		other = cxt_up(own, 2);
		area = cxt_up(own, 1);
		reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
		looked = own->can_map && bad % 2;
		own->on_write64 = looked ? NULL : look_at_failure;
		push_burst(own, area, bad);
		assert_true(looked);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		assert_int_equal(read_index(own, area), FAILING + 1);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
		assert_int_equal(own->irqs, 1);
		log_check(own, 0, 1, FAILING, bad_copies[bad].buf, AT(BUFFER, TRANSLATION),
			  SDXI_RE_CXT_STOPPED);
		for (i = 0; i < BURST; i++) {
			assert_true(is_done(own, area, i) == (i <= FAILING));
			assert_true(has_er(own, area, i) == (i == FAILING));
			/* Later descriptors are untouched. */
			assert_true((slot_of(own, area, i)->any.opcode & le32(SDXI_DSC_VL)) ==
				    (i <= FAILING ? 0 : le32(SDXI_DSC_VL)));
			assert_true(i <= FAILING || *(uint8_t *)mem_at(own, DST + i * 64) == 0);
		}
		own->on_write64 = NULL;
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(read_index(own, area), FAILING + 1);
		do_good(own, other, dsc_nop());

		/* After stop and start it executes the rest. */
		cxt_stop(own, 1);
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, 1, 1));
		assert_int_equal(read_index(own, area), BURST);
		for (i = FAILING + 1; i < BURST; i++) {
			assert_true(is_done(own, area, i) && !has_er(own, area, i));
			assert_true(same(own, DST + i * 64, SRC + i * 64, 64));
		}
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		owner_free(own);
	}
}

static void
test_error_continues(void **state)
{
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	unsigned int i, bad;

	(void)state;
	for (bad = 0; bad < ARRAY_LEN(bad_copies); bad++) {
		push_burst(own, area, bad);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
		assert_int_equal(read_index(own, area), BURST * (bad + 1));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), bad + 1);
		log_check(own, bad, 1, FAILING + BURST * bad, bad_copies[bad].buf,
			  AT(BUFFER, TRANSLATION), SDXI_RE_INFORMATIVE);
		for (i = 0; i < BURST; i++) {
			assert_true(is_done(own, area, BURST * bad + i));
			assert_true(has_er(own, area, BURST * bad + i) == (i == FAILING));
			if (i != FAILING)
				assert_true(same(own, DST + i * 64, SRC + i * 64, 64));
		}
	}
	assert_int_equal(own->irqs, 0);
	owner_free(own);
}

/* The function and other contexts continue without the administrative context. */
static void
test_error_in_admin_context(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);

	(void)state;
	assert_true(do_bad(own, 0, dsc_copy(NO_MEM, SRC, 64), 1, AT(BUFFER, TRANSLATION)));
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	do_good(own, area, dsc_nop());
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
	owner_free(own);
}

/* ---- error log ---- */

static void
fail_one(struct owner *own, unsigned int area)
{
	push_ring(own, area, dsc_copy(DST, NO_MEM, 64));
	run_dry(own);
}

#define ENTRIES 192 /* not a power of two */

static void
test_log_wrap_and_overflow(void **state)
{
	const uint64_t start = UINT64_C(3) * ENTRIES - 5;
	/* ERR_RD, whether ERR_STS is cleared, and the result of a failure. */
	static const struct {
		int rd;
		bool clear;
		int wrt;
		uint64_t sts;
		unsigned int irqs;
	} rows[] = {
		/* Full: the entry is lost, nothing else is written, sts was already set. */
		{ 0, false, ENTRIES, SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF, 1 },
		{ 1, true, ENTRIES + 1, SDXI_ERR_STS_STS, 2 },
		{ 1, true, ENTRIES + 1, SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF, 3 },
		{ 2, false, ENTRIES + 2, SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF, 3 },
		/* A read index ahead of the write index. */
		{ ENTRIES + 3, true, ENTRIES + 2, SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF, 4 },
	};
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	(void)state;
	/* When disabled, failures are not logged. */
	reg_set(own, SDXI_MMIO_ERR_CFG, 0);
	fail_one(own, area);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 0);
	reg_set(own, SDXI_MMIO_ERR_WRT, start);
	reg_set(own, SDXI_MMIO_ERR_RD, start);
	reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
	reg_set(own, SDXI_MMIO_ERR_CFG,
		LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, ENTRIES / 64) | SDXI_ERR_CFG_EN);
	for (i = 0; i < ENTRIES; i++) {
		fail_one(own, area);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), start + i + 1);
		log_check(own, (start + i) % ENTRIES, 1, i + 1, 0, AT(BUFFER, TRANSLATION),
			  SDXI_RE_INFORMATIVE);
	}
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
	assert_int_equal(own->irqs, 1);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		reg_set(own, SDXI_MMIO_ERR_RD, start + rows[i].rd);
		if (rows[i].clear)
			reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
		fail_one(own, area);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), start + rows[i].wrt);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), rows[i].sts);
		assert_int_equal(own->irqs, rows[i].irqs);
	}
	log_check(own, start % ENTRIES, 1, ENTRIES + 2, 0, AT(BUFFER, TRANSLATION),
		  SDXI_RE_INFORMATIVE);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	owner_free(own);
}

static void
test_log_unusable(void **state)
{
	static const struct {
		uint64_t at;
		unsigned int size;
		unsigned int hole; /* offset in the entry from which memory is missing */
		bool good;
	} rows[] = {
		{ NO_MEM, 1, 0, false },
		{ -UINT64_C(0x1000), 2, 0, false }, /* wraps around */
		{ LOG_AT, 0, 0, false },
		{ LOG_AT, 17, 0, false }, /* larger than CAP1 allows */
		{ LOG_AT, 1, 1, false },
		{ LOG_AT, 1, 8, false },
		{ LOG_AT, 16, 0, true },
	};
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		own->n_holes = 0;
		if (rows[i].hole != 0)
			hole_add(own, LOG_AT + rows[i].hole, 1, false, true);
		reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
		reg_set(own, SDXI_MMIO_ERR_CFG, rows[i].at | SDXI_ERR_CFG_EN |
			SDXI_PUT(SDXI_ERR_CFG_SZ, rows[i].size));
		fail_one(own, area);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS),
				 SDXI_ERR_STS_STS | (rows[i].good ? 0 : SDXI_ERR_STS_ERR));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), rows[i].good);
		assert_true(has_er(own, area, own->wix[area] - 1));
	}
	do_good(own, area, dsc_nop());
	owner_free(own);
}

int
main(void)
{
	/* It checks what becomes visible first. */
	const struct CMUnitTest in_order[] = {
		cmocka_unit_test(test_error_stops),
	};
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_error_continues),
		cmocka_unit_test(test_error_in_admin_context),
		cmocka_unit_test(test_log_wrap_and_overflow),
		cmocka_unit_test(test_log_unusable),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in order only", in_order, NULL, NULL);
	RUN_ANY_ORDER(failed, any_order);
	return failed;
}
