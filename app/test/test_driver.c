/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The driver on emulated functions, through DPDK's public API. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)
#define FN1 TD_NAME(1)

/* ---- configuration --------------------------------------------------------------------------- */

static void
test_info(void **state)
{
	static const struct {
		const char *args;
		uint16_t max_vchans, max_desc;
	} fn[] = {
		{ "", 127, 32768 },
		{ "max_cxt=1,max_ring=1024", 1, 512 },
		{ "max_cxt=500,max_ring=32768", 500, 16384 },
		{ "max_cxt=65535,max_ring=65536", 65535, 32768 },
	};
	struct rte_dma_info info;
	unsigned int i;
	int16_t id;

	RTE_SET_USED(state);
	for (i = 0; i < RTE_DIM(fn); i++) {
		id = td_probe(FN0, fn[i].args);
		memset(&info, 0xff, sizeof(info));
		assert_return_code(rte_dma_info_get(id, &info), 0);
		assert_string_equal(info.dev_name, FN0);
		assert_true(info.dev_capa & RTE_DMA_CAPA_MEM_TO_MEM);
		assert_true(info.dev_capa & RTE_DMA_CAPA_OPS_COPY);
		assert_false(info.dev_capa & (RTE_DMA_CAPA_MEM_TO_DEV | RTE_DMA_CAPA_DEV_TO_MEM |
					      RTE_DMA_CAPA_DEV_TO_DEV | RTE_DMA_CAPA_SVA));
		assert_int_equal(info.max_vchans, fn[i].max_vchans);
		assert_int_equal(info.max_desc, fn[i].max_desc);
		assert_int_equal(info.min_desc, 1);
		assert_int_equal(info.nb_vchans, 0);
		td_configure(id, 1);
		assert_return_code(rte_dma_info_get(id, &info), 0);
		assert_int_equal(info.nb_vchans, 1);
		td_remove(FN0);
	}
}

static void
test_configure_errors(void **state)
{
	struct rte_dma_vchan_conf vconf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 64,
	};
	struct rte_dma_conf conf = { .nb_vchans = 0 };
	enum rte_dma_vchan_status status;
	struct rte_dma_stats stats;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "max_cxt=4,max_ring=4096");

	/* Calls in the wrong order. */
	assert_int_equal(rte_dma_start(id), -EINVAL);
	assert_int_equal(td_try_vchan_setup(id, 0, 64), -EINVAL);
	assert_int_equal(rte_dma_vchan_status(id, 0, &status), -EINVAL);
	assert_int_equal(rte_dma_stats_get(id, 0, &stats), -EINVAL);
	assert_int_equal(rte_dma_configure(id, &conf), -EINVAL);
	conf.nb_vchans = 5;
	assert_int_equal(rte_dma_configure(id, &conf), -EINVAL);
	conf.nb_vchans = UINT16_MAX;
	assert_int_equal(rte_dma_configure(id, &conf), -EINVAL);
	assert_int_equal(rte_dma_start(id), -EINVAL);

	td_configure(id, 2);
	assert_int_equal(rte_dma_start(id), -EINVAL);
	assert_int_equal(td_try_vchan_setup(id, 0, 0), -EINVAL);
	assert_int_equal(td_try_vchan_setup(id, 0, 2049), -EINVAL);
	assert_int_equal(td_try_vchan_setup(id, 0, UINT16_MAX), -EINVAL);
	assert_int_equal(td_try_vchan_setup(id, 2, 64), -EINVAL);
	assert_int_equal(td_try_vchan_setup(id, UINT16_MAX, 64), -EINVAL);
	vconf.direction = RTE_DMA_DIR_MEM_TO_DEV;
	vconf.dst_port.port_type = RTE_DMA_PORT_PCIE;
	assert_int_equal(rte_dma_vchan_setup(id, 0, &vconf), -EINVAL);
	td_vchan_setup(id, 0, 64);
	/* One of two vchans is not set up. */
	assert_int_equal(rte_dma_start(id), -EINVAL);
	td_vchan_setup(id, 1, 2048);
	assert_return_code(rte_dma_start(id), 0);
	assert_return_code(rte_dma_start(id), 0);

	/* Not allowed while started, and without side effects. */
	conf = (struct rte_dma_conf){ .nb_vchans = 1 };
	assert_int_equal(rte_dma_configure(id, &conf), -EBUSY);
	assert_int_equal(td_try_vchan_setup(id, 0, 64), -EBUSY);
	assert_int_equal(rte_dma_close(id), -EBUSY);
	assert_int_equal(rte_dma_vchan_status(id, 2, &status), -EINVAL);
	assert_int_equal(rte_dma_stats_get(id, 2, &stats), -EINVAL);
	assert_int_equal(rte_dma_stats_reset(id, 2), -EINVAL);
	assert_int_equal(rte_dma_dump(id, NULL), -EINVAL);
	td_one_copy(id, 0, 0);
	td_one_copy(id, 1, 0);
}

static void
test_reconfigure(void **state)
{
	static const uint16_t counts[] = { 4, 127, 2, 1, 3, 127, 1, 4 };
	struct rte_dma_info info;
	struct td_stock first, now;
	unsigned int i, v;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "");
	for (i = 0; i < RTE_DIM(counts); i++) {
		td_up(id, counts[i], 32);
		assert_return_code(rte_dma_info_get(id, &info), 0);
		assert_int_equal(info.nb_vchans, counts[i]);
		assert_int_equal(td_try_vchan_setup(id, counts[i], 32), -EBUSY);
		for (v = 0; v < counts[i]; v++)
			td_one_copy(id, v, 0);
		assert_return_code(rte_dma_stop(id), 0);
		assert_int_equal(td_try_vchan_setup(id, counts[i], 32), -EINVAL);
		/* Memory of removed channels is freed. */
		if (i == 0)
			td_stock_take(&first);
	}
	td_stock_take(&now);
	assert_int_equal(now.bytes, first.bytes);
	assert_int_equal(now.allocs, first.allocs);

	/* Added channels must be set up first. */
	td_configure(id, 6);
	for (v = 0; v < 5; v++)
		td_vchan_setup(id, v, 32);
	assert_int_equal(rte_dma_start(id), -EINVAL);
	td_vchan_setup(id, 5, 32);
	assert_return_code(rte_dma_start(id), 0);
	for (v = 0; v < 6; v++)
		td_one_copy(id, v, 0);
}

static void
test_vchan_setup_twice(void **state)
{
	static const uint16_t sizes[] = { 512, 2048, 1, 1024, 5000, 16 };
	struct td_stock first, now;
	unsigned int i;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "");
	td_configure(id, 2);
	td_vchan_setup(id, 1, 64);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		td_vchan_setup(id, 0, sizes[i]);
		if (i == 0)
			td_stock_take(&first);
	}
	td_stock_take(&now);
	assert_int_equal(now.bytes, first.bytes);
	assert_int_equal(now.allocs, first.allocs);
	assert_return_code(rte_dma_start(id), 0);
	assert_int_equal(rte_dma_burst_capacity(id, 0), 16);
	assert_int_equal(rte_dma_burst_capacity(id, 1), 64);
	td_one_copy(id, 0, 0);
	td_one_copy(id, 1, 0);

	/* Set up one channel again between stop and start; the other one stays. */
	assert_return_code(rte_dma_stop(id), 0);
	td_vchan_setup(id, 0, 3000);
	assert_return_code(rte_dma_start(id), 0);
	assert_int_equal(rte_dma_burst_capacity(id, 0), 3000);
	assert_int_equal(rte_dma_burst_capacity(id, 1), 64);
	td_one_copy(id, 0, 0);
	td_one_copy(id, 1, 0);
}

