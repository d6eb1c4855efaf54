/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The emulated function: bad descriptors, errors and their log, stops in mid-copy. */

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))

/* ---- what is wrong with descriptors ---- */

static void
test_akey_failures(void **state)
{
	static const struct {
		uint16_t word;
		uint16_t sfunc;
		enum sdxi_err_step step;
	} bad[] = {
		{ 0, 0, SDXI_STEP_AKEY },
		{ SDXI_AKEY_ENT_IV, 0, SDXI_STEP_AKEY },
		{ SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_PV, 0, SDXI_STEP_AKEY },
		{ SDXI_AKEY_ENT_VL, 0x43, SDXI_STEP_RKEY },
		{ SDXI_AKEY_ENT_VL, 0x4200, SDXI_STEP_RKEY },
	};
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_akey_ent *akeys = akeys_of(own, area);
	struct sdxi_dsc dsc = dsc_copy(DST, SRC, 64);
	unsigned int i, buf;
	uint64_t index, n = 0;

	reg_set(own, SDXI_MMIO_RKEY, UINT64_C(0x1000) | SDXI_RKEY_EN);
	/* The function's own number is as good as 0. */
	akeys[1].intr_num = le16(SDXI_AKEY_ENT_VL);
	akeys[1].tgt_sfunc = le16(0x42);
	dsc.copy.akey0 = le16(1);
	dsc.copy.akey1 = le16(1);
	do_good(own, area, dsc);

	for (i = 0; i < ARRAY_LEN(bad); i++)
		for (buf = 0; buf < 2; buf++) {
			akeys[10 + i].intr_num = le16(bad[i].word);
			akeys[10 + i].tgt_sfunc = le16(bad[i].sfunc);
			dsc.copy.akey0 = le16(buf == 0 ? 10 + i : 1);
			dsc.copy.akey1 = le16(buf == 1 ? 10 + i : 1);
			index = push_ring(own, area, dsc);
			run_dry(own);
			assert_true(is_done(own, area, index) && has_er(own, area, index));
			log_check(own, n++, 1, index, buf, bad[i].step, SDXI_SUB_STEP_VALIDATION,
				  SDXI_RE_INFORMATIVE);
		}
	/* Beyond the table, though there is one. */
	akeys[256].intr_num = le16(SDXI_AKEY_ENT_VL);
	dsc.copy.akey1 = le16(256);
	index = push_ring(own, area, dsc);
	run_dry(own);
	log_check(own, n++, 1, index, 1, SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_INFORMATIVE);
	dsc.copy.akey1 = le16(0xffff);
	index = push_ring(own, area, dsc);
	run_dry(own);
	log_check(own, n++, 1, index, 1, SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_INFORMATIVE);
	/* In the table, but not in memory. */
	hole_add(own, AREA_AT(area) + AKEY_OFF + 20 * 16, 16, true, true);
	dsc.copy.akey1 = le16(20);
	index = push_ring(own, area, dsc);
	run_dry(own);
	log_check(own, n++, 1, index, 1, SDXI_STEP_AKEY, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_INFORMATIVE);
	/* What failed is not remembered, what was good is, until AKEY_UPD. */
	akeys[10].intr_num = le16(SDXI_AKEY_ENT_VL);
	dsc.copy.akey1 = le16(10);
	do_good(own, area, dsc);
	akeys[10].intr_num = 0;
	do_good(own, 0, dsc_adm(SDXI_ADM_AKEY_UPD, 0, 1023));
	index = push_ring(own, area, dsc);
	run_dry(own);
	assert_true(has_er(own, area, index));
	akeys[10].intr_num = le16(SDXI_AKEY_ENT_VL);
	do_good(own, area, dsc);
	akeys[10].intr_num = 0;
	do_good(own, 0, dsc_op(SDXI_TYPE_ADMIN, SDXI_ADM_FN_UPD));
	index = push_ring(own, area, dsc);
	run_dry(own);
	assert_true(has_er(own, area, index));
	akeys[10].intr_num = le16(SDXI_AKEY_ENT_VL);
	do_good(own, area, dsc);
	akeys[10].intr_num = 0;
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 1, 1));
	index = push_ring(own, area, dsc);
	run_dry(own);
	assert_true(has_er(own, area, index));
}

