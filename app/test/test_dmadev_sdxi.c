/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Tests of the SDXI driver on emulated functions, for dpdk-test of a DPDK tree. In addition to the
 * generic dmadev_autotest, these cover failures, and data of many sizes and segments.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_dmadev.h>
#include <rte_memzone.h>
#include <rte_pause.h>
#include <rte_version.h>

#include "test.h"

#define DEVICE "dma_sdxi_emu9"
#define RING 1024
#define ROUNDS 8
#define BYTES (RING * 64)
/* Not mapped by DPDK. */
#define BAD_ADDR UINT64_C(64)
#define WAIT_SECONDS 10

static int16_t dev;
static uint8_t *src, *dst;
static rte_iova_t src_addr, dst_addr;

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Poll nb statuses; returns false on timeout. */
static bool
take(enum rte_dma_status_code *status, uint16_t nb)
{
	const uint64_t end = rte_get_timer_cycles() + WAIT_SECONDS * rte_get_timer_hz();
	uint16_t n = 0, last;

	while (n < nb && rte_get_timer_cycles() < end) {
		uint16_t got = rte_dma_completed_status(dev, 0, nb - n, &last, status + n);

		if (got == 0)
			rte_pause();
		n += got;
	}
	return n == nb;
}

static int
check_copies(void)
{
	enum rte_dma_status_code status[64];
	uint32_t seed = 1, round, i, n, at, len;

	for (i = 0; i < BYTES; i++)
		src[i] = next_random(&seed);
	/* Enough to wrap the ring. */
	for (round = 0; round < ROUNDS * RING / RTE_DIM(status); round++) {
		memset(dst, 0, BYTES);
		at = 0;
		for (n = 0; n < RTE_DIM(status); n++) {
			len = 1 + next_random(&seed) % (BYTES / RTE_DIM(status));
			TEST_ASSERT(rte_dma_copy(dev, 0, src_addr + at, dst_addr + at, len, 0) >= 0,
				    "copy %u of round %u was refused", n, round);
			at += len;
		}
		TEST_ASSERT_SUCCESS(rte_dma_submit(dev, 0), "submit fails");
		TEST_ASSERT(take(status, n), "round %u does not complete", round);
		for (i = 0; i < n; i++)
			TEST_ASSERT(status[i] == RTE_DMA_STATUS_SUCCESSFUL,
				    "copy %u of round %u: status %d", i, round, status[i]);
		TEST_ASSERT(memcmp(src, dst, at) == 0, "round %u: wrong data", round);
		for (i = at; i < BYTES; i++)
			TEST_ASSERT(dst[i] == 0, "round %u: byte %u after the end was written",
				    round, i);
	}
	return TEST_SUCCESS;
}

static int
check_parts(void)
{
	/* Different segments on both sides. */
	static const uint32_t src_len[] = { 1, 4095, 100, 0, 900 }, dst_len[] = { 4000, 1096 };
	struct rte_dma_sge from[RTE_DIM(src_len)], to[RTE_DIM(dst_len)];
	const uint64_t pattern = UINT64_C(0x0123456789abcdef);
	enum rte_dma_status_code status[2];
	uint32_t i, at;

	for (i = 0, at = 0; i < RTE_DIM(from); at += src_len[i++])
		from[i] = (struct rte_dma_sge){ .addr = src_addr + at, .length = src_len[i] };
	for (i = 0, at = 0; i < RTE_DIM(to); at += dst_len[i++])
		to[i] = (struct rte_dma_sge){ .addr = dst_addr + at, .length = dst_len[i] };
	memset(dst, 0, BYTES);
	TEST_ASSERT(rte_dma_copy_sg(dev, 0, from, to, RTE_DIM(from), RTE_DIM(to), 0) >= 0,
		    "scatter-gather copy was refused");
	TEST_ASSERT(rte_dma_fill(dev, 0, pattern, dst_addr + at, BYTES - at,
				 RTE_DMA_OP_FLAG_SUBMIT) >= 0, "fill was refused");
	TEST_ASSERT(take(status, 2), "parts do not complete");
	TEST_ASSERT(status[0] == RTE_DMA_STATUS_SUCCESSFUL, "scatter-gather: status %d", status[0]);
	TEST_ASSERT(status[1] == RTE_DMA_STATUS_SUCCESSFUL, "fill: status %d", status[1]);
	TEST_ASSERT(memcmp(src, dst, at) == 0, "scatter-gather: wrong data");
	for (; at < BYTES; at += sizeof(pattern))
		TEST_ASSERT(memcmp(dst + at, &pattern, RTE_MIN(sizeof(pattern), BYTES - at)) == 0,
			    "fill: wrong data at byte %u", at);
	return TEST_SUCCESS;
}

