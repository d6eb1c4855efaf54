/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "test_fn.h"

struct test_fn fn;
uint64_t fn_db[FN_CXTS * FN_STRIDE / 8];

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static FILE *stream;
static char *text;
static size_t text_len;

/* Replaces EAL's function: takes no time. */
void
rte_delay_us_sleep(unsigned int us)
{
	if (fn.real_time) {
		usleep(us);
		return;
	}
	__atomic_fetch_add(&fn.slept, us, __ATOMIC_RELAXED);
	if (fn.back_at != 0 && fn.slept >= fn.back_at)
		fn.absent = false;
}

uint64_t
fn_le(const void *p, unsigned int len)
{
	const uint8_t *byte = p;

	return len == 0 ? 0 : byte[0] | fn_le(byte + 1, len - 1) << 8;
}

static void
put64(void *p, uint64_t val)
{
	__atomic_store_n((uint64_t *)p, rte_cpu_to_le_64(val), __ATOMIC_RELEASE);
}

static uint64_t
get64(const void *p)
{
	return rte_le_to_cpu_64(__atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE));
}

/* ---- tables ---- */

static void
cxt_load(uint16_t num)
{
	struct fn_cxt *c = &fn.cxt[num];
	const uint8_t *l1, *ctl;
	uint64_t val;

	memset(c, 0, sizeof(*c));
	val = fn_le(fn_at(fn.cxt_l2) + num / 128 * 8, 8);
	if ((val & 1) == 0)
		return;
	l1 = fn_at(val & ~UINT64_C(0xfff)) + num % 128 * 32;
	val = fn_le(l1, 8);
	if ((val & 1) == 0)
		return;
	ctl = fn_at(val & ~UINT64_C(0x3f));
	val = fn_le(ctl, 8);
	assert_int_equal(val & 1, 1);
	c->known = true;
	c->ring = fn_at(val & ~UINT64_C(0x3f));
	c->size = fn_le(ctl + 8, 4);
	c->sts = fn_at(fn_le(ctl + 16, 8));
	c->write_index = fn_at(fn_le(ctl + 24, 8));
}

const uint8_t *
fn_check_context(uint16_t num, uint32_t ring_sz)
{
	const uint8_t *l2 = fn_at(fn.cxt_l2) + num / 128 * 8, *l1, *ctl, *sts, *akey;
	uint64_t val;

	assert_int_equal(fn.cxt_l2 & 0xfff, 0);
	assert_int_equal(fn_le(l2, 8) & 0xfff, 1);
	/* vl and ka; smallest AKey table; max_buffer and opb_000 of CAP1; no PASID. */
	l1 = fn_at(fn_le(l2, 8) & ~UINT64_C(0xfff)) + num % 128 * 32;
	val = fn_le(l1, 8);
	assert_int_equal(val & 0x3f, 3);
	ctl = fn_at(val & ~UINT64_C(0x3f));
	val = fn_le(l1 + 8, 8);
	assert_int_equal(val & 0xfff, 0);
	akey = fn_at(val);
	assert_int_equal(fn_le(l1 + 16, 4), 3 << 20);
	assert_int_equal(fn_le(l1 + 20, 4), 0x18);
	assert_int_equal(fn_le(l1 + 24, 8), 0);
	/* Only AKey 0 exists, for the function's own address space. */
	assert_int_equal(fn_le(akey, 8), 1);
	for (val = 8; val < 4096; val += 8)
		assert_int_equal(fn_le(akey + val, 8), 0);
	/* vl, se, csa; the lowest qos. */
	assert_int_equal(fn_le(ctl, 8) & 0x3f, 0x31);
	assert_int_equal(fn_le(ctl + 8, 4), ring_sz);
	assert_int_equal(fn_le(ctl + 12, 4), 0);
	for (val = 32; val < 64; val += 8)
		assert_int_equal(fn_le(ctl + val, 8), 0);
	sts = fn_at(fn_le(ctl + 16, 8));
	assert_int_equal((uintptr_t)sts & 0xf, 0);
	val = fn_le(ctl + 24, 8);
	assert_int_equal(val & 7, 0);
	/* Words written by the driver and by the function are in different cache lines. */
	assert_true((val ^ (uintptr_t)sts) >= 64);
	assert_true(((uintptr_t)ctl ^ (uintptr_t)sts) >= 64);
	return ctl;
}

/* ---- contexts ---- */

