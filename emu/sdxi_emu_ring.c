/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include "sdxi_emu_priv.h"

/*
 * How descriptors become operations.
 *
 * A turn fetches a batch of descriptors and executes them in order. Blocks are written only after
 * the batch has been consumed (vl cleared, Read_Index advanced), so that a completion always finds
 * its slot free, and so that at a failure nothing behind it has been consumed yet. Operations that
 * take long or have effects beside data end the batch: they are consumed first, wait in cxt->op,
 * and are executed over as many turns as they need.
 */

/* Bits that a descriptor's first word may have set. [I] rb is not looked at. */
#define DSC_DEFINED                                                                                \
	((uint32_t)(SDXI_DSC_VL | SDXI_DSC_SE | SDXI_DSC_FE | SDXI_DSC_CH | SDXI_DSC_CSR |         \
		    SDXI_DSC_RB | SDXI_DSC_SUBTYPE | SDXI_DSC_TYPE))
#define DSC_OP ((uint32_t)(SDXI_DSC_SUBTYPE | SDXI_DSC_TYPE))
/* The address of a block that is not there: above all, and not aligned as one. */
#define NO_CSB UINT64_MAX

#define FAIL_CSB_RESERVED EMU_FAIL(SDXI_STEP_CST_BLK, SDXI_SUB_STEP_VALIDATION)
#define FAIL_BUF_TRANSLATION EMU_FAIL(SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION)

static inline bool
wraps(uint64_t addr, uint64_t len)
{
	return addr + (len - 1) < addr;
}

/* Look up an AKey in memory, and remember it. */
static emu_fail_t
akey_fetch(struct sdxi_emu *emu, struct emu_cxt *cxt, uint16_t akey, struct emu_akey *cached)
{
	struct sdxi_akey_ent ent;
	uint16_t flags, sfunc;

	if (akey >= cxt->akeys)
		return EMU_FAIL(SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION);
	if (emu->ops.read(emu->opaque, cxt->akey_ptr + akey * sizeof(ent), &ent, sizeof(ent)) !=
	    SDXI_EMU_MEM_OK)
		return EMU_FAIL(SDXI_STEP_AKEY, SDXI_SUB_STEP_TRANSLATION);

	flags = emu_le16(ent.intr_num);
	/* [I] There is one address space: an AKey with a PASID is refused. */
	if (!(flags & SDXI_AKEY_ENT_VL) || (flags & SDXI_AKEY_ENT_PV))
		return EMU_FAIL(SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION);
	/* No other function is there whose RKey table could name this one. */
	sfunc = emu_le16(ent.tgt_sfunc);
	if (sfunc != 0 && sfunc != emu->conf.sfunc)
		return EMU_FAIL(SDXI_STEP_RKEY, SDXI_SUB_STEP_VALIDATION);

	cached->tag = akey + UINT32_C(1);
	cached->iv = (flags & SDXI_AKEY_ENT_IV) != 0;
	cached->intr_num = SDXI_GET(SDXI_AKEY_ENT_INTR_NUM, flags);
	return 0;
}

static inline emu_fail_t
akey_check(struct sdxi_emu *emu, struct emu_cxt *cxt, uint16_t akey, unsigned int buf)
{
	struct emu_akey *cached = &cxt->akey[akey & (EMU_AKEYS - 1)];
	emu_fail_t fail;

	if (EMU_LIKELY(cached->tag == akey + UINT32_C(1)))
		return 0;
	fail = akey_fetch(emu, cxt, akey, cached);
	return fail == 0 ? 0 : fail | EMU_FAIL_ON(buf);
}

