/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/*
 * Faults are kept in the order in which they were injected. Those that have begun to last leave the
 * list for a flag or a count of their own, but STALL, which may come back to the same operation.
 */

static bool
is_fn_wide(enum sdxi_emu_fault_kind kind)
{
	return kind == SDXI_EMU_FAULT_NO_FN_STOP || kind == SDXI_EMU_FAULT_NO_RESET ||
	       kind == SDXI_EMU_FAULT_NO_ACTIVE;
}

static bool
fault_good(const struct sdxi_emu *emu, const struct sdxi_emu_fault *fault)
{
	return (unsigned int)fault->kind < SDXI_EMU_FAULT_KINDS &&
	       (is_fn_wide(fault->kind) || fault->cxt <= emu->conf.max_cxt) &&
	       fault->step <= SDXI_GET(SDXI_ERRLOG_STEP, UINT64_MAX) &&
	       fault->sub_step <= SDXI_GET(SDXI_ERRLOG_SUB_STEP, UINT64_MAX) &&
	       fault->buf <= SDXI_GET(SDXI_ERRLOG_BUF, UINT64_MAX);
}

static bool
list_add(struct sdxi_emu *emu, const struct emu_fault *fault)
{
	struct emu_fault *list;
	uint32_t alloc;

	if (emu->n_fault == emu->fault_alloc) {
		alloc = emu->fault_alloc == 0 ? 16 : emu->fault_alloc * 2;
		list = realloc(emu->fault, alloc * sizeof(*list));
		if (list == NULL)
			return false;
		emu->fault = list;
		emu->fault_alloc = alloc;
	}
	emu->fault[emu->n_fault++] = *fault;
	return true;
}

static void
list_remove(struct sdxi_emu *emu, struct emu_cxt *cxt, uint32_t pos)
{
	emu->n_fault--;
	cxt->n_faults--;
	memmove(&emu->fault[pos], &emu->fault[pos + 1],
		(emu->n_fault - pos) * sizeof(*emu->fault));
}

/* One of a fault's operations has been hit. */
static void
list_hit(struct sdxi_emu *emu, struct emu_cxt *cxt, uint32_t pos)
{
	emu->injected[emu->fault[pos].what.kind]++;
	if (--emu->fault[pos].what.count == 0)
		list_remove(emu, cxt, pos);
}

static bool
is_due(const struct emu_fault *fault, const struct emu_cxt *cxt)
{
	return fault->what.cxt == cxt->num && fault->at <= cxt->consumed;
}

