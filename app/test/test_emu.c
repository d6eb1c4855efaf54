/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The emulated function: registers, function states, activation. */

#include <errno.h>

#include "test_emu_owner.h"
#include "test_emu_tables.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const uint64_t all_regs[] = {
	SDXI_MMIO_CTL0,	   SDXI_MMIO_CTL2,    SDXI_MMIO_STS0,	 SDXI_MMIO_CAP0,
	SDXI_MMIO_CAP1,	   SDXI_MMIO_VERSION, SDXI_MMIO_CXT_L2,	 SDXI_MMIO_RKEY,
	SDXI_MMIO_ERR_CTL, SDXI_MMIO_ERR_STS, SDXI_MMIO_ERR_CFG, SDXI_MMIO_ERR_WRT,
	SDXI_MMIO_ERR_RD,
};

static bool
is_reg(uint64_t off)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(all_regs); i++)
		if (all_regs[i] == off)
			return true;
	return false;
}

/* ---- registers ---- */

static void
test_conf_ranges(void **state)
{
	struct sdxi_emu_conf conf;
	struct sdxi_emu *emu = NULL;
	unsigned int i;

	(void)state;
	for (i = 0; i < 7; i++) {
		sdxi_emu_conf_default(&conf);
		switch (i) {
		case 0:
			conf.max_cxt = 0;
			break;
		case 1:
			conf.max_ds_ring_sz = 22;
			break;
		case 2:
			conf.max_buffer = 12;
			break;
		case 3:
			conf.max_akey_sz = 9;
			break;
		case 4:
			conf.max_errlog_sz = 5;
			break;
		case 5:
			conf.db_stride = 8;
			break;
		case 6:
			conf.doorbells = (uint8_t *)&conf.doorbells + 4;
			break;
		}
		assert_int_equal(sdxi_emu_create(&conf, &owner_ops, NULL, &emu), -EINVAL);
	}
	assert_null(emu);
	sdxi_emu_destroy(NULL);
}

static void
test_reset_values(void **state)
{
	struct sdxi_emu_conf conf = {
		.max_cxt = 0x1234,
		.sfunc = 0x5678,
		.max_ds_ring_sz = 21,
		.max_buffer = 11,
		.max_akey_sz = 7,
		.max_errlog_sz = 3,
		.db_stride = 5,
	};
	struct owner *own = owner_make(&conf);
	uint64_t off;

	(void)state;
	assert_int_equal(reg_get(own, SDXI_MMIO_CTL0), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_CTL2), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_STS0), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_CAP0), UINT64_C(0x15505678));
	assert_int_equal(reg_get(own, SDXI_MMIO_CAP1), UINT64_C(0x000000161234734b));
	assert_int_equal(reg_get(own, SDXI_MMIO_VERSION), UINT64_C(0x10000));
	for (off = SDXI_MMIO_CXT_L2; off < SDXI_MMIO_LEN; off += 8)
		assert_int_equal(reg_get(own, off), 0);
	owner_free(own);

	sdxi_emu_conf_default(&conf);
	own = owner_make(&conf);
	assert_int_equal(reg_get(own, SDXI_MMIO_CAP0), UINT64_C(0x06000000));
	assert_int_equal(reg_get(own, SDXI_MMIO_CAP1), UINT64_C(0x00000016007f844b));
	owner_free(own);
}

