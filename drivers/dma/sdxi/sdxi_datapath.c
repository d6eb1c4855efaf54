/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The data path. It waits for nothing, and accesses no register but doorbells. A vchan that needs
 * more than that is handed over to the control thread: see enum sdxi_word.
 */

#include <errno.h>
#include <string.h>

#include "sdxi_internal.h"

static inline struct sdxi_vchan *
vchan_of(const void *dev_private, uint16_t vchan)
{
	const struct sdxi_dev *dev = dev_private;

	return &dev->vchans[vchan];
}

/* Index of the next descriptor. */
static inline uint64_t
ring_head(const struct sdxi_ring *r)
{
	return r->op_head + r->head_extra;
}

/* Index of the oldest outstanding operation's first descriptor. */
static inline uint64_t
ring_tail(const struct sdxi_ring *r)
{
	return SDXI_LOAD(&r->op_tail, relaxed) + SDXI_LOAD(&r->tail_extra, relaxed);
}

void
sdxi_vchan_release(struct sdxi_vchan *vc, bool bad_read_index)
{
	struct sdxi_ring *r = &vc->ring;

	/* One that was not taken back has a handover that still holds; its ring does not. */
	if (!vc->closed)
		vc->handover = (struct sdxi_handover){
			.op_tail = r->op_tail, .op_submitted = r->op_submitted,
			.op_head = r->op_head, .tail = ring_tail(r), .submitted = r->submitted,
			.head = ring_head(r), .restore_end = r->restore_end,
			.bad_read_index = bad_read_index,
		};
	/* The fast paths find nothing to do from here on, and submit writes to no device. */
	vc->closed = true;
	r->stop = r->next;
	r->slow_end = UINT64_MAX;
	r->write_index = &vc->held_index;
	r->doorbell = &vc->held_db;
	SDXI_STORE(&vc->word, SDXI_WORD_STOPPED, release);
	rte_atomic_fetch_add_explicit(&vc->dev->requests, 1, rte_memory_order_release);
}

/* Take a vchan back. What is outstanding may have been settled, so the slow path reports it. */
static void
vchan_resume(struct sdxi_vchan *vc, uint32_t word)
{
	const struct sdxi_handover *ho = &vc->handover;
	struct sdxi_ring *r = &vc->ring;
	const uint64_t op_submitted = r->op_submitted;

	SDXI_STORE(&r->tail_extra, ho->tail - ho->op_tail, relaxed);
	r->head_extra = ho->head - ho->op_head;
	r->next = r->desc + (ho->head & r->mask);
	r->stop = r->next;
	r->submitted = ho->submitted;
	r->restore_end = ho->restore_end;
	r->read_index = 0;
	r->slow_end = r->op_head;
	vc->closed = false;
	if (word == SDXI_WORD_FAILED) {
		SDXI_STORE(&r->op_submitted, r->op_head, relaxed);
		return;
	}
	r->write_index = vc->cxt.write_index;
	r->doorbell = vc->cxt.doorbell;
	if (op_submitted != ho->op_submitted) { /* the user has submitted meanwhile */
		SDXI_STORE(&r->op_submitted, ho->op_submitted, relaxed);
		sdxi_ring_submit(r);
	}
}

/* What op_look() finds besides status codes. */
#define OP_NOT_DONE  (-EAGAIN)
#define OP_UNSETTLED (-EIO) /* it has failed, and nobody has found out how */

/* The state of the operation whose first descriptor is @p tail; gives its number of slots. */
static int
op_look(const struct sdxi_ring *r, uint64_t tail, uint32_t *nb_slots)
{
	uint16_t verdict = RTE_DMA_STATUS_SUCCESSFUL;
	bool done = true, er = false;
	uint32_t slot, i = 0;

	do {
		slot = (tail + i++) & r->mask;
		if (!sdxi_line_is_done(&r->line[slot])) {
			done = false;
		} else if (sdxi_line_is_error(&r->line[slot])) {
			er = true;
			verdict = RTE_MAX(verdict, SDXI_LOAD(&r->note[slot].verdict, relaxed));
		}
	} while (SDXI_LOAD(&r->note[slot].more, relaxed) != 0 && i <= r->mask);
	*nb_slots = i;
	if (er && verdict == RTE_DMA_STATUS_SUCCESSFUL)
		return OP_UNSETTLED;
	return done ? verdict : OP_NOT_DONE;
}

