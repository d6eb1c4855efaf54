/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <string.h>

#include <rte_branch_prediction.h>

#include "sdxi_compat.h"
#include "sdxi_datapath.h"
#include "sdxi_desc.h"
#include "sdxi_recover.h"

/* Fills of up to so many bytes are immediate data. */
#define FILL_IMM_MAX (2 * SDXI_WRT_IMM_MAX)

/* Where a channel is: what sdxi_datapath_choose() has made dev_private tells. */

static inline struct sdxi_vchan *
vchan_only(const void *dev_private, uint16_t vchan)
{
	RTE_SET_USED(vchan);
	return (struct sdxi_vchan *)(uintptr_t)dev_private;
}

static inline struct sdxi_vchan *
vchan_of_many(const void *dev_private, uint16_t vchan)
{
	return (struct sdxi_vchan *)(uintptr_t)dev_private + vchan;
}

static inline struct sdxi_vchan *
vchan_of_dev(const void *dev_private, uint16_t vchan)
{
	const struct sdxi_dev *dev = dev_private;

	return &dev->vchans[vchan];
}

static inline uint64_t
desc_flags(uint64_t flags)
{
	return (flags & RTE_DMA_OP_FLAG_FENCE) != 0 ? SDXI_DSC_FE : 0;
}

/* Enqueue. */

/*
 * There may be no room for an operation of so many descriptors: look again, and see whether the
 * channel still goes on where only that can make room.
 */
static __rte_noinline int
vchan_make_room(struct sdxi_vchan *vc, enum sdxi_mode mode, uint32_t nb)
{
	struct sdxi_ring *r = &vc->ring;
	int ret;

	ret = sdxi_ring_refill(r, mode);
	if (ret == -EIO && !r->halted) {
		/* Read_Index is one that cannot be. */
		sdxi_recover(vc->dev, vc);
		ret = sdxi_ring_refill(r, mode);
	}
	if (ret == 0 && sdxi_ring_slots(r) < nb)
		ret = -ENOSPC;
	/*
	 * Polls look after a channel that has something to be polled for, and only after that. One
	 * of which the function has nothing waits for its user alone.
	 */
	if (ret == -ENOSPC && (mode == SDXI_MODE_SILENT || r->tail == r->op_submitted) &&
	    r->read_index != r->submitted && sdxi_recover_idle(vc->dev, vc)) {
		ret = sdxi_ring_refill(r, mode);
		if (ret == 0 && sdxi_ring_slots(r) < nb)
			ret = -ENOSPC;
	}
	return ret;
}

/* Is there room for an operation of several descriptors? */
static inline int
vchan_room(struct sdxi_vchan *vc, enum sdxi_mode mode, uint32_t nb)
{
	struct sdxi_ring *r = &vc->ring;

	if (likely(r->next < r->stop && sdxi_ring_slots(r) >= nb))
		return 0;
	return vchan_make_room(vc, mode, nb);
}

static inline int
vchan_enqueued(struct sdxi_vchan *vc, enum sdxi_mode mode, uint64_t op, uint64_t flags);

/* A copy with flags, or one that is refused, or one for which room has to be looked for. */
static inline int
copy_any(struct sdxi_vchan *vc, rte_iova_t src, rte_iova_t dst, uint32_t size, uint64_t flags,
	 enum sdxi_mode mode)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t op = r->op_head;
	int ret;

	/* A length of 0 has wrapped to more than any maximum. */
	if (unlikely(size >= r->max_len))
		return -EINVAL;
	if (unlikely(r->next >= r->stop)) {
		ret = vchan_make_room(vc, mode, 1);
		if (ret < 0)
			return ret;
	}
	sdxi_ring_put_copy(r, mode, src, dst, size, desc_flags(flags));
	return vchan_enqueued(vc, mode, op, flags);
}

/*
 * What calls other functions has registers to save, so that is left to @p any. It takes arguments
 * in the registers where they are: @p dev_private only fills the place of the first one, and
 * __rte_used keeps compilers from leaving it out.
 */
static inline int
copy(void *dev_private, struct sdxi_vchan *vc, rte_iova_t src, rte_iova_t dst, uint32_t length,
     uint64_t flags, enum sdxi_mode mode,
     int (*any)(void *dev_private, struct sdxi_vchan *vc, rte_iova_t src, rte_iova_t dst,
		uint32_t size, uint64_t flags))
{
	struct sdxi_ring *r = &vc->ring;
	uint32_t size = length - 1;
	uint16_t op;

	if (unlikely(flags != 0 || size >= r->max_len || r->next >= r->stop))
		return any(dev_private, vc, src, dst, size, flags);
	op = r->op_index.val;
	sdxi_ring_put_copy(r, mode, src, dst, size, 0);
	return op;
}

