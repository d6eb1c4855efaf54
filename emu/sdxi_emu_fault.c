/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/*
 * Faults that are pending are listed in the order in which they were injected. Those that have
 * begun to last leave the list for a flag or a count of their own, but STALL, which may come back
 * to the same operation.
 */

#define KIND(kind) (1u << SDXI_EMU_FAULT_##kind)
#define KINDS_OF_FN (KIND(NO_FN_STOP) | KIND(NO_RESET) | KIND(NO_ACTIVE))
/* They keep the operation from being consumed. */
#define KINDS_BEFORE (KIND(STALL) | KIND(STOP) | KIND(FN_ERROR) | KIND(FLR))
#define KINDS_OF_OP (KIND(FAIL) | KIND(LOSE) | KIND(NO_SIGNAL))

static bool
fault_good(const struct sdxi_emu *emu, const struct sdxi_emu_fault *fault)
{
	return (unsigned int)fault->kind < SDXI_EMU_FAULT_KINDS &&
	       ((KINDS_OF_FN & 1u << fault->kind) || fault->cxt <= emu->conf.max_cxt) &&
	       fault->step <= SDXI_GET(SDXI_ERRLOG_STEP, UINT64_MAX) &&
	       fault->sub_step <= SDXI_GET(SDXI_ERRLOG_SUB_STEP, UINT64_MAX) &&
	       fault->buf <= SDXI_GET(SDXI_ERRLOG_BUF, UINT64_MAX);
}

static void
list_remove(struct sdxi_emu *emu, struct emu_cxt *cxt, uint32_t pos)
{
	emu->n_fault--;
	cxt->n_faults--;
	memmove(&emu->fault[pos], &emu->fault[pos + 1],
		(emu->n_fault - pos) * sizeof(*emu->fault));
}

static bool
is_due(const struct emu_fault *fault, const struct emu_cxt *cxt)
{
	return fault->what.cxt == cxt->num && fault->at <= cxt->consumed;
}

/* Begin faults that last from their operation on. */
static void
begin_lasting(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	uint32_t i = 0;

	while (i < emu->n_fault) {
		const struct sdxi_emu_fault *what = &emu->fault[i].what;

		if (is_due(&emu->fault[i], cxt) && what->kind == SDXI_EMU_FAULT_LOG_OVF) {
			emu->lose_ovf += what->count;
		} else if (is_due(&emu->fault[i], cxt) && what->kind == SDXI_EMU_FAULT_LOG_ERR) {
			emu->lose_err += what->count;
		} else if (is_due(&emu->fault[i], cxt) && what->kind == SDXI_EMU_FAULT_NO_STOP) {
			cxt->no_stop = true;
		} else {
			i++;
			continue;
		}
		list_remove(emu, cxt, i);
	}
}

int
sdxi_emu_inject(struct sdxi_emu *emu, const struct sdxi_emu_fault *fault)
{
	struct emu_fault new = { .in_force = false };
	struct emu_cxt *cxt;

	if (emu == NULL || fault == NULL || !fault_good(emu, fault))
		return -EINVAL;
	new.what = *fault;
	if (new.what.count == 0)
		new.what.count = 1;
	if (new.what.step == 0) {
		new.what.step = SDXI_STEP_BUFFER;
		new.what.sub_step = SDXI_SUB_STEP_TRANSLATION;
	}
	if (KINDS_OF_FN & 1u << fault->kind) {
		emu->no_fn_stop |= fault->kind == SDXI_EMU_FAULT_NO_FN_STOP;
		emu->no_reset |= fault->kind == SDXI_EMU_FAULT_NO_RESET;
		emu->no_active += fault->kind == SDXI_EMU_FAULT_NO_ACTIVE ? new.what.count : 0;
		return 0;
	}
	if (emu->n_fault == EMU_FAULTS)
		return -ENOSPC;
	cxt = &emu->cxt[fault->cxt];
	cxt->num = fault->cxt;
	/* What no context comes to stays out of reach. */
	new.at = UINT64_MAX - cxt->consumed < fault->op ? UINT64_MAX : cxt->consumed + fault->op;
	emu->fault[emu->n_fault++] = new;
	cxt->n_faults++;
	begin_lasting(emu, cxt);
	return 0;
}

void
sdxi_emu_inject_clear(struct sdxi_emu *emu)
{
	unsigned int num;

	emu->n_fault = 0;
	emu->lose_ovf = 0;
	emu->lose_err = 0;
	emu->no_active = 0;
	emu->no_fn_stop = false;
	emu->no_reset = false;
	for (num = 0; num <= emu->conf.max_cxt; num++) {
		struct emu_cxt *cxt = &emu->cxt[num];

		/* Most have never been touched, and have no memory yet. */
		if (cxt->n_faults != 0 || cxt->stalled || cxt->no_stop) {
			cxt->n_faults = 0;
			cxt->stalled = false;
			cxt->no_stop = false;
		}
	}
}

uint64_t
sdxi_emu_injected(const struct sdxi_emu *emu)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < SDXI_EMU_FAULT_KINDS; i++)
		sum += emu->injected[i];
	return sum;
}

