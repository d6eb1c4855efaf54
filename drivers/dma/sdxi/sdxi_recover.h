/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_RECOVER_H_
#define _SDXI_RECOVER_H_

/**
 * @file
 * What is done where a channel does not go on by itself. All of it is called by the thread that
 * drives the channel, in calls that find operations failed or nothing at all.
 */

#include <stdbool.h>

#include <rte_dmadev.h>

#include "sdxi_dmadev.h"

/**
 * Bring the channel's context to rest, find out what became of each outstanding operation, and
 * start the context anew for those that have yet to run. What has failed is completed with er; what
 * stands behind the first of it runs when that has been reported: see sdxi_recover_take().
 *
 * If neither the context nor the function can be started again, everything outstanding has failed
 * and the channel is dead.
 */
void sdxi_recover(struct sdxi_dev *dev, struct sdxi_vchan *vc);

/**
 * A poll has found nothing though operations are outstanding, or there is no room: see whether the
 * channel still goes on.
 *
 * @return
 *   true: something was done about it, and there may be news.
 */
bool sdxi_recover_idle(struct sdxi_dev *dev, struct sdxi_vchan *vc);

/**
 * The block of the operation at @p op, or of the batch that begins with it, is complete and has er:
 * see whether that has stopped the context.
 *
 * @return
 *   false: nobody knows yet which operation of the batch has failed. None of it is to be reported;
 *   the next poll asks again.
 */
bool sdxi_recover_failed(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t op);

/**
 * Take the failed operation at tail out of the ring: it is reported with this.
 *
 * @param[out] resumed
 *   Set to true if operations behind it have been started by this.
 */
enum rte_dma_status_code sdxi_recover_take(struct sdxi_dev *dev, struct sdxi_vchan *vc,
					   bool *resumed);

/**
 * All that has not completed on a channel has failed, and nothing is taken any more.
 *
 * @param rested
 *   Its context has stopped as asked to, so what lies above Read_Index was not attempted.
 * @param finished
 *   And softly, so what lies below was executed.
 */
void sdxi_recover_give_up(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool rested, bool finished);

/** The context has just been started from index 0, with nothing outstanding. */
void sdxi_recover_started(struct sdxi_dev *dev, struct sdxi_vchan *vc);

#endif /* _SDXI_RECOVER_H_ */
