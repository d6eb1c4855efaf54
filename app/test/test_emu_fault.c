/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The emulated function: faults that are injected. Each test holds with freedom as well. */

#include <errno.h>
#include <stdio.h>

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))
#define BURST 20
#define AT 7

static void
inject(struct owner *own, const struct sdxi_emu_fault *fault)
{
	assert_int_equal(sdxi_emu_inject(own->emu, fault), 0);
}

static struct owner *
make(bool cont)
{
	void *s;

	if (cont)
		setup_active_continue(&s);
	else
		setup_active(&s);
	return s;
}

/* Copies of 64 bytes, each from and to its own place, to a ring that is at its start. */
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

/* Bring a context back, if it is there not already; returns whether that was so. */
static bool
restart(struct owner *own, unsigned int area)
{
	const uint16_t num = own->cxt[area];

	if (cxt_state(own, area) == SDXI_CXT_RUN)
		return false;
	do_good(own, 0, dsc_stop(num, num, false));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, num, num));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, num, num));
	return true;
}

/* Everything else is done, nothing more than once, and the context is well. */
static void
check_burst(struct owner *own, unsigned int area, unsigned int first, unsigned int end)
{
	unsigned int i;

	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	assert_int_equal(read_index(own, area), BURST);
	for (i = 0; i < BURST; i++) {
		if (i >= first && i < end)
			continue;
		assert_true(is_done(own, area, i) && !has_er(own, area, i));
		assert_true(is_copied(own, i));
	}
	do_good(own, area, dsc_nop());
}

/* So many hits of one kind, and none of another. */
static void
expect_hits(struct owner *own, enum sdxi_emu_fault_kind kind, uint64_t n)
{
	assert_int_equal(sdxi_emu_injected_of(own->emu, kind), n);
	assert_int_equal(sdxi_emu_injected(own->emu), n);
}

static void
test_arguments(void **state)
{
	static const struct sdxi_emu_fault bad[] = {
		{ .kind = SDXI_EMU_FAULT_NO_ACTIVE + 1 },
		{ .kind = SDXI_EMU_FAULT_FAIL, .cxt = 1024 },
		{ .kind = SDXI_EMU_FAULT_FAIL, .step = 64 },
		{ .kind = SDXI_EMU_FAULT_FAIL, .sub_step = 16 },
		{ .kind = SDXI_EMU_FAULT_FAIL, .buf = 8 },
	};
	struct sdxi_emu_fault good = { .kind = SDXI_EMU_FAULT_FAIL, .cxt = 1023 };
	struct owner *own = *state;
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sdxi_emu_inject(own->emu, &bad[i]), -EINVAL);
	assert_int_equal(sdxi_emu_inject(own->emu, NULL), -EINVAL);
	assert_int_equal(sdxi_emu_inject(NULL, &good), -EINVAL);
	inject(own, &good);
	/* The context number does not matter to these. */
	good.kind = SDXI_EMU_FAULT_NO_ACTIVE;
	good.cxt = UINT16_MAX;
	inject(own, &good);
	assert_int_equal(sdxi_emu_injected(own->emu), 0);
}

/* ---- faults as text ---- */

enum key { CXT, OP, COUNT, STEP, SUB_STEP, BUF, NO_BLOCK, NO_LOG, KEYS };

/* What a key's text does to a fault. */
static void
key_set(struct sdxi_emu_fault *fault, enum key key)
{
	switch (key) {
	case CXT: fault->cxt = 77; break;
	case OP: fault->op = UINT64_MAX - 5; break;
	case COUNT: fault->count = 4000000000; break;
	case STEP: fault->step = 12; break;
	case SUB_STEP: fault->sub_step = 3; break;
	case BUF: fault->buf = 1; break;
	case NO_BLOCK: fault->no_block = true; break;
	default: fault->no_log = true; break;
	}
}

static const char * const key_texts[KEYS] = {
	"cxt=77", "op=0xfffffffffffffffa", "count=4000000000", "step=12", "sub_step=3", "buf=1",
	"no_block", "no_log",
};

