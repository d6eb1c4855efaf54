/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_HW_H_
#define _SDXI_HW_H_

/**
 * @file
 * SDXI 1.0 in memory and in registers: layouts, masks and op codes.
 *
 * Names follow the SNIA SDXI specification v1.0a. All structures are little-endian in memory; the
 * sdxi_le* types say so, the conversion is the user's. Registers are 64 bits wide. This file is all
 * that the driver and the emulated function have in common, and holds no logic.
 *
 * A tag behind a definition says how sure it is: [E] early (0.9-era) public code, 1.0 may differ;
 * [I] inferred by this project. Both are listed in the conformance notes of sdxi.rst. What carries
 * no tag has been exercised on SDXI hardware by public code or is in the specification's samples.
 */

#include <assert.h>
#include <stdint.h>

typedef uint16_t sdxi_le16; /**< 16 bits, little-endian in memory */
typedef uint32_t sdxi_le32; /**< 32 bits, little-endian in memory */
typedef uint64_t sdxi_le64; /**< 64 bits, little-endian in memory */

/** Mask of bits hi..lo of a 64-bit word. */
#define SDXI_BITS(hi, lo) ((UINT64_MAX >> (63 - (hi))) & (UINT64_MAX << (lo)))
/** Value of the field that @p mask selects in @p word; the division is a shift. */
#define SDXI_GET(mask, word) (((word) & (mask)) / ((mask) & (~(mask) + 1)))
/** @p val placed in the field that @p mask selects; excess bits are cut off. */
#define SDXI_PUT(mask, val) (((uint64_t)(val) * ((mask) & (~(mask) + 1))) & (mask))

/** @name PCI identity and BARs
 * @{
 */
#define SDXI_PCI_CLASS		0x120100 /**< processing accelerator, SDXI, prog-if 0 */
#define SDXI_PCI_BAR_MMIO	0	 /**< control and status registers */
#define SDXI_PCI_BAR_DB		2	 /**< doorbells */
#define SDXI_MMIO_LEN		0x20030	 /**< bytes of BAR 0 that the registers below span */
#define SDXI_DB_STRIDE_MIN	4096	 /**< doorbell stride is this << CAP0.db_stride */
#define SDXI_INTR_ERRLOG	0	 /**< interrupt vector of the error log */
/** @} */

/** @name Registers: byte offsets in BAR 0
 * @{
 */
#define SDXI_MMIO_CTL0		0x00000
#define SDXI_MMIO_CTL2		0x00010
#define SDXI_MMIO_STS0		0x00100
#define SDXI_MMIO_CAP0		0x00200
#define SDXI_MMIO_CAP1		0x00208
#define SDXI_MMIO_VERSION	0x00210
#define SDXI_MMIO_CXT_L2	0x10000
#define SDXI_MMIO_RKEY		0x10100
#define SDXI_MMIO_ERR_CTL	0x20000
#define SDXI_MMIO_ERR_STS	0x20008
#define SDXI_MMIO_ERR_CFG	0x20010
#define SDXI_MMIO_ERR_WRT	0x20020
#define SDXI_MMIO_ERR_RD	0x20028
/** @} */

/** @name MMIO_CTL0
 * @{
 */
#define SDXI_CTL0_FN_GSR		SDXI_BITS(1, 0)
#define SDXI_CTL0_FN_PASID_VL		SDXI_BITS(2, 2)
#define SDXI_CTL0_FN_ERR_INTR_EN	SDXI_BITS(4, 4)
#define SDXI_CTL0_FN_PASID		SDXI_BITS(27, 8)
#define SDXI_CTL0_FN_GRP_ID		SDXI_BITS(63, 32)
/** @} */

/** Requests in CTL0.fn_gsr. */
enum sdxi_fn_gsr {
	SDXI_GSR_RESET = 0,
	SDXI_GSR_STOP_SF = 1,
	SDXI_GSR_STOP_HD = 2,
	SDXI_GSR_ACTIVE = 3,
};

