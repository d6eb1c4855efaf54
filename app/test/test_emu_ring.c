/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Emulated function: rings, indices, doorbells, valid bits. */

#include <pthread.h>
#include <sched.h>

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))

/* ---- doorbells ---- */

static uint64_t *
db_of(struct owner *own, uint16_t num)
{
	return (uint64_t *)((uint8_t *)own->conf.doorbells + num * DB_STRIDE);
}

/* Create a function with doorbells in memory. */
static struct owner *
polled_owner(void)
{
	struct sdxi_emu_conf conf = conf_test();

	conf.doorbells = aligned_alloc(4096, (conf.max_cxt + 1) * DB_STRIDE);
	assert_non_null(conf.doorbells);
	memset(conf.doorbells, 0, (conf.max_cxt + 1) * DB_STRIDE);
	return active_with(&conf);
}

static void
db_ring(struct owner *own, uint16_t num, uint64_t val)
{
	if (own->conf.doorbells != NULL)
		__atomic_store_n(db_of(own, num), le64(val), __ATOMIC_RELEASE);
	else
		sdxi_emu_doorbell(own->emu, num, val);
}

/* Trapped and polled doorbells: value and order do not matter, only Write_Index does. */
static void
test_doorbells(void **state)
{
	static const uint16_t others[] = { 0, 2, 1023, 1024, 65535 };
	const struct sdxi_dsc nop = dsc_nop();
	struct owner *own;
	unsigned int polled, area, i;
	uint64_t accesses;

	(void)state;
	for (polled = 0; polled < 2; polled++) {
		own = polled ? polled_owner() : active(STOPS);
		area = cxt_up(own, 500);
		push(own, area, &nop);
		accesses = own->accesses;
		assert_int_equal(sdxi_emu_run(own->emu, 100), 0);
		assert_int_equal(own->accesses, accesses);
		for (i = 0; i < ARRAY_LEN(others); i++)
			sdxi_emu_doorbell(own->emu, others[i], 1);
		run_dry(own);
		assert_false(is_done(own, area, 0));
		db_ring(own, 500, UINT64_MAX - 1);
		run_dry(own);
		assert_true(is_done(own, area, 0));
		push(own, area, &nop);
		push(own, area, &nop);
		db_ring(own, 500, 3);
		run_dry(own);
		db_ring(own, 500, 2);
		run_dry(own);
		assert_int_equal(read_index(own, area), 3);
		/* Trapped doorbells also work with polled ones. */
		do_good(own, area, nop);
		/* Doorbells of stopped contexts are not changed. */
		for (i = 1; polled && i <= own->conf.max_cxt; i++)
			assert_int_equal(*db_of(own, i), i == 500 ? UINT64_MAX : 0);
		/* Doorbells before a start are ignored. */
		db_ring(own, 0, 7);
		sdxi_emu_reset(own->emu);
		assert_true(!polled || *db_of(own, 0) == UINT64_MAX);
		owner_free(own);
	}
}

#define PRODUCERS 3
#define PRODUCED 20000

struct producer {
	pthread_t thread;
	struct owner *own;
	unsigned int area;
};

/*
 * One of several producer threads: advances Write_Index to get a slot, fills the slot, vl last, and
 * rings the doorbell.
 */
static void *
produce(void *arg)
{
	struct producer *p = arg;
	struct owner *own = p->own;
	uint64_t *ri = (uint64_t *)&sts_of(own, p->area)->read_index;
	uint64_t *wi = mem_at(own, AREA_AT(p->area) + WIX_OFF);
	struct sdxi_dsc *slot;
	uint64_t index;

	for (;;) {
		index = __atomic_load_n(wi, __ATOMIC_RELAXED);
		if (le64(index) == PRODUCED)
			return NULL;
		if (le64(index) - le64(__atomic_load_n(ri, __ATOMIC_ACQUIRE)) >= RING_SZ) {
			sched_yield();
			continue;
		}
		if (!__atomic_compare_exchange_n(wi, &index, le64(le64(index) + 1), false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		index = le64(index);
		slot = slot_of(own, p->area, index);
		slot->any.csb_ptr = le64(cst_at(p->area, index));
		__atomic_store_n(&slot->any.opcode,
				 le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP) | SDXI_DSC_VL),
				 __ATOMIC_RELEASE);
		db_ring(own, own->cxt[p->area], index + 1);
	}
}