static const struct {
	const char *name;
	enum sdxi_emu_fault_kind kind;
	const char *keys; /* that it takes, by their first letters: n is no_block, l no_log */
} kind_texts[] = {
	{ "fail", SDXI_EMU_FAULT_FAIL, "xocsubnl" },
	{ "lose", SDXI_EMU_FAULT_LOSE, "xoc" },
	{ "no_signal", SDXI_EMU_FAULT_NO_SIGNAL, "xocsubl" },
	{ "stall", SDXI_EMU_FAULT_STALL, "xoc" },
	{ "stop", SDXI_EMU_FAULT_STOP, "xoc" },
	{ "fn_error", SDXI_EMU_FAULT_FN_ERROR, "xoc" },
	{ "log_ovf", SDXI_EMU_FAULT_LOG_OVF, "xoc" },
	{ "log_err", SDXI_EMU_FAULT_LOG_ERR, "xoc" },
	{ "no_stop", SDXI_EMU_FAULT_NO_STOP, "xo" },
	{ "no_fn_stop", SDXI_EMU_FAULT_NO_FN_STOP, "" },
	{ "no_reset", SDXI_EMU_FAULT_NO_RESET, "" },
	{ "no_active", SDXI_EMU_FAULT_NO_ACTIVE, "c" },
};

static void
expect_fault(const char *text, const struct sdxi_emu_fault *want)
{
	struct sdxi_emu_fault fault;
	char why[256] = "";

	memset(&fault, 0xa5, sizeof(fault));
	if (sdxi_emu_fault_parse(text, &fault, why, sizeof(why)) != 0)
		fail_msg("%s: %s", text, why);
	if (fault.kind != want->kind || fault.cxt != want->cxt || fault.op != want->op ||
	    fault.count != want->count || fault.step != want->step ||
	    fault.sub_step != want->sub_step || fault.buf != want->buf ||
	    fault.no_block != want->no_block || fault.no_log != want->no_log)
		fail_msg("%s: kind %d, cxt %u, op %llu, count %u, step %u, sub_step %u, buf %u, "
			 "no_block %d, no_log %d", text, fault.kind, fault.cxt,
			 (unsigned long long)fault.op, fault.count, fault.step, fault.sub_step,
			 fault.buf, fault.no_block, fault.no_log);
}

/* Each kind by itself, with each key that it has, with all of them; and none that it has not. */
static void
test_parse(void **state)
{
	static const char letters[] = "xocsubnl";
	struct sdxi_emu_fault fault, all, want;
	char text[256], all_text[256], why[256];
	unsigned int kind, key;

	(void)state;
	assert_int_equal(ARRAY_LEN(kind_texts), SDXI_EMU_FAULT_KINDS);
	for (kind = 0; kind < ARRAY_LEN(kind_texts); kind++) {
		const char *name = kind_texts[kind].name;

		assert_string_equal(sdxi_emu_fault_name(kind_texts[kind].kind), name);
		want = (struct sdxi_emu_fault){ .kind = kind_texts[kind].kind };
		expect_fault(name, &want);
		all = want;
		snprintf(all_text, sizeof(all_text), "%s", name);
		for (key = 0; key < KEYS; key++) {
			snprintf(text, sizeof(text), "%s:%s", name, key_texts[key]);
			if (strchr(kind_texts[kind].keys, letters[key]) == NULL) {
				assert_int_equal(sdxi_emu_fault_parse(text, &fault, why,
								      sizeof(why)), -EINVAL);
				assert_non_null(strstr(why, name));
				continue;
			}
			want = (struct sdxi_emu_fault){ .kind = kind_texts[kind].kind };
			key_set(&want, key);
			/* A sub-step alone is one of the step that there is by default. */
			if (key == SUB_STEP)
				want.step = SDXI_STEP_BUFFER;
			expect_fault(text, &want);
			key_set(&all, key);
			snprintf(all_text + strlen(all_text), sizeof(all_text) - strlen(all_text),
				 ":%s", key_texts[key]);
		}
		expect_fault(all_text, &all);
	}
	assert_string_equal(sdxi_emu_fault_name(SDXI_EMU_FAULT_KINDS), "?");
}

