/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * What happens when something fails. The control thread of the primary process owns the error log,
 * the administrative context and all registers while the device is started. It recovers vchans that
 * the data path has handed over:
 *
 *  1. Stop the context; if that fails, reset the function.
 *  2. Drain the error log: an entry becomes an error code for a slot.
 *  3. Decide what becomes of each operation: sdxi_decide().
 *  4. Make the ring again from index 0: what runs again has its descriptors; what is settled has
 *     NOPs without a block, and its own blocks are completed with the outcome.
 *  5. Start the context, and hand the vchan back.
 *
 * If the context runs on after an error, only what has failed gets an outcome.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "sdxi_internal.h"

#define ERR_STS_ANY (SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF | SDXI_ERR_STS_ERR)

#define THREAD_US      1000 /* the control thread looks for requests so often ... */
#define PERIODIC_MS    100  /* ... and at registers so often */
#define GRACE_MS       100  /* may pass between a failed block and its entry in the log */
#define MAX_RESETS     3    /* of the function in a row, without progress, until it has failed */
#define RESET_PAUSE_US 100000

const char *
sdxi_errlog_format(const struct sdxi_errlog_hd_ent *ent, char *buf, size_t len)
{
	static const char * const step[] = {
		NULL, "internal error", "context level 2 entry", "context level 1 entry",
		"CXT_CTL", "CXT_STS", "Write_Index", "descriptor", "completion status block",
		"atomic return data", "data buffer", "AKey", "RKey",
	};
	static const char * const sub_step[] = {
		"failure", "address translation failure", "data access failure",
		"data validation failure",
	};
	static const char * const re[] = { "informative", "context stopped", "function stopped" };
	const uint64_t hd = rte_le_to_cpu_64(ent->hd);
	char where[64] = "";
	int n = 0;

	if ((hd & SDXI_ERRLOG_CV) != 0)
		n = snprintf(where, sizeof(where), "context %" PRIu64 ", ",
			     SDXI_GET(SDXI_ERRLOG_CXT_NUM, hd));
	if ((hd & SDXI_ERRLOG_DIV) != 0)
		n += snprintf(where + n, sizeof(where) - n, "descriptor %" PRIu64 ", ",
			      rte_le_to_cpu_64(ent->dsc_index));
	if ((hd & SDXI_ERRLOG_BV) != 0)
		snprintf(where + n, sizeof(where) - n, "buffer %" PRIu64 ", ",
			 SDXI_GET(SDXI_ERRLOG_BUF, hd));
	snprintf(buf, len, "%s%s: %s (%s, class 0x%x)", where,
		 sdxi_name(step, RTE_DIM(step), SDXI_GET(SDXI_ERRLOG_STEP, hd)),
		 sdxi_name(sub_step, RTE_DIM(sub_step), SDXI_GET(SDXI_ERRLOG_SUB_STEP, hd)),
		 sdxi_name(re, RTE_DIM(re), SDXI_GET(SDXI_ERRLOG_RE, hd)),
		 rte_le_to_cpu_16(ent->err_class));
	return buf;
}

