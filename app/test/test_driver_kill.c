/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Application for test_driver_kill.sh: keeps a function busy and prints its progress. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)

enum {
	VCHANS = 4,
	DEPTH = 32,	       /* outstanding operations per channel */
	SLOT = 256 << 10,      /* bytes per operation */
	OPS_A_START = 20000,   /* operations per channel between restarts */
};

static void
say(const char *what, uint64_t n)
{
	if (n == 0)
		printf("%s\n", what);
	else
		printf("%s %" PRIu64 "\n", what, n);
	fflush(stdout);
}

static uint32_t
len_of(uint64_t idx)
{
	return (uint32_t)(td_word(1, idx) % (UINT64_C(1) << idx % 19)) + 1;
}

/* Run the started device up to @p upto operations per channel; the last DEPTH stay outstanding. */
static void
run(int16_t id, const uint8_t *src, uint8_t *dst, uint64_t upto, uint64_t *total)
{
	uint64_t n;
	unsigned int v;

	for (n = 0; n < upto; n++) {
		for (v = 0; v < VCHANS; v++) {
			uint8_t *slot = dst + ((size_t)v * DEPTH + n % DEPTH) * SLOT;

			if (n >= DEPTH) {
				td_gather(id, v, n - DEPTH, 1);
				if (memcmp(slot, src + (n - DEPTH) % 64, len_of(n - DEPTH)) != 0) {
					fprintf(stderr, "vchan %u, operation %" PRIu64
						": wrong data\n", v, n - DEPTH);
					exit(1);
				}
			}
			memset(slot, TD_GUARD, len_of(n));
			td_copy(id, v, n, src + n % 64, slot, len_of(n), RTE_DMA_OP_FLAG_SUBMIT);
		}
		*total += VCHANS;
		if (*total == VCHANS || *total % 1000 == 0)
			say("operations", *total);
	}
}

int
main(int argc, char **argv)
{
	uint64_t total = 0, most = UINT64_MAX / 2;
	uint8_t *src, *dst;
	int16_t id;
	int ret;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "Usage: %s FILE-PREFIX [OPERATIONS]\n", argv[0]);
		return 2;
	}
	if (argc == 3)
		most = strtoull(argv[2], NULL, 0);
	if (!td_eal_init(argv[0], 128, argv[1]))
		return 1;
	say("eal", 0);
	src = rte_malloc("src", SLOT + 64, 64);
	dst = rte_malloc("dst", (size_t)VCHANS * DEPTH * SLOT, 64);
	if (src == NULL || dst == NULL) {
		fprintf(stderr, "no DPDK memory\n");
		return 1;
	}
	td_fill(src, SLOT + 64, 1);
	/* A context stalls once and is recovered. */
	id = td_probe(FN0, "watchdog=1000,fault=stall:cxt=1:op=2500");
	say("probed", 0);
	td_configure(id, VCHANS);
	say("configured", 0);
	for (ret = 0; ret < VCHANS; ret++)
		td_vchan_setup(id, ret, DEPTH);
	while (total < most) {
		if (rte_dma_start(id) != 0)
			return 1;
		say("started", total);
		run(id, src, dst, RTE_MIN(RTE_ALIGN(most - total, VCHANS) / VCHANS,
					  (uint64_t)OPS_A_START), &total);
		say("stopping", total);
		if (rte_dma_stop(id) != 0)
			return 1;
		say("stopped", total);
	}
	if (rte_dma_close(id) != 0)
		return 1;
	td_remove(FN0);
	rte_free(src);
	rte_free(dst);
	if (rte_eal_cleanup() != 0)
		return 1;
	say("done", 0);
	return 0;
}