/** @name MMIO_CTL2: limits that software grants, each within CAP1's
 * @{
 */
#define SDXI_CTL2_MAX_BUFFER	SDXI_BITS(3, 0)
#define SDXI_CTL2_MAX_AKEY_SZ	SDXI_BITS(15, 12)
#define SDXI_CTL2_MAX_CXT	SDXI_BITS(31, 16)
#define SDXI_CTL2_OPB_000_AVL	SDXI_BITS(63, 32)
/** @} */

#define SDXI_STS0_FN_GSV	SDXI_BITS(2, 0)

/** Function states in STS0.fn_gsv. */
enum sdxi_fn_gsv {
	SDXI_GSV_STOP = 0,
	SDXI_GSV_INIT = 1,
	SDXI_GSV_ACTIVE = 2,
	SDXI_GSV_STOPG_SF = 3,
	SDXI_GSV_STOPG_HD = 4,
	SDXI_GSV_ERROR = 5,
};

/** @name MMIO_CAP0
 * @{
 */
#define SDXI_CAP0_SFUNC			SDXI_BITS(15, 0)
#define SDXI_CAP0_DB_STRIDE		SDXI_BITS(22, 20)
#define SDXI_CAP0_MAX_DS_RING_SZ	SDXI_BITS(28, 24) /**< largest ring: 1024 << value */
/** @} */

/** @name MMIO_CAP1
 * @{
 */
#define SDXI_CAP1_MAX_BUFFER	SDXI_BITS(3, 0)	  /**< largest buffer: 2^(value + 21) bytes */
#define SDXI_CAP1_RKEY_CAP	SDXI_BITS(4, 4)
#define SDXI_CAP1_RM		SDXI_BITS(5, 5)
#define SDXI_CAP1_MMIO64	SDXI_BITS(6, 6)
#define SDXI_CAP1_MAX_ERRLOG_SZ	SDXI_BITS(11, 8)
#define SDXI_CAP1_MAX_AKEY_SZ	SDXI_BITS(15, 12) /**< largest AKey table: 256 << value entries */
#define SDXI_CAP1_MAX_CXT	SDXI_BITS(31, 16) /**< highest context number */
#define SDXI_CAP1_OPB_000_CAP	SDXI_BITS(63, 32) /**< operation groups, opaque to a driver */
/** @} */

#define SDXI_MAX_BUFFER_SHIFT	21 /**< unit of the max_buffer fields, log2 bytes */
#define SDXI_MAX_BUFFER_4G	11 /**< max_buffer value of the 4 GiB that a descriptor can name */

#define SDXI_VERSION_MINOR	SDXI_BITS(7, 0)
#define SDXI_VERSION_MAJOR	SDXI_BITS(23, 16)

#define SDXI_CXT_L2_PTR		SDXI_BITS(63, 12)

#define SDXI_RKEY_EN		SDXI_BITS(0, 0)
#define SDXI_RKEY_SZ		SDXI_BITS(4, 1)
#define SDXI_RKEY_PTR		SDXI_BITS(63, 12)

#define SDXI_ERR_CTL_INTR_EN	SDXI_BITS(0, 0)

/** @name MMIO_ERR_STS: write 1 to clear
 * @{
 */
#define SDXI_ERR_STS_STS	SDXI_BITS(0, 0) /**< entries were written */
#define SDXI_ERR_STS_OVF	SDXI_BITS(1, 1) /**< entries were lost, the log was full */
#define SDXI_ERR_STS_ERR	SDXI_BITS(3, 3) /**< the log itself could not be used */
/** @} */

#define SDXI_ERR_CFG_EN		SDXI_BITS(0, 0)
#define SDXI_ERR_CFG_SZ		SDXI_BITS(5, 1) /**< entries / 64 */
#define SDXI_ERR_CFG_PTR	SDXI_BITS(63, 12)
#define SDXI_ERRLOG_UNIT	64	/**< entries that one step of ERR_CFG.sz stands for */