void
sdxi_incident(struct sdxi_dev *dev, const char *fmt, ...)
{
	struct sdxi_errlog *log = &dev->errlog;
	const uint64_t now = rte_get_timer_cycles();
	char text[192], entry[192] = "", left_out[48] = "";
	va_list ap;

	if (dev->log_tsc != 0 && now - dev->log_tsc < rte_get_timer_hz()) {
		dev->log_left_out++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (log->has_last)
		sdxi_errlog_format(&log->last, entry, sizeof(entry));
	if (dev->log_left_out != 0)
		snprintf(left_out, sizeof(left_out), " (%" PRIu64 " lines left out before)",
			 dev->log_left_out);
	SDXI_LOG(ERR, dev, "%s%s%s%s", text, log->has_last ? "; error log: " : "", entry, left_out);
	log->has_last = false;
	dev->log_left_out = 0;
	dev->log_tsc = now;
}

void
sdxi_errlog_enable(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;

	sdxi_write(dev, SDXI_MMIO_ERR_CFG, 0);
	sdxi_write(dev, SDXI_MMIO_ERR_STS, ERR_STS_ANY);
	memset(log->mem.va, 0, log->mem.len);
	log->read = 0;
	sdxi_write(dev, SDXI_MMIO_ERR_CTL, dev->intr ? SDXI_ERR_CTL_INTR_EN : 0);
	sdxi_write(dev, SDXI_MMIO_ERR_WRT, 0);
	sdxi_write(dev, SDXI_MMIO_ERR_RD, 0);
	sdxi_write(dev, SDXI_MMIO_ERR_CFG, log->mem.iova | SDXI_ERR_CFG_EN |
		   SDXI_PUT(SDXI_ERR_CFG_SZ, log->size / SDXI_ERRLOG_UNIT));
}

void
sdxi_vchan_ask(struct sdxi_vchan *vc)
{
	uint32_t word = SDXI_WORD_RUNNING;

	rte_atomic_compare_exchange_strong_explicit(&vc->word, &word, SDXI_WORD_STOPPING,
						    rte_memory_order_relaxed,
						    rte_memory_order_relaxed);
}

static inline void
count(RTE_ATOMIC(uint64_t) *counter)
{
	SDXI_STORE(counter, *counter + 1, relaxed);
}

/* @p ent is the driver's copy: the function may write the original at any time. */
static void
errlog_entry(struct sdxi_dev *dev, const struct sdxi_errlog_hd_ent *ent)
{
	struct sdxi_errlog *log = &dev->errlog;
	const uint64_t hd = rte_le_to_cpu_64(ent->hd), re = SDXI_GET(SDXI_ERRLOG_RE, hd);
	const uint64_t index = rte_le_to_cpu_64(ent->dsc_index);
	const uint16_t num = SDXI_GET(SDXI_ERRLOG_CXT_NUM, hd);
	struct sdxi_vchan *vc;

	count(&log->stats.entries);
	if ((hd & SDXI_ERRLOG_VL) == 0 || SDXI_GET(SDXI_ERRLOG_TYPE, hd) != SDXI_ERRLOG_TYPE_HD) {
		count(&log->stats.invalid);
		return;
	}
	log->last = *ent;
	log->has_last = true;
	if ((hd & SDXI_ERRLOG_CV) == 0)
		return;
	log->fn_stopped |= re == SDXI_RE_FN_STOPPED;
	if (num == SDXI_CXT_ADMIN || num > dev->nb_vchans ||
	    dev->vchans[num - 1].epoch != dev->epoch)
		return;
	vc = &dev->vchans[num - 1];
	vc->log_stopped |= re == SDXI_RE_CXT_STOPPED;
	vc->suspect |= re == SDXI_RE_FN_STOPPED;
	if ((hd & SDXI_ERRLOG_DIV) != 0)
		vc->logged[index & (vc->cxt.ring_sz - 1)] =
			(struct sdxi_logged){ .dsc_index = index, .hd = hd };
	sdxi_vchan_ask(vc);
}

void
sdxi_errlog_drain(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	const struct sdxi_errlog_hd_ent *ring = log->mem.va;
	struct sdxi_errlog_hd_ent ent;
	uint64_t wrt, sts = sdxi_read(dev, SDXI_MMIO_ERR_STS);

	if (sts == UINT64_MAX || (sts & ERR_STS_ANY) == 0)
		return;
	if ((sts & SDXI_ERR_STS_ERR) != 0)
		count(&log->stats.unusable);
	if ((sts & SDXI_ERR_STS_OVF) != 0)
		count(&log->stats.overflow);
	/* Before ERR_WRT is read: what is logged from here on sets sts again. */
	sdxi_write(dev, SDXI_MMIO_ERR_STS, sts & ERR_STS_ANY);
	wrt = sdxi_read(dev, SDXI_MMIO_ERR_WRT);
	if (wrt - log->read > log->size) {
		count(&log->stats.invalid);
		log->read = wrt;
	}
	/* Entries are read after the index that vouches for them ... */
	rte_io_rmb();
	for (; log->read != wrt; log->read++) {
		ent = ring[log->read % log->size];
		errlog_entry(dev, &ent);
	}
	/* ... and before the function may write them again. */
	rte_io_mb();
	sdxi_write(dev, SDXI_MMIO_ERR_RD, log->read);
}

/* Does a copy overlap itself? The function cannot name that: it is an invalid descriptor to it. */
static bool
dsc_overlaps(const struct sdxi_dsc *dsc)
{
	return sdxi_overlap(rte_le_to_cpu_64(dsc->copy.addr0), rte_le_to_cpu_64(dsc->copy.addr1),
			    rte_le_to_cpu_32(dsc->copy.size) + UINT64_C(1));
}

enum rte_dma_status_code
sdxi_errlog_status(uint64_t hd, const struct sdxi_dsc *dsc)
{
	static const enum rte_dma_status_code address[] = {
		RTE_DMA_STATUS_INVALID_SRC_ADDR, RTE_DMA_STATUS_INVALID_DST_ADDR,
		RTE_DMA_STATUS_INVALID_ADDR,
	};
	static const enum rte_dma_status_code bus[] = {
		RTE_DMA_STATUS_BUS_READ_ERROR, RTE_DMA_STATUS_BUS_WRITE_ERROR,
		RTE_DMA_STATUS_BUS_ERROR,
	};
	/* [I] buf: 0 source, 1 destination. */
	const uint64_t buf = (hd & SDXI_ERRLOG_BV) != 0 ? SDXI_GET(SDXI_ERRLOG_BUF, hd) : 2;
	const unsigned int side = RTE_MIN(buf, UINT64_C(2));
	const enum sdxi_err_sub_step sub_step = SDXI_GET(SDXI_ERRLOG_SUB_STEP, hd);
	const bool translation = sub_step == SDXI_SUB_STEP_TRANSLATION;
	const bool access = sub_step == SDXI_SUB_STEP_ACCESS;
	const bool validation = sub_step == SDXI_SUB_STEP_VALIDATION;

	switch (SDXI_GET(SDXI_ERRLOG_STEP, hd)) {
	case SDXI_STEP_BUFFER:
		/* Any bytes are valid as data, so their integrity is not. */
		return access ? bus[side] : translation ? address[side] :
		       validation ? RTE_DMA_STATUS_DATA_POISION : RTE_DMA_STATUS_ERROR_UNKNOWN;
	case SDXI_STEP_AKEY:
	case SDXI_STEP_RKEY:
		return access ? RTE_DMA_STATUS_BUS_READ_ERROR : address[side];
	case SDXI_STEP_DESC:
		if (validation)
			return dsc != NULL && dsc_overlaps(dsc) ? RTE_DMA_STATUS_INVALID_ADDR :
								  RTE_DMA_STATUS_INVALID_OPCODE;
		return translation || access ? RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR :
					       RTE_DMA_STATUS_ERROR_UNKNOWN;
	case SDXI_STEP_CST_BLK:
		/* The driver's memory: the user's addresses are not to blame. */
		return translation ? RTE_DMA_STATUS_PAGE_FAULT :
		       access ? RTE_DMA_STATUS_BUS_ERROR : RTE_DMA_STATUS_ERROR_UNKNOWN;
	default:
		return RTE_DMA_STATUS_ERROR_UNKNOWN;
	}
}

/* One pass of the table. Gives the oldest operation that runs again, or nb if one has failed. */
static uint32_t
decide_once(struct sdxi_op *ops, uint32_t nb)
{
	bool fault = false, dead = false, later_done = false;
	uint32_t i, oldest = nb;

	/* For those that were begun, without a block; the rest is overwritten below. */
	for (i = nb; i-- > 0;) {
		ops[i].outcome = later_done ? RTE_DMA_STATUS_ERROR_UNKNOWN : SDXI_RUN_AGAIN;
		later_done |= ops[i].fenced && ops[i].signalled;
	}
	for (i = 0; i < nb; i++) {
		struct sdxi_op *op = &ops[i];

		/* A function that went on may have run it, if it is below Read_Index. */
		dead |= op->fenced && (fault || (op->after_fault && !op->below));
		if (op->signalled && !op->er)
			op->outcome = RTE_DMA_STATUS_SUCCESSFUL;
		else if (op->er || op->code != 0)
			op->outcome = op->code != 0 ? op->code : RTE_DMA_STATUS_ERROR_UNKNOWN;
		else if (dead)
			op->outcome = RTE_DMA_STATUS_NOT_ATTEMPTED;
		else if (!op->below)
			op->outcome = SDXI_RUN_AGAIN;
		if (op->outcome == SDXI_RUN_AGAIN)
			oldest = RTE_MIN(oldest, i);
		else if (op->outcome != RTE_DMA_STATUS_SUCCESSFUL && !op->settled)
			fault = true;
	}
	return fault ? nb : oldest;
}

void
sdxi_decide(struct sdxi_op *ops, uint32_t nb, bool moved)
{
	uint32_t oldest = decide_once(ops, nb);

	if (!moved && oldest < nb) {
		ops[oldest].code = RTE_DMA_STATUS_ERROR_UNKNOWN;
		decide_once(ops, nb);
	}
}

/* What is known of the operation whose first descriptor has this index. */
static struct sdxi_op
op_facts(const struct sdxi_vchan *vc, uint64_t op, uint64_t first, uint64_t read_index)
{
	const struct sdxi_ring *r = &vc->ring;
	struct sdxi_op facts = {
		.signalled = true, .after_fault = op > vc->fault_begin && op < vc->fault_end,
	};
	const struct sdxi_logged *logged;
	uint64_t index = first;
	uint32_t slot;

	facts.fenced = (r->desc[first & r->mask].any.opcode & rte_cpu_to_le_32(SDXI_DSC_FE)) != 0;
	do {
		slot = index & r->mask;
		logged = &vc->logged[slot];
		if (r->note[slot].verdict != 0) {
			facts.settled = true;
			facts.code = r->note[slot].verdict;
		} else if (logged->hd != 0 && logged->dsc_index == index && facts.code == 0 &&
			   !facts.er) {
			facts.code = sdxi_errlog_status(logged->hd, &r->desc[slot]);
		}
		if (!sdxi_line_is_done(&r->line[slot]))
			facts.signalled = false;
		else if (sdxi_line_is_error(&r->line[slot]))
			facts.er = true;
		index++;
	} while (r->note[slot].more && index - first <= r->mask);
	facts.nb_slots = index - first;
	facts.below = first < read_index;
	return facts;
}

/* Read_Index of a context at rest; all that was submitted, if it is not or that cannot be true. */
static uint64_t
vchan_begun(const struct sdxi_vchan *vc, bool at_rest)
{
	const struct sdxi_handover *ho = &vc->handover;
	const uint64_t read_index = sdxi_read_index(vc->ring.sts);

	return at_rest && !ho->bad_read_index ? RTE_MIN(read_index, ho->submitted) : ho->submitted;
}

/* Complete a slot's block for the function. */
static void
slot_settle(struct sdxi_ring *r, uint32_t slot, enum rte_dma_status_code outcome)
{
	SDXI_STORE(&r->note[slot].verdict, outcome, relaxed);
	SDXI_STORE(&r->line[slot].blk.flags,
		   outcome != RTE_DMA_STATUS_SUCCESSFUL ? rte_cpu_to_le_32(SDXI_CST_BLK_ER) : 0,
		   relaxed);
	SDXI_STORE(&r->line[slot].blk.signal, 0, relaxed);
}

/* Make the ring again from index 0, as the outcomes in dev->op say. */
static void
vchan_remake(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	struct sdxi_handover *ho = &vc->handover;
	struct sdxi_ring *r = &vc->ring;
	uint32_t nb = ho->head - ho->tail, slot = 0, op, i;

	for (i = 0; i < nb; i++)
		dev->dsc[i] = r->desc[(ho->tail + i) & r->mask];
	sdxi_vchan_clear(vc);
	ho->submitted -= ho->tail;
	ho->head = nb;
	ho->tail = 0;
	ho->restore_end = vc->cxt.ring_sz + nb;
	/* For who counts what is done, before the data path takes the vchan back. */
	SDXI_STORE(&r->tail_extra, 0 - ho->op_tail, relaxed);
	ho->bad_read_index = false;
	for (op = 0; op < ho->op_head - ho->op_tail; op++) {
		const struct sdxi_op *o = &dev->op[op];

		for (i = 0; i < o->nb_slots; i++, slot++) {
			struct sdxi_dsc *dsc = &r->desc[slot];

			SDXI_STORE(&r->note[slot].more, i + 1 < o->nb_slots, relaxed);
			if (o->outcome == SDXI_RUN_AGAIN) {
				/* The function has cleared vl. */
				memcpy(dsc, &dev->dsc[slot],
				       offsetof(struct sdxi_dsc, any.csb_ptr));
				dsc->any.opcode |= rte_cpu_to_le_32(SDXI_DSC_VL);
				continue;
			}
			dsc->any.opcode = rte_cpu_to_le_32(
				SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP) | SDXI_DSC_VL);
			dsc->any.csb_ptr = rte_cpu_to_le_64(SDXI_DSC_NP);
			slot_settle(r, slot, (enum rte_dma_status_code)o->outcome);
		}
	}
}

