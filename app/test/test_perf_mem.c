/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Buffers of dpdk-test-dma-perf: verification accepts correct data only. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_common.h>

#include "perf_mem.h"

#define NB_BUFS 12
#define FIRST 24	/* number of buffers of other lanes before these */

/* Buffers that are not in a mempool. */
struct side {
	struct rte_mbuf mbufs[NB_BUFS];
	struct rte_mbuf *bufs[NB_BUFS];
	uint8_t *mem;
};

static struct side src, dst;

static void
make_side(struct side *side, uint64_t buf_size)
{
	unsigned int i;

	memset(side, 0, sizeof(*side));
	side->mem = malloc(NB_BUFS * buf_size);
	assert_non_null(side->mem);
	for (i = 0; i < NB_BUFS; i++) {
		side->bufs[i] = &side->mbufs[i];
		side->mbufs[i].buf_addr = side->mem + i * buf_size;
	}
}

static void
begin(uint64_t buf_size)
{
	make_side(&src, buf_size);
	make_side(&dst, buf_size);
	perf_mem_fill(src.bufs, FIRST, NB_BUFS, buf_size);
	perf_mem_clear(dst.bufs, NB_BUFS, buf_size);
}

static void
end(void)
{
	free(src.mem);
	free(dst.mem);
}

static uint8_t *
data(const struct side *side, unsigned int buf)
{
	return side->bufs[buf]->buf_addr;
}

/* Do what a device does, byte by byte. */
static void
do_ops(const struct perf_layout *l, unsigned int nb_ops)
{
	unsigned int op, i, d, s;
	uint64_t n, left;

	for (op = 0; op < nb_ops; op++) {
		uint64_t pattern = perf_mem_fill_pattern(FIRST + op);
		uint8_t *bytes = malloc(l->buf_size);

		assert_non_null(bytes);
		n = 0;
		for (s = 0; s < l->nb_src; s++)
			for (left = 0; left < perf_mem_segment(l->buf_size, l->nb_src, s); left++)
				bytes[n++] = data(&src, op * l->nb_src + s)[left];
		for (; n < l->buf_size; n++)
			bytes[n] = ((const uint8_t *)&pattern)[n % 8];
		n = 0;
		for (d = 0; d < l->nb_dst; d++)
			for (i = 0; i < perf_mem_segment(l->buf_size, l->nb_dst, d); i++)
				data(&dst, op * l->nb_dst + d)[i] = bytes[n++];
		assert_int_equal(n, l->buf_size);
		free(bytes);
	}
}

static bool
verify(const struct perf_layout *l, unsigned int nb_done, struct perf_mismatch *bad)
{
	return perf_mem_verify(dst.bufs, NB_BUFS, FIRST, nb_done, l, bad);
}

static const struct perf_layout layouts[] = {
	{ 1, 1, 1 }, { 61, 1, 1 }, { 64, 1, 1 }, { 4099, 1, 1 },	/* copies */
	{ 64, 4, 1 }, { 64, 1, 4 }, { 61, 4, 3 }, { 1031, 3, 4 }, { 5, 3, 2 },
	{ 12, 12, 12 }, { 3001, 2, 2 },					/* scatter-gather */
	{ 1, 0, 1 }, { 8, 0, 1 }, { 61, 0, 1 }, { 4099, 0, 1 },		/* fills */
};

static void
test_segments(void **state)
{
	(void)state;
	assert_int_equal(perf_mem_segment(64, 1, 0), 64);
	assert_int_equal(perf_mem_segment(64, 3, 0), 21);
	assert_int_equal(perf_mem_segment(64, 3, 1), 21);
	assert_int_equal(perf_mem_segment(64, 3, 2), 22);
}

static void
test_correct_data(void **state)
{
	struct perf_mismatch bad;
	unsigned int i, done;

	(void)state;
	for (i = 0; i < RTE_DIM(layouts); i++) {
		const struct perf_layout *l = &layouts[i];
		unsigned int nb_ops = NB_BUFS / RTE_MAX(l->nb_src, l->nb_dst);

		begin(l->buf_size);
		for (done = 0; done <= nb_ops; done++) {
			do_ops(l, done);
			assert_true(verify(l, done, &bad));
		}
		end();
	}
}

/* Corrupt each byte of the destinations by itself. */
static void
test_every_byte(void **state)
{
	struct perf_mismatch bad;
	uint64_t offset;
	unsigned int i, buf;

	(void)state;
	for (i = 0; i < RTE_DIM(layouts); i++) {
		const struct perf_layout *l = &layouts[i];
		unsigned int nb_ops = NB_BUFS / RTE_MAX(l->nb_src, l->nb_dst) / 2;

		begin(l->buf_size);
		do_ops(l, nb_ops);
		for (buf = 0; buf < NB_BUFS; buf++) {
			/* Samples of long ones. */
			for (offset = 0; offset < l->buf_size; offset += l->buf_size / 128 + 1) {
				uint8_t *p = data(&dst, buf) + offset;

				*p ^= 0x10;
				assert_false(verify(l, nb_ops, &bad));
				assert_int_equal(bad.buf, buf);
				assert_int_equal(bad.offset, offset);
				assert_int_equal(bad.found, *p);
				assert_int_equal(bad.expected, *p ^ 0x10);
				*p ^= 0x10;
			}
		}
		end();
	}
}

static void
test_not_reported(void **state)
{
	const struct perf_layout copy = { 64, 1, 1 };
	struct perf_mismatch bad;

	(void)state;
	begin(64);
	do_ops(&copy, 3);
	/* Reported but not done; done but not reported. */
	assert_false(verify(&copy, 4, &bad));
	assert_int_equal(bad.buf, 3);
	assert_false(verify(&copy, 2, &bad));
	assert_int_equal(bad.buf, 2);
	/* Data of a neighbour. */
	memcpy(data(&dst, 1), data(&src, 2), 64);
	assert_false(verify(&copy, 3, &bad));
	assert_int_equal(bad.buf, 1);
	end();
}

static void
test_remote(void **state)
{
	unsigned int i;

	(void)state;
	make_side(&dst, 64);
	perf_mem_set_remote(dst.bufs, NB_BUFS, 64, 0x200000000);
	for (i = 0; i < NB_BUFS; i++)
		assert_int_equal(rte_mbuf_data_iova(dst.bufs[i]),
				 0x200000000 + i * (64 + RTE_PKTMBUF_HEADROOM));
	free(dst.mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_correct_data),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_not_reported),
		cmocka_unit_test(test_remote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
