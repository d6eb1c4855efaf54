/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <rte_common.h>

#include "test_driver_model.h"
#include "test_vdev.h"

enum {
	WINDOW = 256,	/* maximum number of outstanding operations */
	REACH = 16,	/* maximum distance of chained operations */
	BIG_SLOTS = 8,	/* for at most one operation in 64 */
	BIG_LEN = 1 << 20,
	BIGS_LEN = BIG_SLOTS * (BIG_LEN + 4096),
	ZONE_LEN = 16 << 10, /* per slot, for destinations */
	OWN_LEN = 8 << 10,   /* per slot, for a source that may be overwritten */
	MAX_LEN = OWN_LEN - 2 * TD_GUARD_LEN - 64,
	SLOT_LEN = ZONE_LEN + OWN_LEN,
	POOL_LEN = 4 << 20,
	HOLE_LEN = 2 * 4096,
	MAX_POLL = 64,
	/* Polls of a stopped device that may return nothing. */
	REFUSALS = 2000,
};

static const char * const kind_names[] = {
	"copy", "copy of own source", "chained copy", "fill", "sg",
};
static_assert(RTE_DIM(kind_names) == K_MAX, "each kind has a name");

static const char * const mishap_names[] = {
	"no fault", "failure", "failure without a trace", "lost block", "stop", "stop again",
	"stall", "function error", "lost log", "context that does not stop",
	"function that does not stop", "function that fails", "nothing",
};
static_assert(RTE_DIM(mishap_names) == M_MAX + 1, "each mishap has a name");

struct model_conf model_conf = { .quiet = true, .faults = true };

static uint8_t *pool, *hole;
static uint64_t pool_hash;

/* ---- state ----------------------------------------------------------------------------------- */

static uint64_t
hash_of(const uint8_t *at, size_t len)
{
	uint64_t hash = len, word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; len > 0; at++, len--)
		hash = (hash ^ *at) * UINT64_C(0x100000001b3);
	return hash;
}

/* Each vchan of a function may have its own thread. */
static void
flag_set(bool *flag, bool on)
{
	__atomic_store_n(flag, on, __ATOMIC_RELEASE);
}

static const struct sdxi_dev *
dev_of(const struct model_fn *fn)
{
	return rte_dma_fp_objs[fn->id].dev_private;
}

/* How often vchans of the function were taken over by the control thread. */
static uint32_t
handovers(const struct model_vchan *v)
{
	return __atomic_load_n(&dev_of(v->fn)->requests, __ATOMIC_ACQUIRE);
}

/* Number of activations of the function. */
static uint32_t
fn_epoch(const struct model_vchan *v)
{
	return __atomic_load_n(&dev_of(v->fn)->epoch, __ATOMIC_ACQUIRE);
}

/* The function failed without an injected fault: its thread had no CPU for many seconds. */
static bool
fn_is_late(const struct model_fn *fn)
{
	return !__atomic_load_n(&fn->fatal, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&dev_of(fn)->failed, __ATOMIC_ACQUIRE);
}

static bool
fn_is_fatal(const struct model_fn *fn)
{
	return __atomic_load_n(&fn->fatal, __ATOMIC_ACQUIRE) || fn_is_late(fn);
}

bool
model_fn_is_dying(const struct model_fn *fn)
{
	return __atomic_load_n(&fn->dying, __ATOMIC_ACQUIRE);
}

static struct model_op *
op_at(struct model_vchan *v, uint64_t no)
{
	return &v->op[no % MODEL_SLOTS];
}

void
model_fail(const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* cmocka handles a failure in one thread only. */
	if (model_conf.on_fail != NULL)
		model_conf.on_fail(text);
	fail_msg("%s", text);
	abort();
}

#define MODEL_CHECK(v, cond)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			model_fail("seed %" PRIu64 ": channel %u: %s:%d: not true: %s",            \
				   model_conf.seed, (v)->no, __FILE__, __LINE__, #cond);           \
	} while (0)

/* Fail the test, with all information about an operation. */
static void __rte_noreturn __rte_format_printf(3, 4)
blame(const struct model_vchan *v, const struct model_op *op, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	model_fail("seed %" PRIu64 ": channel %u (%s, vchan %u): epoch from %" PRIu64 " to %" PRIu64
		   ", %s at operation %" PRIu64 " (from descriptor %" PRIu64 ", status set 0x%x): "
		   "operation %" PRIu64 " (index %u): %s%s%s%s of %u bytes, %u to %u parts: %s",
		   model_conf.seed, v->no, v->fn->name, v->vchan, v->epoch_begin, v->epoch_end,
		   mishap_names[v->what], v->target, v->fault_dsc, v->fault_codes, op->no,
		   (uint16_t)(op->no - v->base), op->fence ? "fenced " : "",
		   op->bad ? "impossible " : "", kind_names[op->kind],
		   op->over != NULL ? " over a source" : "", op->len, op->nb_src, op->nb_dst, text);
}

/* ---- generating operations ------------------------------------------------------------------- */

static rte_iova_t
bad_address(struct model_rng *rng)
{
	switch (below(rng, 3)) {
	case 0: return below(rng, 4096);
	case 1: return UINT64_C(0x8000000000000000) + below(rng, 4096);
	default: return (uintptr_t)hole + below(rng, 4096);
	}
}

static uint32_t
draw_len(struct model_rng *rng)
{
	uint32_t kind = below(rng, 100);

	return 1 + below(rng, kind < 60 ? 256 : kind < 90 ? 2048 : MAX_LEN);
}

static void
seg_set(struct model_seg *seg, uint8_t *at, uint32_t len)
{
	*seg = (struct model_seg){ .at = at, .iova = (uintptr_t)at, .len = len };
}

/* The previous destination in the slot must not have changed since it was reported. */
static void
zone_recheck(struct model_vchan *v, const struct model_op *op)
{
	if (op->zone != NULL && hash_of(op->zone, op->zone_len) != op->hash)
		blame(v, op, "its destination was written after it had been reported");
}

/* Place a guarded destination in the slot, filled with the guard pattern. */
static void
dst_place(struct model_vchan *v, struct model_op *op, struct model_rng *rng, bool big)
{
	uint8_t *zone;

	if (big)
		zone = v->bigs + (size_t)(op->no / 64 % BIG_SLOTS) * (BIG_LEN + 4096);
	else
		zone = v->slots + op->no % MODEL_SLOTS * (size_t)SLOT_LEN;
	zone += below(rng, 64);
	op->zone = zone;
	op->zone_len = op->len + 2 * TD_GUARD_LEN;
	memset(zone, TD_GUARD, op->zone_len);
	op->nb_dst = 1;
	seg_set(&op->dst[0], zone + TD_GUARD_LEN, op->len);
}