/* COPY and REPCOPY: src_len bytes are read, over and over for the latter. */
static EMU_INLINE emu_fail_t
judge_copy(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct sdxi_dsc *dsc, uint64_t csb,
	   uint64_t src_len, struct emu_op *op)
{
	const uint64_t keys = emu_le64(dsc->qw[1]);
	emu_fail_t fail;

	/* [I] Memory attributes other than 0 are refused; they share a word with reserved bytes. */
	if (EMU_UNLIKELY(((uint32_t)keys | dsc->qw[4] | dsc->qw[5] | dsc->qw[6]) != 0))
		return EMU_FAIL_DESC;
	if (EMU_UNLIKELY(op->len > cxt->max_len))
		return EMU_FAIL_DESC;
	fail = akey_check(emu, cxt, (uint16_t)(keys >> 32), EMU_BUF_SRC);
	if (EMU_UNLIKELY(fail != 0))
		return fail;
	fail = akey_check(emu, cxt, (uint16_t)(keys >> 48), EMU_BUF_DST);
	if (EMU_UNLIKELY(fail != 0))
		return fail;

	op->src = emu_le64(dsc->copy.addr0);
	op->dst = emu_le64(dsc->copy.addr1);
	if (EMU_UNLIKELY(wraps(op->src, src_len)))
		return FAIL_BUF_TRANSLATION | EMU_FAIL_ON(EMU_BUF_SRC);
	if (EMU_UNLIKELY(wraps(op->dst, op->len)))
		return FAIL_BUF_TRANSLATION | EMU_FAIL_ON(EMU_BUF_DST);
	if (EMU_UNLIKELY(emu_overlap(op->src, src_len, op->dst, op->len)))
		return EMU_FAIL_DESC;
	if (csb != NO_CSB &&
	    EMU_UNLIKELY(emu_overlap(op->src, src_len, csb, sizeof(struct sdxi_cst_blk)) ||
			 emu_overlap(op->dst, op->len, csb, sizeof(struct sdxi_cst_blk))))
		return EMU_FAIL_DESC;
	return 0;
}

static EMU_NOINLINE emu_fail_t
judge_repcopy(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct sdxi_dsc *dsc, uint64_t csb,
	      struct emu_op *op)
{
	emu_fail_t fail = judge_copy(emu, cxt, dsc, csb, SDXI_REPCOPY_PAGE, op);

	/* [I] Source, destination and length are multiples of the page. */
	if (fail == 0 && ((op->src | op->dst | op->len) & (SDXI_REPCOPY_PAGE - 1)) != 0)
		return EMU_FAIL_DESC;
	return fail;
}

static emu_fail_t
judge_wrt_imm(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct sdxi_dsc *dsc, uint64_t csb,
	      struct emu_op *op)
{
	const uint64_t keys = emu_le64(dsc->qw[1]);
	emu_fail_t fail;

	if (((uint32_t)keys | keys >> 48) != 0 || op->len > SDXI_WRT_IMM_MAX)
		return EMU_FAIL_DESC;
	/* [I] The one buffer is the destination, so it is logged as that. */
	fail = akey_check(emu, cxt, (uint16_t)(keys >> 32), EMU_BUF_DST);
	if (fail != 0)
		return fail;
	op->dst = emu_le64(dsc->copy.addr0);
	if (wraps(op->dst, op->len))
		return FAIL_BUF_TRANSLATION | EMU_FAIL_ON(EMU_BUF_DST);
	if (csb != NO_CSB && emu_overlap(op->dst, op->len, csb, sizeof(struct sdxi_cst_blk)))
		return EMU_FAIL_DESC;
	return 0;
}

static emu_fail_t
judge_intr(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct sdxi_dsc *dsc,
	   struct emu_op *op)
{
	const uint64_t qw1 = emu_le64(dsc->qw[1]);
	const uint16_t akey = qw1 >> 32;
	const struct emu_akey *cached = &cxt->akey[akey & (EMU_AKEYS - 1)];
	emu_fail_t fail;

	if (((uint32_t)qw1 | qw1 >> 48 | (op->len - 1) | dsc->qw[2] | dsc->qw[3] | dsc->qw[4] |
	     dsc->qw[5] | dsc->qw[6]) != 0)
		return EMU_FAIL_DESC;
	fail = akey_check(emu, cxt, akey, EMU_BUF_SRC);
	if (fail != 0)
		return fail & ~(EMU_FAIL_BV | EMU_FAIL_BUF);
	if (!cached->iv)
		return EMU_FAIL(SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION);
	op->intr_num = cached->intr_num;
	return 0;
}

