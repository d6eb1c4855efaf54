/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The driver on PCI functions, through DPDK's public API; guest/run.sh runs it in QEMU's guest.
 * Arguments: those of EAL, then "--", the action, and the devices.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_vfio.h>

#include "test_driver_util.h"

enum {
	PAGE = 4096,
	MAX_DEVICES = 6,
	MAX_TESTS = 16,
	VCHANS = 2,
	NB_DESC = 256,
	DEPTH = 32,	   /* outstanding operations of a load */
	SLOT = 64 << 10,   /* bytes per operation */
	SHIFT = 64,	   /* number of source offsets */
	AREA_LEN = 16 << 20,
	LOAD_OPS = 2000,
	ROUNDS = 4,	   /* of remove and probe, of resets, of failures */
	KILL_LEN = 32 << 20,
	MEET_IN = 3,	   /* pipe from the other process */
	MEET_OUT = 4,	   /* pipe to it */
};

/* Devices in the order of the command line; their roles depend on the action. */
static char *devices[MAX_DEVICES];
static unsigned int nb_devices;
/* Output of rte_dma_dump() before use, for devices that are dmadevs. */
static char *dumps[MAX_DEVICES];

/* DPDK memory for test data, and how much of it the current test has allocated. */
static uint8_t *area;
static size_t taken;

static int16_t
id_of(const char *name)
{
	int id = rte_dma_get_dev_id_by_name(name);

	if (id < 0)
		fail_msg("%s: no such dmadev", name);
	return id;
}

static const char *
bus_of(const char *name)
{
	return strchr(name, ':') != NULL ? "pci" : "vdev";
}

/* Size of this process's stderr so far. */
static off_t
log_end(void)
{
	struct stat st;

	assert_return_code(fstat(STDERR_FILENO, &st), errno);
	if (!S_ISREG(st.st_mode))
		fail_msg("stderr must be a file, its contents are checked");
	return st.st_size;
}

/* Expect a number of lines with both texts from offset @p from on. */
static void
expect_lines(off_t from, const char *about, const char *what, unsigned int want)
{
	FILE *f = fopen("/proc/self/fd/2", "r");
	unsigned int found = 0;
	char line[1024];

	assert_non_null(f);
	assert_return_code(fseeko(f, from, SEEK_SET), errno);
	while (fgets(line, sizeof(line), f) != NULL)
		found += strstr(line, about) != NULL && strstr(line, what) != NULL;
	fclose(f);
	if (found != want)
		fail_msg("lines with '%s' and '%s': expected %u, found %u", about, what, want,
			 found);
}

static int
set_up_all(void **state)
{
	unsigned int i;

	(void)state;
	area = rte_malloc("area", AREA_LEN, PAGE);
	assert_non_null(area);
	for (i = 0; i < nb_devices; i++)
		if (rte_dma_get_dev_id_by_name(devices[i]) >= 0)
			dumps[i] = td_dump(id_of(devices[i]));
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	taken = 0;
	return 0;
}

static int
tear_down(void **state)
{
	unsigned int i;
	int id, ret = 0;

	(void)state;
	for (i = 0; i < nb_devices; i++) {
		id = rte_dma_get_dev_id_by_name(devices[i]);
		if (id >= 0 && rte_dma_stop(id) != 0)
			ret = -1;
	}
	return ret;
}

/* Allocate page-aligned memory until the end of the test. */
static uint8_t *
take(size_t len)
{
	uint8_t *mem = area + taken;

	taken = RTE_ALIGN(taken + len, (size_t)PAGE);
	assert_true(taken <= AREA_LEN);
	return mem;
}

/* ---- single operations ---- */

static void
test_stopped(void **state)
{
	unsigned int i;

	for (i = 0; devices[i] != *state; i++)
		;
	assert_non_null(dumps[i]);
	if (strstr(dumps[i], ", function state: STOP, interrupt: on\n") == NULL)
		fail_msg("expected state STOP and an interrupt after probe, found:\n%s", dumps[i]);
}

static void
test_copies(void **state)
{
	static const struct {
		uint32_t len;
		unsigned int src_off;
		unsigned int dst_off;
	} copies[] = {
		{ 1, 0, 0 }, { 7, 3, 61 }, { 64, 0, 0 }, { 64, 1, 63 }, { PAGE, 0, 0 },
		{ 2 * PAGE + 1, PAGE - 1, 17 }, { 100000, 5, 4000 }, { (2 << 20) + 3, 1, 2 },
	};
	const size_t room = 3 << 20;
	const int16_t id = id_of(*state);
	uint8_t *src = take(room), *dst = take(room), *to;
	unsigned int v, i;

	td_fill(src, room, 1);
	td_up(id, VCHANS, NB_DESC);
	for (v = 0; v < VCHANS; v++) {
		for (i = 0; i < RTE_DIM(copies); i++) {
			to = dst + TD_GUARD_LEN + copies[i].dst_off;
			memset(dst, TD_GUARD, room);
			td_copy(id, v, i, src + copies[i].src_off, to, copies[i].len,
				RTE_DMA_OP_FLAG_SUBMIT);
			td_gather(id, v, i, 1);
			assert_memory_equal(to, src + copies[i].src_off, copies[i].len);
			assert_true(td_is_all(dst, to - dst, TD_GUARD));
			to += copies[i].len;
			assert_true(td_is_all(to, dst + room - to, TD_GUARD));
		}
	}
}