static void
src_place(struct model_op *op, struct model_rng *rng)
{
	op->nb_src = 1;
	seg_set(&op->src[0], pool + below(rng, POOL_LEN - op->len), op->len);
}

/* A source that a later operation may overwrite. */
static void
own_place(struct model_vchan *v, struct model_op *op, struct model_rng *rng)
{
	uint8_t *zone = v->slots + op->no % MODEL_SLOTS * (size_t)SLOT_LEN + ZONE_LEN +
			below(rng, 64);

	src_place(op, rng);
	memset(zone, TD_GUARD, op->len + 2 * TD_GUARD_LEN);
	op->own = zone + TD_GUARD_LEN;
	memcpy(op->own, op->src[0].at, op->len);
	op->src[0].iova = (uintptr_t)op->own;
}

/* Split @p len into @p n parts, some of which may be empty. */
static void
cut(struct model_rng *rng, uint32_t len, unsigned int n, uint32_t *parts)
{
	unsigned int i;

	for (i = 0; i < n - 1; i++) {
		parts[i] = one_in(rng, 10) ? 0 : below(rng, 2 * len / (n - i) + 1);
		parts[i] = RTE_MIN(parts[i], len);
		len -= parts[i];
	}
	parts[i] = len;
}

static void
sg_place(struct model_vchan *v, struct model_op *op, struct model_rng *rng)
{
	uint8_t *zone = v->slots + op->no % MODEL_SLOTS * (size_t)SLOT_LEN + below(rng, 64), *at;
	uint32_t parts[MODEL_MAX_SEGS];
	unsigned int i;

	op->nb_src = 1 + below(rng, MODEL_MAX_SEGS);
	op->nb_dst = 1 + below(rng, MODEL_MAX_SEGS);
	cut(rng, op->len, op->nb_src, parts);
	for (i = 0; i < op->nb_src; i++)
		seg_set(&op->src[i], pool + below(rng, POOL_LEN - op->len), parts[i]);
	cut(rng, op->len, op->nb_dst, parts);
	at = zone + TD_GUARD_LEN;
	for (i = 0; i < op->nb_dst; i++) {
		seg_set(&op->dst[i], at, parts[i]);
		at += parts[i] + TD_GUARD_LEN + below(rng, 64);
	}
	op->zone = zone;
	op->zone_len = at - zone;
	memset(zone, TD_GUARD, op->zone_len);
}

/* An earlier operation to chain to, if there is one. */
static struct model_op *
draw_earlier(struct model_vchan *v, struct model_rng *rng)
{
	uint64_t no = v->next - 1 - below(rng, REACH);
	struct model_op *op = op_at(v, no);

	return no < v->next && op->no == no ? op : NULL;
}

/* Give one part an invalid address. */
static void
spoil(struct model_op *op, struct model_rng *rng)
{
	bool dst = op->nb_src == 0 || one_in(rng, 2);
	struct model_seg *segs = dst ? op->dst : op->src;
	unsigned int i, n = dst ? op->nb_dst : op->nb_src;

	for (i = below(rng, n); segs[i].len == 0; i = (i + 1) % n)
		;
	segs[i].at = NULL;
	segs[i].iova = bad_address(rng);
	op->bad = true;
	op->bad_dst = dst;
}

static void
generate(struct model_vchan *v)
{
	struct model_rng rng = rng_of(S_OP, v->no, v->next);
	struct model_op *op = op_at(v, v->next), *earlier;
	uint32_t kind = below(&rng, 100);
	bool big = v->next % 64 == 17 && one_in(&rng, 4);

	zone_recheck(v, op);
	memset(op, 0, sizeof(*op));
	op->no = v->next;
	op->submit = v->next % 64 == 63 ? SUBMIT_CALL :
		     one_in(&rng, 10)	? SUBMIT_FLAG :
		     one_in(&rng, 20)	? SUBMIT_CALL :
					  SUBMIT_NOT;
	/* Enqueuing an operation implies a submit. */
	if (v->fn->mode == MODEL_OPS)
		op->submit = SUBMIT_FLAG;
	op->len = big ? BIG_LEN / 16 + below(&rng, BIG_LEN * 15 / 16) : draw_len(&rng);
	op->fence = one_in(&rng, 12);
	if (kind < 15 && !big) {
		op->kind = K_OWN;
		own_place(v, op, &rng);
		dst_place(v, op, &rng, false);
		return;
	}
	earlier = draw_earlier(v, &rng);
	if (kind < 30 && !big && earlier != NULL && earlier->nb_dst == 1 &&
	    earlier->dst[0].at != NULL && earlier->over == NULL && earlier->kind != K_SG) {
		op->kind = K_CHAIN;
		op->fence = true;
		op->from = earlier;
		op->len = 1 + below(&rng, RTE_MIN(earlier->len, (uint32_t)MAX_LEN));
		op->nb_src = 1;
		seg_set(&op->src[0], earlier->dst[0].at, op->len);
		dst_place(v, op, &rng, false);
		return;
	}
	if (kind < 50 && v->fn->mode != MODEL_OPS) {
		op->kind = K_FILL;
		op->pattern = one_in(&rng, 4) ? below(&rng, 4) : draw(&rng);
	} else if (kind < 65 && !big) {
		op->kind = K_SG;
		sg_place(v, op, &rng);
	} else {
		src_place(op, &rng);
	}
	if (op->kind != K_SG && !big && kind % 3 == 0 && earlier != NULL &&
	    earlier->kind == K_OWN && !earlier->overwritten) {
		op->fence = true;
		op->over = earlier;
		earlier->overwritten = true;
		op->len = earlier->len;
		if (op->kind == K_COPY)
			src_place(op, &rng);
		op->nb_dst = 1;
		seg_set(&op->dst[0], earlier->own, op->len);
	} else if (op->kind != K_SG) {
		dst_place(v, op, &rng, big);
	}
	if (v->what == M_NONE && one_in(&rng, 100) && op->over == NULL)
		spoil(op, &rng);
}

/* ---- digest of all operations ---------------------------------------------------------------- */

static void
digest_add(struct model_vchan *v, uint64_t number)
{
	v->digest = td_word(v->digest, number);
}