static emu_fail_t
judge_nop(const struct sdxi_dsc *dsc, uint32_t opcode, const struct emu_op *op)
{
	if (((op->len - 1) | dsc->qw[1] | dsc->qw[2] | dsc->qw[3] | dsc->qw[4] | dsc->qw[5] |
	     dsc->qw[6]) != 0 ||
	    (opcode & (SDXI_DSC_SE | SDXI_DSC_CH)) != 0)
		return EMU_FAIL_DESC;
	return 0;
}

/*
 * Is a descriptor good, and what is to be done for it?
 *
 * [I] What is wrong with a descriptor's first word stops the context in either kind of error
 * reaction: the function cannot know what it was meant to be. The body's faults are data errors.
 * [I] ch needs nothing here: a context's operations are executed in order, one behind the other.
 */
static EMU_INLINE emu_fail_t
judge(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct sdxi_dsc *dsc, uint32_t opcode,
      uint64_t csb, struct emu_op *op)
{
	const unsigned int type = SDXI_GET(SDXI_DSC_TYPE, opcode);

	if (EMU_UNLIKELY((opcode & ~DSC_DEFINED) != 0 || type >= 32 ||
			 !(cxt->opb & EMU_OPB(type & 31))))
		return EMU_FAIL_DESC | EMU_FAIL_FATAL;

	op->len = (uint64_t)emu_le32(dsc->copy.size) + 1;
	/* What nearly all are is not worth a jump table. */
	if (EMU_LIKELY((opcode & DSC_OP) == SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY))) {
		op->kind = EMU_KIND_COPY;
		return judge_copy(emu, cxt, dsc, csb, op->len, op);
	}
	emu->seen[type & 7][SDXI_GET(SDXI_DSC_SUBTYPE, opcode) & 15]++;
	switch (opcode & DSC_OP) {
	case SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP):
		op->kind = EMU_KIND_NOP;
		return judge_nop(dsc, opcode, op);
	case SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM):
		op->kind = EMU_KIND_WRT_IMM;
		return judge_wrt_imm(emu, cxt, dsc, csb, op);
	case SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY):
		op->kind = EMU_KIND_REPCOPY;
		return judge_repcopy(emu, cxt, dsc, csb, op);
	case SDXI_DSC_OP(SDXI_TYPE_INTR, SDXI_INTR_INTR):
		op->kind = EMU_KIND_INTR;
		return judge_intr(emu, cxt, dsc, op);
	default:
		if (type != SDXI_TYPE_ADMIN || cxt->num != SDXI_CXT_ADMIN)
			return EMU_FAIL_DESC | EMU_FAIL_FATAL;
		op->kind = EMU_KIND_ADMIN;
		return emu_admin_judge(emu, opcode, dsc, op);
	}
}

static emu_fail_t
move_failed(enum sdxi_emu_mem res)
{
	switch (res) {
	case SDXI_EMU_MEM_SRC_FAULT:
		return FAIL_BUF_TRANSLATION | EMU_FAIL_ON(EMU_BUF_SRC);
	case SDXI_EMU_MEM_DST_FAULT:
		return FAIL_BUF_TRANSLATION | EMU_FAIL_ON(EMU_BUF_DST);
	default:
		return FAIL_BUF_TRANSLATION;
	}
}

/* All but COPY. */
static EMU_NOINLINE emu_fail_t
move_other(struct sdxi_emu *emu, const struct sdxi_dsc *dsc, const struct emu_op *op, size_t part)
{
	enum sdxi_emu_mem res = SDXI_EMU_MEM_OK;
	size_t at;

	switch (op->kind) {
	case EMU_KIND_WRT_IMM:
		res = emu->ops.write(emu->opaque, op->dst, SDXI_WRT_IMM_DATA(dsc), part);
		if (res != SDXI_EMU_MEM_OK)
			res = SDXI_EMU_MEM_DST_FAULT;
		break;
	case EMU_KIND_REPCOPY:
		for (at = 0; at < part && res == SDXI_EMU_MEM_OK; at += SDXI_REPCOPY_PAGE)
			res = emu->ops.copy(emu->opaque, op->dst + op->done + at, op->src,
					    SDXI_REPCOPY_PAGE);
		break;
	default:
		break;
	}
	return res == SDXI_EMU_MEM_OK ? 0 : move_failed(res);
}