/* No doorbell is lost and no slot is consumed early, whatever the producers are doing. */
static void
test_producers(void **state)
{
	struct producer p[PRODUCERS];
	unsigned int polled, area, i;
	struct owner *own;

	(void)state;
	for (polled = 0; polled < 2; polled++) {
		own = polled ? polled_owner() : active(STOPS);
		area = cxt_up(own, 77);
		for (i = 0; i < PRODUCERS; i++) {
			p[i].own = own;
			p[i].area = area;
			assert_int_equal(pthread_create(&p[i].thread, NULL, produce, &p[i]), 0);
		}
		while (read_index(own, area) < PRODUCED && cxt_state(own, area) == SDXI_CXT_RUN)
			if (sdxi_emu_run(own->emu, 64) == 0)
				sched_yield();
		assert_int_equal(read_index(own, area), PRODUCED);
		for (i = 0; i < PRODUCERS; i++)
			pthread_join(p[i].thread, NULL);
		run_dry(own);
		/* Signals were not armed: each one counts its descriptors. */
		for (i = 0; i < RING_SZ; i++)
			assert_int_equal(le64(cst_of(own, area, i)->signal),
					 -(uint64_t)((PRODUCED + RING_SZ - 1 - i) / RING_SZ));
		owner_free(own);
	}
}

/* ---- valid bits ---- */

#define LATE 6

/*
 * Write_Index and doorbell first, then the slots in any order, as in SNIA's sample. Descriptors
 * from the previous round must not run.
 */
static void
test_write_index_first(void **state)
{
	static const uint8_t orders[][LATE] = {
		{ 0, 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1, 0 }, { 1, 0, 4, 5, 2, 3 },
	};
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	unsigned int round, i, j, ready, left;
	uint64_t first, index;
	struct sdxi_dsc dsc;
	bool filled[LATE];

	(void)state;
	for (i = 0; i < RING_SZ; i++) {
		dsc = dsc_copy(DST + i * 64, SRC, 64);
		dsc.any.csb_ptr = le64(SDXI_DSC_NP);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), RING_SZ);
	fill(own, SRC, 64, 9);
	for (round = 0; round < ARRAY_LEN(orders); round++) {
		first = own->wix[area];
		own->wix[area] += LATE;
		write_index_set(own, area, own->wix[area]);
		ring_doorbell(own, area);
		memset(filled, 0, sizeof(filled));
		for (i = 0; i < LATE; i++)
			cst_of(own, area, first + i)->signal = le64(1);
		for (i = 0; i <= LATE; i++) {
			run_dry(own);
			for (ready = 0; ready < LATE && filled[ready]; ready++)
				;
			/* Read_Index stops at the first invalid slot. */
			assert_int_equal(read_index(own, area), first + ready);
			for (j = 0; j < LATE; j++)
				assert_true(is_done(own, area, first + j) == (j < ready));
			for (left = 0; left < RING_SZ; left++)
				assert_int_equal(*(uint8_t *)mem_at(own, DST + left * 64), 0);
			if (i == LATE)
				break;
			assert_true(sdxi_emu_waits(own->emu));
			/* Other contexts continue, and it resumes without a doorbell. */
			do_good(own, 0, dsc_nop());
			index = first + orders[round][i];
			filled[orders[round][i]] = true;
			*slot_of(own, area, index) = dsc_copy(DST + (1 << 20), SRC, 64);
			slot_of(own, area, index)->any.csb_ptr = le64(cst_at(area, index));
			slot_of(own, area, index)->any.opcode |= le32(SDXI_DSC_VL);
		}
		assert_true(same(own, DST + (1 << 20), SRC, 64));
		memset(mem_at(own, DST + (1 << 20)), 0, 64);
		assert_true(order_seed != 0 || !sdxi_emu_waits(own->emu));
	}
	owner_free(own);
}

/* Other producers fill slots between the function's two reads of a slot. */
static void
fill_late(struct owner *own, uint64_t iova)
{
	struct sdxi_dsc *slot = slot_of(own, 1, 0);

	/* vl was set at the first read, the rest follows before the second. */
	if (iova == AREA_AT(1) + RING_OFF)
		slot[0].copy.addr1 = le64(DST);
	/* A violation of the protocol. */
	if (iova == AREA_AT(1) + RING_OFF + SDXI_DESC_LEN)
		slot[1].any.opcode &= ~le32(SDXI_DSC_VL);
}

