/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Fills, scatter-gather, silent mode, enqueue and dequeue operations. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)

enum { RING = 1024 };

/* Skip a test of a feature that this DPDK does not have. */
static void __rte_unused
skip_for(const char *why)
{
	print_message("skipped: %s\n", why);
	skip();
}

/* Limits that rte_dma_info must report. */
enum { MAX_SGES = 32 };

/* State of a channel. */
struct chan {
	int16_t id;
	uint64_t next, tail; /* indices */
};

static void
chan_open(struct chan *c, const char *more, uint16_t nb_desc)
{
	c->id = td_open(FN0, more, 1, nb_desc);
	c->next = 0;
	c->tail = 0;
}

/* Poll all outstanding operations. */
static void
chan_drain(struct chan *c)
{
	assert_return_code(rte_dma_submit(c->id, 0), 0);
	if (c->next != c->tail)
		td_gather(c->id, 0, c->tail, c->next - c->tail);
	c->tail = c->next;
}

/* Check an index returned by enqueue; returns false if the ring was full. */
static bool
chan_took(struct chan *c, int ret)
{
	if (ret == -ENOSPC && c->next != c->tail) {
		chan_drain(c);
		return false;
	}
	if (ret != (uint16_t)c->next)
		fail_msg("enqueue: expected index %u, found %d", (uint16_t)c->next, ret);
	c->next++;
	return true;
}

static void
chan_fill(struct chan *c, uint64_t pattern, uint8_t *dst, uint32_t len, uint64_t flags)
{
	while (!chan_took(c, rte_dma_fill(c->id, 0, pattern, (uintptr_t)dst, len, flags)))
		;
}

static void
chan_copy(struct chan *c, const uint8_t *src, uint8_t *dst, uint32_t len, uint64_t flags)
{
	while (!chan_took(c, rte_dma_copy(c->id, 0, (uintptr_t)src, (uintptr_t)dst, len, flags)))
		;
}

/* ---- capabilities ---------------------------------------------------------------------------- */

static void
test_capabilities(void **state)
{
	const uint64_t expected = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_SILENT |
				  RTE_DMA_CAPA_HANDLES_ERRORS | RTE_DMA_CAPA_OPS_COPY |
				  RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL;
	struct rte_dma_info info;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "");
	assert_return_code(rte_dma_info_get(id, &info), 0);
	if ((info.dev_capa & expected) != expected)
		fail_msg("capabilities: expected at least 0x%" PRIx64 ", found 0x%" PRIx64,
			 expected, info.dev_capa);
	assert_int_equal(info.max_sges, MAX_SGES);
#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
	assert_true(info.dev_capa & RTE_DMA_CAPA_OPS_ENQ_DEQ);
#endif
#ifdef RTE_DMA_CAPA_PRI_POLICY_SP
	/* Which way hardware orders CXT_CTL.qos is not known. */
	assert_false(info.dev_capa & RTE_DMA_CAPA_PRI_POLICY_SP);
#endif
}

/* ---- fill ------------------------------------------------------------------------------------ */

static void
prepare(uint8_t *dst, size_t len)
{
	memset(dst - TD_GUARD_LEN, TD_GUARD, len + 2 * TD_GUARD_LEN);
}

static void
expect_filled(const uint8_t *dst, size_t len, uint64_t pattern)
{
	size_t at;

	for (at = 0; at < len; at++)
		if (dst[at] != (uint8_t)(pattern >> at % 8 * 8))
			fail_msg("fill of %zu bytes at %p with 0x%016" PRIx64 ": byte %zu: found "
				 "0x%02x", len, (const void *)dst, pattern, at, dst[at]);
	if (!td_is_all(dst - TD_GUARD_LEN, TD_GUARD_LEN, TD_GUARD) ||
	    !td_is_all(dst + len, TD_GUARD_LEN, TD_GUARD))
		fail_msg("fill of %zu bytes at %p wrote outside of it", len, (const void *)dst);
}

static void
test_fill_small(void **state)
{
	enum { LENS = 200, ALIGNS = 16, ROOM = 512 };
	unsigned int len, align;
	struct chan c;
	uint8_t *mem;

	RTE_SET_USED(state);
	mem = td_alloc(ALIGNS * ROOM, 64);
	chan_open(&c, "", 64);
	for (len = 1; len <= LENS; len++) {
		for (align = 0; align < ALIGNS; align++)
			prepare(mem + align * ROOM + TD_GUARD_LEN + align, len);
		for (align = 0; align < ALIGNS; align++)
			chan_fill(&c, td_word(len, align),
				  mem + align * ROOM + TD_GUARD_LEN + align, len, 0);
		chan_drain(&c);
		for (align = 0; align < ALIGNS; align++)
			expect_filled(mem + align * ROOM + TD_GUARD_LEN + align, len,
				      td_word(len, align));
	}
	td_expect_stats(c.id, 0, LENS * ALIGNS, LENS * ALIGNS, 0);
}

/* Lengths and offsets around multiples of a page. */
static void
test_fill_pages(void **state)
{
	static const int diffs[] = { -33, -32, -31, -9, -8, -7, -1, 0, 1, 7, 8, 31, 32, 33 };
	static const unsigned int places[] = { 0, 1, 7, 8, 31, 32, 63, 2048, 4064, 4088, 4095 };
	enum { PAGE = 4096, PAGES = 5 };
	unsigned int pages, d, p;
	struct chan c;
	uint8_t *mem;

	RTE_SET_USED(state);
	mem = td_alloc((PAGES + 3) * PAGE, PAGE);
	chan_open(&c, "", 512);
	for (pages = 1; pages <= PAGES; pages++) {
		for (d = 0; d < RTE_DIM(diffs); d++) {
			for (p = 0; p < RTE_DIM(places); p++) {
				uint8_t *dst = mem + PAGE + places[p];
				size_t len = pages * PAGE + diffs[d];
				uint64_t pattern = td_word(pages * 100 + d, p);

				prepare(dst, len);
				chan_fill(&c, pattern, dst, len, 0);
				chan_drain(&c);
				expect_filled(dst, len, pattern);
			}
		}
	}
}

