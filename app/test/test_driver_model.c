/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_common.h>

#include "sdxi_dmadev.h"
#include "sdxi_vdev.h"
#include "test_driver_model.h"

enum {
	WINDOW = 256,	/* most operations outstanding */
	REACH = 16,	/* how far back a chain may go */
	BIG_SLOTS = 8,	/* for one operation in 64 at most */
	BIG_LEN = 1 << 20,
	BIGS_LEN = BIG_SLOTS * (BIG_LEN + 4096),
	ZONE_LEN = 16 << 10, /* of a slot, for destinations */
	OWN_LEN = 8 << 10,   /* of a slot, for a source that may be overwritten */
	MAX_LEN = OWN_LEN - 2 * TD_GUARD_LEN - 64,
	SLOT_LEN = ZONE_LEN + OWN_LEN,
	POOL_LEN = 4 << 20,
	HOLE_LEN = 2 * 4096,
	MAX_POLL = 64,
	/* Polls of an idle channel, after which a refusal is not one that passes. */
	REFUSALS = 2000,
};

static const char * const kind_names[] = {
	"copy", "copy of its own", "chained copy", "fill", "sg",
};
static_assert(RTE_DIM(kind_names) == K_MAX, "each kind has a name");

struct model_conf model_conf = { .quiet = true, .faults = true };

static uint8_t *pool, *hole;
static uint64_t pool_hash;

/* ---- what is known --------------------------------------------------------------------------- */

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

/* For --log. */
static void __rte_format_printf(2, 3)
note(const struct model_vchan *v, const char *format, ...)
{
	va_list ap;

	if (model_conf.quiet)
		return;
	fprintf(stderr, "channel %u (%s, vchan %u): ", v->no, v->fn->name, v->vchan);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
}

/* A function's channels may be driven by a thread each. */
static void
flag_set(bool *flag, bool on)
{
	__atomic_store_n(flag, on, __ATOMIC_RELEASE);
}

static const struct sdxi_dev *
dev_of(const struct model_fn *fn)
{
	const struct sdxi_vchan *first = rte_dma_fp_objs[fn->id].dev_private;

	return first->dev;
}

/*
 * Driven from several threads, a function may not get the CPU for so long that the driver gives it
 * up; nothing that is to be true in the end can depend on that.
 */
static bool
fn_is_late(const struct model_fn *fn)
{
	return model_conf.threads && !__atomic_load_n(&fn->fatal, __ATOMIC_ACQUIRE) &&
	       dev_of(fn)->failed;
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
	/* cmocka can tell of the failure of one thread only. */
	if (model_conf.on_fail != NULL)
		model_conf.on_fail(text);
	fail_msg("%s", text);
	abort();
}

#define MODEL_CHECK(v, cond)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			model_fail("seed %" PRIu64 ": channel %u: %s:%d: not so: %s",              \
				   model_conf.seed, (v)->no, __FILE__, __LINE__, #cond);           \
	} while (0)

/* The faults of an epoch and of those before, whose may still be to come. */
static void
show_faults(const struct model_vchan *v)
{
	uint64_t i = v->nb_injected - RTE_MIN(v->nb_injected, (uint64_t)MODEL_LAST_FAULTS);

	for (; i < v->nb_injected; i++) {
		const struct model_injected *in = &v->last[i % MODEL_LAST_FAULTS];

		print_error("channel %u: epoch %" PRIu64 ", from operation %" PRIu64 ": %s: "
			    "cxt %u, op %" PRIu64 ", count %u, step %u, sub_step %u, buf %u%s%s\n",
			    v->no,
			    in->epoch, in->from, sdxi_emu_fault_name(in->fault.kind), in->fault.cxt,
			    in->fault.op, in->fault.count, in->fault.step, in->fault.sub_step,
			    in->fault.buf, in->fault.no_block ? ", no_block" : "",
			    in->fault.no_log ? ", no_log" : "");
	}
}

/* Fail the test, with all that is known of an operation. */
static void __rte_noreturn __rte_format_printf(3, 4)
blame(const struct model_vchan *v, const struct model_op *op, const char *format, ...)
{
	char text[512];
	va_list ap;

	show_faults(v);
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	model_fail("seed %" PRIu64 ": channel %u (%s, vchan %u): epoch %" PRIu64 " (%u operations up "
		   "to %" PRIu64 ", mishaps 0x%x): operation %" PRIu64 " (index %u, batch %" PRIu64
		   "): %s%s%s%s of %u bytes, %u to %u parts: %s", model_conf.seed, v->no,
		   v->fn->name, v->vchan, v->epoch, v->epoch_len, v->epoch_end, v->mishaps, op->no,
		   (uint16_t)(op->no - v->base), op->batch, op->fence ? "fenced " : "",
		   op->bad ? "impossible " : "", kind_names[op->kind],
		   op->over != NULL ? " over a source" : "", op->len, op->nb_src, op->nb_dst, text);
}

