/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The driver's way with a function, against registers that the test plays: the ladder down from
 * each state, the order of activation, tables and contexts as bytes. The expectations are written
 * by hand from the specification's layout, and use none of the driver's masks.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_malloc.h>

#include "sdxi_cxt.h"
#include "sdxi_dev.h"
#include "test_eal.h"

enum { STOP, INIT, ACTIVE, STOPG_SF, STOPG_HD, ERROR };
enum { RESET, STOP_SF, STOP_HD, ACTIVATE };

#define GRP_ID (UINT64_C(0xcafe0123) << 32)
#define STRIDE 4096

struct access {
	uint32_t off; /* DMA_ON, DMA_OFF, or a register */
	uint64_t val;
};
#define DMA_ON 0xfffffff0
#define DMA_OFF 0xfffffff1

static struct {
	uint64_t ctl0;
	uint64_t ctl2;
	uint64_t cap0;
	uint64_t cap1;
	uint64_t version;
	uint64_t cxt_l2;
	uint64_t err_sts;
	uint64_t err_wrt;
	unsigned int state;
	unsigned int next[4]; /* what state each request leads to from a running one */
	bool gone;
	bool dma_stuck;
	struct access log[256];
	unsigned int nb_log;
	void (*on_active)(void);
} fn;

static uint64_t doorbells[2 * STRIDE / 8];
static struct sdxi_dev *dev;

static uint64_t
fn_read(const struct sdxi_fn *f, uint32_t off)
{
	(void)f;
	if (fn.gone)
		return UINT64_MAX;
	switch (off) {
	case 0x00000:
		return fn.ctl0;
	case 0x00010:
		return fn.ctl2;
	case 0x00100:
		return fn.state | 0xfff8; /* reserved bits are to be ignored */
	case 0x00200:
		return fn.cap0;
	case 0x00208:
		return fn.cap1;
	case 0x00210:
		return fn.version;
	case 0x20008:
		return fn.err_sts;
	case 0x20020:
		return fn.err_wrt;
	}
	fail_msg("read of register 0x%x", off);
	return 0;
}

static void
fn_write(const struct sdxi_fn *f, uint32_t off, uint64_t val)
{
	(void)f;
	assert_true(fn.nb_log < RTE_DIM(fn.log));
	fn.log[fn.nb_log++] = (struct access){ off, val };
	if (off == 0x10000)
		fn.cxt_l2 = val;
	if (off != 0x00000)
		return;
	/* The request field alone moves the state, and only where it changes or asks anew. */
	fn.ctl0 = val;
	switch (val & 3) {
	case ACTIVATE:
		if (fn.state == STOP) {
			if (fn.on_active != NULL)
				fn.on_active();
			fn.state = fn.next[ACTIVATE];
		}
		break;
	case RESET:
		if (fn.state != STOP)
			fn.state = fn.next[RESET];
		break;
	default:
		if (fn.state != STOP && fn.state != ERROR)
			fn.state = fn.next[val & 3];
		break;
	}
}

static int
fn_dma_enable(const struct sdxi_fn *f, bool on)
{
	(void)f;
	fn.log[fn.nb_log++] = (struct access){ on ? DMA_ON : DMA_OFF, 0 };
	return fn.dma_stuck ? -EIO : 0;
}

static const struct sdxi_fn_ops fn_ops = {
	.reg_read = fn_read, .reg_write = fn_write, .dma_enable = fn_dma_enable,
};

static int
setup(void **state)
{
	(void)state;
	memset(&fn, 0, sizeof(fn));
	fn.ctl0 = GRP_ID | 0x5 << 8 | 1 << 4 | 1 << 2 | STOP_SF; /* PASID 5, interrupts on */
	fn.cap0 = 0x0042 | 2 << 24;				 /* rings to 4096 */
	fn.cap1 = UINT64_C(0x16) << 32 | UINT64_C(0xffff) << 16 | 0x3; /* buffers to 16 MiB */
	fn.version = 1 << 16;
	fn.next[ACTIVATE] = ACTIVE;
	memset(doorbells, 0xff, sizeof(doorbells));
	dev = calloc(1, sizeof(*dev));
	assert_non_null(dev);
	snprintf(dev->name, sizeof(dev->name), "test");
	dev->socket = SOCKET_ID_ANY;
	/* More doorbells than there are: only the first may be touched here. */
	return sdxi_dev_fn_set(dev->id, &(struct sdxi_fn){
		.ops = &fn_ops, .db = doorbells, .db_len = UINT64_C(65536) * STRIDE,
	});
}

