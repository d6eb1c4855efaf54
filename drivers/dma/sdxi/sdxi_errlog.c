/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_cycles.h>

#include "sdxi_dev.h"
#include "sdxi_dmadev.h"
#include "sdxi_errlog.h"

/* ERR_CFG.sz has 5 bits. */
#define ERRLOG_MAX (SDXI_GET(SDXI_ERR_CFG_SZ, SDXI_ERR_CFG_SZ) * SDXI_ERRLOG_UNIT)

#define ERR_STS_ANY (SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF | SDXI_ERR_STS_ERR)

/* What a register of a function that has left the bus reads as. */
#define FN_GONE UINT64_MAX

/* As much of an index as a fault has. */
#define INDEX_OF(index) ((uint64_t)(index) & ((UINT64_C(1) << 46) - 1))

/* How many times in one call entries are looked at again whose vl is not there yet. */
#define VL_TRIES 16

/* Lines to be printed when the lock is given back: printing may block. */
struct lines {
	uint64_t now;
	unsigned int nb;
	char text[SDXI_ERRLOG_BURST][256];
};

uint32_t
sdxi_errlog_max(const struct sdxi_dev *dev)
{
	uint64_t cap1 = sdxi_dev_read(dev, SDXI_MMIO_CAP1);

	return RTE_MIN((uint64_t)SDXI_ERRLOG_UNIT << SDXI_GET(SDXI_CAP1_MAX_ERRLOG_SZ, cap1),
		       ERRLOG_MAX);
}

int
sdxi_errlog_check(const struct sdxi_dev *dev)
{
	uint32_t wanted = dev->errlog.wanted;
	uint32_t max;

	if (wanted == 0)
		return 0;
	max = sdxi_errlog_max(dev);
	if (wanted % SDXI_ERRLOG_UNIT == 0 && wanted <= max)
		return 0;
	SDXI_LOG(ERR, dev, "errlog_size=%u: expected a multiple of %u from %u to %u, the "
		 "function's most", wanted, SDXI_ERRLOG_UNIT, SDXI_ERRLOG_UNIT, max);
	return -EINVAL;
}

bool
sdxi_errlog_lock(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	bool locked;

	if (rte_atomic_load_explicit(&log->stuck, rte_memory_order_relaxed))
		locked = sdxi_lock_try(&log->lock) >= 0;
	else
		locked = sdxi_dev_lock(dev, &log->lock);
	rte_atomic_store_explicit(&log->stuck, !locked, rte_memory_order_relaxed);
	return locked;
}

void
sdxi_errlog_free(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	struct sdxi_mem mem;
	bool locked;

	if (log->mem.va == NULL)
		return;
	/* This has to be done, though a process that was halted may hold the lock for ever. */
	locked = sdxi_errlog_lock(dev);
	mem = log->mem;
	memset(&log->mem, 0, sizeof(log->mem));
	log->enabled = false;
	if (locked)
		sdxi_lock_release(&log->lock);
	sdxi_mem_free(&mem);
}

int
sdxi_errlog_alloc(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	uint32_t max = sdxi_errlog_max(dev);
	int ret;

	if (log->mem.va != NULL && log->size <= max)
		return 0;
	/* The function may be another one than when the log was made. */
	sdxi_errlog_free(dev);
	SDXI_SHOW(log->size, RTE_MIN(log->wanted != 0 ? log->wanted : SDXI_ERRLOG_DEFAULT, max));
	ret = sdxi_mem_alloc(&log->mem, log->size * sizeof(struct sdxi_errlog_hd_ent),
			     SDXI_TABLE_LEN, dev->socket);
	if (ret < 0)
		SDXI_LOG(ERR, dev, "no memory for an error log of %u entries on socket %d",
			 log->size, dev->socket);
	return ret;
}

void
sdxi_errlog_enable(struct sdxi_dev *dev, bool intr)
{
	struct sdxi_errlog *log = &dev->errlog;
	bool locked = sdxi_errlog_lock(dev); /* as above */

	sdxi_dev_write(dev, SDXI_MMIO_ERR_CFG, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_STS, ERR_STS_ANY);
	memset(log->mem.va, 0, log->size * sizeof(struct sdxi_errlog_hd_ent));
	log->read = 0;
	log->intr = intr;
	SDXI_SHOW(log->gone, false);
	log->enabled = true;
	sdxi_dev_write(dev, SDXI_MMIO_ERR_CTL, intr ? SDXI_ERR_CTL_INTR_EN : 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_WRT, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_RD, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_CFG,
		       log->mem.iova | SDXI_PUT(SDXI_ERR_CFG_SZ, log->size / SDXI_ERRLOG_UNIT) |
		       SDXI_ERR_CFG_EN);
	if (locked)
		sdxi_lock_release(&log->lock);
}

