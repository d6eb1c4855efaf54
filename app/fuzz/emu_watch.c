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
 * Maximum number of accesses per unit of sdxi_emu_run()'s budget: fetch of a descriptor, keys,
 * data, block and log, or start of a context. With reorder, one unit may fetch and complete a
 * window of descriptors.
 */
#define ACCESSES_PER_UNIT 24
#define ACCESSES_PER_UNIT_REORDER 256
/* For a unit that only checks a context, and the maximum number of checks per context. */
#define ACCESSES_PER_VISIT 8
#define VISITS 3
/* An operation costs 1, and 1 more per 8 KiB. */
#define BYTES_PER_UNIT (2 * UINT64_C(8192))
/*
 * The last operation may exceed the budget; with reorder, with others before it; plus an interrupt.
 */
#define OVER_BUDGET 42

/* An AKey that was valid when the function read it. */
struct key {
	uint16_t akey;
	uint16_t flags;
	uint64_t when; /* number of the access */
};

/* A descriptor that a context has consumed. */
struct rec {
	struct sdxi_dsc dsc;
	uint64_t slot;	/* address of its slot */
	uint64_t when;	/* number of the access */
	bool mapped;	/* consumed in mapped memory, in the current batch */
	bool begun;	/* partly done; the rest uses the same AKeys */
	bool moved;	/* partly tried */
	bool done;	/* and all its data is moved */
	bool signalled; /* its completion block no longer belongs to the function */
	bool er;
	bool looked;	 /* read its completion block */
	uint64_t signal; /* last value of the signal, */
	uint64_t lowest; /* and lowest value */
	uint64_t highest;
};

/* A running context. */
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
	uint64_t write_index; /* last value read */
	uint64_t next;	      /* next descriptor to consume */
	uint64_t read_index;  /* last value written */
	bool failed; /* its ERR_FN state was reported: it may only end what it has begun */
	struct sdxi_dsc dsc; /* contents of the next slot as read */
	struct key key[MAX_KEYS];
	unsigned int n_keys;
	struct rec rec[MAX_RECS];
	unsigned int next_rec;
	unsigned int n_recs;
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
	/* One context gets room for a larger AKey table, and space after its ring. */
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

void
watch_poke(struct watch *w, unsigned int region, uint32_t off, const void *buf, size_t len)
{
	struct region *r = &w->region[region];
	unsigned int i;

	if (off >= r->len)
		return;
	if (len > r->len - off)
		len = r->len - off;
	memcpy(r->va + off, buf, len);
	make_dirty(r, off, len);
	/* A descriptor that changes where it is mapped is not tracked. */
	for (i = 0; i < w->n_window; i++) {
		if (w->window[i].r == r)
			memcpy(w->window[i].va, r->va + w->window[i].off, w->window[i].len);
		w->lost = true;
	}
}

/* Read or write across regions, or only check (buf NULL); returns false if part is not mapped. */
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
		if (buf != NULL && perm == PERM_R) {
			memcpy(buf, r->va + off, n);
		} else if (buf != NULL) {
			memcpy(r->va + off, buf, n);
			make_dirty(r, off, n);
		}
		buf = buf == NULL ? NULL : (uint8_t *)buf + n;
		len -= n;
		iova += n;
		/* The address space ends here. */
		if (len != 0 && iova == 0)
			return false;
	}
	return true;
}

/* ---- predicates ---- */

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

/* The address of the completion block, or an impossible address if there is none. */
static uint64_t
block_of(const struct rec *rec)
{
	const uint64_t last = le64(rec->dsc.any.csb_ptr);

	if (!(opcode_of(rec) & SDXI_DSC_VL) || (last & ~SDXI_DSC_CSB_PTR) != 0)
		return 1;
	return last;
}

static uint64_t
now(const struct watch *w)
{
	return w->all_accesses + w->accesses;
}

