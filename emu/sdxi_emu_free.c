/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <stdlib.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/*
 * A context's turn where every liberty is taken.
 *
 * What is consumed enters a window, whose operations are begun, carried on and completed in any
 * order that fences, chains and SYNC leave. Each turn throws a die for each kind of step that is
 * possible; how rare a kind is changes now and then, so that each is at times far behind, or ahead
 * of, the others. None is put off for more than MAX_AGE turns, and none of the window's operations
 * is left behind by more than SPAN: all that is due is done in a bounded number of turns.
 *
 * Before a context is gone (stopped, failed) the window is empty, and its blocks, log entries and
 * Read_Index are written: nothing is written behind SYNC(STOP). While it is on its way there, its
 * state may say already what it will be.
 */

#define WINDOW 24
#define SPAN 64 /* descriptors from the oldest one in the window to the next */
#define MAX_AGE 64
#define LOGS 32

enum step {
	STEP_SAMPLE, /* Write_Index */
	STEP_FETCH,
	STEP_EXEC,
	STEP_SIGNAL,
	STEP_LOG,
	STEP_INDEX, /* Read_Index */
	STEP_STATE,
	STEP_LAST,
};

enum free_state {
	FREE_WAITING = 0,
	FREE_BEGUN,
	FREE_EXECUTED,
};

/* An operation in the window. */
struct free_op {
	struct emu_op op;
	emu_fail_t fail;
	uint8_t state;	/* enum free_state */
	bool blocked; /* waits for other contexts, when last looked at */
	bool chained; /* to the one before it */
};

struct free_log {
	uint64_t index;
	emu_fail_t fail;
	enum sdxi_err_reaction re;
};

struct emu_free {
	struct free_op win[WINDOW]; /* by index */
	unsigned int n;
	struct free_log log[LOGS];
	unsigned int n_log;
	uint64_t index_out; /* Read_Index as written */
	uint64_t fail_index; /* of the first operation whose failure stops the context */
	uint64_t chain_next;
	bool chain;	  /* the operation at chain_next is the next one */
	bool fetch_chain; /* the next one to be consumed is chained to the last */
	bool rung;
	bool failing;	  /* ends in ERR_FN */
	bool err_out;	  /* ERR_FN has been written */
	bool self_stop;	  /* ends in STOP_FN, by a fault */
	bool in_order;
	bool keep_vl;
	uint16_t mood;	  /* turns until it changes */
	uint8_t window;	  /* operations that may be in it */
	uint8_t rare[STEP_LAST]; /* a step is taken in one turn of 2^rare */
	uint8_t age[STEP_LAST];
};

unsigned int
emu_random(struct sdxi_emu *emu, unsigned int n)
{
	uint64_t z = emu->random += UINT64_C(0x9e3779b97f4a7c15);

	/* splitmix64 */
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (z >> 32) * n >> 32;
}

static void
mood_change(struct sdxi_emu *emu, struct emu_free *f)
{
	unsigned int i;

	if (f->mood != 0) {
		f->mood--;
		return;
	}
	f->mood = 8 + emu_random(emu, 120);
	f->in_order = emu_random(emu, 3) == 0;
	f->keep_vl = emu_random(emu, 2) == 0;
	f->window = emu_random(emu, 3) == 0 ? 1 + emu_random(emu, WINDOW) : WINDOW;
	for (i = 0; i < STEP_LAST; i++)
		f->rare[i] = emu_random(emu, 2) == 0 ? 0 : emu_random(emu, 6);
}

/* Is a step, which is possible, taken in this turn? */
static bool
step_now(struct sdxi_emu *emu, struct emu_free *f, enum step step)
{
	if (f->age[step] < MAX_AGE && emu_random(emu, 1u << f->rare[step]) != 0) {
		f->age[step]++;
		return false;
	}
	f->age[step] = 0;
	return true;
}

bool
emu_free_start(struct emu_cxt *cxt)
{
	if (cxt->free == NULL)
		cxt->free = malloc(sizeof(*cxt->free));
	if (cxt->free == NULL)
		return false;
	memset(cxt->free, 0, sizeof(*cxt->free));
	cxt->free->index_out = cxt->read_index;
	cxt->free->fail_index = UINT64_MAX;
	return true;
}

bool
emu_free_ending(const struct emu_cxt *cxt)
{
	return cxt->free != NULL && (cxt->free->failing || cxt->free->self_stop);
}