/* Addresses differ between runs. */
static void
digest_seg(struct model_vchan *v, const struct model_seg *seg)
{
	uintptr_t at = seg->iova;

	digest_add(v, seg->len);
	if (at - (uintptr_t)pool < POOL_LEN)
		at -= (uintptr_t)pool;
	else if (at - (uintptr_t)v->slots < (size_t)MODEL_SLOTS * SLOT_LEN)
		at -= (uintptr_t)v->slots;
	else if (at - (uintptr_t)v->bigs < (size_t)BIGS_LEN)
		at -= (uintptr_t)v->bigs;
	else if (at - (uintptr_t)hole < HOLE_LEN)
		at -= (uintptr_t)hole;
	digest_add(v, at);
}

static void
digest_op(struct model_vchan *v, const struct model_op *op)
{
	unsigned int i;

	digest_add(v, op->no);
	digest_add(v, op->kind | op->submit << 8 | op->fence << 16 | op->bad << 17);
	digest_add(v, op->pattern);
	for (i = 0; i < op->nb_src; i++)
		digest_seg(v, &op->src[i]);
	for (i = 0; i < op->nb_dst; i++)
		digest_seg(v, &op->dst[i]);
}

static void report(struct model_vchan *v, enum rte_dma_status_code status);

/* What may be reported; on a failed function also operations that were not submitted. */
static uint64_t
outstanding(const struct model_vchan *v)
{
	return (fn_is_fatal(v->fn) ? v->next : v->submitted) - v->tail;
}

/* ---- enqueue --------------------------------------------------------------------------------- */

static int
enqueue_sg(struct model_vchan *v, const struct model_op *op, uint64_t flags)
{
	struct rte_dma_sge src[MODEL_MAX_SEGS], dst[MODEL_MAX_SEGS];
	unsigned int i;

	for (i = 0; i < op->nb_src; i++)
		src[i] = (struct rte_dma_sge){ .addr = op->src[i].iova, .length = op->src[i].len };
	for (i = 0; i < op->nb_dst; i++)
		dst[i] = (struct rte_dma_sge){ .addr = op->dst[i].iova, .length = op->dst[i].len };
	return rte_dma_copy_sg(v->fn->id, v->vchan, src, dst, op->nb_src, op->nb_dst, flags);
}

#ifdef RTE_DMA_CAPA_OPS_ENQ_DEQ
enum {
	ROP_LEN = RTE_ALIGN(sizeof(struct rte_dma_op) +
			    2 * MODEL_MAX_SEGS * sizeof(struct rte_dma_sge), 64),
};

static struct rte_dma_op *
rop_at(const struct model_vchan *v, uint64_t no)
{
	return (struct rte_dma_op *)(v->rops + no % MODEL_SLOTS * ROP_LEN);
}

static int
enqueue_rop(struct model_vchan *v, const struct model_op *op)
{
	struct rte_dma_op *rop = rop_at(v, op->no);
	unsigned int i;

	memset(rop, 0, ROP_LEN);
	rop->flags = op->fence ? RTE_DMA_OP_FLAG_FENCE : 0;
	rop->status = 0xee;
	rop->nb_src = op->nb_src;
	rop->nb_dst = op->nb_dst;
	for (i = 0; i < op->nb_src; i++)
		rop->src_dst_seg[i] = (struct rte_dma_sge){
			.addr = op->src[i].iova, .length = op->src[i].len,
		};
	for (i = 0; i < op->nb_dst; i++)
		rop->src_dst_seg[op->nb_src + i] = (struct rte_dma_sge){
			.addr = op->dst[i].iova, .length = op->dst[i].len,
		};
	if (rte_dma_enqueue_ops(v->fn->id, v->vchan, &rop, 1) == 1)
		return (uint16_t)(v->next - v->base);
	/* It does not return the reason. */
	return v->next == v->tail ? -EIO : -ENOSPC;
}

static bool
poll_rops(struct model_vchan *v, uint16_t want)
{
	struct rte_dma_op *rops[MAX_POLL];
	const uint64_t first = v->tail;
	uint16_t got, i;

	got = rte_dma_dequeue_ops(v->fn->id, v->vchan, rops, want);
	if (got > want || got > outstanding(v))
		blame(v, op_at(v, first), "requested %u of %" PRIu64 ", got %u", want,
		      outstanding(v), got);
	for (i = 0; i < got; i++) {
		if (rops[i] != rop_at(v, v->tail))
			blame(v, op_at(v, v->tail), "another operation was dequeued");
		report(v, rops[i]->status);
	}
	return got != 0;
}
#else
enum { ROP_LEN = 0 };

static int
enqueue_rop(struct model_vchan *v, const struct model_op *op)
{
	blame(v, op, "this DPDK has no rte_dma_enqueue_ops()");
}

static bool
poll_rops(struct model_vchan *v, uint16_t want)
{
	blame(v, op_at(v, v->tail), "this DPDK has no rte_dma_dequeue_ops(), for %u", want);
}
#endif

static int
enqueue_op(struct model_vchan *v, const struct model_op *op)
{
	uint64_t flags = (op->fence ? RTE_DMA_OP_FLAG_FENCE : 0) |
			 (op->submit == SUBMIT_FLAG ? RTE_DMA_OP_FLAG_SUBMIT : 0);

	if (v->fn->mode == MODEL_OPS)
		return enqueue_rop(v, op);
	switch (op->kind) {
	case K_FILL:
		return rte_dma_fill(v->fn->id, v->vchan, op->pattern, op->dst[0].iova, op->len,
				    flags);
	case K_SG:
		return enqueue_sg(v, op, flags);
	default:
		return rte_dma_copy(v->fn->id, v->vchan, op->src[0].iova, op->dst[0].iova, op->len,
				    flags);
	}
}

static void
submit(struct model_vchan *v)
{
	int ret = rte_dma_submit(v->fn->id, v->vchan);

	if (ret < 0)
		model_fail("seed %" PRIu64 ": channel %u: submit: %d", model_conf.seed, v->no,
			   ret);
	v->submitted = v->next;
}

/* Number of descriptors enqueued so far. */
static uint64_t
descriptors(const struct model_vchan *v)
{
	const struct sdxi_ring *r = &dev_of(v->fn)->vchans[v->vchan].ring;

	return r->op_head + r->head_extra;
}

/*
 * Does the function still have to execute NOPs that recovery put in place of settled operations? A
 * new fault would count them.
 */
static bool
has_leftovers(const struct model_vchan *v)
{
	const struct sdxi_ring *r = &dev_of(v->fn)->vchans[v->vchan].ring;

	return sdxi_cxt_state(r->sts) == SDXI_CXT_RUN && sdxi_read_index(r->sts) != r->submitted;
}

