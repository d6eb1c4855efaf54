/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu_watch.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define MAX_LIVE 64
#define MAX_KEYS 64
#define MAX_RECS 128
#define MAX_WINDOWS 128

/*
 * The most accesses that one unit of sdxi_emu_run()'s budget may cost. The dearest is a part of an
 * administrative operation: 32 contexts, each with its tables, AKey table, CXT_STS and Write_Index
 * read, its state written, and an entry of the log (10). Add a batch of 32 descriptors with a block
 * (read, er, signal), an AKey or two and a slot (read, written) each, and 64 pages of a REPCOPY.
 */
#define ACCESSES_PER_UNIT (32 * 10 + 32 * 7 + 64 + 24)
/* One that only looks at a context; at most so often at each: all levels of qos, and once more. */
#define ACCESSES_PER_VISIT 8
#define VISITS 5
/* Bytes: an operation counts for 1 and for 1 more with each whole chunk that it moves. */
#define BYTES_PER_UNIT (2 * (uint64_t)SDXI_EMU_CHUNK)
/* A batch in progress is ended. */
#define OVER_BUDGET 8

/* An AKey that was good when it was looked up. */
struct key {
	uint16_t akey;
	uint16_t flags;
	uint64_t when; /* by accesses */
};

/* A descriptor that a context was shown. */
struct rec {
	struct sdxi_dsc dsc;
	uint32_t slot;
	uint64_t when;	/* by accesses */
	bool begun;	/* a part of it has been done, and the rest goes on by the same AKeys */
	bool moved;	/* a part of it has been tried */
	bool done;	/* and has nothing to move any more */
	bool consumed;	/* where it was mapped */
	bool other;	/* there is another one of this slot, changed by software meanwhile */
	bool signalled; /* its block is not the function's any more */
	bool er;
	bool looked;	/* at its block, since that was written last */
	uint64_t signal; /* what was there */
};

/* A context that has been started. */
struct live {
	uint16_t num;
	uint32_t ring_sz;
	uint64_t ring;
	uint64_t sts;
	uint64_t write_index_ptr;
	uint64_t akey_ptr;
	uint32_t akeys;
	uint32_t opb;
	uint64_t max_len;
	uint8_t csa; /* a bit for each value that CXT_CTL may have given it */
	uint64_t write_index;
	uint64_t read_index; /* as written: the function may be further */
	bool failed; /* it has been said to be in ERR_FN: what it has begun it may end */
	struct key key[MAX_KEYS];
	unsigned int n_keys;
	struct rec rec[MAX_RECS];
	unsigned int next_rec;
	unsigned int n_recs;
	bool others; /* some slots have more than one */
};

struct window {
	struct region *r;
	uint32_t off;
	uint32_t len;
	uint8_t *buf;
	uint8_t *va;
};

void
watch_fail(const char *fmt, ...)
{
	va_list ap;

	fputs("fuzz_emu: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

#define LLX(x) ((unsigned long long)(x))

/* ---- memory ---- */

#define BASE UINT64_C(0x40000000)

void
watch_init(struct watch *w)
{
	static const struct {
		uint64_t iova;
		uint32_t len;
	} fixed[REG_CXT] = {
		[REG_L2] = { BASE, PAGE },
		[REG_L1A] = { BASE + 0x2000, PAGE },
		[REG_L1B] = { BASE + 0x4000, PAGE },
		[REG_LOG] = { BASE + 0x8000, 2 * PAGE },
		[REG_RKEY] = { BASE + 0xb000, PAGE },
		[REG_DATA0] = { BASE + 0x10000, 2 * PAGE },
		[REG_DATA1] = { BASE + 0x12000, 2 * PAGE },
		[REG_DATA2] = { BASE + 0x16000, 1124 },
		[REG_BIG] = { BASE + 0x800000, 192 * PAGE },
		[REG_TOP] = { -(uint64_t)PAGE, PAGE },
		[REG_LOW] = { 0, PAGE },
	};
	static const struct {
		uint32_t off;
		uint32_t len;
	} part[REG_CXT_PARTS] = {
		[PART_CTL] = { 0x20000, sizeof(struct sdxi_cxt_ctl) },
		[PART_STS] = { 0x21000, sizeof(struct sdxi_cxt_sts) },
		[PART_WIX] = { 0x22000, sizeof(uint64_t) },
		[PART_AKEY] = { 0x24000, PAGE },
		[PART_RING] = { 0x0, RING_SZ * SDXI_DESC_LEN },
		[PART_CST] = { 0x28000, CST_BLKS * sizeof(struct sdxi_cst_blk) },
	};
	unsigned int i, j;
	struct region *r;

	for (i = 0; i < REG_CXT; i++) {
		w->region[i].iova = fixed[i].iova;
		w->region[i].len = fixed[i].len;
	}
	for (i = 0; i < WATCH_CXTS; i++) {
		for (j = 0; j < REG_CXT_PARTS; j++) {
			r = &w->region[region_of(i, j)];
			r->iova = BASE + 0x100000 + i * 0x40000 + part[j].off;
			r->len = part[j].len;
		}
	}
	/* One with room for a larger AKey table, and behind the ring. */
	w->region[region_of(WATCH_CXTS - 1, PART_AKEY)].len = 2 * PAGE;
	w->region[region_of(WATCH_CXTS - 1, PART_RING)].len += 2 * PAGE;
	for (i = 0; i < REGIONS; i++) {
		r = &w->region[i];
		r->va = calloc(1, r->len);
		if (r->va == NULL)
			watch_fail("no memory");
	}
	w->live = calloc(MAX_LIVE, sizeof(*w->live));
	w->window = calloc(MAX_WINDOWS, sizeof(*w->window));
	if (w->live == NULL || w->window == NULL)
		watch_fail("no memory");
}

static void
make_dirty(struct region *r, uint32_t off, size_t len)
{
	uint32_t page;

	for (page = off / PAGE; page <= (off + len - 1) / PAGE; page++)
		r->dirty[page] = true;
}

void
watch_clear(struct watch *w)
{
	struct region *r;
	unsigned int i;
	uint32_t at;

	for (i = 0; i < REGIONS; i++) {
		r = &w->region[i];
		r->perm = PERM_RW;
		for (at = 0; at < r->len; at += PAGE) {
			if (r->dirty[at / PAGE])
				memset(r->va + at, 0, r->len - at < PAGE ? r->len - at : PAGE);
			r->dirty[at / PAGE] = false;
		}
	}
	w->all_accesses = 0;
	w->all_copied = 0;
	w->hook = NULL;
	w->lost = false;
	w->n_live = 0;
	w->n_l2 = 0;
	w->walk.stage = 0;
	w->start.stage = 0;
	w->intr_log = false;
}

static struct region *
region_at(struct watch *w, uint64_t iova)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++)
		if (iova - w->region[i].iova < w->region[i].len)
			return &w->region[i];
	return NULL;
}

void *
watch_at(struct watch *w, uint64_t iova, size_t len)
{
	struct region *r = region_at(w, iova);

	if (r == NULL || len > r->len - (iova - r->iova))
		return NULL;
	make_dirty(r, iova - r->iova, len);
	return r->va + (iova - r->iova);
}

static void window_poke(struct watch *w, const struct region *r, uint32_t off, size_t len);

