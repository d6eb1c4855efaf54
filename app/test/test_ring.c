/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The data path on one vchan. The test acts as the function, consuming descriptors and writing
 * completion blocks, and as the control thread. Descriptors and blocks are compared as bytes from
 * the specification, without the driver's masks.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdxi_internal.h"
#include "test_eal.h"

#define RING_SZ	 1024
#define NB_DESC	 512
#define USER_LEN (64 << 10)
#define FENCE	 RTE_DMA_OP_FLAG_FENCE
#define SUBMIT	 RTE_DMA_OP_FLAG_SUBMIT
#define UNKNOWN	 RTE_DMA_STATUS_ERROR_UNKNOWN

/* Addresses of the context's completion blocks and of user memory. */
#define CSB  UINT64_C(0x00000a1122340000)
#define USER UINT64_C(0x00000b0000000000)
#define LINE sizeof(struct sdxi_line)
static struct sdxi_cxt cxt;
static struct {
	struct sdxi_dsc *desc;
	struct sdxi_line *line;
	uint8_t user[USER_LEN];
} mem;
/* Arbitrary addresses, never accessed. */
#define SRC UINT64_C(0x0123456789abcdef)
#define DST UINT64_C(0xfedcba9876543210)

static struct sdxi_cxt_sts sts __attribute__((aligned(64)));
static sdxi_le64 write_index __attribute__((aligned(64)));
static uint64_t doorbell;
static struct sdxi_note note[RING_SZ];
static struct sdxi_logged logged[RING_SZ];
static struct sdxi_page page[SDXI_PAGES];
static struct rte_dma_op *dma_ops[RING_SZ];
static struct sdxi_vchan vc;
static struct sdxi_dev dev;
static struct rte_dma_fp_object fp;
static struct rte_dma_dev dmadev;

/* Number of descriptors that the function has consumed. */
static uint64_t taken;

static void
make(uint32_t nb_desc, bool silent)
{
	/* Previous contents of memory must not matter. */
	memset(mem.desc, 0xa5, RING_SZ * sizeof(*mem.desc));
	memset(mem.line, 0xa5, RING_SZ * LINE);
	memset(&sts, 0, sizeof(sts));
	sts.state = 1;
	memset(note, 0xa5, sizeof(note));
	memset(page, 0xa5, sizeof(page));
	write_index = 0;
	doorbell = 77;
	taken = 0;
	dev = (struct sdxi_dev){
		.vchans = &vc, .nb_vchans = 1, .silent = silent, .started = 1,
		.max_len = UINT32_MAX,
	};
	memset(&vc, 0, sizeof(vc));
	vc.dev = &dev;
	vc.silent = silent;
	vc.logged = logged;
	vc.page = page;
	vc.cxt = cxt;
	vc.cxt.sts = &sts;
	vc.cxt.write_index = &write_index;
	vc.cxt.doorbell = &doorbell;
	vc.ring = (struct sdxi_ring){
		.desc = mem.desc, .line = mem.line, .note = note, .sts = &sts,
		.csb_iova = CSB, .mask = RING_SZ - 1,
		.size = RING_SZ, .nb_desc = nb_desc, .max_len = UINT32_MAX,
	};
	sdxi_vchan_reset(&vc);
	sdxi_datapath_set(&fp, &dev);
	dmadev.fp_obj = &fp;
}

static int
group_setup(void **state)
{
	if (test_eal_up(state) < 0)
		return -1;
	dev.socket = SOCKET_ID_ANY;
	assert_int_equal(sdxi_cxt_alloc(&dev, &cxt, 1, RING_SZ), 0);
	mem.desc = cxt.desc;
	mem.line = cxt.line;
	cxt.mem.iova = CSB - RTE_PTR_DIFF(cxt.line, cxt.mem.va);
	return 0;
}

static int
group_teardown(void **state)
{
	sdxi_cxt_free(&cxt);
	return test_eal_down(state);
}

static int
setup(__rte_unused void **state)
{
	make(NB_DESC, false);
	return 0;
}

/* ---- user ---- */

static int
copy(uint64_t flags)
{
	return fp.copy(&dev, 0, SRC, DST, 64, flags);
}

static void
copies(unsigned int nb)
{
	while (nb-- > 0)
		assert_true(copy(0) >= 0);
}

static void
submitted(unsigned int nb)
{
	copies(nb);
	assert_int_equal(fp.submit(&dev, 0), 0);
}

/* An operation of several descriptors. */
static int
wide(unsigned int nb)
{
	struct rte_dma_sge src[SDXI_MAX_SGES], dst = { .addr = DST, .length = nb * 8 };
	unsigned int i;

	for (i = 0; i < nb; i++)
		src[i] = (struct rte_dma_sge){ .addr = SRC + i * 100, .length = 8 };
	return fp.copy_sg(&dev, 0, src, &dst, nb, 1, 0);
}

