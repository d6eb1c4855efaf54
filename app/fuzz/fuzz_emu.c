/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Fuzzes the emulated function with software controlled by the input.
 *
 * The input is a header of 16 bytes, the function's configuration, and records of 16 bytes, each an
 * action of software or of the function. HEAD_UP starts with a correctly initialized function
 * (tables, contexts and doorbells) for the records to corrupt. emu_watch.c checks the function's
 * accesses to memory.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu_watch.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned int seed);
/* Missing when a corpus is replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Fields that neither the driver nor the function uses. */
#define SDXI_AKEY_ENT_PASID SDXI_BITS(19, 0)
#define SDXI_CXT_CTL_QOS SDXI_BITS(3, 2)
#define SDXI_DSC_CH SDXI_BITS(3, 3)

#define REC_LEN 16
#define SFUNC 0x42
/* Limits per input. */
#define MAX_ACCESSES 100000
#define MAX_COPIED (UINT64_C(16) << 20)
#define MAX_BUDGET 64

/* Bits of the header's first byte. */
#define HEAD_UP (1u << 0)
#define HEAD_REORDER (1u << 1)
#define HEAD_CONTINUE (1u << 2)
#define HEAD_DOORBELLS (1u << 3) /* doorbells in memory */
#define HEAD_MAP_SHIFT 4	 /* two bits: enum in emu_watch.h */
#define HEAD_HELD (1u << 6)	 /* do not start contexts yet */
#define HEAD_PLAIN (1u << 7)	 /* copies do not report which side failed */

enum op {
	OP_RUN,	     /* b: budget, c: repetitions */
	OP_RUN_TOO,  /* as OP_RUN; kept because the numbers are part of the corpus */
	OP_REG_SET,  /* b: register, c: size or offset */
	OP_REG_GET,  /* c: offset, b: size */
	OP_DOORBELL, /* b: context */
	OP_DB_STORE, /* b: context */
	OP_POKE,     /* sel: region, b: size and kind, c: offset, d: value */
	OP_PUSH,     /* sel: context, b: kind and flags, c: parameters, d: value to corrupt with */
	OP_PUSH_RAW, /* sel: context, b: flags; the next four records are a descriptor */
	OP_BUILD,    /* sel: context, b: flags, d: index */
	OP_UP,	     /* activate */
	OP_GSR,	     /* b: request */
	OP_RESET,    /* sdxi_emu_reset() */
	OP_PERM,     /* sel: region, b: permissions */
	OP_INJECT,
	OP_INJECT_TEXT, /* the next four records are a string */
	OP_CLEAR,
	OP_REMOVE, /* replace the function by a new one */
	OP_HOOK,   /* b: access number 7:0, sel, b 8, c, d: action at that access */
	OP_AKEY,   /* sel: context, b: entry, c: contents */
	OP_FLR,
	OP_WIX, /* sel: context, b: flags, d: value */
	OPS,
};
struct record {
	uint8_t op;
	uint8_t sel;
	uint16_t b;
	uint32_t c;
	uint64_t d;
};

struct fn {
	struct watch w;
	uint64_t wix[WATCH_CXTS]; /* index of its producer */
	uint8_t fills;
	struct record hook;
};

static struct fn the_fn;
/* Context numbers by place; they use two level 2 entries. */
static const uint16_t nums[WATCH_CXTS] = { 0, 1, 2, 130 };

static uint64_t
at(const struct fn *fn, unsigned int region)
{
	return fn->w.region[region].iova;
}

static void
poke64(struct fn *fn, unsigned int region, uint32_t off, uint64_t val)
{
	val = le64(val);
	watch_poke(&fn->w, region, off, &val, sizeof(val));
}

static uint64_t
reg_get(struct fn *fn, uint64_t off)
{
	return sdxi_emu_reg_read(fn->w.emu, off, 8);
}

static void
reg_set(struct fn *fn, uint64_t off, uint64_t val, unsigned int size)
{
	sdxi_emu_reg_write(fn->w.emu, off, val, size);
	watch_state(&fn->w);
}

static void
ask(struct fn *fn, enum sdxi_fn_gsr gsr)
{
	reg_set(fn, SDXI_MMIO_CTL0, (reg_get(fn, SDXI_MMIO_CTL0) & ~SDXI_CTL0_FN_GSR) | gsr, 8);
}

static unsigned int
state(struct fn *fn)
{
	return reg_get(fn, SDXI_MMIO_STS0);
}

/* ---- correct software ---- */

