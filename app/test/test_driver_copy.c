/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Copies are exact for all sizes up to 1 GiB and all alignments, and write nothing else. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)

#define GIB ((size_t)1 << 30)
/* Space around the data, for offsets and guards. */
#define MARGIN 4096
#define SEED 0x51
/* Larger than any ring in these tests. */
#define RING 4096

/* Source and destination, allocated once: EAL clears memory when it is freed. */
static size_t max_len;
static uint8_t *src_mem, *dst_mem;

/* The guards around the destination at @p dst must be unchanged. */
static void
expect_guards(const uint8_t *dst, size_t len)
{
	if (!td_is_all(dst - TD_GUARD_LEN, TD_GUARD_LEN, TD_GUARD))
		fail_msg("copy of %zu bytes to %p wrote before it", len, (const void *)dst);
	if (!td_is_all(dst + len, TD_GUARD_LEN, TD_GUARD))
		fail_msg("copy of %zu bytes to %p wrote after it", len, (const void *)dst);
}

static void
expect_copied(const uint8_t *src, const uint8_t *dst, size_t len)
{
	size_t at;

	if (memcmp(src, dst, len) != 0) {
		for (at = 0; src[at] == dst[at]; at++)
			;
		fail_msg("copy of %zu bytes from %p to %p: byte %zu: expected 0x%02x, found 0x%02x",
			 len, (const void *)src, (const void *)dst, at, src[at], dst[at]);
	}
	expect_guards(dst, len);
}

/* The source must not change. */
static void
expect_source_whole(void)
{
	const size_t words = (max_len + 2 * MARGIN) / sizeof(uint64_t);
	uint64_t word;
	size_t at;

	for (at = 0; at < words; at++) {
		memcpy(&word, src_mem + at * sizeof(word), sizeof(word));
		if (word != td_word(SEED, at))
			fail_msg("source was changed at offset %zu", at * sizeof(word));
	}
}

static void
copy_one(int16_t id, uint64_t idx, size_t len, unsigned int src_off, unsigned int dst_off)
{
	const uint8_t *src = src_mem + MARGIN + src_off;
	uint8_t *dst = dst_mem + MARGIN + dst_off;

	memset(dst - TD_GUARD_LEN, TD_GUARD, len + 2 * TD_GUARD_LEN);
	td_copy(id, 0, idx, src, dst, len, RTE_DMA_OP_FLAG_SUBMIT);
	td_gather(id, 0, idx, 1);
	expect_copied(src, dst, len);
}

static void
test_small_sizes(void **state)
{
	static const unsigned int offs[] = { 0, 1, 7, 8, 31, 33, 63 };
	unsigned int len, s, d;
	uint64_t idx = 0;
	int16_t id;

	RTE_SET_USED(state);
	id = td_open(FN0, "", 1, 64);
	for (len = 1; len <= 257; len++)
		for (s = 0; s < RTE_DIM(offs); s++)
			for (d = 0; d < RTE_DIM(offs); d++)
				copy_one(id, idx++, len, offs[s], offs[d]);
}

static void
test_large_sizes(void **state)
{
	uint64_t idx = 0;
	size_t len;
	int16_t id;
	int diff;

	RTE_SET_USED(state);
	id = td_open(FN0, "", 1, 64);
	for (len = 256; len < max_len; len *= 2) {
		for (diff = -1; diff <= 1; diff++) {
			copy_one(id, idx++, len + diff, 0, 0);
			if (len <= 64 << 20)
				copy_one(id, idx++, len + diff, 3 + diff, 4093);
		}
	}
	/* The largest ones once each, at various offsets. */
	copy_one(id, idx++, max_len - 1, 0, 0);
	copy_one(id, idx++, max_len, 5, 64);
	copy_one(id, idx++, max_len + 1, 4096 - 3, 1);
	expect_source_whole();
}

