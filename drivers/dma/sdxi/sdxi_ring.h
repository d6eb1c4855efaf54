/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_RING_H_
#define _SDXI_RING_H_

/**
 * @file
 * One producer's descriptor ring and its completion status blocks: pure memory, no device.
 *
 * Operations and descriptors are counted apart, because an operation may take several descriptors.
 * All indices are 64 bits wide and only ever grow while a context lives; an entry's place is its
 * index mod ring size. The life of an operation:
 *
 *	tail <= op_submitted <= op_head <= limit
 *
 * [tail, op_submitted) is with the function or done and not yet reported, [op_submitted, op_head)
 * is written but not handed over, op_head is the next one and limit the first that may not be
 * enqueued. limit is a cached bound: it is computed anew only when op_head meets it. head and
 * submitted are the same in descriptors; the function has consumed those below Read_Index.
 *
 * The descriptors of an operation stay in the ring until it has been reported, so that it can be
 * run again.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_io.h>

#include "sdxi_hw.h"

/** Who is told of completed operations, and by what. */
enum sdxi_mode {
	SDXI_MODE_OP,	  /**< each operation has a completion status block */
	SDXI_MODE_BATCH,  /**< what is submitted at once shares the block of its first operation */
	SDXI_MODE_SILENT, /**< there are no blocks: consumed counts as completed */
};

/** All fields are the driver's; the function writes only behind the pointers, see there. */
struct __rte_cache_aligned sdxi_ring {
	/* Line 0: what enqueue reads and writes. */
	struct sdxi_dsc *desc;	  /**< slots; the function clears vl in them */
	struct sdxi_cst_blk *csb; /**< one block an operation; armed here, completed by the function */
	uint64_t csb_iova;	  /**< of csb[0] */
	uint32_t *op_desc;	  /**< each operation's first descriptor, lower half of its index */
	uint64_t head;
	uint64_t op_head;
	uint64_t limit;
	uint32_t mask;	  /**< ring size - 1 */
	uint32_t max_len; /**< bytes that one descriptor may move */

	/* Line 1: what submit, completed and the slow paths use besides. */
	uint64_t submitted; /**< what Write_Index was last to be set to */
	uint64_t op_submitted;
	uint64_t tail;
	sdxi_le64 *write_index;		/**< alone on its cache line, read by the function */
	void *doorbell;			/**< 64 bits, write only */
	const struct sdxi_cxt_sts *sts; /**< alone on its cache line, written by the function */
	uint64_t read_index; /**< Read_Index as it was last seen, or SDXI_RING_NO_BOUND */
	uint32_t nb_desc;    /**< most operations that may be outstanding, <= ring size */
	bool halted;	     /**< the context does not go on: nothing is taken any more */

	/* Line 2: SDXI_MODE_BATCH, and what failures leave. */
	uint64_t done;	     /**< operations below are known to have completed well */
	uint32_t *batch_end; /**< by a batch's first operation: the lower half of its end */
	uint8_t *verdict;    /**< by operation: how recovery has found it failed, or 0 */
};

static_assert(offsetof(struct sdxi_ring, submitted) == RTE_CACHE_LINE_MIN_SIZE,
	      "enqueue is to touch one line of the ring");
static_assert(offsetof(struct sdxi_ring, done) == 2 * RTE_CACHE_LINE_MIN_SIZE,
	      "completed is to touch one line more");

/** read_index behind a Read_Index that cannot be: nobody knows how far the function came. */
#define SDXI_RING_NO_BOUND UINT64_MAX

/**
 * Empty the ring and make it ready for a context that starts at index 0.
 * The function must not be using it.
 */
static inline void
sdxi_ring_reset(struct sdxi_ring *r)
{
	size_t size = (size_t)r->mask + 1;

	memset(r->desc, 0, size * sizeof(*r->desc));
	memset(r->csb, 0, size * sizeof(*r->csb));
	memset(r->verdict, 0, size * sizeof(*r->verdict));
	*r->write_index = 0;
	r->head = 0;
	r->op_head = 0;
	r->submitted = 0;
	r->op_submitted = 0;
	r->tail = 0;
	r->done = 0;
	r->read_index = 0;
	r->limit = r->nb_desc;
	r->halted = false;
}

/** Take nothing any more: every enqueue fails from here on. */
static inline void
sdxi_ring_halt(struct sdxi_ring *r)
{
	r->halted = true;
	r->limit = r->op_head;
}

