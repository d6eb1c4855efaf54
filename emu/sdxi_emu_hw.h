/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_EMU_HW_H_
#define _SDXI_EMU_HW_H_

/** @file SDXI 1.0 as a function has to know it, beyond what sdxi_hw.h has for a driver. */

#include "sdxi_hw.h"

/* Registers */
#define SDXI_CTL0_FN_GRP_ID		SDXI_BITS(63, 32)
#define SDXI_CAP0_SFUNC			SDXI_BITS(15, 0)
#define SDXI_CAP1_MAX_AKEY_SZ	SDXI_BITS(15, 12) /**< largest AKey table: 256 << value entries */
#define SDXI_CAP1_RKEY_CAP	SDXI_BITS(4, 4)
#define SDXI_CAP1_MMIO64	SDXI_BITS(6, 6)
#define SDXI_MAX_BUFFER_4G	11 /**< max_buffer value of the 4 GiB that a descriptor can name */
#define SDXI_CXT_L2_PTR		SDXI_BITS(63, 12)
#define SDXI_RKEY_EN		SDXI_BITS(0, 0)
#define SDXI_RKEY_SZ		SDXI_BITS(4, 1)
#define SDXI_RKEY_PTR		SDXI_BITS(63, 12)
#define SDXI_ERR_CFG_PTR	SDXI_BITS(63, 12)

/* Structures in memory */
#define SDXI_L2_ENT_LV01_PTR	SDXI_BITS(63, 12)
#define SDXI_L1_ENT_PV		SDXI_BITS(2, 2)
#define SDXI_L1_ENT_CXT_CTL_PTR	SDXI_BITS(63, 6)
#define SDXI_L1_ENT_AKEY_SZ	SDXI_BITS(3, 0)
#define SDXI_L1_ENT_AKEY_PTR	SDXI_BITS(63, 12)
#define SDXI_CXT_CTL_DS_RING_PTR	SDXI_BITS(63, 6)
#define SDXI_CXT_CTL_CXT_STS_PTR	SDXI_BITS(63, 4)
#define SDXI_CXT_CTL_WRITE_INDEX_PTR	SDXI_BITS(63, 3)
#define SDXI_AKEY_ENT_IV	SDXI_BITS(1, 1)
#define SDXI_AKEY_ENT_PV	SDXI_BITS(2, 2)
#define SDXI_AKEY_ENT_INTR_NUM	SDXI_BITS(14, 4)

/* Descriptors */
#define SDXI_DSC_SE		SDXI_BITS(1, 1)
#define SDXI_DSC_CSR		SDXI_BITS(4, 4)
#define SDXI_DSC_RB		SDXI_BITS(5, 5)
#define SDXI_DSC_SUBTYPE	SDXI_BITS(15, 8)
#define SDXI_DSC_TYPE		SDXI_BITS(26, 16)
#define SDXI_DSC_CSB_PTR	SDXI_BITS(63, 5)

/* Operations */
#define SDXI_TYPE_INTR		0x004
#define SDXI_DMAB_WRT_IMM	0x02 /* [9] */
#define SDXI_DMAB_REPCOPY	0x04 /* [9] */
#define SDXI_ADM_FN_UPD		0x00 /* [9] */
#define SDXI_ADM_AKEY_UPD	0x02 /* [9] */
#define SDXI_ADM_INTR		0x05
#define SDXI_ADM_RKEY_UPD	0x07 /* [9] */
#define SDXI_ADM_CXT_START_RS	0x08
#define SDXI_INTR_INTR		0x00
#define SDXI_REPCOPY_PAGE	4096 /**< bytes of DMAB_REPCOPY's source */
#define SDXI_WRT_IMM_MAX	32   /**< bytes */
#define SDXI_INTR_ERRLOG	0	 /**< interrupt vector of the error log */

/** Data of a WRT_IMM [9]: SDXI_WRT_IMM_MAX bytes. Its other fields are those of a copy. */
#define SDXI_WRT_IMM_DATA(dsc)	((uint8_t *)(uintptr_t)&(dsc)->copy.addr1)

/* cflags of CXT_UPD and SYNC */
#define SDXI_LVL_CXT_CTL	2
#define SDXI_FLT_FN		4

#endif /* _SDXI_EMU_HW_H_ */