static void
test_desc_validation(void **state)
{
	/* Byte of the descriptor and what it becomes. */
	static const struct {
		unsigned int subtype;
		unsigned int byte;
		uint8_t val;
	} bad[] = {
		{ SDXI_DMAB_COPY, 8, 0x01 },	{ SDXI_DMAB_COPY, 8, 0x10 },
		{ SDXI_DMAB_COPY, 9, 0x01 },	{ SDXI_DMAB_COPY, 11, 0x80 },
		{ SDXI_DMAB_COPY, 32, 0x01 },	{ SDXI_DMAB_COPY, 47, 0x80 },
		{ SDXI_DMAB_COPY, 55, 0x80 },	{ SDXI_DMAB_NOP, 0, SDXI_DSC_SE },
		{ SDXI_DMAB_NOP, 0, SDXI_DSC_CH }, { SDXI_DMAB_NOP, 4, 0x01 },
		{ SDXI_DMAB_NOP, 8, 0x01 },	{ SDXI_DMAB_NOP, 16, 0x01 },
		{ SDXI_DMAB_NOP, 31, 0x01 },	{ SDXI_DMAB_NOP, 55, 0x01 },
		{ SDXI_DMAB_WRT_IMM, 8, 0x01 }, { SDXI_DMAB_WRT_IMM, 14, 0x01 },
		{ SDXI_DMAB_REPCOPY, 8, 0x01 }, { SDXI_DMAB_REPCOPY, 40, 0x01 },
	};
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int i;
	uint64_t index;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		dsc = dsc_copy(DST, SRC, 4096);
		if (bad[i].subtype == SDXI_DMAB_NOP)
			dsc = dsc_nop();
		if (bad[i].subtype == SDXI_DMAB_WRT_IMM)
			memset(&dsc, 0, sizeof(dsc));
		if (bad[i].subtype == SDXI_DMAB_WRT_IMM)
			dsc.copy.addr0 = le64(DST);
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, bad[i].subtype));
		do_good(own, area, dsc);
		((uint8_t *)&dsc)[bad[i].byte] |= bad[i].val;
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_true(is_done(own, area, index) && has_er(own, area, index));
		log_check(own, i, 1, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
			  SDXI_RE_INFORMATIVE);
	}
	/* Bits that a copy may have. */
	dsc = dsc_copy(DST, SRC, 64);
	dsc.any.opcode |= le32(SDXI_DSC_SE | SDXI_DSC_CH | SDXI_DSC_FE);
	do_good(own, area, dsc);
}

static void
test_desc_header(void **state)
{
	static const uint32_t bad[] = {
		SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP) | 1u << 6,
		SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP) | 1u << 27,
		SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP) | 1u << 31,
		SDXI_DSC_OP(SDXI_TYPE_DMAB, 0),
		SDXI_DSC_OP(SDXI_TYPE_DMAB, 5),
		SDXI_DSC_OP(0, 1),
		SDXI_DSC_OP(SDXI_TYPE_ATOMIC, 1),
		SDXI_DSC_OP(SDXI_TYPE_INTR, 1),
		SDXI_DSC_OP(33, 1), /* a type whose bit would be that of type 1 */
		SDXI_DSC_OP(0x7ff, 0xff),
	};
	struct sdxi_dsc dsc;
	struct owner *own;
	unsigned int i, area, other;
	uint64_t index;
	void *s;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad) + 2; i++) {
		setup_active_continue(&s);
		own = s;
		other = cxt_up(own, 2);
		area = cxt_build(own, 1, 0);
		dsc = dsc_nop();
		if (i < ARRAY_LEN(bad))
			dsc.any.opcode = le32(bad[i]);
		else if (i == ARRAY_LEN(bad)) /* the group is not granted to the context */
			l1_of(own, 1)->opb_000_enb = le32(OPB_ALL & ~2u);
		else
			dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_ADMIN, SDXI_ADM_SYNC));
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 1));
		index = push_ring(own, area, dsc);
		run_dry(own);
		/* Even where data errors let it go on. */
		assert_true(is_done(own, area, index) && has_er(own, area, index));
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		log_check(own, 0, 1, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
			  SDXI_RE_CXT_STOPPED);
		do_good(own, other, dsc_nop());
		owner_free(own);
	}
}

