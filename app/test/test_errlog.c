/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The error log, against registers and entries that the test plays: whatever the function writes,
 * what is filed, what counts as lost, what is printed and what is reported. The expectations are
 * written by hand from the specification's layout, and use none of the driver's masks.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>


#include "sdxi_dev.h"
#include "sdxi_dmadev.h"
#include "sdxi_errlog.h"
#include "sdxi_report.h"
#include "test_eal.h"

#define NB_VCHANS 3
#define RING_SZ 1024

/* Registers, with what an index in them stands for kept by the test. */
#define STS0 0x00100
#define CAP1 0x00208
#define ERR_CTL 0x20000
#define ERR_STS 0x20008
#define ERR_CFG 0x20010
#define ERR_WRT 0x20020
#define ERR_RD 0x20028

/* Bits of an entry's first word. */
#define VL UINT64_C(1)
#define TYPE (UINT64_C(0x7f7) << 16)
#define CV (UINT64_C(1) << 32)
#define DIV (UINT64_C(1) << 33)
#define BV (UINT64_C(1) << 34)

static struct {
	uint64_t cap1;
	uint64_t sts;
	uint64_t wrt;
	uint64_t rd;
	bool gone;
	unsigned int reads;
	unsigned int wrt_reads;
	void (*on_wrt_read)(void);
	struct {
		uint32_t off;
		uint64_t val;
	} log[64];
	unsigned int nb_log;
} fn;

static struct sdxi_dev *dev;
static struct sdxi_vchan *vchans;

static uint64_t
fn_read(const struct sdxi_fn *f, uint32_t off)
{
	(void)f;
	__atomic_fetch_add(&fn.reads, 1, __ATOMIC_RELAXED);
	if (fn.gone)
		return UINT64_MAX;
	switch (off) {
	case STS0:
		return 2;
	case CAP1:
		return fn.cap1;
	case ERR_STS:
		return __atomic_load_n(&fn.sts, __ATOMIC_ACQUIRE);
	case ERR_WRT:
		fn.wrt_reads++;
		if (fn.on_wrt_read != NULL)
			fn.on_wrt_read();
		return fn.gone ? UINT64_MAX : __atomic_load_n(&fn.wrt, __ATOMIC_ACQUIRE);
	}
	fail_msg("read of register 0x%x", off);
	return 0;
}

static void
fn_write(const struct sdxi_fn *f, uint32_t off, uint64_t val)
{
	(void)f;
	if (fn.nb_log < RTE_DIM(fn.log)) {
		fn.log[fn.nb_log].off = off;
		fn.log[fn.nb_log++].val = val;
	}
	if (off == ERR_STS)
		__atomic_fetch_and(&fn.sts, ~val, __ATOMIC_ACQ_REL);
	if (off == ERR_RD)
		__atomic_store_n(&fn.rd, val, __ATOMIC_RELEASE);
}

static const struct sdxi_fn_ops fn_ops = { .reg_read = fn_read, .reg_write = fn_write };

/* What was printed since the last look. */
static FILE *stream;
static char *printed;
static size_t printed_len;

static unsigned int
count_lines(const char *what)
{
	const char *at = printed;
	unsigned int n = 0;

	fflush(stream);
	at = printed;
	while (at != NULL && (at = strstr(at, what)) != NULL) {
		at += strlen(what);
		n++;
	}
	return n;
}

static void
forget_lines(void)
{
	rewind(stream);
	fflush(stream);
	printed[0] = '\0';
	/* As after a second without a line. */
	memset(&dev->errlog.limit, 0, sizeof(dev->errlog.limit));
}

static struct sdxi_fault faults[NB_VCHANS + 1][RING_SZ];