static void
test_start_stop(void **state)
{
	enum { ROUNDS = 20 };
	uint16_t last;
	bool error;
	unsigned int round, i;
	int16_t id;

	RTE_SET_USED(state);
	id = td_open(FN0, "", 3, 100);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < 3; i++) {
			last = 0;
			assert_int_equal(rte_dma_completed(id, i, 10, &last, &error), 0);
			assert_int_equal(last, UINT16_MAX);
			assert_false(error);
			assert_int_equal(rte_dma_burst_capacity(id, i), 100);
			assert_int_equal(td_status(id, i), RTE_DMA_VCHAN_IDLE);
		}
		for (i = 0; i < round * 13; i++)
			td_one_copy(id, round % 3, i);
		assert_return_code(rte_dma_stop(id), 0);
		assert_return_code(rte_dma_stop(id), 0);
		/* A stopped device accepts nothing. */
		assert_true(rte_dma_copy(id, 0, 4096, 8192, 1, RTE_DMA_OP_FLAG_SUBMIT) < 0);
		assert_return_code(rte_dma_start(id), 0);
	}
	/* None of the refused copies was executed. */
	for (i = 0; i < 3; i++)
		td_one_copy(id, i, 0);
}

/* After a stop nothing is written, and completions can be polled until the next start. */
static void
expect_stopped(int16_t id, unsigned int n, unsigned int submitted, unsigned int ops)
{
	enum rte_dma_status_code status, expected = RTE_DMA_STATUS_SUCCESSFUL;
	uint16_t last;

	for (; n < ops; n++) {
		assert_int_equal(rte_dma_completed_status(id, 0, 1, &last, &status), 1);
		assert_int_equal(last, n);
		if (n >= submitted || status != RTE_DMA_STATUS_SUCCESSFUL)
			expected = RTE_DMA_STATUS_NOT_ATTEMPTED;
		/* With random order, any of them may have begun. */
		if (getenv(TD_ORDER) != NULL && n < submitted)
			continue;
		if (status != expected)
			fail_msg("operation %u of %u, %u submitted: expected status %d, found %d",
				 n, ops, submitted, expected, status);
	}
	assert_int_equal(rte_dma_completed_status(id, 0, 1, &last, &status), 0);
}

static void
test_stop_outstanding(void **state)
{
	enum { OPS = 500, LEN = 256 << 10, ROUNDS = 10 };
	uint8_t *src, *dst;
	unsigned int round, i;
	uint16_t last;
	bool error;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(LEN, 0);
	dst = td_alloc(LEN, 0);
	td_fill(src, LEN, 1);
	id = td_open(FN0, "", 2, 1000);
	for (round = 0; round < ROUNDS; round++) {
		/* Some submitted, some not; some polled, except in the first round. */
		for (i = 0; i < OPS; i++)
			td_copy(id, 0, i, src, dst, LEN, 0);
		assert_return_code(rte_dma_submit(id, 0), 0);
		for (i = 0; i < OPS; i++)
			td_copy(id, 0, OPS + i, src, dst, LEN, 0);
		td_gather(id, 0, 0, round);
		assert_return_code(rte_dma_stop(id), 0);
		memset(dst, TD_GUARD, LEN);
		if (round % 2 == 0)
			expect_stopped(id, round, OPS, 2 * OPS);
		assert_return_code(rte_dma_start(id), 0);
		last = 0;
		assert_int_equal(rte_dma_completed(id, 0, 10, &last, &error), 0);
		assert_int_equal(last, UINT16_MAX);
		assert_false(error);
		assert_int_equal(rte_dma_burst_capacity(id, 0), 1000);
		td_one_copy(id, 0, 0);
		td_one_copy(id, 1, 0);
		assert_true(td_is_all(dst, LEN, TD_GUARD));
		assert_return_code(rte_dma_stop(id), 0);
		assert_return_code(rte_dma_start(id), 0);
	}
}

static void
test_life(void **state)
{
	enum { LEN = 1 << 20, OPS = 200 };
	uint8_t *src, *dst;
	unsigned int round, i;
	int16_t id, first;

	RTE_SET_USED(state);
	src = td_alloc(LEN, 0);
	dst = td_alloc(LEN, 0);
	td_fill(src, LEN, 2);
	first = td_probe(FN0, "");
	td_remove(FN0);
	for (round = 0; round < 4; round++) {
		/* Close, then remove the device. */
		id = td_open(FN0, "", 2, 64);
		assert_int_equal(id, first);
		td_one_copy(id, 1, 0);
		assert_return_code(rte_dma_stop(id), 0);
		assert_return_code(rte_dma_close(id), 0);
		assert_false(rte_dma_is_valid(id));
		td_remove(FN0);

		/* Never configured, configured, set up: removed with and without close. */
		id = td_probe(FN0, "");
		assert_return_code(rte_dma_close(id), 0);
		td_remove(FN0);
		id = td_probe(FN0, "");
		td_configure(id, 2);
		td_remove(FN0);
		id = td_probe(FN0, "");
		td_configure(id, 2);
		td_vchan_setup(id, 1, 64);
		assert_return_code(rte_dma_close(id), 0);
		td_remove(FN0);

		/* Started and stopped. */
		id = td_open(FN0, "", 2, 64);
		assert_return_code(rte_dma_stop(id), 0);
		td_remove(FN0);

		/* Started, idle. */
		id = td_open(FN0, "", 2, 64);
		td_one_copy(id, 0, 0);
		td_remove(FN0);

		/* Started, busy: it must not access memory afterwards. */
		id = td_open(FN0, "", 1, OPS);
		for (i = 0; i < OPS; i++)
			td_copy(id, 0, i, src, dst, LEN, 0);
		assert_return_code(rte_dma_submit(id, 0), 0);
		td_gather(id, 0, 0, round);
		td_remove(FN0);
		memset(dst, TD_GUARD, LEN);
		id = td_open(FN0, "", 1, 64);
		td_one_copy(id, 0, 0);
		td_remove(FN0);
		assert_true(td_is_all(dst, LEN, TD_GUARD));
	}
	/* The name was free again each time; it is not while in use. */
	td_probe(FN0, "");
	assert_true(rte_vdev_init(FN0, "") < 0);
}

/* ---- ring size and indices ------------------------------------------------------------------- */

static void
test_nb_desc(void **state)
{
	static const uint16_t sizes[] = {
		1, 2, 31, 512, 1000, 1023, 1024, 1025, 4096, 32767, 32768,
	};
	unsigned int i, j, n;
	uint8_t *src, *dst, *refused;
	uint64_t idx;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(UINT16_MAX + 1, 0);
	dst = td_alloc(UINT16_MAX + 1, 0);
	refused = td_alloc(64, 64);
	td_fill(src, UINT16_MAX + 1, 3);
	memset(refused, TD_GUARD, 64);
	id = td_probe(FN0, "");
	for (i = 0; i < RTE_DIM(sizes); i++) {
		n = sizes[i];
		td_up(id, 1, n);
		idx = 0;
		/* Twice, the second time at an unaligned position of the ring. */
		for (j = 0; j < 2; j++) {
			unsigned int k;

			memset(dst, 0, n);
			assert_int_equal(rte_dma_burst_capacity(id, 0), n);
			for (k = 0; k < n; k++) {
				td_copy(id, 0, idx + k, src + k, dst + k, 1, 0);
				assert_int_equal(rte_dma_burst_capacity(id, 0), n - k - 1);
			}
			for (k = 0; k < 3; k++)
				assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src,
							      (uintptr_t)refused, 64,
							      RTE_DMA_OP_FLAG_SUBMIT),
						 -ENOSPC);
			assert_int_equal(rte_dma_burst_capacity(id, 0), 0);
			assert_return_code(rte_dma_submit(id, 0), 0);
			assert_true(rte_dma_burst_capacity(id, 0) == 0);
			/* Once one is reported, one more fits, with the next index. */
			td_gather(id, 0, idx, 1);
			assert_int_equal(rte_dma_burst_capacity(id, 0), 1);
			td_copy(id, 0, idx + n, src, dst, 1, RTE_DMA_OP_FLAG_SUBMIT);
			assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)refused,
						      64, RTE_DMA_OP_FLAG_SUBMIT), -ENOSPC);
			td_gather(id, 0, idx + 1, n);
			assert_int_equal(rte_dma_burst_capacity(id, 0), n);
			assert_int_equal(rte_dma_completed(id, 0, 1, NULL, NULL), 0);
			assert_memory_equal(src, dst, n);
			assert_true(td_is_all(refused, 64, TD_GUARD));
			idx += n + 1;
			td_one_copy(id, 0, idx++);
		}
		assert_return_code(rte_dma_stop(id), 0);
	}
}