static uint16_t last_index;
static bool has_error;
static enum rte_dma_status_code status[RING_SZ];

static uint16_t
completed(uint16_t nb)
{
	has_error = false;
	return fp.completed(&dev, 0, nb, &last_index, &has_error);
}

static uint16_t
completed_status(uint16_t nb)
{
	memset(status, 0xff, sizeof(status));
	return fp.completed_status(&dev, 0, nb, &last_index, status);
}

/* A query must not change anything. */
static uint16_t
capacity(void)
{
	static uint8_t before[sizeof(vc)], dev_before[sizeof(dev)];
	uint16_t room;

	memcpy(before, &vc, sizeof(vc));
	memcpy(dev_before, &dev, sizeof(dev));
	room = fp.burst_capacity(&dev, 0);
	assert_memory_equal(before, &vc, sizeof(vc));
	assert_memory_equal(dev_before, &dev, sizeof(dev));
	return room;
}

static enum rte_dma_vchan_status
vchan_status(void)
{
	enum rte_dma_vchan_status st;

	assert_int_equal(sdxi_vchan_status(&dmadev, 0, &st), 0);
	return st;
}

/* ---- function ---- */

static uint64_t
le(const void *p, unsigned int len)
{
	const uint8_t *byte = p;

	return len == 0 ? 0 : byte[0] | le(byte + 1, len - 1) << 8;
}

static void
set_read_index(uint64_t index)
{
	sts.read_index = rte_cpu_to_le_64(index);
}

/* Pointer to memory at an address, if it belongs to this test. */
static uint8_t *
at(uint64_t iova, uint64_t len)
{
	if (iova >= USER && iova - USER + len <= USER_LEN)
		return mem.user + (iova - USER);
	return iova >= cxt.mem.iova && iova - cxt.mem.iova + len <= cxt.mem.len ?
	       (uint8_t *)cxt.mem.va + (iova - cxt.mem.iova) : NULL;
}

/*
 * Consume and execute descriptors up to an index: each must be below Write_Index and valid, with
 * its own armed completion block.
 */
static void
take(uint64_t upto)
{
	for (; taken < upto; taken++) {
		uint8_t *dsc = (uint8_t *)&mem.desc[taken % RING_SZ];
		const uint8_t *blk = (uint8_t *)&mem.line[taken % RING_SZ];
		uint64_t len = le(dsc + 4, 4) + 1;
		uint8_t *src = at(le(dsc + 16, 8), len), *dst = at(le(dsc + 24, 8), len);

		assert_true(taken < le(&write_index, 8));
		assert_int_equal(le(dsc, 4) & ~4u, 0x00010301);
		assert_int_equal(le(dsc + 56, 8), CSB + taken % RING_SZ * LINE);
		assert_int_equal(le(blk, 8), 1);
		assert_int_equal(le(blk + 8, 4), 0);
		if (src != NULL && dst != NULL) {
			/* Parts of an overlapping copy would be in undefined order. */
			assert_true(src + len <= dst || dst + len <= src);
			memcpy(dst, src, len);
		}
		dsc[0] &= ~1;
	}
}

static void
complete(uint64_t index)
{
	assert_true(index < taken);
	mem.line[index % RING_SZ].blk.signal = 0;
}

static void
fail_slot(uint64_t index)
{
	mem.line[index % RING_SZ].blk.flags = rte_cpu_to_le_32(UINT32_C(1) << 31);
	complete(index);
}

/* Consume and complete everything submitted. */
static void
run(void)
{
	uint64_t from = taken;

	take(le(&write_index, 8));
	set_read_index(taken);
	for (; from < taken; from++)
		complete(from);
}

/* ---- control thread: return a vchan that was taken over ---- */
static void
hand_back(enum sdxi_word word)
{
	assert_int_equal(vc.word, SDXI_WORD_STOPPED);
	assert_int_equal(dev.requests, 1);
	vc.word = word;
}

static void
settle(uint64_t index, enum rte_dma_status_code code)
{
	note[index % RING_SZ].verdict = code;
	mem.line[index % RING_SZ].blk.flags = rte_cpu_to_le_32(UINT32_C(1) << 31);
	mem.line[index % RING_SZ].blk.signal = 0;
}

/* ---- descriptors and completion blocks as bytes ---- */

