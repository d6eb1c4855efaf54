/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * What dpdk-pmdinfo.py shows of the driver. Only for a build outside of DPDK: in a DPDK tree,
 * DPDK's build generates it.
 */

#include <assert.h>

#include "sdxi_bus.h"
#include "sdxi_hw.h"

static_assert(SDXI_PCI_CLASS == 0x120100, "pci_class below");

/* The reader finds a string only after a byte that is not printable. */
static const char sdxi_pmd_info[] __attribute__((used)) =
	"\0PMD_INFO_STRING= {\"name\": \"dma_sdxi\", \"params\": \"" SDXI_ARG_PARAMS "\", "
	"\"kmod\": \"vfio-pci\", \"pci_ids\": [[65535, 65535, 65535, 65535]], "
	"\"pci_class\": [\"120100\"]}";