/* Two in a row, of copies that there is nothing wrong with. */
static void
test_fail(void **state)
{
	struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_FAIL, .cxt = 1, .op = AT, .count = 2, .buf = 1,
	};
	unsigned int cont, i, area, restarts, slot;
	struct owner *own;

	(void)state;
	for (cont = 0; cont < 2; cont++) {
		own = make(cont);
		area = cxt_up(own, 1);
		inject(own, &fault);
		push_burst(own, area);
		if (!cont)
			assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		/* What is consumed has a completion, the rest is as it was. */
		for (i = 0; i < BURST; i++)
			assert_true(is_done(own, area, i) == (i < read_index(own, area)));
		for (restarts = 0; restart(own, area); restarts++)
			;
		assert_true(cont ? restarts == 0 : restarts == 1 || restarts == 2);
		check_burst(own, area, AT, AT + 2);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 2);
		for (i = AT; i < AT + 2; i++) {
			assert_true(is_done(own, area, i) && has_er(own, area, i));
			assert_false(is_copied(own, i));
			slot = le64(log_at(own, 0)->dsc_index) == i ? 0 : 1;
			log_check(own, slot, 1, i, 1, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
				  cont ? SDXI_RE_INFORMATIVE : SDXI_RE_CXT_STOPPED);
		}
		expect_hits(own, SDXI_EMU_FAULT_FAIL, 2);
		owner_free(own);
	}
}

static void
test_fail_how(void **state)
{
	static const struct {
		struct sdxi_emu_fault fault;
		bool block;
		bool log;
		int buf;
	} how[] = {
		{ { .no_block = true }, false, true, 0 },
		{ { .no_log = true }, true, false, 0 },
		{ { .no_block = true, .no_log = true }, false, false, 0 },
		{ { .step = SDXI_STEP_BUFFER, .sub_step = 2, .buf = 1 }, true, true, 1 },
		{ { .step = SDXI_STEP_DESC, .sub_step = 3 }, true, true, LOG_NO_BUF },
		{ { .step = SDXI_STEP_CST_BLK, .sub_step = 1, .no_block = true }, false, true,
		  LOG_NO_BUF },
		{ { .step = SDXI_STEP_RKEY, .sub_step = 0 }, true, true, LOG_NO_BUF },
		{ { .step = 63, .sub_step = 15 }, true, true, LOG_NO_BUF },
	};
	struct sdxi_emu_fault fault;
	unsigned int i, cont, area;
	struct owner *own;

	(void)state;
	for (i = 0; i < ARRAY_LEN(how) * 2; i++) {
		cont = i & 1;
		own = make(cont);
		area = cxt_up(own, 1);
		fault = how[i / 2].fault;
		fault.kind = SDXI_EMU_FAULT_FAIL;
		fault.cxt = 1;
		fault.op = AT;
		inject(own, &fault);
		push_burst(own, area);
		assert_true(restart(own, area) == !cont);
		check_burst(own, area, AT, AT + 1);
		assert_true(is_done(own, area, AT) == how[i / 2].block);
		assert_true(has_er(own, area, AT) == how[i / 2].block);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), how[i / 2].log);
		if (how[i / 2].log)
			log_check(own, 0, 1, AT, how[i / 2].buf,
				  fault.step == 0 ? SDXI_STEP_BUFFER : fault.step,
				  fault.step == 0 ? SDXI_SUB_STEP_TRANSLATION : fault.sub_step,
				  cont ? SDXI_RE_INFORMATIVE : SDXI_RE_CXT_STOPPED);
		owner_free(own);
	}
}

/* Of an operation of each kind, silent ones too; and a real flaw beside it changes nothing. */
static void
test_fail_what(void **state)
{
	struct sdxi_emu_fault fault = { .kind = SDXI_EMU_FAULT_FAIL };
	struct sdxi_dsc dsc;
	struct owner *own;
	unsigned int i, area;
	uint64_t index;

	(void)state;
	for (i = 0; i < 6; i++) {
		own = make(true);
		area = i < 5 ? cxt_up(own, 1) : 0;
		fault.cxt = own->cxt[area];
		dsc = i == 0 ? dsc_nop() :
		      i == 1 ? dsc_copy(DST, SRC, 5 * SDXI_EMU_CHUNK) :
		      i == 2 ? dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR) :
		      i == 3 ? dsc_copy(NO_MEM, NO_MEM, 64) :
		      i == 4 ? dsc_copy(DST, SRC, 64) : dsc_adm(SDXI_ADM_CXT_UPD, 0, 5);
		if (i == 4)
			dsc.any.csb_ptr = le64(SDXI_DSC_NP);
		fill(own, SRC, 64, 1);
		inject(own, &fault);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_int_equal(read_index(own, area), index + 1);
		if (i != 4)
			assert_true(is_done(own, area, index) && has_er(own, area, index));
		assert_false(same(own, SRC, DST, 64));
		log_check(own, 0, fault.cxt, index, 0, SDXI_STEP_BUFFER,
			  SDXI_SUB_STEP_TRANSLATION, SDXI_RE_INFORMATIVE);
		do_good(own, area, dsc_nop());
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		expect_hits(own, SDXI_EMU_FAULT_FAIL, 1);
		owner_free(own);
	}
}

