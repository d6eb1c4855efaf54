/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Emulated function: configuration, registers, states, activation. */

#include <errno.h>
#include <stdio.h>

#include "test_emu_owner.h"
#include "test_emu_tables.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- configuration ---- */

#define CONF(member) offsetof(struct sdxi_emu_conf, member), \
	sizeof(((struct sdxi_emu_conf *)0)->member)

static void
test_conf_ranges(void **state)
{
	static const struct {
		size_t off;
		size_t size;
		uint64_t val;
	} bad[] = {
		{ CONF(max_cxt), 0 },	 { CONF(max_ds_ring_sz), 22 },	{ CONF(max_buffer), 12 },
		{ CONF(max_akey_sz), 9 }, { CONF(max_errlog_sz), 5 },	{ CONF(db_stride), 8 },
		{ CONF(cxt_upd), 3 },	 { CONF(csr), 3 },		{ CONF(doorbells), 4 },
		{ CONF(flr_ms), 1 }, /* needs a clock */
	};
	struct sdxi_emu_ops ops = {
		owner_read, owner_write, owner_read64, owner_write64, owner_copy,
	};
	struct sdxi_emu_conf conf;
	struct sdxi_emu *emu = NULL;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		sdxi_emu_conf_default(&conf);
		number_put((uint8_t *)&conf + bad[i].off, bad[i].size, bad[i].val);
		assert_int_equal(sdxi_emu_create(&conf, &ops, NULL, &emu), -EINVAL);
	}
	sdxi_emu_conf_default(&conf);
	ops.copy = NULL;
	assert_int_equal(sdxi_emu_create(&conf, &ops, NULL, &emu), -EINVAL);
	assert_null(emu);
	sdxi_emu_destroy(NULL);
}

static void
test_conf_parse(void **state)
{
	static const struct {
		const char *key;
		const char *value;
		size_t off;
		size_t size; /* 0: value refused */
		uint64_t val;
	} rows[] = {
		{ "max_cxt", "1", CONF(max_cxt), 1 },
		{ "max-cxt", "0xffff", CONF(max_cxt), 65535 },
		{ "max_cxt", "0", 0, 0, 0 }, { "max_cxt", "65536", 0, 0, 0 },
		{ "max_cxt", "", 0, 0, 0 }, { "max_cxt", "-1", 0, 0, 0 },
		{ "max_cxt", " 1", 0, 0, 0 }, { "max_cxt", "1x", 0, 0, 0 },
		{ "max_cxt", "0x", 0, 0, 0 }, { "max_cxt", "18446744073709551617", 0, 0, 0 },
		{ "max_ring", "1024", CONF(max_ds_ring_sz), 0 },
		{ "max_ring", "2147483648", CONF(max_ds_ring_sz), 21 },
		{ "max_ring", "512", 0, 0, 0 }, { "max_ring", "1025", 0, 0, 0 },
		{ "max_buffer", "2097152", CONF(max_buffer), 0 },
		{ "max_buffer", "4294967296", CONF(max_buffer), 11 },
		{ "max_buffer", "8589934592", 0, 0, 0 },
		{ "db_stride", "4096", CONF(db_stride), 0 },
		{ "db-stride", "524288", CONF(db_stride), 7 },
		{ "sfunc", "010", CONF(sfunc), 10 },
		{ "error", "continue", CONF(err_continue), 1 },
		{ "error", "stop", CONF(err_continue), 0 },
		{ "error", "Stop", 0, 0, 0 }, { "error", "stop|continue", 0, 0, 0 },
		{ "order", "random", CONF(reorder), 1 }, { "order", "in", CONF(reorder), 0 },
		{ "order", "", 0, 0, 0 },
		{ "seed", "18446744073709551615", CONF(seed), UINT64_MAX },
		{ "cxt_upd", "number", CONF(cxt_upd), SDXI_EMU_CXT_UPD_NUMBER },
		{ "cxt-upd", "flags", CONF(cxt_upd), SDXI_EMU_CXT_UPD_FLAGS },
		{ "cxt_upd", "refuse", CONF(cxt_upd), SDXI_EMU_CXT_UPD_REFUSE },
		{ "csr", "0", CONF(csr), SDXI_EMU_CSR_0 },
		{ "csr", "1", CONF(csr), SDXI_EMU_CSR_1 },
		{ "csr", "none", CONF(csr), SDXI_EMU_CSR_NONE }, { "csr", "2", 0, 0, 0 },
		{ "read_index", "lag:65536", CONF(read_index_lag), 65536 },
		{ "read-index", "each", CONF(read_index_lag), 0 },
		{ "read_index", "lag:65537", 0, 0, 0 }, { "read_index", "3", 0, 0, 0 },
		{ "read_index", "lag:", 0, 0, 0 },
		{ "flr_ms", "60000", CONF(flr_ms), 60000 }, { "flr_ms", "60001", 0, 0, 0 },
		{ "flr_reads", "ones", CONF(flr_ones), 1 },
		{ "flr-reads", "zeros", CONF(flr_ones), 0 },
	};
	struct sdxi_emu_conf conf, want;
	char why[128];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		/* Each value must change its own field only. */
		memset(&conf, 0x11, sizeof(conf));
		want = conf;
		number_put((uint8_t *)&want + rows[i].off, rows[i].size, rows[i].val);
		why[0] = '\0';
		if (sdxi_emu_conf_parse(&conf, rows[i].key, rows[i].value, why, sizeof(why)) !=
			    (rows[i].size != 0 ? 0 : -EINVAL) ||
		    memcmp(&conf, &want, sizeof(conf)) != 0)
			fail_msg("%s=%s: %s", rows[i].key, rows[i].value, why);
		if (rows[i].size == 0)
			assert_non_null(strstr(why, rows[i].value));
	}
	assert_int_equal(sdxi_emu_conf_parse(&conf, "max", "1", why, sizeof(why)), -ENOENT);
	assert_int_equal(sdxi_emu_conf_parse(&conf, "max_cxts", "1", why, sizeof(why)), -ENOENT);
}

