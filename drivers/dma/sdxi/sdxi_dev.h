/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_DEV_H_
#define _SDXI_DEV_H_

/**
 * @file
 * The function: how it is reached, what it can do, and its way from whatever state it is found in
 * to ACTIVE and back to STOP.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_dmadev_pmd.h>

#include "sdxi_admin.h"
#include "sdxi_compat.h"
#include "sdxi_errlog.h"
#include "sdxi_hw.h"
#include "sdxi_lock.h"
#include "sdxi_mem.h"
#include "sdxi_ring.h"

/** One log line, with the device's name in front. */
#define SDXI_LOG(level, dev, ...) SDXI_LOG_LINE(level, (dev)->name, __VA_ARGS__)

struct sdxi_fn;

/** What a bus knows how to do with a function. All but the register accesses are control path. */
struct sdxi_fn_ops {
	/** Read a register. @p off is one of SDXI_MMIO_*. */
	uint64_t (*reg_read)(const struct sdxi_fn *fn, uint32_t off);
	/** Write a register; earlier stores to memory are visible to the function before. */
	void (*reg_write)(const struct sdxi_fn *fn, uint32_t off, uint64_t val);
	/**
	 * Allow or forbid the function's accesses to memory (bus mastering).
	 * @return 0, or a negative errno.
	 */
	int (*dma_enable)(const struct sdxi_fn *fn, bool on);
	/**
	 * Have @p cb called, from any thread, when the function raises the error log's interrupt.
	 * NULL: the bus has no interrupts.
	 * @return 0, or a negative errno and there are no interrupts.
	 */
	int (*irq_enable)(const struct sdxi_fn *fn, void (*cb)(void *arg), void *arg);
	/** Call it no more; a call that is under way has ended behind this. */
	void (*irq_disable)(const struct sdxi_fn *fn);
	/** The driver is done with the function, which may be gone behind this. May be NULL. */
	void (*release)(const struct sdxi_fn *fn);
};

/** How a process reaches a function. */
struct sdxi_fn {
	const struct sdxi_fn_ops *ops;
	void *opaque;	 /**< the bus's own */
	void *db;	 /**< doorbells: BAR 2 or what stands for it; stores, nothing else */
	uint64_t db_len; /**< bytes */
	/** This process's; the driver's own, as are the rest the bus's. */
	struct rte_dma_dev *dmadev;
};

struct sdxi_vchan;

/**
 * A function and all that the driver keeps for it; the dmadev's private data, in memory that all
 * processes share. Written by control operations and by recovery, with the lock held; read by the
 * data path.
 */
struct sdxi_dev {
	struct sdxi_vchan *vchans; /**< nb_vchans of them; NULL: not configured */
	uint16_t nb_vchans;
	uint8_t mode;	 /**< enum sdxi_mode */
	bool up;	 /**< the function is ACTIVE with the tables below */
	bool failed;	 /**< it could not be brought up again: its channels are given up */
	bool loose;	 /**< it could not be stopped, and may write memory it was given */
	bool started;	 /**< the vchans' contexts run, or did when they were last looked at */
	bool intr;	 /**< the function's error interrupt reaches the primary process */
	bool enq_deq;	 /**< operations are enqueued and dequeued as a struct rte_dma_op */
	RTE_ATOMIC(uint32_t) attached; /**< secondary processes; one that was killed counts on */
	/**
	 * Grows each time that the function forgets all contexts, before it is told to: who sees
	 * the old one may still find blocks completed, and who sees the new one takes the lock.
	 * Changes with the lock held only.
	 */
	RTE_ATOMIC(uint32_t) epoch;
	struct sdxi_lock lock; /**< one of control operations and recoveries at a time */
	int socket;	 /**< NUMA node for memory, or SOCKET_ID_ANY */
	int16_t id;	 /**< of the dmadev */
	char name[RTE_DEV_NAME_MAX_LEN];

	/* What the device's arguments and rte_dma_configure() ask for. */
	bool batch;	      /**< completions by batch, if not silent */
	uint8_t qos;	      /**< CXT_CTL.qos of all contexts */
	uint16_t want_vchans; /**< most vchans that are offered; 0: as many as there are contexts */
	/** A channel that stands still for so long is looked after; 0: never. */
	uint32_t watchdog_ms;

	/* What the function offers, within what this driver can use. */
	uint64_t version;   /**< MMIO_VERSION */
	uint64_t db_stride; /**< bytes from one context's doorbell to the next */
	uint32_t max_ring;  /**< descriptors */
	uint32_t max_len;   /**< bytes that one descriptor may move */
	uint32_t opb_000;   /**< operation groups, as in CAP1.opb_000_cap */
	uint16_t max_cxt;   /**< highest context number, at least 1 */
	uint8_t max_buffer; /**< max_len in the unit of the max_buffer fields */