/* The signal of a completion block was read; returns false if it is no descriptor's. */
static bool
block_read(struct watch *w, uint64_t csb, bool there, uint64_t val)
{
	unsigned int i, j;
	bool any = false;

	for (i = 0; i < w->n_live; i++)
		for (j = 0; j < w->live[i].n_recs; j++) {
			struct rec *rec = &w->live[i].rec[j];

			if (block_of(rec) != csb || rec->signalled)
				continue;
			any = true;
			if (!there)
				continue;
			rec->lowest = rec->looked && rec->lowest < val ? rec->lowest : val;
			rec->highest = rec->looked && rec->highest > val ? rec->highest : val;
			rec->signal = val;
			rec->looked = true;
		}
	return any;
}

/*
 * May an operation write this value to its signal? An atomic one decrements the value last read, a
 * simple one the value read when it began.
 */
static bool
signal_expected(const struct watch *w, const struct rec *rec, uint64_t val)
{
	const unsigned int csr = (opcode_of(rec) & SDXI_DSC_CSR) != 0;

	return rec->looked && (rec->signal - 1 == val ||
	       (csr != w->conf.csr && val + 1 >= rec->lowest && val + 1 <= rec->highest));
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
 * Does an AKey refer to this function's memory? Other functions need a pair of keys, which a
 * function without rkey_cap (checked in watch_create()) cannot have; other address spaces need a
 * PASID.
 */
static bool
akey_good(const struct watch *w, const struct sdxi_akey_ent *ent)
{
	const uint16_t flags = le16(ent->intr_num), sfunc = le16(ent->tgt_sfunc);

	return (flags & SDXI_AKEY_ENT_VL) && !(flags & SDXI_AKEY_ENT_PV) &&
	       (sfunc == 0 || sfunc == w->conf.sfunc);
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

/* Is this a valid descriptor of the data group? */
static bool
may_move(const struct live *l, const struct rec *rec, unsigned int n_akeys)
{
	const struct sdxi_dsc *dsc = &rec->dsc;
	const uint32_t defined = (uint32_t)(SDXI_DSC_VL | SDXI_DSC_SE | SDXI_DSC_FE |
					    SDXI_DSC_CSR | SDXI_DSC_RB | SDXI_DSC_SUBTYPE |
					    SDXI_DSC_TYPE);
	const uint64_t last = le64(dsc->any.csb_ptr);
	unsigned int i;

	if (rec->begun || rec->done)
		return rec->begun;
	if (l->failed && !rec->moved)
		return false;
	if ((opcode_of(rec) & ~defined) != 0 || dsc->copy.attr != 0)
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

/* Does the data of a descriptor overlap its own completion block? */
static bool
hits_block(const struct rec *rec, uint64_t at, uint64_t len)
{
	return !(le64(rec->dsc.any.csb_ptr) & SDXI_DSC_NP) &&
	       overlap(at, len, block_of(rec), sizeof(struct sdxi_cst_blk));
}

/* Does a descriptor explain this copy? */
static bool
copy_expected(const struct live *l, const struct rec *rec, uint64_t dst, uint64_t src, uint64_t len)
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
write_imm_expected(const struct live *l, const struct rec *rec, uint64_t dst, const void *buf,
		  size_t len)
{
	return is_op(rec, SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM) && len == size_of(rec) &&
	       len <= SDXI_WRT_IMM_MAX && !wraps(dst, len) && dst == le64(rec->dsc.copy.addr0) &&
	       memcmp(buf, SDXI_WRT_IMM_DATA(&rec->dsc), len) == 0 && !hits_block(rec, dst, len) &&
	       may_move(l, rec, 1);
}

static uint64_t
slot_at(const struct live *l, uint64_t index)
{
	return l->ring + index % l->ring_sz * SDXI_DESC_LEN;
}

/* Is this the address of the next slot, and may the context read it? */
static bool
slot_expected(const struct live *l, uint64_t iova)
{
	return !l->failed && l->next < l->write_index && iova == slot_at(l, l->next);
}

/* Add a consumed descriptor in place of the oldest record. */
static struct rec *
rec_add(const struct watch *w, struct live *l, const struct sdxi_dsc *dsc)
{
	struct rec *rec = &l->rec[l->next_rec++ % MAX_RECS];

	if (l->n_recs < MAX_RECS)
		l->n_recs++;
	*rec = (struct rec){ .dsc = *dsc, .slot = slot_at(l, l->next), .when = now(w) };
	l->next++;
	return rec;
}

/* Is this the descriptor that was read, written back without vl? */
static bool
consumed_expected(const struct live *l, uint64_t iova, uint64_t raw)
{
	return slot_expected(l, iova) && (l->dsc.qw[0] & le64(SDXI_DSC_VL)) &&
	       raw == (l->dsc.qw[0] & ~le64(SDXI_DSC_VL));
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
	/* Other values make the context fail. */
	if (val >= l->write_index && val >= l->read_index)
		l->write_index = val;
}

/* ---- table walks ---- */

enum stage {
	WALK_NONE,
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

/* Apply a complete walk to the context that it belongs to. */
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
	l->n_keys = 0;
}

/* An entry is read to check whether the table is accessible. */
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

/* Does a descriptor of the administrative context that is not complete yet start this context? */
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

/* Do the tables that were read permit writing RUN to this CXT_STS? */
static bool
start_expected(struct watch *w, uint64_t sts)
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
	l->next = w->read_index;
	memset(&l->dsc, 0, sizeof(l->dsc));
	l->failed = false;
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
		/* Compare changes by the function before software writes. */
		window_settle(w);
		hook(w, w->hook_arg);
	}
}

/* Called before each access except those to mapped memory. */
static void
begin_access(struct watch *w, uint64_t iova, uint64_t len)
{
	if (!w->at_work)
		watch_fail("access to %#llx outside of a run", LLX(iova));
	if (len == 0)
		watch_fail("access of length 0 to %#llx", LLX(iova));
	window_close(w);
	count_access(w);
}

static enum sdxi_emu_mem
cb_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	struct watch *w = opaque;
	const uint64_t l1_at = w->walk.l2 & SDXI_L2_ENT_LV01_PTR;
	enum stage next = WALK_NONE;
	bool probe, there, ok = false;
	unsigned int i, n_akeys = 0;
	struct sdxi_akey_ent ent;
	struct live *l;

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
		next = there ? WALK_L1 : WALK_NONE;
	}
	if (w->walk.stage == WALK_L1 && len == sizeof(w->walk.ctl) &&
	    (le64(w->walk.l1.cxt_ctl_ptr) & SDXI_L1_ENT_VL) &&
	    iova == (le64(w->walk.l1.cxt_ctl_ptr) & SDXI_L1_ENT_CXT_CTL_PTR)) {
		ok = true;
		memcpy(&w->walk.ctl, buf, len);
		next = there ? WALK_CTL : WALK_NONE;
	}
	probe = len == sizeof(ent) && walk_probes(w, iova);
	w->start.stage = WALK_NONE;
	if (probe) {
		ok = true;
		next = there ? w->walk.stage : WALK_NONE;
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
			/* Count the read only if a single context can have made it. */
			if (there)
				akey_seen(w, l, (iova - l->akey_ptr) / len, &ent,
					  !probe && n_akeys == 1);
		}
		if (len == SDXI_DESC_LEN && slot_expected(l, iova)) {
			ok = true;
			if (there)
				memcpy(&l->dsc, buf, len);
		}
	}
	if (!ok && !w->lost)
		watch_fail("unexpected read of %zu bytes at %#llx", len, LLX(iova));
	w->walk.stage = next;
	return there ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

