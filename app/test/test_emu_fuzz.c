/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The emulated function under software that does everything wrong. */

#include <stdio.h>

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define STEPS 300000
#define SEED UINT64_C(0x5d1a2026)

/*
 * The most accesses that one unit of a budget may cost: an administrative part that starts 32
 * contexts, or 64 pages of a REPCOPY, with some room.
 */
#define ACCESSES_PER_UNIT 600
/* And a context that is only looked at: its Write_Index, a failure's log entry and state. */
#define ACCESSES_PER_VISIT 8

static void
run_bounded(struct owner *own, unsigned int budget, unsigned int contexts)
{
	const unsigned int was = fn_state(own);
	const uint64_t before = own->accesses;
	unsigned int done;

	done = sdxi_emu_run(own->emu, budget);
	assert_true(done <= budget + 8);
	assert_true(own->accesses - before <=
		    (uint64_t)budget * ACCESSES_PER_UNIT +
			    (uint64_t)(contexts + 1) * ACCESSES_PER_VISIT);
	if (was == SDXI_GSV_STOP || was == SDXI_GSV_ERROR) {
		assert_int_equal(done, 0);
		assert_int_equal(own->accesses, before);
	}
}

/* Memory that reads as all ones, from the start and in the midst of it. */
static void
test_all_ones(void **state)
{
	struct owner *own = *state;
	unsigned int area, i;

	own->all_ones = true;
	fn_ask(own, SDXI_GSR_ACTIVE);
	for (i = 0; i < 100; i++)
		run_bounded(own, 64, 1);
	assert_int_equal(fn_state(own), SDXI_GSV_ERROR);

	own->all_ones = false;
	fn_ask(own, SDXI_GSR_RESET);
	fn_activate(own);
	sdxi_emu_doorbell(own->emu, 0, 0);
	area = cxt_up(own, 1);
	memset(mem_at(own, AREA_AT(area)), 0xff, RING_SZ * 64);
	write_index_set(own, area, RING_SZ);
	ring_doorbell(own, area);
	for (i = 0; i < 100; i++)
		run_bounded(own, 64, 2);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	assert_int_equal(read_index(own, area), 1);

	area = cxt_up(own, 2);
	own->all_ones = true;
	ring_doorbell(own, area);
	ring_doorbell(own, 0);
	for (i = 0; i < 100; i++)
		run_bounded(own, 64, 3);
	/* Both have failed, on a Write_Index beyond all bounds. */
	assert_int_equal(sdxi_emu_run(own->emu, 64), 0);
	own->all_ones = false;
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 4);
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
}

/* All contexts that a function can have, made of the tables of one. */
static void
test_all_contexts(void **state)
{
	struct sdxi_cxt_l2_ent *l2;
	struct sdxi_cxt_l1_ent *l1;
	struct sdxi_emu_conf conf;
	unsigned int area, i;
	struct owner *own;
	uint64_t index;
	void *s;

	(void)state;
	conf_test(&conf);
	conf.max_cxt = UINT16_MAX;
	setup_conf(&s, &conf, true);
	own = s;
	area = cxt_build(own, 1, 0);
	l1 = l1_of(own, 1);
	for (i = 2; i < 128; i++)
		l1[i - 1] = l1[0];
	l2 = mem_at(own, L2_AT);
	for (i = 1; i < 512; i++)
		l2[i] = l2[0];

	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, UINT16_MAX));
	/* That takes many turns. */
	for (i = 0; i < 100; i++)
		run_bounded(own, 1, i * 32 + 64);
	assert_false(is_done(own, 0, index));
	for (i = 0; i < 1000000 && !is_done(own, 0, index); i++)
		run_bounded(own, 64, UINT16_MAX);
	/* Each 128th was made of context 0's tables, which is as good. */
	assert_true(is_done(own, 0, index));
	assert_false(has_er(own, 0, index));
	/* One is rung, and finds its way. */
	push_ring(own, area, dsc_nop());
	sdxi_emu_doorbell(own->emu, UINT16_MAX - 1, 1);
	for (i = 0; i < 1000000 && sdxi_emu_run(own->emu, 64) != 0; i++)
		;
	assert_int_equal(read_index(own, area), 1);

	index = push_ring(own, 0, dsc_stop(1, UINT16_MAX, false));
	run_bounded(own, 64, UINT16_MAX);
	index = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, UINT16_MAX));
	for (i = 0; i < 1000000 && !is_done(own, 0, index); i++)
		run_bounded(own, 64, UINT16_MAX);
	assert_true(is_done(own, 0, index));
	run_dry(own);
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	owner_free(own);
}