/* Any offset and size is safe to read, and is made of the bytes of the registers. */
static void
test_read_any(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	struct owner *own = *state;
	unsigned int i, s, b;
	uint64_t off, want;

	reg_set(own, SDXI_MMIO_CTL0, UINT64_C(0x0123456789abcdef) & ~SDXI_CTL0_FN_GSR);
	for (i = 0; i < ARRAY_LEN(all_regs); i++)
		for (off = all_regs[i] - 8; off != all_regs[i] + 16; off++)
			for (s = 0; s < ARRAY_LEN(sizes); s++) {
				want = 0;
				for (b = 0; b < sizes[s]; b++)
					want |= (reg_get(own, (off + b) & ~UINT64_C(7)) >>
							 (off + b) % 8 * 8 & 0xff)
						<< b * 8;
				if (off > UINT64_MAX - 8)
					continue;
				assert_int_equal(sdxi_emu_reg_read(own->emu, off, sizes[s]), want);
			}
	for (off = 0; off < SDXI_MMIO_LEN + 64; off += 8)
		if (!is_reg(off))
			assert_int_equal(reg_get(own, off), 0);
	assert_int_equal(sdxi_emu_reg_read(own->emu, UINT64_MAX, 8), 0);
	assert_int_equal(sdxi_emu_reg_read(own->emu, UINT64_MAX - 7, 8), 0);
	assert_int_equal(sdxi_emu_reg_read(own->emu, SDXI_MMIO_CAP1, 3), 0);
}

static void
test_write_masks(void **state)
{
	static const struct {
		uint64_t off;
		uint64_t bits;
	} regs[] = {
		/* No request in it but the ones that the state ignores. */
		{ SDXI_MMIO_CTL0, UINT64_C(0xffffffff0fffff17) },
		{ SDXI_MMIO_CTL2, UINT64_C(0xfffffffffffff00f) },
		{ SDXI_MMIO_STS0, 0 },
		{ SDXI_MMIO_CAP0, 0 },
		{ SDXI_MMIO_CAP1, 0 },
		{ SDXI_MMIO_VERSION, 0 },
		{ SDXI_MMIO_CXT_L2, UINT64_C(0xfffffffffffff000) },
		{ SDXI_MMIO_RKEY, UINT64_C(0xfffffffffffff01f) },
		{ SDXI_MMIO_ERR_CTL, 1 },
		{ SDXI_MMIO_ERR_STS, 0 },
		{ SDXI_MMIO_ERR_WRT, UINT64_MAX },
		{ SDXI_MMIO_ERR_CFG, UINT64_C(0xfffffffffffff03f) },
		{ SDXI_MMIO_ERR_RD, UINT64_MAX },
	};
	struct sdxi_emu_conf conf;
	struct owner *own;
	uint64_t was;
	unsigned int i;

	(void)state;
	conf_test(&conf);
	own = owner_make(&conf);
	for (i = 0; i < ARRAY_LEN(regs); i++) {
		was = reg_get(own, regs[i].off);
		/* What does not take effect. */
		sdxi_emu_reg_write(own->emu, regs[i].off, UINT64_MAX, 1);
		sdxi_emu_reg_write(own->emu, regs[i].off, UINT64_MAX, 2);
		sdxi_emu_reg_write(own->emu, regs[i].off, UINT64_MAX, 3);
		sdxi_emu_reg_write(own->emu, regs[i].off + 1, UINT64_MAX, 4);
		sdxi_emu_reg_write(own->emu, regs[i].off + 2, UINT64_MAX, 4);
		sdxi_emu_reg_write(own->emu, regs[i].off + 4, UINT64_MAX, 8);
		sdxi_emu_reg_write(own->emu, regs[i].off - 4, UINT64_MAX, 8);
		assert_int_equal(reg_get(own, regs[i].off), was);
		/* What does, by halves and whole. */
		sdxi_emu_reg_write(own->emu, regs[i].off + 4, UINT64_MAX, 4);
		assert_int_equal(reg_get(own, regs[i].off),
				 regs[i].bits == 0 ? was : regs[i].bits & ~UINT64_C(0xffffffff));
		sdxi_emu_reg_write(own->emu, regs[i].off, UINT64_MAX, 4);
		assert_int_equal(reg_get(own, regs[i].off), regs[i].bits == 0 ? was : regs[i].bits);
		if (regs[i].off == SDXI_MMIO_CTL0)
			fn_ask(own, SDXI_GSR_RESET);
		reg_set(own, regs[i].off, 0);
		assert_int_equal(reg_get(own, regs[i].off), regs[i].bits == 0 ? was : 0);
		reg_set(own, regs[i].off, UINT64_C(0x5555555555555554));
		assert_int_equal(reg_get(own, regs[i].off),
				 regs[i].bits == 0 ? was
						   : UINT64_C(0x5555555555555554) & regs[i].bits);
	}
	/* Nothing at the places between. */
	for (i = 0; i < SDXI_MMIO_LEN + 64; i += 8)
		if (!is_reg(i)) {
			reg_set(own, i, UINT64_MAX);
			assert_int_equal(reg_get(own, i), 0);
		}
	reg_set(own, UINT64_MAX - 7, 1);
	owner_free(own);
}

