/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Removal of busy devices: by the application, from the thread that drives a vchan or from another
 * one, or from the bus, so that all registers read as ones or zeros. Outstanding operations are
 * reported, the API returns errors, the device closes, and nothing leaks.
 *
 * Memory is overwritten when the driver frees it, to detect later use.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "sdxi_internal.h"
#include "test_driver_util.h"

#define FN0 TD_NAME(0)

enum {
	NB_DESC = 64,
	LEN = 1000,
	VCHANS = 2,
	FREED = 0xdb,
	PERIOD_US = 1000, /* of the control thread, the only sleep that is not skipped */
};

/* ---- replacements for EAL -------------------------------------------------------------------- */

static bool no_sleep; /* atomic: skip sleeps, as nothing would happen in the meantime */

void
rte_delay_us_sleep(unsigned int us)
{
	static __typeof__(rte_delay_us_sleep) *real;

	if (real == NULL)
		real = TD_REAL(rte_delay_us_sleep);
	if (us == PERIOD_US || !__atomic_load_n(&no_sleep, __ATOMIC_RELAXED))
		real(us);
}

void
rte_free(void *ptr)
{
	static __typeof__(rte_free) *real;
	size_t len;

	if (real == NULL)
		real = TD_REAL(rte_free);
	if (ptr != NULL && rte_malloc_validate(ptr, &len) == 0)
		memset(ptr, FREED, len);
	real(ptr);
}

/* ---- a device -------------------------------------------------------------------------------- */

static int16_t id;
static uint8_t *mem;

static rte_iova_t
src_of(unsigned int op)
{
	return (uintptr_t)mem + op % NB_DESC * LEN;
}

static rte_iova_t
dst_of(uint16_t vchan, unsigned int op)
{
	return src_of(op) + (vchan + 1) * NB_DESC * LEN;
}

static void *
to_va(rte_iova_t iova)
{
	return (void *)(uintptr_t)iova;
}

static int
copy(uint16_t vchan, unsigned int op)
{
	return rte_dma_copy(id, vchan, src_of(op), dst_of(vchan, op), LEN, RTE_DMA_OP_FLAG_SUBMIT);
}

static void
plug(const char *args)
{
	char buf[TD_ARGS_LEN];

	__atomic_store_n(&no_sleep, false, __ATOMIC_RELAXED);
	assert_int_equal(rte_eal_hotplug_add("vdev", FN0, td_args(args, buf, sizeof(buf))), 0);
	id = rte_dma_get_dev_id_by_name(FN0);
	assert_return_code(id, 0);
}

static struct rte_device *
device(void)
{
	struct rte_device *dev, *found = NULL;
	struct rte_dev_iterator it;

	RTE_DEV_FOREACH(dev, "bus=vdev,name=" FN0, &it)
		found = dev;
	assert_non_null(found);
	return found;
}

static struct sdxi_fn *
fn_of(int16_t dev_id)
{
	return &((struct sdxi_dev *)rte_dma_fp_objs[dev_id].dev_private)->fn;
}

/* All calls that an application can make on a removed device. */
static void
expect_absent(void)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	enum rte_dma_vchan_status status;
	enum rte_dma_status_code codes[4];
	struct rte_dma_info info;
	struct rte_dma_stats stats;
	struct rte_dma_sge sge = { src_of(0), LEN };
	bool error;
	uint16_t last;

	assert_true(rte_dma_get_dev_id_by_name(FN0) < 0);
	assert_true(copy(0, 0) < 0);
	assert_true(rte_dma_copy_sg(id, 0, &sge, &sge, 1, 1, 0) < 0);
	assert_true(rte_dma_fill(id, 0, 0, dst_of(0, 0), LEN, 0) < 0);
	assert_true(rte_dma_submit(id, 0) < 0);
	assert_int_equal(rte_dma_completed(id, 0, 4, &last, &error), 0);
	assert_int_equal(rte_dma_completed_status(id, 0, 4, &last, codes), 0);
	assert_int_equal(rte_dma_burst_capacity(id, 0), 0);
	assert_int_equal(rte_dma_vchan_status(id, 0, &status), -EINVAL);
	assert_int_equal(rte_dma_stats_get(id, 0, &stats), -EINVAL);
	assert_int_equal(rte_dma_info_get(id, &info), -EINVAL);
	assert_int_equal(rte_dma_configure(id, &conf), -EINVAL);
	assert_int_equal(rte_dma_start(id), -EINVAL);
	assert_int_equal(rte_dma_stop(id), -EINVAL);
	assert_int_equal(rte_dma_close(id), -EINVAL);
}