/* Move the next part of an operation's data. */
static inline emu_fail_t
move(struct sdxi_emu *emu, const struct sdxi_dsc *dsc, const struct emu_op *op, size_t part)
{
	enum sdxi_emu_mem res;

	if (EMU_UNLIKELY(op->kind != EMU_KIND_COPY))
		return move_other(emu, dsc, op, part);
	res = emu->ops.copy(emu->opaque, op->dst + op->done, op->src + op->done, part);
	return EMU_LIKELY(res == SDXI_EMU_MEM_OK) ? 0 : move_failed(res);
}

static bool
er_write(struct sdxi_emu *emu, uint64_t csb)
{
	const uint32_t flags = emu_le32((uint32_t)SDXI_CST_BLK_ER);

	return emu->ops.write(emu->opaque, csb + offsetof(struct sdxi_cst_blk, flags), &flags,
			      sizeof(flags)) == SDXI_EMU_MEM_OK;
}

/* Write a block; what the operation wrote is visible before its signal. */
static bool
csb_write(struct sdxi_emu *emu, uint64_t csb, uint64_t signal, bool er)
{
	if (EMU_UNLIKELY(er) && !er_write(emu, csb))
		return false;
	return emu->ops.write64(emu->opaque, csb, emu_le64(signal)) == SDXI_EMU_MEM_OK;
}

static bool
csb_read(struct sdxi_emu *emu, uint64_t csb, uint64_t *signal)
{
	uint64_t raw = 0;

	if (emu->ops.read64(emu->opaque, csb, &raw) != SDXI_EMU_MEM_OK)
		return false;
	*signal = emu_le64(raw);
	return true;
}

/* An operation failed: log it. Returns whether that stops the context. */
static bool
op_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail)
{
	const bool stops = emu_fail_stops(emu, cxt, fail);

	emu_log(emu, cxt->num, index, fail, emu_fail_reaction(stops));
	return stops;
}

/*
 * Consume the descriptors of the batch before @p upto: clear vl [I], advance Read_Index. The slots
 * are the function's until Read_Index has passed them, so whole descriptors are written back.
 */
static emu_fail_t
consume(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int upto)
{
	struct emu_turn *turn = &emu->turn;
	struct sdxi_dsc *first = &turn->dsc[turn->n_retired];
	const unsigned int n = upto - turn->n_retired;
	emu_fail_t fail = 0;
	unsigned int i;

	if (n == 0)
		return 0;
	for (i = 0; i < n; i++)
		first[i].any.opcode &= ~emu_le32((uint32_t)SDXI_DSC_VL);
	if (emu->ops.write(emu->opaque, cxt->ring + (uint64_t)cxt->slot * SDXI_DESC_LEN, first,
			   n * sizeof(*first)) != SDXI_EMU_MEM_OK)
		fail = EMU_FAIL(SDXI_STEP_DESC, SDXI_SUB_STEP_TRANSLATION);

	turn->n_retired = upto;
	cxt->read_index += n;
	cxt->consumed += n;
	cxt->slot += n;
	if (cxt->slot == cxt->ring_sz)
		cxt->slot = 0;
	if (emu->ops.write64(emu->opaque,
			     cxt->sts + offsetof(struct sdxi_cxt_sts, read_index),
			     emu_le64(cxt->read_index)) != SDXI_EMU_MEM_OK &&
	    fail == 0)
		fail = EMU_FAIL(SDXI_STEP_CXT_STS, SDXI_SUB_STEP_TRANSLATION);
	return fail;
}

/*
 * Write the blocks of what has been executed. A block that could be read and cannot be written is
 * found out only here: [I] the operations behind it are complete then, and keep their completion.
 */