/* ---- garbage ---- */

static uint64_t rnd_state;

static uint64_t
rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned int
rnd_to(unsigned int n)
{
	return (rnd() >> 33) % n;
}

/* A number as it is likely to matter. */
static uint64_t
rnd_val(void)
{
	switch (rnd_to(10)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return rnd();
	case 3:
		return UINT64_C(1) << rnd_to(64);
	case 4:
		return rnd_to(2048);
	case 5:
		return (MEM_BASE + rnd_to(MEM_LEN)) & ~UINT64_C(4095);
	case 6:
		return MEM_BASE + rnd_to(MEM_LEN);
	case 7:
		return AREA_AT(rnd_to(6)) + (uint64_t)rnd_to(28) * 0x1000;
	case 8:
		return UINT64_MAX - rnd_to(8192);
	default:
		return rnd() & rnd() & rnd();
	}
}

/* A place where something that matters is. */
static uint64_t
rnd_place(void)
{
	static const uint32_t offs[] = { RING_OFF, CST_OFF, CTL_OFF, STS_OFF, WIX_OFF, AKEY_OFF };
	static const uint32_t lens[] = { 0x10000, 0x8000, 64, 16, 8, 4096 };
	unsigned int i;

	if (rnd_to(16) == 0)
		return L2_AT + rnd_to(32);
	if (rnd_to(8) == 0)
		return L1_AT(0) + rnd_to(6 * 32);
	i = rnd_to(ARRAY_LEN(offs));
	return AREA_AT(rnd_to(6)) + offs[i] + rnd_to(lens[i]);
}

static struct sdxi_dsc
rnd_dsc(void)
{
	static const uint16_t subtypes[] = { 1, 2, 3, 4, 0, 1, 2, 3, 4, 6, 7, 8 };
	const unsigned int kind = rnd_to(14);
	struct sdxi_dsc dsc;
	unsigned int i;

	if (kind == 13) {
		for (i = 0; i < 8; i++)
			dsc.qw[i] = rnd_val();
		return dsc;
	}
	if (kind == 12) {
		dsc = dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR);
		dsc.copy.akey0 = le16(rnd_to(4));
	} else if (kind >= 4) {
		dsc = dsc_adm(subtypes[kind], rnd_to(4) == 0 ? rnd_to(301) : 1 + rnd_to(5),
			      rnd_to(8) == 0 ? 300 : 5);
		if (subtypes[kind] == SDXI_ADM_SYNC)
			dsc.adm.cflags = rnd_to(5);
		if (subtypes[kind] == SDXI_ADM_CXT_STOP)
			dsc.adm.vflags = rnd_to(2) * SDXI_VFLAGS_HS;
		if (subtypes[kind] == SDXI_ADM_FN_UPD)
			memset(dsc.any.body, 0, sizeof(dsc.any.body));
	} else {
		dsc = dsc_copy(DATA_AT + rnd_to(16 << 20), DATA_AT + rnd_to(16 << 20),
			       rnd_to(8) == 0 ? rnd_to(4 << 20) + 1 : rnd_to(300) + 1);
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, subtypes[kind]));
		if (subtypes[kind] == SDXI_DMAB_NOP)
			memset(dsc.any.body, 0, sizeof(dsc.any.body));
		if (subtypes[kind] == SDXI_DMAB_WRT_IMM)
			dsc.copy.size = le32(rnd_to(32));
		if (subtypes[kind] == SDXI_DMAB_REPCOPY) {
			dsc.copy.size = le32(rnd_to(600) * 4096 + 4095);
			dsc.copy.addr0 &= ~le64(4095);
			dsc.copy.addr1 &= ~le64(4095);
		}
	}
	if (rnd_to(4) == 0)
		dsc.any.opcode |= le32((uint32_t)rnd_to(64));
	if (rnd_to(16) == 0)
		dsc.qw[rnd_to(8)] = rnd_val();
	if (rnd_to(8) == 0)
		dsc.any.csb_ptr = le64(rnd_to(2) ? rnd_val() : SDXI_DSC_NP);
	return dsc;
}

/* A function that works, so that the garbage gets somewhere. */
static void
rebuild(struct owner *own)
{
	unsigned int i;

	own->all_ones = false;
	own->n_holes = 0;
	own->n_areas = 0;
	sdxi_emu_reset(own->emu);
	fn_build(own);
	for (i = 1; i < 6; i++)
		cxt_build(own, i, 0);
	fn_activate(own);
	for (i = 0; i < 6; i++)
		ring_doorbell(own, i);
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 5));
}