static void
test_bytes(__rte_unused void **state)
{
	static const uint8_t plain[64] = {
		/* vl; subtype 3; type 1; 4096 bytes - 1 */
		0x01, 0x03, 0x01, 0x00, 0xff, 0x0f, 0x00, 0x00,
		/* attr 0, reserved, akey0 0, akey1 0 */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		/* addr0: source; addr1: destination */
		0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
		0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		/* csb_ptr of slot 0, np 0 */
		0x00, 0x00, 0x34, 0x22, 0x11, 0x0a, 0x00, 0x00,
	};
	static const uint8_t fenced[64] = {
		/* vl and fe; 2^32 - 1 bytes - 1 */
		0x05, 0x03, 0x01, 0x00, 0xfe, 0xff, 0xff, 0xff,
		0, 0, 0, 0, 0, 0, 0, 0,
		0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
		0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0x7e,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		/* csb_ptr of slot 1 */
		LINE, 0x00, 0x34, 0x22, 0x11, 0x0a, 0x00, 0x00,
	};
	static const uint8_t block[12] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

	assert_int_equal(fp.copy(&dev, 0, SRC, DST, 4096, 0), 0);
	assert_int_equal(fp.copy(&dev, 0, SRC, DST & INT64_MAX, UINT32_MAX, FENCE), 1);
	assert_memory_equal(&mem.desc[0], plain, 64);
	assert_memory_equal(&mem.desc[1], fenced, 64);
	assert_memory_equal(&mem.line[0], block, sizeof(block));
	assert_memory_equal(&mem.line[RING_SZ - 1], block, sizeof(block));
	assert_int_equal(le(&mem.desc[RING_SZ - 1].qw[7], 8), CSB + (RING_SZ - 1) * LINE);
	/* Before submit, neither index nor doorbell is written. */
	assert_int_equal(write_index, 0);
	assert_int_equal(doorbell, 77);
	assert_int_equal(fp.submit(&dev, 0), 0);
	assert_int_equal(le(&write_index, 8), 2);
	assert_int_equal(le(&doorbell, 8), 2);
	/* Again, without new operations. */
	doorbell = 77;
	assert_int_equal(fp.submit(&dev, 0), 0);
	assert_int_equal(doorbell, 77);
	assert_int_equal(copy(SUBMIT), 2);
	assert_int_equal(le(&write_index, 8), 3);
	assert_int_equal(le(&doorbell, 8), 3);
}

/* csb_ptr is written only when the ring is created. */
static void
test_csb_ptr(__rte_unused void **state)
{
	unsigned int i;
	uint64_t slot;

	mem.desc[5].qw[7] = 0x5555;
	mem.desc[6].qw[7] = 0x6666;
	for (i = 0; i < 3 * RING_SZ / 4; i++) {
		assert_true(i % 2 == 0 ? copy(SUBMIT) >= 0 : wide(3) >= 0);
		fp.submit(&dev, 0);
		taken = le(&write_index, 8);
		set_read_index(taken);
		for (slot = taken - (i % 2 == 0 ? 1 : 3); slot < taken; slot++)
			complete(slot);
		assert_int_equal(completed(1), 1);
	}
	assert_true(taken > RING_SZ + 6);
	assert_int_equal(mem.desc[5].qw[7], 0x5555);
	assert_int_equal(mem.desc[6].qw[7], 0x6666);
}

static void
test_refused(__rte_unused void **state)
{
	struct rte_dma_sge sge[2] = { { SRC, 8 }, { SRC + 64, 8 } }, one = { DST, 16 };
	const struct sdxi_ring before = vc.ring;

	assert_int_equal(fp.copy(&dev, 0, SRC, DST, 0, 0), -EINVAL);
	assert_int_equal(fp.copy(&dev, 0, SRC, SRC + 63, 64, FENCE), -EINVAL);
	assert_int_equal(fp.copy(&dev, 0, SRC + 63, SRC, 64, SUBMIT), -EINVAL);
	assert_int_equal(fp.fill(&dev, 0, 0, DST, 0, 0), -EINVAL);
	/* No entries, one too many, different lengths, overlap. */
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, 0, 0, 0), -EINVAL);
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, SDXI_MAX_SGES + 1, 1, 0), -EINVAL);
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, 1, SDXI_MAX_SGES + 1, 0), -EINVAL);
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, 1, 1, 0), -EINVAL);
	one.length = 17;
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, 2, 1, 0), -EINVAL);
	one = (struct rte_dma_sge){ SRC + 60, 16 };
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, 2, 1, 0), -EINVAL);
	/* A length that one descriptor cannot have. */
	dev.max_len = vc.ring.max_len = 1 << 21;
	assert_int_equal(fp.copy(&dev, 0, SRC, DST, (1 << 21) + 1, 0), -EINVAL);
	one = (struct rte_dma_sge){ DST, (1 << 21) + 1 };
	sge[0].length = one.length;
	assert_int_equal(fp.copy_sg(&dev, 0, sge, &one, 1, 1, 0), -EINVAL);
	vc.ring.max_len = UINT32_MAX;
	assert_memory_equal(&vc.ring, &before, sizeof(before));
	vc.ring.max_len = 1 << 21;
	assert_int_equal(fp.copy(&dev, 0, SRC, SRC + 64, 64, FENCE), 0);
	assert_int_equal(fp.copy(&dev, 0, SRC, DST, 1 << 21, 0), 1);
}