static void
expect_plugs_again(void)
{
	plug("");
	td_up(id, VCHANS, NB_DESC);
	td_one_copy(id, 0, 0);
	td_one_copy(id, 1, 0);
	assert_int_equal(rte_eal_hotplug_remove("vdev", FN0), 0);
	expect_absent();
}

/* ---- removal --------------------------------------------------------------------------------- */

static const char *const args_of[] = {
	"", "error=continue",
	/* Operations that stay outstanding, and one that needs the control thread. */
	"watchdog=0,fault=stall:cxt=1:op=3", "watchdog=0,fault=no_stop:cxt=1,fault=stall:cxt=1:op=3",
	"watchdog=0,fault=fail:cxt=1:op=2", "fault=fn_error:cxt=1:op=5",
};

/* By the thread that drives it, in any state. */
static void
test_same_thread(void **state)
{
	unsigned int a, nb, i;
	uint16_t last;
	bool error;

	RTE_SET_USED(state);
	for (a = 0; a < RTE_DIM(args_of); a++) {
		for (nb = 1; nb < NB_DESC; nb += 33) {
			plug(args_of[a]);
			td_up(id, VCHANS, NB_DESC);
			for (i = 0; i < nb; i++) {
				assert_return_code(copy(0, i), 0);
				assert_return_code(copy(1, i), 0);
			}
			/* Including one that is not submitted. */
			assert_return_code(rte_dma_copy(id, 0, src_of(i), dst_of(0, i), LEN, 0), 0);
			rte_dma_completed(id, 0, 1, &last, &error);
			if (nb % 2 == 0)
				assert_int_equal(rte_dev_remove(device()), 0);
			else
				assert_int_equal(rte_eal_hotplug_remove("vdev", FN0), 0);
			expect_absent();
		}
	}
	expect_plugs_again();
}

/* By another thread between two calls (the application must synchronize): calls fail. */
static pthread_rwlock_t calls = PTHREAD_RWLOCK_INITIALIZER;

struct user {
	uint16_t vchan;
	unsigned int done; /* atomic */
	unsigned int failed, wrong;
	int error; /* error that ended it */
	bool polls_only;
	pthread_t thread;
};

/* Operations reported as successful were executed, and not before. */
static uint16_t
user_poll(struct user *user)
{
	enum rte_dma_status_code status[8];
	unsigned int op = __atomic_load_n(&user->done, __ATOMIC_RELAXED);
	uint16_t i, got = rte_dma_completed_status(id, user->vchan, RTE_DIM(status), NULL, status);

	for (i = 0; i < got; i++, op++) {
		if (status[i] != RTE_DMA_STATUS_SUCCESSFUL)
			user->failed++;
		else if (memcmp(to_va(dst_of(user->vchan, op)), to_va(src_of(op)), LEN) != 0)
			user->wrong++;
	}
	__atomic_store_n(&user->done, op, __ATOMIC_RELAXED);
	return got;
}

static void *
user_main(void *arg)
{
	struct user *user = arg;
	struct td_bound bound;
	unsigned int op = 0;
	uint16_t got;
	int ret = 0;

	td_bound_set(&bound);
	while (ret >= 0 || ret == -ENOSPC) {
		pthread_rwlock_rdlock(&calls);
		/* Otherwise an earlier operation owns the buffer, and the ring is full. */
		if (op - __atomic_load_n(&user->done, __ATOMIC_RELAXED) < NB_DESC)
			memset(to_va(dst_of(user->vchan, op)), TD_GUARD, LEN);
		ret = copy(user->vchan, op);
		op += ret >= 0;
		got = user_poll(user);
		pthread_rwlock_unlock(&calls);
		if (got == 0 && td_bound_yield(&bound)) {
			user->error = -ETIMEDOUT;
			return NULL;
		}
	}
	user->error = ret;
	/* Outstanding operations are reported as long as the device exists. */
	while (user->polls_only && __atomic_load_n(&user->done, __ATOMIC_RELAXED) < op) {
		got = user_poll(user);
		if (got == 0 && td_bound_yield(&bound)) {
			user->error = -ETIMEDOUT;
			return NULL;
		}
	}
	return NULL;
}