static void
test_fills(void **state)
{
	static const uint32_t lens[] = { 1, 8, 13, 64, 65, PAGE, 3 * PAGE + 5, 300001 };
	const uint64_t pattern = UINT64_C(0x0123456789abcdef);
	const size_t room = 400000;
	const int16_t id = id_of(*state);
	uint8_t *want = take(room), *dst = take(room), *to;
	unsigned int i;
	size_t at;

	for (at = 0; at < room; at += sizeof(pattern))
		memcpy(want + at, &pattern, sizeof(pattern));
	td_up(id, 1, NB_DESC);
	for (i = 0; i < RTE_DIM(lens); i++) {
		memset(dst, TD_GUARD, room);
		to = dst + TD_GUARD_LEN + i;
		assert_int_equal(rte_dma_fill(id, 0, pattern, (uintptr_t)to, lens[i],
					      RTE_DMA_OP_FLAG_SUBMIT), i);
		td_gather(id, 0, i, 1);
		assert_memory_equal(to, want, lens[i]);
		assert_true(td_is_all(dst, to - dst, TD_GUARD));
		to += lens[i];
		assert_true(td_is_all(to, dst + room - to, TD_GUARD));
	}
}

/* Split @p total bytes from @p base on into parts with gaps; the last part takes the remainder. */
static void
cut(struct rte_dma_sge *sge, unsigned int nb, uint8_t *base, uint32_t total, uint32_t len)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		sge[i].addr = (uintptr_t)base;
		sge[i].length = i + 1 < nb ? len : total;
		total -= sge[i].length;
		base += sge[i].length + TD_GUARD_LEN;
	}
}

static void
test_scatter_gather(void **state)
{
	enum { SRCS = 7, DSTS = 3, TOTAL = 90001, ROOM = TOTAL + (SRCS + 1) * TD_GUARD_LEN };
	const int16_t id = id_of(*state);
	uint8_t *src = take(ROOM), *dst = take(ROOM);
	uint8_t *want = take(TOTAL), *found = take(TOTAL);
	struct rte_dma_sge srcs[SRCS], dsts[DSTS];
	unsigned int i;
	size_t at = 0;

	td_fill(src, ROOM, 2);
	memset(dst, TD_GUARD, ROOM);
	cut(srcs, SRCS, src, TOTAL, 5003);
	cut(dsts, DSTS, dst, TOTAL, 40000);
	td_up(id, 1, NB_DESC);
	assert_int_equal(rte_dma_copy_sg(id, 0, srcs, dsts, SRCS, DSTS, RTE_DMA_OP_FLAG_SUBMIT), 0);
	td_gather(id, 0, 0, 1);
	for (i = 0; i < SRCS; at += srcs[i++].length)
		memcpy(want + at, (void *)(uintptr_t)srcs[i].addr, srcs[i].length);
	assert_int_equal(at, TOTAL);
	for (i = 0, at = 0; i < DSTS; at += dsts[i++].length) {
		uint8_t *part = (void *)(uintptr_t)dsts[i].addr;

		memcpy(found + at, part, dsts[i].length);
		assert_true(td_is_all(part + dsts[i].length, TD_GUARD_LEN, TD_GUARD));
	}
	assert_memory_equal(found, want, TOTAL);
}

/* ---- loads ---- */

/*
 * A channel under continuous load: copies, some fenced, and fills, each verified when completed.
 * Runs in any thread, so it records errors instead of failing the test.
 */
struct load {
	int16_t id;
	uint16_t vchan;
	bool recovers; /* enqueue may fail during recovery */
	uint8_t *src;
	uint8_t *dst;
	uint64_t begun;
	uint64_t done; /* atomic */
	bool bad;      /* atomic */
	char wrong[128];
};

static void
load_init_vchan(struct load *load, int16_t id, uint16_t vchan)
{
	*load = (struct load){
		.id = id,
		.vchan = vchan,
		.src = take(SLOT + SHIFT),
		.dst = take((size_t)DEPTH * SLOT),
	};
	td_fill(load->src, SLOT + SHIFT, id + vchan);
}

static void
load_init(struct load *load, const char *name)
{
	load_init_vchan(load, id_of(name), 0);
	td_up(load->id, 1, NB_DESC);
}

static void __rte_format_printf(2, 3)
load_fail(struct load *load, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(load->wrong, sizeof(load->wrong), fmt, ap);
	va_end(ap);
	__atomic_store_n(&load->bad, true, __ATOMIC_RELEASE);
}

static bool
load_is_bad(const struct load *load)
{
	return __atomic_load_n(&load->bad, __ATOMIC_ACQUIRE);
}

static uint64_t
load_done(const struct load *load)
{
	return __atomic_load_n(&load->done, __ATOMIC_ACQUIRE);
}

static uint32_t
load_len(uint64_t n)
{
	return td_word(3, n) % SLOT + 1;
}

static bool
load_is_fill(uint64_t n)
{
	return n % 16 == 5;
}

static uint8_t *
load_slot(const struct load *load, uint64_t n)
{
	return load->dst + n % DEPTH * SLOT;
}

static void
load_begin(struct load *load, uint64_t upto)
{
	for (; load->begun < upto && load->begun < load->done + DEPTH; load->begun++) {
		const uint64_t n = load->begun;
		const uint64_t flags = RTE_DMA_OP_FLAG_SUBMIT |
				       (n % 8 == 3 ? RTE_DMA_OP_FLAG_FENCE : 0);
		uint8_t *to = load_slot(load, n);
		int ret;

		memset(to, TD_GUARD, load_len(n));
		if (load_is_fill(n))
			ret = rte_dma_fill(load->id, load->vchan, td_word(4, n), (uintptr_t)to,
					   load_len(n), flags);
		else
			ret = rte_dma_copy(load->id, load->vchan,
					   (uintptr_t)(load->src + n % SHIFT), (uintptr_t)to,
					   load_len(n), flags);
		if (ret == -ENOSPC && load->recovers)
			return;
		if (ret != (uint16_t)n) {
			load_fail(load, "operation %" PRIu64 ": enqueue returned %d", n, ret);
			return;
		}
	}
}

