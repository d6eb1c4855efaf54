/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Every structure that the emulated function reads from or writes to memory, as bytes written by
 * hand from the specification. Uses none of the function's structures and masks, so the result does
 * not depend on the machine's byte order.
 */

#include "test_emu_owner.h"

#define CXT 5
#define START UINT64_C(0x0102030405060700) /* Read_Index: slot 0x300 of 1024 */
#define SLOT 0x300

static void
put(struct owner *own, uint64_t iova, const uint8_t *bytes, size_t len)
{
	memcpy(mem_at(own, iova), bytes, len);
}
#define PUT(own, iova, ...) \
	put(own, iova, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define EXPECT(own, iova, ...)                                                                     \
	assert_memory_equal(mem_at(own, iova), ((const uint8_t[]){ __VA_ARGS__ }),                 \
			    sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define ZEROS_8 0, 0, 0, 0, 0, 0, 0, 0
#define ZEROS_16 ZEROS_8, ZEROS_8

/* The administrative context is at 0x40020000, the other one at 0x40060000. */
static struct owner *
setup(void)
{
	struct sdxi_emu_conf conf = conf_test();
	struct owner *own;

	conf.err_continue = true;
	own = owner_make(&conf);

	/* CXT_L2_ENT: vl; lv01_ptr 0x40001000 */
	PUT(own, L2_AT, 0x01, 0x10, 0x00, 0x40, 0, 0, 0, 0);
	/*
	 * CXT_L1_ENT of contexts 0 and 5: vl, cxt_ctl_ptr 0x40038000 and 0x40078000; akey_sz 0,
	 * akey_ptr 0x4003b000 and 0x4007b000; max_buffer 11; opb_000_enb 0x10
	 */
	PUT(own, 0x40001000, 0x01, 0x80, 0x03, 0x40, 0, 0, 0, 0, 0x00, 0xb0, 0x03, 0x40, 0, 0, 0, 0,
	    0x00, 0x00, 0xb0, 0x00, 0x10, 0x00, 0x00, 0x00, ZEROS_8);
	PUT(own, 0x400010a0, 0x01, 0x80, 0x07, 0x40, 0, 0, 0, 0, 0x00, 0xb0, 0x07, 0x40, 0, 0, 0, 0,
	    0x00, 0x00, 0xb0, 0x00, 0x10, 0x00, 0x00, 0x00, ZEROS_8);
	/*
	 * CXT_CTL: vl, csa, ds_ring_ptr 0x40020000 and 0x40060000; ds_ring_sz 1024; cxt_sts_ptr
	 * 0x40039000 and 0x40079000; write_index_ptr 0x4003a000 and 0x4007a000
	 */
	PUT(own, 0x40038000, 0x21, 0x00, 0x02, 0x40, 0, 0, 0, 0, 0x00, 0x04, 0x00, 0x00, 0, 0, 0, 0,
	    0x00, 0x90, 0x03, 0x40, 0, 0, 0, 0, 0x00, 0xa0, 0x03, 0x40, 0, 0, 0, 0,
	    ZEROS_16, ZEROS_16);
	PUT(own, 0x40078000, 0x21, 0x00, 0x06, 0x40, 0, 0, 0, 0, 0x00, 0x04, 0x00, 0x00, 0, 0, 0, 0,
	    0x00, 0x90, 0x07, 0x40, 0, 0, 0, 0, 0x00, 0xa0, 0x07, 0x40, 0, 0, 0, 0,
	    ZEROS_16, ZEROS_16);
	/* CXT_STS (Read_Index) and Write_Index */
	PUT(own, 0x40079000, ZEROS_8, 0x00, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01);
	PUT(own, 0x4007a000, 0x00, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01);
	/* AKEY_ENT: vl; entry 2: vl, iv, intr_num 0x123 */
	PUT(own, 0x4003b000, 0x01, 0x00, 0, 0, 0, 0, 0, 0, ZEROS_8);
	PUT(own, 0x4007b000, 0x01, 0x00, 0, 0, 0, 0, 0, 0, ZEROS_8);
	PUT(own, 0x4007b020, 0x33, 0x12, 0, 0, 0, 0, 0, 0, ZEROS_8);

	reg_set(own, SDXI_MMIO_CTL2, reg_get(own, SDXI_MMIO_CAP1));
	reg_set(own, SDXI_MMIO_CXT_L2, 0x40000000);
	reg_set(own, SDXI_MMIO_ERR_CFG, 0x40010000 | 1 << 1 | 1);
	fn_activate(own);
	/* RUN */
	EXPECT(own, 0x40039000, 0x01, 0, 0, 0, 0, 0, 0, 0, ZEROS_8);

	/*
	 * CST_BLK: signal 1; CXT_START_NM: vl, fe, subtype 3, type 2; contexts 5 to 5; csb_ptr
	 * 0x40030000
	 */
	PUT(own, 0x40030000, 0x01, 0, 0, 0, 0, 0, 0, 0, ZEROS_8, ZEROS_16);
	PUT(own, 0x40020000, 0x05, 0x03, 0x02, 0x00, 0, 0, 0, 0, 0x05, 0x00, 0x05, 0x00, 0, 0, 0, 0,
	    ZEROS_16, ZEROS_16, ZEROS_8, 0x00, 0x00, 0x03, 0x40, 0, 0, 0, 0);
	PUT(own, 0x4003a000, 0x01, 0, 0, 0, 0, 0, 0, 0);
	sdxi_emu_doorbell(own->emu, 0, 1);
	run_dry(own);
	/* Completed; consumed (vl cleared); context in RUN, with the same Read_Index. */
	EXPECT(own, 0x40030000, ZEROS_16, ZEROS_16);
	EXPECT(own, 0x40020000, 0x04, 0x03, 0x02, 0x00);
	EXPECT(own, 0x40039000, 0x01, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0);
	EXPECT(own, 0x40079000, 0x01, 0, 0, 0, 0, 0, 0, 0,
	       0x00, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01);
	return own;
}

/* Execute a descriptor in the first slot. Its completion block is at 0x40070000, signal 1. */
static void
run_one(struct owner *own, const uint8_t *desc)
{
	put(own, 0x40060000 + SLOT * 64, desc, 64);
	PUT(own, 0x40070000, 0x01, 0, 0, 0, 0, 0, 0, 0, ZEROS_8, ZEROS_16);
	PUT(own, 0x4007a000, 0x01, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01);
	sdxi_emu_doorbell(own->emu, CXT, START + 1);
	run_dry(own);
	/* Read_Index */
	EXPECT(own, 0x40079000, 0x01, 0, 0, 0, 0, 0, 0, 0,
	       0x01, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01);
}

/* DMAB_COPY: vl, subtype 3, type 1; 259 bytes - 1; addr0, addr1; csb_ptr */
#define COPY(src1, dst1, dst2)                                                                     \
	0x01, 0x03, 0x01, 0x00, 0x02, 0x01, 0x00, 0x00, ZEROS_8,                                   \
	0x08, src1, 0x80, 0x40, 0, 0, 0, 0, 0x10, dst1, dst2, 0x40, 0, 0, 0, 0,                    \
	ZEROS_8, ZEROS_16, 0x00, 0x00, 0x07, 0x40, 0, 0, 0, 0

static void
test_copy(void **state)
{
	static const uint8_t desc[64] = { COPY(0x01, 0x02, 0x90) };
	struct owner *own = setup();

	(void)state;
	/* Bytes before and after the data must not change. */
	fill(own, 0x40800100, 300, 7);
	run_one(own, desc);
	EXPECT(own, 0x40070000, ZEROS_16, ZEROS_16);
	assert_true(same(own, 0x40800108, 0x40900210, 259));
	EXPECT(own, 0x40900208, ZEROS_8);
	EXPECT(own, 0x40900210 + 259, ZEROS_8);
	owner_free(own);
}

static void
test_wrt_imm(void **state)
{
	/* DMAB_WRT_IMM: vl, subtype 2, type 1; 11 bytes - 1; addr0 0x40900210; data; csb_ptr */
	static const uint8_t desc[64] = {
		0x01, 0x02, 0x01, 0x00, 0x0a, 0x00, 0x00, 0x00, ZEROS_8,
		0x10, 0x02, 0x90, 0x40, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01, ZEROS_16,
		0x00, 0x00, 0x07, 0x40, 0, 0, 0, 0,
	};
	struct owner *own = setup();

	(void)state;
	run_one(own, desc);
	EXPECT(own, 0x40070000, ZEROS_16, ZEROS_16);
	EXPECT(own, 0x40900210, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
	       0x00, 0x00);
	owner_free(own);
}

static void
test_intr(void **state)
{
	/* INTR: vl, subtype 0, type 4; akey 2; csb_ptr */
	static const uint8_t desc[64] = {
		0x01, 0x00, 0x04, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x00, 0, 0,
		ZEROS_16, ZEROS_16, ZEROS_8, 0x00, 0x00, 0x07, 0x40, 0, 0, 0, 0,
	};
	struct owner *own = setup();

	(void)state;
	run_one(own, desc);
	EXPECT(own, 0x40070000, ZEROS_16, ZEROS_16);
	assert_int_equal(own->irqs, 1);
	assert_int_equal(own->irq_vector, 0x123);
	owner_free(own);
}

/* A signal shared by several descriptors. */
static void
test_signal(void **state)
{
	static const uint8_t desc[64] = { COPY(0x01, 0x02, 0x90) };
	struct owner *own = setup();

	(void)state;
	put(own, 0x40060000 + SLOT * 64, desc, 64);
	PUT(own, 0x40070000, 0x00, 0x00, 0x01, 0, 0, 0, 0, 0, ZEROS_8, ZEROS_16);
	PUT(own, 0x4007a000, 0x01, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01);
	sdxi_emu_doorbell(own->emu, CXT, START + 1);
	run_dry(own);
	EXPECT(own, 0x40070000, 0xff, 0xff, 0x00, 0, 0, 0, 0, 0, ZEROS_8, ZEROS_16);
	owner_free(own);
}

static void
test_failure(void **state)
{
	/* The destination is not mapped. */
	static const uint8_t desc[64] = { COPY(0x01, 0x02, 0x00) };
	struct owner *own = setup();

	(void)state;
	hole_add(own, 0x40000000 + 0x200, 0x200, true, true);
	run_one(own, desc);
	/* CST_BLK: er */
	EXPECT(own, 0x40070000, ZEROS_8, 0x00, 0x00, 0x00, 0x80, 0, 0, 0, 0, ZEROS_16);
	/*
	 * ERRLOG_HD_ENT: vl, step 10, type 0x7f7; cv, div, bv, buf 1; sub_step 1, re 0; cxt_num 5;
	 * dsc_index
	 */
	EXPECT(own, 0x40010000, 0x01, 0x0a, 0xf7, 0x07, 0x17, 0x01, 0x05, 0x00,
	       0x00, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, ZEROS_16, ZEROS_16, ZEROS_16);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
	owner_free(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_wrt_imm),
		cmocka_unit_test(test_intr),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
