/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The driver as a dmadev, with its control thread, on the function model of test_fn.h: commands
 * sent without errors, arguments and limits, a function that does not stop.
 */

#include <errno.h>
#include <string.h>

#include <rte_dev.h>

#include "test_driver_util.h"
#include "test_eal.h"
#include "test_fn.h"

#define NAME "sdxi_test"

static struct rte_device device = { .name = NAME, .numa_node = SOCKET_ID_ANY };
static struct sdxi_dev *created; /* copy of the pointer for checks after close */
static struct sdxi_fn_ops ops;
static void (*irq_cb)(void *arg);
static void *irq_arg;
static unsigned int released;

static int
irq_enable(const struct sdxi_fn *f, void (*cb)(void *arg), void *arg)
{
	RTE_SET_USED(f);
	irq_cb = cb;
	irq_arg = arg;
	return 0;
}

static void
irq_disable(const struct sdxi_fn *f)
{
	RTE_SET_USED(f);
	irq_cb = NULL;
}

static void
release(const struct sdxi_fn *f)
{
	RTE_SET_USED(f);
	released++;
}

static int
setup(__rte_unused void **state)
{
	created = fn_create();
	fn.real_time = true;
	fn.next[STOP_SF] = STOP;
	fn.next[RESET] = STOP;
	ops = test_fn_ops;
	ops.irq_enable = irq_enable;
	ops.irq_disable = irq_disable;
	ops.release = release;
	released = 0;
	return 0;
}

static int
teardown(__rte_unused void **state)
{
	sdxi_dmadev_destroy(NAME);
	fn_destroy(created);
	return 0;
}

static int
create(const struct sdxi_args *args)
{
	const struct sdxi_args defaults = SDXI_ARGS_DEFAULT;
	struct sdxi_fn f = created->fn;

	f.ops = &ops;
	return sdxi_dmadev_create(NAME, &device, &f, args != NULL ? args : &defaults);
}

static int16_t
dev_id(void)
{
	return rte_dma_get_dev_id_by_name(NAME);
}

static struct rte_dma_info
info(void)
{
	struct rte_dma_info ret;

	assert_int_equal(rte_dma_info_get(dev_id(), &ret), 0);
	return ret;
}

static void
expect_status(unsigned int nb, enum rte_dma_status_code code)
{
	enum rte_dma_status_code status;
	uint16_t last;

	while (nb-- > 0) {
		TD_WAIT(rte_dma_completed_status(dev_id(), 0, 1, &last, &status) != 0);
		assert_int_equal(status, code);
	}
}

/* Without errors only START, STOP and SYNC(STOP) are used, and COPY as the only operation. */
static void
test_no_errors(__rte_unused void **state)
{
	unsigned int round, i;

	assert_int_equal(create(NULL), 0);
	for (round = 0; round < 3; round++) {
		assert_string_equal(fn.cmds, "");
		td_up(dev_id(), 2, 128);
		assert_string_equal(fn.cmds, "S");
		for (i = 0; i < 2000; i++) {
			assert_int_equal(rte_dma_copy(dev_id(), 0, 1 << 20, 1000, 64, i % 8 == 0 ?
						      RTE_DMA_OP_FLAG_FENCE : 0), 2 * i);
			assert_int_equal(rte_dma_fill(dev_id(), 0, i, 2000, 3 * 4096,
						      RTE_DMA_OP_FLAG_SUBMIT), 2 * i + 1);
			/* COPY, and three descriptors of 4096 bytes for the fill. */
			fn.nb_ran = 0;
			assert_int_equal(fn_exec(1, 100), 4);
			assert_int_equal(fn.nb_ran, 4);
			expect_status(2, RTE_DMA_STATUS_SUCCESSFUL);
		}
		assert_int_equal(rte_dma_copy(dev_id(), 1, 1 << 20, 1000, 64,
					      RTE_DMA_OP_FLAG_SUBMIT), 0);
		assert_string_equal(fn.cmds, "S");
		assert_int_equal(rte_dma_stop(dev_id()), 0);
		assert_string_equal(fn.cmds, "SsY");
		assert_int_equal(fn.state, STOP);
		memset(fn.cmds, 0, sizeof(fn.cmds));
	}
	assert_int_equal(rte_dma_close(dev_id()), 0);
	assert_string_equal(fn.cmds, "");
	assert_null(irq_cb);
	assert_int_equal(released, 1);
	assert_int_equal(fn_logged("test"), 0);
}