static void
test_fill_large(void **state)
{
	static const struct {
		uint32_t len, place;
	} fill[] = {
		{ 1 << 20, 0 }, { 1 << 20, 8 }, { (1 << 20) + 1, 1 }, { (2 << 20) - 1, 4095 },
		{ 2 << 20, 0 }, { (2 << 20) + 4097, 3 }, { 5 << 20, 64 }, { 8 << 20, 4093 },
		{ (8 << 20) - 7, 0 },
	};
	/* Longer and shorter than one descriptor can move. */
	static const char * const args[] = { "", "max_buffer=2097152" };
	const size_t room = (8 << 20) + 3 * 4096;
	struct chan c;
	unsigned int a, i;
	uint8_t *mem;

	RTE_SET_USED(state);
	mem = td_alloc(room, 4096);
	for (a = 0; a < RTE_DIM(args); a++) {
		chan_open(&c, args[a], 64);
		for (i = 0; i < RTE_DIM(fill); i++) {
			uint8_t *dst = mem + 4096 + fill[i].place;

			prepare(dst, fill[i].len);
			chan_fill(&c, td_word(a, i), dst, fill[i].len, 0);
			chan_drain(&c);
			expect_filled(dst, fill[i].len, td_word(a, i));
		}
		td_remove(FN0);
	}
}

/* Each with a different pattern, as many outstanding as the ring holds. */
static void
test_fill_patterns(void **state)
{
	static const uint32_t lens[] = { 8, 24, 33, 100, 4096, 5000, 12288, 3 };
	enum { FILLS = 200, ROOM = 16384 };
	static const uint64_t special[] = {
		0, UINT64_MAX, 0x0101010101010101, 0xa5, UINT64_C(0xa500000000000000),
		UINT64_C(0x0102030405060708), 0xffffffff,
	};
	uint64_t pattern[FILLS];
	unsigned int round, i;
	struct chan c;
	uint8_t *mem;

	RTE_SET_USED(state);
	mem = td_alloc(FILLS * ROOM, 64);
	chan_open(&c, "", 2000);
	for (round = 0; round < 6; round++) {
		for (i = 0; i < FILLS; i++) {
			pattern[i] = i % 10 == 3 ? special[i / 10 % RTE_DIM(special)] :
						   td_word(round, i);
			/* Reuse some patterns while others evict them. */
			if (i % 10 == 7)
				pattern[i] = td_word(77, i % 3);
			prepare(mem + i * ROOM + TD_GUARD_LEN + i, lens[(i + round) % 8]);
		}
		for (i = 0; i < FILLS; i++)
			chan_fill(&c, pattern[i], mem + i * ROOM + TD_GUARD_LEN + i,
				  lens[(i + round) % 8],
				  round % 2 == 1 ? RTE_DMA_OP_FLAG_SUBMIT : 0);
		chan_drain(&c);
		for (i = 0; i < FILLS; i++)
			expect_filled(mem + i * ROOM + TD_GUARD_LEN + i, lens[(i + round) % 8],
				      pattern[i]);
	}
	td_expect_stats(c.id, 0, 6 * FILLS, 6 * FILLS, 0);
}

/* Fills of the same place, read in between, each after a fence. */
static void
test_fill_fence(void **state)
{
	static const uint32_t lens[] = { 5, 32, 200, 4096, 20000 };
	enum { LINKS = 10, ROOM = 24576 };
	uint8_t *mem, *dst;
	unsigned int i, l;
	struct chan c;

	RTE_SET_USED(state);
	mem = td_alloc((LINKS + 1) * ROOM, 4096);
	chan_open(&c, "", 512);
	for (l = 0; l < RTE_DIM(lens); l++) {
		dst = mem + TD_GUARD_LEN;
		for (i = 0; i <= LINKS; i++)
			prepare(dst + i * ROOM, lens[l]);
		for (i = 1; i <= LINKS; i++) {
			chan_fill(&c, td_word(l, i), dst, lens[l], RTE_DMA_OP_FLAG_FENCE);
			chan_copy(&c, dst, dst + i * ROOM, lens[l], RTE_DMA_OP_FLAG_FENCE);
		}
		chan_drain(&c);
		for (i = 1; i <= LINKS; i++)
			expect_filled(dst + i * ROOM, lens[l], td_word(l, i));
	}
}

static void
test_fill_refused(void **state)
{
	enum { NB_DESC = 8, LEN = 10000 };
	uint8_t *mem, *refused;
	uint16_t room;
	struct chan c;
	int ret;

	RTE_SET_USED(state);
	mem = td_alloc(4 * LEN, 64);
	refused = td_alloc(4 * LEN, 64);
	chan_open(&c, "", NB_DESC);
	prepare(mem + TD_GUARD_LEN, LEN);
	memset(refused, TD_GUARD, 4 * LEN);
	room = rte_dma_burst_capacity(c.id, 0);
	assert_int_equal(rte_dma_fill(c.id, 0, 1, (uintptr_t)refused, 0, 0), -EINVAL);
	assert_int_equal(rte_dma_fill(c.id, 0, 1, (uintptr_t)refused, 0, RTE_DMA_OP_FLAG_SUBMIT),
			 -EINVAL);
	assert_int_equal(rte_dma_burst_capacity(c.id, 0), room);

	/* Fill the ring; the next operation has no side effects. */
	while ((ret = rte_dma_fill(c.id, 0, c.next, (uintptr_t)mem + TD_GUARD_LEN, LEN, 0)) >= 0)
		assert_int_equal(ret, (uint16_t)c.next++);
	assert_int_equal(ret, -ENOSPC);
	assert_in_range(c.next, 1, NB_DESC);
	assert_int_equal(rte_dma_fill(c.id, 0, 1, (uintptr_t)refused, LEN,
				      RTE_DMA_OP_FLAG_SUBMIT | RTE_DMA_OP_FLAG_FENCE), -ENOSPC);
	td_expect_stats(c.id, 0, 0, 0, 0);
	chan_drain(&c);
	td_expect_stats(c.id, 0, c.next, c.next, 0);
	assert_true(td_is_all(refused, 4 * LEN, TD_GUARD));
	chan_fill(&c, 3, mem + TD_GUARD_LEN, LEN, 0);
	chan_drain(&c);
	expect_filled(mem + TD_GUARD_LEN, LEN, 3);
}

