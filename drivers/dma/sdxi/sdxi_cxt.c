/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <string.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "sdxi_cxt.h"
#include "sdxi_desc.h"
#include "sdxi_dev.h"

/*
 * A context's memory, in this order, with its completion status blocks and the pages for patterns
 * behind. The head page keeps each writer's words on lines of their own:
 * CXT_CTL and Write_Index are written by the driver, CXT_STS by the function. Lines are taken as
 * 128 bytes, the most that a supported CPU has or prefetches in pairs.
 */
#define CXT_LINE	128
#define CXT_CTL_OFF	0
#define CXT_STS_OFF	CXT_LINE
#define CXT_WI_OFF	(2 * CXT_LINE)
#define CXT_AKEY_OFF	SDXI_AKEY_ALIGN
#define CXT_AKEY_LEN	(SDXI_AKEY_ENTRIES_MIN * sizeof(struct sdxi_akey_ent))
#define CXT_DESC_OFF	(CXT_AKEY_OFF + CXT_AKEY_LEN)

static_assert(CXT_WI_OFF + CXT_LINE <= CXT_AKEY_OFF, "the head fits in front of the AKey table");
static_assert(RTE_CACHE_LINE_SIZE <= CXT_LINE, "lines are no longer than assumed");

/* What only the driver touches: faults, op_desc, batch_end and verdict of each slot. */
static int
priv_alloc(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint32_t ring_sz, struct sdxi_ring *ring)
{
	size_t len = (size_t)ring_sz * (sizeof(*cxt->faults.fault) + sizeof(*ring->op_desc) +
					sizeof(*ring->batch_end) + sizeof(*ring->verdict));

	cxt->priv = rte_zmalloc_socket("sdxi", len, RTE_CACHE_LINE_SIZE, dev->socket);
	if (cxt->priv == NULL)
		return -ENOMEM;
	cxt->faults.fault = cxt->priv;
	cxt->faults.mask = ring_sz - 1;
	ring->op_desc = (uint32_t *)(cxt->faults.fault + ring_sz);
	ring->batch_end = ring->op_desc + ring_sz;
	ring->verdict = (uint8_t *)(ring->batch_end + ring_sz);
	return 0;
}

int
sdxi_cxt_alloc(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint16_t num, uint32_t ring_sz,
	       uint32_t nb_desc, struct sdxi_ring *ring)
{
	size_t csb_off = CXT_DESC_OFF + (size_t)ring_sz * sizeof(struct sdxi_dsc);
	size_t page_off = csb_off + (size_t)ring_sz * sizeof(struct sdxi_cst_blk);
	size_t len = page_off;
	int ret;

	static_assert(SDXI_DS_RING_SZ_MIN * sizeof(struct sdxi_cst_blk) % SDXI_REPCOPY_PAGE == 0,
		      "pages for patterns are aligned");
	if (num != SDXI_CXT_ADMIN)
		len += SDXI_PAGES * SDXI_REPCOPY_PAGE;
	memset(ring, 0, sizeof(*ring));
	ret = sdxi_mem_alloc(&cxt->mem, len, SDXI_AKEY_ALIGN, dev->socket);
	if (ret == 0)
		ret = priv_alloc(dev, cxt, ring_sz, ring);
	if (ret < 0) {
		SDXI_LOG(ERR, dev, "context %u: no %zu bytes of contiguous memory on socket %d",
			 num, len, dev->socket);
		sdxi_mem_free(&cxt->mem);
		return ret;
	}
	cxt->num = num;
	cxt->ctl = RTE_PTR_ADD(cxt->mem.va, CXT_CTL_OFF);
	cxt->write_index = RTE_PTR_ADD(cxt->mem.va, CXT_WI_OFF);
	cxt->akey = RTE_PTR_ADD(cxt->mem.va, CXT_AKEY_OFF);
	cxt->page = RTE_PTR_ADD(cxt->mem.va, page_off);
	cxt->page_iova = cxt->mem.iova + page_off;

	ring->desc = RTE_PTR_ADD(cxt->mem.va, CXT_DESC_OFF);
	ring->csb = RTE_PTR_ADD(cxt->mem.va, csb_off);
	ring->csb_iova = cxt->mem.iova + csb_off;
	ring->write_index = cxt->write_index;
	ring->sts = RTE_PTR_ADD(cxt->mem.va, CXT_STS_OFF);
	ring->mask = ring_sz - 1;
	ring->nb_desc = nb_desc;
	ring->halted = true;
	/*
	 * Last: who looks at the administrative context while it is made takes this for the rest.
	 */
	SDXI_STORE(&cxt->sts, RTE_PTR_ADD(cxt->mem.va, CXT_STS_OFF), release);
	return 0;
}