static void
test_lose(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_LOSE, .cxt = 1, .op = AT, .count = 3,
	};
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	inject(own, &fault);
	push_burst(own, area);
	check_burst(own, area, AT, AT + 3);
	for (i = AT; i < AT + 3; i++) {
		assert_true(is_copied(own, i));
		assert_false(is_done(own, area, i) || has_er(own, area, i));
	}
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	expect_hits(own, SDXI_EMU_FAULT_LOSE, 3);
}

static void
test_no_signal(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_NO_SIGNAL, .cxt = 1, .op = AT,
	};
	unsigned int cont, area;
	struct owner *own;

	(void)state;
	for (cont = 0; cont < 2; cont++) {
		own = make(cont);
		area = cxt_up(own, 1);
		inject(own, &fault);
		push_burst(own, area);
		assert_true(restart(own, area) == !cont);
		check_burst(own, area, AT, AT + 1);
		assert_true(!is_done(own, area, AT) && has_er(own, area, AT));
		assert_false(is_copied(own, AT));
		log_check(own, 0, 1, AT, 0, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
			  cont ? SDXI_RE_INFORMATIVE : SDXI_RE_CXT_STOPPED);
		owner_free(own);
	}
}

/* A context that stands still, and what does not move it. */
static void
check_stalled(struct owner *own, unsigned int area)
{
	unsigned int i;

	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), AT);
	for (i = 0; i < BURST; i++)
		assert_true(is_done(own, area, i) == (i < AT));
}

static void
test_stall(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_STALL, .cxt = 1, .op = AT, .count = 2,
	};
	unsigned int area, i;
	struct owner *own;
	uint64_t sync;

	(void)state;
	for (i = 0; i < 4; i++) {
		own = make(false);
		area = cxt_up(own, 1);
		inject(own, &fault);
		push_burst(own, area);
		check_stalled(own, area);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
		expect_hits(own, SDXI_EMU_FAULT_STALL, 1);
		switch (i) {
		case 0:
		case 1:
			/* Softly, it never ends. */
			do_good(own, 0, dsc_stop(1, 1, false));
			sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
			check_stalled(own, area);
			assert_false(is_done(own, 0, sync));
			if (i == 1)
				break;
			/* Nor can a hard one be ordered behind that SYNC. */
			fn_ask(own, SDXI_GSR_STOP_SF);
			check_stalled(own, area);
			assert_int_equal(fn_state(own), SDXI_GSV_STOPG_SF);
			fn_ask(own, SDXI_GSR_STOP_HD);
			run_dry(own);
			assert_int_equal(fn_state(own), SDXI_GSV_STOP);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
			assert_int_equal(read_index(own, area), AT);
			owner_free(own);
			continue;
		case 2:
			/* Hard, it ends, and comes again. */
			do_good(own, 0, dsc_stop(1, 1, true));
			do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
			do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, 1, 1));
			check_stalled(own, area);
			expect_hits(own, SDXI_EMU_FAULT_STALL, 2);
			do_good(own, 0, dsc_stop(1, 1, true));
			assert_true(restart(own, area));
			check_burst(own, area, 0, 0);
			owner_free(own);
			continue;
		default:
			break;
		}
		sdxi_emu_inject_clear(own->emu);
		run_dry(own);
		if (i == 1) {
			assert_true(is_done(own, 0, sync));
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
			assert_true(restart(own, area));
		}
		check_burst(own, area, 0, 0);
		owner_free(own);
	}
}

static void
test_stop(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_STOP, .cxt = 1, .op = AT, .count = 2,
	};
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	inject(own, &fault);
	push_burst(own, area);
	for (i = 0; i < 2; i++) {
		check_stalled(own, area);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
		/* The second time without a stop before the start. */
		if (i == 0)
			assert_true(restart(own, area));
		else
			do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 1));
	}
	check_burst(own, area, 0, 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	expect_hits(own, SDXI_EMU_FAULT_STOP, 2);
}