/* Set up the memory and tables of a context; flags: first word of CXT_CTL. */
static void
cxt_build(struct fn *fn, unsigned int place, uint64_t index, uint64_t flags)
{
	const unsigned int num = nums[place], akeys = place == WATCH_CXTS - 1;
	const struct sdxi_cxt_l1_ent l1 = {
		.cxt_ctl_ptr = le64(at(fn, region_of(place, PART_CTL)) | SDXI_L1_ENT_VL),
		.akey_ptr = le64(at(fn, region_of(place, PART_AKEY)) | akeys),
		.misc0 = le32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER, SDXI_MAX_BUFFER_4G)),
		.opb_000_enb = le32(1u << SDXI_TYPE_INTR),
	};
	const struct sdxi_cxt_ctl ctl = {
		.ds_ring_ptr = le64(at(fn, region_of(place, PART_RING)) | SDXI_CXT_CTL_VL | flags),
		.ds_ring_sz = le32(RING_SZ),
		.cxt_sts_ptr = le64(at(fn, region_of(place, PART_STS))),
		.write_index_ptr = le64(at(fn, region_of(place, PART_WIX))),
	};
	const unsigned int l1_region = num < SDXI_L1_ENTRIES ? REG_L1A : REG_L1B;

	watch_poke(&fn->w, region_of(place, PART_CTL), 0, &ctl, sizeof(ctl));
	poke64(fn, region_of(place, PART_STS), 0, SDXI_CXT_STOP_SW);
	poke64(fn, region_of(place, PART_STS), 8, index);
	poke64(fn, region_of(place, PART_WIX), 0, index);
	poke64(fn, region_of(place, PART_AKEY), 0, SDXI_AKEY_ENT_VL);
	watch_poke(&fn->w, l1_region, num % SDXI_L1_ENTRIES * sizeof(l1), &l1, sizeof(l1));
	poke64(fn, REG_L2, num / SDXI_L1_ENTRIES * 8, at(fn, l1_region) | SDXI_L2_ENT_VL);
	fn->wix[place] = index;
}

/* Write the registers and request ACTIVE. */
static void
fn_up(struct fn *fn)
{
	unsigned int i;

	reg_set(fn, SDXI_MMIO_CTL2, reg_get(fn, SDXI_MMIO_CAP1), 8);
	reg_set(fn, SDXI_MMIO_CXT_L2, at(fn, REG_L2), 8);
	reg_set(fn, SDXI_MMIO_ERR_CFG,
		at(fn, REG_LOG) | SDXI_PUT(SDXI_ERR_CFG_SZ, 1) | SDXI_ERR_CFG_EN, 8);
	reg_set(fn, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN, 8);
	ask(fn, SDXI_GSR_ACTIVE);
	for (i = 0; i < 2000 && state(fn) == SDXI_GSV_INIT; i++)
		watch_run(&fn->w, MAX_BUDGET);
	sdxi_emu_doorbell(fn->w.emu, SDXI_CXT_ADMIN, 0);
}

/* Flags for putting a descriptor into a ring. */
#define PUSH_DOORBELL (1u << 0)
#define PUSH_NO_BLOCK (1u << 1)
#define PUSH_SHARED (1u << 2) /* use the completion block of slot 0 */
#define PUSH_FE (1u << 3)
#define PUSH_SE (1u << 4)
#define PUSH_CH (1u << 5)

static uint64_t
block_at(const struct fn *fn, unsigned int place, uint64_t index)
{
	return at(fn, region_of(place, PART_CST)) +
	       index % CST_BLKS * sizeof(struct sdxi_cst_blk);
}

static void
push(struct fn *fn, unsigned int place, struct sdxi_dsc dsc, unsigned int how)
{
	const uint64_t index = fn->wix[place]++, block = how & PUSH_SHARED ? 0 : index;
	struct sdxi_cst_blk cst = { .signal = le64(1) };
	const uint32_t off = index % RING_SZ * SDXI_DESC_LEN;

	if (how & PUSH_NO_BLOCK) {
		dsc.any.csb_ptr = le64(SDXI_DSC_NP);
	} else if (dsc.any.csb_ptr == 0) {
		dsc.any.csb_ptr = le64(block_at(fn, place, block));
		watch_poke(&fn->w, region_of(place, PART_CST),
			   block % CST_BLKS * sizeof(cst), &cst, sizeof(cst));
	}
	dsc.any.opcode |= le32(SDXI_DSC_VL | (how & PUSH_FE ? SDXI_DSC_FE : 0) |
			       (how & PUSH_SE ? SDXI_DSC_SE : 0) |
			       (how & PUSH_CH ? SDXI_DSC_CH : 0));
	watch_poke(&fn->w, region_of(place, PART_RING), off, &dsc, sizeof(dsc));
	poke64(fn, region_of(place, PART_WIX), 0, fn->wix[place]);
	if (how & PUSH_DOORBELL)
		sdxi_emu_doorbell(fn->w.emu, nums[place], fn->wix[place]);
}