void
watch_poke(struct watch *w, unsigned int region, uint32_t off, const void *buf, size_t len)
{
	struct region *r = &w->region[region];

	if (off >= r->len)
		return;
	if (len > r->len - off)
		len = r->len - off;
	memcpy(r->va + off, buf, len);
	make_dirty(r, off, len);
	if (w->n_window != 0)
		window_poke(w, r, off, len);
}

/* Read or write over any number of regions; false: part of it is not there. */
static bool
mem_access(struct watch *w, uint64_t iova, void *buf, size_t len, unsigned int perm)
{
	struct region *r;
	uint32_t off;
	size_t n;

	while (len != 0) {
		r = region_at(w, iova);
		if (r == NULL || (r->perm & perm) == 0)
			return false;
		off = iova - r->iova;
		n = len < r->len - off ? len : r->len - off;
		if (perm == PERM_R) {
			memcpy(buf, r->va + off, n);
		} else {
			memcpy(r->va + off, buf, n);
			make_dirty(r, off, n);
		}
		buf = (uint8_t *)buf + n;
		len -= n;
		iova += n;
		/* Nothing is behind the last address. */
		if (len != 0 && iova == 0)
			return false;
	}
	return true;
}

static bool
is_there(struct watch *w, uint64_t iova, size_t len, unsigned int perm)
{
	struct region *r;

	while (len != 0) {
		r = region_at(w, iova);
		if (r == NULL || (r->perm & perm) == 0)
			return false;
		if (len <= r->len - (iova - r->iova))
			return true;
		len -= r->len - (iova - r->iova);
		iova = r->iova + r->len;
		if (iova == 0)
			return false;
	}
	return true;
}

/* ---- what follows from what ---- */

/* Is [at, at + len) within [from, from + span), which does not wrap? */
static bool
within(uint64_t at, uint64_t len, uint64_t from, uint64_t span)
{
	return at - from < span && len <= span - (at - from);
}

static bool
wraps(uint64_t at, uint64_t len)
{
	return at + (len - 1) < at;
}

static uint32_t
opcode_of(const struct rec *rec)
{
	return le32(rec->dsc.any.opcode);
}

static bool
is_op(const struct rec *rec, unsigned int type, unsigned int subtype)
{
	return (opcode_of(rec) & (uint32_t)(SDXI_DSC_TYPE | SDXI_DSC_SUBTYPE)) ==
		       SDXI_DSC_OP(type, subtype) &&
	       (opcode_of(rec) & SDXI_DSC_VL);
}

/* The descriptor's block, or an address where none can be. */
static uint64_t
block_of(const struct rec *rec)
{
	const uint64_t last = le64(rec->dsc.any.csb_ptr);

	if (!(opcode_of(rec) & SDXI_DSC_VL) || (last & ~SDXI_DSC_CSB_PTR) != 0)
		return 1;
	return last;
}

#define CSA(ctl) (1u << ((le64((ctl)->ds_ring_ptr) & SDXI_CXT_CTL_CSA) != 0))

/* What is known of a block. */
struct block {
	unsigned int open; /* descriptors whose signal is yet to come */
	unsigned int taken; /* of these, that may have been consumed where they were mapped */
	unsigned int sure; /* and must have been */
	bool counts; /* one of all its descriptors has the signal counted down */
	bool ends; /* or written 0 */
	bool looked;
	uint64_t signal;
	const struct live *live; /* of the last one of these */
	struct rec *rec;
};

static struct block
block_find(struct watch *w, uint64_t csb)
{
	struct block b = { .open = 0 };
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		for (j = 0; j < l->n_recs; j++) {
			struct rec *rec = &l->rec[j];
			const bool csr = (opcode_of(rec) & SDXI_DSC_CSR) != 0;

			if (block_of(rec) != csb)
				continue;
			b.counts |= !csr && (l->csa & 1u << 1);
			b.ends |= csr || (l->csa & 1u << 0);
			if (rec->signalled)
				continue;
			b.open++;
			b.taken += rec->consumed;
			b.sure += rec->consumed && !rec->other;
			if (rec->looked)
				b.signal = rec->signal;
			b.looked |= rec->looked;
			b.live = l;
			b.rec = rec;
		}
	}
	return b;
}

/*
 * May a signal have come to a value by min to max of a block's descriptors? In which order these
 * were done is not known where there are both kinds.
 */
static bool
signal_fits(const struct block *b, uint64_t was, uint64_t val, unsigned int min, unsigned int max)
{
	if (b->counts && was - val >= min && was - val <= max)
		return true;
	return b->ends && (val == 0 || (b->counts && -val < max));
}

static const struct key *
key_find(const struct live *l, uint16_t akey)
{
	unsigned int i;

	for (i = 0; i < l->n_keys; i++)
		if (l->key[i].akey == akey)
			return &l->key[i];
	return NULL;
}

/*
 * Does an AKey name this function's own memory? Another function's is behind a pair of keys, which
 * a function without rkey_cap (watch_create() looks) cannot have, and other address spaces of this
 * one are behind PASIDs.
 */
static bool
akey_good(const struct watch *w, const struct sdxi_akey_ent *ent)
{
	const uint16_t flags = le16(ent->intr_num), sfunc = le16(ent->tgt_sfunc);

	return (flags & SDXI_AKEY_ENT_VL) && !(flags & SDXI_AKEY_ENT_PV) &&
	       (sfunc == 0 || sfunc == w->conf.sfunc);
}

static uint64_t
now(const struct watch *w)
{
	return w->all_accesses + w->accesses;
}

static void
akey_seen(struct watch *w, struct live *l, uint16_t akey, const struct sdxi_akey_ent *ent,
	  bool may_forget)
{
	const uint16_t flags = le16(ent->intr_num);
	unsigned int i;

	if (akey_good(w, ent)) {
		for (i = 0; i < l->n_keys; i++)
			if (l->key[i].akey == akey && l->key[i].flags == flags) {
				l->key[i].when = now(w);
				return;
			}
		if (l->n_keys == MAX_KEYS) {
			w->lost = true;
			return;
		}
		l->key[l->n_keys++] = (struct key){ akey, flags, now(w) };
	} else if (may_forget) {
		for (i = 0; i < l->n_keys;)
			if (l->key[i].akey == akey)
				l->key[i] = l->key[--l->n_keys];
			else
				i++;
	}
}

/* Is a descriptor of the data group one that may be executed? */
static bool
may_move(const struct live *l, const struct rec *rec, unsigned int n_akeys)
{
	const struct sdxi_dsc *dsc = &rec->dsc;
	const uint32_t defined = (uint32_t)(SDXI_DSC_VL | SDXI_DSC_SE | SDXI_DSC_FE | SDXI_DSC_CH |
					    SDXI_DSC_CSR | SDXI_DSC_RB | SDXI_DSC_SUBTYPE |
					    SDXI_DSC_TYPE);
	const uint64_t last = le64(dsc->any.csb_ptr);
	unsigned int i;

	if (rec->begun || rec->done)
		return rec->begun;
	if (l->failed && !rec->moved)
		return false;
	if ((opcode_of(rec) & ~defined) != 0 || dsc->copy.attr != 0 ||
	    (l->opb & 1u << SDXI_TYPE_DMAB) == 0)
		return false;
	if (!(last & SDXI_DSC_NP) && (last & ~SDXI_DSC_CSB_PTR) != 0)
		return false;
	for (i = 0; i < sizeof(dsc->copy.rsvd_0); i++)
		if (dsc->copy.rsvd_0[i] != 0)
			return false;
	if (n_akeys == 2 && (dsc->qw[4] | dsc->qw[5] | dsc->qw[6]) != 0)
		return false;
	if (n_akeys == 1 && dsc->copy.akey1 != 0)
		return false;
	if (key_find(l, le16(dsc->copy.akey0)) == NULL)
		return false;
	return n_akeys == 1 || key_find(l, le16(dsc->copy.akey1)) != NULL;
}

