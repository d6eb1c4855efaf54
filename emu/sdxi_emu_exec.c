/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <string.h>

#include "sdxi_emu_priv.h"

/*
 * A context's turn. What is consumed enters a window, whose operations are begun, carried on and
 * completed. In order, every die shows 0: the window is of one operation, and each step is taken as
 * soon as possible. With reorder, operations of the window are executed and completed in any order
 * that fences and SYNC allow. Each turn rolls a die for every step that is possible. The odds of
 * each step change now and then, so that a step sometimes runs far ahead of the others or lags.
 * When a context's turns end, its window is empty, and blocks, log entries and Read_Index have been
 * written: nothing is written after SYNC(STOP).
 */

#define SPAN 64 /* descriptors from the oldest one in the window on; no fetch begins beyond */

static void
mood_change(struct sdxi_emu *emu)
{
	unsigned int i;

	if (emu->mood.turns-- != 0)
		return;
	emu->mood.turns = 8 + emu_random(emu, 120);
	emu->mood.in_order = emu_random(emu, 3) == 0;
	emu->mood.window = emu_random(emu, 3) == 0 ? 1 + emu_random(emu, EMU_WINDOW) : EMU_WINDOW;
	for (i = 0; i < EMU_STEPS; i++)
		emu->mood.rare[i] = emu_random(emu, 2) == 0 ? 0 : emu_random(emu, 6);
}

/* Is a step, which is possible, taken in this turn? */
static bool
step_now(struct sdxi_emu *emu, enum emu_step step)
{
	return emu_random(emu, 1u << emu->mood.rare[step]) == 0;
}

static void
fail_at(struct emu_cxt *cxt, uint64_t index)
{
	cxt->failing = true;
	cxt->fail_index = EMU_MIN(cxt->fail_index, index);
}

void
emu_cxt_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail)
{
	emu_log(emu, cxt->num, index, fail, SDXI_RE_CXT_STOPPED);
	if (cxt->mode == EMU_CXT_RUN)
		fail_at(cxt, index);
}

static void
op_log(struct sdxi_emu *emu, const struct emu_cxt *cxt, struct emu_op *op)
{
	if (op->log_due)
		emu_log(emu, cxt->num, op->index, op->fail,
			op->stops ? SDXI_RE_CXT_STOPPED : SDXI_RE_INFORMATIVE);
	op->log_due = false;
}

/* [I] If the context is already being stopped, a failure does not change the state it ends in. */
static void
op_failed(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op, emu_fail_t fail)
{
	op->fail = fail;
	op->stops = ((fail & EMU_FAIL_FATAL) || !emu->conf.err_continue) &&
		    cxt->mode == EMU_CXT_RUN && !emu_fn_stopping(emu);
	op->log_due = !(op->hide & EMU_HIDE_LOG);
	/* With reorder, before its signal or after it. */
	if (emu_random(emu, 2) == 0)
		op_log(emu, cxt, op);
	if (op->stops)
		fail_at(cxt, op->index);
}

bool
emu_doorbell_take(struct emu_cxt *cxt)
{
	/* Looking before exchanging keeps the lines shared while nobody rings. */
	bool rung = atomic_load_explicit(&cxt->rung, memory_order_relaxed) &&
		    atomic_exchange(&cxt->rung, false);

	if (cxt->db != NULL && EMU_LOAD(cxt->db, relaxed) != EMU_DB_IDLE)
		rung |= atomic_exchange(EMU_ATOMIC(cxt->db), EMU_DB_IDLE) != EMU_DB_IDLE;
	return rung;
}

bool
emu_cxt_has_work(const struct emu_cxt *cxt)
{
	return cxt->mode == EMU_CXT_STOPPING || cxt->failing || cxt->self_stop || cxt->n_ops != 0 ||
	       (cxt->read_index != cxt->write_index && !cxt->stalled) ||
	       atomic_load_explicit(&cxt->rung, memory_order_relaxed) ||
	       (cxt->db != NULL && EMU_LOAD(cxt->db, relaxed) != EMU_DB_IDLE);
}

bool
emu_cxt_sample(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	emu_fail_t fail = 0;
	uint64_t index;

	if (!emu_read64(emu, cxt->write_index_ptr, &index))
		fail = EMU_FAIL_TRANSLATION(SDXI_STEP_WRITE_INDEX);
	else if (!emu_write_index_good(cxt, index))
		fail = EMU_FAIL_VALIDATION(SDXI_STEP_WRITE_INDEX);
	else
		cxt->write_index = index;
	if (fail != 0)
		emu_cxt_error(emu, cxt, EMU_NO_DESC, fail);
	return fail == 0;
}