/** First descriptor of operation @p op, which is outstanding or the next to come. */
static inline uint64_t
sdxi_ring_op_start(const struct sdxi_ring *r, uint64_t op)
{
	/* The two halves are less than a ring apart. */
	return op == r->op_head ? r->head :
				  r->head - (uint32_t)((uint32_t)r->head - r->op_desc[op & r->mask]);
}

/**
 * Read Read_Index and check it: it may neither run backwards nor ahead of Write_Index. The ring
 * must not be halted.
 *
 * @return 0, or -EIO and nobody knows how far the function came.
 */
static inline int
sdxi_ring_refresh(struct sdxi_ring *r)
{
	/* A slot's new content must not be written before the Read_Index that frees it was read. */
	uint64_t read_index = rte_le_to_cpu_64(
		__atomic_load_n(&r->sts->read_index, __ATOMIC_ACQUIRE));

	/* SDXI_RING_NO_BOUND is above all: what cannot be once is not believed later. */
	if (unlikely(read_index < r->read_index || read_index > r->submitted)) {
		r->read_index = SDXI_RING_NO_BOUND;
		return -EIO;
	}
	r->read_index = read_index;
	return 0;
}

/** How many more descriptors there are slots for, as the driver knows it. */
static inline uint64_t
sdxi_ring_slots(const struct sdxi_ring *r)
{
	return RTE_MIN(sdxi_ring_op_start(r, r->tail), r->read_index) + r->mask + 1 - r->head;
}

/** How many more operations of one descriptor may be enqueued as the driver knows it. */
static inline uint64_t
sdxi_ring_room(const struct sdxi_ring *r)
{
	return RTE_MIN(r->tail + r->nb_desc - r->op_head, sdxi_ring_slots(r));
}

/** SDXI_MODE_SILENT: operations below what the function has consumed are not looked at any more. */
static inline void
sdxi_ring_reap(struct sdxi_ring *r)
{
	while (r->tail != r->op_submitted && sdxi_ring_op_start(r, r->tail + 1) <= r->read_index)
		r->tail++;
}

/**
 * Raise limit as far as reported operations and Read_Index allow.
 *
 * @return 0 if there is room now, -ENOSPC if the ring is full, -EIO if it is halted or Read_Index
 *   is one that cannot be.
 */
static inline int
sdxi_ring_refill(struct sdxi_ring *r, enum sdxi_mode mode)
{
	int ret;

	if (r->halted)
		return -EIO;
	ret = sdxi_ring_refresh(r);
	if (ret < 0) {
		r->limit = r->op_head;
		return ret;
	}
	if (mode == SDXI_MODE_SILENT)
		sdxi_ring_reap(r);
	r->limit = r->op_head + sdxi_ring_room(r);
	return r->limit == r->op_head ? -ENOSPC : 0;
}

/**
 * Begin the operation at op_head, for which there is room: arm its completion status block.
 *
 * @return
 *   The last 8 bytes of its descriptors, in CPU order.
 */
static inline uint64_t
sdxi_ring_begin(struct sdxi_ring *r, enum sdxi_mode mode, uint32_t nb)
{
	uint32_t slot = r->op_head & r->mask;

	r->op_desc[slot] = (uint32_t)r->head;
	if (mode == SDXI_MODE_SILENT)
		return SDXI_DSC_NP;
	if (mode == SDXI_MODE_BATCH) {
		slot = r->op_submitted & r->mask;
	} else {
		r->csb[slot].signal = rte_cpu_to_le_64(nb);
		r->csb[slot].flags = 0;
	}
	return r->csb_iova + (uint64_t)slot * sizeof(*r->csb);
}

/** The slot at head, whose bytes 8 to 55 are to be filled, for sdxi_ring_put(). */
static inline struct sdxi_dsc *
sdxi_ring_slot(const struct sdxi_ring *r)
{
	return &r->desc[r->head & r->mask];
}

/**
 * Make the slot at head valid.
 *
 * @param first
 *   The first 8 bytes in CPU order, without vl.
 * @param last
 *   What sdxi_ring_begin() gave.
 */
static inline void
sdxi_ring_put(struct sdxi_ring *r, struct sdxi_dsc *dsc, uint64_t first, uint64_t last)
{
	dsc->qw[7] = rte_cpu_to_le_64(last);
	/*
	 * vl says that the rest of the slot and the armed block are there. Other producers of the
	 * same layout raise Write_Index first, so a function may rely on vl alone.
	 */
	rte_io_wmb();
	__atomic_store_n(&dsc->qw[0], rte_cpu_to_le_64(first | SDXI_DSC_VL), __ATOMIC_RELAXED);
	r->head++;
}

