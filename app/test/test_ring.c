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
static uint32_t op_desc[RING_SZ], batch_end[RING_SZ];
static uint8_t verdict[RING_SZ];
static struct sdxi_ring ring;
static bool failed;

static int
setup(void **state)
{
	(void)state;
	memset(&ring, 0, sizeof(ring));
	memset(&sts, 0, sizeof(sts));
	ring.desc = desc;
	ring.csb = csb;
	ring.csb_iova = 0x10000;
	ring.op_desc = op_desc;
	ring.batch_end = batch_end;
	ring.verdict = verdict;
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
	ring.submitted = ring.read_index = start;
	ring.op_head = ring.op_submitted = ring.tail = ring.done = ring.wide_end = start - 99;
	ring.shift = 99;
	ring.next = ring.stop = &desc[start % RING_SZ];
	sts.read_index = rte_cpu_to_le_64(start);
	return 0;
}

/* Enqueue an operation of so many descriptors. */
static int
enqueue_nb(enum sdxi_mode mode, uint32_t nb)
{
	struct sdxi_dsc *dsc;
	uint64_t last, head;
	uint32_t i;
	int ret = 0;

	if (ring.next >= ring.stop || sdxi_ring_slots(&ring) < nb)
		ret = sdxi_ring_refill(&ring, mode);
	if (ret == 0 && sdxi_ring_slots(&ring) < nb)
		ret = -ENOSPC;
	if (ret < 0)
		return ret;
	head = sdxi_ring_head(&ring);
	last = sdxi_ring_begin(&ring, mode, nb);
	for (i = 0; i < nb; i++) {
		dsc = sdxi_ring_slot(&ring);
		sdxi_ring_put(&ring, dsc, sdxi_desc_copy(dsc, head + i, 0, 1, 0), last);
	}
	sdxi_ring_end(&ring, mode, nb, false);
	return 0;
}

static int
enqueue(void)
{
	return enqueue_nb(SDXI_MODE_OP, 1);
}

static uint32_t
done(uint32_t nb)
{
	return sdxi_ring_done(&ring, SDXI_MODE_OP, nb, &failed);
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
	assert_int_equal(sdxi_ring_head(&ring), RING_SZ);
	/* Not even the function's having consumed all makes room: nothing has been reported. */
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
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
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	consume(7);
	complete(0);
	ring.tail += done(100);
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
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	for (i = 0; i < RING_SZ; i++)
		complete(i);
	assert_int_equal(done(RING_SZ), RING_SZ);
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
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	assert_int_equal(doorbell, 77);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(write_index, 0);
	assert_int_equal(done(8), 0);
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
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
	assert_int_equal(done(8), 0);
}

static void
test_order(void **state)
{
	(void)state;
	while (sdxi_ring_head(&ring) < 4)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	complete(1);
	complete(2);
	assert_int_equal(done(8), 0);
	complete(0);
	assert_int_equal(done(2), 2);
	assert_int_equal(done(8), 3);
	assert_false(failed);
	csb[1].flags = rte_cpu_to_le_32(UINT32_C(1) << 31);
	assert_int_equal(done(8), 1);
	assert_true(failed);
	assert_int_equal(done(1), 1);
	assert_false(failed);
	csb[2].flags = rte_cpu_to_le_32(~(UINT32_C(1) << 31));
	assert_false(sdxi_ring_is_error(&ring, 0));
	assert_true(sdxi_ring_is_error(&ring, 1));
	assert_false(sdxi_ring_is_error(&ring, 2));
}

static void
test_wrap(void **state)
{
	uint64_t round, i, start = sdxi_ring_head(&ring);

	(void)state;
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 700; i++)
			assert_int_equal(enqueue(), 0);
		sdxi_ring_submit(&ring, SDXI_MODE_OP);
		assert_int_equal(rte_le_to_cpu_64(write_index), sdxi_ring_head(&ring));
		consume(sdxi_ring_head(&ring));
		for (i = 0; i < 700; i++)
			complete(ring.tail + i);
		assert_int_equal(done(UINT16_MAX), 700);
		ring.tail += 700;
	}
	assert_int_equal(sdxi_ring_head(&ring), start + 50 * 700);
}

static void
test_read_index_ahead(void **state)
{
	(void)state;
	while (sdxi_ring_head(&ring) < RING_SZ)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	ring.tail = 10;
	sts.read_index = rte_cpu_to_le_64(RING_SZ + 1);
	assert_int_equal(enqueue(), -EIO);
	assert_true(ring.read_index == SDXI_RING_NO_BOUND);
	/* It stays so, even if the function thinks better of it. */
	sts.read_index = rte_cpu_to_le_64(RING_SZ);
	assert_int_equal(enqueue(), -EIO);
}

static void
test_read_index_backwards(void **state)
{
	(void)state;
	while (sdxi_ring_head(&ring) < RING_SZ)
		assert_int_equal(enqueue(), 0);
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	sts.read_index = rte_cpu_to_le_64(100);
	ring.tail = 10;
	assert_int_equal(sdxi_ring_refill(&ring, SDXI_MODE_OP), 0);
	sts.read_index = rte_cpu_to_le_64(99);
	assert_int_equal(sdxi_ring_refill(&ring, SDXI_MODE_OP), -EIO);
}

static void
test_halt(void **state)
{
	(void)state;
	assert_int_equal(enqueue(), 0);
	sdxi_ring_halt(&ring);
	assert_int_equal(enqueue(), -EIO);
	/* Not even what another process was about to add to next makes it go on. */
	ring.next++;
	assert_int_equal(enqueue(), -EIO);
	assert_int_equal(enqueue_nb(SDXI_MODE_OP, 2), -EIO);
	sdxi_ring_reset(&ring);
	assert_int_equal(enqueue(), 0);
	assert_int_equal(sdxi_ring_head(&ring), 1);
}

