/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Calls of the dmadev data path, for counting their instructions (devtools/run-overhead.sh). The
 * tool counts what runs inside functions named count_*: the driver's code and the inline functions
 * of rte_dmadev.h. The device works only between these calls, so each run gives the same figures.
 *
 * The device is a dmadev given by name, or "ioat" or "idxd": DPDK's own driver on registers in
 * plain memory, with this program as the device.
 */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <bus_pci_driver.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define RING 1024
#define BUF_LEN 64
#define DST (RING * BUF_LEN)
/*
 * Each figure is an average over this many operations, a multiple of the burst sizes and of the
 * ring.
 */
#define NB_OPS (8 * RING)

/* I/OAT channel registers that the driver reads: offsets, and some values. */
#define IOAT_CHANCNT	0x00 /* 8 bits */
#define IOAT_CBVER	0x08 /* 8 bits */
#define IOAT_CHANCMD	0x84 /* 8 bits */
#define IOAT_CHANSTS	0x88 /* 64 bits */
#define IOAT_CHAINADDR	0x90 /* 64 bits */
#define IOAT_CHANCMP	0x98 /* 64 bits: where the address of the last completed descriptor goes */
#define IOAT_VERSION_3_4	0x34
#define IOAT_CMD_SUSPEND	0x04
#define IOAT_STS_IDLE		1
#define IOAT_STS_SUSPENDED	2
#define IOAT_DESC_LEN	64

/* DSA registers. Those of groups and work queues start at multiples of 256, see IDXD_OFFSETS. */
#define IDXD_GENCAP	0x10 /* 64 bits: log2 of largest copy 20:16, of largest batch 24:21 */
#define IDXD_WQCAP	0x20 /* 64 bits: total entries of all queues 15:0, number of queues 23:16 */
#define IDXD_GRPCAP	0x30 /* 64 bits */
#define IDXD_ENGCAP	0x38 /* 64 bits */
#define IDXD_OFFSETS	0x60 /* 64 bits: groups 15:0, work queues 31:16 */
#define IDXD_GRP	0x200
#define IDXD_WQ		0x400
#define IDXD_WQ_STATE	(IDXD_WQ + 24) /* 32 bits */
#define IDXD_WQ_ENABLED	(UINT32_C(1) << 30)
#define IDXD_DESC_COMPLETION 8 /* 64 bits: address of the completion record */
#define IDXD_SUCCESS	1

#define REGS_LEN 0x800

static int16_t dev_id;
static uint8_t *bufs; /* the sources, followed at DST by the destinations */

/* A device that this program models. */
static struct model {
	const char *name;
	void (*init)(void);	     /* before the driver's probe */
	void (*probed)(void);
	void (*work)(unsigned int nb); /* complete all that was submitted; addresses are virtual */
	const char *suffix;	     /* suffix of the dmadev's name */
	struct rte_pci_driver *driver;
} *model;

static uint8_t *regs;	/* BAR 0 of the modelled device */
static uint8_t *portal; /* BAR 2 */

static void __rte_noreturn
fail(const char *what)
{
	fprintf(stderr, "dpdk-test-dma-overhead: %s\n", what);
	exit(EXIT_FAILURE);
}

/* I/OAT: a thread completes the reset or suspend that the driver waits for. */

static volatile bool ioat_running;
static pthread_t ioat_thread;

static void *
ioat_respond(void *arg)
{
	volatile uint8_t *cmd = regs + IOAT_CHANCMD;
	volatile uint64_t *sts = (volatile uint64_t *)(regs + IOAT_CHANSTS);

	RTE_SET_USED(arg);
	while (ioat_running) {
		if (*cmd & IOAT_CMD_SUSPEND)
			*sts = IOAT_STS_SUSPENDED;
		*cmd = 0;
		rte_delay_us_sleep(100);
	}
	return NULL;
}

static void
ioat_init(void)
{
	regs[IOAT_CHANCNT] = 1;
	regs[IOAT_CBVER] = IOAT_VERSION_3_4;
	ioat_running = true;
	if (pthread_create(&ioat_thread, NULL, ioat_respond, NULL) != 0)
		fail("cannot create a thread");
}

static void
ioat_probed(void)
{
	ioat_running = false;
	pthread_join(ioat_thread, NULL);
}

static void
ioat_work(unsigned int nb)
{
	static uint64_t done; /* operations */
	uint64_t ring, status;

	memcpy(&ring, regs + IOAT_CHAINADDR, sizeof(ring));
	memcpy(&status, regs + IOAT_CHANCMP, sizeof(status));
	done += nb;
	*(volatile uint64_t *)(uintptr_t)status =
		(ring + (done - 1) % RING * IOAT_DESC_LEN) | IOAT_STS_IDLE;
}

/* DSA. Each command completes at once: the command status always reads 0. */

/*
 * The driver submits with MOVDIR64B, which neither every CPU nor valgrind has. This SIGILL handler
 * copies instead. It runs outside of count_*() and is not counted, nor is MOVDIR64B itself.
 */