static void
signal_all(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_turn *turn = &emu->turn;
	const struct emu_pend *pend;
	bool stops = false;
	unsigned int i;

	for (i = 0; i < turn->n_pend; i++) {
		pend = &turn->pend[i];
		if (EMU_UNLIKELY(!csb_write(emu, pend->csb, pend->signal, pend->er)))
			stops |= op_error(emu, cxt, pend->index, EMU_FAIL_CSB);
	}
	turn->n_pend = 0;
	if (EMU_UNLIKELY(stops) && cxt->mode == EMU_CXT_RUN)
		emu_cxt_failed(emu, cxt);
}

/* Consume up to a descriptor of the batch, then signal; false: the context has failed. */
static bool
retire(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int upto)
{
	emu_fail_t fail = consume(emu, cxt, upto);

	if (EMU_UNLIKELY(fail != 0))
		emu_cxt_error(emu, cxt, cxt->read_index - 1, fail);
	signal_all(emu, cxt);
	return EMU_LIKELY(cxt->mode == EMU_CXT_RUN);
}

/* The same for a failure that stops the context, with the state before the signals. */
static void
retire_failed(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int upto)
{
	emu_fail_t fail = consume(emu, cxt, upto);

	if (fail != 0)
		emu_log(emu, cxt->num, cxt->read_index - 1, fail, SDXI_RE_CXT_STOPPED);
	emu_cxt_failed(emu, cxt);
	signal_all(emu, cxt);
}

bool
emu_op_complete(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct emu_op *op, bool failed)
{
	const uint64_t last = emu_le64(op->dsc.any.csb_ptr);
	const uint64_t csb = last & SDXI_DSC_CSB_PTR;
	const bool er = op->er || failed;
	uint64_t signal;

	/* [I] Reserved bits: not looked at before where the operation's failure was injected. */
	if ((last & SDXI_DSC_NP) || (last & EMU_CSB_RESERVED) || (op->hide & EMU_HIDE_BLOCK))
		return true;
	if (op->hide & EMU_HIDE_SIGNAL)
		return er_write(emu, csb);
	return csb_read(emu, csb, &signal) &&
	       csb_write(emu, csb, emu_signal_next(cxt, emu_le32(op->dsc.any.opcode), signal), er);
}

/* The operation in flight has ended. */
static void
op_end(struct sdxi_emu *emu, struct emu_cxt *cxt, emu_fail_t fail)
{
	const struct emu_op *op = &cxt->op;
	bool stops = false;

	cxt->busy = false;
	if (fail != 0) {
		if (op->hide & EMU_HIDE_LOG)
			stops = emu_fail_stops(emu, cxt, fail);
		else
			stops = op_error(emu, cxt, op->index, fail);
	}
	/* State before signal, so that who has seen er finds out at once what it did. */
	if (stops)
		emu_cxt_failed(emu, cxt);
	if (!emu_op_complete(emu, cxt, op, fail != 0)) {
		stops = op_error(emu, cxt, op->index, EMU_FAIL_CSB);
		if (stops)
			emu_cxt_failed(emu, cxt);
	}
}

/* Do a part of the operation in flight. */
static unsigned int
op_step(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_op *op = &cxt->op;
	emu_fail_t fail;
	size_t part;

	switch (op->kind) {
	case EMU_KIND_INTR:
		/* Whoever it calls finds it complete. */
		op_end(emu, cxt, 0);
		if (emu->ops.irq != NULL)
			emu->ops.irq(emu->opaque, op->intr_num);
		return 1;
	case EMU_KIND_ADMIN:
		switch (emu_admin_step(emu, op)) {
		case EMU_ADMIN_WAIT:
			return 0;
		case EMU_ADMIN_DONE:
			/* It may have been this very context that failed. */
			if (cxt->busy)
				op_end(emu, cxt, 0);
			return 1;
		default:
			return 1;
		}
	default:
		part = EMU_MIN(op->len - op->done, (uint64_t)SDXI_EMU_CHUNK);
		fail = move(emu, &op->dsc, op, part);
		op->done += part;
		if (fail != 0 || op->done == op->len)
			op_end(emu, cxt, fail);
		return 1;
	}
}