/** @name Context tables
 * A context number's bits 15:7 index the level 2 table, bits 6:0 the level 1 table.
 * @{
 */
#define SDXI_TABLE_LEN		4096 /**< bytes and alignment of a context table */
#define SDXI_L2_ENTRIES		512
#define SDXI_L1_ENTRIES		128
#define SDXI_L1_SHIFT		7
#define SDXI_CXT_ADMIN		0 /**< number of the administrative context */

/** CXT_L2_ENT */
struct sdxi_cxt_l2_ent {
	sdxi_le64 lv01_ptr; /**< and vl */
};
#define SDXI_L2_ENT_VL		SDXI_BITS(0, 0)
#define SDXI_L2_ENT_LV01_PTR	SDXI_BITS(63, 12)

/** CXT_L1_ENT */
struct sdxi_cxt_l1_ent {
	sdxi_le64 cxt_ctl_ptr; /**< and vl, ka, pv */
	sdxi_le64 akey_ptr;    /**< and akey_sz */
	sdxi_le32 misc0;       /**< cxt_pasid, max_buffer */
	sdxi_le32 opb_000_enb;
	uint8_t rsvd_0[8];
};
#define SDXI_L1_ENT_VL		SDXI_BITS(0, 0)
#define SDXI_L1_ENT_KA		SDXI_BITS(1, 1)
#define SDXI_L1_ENT_PV		SDXI_BITS(2, 2)
#define SDXI_L1_ENT_CXT_CTL_PTR	SDXI_BITS(63, 6)
#define SDXI_L1_ENT_AKEY_SZ	SDXI_BITS(3, 0)
#define SDXI_L1_ENT_AKEY_PTR	SDXI_BITS(63, 12)
#define SDXI_L1_ENT_CXT_PASID	SDXI_BITS(19, 0)
#define SDXI_L1_ENT_MAX_BUFFER	SDXI_BITS(23, 20)
/** @} */

/** CXT_CTL: 64-byte aligned, written by software. */
struct sdxi_cxt_ctl {
	sdxi_le64 ds_ring_ptr; /**< and vl, qos, se, csa */
	sdxi_le32 ds_ring_sz;  /**< descriptors */
	uint8_t rsvd_0[4];
	sdxi_le64 cxt_sts_ptr;
	sdxi_le64 write_index_ptr;
	uint8_t rsvd_1[32];
};
#define SDXI_CXT_CTL_VL			SDXI_BITS(0, 0)
#define SDXI_CXT_CTL_QOS		SDXI_BITS(3, 2)
#define SDXI_CXT_CTL_SE			SDXI_BITS(4, 4)
#define SDXI_CXT_CTL_CSA		SDXI_BITS(5, 5)
#define SDXI_CXT_CTL_DS_RING_PTR	SDXI_BITS(63, 6)
#define SDXI_CXT_CTL_CXT_STS_PTR	SDXI_BITS(63, 4)
#define SDXI_CXT_CTL_WRITE_INDEX_PTR	SDXI_BITS(63, 3)
#define SDXI_QOS_LEVELS			4    /**< values of qos; 0 is served first [I] */
#define SDXI_DS_RING_SZ_MIN		1024 /**< descriptors in the smallest ring */

/** CXT_STS: 16-byte aligned, written by the function. */
struct sdxi_cxt_sts {
	uint8_t state; /**< bits 3:0, enum sdxi_cxt_state */
	uint8_t rsvd_0[7];
	sdxi_le64 read_index;
};
#define SDXI_CXT_STS_STATE	SDXI_BITS(3, 0)

/** Context states in CXT_STS.state. */
enum sdxi_cxt_state {
	SDXI_CXT_STOP_SW = 0,
	SDXI_CXT_RUN = 1,
	SDXI_CXT_STOPG_SW = 2,
	SDXI_CXT_STOP_FN = 4,
	SDXI_CXT_STOPG_FN = 6,
	SDXI_CXT_ERR_FN = 0xf,
};