/* ---- scatter-gather -------------------------------------------------------------------------- */



/* A scatter-gather operation. */
struct sg {
	struct rte_dma_sge src[MAX_SGES + 1], dst[MAX_SGES + 1];
	uint16_t nb_src, nb_dst;
	uint32_t len;
};

/* Split @p len into @p n entries from @p mem, @p gap apart; optionally, 10 % are empty. */
static void
sg_cut(struct rte_dma_sge *sge, unsigned int n, uint32_t len, uint8_t *mem, uint32_t gap,
       uint64_t seed, bool empties)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t part = len;

		if (i < n - 1)
			part = td_word(seed, i) % (2 * (uint64_t)len / (n - i) + 1);
		part = RTE_MIN(part, len);
		if (!empties && part == 0 && len >= n - i)
			part = 1;
		if (empties && i < n - 1 && td_word(seed, i + 1000) % 10 == 0)
			part = 0;
		/* Leave something for the others. */
		if (!empties && len - part < n - i - 1)
			part = len - (n - i - 1);
		sge[i] = (struct rte_dma_sge){ .addr = (uintptr_t)mem, .length = part };
		mem += part + gap;
		len -= part;
	}
}

static void
sg_make(struct sg *sg, uint16_t nb_src, uint16_t nb_dst, uint32_t len, uint8_t *src, uint8_t *dst,
	uint64_t seed, bool empties)
{
	sg->nb_src = nb_src;
	sg->nb_dst = nb_dst;
	sg->len = len;
	sg_cut(sg->src, nb_src, len, src, seed % 7, td_word(seed, 1), empties);
	sg_cut(sg->dst, nb_dst, len, dst + TD_GUARD_LEN, 1 + seed % 13, td_word(seed, 2), empties);
}

static int
sg_enqueue(int16_t id, struct sg *sg, uint64_t flags)
{
	return rte_dma_copy_sg(id, 0, sg->src, sg->dst, sg->nb_src, sg->nb_dst, flags);
}

static void
chan_sg(struct chan *c, struct sg *sg, uint64_t flags)
{
	while (!chan_took(c, sg_enqueue(c->id, sg, flags)))
		;
}

/* Are the @p room bytes at @p dst as expected, with nothing else changed? */
static void
expect_sg(const struct sg *sg, const uint8_t *dst, size_t room)
{
	const uint8_t *at = dst, *from, *to;
	unsigned int s = 0, d;
	uint32_t off = 0, i;

	for (d = 0; d < sg->nb_dst; d++) {
		to = (const uint8_t *)(uintptr_t)sg->dst[d].addr;
		if (!td_is_all(at, to - at, TD_GUARD))
			fail_msg("%u to %u entries, %u bytes: written before entry %u",
				 sg->nb_src, sg->nb_dst, sg->len, d);
		for (i = 0; i < sg->dst[d].length; i++, off++) {
			while (off == sg->src[s].length) {
				off = 0;
				s++;
			}
			from = (const uint8_t *)(uintptr_t)sg->src[s].addr;
			if (to[i] != from[off])
				fail_msg("%u to %u entries, %u bytes: byte %u of entry %u: "
					 "expected 0x%02x, found 0x%02x", sg->nb_src, sg->nb_dst,
					 sg->len, i, d, from[off], to[i]);
		}
		at = to + sg->dst[d].length;
	}
	if (!td_is_all(at, dst + room - at, TD_GUARD))
		fail_msg("%u to %u entries, %u bytes: written after the last entry", sg->nb_src,
			 sg->nb_dst, sg->len);
}

static void
test_sg(void **state)
{
	static const uint16_t counts[] = { 1, 2, 3, 7, 16, 31, 32 };
	static const uint32_t lens[] = { 1, 2, 31, 256, 300, 4096, 5000, 65536, 300000 };
	enum { ROOM = 400000 };
	unsigned int s, d, l, n = 0;
	static struct sg sg;
	uint8_t *src, *dst;
	struct chan c;

	RTE_SET_USED(state);
	src = td_alloc(ROOM, 64);
	dst = td_alloc(ROOM, 64);
	td_fill(src, ROOM, 11);
	chan_open(&c, "", 64);
	for (s = 0; s < RTE_DIM(counts); s++) {
		for (d = 0; d < RTE_DIM(counts); d++) {
			for (l = 0; l < RTE_DIM(lens); l++, n++) {
				const bool empties = n % 2 == 0 || lens[l] < counts[s] ||
						     lens[l] < counts[d];
				const size_t room = lens[l] + 2 * TD_GUARD_LEN + 14 * counts[d];

				sg_make(&sg, counts[s], counts[d], lens[l], src, dst, n, empties);
				memset(dst, TD_GUARD, room);
				chan_sg(&c, &sg, n % 3 == 0 ? RTE_DMA_OP_FLAG_FENCE : 0);
				chan_drain(&c);
				expect_sg(&sg, dst, room);
			}
		}
	}
	td_expect_stats(c.id, 0, n, n, 0);
}