static void
test_grp_id_half(void **state)
{
	struct owner *own = *state;

	/* The upper half has no request in it; the lower one leaves fn_grp_id alone. */
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL0 + 4, 0xdeadbeef, 4);
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL0, SDXI_GSR_STOP_SF, 4);
	assert_int_equal(fn_state(own), SDXI_GSV_STOPG_SF);
	run_dry(own);
	/* A request that was ignored is not made up for by writing the other half. */
	fn_ask(own, SDXI_GSR_STOP_SF);
	fn_ask(own, SDXI_GSR_RESET);
	fn_activate(own);
	fn_ask(own, SDXI_GSR_STOP_SF);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL0 + 4, 0xdeadbeef, 4);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	fn_ask(own, SDXI_GSR_RESET);
	assert_int_equal(reg_get(own, SDXI_MMIO_CTL0), UINT64_C(0xdeadbeef00000000));
}

static void
test_err_regs(void **state)
{
	struct owner *own = *state;

	/* ERR_WRT is the function's while the log is on. */
	reg_set(own, SDXI_MMIO_ERR_WRT, 77);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	/* A log without entries is unusable: sts and err. */
	reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_ERR_CFG_EN);
	reg_set(own, SDXI_MMIO_CXT_L2, NO_MEM);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 9);
	reg_set(own, SDXI_MMIO_ERR_STS, 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 9);
	reg_set(own, SDXI_MMIO_ERR_STS, 2);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 9);
	/* A half-write clears only what it carries, not what the other half holds. */
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_ERR_STS + 4, UINT64_MAX, 4);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 9);
	reg_set(own, SDXI_MMIO_ERR_STS, 1);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 8);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_ERR_STS, UINT64_MAX, 4);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
}

/* ---- function states ---- */

/* Bring a freshly built function into a state. */
static void
go_to(struct owner *own, enum sdxi_fn_gsv gsv)
{
	switch (gsv) {
	case SDXI_GSV_STOP:
		break;
	case SDXI_GSV_INIT:
		fn_ask(own, SDXI_GSR_ACTIVE);
		break;
	case SDXI_GSV_ERROR:
		reg_set(own, SDXI_MMIO_CXT_L2, NO_MEM);
		fn_ask(own, SDXI_GSR_ACTIVE);
		run_dry(own);
		break;
	default:
		fn_activate(own);
		if (gsv == SDXI_GSV_STOPG_SF)
			fn_ask(own, SDXI_GSR_STOP_SF);
		if (gsv == SDXI_GSV_STOPG_HD)
			fn_ask(own, SDXI_GSR_STOP_HD);
		break;
	}
	assert_int_equal(fn_state(own), gsv);
}