/* ---- registers ---- */

/* Registers and their writable bits in state STOP (without requests). */
static const struct {
	uint64_t off;
	uint64_t bits;
} regs[] = {
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

static bool
is_reg(uint64_t off)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(regs); i++)
		if (regs[i].off == off)
			return true;
	return false;
}

static void
test_reset_values(void **state)
{
	struct sdxi_emu_conf conf = {
		.max_cxt = 0x1234, .sfunc = 0x5678, .max_ds_ring_sz = 21, .max_buffer = 11,
		.max_akey_sz = 7, .max_errlog_sz = 3, .db_stride = 5,
	};
	unsigned int i, j;
	struct owner *own;

	(void)state;
	for (i = 0; i < 2; i++) {
		own = owner_make(&conf);
		for (j = 0; j < ARRAY_LEN(regs); j++)
			if (regs[j].off < SDXI_MMIO_CAP0 || regs[j].off > SDXI_MMIO_VERSION)
				assert_int_equal(reg_get(own, regs[j].off), 0);
		assert_int_equal(reg_get(own, SDXI_MMIO_CAP0), i == 0 ? 0x15505678 : 0x06000000);
		assert_int_equal(reg_get(own, SDXI_MMIO_CAP1), i == 0 ?
				 UINT64_C(0x000000101234735b) : UINT64_C(0x00000010007f845b));
		assert_int_equal(reg_get(own, SDXI_MMIO_VERSION), 0x10000);
		owner_free(own);
		sdxi_emu_conf_default(&conf);
	}
}

/* Reads of any offset and size are safe; only aligned parts of registers return data. */
static void
test_read_any(void **state)
{
	struct owner *own = built();
	unsigned int i, size;
	uint64_t off, want;

	(void)state;
	reg_set(own, SDXI_MMIO_CTL0, UINT64_C(0x0123456789abcdef) & ~SDXI_CTL0_FN_GSR);
	for (i = 0; i < ARRAY_LEN(regs); i++)
		for (off = regs[i].off; off != regs[i].off + 8; off++)
			for (size = 1; size <= 9; size++) {
				want = reg_get(own, regs[i].off) >> off % 8 * 8;
				want &= UINT64_MAX >> (64 - size * 8) % 64;
				if (off % size != 0 || (size & (size - 1)) != 0)
					want = 0;
				assert_int_equal(sdxi_emu_reg_read(own->emu, off, size), want);
			}
	for (off = 0; off < SDXI_MMIO_LEN + 64; off += 8)
		if (!is_reg(off))
			assert_int_equal(reg_get(own, off), 0);
	assert_int_equal(sdxi_emu_reg_read(own->emu, UINT64_MAX, 8), 0);
	owner_free(own);
}