/* Many outstanding, with copies and fills in between. */
static void
test_sg_many(void **state)
{
	enum { OPS = 64, ROOM = 16384, ROUNDS = 40 };
	static struct sg sg[OPS];
	unsigned int round, i;
	uint8_t *src, *dst;
	struct chan c;

	RTE_SET_USED(state);
	src = td_alloc(ROOM, 64);
	dst = td_alloc(OPS * ROOM, 64);
	td_fill(src, ROOM, 12);
	chan_open(&c, "", 4096);
	for (round = 0; round < ROUNDS; round++) {
		memset(dst, TD_GUARD, OPS * ROOM);
		for (i = 0; i < OPS; i++) {
			uint64_t r = td_word(round, i);

			sg_make(&sg[i], 1 + r % 20, 1 + (r >> 8) % 20, 1 + (r >> 16) % 8000, src,
				dst + i * ROOM, r, true);
			if (i % 3 == 0)
				chan_copy(&c, src, dst + i * ROOM + TD_GUARD_LEN, sg[i].len, 0);
			else if (i % 3 == 1)
				chan_fill(&c, r, dst + i * ROOM + TD_GUARD_LEN, sg[i].len, 0);
			else
				chan_sg(&c, &sg[i],
					(r >> 40) % 4 == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0);
		}
		chan_drain(&c);
		for (i = 0; i < OPS; i++) {
			uint8_t *at = dst + i * ROOM;

			if (i % 3 == 2) {
				expect_sg(&sg[i], at, ROOM);
				continue;
			}
			if (i % 3 == 0)
				assert_memory_equal(at + TD_GUARD_LEN, src, sg[i].len);
			else
				expect_filled(at + TD_GUARD_LEN, sg[i].len, td_word(round, i));
			at += TD_GUARD_LEN + sg[i].len;
			assert_true(td_is_all(at, dst + (i + 1) * ROOM - at, TD_GUARD));
		}
	}
	td_expect_stats(c.id, 0, ROUNDS * OPS, ROUNDS * OPS, 0);
}

static void
expect_sg_refused(struct chan *c, struct sg *sg, const uint8_t *dst, size_t room)
{
	const uint16_t capacity = rte_dma_burst_capacity(c->id, 0);

	assert_int_equal(sg_enqueue(c->id, sg, 0), -EINVAL);
	assert_int_equal(sg_enqueue(c->id, sg, RTE_DMA_OP_FLAG_SUBMIT | RTE_DMA_OP_FLAG_FENCE),
			 -EINVAL);
	assert_int_equal(rte_dma_burst_capacity(c->id, 0), capacity);
	/* The next operation has the next index; the refused one left nothing. */
	td_one_copy(c->id, 0, c->next++);
	c->tail = c->next;
	assert_true(td_is_all(dst, room, TD_GUARD));
}

static void
test_sg_refused(void **state)
{
	enum { ROOM = 65536 };
	static struct sg sg;
	uint8_t *src, *dst;
	struct chan c;

	RTE_SET_USED(state);
	src = td_alloc(ROOM, 64);
	dst = td_alloc(ROOM, 64);
	td_fill(src, ROOM, 13);
	memset(dst, TD_GUARD, ROOM);
	chan_open(&c, "max_buffer=2097152", 64);

	/* Different total lengths on both sides. */
	sg_make(&sg, 5, 3, 1000, src, dst, 1, false);
	sg.src[4].length++;
	expect_sg_refused(&c, &sg, dst, ROOM);
	sg.src[4].length -= 2;
	expect_sg_refused(&c, &sg, dst, ROOM);
	sg_make(&sg, 1, 2, 1000, src, dst, 1, false);
	sg.dst[0].length += 100;
	expect_sg_refused(&c, &sg, dst, ROOM);
	/* Equal modulo 2^32 only. */
	sg_make(&sg, 3, 1, 64, src, dst, 1, false);
	sg.src[0].length = UINT32_C(1) << 31;
	sg.src[1].length = UINT32_C(1) << 31;
	sg.src[2].length = 64;
	expect_sg_refused(&c, &sg, dst, ROOM);
	/* No destination, or no source. */
	sg_make(&sg, 2, 2, 64, src, dst, 1, false);
	sg.dst[0].length = 0;
	sg.dst[1].length = 0;
	expect_sg_refused(&c, &sg, dst, ROOM);
	sg_make(&sg, 2, 2, 64, src, dst, 1, false);
	sg.nb_src = 0;
	expect_sg_refused(&c, &sg, dst, ROOM);
	sg_make(&sg, 2, 2, 64, src, dst, 1, false);
	sg.nb_dst = 0;
	expect_sg_refused(&c, &sg, dst, ROOM);
	/* More entries than rte_dma_info reports. */
	sg_make(&sg, MAX_SGES + 1, 1, 1000, src, dst, 1, false);
	expect_sg_refused(&c, &sg, dst, ROOM);
	sg_make(&sg, 1, MAX_SGES + 1, 1000, src, dst, 1, false);
	expect_sg_refused(&c, &sg, dst, ROOM);
}