static inline bool
ring_is_empty(const struct sdxi_ring *r)
{
	return SDXI_LOAD(&r->op_tail, relaxed) == SDXI_LOAD(&r->op_submitted, relaxed);
}

/* Is there something about the vchan that only the control thread can put right? */
static bool
vchan_needs_thread(const struct sdxi_vchan *vc, uint32_t word)
{
	const struct sdxi_ring *r = &vc->ring;
	uint32_t nb;
	int ret;

	if (word == SDXI_WORD_STOPPING || ring_is_empty(r))
		return word == SDXI_WORD_STOPPING;
	/* What is known is reported first. */
	ret = op_look(r, ring_tail(r), &nb);
	return ret == OP_UNSETTLED ||
	       (ret == OP_NOT_DONE && sdxi_cxt_is_final(sdxi_cxt_state(r->sts)));
}

/* Take the vchan back, or hand it over: 0, -ENOSPC while it is handed over, -EIO for good. */
static int
vchan_check(struct sdxi_vchan *vc)
{
	uint32_t word = SDXI_LOAD(&vc->word, acquire);

	if (word == SDXI_WORD_STOPPED)
		return -ENOSPC;
	if (vc->closed)
		vchan_resume(vc, word);
	if (word == SDXI_WORD_FAILED)
		return -EIO;
	if (!vchan_needs_thread(vc, word))
		return 0;
	sdxi_vchan_release(vc, false);
	return -ENOSPC;
}

void
sdxi_vchan_clear(struct sdxi_vchan *vc)
{
	uint32_t i;

	sdxi_cxt_ring_init(&vc->cxt);
	for (i = 0; i < vc->cxt.ring_sz; i++)
		sdxi_slot_clear(&vc->ring, i);
	memset(vc->logged, 0, vc->cxt.ring_sz * sizeof(*vc->logged));
}

void
sdxi_vchan_reset(struct sdxi_vchan *vc)
{
	struct sdxi_ring *r = &vc->ring;

	sdxi_vchan_clear(vc);
	memset(vc->page, 0, SDXI_PAGES * sizeof(*vc->page));
	vc->handover = (struct sdxi_handover){ 0 };
	SDXI_STORE(&r->op_tail, 0, relaxed);
	SDXI_STORE(&r->op_submitted, 0, relaxed);
	r->op_head = 0;
	vchan_resume(vc, SDXI_WORD_RUNNING);
	SDXI_STORE(&vc->word, SDXI_WORD_RUNNING, release);
}

/* The oldest operation, of @p nb_slots, has been reported. */
static void
op_retire(struct sdxi_ring *r, uint32_t nb_slots)
{
	const uint64_t tail = ring_tail(r);
	uint32_t i;

	for (i = 0; i < nb_slots; i++)
		sdxi_slot_clear(r, (tail + i) & r->mask);
	SDXI_STORE(&r->tail_extra, r->tail_extra + nb_slots - 1, relaxed);
	SDXI_STORE(&r->op_tail, r->op_tail + 1, relaxed);
}

/* Report operations of any kind, up to a failed one if there is no place for its status. */
static uint16_t
vchan_collect(struct sdxi_vchan *vc, uint16_t nb, enum rte_dma_status_code *status, bool *failed)
{
	struct sdxi_ring *r = &vc->ring;
	uint32_t nb_slots;
	uint16_t n;

	for (n = 0; n < nb && !vc->closed && !ring_is_empty(r); n++) {
		const int ret = op_look(r, ring_tail(r), &nb_slots);

		if (ret < 0)
			break;
		if (ret != RTE_DMA_STATUS_SUCCESSFUL) {
			*failed = true;
			if (status == NULL)
				break;
			SDXI_STORE(&vc->errors, vc->errors + 1, relaxed);
		}
		if (status != NULL)
			status[n] = (enum rte_dma_status_code)ret;
		op_retire(r, nb_slots);
	}
	/* As in ring_reported(). */
	rte_io_rmb();
	return n;
}

