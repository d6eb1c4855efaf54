/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * One of several processes that share functions, for test_driver_mp.sh: reads commands from stdin,
 * one per line, and replies to each with a line "ok ..." or "no: ...".
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "test_driver_util.h"
#include "test_inject.h"

enum {
	VCHANS = 4,
	DEPTH = 32,	   /* outstanding operations */
	SLOT = 128 << 10,  /* bytes per operation */
	GUARD = 64,	   /* bytes after each that must not change */
	SHIFT = 64,	   /* number of source offsets */
};

/* Not DPDK memory. */
#define UNMAPPED 0x1000

static uint8_t *src, *dst;

/* State of a channel. Operations are numbered from the first one of a command. */
struct flow {
	int16_t id;
	uint16_t vchan;
	uint16_t base; /* dmadev index of operation 0 */
	uint64_t head; /* number enqueued */
	uint64_t tail; /* number reported */
	uint64_t failed;
};

/* ---- replies ---- */

__rte_format_printf(1, 2)
static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* ---- operations ---- */

static uint32_t
len_of(uint64_t op)
{
	return (uint32_t)(td_word(getpid(), op) % (SLOT - GUARD)) + 1;
}

static uint8_t *
slot_of(uint64_t op)
{
	return dst + op % DEPTH * SLOT;
}

static int
enqueue(struct flow *f)
{
	uint64_t op = f->head;
	uint32_t len = len_of(op);
	int ret;

	memset(slot_of(op), TD_GUARD, len + GUARD);
	ret = rte_dma_copy(f->id, f->vchan, (uintptr_t)src + op % SHIFT, (uintptr_t)slot_of(op),
			   len, RTE_DMA_OP_FLAG_SUBMIT);
	if (ret < 0)
		return ret;
	if (op == 0)
		f->base = ret;
	if ((uint16_t)ret != (uint16_t)(f->base + op)) {
		say("no: vchan %u: expected index %u, found %d", f->vchan,
		    (uint16_t)(f->base + op), ret);
		exit(1);
	}
	f->head++;
	return 0;
}

static bool
is_copied(uint64_t op)
{
	uint32_t len = len_of(op);

	return memcmp(slot_of(op), src + op % SHIFT, len) == 0 &&
	       td_is_all(slot_of(op) + len, GUARD, TD_GUARD);
}

/* Poll successful operations; on false, an error was printed. */
static bool
gather(struct flow *f, bool *error)
{
	uint16_t last = 0, n, i;

	*error = false;
	n = rte_dma_completed(f->id, f->vchan, DEPTH, &last, error);
	for (i = 0; i < n; i++, f->tail++) {
		if (!is_copied(f->tail)) {
			say("no: vchan %u: operation %" PRIu64 ": wrong data", f->vchan, f->tail);
			return false;
		}
	}
	if (n != 0 && last != (uint16_t)(f->base + f->tail - 1)) {
		say("no: vchan %u: last index: expected %u, found %u", f->vchan,
		    (uint16_t)(f->base + f->tail - 1), last);
		return false;
	}
	return true;
}

/* Poll operations with any status; returns their number, or -1 after printing an error. */
static int
gather_status(struct flow *f)
{
	enum rte_dma_status_code status[DEPTH];
	uint16_t last = 0, n, i;

	n = rte_dma_completed_status(f->id, f->vchan, DEPTH, &last, status);
	for (i = 0; i < n; i++, f->tail++) {
		if (status[i] != RTE_DMA_STATUS_SUCCESSFUL) {
			f->failed++;
		} else if (!is_copied(f->tail)) {
			say("no: vchan %u: operation %" PRIu64 ": wrong data", f->vchan, f->tail);
			return -1;
		}
	}
	if (f->tail > f->head) {
		say("no: vchan %u: %" PRIu64 " reported of %" PRIu64, f->vchan, f->tail, f->head);
		return -1;
	}
	return n;
}