static int
teardown(void **state)
{
	(void)state;
	sdxi_dev_free(dev);
	sdxi_dev_fn_set(dev->id, NULL);
	free(dev);
	return 0;
}

/* Requests that were made, as digits in their order. */
static unsigned int
requests(void)
{
	unsigned int i, digits = 0;

	for (i = 0; i < fn.nb_log; i++) {
		if (fn.log[i].off != 0)
			continue;
		/* Nothing but the request changes, the function group least of all. */
		assert_int_equal(fn.log[i].val & ~UINT64_C(3), GRP_ID | 0x5 << 8 | 1 << 4 | 1 << 2);
		digits = digits * 10 + (fn.log[i].val & 3);
	}
	return digits;
}

static void
test_ladder_from_stop(void **state)
{
	(void)state;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(fn.nb_log, 0);
}

static void
test_ladder_from_init(void **state)
{
	(void)state;
	fn.state = INIT;
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(requests(), STOP_SF);
}

static void
test_ladder_from_active(void **state)
{
	(void)state;
	fn.state = ACTIVE;
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(requests(), STOP_SF);
}

static void
test_ladder_from_stopg_sf(void **state)
{
	(void)state;
	fn.state = STOPG_SF;
	fn.next[STOP_SF] = STOPG_SF;
	fn.next[STOP_HD] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(requests(), STOP_HD);
}

static void
test_ladder_from_stopg_hd(void **state)
{
	(void)state;
	fn.state = STOPG_HD;
	fn.next[STOP_HD] = STOPG_HD;
	fn.next[RESET] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(requests(), STOP_HD * 10 + RESET);
}

static void
test_ladder_from_error(void **state)
{
	(void)state;
	fn.state = ERROR;
	fn.next[RESET] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(fn.nb_log, 1);
	assert_int_equal(requests(), RESET);
}

/* Each rung that does not help leads to the next. */
static void
test_ladder_escalates(void **state)
{
	(void)state;
	fn.state = ACTIVE;
	fn.next[STOP_SF] = STOPG_SF;
	fn.next[STOP_HD] = STOPG_HD;
	fn.next[RESET] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(requests(), STOP_SF * 100 + STOP_HD * 10 + RESET);
}

/* A stop that ends in ERROR is not waited for, and not asked for again. */
static void
test_ladder_into_error(void **state)
{
	(void)state;
	fn.state = ACTIVE;
	fn.next[STOP_SF] = ERROR;
	fn.next[RESET] = STOP;
	assert_int_equal(sdxi_dev_quiesce(dev), 0);
	assert_int_equal(requests(), STOP_SF * 10 + RESET);
}

/*
 * At probe: off the bus before anything is asked of it, and nothing asked of one that is stopped.
 */
static void
test_seize(void **state)
{
	(void)state;
	assert_int_equal(sdxi_dev_seize(dev), 0);
	assert_int_equal(fn.nb_log, 0);
	fn.state = ACTIVE;
	fn.next[STOP_HD] = STOP;
	assert_int_equal(sdxi_dev_seize(dev), 0);
	assert_int_equal(fn.nb_log, 2);
	assert_int_equal(fn.log[0].off, DMA_OFF);
	assert_int_equal(fn.log[1].val & 3, STOP_HD);
	fn.nb_log = 0;
	fn.state = STOPG_SF;
	fn.next[STOP_HD] = STOPG_HD;
	fn.next[RESET] = ACTIVE;
	assert_int_equal(sdxi_dev_seize(dev), -ETIMEDOUT);
	assert_int_equal(fn.log[0].off, DMA_OFF);
}