static uint64_t
size_of(const struct rec *rec)
{
	return (uint64_t)le32(rec->dsc.copy.size) + 1;
}

static bool
overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a - b < b_len || b - a < a_len;
}

/* Would a descriptor's data and its own block be in each other's way? */
static bool
hits_block(const struct rec *rec, uint64_t at, uint64_t len)
{
	return !(le64(rec->dsc.any.csb_ptr) & SDXI_DSC_NP) &&
	       overlap(at, len, block_of(rec), sizeof(struct sdxi_cst_blk));
}

/* Does a descriptor have the function copy this? */
static bool
copy_follows(const struct live *l, const struct rec *rec, uint64_t dst, uint64_t src, uint64_t len)
{
	const uint64_t src_at = le64(rec->dsc.copy.addr0), dst_at = le64(rec->dsc.copy.addr1);
	const uint64_t size = size_of(rec);

	uint64_t src_size;

	if (is_op(rec, SDXI_TYPE_DMAB, SDXI_DMAB_COPY)) {
		src_size = size;
		if (dst - dst_at != src - src_at)
			return false;
	} else if (is_op(rec, SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY)) {
		src_size = SDXI_REPCOPY_PAGE;
		if (len != src_size || src != src_at || ((src | dst | size) & (src_size - 1)) != 0)
			return false;
	} else {
		return false;
	}
	return within(dst, len, dst_at, size) && !wraps(src_at, src_size) &&
	       !wraps(dst_at, size) && !overlap(src_at, src_size, dst_at, size) &&
	       !hits_block(rec, src_at, src_size) && !hits_block(rec, dst_at, size) &&
	       size <= l->max_len && may_move(l, rec, 2);
}

static bool
write_imm_follows(const struct live *l, const struct rec *rec, uint64_t dst, const void *buf,
		  size_t len)
{
	return is_op(rec, SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM) && len == size_of(rec) &&
	       len <= SDXI_WRT_IMM_MAX && !wraps(dst, len) && dst == le64(rec->dsc.copy.addr0) &&
	       memcmp(buf, SDXI_WRT_IMM_DATA(&rec->dsc), len) == 0 && !hits_block(rec, dst, len) &&
	       may_move(l, rec, 1);
}

static struct rec *
rec_find(struct live *l, uint32_t slot)
{
	unsigned int i, at;

	/* The last ones first. */
	for (i = 1; i <= l->n_recs; i++) {
		at = (l->next_rec - i) % MAX_RECS;
		if (l->rec[at].slot == slot)
			return &l->rec[at];
	}
	return NULL;
}

static uint64_t
slot_at(const struct live *l, const struct rec *rec)
{
	return l->ring + (uint64_t)rec->slot * SDXI_DESC_LEN;
}

/* Nothing follows from it any more. */
static void
rec_end(struct rec *rec)
{
	rec->begun = false;
	rec->done = true;
	rec->signalled = true;
}

/* The others of its slot, where there are some. */
static void
others_end(struct live *l, const struct rec *rec)
{
	unsigned int i;

	for (i = 0; l->others && i < l->n_recs; i++)
		if (l->rec[i].slot == rec->slot && &l->rec[i] != rec)
			rec_end(&l->rec[i]);
}

/* In the place of the oldest. */
static struct rec *
rec_new(struct live *l)
{
	if (l->n_recs < MAX_RECS)
		l->n_recs++;
	return &l->rec[l->next_rec++ % MAX_RECS];
}

static void
rec_seen(const struct watch *w, struct live *l, uint32_t slot, const void *dsc)
{
	struct rec *rec = rec_find(l, slot);

	if (rec == NULL)
		rec = rec_new(l);
	*rec = (struct rec){ .slot = slot, .when = now(w) };
	memcpy(&rec->dsc, dsc, sizeof(rec->dsc));
	others_end(l, rec);
}

/* The same of one that software changes, so that the function may have either. */
static void
rec_changed(const struct watch *w, struct live *l, uint32_t slot, const void *dsc)
{
	struct rec *was = rec_find(l, slot), *rec = rec_new(l);

	if (was != NULL)
		was->other = true;
	*rec = (struct rec){ .slot = slot, .when = now(w), .other = was != NULL };
	memcpy(&rec->dsc, dsc, sizeof(rec->dsc));
	l->others = true;
}

/* Are n slots from an address on the function's to look at? */
static bool
slots_follow(const struct live *l, uint64_t iova, uint64_t n, uint32_t *slot)
{
	const uint64_t off = iova - l->ring, len = (uint64_t)l->ring_sz * SDXI_DESC_LEN;
	uint64_t first;

	if (l->failed || !within(iova, n * SDXI_DESC_LEN, l->ring, len) ||
	    off % SDXI_DESC_LEN != 0)
		return false;
	*slot = off / SDXI_DESC_LEN;
	first = (*slot + l->ring_sz - l->read_index % l->ring_sz) % l->ring_sz;
	return first + n <= l->write_index - l->read_index;
}

static void
live_drop(struct watch *w, struct live *l)
{
	*l = w->live[--w->n_live];
}

/* A context's Write_Index was read. */
static void
write_index_seen(struct live *l, uint64_t val)
{
	/* Else it fails. */
	if (val >= l->write_index && val >= l->read_index)
		l->write_index = val;
}

/* ---- walks ---- */

enum stage {
	WALK_NOWHERE,
	WALK_L2,
	WALK_L1,
	WALK_CTL,
	WALK_AKEY_FIRST,
	WALK_AKEY_LAST,
	WALK_STS,
	WALK_WRITE_INDEX,
};

static struct live *
live_find(struct watch *w, uint16_t num)
{
	unsigned int i;

	for (i = 0; i < w->n_live; i++)
		if (w->live[i].num == num)
			return &w->live[i];
	return NULL;
}

static uint64_t
walk_akeys(const struct watch_walk *walk)
{
	return (uint64_t)SDXI_AKEY_ENTRIES_MIN
	       << SDXI_GET(SDXI_L1_ENT_AKEY_SZ, le64(walk->l1.akey_ptr));
}

/* What counts from now on for a context whose tables have been read. */
static void
walk_apply(const struct watch *w, const struct watch_walk *walk, struct live *l)
{
	unsigned int max = SDXI_GET(SDXI_L1_ENT_MAX_BUFFER, le32(walk->l1.misc0));

	if (max > w->conf.max_buffer)
		max = w->conf.max_buffer;
	l->akey_ptr = le64(walk->l1.akey_ptr) & SDXI_L1_ENT_AKEY_PTR;
	l->akeys = walk_akeys(walk);
	l->opb = le32(walk->l1.opb_000_enb);
	l->max_len = UINT64_C(1) << (max + SDXI_MAX_BUFFER_SHIFT);
	l->csa = CSA(&walk->ctl);
	l->n_keys = 0;
}