/* A vchan for enqueue and dequeue operations accepts no others. */
static void
test_enq_deq(__rte_unused void **state)
{
	struct rte_dma_sge src = { SRC, 8 }, dst = { DST, 8 };

	vc.ops = dma_ops;
	vc.ring.max_len = 0;
	assert_int_equal(copy(0), -EINVAL);
	assert_int_equal(copy(FENCE), -EINVAL);
	assert_int_equal(fp.copy_sg(&dev, 0, &src, &dst, 1, 1, 0), -EINVAL);
	assert_int_equal(fp.fill(&dev, 0, 0, DST, 8, 0), -EINVAL);
	assert_int_equal(vc.ring.op_head, 0);
}

/* ---- operations of several descriptors ---- */

static void
test_sg(__rte_unused void **state)
{
	/* Parts of 10, 6, 14, 2 and 8 bytes; empty entries are skipped. */
	const struct rte_dma_sge src[] = { { 1000, 10 }, { 1, 0 }, { 2000, 20 }, { 3000, 10 } };
	const struct rte_dma_sge dst[] = { { 5000, 16 }, { 6000, 16 }, { 7000, 8 }, { 1, 0 } };
	static const uint64_t part[][3] = {
		{ 10, 1000, 5000 }, { 6, 2000, 5010 }, { 14, 2006, 6000 }, { 2, 3000, 6014 },
		{ 8, 3002, 7000 },
	};
	unsigned int i, round;

	for (round = 0; round < 2; round++)
		assert_int_equal(fp.copy_sg(&dev, 0, src, dst, 4, 4, round * FENCE), round);
	for (i = 0; i < 10; i++) {
		const uint8_t *dsc = (uint8_t *)&mem.desc[i];

		/* Later descriptors do not wait for a fence, so each part has one. */
		assert_int_equal(le(dsc, 4), i < 5 ? 0x00010301 : 0x00010305);
		assert_int_equal(le(dsc + 4, 4) + 1, part[i % 5][0]);
		assert_int_equal(le(dsc + 16, 8), part[i % 5][1]);
		assert_int_equal(le(dsc + 24, 8), part[i % 5][2]);
		assert_int_equal(le(dsc + 56, 8), CSB + i * LINE);
	}
	assert_int_equal(copy(SUBMIT), 2);
	take(11);
	/* Done when all parts are done, in any order. */
	for (i = 0; i < 5; i++) {
		assert_int_equal(completed(8), 0);
		complete((i + 3) % 5);
	}
	complete(10);
	assert_int_equal(completed(8), 1);
	assert_int_equal(last_index, 0);
	for (i = 5; i < 10; i++)
		complete(i);
	assert_int_equal(completed(8), 2);
	assert_int_equal(last_index, 2);
}

static void
check_fill(uint64_t pattern, uint32_t off, uint32_t len)
{
	const uint64_t image = pattern;
	uint32_t i;

	memset(mem.user, 0x5a, sizeof(mem.user));
	assert_true(fp.fill(&dev, 0, pattern, USER + off, len, SUBMIT) >= 0);
	run();
	assert_int_equal(completed(8), 1);
	for (i = 0; i < USER_LEN; i++)
		assert_int_equal(mem.user[i], i < off || i - off >= len ? 0x5a :
				 ((const uint8_t *)&image)[(i - off) % 8]);
}

static void
test_fill(__rte_unused void **state)
{
	static const uint32_t len[] = { 1, 7, 8, 31, 32, 33, 4095, 4096, 4097, 12289, 60000 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(len); i++)
		check_fill(UINT64_C(0x8877665544332211) + i, 3 + i, len[i]);
	/* Pieces are a multiple of the pattern's length, even if the longest copy is not. */
	dev.max_len = 8191;
	check_fill(UINT64_C(0x0102030405060708), 5, 60000);
}

/* First a page, then copies of what is written, doubling each time, each after the previous one. */
static void
test_fill_descriptors(__rte_unused void **state)
{
	static const uint32_t piece[] = { 4096, 4096, 8192, 16384, 100 }, off[] = { 0, 4096, 8192,
		16384, 32768 };
	unsigned int i, round;

	for (round = 0; round < 2; round++)
		assert_int_equal(fp.fill(&dev, 0, 42, DST, 32868, round == 0 ? 0 : FENCE), round);
	for (i = 0; i < 10; i++) {
		const uint8_t *dsc = (uint8_t *)&mem.desc[i];

		assert_int_equal(le(dsc, 4), i == 0 ? 0x00010301 : 0x00010305);
		assert_int_equal(le(dsc + 4, 4) + 1, piece[i % 5]);
		assert_int_equal(le(dsc + 24, 8), DST + off[i % 5]);
		if (i % 5 != 0)
			assert_int_equal(le(dsc + 16, 8), DST);
		else
			assert_non_null(at(le(dsc + 16, 8), 4096));
	}
	/* Both fills share a page. */
	assert_int_equal(mem.desc[0].qw[2], mem.desc[5].qw[2]);
	/* The longest fill: longer pieces do not fit twice, shorter ones not at all. */
	dev.max_len = 8 << 20;
	assert_int_equal(fp.fill(&dev, 0, 42, DST, UINT32_MAX, 0), 2);
	assert_int_equal(fp.fill(&dev, 0, 42, DST, UINT32_MAX, 0), -ENOSPC);
	dev.max_len = 4 << 20;
	assert_int_equal(fp.fill(&dev, 0, 42, DST, UINT32_MAX, 0), -EINVAL);
}