/* Steps 3 and 4, for a context that does not run. */
static void
vchan_settle(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool may_blame)
{
	const struct sdxi_handover *ho = &vc->handover;
	const uint64_t begun = vchan_begun(vc, true);
	uint32_t i, nb = ho->op_head - ho->op_tail, failed = 0, again = 0;
	uint64_t index = ho->tail, done = ho->op_tail;

	for (i = 0; i < nb; i++) {
		dev->op[i] = op_facts(vc, ho->op_tail + i, index, begun);
		index += dev->op[i].nb_slots;
		done += dev->op[i].signalled;
	}
	/* What was not submitted has done nothing. */
	sdxi_decide(dev->op, nb, !may_blame || done != vc->done_before || done == ho->op_submitted);
	for (i = 0; i < nb; i++) {
		again += dev->op[i].outcome == SDXI_RUN_AGAIN;
		failed += dev->op[i].outcome > RTE_DMA_STATUS_SUCCESSFUL && !dev->op[i].settled;
	}
	/* Where nothing runs again there is nothing to blame later. */
	vc->done_before = again != 0 ? ho->op_tail + nb - again : UINT64_MAX;
	vchan_remake(dev, vc);
	vc->remade = true;
	count(&vc->recoveries);
	sdxi_incident(dev, "vchan %u: context %u has stopped%s: %u operations have failed, "
		      "%u run again", vc->cxt.num - 1, vc->cxt.num,
		      vc->hangs ? ", as nothing moved" : "", failed, again);
}

