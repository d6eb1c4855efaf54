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
 *	tail <= op_submitted <= op_head
 *
 * [tail, op_submitted) is with the function or done and not yet reported, [op_submitted, op_head)
 * is written but not handed over, op_head is the next one. sdxi_ring_head() and submitted are the
 * same in descriptors; the function has consumed those below Read_Index.
 *
 * Nearly all operations are copies, of one descriptor each. They go from slot to slot, from next up
 * to stop: as far as there is room, the slots do not wrap, and hold zeros where a copy has zeros.
 * All of that is looked at only when next is not below stop: see sdxi_ring_grant(). Where each
 * operation begins is written down only for those that have others of several descriptors behind
 * them.
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

#include "sdxi_compat.h"
#include "sdxi_hw.h"

/** Who is told of completed operations, and by what. */
enum sdxi_mode {
	SDXI_MODE_OP,	  /**< each operation has a completion status block */
	SDXI_MODE_BATCH,  /**< what is submitted at once shares the block of its first operation */
	SDXI_MODE_SILENT, /**< there are no blocks: consumed counts as completed */
};

/** The lower 16 of 64 bits in memory, for whoever needs no more. */
struct sdxi_low16 {
#if RTE_BYTE_ORDER == RTE_BIG_ENDIAN
	uint16_t rest[3];
#endif
	uint16_t val;
};

/*
 * ThreadSanitizer knows what atomics order, and nothing of barriers. Where a barrier makes the
 * order, it is shown the same as atomics, right behind the barrier, so that it finds out if that is
 * missing.
 */
#if defined(__SANITIZE_THREAD__)
#define SDXI_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SDXI_TSAN 1
#endif
#endif

/** Set what others than the one who sets it may look at, of which none orders anything. */
#define SDXI_SHOW(field, val) SDXI_STORE(&(field), val, relaxed)
/** Look at it. */
#define SDXI_LOOK(field) SDXI_LOAD(&(field), relaxed)

/**
 * Read_Index as the function last wrote it. Acquires: what is written to a slot that it has freed,
 * and what is read of an operation that it has consumed, comes behind it.
 */
static inline uint64_t
sdxi_sts_read_index(const struct sdxi_cxt_sts *sts)
{
	return rte_le_to_cpu_64(SDXI_LOAD(&sts->read_index, acquire));
}

/**
 * Set Write_Index. The function may look at it at any time: descriptors below it, and the blocks
 * that they name, are to be visible before. So is what the user has stored; and what was read of
 * buffers that the function is to write now is to have been read, for which on arm64 the store has
 * to be a releasing one: the barrier is for stores alone.
 */
static inline void
sdxi_write_index_set(sdxi_le64 *write_index, uint64_t index)
{
	rte_io_wmb();
	SDXI_STORE(write_index, rte_cpu_to_le_64(index), release);
}

/** Ring a doorbell: stores before it are visible before it. */
static inline void
sdxi_doorbell_ring(void *doorbell, uint64_t val)
{
#ifdef SDXI_TSAN
	/* rte_write64() is no atomic, and the emulated function clears what it finds. */
	rte_io_wmb();
	SDXI_STORE((uint64_t *)doorbell, rte_cpu_to_le_64(val), relaxed);
#else
	rte_write64(rte_cpu_to_le_64(val), doorbell);
#endif
}

/** All fields are the driver's; the function writes only behind the pointers, see there. */
struct __rte_cache_aligned sdxi_ring {
	/* Line 0: what enqueue reads and writes. */
	struct sdxi_dsc *next; /**< slot of the next descriptor, or the end of the slots */
	struct sdxi_dsc *stop; /**< copies may take the slots before; <= next: none, look anew */
	struct sdxi_cst_blk *csb_next; /**< SDXI_MODE_OP, next < stop: block of op_head */
	uint64_t last;	   /**< next < stop: of a copy's last 8 bytes, see sdxi_ring_grant() */
	union {
		uint64_t op_head;
		struct sdxi_low16 op_index; /**< of it what the application knows */
	};
	uint64_t shift;	   /**< from operations from wide_end on to their descriptors */
	/**
	 * Slots: visible before Write_Index, the driver's again below Read_Index; vl orders
	 * nothing.
	 */
	struct sdxi_dsc *desc;
	uint32_t mask;	   /**< ring size - 1 */
	uint32_t max_len;  /**< bytes that one descriptor may move */

