/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_DMADEV_H_
#define _SDXI_DMADEV_H_

#include <dev_driver.h>

#include "sdxi_cxt.h"
#include "sdxi_dev.h"
#include "sdxi_ring.h"

/**
 * A virtual channel: one context. Written by the lcore that drives the channel, and by control
 * operations while the device is stopped.
 */
struct __rte_cache_aligned sdxi_vchan {
	struct sdxi_ring ring; /**< line 0: enqueue; line 1: submit and completed */

	/* Cold from here on. */
	struct sdxi_cxt cxt;
	uint64_t submitted_off; /**< reported count of submitted operations - ring.submitted */
	uint64_t completed_off; /**< reported count of completed operations - ring.tail */
	uint64_t errors;	/**< operations reported as failed */
	uint64_t idle_tail;	/**< ring.tail when a poll last found nothing */
	uint64_t no_doorbell;	/**< in the doorbell's place once the context has come to rest */
	uint32_t idle_polls;	/**< polls in a row that found nothing */
	bool at_rest; /**< the context is seen to have stopped: no block is completed any more */
	bool final_seen; /**< the same, but blocks may still be on their way */
	bool faulted; /**< a Read_Index that cannot be has been logged */
};

/**
 * Make a dmadev of a function that a bus has found. The function is left in STOP.
 *
 * @param device
 *   The bus's device.
 * @param fn
 *   Copied. The dmadev calls its release when it is closed, but not when this function fails.
 * @return
 *   0, or a negative errno.
 */
int sdxi_dmadev_create(const char *name, struct rte_device *device, const struct sdxi_fn *fn);

/**
 * Stop and close the dmadev of that name; one that is closed already is no error.
 *
 * @return
 *   0, or a negative errno and the dmadev is still there.
 */
int sdxi_dmadev_destroy(const char *name);

#endif /* _SDXI_DMADEV_H_ */