/* A full ring accepts an operation completely or not at all. */
static void
test_sg_full(void **state)
{
	enum { ROOM = 8192, SGES = 30, NB_DESC = 512, MAX_OPS = 64 };
	static struct sg sg[MAX_OPS];
	uint8_t *src, *dst, *refused;
	unsigned int round, i, n;
	struct chan c;
	int ret;

	RTE_SET_USED(state);
	src = td_alloc(ROOM, 64);
	dst = td_alloc(MAX_OPS * ROOM, 64);
	refused = td_alloc(ROOM, 64);
	td_fill(src, ROOM, 14);
	chan_open(&c, "", NB_DESC);
	for (round = 0; round < 5; round++) {
		memset(dst, TD_GUARD, MAX_OPS * ROOM);
		memset(refused, TD_GUARD, ROOM);
		for (n = 0; n < MAX_OPS; n++) {
			sg_make(&sg[n], SGES, SGES - round, 4000, src, dst + n * ROOM, n, false);
			ret = sg_enqueue(c.id, &sg[n], 0);
			if (ret == -ENOSPC)
				break;
			assert_int_equal(ret, (uint16_t)c.next);
			c.next++;
		}
		/* Each entry needs at least one descriptor; the ring has 2 * nb_desc. */
		assert_in_range(n, 1, 2 * NB_DESC / SGES);
		sg_make(&sg[n], SGES, SGES, 4000, src, refused, n, false);
		for (i = 0; i < 3; i++)
			assert_int_equal(sg_enqueue(c.id, &sg[n], RTE_DMA_OP_FLAG_SUBMIT |
						    RTE_DMA_OP_FLAG_FENCE), -ENOSPC);
		td_expect_stats(c.id, 0, c.tail, c.tail, 0);
		/* Operations of one descriptor may still fit. */
		while (rte_dma_burst_capacity(c.id, 0) > 0) {
			td_copy(c.id, 0, c.next++, src, dst + n * ROOM, 1, 0);
			assert_in_range(c.next - c.tail, 1, NB_DESC);
		}
		assert_int_equal(rte_dma_copy(c.id, 0, (uintptr_t)src, (uintptr_t)refused, 64, 0),
				 -ENOSPC);
		chan_drain(&c);
		for (i = 0; i < n; i++)
			expect_sg(&sg[i], dst + i * ROOM, ROOM);
		assert_true(td_is_all(refused, ROOM, TD_GUARD));
		td_expect_stats(c.id, 0, c.next, c.next, 0);
	}
	/* The largest operation fits into the smallest ring. */
	assert_return_code(rte_dma_stop(c.id), 0);
	td_vchan_setup(c.id, 0, 1);
	assert_return_code(rte_dma_start(c.id), 0);
	c.next = 0;
	c.tail = 0;
	for (i = 0; i < 5; i++) {
		memset(dst, TD_GUARD, 3 * ROOM);
		sg_make(&sg[0], MAX_SGES, MAX_SGES, 6000, src, dst, i, false);
		assert_int_equal(sg_enqueue(c.id, &sg[0], RTE_DMA_OP_FLAG_SUBMIT), c.next);
		c.next++;
		chan_drain(&c);
		expect_sg(&sg[0], dst, 3 * ROOM);
	}
}

/* ---- burst capacity -------------------------------------------------------------------------- */

/* Burst capacity is exact, after any operations; a refused operation does not change it. */
static void
test_burst_capacity(void **state)
{
	enum { NB_DESC = 300, LEN = 20000, ROUNDS = 60 };
	unsigned int round, i;
	uint16_t room, less;
	static struct sg sg;
	uint8_t *src, *dst;
	struct chan c;
	int ret;

	RTE_SET_USED(state);
	src = td_alloc(LEN, 64);
	dst = td_alloc(2 * LEN, 64);
	chan_open(&c, "", NB_DESC);
	for (round = 0; round < ROUNDS; round++) {
		assert_int_equal(rte_dma_burst_capacity(c.id, 0), NB_DESC);
		for (i = 0;; i++) {
			uint64_t r = td_word(round, i);

			room = rte_dma_burst_capacity(c.id, 0);
			if (r % 4 == 0) {
				ret = rte_dma_fill(c.id, 0, r, (uintptr_t)dst, 1 + r % LEN, 0);
			} else if (r % 4 == 1) {
				sg_make(&sg, 1 + r % 30, 1 + (r >> 8) % 30, 100, src, dst, r, true);
				ret = sg_enqueue(c.id, &sg, 0);
			} else {
				ret = rte_dma_copy(c.id, 0, (uintptr_t)src, (uintptr_t)dst, 64, 0);
				assert_int_equal(ret >= 0, room > 0);
			}
			less = rte_dma_burst_capacity(c.id, 0);
			if (ret < 0) {
				assert_int_equal(ret, -ENOSPC);
				assert_int_equal(less, room);
				if (room == 0)
					break;
				continue;
			}
			assert_int_equal(ret, (uint16_t)c.next);
			c.next++;
			assert_true(less < room);
		}
		chan_drain(&c);
		TD_WAIT(rte_dma_burst_capacity(c.id, 0) == NB_DESC);
	}
}

/* Querying the capacity does not start a recovery. */
static void
test_burst_capacity_asks(void **state)
{
	enum { NB_DESC = 64, OPS = 4 };
	enum rte_dma_status_code status;
	unsigned int i;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(8192, 64);
	id = td_open(FN0, "error=stop,watchdog=0", 1, NB_DESC);
	for (i = 0; i < OPS; i++)
		assert_int_equal(rte_dma_copy(id, 0, 64, (uintptr_t)buf, 64, 0), i);
	assert_return_code(rte_dma_submit(id, 0), 0);
	TD_WAIT(td_dump_number(id, "error log:", "entries ") > 0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(rte_dma_burst_capacity(id, 0), NB_DESC - OPS);
	assert_int_equal(td_dump_number(id, "vchan 0:", "recoveries "), 0);
	for (i = 0; i < OPS; i++) {
		td_statuses(id, 0, 1, &status);
		assert_int_equal(status, RTE_DMA_STATUS_INVALID_SRC_ADDR);
	}
	assert_int_equal(rte_dma_burst_capacity(id, 0), NB_DESC);
}

/* Indices wrap with operations of all kinds, of one or many descriptors. */
static void
test_mixed_indices(void **state)
{
	enum { OPS = 150000, ROOM = 512, SLOTS = 64 };
	const unsigned int ops = td_is_slow() ? 70000 : OPS;
	uint8_t *src, *dst;
	struct sg sg;
	struct chan c;

	RTE_SET_USED(state);
	src = td_alloc(ROOM, 64);
	dst = td_alloc(SLOTS * ROOM, 64);
	td_fill(src, ROOM, 15);
	chan_open(&c, "", 512);
	while (c.next < ops) {
		uint64_t r = td_word(16, c.next);
		uint64_t flags = r % 16 == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0;
		uint8_t *at = dst + c.next % SLOTS * ROOM;

		switch ((r >> 8) % 3) {
		case 0:
			chan_copy(&c, src, at, 100, flags);
			break;
		case 1:
			chan_fill(&c, r, at, 100, flags);
			break;
		default:
			sg_make(&sg, 3, 2, 100, src, at, r % 64, false);
			chan_sg(&c, &sg, flags);
			break;
		}
		if (c.next - c.tail >= 48)
			chan_drain(&c);
	}
	chan_drain(&c);
	td_expect_stats(c.id, 0, ops, ops, 0);
}

/* ---- silent mode ----------------------------------------------------------------------------- */

static int16_t
open_silent(uint16_t nb_desc)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	int16_t id = td_probe(FN0, "");

	td_conf_silent(&conf);
	assert_return_code(rte_dma_configure(id, &conf), 0);
	td_vchan_setup(id, 0, nb_desc);
	assert_return_code(rte_dma_start(id), 0);
	return id;
}

