/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bus_pci_driver.h>
#include <rte_byteorder.h>
#include <rte_devargs.h>
#include <rte_eal.h>
#include <rte_interrupts.h>
#include <rte_io.h>
#include <rte_kvargs.h>
#include <rte_pci.h>

#include "sdxi_bus.h"
#include "sdxi_compat.h"
#include "sdxi_hw.h"

#define PCI_LOG(level, pci, ...) SDXI_LOG_LINE(level, (pci)->name, __VA_ARGS__)

/* What this process keeps for a function. */
struct pci_fn {
	struct rte_pci_device *pci;
	uint8_t *mmio;
	void (*irq_cb)(void *arg);
	void *irq_arg;
};

static uint64_t
pci_reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	const struct pci_fn *pf = fn->opaque;

	return rte_le_to_cpu_64(rte_read64(pf->mmio + off));
}

static void
pci_reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	const struct pci_fn *pf = fn->opaque;

	rte_write64(rte_cpu_to_le_64(val), pf->mmio + off);
}

static int
pci_dma_enable(const struct sdxi_fn *fn, bool on)
{
	const struct pci_fn *pf = fn->opaque;

	return rte_pci_set_bus_master(pf->pci, on) < 0 ? -EIO : 0;
}

static void
pci_irq_deliver(void *arg)
{
	const struct pci_fn *pf = arg;

	pf->irq_cb(pf->irq_arg);
	/* MSI and MSI-X need none under VFIO; igb_uio masks the interrupt until this. */
	rte_intr_ack(pf->pci->intr_handle);
}

static int
pci_irq_enable(const struct sdxi_fn *fn, void (*cb)(void *arg), void *arg)
{
	struct pci_fn *pf = fn->opaque;
	const struct rte_intr_handle *irq = pf->pci->intr_handle;
	enum rte_intr_handle_type type = rte_intr_type_get(irq);
	int ret = -ENOTSUP;

	pf->irq_cb = cb;
	pf->irq_arg = arg;
	/* SDXI has message-signalled interrupts only. */
	if (rte_intr_fd_get(irq) >= 0 &&
	    (type == RTE_INTR_HANDLE_VFIO_MSIX || type == RTE_INTR_HANDLE_VFIO_MSI ||
	     type == RTE_INTR_HANDLE_UIO))
		ret = rte_intr_callback_register(irq, pci_irq_deliver, pf);
	if (ret >= 0 && rte_intr_enable(irq) < 0) {
		rte_intr_callback_unregister_sync(irq, pci_irq_deliver, pf);
		ret = -EIO;
	}
	if (ret >= 0)
		return 0;
	PCI_LOG(WARNING, pf->pci, "no interrupt (expected MSI or MSI-X, found handle type %d: %s): "
		"the error log is polled", type, strerror(-ret));
	return ret;
}

static void
pci_irq_disable(const struct sdxi_fn *fn)
{
	struct pci_fn *pf = fn->opaque;

	/* Waits for a callback in progress, whose acknowledgment may enable it again. */
	rte_intr_callback_unregister_sync(pf->pci->intr_handle, pci_irq_deliver, pf);
	rte_intr_disable(pf->pci->intr_handle);
}

static void
pci_release(const struct sdxi_fn *fn)
{
	free(fn->opaque);
}

static const struct sdxi_fn_ops pci_fn_ops = {
	.reg_read = pci_reg_read,
	.reg_write = pci_reg_write,
	.dma_enable = pci_dma_enable,
	.irq_enable = pci_irq_enable,
	.irq_disable = pci_irq_disable,
	.release = pci_release,
};

static bool
pci_bar_ok(const struct rte_pci_device *pci, unsigned int bar, uint64_t len)
{
	const struct rte_mem_resource *res = &pci->mem_resource[bar];

	if (res->addr != NULL && res->len >= len)
		return true;
	PCI_LOG(ERR, pci, "BAR %u: expected %" PRIu64 " bytes, found %" PRIu64 "%s", bar, len,
		res->len, res->addr == NULL ? ", not mapped" : "");
	return false;
}

static int
pci_args_parse(const struct rte_pci_device *pci, const char *name, struct sdxi_args *args)
{
	const struct rte_devargs *devargs = pci->device.devargs;
	struct rte_kvargs *kvlist;
	unsigned int i;
	int ret = 0;

	if (devargs == NULL || devargs->args == NULL || *devargs->args == '\0')
		return 0;
	kvlist = rte_kvargs_parse(devargs->args, NULL);
	if (kvlist == NULL) {
		PCI_LOG(ERR, pci, "arguments: expected key=value,..., found '%s'", devargs->args);
		return -EINVAL;
	}
	for (i = 0; i < kvlist->count && ret == 0; i++) {
		ret = sdxi_args_parse(name, kvlist->pairs[i].key, kvlist->pairs[i].value, args);
		if (ret == -ENOENT) {
			PCI_LOG(ERR, pci, "argument '%s': expected one of " SDXI_ARG_NAMES,
				kvlist->pairs[i].key);
			ret = -EINVAL;
		}
	}
	rte_kvargs_free(kvlist);
	return ret;
}

static int
sdxi_pci_probe(struct rte_pci_driver *drv, struct rte_pci_device *pci)
{
	const struct rte_mem_resource *db = &pci->mem_resource[SDXI_PCI_BAR_DB];
	struct sdxi_args args = SDXI_ARGS_DEFAULT;
	char name[RTE_DEV_NAME_MAX_LEN];
	struct pci_fn *pf;
	struct sdxi_fn fn;
	int ret;

	RTE_SET_USED(drv);
	rte_pci_device_name(&pci->addr, name, sizeof(name));
	/* The bus maps BARs at the same addresses in every process, or fails. */
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return sdxi_dmadev_attach(name, &pci->device);
	/* Doorbells of the administrative context and of one more are the least. */
	if (!pci_bar_ok(pci, SDXI_PCI_BAR_MMIO, SDXI_MMIO_LEN) ||
	    !pci_bar_ok(pci, SDXI_PCI_BAR_DB, 2 * SDXI_DB_STRIDE_MIN))
		return -EINVAL;
	ret = pci_args_parse(pci, name, &args);
	if (ret < 0)
		return ret;
	pf = calloc(1, sizeof(*pf));
	if (pf == NULL) {
		PCI_LOG(ERR, pci, "no memory for the function");
		return -ENOMEM;
	}
	pf->pci = pci;
	pf->mmio = pci->mem_resource[SDXI_PCI_BAR_MMIO].addr;
	fn = (struct sdxi_fn){ &pci_fn_ops, .opaque = pf, .db = db->addr, .db_len = db->len };
	ret = sdxi_dmadev_create(name, &pci->device, &fn, &args);
	if (ret < 0)
		pci_release(&fn);
	return ret;
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
	{ SDXI_PCI_CLASS, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID },
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
RTE_PMD_REGISTER_PARAM_STRING(dma_sdxi, SDXI_ARG_PARAMS);