/* The last resort of a function that cannot be stopped: it gets no access to memory any more. */
static void
test_ladder_ends(void **state)
{
	(void)state;
	fn.state = ACTIVE;
	fn.next[STOP_SF] = ACTIVE;
	fn.next[STOP_HD] = ACTIVE;
	fn.next[RESET] = ERROR;
	assert_int_equal(sdxi_dev_down(dev), 0);
	assert_int_equal(fn.nb_log, 4);
	assert_int_equal(fn.log[3].off, DMA_OFF);
	assert_false(dev->loose);
	fn.dma_stuck = true;
	assert_int_equal(sdxi_dev_down(dev), -EIO);
	assert_true(dev->loose);
	assert_int_equal(sdxi_dev_quiesce(dev), -ETIMEDOUT);
}

static void
test_gone(void **state)
{
	(void)state;
	fn.gone = true;
	assert_int_equal(sdxi_dev_discover(dev), -ENODEV);
	assert_int_equal(sdxi_dev_quiesce(dev), -ENODEV);
	assert_int_equal(fn.nb_log, 0);
	/* Its registers are not there to be written, its access to memory may be. */
	assert_int_equal(sdxi_dev_up(dev), -ENODEV);
	assert_int_equal(sdxi_dev_down(dev), 0);
	assert_int_equal(fn.nb_log, 2);
	assert_int_equal(fn.log[0].off, DMA_OFF);
	assert_int_equal(fn.log[1].off, DMA_OFF);
}

static void
test_discover(void **state)
{
	(void)state;
	assert_int_equal(sdxi_dev_discover(dev), 0);
	assert_int_equal(dev->max_cxt, 65535);
	assert_int_equal(dev->max_ring, 4096);
	assert_int_equal(dev->max_len, 16 << 20);
	assert_int_equal(dev->opb_000, 0x16);
	assert_int_equal(dev->db_stride, 4096);

	/* All fields at their ends. */
	fn.cap0 = UINT64_MAX;
	fn.cap1 = UINT64_MAX;
	assert_int_equal(sdxi_dev_discover(dev), 0);
	assert_int_equal(dev->db_stride, 4096 << 7);
	assert_int_equal(dev->max_cxt, 65536 / 128 - 1);
	assert_int_equal(dev->max_len, UINT32_MAX);
	assert_int_equal(dev->max_buffer, 11);
	assert_true(dev->max_ring >= 65536);
}

static void
test_discover_refuses(void **state)
{
	(void)state;
	fn.version = 0;
	assert_int_equal(sdxi_dev_discover(dev), -ENOTSUP);
	fn.version = 2 << 16;
	assert_int_equal(sdxi_dev_discover(dev), -ENOTSUP);
	fn.version = 1 << 16 | 99;
	assert_int_equal(sdxi_dev_discover(dev), 0);
	fn.cap1 = 0;
	assert_int_equal(sdxi_dev_discover(dev), -EINVAL);
	fn.cap1 = UINT64_C(1) << 16;
	sdxi_dev_fn(dev)->db_len = 2 * STRIDE - 1;
	assert_int_equal(sdxi_dev_discover(dev), -EINVAL);
	sdxi_dev_fn(dev)->db_len = 2 * STRIDE;
	assert_int_equal(sdxi_dev_discover(dev), 0);
	assert_int_equal(dev->max_cxt, 1);
}

static uint64_t
le(const void *p, unsigned int bytes)
{
	const uint8_t *b = p;
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | b[bytes];
	return v;
}

static const uint8_t *
at(uint64_t iova)
{
	/* --no-huge: IOVAs are addresses. */
	return (const uint8_t *)(uintptr_t)iova;
}

