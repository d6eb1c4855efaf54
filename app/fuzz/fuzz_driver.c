/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Fuzzes the driver against a hostile function (hostile.h), through the API that applications use.
 * The input decides what the function and the application do. Whatever they do, the driver must
 * stay within its memory, each call must return, polls must not wait, and each operation must be
 * reported once, in order. While the function is not hostile, an operation reported as done was
 * executed, and none is executed after it was reported. Once the function stops being hostile, all
 * outstanding operations must be reported, and the device must work and close without leaks.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bus_driver.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_log.h>

#include "hostile.h"

#define NAME "fuzz"
/* Calls into the driver per input. */
#define MAX_CALLS 20000
#define MAX_DESC  2048

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * Places that checked operations copy from and to, one per operation that may be outstanding. Other
 * operations use the rest of the memory, at addresses and lengths from the input, unchecked.
 */
#define PLACE_WORDS 8
#define PLACE_LEN   (PLACE_WORDS * sizeof(uint64_t))
static uint64_t (*const places)[2][MAX_DESC][PLACE_WORDS] = (void *)hostile_mem;
#define WILD (hostile_mem + HOSTILE_MAX_VCHANS * sizeof(*places))
#define WILD_LEN (HOSTILE_MEM_LEN - HOSTILE_MAX_VCHANS * sizeof(*places))
/* Value of a place whose operation was reported. */
#define REPORTED UINT64_C(0x5d5d5d5d5d5d5d5d)

/* State of a channel as an application knows it. */
struct model {
	uint64_t enqueued;
	uint64_t submitted;
	uint64_t reported;
	uint16_t nb_desc;
	bool placed[MAX_DESC]; /* the operation uses its place */
};

static struct {
	int id;
	unsigned int calls;
	uint32_t watchdog_ms;
	bool silent;
	bool started;
	bool used; /* started since the last configuration */
	bool wild; /* an operation that may fail was enqueued */
	uint16_t nb_vchans;
	uint64_t all_submitted; /* since the last reset of statistics */
	uint64_t all_reported;
	uint64_t all_failed;
	struct model vchan[HOSTILE_MAX_VCHANS];
} app;

static FILE *null;

#define CALL_AS(who, call)                                                                         \
	__extension__({                                                                            \
		enum hostile_who was_ = hostile_enter(who);                                        \
		typeof(call) ret_ = (call);                                                        \
                                                                                                   \
		app.calls++;                                                                       \
		hostile_leave(was_);                                                               \
		ret_;                                                                              \
	})
#define POLL(call) CALL_AS(HOSTILE_DATA_PATH, call)
#define CONTROL(call) CALL_AS(HOSTILE_CONTROL, call)

/* ---- configuration ---- */

static bool
probe(const struct sdxi_fn *fn)
{
	static const uint32_t watchdogs[] = { 30000, 1, 1000, 0 };
	static struct rte_device device = { .name = NAME, .numa_node = SOCKET_ID_ANY };
	uint8_t how = hostile_take8();
	struct sdxi_args args = SDXI_ARGS_DEFAULT;

	app.watchdog_ms = watchdogs[how & 3];
	args.watchdog_ms = app.watchdog_ms;
	args.errlog_size = (how & 8) != 0 ? (how >> 4) * SDXI_ERRLOG_UNIT : 0;
	args.max_vchans = (how & 4) != 0 ? 2 : 0;
	if ((how & 0x80) != 0)
		hostile_act();
	if (CONTROL(sdxi_dmadev_create(NAME, &device, fn, &args)) < 0) {
		hostile_check(rte_dma_get_dev_id_by_name(NAME) < 0, "a failed probe left a dmadev");
		hostile_closed();
		return false;
	}
	app.id = rte_dma_get_dev_id_by_name(NAME);
	hostile_check(app.id >= 0, "a successful probe created no dmadev");
	app.nb_vchans = 0;
	hostile_dev = rte_dma_fp_objs[app.id].dev_private;
	return true;
}

static uint64_t *
place(unsigned int vchan, uint64_t op, unsigned int half)
{
	return places[vchan][half][op % MAX_DESC];
}