	/* Line 1: what submit, completed and polls of an idle channel use besides. */
	uint64_t submitted; /**< what Write_Index was last to be set to */
	uint64_t op_submitted;
	uint64_t tail;
	/**
	 * One block an operation; armed here, visible before Write_Index. The function writes data
	 * and flags, then signal; they are read behind sdxi_csb_acquire(), and the block is armed
	 * anew only when it has been reported.
	 */
	struct sdxi_cst_blk *csb;
	/**
	 * Alone on its cache line, written by the function. Read_Index: released by the function
	 * when it has read the slots below, acquired in sdxi_ring_refresh() before they are written
	 * anew.
	 */
	const struct sdxi_cxt_sts *sts;
	sdxi_le64 *write_index;		/**< alone on its cache line, read by the function */
	void *doorbell;			/**< 64 bits, write only */
	uint32_t csb_mask; /**< as mask */
	/**
	 * The context does not go on: nothing is taken any more. Set with the device's lock held,
	 * by another process too; orders nothing: who has not seen it yet writes to memory that
	 * stays, hands it over to nobody, and finds his operations failed.
	 */
	bool halted;

	/*
	 * Line 2: when room is looked for, SDXI_MODE_BATCH, and operations of several descriptors.
	 */
	uint64_t read_index; /**< Read_Index as it was last seen, or SDXI_RING_NO_BOUND */
	uint64_t csb_iova;   /**< of csb[0] */
	uint64_t wide_end;   /**< operations below may have several descriptors */
	uint32_t *op_desc;   /**< of those: the first descriptor, lower half of its index */
	uint64_t dirty_end;  /**< descriptors below may have had data where copies have zeros */
	uint64_t clean_end;  /**< slots of descriptors below, from the head on, have zeros again */
	uint64_t done;	     /**< operations below are known to have completed well */
	uint32_t *batch_end; /**< by a batch's first operation: the lower half of its end */

	/* Line 3: what failures leave. */
	uint8_t *verdict; /**< by operation: how recovery has found it failed, or 0 */
	uint32_t nb_desc; /**< most operations that may be outstanding, <= ring size */
};

static_assert(offsetof(struct sdxi_ring, submitted) == RTE_CACHE_LINE_MIN_SIZE,
	      "enqueue is to touch one line of the ring");
static_assert(offsetof(struct sdxi_ring, read_index) == 2 * RTE_CACHE_LINE_MIN_SIZE,
	      "submit, completed and idle polls are to touch one line more");
static_assert(offsetof(struct sdxi_ring, verdict) == 3 * RTE_CACHE_LINE_MIN_SIZE,
	      "batches are to touch one line more");

/** read_index behind a Read_Index that cannot be: nobody knows how far the function came. */
#define SDXI_RING_NO_BOUND UINT64_MAX

/** Index of the next descriptor. */
static inline uint64_t
sdxi_ring_head(const struct sdxi_ring *r)
{
	return r->op_head + r->shift;
}

/**
 * Nothing may be enqueued before room has been looked for. Another process may do so while the one
 * that drives the channel is at work, so it does not depend on next.
 */
static inline void
sdxi_ring_close(struct sdxi_ring *r)
{
	r->stop = r->desc;
}

/**
 * The slots hold the @p nb first descriptors of a context that starts at index 0, and zeros behind.
 *
 * @param op_head
 *   The operation that comes next.
 */