static void
test_overlap_and_length(void **state)
{
	static const struct {
		int64_t dst; /* of source */
		uint32_t len;
		bool bad;
	} ranges[] = {
		{ 0, 1, true },	    { 63, 64, true },  { -63, 64, true }, { 64, 64, false },
		{ -64, 64, false }, { 1, 4096, true }, { 1, 1, false },	  { -1, 1, false },
	};
	struct owner *own = *state;
	const unsigned int area = cxt_build(own, 1, 0);
	const uint64_t csb = DST + 4096;
	struct sdxi_dsc dsc;
	uint64_t index, n = 0;
	unsigned int i;

	l1_of(own, 1)->misc0 = le32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER, 1));
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 1));
	for (i = 0; i < ARRAY_LEN(ranges); i++) {
		dsc = dsc_copy(SRC + 4096 + ranges[i].dst, SRC + 4096, ranges[i].len);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_true(is_done(own, area, index));
		assert_true(has_er(own, area, index) == ranges[i].bad);
		if (ranges[i].bad)
			log_check(own, n++, 1, index, LOG_NO_BUF, SDXI_STEP_DESC,
				  SDXI_SUB_STEP_VALIDATION, SDXI_RE_INFORMATIVE);
	}
	/* The block in the source, in the destination, right behind and right before them. */
	for (i = 0; i < 8; i++) {
		const uint64_t at = i & 1 ? DST : SRC;
		const uint64_t to = i & 1 ? SRC : DST;

		switch (i / 2) {
		case 0:
			dsc = dsc_copy(at, to, 4096 + 1);
			break;
		case 1:
			dsc = dsc_copy(at, to, 4096);
			break;
		case 2:
			dsc = dsc_copy(at + 4096 + 31, to + 4096 + 31, 64);
			break;
		default:
			dsc = dsc_copy(at + 4096 + 32, to + 4096 + 32, 64);
			break;
		}
		memset(mem_at(own, csb), 0, 32);
		dsc.any.csb_ptr = le64(csb);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), i / 2 % 2 == 0 ? ++n : n);
	}
	/* One byte more than the least of the limits. */
	do_good(own, area, dsc_copy(DST, SRC, 1 << 22));
	for (i = 0; i < 2; i++) {
		index = push_ring(own, area,
				  dsc_copy(DST, SRC, i == 0 ? (1 << 22) + 1 : UINT64_C(1) << 32));
		run_dry(own);
		assert_true(has_er(own, area, index));
		log_check(own, n++, 1, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
			  SDXI_RE_INFORMATIVE);
	}
	/* Ranges over the end of the address space. */
	for (i = 0; i < 2; i++) {
		index = push_ring(own, area,
				  i == 0 ? dsc_copy(DST, UINT64_MAX - 62, 64)
					 : dsc_copy(UINT64_MAX - 62, SRC, 64));
		run_dry(own);
		log_check(own, n++, 1, index, i, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
			  SDXI_RE_INFORMATIVE);
	}
}

/* ---- reactions ---- */

#define BURST 20
#define FAILING 7