static void
test_slot_filled_while_fetched(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc = dsc_copy(NO_MEM, SRC, 64);

	(void)state;
	fill(own, SRC, 64, 1);
	push(own, area, &dsc);
	dsc = dsc_nop();
	push(own, area, &dsc);
	own->on_read = fill_late;
	ring_doorbell(own, area);
	run_dry(own);
	assert_true(is_done(own, area, 0) && !has_er(own, area, 0));
	assert_true(same(own, DST, SRC, 64));
	assert_false(is_done(own, area, 1));
	assert_int_equal(read_index(own, area), 1);
	owner_free(own);
}

/* A slot is consumed before Read_Index passes it, and writes are in order. */
static void
look_at_vl(struct owner *own, uint64_t iova)
{
	uint64_t i;

	if (iova != AREA_AT(1) + STS_OFF + 8)
		return;
	for (i = 0; i < read_index(own, 1); i++)
		assert_int_equal(slot_of(own, 1, i)->any.opcode & le32(SDXI_DSC_VL), 0);
}

static void
test_vl_before_index(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int i;

	(void)state;
	own->on_write64 = look_at_vl;
	for (i = 0; i < 100; i++) {
		dsc = i % 3 ? dsc_copy(DST, SRC, 64) : dsc_nop();
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), 100);
	owner_free(own);
}

/* ---- indices ---- */

/* Rings of the largest size, and of a size that is not a power of two, across their ends. */
static void
test_ring_sizes(void **state)
{
	struct owner *own = active(STOPS);
	const uint64_t sizes[] = { UINT64_C(1024) << own->conf.max_ds_ring_sz, 1025 };
	struct sdxi_dsc *ring = mem_at(own, DATA_AT);
	unsigned int area, i;
	uint64_t at, start;

	(void)state;
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		start = 10 * sizes[i] - 1;
		area = cxt_build(own, 1 + i, start);
		ctl_of(own, area)->ds_ring_ptr =
			le64(DATA_AT | SDXI_CXT_CTL_VL | SDXI_CXT_CTL_CSA);
		ctl_of(own, area)->ds_ring_sz = le32(sizes[i]);
		for (at = 0; at < sizes[i]; at++) {
			ring[at] = dsc_nop();
			ring[at].any.opcode |= le32(SDXI_DSC_VL);
			ring[at].any.csb_ptr = le64(SDXI_DSC_NP);
		}
		/* All slots but the last are valid: it stops a context that starts elsewhere. */
		ring[(start - 1) % sizes[i]].any.opcode = 0;
		write_index_set(own, area, start + sizes[i] - 1);
		cxt_start(own, 1 + i);
		assert_int_equal(read_index(own, area), start + sizes[i] - 1);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
		for (at = 0; at < sizes[i]; at++)
			assert_int_equal(ring[at].any.opcode & le32(SDXI_DSC_VL), 0);
	}
	owner_free(own);
}

/* If vl cannot be cleared, nothing is executed. */
static void
test_ring_read_only(void **state)
{
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);

	(void)state;
	fill(own, DATA_AT, 64, 1);
	hole_add(own, AREA_AT(area) + RING_OFF, SDXI_DESC_LEN, false, true);
	assert_true(do_bad(own, area, dsc_copy(DATA_AT + 64, DATA_AT, 64), -1, SDXI_STEP_DESC,
			   SDXI_SUB_STEP_TRANSLATION));
	assert_false(same(own, DATA_AT + 64, DATA_AT, 64));
	owner_free(own);
}

/* Read_Index of an empty ring may stay below Write_Index, but not of a stopped one. */
static void
test_read_index_lag(void **state)
{
	static const uint32_t lags[] = { 0, 1, 5, 64, 65536 };
	struct sdxi_emu_conf conf = conf_test();
	const struct sdxi_dsc nop = dsc_nop();
	unsigned int i, n, area, end, lag;
	struct owner *own;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lags); i++) {
		conf.read_index_lag = lags[i];
		/* At most the ring size minus 1, so that one more descriptor fits. */
		lag = lags[i] < 1024 ? lags[i] : 1023;
		end = 3 + lag + 90;
		own = active_with(&conf);
		area = cxt_build(own, 1, 3);
		cxt_start(own, 1);
		assert_int_equal(read_index(own, area), 3);
		for (n = 4; n < end; n++) {
			push_ring(own, area, nop);
			run_dry(own);
			assert_true(is_done(own, area, n - 1));
			assert_int_equal(read_index(own, area), n < lag + 3 ? 3 : n - lag);
		}
		cxt_stop(own, 1);
		assert_int_equal(read_index(own, area), end - 1);
		owner_free(own);
	}
}