/* ---- drawing up operations ------------------------------------------------------------------- */

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

/* What the slot's last user left must still be as it was when that was reported. */
static void
zone_recheck(struct model_vchan *v, const struct model_op *op)
{
	if (op->zone != NULL && hash_of(op->zone, op->zone_len) != op->hash)
		blame(v, op, "its destination was written after it had been reported");
}

/* One destination, guarded, somewhere in the slot; and the guard is what is there before. */
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

/* Cut @p len into @p n parts, some of which may be empty. */
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

/* An earlier operation that a chain can go back to, if there is one where it was looked for. */
static struct model_op *
draw_earlier(struct model_vchan *v, struct model_rng *rng)
{
	uint64_t no = v->next - 1 - below(rng, REACH);
	struct model_op *op = op_at(v, no);

	return no < v->next && op->no == no ? op : NULL;
}

/* Give one part an address where nothing is. */
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
	/* That is what it means to enqueue one. */
	if (v->fn->mode == MODEL_OPS)
		op->submit = SUBMIT_FLAG;
	op->len = big ? BIG_LEN / 16 + below(&rng, BIG_LEN * 15 / 16) : draw_len(&rng);
	if (v->simple) {
		src_place(op, &rng);
		dst_place(v, op, &rng, big);
		return;
	}
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
	if (one_in(&rng, 150) && op->over == NULL)
		spoil(op, &rng);
}

/* ---- what was done, as a number ------------------------------------------------------------- */

static void
digest_add(struct model_vchan *v, uint64_t number)
{
	v->digest = td_word(v->digest, number);
}

/* An address, which is another one in another run. */
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

static void
digest_fault(struct model_vchan *v, const struct sdxi_emu_fault *fault)
{
	digest_add(v, v->epoch);
	digest_add(v, fault->kind | fault->cxt << 8);
	digest_add(v, fault->op);
	digest_add(v, fault->count);
	digest_add(v, fault->step | fault->sub_step << 8 | fault->buf << 16 |
		   fault->no_block << 24 | fault->no_log << 25);
}

static void report(struct model_vchan *v, enum rte_dma_status_code status);

/* ---- handing them over ----------------------------------------------------------------------- */

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
	/* It does not say why. */
	return v->next == v->tail ? -EIO : -ENOSPC;
}

static bool
poll_rops(struct model_vchan *v, uint16_t want)
{
	struct rte_dma_op *rops[MAX_POLL];
	const uint64_t first = v->tail;
	uint16_t got, i;

	got = rte_dma_dequeue_ops(v->fn->id, v->vchan, rops, want);
	if (got > want || got > v->submitted - v->tail)
		blame(v, op_at(v, first), "asked for %u of %" PRIu64 ", given %u", want,
		      v->submitted - v->tail, got);
	for (i = 0; i < got; i++) {
		if (rops[i] != rop_at(v, v->tail))
			blame(v, op_at(v, v->tail), "another operation was given back");
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

/* A count of its function's resets. */
static uint32_t
fn_epoch(const struct model_vchan *v)
{
	return __atomic_load_n(&dev_of(v->fn)->epoch, __ATOMIC_ACQUIRE);
}

/* All that was enqueued is a batch now. */
static void
batch_end(struct model_vchan *v, uint32_t epoch)
{
	struct model_batch *next;

	if (v->submitted == v->next)
		return;
	v->submitted = v->next;
	v->batches[v->batch % MODEL_BATCHES].fn_epoch = epoch;
	next = &v->batches[++v->batch % MODEL_BATCHES];
	memset(next, 0, sizeof(*next));
}

static void
submit(struct model_vchan *v)
{
	const uint32_t epoch = fn_epoch(v);
	int ret = rte_dma_submit(v->fn->id, v->vchan);

	if (ret < 0)
		model_fail("seed %" PRIu64 ": channel %u: submit: %d", model_conf.seed, v->no,
			   ret);
	batch_end(v, epoch);
}

/* Enqueue the next operation; false: not now. */
static bool
enqueue(struct model_vchan *v)
{
	struct model_op *op = op_at(v, v->next);
	struct model_batch *batch = &v->batches[v->batch % MODEL_BATCHES];
	uint32_t epoch;
	int ret;

	if (!v->generated) {
		generate(v);
		v->generated = true;
	}
	op->batch = v->batch;
	op->reported = v->tail;
	epoch = fn_epoch(v);
	ret = enqueue_op(v, op);
	if (ret == -ENOSPC && v->next != v->tail) {
		/* Nothing comes back of what was not handed over. */
		if (v->submitted == v->tail)
			submit(v);
		return false;
	}
	if (ret == -EIO) {
		if (v->tail == v->next && ++v->refused >= REFUSALS) {
			if (fn_is_fatal(v->fn))
				flag_set(&v->fn->dying, true);
			/* Another thread may be about to bring the function up again. */
			else if (!model_conf.threads)
				blame(v, op, "refused with nothing outstanding, and nothing "
				      "injected that accounts for it");
		}
		return false;
	}
	if (ret != (uint16_t)(v->next - v->base))
		blame(v, op, "enqueue: expected its index, found %d", ret);
	v->refused = 0;
	v->generated = false;
	digest_op(v, op);
	v->nb_bytes += op->len;
	batch->fence |= op->fence && v->next != v->submitted;
	batch->bad |= op->bad;
	v->next++;
	if (op->submit == SUBMIT_FLAG)
		batch_end(v, epoch);
	else if (op->submit == SUBMIT_CALL)
		submit(v);
	return true;
}

/* ---- what became of them --------------------------------------------------------------------- */

/* What the destination is to hold behind the operation, and what it held before, as one piece. */
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

	/* A fill that has failed may have repeated what was there in the pattern's place. */
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
			blame(v, op, "something was written beside its destination");
		return;
	}
	for (i = 0; i < op->nb_dst; i++) {
		seg = &op->dst[i];
		if (seg->at == NULL)
			continue;
		if (!td_is_all(at, seg->at - at, TD_GUARD))
			blame(v, op, "something was written in front of part %u", i);
		at = seg->at + seg->len;
	}
	if (!td_is_all(at, op->zone + op->zone_len - at, TD_GUARD))
		blame(v, op, "something was written behind its destination");
	op->hash = hash_of(op->zone, op->zone_len);
}