static void
test_fn_error(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_FN_ERROR, .cxt = 1, .op = AT,
	};
	struct owner *own = *state;
	unsigned int area = cxt_up(own, 1), i;
	uint64_t accesses;

	cxt_up(own, 2);
	reg_set(own, SDXI_MMIO_CTL0, reg_get(own, SDXI_MMIO_CTL0) | SDXI_CTL0_FN_ERR_INTR_EN);
	inject(own, &fault);
	push_burst(own, area);
	assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
	assert_int_equal(own->irqs, 1);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
	log_check(own, 0, 1, AT, LOG_NO_BUF, SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER,
		  SDXI_RE_FN_STOPPED);
	for (i = 0; i < 3; i++)
		assert_int_equal(cxt_state(own, i), SDXI_CXT_RUN);
	for (i = AT; i < BURST; i++)
		assert_true(!is_done(own, area, i) && !is_copied(own, i));
	assert_true(read_index(own, area) <= AT);

	/* Nothing moves, and nothing but RESET helps. */
	accesses = own->accesses;
	push_ring(own, 0, dsc_nop());
	fn_ask(own, SDXI_GSR_STOP_SF);
	fn_ask(own, SDXI_GSR_STOP_HD);
	fn_ask(own, SDXI_GSR_ACTIVE);
	assert_int_equal(sdxi_emu_run(own->emu, 100), 0);
	assert_int_equal(own->accesses, accesses);
	assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
	fn_ask(own, SDXI_GSR_RESET);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	own->n_areas = 0;
	cxt_build(own, SDXI_CXT_ADMIN, 0);
	fn_activate(own);
	area = cxt_up(own, 1);
	push_burst(own, area);
	check_burst(own, area, 0, 0);
	expect_hits(own, SDXI_EMU_FAULT_FN_ERROR, 1);
}

/* Counts go on over stops and RESET; sdxi_emu_reset() forgets. */
static void
test_count(void **state)
{
	struct sdxi_emu_fault fault = { .kind = SDXI_EMU_FAULT_FAIL, .cxt = 5, .op = 4 };
	struct owner *own = *state;
	unsigned int area, i;
	uint64_t index;

	/* Of a context that has never been there. */
	inject(own, &fault);
	area = cxt_up(own, 5);
	do_good(own, area, dsc_nop());
	do_good(own, 0, dsc_stop(5, 5, true));
	assert_true(restart(own, area));
	do_good(own, area, dsc_nop());
	fn_ask(own, SDXI_GSR_RESET);
	own->n_areas = 0;
	cxt_build(own, SDXI_CXT_ADMIN, 0);
	fn_activate(own);
	area = cxt_up(own, 5);
	do_good(own, area, dsc_nop());
	do_good(own, area, dsc_nop());
	index = push_ring(own, area, dsc_nop());
	run_dry(own);
	assert_int_equal(index, 2);
	assert_true(has_er(own, area, index));

	for (i = 0; i < 2; i++) {
		fault.op = 0;
		inject(own, &fault);
		if (i == 0) {
			sdxi_emu_inject_clear(own->emu);
			continue;
		}
		sdxi_emu_reset(own->emu);
		own->n_areas = 0;
		fn_build(own);
		fn_activate(own);
		area = cxt_up(own, 5);
		do_good(own, area, dsc_nop());
	}
	assert_int_equal(sdxi_emu_injected(own->emu), 1);
}

/* One that is never reached, however much has been consumed when it is injected. */
static void
test_far(void **state)
{
	static const uint64_t ops[] = {
		UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 2, UINT64_MAX - 3,
	};
	struct sdxi_emu_fault fault = { .kind = SDXI_EMU_FAULT_FAIL, .cxt = 1 };
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	for (i = 0; i < 3; i++)
		do_good(own, area, dsc_nop());
	for (i = 0; i < ARRAY_LEN(ops); i++) {
		fault.op = ops[i];
		inject(own, &fault);
	}
	for (i = 0; i < 8; i++)
		do_good(own, area, dsc_nop());
	assert_int_equal(sdxi_emu_injected(own->emu), 0);
}