/* In silent mode nobody else does. */
static void
vchan_collect_silent(struct sdxi_vchan *vc)
{
	enum rte_dma_status_code status;
	bool failed;

	while (vc->silent && vchan_collect(vc, 1, &status, &failed) != 0)
		;
}

/* Poll by the slow path, which takes the vchan back or hands it over if there is nothing else. */
static uint16_t
vchan_poll(struct sdxi_vchan *vc, uint16_t nb, uint16_t *last_idx,
	   enum rte_dma_status_code *status, bool *failed)
{
	uint16_t n = 0;

	if (!vc->silent) {
		n = vchan_collect(vc, nb, status, failed);
		if (n == 0 && !*failed && vchan_check(vc) != -ENOSPC)
			n = vchan_collect(vc, nb, status, failed);
	}
	*last_idx = vc->ring.op_tail - 1;
	return n;
}

static __rte_noinline uint16_t
completed_slow(void *dev_private, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,
	       bool *has_error)
{
	return vchan_poll(vchan_of(dev_private, vchan), nb_cpls, last_idx, NULL, has_error);
}

/*
 * The oldest operation's block, and how many may be looked at. NULL: the slow path's, as it is
 * wide, has failed, was settled by recovery, would cross the ring's end, or is not complete.
 */
static inline struct sdxi_line *
ring_oldest(const struct sdxi_ring *r, uint16_t nb_cpls, uint32_t *nb)
{
	const uint64_t tail = r->op_tail;
	const uint32_t slot = ring_tail(r) & r->mask;
	struct sdxi_line *line = &r->line[slot];

	/* Never more than there is, whatever blocks say. */
	*nb = RTE_MIN(r->op_submitted - tail, (uint64_t)nb_cpls);
	if (unlikely(*nb == 0 || tail < r->slow_end || slot + *nb > r->size ||
		     !sdxi_line_is_good(line)))
		return NULL;
	return line;
}

static inline uint16_t
ring_reported(struct sdxi_ring *r, uint32_t nb, uint16_t *last_idx)
{
	const uint64_t tail = r->op_tail + nb;

	/* On arm64 a load-acquire orders CPUs, this one what a device wrote. Free on x86. */
	rte_io_rmb();
	SDXI_STORE(&r->op_tail, tail, relaxed);
	*last_idx = tail - 1;
	return nb;
}

static __rte_noinline uint16_t
completed_burst(void *dev_private, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,
		bool *has_error)
{
	struct sdxi_ring *r = &vchan_of(dev_private, vchan)->ring;
	uint32_t nb;
	struct sdxi_line *line = ring_oldest(r, nb_cpls, &nb);

	if (unlikely(line == NULL))
		return completed_slow(dev_private, vchan, nb_cpls, last_idx, has_error);
	return ring_reported(r, sdxi_lines_take(line, nb), last_idx);
}

static uint16_t
sdxi_completed(void *dev_private, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,
	       bool *has_error)
{
	struct sdxi_ring *r = &vchan_of(dev_private, vchan)->ring;
	struct sdxi_line *line;
	uint32_t nb, n;

	if (nb_cpls >= 4)
		return completed_burst(dev_private, vchan, nb_cpls, last_idx, has_error);
	line = ring_oldest(r, nb_cpls, &nb);
	if (unlikely(line == NULL))
		return completed_slow(dev_private, vchan, nb_cpls, last_idx, has_error);
	for (n = 1; n < nb && sdxi_line_is_good(&line[n]); n++)
		sdxi_line_arm(&line[n]);
	sdxi_line_arm(line);
	return ring_reported(r, n, last_idx);
}

static uint16_t
sdxi_completed_status(void *dev_private, uint16_t vchan, const uint16_t nb_cpls,
		      uint16_t *last_idx, enum rte_dma_status_code *status)
{
	bool failed = false;

	return vchan_poll(vchan_of(dev_private, vchan), nb_cpls, last_idx, status, &failed);
}