/*
 * Scatter-gather. Every part of a fenced operation has its fence: what comes behind a fence is not
 * held back by it.
 */

/* A place in a list: the rest of an entry and what is behind it. */
struct sg_pos {
	const struct rte_dma_sge *sge;
	uint16_t nb;   /* entries left, this one included */
	uint32_t done; /* bytes of this entry */
};

/* Pass over what is used up; false at the end of the list. */
static inline bool
sg_settle(struct sg_pos *pos)
{
	while (pos->nb > 0 && pos->done == pos->sge->length) {
		pos->sge++;
		pos->nb--;
		pos->done = 0;
	}
	return pos->nb > 0;
}

/* The next part that is in one piece on both sides: its bytes, or 0 at the end of either list. */
static inline uint32_t
sg_part(struct sg_pos *src, struct sg_pos *dst)
{
	bool more = sg_settle(src);

	if (!sg_settle(dst) || !more)
		return 0;
	return RTE_MIN(src->sge->length - src->done, dst->sge->length - dst->done);
}

/* How many parts there are; 0: the lists are empty, not of the same length, or not to be done. */
static uint32_t
sg_count(struct sg_pos src, struct sg_pos dst, uint32_t max_len)
{
	uint32_t nb = 0, len;

	while ((len = sg_part(&src, &dst)) != 0) {
		if (len > max_len)
			return 0;
		src.done += len;
		dst.done += len;
		nb++;
	}
	return src.nb == 0 && dst.nb == 0 ? nb : 0;
}

static inline int
copy_sg(struct sdxi_vchan *vc, const struct rte_dma_sge *src, const struct rte_dma_sge *dst,
	uint16_t nb_src, uint16_t nb_dst, uint64_t flags, enum sdxi_mode mode)
{
	struct sg_pos from = { .sge = src, .nb = nb_src };
	struct sg_pos to = { .sge = dst, .nb = nb_dst };
	struct sdxi_ring *r = &vc->ring;
	uint64_t fe = desc_flags(flags);
	uint64_t op = r->op_head;
	uint32_t nb, len;
	uint64_t last;
	int ret;

	if (unlikely(nb_src > SDXI_MAX_SGES || nb_dst > SDXI_MAX_SGES))
		return -EINVAL;
	nb = sg_count(from, to, r->max_len);
	if (unlikely(nb == 0))
		return -EINVAL;
	ret = vchan_room(vc, mode, nb);
	if (unlikely(ret < 0))
		return ret;
	last = sdxi_ring_begin(r, mode, nb);
	while ((len = sg_part(&from, &to)) != 0) {
		struct sdxi_dsc *dsc = sdxi_ring_slot(r);

		sdxi_ring_put(r, dsc, sdxi_desc_copy(dsc, from.sge->addr + from.done,
						     to.sge->addr + to.done, len, fe), last);
		from.done += len;
		to.done += len;
	}
	sdxi_ring_end(r, mode, nb, false);
	return vchan_enqueued(vc, mode, op, flags);
}

/* Fill. */

/*
 * How a fill is cut: immediate data; or one page that repeats the pattern, copied to each page of
 * the destination, with a copy of a part of it before and behind; or, where no page is to be had,
 * immediate data that is then copied to the rest in pieces twice as long each time.
 */
struct fill {
	uint64_t word; /* the pattern, its lowest byte first */
	uint64_t dst;
	uint32_t len;
	uint32_t head; /* bytes before the first whole page, where there is one */
	uint32_t body; /* bytes in whole pages */
	uint32_t nb;   /* descriptors */
};

/* The word that @p bytes bytes further on in the repeated pattern begins. */
static inline uint64_t
word_at(uint64_t word, unsigned int bytes)
{
	unsigned int bits = bytes % sizeof(word) * 8;

	return bits == 0 ? word : word >> bits | word << (64 - bits);
}