	struct sdxi_mem l2;		     /**< level 2 table */
	struct sdxi_mem l1[SDXI_L2_ENTRIES]; /**< level 1 tables, made on demand */
	struct sdxi_admin admin;
	struct sdxi_errlog errlog;
};

/**
 * Read the function's version and capabilities, check them and keep them.
 *
 * @return
 *   0, -ENODEV if the function does not answer, -ENOTSUP for a version that is not 1.x, -EINVAL
 *   if there is no doorbell for a client context.
 */
int sdxi_dev_discover(struct sdxi_dev *dev);

/**
 * Bring the function to STOP from whatever state it is in: STOP_SF, STOP_HD and RESET in turn, one
 * second each. Behind this it makes no access to memory.
 *
 * @return
 *   0, -ENODEV if the function does not answer, -ETIMEDOUT if it did not stop.
 */
int sdxi_dev_quiesce(struct sdxi_dev *dev);

/**
 * The same at probe, for a function that may still work for an owner that is gone: it is taken off
 * the bus first, where it stays until sdxi_dev_up(), and nobody waits for its operations.
 *
 * @return
 *   As sdxi_dev_quiesce().
 */
int sdxi_dev_seize(struct sdxi_dev *dev);

/**
 * Activate the function: registers, tables, error log, administrative context, jump start. What
 * contexts it knew before are gone.
 *
 * @return
 *   0, or a negative errno with the function stopped.
 */
int sdxi_dev_up(struct sdxi_dev *dev);

/**
 * Bring the function to STOP and take access to memory away from it, whether it stops or not.
 *
 * @return
 *   0, or -EIO if the function may still write memory, none of which may be freed then.
 */
int sdxi_dev_down(struct sdxi_dev *dev);

/** Free tables, administrative context and error log. The function must be stopped. */
void sdxi_dev_free(struct sdxi_dev *dev);

/**
 * Find the level 1 entry of a context, and make its table if there is none yet.
 *
 * @param[out] l2_changed
 *   Set to true if a table was made, left alone otherwise. May be NULL.
 * @return
 *   0, -ERANGE for a context that the function does not have, -ENOMEM.
 */
int sdxi_dev_l1_ent(struct sdxi_dev *dev, uint16_t cxt, struct sdxi_cxt_l1_ent **ent,
		    bool *l2_changed);

/** State of the function; may be no value of the enumeration. */
enum sdxi_fn_gsv sdxi_dev_state(const struct sdxi_dev *dev);

/** Do the function's contexts run in this state, or finish what they have begun? */
static inline bool
sdxi_dev_state_is_live(enum sdxi_fn_gsv state)
{
	return state == SDXI_GSV_ACTIVE || state == SDXI_GSV_STOPG_SF ||
	       state == SDXI_GSV_STOPG_HD;
}

/** A state's name in the specification, "reserved" if it has none. */
const char *sdxi_dev_state_name(enum sdxi_fn_gsv state);

/**
 * Remember how this process reaches the function of a dmadev, or NULL: no more.
 *
 * @return
 *   0, or -ENOMEM.
 */
int sdxi_dev_fn_set(int16_t id, const struct sdxi_fn *fn);

/** What was remembered of a dmadev, or NULL. */
struct sdxi_fn *sdxi_dev_fn_get(int16_t id);

/** How this process reaches the function; a struct sdxi_dev is shared, pointers to code are not. */
struct sdxi_fn *sdxi_dev_fn(const struct sdxi_dev *dev);

static inline uint64_t
sdxi_dev_read(const struct sdxi_dev *dev, uint32_t off)
{
	const struct sdxi_fn *fn = sdxi_dev_fn(dev);

	return fn->ops->reg_read(fn, off);
}

static inline void
sdxi_dev_write(const struct sdxi_dev *dev, uint32_t off, uint64_t val)
{
	const struct sdxi_fn *fn = sdxi_dev_fn(dev);

	fn->ops->reg_write(fn, off, val);
}

/** Doorbell of context @p cxt, 0 to dev->max_cxt; the same address in all processes. */
static inline void *
sdxi_dev_doorbell(const struct sdxi_dev *dev, uint16_t cxt)
{
	return RTE_PTR_ADD(sdxi_dev_fn(dev)->db, (size_t)(cxt * SDXI_LOOK(dev->db_stride)));
}

/**
 * Take a lock that another process may have died with.
 *
 * @return false, said in the log: it was not given back for longer than any holder takes.
 */
bool sdxi_dev_lock(struct sdxi_dev *dev, struct sdxi_lock *lock);

#endif /* _SDXI_DEV_H_ */