static void
place_set(uint64_t *at, uint64_t val)
{
	unsigned int i;

	for (i = 0; i < PLACE_WORDS; i++)
		at[i] = val;
}

static bool
place_is(const uint64_t *at, uint64_t val)
{
	unsigned int i;

	for (i = 0; i < PLACE_WORDS && at[i] == val; i++)
		;
	return i == PLACE_WORDS;
}

static uint64_t
val_of(unsigned int vchan, uint64_t op)
{
	return (op << 2 | vchan) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* A free place must not have changed since its operation was reported. */
static void
check_unchanged(unsigned int vchan, uint64_t op)
{
	hostile_check(!app.vchan[vchan].placed[op % MAX_DESC] || hostile_past.corrupted ||
		      place_is(place(vchan, op, 1), REPORTED),
		      "vchan %u: an operation was executed after it was reported", vchan);
	app.vchan[vchan].placed[op % MAX_DESC] = false;
}

static void
check_all_unchanged(void)
{
	unsigned int i;
	uint64_t op;

	for (i = 0; i < HOSTILE_MAX_VCHANS; i++) {
		struct model *m = &app.vchan[i];

		op = m->enqueued > MAX_DESC ? m->enqueued - MAX_DESC : 0;
		for (; op < m->reported; op++)
			check_unchanged(i, op);
	}
}

static bool
do_start(void)
{
	unsigned int i;

	if (app.started)
		return false;
	check_all_unchanged();
	app.used = CONTROL(rte_dma_start(app.id)) == 0;
	app.started = app.used;
	for (i = 0; i < HOSTILE_MAX_VCHANS; i++)
		app.vchan[i] = (struct model){ .nb_desc = app.vchan[i].nb_desc };
	return app.used;
}

static bool
do_configure(void)
{
	static const uint16_t sizes[] = { 16, 1, 2, 64, 1024, 1025, 3, MAX_DESC };
	struct rte_dma_vchan_conf vconf = { .direction = RTE_DMA_DIR_MEM_TO_MEM };
	struct rte_dma_conf conf = { 0 };
	struct rte_dma_info info;
	uint8_t how = hostile_take8(), size = hostile_take8();
	unsigned int i;

	app.used = false;
	hostile_check(CONTROL(rte_dma_info_get(app.id, &info)) == 0, "rte_dma_info_get() failed");
	conf.nb_vchans = RTE_MIN(1 + (how & 3) % HOSTILE_MAX_VCHANS, info.max_vchans);
#ifdef RTE_DMA_CFG_FLAG_SILENT
	conf.flags = (how & 12) == 12 ? RTE_DMA_CFG_FLAG_SILENT : 0;
#else
	conf.enable_silent = (how & 12) == 12;
#endif
	if (CONTROL(rte_dma_configure(app.id, &conf)) < 0)
		return false;
	app.nb_vchans = conf.nb_vchans;
	app.silent = (how & 12) == 12;
	/* Configuration resets channels and statistics. */
	check_all_unchanged();
	memset(app.vchan, 0, sizeof(app.vchan));
	app.all_submitted = app.all_reported = app.all_failed = 0;
	if ((how & 0x40) != 0)
		hostile_act();
	hostile_check(CONTROL(rte_dma_start(app.id)) == -EINVAL,
		      "a device started with channels that are not set up");
	for (i = 0; i < conf.nb_vchans; i++) {
		vconf.nb_desc = RTE_MIN(sizes[(size >> 2 * i) % RTE_DIM(sizes)], info.max_desc);
		app.vchan[i].nb_desc = vconf.nb_desc;
		if (CONTROL(rte_dma_vchan_setup(app.id, i, &vconf)) < 0)
			return false;
		/* A second setup reuses the channel's memory. */
		if ((how & 0x80) != 0 && CONTROL(rte_dma_vchan_setup(app.id, i, &vconf)) < 0)
			return false;
	}
	return true;
}

/* ---- data path ---- */

/* On a failed vchan all enqueued operations count as submitted, once the application knows. */
static void
sync_failed(unsigned int vchan)
{
	const struct sdxi_vchan *vc = &hostile_dev->vchans[vchan];
	struct model *m = &app.vchan[vchan];

	if (vc->word != SDXI_WORD_FAILED || vc->closed)
		return;
	app.all_submitted += m->enqueued - m->submitted;
	m->submitted = m->enqueued;
}

/* An enqueue succeeds unless the ring is full. */
static bool
check_index(unsigned int vchan, int idx, uint64_t flags)
{
	struct model *m = &app.vchan[vchan];

	if (idx < 0) {
		hostile_check(idx == -EINVAL || idx == -ENOSPC || idx == -EIO,
			      "vchan %u: an enqueue returned %d", vchan, idx);
		sync_failed(vchan);
		return false;
	}
	hostile_check(app.started, "vchan %u: accepts operations while stopped", vchan);
	hostile_check(idx == (uint16_t)m->enqueued, "vchan %u: expected index %u, found %d", vchan,
		      (uint16_t)m->enqueued, idx);
	m->enqueued++;
	if ((flags & RTE_DMA_OP_FLAG_SUBMIT) != 0) {
		app.all_submitted += m->enqueued - m->submitted;
		m->submitted = m->enqueued;
	}
	hostile_check(app.silent || m->enqueued - m->reported <= m->nb_desc,
		      "vchan %u: %" PRIu64 " operations are outstanding, at most %u allowed", vchan,
		      m->enqueued - m->reported, m->nb_desc);
	return true;
}

/* Enqueue an operation between the places for its index. */
static bool
do_place(unsigned int vchan, uint8_t how)
{
	uint64_t op = app.vchan[vchan].enqueued, val = val_of(vchan, op);
	uint64_t *src = place(vchan, op, 0), *dst = place(vchan, op, 1);
	uint64_t flags = ((how & 1) == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0) |
			 ((how & 2) != 0 ? RTE_DMA_OP_FLAG_FENCE : 0);
	struct rte_dma_sge from[2] = { { (uintptr_t)src, 40 }, { (uintptr_t)&src[5], 24 } };
	struct rte_dma_sge to = { (uintptr_t)dst, PLACE_LEN };
	int idx;

	if (app.vchan[vchan].enqueued - app.vchan[vchan].reported < MAX_DESC && !app.silent) {
		check_unchanged(vchan, op);
		app.vchan[vchan].placed[op % MAX_DESC] = true;
		place_set(src, val);
		place_set(dst, 0);
	}
	if ((how & 12) == 12)
		idx = POLL(rte_dma_fill(app.id, vchan, val, to.addr, PLACE_LEN, flags));
	else if ((how & 12) == 8)
		idx = POLL(rte_dma_copy_sg(app.id, vchan, from, &to, 2, 1, flags));
	else
		idx = POLL(rte_dma_copy(app.id, vchan, from[0].addr, to.addr, PLACE_LEN, flags));
	if (check_index(vchan, idx, flags))
		return true;
	app.vchan[vchan].placed[op % MAX_DESC] = false;
	return false;
}

/* An address from the input, which may be invalid or exceed the memory. */
static uint64_t
take_addr(unsigned int half)
{
	uint64_t base = (uintptr_t)WILD + half * (WILD_LEN / 2);
	uint8_t where = hostile_take8();

	if (where < 0xc0)
		return base + (where & 63) * (where < 0x40 ? 0 : where < 0x80 ? 8 : 500);
	return where == 0xff ? HOSTILE_UNMAPPED / 2 : (uint64_t)where << 8;
}

static uint32_t
take_len(void)
{
	static const uint32_t lens[] = {
		64, 1, 0, 32, 33, 65, 100, 4096, 4097, 8192, 12345, 16384, 1u << 21,
		(1u << 21) + 1, 1u << 31, UINT32_MAX,
	};

	return lens[hostile_take8() % RTE_DIM(lens)];
}

/* Enqueue an operation that may fail. */
static void
do_wild(unsigned int vchan)
{
	uint8_t how = hostile_take8();
	uint64_t flags = (how & 1) == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0;
	uint64_t src = take_addr(0), dst = take_addr(1);
	unsigned int i, nb = 1 + (how >> 4 & 3);
	struct rte_dma_sge sge[2][4];
	uint32_t len = take_len();
	int idx;

	flags |= (how & 2) != 0 ? RTE_DMA_OP_FLAG_FENCE : 0;
	app.vchan[vchan].placed[app.vchan[vchan].enqueued % MAX_DESC] = false;
	app.wild = true;
	for (i = 0; i < 4; i++) {
		sge[0][i] = (struct rte_dma_sge){ src + i * 48, len / 4 };
		sge[1][i] = (struct rte_dma_sge){ dst + i * 64, len / nb };
	}
	if ((how & 12) == 12)
		idx = POLL(rte_dma_fill(app.id, vchan, how, dst, len, flags));
	else if ((how & 12) == 8)
		idx = POLL(rte_dma_copy_sg(app.id, vchan, sge[0], sge[1], 4, nb, flags));
	else
		idx = POLL(rte_dma_copy(app.id, vchan, src, dst, len, flags));
	check_index(vchan, idx, flags);
}

static void
do_submit(unsigned int vchan)
{
	struct model *m = &app.vchan[vchan];

	POLL(rte_dma_submit(app.id, vchan));
	app.all_submitted += m->enqueued - m->submitted;
	m->submitted = m->enqueued;
}

/* Check the report of the vchan's next operation. */
static void
check_report(unsigned int vchan, enum rte_dma_status_code status)
{
	struct model *m = &app.vchan[vchan];
	uint64_t op = m->reported++;

	hostile_check(status >= RTE_DMA_STATUS_SUCCESSFUL && status <= RTE_DMA_STATUS_ERROR_UNKNOWN,
		      "vchan %u: status %d", vchan, status);
	app.all_reported++;
	app.all_failed += status != RTE_DMA_STATUS_SUCCESSFUL;
	hostile_check(status == RTE_DMA_STATUS_SUCCESSFUL || !app.started || app.wild ||
		      hostile_past.corrupted || hostile_past.faulty || app.watchdog_ms == 1,
		      "vchan %u: status %d without an error", vchan, status);
	if (!m->placed[op % MAX_DESC])
		return;
	hostile_check(status != RTE_DMA_STATUS_SUCCESSFUL || hostile_past.corrupted ||
		      place_is(place(vchan, op, 1), val_of(vchan, op)),
		      "vchan %u: operation %" PRIu64 " was reported but not executed", vchan, op);
	place_set(place(vchan, op, 1), REPORTED);
}

static unsigned int
do_completed(unsigned int vchan, uint16_t max, bool with_status)
{
	enum rte_dma_status_code status[64] = { RTE_DMA_STATUS_SUCCESSFUL };
	struct model *m = &app.vchan[vchan];
	uint16_t last = 0x5d, n, i;
	bool has_error = false;

	max = RTE_MIN(max, (uint16_t)RTE_DIM(status));
	n = POLL(with_status ? rte_dma_completed_status(app.id, vchan, max, &last, status) :
			       rte_dma_completed(app.id, vchan, max, &last, &has_error));
	sync_failed(vchan);
	hostile_check(n <= max && n <= m->submitted - m->reported && (n == 0 || !app.silent),
		      "vchan %u: %u operations reported of %" PRIu64 " outstanding, %u requested",
		      vchan, n, m->submitted - m->reported, max);
	for (i = 0; i < n; i++)
		check_report(vchan, with_status ? status[i] : RTE_DMA_STATUS_SUCCESSFUL);
	hostile_check(last == (uint16_t)(m->reported - 1) || app.silent,
		      "vchan %u: expected last index %u, found %u", vchan,
		      (uint16_t)(m->reported - 1), last);
	hostile_check(!has_error || m->reported < m->submitted,
		      "vchan %u: an error with nothing outstanding", vchan);
	return n;
}

/* A query must not change anything, and its result must be exact if nothing failed. */
static void
do_burst_capacity(unsigned int vchan)
{
	const struct sdxi_vchan *vc = &hostile_dev->vchans[vchan];
	struct model *m = &app.vchan[vchan];
	struct sdxi_ring ring = vc->ring;
	const uint32_t word = vc->word;
	uint16_t room = POLL(rte_dma_burst_capacity(app.id, vchan));

	/* The control thread may have run in the meantime. */
	hostile_check(word != vc->word || memcmp(&ring, &vc->ring, sizeof(ring)) == 0,
		      "vchan %u: a query changed the ring", vchan);
	hostile_check(room + (app.silent ? 0 : m->enqueued - m->reported) <= m->nb_desc,
		      "vchan %u: room for %u operations, %" PRIu64 " of %u are outstanding", vchan,
		      room, m->enqueued - m->reported, m->nb_desc);
	if (hostile_past.corrupted || hostile_past.faulty || app.wild || app.watchdog_ms == 1)
		return;
	for (; room > 0; room--)
		hostile_check(do_place(vchan, 1),
			      "vchan %u: the ring is full despite burst capacity", vchan);
}

static enum rte_dma_vchan_status
do_status(unsigned int vchan)
{
	enum rte_dma_vchan_status status = (enum rte_dma_vchan_status)-1;

	hostile_check(POLL(rte_dma_vchan_status(app.id, vchan, &status)) == 0 &&
		      status <= RTE_DMA_VCHAN_HALTED_ERROR, "vchan %u: status %d", vchan, status);
	sync_failed(vchan);
	return status;
}

static void
do_stats(bool reset)
{
	struct rte_dma_stats stats = { 0 };

	hostile_check(CONTROL(rte_dma_stats_get(app.id, RTE_DMA_ALL_VCHAN, &stats)) == 0,
		      "rte_dma_stats_get() failed");
	hostile_check(app.silent || (stats.submitted == app.all_submitted &&
		      stats.completed == app.all_reported && stats.errors == app.all_failed),
		      "statistics: expected %" PRIu64 " submitted, %" PRIu64 " completed, %" PRIu64
		      " failed, found %" PRIu64 ", %" PRIu64 ", %" PRIu64, app.all_submitted,
		      app.all_reported, app.all_failed, stats.submitted, stats.completed,
		      stats.errors);
	if (!reset)
		return;
	hostile_check(CONTROL(rte_dma_stats_reset(app.id, RTE_DMA_ALL_VCHAN)) == 0,
		      "statistics were not reset");
	app.all_submitted = app.all_reported = app.all_failed = 0;
}

/* One or more data path calls. */
static void
do_data_path(void)
{
	uint8_t what = hostile_take8(), more;
	unsigned int vchan = app.nb_vchans > 0 ? (what >> 6) % app.nb_vchans : 0, nb = 1;

	if (!app.used)
		return;
	switch (what & 15) {
	case 0: case 1: case 2:
		do_place(vchan, what >> 4);
		break;
	case 3:
		nb = 2 * MAX_DESC;
		/* fall through */
	case 4:
		more = hostile_take8();
		nb = nb > 1 ? nb : 2u + more % 32;
		while (nb-- > 0 && do_place(vchan, more))
			;
		break;
	case 5: case 6:
		do_wild(vchan);
		break;
	case 7:
		do_submit(vchan);
		break;
	case 8:
		do_completed(vchan, hostile_take8(), false);
		break;
	case 9: case 10:
		do_completed(vchan, hostile_take8(), true);
		break;
	case 11:
		do_burst_capacity(vchan);
		break;
	case 12:
		do_status(vchan);
		break;
	default:
		while (do_completed(vchan, 64, (what & 16) != 0) > 0)
			;
		break;
	}
}

/* After a stop every operation is reported, whatever the function does. */
static void
do_stop(void)
{
	unsigned int i;

	if (!app.started)
		return;
	app.started = CONTROL(rte_dma_stop(app.id)) < 0;
	for (i = 0; i < app.nb_vchans && !app.silent && app.used; i++)
		do {
			if (do_completed(i, 64, true) == 0)
				hostile_check(app.vchan[i].reported == app.vchan[i].enqueued,
					      "vchan %u: %" PRIu64
					      " operations not reported after a stop", i,
					      app.vchan[i].enqueued - app.vchan[i].reported);
		} while (app.vchan[i].reported != app.vchan[i].enqueued);
}

static void
do_destroy(void)
{
	do_stop();
	check_all_unchanged();
	memset(app.vchan, 0, sizeof(app.vchan));
	/* A hostile function may keep using its memory, and the device then still exists. */
	if (CONTROL(sdxi_dmadev_destroy(NAME)) < 0) {
		hostile_check(rte_dma_get_dev_id_by_name(NAME) == app.id,
			      "a failed close removed the dmadev");
		hostile_end();
		hostile_check(CONTROL(sdxi_dmadev_destroy(NAME)) == 0,
			      "the device of a correct function cannot be closed");
	}
	app.id = -1;
	app.used = false;
	app.started = false;
	app.all_submitted = app.all_reported = app.all_failed = 0;
	hostile_check(rte_dma_get_dev_id_by_name(NAME) < 0, "a close left the dmadev");
	hostile_closed();
}

/* Let time pass: the function works, and the control thread runs. */
static void
do_wait(uint8_t how)
{
	unsigned int n;

	for (n = 1 + (how & 7); n > 0; n--) {
		hostile_advance(UINT64_C(1000000) << (how >> 4));
		hostile_run(16);
		hostile_thread((how & 8) != 0);
	}
}

static void
do_something(const struct sdxi_fn *fn)
{
	uint8_t what = hostile_take8();

	switch (what & 31) {
	case 0:
		do_stop();
		break;
	case 1:
		do_start();
		break;
	case 2:
		do_stop();
		if (!app.started && do_configure())
			do_start();
		break;
	case 3:
		do_destroy();
		if (probe(fn) && do_configure())
			do_start();
		break;
	case 4:
		do_stats((what & 32) != 0);
		break;
	case 5:
		hostile_check(CONTROL(rte_dma_dump(app.id, null)) == 0, "rte_dma_dump() failed");
		break;
	case 6: case 7: case 8: case 9:
		do_wait(hostile_take8());
		break;
	case 10:
		hostile_run(1 + hostile_take8());
		break;
	case 11:
		hostile_thread(false);
		break;
	case 12:
		hostile_thread(true);
		break;
	case 13: case 14: case 15: case 16: case 17: case 18:
		hostile_act();
		break;
	default:
		do_data_path();
		break;
	}
}

/*
 * All submitted operations must complete without a stop: through the watchdog if something was
 * lost, and without it if only operations failed.
 */
static void
check_progress(void)
{
	const bool lost = hostile_past.corrupted || hostile_past.faulty;
	unsigned int rounds, i;
	bool all = !app.started || (lost && app.watchdog_ms == 0);

	for (rounds = 0; !all; rounds++) {
		/* The watchdog timeout is counted in rounds. */
		hostile_check(rounds < 100 + 8 * app.watchdog_ms / 100,
			      "operations of a correct function are not reported");
		hostile_advance(((lost ? app.watchdog_ms : 0) + UINT64_C(1)) * 1000000);
		hostile_run(8192);
		hostile_thread(true);
		all = true;
		for (i = 0; i < app.nb_vchans; i++) {
			while (do_completed(i, 64, true) > 0)
				;
			all &= app.silent ? do_status(i) != RTE_DMA_VCHAN_ACTIVE :
					    app.vchan[i].reported == app.vchan[i].submitted;
		}
	}
}

/* All slots must be usable when no operation is outstanding, also after recovery. */
static void
check_ring(unsigned int vchan)
{
	const struct sdxi_vchan *vc = &hostile_dev->vchans[vchan];
	const struct sdxi_ring *r = &vc->ring;
	uint64_t i, failed = app.all_failed;

	if (!app.started || vc->closed || vc->word != SDXI_WORD_RUNNING)
		return;
	for (i = r->op_head + r->head_extra; i < r->op_tail + r->tail_extra + r->size; i++) {
		const struct sdxi_note *note = &r->note[i & r->mask];
		const struct sdxi_cst_blk *blk = &r->line[i & r->mask].blk;

		hostile_check(note->more == 0 && note->verdict == 0,
			      "vchan %u: note of a free slot is set", vchan);
		hostile_check(hostile_past.corrupted || (blk->signal == 1 && blk->flags == 0),
			      "vchan %u: completion block of a free slot is not armed", vchan);
	}
	if (hostile_past.corrupted || vc->recoveries == 0 || r->size > 1024 || app.silent ||
	    app.vchan[vchan].reported != app.vchan[vchan].enqueued)
		return;
	for (i = 0; i < 2 * r->size; i++) {
		while (do_place(vchan, 0))
			;
		hostile_run(8192);
		while (do_completed(vchan, 64, true) > 0)
			;
		if (app.vchan[vchan].enqueued >= 2 * r->size)
			break;
	}
	hostile_check(app.all_failed == failed && i < 2 * r->size,
		      "vchan %u: after recovery %" PRIu64 " operations were done in %" PRIu64
		      " rounds, %" PRIu64 " failed", vchan, app.vchan[vchan].reported, i,
		      app.all_failed - failed);
}

/* The device must work again when the function is not hostile any more. */
static void
check_recovery(void)
{
	struct rte_dma_vchan_conf vconf = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 16 };
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	unsigned int looks, i;

	hostile_end();
	check_progress();
	for (i = 0; i < app.nb_vchans; i++)
		check_ring(i);
	do_stop();
	hostile_check(!app.started, "a device with a correct function cannot be stopped");
	check_all_unchanged();
	memset(app.vchan, 0, sizeof(app.vchan));
	app.vchan[0].nb_desc = vconf.nb_desc;
	app.silent = false;
	app.nb_vchans = 1;
	hostile_check(CONTROL(rte_dma_configure(app.id, &conf)) == 0 &&
		      CONTROL(rte_dma_vchan_setup(app.id, 0, &vconf)) == 0 && do_start(),
		      "a device with a correct function cannot be configured and started");
	app.all_submitted = app.all_reported = app.all_failed = 0;
	hostile_check(do_place(0, 0), "an operation was refused");
	for (looks = 0; looks < 1000 && app.vchan[0].reported == 0; looks++) {
		hostile_run(16);
		hostile_thread(true);
		do_completed(0, 1, true);
	}
	hostile_check(app.vchan[0].reported == 1 && app.all_failed == 0,
		      "an operation of a correct function did not complete");
}