static bool
load_is_right(const struct load *load, uint64_t n)
{
	const uint8_t *to = load_slot(load, n);
	const uint64_t word = td_word(4, n);
	const uint32_t len = load_len(n);

	if (!load_is_fill(n))
		return memcmp(to, load->src + n % SHIFT, len) == 0;
	return memcmp(to, &word, RTE_MIN(len, sizeof(word))) == 0 &&
	       (len <= sizeof(word) || memcmp(to, to + sizeof(word), len - sizeof(word)) == 0);
}

static unsigned int
load_gather(struct load *load)
{
	bool error = false;
	uint16_t last, n, i;

	n = rte_dma_completed(load->id, load->vchan, DEPTH, &last, &error);
	if (n > load->begun - load->done || (n > 0 && last != (uint16_t)(load->done + n - 1))) {
		load_fail(load, "%u reported up to %u, of %" PRIu64 " to %" PRIu64, n, last,
			  load->done, load->begun);
		return n;
	}
	for (i = 0; i < n; i++) {
		const uint64_t op = load->done;

		if (!load_is_right(load, op)) {
			load_fail(load, "operation %" PRIu64 ": wrong data", op);
			return n;
		}
		__atomic_store_n(&load->done, op + 1, __ATOMIC_RELEASE);
	}
	if (error)
		load_fail(load, "operation %" PRIu64 ": error reported", load->done);
	return n;
}

/* Enqueue and poll until @p upto operations are done, and also @p other's if not NULL. */
static void
load_run(struct load *load, uint64_t upto, const struct load *other)
{
	struct td_bound bound;

	td_bound_set(&bound);
	while (!load_is_bad(load) && (other == NULL || !load_is_bad(other))) {
		const bool enough = load->done >= upto &&
				    (other == NULL || load_done(other) >= upto);

		if (enough && load->done == load->begun)
			return;
		if (!enough)
			load_begin(load, other == NULL ? upto : UINT64_MAX);
		if (load_gather(load) == 0 && td_bound_yield(&bound))
			load_fail(load, "operation %" PRIu64 ": does not complete", load->done);
	}
}

static void
load_check(const struct load *load)
{
	if (load->bad)
		fail_msg("dmadev %d, vchan %u: %s", load->id, load->vchan, load->wrong);
}

static int
load_run_with_other(void *arg)
{
	struct load *load = arg;

	load_run(&load[1], LOAD_OPS, &load[0]);
	return 0;
}

static void
test_two_devices(void **state)
{
	const unsigned int lcore = rte_get_next_lcore(-1, 1, 0);
	struct load load[2];
	unsigned int i;

	(void)state;
	assert_true(lcore < RTE_MAX_LCORE);
	for (i = 0; i < RTE_DIM(load); i++)
		load_init(&load[i], devices[i]);
	/* Both run until both have done enough. */
	assert_int_equal(rte_eal_remote_launch(load_run_with_other, load, lcore), 0);
	load_run(&load[0], LOAD_OPS, &load[1]);
	rte_eal_wait_lcore(lcore);
	for (i = 0; i < RTE_DIM(load); i++) {
		load_check(&load[i]);
		assert_true(load[i].done >= LOAD_OPS);
	}
}

/* ---- remove, and probe again ---- */

/* Devices: one that is removed and probed again, and one that works all the time. */
static void
test_probe_again(void **state)
{
	const char *name = devices[0];
	struct td_stock first, now;
	struct load busy, load;
	unsigned int round;

	(void)state;
	load_init(&busy, devices[1]);
	for (round = 0; round < ROUNDS; round++) {
		load_init(&load, name);
		load_run(&load, 200, NULL);
		load_check(&load);
		load_begin(&busy, UINT64_MAX);
		/* Every other time with outstanding operations. */
		if (round % 2 != 0)
			load_begin(&load, UINT64_MAX);
		assert_int_equal(rte_eal_hotplug_remove(bus_of(name), name), 0);
		assert_true(rte_dma_get_dev_id_by_name(name) < 0);
		td_stock_take(&now);
		if (round == 0)
			first = now;
		assert_memory_equal(&now, &first, sizeof(now));
		load_run(&busy, busy.begun, NULL);
		load_check(&busy);
		assert_int_equal(rte_eal_hotplug_add(bus_of(name), name,
						     round % 2 == 0 ? "max_vchans=1" : ""), 0);
	}
	load_init(&load, name);
	load_run(&load, 200, NULL);
	load_check(&load);
}

/* ---- resets ---- */

/* The kernel resets a function in use. */
struct reset {
	const char *name;
	bool done; /* atomic */
	bool bad;
};

