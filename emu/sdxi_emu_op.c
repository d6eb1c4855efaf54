/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include "sdxi_emu_priv.h"

/* One operation: what its descriptor may hold, whose memory it reaches, its data and its block. */

#define FAIL_BUF(buf) (EMU_FAIL_TRANSLATION(SDXI_STEP_BUFFER) | EMU_FAIL_ON(buf))

/* What an operation's descriptor may hold beyond zeros. [I] Memory attributes are 0. */
static const struct form {
	uint32_t op; /* type and subtype in place */
	uint8_t kind;
	uint8_t fixed; /* of fe, which then is 1, and se, which then is 0 */
	uint8_t qws;   /* bit i: qw[i], i from 2 on */
	uint32_t size; /* bits of the second 4 bytes */
	uint64_t qw1;  /* bits */
} forms[] = {
#define OP(type, subtype, kind) SDXI_DSC_OP(SDXI_TYPE_##type, SDXI_##subtype), EMU_KIND_##kind
#define KEYS_2 SDXI_BITS(63, 32)
#define KEY SDXI_BITS(47, 32)
#define RANGE SDXI_BITS(31, 0)
#define CFLAGS 0xff
#define VFLAGS(bits) ((uint32_t)(bits) << 8) /* vf_num is 0 */
#define FE_NO_SE (SDXI_DSC_FE | SDXI_DSC_SE)
#define START FE_NO_SE, 1 << 2, VFLAGS(SDXI_VFLAGS_DV), RANGE
	{ OP(DMAB, DMAB_COPY, COPY), 0, 1 << 2 | 1 << 3, UINT32_MAX, KEYS_2 },
	{ OP(DMAB, DMAB_NOP, NOP), SDXI_DSC_SE, 0, 0, 0 },
	{ OP(DMAB, DMAB_WRT_IMM, WRT_IMM), 0, 0x7c, UINT32_MAX, KEY },
	{ OP(DMAB, DMAB_REPCOPY, REPCOPY), 0, 1 << 2 | 1 << 3, UINT32_MAX, KEYS_2 },
	{ OP(INTR, INTR_INTR, INTR), 0, 0, 0, KEY },
	{ OP(ADMIN, ADM_FN_UPD, ADMIN), 0, 0, 0, 0 },
	{ OP(ADMIN, ADM_CXT_UPD, ADMIN), 0, 0, CFLAGS, RANGE },
	{ OP(ADMIN, ADM_AKEY_UPD, ADMIN), 0, 0, 0, RANGE | KEYS_2 },
	{ OP(ADMIN, ADM_CXT_START_NM, ADMIN), START },
	{ OP(ADMIN, ADM_CXT_STOP, ADMIN), FE_NO_SE, 0, VFLAGS(SDXI_VFLAGS_HS), RANGE },
	{ OP(ADMIN, ADM_INTR, INTR), 0, 0, 0, KEY }, /* [I] as INTR */
	{ OP(ADMIN, ADM_SYNC, ADMIN), 0, 0, CFLAGS, RANGE | KEYS_2 },
	{ OP(ADMIN, ADM_RKEY_UPD, ADMIN), 0, 0, 0, RANGE | KEYS_2 },
	{ OP(ADMIN, ADM_CXT_START_RS, ADMIN), START },
};

/* What may be set in 4 bytes: not ch, of descriptors that take more slots. [I] rb has no effect. */
#define DSC_OP (SDXI_DSC_SUBTYPE | SDXI_DSC_TYPE)
#define DSC_FLAGS (SDXI_DSC_VL | SDXI_DSC_SE | SDXI_DSC_FE | SDXI_DSC_CSR | SDXI_DSC_RB)

static const struct form *
form_find(const struct emu_cxt *cxt, uint32_t opcode)
{
	const unsigned int type = SDXI_GET(SDXI_DSC_TYPE, opcode);
	unsigned int i;

	/* DMAB is everybody's, ADMIN context 0's; the other groups are granted. */
	if ((opcode & ~(DSC_OP | DSC_FLAGS)) != 0 || type >= 32 ||
	    (type == SDXI_TYPE_ADMIN ? cxt->num != SDXI_CXT_ADMIN :
	     type != SDXI_TYPE_DMAB && !(cxt->opb & EMU_OPB(type))))
		return NULL;
	for (i = 0; i < EMU_DIM(forms); i++)
		if (forms[i].op == (opcode & DSC_OP))
			return &forms[i];
	return NULL;
}

