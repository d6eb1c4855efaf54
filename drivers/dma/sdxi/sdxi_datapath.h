/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_DATAPATH_H_
#define _SDXI_DATAPATH_H_

/**
 * @file
 * The data path: enqueue, submit, completed.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_dmadev_pmd.h>

#include "sdxi_dmadev.h"

/** Entries in a scatter-gather list: what it is cut to fits well into any ring. */
#define SDXI_MAX_SGES 32

/**
 * Choose a dmadev's functions, and what they take as dev_private, by what the device is configured
 * for. To be called again when it is configured anew.
 *
 * @param any
 *   That may happen without notice to this process: choose those that look each time. dev_private
 *   is @p dev then, else the channels.
 */
void sdxi_datapath_choose(struct rte_dma_fp_object *fp, struct sdxi_dev *dev, bool any);

/** Is everything that was submitted on a channel done, well or not? Only looks. */
bool sdxi_datapath_is_idle(const struct sdxi_dev *dev, const struct sdxi_vchan *vc, bool *failed);

/** Operations that are done, as statistics count them. Only looks. */
uint64_t sdxi_datapath_completed(const struct sdxi_dev *dev, const struct sdxi_vchan *vc);

/** Operations that have failed, as statistics count them. Only looks. */
uint64_t sdxi_datapath_errors(const struct sdxi_dev *dev, const struct sdxi_vchan *vc);

#endif /* _SDXI_DATAPATH_H_ */