static struct sdxi_dsc
dsc_adm(unsigned int subtype, uint16_t first, uint16_t last)
{
	struct sdxi_dsc dsc = { .any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_ADMIN, subtype)) };

	if (subtype == SDXI_ADM_CXT_START_NM || subtype == SDXI_ADM_CXT_START_RS ||
	    subtype == SDXI_ADM_CXT_STOP)
		dsc.any.opcode |= le32(SDXI_DSC_FE);
	dsc.adm.cxt_start = le16(first);
	dsc.adm.cxt_end = le16(last);
	return dsc;
}

static struct sdxi_dsc
dsc_copy(uint64_t dst, uint64_t src, uint32_t len)
{
	struct sdxi_dsc dsc = {
		.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_COPY)),
	};

	dsc.copy.size = le32(len - 1);
	dsc.copy.addr0 = le64(src);
	dsc.copy.addr1 = le64(dst);
	return dsc;
}

/* Fill data with bytes that differ from the destination, so that each copied byte is visible. */
static void
fill(struct fn *fn, uint64_t iova)
{
	const size_t len = 64;
	uint8_t *p = watch_at(&fn->w, iova, len);
	size_t i;

	fn->fills++;
	for (i = 0; p != NULL && i < len; i++)
		p[i] = fn->fills + i;
}

/* Has the input used up its limits? */
static bool
has_enough(const struct fn *fn)
{
	return fn->w.lost || fn->w.all_accesses > MAX_ACCESSES || fn->w.all_copied > MAX_COPIED;
}

static void
run_dry(struct fn *fn, unsigned int times)
{
	while (times-- != 0 && !has_enough(fn) && watch_run(&fn->w, MAX_BUDGET) != 0)
		;
}

static void
fn_build(struct fn *fn, bool start)
{
	unsigned int i, last = 0;

	for (i = 0; i < WATCH_CXTS; i++)
		cxt_build(fn, i, 0, SDXI_CXT_CTL_CSA);
	fn_up(fn);
	for (i = 1; i < WATCH_CXTS; i++)
		if (nums[i] <= fn->w.conf.max_cxt)
			last = i;
	if (!start || state(fn) != SDXI_GSV_ACTIVE)
		return;
	for (i = 1; i <= last; i++)
		push(fn, 0, dsc_adm(SDXI_ADM_CXT_START_NM, nums[i], nums[i]), PUSH_DOORBELL);
	run_dry(fn, 1000);
	/* Their AKey has been read by then. */
	fill(fn, at(fn, REG_DATA0));
	for (i = 1; i <= last; i++)
		push(fn, i, dsc_copy(at(fn, REG_DATA2), at(fn, REG_DATA0), 64), PUSH_DOORBELL);
	run_dry(fn, 1000);
}

/* ---- records ---- */

static uint64_t
get(const uint8_t *p, unsigned int n)
{
	uint64_t v = 0;

	while (n-- != 0)
		v = v << 8 | p[n];
	return v;
}

static struct record
record_get(const uint8_t *p)
{
	return (struct record){ p[0], p[1], get(p + 2, 2), get(p + 4, 4), get(p + 8, 8) };
}

static bool
conf_good(const struct sdxi_emu_conf *conf)
{
	return conf->max_cxt != 0 && conf->max_ds_ring_sz <= 21 && conf->max_buffer <= 11 &&
	       conf->max_akey_sz <= 8 && conf->max_errlog_sz <= 4 && conf->db_stride <= 7;
}

/* Create a function with this configuration, if it is valid. */
static void
fn_make(struct fn *fn, const struct sdxi_emu_conf *conf, bool doorbells)
{
	const struct sdxi_emu_conf was = fn->w.conf;
	size_t len;

	fn->w.conf = *conf;
	fn->w.conf.doorbells = NULL;
	if (doorbells && conf_good(conf)) {
		len = (conf->max_cxt + (size_t)1) * ((size_t)SDXI_DB_STRIDE_MIN << conf->db_stride);
		if (len <= 1u << 20)
			fn->w.conf.doorbells = calloc(1, len);
	}
	if (watch_create(&fn->w) == NULL) {
		if (conf_good(conf))
			watch_fail("a valid configuration was refused");
		/* Restore the previous configuration, which was valid. */
		fn->w.conf = was;
		fn->w.conf.doorbells = NULL;
		if (watch_create(&fn->w) == NULL)
			watch_fail("a valid configuration was refused the second time");
	} else if (!conf_good(conf)) {
		watch_fail("an invalid configuration was accepted");
	}
}

static void
fn_remove(struct fn *fn)
{
	sdxi_emu_destroy(fn->w.emu);
	free(fn->w.conf.doorbells);
	fn->w.conf.doorbells = NULL;
}