/* Each operation copies its own number, to detect missing, repeated and misplaced ones. */
static void
test_indices(void **state)
{
	enum { OPS = 300000, SLOTS = 1000 };
	const unsigned int ops = td_is_slow() ? 140000 : OPS;
	uint64_t *src, *dst, enqueued = 0, submitted = 0, gathered = 0, i;
	enum rte_dma_status_code status[64];
	uint16_t last, want, got;
	struct td_bound bound;
	uint64_t rnd = 12345;
	bool error;
	int16_t id;
	int ret;

	RTE_SET_USED(state);
	src = td_alloc(SLOTS * sizeof(*src), 64);
	dst = td_alloc(SLOTS * sizeof(*dst), 64);
	id = td_open(FN0, "", 1, SLOTS);
	td_bound_set(&bound);
	while (gathered < ops) {
		unsigned int burst;

		rnd = td_word(rnd, enqueued + gathered);
		burst = rnd % 97;
		while (burst-- > 0 && enqueued < ops && enqueued - gathered < SLOTS) {
			uint64_t flags = burst == 0 && rnd >> 63 ? RTE_DMA_OP_FLAG_SUBMIT : 0;
			unsigned int slot = enqueued % SLOTS;

			src[slot] = enqueued;
			dst[slot] = UINT64_MAX;
			ret = rte_dma_copy(id, 0, (uintptr_t)&src[slot], (uintptr_t)&dst[slot],
					   sizeof(*src), flags);
			if (ret != (uint16_t)enqueued)
				fail_msg("operation %" PRIu64 ": expected index %u, found %d",
					 enqueued, (uint16_t)enqueued, ret);
			enqueued++;
			if (flags != 0)
				submitted = enqueued;
		}
		/* Sometimes several submits in a row, sometimes without new operations. */
		if ((rnd >> 40) % 4 != 0 || enqueued - gathered == SLOTS || enqueued == ops) {
			assert_return_code(rte_dma_submit(id, 0), 0);
			submitted = enqueued;
			if ((rnd >> 42) % 4 == 0)
				assert_return_code(rte_dma_submit(id, 0), 0);
		}
		want = (rnd >> 16) % RTE_DIM(status) + 1;
		last = (uint16_t)(gathered + 7);
		if ((rnd >> 50) % 3 != 0) {
			error = true;
			got = rte_dma_completed(id, 0, want, &last, &error);
			assert_false(error);
		} else {
			memset(status, 0xff, sizeof(status));
			got = rte_dma_completed_status(id, 0, want, &last, status);
			for (i = 0; i < got; i++)
				assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
		}
		assert_in_range(got, 0, RTE_MIN((uint64_t)want, submitted - gathered));
		for (i = gathered; i < gathered + got; i++)
			if (dst[i % SLOTS] != i)
				fail_msg("operation %" PRIu64 ": destination has %" PRIu64, i,
					 dst[i % SLOTS]);
		gathered += got;
		assert_int_equal(last, (uint16_t)(gathered - 1));
		if (got != 0)
			td_bound_set(&bound);
		else if (td_bound_yield(&bound))
			fail_msg("operation %" PRIu64 " does not complete", gathered);
	}
	/* Nothing is outstanding, and the last index stays the same. */
	for (i = 0; i < 1000; i++) {
		last = 0;
		assert_int_equal(rte_dma_completed(id, 0, 10, &last, &error), 0);
		assert_false(error);
		assert_int_equal(last, (uint16_t)(gathered - 1));
		last = 0;
		assert_int_equal(rte_dma_completed_status(id, 0, 10, &last, status), 0);
		assert_int_equal(last, (uint16_t)(gathered - 1));
	}
	/* The output pointers may be NULL. */
	td_copy(id, 0, gathered, src, dst, 8, RTE_DMA_OP_FLAG_SUBMIT);
	TD_WAIT(rte_dma_completed(id, 0, 1, NULL, NULL) == 1);
}

/* Operations that were not submitted are not executed, even if another channel is busy. */
static void
test_submit(void **state)
{
	enum { LEN = 4096, OPS = 8 };
	uint8_t *src, *dst;
	unsigned int i;
	uint16_t last;
	bool error;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(OPS * LEN, 0);
	dst = td_alloc(OPS * LEN, 0);
	td_fill(src, OPS * LEN, 4);
	memset(dst, TD_GUARD, OPS * LEN);
	id = td_open(FN0, "", 2, OPS);

	/* Without new operations. */
	assert_return_code(rte_dma_submit(id, 0), 0);
	for (i = 0; i < OPS; i++)
		td_copy(id, 0, i, src + i * LEN, dst + i * LEN, LEN, 0);
	for (i = 0; i < 100; i++) {
		td_one_copy(id, 1, i);
		last = 0;
		assert_int_equal(rte_dma_completed(id, 0, OPS, &last, &error), 0);
		assert_int_equal(last, UINT16_MAX);
		assert_false(error);
	}
	assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
	assert_true(td_is_all(dst, OPS * LEN, TD_GUARD));
	assert_return_code(rte_dma_submit(id, 0), 0);
	td_gather(id, 0, 0, OPS);
	assert_memory_equal(src, dst, OPS * LEN);

	/* The flag also submits earlier operations. Unknown flags are ignored. */
	memset(dst, TD_GUARD, OPS * LEN);
	for (i = 0; i < OPS; i++)
		td_copy(id, 0, OPS + i, src + i * LEN, dst + i * LEN, LEN,
			RTE_DMA_OP_FLAG_LLC | (i == 5 ? RTE_DMA_OP_FLAG_SUBMIT : 0));
	td_gather(id, 0, OPS, 6);
	for (i = 0; i < 100; i++)
		td_one_copy(id, 1, 100 + i);
	assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), 0);
	assert_memory_equal(src, dst, 6 * LEN);
	assert_true(td_is_all(dst + 6 * LEN, 2 * LEN, TD_GUARD));
	assert_return_code(rte_dma_submit(id, 0), 0);
	td_gather(id, 0, OPS + 6, 2);
	assert_memory_equal(src, dst, OPS * LEN);
}

/* The source of each copy is the destination of the previous one. */
static void
test_fence(void **state)
{
	enum { LINKS = 8, LEN = 300 << 10, ROUNDS = 30 };
	static const uint32_t lens[] = { 1, 64, 4096, 5000, LEN };
	uint8_t *link[LINKS + 1];
	unsigned int round, i;
	uint64_t idx = 0;
	int16_t id;

	RTE_SET_USED(state);
	for (i = 0; i <= LINKS; i++)
		link[i] = td_alloc(LEN, 0);
	id = td_open(FN0, "", 1, 3 * LINKS);
	for (round = 0; round < ROUNDS; round++) {
		uint32_t len = lens[round % RTE_DIM(lens)];

		td_fill(link[0], len, round);
		for (i = 1; i <= LINKS; i++)
			memset(link[i], TD_GUARD, LEN);
		for (i = 0; i < LINKS; i++)
			td_copy(id, 0, idx + i, link[i], link[i + 1], len,
				i == 0 ? 0 : RTE_DMA_OP_FLAG_FENCE);
		/* Fence and submit flags combined. */
		for (i = 0; i < LINKS; i++)
			td_copy(id, 0, idx + LINKS + i, link[LINKS], link[i], len,
				RTE_DMA_OP_FLAG_FENCE |
				(i == LINKS - 1 ? RTE_DMA_OP_FLAG_SUBMIT : 0));
		td_gather(id, 0, idx, 2 * LINKS);
		idx += 2 * LINKS;
		td_fill(link[LINKS], 0, 0);
		for (i = 0; i < LINKS; i++) {
			assert_memory_equal(link[i], link[LINKS], len);
			if (i > 0)
				assert_true(td_is_all(link[i] + len, LEN - len, TD_GUARD));
		}
		td_fill(link[1], len, round);
		assert_memory_equal(link[0], link[1], len);
	}
}