static enum sdxi_emu_mem
cb_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	struct watch *w = opaque;
	enum stage next = WALK_NONE;
	bool there, ok = false;
	unsigned int i;
	struct live *l;

	begin_access(w, iova, sizeof(*val));
	if (iova % sizeof(*val) != 0)
		watch_fail("word at %#llx, which is not aligned", LLX(iova));
	there = mem_access(w, iova, val, sizeof(*val), PERM_R);
	if (!there)
		*val = UINT64_C(0xa5a5a5a5a5a5a5a5);

	/* CXT_STS and Write_Index of a context about to start. */
	if (w->start.stage == WALK_AKEY_LAST && iova == le64(w->start.ctl.cxt_sts_ptr) + 8) {
		ok = true;
		next = there ? WALK_STS : WALK_NONE;
		w->read_index = le64(*val);
	} else if (w->start.stage == WALK_STS && iova == le64(w->start.ctl.write_index_ptr)) {
		ok = true;
		next = there && le64(*val) >= w->read_index &&
				       le64(*val) - w->read_index <= le32(w->start.ctl.ds_ring_sz) ?
			       WALK_WRITE_INDEX :
			       WALK_NONE;
	}
	w->start.stage = next;
	w->walk.stage = WALK_NONE;
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
		/* The function reads the first word of a slot, with vl, before the whole slot. */
		ok |= slot_expected(l, iova);
	}
	ok |= block_read(w, iova, there, le64(*val));
	if (!ok && !w->lost)
		watch_fail("unexpected read of a word at %#llx", LLX(iova));
	return there ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