static void
test_write_any(void **state)
{
	/* Accesses without effect. */
	static const struct {
		int off;
		unsigned int size;
	} vain[] = { { 0, 1 }, { 0, 2 }, { 0, 3 }, { 1, 4 }, { 2, 4 }, { 4, 8 }, { -4, 8 } };
	const uint64_t some = UINT64_C(0x5555555555555554), high = UINT64_C(0xffffffff) << 32;
	struct sdxi_emu_conf conf = conf_test();
	struct owner *own = owner_make(&conf);
	uint64_t was, bits;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(regs); i++) {
		was = reg_get(own, regs[i].off);
		bits = regs[i].bits;
		for (j = 0; j < ARRAY_LEN(vain); j++)
			sdxi_emu_reg_write(own->emu, regs[i].off + vain[j].off, UINT64_MAX,
					   vain[j].size);
		assert_int_equal(reg_get(own, regs[i].off), was);
		sdxi_emu_reg_write(own->emu, regs[i].off + 4, UINT64_MAX, 4);
		assert_int_equal(reg_get(own, regs[i].off), bits == 0 ? was : bits & high);
		/* Leave ACTIVE, where some bits are read-only. */
		sdxi_emu_reg_write(own->emu, regs[i].off, i == 0 ? UINT32_MAX - 1 : UINT32_MAX, 4);
		assert_int_equal(reg_get(own, regs[i].off),
				 bits == 0 ? was : i == 0 ? bits - 1 : bits);
		reg_set(own, regs[i].off, 0);
		assert_int_equal(reg_get(own, regs[i].off), bits == 0 ? was : 0);
		reg_set(own, regs[i].off, some);
		assert_int_equal(reg_get(own, regs[i].off), bits == 0 ? was : some & bits);
	}
	for (i = 0; i < SDXI_MMIO_LEN + 64; i += 8)
		if (!is_reg(i)) {
			reg_set(own, i, UINT64_MAX);
			assert_int_equal(reg_get(own, i), 0);
		}
	reg_set(own, UINT64_MAX - 7, 1);
	owner_free(own);
}

/* Fields of CTL0 that are writable in STOP only; the half with fn_grp_id holds no request. */
static void
test_ctl0(void **state)
{
	const uint64_t stop_bits = UINT64_C(0x0fffff14);
	struct owner *own = active(STOPS);

	(void)state;
	reg_set(own, SDXI_MMIO_CTL0, stop_bits | SDXI_GSR_ACTIVE);
	assert_int_equal(reg_get(own, SDXI_MMIO_CTL0), SDXI_GSR_ACTIVE);
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	/* Writing the other half does not repeat an ignored request. */
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	fn_ask(own, SDXI_GSR_RESET);
	reg_set(own, SDXI_MMIO_CTL0, stop_bits & ~SDXI_CTL0_FN_PASID_VL);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL0 + 4, 0xdeadbeef, 4);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL0, SDXI_GSR_STOP_SF, 4);
	assert_int_equal(fn_state(own), SDXI_GSV_STOPG_SF);
	sdxi_emu_reg_write(own->emu, SDXI_MMIO_CTL0 + 4, 0xdeadbeef, 4);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	assert_int_equal(reg_get(own, SDXI_MMIO_CTL0),
			 UINT64_C(0xdeadbeef00000001) | (stop_bits & ~SDXI_CTL0_FN_PASID_VL));
	owner_free(own);
}

static void
test_err_regs(void **state)
{
	static const struct {
		uint64_t off;
		uint64_t val;
		unsigned int size;
		uint64_t want; /* expected ERR_STS */
	} rows[] = {
		{ 0, 0, 8, 9 }, { 0, 2, 8, 9 }, { 4, UINT64_MAX, 4, 9 }, { 0, 1, 8, 8 },
		{ 0, UINT64_MAX, 4, 0 },
	};
	struct owner *own = built();
	unsigned int i;

	(void)state;
	/* ERR_WRT is read-only while the log is enabled. */
	reg_set(own, SDXI_MMIO_ERR_WRT, 77);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	/* A log without entries is not usable: sts and err. */
	reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_ERR_CFG_EN);
	reg_set(own, SDXI_MMIO_CXT_L2, NO_MEM);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 9);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		sdxi_emu_reg_write(own->emu, SDXI_MMIO_ERR_STS + rows[i].off, rows[i].val,
				   rows[i].size);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), rows[i].want);
	}
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	owner_free(own);
}