/* An entry is read to see whether the table is there. */
static bool
walk_probes(struct watch *w, uint64_t iova)
{
	const uint64_t at = le64(w->walk.l1.akey_ptr) & SDXI_L1_ENT_AKEY_PTR;
	struct live *l;

	if (w->walk.stage == WALK_CTL && iova == at) {
		l = live_find(w, w->walk.num);
		if (l != NULL)
			walk_apply(w, &w->walk, l);
		w->walk.stage = WALK_AKEY_FIRST;
		return true;
	}
	if (w->walk.stage == WALK_AKEY_FIRST &&
	    iova == at + (walk_akeys(&w->walk) - 1) * sizeof(struct sdxi_akey_ent) && iova > at) {
		w->walk.stage = WALK_AKEY_LAST;
		return true;
	}
	return false;
}

/* Does a descriptor of the administrative context, not signalled yet, have a context started? */
static bool
start_asked(struct watch *w, uint16_t num)
{
	struct live *l = live_find(w, SDXI_CXT_ADMIN);
	unsigned int i;

	for (i = 0; l != NULL && i < l->n_recs; i++) {
		const struct rec *rec = &l->rec[i];

		if ((is_op(rec, SDXI_TYPE_ADMIN, SDXI_ADM_CXT_START_NM) ||
		     is_op(rec, SDXI_TYPE_ADMIN, SDXI_ADM_CXT_START_RS)) &&
		    !rec->signalled && num >= le16(rec->dsc.adm.cxt_start) &&
		    num <= le16(rec->dsc.adm.cxt_end))
			return true;
	}
	return num == SDXI_CXT_ADMIN;
}

/* Does RUN, written to a CXT_STS, follow from the tables that have been read? */
static bool
start_follows(struct watch *w, uint64_t sts)
{
	const struct sdxi_cxt_ctl *ctl = &w->start.ctl;
	const uint64_t first = le64(ctl->ds_ring_ptr), ring_sz = le32(ctl->ds_ring_sz);
	const uint64_t cxt_ctl = le64(w->start.l1.cxt_ctl_ptr);

	return w->start.stage == WALK_WRITE_INDEX && start_asked(w, w->start.num) &&
	       w->start.num <= w->conf.max_cxt &&
	       (w->start.num <= w->max_cxt || w->start.num == SDXI_CXT_ADMIN) &&
	       (cxt_ctl & SDXI_L1_ENT_VL) && !(cxt_ctl & SDXI_L1_ENT_PV) &&
	       (first & SDXI_CXT_CTL_VL) && ring_sz >= SDXI_DS_RING_SZ_MIN &&
	       ring_sz <= (uint64_t)SDXI_DS_RING_SZ_MIN << w->conf.max_ds_ring_sz &&
	       !wraps(first & SDXI_CXT_CTL_DS_RING_PTR, ring_sz * SDXI_DESC_LEN) &&
	       sts == le64(ctl->cxt_sts_ptr) && sts % 16 == 0 &&
	       le64(ctl->write_index_ptr) % 8 == 0;
}

static void
live_add(struct watch *w)
{
	struct live *l = live_find(w, w->start.num);

	if (l == NULL) {
		if (w->n_live == MAX_LIVE) {
			w->lost = true;
			return;
		}
		l = &w->live[w->n_live++];
	}
	l->num = w->start.num;
	l->ring = le64(w->start.ctl.ds_ring_ptr) & SDXI_CXT_CTL_DS_RING_PTR;
	l->ring_sz = le32(w->start.ctl.ds_ring_sz);
	l->sts = le64(w->start.ctl.cxt_sts_ptr);
	l->write_index_ptr = le64(w->start.ctl.write_index_ptr);
	l->read_index = w->read_index;
	l->write_index = w->read_index;
	l->failed = false;
	l->others = false;
	l->n_recs = 0;
	l->next_rec = 0;
	walk_apply(w, &w->start, l);
}

/* ---- accesses ---- */

static void window_close(struct watch *w);
static void window_settle(struct watch *w);

static void
count_access(struct watch *w)
{
	void (*hook)(struct watch *w, void *arg) = w->hook;

	w->accesses++;
	if (hook != NULL && w->all_accesses + w->accesses >= w->hook_at) {
		w->hook = NULL;
		/* What the function has done so far was not done to what software writes now. */
		window_settle(w);
		hook(w, w->hook_arg);
	}
}

/* In front of each access but those to mapped memory. */
static void
begin_access(struct watch *w, uint64_t iova, uint64_t len)
{
	if (!w->at_work)
		watch_fail("access to %#llx outside of a run", LLX(iova));
	if (len == 0)
		watch_fail("access of no length to %#llx", LLX(iova));
	window_close(w);
	count_access(w);
}

static enum sdxi_emu_mem
cb_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	struct watch *w = opaque;
	const uint64_t l1_at = w->walk.l2 & SDXI_L2_ENT_LV01_PTR;
	enum stage next = WALK_NOWHERE;
	bool probe, there, ok = false;
	unsigned int i, j, n_akeys = 0;
	struct sdxi_akey_ent ent;
	struct live *l;
	uint32_t slot;

	begin_access(w, iova, len);
	there = mem_access(w, iova, buf, len, PERM_R);
	if (!there)
		memset(buf, 0xa5, len);

	if (w->walk.stage == WALK_L2 && len == sizeof(w->walk.l1) &&
	    (w->walk.l2 & SDXI_L2_ENT_VL) && within(iova, len, l1_at, SDXI_TABLE_LEN) &&
	    iova % len == 0) {
		ok = true;
		w->walk.num += (iova - l1_at) / len;
		memcpy(&w->walk.l1, buf, len);
		next = there ? WALK_L1 : WALK_NOWHERE;
	}
	if (w->walk.stage == WALK_L1 && len == sizeof(w->walk.ctl) &&
	    (le64(w->walk.l1.cxt_ctl_ptr) & SDXI_L1_ENT_VL) &&
	    iova == (le64(w->walk.l1.cxt_ctl_ptr) & SDXI_L1_ENT_CXT_CTL_PTR)) {
		ok = true;
		memcpy(&w->walk.ctl, buf, len);
		next = there ? WALK_CTL : WALK_NOWHERE;
		l = live_find(w, w->walk.num);
		if (there && l != NULL)
			l->csa |= CSA(&w->walk.ctl);
	}
	probe = len == sizeof(ent) && walk_probes(w, iova);
	w->start.stage = WALK_NOWHERE;
	if (probe) {
		ok = true;
		next = there ? w->walk.stage : WALK_NOWHERE;
		if (next == WALK_AKEY_LAST)
			w->start = w->walk;
	}
	for (i = 0; i < w->n_live && len == sizeof(ent); i++) {
		l = &w->live[i];
		n_akeys += within(iova, len, l->akey_ptr, l->akeys * sizeof(ent));
	}
	for (i = 0; i < w->n_live; i++) {
		l = &w->live[i];
		if (len == sizeof(ent) && iova % len == 0 && iova >= l->akey_ptr &&
		    within(iova, len, l->akey_ptr, l->akeys * sizeof(ent))) {
			ok = true;
			memcpy(&ent, buf, len);
			/* Whose look that was is known where it can only be one's. */
			if (there)
				akey_seen(w, l, (iova - l->akey_ptr) / len, &ent,
					  !probe && n_akeys == 1);
		}
		if (len % SDXI_DESC_LEN == 0 && len <= 32 * SDXI_DESC_LEN &&
		    slots_follow(l, iova, len / SDXI_DESC_LEN, &slot)) {
			ok = true;
			for (j = 0; there && j < len / SDXI_DESC_LEN; j++)
				rec_seen(w, l, slot + j, (uint8_t *)buf + j * SDXI_DESC_LEN);
		}
	}
	if (!ok && !w->lost)
		watch_fail("nothing lets %zu bytes be read at %#llx", len, LLX(iova));
	w->walk.stage = next;
	return there ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