/* A burst with one bad copy in its middle. */
static void
push_burst(struct owner *own, unsigned int area, uint64_t bad_src, uint64_t bad_dst, uint64_t len)
{
	struct sdxi_dsc dsc;
	unsigned int i;

	fill(own, SRC, BURST * 64, 1);
	memset(mem_at(own, DST), 0, BURST * 64);
	for (i = 0; i < BURST; i++) {
		dsc = i == FAILING ? dsc_copy(bad_dst, bad_src, len)
				   : dsc_copy(DST + i * 64, SRC + i * 64, 64);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
}

/* Who has seen a block's terminal value finds Read_Index, entry and state as they will be. */
static void
look_at_failure(struct owner *own, uint64_t iova)
{
	if (iova != cst_at(2, FAILING))
		return;
	own->on_write64 = NULL;
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
	assert_int_equal(cxt_state(own, 2), SDXI_CXT_ERR_FN);
	assert_int_equal(read_index(own, 2), FAILING + 1);
	assert_true(has_er(own, 2, FAILING));
}

static void
test_error_stops(void **state)
{
	struct owner *own;
	unsigned int area, other, i, how;
	uint64_t hole;
	void *s;

	(void)state;
	for (how = 0; how < 4; how++) {
		setup_active(&s);
		own = s;
		other = cxt_up(own, 2);
		area = cxt_up(own, 1);
		reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
		own->on_write64 = look_at_failure;
		/* Of a long one, the last part fails. */
		hole = DATA_AT + DATA_LEN;
		if (how == 0)
			push_burst(own, area, NO_MEM, DST, 64);
		else if (how == 1)
			push_burst(own, area, SRC, NO_MEM, 64);
		else if (how == 2)
			push_burst(own, area, hole - (3 << 20), DST, (3 << 20) + 1);
		else
			push_burst(own, area, SRC, hole - (3 << 20), (3 << 20) + 1);

		assert_null(own->on_write64);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		assert_int_equal(read_index(own, area), FAILING + 1);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
		assert_int_equal(own->irqs, 1);
		log_check(own, 0, 1, FAILING, how & 1, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
			  SDXI_RE_CXT_STOPPED);
		for (i = 0; i < BURST; i++) {
			assert_true(is_done(own, area, i) == (i <= FAILING));
			assert_true(has_er(own, area, i) == (i == FAILING));
			/* Those behind it are as if nobody had looked at them. */
			assert_int_equal(slot_of(own, area, i)->any.opcode & le32(SDXI_DSC_VL),
					 i <= FAILING ? 0 : le32(SDXI_DSC_VL));
			if (how < 2 && i > FAILING)
				assert_int_equal(*(uint8_t *)mem_at(own, DST + i * 64), 0);
		}
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(read_index(own, area), FAILING + 1);
		do_good(own, other, dsc_nop());

		/* Stopped and started again, it does the rest. */
		do_good(own, 0, dsc_stop(1, 1, false));
		do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
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
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int i, how;

	for (how = 0; how < 2; how++) {
		push_burst(own, area, NO_MEM, DST, how == 0 ? 64 : 1 << 20);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
		assert_int_equal(read_index(own, area), BURST * (how + 1));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), how + 1);
		log_check(own, how, 1, FAILING + BURST * how, 0, SDXI_STEP_BUFFER,
			  SDXI_SUB_STEP_TRANSLATION, SDXI_RE_INFORMATIVE);
		for (i = 0; i < BURST; i++) {
			assert_true(is_done(own, area, BURST * how + i));
			assert_true(has_er(own, area, BURST * how + i) == (i == FAILING));
			if (i != FAILING)
				assert_true(same(own, DST + i * 64, SRC + i * 64, 64));
		}
	}
	assert_int_equal(own->irqs, 0);
}

static void
test_error_in_admin_context(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	uint64_t index;

	index = push_ring(own, 0, dsc_copy(NO_MEM, SRC, 64));
	run_dry(own);
	assert_true(has_er(own, 0, index));
	assert_int_equal(cxt_state(own, 0), SDXI_CXT_ERR_FN);
	log_check(own, 0, 0, index, 1, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_CXT_STOPPED);
	/* The function and its other contexts are not touched by that. */
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	do_good(own, area, dsc_nop());
	fn_ask(own, SDXI_GSR_STOP_SF);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_STOP);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
}

/* ---- error log ---- */

static void
fail_one(struct owner *own, unsigned int area)
{
	push_ring(own, area, dsc_copy(DST, NO_MEM, 64));
	run_dry(own);
}