void
sdxi_cxt_free(struct sdxi_cxt *cxt)
{
	sdxi_mem_free(&cxt->mem);
	rte_free(cxt->priv);
	memset(cxt, 0, sizeof(*cxt));
}

int
sdxi_cxt_publish(struct sdxi_dev *dev, struct sdxi_cxt *cxt, struct sdxi_ring *ring,
		 enum sdxi_cxt_state state, bool *l2_changed)
{
	rte_iova_t iova = cxt->mem.iova;
	struct sdxi_cxt_l1_ent *l1;
	uint64_t val;
	int ret;

	ret = sdxi_dev_l1_ent(dev, cxt->num, &l1, l2_changed);
	if (ret < 0)
		return ret;
	if (ring->mask >= dev->max_ring) {
		SDXI_LOG(ERR, dev, "context %u: ring of %u descriptors, function has %u at most",
			 cxt->num, ring->mask + 1, dev->max_ring);
		return -ERANGE;
	}

	/* These are the function's to say, each time that it is brought up. */
	ring->write_index = cxt->write_index;
	cxt->doorbell = sdxi_dev_doorbell(dev, cxt->num);
	ring->doorbell = cxt->doorbell;
	ring->max_len = dev->max_len;
	memset(cxt->akey, 0, CXT_AKEY_LEN);
	cxt->akey[SDXI_AKEY_SELF].intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL);
	SDXI_SHOW(cxt->sts->read_index, 0);
	SDXI_SHOW(cxt->sts->state, state);

	memset(cxt->ctl, 0, sizeof(*cxt->ctl));
	cxt->ctl->ds_ring_sz = rte_cpu_to_le_32(ring->mask + 1);
	cxt->ctl->cxt_sts_ptr = rte_cpu_to_le_64(iova + CXT_STS_OFF);
	cxt->ctl->write_index_ptr = rte_cpu_to_le_64(iova + CXT_WI_OFF);
	/* csa: completion status blocks lie in coherent memory, where the decrement is atomic. */
	val = (iova + CXT_DESC_OFF) | SDXI_CXT_CTL_CSA | SDXI_PUT(SDXI_CXT_CTL_QOS, cxt->qos);
	cxt->ctl->ds_ring_ptr = rte_cpu_to_le_64(val);
	/* Each vl is visible only behind what it vouches for: the function may look at any time. */
	rte_io_wmb();
	SDXI_STORE(&cxt->ctl->ds_ring_ptr, rte_cpu_to_le_64(val | SDXI_CXT_CTL_VL), relaxed);

	memset(l1->rsvd_0, 0, sizeof(l1->rsvd_0));
	l1->akey_ptr = rte_cpu_to_le_64(iova + CXT_AKEY_OFF);
	l1->misc0 = rte_cpu_to_le_32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER, dev->max_buffer));
	l1->opb_000_enb = rte_cpu_to_le_32(dev->opb_000);
	rte_io_wmb();
	SDXI_STORE(&l1->cxt_ctl_ptr, rte_cpu_to_le_64((iova + CXT_CTL_OFF) | SDXI_L1_ENT_VL),
		   relaxed);
	rte_io_wmb();
	cxt->l1 = l1;
	return 0;
}

void
sdxi_cxt_rescind(struct sdxi_cxt *cxt)
{
	if (cxt->l1 == NULL)
		return;
	SDXI_STORE(&cxt->l1->cxt_ctl_ptr, 0, relaxed);
	rte_io_wmb();
	cxt->l1 = NULL;
}

const char *
sdxi_cxt_state_name(enum sdxi_cxt_state state)
{
	switch (state) {
	case SDXI_CXT_STOP_SW:
		return "STOP_SW";
	case SDXI_CXT_RUN:
		return "RUN";
	case SDXI_CXT_STOPG_SW:
		return "STOPG_SW";
	case SDXI_CXT_STOP_FN:
		return "STOP_FN";
	case SDXI_CXT_STOPG_FN:
		return "STOPG_FN";
	case SDXI_CXT_ERR_FN:
		return "ERR_FN";
	}
	return "reserved";
}