static inline void
sdxi_ring_renumber(struct sdxi_ring *r, uint64_t op_head, uint32_t nb)
{
	r->next = r->desc + nb;
	SDXI_SHOW(r->op_head, op_head);
	SDXI_SHOW(r->shift, nb - op_head);
	SDXI_SHOW(r->wide_end, op_head);
	r->dirty_end = r->dirty_end != 0 ? nb : 0;
	r->clean_end = 0;
	r->read_index = 0;
	sdxi_ring_close(r);
}

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
	r->dirty_end = 0;
	sdxi_ring_renumber(r, 0, 0);
	SDXI_SHOW(r->submitted, 0);
	SDXI_SHOW(r->op_submitted, 0);
	SDXI_SHOW(r->tail, 0);
	SDXI_SHOW(r->done, 0);
	r->csb_mask = r->mask;
	SDXI_SHOW(r->halted, false);
}

/** Take nothing any more: every enqueue fails from here on. */
static inline void
sdxi_ring_halt(struct sdxi_ring *r)
{
	SDXI_SHOW(r->halted, true);
	sdxi_ring_close(r);
}

/** First descriptor of operation @p op, which is outstanding or the next to come. */
static inline uint64_t
sdxi_ring_op_start(const struct sdxi_ring *r, uint64_t op)
{
	uint64_t head;

	if (likely(op >= r->wide_end))
		return op + r->shift;
	/* The two halves are less than a ring apart. */
	head = sdxi_ring_head(r);
	return head - (uint32_t)((uint32_t)head - r->op_desc[op & r->mask]);
}

/**
 * The same of an operation that is submitted or the next to be, for others than the one who drives
 * the channel, which may be at work meanwhile. wide_end is raised before shift, and both behind
 * op_desc, so who reads shift first takes no operation's start for less than it is.
 */
static inline uint64_t
sdxi_ring_look_start(const struct sdxi_ring *r, uint64_t op)
{
	uint64_t shift = SDXI_LOAD(&r->shift, acquire);
	uint64_t submitted;

	if (op >= SDXI_LOAD(&r->wide_end, acquire))
		return op + shift;
	submitted = SDXI_LOAD(&r->submitted, acquire);
	return submitted - (uint32_t)((uint32_t)submitted -
				      SDXI_LOAD(&r->op_desc[op & r->mask], acquire));
}

/** Write down where each outstanding operation begins, as an entry of op_desc. */
static inline void
sdxi_ring_note_starts(struct sdxi_ring *r)
{
	uint64_t op;

	for (op = RTE_MAX(r->wide_end, r->tail); op < r->op_head; op++)
		SDXI_SHOW(r->op_desc[op & r->mask], (uint32_t)(op + r->shift));
	/* Behind the entries: see sdxi_ring_look_start(). */
	SDXI_STORE(&r->wide_end, r->op_head, release);
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
	uint64_t read_index = sdxi_sts_read_index(r->sts);

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
	return RTE_MIN(sdxi_ring_op_start(r, r->tail), r->read_index) + r->mask + 1 -
	       sdxi_ring_head(r);
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
	while (r->tail < r->wide_end && r->tail != r->op_submitted &&
	       sdxi_ring_op_start(r, r->tail + 1) <= r->read_index)
		SDXI_SHOW(r->tail, r->tail + 1);
	if (r->tail >= r->wide_end && sdxi_ring_op_start(r, r->tail) < r->read_index)
		SDXI_SHOW(r->tail, RTE_MIN(r->read_index - r->shift, r->op_submitted));
}

/** Have the next @p nb slots hold zeros where a copy has them, and immediate data has not. */
static inline void
sdxi_ring_clean(struct sdxi_ring *r, uint32_t nb)
{
	uint64_t head = sdxi_ring_head(r);
	uint64_t at = RTE_MAX(head, r->clean_end);
	/* What a slot held is a lap back. */
	uint64_t end = RTE_MIN(head + nb, r->dirty_end + r->mask + 1);

	for (; at < end; at++) {
		struct sdxi_dsc *dsc = &r->desc[at & r->mask];

		memset(&dsc->qw[4], 0, 3 * sizeof(dsc->qw[0]));
	}
	r->clean_end = RTE_MAX(r->clean_end, head + nb);
}