/* The control thread runs on request of the data path and on interrupts. */
static void
test_thread(__rte_unused void **state)
{
	unsigned int i;

	assert_int_equal(create(NULL), 0);
	td_up(dev_id(), 1, 128);
	for (i = 0; i < 20; i++) {
		assert_true(rte_dma_copy(dev_id(), 0, 1 << 20, 1000, 64, 0) >= 0);
		assert_true(rte_dma_copy(dev_id(), 0, 1 << 20, 2000, 64,
					 RTE_DMA_OP_FLAG_SUBMIT) >= 0);
		fn_log_entry(LOG_SRC(1), 1, i % 2 == 0 ? fn_fail(1) : fn_take(1));
		if (i % 2 == 0)
			fn_cxt_state(1, ERR_FN);
		else
			irq_cb(irq_arg);
		expect_status(1, RTE_DMA_STATUS_INVALID_SRC_ADDR);
		TD_WAIT(fn_exec(1, 2) != 0);
		expect_status(1, RTE_DMA_STATUS_SUCCESSFUL);
	}
	assert_int_equal(rte_dma_stop(dev_id()), 0);
}

static void
test_limits(void **state)
{
	static const struct {
		uint64_t cap0, cap1;
		uint16_t nb_desc, max_desc;
		uint32_t ring;
	} rows[] = {
		{ 2 << 24, FN_CAP1, 1, 2048, 1024 },
		{ 2 << 24, FN_CAP1, 512, 2048, 1024 },
		{ 2 << 24, FN_CAP1, 513, 2048, 2048 },
		{ 2 << 24, FN_CAP1, 2048, 2048, 4096 },
		{ 22 << 24, FN_CAP1, 32768, 32768, 65536 },
		/* The longest fill must fit: 4 GiB in pieces of 2 MiB, or of the limit. */
		{ 2 << 24, FN_CAP1 & ~UINT64_C(0xf), 1, 2048, 4096 },
		{ 0, FN_CAP1 & ~UINT64_C(0xf), 1, 512, 1024 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		if (i > 0)
			setup(state);
		fn.cap0 = 0x42 | rows[i].cap0;
		fn.cap1 = rows[i].cap1;
		assert_int_equal(create(NULL), 0);
		assert_int_equal(info().max_vchans, 65535);
		assert_int_equal(info().min_desc, 1);
		assert_int_equal(info().max_desc, rows[i].max_desc);
		assert_int_equal(info().max_sges, 32);
		/* Which way SDXI orders priorities is not known. */
		assert_int_equal(info().dev_capa, RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_SILENT |
				 RTE_DMA_CAPA_HANDLES_ERRORS | RTE_DMA_CAPA_OPS_COPY |
				 RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL |
				 SDXI_CAPA_OPS_ENQ_DEQ);
		td_up(dev_id(), 1, rows[i].nb_desc);
		assert_int_equal(fn.cxt[1].size, rows[i].ring);
		assert_int_equal(rte_dma_burst_capacity(dev_id(), 0), rows[i].nb_desc);
		if (i < RTE_DIM(rows) - 1)
			teardown(state);
	}
}

static void
test_args(__rte_unused void **state)
{
	static const struct {
		const char *key, *value;
		int ret;
		uint32_t n;
	} rows[] = {
		{ "max_vchans", "1", 0, 1 }, { "max_vchans", "65535", 0, 65535 },
		{ "max_vchans", "010", 0, 10 }, { "max_vchans", "0x10", 0, 16 },
		{ "max_vchans", "0", -EINVAL, 0 }, { "max_vchans", "65536", -EINVAL, 0 },
		{ "max_vchans", "-1", -EINVAL, 0 }, { "max_vchans", "+1", -EINVAL, 0 },
		{ "max_vchans", " 1", -EINVAL, 0 }, { "max_vchans", "1 ", -EINVAL, 0 },
		{ "max_vchans", "", -EINVAL, 0 }, { "max_vchans", NULL, -EINVAL, 0 },
		{ "max_vchans", "1x", -EINVAL, 0 }, { "max_vchans", "0x", -EINVAL, 0 },
		{ "max_vchans", "99999999999999999999", -EINVAL, 0 },
		{ "errlog_size", "64", 0, 64 }, { "errlog_size", "1984", 0, 1984 },
		{ "errlog_size", "0", -EINVAL, 0 }, { "errlog_size", "100", -EINVAL, 0 },
		{ "errlog_size", "2048", -EINVAL, 0 },
		{ "watchdog", "0", 0, 0 }, { "watchdog", "600000", 0, 600000 },
		{ "watchdog", "600001", -EINVAL, 0 },
		{ "completion", "op", -ENOENT, 0 }, { "", "1", -ENOENT, 0 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		struct sdxi_args args = { 7, 7, 7 };

		fn_log_forget();
		assert_int_equal(sdxi_args_parse(NAME, rows[i].key, rows[i].value, &args),
				 rows[i].ret);
		assert_int_equal(args.max_vchans,
				 rows[i].ret == 0 && rows[i].key[0] == 'm' ? rows[i].n : 7);
		assert_int_equal(args.errlog_size,
				 rows[i].ret == 0 && rows[i].key[0] == 'e' ? rows[i].n : 7);
		assert_int_equal(args.watchdog_ms,
				 rows[i].ret == 0 && rows[i].key[0] == 'w' ? rows[i].n : 7);
		assert_int_equal(fn_logged(NAME ": argument "), rows[i].ret == -EINVAL);
	}
}

/* Arguments that exceed the function's limits leave no device. */
static void
test_args_refused(__rte_unused void **state)
{
	struct sdxi_args args = { .max_vchans = 8 };

	fn.cap1 = UINT64_C(7) << 16 | 2 << 8;
	assert_int_equal(create(&args), -EINVAL);
	args = (struct sdxi_args){ .errlog_size = 320 };
	assert_int_equal(create(&args), -EINVAL);
	assert_true(dev_id() < 0);
	assert_int_equal(released, 0);
	args = (struct sdxi_args){ .max_vchans = 6, .errlog_size = 256 };
	assert_int_equal(create(&args), 0);
	assert_int_equal(info().max_vchans, 6);
}

/* Memory that the function may still write to is neither freed nor configured again. */
static void
test_does_not_stop(__rte_unused void **state)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };

	assert_int_equal(create(NULL), 0);
	td_configure(dev_id(), 1);
	td_vchan_setup(dev_id(), 0, 128);
	fn.real_time = false;
	fn.state = ACTIVE;
	fn.next[STOP_SF] = fn.next[STOP_HD] = STOPG_SF;
	fn.next[RESET] = ERROR;
	fn.dma_fails = true;
	assert_int_equal(rte_dma_start(dev_id()), -ETIMEDOUT);
	assert_int_equal(rte_dma_configure(dev_id(), &conf), -EBUSY);
	assert_int_equal(td_try_vchan_setup(dev_id(), 0, 128), -EBUSY);
	assert_int_equal(rte_dma_close(dev_id()), -EIO);
	assert_int_equal(released, 0);
	fn.next[RESET] = STOP;
	assert_int_equal(rte_dma_start(dev_id()), -EIO);
	fn.dma_fails = false;
	assert_int_equal(rte_dma_start(dev_id()), 0);
	/* Nor while stopping fails; stopping can be tried again. */
	fn.next[RESET] = ERROR;
	fn.dma_fails = true;
	assert_int_equal(rte_dma_stop(dev_id()), -EIO);
	fn.next[RESET] = STOP;
	assert_int_equal(rte_dma_stop(dev_id()), 0);
	assert_int_equal(rte_dma_close(dev_id()), 0);
	assert_int_equal(released, 1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_errors),
		TEST(test_thread),
		TEST(test_limits),
		TEST(test_args),
		TEST(test_args_refused),
		TEST(test_does_not_stop),
	};

	return cmocka_run_group_tests(tests, test_eal_up, test_eal_down);
}