/* Operations of several descriptors: one block, one index, room for all parts or none. */
static void
test_parts(void **state)
{
	unsigned int n = 0, i;

	(void)state;
	while (enqueue_nb(SDXI_MODE_OP, 5) == 0)
		n++;
	assert_int_equal(n, RING_SZ / 5);
	assert_int_equal(ring.op_head, n);
	assert_int_equal(sdxi_ring_head(&ring), n * 5);
	for (i = 0; i < n; i++) {
		assert_int_equal(sdxi_ring_op_start(&ring, i), i * 5);
		assert_int_equal(rte_le_to_cpu_64(csb[i].signal), 5);
		assert_int_equal(rte_le_to_cpu_64(desc[i * 5].qw[7]), 0x10000 + i * 32);
		assert_int_equal(rte_le_to_cpu_64(desc[i * 5 + 4].qw[7]), 0x10000 + i * 32);
	}
	/* What is left takes smaller ones. */
	for (i = 0; i < RING_SZ % 5; i++)
		assert_int_equal(enqueue(), 0);
	assert_int_equal(enqueue(), -ENOSPC);
	sdxi_ring_submit(&ring, SDXI_MODE_OP);
	assert_int_equal(rte_le_to_cpu_64(write_index), RING_SZ);
	/* Slots stay with an operation until it is reported, so that it can be run again. */
	consume(RING_SZ);
	assert_int_equal(enqueue(), -ENOSPC);
	csb[0].signal = 0;
	assert_int_equal(done(8), 1);
	sdxi_ring_report(&ring, 1);
	assert_int_equal(sdxi_ring_slots(&ring), 5);
	assert_int_equal(enqueue_nb(SDXI_MODE_OP, 6), -ENOSPC);
	assert_int_equal(enqueue_nb(SDXI_MODE_OP, 5), 0);
}

/* An operation counts as one, however many descriptors it has. */
static void
test_parts_nb_desc(void **state)
{
	(void)state;
	ring.nb_desc = 2;
	sdxi_ring_reset(&ring);
	assert_int_equal(enqueue_nb(SDXI_MODE_OP, 300), 0);
	assert_int_equal(enqueue_nb(SDXI_MODE_OP, 300), 0);
	assert_int_equal(enqueue_nb(SDXI_MODE_OP, 1), -ENOSPC);
}

static void
test_batch(void **state)
{
	unsigned int i;
	bool more;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(enqueue_nb(SDXI_MODE_BATCH, 2), 0);
	/* The block is armed when it is known for how many. */
	assert_int_equal(csb[0].signal, 0);
	sdxi_ring_submit(&ring, SDXI_MODE_BATCH);
	assert_int_equal(rte_le_to_cpu_64(csb[0].signal), 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(rte_le_to_cpu_64(desc[i].qw[7]), 0x10000);
	for (i = 0; i < 2; i++)
		assert_int_equal(enqueue_nb(SDXI_MODE_BATCH, 1), 0);
	sdxi_ring_submit(&ring, SDXI_MODE_BATCH);
	assert_int_equal(rte_le_to_cpu_64(csb[3].signal), 2);
	assert_int_equal(rte_le_to_cpu_64(desc[7].qw[7]), 0x10000 + 3 * 32);

	csb[0].signal = rte_cpu_to_le_64(1);
	assert_int_equal(sdxi_ring_done(&ring, SDXI_MODE_BATCH, 8, &failed), 0);
	csb[0].signal = 0;
	assert_int_equal(sdxi_ring_done(&ring, SDXI_MODE_BATCH, 2, &failed), 2);
	sdxi_ring_report(&ring, 2);
	/* A rest of the first one, and the second one. */
	assert_int_equal(sdxi_ring_done(&ring, SDXI_MODE_BATCH, 8, &failed), 1);
	csb[3].signal = 0;
	csb[3].flags = rte_cpu_to_le_32(UINT32_C(1) << 31);
	/*
	 * Who is asked in a hurry passes on what stands behind the failure, and not only the
	 * failure.
	 */
	assert_int_equal(sdxi_ring_done_fast(&ring, SDXI_MODE_BATCH, 8, &more), 1);
	assert_true(more);
	assert_int_equal(sdxi_ring_done(&ring, SDXI_MODE_BATCH, 8, &failed), 1);
	assert_true(failed);
	csb[3].flags = 0;
	assert_int_equal(sdxi_ring_done(&ring, SDXI_MODE_BATCH, 8, &failed), 3);
	assert_false(failed);
	sdxi_ring_report(&ring, 3);
	assert_int_equal(sdxi_ring_done(&ring, SDXI_MODE_BATCH, 8, &failed), 0);
}

static void
test_silent(void **state)
{
	(void)state;
	ring.nb_desc = 3;
	sdxi_ring_reset(&ring);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 2), 0);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), 0);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), 0);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), -ENOSPC);
	assert_int_equal(rte_le_to_cpu_64(desc[0].qw[7]), 1);
	sdxi_ring_submit(&ring, SDXI_MODE_SILENT);
	/* Half of an operation is none. */
	consume(1);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), -ENOSPC);
	consume(3);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), 0);
	assert_int_equal(ring.tail, 2);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), 0);
	assert_int_equal(enqueue_nb(SDXI_MODE_SILENT, 1), -ENOSPC);
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
		cmocka_unit_test_setup(test_parts, setup),
		cmocka_unit_test_setup(test_parts_nb_desc, setup),
		cmocka_unit_test_setup(test_batch, setup),
		cmocka_unit_test_setup(test_silent, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