/**
 * Let copies have as many slots as there is room for, as the driver knows it, and no turn of the
 * ring is in between. The ring must not be halted.
 *
 * @return
 *   How many; 0: there is no room.
 */
static inline uint32_t
sdxi_ring_grant(struct sdxi_ring *r, enum sdxi_mode mode)
{
	struct sdxi_dsc *end = r->desc + r->mask + 1;
	uint32_t slot = r->op_head & r->mask;
	uint64_t nb;

	if (r->next == end)
		r->next = r->desc;
	nb = RTE_MIN(sdxi_ring_room(r), (uint64_t)(end - r->next));
	if (mode == SDXI_MODE_OP) {
		/* Blocks go by operations, so their turn may be another one. */
		nb = RTE_MIN(nb, (uint64_t)r->mask + 1 - slot);
		r->csb_next = &r->csb[slot];
		/* From a block to where the function finds it. */
		r->last = r->csb_iova - (uintptr_t)r->csb;
	} else if (mode == SDXI_MODE_BATCH) {
		r->last = r->csb_iova + (r->op_submitted & r->mask) * sizeof(*r->csb);
	} else {
		r->last = SDXI_DSC_NP;
	}
	if (unlikely(r->dirty_end != 0))
		sdxi_ring_clean(r, nb);
	r->stop = r->next + nb;
	/* As for sdxi_ring_close(): it may have been halted meanwhile. */
	if (unlikely(SDXI_LOOK(r->halted)))
		sdxi_ring_close(r);
	return nb;
}

/**
 * Look for room, as far as reported operations and Read_Index allow.
 *
 * @return 0 if there is room now, -ENOSPC if the ring is full, -EIO if it is halted or Read_Index
 *   is one that cannot be.
 */
static inline int
sdxi_ring_refill(struct sdxi_ring *r, enum sdxi_mode mode)
{
	int ret;

	if (SDXI_LOOK(r->halted))
		return -EIO;
	ret = sdxi_ring_refresh(r);
	if (ret < 0) {
		sdxi_ring_close(r);
		return ret;
	}
	if (mode == SDXI_MODE_SILENT)
		sdxi_ring_reap(r);
	return sdxi_ring_grant(r, mode) == 0 ? -ENOSPC : 0;
}

/**
 * A copy: there is a slot, which nothing but a lap of the ring may have filled.
 *
 * Nothing of it is ordered here: the function takes nothing at or above Write_Index, which
 * sdxi_ring_submit() raises behind a barrier. (Other producers of the same layout raise it first
 * and have vl say what is ready; with one producer this is as good, and a barrier per submit is
 * all.)
 *
 * @param size
 *   Bytes - 1.
 * @param flags
 *   SDXI_DSC_FE or 0.
 */
static inline void
sdxi_ring_put_copy(struct sdxi_ring *r, enum sdxi_mode mode, uint64_t src, uint64_t dst,
		   uint32_t size, uint32_t flags)
{
	struct sdxi_dsc *dsc = r->next;
	uint64_t last = r->last;

	if (mode == SDXI_MODE_OP) {
		struct sdxi_cst_blk *csb = r->csb_next;

		SDXI_SHOW(csb->signal, rte_cpu_to_le_64(1));
		SDXI_SHOW(csb->flags, 0);
		last += (uintptr_t)csb;
	}
	dsc->copy.opcode = rte_cpu_to_le_32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY) |
					    SDXI_DSC_VL | flags);
	dsc->copy.size = rte_cpu_to_le_32(size);
	/* attr and both AKeys are 0 (the function's own address space), as they are in any slot. */
	dsc->copy.addr0 = rte_cpu_to_le_64(src);
	/*
	 * Compilers make a vector of the two, which takes longer than to store them one by one, and
	 * new pointers in registers where to add to those in memory is less.
	 */
	rte_compiler_barrier();
	dsc->copy.addr1 = rte_cpu_to_le_64(dst);
	dsc->copy.csb_ptr = rte_cpu_to_le_64(last);
	if (mode == SDXI_MODE_OP)
		r->csb_next++;
	r->next++;
	r->op_head++;
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

	if (nb > 1)
		sdxi_ring_note_starts(r);
	if (mode == SDXI_MODE_SILENT)
		return SDXI_DSC_NP;
	if (mode == SDXI_MODE_BATCH) {
		slot = r->op_submitted & r->mask;
	} else {
		SDXI_SHOW(r->csb[slot].signal, rte_cpu_to_le_64(nb));
		SDXI_SHOW(r->csb[slot].flags, 0);
	}
	return r->csb_iova + (uint64_t)slot * sizeof(*r->csb);
}