/* Find a page that holds the word, or make one; -1: all are in use with other words. */
static int
fill_page(struct sdxi_vchan *vc, enum sdxi_mode mode, uint64_t word)
{
	int i, page = -1;

	for (i = 0; i < SDXI_PAGES; i++) {
		if (vc->page[i].used && vc->page[i].word == word)
			return i;
		/* In silent mode nobody knows when an operation has read its source. */
		if (page < 0 && (!vc->page[i].used || (mode != SDXI_MODE_SILENT &&
						       vc->page[i].last <= vc->ring.tail)))
			page = i;
	}
	if (page >= 0) {
		sdxi_le64 *to = (sdxi_le64 *)(vc->cxt.page + page * SDXI_REPCOPY_PAGE);

		for (i = 0; i < (int)(SDXI_REPCOPY_PAGE / sizeof(*to)); i++)
			to[i] = rte_cpu_to_le_64(word);
		vc->page[page].used = true;
		vc->page[page].word = word;
	}
	return page;
}

static inline uint32_t
parts(uint32_t len, uint32_t max)
{
	return len / max + (len % max != 0);
}

/* One part: the next @p len bytes at @p *dst. */
static inline void
fill_put(struct sdxi_ring *r, uint64_t *dst, uint64_t src, uint32_t len, bool rep, uint64_t fe,
	 uint64_t last)
{
	struct sdxi_dsc *dsc = sdxi_ring_slot(r);
	uint64_t first = rep ? sdxi_desc_repcopy(dsc, src, *dst, len, fe) :
			       sdxi_desc_copy(dsc, src, *dst, len, fe);

	sdxi_ring_put(r, dsc, first, last);
	*dst += len;
}

/* Put immediate data of up to FILL_IMM_MAX bytes: gives the descriptors that it takes. */
static inline uint32_t
fill_imm(struct sdxi_ring *r, const struct fill *f, uint32_t len, uint64_t fe, uint64_t last)
{
	uint32_t at, nb = 0;

	for (at = 0; at < len; at += SDXI_WRT_IMM_MAX, nb++) {
		struct sdxi_dsc *dsc = sdxi_ring_slot(r);

		sdxi_ring_put(r, dsc,
			      sdxi_desc_wrt_imm(dsc, f->word, f->dst + at,
						RTE_MIN(len - at, (uint32_t)SDXI_WRT_IMM_MAX), fe),
			      last);
	}
	return nb;
}

/* From a page. */
static void
fill_from_page(struct sdxi_ring *r, const struct fill *f, uint64_t page, uint64_t fe, uint64_t last)
{
	uint32_t max = r->max_len & ~(SDXI_REPCOPY_PAGE - 1);
	uint32_t body = f->body, rest = f->len - f->head - f->body;
	uint64_t dst = f->dst;

	/* The page is right for what is behind the head. */
	if (f->head != 0)
		fill_put(r, &dst, page + (8 - f->head % 8) % 8, f->head, false, fe, last);
	while (body > 0) {
		uint32_t len = RTE_MIN(body, max);

		fill_put(r, &dst, page, len, true, fe, last);
		body -= len;
	}
	if (rest > 0)
		fill_put(r, &dst, page, rest, false, fe, last);
}

/* How many pieces follow the first FILL_IMM_MAX bytes: none is longer than what precedes. */
static uint32_t
fill_doublings(uint32_t len, uint32_t max)
{
	uint64_t done = FILL_IMM_MAX;
	uint32_t nb = 0;

	for (; done < len; nb++)
		done += RTE_MIN(done, (uint64_t)max);
	return nb;
}

/* From the destination itself: each piece waits for what it is copied from. */
static void
fill_from_self(struct sdxi_ring *r, const struct fill *f, uint64_t fe, uint64_t last)
{
	uint64_t dst = f->dst + FILL_IMM_MAX;
	uint32_t max = r->max_len & ~7u;
	uint32_t done = FILL_IMM_MAX, len;

	fill_imm(r, f, FILL_IMM_MAX, fe, last);
	for (; done < f->len; done += len) {
		len = RTE_MIN(done, max);
		len = RTE_MIN(len, f->len - done);
		fill_put(r, &dst, f->dst, len, false, SDXI_DSC_FE, last);
	}
}

static inline int
fill(struct sdxi_vchan *vc, uint64_t pattern, rte_iova_t dst, uint32_t length, uint64_t flags,
     enum sdxi_mode mode)
{
	/* The pattern is the bytes that it has in memory. */
	struct fill f = { .word = rte_le_to_cpu_64(pattern), .dst = dst, .len = length };
	struct sdxi_ring *r = &vc->ring;
	uint64_t fe = desc_flags(flags);
	uint64_t op = r->op_head;
	int page = -1, ret;
	uint64_t last;

