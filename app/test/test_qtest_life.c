/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* QEMU's device sdxi: removal of functions that have work, or are busy. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "qtest_sdxi.h"

#define PORT_DEVFN QT_DEVFN(4, 0)
#define PORT "-device", "pcie-root-port,id=rp,chassis=1,addr=0x4"
/* Use the port's native hotplug, not ACPI's. */
#define PORT_HOTPLUG "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off", PORT
#define PF "-device", "sdxi,id=pf,bus=rp,sriov-vfs=1,max-cxt=1"
#define IOMMU_DEVFN QT_DEVFN(5, 0)
#define IOMMU "-device", "virtio-iommu-pci,addr=0x5"

#define SLOT_PIC_ON (1 << 8)
#define SLOT_PIC_OFF (3 << 8)
#define SLOT_PCC (1 << 10)
#define DEVCTL_FLR (1 << 15)

static const struct qt_pci port = { .devfn = PORT_DEVFN };

/* Slot control of the port, with power on. */
static unsigned int
slot_on(void)
{
	const unsigned int slot = qt_cap(&port, QT_PCI_CAP_EXP) + 0x18;

	qt_cfg_write(&port, slot, SLOT_PIC_ON, 2);
	return slot;
}

static bool
is_there(const struct fn *f)
{
	return qt_cfg_read(&f->pci, 0x08, 4) != UINT32_MAX;
}

/* Find the physical function below the port. */
static struct fn *
pf_find(void)
{
	qt_bridge(PORT_DEVFN, 1);
	return fn_find(0, 1, 0);
}

static unsigned int
sriov_cap(const struct fn *pf)
{
	return qt_ext_cap(&pf->pci, QT_PCI_EXT_CAP_SRIOV);
}

/* Enable its virtual function. */
static struct fn *
vf_enable(const struct fn *pf)
{
	const unsigned int cap = sriov_cap(pf);
	struct fn *vf = &fns[1];
	unsigned int bar;
	uint64_t at;

	memset(vf, 0, sizeof(*vf));
	vf->at = FN_AT(1);
	vf->pci.bus = 1;
	vf->pci.devfn = qt_cfg_read(&pf->pci, cap + 0x14, 2);
	for (bar = 0; bar < QT_BARS; bar += 2) {
		at = qt_mmio_alloc(pf->pci.bar_len[bar]);
		qt_cfg_write(&pf->pci, cap + 0x24 + bar * 4, at, 4);
		qt_cfg_write(&pf->pci, cap + 0x28 + bar * 4, at >> 32, 4);
		vf->pci.bar[bar] = at;
		vf->pci.bar_len[bar] = pf->pci.bar_len[bar];
	}
	qt_cfg_write(&pf->pci, cap + 0x10, 1, 2);
	qt_cfg_write(&pf->pci, cap + 0x08, 1 | 1 << 3, 2);
	fn_found(vf);
	return vf;
}

/* ---- removal with a virtual function at work ---- */

static void
reset_machine(void)
{
	qt_system_reset();
}

static void
reset_bus(void)
{
	const uint32_t ctl = qt_cfg_read(&port, QT_PCI_BRIDGE_CTL, 2);

	qt_cfg_write(&port, QT_PCI_BRIDGE_CTL, ctl | 1 << 6, 2);
	qt_cfg_write(&port, QT_PCI_BRIDGE_CTL, ctl & ~(1 << 6), 2);
}

/* Each reset removes the VF; enable it again. */
static void
vf_resets(void (*reset)(void))
{
	struct fn *pf, *vf;
	unsigned int i;

	QT_START(PORT, PF);
	for (i = 0; i < 3; i++) {
		pf = pf_find();
		vf = vf_enable(pf);
		fn_works(vf);
		reset();
		qt_bridge(PORT_DEVFN, 1);
		assert_false(is_there(vf));
		assert_int_equal(qt_cfg_read(&pf->pci, sriov_cap(pf) + 0x08, 2), 0);
		assert_int_equal(qt_cfg_read(&pf->pci, sriov_cap(pf) + 0x10, 2), 0);
	}
	fn_works(pf_find());
}

static void
test_vf_system_reset(void **state)
{
	(void)state;
	vf_resets(reset_machine);
}

static void
test_vf_bus_reset(void **state)
{
	(void)state;
	vf_resets(reset_bus);
}

/* Quit QEMU: qt_teardown() checks that it exits cleanly. */
static void
test_vf_quit(void **state)
{
	(void)state;
	QT_START(PORT, PF);
	fn_works(vf_enable(pf_find()));
}