/* Several about the same operation, and others of another context in between. */
static void
test_several(void **state)
{
	struct sdxi_emu_fault fault = { .cxt = 1, .op = AT };
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	const unsigned int other = cxt_up(own, 2);

	fault.kind = SDXI_EMU_FAULT_LOSE;
	inject(own, &fault);
	fault.kind = SDXI_EMU_FAULT_FAIL;
	inject(own, &fault);
	fault.kind = SDXI_EMU_FAULT_STOP;
	inject(own, &fault);
	fault.kind = SDXI_EMU_FAULT_LOG_ERR;
	inject(own, &fault);
	fault.kind = SDXI_EMU_FAULT_FAIL;
	fault.cxt = 2;
	fault.op = 1;
	inject(own, &fault);
	push_burst(own, area);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
	assert_int_equal(read_index(own, area), AT);
	do_good(own, other, dsc_nop());
	assert_true(restart(own, area));
	check_burst(own, area, AT, AT + 2);
	assert_false(is_done(own, area, AT) || has_er(own, area, AT));
	assert_true(is_done(own, area, AT + 1) && has_er(own, area, AT + 1));
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS | SDXI_ERR_STS_ERR);
	push_ring(own, other, dsc_nop());
	run_dry(own);
	assert_true(has_er(own, other, 1));
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
	assert_int_equal(sdxi_emu_injected(own->emu), 5);
}

/* One block for all: its er comes of the part that fails, its last signal of the last one. */
static void
test_shared_block(void **state)
{
	const struct sdxi_emu_fault fault = { .kind = SDXI_EMU_FAULT_FAIL, .cxt = 1, .op = AT };
	unsigned int cont, area, i;
	struct sdxi_cst_blk *cst;
	struct sdxi_dsc dsc;
	struct owner *own;

	(void)state;
	for (cont = 0; cont < 2; cont++) {
		own = make(cont);
		area = cxt_up(own, 1);
		cst = mem_at(own, DST);
		cst->signal = le64(BURST / 2);
		inject(own, &fault);
		for (i = 0; i < BURST; i++) {
			dsc = dsc_nop();
			if (i % 2)
				dsc.any.csb_ptr = le64(DST);
			push(own, area, &dsc);
		}
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(cst->flags, le32(SDXI_CST_BLK_ER));
		assert_true(restart(own, area) == !cont);
		assert_int_equal(cst->signal, 0);
		assert_int_equal(cst->flags, le32(SDXI_CST_BLK_ER));
		for (i = 0; i < BURST; i += 2)
			assert_true(is_done(own, area, i) && !has_er(own, area, i));
		owner_free(own);
	}
}

static void
test_log_lost(void **state)
{
	struct sdxi_emu_fault fault = { .cxt = 1, .op = AT, .count = 2 };
	unsigned int area, i, ovf;
	struct owner *own;
	uint64_t index;

	(void)state;
	for (ovf = 0; ovf < 2; ovf++) {
		own = make(true);
		area = cxt_up(own, 1);
		reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
		fault.kind = ovf ? SDXI_EMU_FAULT_LOG_OVF : SDXI_EMU_FAULT_LOG_ERR;
		inject(own, &fault);
		for (i = 0; i < BURST; i++) {
			index = push_ring(own, area, i % 3 == 0 ? dsc_copy(DST, NO_MEM, 64)
								: dsc_nop());
			run_dry(own);
			assert_true(is_done(own, area, index));
			/* 0, 3, 6 are logged, 9 and 12 are not. */
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT),
					 i < 9 ? i / 3 + 1 : i < 15 ? 3 : i / 3 - 1);
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS),
					 i < 9 ? SDXI_ERR_STS_STS :
					 SDXI_ERR_STS_STS | (ovf ? SDXI_ERR_STS_OVF :
								   SDXI_ERR_STS_ERR));
		}
		assert_int_equal(own->irqs, 7);
		expect_hits(own, fault.kind, 2);
		/* And it ends when it is told to. */
		inject(own, &fault);
		sdxi_emu_inject_clear(own->emu);
		push_ring(own, area, dsc_copy(DST, NO_MEM, 64));
		run_dry(own);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 6);
		owner_free(own);
	}
}

