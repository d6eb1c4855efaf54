/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Interaction of emulated functions in a process, and interrupts: copies by RKey, function numbers,
 * and vectors raised by contexts. The driver uses none of this, so the test modifies tables and
 * descriptors between enqueue and submit.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_malloc.h>

#include "sdxi_emu_hw.h"
#include "test_driver_util.h"
#include "test_vdev.h"

#define FN0 TD_NAME(0)
#define FN1 TD_NAME(1)
#define FN2 TD_NAME(2)

enum { LEN = 1000, AKEY = 5, RKEY = 9 };

static struct sdxi_dev *
dev_of(int16_t id)
{
	return rte_dma_fp_objs[id].dev_private;
}

/* The AKey table of a context is located before its ring. */
static struct sdxi_akey_ent *
akey_of(int16_t id, uint16_t vchan, unsigned int akey)
{
	return (struct sdxi_akey_ent *)(void *)dev_of(id)->vchans[vchan].cxt.desc -
	       SDXI_AKEY_ENTRIES_MIN + akey;
}

static struct sdxi_dsc *
slot_of(int16_t id, uint16_t vchan, unsigned int slot)
{
	return &dev_of(id)->vchans[vchan].cxt.desc[slot];
}

static uint16_t
sfunc_of(int16_t id)
{
	return dev_of(id)->fn.ops->reg_read(&dev_of(id)->fn, SDXI_MMIO_CAP0) & UINT16_MAX;
}

static void
rkey_cb(struct sdxi_emu *emu, void *arg)
{
	sdxi_emu_reg_write(emu, SDXI_MMIO_RKEY, *(const uint64_t *)arg, 8);
}

static void
rkey_set(const char *name, uint64_t val)
{
	assert_int_equal(td_vdev_call(name, rkey_cb, &val), 0);
}

/* A copy that uses a function's AKey instead of the driver's, for source or destination. */
static enum rte_dma_status_code
keyed_copy(int16_t id, unsigned int idx, uint8_t *src, uint8_t *dst, bool is_dst)
{
	enum rte_dma_status_code status;
	struct sdxi_dsc *dsc = slot_of(id, 0, idx);

	td_fill(src, LEN, idx);
	memset(dst, 0, LEN);
	td_copy(id, 0, idx, src, dst, LEN, 0);
	*(is_dst ? &dsc->copy.akey1 : &dsc->copy.akey0) = rte_cpu_to_le_16(AKEY);
	assert_return_code(rte_dma_submit(id, 0), 0);
	td_statuses(id, 0, 1, &status);
	assert_int_equal(status == RTE_DMA_STATUS_SUCCESSFUL, memcmp(src, dst, LEN) == 0);
	return status;
}

/* Copy from and to the memory of another function, as its RKey table permits. */
static void
test_rkey(void **state)
{
	/* A recovery would rebuild tables and ring. */
	const int16_t id = td_open(FN0, "error=continue", 1, 64), other = td_open(FN1, "", 1, 64);
	struct sdxi_akey_ent *rkeys = td_alloc(4096, 4096), *akey = akey_of(id, 0, AKEY);
	uint8_t *src = td_alloc(LEN, 0), *dst = td_alloc(LEN, 0);
	const uint64_t reg = rte_malloc_virt2iova(rkeys) | SDXI_RKEY_EN;
	unsigned int idx = 0, i;

	RTE_SET_USED(state);
	memset(rkeys, 0, 4096);
	rkeys[RKEY].intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL);
	rkeys[RKEY].tgt_sfunc = rte_cpu_to_le_16(sfunc_of(id)); /* req_sfunc */
	akey->tgt_sfunc = rte_cpu_to_le_16(sfunc_of(other));
	akey->rkey = rte_cpu_to_le_16(RKEY);
	akey->intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL);

	/* RKeys disabled in the target; enabled; for another function; invalid; disabled again. */
	assert_int_not_equal(keyed_copy(id, idx++, src, dst, false), 0);
	rkey_set(FN1, reg);
	for (i = 0; i < 20; i++)
		assert_int_equal(keyed_copy(id, idx++, src, dst, i % 2), 0);
	rkeys[RKEY].tgt_sfunc = rte_cpu_to_le_16(sfunc_of(other));
	assert_int_not_equal(keyed_copy(id, idx++, src, dst, true), 0);
	rkeys[RKEY].tgt_sfunc = rte_cpu_to_le_16(sfunc_of(id));
	akey->rkey = rte_cpu_to_le_16(RKEY + 1);
	assert_int_not_equal(keyed_copy(id, idx++, src, dst, false), 0);
	akey->rkey = rte_cpu_to_le_16(RKEY);
	assert_int_equal(keyed_copy(id, idx++, src, dst, true), 0);
	rkey_set(FN1, 0);
	assert_int_not_equal(keyed_copy(id, idx++, src, dst, true), 0);
	rkey_set(FN1, reg);
	assert_int_equal(keyed_copy(id, idx++, src, dst, false), 0);
	/* The target is removed. */
	td_remove(FN1);
	assert_int_not_equal(keyed_copy(id, idx++, src, dst, false), 0);
	td_one_copy(id, 0, idx);
}

