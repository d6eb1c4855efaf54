/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_HW_H_
#define _SDXI_HW_H_

/**
 * @file
 * SDXI 1.0 in memory and in registers, by the names of SNIA's specification v1.0a. This is all that
 * the driver and the emulated function share, and holds no logic. Registers have 64 bits.
 *
 * Tags say how sure a definition is: [9] from 0.9-era public code, 1.0 may differ; [I] inferred.
 */

#include <assert.h>
#include <stdint.h>

/* Little-endian in memory; the conversion is the user's. */
typedef uint16_t sdxi_le16;
typedef uint32_t sdxi_le32;
typedef uint64_t sdxi_le64;

/** Mask of bits hi..lo of a 64-bit word. */
#define SDXI_BITS(hi, lo) ((UINT64_MAX >> (63 - (hi))) & (UINT64_MAX << (lo)))
/** Value of the field that @p mask selects in @p word; the division is a shift. */
#define SDXI_GET(mask, word) (((word) & (mask)) / ((mask) & (~(mask) + 1)))
/** @p val placed in the field that @p mask selects; excess bits are cut off. */
#define SDXI_PUT(mask, val) (((uint64_t)(val) * ((mask) & (~(mask) + 1))) & (mask))

/* PCI identity and BARs */
#define SDXI_PCI_CLASS		0x120100 /**< processing accelerator, SDXI, prog-if 0 */
#define SDXI_PCI_BAR_MMIO	0	 /**< control and status registers */
#define SDXI_PCI_BAR_DB		2	 /**< doorbells */
#define SDXI_MMIO_LEN		0x20030	 /**< bytes of BAR 0 that the registers below span */
#define SDXI_DB_STRIDE_MIN	4096	 /**< doorbell stride is this << CAP0.db_stride */

/* Registers: byte offsets in BAR 0 */
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

#define SDXI_CTL0_FN_GSR		SDXI_BITS(1, 0)
#define SDXI_CTL0_FN_PASID_VL		SDXI_BITS(2, 2)
#define SDXI_CTL0_FN_ERR_INTR_EN	SDXI_BITS(4, 4)
#define SDXI_CTL0_FN_PASID		SDXI_BITS(27, 8)

/** Requests in CTL0.fn_gsr. */
enum sdxi_fn_gsr {
	SDXI_GSR_RESET = 0,
	SDXI_GSR_STOP_SF = 1,
	SDXI_GSR_STOP_HD = 2,
	SDXI_GSR_ACTIVE = 3,
};

/* MMIO_CTL2: limits that software grants, each within CAP1's */
#define SDXI_CTL2_MAX_BUFFER	SDXI_BITS(3, 0)
#define SDXI_CTL2_MAX_AKEY_SZ	SDXI_BITS(15, 12)
#define SDXI_CTL2_MAX_CXT	SDXI_BITS(31, 16)
#define SDXI_CTL2_OPB_000_AVL	SDXI_BITS(63, 32)

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

#define SDXI_CAP0_DB_STRIDE		SDXI_BITS(22, 20)
#define SDXI_CAP0_MAX_DS_RING_SZ	SDXI_BITS(28, 24) /**< largest ring: 1024 << value */

#define SDXI_CAP1_MAX_BUFFER	SDXI_BITS(3, 0)	  /**< largest buffer: 2^(value + 21) bytes */
#define SDXI_CAP1_MAX_ERRLOG_SZ	SDXI_BITS(11, 8)
#define SDXI_CAP1_MAX_CXT	SDXI_BITS(31, 16) /**< highest context number */
#define SDXI_CAP1_OPB_000_CAP	SDXI_BITS(63, 32) /**< operation groups, opaque to a driver */

#define SDXI_MAX_BUFFER_SHIFT	21 /**< unit of the max_buffer fields, log2 bytes */

#define SDXI_VERSION_MINOR	SDXI_BITS(7, 0)
#define SDXI_VERSION_MAJOR	SDXI_BITS(23, 16)

#define SDXI_ERR_CTL_INTR_EN	SDXI_BITS(0, 0)

/* MMIO_ERR_STS: write 1 to clear */
#define SDXI_ERR_STS_STS	SDXI_BITS(0, 0) /**< entries were written */
#define SDXI_ERR_STS_OVF	SDXI_BITS(1, 1) /**< entries were lost, the log was full */
#define SDXI_ERR_STS_ERR	SDXI_BITS(3, 3) /**< the log itself could not be used */

#define SDXI_ERR_CFG_EN		SDXI_BITS(0, 0)
#define SDXI_ERR_CFG_SZ		SDXI_BITS(5, 1) /**< entries / 64 */
#define SDXI_ERRLOG_UNIT	64	/**< entries that one step of ERR_CFG.sz stands for */