static bool
form_fits(const struct form *form, const struct sdxi_dsc *dsc)
{
	const uint64_t qw0 = emu_le64(dsc->qw[0]);
	uint64_t rest = ((qw0 ^ SDXI_DSC_FE) & form->fixed) | (qw0 >> 32 & ~form->size) |
			(emu_le64(dsc->qw[1]) & ~form->qw1);
	unsigned int i;

	for (i = 2; i < 7; i++)
		rest |= form->qws & 1u << i ? 0 : dsc->qw[i];
	return rest == 0;
}

/* Read a table's entry for a key. [I] With one address space, a key with a PASID is refused. */
static emu_fail_t
key_read(struct sdxi_emu *emu, void *mem, enum sdxi_err_step step, uint64_t table, uint16_t key,
	 uint32_t entries, struct sdxi_akey_ent *ent)
{
	const uint64_t iova = table + key * sizeof(*ent);
	emu_fail_t fail;

	if (key >= entries || iova < table)
		return EMU_FAIL_VALIDATION(step);
	fail = emu_entry_read(emu, mem, step, iova, ent, sizeof(*ent));
	return fail == 0 && (emu_le16(ent->intr_num) & SDXI_AKEY_ENT_PV) ?
	       EMU_FAIL_VALIDATION(step) : fail;
}

/* Another function's memory, if its RKey table names this one in the AKey's entry [9]. */
static emu_fail_t
rkey_check(struct sdxi_emu *emu, const struct sdxi_akey_ent *akey, void **mem)
{
	struct sdxi_akey_ent ent;
	emu_fail_t fail;
	uint64_t reg;

	/* A register that is absent may read as ones. */
	if (emu->ops.peer == NULL ||
	    !emu->ops.peer(emu->opaque, emu_le16(akey->tgt_sfunc), &reg, mem) ||
	    (reg & ~(SDXI_RKEY_SZ | SDXI_RKEY_PTR)) != SDXI_RKEY_EN)
		return EMU_FAIL_VALIDATION(SDXI_STEP_RKEY);
	fail = key_read(emu, *mem, SDXI_STEP_RKEY, reg & SDXI_RKEY_PTR, emu_le16(akey->rkey),
			SDXI_AKEY_ENTRIES_MIN << SDXI_GET(SDXI_RKEY_SZ, reg), &ent);
	return fail == 0 && emu_le16(ent.tgt_sfunc) != emu->conf.sfunc ?
	       EMU_FAIL_VALIDATION(SDXI_STEP_RKEY) : fail;
}

static bool
is_own(const struct sdxi_emu *emu, const struct sdxi_akey_ent *ent)
{
	return ent->tgt_sfunc == 0 || emu_le16(ent->tgt_sfunc) == emu->conf.sfunc;
}

/* Look up the AKey of a buffer: whose memory it is. */
static emu_fail_t
akey_check(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op, uint16_t akey, int buf)
{
	void **mem = buf == EMU_BUF_SRC ? &op->src_mem : &op->dst_mem;
	struct sdxi_akey_ent ent;
	emu_fail_t fail;

	*mem = emu->opaque;
	if (emu_akey_known(cxt, akey))
		return 0;
	fail = key_read(emu, emu->opaque, SDXI_STEP_AKEY, cxt->akey_ptr, akey, cxt->akeys, &ent);
	if (fail == 0 && !is_own(emu, &ent)) {
		op->foreign = true;
		fail = rkey_check(emu, &ent, mem);
	} else if (fail == 0) {
		cxt->akey[akey % EMU_AKEYS] = akey + UINT32_C(1);
	}
	return fail != 0 ? fail | EMU_FAIL_ON(buf) : 0;
}

