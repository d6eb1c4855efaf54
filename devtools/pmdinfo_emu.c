/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The same as pmdinfo.c for the emulated function as a virtual device. */

#include "sdxi_vdev.h"

static const char sdxi_emu_pmd_info[] __attribute__((used)) =
	"\0PMD_INFO_STRING= {\"name\": \"dma_sdxi_emu\", \"params\": \"" SDXI_VDEV_ARG_PARAMS "\", "
	"\"pci_ids\": []}";