/* A context as the function would find it; gives its CXT_CTL. */
static const uint8_t *
check_context(uint16_t num, uint32_t ring_sz, unsigned int cxt_state)
{
	const uint8_t *l2, *l1, *ctl, *sts, *akey;
	uint64_t val;

	assert_int_equal(fn.cxt_l2 & 0xfff, 0);
	l2 = at(fn.cxt_l2) + num / 128 * 8;
	assert_int_equal(le(l2, 8) & 0xfff, 1);
	l1 = at(le(l2, 8) & ~UINT64_C(0xfff)) + num % 128 * 32;
	val = le(l1, 8);
	assert_int_equal(val & 0x3f, 1);
	ctl = at(val & ~UINT64_C(0x3f));
	val = le(l1 + 8, 8);
	assert_int_equal(val & 0xfff, 0);
	akey = at(val);
	assert_int_equal(le(l1 + 16, 4), 0x3 << 20);
	assert_int_equal(le(l1 + 20, 4), 0x16);
	assert_int_equal(le(l1 + 24, 8), 0);

	/* AKey 0: valid, the function's own address space. */
	assert_int_equal(le(akey, 8), 1);
	assert_int_equal(le(akey + 8, 8), 0);

	val = le(ctl, 8);
	assert_int_equal(val & 0x3f, 1 << 5 | 1);
	assert_int_equal(le(ctl + 8, 4), ring_sz);
	assert_int_equal(le(ctl + 12, 4), 0);
	val = le(ctl + 16, 8);
	assert_int_equal(val & 0xf, 0);
	sts = at(val);
	assert_int_equal(sts[0], cxt_state);
	assert_int_equal(le(sts + 8, 8), 0);
	val = le(ctl + 24, 8);
	assert_int_equal(val & 0x7, 0);
	assert_int_equal(le(at(val), 8), 0);
	/* Written by the driver and by the function: never on one line. */
	assert_true((val ^ (uintptr_t)sts) >= 64);
	assert_true(((uintptr_t)ctl ^ (uintptr_t)sts) >= 64);
	return ctl;
}

static void
admin_is_ready(void)
{
	check_context(0, 1024, 1);
	assert_int_equal(doorbells[0], UINT64_MAX);
}

static void
test_activation(void **state)
{
	static const uint32_t order[] = {
		0x00000, 0x00010, 0x10000, 0x10100, 0x20010, 0x20008, 0x20000, 0x20020, 0x20028,
		0x20010, DMA_ON, 0x00000,
	};
	unsigned int i;

	(void)state;
	fn.on_active = admin_is_ready;
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(fn.nb_log, RTE_DIM(order));
	for (i = 0; i < RTE_DIM(order); i++)
		assert_int_equal(fn.log[i].off, order[i]);

	assert_int_equal(fn.log[0].val, GRP_ID | STOP_SF);
	assert_int_equal(fn.log[1].val, UINT64_C(0x16) << 32 | UINT64_C(0xffff) << 16 | 0x3);
	assert_int_equal(fn.log[3].val, 0);
	assert_int_equal(fn.log[4].val, 0);
	assert_int_equal(fn.log[5].val, 0xb);
	assert_int_equal(fn.log[6].val, 0);
	assert_int_equal(fn.log[7].val, 0);
	assert_int_equal(fn.log[8].val, 0);
	assert_int_equal(fn.log[9].val & 0xfff, 1 << 1 | 1);
	assert_true(fn.log[9].val > 0xfff);
	assert_int_equal(fn.log[11].val, GRP_ID | ACTIVATE);
	assert_int_equal(doorbells[0], 0);
	assert_true(dev->up);
}

static void
test_activation_fails(void **state)
{
	(void)state;
	fn.next[ACTIVATE] = ERROR;
	fn.next[RESET] = STOP;
	assert_int_equal(sdxi_dev_up(dev), -EIO);
	assert_int_equal(fn.state, STOP);
	assert_false(dev->up);
	assert_int_equal(doorbells[0], UINT64_MAX);
	fn.next[ACTIVATE] = ACTIVE;
	assert_int_equal(sdxi_dev_up(dev), 0);
}