/* Does its destination hold what it is to hold? */
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

/* Is there a fence in what was handed over behind an operation? */
static bool
has_fence_behind(struct model_vchan *v, const struct model_op *op)
{
	uint64_t no;

	for (no = op->no + 1; no < v->submitted; no++)
		if (op_at(v, no)->fence)
			return true;
	return false;
}

/* Codes as a set. */
static uint32_t
code_bit(enum rte_dma_status_code code)
{
	return code < 31 ? UINT32_C(1) << code : UINT32_C(1) << 31;
}

/* Hits of what may take entries of the log along that are about other channels. */
static void
disturbances_cb(struct sdxi_emu *emu, void *arg)
{
	static const enum sdxi_emu_fault_kind kinds[] = {
		SDXI_EMU_FAULT_LOG_OVF, SDXI_EMU_FAULT_LOG_ERR, SDXI_EMU_FAULT_FN_ERROR,
		SDXI_EMU_FAULT_NO_STOP, SDXI_EMU_FAULT_NO_FN_STOP, SDXI_EMU_FAULT_NO_RESET,
		SDXI_EMU_FAULT_NO_ACTIVE,
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++)
		*(uint64_t *)arg += sdxi_emu_injected_of(emu, kinds[i]);
}

static uint64_t
disturbances(const struct model_vchan *v)
{
	uint64_t hits = 0;

	MODEL_CHECK(v, sdxi_vdev_call(v->fn->name, disturbances_cb, &hits) == 0);
	return hits;
}

/* Has a fault had to do with the channel in this epoch, or may it have had? */
static bool
is_disturbed(const struct model_vchan *v)
{
	return fn_is_fatal(v->fn) || v->mishaps != 0 || v->codes != 0 || v->carry > 0 ||
	       disturbances(v) != v->disturbed;
}

/* Is an impossible operation near enough for its failure to have to do with another one? */
static bool
has_bad_near(struct model_vchan *v, const struct model_op *op)
{
	uint64_t no = op->no - RTE_MIN(op->no, (uint64_t)WINDOW);

	for (; no < v->submitted; no++)
		if (op_at(v, no)->bad)
			return true;
	return false;
}

/*
 * The code has to be that of what has gone wrong, or, where the log may not have told it, unknown.
 * A function that takes every liberty may be later with its entry than the driver waits for it.
 */
static void
check_code(struct model_vchan *v, const struct model_op *op, enum rte_dma_status_code status)
{
	uint32_t allowed = v->codes;

	if (op->bad)
		allowed |= code_bit(op->bad_dst ? RTE_DMA_STATUS_INVALID_DST_ADDR :
						  RTE_DMA_STATUS_INVALID_SRC_ADDR);
	/* A fill has no other buffer than its destination, if it is made without another. */
	if (op->kind == K_FILL && (allowed & code_bit(RTE_DMA_STATUS_INVALID_SRC_ADDR)) != 0)
		allowed |= code_bit(RTE_DMA_STATUS_INVALID_DST_ADDR);
	if (op->kind == K_FILL && (allowed & code_bit(RTE_DMA_STATUS_BUS_READ_ERROR)) != 0)
		allowed |= code_bit(RTE_DMA_STATUS_BUS_WRITE_ERROR);
	/* Whether there is a reason to fail at all comes later. */
	if (!op->bad || model_conf.reorder || op->no < v->fatal_until || is_disturbed(v))
		allowed |= code_bit(RTE_DMA_STATUS_ERROR_UNKNOWN);
	if ((allowed & code_bit(status)) == 0)
		blame(v, op, "found status %d, expected one of the set 0x%x", status, allowed);
	v->nb_exact += status != RTE_DMA_STATUS_ERROR_UNKNOWN;
}