/* ---- function states ---- */

/* Create a function in a given state. */
static struct owner *
made_in(enum sdxi_fn_gsv gsv, uint32_t flr_ms, bool flr_ones)
{
	struct sdxi_emu_conf conf = conf_test();
	struct owner *own;

	conf.flr_ms = flr_ms;
	conf.flr_ones = flr_ones;
	own = owner_make(&conf);
	fn_build(own);
	if (gsv == SDXI_GSV_ERROR)
		reg_set(own, SDXI_MMIO_CXT_L2, NO_MEM);
	if (gsv == SDXI_GSV_ACTIVE || gsv == SDXI_GSV_STOPG_SF || gsv == SDXI_GSV_STOPG_HD)
		fn_activate(own);
	else if (gsv != SDXI_GSV_STOP)
		fn_ask(own, SDXI_GSR_ACTIVE);
	if (gsv == SDXI_GSV_ERROR)
		run_dry(own);
	if (gsv == SDXI_GSV_STOPG_SF || gsv == SDXI_GSV_STOPG_HD)
		fn_ask(own, gsv == SDXI_GSV_STOPG_SF ? SDXI_GSR_STOP_SF : SDXI_GSR_STOP_HD);
	assert_int_equal(fn_state(own), gsv);
	return own;
}

static void
test_transitions(void **state)
{
	/* [state][request]: state directly after the request, and after running. */
	static const uint8_t at_once[6][4] = {
		/* RESET, STOP_SF, STOP_HD, ACTIVE */
		{ SDXI_GSV_STOP, SDXI_GSV_STOP, SDXI_GSV_STOP, SDXI_GSV_INIT },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_SF, SDXI_GSV_STOPG_HD, SDXI_GSV_INIT },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_SF, SDXI_GSV_STOPG_HD, SDXI_GSV_ACTIVE },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_SF, SDXI_GSV_STOPG_HD, SDXI_GSV_STOPG_SF },
		{ SDXI_GSV_STOP, SDXI_GSV_STOPG_HD, SDXI_GSV_STOPG_HD, SDXI_GSV_STOPG_HD },
		{ SDXI_GSV_STOP, SDXI_GSV_ERROR, SDXI_GSV_ERROR, SDXI_GSV_ERROR },
	};
	static const uint8_t settled[6] = {
		SDXI_GSV_STOP, SDXI_GSV_ACTIVE, SDXI_GSV_ACTIVE,
		SDXI_GSV_STOP, SDXI_GSV_STOP,	SDXI_GSV_ERROR,
	};
	unsigned int from, gsr;
	struct owner *own;

	(void)state;
	for (from = 0; from < 6; from++)
		for (gsr = 0; gsr < 4; gsr++) {
			own = made_in(from, 0, false);
			fn_ask(own, gsr);
			assert_int_equal(fn_state(own), at_once[from][gsr]);
			run_dry(own);
			assert_int_equal(fn_state(own), settled[at_once[from][gsr]]);
			assert_int_equal(reg_get(own, SDXI_MMIO_CTL0) & 3, gsr);
			owner_free(own);
		}
}

/*
 * All resets lead to STOP without writing to memory, and the function works again (after a function
 * level reset, as soon as its registers respond).
 */
