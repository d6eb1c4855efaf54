/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "qtest_sdxi.h"

struct fn fns[FNS];

/* ---- registers ---- */

const struct reg regs[REGS] = {
	{ CTL0, UINT64_C(0xffffffff0fffff17) },
	{ CTL2, UINT64_C(0xfffffffffffff00f) },
	{ STS0, 0 },
	{ CAP0, 0 },
	{ CAP1, 0 },
	{ VERSION, 0 },
	{ CXT_L2, UINT64_C(0xfffffffffffff000) },
	{ RKEY, UINT64_C(0xfffffffffffff01f) },
	{ ERR_CTL, 1 },
	{ ERR_STS, 0 },
	{ ERR_CFG, UINT64_C(0xfffffffffffff03f) },
	{ ERR_WRT, UINT64_MAX },
	{ ERR_RD, UINT64_MAX },
};

uint64_t
reg_get(const struct fn *f, uint64_t off)
{
	return qt_read(f->pci.bar[0] + off, 8);
}

void
reg_set(const struct fn *f, uint64_t off, uint64_t val)
{
	qt_write(f->pci.bar[0] + off, val, 8);
}

unsigned int
fn_state(const struct fn *f)
{
	return reg_get(f, STS0) & 7;
}

void
fn_ask(const struct fn *f, enum sdxi_fn_gsr gsr)
{
	reg_set(f, CTL0, (reg_get(f, CTL0) & ~UINT64_C(3)) | gsr);
}

/* ---- memory of a function ---- */

void *
mem(const struct fn *f, uint64_t off, uint64_t len)
{
	return qt_ram(f->at + off, len);
}

struct sdxi_cxt_l2_ent *
l2_of(const struct fn *f, uint16_t num)
{
	return (struct sdxi_cxt_l2_ent *)mem(f, L2_OFF, 4096) + num / 128;
}

struct sdxi_cxt_l1_ent *
l1_of(const struct fn *f, uint16_t num)
{
	const uint64_t at = (le64(l2_of(f, num)->lv01_ptr) & ~UINT64_C(0xfff)) - f->iova;

	return (struct sdxi_cxt_l1_ent *)qt_ram(at, 4096) + num % 128;
}

void *
in_area(const struct fn *f, unsigned int area, uint64_t off)
{
	return mem(f, AREA_OFF(area) + off, 64);
}

struct sdxi_cxt_ctl *
ctl_of(const struct fn *f, unsigned int area)
{
	return in_area(f, area, CTL_OFF);
}

struct sdxi_akey_ent *
akeys_of(const struct fn *f, unsigned int area)
{
	return in_area(f, area, AKEY_OFF);
}

static uint64_t
csb_at(const struct fn *f, unsigned int area, uint64_t index)
{
	return f->at + AREA_OFF(area) + CSB_OFF + index % RING_SZ * 32;
}

static struct sdxi_cst_blk *
csb_of(const struct fn *f, unsigned int area, uint64_t index)
{
	return qt_ram(csb_at(f, area, index), 32);
}

bool
is_done(const struct fn *f, unsigned int area, uint64_t index)
{
	return __atomic_load_n(&csb_of(f, area, index)->signal, __ATOMIC_ACQUIRE) == 0;
}

bool
has_er(const struct fn *f, unsigned int area, uint64_t index)
{
	return le32(csb_of(f, area, index)->flags) == UINT32_C(1) << 31;
}

unsigned int
cxt_state(const struct fn *f, unsigned int area)
{
	const struct sdxi_cxt_sts *sts = in_area(f, area, STS_OFF);

	return __atomic_load_n(&sts->state, __ATOMIC_ACQUIRE) & 0xf;
}

uint64_t
read_index(const struct fn *f, unsigned int area)
{
	const struct sdxi_cxt_sts *sts = in_area(f, area, STS_OFF);

	return le64(__atomic_load_n(&sts->read_index, __ATOMIC_ACQUIRE));
}

void
write_index_set(const struct fn *f, unsigned int area, uint64_t val)
{
	__atomic_store_n((uint64_t *)in_area(f, area, WIX_OFF), le64(val), __ATOMIC_RELEASE);
}

/* ---- contexts ---- */

