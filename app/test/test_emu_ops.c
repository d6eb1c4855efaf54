/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Emulated function: operations, valid descriptors, keys, completions. */

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))

/* ---- descriptor formats ---- */

#define OP(type, subtype) SDXI_TYPE_##type, SDXI_##subtype
/* Result of a descriptor with one changed bit. */
enum verdict {
	GOOD,
	BAD,   /* treated like a data error */
	FATAL, /* stops the context with either reaction to errors */
};

/* A valid descriptor of each operation, with one byte changed. */
static const struct {
	unsigned int type;
	unsigned int subtype;
	unsigned int byte;
	uint8_t bits;
	enum verdict want;
} forms[] = {
	{ OP(DMAB, DMAB_NOP), 0, 0x04, GOOD },	 { OP(DMAB, DMAB_NOP), 0, 0x10, GOOD },
	{ OP(DMAB, DMAB_NOP), 0, 0x20, GOOD },	 { OP(DMAB, DMAB_NOP), 0, 0x02, BAD },
	{ OP(DMAB, DMAB_NOP), 4, 0x01, BAD },	 { OP(DMAB, DMAB_NOP), 8, 0x01, BAD },
	{ OP(DMAB, DMAB_NOP), 16, 0x01, BAD },	 { OP(DMAB, DMAB_NOP), 31, 0x01, BAD },
	{ OP(DMAB, DMAB_NOP), 55, 0x01, BAD },
	/* First words: ch and reserved bits, undefined types and subtypes. */
	{ OP(DMAB, DMAB_NOP), 0, 0x08, FATAL },	 { OP(DMAB, DMAB_NOP), 0, 0x40, FATAL },
	{ OP(DMAB, DMAB_NOP), 0, 0x80, FATAL },	 { OP(DMAB, DMAB_NOP), 3, 0x08, FATAL },
	{ OP(DMAB, DMAB_NOP), 3, 0x80, FATAL },	 { OP(DMAB, DMAB_NOP), 1, 0x01, FATAL },
	{ OP(DMAB, DMAB_NOP), 1, 0x04, FATAL },	 { OP(DMAB, DMAB_NOP), 2, 0x01, FATAL },
	{ OP(DMAB, DMAB_NOP), 2, 0x02, FATAL },	 { OP(DMAB, DMAB_NOP), 2, 0x05, FATAL },
	/* A type that aliases type 1 in the group mask. */
	{ OP(DMAB, DMAB_NOP), 2, 0x20, FATAL },	 { OP(DMAB, DMAB_NOP), 3, 0x07, FATAL },
	{ OP(DMAB, DMAB_COPY), 0, 0x02, GOOD },	 { OP(DMAB, DMAB_COPY), 0, 0x08, FATAL },
	{ OP(DMAB, DMAB_COPY), 8, 0x01, BAD },	 { OP(DMAB, DMAB_COPY), 8, 0x10, BAD },
	{ OP(DMAB, DMAB_COPY), 9, 0x01, BAD },	 { OP(DMAB, DMAB_COPY), 11, 0x80, BAD },
	{ OP(DMAB, DMAB_COPY), 32, 0x01, BAD },	 { OP(DMAB, DMAB_COPY), 47, 0x80, BAD },
	{ OP(DMAB, DMAB_COPY), 55, 0x80, BAD },
	{ OP(DMAB, DMAB_WRT_IMM), 4, 0x1f, GOOD }, { OP(DMAB, DMAB_WRT_IMM), 55, 0x01, GOOD },
	{ OP(DMAB, DMAB_WRT_IMM), 4, 0x20, BAD },  { OP(DMAB, DMAB_WRT_IMM), 8, 0x01, BAD },
	{ OP(DMAB, DMAB_WRT_IMM), 14, 0x01, BAD }, { OP(DMAB, DMAB_WRT_IMM), 0, 0x08, FATAL },
	{ OP(DMAB, DMAB_REPCOPY), 8, 0x01, BAD },  { OP(DMAB, DMAB_REPCOPY), 40, 0x01, BAD },
	{ OP(DMAB, DMAB_REPCOPY), 4, 0x01, BAD },  { OP(DMAB, DMAB_REPCOPY), 17, 0x01, BAD },
	{ OP(DMAB, DMAB_REPCOPY), 25, 0x08, BAD },
	{ OP(INTR, INTR_INTR), 0, 0x02, GOOD },	 { OP(INTR, INTR_INTR), 4, 0x01, BAD },
	{ OP(INTR, INTR_INTR), 8, 0x01, BAD },	 { OP(INTR, INTR_INTR), 14, 0x01, BAD },
	{ OP(INTR, INTR_INTR), 16, 0x01, BAD },	 { OP(INTR, INTR_INTR), 0, 0x08, FATAL },
	{ OP(ADMIN, ADM_FN_UPD), 4, 0x01, BAD }, { OP(ADMIN, ADM_FN_UPD), 8, 0x01, BAD },
	{ OP(ADMIN, ADM_FN_UPD), 0, 0x08, FATAL },
	{ OP(ADMIN, ADM_CXT_UPD), 4, 0x02, GOOD }, { OP(ADMIN, ADM_CXT_UPD), 4, 0x03, BAD },
	{ OP(ADMIN, ADM_CXT_UPD), 5, 0x01, BAD },  { OP(ADMIN, ADM_CXT_UPD), 6, 0x01, BAD },
	{ OP(ADMIN, ADM_CXT_UPD), 8, 0x02, BAD },  { OP(ADMIN, ADM_CXT_UPD), 12, 0x01, BAD },
	{ OP(ADMIN, ADM_CXT_UPD), 16, 0x01, BAD },
	{ OP(ADMIN, ADM_AKEY_UPD), 14, 0x01, GOOD }, { OP(ADMIN, ADM_AKEY_UPD), 4, 0x01, BAD },
	{ OP(ADMIN, ADM_AKEY_UPD), 12, 0x01, BAD },  { OP(ADMIN, ADM_AKEY_UPD), 16, 0x01, BAD },
	{ OP(ADMIN, ADM_AKEY_UPD), 8, 0x02, BAD },
	{ OP(ADMIN, ADM_RKEY_UPD), 14, 0x01, GOOD }, { OP(ADMIN, ADM_RKEY_UPD), 13, 0x01, BAD },
	{ OP(ADMIN, ADM_RKEY_UPD), 5, 0x01, BAD },
#define START OP(ADMIN, ADM_CXT_START_NM)
	{ START, 5, 0x40, GOOD }, { START, 16, 1, GOOD },
	{ START, 0, 0x04, BAD }, { START, 0, 0x02, BAD },
	{ START, 4, 0x01, BAD }, { START, 5, 0x20, BAD },
	{ START, 5, 0x80, BAD }, { START, 6, 0x01, BAD },
	{ START, 8, 0x01, BAD }, { START, 11, 4, BAD },
	{ START, 12, 0x01, BAD }, { START, 24, 1, BAD },
	{ START, 55, 0x01, BAD },
	{ OP(ADMIN, ADM_CXT_START_RS), 5, 0x40, GOOD }, { OP(ADMIN, ADM_CXT_START_RS), 0, 4, BAD },
	{ OP(ADMIN, ADM_CXT_STOP), 5, 0x20, GOOD }, { OP(ADMIN, ADM_CXT_STOP), 0, 0x04, BAD },
	{ OP(ADMIN, ADM_CXT_STOP), 0, 0x02, BAD },  { OP(ADMIN, ADM_CXT_STOP), 5, 0x40, BAD },
	{ OP(ADMIN, ADM_CXT_STOP), 5, 0x80, BAD },  { OP(ADMIN, ADM_CXT_STOP), 7, 0x01, BAD },
	{ OP(ADMIN, ADM_CXT_STOP), 8, 0x01, BAD },  { OP(ADMIN, ADM_CXT_STOP), 16, 0x01, BAD },
	{ OP(ADMIN, ADM_INTR), 0, 0x02, GOOD },	 { OP(ADMIN, ADM_INTR), 8, 0x01, BAD },
	{ OP(ADMIN, ADM_INTR), 14, 0x01, BAD },	 { OP(ADMIN, ADM_INTR), 16, 0x01, BAD },
	{ OP(ADMIN, ADM_SYNC), 4, 0x04, GOOD },	 { OP(ADMIN, ADM_SYNC), 12, 0x01, GOOD },
	{ OP(ADMIN, ADM_SYNC), 4, 0x05, BAD },	 { OP(ADMIN, ADM_SYNC), 4, 0x08, BAD },
	{ OP(ADMIN, ADM_SYNC), 5, 0x01, BAD },	 { OP(ADMIN, ADM_SYNC), 5, 0x80, BAD },
	{ OP(ADMIN, ADM_SYNC), 6, 0x01, BAD },	 { OP(ADMIN, ADM_SYNC), 8, 0x02, BAD },
	{ OP(ADMIN, ADM_SYNC), 23, 0x01, BAD },	 { OP(ADMIN, ADM_SYNC), 0, 0x08, FATAL },
	{ OP(ADMIN, ADM_SYNC), 1, 0x40, FATAL },
};