const char *
sdxi_errlog_step_name(unsigned int step)
{
	static const char * const name[] = {
		[SDXI_STEP_INTERNAL] = "internal error",
		[SDXI_STEP_CXT_L2] = "context level 2 entry",
		[SDXI_STEP_CXT_L1] = "context level 1 entry",
		[SDXI_STEP_CXT_CTL] = "CXT_CTL",
		[SDXI_STEP_CXT_STS] = "CXT_STS",
		[SDXI_STEP_WRITE_INDEX] = "Write_Index",
		[SDXI_STEP_DESC] = "descriptor",
		[SDXI_STEP_CST_BLK] = "completion status block",
		[SDXI_STEP_ATOMIC] = "atomic return data",
		[SDXI_STEP_BUFFER] = "data buffer",
		[SDXI_STEP_AKEY] = "AKey",
		[SDXI_STEP_RKEY] = "RKey",
	};

	return step < RTE_DIM(name) && name[step] != NULL ? name[step] : "reserved step";
}

const char *
sdxi_errlog_sub_step_name(unsigned int sub_step)
{
	static const char * const name[] = {
		[SDXI_SUB_STEP_OTHER] = "failure",
		[SDXI_SUB_STEP_TRANSLATION] = "address translation failure",
		[SDXI_SUB_STEP_ACCESS] = "data access failure",
		[SDXI_SUB_STEP_VALIDATION] = "data validation failure",
	};

	return sub_step < RTE_DIM(name) ? name[sub_step] : "reserved sub-step";
}

const char *
sdxi_errlog_reaction_name(unsigned int re)
{
	static const char * const name[] = {
		[SDXI_RE_INFORMATIVE] = "informative",
		[SDXI_RE_CXT_STOPPED] = "context stopped",
		[SDXI_RE_FN_STOPPED] = "function stopped",
	};

	return re < RTE_DIM(name) ? name[re] : "reserved reaction";
}

const char *
sdxi_errlog_format(const struct sdxi_errlog_hd_ent *ent, char *buf, size_t len)
{
	uint64_t hd = rte_le_to_cpu_64(ent->hd);
	char where[64] = "";
	int n = 0;

	if ((hd & SDXI_ERRLOG_CV) != 0)
		n = snprintf(where, sizeof(where), "context %u",
			     (unsigned int)SDXI_GET(SDXI_ERRLOG_CXT_NUM, hd));
	if ((hd & SDXI_ERRLOG_DIV) != 0)
		n += snprintf(where + n, sizeof(where) - n, "%sdescriptor %" PRIu64,
			      n > 0 ? ", " : "", rte_le_to_cpu_64(ent->dsc_index));
	if ((hd & SDXI_ERRLOG_BV) != 0)
		n += snprintf(where + n, sizeof(where) - n, "%sbuffer %u", n > 0 ? ", " : "",
			      (unsigned int)SDXI_GET(SDXI_ERRLOG_BUF, hd));
	snprintf(buf, len, "%s%s%s: %s (%s; class 0x%x)", where, n > 0 ? ": " : "",
		 sdxi_errlog_step_name(SDXI_GET(SDXI_ERRLOG_STEP, hd)),
		 sdxi_errlog_sub_step_name(SDXI_GET(SDXI_ERRLOG_SUB_STEP, hd)),
		 sdxi_errlog_reaction_name(SDXI_GET(SDXI_ERRLOG_RE, hd)),
		 rte_le_to_cpu_16(ent->err_class));
	return buf;
}