/** The operation of @p nb descriptors, which have been put, is complete. */
static inline void
sdxi_ring_end(struct sdxi_ring *r, uint32_t nb)
{
	r->op_head++;
	if (nb > 1)
		r->limit = r->op_head + sdxi_ring_room(r);
}

/** Hand all enqueued operations to the function: one Write_Index, one doorbell. */
static inline void
sdxi_ring_submit(struct sdxi_ring *r, enum sdxi_mode mode)
{
	if (unlikely(r->submitted == r->head))
		return;
	if (mode == SDXI_MODE_BATCH) {
		uint32_t slot = r->op_submitted & r->mask;

		/* Of a dead ring, blocks say already what became of their operations. */
		if (likely(!r->halted)) {
			r->csb[slot].signal = rte_cpu_to_le_64(r->head - r->submitted);
			r->csb[slot].flags = 0;
			r->batch_end[slot] = (uint32_t)r->op_head;
		}
	}
	r->submitted = r->head;
	r->op_submitted = r->op_head;
	/* The function may look at Write_Index at any time: all below it is to be visible before. */
	rte_io_wmb();
	__atomic_store_n(r->write_index, rte_cpu_to_le_64(r->head), __ATOMIC_RELAXED);
	/* The doorbell sends the function to Write_Index: rte_write64() keeps it behind. */
	rte_write64(rte_cpu_to_le_64(r->head), r->doorbell);
}

/** Has operation @p op's own block been completed? What it wrote is read behind rte_io_rmb(). */
static inline bool
sdxi_ring_is_done(const struct sdxi_ring *r, uint64_t op)
{
	return __atomic_load_n(&r->csb[op & r->mask].signal, __ATOMIC_RELAXED) == 0;
}

/** Does its block say that it failed? Behind sdxi_ring_is_done() and rte_io_rmb(). */
static inline bool
sdxi_ring_is_error(const struct sdxi_ring *r, uint64_t op)
{
	return (r->csb[op & r->mask].flags & rte_cpu_to_le_32(SDXI_CST_BLK_ER)) != 0;
}

/** SDXI_MODE_BATCH: where the batch whose first operation is @p op ends. */
static inline uint64_t
sdxi_ring_batch_end(const struct sdxi_ring *r, uint64_t op)
{
	return op + (uint32_t)(r->batch_end[op & r->mask] - (uint32_t)op);
}

/**
 * Count the operations from tail on that have completed well, without reporting them.
 *
 * @param nb
 *   At most so many; may exceed what is outstanding.
 * @param[out] failed
 *   Whether it ended, before nb, at an operation or a batch that has failed.
 */
static inline uint32_t
sdxi_ring_done(struct sdxi_ring *r, enum sdxi_mode mode, uint32_t nb, bool *failed)
{
	uint64_t outstanding = r->op_submitted - r->tail;
	uint32_t max = RTE_MIN(outstanding, nb);
	uint32_t n = 0, i;

	*failed = false;
	if (mode == SDXI_MODE_BATCH) {
		while (r->done - r->tail < max && sdxi_ring_is_done(r, r->done)) {
			/* All that completed operations wrote, er included, is read behind their signal. */
			rte_io_rmb();
			if (unlikely(sdxi_ring_is_error(r, r->done))) {
				*failed = true;
				break;
			}
			r->done = sdxi_ring_batch_end(r, r->done);
		}
		return RTE_MIN(r->done - r->tail, (uint64_t)max);
	}

	while (n < max && sdxi_ring_is_done(r, r->tail + n))
		n++;
	/* As above. */
	rte_io_rmb();
	for (i = 0; i < n; i++) {
		if (unlikely(sdxi_ring_is_error(r, r->tail + i))) {
			*failed = true;
			break;
		}
	}
	return i;
}

/** Report @p nb operations that sdxi_ring_done() has counted. */
static inline void
sdxi_ring_report(struct sdxi_ring *r, uint32_t nb)
{
	r->tail += nb;
}

/** Report the failed operation at tail. */
static inline void
sdxi_ring_report_failed(struct sdxi_ring *r)
{
	r->verdict[r->tail & r->mask] = 0;
	r->tail++;
	/* In a batch, failed operations are batches of their own. */
	if (r->done < r->tail)
		r->done = r->tail;
}

#endif /* _SDXI_RING_H_ */