/* A failed operation is reported in order, with a status, and the channel continues. */
static int
check_failures(void)
{
	enum rte_dma_status_code status[8];
	struct rte_dma_stats stats;
	uint32_t bad, i;

	for (bad = 0; bad < RTE_DIM(status); bad++) {
		memset(dst, 0, BYTES);
		TEST_ASSERT_SUCCESS(rte_dma_stats_reset(dev, 0), "stats_reset fails");
		for (i = 0; i < RTE_DIM(status); i++) {
			rte_iova_t from = src_addr + 64 * i, to = dst_addr + 64 * i;

			if (i == bad && bad % 2 == 0)
				from = BAD_ADDR;
			else if (i == bad)
				to = BAD_ADDR;
			TEST_ASSERT(rte_dma_copy(dev, 0, from, to, 64, 0) >= 0,
				    "copy %u was refused", i);
		}
		TEST_ASSERT_SUCCESS(rte_dma_submit(dev, 0), "submit fails");
		TEST_ASSERT(take(status, RTE_DIM(status)), "failure at %u: not all completed", bad);
		for (i = 0; i < RTE_DIM(status); i++) {
			enum rte_dma_status_code want = RTE_DMA_STATUS_SUCCESSFUL;

			if (i == bad)
				want = bad % 2 == 0 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
						      RTE_DMA_STATUS_INVALID_DST_ADDR;
			TEST_ASSERT(status[i] == want, "failure at %u: copy %u: status %d, not %d",
				    bad, i, status[i], want);
			TEST_ASSERT(i == bad || memcmp(src + 64 * i, dst + 64 * i, 64) == 0,
				    "failure at %u: copy %u: wrong data", bad, i);
		}
		TEST_ASSERT_SUCCESS(rte_dma_stats_get(dev, 0, &stats), "stats_get fails");
		TEST_ASSERT(stats.errors == 1 && stats.completed == RTE_DIM(status),
			    "failure at %u: %" PRIu64 " completed, %" PRIu64 " errors", bad,
			    stats.completed, stats.errors);
	}
	return TEST_SUCCESS;
}

static int
check_device(void)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = RING,
	};

	TEST_ASSERT_SUCCESS(rte_dma_configure(dev, &conf), "configure fails");
	TEST_ASSERT_SUCCESS(rte_dma_vchan_setup(dev, 0, &vchan), "vchan_setup fails");
	TEST_ASSERT_SUCCESS(rte_dma_start(dev), "start fails");
	if (check_copies() != TEST_SUCCESS || check_parts() != TEST_SUCCESS ||
	    check_failures() != TEST_SUCCESS)
		return TEST_FAILED;
	/* A restart resets the index to 0, also after failures. */
	TEST_ASSERT_SUCCESS(rte_dma_stop(dev), "stop fails");
	TEST_ASSERT_SUCCESS(rte_dma_start(dev), "start fails");
	return check_copies();
}

static int
check_function(const char *args)
{
	int ret;

	printf("%s,%s\n", DEVICE, args);
	TEST_ASSERT_SUCCESS(rte_eal_hotplug_add("vdev", DEVICE, args), "hotplug_add fails");
	dev = rte_dma_get_dev_id_by_name(DEVICE);
	ret = dev < 0 ? TEST_FAILED : check_device();
	if (ret == TEST_SUCCESS)
		ret = rte_dma_stop(dev) == 0 && rte_dma_close(dev) == 0 ? TEST_SUCCESS :
									  TEST_FAILED;
	TEST_ASSERT_SUCCESS(rte_eal_hotplug_remove("vdev", DEVICE), "hotplug_remove fails");
	TEST_ASSERT(rte_dma_get_dev_id_by_name(DEVICE) < 0, "the dmadev still exists");
	return ret;
}

static int
test_dmadev_sdxi(void)
{
	static const char * const functions[] = {
		"error=stop",
		"error=continue",
		"error=stop,order=random",
		"error=continue,order=random",
	};
	const struct rte_memzone *from, *to;
	int ret = TEST_SUCCESS;
	unsigned int i;

	TEST_ASSERT(rte_eal_hotplug_add("vdev", DEVICE, "max_cxt=0") < 0,
		    "a bad argument was accepted");
	from = rte_memzone_reserve("sdxi_test_src", BYTES, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG);
	to = rte_memzone_reserve("sdxi_test_dst", BYTES, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG);
	if (from != NULL && to != NULL) {
		src = from->addr;
		src_addr = from->iova;
		dst = to->addr;
		dst_addr = to->iova;
	} else {
		ret = TEST_FAILED;
	}
	for (i = 0; i < RTE_DIM(functions) && ret == TEST_SUCCESS; i++)
		ret = check_function(functions[i]);
	rte_memzone_free(from);
	rte_memzone_free(to);
	return ret;
}

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
REGISTER_DRIVER_TEST(dmadev_sdxi_autotest, test_dmadev_sdxi);
#else
/* The list of tests does not depend on the drivers that are built. */
static int
test_dmadev_sdxi_if_built(void)
{
#ifndef RTE_DMA_SDXI
	printf("the driver dma/sdxi is not built\n");
	return TEST_SKIPPED;
#endif
	return test_dmadev_sdxi();
}

REGISTER_TEST_COMMAND(dmadev_sdxi_autotest, test_dmadev_sdxi_if_built);
#endif