bool
emu_free_stop(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	cxt->free->failing = false;
	cxt->free->self_stop = false;
	cxt->stopg = emu_random(emu, 2) == 0;
	return cxt->stopg;
}

/* ---- log ---- */

static void
log_out(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	const struct free_log log = f->log[0];

	memmove(&f->log[0], &f->log[1], --f->n_log * sizeof(f->log[0]));
	emu_log(emu, cxt->num, log.index, log.fail, log.re);
}

static void
log_later(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail,
	  enum sdxi_err_reaction re)
{
	struct emu_free *f = cxt->free;

	if (f->n_log == LOGS)
		log_out(emu, cxt);
	f->log[f->n_log++] = (struct free_log){ index, fail, re };
}

/* It stays so when the context is stopped: until it starts again. */
static void
fail_at(struct emu_cxt *cxt, uint64_t index)
{
	cxt->free->failing = true;
	cxt->free->fail_index = EMU_MIN(cxt->free->fail_index, index);
}

void
emu_free_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail)
{
	log_later(emu, cxt, index, fail, SDXI_RE_CXT_STOPPED);
	fail_at(cxt, index);
}

/* An operation failed. */
static void
op_failed(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct emu_op *op, emu_fail_t fail)
{
	const bool stops = emu_fail_stops(emu, cxt, fail);

	if (!(op->hide & EMU_HIDE_LOG))
		log_later(emu, cxt, op->index, fail, emu_fail_reaction(stops));
	if (stops)
		fail_at(cxt, op->index);
}

static bool
step_log(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;

	if (f->n_log == 0)
		return false;
	if (step_now(emu, f, STEP_LOG))
		log_out(emu, cxt);
	return true;
}

/* ---- indices ---- */

static bool
step_sample(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	const uint64_t before = cxt->write_index;

	f->rung |= emu_ring_doorbell(emu, cxt);
	if (f->rung) {
		if (step_now(emu, f, STEP_SAMPLE)) {
			f->rung = false;
			emu_ring_sample(emu, cxt);
		}
		return true;
	}
	if (emu_random(emu, 8) != 0)
		return false;
	return !emu_ring_sample(emu, cxt) || cxt->write_index != before;
}

static void
index_out(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index)
{
	cxt->free->index_out = index;
	if (emu->ops.write64(emu->opaque, cxt->sts + offsetof(struct sdxi_cxt_sts, read_index),
			     emu_le64(index)) == SDXI_EMU_MEM_OK)
		return;
	/* Not to be tried again. */
	cxt->free->index_out = cxt->read_index;
	emu_free_error(emu, cxt, cxt->read_index - 1,
		       EMU_FAIL(SDXI_STEP_CXT_STS, SDXI_SUB_STEP_TRANSLATION));
}

static bool
step_index(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	const unsigned int behind = cxt->read_index - f->index_out;

	if (behind == 0)
		return false;
	if (step_now(emu, f, STEP_INDEX)) {
		if (emu_random(emu, 4) == 0)
			index_out(emu, cxt, f->index_out + 1 + emu_random(emu, behind));
		else
			index_out(emu, cxt, cxt->read_index);
	}
	return true;
}

/* ---- window ---- */

/* Consume the next descriptor, of which a copy is in the window. */
static void
consume(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct sdxi_dsc *dsc)
{
	struct emu_free *f = cxt->free;
	const uint64_t iova = cxt->ring + (uint64_t)cxt->slot * SDXI_DESC_LEN;

	/* [I] vl says nothing once Read_Index has passed: it may be kept. */
	if (!(f->keep_vl && emu_random(emu, 8) != 0) &&
	    emu->ops.write64(emu->opaque, iova, dsc->qw[0] & ~emu_le64(SDXI_DSC_VL)) !=
		    SDXI_EMU_MEM_OK)
		emu_free_error(emu, cxt, cxt->read_index,
			       EMU_FAIL(SDXI_STEP_DESC, SDXI_SUB_STEP_TRANSLATION));
	f->fetch_chain = (emu_le32(dsc->any.opcode) & SDXI_DSC_CH) != 0;
	cxt->read_index++;
	cxt->consumed++;
	if (++cxt->slot == cxt->ring_sz)
		cxt->slot = 0;
}