static void
vchan_hand_back(struct sdxi_vchan *vc, enum sdxi_word word)
{
	vc->remade = false;
	vc->log_stopped = false;
	vc->hangs = false;
	vc->suspect = false;
	SDXI_STORE(&vc->word, word, release);
}

void
sdxi_vchan_fail(struct sdxi_vchan *vc, bool at_rest)
{
	const struct sdxi_handover *ho = &vc->handover;
	const uint64_t begun = vchan_begun(vc, at_rest);
	uint64_t index = ho->tail, op;
	uint32_t i;

	for (op = ho->op_tail; op < ho->op_head; op++) {
		const struct sdxi_op facts = op_facts(vc, op, index, begun);
		enum rte_dma_status_code outcome = RTE_DMA_STATUS_ERROR_UNKNOWN;

		if (facts.code != 0)
			outcome = (enum rte_dma_status_code)facts.code;
		else if (!facts.er && !facts.below)
			outcome = RTE_DMA_STATUS_NOT_ATTEMPTED;
		for (i = 0; i < facts.nb_slots; i++, index++)
			if (!facts.signalled || facts.er)
				slot_settle(&vc->ring, index & vc->ring.mask, outcome);
	}
	vchan_hand_back(vc, SDXI_WORD_FAILED);
}

/* Is it certain that the context does not go on? */
static bool
vchan_has_stopped(const struct sdxi_vchan *vc)
{
	return vc->hangs || vc->log_stopped || vc->handover.bad_read_index ||
	       sdxi_cxt_is_final(sdxi_cxt_state(vc->ring.sts));
}