static inline bool
doorbell(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	_Atomic uint64_t *bits = &emu->db_bits[cxt->num / 64];
	const uint64_t bit = UINT64_C(1) << cxt->num % 64;
	bool rung = cxt->kick;

	cxt->kick = false;
	if (atomic_load_explicit(bits, memory_order_relaxed) & bit) {
		atomic_fetch_and_explicit(bits, ~bit, memory_order_acq_rel);
		rung = true;
	}
	/* Looking before exchanging keeps the line shared while nobody rings. */
	if (cxt->db != NULL && EMU_LOAD(cxt->db, relaxed) != EMU_DB_IDLE) {
		atomic_exchange(EMU_ATOMIC(cxt->db), EMU_DB_IDLE);
		rung = true;
	}
	return rung;
}

bool
emu_ring_has_work(const struct sdxi_emu *emu, const struct emu_cxt *cxt)
{
	return cxt->mode == EMU_CXT_STOPPING || cxt->busy || cxt->kick ||
	       (cxt->read_index != cxt->write_index && !cxt->stalled) ||
	       (atomic_load_explicit(&emu->db_bits[cxt->num / 64], memory_order_relaxed) &
		UINT64_C(1) << cxt->num % 64) != 0 ||
	       (cxt->db != NULL && EMU_LOAD(cxt->db, relaxed) != EMU_DB_IDLE);
}

bool
emu_ring_doorbell(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	return doorbell(emu, cxt);
}

/* Write_Index counts, whatever value was rung with. */
bool
emu_ring_sample(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	emu_fail_t fail = EMU_FAIL(SDXI_STEP_WRITE_INDEX, SDXI_SUB_STEP_TRANSLATION);
	uint64_t raw = 0, write_index;

	if (emu->ops.read64(emu->opaque, cxt->write_index_ptr, &raw) == SDXI_EMU_MEM_OK) {
		write_index = emu_le64(raw);
		if (EMU_LIKELY(write_index >= cxt->write_index &&
			       write_index - cxt->read_index <= cxt->ring_sz)) {
			cxt->write_index = write_index;
			return true;
		}
		fail = EMU_FAIL(SDXI_STEP_WRITE_INDEX, SDXI_SUB_STEP_VALIDATION);
	}
	emu_cxt_error(emu, cxt, EMU_NO_DESC, fail);
	return false;
}

static inline int
fetch(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int n)
{
	const uint64_t iova = cxt->ring + (uint64_t)cxt->slot * SDXI_DESC_LEN;
	struct sdxi_dsc *dsc = emu->turn.dsc;
	unsigned int i;
	uint64_t first;

	/*
	 * With several producers a slot below Write_Index may be filled at this moment. That vl is
	 * there says that the rest is, but of bytes alone that are read behind it, so read64()
	 * acquires.
	 */
	for (i = 0; i < n; i++) {
		if (EMU_UNLIKELY(emu->ops.read64(emu->opaque, iova + i * sizeof(*dsc), &first) !=
				 SDXI_EMU_MEM_OK)) {
			if (i == 0)
				return -1;
			break;
		}
		if (!(first & emu_le64(SDXI_DSC_VL)))
			break;
	}
	if (i == 0)
		return 0;
	if (EMU_UNLIKELY(emu->ops.read(emu->opaque, iova, dsc, i * sizeof(*dsc)) !=
			 SDXI_EMU_MEM_OK)) {
		/* Find out whether it is the first one that cannot be read. */
		if (i == 1 ||
		    emu->ops.read(emu->opaque, iova, dsc, sizeof(*dsc)) != SDXI_EMU_MEM_OK)
			return -1;
		i = 1;
	}
	return i;
}

int
emu_ring_fetch(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int n)
{
	return fetch(emu, cxt, n);
}

/*
 * Make room for a block in the list of those to be written, and say what its signal is now; false:
 * the block cannot be reached. Blocks are looked at before their operations are executed: one that
 * is missing then has not had its operation executed.
 */
static inline struct emu_pend *
pend_add(struct sdxi_emu *emu, uint64_t csb, uint64_t index)
{
	struct emu_turn *turn = &emu->turn;
	struct emu_pend *pend = &turn->pend[turn->n_pend];

	if (turn->n_pend != 0 && pend[-1].csb == csb)
		return &pend[-1];
	if (EMU_UNLIKELY(!csb_read(emu, csb, &pend->signal)))
		return NULL;
	pend->csb = csb;
	pend->index = index;
	pend->er = false;
	turn->n_pend++;
	return pend;
}