static bool
step_sample(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	const uint64_t before = cxt->write_index;

	/* With reorder, also without a doorbell. */
	if (!emu_doorbell_take(cxt) && emu_random(emu, 8) != 1)
		return false;
	if (step_now(emu, EMU_STEP_SAMPLE))
		return !emu_cxt_sample(emu, cxt) || cxt->write_index != before;
	cxt->rung = true;
	return true;
}

uint64_t
emu_read_index(const struct sdxi_emu *emu, const struct emu_cxt *cxt)
{
	const uint64_t lag = EMU_MIN(emu->conf.read_index_lag, cxt->ring_sz - 1);
	const uint64_t most = cxt->write_index - EMU_MIN(lag, cxt->write_index);

	return EMU_MAX(EMU_MIN(cxt->read_index, most), cxt->index_out);
}

static void
index_out(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index)
{
	cxt->index_out = index;
	if (emu->ops.write64(emu->opaque, cxt->sts + offsetof(struct sdxi_cxt_sts, read_index),
			     emu_le64(index)) == SDXI_EMU_MEM_OK)
		return;
	/* Not tried again. */
	cxt->index_out = cxt->read_index;
	emu_cxt_error(emu, cxt, cxt->read_index - 1, EMU_FAIL_TRANSLATION(SDXI_STEP_CXT_STS));
}

static bool
step_index(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	uint64_t index = emu_read_index(emu, cxt);

	if (index == cxt->index_out)
		return false;
	if (emu_random(emu, 4) == 1)
		index = cxt->index_out + 1 + emu_random(emu, index - cxt->index_out);
	if (step_now(emu, EMU_STEP_INDEX))
		index_out(emu, cxt, index);
	return true;
}

/* Consume the next descriptor into the window; false: there is no further one for now. */
static bool
fetch_one(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	const uint64_t iova = cxt->ring + (uint64_t)cxt->slot * SDXI_DESC_LEN;
	struct emu_op *op = &cxt->op[cxt->n_ops];
	uint64_t vl;

	*op = (struct emu_op){ .index = cxt->read_index };
	/* With several producers the slot may not be filled yet: vl, acquired, says that it is. */
	if (!emu_read64(emu, iova, &vl) ||
	    ((vl & SDXI_DSC_VL) && emu->ops.read(emu->opaque, iova, &op->dsc, sizeof(op->dsc)) !=
				   SDXI_EMU_MEM_OK)) {
		emu_cxt_error(emu, cxt, op->index, EMU_FAIL_TRANSLATION(SDXI_STEP_DESC));
		return false;
	}
	if (!(op->dsc.qw[0] & emu_le64(SDXI_DSC_VL)) ||
	    (cxt->n_faults != 0 && !emu_fault_take(emu, cxt, op)))
		return false;
	vl = op->dsc.qw[0] & ~emu_le64(SDXI_DSC_VL);
	if (emu->ops.write64(emu->opaque, iova, vl) != SDXI_EMU_MEM_OK)
		op->fail = EMU_FAIL_TRANSLATION(SDXI_STEP_DESC) | EMU_FAIL_FATAL;
	cxt->n_ops++;
	cxt->read_index++;
	cxt->consumed++;
	cxt->slot = cxt->slot + 1 == cxt->ring_sz ? 0 : cxt->slot + 1;
	return true;
}

static bool
step_fetch(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	const uint64_t before = cxt->read_index, n_new = cxt->write_index - before;
	unsigned int n;

	if (n_new == 0 || cxt->failing || cxt->stalled || cxt->n_ops >= emu->mood.window ||
	    (cxt->n_ops != 0 && before - cxt->op[0].index >= SPAN))
		return false;
	if (!step_now(emu, EMU_STEP_FETCH))
		return true;
	n = 1 + emu_random(emu, EMU_MIN(emu->mood.window - cxt->n_ops, n_new));
	while (n > 0 && fetch_one(emu, cxt))
		n--;
	return cxt->read_index != before || cxt->failing || cxt->self_stop;
}

static bool
is_sync(const struct emu_op *op)
{
	return (emu_le64(op->dsc.qw[0]) & (SDXI_DSC_TYPE | SDXI_DSC_SUBTYPE)) ==
	       SDXI_DSC_OP(SDXI_TYPE_ADMIN, SDXI_ADM_SYNC);
}

/* [I] A descriptor's se is taken for a fence. */
static bool
is_fenced(const struct emu_op *op)
{
	return (emu_le64(op->dsc.qw[0]) & (SDXI_DSC_FE | SDXI_DSC_SE)) != 0;
}