static void
do_poke(struct fn *fn, const struct record *r)
{
	const unsigned int region = r->sel % REGIONS;
	const struct region *reg = &fn->w.region[region];
	const uint32_t off = r->c % reg->len, len = 1u << (r->b & 3);
	uint64_t val = le64(r->d);
	uint8_t buf[sizeof(val)];
	unsigned int i;

	memcpy(buf, &val, sizeof(buf));
	for (i = 0; (r->b & 4) && i < len && off + i < reg->len; i++)
		buf[i] ^= reg->va[off + i];
	watch_poke(&fn->w, region, off, buf, len);
}

static void
do_reg_set(struct fn *fn, const struct record *r)
{
	static const uint32_t offs[] = {
		SDXI_MMIO_CTL0, SDXI_MMIO_CTL2, SDXI_MMIO_STS0, SDXI_MMIO_CAP0, SDXI_MMIO_CAP1,
		SDXI_MMIO_VERSION, SDXI_MMIO_CXT_L2, SDXI_MMIO_RKEY, SDXI_MMIO_ERR_CTL,
		SDXI_MMIO_ERR_STS, SDXI_MMIO_ERR_CFG, SDXI_MMIO_ERR_WRT, SDXI_MMIO_ERR_RD,
	};
	static const uint8_t sizes[] = { 8, 8, 4, 4, 2, 1, 3, 16 };
	/* Any 32-bit offset, sign-extended to reach the end of the register space. */
	uint64_t off = (uint64_t)(int64_t)(int32_t)r->c;

	if (!(r->b & 0x80))
		off = offs[r->b % 64 % ARRAY_LEN(offs)] + (r->b & 0x40 ? 4 : 0);
	reg_set(fn, off, r->d, sizes[r->b >> 8 & 7]);
}

static void
do_reg_get(struct fn *fn, const struct record *r)
{
	const uint64_t off = (uint64_t)(int64_t)(int32_t)r->c;
	const unsigned int size = r->b % 17;
	const uint64_t val = sdxi_emu_reg_read(fn->w.emu, off, size);

	if (size < 8 && val >> size * 8 != 0)
		watch_fail("%u bytes at %#llx read as %#llx", size, (unsigned long long)off,
			   (unsigned long long)val);
}

static void
do_hook(struct watch *w, void *arg)
{
	struct fn *fn = arg;
	const struct record *r = &fn->hook;

	switch (r->sel >> 5 & 3) {
	case 0:
		ask(fn, r->c & 3);
		break;
	case 1:
		if (r->c & 1)
			sdxi_emu_reset(w->emu);
		else
			sdxi_emu_doorbell(w->emu, r->c >> 1, r->d);
		break;
	default:
		do_poke(fn, &(struct record){ .sel = (r->sel & 0x1f) | (r->b >> 8 & 1) << 5,
					      .b = r->c & 7, .c = r->c >> 3, .d = r->d });
		if (sdxi_emu_run(w->emu, 1) != 0)
			watch_fail("sdxi_emu_run() did work in a callback");
		break;
	}
}

