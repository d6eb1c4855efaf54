/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * What becomes of an operation is decided while its context is at rest: stopped and synchronized,
 * or gone with a function that was reset. A context is then started anew from index 0, as at first,
 * with the descriptors of those operations that have yet to run; completion status blocks belong to
 * operations and stay where they are.
 *
 * An operation that was consumed and not completed is run again, unless a later one with a fence
 * may have been executed: then it was done, and its completion lost. Where nobody knows what
 * stopped a context, the suspects are run one at a time.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "sdxi_recover.h"

/* Between two looks at the function's state and its log, which take reads of registers. */
#define LOOK_US 1000
/* Looks in a watchdog period at what has become of blocks. */
#define WORK_LOOKS 8
/* Polls with a pause that a failure is given to stop its context. */
#define SETTLE_POLLS 1000
/* Waits for a state: so many looks with a pause, then so many of a millisecond each. */
#define STATE_SPINS 10000
#define STATE_POLLS 1000
/* A context that is asked to stop softly, or runs a suspect, has so many watchdog periods. */
#define SOFT_PERIODS 10
/* What a period is for a suspect where there is no watchdog. */
#define STEP_MS 1000
/*
 * The function is reset so often in one recovery, unless the log says that it stops for others; and
 * suspects may hang so often, at most.
 */
#define MAX_RESETS 2
#define MAX_RESETS_OTHERS 16
/* A channel stands still at one operation so often before that is blamed: see recover_locked(). */
#define MAX_HUNG 2
#define MAX_SLOW 10
#define MAX_STUCK  2
/*
 * Looks into the error log for the entry of an operation that is known to have failed: so many with
 * a pause, and those behind with a sleep.
 */
#define LOG_SPINS    100
#define LOG_LOOKS    120
#define LOG_SLEEP_US 100

/*
 * sdxi_ring.verdict: 0, a status code, or one of these. What is above the codes is gone when
 * recovery has ended.
 */
#define VERDICT_UNKNOWN 0x7f /* RTE_DMA_STATUS_ERROR_UNKNOWN, which is no byte */
#define FATE_PENDING	0x80 /* not executed: to be run */
#define FATE_LOST	0x81 /* consumed and not completed: to be run again */

/* What is known when a context has come to rest. */
struct rest {
	uint64_t read_index; /* descriptors below have been consumed */
	uint64_t stop_index; /* of the descriptor whose failure stopped it, UINT64_MAX: not known */
	bool reset;	     /* with a reset: more may have been consumed */
	bool vague;	     /* what was consumed need not have been finished */
	bool innocent;	     /* it came to rest for no fault of its own */
	bool wedged;	     /* it did not stop by itself */
	bool hung;	     /* and that was so before, at the same operation */
	uint64_t blamed;     /* one past the operation that hung or stopped it, 0: not known */
};

static uint8_t
verdict_of(enum rte_dma_status_code code)
{
	return code > RTE_DMA_STATUS_SUCCESSFUL && code < VERDICT_UNKNOWN ? code : VERDICT_UNKNOWN;
}

static bool
verdict_is_fate(uint8_t verdict)
{
	return verdict == FATE_PENDING || verdict == FATE_LOST;
}

static bool
op_has_fence(const struct sdxi_ring *r, uint64_t op)
{
	uint64_t start = sdxi_ring_op_start(r, op);
	const struct sdxi_dsc *dsc = &r->desc[start & r->mask];

	/* What an earlier recovery has settled has no descriptors any more. */
	return start != sdxi_ring_op_start(r, op + 1) &&
	       (rte_le_to_cpu_64(dsc->qw[0]) & SDXI_DSC_FE) != 0;
}

/*
 * Has an operation a fence of its own, and stands it behind what stopped the context? It was not
 * begun then, though it may have been consumed.
 */
static bool
op_is_barred(const struct sdxi_ring *r, const struct rest *rest, uint64_t op)
{
	return sdxi_ring_op_start(r, op) > rest->stop_index && op_has_fence(r, op);
}

/* How many of an operation's descriptors below an index that goes for. */
static uint64_t
op_nb_barred(const struct sdxi_ring *r, const struct rest *rest, uint64_t op, uint64_t end)
{
	uint64_t at = sdxi_ring_op_start(r, op), nb = 0;

	end = RTE_MIN(end, sdxi_ring_op_start(r, op + 1));
	for (; at < end; at++)
		nb += at > rest->stop_index &&
		      (rte_le_to_cpu_64(r->desc[at & r->mask].qw[0]) & SDXI_DSC_FE) != 0;
	return nb;
}

static uint64_t
signal_of(const struct sdxi_ring *r, uint64_t op)
{
	return rte_le_to_cpu_64(SDXI_LOAD(&r->csb[op & r->mask].signal, acquire));
}

/* Does an operation share its block with others? Recovery leaves none that does. */
static bool
is_in_batch(const struct sdxi_dev *dev, const struct sdxi_ring *r, uint64_t op)
{
	return dev->mode == SDXI_MODE_BATCH && sdxi_ring_batch_end(r, op) - op > 1;
}

/* Where submit leads while nothing may reach the function: the real ones are in the context. */
static void
vchan_hold(struct sdxi_vchan *vc)
{
	vc->ring.write_index = &vc->held_index;
	vc->ring.doorbell = &vc->no_doorbell;
}

static void
vchan_release(struct sdxi_vchan *vc)
{
	vc->ring.write_index = vc->cxt.write_index;
	vc->ring.doorbell = vc->cxt.doorbell;
}

/*
 * Hand descriptors below an index to the function, past what submit writes. The function may have
 * been reset for another channel, and have other doorbells by now, or fewer: none is worked out
 * here.
 */
static void
vchan_publish(struct sdxi_vchan *vc, uint64_t index)
{
	SDXI_SHOW(vc->published, index);
	sdxi_write_index_set(vc->cxt.write_index, index);
	sdxi_doorbell_ring(vc->cxt.doorbell, index);
}