static void *
reset_do(void *arg)
{
	struct reset *reset = arg;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", reset->name);
	fd = open(path, O_WRONLY);
	reset->bad = fd < 0 || write(fd, "1", 1) != 1;
	close(fd);
	__atomic_store_n(&reset->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Run both loads until the reset, if any, is done, and for @p more operations after it. */
static void
loads_run(struct load *loads, const struct reset *reset, uint64_t more)
{
	uint64_t upto[] = { UINT64_MAX, UINT64_MAX };
	struct td_bound bound;
	unsigned int i, n;

	td_bound_set(&bound);
	while (loads[0].done < upto[0] || loads[1].done < upto[1]) {
		if (upto[0] == UINT64_MAX &&
		    (reset == NULL || __atomic_load_n(&reset->done, __ATOMIC_ACQUIRE)))
			for (i = 0; i < 2; i++)
				upto[i] = loads[i].done + more;
		for (i = 0, n = 0; i < 2; i++) {
			load_begin(&loads[i], UINT64_MAX);
			n += load_gather(&loads[i]);
			load_check(&loads[i]);
		}
		if (n != 0)
			td_bound_set(&bound);
		else if (td_bound_yield(&bound))
			fail_msg("neither operation %" PRIu64 " nor %" PRIu64 " completes",
				 loads[0].done, loads[1].done);
	}
}

/* Number of recoveries of a vchan, from rte_dma_dump(). */
static uint64_t
recoveries_of(int16_t id, uint16_t vchan)
{
	char *text = td_dump(id), what[32], *at;
	uint64_t n = 0;

	snprintf(what, sizeof(what), "  vchan %u: ", vchan);
	at = strstr(text, what);
	at = at != NULL ? strstr(at, "; recoveries ") : NULL;
	if (at == NULL)
		fail_msg("expected recoveries of vchan %u, found:\n%s", vchan, text);
	else
		n = strtoull(at + strlen("; recoveries "), NULL, 10);
	free(text);
	return n;
}

/*
 * No outstanding operation may be lost, reported twice or failed, as the kernel does not report its
 * reset. Both vchans detect each reset, also the last one, of an idle function.
 */
static void
test_reset(void **state)
{
	const int16_t id = id_of(*state);
	struct load loads[VCHANS];
	struct reset reset;
	pthread_t thread;
	unsigned int round, i;

	td_up(id, VCHANS, NB_DESC);
	for (i = 0; i < VCHANS; i++) {
		load_init_vchan(&loads[i], id, i);
		loads[i].recovers = true;
	}
	loads_run(loads, NULL, 2 * DEPTH);
	for (round = 0; round <= ROUNDS; round++) {
		reset = (struct reset){ .name = *state };
		for (i = 0; i < VCHANS && round == ROUNDS; i++) {
			load_run(&loads[i], loads[i].begun, NULL);
			load_check(&loads[i]);
		}
		assert_int_equal(pthread_create(&thread, NULL, reset_do, &reset), 0);
		if (round == ROUNDS)
			TD_WAIT(__atomic_load_n(&reset.done, __ATOMIC_ACQUIRE));
		/* More than are outstanding, so that some run after the reset. */
		loads_run(loads, &reset, 2 * DEPTH);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_false(reset.bad);
		for (i = 0; i < VCHANS; i++)
			assert_true(recoveries_of(id, i) > round);
	}
	for (i = 0; i < VCHANS; i++) {
		load_run(&loads[i], loads[i].begun, NULL);
		load_check(&loads[i]);
	}
}

/* ---- addresses ---- */

static enum rte_dma_status_code
status_of(int16_t id, uint16_t vchan, uint64_t idx)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	struct td_bound bound;
	uint16_t last = 0xdead;

	td_bound_set(&bound);
	while (rte_dma_completed_status(id, vchan, 1, &last, &status) == 0)
		if (td_bound_yield(&bound))
			fail_msg("operation %" PRIu64 " does not complete", idx);
	assert_int_equal(last, (uint16_t)idx);
	return status;
}

static void
expect_status(int16_t id, uint64_t idx, uint64_t src, uint64_t dst, uint32_t len,
	      enum rte_dma_status_code want)
{
	enum rte_dma_status_code found;

	assert_int_equal(rte_dma_copy(id, 0, src, dst, len, RTE_DMA_OP_FLAG_SUBMIT), (uint16_t)idx);
	found = status_of(id, 0, idx);
	if (found != want)
		fail_msg("copy of %u bytes from 0x%" PRIx64 " to 0x%" PRIx64
			 ": expected status %d, found %d", len, src, dst, want, found);
}

/* Unmapped addresses: memory not known to DPDK, no memory, beyond the address width. */
static void
test_unmapped(void **state)
{
	const int16_t id = id_of(*state);
	uint8_t *buf = take(2 * PAGE), *foreign = NULL;
	uint64_t idx = 0, bad[3];
	unsigned int i;

	assert_int_equal(posix_memalign((void **)&foreign, PAGE, 2 * PAGE), 0);
	memset(foreign, TD_GUARD, 2 * PAGE);
	bad[0] = (uintptr_t)foreign;
	bad[1] = 0;
	bad[2] = UINT64_C(1) << 52;
	td_up(id, 1, NB_DESC);
	for (i = 0; i < RTE_DIM(bad); i++) {
		memset(buf, ~TD_GUARD, 2 * PAGE);
		expect_status(id, idx++, bad[i], (uintptr_t)buf, 2 * PAGE,
			      RTE_DMA_STATUS_INVALID_SRC_ADDR);
		assert_true(td_is_all(buf, 2 * PAGE, (uint8_t)~TD_GUARD));
		expect_status(id, idx++, (uintptr_t)buf, bad[i], 2 * PAGE,
			      RTE_DMA_STATUS_INVALID_DST_ADDR);
		td_one_copy(id, 0, idx++);
	}
	assert_true(td_is_all(foreign, 2 * PAGE, TD_GUARD));
	free(foreign);
}

/* A page that the application maps for the device and unmaps, followed by an unmapped one. */
static void
test_mapped_and_unmapped(void **state)
{
	const int fd = RTE_VFIO_DEFAULT_CONTAINER_FD;
	const int16_t id = id_of(*state);
	uint8_t *buf = take(2 * PAGE);
	uint8_t *own = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	const uint64_t at = (uintptr_t)own, good = (uintptr_t)buf;
	uint64_t idx = 0;

	assert_true(own != MAP_FAILED);
	td_fill(buf, 2 * PAGE, 4);
	memset(own, TD_GUARD, 2 * PAGE);
	td_up(id, 1, NB_DESC);
	expect_status(id, idx++, good, at, PAGE, RTE_DMA_STATUS_INVALID_DST_ADDR);
	assert_int_equal(rte_vfio_container_dma_map(fd, at, at, PAGE), 0);
	expect_status(id, idx++, good, at, PAGE, RTE_DMA_STATUS_SUCCESSFUL);
	assert_memory_equal(own, buf, PAGE);
	expect_status(id, idx++, good, at, PAGE + 1, RTE_DMA_STATUS_INVALID_DST_ADDR);
	assert_true(td_is_all(own + PAGE, PAGE, TD_GUARD));
	expect_status(id, idx++, at + 1, good, PAGE, RTE_DMA_STATUS_INVALID_SRC_ADDR);

	memset(own, TD_GUARD, PAGE);
	td_fill(buf, 2 * PAGE, 5);
	assert_int_equal(rte_vfio_container_dma_unmap(fd, at, at, PAGE), 0);
	expect_status(id, idx++, good, at, PAGE, RTE_DMA_STATUS_INVALID_DST_ADDR);
	assert_true(td_is_all(own, 2 * PAGE, TD_GUARD));
	expect_status(id, idx++, at, good, PAGE, RTE_DMA_STATUS_INVALID_SRC_ADDR);
	td_one_copy(id, 0, idx++);
	munmap(own, 2 * PAGE);
}

/* ---- interrupts ---- */

/* Number of interrupts on vector 0 of the device, on all CPUs. */
static uint64_t
irq_count(const char *name)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[1024], what[64];
	bool found = false;
	uint64_t sum = 0;
	char *at, *end;

	assert_non_null(f);
	snprintf(what, sizeof(what), "vfio-msix[0](%s)", name);
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		found = strstr(line, what) != NULL;
		at = strchr(line, ':');
		while (found && at != NULL) {
			sum += strtoull(at + 1, &end, 10);
			at = end != at + 1 ? end : NULL;
		}
	}
	fclose(f);
	if (!found)
		fail_msg("/proc/interrupts has no %s", what);
	return sum;
}

