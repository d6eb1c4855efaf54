/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_ERRLOG_H_
#define _SDXI_ERRLOG_H_

/**
 * @file
 * The error log that the function writes: its memory, and what it says in words.
 */

#include <stdint.h>

#include <rte_spinlock.h>

#include "sdxi_hw.h"
#include "sdxi_mem.h"

struct sdxi_dev;

/** Entries in the log: the fewest that one can have [I], so no function has less. */
#define SDXI_ERRLOG_ENTRIES SDXI_ERRLOG_UNIT

struct sdxi_errlog {
	struct sdxi_mem mem; /**< ring of ERRLOG_HD_ENT, written by the function */
	rte_spinlock_t lock; /**< one reader at a time */
	uint64_t read;	     /**< index of the next entry to read, ERR_RD */
};

/** Allocate the log's memory where it has none: 0 or -ENOMEM. */
int sdxi_errlog_alloc(struct sdxi_dev *dev);

/** Clear the log and hand it to the function, which is not ACTIVE yet. */
void sdxi_errlog_enable(struct sdxi_dev *dev);

/** Free the log's memory. The function must be stopped. */
void sdxi_errlog_free(struct sdxi_dev *dev);

/**
 * Read what the function has logged since the last call, one log line an entry, and give the
 * entries back.
 *
 * @return
 *   How many entries there were.
 */
unsigned int sdxi_errlog_service(struct sdxi_dev *dev);

/**
 * An entry in words.
 *
 * @return
 *   @p buf, always terminated.
 */
const char *sdxi_errlog_format(const struct sdxi_errlog_hd_ent *ent, char *buf, size_t len);

#endif /* _SDXI_ERRLOG_H_ */