static struct sdxi_dsc
form_make(unsigned int type, unsigned int subtype)
{
	struct sdxi_dsc dsc = dsc_op(type, subtype);

	if (type == SDXI_TYPE_INTR || (type == SDXI_TYPE_ADMIN && subtype == SDXI_ADM_INTR)) {
		dsc.copy.akey0 = le16(1);
	} else if (type == SDXI_TYPE_ADMIN) {
		dsc = dsc_adm(subtype, subtype != SDXI_ADM_FN_UPD, subtype != SDXI_ADM_FN_UPD);
	} else if (subtype == SDXI_DMAB_WRT_IMM) {
		dsc.copy.addr0 = le64(DST);
	} else if (subtype != SDXI_DMAB_NOP) {
		dsc = dsc_copy(DST, SRC, 4096);
		dsc.any.opcode = le32(SDXI_DSC_OP(type, subtype));
	}
	return dsc;
}

/* The administrative context, context 2, and context 1 as target of administrative operations. */
static void
form_setup(struct owner *own)
{
	unsigned int i;

	cxt_up(own, 1);
	cxt_up(own, 2);
	for (i = 0; i < 3; i++)
		akeys_of(own, i)[1].intr_num = le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV | 7 << 4);
}

static void
test_forms(void **state)
{
	struct sdxi_dsc dsc, bad;
	struct owner *own;
	unsigned int i, area;
	bool stopped;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(forms); i++) {
		const enum verdict want = forms[i / 2].want;

		own = active(i % 2);
		form_setup(own);
		area = forms[i / 2].type == SDXI_TYPE_ADMIN ? 0 : 2;
		dsc = form_make(forms[i / 2].type, forms[i / 2].subtype);
		do_good(own, area, dsc);
		bad = dsc;
		((uint8_t *)&bad)[forms[i / 2].byte] ^= forms[i / 2].bits;
		if (want == GOOD) {
			do_good(own, area, bad);
		} else {
			stopped = do_bad(own, area, bad, BAD_DESC);
			assert_true(stopped == (want == FATAL || own->conf.err_continue == STOPS));
			/* Other contexts continue. */
			do_good(own, area == 0 ? 2 : 0, dsc_nop());
		}
		owner_free(own);
	}
	/* Administrative operations are valid in the administrative context only. */
	for (i = 0; i < 9; i++) {
		own = active(CONTINUES);
		form_setup(own);
		assert_true(do_bad(own, 2, form_make(SDXI_TYPE_ADMIN, i), BAD_DESC));
		owner_free(own);
	}
}