/* Stopped, the function keeps no pointer to memory that may be freed. */
static void
test_down(void **state)
{
	(void)state;
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_dev_up(dev), 0);
	fn.nb_log = 0;
	assert_int_equal(sdxi_dev_down(dev), 0);
	assert_int_equal(fn.nb_log, 4);
	assert_int_equal(fn.log[0].val & 3, STOP_SF);
	assert_int_equal(fn.log[1].off, 0x20010);
	assert_int_equal(fn.log[1].val, 0);
	assert_int_equal(fn.log[2].off, 0x10000);
	assert_int_equal(fn.log[2].val, 0);
	assert_int_equal(fn.log[3].off, DMA_OFF);
	assert_false(dev->up);
}

/* A request that an owner before has left behind is not made again. */
static void
test_stale_request(void **state)
{
	(void)state;
	fn.ctl0 = GRP_ID | ACTIVATE;
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(fn.log[0].val, GRP_ID | STOP_SF);
	assert_int_equal(fn.log[fn.nb_log - 1].val, GRP_ID | ACTIVATE);
}

/* Neither ACTIVE nor ERROR: given up on after a bounded wait. */
static void
test_activation_hangs(void **state)
{
	(void)state;
	fn.next[ACTIVATE] = INIT;
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_dev_up(dev), -EIO);
	assert_int_equal(fn.state, STOP);
}

static void
test_found_running(void **state)
{
	(void)state;
	fn.state = ACTIVE;
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_dev_up(dev), 0);
	/* Stopped before anything else was written. */
	assert_int_equal(fn.log[0].off, 0);
	assert_int_equal(fn.log[0].val & 3, STOP_SF);
	assert_int_equal(fn.state, ACTIVE);
}

static void
test_tables(void **state)
{
	static const uint16_t num[] = { 1, 127, 128, 129, 255, 256, 32767, 65535 };
	struct sdxi_cxt cxt[RTE_DIM(num)];
	struct sdxi_ring ring[RTE_DIM(num)];
	bool changed;
	unsigned int i;

	(void)state;
	memset(cxt, 0, sizeof(cxt));
	assert_int_equal(sdxi_dev_up(dev), 0);
	for (i = 0; i < RTE_DIM(num); i++) {
		assert_int_equal(sdxi_cxt_alloc(dev, &cxt[i], num[i], 2048, 1500, &ring[i]), 0);
		changed = false;
		assert_int_equal(sdxi_cxt_publish(dev, &cxt[i], &ring[i], SDXI_CXT_STOP_SW,
						  &changed), 0);
		assert_ptr_equal(ring[i].doorbell, (uint8_t *)doorbells + (size_t)num[i] * STRIDE);
		/* A new level 1 table every 128 contexts, made when it is needed. */
		assert_int_equal(changed, num[i] == 128 || num[i] == 256 || num[i] == 32767 ||
						  num[i] == 65535);
		check_context(num[i], 2048, 0);
	}
	/* Making one has not disturbed the others. */
	for (i = 0; i < RTE_DIM(num); i++)
		check_context(num[i], 2048, 0);
	check_context(0, 1024, 1);
	assert_null(dev->l1[3].va);

	for (i = 0; i < RTE_DIM(num); i++) {
		const uint8_t *l2 = at(fn.cxt_l2) + num[i] / 128 * 8;
		const uint8_t *l1 = at(le(l2, 8) & ~UINT64_C(0xfff)) + num[i] % 128 * 32;

		sdxi_cxt_rescind(&cxt[i]);
		assert_int_equal(le(l1, 8) & 1, 0);
		sdxi_cxt_free(&cxt[i]);
	}
	check_context(0, 1024, 1);
}

static void
test_tables_range(void **state)
{
	struct sdxi_cxt_l1_ent *ent;

	(void)state;
	fn.cap1 = UINT64_C(200) << 16;
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(sdxi_dev_l1_ent(dev, 200, &ent, NULL), 0);
	assert_int_equal(sdxi_dev_l1_ent(dev, 201, &ent, NULL), -ERANGE);
	assert_int_equal(sdxi_dev_l1_ent(dev, 65535, &ent, NULL), -ERANGE);
}