/* What the error log says of an operation, or 0. */
static uint8_t
op_fault(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t op)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t start = sdxi_ring_op_start(r, op);
	const uint32_t mask = SDXI_DSC_TYPE | SDXI_DSC_SUBTYPE;
	struct sdxi_fault fault;

	if (!sdxi_errlog_find(dev, &vc->cxt, start, sdxi_ring_op_start(r, op + 1), &fault))
		return 0;
	/* What begins with immediate data is a fill, and copies from its destination only. */
	if (((uint32_t)rte_le_to_cpu_64(r->desc[start & r->mask].qw[0]) & mask) ==
	    SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM))
		fault.buf = 1;
	return verdict_of(sdxi_errlog_status(&fault));
}

/* May the log have lost what it had to say of an operation? Not if that came later. */
static bool
op_log_lost(const struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t op)
{
	uint64_t lost = sdxi_errlog_lost(dev, &vc->cxt);

	if (lost != vc->log_lost) {
		vc->log_lost = lost;
		vc->lost_end = vc->ring.op_submitted;
	}
	return op < vc->lost_end;
}

/* Fates. */

/* An operation whose block is its own. */
static void
judge_op(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest, uint64_t op)
{
	struct sdxi_ring *r = &vc->ring;
	uint8_t *verdict = &r->verdict[op & r->mask];
	bool done = signal_of(r, op) == 0;
	bool er = sdxi_ring_is_error(r, op);

	if (*verdict != 0 || (done && !er))
		return;
	/* Behind the context's rest, er holds whatever the signal is. */
	*verdict = op_fault(dev, vc, op);
	if (*verdict != 0)
		return;
	if (er || rest->blamed == op + 1)
		*verdict = VERDICT_UNKNOWN;
	else
		*verdict = sdxi_ring_op_start(r, op) < rest->read_index &&
			   !op_is_barred(r, rest, op) ? FATE_LOST : FATE_PENDING;
}

/*
 * A batch of several operations, of which the block tells no more than how many descriptors are
 * done and whether one has failed.
 */
static void
judge_batch(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest, uint64_t first,
	    uint64_t end)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t start = sdxi_ring_op_start(r, first);
	uint64_t nb = sdxi_ring_op_start(r, end) - start;
	uint64_t signal = signal_of(r, first);
	bool er = sdxi_ring_is_error(r, first);
	uint64_t done = signal <= nb ? nb - signal : 0;
	uint64_t consumed = RTE_MAX(rest->read_index, start) - start;
	bool lossy = op_log_lost(dev, vc, first);
	uint64_t op, last_fence = first, barred = 0;
	unsigned int faults = 0;

	if (signal == 0 && !er)
		return;
	consumed = RTE_MIN(consumed, nb);
	for (op = first; op != end; op++) {
		uint8_t *verdict = &r->verdict[op & r->mask];
		uint64_t at = sdxi_ring_op_start(r, op) - start;

		/*
		 * May the fence have been passed? That fewer are done than stand before it does not
		 * say no: completions may have been lost. If none is, nothing has been.
		 */
		if ((rest->reset ? done > 0 : at < consumed) && op_has_fence(r, op) &&
		    !op_is_barred(r, rest, op))
			last_fence = op;
		barred += op_nb_barred(r, rest, op, start + consumed);
		*verdict = op_fault(dev, vc, op);
		faults += *verdict != 0;
		if (*verdict == 0 && rest->blamed == op + 1)
			*verdict = VERDICT_UNKNOWN;
	}
	for (op = first; op != end; op++) {
		uint8_t *verdict = &r->verdict[op & r->mask];
		bool begun = sdxi_ring_op_start(r, op) - start < consumed &&
			     !op_is_barred(r, rest, op);
		bool whole = sdxi_ring_op_start(r, op + 1) - start <= consumed &&
			     op_nb_barred(r, rest, op, UINT64_MAX) == 0;

		if (*verdict != 0)
			continue;
		/* All that was begun is done; what failed is in the log, if that is whole. */
		if (!rest->reset && (whole || signal == 0) &&
		    done >= consumed - barred && !(er && (faults == 0 || lossy)))
			continue;
		/* Nobody knows which ones are done, so none is run twice before a fence. */
		if (!rest->reset && !begun && signal != 0)
			*verdict = FATE_PENDING;
		else if (op < last_fence)
			*verdict = VERDICT_UNKNOWN;
		else
			*verdict = begun ? FATE_LOST : FATE_PENDING;
	}
}

/* Without blocks, what was consumed counts as done where the log says nothing else. */
static void
judge_silent(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest, uint64_t op)
{
	struct sdxi_ring *r = &vc->ring;
	uint8_t *verdict = &r->verdict[op & r->mask];
	uint64_t end = sdxi_ring_op_start(r, op + 1);

	*verdict = op_fault(dev, vc, op);
	if (*verdict == 0 && end > rest->read_index)
		*verdict = FATE_PENDING;
}

/*
 * Behind a failure that has been reported, or counts as completed, and may be what has stopped the
 * context since: operations enqueued later do not stand behind it. Gives where these begin, or 0.
 */
static uint64_t
vchan_past(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest)
{
	uint64_t start = sdxi_ring_op_start(&vc->ring, vc->ring.tail);

	/* In silent mode nobody can have known of it. */
	if (dev->mode == SDXI_MODE_SILENT)
		return sdxi_errlog_stop_index(dev, &vc->cxt) < start ? UINT64_MAX : 0;
	/* A function that takes what it was given later has gone on. */
	return vc->err_recent && rest->read_index <= vc->err_index ? vc->err_op : 0;
}

/* How many consumed descriptors that goes for, as far as they are still in their slots. */
static uint64_t
silent_nb_barred(const struct sdxi_ring *r, const struct rest *rest)
{
	uint64_t head = sdxi_ring_head(r), size = r->mask + UINT64_C(1), at, nb = 0;

	if (rest->stop_index >= rest->read_index)
		return 0;
	at = RTE_MAX(rest->stop_index + 1, head > size ? head - size : 0);
	for (; at < rest->read_index; at++)
		nb += (rte_le_to_cpu_64(r->desc[at & r->mask].qw[0]) & SDXI_DSC_FE) != 0;
	return nb;
}

/* How many of the descriptors before @p end the log has counted as failed. */
static uint64_t
nb_filed(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t end)
{
	uint64_t at = end - RTE_MIN(end, vc->ring.mask + UINT64_C(1)), nb = 0;
	struct sdxi_fault fault;

	if (vc->cxt.faults.filed == 0)
		return 0;
	for (; at < end; at++)
		nb += sdxi_errlog_find(dev, &vc->cxt, at, at + 1, &fault);
	return nb;
}

