/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_EMU_OWNER_H_
#define _TEST_EMU_OWNER_H_

/** @file
 * Environment of the emulated function for tests: flat memory with holes, and a minimal driver that
 * activates the function and fills rings.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "sdxi_emu.h"
#include "sdxi_emu_hw.h"
#include "test_le.h"

#define MEM_BASE UINT64_C(0x40000000)
#define MEM_LEN (UINT64_C(32) << 20)
#define NO_MEM UINT64_C(0x7f0000000000) /* page aligned, not mapped */

/* Memory map. Each context has an area of AREA_LEN bytes. */
#define L2_AT MEM_BASE
#define L1_AT(n) (MEM_BASE + 0x1000 + ((uint64_t)(n) / 128) * 0x1000) /* up to context 1919 */
#define LOG_AT (MEM_BASE + 0x10000)
#define AREA_AT(i) (MEM_BASE + 0x20000 + (uint64_t)(i) * AREA_LEN)
#define AREA_LEN 0x40000
#define AREAS 16
#define RING_OFF 0x0
#define RING_SZ 1024
#define CST_OFF 0x10000 /* a completion block per slot */
#define CTL_OFF 0x18000
#define STS_OFF 0x19000
#define WIX_OFF 0x1a000
#define AKEY_OFF 0x1b000
#define DATA_AT (MEM_BASE + (UINT64_C(8) << 20))
#define DATA_LEN (UINT64_C(24) << 20)

#define SDXI_FLT_AKEY 2 /* cflags of a SYNC */

#define OPB_ALL (UINT32_C(1) << SDXI_TYPE_INTR)
#define DB_STRIDE 4096

struct hole {
	uint64_t at;
	uint64_t len;
	bool no_read;
	bool no_write;
};

struct owner {
	struct sdxi_emu *emu;
	struct sdxi_emu_conf conf;
	uint8_t *mem;
	struct hole hole[4];
	unsigned int n_holes;
	uint64_t accesses;
	uint64_t writes;
	uint64_t maps;
	bool can_map; /* SDXI_TEST_MAP is set in the environment */
	unsigned int irqs;
	uint16_t irq_vector;
	uint64_t now_ms;
	struct owner *peer; /* another function of the same group */
	bool plain_fault;   /* copies do not report which side failed */
	/* Called before a copy, after a read, after an 8-byte write, at an interrupt. */
	void (*on_copy)(struct owner *own);
	uint64_t copy_dst; /* of the copy passed to on_copy */
	size_t copy_len;
	void (*on_read)(struct owner *own, uint64_t iova);
	void (*on_write64)(struct owner *own, uint64_t iova);
	void (*on_irq)(struct owner *own);
	/* Per area: */
	uint16_t cxt[AREAS];
	unsigned int n_areas;
	uint64_t wix[AREAS]; /* Write_Index of the producers */
};

/* Pointers to memory for tests. */
static inline void *
mem_at(struct owner *own, uint64_t iova)
{
	assert_true(iova >= MEM_BASE && iova < MEM_BASE + MEM_LEN);
	return own->mem + (iova - MEM_BASE);
}

static inline void *
mem_access(struct owner *own, uint64_t iova, size_t len, bool write)
{
	const struct hole *h;
	unsigned int i;

	assert_int_not_equal(len, 0);
	own->accesses++;
	if (iova < MEM_BASE || iova - MEM_BASE >= MEM_LEN || len > MEM_LEN - (iova - MEM_BASE))
		return NULL;
	for (i = 0; i < own->n_holes; i++) {
		h = &own->hole[i];
		if ((write ? h->no_write : h->no_read) && iova < h->at + h->len &&
		    h->at < iova + len)
			return NULL;
	}
	own->writes += write;
	return own->mem + (iova - MEM_BASE);
}

static enum sdxi_emu_mem
owner_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	struct owner *own = opaque;
	const void *p = mem_access(own, iova, len, false);

	memset(buf, 0xa5, len);
	if (p == NULL)
		return SDXI_EMU_MEM_FAULT;
	memcpy(buf, p, len);
	if (own->on_read != NULL)
		own->on_read(own, iova);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