/* ---- commands: each gets the rest of its line ---- */

/* VCHAN N: N copies, which must all succeed. */
static void
cmd_copy(int16_t id, unsigned int vchan, uint64_t n)
{
	struct flow f = { .id = id, .vchan = vchan };
	struct td_bound bound;
	uint64_t tail = 0;
	bool error;
	int ret;

	td_bound_set(&bound);
	while (f.tail < n) {
		while (f.head < n && f.head - f.tail < DEPTH) {
			ret = enqueue(&f);
			if (ret == -ENOSPC)
				break;
			if (ret < 0) {
				say("no: vchan %u: operation %" PRIu64 ": enqueue: %d", vchan,
				    f.head, ret);
				return;
			}
		}
		if (!gather(&f, &error))
			return;
		if (error) {
			say("no: vchan %u: operation %" PRIu64 " has failed", vchan, f.tail);
			return;
		}
		if (f.tail != tail) {
			tail = f.tail;
			td_bound_set(&bound);
		} else if (td_bound_yield(&bound)) {
			say("no: vchan %u: operation %" PRIu64 " does not complete", vchan, tail);
			return;
		}
	}
	say("ok");
}

/* Was the device closed with operations not reported? */
static bool
is_forgotten(const struct flow *f)
{
	struct rte_dma_stats stats;

	return f->tail < f->head && rte_dma_stats_get(f->id, f->vchan, &stats) == 0 &&
	       stats.submitted == stats.completed;
}

/*
 * After a failure of the vchan, outstanding operations are reported, or after a close dropped as
 * not submitted. Nothing is accepted any more.
 */
static void
flow_end(struct flow *f)
{
	enum rte_dma_status_code status;
	struct td_bound bound;
	unsigned int i;
	uint16_t last;
	int ret;

	td_bound_set(&bound);
	while (f->tail < f->head) {
		ret = gather_status(f);
		if (ret < 0)
			return;
		if (ret == 0 && is_forgotten(f))
			break;
		if (ret == 0 && td_bound_yield(&bound)) {
			say("no: vchan %u: operation %" PRIu64 " of %" PRIu64 " was not reported",
			    f->vchan, f->tail, f->head);
			return;
		}
	}
	/* After a failed stop the primary may still take over the vchan. */
	for (i = 0; i < 50; i += ret == -EIO && rte_dma_burst_capacity(f->id, f->vchan) == 0) {
		ret = rte_dma_copy(f->id, f->vchan, (uintptr_t)src, (uintptr_t)dst, 1, 0);
		if ((ret != -EIO && ret != -ENOSPC) || td_bound_yield(&bound) ||
		    rte_dma_completed_status(f->id, f->vchan, 1, &last, &status) != 0) {
			say("no: vchan %u: enqueue: expected %d, found %d, or too many were "
			    "reported", f->vchan, -EIO, ret);
			return;
		}
	}
	say("ok gone, %" PRIu64 " failed, %" PRIu64 " forgotten", f->failed, f->head - f->tail);
}

/* VCHAN: copy until the vchan fails or the primary dies; prints "at N" from time to time. */
static void
cmd_flow(int16_t id, unsigned int vchan)
{
	struct flow f = { .id = id, .vchan = vchan };
	bool error = false, dead = false;
	struct td_bound bound;
	uint64_t tail = 0;
	int ret = 0;

	td_bound_set(&bound);
	while (!error) {
		if (f.head - f.tail < DEPTH)
			ret = enqueue(&f);
		if (ret < 0 && ret != -ENOSPC)
			break;
		/* Failures become visible only when reported. */
		if (f.head % 1000 == 0 && ret == 0)
			say("at %" PRIu64, f.head);
		if (!gather(&f, &error))
			return;
		if (f.tail != tail) {
			tail = f.tail;
			td_bound_set(&bound);
		} else if (dead) {
			/* Without a primary nothing happens, and this process keeps running. */
			say("ok dead, %d", rte_dma_submit(id, vchan));
			return;
		} else if (td_bound_yield(&bound)) {
			say("no: vchan %u: operation %" PRIu64 " does not complete", vchan, tail);
			return;
		} else if (bound.looks % 1024 == 0) {
			/* A process that had no CPU at the close of the primary missed the rest. */
			dead = !rte_eal_primary_proc_alive(NULL);
			if (!is_forgotten(&f))
				continue;
			/* Or operations have completed since the last poll. */
			if (!gather(&f, &error))
				return;
			if (f.tail == tail)
				break;
		}
	}
	flow_end(&f);
}