/* ---- memory outside of EAL's heap ------------------------------------------------------------ */

/* Anonymous memory, 4 KiB pages. */
struct area {
	uint8_t *va;
	size_t len;
};

static void
area_map(struct area *area, size_t len)
{
	uint8_t *va = mmap(NULL, len + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	assert_ptr_not_equal(va, MAP_FAILED);
	/* An inaccessible page after the end, so that nothing else is mapped there. */
	assert_return_code(mprotect(va + len, 4096, PROT_NONE), errno);
	area->va = va;
	area->len = len;
}

static void
area_unmap(struct area *area)
{
	assert_return_code(munmap(area->va, area->len + 4096), errno);
}

static void
area_register(const struct area *area, rte_iova_t iova)
{
	unsigned int n = area->len / 4096, i;
	rte_iova_t *iovas = NULL;

	if (iova != 0) {
		iovas = malloc(n * sizeof(*iovas));
		assert_non_null(iovas);
		/* Reverse order, so that no two pages are contiguous. */
		for (i = 0; i < n; i++)
			iovas[i] = iova + (n - 1 - i) * UINT64_C(4096);
	}
	if (rte_extmem_register(area->va, area->len, iovas, iovas == NULL ? 0 : n, 4096) < 0)
		fail_msg("rte_extmem_register: %s", rte_strerror(rte_errno));
	free(iovas);
}

static void
area_unregister(const struct area *area)
{
	if (rte_extmem_unregister(area->va, area->len) < 0)
		fail_msg("rte_extmem_unregister: %s", rte_strerror(rte_errno));
}

/* Wait for the single outstanding operation and return its status. */
static int
copy_status_of(int16_t id, uint16_t vchan, uint64_t idx)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	uint16_t last = 0;

	TD_WAIT(rte_dma_completed_status(id, vchan, 1, &last, &status) == 1);
	assert_int_equal(last, (uint16_t)idx);
	assert_int_not_equal(status, RTE_DMA_STATUS_NOT_ATTEMPTED);
	return status;
}

/*
 * Copy once by IOVA on an idle channel; returns the status. The channel is usable afterwards if the
 * function continues after errors.
 */
static int
copy_status(int16_t id, uint16_t vchan, uint64_t idx, rte_iova_t src, rte_iova_t dst, uint32_t len)
{
	assert_int_equal(rte_dma_copy(id, vchan, src, dst, len, RTE_DMA_OP_FLAG_SUBMIT),
			 (uint16_t)idx);
	return copy_status_of(id, vchan, idx);
}

static void
test_extmem(void **state)
{
	enum { LEN = 16 * 4096 };
	const struct rte_memseg_list *msl;
	uint8_t *eal, *plain;
	rte_iova_t eal_end;
	struct area a, b;
	uint64_t idx = 0;
	int16_t id;

	RTE_SET_USED(state);
	eal = td_alloc(LEN, 0);
	plain = malloc(4 * LEN);
	assert_non_null(plain);
	id = td_open(FN0, "error=continue", 1, 64);
	area_map(&a, LEN);
	area_map(&b, LEN);

	/* Not known to DPDK: mappings, and the C library's heap. */
	memset(plain, TD_GUARD, 4 * LEN);
	memset(eal, TD_GUARD, LEN);
	td_fill(a.va, LEN, 1);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va, (uintptr_t)eal, LEN), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)eal, (uintptr_t)a.va, 64), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va, (uintptr_t)plain, 64), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)plain, (uintptr_t)eal, 64), 0);
	assert_true(td_is_all(plain, 4 * LEN, TD_GUARD));
	assert_true(td_is_all(eal, LEN, TD_GUARD));

	/* Registered without IOVAs: use virtual addresses, also between two areas. */
	area_register(&a, 0);
	area_register(&b, 0);
	assert_int_equal(copy_status(id, 0, idx++, (uintptr_t)a.va, (uintptr_t)eal, LEN), 0);
	assert_memory_equal(a.va, eal, LEN);
	td_fill(eal, LEN, 2);
	assert_int_equal(copy_status(id, 0, idx++, (uintptr_t)eal, (uintptr_t)b.va, LEN), 0);
	assert_memory_equal(b.va, eal, LEN);
	assert_int_equal(copy_status(id, 0, idx++, (uintptr_t)b.va + 3, (uintptr_t)a.va + 5,
				     LEN - 9), 0);
	assert_memory_equal(a.va + 5, b.va + 3, LEN - 9);

	/* Across the end and from the end on, both within one area. */
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va,
					 (uintptr_t)a.va + LEN - 64, 128), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va + LEN - 64,
					 (uintptr_t)a.va, 128), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va,
					 (uintptr_t)a.va + LEN, 1), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va + LEN,
					 (uintptr_t)a.va, 1), 0);

	/* Across the end of EAL's memory: read only, since the bytes at its end belong to EAL. */
	msl = rte_mem_virt2memseg_list(eal);
	assert_non_null(msl);
	eal_end = (uintptr_t)msl->base_va + msl->len;
	assert_int_equal(copy_status(id, 0, idx++, eal_end - 64, (uintptr_t)eal, 64), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, eal_end, (uintptr_t)eal, 64), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, eal_end - 64, (uintptr_t)eal, 128), 0);

	/* After unregistering, each is inaccessible. */
	area_unregister(&b);
	memset(b.va, TD_GUARD, LEN);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va, (uintptr_t)b.va, LEN), 0);
	assert_true(td_is_all(b.va, LEN, TD_GUARD));
	assert_int_equal(copy_status(id, 0, idx++, (uintptr_t)eal, (uintptr_t)a.va, LEN), 0);
	area_unregister(&a);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va, (uintptr_t)eal, LEN), 0);

	/* Registered with IOVAs: use these, page by page, and no virtual addresses. */
	area_register(&a, UINT64_C(0x7abc00000000));
	td_fill(eal, LEN, 3);
	assert_int_equal(copy_status(id, 0, idx++, (uintptr_t)eal, UINT64_C(0x7abc00000000), LEN),
			 0);
	assert_memory_equal(a.va + LEN - 4096, eal, 4096);
	assert_memory_equal(a.va, eal + LEN - 4096, 4096);
	assert_memory_equal(a.va + LEN - 3 * 4096, eal + 2 * 4096, 4096);
	memset(eal, 0, LEN);
	assert_int_equal(copy_status(id, 0, idx++, UINT64_C(0x7abc00000000) + 4000, (uintptr_t)eal,
				     200), 0);
	assert_memory_equal(eal, a.va + LEN - 96, 96);
	assert_memory_equal(eal + 96, a.va + LEN - 2 * 4096, 104);
	assert_int_not_equal(copy_status(id, 0, idx++, (uintptr_t)a.va, (uintptr_t)eal, LEN), 0);
	assert_int_not_equal(copy_status(id, 0, idx++, UINT64_C(0x7abc00000000) + LEN - 64,
					 (uintptr_t)eal, 128), 0);
	area_unregister(&a);
	assert_int_not_equal(copy_status(id, 0, idx++, UINT64_C(0x7abc00000000), (uintptr_t)eal,
					 LEN), 0);

	/* The same address with other IOVAs: no stale translations. */
	area_register(&a, UINT64_C(0x7abd00000000));
	assert_int_equal(copy_status(id, 0, idx++, UINT64_C(0x7abd00000000), (uintptr_t)eal, LEN),
			 0);
	assert_int_not_equal(copy_status(id, 0, idx++, UINT64_C(0x7abc00000000), (uintptr_t)eal,
					 64), 0);
	area_unregister(&a);
	area_unmap(&a);
	area_unmap(&b);
	free(plain);
}