/** AKEY_ENT; RKEY_ENT is the same with req_sfunc for tgt_sfunc and no rkey [E]. */
struct sdxi_akey_ent {
	sdxi_le16 intr_num;  /**< and vl, iv, pv */
	sdxi_le16 tgt_sfunc; /**< 0: this function's own address space */
	sdxi_le32 pasid;     /**< and pr */
	sdxi_le16 stag;
	uint8_t rsvd_0[2];
	sdxi_le16 rkey;
	uint8_t rsvd_1[2];
};
#define SDXI_AKEY_ENT_VL	SDXI_BITS(0, 0)
#define SDXI_AKEY_ENT_IV	SDXI_BITS(1, 1)
#define SDXI_AKEY_ENT_PV	SDXI_BITS(2, 2)
#define SDXI_AKEY_ENT_INTR_NUM	SDXI_BITS(14, 4)
#define SDXI_AKEY_ENT_PASID	SDXI_BITS(19, 0)
#define SDXI_AKEY_ENT_PR	SDXI_BITS(29, 29)
#define SDXI_AKEY_ENTRIES_MIN	256  /**< a table has this << akey_sz entries */
#define SDXI_AKEY_ALIGN		4096 /**< bytes */

/** CST_BLK, the completion status block: 32-byte aligned. */
struct sdxi_cst_blk {
	sdxi_le64 signal; /**< 0 is the terminal value */
	sdxi_le32 flags;
	uint8_t rsvd_0[20];
};
#define SDXI_CST_BLK_ER		SDXI_BITS(31, 31)

/** ERRLOG_HD_ENT: the log is a ring of 64 * n of them, 4 KiB aligned. */
struct sdxi_errlog_hd_ent {
	sdxi_le64 hd; /**< the fields below */
	sdxi_le64 dsc_index;
	uint8_t rsvd_0[28];
	sdxi_le16 err_class;
	uint8_t rsvd_1[2];
	uint8_t vendor[16];
};
#define SDXI_ERRLOG_VL		SDXI_BITS(0, 0)
#define SDXI_ERRLOG_STEP	SDXI_BITS(13, 8)
#define SDXI_ERRLOG_TYPE	SDXI_BITS(26, 16)
#define SDXI_ERRLOG_CV		SDXI_BITS(32, 32) /**< cxt_num is valid */
#define SDXI_ERRLOG_DIV		SDXI_BITS(33, 33) /**< dsc_index is valid */
#define SDXI_ERRLOG_BV		SDXI_BITS(34, 34) /**< buf is valid */
#define SDXI_ERRLOG_BUF		SDXI_BITS(38, 36)
#define SDXI_ERRLOG_SUB_STEP	SDXI_BITS(43, 40)
#define SDXI_ERRLOG_RE		SDXI_BITS(46, 44)
#define SDXI_ERRLOG_CXT_NUM	SDXI_BITS(63, 48)
#define SDXI_ERRLOG_TYPE_HD	0x7f7 /**< ERRLOG_HD_ENT's type */

/** Where it failed: ERRLOG_HD_ENT.step. */
enum sdxi_err_step {
	SDXI_STEP_INTERNAL = 1,
	SDXI_STEP_CXT_L2 = 2,
	SDXI_STEP_CXT_L1 = 3,
	SDXI_STEP_CXT_CTL = 4,
	SDXI_STEP_CXT_STS = 5,
	SDXI_STEP_WRITE_INDEX = 6,
	SDXI_STEP_DESC = 7,
	SDXI_STEP_CST_BLK = 8,
	SDXI_STEP_ATOMIC = 9,
	SDXI_STEP_BUFFER = 10,
	SDXI_STEP_AKEY = 11,
	SDXI_STEP_RKEY = 12,
};