struct sdxi_done
sdxi_vchan_done(const struct sdxi_vchan *vc)
{
	const struct sdxi_ring *r = &vc->ring;
	const uint64_t op = SDXI_LOAD(&r->op_tail, relaxed), tail = ring_tail(r);
	const uint64_t end = SDXI_LOAD(&r->op_submitted, relaxed);
	struct sdxi_done done = { 0 };
	uint32_t nb;

	for (; op + done.ops < end; done.ops++, done.desc += nb) {
		const int ret = op_look(r, tail + done.desc, &nb);

		if (ret < 0)
			break;
		done.failed += ret != RTE_DMA_STATUS_SUCCESSFUL;
	}
	return done;
}

static inline uint64_t
ring_slots(const struct sdxi_ring *r, uint64_t head, uint64_t tail, uint64_t read_index)
{
	return r->size - (head - RTE_MIN(tail, read_index));
}

/* Put csb_ptr back into the next slots: recovery has had NOPs without a block there. */
static void
ring_restore(struct sdxi_ring *r, uint32_t nb)
{
	const uint64_t head = ring_head(r);
	uint32_t i, slot;

	for (i = 0; i < nb && head + i < r->restore_end; i++) {
		slot = (head + i) & r->mask;
		memset(&r->desc[slot], 0, sizeof(r->desc[slot]));
		r->desc[slot].any.csb_ptr = rte_cpu_to_le_64(r->csb_iova + slot * sizeof(*r->line));
	}
}

/* Grant slots to operations of one descriptor, as far as there is room up to the ring's end. */
static void
ring_grant(struct sdxi_ring *r)
{
	const struct sdxi_dsc *end = r->desc + r->size;
	uint64_t nb;

	if (r->next == end)
		r->next = r->desc;
	nb = ring_slots(r, ring_head(r), ring_tail(r), r->read_index);
	nb = RTE_MIN(nb, r->op_tail + r->nb_desc - r->op_head);
	nb = RTE_MIN(nb, (uint64_t)(end - r->next));
	if (unlikely(ring_head(r) < r->restore_end))
		ring_restore(r, nb);
	r->stop = r->next + nb;
}

/* See that there is room for an operation of @p nb descriptors: 0, -ENOSPC, -EIO for good. */
static int
vchan_room(struct sdxi_vchan *vc, uint32_t nb)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t read_index;
	int ret;

	if (nb == 1 && r->next < r->stop)
		return 0;
	ret = vchan_check(vc);
	if (ret < 0)
		return ret;
	vchan_collect_silent(vc);
	read_index = sdxi_read_index(r->sts);
	if (unlikely(read_index < r->read_index || read_index > r->submitted)) {
		sdxi_vchan_release(vc, true);
		return -ENOSPC;
	}
	r->read_index = read_index;
	ring_grant(r);
	if (r->op_head - r->op_tail >= r->nb_desc ||
	    ring_slots(r, ring_head(r), ring_tail(r), read_index) < nb)
		return -ENOSPC;
	if (nb > 1)
		ring_restore(r, nb);
	return 0;
}

static uint16_t
sdxi_burst_capacity(const void *dev_private, uint16_t vchan)
{
	const struct sdxi_vchan *vc = vchan_of(dev_private, vchan);
	const uint32_t word = SDXI_LOAD(&vc->word, acquire);
	const struct sdxi_ring *r = &vc->ring;
	struct sdxi_done done = { 0 };
	uint64_t ops, tail, head, room;

	if (word == SDXI_WORD_STOPPED || word == SDXI_WORD_FAILED)
		return 0;
	if (vc->silent && !vc->closed)
		done = sdxi_vchan_done(vc);
	tail = vc->closed ? vc->handover.tail : ring_tail(r) + done.desc;
	head = vc->closed ? vc->handover.head : ring_head(r);
	ops = r->op_head - r->op_tail - done.ops;
	room = RTE_MIN(r->nb_desc - ops, ring_slots(r, head, tail, sdxi_read_index(r->sts)));
	/* In silent mode nothing hands the vchan over but the next enqueue. */
	if (vc->silent && !vc->closed && room == 0 && vchan_needs_thread(vc, word))
		room = 1;
	return RTE_MIN(room, (uint64_t)UINT16_MAX);
}