static void
test_transitions(void **state)
{
	/* [state][request]: at once, and when the function has run. */
	static const enum sdxi_fn_gsv at_once[6][4] = {
		/* RESET, STOP_SF, STOP_HD, ACTIVE */
		{ SDXI_GSV_STOP, SDXI_GSV_STOP, SDXI_GSV_STOP, SDXI_GSV_INIT },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_SF, SDXI_GSV_STOPG_HD, SDXI_GSV_INIT },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_SF, SDXI_GSV_STOPG_HD, SDXI_GSV_ACTIVE },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_SF, SDXI_GSV_STOPG_HD, SDXI_GSV_STOPG_SF },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_HD, SDXI_GSV_STOPG_HD, SDXI_GSV_STOPG_HD },
		{ SDXI_GSV_STOP, SDXI_GSV_ERROR, SDXI_GSV_ERROR, SDXI_GSV_ERROR },
	};
	static const enum sdxi_fn_gsv settled[6] = {
		SDXI_GSV_STOP, SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE,
		SDXI_GSV_STOP, SDXI_GSV_STOP,	SDXI_GSV_ERROR,
	};
	struct sdxi_emu_conf conf;
	unsigned int from, gsr;
	enum sdxi_fn_gsv then;
	struct owner *own;

	(void)state;
	conf_test(&conf);
	for (from = 0; from < 6; from++)
		for (gsr = 0; gsr < 4; gsr++) {
			own = owner_make(&conf);
			fn_build(own);
			go_to(own, from);
			fn_ask(own, gsr);
			then = at_once[from][gsr];
			assert_int_equal(fn_state(own), then);
			run_dry(own);
			assert_int_equal(fn_state(own), settled[then]);
			assert_int_equal(reg_get(own, SDXI_MMIO_CTL0) & 3, gsr);
			owner_free(own);
		}
}

/* From each state to STOP with not one write, and from there the function works again. */
static void
test_function_level_reset(void **state)
{
	struct sdxi_emu_conf conf;
	struct owner *own;
	unsigned int from, i;
	uint64_t writes;

	(void)state;
	conf_test(&conf);
	for (from = 0; from < 6; from++) {
		own = owner_make(&conf);
		fn_build(own);
		go_to(own, from);
		reg_set(own, SDXI_MMIO_RKEY, UINT64_MAX);
		reg_set(own, SDXI_MMIO_ERR_RD, 5);
		reg_set(own, SDXI_MMIO_ERR_CTL, 1);
		writes = own->writes;
		sdxi_emu_reset(own->emu);
		run_dry(own);
		assert_int_equal(own->writes, writes);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		for (i = 0; i < ARRAY_LEN(all_regs); i++)
			if (all_regs[i] < SDXI_MMIO_CAP0 || all_regs[i] > SDXI_MMIO_VERSION)
				assert_int_equal(reg_get(own, all_regs[i]), 0);
		own->n_areas = 0;
		fn_build(own);
		fn_activate(own);
		owner_free(own);
	}
}

/* STOP, INIT and ERROR: doorbells and time make the function do nothing. */
static void
test_inactive_is_silent(void **state)
{
	struct owner *own = *state;
	const struct sdxi_dsc nop = dsc_nop();
	uint64_t accesses;

	push(own, 0, &nop);
	accesses = own->accesses;
	ring_doorbell(own, 0);
	run_dry(own);
	assert_int_equal(sdxi_emu_run(own->emu, 1), 0);
	go_to(own, SDXI_GSV_INIT);
	ring_doorbell(own, 0);
	fn_ask(own, SDXI_GSR_RESET);
	run_dry(own);
	assert_int_equal(own->accesses, accesses);
	go_to(own, SDXI_GSV_ERROR);
	accesses = own->accesses;
	ring_doorbell(own, 0);
	run_dry(own);
	assert_int_equal(own->accesses, accesses);
	assert_false(is_done(own, 0, 0));
}

/* ---- activation ---- */

static void
test_activation_failures(void **state)
{
	struct sdxi_emu_conf conf;
	struct owner *own;
	unsigned int what;

	(void)state;
	conf_test(&conf);
	for (what = 0; what < ACT_LAST; what++) {
		own = owner_make(&conf);
		fn_build(own);
		act_break(own, 0, what);
		reg_set(own, SDXI_MMIO_CTL0, SDXI_CTL0_FN_ERR_INTR_EN | SDXI_GSR_ACTIVE);
		assert_int_equal(own->irqs, 0);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
		assert_int_equal(own->irqs, 1);
		assert_int_equal(own->irq_vector, SDXI_INTR_ERRLOG);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		log_check(own, 0, 0, LOG_NO_DESC, LOG_NO_BUF, act_want[what].step,
			  act_want[what].sub, SDXI_RE_FN_STOPPED);
		/* Nothing but the entry was written. */
		assert_int_equal(own->writes, 2);
		owner_free(own);
	}
}

