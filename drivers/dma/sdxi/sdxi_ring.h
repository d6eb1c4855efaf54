/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_RING_H_
#define _SDXI_RING_H_

/**
 * @file
 * A descriptor ring and its completion status blocks, seen by its one producer.
 *
 * Slot i has block line[i], whose address its csb_ptr holds from when the ring is made. A block is
 * armed (signal 1, flags 0) then and when its completion has been reported, so enqueue does not
 * touch it. Descriptors stay until their operation has been reported, so that it can run again.
 *
 * Operations and descriptors are counted apart, by 64-bit indices that only grow:
 *
 *	op_tail <= op_submitted <= op_head
 *
 * [op_tail, op_submitted) is with the function or completed and not yet reported;
 * [op_submitted, op_head) is enqueued. Most operations have one descriptor. Of the others ("wide"),
 * notes say which slots belong together; head_extra and tail_extra are by how much descriptor
 * indices are ahead of operation indices at either end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_atomic.h>
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_io.h>

#include "sdxi_compat.h"
#include "sdxi_hw.h"

/** AKey in every context's table: the function's own address space. */
#define SDXI_AKEY_SELF 0

/** A slot's block, in the memory of the context. */
struct sdxi_line {
	struct sdxi_cst_blk blk; /**< written by the function */
};

/** What belongs to a slot and is the driver's alone. */
struct sdxi_note {
	uint16_t more;	  /**< the next slot belongs to the same operation */
	uint16_t verdict; /**< outcome that recovery has found, enum rte_dma_status_code, or 0 */
};

/** The lower 16 of 64 bits. */
struct sdxi_low16 {
#if RTE_BYTE_ORDER == RTE_BIG_ENDIAN
	uint16_t rest[3];
#endif
	uint16_t val;
};

/** Owned by the data path or the control thread: see enum sdxi_word. */
struct sdxi_ring {
	/* Line 0: enqueue and submit. */
	struct sdxi_dsc *next; /**< slot of the next descriptor, or the end of the ring */
	struct sdxi_dsc *stop; /**< slots from next up to here are granted; <= next: none */
	union {
		uint64_t op_head;
		struct sdxi_low16 op_index; /**< of it what the user knows */
	};
	RTE_ATOMIC(uint64_t) op_submitted;
	uint64_t head_extra;
	uint64_t submitted;	/**< Write_Index */
	sdxi_le64 *write_index; /**< alone on its cache line, read by the function */
	void *doorbell;		/**< 64 bits, write only */

	/* Line 1: completed. */
	RTE_ATOMIC(uint64_t) op_tail;
	RTE_ATOMIC(uint64_t) tail_extra;
	uint64_t slow_end; /**< operations below may be wide or settled: see sdxi_completed() */
	struct sdxi_line *line;
	struct sdxi_dsc *desc;
	uint32_t mask;	  /**< slots - 1 */
	uint32_t size;	  /**< slots */
	uint32_t max_len; /**< bytes that one descriptor may move; 0: refuse every rte_dma_copy() */
	uint32_t nb_desc; /**< operations that may be outstanding; at most half the slots */

	/* Slow path. */
	const struct sdxi_cxt_sts *sts; /**< written by the function */
	struct sdxi_note *note;
	uint64_t read_index;  /**< Read_Index as last seen */
	uint64_t restore_end; /**< csb_ptr of slots below this descriptor index may have np */
	uint64_t csb_iova;    /**< of line[0] */
};

static_assert(offsetof(struct sdxi_ring, op_tail) == RTE_CACHE_LINE_MIN_SIZE,
	      "enqueue and submit touch one cache line of the ring");

/** Do two buffers of one length overlap? SDXI does not allow that. */
static inline bool
sdxi_overlap(uint64_t a, uint64_t b, uint64_t len)
{
	return a - b < len || b - a < len;
}

/**
 * Write a copy into the next slot, which must be granted. csb_ptr is there already; attr and the
 * AKeys are 0 (SDXI_AKEY_SELF) in every descriptor. Nothing is ordered here: the function reads no
 * slot at or above Write_Index, whatever its vl.
 *
 * volatile: the words are stored one by one, as a vector of two costs two instructions more.
 */
