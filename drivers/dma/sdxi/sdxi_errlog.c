/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>

#include "sdxi_dev.h"
#include "sdxi_errlog.h"

int
sdxi_errlog_alloc(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	int ret;

	if (log->mem.va != NULL)
		return 0;
	rte_spinlock_init(&log->lock);
	ret = sdxi_mem_alloc(&log->mem, SDXI_ERRLOG_ENTRIES * sizeof(struct sdxi_errlog_hd_ent),
			     SDXI_TABLE_LEN, dev->socket);
	if (ret < 0)
		SDXI_LOG(ERR, dev, "no memory for an error log of %u entries on socket %d",
			 SDXI_ERRLOG_ENTRIES, dev->socket);
	return ret;
}

void
sdxi_errlog_enable(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;

	sdxi_dev_write(dev, SDXI_MMIO_ERR_CFG, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_STS,
		       SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF | SDXI_ERR_STS_ERR);
	memset(log->mem.va, 0, log->mem.len);
	log->read = 0;
	sdxi_dev_write(dev, SDXI_MMIO_ERR_CTL, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_WRT, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_RD, 0);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_CFG,
		       log->mem.iova | SDXI_PUT(SDXI_ERR_CFG_SZ, SDXI_ERRLOG_ENTRIES / SDXI_ERRLOG_UNIT) |
		       SDXI_ERR_CFG_EN);
}

void
sdxi_errlog_free(struct sdxi_dev *dev)
{
	sdxi_mem_free(&dev->errlog.mem);
}

static const char *
step_name(unsigned int step)
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

static const char *
sub_step_name(unsigned int sub_step)
{
	static const char * const name[] = {
		[SDXI_SUB_STEP_OTHER] = "failure",
		[SDXI_SUB_STEP_TRANSLATION] = "address translation failure",
		[SDXI_SUB_STEP_ACCESS] = "data access failure",
		[SDXI_SUB_STEP_VALIDATION] = "data validation failure",
	};

	return sub_step < RTE_DIM(name) ? name[sub_step] : "reserved sub-step";
}

static const char *
reaction_name(unsigned int re)
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
		 step_name(SDXI_GET(SDXI_ERRLOG_STEP, hd)),
		 sub_step_name(SDXI_GET(SDXI_ERRLOG_SUB_STEP, hd)),
		 reaction_name(SDXI_GET(SDXI_ERRLOG_RE, hd)), rte_le_to_cpu_16(ent->err_class));
	return buf;
}

unsigned int
sdxi_errlog_service(struct sdxi_dev *dev)
{
	struct sdxi_errlog *log = &dev->errlog;
	const uint64_t any = SDXI_ERR_STS_STS | SDXI_ERR_STS_OVF | SDXI_ERR_STS_ERR;
	struct sdxi_errlog_hd_ent *ring = log->mem.va;
	struct sdxi_errlog_hd_ent ent;
	unsigned int n = 0;
	uint64_t sts, wrt;
	char text[160];

	rte_spinlock_lock(&log->lock);
	sts = sdxi_dev_read(dev, SDXI_MMIO_ERR_STS);
	if ((sts & any) == 0)
		goto out;
	if ((sts & SDXI_ERR_STS_ERR) != 0)
		SDXI_LOG(ERR, dev, "error log: the function could not write it");
	if ((sts & SDXI_ERR_STS_OVF) != 0)
		SDXI_LOG(ERR, dev, "error log: more than %u entries, some are lost", SDXI_ERRLOG_ENTRIES);
	sdxi_dev_write(dev, SDXI_MMIO_ERR_STS, sts & any);

	wrt = sdxi_dev_read(dev, SDXI_MMIO_ERR_WRT);
	if (wrt - log->read > SDXI_ERRLOG_ENTRIES) {
		SDXI_LOG(ERR, dev, "error log: ERR_WRT %" PRIu64 " does not fit ERR_RD %" PRIu64
			 " and %u entries: all are given back unread", wrt, log->read,
			 SDXI_ERRLOG_ENTRIES);
		log->read = wrt;
	}
	/* Entries are read behind the index that promises them. */
	rte_io_rmb();
	for (; log->read != wrt; log->read++, n++) {
		/* A copy: the function may write the original at any time. */
		ent = ring[log->read % SDXI_ERRLOG_ENTRIES];
		/* The next lap's entry is valid only when the function has written it. */
		ring[log->read % SDXI_ERRLOG_ENTRIES].hd = 0;
		if ((rte_le_to_cpu_64(ent.hd) & SDXI_ERRLOG_VL) != 0)
			SDXI_LOG(ERR, dev, "error log: %s",
				 sdxi_errlog_format(&ent, text, sizeof(text)));
		else
			SDXI_LOG(ERR, dev, "error log: entry %" PRIu64 " is not valid", log->read);
	}
	rte_io_wmb();
	sdxi_dev_write(dev, SDXI_MMIO_ERR_RD, log->read);
out:
	rte_spinlock_unlock(&log->lock);
	return n;
}