static void
test_no_stop(void **state)
{
	const struct sdxi_emu_fault fault = {
		.kind = SDXI_EMU_FAULT_NO_STOP, .cxt = 1, .op = AT,
	};
	unsigned int area, other, i;
	struct owner *own;
	uint64_t sync;

	(void)state;
	for (i = 0; i < 8; i++) {
		own = make(false);
		area = cxt_up(own, 1);
		other = cxt_up(own, 2);
		inject(own, &fault);
		/* Not before the operation. */
		do_good(own, 0, dsc_stop(1, 1, false));
		assert_true(restart(own, area));
		push_burst(own, area);
		if (i & 1) {
			/* One that has failed, too. */
			push_ring(own, area, dsc_copy(DST, NO_MEM, 64));
			run_dry(own);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		}
		do_good(own, 0, dsc_stop(1, 1, i & 2));
		do_good(own, 0, dsc_stop(1, 1, true));
		sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		run_dry(own);
		assert_int_equal(sdxi_emu_run(own->emu, 100), 0);
		assert_false(is_done(own, 0, sync));
		assert_int_not_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		expect_hits(own, SDXI_EMU_FAULT_NO_STOP, 1);
		do_good(own, other, dsc_nop());
		if (i < 4) {
			fn_ask(own, SDXI_GSR_STOP_SF);
			run_dry(own);
			assert_int_equal(fn_state(own), SDXI_GSV_STOP);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
			assert_true(is_done(own, 0, sync));
		} else {
			fn_ask(own, SDXI_GSR_RESET);
		}
		/* That has ended it. */
		own->n_areas = 0;
		cxt_build(own, SDXI_CXT_ADMIN, 0);
		fn_activate(own);
		sdxi_emu_doorbell(own->emu, 0, 0);
		area = cxt_up(own, 1);
		do_good(own, area, dsc_nop());
		do_good(own, 0, dsc_stop(1, 1, false));
		do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		owner_free(own);
	}
}

static void
test_function_faults(void **state)
{
	struct sdxi_emu_fault fault = { .kind = SDXI_EMU_FAULT_NO_FN_STOP };
	struct owner *own = *state;
	unsigned int area = cxt_up(own, 1), i;

	inject(own, &fault);
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	fn_ask(own, SDXI_GSR_STOP_HD);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	expect_hits(own, SDXI_EMU_FAULT_NO_FN_STOP, 2);
	do_good(own, area, dsc_nop());
	/* RESET works, and ends it. */
	fn_ask(own, SDXI_GSR_RESET);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	own->n_areas = 0;
	cxt_build(own, SDXI_CXT_ADMIN, 0);
	fn_activate(own);
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);

	fault.kind = SDXI_EMU_FAULT_NO_ACTIVE;
	fault.count = 2;
	inject(own, &fault);
	own->n_areas = 0;
	cxt_build(own, SDXI_CXT_ADMIN, 0);
	for (i = 0; i < 2; i++) {
		fn_ask(own, SDXI_GSR_ACTIVE);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
		assert_int_equal(cxt_state(own, 0), SDXI_CXT_STOP_SW);
		log_check(own, i, 0, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_INTERNAL,
			  SDXI_SUB_STEP_OTHER, SDXI_RE_FN_STOPPED);
		fn_ask(own, SDXI_GSR_RESET);
	}
	fn_activate(own);
	sdxi_emu_doorbell(own->emu, 0, 0);
	assert_int_equal(sdxi_emu_injected(own->emu), 4);
	assert_int_equal(sdxi_emu_injected_of(own->emu, SDXI_EMU_FAULT_NO_ACTIVE), 2);

	fault.kind = SDXI_EMU_FAULT_NO_RESET;
	inject(own, &fault);
	for (i = SDXI_GSR_RESET; i <= SDXI_GSR_ACTIVE; i++) {
		fn_ask(own, i);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	}
	/* ACTIVE asks for nothing that is not there. */
	assert_int_equal(sdxi_emu_injected(own->emu), 7);
	assert_int_equal(sdxi_emu_injected_of(own->emu, SDXI_EMU_FAULT_NO_RESET), 3);
	area = cxt_up(own, 3);
	do_good(own, area, dsc_nop());
	sdxi_emu_reset(own->emu);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	own->n_areas = 0;
	fn_build(own);
	fn_activate(own);
	fn_ask(own, SDXI_GSR_RESET);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_arguments, setup_active, teardown),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_fail_how),
		cmocka_unit_test(test_fail_what),
		cmocka_unit_test_setup_teardown(test_lose, setup_active, teardown),
		cmocka_unit_test(test_no_signal),
		cmocka_unit_test(test_stall),
		cmocka_unit_test_setup_teardown(test_stop, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_fn_error, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_count, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_far, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_several, setup_active_continue, teardown),
		cmocka_unit_test(test_shared_block),
		cmocka_unit_test(test_log_lost),
		cmocka_unit_test(test_no_stop),
		cmocka_unit_test_setup_teardown(test_function_faults, setup_active, teardown),
	};
	int failed;

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	RUN_WITH_FREEDOM(failed, tests);
	return failed;
}
