/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_RING_H_
#define _SDXI_RING_H_

/**
 * @file
 * One producer's descriptor ring and its completion status blocks: pure memory, no device.
 *
 * Each slot has a completion status block of its own, so an index names both. Indices are 64 bits
 * wide and only ever grow; slot = index mod ring size. Four of them order the life of an operation:
 *
 *	tail <= submitted <= head <= limit
 *
 * [tail, submitted) is with the function or done and not yet reported, [submitted, head) is
 * written but not handed over, head is the next slot to fill and limit the first that may not be
 * filled. limit is a cached bound: it is computed anew only when head meets it.
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

/** All fields are the driver's; the function writes only behind the pointers, see there. */
struct __rte_cache_aligned sdxi_ring {
	/* Line 0: what enqueue reads and writes. */
	struct sdxi_dsc *desc;	  /**< slots; the function clears vl in them */
	struct sdxi_cst_blk *csb; /**< one block a slot; armed here, completed by the function */
	uint64_t csb_iova;	  /**< of csb[0] */
	uint64_t head;
	uint64_t limit;
	uint32_t mask;	       /**< ring size - 1 */
	uint32_t max_len;      /**< bytes that one descriptor may move */
	uint64_t submitted;    /**< what Write_Index was last set to */
	sdxi_le64 *write_index; /**< alone on its cache line, read by the function */

	/* Line 1: what submit, completed and the slow paths use besides. */
	void *doorbell;			/**< 64 bits, write only */
	const struct sdxi_cxt_sts *sts; /**< alone on its cache line, written by the function */
	uint64_t tail;
	uint64_t read_index; /**< Read_Index as it was last seen, or SDXI_RING_NO_BOUND */
	uint32_t nb_desc;    /**< most operations that may be outstanding, <= ring size */
	bool halted;	     /**< the context does not go on: nothing is taken any more */
};

static_assert(offsetof(struct sdxi_ring, doorbell) == RTE_CACHE_LINE_MIN_SIZE,
	      "enqueue is to touch one line of the ring");

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
	*r->write_index = 0;
	r->head = 0;
	r->submitted = 0;
	r->tail = 0;
	r->read_index = 0;
	r->limit = r->nb_desc;
	r->halted = false;
}

/** Take nothing any more: every enqueue fails from here on. */
static inline void
sdxi_ring_halt(struct sdxi_ring *r)
{
	r->halted = true;
	r->limit = r->head;
}

/** read_index behind a Read_Index that cannot be: nobody knows how far the function came. */
#define SDXI_RING_NO_BOUND UINT64_MAX

/**
 * Read Read_Index and check it: it may neither run backwards nor ahead of Write_Index. The ring
 * must not be halted.
 *
 * @return 0, or -EIO and the ring is halted.
 */
static inline int
sdxi_ring_refresh(struct sdxi_ring *r)
{
	/* A slot's new content must not be written before the Read_Index that frees it was read. */
	uint64_t read_index = rte_le_to_cpu_64(
		__atomic_load_n(&r->sts->read_index, __ATOMIC_ACQUIRE));

	if (unlikely(read_index < r->read_index || read_index > r->submitted)) {
		sdxi_ring_halt(r);
		r->read_index = SDXI_RING_NO_BOUND;
		return -EIO;
	}
	r->read_index = read_index;
	return 0;
}

/** How many more operations may be enqueued as the driver knows it, Read_Index included. */
static inline uint64_t
sdxi_ring_room(const struct sdxi_ring *r)
{
	uint64_t by_desc = r->tail + r->nb_desc;
	uint64_t by_ring = r->read_index + r->mask + 1;

	return RTE_MIN(by_desc, by_ring) - r->head;
}

/**
 * Raise limit as far as reported operations and Read_Index allow.
 *
 * @return 0 if there is room now, -ENOSPC if the ring is full, -EIO if it is halted.
 */
static __rte_noinline int
sdxi_ring_refill(struct sdxi_ring *r)
{
	int ret;

	if (r->halted)
		return -EIO;
	ret = sdxi_ring_refresh(r);
	if (ret < 0)
		return ret;
	r->limit = r->head + sdxi_ring_room(r);
	return r->limit == r->head ? -ENOSPC : 0;
}

/**
 * The slot at head, to be filled and then committed.
 *
 * @return 0, -ENOSPC or -EIO: see sdxi_ring_refill().
 */
static inline int
sdxi_ring_slot(struct sdxi_ring *r, struct sdxi_dsc **dsc)
{
	if (unlikely(r->head == r->limit)) {
		int ret = sdxi_ring_refill(r);

		if (ret < 0)
			return ret;
	}
	*dsc = &r->desc[r->head & r->mask];
	return 0;
}

/**
 * Arm the completion status block of the slot at head, and make the slot valid. Its bytes 8 to 55
 * are filled already.
 *
 * @param first
 *   The first 8 bytes in CPU order, without vl.
 */
static inline void
sdxi_ring_commit(struct sdxi_ring *r, struct sdxi_dsc *dsc, uint64_t first)
{
	uint32_t slot = r->head & r->mask;
	struct sdxi_cst_blk *csb = &r->csb[slot];

	csb->signal = rte_cpu_to_le_64(1);
	csb->flags = 0;
	dsc->qw[7] = rte_cpu_to_le_64(r->csb_iova + (uint64_t)slot * sizeof(*csb));
	/*
	 * vl says that the rest of the slot and the armed block are there. Other producers of the
	 * same layout raise Write_Index first, so a function may rely on vl alone.
	 */
	rte_io_wmb();
	__atomic_store_n(&dsc->qw[0], rte_cpu_to_le_64(first | SDXI_DSC_VL), __ATOMIC_RELAXED);
	r->head++;
}

/** Hand all committed slots to the function: one Write_Index, one doorbell. */
static inline void
sdxi_ring_submit(struct sdxi_ring *r)
{
	if (unlikely(r->submitted == r->head))
		return;
	r->submitted = r->head;
	/* The function may look at Write_Index at any time: all below it is to be visible before. */
	rte_io_wmb();
	__atomic_store_n(r->write_index, rte_cpu_to_le_64(r->head), __ATOMIC_RELAXED);
	/* The doorbell sends the function to Write_Index: rte_write64() keeps it behind. */
	rte_write64(rte_cpu_to_le_64(r->head), r->doorbell);
}

/** Is the operation at @p idx completed? What it wrote may be read only behind rte_io_rmb(). */
static inline bool
sdxi_ring_is_done(const struct sdxi_ring *r, uint64_t idx)
{
	return __atomic_load_n(&r->csb[idx & r->mask].signal, __ATOMIC_RELAXED) == 0;
}

/** Did the completed operation at @p idx fail? Behind sdxi_ring_is_done() and rte_io_rmb(). */
static inline bool
sdxi_ring_is_error(const struct sdxi_ring *r, uint64_t idx)
{
	return (r->csb[idx & r->mask].flags & rte_cpu_to_le_32(SDXI_CST_BLK_ER)) != 0;
}

/**
 * Count the completed operations from tail on, without reporting them.
 *
 * @param nb
 *   At most so many; may exceed what is outstanding.
 */
static inline uint32_t
sdxi_ring_done(const struct sdxi_ring *r, uint32_t nb)
{
	uint64_t outstanding = r->submitted - r->tail;
	uint32_t max = RTE_MIN(outstanding, nb);
	uint32_t n = 0;

	while (n < max && sdxi_ring_is_done(r, r->tail + n))
		n++;
	/* Everything that completed operations wrote, er included, is read behind their signals. */
	rte_io_rmb();
	return n;
}

#endif /* _SDXI_RING_H_ */