/* Remove and probe the target while the other function copies by RKey. */
static void
test_rkey_unplug(void **state)
{
	const int16_t id = td_open(FN0, "error=continue", 1, 64);
	struct sdxi_akey_ent *rkeys = td_alloc(4096, 4096), *akey = akey_of(id, 0, AKEY);
	uint8_t *src = td_alloc(LEN, 0), *dst = td_alloc(LEN, 0);
	const uint64_t reg = rte_malloc_virt2iova(rkeys) | SDXI_RKEY_EN;
	enum rte_dma_status_code status[16];
	unsigned int round, i, idx = 0;

	RTE_SET_USED(state);
	memset(rkeys, 0, 4096);
	rkeys[RKEY].intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL);
	rkeys[RKEY].tgt_sfunc = rte_cpu_to_le_16(sfunc_of(id));
	akey->tgt_sfunc = rte_cpu_to_le_16(77);
	akey->rkey = rte_cpu_to_le_16(RKEY);
	akey->intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL);
	for (round = 0; round < 20; round++) {
		td_probe(FN1, "sfunc=77");
		rkey_set(FN1, reg);
		for (i = 0; i < RTE_DIM(status); i++, idx++) {
			td_copy(id, 0, idx, src, dst, LEN, 0);
			slot_of(id, 0, idx & (dev_of(id)->vchans[0].cxt.ring_sz - 1))->copy.akey1 =
				rte_cpu_to_le_16(AKEY);
		}
		assert_return_code(rte_dma_submit(id, 0), 0);
		td_remove(FN1);
		td_statuses(id, 0, RTE_DIM(status), status);
		/* All copies after the first failed one failed, too. */
		for (i = 1; i < RTE_DIM(status) && getenv(TD_ORDER) == NULL; i++)
			assert_true(status[i] != RTE_DMA_STATUS_SUCCESSFUL ||
				    status[i - 1] == RTE_DMA_STATUS_SUCCESSFUL);
	}
}

/* Function numbers are unique. */
static void
test_sfunc(void **state)
{
	int16_t id[3];
	char *log;

	RTE_SET_USED(state);
	id[0] = td_probe(FN0, "");
	id[1] = td_probe(FN1, "sfunc=2");
	id[2] = td_probe(FN2, "");
	assert_int_equal(sfunc_of(id[0]), 1);
	assert_int_equal(sfunc_of(id[1]), 2);
	assert_int_equal(sfunc_of(id[2]), 3);
	td_remove(FN0);
	assert_int_equal(td_probe_logged(FN0, "sfunc=3", &log), -EEXIST);
	if (strstr(log, FN0 ": argument sfunc: expected") == NULL || strstr(log, "'3'") == NULL)
		fail_msg("expected the log to name the argument, found: %s", log);
	free(log);
	assert_int_equal(sfunc_of(td_probe(FN0, "")), 1);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static unsigned int raised[2048];

static void
irq_cb(uint16_t vector, void *arg)
{
	assert_ptr_equal(arg, raised);
	__atomic_fetch_add(&raised[vector % RTE_DIM(raised)], 1, __ATOMIC_RELAXED);
}

/* A copy whose descriptor is replaced with INTR. */
static void
raise_vector(int16_t id, uint16_t vchan, unsigned int idx, uint8_t *buf, uint16_t vector)
{
	struct sdxi_akey_ent *akey = akey_of(id, vchan, AKEY + idx);
	struct sdxi_dsc *dsc = slot_of(id, vchan, idx);
	sdxi_le32 vl;

	akey->tgt_sfunc = 0;
	akey->intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV |
					  SDXI_PUT(SDXI_AKEY_ENT_INTR_NUM, vector));
	td_copy(id, vchan, idx, buf, buf + 64, 64, 0);
	vl = dsc->any.opcode & ~rte_cpu_to_le_32(SDXI_DSC_OP(0xff, 0xff));
	dsc->qw[0] = 0;
	dsc->qw[1] = 0;
	dsc->qw[2] = 0;
	dsc->qw[3] = 0;
	dsc->copy.akey0 = rte_cpu_to_le_16(AKEY + idx);
	dsc->any.opcode = vl | rte_cpu_to_le_32(SDXI_DSC_OP(SDXI_TYPE_INTR, SDXI_INTR_INTR));
	assert_return_code(rte_dma_submit(id, vchan), 0);
	td_gather(id, vchan, idx, 1);
}

static void
test_vectors(void **state)
{
	static const uint16_t vectors[] = { 0, 1, 7, 500, 2047 };
	const int16_t id = td_open(FN0, "", 3, 64);
	uint8_t *buf = td_alloc(128, 64);
	unsigned int i, v;

	RTE_SET_USED(state);
	memset(raised, 0, sizeof(raised));
	sdxi_vdev_irq(td_vdev_fn(FN0), irq_cb, raised);
	for (v = 0; v < 3; v++)
		for (i = 0; i < RTE_DIM(vectors); i++)
			raise_vector(id, v, i, buf, vectors[i]);
	/* With random order, an interrupt may arrive after the completion. */
	for (i = 0; i < RTE_DIM(vectors); i++)
		TD_WAIT(__atomic_load_n(&raised[vectors[i]], __ATOMIC_RELAXED) == 3);
	sdxi_vdev_irq(td_vdev_fn(FN0), NULL, NULL);
	raise_vector(id, 0, i, buf, 3);
	for (v = 0; v < 3; v++)
		td_one_copy(id, v, RTE_DIM(vectors) + (v == 0));
	assert_int_equal(raised[3], 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TD_TEST(test_rkey),
		TD_TEST(test_rkey_unplug),
		TD_TEST(test_sfunc),
		TD_TEST(test_vectors),
	};

	if (!td_eal_init_linked(argv[0], 160))
		return 1;
	return TD_RUN("driver, interaction of functions", tests, argc > 1 ? argv[1] : NULL);
}
