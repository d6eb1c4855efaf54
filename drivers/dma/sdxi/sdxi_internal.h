/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_INTERNAL_H_
#define _SDXI_INTERNAL_H_

/** @file The driver's structures, and what its files offer each other. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_dmadev_pmd.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#include "sdxi_bus.h"
#include "sdxi_compat.h"
#include "sdxi_hw.h"
#include "sdxi_ring.h"

/** One log line that begins with the device's name. */
#define SDXI_LOG(level, dev, ...) SDXI_LOG_LINE(level, (dev)->name, __VA_ARGS__)

/** vchan 0 is context 1: context 0 is the administrative one. */
#define SDXI_VCHAN_CXT(vchan) ((uint16_t)((vchan) + 1))

#define SDXI_MAX_SGES	32   /**< entries in each list of a scatter-gather copy */
#define SDXI_PAGES	8    /**< pages for patterns that a vchan has */
#define SDXI_PAGE_LEN	4096 /**< bytes */

/** Memory that the function reaches, in one piece. */
struct sdxi_mem {
	void *va; /**< NULL: none */
	rte_iova_t iova;
	size_t len;
	const struct rte_memzone *zone; /**< NULL: it is from the heap */
};

/** A context: the memory that it lives in. */
struct sdxi_cxt {
	struct sdxi_mem mem;
	struct sdxi_cxt_sts *sts;   /**< written by the function while the context is published */
	sdxi_le64 *write_index;	    /**< written by the driver */
	struct sdxi_dsc *desc;	    /**< ring_sz slots; the function clears vl */
	struct sdxi_line *line;	    /**< one for each slot */
	uint64_t (*pattern)[4];	    /**< ring_sz sources of fills for which there is no page */
	uint8_t *page;		    /**< SDXI_PAGES pages */
	void *doorbell;
	uint32_t ring_sz; /**< descriptors: a power of two */
	uint16_t num;	  /**< context number */
};

/**
 * Who owns a vchan's indices and ring: the data path in RUNNING and STOPPING, the control thread
 * in STOPPED. Each hands them over by storing the word (release) after vchan.handover, and takes
 * them by loading it (acquire). Until the data path has, vchan.closed is set; submit only counts.
 *
 *	RUNNING  -> STOPPED	data path: an error, a context that has stopped, a bad Read_Index
 *	RUNNING  -> STOPPING	control thread: asks for the vchan, as a call may be in progress
 *	STOPPING -> STOPPED	data path: in a poll that finds nothing, or an enqueue without slots
 *	STOPPED  -> RUNNING	control thread: outcomes are known, the context runs again
 *	STOPPED  -> FAILED	control thread: outcomes are known, the context cannot run again
 */
enum sdxi_word {
	SDXI_WORD_RUNNING,
	SDXI_WORD_STOPPING,
	SDXI_WORD_STOPPED,
	SDXI_WORD_FAILED,
};

/** What is handed over with a vchan. */
struct sdxi_handover {
	uint64_t op_tail, op_submitted, op_head; /**< operations */
	uint64_t tail, submitted, head;		 /**< the same in descriptors */
	uint64_t restore_end; /**< as in struct sdxi_ring */
	bool bad_read_index; /**< Read_Index is below an earlier one, or above Write_Index */
};

/** What the error log says of a slot. */
struct sdxi_logged {
	uint64_t dsc_index;
	uint64_t hd; /**< ERRLOG_HD_ENT's fields; 0: nothing */
};

/** A page that holds a repeated pattern, as the source of fills. */
struct sdxi_page {
	uint64_t word; /**< the pattern, as it is in memory */
	uint64_t end;  /**< operations below may read the page; 0: unused */
};

/** A virtual channel: one context. In memory that all processes share. */
struct __rte_cache_aligned sdxi_vchan {
	struct sdxi_ring ring;

	/* The data path's, slow path. */
	struct sdxi_dev *dev;
	struct rte_dma_op **ops; /**< by operation; NULL without enqueue and dequeue operations */
	bool silent;		 /**< the driver collects completions for the user */
	bool closed;		 /**< handed over, not yet taken back */
	RTE_ATOMIC(uint64_t) errors; /**< operations that were reported as failed, since set-up */
	struct sdxi_page *page; /**< SDXI_PAGES of them */
	struct sdxi_cxt cxt;
	sdxi_le64 held_index; /**< while closed, submit writes here ... */
	uint64_t held_db;     /**< ... and here */