static void
test_write_index_errors(void **state)
{
	static const struct {
		uint64_t val; /* 0: not readable */
		bool bad;
	} rows[] = {
		{ 110, true }, /* below the previous value */
		{ 111, false }, { 111 + RING_SZ, false }, { 111 + RING_SZ + 1, true },
		{ UINT64_MAX, true }, { 1, true }, { 0, true },
	};
	struct owner *own;
	unsigned int i, area, other;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		own = active(CONTINUES);
		other = cxt_up(own, 6);
		area = cxt_build(own, 5, 110);
		cxt_start(own, 5);
		do_good(own, area, dsc_nop());
		write_index_set(own, area, rows[i].val);
		if (rows[i].val == 0)
			hole_add(own, AREA_AT(area) + WIX_OFF, 8, true, true);
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(cxt_state(own, area),
				 rows[i].bad ? SDXI_CXT_ERR_FN : SDXI_CXT_RUN);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), rows[i].bad);
		if (rows[i].bad)
			log_check(own, 0, 5, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_WRITE_INDEX,
				  rows[i].val != 0 ? SDXI_SUB_STEP_VALIDATION :
						     SDXI_SUB_STEP_TRANSLATION,
				  SDXI_RE_CXT_STOPPED);
		assert_int_equal(read_index(own, area), 111);
		do_good(own, other, dsc_nop());
		owner_free(own);
	}
	/* Backwards, but above Read_Index. */
	own = active(CONTINUES);
	area = cxt_up(own, 1);
	write_index_set(own, area, 4);
	ring_doorbell(own, area);
	run_dry(own);
	write_index_set(own, area, 3);
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	owner_free(own);
}

/*
 * Rings and CXT_STS that become bad while in use stop their context, with either reaction to
 * errors. The operation at fault was executed if it could be read, and none after it.
 */
static void
test_ring_faults(void **state)
{
	static const struct {
		uint64_t off;
		uint64_t len;
		bool read;
		unsigned int at; /* fault */
		unsigned int done;
		enum sdxi_err_step step;
	} rows[] = {
		{ 5 * 64, 64, true, 5, 5, SDXI_STEP_DESC },
		{ 0, RING_SZ * 64, false, 0, 1, SDXI_STEP_DESC },
		{ 5 * 64, 8, false, 5, 6, SDXI_STEP_DESC },
		{ STS_OFF + 8, 8, false, 0, 1, SDXI_STEP_CXT_STS },
	};
	const struct sdxi_dsc nop = dsc_nop();
	unsigned int i, j, area, other;
	struct owner *own;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		own = active(i % 2);
		other = cxt_up(own, 6);
		area = cxt_up(own, 5);
		for (j = 0; j < 8; j++)
			push(own, area, &nop);
		hole_add(own, AREA_AT(area) + rows[i / 2].off, rows[i / 2].len, rows[i / 2].read,
			 true);
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		log_check(own, 0, 5, rows[i / 2].at, LOG_NO_BUF, rows[i / 2].step,
			  SDXI_SUB_STEP_TRANSLATION, SDXI_RE_CXT_STOPPED);
		for (j = 0; j < 8; j++)
			assert_true(is_done(own, area, j) == (j < rows[i / 2].done));
		do_good(own, other, dsc_nop());
		owner_free(own);
	}
}

int
main(void)
{
	/* These depend on doorbells, or on one operation at a time. */
	const struct CMUnitTest in_order[] = {
		cmocka_unit_test(test_doorbells),
		cmocka_unit_test(test_ring_faults),
	};
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_producers),
		cmocka_unit_test(test_write_index_first),
		cmocka_unit_test(test_slot_filled_while_fetched),
		cmocka_unit_test(test_vl_before_index),
		cmocka_unit_test(test_ring_sizes),
		cmocka_unit_test(test_ring_read_only),
		cmocka_unit_test(test_read_index_lag),
		cmocka_unit_test(test_write_index_errors),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in order only", in_order, NULL, NULL);
	RUN_ANY_ORDER(failed, any_order);
	return failed;
}