/* Enqueue the next operation; returns false if this is not possible now. */
static bool
enqueue(struct model_vchan *v)
{
	struct model_op *op = op_at(v, v->next);
	const uint64_t before = descriptors(v);
	int ret;

	if (!v->generated) {
		generate(v);
		v->generated = true;
	}
	ret = enqueue_op(v, op);
	if (ret == -ENOSPC) {
		/* Without a submit no operation will complete. */
		if (v->submitted == v->tail && v->next != v->tail)
			submit(v);
		return false;
	}
	if (ret == -EIO) {
		if (!fn_is_fatal(v->fn))
			blame(v, op, "refused without a reason");
		if (v->tail == v->next)
			flag_set(&v->fn->dying, true);
		return false;
	}
	if (ret != (uint16_t)(v->next - v->base))
		blame(v, op, "enqueue: expected its index, found %d", ret);
	/* The fault counts descriptors; nothing else was enqueued in this epoch. */
	if (v->what != M_NONE && v->target == UINT64_MAX) {
		v->dsc_sum += descriptors(v) - before;
		if (v->dsc_sum > v->fault_dsc)
			v->target = v->next;
	}
	op->handovers = handovers(v);
	v->generated = false;
	digest_op(v, op);
	v->nb_bytes += op->len;
	v->next++;
	if (op->submit == SUBMIT_FLAG)
		v->submitted = v->next;
	else if (op->submit == SUBMIT_CALL)
		submit(v);
	return true;
}

/* ---- results --------------------------------------------------------------------------------- */

/* Build the expected contents of the destination, and the previous ones, in contiguous buffers. */
static void
build_content(const struct model_vchan *v, const struct model_op *op)
{
	const struct model_seg *seg;
	uint32_t at = 0, i;

	if (op->over != NULL)
		memcpy(v->before, op->over->src[0].at, op->len);
	else
		memset(v->before, TD_GUARD, op->len);
	if (op->kind == K_FILL) {
		for (at = 0; at < op->len; at++)
			v->expected[at] = (uint8_t)(op->pattern >> at % 8 * 8);
		return;
	}
	for (i = 0; i < op->nb_src; i++) {
		seg = &op->src[i];
		if (seg->at != NULL)
			memcpy(v->expected + at, seg->at, seg->len);
		else
			memcpy(v->expected + at, v->before + at, seg->len);
		at += seg->len;
	}
}

enum outcome { DONE, FAILED, NOT_ATTEMPTED };

static void
check_part(const struct model_vchan *v, const struct model_op *op, const struct model_seg *seg,
	   uint32_t off, enum outcome outcome)
{
	const uint8_t *want = outcome == DONE ? v->expected : v->before;
	uint32_t i;

	/* A failed fill may have used the previous contents of its pattern. */
	if (outcome == FAILED && op->kind == K_FILL && op->over != NULL)
		return;
	if (memcmp(seg->at, want + off, seg->len) == 0)
		return;
	for (i = 0; i < seg->len; i++) {
		if (seg->at[i] == want[off + i] ||
		    (outcome == FAILED && seg->at[i] == v->expected[off + i]))
			continue;
		blame(v, op, "byte %u: expected 0x%02x%s, found 0x%02x", off + i, want[off + i],
		      outcome == DONE ? "" : outcome == FAILED ? " or what it copies" :
		      ", as nothing was attempted", seg->at[i]);
	}
}

static void
check_content(const struct model_vchan *v, struct model_op *op, enum outcome outcome)
{
	const uint8_t *at = op->zone;
	const struct model_seg *seg;
	uint32_t off = 0, i;

	build_content(v, op);
	for (i = 0; i < op->nb_dst; i++) {
		seg = &op->dst[i];
		if (seg->at != NULL)
			check_part(v, op, seg, off, outcome);
		off += seg->len;
	}
	if (op->over != NULL) {
		if (!td_is_all(op->over->own - TD_GUARD_LEN, TD_GUARD_LEN, TD_GUARD) ||
		    !td_is_all(op->over->own + op->len, TD_GUARD_LEN, TD_GUARD))
			blame(v, op, "memory outside of its destination was written");
		return;
	}
	for (i = 0; i < op->nb_dst; i++) {
		seg = &op->dst[i];
		if (seg->at == NULL)
			continue;
		if (!td_is_all(at, seg->at - at, TD_GUARD))
			blame(v, op, "memory before part %u was written", i);
		at = seg->at + seg->len;
	}
	if (!td_is_all(at, op->zone + op->zone_len - at, TD_GUARD))
		blame(v, op, "memory after its destination was written");
	op->hash = hash_of(op->zone, op->zone_len);
}

/* Does the destination have the expected contents? */
static bool
is_done(const struct model_vchan *v, const struct model_op *op)
{
	uint32_t off = 0, i;

	build_content(v, op);
	for (i = 0; i < op->nb_dst; off += op->dst[i++].len)
		if (memcmp(op->dst[i].at, v->expected + off, op->dst[i].len) != 0)
			return false;
	return true;
}

/* Status codes as a bit mask. */
static uint32_t
code_bit(enum rte_dma_status_code code)
{
	return code < 31 ? UINT32_C(1) << code : UINT32_C(1) << 31;
}

#define BIT_GOOD	  code_bit(RTE_DMA_STATUS_SUCCESSFUL)
#define BIT_UNKNOWN	  code_bit(RTE_DMA_STATUS_ERROR_UNKNOWN)
#define BIT_NOT_ATTEMPTED code_bit(RTE_DMA_STATUS_NOT_ATTEMPTED)

/* Was a fenced operation enqueued after this one, and a vchan taken over after that? */
static bool
has_fence_after(struct model_vchan *v, const struct model_op *op)
{
	uint64_t no;

	for (no = op->no + 1; no < v->next; no++)
		if (op_at(v, no)->fence && op_at(v, no)->handovers != handovers(v))
			return true;
	return false;
}

/* Possible results of the operation that the fault of the epoch hits. */
static uint32_t
target_codes(struct model_vchan *v, const struct model_op *op)
{
	uint32_t set = v->fault_codes;

	/* It is blamed if nothing completed before it, or if it may not have been executed. */
	if ((set & BIT_GOOD) != 0 && (op->no == v->epoch_begin || has_fence_after(v, op)))
		set |= BIT_UNKNOWN;
	return set;
}

/*
 * Possible results of an operation, as a mask. Invalid operations, and the one hit by a fault, have
 * a single code, unless the function was reset or log entries were lost: then the code is not
 * known, and faults may hit other operations.
 */