static void
test_vchan_status(void **state)
{
	/* Long enough to observe the function at work. */
	enum { LEN = 1 << 20, OPS = 16 };
	enum rte_dma_vchan_status before;
	struct td_bound bound;
	unsigned int i, n;
	uint64_t idx = 0;
	struct area a;
	uint8_t *dst;
	int16_t id;

	RTE_SET_USED(state);
	dst = td_alloc(LEN, 0);
	id = td_open(FN0, "", 2, OPS);
	assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
	for (i = 0; i < 20; i++) {
		area_map(&a, LEN);
		td_fill(a.va, LEN, i);
		area_register(&a, 0);
		td_copy(id, 0, idx++, a.va, dst, LEN, 0);
		assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
		rte_dma_submit(id, 0);
		/*
		 * Whatever the function's speed: operations not completed after the status was read
		 * were not completed then, and those completed then still are.
		 */
		td_bound_set(&bound);
		do {
			assert_false(td_bound_yield(&bound));
			before = td_status(id, 0);
			n = rte_dma_completed(id, 0, 1, NULL, NULL);
			if (n == 0 && before != RTE_DMA_VCHAN_ACTIVE)
				fail_msg("operation outstanding, but the status is %d", before);
		} while (n == 0);
		assert_int_equal(td_status(id, 1), RTE_DMA_VCHAN_IDLE);
		assert_memory_equal(a.va, dst, LEN);
		assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);

		/* When idle, all can be polled in one call. */
		for (n = 0; n < OPS; n++)
			td_copy(id, 0, idx + n, a.va, dst, LEN, 0);
		rte_dma_submit(id, 0);
		td_bound_set(&bound);
		while ((before = td_status(id, 0)) != RTE_DMA_VCHAN_IDLE) {
			assert_int_equal(before, RTE_DMA_VCHAN_ACTIVE);
			assert_false(td_bound_yield(&bound));
		}
		assert_int_equal(rte_dma_completed(id, 0, OPS, NULL, NULL), OPS);
		idx += OPS;
		area_unregister(&a);
		area_unmap(&a);
	}
}

/* ---- lengths --------------------------------------------------------------------------------- */

/* A length that is refused has no side effects, not even a submit. */
static void
expect_refused(int16_t id, const void *src, void *dst, uint32_t len)
{
	uint16_t room = rte_dma_burst_capacity(id, 0);

	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)dst, len, 0), -EINVAL);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)dst, len,
				      RTE_DMA_OP_FLAG_SUBMIT | RTE_DMA_OP_FLAG_FENCE), -EINVAL);
	assert_int_equal(rte_dma_burst_capacity(id, 0), room);
}

static void
test_length(void **state)
{
	static const struct {
		const char *args;
		uint32_t max;
	} fn[] = {
		{ "max_buffer=2097152", 2 << 20 },
		{ "max_buffer=4194304", 4 << 20 },
		{ "max_buffer=8388608", 8 << 20 },
	};
	const size_t len = (8 << 20) + 64;
	struct rte_dma_stats stats;
	uint8_t *src, *dst;
	unsigned int i, n;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(len, 0);
	dst = td_alloc(len, 0);
	td_fill(src, len, 5);
	for (i = 0; i < RTE_DIM(fn); i++) {
		uint32_t max = fn[i].max;

		id = td_open(FN0, fn[i].args, 2, 4);
		memset(dst, TD_GUARD, len);
		expect_refused(id, src, dst, 0);
		td_copy(id, 0, 0, src, dst, max, 0);
		expect_refused(id, src, dst, 0);
		expect_refused(id, src, dst, max + 1);
		expect_refused(id, src, dst, max + 64);
		expect_refused(id, src, dst, UINT32_MAX);
		expect_refused(id, src, dst, UINT32_C(1) << 31);
		assert_return_code(rte_dma_stats_get(id, 0, &stats), 0);
		assert_int_equal(stats.submitted, 0);
		for (n = 0; n < 50; n++)
			td_one_copy(id, 1, n);
		assert_int_equal(rte_dma_completed(id, 0, 10, NULL, NULL), 0);
		assert_true(td_is_all(dst, len, TD_GUARD));

		assert_return_code(rte_dma_submit(id, 0), 0);
		td_gather(id, 0, 0, 1);
		assert_memory_equal(src, dst, max);
		assert_true(td_is_all(dst + max, len - max, TD_GUARD));
		td_copy(id, 0, 1, src, dst, max - 1, RTE_DMA_OP_FLAG_SUBMIT);
		td_gather(id, 0, 1, 1);

		/* On a full ring it is refused for either reason. */
		for (n = 0; n < 4; n++)
			td_copy(id, 0, 2 + n, src, dst, 1, 0);
		assert_true(rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)dst, 0, 0) < 0);
		assert_true(rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)dst, max + 1, 0) < 0);
		assert_return_code(rte_dma_submit(id, 0), 0);
		td_gather(id, 0, 2, 4);
		td_one_copy(id, 0, 6);
		assert_return_code(rte_dma_stats_get(id, 0, &stats), 0);
		assert_int_equal(stats.submitted, 7);
		assert_int_equal(stats.errors, 0);
		td_remove(FN0);
	}
	/* dmadev's lengths are shorter than the function's limit. */
	id = td_open(FN0, "max_buffer=4294967296,error=continue", 2, 4);
	expect_refused(id, src, dst, 0);
	assert_int_not_equal(copy_status(id, 0, 0, (uintptr_t)src, 0, UINT32_MAX), 0);
	td_one_copy(id, 0, 1);
}

/* ---- errors ---------------------------------------------------------------------------------- */

enum {
	BURST = 10,
	ERR_LEN = 4096,
};

/* Addresses unknown to DPDK, with the number of bytes used at each. */
struct bad_addr {
	const char *what;
	rte_iova_t addr;
};

/* Memory used by an error test. */
struct err_env {
	uint8_t *src, *dst;	/* BURST * ERR_LEN bytes */
	struct area ext;	/* registered external memory */
	struct bad_addr bad[8];
	unsigned int nb_bad;
	unsigned int stale;	/* number of those that were valid before */
};

static void
err_env_init(struct err_env *env)
{
	struct area gone;

	env->src = td_alloc(BURST * ERR_LEN, 0);
	env->dst = td_alloc(BURST * ERR_LEN, 0);
	td_fill(env->src, BURST * ERR_LEN, 6);
	area_map(&env->ext, 4 * 4096);
	area_register(&env->ext, 0);
	area_map(&gone, 4 * 4096);
	area_register(&gone, 0);

	env->bad[0] = (struct bad_addr){ "address 0", 0 };
	env->bad[1] = (struct bad_addr){ "page 0", 0x123 };
	env->bad[2] = (struct bad_addr){ "freed mapping", (uintptr_t)gone.va };
	env->bad[3] = (struct bad_addr){ "end of a segment",
		(uintptr_t)env->ext.va + env->ext.len - 64 };
	env->bad[4] = (struct bad_addr){ "byte before a segment", (uintptr_t)env->ext.va - 1 };
	env->bad[5] = (struct bad_addr){ "mapped, not DPDK's", (uintptr_t)env & ~UINT64_C(63) };
	env->bad[6] = (struct bad_addr){ "non-canonical address", UINT64_C(0x8000000000000000) };
	env->bad[7] = (struct bad_addr){ "end of the address space", UINT64_MAX - 15 };
	env->nb_bad = 8;
	env->stale = 2;
	area_unregister(&gone);
	area_unmap(&gone);
}

static void
err_env_free(struct err_env *env)
{
	area_unregister(&env->ext);
	area_unmap(&env->ext);
}