/** The slot of the next descriptor, whose bytes 8 to 55 are to be filled, for sdxi_ring_put(). */
static inline struct sdxi_dsc *
sdxi_ring_slot(struct sdxi_ring *r)
{
	if (r->next == r->desc + r->mask + 1)
		r->next = r->desc;
	return r->next;
}

/**
 * Make the slot at next valid. As to order see sdxi_ring_put_copy().
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
	dsc->qw[0] = rte_cpu_to_le_64(first | SDXI_DSC_VL);
	r->next = dsc + 1;
}

/**
 * The operation of @p nb descriptors, which have been put, is complete.
 *
 * @param dirty
 *   They have something where a copy has zeros.
 */
static inline void
sdxi_ring_end(struct sdxi_ring *r, enum sdxi_mode mode, uint32_t nb, bool dirty)
{
	if (nb > 1) {
		SDXI_SHOW(r->op_desc[r->op_head & r->mask], (uint32_t)sdxi_ring_head(r));
		/* In this order: see sdxi_ring_look_start(). */
		SDXI_STORE(&r->wide_end, r->op_head + 1, release);
		SDXI_STORE(&r->shift, r->shift + nb - 1, release);
	}
	r->op_head++;
	if (dirty)
		r->dirty_end = sdxi_ring_head(r);
	sdxi_ring_grant(r, mode);
}

/** Hand all enqueued operations to the function: one Write_Index, one doorbell. */
static inline void
sdxi_ring_submit(struct sdxi_ring *r, enum sdxi_mode mode)
{
	const uint64_t op_head = r->op_head;
	const uint64_t head = op_head + r->shift;

	if (unlikely(r->submitted == head))
		return;
	if (mode == SDXI_MODE_BATCH) {
		const uint32_t mask = r->csb_mask;
		const uint32_t slot = r->op_submitted & mask;

		/* Of a dead ring, blocks say already what became of their operations. */
		if (likely(!SDXI_LOOK(r->halted))) {
			struct sdxi_cst_blk *csb = &r->csb[slot];

			SDXI_SHOW(csb->signal, rte_cpu_to_le_64(head - r->submitted));
			SDXI_SHOW(csb->flags, 0);
			SDXI_SHOW(r->batch_end[slot], (uint32_t)op_head);
		}
		r->last = r->csb_iova + (op_head & mask) * sizeof(struct sdxi_cst_blk);
	}
	sdxi_write_index_set(r->write_index, head);
	SDXI_SHOW(r->submitted, head);
	/* Last: who looks at it takes the rest for at least as new. */
	SDXI_STORE(&r->op_submitted, op_head, release);
	/*
	 * The doorbell sends the function to Write_Index, which is to be visible before. The
	 * function takes the doorbell first and reads Write_Index then, so no ring is lost.
	 */
	sdxi_doorbell_ring(r->doorbell, head);
}

/**
 * What the function stored before it completed @p nb blocks, from the first one on, is read behind
 * this.
 */