static uint32_t
any(uint32_t below)
{
	static uint64_t seed = 1;

	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

/* A pattern is not evicted while an operation may read it, with more patterns than pages. */
static void
test_fill_patterns(__rte_unused void **state)
{
	struct {
		uint64_t pattern;
		uint32_t len;
	} fill[10];
	uint64_t head = 0, tail = 0, ran = 0, from;
	uint32_t i;

	while (head < 20000) {
		for (; head - tail < RTE_DIM(fill) && any(8) != 0; head++) {
			fill[head % 10].pattern = (1 + any(12)) * UINT64_C(0x0123456789abcdef);
			fill[head % 10].len = 1 + any(6000);
			assert_int_equal(fp.fill(&dev, 0, fill[head % 10].pattern,
						 USER + head % 10 * 6000, fill[head % 10].len,
						 SUBMIT), head % 65536);
		}
		if (any(2) == 0) {
			from = taken;
			memset(mem.user, 0x5a, sizeof(mem.user));
			take(vc.ring.submitted);
			set_read_index(taken);
			for (; from < taken; from++)
				complete(from);
			for (; ran < head; ran++) {
				const uint8_t *to = mem.user + ran % 10 * 6000;
				const uint8_t *pattern = (uint8_t *)&fill[ran % 10].pattern;

				for (i = 0; i < fill[ran % 10].len; i++)
					if (to[i] != pattern[i % 8])
						fail_msg("fill %u, byte %u", (unsigned int)ran, i);
				assert_true(i == 6000 || to[i] == 0x5a);
			}
		}
		tail += completed(1 + any(3));
	}
}

/* ---- order and capacity ---- */

/* State known to the test, independent of the driver's. */
static struct {
	uint64_t head, tail, submitted;	    /* operations */
	uint64_t dsc_head, dsc_tail, dsc_submitted;
	uint64_t first[RING_SZ];	    /* descriptors by operation */
	unsigned int nb[RING_SZ];
	bool done[RING_SZ];		    /* by descriptor */
} m;

static uint64_t
model_slots(void)
{
	return RING_SZ - (m.dsc_head - RTE_MIN(m.dsc_tail, le(&sts.read_index, 8)));
}

static void
model_enqueue(unsigned int nb)
{
	uint64_t slots = model_slots();
	int ret = nb > 1 ? wide(nb) : copy(any(8) == 0 ? FENCE : 0);

	if (m.head - m.tail >= vc.ring.nb_desc || slots < nb) {
		assert_int_equal(ret, -ENOSPC);
		return;
	}
	assert_int_equal(ret, m.head % 65536);
	m.first[m.head % RING_SZ] = m.dsc_head;
	m.nb[m.head++ % RING_SZ] = nb;
	while (nb-- > 0)
		m.done[m.dsc_head++ % RING_SZ] = false;
}

static void
model_poll(void)
{
	static const uint16_t nbs[] = { 1, 2, 3, 4, 5, 32, UINT16_MAX };
	uint16_t nb = nbs[any(RTE_DIM(nbs))], n = 0, i;
	bool with_status = any(4) == 0;

	while (n < nb && m.tail + n < m.submitted) {
		uint64_t op = (m.tail + n) % RING_SZ;

		for (i = 0; i < m.nb[op] && m.done[(m.first[op] + i) % RING_SZ]; i++)
			;
		if (i < m.nb[op])
			break;
		n++;
	}
	assert_int_equal(with_status ? completed_status(RTE_MIN(nb, RING_SZ)) : completed(nb), n);
	assert_false(has_error);
	for (i = 0; with_status && i < n; i++)
		assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
	m.tail += n;
	m.dsc_tail = m.tail == m.head ? m.dsc_head : m.first[m.tail % RING_SZ];
	assert_int_equal(last_index, (m.tail - 1) % 65536);
}

/* Descriptors complete in any order, while the ring and the 16-bit index wrap. */
static void
test_any_order(__rte_unused void **state)
{
	unsigned int i, nb;
	uint64_t d;

	memset(&m, 0, sizeof(m));
	while (m.head < 300000) {
		/* Sometimes few operations fit, sometimes few slots are left. */
		if (m.head == m.tail)
			vc.ring.nb_desc = any(3) == 0 ? 2 + any(3) : NB_DESC;
		for (i = any(200); i > 0; i--)
			model_enqueue(any(16) == 0 ? 2 + any(30) : 1);
		assert_int_equal(capacity(), RTE_MIN(vc.ring.nb_desc - (m.head - m.tail),
						     model_slots()));
		if (any(3) != 0) {
			doorbell = 77;
			fp.submit(&dev, 0);
			assert_int_equal(doorbell, m.head == m.submitted ? 77 :
						   rte_cpu_to_le_64(m.dsc_head));
			m.submitted = m.head;
			m.dsc_submitted = m.dsc_head;
			assert_int_equal(le(&write_index, 8), m.dsc_head);
		}
		take(taken + any(m.dsc_submitted - taken + 1));
		/* It may lag, but not go back. */
		if (any(2) == 0)
			set_read_index(taken - any(taken - le(&sts.read_index, 8) + 1));
		nb = any(4);
		for (d = m.dsc_tail; d < taken; d++) {
			if (!m.done[d % RING_SZ] && any(4) < nb) {
				complete(d);
				m.done[d % RING_SZ] = true;
			}
		}
		model_poll();
		if (m.tail == m.submitted)
			assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
	}
}

/* Read_Index of an empty ring may lag by everything that was outstanding. */
static void
test_lag(__rte_unused void **state)
{
	unsigned int round, i;

	for (round = 0; round < 6; round++) {
		assert_int_equal(capacity(), NB_DESC);
		submitted(NB_DESC);
		assert_int_equal(copy(0), -ENOSPC);
		/* The next consumed descriptor moves it up to that one; not in the last rounds. */
		if (round < 5)
			set_read_index(taken);
		take(taken + NB_DESC);
		for (i = 0; i < NB_DESC; i++)
			complete(taken - 1 - i);
		assert_int_equal(completed(UINT16_MAX), NB_DESC);
	}
	/* If it lags by more, slots that are not free are not used. */
	assert_int_equal(capacity(), 0);
	assert_int_equal(copy(0), -ENOSPC);
	set_read_index(taken - RING_SZ + 3);
	assert_int_equal(capacity(), 3);
	copies(3);
	assert_int_equal(copy(0), -ENOSPC);
	assert_int_equal(vc.word, SDXI_WORD_RUNNING);
}

/* Unexpected completion blocks neither complete other operations nor change the order. */
static void
test_bogus_completion(__rte_unused void **state)
{
	unsigned int i;

	for (i = 0; i < RING_SZ; i++)
		mem.line[i].blk.signal = 0;
	assert_int_equal(completed(UINT16_MAX), 0);
	assert_int_equal(completed_status(UINT16_MAX), 0);
	copies(3);
	assert_int_equal(completed(UINT16_MAX), 0);
	assert_int_equal(last_index, UINT16_MAX);
	fp.submit(&dev, 0);
	assert_int_equal(completed(2), 2);
	assert_int_equal(completed(UINT16_MAX), 1);
	assert_int_equal(completed(UINT16_MAX), 0);
	assert_int_equal(last_index, 2);
	/* Only 0 is a terminal value: no bit may be ignored. */
	make(NB_DESC, false);
	submitted(8);
	for (i = 0; i < 64; i++) {
		mem.line[0].blk.signal = UINT64_C(1) << i;
		assert_int_equal(completed(8), 0);
		assert_int_equal(completed(1), 0);
		assert_int_equal(completed_status(8), 0);
	}
	assert_int_equal(vc.word, SDXI_WORD_RUNNING);
}

/* All flags except er are ignored, and cleared when the slot is reused. */
static void
test_bogus_flags(__rte_unused void **state)
{
	unsigned int i, n, round;

	for (round = 0; round < 8; round++) {
		submitted(NB_DESC);
		run();
		for (i = 0; i < RING_SZ; i++)
			if (any(2) == 0)
				mem.line[i].blk.flags = rte_cpu_to_le_32(UINT32_C(1) << any(31));
		for (n = 0; n < NB_DESC; n += i) {
			i = round % 2 == 0 ? completed(1 + any(40)) : completed_status(1 + any(40));
			assert_in_range(i, 1, 40);
			assert_false(has_error);
		}
		for (i = 0; i < RING_SZ; i++)
			if (le(&mem.line[i].blk.signal, 8) == 1 && i / NB_DESC == round % 2)
				assert_int_equal(mem.line[i].blk.flags, 0);
		for (i = 0; i < RING_SZ; i++)
			mem.line[i].blk.flags = 0;
	}
	assert_int_equal(vc.ring.op_tail, 8 * NB_DESC);
}

/* ---- takeover by the control thread ---- */

/* While the vchan is taken over, nothing is reported, and no error. */
static void
expect_closed(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(copy(0), -ENOSPC);
		assert_int_equal(copy(SUBMIT), -ENOSPC);
		assert_int_equal(wide(2), -ENOSPC);
		assert_int_equal(fp.fill(&dev, 0, 1, DST, 8, 0), -ENOSPC);
		assert_int_equal(completed(8), 0);
		assert_false(has_error);
		assert_int_equal(completed_status(8), 0);
		assert_int_equal(capacity(), 0);
		assert_int_equal(vchan_status(), RTE_DMA_VCHAN_ACTIVE);
		assert_int_equal(vc.word, SDXI_WORD_STOPPED);
		assert_int_equal(dev.requests, 1);
	}
}

