/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_CXT_H_
#define _SDXI_CXT_H_

/**
 * @file
 * A context: the memory it lives in, and how the function gets to know it and forgets it.
 */

#include <stdint.h>

#include "sdxi_compat.h"
#include "sdxi_errlog.h"
#include "sdxi_hw.h"
#include "sdxi_mem.h"
#include "sdxi_ring.h"

struct sdxi_dev;

/** A context's structures; their place in @ref mem is sdxi_cxt.c's. */
struct sdxi_cxt {
	struct sdxi_cxt_ctl *ctl;   /**< written by the driver */
	struct sdxi_cxt_sts *sts;   /**< written by the function while the context is published */
	sdxi_le64 *write_index;	    /**< written by the driver */
	struct sdxi_akey_ent *akey; /**< written by the driver, SDXI_AKEY_ENTRIES_MIN of them */
	struct sdxi_cxt_l1_ent *l1; /**< its level 1 entry while it is published, else NULL */
	void *doorbell;		    /**< as it was when the context was published last */
	struct sdxi_mem mem;
	void *priv;		   /**< what the ring keeps out of the function's reach */
	uint8_t *page;		   /**< SDXI_PAGES pages for patterns, read by the function */
	rte_iova_t page_iova;
	uint16_t num;		   /**< context number */
	uint8_t qos;		   /**< CXT_CTL.qos */
	struct sdxi_faults faults; /**< what the error log said of it */
};

/** Pages for patterns that a client context has. */
#define SDXI_PAGES 4

/**
 * Allocate a context's memory and point @p ring to its part of it. The ring is to be reset before
 * it is used.
 *
 * @param ring_sz
 *   Descriptors: a power of two, SDXI_DS_RING_SZ_MIN to the function's maximum.
 * @param nb_desc
 *   How many operations may be outstanding, 1 to ring_sz.
 * @return
 *   0, or -ENOMEM.
 */
int sdxi_cxt_alloc(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint16_t num, uint32_t ring_sz,
		   uint32_t nb_desc, struct sdxi_ring *ring);

/** Free a context's memory. The function must not know the context any more. */
void sdxi_cxt_free(struct sdxi_cxt *cxt);

/**
 * Fill in the context's structures and make them valid, from CXT_CTL up to the level 1 table. The
 * ring's indices are to be at their start: see sdxi_ring_reset().
 *
 * The function has to be told, unless it is stopped: see sdxi_admin_update().
 *
 * @param state
 *   What CXT_STS.state starts as.
 * @param[out] l2_changed
 *   Set to true if a level 1 table had to be made, left alone otherwise. May be NULL.
 * @return
 *   0, -ENOMEM if there is no memory for a level 1 table, -ERANGE if the function has no such
 *   context or no ring as large.
 */
int sdxi_cxt_publish(struct sdxi_dev *dev, struct sdxi_cxt *cxt, struct sdxi_ring *ring,
		     enum sdxi_cxt_state state, bool *l2_changed);

/** Make the context's level 1 entry invalid. The function has to be told, unless it is stopped. */
void sdxi_cxt_rescind(struct sdxi_cxt *cxt);

/**
 * CXT_STS.state as the function last wrote it; may be no value of the enumeration. Acquires: of a
 * context that is at rest, all that the function has written is read behind it.
 */
static inline enum sdxi_cxt_state
sdxi_cxt_state(const struct sdxi_cxt *cxt)
{
	return (enum sdxi_cxt_state)(SDXI_LOAD(&cxt->sts->state, acquire) & SDXI_CXT_STS_STATE);
}

/** Has the context come to rest in @p state, or does it only look like it does nothing? */
static inline bool
sdxi_cxt_state_is_final(enum sdxi_cxt_state state)
{
	return state == SDXI_CXT_STOP_SW || state == SDXI_CXT_STOP_FN || state == SDXI_CXT_ERR_FN;
}

/** A state's name in the specification, "reserved" if it has none. */
const char *sdxi_cxt_state_name(enum sdxi_cxt_state state);

#endif /* _SDXI_CXT_H_ */