/*
 * Give each slot that has failed its verdict, while the context runs; complete a block that the log
 * names and the function cannot write. 0; -EAGAIN if log or block is missing and not @p last;
 * -EBUSY if the block is, so that the context has to be stopped.
 */
static int
vchan_verdicts(struct sdxi_vchan *vc, bool last, unsigned int *failed)
{
	const struct sdxi_handover *ho = &vc->handover;
	struct sdxi_ring *r = &vc->ring;
	uint64_t index, op, next = ho->op_tail;

	for (index = ho->tail; index != ho->submitted; index++) {
		const uint32_t slot = index & r->mask;
		const struct sdxi_logged *logged = &vc->logged[slot];
		const bool in_log = logged->hd != 0 && logged->dsc_index == index;
		const bool done = sdxi_line_is_done(&r->line[slot]);
		const bool er = done && sdxi_line_is_error(&r->line[slot]);

		op = next;
		next += !r->note[slot].more;
		if (r->note[slot].verdict != 0 || !(er || (in_log && !done)))
			continue;
		if (!last && (!done || !in_log))
			return -EAGAIN;
		/* Its block may still come: only a context that has stopped can tell. */
		if (!done)
			return -EBUSY;
		slot_settle(r, slot, in_log ? sdxi_errlog_status(logged->hd, &r->desc[slot]) :
					      RTE_DMA_STATUS_ERROR_UNKNOWN);
		/* The first failure of those that are outstanding. */
		if (vc->fault_end <= ho->op_tail || op < vc->fault_begin)
			vc->fault_begin = op;
		vc->fault_end = ho->op_head;
		(*failed)++;
	}
	return 0;
}