static void
test_vf_unplug(void **state)
{
	unsigned int slot;
	struct fn *pf, *vf;

	(void)state;
	QT_START(PORT_HOTPLUG, PF);
	pf = pf_find();
	slot = slot_on();
	vf = vf_enable(pf);
	fn_works(vf);
	qt_qmp_ok("{\"execute\": \"device_del\", \"arguments\": {\"id\": \"pf\"}}\n");
	qt_cfg_write(&port, slot, SLOT_PCC | SLOT_PIC_OFF, 2);
	qt_event("DEVICE_DELETED");
	assert_false(is_there(pf) || is_there(vf));
}

/* ---- removal within a memory access ---- */

/*
 * A virtio-iommu reports a refused access synchronously, to an address chosen by the guest: here,
 * PCI configuration space. In the report, 4 bytes at 12 are 0, and 8 at 16 are the refused address.
 */
#define REPORT_ZERO 12
#define REPORT_ADDR 16
#define REPORT_LEN 24
#define REPORTS 8
#define VIRTIO_AT UINT64_C(0x900000)

struct viommu {
	struct qt_pci pci;
	uint64_t common; /* its structures in memory */
	uint64_t config;
};

struct vring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/* Address of a virtio structure. */
static uint64_t
virtio_struct(const struct qt_pci *pci, unsigned int type)
{
	unsigned int off;

	for (off = qt_cfg_read(pci, 0x34, 1); off != 0; off = qt_cfg_read(pci, off + 1, 1))
		if (qt_cfg_read(pci, off, 1) == 9 && qt_cfg_read(pci, off + 3, 1) == type)
			return pci->bar[qt_cfg_read(pci, off + 4, 1)] +
			       qt_cfg_read(pci, off + 8, 4);
	fail();
	return 0;
}

static void
virtio_queue(const struct viommu *io, unsigned int queue, uint64_t at)
{
	unsigned int i;

	qt_write(io->common + 0x16, queue, 2);
	qt_write(io->common + 0x18, REPORTS, 2);
	/* Descriptors, available ring, used ring. */
	for (i = 0; i < 3; i++) {
		qt_write(io->common + 0x20 + i * 8, at + i * 0x1000, 4);
		qt_write(io->common + 0x24 + i * 8, 0, 4);
	}
	qt_write(io->common + 0x1c, 1, 2);
}

/* Whether unknown endpoints bypass translation. */
static void
viommu_bypass(const struct viommu *io, bool on)
{
	qt_write(io->config + 36, on, 1);
}

/* Set up a virtio-iommu with bypass, that will report to @p to. */
static void
viommu_up(struct viommu *io, uint64_t to)
{
	struct vring_desc *desc = qt_ram(VIRTIO_AT + 0x4000, 4096);
	uint16_t *offered = qt_ram(VIRTIO_AT + 0x5000, 4096);
	unsigned int i;

	*io = (struct viommu){ .pci.devfn = IOMMU_DEVFN };
	qt_map(&io->pci);
	qt_bus_master(&io->pci, true);
	io->common = virtio_struct(&io->pci, 1);
	io->config = virtio_struct(&io->pci, 4);
	memset(qt_ram(VIRTIO_AT, 0x8000), 0, 0x8000);
	/* ACKNOWLEDGE, DRIVER; bypass in config space, version 1; FEATURES_OK. */
	qt_write(io->common + 0x14, 3, 1);
	qt_write(io->common + 0x08, 0, 4);
	qt_write(io->common + 0x0c, 1 << 6, 4);
	qt_write(io->common + 0x08, 1, 4);
	qt_write(io->common + 0x0c, 1, 4);
	qt_write(io->common + 0x14, 0xb, 1);
	assert_int_equal(qt_read(io->common + 0x14, 1), 0xb);
	virtio_queue(io, 0, VIRTIO_AT);
	for (i = 0; i < REPORTS; i++) {
		/* Writable by the device. */
		desc[i] = (struct vring_desc){ le64(to), le32(REPORT_LEN), le16(2), 0 };
		offered[2 + i] = le16(i);
	}
	offered[1] = le16(REPORTS);
	virtio_queue(io, 1, VIRTIO_AT + 0x4000);
	qt_write(io->common + 0x14, 0xf, 1);
	viommu_bypass(io, true);
}

static unsigned int
viommu_reported(void)
{
	return le16(((const uint16_t *)qt_ram(VIRTIO_AT + 0x6000, 4096))[1]);
}

