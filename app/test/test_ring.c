/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The ring and its completion status blocks, with the test in the function's place: it consumes
 * descriptors and writes blocks by hand.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdxi_desc.h"
#include "sdxi_ring.h"

#define RING_SZ 1024

static struct sdxi_dsc desc[RING_SZ] __attribute__((aligned(64)));
static struct sdxi_cst_blk csb[RING_SZ] __attribute__((aligned(64)));
static struct sdxi_cxt_sts sts __attribute__((aligned(64)));
static sdxi_le64 write_index;
static uint64_t doorbell;
static struct sdxi_ring ring;

static int
setup(void **state)
{
	(void)state;
	memset(&ring, 0, sizeof(ring));
	memset(&sts, 0, sizeof(sts));
	ring.desc = desc;
	ring.csb = csb;
	ring.csb_iova = 0x10000;
	ring.sts = &sts;
	ring.write_index = &write_index;
	ring.doorbell = &doorbell;
	ring.mask = RING_SZ - 1;
	ring.nb_desc = RING_SZ;
	sdxi_ring_reset(&ring);
	return 0;
}

/* As setup, but long after the start: indices have passed 16 bits and are about to pass 32. */
static int
setup_late(void **state)
{
	const uint64_t start = (UINT64_C(0x123456) << 32) - 5;

	setup(state);
	ring.head = ring.submitted = ring.tail = ring.read_index = start;
	ring.limit = start;
	sts.read_index = rte_cpu_to_le_64(start);
	return 0;
}

static int
enqueue(void)
{
	struct sdxi_dsc *dsc = NULL;
	int ret = sdxi_ring_slot(&ring, &dsc);

	if (ret == 0)
		sdxi_ring_commit(&ring, dsc, sdxi_desc_copy(dsc, ring.head, 0, 1, 0));
	return ret;
}

/* The function consumes up to @p upto: clears vl, advances Read_Index. */
static void
consume(uint64_t upto)
{
	uint64_t i;

	for (i = rte_le_to_cpu_64(sts.read_index); i != upto; i++) {
		struct sdxi_dsc *dsc = &desc[i & (RING_SZ - 1)];

		assert_int_equal(rte_le_to_cpu_64(dsc->qw[0]) & 1, 1);
		assert_int_equal(rte_le_to_cpu_64(dsc->qw[2]), i);
		dsc->qw[0] &= ~rte_cpu_to_le_64(1);
	}
	sts.read_index = rte_cpu_to_le_64(upto);
}

static void
complete(uint64_t idx)
{
	struct sdxi_cst_blk *blk = &csb[idx & (RING_SZ - 1)];

	assert_int_equal(rte_le_to_cpu_64(blk->signal), 1);
	blk->signal = 0;
}

static void
test_full(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RING_SZ; i++)
		assert_int_equal(enqueue(), 0);
	assert_int_equal(enqueue(), -ENOSPC);
	assert_int_equal(sdxi_ring_room(&ring), 0);
	assert_int_equal(ring.head, RING_SZ);
	/* Not even the function's having consumed all makes room: nothing has been reported. */
	sdxi_ring_submit(&ring);
	consume(RING_SZ);
	assert_int_equal(enqueue(), -ENOSPC);
}

static void
test_nb_desc(void **state)
{
	unsigned int i;

	(void)state;
	ring.nb_desc = 7;
	sdxi_ring_reset(&ring);
	for (i = 0; i < 7; i++) {
		assert_int_equal(sdxi_ring_room(&ring), 7 - i);
		assert_int_equal(enqueue(), 0);
	}
	assert_int_equal(enqueue(), -ENOSPC);
	sdxi_ring_submit(&ring);
	consume(7);
	complete(0);
	ring.tail += sdxi_ring_done(&ring, 100);
	assert_int_equal(ring.tail, 1);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(enqueue(), -ENOSPC);
}

/* A completed operation whose slot the function has not given back yet must not be overwritten. */
static void
test_read_index_lags(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RING_SZ; i++)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring);
	for (i = 0; i < RING_SZ; i++)
		complete(i);
	assert_int_equal(sdxi_ring_done(&ring, RING_SZ), RING_SZ);
	ring.tail += RING_SZ;
	assert_int_equal(enqueue(), -ENOSPC);
	consume(3);
	for (i = 0; i < 3; i++)
		assert_int_equal(enqueue(), 0);
	assert_int_equal(enqueue(), -ENOSPC);
}