/* ---- ranges ---- */

static void
test_ranges(void **state)
{
	/* Source, destination, length; the completion block is at BLOCK. */
#define BLOCK (SRC + (UINT64_C(10) << 20))
	static const struct {
		uint64_t src;
		uint64_t dst;
		uint64_t len;
		int buf;
		enum sdxi_err_step step; /* 0: valid */
		enum sdxi_err_sub_step sub;
	} rows[] = {
		{ SRC, SRC, 1, BAD_DESC },	    { SRC, SRC + 63, 64, BAD_DESC },
		{ SRC + 63, SRC, 64, BAD_DESC },    { SRC, SRC + 64, 64, 0, 0, 0 },
		{ SRC + 64, SRC, 64, 0, 0, 0 },	    { SRC, SRC + 1, 4096, BAD_DESC },
		{ SRC, SRC + 1, 1, 0, 0, 0 },	    { SRC + 1, SRC, 1, 0, 0, 0 },
		/* Completion block in source, in destination, directly before and after. */
		{ BLOCK - 63, SRC, 64, BAD_DESC },  { SRC, BLOCK - 63, 64, BAD_DESC },
		{ BLOCK - 64, SRC, 64, 0, 0, 0 },   { SRC, BLOCK - 64, 64, 0, 0, 0 },
		{ BLOCK + 31, SRC, 64, BAD_DESC },  { SRC, BLOCK + 31, 64, BAD_DESC },
		{ BLOCK + 32, SRC, 64, 0, 0, 0 },   { SRC, BLOCK + 32, 64, 0, 0, 0 },
		{ BLOCK - 31, SRC, 4096, BAD_DESC }, { SRC, BLOCK - 31, 4096, BAD_DESC },
		/* The smallest limit, one byte more, and the maximum of the field. */
		{ SRC, DST, 1 << 22, 0, 0, 0 },	    { SRC, DST, (1 << 22) + 1, BAD_DESC },
		{ SRC, DST, UINT64_C(1) << 32, BAD_DESC },
		/* At the end of the address space, and unmapped. */
		{ -UINT64_C(63), DST, 64, 0, AT(BUFFER, TRANSLATION) },
		{ SRC, -UINT64_C(63), 64, 1, AT(BUFFER, TRANSLATION) },
		{ -UINT64_C(64), DST, 64, 0, AT(BUFFER, TRANSLATION) },
		{ NO_MEM, DST, 1, 0, AT(BUFFER, TRANSLATION) },
		{ SRC, NO_MEM, 1, 1, AT(BUFFER, TRANSLATION) },
		{ MEM_BASE + MEM_LEN - 64, DST, 65, 0, AT(BUFFER, TRANSLATION) },
		{ DST, MEM_BASE + MEM_LEN - (3 << 20), (3 << 20) + 1, 1, AT(BUFFER, TRANSLATION) },
	};
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_build(own, 1, 0);
	struct sdxi_dsc dsc;
	unsigned int i;

	(void)state;
	l1_of(own, 1)->misc0 = le32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER, 1));
	cxt_start(own, 1);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		fill(own, SRC, 4096, i);
		memset(mem_at(own, BLOCK), 0, 32);
		*(uint8_t *)mem_at(own, BLOCK) = 1;
		dsc = dsc_copy(rows[i].dst, rows[i].src, rows[i].len);
		dsc.any.csb_ptr = le64(BLOCK);
		if (rows[i].step == 0) {
			push_ring(own, area, dsc);
			run_dry(own);
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_STS), 0);
			if (rows[i].src == SRC && rows[i].dst >= SRC + 64)
				assert_true(same(own, rows[i].dst, SRC, rows[i].len));
		} else {
			do_bad(own, area, dsc, rows[i].buf, rows[i].step, rows[i].sub);
			reg_set(own, SDXI_MMIO_ERR_STS, UINT64_MAX);
		}
		if (*(uint64_t *)mem_at(own, BLOCK) != 0)
			fail_msg("row %u", i);
		assert_int_equal(*(uint32_t *)mem_at(own, BLOCK + 8),
				 rows[i].step == 0 ? 0 : le32(SDXI_CST_BLK_ER));
	}
	/* Callbacks that do not report which side failed. */
	own->plain_fault = true;
	do_bad(own, area, dsc_copy(SRC, NO_MEM, 1 << 20), LOG_NO_BUF, AT(BUFFER, TRANSLATION));
	owner_free(own);
}