static inline void
sdxi_csb_acquire(const struct sdxi_cst_blk *first, uint32_t nb)
{
	/* One for many blocks, which acquiring loads are not; it orders loads before stores too. */
	rte_io_rmb();
#ifdef SDXI_TSAN
	for (; nb > 0; nb--, first++)
		SDXI_LOAD(&first->signal, acquire);
#else
	RTE_SET_USED(first);
	RTE_SET_USED(nb);
#endif
}

/**
 * Has operation @p op's own block been completed? What it wrote is read behind sdxi_csb_acquire().
 */
static inline bool
sdxi_ring_is_done(const struct sdxi_ring *r, uint64_t op)
{
	return SDXI_LOAD(&r->csb[op & r->mask].signal, relaxed) == 0;
}

/** Does its block say that it failed? Behind sdxi_csb_acquire(). */
static inline bool
sdxi_ring_is_error(const struct sdxi_ring *r, uint64_t op)
{
	return (SDXI_LOOK(r->csb[op & r->mask].flags) & rte_cpu_to_le_32(SDXI_CST_BLK_ER)) != 0;
}

/** SDXI_MODE_BATCH: where the batch whose first operation is @p op ends. */
static inline uint64_t
sdxi_ring_batch_end(const struct sdxi_ring *r, uint64_t op)
{
	return op + (uint32_t)(SDXI_LOOK(r->batch_end[op & r->mask]) - (uint32_t)op);
}

/** What the members of so many blocks have in common, looked at together. */
#define SDXI_CSB_GROUP 8
#define SDXI_CSB_HALF(look, csb, i)                                                                \
	(look(csb, i) | look(csb, (i) + 1) | look(csb, (i) + 2) | look(csb, (i) + 3))
#define SDXI_CSB_ANY(look, csb) (SDXI_CSB_HALF(look, csb, 0) | SDXI_CSB_HALF(look, csb, 4))
#define SDXI_CSB_SIGNAL(csb, i) SDXI_LOAD(&(csb)[i].signal, relaxed)
#define SDXI_CSB_FLAGS(csb, i) ((csb)[i].flags)

/** Is the operation of any of half a group's blocks not complete? */
static inline bool
sdxi_csb_half_waits(const struct sdxi_cst_blk *csb)
{
	uint64_t any = SDXI_CSB_SIGNAL(csb, 0) | SDXI_CSB_SIGNAL(csb, 1);

	/*
	 * Atomics are loaded to registers: one by one, or each takes one of its own, to be saved.
	 */
	__asm__("" : "+r"(any));
	any |= SDXI_CSB_SIGNAL(csb, 2);
	__asm__("" : "+r"(any));
	any |= SDXI_CSB_SIGNAL(csb, 3);
	return any != 0;
}

/**
 * How many of @p nb blocks in a row, from the first one on, have completed well.
 *
 * @param[out] failed
 *   Whether the next one has completed and failed.
 */
static inline uint32_t
sdxi_csb_run(const struct sdxi_cst_blk *first, uint32_t nb, bool *failed)
{
	const struct sdxi_cst_blk *end = first + nb, *group = end - SDXI_CSB_GROUP;
	const struct sdxi_cst_blk *csb = first;

	/*
	 * What was handed over at once is mostly done at once, so it is looked at in groups.
	 */
	while (csb <= group && !sdxi_csb_half_waits(csb) &&
	       !sdxi_csb_half_waits(csb + SDXI_CSB_GROUP / 2))
		csb += SDXI_CSB_GROUP;
	while (csb != end && SDXI_CSB_SIGNAL(csb, 0) == 0)
		csb++;
	end = csb;
	group = end - SDXI_CSB_GROUP;
	csb = first;
	/* All that completed operations wrote, er included, is read behind their signals. */
	sdxi_csb_acquire(first, end - first);
	while (csb <= group && likely((SDXI_CSB_ANY(SDXI_CSB_FLAGS, csb) &
				       rte_cpu_to_le_32(SDXI_CST_BLK_ER)) == 0))
		csb += SDXI_CSB_GROUP;
	while (csb != end && likely((csb->flags & rte_cpu_to_le_32(SDXI_CST_BLK_ER)) == 0))
		csb++;
	*failed = csb != end;
	return csb - first;
}