/** Why it failed: ERRLOG_HD_ENT.sub_step. */
enum sdxi_err_sub_step {
	SDXI_SUB_STEP_OTHER = 0,
	SDXI_SUB_STEP_TRANSLATION = 1,
	SDXI_SUB_STEP_ACCESS = 2,
	SDXI_SUB_STEP_VALIDATION = 3,
};

/** What the function did about it: ERRLOG_HD_ENT.re. */
enum sdxi_err_reaction {
	SDXI_RE_INFORMATIVE = 0,
	SDXI_RE_CXT_STOPPED = 1,
	SDXI_RE_FN_STOPPED = 2,
};

/** @name Descriptors: 64 bytes
 * Bit masks are those of the descriptor's first 4 bytes, of its last 8 bytes, and of single fields.
 * @{
 */
#define SDXI_DESC_LEN		64
#define SDXI_DSC_VL		SDXI_BITS(0, 0)
#define SDXI_DSC_SE		SDXI_BITS(1, 1)
#define SDXI_DSC_FE		SDXI_BITS(2, 2)
#define SDXI_DSC_CH		SDXI_BITS(3, 3)
#define SDXI_DSC_CSR		SDXI_BITS(4, 4) /**< 0 atomic decrement, 1 simple [I] */
#define SDXI_DSC_RB		SDXI_BITS(5, 5)
#define SDXI_DSC_SUBTYPE	SDXI_BITS(15, 8)
#define SDXI_DSC_TYPE		SDXI_BITS(26, 16)
#define SDXI_DSC_NP		SDXI_BITS(0, 0) /**< no completion status block */
#define SDXI_DSC_CSB_PTR	SDXI_BITS(63, 5)

/** Type and subtype in place in a descriptor's first 4 bytes. */
#define SDXI_DSC_OP(type, subtype) ((uint32_t)(type) << 16 | (uint32_t)(subtype) << 8)

/** Descriptor types: operation groups. */
enum sdxi_dsc_type {
	SDXI_TYPE_DMAB = 0x001,
	SDXI_TYPE_ADMIN = 0x002, /**< context 0 only */
	SDXI_TYPE_ATOMIC = 0x003,
	SDXI_TYPE_INTR = 0x004,
};

/* Subtypes of SDXI_TYPE_DMAB. */
#define SDXI_DMAB_NOP		0x01
#define SDXI_DMAB_WRT_IMM	0x02 /* [E] */
#define SDXI_DMAB_COPY		0x03
#define SDXI_DMAB_REPCOPY	0x04 /* [I] */
/* Subtypes of SDXI_TYPE_ADMIN. */
#define SDXI_ADM_FN_UPD		0x00 /* [E] */
#define SDXI_ADM_CXT_UPD	0x01 /* [E] */
#define SDXI_ADM_AKEY_UPD	0x02 /* [E] */
#define SDXI_ADM_CXT_START_NM	0x03
#define SDXI_ADM_CXT_STOP	0x04
#define SDXI_ADM_INTR		0x05
#define SDXI_ADM_SYNC		0x06
#define SDXI_ADM_RKEY_UPD	0x07 /* [I] */
#define SDXI_ADM_CXT_START_RS	0x08
/* Subtype of SDXI_TYPE_INTR. */
#define SDXI_INTR_INTR		0x00