static enum sdxi_emu_mem
cb_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	struct watch *w = opaque;
	enum stage next = WALK_NOWHERE;
	bool there, ok = false;
	unsigned int i, j;
	struct live *l;
	uint32_t slot;

	begin_access(w, iova, sizeof(*val));
	if (iova % sizeof(*val) != 0)
		watch_fail("word at %#llx, which is not aligned", LLX(iova));
	there = mem_access(w, iova, val, sizeof(*val), PERM_R);
	if (!there)
		*val = UINT64_C(0xa5a5a5a5a5a5a5a5);

	/* CXT_STS and Write_Index of a context that is about to be started. */
	if (w->start.stage == WALK_AKEY_LAST && iova == le64(w->start.ctl.cxt_sts_ptr) + 8) {
		ok = true;
		next = there ? WALK_STS : WALK_NOWHERE;
		w->read_index = le64(*val);
	} else if (w->start.stage == WALK_STS && iova == le64(w->start.ctl.write_index_ptr)) {
		ok = true;
		next = there && le64(*val) >= w->read_index &&
				       le64(*val) - w->read_index <= le32(w->start.ctl.ds_ring_sz) ?
			       WALK_WRITE_INDEX :
			       WALK_NOWHERE;
	}
	w->start.stage = next;
	w->walk.stage = WALK_NOWHERE;
	for (i = 0; i < w->n_l2; i++) {
		if (!within(iova, sizeof(*val), w->l2[i], SDXI_TABLE_LEN))
			continue;
		ok = true;
		if (!there)
			continue;
		w->walk.stage = WALK_L2;
		w->walk.num = (iova - w->l2[i]) / sizeof(*val) * SDXI_L1_ENTRIES;
		w->walk.l2 = le64(*val);
	}
	for (i = 0; i < w->n_live; i++) {
		l = &w->live[i];
		if (iova == l->write_index_ptr && !l->failed) {
			ok = true;
			if (there)
				write_index_seen(l, le64(*val));
		}
		/* The first word of a slot, with vl, is looked at before the slot is read. */
		ok |= slots_follow(l, iova, 1, &slot);
		for (j = 0; j < l->n_recs; j++) {
			struct rec *rec = &l->rec[j];

			if (block_of(rec) != iova || rec->signalled)
				continue;
			ok = true;
			rec->looked = there;
			rec->signal = le64(*val);
		}
	}
	if (!ok && !w->lost)
		watch_fail("nothing lets a word be read at %#llx", LLX(iova));
	return there ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

/* The place in the log that is next, where it has one. */
static bool
log_follows(struct watch *w, uint64_t iova, uint32_t off)
{
	const uint64_t cfg = sdxi_emu_reg_read(w->emu, SDXI_MMIO_ERR_CFG, 8);
	const uint64_t wrt = sdxi_emu_reg_read(w->emu, SDXI_MMIO_ERR_WRT, 8);
	const uint64_t rd = sdxi_emu_reg_read(w->emu, SDXI_MMIO_ERR_RD, 8);
	const uint64_t n = SDXI_GET(SDXI_ERR_CFG_SZ, cfg) * SDXI_ERRLOG_UNIT;
	const uint64_t len = sizeof(struct sdxi_errlog_hd_ent);
	uint64_t at;

	if (!(cfg & SDXI_ERR_CFG_EN) || n == 0 ||
	    n > (uint64_t)SDXI_ERRLOG_UNIT << w->conf.max_errlog_sz || wrt - rd >= n ||
	    wraps(cfg & SDXI_ERR_CFG_PTR, n * len))
		return false;
	at = (cfg & SDXI_ERR_CFG_PTR) + wrt % n * len;
	return iova == at + off;
}

/* A slot is written back, consumed. */
static bool
consumed_follows(struct live *l, uint64_t iova, const uint8_t *buf, size_t len)
{
	const uint64_t ring_len = (uint64_t)l->ring_sz * SDXI_DESC_LEN;
	const struct rec *rec;
	struct sdxi_dsc dsc;
	size_t at, n;

	if (!within(iova, len, l->ring, ring_len) || (iova - l->ring) % SDXI_DESC_LEN != 0)
		return false;
	for (at = 0; at < len; at += n) {
		rec = rec_find(l, (iova - l->ring + at) / SDXI_DESC_LEN);
		if (rec == NULL || !(opcode_of(rec) & SDXI_DSC_VL))
			return false;
		dsc = rec->dsc;
		dsc.any.opcode &= ~le32((uint32_t)SDXI_DSC_VL);
		/* With freedom the first word alone is. */
		n = len - at < SDXI_DESC_LEN ? len - at : SDXI_DESC_LEN;
		if (memcmp(&dsc, buf + at, n) != 0)
			return false;
	}
	return true;
}

static enum sdxi_emu_mem
cb_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	struct watch *w = opaque;
	uint8_t copy[32 * SDXI_DESC_LEN];
	unsigned int i, j, n_imm = 0;
	struct rec *imm = NULL;
	bool ok = false;
	uint32_t flags;

	begin_access(w, iova, len);
	w->walk.stage = WALK_NOWHERE;
	w->start.stage = WALK_NOWHERE;
	if (len > sizeof(copy))
		watch_fail("%zu bytes written at %#llx", len, LLX(iova));
	memcpy(copy, buf, len);
	ok = len == sizeof(struct sdxi_errlog_hd_ent) - 8 && log_follows(w, iova, 8);
	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		ok |= len % SDXI_DESC_LEN == 0 && consumed_follows(l, iova, copy, len);
		for (j = 0; j < l->n_recs; j++) {
			struct rec *rec = &l->rec[j];

			if (len == sizeof(flags) && iova == block_of(rec) + 8 &&
			    !rec->signalled) {
				memcpy(&flags, copy, sizeof(flags));
				ok |= le32(flags) == SDXI_CST_BLK_ER;
				rec->er = true;
			}
			if (write_imm_follows(l, rec, iova, copy, len)) {
				ok = true;
				imm = rec;
				n_imm++;
			}
		}
	}
	if (!ok && !w->lost)
		watch_fail("nothing lets %zu bytes be written at %#llx", len, LLX(iova));
	if (n_imm == 1)
		imm->done = true;
	return mem_access(w, iova, copy, len, PERM_W) ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

/*
 * An AKEY_UPD without fault is complete: what it names has to be looked up anew, if it was not
 * after the AKEY_UPD was there, which may have had its effect a while ago.
 */
static void
akeys_updated(struct watch *w, const struct rec *rec)
{
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		if (l->num < le16(rec->dsc.adm.cxt_start) || l->num > le16(rec->dsc.adm.cxt_end))
			continue;
		for (j = 0; j < l->n_keys;)
			if (l->key[j].when < rec->when)
				l->key[j] = l->key[--l->n_keys];
			else
				j++;
	}
}

/* Does a signal follow from descriptors that have none yet, and from what was there? */
static bool
signal_follows(const struct watch *w, const struct block *b, uint64_t val)
{
	/* With freedom each is written by itself. */
	return b->open != 0 && b->looked &&
	       signal_fits(b, b->signal, val, 1, w->conf.freedom ? 1 : b->open);
}

