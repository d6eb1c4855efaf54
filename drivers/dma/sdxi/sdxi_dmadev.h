/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_DMADEV_H_
#define _SDXI_DMADEV_H_

#include <dev_driver.h>

#include "sdxi_cxt.h"
#include "sdxi_dev.h"
#include "sdxi_ring.h"

/** A page that holds a repeated pattern, as the source of fills. */
struct sdxi_page {
	uint64_t word;	/**< the pattern; its lowest byte is the page's first */
	uint64_t last;	/**< one past the last operation that reads the page */
	bool used;
};

struct rte_dma_op;

/**
 * A virtual channel: one context. Written by the thread that drives the channel, and by control
 * operations while the device is stopped, but for what is marked.
 */
struct __rte_cache_aligned sdxi_vchan {
	struct sdxi_ring ring; /**< line 0: enqueue; line 1: submit, completed; 2: room, batches */

	/* Cold from here on, but for fills and struct rte_dma_op. */
	struct sdxi_page page[SDXI_PAGES];
	struct sdxi_dev *dev;
	struct rte_dma_op **ops;  /**< by operation; NULL where they are not used */
	struct sdxi_cxt cxt;
	uint64_t submitted_off; /**< reported count of submitted operations - ring.op_submitted */
	uint64_t completed_off; /**< reported count of completed operations - ring.tail */
	uint64_t errors; /**< operations reported as failed, or known to have without a report */
	uint64_t errors_off;	/**< errors when they were counted anew */
	uint64_t faults_off;	/**< cxt.faults.total when errors were counted anew */
	uint64_t recoveries;	/**< times that the context was stopped and started again */
	uint64_t resets;	/**< times that the function was, for this channel */

	/* Where it is stuck: see sdxi_recover.c. */
	uint64_t watch_tail;	   /**< ring.tail and Read_Index when there was progress */
	uint64_t watch_read_index;
	uint64_t watch_tsc;	   /**< and the time, 0: not looked at yet */
	uint64_t watch_work;	   /**< descriptors that blocks said to be complete since */
	uint64_t work_tsc;	   /**< when they were looked at */
	uint64_t look_tsc;	   /**< when the function's state and its log were */
	uint64_t fault_seen; /**< cxt.faults.filed, all of which is or was in blocks as well */
	uint64_t watch_op;	   /**< ring.tail when the channel was stopped for standing still */
	uint64_t reset_op;	   /**< ring.tail when the function had been reset for another */
	uint32_t reset_seen;	   /**< times that this was at the same operation */
	uint32_t watch_fruitless;  /**< times that this was at the same operation */
	RTE_ATOMIC(uint64_t) status_tsc; /**< by whom asks for the status: a stop seen first */
	uint64_t fault_looked;	   /**< one past the failed operation that was looked into */
	uint64_t begun_end;	   /**< operations below may have been begun before they are run */
	uint64_t parked_op;	   /**< parked: nothing behind this failed operation runs yet */
	uint64_t published;	   /**< parked: Write_Index as it is in memory */
	uint64_t log_lost;	   /**< sdxi_errlog_lost() when last looked at */
	uint64_t lost_end;	   /**< entries of operations below may have been lost */
	uint64_t err_op;	   /**< err_recent: op_head when the last one was reported */
	uint64_t err_index;	   /**< and what the function had been handed over then */
	uint64_t start_op;	   /**< ring.tail when the context was started */
	uint64_t stop_op; /**< silent: one past the operation that a context stopped before */
	sdxi_le64 held_index;	   /**< parked: in Write_Index's place for submit */
	uint64_t no_doorbell;	   /**< parked or dead: in the doorbell's place */
	RTE_ATOMIC(uint32_t) status_looks; /**< by whom asks for the status */
	/*
	 * The channel's own thread sets these, with the device's lock held where that matters; who
	 * asks for the status or for statistics only looks, and each says what it says alone. But
	 * remade: see sdxi_vchan_remake().
	 */
	uint32_t epoch;		   /**< dev->epoch that the context was started in */
	uint32_t remade;	   /**< odd while recovery or a start makes indices anew */
	bool parked;
	bool recovering;   /**< a recovery has begun and not ended */
	bool err_recent;   /**< an operation was reported failed, which may stop the context yet */
	bool stopping;	   /**< asked to stop softly: stands still, or failed without a block */
	bool fault_due;	   /**< the log tells of a failure that its block did not, last time */
	bool dead;	   /**< given up: all that is outstanding has failed, nothing is taken */
};

/**
 * Begin to make the channel's indices anew: remade is odd before any of them changes, and
 * sdxi_vchan_remade() makes it even, and releases it, behind them all. Who finds it even, and the
 * same before and after, has not looked at indices of which some are old and some new. It may be
 * odd already, of a time that ended early.
 */
static inline void
sdxi_vchan_remake(struct sdxi_vchan *vc)
{
	SDXI_SHOW(vc->remade, vc->remade | 1);
	rte_io_wmb();
}

static inline void
sdxi_vchan_remade(struct sdxi_vchan *vc)
{
	SDXI_STORE(&vc->remade, vc->remade + 1, release);
}

/** Keys of a device's arguments that the driver itself takes, whatever the bus is. */
#define SDXI_ARG_MAX_VCHANS  "max_vchans"
#define SDXI_ARG_ERRLOG_SIZE "errlog_size"
#define SDXI_ARG_COMPLETION  "completion"
#define SDXI_ARG_WATCHDOG    "watchdog"

/** The same for RTE_PMD_REGISTER_PARAM_STRING. */
#define SDXI_ARG_PARAMS                                                                            \
	SDXI_ARG_MAX_VCHANS "=<1-65535> " SDXI_ARG_ERRLOG_SIZE "=<64-1984> "                       \
	SDXI_ARG_COMPLETION "=op|batch " SDXI_ARG_WATCHDOG "=<0-60000>"

/** What a device's arguments ask of the driver. */
struct sdxi_args {
	uint16_t max_vchans;   /**< 0: as many as the function has contexts */
	uint16_t errlog_size;  /**< entries, a multiple of 64; 0: the driver's choice */
	bool batch; /**< one completion status block per submit instead of per operation */
	/** A channel that stands still for so long is looked after; 0: never. */
	uint32_t watchdog_ms;
};

/** Fill @p args with the defaults. */
__rte_internal
void sdxi_args_default(struct sdxi_args *args);

/**
 * Take one key=value of a device's arguments.
 *
 * @return
 *   0, -ENOENT for a key that is not the driver's, or -EINVAL for a bad value, which is said in the
 *   log with the key, the value and what is allowed.
 */
__rte_internal
int sdxi_args_parse(const char *name, const char *key, const char *value, struct sdxi_args *args);

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
__rte_internal
int sdxi_dmadev_create(const char *name, struct rte_device *device, const struct sdxi_fn *fn,
		       const struct sdxi_args *args);

/**
 * In a secondary process, make a dmadev of a function that the primary process drives. It has the
 * data path, statistics and dump; configuration is the primary's.
 *
 * @param fn
 *   As this process reaches the function. Copied; released as with sdxi_dmadev_create().
 * @return
 *   0, or a negative errno.
 */
__rte_internal
int sdxi_dmadev_attach(const char *name, struct rte_device *device, const struct sdxi_fn *fn);

/**
 * Stop and close the dmadev of that name; one that is closed already is no error. In a secondary
 * process, only this process's part of it goes.
 *
 * @return
 *   0, or a negative errno and the dmadev is still there.
 */
__rte_internal
int sdxi_dmadev_destroy(const char *name);

#endif /* _SDXI_DMADEV_H_ */