/* What a function that goes on after errors needs; false: the context has stopped, or has to. */
static bool
vchan_settle_running(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	unsigned int ms, failed = 0;
	int ret;

	for (ms = 0; !vchan_has_stopped(vc); ms++) {
		ret = vchan_verdicts(vc, ms >= GRACE_MS, &failed);
		if (ret == -EBUSY)
			return false;
		if (ret == 0) {
			if (failed > 0)
				sdxi_incident(dev, "vchan %u: context %u: %u operations have "
					      "failed", vc->cxt.num - 1, vc->cxt.num, failed);
			return true;
		}
		rte_delay_us_sleep(1000);
		sdxi_errlog_drain(dev);
	}
	return false;
}

/* Let a vchan that was handed over run again: 0, or a negative errno: reset the function. */
static int
vchan_recover(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	const bool known = vc->epoch == dev->epoch; /* to the function, since its activation */
	const uint16_t vchan = vc->cxt.num - 1;
	int ret = 0;

	if (known && vchan_settle_running(dev, vc)) {
		vchan_hand_back(vc, SDXI_WORD_RUNNING);
		return 0;
	}
	if (known) {
		vc->suspect = true;
		ret = sdxi_vchans_stop(dev, vchan, vchan);
	}
	if (ret == 0 && known)
		ret = sdxi_vchan_publish(dev, vc, false);
	if (ret == 0 && !vc->remade) {
		sdxi_errlog_drain(dev);
		vchan_settle(dev, vc, vc->suspect || dev->reset_blames);
	}
	if (ret == 0 && known)
		ret = sdxi_vchan_publish(dev, vc, true);
	if (ret == 0)
		ret = sdxi_vchans_start(dev, vchan, vchan);
	if (ret < 0)
		return ret;
	sdxi_write_index_set(vc->cxt.write_index, vc->cxt.doorbell, vc->handover.submitted);
	vchan_hand_back(vc, SDXI_WORD_RUNNING);
	return 0;
}

/* Is there nothing outstanding, or has something been done since the last call? */
static bool
dev_has_moved(struct sdxi_dev *dev)
{
	bool outstanding = false, moved;
	uint64_t sum = 0;
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++) {
		const struct sdxi_vchan *vc = &dev->vchans[i];
		uint64_t tail = SDXI_LOAD(&vc->ring.op_tail, relaxed);

		tail += sdxi_vchan_done(vc).ops;
		sum += tail;
		outstanding |= tail != SDXI_LOAD(&vc->ring.op_submitted, relaxed);
	}
	moved = sum != dev->sum;
	dev->sum = sum;
	return moved || !outstanding;
}

/* Reset the function, which stops all contexts, and activate it again. */
static void
fn_reset(struct sdxi_dev *dev)
{
	const enum sdxi_fn_gsv state = sdxi_fn_state(dev);
	uint16_t i;

	sdxi_errlog_drain(dev);
	/* Who resets the function from outside says nothing of operations. */
	dev->reset_blames = state == SDXI_GSV_ERROR && !dev->errlog.fn_stopped;
	dev->errlog.fn_stopped = false;
	for (i = 0; i < dev->nb_vchans; i++)
		sdxi_vchan_ask(&dev->vchans[i]);
	while (dev->resets++ < MAX_RESETS) {
		sdxi_incident(dev, "function found in state %s: reset", sdxi_fn_state_name(state));
		if (sdxi_fn_up(dev) == 0)
			return;
		rte_delay_us_sleep(RESET_PAUSE_US);
	}
	dev->failed = true;
	sdxi_fn_down(dev);
	SDXI_LOG(ERR, dev, "function has failed: %u resets have not helped", MAX_RESETS);
}