/* Make a valid descriptor of a kind from parameters. */
static struct sdxi_dsc
dsc_make(struct fn *fn, unsigned int kind, uint32_t p)
{
	static const uint8_t adm[] = {
		SDXI_ADM_FN_UPD, SDXI_ADM_CXT_UPD, SDXI_ADM_AKEY_UPD, SDXI_ADM_CXT_START_NM,
		SDXI_ADM_CXT_STOP, SDXI_ADM_SYNC, SDXI_ADM_INTR, SDXI_ADM_CXT_START_RS,
	};
	struct sdxi_dsc dsc = { .any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP)) };
	uint64_t src = at(fn, REG_DATA0), dst = at(fn, REG_DATA2);
	uint16_t first, last;
	unsigned int i;

	switch (kind) {
	case 0:
		return dsc;
	case 1:
		src += p >> 10 & 0xfff;
		/* Within one region; source and destination may overlap. */
		if (p & 1u << 22)
			dst = src + (p >> 23) * 64;
		return dsc_copy(dst, src, (p & 0x3ff) + 1);
	case 2:
		/* Across two regions. */
		return dsc_copy(src + (p >> 13 & 0x1fff) + 1, at(fn, REG_BIG), (p & 0x1fff) + 1);
	case 3:
		/* Up to more than a chunk. */
		dsc = dsc_copy(at(fn, REG_BIG) + 96 * PAGE, at(fn, REG_BIG) + (p >> 20),
			       (p & 0x7ffff) + 1);
		return dsc;
	case 4:
		return dsc_copy(at(fn, REG_TOP) + (p >> 12 & 0xfff), at(fn, REG_LOW),
				(p & 0xfff) + 1);
	case 5:
		dsc = dsc_copy(0, 0, p % SDXI_WRT_IMM_MAX + 1);
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM));
		dsc.copy.addr0 = le64(dst + (p >> 5 & 0x3ff));
		for (i = 0; i < SDXI_WRT_IMM_MAX; i++)
			SDXI_WRT_IMM_DATA(&dsc)[i] = p >> 8 ^ i;
		return dsc;
	case 6:
		dsc = dsc_copy(at(fn, REG_BIG) + (1 + (p >> 8 & 7)) * PAGE, at(fn, REG_BIG),
			       (p % 150 + 1) * SDXI_REPCOPY_PAGE);
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY));
		return dsc;
	case 7:
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_INTR, SDXI_INTR_INTR));
		dsc.copy.akey0 = le16(p & 0x3ff);
		return dsc;
	default:
		break;
	}
	first = p & 0x10 ? p >> 16 : nums[p & 3];
	last = p & 0x20 ? p >> 16 : nums[p >> 2 & 3];
	dsc = dsc_adm(adm[kind & 7], first, last);
	switch (adm[kind & 7]) {
	case SDXI_ADM_FN_UPD:
	case SDXI_ADM_INTR:
		memset(dsc.any.body, 0, sizeof(dsc.any.body));
		if (adm[kind & 7] == SDXI_ADM_INTR)
			dsc.copy.akey0 = le16(p & 0x3ff);
		break;
	case SDXI_ADM_CXT_UPD:
		dsc.adm.cflags = (p >> 6 & 3) % 3;
		break;
	case SDXI_ADM_SYNC:
		dsc.adm.cflags = (p >> 6 & 7) % 5;
		break;
	case SDXI_ADM_CXT_STOP:
		dsc.adm.vflags = p & 0x40 ? SDXI_VFLAGS_HS : 0;
		break;
	default:
		break;
	}
	return dsc;
}

/*
 * b: kind 3:0, repetitions 9:4, flags 15:10. c: word to corrupt 3:0 (8 to 15: none), parameters
 * 31:4.
 */
static void
do_push(struct fn *fn, const struct record *r)
{
	const unsigned int place = r->sel % WATCH_CXTS;
	struct sdxi_dsc dsc = dsc_make(fn, r->b & 15, r->c >> 4);
	unsigned int times = (r->b >> 4 & 63) + 1;

	if ((r->c & 8) == 0) {
		dsc.qw[r->c & 7] ^= le64(r->d);
	} else if ((r->b & 15) != 0 && (r->b & 15) < 7) {
		/* The AKeys. */
		dsc.copy.akey0 = le16(r->d);
		if ((r->b & 15) != 5)
			dsc.copy.akey1 = le16(r->d >> 16);
	}
	fill(fn, le64(dsc.copy.addr0));
	while (times-- != 0)
		push(fn, place, dsc, r->b >> 10);
}

static void
do_inject(struct fn *fn, const struct record *r)
{
	const struct sdxi_emu_fault fault = {
		.kind = r->b & 15,
		.cxt = r->b & 0x10 ? r->c : nums[r->sel % WATCH_CXTS],
		.op = r->b & 0x20 ? r->d : r->d & 15,
		.count = r->b & 0x40 ? r->c : r->c & 3,
		.step = r->d >> 32,
		.sub_step = r->d >> 40,
		.buf = r->d >> 48,
		.no_block = r->b & 0x80,
		.no_log = r->b & 0x100,
	};
	const uint64_t before = sdxi_emu_injected(fn->w.emu, fault.kind);

	sdxi_emu_inject(fn->w.emu, &fault);
	if (sdxi_emu_injected(fn->w.emu, fault.kind) != before ||
	    sdxi_emu_fault_name(fault.kind) == NULL)
		watch_fail("faults are not counted");
}

static void
do_inject_text(struct fn *fn, const uint8_t *text, size_t len)
{
	const size_t n = strnlen((const char *)text, len), why_len = 48;
	/* Exact length, for sanitizers. */
	char *spec = malloc(n + 1), *why = calloc(1, why_len);
	struct sdxi_emu_fault fault;

	if (spec == NULL || why == NULL)
		watch_fail("no memory");
	memcpy(spec, text, n);
	spec[n] = '\0';
	if (sdxi_emu_fault_parse(spec, &fault, why, why_len) == 0)
		sdxi_emu_inject(fn->w.emu, &fault);
	else if (why[0] == '\0')
		watch_fail("'%s' was refused without a reason", spec);
	free(why);
	free(spec);
}