/* ---- data ---- */

static void
test_copy_lengths(void **state)
{
	static const uint32_t lens[] = {
		1, 2, 63, 64, 65, 4095, 4096, 4097, SDXI_EMU_CHUNK - 1, SDXI_EMU_CHUNK,
		SDXI_EMU_CHUNK + 1, 2 * SDXI_EMU_CHUNK, (5u << 20) + 3, 10u << 20,
	};
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	unsigned int i, a;
	uint64_t src, dst;

	(void)state;
	fill(own, SRC, 11 << 20, 1);
	for (i = 0; i < ARRAY_LEN(lens); i++)
		for (a = 0; a < 2; a++) {
			src = SRC + a * 13;
			dst = DST + 64 + a * 7;
			memset(mem_at(own, dst - 64), 0, lens[i] + 128);
			do_good(own, area, dsc_copy(dst, src, lens[i]));
			assert_true(same(own, dst, src, lens[i]));
			/* No byte next to it changed: the fill pattern has no 0. */
			assert_int_equal(*(uint8_t *)mem_at(own, dst - 1), 0);
			assert_int_equal(*(uint8_t *)mem_at(own, dst + lens[i]), 0);
		}
	owner_free(own);
}

static void
test_wrt_imm(void **state)
{
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc = dsc_op(SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM);
	unsigned int len, i;

	(void)state;
	for (len = 1; len <= 32; len++) {
		dsc.copy.size = le32(len - 1);
		dsc.copy.addr0 = le64(DST + len);
		for (i = 0; i < 32; i++)
			SDXI_WRT_IMM_DATA(&dsc)[i] = 0x80 + len + i;
		memset(mem_at(own, DST), 0, 128);
		do_good(own, area, dsc);
		assert_memory_equal(mem_at(own, DST + len), SDXI_WRT_IMM_DATA(&dsc), len);
		assert_int_equal(*(uint8_t *)mem_at(own, DST + len - 1), 0);
		assert_int_equal(*(uint8_t *)mem_at(own, DST + 2 * len), 0);
	}
	dsc.copy.addr0 = le64(NO_MEM);
	do_bad(own, area, dsc, 1, AT(BUFFER, TRANSLATION));
	dsc.copy.akey0 = le16(9);
	do_bad(own, area, dsc, 1, AT(AKEY, VALIDATION));
	/* Into its own completion block. */
	dsc.copy.akey0 = 0;
	dsc.copy.addr0 = le64(DST + 31);
	dsc.copy.csb_ptr = le64(DST);
	do_bad(own, area, dsc, BAD_DESC);
	owner_free(own);
}

static void
test_repcopy(void **state)
{
	static const unsigned int pages[] = { 1, 2, 64, 65, 1000 };
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int i, p;

	(void)state;
	fill(own, SRC, 4096, 77);
	for (i = 0; i <= ARRAY_LEN(pages); i++) {
		dsc = dsc_copy(DST, SRC, i < ARRAY_LEN(pages) ? pages[i] * 4096 : 8192);
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY));
		if (i == ARRAY_LEN(pages)) {
			/* The page is one of its destinations. */
			dsc.copy.addr0 = le64(DST + 4096);
			do_bad(own, area, dsc, BAD_DESC);
			break;
		}
		memset(mem_at(own, DST), 0, pages[i] * 4096 + 1);
		do_good(own, area, dsc);
		for (p = 0; p < pages[i]; p++)
			assert_true(same(own, DST + p * 4096, SRC, 4096));
		assert_int_equal(*(uint8_t *)mem_at(own, DST + p * 4096), 0);
	}
	owner_free(own);
}

/* Read_Index is updated first, so that each completion frees its slot. */
static void
look_at_index(struct owner *own)
{
	uint64_t i;

	for (i = 0; i < own->wix[1]; i++)
		assert_true(!is_done(own, 1, i) || i < read_index(own, 1));
}