/* Ask for a vchan on which nothing has moved for the watchdog's time. */
static void
vchan_watch(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	const struct sdxi_ring *r = &vc->ring;
	uint64_t tail = SDXI_LOAD(&r->op_tail, relaxed);
	uint64_t nb = SDXI_LOAD(&r->op_submitted, relaxed) - tail;
	uint64_t first = tail + SDXI_LOAD(&r->tail_extra, relaxed);
	uint64_t sum = tail + sdxi_read_index(r->sts), i;

	for (i = 0; i < nb && i <= r->mask; i++)
		sum += sdxi_line_is_done(&r->line[(first + i) & r->mask]);
	/* Not op_submitted: what is submitted while the vchan is handed over is not there yet. */
	if (sum != vc->watch_sum || SDXI_LOAD(&vc->word, relaxed) != SDXI_WORD_RUNNING ||
	    first + sdxi_vchan_done(vc).desc >=
		    rte_le_to_cpu_64(SDXI_LOAD(vc->cxt.write_index, relaxed)))
		vc->watch_rounds = 0;
	vc->watch_sum = sum;
	/* Rounds, not time: a process that was stopped for a while has no vchan that hangs. */
	if (vc->watch_rounds++ * PERIODIC_MS >= dev->args.watchdog_ms + PERIODIC_MS) {
		vc->watch_rounds = 0;
		vc->hangs = true;
		sdxi_vchan_ask(vc);
	}
}

void
sdxi_service(struct sdxi_dev *dev, bool periodic)
{
	const uint32_t requests = SDXI_LOAD(&dev->requests, acquire);
	const bool irq = rte_atomic_exchange_explicit(&dev->irq, 0, rte_memory_order_relaxed) != 0;
	uint16_t i;

	if (!periodic && !irq && requests == dev->requests_seen)
		return;
	dev->requests_seen = requests;
	if (!dev->failed && sdxi_fn_state(dev) != SDXI_GSV_ACTIVE)
		fn_reset(dev);
	else if (dev_has_moved(dev))
		dev->resets = 0;
	if (!dev->failed)
		sdxi_errlog_drain(dev);
	for (i = 0; i < dev->nb_vchans; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];

		if (periodic && !dev->failed && dev->args.watchdog_ms != 0)
			vchan_watch(dev, vc);
		if (SDXI_LOAD(&vc->word, acquire) != SDXI_WORD_STOPPED)
			continue;
		/* With the function active again, or failed, once more. */
		while (!dev->failed && vchan_recover(dev, vc) < 0)
			fn_reset(dev);
		if (dev->failed)
			sdxi_vchan_fail(vc, false);
	}
}

static sdxi_thread_ret
thread_main(void *arg)
{
	const uint64_t period = rte_get_timer_hz() / MS_PER_S * PERIODIC_MS;
	struct sdxi_dev *dev = arg;
	uint64_t now, last = rte_get_timer_cycles();

	while (SDXI_LOAD(&dev->thread_exit, relaxed) == 0) {
		rte_delay_us_sleep(THREAD_US);
		now = rte_get_timer_cycles();
		sdxi_service(dev, now - last >= period);
		if (now - last >= period)
			last = now;
	}
	return (sdxi_thread_ret)0;
}

int
sdxi_thread_start(struct sdxi_dev *dev)
{
	int ret = -ENOMEM;
	uint32_t nb = 0;
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++)
		nb = RTE_MAX(nb, dev->vchans[i].cxt.ring_sz);
	dev->dsc = calloc(nb, sizeof(*dev->dsc));
	dev->op = calloc(nb, sizeof(*dev->op));
	SDXI_STORE(&dev->thread_exit, 0, relaxed);
	if (dev->dsc != NULL && dev->op != NULL)
		ret = sdxi_thread_create(&dev->thread, "sdxi-ctrl", thread_main, dev);
	if (ret < 0) {
		SDXI_LOG(ERR, dev, "control thread cannot be started: %s", strerror(-ret));
		free(dev->dsc);
		free(dev->op);
	}
	return ret;
}

void
sdxi_thread_stop(struct sdxi_dev *dev)
{
	SDXI_STORE(&dev->thread_exit, 1, relaxed);
	rte_thread_join(dev->thread, NULL);
	free(dev->dsc);
	free(dev->op);
}