static void
do_akey(struct fn *fn, const struct record *r)
{
	const unsigned int place = r->sel % WATCH_CXTS;
	struct sdxi_akey_ent ent = { .intr_num = le16(SDXI_AKEY_ENT_VL) };

	switch (r->c % 6) {
	case 0:
		break;
	case 1:
		ent.intr_num |= le16(SDXI_AKEY_ENT_IV | SDXI_PUT(SDXI_AKEY_ENT_INTR_NUM, r->d));
		break;
	case 2:
		ent.intr_num |= le16(SDXI_AKEY_ENT_PV);
		ent.pasid = le32(r->d & SDXI_AKEY_ENT_PASID);
		break;
	case 3:
		ent.tgt_sfunc = le16(SFUNC + 1);
		ent.rkey = le16(r->d);
		break;
	case 4:
		ent.tgt_sfunc = le16(fn->w.conf.sfunc);
		break;
	default:
		ent.intr_num = 0;
		break;
	}
	watch_poke(&fn->w, region_of(place, PART_AKEY), r->b % 512 * sizeof(ent), &ent,
		   sizeof(ent));
}

static void
do_remove(struct fn *fn, const struct record *r)
{
	struct sdxi_emu_conf conf = fn->w.conf;

	switch (r->c & 7) {
	case 0:
		conf.max_cxt = r->d;
		break;
	case 1:
		conf.max_ds_ring_sz = r->d % 32;
		break;
	case 2:
		conf.max_buffer = r->d % 16;
		break;
	case 3:
		conf.max_akey_sz = r->d % 16;
		break;
	case 4:
		conf.max_errlog_sz = r->d % 16;
		break;
	case 5:
		conf.db_stride = r->d % 16;
		break;
	case 6:
		conf.reorder = r->d & 1;
		conf.seed = r->d;
		break;
	default:
		conf.err_continue = r->d & 1;
		break;
	}
	fn_remove(fn);
	fn_make(fn, &conf, r->b & 1);
}

static void
do_record(struct fn *fn, const struct record *r, const uint8_t *more, size_t more_len)
{
	unsigned int i, times, place = r->sel % WATCH_CXTS;
	struct sdxi_dsc dsc;

	switch (r->op % OPS) {
	case OP_RUN:
	case OP_RUN_TOO:
		for (times = (r->c & 15) + 1; times != 0 && !has_enough(fn); times--)
			if (watch_run(&fn->w, r->b % (MAX_BUDGET + 1)) == 0)
				sdxi_emu_waits(fn->w.emu);
		break;
	case OP_REG_SET:
		do_reg_set(fn, r);
		break;
	case OP_REG_GET:
		do_reg_get(fn, r);
		break;
	case OP_DOORBELL:
		sdxi_emu_doorbell(fn->w.emu, r->b, r->d);
		break;
	case OP_DB_STORE:
		if (fn->w.conf.doorbells != NULL)
			memcpy((uint8_t *)fn->w.conf.doorbells +
				       (size_t)(r->b % (fn->w.conf.max_cxt + 1)) *
					       ((size_t)SDXI_DB_STRIDE_MIN << fn->w.conf.db_stride),
			       &r->d, sizeof(r->d));
		break;
	case OP_POKE:
		do_poke(fn, r);
		break;
	case OP_PUSH:
		do_push(fn, r);
		break;
	case OP_PUSH_RAW:
		memset(&dsc, 0, sizeof(dsc));
		memcpy(&dsc, more, more_len < sizeof(dsc) ? more_len : sizeof(dsc));
		for (times = (r->b >> 4 & 63) + 1; times != 0; times--)
			push(fn, place, dsc, r->b >> 10);
		break;
	case OP_BUILD:
		cxt_build(fn, place, r->d,
			  SDXI_PUT(SDXI_CXT_CTL_QOS, r->b) | (r->b & 4 ? SDXI_CXT_CTL_SE : 0) |
				  (r->b & 8 ? SDXI_CXT_CTL_CSA : 0));
		break;
	case OP_UP:
		fn_up(fn);
		break;
	case OP_GSR:
		ask(fn, r->b & 3);
		break;
	case OP_RESET:
		sdxi_emu_reset(fn->w.emu);
		watch_state(&fn->w);
		break;
	case OP_PERM:
		fn->w.region[r->sel % REGIONS].perm = r->b & PERM_RW;
		break;
	case OP_INJECT:
		do_inject(fn, r);
		break;
	case OP_INJECT_TEXT:
		do_inject_text(fn, more, more_len < 64 ? more_len : 64);
		break;
	case OP_CLEAR:
		sdxi_emu_inject_clear(fn->w.emu);
		break;
	case OP_REMOVE:
		do_remove(fn, r);
		break;
	case OP_HOOK:
		fn->hook = *r;
		fn->w.hook = do_hook;
		fn->w.hook_arg = fn;
		fn->w.hook_at = fn->w.all_accesses + 1 + r->b % 256;
		break;
	case OP_AKEY:
		do_akey(fn, r);
		break;
	case OP_FLR:
		sdxi_emu_flr(fn->w.emu);
		watch_state(&fn->w);
		break;
	case OP_WIX:
		fn->wix[place] = r->b & 1 ? r->d : fn->wix[place] + r->d % (2 * RING_SZ);
		poke64(fn, region_of(place, PART_WIX), 0, fn->wix[place]);
		for (i = 0; i < (r->b >> 1 & 1); i++)
			sdxi_emu_doorbell(fn->w.emu, nums[place], 0);
		break;
	default:
		break;
	}
}