/* Poll a burst in which the operations in @p mask have bad addresses. */
static void
expect_burst(int16_t id, uint16_t vchan, uint64_t first, struct err_env *env, unsigned int mask)
{
	const unsigned int bad = __builtin_ctz(mask);
	enum rte_dma_status_code status[BURST + 2];
	struct td_bound bound;
	unsigned int n = 0, i;
	uint16_t last, got;
	bool error = false;

	/* Up to the first failure, which is not consumed by rte_dma_completed(). */
	td_bound_set(&bound);
	while (!error) {
		got = rte_dma_completed(id, vchan, BURST + 2, &last, &error);
		n += got;
		assert_in_range(n, 0, bad);
		assert_int_equal(last, (uint16_t)(first + n - 1));
		if (td_bound_yield(&bound))
			fail_msg("no error was reported at index %u", (uint16_t)(first + bad));
	}
	assert_int_equal(n, bad);
	for (i = 0; i < 5; i++) {
		error = false;
		last = 0;
		assert_int_equal(rte_dma_completed(id, vchan, BURST, &last, &error), 0);
		assert_true(error);
		assert_int_equal(last, (uint16_t)(first + n - 1));
	}
	/* With rte_dma_completed_status(), for one, several, or more than there are. */
	while (n < BURST) {
		const unsigned int asked = n % 3 == 0 ? 1 : n % 3 == 1 ? 3 : BURST + 2;

		memset(status, 0xee, sizeof(status));
		got = rte_dma_completed_status(id, vchan, asked, &last, status);
		assert_in_range(got, 0, RTE_MIN(asked, BURST - n));
		for (i = 0; i < got; i++, n++) {
			const unsigned int op = n;

			if (mask & (1u << op)) {
				if (status[i] == RTE_DMA_STATUS_SUCCESSFUL ||
				    status[i] == RTE_DMA_STATUS_NOT_ATTEMPTED ||
				    status[i] == RTE_DMA_STATUS_USER_ABORT)
					fail_msg("operation %u with a bad address: found status %d",
						 op, status[i]);
			} else if (status[i] != RTE_DMA_STATUS_SUCCESSFUL) {
				fail_msg("operation %u: expected success, found status %d", op,
					 status[i]);
			}
		}
		assert_int_equal(last, (uint16_t)(first + n - 1));
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("no status for index %u", (uint16_t)(first + n));
	}
	assert_int_equal(rte_dma_completed_status(id, vchan, BURST, &last, status), 0);

	for (i = 0; i < BURST; i++) {
		const uint8_t *dst = env->dst + i * ERR_LEN;

		if (!(mask & (1u << i)))
			assert_memory_equal(dst, env->src + i * ERR_LEN, ERR_LEN);
	}
}

static void
enqueue_burst(int16_t id, uint16_t vchan, uint64_t first, struct err_env *env, unsigned int mask,
	      rte_iova_t addr, bool bad_dst)
{
	unsigned int i;

	memset(env->dst, TD_GUARD, BURST * ERR_LEN);
	for (i = 0; i < BURST; i++) {
		rte_iova_t src = (uintptr_t)env->src + i * ERR_LEN;
		rte_iova_t dst = (uintptr_t)env->dst + i * ERR_LEN;

		if (mask & (1u << i)) {
			if (bad_dst)
				dst = addr;
			else
				src = addr;
		}
		assert_int_equal(rte_dma_copy(id, vchan, src, dst, ERR_LEN, 0),
				 (uint16_t)(first + i));
	}
	assert_return_code(rte_dma_submit(id, vchan), 0);
}

static void
test_errors(void **state)
{
	static const unsigned int masks[] = { 0x001, 0x010, 0x200, 0x018, 0x201, 0x3ff, 0x155 };
	const char *args = *state;
	struct rte_dma_stats stats;
	uint64_t idx = 0, other = 0;
	uint64_t submitted = 0, errors = 0;
	struct err_env env;
	unsigned int b, m, way;
	int16_t id;

	err_env_init(&env);
	id = td_open(FN0, args, 2, 2 * BURST);
	for (b = 0; b < env.nb_bad; b++) {
		for (m = 0; m < RTE_DIM(masks); m++) {
			for (way = 0; way < 2; way++) {
				enqueue_burst(id, 0, idx, &env, masks[m], env.bad[b].addr, way);
				td_one_copy(id, 1, other++);
				expect_burst(id, 0, idx, &env, masks[m]);
				td_one_copy(id, 1, other++);
				submitted += BURST;
				errors += __builtin_popcount(masks[m]);
				idx += BURST;
				assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
				td_one_copy(id, 0, idx++);
				submitted++;
			}
		}
	}
	assert_return_code(rte_dma_stats_get(id, 0, &stats), 0);
	assert_int_equal(stats.submitted, submitted);
	assert_int_equal(stats.completed, submitted);
	assert_int_equal(stats.errors, errors);
	assert_return_code(rte_dma_stats_get(id, 1, &stats), 0);
	assert_int_equal(stats.errors, 0);
	err_env_free(&env);
}

/* A single operation, with nothing after it that would reveal the failure. */
static void
test_error_alone(void **state)
{
	const char *args = *state;
	uint64_t idx = 0;
	unsigned int i;
	uint8_t *buf;
	int16_t id;

	buf = td_alloc(4096, 0);
	id = td_open(FN0, args, 1, 64);
	for (i = 0; i < 5; i++) {
		td_one_copy(id, 0, idx++);
		assert_int_not_equal(copy_status(id, 0, idx++, 0, (uintptr_t)buf, 64), 0);
		assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
	}
	td_one_copy(id, 0, idx++);
}

/* Operations not submitted before their channel failed run when submitted later. */
static void
test_error_unsubmitted(void **state)
{
	enum rte_dma_status_code status[4];
	uint8_t *buf;
	uint16_t last;
	unsigned int n;
	bool error;
	int16_t id;

	buf = td_alloc(8192, 0);
	memset(buf, TD_GUARD, 8192);
	td_fill(buf, 64, 77);
	id = td_open(FN0, *state, 1, 64);
	assert_int_equal(rte_dma_copy(id, 0, 0, (uintptr_t)buf + 2048, 64, RTE_DMA_OP_FLAG_SUBMIT),
			 0);
	for (n = 1; n < 4; n++)
		td_copy(id, 0, n, buf, buf + 4096 + n * 64, 64, 0);
	TD_WAIT((rte_dma_completed(id, 0, 4, &last, &error), error));
	assert_return_code(rte_dma_submit(id, 0), 0);
	td_statuses(id, 0, 4, status);
	assert_int_equal(status[0], RTE_DMA_STATUS_INVALID_SRC_ADDR);
	for (n = 1; n < 4; n++) {
		assert_int_equal(status[n], RTE_DMA_STATUS_SUCCESSFUL);
		assert_memory_equal(buf, buf + 4096 + n * 64, 64);
	}
	assert_true(td_is_all(buf + 64, 4096, TD_GUARD));
	/* Stop and removal also work on a failed channel, with anything outstanding. */
	assert_return_code(rte_dma_stop(id), 0);
	assert_return_code(rte_dma_start(id), 0);
	for (n = 0; n < 4; n++)
		assert_int_equal(rte_dma_copy(id, 0, 0, (uintptr_t)buf, 64,
					      RTE_DMA_OP_FLAG_SUBMIT), n);
	TD_WAIT((rte_dma_completed(id, 0, 4, &last, &error), error));
	td_remove(FN0);
	id = td_open(FN0, *state, 1, 64);
	td_one_copy(id, 0, 0);
}