/**
 * Count the operations from tail on that have completed well, without reporting them, as far as
 * their blocks do not wrap.
 *
 * @param nb
 *   At most so many; may exceed what is outstanding.
 * @param[out] more
 *   Whether sdxi_ring_done() has to be asked, which knows the rest.
 */
static inline uint32_t
sdxi_ring_done_fast(struct sdxi_ring *r, enum sdxi_mode mode, uint32_t nb, bool *more)
{
	const struct sdxi_cst_blk *csb = r->csb;
	const uint32_t mask = r->csb_mask;
	const uint64_t tail = r->tail;
	const uint64_t max = RTE_MIN(r->op_submitted - tail, nb);
	uint32_t n, first;
	bool failed = false;

	if (mode == SDXI_MODE_BATCH) {
		uint64_t done = r->done;

		while (done - tail < max && SDXI_CSB_SIGNAL(csb, done & mask) == 0) {
			sdxi_csb_acquire(&csb[done & mask], 1);
			if (unlikely((csb[done & mask].flags & rte_cpu_to_le_32(SDXI_CST_BLK_ER)) !=
				     0)) {
				failed = true;
				break;
			}
			done = sdxi_ring_batch_end(r, done);
		}
		SDXI_SHOW(r->done, done);
		n = RTE_MIN(done - tail, max);
		*more = n == 0 || failed;
		return n;
	}
	csb += tail & mask;
	/* Whoever polls looks at no more lines that the function is about to write than one. */
	if (SDXI_CSB_SIGNAL(csb, 0) != 0) {
		*more = true;
		return 0;
	}
	first = RTE_MIN((uint32_t)max, mask + 1 - ((uint32_t)tail & mask));
	n = sdxi_csb_run(csb, first, &failed);
	*more = n == 0 || failed || (n == first && first != max);
	return n;
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
	uint32_t max = RTE_MIN(r->op_submitted - r->tail, nb);
	uint32_t slot = r->tail & r->csb_mask;
	uint32_t n, first = RTE_MIN(max, r->csb_mask + 1 - slot);

	*failed = false;
	if (mode == SDXI_MODE_BATCH) {
		while (r->done - r->tail < max && sdxi_ring_is_done(r, r->done)) {
			/*
			 * All that completed operations wrote, er included, is read behind their
			 * signal.
			 */
			sdxi_csb_acquire(&r->csb[r->done & r->mask], 1);
			if (unlikely(sdxi_ring_is_error(r, r->done))) {
				*failed = true;
				break;
			}
			SDXI_SHOW(r->done, sdxi_ring_batch_end(r, r->done));
		}
		return RTE_MIN(r->done - r->tail, (uint64_t)max);
	}
	n = sdxi_csb_run(&r->csb[slot], first, failed);
	if (n == first)
		n += sdxi_csb_run(r->csb, max - first, failed);
	return n;
}

/**
 * Report @p nb operations that sdxi_ring_done() has counted.
 *
 * @return
 *   What tail is then.
 */
static inline uint64_t
sdxi_ring_report(struct sdxi_ring *r, uint32_t nb)
{
	const uint64_t tail = r->tail + nb;

	SDXI_SHOW(r->tail, tail);
	return tail;
}

/** Report the failed operation at tail. */
static inline void
sdxi_ring_report_failed(struct sdxi_ring *r)
{
	r->verdict[r->tail & r->mask] = 0;
	SDXI_SHOW(r->tail, r->tail + 1);
	/* In a batch, failed operations are batches of their own. */
	if (r->done < r->tail)
		SDXI_SHOW(r->done, r->tail);
}

#endif /* _SDXI_RING_H_ */