static void
expect_silence(int16_t id)
{
	enum rte_dma_status_code status;
	bool error = true;
	uint16_t last;

	assert_int_equal(rte_dma_completed(id, 0, 10, &last, &error), 0);
	assert_false(error);
	assert_int_equal(rte_dma_completed_status(id, 0, 1, &last, &status), 0);
}

static bool
silent_all_done(int16_t id, uint64_t submitted)
{
	struct rte_dma_stats stats;

	assert_return_code(rte_dma_stats_get(id, 0, &stats), 0);
	assert_int_equal(stats.submitted, submitted);
	assert_int_equal(stats.errors, 0);
	assert_in_range(stats.completed, 0, submitted);
	return stats.completed == submitted;
}

static void
test_silent(void **state)
{
	static const uint16_t sizes[] = { 1, 50, 1024, 3000 };
	/* All operations of a slot write the same data. */
	enum { OPS = 4000, ROOM = 1024, SLOTS = 99 };
	const unsigned int ops = td_is_slow() ? 1500 : OPS;
	uint8_t *src, *dst, *at;
	static struct sg sg;
	struct td_bound bound;
	unsigned int i, n;
	int16_t id;
	int ret;

	RTE_SET_USED(state);
	src = td_alloc(ROOM, 64);
	dst = td_alloc(SLOTS * ROOM, 64);
	td_fill(src, ROOM, 17);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		id = open_silent(sizes[i]);
		memset(dst, TD_GUARD, SLOTS * ROOM);
		td_bound_set(&bound);
		for (n = 0; n < ops;) {
			at = dst + n % SLOTS * ROOM;
			/* Fence, since another one may be in progress on the same slot. */
			if (n % 3 == 0) {
				ret = rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)at + 64, 512,
						   RTE_DMA_OP_FLAG_FENCE);
			} else if (n % 3 == 1) {
				ret = rte_dma_fill(id, 0, 0x0807060504030201, (uintptr_t)at + 64,
						   100, RTE_DMA_OP_FLAG_FENCE);
			} else {
				sg_make(&sg, 3, 4, 200, src, at, 5, false);
				ret = sg_enqueue(id, &sg, RTE_DMA_OP_FLAG_FENCE);
			}
			if (ret == -ENOSPC) {
				assert_return_code(rte_dma_submit(id, 0), 0);
				expect_silence(id);
				if (td_bound_yield(&bound))
					fail_msg("no space for operation %u", n);
				continue;
			}
			assert_int_equal(ret, (uint16_t)n);
			n++;
			td_bound_set(&bound);
			if (n % 17 == 0)
				assert_return_code(rte_dma_submit(id, 0), 0);
		}
		assert_return_code(rte_dma_submit(id, 0), 0);
		TD_WAIT(silent_all_done(id, ops));
		expect_silence(id);
		TD_WAIT(rte_dma_burst_capacity(id, 0) == sizes[i]);
		/* A free slot in the ring does not mean that its operation is done; a stop does. */
		assert_return_code(rte_dma_stop(id), 0);
		for (n = 0; n < SLOTS; n++) {
			at = dst + n * ROOM;
			if (n % 3 == 0) {
				assert_memory_equal(at + 64, src, 512);
				assert_true(td_is_all(at, 64, TD_GUARD) &&
					    td_is_all(at + 64 + 512, ROOM - 64 - 512, TD_GUARD));
			} else if (n % 3 == 1) {
				expect_filled(at + 64, 100, 0x0807060504030201);
				assert_true(td_is_all(at + 64 + 100, ROOM - 64 - 100, TD_GUARD));
			} else {
				sg_make(&sg, 3, 4, 200, src, at, 5, false);
				expect_sg(&sg, at, ROOM);
			}
		}
		td_remove(FN0);
	}
}

/* Silent mode can be switched off and on again. */
static void
test_silent_toggle(void **state)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	unsigned int i;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(8192, 64);
	id = open_silent(64);
	for (i = 0; i < 3; i++) {
		td_fill(buf, 4096, i);
		td_copy(id, 0, 0, buf, buf + 4096, 4096, RTE_DMA_OP_FLAG_SUBMIT);
		TD_WAIT(memcmp(buf, buf + 4096, 4096) == 0);
		expect_silence(id);
		assert_return_code(rte_dma_stop(id), 0);
		td_up(id, 1, 64);
		td_one_copy(id, 0, 0);
		assert_return_code(rte_dma_stop(id), 0);
		conf = (struct rte_dma_conf){ .nb_vchans = 1 };
		td_conf_silent(&conf);
		assert_return_code(rte_dma_configure(id, &conf), 0);
		td_vchan_setup(id, 0, 64);
		assert_return_code(rte_dma_start(id), 0);
	}
}

/* ---- enqueue and dequeue operations ---------------------------------------------------------- */

#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ

enum { OP_SEGS = 12 };

static int16_t
open_ops(uint16_t nb_desc)
{
	struct rte_dma_conf conf = { .nb_vchans = 1, .flags = RTE_DMA_CFG_FLAG_ENQ_DEQ };
	int16_t id = td_probe(FN0, "");

	assert_return_code(rte_dma_configure(id, &conf), 0);
	td_vchan_setup(id, 0, nb_desc);
	assert_return_code(rte_dma_start(id), 0);
	return id;
}