owner_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	void *p = mem_access(opaque, iova, len, true);

	if (p == NULL)
		return SDXI_EMU_MEM_FAULT;
	memcpy(p, buf, len);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
owner_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	struct owner *own = opaque;
	const void *p = mem_access(own, iova, sizeof(*val), false);

	assert_int_equal(iova % sizeof(*val), 0);
	*val = UINT64_MAX;
	if (p == NULL)
		return SDXI_EMU_MEM_FAULT;
	*val = __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
	if (own->on_read != NULL)
		own->on_read(own, iova);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
owner_write64(void *opaque, uint64_t iova, uint64_t val)
{
	struct owner *own = opaque;
	void *p = mem_access(own, iova, sizeof(val), true);

	assert_int_equal(iova % sizeof(val), 0);
	if (p == NULL)
		return SDXI_EMU_MEM_FAULT;
	__atomic_store_n((uint64_t *)p, val, __ATOMIC_RELEASE);
	if (own->on_write64 != NULL)
		own->on_write64(own, iova);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
owner_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	struct owner *own = opaque;
	const void *s;
	void *d;

	assert_true(len <= SDXI_EMU_CHUNK);
	assert_true(dst - src >= len && src - dst >= len);
	own->copy_dst = dst;
	own->copy_len = len;
	if (own->on_copy != NULL)
		own->on_copy(own);
	s = mem_access(own, src, len, false);
	if (s == NULL)
		return own->plain_fault ? SDXI_EMU_MEM_FAULT : SDXI_EMU_MEM_SRC_FAULT;
	d = mem_access(own, dst, len, true);
	if (d == NULL)
		return SDXI_EMU_MEM_DST_FAULT;
	memcpy(d, s, len);
	return SDXI_EMU_MEM_OK;
}

/* Map up to WINDOW bytes around an address. Not for tests that check each access. */
#define WINDOW UINT64_C(0x10000)

static bool
owner_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	struct owner *own = opaque;
	uint64_t from = iova & ~(WINDOW - 1), to = from + WINDOW;
	unsigned int i;

	if (own->on_copy != NULL || own->on_read != NULL || own->on_write64 != NULL ||
	    iova < MEM_BASE || iova - MEM_BASE >= MEM_LEN)
		return false;
	for (i = 0; i < own->n_holes; i++) {
		const struct hole *h = &own->hole[i];

		if (iova >= h->at && iova - h->at < h->len)
			return false;
		if (h->at > iova && h->at < to)
			to = h->at;
		if (h->at + h->len <= iova && h->at + h->len > from)
			from = h->at + h->len;
	}
	own->maps++;
	*map = (struct sdxi_emu_map){ from, to - from, own->mem + (from - MEM_BASE) };
	return true;
}

static void
owner_irq(void *opaque, uint16_t vector)
{
	struct owner *own = opaque;

	own->irqs++;
	own->irq_vector = vector;
	if (own->on_irq != NULL)
		own->on_irq(own);
}

static uint64_t
owner_now_ms(void *opaque)
{
	return ((struct owner *)opaque)->now_ms;
}

static bool
owner_peer(void *opaque, uint16_t sfunc, uint64_t *rkey, void **mem)
{
	struct owner *peer = ((struct owner *)opaque)->peer;

	if (peer == NULL || peer->conf.sfunc != sfunc)
		return false;
	*rkey = sdxi_emu_reg_read(peer->emu, SDXI_MMIO_RKEY, 8);
	*mem = peer;
	return true;
}