static void
signal_done(struct watch *w, const struct block *b, uint64_t val)
{
	const uint64_t csb = block_of(b->rec);
	/* At least so many. */
	uint64_t n = b->ends ? 1 : b->signal - val;
	unsigned int i, j;

	/* Which one it was is known where there is but one. */
	if (b->open == 1 && b->live->num == SDXI_CXT_ADMIN &&
	    is_op(b->rec, SDXI_TYPE_ADMIN, SDXI_ADM_AKEY_UPD) && !b->rec->er)
		akeys_updated(w, b->rec);
	for (i = 0; i < w->n_live; i++) {
		for (j = 0; j < w->live[i].n_recs; j++) {
			struct rec *rec = &w->live[i].rec[j];

			if (block_of(rec) != csb || rec->signalled)
				continue;
			/* Before it is written again, it has to be looked at again. */
			rec->looked = false;
			rec->signalled = n != 0;
			n -= n != 0;
		}
	}
}

/* The read index that a context says it has come to. */
static bool
read_index_follows(struct live *l, uint64_t val)
{
	if (val < l->read_index || val > l->write_index)
		return false;
	l->read_index = val;
	return true;
}

static enum sdxi_emu_mem
cb_write64(void *opaque, uint64_t iova, uint64_t raw)
{
	struct watch *w = opaque;
	const uint64_t val = le64(raw);
	const struct block block = block_find(w, iova);
	bool ok, there, start, state = false, signal;
	unsigned int i, n_sts = 0;
	struct live *whose = NULL;

	begin_access(w, iova, sizeof(raw));
	if (iova % sizeof(raw) != 0)
		watch_fail("word at %#llx, which is not aligned", LLX(iova));
	there = is_there(w, iova, sizeof(raw), PERM_W);
	ok = log_follows(w, iova, 0) && SDXI_GET(SDXI_ERRLOG_TYPE, val) == SDXI_ERRLOG_TYPE_HD &&
	     SDXI_GET(SDXI_ERRLOG_CXT_NUM, val) <= w->conf.max_cxt;
	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		if (iova == l->sts) {
			state |= val == SDXI_CXT_STOP_SW || val == SDXI_CXT_STOPG_SW ||
				 val == SDXI_CXT_STOP_FN || val == SDXI_CXT_STOPG_FN ||
				 val == SDXI_CXT_ERR_FN;
			n_sts++;
			whose = l;
		}
		ok |= iova == l->sts + 8 && read_index_follows(l, val);
		ok |= consumed_follows(l, iova, (const uint8_t *)&raw, sizeof(raw));
	}
	signal = signal_follows(w, &block, val);
	start = val == SDXI_CXT_RUN && start_follows(w, iova);
	if (start && there)
		live_add(w);
	ok |= start;
	w->walk.stage = WALK_NOWHERE;
	w->start.stage = WALK_NOWHERE;
	if (!ok && !state && !signal && !w->lost)
		watch_fail("nothing lets %#llx be written at %#llx, a block of %u", LLX(val),
			   LLX(iova), block.open);
	/* What it was is known where it can be nothing else. */
	if (signal && !ok && !state)
		signal_done(w, &block, val);
	if (state && !ok && !signal && n_sts == 1) {
		if (val == SDXI_CXT_ERR_FN)
			whose->failed = true;
		/* Stopped: it has nothing in memory any more. */
		else if (there && (val == SDXI_CXT_STOP_SW || val == SDXI_CXT_STOP_FN))
			live_drop(w, whose);
	}
	mem_access(w, iova, &raw, sizeof(raw), PERM_W);
	return there ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

static enum sdxi_emu_mem
cb_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	static uint8_t buf[SDXI_EMU_CHUNK];
	enum sdxi_emu_mem res = SDXI_EMU_MEM_OK;
	struct watch *w = opaque;
	struct rec *last = NULL;
	unsigned int i, j, n = 0;

	begin_access(w, dst, len);
	w->walk.stage = WALK_NOWHERE;
	w->start.stage = WALK_NOWHERE;
	if (len > SDXI_EMU_CHUNK || wraps(dst, len) || wraps(src, len) || dst - src < len ||
	    src - dst < len)
		watch_fail("copy of %zu bytes from %#llx to %#llx", len, LLX(src), LLX(dst));
	if (!is_there(w, src, len, PERM_R))
		res = SDXI_EMU_MEM_SRC_FAULT;
	else if (!is_there(w, dst, len, PERM_W))
		res = SDXI_EMU_MEM_DST_FAULT;
	for (i = 0; i < w->n_live; i++) {
		for (j = 0; j < w->live[i].n_recs; j++) {
			struct rec *rec = &w->live[i].rec[j];

			if (!copy_follows(&w->live[i], rec, dst, src, len))
				continue;
			last = rec;
			n++;
			rec->moved = true;
			rec->begun = res == SDXI_EMU_MEM_OK &&
				     dst + len != le64(rec->dsc.copy.addr1) + size_of(rec);
		}
	}
	if (n == 0 && !w->lost)
		watch_fail("nothing lets %zu bytes be copied from %#llx to %#llx", len, LLX(src),
			   LLX(dst));
	/* Which one it was is known where it can only be one. */
	if (n == 1)
		last->done = !last->begun;
	w->copied += len;
	if (res != SDXI_EMU_MEM_OK)
		return w->plain_fault ? SDXI_EMU_MEM_FAULT : res;
	mem_access(w, src, buf, len, PERM_R);
	mem_access(w, dst, buf, len, PERM_W);
	return SDXI_EMU_MEM_OK;
}

static void
cb_irq(void *opaque, uint16_t vector)
{
	struct watch *w = opaque;
	unsigned int i, j, k;

	if (!w->at_work)
		watch_fail("interrupt %u outside of a run", vector);
	if (w->lost || (vector == SDXI_INTR_ERRLOG && w->intr_log))
		return;
	for (i = 0; i < w->n_live; i++) {
		const struct live *l = &w->live[i];

		for (j = 0; j < l->n_recs; j++) {
			if (!is_op(&l->rec[j], SDXI_TYPE_INTR, SDXI_INTR_INTR))
				continue;
			for (k = 0; k < l->n_keys; k++)
				if (l->key[k].akey == le16(l->rec[j].dsc.copy.akey0) &&
				    (l->key[k].flags & SDXI_AKEY_ENT_IV) &&
				    SDXI_GET(SDXI_AKEY_ENT_INTR_NUM, l->key[k].flags) == vector)
					return;
		}
	}
	watch_fail("nothing raises interrupt %u", vector);
}

/* ---- mapped memory ---- */