static uint64_t
ecam_of(const struct qt_pci *pci)
{
	const struct fn none = { 0 };

	return place_at(&none, PLACE_ECAM, 0) + ((uint64_t)pci->bus << 20) + (pci->devfn << 12);
}

/* Activate a function whose Write_Index is at @p low in a page, if not 0. */
static void
fn_up_with(struct fn *f, uint64_t low)
{
	fn_build(f);
	if (low != 0)
		ctl_of(f, 0)->write_index_ptr = le64(f->at + AREA_OFF(0) + WIX_OFF + low);
	fn_activate(f);
}

/* Refuse the first access, which reads Write_Index. */
static void
refuse(const struct viommu *io, const struct fn *f)
{
	qt_settle();
	assert_int_equal(viommu_reported(), 0);
	viommu_bypass(io, false);
	qt_write(f->pci.bar[2], 1, 8);
	QT_WAIT(viommu_reported() > 0);
	qt_settle();
	viommu_bypass(io, true);
}

/* Disable the virtual function that makes the access. */
static void
test_access_disables_vf(void **state)
{
	struct viommu io;
	struct fn *pf, *vf;

	(void)state;
	QT_START(IOMMU, PORT, PF);
	pf = pf_find();
	vf = vf_enable(pf);
	viommu_up(&io, ecam_of(&pf->pci) + sriov_cap(pf) + 0x08 - REPORT_ZERO);
	fn_up_with(vf, 0);
	do_good(vf, 0, dsc_nop());
	assert_true(is_there(vf));
	refuse(&io, vf);
	assert_int_equal(viommu_reported(), 1);
	assert_false(is_there(vf));
	fn_works(pf);
	fn_works(vf_enable(pf));
}

/* Reset it; faults of the command line are injected again after that. */
static void
test_access_resets(void **state)
{
	const uint64_t addr = FN_AT(0) + AREA_OFF(0) + WIX_OFF;
	struct viommu io;
	unsigned int area;
	struct fn *f;

	(void)state;
	assert_int_not_equal(addr & DEVCTL_FLR, 0);
	QT_START(IOMMU, "-device", "sdxi,fault=fail:cxt=1," SLOT);
	f = fn_find(0, 0, DEVFN);
	viommu_up(&io, ecam_of(&f->pci) + qt_cap(&f->pci, QT_PCI_CAP_EXP) + 8 - REPORT_ADDR);
	fn_up_with(f, 0);
	refuse(&io, f);
	assert_int_equal(viommu_reported(), 1);
	assert_int_equal(qt_cfg_read(&f->pci, QT_PCI_COMMAND, 2), 0);
	qt_remap(&f->pci);
	assert_int_equal(fn_state(f), 0);
	assert_int_equal(reg_get(f, ERR_CFG), 0);
	assert_int_equal(reg_get(f, ERR_STS), 0);
	fn_up(f);
	area = cxt_up(f, 1);
	do_bad(f, area, dsc_nop());
	cxt_again(f, area);
	do_good(f, area, dsc_nop());
}

/* Unplug it, by itself or through its virtual function. */
static void
access_unplugs(bool by_vf)
{
	const uint64_t low = SLOT_PCC | SLOT_PIC_OFF;
	struct fn *pf, *vf, *f;
	struct viommu io;
	unsigned int slot;

	QT_START(IOMMU, PORT_HOTPLUG, PF);
	pf = pf_find();
	slot = slot_on();
	vf = vf_enable(pf);
	f = by_vf ? vf : pf;
	viommu_up(&io, ecam_of(&port) + slot - REPORT_ADDR);
	fn_up_with(f, low);
	refuse(&io, f);
	assert_int_equal(viommu_reported(), 1);
	qt_event("DEVICE_DELETED");
	assert_false(is_there(pf) || is_there(vf));
}

static void
test_access_unplugs(void **state)
{
	(void)state;
	access_unplugs(false);
}

static void
test_access_unplugs_vf(void **state)
{
	(void)state;
	access_unplugs(true);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, qt_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_vf_system_reset),
		TEST(test_vf_bus_reset),
		TEST(test_vf_quit),
		TEST(test_vf_unplug),
		TEST(test_access_disables_vf),
		TEST(test_access_resets),
		TEST(test_access_unplugs),
		TEST(test_access_unplugs_vf),
	};

	if (!qt_available()) {
		printf("1..0 # SKIP no QEMU: SDXI_QEMU names none\n");
		return 77;
	}
	return cmocka_run_group_tests_name("qtest_life", tests, NULL, NULL);
}