void
fn_cxt_state(uint16_t num, uint8_t state)
{
	/* The driver must ignore the bits next to the state. */
	__atomic_store_n(fn.cxt[num].sts, state | 0x50, __ATOMIC_RELEASE);
}

/* The next descriptor or NULL; it must be valid, with an armed completion block. */
static uint8_t *
dsc_next(uint16_t num)
{
	const struct fn_cxt *c = &fn.cxt[num];
	uint64_t read, write;
	uint8_t *dsc, *blk;

	if (fn.state != ACTIVE || !c->known ||
	    (__atomic_load_n(c->sts, __ATOMIC_ACQUIRE) & 0xf) != RUN)
		return NULL;
	read = get64(c->sts + 8);
	write = get64(c->write_index);
	assert_true(write >= read && write - read <= c->size);
	if (read == write)
		return NULL;
	dsc = c->ring + read % c->size * 64;
	assert_int_equal(dsc[0] & ~4, 1);
	if ((dsc[56] & 1) == 0) {
		blk = fn_at(fn_le(dsc + 56, 8));
		assert_int_equal((uintptr_t)blk & 0x1f, 0);
		assert_int_equal(get64(blk), 1);
		assert_int_equal(fn_le(blk + 8, 4), 0);
	} else {
		/* All other fields of a NOP are 0. */
		assert_int_equal(fn_le(dsc, 4), 0x00010101);
		assert_int_equal(fn_le(dsc + 56, 8), 1);
		for (read = 4; read < 56; read++)
			assert_int_equal(dsc[read], 0);
	}
	return dsc;
}

/* Consume it: the slot may be reused. */
static void
dsc_done(uint16_t num, uint8_t *dsc, bool er, bool signal)
{
	const struct fn_cxt *c = &fn.cxt[num];
	uint8_t *blk = fn_at(fn_le(dsc + 56, 8));
	bool np = (dsc[56] & 1) != 0;

	dsc[0] &= ~1;
	put64(c->sts + 8, get64(c->sts + 8) + 1);
	if (np || !signal)
		return;
	if (er)
		__atomic_store_n((uint32_t *)(blk + 8), rte_cpu_to_le_32(UINT32_C(1) << 31),
				 __ATOMIC_RELAXED);
	put64(blk, 0);
}

unsigned int
fn_exec(uint16_t num, unsigned int nb)
{
	unsigned int n;
	uint8_t *dsc;

	pthread_mutex_lock(&lock);
	for (n = 0; n < nb; n++) {
		dsc = dsc_next(num);
		if (dsc == NULL)
			break;
		if (dsc[1] == 3)
			fn.ran[fn.nb_ran++ % RTE_DIM(fn.ran)] = fn_le(dsc + 24, 8);
		dsc_done(num, dsc, false, true);
	}
	pthread_mutex_unlock(&lock);
	return n;
}

/* Consume the next descriptor and write its completion block, or not. */
static uint64_t
consume(uint16_t num, bool er)
{
	uint64_t index;
	uint8_t *dsc;

	pthread_mutex_lock(&lock);
	index = get64(fn.cxt[num].sts + 8);
	dsc = dsc_next(num);
	assert_non_null(dsc);
	dsc_done(num, dsc, er, er);
	pthread_mutex_unlock(&lock);
	return index;
}

uint64_t
fn_take(uint16_t num)
{
	return consume(num, false);
}

uint64_t
fn_fail(uint16_t num)
{
	return consume(num, true);
}

/* ---- administrative commands ---- */

static char
command_of(const uint8_t *dsc)
{
	const uint64_t head = fn_le(dsc, 8);
	unsigned int i;

	/* Only a range of contexts and the completion block are set. */
	assert_int_equal(fn_le(dsc + 12, 4), 0);
	for (i = 16; i < 56; i++)
		assert_int_equal(dsc[i], 0);
	switch (head) {
	case UINT64_C(0x0000000000020305):
		return 'S';
	case UINT64_C(0x0000000000020405):
		return 's';
	case UINT64_C(0x0000200000020405):
		return 'h';
	case UINT64_C(0x0000000100020601):
		return 'Y';
	case UINT64_C(0x0000000100020101):
		return 'U';
	case UINT64_C(0x0000000000020601):
		return 'C';
	}
	fail_msg("administrative command 0x%llx", (unsigned long long)head);
	return '?';
}