	/* Handed over. */
	RTE_ATOMIC(uint32_t) word; /**< enum sdxi_word */
	struct sdxi_handover handover;

	/* The control thread's. */
	struct sdxi_logged *logged; /**< by slot: what the error log says */
	uint64_t fault_begin; /**< the first operation that failed of those below fault_end */
	uint64_t fault_end; /**< operations below were enqueued before a failure was known */
	uint64_t done_before; /**< operations done or settled at the last recovery */
	uint32_t epoch;	    /**< sdxi_dev.epoch when the context was started */
	bool remade;	    /**< the ring is made again and has not run since */
	bool log_stopped;   /**< the log says that the function has stopped the context */
	bool hangs;	    /**< nothing has moved for the watchdog's time; until handed back */
	bool suspect;	    /**< the context had to be stopped: one of its operations is to blame */
	uint64_t watch_sum; /**< of all that moves, and for how many rounds it has not */
	uint32_t watch_rounds;
	RTE_ATOMIC(uint64_t) recoveries;

	struct rte_dma_stats base; /**< added to what the ring tells: earlier starts, resets */
};

static_assert(sizeof(struct sdxi_vchan) == 512, "a vchan is found by its number with a shift");

/** What the error log has told since probe; counts of entries but where said. */
struct sdxi_errlog_stats {
	RTE_ATOMIC(uint64_t) entries;
	RTE_ATOMIC(uint64_t) invalid;  /**< without vl, or of another type */
	RTE_ATOMIC(uint64_t) overflow; /**< times that the log was full (ERR_STS.ovf) */
	RTE_ATOMIC(uint64_t) unusable; /**< times that it could not be written (ERR_STS.err) */
};

struct sdxi_errlog {
	struct sdxi_mem mem; /**< ring of ERRLOG_HD_ENT, written by the function */
	uint32_t size;	     /**< entries */
	uint64_t read;	     /**< index of the next entry to read, ERR_RD */
	struct sdxi_errlog_hd_ent last; /**< the last valid entry */
	bool has_last;	     /**< since the last incident was logged */
	bool fn_stopped;     /**< an entry names the context that the function has stopped for */
	struct sdxi_errlog_stats stats;
};

/** A function and all that the driver keeps of it, in memory that all processes share. */
struct sdxi_dev {
	struct sdxi_vchan *vchans; /**< nb_vchans of them; NULL: not configured */
	uint16_t nb_vchans;
	bool silent;
	bool enq_deq;
	uint32_t max_len; /**< bytes that one descriptor may move */
	RTE_ATOMIC(uint32_t) started;
	RTE_ATOMIC(uint32_t) requests; /**< grows with each vchan that is handed over */
	RTE_ATOMIC(uint32_t) attached; /**< a secondary process has attached once */
	char name[RTE_DEV_NAME_MAX_LEN];

	/* The primary process's from here on. */
	TAILQ_ENTRY(sdxi_dev) closed; /**< see sdxi_dmadev.c */
	struct sdxi_fn fn;
	int socket;	       /**< NUMA node for memory, or SOCKET_ID_ANY */
	struct sdxi_args args;
	bool intr;	       /**< vector 0 reaches the driver */
	bool up;	       /**< the function is ACTIVE with the tables below */
	bool admin_ok;	       /**< the administrative context answers */
	bool failed;	       /**< it could not be activated again: all vchans are FAILED */
	bool dma_uncontrolled; /**< not stopped, bus mastering on: memory must not be freed */
	uint32_t epoch;	       /**< activations */

	/* The control thread, while the device is started. */
	rte_thread_t thread;
	RTE_ATOMIC(uint32_t) thread_exit;
	RTE_ATOMIC(uint32_t) irq; /**< raised, and not looked at yet */
	unsigned int resets;	  /**< of the function since something was done last */
	uint64_t sum;		  /**< of what was done on all vchans, as last seen */
	uint32_t requests_seen;
	bool reset_blames;	  /**< the function has failed, and nobody knows of which context */
	struct sdxi_dsc *dsc;	  /**< as many as the largest ring has: the ring while it is made */
	struct sdxi_op *op;	  /**< the same of its operations */
	uint64_t log_tsc;	  /**< when an incident was last logged */
	uint64_t log_left_out;	  /**< incidents since then */