/* [I] The one buffer of WRT_IMM is the destination, and logged as that. */
static emu_fail_t
keys_check(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	const uint16_t akey0 = emu_le16(op->dsc.copy.akey0), akey1 = emu_le16(op->dsc.copy.akey1);
	emu_fail_t fail;

	op->foreign = false;
	if (op->kind == EMU_KIND_WRT_IMM)
		return akey_check(emu, cxt, op, akey0, EMU_BUF_DST);
	fail = akey_check(emu, cxt, op, akey0, EMU_BUF_SRC);
	return fail != 0 ? fail : akey_check(emu, cxt, op, akey1, EMU_BUF_DST);
}

/* Source, destination and block must not overlap. */
static bool
data_overlaps(const struct sdxi_emu *emu, const struct emu_op *op, uint64_t src_len)
{
	const uint64_t last = emu_le64(op->dsc.any.csb_ptr), csb = last & SDXI_DSC_CSB_PTR;
	const uint64_t len = last & SDXI_DSC_NP ? 0 : sizeof(struct sdxi_cst_blk);

	return (op->src_mem == op->dst_mem && emu_overlap(op->src, src_len, op->dst, op->len)) ||
	       (op->src_mem == emu->opaque && emu_overlap(op->src, src_len, csb, len)) ||
	       (op->dst_mem == emu->opaque && emu_overlap(op->dst, op->len, csb, len));
}

static emu_fail_t
data_judge(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	const bool imm = op->kind == EMU_KIND_WRT_IMM, rep = op->kind == EMU_KIND_REPCOPY;
	const uint64_t src_len = imm ? 0 : rep ? SDXI_REPCOPY_PAGE : op->len;
	emu_fail_t fail;

	if (op->len > (imm ? SDXI_WRT_IMM_MAX : cxt->max_len))
		return EMU_FAIL_DESC;
	op->src = emu_le64(op->dsc.copy.addr0);
	op->dst = emu_le64(imm ? op->dsc.copy.addr0 : op->dsc.copy.addr1);
	fail = keys_check(emu, cxt, op);
	if (fail != 0)
		return fail;
	if (src_len != 0 && op->src + (src_len - 1) < op->src)
		return FAIL_BUF(EMU_BUF_SRC);
	if (op->dst + (op->len - 1) < op->dst)
		return FAIL_BUF(EMU_BUF_DST);
	/* [I] Source, destination and length of REPCOPY are multiples of the page. */
	return data_overlaps(emu, op, src_len) ||
	       (rep && (op->src | op->dst | op->len) % SDXI_REPCOPY_PAGE != 0) ? EMU_FAIL_DESC : 0;
}

static emu_fail_t
intr_judge(struct sdxi_emu *emu, const struct emu_cxt *cxt, struct emu_op *op)
{
	struct sdxi_akey_ent ent;
	const emu_fail_t fail = key_read(emu, emu->opaque, SDXI_STEP_AKEY, cxt->akey_ptr,
					 emu_le16(op->dsc.copy.akey0), cxt->akeys, &ent);

	if (fail != 0)
		return fail;
	op->intr_num = SDXI_GET(SDXI_AKEY_ENT_INTR_NUM, emu_le16(ent.intr_num));
	return is_own(emu, &ent) && (emu_le16(ent.intr_num) & SDXI_AKEY_ENT_IV) ? 0 :
	       EMU_FAIL_VALIDATION(SDXI_STEP_AKEY);
}

/* [I] A bad first word stops the context in either error reaction: what it meant is unknown. */
static emu_fail_t
op_judge(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	const uint32_t opcode = emu_le32(op->dsc.any.opcode);
	const struct form *form = form_find(cxt, opcode);

	if (form == NULL)
		return EMU_FAIL_DESC | EMU_FAIL_FATAL;
	op->kind = form->kind;
	op->len = (uint64_t)emu_le32(op->dsc.copy.size) + 1;
	if (!form_fits(form, &op->dsc))
		return EMU_FAIL_DESC;
	return op->kind == EMU_KIND_NOP ? 0 : op->kind == EMU_KIND_INTR ? intr_judge(emu, cxt, op) :
	       op->kind == EMU_KIND_ADMIN ? emu_admin_judge(emu, op) : data_judge(emu, cxt, op);
}