unsigned int
cxt_build_ring(struct fn *f, uint16_t num, uint64_t ring, uint32_t ring_sz)
{
	const unsigned int area = f->n_areas++;
	struct sdxi_cxt_l1_ent *l1;
	struct sdxi_cxt_ctl *ctl;

	assert_true(area < AREAS);
	memset(mem(f, AREA_OFF(area), AREA_LEN), 0, AREA_LEN);
	f->cxt[area] = num;
	f->wix[area] = 0;
	f->ring[area] = ring;
	f->ring_sz[area] = ring_sz;

	ctl = ctl_of(f, area);
	/* vl and csa */
	ctl->ds_ring_ptr = le64((ring + f->iova) | 1 | 1 << 5);
	ctl->ds_ring_sz = le32(ring_sz);
	ctl->cxt_sts_ptr = le64(f->at + AREA_OFF(area) + STS_OFF + f->iova);
	ctl->write_index_ptr = le64(f->at + AREA_OFF(area) + WIX_OFF + f->iova);
	akeys_of(f, area)[0].intr_num = le16(1);

	if (l2_of(f, num)->lv01_ptr == 0) {
		assert_true(f->n_l1 < L1_PAGES);
		l2_of(f, num)->lv01_ptr =
			le64((f->at + L1_OFF + f->n_l1++ * 4096 + f->iova) | 1);
		memset(l1_of(f, num - num % 128), 0, 4096);
	}
	l1 = l1_of(f, num);
	memset(l1, 0, sizeof(*l1));
	l1->akey_ptr = le64(f->at + AREA_OFF(area) + AKEY_OFF + f->iova);
	/* max_buffer: 4 GiB */
	l1->misc0 = le32(UINT32_C(11) << 20);
	l1->opb_000_enb = le32(OPB_ALL);
	l1->cxt_ctl_ptr = le64((f->at + AREA_OFF(area) + CTL_OFF + f->iova) | 1);
	return area;
}

unsigned int
cxt_build(struct fn *f, uint16_t num)
{
	return cxt_build_ring(f, num, f->at + AREA_OFF(f->n_areas), RING_SZ);
}

void
ring_doorbell(const struct fn *f, unsigned int area)
{
	qt_write(f->pci.bar[2] + f->cxt[area] * f->stride, f->wix[area], 8);
}

struct sdxi_dsc *
slot_of(const struct fn *f, unsigned int area, uint64_t index)
{
	return (struct sdxi_dsc *)qt_ram(f->ring[area], 64 * (uint64_t)f->ring_sz[area]) +
	       index % f->ring_sz[area];
}

uint64_t
push(struct fn *f, unsigned int area, struct sdxi_dsc dsc)
{
	const uint64_t index = f->wix[area]++;

	if (dsc.any.csb_ptr == 0) {
		csb_of(f, area, index)->signal = le64(1);
		csb_of(f, area, index)->flags = 0;
		dsc.any.csb_ptr = le64(csb_at(f, area, index) + f->iova);
	}
	dsc.any.opcode |= le32(1);
	*slot_of(f, area, index) = dsc;
	write_index_set(f, area, f->wix[area]);
	return index;
}

uint64_t
submit(struct fn *f, unsigned int area, struct sdxi_dsc dsc)
{
	const uint64_t index = push(f, area, dsc);

	ring_doorbell(f, area);
	return index;
}

void
do_good(struct fn *f, unsigned int area, struct sdxi_dsc dsc)
{
	const uint64_t index = submit(f, area, dsc);

	QT_WAIT(is_done(f, area, index));
	assert_int_equal(csb_of(f, area, index)->flags, 0);
}

void
do_bad(struct fn *f, unsigned int area, struct sdxi_dsc dsc)
{
	const uint64_t index = submit(f, area, dsc);

	QT_WAIT(is_done(f, area, index));
	assert_true(has_er(f, area, index));
}

/* ---- descriptors, from the table of facts ---- */

static struct sdxi_dsc
dsc_op(unsigned int type, unsigned int subtype)
{
	struct sdxi_dsc dsc = { 0 };

	dsc.any.opcode = le32(type << 16 | subtype << 8);
	return dsc;
}

struct sdxi_dsc
dsc_nop(void)
{
	return dsc_op(1, 1);
}

struct sdxi_dsc
dsc_copy(const struct fn *f, uint64_t dst, uint64_t src, uint64_t len)
{
	struct sdxi_dsc dsc = dsc_op(1, 3);

	dsc.copy.size = le32(len - 1);
	dsc.copy.addr0 = le64(src + f->iova);
	dsc.copy.addr1 = le64(dst + f->iova);
	return dsc;
}

struct sdxi_dsc
dsc_wrt_imm(const struct fn *f, uint64_t dst, unsigned int len, uint8_t byte)
{
	struct sdxi_dsc dsc = dsc_op(1, 2);

	dsc.copy.size = le32(len - 1);
	dsc.copy.addr0 = le64(dst + f->iova);
	memset(SDXI_WRT_IMM_DATA(&dsc), byte, len);
	return dsc;
}

