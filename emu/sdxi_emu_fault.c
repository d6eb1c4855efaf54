/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <string.h>

#include "sdxi_emu_priv.h"

/* Pending faults, in the order of their injection; those of the function are context 0's. */

#define KIND(kind) (1u << SDXI_EMU_FAULT_##kind)
#define KINDS_OF_FN (KIND(NO_FN_STOP) | KIND(NO_RESET) | KIND(NO_ACTIVE))
#define KINDS_OF_LOG (KIND(LOG_OVF) | KIND(LOG_ERR))
#define KINDS_OF_OP (KIND(FAIL) | KIND(LOSE) | KIND(NO_SIGNAL))
/* They keep the operation from being consumed. */
#define KINDS_BEFORE (KIND(STALL) | KIND(STOP) | KIND(FN_ERROR) | KIND(FLR))
/* They hit until something ends them. */
#define KINDS_LASTING (KIND(STALL) | KIND(NO_STOP) | KIND(NO_FN_STOP) | KIND(NO_RESET))

static bool
is_one_of(const struct sdxi_emu_fault *what, unsigned int kinds)
{
	return (kinds & 1u << what->kind) != 0;
}

/* The first fault due of some kinds; @p cxt NULL: of any context. */
static struct emu_fault *
find(struct sdxi_emu *emu, const struct emu_cxt *cxt, unsigned int kinds)
{
	struct emu_fault *f;

	for (f = emu->fault; f < emu->fault + emu->n_fault; f++)
		if (is_one_of(&f->what, kinds) && f->at <= emu->cxt[f->what.cxt].consumed &&
		    (cxt == NULL || cxt == &emu->cxt[f->what.cxt]))
			return f;
	return NULL;
}

static void
list_remove(struct sdxi_emu *emu, struct emu_fault *f)
{
	emu->cxt[f->what.cxt].n_faults--;
	memmove(f, f + 1, (&emu->fault[--emu->n_fault] - f) * sizeof(*f));
}

static void
remove_all(struct sdxi_emu *emu, const struct emu_cxt *cxt, unsigned int kinds)
{
	struct emu_fault *f;

	while ((f = find(emu, cxt, kinds)) != NULL)
		list_remove(emu, f);
}

/* The first fault due of some kinds hits, if there is one; what it was, in @p what if not NULL. */
static bool
hit(struct sdxi_emu *emu, const struct emu_cxt *cxt, unsigned int kinds,
	struct sdxi_emu_fault *what)
{
	struct emu_fault *f = find(emu, cxt, kinds);

	if (f == NULL)
		return false;
	if (what != NULL)
		*what = f->what;
	emu->injected[f->what.kind]++;
	if (!is_one_of(&f->what, KINDS_LASTING) && --f->what.count == 0)
		list_remove(emu, f);
	return true;
}

int
sdxi_emu_inject(struct sdxi_emu *emu, const struct sdxi_emu_fault *fault)
{
	struct emu_fault *f;

	if (emu == NULL || fault == NULL || (unsigned int)fault->kind >= SDXI_EMU_FAULT_KINDS ||
	    (!is_one_of(fault, KINDS_OF_FN) && fault->cxt > emu->conf.max_cxt) ||
	    fault->step > SDXI_GET(SDXI_ERRLOG_STEP, UINT64_MAX) ||
	    fault->sub_step > SDXI_GET(SDXI_ERRLOG_SUB_STEP, UINT64_MAX) ||
	    fault->buf > SDXI_GET(SDXI_ERRLOG_BUF, UINT64_MAX))
		return -EINVAL;
	if (is_one_of(fault, KINDS_OF_FN & KINDS_LASTING) && find(emu, NULL, 1u << fault->kind))
		return 0;
	if (emu->n_fault == EMU_FAULTS)
		return -ENOSPC;
	f = &emu->fault[emu->n_fault++];
	*f = (struct emu_fault){ .what = *fault };
	f->what.count = EMU_MAX(fault->count, 1u);
	if (fault->step == 0) {
		f->what.step = SDXI_STEP_BUFFER;
		f->what.sub_step = SDXI_SUB_STEP_TRANSLATION;
	}
	if (is_one_of(fault, KINDS_OF_FN)) {
		f->what.cxt = SDXI_CXT_ADMIN;
	} else {
		/* The log is written when the operation has been consumed. */
		f->at = emu->cxt[fault->cxt].consumed + fault->op +
			(fault->op != 0 && is_one_of(fault, KINDS_OF_LOG));
		/* A sum that overflows is an operation that no context reaches. */
		if (f->at < fault->op)
			f->at = UINT64_MAX;
	}
	emu->cxt[f->what.cxt].n_faults++;
	return 0;
}