/* A copy to an invalid address after others, and its report; on false, an error was printed. */
static bool
fail_once(int16_t id, unsigned int vchan)
{
	struct flow f = { .id = id, .vchan = vchan };
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	struct td_bound bound;
	uint16_t last = 0;
	bool error = false;
	int ret;

	td_bound_set(&bound);
	while (f.head < 2)
		if (enqueue(&f) < 0 && td_bound_yield(&bound))
			break;
	ret = rte_dma_copy(id, vchan, (uintptr_t)src, UNMAPPED, 1, RTE_DMA_OP_FLAG_SUBMIT);
	if (f.head != 2 || ret < 0) {
		say("no: vchan %u: enqueue: %d", vchan, ret);
		return false;
	}
	while (!error) {
		if (!gather(&f, &error))
			return false;
		if (td_bound_yield(&bound)) {
			say("no: vchan %u: the failure was not reported", vchan);
			return false;
		}
	}
	if (f.tail != f.head || rte_dma_completed_status(id, vchan, 1, &last, &status) != 1 ||
	    last != (uint16_t)ret || status != RTE_DMA_STATUS_INVALID_DST_ADDR) {
		say("no: vchan %u: failed at %" PRIu64 ", expected %" PRIu64 "; index: expected %d, "
		    "found %u; status: expected %d, found %d", vchan, f.tail, f.head, ret, last,
		    RTE_DMA_STATUS_INVALID_DST_ADDR, status);
		return false;
	}
	return true;
}

/* VCHAN */
static void
cmd_fail(int16_t id, unsigned int vchan)
{
	if (fail_once(id, vchan))
		say("ok");
}

/* VCHAN: as above, until killed; prints "at N". */
static void
cmd_failures(int16_t id, unsigned int vchan)
{
	uint64_t n;

	for (n = 1; fail_once(id, vchan); n++)
		say("at %" PRIu64, n);
}

/* VCHAN: statistics */
static void
cmd_stats(int16_t id, unsigned int vchan)
{
	struct rte_dma_stats stats;
	int ret = rte_dma_stats_get(id, vchan, &stats);

	if (ret < 0)
		say("no: statistics: %d", ret);
	else
		say("ok %" PRIu64 " %" PRIu64 " %" PRIu64, stats.submitted, stats.completed,
		    stats.errors);
}

/* VCHAN */
static void
cmd_status(int16_t id, unsigned int vchan)
{
	enum rte_dma_vchan_status status;
	int ret = rte_dma_vchan_status(id, vchan, &status);

	if (ret < 0)
		say("no: status: %d", ret);
	else
		say("ok %s", status == RTE_DMA_VCHAN_IDLE ? "idle" :
			     status == RTE_DMA_VCHAN_ACTIVE ? "active" : "halted");
}

/* Does the dump show running vchans? */
static void
cmd_dump(int16_t id)
{
	char *text = td_dump(id);

	if (strstr(text, "vchan 3: context 4 is RUN; running") == NULL)
		say("no: no context runs");
	else
		say("ok");
	free(text);
}

/* Allocated bytes of DPDK memory. */
static void
cmd_memory(void)
{
	struct td_stock stock;

	td_stock_take(&stock);
	say("ok %zu", stock.bytes);
}