	if (unlikely(length == 0))
		return -EINVAL;
	if (length <= FILL_IMM_MAX) {
		f.nb = parts(length, SDXI_WRT_IMM_MAX);
	} else {
		if (length > SDXI_REPCOPY_PAGE) {
			f.head = -dst & (SDXI_REPCOPY_PAGE - 1);
			f.body = (length - f.head) & ~(SDXI_REPCOPY_PAGE - 1);
		}
		page = fill_page(vc, mode, word_at(f.word, f.head));
		if (page >= 0)
			f.nb = (f.head != 0) + (f.head + f.body != length) +
			       parts(f.body, r->max_len & ~(SDXI_REPCOPY_PAGE - 1));
		else
			f.nb = FILL_IMM_MAX / SDXI_WRT_IMM_MAX +
			       fill_doublings(length, r->max_len & ~7u);
	}
	if (unlikely(f.nb > r->mask + 1))
		return -EINVAL;
	ret = vchan_room(vc, mode, f.nb);
	if (unlikely(ret < 0))
		return ret;

	last = sdxi_ring_begin(r, mode, f.nb);
	if (length <= FILL_IMM_MAX) {
		fill_imm(r, &f, length, fe, last);
	} else if (page >= 0) {
		fill_from_page(r, &f, vc->cxt.page_iova + page * SDXI_REPCOPY_PAGE, fe, last);
		vc->page[page].last = op + 1;
	} else {
		fill_from_self(r, &f, fe, last);
	}
	sdxi_ring_end(r, mode, f.nb, length <= FILL_IMM_MAX || page < 0);
	return vchan_enqueued(vc, mode, op, flags);
}

/* Submit. */

/* Has the function forgotten its contexts since this one was started? */
static inline bool
vchan_is_forgotten(const struct sdxi_vchan *vc)
{
	return vc->epoch !=
	       rte_atomic_load_explicit(&vc->dev->epoch, rte_memory_order_relaxed);
}

static inline void
vchan_submit(struct sdxi_vchan *vc, enum sdxi_mode mode)
{
	sdxi_ring_submit(&vc->ring, mode);
	/* Nobody polls a silent channel, so who submits looks after it. */
	if (mode == SDXI_MODE_SILENT &&
	    unlikely(vchan_is_forgotten(vc) || sdxi_cxt_state(&vc->cxt) != SDXI_CXT_RUN))
		sdxi_recover_idle(vc->dev, vc);
}

static inline int
vchan_enqueued(struct sdxi_vchan *vc, enum sdxi_mode mode, uint64_t op, uint64_t flags)
{
	if ((flags & RTE_DMA_OP_FLAG_SUBMIT) != 0)
		vchan_submit(vc, mode);
	return (uint16_t)op;
}

/* Completed. */

/*
 * Nothing has completed, which may be because nothing moves any more, or something has failed, or
 * the channel is silent.
 */
static inline uint16_t
completed_any(struct sdxi_vchan *vc, uint16_t nb_cpls, uint16_t *last_idx, bool *has_error,
	      enum sdxi_mode mode)
{
	struct sdxi_ring *r = &vc->ring;
	bool failed = false;
	uint32_t n = 0;

	if (mode == SDXI_MODE_SILENT) {
		if (sdxi_ring_refill(r, mode) == -EIO && !r->halted)
			sdxi_recover(vc->dev, vc);
		/* What counts as completed may have stopped the context. */
		else if (r->tail != r->op_submitted ||
			 sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)) ||
			 vchan_is_forgotten(vc))
			sdxi_recover_idle(vc->dev, vc);
	} else {
		n = sdxi_ring_done(r, mode, nb_cpls, &failed);
		if (n == 0 && !failed && r->tail != r->op_submitted && nb_cpls != 0 &&
		    sdxi_recover_idle(vc->dev, vc))
			n = sdxi_ring_done(r, mode, nb_cpls, &failed);
		if (failed) {
			bool known = sdxi_recover_failed(vc->dev, vc, r->tail + n);

			/*
			 * A batch that has failed is known in its parts now, or waits until it is.
			 */
			if (mode == SDXI_MODE_BATCH)
				n = sdxi_ring_done(r, mode, nb_cpls, &failed);
			*has_error = failed && known;
		}
		sdxi_ring_report(r, n);
	}
	*last_idx = (uint16_t)(r->tail - 1);
	return n;
}