/* A failure has to have a reason. */
static void
account_failure(struct model_vchan *v, const struct model_op *op, enum rte_dma_status_code status)
{
	struct model_batch *batch = &v->batches[op->batch % MODEL_BATCHES];

	check_code(v, op, status);
	v->fails++;
	/* What nobody knows the fate of may never have been consumed: faults are yet to come. */
	if (status == RTE_DMA_STATUS_ERROR_UNKNOWN)
		v->left_out = true;
	if (op->bad || fn_is_fatal(v->fn) || op->no < v->fatal_until)
		return;
	/*
	 * One block for all of a batch does not tell which of its operations are done. Those that a
	 * fence stands between cannot simply be run again, nor can those be told from a failure. A
	 * function that takes every liberty consumes a fence long before it is passed, and stops,
	 * and may have begun what stands behind one that is behind a failure; and behind a reset,
	 * nobody knows how far any function has come. But something must have gone wrong for that.
	 */
	if (status == RTE_DMA_STATUS_ERROR_UNKNOWN && model_conf.faults &&
	    ((model_conf.batch && (batch->fence || batch->bad)) ||
	     ((model_conf.reorder || model_conf.batch || batch->fn_epoch != fn_epoch(v)) &&
	      (has_fence_behind(v, op) || v->fail_before_fence > op->reported))) &&
	    (is_disturbed(v) || has_bad_near(v, op) || batch->fn_epoch != fn_epoch(v))) {
		v->nb_vague++;
		return;
	}
	if (model_conf.batch && batch->excused)
		return;
	if (v->budget > 0) {
		v->budget--;
		batch->excused = true;
		return;
	}
	blame(v, op, "found status %d, and nothing accounts for it", status);
}

static void
report(struct model_vchan *v, enum rte_dma_status_code status)
{
	struct model_op *op = op_at(v, v->tail);

	if (op->fence)
		v->fail_before_fence = v->last_fail;
	if (status != RTE_DMA_STATUS_SUCCESSFUL && status != RTE_DMA_STATUS_NOT_ATTEMPTED)
		note(v, "operation %" PRIu64 " (index %u, batch %" PRIu64 "%s%s): status %d\n",
		     op->no, (uint16_t)(op->no - v->base), op->batch, op->fence ? ", fenced" : "",
		     op->bad ? ", impossible" : "", status);
	switch (status) {
	case RTE_DMA_STATUS_SUCCESSFUL:
		if (op->bad)
			blame(v, op, "successful, though it cannot work");
		check_content(v, op, DONE);
		break;
	case RTE_DMA_STATUS_NOT_ATTEMPTED:
		/* Neither was one that it could follow, unless that was reported before. */
		if (!fn_is_fatal(v->fn) && op->no >= v->fatal_until &&
		    v->fail_before_fence <= op->reported && v->last_not_attempted <= op->reported)
			blame(v, op, "not attempted, but there is no failed one in front of a "
			      "fence (the last has the number %" PRIi64 ", %" PRIu64 " were "
			      "reported when it was enqueued)", (int64_t)v->fail_before_fence - 1,
			      op->reported);
		check_content(v, op, NOT_ATTEMPTED);
		v->nb_not_attempted++;
		v->left_out = true;
		v->last_not_attempted = op->no + 1;
		v->last_fail = op->no + 1;
		v->stat_errors++;
		break;
	default:
		account_failure(v, op, status);
		check_content(v, op, FAILED);
		v->nb_failed++;
		v->last_fail = op->no + 1;
		v->stat_errors++;
		break;
	}
	v->tail++;
}