/* ---- end ---- */

/* The function must stop, and must work after it was set up again. */
static void
fn_end(struct fn *fn)
{
	unsigned int i;

	fn->w.hook = NULL;
	if (!has_enough(fn)) {
		sdxi_emu_inject_clear(fn->w.emu);
		ask(fn, SDXI_GSR_STOP_HD);
		for (i = 0; i < 2000 && state(fn) == SDXI_GSV_STOPG_HD; i++)
			watch_run(&fn->w, MAX_BUDGET);
		if (!fn->w.lost && state(fn) != SDXI_GSV_STOP && state(fn) != SDXI_GSV_ERROR)
			watch_fail("state %u after a hard stop", state(fn));
	}
	sdxi_emu_reset(fn->w.emu);
	watch_clear(&fn->w);
	watch_state(&fn->w);
	fn_build(fn, true);
	if (state(fn) != SDXI_GSV_ACTIVE)
		watch_fail("state %u after activation of a function that was reset", state(fn));
	fill(fn, at(fn, REG_DATA0));
	push(fn, 1, dsc_copy(at(fn, REG_DATA2), at(fn, REG_DATA0), 64), PUSH_DOORBELL);
	run_dry(fn, 2000);
	if (memcmp(watch_at(&fn->w, at(fn, REG_DATA2), 64), watch_at(&fn->w, at(fn, REG_DATA0), 64),
		   64) != 0 ||
	    get(watch_at(&fn->w, block_at(fn, 1, fn->wix[1] - 1), 8), 8) != 0)
		watch_fail("a function that was reset does not copy");
}

/* ---- libFuzzer ---- */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	watch_init(&the_fn.w);
	return 0;
}

static void
conf_get(struct sdxi_emu_conf *conf, const uint8_t *head)
{
	static const uint16_t max_cxt[] = { 127, 300, 130, 5, 1, 2000, UINT16_MAX, 255 };

	sdxi_emu_conf_default(conf);
	conf->reorder = head[0] & HEAD_REORDER;
	conf->err_continue = head[0] & HEAD_CONTINUE;
	conf->max_cxt = max_cxt[head[1] % ARRAY_LEN(max_cxt)];
	conf->seed = get(head + 2, 2);
	/* 0: defaults. */
	if (head[4] != 0)
		conf->max_ds_ring_sz = head[4] % 22;
	if (head[5] != 0)
		conf->max_buffer = head[5] % 12;
	if (head[6] != 0)
		conf->max_akey_sz = head[6] % 9;
	if (head[7] != 0)
		conf->max_errlog_sz = head[7] % 5;
	conf->db_stride = head[8] % 8;
	conf->csr = head[9] % 3;
	conf->cxt_upd = head[10] % 3;
	/* With mapped memory the checker derives progress from Read_Index. */
	if ((head[0] >> HEAD_MAP_SHIFT & 3) == MAP_NEVER)
		conf->read_index_lag = head[11] % 64;
	conf->sfunc = SFUNC;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t head[REC_LEN] = { 0 };
	struct sdxi_emu_conf conf;
	struct fn *fn = &the_fn;
	struct record r;
	size_t pos, more;

	/* A missing part of the header is 0. */
	memcpy(head, data, len < REC_LEN ? len : REC_LEN);
	if (len < REC_LEN)
		len = REC_LEN;
	conf_get(&conf, head);
	fn->w.map_kind = head[0] >> HEAD_MAP_SHIFT & 3;
	fn->w.plain_fault = head[0] & HEAD_PLAIN;
	watch_clear(&fn->w);
	memset(fn->wix, 0, sizeof(fn->wix));
	fn->fills = 0;
	fn_make(fn, &conf, head[0] & HEAD_DOORBELLS);
	if (head[0] & HEAD_UP)
		fn_build(fn, !(head[0] & HEAD_HELD));
	for (pos = REC_LEN; len - pos >= REC_LEN && !has_enough(fn); pos += REC_LEN) {
		r = record_get(data + pos);
		more = len - pos - REC_LEN;
		do_record(fn, &r, data + pos + REC_LEN, more);
		if (r.op % OPS == OP_PUSH_RAW || r.op % OPS == OP_INJECT_TEXT)
			pos += more < 64 ? more : 64;
	}
	fn_end(fn);
	fn_remove(fn);
	return 0;
}