/* The next descriptor is one that something is to happen to. */
static void
fetch_hit(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	struct free_op *e = &f->win[f->n];

	switch (emu_fault_take(emu, cxt, &e->op, &e->fail)) {
	case EMU_HIT_STALL:
		break;
	case EMU_HIT_STOP:
		f->self_stop = true;
		break;
	case EMU_HIT_FN:
		emu_fn_error(emu, cxt->num, cxt->read_index,
			     EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER));
		break;
	default:
		f->n++;
		consume(emu, cxt, &e->op.dsc);
		break;
	}
}

static bool
step_fetch(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	const struct sdxi_dsc *dsc = emu->turn.dsc;
	unsigned int i, n;
	int valid;

	if (cxt->read_index == cxt->write_index || cxt->stalled || f->n >= f->window ||
	    (f->n != 0 && cxt->read_index - f->win[0].op.index >= SPAN))
		return false;
	n = EMU_MIN(f->window - f->n, cxt->write_index - cxt->read_index);
	n = 1 + emu_random(emu, EMU_MIN(n, cxt->ring_sz - cxt->slot));
	if (!step_now(emu, f, STEP_FETCH))
		return true;
	valid = emu_ring_fetch(emu, cxt, n);
	if (valid < 0) {
		emu_free_error(emu, cxt, cxt->read_index,
			       EMU_FAIL(SDXI_STEP_DESC, SDXI_SUB_STEP_TRANSLATION));
		return true;
	}
	for (i = 0; i < (unsigned int)valid; i++, dsc++) {
		if (!(dsc->any.opcode & emu_le32((uint32_t)SDXI_DSC_VL)))
			break;
		f->win[f->n] = (struct free_op){
			.op = { .dsc = *dsc, .index = cxt->read_index },
			.chained = f->fetch_chain,
		};
		if (cxt->n_faults != 0 && emu_fault_distance(emu, cxt) == 0) {
			fetch_hit(emu, cxt);
			return !cxt->stalled;
		}
		f->n++;
		consume(emu, cxt, dsc);
		if (f->failing)
			return true;
	}
	return i != 0;
}

static inline uint32_t
opcode_of(const struct free_op *e)
{
	return emu_le32(e->op.dsc.any.opcode);
}

static bool
is_sync(const struct free_op *e)
{
	return (opcode_of(e) & (uint32_t)(SDXI_DSC_TYPE | SDXI_DSC_SUBTYPE)) ==
	       SDXI_DSC_OP(SDXI_TYPE_ADMIN, SDXI_ADM_SYNC);
}

static bool
is_fenced(const struct emu_cxt *cxt, const struct free_op *e)
{
	return cxt->se || (opcode_of(e) & (SDXI_DSC_FE | SDXI_DSC_SE)) != 0;
}

/*
 * Is an operation one that is not to be begun any more? What is ordered behind a failure that stops
 * the context is left to the software, as what has not been consumed.
 */
static bool
is_barred(const struct emu_cxt *cxt, const struct free_op *e)
{
	return e->state == FREE_WAITING && e->op.index > cxt->free->fail_index &&
	       (is_fenced(cxt, e) || e->chained || (opcode_of(e) & SDXI_DSC_CH) || is_sync(e));
}

/* [I] Consumed, without a completion. */
static void
drop_barred(struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	bool carried_on = false;
	unsigned int i, n = 0;

	for (i = 0; i < f->n; i++) {
		if (is_barred(cxt, &f->win[i]))
			continue;
		carried_on |= f->win[i].op.index == f->chain_next;
		if (n != i)
			f->win[n] = f->win[i];
		n++;
	}
	f->n = n;
	/* Others do not wait for what is left of a chain. */
	if (f->chain_next > f->fail_index && !carried_on)
		f->chain = false;
}

/*
 * May an operation be begun or carried on?
 *
 * [I] se, of a descriptor or of its context, is taken for a fence.
 * [I] A chain is executed in order and with nothing of its context in between. It begins when
 * everything before it has been executed: there may be fences in it.
 */