enum rte_dma_status_code
sdxi_errlog_status(const struct sdxi_fault *fault)
{
	const bool src = fault->bv && fault->buf == 0;
	const bool dst = fault->bv && fault->buf == 1;
	const enum rte_dma_status_code address = src ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
						 dst ? RTE_DMA_STATUS_INVALID_DST_ADDR :
						       RTE_DMA_STATUS_INVALID_ADDR;

	switch (fault->step) {
	case SDXI_STEP_BUFFER:
		switch (fault->sub_step) {
		case SDXI_SUB_STEP_TRANSLATION:
			return address;
		case SDXI_SUB_STEP_ACCESS:
			return src ? RTE_DMA_STATUS_BUS_READ_ERROR :
			       dst ? RTE_DMA_STATUS_BUS_WRITE_ERROR : RTE_DMA_STATUS_BUS_ERROR;
		case SDXI_SUB_STEP_VALIDATION:
			/* Any bytes are valid as data, so it is their integrity that is not. */
			return RTE_DMA_STATUS_DATA_POISION;
		}
		break;
	case SDXI_STEP_AKEY:
	case SDXI_STEP_RKEY:
		/* The address is in a space that is not there; or the key's table is not. */
		return fault->sub_step == SDXI_SUB_STEP_ACCESS ? RTE_DMA_STATUS_BUS_READ_ERROR :
								 address;
	case SDXI_STEP_DESC:
		switch (fault->sub_step) {
		case SDXI_SUB_STEP_TRANSLATION:
		case SDXI_SUB_STEP_ACCESS:
			return RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR;
		case SDXI_SUB_STEP_VALIDATION:
			return RTE_DMA_STATUS_INVALID_OPCODE;
		}
		break;
	case SDXI_STEP_CST_BLK:
		/* The driver's memory: the user's addresses are not to blame. */
		switch (fault->sub_step) {
		case SDXI_SUB_STEP_TRANSLATION:
			return RTE_DMA_STATUS_PAGE_FAULT;
		case SDXI_SUB_STEP_ACCESS:
			return RTE_DMA_STATUS_BUS_ERROR;
		}
		break;
	}
	return RTE_DMA_STATUS_ERROR_UNKNOWN;
}

bool
sdxi_errlog_may_print(struct sdxi_errlog_limit *limit, uint64_t now, uint64_t hz,
		      uint64_t *left_out)
{
	uint64_t earned;

	if (!limit->used || (now > limit->last && now - limit->last >= hz)) {
		limit->used = true;
		limit->lines = SDXI_ERRLOG_BURST;
		limit->last = now;
	} else if (now < limit->last) {
		/* Another CPU's clock. */
		limit->last = now;
	}
	earned = (now - limit->last) * SDXI_ERRLOG_BURST / hz;
	if (earned > 0) {
		limit->lines = RTE_MIN(limit->lines + earned, (uint64_t)SDXI_ERRLOG_BURST);
		/* What is left of a line's time stays. */
		limit->last += earned * hz / SDXI_ERRLOG_BURST;
	}
	if (limit->lines == 0) {
		limit->left_out++;
		return false;
	}
	limit->lines--;
	*left_out = limit->left_out;
	limit->left_out = 0;
	return true;
}

static void __rte_format_printf(3, 4)
say(struct sdxi_errlog *log, struct lines *lines, const char *fmt, ...)
{
	uint64_t left_out;
	va_list ap;
	char *text;
	int n = 0;

	if (!sdxi_errlog_may_print(&log->limit, lines->now, rte_get_timer_hz(), &left_out) ||
	    lines->nb == RTE_DIM(lines->text)) {
		log->stats.left_out++;
		return;
	}
	text = lines->text[lines->nb++];
	if (left_out > 0)
		n = snprintf(text, sizeof(lines->text[0]), "(lines left out: %" PRIu64 ") ",
			     left_out);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(lines->text[0]) - n, fmt, ap);
	va_end(ap);
}

/* Something about any context may have been lost. */
static void
lose(struct sdxi_errlog *log)
{
	rte_atomic_fetch_add_explicit(&log->lost, 1, rte_memory_order_release);
}

static void
cxt_lose(struct sdxi_cxt *cxt)
{
	rte_atomic_fetch_add_explicit(&cxt->faults.lost, 1, rte_memory_order_release);
}

static void
cxt_file(struct sdxi_cxt *cxt, const struct sdxi_fault *fault)
{
	struct sdxi_faults *faults = &cxt->faults;
	struct sdxi_fault *at;

	if (faults->fault == NULL) {
		cxt_lose(cxt);
		return;
	}
	/* What another one had in the slot was reported before that was used again. */
	at = &faults->fault[fault->dsc_index & faults->mask];
	if (at->used == 0 || at->dsc_index != fault->dsc_index) {
		*at = *fault;
		SDXI_STORE(&faults->total, faults->total + 1, relaxed);
	}
	SDXI_SHOW(faults->filed, faults->filed + 1);
	if (fault->re == SDXI_RE_CXT_STOPPED) {
		if (!faults->stopped || fault->dsc_index < faults->stop_index)
			faults->stop_index = fault->dsc_index;
		faults->stopped = true;
	}
}

