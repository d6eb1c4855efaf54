/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <string.h>

#include "sdxi_emu_priv.h"

/*
 * The common case of a context's turn in order: copies between memory that the owner can map, of
 * which nothing can go wrong. Descriptors are read where they are, each word of them once, and are
 * executed when a batch of them has been judged and everything that they touch is on its way into
 * this CPU's cache. Whatever is not as simple as that ends the batch and is left to
 * sdxi_emu_exec.c. Once something is mapped, no callback but map() is called, so it stays.
 */

/* Bits a copy has, and may have, in its first 4 bytes; with FE, it must be first in its batch. */
#define FAST_OP ((uint32_t)(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY) | SDXI_DSC_VL))
#define FAST_FLAGS ((uint32_t)(SDXI_DSC_FE | SDXI_DSC_CSR))
/* Descriptors of the next batch that are asked for ahead. */
#define FAST_AHEAD 8

/* What a batch has mapped. */
enum { MAP_RING, MAP_CSB, MAP_SRC, MAP_DST, MAPS };

/* A copy that has been judged. */
struct fast_op {
	uint8_t *dst;
	const uint8_t *src;
	uint64_t *signal; /* NULL: no block */
	uint64_t first;	  /* the descriptor's first 8 bytes */
};

/* Where [iova, iova + len) lies, or NULL. */
static inline void *
map_at(struct sdxi_emu *emu, struct sdxi_emu_map *map, uint64_t iova, uint64_t len)
{
	if ((iova - map->iova >= map->len || len > map->len - (iova - map->iova)) &&
	    (!emu->ops.map(emu->opaque, iova, map) || iova - map->iova >= map->len ||
	     len > map->len - (iova - map->iova))) {
		map->len = 0;
		return NULL;
	}
	return map->va + (iova - map->iova);
}

/* The same for what is accessed by words, if these are aligned there too. */
static inline void *
words_at(struct sdxi_emu *emu, struct sdxi_emu_map *map, uint64_t iova, uint64_t len)
{
	void *va = map_at(emu, map, iova, len);

	return (uintptr_t)va % sizeof(uint64_t) == 0 ? va : NULL;
}

static inline uint64_t
word(const struct sdxi_dsc *dsc, unsigned int i)
{
	return emu_le64(EMU_LOAD(&dsc->qw[i], relaxed));
}

/* Judge a descriptor that is valid and whose first 8 bytes are known; false: not here. */
static inline bool
fast_judge(struct sdxi_emu *emu, const struct emu_cxt *cxt, struct sdxi_emu_map *map,
	   const struct sdxi_dsc *dsc, uint64_t first, struct fast_op *op)
{
	const uint64_t keys = word(dsc, 1), src = word(dsc, 2), dst = word(dsc, 3);
	const uint64_t last = word(dsc, 7), csb = last & SDXI_DSC_CSB_PTR;
	const uint64_t len = (first >> 32) + 1;

	if (((uint32_t)keys | word(dsc, 4) | word(dsc, 5) | word(dsc, 6)) != 0 ||
	    !emu_akey_known(cxt, keys >> 32 & 0xffff) || !emu_akey_known(cxt, keys >> 48) ||
	    len > cxt->max_len || len > SDXI_EMU_CHUNK)
		return false;
	op->signal = NULL;
	if (!(last & SDXI_DSC_NP)) {
		op->signal = words_at(emu, &map[MAP_CSB], csb, sizeof(struct sdxi_cst_blk));
		if (op->signal == NULL || (last & EMU_CSB_RESERVED) != 0 ||
		    emu_overlap(src, len, csb, sizeof(struct sdxi_cst_blk)) ||
		    emu_overlap(dst, len, csb, sizeof(struct sdxi_cst_blk)))
			return false;
		EMU_PREFETCH_TO_WRITE(op->signal);
	}
	/* What lies in one mapping does not wrap. */
	op->src = map_at(emu, &map[MAP_SRC], src, len);
	op->dst = map_at(emu, &map[MAP_DST], dst, len);
	if (op->src == NULL || op->dst == NULL || emu_overlap(src, len, dst, len))
		return false;
	EMU_PREFETCH_TO_READ(op->src);
	EMU_PREFETCH_TO_WRITE(op->dst);
	op->first = first;
	return true;
}