static bool
command_execute(char cmd, uint16_t num)
{
	struct fn_cxt *c = &fn.cxt[num];

	switch (cmd) {
	case 'S':
		if (!c->known || c->sts[0] != STOP_SW)
			return false;
		assert_int_equal(fn_le(c->sts + 8, 8), 0);
		assert_int_equal(fn_le(c->write_index, 8), 0);
		fn_cxt_state(num, RUN);
		c->runs = true;
		break;
	case 's':
	case 'h':
		if (c->runs)
			fn_cxt_state(num, cmd == 's' && fn.soft_hangs ? STOPG_SW : STOP_SW);
		break;
	case 'U':
		cxt_load(num);
		break;
	}
	return true;
}

void
fn_work(void)
{
	uint8_t *dsc;
	uint16_t num;
	bool ok;
	char cmd;

	pthread_mutex_lock(&lock);
	while ((dsc = dsc_next(0)) != NULL) {
		cmd = command_of(dsc);
		assert_true(strlen(fn.cmds) + 1 < sizeof(fn.cmds));
		fn.cmds[strlen(fn.cmds)] = cmd;
		ok = fn.refused == NULL || strchr(fn.refused, cmd) == NULL;
		for (num = fn_le(dsc + 8, 2); ok && num <= fn_le(dsc + 10, 2); num++)
			ok = command_execute(cmd, num);
		dsc_done(0, dsc, !ok, fn.ignored == NULL || strchr(fn.ignored, cmd) == NULL);
		if (!ok)
			fn_cxt_state(0, ERR_FN);
	}
	pthread_mutex_unlock(&lock);
}

/* ---- registers ---- */

static void
record(uint32_t off, uint64_t val)
{
	if (fn.nb_access < RTE_DIM(fn.access)) {
		fn.access[fn.nb_access].off = off;
		fn.access[fn.nb_access++].val = val;
	}
	if (fn.on_access != NULL)
		fn.on_access(off);
}

static uint64_t *
reg_at(uint32_t off)
{
	switch (off) {
	case CTL0:    return &fn.ctl0;
	case CTL2:    return &fn.ctl2;
	case CAP0:    return &fn.cap0;
	case CAP1:    return &fn.cap1;
	case VERSION: return &fn.version;
	case CXT_L2:  return &fn.cxt_l2;
	case RKEY:    return &fn.rkey;
	case ERR_CTL: return &fn.err_ctl;
	case ERR_STS: return &fn.err_sts;
	case ERR_CFG: return &fn.err_cfg;
	case ERR_WRT: return &fn.err_wrt;
	case ERR_RD:  return &fn.err_rd;
	}
	fail_msg("access to register 0x%x", off);
	return NULL;
}

static void
request(unsigned int gsr)
{
	uint16_t num;

	if ((fn.state == STOP) != (gsr == ACTIVATE) || (fn.state == ERROR && gsr != RESET))
		return;
	fn.state = fn.next[gsr];
	if (fn.heals)
		fn.refused = fn.ignored = NULL;
	for (num = 0; gsr == ACTIVATE && fn.state == ACTIVE && num < FN_CXTS; num++) {
		cxt_load(num);
		/* The driver rings the doorbell later. */
		fn_db[num * FN_STRIDE / 8] = UINT64_MAX;
	}
}

static uint64_t
fn_read(const struct sdxi_fn *f, uint32_t off)
{
	uint64_t val;

	RTE_SET_USED(f);
	pthread_mutex_lock(&lock);
	fn.reads++;
	if (off >= ERR_STS)
		record(READ | off, 0);
	if (!fn.absent && off == STS0)
		fn_work();
	/* The driver must ignore reserved bits. */
	val = fn.absent ? fn.absent_val : off == STS0 ? fn.state | 0xfff8 : *reg_at(off);
	pthread_mutex_unlock(&lock);
	return val;
}

static void
fn_write(const struct sdxi_fn *f, uint32_t off, uint64_t val)
{
	RTE_SET_USED(f);
	pthread_mutex_lock(&lock);
	assert_true(off != CAP0 && off != CAP1 && off != VERSION);
	record(off, val);
	if (!fn.absent)
		*reg_at(off) = off == ERR_STS ? fn.err_sts & ~val : val;
	if (!fn.absent && off == CTL0)
		request(val & 3);
	pthread_mutex_unlock(&lock);
}

static int
fn_dma_enable(const struct sdxi_fn *f, bool on)
{
	RTE_SET_USED(f);
	record(on ? DMA_ON : DMA_OFF, 0);
	return fn.dma_fails ? -EIO : 0;
}