/* Is an operation ordered after a failure that stops the context? */
static bool
is_barred(const struct emu_cxt *cxt, const struct emu_op *op)
{
	return op->state == EMU_OP_WAITING && op->index > cxt->fail_index &&
	       (is_fenced(op) || is_sync(op));
}

/* [I] These are left without a completion. */
static void
drop_barred(struct emu_cxt *cxt)
{
	unsigned int i, n = 0;

	for (i = 0; i < cxt->n_ops; i++)
		if (!is_barred(cxt, &cxt->op[i]))
			cxt->op[n++] = cxt->op[i];
	cxt->n_ops = n;
}

/* Can an operation be begun or carried on, or for step SIGNAL, completed? */
static bool
is_able(const struct emu_cxt *cxt, unsigned int pos, enum emu_step step)
{
	const struct emu_op *op = &cxt->op[pos];
	unsigned int i;

	if (step == EMU_STEP_SIGNAL)
		return op->state == EMU_OP_EXECUTED;
	if (op->state != EMU_OP_WAITING)
		return op->state == EMU_OP_BEGUN;
	/* What has left the window is complete, what is in it is not. */
	if (is_barred(cxt, op) || (pos != 0 && is_fenced(op)))
		return false;
	/* A SYNC is about what was ordered before it. */
	for (i = 0; is_sync(op) && i < pos; i++)
		if (cxt->op[i].state != EMU_OP_EXECUTED)
			return false;
	return true;
}

/* One of the window's operations that a step can be taken for; -1: there is none. */
static int
pick(struct sdxi_emu *emu, const struct emu_cxt *cxt, enum emu_step step)
{
	unsigned int able[EMU_WINDOW], i, n = 0;

	for (i = 0; i < cxt->n_ops; i++)
		if (is_able(cxt, i, step))
			able[n++] = i;
	return n == 0 ? -1 : (int)able[emu->mood.in_order ? 0 : emu_random(emu, n)];
}

/* Do a part of an operation; returns what it counts for, 0: it has to wait. */
static unsigned int
execute(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	emu_fail_t fail = op->fail;
	unsigned int work = 1;
	bool done = true;
	uint64_t part;

	/* What a fenced operation writes is seen after the data of those before it. */
	if (op->state == EMU_OP_WAITING && is_fenced(op))
		atomic_thread_fence(memory_order_seq_cst);
	if (fail == 0 && op->state == EMU_OP_WAITING)
		fail = emu_op_begin(emu, cxt, op);
	if (fail == 0 && op->kind == EMU_KIND_ADMIN) {
		done = emu_admin_step(emu, op);
		work = op->blocked ? 0 : EMU_BATCH;
	} else if (fail == 0 && op->kind != EMU_KIND_NOP && op->kind != EMU_KIND_INTR) {
		part = EMU_MIN(op->len - op->done, (uint64_t)SDXI_EMU_CHUNK);
		/* In pieces, at times. */
		if (op->kind == EMU_KIND_COPY && emu_random(emu, 4) == 1)
			part = 1 + emu_random(emu, part);
		fail = emu_op_move(emu, cxt, op, part);
		op->done += part;
		done = fail != 0 || op->done == op->len;
		work += part / EMU_COST_BYTES;
	}
	op->state = done ? EMU_OP_EXECUTED : EMU_OP_BEGUN;
	if (fail != 0)
		op_failed(emu, cxt, op, fail);
	return work;
}

/* Execute some; returns what it counts for, 0: nothing can be executed. */
static unsigned int
step_exec(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	const unsigned int enough = 1 + emu_random(emu, 8);
	unsigned int work = 0, part, i;
	int pos;

	do {
		pos = pick(emu, cxt, EMU_STEP_EXEC);
		if (pos < 0)
			break;
		/* No die for what only waits. */
		if (work == 0 && !cxt->op[pos].blocked && !step_now(emu, EMU_STEP_EXEC))
			return 1;
		part = execute(emu, cxt, &cxt->op[pos]);
		work += part;
	} while (part != 0 && work < enough);
	/* Others may be ready where the one that was picked waits. */
	for (i = 0; work == 0 && i < cxt->n_ops; i++)
		work += is_able(cxt, i, EMU_STEP_EXEC) && !cxt->op[i].blocked;
	return work;
}

/* An operation leaves the window. */
static void
complete(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int pos)
{
	struct emu_op *op = &cxt->op[pos];
	const bool intr = op->kind == EMU_KIND_INTR && op->fail == 0;

	if (!emu_op_complete(emu, op)) {
		op_log(emu, cxt, op);
		op->hide &= ~EMU_HIDE_LOG;
		op_failed(emu, cxt, op, EMU_FAIL_TRANSLATION(SDXI_STEP_CST_BLK));
	}
	op_log(emu, cxt, op);
	if (intr && emu->ops.irq != NULL)
		emu->ops.irq(emu->opaque, op->intr_num);
	memmove(op, op + 1, (--cxt->n_ops - pos) * sizeof(*op));
}