static void
test_activation_interrupts(void **state)
{
	struct owner *own = *state;

	/* None is enabled. */
	go_to(own, SDXI_GSV_ERROR);
	assert_int_equal(own->irqs, 0);
	/* The log's is. */
	fn_ask(own, SDXI_GSR_RESET);
	reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
	go_to(own, SDXI_GSV_ERROR);
	assert_int_equal(own->irqs, 1);
	/* A function-wide PASID cannot be had. */
	fn_ask(own, SDXI_GSR_RESET);
	reg_set(own, SDXI_MMIO_CXT_L2, L2_AT);
	reg_set(own, SDXI_MMIO_CTL0, SDXI_CTL0_FN_PASID_VL | SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
	log_check(own, 2, 0, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_INTERNAL, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_FN_STOPPED);
	/* The log may be off: then nobody hears of it but by the state. */
	fn_ask(own, SDXI_GSR_RESET);
	reg_set(own, SDXI_MMIO_ERR_CFG, 0);
	reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
	own->irqs = 0;
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 0);
	assert_int_equal(own->irqs, 0);
}

/* CTL2 and CXT_L2 are taken at activation, and count from then on. */
static void
test_latched(void **state)
{
	struct owner *own = *state;
	uint64_t index;

	reg_set(own, SDXI_MMIO_CTL2, reg_get(own, SDXI_MMIO_CTL2) & ~SDXI_CTL2_MAX_CXT);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL2,
			   (reg_get(own, SDXI_MMIO_CTL2) & 0xffffffff) | 5 << 16, 4);
	fn_activate(own);
	sdxi_emu_doorbell(own->emu, 0, 0);
	reg_set(own, SDXI_MMIO_CTL2, UINT64_MAX);
	reg_set(own, SDXI_MMIO_CXT_L2, NO_MEM);
	cxt_up(own, 5);
	cxt_build(own, 6, 0);
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 6, 6));
	run_dry(own);
	assert_true(is_done(own, 0, index) && has_er(own, 0, index));
	log_check(own, 0, 0, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_CXT_STOPPED);
}

/* FN_UPD takes them over again; contexts that run keep what they have until CXT_UPD. */
static void
test_fn_upd(void **state)
{
	const uint64_t l2_at = MEM_BASE + 0xf000; /* of contexts that are not used */
	struct owner *own = *state;
	unsigned int area, next;
	uint64_t index;

	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL2,
			   (reg_get(own, SDXI_MMIO_CTL2) & 0xffff) | 5 << 16, 4);
	fn_activate(own);
	sdxi_emu_doorbell(own->emu, 0, 0);
	area = cxt_up(own, 5);
	next = cxt_build(own, 200, 0);
	memcpy(mem_at(own, l2_at), mem_at(own, L2_AT), 4096);
	memset(mem_at(own, L2_AT), 0, 4096);
	reg_set(own, SDXI_MMIO_CXT_L2, l2_at);
	reg_set(own, SDXI_MMIO_CTL2, (uint64_t)OPB_ALL << 32 | 200 << 16);

	/* Not before it is told. */
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 200, 200));
	run_dry(own);
	assert_true(is_done(own, 0, index) && has_er(own, 0, index));
	do_good(own, 0, dsc_adm(SDXI_ADM_FN_UPD, 0, 0));
	do_good(own, 0, dsc_sync(SDXI_FLT_FN, 0, 0));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 200, 200));
	assert_int_equal(cxt_state(own, next), SDXI_CXT_RUN);
	index = push_ring(own, next, dsc_copy(DATA_AT, DATA_AT + (4 << 20), (2 << 20) + 1));
	run_dry(own);
	assert_true(has_er(own, next, index));

	do_good(own, area, dsc_copy(DATA_AT, DATA_AT + (4 << 20), (2 << 20) + 1));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 5, 5));
	index = push_ring(own, area, dsc_copy(DATA_AT, DATA_AT + (4 << 20), (2 << 20) + 1));
	run_dry(own);
	assert_true(has_er(own, area, index));

	/* With fewer granted one that runs goes on, and is stopped as before, for good. */
	reg_set(own, SDXI_MMIO_CTL2, (uint64_t)OPB_ALL << 32 | 4 << 16);
	do_good(own, 0, dsc_adm(SDXI_ADM_FN_UPD, 0, 0));
	do_good(own, area, dsc_copy(DATA_AT, DATA_AT + (4 << 20), 2 << 20));
	do_good(own, 0, dsc_stop(5, 5, false));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 5, 5));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 5, 5));
	run_dry(own);
	assert_true(has_er(own, 0, index));
}