/* Is this the next entry of the log, at off? */
static bool
log_expected(struct watch *w, uint64_t iova, uint32_t off)
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

static enum sdxi_emu_mem
cb_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	struct watch *w = opaque;
	uint8_t copy[SDXI_DESC_LEN];
	unsigned int i, j, n_imm = 0;
	struct rec *imm = NULL;
	bool ok = false;
	uint32_t flags;

	begin_access(w, iova, len);
	w->walk.stage = WALK_NONE;
	w->start.stage = WALK_NONE;
	if (len > sizeof(copy))
		watch_fail("%zu bytes written at %#llx", len, LLX(iova));
	memcpy(copy, buf, len);
	ok = len == sizeof(struct sdxi_errlog_hd_ent) - 8 && log_expected(w, iova, 8);
	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		for (j = 0; j < l->n_recs; j++) {
			struct rec *rec = &l->rec[j];

			if (len == sizeof(flags) && iova == block_of(rec) + 8 &&
			    !rec->signalled) {
				memcpy(&flags, copy, sizeof(flags));
				ok |= le32(flags) == SDXI_CST_BLK_ER;
				rec->er = true;
			}
			if (write_imm_expected(l, rec, iova, copy, len)) {
				ok = true;
				imm = rec;
				n_imm++;
			}
		}
	}
	if (!ok && !w->lost)
		watch_fail("unexpected write of %zu bytes at %#llx", len, LLX(iova));
	if (n_imm == 1)
		imm->done = true;
	return mem_access(w, iova, copy, len, PERM_W) ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

/*
 * An AKEY_UPD completed without fault: the AKeys that it names must be read again, unless they were
 * read after the AKEY_UPD was consumed, which may have taken effect much earlier.
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

/* A signal was written; returns false if no descriptor explains it. */
static bool
signal_written(struct watch *w, uint64_t csb, uint64_t val, bool sure)
{
	struct rec *rec, *first = NULL;
	unsigned int i, j, n = 0;
	bool admin = false;

	for (i = 0; i < w->n_live; i++)
		for (j = 0; j < w->live[i].n_recs; j++) {
			rec = &w->live[i].rec[j];
			if (block_of(rec) != csb || rec->signalled || !signal_expected(w, rec, val))
				continue;
			n++;
			/* Assume the oldest; others may match as well. */
			if (first == NULL || rec->when < first->when)
				first = rec;
			admin = w->live[i].num == SDXI_CXT_ADMIN;
		}
	if (first == NULL || !sure)
		return first != NULL;
	/* Act on it only if it is the only match. */
	if (n == 1 && admin && is_op(first, SDXI_TYPE_ADMIN, SDXI_ADM_AKEY_UPD) && !first->er)
		akeys_updated(w, first);
	first->signalled = true;
	return true;
}

/* May a context write this value to Read_Index? */
static bool
read_index_expected(struct live *l, uint64_t val)
{
	if (val < l->read_index || val > l->next)
		return false;
	l->read_index = val;
	return true;
}