static uint32_t
allowed_codes(struct model_vchan *v, const struct model_op *op)
{
	const bool reset = fn_epoch(v) != v->epoch_fn;
	const bool lossy = reset || __atomic_load_n(&v->fn->lossy, __ATOMIC_ACQUIRE) != 0;
	uint32_t set = BIT_GOOD;

	if (op->no < v->fatal_until || fn_is_fatal(v->fn))
		return UINT32_MAX & ~(op->bad ? BIT_GOOD : 0);
	if (op->bad)
		set = code_bit(op->bad_dst ? RTE_DMA_STATUS_INVALID_DST_ADDR :
					     RTE_DMA_STATUS_INVALID_SRC_ADDR) |
		      (lossy ? BIT_UNKNOWN : 0);
	else if (op->no == v->target)
		set = target_codes(v, op) | (lossy && v->fault_codes != BIT_GOOD ? BIT_UNKNOWN : 0);
	if (!op->bad && reset && v->what != M_NONE)
		set |= BIT_GOOD | v->fault_codes | BIT_UNKNOWN;
	/* The next operation may be blamed for the second stop if nothing completed. */
	if (v->what == M_STOP_TWICE && v->target == v->epoch_begin && op->no == v->target + 1)
		set |= BIT_UNKNOWN;
	/*
	 * In random order descriptors are not consumed in sequence: a fault may hit any operation,
	 * and a log entry may arrive after the driver's timeout.
	 */
	if (model_conf.reorder && v->what != M_NONE)
		set = v->what == M_FAIL && v->failed ? BIT_GOOD :
						       BIT_GOOD | v->fault_codes | BIT_UNKNOWN;
	return set;
}

/*
 * After a failure that stops the function, a fenced operation and all later ones are not attempted,
 * if they were enqueued before the failure was known. If the function continues they run, unless it
 * stopped for another reason.
 */
static uint32_t
with_fences(struct model_vchan *v, const struct model_op *op, uint32_t set)
{
	const uint32_t now = handovers(v);
	const bool stops = !model_conf.cont || v->what != M_NONE || fn_epoch(v) != v->epoch_fn;

	if (op->fence && v->failed && (int32_t)(op->handovers - v->fail_known) < 0) {
		/* Both were enqueued before the failure was known. */
		v->dead_certain |= op->handovers == v->fail_handovers && v->fail_stops;
		v->dead_known = now;
		v->dead = true;
	}
	if (!v->dead || (int32_t)(op->handovers - v->dead_known) >= 0 || !stops)
		return set;
	/* In random order, operations without a fence may have been executed. */
	if (v->dead_certain && op->handovers == v->fail_handovers &&
	    !(model_conf.reorder && !op->fence) && op->no >= v->fatal_until && !fn_is_fatal(v->fn))
		return BIT_NOT_ATTEMPTED;
	return set | BIT_NOT_ATTEMPTED;
}

static void
report(struct model_vchan *v, enum rte_dma_status_code status)
{
	struct model_op *op = op_at(v, v->tail);
	uint32_t set = with_fences(v, op, allowed_codes(v, op));
	/* If it was not stopped, it may have begun. */
	const bool partly = (model_conf.reorder && !op->fence) || model_conf.cont;

	if ((set & code_bit(status)) == 0)
		blame(v, op, "found status %d, expected one of the set 0x%x", status, set);
	switch (status) {
	case RTE_DMA_STATUS_SUCCESSFUL:
		check_content(v, op, DONE);
		break;
	case RTE_DMA_STATUS_NOT_ATTEMPTED:
		check_content(v, op, partly ? FAILED : NOT_ATTEMPTED);
		v->nb_not_attempted++;
		v->dead_known = handovers(v);
		v->dead = true;
		v->stat_errors++;
		break;
	default:
		check_content(v, op, FAILED);
		v->nb_failed++;
		v->nb_exact += status != RTE_DMA_STATUS_ERROR_UNKNOWN;
		v->nb_single += (set & (set - 1)) == 0;
		v->stat_errors++;
		/* A fault that stops the function instead of the context. */
		v->fail_stops = !model_conf.cont && fn_epoch(v) == v->epoch_fn &&
				(op->bad || v->what == M_FAIL || v->what == M_STOP_TWICE);
		if (!v->failed || op->handovers != v->fail_handovers)
			v->dead_certain = false;
		v->failed = true;
		v->fail_handovers = op->handovers;
		v->fail_known = handovers(v);
		break;
	}
	v->tail++;
	v->submitted = RTE_MAX(v->submitted, v->tail);
}

static bool
poll_completed(struct model_vchan *v, uint16_t want)
{
	const uint64_t first = v->tail;
	uint16_t last = 0xdead, got, i;
	bool error = !v->failing;

	got = rte_dma_completed(v->fn->id, v->vchan, want, &last, &error);
	if (got > want || got > outstanding(v))
		blame(v, op_at(v, first), "requested %u of %" PRIu64 ", got %u", want,
		      outstanding(v), got);
	/* Once a failure is found, nothing more is reported until the vchan is back. */
	if (v->failing && got != 0)
		blame(v, op_at(v, first), "had failed, but rte_dma_completed() returned %u", got);
	for (i = 0; i < got; i++)
		report(v, RTE_DMA_STATUS_SUCCESSFUL);
	if (last != (uint16_t)(v->tail - 1 - v->base))
		blame(v, op_at(v, first), "got %u: last index: expected %u, found %u", got,
		      (uint16_t)(v->tail - 1 - v->base), last);
	v->failing |= error;
	return got != 0;
}

static bool
poll_status(struct model_vchan *v, uint16_t want)
{
	enum rte_dma_status_code status[MAX_POLL];
	const uint64_t first = v->tail;
	uint16_t last = 0xdead, got, i;

	memset(status, 0xee, sizeof(status));
	got = rte_dma_completed_status(v->fn->id, v->vchan, want, &last, status);
	if (got > want || got > outstanding(v))
		blame(v, op_at(v, first), "requested %u of %" PRIu64 ", got %u", want,
		      outstanding(v), got);
	if (v->failing && got != 0 && status[0] == RTE_DMA_STATUS_SUCCESSFUL)
		blame(v, op_at(v, first), "had failed, but was reported as done");
	for (i = 0; i < got; i++)
		report(v, status[i]);
	if (last != (uint16_t)(v->tail - 1 - v->base))
		blame(v, op_at(v, first), "got %u: last index: expected %u, found %u", got,
		      (uint16_t)(v->tail - 1 - v->base), last);
	if (got != 0)
		v->failing = false;
	return got != 0;
}

static struct rte_dma_stats
stats_of(const struct model_vchan *v)
{
	struct rte_dma_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	MODEL_CHECK(v, rte_dma_stats_get(v->fn->id, v->vchan, &stats) == 0);
	return stats;
}