/* Have faults begin that last from their operation on. */
static void
begin_lasting(struct sdxi_emu *emu, struct emu_cxt *cxt)
{
	uint32_t i = 0;

	while (i < emu->n_fault) {
		const struct emu_fault *fault = &emu->fault[i];

		if (is_due(fault, cxt)) {
			switch (fault->what.kind) {
			case SDXI_EMU_FAULT_LOG_OVF:
				emu->lose_ovf += fault->what.count;
				list_remove(emu, cxt, i);
				continue;
			case SDXI_EMU_FAULT_LOG_ERR:
				emu->lose_err += fault->what.count;
				list_remove(emu, cxt, i);
				continue;
			case SDXI_EMU_FAULT_NO_STOP:
				cxt->no_stop = true;
				list_remove(emu, cxt, i);
				continue;
			default:
				break;
			}
		}
		i++;
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

	switch (fault->kind) {
	case SDXI_EMU_FAULT_NO_FN_STOP:
		emu->no_fn_stop = true;
		return 0;
	case SDXI_EMU_FAULT_NO_RESET:
		emu->no_reset = true;
		return 0;
	case SDXI_EMU_FAULT_NO_ACTIVE:
		emu->no_active += new.what.count;
		return 0;
	default:
		break;
	}
	cxt = emu_cxt_get(emu, fault->cxt);
	if (cxt == NULL)
		return -ENOMEM;
	/* What no context comes to stays out of reach. */
	new.at = UINT64_MAX - cxt->consumed < fault->op ? UINT64_MAX : cxt->consumed + fault->op;
	if (!list_add(emu, &new))
		return -ENOMEM;
	cxt->n_faults++;
	begin_lasting(emu, cxt);
	return 0;
}

void
sdxi_emu_inject_clear(struct sdxi_emu *emu)
{
	struct emu_cxt *cxt;
	unsigned int i, j;

	emu->n_fault = 0;
	emu->lose_ovf = 0;
	emu->lose_err = 0;
	emu->no_active = 0;
	emu->no_fn_stop = false;
	emu->no_reset = false;
	for (i = 0; i < SDXI_L2_ENTRIES; i++) {
		for (j = 0; emu->chunk[i] != NULL && j < SDXI_L1_ENTRIES; j++) {
			cxt = &emu->chunk[i]->cxt[j];
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

uint64_t
sdxi_emu_seen(const struct sdxi_emu *emu, unsigned int type, unsigned int subtype)
{
	return emu->seen[type & 7][subtype & 15];
}

uint64_t
emu_fault_distance(const struct sdxi_emu *emu, const struct emu_cxt *cxt)
{
	uint64_t distance = UINT64_MAX;
	uint32_t i;

	for (i = 0; i < emu->n_fault; i++) {
		const struct emu_fault *fault = &emu->fault[i];

		if (is_due(fault, cxt))
			return 0;
		if (fault->what.cxt == cxt->num)
			distance = EMU_MIN(distance, fault->at - cxt->consumed);
	}
	return distance;
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

enum emu_hit
emu_fault_take(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op, emu_fail_t *fail)
{
	const unsigned int in_front = 1u << SDXI_EMU_FAULT_STALL | 1u << SDXI_EMU_FAULT_STOP |
				      1u << SDXI_EMU_FAULT_FN_ERROR;
	const unsigned int at_op = 1u << SDXI_EMU_FAULT_FAIL | 1u << SDXI_EMU_FAULT_LOSE |
				   1u << SDXI_EMU_FAULT_NO_SIGNAL;
	struct emu_fault *fault;
	struct sdxi_emu_fault what;

	begin_lasting(emu, cxt);
	/* What keeps the operation from being consumed comes first, as it does not use it up. */
	fault = due_find(emu, cxt, in_front);
	if (fault == NULL)
		fault = due_find(emu, cxt, at_op);
	if (fault == NULL)
		return EMU_HIT_OP;
	what = fault->what;
	if (what.kind == SDXI_EMU_FAULT_STALL) {
		if (!fault->in_force) {
			emu->injected[what.kind]++;
			fault->in_force = true;
			cxt->stalled = true;
		}
		return EMU_HIT_STALL;
	}
	list_hit(emu, cxt, fault - emu->fault);

	switch (what.kind) {
	case SDXI_EMU_FAULT_STOP:
		return EMU_HIT_STOP;
	case SDXI_EMU_FAULT_FN_ERROR:
		return EMU_HIT_FN;
	case SDXI_EMU_FAULT_LOSE:
		op->hide |= EMU_HIDE_BLOCK;
		return EMU_HIT_OP;
	default:
		break;
	}
	*fail = EMU_FAIL(what.step, what.sub_step);
	if (what.step == SDXI_STEP_BUFFER)
		*fail |= EMU_FAIL_ON(what.buf);
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
	if (gsr == SDXI_GSR_RESET)
		emu->no_fn_stop = false;
	return false;
}

bool
emu_fault_activation(struct sdxi_emu *emu)
{
	if (EMU_LIKELY(emu->no_active == 0))
		return false;
	emu->no_active--;
	emu->injected[SDXI_EMU_FAULT_NO_ACTIVE]++;
	return true;
}

bool
emu_fault_log(struct sdxi_emu *emu)
{
	if (EMU_LIKELY((emu->lose_err | emu->lose_ovf) == 0))
		return false;
	if (emu->lose_err != 0) {
		emu->injected[SDXI_EMU_FAULT_LOG_ERR]++;
		emu->lose_err--;
		emu->err_sts |= SDXI_ERR_STS_ERR;
	} else {
		emu->injected[SDXI_EMU_FAULT_LOG_OVF]++;
		emu->lose_ovf--;
		emu->err_sts |= SDXI_ERR_STS_OVF;
	}
	return true;
}