static struct rte_dma_op **
make_ops(unsigned int n)
{
	const size_t len = sizeof(struct rte_dma_op) + OP_SEGS * sizeof(struct rte_dma_sge);
	uint8_t *mem = td_alloc(n * RTE_ALIGN(len, 64), 64);
	struct rte_dma_op **ops = td_alloc(n * sizeof(*ops), 64);
	unsigned int i;

	memset(mem, 0, n * RTE_ALIGN(len, 64));
	for (i = 0; i < n; i++)
		ops[i] = (struct rte_dma_op *)(mem + i * RTE_ALIGN(len, 64));
	return ops;
}

static void
test_enq_deq(void **state)
{
	enum { OPS = 64, LEN = 4096, ROUNDS = 200 };
	struct rte_dma_op **ops = make_ops(OPS), *got[OPS];
	unsigned int round, i, n, sent, done;
	static struct sg sg[OPS];
	struct td_bound bound;
	uint8_t *src, *dst;
	uint16_t ret;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(LEN, 64);
	dst = td_alloc(2 * OPS * LEN, 64);
	td_fill(src, LEN, 18);
	id = open_ops(512);
	for (round = 0; round < ROUNDS; round++) {
		memset(dst, TD_GUARD, 2 * OPS * LEN);
		for (i = 0; i < OPS; i++) {
			uint64_t r = td_word(round, i);

			ops[i]->nb_src = 1 + r % (OP_SEGS / 2);
			ops[i]->nb_dst = 1 + (r >> 8) % (OP_SEGS / 2);
			ops[i]->status = 0xee;
			ops[i]->flags = i % 5 == 0 ? RTE_DMA_OP_FLAG_FENCE : 0;
			ops[i]->user_meta = r;
			ops[i]->event_meta = ~r;
			sg_make(&sg[i], ops[i]->nb_src, ops[i]->nb_dst, 1 + (r >> 16) % LEN, src,
				dst + 2 * i * LEN, r, true);
			memcpy(ops[i]->src_dst_seg, sg[i].src,
			       ops[i]->nb_src * sizeof(struct rte_dma_sge));
			memcpy(ops[i]->src_dst_seg + ops[i]->nb_src, sg[i].dst,
			       ops[i]->nb_dst * sizeof(struct rte_dma_sge));
		}
		td_bound_set(&bound);
		for (sent = 0, done = 0; done < OPS;) {
			n = RTE_MIN(1 + td_word(round, sent + done) % 20, OPS - sent);
			if (n > 0) {
				ret = rte_dma_enqueue_ops(id, 0, ops + sent, n);
				assert_in_range(ret, 0, n);
				sent += ret;
			}
			ret = rte_dma_dequeue_ops(id, 0, got, 1 + round % OPS);
			assert_in_range(ret, 0, RTE_MIN(1 + round % OPS, sent - done));
			for (i = 0; i < ret; i++, done++) {
				uint64_t r = td_word(round, done);

				assert_ptr_equal(got[i], ops[done]);
				assert_int_equal(got[i]->status, RTE_DMA_STATUS_SUCCESSFUL);
				assert_true(got[i]->user_meta == r && got[i]->event_meta == ~r);
				expect_sg(&sg[done], dst + 2 * done * LEN, 2 * LEN);
			}
			if (ret == 0 && td_bound_yield(&bound))
				fail_msg("operation %u of round %u does not complete", done, round);
		}
		assert_int_equal(rte_dma_dequeue_ops(id, 0, got, OPS), 0);
	}
	td_expect_stats(id, 0, ROUNDS * OPS, ROUNDS * OPS, 0);
}

/* A full ring accepts as many as fit. */
static void
test_enq_deq_full(void **state)
{
	enum { OPS = 100, NB_DESC = 40, LEN = 64 };
	struct rte_dma_op **ops = make_ops(OPS), *got[OPS];
	unsigned int round, i, n;
	struct td_bound bound;
	uint8_t *src, *dst;
	uint16_t sent;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(LEN, 64);
	dst = td_alloc(OPS * LEN, 64);
	td_fill(src, LEN, 19);
	id = open_ops(NB_DESC);
	for (round = 0; round < 20; round++) {
		memset(dst, TD_GUARD, OPS * LEN);
		for (i = 0; i < OPS; i++) {
			ops[i]->nb_src = 1;
			ops[i]->nb_dst = 1;
			ops[i]->src_dst_seg[0] = (struct rte_dma_sge){ (uintptr_t)src, LEN };
			ops[i]->src_dst_seg[1] = (struct rte_dma_sge){ (uintptr_t)dst + i * LEN,
								       LEN };
		}
		sent = rte_dma_enqueue_ops(id, 0, ops, OPS);
		assert_int_equal(sent, NB_DESC);
		assert_int_equal(rte_dma_enqueue_ops(id, 0, ops + sent, 1), 0);
		td_bound_set(&bound);
		for (n = 0; n < sent;) {
			i = rte_dma_dequeue_ops(id, 0, got, OPS);
			n += i;
			if (i == 0 && td_bound_yield(&bound))
				fail_msg("operation %u does not complete", n);
		}
		assert_int_equal(n, sent);
		for (i = 0; i < sent; i++)
			assert_memory_equal(dst + i * LEN, src, LEN);
		assert_true(td_is_all(dst + sent * LEN, (OPS - sent) * LEN, TD_GUARD));
		TD_WAIT(rte_dma_burst_capacity(id, 0) == NB_DESC);
	}
}