/* ---- mutation ---- */

static uint64_t rnd_state;

static uint64_t
rnd(void)
{
	uint64_t z = rnd_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
put(uint8_t *p, unsigned int n, uint64_t v)
{
	for (; n-- != 0; v >>= 8)
		*p++ = v;
}

/* A value that is likely to be interesting. */
static uint64_t
rnd_val(void)
{
	switch (rnd() % 10) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX - rnd() % 8;
	case 2:
		return UINT64_C(1) << rnd() % 64;
	case 3:
		return rnd() % 2048;
	case 4:
		return rnd();
	case 5:
		return UINT64_MAX - rnd() % 8192;
	case 6:
		return the_fn.w.region[rnd() % REGIONS].iova | rnd() % 16;
	case 7:
		return the_fn.w.region[rnd() % REGIONS].iova + rnd() % 8192;
	case 8:
		return the_fn.w.region[rnd() % REGIONS].iova + rnd() % 1100 * 64;
	default:
		return rnd() & rnd() & rnd();
	}
}

static void
rnd_record(uint8_t *p)
{
	/* Prefer descriptors and runs of the function. */
	static const uint8_t likely[] = { OP_RUN, OP_RUN, OP_RUN, OP_PUSH, OP_PUSH, OP_PUSH,
					  OP_POKE };

	p[0] = rnd() % 2 ? likely[rnd() % ARRAY_LEN(likely)] : rnd() % OPS;
	p[1] = rnd() % 4 ? rnd() % WATCH_CXTS : rnd() % 128;
	put(p + 2, 2, rnd());
	put(p + 4, 4, rnd() % 2 ? rnd() : rnd_val());
	put(p + 8, 8, rnd_val());
	if (p[0] == OP_AKEY && rnd() % 4)
		put(p + 2, 2, rnd() % 3);
	if (p[0] == OP_PUSH) {
		/* Mostly valid, with a doorbell, and not too many. */
		if (rnd() % 4)
			p[4] |= 8;
		if (rnd() % 4)
			put(p + 8, 8, rnd() % 3);
		if (rnd() % 2) {
			p[2] &= 0x1f;
			p[3] = (p[3] & 0xfc & ~(PUSH_NO_BLOCK << 2)) | PUSH_DOORBELL << 2;
		}
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned int seed)
{
	size_t n, a, b;
	uint8_t *p, tmp[REC_LEN];

	rnd_state = seed;
	if (len < REC_LEN || max < 2 * REC_LEN || rnd() % 8 == 0)
		return LLVMFuzzerMutate(data, len, max);
	n = (len - REC_LEN) / REC_LEN;
	len = (n + 1) * REC_LEN;
	if (rnd() % 24 == 0) {
		if (rnd() % 2)
			data[0] ^= 1u << rnd() % 8;
		else
			data[rnd() % REC_LEN] = rnd();
		return len;
	}
	a = n == 0 ? 0 : rnd() % n;
	b = n == 0 ? 0 : rnd() % n;
	p = data + REC_LEN;
	switch (n == 0 ? 0 : rnd() % 10) {
	case 0:
	case 1:
		/* A new record, or a copy. */
		if (len + REC_LEN > max)
			return len - REC_LEN;
		memmove(p + (a + 1) * REC_LEN, p + a * REC_LEN, (n - a) * REC_LEN);
		if (n == 0 || rnd() % 4)
			rnd_record(p + a * REC_LEN);
		else
			memcpy(p + a * REC_LEN, p + (b < a ? b : b + 1) * REC_LEN, REC_LEN);
		return len + REC_LEN;
	case 2:
		memmove(p + a * REC_LEN, p + (a + 1) * REC_LEN, (n - a - 1) * REC_LEN);
		return len - REC_LEN;
	case 3:
		memcpy(tmp, p + a * REC_LEN, REC_LEN);
		memcpy(p + a * REC_LEN, p + b * REC_LEN, REC_LEN);
		memcpy(p + b * REC_LEN, tmp, REC_LEN);
		return len;
	case 4:
		rnd_record(p + a * REC_LEN);
		return len;
	case 5:
		put(p + a * REC_LEN + 8, 8, rnd_val());
		return len;
	case 6:
		put(p + a * REC_LEN + 4, 4, rnd_val());
		return len;
	case 7:
		p[a * REC_LEN + rnd() % REC_LEN] = rnd();
		return len;
	case 8:
		p[a * REC_LEN + rnd() % REC_LEN] ^= 1u << rnd() % 8;
		return len;
	default:
		LLVMFuzzerMutate(p + a * REC_LEN, REC_LEN, REC_LEN);
		return len;
	}
}

#ifdef __clang__
#pragma clang attribute pop
#endif