/*
 * What was consumed counts as completed: behind this, tail is at what was not. It cannot be run
 * again, as its user may have found out that it was done and taken the buffers for something else;
 * where nobody knows whether it was, it counts as failed. That is as much as may be outstanding.
 */
static void
silent_reap(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t unknown;

	r->read_index = rest->read_index;
	sdxi_ring_reap(r);
	/* Consumed counts as completed, but that is not so behind what has stopped the context. */
	SDXI_SHOW(vc->errors, vc->errors + silent_nb_barred(r, rest));
	if (!rest->vague)
		return;
	unknown = r->tail - vc->start_op;
	unknown -= RTE_MIN(unknown, nb_filed(dev, vc, rest->read_index));
	unknown = RTE_MIN(unknown, (uint64_t)r->nb_desc);
	if (unknown == 0)
		return;
	SDXI_SHOW(vc->errors, vc->errors + unknown);
	SDXI_LOG(ERR, dev, "vchan %u: context %u: %" PRIu64 " operations had been consumed, and need "
		 "not have been executed: counted as failed", vc->cxt.num - 1, vc->cxt.num,
		 unknown);
}

/* Take what has been consumed for completed, unless Read_Index is one that cannot be. */
static void
silent_count(struct sdxi_vchan *vc)
{
	uint64_t read_index = sdxi_sts_read_index(vc->cxt.sts);
	struct sdxi_ring *r = &vc->ring;

	if (read_index < r->read_index || read_index > r->submitted)
		return;
	r->read_index = read_index;
	sdxi_ring_reap(r);
}

/*
 * Where a silent context has stopped and nobody knows why, it was what it had consumed last, or,
 * if it stands still, or has stopped there before, what it has not.
 *
 * @return
 *   true: one that counts as completed already.
 */
static bool
blame_silent(struct sdxi_vchan *vc, const struct rest *rest)
{
	struct sdxi_ring *r = &vc->ring;

	if (!rest->wedged && rest->read_index != 0) {
		SDXI_SHOW(vc->errors, vc->errors + 1);
		return true;
	}
	if (!rest->wedged && vc->stop_op != r->tail + 1)
		vc->stop_op = r->tail + 1;
	else if (r->tail != r->op_submitted)
		r->verdict[r->tail & r->mask] = VERDICT_UNKNOWN;
	return false;
}

/* How many operations of a range have failed, as far as was found. */
static uint64_t
nb_verdicts(const struct sdxi_ring *r, uint64_t first, uint64_t end)
{
	uint64_t op, nb = 0;

	for (op = first; op < end; op++) {
		uint8_t verdict = r->verdict[op & r->mask];

		nb += verdict != 0 && !verdict_is_fate(verdict);
	}
	return nb;
}

/* Has a failed operation left its context running, as the log says? */
static bool
op_went_on(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t op)
{
	struct sdxi_fault fault;

	return sdxi_errlog_find(dev, &vc->cxt, sdxi_ring_op_start(&vc->ring, op),
				sdxi_ring_op_start(&vc->ring, op + 1), &fault) &&
	       fault.re == SDXI_RE_INFORMATIVE;
}

/*
 * Where begins what stands behind a fence behind a failure, and is not run unless the function has
 * gone on there? It may have been consumed: a function that stops a context for a failure may have
 * fetched what is behind. Whether it has begun that nobody knows, but it is not the driver's to
 * pass the fence.
 */
static uint64_t
vchan_cut(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest, uint64_t first,
	  uint64_t end, uint64_t past)
{
	struct sdxi_ring *r = &vc->ring;
	bool failed = false, stopped = false;
	uint64_t op, cut = end;

	for (op = first; op < end; op++) {
		uint8_t verdict = r->verdict[op & r->mask];

		if (op_has_fence(r, op)) {
			if (op < past) {
				failed = true;
				stopped |= !rest->wedged;
			}
			past = 0;
			/* It was passed: it is known that this was executed. */
			if (!verdict_is_fate(verdict) && verdict != VERDICT_UNKNOWN)
				cut = end;
			else if (cut == end && !rest->reset &&
				 (verdict == FATE_PENDING ? failed : stopped))
				cut = op;
			failed = false;
			stopped = false;
		}
		if (verdict == 0 || verdict_is_fate(verdict))
			continue;
		failed = true;
		stopped = !rest->wedged && !op_went_on(dev, vc, op);
	}
	return cut;
}