static bool
cb_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	struct watch *w = opaque;
	struct region *r = region_at(w, iova);
	struct window *win;
	uint32_t off, len, slot;
	unsigned int i, j;
	uint64_t at;

	if (!w->at_work)
		watch_fail("map of %#llx outside of a run", LLX(iova));
	count_access(w);
	if (r == NULL || r->perm != PERM_RW || r == &w->region[REG_BIG])
		return false;
	off = iova - r->iova;
	len = r->len;
	if (w->map_kind != MAP_REGION) {
		off -= off % PAGE;
		len = r->len - off < PAGE ? r->len - off : PAGE;
	} else {
		off = 0;
	}
	for (i = 0; i < w->n_window; i++)
		if (w->window[i].r == r && w->window[i].off == off)
			break;
	if (i == MAX_WINDOWS)
		return false;
	win = &w->window[i];
	if (i == w->n_window) {
		const uint32_t odd = w->map_kind == MAP_UNALIGNED ? 4 : 0;

		*win = (struct window){ .r = r, .off = off, .len = len, .buf = malloc(len + odd) };
		if (win->buf == NULL)
			watch_fail("no memory");
		win->va = win->buf + odd;
		memcpy(win->va, r->va + off, len);
		w->n_window++;
	}
	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];
		uint64_t val;

		/* A helper's look at Write_Index. What is no good it leaves to others to find. */
		if (iova == l->write_index_ptr && !l->failed &&
		    within(iova, 8, r->iova + off, len)) {
			memcpy(&val, win->va + (iova - r->iova - off), sizeof(val));
			if (le64(val) - l->read_index <= l->ring_sz)
				write_index_seen(l, le64(val));
		}
		/* A look at the next descriptors. */
		for (j = 0, at = iova; j < 32; j++, at += SDXI_DESC_LEN) {
			const uint8_t *dsc = win->va + (at - r->iova - off);

			if (!within(at, SDXI_DESC_LEN, r->iova + off, len) ||
			    !slots_follow(l, at, 1, &slot))
				break;
			/* One without vl has been consumed, or is not there yet. */
			if (dsc[0] & SDXI_DSC_VL)
				rec_seen(w, l, slot, dsc);
		}
	}
	*map = (struct sdxi_emu_map){ r->iova + off, len, win->va };
	return true;
}

/* How far is an address from the end of a place that a COPY may write to? 0: it is in none. */
static uint64_t
copy_reaches(struct watch *w, uint64_t at)
{
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++) {
		for (j = 0; j < w->live[i].n_recs; j++) {
			struct rec *rec = &w->live[i].rec[j];
			const uint64_t off = at - le64(rec->dsc.copy.addr1);

			if (is_op(rec, SDXI_TYPE_DMAB, SDXI_DMAB_COPY) && off < size_of(rec) &&
			    copy_follows(&w->live[i], rec, at, le64(rec->dsc.copy.addr0) + off, 1))
				return size_of(rec) - off;
		}
	}
	return 0;
}

/* May some bytes have been changed as data too, or as a slot, or else as a block? */
static bool
is_shared(struct watch *w, uint64_t at, uint64_t len, bool with_slots)
{
	unsigned int i, j;
	uint64_t off;

	for (off = 0; off < len; off++)
		if (copy_reaches(w, at + off))
			return true;
	for (i = 0; i < w->n_live; i++) {
		const struct live *l = &w->live[i];

		if (with_slots && within(at, 1, l->ring, (uint64_t)l->ring_sz * SDXI_DESC_LEN))
			return true;
		for (j = 0; !with_slots && j < l->n_recs; j++)
			if (within(at, 1, block_of(&l->rec[j]), 8))
				return true;
	}
	return false;
}

/* A block's signal has changed, where it is mapped. */
static bool
signal_change_follows(struct watch *w, uint64_t csb, uint64_t was, uint64_t val)
{
	const struct block b = block_find(w, csb);
	unsigned int i, j;

	if (b.open == 0)
		return false;
	/* All that was consumed has been signalled. */
	if (b.taken != 0 && signal_fits(&b, was, val, b.sure == 0 ? 1 : b.sure, b.open))
		return true;
	if (is_shared(w, csb, 8, true))
		return true;
	if (b.taken != 0 || !signal_fits(&b, was, val, 1, b.open))
		return false;
	/* Where else is what says that it was consumed? */
	for (i = 0; i < w->n_live; i++) {
		const struct live *l = &w->live[i];

		for (j = 0; j < l->n_recs; j++)
			if (block_of(&l->rec[j]) == csb && !l->rec[j].signalled &&
			    is_shared(w, l->ring + slot_at(l, &l->rec[j]), 4, false))
				return true;
	}
	return false;
}

/* A byte of mapped memory has changed: how far is it from there on the function's to change? */
static uint64_t
change_follows(struct watch *w, const struct window *win, uint32_t off)
{
	const uint64_t at = win->r->iova + win->off + off;
	const uint8_t *before = win->r->va + win->off;
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		if (within(at, 1, l->sts + 8, 8))
			return l->sts + 16 - at;
		for (j = 0; j < l->n_recs; j++) {
			const struct rec *rec = &l->rec[j];
			const uint64_t csb = block_of(rec), start = off - (at - csb);
			const uint64_t in_slot = at - slot_at(l, rec);
			uint64_t was, val;

			if (rec->consumed && !rec->done && in_slot < 4)
				return 4 - in_slot;
			if (!within(at, 1, csb, 8) || !within(start, 8, 0, win->len))
				continue;
			memcpy(&was, before + start, sizeof(was));
			memcpy(&val, win->va + start, sizeof(val));
			if (signal_change_follows(w, csb, le64(was), le64(val)))
				return csb + 8 - at;
		}
	}
	return copy_reaches(w, at);
}

/* Note which descriptors have been consumed where they are mapped. */
static void
window_consumed(struct watch *w, const struct window *win)
{
	const uint64_t iova = win->r->iova + win->off;
	const uint8_t *before = win->r->va + win->off;
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		if (!within(iova, 1, l->ring, (uint64_t)l->ring_sz * SDXI_DESC_LEN) &&
		    !within(l->ring, 1, iova, win->len))
			continue;
		for (j = 0; j < l->n_recs; j++) {
			struct rec *rec = &l->rec[j];
			const uint64_t at = slot_at(l, rec) - iova;
			uint32_t val;

			if (!within(at, sizeof(val), 0, win->len) || rec->done ||
			    !(opcode_of(rec) & SDXI_DSC_VL))
				continue;
			memcpy(&val, win->va + at, sizeof(val));
			/* Software may have withdrawn vl from a copy of it. */
			if ((rec->other || memcmp(before + at, &val, sizeof(val)) != 0) &&
			    le32(val) == (opcode_of(rec) & ~(uint32_t)SDXI_DSC_VL))
				rec->consumed = true;
		}
	}
}

static void
window_check(struct watch *w, const struct window *win)
{
	const uint8_t *before = win->r->va + win->off;
	uint64_t at = 0, ok;

	while (at < win->len) {
		if (before[at] == win->va[at]) {
			at++;
			continue;
		}
		ok = change_follows(w, win, at);
		if (ok == 0 && !w->lost)
			watch_fail("nothing lets %#llx change, which is mapped",
				   LLX(win->r->iova + win->off + at));
		at += ok == 0 ? 1 : ok;
	}
}

static bool
window_changed(const struct window *win)
{
	return memcmp(win->r->va + win->off, win->va, win->len) != 0;
}

/* Is a Read_Index that was changed in mapped memory a good one? */
static void
read_index_check(struct watch *w, const struct window *win, uint64_t at)
{
	const uint64_t off = at - win->r->iova - win->off;
	bool ok = false;
	unsigned int i;
	uint64_t val;

	if (off > win->len - sizeof(val) || win->len < sizeof(val) ||
	    memcmp(win->va + off, win->r->va + win->off + off, sizeof(val)) == 0)
		return;
	memcpy(&val, win->va + off, sizeof(val));
	for (i = 0; i < w->n_live; i++)
		if (w->live[i].sts + 8 == at)
			ok |= read_index_follows(&w->live[i], le64(val));
	if (!ok && !copy_reaches(w, at) && !w->lost)
		watch_fail("Read_Index at %#llx is %llu", LLX(at), (unsigned long long)le64(val));
}