static bool
step_signal(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	int pos = pick(emu, cxt, EMU_STEP_SIGNAL);

	if (pos < 0)
		return false;
	if (!step_now(emu, EMU_STEP_SIGNAL))
		return true;
	do {
		complete(emu, cxt, pos);
		pos = pick(emu, cxt, EMU_STEP_SIGNAL);
	} while (pos >= 0 && emu_random(emu, 3) != 1);
	return true;
}

/* STOPG_*, or ERR_FN once no operation is to begin. In order, before failed ones are signalled. */
static bool
step_state(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	const bool stopping = cxt->mode == EMU_CXT_STOPPING;
	enum sdxi_cxt_state state = stopping ? SDXI_CXT_STOPG_SW : SDXI_CXT_STOPG_FN;
	bool *out = cxt->failing ? &cxt->err_out : &cxt->stopg;
	unsigned int i;

	if (*out || (!cxt->failing && !stopping && !emu_fn_stopping(emu)))
		return false;
	for (i = 0; cxt->failing && i < cxt->n_ops; i++)
		if (cxt->op[i].state == EMU_OP_WAITING)
			return false;
	if (step_now(emu, EMU_STEP_STATE)) {
		*out = true;
		emu_cxt_write_state(emu, cxt, cxt->failing ? SDXI_CXT_ERR_FN : state);
	}
	return true;
}

/* [I] Abandoned operations are consumed but not completed; executed ones may be completed. */
static void
abandon(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	unsigned int i;

	for (i = cxt->n_ops; i-- > 0; cxt->n_ops = i) {
		op_log(emu, cxt, &cxt->op[i]);
		if (cxt->op[i].state == EMU_OP_EXECUTED && emu_random(emu, 2) == 0)
			complete(emu, cxt, i);
	}
}

/* End a context if possible; true: not possible yet, though no fault prevents it. */
static bool
try_end(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	const bool stopping = cxt->mode == EMU_CXT_STOPPING;
	const bool hard = emu->gsv == SDXI_GSV_STOPG_HD || (stopping && cxt->hard);
	const bool stays = stopping && !emu_fn_stopping(emu) && emu_fault_no_stop(emu, cxt, false);
	const bool held = !cxt->failing && (stays || (cxt->stalled && !hard));

	if (hard && !held && step_now(emu, EMU_STEP_STATE))
		abandon(emu, cxt);
	if (cxt->n_ops != 0)
		return true;
	if (held || !step_now(emu, EMU_STEP_STATE))
		return !held;
	if (cxt->index_out != cxt->read_index)
		index_out(emu, cxt, cxt->read_index);
	emu_cxt_ended(emu, cxt);
	return false;
}

/* One try of each step; returns what was executed or, where that is nothing, if there was work. */
static unsigned int
steps(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	bool work = cxt->failing || cxt->self_stop, end_due = false;
	unsigned int done;

	mood_change(emu);
	drop_barred(cxt);
	if (work || cxt->mode == EMU_CXT_STOPPING || emu_fn_stopping(emu)) {
		end_due = try_end(emu, cxt);
	} else {
		work |= step_sample(emu, cxt);
		work |= step_fetch(emu, cxt);
	}
	/* It may have ended, or the function gone to ERROR. */
	if (!emu_cxt_has_turns(cxt) || emu->due != 0)
		return 1;
	work |= step_index(emu, cxt);
	done = step_exec(emu, cxt);
	work |= step_state(emu, cxt);
	work |= step_signal(emu, cxt);
	/* What only waits for others does not count as work. */
	return done != 0 ? done : work || (end_due && cxt->n_ops == 0);
}

unsigned int
emu_cxt_turn(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int budget)
{
	unsigned int done = 0, work;

	budget = EMU_MIN(budget, (unsigned int)EMU_BATCH);
	do {
		work = emu_fast_part(emu, cxt, budget - done);
		/* An idle context costs no more than a look at its doorbell. */
		if (work == 0 && (emu->conf.reorder || emu_fn_stopping(emu) ||
				  emu_cxt_has_work(cxt)))
			work = steps(emu, cxt);
		done += work;
		/* With reorder, a turn is one try. */
	} while (work != 0 && done < budget && !emu->conf.reorder && emu_cxt_has_turns(cxt) &&
		 emu->due == 0);
	return done;
}