/* Give each outstanding operation a verdict or a fate; gives how many are suspects. */
static unsigned int
vchan_judge(struct sdxi_dev *dev, struct sdxi_vchan *vc, const struct rest *rest)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t first, op, end, old, cut, past;
	/* Where another process stops the device, the one that drives the channel may move it. */
	const uint64_t submitted = r->op_submitted;
	unsigned int suspects;
	bool explained, fence, reset_fence;

	if (dev->mode == SDXI_MODE_SILENT)
		silent_reap(dev, vc, rest);
	first = r->tail;
	past = vchan_past(dev, vc, rest);
	explained = rest->innocent || past != 0;
	old = nb_verdicts(r, first, submitted);
	for (op = dev->mode == SDXI_MODE_BATCH ? r->done : first; op < submitted; op = end) {
		end = op + 1;
		if (dev->mode == SDXI_MODE_SILENT) {
			judge_silent(dev, vc, rest, op);
		} else {
			if (dev->mode == SDXI_MODE_BATCH)
				end = sdxi_ring_batch_end(r, op);
			/*
			 * A batch reaches as far as operations do, or its end is not to be
			 * believed.
			 */
			if (end - op > 1 && end - op <= submitted - op) {
				judge_batch(dev, vc, rest, op, end);
			} else {
				end = op + 1;
				judge_op(dev, vc, rest, op);
			}
		}
	}
	/*
	 * What an earlier recovery has found explains nothing of this one, nor why it hangs again.
	 */
	explained |= nb_verdicts(r, first, submitted) > old;
	if (rest->hung)
		explained = rest->blamed != 0;
	if (!explained && dev->mode == SDXI_MODE_SILENT && blame_silent(vc, rest))
		past = UINT64_MAX;

	cut = vchan_cut(dev, vc, rest, first, submitted, past);
	/*
	 * Before one that is done, or may be, and has a fence, lost ones were done as well. Behind
	 * a reset, one above Read_Index may be: what is known to have been consumed was done then.
	 */
	fence = false;
	reset_fence = false;
	for (op = submitted; op-- > first;) {
		uint8_t *verdict = &r->verdict[op & r->mask];
		bool begun = op < cut && *verdict != FATE_PENDING;

		if (((fence && verdict_is_fate(*verdict)) ||
		     (reset_fence && *verdict == FATE_LOST)) && dev->mode != SDXI_MODE_SILENT) {
			*verdict = VERDICT_UNKNOWN;
			explained = true;
		}
		fence |= begun && op_has_fence(r, op);
		reset_fence |= rest->reset && op_has_fence(r, op);
	}

	suspects = 0;
	for (op = first; op < submitted; op++) {
		uint8_t *verdict = &r->verdict[op & r->mask];

		/* Where it is known what was not begun, nothing that a fence guards has been. */
		if (op >= cut && *verdict == FATE_LOST &&
		    (rest->stop_index == UINT64_MAX || op_has_fence(r, op)))
			*verdict = VERDICT_UNKNOWN;
		else if (op >= cut && *verdict == FATE_PENDING && op >= vc->begun_end)
			*verdict = RTE_DMA_STATUS_NOT_ATTEMPTED;
		suspects += *verdict == FATE_LOST;
		/* What may have been executed already is not said to be untouched later. */
		if ((*verdict == FATE_LOST || (*verdict == FATE_PENDING && rest->reset)) &&
		    op >= vc->begun_end)
			vc->begun_end = op + 1;
		/* No call will report it; what the log says is counted with that. */
		if (dev->mode == SDXI_MODE_SILENT && *verdict != 0 && !verdict_is_fate(*verdict))
			SDXI_SHOW(vc->errors, vc->errors + (op_fault(dev, vc, op) == 0));
	}
	if (explained || dev->mode == SDXI_MODE_SILENT)
		return 0;
	return RTE_MAX(suspects, 1u);
}

/* Complete an operation's own block as its verdict says. */
static void
block_settle(struct sdxi_ring *r, uint64_t op)
{
	uint32_t slot = op & r->mask;

	SDXI_SHOW(r->csb[slot].flags,
		  r->verdict[slot] != 0 ? rte_cpu_to_le_32(SDXI_CST_BLK_ER) : 0);
	/* Another process may be polling: as a function would, the signal last. */
	SDXI_STORE(&r->csb[slot].signal, 0, release);
}

/* The ring anew. */

static void
slots_reverse(struct sdxi_dsc *dsc, uint32_t first, uint32_t end)
{
	struct sdxi_dsc tmp;

	while (first + 1 < end) {
		tmp = dsc[first];
		dsc[first++] = dsc[--end];
		dsc[end] = tmp;
	}
}

/* Move the slot at @p first to the front, and the ones behind along with it. */
static void
slots_rotate(struct sdxi_ring *r, uint32_t first)
{
	uint32_t size = r->mask + 1;

	slots_reverse(r->desc, 0, first);
	slots_reverse(r->desc, first, size);
	slots_reverse(r->desc, 0, size);
}

/*
 * Drop the descriptors of what has a verdict, and arm those that are left as at first. In a batch's
 * place comes one for each operation.
 */
static void
ring_rebuild(struct sdxi_ring *r, enum sdxi_mode mode)
{
	uint64_t first = sdxi_ring_op_start(r, r->tail);
	uint64_t old_head = sdxi_ring_head(r);
	uint64_t start = first, end, op;
	uint32_t used = 0, nb, i;

	sdxi_ring_note_starts(r);
	slots_rotate(r, first & r->mask);
	for (op = r->tail; op != r->op_head; op++, start = end) {
		uint32_t slot = op & r->mask;
		uint8_t *verdict = &r->verdict[slot];
		bool ours = op >= r->op_submitted;
		uint32_t owner = mode == SDXI_MODE_BATCH && ours ? r->op_submitted & r->mask : slot;
		uint64_t last = r->csb_iova + (uint64_t)owner * sizeof(*r->csb);

		end = op + 1 == r->op_head ? old_head :
		      start + (uint32_t)(r->op_desc[(op + 1) & r->mask] - r->op_desc[slot]);
		nb = end - start;
		SDXI_SHOW(r->op_desc[slot], used);
		SDXI_SHOW(r->batch_end[slot], (uint32_t)(op + 1));
		if (!ours && !verdict_is_fate(*verdict)) {
			block_settle(r, op);
			continue;
		}
		*verdict = 0;
		SDXI_SHOW(r->csb[slot].flags, 0);
		SDXI_SHOW(r->csb[slot].signal, rte_cpu_to_le_64(nb));
		if (mode == SDXI_MODE_SILENT)
			last = SDXI_DSC_NP;
		for (i = 0; i < nb; i++, used++) {
			struct sdxi_dsc *dsc = &r->desc[used];

			if (used != start - first + i)
				*dsc = r->desc[start - first + i];
			dsc->qw[0] |= rte_cpu_to_le_64(SDXI_DSC_VL);
			dsc->qw[7] = rte_cpu_to_le_64(last);
		}
	}
	memset(r->desc + used, 0, ((size_t)r->mask + 1 - used) * sizeof(*r->desc));
	sdxi_ring_renumber(r, r->op_head, used);
	SDXI_SHOW(r->submitted, sdxi_ring_op_start(r, r->op_submitted));
	SDXI_SHOW(r->done, r->tail);
}

/* The context and the function. */

/* Wait for a context's state: to run, or to have come to rest. */
static bool
cxt_wait(const struct sdxi_cxt *cxt, bool run)
{
	unsigned int i;

	for (i = 0; i < STATE_SPINS + STATE_POLLS; i++) {
		enum sdxi_cxt_state state = sdxi_cxt_state(cxt);

		if (run ? state == SDXI_CXT_RUN : sdxi_cxt_state_is_final(state))
			return true;
		if (run && state == SDXI_CXT_ERR_FN)
			return false;
		if (i < STATE_SPINS)
			rte_pause();
		else
			rte_delay_us_sleep(1000);
	}
	return false;
}