/* Many failures of all kinds: the error log overflows, nothing else does. */
static void
test_error_flood(void **state)
{
	enum { OPS = 1000 };
	enum rte_dma_status_code status[OPS];
	unsigned int i;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(2 * OPS, 0);
	td_fill(buf, OPS, 7);
	memset(buf + OPS, TD_GUARD, OPS);
	id = td_open(FN0, "error=continue", 1, OPS);
	for (i = 0; i < OPS; i++)
		assert_int_equal(rte_dma_copy(id, 0, i % 10 == 9 ? (uintptr_t)buf + i : i * 8,
					      (uintptr_t)buf + OPS + i, 1, 0), i);
	assert_return_code(rte_dma_submit(id, 0), 0);
	td_statuses(id, 0, OPS, status);
	for (i = 0; i < OPS; i++) {
		if (i % 10 == 9) {
			assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
			assert_int_equal(buf[OPS + i], buf[i]);
		} else {
			assert_int_not_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
			assert_int_equal(buf[OPS + i], TD_GUARD);
		}
	}
	td_one_copy(id, 0, OPS);
}

/*
 * Overlapping source and destination are refused if this needs no extra work; otherwise the address
 * is reported.
 */
static void
test_error_overlap(void **state)
{
	static const int dists[] = { 0, 1, 63, 4095, -1, -4095 };
	struct rte_dma_sge sge[2] = { { .length = 4096 }, { .length = 4096 } };
	unsigned int i, idx = 0;
	uint8_t *buf;
	int16_t id;
	int ret;

	buf = td_alloc(3 * 4096, 0);
	id = td_open(FN0, *state, 1, 64);
	for (i = 0; i < RTE_DIM(dists); i++) {
		const rte_iova_t src = (uintptr_t)buf + 4096, dst = src + dists[i];

		sge[0].addr = src;
		sge[1].addr = dst;
		assert_int_equal(rte_dma_copy(id, 0, src, dst, 4096, RTE_DMA_OP_FLAG_SUBMIT),
				 -EINVAL);
		assert_int_equal(rte_dma_copy(id, 0, src, dst, 4096, RTE_DMA_OP_FLAG_FENCE),
				 -EINVAL);
		assert_int_equal(rte_dma_copy_sg(id, 0, &sge[0], &sge[1], 1, 1, 0), -EINVAL);
		ret = rte_dma_copy(id, 0, src, dst, 4096, 0);
		if (ret == -EINVAL)
			continue;
		assert_int_equal(ret, idx);
		assert_return_code(rte_dma_submit(id, 0), 0);
		assert_int_equal(copy_status_of(id, 0, idx++), RTE_DMA_STATUS_INVALID_ADDR);
	}
	assert_int_equal(copy_status(id, 0, idx++, (uintptr_t)buf, (uintptr_t)buf + 4096, 4096), 0);
}

/* The error log is read without polling, and the first incident logs its entry as text. */
static void
test_error_log(void **state)
{
	enum { ROUNDS = 8 };
	char *text;
	size_t len;
	uint64_t idx;
	uint8_t *buf;
	int16_t id;
	FILE *log;

	log = open_memstream(&text, &len);
	assert_non_null(log);
	rte_openlog_stream(log);
	buf = td_alloc(4096, 0);
	id = td_open(FN0, *state, 2, 64);
	for (idx = 0; idx < ROUNDS; idx++) {
		assert_int_equal(rte_dma_copy(id, 1, idx % 2 == 0 ? 0 : (uintptr_t)buf,
					      idx % 2 == 0 ? (uintptr_t)buf : 0, 64,
					      RTE_DMA_OP_FLAG_SUBMIT), idx);
		/* An entry for the operation, and one for CXT_UPD if that is refused. */
		TD_WAIT(td_dump_number(id, "error log:", "entries ") == idx + 1 ||
			(getenv(TD_CXT_UPD) != NULL &&
			 td_dump_number(id, "error log:", "entries ") > idx + 1));
		assert_int_equal(copy_status_of(id, 1, idx),
				 idx % 2 == 0 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
						RTE_DMA_STATUS_INVALID_DST_ADDR);
	}
	td_one_copy(id, 1, idx);
	td_remove(FN0);
	rte_openlog_stream(stderr);
	fclose(log);
	/* If CXT_UPD is refused, the line is about that. */
	if ((getenv(TD_CXT_UPD) == NULL &&
	     strstr(text, "SDXI: " FN0 ": vchan 1: context 2") == NULL) ||
	    strstr(text, "; error log: context 2, descriptor 0, buffer 0, data buffer: address "
			 "translation failure (") == NULL)
		fail_msg("expected a line about vchan 1, found:\n%s", text);
	free(text);
}

/* ---- statistics and dump --------------------------------------------------------------------- */

static void
test_stats(void **state)
{
	uint8_t *buf;
	unsigned int i;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(4096, 0);
	id = td_open(FN0, "error=continue", 3, 100);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 0, 0, 0);
	for (i = 0; i < 30; i++)
		td_one_copy(id, 0, i);
	for (i = 0; i < 7; i++)
		td_one_copy(id, 2, i);
	for (i = 7; i < 10; i++)
		assert_int_not_equal(copy_status(id, 2, i, 64, (uintptr_t)buf, 1), 0);
	td_expect_stats(id, 0, 30, 30, 0);
	td_expect_stats(id, 1, 0, 0, 0);
	td_expect_stats(id, 2, 10, 10, 3);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 40, 40, 3);

	/* Not submitted, so not counted. */
	td_copy(id, 1, 0, buf, buf + 64, 64, 0);
	td_copy(id, 1, 1, buf, buf + 64, 64, 0);
	td_expect_stats(id, 1, 0, 0, 0);
	assert_return_code(rte_dma_submit(id, 1), 0);
	td_gather(id, 1, 0, 2);
	td_expect_stats(id, 1, 2, 2, 0);

	/* Reset one channel, then all; counting continues, indices do not change. */
	assert_return_code(rte_dma_stats_reset(id, 2), 0);
	td_expect_stats(id, 2, 0, 0, 0);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 32, 32, 0);
	td_one_copy(id, 2, 10);
	td_expect_stats(id, 2, 1, 1, 0);
	assert_return_code(rte_dma_stats_reset(id, RTE_DMA_ALL_VCHAN), 0);
	for (i = 0; i < 3; i++)
		td_expect_stats(id, i, 0, 0, 0);
	td_one_copy(id, 0, 30);
	td_one_copy(id, 1, 2);
	assert_int_not_equal(copy_status(id, 1, 3, 64, (uintptr_t)buf, 1), 0);
	td_expect_stats(id, 0, 1, 1, 0);
	td_expect_stats(id, 1, 2, 2, 1);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 3, 3, 1);

	/* Stop and start reset indices, but not the counters. */
	assert_return_code(rte_dma_stop(id), 0);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 3, 3, 1);
	assert_return_code(rte_dma_start(id), 0);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 3, 3, 1);
	td_one_copy(id, 1, 0);
	td_expect_stats(id, 1, 3, 3, 1);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 4, 4, 1);
	assert_return_code(rte_dma_stats_reset(id, RTE_DMA_ALL_VCHAN), 0);
	td_one_copy(id, 0, 0);
	td_expect_stats(id, RTE_DMA_ALL_VCHAN, 1, 1, 0);
}

static char *
dump(int16_t id)
{
	char *text = td_dump(id);

	assert_non_null(strstr(text, FN0));
	return text;
}

static void
test_dump(void **state)
{
	char *text;
	int16_t id;

	RTE_SET_USED(state);
	id = td_probe(FN0, "max_cxt=77,max_ring=8192");
	text = dump(id);
	assert_non_null(strstr(text, "1.0"));
	assert_non_null(strstr(text, "STOP"));
	assert_non_null(strstr(text, "77"));
	assert_non_null(strstr(text, "8192"));
	assert_null(strstr(text, "vchan 0:"));
	free(text);

	td_configure(id, 3);
	td_vchan_setup(id, 1, 3000);
	text = dump(id);
	assert_null(strstr(text, "vchan 0:"));
	assert_non_null(strstr(text, "vchan 1: context 2"));
	assert_non_null(strstr(text, "STOP_SW"));
	assert_non_null(strstr(text, "not started"));
	assert_null(strstr(text, "vchan 2:"));
	assert_non_null(strstr(text, "for 3000 operations"));
	free(text);

	td_up(id, 2, 100);
	td_one_copy(id, 0, 0);
	text = dump(id);
	assert_non_null(strstr(text, "ACTIVE"));
	assert_non_null(strstr(text, "vchan 1: context 2"));
	assert_null(strstr(text, "STOP"));
	assert_null(strstr(text, "not started"));
	assert_non_null(strstr(text, "Write_Index 1"));
	if (getenv(TD_READ_INDEX) == NULL)
		assert_non_null(strstr(text, "Read_Index 1"));
	free(text);
	assert_return_code(rte_dma_stop(id), 0);
	free(dump(id));
}

