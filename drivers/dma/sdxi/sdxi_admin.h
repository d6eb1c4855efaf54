/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_ADMIN_H_
#define _SDXI_ADMIN_H_

/**
 * @file
 * The administrative context, number 0: commands about the others. Each command is waited for, for
 * a bounded time. Callable from any thread.
 *
 * All functions take a range of contexts, both ends included, and return 0, -EIO if the function
 * refused the command, or -ETIMEDOUT if there was no answer. Behind either the administrative
 * context is not used any more, as it may have stopped, and every further command gives -EIO at
 * once until the function has been brought up anew.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sdxi_cxt.h"
#include "sdxi_lock.h"

struct sdxi_dev;

/** The administrative context. Its memory stays until the device is closed. */
struct sdxi_admin {
	struct sdxi_lock lock; /**< one command at a time */
	bool usable;	     /**< the context answers */
	struct sdxi_cxt cxt;
	struct sdxi_ring ring;
};

/** Allocate the administrative context's memory where it has none: 0 or -ENOMEM. */
int sdxi_admin_alloc(struct sdxi_dev *dev);

/** Put the administrative context into the tables, before the function is activated. */
int sdxi_admin_publish(struct sdxi_dev *dev);

/** Start to use the administrative context of the function that was just activated. */
void sdxi_admin_jump_start(struct sdxi_dev *dev);

/** The function has stopped or is to be stopped: the administrative context answers no more. */
void sdxi_admin_disable(struct sdxi_dev *dev);

/** Free the administrative context's memory. The function must be stopped. */
void sdxi_admin_free(struct sdxi_dev *dev);

/**
 * Tell the function that level 1 entries and what they point to have changed, and wait until it
 * has seen it.
 *
 * @param l2_changed
 *   Level 2 entries have changed too.
 */
int sdxi_admin_update(struct sdxi_dev *dev, uint16_t first, uint16_t last, bool l2_changed);

/** Start contexts that the function knows. */
int sdxi_admin_start(struct sdxi_dev *dev, uint16_t first, uint16_t last);

/**
 * Ask for contexts to stop: soft, they finish what they have started; hard, they abandon it. The
 * command may be complete before they have stopped.
 */
int sdxi_admin_stop(struct sdxi_dev *dev, bool hard, uint16_t first, uint16_t last);

/**
 * Wait until the stops asked for have taken effect. A soft stop that never ends holds up the
 * administrative context here: look at CXT_STS first.
 */
int sdxi_admin_sync_stop(struct sdxi_dev *dev, uint16_t first, uint16_t last);

#endif /* _SDXI_ADMIN_H_ */