static void
test_fence(void **state)
{
	static const uint32_t bits[] = { SDXI_DSC_FE, SDXI_DSC_SE };
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int i;

	(void)state;
	/* Each copies the completion block of the previous one, which must be complete. */
	own->on_copy = order_seed != 0 ? NULL : look_at_index;
	memset(mem_at(own, DST), 0xff, 40 * 32);
	for (i = 0; i < 40; i++) {
		dsc = dsc_copy(DST + i * 32, i == 0 ? SRC : cst_at(area, i - 1), 32);
		dsc.any.opcode |= le32(bits[i % 2]);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
	for (i = 0; i < 40; i++)
		assert_int_equal(*(uint64_t *)mem_at(own, DST + i * 32), 0);
	owner_free(own);
}

/*
 * Bursts that mix copies of all sizes, shared and missing completion blocks, fences and other
 * operations: check data, signals and slots.
 */
static void
test_bursts(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int area = cxt_up(own, 1);
	uint32_t random = 12345;
	unsigned int round, i;
	struct sdxi_dsc dsc;

	(void)state;
	fill(own, SRC, UINT64_C(1) << 20, 5);
	for (round = 0; round < 200; round++) {
		const unsigned int n = 1 + round % 40;
		const uint64_t first = own->wix[area];
		uint64_t len[40], shared = first, *signal;
		bool share = false;

		memset(mem_at(own, DST), 0, n * 8192);
		for (i = 0; i < n; i++) {
			random = random * 1664525 + 1013904223;
			len[i] = 1 + (random >> 8) % (random >> 30 == 0 ? 8000 : 128);
			if (round % 50 == 49 && i == 0)
				len[i] = SDXI_EMU_CHUNK + round;
			dsc = dsc_copy(DST + i * 8192 + (random >> 24) % 64, SRC + i * 8192 + round,
				       len[i]);
			if (round % 50 == 49 && i == 0)
				dsc.copy.addr1 = le64(DST + (1 << 20));
			if ((random >> 20) % 16 == 0)
				dsc.any.opcode |= le32(SDXI_DSC_FE);
			if ((random >> 16) % 16 == 0)
				dsc.any.opcode |= le32(SDXI_DSC_CSR);
			if ((random >> 12) % 16 == 0) {
				dsc = dsc_nop();
				len[i] = 0;
			}
			if ((random >> 4) % 16 == 0)
				dsc.any.csb_ptr = le64(SDXI_DSC_NP);
			/* Reuse the previous completion block, with atomic decrements. */
			if (dsc.any.csb_ptr == 0 && (dsc.any.opcode & le32(SDXI_DSC_CSR)) == 0 &&
			    share && (random >> 8) % 4 == 0) {
				signal = &cst_of(own, area, shared)->signal;
				*signal = le64(le64(*signal) + 1);
				dsc.any.csb_ptr = le64(cst_at(area, shared));
				push(own, area, &dsc);
				continue;
			}
			share = dsc.any.csb_ptr == 0 && !(dsc.any.opcode & le32(SDXI_DSC_CSR));
			shared = push(own, area, &dsc);
		}
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(read_index(own, area), first + n);
		for (i = 0; i < n; i++) {
			const struct sdxi_dsc *slot = slot_of(own, area, first + i);
			const uint64_t csb = le64(slot->any.csb_ptr);
			const uint64_t dst = le64(slot->copy.addr1);

			assert_int_equal(le32(slot->any.opcode) & 1, 0);
			if (!(csb & SDXI_DSC_NP))
				assert_int_equal(*(uint64_t *)mem_at(own, csb), 0);
			if (len[i] == 0)
				continue;
			assert_true(same(own, le64(slot->copy.addr0), dst, len[i]));
			/* Nothing around it changed. */
			assert_true((dst & 8191) == 0 || *(uint8_t *)mem_at(own, dst - 1) == 0);
			if (dst < DST + (1 << 20))
				assert_int_equal(*(uint8_t *)mem_at(own, dst + len[i]), 0);
		}
	}
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	assert_true(own->maps > 0 || !own->can_map || order_seed != 0);
	owner_free(own);
}

/* A long copy does not starve other contexts. */
static void
test_fairness(void **state)
{
	struct owner *own = active(STOPS);
	const unsigned int slow = cxt_up(own, 1);
	const unsigned int quick = cxt_up(own, 2);
	unsigned int i;
	uint64_t index;

	(void)state;
	push_ring(own, slow, dsc_copy(DST, SRC, 10 << 20));
	/* 40 parts, one or two per call: the other context makes progress in between. */
	for (i = 0; i < 9; i++) {
		index = push_ring(own, quick, dsc_nop());
		assert_in_range(sdxi_emu_run(own->emu, 2), 1, 2 + 33);
		assert_in_range(sdxi_emu_run(own->emu, 2), 1, 2 + 33);
		assert_true(is_done(own, quick, index));
		assert_false(is_done(own, slow, 0));
	}
	run_dry(own);
	assert_true(is_done(own, slow, 0));
	owner_free(own);
}

/* ---- keys ---- */

static void
test_akeys(void **state)
{
	static const struct {
		uint16_t key;
		uint16_t flags;
		uint16_t sfunc;
		enum sdxi_err_step step; /* 0: valid */
		enum sdxi_err_sub_step sub;
	} rows[] = {
		{ 1, SDXI_AKEY_ENT_VL, 0, 0, 0 },
		{ 2, SDXI_AKEY_ENT_VL, 0x42, 0, 0 }, /* its own number */
		{ 255, SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV, 0, 0, 0 },
		{ 3, 0, 0, AT(AKEY, VALIDATION) },
		{ 4, SDXI_AKEY_ENT_IV, 0, AT(AKEY, VALIDATION) },
		{ 5, SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_PV, 0, AT(AKEY, VALIDATION) },
		{ 6, SDXI_AKEY_ENT_VL, 0x43, AT(RKEY, VALIDATION) },
		{ 7, SDXI_AKEY_ENT_VL, 0x4200, AT(RKEY, VALIDATION) },
		/* Beyond the table but in memory; within the table but not in memory. */
		{ 256, SDXI_AKEY_ENT_VL, 0, AT(AKEY, VALIDATION) },
		{ 0xffff, 0, 0, AT(AKEY, VALIDATION) },
		{ 20, SDXI_AKEY_ENT_VL, 0, AT(AKEY, TRANSLATION) },
	};
	const struct sdxi_dsc upd[] = {
		dsc_adm(SDXI_ADM_AKEY_UPD, 0, 1023), dsc_op(SDXI_TYPE_ADMIN, SDXI_ADM_FN_UPD),
		dsc_adm(SDXI_ADM_CXT_UPD, 1, 1),
	};
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_akey_ent *akeys = akeys_of(own, area);
	struct sdxi_dsc dsc = dsc_copy(DST, SRC, 64);
	unsigned int i;

	(void)state;
	hole_add(own, AREA_AT(area) + AKEY_OFF + 20 * 16, 16, true, true);
	for (i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		const uint16_t key = rows[i / 2].key;

		if (key <= 256) {
			akeys[key].intr_num = le16(rows[i / 2].flags);
			akeys[key].tgt_sfunc = le16(rows[i / 2].sfunc);
		}
		dsc.copy.akey0 = le16(i % 2 ? 0 : key);
		dsc.copy.akey1 = le16(i % 2 ? key : 0);
		if (rows[i / 2].step == 0)
			do_good(own, area, dsc);
		else
			do_bad(own, area, dsc, i % 2, rows[i / 2].step, rows[i / 2].sub);
	}
	/* Failures are not cached; valid entries may be, until AKEY_UPD. */
	dsc.copy.akey1 = le16(3);
	for (i = 0; i < ARRAY_LEN(upd); i++) {
		akeys[3].intr_num = le16(SDXI_AKEY_ENT_VL);
		do_good(own, area, dsc);
		akeys[3].intr_num = 0;
		do_good(own, 0, upd[i]);
		do_good(own, 0, dsc_sync(SDXI_FLT_AKEY, 0, 1023));
		do_bad(own, area, dsc, 1, AT(AKEY, VALIDATION));
	}
	owner_free(own);
}

/* Access another function's memory through a pair of keys. */
static void
test_rkeys(void **state)
{
#define RKEYS_AT (MEM_BASE + 0x18000)
	static const struct {
		uint16_t sfunc;	/* of the AKey */
		uint16_t rkey;
		uint16_t flags; /* of the RKey's entry */
		uint16_t req_sfunc;
		uint64_t reg; /* MMIO_RKEY */
		enum sdxi_err_step step; /* 0: valid */
		enum sdxi_err_sub_step sub;
	} rows[] = {
		{ 0x77, 9, SDXI_AKEY_ENT_VL, 0x42, RKEYS_AT | SDXI_RKEY_EN, 0, 0 },
		{ 0x77, 255, SDXI_AKEY_ENT_VL, 0x42, RKEYS_AT | SDXI_RKEY_EN, 0, 0 },
		{ 0x77, 256, SDXI_AKEY_ENT_VL, 0x42, RKEYS_AT | 1 << 1 | SDXI_RKEY_EN, 0, 0 },
		{ 0x78, 9, SDXI_AKEY_ENT_VL, 0x42, RKEYS_AT | SDXI_RKEY_EN, AT(RKEY, VALIDATION) },
		{ 0x77, 256, SDXI_AKEY_ENT_VL, 0x42, RKEYS_AT | SDXI_RKEY_EN,
		  AT(RKEY, VALIDATION) },
		{ 0x77, 9, 0, 0x42, RKEYS_AT | SDXI_RKEY_EN, AT(RKEY, VALIDATION) },
		{ 0x77, 9, SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_PV, 0x42, RKEYS_AT | SDXI_RKEY_EN,
		  AT(RKEY, VALIDATION) },
		{ 0x77, 9, SDXI_AKEY_ENT_VL, 0x43, RKEYS_AT | SDXI_RKEY_EN, AT(RKEY, VALIDATION) },
		{ 0x77, 9, SDXI_AKEY_ENT_VL, 0, RKEYS_AT | SDXI_RKEY_EN, AT(RKEY, VALIDATION) },
		{ 0x77, 9, SDXI_AKEY_ENT_VL, 0x42, RKEYS_AT, AT(RKEY, VALIDATION) },
		{ 0x77, 9, SDXI_AKEY_ENT_VL, 0x42, NO_MEM | SDXI_RKEY_EN, AT(RKEY, TRANSLATION) },
	};
	struct sdxi_emu_conf conf = conf_test();
	struct owner *own = active(CONTINUES), *peer;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_akey_ent *akey = &akeys_of(own, area)[3], *rkey;
	struct sdxi_dsc dsc;
	unsigned int i;

	(void)state;
	conf.sfunc = 0x77;
	peer = owner_make(&conf);
	own->peer = peer;
	fill(own, SRC, 8192, 1);
	akey->intr_num = le16(SDXI_AKEY_ENT_VL);
	/* To and from the peer, each twice: RKeys are not cached. */
	for (i = 0; i < 4 * ARRAY_LEN(rows); i++) {
		akey->tgt_sfunc = le16(rows[i / 4].sfunc);
		akey->rkey = le16(rows[i / 4].rkey);
		rkey = (struct sdxi_akey_ent *)mem_at(peer, RKEYS_AT) + rows[i / 4].rkey;
		*rkey = (struct sdxi_akey_ent){
			.intr_num = le16(rows[i / 4].flags),
			.tgt_sfunc = le16(rows[i / 4].req_sfunc),
		};
		reg_set(peer, SDXI_MMIO_RKEY, rows[i / 4].reg);
		memset(mem_at(peer, SRC), i % 2 ? 0xbb : 0xaa, 8192);
		memset(mem_at(own, DST), 0, 8192);
		/* Equal addresses in different functions do not overlap. */
		dsc = i % 2 ? dsc_copy(DST, SRC, 8192) : dsc_copy(SRC, SRC, 8192);
		dsc.copy.akey0 = le16(i % 2 ? 3 : 0);
		dsc.copy.akey1 = le16(i % 2 ? 0 : 3);
		if (rows[i / 4].step == 0) {
			do_good(own, area, dsc);
			assert_memory_equal(mem_at(own, i % 2 ? DST : SRC), mem_at(peer, SRC),
					    8192);
			/* Unmapped in the peer. */
			hole_add(peer, SRC + 4096, 4096, true, true);
			do_bad(own, area, dsc, !(i % 2), AT(BUFFER, TRANSLATION));
			peer->n_holes = 0;
		} else {
			do_bad(own, area, dsc, !(i % 2), rows[i / 4].step, rows[i / 4].sub);
			assert_int_equal(*(uint8_t *)mem_at(own, DST), 0);
			assert_int_equal(*(uint8_t *)mem_at(peer, SRC), i % 2 ? 0xbb : 0xaa);
		}
	}
	assert_true(reg_get(own, SDXI_MMIO_CAP1) & SDXI_CAP1_RKEY_CAP);
	/* RKeys are checked until the end: remove the key during the copy. */
	akey->rkey = le16(9);
	rkey = (struct sdxi_akey_ent *)mem_at(peer, RKEYS_AT) + 9;
	rkey->intr_num = le16(SDXI_AKEY_ENT_VL);
	rkey->tgt_sfunc = le16(0x42);
	akey->tgt_sfunc = le16(0x77);
	reg_set(peer, SDXI_MMIO_RKEY, RKEYS_AT | SDXI_RKEY_EN);
	dsc = dsc_copy(DST, SRC, 4 * SDXI_EMU_CHUNK);
	dsc.copy.akey0 = le16(3);
	own->n_holes = 0;
	memset(mem_at(own, DST), 0, 4 * SDXI_EMU_CHUNK);
	memset(mem_at(peer, SRC), 0xbb, 4 * SDXI_EMU_CHUNK);
	i = push_ring(own, area, dsc);
	while (*(uint8_t *)mem_at(own, DST) == 0)
		assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
	rkey->intr_num = 0;
	run_dry(own);
	assert_true(is_done(own, area, i) && has_er(own, area, i));
	assert_int_equal(*(uint8_t *)mem_at(own, DST + 4 * SDXI_EMU_CHUNK - 1), 0);
	owner_free(peer);
	owner_free(own);
}

static uint64_t vectors_seen[AREAS];

/* At an interrupt its own signal and all earlier ones are written. */
static void
look_at_irq(struct owner *own)
{
	const unsigned int area = own->irq_vector - 0x700;
	uint64_t i;

	vectors_seen[area]++;
	for (i = 0; i < vectors_seen[area] * 2; i++)
		assert_true(is_done(own, area, own->wix[area] - 1 - i));
}

/* An interrupt from each context, each with its own vector. */
static void
test_intr(void **state)
{
	struct owner *own = active(CONTINUES);
	unsigned int area, i;
	struct sdxi_dsc dsc;

	(void)state;
	memset(vectors_seen, 0, sizeof(vectors_seen));
	for (i = 1; i < AREAS; i++)
		cxt_up(own, i * 60);
	own->on_irq = look_at_irq;
	for (area = 0; area < AREAS; area++) {
		akeys_of(own, area)[3].intr_num =
			le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV | (0x700 + area) << 4);
		dsc = dsc_copy(DST, SRC, 64);
		push(own, area, &dsc);
		dsc = area == 0 ? dsc_op(SDXI_TYPE_ADMIN, SDXI_ADM_INTR) :
				  dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR);
		dsc.any.opcode |= le32(SDXI_DSC_FE);
		dsc.copy.akey0 = le16(3);
		push(own, area, &dsc);
		ring_doorbell(own, area);
	}
	run_dry(own);
	for (area = 0; area < AREAS; area++)
		assert_int_equal(vectors_seen[area], 1);
	/* Vector 0 is valid; an AKey without an interrupt, and an AKey that does not exist. */
	own->on_irq = NULL;
	akeys_of(own, 1)[255].intr_num = le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV);
	dsc.copy.akey0 = le16(255);
	do_good(own, 1, dsc);
	assert_int_equal(own->irq_vector, 0);
	for (i = 0; i < 2; i++) {
		dsc.copy.akey0 = le16(i == 0 ? 0 : 256);
		assert_false(do_bad(own, 1, dsc, LOG_NO_BUF, AT(AKEY, VALIDATION)));
	}
	/* Not allowed in the administrative context without the group. */
	l1_of(own, 60)->opb_000_enb = 0;
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_UPD, 60, 60));
	dsc.copy.akey0 = le16(3);
	assert_true(do_bad(own, 1, dsc, BAD_DESC));
	assert_int_equal(own->irqs, AREAS + 1);
	owner_free(own);
}