/* An operation has failed: does that stop its context? A later one that is done says no. */
static bool
cxt_settles(const struct sdxi_vchan *vc, uint64_t op)
{
	unsigned int i;

	for (i = 0; i < SETTLE_POLLS; i++) {
		if (sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)))
			return true;
		if (op + 1 < vc->ring.op_submitted && sdxi_ring_is_done(&vc->ring, op + 1))
			break;
		rte_pause();
	}
	return sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt));
}

/* Have the context come to rest: softly, or hard if that was tried already or does not help. */
static int
cxt_rest(struct sdxi_dev *dev, struct sdxi_vchan *vc, struct rest *rest)
{
	uint16_t num = vc->cxt.num;
	enum sdxi_fn_gsv gsv = sdxi_dev_state(dev);
	int ret = 0;

	if (!dev->up || !dev->admin.usable || gsv != SDXI_GSV_ACTIVE) {
		SDXI_LOG(ERR, dev, "vchan %u: context %u: expected a function that is ACTIVE and "
			 "takes commands, found %s (%u)", num - 1, num, sdxi_dev_state_name(gsv),
			 gsv);
		return -EIO;
	}
	if (!vc->stopping)
		ret = sdxi_admin_stop(dev, false, num, num);
	if (ret == 0 && (vc->stopping || !cxt_wait(&vc->cxt, false)) &&
	    !sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt))) {
		rest->vague = true;
		ret = sdxi_admin_stop(dev, true, num, num);
	}
	if (ret == 0)
		ret = sdxi_admin_sync_stop(dev, num, num);
	if (ret == 0 && !cxt_wait(&vc->cxt, false))
		ret = -ETIMEDOUT;
	return ret;
}

static int
cxt_restart(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	uint16_t num = vc->cxt.num;
	bool l2_changed = false;
	int ret = 0;

	*vc->cxt.write_index = 0;
	SDXI_SHOW(vc->cxt.sts->read_index, 0);
	if (vc->cxt.l1 != NULL && vc->epoch == dev->epoch) {
		sdxi_cxt_rescind(&vc->cxt);
		ret = sdxi_admin_update(dev, num, num, false);
	}
	if (ret == 0)
		ret = sdxi_cxt_publish(dev, &vc->cxt, &vc->ring, SDXI_CXT_STOP_SW, &l2_changed);
	SDXI_SHOW(vc->epoch, dev->epoch);
	if (ret == 0)
		ret = sdxi_admin_update(dev, num, num, l2_changed);
	if (ret == 0)
		ret = sdxi_admin_start(dev, num, num);
	/* Publishing has pointed the doorbell to the function. */
	vchan_hold(vc);
	if (ret == 0 && !cxt_wait(&vc->cxt, true)) {
		SDXI_LOG(ERR, dev, "vchan %u: context %u: started again: expected state RUN, found %s",
			 num - 1, num, sdxi_cxt_state_name(sdxi_cxt_state(&vc->cxt)));
		ret = -EIO;
	}
	return ret;
}

/* Reset the function, which takes all contexts along: the other channels find out by the epoch. */
static int
fn_reset(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	int ret;

	if (dev->failed)
		return -EIO;
	SDXI_LOG(WARNING, dev, "vchan %u: the function is reset", vc->cxt.num - 1);
	SDXI_SHOW(vc->resets, vc->resets + 1);
	ret = sdxi_dev_up(dev);
	if (ret < 0) {
		SDXI_LOG(ERR, dev, "the function cannot be brought up again: %s", strerror(-ret));
		SDXI_SHOW(dev->failed, true);
	}
	return ret;
}

/* Does the log say that the function has stopped, or was reset, for another channel's fault? */
static bool
fn_stops_for_others(struct sdxi_dev *dev, const struct sdxi_vchan *vc)
{
	int num = sdxi_errlog_stopper(dev, vc->epoch);

	return num >= 0 && num != vc->cxt.num;
}

/* Bring the context to rest, by resetting the function if need be, and say what is known then. */
static int
vchan_rest(struct sdxi_dev *dev, struct sdxi_vchan *vc, struct rest *rest, unsigned int *resets)
{
	uint64_t published = vc->parked ? vc->published : vc->ring.submitted;
	uint64_t read_index;
	bool others;
	int ret = 0;

	rest->wedged = !sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)) || vc->stopping;
	if (vc->epoch != dev->epoch) {
		/* The function was reset for another, and the context is gone. */
		rest->reset = true;
		vc->reset_seen = vc->reset_op == vc->ring.tail ? vc->reset_seen + 1 : 1;
		vc->reset_op = vc->ring.tail;
		/* Unless it happens again and again where this channel stands. */
		rest->innocent = fn_stops_for_others(dev, vc) || vc->reset_seen < 2;
		ret = dev->failed ? -EIO : 0;
	} else if (cxt_rest(dev, vc, rest) < 0) {
		sdxi_errlog_service(dev);
		rest->reset = true;
		others = fn_stops_for_others(dev, vc);
		rest->innocent |= others;
		ret = (*resets)++ < (others ? MAX_RESETS_OTHERS : MAX_RESETS) ? fn_reset(dev, vc) :
										-EIO;
	}
	sdxi_errlog_service(dev);
	if (!rest->reset)
		rest->stop_index = sdxi_errlog_stop_index(dev, &vc->cxt);

	/* Behind a reset, all that was handed over may have been consumed; at least this was. */
	read_index = sdxi_sts_read_index(vc->cxt.sts);
	if (read_index < vc->ring.read_index || read_index > published) {
		SDXI_LOG(ERR, dev, "vchan %u: context %u: expected Read_Index from %" PRIu64 " to %"
			 PRIu64 ", found %" PRIu64, vc->cxt.num - 1, vc->cxt.num,
			 vc->ring.read_index, published, read_index);
		read_index = published;
		rest->vague = true;
	}
	rest->read_index = read_index;
	rest->vague |= rest->reset;
	return ret;
}