/* The third of ten fails, the user submits in the meantime, and the function continues with all. */
static void
test_hand_over(__rte_unused void **state)
{
	const struct sdxi_handover *ho = &vc.handover;
	unsigned int i;

	copies(1);
	assert_int_equal(wide(5), 1);
	submitted(8);
	copies(2);
	take(14);
	set_read_index(14);
	for (i = 0; i < 6; i++)
		complete(i);
	fail_slot(6);
	complete(7);
	/* Older results are reported first, then the control thread must find the cause. */
	assert_int_equal(completed(8), 2);
	assert_false(has_error);
	assert_int_equal(vc.word, SDXI_WORD_RUNNING);
	assert_int_equal(completed(8), 0);
	assert_false(has_error);
	assert_int_equal(vc.word, SDXI_WORD_STOPPED);
	assert_int_equal(ho->op_tail, 2);
	assert_int_equal(ho->op_submitted, 10);
	assert_int_equal(ho->op_head, 12);
	assert_int_equal(ho->tail, 6);
	assert_int_equal(ho->submitted, 14);
	assert_int_equal(ho->head, 16);
	assert_false(ho->bad_read_index);
	/* The thread owns the ring, Write_Index and doorbell. */
	doorbell = 77;
	expect_closed();
	fp.submit(&dev, 0);
	expect_closed();
	assert_int_equal(le(&write_index, 8), 14);
	assert_int_equal(doorbell, 77);

	settle(6, RTE_DMA_STATUS_INVALID_SRC_ADDR);
	hand_back(SDXI_WORD_RUNNING);
	/* A query does not take the vchan back; the next call does, and submits. */
	assert_int_equal(capacity(), NB_DESC - 10);
	assert_int_equal(completed(8), 0);
	assert_true(has_error);
	assert_int_equal(last_index, 1);
	assert_int_equal(le(&write_index, 8), 16);
	assert_int_equal(le(&doorbell, 8), 16);
	/* rte_dma_completed() does not consume a failed operation. */
	assert_int_equal(completed(8), 0);
	assert_true(has_error && vc.errors == 0);
	assert_int_equal(completed_status(8), 2);
	assert_int_equal(last_index, 3);
	assert_int_equal(status[0], RTE_DMA_STATUS_INVALID_SRC_ADDR);
	assert_int_equal(status[1], RTE_DMA_STATUS_SUCCESSFUL);
	assert_int_equal(vc.errors, 1);
	/* The slot of the failed operation is reused normally. */
	run();
	for (i = 8; i < 14; i++)
		complete(i);
	assert_int_equal(completed(UINT16_MAX), 8);
	assert_int_equal(dev.requests, 1);
}