/* ---- completions ---- */

/*
 * Signals are decremented, with and without csa. With one value of csr the decrement is atomic;
 * with the other, concurrent operations that share a completion block lose some.
 */
static void
test_signals(void **state)
{
	struct sdxi_emu_conf conf = conf_test();
	unsigned int i, j, area, lost = 0;
	struct sdxi_cst_blk *cst;
	struct sdxi_dsc dsc;
	struct owner *own;

	(void)state;
	for (i = 0; i < 12; i++) {
		const unsigned int bit = i & 1, csa = i >> 1 & 1;

		conf.csr = i / 4;
		own = active_with(&conf);
		area = cxt_build(own, 1, 0);
		if (!csa)
			ctl_of(own, area)->ds_ring_ptr &= ~le64(SDXI_CXT_CTL_CSA);
		cxt_start(own, 1);
		cst = mem_at(own, DST);
		cst[0].signal = le64(100);
		cst[1].signal = le64(50);
		cst[2].signal = le64(50);
		dsc = dsc_nop();
		dsc.any.opcode |= le32(bit ? SDXI_DSC_CSR : 0);
		for (j = 0; j < 200; j++) {
			/* In sequence, and alternating. */
			dsc.any.csb_ptr = le64(DST + (j < 100 ? 0 : j % 2 ? 32 : 64));
			push(own, area, &dsc);
		}
		ring_doorbell(own, area);
		run_dry(own);
		for (j = 0; j < 3; j++) {
			assert_true(le64(cst[j].signal) <= 99);
			if (conf.csr == bit || order_seed == 0)
				assert_int_equal(cst[j].signal, 0);
			lost += le64(cst[j].signal);
		}
		/* Signals wrap below 0; with np the pointer is ignored. */
		cst[0].signal = 0;
		dsc.any.csb_ptr = le64(DST);
		push_ring(own, area, dsc);
		run_dry(own);
		assert_int_equal(cst[0].signal, UINT64_MAX);
		dsc.any.csb_ptr = le64(DST | SDXI_DSC_NP);
		push_ring(own, area, dsc);
		run_dry(own);
		assert_int_equal(cst[0].signal, UINT64_MAX);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
		owner_free(own);
	}
	assert_true((lost != 0) == (order_seed != 0));
}