/* Number of error log entries that the driver has read, from rte_dma_dump(). */
static uint64_t
entries_of(int16_t id)
{
	char *text = td_dump(id), *at = strstr(text, "error log: entries ");
	uint64_t n = 0;

	if (at == NULL)
		fail_msg("expected entries of the error log, found:\n%s", text);
	else
		n = strtoull(at + strlen("error log: entries "), NULL, 10);
	free(text);
	return n;
}

/*
 * Do not poll until the interrupt has arrived and the entry has been read: another interrupt
 * requires that the log was cleared.
 */
static void
test_interrupt(void **state)
{
	static const char * const what[] = {
		"context 1, descriptor 0, buffer 0, data buffer: address translation failure",
		"context 1, descriptor 0, buffer 1, data buffer: address translation failure",
	};
	static const enum rte_dma_status_code want[] = {
		RTE_DMA_STATUS_INVALID_SRC_ADDR, RTE_DMA_STATUS_INVALID_DST_ADDR,
	};
	const char *name = *state;
	const int16_t id = id_of(name);
	const uint64_t buf = (uintptr_t)take(PAGE);
	uint64_t before, entries = entries_of(id);
	unsigned int i;
	off_t from;

	for (i = 0; i < RTE_DIM(what); i++) {
		/* Start the device, so that its incident is the first one in its second. */
		td_up(id, 1, NB_DESC);
		from = log_end();
		before = irq_count(name);
		assert_int_equal(rte_dma_copy(id, 0, i == 0 ? 0 : buf, i == 0 ? buf : 0, PAGE,
					      RTE_DMA_OP_FLAG_SUBMIT), 0);
		TD_WAIT(irq_count(name) > before);
		TD_WAIT(entries_of(id) == entries + i + 1);
		assert_int_equal(status_of(id, 0, 0), want[i]);
		expect_lines(from, name, what[i], 1);
		expect_lines(from, name, "error log: ", 1);
		td_one_copy(id, 0, 1);
		assert_int_equal(rte_dma_stop(id), 0);
	}
}

/* ---- unusable functions ---- */

/* Devices of test_bad_*(), all passed to EAL with -a. */
enum {
	BAD_GOOD,
	BAD_BAR0,
	BAD_BAR2,
	BAD_ACTIVE,
	BAD_INIT,
	BAD_CLASS,
	BAD_DEVICES,
};

static void
expect_good_works(void)
{
	const int16_t id = id_of(devices[BAD_GOOD]);

	td_up(id, 1, NB_DESC);
	td_one_copy(id, 0, 0);
	assert_int_equal(rte_dma_stop(id), 0);
}

static const char *
said_of(const char *name)
{
	static char about[64];

	snprintf(about, sizeof(about), "SDXI: %s: ", name);
	return about;
}

