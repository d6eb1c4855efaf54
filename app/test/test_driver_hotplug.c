/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * DPDK memory that is allocated and freed while an emulated function uses it. EAL does this with
 * huge pages only, so the test is skipped without; with_huge_pages.sh provides them if it may.
 */

#include <inttypes.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "test_driver_util.h"

#define PAGE (UINT64_C(2) << 20)
/* Contains whole pages at any alignment, so that freeing it unmaps some. */
#define BUF (4 * PAGE)
#define PART (UINT64_C(1) << 20)
#define PARTS (BUF / PART)
/* Number of huge pages needed. */
#define PAGES 64

static unsigned int unmapped;

static void
mem_event(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	(void)addr;
	(void)arg;
	if (event == RTE_MEM_EVENT_FREE)
		unmapped += len / PAGE;
}

/* Poll @p n operations, and count the failed ones. */
static unsigned int
gather(int16_t id, unsigned int n)
{
	enum rte_dma_status_code status[PARTS];
	unsigned int done = 0, failed = 0, i;
	struct td_bound bound;

	td_bound_set(&bound);
	while (done < n) {
		uint16_t got = rte_dma_completed_status(id, 0, n - done, NULL, status);

		for (i = 0; i < got; i++)
			failed += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
		done += got;
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("%u of %u operations completed", done, n);
	}
	return failed;
}

static void
copy_all(int16_t id, rte_iova_t dst, rte_iova_t src)
{
	unsigned int i;

	for (i = 0; i < PARTS; i++)
		assert_return_code(rte_dma_copy(id, 0, src + i * PART, dst + i * PART, PART, 0), 0);
	assert_int_equal(rte_dma_submit(id, 0), 0);
}

static void
test_hotplug(void **state)
{
	int16_t id = td_open(TD_NAME(0), "error=continue", 1, 64);
	uint8_t *src = rte_malloc(NULL, BUF, PAGE);
	rte_iova_t from = (uintptr_t)src, to;
	unsigned int round;

	(void)state;
	assert_non_null(src);
	td_fill(src, BUF, 7);
	assert_int_equal(rte_mem_event_callback_register("test", mem_event, NULL), 0);
	for (round = 0; round < 50; round++) {
		uint8_t *dst = rte_zmalloc(NULL, BUF, PAGE);
		unsigned int before = unmapped;

		assert_non_null(dst);
		to = (uintptr_t)dst;
		copy_all(id, to, from);
		/* Every other time, free it during the copies. */
		if (round % 2 == 0) {
			assert_int_equal(gather(id, PARTS), 0);
			assert_memory_equal(dst, src, BUF);
		}
		rte_free(dst);
		if (round % 2 != 0)
			gather(id, PARTS);
		/* Unmapped: not accessible, also as a source. */
		assert_true(unmapped > before);
		copy_all(id, to, from);
		assert_int_equal(gather(id, PARTS), PARTS);
		copy_all(id, from, to);
		assert_int_equal(gather(id, PARTS), PARTS);
	}
	assert_int_equal(rte_mem_event_callback_unregister("test", NULL), 0);
	td_remove(TD_NAME(0));
	rte_free(src);
}

static unsigned long
free_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	unsigned long n = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hotplug),
	};
	char *argv[] = {
		(char[]){ "test" }, (char[]){ "--in-memory" }, (char[]){ "--no-pci" },
		(char[]){ "--iova-mode=va" }, (char[]){ "--no-telemetry" }, (char[]){ "-d" },
		(char[]){ TD_PLUGIN }, NULL,
	};

	if (free_pages() < PAGES) {
		printf("1..0 # SKIP %u free huge pages of 2 MiB are needed\n", PAGES);
		return 77;
	}
	if (rte_eal_init(RTE_DIM(argv) - 1, argv) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
