/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Cost of additional channels on a device: see devtools/run-scaling.sh, which explains the columns.
 * One lcore drives all channels, so that only their number changes.
 */

#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#define BURST 32
#define BUF_LEN 64
#define POLLS 200000
/* Empty polls before yielding the CPU to a device in software. */
#define POLLS_BEFORE_YIELD 1024

static const uint16_t steps[] = { 1, 2, 4, 16, 64, 256, 1024 };

static int16_t dev_id;
static uint16_t ring = 512;
static rte_iova_t mem_iova;
static uint8_t *mem; /* for each channel, BURST sources followed by BURST destinations */

static void __rte_noreturn
fail(const char *what)
{
	fprintf(stderr, "dpdk-test-dma-scaling: %s\n", what);
	exit(EXIT_FAILURE);
}

static uint64_t
heap_used(void)
{
	struct rte_malloc_socket_stats stats;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < rte_socket_count(); i++)
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
			sum += stats.heap_allocsz_bytes;
	return sum;
}

static void
start(uint16_t nb)
{
	struct rte_dma_conf conf = { .nb_vchans = nb };
	struct rte_dma_vchan_conf vconf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = ring,
	};
	uint16_t i;

	if (rte_dma_configure(dev_id, &conf) != 0)
		fail("configure failed");
	for (i = 0; i < nb; i++)
		if (rte_dma_vchan_setup(dev_id, i, &vconf) != 0)
			fail("a channel cannot be set up: out of memory?");
	if (rte_dma_start(dev_id) != 0)
		fail("start failed");
}

static uint8_t *
src_of(uint16_t vchan)
{
	return mem + (size_t)vchan * 2 * BURST * BUF_LEN;
}

static void
put(uint16_t vchan)
{
	const rte_iova_t src = mem_iova + (src_of(vchan) - mem), dst = src + BURST * BUF_LEN;
	unsigned int i;

	for (i = 0; i < BURST; i++)
		if (unlikely(rte_dma_copy(dev_id, vchan, src + i * BUF_LEN, dst + i * BUF_LEN,
					  BUF_LEN, 0) < 0))
			fail("a copy was refused");
	if (unlikely(rte_dma_submit(dev_id, vchan) < 0))
		fail("submit failed");
}

static unsigned int
take(uint16_t vchan)
{
	bool has_error = false;
	uint16_t n = rte_dma_completed(dev_id, vchan, BURST, NULL, &has_error);

	if (unlikely(has_error))
		fail("a copy failed");
	return n;
}

/*
 * Round-robin over the first nb channels, one burst in flight on each; returns cycles per
 * operation.
 */
static double
copy(uint16_t nb, uint64_t rounds)
{
	static unsigned int in_flight[UINT16_MAX];
	uint64_t begin = rte_rdtsc(), round;
	unsigned int idle = 0, n;
	uint16_t i;

	memset(in_flight, 0, nb * sizeof(in_flight[0]));
	for (round = 0; round <= rounds; round++) {
		for (i = 0; i < nb; i++) {
			while (in_flight[i] != 0) {
				n = take(i);
				in_flight[i] -= n;
				if (n == 0 && ++idle % POLLS_BEFORE_YIELD == 0)
					sched_yield();
			}
			if (round < rounds) {
				put(i);
				in_flight[i] = BURST;
			}
		}
	}
	return (double)(rte_rdtsc() - begin) / (double)(rounds * nb * BURST);
}

static void
verify(uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb; i++) {
		if (memcmp(src_of(i), src_of(i) + BURST * BUF_LEN, BURST * BUF_LEN) != 0)
			fail("the data is wrong");
		memset(src_of(i) + BURST * BUF_LEN, 0, BURST * BUF_LEN);
	}
}

/* Cycles per poll of a channel with nothing outstanding. */
static double
poll_idle(uint16_t nb)
{
	uint64_t begin = rte_rdtsc();
	unsigned int i;
	uint16_t vchan = 0;

	for (i = 0; i < POLLS; i++) {
		take(vchan);
		if (++vchan == nb)
			vchan = 0;
	}
	return (double)(rte_rdtsc() - begin) / POLLS;
}