/* ---- many contexts, many functions ----------------------------------------------------------- */

/* Contexts above 127 need more level 1 tables; each has its own doorbell, far apart. */
static void
test_many_contexts(void **state)
{
	static const struct {
		const char *args;
		unsigned int vchans;
	} fn[] = {
		{ "max_cxt=2000", 2000 },
		{ "max_cxt=300,db_stride=65536", 300 },
		{ "max_cxt=257,db_stride=524288", 257 },
		{ "max_cxt=128", 128 },
		{ "max_cxt=65535", 130 },
	};
	enum { LEN = 512 };
	unsigned int i, v, round;
	uint8_t *src, *dst;
	int16_t id;

	RTE_SET_USED(state);
	src = td_alloc(2000 * LEN, 0);
	dst = td_alloc(2000 * LEN, 0);
	for (i = 0; i < RTE_DIM(fn); i++) {
		id = td_open(FN0, fn[i].args, fn[i].vchans, 8);
		for (round = 0; round < 2; round++) {
			td_fill(src, fn[i].vchans * LEN, i * 10 + round);
			memset(dst, TD_GUARD, fn[i].vchans * LEN);
			/* All outstanding, in reverse order. */
			for (v = fn[i].vchans; v-- > 0;)
				td_copy(id, v, 0, src + v * LEN, dst + v * LEN, LEN,
					RTE_DMA_OP_FLAG_SUBMIT);
			for (v = 0; v < fn[i].vchans; v++)
				td_gather(id, v, 0, 1);
			assert_memory_equal(src, dst, fn[i].vchans * LEN);
			td_expect_stats(id, RTE_DMA_ALL_VCHAN, (round + 1) * fn[i].vchans,
				     (round + 1) * fn[i].vchans, 0);
			assert_return_code(rte_dma_stop(id), 0);
			assert_return_code(rte_dma_start(id), 0);
		}
		td_remove(FN0);
	}
}

static void
test_two_functions(void **state)
{
	enum { OPS = 64, LEN = 8192 };
	uint8_t *src, *dst[2];
	int16_t id[2];
	unsigned int round, f, i;

	RTE_SET_USED(state);
	src = td_alloc(OPS * LEN, 0);
	dst[0] = td_alloc(OPS * LEN, 0);
	dst[1] = td_alloc(OPS * LEN, 0);
	td_fill(src, OPS * LEN, 8);
	id[0] = td_open(FN0, "error=stop", 2, OPS);
	id[1] = td_open(FN1, "error=continue,max_cxt=3", 2, OPS);
	assert_int_not_equal(id[0], id[1]);
	for (round = 0; round < 20; round++) {
		memset(dst[0], 0, OPS * LEN);
		memset(dst[1], 0, OPS * LEN);
		for (i = 0; i < OPS; i++)
			for (f = 0; f < 2; f++)
				td_copy(id[f], 0, round * OPS + i, src + i * LEN, dst[f] + i * LEN,
					LEN, RTE_DMA_OP_FLAG_SUBMIT);
		td_gather(id[1], 0, round * OPS, OPS);
		td_gather(id[0], 0, round * OPS, OPS);
		assert_memory_equal(src, dst[0], OPS * LEN);
		assert_memory_equal(src, dst[1], OPS * LEN);
	}
	/* One fails, stops, is removed and probed again, without effect on the other one. */
	assert_int_not_equal(copy_status(id[0], 1, 0, 0, (uintptr_t)dst[0], 1), 0);
	td_one_copy(id[1], 1, 0);
	assert_return_code(rte_dma_stop(id[0]), 0);
	td_one_copy(id[1], 1, 1);
	td_remove(FN0);
	td_one_copy(id[1], 1, 2);
	id[0] = td_open(FN0, "", 1, 4);
	td_one_copy(id[0], 0, 0);
	td_one_copy(id[1], 1, 3);
}

static void
test_probe_cycles(void **state)
{
	enum { FUNCTIONS = 16, CYCLES = 50 };
	const unsigned int cycles = td_is_slow() ? 5 : CYCLES;
	char name[FUNCTIONS][RTE_DEV_NAME_MAX_LEN];
	struct td_stock before, now;
	int16_t id[FUNCTIONS];
	struct td_bound bound;
	unsigned int cycle, i;

	RTE_SET_USED(state);
	td_stock_take(&before);
	for (cycle = 0; cycle < cycles; cycle++) {
		for (i = 0; i < FUNCTIONS; i++) {
			snprintf(name[i], sizeof(name[i]), "dma_sdxi_emu%u", i);
			id[i] = td_open(name[i], "max_cxt=130", 2, 64);
		}
		for (i = 0; i < FUNCTIONS; i++)
			td_one_copy(id[i], cycle % 2, 0);
		/* In a different order each time, some stopped and closed, some not. */
		for (i = 0; i < FUNCTIONS; i++) {
			unsigned int k = (i * 5 + cycle) % FUNCTIONS;

			if (k % 3 == 0) {
				assert_return_code(rte_dma_stop(id[k]), 0);
				assert_return_code(rte_dma_close(id[k]), 0);
			}
			td_remove(name[k]);
		}
		td_bound_set(&bound);
		do {
			td_stock_take(&now);
		} while (now.threads != before.threads && !td_bound_yield(&bound));
		assert_memory_equal(&now, &before, sizeof(now));
	}
}

int
main(int argc, char **argv)
{
	static char stop[] = "error=stop", cont[] = "error=continue";
	const struct CMUnitTest tests[] = {
		TD_TEST(test_info),
		TD_TEST(test_configure_errors),
		TD_TEST(test_reconfigure),
		TD_TEST(test_vchan_setup_twice),
		TD_TEST(test_start_stop),
		TD_TEST(test_stop_outstanding),
		TD_TEST(test_life),
		TD_TEST(test_nb_desc),
		TD_TEST(test_indices),
		TD_TEST(test_submit),
		TD_TEST(test_fence),
		TD_TEST(test_extmem),
		TD_TEST(test_vchan_status),
		TD_TEST(test_length),
		TD_TEST_WITH(test_errors, "error=stop", stop),
		TD_TEST_WITH(test_errors, "error=continue", cont),
		TD_TEST_WITH(test_error_alone, "error=stop", stop),
		TD_TEST_WITH(test_error_alone, "error=continue", cont),
		TD_TEST_WITH(test_error_unsubmitted, "error=stop", stop),
		TD_TEST_WITH(test_error_unsubmitted, "error=continue", cont),
		TD_TEST(test_error_flood),
		TD_TEST_WITH(test_error_overlap, "error=stop", stop),
		TD_TEST_WITH(test_error_overlap, "error=continue", cont),
		TD_TEST_WITH(test_error_log, "error=stop", stop),
		TD_TEST_WITH(test_error_log, "error=continue", cont),
		TD_TEST(test_stats),
		TD_TEST(test_dump),
		TD_TEST(test_many_contexts),
		TD_TEST(test_two_functions),
		TD_TEST(test_probe_cycles),
	};

	if (!td_eal_init(argv[0], 640, NULL))
		return 1;
	return TD_RUN("driver", tests, argc > 1 ? argv[1] : NULL);
}
