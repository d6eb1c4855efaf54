/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Descriptors as bytes. The vectors are written by hand from the specification's layout, and use
 * none of the driver's masks.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdxi_desc.h"
#include "sdxi_ring.h"

#define RING_SZ 1024
#define CSB_IOVA UINT64_C(0x00000a1122334400)

static struct sdxi_dsc desc[RING_SZ] __attribute__((aligned(64)));
static struct sdxi_cst_blk csb[RING_SZ] __attribute__((aligned(64)));
static struct sdxi_cxt_sts sts __attribute__((aligned(64)));
static sdxi_le64 write_index;
static uint64_t doorbell;

static uint32_t op_desc[RING_SZ], batch_end[RING_SZ];
static uint8_t verdict[RING_SZ];

static int
setup(void **state)
{
	static struct sdxi_ring ring;

	memset(&ring, 0, sizeof(ring));
	memset(&sts, 0, sizeof(sts));
	ring.desc = desc;
	ring.csb = csb;
	ring.csb_iova = CSB_IOVA;
	ring.sts = &sts;
	ring.write_index = &write_index;
	ring.doorbell = &doorbell;
	ring.op_desc = op_desc;
	ring.batch_end = batch_end;
	ring.verdict = verdict;
	ring.mask = RING_SZ - 1;
	ring.nb_desc = RING_SZ;
	ring.max_len = UINT32_MAX;
	sdxi_ring_reset(&ring);
	/* What a slot held before must not shine through. */
	memset(desc, 0xa5, sizeof(desc));
	memset(csb, 0xa5, sizeof(csb));
	*state = &ring;
	return 0;
}

/* The next slot, of an operation that has no other. */
static struct sdxi_dsc *
slot(struct sdxi_ring *ring)
{
	struct sdxi_dsc *dsc = sdxi_ring_slot(ring);

	assert_ptr_equal(dsc, &desc[sdxi_ring_head(ring)]);
	return dsc;
}

static void
commit(struct sdxi_ring *ring, struct sdxi_dsc *dsc, uint64_t first)
{
	sdxi_ring_put(ring, dsc, first, sdxi_ring_begin(ring, SDXI_MODE_OP, 1));
	sdxi_ring_end(ring, SDXI_MODE_OP, 1, false);
}

static void
assert_bytes(const void *found, const uint8_t *expected)
{
	assert_memory_equal(found, expected, 64);
}

static void
test_copy(void **state)
{
	static const uint8_t expected[64] = {
		/* vl; subtype 3; type 1; 4096 bytes - 1 */
		0x01, 0x03, 0x01, 0x00, 0xff, 0x0f, 0x00, 0x00,
		/* attr 0, reserved, akey0 0, akey1 0 */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		/* addr0: source 0x0123456789abcdef */
		0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
		/* addr1: destination 0xfedcba9876543210 */
		0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		/* csb_ptr of slot 0, np 0 */
		0x00, 0x44, 0x33, 0x22, 0x11, 0x0a, 0x00, 0x00,
	};
	struct sdxi_ring *ring = *state;
	struct sdxi_dsc *dsc;

	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_copy(dsc, UINT64_C(0x0123456789abcdef),
					 UINT64_C(0xfedcba9876543210), 4096, 0));
	assert_bytes(&desc[0], expected);
}

static void
test_copy_fence(void **state)
{
	static const uint8_t expected[64] = {
		/* vl and fe; 1 byte - 1 */
		0x05, 0x03, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
		0, 0, 0, 0, 0, 0, 0, 0,
		0x01, 0, 0, 0, 0, 0, 0, 0,
		0x02, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		/* csb_ptr of slot 1 */
		0x20, 0x44, 0x33, 0x22, 0x11, 0x0a, 0x00, 0x00,
	};
	static const uint8_t longest[8] = { 0x01, 0x03, 0x01, 0x00, 0xfe, 0xff, 0xff, 0xff };
	struct sdxi_ring *ring = *state;
	struct sdxi_dsc *dsc;

	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_copy(dsc, 3, 4, UINT32_MAX, 0));
	assert_memory_equal(&desc[0], longest, sizeof(longest));

	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_copy(dsc, 1, 2, 1, SDXI_DSC_FE));
	assert_bytes(&desc[1], expected);
}

static void
test_repcopy(void **state)
{
	static const uint8_t expected[64] = {
		/* vl and fe; subtype 4; type 1; 8192 bytes - 1 */
		0x05, 0x04, 0x01, 0x00, 0xff, 0x1f, 0x00, 0x00,
		0, 0, 0, 0, 0, 0, 0, 0,
		/* addr0: the page 0x5000; addr1: 0x7000 */
		0x00, 0x50, 0, 0, 0, 0, 0, 0,
		0x00, 0x70, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x00, 0x44, 0x33, 0x22, 0x11, 0x0a, 0x00, 0x00,
	};
	struct sdxi_ring *ring = *state;
	struct sdxi_dsc *dsc;

	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_repcopy(dsc, 0x5000, 0x7000, 8192, SDXI_DSC_FE));
	assert_bytes(&desc[0], expected);
}