/* File a valid entry, whose contents may still be anything, with the context that it names. */
static void
entry_file(struct sdxi_dev *dev, const struct sdxi_errlog_hd_ent *ent)
{
	struct sdxi_errlog *log = &dev->errlog;
	uint64_t hd = rte_le_to_cpu_64(ent->hd);
	uint16_t num = SDXI_GET(SDXI_ERRLOG_CXT_NUM, hd);
	struct sdxi_cxt *cxt;

	if ((hd & SDXI_ERRLOG_CV) == 0) {
		log->stats.unfiled++;
		lose(log);
		return;
	}
	if (SDXI_GET(SDXI_ERRLOG_RE, hd) == SDXI_RE_FN_STOPPED) {
		log->stopper = num;
		log->stopper_end = 1 + rte_atomic_load_explicit(&dev->epoch,
								 rte_memory_order_acquire);
	}
	if (dev->vchans == NULL || num == SDXI_CXT_ADMIN || num > dev->nb_vchans ||
	    dev->vchans[num - 1].cxt.num != num) {
		log->stats.unfiled++;
		return;
	}
	cxt = &dev->vchans[num - 1].cxt;
	if ((hd & SDXI_ERRLOG_DIV) == 0) {
		cxt_lose(cxt);
		return;
	}
	cxt_file(cxt, &(struct sdxi_fault){
		.dsc_index = rte_le_to_cpu_64(ent->dsc_index),
		.used = 1,
		.step = SDXI_GET(SDXI_ERRLOG_STEP, hd),
		.sub_step = SDXI_GET(SDXI_ERRLOG_SUB_STEP, hd),
		.buf = SDXI_GET(SDXI_ERRLOG_BUF, hd),
		.re = SDXI_GET(SDXI_ERRLOG_RE, hd),
		.bv = (hd & SDXI_ERRLOG_BV) != 0,
	});
}

/* An entry that was read, and is the driver's own copy by now. */
static void
entry_handle(struct sdxi_dev *dev, const struct sdxi_errlog_hd_ent *ent, struct lines *lines)
{
	struct sdxi_errlog *log = &dev->errlog;
	uint64_t hd = rte_le_to_cpu_64(ent->hd);
	char text[192];

	if ((hd & SDXI_ERRLOG_VL) == 0 || SDXI_GET(SDXI_ERRLOG_TYPE, hd) != SDXI_ERRLOG_TYPE_HD) {
		log->stats.entries++;
		log->stats.invalid++;
		lose(log);
		say(log, lines, "entry %" PRIu64 ": expected vl and type 0x%x, found 0x%016" PRIx64,
		    log->read, SDXI_ERRLOG_TYPE_HD, hd);
		return;
	}
	log->recent[(log->stats.entries - log->stats.invalid) % SDXI_ERRLOG_RECENT] = *ent;
	log->stats.entries++;
	entry_file(dev, ent);
	say(log, lines, "%s", sdxi_errlog_format(ent, text, sizeof(text)));
}

static bool
fn_is_gone(struct sdxi_errlog *log, uint64_t reg, struct lines *lines)
{
	const bool gone = reg == FN_GONE;

	if (gone && !log->gone)
		say(log, lines, "the function does not answer: all registers read as ones");
	SDXI_SHOW(log->gone, gone);
	return gone;
}

static unsigned int
service(struct sdxi_dev *dev, struct lines *lines)
{
	struct sdxi_errlog *log = &dev->errlog;
	struct sdxi_errlog_hd_ent *ring = log->mem.va;
	struct sdxi_errlog_hd_ent ent;
	unsigned int tries = VL_TRIES;
	unsigned int n = 0;
	uint64_t sts, wrt;

	sts = sdxi_dev_read(dev, SDXI_MMIO_ERR_STS);
	if (fn_is_gone(log, sts, lines) || (sts & ERR_STS_ANY) == 0)
		return 0;
	if ((sts & SDXI_ERR_STS_ERR) != 0) {
		log->stats.unusable++;
		lose(log);
		say(log, lines, "the function could not write it, entries are lost");
	}
	if ((sts & SDXI_ERR_STS_OVF) != 0) {
		log->stats.overflow++;
		lose(log);
		say(log, lines, "more than %u entries, some are lost", log->size);
	}
	/* First: what is logged from here on sets sts anew, and is not missed. */
	sdxi_dev_write(dev, SDXI_MMIO_ERR_STS, sts & ERR_STS_ANY);

	wrt = sdxi_dev_read(dev, SDXI_MMIO_ERR_WRT);
	if (wrt == FN_GONE &&
	    fn_is_gone(log, sdxi_dev_read(dev, SDXI_MMIO_ERR_STS), lines)) {
		/* What it may have logged is out of reach. */
		lose(log);
		return 0;
	}
	if (wrt - log->read > log->size) {
		log->stats.misfit++;
		lose(log);
		say(log, lines, "ERR_WRT %" PRIu64 " does not fit ERR_RD %" PRIu64
		    " and %u entries: all are given back unread", wrt, log->read, log->size);
		log->read = wrt;
	}
	/* Entries are read behind the index that promises them. */
	rte_io_rmb();
	for (; log->read != wrt; log->read++, n++) {
		struct sdxi_errlog_hd_ent *at = &ring[log->read % log->size];
		sdxi_le64 hd = SDXI_LOAD(&at->hd, acquire);

		/* On a bus, what a register read returns pushes earlier writes in front of it. */
		while ((rte_le_to_cpu_64(hd) & SDXI_ERRLOG_VL) == 0 && tries > 0) {
			tries--;
			sdxi_dev_read(dev, SDXI_MMIO_ERR_WRT);
			rte_io_rmb();
			hd = SDXI_LOAD(&at->hd, acquire);
		}
		/* A copy is judged: the function may write the original at any time. */
		ent = *at;
		ent.hd = hd;
		/* The next lap's entry is valid only when the function has written it. */
		SDXI_STORE(&at->hd, 0, relaxed);
		entry_handle(dev, &ent, lines);
	}
	/* Entries have been read, not only cleared, before the function may write them again. */
	rte_io_mb();
	sdxi_dev_write(dev, SDXI_MMIO_ERR_RD, log->read);
	return n;
}