/** Any descriptor. */
struct sdxi_dsc {
	union {
		sdxi_le64 qw[8];
		struct {
			sdxi_le32 opcode; /**< the DSC masks */
			uint8_t body[52];
			sdxi_le64 csb_ptr; /**< and np */
		} any;
		/** DMAB_COPY; DMAB_REPCOPY [I]: addr0 is one 4 KiB page. */
		struct {
			sdxi_le32 opcode;
			sdxi_le32 size; /**< bytes - 1 */
			uint8_t attr;   /**< source 3:0, destination 7:4; 0: coherent memory */
			uint8_t rsvd_0[3];
			sdxi_le16 akey0; /**< source */
			sdxi_le16 akey1; /**< destination */
			sdxi_le64 addr0; /**< source */
			sdxi_le64 addr1; /**< destination */
			uint8_t rsvd_1[24];
			sdxi_le64 csb_ptr;
		} copy;
		/** DMAB_WRT_IMM [E] */
		struct {
			sdxi_le32 opcode;
			sdxi_le32 size; /**< bytes - 1, 0 to 31 */
			uint8_t attr;
			uint8_t rsvd_0[3];
			sdxi_le16 akey0;
			uint8_t rsvd_1[2];
			sdxi_le64 addr0; /**< destination */
			uint8_t data[32];
			sdxi_le64 csb_ptr;
		} wrt_imm;
		/** INTR */
		struct {
			sdxi_le32 opcode;
			uint8_t rsvd_0[8];
			sdxi_le16 akey;
			uint8_t rsvd_1[42];
			sdxi_le64 csb_ptr;
		} intr;
		/** CXT_UPD, AKEY_UPD, RKEY_UPD, CXT_START_NM, CXT_START_RS, CXT_STOP, SYNC */
		struct {
			sdxi_le32 opcode;
			uint8_t cflags; /**< CXT_UPD: enum sdxi_cxt_lvl; SYNC: enum sdxi_sync_flt */
			uint8_t vflags;
			sdxi_le16 vf_num;
			sdxi_le16 cxt_start; /**< range, inclusive */
			sdxi_le16 cxt_end;
			sdxi_le16 key_start; /**< range, inclusive */
			sdxi_le16 key_end;
			sdxi_le64 db_value; /**< CXT_START_NM, CXT_START_RS */
			uint8_t rsvd_0[32];
			sdxi_le64 csb_ptr;
		} adm;
	};
};

#define SDXI_REPCOPY_PAGE	4096 /**< bytes of DMAB_REPCOPY's source */
#define SDXI_WRT_IMM_MAX	32   /**< bytes */

/** CXT_UPD's level, in cflags. */
enum sdxi_cxt_lvl {
	SDXI_LVL_L2 = 0,
	SDXI_LVL_L1 = 1,
	SDXI_LVL_CXT_CTL = 2,
};

/** SYNC's filter, in cflags 2:0. */
enum sdxi_sync_flt {
	SDXI_FLT_CXT = 0,
	SDXI_FLT_STOP = 1,
	SDXI_FLT_AKEY = 2,
	SDXI_FLT_RKEY = 3,
	SDXI_FLT_FN = 4,
};
#define SDXI_SYNC_FLT		SDXI_BITS(2, 0)
#define SDXI_VFLAGS_HS		SDXI_BITS(5, 5) /**< CXT_STOP: hard stop */
#define SDXI_VFLAGS_DV		SDXI_BITS(6, 6) /**< CXT_START_*: db_value is valid */
#define SDXI_VFLAGS_VF		SDXI_BITS(7, 7) /**< vf_num is valid */
/** @} */

static_assert(sizeof(struct sdxi_cxt_l2_ent) == 8, "CXT_L2_ENT is 8 bytes");
static_assert(sizeof(struct sdxi_cxt_l1_ent) == 32, "CXT_L1_ENT is 32 bytes");
static_assert(sizeof(struct sdxi_cxt_ctl) == 64, "CXT_CTL is 64 bytes");
static_assert(sizeof(struct sdxi_cxt_sts) == 16, "CXT_STS is 16 bytes");
static_assert(sizeof(struct sdxi_akey_ent) == 16, "AKEY_ENT is 16 bytes");
static_assert(sizeof(struct sdxi_cst_blk) == 32, "CST_BLK is 32 bytes");
static_assert(sizeof(struct sdxi_errlog_hd_ent) == 64, "ERRLOG_HD_ENT is 64 bytes");
static_assert(sizeof(struct sdxi_dsc) == SDXI_DESC_LEN, "a descriptor is 64 bytes");

#endif /* _SDXI_HW_H_ */