/* Create a function with a configuration and its own memory. */
static inline struct owner *
owner_make(const struct sdxi_emu_conf *conf)
{
	struct sdxi_emu_ops ops = {
		.read = owner_read,
		.write = owner_write,
		.read64 = owner_read64,
		.write64 = owner_write64,
		.copy = owner_copy,
		.irq = owner_irq,
		.now_ms = owner_now_ms,
		.peer = owner_peer,
	};
	struct owner *own = calloc(1, sizeof(*own));

	assert_non_null(own);
	own->conf = *conf;
	own->can_map = getenv("SDXI_TEST_MAP") != NULL;
	if (own->can_map)
		ops.map = owner_map;
	/* Not from malloc(), which may fill all memory with a pattern in each test. */
	own->mem = mmap(NULL, MEM_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(own->mem, MAP_FAILED);
	assert_int_equal(sdxi_emu_create(&own->conf, &ops, own, &own->emu), 0);
	return own;
}

static inline void
owner_free(struct owner *own)
{
	sdxi_emu_destroy(own->emu);
	free(own->conf.doorbells);
	munmap(own->mem, MEM_LEN);
	free(own);
}

static inline void
hole_add(struct owner *own, uint64_t at, uint64_t len, bool no_read, bool no_write)
{
	assert_true(own->n_holes < 4);
	own->hole[own->n_holes++] = (struct hole){ at, len, no_read, no_write };
}

static inline uint64_t
reg_get(struct owner *own, uint64_t off)
{
	return sdxi_emu_reg_read(own->emu, off, 8);
}

static inline void
reg_set(struct owner *own, uint64_t off, uint64_t val)
{
	sdxi_emu_reg_write(own->emu, off, val, 8);
}

static inline unsigned int
fn_state(struct owner *own)
{
	return reg_get(own, SDXI_MMIO_STS0);
}

/* Write a request, preserving the other fields of CTL0. */
static inline void
fn_ask(struct owner *own, enum sdxi_fn_gsr gsr)
{
	reg_set(own, SDXI_MMIO_CTL0, (reg_get(own, SDXI_MMIO_CTL0) & ~SDXI_CTL0_FN_GSR) | gsr);
}

/* Run until the function has nothing to do. */
static inline void
run_dry(struct owner *own)
{
	unsigned int i;

	for (i = 0; sdxi_emu_run(own->emu, 64) != 0; i++)
		assert_true(i < 100000);
}

static inline struct sdxi_cxt_l1_ent *
l1_of(struct owner *own, uint16_t num)
{
	return (struct sdxi_cxt_l1_ent *)mem_at(own, L1_AT(num)) + num % 128;
}

static inline struct sdxi_cxt_ctl *
ctl_of(struct owner *own, unsigned int area)
{
	return mem_at(own, AREA_AT(area) + CTL_OFF);
}

static inline struct sdxi_akey_ent *
akeys_of(struct owner *own, unsigned int area)
{
	return mem_at(own, AREA_AT(area) + AKEY_OFF);
}

static inline struct sdxi_dsc *
slot_of(struct owner *own, unsigned int area, uint64_t index)
{
	return (struct sdxi_dsc *)mem_at(own, AREA_AT(area) + RING_OFF) + index % RING_SZ;
}

static inline uint64_t
cst_at(unsigned int area, uint64_t index)
{
	return AREA_AT(area) + CST_OFF + index % RING_SZ * sizeof(struct sdxi_cst_blk);
}

static inline struct sdxi_cst_blk *
cst_of(struct owner *own, unsigned int area, uint64_t index)
{
	return mem_at(own, cst_at(area, index));
}

static inline struct sdxi_cxt_sts *
sts_of(struct owner *own, unsigned int area)
{
	return mem_at(own, AREA_AT(area) + STS_OFF);
}

static inline uint64_t
read_index(struct owner *own, unsigned int area)
{
	return le64(sts_of(own, area)->read_index);
}

static inline unsigned int
cxt_state(struct owner *own, unsigned int area)
{
	return sts_of(own, area)->state;
}

static inline void
write_index_set(struct owner *own, unsigned int area, uint64_t val)
{
	uint64_t *p = mem_at(own, AREA_AT(area) + WIX_OFF);

	__atomic_store_n(p, le64(val), __ATOMIC_RELEASE);
}

/* Set up the tables of a context in the next free area. The ring starts at index start. */
static inline unsigned int
cxt_build(struct owner *own, uint16_t num, uint64_t start)
{
	const unsigned int area = own->n_areas++;
	struct sdxi_cxt_l2_ent *l2 = mem_at(own, L2_AT);
	struct sdxi_cxt_ctl *ctl;
	struct sdxi_cxt_l1_ent *l1;

	assert_true(area < AREAS && num < 1920);
	own->cxt[area] = num;
	own->wix[area] = start;
	memset(mem_at(own, AREA_AT(area)), 0, AREA_LEN);
	sts_of(own, area)->read_index = le64(start);
	write_index_set(own, area, start);

	ctl = ctl_of(own, area);
	/* As drivers for hardware do. */
	ctl->ds_ring_ptr = le64((AREA_AT(area) + RING_OFF) | SDXI_CXT_CTL_VL | SDXI_CXT_CTL_CSA |
				SDXI_CXT_CTL_SE);
	ctl->ds_ring_sz = le32(RING_SZ);
	ctl->cxt_sts_ptr = le64(AREA_AT(area) + STS_OFF);
	ctl->write_index_ptr = le64(AREA_AT(area) + WIX_OFF);
	akeys_of(own, area)[0].intr_num = le16(SDXI_AKEY_ENT_VL);

	l1 = l1_of(own, num);
	memset(l1, 0, sizeof(*l1));
	l1->cxt_ctl_ptr = le64((AREA_AT(area) + CTL_OFF) | SDXI_L1_ENT_VL);
	l1->akey_ptr = le64(AREA_AT(area) + AKEY_OFF);
	l1->misc0 = le32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER, SDXI_MAX_BUFFER_4G));
	l1->opb_000_enb = le32(OPB_ALL);
	l2[num / 128].lv01_ptr = le64(L1_AT(num) | SDXI_L2_ENT_VL);
	return area;
}