/*
 * Run the first operations that are left one at a time; gives one past the one that failed to
 * complete, or 0.
 *
 * @param[out] interrupted
 *   Set to true if that was because the function did not go on: all channels may be to blame.
 */
static uint64_t
vchan_step(struct sdxi_dev *dev, struct sdxi_vchan *vc, unsigned int nb, unsigned int *stuck,
	   bool *interrupted)
{
	uint64_t period = dev->watchdog_ms != 0 ? dev->watchdog_ms : STEP_MS;
	uint64_t bound = rte_get_timer_hz() / 1000 * period * SOFT_PERIODS;
	struct sdxi_ring *r = &vc->ring;
	uint64_t op, began, failed = 0;
	unsigned int i;

	for (op = r->tail; op != r->op_submitted && nb > 0; op++) {
		/* What stands behind a failure that is yet to be reported waits for that. */
		if (r->verdict[op & r->mask] != 0)
			break;
		if (sdxi_ring_op_start(r, op + 1) == sdxi_ring_op_start(r, op))
			continue;
		nb--;
		began = rte_get_timer_cycles();
		vchan_publish(vc, sdxi_ring_op_start(r, op + 1));
		for (i = 1; !sdxi_ring_is_done(r, op); i++) {
			/* Blocks may follow the state, so the last look is the other one. */
			if (sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)))
				return failed != 0 ? failed : op + 1;
			if (i % STATE_SPINS != 0) {
				rte_pause();
				continue;
			}
			if (sdxi_dev_state(dev) != SDXI_GSV_ACTIVE ||
			    vc->epoch != rte_atomic_load_explicit(&dev->epoch,
								  rte_memory_order_acquire)) {
				*interrupted = true;
				return op + 1;
			}
			if (rte_get_timer_cycles() - began > bound) {
				(*stuck)++;
				return op + 1;
			}
			rte_delay_us_sleep(100);
		}
		sdxi_csb_acquire(&r->csb[op & r->mask], 1);
		if (!sdxi_ring_is_error(r, op))
			continue;
		if (cxt_settles(vc, op))
			return op + 1;
		/* It may stop the context later: the one that is run by then is not to blame. */
		failed = op + 1;
	}
	return 0;
}

/* Start the context again with what is left, up to the first failure that is yet to be reported. */
static void
vchan_go(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t op;

	SDXI_SHOW(vc->parked, false);
	for (op = r->tail; op != r->op_submitted && dev->mode != SDXI_MODE_SILENT; op++) {
		if (r->verdict[op & r->mask] != 0) {
			SDXI_SHOW(vc->parked, true);
			vc->parked_op = op;
			break;
		}
	}
	if (!vc->parked)
		vchan_release(vc);
	vchan_publish(vc, vc->parked ? sdxi_ring_op_start(r, op) : r->submitted);
}

void
sdxi_recover_started(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	sdxi_errlog_forget(dev, &vc->cxt);
	vc->log_lost = sdxi_errlog_lost(dev, &vc->cxt);
	vc->lost_end = 0;
	SDXI_SHOW(vc->epoch, dev->epoch);
	vc->start_op = vc->ring.tail;
	vc->watch_tsc = 0;
	vc->fault_seen = 0;
	vc->fault_due = false;
	vc->err_recent = false;
	vc->stopping = false;
	rte_atomic_store_explicit(&vc->status_tsc, 0, rte_memory_order_relaxed);
}

/* Of a silent channel that is given up, nobody asks what became of what is submitted. */
static void
silent_drop(struct sdxi_vchan *vc)
{
	struct sdxi_ring *r = &vc->ring;

	SDXI_SHOW(vc->errors, vc->errors + r->op_submitted - r->tail);
	SDXI_SHOW(r->tail, r->op_submitted);
}

void
sdxi_recover_give_up(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool rested, bool finished)
{
	struct sdxi_ring *r = &vc->ring;
	struct rest rest = {
		.read_index = sdxi_sts_read_index(vc->cxt.sts),
		.stop_index = rested ? sdxi_errlog_stop_index(dev, &vc->cxt) : UINT64_MAX,
		.reset = !rested,
		.vague = !finished,
	};
	uint64_t published = vc->parked ? vc->published : r->submitted;
	uint64_t op;

	if (vc->dead) {
		if (dev->mode == SDXI_MODE_SILENT)
			silent_drop(vc);
		return;
	}
	vchan_hold(vc);
	sdxi_ring_halt(r);
	if (rest.read_index > published)
		rest.read_index = published;
	if (dev->mode == SDXI_MODE_SILENT) {
		silent_reap(dev, vc, &rest);
		silent_drop(vc);
		SDXI_SHOW(vc->parked, false);
		SDXI_SHOW(vc->dead, true);
		return;
	}
	vchan_judge(dev, vc, &rest);
	for (op = r->tail; op < r->op_head; op++) {
		uint8_t *verdict = &r->verdict[op & r->mask];

		/* Only of a context that has stopped is Read_Index the last word. */
		if (op >= r->op_submitted ||
		    (*verdict == FATE_PENDING && rested && op >= vc->begun_end))
			*verdict = RTE_DMA_STATUS_NOT_ATTEMPTED;
		else if (verdict_is_fate(*verdict))
			*verdict = VERDICT_UNKNOWN;
		SDXI_SHOW(r->batch_end[op & r->mask], (uint32_t)(op + 1));
		block_settle(r, op);
	}
	if (r->done < r->tail)
		SDXI_SHOW(r->done, r->tail);
	SDXI_SHOW(vc->parked, false);
	SDXI_SHOW(vc->dead, true);
}

/* What has failed is done with: no call will report it. */
static void
silent_settle(struct sdxi_ring *r)
{
	uint64_t op;

	for (op = r->tail; op != r->op_submitted; op++)
		r->verdict[op & r->mask] = 0;
}

/* Take the lock of a device that is still started, for a channel that has not been given up. */
static bool
recover_lock(struct sdxi_dev *dev, const struct sdxi_vchan *vc)
{
	if (!sdxi_dev_lock(dev, &dev->lock))
		return false;
	/* Another process may have stopped it while the lock was waited for. */
	if (dev->started && !vc->dead)
		return true;
	sdxi_lock_release(&dev->lock);
	return false;
}