	/* What the function offers, within what this driver can use. */
	uint64_t version, cap0, cap1; /**< registers */
	uint64_t db_stride; /**< bytes from one context's doorbell to the next */
	uint32_t max_ring;  /**< descriptors */
	uint16_t max_errlog; /**< entries */
	uint16_t max_cxt;   /**< highest context number, at least 1 */

	struct sdxi_mem l2;		     /**< level 2 table */
	struct sdxi_mem l1[SDXI_L2_ENTRIES]; /**< level 1 tables, as far as there are contexts */
	struct sdxi_cxt admin;
	uint64_t admin_index;		     /**< Write_Index of the administrative context */
	struct sdxi_errlog errlog;
};

/** A value's name in the specification; "reserved" if there is none. */
static inline const char *
sdxi_name(const char * const *names, size_t nb, uint64_t val)
{
	return val < nb && names[val] != NULL ? names[val] : "reserved";
}

/* sdxi_device.c: the function. All of it in the primary process, by one thread at a time. */
static inline uint64_t
sdxi_read(const struct sdxi_dev *dev, uint32_t off)
{
	return dev->fn.ops->reg_read(&dev->fn, off);
}

static inline void
sdxi_write(const struct sdxi_dev *dev, uint32_t off, uint64_t val)
{
	dev->fn.ops->reg_write(&dev->fn, off, val);
}

/** Read version and capabilities: 0, -ENODEV, -ENOTSUP (not 1.x), -EINVAL (no client context). */
int sdxi_fn_discover(struct sdxi_dev *dev);
/** Bring the function to STOP from whatever an earlier owner has left: 0, -ENODEV, -ETIMEDOUT. */
int sdxi_fn_take_over(struct sdxi_dev *dev);
/** State of the function; may be no value of the enumeration. */
enum sdxi_fn_gsv sdxi_fn_state(const struct sdxi_dev *dev);
const char *sdxi_fn_state_name(enum sdxi_fn_gsv state);
const char *sdxi_cxt_state_name(enum sdxi_cxt_state state);
/** Allocate tables for contexts up to @p max_cxt, administrative context, error log: 0, -ENOMEM. */
int sdxi_fn_alloc(struct sdxi_dev *dev, uint16_t max_cxt);
/** Free them. The function must be stopped. */
void sdxi_fn_free(struct sdxi_dev *dev);

/** Activate the function with all vchans' contexts in its tables, none of which runs: 0, or < 0. */
int sdxi_fn_up(struct sdxi_dev *dev);
/** Stop the function and its access to memory: 0, or -EIO and dev->dma_uncontrolled. */
int sdxi_fn_down(struct sdxi_dev *dev);
/** Allocate a context's memory; @p ring_sz is a power of two: 0, -ENOMEM. */
int sdxi_cxt_alloc(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint16_t num, uint32_t ring_sz);
/** Free it. The function must not know the context. */
void sdxi_cxt_free(struct sdxi_cxt *cxt);
/** Bring a ring to its first state: no descriptor, blocks armed, every csb_ptr in place. */
void sdxi_cxt_ring_init(struct sdxi_cxt *cxt);

/** CXT_STS.state; may be no value of the enumeration. Acquires: what was written before is seen. */
static inline enum sdxi_cxt_state
sdxi_cxt_state(const struct sdxi_cxt_sts *sts)
{
	return (enum sdxi_cxt_state)(SDXI_LOAD(&sts->state, acquire) & SDXI_CXT_STS_STATE);
}

/** Does a context in this state process nothing more? */
static inline bool
sdxi_cxt_is_final(enum sdxi_cxt_state state)
{
	return state == SDXI_CXT_STOP_SW || state == SDXI_CXT_STOP_FN || state == SDXI_CXT_ERR_FN;
}

/** Read_Index as the function last wrote it. Acquires: slots below it may be written again. */
static inline uint64_t
sdxi_read_index(const struct sdxi_cxt_sts *sts)
{
	return rte_le_to_cpu_64(SDXI_LOAD(&sts->read_index, acquire));
}