/* Silent mode reports no operations: they are counted, and verified after a stop. */
static bool
poll_silent(struct model_vchan *v, uint16_t want)
{
	const uint64_t first = v->tail;
	enum rte_dma_vchan_status status;
	struct rte_dma_stats stats;
	uint16_t last;
	bool error;

	/* Querying the status checks the vchan. */
	MODEL_CHECK(v, rte_dma_vchan_status(v->fn->id, v->vchan, &status) == 0);
	if (rte_dma_completed(v->fn->id, v->vchan, want, &last, &error) != 0)
		blame(v, op_at(v, first), "a completion in silent mode");
	stats = stats_of(v);
	if (stats.submitted < v->submitted - v->stat_base ||
	    stats.submitted > first + outstanding(v) - v->stat_base ||
	    stats.completed > stats.submitted || stats.errors < v->stat_errors ||
	    stats.errors > UINT32_MAX)
		blame(v, op_at(v, first), "submitted, completed, errors: expected %" PRIu64
		      ", no more, %" PRIu64 " or more, found %" PRIu64 ", %" PRIu64 ", %" PRIu64,
		      v->submitted - v->stat_base, v->stat_errors, stats.submitted,
		      stats.completed, stats.errors);
	/* During recovery, fewer operations count as completed. */
	v->tail = RTE_MAX(first, v->stat_base + stats.completed);
	return v->tail != first;
}