/* er with a completion block shared by several operations; flags that cannot be written. */
static void
test_shared_er(void **state)
{
	struct owner *own = active(CONTINUES);
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_cst_blk *cst = mem_at(own, DST);
	struct sdxi_dsc dsc;
	unsigned int i;

	(void)state;
	cst->signal = le64(5);
	for (i = 0; i < 5; i++) {
		dsc = i == 2 ? dsc_copy(NO_MEM, SRC, 8) : dsc_nop();
		dsc.any.csb_ptr = le64(DST);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(cst->signal, 0);
	assert_int_equal(cst->flags, le32(SDXI_CST_BLK_ER));
	cst->signal = le64(1);
	hole_add(own, DST + 8, 4, false, true);
	dsc = dsc_copy(DST + 64, NO_MEM, 8);
	dsc.any.csb_ptr = le64(DST);
	push_ring(own, area, dsc);
	run_dry(own);
	assert_int_equal(le64(cst->signal), 1);
	log_check(own, 2, 1, 5, LOG_NO_BUF, AT(CST_BLK, TRANSLATION), SDXI_RE_INFORMATIVE);
	owner_free(own);
}

/* Bad completion blocks: the operation may be done or not, but nothing after it is executed. */
static void
test_csb_errors(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t len;
		enum sdxi_err_sub_step sub;
		bool done; /* readable, so the data was moved */
	} rows[] = {
		{ NO_MEM, 64, SDXI_SUB_STEP_TRANSLATION, false },
		{ DST + (1 << 20) + 2, 64, SDXI_SUB_STEP_VALIDATION, false },
		{ DST + (2 << 20), 64, SDXI_SUB_STEP_TRANSLATION, true },
		{ DST + (2 << 20), 1 << 20, SDXI_SUB_STEP_TRANSLATION, true },
	};
	struct sdxi_dsc dsc, nop = dsc_nop();
	unsigned int i, area;
	struct owner *own;
	bool stopped;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		own = active(i % 2);
		area = cxt_up(own, 1);
		fill(own, SRC, 1 << 20, 3);
		hole_add(own, DST + (2 << 20), 32, false, true);
		dsc = dsc_copy(DST, SRC, rows[i / 2].len);
		dsc.any.csb_ptr = le64(rows[i / 2].at);
		stopped = do_bad(own, area, dsc, LOG_NO_BUF, SDXI_STEP_CST_BLK, rows[i / 2].sub);
		assert_true(stopped == (i % 2 == STOPS));
		assert_true(same(own, DST, SRC, rows[i / 2].len) == rows[i / 2].done);
		push(own, area, &nop);
		ring_doorbell(own, area);
		run_dry(own);
		assert_true(is_done(own, area, 1) == !stopped);
		owner_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest in_order[] = {
		cmocka_unit_test(test_fairness),
	};
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_copy_lengths),
		cmocka_unit_test(test_wrt_imm),
		cmocka_unit_test(test_repcopy),
		cmocka_unit_test(test_fence),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_akeys),
		cmocka_unit_test(test_rkeys),
		cmocka_unit_test(test_intr),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_shared_er),
		cmocka_unit_test(test_csb_errors),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in order only", in_order, NULL, NULL);
	RUN_ANY_ORDER(failed, any_order);
	return failed;
}