/* A function that is activated again knows nothing of the contexts it had. */
static void
test_tables_forgotten(void **state)
{
	struct sdxi_ring ring;
	struct sdxi_cxt cxt;

	(void)state;
	memset(&cxt, 0, sizeof(cxt));
	fn.next[STOP_SF] = STOP;
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(sdxi_cxt_alloc(dev, &cxt, 300, 1024, 1, &ring), 0);
	assert_int_equal(sdxi_cxt_publish(dev, &cxt, &ring, SDXI_CXT_STOP_SW, NULL), 0);
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(le(at(fn.cxt_l2) + 300 / 128 * 8, 8), 0);
	assert_int_equal(sdxi_cxt_publish(dev, &cxt, &ring, SDXI_CXT_STOP_SW, NULL), 0);
	check_context(300, 1024, 0);
	/* It may come back with less than it had. */
	fn.cap0 = 0x0042;
	fn.cap1 = UINT64_C(0x16) << 32 | UINT64_C(0xffff) << 16;
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(sdxi_cxt_publish(dev, &cxt, &ring, SDXI_CXT_STOP_SW, NULL), 0);
	assert_int_equal(ring.max_len, 2 << 20);
	sdxi_cxt_free(&cxt);
	assert_int_equal(sdxi_cxt_alloc(dev, &cxt, 300, 2048, 1, &ring), 0);
	assert_int_equal(sdxi_cxt_publish(dev, &cxt, &ring, SDXI_CXT_STOP_SW, NULL), -ERANGE);
	sdxi_cxt_free(&cxt);
}

/* Memory of EAL's lies at its own address here, so any other IOVA is one that does not fit. */
static void
test_contiguous(void **state)
{
	uint8_t *p = rte_zmalloc(NULL, 64 << 10, 4096);
	uint64_t iova = (uintptr_t)p;

	(void)state;
	assert_non_null(p);
	assert_true(sdxi_mem_is_contiguous(p, 64 << 10, iova));
	assert_true(sdxi_mem_is_contiguous(p + 100, 64 << 9, iova + 100));
	assert_false(sdxi_mem_is_contiguous(p, 64 << 10, iova + 4096));
	assert_false(sdxi_mem_is_contiguous(p, UINT64_C(1) << 30, iova));
	rte_free(p);
}

/* Nobody answers: a bounded wait, and no second one. */
static void
test_admin_no_answer(void **state)
{
	(void)state;
	assert_int_equal(sdxi_dev_up(dev), 0);
	assert_int_equal(sdxi_admin_start(dev, 1, 1), -ETIMEDOUT);
	assert_int_equal(doorbells[0], rte_cpu_to_le_64(1));
	assert_int_equal(sdxi_admin_start(dev, 1, 1), -EIO);
	assert_int_equal(doorbells[0], rte_cpu_to_le_64(1));
}

#define UNIT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(test_ladder_from_stop),
		UNIT_TEST(test_ladder_from_init),
		UNIT_TEST(test_ladder_from_active),
		UNIT_TEST(test_ladder_from_stopg_sf),
		UNIT_TEST(test_ladder_from_stopg_hd),
		UNIT_TEST(test_ladder_from_error),
		UNIT_TEST(test_ladder_escalates),
		UNIT_TEST(test_ladder_into_error),
		UNIT_TEST(test_seize),
		UNIT_TEST(test_ladder_ends),
		UNIT_TEST(test_gone),
		UNIT_TEST(test_discover),
		UNIT_TEST(test_discover_refuses),
		UNIT_TEST(test_activation),
		UNIT_TEST(test_activation_fails),
		UNIT_TEST(test_activation_hangs),
		UNIT_TEST(test_down),
		UNIT_TEST(test_stale_request),
		UNIT_TEST(test_found_running),
		UNIT_TEST(test_tables),
		UNIT_TEST(test_tables_range),
		UNIT_TEST(test_tables_forgotten),
		UNIT_TEST(test_contiguous),
		UNIT_TEST(test_admin_no_answer),
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