static void
test_wrt_imm(void **state)
{
	static const uint8_t expected[64] = {
		/* vl; subtype 2; type 1; 27 bytes - 1 */
		0x01, 0x02, 0x01, 0x00, 26, 0x00, 0x00, 0x00,
		0, 0, 0, 0, 0, 0, 0, 0,
		/* addr0: destination */
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		/* data: the lowest byte first */
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x00, 0x44, 0x33, 0x22, 0x11, 0x0a, 0x00, 0x00,
	};
	struct sdxi_ring *ring = *state;
	struct sdxi_dsc *dsc;

	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_wrt_imm(dsc, UINT64_C(0x8877665544332211),
					    UINT64_C(0x0102030405060708), 27, 0));
	assert_bytes(&desc[0], expected);
}

static void
test_cst_blk(void **state)
{
	static const uint8_t expected[12] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct sdxi_ring *ring = *state;
	struct sdxi_dsc *dsc;

	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_copy(dsc, 1, 2, 3, 0));
	assert_memory_equal(&csb[0], expected, sizeof(expected));
}

/* All administrative commands share a layout: first 16 bytes, the rest is 0 up to csb_ptr. */
static void
check_adm(struct sdxi_ring *ring, struct sdxi_cmd cmd, const uint8_t *head)
{
	uint8_t expected[64] = { 0 };
	struct sdxi_dsc *dsc;

	memcpy(expected, head, 16);
	memcpy(expected + 56, (const uint8_t[]){ 0x00, 0x44, 0x33, 0x22, 0x11, 0x0a }, 6);
	dsc = slot(ring);
	commit(ring, dsc, sdxi_desc_cmd(dsc, cmd));
	assert_bytes(&desc[0], expected);
}

static void
test_cxt_upd(void **state)
{
	/* subtype 1, level 1, contexts 0x0081 to 0xfffe */
	static const uint8_t head[16] = {
		0x01, 0x01, 0x02, 0x00, 0x01, 0, 0, 0, 0x81, 0x00, 0xfe, 0xff, 0, 0, 0, 0,
	};

	check_adm(*state, sdxi_cmd_cxt_upd(SDXI_LVL_L1, 0x81, 0xfffe), head);
}

static void
test_cxt_upd_l2(void **state)
{
	static const uint8_t head[16] = {
		0x01, 0x01, 0x02, 0x00, 0x00, 0, 0, 0, 0x01, 0x00, 0x01, 0x00, 0, 0, 0, 0,
	};

	check_adm(*state, sdxi_cmd_cxt_upd(SDXI_LVL_L2, 1, 1), head);
}

static void
test_cxt_start(void **state)
{
	/* subtype 3, fe, contexts 1 to 16 */
	static const uint8_t head[16] = {
		0x05, 0x03, 0x02, 0x00, 0, 0, 0, 0, 0x01, 0x00, 0x10, 0x00, 0, 0, 0, 0,
	};

	check_adm(*state, sdxi_cmd_cxt_start(1, 16), head);
}

static void
test_cxt_stop(void **state)
{
	/* subtype 4, fe */
	static const uint8_t head[16] = {
		0x05, 0x04, 0x02, 0x00, 0, 0, 0, 0, 0x07, 0x00, 0x09, 0x00, 0, 0, 0, 0,
	};

	check_adm(*state, sdxi_cmd_cxt_stop(false, 7, 9), head);
}

static void
test_cxt_stop_hard(void **state)
{
	/* vflags.hs is bit 5 of byte 5 */
	static const uint8_t head[16] = {
		0x05, 0x04, 0x02, 0x00, 0, 0x20, 0, 0, 0x07, 0x00, 0x09, 0x00, 0, 0, 0, 0,
	};

	check_adm(*state, sdxi_cmd_cxt_stop(true, 7, 9), head);
}

static void
test_sync(void **state)
{
	/* subtype 6, filter STOP */
	static const uint8_t head[16] = {
		0x01, 0x06, 0x02, 0x00, 0x01, 0, 0, 0, 0x01, 0x00, 0x02, 0x00, 0, 0, 0, 0,
	};

	check_adm(*state, sdxi_cmd_sync(SDXI_FLT_STOP, 1, 2), head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_copy, setup),
		cmocka_unit_test_setup(test_copy_fence, setup),
		cmocka_unit_test_setup(test_repcopy, setup),
		cmocka_unit_test_setup(test_wrt_imm, setup),
		cmocka_unit_test_setup(test_cst_blk, setup),
		cmocka_unit_test_setup(test_cxt_upd, setup),
		cmocka_unit_test_setup(test_cxt_upd_l2, setup),
		cmocka_unit_test_setup(test_cxt_start, setup),
		cmocka_unit_test_setup(test_cxt_stop, setup),
		cmocka_unit_test_setup(test_cxt_stop_hard, setup),
		cmocka_unit_test_setup(test_sync, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