static bool
may_execute(const struct emu_cxt *cxt, unsigned int pos)
{
	const struct emu_free *f = cxt->free;
	const struct free_op *e = &f->win[pos];
	const uint32_t opcode = opcode_of(e);
	bool all_before = true, begun = false;
	unsigned int i;

	if (e->state == FREE_EXECUTED || is_barred(cxt, e))
		return false;
	if (f->chain)
		return e->op.index == f->chain_next &&
		       (pos == 0 || e->state == FREE_BEGUN || !is_fenced(cxt, e));
	if (e->state == FREE_BEGUN)
		return true;
	/* What has left the window is complete, what is in it is not. */
	if (pos != 0 && is_fenced(cxt, e))
		return false;
	for (i = 0; i < f->n; i++) {
		all_before &= i >= pos || f->win[i].state == FREE_EXECUTED;
		begun |= f->win[i].state == FREE_BEGUN;
	}
	/* A SYNC is about what was ordered before it. */
	if (is_sync(e))
		return all_before;
	if (opcode & SDXI_DSC_CH)
		return all_before && !begun;
	/* Behind the first of a chain which has not been begun. */
	return pos == 0 || !e->chained || all_before;
}

static void
executed(struct sdxi_emu *emu, struct emu_cxt *cxt, struct free_op *e, emu_fail_t fail)
{
	struct emu_free *f = cxt->free;

	e->state = FREE_EXECUTED;
	e->fail = fail;
	f->chain = (opcode_of(e) & SDXI_DSC_CH) != 0;
	f->chain_next = e->op.index + 1;
	if (fail != 0)
		op_failed(emu, cxt, &e->op, fail);
}

/* Do a part of an operation; returns what it counts for, 0: it has to wait. */
static unsigned int
execute(struct sdxi_emu *emu, struct emu_cxt *cxt, struct free_op *e)
{
	struct emu_op *op = &e->op;
	emu_fail_t fail;
	uint64_t part;

	if (e->state == FREE_WAITING) {
		fail = e->fail != 0 ? e->fail : emu_op_begin(emu, cxt, op);
		if (fail != 0) {
			executed(emu, cxt, e, fail);
			return 1;
		}
		e->state = FREE_BEGUN;
		if (opcode_of(e) & SDXI_DSC_CH) {
			cxt->free->chain = true;
			cxt->free->chain_next = op->index;
		}
	}
	switch (op->kind) {
	case EMU_KIND_INTR:
		/* Raised behind its completion. */
		executed(emu, cxt, e, 0);
		return 1;
	case EMU_KIND_ADMIN:
		switch (emu_admin_step(emu, op)) {
		case EMU_ADMIN_WAIT:
			return 0;
		case EMU_ADMIN_DONE:
			executed(emu, cxt, e, 0);
			break;
		default:
			break;
		}
		return EMU_BATCH;
	default:
		part = EMU_MIN(op->len - op->done, (uint64_t)SDXI_EMU_CHUNK);
		/* In pieces, at times. */
		if (op->kind == EMU_KIND_COPY && emu_random(emu, 4) == 0)
			part = 1 + emu_random(emu, part);
		fail = emu_op_move(emu, op, part);
		op->done += part;
		if (fail != 0 || op->done == op->len)
			executed(emu, cxt, e, fail);
		return 1 + part * EMU_BATCH / SDXI_EMU_CHUNK;
	}
}

static bool
step_exec(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	unsigned int able[WINDOW], i, n, work = 0, part;
	const unsigned int enough = 1 + emu_random(emu, 8);
	bool thrown = false;

	do {
		for (i = n = 0; i < f->n; i++)
			if (may_execute(cxt, i))
				able[n++] = i;
		if (n == 0)
			return work != 0;
		i = able[f->in_order ? 0 : emu_random(emu, n)];
		/* No die for what is only looked at. */
		if (!thrown && !(n == 1 && f->win[i].blocked)) {
			thrown = true;
			if (!step_now(emu, f, STEP_EXEC))
				return true;
		}
		part = execute(emu, cxt, &f->win[i]);
		f->win[i].blocked = part == 0;
		work += part;
		if (part == 0)
			return work != 0 || n > 1;
	} while (work < enough);
	return true;
}

/* An operation leaves the window. */
static void
complete(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int pos)
{
	struct emu_free *f = cxt->free;
	struct free_op *e = &f->win[pos];
	const bool intr = e->op.kind == EMU_KIND_INTR && e->fail == 0;
	const uint16_t intr_num = e->op.intr_num;

	if (!emu_op_complete(emu, cxt, &e->op, e->fail != 0)) {
		e->op.hide &= ~EMU_HIDE_LOG;
		op_failed(emu, cxt, &e->op, EMU_FAIL_CSB);
	}
	memmove(e, e + 1, (--f->n - pos) * sizeof(*e));
	if (intr && emu->ops.irq != NULL)
		emu->ops.irq(emu->opaque, intr_num);
}