/* -EAGAIN: the lock is not held any more, and the recovery has not ended. */
static int
recover_locked(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	unsigned int resets = 0, stuck = 0, suspects, limit;
	uint64_t blamed = 0, interrupted_op = 0;
	bool interrupted = false;
	int ret;

	do {
		struct rest rest = {
			.stop_index = UINT64_MAX, .blamed = interrupted ? 0 : blamed,
		};

		SDXI_SHOW(vc->recoveries, vc->recoveries + 1);
		/*
		 * Standing still is nobody's fault, unless it comes again at the same operation:
		 * many times where the context stops when it is asked to, as a slow one does.
		 */
		limit = sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)) ? MAX_SLOW : MAX_HUNG;
		rest.innocent = vc->stopping && vc->watch_fruitless < limit;
		rest.hung = vc->stopping && !rest.innocent;
		rest.innocent |= interrupted;
		ret = vchan_rest(dev, vc, &rest, &resets);
		if (ret < 0)
			return ret;
		suspects = vchan_judge(dev, vc, &rest);
		ring_rebuild(&vc->ring, dev->mode);
		if (dev->mode == SDXI_MODE_SILENT)
			silent_settle(&vc->ring);
		ret = cxt_restart(dev, vc);
		if (ret < 0 && resets++ < MAX_RESETS) {
			sdxi_errlog_service(dev);
			ret = fn_reset(dev, vc);
			if (ret == 0)
				ret = cxt_restart(dev, vc);
		}
		if (ret < 0)
			return ret;
		SDXI_SHOW(vc->parked, true);
		SDXI_SHOW(vc->published, 0);
		sdxi_recover_started(dev, vc);
		blamed = 0;
		interrupted = false;
		if (suspects == 0 || stuck >= MAX_STUCK)
			continue;
		/* It may take long, and concerns this context alone. */
		sdxi_lock_release(&dev->lock);
		blamed = vchan_step(dev, vc, suspects, &stuck, &interrupted);
		/*
		 * Once may be chance; twice while it ran alone here, unless the log knows better.
		 */
		sdxi_errlog_service(dev);
		if (interrupted && interrupted_op == blamed && !fn_stops_for_others(dev, vc))
			interrupted = false;
		else if (interrupted)
			interrupted_op = blamed;
		if (!recover_lock(dev, vc))
			return -EAGAIN;
	} while (blamed != 0 || vc->epoch != dev->epoch);
	return 0;
}

void
sdxi_recover(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	int ret;

	if (vc->dead)
		return;
	/*
	 * Without the lock, or on a device that has been stopped, there is nothing to be done here.
	 */
	if (!recover_lock(dev, vc))
		return;
	SDXI_LOG(NOTICE, dev, "vchan %u: context %u: recovery: state %s, Read_Index %" PRIu64
		 ", Write_Index %" PRIu64, vc->cxt.num - 1, vc->cxt.num,
		 sdxi_cxt_state_name(sdxi_cxt_state(&vc->cxt)),
		 rte_le_to_cpu_64(SDXI_LOOK(vc->cxt.sts->read_index)), vc->ring.submitted);
	vchan_hold(vc);
	/* What statistics count as completed stays so while indices are made anew. */
	if (dev->mode == SDXI_MODE_SILENT)
		silent_count(vc);
	SDXI_SHOW(vc->recovering, true);
	sdxi_vchan_remake(vc);
	ret = recover_locked(dev, vc);
	/* Unless the device has been stopped meanwhile, the next poll begins anew. */
	if (ret == -EAGAIN)
		return;
	SDXI_SHOW(vc->recovering, false);
	sdxi_vchan_remade(vc);
	if (ret == 0) {
		vchan_go(dev, vc);
	} else {
		/* What is reported as failed must not be executed later. */
		if (!dev->failed)
			sdxi_dev_down(dev);
		SDXI_LOG(ERR, dev, "vchan %u: given up: what is outstanding has failed",
			 vc->cxt.num - 1);
		sdxi_recover_give_up(dev, vc, false, false);
	}
	sdxi_lock_release(&dev->lock);
}

/*
 * Ask the context to stop, which is harmless to one that is only slow: it stops when it has done
 * what it began. true: something else was done about it.
 */
static bool
vchan_ask_stop(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t now)
{
	int ret;

	vc->stopping = true;
	vc->watch_tsc = now;
	if (!recover_lock(dev, vc))
		return false;
	ret = vc->epoch != dev->epoch ? -EIO :
					sdxi_admin_stop(dev, false, vc->cxt.num, vc->cxt.num);
	sdxi_lock_release(&dev->lock);
	if (ret == 0)
		return false;
	sdxi_recover(dev, vc);
	return true;
}

/* Does the log say that an operation has failed whose block says nothing? */
static bool
vchan_has_fault(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t op;

	for (op = r->tail; op != r->op_submitted; op++)
		if ((dev->mode == SDXI_MODE_BATCH || !sdxi_ring_is_done(r, op)) &&
		    op_fault(dev, vc, op) != 0)
			return true;
	return false;
}

/* Look for what the context does not show. true: something was done about it. */
static bool
vchan_look(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t now)
{
	uint64_t filed;

	sdxi_errlog_service(dev);
	if (!sdxi_dev_state_is_live(sdxi_dev_state(dev))) {
		sdxi_recover(dev, vc);
		return true;
	}
	/* What is silent has failed and counts as completed, or has stopped its context. */
	filed = SDXI_LOAD(&vc->cxt.faults.filed, relaxed);
	if (dev->mode == SDXI_MODE_SILENT || vc->stopping || filed == vc->fault_seen)
		return false;
	if (!vchan_has_fault(dev, vc)) {
		vc->fault_seen = filed;
		vc->fault_due = false;
		return false;
	}
	/* A block may follow its entry. */
	if (!vc->fault_due) {
		vc->fault_due = true;
		return false;
	}
	vc->watch_fruitless = 0;
	return vchan_ask_stop(dev, vc, now);
}

