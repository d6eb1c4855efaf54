/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Calls of the dmadev data path, for a tool that counts their instructions: see
 * devtools/run-overhead.sh. What is counted is what happens in the functions whose names begin with
 * count_, the driver's part and the inline functions of rte_dmadev.h alike. The device works
 * between them, and has ended before the next one begins, so that the figures are the same in each
 * run.
 *
 * The device is any that DPDK knows, by its name, or DPDK's own driver "ioat" with registers in
 * plain memory, whose device is played by this program.
 */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bus_pci_driver.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define IOAT "ioat"
#define RING 1024
#define BUF_LEN 64
#define DST (RING * BUF_LEN)
/*
 * Operations that each figure is an average of, a multiple of all burst sizes and laps of the ring.
 */
#define NB_OPS (8 * RING)

/* Registers of an I/OAT channel that its driver looks at: offsets, and values of some. */
#define IOAT_CHANCNT	0x00 /* 8 bits */
#define IOAT_CBVER	0x08 /* 8 bits */
#define IOAT_CHANCMD	0x84 /* 8 bits */
#define IOAT_CHANSTS	0x88 /* 64 bits */
#define IOAT_CHAINADDR	0x90 /* 64 bits */
#define IOAT_CHANCMP	0x98 /* 64 bits: where the address of the last completed descriptor goes */
#define IOAT_REGS_LEN	0x200
#define IOAT_VERSION_3_4	0x34
#define IOAT_CMD_RESET		0x20
#define IOAT_CMD_SUSPEND	0x04
#define IOAT_STS_IDLE		1
#define IOAT_STS_SUSPENDED	2
#define IOAT_DESC_LEN	64

static int16_t dev_id;
static uint8_t *bufs; /* sources, and from DST on the destinations */

/* Set where the device is the one that is played here. */
static uint8_t *ioat_regs;
static uint64_t ioat_done; /* operations */

static void __rte_noreturn
fail(const char *what)
{
	fprintf(stderr, "dpdk-test-dma-overhead: %s\n", what);
	exit(EXIT_FAILURE);
}

/* The driver registers itself with the PCI bus, by a function that is found here first. */

static struct rte_pci_driver *ioat_driver;

void
rte_pci_register(struct rte_pci_driver *driver)
{
	void (*next)(struct rte_pci_driver *driver) =
		(void (*)(struct rte_pci_driver *))dlsym(RTLD_NEXT, "rte_pci_register");

	if (driver->driver.name != NULL && strstr(driver->driver.name, IOAT) != NULL)
		ioat_driver = driver;
	if (next != NULL)
		next(driver);
}

static volatile bool ioat_obeys;

/* The device's part of a reset or a stop. */
static void *
ioat_obey(void *arg)
{
	volatile uint8_t *cmd = ioat_regs + IOAT_CHANCMD;
	volatile uint64_t *sts = (volatile uint64_t *)(ioat_regs + IOAT_CHANSTS);

	RTE_SET_USED(arg);
	while (ioat_obeys) {
		if (*cmd & IOAT_CMD_SUSPEND)
			*sts = IOAT_STS_SUSPENDED;
		*cmd = 0;
		rte_delay_us_sleep(100);
	}
	return NULL;
}

static int16_t
ioat_probe(void)
{
	static struct rte_pci_device pci = { .addr = { .bus = 1 }, .device = { .name = IOAT } };
	char name[RTE_DEV_NAME_MAX_LEN];
	pthread_t thread;
	int ret;

	if (ioat_driver == NULL)
		fail("DPDK has no driver ioat: librte_dma_ioat.so is missing");
	ioat_regs = rte_zmalloc(NULL, IOAT_REGS_LEN, RTE_CACHE_LINE_SIZE);
	if (ioat_regs == NULL)
		fail("no memory");
	ioat_regs[IOAT_CHANCNT] = 1;
	ioat_regs[IOAT_CBVER] = IOAT_VERSION_3_4;
	pci.mem_resource[0].addr = ioat_regs;
	ioat_obeys = true;
	if (pthread_create(&thread, NULL, ioat_obey, NULL) != 0)
		fail("no thread");
	ret = ioat_driver->probe(ioat_driver, &pci);
	ioat_obeys = false;
	pthread_join(thread, NULL);
	if (ret != 0)
		fail("ioat: probe failed");
	rte_pci_device_name(&pci.addr, name, sizeof(name));
	return rte_dma_get_dev_id_by_name(name);
}