/* The thread requests the vchan: the next call that finds no results releases it. */
static void
test_takeover_request(__rte_unused void **state)
{
	unsigned int i;

	submitted(2);
	run();
	vc.word = SDXI_WORD_STOPPING;
	assert_int_equal(completed(8), 2);
	assert_int_equal(vc.word, SDXI_WORD_STOPPING);
	for (i = 0; i < 5; i++) {
		vc.word = SDXI_WORD_STOPPING;
		vc.ring.stop = vc.ring.next;
		assert_true(i == 0 ? completed(8) == 0 : i == 1 ? completed_status(8) == 0 :
			    i == 2 ? vchan_status() == RTE_DMA_VCHAN_ACTIVE :
			    i == 3 ? copy(0) == -ENOSPC : wide(2) == -ENOSPC);
		expect_closed();
		hand_back(SDXI_WORD_RUNNING);
		assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
		dev.requests = 0;
	}
	assert_int_equal(copy(0), 2);
}

/* A context that has stopped by itself, in all possible ways. */
static void
test_stopped(__rte_unused void **state)
{
	static const uint8_t final[] = { 0x0, 0x4, 0xf, 0xf0, 0x74 };
	static const uint8_t other[] = { 1, 2, 6, 0x11, 7 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(final); i++) {
		make(NB_DESC, false);
		sts.state = final[i];
		/* A vchan without operations need not detect it. */
		assert_int_equal(completed(8), 0);
		copies(1);
		assert_int_equal(completed(8), 0);
		assert_int_equal(vc.word, SDXI_WORD_RUNNING);
		fp.submit(&dev, 0);
		sts.state = other[i];
		assert_int_equal(completed(8), 0);
		assert_int_equal(vc.word, SDXI_WORD_RUNNING);
		sts.state = final[i];
		assert_int_equal(completed(8), 0);
		expect_closed();
	}
}

