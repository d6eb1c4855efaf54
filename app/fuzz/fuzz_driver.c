/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The driver against a hostile function: its registers read as the input says, and the driver
 * probes it, brings it up and closes it.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bus_driver.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_log.h>

#include "sdxi_dmadev.h"

#define NAME "fuzz"
#define DB_LEN (16 * SDXI_DB_STRIDE_MIN)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t *input;
static size_t input_left;
static uint64_t now;	     /* nanoseconds */
static unsigned int allocs;

static uint8_t
take(void)
{
	if (input_left == 0)
		return 0;
	input_left--;
	return *input++;
}

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_driver: %s\n", what);
	abort();
}

uint64_t
fuzz_timer_cycles(void)
{
	return now += 100;
}

uint64_t
fuzz_timer_hz(void)
{
	return NS_PER_S;
}

void
fuzz_delay_us_sleep(unsigned int us)
{
	now += us * UINT64_C(1000);
}

void
fuzz_pause(void)
{
	now += 40;
}

void *
fuzz_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	void *ptr;

	RTE_SET_USED(type);
	RTE_SET_USED(socket);
	if (posix_memalign(&ptr, RTE_MAX(align, (unsigned int)RTE_CACHE_LINE_SIZE), size) != 0)
		return NULL;
	memset(ptr, 0, size);
	allocs++;
	return ptr;
}

void
fuzz_free(void *ptr)
{
	allocs -= ptr != NULL;
	free(ptr);
}

rte_iova_t
fuzz_malloc_virt2iova(const void *addr)
{
	return (uintptr_t)addr;
}

static uint64_t
reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	uint8_t how = take();

	RTE_SET_USED(fn);
	switch (how) {
	case 0xff:
		return UINT64_MAX;
	case 0xfe:
		return 0;
	case 0:
		break;
	default:
		return UINT64_C(0x9e3779b97f4a7c15) * how;
	}
	switch (off) {
	case SDXI_MMIO_VERSION:
		return SDXI_PUT(SDXI_VERSION_MAJOR, 1);
	case SDXI_MMIO_CAP1:
		return SDXI_PUT(SDXI_CAP1_MAX_CXT, 7);
	case SDXI_MMIO_STS0:
		return input_left == 0 ? SDXI_GSV_STOP : take();
	}
	return 0;
}

static void
reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	RTE_SET_USED(fn);
	RTE_SET_USED(off);
	RTE_SET_USED(val);
}

static int
dma_enable(const struct sdxi_fn *fn, bool on)
{
	RTE_SET_USED(fn);
	RTE_SET_USED(on);
	return take() == 1 ? -EIO : 0;
}

static const struct sdxi_fn_ops fn_ops = {
	.reg_read = reg_read, .reg_write = reg_write, .dma_enable = dma_enable,
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *args[] = {
		(char[]){ "fuzz" }, (char[]){ "--no-huge" }, (char[]){ "--no-shconf" },
		(char[]){ "--no-pci" }, (char[]){ "--no-telemetry" }, (char[]){ "-m" },
		(char[]){ "64" }, (char[]){ "-l" }, (char[]){ "0" }, NULL,
	};
	FILE *null = fopen("/dev/null", "w");

	RTE_SET_USED(argc);
	RTE_SET_USED(argv);
	check(rte_eal_init(RTE_DIM(args) - 1, args) >= 0, "no EAL");
	/* Lines are made, and go nowhere. */
	check(null != NULL && rte_openlog_stream(null) == 0, "no log");
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint64_t doorbells[DB_LEN / 8];
	struct rte_device device = { .name = NAME, .numa_node = SOCKET_ID_ANY };
	const struct sdxi_fn fn = { .ops = &fn_ops, .db = doorbells, .db_len = DB_LEN };
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vconf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 16,
	};
	struct sdxi_args args;
	int ret, id;

	input = data;
	input_left = len;
	sdxi_args_default(&args);
	ret = sdxi_dmadev_create(NAME, &device, &fn, &args);
	check(ret <= 0, "probe gives no errno");
	if (ret == 0) {
		id = rte_dma_get_dev_id_by_name(NAME);
		check(id >= 0, "no dmadev behind probe");
		if (rte_dma_configure(id, &conf) == 0 && rte_dma_vchan_setup(id, 0, &vconf) == 0 &&
		    rte_dma_start(id) == 0)
			rte_dma_stop(id);
		/* Honest from here on. */
		input_left = 0;
		check(sdxi_dmadev_destroy(NAME) == 0, "close fails");
	}
	check(rte_dma_get_dev_id_by_name(NAME) < 0, "a dmadev is left");
	check(allocs == 0, "memory is left");
	return 0;
}