static int
cmp(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Median cycles from enqueue to completion of one copy, after idle_us without work. */
static uint64_t
first_copy(unsigned int idle_us)
{
	static uint64_t cycles[51];
	const rte_iova_t dst = mem_iova + BURST * BUF_LEN;
	unsigned int i;

	for (i = 0; i < RTE_DIM(cycles); i++) {
		uint64_t begin;

		if (idle_us >= 1000)
			rte_delay_us_sleep(idle_us);
		else
			rte_delay_us_block(idle_us);
		begin = rte_rdtsc();
		if (rte_dma_copy(dev_id, 0, mem_iova, dst, BUF_LEN, RTE_DMA_OP_FLAG_SUBMIT) < 0)
			fail("a copy was refused");
		while (take(0) == 0)
			;
		cycles[i] = rte_rdtsc() - begin;
	}
	qsort(cycles, RTE_DIM(cycles), sizeof(cycles[0]), cmp);
	return cycles[RTE_DIM(cycles) / 2];
}

int
main(int argc, char **argv)
{
	int ret = rte_eal_init(argc, argv);
	double all, one, all_1 = 0, one_1 = 0;
	struct rte_dma_info info;
	uint64_t before, used;
	unsigned int i, s;
	int dev;

	if (ret < 0)
		fail("EAL cannot start");
	if (argc - ret < 2 || argc - ret > 3)
		fail("usage: dpdk-test-dma-scaling EAL-ARGUMENTS -- DEVICE [DESCRIPTORS]");
	dev = rte_dma_get_dev_id_by_name(argv[ret + 1]);
	if (dev < 0 || rte_dma_info_get(dev, &info) != 0)
		fail("no such device");
	dev_id = dev;
	if (argc - ret == 3) {
		int nb = atoi(argv[ret + 2]);

		if (nb < BURST || nb > UINT16_MAX)
			fail("a channel needs from 32 to 65535 descriptors");
		ring = nb;
	}
	mem = rte_zmalloc(NULL, (size_t)steps[RTE_DIM(steps) - 1] * 2 * BURST * BUF_LEN,
			  RTE_CACHE_LINE_SIZE);
	if (mem == NULL)
		fail("no memory");
	/* rte_malloc() memory is IOVA-contiguous where EAL can provide it. */
	mem_iova = rte_malloc_virt2iova(mem);
	for (s = 0; s < steps[RTE_DIM(steps) - 1]; s++)
		for (i = 0; i < BURST * BUF_LEN; i++)
			src_of(s)[i] = i * 7 + s;

	before = heap_used();
	printf("channels  KiB each  all busy  one busy  idle poll\n");
	for (s = 0; s < RTE_DIM(steps) && steps[s] <= info.max_vchans; s++) {
		uint16_t nb = steps[s];

		start(nb);
		used = heap_used() - before;
		/* Warm up, then do the same amount of work for each number of channels. */
		copy(nb, 1);
		all = copy(nb, RTE_MAX(40000u / nb, 20u));
		verify(nb);
		one = copy(1, 40000);
		verify(1);
		if (nb == 1) {
			all_1 = all;
			one_1 = one;
		}
		printf("%8u  %8.1f  %8.2f  %8.2f  %9.2f\n", nb, used / 1024.0 / nb, all_1 / all,
		       one_1 / one, poll_idle(nb) / one_1);
		fflush(stdout);
		if (rte_dma_stop(dev_id) != 0)
			fail("stop failed");
	}
	start(1);
	all = first_copy(1);
	printf("a copy of 64 bytes takes %.1f times as long after 1 ms of idle time as after 1 us, "
	       "after 100 ms %.1f times", first_copy(1000) / all, first_copy(100000) / all);
	printf("; after 1 us it takes %.2f us\n", all * 1e6 / rte_get_tsc_hz());
	if (rte_dma_stop(dev_id) != 0)
		fail("stop failed");
	rte_dma_close(dev_id);
	rte_eal_cleanup();
	return 0;
}