/* Poll for completions with either function; how often depends on scheduling. */
static bool
look(struct model_vchan *v)
{
	struct model_rng rng = rng_of(S_POLL, v->no, v->polls++);
	const uint16_t want = 1 + below(&rng, MAX_POLL);
	enum rte_dma_vchan_status status;

	if (one_in(&rng, 64)) {
		MODEL_CHECK(v, rte_dma_vchan_status(v->fn->id, v->vchan, &status) == 0);
		MODEL_CHECK(v, rte_dma_burst_capacity(v->fn->id, v->vchan) <= v->nb_desc);
	}
	if (v->tail == v->submitted)
		MODEL_CHECK(v, !v->failing);
	if (v->fn->mode == MODEL_SILENT)
		return poll_silent(v, want);
	if (v->fn->mode == MODEL_OPS)
		return poll_rops(v, want);
	return one_in(&rng, v->failing ? 2 : 3) ? poll_status(v, want) : poll_completed(v, want);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static const struct {
	uint8_t weight; /* rare ones take long: the driver waits for the function's timeouts */
	bool lossy;	/* loses log entries of any vchan */
	bool fatal;	/* the function cannot be activated again */
} mishaps[M_MAX] = {
	[M_NONE] = { .weight = 180 }, [M_FAIL] = { .weight = 100 }, [M_NO_TRACE] = { .weight = 5 },
	[M_LOSE] = { .weight = 5 }, [M_STOP] = { .weight = 24 }, [M_STOP_TWICE] = { .weight = 24 },
	[M_STALL] = { .weight = 2 }, [M_FN_ERROR] = { .weight = 12 },
	[M_LOG_LOST] = { .weight = 16, .lossy = true }, [M_NO_STOP] = { .weight = 2 },
	[M_NO_FN_STOP] = { .weight = 2 }, [M_NO_ACTIVE] = { .weight = 2, .fatal = true },
};

static void
injected_cb(struct sdxi_emu *emu, void *arg)
{
	uint64_t *hits = arg;
	unsigned int i;

	for (i = 0; i < SDXI_EMU_FAULT_KINDS; i++)
		hits[i] += sdxi_emu_injected(emu, i);
}

/* Inject a fault that hits descriptor fault_dsc of the epoch, or the function. */
static void
inject(struct model_vchan *v, enum sdxi_emu_fault_kind kind, struct sdxi_emu_fault fault)
{
	fault.kind = kind;
	fault.cxt = v->vchan + 1;
	fault.op = v->fault_dsc;
	MODEL_CHECK(v, td_vdev_inject(v->fn->name, &fault) == 0);
	digest_add(v, v->epoch_begin << 32 | kind << 16 | fault.count);
	digest_add(v, v->fault_dsc << 32 | fault.step << 16 | fault.sub_step << 8 | fault.buf << 2 |
		   fault.no_block << 1 | fault.no_log);
}

static void
inject_clear(struct model_fn *fn)
{
	MODEL_CHECK(fn->vchan, td_vdev_inject(fn->name, NULL) == 0);
}

/* A failure by step and sub-step of SDXI, and the status expected for it. */
static struct sdxi_emu_fault
draw_failure(struct model_rng *rng, uint32_t *code)
{
	static const struct {
		uint8_t step, sub_step;
		enum rte_dma_status_code code[2];
	} failures[] = {
		{ SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
		  { RTE_DMA_STATUS_INVALID_SRC_ADDR, RTE_DMA_STATUS_INVALID_DST_ADDR } },
		{ SDXI_STEP_BUFFER, SDXI_SUB_STEP_ACCESS,
		  { RTE_DMA_STATUS_BUS_READ_ERROR, RTE_DMA_STATUS_BUS_WRITE_ERROR } },
		{ SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION,
		  { RTE_DMA_STATUS_INVALID_ADDR, RTE_DMA_STATUS_INVALID_ADDR } },
		{ SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
		  { RTE_DMA_STATUS_INVALID_OPCODE, RTE_DMA_STATUS_INVALID_OPCODE } },
	};
	const unsigned int i = below(rng, RTE_DIM(failures)), buf = below(rng, 2);

	*code = code_bit(failures[i].code[buf]);
	return (struct sdxi_emu_fault){
		.step = failures[i].step, .sub_step = failures[i].sub_step, .buf = buf,
	};
}

static void
mishap(struct model_vchan *v, struct model_rng *rng)
{
	uint32_t code;
	struct sdxi_emu_fault failure = draw_failure(rng, &code);
	const struct sdxi_emu_fault once = { 0 }, twice = { .count = 2 };
	const bool no_signal = one_in(rng, 4), other = one_in(rng, 2), third = one_in(rng, 3);

	v->fault_dsc = 1 + below(rng, RTE_MIN(v->epoch_end - v->epoch_begin - 1, UINT64_C(60)));
	v->fault_codes = BIT_GOOD;
	if (mishaps[v->what].lossy)
		__atomic_fetch_add(&v->fn->lossy, 1, __ATOMIC_ACQ_REL);
	switch (v->what) {
	case M_FAIL: /* reported in the log, or only in the completion block, without a code */
		failure.no_log = third && !no_signal;
		failure.no_block = other && !failure.no_log && !no_signal;
		v->fault_codes = failure.no_log ? BIT_UNKNOWN : code;
		inject(v, no_signal ? SDXI_EMU_FAULT_NO_SIGNAL : SDXI_EMU_FAULT_FAIL, failure);
		break;
	case M_NO_TRACE: /* no trace except that the context stops: it is run again */
		failure.no_log = true;
		failure.no_block = !no_signal;
		inject(v, no_signal ? SDXI_EMU_FAULT_NO_SIGNAL : SDXI_EMU_FAULT_FAIL, failure);
		break;
	case M_LOSE:
		inject(v, SDXI_EMU_FAULT_LOSE, once);
		break;
	case M_STOP:
		inject(v, SDXI_EMU_FAULT_STOP, once);
		break;
	case M_STOP_TWICE: /* stops its context each time: it fails */
		v->fault_codes = BIT_UNKNOWN;
		inject(v, SDXI_EMU_FAULT_STOP, twice);
		break;
	case M_STALL:
		inject(v, SDXI_EMU_FAULT_STALL, once);
		break;
	case M_FN_ERROR: /* the log names the operation, but a reason that is not the operation's */
		v->fault_codes = BIT_UNKNOWN;
		inject(v, SDXI_EMU_FAULT_FN_ERROR, once);
		break;
	case M_LOG_LOST:
		v->fault_codes = BIT_UNKNOWN | code;
		inject(v, other ? SDXI_EMU_FAULT_LOG_OVF : SDXI_EMU_FAULT_LOG_ERR, once);
		inject(v, SDXI_EMU_FAULT_FAIL, failure);
		break;
	case M_NO_STOP:
	case M_NO_FN_STOP:
		inject(v, SDXI_EMU_FAULT_NO_STOP, once);
		if (v->what == M_NO_FN_STOP)
			inject(v, SDXI_EMU_FAULT_NO_FN_STOP, once);
		inject(v, SDXI_EMU_FAULT_LOSE, once);
		break;
	case M_NO_ACTIVE:
		flag_set(&v->fn->fatal, true);
		inject(v, SDXI_EMU_FAULT_NO_ACTIVE, (struct sdxi_emu_fault){ .count = 3 });
		inject(v, SDXI_EMU_FAULT_FN_ERROR, once);
		break;
	default:
		break;
	}
}

/* ---- epochs ---------------------------------------------------------------------------------- */

static void
expect_stats(const struct model_vchan *v)
{
	const struct rte_dma_stats stats = stats_of(v);
	const uint64_t sum = v->next - v->stat_base;

	/* Silent failures are not known before the device has stopped. */
	if (stats.submitted != sum || stats.completed != sum ||
	    (stats.errors != v->stat_errors && v->fn->mode != MODEL_SILENT))
		model_fail("seed %" PRIu64 ": channel %u: epoch from %" PRIu64 ": submitted, completed, "
			   "errors: expected %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", found %" PRIu64
			   ", %" PRIu64 ", %" PRIu64, model_conf.seed, v->no, v->epoch_begin, sum,
			   sum, v->stat_errors, stats.submitted, stats.completed, stats.errors);
}

static void
epoch_finish(struct model_vchan *v)
{
	if (v->what == M_MAX)
		return;
	if (mishaps[v->what].lossy)
		__atomic_fetch_sub(&v->fn->lossy, 1, __ATOMIC_ACQ_REL);
	expect_stats(v);
	if (v->what == M_FAIL && !v->failed && v->fn->mode != MODEL_SILENT &&
	    fn_epoch(v) == v->epoch_fn)
		blame(v, op_at(v, v->tail - 1), "the last one, but none has failed");
	v->what = M_MAX;
}

static void
epoch_begin(struct model_vchan *v)
{
	struct model_rng rng = rng_of(S_EPOCH, v->no, v->next);
	uint32_t kind = below(&rng, 100), weight = 0, i;
	uint64_t len = 2 + below(&rng, kind < 40 ? 40 : kind < 80 ? 300 : 2000);

	v->epoch_begin = v->next;
	v->epoch_end = RTE_MIN(v->next + len, v->total);
	v->epoch_fn = fn_epoch(v);
	v->window = one_in(&rng, 4) ? 1 + below(&rng, 64) : WINDOW;
	v->target = UINT64_MAX;
	v->dsc_sum = 0;
	v->failed = false;
	v->dead = false;
	v->dead_certain = false;
	v->what = M_NONE;
	if (!model_conf.faults || v->epoch_end - v->next < 2)
		return;
	for (i = 0; i < M_MAX; i++)
		weight += mishaps[i].weight;
	for (weight = below(&rng, weight); weight >= mishaps[v->what].weight; v->what++)
		weight -= mishaps[v->what].weight;
	if (v->what != M_NONE)
		mishap(v, &rng);
}

bool
model_is_drained(const struct model_vchan *v)
{
	return v->tail == v->next;
}

void
model_fn_start(struct model_fn *fn)
{
	unsigned int i;

	MODEL_CHECK(fn->vchan, rte_dma_start(fn->id) == 0);
	for (i = 0; i < fn->vchans; i++)
		fn->vchan[i].base = fn->vchan[i].next;
}

/* In silent mode, verify now that nothing is executed any more. */
static void
silent_settle(struct model_vchan *v)
{
	const uint64_t errors = stats_of(v).errors;
	uint64_t spoilt = 0;

	for (; v->settled < v->next; v->settled++) {
		struct model_op *op = op_at(v, v->settled);
		bool done = !op->bad && is_done(v, op);

		check_content(v, op, done ? DONE : FAILED);
		spoilt += !done;
	}
	if (v->counted && errors - v->stat_errors < spoilt)
		model_fail("seed %" PRIu64 ": channel %u: silent operations up to %" PRIu64
			   ": %" PRIu64 " were not done, and %" PRIu64 " counted as failed",
			   model_conf.seed, v->no, v->next, spoilt, errors - v->stat_errors);
	v->nb_failed += spoilt;
	v->stat_errors = errors;
}

/* All outstanding operations are reported, and no fault is left. */
static void
stopped(struct model_vchan *v)
{
	unsigned int fruitless = 0;

	v->fatal_until = v->next;
	while (!model_is_drained(v)) {
		fruitless = look(v) ? 0 : fruitless + 1;
		if (fruitless == REFUSALS)
			blame(v, op_at(v, v->tail), "not reported after a stop (enqueued up to %"
			      PRIu64 ")", v->next);
	}
	if (v->fn->mode == MODEL_SILENT)
		silent_settle(v);
	expect_stats(v);
	v->what = M_MAX;
	v->epoch_end = v->next;
}

void
model_fn_stop(struct model_fn *fn)
{
	enum rte_dma_vchan_status status;
	unsigned int i;

	fn->nb_late += fn_is_late(fn);
	inject_clear(fn);
	flag_set(&fn->fatal, false);
	/* Silent failures are counted by queries, and not any more after a stop. */
	for (i = 0; i < fn->vchans; i++) {
		fn->vchan[i].counted = model_is_drained(&fn->vchan[i]);
		MODEL_CHECK(fn->vchan, rte_dma_vchan_status(fn->id, i, &status) == 0);
	}
	MODEL_CHECK(fn->vchan, rte_dma_stop(fn->id) == 0);
	for (i = 0; i < fn->vchans; i++) {
		/* Enqueued operations cannot be submitted after the stop. */
		fn->vchan[i].submitted = fn->vchan[i].next;
		stopped(&fn->vchan[i]);
	}
	fn->lossy = 0;
}

void
model_fn_restart(struct model_fn *fn)
{
	unsigned int i;

	for (i = 0; i < fn->vchans; i++)
		if (!model_is_drained(&fn->vchan[i]))
			return;
	model_fn_stop(fn);
	model_fn_start(fn);
	for (i = 0; i < fn->vchans; i++)
		fn->vchan[i].nb_restarts++;
	flag_set(&fn->dying, false);
}

void
model_is_configured(struct model_vchan *v, uint16_t nb_desc)
{
	v->nb_desc = nb_desc;
	v->stat_base = v->next;
	v->stat_errors = 0;
}

void
model_is_probed(struct model_vchan *v, struct model_fn *fn, uint16_t vchan, uint32_t cycle)
{
	v->fn = fn;
	v->vchan = vchan;
	v->next = (uint64_t)cycle << 32;
	v->submitted = v->next;
	v->tail = v->next;
	v->fatal_until = v->next;
	v->polls = 0;
	v->what = M_MAX;
	v->generated = false;
}

void
model_go_on(struct model_vchan *v, uint64_t count)
{
	v->total = v->next + count;
	v->epoch_end = v->next;
	v->settled = v->next;
}

void
model_submit(struct model_vchan *v)
{
	submit(v);
}

bool
model_step(struct model_vchan *v)
{
	enum rte_dma_vchan_status status;
	struct model_rng rng;
	unsigned int burst;
	bool done = false;

	if (model_is_drained(v) && v->next == v->epoch_end && !model_fn_is_dying(v->fn)) {
		/* Trigger the failure of the function now, instead of at its next use. */
		if (v->what != M_MAX && mishaps[v->what].fatal) {
			flag_set(&v->fn->dying, true);
			return true;
		}
		/* Recovery renumbers descriptors: wait for its end before an epoch begins. */
		MODEL_CHECK(v, rte_dma_vchan_status(v->fn->id, v->vchan, &status) == 0);
		if (status == RTE_DMA_VCHAN_ACTIVE || has_leftovers(v))
			return false;
		epoch_finish(v);
		if (v->next == v->total) {
			v->epoch_end = UINT64_MAX;
			return true;
		}
		epoch_begin(v);
		done = true;
	}
	if (model_fn_is_dying(v->fn)) {
		if (v->submitted != v->next)
			submit(v);
	} else {
		rng = rng_of(S_BURST, v->no, v->next);
		for (burst = 1 + below(&rng, 32); burst > 0 && v->next < v->epoch_end &&
		     v->next - v->tail < v->window && enqueue(v); burst--)
			done = true;
		if (v->submitted == v->tail || v->next == v->epoch_end)
			submit(v);
	}
	return look(v) || done;
}

bool
model_is_finished(const struct model_vchan *v)
{
	return v->epoch_end == UINT64_MAX;
}

void
model_fn_hits(const struct model_fn *fn, uint64_t hits[SDXI_EMU_FAULT_KINDS])
{
	MODEL_CHECK(fn->vchan, td_vdev_call(fn->name, injected_cb, hits) == 0);
}

void __rte_noreturn
model_hangs(struct model_vchan *v)
{
	blame(v, op_at(v, v->tail), "no more progress (enqueued up to %" PRIu64 ", submitted "
	      "up to %" PRIu64 ")", v->next, v->submitted);
}

/* ---- command line ---------------------------------------------------------------------------- */

int
model_parse_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0' && *number <= max ? 0 : -1;
}