EMU_NOINLINE emu_fail_t
emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	const uint64_t last = emu_le64(op->dsc.any.csb_ptr);
	uint64_t csb = NO_CSB, signal;

	if (!(last & SDXI_DSC_NP)) {
		csb = last & SDXI_DSC_CSB_PTR;
		if ((last & EMU_CSB_RESERVED) != 0 || !csb_read(emu, csb, &signal)) {
			op->hide |= EMU_HIDE_BLOCK;
			return (last & EMU_CSB_RESERVED) != 0 ? FAIL_CSB_RESERVED : EMU_FAIL_CSB;
		}
	}
	return judge(emu, cxt, &op->dsc, emu_le32(op->dsc.any.opcode), csb, op);
}

emu_fail_t
emu_op_move(struct sdxi_emu *emu, const struct emu_op *op, size_t part)
{
	return move(emu, &op->dsc, op, part);
}

/* The next descriptor, which is fetched, is one that something is to happen to. */
static EMU_NOINLINE unsigned int
ring_hit(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_op *op = &cxt->op;
	emu_fail_t fail = 0;

	*op = (struct emu_op){ .dsc = emu->turn.dsc[0], .index = cxt->read_index };
	switch (emu_fault_take(emu, cxt, op, &fail)) {
	case EMU_HIT_STALL:
		return 0;
	case EMU_HIT_STOP:
		emu_cxt_stopped(emu, cxt);
		return 1;
	case EMU_HIT_FN:
		emu_fn_error(emu, cxt->num, op->index,
			     EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER));
		return 1;
	default:
		break;
	}
	if (fail == 0)
		fail = emu_op_begin(emu, cxt, op);
	cxt->busy = true;
	if (!retire(emu, cxt, 1))
		return 1;
	if (fail != 0)
		op_end(emu, cxt, fail);
	else
		op_step(emu, cxt);
	return 2;
}

