/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_ERRLOG_H_
#define _SDXI_ERRLOG_H_

/**
 * @file
 * The error log that the function writes: its memory, what it says of each context, and the same in
 * words.
 *
 * Everything in it is shared between processes. What is not marked otherwise may be called from any
 * thread of any of them, and takes the log's lock for a short and bounded time; nothing is printed
 * with the lock held.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_dmadev.h>

#include "sdxi_compat.h"
#include "sdxi_hw.h"
#include "sdxi_lock.h"
#include "sdxi_mem.h"

struct sdxi_cxt;
struct sdxi_dev;

#define SDXI_ERRLOG_DEFAULT 256 /**< entries where nothing else is asked for */
#define SDXI_ERRLOG_RECENT  16	/**< last entries that are kept to be shown */

/** What the log said of one descriptor: a word, of which there is one for each slot of a ring. */
struct sdxi_fault {
	uint64_t dsc_index : 46; /**< its lower bits, which take months to come round */
	uint64_t used : 1;
	uint64_t bv : 1;
	uint64_t step : 6;     /**< enum sdxi_err_step, or what the function made of it */
	uint64_t sub_step : 4; /**< enum sdxi_err_sub_step, the same */
	uint64_t buf : 3;      /**< if bv: 0 source, 1 destination [I] */
	uint64_t re : 3;       /**< enum sdxi_err_reaction, the same */
};

static_assert(sizeof(struct sdxi_fault) == sizeof(uint64_t), "a fault takes a word");

/** The faults of one context's descriptors, under the log's lock. All zeroes: none can be kept. */
struct sdxi_faults {
	struct sdxi_fault *fault; /**< by slot of the ring */
	uint32_t mask;	/**< ring size - 1 */
	uint64_t filed; /**< since indices started anew */
	uint64_t total; /**< descriptors that were filed; only ever grows */
	RTE_ATOMIC(uint64_t) lost; /**< only ever grows */
	uint64_t stop_index; /**< if stopped: the first descriptor that did */
	bool stopped;	/**< since indices started anew: one of them has stopped the context */
};

/** What there was in the log since probe. */
struct sdxi_errlog_stats {
	uint64_t entries;  /**< read, whatever they said */
	uint64_t overflow; /**< times that the function had no room for entries (ERR_STS.ovf) */
	uint64_t unusable; /**< times that the function could not write the log (ERR_STS.err) */
	uint64_t misfit;   /**< times that ERR_WRT could not be, and all was given back unread */
	uint64_t invalid;  /**< entries without vl or of another type */
	uint64_t unfiled;  /**< entries about a context that is no vchan's */
	uint64_t left_out; /**< lines that were not printed for their number */
};

/** Lines that may still be printed: a bucket that the clock fills. */
struct sdxi_errlog_limit {
	uint64_t last;	   /**< cycles when lines was right */
	uint64_t lines;
	uint64_t left_out; /**< since the last line that was printed */
	bool used;	   /**< false: full */
};
#define SDXI_ERRLOG_BURST 10 /**< lines at once, and a second */

struct sdxi_errlog {
	/**
	 * Ring of ERRLOG_HD_ENT, written by the function, the word with vl last. ERR_WRT promises
	 * entries below it: they are read behind a read barrier, vl with an acquire, and given back
	 * by ERR_RD, behind a barrier for loads and stores, cleared.
	 */
	struct sdxi_mem mem;
	/** Zero is unlocked; whoever replaces sdxi_dev.vchans holds it too. */
	struct sdxi_lock lock;
	uint32_t wanted;     /**< entries asked for at probe; 0: the driver's choice */
	uint32_t size;	     /**< entries */
	bool enabled;	     /**< the function has been given the log */
	bool intr;	     /**< it raises its interrupt */
	bool gone;	     /**< the function did not answer when last asked, and that was said */
	RTE_ATOMIC(bool) stuck; /**< nobody has got the lock since one waited for it in vain */
	uint64_t read;	     /**< index of the next entry to read, ERR_RD */
	uint16_t stopper;    /**< context that the function has stopped for */
	uint32_t stopper_end; /**< one past sdxi_dev.epoch then; 0: none was named yet */
	RTE_ATOMIC(uint64_t) lost; /**< times that entries of any context may have been lost */
	struct sdxi_errlog_stats stats;
	struct sdxi_errlog_limit limit;
	/** The last entries as they were read, number n (from 0) in n mod SDXI_ERRLOG_RECENT. */
	struct sdxi_errlog_hd_ent recent[SDXI_ERRLOG_RECENT];
};