/* Probed by EAL, and again explicitly. */
static void
test_bad_bar(void **state)
{
	const char *name = *state;
	const char *what = name == devices[BAD_BAR0] ? "BAR 0: expected 131120 bytes, found 65536" :
						       "BAR 2: expected 8192 bytes, found 4096";
	const char *about = said_of(name);
	off_t from;

	expect_lines(0, about, what, 1);
	expect_lines(0, about, "", 1);
	assert_true(rte_dma_get_dev_id_by_name(name) < 0);
	from = log_end();
	assert_int_not_equal(rte_eal_hotplug_add(bus_of(name), name, ""), 0);
	expect_lines(from, about, what, 1);
	expect_lines(from, about, "", 1);
	assert_true(rte_dma_get_dev_id_by_name(name) < 0);
	expect_good_works();
}

static void
test_bad_active(void **state)
{
	const char *name = *state, *about = said_of(name);
	const char *what = name == devices[BAD_ACTIVE] ?
				   "activation: expected function state ACTIVE, found ERROR" :
				   "activation: expected function state ACTIVE, found INIT";
	const int16_t id = id_of(name);
	unsigned int round;
	off_t from;

	expect_lines(0, about, "", 0);
	td_configure(id, 1);
	td_vchan_setup(id, 0, NB_DESC);
	for (round = 0; round < 2; round++) {
		from = log_end();
		assert_true(rte_dma_start(id) < 0);
		expect_lines(from, about, what, 1);
		expect_lines(from, about, "", 1);
	}
	expect_good_works();
	assert_int_equal(rte_eal_hotplug_remove(bus_of(name), name), 0);
	expect_good_works();
}

static void
test_bad_class(void **state)
{
	const char *name = *state;
	off_t from = log_end();

	assert_true(rte_dma_get_dev_id_by_name(name) < 0);
	assert_int_not_equal(rte_eal_hotplug_add(bus_of(name), name, ""), 0);
	expect_lines(0, said_of(name), "", 0);
	/* EAL also logs that no driver took it. */
	expect_lines(from, name, "EAL: ", 1);
	assert_true(rte_dma_get_dev_id_by_name(name) < 0);
	expect_good_works();
}

/* ---- processes ---- */

/* Wait until the other process gets here. */
static void
meet(void)
{
	struct pollfd in = { .fd = MEET_IN, .events = POLLIN };
	char byte = '.';

	assert_int_equal(write(MEET_OUT, &byte, 1), 1);
	assert_int_equal(poll(&in, 1, TD_HANG_SECONDS * 1000), 1);
	if (read(MEET_IN, &byte, 1) != 1)
		fail_msg("the other process has exited");
}

static void
test_peer(void **state)
{
	struct load load;

	load_init(&load, *state);
	load_run(&load, DEPTH, NULL);
	load_check(&load);
	/* Both functions are in use up to the next meet(). */
	meet();
	load_run(&load, LOAD_OPS, NULL);
	load_check(&load);
	meet();
}

/* ---- secondary processes ---- */

/* This program's arguments up to "--", for starting another process. */
static char **eal_args;
static int nb_eal_args;