static void
users_start(struct user *users, bool polls_only)
{
	unsigned int v;

	memset(users, 0, VCHANS * sizeof(*users));
	for (v = 0; v < VCHANS; v++) {
		users[v].vchan = v;
		users[v].polls_only = polls_only;
		assert_int_equal(pthread_create(&users[v].thread, NULL, user_main, &users[v]), 0);
	}
	for (v = 0; v < VCHANS; v++)
		TD_WAIT(__atomic_load_n(&users[v].done, __ATOMIC_RELAXED) > 100);
}

static void
test_other_thread(void **state)
{
	struct user users[VCHANS];
	unsigned int round, v;
	int ret;

	RTE_SET_USED(state);
	for (round = 0; round < 20; round++) {
		plug(args_of[round % 2]);
		td_up(id, VCHANS, NB_DESC);
		users_start(users, false);
		pthread_rwlock_wrlock(&calls);
		if (round % 2 == 0)
			ret = rte_dev_remove(device());
		else
			ret = rte_eal_hotplug_remove("vdev", FN0);
		pthread_rwlock_unlock(&calls);
		for (v = 0; v < VCHANS; v++)
			assert_int_equal(pthread_join(users[v].thread, NULL), 0);
		assert_int_equal(ret, 0);
		expect_absent();
		for (v = 0; v < VCHANS; v++) {
			assert_int_equal(users[v].error, -EINVAL);
			assert_int_equal(users[v].failed, 0);
			assert_int_equal(users[v].wrong, 0);
		}
	}
	expect_plugs_again();
}

/* ---- removal from the bus -------------------------------------------------------------------- */

static const struct sdxi_fn_ops *real_ops;
static struct sdxi_fn_ops ops;
static uint64_t absent_value; /* value of all registers */
static bool absent_is_quick;  /* skip sleeps once removed */
static unsigned int accesses; /* atomic: number of register accesses; repeated reads count once */
static unsigned int leave_at; /* atomic: access from which on it is removed */
static uint32_t last_read;    /* atomic */

/* A removed device does not access memory either. @p off is 0 except for reads. */
static bool
is_gone(const struct sdxi_fn *fn, uint32_t off)
{
	uint32_t last = __atomic_exchange_n(&last_read, off, __ATOMIC_RELAXED);
	unsigned int n = __atomic_load_n(&accesses, __ATOMIC_RELAXED);

	if (off == 0 || off != last)
		n = __atomic_add_fetch(&accesses, 1, __ATOMIC_RELAXED);
	if (n <= __atomic_load_n(&leave_at, __ATOMIC_RELAXED))
		return false;
	real_ops->dma_enable(fn, false);
	__atomic_store_n(&no_sleep, absent_is_quick, __ATOMIC_RELAXED);
	return true;
}

static uint64_t
reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	return is_gone(fn, off) ? absent_value : real_ops->reg_read(fn, off);
}

static void
reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	if (!is_gone(fn, 0))
		real_ops->reg_write(fn, off, val);
}

/* Its configuration space is not accessible either. */
static int
dma_enable(const struct sdxi_fn *fn, bool on)
{
	return is_gone(fn, 0) ? -EIO : real_ops->dma_enable(fn, on);
}

static void
ops_take(uint64_t value, bool quick)
{
	struct sdxi_fn *fn = fn_of(id);

	real_ops = fn->ops;
	ops = *fn->ops;
	ops.reg_read = reg_read;
	ops.reg_write = reg_write;
	ops.dma_enable = dma_enable;
	absent_value = value;
	absent_is_quick = quick;
	accesses = 0;
	leave_at = UINT32_MAX;
	fn->ops = &ops;
}