static enum sdxi_emu_mem
cb_write64(void *opaque, uint64_t iova, uint64_t raw)
{
	struct watch *w = opaque;
	const uint64_t val = le64(raw);
	bool ok, there, start, state = false, signal;
	unsigned int i, n_sts = 0;
	struct live *whose = NULL;

	begin_access(w, iova, sizeof(raw));
	if (iova % sizeof(raw) != 0)
		watch_fail("word at %#llx, which is not aligned", LLX(iova));
	there = mem_access(w, iova, NULL, sizeof(raw), PERM_W);
	ok = log_expected(w, iova, 0) && SDXI_GET(SDXI_ERRLOG_TYPE, val) == SDXI_ERRLOG_TYPE_HD &&
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
		ok |= iova == l->sts + 8 && read_index_expected(l, val);
		if (consumed_expected(l, iova, raw)) {
			rec_add(w, l, &l->dsc);
			memset(&l->dsc, 0, sizeof(l->dsc));
			ok = true;
		}
	}
	start = val == SDXI_CXT_RUN && start_expected(w, iova);
	if (start && there)
		live_add(w);
	ok |= start;
	/* Update the state only if there is a single explanation. */
	signal = signal_written(w, iova, val, !ok && !state);
	w->walk.stage = WALK_NONE;
	w->start.stage = WALK_NONE;
	if (!ok && !state && !signal && !w->lost)
		watch_fail("unexpected write of %#llx at %#llx", LLX(val), LLX(iova));
	if (state && !ok && !signal && n_sts == 1) {
		if (val == SDXI_CXT_ERR_FN)
			whose->failed = true;
		/* A stopped context does not access memory. */
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
	w->walk.stage = WALK_NONE;
	w->start.stage = WALK_NONE;
	if (len > SDXI_EMU_CHUNK || wraps(dst, len) || wraps(src, len) || dst - src < len ||
	    src - dst < len)
		watch_fail("copy of %zu bytes from %#llx to %#llx", len, LLX(src), LLX(dst));
	if (!mem_access(w, src, NULL, len, PERM_R))
		res = SDXI_EMU_MEM_SRC_FAULT;
	else if (!mem_access(w, dst, NULL, len, PERM_W))
		res = SDXI_EMU_MEM_DST_FAULT;
	for (i = 0; i < w->n_live; i++) {
		for (j = 0; j < w->live[i].n_recs; j++) {
			struct rec *rec = &w->live[i].rec[j];

			if (!copy_expected(&w->live[i], rec, dst, src, len))
				continue;
			last = rec;
			n++;
			rec->moved = true;
			rec->begun = res == SDXI_EMU_MEM_OK &&
				     dst + len != le64(rec->dsc.copy.addr1) + size_of(rec);
		}
	}
	if (n == 0 && !w->lost)
		watch_fail("unexpected copy of %zu bytes from %#llx to %#llx", len, LLX(src),
			   LLX(dst));
	/* Act on it only if it is the only match. */
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
			if (!is_op(&l->rec[j], SDXI_TYPE_INTR, SDXI_INTR_INTR) &&
			    !is_op(&l->rec[j], SDXI_TYPE_ADMIN, SDXI_ADM_INTR))
				continue;
			for (k = 0; k < l->n_keys; k++)
				if (l->key[k].akey == le16(l->rec[j].dsc.copy.akey0) &&
				    (l->key[k].flags & SDXI_AKEY_ENT_IV) &&
				    SDXI_GET(SDXI_AKEY_ENT_INTR_NUM, l->key[k].flags) == vector)
					return;
		}
	}
	watch_fail("unexpected interrupt %u", vector);
}

/* ---- mapped memory ---- */

static bool
cb_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	struct watch *w = opaque;
	struct region *r = region_at(w, iova);
	struct window *win;
	uint32_t off, len;
	unsigned int i;

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

		/* Write_Index is sampled. Invalid values are left for the function to detect. */
		if (iova == l->write_index_ptr && !l->failed &&
		    within(iova, 8, r->iova + off, len)) {
			memcpy(&val, win->va + (iova - r->iova - off), sizeof(val));
			if (le64(val) - l->next <= 2 * (uint64_t)l->ring_sz)
				write_index_seen(l, le64(val));
		}
	}
	*map = (struct sdxi_emu_map){ r->iova + off, len, win->va };
	return true;
}