/* Start a secondary process; *out is its stdout. */
static pid_t
second_start(const char *what, char *name, int *out)
{
	char **argv = calloc(nb_eal_args + 4, sizeof(*argv));
	int fds[2];
	pid_t pid;

	assert_non_null(argv);
	memcpy(argv + 1, eal_args, nb_eal_args * sizeof(*argv));
	argv[0] = argv[1];
	argv[1] = (char[]){ "--proc-type=secondary" };
	argv[nb_eal_args + 1] = strdup(what);
	argv[nb_eal_args + 2] = name;
	assert_return_code(pipe(fds), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	free(argv[nb_eal_args + 1]);
	free(argv);
	close(fds[1]);
	*out = fds[0];
	return pid;
}

/* Work on vchan 0 until the other process prints something or exits. */
static void
second_wait(struct load *load, int out)
{
	struct pollfd in = { .fd = out, .events = POLLIN };
	struct td_bound bound;

	td_bound_set(&bound);
	while (poll(&in, 1, 0) == 0) {
		load_run(load, load->done + DEPTH, NULL);
		load_check(load);
		if (td_bound_yield(&bound))
			fail_msg("no output from the secondary process");
	}
}

/* Run a secondary process on vchan 1, while this one works on vchan 0. */
static void
second_run(struct load *load, const char *what, char *name)
{
	int out, status = 0;
	pid_t pid = second_start(what, name, &out);

	second_wait(load, out);
	close(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the secondary process exited with status 0x%x", status);
}

static void
load_up(struct load *load, const char *name)
{
	load_init_vchan(load, id_of(name), 0);
	td_up(load->id, VCHANS, NB_DESC);
}

static void
expect_stats(int16_t id, uint16_t vchan, uint64_t done, uint64_t errors)
{
	struct rte_dma_stats stats;

	assert_return_code(rte_dma_stats_get(id, vchan, &stats), 0);
	if (stats.submitted != done || stats.completed != done || stats.errors != errors)
		fail_msg("vchan %u: expected %" PRIu64 " done, %" PRIu64 " errors; found %" PRIu64
			 " submitted, %" PRIu64 " completed, %" PRIu64 " errors", vchan, done,
			 errors, stats.submitted, stats.completed, stats.errors);
}

/* Work of the secondary: data path, statistics, dump; no control operations. */
static void
second_work(int16_t id)
{
	static const char want[] = "  vchan 1: context 2 is RUN; running\n";
	struct load load;
	char *text;

	load_init_vchan(&load, id, 1);
	load_run(&load, LOAD_OPS / 2, NULL);
	load_check(&load);
	expect_stats(id, 1, LOAD_OPS / 2, 0);
	text = td_dump(id);
	if (strstr(text, want) == NULL)
		fail_msg("expected '%s', found:\n%s", want, text);
	free(text);
	assert_int_equal(rte_dma_stop(id), -EPERM);
	assert_int_equal(td_status(id, 1), RTE_DMA_VCHAN_IDLE);
}

/* Cause failures among good operations; the primary's thread recovers the vchan. */
static void
second_fail(int16_t id)
{
	uint8_t *buf = take(3 * PAGE);
	const uint64_t at = (uintptr_t)buf;
	struct td_bound bound;
	uint16_t last, idx = 0;
	bool error;

	for (idx = 0; idx < ROUNDS * 3; idx += 3) {
		td_fill(buf, PAGE, idx);
		memset(buf + PAGE, TD_GUARD, 2 * PAGE);
		td_copy(id, 1, idx, buf, buf + PAGE, PAGE, 0);
		assert_int_equal(rte_dma_copy(id, 1, at, 0, PAGE, 0), idx + 1);
		td_copy(id, 1, idx + 2, buf, buf + 2 * PAGE, PAGE, RTE_DMA_OP_FLAG_SUBMIT);
		td_gather(id, 1, idx, 1);
		error = false;
		td_bound_set(&bound);
		while (!error) {
			assert_int_equal(rte_dma_completed(id, 1, 1, &last, &error), 0);
			assert_int_equal(last, idx);
			if (td_bound_yield(&bound))
				fail_msg("the failure of operation %u was not reported", idx + 1);
		}
		assert_int_equal(status_of(id, 1, idx + 1), RTE_DMA_STATUS_INVALID_DST_ADDR);
		td_gather(id, 1, idx + 2, 1);
		assert_memory_equal(buf, buf + PAGE, PAGE);
		assert_memory_equal(buf, buf + 2 * PAGE, PAGE);
	}
}

/* Work until killed; print a line after the start. */
static void
second_go_on(int16_t id)
{
	struct load load;

	load_init_vchan(&load, id, 1);
	load_run(&load, 2 * DEPTH, NULL);
	load_check(&load);
	printf("at work\n");
	fflush(stdout);
	load_run(&load, UINT64_MAX, NULL);
	load_check(&load);
}

static void
test_secondary_works(void **state)
{
	struct load load;

	load_up(&load, *state);
	second_run(&load, "second-work", *state);
	load_run(&load, load.done + DEPTH, NULL);
	load_check(&load);
	expect_stats(load.id, 1, LOAD_OPS / 2, 0);
}

static void
test_secondary_fails(void **state)
{
	struct load load;

	load_up(&load, *state);
	second_run(&load, "second-fail", *state);
	expect_stats(load.id, 0, load.done, 0);
	expect_stats(load.id, 1, ROUNDS * 3, ROUNDS);
}

/* The primary continues, and the vchan works again after a restart. */
static void
test_secondary_killed(void **state)
{
	const int16_t id = id_of(*state);
	struct load load;
	unsigned int round;
	int out, status = 0;
	pid_t pid;

	load_up(&load, *state);
	for (round = 0; round < ROUNDS / 2; round++) {
		pid = second_start("second-go-on", *state, &out);
		second_wait(&load, out);
		load_run(&load, load.done + 4 * DEPTH, NULL);
		assert_return_code(kill(pid, SIGKILL), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		close(out);
		load_run(&load, load.done + 4 * DEPTH, NULL);
		load_check(&load);
		assert_return_code(rte_dma_stop(id), 0);
		assert_return_code(rte_dma_start(id), 0);
		load.begun = 0;
		load.done = 0;
	}
	td_one_copy(id, 1, 0);
	load_run(&load, 4 * DEPTH, NULL);
	load_check(&load);
}

/* A channel that is kept full. */
struct queue {
	int16_t id;
	uint64_t begun;
	uint64_t done;
};

static void
queue_fill(struct queue *queue, uint64_t src, uint64_t dst)
{
	for (; queue->begun < queue->done + NB_DESC; queue->begun++)
		if (rte_dma_copy(queue->id, 0, src, dst, KILL_LEN, 0) < 0)
			fail_msg("dmadev %d: copy %" PRIu64 " refused", queue->id, queue->begun);
	assert_int_equal(rte_dma_submit(queue->id, 0), 0);
}

/* Is it in the middle of its work, as far as this can be observed? */
static bool
queue_is_busy(struct queue *queue)
{
	queue->done += rte_dma_completed(queue->id, 0, NB_DESC, NULL, NULL);
	return queue->done > 0 && queue->done < queue->begun;
}

/* Keep all devices busy until this process is killed; print the progress of each to stdout. */
static int
run_until_killed(void)
{
	const uint64_t buf = (uintptr_t)rte_malloc("kill", (size_t)2 * KILL_LEN, PAGE);
	struct queue queues[MAX_DEVICES] = { 0 };
	struct td_bound bound;
	unsigned int i, busy;

	if (buf == 0) {
		fprintf(stderr, "no DPDK memory\n");
		return 1;
	}
	for (i = 0; i < nb_devices; i++) {
		queues[i].id = id_of(devices[i]);
		td_up(queues[i].id, 1, NB_DESC);
	}
	td_bound_set(&bound);
	do {
		if (td_bound_yield(&bound)) {
			fprintf(stderr, "not all devices are busy at the same time\n");
			return 1;
		}
		for (i = 0; i < nb_devices; i++)
			queue_fill(&queues[i], buf, buf + KILL_LEN);
		for (i = 0, busy = 0; i < nb_devices; i++)
			busy += queue_is_busy(&queues[i]);
	} while (busy < nb_devices);
	for (i = 0; i < nb_devices; i++)
		printf("%s: %" PRIu64 " of %" PRIu64 " copies done\n", devices[i], queues[i].done,
		       queues[i].begun);
	fflush(stdout);
	raise(SIGKILL);
	return 1;
}

/* ---- main ---- */

static struct CMUnitTest tests[MAX_TESTS];
static unsigned int nb_tests;

static void
add(const char *what, CMUnitTestFunction f, char *name)
{
	char *title = NULL;

	if (nb_tests == MAX_TESTS || asprintf(&title, "%s, %s", name, what) < 0)
		abort();
	tests[nb_tests++] = (struct CMUnitTest){ title, f, set_up, tear_down, name };
}

static void
add_each(const char *what, CMUnitTestFunction f)
{
	unsigned int i;

	for (i = 0; i < nb_devices; i++)
		add(what, f, devices[i]);
}

static void
add_work(void)
{
	add_each("in state STOP after probe", test_stopped);
	add_each("copies", test_copies);
	add_each("fills", test_fills);
	add_each("scatter-gather copies", test_scatter_gather);
	if (nb_devices > 1)
		add("used with another device by one process", test_two_devices, devices[0]);
}

static void
add_probe(void)
{
	add("removed and probed again while another one works", test_probe_again, devices[0]);
}

static void
add_address(void)
{
	add_each("unmapped addresses", test_unmapped);
	add_each("memory mapped and unmapped", test_mapped_and_unmapped);
}

static void
add_interrupt(void)
{
	add_each("errors are reported by MSI-X", test_interrupt);
}

static void
add_bad(void)
{
	add("BAR 0 too small", test_bad_bar, devices[BAD_BAR0]);
	add("BAR 2 too small", test_bad_bar, devices[BAD_BAR2]);
	add("enters ERROR instead of ACTIVE", test_bad_active, devices[BAD_ACTIVE]);
	add("does not reach ACTIVE", test_bad_active, devices[BAD_INIT]);
	add("a device of another class", test_bad_class, devices[BAD_CLASS]);
}

static void
add_reset(void)
{
	add_each("reset by the kernel while in use", test_reset);
}

static void
add_share(void)
{
	add_each("used by a secondary process", test_secondary_works);
	add_each("fails in a secondary process", test_secondary_fails);
	add("secondary process killed", test_secondary_killed, devices[0]);
}

static void
add_peer(void)
{
	add("used while another process uses another device", test_peer, devices[0]);
}

static const struct mode {
	const char *name;
	unsigned int min_devices;
	unsigned int max_devices;
	void (*add)(void); /* NULL: run_until_killed(), otherwise: */
	void (*second)(int16_t id); /* action of a secondary process on its last device */
} modes[] = {
	{ "work", 1, 2, add_work, NULL },
	{ "probe", 2, 2, add_probe, NULL },
	{ "address", 1, MAX_DEVICES, add_address, NULL },
	{ "interrupt", 1, MAX_DEVICES, add_interrupt, NULL },
	{ "reset", 1, MAX_DEVICES, add_reset, NULL },
	{ "share", 1, MAX_DEVICES, add_share, NULL },
	{ "second-work", 1, 1, NULL, second_work },
	{ "second-fail", 1, 1, NULL, second_fail },
	{ "second-go-on", 1, 1, NULL, second_go_on },
	{ "bad", BAD_DEVICES, BAD_DEVICES, add_bad, NULL },
	{ "peer", 1, 1, add_peer, NULL },
	{ "kill", 1, MAX_DEVICES, NULL, NULL },
};

static const struct mode *
mode_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(modes); i++)
		if (strcmp(modes[i].name, name) == 0 && nb_devices >= modes[i].min_devices &&
		    nb_devices <= modes[i].max_devices)
			return &modes[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct mode *mode;
	int used, failed;

	rte_openlog_stream(stderr);
	/* EAL reorders them. */
	eal_args = calloc(argc, sizeof(*eal_args));
	while (nb_eal_args < argc &&
	       (nb_eal_args == 0 || strcmp(argv[nb_eal_args - 1], "--") != 0)) {
		eal_args[nb_eal_args] = argv[nb_eal_args];
		nb_eal_args++;
	}
	used = rte_eal_init(argc, argv);
	if (used < 0) {
		fprintf(stderr, "EAL cannot start\n");
		return 1;
	}
	for (used += 2; used < argc && nb_devices < MAX_DEVICES; used++)
		devices[nb_devices++] = argv[used];
	mode = used == argc && nb_devices > 0 ? mode_find(argv[argc - nb_devices - 1]) : NULL;
	if (mode == NULL) {
		fprintf(stderr, "Usage: %s EAL-ARGUMENTS -- "
			"work|probe|address|interrupt|reset|share|bad|peer|kill DEVICE...\n",
			argv[0]);
		return 2;
	}
	if (rte_eal_iova_mode() != RTE_IOVA_VA) {
		fprintf(stderr, "IOVA as VA is needed\n");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	if (mode->second != NULL) {
		set_up_all(NULL);
		mode->second(id_of(devices[0]));
		rte_free(area);
		return rte_eal_cleanup() != 0;
	}
	if (mode->add == NULL)
		return run_until_killed();
	mode->add();
	failed = _cmocka_run_group_tests(mode->name, tests, nb_tests, set_up_all, NULL);
	if (rte_eal_cleanup() != 0) {
		fprintf(stderr, "EAL cleanup failed\n");
		return 1;
	}
	return failed != 0;
}
