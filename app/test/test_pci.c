/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The driver on a simulated PCI bus: registers are plain memory, with a thread that acts for the
 * function model of test_fn.h, and the interrupt is a socket, as UIO's is a file. Working devices
 * with VFIO and an IOMMU are tested in a QEMU guest.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The argument is const in newer DPDK only, and the function is defined here. */
#define rte_pci_set_bus_master declared_by_dpdk
#include <bus_pci_driver.h>
#undef rte_pci_set_bus_master

#include <rte_devargs.h>
#include <rte_dmadev.h>
#include <rte_interrupts.h>

#include "test_driver_util.h"
#include "test_eal.h"
#include "test_fn.h"

#define MMIO_LEN 0x20030

#define NAME "0000:01:00.0"

static uint64_t regs[MMIO_LEN / 8];
static uint64_t doorbells[4 * 4096 / 8];
static struct rte_pci_device pci;
static struct rte_devargs devargs;
static char args[256];
static bool mastering;
static bool mastering_fails;

/* The PCI bus as the driver sees it. */

static struct rte_pci_driver *drv;

void
rte_pci_register(struct rte_pci_driver *driver)
{
	/* EAL's own drivers are in other libraries. */
	drv = driver;
}

int rte_pci_set_bus_master(const struct rte_pci_device *dev, bool enable);
int
rte_pci_set_bus_master(const struct rte_pci_device *dev, bool enable)
{
	assert_ptr_equal(dev, &pci);
	if (mastering_fails)
		return -1;
	mastering = enable;
	return 0;
}

/* ---- function ---- */
static pthread_t thread;
static bool running; /* atomic */
static struct sdxi_dev *created; /* copy of the pointer for checks after close */

/* Handle register writes of the driver, and update registers. */
static void *
respond(void *arg)
{
	static const uint32_t writable[] = {
		CTL0, CTL2, CXT_L2, RKEY, ERR_CTL, ERR_STS, ERR_CFG, ERR_WRT, ERR_RD,
	};
	uint64_t last[RTE_DIM(writable)] = { fn.ctl0 }, now[RTE_DIM(writable)];
	unsigned int i;

	RTE_SET_USED(arg);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
		/* Writes before a request are visible before it. */
		for (i = 0; i < RTE_DIM(writable); i++)
			now[i] = __atomic_load_n(&regs[writable[i] / 8], __ATOMIC_ACQUIRE);
		for (i = RTE_DIM(writable); i-- > 0; last[i] = now[i])
			if (now[i] != last[i])
				test_fn_ops.reg_write(NULL, writable[i], now[i]);
		__atomic_store_n(&regs[STS0 / 8], test_fn_ops.reg_read(NULL, STS0),
				 __ATOMIC_RELEASE);
		usleep(100);
	}
	return NULL;
}

static int
begin(unsigned int fn_state)
{
	created = fn_create();
	fn.state = fn_state;
	fn.real_time = true;
	fn.next[STOP_SF] = fn.next[STOP_HD] = STOP;
	fn.cap1 = (FN_CAP1 & ~UINT64_C(0xffff0000)) | 3 << 16;
	memset(regs, 0, sizeof(regs));
	memset(&pci, 0, sizeof(pci));
	memset(&devargs, 0, sizeof(devargs));
	regs[CTL0 / 8] = fn.ctl0;
	regs[CAP0 / 8] = fn.cap0;
	regs[CAP1 / 8] = fn.cap1;
	regs[VERSION / 8] = fn.version;
	regs[STS0 / 8] = fn.state;
	pci.device.name = NAME;
	snprintf(pci.name, sizeof(pci.name), "%s", NAME);
	pci.addr.bus = 1;
	pci.mem_resource[0].addr = regs;
	pci.mem_resource[0].len = sizeof(regs);
	pci.mem_resource[2].addr = doorbells;
	pci.mem_resource[2].len = sizeof(doorbells);
	pci.intr_handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	mastering = false;
	mastering_fails = false;
	running = true;
	return pci.intr_handle == NULL ? -1 : pthread_create(&thread, NULL, respond, NULL);
}

static int
setup(__rte_unused void **state)
{
	return begin(STOP);
}

static int
setup_running(__rte_unused void **state)
{
	return begin(ACTIVE);
}