/* The function's copy if mapped, or memory; NULL if not contiguous. */
static const uint8_t *
mapped_at(struct watch *w, uint64_t iova, size_t len)
{
	struct region *r = region_at(w, iova);
	unsigned int i;

	for (i = 0; i < w->n_window; i++) {
		const struct window *win = &w->window[i];

		if (within(iova, len, win->r->iova + win->off, win->len))
			return win->va + (iova - win->r->iova - win->off);
	}
	return r != NULL && within(iova, len, r->iova, r->len) ? r->va + (iova - r->iova) : NULL;
}

/* May a copy overwrite state that progress is derived from? */
static bool
hits_progress(const struct watch *w, const struct rec *rec)
{
	const uint64_t dst = le64(rec->dsc.copy.addr1);
	unsigned int i;

	for (i = 0; i < w->n_live; i++)
		if (overlap(dst, size_of(rec), w->live[i].sts, 16) ||
		    overlap(dst, size_of(rec), w->live[i].ring,
			    (uint64_t)w->live[i].ring_sz * SDXI_DESC_LEN))
			return true;
	return false;
}

/* Find what a context has consumed in mapped memory, from its Read_Index. */
static void
batch_find(struct watch *w, struct live *l)
{
	const uint8_t *sts = mapped_at(w, l->sts + 8, 8);
	uint64_t ri, was, end;
	unsigned int i;
	struct rec rec;

	/* Software may have written to it. */
	if (sts == NULL || l->failed || !mem_access(w, l->sts + 8, &was, sizeof(was), PERM_R) ||
	    memcmp(sts, &was, sizeof(was)) == 0)
		return;
	memcpy(&ri, sts, sizeof(ri));
	ri = le64(ri);
	/* Progress is not reliable where data or other contexts may have written to it. */
	for (i = 0; i < w->n_live; i++)
		w->lost |= &w->live[i] != l && (w->live[i].sts == l->sts ||
			   overlap(w->live[i].ring, (uint64_t)w->live[i].ring_sz * SDXI_DESC_LEN,
				   l->ring, (uint64_t)l->ring_sz * SDXI_DESC_LEN));
	for (end = l->next; end < l->write_index && !w->lost; end++) {
		if (!mem_access(w, slot_at(l, end), &rec.dsc, sizeof(rec.dsc), PERM_R) ||
		    !is_op(&rec, SDXI_TYPE_DMAB, SDXI_DMAB_COPY))
			break;
		w->lost = hits_progress(w, &rec) || end - l->next == MAX_RECS;
	}
	if (w->lost)
		return;
	if (ri < l->next || ri > end)
		watch_fail("Read_Index at %#llx is %llu", LLX(l->sts), LLX(ri));
	while (l->next < ri) {
		const uint64_t at = slot_at(l, l->next);
		const uint8_t *slot = mapped_at(w, at, sizeof(uint32_t));
		uint32_t first;

		mem_access(w, at, &rec.dsc, sizeof(rec.dsc), PERM_R);
		memcpy(&first, slot, sizeof(first));
		if (first != (rec.dsc.any.opcode & ~le32((uint32_t)SDXI_DSC_VL)))
			watch_fail("the descriptor at %#llx was not consumed", LLX(at));
		rec_add(w, l, &rec.dsc)->mapped = true;
	}
	l->read_index = ri;
}

/* Did data written by the same batch overlap this completion block? */
static bool
data_hits(const struct watch *w, uint64_t csb)
{
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++)
		for (j = 0; j < w->live[i].n_recs; j++)
			if (w->live[i].rec[j].mapped &&
			    overlap(csb, 8, le64(w->live[i].rec[j].dsc.copy.addr1),
				    size_of(&w->live[i].rec[j])))
				return true;
	return false;
}