struct sdxi_dsc
dsc_intr(uint16_t akey)
{
	struct sdxi_dsc dsc = dsc_op(4, 0);

	dsc.copy.akey0 = le16(akey);
	return dsc;
}

struct sdxi_dsc
dsc_start(uint16_t first, uint16_t last)
{
	struct sdxi_dsc dsc = dsc_op(2, 3);

	dsc.any.opcode |= le32(1 << 2);
	dsc.adm.cxt_start = le16(first);
	dsc.adm.cxt_end = le16(last);
	return dsc;
}

struct sdxi_dsc
dsc_stop(uint16_t num, bool hard)
{
	struct sdxi_dsc dsc = dsc_op(2, 4);

	dsc.any.opcode |= le32(1 << 2);
	dsc.adm.vflags = hard ? 1 << 5 : 0;
	dsc.adm.cxt_start = le16(num);
	dsc.adm.cxt_end = le16(num);
	return dsc;
}

struct sdxi_dsc
dsc_sync_stop(uint16_t num)
{
	struct sdxi_dsc dsc = dsc_op(2, 6);

	dsc.adm.cflags = 1;
	dsc.adm.cxt_start = le16(num);
	dsc.adm.cxt_end = le16(num);
	return dsc;
}

/* ---- life of a function ---- */

void
fn_found(struct fn *f)
{
	f->stride = UINT64_C(4096) << ((reg_get(f, CAP0) >> 20) & 7);
	f->n_l1 = 0;
	f->n_areas = 0;
	memset(mem(f, 0, AREA_OFF(0)), 0, AREA_OFF(0));
}

struct fn *
fn_find(unsigned int i, uint8_t bus, uint8_t devfn)
{
	struct fn *f = &fns[i];

	memset(f, 0, sizeof(*f));
	f->pci.bus = bus;
	f->pci.devfn = devfn;
	f->at = FN_AT(i);
	qt_map(&f->pci);
	fn_found(f);
	return f;
}

struct fn *
fn_start(const char *props)
{
	char arg[256];

	snprintf(arg, sizeof(arg), "sdxi,id=dut," SLOT "%s%s", *props == '\0' ? "" : ",", props);
	QT_START("-device", arg);
	return fn_find(0, 0, DEVFN);
}

void
fn_build(struct fn *f)
{
	const uint64_t log = f->at + LOG_OFF + f->iova;

	assert_int_equal(fn_state(f), 0);
	fn_found(f);
	reg_set(f, CTL0, reg_get(f, CTL0) & UINT64_C(0xffffffff00000000));
	/* All features of CAP1: max_buffer, max_akey_sz, max_cxt, operation groups. */
	reg_set(f, CTL2, reg_get(f, CAP1) & UINT64_C(0xfffffffffffff00f));
	reg_set(f, CXT_L2, f->at + L2_OFF + f->iova);
	assert_int_equal(cxt_build(f, 0), 0);
	*(uint8_t *)in_area(f, 0, STS_OFF) = 1;
	reg_set(f, ERR_CFG, 0);
	reg_set(f, ERR_STS, 0xb);
	reg_set(f, ERR_CTL, 1);
	reg_set(f, ERR_WRT, 0);
	reg_set(f, ERR_RD, 0);
	reg_set(f, ERR_CFG, log | (LOG_ENTRIES / 64) << 1 | 1);
	qt_bus_master(&f->pci, true);
}

void
fn_activate(struct fn *f)
{
	fn_ask(f, SDXI_GSR_ACTIVE);
	QT_WAIT(fn_state(f) != 0 && fn_state(f) != 1);
	assert_int_equal(fn_state(f), 2);
	qt_write(f->pci.bar[2], 0, 8);
}

void
fn_up(struct fn *f)
{
	fn_build(f);
	fn_activate(f);
}

void
fn_reset(struct fn *f)
{
	fn_ask(f, SDXI_GSR_RESET);
	QT_WAIT(fn_state(f) == 0);
}

unsigned int
cxt_up(struct fn *f, uint16_t num)
{
	const unsigned int area = cxt_build(f, num);

	do_good(f, 0, dsc_start(num, num));
	assert_int_equal(cxt_state(f, area), 1);
	return area;
}

void
fill(uint64_t at, uint64_t len, unsigned int seed)
{
	uint8_t *p = qt_ram(at, len);
	uint64_t i;

	for (i = 0; i < len; i++)
		p[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) + seed) | 1;
}

bool
all_are(uint64_t at, uint64_t len, uint8_t byte)
{
	const uint8_t *p = qt_ram(at, len);

	return len == 0 || (p[0] == byte && memcmp(p, p + 1, len - 1) == 0);
}