/* Without skipping, this takes as long as the driver waits for a function being reset. */
static void
test_removed_under_traffic(void **state)
{
	struct user users[VCHANS];
	unsigned int round, v;

	RTE_SET_USED(state);
	for (round = 0; round < 6; round++) {
		plug(args_of[round % 2]);
		ops_take(round % 2 == 0 ? UINT64_MAX : 0, round >= 2);
		td_up(id, VCHANS, NB_DESC);
		users_start(users, true);
		__atomic_store_n(&leave_at, 0, __ATOMIC_RELAXED);
		dma_enable(fn_of(id), false);
		for (v = 0; v < VCHANS; v++)
			assert_int_equal(pthread_join(users[v].thread, NULL), 0);
		for (v = 0; v < VCHANS; v++) {
			assert_int_equal(users[v].error, -EIO);
			assert_int_equal(users[v].wrong, 0);
			assert_int_equal(td_status(id, v), RTE_DMA_VCHAN_HALTED_ERROR);
			assert_int_equal(rte_dma_burst_capacity(id, v), 0);
		}
		if (round % 3 != 2)
			assert_int_equal(rte_dma_stop(id), 0);
		if (round % 3 == 1)
			assert_int_equal(rte_dma_start(id), -ENODEV);
		assert_int_equal(rte_eal_hotplug_remove("vdev", FN0), 0);
		expect_absent();
	}
	expect_plugs_again();
}

/* Copies on vchan 0, then one that fails and causes a recovery; returns false if some were lost. */
static bool
traffic(unsigned int n)
{
	enum rte_dma_status_code status[NB_DESC];
	unsigned int good, taken, op = 0, failed = 0, i;
	struct td_bound bound;
	bool all_good = true;
	uint16_t got;

	memset(to_va(dst_of(0, 0)), TD_GUARD, (8 + 1) * LEN);
	for (good = 0; good < 8 && copy(0, good) >= 0; good++)
		;
	taken = good + (rte_dma_copy(id, 0, 8, dst_of(0, good), LEN, RTE_DMA_OP_FLAG_SUBMIT) >= 0);
	td_bound_set(&bound);
	while (op < taken) {
		got = rte_dma_completed_status(id, 0, taken - op, NULL, status);
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("access %u: %u operations do not complete", n, taken - op);
		for (i = 0; i < got; i++, op++) {
			if (status[i] != RTE_DMA_STATUS_SUCCESSFUL) {
				failed++;
				all_good &= op >= good;
			} else if (op >= good ||
				   memcmp(to_va(dst_of(0, op)), to_va(src_of(op)), LEN) != 0) {
				fail_msg("access %u: operation %u was reported as done but is not",
					 n, op);
			}
		}
	}
	assert_true(taken == good || failed > 0);
	return good == 8 && taken == 9 && all_good;
}

/* Remove it at the n-th register access of its life, for each n. */
static void
test_removed_at_any_time(void **state)
{
	const struct rte_dma_conf conf = { .nb_vchans = VCHANS };
	unsigned int n, i;
	bool good;
	int ret;

	RTE_SET_USED(state);
	for (n = 0;; n++) {
		plug("");
		ops_take(n % 2 == 0 ? UINT64_MAX : 0, true);
		leave_at = n;
		ret = rte_dma_configure(id, &conf);
		for (i = 0; i < VCHANS && ret == 0; i++)
			ret = td_try_vchan_setup(id, i, NB_DESC);
		assert_int_equal(ret, 0);
		good = rte_dma_start(id) == 0;
		if (good) {
			good = traffic(n);
			td_status(id, 0);
			good &= rte_dma_stop(id) == 0;
		}
		good &= rte_dma_close(id) == 0;
		if (rte_eal_hotplug_remove("vdev", FN0) != 0)
			fail_msg("access %u: the device cannot be removed", n);
		expect_absent();
		if (accesses <= n)
			break;
	}
	/* Start, recovery, stop and close all access registers. */
	assert_true(n >= 32);
	assert_true(good);
	print_message("# removed from the bus at each of %u accesses\n", n);
	expect_plugs_again();
}

static int
setup(void **state)
{
	int ret = td_setup(state);

	mem = td_alloc((VCHANS + 1) * NB_DESC * LEN, 64);
	td_fill(mem, (VCHANS + 1) * NB_DESC * LEN, 1);
	return ret;
}

static int
teardown(void **state)
{
	if (rte_dma_get_dev_id_by_name(FN0) >= 0)
		rte_eal_hotplug_remove("vdev", FN0);
	return td_teardown(state);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed_under_traffic, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed_at_any_time, setup, teardown),
	};

	if (!td_eal_init_linked(argv[0], 128))
		return 1;
	return TD_RUN("driver, unplugged", tests, argc > 1 ? argv[1] : NULL);
}