unsigned int
sdxi_errlog_service(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	struct lines lines;
	unsigned int n = 0;
	unsigned int i;

	lines.nb = 0;
	lines.now = rte_get_timer_cycles();
	if (!sdxi_errlog_lock(dev)) {
		lose(log);
		return 0;
	}
	if (log->enabled)
		n = service(dev, &lines);
	sdxi_lock_release(&log->lock);
	for (i = 0; i < lines.nb; i++)
		SDXI_LOG(ERR, dev, "error log: %s", lines.text[i]);
	return n;
}

bool
sdxi_errlog_find(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint64_t first, uint64_t end,
		 struct sdxi_fault *fault)
{
	const struct sdxi_faults *faults = &cxt->faults;
	bool found = false;
	uint64_t i, nb;

	if (!sdxi_errlog_lock(dev)) {
		lose(&dev->errlog);
		return false;
	}
	nb = faults->filed != 0 ? RTE_MIN(end - first, faults->mask + UINT64_C(1)) : 0;
	for (i = 0; i < nb && !found; i++) {
		*fault = faults->fault[(first + i) & faults->mask];
		found = fault->used != 0 && fault->dsc_index == INDEX_OF(first + i);
	}
	sdxi_lock_release(&dev->errlog.lock);
	return found;
}

int
sdxi_errlog_stopper(struct sdxi_dev *dev, uint32_t epoch)
{
	struct sdxi_errlog *log = &dev->errlog;
	int ret;

	if (!sdxi_errlog_lock(dev)) {
		lose(log);
		return -1;
	}
	ret = log->stopper_end == epoch + 1 ? log->stopper : -1;
	sdxi_lock_release(&log->lock);
	return ret;
}

uint64_t
sdxi_errlog_stop_index(struct sdxi_dev *dev, const struct sdxi_cxt *cxt)
{
	uint64_t index = UINT64_MAX;

	if (!sdxi_errlog_lock(dev)) {
		lose(&dev->errlog);
		return index;
	}
	if (cxt->faults.stopped)
		index = cxt->faults.stop_index;
	sdxi_lock_release(&dev->errlog.lock);
	return index;
}

uint64_t
sdxi_errlog_lost(const struct sdxi_dev *dev, const struct sdxi_cxt *cxt)
{
	/* Both only grow, so neither hides what the other tells. */
	return rte_atomic_load_explicit(&dev->errlog.lost, rte_memory_order_acquire) +
	       rte_atomic_load_explicit(&cxt->faults.lost, rte_memory_order_acquire);
}

void
sdxi_errlog_forget(struct sdxi_dev *dev, struct sdxi_cxt *cxt)
{
	bool locked;

	/* Entries that are still unread speak of the old indices. */
	sdxi_errlog_service(dev);
	locked = sdxi_errlog_lock(dev); /* as above */
	/* Indices may come again. */
	if (cxt->faults.filed != 0)
		memset(cxt->faults.fault, 0,
		       (cxt->faults.mask + (size_t)1) * sizeof(*cxt->faults.fault));
	SDXI_SHOW(cxt->faults.filed, 0);
	cxt->faults.stopped = false;
	if (locked)
		sdxi_lock_release(&dev->errlog.lock);
}
