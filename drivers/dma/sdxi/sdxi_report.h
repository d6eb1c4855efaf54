/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_REPORT_H_
#define _SDXI_REPORT_H_

/**
 * @file
 * A device in words (rte_dma_dump()) and as JSON (telemetry), in any process that has it.
 *
 * Telemetry comes in a thread of its own, at any time. So what it may look at is registered, and
 * what it looks at of the vchans it reads with dev->errlog.lock held: whoever replaces dev->vchans
 * or a vchan's context takes that lock too.
 */

#include <stdio.h>

struct sdxi_dev;

/**
 * Let the device be reported in this process. Its name and dmadev id are set.
 *
 * @return
 *   0, or -ENOMEM.
 */
int sdxi_report_register(struct sdxi_dev *dev);

/**
 * Report the device in this process no more; a report that is under way has ended behind this. To
 * be called before anything of the device is freed. One that is not registered is left alone.
 */
void sdxi_report_unregister(struct sdxi_dev *dev);

/**
 * Print the device's state. Reads one register, and what is in memory.
 *
 * @return
 *   0, or -ENODEV for a device that is not registered.
 */
int sdxi_report_dump(const struct sdxi_dev *dev, FILE *f);

#endif /* _SDXI_REPORT_H_ */