/* Try all control operations. */
static void
cmd_control(int16_t id)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct {
		const char *what;
		int ret;
	} tries[] = {
		{ "configure", rte_dma_configure(id, &conf) },
		{ "vchan_setup", td_try_vchan_setup(id, 0, 64) },
		{ "start", rte_dma_start(id) },
		{ "stop", rte_dma_stop(id) },
		{ "close", rte_dma_close(id) },
	};
	char line[256];
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < RTE_DIM(tries); i++)
		at += snprintf(line + at, sizeof(line) - at, " %s=%s", tries[i].what,
			       tries[i].ret < 0 ? "refused" : "done");
	say("ok%s", line);
}

/* NAME: device id */
static void
cmd_find(const char *name)
{
	int id = rte_dma_get_dev_id_by_name(name);

	if (id < 0)
		say("no: %s: %d", name, id);
	else
		say("ok %d", id);
}

/* NAME: in this process and all attached ones. */
static void
cmd_plug(const char *name, bool in)
{
	char args[TD_ARGS_LEN];
	int ret = in ? rte_eal_hotplug_add("vdev", name, td_args("", args, sizeof(args))) :
		       rte_eal_hotplug_remove("vdev", name);

	if (ret != 0)
		say("no: %s: %d", name, ret);
	else
		say("ok");
}

/* NAME: in this process only. */
static void
cmd_probe(const char *name, bool in)
{
	int ret = in ? rte_vdev_init(name, "") : rte_vdev_uninit(name);

	if (ret != 0)
		say("no: %s: %d", name, ret);
	else
		say("ok");
}

/*
 * NAME: attach in this process, a secondary one, failing one call after another, alone or with all
 * later ones, until no more are left; prints how many failed.
 */
static void
cmd_attach(const char *name)
{
	unsigned int way, n, total = 0;

	for (way = 0; way < 2; way++) {
		for (n = 1;; n++) {
			const unsigned int files = td_nb_files(), devices = rte_dma_count_avail();
			const long live = inject.live;
			int ret, code;

			inject.lines = 0;
			inject_arm(INJECT_MAINS, n, way == 1);
			ret = rte_vdev_init(name, "");
			inject_disarm();
			code = inject.hits > 0 ? inject_code(inject.first) : 0;
			/* As if the primary had no such dmadev. */
			if (code != 0 && strcmp(inject.first, "rte_dma_pmd_allocate") == 0)
				code = ENODEV;
			if (ret != -code || (ret < 0 && inject.lines == 0)) {
				say("no: call %u, of %s, fails: expected %d and a line, found %d and "
				    "%u lines", n, inject.first, -code, ret, inject.lines);
				return;
			}
			if (ret == 0 && rte_vdev_uninit(name) != 0) {
				say("no: %s cannot be removed", name);
				return;
			}
			if (td_nb_files() != files || rte_dma_count_avail() != devices ||
			    inject.live != live) {
				say("no: call %u, of %s, fails: files %u -> %u, dmadevs %u -> %u, C heap "
				    "elements %ld -> %ld", n, inject.first, files, td_nb_files(),
				    devices, rte_dma_count_avail(), live, inject.live);
				return;
			}
			if (inject.hits == 0)
				break;
			total++;
		}
	}
	say("ok %u", total);
}

static void
cmd_up(int16_t id)
{
	td_up(id, VCHANS, 256);
	say("ok");
}

static void
cmd_started(int16_t id, bool start)
{
	int ret = start ? rte_dma_start(id) : rte_dma_stop(id);

	if (ret < 0)
		say("no: %d", ret);
	else
		say("ok");
}