int
sdxi_vchan_status(const struct rte_dma_dev *dmadev, uint16_t vchan,
		  enum rte_dma_vchan_status *status)
{
	const struct sdxi_dev *dev = dmadev->fp_obj->dev_private;
	struct sdxi_vchan *vc;
	struct sdxi_ring *r;
	struct sdxi_done done;
	uint32_t nb;
	int ret;

	*status = RTE_DMA_VCHAN_IDLE;
	if (SDXI_LOAD(&dev->started, acquire) == 0)
		return 0;
	vc = vchan_of(dev, vchan);
	r = &vc->ring;
	ret = vchan_check(vc);
	if (ret == 0) {
		vchan_collect_silent(vc);
		done = sdxi_vchan_done(vc);
		if (done.ops == r->op_submitted - r->op_tail)
			return 0;
		/* Nothing else makes it IDLE, though older operations wait to be reported. */
		if (op_look(r, ring_tail(r) + done.desc, &nb) == OP_UNSETTLED ||
		    sdxi_cxt_is_final(sdxi_cxt_state(r->sts)))
			sdxi_vchan_release(vc, false);
	}
	*status = ret == -EIO ? RTE_DMA_VCHAN_HALTED_ERROR : RTE_DMA_VCHAN_ACTIVE;
	return 0;
}

static int
sdxi_submit(void *dev_private, uint16_t vchan)
{
	sdxi_ring_submit(&vchan_of(dev_private, vchan)->ring);
	return 0;
}

/* Nobody polls in silent mode, so submit checks the vchan. */
static void
vchan_submit(struct sdxi_vchan *vc)
{
	sdxi_ring_submit(&vc->ring);
	if (vc->silent) {
		vchan_collect_silent(vc);
		vchan_check(vc);
	}
}

static int
submit_silent(void *dev_private, uint16_t vchan)
{
	vchan_submit(vchan_of(dev_private, vchan));
	return 0;
}

/* The next operation has been put, in @p nb slots; gives its index. */
static int
op_enqueued(struct sdxi_vchan *vc, uint32_t nb, uint64_t flags)
{
	struct sdxi_ring *r = &vc->ring;
	const uint64_t head = ring_head(r);
	const uint16_t index = r->op_head++;
	uint32_t i;

	if (nb > 1) {
		for (i = 0; i < nb - 1; i++)
			SDXI_STORE(&r->note[(head + i) & r->mask].more, 1, relaxed);
		r->head_extra += nb - 1;
		r->slow_end = r->op_head;
		ring_grant(r);
	}
	if ((flags & RTE_DMA_OP_FLAG_SUBMIT) != 0)
		vchan_submit(vc);
	return index;
}

static inline uint32_t
desc_flags(uint64_t flags)
{
	return (flags & RTE_DMA_OP_FLAG_FENCE) != 0 ? SDXI_DSC_FE : 0;
}

/* A copy that is refused, or has flags, or for which slots have to be granted. */
static int
copy_any(struct sdxi_vchan *vc, rte_iova_t src, rte_iova_t dst, uint32_t length, uint64_t flags)
{
	int ret;

	if (length == 0 || length > vc->dev->max_len || sdxi_overlap(src, dst, length))
		return -EINVAL;
	ret = vchan_room(vc, 1);
	if (ret < 0)
		return ret;
	sdxi_ring_put(&vc->ring, src, dst, length, desc_flags(flags));
	return op_enqueued(vc, 1, flags);
}

static __rte_noinline int
copy_slow(void *dev_private, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t length,
	  uint64_t flags)
{
	struct sdxi_vchan *vc = vchan_of(dev_private, vchan);

	return vc->ops != NULL ? -EINVAL : copy_any(vc, src, dst, length, flags);
}

static int
sdxi_copy(void *dev_private, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t length,
	  uint64_t flags)
{
	struct sdxi_ring *r = &vchan_of(dev_private, vchan)->ring;
	uint16_t index;

	if (unlikely(flags != 0 || r->next >= r->stop || length - 1 >= r->max_len))
		return copy_slow(dev_private, vchan, src, dst, length, flags);
	sdxi_ring_put(r, src, dst, length, 0);
	index = r->op_index.val;
	r->op_head++;
	return index;
}