static inline void
sdxi_ring_put(struct sdxi_ring *r, uint64_t src, uint64_t dst, uint32_t len, uint32_t flags)
{
	volatile struct sdxi_dsc *dsc = r->next;

	dsc->copy.opcode = rte_cpu_to_le_32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY) |
					    SDXI_DSC_VL | flags);
	dsc->copy.size = rte_cpu_to_le_32(len - 1);
	dsc->copy.addr0 = rte_cpu_to_le_64(src);
	dsc->copy.addr1 = rte_cpu_to_le_64(dst);
	r->next++;
}

/**
 * Move Write_Index and ring the doorbell. The function may read Write_Index at any time, so
 * descriptors and the user's data are made visible first. The store is a release as well: on arm64
 * rte_io_wmb() does not order loads, and the user's loads from a buffer come before the function
 * may write it. The doorbell has a barrier of its own.
 */
static inline void
sdxi_write_index_set(sdxi_le64 *write_index, void *doorbell, uint64_t index)
{
	rte_io_wmb();
	SDXI_STORE(write_index, rte_cpu_to_le_64(index), release);
	rte_write64(rte_cpu_to_le_64(index), doorbell);
}

/** Hand all enqueued operations to the function: one Write_Index, one doorbell. */
static inline void
sdxi_ring_submit(struct sdxi_ring *r)
{
	const uint64_t op_head = r->op_head, head = op_head + r->head_extra;

	if (unlikely(op_head == SDXI_LOAD(&r->op_submitted, relaxed)))
		return;
	r->submitted = head;
	SDXI_STORE(&r->op_submitted, op_head, relaxed);
	sdxi_write_index_set(r->write_index, r->doorbell, head);
}

/** Has the block been completed? Acquires: flags and data are read after it. */
static inline bool
sdxi_line_is_done(const struct sdxi_line *line)
{
	return SDXI_LOAD(&line->blk.signal, acquire) == 0;
}

/** Does a completed block say that the operation failed? */
static inline bool
sdxi_line_is_error(const struct sdxi_line *line)
{
	return (SDXI_LOAD(&line->blk.flags, relaxed) & rte_cpu_to_le_32(SDXI_CST_BLK_ER)) != 0;
}

/** Make the block ready for the slot's next descriptor. */
static inline void
sdxi_line_arm(struct sdxi_line *line)
{
	SDXI_STORE(&line->blk.signal, rte_cpu_to_le_64(1), relaxed);
}

/** The slot has no operation any more. */
static inline void
sdxi_slot_clear(struct sdxi_ring *r, uint32_t slot)
{
	sdxi_line_arm(&r->line[slot]);
	SDXI_STORE(&r->line[slot].blk.flags, 0, relaxed);
	SDXI_STORE(&r->note[slot].more, 0, relaxed);
	SDXI_STORE(&r->note[slot].verdict, 0, relaxed);
}

/** Is the block completed without an error? */
static inline bool
sdxi_line_is_good(const struct sdxi_line *line)
{
	return sdxi_line_is_done(line) && line->blk.flags == 0;
}

/** Count good blocks in a row, and arm them; four in one go, as a branch for each costs more. */
static inline uint32_t
sdxi_lines_take(struct sdxi_line *first, uint32_t nb)
{
	struct sdxi_line *line = first;
	uint32_t fours;

	for (fours = nb / 4; fours != 0; fours--, line += 4) {
		if ((SDXI_LOAD(&line[0].blk.signal, acquire) |
		     SDXI_LOAD(&line[1].blk.signal, acquire) |
		     SDXI_LOAD(&line[2].blk.signal, acquire) |
		     SDXI_LOAD(&line[3].blk.signal, acquire)) != 0)
			break;
		if (unlikely((line[0].blk.flags | line[1].blk.flags |
			      line[2].blk.flags | line[3].blk.flags) != 0))
			break;
		sdxi_line_arm(&line[0]);
		sdxi_line_arm(&line[1]);
		sdxi_line_arm(&line[2]);
		sdxi_line_arm(&line[3]);
	}
	for (; line != first + nb && sdxi_line_is_good(line); line++)
		sdxi_line_arm(line);
	return line - first;
}

#endif /* _SDXI_RING_H_ */