/* Returns false if the process must exit. */
static bool
command(char *line)
{
	char word[32] = "", name[RTE_DEV_NAME_MAX_LEN] = "";
	uint64_t n = 0;
	unsigned int vchan = 0;
	int id = 0;

	sscanf(line, "%31s", word);
	if (sscanf(line, "%*s %d %u %" SCNu64, &id, &vchan, &n) < 1)
		sscanf(line, "%*s %63s", name);
	if (strcmp(word, "quit") == 0)
		return false;
	if (strcmp(word, "find") == 0)
		cmd_find(name);
	else if (strcmp(word, "plug") == 0 || strcmp(word, "unplug") == 0)
		cmd_plug(name, *word == 'p');
	else if (strcmp(word, "probe") == 0 || strcmp(word, "remove") == 0)
		cmd_probe(name, *word == 'p');
	else if (strcmp(word, "memory") == 0)
		cmd_memory();
	else if (strcmp(word, "attach") == 0)
		cmd_attach(name);
	else if (strcmp(word, "up") == 0)
		cmd_up(id);
	else if (strcmp(word, "start") == 0 || strcmp(word, "stop") == 0)
		cmd_started(id, strcmp(word, "start") == 0);
	else if (strcmp(word, "copy") == 0)
		cmd_copy(id, vchan, n);
	else if (strcmp(word, "flow") == 0)
		cmd_flow(id, vchan);
	else if (strcmp(word, "fail") == 0)
		cmd_fail(id, vchan);
	else if (strcmp(word, "failures") == 0)
		cmd_failures(id, vchan);
	else if (strcmp(word, "stats") == 0)
		cmd_stats(id, vchan);
	else if (strcmp(word, "status") == 0)
		cmd_status(id, vchan);
	else if (strcmp(word, "dump") == 0)
		cmd_dump(id);
	else if (strcmp(word, "control") == 0)
		cmd_control(id);
	else
		say("no: unknown command '%s'", word);
	return true;
}

static int
eal_init(char *prog, const char *role, const char *prefix, const char *huge_dir)
{
	char type[64], file_prefix[128], dir[512];
	char *argv[] = {
		prog, type, file_prefix, dir, (char[]){ "--no-pci" }, (char[]){ "--lcores=0" },
		(char[]){ "--iova-mode=va" }, (char[]){ "--no-telemetry" },
		(char[]){ "--log-level=lib.eal:warning" }, (char[]){ "-d" }, (char[]){ TD_PLUGIN },
		NULL,
	};

	snprintf(type, sizeof(type), "--proc-type=%s", role);
	snprintf(file_prefix, sizeof(file_prefix), "--file-prefix=%s", prefix);
	snprintf(dir, sizeof(dir), "--huge-dir=%s", huge_dir);
	rte_openlog_stream(stderr);
	return rte_eal_init(RTE_DIM(argv) - 1, argv) < 0 ? -rte_errno : 0;
}

int
main(int argc, char **argv)
{
	char line[256];
	int ret;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "Usage: %s primary FILE-PREFIX HUGE-DIR ARGUMENTS\n"
			"       %s secondary FILE-PREFIX HUGE-DIR\n", argv[0], argv[0]);
		return 2;
	}
	ret = eal_init(argv[0], argv[1], argv[2], argv[3]);
	if (ret < 0) {
		say("no: EAL: %s", strerror(-ret));
		return 1;
	}
	if (inject_begin() < 0) {
		say("no: the driver's calls cannot be redirected");
		return 1;
	}
	src = rte_malloc("src", SLOT + SHIFT, 64);
	dst = rte_malloc("dst", (size_t)DEPTH * SLOT, 64);
	if (src == NULL || dst == NULL) {
		say("no: DPDK memory");
		return 1;
	}
	td_fill(src, SLOT + SHIFT, getpid());
	if (argc > 4)
		td_up(td_probe(TD_NAME(0), argv[4]), VCHANS, 256);
	say("ok");
	while (fgets(line, sizeof(line), stdin) != NULL && command(line))
		;
	if (rte_eal_cleanup() != 0) {
		say("no: EAL cleanup failed");
		return 1;
	}
	say("ok");
	return 0;
}