/* All offsets of source and destination within cache lines, all in flight together. */
static void
test_alignments(void **state)
{
	static const size_t lens[] = {
		1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 192, 255,
		256, 1000, 1500, 4095, 4096, 4097, 9000, 65535,
	};
	const unsigned int nb_lens = td_is_slow() ? 24 : RTE_DIM(lens);
	const uint8_t *src;
	uint64_t idx = 0;
	unsigned int i, n;
	size_t len, slot;
	uint8_t *dst;
	int16_t id;

	RTE_SET_USED(state);
	id = td_open(FN0, "", 1, RING);
	for (i = 0; i < nb_lens; i++) {
		len = lens[i];
		/* Each has its own cache lines, with space for its offset and guards. */
		slot = RTE_ALIGN(len + 64 + 2 * TD_GUARD_LEN, 64);
		if (RING * slot > max_len)
			continue;
		memset(dst_mem, TD_GUARD, RING * slot);
		for (n = 0; n < RING; n++) {
			src = src_mem + (size_t)n * slot + n % 64;
			dst = dst_mem + (size_t)n * slot + TD_GUARD_LEN + n / 64;
			td_copy(id, 0, idx + n, src, dst, len,
				n % 100 == 99 ? RTE_DMA_OP_FLAG_SUBMIT : 0);
		}
		assert_return_code(rte_dma_submit(id, 0), 0);
		td_gather(id, 0, idx, RING);
		idx += RING;
		for (n = 0; n < RING; n++) {
			src = src_mem + (size_t)n * slot + n % 64;
			dst = dst_mem + (size_t)n * slot + TD_GUARD_LEN + n / 64;
			expect_copied(src, dst, len);
		}
	}
	expect_source_whole();
}

/* Long copies are executed in parts, interleaved with those of other channels. */
static void
test_long_beside_short(void **state)
{
	enum { LONG = 4, SHORT = 1000, SHORT_LEN = 1024 };
	const size_t len = RTE_MIN((size_t)64 << 20, max_len / 8) + 4321;
	const uint8_t *src = src_mem + MARGIN;
	uint8_t *at[LONG], *dst = dst_mem + MARGIN;
	unsigned int i, v;
	int16_t id;

	RTE_SET_USED(state);
	id = td_open(FN0, "", 3, 1000);
	for (i = 0; i < LONG; i++)
		at[i] = dst + i * (len + 2 * TD_GUARD_LEN + 1);
	dst = at[LONG - 1] + len + 2 * TD_GUARD_LEN;
	memset(dst_mem, TD_GUARD,
	       dst + SHORT * (SHORT_LEN + TD_GUARD_LEN) + TD_GUARD_LEN - dst_mem);
	for (i = 0; i < LONG; i++)
		td_copy(id, i % 2, i / 2, src + i * 4099, at[i], len, RTE_DMA_OP_FLAG_SUBMIT);
	for (i = 0; i < SHORT; i++)
		td_copy(id, 2, i, src + i * SHORT_LEN + i % 64,
			dst + i * (SHORT_LEN + TD_GUARD_LEN), SHORT_LEN, RTE_DMA_OP_FLAG_SUBMIT);
	td_gather(id, 2, 0, SHORT);
	for (v = 0; v < 2; v++)
		td_gather(id, v, 0, LONG / 2);
	for (i = 0; i < LONG; i++)
		expect_copied(src + i * 4099, at[i], len);
	for (i = 0; i < SHORT; i++)
		expect_copied(src + i * SHORT_LEN + i % 64,
			      dst + i * (SHORT_LEN + TD_GUARD_LEN), SHORT_LEN);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TD_TEST(test_small_sizes),
		TD_TEST(test_large_sizes),
		TD_TEST(test_alignments),
		TD_TEST(test_long_beside_short),
	};

	max_len = td_is_slow() ? GIB / 32 : getenv(TD_ORDER) != NULL ? GIB / 8 : GIB;
	if (!td_eal_init(argv[0], 2 * (max_len >> 20) + 128, NULL))
		return 1;
	src_mem = rte_malloc("src", max_len + 2 * MARGIN, 64);
	dst_mem = rte_malloc("dst", max_len + 2 * MARGIN, 64);
	if (src_mem == NULL || dst_mem == NULL) {
		fprintf(stderr, "cannot allocate 2 x %zu bytes of DPDK memory\n", max_len);
		return 1;
	}
	td_fill(src_mem, max_len + 2 * MARGIN, SEED);
	return TD_RUN("driver_copy", tests, argc > 1 ? argv[1] : NULL);
}