/* The device has done all that was submitted. Addresses are virtual ones: see main(). */
static void
ioat_work(unsigned int nb)
{
	uint64_t ring, status;

	memcpy(&ring, ioat_regs + IOAT_CHAINADDR, sizeof(ring));
	memcpy(&status, ioat_regs + IOAT_CHANCMP, sizeof(status));
	ioat_done += nb;
	*(volatile uint64_t *)(uintptr_t)status =
		(ring + (ioat_done - 1) % RING * IOAT_DESC_LEN) | IOAT_STS_IDLE;
}

static void
wait_idle(unsigned int nb)
{
	enum rte_dma_vchan_status status = RTE_DMA_VCHAN_ACTIVE;

	if (ioat_regs != NULL) {
		ioat_work(nb);
		return;
	}
	while (status == RTE_DMA_VCHAN_ACTIVE) {
		/* Threads take turns where instructions are counted: this one has nothing to do. */
		rte_delay_us_sleep(100);
		if (rte_dma_vchan_status(dev_id, 0, &status) != 0)
			fail("no status");
	}
	if (status != RTE_DMA_VCHAN_IDLE)
		fail("the channel has failed");
}

/* What is counted. Sizes are constants to the compiler, as they may be to an application. */

static __rte_always_inline void
enqueue(uint64_t first, unsigned int burst)
{
	/* Bursts divide the buffers, so none of them wraps. */
	uint8_t *from = bufs + first % RING * BUF_LEN;
	const uint8_t *end = from + burst * BUF_LEN;
	const int16_t dev = dev_id;

	for (; from != end; from += BUF_LEN)
		if (unlikely(rte_dma_copy(dev, 0, (uintptr_t)from, (uintptr_t)from + DST, BUF_LEN,
					  0) < 0))
			fail("a copy was refused");
	if (unlikely(rte_dma_submit(dev, 0) < 0))
		fail("submit failed");
}

static __rte_always_inline void
completed(unsigned int burst)
{
	bool has_error = false;
	uint16_t last;

	if (unlikely(rte_dma_completed(dev_id, 0, burst, &last, &has_error) != burst || has_error))
		fail("not all completed");
}

/* Prototypes, for they are not static: callgrind is to find them by name. */
#define COUNT(burst)                                                                               \
void count_enqueue_##burst(uint64_t first);                                                        \
void count_completed_##burst(void);                                                                \
__rte_noinline void                                                                                \
count_enqueue_##burst(uint64_t first)                                                              \
{                                                                                                  \
	enqueue(first, burst);                                                                     \
}                                                                                                  \
__rte_noinline void                                                                                \
count_completed_##burst(void)                                                                      \
{                                                                                                  \
	completed(burst);                                                                          \
}                                                                                                  \
static void                                                                                        \
run_##burst(void)                                                                                  \
{                                                                                                  \
	uint64_t op;                                                                               \
												   \
	for (op = 0; op < NB_OPS; op += burst) {                                                   \
		count_enqueue_##burst(op);                                                         \
		wait_idle(burst);                                                                  \
		count_completed_##burst();                                                         \
	}                                                                                          \
}

COUNT(1)
COUNT(8)
COUNT(32)
COUNT(128)

int
main(int argc, char **argv)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vconf = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = RING };
	int ret = rte_eal_init(argc, argv);
	unsigned int i;
	int dev;

	if (ret < 0)
		fail("EAL does not start");
	if (argc - ret != 2)
		fail("usage: dpdk-test-dma-overhead EAL-ARGUMENTS -- DEVICE|ioat");
	if (rte_eal_iova_mode() != RTE_IOVA_VA)
		fail("IO addresses have to be virtual ones: give --iova-mode=va");
	dev = strcmp(argv[ret + 1], IOAT) == 0 ? ioat_probe() :
						 rte_dma_get_dev_id_by_name(argv[ret + 1]);
	if (dev < 0)
		fail("no such device");
	dev_id = dev;
	bufs = rte_zmalloc(NULL, 2 * DST, RTE_CACHE_LINE_SIZE);
	if (bufs == NULL)
		fail("no memory");
	for (i = 0; i < DST; i++)
		bufs[i] = i * 7 + i / 256;
	if (rte_dma_configure(dev_id, &conf) != 0 || rte_dma_vchan_setup(dev_id, 0, &vconf) != 0 ||
	    rte_dma_start(dev_id) != 0)
		fail("the device does not start");

	run_1();
	run_8();
	run_32();
	run_128();

	if (ioat_regs == NULL && memcmp(bufs, bufs + DST, DST) != 0)
		fail("the data is wrong");
	printf("operations: %d\n", NB_OPS);
	fflush(stdout);
	/* What comes behind concerns nobody here, least of all a device that is not there. */
	_exit(EXIT_SUCCESS);
}
