/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>

#include <bus_pci_driver.h>
#include <rte_byteorder.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_io.h>
#include <rte_pci.h>

#include "sdxi_dmadev.h"

static uint64_t
pci_reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	const struct rte_pci_device *pci = fn->opaque;

	return rte_le_to_cpu_64(
		rte_read64(RTE_PTR_ADD(pci->mem_resource[SDXI_PCI_BAR_MMIO].addr, off)));
}

static void
pci_reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	const struct rte_pci_device *pci = fn->opaque;

	rte_write64(rte_cpu_to_le_64(val),
		    RTE_PTR_ADD(pci->mem_resource[SDXI_PCI_BAR_MMIO].addr, off));
}

static int
pci_dma_enable(const struct sdxi_fn *fn, bool on)
{
	return rte_pci_set_bus_master(fn->opaque, on) < 0 ? -EIO : 0;
}

static const struct sdxi_fn_ops pci_fn_ops = {
	.reg_read = pci_reg_read,
	.reg_write = pci_reg_write,
	.dma_enable = pci_dma_enable,
};

/* Is the BAR there and mapped, and has it at least @p len bytes? */
static bool
pci_bar_ok(const struct rte_pci_device *pci, unsigned int bar, uint64_t len)
{
	const struct rte_mem_resource *res = &pci->mem_resource[bar];

	if (res->addr != NULL && res->len >= len)
		return true;
	rte_log(RTE_LOG_ERR, sdxi_logtype,
		"SDXI: %s: BAR %u: expected %" PRIu64 " bytes, found %" PRIu64 "%s\n", pci->name,
		bar, len, res->len, res->addr == NULL ? ", not mapped" : "");
	return false;
}

static int
sdxi_pci_probe(struct rte_pci_driver *drv, struct rte_pci_device *pci)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	struct sdxi_fn fn;

	RTE_SET_USED(drv);
	rte_pci_device_name(&pci->addr, name, sizeof(name));
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		rte_log(RTE_LOG_ERR, sdxi_logtype,
			"SDXI: %s: only the primary process can use the function\n", name);
		return -ENOTSUP;
	}
	/* Two doorbells are the least: the administrative context's and one more. */
	if (!pci_bar_ok(pci, SDXI_PCI_BAR_MMIO, SDXI_MMIO_LEN) ||
	    !pci_bar_ok(pci, SDXI_PCI_BAR_DB, 2 * SDXI_DB_STRIDE_MIN))
		return -EINVAL;

	fn = (struct sdxi_fn){
		.ops = &pci_fn_ops,
		.opaque = pci,
		.db = pci->mem_resource[SDXI_PCI_BAR_DB].addr,
		.db_len = pci->mem_resource[SDXI_PCI_BAR_DB].len,
	};
	return sdxi_dmadev_create(name, &pci->device, &fn);
}

static int
sdxi_pci_remove(struct rte_pci_device *pci)
{
	char name[RTE_DEV_NAME_MAX_LEN];

	rte_pci_device_name(&pci->addr, name, sizeof(name));
	return sdxi_dmadev_destroy(name);
}

/* By class: any vendor's SDXI function will do. */
static const struct rte_pci_id sdxi_pci_id_map[] = {
	{
		.class_id = SDXI_PCI_CLASS,
		.vendor_id = RTE_PCI_ANY_ID,
		.device_id = RTE_PCI_ANY_ID,
		.subsystem_vendor_id = RTE_PCI_ANY_ID,
		.subsystem_device_id = RTE_PCI_ANY_ID,
	},
	{ .vendor_id = 0 },
};

static struct rte_pci_driver sdxi_pci_drv = {
	.id_table = sdxi_pci_id_map,
	.drv_flags = RTE_PCI_DRV_NEED_MAPPING,
	.probe = sdxi_pci_probe,
	.remove = sdxi_pci_remove,
};

RTE_PMD_REGISTER_PCI(dma_sdxi, sdxi_pci_drv);
RTE_PMD_REGISTER_PCI_TABLE(dma_sdxi, sdxi_pci_id_map);
RTE_PMD_REGISTER_KMOD_DEP(dma_sdxi, "vfio-pci");