uint64_t
sdxi_emu_injected_of(const struct sdxi_emu *emu, enum sdxi_emu_fault_kind kind)
{
	return (unsigned int)kind < SDXI_EMU_FAULT_KINDS ? emu->injected[kind] : 0;
}

/* The first fault due whose kind is in a set. */
static struct emu_fault *
due_find(struct sdxi_emu *emu, const struct emu_cxt *cxt, unsigned int kinds)
{
	uint32_t i;

	for (i = 0; i < emu->n_fault; i++)
		if (is_due(&emu->fault[i], cxt) && (kinds & 1u << emu->fault[i].what.kind))
			return &emu->fault[i];
	return NULL;
}

static enum emu_hit
stall(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_fault *fault)
{
	if (!fault->in_force)
		emu->injected[SDXI_EMU_FAULT_STALL]++;
	fault->in_force = true;
	cxt->stalled = true;
	return EMU_HIT_STALL;
}

enum emu_hit
emu_fault_take(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	struct sdxi_emu_fault what;
	struct emu_fault *fault;

	begin_lasting(emu, cxt);
	/* What keeps the operation from being consumed comes first, as it does not use it up. */
	fault = due_find(emu, cxt, KINDS_BEFORE);
	if (fault == NULL)
		fault = due_find(emu, cxt, KINDS_OF_OP);
	if (fault == NULL)
		return EMU_HIT_OP;
	if (fault->what.kind == SDXI_EMU_FAULT_STALL)
		return stall(emu, cxt, fault);
	what = fault->what;
	emu->injected[what.kind]++;
	if (--fault->what.count == 0)
		list_remove(emu, cxt, fault - emu->fault);

	switch (what.kind) {
	case SDXI_EMU_FAULT_STOP:
		return EMU_HIT_STOP;
	case SDXI_EMU_FAULT_FN_ERROR:
		emu_fn_error(emu, cxt->num, op->index, EMU_FAIL_INTERNAL);
		return EMU_HIT_FN;
	case SDXI_EMU_FAULT_FLR:
		sdxi_emu_flr(emu);
		return EMU_HIT_FN;
	case SDXI_EMU_FAULT_LOSE:
		op->hide |= EMU_HIDE_BLOCK;
		return EMU_HIT_OP;
	default:
		break;
	}
	op->fail = EMU_FAIL(what.step, what.sub_step);
	if (what.step == SDXI_STEP_BUFFER)
		op->fail |= EMU_FAIL_ON(what.buf);
	if (what.kind == SDXI_EMU_FAULT_NO_SIGNAL)
		op->hide |= EMU_HIDE_SIGNAL;
	else if (what.no_block)
		op->hide |= EMU_HIDE_BLOCK;
	if (what.no_log)
		op->hide |= EMU_HIDE_LOG;
	return EMU_HIT_OP;
}

void
emu_fault_stop_asked(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	begin_lasting(emu, cxt);
	if (cxt->no_stop && (cxt->mode == EMU_CXT_RUN || cxt->mode == EMU_CXT_FAILED))
		emu->injected[SDXI_EMU_FAULT_NO_STOP]++;
}

void
emu_fault_gone(struct sdxi_emu *emu, struct emu_cxt *cxt, bool with_fn)
{
	uint32_t i;

	if (with_fn)
		cxt->no_stop = false;
	if (!cxt->stalled)
		return;
	cxt->stalled = false;
	for (i = 0; i < emu->n_fault; i++) {
		if (emu->fault[i].what.cxt != cxt->num || !emu->fault[i].in_force)
			continue;
		emu->fault[i].in_force = false;
		/* It was counted when the context got there. */
		if (--emu->fault[i].what.count == 0)
			list_remove(emu, cxt, i);
		return;
	}
}

bool
emu_fault_ignores(struct sdxi_emu *emu, enum sdxi_fn_gsr gsr)
{
	const bool stop = gsr == SDXI_GSR_STOP_SF || gsr == SDXI_GSR_STOP_HD;

	if (emu->no_reset || (emu->no_fn_stop && stop)) {
		emu->injected[emu->no_reset ? SDXI_EMU_FAULT_NO_RESET :
					      SDXI_EMU_FAULT_NO_FN_STOP]++;
		return true;
	}
	emu->no_fn_stop &= gsr != SDXI_GSR_RESET;
	return false;
}

bool
emu_fault_activation(struct sdxi_emu *emu)
{
	if (emu->no_active == 0)
		return false;
	emu->no_active--;
	emu->injected[SDXI_EMU_FAULT_NO_ACTIVE]++;
	return true;
}

uint64_t
emu_fault_log(struct sdxi_emu *emu)
{
	if (emu->lose_err != 0) {
		emu->injected[SDXI_EMU_FAULT_LOG_ERR]++;
		emu->lose_err--;
		return SDXI_ERR_STS_ERR;
	}
	if (emu->lose_ovf != 0) {
		emu->injected[SDXI_EMU_FAULT_LOG_OVF]++;
		emu->lose_ovf--;
		return SDXI_ERR_STS_OVF;
	}
	return 0;
}