/* How many descriptors of those outstanding are complete, as far as blocks tell. */
static uint64_t
vchan_work(const struct sdxi_dev *dev, const struct sdxi_vchan *vc)
{
	const struct sdxi_ring *r = &vc->ring;
	uint64_t op, end, nb, done = 0;

	if (dev->mode == SDXI_MODE_SILENT)
		return 0;
	for (op = dev->mode == SDXI_MODE_BATCH ? r->done : r->tail; op < r->op_submitted;
	     op = end) {
		end = is_in_batch(dev, r, op) ? sdxi_ring_batch_end(r, op) : op + 1;
		nb = sdxi_ring_op_start(r, end) - sdxi_ring_op_start(r, op);
		done += nb - RTE_MIN(nb, signal_of(r, op));
	}
	return done;
}

/* Operations are outstanding and nothing has moved: has that been so for too long? */
static bool
vchan_watch(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	uint64_t now = rte_get_timer_cycles();
	uint64_t ms = rte_get_timer_hz() / 1000;
	uint64_t period = ms * dev->watchdog_ms;
	uint64_t read_index, work;

	/* Progress is what can be: a Read_Index that runs backwards or ahead is none. */
	if (sdxi_ring_refresh(&vc->ring) < 0) {
		sdxi_recover(dev, vc);
		return true;
	}
	read_index = vc->ring.read_index;
	if (vc->watch_tsc == 0 || vc->watch_tail != vc->ring.tail ||
	    vc->watch_read_index != read_index) {
		vc->watch_tsc = now;
		vc->watch_tail = vc->ring.tail;
		vc->watch_read_index = read_index;
		vc->watch_work = 0;
		vc->work_tsc = now;
		/* A channel that goes on needs no registers read. */
		vc->look_tsc = now;
		return false;
	}
	if (now - vc->look_tsc >= rte_get_timer_hz() / US_PER_S * LOOK_US) {
		vc->look_tsc = now;
		if (vchan_look(dev, vc, now))
			return true;
	}
	if (vc->stopping)
		period = ms * SOFT_PERIODS * (dev->watchdog_ms != 0 ? dev->watchdog_ms : STEP_MS);
	if (period == 0)
		return false;
	/*
	 * All blocks are looked at, so not at each poll, but before anything is said to stand
	 * still.
	 */
	if (now - vc->work_tsc >= period / WORK_LOOKS || now - vc->watch_tsc >= period) {
		work = vchan_work(dev, vc);
		vc->work_tsc = now;
		if (work > vc->watch_work) {
			vc->watch_work = work;
			vc->watch_tsc = now;
		}
	}
	if (now - vc->watch_tsc < period)
		return false;
	if (vc->stopping) {
		sdxi_recover(dev, vc);
		return true;
	}
	vc->watch_fruitless = vc->watch_op == vc->ring.tail ? vc->watch_fruitless + 1 : 1;
	vc->watch_op = vc->ring.tail;
	SDXI_LOG(WARNING, dev, "vchan %u: context %u: nothing moves for %u ms, state %s: "
		 "it is to stop", vc->cxt.num - 1, vc->cxt.num, dev->watchdog_ms,
		 sdxi_cxt_state_name(sdxi_cxt_state(&vc->cxt)));
	return vchan_ask_stop(dev, vc, now);
}

bool
sdxi_recover_idle(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	struct sdxi_ring *r = &vc->ring;
	enum sdxi_cxt_state state;

	if (vc->dead) {
		if (r->tail == r->op_submitted)
			return false;
		/* It had been enqueued when the channel was given up. */
		if (dev->mode == SDXI_MODE_SILENT) {
			silent_drop(vc);
			return true;
		}
		/* A function that could not be stopped has written a block that says otherwise. */
		r->verdict[r->tail & r->mask] = VERDICT_UNKNOWN;
		block_settle(r, r->tail);
		return true;
	}
	state = sdxi_cxt_state(&vc->cxt);
	if (sdxi_cxt_state_is_final(state) || vc->recovering ||
	    vc->epoch != rte_atomic_load_explicit(&dev->epoch, rte_memory_order_acquire)) {
		sdxi_recover(dev, vc);
		return true;
	}
	return vchan_watch(dev, vc);
}

bool
sdxi_recover_failed(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t op)
{
	struct sdxi_ring *r = &vc->ring;

	/* Which one of a batch has failed is known when its context is at rest. */
	if (is_in_batch(dev, r, op)) {
		sdxi_recover(dev, vc);
		return !is_in_batch(dev, r, op);
	}
	if (vc->fault_looked == op + 1)
		return true;
	vc->fault_looked = op + 1;
	if (!vc->dead && r->verdict[op & r->mask] == 0 && cxt_settles(vc, op))
		sdxi_recover(dev, vc);
	return true;
}

/* The code of a failed operation whose context goes on: the entry may follow the completion. */
static uint8_t
op_code(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint64_t op)
{
	uint8_t verdict = op_fault(dev, vc, op);
	unsigned int i;

	for (i = 0; i < LOG_LOOKS && verdict == 0; i++) {
		if (sdxi_errlog_service(dev) == 0) {
			/* Not for long for what may never come. */
			if (i < LOG_SPINS)
				rte_pause();
			else if (op_log_lost(dev, vc, op))
				break;
			else
				rte_delay_us_sleep(LOG_SLEEP_US);
		}
		verdict = op_fault(dev, vc, op);
	}
	return verdict != 0 ? verdict : VERDICT_UNKNOWN;
}

enum rte_dma_status_code
sdxi_recover_take(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool *resumed)
{
	struct sdxi_ring *r = &vc->ring;
	uint64_t op = r->tail;
	uint8_t verdict = r->verdict[op & r->mask];

	if (verdict == 0) {
		verdict = op_code(dev, vc, op);
		vc->err_recent = !op_went_on(dev, vc, op);
		vc->err_op = r->op_head;
		vc->err_index = vc->parked ? vc->published : r->submitted;
	}
	sdxi_ring_report_failed(r);
	SDXI_SHOW(vc->errors, vc->errors + 1);
	if (vc->parked && !vc->recovering && op >= vc->parked_op) {
		SDXI_SHOW(vc->parked, false);
		*resumed = vc->published != r->submitted;
		vchan_release(vc);
		vchan_publish(vc, r->submitted);
	}
	return verdict == VERDICT_UNKNOWN ? RTE_DMA_STATUS_ERROR_UNKNOWN :
					    (enum rte_dma_status_code)verdict;
}