/* Prepare activation; the administrative context is area 0. */
static inline void
fn_build(struct owner *own)
{
	assert_int_equal(cxt_build(own, SDXI_CXT_ADMIN, 0), 0);
	reg_set(own, SDXI_MMIO_CTL2, reg_get(own, SDXI_MMIO_CAP1));
	reg_set(own, SDXI_MMIO_CXT_L2, L2_AT);
	reg_set(own, SDXI_MMIO_ERR_CFG, LOG_AT | SDXI_PUT(SDXI_ERR_CFG_SZ, 1) | SDXI_ERR_CFG_EN);
}

static inline void
fn_activate(struct owner *own)
{
	fn_ask(own, SDXI_GSR_ACTIVE);
	assert_int_equal(fn_state(own), SDXI_GSV_INIT);
	run_dry(own);
	assert_int_equal(fn_state(own), SDXI_GSV_ACTIVE);
	assert_int_equal(cxt_state(own, 0), SDXI_CXT_RUN);
	/* Jump start. */
	sdxi_emu_doorbell(own->emu, SDXI_CXT_ADMIN, 0);
}

static inline void
ring_doorbell(struct owner *own, unsigned int area)
{
	sdxi_emu_doorbell(own->emu, own->cxt[area], own->wix[area]);
}

/*
 * Put a descriptor into a ring and advance Write_Index, without a doorbell. Without np, it gets the
 * completion block of its slot, armed. Returns its index.
 */
static inline uint64_t
push(struct owner *own, unsigned int area, const struct sdxi_dsc *dsc)
{
	const uint64_t index = own->wix[area]++;
	struct sdxi_dsc *slot = slot_of(own, area, index);
	struct sdxi_cst_blk *cst = cst_of(own, area, index);

	*slot = *dsc;
	if (dsc->any.csb_ptr == 0) {
		cst->signal = le64(1);
		cst->flags = 0;
		slot->any.csb_ptr = le64(cst_at(area, index));
	}
	slot->any.opcode |= le32(SDXI_DSC_VL);
	write_index_set(own, area, own->wix[area]);
	return index;
}

static inline struct sdxi_dsc
dsc_op(unsigned int type, unsigned int subtype)
{
	struct sdxi_dsc dsc = { 0 };

	dsc.any.opcode = le32(SDXI_DSC_OP(type, subtype));
	return dsc;
}

static inline struct sdxi_dsc
dsc_copy(uint64_t dst, uint64_t src, uint64_t len)
{
	struct sdxi_dsc dsc = dsc_op(SDXI_TYPE_DMAB, SDXI_DMAB_COPY);

	dsc.copy.size = le32(len - 1);
	dsc.copy.addr0 = le64(src);
	dsc.copy.addr1 = le64(dst);
	return dsc;
}