static int
setup(void **state)
{
	const struct sdxi_fn f = { .ops = &fn_ops };
	unsigned int i;

	(void)state;
	memset(&fn, 0, sizeof(fn));
	memset(faults, 0, sizeof(faults));
	fn.cap1 = 0x5 << 8; /* 2048 entries, more than ERR_CFG can name */
	dev = calloc(1, sizeof(*dev));
	/* One more than there are, to be left alone. */
	vchans = aligned_alloc(RTE_CACHE_LINE_SIZE, (NB_VCHANS + 1) * sizeof(*vchans));
	assert_true(dev != NULL && vchans != NULL);
	memset(vchans, 0, (NB_VCHANS + 1) * sizeof(*vchans));
	snprintf(dev->name, sizeof(dev->name), "test");
	dev->socket = SOCKET_ID_ANY;
	dev->id = 0;
	dev->vchans = vchans;
	dev->nb_vchans = NB_VCHANS;
	for (i = 0; i < NB_VCHANS + 1; i++) {
		vchans[i].cxt.num = i + 1;
		vchans[i].cxt.faults.fault = faults[i];
		vchans[i].cxt.faults.mask = RING_SZ - 1;
	}
	assert_int_equal(sdxi_dev_fn_set(0, &f), 0);
	stream = open_memstream(&printed, &printed_len);
	assert_non_null(stream);
	assert_int_equal(rte_openlog_stream(stream), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rte_openlog_stream(NULL);
	fclose(stream);
	free(printed);
	sdxi_errlog_free(dev);
	sdxi_dev_fn_set(0, NULL);
	free(vchans);
	free(dev);
	return 0;
}

static void
enable(uint32_t size)
{
	dev->errlog.wanted = size;
	assert_int_equal(sdxi_errlog_check(dev), 0);
	assert_int_equal(sdxi_errlog_alloc(dev), 0);
	sdxi_errlog_enable(dev, false);
	assert_int_equal(dev->errlog.size, size);
	fn.nb_log = 0;
}

/* The function's side: an entry at ERR_WRT, vl last. */
static void
put_entry(uint64_t hd, uint64_t index)
{
	struct sdxi_errlog_hd_ent *ring = dev->errlog.mem.va;
	struct sdxi_errlog_hd_ent *ent = &ring[fn.wrt % dev->errlog.size];

	memset(ent, 0xee, sizeof(*ent));
	ent->dsc_index = rte_cpu_to_le_64(index);
	ent->err_class = rte_cpu_to_le_16(0x21);
	__atomic_store_n(&ent->hd, rte_cpu_to_le_64(hd), __ATOMIC_RELEASE);
	__atomic_store_n(&fn.wrt, fn.wrt + 1, __ATOMIC_RELEASE);
	__atomic_fetch_or(&fn.sts, 1, __ATOMIC_RELEASE);
}

static uint64_t
hd_of(uint16_t cxt, unsigned int step, unsigned int sub_step)
{
	return VL | (uint64_t)step << 8 | TYPE | CV | DIV | (uint64_t)sub_step << 40 |
	       (uint64_t)cxt << 48;
}

/* A failure at a buffer of a descriptor. */
static void
put_fault(uint16_t cxt, uint64_t index, unsigned int buf)
{
	put_entry(hd_of(cxt, 10, 1) | BV | (uint64_t)buf << 36, index);
}

static bool
find(uint16_t vchan, uint64_t first, uint64_t end, struct sdxi_fault *fault)
{
	return sdxi_errlog_find(dev, &vchans[vchan].cxt, first, end, fault);
}

static uint64_t
lost(uint16_t vchan)
{
	return sdxi_errlog_lost(dev, &vchans[vchan].cxt);
}

/* ---- size and life --------------------------------------------------------------------------- */

static void
test_size(void **state)
{
	static const struct {
		unsigned int max_errlog_sz;
		uint32_t wanted;
		uint32_t size;
	} good[] = {
		{ 0, 0, 64 }, { 1, 0, 128 }, { 2, 0, 256 }, { 15, 0, 256 },
		{ 0, 64, 64 }, { 2, 192, 192 }, { 4, 1024, 1024 }, { 5, 1984, 1984 },
		{ 15, 1984, 1984 },
	};
	static const struct {
		unsigned int max_errlog_sz;
		uint32_t wanted;
		const char *max;
	} bad[] = {
		{ 0, 128, "64 to 64," }, { 5, 2048, "64 to 1984," }, { 5, 100, "64 to 1984," },
		{ 2, 32, "64 to 256," }, { 4, 1984, "64 to 1024," },
	};
	char text[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(good); i++) {
		fn.cap1 = good[i].max_errlog_sz << 8;
		dev->errlog.wanted = good[i].wanted;
		assert_int_equal(sdxi_errlog_check(dev), 0);
		sdxi_errlog_free(dev);
		assert_int_equal(sdxi_errlog_alloc(dev), 0);
		fn.nb_log = 0;
		sdxi_errlog_enable(dev, false);
		/* ERR_CFG is written last: en, entries / 64 and where they are. */
		assert_int_equal(fn.log[fn.nb_log - 1].off, ERR_CFG);
		assert_int_equal(fn.log[fn.nb_log - 1].val,
				 (uintptr_t)dev->errlog.mem.va | good[i].size / 64 << 1 | 1);
	}
	for (i = 0; i < RTE_DIM(bad); i++) {
		fn.cap1 = bad[i].max_errlog_sz << 8;
		dev->errlog.wanted = bad[i].wanted;
		forget_lines();
		assert_int_equal(sdxi_errlog_check(dev), -EINVAL);
		snprintf(text, sizeof(text), "errlog_size=%u:", bad[i].wanted);
		assert_int_equal(count_lines(text), 1);
		assert_int_equal(count_lines(bad[i].max), 1);
	}
	/* A function that has less than it had. */
	dev->errlog.wanted = 1024;
	fn.cap1 = 4 << 8;
	assert_int_equal(sdxi_errlog_alloc(dev), 0);
	fn.cap1 = 1 << 8;
	assert_int_equal(sdxi_errlog_alloc(dev), 0);
	assert_int_equal(dev->errlog.size, 128);
}

static void
test_enable(void **state)
{
	static const uint32_t order[] = { ERR_CFG, ERR_STS, ERR_CTL, ERR_WRT, ERR_RD, ERR_CFG };
	unsigned int i;

	(void)state;
	assert_int_equal(sdxi_errlog_alloc(dev), 0);
	for (int intr = 0; intr < 2; intr++) {
		fn.nb_log = 0;
		sdxi_errlog_enable(dev, intr);
		assert_int_equal(fn.nb_log, RTE_DIM(order));
		for (i = 0; i < RTE_DIM(order); i++)
			assert_int_equal(fn.log[i].off, order[i]);
		assert_int_equal(fn.log[0].val, 0);
		assert_int_equal(fn.log[1].val, 0xb);
		assert_int_equal(fn.log[2].val, intr);
		assert_int_equal(fn.log[3].val, 0);
		assert_int_equal(fn.log[4].val, 0);
	}
	/* What was in it is gone, and nobody takes it for news. */
	put_fault(1, 5, 0);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	put_fault(1, 6, 0);
	fn.wrt = 0;
	sdxi_errlog_enable(dev, false);
	fn.wrt = 2;
	fn.sts = 1;
	assert_int_equal(sdxi_errlog_service(dev), 2);
	assert_int_equal(dev->errlog.stats.invalid, 2);
}

/* A function whose log the driver has not set up is not touched. */
static void
test_not_enabled(void **state)
{
	(void)state;
	fn.sts = 1;
	fn.wrt = 7;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(sdxi_errlog_alloc(dev), 0);
	fn.reads = 0;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	sdxi_errlog_enable(dev, false);
	sdxi_errlog_free(dev);
	fn.nb_log = 0;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(fn.reads, 0);
	assert_int_equal(fn.nb_log, 0);
}

/* Nothing has happened: one register is read, and none written. */
static void
test_quiet(void **state)
{
	(void)state;
	enable(64);
	fn.reads = 0;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(fn.reads, 1);
	assert_int_equal(fn.nb_log, 0);
	/* sts goes before ERR_WRT is read, ERR_RD comes behind all entries. */
	put_fault(1, 0, 0);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(fn.nb_log, 2);
	assert_int_equal(fn.log[0].off, ERR_STS);
	assert_int_equal(fn.log[0].val, 1);
	assert_int_equal(fn.log[1].off, ERR_RD);
	assert_int_equal(fn.log[1].val, 1);
}

/* ---- filing ---------------------------------------------------------------------------------- */

static void
test_filed(void **state)
{
	struct sdxi_fault fault;

	(void)state;
	enable(64);
	put_fault(1, 5, 0);
	put_fault(3, UINT64_C(0x123456789a), 1);
	put_entry(hd_of(1, 8, 2), 4);
	put_entry(hd_of(1, 7, 3), 5);
	assert_int_equal(sdxi_errlog_service(dev), 4);

	/* What was filed first about a descriptor; the end of the range is not in it. */
	assert_true(find(0, 5, 6, &fault));
	assert_int_equal(fault.dsc_index, 5);
	assert_int_equal(fault.step, 10);
	assert_int_equal(fault.sub_step, 1);
	assert_int_equal(fault.re, 0);
	assert_true(fault.bv);
	assert_int_equal(fault.buf, 0);
	assert_true(find(0, 0, 6, &fault));
	assert_int_equal(fault.dsc_index, 4);
	assert_int_equal(fault.step, 8);
	assert_int_equal(fault.sub_step, 2);
	assert_false(fault.bv);
	assert_false(find(0, 0, 4, &fault));
	assert_false(find(0, 6, UINT64_MAX, &fault));
	assert_int_equal(vchans[0].cxt.faults.filed, 3);
	assert_int_equal(vchans[0].cxt.faults.total, 2);

	assert_false(find(1, 0, UINT64_MAX, &fault));
	assert_true(find(2, UINT64_C(0x123456789a), UINT64_C(0x123456789b), &fault));
	assert_int_equal(fault.buf, 1);
	assert_int_equal(lost(0) + lost(1) + lost(2), 0);
}

/* The first descriptor whose failure has stopped the context, whatever else is said of others. */
static void
test_stop_index(void **state)
{
	unsigned int re;

	(void)state;
	enable(64);
	assert_int_equal(sdxi_errlog_stop_index(dev, &vchans[0].cxt), UINT64_MAX);
	for (re = 0; re < 8; re++)
		if (re != 1)
			put_entry(hd_of(1, 10, 1) | (uint64_t)re << 44, re);
	put_entry(hd_of(2, 10, 1) | UINT64_C(1) << 44, 6);
	sdxi_errlog_service(dev);
	assert_int_equal(sdxi_errlog_stop_index(dev, &vchans[0].cxt), UINT64_MAX);
	assert_int_equal(sdxi_errlog_stop_index(dev, &vchans[1].cxt), 6);
	put_entry(hd_of(1, 10, 1) | UINT64_C(1) << 44, 90);
	put_entry(hd_of(1, 7, 3) | UINT64_C(1) << 44, 70);
	put_entry(hd_of(1, 10, 1) | UINT64_C(1) << 44, 80);
	sdxi_errlog_service(dev);
	assert_int_equal(sdxi_errlog_stop_index(dev, &vchans[0].cxt), 70);
	sdxi_errlog_forget(dev, &vchans[0].cxt);
	assert_int_equal(sdxi_errlog_stop_index(dev, &vchans[0].cxt), UINT64_MAX);
}

/* Laps of a log whose size is not a power of two, each slot with something else every time. */
static void
test_wrap(void **state)
{
	struct sdxi_fault fault;
	uint64_t index = 0;
	unsigned int batch, i;

	(void)state;
	enable(192);
	for (batch = 1; batch <= 60; batch++) {
		for (i = 0; i < batch; i++)
			put_fault(2, index + i, i & 1);
		assert_int_equal(sdxi_errlog_service(dev), batch);
		assert_int_equal(fn.rd, fn.wrt);
		for (i = 0; i < batch; i++, index++) {
			assert_true(find(1, index, index + 1, &fault));
			assert_int_equal(fault.buf, i & 1);
		}
	}
	/* As many at once as there is room for. */
	for (i = 0; i < 192; i++)
		put_fault(1 + i % 3, i, 0);
	assert_int_equal(sdxi_errlog_service(dev), 192);
	for (i = 0; i < 192; i++)
		assert_true(find(i % 3, i, i + 1, &fault));
	assert_int_equal(dev->errlog.stats.entries, index + 192);
	assert_int_equal(lost(0) + lost(1) + lost(2), 0);
	/* What is left in a slot from the lap before is not read again. */
	fn.wrt++;
	fn.sts = 1;
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(dev->errlog.stats.invalid, 1);
}

/* As many are kept as a ring has descriptors. */
static void
test_many(void **state)
{
	struct sdxi_fault fault;
	unsigned int i, lap;

	(void)state;
	enable(64 * 16);
	for (lap = 0; lap < 3; lap++) {
		const uint64_t start = (UINT64_C(1) << 40) + lap * RING_SZ;

		for (i = 0; i < RING_SZ; i++)
			put_fault(1, start + i, i & 1);
		assert_int_equal(sdxi_errlog_service(dev), RING_SZ);
		for (i = 0; i < RING_SZ; i++) {
			assert_true(find(0, start + i, start + i + 1, &fault));
			assert_int_equal(fault.buf, i & 1);
			assert_false(find(0, start + i - RING_SZ, start + i - RING_SZ + 1, &fault));
		}
	}
	assert_int_equal(lost(0), 0);
	assert_int_equal(vchans[0].cxt.faults.total, 3 * RING_SZ);
	/* A context that has no memory for any. */
	vchans[1].cxt.faults.fault = NULL;
	put_fault(2, 1, 0);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_false(find(1, 1, 2, &fault));
	assert_int_equal(lost(1), 1);
}

static void
test_forget(void **state)
{
	struct sdxi_fault fault;
	uint64_t before;
	unsigned int i;

	(void)state;
	enable(256);
	for (i = 0; i < 70; i++)
		put_fault(1, i, 0);
	put_fault(2, 1, 0);
	sdxi_errlog_service(dev);
	before = lost(0);
	assert_int_equal(before, 0);
	/* Old indices, and they stand in the log still. */
	put_fault(1, 3, 0);
	put_fault(2, 2, 0);
	sdxi_errlog_forget(dev, &vchans[0].cxt);
	assert_int_equal(fn.rd, fn.wrt);
	assert_false(find(0, 0, UINT64_MAX, &fault));
	assert_true(find(1, 1, 2, &fault));
	assert_true(find(1, 2, 3, &fault));
	assert_true(lost(0) >= before);
	put_fault(1, 3, 1);
	sdxi_errlog_service(dev);
	assert_true(find(0, 3, 4, &fault));
	assert_int_equal(fault.buf, 1);
}

/* Contexts that are nobody's: no access outside the channels, nothing lost for them. */
static void
test_foreign(void **state)
{
	struct sdxi_fault fault;

	(void)state;
	enable(64);
	vchans[1].cxt.num = 0; /* not set up */
	put_fault(0, 1, 0);
	put_fault(2, 1, 0);
	put_fault(4, 1, 0);
	put_fault(65535, 1, 0);
	assert_int_equal(sdxi_errlog_service(dev), 4);
	assert_int_equal(dev->errlog.stats.unfiled, 4);
	assert_false(find(0, 0, UINT64_MAX, &fault));
	assert_false(find(1, 0, UINT64_MAX, &fault));
	assert_false(find(2, 0, UINT64_MAX, &fault));
	assert_int_equal(lost(0) + lost(1) + lost(2), 0);
	dev->vchans = NULL;
	put_fault(1, 1, 0);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(dev->errlog.stats.unfiled, 5);
}

/* ---- what may have been lost ----------------------------------------------------------------- */

static void
test_overflow(void **state)
{
	struct sdxi_fault fault;

	(void)state;
	enable(64);
	put_fault(1, 1, 0);
	fn.sts |= 1 << 1;
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(fn.log[0].val, 3);
	assert_int_equal(fn.sts, 0);
	assert_int_equal(dev->errlog.stats.overflow, 1);
	assert_int_equal(lost(0), 1);
	assert_int_equal(lost(2), 1);
	assert_int_equal(count_lines("more than 64 entries"), 1);
	assert_true(find(0, 1, 2, &fault));
	/* ovf or err without sts, and without an entry. */
	fn.sts = 1 << 1;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(dev->errlog.stats.overflow, 2);
	fn.sts = 1 << 3;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(dev->errlog.stats.unusable, 1);
	assert_int_equal(lost(1), 3);
	assert_int_equal(count_lines("could not write it"), 1);
	/* Bits that have no meaning are no news, and are left alone. */
	fn.nb_log = 0;
	fn.sts = ~UINT64_C(0xb) & ~(UINT64_C(1) << 63);
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(fn.nb_log, 0);
}

/* An index that cannot be: nothing is read, and what comes next is. */
static void
test_misfit(void **state)
{
	static const uint64_t nonsense[] = { 300, 3, 3 + 65, UINT64_MAX - 1, 70, UINT64_MAX };
	struct sdxi_fault fault;
	unsigned int i;

	(void)state;
	enable(64);
	put_fault(1, 0, 0);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	for (i = 0; i < RTE_DIM(nonsense); i++) {
		uint64_t from = fn.rd;

		/* A step of up to 64 is none. */
		assert_true(nonsense[i] - from > 64);
		fn.wrt = nonsense[i];
		fn.sts = 1;
		assert_int_equal(sdxi_errlog_service(dev), 0);
		assert_int_equal(fn.rd, nonsense[i]);
		assert_int_equal(dev->errlog.stats.misfit, i + 1);
		assert_int_equal(lost(0), i + 1);
	}
	assert_int_equal(count_lines("does not fit"), RTE_DIM(nonsense));
	/* On past the end of what 64 bits can count. */
	for (i = 0; i < 64; i++)
		put_fault(1, 1000 + i, 0);
	assert_int_equal(sdxi_errlog_service(dev), 64);
	assert_true(find(0, 1000, 1064, &fault));
	assert_int_equal(fn.rd, 63);
}

static void
test_invalid(void **state)
{
	struct sdxi_fault fault;

	(void)state;
	enable(64);
	put_entry(hd_of(1, 10, 1) & ~VL, 1);
	put_entry((hd_of(1, 10, 1) & ~TYPE) | UINT64_C(0x7f6) << 16, 2);
	put_fault(1, 3, 0);
	/* It is waited for, but not for ever. */
	assert_int_equal(sdxi_errlog_service(dev), 3);
	assert_in_range(fn.wrt_reads, 2, 1000);
	assert_int_equal(fn.rd, 3);
	assert_int_equal(dev->errlog.stats.invalid, 2);
	assert_int_equal(lost(0), 2);
	assert_int_equal(lost(1), 2);
	assert_false(find(0, 0, 3, &fault));
	assert_true(find(0, 3, 4, &fault));
	assert_int_equal(count_lines("expected vl and type 0x7f7"), 2);

	/* Where it says not what it is about. */
	put_entry(hd_of(2, 5, 2) & ~DIV, 9);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(lost(1), 3);
	assert_int_equal(lost(0), 2);
	put_entry(hd_of(2, 1, 0) & ~CV, 9);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(lost(1), 4);
	assert_int_equal(lost(0), 3);
	assert_false(find(1, 0, UINT64_MAX, &fault));

	/* Anything at all. */
	put_entry(UINT64_MAX, UINT64_MAX);
	put_entry((UINT64_MAX & ~(UINT64_C(0x7ff) << 16) & ~(UINT64_C(0xffff) << 48)) | TYPE |
		  UINT64_C(1) << 48, UINT64_MAX);
	assert_int_equal(sdxi_errlog_service(dev), 2);
	assert_int_equal(dev->errlog.stats.invalid, 3);
	assert_false(find(0, 4, UINT64_MAX, &fault));
	assert_int_equal(vchans[0].cxt.faults.filed, 2);
}

static void
vl_at_last(void)
{
	struct sdxi_errlog_hd_ent *ring = dev->errlog.mem.va;

	if (fn.wrt_reads == 3)
		ring[(fn.wrt - 1) % dev->errlog.size].hd |= rte_cpu_to_le_64(VL);
}

/* The entry becomes visible behind the index that promises it. */
static void
test_vl_late(void **state)
{
	struct sdxi_fault fault;

	(void)state;
	enable(64);
	fn.on_wrt_read = vl_at_last;
	put_entry(hd_of(1, 10, 1) & ~VL, 7);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	assert_int_equal(fn.wrt_reads, 3);
	assert_int_equal(lost(0), 0);
	assert_true(find(0, 7, 8, &fault));
}

static void
go_away(void)
{
	fn.gone = true;
}

static void
test_gone(void **state)
{
	(void)state;
	enable(64);
	put_fault(1, 1, 0);
	fn.gone = true;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(fn.nb_log, 0);
	assert_int_equal(count_lines("does not answer"), 1);
	fn.gone = false;
	assert_int_equal(sdxi_errlog_service(dev), 1);
	/* Between two registers. */
	put_fault(1, 2, 0);
	fn.on_wrt_read = go_away;
	fn.nb_log = 0;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_int_equal(fn.nb_log, 1);
	assert_int_equal(fn.log[0].off, ERR_STS);
	assert_int_equal(count_lines("does not answer"), 2);
	assert_int_equal(dev->errlog.stats.misfit, 0);
	assert_int_equal(lost(0), 1);
	fn.on_wrt_read = NULL;
	fn.gone = false;
	fn.sts = 1;
	assert_int_equal(sdxi_errlog_service(dev), 1);
}

/* A process has died with the lock: said to be so, it is not waited for. */
static void
test_stuck(void **state)
{
	struct sdxi_fault fault;
	uint64_t before;

	(void)state;
	enable(64);
	put_fault(1, 1, 0);
	assert_int_equal(sdxi_errlog_service(dev), 1);
	before = lost(0);
	assert_int_equal(sdxi_lock_try(&dev->errlog.lock), 0);
	dev->errlog.stuck = true;
	assert_int_equal(sdxi_errlog_service(dev), 0);
	assert_true(lost(0) > before);
	before = lost(0);
	assert_false(find(0, 1, 2, &fault));
	assert_true(lost(0) > before);
	/* What has to be done is done. */
	sdxi_errlog_enable(dev, false);
	assert_true(dev->errlog.stuck);
	sdxi_lock_release(&dev->errlog.lock);
	assert_true(find(0, 1, 2, &fault));
	assert_false(dev->errlog.stuck);
	assert_int_equal(sdxi_lock_try(&dev->errlog.lock), 0);
	dev->errlog.stuck = true;
	sdxi_errlog_forget(dev, &vchans[0].cxt);
	sdxi_lock_release(&dev->errlog.lock);
	assert_false(find(0, 1, 2, &fault));
}

/* ---- many at a time -------------------------------------------------------------------------- */

#define STRESS_ENTRIES 20000

static bool stress_over;
static uint64_t stress_handled;

static void *
stress_service(void *arg)
{
	struct sdxi_fault fault;
	uint64_t n = 0;

	(void)arg;
	while (!__atomic_load_n(&stress_over, __ATOMIC_ACQUIRE)) {
		n += sdxi_errlog_service(dev);
		sdxi_errlog_find(dev, &vchans[0].cxt, 0, UINT64_MAX, &fault);
	}
	__atomic_fetch_add(&stress_handled, n, __ATOMIC_RELAXED);
	return NULL;
}

/* Channels come and go as rte_dma_configure() has them do. */
static void *
stress_swap(void *arg)
{
	unsigned int nb = 0;

	(void)arg;
	while (!__atomic_load_n(&stress_over, __ATOMIC_ACQUIRE)) {
		struct sdxi_vchan *all;
		unsigned int i;

		nb = (nb + 1) % 8;
		all = nb == 0 ? NULL : aligned_alloc(RTE_CACHE_LINE_SIZE, nb * sizeof(*all));
		if (all != NULL)
			memset(all, 0, nb * sizeof(*all));
		for (i = 0; all != NULL && i < nb; i++)
			all[i].cxt.num = i + 1;
		if (!sdxi_errlog_lock(dev)) {
			free(all);
			continue;
		}
		if (dev->vchans != vchans)
			free(dev->vchans);
		dev->vchans = all;
		dev->nb_vchans = nb;
		sdxi_lock_release(&dev->errlog.lock);
	}
	return NULL;
}

/* Each entry is handled once, whoever comes, and nothing is touched that was given back. */
static void
test_threads(void **state)
{
	void *(*const role[])(void *) = { stress_service, stress_service, stress_swap };
	pthread_t thread[RTE_DIM(role)];
	unsigned int i, n = 0;

	(void)state;
	enable(64);
	for (i = 0; i < RTE_DIM(role); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, role[i], NULL), 0);
	while (n < STRESS_ENTRIES) {
		if (fn.wrt - __atomic_load_n(&fn.rd, __ATOMIC_ACQUIRE) >= 64) {
			sched_yield();
			continue;
		}
		put_fault(1 + n % 9, n, 0);
		n++;
	}
	while (__atomic_load_n(&fn.rd, __ATOMIC_ACQUIRE) != fn.wrt)
		sched_yield();
	__atomic_store_n(&stress_over, true, __ATOMIC_RELEASE);
	for (i = 0; i < RTE_DIM(role); i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(stress_handled, STRESS_ENTRIES);
	assert_int_equal(dev->errlog.stats.entries, STRESS_ENTRIES);
	assert_int_equal(dev->errlog.stats.invalid, 0);
	if (dev->vchans != vchans)
		free(dev->vchans);
}

/* ---- in words -------------------------------------------------------------------------------- */

static void
test_format(void **state)
{
	/* vl, step 10, type 0x7f7, cv div bv, buffer 1, sub-step 1, context stopped, context 5 */
	struct sdxi_errlog_hd_ent ent = {
		.hd = rte_cpu_to_le_64(UINT64_C(0x0005111707f70a01)),
		.dsc_index = rte_cpu_to_le_64(UINT64_C(0x123456789a)),
		.err_class = rte_cpu_to_le_16(0x21),
	};
	/* The same as it is in memory. */
	static const uint8_t bytes[64] = {
		0x01, 0x0a, 0xf7, 0x07, 0x17, 0x11, 0x05, 0x00,
		0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0, 0,
		[44] = 0x21,
	};
	char text[192], cut[12];
	unsigned int i;

	(void)state;
	assert_memory_equal(&ent, bytes, sizeof(bytes));
	assert_string_equal(sdxi_errlog_format(&ent, text, sizeof(text)),
			    "context 5, descriptor 78187493530, buffer 1: data buffer: address "
			    "translation failure (context stopped; class 0x21)");
	assert_string_equal(sdxi_errlog_format(&ent, cut, sizeof(cut)), "context 5, ");
	memset(&ent, 0, sizeof(ent));
	sdxi_errlog_format(&ent, text, sizeof(text));
	assert_string_equal(text, "reserved step: failure (informative; class 0x0)");
	/* The longest that there is fits what it is printed with. */
	memset(&ent, 0xff, sizeof(ent));
	for (i = 0; i < 64; i++) {
		ent.hd = rte_cpu_to_le_64((UINT64_MAX & ~(UINT64_C(0x3f) << 8)) | (uint64_t)i << 8);
		sdxi_errlog_format(&ent, text, sizeof(text));
		assert_non_null(strstr(text, "; class 0xffff)"));
	}
	assert_non_null(strstr(text, "reserved step: reserved sub-step (reserved reaction"));
}

/* One line an entry, but no more than a burst of them; all of them are counted. */
static void
test_lines(void **state)
{
	unsigned int i;

	(void)state;
	enable(256);
	put_fault(1, 42, 1);
	sdxi_errlog_service(dev);
	assert_int_equal(count_lines("SDXI: test: error log: context 1, descriptor 42, buffer 1: "
				     "data buffer: address translation failure (informative; "
				     "class 0x21)\n"), 1);
	forget_lines();
	for (i = 0; i < 200; i++)
		put_fault(1, i, 1);
	assert_int_equal(sdxi_errlog_service(dev), 200);
	assert_int_equal(count_lines("\n"), 10);
	assert_int_equal(count_lines("left out"), 0);
	assert_int_equal(dev->errlog.stats.left_out, 190);
	assert_int_equal(dev->errlog.stats.entries, 201);
	/* The first line behind a pause. */
	i = dev->errlog.limit.left_out;
	assert_int_equal(i, 190);
	forget_lines();
	dev->errlog.limit.left_out = i;
	put_fault(1, 300, 1);
	put_fault(1, 301, 1);
	sdxi_errlog_service(dev);
	assert_int_equal(count_lines("log: (lines left out: 190) context 1, descriptor 300"), 1);
	assert_int_equal(count_lines("error log: context 1, descriptor 301"), 1);
}

static void
test_limit(void **state)
{
	const uint64_t hz = UINT64_C(3000000007);
	struct sdxi_errlog_limit limit = { 0 };
	uint64_t now = UINT64_MAX / 2;
	uint64_t left_out;
	unsigned int i, n;

	(void)state;
	for (i = 0; i < 25; i++)
		assert_int_equal(sdxi_errlog_may_print(&limit, now, hz, &left_out), i < 10);
	/* A tenth of a second is a line's worth, and so is the sum of smaller times. */
	now += hz / 10 + 1;
	assert_true(sdxi_errlog_may_print(&limit, now, hz, &left_out));
	assert_int_equal(left_out, 15);
	assert_false(sdxi_errlog_may_print(&limit, now, hz, &left_out));
	for (i = 0, n = 0; i < 1000; i++) {
		now += hz / 100;
		if (sdxi_errlog_may_print(&limit, now, hz, &left_out))
			n++;
	}
	assert_in_range(n, 99, 100);
	/* However long the pause, it is one burst. */
	now += hz * 1000000;
	for (i = 0, n = 0; i < 100; i++)
		if (sdxi_errlog_may_print(&limit, now, hz, &left_out))
			n++;
	assert_int_equal(n, 10);
	/* A clock that steps back earns nothing, and does not silence for good. */
	now -= hz * 3600;
	assert_false(sdxi_errlog_may_print(&limit, now, hz, &left_out));
	now += hz / 5 + 1;
	assert_true(sdxi_errlog_may_print(&limit, now, hz, &left_out));
	assert_int_equal(left_out, 91);
	assert_true(sdxi_errlog_may_print(&limit, now, hz, &left_out));
	assert_false(sdxi_errlog_may_print(&limit, now, hz, &left_out));
}

static void
test_status(void **state)
{
	/* By step and sub-step; what differs with the buffer has its own line for each. */
	static const struct {
		uint8_t step;
		bool bv;
		uint8_t buf;
		enum rte_dma_status_code status[4];
	} want[] = {
#define ALL(x) { x, x, x, x }
		{ 0, false, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 1, true, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 2, true, 1, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 3, false, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 4, false, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 5, false, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 6, false, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 7, false, 0,
		  { RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR,
		    RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR, RTE_DMA_STATUS_INVALID_OPCODE } },
		{ 8, true, 1,
		  { RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_PAGE_FAULT,
		    RTE_DMA_STATUS_BUS_ERROR, RTE_DMA_STATUS_ERROR_UNKNOWN } },
		{ 9, true, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 10, true, 0,
		  { RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_INVALID_SRC_ADDR,
		    RTE_DMA_STATUS_BUS_READ_ERROR, RTE_DMA_STATUS_DATA_POISION } },
		{ 10, true, 1,
		  { RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_INVALID_DST_ADDR,
		    RTE_DMA_STATUS_BUS_WRITE_ERROR, RTE_DMA_STATUS_DATA_POISION } },
		{ 10, true, 2,
		  { RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_INVALID_ADDR,
		    RTE_DMA_STATUS_BUS_ERROR, RTE_DMA_STATUS_DATA_POISION } },
		{ 10, false, 1,
		  { RTE_DMA_STATUS_ERROR_UNKNOWN, RTE_DMA_STATUS_INVALID_ADDR,
		    RTE_DMA_STATUS_BUS_ERROR, RTE_DMA_STATUS_DATA_POISION } },
		{ 11, true, 0,
		  { RTE_DMA_STATUS_INVALID_SRC_ADDR, RTE_DMA_STATUS_INVALID_SRC_ADDR,
		    RTE_DMA_STATUS_BUS_READ_ERROR, RTE_DMA_STATUS_INVALID_SRC_ADDR } },
		{ 11, true, 1,
		  { RTE_DMA_STATUS_INVALID_DST_ADDR, RTE_DMA_STATUS_INVALID_DST_ADDR,
		    RTE_DMA_STATUS_BUS_READ_ERROR, RTE_DMA_STATUS_INVALID_DST_ADDR } },
		{ 12, false, 0,
		  { RTE_DMA_STATUS_INVALID_ADDR, RTE_DMA_STATUS_INVALID_ADDR,
		    RTE_DMA_STATUS_BUS_READ_ERROR, RTE_DMA_STATUS_INVALID_ADDR } },
		{ 13, true, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
		{ 63, false, 0, ALL(RTE_DMA_STATUS_ERROR_UNKNOWN) },
	};
	unsigned int i, step, sub;

	(void)state;
	for (i = 0; i < RTE_DIM(want); i++) {
		for (sub = 0; sub < 4; sub++) {
			const struct sdxi_fault fault = {
				.step = want[i].step, .sub_step = sub,
				.bv = want[i].bv, .buf = want[i].buf,
			};

			if (sdxi_errlog_status(&fault) != want[i].status[sub])
				fail_msg("step %u, sub-step %u, bv %d, buf %u: expected %d, found "
					 "%d", fault.step, sub, fault.bv, fault.buf,
					 want[i].status[sub], sdxi_errlog_status(&fault));
		}
	}
	/* Whatever it is, it is no success. */
	for (step = 0; step < 64; step++) {
		for (sub = 0; sub < 16; sub++) {
			const struct sdxi_fault fault = {
				.step = step, .sub_step = sub, .bv = true,
			};

			assert_true(sdxi_errlog_status(&fault) >= RTE_DMA_STATUS_INVALID_SRC_ADDR);
		}
	}
}

/* ---- the report ------------------------------------------------------------------------------ */

static char *
dump(void)
{
	size_t len;
	char *text;
	FILE *f;

	f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(sdxi_report_dump(dev, f), 0);
	fclose(f);
	return text;
}

static void
expect_in(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("expected \"%s\", found:\n%s", what, text);
}

static void
test_report(void **state)
{
	struct sdxi_cxt_sts sts = { .state = 0xf, .read_index = rte_cpu_to_le_64(17) };
	char part[64];
	unsigned int i;
	char *text;
	FILE *f;

	(void)state;
	f = fopen("/dev/null", "w");
	assert_non_null(f);
	assert_int_equal(sdxi_report_dump(dev, f), -ENODEV);
	assert_int_equal(sdxi_report_register(dev), 0);
	assert_int_equal(sdxi_report_dump(dev, f), 0);

	enable(192);
	for (i = 0; i < 20; i++)
		put_fault(2, 500 + i, i & 1);
	fn.sts |= 1 << 1;
	sdxi_errlog_service(dev);
	dev->up = true;
	dev->watchdog_ms = 77;
	dev->version = UINT64_C(1) << 16;
	dev->max_cxt = 126;
	vchans[1].cxt.mem.va = &sts;
	vchans[1].cxt.sts = &sts;
	vchans[1].ring.mask = 1023;
	vchans[1].ring.nb_desc = 300;
	vchans[1].ring.op_head = 25;
	vchans[1].ring.op_submitted = 20;
	vchans[1].ring.tail = 12;
	vchans[1].ring.shift = 19;
	vchans[1].ring.submitted = 33;
	vchans[1].submitted_off = 1000;
	vchans[1].completed_off = 1000;
	vchans[1].errors = 6;
	vchans[1].recoveries = 5;
	vchans[1].resets = 4;
	text = dump();
	expect_in(text, "SDXI version: 1.0\n");
	expect_in(text, "function state: ACTIVE (2), in use\n");
	expect_in(text, "contexts 1 to 126,");
	expect_in(text, "max_vchans=126, completion=op, watchdog=77 ms, errlog_size=192\n");
	expect_in(text, "error log: 192 entries, read up to 20, on demand\n");
	expect_in(text, "entries 20, overflows 1, unusable 0, bad ERR_WRT 0, invalid entries 0, "
		  "about other contexts 0, lines left out 11\n");
	/* The last 16 of them, by number. */
	assert_null(strstr(text, "descriptor 503,"));
	for (i = 4; i < 20; i++) {
		snprintf(part, sizeof(part), "    error %u: context 2, descriptor %u, buffer %u: ",
			 i, 500 + i, i & 1);
		expect_in(text, part);
	}
	expect_in(text, "  vchan 0: not set up\n");
	expect_in(text, "  vchan 1: context 2 ERR_FN, in use, ring of 1024 descriptors, up to 300 "
		  "operations\n");
	expect_in(text, "operations: enqueued 25, submitted 20, reported 12, outstanding 8\n");
	expect_in(text, "descriptors: written 44, Write_Index 33, Read_Index 17\n");
	expect_in(text, "statistics: submitted 1020, completed 1012, errors 6, recoveries 5, "
		  "function resets 4\n");
	expect_in(text, "faults 20 since start, possibly lost 0\n");
	free(text);

	dev->batch = true;
	dev->want_vchans = 9;
	vchans[1].parked = true;
	vchans[1].published = 19;
	text = dump();
	expect_in(text, "max_vchans=9, completion=batch,");
	expect_in(text, "ERR_FN, held behind a failed operation,");
	expect_in(text, "Write_Index 19,");
	free(text);
	vchans[1].dead = true;
	dev->failed = true;
	text = dump();
	expect_in(text, "ERR_FN, given up,");
	expect_in(text, "given up: it could not be brought up again");
	free(text);
	/* A device that is not configured (any more). */
	assert_int_equal(sdxi_lock_try(&dev->errlog.lock), 0);
	dev->vchans = NULL;
	dev->nb_vchans = 0;
	sdxi_lock_release(&dev->errlog.lock);
	text = dump();
	assert_null(strstr(text, "vchan 0"));
	free(text);

	sdxi_report_unregister(dev);
	sdxi_report_unregister(dev);
	assert_int_equal(sdxi_report_dump(dev, f), -ENODEV);
	fclose(f);
}

#define UNIT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(test_size),
		UNIT_TEST(test_enable),
		UNIT_TEST(test_not_enabled),
		UNIT_TEST(test_quiet),
		UNIT_TEST(test_filed),
		UNIT_TEST(test_stop_index),
		UNIT_TEST(test_wrap),
		UNIT_TEST(test_many),
		UNIT_TEST(test_forget),
		UNIT_TEST(test_foreign),
		UNIT_TEST(test_overflow),
		UNIT_TEST(test_misfit),
		UNIT_TEST(test_invalid),
		UNIT_TEST(test_vl_late),
		UNIT_TEST(test_gone),
		UNIT_TEST(test_stuck),
		UNIT_TEST(test_threads),
		UNIT_TEST(test_format),
		UNIT_TEST(test_lines),
		UNIT_TEST(test_limit),
		UNIT_TEST(test_status),
		UNIT_TEST(test_report),
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