/* Software may grant more than there is: the lower limit counts. */
static void
test_limits_above_cap(void **state)
{
	struct owner *own = *state;
	uint64_t index;

	reg_set(own, SDXI_MMIO_CTL2, UINT64_MAX);
	fn_activate(own);
	sdxi_emu_doorbell(own->emu, 0, 0);
	cxt_up(own, 1023);
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1024, 1024));
	run_dry(own);
	assert_true(has_er(own, 0, index));
	log_check(own, 0, 0, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_CXT_STOPPED);
}

/* CTL2's limits hold for contexts that are granted more. */
static void
test_limits_of_ctl2(void **state)
{
	struct owner *own = *state;
	struct sdxi_dsc intr = dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR);
	unsigned int area;
	uint64_t index;

	reg_set(own, SDXI_MMIO_CTL2,
		SDXI_PUT(SDXI_CTL2_MAX_CXT, 1023) |
			SDXI_PUT(SDXI_CTL2_OPB_000_AVL, OPB_ALL & ~(1u << SDXI_TYPE_INTR)));
	fn_activate(own);
	sdxi_emu_doorbell(own->emu, 0, 0);
	area = cxt_up(own, 1);
	do_good(own, area, dsc_copy(DATA_AT, DATA_AT + (4 << 20), 2 << 20));
	index = push_ring(own, area, dsc_copy(DATA_AT, DATA_AT + (4 << 20), (2 << 20) + 1));
	run_dry(own);
	assert_true(has_er(own, area, index));
	area = cxt_build(own, 2, 0);
	akeys_of(own, area)[0].intr_num |= le16(SDXI_AKEY_ENT_IV);
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 2, 2));
	index = push_ring(own, area, intr);
	run_dry(own);
	assert_true(has_er(own, area, index));
	assert_int_equal(own->irqs, 0);
	/* No AKey table above the smallest is granted. */
	area = cxt_build(own, 3, 0);
	l1_of(own, 3)->akey_ptr |= le64(1);
	index = push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 3, 3));
	run_dry(own);
	assert_true(has_er(own, 0, index));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf_ranges),
		cmocka_unit_test(test_reset_values),
		cmocka_unit_test_setup_teardown(test_read_any, setup_built, teardown),
		cmocka_unit_test(test_write_masks),
		cmocka_unit_test_setup_teardown(test_grp_id_half, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_err_regs, setup_built, teardown),
		cmocka_unit_test(test_transitions),
		cmocka_unit_test(test_function_level_reset),
		cmocka_unit_test_setup_teardown(test_inactive_is_silent, setup_built, teardown),
		cmocka_unit_test(test_activation_failures),
		cmocka_unit_test_setup_teardown(test_activation_interrupts, setup_built, teardown),
		cmocka_unit_test_setup_teardown(test_latched, setup_built, teardown),
		cmocka_unit_test_setup_teardown(test_fn_upd, setup_built_continue, teardown),
		cmocka_unit_test_setup_teardown(test_limits_above_cap, setup_built, teardown),
		cmocka_unit_test_setup_teardown(test_limits_of_ctl2, setup_built, teardown),
	};
	int failed;

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	RUN_WITH_FREEDOM(failed, tests);
	return failed;
}