/* A byte of mapped memory has changed: returns how many bytes from there may change. */
static uint64_t
change_expected(struct watch *w, uint64_t at)
{
	uint64_t was = 0, val = 0, csb = 1, reach = 0, n = 0;
	const uint8_t *now_there;
	unsigned int i, j;

	for (i = 0; i < w->n_live; i++) {
		struct live *l = &w->live[i];

		/* Read_Index and the slots were checked before. */
		if (within(at, 1, l->sts + 8, 8))
			return l->sts + 16 - at;
		for (j = 0; j < l->n_recs; j++) {
			struct rec *rec = &l->rec[j];
			const uint64_t off = at - le64(rec->dsc.copy.addr1);

			if (!rec->mapped)
				continue;
			if (within(at, 1, rec->slot, 4))
				return rec->slot + 4 - at;
			if (off < size_of(rec) &&
			    copy_expected(l, rec, at, le64(rec->dsc.copy.addr0) + off, 1))
				reach = size_of(rec) - off;
			n += within(at, 1, block_of(rec), 8);
			if (within(at, 1, block_of(rec), 8))
				csb = block_of(rec);
		}
	}
	/* Each descriptor decrements the signal, which an earlier copy may have overwritten. */
	now_there = n == 0 ? NULL : mapped_at(w, csb, sizeof(val));
	if (reach == 0 && now_there != NULL) {
		mem_access(w, csb, &was, sizeof(was), PERM_R);
		memcpy(&val, now_there, sizeof(val));
		reach = le64(was) - le64(val) == n || data_hits(w, csb) ? csb + 8 - at : 0;
	}
	return reach;
}

/* Check what the function has changed in mapped memory, and copy it to memory. */
static void
window_settle(struct watch *w)
{
	unsigned int i, j;

	for (i = 0; w->n_window != 0 && !w->lost && i < w->n_live; i++)
		batch_find(w, &w->live[i]);
	for (i = 0; i < w->n_window && !w->lost; i++) {
		const struct window *win = &w->window[i];
		const uint8_t *before = win->r->va + win->off;
		const uint64_t iova = win->r->iova + win->off;
		uint64_t at = 0, ok;

		if (memcmp(before, win->va, win->len) == 0)
			continue;
		for (at = 0; at < win->len; at += ok) {
			ok = before[at] == win->va[at] ? 1 : change_expected(w, iova + at);
			if (ok == 0)
				watch_fail("unexpected change of mapped memory at %#llx",
					   LLX(iova + at));
		}
	}
	for (i = 0; i < w->n_window; i++) {
		struct window *win = &w->window[i];

		if (memcmp(win->r->va + win->off, win->va, win->len) == 0)
			continue;
		memcpy(win->r->va + win->off, win->va, win->len);
		make_dirty(win->r, win->off, win->len);
	}
	/* The batch is complete. */
	for (i = 0; w->n_window != 0 && i < w->n_live; i++)
		for (j = 0; j < w->live[i].n_recs; j++) {
			struct rec *rec = &w->live[i].rec[j];

			rec->done |= rec->mapped;
			rec->signalled |= rec->mapped;
			rec->mapped = false;
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
		watch_fail("the function supports RKeys, which akey_good() does not");
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
	w->walk.stage = WALK_NONE;
	w->start.stage = WALK_NONE;
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
	const unsigned int per_unit = w->conf.reorder ? ACCESSES_PER_UNIT_REORDER :
							ACCESSES_PER_UNIT;
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
	if (w->accesses > (uint64_t)done * per_unit + visits * ACCESSES_PER_VISIT)
		watch_fail("%llu accesses for %u done, %llu visits",
			   (unsigned long long)w->accesses, done, (unsigned long long)visits);
	/* A turn that ends in a reset is not counted. */
	if (w->copied > done * BYTES_PER_UNIT + 2 * SDXI_EMU_CHUNK)
		watch_fail("%llu bytes copied for %u done", (unsigned long long)w->copied, done);
	return done;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