/* A vchan is for enqueue and dequeue operations or for plain calls, not for both. */
static void
test_enq_deq_only(void **state)
{
	static const uint64_t flags[] = { 0, RTE_DMA_OP_FLAG_SUBMIT, RTE_DMA_OP_FLAG_FENCE };
	struct rte_dma_op **ops = make_ops(1), *got;
	struct rte_dma_sge src, dst;
	unsigned int i, round;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(128, 64);
	src = (struct rte_dma_sge){ (uintptr_t)buf, 64 };
	dst = (struct rte_dma_sge){ (uintptr_t)buf + 64, 64 };
	ops[0]->nb_src = 1;
	ops[0]->nb_dst = 1;
	ops[0]->src_dst_seg[0] = src;
	ops[0]->src_dst_seg[1] = dst;
	id = open_ops(64);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < RTE_DIM(flags); i++) {
			assert_int_equal(rte_dma_copy(id, 0, src.addr, dst.addr, 64, flags[i]),
					 -EINVAL);
			assert_int_equal(rte_dma_copy_sg(id, 0, &src, &dst, 1, 1, flags[i]),
					 -EINVAL);
			assert_int_equal(rte_dma_fill(id, 0, 1, dst.addr, 64, flags[i]), -EINVAL);
		}
		assert_int_equal(rte_dma_dequeue_ops(id, 0, &got, 1), 0);
		assert_int_equal(rte_dma_enqueue_ops(id, 0, ops, 1), 1);
		TD_WAIT(rte_dma_dequeue_ops(id, 0, &got, 1) == 1);
		assert_ptr_equal(got, ops[0]);
	}
	assert_return_code(rte_dma_stop(id), 0);
	td_up(id, 1, 64);
	assert_int_equal(rte_dma_enqueue_ops(id, 0, ops, 1), 0);
	td_copy(id, 0, 0, buf, buf + 64, 64, RTE_DMA_OP_FLAG_SUBMIT);
	TD_WAIT(td_status(id, 0) == RTE_DMA_VCHAN_IDLE);
	assert_int_equal(rte_dma_dequeue_ops(id, 0, &got, 1), 0);
	td_gather(id, 0, 0, 1);
}

/* Failures have a status and stay in order; invalid operations are refused. */
static void
test_enq_deq_errors(void **state)
{
	enum { OPS = 30, LEN = 64 };
	struct rte_dma_op **ops = make_ops(OPS), *got[OPS];
	struct td_bound bound;
	unsigned int i, n, k;
	uint8_t *src, *dst;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(LEN, 64);
	dst = td_alloc(OPS * LEN, 64);
	td_fill(src, LEN, 20);
	memset(dst, TD_GUARD, OPS * LEN);
	id = open_ops(64);
	for (i = 0; i < OPS; i++) {
		ops[i]->nb_src = 1;
		ops[i]->nb_dst = 1;
		ops[i]->src_dst_seg[0] = (struct rte_dma_sge){ (uintptr_t)src, LEN };
		ops[i]->src_dst_seg[1] = (struct rte_dma_sge){ (uintptr_t)dst + i * LEN, LEN };
		if (i % 10 == 3)
			ops[i]->src_dst_seg[0].addr = 64;
		if (i % 10 == 7)
			ops[i]->src_dst_seg[1].addr = 64;
	}
	assert_int_equal(rte_dma_enqueue_ops(id, 0, ops, OPS), OPS);
	td_bound_set(&bound);
	for (n = 0; n < OPS;) {
		k = rte_dma_dequeue_ops(id, 0, got, OPS);
		for (i = 0; i < k; i++, n++) {
			assert_ptr_equal(got[i], ops[n]);
			if (n % 10 == 3)
				assert_int_equal(got[i]->status, RTE_DMA_STATUS_INVALID_SRC_ADDR);
			else if (n % 10 == 7)
				assert_int_equal(got[i]->status, RTE_DMA_STATUS_INVALID_DST_ADDR);
			else
				assert_int_equal(got[i]->status, RTE_DMA_STATUS_SUCCESSFUL);
		}
		if (k == 0 && td_bound_yield(&bound))
			fail_msg("operation %u does not complete", n);
	}
	for (i = 0; i < OPS; i++) {
		if (i % 10 == 3 || i % 10 == 7)
			assert_true(td_is_all(dst + i * LEN, LEN, TD_GUARD));
		else
			assert_memory_equal(dst + i * LEN, src, LEN);
	}
	td_expect_stats(id, 0, OPS, OPS, OPS / 5);
	/* Different total lengths: the operations before it are accepted. */
	ops[3]->src_dst_seg[0].addr = (uintptr_t)src;
	ops[2]->src_dst_seg[0].length = LEN - 1;
	assert_int_equal(rte_dma_enqueue_ops(id, 0, ops, 4), 2);
	TD_WAIT(rte_dma_dequeue_ops(id, 0, got, 1) == 1);
	TD_WAIT(rte_dma_dequeue_ops(id, 0, got, 1) == 1);
}

#else

static void
test_enq_deq(void **state)
{
	RTE_SET_USED(state);
	skip_for("this DPDK has no enqueue and dequeue operations");
}

static void
test_enq_deq_full(void **state)
{
	test_enq_deq(state);
}

static void
test_enq_deq_only(void **state)
{
	test_enq_deq(state);
}

static void
test_enq_deq_errors(void **state)
{
	test_enq_deq(state);
}

#endif

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TD_TEST(test_capabilities),
		TD_TEST(test_fill_small),
		TD_TEST(test_fill_pages),
		TD_TEST(test_fill_large),
		TD_TEST(test_fill_patterns),
		TD_TEST(test_fill_fence),
		TD_TEST(test_fill_refused),
		TD_TEST(test_sg),
		TD_TEST(test_sg_many),
		TD_TEST(test_sg_refused),
		TD_TEST(test_sg_full),
		TD_TEST(test_burst_capacity),
		TD_TEST(test_burst_capacity_asks),
		TD_TEST(test_mixed_indices),
		TD_TEST(test_silent),
		TD_TEST(test_silent_toggle),
		TD_TEST(test_enq_deq),
		TD_TEST(test_enq_deq_full),
		TD_TEST(test_enq_deq_only),
		TD_TEST(test_enq_deq_errors),
	};

	if (!td_eal_init(argv[0], 192, NULL))
		return 1;
	return TD_RUN("driver, operations", tests, argc > 1 ? argv[1] : NULL);
}