static void
test_resets(void **state)
{
	const struct sdxi_emu_fault fault = { .kind = SDXI_EMU_FAULT_NO_ACTIVE };
	unsigned int from, how, i;
	struct owner *own;
	uint64_t writes;

	(void)state;
	for (from = 0; from < 6; from++)
		for (how = 0; how < 4; how++) {
			own = made_in(from, how < 2 ? 0 : 100, how == 3);
			reg_set(own, SDXI_MMIO_RKEY, UINT64_MAX);
			reg_set(own, SDXI_MMIO_ERR_RD, 5);
			writes = own->writes;
			sdxi_emu_inject(own->emu, &fault);
			if (how == 0)
				sdxi_emu_reset(own->emu);
			else
				sdxi_emu_flr(own->emu);
			run_dry(own);
			assert_int_equal(own->writes, writes);
			for (i = 0; how >= 2 && i < ARRAY_LEN(regs); i++) {
				own->now_ms = i % 2 * 99;
				reg_set(own, regs[i].off, UINT64_MAX);
				assert_int_equal(reg_get(own, regs[i].off),
						 how == 2 ? 0 : UINT64_MAX);
				assert_int_equal(sdxi_emu_reg_read(own->emu, regs[i].off + 2, 2),
						 how == 2 ? 0 : 0xffff);
			}
			own->now_ms = 100;
			assert_int_equal(fn_state(own), SDXI_GSV_STOP);
			for (i = 0; i < ARRAY_LEN(regs); i++)
				if (regs[i].off < SDXI_MMIO_CAP0 || regs[i].off > SDXI_MMIO_VERSION)
					assert_int_equal(reg_get(own, regs[i].off), 0);
			assert_int_equal(reg_get(own, SDXI_MMIO_VERSION), 0x10000);
			/* Only sdxi_emu_reset() removes injected faults. */
			own->n_areas = 0;
			fn_build(own);
			for (i = 0; i < (how != 0); i++) {
				fn_ask(own, SDXI_GSR_ACTIVE);
				run_dry(own);
				assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
				fn_ask(own, SDXI_GSR_RESET);
			}
			fn_activate(own);
			owner_free(own);
		}
}

/* In STOP, INIT and ERROR, doorbells and time have no effect. */
static void
test_inactive_is_silent(void **state)
{
	static const enum sdxi_fn_gsv gsv[] = { SDXI_GSV_STOP, SDXI_GSV_INIT, SDXI_GSV_ERROR };
	struct owner *own;
	uint64_t accesses;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(gsv); i++) {
		own = made_in(gsv[i], 0, false);
		accesses = own->accesses;
		push_ring(own, 0, dsc_nop());
		if (gsv[i] == SDXI_GSV_INIT)
			fn_ask(own, SDXI_GSR_RESET);
		assert_int_equal(sdxi_emu_run(own->emu, 64), 0);
		assert_int_equal(own->accesses, accesses);
		owner_free(own);
	}
}

/* ---- activation ---- */

static void
test_activation_failures(void **state)
{
	struct owner *own;
	unsigned int i;

	(void)state;
	for (i = 0; i < TABLE_BREAKS; i++) {
		own = built();
		table_break(own, 0, &table_breaks[i]);
		reg_set(own, SDXI_MMIO_CTL0, SDXI_CTL0_FN_ERR_INTR_EN | SDXI_GSR_ACTIVE);
		assert_int_equal(own->irqs, 0);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
		assert_int_equal(own->irqs, 1);
		assert_int_equal(own->irq_vector, SDXI_INTR_ERRLOG);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		log_check(own, 0, 0, LOG_NO_DESC, LOG_NO_BUF, table_breaks[i].step,
			  table_breaks[i].sub, SDXI_RE_FN_STOPPED);
		/* Only the log entry was written. */
		assert_int_equal(own->writes, 2);
		owner_free(own);
	}
}

/* Which of the two interrupts is raised; the log's only for its first entry. */
static void
test_activation_interrupts(void **state)
{
	static const struct {
		bool fn_intr;
		bool log_intr;
		bool log_on;
		bool clear; /* ERR_STS before */
		unsigned int irqs;
	} rows[] = {
		{ false, false, true, true, 0 },
		{ false, true, true, true, 1 },
		{ false, true, true, false, 0 },
		{ true, false, true, false, 1 },
		{ true, true, true, true, 1 },
		{ false, true, false, true, 0 },
		{ true, true, false, true, 1 },
	};
	struct owner *own = built();
	unsigned int i, logged = 0;

	(void)state;
	reg_set(own, SDXI_MMIO_CXT_L2, NO_MEM);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		fn_ask(own, SDXI_GSR_RESET);
		reg_set(own, SDXI_MMIO_ERR_CTL, rows[i].log_intr);
		reg_set(own, SDXI_MMIO_ERR_CFG, !rows[i].log_on ? 0 :
			LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 1) | SDXI_ERR_CFG_EN);
		if (rows[i].clear)
			reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
		reg_set(own, SDXI_MMIO_CTL0, SDXI_PUT(SDXI_CTL0_FN_ERR_INTR_EN, rows[i].fn_intr));
		own->irqs = 0;
		fn_ask(own, SDXI_GSR_ACTIVE);
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_ERROR);
		assert_int_equal(own->irqs, rows[i].irqs);
		logged += rows[i].log_on;
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), rows[i].log_on);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), logged);
	}
	/* PASIDs are not supported. */
	fn_ask(own, SDXI_GSR_RESET);
	reg_set(own, SDXI_MMIO_CXT_L2, L2_AT);
	reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 1) | SDXI_ERR_CFG_EN);
	reg_set(own, SDXI_MMIO_CTL0, SDXI_CTL0_FN_PASID_VL);
	fn_ask(own, SDXI_GSR_ACTIVE);
	run_dry(own);
	log_check(own, logged, 0, LOG_NO_DESC, LOG_NO_BUF, AT(INTERNAL, VALIDATION),
		  SDXI_RE_FN_STOPPED);
	owner_free(own);
}