/* A descriptor of a wide operation, for which there is room; the ring may turn. */
static inline void
wide_put(struct sdxi_ring *r, uint64_t src, uint64_t dst, uint32_t len, uint64_t flags)
{
	if (r->next == r->desc + r->size)
		r->next = r->desc;
	sdxi_ring_put(r, src, dst, len, flags);
}

/*
 * Cut two lists into parts in one piece on both sides, and put them into the ring if there is one.
 * All have the fence, as later descriptors do not wait for one. Gives how many; 0: refused.
 */
static uint32_t
sg_walk(struct sdxi_ring *r, const struct rte_dma_sge *src, const struct rte_dma_sge *dst,
	uint16_t nb_src, uint16_t nb_dst, uint32_t max_len, uint32_t flags)
{
	uint32_t src_done = 0, dst_done = 0, nb = 0, len;

	for (;;) {
		for (; nb_src > 0 && src_done == src->length; src++, nb_src--)
			src_done = 0;
		for (; nb_dst > 0 && dst_done == dst->length; dst++, nb_dst--)
			dst_done = 0;
		if (nb_src == 0 || nb_dst == 0)
			return nb_src == nb_dst ? nb : 0;
		len = RTE_MIN(src->length - src_done, dst->length - dst_done);
		if (len > max_len || sdxi_overlap(src->addr + src_done, dst->addr + dst_done, len))
			return 0;
		if (r != NULL)
			wide_put(r, src->addr + src_done, dst->addr + dst_done, len, flags);
		src_done += len;
		dst_done += len;
		nb++;
	}
}

static int
copy_sg_any(struct sdxi_vchan *vc, const struct rte_dma_sge *src, const struct rte_dma_sge *dst,
	    uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	uint32_t max_len = vc->dev->max_len, nb = 0;
	int ret;

	if (nb_src <= SDXI_MAX_SGES && nb_dst <= SDXI_MAX_SGES)
		nb = sg_walk(NULL, src, dst, nb_src, nb_dst, max_len, 0);
	if (nb == 0)
		return -EINVAL;
	ret = vchan_room(vc, nb);
	if (ret < 0)
		return ret;
	sg_walk(&vc->ring, src, dst, nb_src, nb_dst, max_len, desc_flags(flags));
	return op_enqueued(vc, nb, flags);
}

static int
sdxi_copy_sg(void *dev_private, uint16_t vchan, const struct rte_dma_sge *src,
	     const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	struct sdxi_vchan *vc = vchan_of(dev_private, vchan);

	return vc->ops != NULL ? -EINVAL : copy_sg_any(vc, src, dst, nb_src, nb_dst, flags);
}

/*
 * Find memory that holds the pattern for operation op_head: a page, or if that is in use with
 * another pattern, a place by the operation's index, which recovery does not change.
 */