static void
test_log_wrap_and_overflow(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	const uint64_t start = UINT64_C(3) * 192 - 5;
	uint64_t i;

	/* Three units: a size that is no power of two. */
	reg_set(own, SDXI_MMIO_ERR_CFG, 0);
	fail_one(own, area);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 0);
	reg_set(own, SDXI_MMIO_ERR_WRT, start);
	reg_set(own, SDXI_MMIO_ERR_RD, start);
	reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
	reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 3) | SDXI_ERR_CFG_EN);
	for (i = 0; i < 192; i++) {
		fail_one(own, area);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), start + i + 1);
		log_check(own, (start + i) % 192, 1, i + 1, 0, SDXI_STEP_BUFFER,
			  SDXI_SUB_STEP_TRANSLATION, SDXI_RE_INFORMATIVE);
	}
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
	assert_int_equal(own->irqs, 192);
	/* Full: the entry is lost, nothing else is touched. */
	fail_one(own, area);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), start + 192);
	assert_int_equal(own->irqs, 193);
	log_check(own, start % 192, 1, 1, 0, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_INFORMATIVE);
	/* Room for one. */
	reg_set(own, SDXI_MMIO_ERR_RD, start + 1);
	reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
	fail_one(own, area);
	fail_one(own, area);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), start + 193);
	log_check(own, start % 192, 1, 194, 0, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_INFORMATIVE);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF);
	/* A read index that ran ahead. */
	reg_set(own, SDXI_MMIO_ERR_RD, start + 194);
	fail_one(own, area);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), start + 193);
	/* The whole time, the context was well. */
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
}

static void
test_log_unusable(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
		if (i == 0)
			reg_set(own, SDXI_MMIO_ERR_CFG,
				NO_MEM | SDXI_PUT(SDXI_ERR_CFG_SZ, 1) | SDXI_ERR_CFG_EN);
		else if (i == 1) /* above CAP1's */
			reg_set(own, SDXI_MMIO_ERR_CFG,
				LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 17) | SDXI_ERR_CFG_EN);
		else if (i == 2)
			reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_ERR_CFG_EN);
		else {
			reg_set(own, SDXI_MMIO_ERR_CFG,
				LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 1) | SDXI_ERR_CFG_EN);
			hole_add(own, LOG_AT, 8, false, true);
		}
		fail_one(own, area);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS),
				 SDXI_ERR_STS_STS | SDXI_ERR_STS_ERR);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
		assert_true(has_er(own, area, own->wix[area] - 1));
	}
	do_good(own, area, dsc_nop());
	/* The size that CAP1 allows works. */
	own->n_holes = 0;
	reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
	reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 16) | SDXI_ERR_CFG_EN);
	fail_one(own, area);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), SDXI_ERR_STS_STS);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
}

/* ---- stops in mid-copy ---- */

#define LONG_LEN (8 * SDXI_EMU_CHUNK)

/* A long copy under way, with one behind it. */
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
	while (read_index(own, area) == 0)
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
	assert_true(same(own, DST, SRC, SDXI_EMU_CHUNK));
	assert_false(same(own, DST, SRC, LONG_LEN));
	return area;
}

static void
test_stop_in_copy(void **state)
{
	struct owner *own;
	unsigned int area, hard, more;
	uint64_t stop, sync;
	void *s;

	(void)state;
	/* Soft, hard, and soft made hard. */
	for (hard = 0; hard < 3; hard++) {
		setup_active(&s);
		own = s;
		area = copy_under_way(own);
		stop = push_ring(own, 0, dsc_stop(1, 1, hard == 1));
		while (!is_done(own, 0, stop))
			assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOPG_SW);
		if (hard == 2)
			push_ring(own, 0, dsc_stop(1, 1, true));
		sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		for (more = 0; !is_done(own, 0, sync); more++) {
			assert_true(more < 100);
			sdxi_emu_run(own->emu, 1);
			assert_true(!is_done(own, 0, sync) ||
				    cxt_state(own, area) == SDXI_CXT_STOP_SW);
		}
		run_dry(own);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_SW);
		assert_int_equal(read_index(own, area), 1);
		assert_true(is_done(own, area, 0) == (hard == 0));
		assert_true(same(own, DST, SRC, LONG_LEN) == (hard == 0));
		assert_false(is_done(own, area, 1));
		/* The one behind it is there for a restart. */
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, 1, 1));
		assert_true(is_done(own, area, 1));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
		owner_free(own);
	}
}