/* Look at what the function has changed, and take it over. */
static void
window_settle(struct watch *w)
{
	bool changed[MAX_WINDOWS];
	unsigned int i, j;

	for (i = 0; i < w->n_window; i++) {
		changed[i] = window_changed(&w->window[i]);
		if (changed[i])
			window_consumed(w, &w->window[i]);
	}
	for (i = 0; i < w->n_window; i++)
		if (changed[i])
			window_check(w, &w->window[i]);
	for (i = 0; i < w->n_window; i++) {
		struct window *win = &w->window[i];

		if (!changed[i])
			continue;
		for (j = 0; j < w->n_live; j++)
			read_index_check(w, win, w->live[j].sts + 8);
		memcpy(win->r->va + win->off, win->va, win->len);
		make_dirty(win->r, win->off, win->len);
	}
	for (i = 0; w->n_window != 0 && i < w->n_live; i++) {
		struct live *l = &w->live[i];

		for (j = 0; j < l->n_recs; j++) {
			if (!l->rec[j].consumed || l->rec[j].done)
				continue;
			rec_end(&l->rec[j]);
			others_end(l, &l->rec[j]);
		}
	}
}

static void
window_close(struct watch *w)
{
	unsigned int i;

	window_settle(w);
	for (i = 0; i < w->n_window; i++)
		free(w->window[i].buf);
	w->n_window = 0;
}

/* Software writes where memory is mapped. */
static void
window_poke(struct watch *w, const struct region *r, uint32_t off, size_t len)
{
	const uint64_t first = r->iova + off;
	uint64_t at, into, n;
	unsigned int i;
	uint32_t slot;

	for (i = 0; i < w->n_window; i++) {
		struct window *win = &w->window[i];

		/* Behind window_settle() nothing else is different. */
		if (win->r == r)
			memcpy(win->va, r->va + win->off, win->len);
	}
	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		into = (first - l->ring) % SDXI_DESC_LEN;
		for (n = 0; n < into + len; n += SDXI_DESC_LEN) {
			at = first - into + n;
			if (within(at, SDXI_DESC_LEN, r->iova, r->len) &&
			    slots_follow(l, at, 1, &slot))
				rec_changed(w, l, slot, r->va + (at - r->iova));
		}
	}
}

/* ---- the function ---- */

struct sdxi_emu *
watch_create(struct watch *w)
{
	static const struct sdxi_emu_ops ops = {
		.read = cb_read,
		.write = cb_write,
		.read64 = cb_read64,
		.write64 = cb_write64,
		.copy = cb_copy,
		.irq = cb_irq,
	};
	struct sdxi_emu_ops ops_map = ops;

	ops_map.map = cb_map;
	w->emu = NULL;
	w->n_live = 0;
	w->n_l2 = 0;
	w->intr_log = false;
	if (sdxi_emu_create(&w->conf, w->map_kind == MAP_NEVER ? &ops : &ops_map, w, &w->emu) < 0)
		return NULL;
	if (sdxi_emu_reg_read(w->emu, SDXI_MMIO_CAP1, 8) & SDXI_CAP1_RKEY_CAP)
		watch_fail("the function has RKeys, of which akey_good() knows nothing");
	watch_state(w);
	return w->emu;
}

void
watch_state(struct watch *w)
{
	const unsigned int gsv = sdxi_emu_reg_read(w->emu, SDXI_MMIO_STS0, 8);
	const uint64_t l2 = sdxi_emu_reg_read(w->emu, SDXI_MMIO_CXT_L2, 8);
	const uint16_t max_cxt = SDXI_GET(SDXI_CTL2_MAX_CXT,
					  sdxi_emu_reg_read(w->emu, SDXI_MMIO_CTL2, 8));
	unsigned int i;

	if (gsv > SDXI_GSV_ERROR)
		watch_fail("the function's state is %u", gsv);
	if (gsv == SDXI_GSV_STOP || gsv == SDXI_GSV_ERROR) {
		w->n_live = 0;
		w->n_l2 = 0;
		w->max_cxt = 0;
	}
	w->max_cxt = max_cxt > w->max_cxt ? max_cxt : w->max_cxt;
	for (i = 0; i < w->n_l2; i++)
		if (w->l2[i] == l2)
			break;
	if (i == ARRAY_LEN(w->l2))
		w->lost = true;
	else if (i == w->n_l2)
		w->l2[w->n_l2++] = l2;
	w->intr_log |= (sdxi_emu_reg_read(w->emu, SDXI_MMIO_ERR_CTL, 8) & SDXI_ERR_CTL_INTR_EN) ||
		       (sdxi_emu_reg_read(w->emu, SDXI_MMIO_CTL0, 8) & SDXI_CTL0_FN_ERR_INTR_EN);
}

static void
work_begin(struct watch *w)
{
	w->at_work = true;
	w->accesses = 0;
	w->copied = 0;
	w->walk.stage = WALK_NOWHERE;
	w->start.stage = WALK_NOWHERE;
}

static void
work_end(struct watch *w)
{
	window_close(w);
	w->at_work = false;
	w->all_accesses += w->accesses;
	w->all_copied += w->copied;
	watch_state(w);
}

unsigned int
watch_run(struct watch *w, unsigned int budget)
{
	const unsigned int gsv = sdxi_emu_reg_read(w->emu, SDXI_MMIO_STS0, 8);
	const uint64_t visits = VISITS * ((uint64_t)w->n_live + budget + 1);
	unsigned int done;

	work_begin(w);
	done = sdxi_emu_run(w->emu, budget);
	work_end(w);
	if (done > (budget == 0 ? 1 : budget) + OVER_BUDGET)
		watch_fail("%u done of a budget of %u", done, budget);
	if ((gsv == SDXI_GSV_STOP || gsv == SDXI_GSV_ERROR) && (done | w->accesses) != 0)
		watch_fail("%u done, %llu accesses in state %u", done,
			   (unsigned long long)w->accesses, gsv);
	if (w->lost)
		return done;
	if (w->accesses > (uint64_t)done * ACCESSES_PER_UNIT + visits * ACCESSES_PER_VISIT)
		watch_fail("%llu accesses for %u done, %llu visits",
			   (unsigned long long)w->accesses, done, (unsigned long long)visits);
	if (w->copied > done * BYTES_PER_UNIT)
		watch_fail("%llu bytes copied for %u done", (unsigned long long)w->copied, done);
	return done;
}

unsigned int
watch_engine_run(struct watch *w, struct sdxi_emu_engine *engine)
{
	/* Each context has one batch: its Write_Index, Read_Index, ring, and 3 for each copy. */
	const uint64_t most = (uint64_t)w->n_live * (3 + 3 * 32);
	unsigned int done;
	bool rest;

	work_begin(w);
	w->helping = true;
	done = sdxi_emu_engine_run(engine, &rest);
	w->helping = false;
	work_end(w);
	if (!w->lost && (w->accesses > most || w->copied != 0))
		watch_fail("%llu maps by a helper, %llu bytes copied by the owner",
			   (unsigned long long)w->accesses, (unsigned long long)w->copied);
	if (!w->lost && done > w->n_live * 32)
		watch_fail("%u done by a helper", done);
	return done;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