static uint64_t
fill_source(struct sdxi_vchan *vc, uint64_t pattern, uint32_t *len)
{
	uint32_t i = (pattern * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (SDXI_PAGES - 1);
	struct sdxi_page *page = &vc->page[i];
	struct sdxi_ring *r = &vc->ring;
	bool same = page->end != 0 && page->word == pattern;
	uint64_t *to;

	if (same || page->end <= r->op_tail) {
		to = (uint64_t *)(vc->cxt.page + i * SDXI_PAGE_LEN);
		*len = SDXI_PAGE_LEN;
		*page = (struct sdxi_page){ .word = pattern, .end = r->op_head + 1 };
	} else {
		to = vc->cxt.pattern[r->op_head & r->mask];
		*len = sizeof(*vc->cxt.pattern);
	}
	for (i = 0; !same && i < *len / sizeof(*to); i++)
		to[i] = pattern;
	return vc->cxt.mem.iova + RTE_PTR_DIFF(to, vc->cxt.mem.va);
}

/* The next piece of a fill of which @p done bytes are written: a multiple of the pattern's 8. */
static inline uint32_t
fill_piece(uint32_t length, uint32_t done, uint32_t max_len)
{
	const uint32_t most = RTE_MIN(done, max_len & ~7u);

	return RTE_MIN(most, length - done);
}

static int
sdxi_fill(void *dev_private, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t length,
	  uint64_t flags)
{
	struct sdxi_vchan *vc = vchan_of(dev_private, vchan);
	uint32_t max_len = vc->dev->max_len, first, done, piece, nb = 1;
	uint64_t src;
	int ret;

	if (length == 0 || vc->ops != NULL)
		return -EINVAL;
	ret = vchan_room(vc, 1);
	if (ret < 0)
		return ret;
	src = fill_source(vc, pattern, &first);
	first = RTE_MIN(first, length);
	for (done = first; done < length; done += fill_piece(length, done, max_len))
		nb++;
	if (nb > vc->ring.mask)
		return -EINVAL;
	ret = vchan_room(vc, nb);
	if (ret < 0)
		return ret;
	wide_put(&vc->ring, src, dst, first, desc_flags(flags));
	/* Each further piece is copied from what is written already, so it waits for that. */
	for (done = first; done < length; done += piece) {
		piece = fill_piece(length, done, max_len);
		wide_put(&vc->ring, dst, dst + done, piece, SDXI_DSC_FE);
	}
	return op_enqueued(vc, nb, flags);
}

static uint16_t
sdxi_enqueue(void *dev_private, uint16_t vchan, struct rte_dma_op **ops, uint16_t nb_ops)
{
	struct sdxi_vchan *vc = vchan_of(dev_private, vchan);
	struct sdxi_ring *r = &vc->ring;
	uint16_t i;
	int ret;

	if (unlikely(vc->ops == NULL))
		return 0;
	for (i = 0; i < nb_ops; i++) {
		struct rte_dma_op *op = ops[i];
		const struct rte_dma_sge *src = op->src_dst_seg, *dst = src + op->nb_src;
		uint64_t flags = op->flags & ~RTE_DMA_OP_FLAG_SUBMIT;

		if (op->nb_src == 1 && op->nb_dst == 1 && src->length == dst->length)
			ret = copy_any(vc, src->addr, dst->addr, src->length, flags);
		else
			ret = copy_sg_any(vc, src, dst, op->nb_src, op->nb_dst, flags);
		if (unlikely(ret < 0))
			break;
		vc->ops[(r->op_head - 1) & r->mask] = op;
	}
	vchan_submit(vc);
	return i;
}

static uint16_t
sdxi_dequeue(void *dev_private, uint16_t vchan, struct rte_dma_op **ops, uint16_t nb_ops)
{
	struct sdxi_vchan *vc = vchan_of(dev_private, vchan);
	struct sdxi_ring *r = &vc->ring;
	enum rte_dma_status_code status[32];
	uint16_t n = 0, part, i, last;
	uint64_t op;

	if (unlikely(vc->ops == NULL))
		return 0;
	do {
		op = r->op_tail;
		part = sdxi_completed_status(dev_private, vchan,
					     RTE_MIN(nb_ops - n, (int)RTE_DIM(status)), &last,
					     status);
		for (i = 0; i < part; i++, n++) {
			ops[n] = vc->ops[(op + i) & r->mask];
			ops[n]->status = status[i];
		}
	} while (part == RTE_DIM(status) && n < nb_ops);
	return n;
}

void
sdxi_datapath_set(struct rte_dma_fp_object *fp, struct sdxi_dev *dev)
{
	const bool any = dev->silent || dev->nb_vchans == 0;

	/* Other threads may read it while the device is configured again. */
	if (fp->dev_private != dev)
		fp->dev_private = dev;
	fp->copy = sdxi_copy;
	fp->copy_sg = sdxi_copy_sg;
	fp->fill = sdxi_fill;
	/* A secondary process may attach before it is known. */
	fp->submit = any ? submit_silent : sdxi_submit;
	fp->completed = any ? completed_slow : sdxi_completed;
	fp->completed_status = sdxi_completed_status;
	fp->burst_capacity = sdxi_burst_capacity;
	SDXI_FP_SET_ENQ_DEQ(fp, sdxi_enqueue, sdxi_dequeue);
}