void
copy_good(struct fn *f, unsigned int area, uint64_t dst, uint64_t src, uint64_t len)
{
	static unsigned int seed;

	fill(src, len, seed++);
	memset(qt_ram(dst - 8, len + 16), 0, len + 16);
	do_good(f, area, dsc_copy(f, dst, src, len));
	assert_memory_equal(qt_ram(dst, len), qt_ram(src, len), len);
	assert_true(all_are(dst - 8, 8, 0) && all_are(dst + len, 8, 0));
}

void
fn_works(struct fn *f)
{
	unsigned int area;

	fn_up(f);
	area = cxt_up(f, 1);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 5000);
	assert_int_equal(reg_get(f, ERR_STS), 0);
}

/* ---- error log ---- */

void
log_check(const struct fn *f, uint64_t pos, const struct entry *want)
{
	const uint64_t *ent = mem(f, LOG_OFF + pos % LOG_ENTRIES * 64, 64);
	uint64_t hd;

	QT_WAIT(reg_get(f, ERR_WRT) > pos);
	hd = 1 | (uint64_t)want->step << 8 | (uint64_t)0x7f7 << 16 | UINT64_C(1) << 32 |
	     (uint64_t)want->sub << 40 | (uint64_t)want->re << 44 | (uint64_t)want->cxt << 48;
	if (want->index != NO_INDEX)
		hd |= UINT64_C(1) << 33;
	if (want->buf != NO_BUF)
		hd |= UINT64_C(1) << 34 | (uint64_t)want->buf << 36;
	assert_int_equal(le64(ent[0]), hd);
	assert_int_equal(le64(ent[1]), want->index == NO_INDEX ? 0 : want->index);
	assert_int_equal(ent[2] | ent[3] | ent[4], 0);
}

uint64_t
log_service(struct fn *f)
{
	const uint64_t sts = reg_get(f, ERR_STS);

	reg_set(f, ERR_STS, sts);
	assert_int_equal(reg_get(f, ERR_STS), 0);
	reg_set(f, ERR_RD, reg_get(f, ERR_WRT));
	return sts;
}

void
cxt_again(struct fn *f, unsigned int area)
{
	do_good(f, 0, dsc_stop(f->cxt[area], false));
	do_good(f, 0, dsc_sync_stop(f->cxt[area]));
	assert_int_equal(cxt_state(f, area), 0);
	do_good(f, 0, dsc_start(f->cxt[area], f->cxt[area]));
	assert_int_equal(cxt_state(f, area), 1);
}

/* ---- addresses without memory ---- */

unsigned int
msix_bar(const struct fn *f)
{
	return qt_cfg_read(&f->pci, qt_cap(&f->pci, QT_PCI_CAP_MSIX) + 4, 4) & 7;
}

uint64_t
place_at(const struct fn *f, enum place place, uint64_t len)
{
	switch (place) {
	case PLACE_ABOVE_RAM:
		return QT_RAM_LEN;
	case PLACE_FAR:
		return UINT64_C(0x7f0000000000);
	case PLACE_TOP:
		return -len;
	case PLACE_HOLE:
		return 0xe0000000;
	case PLACE_ECAM:
		return 0xb0000000 + (f->pci.devfn << 12);
	case PLACE_IOAPIC:
		return 0xfec00000;
	case PLACE_HPET:
		return 0xfed00000;
	case PLACE_LAPIC:
		return 0xfee00000;
	case PLACE_BAR0:
		return f->pci.bar[0];
	case PLACE_BAR2:
		return f->pci.bar[2];
	default:
		return f->pci.bar[msix_bar(f)];
	}
}

void
snap_take(const struct fn *f, struct snap *snap)
{
	const unsigned int bar = msix_bar(f);
	unsigned int i;

	memset(snap, 0, sizeof(*snap));
	for (i = 0; i < REGS; i++)
		/* Registers that the function changes are excluded. */
		if (regs[i].off != STS0 && regs[i].off != ERR_STS && regs[i].off != ERR_WRT &&
		    regs[i].off != ERR_RD)
			snap->reg[i] = reg_get(f, regs[i].off);
	/* fn_gsr belongs to the test. */
	snap->reg[0] &= ~UINT64_C(3);
	snap->cmd = qt_cfg_read(&f->pci, QT_PCI_COMMAND, 4);
	qt_read_mem(f->pci.bar[bar], snap->msix,
		    f->pci.bar_len[bar] < 4096 ? f->pci.bar_len[bar] : 4096);
}

void
snap_check(const struct fn *f, const struct snap *before)
{
	struct snap now;

	snap_take(f, &now);
	assert_memory_equal(&now, before, sizeof(now));
}