/* As for copies: @p any is for what calls other functions. */
static inline uint16_t
completed(struct sdxi_vchan *vc, uint16_t nb_cpls, uint16_t *last_idx, bool *has_error,
	  enum sdxi_mode mode,
	  uint16_t (*any)(struct sdxi_vchan *vc, uint16_t nb_cpls, uint16_t *last_idx,
			  bool *has_error))
{
	struct sdxi_ring *r = &vc->ring;
	bool more;
	uint32_t n;

	if (mode == SDXI_MODE_SILENT)
		return any(vc, nb_cpls, last_idx, has_error);
	n = sdxi_ring_done_fast(r, mode, nb_cpls, &more);
	if (unlikely(more))
		return any(vc, nb_cpls, last_idx, has_error);
	*last_idx = (uint16_t)(sdxi_ring_report(r, n) - 1);
	return n;
}

static inline uint16_t
completed_status(struct sdxi_vchan *vc, uint16_t nb_cpls, uint16_t *last_idx,
		 enum rte_dma_status_code *status, enum sdxi_mode mode)
{
	struct sdxi_ring *r = &vc->ring;
	bool failed = false, resumed = false;
	uint32_t n = 0, i, more;

	if (mode == SDXI_MODE_SILENT)
		return completed_any(vc, nb_cpls, last_idx, &failed, mode);

	while (n < nb_cpls && !resumed) {
		more = sdxi_ring_done(r, mode, nb_cpls - n, &failed);
		for (i = 0; i < more; i++)
			status[n++] = RTE_DMA_STATUS_SUCCESSFUL;
		sdxi_ring_report(r, more);
		if (unlikely(failed)) {
			if (!sdxi_recover_failed(vc->dev, vc, r->tail))
				break;
			if (mode == SDXI_MODE_BATCH) {
				/* As above; the first one need not be the one that has failed. */
				if (sdxi_ring_done(r, mode, 1, &failed) != 0 || !failed)
					continue;
			}
			status[n++] = sdxi_recover_take(vc->dev, vc, &resumed);
			continue;
		}
		if (n != 0 || r->tail == r->op_submitted || !sdxi_recover_idle(vc->dev, vc))
			break;
		/* Something has changed, but perhaps there is still nothing to be had. */
		more = sdxi_ring_done(r, mode, 1, &failed);
		if (more == 0 && !failed)
			break;
	}
	*last_idx = (uint16_t)(r->tail - 1);
	return n;
}

static inline uint16_t
burst_capacity(struct sdxi_vchan *vc, enum sdxi_mode mode)
{
	struct sdxi_ring *r = &vc->ring;
	int ret = sdxi_ring_refill(r, mode);

	/* As for enqueue: who waits for room need not poll. */
	if (unlikely(ret < 0) && vchan_make_room(vc, mode, 1) < 0)
		return 0;
	return RTE_MIN(sdxi_ring_room(r), (uint64_t)UINT16_MAX);
}

/* Operations as a struct rte_dma_op. */

static uint16_t
enqueue(struct sdxi_vchan *vc, struct rte_dma_op **ops, uint16_t nb_ops, enum sdxi_mode mode)
{
	uint16_t i;
	int ret;

	if (unlikely(vc->ops == NULL))
		return 0;
	for (i = 0; i < nb_ops; i++) {
		struct rte_dma_op *op = ops[i];
		const struct rte_dma_sge *src = op->src_dst_seg, *dst = src + op->nb_src;
		uint64_t flags = op->flags & ~RTE_DMA_OP_FLAG_SUBMIT;

		if (op->nb_src == 1 && op->nb_dst == 1 && src->length == dst->length)
			ret = copy_any(vc, src->addr, dst->addr, src->length - 1, flags, mode);
		else
			ret = copy_sg(vc, src, dst, op->nb_src, op->nb_dst, flags, mode);
		if (unlikely(ret < 0))
			break;
		vc->ops[(vc->ring.op_head - 1) & vc->ring.mask] = op;
	}
	vchan_submit(vc, mode);
	return i;
}