/** Entries in the largest log that the function and ERR_CFG allow, 64 to 1984. Reads a register. */
uint32_t sdxi_errlog_max(const struct sdxi_dev *dev);

/**
 * Is the size that was asked for one that the function has? Reads a register.
 *
 * @return
 *   0, or -EINVAL, said in the log with what is allowed.
 */
int sdxi_errlog_check(const struct sdxi_dev *dev);

/**
 * Allocate the log's memory where it has none that fits the function: 0 or -ENOMEM. The function
 * must be stopped.
 */
int sdxi_errlog_alloc(struct sdxi_dev *dev);

/**
 * Clear the log and hand it to the function, which is not ACTIVE yet.
 *
 * @param intr
 *   Have it raise its interrupt when it writes an entry.
 */
void sdxi_errlog_enable(struct sdxi_dev *dev, bool intr);

/** Free the log's memory. The function must be stopped. */
void sdxi_errlog_free(struct sdxi_dev *dev);

/**
 * Read what the function has logged since the last call, file it with the contexts that it names,
 * print it, and give the entries back. Does nothing before the log is enabled, nor where the
 * function has left the bus.
 *
 * @return
 *   How many entries there were.
 */
unsigned int sdxi_errlog_service(struct sdxi_dev *dev);

/**
 * Find what was filed about a context's descriptors.
 *
 * @param fault
 *   Set to what was filed first about the first descriptor from @p first on, and before @p end, of
 *   which there is anything; no more than a ring of them is looked at. It stays filed, until the
 *   ring has come round.
 * @return
 *   false: there is none.
 */
bool sdxi_errlog_find(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint64_t first, uint64_t end,
		      struct sdxi_fault *fault);

/**
 * The least dsc_index of what was filed, since indices started anew, as having stopped its context;
 * UINT64_MAX: nothing was.
 */
uint64_t sdxi_errlog_stop_index(struct sdxi_dev *dev, const struct sdxi_cxt *cxt);

/**
 * Did the log say for which context the function has stopped?
 *
 * @param epoch
 *   sdxi_dev.epoch in which it has.
 * @return
 *   The context's number, or -1.
 */
int sdxi_errlog_stopper(struct sdxi_dev *dev, uint32_t epoch);

/**
 * A count that has grown if entries about this context may have been lost: the log overflown or
 * unusable, entries that said nothing or not which descriptor, a log that could not be locked.
 */
uint64_t sdxi_errlog_lost(const struct sdxi_dev *dev, const struct sdxi_cxt *cxt);

/** Forget a context's faults: its descriptors' indices start anew. What was lost stays counted. */
void sdxi_errlog_forget(struct sdxi_dev *dev, struct sdxi_cxt *cxt);

/** What dmadev has to say of an operation that failed so. */
enum rte_dma_status_code sdxi_errlog_status(const struct sdxi_fault *fault);

/**
 * Take the log's lock, to be given back with sdxi_lock_release(). Once it has been waited for in
 * vain it is tried for, and not waited for, until somebody gets it.
 *
 * @return false: it was not given back for longer than any holder takes.
 */
bool sdxi_errlog_lock(struct sdxi_dev *dev);

/** Names of ERRLOG_HD_ENT's values in words, "reserved ..." if they have none. */
const char *sdxi_errlog_step_name(unsigned int step);
const char *sdxi_errlog_sub_step_name(unsigned int sub_step);
const char *sdxi_errlog_reaction_name(unsigned int re);

/**
 * An entry in words.
 *
 * @return
 *   @p buf, always terminated.
 */
const char *sdxi_errlog_format(const struct sdxi_errlog_hd_ent *ent, char *buf, size_t len);

/**
 * May a line be printed?
 *
 * @param now
 *   Clock, in units of which a second has @p hz.
 * @param[out] left_out
 *   If it may: lines that were not printed since the last that was.
 */
bool sdxi_errlog_may_print(struct sdxi_errlog_limit *limit, uint64_t now, uint64_t hz,
			   uint64_t *left_out);

#endif /* _SDXI_ERRLOG_H_ */