/* These give 0, or a negative errno: reset the function. */

/** Start the published contexts of a range of vchans, from index 0. */
int sdxi_vchans_start(struct sdxi_dev *dev, uint16_t first, uint16_t last);
/** Stop those of a range that were started in this activation, and wait until they have. */
int sdxi_vchans_stop(struct sdxi_dev *dev, uint16_t first, uint16_t last);
/** Publish a stopped context again (@p on), or withdraw it, by CXT_UPD: never seen on hardware. */
int sdxi_vchan_publish(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool on);

/* sdxi_error.c: error log, outcomes and recovery. */
/** Outcome of an operation: enum rte_dma_status_code, or this. */
#define SDXI_RUN_AGAIN (-1)

/** What is known of an operation in a context that has stopped, and what becomes of it. */
struct sdxi_op {
	bool signalled; /**< all its blocks are completed */
	bool er;	/**< one of them says that it failed */
	bool settled;	/**< an earlier recovery has decided */
	bool fenced;
	bool below;	  /**< Read_Index is above its first descriptor: it was begun */
	bool after_fault; /**< when it was enqueued an earlier one had failed, and nobody knew */
	uint16_t code;	  /**< if er or logged: enum rte_dma_status_code, else 0 */
	int16_t outcome;
	uint32_t nb_slots;
};

/**
 * Decide what becomes of @p nb operations, oldest first. Pure. If nothing has failed nor @p moved
 * since the last recovery, the oldest operation that is not done is to blame.
 */
void sdxi_decide(struct sdxi_op *ops, uint32_t nb, bool moved);
/** Ask the data path for a vchan. */
void sdxi_vchan_ask(struct sdxi_vchan *vc);
/** Read what the function has logged, and ask for the vchans that it names. */
void sdxi_errlog_drain(struct sdxi_dev *dev);
/** Clear the log and hand it to the function, which must be stopped. */
void sdxi_errlog_enable(struct sdxi_dev *dev);
/** The status code of an entry; @p dsc is the descriptor that it names, or NULL. */
enum rte_dma_status_code sdxi_errlog_status(uint64_t hd, const struct sdxi_dsc *dsc);
/** An entry in words. Returns @p buf. */
const char *sdxi_errlog_format(const struct sdxi_errlog_hd_ent *ent, char *buf, size_t len);
/** Log an incident and the error log's last entry, once a second at most. */
void sdxi_incident(struct sdxi_dev *dev, const char *fmt, ...) __rte_format_printf(2, 3);
/** Start the control thread: 0 or a negative errno. */
int sdxi_thread_start(struct sdxi_dev *dev);
void sdxi_thread_stop(struct sdxi_dev *dev);
/** One round of the control thread. @p periodic: look at registers and for hangs in any case. */
void sdxi_service(struct sdxi_dev *dev, bool periodic);

/** Settle all of a vchan that was handed over: FAILED. @p at_rest: Read_Index can be trusted. */
void sdxi_vchan_fail(struct sdxi_vchan *vc, bool at_rest);

/* sdxi_datapath.c. All but the first two are for who owns the vchan. */
/** Set a dmadev's functions of the data path. */
void sdxi_datapath_set(struct rte_dma_fp_object *fp, struct sdxi_dev *dev);

/** Complete operations in a row from op_tail on, their descriptors, and how many have failed. */
struct sdxi_done {
	uint64_t ops, desc, failed;
};

/** Count them. Changes nothing; exact if the data path is not called meanwhile. */
struct sdxi_done sdxi_vchan_done(const struct sdxi_vchan *vc);
/** Hand a vchan over to the control thread. */
void sdxi_vchan_release(struct sdxi_vchan *vc, bool bad_read_index);
/** Bring a vchan's slots to their first state: without operations and outcomes. */
void sdxi_vchan_clear(struct sdxi_vchan *vc);
/** Make a vchan's ring new, with operation 0 to come, owned by the data path. */
void sdxi_vchan_reset(struct sdxi_vchan *vc);
int sdxi_vchan_status(const struct rte_dma_dev *dmadev, uint16_t vchan,
		      enum rte_dma_vchan_status *status);

#endif /* _SDXI_INTERNAL_H_ */