static inline struct sdxi_dsc
dsc_nop(void)
{
	return dsc_op(SDXI_TYPE_DMAB, SDXI_DMAB_NOP);
}

static inline struct sdxi_dsc
dsc_adm(unsigned int subtype, uint16_t first, uint16_t last)
{
	struct sdxi_dsc dsc = dsc_op(SDXI_TYPE_ADMIN, subtype);

	if (subtype == SDXI_ADM_CXT_START_NM || subtype == SDXI_ADM_CXT_START_RS ||
	    subtype == SDXI_ADM_CXT_STOP)
		dsc.any.opcode |= le32(SDXI_DSC_FE);
	dsc.adm.cxt_start = le16(first);
	dsc.adm.cxt_end = le16(last);
	return dsc;
}

static inline struct sdxi_dsc
dsc_stop(uint16_t first, uint16_t last, bool hard)
{
	struct sdxi_dsc dsc = dsc_adm(SDXI_ADM_CXT_STOP, first, last);

	dsc.adm.vflags = hard ? SDXI_VFLAGS_HS : 0;
	return dsc;
}

static inline struct sdxi_dsc
dsc_sync(unsigned int flt, uint16_t first, uint16_t last)
{
	struct sdxi_dsc dsc = dsc_adm(SDXI_ADM_SYNC, first, last);

	dsc.adm.cflags = flt;
	return dsc;
}

/* Push a descriptor and ring the doorbell. */
static inline uint64_t
push_ring(struct owner *own, unsigned int area, struct sdxi_dsc dsc)
{
	const uint64_t index = push(own, area, &dsc);

	ring_doorbell(own, area);
	return index;
}

static inline bool
is_done(struct owner *own, unsigned int area, uint64_t index)
{
	return cst_of(own, area, index)->signal == 0;
}

static inline bool
has_er(struct owner *own, unsigned int area, uint64_t index)
{
	return cst_of(own, area, index)->flags == le32(SDXI_CST_BLK_ER);
}

/* Execute a descriptor that must succeed. */
static inline void
do_good(struct owner *own, unsigned int area, struct sdxi_dsc dsc)
{
	const uint64_t index = push_ring(own, area, dsc);

	run_dry(own);
	assert_true(is_done(own, area, index));
	assert_int_equal(cst_of(own, area, index)->flags, 0);
}

/* Set up and start a context. */
static inline unsigned int
cxt_up(struct owner *own, uint16_t num)
{
	const unsigned int area = cxt_build(own, num, 0);

	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, num, num));
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	return area;
}

/* Entry of the error log. */
static inline struct sdxi_errlog_hd_ent *
log_at(struct owner *own, uint64_t slot)
{
	return (struct sdxi_errlog_hd_ent *)mem_at(own, LOG_AT) + slot;
}

#define LOG_NO_DESC UINT64_MAX
#define LOG_NO_BUF (-1)

/* Check all bytes of an entry. */
static inline void
log_check(struct owner *own, uint64_t slot, uint16_t cxt, uint64_t index, int buf,
	  enum sdxi_err_step step, enum sdxi_err_sub_step sub, enum sdxi_err_reaction re)
{
	const struct sdxi_errlog_hd_ent *ent = log_at(own, slot);
	struct sdxi_errlog_hd_ent want = { 0 };
	uint64_t hd;

	hd = 1 | (uint64_t)step << 8 | (uint64_t)0x7f7 << 16 | UINT64_C(1) << 32 |
	     (uint64_t)sub << 40 | (uint64_t)re << 44 | (uint64_t)cxt << 48;
	if (index != LOG_NO_DESC) {
		hd |= UINT64_C(1) << 33;
		want.dsc_index = le64(index);
	}
	if (buf != LOG_NO_BUF)
		hd |= UINT64_C(1) << 34 | (uint64_t)buf << 36;
	want.hd = le64(hd);
	assert_int_equal(le64(ent->hd), hd);
	assert_memory_equal(ent, &want, sizeof(want));
}