static uint16_t
dequeue(struct sdxi_vchan *vc, struct rte_dma_op **ops, uint16_t nb_ops, enum sdxi_mode mode)
{
	enum rte_dma_status_code status[64];
	uint16_t n = 0, part, i, last;
	uint64_t op;

	if (unlikely(vc->ops == NULL))
		return 0;
	while (n < nb_ops) {
		op = vc->ring.tail;
		part = completed_status(vc, RTE_MIN(nb_ops - n, (int)RTE_DIM(status)), &last,
					status, mode);
		for (i = 0; i < part; i++, n++) {
			ops[n] = vc->ops[(op + i) & vc->ring.mask];
			ops[n]->status = status[i];
		}
		if (part < RTE_DIM(status))
			break;
	}
	return n;
}

/*
 * The functions of each mode, for a device with one channel and with many, and those that look
 * which mode it is.
 */

#define MODE_FUNCTIONS(name, get, mode)                                                            \
static __rte_noinline __rte_used int                                                               \
copy_any_##name(void *priv, struct sdxi_vchan *vc, rte_iova_t src, rte_iova_t dst, uint32_t size,  \
		uint64_t flags)                                                                    \
{                                                                                                  \
	RTE_SET_USED(priv);                                                                        \
	return copy_any(vc, src, dst, size, flags, mode);                                          \
}                                                                                                  \
static int                                                                                         \
sdxi_copy_##name(void *priv, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t length,      \
		 uint64_t flags)                                                                   \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return copy(priv, vc, src, dst, length, flags, mode, copy_any_##name);                     \
}                                                                                                  \
static int                                                                                         \
sdxi_copy_sg_##name(void *priv, uint16_t vchan, const struct rte_dma_sge *src,                     \
		    const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst,               \
		    uint64_t flags)                                                                \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return copy_sg(vc, src, dst, nb_src, nb_dst, flags, mode);                                 \
}                                                                                                  \
static int                                                                                         \
sdxi_fill_##name(void *priv, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t length,    \
		 uint64_t flags)                                                                   \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return fill(vc, pattern, dst, length, flags, mode);                                        \
}                                                                                                  \
static int                                                                                         \
sdxi_submit_##name(void *priv, uint16_t vchan)                                                     \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	vchan_submit(vc, mode);                                                                    \
	return 0;                                                                                  \
}                                                                                                  \
static __rte_noinline uint16_t                                                                     \
completed_any_##name(struct sdxi_vchan *vc, uint16_t nb_cpls, uint16_t *last_idx, bool *has_error) \
{                                                                                                  \
	return completed_any(vc, nb_cpls, last_idx, has_error, mode);                              \
}                                                                                                  \
static uint16_t                                                                                    \
sdxi_completed_##name(void *priv, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,      \
		      bool *has_error)                                                             \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return completed(vc, nb_cpls, last_idx, has_error, mode, completed_any_##name);            \
}                                                                                                  \
static uint16_t                                                                                    \
sdxi_completed_status_##name(void *priv, uint16_t vchan, const uint16_t nb_cpls,                   \
			     uint16_t *last_idx, enum rte_dma_status_code *status)                 \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return completed_status(vc, nb_cpls, last_idx, status, mode);                              \
}                                                                                                  \
static uint16_t                                                                                    \
sdxi_burst_capacity_##name(const void *priv, uint16_t vchan)                                       \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return burst_capacity(vc, mode);                                                           \
}                                                                                                  \
static uint16_t                                                                                    \
sdxi_enqueue_##name(void *priv, uint16_t vchan, struct rte_dma_op **ops, uint16_t nb_ops)          \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return enqueue(vc, ops, nb_ops, mode);                                                     \
}                                                                                                  \
static uint16_t                                                                                    \
sdxi_dequeue_##name(void *priv, uint16_t vchan, struct rte_dma_op **ops, uint16_t nb_ops)          \
{                                                                                                  \
	struct sdxi_vchan *vc = get(priv, vchan);                                                  \
                                                                                                   \
	return dequeue(vc, ops, nb_ops, mode);                                                     \
}                                                                                                  \
static void                                                                                        \
choose_##name(struct rte_dma_fp_object *fp)                                                        \
{                                                                                                  \
	fp->copy = sdxi_copy_##name;                                                               \
	fp->copy_sg = sdxi_copy_sg_##name;                                                         \
	fp->fill = sdxi_fill_##name;                                                               \
	fp->submit = sdxi_submit_##name;                                                           \
	fp->completed = sdxi_completed_##name;                                                     \
	fp->completed_status = sdxi_completed_status_##name;                                       \
	fp->burst_capacity = sdxi_burst_capacity_##name;                                           \
	sdxi_fp_set_ops(fp, sdxi_enqueue_##name, sdxi_dequeue_##name);                           \
}

MODE_FUNCTIONS(op, vchan_of_many, SDXI_MODE_OP)
MODE_FUNCTIONS(batch, vchan_of_many, SDXI_MODE_BATCH)
MODE_FUNCTIONS(silent, vchan_of_many, SDXI_MODE_SILENT)
MODE_FUNCTIONS(only_op, vchan_only, SDXI_MODE_OP)
MODE_FUNCTIONS(only_batch, vchan_only, SDXI_MODE_BATCH)
MODE_FUNCTIONS(only_silent, vchan_only, SDXI_MODE_SILENT)
MODE_FUNCTIONS(any, vchan_of_dev, vc->dev->mode)

void
sdxi_datapath_choose(struct rte_dma_fp_object *fp, struct sdxi_dev *dev, bool any)
{
	static void (* const choose[][2])(struct rte_dma_fp_object *fp) = {
		[SDXI_MODE_OP] = { choose_op, choose_only_op },
		[SDXI_MODE_BATCH] = { choose_batch, choose_only_batch },
		[SDXI_MODE_SILENT] = { choose_silent, choose_only_silent },
	};

	if (any) {
		fp->dev_private = dev;
		choose_any(fp);
	} else {
		fp->dev_private = dev->vchans;
		choose[dev->mode][dev->nb_vchans == 1](fp);
	}
}

/* For others than the channel's own thread, which may be at work meanwhile. */

bool
sdxi_datapath_is_idle(const struct sdxi_dev *dev, const struct sdxi_vchan *vc, bool *failed)
{
	const struct sdxi_ring *r = &vc->ring;
	bool batch = dev->mode == SDXI_MODE_BATCH;
	uint64_t op, end = SDXI_LOAD(&r->op_submitted, acquire), tail = SDXI_LOOK(r->tail);
	bool idle = true;

	*failed = false;
	if (dev->mode == SDXI_MODE_SILENT)
		return sdxi_sts_read_index(r->sts) == SDXI_LOOK(r->submitted);
	/* Operations of one context complete in any order, so the last says nothing of the rest. */
	for (op = batch ? RTE_MAX(SDXI_LOOK(r->done), tail) : tail; op < end;
	     op = batch ? RTE_MAX(sdxi_ring_batch_end(r, op), op + 1) : op + 1) {
		if (!sdxi_ring_is_done(r, op)) {
			idle = false;
			break;
		}
		sdxi_csb_acquire(&r->csb[op & r->mask], 1);
		*failed |= sdxi_ring_is_error(r, op);
	}
	/* The caller may look at the data without asking for completions first. */
	rte_io_rmb();
	return idle;
}

uint64_t
sdxi_datapath_completed(const struct sdxi_dev *dev, const struct sdxi_vchan *vc)
{
	const struct sdxi_ring *r = &vc->ring;
	uint32_t remade = SDXI_LOAD(&vc->remade, acquire);
	uint64_t op = SDXI_LOAD(&r->tail, acquire), end = SDXI_LOAD(&r->op_submitted, acquire);
	uint64_t read_index;

	/* Recovery makes indices anew; tail is at what had been consumed then. */
	if (dev->mode != SDXI_MODE_SILENT || SDXI_LOOK(r->halted) || remade % 2 != 0)
		return op;
	read_index = sdxi_sts_read_index(r->sts);
	while (op < end && sdxi_ring_look_start(r, op + 1) <= read_index)
		op++;
	/* All loads before acquire, so this one is behind them. */
	return SDXI_LOOK(vc->remade) == remade ? op : SDXI_LOOK(r->tail);
}

uint64_t
sdxi_datapath_errors(const struct sdxi_dev *dev, const struct sdxi_vchan *vc)
{
	/* Offsets first: they are taken from counts, which only grow. */
	uint64_t errors_off = SDXI_LOAD(&vc->errors_off, acquire);
	uint64_t faults_off = SDXI_LOAD(&vc->faults_off, acquire);
	uint64_t errors = SDXI_LOOK(vc->errors) - errors_off;

	/* What no call reports is counted as the log tells it. */
	if (dev->mode == SDXI_MODE_SILENT)
		errors += SDXI_LOOK(vc->cxt.faults.total) - faults_off;
	return errors;
}