/* Execute descriptors of the ring; 0: none was ready. */
static unsigned int
ring_part(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int budget)
{
	struct emu_turn *turn = &emu->turn;
	uint64_t bytes = 0, unsignalled = 0;
	const uint64_t first = cxt->read_index;
	struct emu_op op = { .done = 0 };
	struct emu_pend *pend;
	unsigned int i, n;
	emu_fail_t fail;
	int valid;

	n = EMU_MIN(budget, (unsigned int)EMU_BATCH);
	n = EMU_MIN(n, cxt->ring_sz - cxt->slot);
	n = EMU_MIN(n, cxt->write_index - cxt->read_index);
	valid = fetch(emu, cxt, n);
	if (EMU_UNLIKELY(valid < 0)) {
		emu_cxt_error(emu, cxt, cxt->read_index,
			      EMU_FAIL(SDXI_STEP_DESC, SDXI_SUB_STEP_TRANSLATION));
		return 1;
	}

	turn->n_pend = 0;
	turn->n_retired = 0;
	if (EMU_UNLIKELY(cxt->n_faults != 0) && valid != 0) {
		const uint64_t distance = emu_fault_distance(emu, cxt);

		/* vl may have been withdrawn between the two looks at the slot. */
		if (distance == 0)
			return turn->dsc[0].any.opcode & emu_le32((uint32_t)SDXI_DSC_VL) ?
				       ring_hit(emu, cxt) : 0;
		valid = EMU_MIN((uint64_t)valid, distance);
	}
	for (i = 0; i < (unsigned int)valid && bytes < SDXI_EMU_CHUNK; i++) {
		const struct sdxi_dsc *dsc = &turn->dsc[i];
		const uint32_t opcode = emu_le32(dsc->any.opcode);
		const uint64_t last = emu_le64(dsc->any.csb_ptr);
		const uint64_t csb = last & SDXI_DSC_NP ? NO_CSB : last & SDXI_DSC_CSB_PTR;

		if (EMU_UNLIKELY(!(opcode & SDXI_DSC_VL)))
			break;
		/*
		 * A fence has everything before it complete. So has a block that may be in the
		 * list, and data that has been waiting for its signal for long enough.
		 */
		if (turn->n_pend != 0 &&
		    ((opcode & SDXI_DSC_FE) || csb < turn->pend[turn->n_pend - 1].csb ||
		     unsignalled >= EMU_SIGNAL_BYTES)) {
			unsignalled = 0;
			if (!retire(emu, cxt, i))
				return i + 1;
		}

		pend = NULL;
		fail = 0;
		if (!(last & SDXI_DSC_NP)) {
			/* [I] Reserved bits of csb_ptr: not where a block can be. */
			if (EMU_UNLIKELY((last & EMU_CSB_RESERVED) != 0)) {
				fail = FAIL_CSB_RESERVED;
			} else {
				pend = pend_add(emu, csb, first + i);
				if (EMU_UNLIKELY(pend == NULL))
					fail = EMU_FAIL_CSB;
			}
		}
		if (EMU_LIKELY(fail == 0))
			fail = judge(emu, cxt, dsc, opcode, csb, &op);
		if (EMU_LIKELY(fail == 0)) {
			if (EMU_UNLIKELY(op.kind >= EMU_KIND_INTR || op.len > SDXI_EMU_CHUNK))
				goto slow;
			fail = move(emu, dsc, &op, op.len);
			bytes += op.len;
			unsignalled += op.len;
		}
		if (pend != NULL) {
			pend->signal = emu_signal_next(cxt, opcode, pend->signal);
			pend->er |= fail != 0;
		}
		if (EMU_UNLIKELY(fail != 0) && op_error(emu, cxt, first + i, fail)) {
			retire_failed(emu, cxt, i + 1);
			return i + 1;
		}
	}
	retire(emu, cxt, i);
	return i + bytes / SDXI_EMU_CHUNK;

slow:
	/* A block that others before it share goes into their list no more than they did. */
	if (pend != NULL && pend->index == first + i)
		turn->n_pend--;
	/* Those before it may turn out to have failed, and then it is not to be consumed. */
	if (turn->n_pend != 0 && !retire(emu, cxt, i))
		return i + 1;
	cxt->op = op;
	cxt->op.dsc = turn->dsc[i];
	cxt->op.index = first + i;
	cxt->busy = true;
	if (retire(emu, cxt, i + 1))
		op_step(emu, cxt);
	return i + 2;
}

unsigned int
emu_cxt_turn(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int budget)
{
	const bool fn_stop = emu_fn_stopping(emu);
	bool hard;

	if (EMU_UNLIKELY(emu->conf.freedom))
		return emu_free_turn(emu, cxt);
	if (EMU_UNLIKELY(fn_stop || cxt->mode == EMU_CXT_STOPPING)) {
		hard = emu->gsv == SDXI_GSV_STOPG_HD ||
		       (cxt->mode == EMU_CXT_STOPPING && cxt->hard);
		/* [I] Abandoned is consumed, without a completion. */
		if ((hard || (!cxt->busy && !cxt->stalled)) && (fn_stop || !cxt->no_stop)) {
			emu_cxt_stopped(emu, cxt);
			return 1;
		}
		if (fn_stop && cxt->mode == EMU_CXT_RUN && !cxt->stopg) {
			emu_cxt_write_state(emu, cxt, SDXI_CXT_STOPG_FN);
			cxt->stopg = true;
		}
		return cxt->busy ? op_step(emu, cxt) : 0;
	}
	if (cxt->busy)
		return op_step(emu, cxt);
	if (doorbell(emu, cxt) && !emu_ring_sample(emu, cxt))
		return 1;
	if (cxt->read_index == cxt->write_index)
		return 0;
	if (EMU_LIKELY(emu->ops.map != NULL && cxt->n_faults == 0)) {
		const unsigned int done = emu_fast_part(emu, cxt, &emu->fast, budget);

		if (EMU_LIKELY(done != 0))
			return done;
	}
	return ring_part(emu, cxt, budget);
}