/* Context tables: a number's bits 15:7 index the level 2 table, bits 6:0 the level 1 table. */
#define SDXI_TABLE_LEN		4096 /**< bytes and alignment of a context table */
#define SDXI_L2_ENTRIES		512
#define SDXI_L1_ENTRIES		128
#define SDXI_L1_SHIFT		7
#define SDXI_CXT_ADMIN		0 /**< number of the administrative context */

struct sdxi_cxt_l2_ent {
	sdxi_le64 lv01_ptr; /**< and vl */
};
#define SDXI_L2_ENT_VL		SDXI_BITS(0, 0)

struct sdxi_cxt_l1_ent {
	sdxi_le64 cxt_ctl_ptr; /**< and vl, ka, pv */
	sdxi_le64 akey_ptr;    /**< and akey_sz */
	sdxi_le32 misc0;       /**< cxt_pasid, max_buffer */
	sdxi_le32 opb_000_enb;
	uint8_t rsvd_0[8];
};
#define SDXI_L1_ENT_VL		SDXI_BITS(0, 0)
#define SDXI_L1_ENT_KA		SDXI_BITS(1, 1)
#define SDXI_L1_ENT_MAX_BUFFER	SDXI_BITS(23, 20)

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
#define SDXI_CXT_CTL_SE			SDXI_BITS(4, 4)
#define SDXI_CXT_CTL_CSA		SDXI_BITS(5, 5)
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

/** AKEY_ENT; RKEY_ENT is the same with req_sfunc for tgt_sfunc and no rkey [9]. */
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

/* Descriptors: VL and FE are in the first 4 bytes, NP is in the last 8. */
#define SDXI_DESC_LEN		64
#define SDXI_DSC_VL		SDXI_BITS(0, 0)
#define SDXI_DSC_FE		SDXI_BITS(2, 2)
#define SDXI_DSC_NP		SDXI_BITS(0, 0) /**< no completion status block */

/** Type and subtype in place in a descriptor's first 4 bytes. */
#define SDXI_DSC_OP(type, subtype) ((uint32_t)(type) << 16 | (uint32_t)(subtype) << 8)

/* Types (operation groups), and their subtypes. */
#define SDXI_TYPE_DMAB		0x001
#define SDXI_DMAB_NOP		0x01
#define SDXI_DMAB_COPY		0x03
#define SDXI_TYPE_ADMIN		0x002 /**< context 0 only */
#define SDXI_ADM_CXT_UPD	0x01 /* [9] */
#define SDXI_ADM_CXT_START_NM	0x03
#define SDXI_ADM_CXT_STOP	0x04
#define SDXI_ADM_SYNC		0x06

struct sdxi_dsc {
	union {
		sdxi_le64 qw[8];
		struct {
			sdxi_le32 opcode; /**< the DSC masks */
			uint8_t body[52];
			sdxi_le64 csb_ptr; /**< and np */
		} any;
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
		struct {
			sdxi_le32 opcode;
			uint8_t cflags; /**< CXT_UPD: SDXI_LVL_*; SYNC: SDXI_FLT_* */
			uint8_t vflags;
			sdxi_le16 vf_num;
			sdxi_le16 cxt_start; /**< range, inclusive */
			sdxi_le16 cxt_end;
			sdxi_le16 key_start; /**< range, inclusive */
			sdxi_le16 key_end;
			sdxi_le64 db_value; /**< CXT_START_* */
			uint8_t rsvd_0[32];
			sdxi_le64 csb_ptr;
		} adm;
	};
};

#define SDXI_LVL_L1		1 /**< CXT_UPD.cflags: what is below a level 1 entry [9] */
#define SDXI_FLT_CXT		0 /**< SYNC.cflags: updates of contexts */
#define SDXI_FLT_STOP		1 /**< SYNC.cflags: stops of contexts */
#define SDXI_VFLAGS_HS		SDXI_BITS(5, 5) /**< CXT_STOP: hard stop */
#define SDXI_VFLAGS_DV		SDXI_BITS(6, 6) /**< CXT_START_*: db_value is valid */
#define SDXI_VFLAGS_VF		SDXI_BITS(7, 7) /**< vf_num is valid */

static_assert(sizeof(struct sdxi_cxt_l1_ent) == 32 && sizeof(struct sdxi_cxt_ctl) == 64 &&
	      sizeof(struct sdxi_cxt_sts) == 16 && sizeof(struct sdxi_akey_ent) == 16 &&
	      sizeof(struct sdxi_cst_blk) == 32 && sizeof(struct sdxi_errlog_hd_ent) == 64 &&
	      sizeof(struct sdxi_dsc) == SDXI_DESC_LEN, "sizes are SDXI's");

#endif /* _SDXI_HW_H_ */