static int
teardown(__rte_unused void **state)
{
	__atomic_store_n(&running, false, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	rte_intr_instance_free(pci.intr_handle);
	fn_destroy(created);
	return 0;
}

static int
probe_with(const char *text)
{
	snprintf(args, sizeof(args), "%s", text);
	devargs.args = args;
	pci.device.devargs = &devargs;
	return drv->probe(drv, &pci);
}

static void
test_id(__rte_unused void **state)
{
	const struct rte_pci_id *id = drv->id_table;

	assert_int_equal(id->class_id, 0x120100);
	assert_int_equal(id->vendor_id, RTE_PCI_ANY_ID);
	assert_int_equal(id->device_id, RTE_PCI_ANY_ID);
	assert_int_equal(id[1].vendor_id, 0);
	assert_true((drv->drv_flags & RTE_PCI_DRV_NEED_MAPPING) != 0);
}

/* A failed probe leaves no device. */
static void
expect_refused(int ret)
{
	assert_int_equal(drv->probe(drv, &pci), ret);
	assert_int_equal(rte_dma_get_dev_id_by_name(NAME), -EINVAL);
}

static void
test_bars(__rte_unused void **state)
{
	pci.mem_resource[0].addr = NULL;
	expect_refused(-EINVAL);
	pci.mem_resource[0].addr = regs;
	pci.mem_resource[0].len = MMIO_LEN - 1;
	expect_refused(-EINVAL);
	pci.mem_resource[0].len = MMIO_LEN;
	pci.mem_resource[2].len = 2 * 4096 - 1;
	expect_refused(-EINVAL);
	pci.mem_resource[2].addr = NULL;
	pci.mem_resource[2].len = sizeof(doorbells);
	expect_refused(-EINVAL);
	pci.mem_resource[2].addr = doorbells;
	assert_int_equal(drv->probe(drv, &pci), 0);
	assert_int_equal(drv->remove(&pci), 0);
}

static void
test_registers(__rte_unused void **state)
{
	struct rte_dma_info info;
	int16_t id;

	regs[VERSION / 8] = UINT64_MAX;
	expect_refused(-ENODEV);
	regs[VERSION / 8] = 0;
	assert_int_not_equal(drv->probe(drv, &pci), 0);
	regs[VERSION / 8] = 1 << 16;
	assert_int_equal(drv->probe(drv, &pci), 0);
	id = rte_dma_get_dev_id_by_name(NAME);
	assert_true(id >= 0);
	assert_int_equal(rte_dma_info_get(id, &info), 0);
	/* Contexts 1 to 3; rings of 4096 descriptors. */
	assert_int_equal(info.max_vchans, 3);
	assert_int_equal(drv->remove(&pci), 0);
	assert_int_equal(rte_dma_get_dev_id_by_name(NAME), -EINVAL);
	/* Removing it again is no error. */
	assert_int_equal(drv->remove(&pci), 0);
}

static void
test_args(__rte_unused void **state)
{
	struct rte_dma_info info;

	assert_int_equal(probe_with("nonsense=1"), -EINVAL);
	assert_int_equal(probe_with("max_vchans=0"), -EINVAL);
	assert_int_equal(probe_with("max_vchans"), -EINVAL);
	assert_int_equal(probe_with("=,="), -EINVAL);
	assert_int_equal(probe_with("completion=op"), -EINVAL);
	/* An argument of emulated functions. */
	assert_int_equal(probe_with("fault=fail:cxt=1"), -EINVAL);
	assert_int_equal(rte_dma_get_dev_id_by_name(NAME), -EINVAL);
	assert_int_equal(probe_with("max_vchans=2,errlog_size=64,watchdog=0"), 0);
	assert_int_equal(rte_dma_info_get(rte_dma_get_dev_id_by_name(NAME), &info), 0);
	assert_int_equal(info.max_vchans, 2);
	assert_int_equal(drv->remove(&pci), 0);
	assert_int_equal(probe_with(""), 0);
	assert_int_equal(drv->remove(&pci), 0);
}

/* If it is running, disable bus mastering before stopping it. */
static void
test_found_running(__rte_unused void **state)
{
	mastering = true;
	assert_int_equal(drv->probe(drv, &pci), 0);
	assert_false(mastering);
	assert_int_equal(fn.state, STOP);
	assert_int_equal(drv->remove(&pci), 0);
}

/* Start and stop the function with a type of interrupt. */
static void
start_and_stop(enum rte_intr_handle_type type, int fd, void (*meanwhile)(void))
{
	int16_t id;

	rte_intr_type_set(pci.intr_handle, type);
	rte_intr_fd_set(pci.intr_handle, fd);
	assert_int_equal(drv->probe(drv, &pci), 0);
	id = rte_dma_get_dev_id_by_name(NAME);
	assert_false(mastering);
	td_up(id, 3, 64);
	assert_true(mastering);
	assert_int_equal(fn.state, ACTIVE);
	/* Copy on the last vchan: doorbells are 4 KiB apart. */
	assert_int_equal(rte_dma_copy(id, 2, 1 << 20, 1000, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	assert_int_equal(doorbells[3 * 512], rte_cpu_to_le_64(1));
	assert_int_equal(fn_exec(3, 1), 1);
	if (meanwhile != NULL)
		meanwhile();
	assert_int_equal(drv->remove(&pci), 0);
	assert_false(mastering);
	assert_int_equal(fn.state, STOP);
}

/* Works without interrupts. */
static void
test_no_interrupt(__rte_unused void **state)
{
	int fds[2];

	start_and_stop(RTE_INTR_HANDLE_UNKNOWN, -1, NULL);
	start_and_stop(RTE_INTR_HANDLE_VFIO_LEGACY, 0, NULL);
	start_and_stop(RTE_INTR_HANDLE_VFIO_MSIX, -1, NULL);
	/* An interrupt that cannot be enabled. */
	assert_int_equal(pipe(fds), 0);
	start_and_stop(RTE_INTR_HANDLE_VFIO_MSIX, fds[0], NULL);
	close(fds[0]);
	close(fds[1]);
}

static int irq[2]; /* bus end, device end */

/* The callback must read the log, and clear ERR_STS by writing back its value. */
static void
raise_irq(void)
{
	/* A reserved bit distinguishes the function's value from the driver's. */
	const uint64_t raised = 0x11;
	const uint32_t count = 1;

	assert_int_equal(regs[ERR_CTL / 8], 1);
	__atomic_store_n(&regs[ERR_STS / 8], raised, __ATOMIC_RELAXED);
	assert_int_equal(write(irq[1], &count, sizeof(count)), sizeof(count));
	TD_WAIT(__atomic_load_n(&regs[ERR_STS / 8], __ATOMIC_RELAXED) != raised);
	assert_int_equal(__atomic_load_n(&regs[ERR_STS / 8], __ATOMIC_RELAXED), 0x01);
}

static void
test_interrupt(__rte_unused void **state)
{
	uint32_t word;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, irq), 0);
	start_and_stop(RTE_INTR_HANDLE_UIO, irq[0], raise_irq);
	/* It was enabled, and finally disabled. */
	assert_int_equal(fcntl(irq[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(irq[1], &word, sizeof(word)), sizeof(word));
	assert_int_equal(word, 1);
	while (read(irq[1], &word, sizeof(word)) == sizeof(word))
		;
	assert_int_equal(word, 0);
	close(irq[0]);
	close(irq[1]);
}

/* Bus mastering cannot be enabled: do not activate the function. */
static void
test_mastering_fails(__rte_unused void **state)
{
	int16_t id;

	mastering_fails = true;
	assert_int_equal(drv->probe(drv, &pci), 0);
	id = rte_dma_get_dev_id_by_name(NAME);
	td_configure(id, 1);
	td_vchan_setup(id, 0, 64);
	assert_int_equal(rte_dma_start(id), -EIO);
	assert_int_equal(fn.state, STOP);
	assert_int_equal(drv->remove(&pci), 0);
}

#define UNIT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(test_id),
		UNIT_TEST(test_bars),
		UNIT_TEST(test_registers),
		UNIT_TEST(test_args),
		cmocka_unit_test_setup_teardown(test_found_running, setup_running, teardown),
		UNIT_TEST(test_no_interrupt),
		UNIT_TEST(test_interrupt),
		UNIT_TEST(test_mastering_fails),
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