void
sdxi_emu_inject_clear(struct sdxi_emu *emu)
{
	struct emu_cxt *cxt;

	while (emu->n_fault != 0) {
		cxt = &emu->cxt[emu->fault[--emu->n_fault].what.cxt];
		cxt->n_faults = 0;
		cxt->stalled = false;
	}
}

uint64_t
sdxi_emu_injected(const struct sdxi_emu *emu, enum sdxi_emu_fault_kind kind)
{
	return (unsigned int)kind < SDXI_EMU_FAULT_KINDS ? emu->injected[kind] : 0;
}

bool
emu_fault_take(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	struct sdxi_emu_fault what;

	/* What keeps the operation from being consumed comes first, as it does not use it up. */
	if (hit(emu, cxt, KINDS_BEFORE, &what)) {
		cxt->stalled = what.kind == SDXI_EMU_FAULT_STALL;
		cxt->self_stop = what.kind == SDXI_EMU_FAULT_STOP;
		if (what.kind == SDXI_EMU_FAULT_FN_ERROR)
			emu_fn_error(emu, cxt->num, op->index, EMU_FAIL_INTERNAL);
		if (what.kind == SDXI_EMU_FAULT_FLR)
			sdxi_emu_flr(emu);
		return false;
	}
	if (!hit(emu, cxt, KINDS_OF_OP, &what))
		return true;
	if (what.kind == SDXI_EMU_FAULT_LOSE || (what.kind == SDXI_EMU_FAULT_FAIL && what.no_block))
		op->hide |= EMU_HIDE_BLOCK;
	if (what.kind == SDXI_EMU_FAULT_LOSE)
		return true;
	if (what.kind == SDXI_EMU_FAULT_NO_SIGNAL)
		op->hide |= EMU_HIDE_SIGNAL;
	if (what.no_log)
		op->hide |= EMU_HIDE_LOG;
	op->fail = EMU_FAIL(what.step, what.sub_step);
	if (what.step == SDXI_STEP_BUFFER)
		op->fail |= EMU_FAIL_ON(what.buf);
	return true;
}

bool
emu_fault_no_stop(struct sdxi_emu *emu, const struct emu_cxt *cxt, bool asked)
{
	return asked ? hit(emu, cxt, KIND(NO_STOP), NULL) : find(emu, cxt, KIND(NO_STOP)) != NULL;
}

void
emu_fault_gone(struct sdxi_emu *emu, struct emu_cxt *cxt, bool with_fn)
{
	struct emu_fault *f = cxt->stalled ? find(emu, cxt, KIND(STALL)) : NULL;

	cxt->stalled = false;
	if (f != NULL && --f->what.count == 0)
		list_remove(emu, f);
	if (with_fn)
		remove_all(emu, cxt, KIND(NO_STOP));
}

bool
emu_fault_ignores(struct sdxi_emu *emu, enum sdxi_fn_gsr gsr)
{
	const bool stop = gsr == SDXI_GSR_STOP_SF || gsr == SDXI_GSR_STOP_HD;

	if (hit(emu, NULL, KIND(NO_RESET), NULL) ||
	    (stop && hit(emu, NULL, KIND(NO_FN_STOP), NULL)))
		return true;
	if (gsr == SDXI_GSR_RESET)
		remove_all(emu, NULL, KIND(NO_FN_STOP));
	return false;
}

bool
emu_fault_activation(struct sdxi_emu *emu)
{
	return hit(emu, NULL, KIND(NO_ACTIVE), NULL);
}

uint64_t
emu_fault_log(struct sdxi_emu *emu)
{
	if (hit(emu, NULL, KIND(LOG_ERR), NULL))
		return SDXI_ERR_STS_ERR;
	return hit(emu, NULL, KIND(LOG_OVF), NULL) ? SDXI_ERR_STS_OVF : 0;
}