static bool
poll_completed(struct model_vchan *v, uint16_t want)
{
	const uint64_t first = v->tail;
	uint16_t last = 0xdead, got, i;
	bool error = !v->failing;

	got = rte_dma_completed(v->fn->id, v->vchan, want, &last, &error);
	if (got > want || got > v->submitted - v->tail)
		blame(v, op_at(v, first), "asked for %u of %" PRIu64 ", given %u", want,
		      v->submitted - v->tail, got);
	if (v->failing && (got != 0 || !error))
		blame(v, op_at(v, first), "had failed, then rte_dma_completed() gave %u, %s", got,
		      error ? "an error" : "no error");
	for (i = 0; i < got; i++)
		report(v, RTE_DMA_STATUS_SUCCESSFUL);
	if (last != (uint16_t)(v->tail - 1 - v->base))
		blame(v, op_at(v, first), "given %u: last index: expected %u, found %u", got,
		      (uint16_t)(v->tail - 1 - v->base), last);
	v->failing = error;
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
	if (got > want || got > v->submitted - v->tail)
		blame(v, op_at(v, first), "asked for %u of %" PRIu64 ", given %u", want,
		      v->submitted - v->tail, got);
	if (v->failing && (got == 0 || status[0] == RTE_DMA_STATUS_SUCCESSFUL))
		blame(v, op_at(v, first), "had failed, then rte_dma_completed_status() gave %u, "
		      "the first being %d", got, got == 0 ? -1 : (int)status[0]);
	for (i = 0; i < got; i++)
		report(v, status[i]);
	if (last != (uint16_t)(v->tail - 1 - v->base))
		blame(v, op_at(v, first), "given %u: last index: expected %u, found %u", got,
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

/*
 * Nothing is reported of what is silent: it is counted, and looked at when the device has stopped.
 */
static bool
poll_silent(struct model_vchan *v, uint16_t want)
{
	const uint64_t first = v->tail;
	struct rte_dma_stats stats;
	uint16_t last;
	bool error;

	if (rte_dma_completed(v->fn->id, v->vchan, want, &last, &error) != 0)
		blame(v, op_at(v, first), "a completion, in silent mode");
	stats = stats_of(v);
	if (stats.submitted != v->submitted - v->stat_base ||
	    stats.completed < first - v->stat_base || stats.completed > stats.submitted ||
	    stats.errors < v->stat_errors || stats.errors > UINT32_MAX)
		blame(v, op_at(v, first), "submitted, completed, errors: expected %" PRIu64
		      ", %" PRIu64 " or more, %" PRIu64 " or more, found %" PRIu64 ", %" PRIu64
		      ", %" PRIu64, v->submitted - v->stat_base, first - v->stat_base,
		      v->stat_errors, stats.submitted, stats.completed, stats.errors);
	v->tail = v->stat_base + stats.completed;
	return v->tail != first;
}

/* Look for completions, one way or the other; how often is up to the threads. */
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

/* What goes wrong in one epoch. */
enum mishap {
	M_FAIL, M_FAIL_NO_BLOCK, M_FAIL_NO_LOG, M_FAIL_NEITHER, M_LOSE, M_NO_SIGNAL, M_STOP,
	M_STALL, M_FN_ERROR, M_LOG_OVF, M_LOG_ERR, M_NO_STOP, M_NO_FN_STOP, M_NO_ACTIVE, M_NO_RESET,
	M_MAX,
};

/*
 * How often each is in the deck. Those that are seldom take long, as the driver gives a function
 * its time.
 */
static const uint8_t deck_of[M_MAX] = {
	[M_FAIL] = 30, [M_FAIL_NO_BLOCK] = 12, [M_FAIL_NO_LOG] = 12, [M_FAIL_NEITHER] = 8,
	[M_LOSE] = 6, [M_NO_SIGNAL] = 6, [M_STOP] = 22, [M_STALL] = 2, [M_FN_ERROR] = 10,
	[M_LOG_OVF] = 8, [M_LOG_ERR] = 8, [M_NO_STOP] = 1, [M_NO_FN_STOP] = 1, [M_NO_ACTIVE] = 1,
	[M_NO_RESET] = 1,
};
enum { DECK = 128, DECK_STEP = 29 };
static uint8_t deck[DECK];

static void
deck_shuffle(void)
{
	struct model_rng rng = rng_of(S_DECK, 0, 0);
	unsigned int i, j, n = 0;

	for (i = 0; i < M_MAX; i++)
		for (j = 0; j < deck_of[i]; j++)
			deck[n++] = i;
	assert_int_equal(n, DECK);
	for (i = DECK; i-- > 1;) {
		j = below(&rng, i + 1);
		RTE_SWAP(deck[i], deck[j]);
	}
}

struct injection {
	struct sdxi_emu_fault fault;
	int ret;
};

/* The function's locks are held: nothing is to fail in here. */
static void
inject_cb(struct sdxi_emu *emu, void *arg)
{
	struct injection *injection = arg;

	injection->ret = sdxi_emu_inject(emu, &injection->fault);
}

static void
inject_clear_cb(struct sdxi_emu *emu, void *arg)
{
	RTE_SET_USED(arg);
	sdxi_emu_inject_clear(emu);
}

static void
injected_cb(struct sdxi_emu *emu, void *arg)
{
	uint64_t *hits = arg;
	unsigned int i;

	for (i = 0; i < SDXI_EMU_FAULT_KINDS; i++)
		hits[i] += sdxi_emu_injected_of(emu, i);
}

/* What the failures that are injected here are to be reported as. */
static enum rte_dma_status_code
code_of(const struct sdxi_emu_fault *fault)
{
	switch (fault->step) {
	case 10: /* data buffer, data access failure */
		return fault->buf == 0 ? RTE_DMA_STATUS_BUS_READ_ERROR :
					 RTE_DMA_STATUS_BUS_WRITE_ERROR;
	case 11: /* AKey, whichever it is */
		return RTE_DMA_STATUS_INVALID_ADDR;
	case 7: /* descriptor, data validation failure */
		return RTE_DMA_STATUS_INVALID_OPCODE;
	default: /* data buffer, address translation failure */
		return fault->buf == 0 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
					 RTE_DMA_STATUS_INVALID_DST_ADDR;
	}
}

static void
inject(struct model_vchan *v, enum sdxi_emu_fault_kind kind, uint64_t op, uint32_t count,
       const struct sdxi_emu_fault *how)
{
	struct injection injection = { .ret = -1 };

	if (how != NULL)
		injection.fault = *how;
	injection.fault.kind = kind;
	injection.fault.cxt = v->vchan + 1;
	injection.fault.op = op;
	injection.fault.count = count;
	MODEL_CHECK(v, sdxi_vdev_call(v->fn->name, inject_cb, &injection) == 0);
	MODEL_CHECK(v, injection.ret == 0);
	if (kind == SDXI_EMU_FAULT_FAIL || kind == SDXI_EMU_FAULT_NO_SIGNAL)
		v->codes |= code_bit(code_of(&injection.fault));
	v->last[v->nb_injected++ % MODEL_LAST_FAULTS] = (struct model_injected){
		.fault = injection.fault, .epoch = v->epoch, .from = v->next,
	};
	digest_fault(v, &injection.fault);
	/* Of several that are due at once, one after the other hits. */
	note(v, "epoch %" PRIu64 ", from operation %" PRIu64 ": fault %s after %" PRIu64
	     " descriptors, %u in a row, step %u, sub-step %u%s%s\n", v->epoch, v->next,
	     sdxi_emu_fault_name(kind), op,
	     count, injection.fault.step, injection.fault.sub_step,
	     injection.fault.no_block ? ", no block" : "",
	     injection.fault.no_log ? ", no log" : "");
	v->reach_op = RTE_MAX(v->reach_op, op);
	v->reach_count += count;
}

static void
inject_clear(struct model_fn *fn)
{
	unsigned int i;

	MODEL_CHECK(fn->vchan, sdxi_vdev_call(fn->name, inject_clear_cb, NULL) == 0);
	for (i = 0; i < fn->vchans; i++)
		fn->vchan[i].spoilt = true;
}

static void
fn_fatal_end(struct model_fn *fn)
{
	unsigned int i;

	flag_set(&fn->fatal, false);
	for (i = 0; i < fn->vchans; i++)
		fn->vchan[i].fatal_until = fn->vchan[i].next;
}

static void
inject_fail(struct model_vchan *v, struct model_rng *rng, uint64_t op, uint32_t count,
	    bool no_block, bool no_log)
{
	struct sdxi_emu_fault how = {
		.buf = below(rng, 2), .no_block = no_block, .no_log = no_log,
	};

	/* SDXI's steps and sub-steps: a buffer, an AKey, a descriptor. */
	switch (below(rng, 4)) {
	case 0: how.step = 10; how.sub_step = 2; break;
	case 1: how.step = 11; how.sub_step = 3; break;
	case 2: how.step = 7; how.sub_step = 3; break;
	default: break;
	}
	inject(v, SDXI_EMU_FAULT_FAIL, op, count, &how);
	v->budget += count;
	/* A block of its own tells of each operation, whatever else is lost. */
	if (!no_block && v->simple && !model_conf.batch)
		v->must++;
}

static void
mishap(struct model_vchan *v, struct model_rng *rng, enum mishap what, bool alone)
{
	const uint64_t op = below(rng, RTE_MIN(v->epoch_len, 200u));
	const uint32_t room = RTE_MIN(v->epoch_len - op, (uint64_t)4);
	const uint32_t count = one_in(rng, 4) ? 1 + below(rng, room) : 1;
	/*
	 * Of a batch in which one failure is logged and another leaves no trace at all, nobody can
	 * tell that there was another. Of what is silent there is nothing but the log.
	 */
	const bool always = model_conf.batch || v->fn->mode == MODEL_SILENT;
	struct sdxi_emu_fault how = { .buf = below(rng, 2), .no_log = one_in(rng, 2) && !always };
	bool log;

	if (v->fn->mode == MODEL_SILENT && (what == M_LOG_OVF || what == M_LOG_ERR))
		what = M_FAIL;

	switch (what) {
	case M_FAIL:
	case M_FAIL_NO_BLOCK:
	case M_FAIL_NO_LOG:
	case M_FAIL_NEITHER:
		log = what == M_FAIL || what == M_FAIL_NO_BLOCK || always;
		inject_fail(v, rng, op, count,
			    what == M_FAIL_NO_BLOCK || what == M_FAIL_NEITHER, !log);
		break;
	case M_LOSE:
		inject(v, SDXI_EMU_FAULT_LOSE, op, count, NULL);
		v->budget += count;
		break;
	case M_NO_SIGNAL:
		inject(v, SDXI_EMU_FAULT_NO_SIGNAL, op, count, &how);
		v->budget += count;
		break;
	case M_STOP:
		/* An operation that stops its context again and again is one that fails. */
		inject(v, SDXI_EMU_FAULT_STOP, op, count, NULL);
		v->budget += count - alone;
		break;
	case M_STALL:
		inject(v, SDXI_EMU_FAULT_STALL, op, 1, NULL);
		v->budget += !alone;
		break;
	case M_FN_ERROR:
		inject(v, SDXI_EMU_FAULT_FN_ERROR, op, 1, NULL);
		v->budget++;
		break;
	case M_LOG_OVF:
	case M_LOG_ERR:
		inject(v, what == M_LOG_OVF ? SDXI_EMU_FAULT_LOG_OVF : SDXI_EMU_FAULT_LOG_ERR, op,
		       1 + below(rng, 4), NULL);
		inject_fail(v, rng, op, count, one_in(rng, 3), false);
		break;
	case M_NO_STOP:
		inject(v, SDXI_EMU_FAULT_NO_STOP, op, 1, NULL);
		inject(v, SDXI_EMU_FAULT_LOSE, op, 1, NULL);
		v->budget++;
		break;
	case M_NO_FN_STOP:
		inject(v, SDXI_EMU_FAULT_NO_STOP, op, 1, NULL);
		inject(v, SDXI_EMU_FAULT_NO_FN_STOP, 0, 1, NULL);
		inject(v, SDXI_EMU_FAULT_STALL, op, 1, NULL);
		break;
	case M_NO_ACTIVE:
	case M_NO_RESET:
		flag_set(&v->fn->fatal, true);
		v->fatal_mine = true;
		inject(v, what == M_NO_ACTIVE ? SDXI_EMU_FAULT_NO_ACTIVE : SDXI_EMU_FAULT_NO_RESET,
		       0, 3, NULL);
		inject(v, SDXI_EMU_FAULT_FN_ERROR, op, 1, NULL);
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

	/* What of them has failed nobody can tell before the device has stopped. */
	if (stats.submitted != sum || stats.completed != sum ||
	    (stats.errors != v->stat_errors && v->fn->mode != MODEL_SILENT))
		model_fail("seed %" PRIu64 ": channel %u: epoch %" PRIu64 ": submitted, completed, "
			   "errors: expected %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", found %" PRIu64
			   ", %" PRIu64 ", %" PRIu64, model_conf.seed, v->no, v->epoch, sum, sum,
			   v->stat_errors, stats.submitted, stats.completed, stats.errors);
}

static void
epoch_finish(struct model_vchan *v)
{
	v->in_epoch = false;
	expect_stats(v);
	if (v->fn->mode == MODEL_SILENT)
		v->left_out = true;
	if (v->must > 0 && v->fails == 0 && !v->left_out && !v->spoilt)
		model_fail("seed %" PRIu64 ": channel %u: epoch %" PRIu64 ": %u faults were "
			   "injected that no operation gets over, and none has failed",
			   model_conf.seed, v->no, v->epoch, v->must);
	/* Faults that count in descriptors which never came are still to come. */
	if (!v->spoilt && (v->left_out || v->reach_op + v->reach_count > v->epoch_len)) {
		v->carry = RTE_MAX(v->carry, v->reach_op) + v->reach_count;
	} else if (v->spoilt || v->epoch_len >= v->carry) {
		v->carry = 0;
		v->budget = 0;
		v->codes = 0;
	}
}

static void
epoch_begin(struct model_vchan *v)
{
	struct model_rng rng = rng_of(S_EPOCH, v->no, ++v->epoch);
	uint32_t kind = below(&rng, 100);
	unsigned int i, n;

	v->in_epoch = true;
	v->epoch_len = 1 + below(&rng, kind < 40 ? 40 : kind < 80 ? 300 : 2000);
	v->epoch_len = RTE_MIN(v->epoch_len, v->total - v->next);
	v->epoch_end = v->next + v->epoch_len;
	v->window = one_in(&rng, 4) ? 1 + below(&rng, 64) : WINDOW;
	v->simple = one_in(&rng, 4);
	v->left_out = false;
	v->spoilt = false;
	v->fails = 0;
	v->must = 0;
	v->reach_op = 0;
	v->reach_count = 0;
	v->mishaps = 0;
	v->disturbed = disturbances(v);
	if (!model_conf.faults || below(&rng, 100) < 40)
		return;
	n = v->simple ? 1 : 1 + below(&rng, 2);
	for (i = 0; i < n; i++) {
		enum mishap what = deck[(v->no * (DECK / MODEL_VCHANS) + v->deck_at++) % DECK];

		v->mishaps |= 1u << what;
		mishap(v, &rng, what, n == 1 && v->carry == 0);
	}
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
	for (i = 0; i < fn->vchans; i++) {
		fn->vchan[i].base = fn->vchan[i].next;
		fn->vchan[i].refused = 0;
	}
}

/* In silent mode, this is when to look: nothing is executed any more. */
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
	if (errors - v->stat_errors < spoilt)
		model_fail("seed %" PRIu64 ": channel %u: silent operations up to %" PRIu64
			   ": %" PRIu64 " were not done, and %" PRIu64 " counted as failed",
			   model_conf.seed, v->no, v->next, spoilt, errors - v->stat_errors);
	v->nb_failed += spoilt;
	v->stat_errors = errors;
}

/* What was outstanding is reported as what became of it, at once. */
static void
stopped(struct model_vchan *v)
{
	unsigned int fruitless = 0;

	if (!model_is_drained(v)) {
		v->fatal_until = v->next;
		v->left_out = true;
	}
	while (!model_is_drained(v)) {
		fruitless = look(v) ? 0 : fruitless + 1;
		if (fruitless == REFUSALS)
			blame(v, op_at(v, v->tail), "not reported, now that the device has "
			      "stopped (enqueued up to %" PRIu64 ")", v->next);
	}
	if (v->fn->mode == MODEL_SILENT)
		silent_settle(v);
	expect_stats(v);
}

void
model_fn_stop(struct model_fn *fn)
{
	unsigned int i;

	fn->nb_late += fn_is_late(fn);
	/* With what nothing gets over it does not even stop. */
	if (fn_is_fatal(fn)) {
		inject_clear(fn);
		fn_fatal_end(fn);
	}
	MODEL_CHECK(fn->vchan, rte_dma_stop(fn->id) == 0);
	for (i = 0; i < fn->vchans; i++) {
		stopped(&fn->vchan[i]);
		fn->vchan[i].fatal_mine = false;
	}
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

static void
forget(struct model_vchan *v)
{
	v->in_epoch = false;
	v->codes = 0;
	v->budget = 0;
	v->carry = 0;
}

void
model_fn_forget(struct model_fn *fn)
{
	unsigned int i;

	inject_clear(fn);
	for (i = 0; i < fn->vchans; i++)
		forget(&fn->vchan[i]);
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
	v->epoch = v->next;
	v->deck_at = cycle * DECK_STEP;
	v->polls = 0;
	forget(v);
	v->fatal_mine = false;
	v->last_fail = 0;
	v->fail_before_fence = 0;
	v->last_not_attempted = 0;
}

void
model_go_on(struct model_vchan *v, uint64_t count)
{
	v->total = v->next + count;
	v->epoch_end = v->next;
	v->settled = v->next;
}

int
model_fault_arg(struct model_vchan *v, struct model_rng *rng, char *text, size_t len)
{
	static const enum sdxi_emu_fault_kind kinds[] = {
		SDXI_EMU_FAULT_FAIL, SDXI_EMU_FAULT_LOSE, SDXI_EMU_FAULT_NO_SIGNAL,
		SDXI_EMU_FAULT_STOP, SDXI_EMU_FAULT_STALL, SDXI_EMU_FAULT_FN_ERROR,
	};
	struct sdxi_emu_fault fault = {
		.kind = kinds[below(rng, RTE_DIM(kinds))], .cxt = v->vchan + 1,
		.op = below(rng, 100), .count = 1 + below(rng, 3),
	};

	if (fault.kind == SDXI_EMU_FAULT_FAIL || fault.kind == SDXI_EMU_FAULT_NO_SIGNAL)
		fault.buf = below(rng, 2);
	else if (fault.kind == SDXI_EMU_FAULT_FN_ERROR)
		fault.count = 1;
	v->budget += fault.count;
	v->codes |= code_bit(code_of(&fault));
	v->carry = RTE_MAX(v->carry, fault.op) + fault.count;
	return snprintf(text, len, ",fault=%s:cxt=%u:op=%" PRIu64 ":count=%u%s",
			sdxi_emu_fault_name(fault.kind), fault.cxt, fault.op, fault.count,
			fault.buf != 0 ? ":buf=1" : "");
}

void
model_submit(struct model_vchan *v)
{
	submit(v);
}

bool
model_step(struct model_vchan *v)
{
	struct model_rng rng;
	unsigned int burst;
	bool done = false;

	if (model_is_drained(v) && v->next == v->epoch_end && !model_fn_is_dying(v->fn)) {
		/* Whether the function has given up shows when it is used next: see to it now. */
		if (v->fatal_mine) {
			flag_set(&v->fn->dying, true);
			return true;
		}
		if (v->in_epoch)
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
	MODEL_CHECK(fn->vchan, sdxi_vdev_call(fn->name, injected_cb, hits) == 0);
}

void __rte_noreturn
model_hangs(struct model_vchan *v)
{
	blame(v, op_at(v, v->tail), "nothing moves any more (enqueued up to %" PRIu64 ", submitted "
	      "up to %" PRIu64 ")", v->next, v->submitted);
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
	deck_shuffle();
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
		model_fail("seed %" PRIu64 ": a source was written", model_conf.seed);
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