/* Anything that can be made to go wrong. */
static void
rnd_fault(struct owner *own)
{
	const struct sdxi_emu_fault fault = {
		.kind = rnd_to(SDXI_EMU_FAULT_NO_ACTIVE + 2),
		.cxt = rnd_to(16) == 0 ? rnd() : rnd_to(6),
		.op = rnd_to(8) == 0 ? rnd_val() : rnd_to(16),
		.count = rnd_to(4),
		.step = rnd_to(16),
		.sub_step = rnd_to(16),
		.buf = rnd_to(9),
		.no_block = rnd_to(2),
		.no_log = rnd_to(2),
	};

	if (rnd_to(8) == 0)
		sdxi_emu_inject_clear(own->emu);
	else
		sdxi_emu_inject(own->emu, &fault);
}

static void
garbage_step(struct owner *own)
{
	struct sdxi_dsc dsc;
	unsigned int i;
	uint64_t val;

	switch (rnd_to(32)) {
	case 0:
		sdxi_emu_reg_write(own->emu, rnd_to(16) == 0 ? rnd_val() : rnd_to(5) * 0x10000,
				   rnd_val(), 1u << rnd_to(4));
		break;
	case 1:
		sdxi_emu_reg_write(own->emu, SDXI_MMIO_ERR_CTL + rnd_to(12) * 4, rnd_val(),
				   4u << rnd_to(2));
		sdxi_emu_reg_read(own->emu, rnd_val(), 1u << rnd_to(4));
		break;
	case 2:
	case 3:
		val = rnd_val();
		memcpy(mem_at(own, rnd_place()), &val, 1u << rnd_to(4));
		break;
	case 4:
		sdxi_emu_doorbell(own->emu, rnd_to(16) == 0 ? rnd() : rnd_to(6), rnd_val());
		break;
	case 5:
		i = rnd_to(16) == 0 ? rnd_to(301) : rnd_to(6);
		val = rnd_val();
		memcpy((uint8_t *)own->conf.doorbells + i * DB_STRIDE, &val, sizeof(val));
		break;
	case 6:
		if (rnd_to(32) == 0)
			own->all_ones = !own->all_ones;
		own->n_holes = 0;
		if (rnd_to(4) == 0)
			hole_add(own, rnd_place(), 1 + rnd_to(256), rnd_to(2), rnd_to(2));
		break;
	case 7:
		if (rnd_to(64) == 0)
			fn_ask(own, rnd_to(4));
		if (rnd_to(256) == 0)
			sdxi_emu_reset(own->emu);
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		run_bounded(own, rnd_to(100), 301);
		break;
	default:
		/* A ring that the function could still be at, else one is made anew. */
		i = rnd_to(6);
		dsc = rnd_dsc();
		if (own->wix[i] - read_index(own, i) < RING_SZ)
			push(own, i, &dsc);
		if (rnd_to(2))
			ring_doorbell(own, i);
		break;
	}
}

static void
garbage(struct owner *own, bool faults)
{
	unsigned int i, good = 0;
	uint64_t n;

	for (i = 0; i < STEPS; i++) {
		if (i % 500 == 0) {
			rebuild(own);
			good++;
		}
		garbage_step(own);
		if (faults && rnd_to(64) == 0)
			rnd_fault(own);
	}
	/* It survived if it still works. */
	rebuild(own);
	n = own->accesses;
	do_good(own, 1, dsc_copy(DATA_AT, DATA_AT + 4096, 4096));
	assert_true(own->accesses > n && good > 0);
}

static void
test_garbage(void **state)
{
	const char *env = getenv("SDXI_TEST_SEED");
	const uint64_t seed = env != NULL ? strtoull(env, NULL, 0) : SEED;
	struct sdxi_emu_conf conf;
	struct owner *own;
	unsigned int kind;
	void *s;

	(void)state;
	print_message("seed %#llx (SDXI_TEST_SEED)\n", (unsigned long long)seed);
	rnd_state = seed != 0 ? seed : 1;
	for (kind = 0; kind < 6; kind++) {
		conf_test(&conf);
		conf.max_cxt = 300;
		conf.err_continue = kind & 1;
		conf.freedom = kind >= 4;
		conf.seed = seed;
		conf.doorbells = aligned_alloc(4096, (conf.max_cxt + 1) * DB_STRIDE);
		assert_non_null(conf.doorbells);
		memset(conf.doorbells, 0, (conf.max_cxt + 1) * DB_STRIDE);
		setup_conf(&s, &conf, false);
		own = s;
		garbage(own, kind >= 2);
		owner_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_ones, setup_built, teardown),
		cmocka_unit_test(test_all_contexts),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