/* An invalid Read_Index: lower than before, or higher than submitted. */
static void
test_bad_read_index(void **state)
{
	static const uint64_t bad[] = { 99, 0, NB_DESC + 1, UINT64_MAX };
	unsigned int i, d;

	for (i = 0; i < 4; i++) {
		setup(state);
		submitted(NB_DESC);
		take(NB_DESC);
		for (d = 0; d < NB_DESC; d++)
			complete(d);
		set_read_index(100);
		assert_int_equal(completed(100), 100);
		copies(10);
		assert_int_equal(vc.word, SDXI_WORD_RUNNING);
		/* Capacity once granted stays granted. */
		set_read_index(bad[i]);
		while (copy(0) >= 0)
			;
		assert_int_equal(vc.word, SDXI_WORD_STOPPED);
		assert_true(vc.handover.bad_read_index);
		assert_int_equal(vc.handover.op_head, NB_DESC + 100);
		set_read_index(NB_DESC);
		expect_closed();
	}
}

/* A failure is settled for vchan_status, even if older results were not polled. */
static void
test_status_settles(__rte_unused void **state)
{
	submitted(3);
	take(3);
	complete(0);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_ACTIVE);
	assert_int_equal(vc.word, SDXI_WORD_RUNNING);
	fail_slot(1);
	complete(2);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_ACTIVE);
	assert_int_equal(vc.word, SDXI_WORD_STOPPED);
	settle(1, UNKNOWN);
	hand_back(SDXI_WORD_RUNNING);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
	assert_int_equal(completed_status(8), 3);
	dev.started = 0;
	assert_int_equal(copy(SUBMIT), 3);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
}

/* Silent mode: the driver collects results when capacity or status is queried. */
static void
test_silent(__rte_unused void **state)
{
	unsigned int i;

	make(4, true);
	copies(2);
	assert_int_equal(wide(3), 2);
	copies(1);
	assert_int_equal(copy(0), -ENOSPC);
	assert_int_equal(copy(SUBMIT), -ENOSPC);
	fp.submit(&dev, 0);
	take(6);
	set_read_index(6);
	complete(1);
	assert_int_equal(capacity(), 0);
	complete(0);
	/* Nothing is reported to the user. */
	assert_int_equal(completed(8), 0);
	assert_int_equal(completed_status(8), 0);
	assert_int_equal(capacity(), 2);
	assert_int_equal(vc.ring.op_tail, 0);
	copies(2);
	assert_int_equal(vc.ring.op_tail, 2);
	assert_int_equal(copy(0), -ENOSPC);
	complete(2);
	complete(4);
	assert_int_equal(capacity(), 0);
	complete(3);
	complete(5);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
	assert_int_equal(vc.ring.op_tail, 4);
	fp.submit(&dev, 0);
	run();
	assert_int_equal(capacity(), 4);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
	/* Wrap ring and index, with a lagging Read_Index. */
	for (i = 0; i < 70000; i++) {
		assert_int_equal(copy(SUBMIT), (6 + i) % 65536);
		take(vc.ring.submitted);
		complete(taken - 1);
		if (taken % 512 == 0)
			set_read_index(taken - 4);
	}
}

/* Without polls, submit hands a failed vchan over, and counts the failure once it is settled. */
static void
test_silent_failure(__rte_unused void **state)
{
	make(NB_DESC, true);
	submitted(3);
	take(3);
	complete(0);
	fail_slot(1);
	assert_int_equal(copy(SUBMIT), 3);
	assert_int_equal(vc.word, SDXI_WORD_STOPPED);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_ACTIVE);
	settle(1, UNKNOWN);
	hand_back(SDXI_WORD_RUNNING);
	take(4);
	complete(2);
	complete(3);
	assert_int_equal(vchan_status(), RTE_DMA_VCHAN_IDLE);
	assert_int_equal(vc.errors, 1);
	assert_int_equal(vc.ring.op_tail, 4);
	/* On a full ring the capacity is 1: an enqueue is needed to start the recovery. */
	make(2, true);
	submitted(2);
	take(2);
	fail_slot(0);
	assert_int_equal(capacity(), 1);
	assert_int_equal(copy(0), -ENOSPC);
	assert_int_equal(vc.word, SDXI_WORD_STOPPED);
	assert_int_equal(capacity(), 0);
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes),
		TEST(test_csb_ptr),
		TEST(test_refused),
		TEST(test_enq_deq),
		TEST(test_sg),
		TEST(test_fill),
		TEST(test_fill_descriptors),
		TEST(test_fill_patterns),
		TEST(test_any_order),
		TEST(test_lag),
		TEST(test_bogus_completion),
		TEST(test_bogus_flags),
		TEST(test_hand_over),
		TEST(test_takeover_request),
		TEST(test_stopped),
		TEST(test_bad_read_index),
		TEST(test_status_settles),
		TEST(test_silent),
		TEST(test_silent_failure),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