static void
do_movdir64b(int sig, siginfo_t *info, void *context)
{
#ifdef RTE_ARCH_X86_64
	static const uint8_t movdir64b_rdx_rax[] = { 0x66, 0x0f, 0x38, 0xf8, 0x02 };
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

	if (memcmp((void *)gregs[REG_RIP], movdir64b_rdx_rax, sizeof(movdir64b_rdx_rax)) == 0) {
		memcpy((void *)gregs[REG_RAX], (void *)gregs[REG_RDX], 64);
		gregs[REG_RIP] += sizeof(movdir64b_rdx_rax);
		return;
	}
#endif
	RTE_SET_USED(context);
	RTE_SET_USED(info);
	signal(sig, SIG_DFL);
}

static void
put64(uint32_t off, uint64_t val)
{
	memcpy(regs + off, &val, sizeof(val));
}

static void
idxd_init(void)
{
	struct sigaction act = { .sa_sigaction = do_movdir64b, .sa_flags = SA_SIGINFO };

	put64(IDXD_GENCAP, 31 << 16 | 10 << 21);
	put64(IDXD_WQCAP, 128 | 1 << 16);
	put64(IDXD_GRPCAP, 1);
	put64(IDXD_ENGCAP, 1);
	put64(IDXD_OFFSETS, IDXD_GRP / 256 | IDXD_WQ / 256 << 16);
	sigaction(SIGILL, &act, NULL);
}

static void
idxd_probed(void)
{
	const uint32_t state = IDXD_WQ_ENABLED;

	memcpy(regs + IDXD_WQ_STATE, &state, sizeof(state));
}

static void
idxd_work(unsigned int nb)
{
	uint64_t completion;

	RTE_SET_USED(nb);
	memcpy(&completion, portal + IDXD_DESC_COMPLETION, sizeof(completion));
	*(volatile uint8_t *)(uintptr_t)completion = IDXD_SUCCESS;
}

static struct model devices[] = {
	{ "ioat", ioat_init, ioat_probed, ioat_work, "", NULL },
	{ "idxd", idxd_init, idxd_probed, idxd_work, "-q0", NULL },
};

/* Replaces the PCI bus's function in the symbol lookup, to get the driver that registers itself. */
void
rte_pci_register(struct rte_pci_driver *driver)
{
	void (*next)(struct rte_pci_driver *driver) =
		(void (*)(struct rte_pci_driver *))dlsym(RTLD_NEXT, "rte_pci_register");
	unsigned int i;

	for (i = 0; i < RTE_DIM(devices); i++)
		if (driver->driver.name != NULL &&
		    strstr(driver->driver.name, devices[i].name) != NULL)
			devices[i].driver = driver;
	if (next != NULL)
		next(driver);
}

static int
probe(struct model *device)
{
	static struct rte_pci_device pci = { .addr = { .bus = 1 } };
	char name[RTE_DEV_NAME_MAX_LEN];
	int ret;

	if (device->driver == NULL)
		fail("DPDK has no such driver");
	regs = rte_zmalloc(NULL, REGS_LEN, RTE_CACHE_LINE_SIZE);
	portal = rte_zmalloc(NULL, RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_SIZE);
	if (regs == NULL || portal == NULL)
		fail("no memory");
	model = device;
	pci.device.name = device->name;
	pci.mem_resource[0].addr = regs;
	pci.mem_resource[2].addr = portal;
	device->init();
	ret = device->driver->probe(device->driver, &pci);
	device->probed();
	if (ret != 0)
		fail("probe failed");
	rte_pci_device_name(&pci.addr, name, sizeof(name));
	strcat(name, device->suffix);
	return rte_dma_get_dev_id_by_name(name);
}

static int
find_device(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(devices); i++)
		if (strcmp(name, devices[i].name) == 0)
			return probe(&devices[i]);
	return rte_dma_get_dev_id_by_name(name);
}

static void
wait_idle(unsigned int nb)
{
	enum rte_dma_vchan_status status = RTE_DMA_VCHAN_ACTIVE;

	if (model != NULL) {
		model->work(nb);
		return;
	}
	while (status == RTE_DMA_VCHAN_ACTIVE) {
		/* Let the device's thread run: valgrind runs one thread at a time. */
		rte_delay_us_sleep(100);
		if (rte_dma_vchan_status(dev_id, 0, &status) != 0)
			fail("channel status is not available");
	}
	if (status != RTE_DMA_VCHAN_IDLE)
		fail("the channel has failed");
}

/* The counted functions. Sizes are compile-time constants, as in many applications. */

static __rte_always_inline void
enqueue(uint64_t first, unsigned int burst)
{
	/* Burst sizes divide the ring, so no burst wraps. */
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

/* Not static, so that callgrind knows their names; hence the prototypes. */
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
		fail("EAL cannot start");
	if (argc - ret != 2)
		fail("usage: dpdk-test-dma-overhead EAL-ARGUMENTS -- DEVICE|ioat|idxd");
	if (rte_eal_iova_mode() != RTE_IOVA_VA)
		fail("IOVA mode is not VA: use --iova-mode=va");
	dev = find_device(argv[ret + 1]);
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
		fail("the device cannot be started");

	run_1();
	run_8();
	run_32();
	run_128();

	if (model == NULL && memcmp(bufs, bufs + DST, DST) != 0)
		fail("the data is wrong");
	printf("operations: %d\n", NB_OPS);
	fflush(stdout);
	/* Cleanup would access a device that does not exist. */
	_exit(EXIT_SUCCESS);
}