emu_fail_t
emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	const uint64_t last = emu_le64(op->dsc.any.csb_ptr);
	const bool good = (last & EMU_CSB_RESERVED) == 0;

	/* An operation whose block cannot be read is not executed. */
	if (!(last & SDXI_DSC_NP))
		op->sampled = good && emu_read64(emu, last & SDXI_DSC_CSB_PTR, &op->signal);
	if (op->sampled || (last & SDXI_DSC_NP))
		return op_judge(emu, cxt, op);
	op->hide |= EMU_HIDE_BLOCK;
	return good ? EMU_FAIL_TRANSLATION(SDXI_STEP_CST_BLK) :
		      EMU_FAIL_VALIDATION(SDXI_STEP_CST_BLK);
}

/* Move a piece of the data, of at most a page between two functions' memory. */
static enum sdxi_emu_mem
move(struct sdxi_emu *emu, const struct emu_op *op, uint64_t at, size_t len)
{
	const uint64_t src = op->kind == EMU_KIND_REPCOPY ? op->src : op->src + at;
	uint8_t page[SDXI_REPCOPY_PAGE], *data = page;

	if (op->kind == EMU_KIND_WRT_IMM)
		data = SDXI_WRT_IMM_DATA(&op->dsc);
	else if (op->src_mem == op->dst_mem)
		return emu->ops.copy(op->src_mem, op->dst + at, src, len);
	else if (emu->ops.read(op->src_mem, src, page, len) != SDXI_EMU_MEM_OK)
		return SDXI_EMU_MEM_SRC_FAULT;
	return emu->ops.write(op->dst_mem, op->dst + at, data, len) == SDXI_EMU_MEM_OK ?
	       SDXI_EMU_MEM_OK : SDXI_EMU_MEM_DST_FAULT;
}

emu_fail_t
emu_op_move(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op, size_t part)
{
	/* Since the part before, the other function may be gone, or its key. */
	const emu_fail_t fail = op->foreign && op->done != 0 ? keys_check(emu, cxt, op) : 0;
	const bool whole = op->kind == EMU_KIND_COPY && op->src_mem == op->dst_mem;
	enum sdxi_emu_mem res = SDXI_EMU_MEM_OK;
	size_t at, len;

	for (at = 0; fail == 0 && res == SDXI_EMU_MEM_OK && at < part; at += len) {
		len = whole ? part : EMU_MIN(part - at, SDXI_REPCOPY_PAGE);
		res = move(emu, op, op->done + at, len);
	}
	if (fail != 0 || res == SDXI_EMU_MEM_OK)
		return fail;
	return res == SDXI_EMU_MEM_SRC_FAULT ? FAIL_BUF(EMU_BUF_SRC) :
	       res == SDXI_EMU_MEM_DST_FAULT ? FAIL_BUF(EMU_BUF_DST) :
	       EMU_FAIL_TRANSLATION(SDXI_STEP_BUFFER);
}

bool
emu_op_complete(struct sdxi_emu *emu, const struct emu_op *op)
{
	const uint64_t last = emu_le64(op->dsc.any.csb_ptr), csb = last & SDXI_DSC_CSB_PTR;
	const uint64_t csr = SDXI_GET(SDXI_DSC_CSR, emu_le32(op->dsc.any.opcode));
	const uint32_t flags = emu_le32((uint32_t)SDXI_CST_BLK_ER);
	uint64_t signal = op->signal;

	/* [I] Reserved bits: not checked yet where the operation's failure was injected. */
	if ((last & SDXI_DSC_NP) || (last & EMU_CSB_RESERVED) || (op->hide & EMU_HIDE_BLOCK))
		return true;
	if ((op->er || op->fail != 0) &&
	    emu->ops.write(emu->opaque, csb + offsetof(struct sdxi_cst_blk, flags), &flags,
			   sizeof(flags)) != SDXI_EMU_MEM_OK)
		return false;
	if (op->hide & EMU_HIDE_SIGNAL)
		return true;
	/* [9] Decremented with csa or without. [I] Simple mode: from its value at the beginning. */
	if ((csr == emu->conf.csr || !op->sampled) && !emu_read64(emu, csb, &signal))
		return false;
	return emu->ops.write64(emu->opaque, csb, emu_le64(signal - 1)) == SDXI_EMU_MEM_OK;
}