/* Step and sub-step, as arguments or initializers. */
#define AT(step, sub) SDXI_STEP_##step, SDXI_SUB_STEP_##sub
#define BAD_DESC LOG_NO_BUF, AT(DESC, VALIDATION)

/*
 * Execute a descriptor that must fail: with er in its completion block and as the last entry of the
 * log, which tells whether the failure stopped the context. Returns whether it did.
 */
static inline bool
do_bad(struct owner *own, unsigned int area, struct sdxi_dsc dsc, int buf, enum sdxi_err_step step,
       enum sdxi_err_sub_step sub)
{
	const uint64_t wrt = reg_get(own, SDXI_MMIO_ERR_WRT);
	const uint64_t index = push_ring(own, area, dsc);
	bool stopped;

	run_dry(own);
	stopped = cxt_state(own, area) == SDXI_CXT_ERR_FN;
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), wrt + 1);
	log_check(own, wrt % 64, own->cxt[area], index, buf, step, sub,
		  stopped ? SDXI_RE_CXT_STOPPED : SDXI_RE_INFORMATIVE);
	reg_set(own, SDXI_MMIO_ERR_RD, wrt + 1);
	assert_true(stopped || cxt_state(own, area) == SDXI_CXT_RUN);
	assert_int_equal(read_index(own, area), index + 1);
	if (dsc.any.csb_ptr == 0)
		assert_true(is_done(own, area, index) && has_er(own, area, index));
	return stopped;
}

/* Stop a context and wait; start a context. */
static inline void
cxt_stop(struct owner *own, uint16_t num)
{
	do_good(own, 0, dsc_stop(num, num, false));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, num, num));
}

static inline void
cxt_start(struct owner *own, uint16_t num)
{
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, num, num));
}

/* Fill with a pattern that depends on the address. */
static inline void
fill(struct owner *own, uint64_t at, uint64_t len, unsigned int seed)
{
	uint8_t *p = mem_at(own, at);
	uint64_t i;

	for (i = 0; i < len; i++)
		p[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) + seed) | 1;
}

static inline bool
same(struct owner *own, uint64_t a, uint64_t b, uint64_t len)
{
	return memcmp(mem_at(own, a), mem_at(own, b), len) == 0;
}

/* If set, functions are created with reorder and this seed. */
static uint64_t order_seed;

/* Number of seeds to run: all, or as limited by the environment. */
static inline unsigned int
seeds_of(unsigned int all)
{
	const char *env = getenv("SDXI_TEST_SEEDS");

	return env != NULL ? strtoul(env, NULL, 0) : all;
}

/* Tests that hold for any order: run in order, and with some seeds. */
#define RUN_ANY_ORDER(failed, tests)                                                               \
	do {                                                                                       \
		for (order_seed = 0; order_seed <= seeds_of(12); order_seed++)                     \
			(failed) += cmocka_run_group_tests_name(order_seed == 0 ? "in order" :     \
						"reorder", tests, NULL, NULL);                     \
	} while (0)

static inline struct sdxi_emu_conf
conf_test(void)
{
	struct sdxi_emu_conf conf;

	sdxi_emu_conf_default(&conf);
	conf.max_cxt = 1023;
	conf.sfunc = 0x42;
	conf.reorder = order_seed != 0;
	conf.seed = order_seed;
	return conf;
}

/* Create a function and set it up. */
static inline struct owner *
built(void)
{
	const struct sdxi_emu_conf conf = conf_test();
	struct owner *own = owner_make(&conf);

	fn_build(own);
	return own;
}

static inline struct owner *
active_with(const struct sdxi_emu_conf *conf)
{
	struct owner *own = owner_make(conf);

	fn_build(own);
	fn_activate(own);
	return own;
}

/* Create an active function with a reaction to errors. */
#define STOPS false
#define CONTINUES true
static inline struct owner *
active(bool err_continue)
{
	struct sdxi_emu_conf conf = conf_test();

	conf.err_continue = err_continue;
	return active_with(&conf);
}

/* Reuse the areas, and activate the function again. */
static inline void
again(struct owner *own)
{
	own->n_areas = 0;
	fn_build(own);
	fn_activate(own);
}

#endif /* _TEST_EMU_OWNER_H_ */