static void
test_submit(void **state)
{
	(void)state;
	doorbell = 77;
	sdxi_ring_submit(&ring);
	assert_int_equal(doorbell, 77);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(write_index, 0);
	assert_int_equal(sdxi_ring_done(&ring, 8), 0);
	sdxi_ring_submit(&ring);
	assert_int_equal(rte_le_to_cpu_64(write_index), 2);
	assert_int_equal(rte_le_to_cpu_64(doorbell), 2);
}

/* What was not handed over is not done, whatever its block says. */
static void
test_not_submitted(void **state)
{
	(void)state;
	assert_int_equal(enqueue(), 0);
	csb[0].signal = 0;
	assert_int_equal(sdxi_ring_done(&ring, 8), 0);
}

static void
test_order(void **state)
{
	(void)state;
	while (ring.head < 4)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring);
	complete(1);
	complete(2);
	assert_int_equal(sdxi_ring_done(&ring, 8), 0);
	complete(0);
	assert_int_equal(sdxi_ring_done(&ring, 2), 2);
	assert_int_equal(sdxi_ring_done(&ring, 8), 3);
	csb[1].flags = rte_cpu_to_le_32(UINT32_C(1) << 31);
	csb[2].flags = rte_cpu_to_le_32(~(UINT32_C(1) << 31));
	assert_false(sdxi_ring_is_error(&ring, 0));
	assert_true(sdxi_ring_is_error(&ring, 1));
	assert_false(sdxi_ring_is_error(&ring, 2));
}

static void
test_wrap(void **state)
{
	uint64_t round, i, start = ring.head;

	(void)state;
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 700; i++)
			assert_int_equal(enqueue(), 0);
		sdxi_ring_submit(&ring);
		assert_int_equal(rte_le_to_cpu_64(write_index), ring.head);
		consume(ring.head);
		for (i = 0; i < 700; i++)
			complete(ring.tail + i);
		assert_int_equal(sdxi_ring_done(&ring, UINT16_MAX), 700);
		ring.tail += 700;
	}
	assert_int_equal(ring.head, start + 50 * 700);
}

static void
test_read_index_ahead(void **state)
{
	(void)state;
	while (ring.head < RING_SZ)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring);
	ring.tail = 10;
	sts.read_index = rte_cpu_to_le_64(RING_SZ + 1);
	assert_int_equal(enqueue(), -EIO);
	assert_true(ring.halted);
	assert_true(ring.read_index == SDXI_RING_NO_BOUND);
	/* It stays so, even if the function thinks better of it. */
	sts.read_index = rte_cpu_to_le_64(RING_SZ);
	assert_int_equal(enqueue(), -EIO);
}

static void
test_read_index_backwards(void **state)
{
	(void)state;
	while (ring.head < RING_SZ)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring);
	sts.read_index = rte_cpu_to_le_64(100);
	ring.tail = 10;
	assert_int_equal(sdxi_ring_refill(&ring), 0);
	sts.read_index = rte_cpu_to_le_64(99);
	assert_int_equal(sdxi_ring_refill(&ring), -EIO);
	assert_true(ring.halted);
}

static void
test_halt(void **state)
{
	(void)state;
	assert_int_equal(enqueue(), 0);
	sdxi_ring_halt(&ring);
	assert_int_equal(enqueue(), -EIO);
	sdxi_ring_reset(&ring);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(ring.head, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test_setup(test_nb_desc, setup),
		cmocka_unit_test_setup(test_read_index_lags, setup),
		cmocka_unit_test_setup(test_submit, setup),
		cmocka_unit_test_setup(test_not_submitted, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_wrap, setup),
		{ "test_wrap_late", test_wrap, setup_late, NULL, NULL },
		cmocka_unit_test_setup(test_read_index_ahead, setup),
		cmocka_unit_test_setup(test_read_index_backwards, setup),
		cmocka_unit_test_setup(test_halt, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