/*
 * The lower of the limits in CTL2 and CAP1 applies, from activation and again from FN_UPD on: to
 * contexts that are started or read again afterwards.
 */
static void
test_limits(void **state)
{
	const uint64_t l2_at = MEM_BASE + 0xf000; /* of unused contexts */
	const struct sdxi_dsc large = dsc_copy(DATA_AT, DATA_AT + (4 << 20), (2 << 20) + 1);
	struct sdxi_dsc intr = dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR);
	struct owner *own;
	unsigned int i, area;
	void *l2;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct sdxi_emu_conf conf = conf_test();

		conf.err_continue = true;
		own = owner_make(&conf);
		fn_build(own);
		reg_set(own, SDXI_MMIO_CTL2, i == 0 ? UINT64_MAX : 5 << 16);
		fn_activate(own);
		/* Writes now take effect later. */
		reg_set(own, SDXI_MMIO_CTL2, i == 0 ? 0 : UINT64_MAX);
		reg_set(own, SDXI_MMIO_CXT_L2, l2_at);
		l2 = mem_at(own, L2_AT);
		area = cxt_build(own, 5, 0);
		akeys_of(own, area)[1].intr_num = le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV);
		intr.copy.akey0 = le16(1);
		cxt_start(own, 5);
		if (i == 0) {
			do_good(own, area, large);
			do_good(own, area, intr);
			cxt_up(own, 1023);
			assert_false(do_bad(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1024, 1024),
					    BAD_DESC));
		} else {
			assert_false(do_bad(own, area, large, BAD_DESC));
			do_bad(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 6, 6), BAD_DESC);
			/* No AKey table larger than the smallest one. */
			cxt_build(own, 4, 0);
			l1_of(own, 4)->akey_ptr |= le64(1);
			push_ring(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 4, 4));
			run_dry(own);
			assert_true(has_er(own, 0, own->wix[0] - 1));
		}
		memcpy(mem_at(own, l2_at), l2, 4096);
		memset(l2, 0, 4096);
		do_good(own, 0, dsc_adm(SDXI_ADM_FN_UPD, 0, 0));
		do_good(own, 0, dsc_sync(SDXI_FLT_FN, 0, 0));
		if (i == 0) {
			/* A running context keeps its limits until its tables are read again. */
			do_good(own, area, large);
			do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 5, 5));
			assert_false(do_bad(own, area, large, BAD_DESC));
			assert_true(do_bad(own, area, intr, BAD_DESC));
			cxt_stop(own, 5);
			do_bad(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 5, 5), BAD_DESC);
		} else {
			assert_true(do_bad(own, area, intr, BAD_DESC));
			cxt_stop(own, 5);
			cxt_start(own, 5);
			do_good(own, area, intr);
			do_good(own, area, large);
			cxt_start(own, 4);
		}
		owner_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_conf_ranges),
		cmocka_unit_test(test_conf_parse),
		cmocka_unit_test(test_reset_values),
		cmocka_unit_test(test_read_any),
		cmocka_unit_test(test_write_any),
		cmocka_unit_test(test_ctl0),
		cmocka_unit_test(test_err_regs),
		cmocka_unit_test(test_transitions),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_inactive_is_silent),
		cmocka_unit_test(test_activation_failures),
		cmocka_unit_test(test_activation_interrupts),
		cmocka_unit_test(test_limits),
	};
	int failed = 0;

	RUN_ANY_ORDER(failed, any_order);
	return failed;
}