int
model_parse_seed(const char *text)
{
	struct timespec now;

	if (strcmp(text, "random") != 0)
		return model_parse_number(text, UINT64_MAX, &model_conf.seed);
	clock_gettime(CLOCK_REALTIME, &now);
	model_conf.seed = (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	return 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct model_vchan *
model_make(void)
{
	struct model_vchan *vchans;
	unsigned int i;

	pool = td_alloc(POOL_LEN, 0);
	td_fill(pool, POOL_LEN, model_conf.seed);
	pool_hash = hash_of(pool, POOL_LEN);
	hole = mmap(NULL, HOLE_LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(hole, MAP_FAILED);
	vchans = calloc(MODEL_VCHANS, sizeof(*vchans));
	assert_non_null(vchans);
	for (i = 0; i < MODEL_VCHANS; i++) {
		vchans[i].no = i;
		vchans[i].slots = td_alloc((size_t)MODEL_SLOTS * SLOT_LEN, 0);
		vchans[i].bigs = td_alloc(BIGS_LEN, 0);
		vchans[i].expected = malloc(2 * BIG_LEN + MODEL_SLOTS * ROP_LEN);
		assert_non_null(vchans[i].expected);
		memset(vchans[i].expected, 0, 2 * BIG_LEN + MODEL_SLOTS * ROP_LEN);
		vchans[i].before = vchans[i].expected + BIG_LEN;
		vchans[i].rops = vchans[i].before + BIG_LEN;
	}
	return vchans;
}

void
model_recheck(struct model_vchan *vchans)
{
	unsigned int i, n;

	for (i = 0; i < MODEL_VCHANS; i++)
		for (n = 0; n < MODEL_SLOTS; n++)
			zone_recheck(&vchans[i], &vchans[i].op[n]);
	if (hash_of(pool, POOL_LEN) != pool_hash)
		model_fail("seed %" PRIu64 ": a source was changed", model_conf.seed);
}

void
model_free(struct model_vchan *vchans)
{
	unsigned int i;

	for (i = 0; i < MODEL_VCHANS; i++)
		free(vchans[i].expected);
	free(vchans);
	munmap(hole, HOLE_LEN);
}