/* The life of a device, from probe to close. */
static void
live(const uint8_t *data, size_t len)
{
	struct sdxi_fn fn;

	memset(&app, 0, sizeof(app));
	app.id = -1;
	fn = hostile_create(data, len, do_data_path);
	if (probe(&fn) && do_configure())
		do_start();
	while (app.id >= 0 && hostile_has_input() && app.calls < MAX_CALLS)
		do_something(&fn);
	if (app.id >= 0) {
		/* The driver need not recover from values that were corrupted at probe. */
		if (!hostile_past.permanent)
			check_recovery();
		do_destroy();
	}
	hostile_destroy();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *args[] = {
		(char[]){ "fuzz" }, (char[]){ "--no-huge" }, (char[]){ "--no-shconf" },
		(char[]){ "--no-pci" }, (char[]){ "--no-telemetry" }, (char[]){ "-m" },
		(char[]){ "64" }, (char[]){ "-l" }, (char[]){ "0" }, NULL,
	};

	RTE_SET_USED(argc);
	RTE_SET_USED(argv);
	hostile_check(rte_eal_init(RTE_DIM(args) - 1, args) >= 0, "EAL cannot start");
	/* Format log lines for coverage, but print them only when debugging an input. */
	null = fopen("/dev/null", "w");
	hostile_check(null != NULL, "cannot open /dev/null");
	if (getenv("SDXI_FUZZ_LOG") == NULL)
		rte_openlog_stream(null);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	live(data, len);
	return 0;
}