const struct sdxi_fn_ops test_fn_ops = {
	.reg_read = fn_read, .reg_write = fn_write, .dma_enable = fn_dma_enable,
};

void
fn_log_entry(uint64_t hd, uint16_t num, uint64_t index)
{
	uint8_t *ent;

	pthread_mutex_lock(&lock);
	assert_int_equal(fn.err_cfg & 1, 1);
	ent = fn_at(fn.err_cfg & ~UINT64_C(0xfff));
	ent += fn.err_wrt++ % ((fn.err_cfg >> 1 & 0x1f) * 64) * 64;
	memset(ent, 0, 64);
	put64(ent + 8, index);
	put64(ent, hd | (uint64_t)num << 48);
	fn.err_sts |= 1;
	pthread_mutex_unlock(&lock);
}

/* ---- device ---- */

unsigned int
fn_logged(const char *what)
{
	unsigned int n = 0;
	const char *at;

	fflush(stream);
	for (at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

void
fn_log_forget(void)
{
	fflush(stream);
	rewind(stream);
	memset(text, 0, text_len);
}

struct sdxi_dev *
fn_create(void)
{
	struct sdxi_dev *dev = calloc(1, sizeof(*dev));

	assert_non_null(dev);
	memset(&fn, 0, sizeof(fn));
	memset(fn_db, 0xff, sizeof(fn_db));
	fn.ctl0 = FN_GRP | 5 << 8 | 1 << 4 | 1 << 2 | STOP_SF; /* PASID 5, interrupts on */
	fn.cap0 = 0x0042 | 2 << 24;			       /* rings up to 4096 */
	fn.cap1 = FN_CAP1;				       /* buffers up to 16 MiB */
	fn.version = 1 << 16;
	fn.next[ACTIVATE] = ACTIVE;
	snprintf(dev->name, sizeof(dev->name), "test");
	dev->socket = SOCKET_ID_ANY;
	/* More doorbells than contexts: only those of modelled contexts may be written. */
	dev->fn = (struct sdxi_fn){
		.ops = &test_fn_ops, .db = fn_db, .db_len = UINT64_C(65536) * FN_STRIDE,
	};
	stream = open_memstream(&text, &text_len);
	assert_non_null(stream);
	assert_int_equal(rte_openlog_stream(stream), 0);
	return dev;
}

void
fn_vchans(struct sdxi_dev *dev, uint16_t nb_vchans, bool silent)
{
	uint16_t i;

	dev->vchans = rte_zmalloc(NULL, nb_vchans * sizeof(*dev->vchans), RTE_CACHE_LINE_SIZE);
	dev->nb_vchans = nb_vchans;
	dev->silent = silent;
	dev->dsc = calloc(1024, sizeof(*dev->dsc));
	dev->op = calloc(1024, sizeof(*dev->op));
	assert_true(dev->vchans != NULL && dev->dsc != NULL && dev->op != NULL);
	for (i = 0; i < nb_vchans; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];

		assert_int_equal(sdxi_cxt_alloc(dev, &vc->cxt, i + 1, 1024), 0);
		vc->dev = dev;
		vc->silent = silent;
		vc->done_before = UINT64_MAX;
		vc->ring.note = calloc(1024, sizeof(*vc->ring.note));
		vc->logged = calloc(1024, sizeof(*vc->logged));
		vc->page = calloc(SDXI_PAGES, sizeof(*vc->page));
		assert_true(vc->ring.note != NULL && vc->logged != NULL && vc->page != NULL);
		vc->ring.desc = vc->cxt.desc;
		vc->ring.line = vc->cxt.line;
		vc->ring.sts = vc->cxt.sts;
		vc->ring.csb_iova = (uintptr_t)vc->cxt.line;
		vc->ring.mask = 1023;
		vc->ring.size = 1024;
		vc->ring.nb_desc = 512;
		vc->ring.max_len = dev->max_len;
		sdxi_vchan_reset(vc);
	}
}

void
fn_destroy(struct sdxi_dev *dev)
{
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];

		sdxi_cxt_free(&vc->cxt);
		free(vc->ring.note);
		free(vc->logged);
		free(vc->page);
	}
	rte_free(dev->vchans);
	free(dev->dsc);
	free(dev->op);
	sdxi_fn_free(dev);
	free(dev);
	rte_openlog_stream(NULL);
	fclose(stream);
	free(text);
}