static void
test_function_stop_in_copy(void **state)
{
	struct owner *own;
	unsigned int area, hard;
	void *s;

	(void)state;
	for (hard = 0; hard < 3; hard++) {
		setup_active(&s);
		own = s;
		area = copy_under_way(own);
		fn_ask(own, hard == 1 ? SDXI_GSR_STOP_HD : SDXI_GSR_STOP_SF);
		if (hard != 1) {
			while (cxt_state(own, area) == SDXI_CXT_RUN)
				assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
			assert_int_equal(cxt_state(own, area), SDXI_CXT_STOPG_FN);
			assert_int_equal(fn_state(own), SDXI_GSV_STOPG_SF);
		}
		if (hard == 2) {
			fn_ask(own, SDXI_GSR_STOP_HD);
			assert_int_equal(fn_state(own), SDXI_GSV_STOPG_HD);
		}
		run_dry(own);
		assert_int_equal(fn_state(own), SDXI_GSV_STOP);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_STOP_FN);
		assert_int_equal(cxt_state(own, 0), SDXI_CXT_STOP_FN);
		assert_true(is_done(own, area, 0) == (hard == 0));
		assert_true(same(own, DST, SRC, LONG_LEN) == (hard == 0));
		assert_int_equal(read_index(own, area), 1);
		assert_false(is_done(own, area, 1));
		owner_free(own);
	}
}

/* An operation that fails while its context is being stopped: the stop stays a stop. */
static void
test_fail_while_stopping(void **state)
{
	unsigned int area, by_fn;
	struct owner *own;
	void *s;

	(void)state;
	for (by_fn = 0; by_fn < 2; by_fn++) {
		setup_active(&s);
		own = s;
		area = copy_under_way(own);
		hole_add(own, DST + LONG_LEN - 1, 1, true, true);
		if (by_fn)
			fn_ask(own, SDXI_GSR_STOP_SF);
		else
			push_ring(own, 0, dsc_stop(1, 1, false));
		run_dry(own);
		assert_int_equal(cxt_state(own, area),
				 by_fn ? SDXI_CXT_STOP_FN : SDXI_CXT_STOP_SW);
		assert_true(has_er(own, area, 0));
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		/* And the failure is not what has stopped it. */
		log_check(own, 0, 1, 0, 1, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
			  SDXI_RE_INFORMATIVE);
		owner_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_akey_failures, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_desc_validation, setup_active_continue,
						teardown),
		cmocka_unit_test(test_desc_header),
		cmocka_unit_test_setup_teardown(test_overlap_and_length, setup_active_continue,
						teardown),
		cmocka_unit_test(test_error_stops),
		cmocka_unit_test_setup_teardown(test_error_continues, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_error_in_admin_context, setup_active,
						teardown),
		cmocka_unit_test_setup_teardown(test_log_wrap_and_overflow, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_log_unusable, setup_active_continue,
						teardown),
		cmocka_unit_test(test_stop_in_copy),
		cmocka_unit_test(test_function_stop_in_copy),
		cmocka_unit_test(test_fail_while_stopping),
	};
	/* Not those that look at what is in between, or at what becomes visible first. */
	const struct CMUnitTest free_tests[] = {
		cmocka_unit_test_setup_teardown(test_akey_failures, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_desc_validation, setup_active_continue,
						teardown),
		cmocka_unit_test(test_desc_header),
		cmocka_unit_test_setup_teardown(test_overlap_and_length, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_error_continues, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_error_in_admin_context, setup_active,
						teardown),
		cmocka_unit_test_setup_teardown(test_log_wrap_and_overflow, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_log_unusable, setup_active_continue,
						teardown),
	};
	int failed;

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	RUN_WITH_FREEDOM(failed, free_tests);
	return failed;
}