static bool
step_signal(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	unsigned int ready[WINDOW], i, n;
	bool more = false;

	for (;;) {
		for (i = n = 0; i < f->n; i++)
			if (f->win[i].state == FREE_EXECUTED)
				ready[n++] = i;
		if (n == 0)
			return more;
		if (!more && !step_now(emu, f, STEP_SIGNAL))
			return true;
		complete(emu, cxt, ready[f->in_order ? 0 : emu_random(emu, n)]);
		more = true;
		if (emu_random(emu, 3) == 0)
			return true;
	}
}

/* ---- ends ---- */

static void
abandon(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	unsigned int i = 0;

	/* [I] Consumed, without a completion, which what has been executed may still get. */
	while (i < f->n) {
		if (f->win[i].state == FREE_EXECUTED && emu_random(emu, 2) == 0)
			complete(emu, cxt, i);
		else
			i++;
	}
	f->n = 0;
	f->chain = false;
	while (f->n_log != 0)
		log_out(emu, cxt);
}

/*
 * Say in between how it will end. ERR_FN says as well that nothing is begun any more, though what
 * has been begun may still be going on.
 */
static bool
step_state(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	unsigned int i;

	if (f->failing ? f->err_out : f->self_stop || cxt->stopg)
		return false;
	for (i = 0; f->failing && i < f->n; i++)
		if (f->win[i].state == FREE_WAITING)
			return false;
	if (!step_now(emu, f, STEP_STATE))
		return true;
	if (f->failing) {
		f->err_out = true;
		emu_cxt_write_state(emu, cxt, SDXI_CXT_ERR_FN);
	} else {
		cxt->stopg = true;
		emu_cxt_write_state(emu, cxt, cxt->mode == EMU_CXT_STOPPING ? SDXI_CXT_STOPG_SW
									     : SDXI_CXT_STOPG_FN);
	}
	return true;
}

enum end {
	END_NOT_YET,
	END_HELD, /* by a fault */
	END_GONE,
};

static enum end
try_end(struct sdxi_emu *emu, struct emu_cxt *cxt, bool fn_stop)
{
	struct emu_free *f = cxt->free;
	const bool hard = emu->gsv == SDXI_GSV_STOPG_HD ||
			  (cxt->mode == EMU_CXT_STOPPING && cxt->hard);
	const bool held = !f->failing && ((cxt->no_stop && !fn_stop &&
					   cxt->mode == EMU_CXT_STOPPING) ||
					  (cxt->stalled && !hard));

	if (hard && !held && step_now(emu, f, STEP_STATE))
		abandon(emu, cxt);
	else if (f->n != 0 || f->n_log != 0)
		return END_NOT_YET;
	if (held)
		return END_HELD;
	if (!step_now(emu, f, STEP_STATE))
		return END_NOT_YET;
	if (f->index_out != cxt->read_index)
		index_out(emu, cxt, cxt->read_index);
	while (f->n_log != 0)
		log_out(emu, cxt);
	if (f->failing)
		emu_cxt_failed(emu, cxt);
	else
		emu_cxt_stopped(emu, cxt);
	return END_GONE;
}

unsigned int
emu_free_turn(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	struct emu_free *f = cxt->free;
	const bool fn_stop = emu_fn_stopping(emu);
	enum end end = END_HELD;
	bool work = false;

	mood_change(emu, f);
	if (f->fail_index != UINT64_MAX)
		drop_barred(cxt);
	if (fn_stop || cxt->mode == EMU_CXT_STOPPING || f->failing || f->self_stop) {
		end = try_end(emu, cxt, fn_stop);
		if (end == END_GONE)
			return 1;
		work |= step_state(emu, cxt);
	} else {
		work |= step_sample(emu, cxt);
		if (!f->failing)
			work |= step_fetch(emu, cxt);
		/* The function may have gone to ERROR. */
		if (cxt->mode == EMU_CXT_OFF)
			return 1;
	}
	work |= step_exec(emu, cxt);
	work |= step_signal(emu, cxt);
	work |= step_log(emu, cxt);
	work |= step_index(emu, cxt);
	/* What waits for others alone does not count as work. */
	if (end == END_NOT_YET && f->n == 0)
		work = true;
	return work || f->failing || f->self_stop;
}