/* Could the next operations of a context be copies and nothing else? */
static inline bool
is_simple(const struct sdxi_emu *emu, const struct emu_cxt *cxt)
{
	return emu->ops.map != NULL && !emu->conf.reorder && emu->gsv == SDXI_GSV_ACTIVE &&
	       cxt->mode == EMU_CXT_RUN && cxt->num != SDXI_CXT_ADMIN && cxt->n_ops == 0 &&
	       cxt->n_faults == 0 && !cxt->stalled && !cxt->failing && !cxt->self_stop;
}

unsigned int
emu_fast_part(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int n)
{
	const uint64_t index_at = cxt->sts + offsetof(struct sdxi_cxt_sts, read_index);
	struct sdxi_emu_map map[MAPS] = { { .len = 0 } };
	struct fast_op op[EMU_BATCH];
	uint64_t *read_index, bytes = 0;
	unsigned int i, done, end;
	struct sdxi_dsc *dsc;

	if (!is_simple(emu, cxt) || (emu_doorbell_take(cxt) && !emu_cxt_sample(emu, cxt)))
		return 0;
	end = EMU_MIN((uint64_t)cxt->ring_sz - cxt->slot, cxt->write_index - cxt->read_index);
	n = EMU_MIN(EMU_MIN(n, end), (unsigned int)EMU_BATCH);
	if (n == 0)
		return 0;
	dsc = words_at(emu, &map[MAP_RING], cxt->ring + (uint64_t)cxt->slot * SDXI_DESC_LEN,
		       (uint64_t)n * SDXI_DESC_LEN);
	read_index = words_at(emu, &map[MAP_CSB], index_at, sizeof(*read_index));
	if (dsc == NULL || read_index == NULL)
		return 0;

	for (i = 0; i < n; i++)
		EMU_PREFETCH_TO_WRITE(&dsc[i]);
	for (i = 0; i < n && bytes < EMU_SIGNAL_BYTES; i++) {
		/* With several producers, vl is what says that the rest of the slot is there. */
		const uint64_t first = emu_le64(EMU_LOAD(&dsc[i].qw[0], acquire));
		const uint32_t flags = (uint32_t)first ^ FAST_OP;

		if ((flags & ~FAST_FLAGS) != 0 || (i != 0 && (flags & SDXI_DSC_FE)) ||
		    !fast_judge(emu, cxt, map, &dsc[i], first, &op[i]))
			break;
		bytes += (first >> 32) + 1;
	}
	done = i;
	if (done == 0)
		return 0;
	/* The next batch comes while this one's data is copied. */
	for (end = EMU_MIN(end, done + FAST_AHEAD); i < end; i++)
		EMU_PREFETCH_TO_WRITE(&dsc[i]);
	/* With a fence: what was written before it is seen before. */
	if (op[0].first & SDXI_DSC_FE)
		atomic_thread_fence(memory_order_seq_cst);
	for (i = 0; i < done; i++) {
		const size_t len = (size_t)(op[i].first >> 32) + 1;

		/* The first one without a call: lines of packets, descriptors and the like. */
		if (len == 64)
			memcpy(op[i].dst, op[i].src, 64);
		else
			memcpy(op[i].dst, op[i].src, len);
	}
	/* Consumed: vl is cleared, then Read_Index advanced. */
	for (i = 0; i < done; i++)
		atomic_store_explicit((_Atomic uint32_t *)&dsc[i].any.opcode,
				      emu_le32((uint32_t)op[i].first & ~(uint32_t)SDXI_DSC_VL),
				      memory_order_relaxed);
	cxt->read_index += done;
	cxt->consumed += done;
	cxt->slot = cxt->slot + done == cxt->ring_sz ? 0 : cxt->slot + done;
	cxt->index_out = emu_read_index(emu, cxt);
	EMU_STORE(read_index, emu_le64(cxt->index_out), release);
	/* All data, and what has been consumed, is visible before. */
	for (i = 0; i < done; i++)
		if (op[i].signal != NULL)
			EMU_STORE(op[i].signal, emu_le64(emu_le64(EMU_LOAD(op[i].signal, relaxed)) -
							 1), release);
	return done + bytes / EMU_COST_BYTES;
}
