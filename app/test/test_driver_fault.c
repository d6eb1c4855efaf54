/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * One kind of fault at a time: the driver reports the right status for each operation, and the
 * vchan recovers. Most tests run with error=stop and with error=continue.
 *
 * A fault hits the nth operation that the context consumes. Tests that expect it at one operation
 * disable the watchdog, as a restart of a slow context would move the fault. If only the watchdog
 * detects a fault, the operation's status may also be ERROR_UNKNOWN.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include <sdxi_emu.h>

#include "test_driver_util.h"
#include "test_vdev.h"

#define FN0 TD_NAME(0)

enum {
	OPS = 10,	/* per burst */
	LEN = 200,
	ROOM = 512,	/* per operation, with guards */
	MAX_VCHANS = 4,
	NB_DESC = 64,
	BAD = 64,	/* unmapped address */
};

/* For faults that only the watchdog detects. */
#define WATCHDOG "watchdog=300"

/* ---- replacements for EAL -------------------------------------------------------------------- */

static bool skip_sleeps; /* atomic: skip 15 of 16 sleeps, so that timeouts expire sooner */

void
rte_delay_us_sleep(unsigned int us)
{
	static __typeof__(rte_delay_us_sleep) *real;
	static unsigned int n; /* atomic */

	if (real == NULL)
		real = TD_REAL(rte_delay_us_sleep);
	if (!__atomic_load_n(&skip_sleeps, __ATOMIC_RELAXED) ||
	    __atomic_fetch_add(&n, 1, __ATOMIC_RELAXED) % 16 == 0)
		real(us);
}

static void
skip_sleeps_set(bool on)
{
	__atomic_store_n(&skip_sleeps, on, __ATOMIC_RELAXED);
}

/* ---- functions and operations ---------------------------------------------------------------- */

/* A function and its vchans. */
struct rig {
	bool cont; /* error=continue */
	int16_t id;
	uint16_t nb_vchans;
	uint8_t *src;
	struct {
		uint8_t *dst;
		uint64_t next;	 /* index */
		unsigned int nb; /* outstanding operations of the burst */
		/* Mask of operations that must not start before the failure is reported. */
		unsigned int fenced;
		uint64_t submitted, completed, errors;
	} vchan[MAX_VCHANS];
};

static bool
reorders(void)
{
	const char *order = getenv(TD_ORDER);

	return order != NULL && strcmp(order, "random") == 0;
}

static void
rig_open(struct rig *rig, const void *state, const char *more, uint16_t nb_vchans)
{
	unsigned int v;
	char args[256];

	memset(rig, 0, sizeof(*rig));
	rig->cont = strcmp(state, "continue") == 0;
	rig->nb_vchans = nb_vchans;
	rig->src = td_alloc(OPS * ROOM, 64);
	td_fill(rig->src, OPS * ROOM, 1);
	for (v = 0; v < nb_vchans; v++)
		rig->vchan[v].dst = td_alloc(OPS * ROOM, 64);
	snprintf(args, sizeof(args), "error=%s,%s", (const char *)state, more);
	rig->id = td_open(FN0, args, nb_vchans, NB_DESC);
}

static void
rig_close(struct rig *rig)
{
	unsigned int v;

	td_remove(FN0);
	td_free(rig->src);
	for (v = 0; v < rig->nb_vchans; v++)
		td_free(rig->vchan[v].dst);
}

static void
inject(uint16_t vchan, struct sdxi_emu_fault fault)
{
	fault.cxt = vchan + 1;
	assert_int_equal(td_vdev_inject(FN0, &fault), 0);
}

#define INJECT(vchan, ...) inject(vchan, (struct sdxi_emu_fault){ __VA_ARGS__ })

static void
inject_clear(void)
{
	skip_sleeps_set(false);
	assert_int_equal(td_vdev_inject(FN0, NULL), 0);
}

static void
injected_cb(struct sdxi_emu *emu, void *arg)
{
	uint64_t *hits = arg;
	unsigned int i;

	for (i = 0; i < SDXI_EMU_FAULT_KINDS; i++)
		*hits += sdxi_emu_injected(emu, i);
}

static uint64_t
injected(void)
{
	uint64_t hits = 0;

	assert_int_equal(td_vdev_call(FN0, injected_cb, &hits), 0);
	return hits;
}

static uint8_t *
dst_of(const struct rig *rig, uint16_t vchan, unsigned int op)
{
	return rig->vchan[vchan].dst + op * ROOM + TD_GUARD_LEN;
}

/* Masks of operations with a fence or a bad address; the others are plain copies. */
struct burst {
	unsigned int fence, bad_src, bad_dst;
};

static void
enqueue(struct rig *rig, uint16_t vchan, struct burst burst)
{
	struct td_bound bound;
	unsigned int i;

	td_bound_set(&bound);
	memset(rig->vchan[vchan].dst, TD_GUARD, OPS * ROOM);
	for (i = 0; i < OPS; i++) {
		rte_iova_t src = (uintptr_t)rig->src + i * ROOM;
		rte_iova_t dst = (uintptr_t)dst_of(rig, vchan, i);
		int ret;

		/* A late log entry may make the control thread take the vchan for a moment. */
		do {
			ret = rte_dma_copy(rig->id, vchan, burst.bad_src & (1u << i) ? BAD : src,
					   burst.bad_dst & (1u << i) ? BAD : dst, LEN,
					   burst.fence & (1u << i) ? RTE_DMA_OP_FLAG_FENCE : 0);
		} while (ret == -ENOSPC && !td_bound_yield(&bound));
		if (ret != (uint16_t)(rig->vchan[vchan].next + i))
			fail_msg("vchan %u: enqueue: expected index %u, found %d", vchan,
				 (uint16_t)(rig->vchan[vchan].next + i), ret);
	}
	rig->vchan[vchan].nb = OPS;
	rig->vchan[vchan].fenced = 0;
}

static void
submit(struct rig *rig, uint16_t vchan)
{
	assert_return_code(rte_dma_submit(rig->id, vchan), 0);
	rig->vchan[vchan].submitted += rig->vchan[vchan].nb;
}

static void
start_burst(struct rig *rig, uint16_t vchan, struct burst burst)
{
	enqueue(rig, vchan, burst);
	submit(rig, vchan);
}

#define BURST(rig, vchan, ...) start_burst(rig, vchan, (struct burst){ __VA_ARGS__ })

static void
expect_stats(const struct rig *rig, uint16_t vchan)
{
	td_expect_stats(rig->id, vchan, rig->vchan[vchan].submitted, rig->vchan[vchan].completed,
			rig->vchan[vchan].errors);
}

/* Check that an operation's destination matches its status. */
static void
check_data(const struct rig *rig, uint16_t vchan, unsigned int op, enum rte_dma_status_code status)
{
	const uint8_t *dst = dst_of(rig, vchan, op), *src = rig->src + op * ROOM;
	unsigned int i;

	if (!td_is_all(dst - TD_GUARD_LEN, TD_GUARD_LEN, TD_GUARD) ||
	    !td_is_all(dst + LEN, ROOM - LEN - TD_GUARD_LEN, TD_GUARD))
		fail_msg("vchan %u: operation %u wrote outside its destination", vchan, op);
	for (i = 0; i < LEN; i++) {
		if (status == RTE_DMA_STATUS_SUCCESSFUL ? dst[i] == src[i] :
		    dst[i] == TD_GUARD || (status != RTE_DMA_STATUS_NOT_ATTEMPTED &&
					   dst[i] == src[i]))
			continue;
		fail_msg("vchan %u: operation %u with status %d: byte %u: found 0x%02x, source "
			 "0x%02x", vchan, op, status, i, dst[i], src[i]);
	}
}

/* Dequeue a burst, with all calls and batch sizes in turn. */
static void
gather(struct rig *rig, uint16_t vchan, enum rte_dma_status_code *status)
{
	const uint64_t first = rig->vchan[vchan].next;
	const unsigned int nb = rig->vchan[vchan].nb;
	unsigned int n = 0, i, asked;
	struct td_bound bound;
	uint16_t last, got;
	bool error;

	td_bound_set(&bound);
	while (n < nb) {
		asked = n % 3 == 0 ? nb : 1;
		got = rte_dma_completed(rig->id, vchan, asked, &last, &error);
		assert_in_range(got, 0, RTE_MIN(asked, nb - n));
		for (i = 0; i < got; i++)
			status[n++] = RTE_DMA_STATUS_SUCCESSFUL;
		assert_int_equal(last, (uint16_t)(first + n - 1));
		if (error) {
			for (i = 0; i < nb; i++)
				if (rig->vchan[vchan].fenced & (1u << i))
					check_data(rig, vchan, i, RTE_DMA_STATUS_NOT_ATTEMPTED);
			rig->vchan[vchan].fenced = 0;
			/* The error is reported again until its status is dequeued. */
			for (i = 0; i < 5; i++) {
				error = false;
				assert_int_equal(rte_dma_completed(rig->id, vchan, nb, &last,
								   &error), 0);
				assert_true(error);
				assert_int_equal(last, (uint16_t)(first + n - 1));
			}
			asked = n % 2 == 0 ? nb - n : 1;
			got = rte_dma_completed_status(rig->id, vchan, asked, &last, status + n);
			assert_in_range(got, 1, asked);
			assert_int_not_equal(status[n], RTE_DMA_STATUS_SUCCESSFUL);
			n += got;
			assert_int_equal(last, (uint16_t)(first + n - 1));
		} else if (got == 0 && td_bound_yield(&bound)) {
			fail_msg("vchan %u: operation %u of %u was not reported", vchan, n, nb);
		}
	}
	assert_int_equal(rte_dma_completed_status(rig->id, vchan, nb, &last, status + n), 0);
	rig->vchan[vchan].next += nb;
	rig->vchan[vchan].completed += nb;
	for (i = 0; i < nb; i++) {
		rig->vchan[vchan].errors += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
		check_data(rig, vchan, i, status[i]);
	}
	expect_stats(rig, vchan);
}

/* Check that the vchan is idle and a burst succeeds. */
static void
expect_usable(struct rig *rig, uint16_t vchan)
{
	enum rte_dma_status_code status[OPS + 1];
	unsigned int i;

	TD_WAIT(td_status(rig->id, vchan) == RTE_DMA_VCHAN_IDLE);
	BURST(rig, vchan, .fence = 0x111);
	gather(rig, vchan, status);
	for (i = 0; i < OPS; i++)
		if (status[i] != RTE_DMA_STATUS_SUCCESSFUL)
			fail_msg("vchan %u: operation %u after recovery: found status %d", vchan,
				 i, status[i]);
	TD_WAIT(rte_dma_burst_capacity(rig->id, vchan) == NB_DESC);
	assert_int_equal(td_status(rig->id, vchan), RTE_DMA_VCHAN_IDLE);
}

/* Dequeue a burst in which operation @p op has status @p code and the others are successful. */
static void
expect_one(struct rig *rig, uint16_t vchan, unsigned int op, enum rte_dma_status_code code)
{
	enum rte_dma_status_code status[OPS + 1];
	unsigned int i;

	gather(rig, vchan, status);
	for (i = 0; i < OPS; i++)
		if (status[i] != (i == op ? code : RTE_DMA_STATUS_SUCCESSFUL))
			fail_msg("vchan %u: operation %u, fault at %u: expected status %d, found "
				 "%d", vchan, i, op, i == op ? (int)code : 0, status[i]);
}

/* The same for faults that only the watchdog detects: @p op may have been retried successfully. */
static void
expect_one_unknown(struct rig *rig, uint16_t vchan, unsigned int op)
{
	enum rte_dma_status_code status[OPS + 1];
	unsigned int i;

	gather(rig, vchan, status);
	for (i = 0; i < OPS; i++)
		if (status[i] != RTE_DMA_STATUS_SUCCESSFUL &&
		    (status[i] != RTE_DMA_STATUS_ERROR_UNKNOWN || i != op))
			fail_msg("vchan %u: operation %u, fault at %u: found status %d", vchan, i,
				 op, status[i]);
}

static void
expect_success(struct rig *rig, uint16_t vchan)
{
	expect_one(rig, vchan, OPS, RTE_DMA_STATUS_SUCCESSFUL);
}

static const unsigned int places[] = { 0, 4, OPS - 1 };

/* ---- failed operations ----------------------------------------------------------------------- */

static const struct {
	uint8_t step, sub_step, buf;
	enum rte_dma_status_code code;
} failures[] = {
	{ 0, 0, 0, RTE_DMA_STATUS_INVALID_SRC_ADDR },
	{ 0, 0, 1, RTE_DMA_STATUS_INVALID_DST_ADDR },
	{ SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION, 0, RTE_DMA_STATUS_INVALID_SRC_ADDR },
	{ SDXI_STEP_BUFFER, SDXI_SUB_STEP_ACCESS, 0, RTE_DMA_STATUS_BUS_READ_ERROR },
	{ SDXI_STEP_BUFFER, SDXI_SUB_STEP_ACCESS, 1, RTE_DMA_STATUS_BUS_WRITE_ERROR },
	{ SDXI_STEP_BUFFER, SDXI_SUB_STEP_VALIDATION, 0, RTE_DMA_STATUS_DATA_POISION },
	{ SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION, 0, RTE_DMA_STATUS_INVALID_ADDR },
	{ SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION, 0, RTE_DMA_STATUS_INVALID_OPCODE },
	{ SDXI_STEP_DESC, SDXI_SUB_STEP_ACCESS, 0, RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR },
	{ SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER, 0, RTE_DMA_STATUS_ERROR_UNKNOWN },
};

/* Reported in the log, with or without er in the completion block. */
static void
test_fail(void **state)
{
	unsigned int f, p, no_block;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 1);
	for (f = 0; f < RTE_DIM(failures); f++) {
		for (p = 0; p < RTE_DIM(places); p++) {
			for (no_block = 0; no_block < 2; no_block++) {
				INJECT(0, .kind = SDXI_EMU_FAULT_FAIL, .op = places[p],
				       .step = failures[f].step, .sub_step = failures[f].sub_step,
				       .buf = failures[f].buf, .no_block = no_block != 0);
				BURST(&rig, 0);
				expect_one(&rig, 0, places[p], failures[f].code);
				expect_usable(&rig, 0);
			}
		}
	}
	assert_int_equal(injected(), 2 * RTE_DIM(failures) * RTE_DIM(places));
}

/* Reported by the completion block only, which has no reason. */
static void
test_fail_no_log(void **state)
{
	struct rig rig;
	unsigned int p;

	rig_open(&rig, *state, "watchdog=0", 1);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_FAIL, .op = places[p], .no_log = true);
		BURST(&rig, 0);
		expect_one(&rig, 0, places[p], RTE_DMA_STATUS_ERROR_UNKNOWN);
		expect_usable(&rig, 0);
	}
}

/* Not reported: a context that stopped is restarted, otherwise the watchdog fires. */
static void
test_fail_unreported(void **state)
{
	struct rig rig;
	unsigned int p;

	rig_open(&rig, *state, strcmp(*state, "continue") == 0 ? WATCHDOG : "watchdog=0", 1);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_FAIL, .op = places[p], .no_block = true,
		       .no_log = true);
		BURST(&rig, 0);
		if (rig.cont)
			expect_one_unknown(&rig, 0, places[p]);
		else
			expect_success(&rig, 0);
		expect_usable(&rig, 0);
	}
}

/* er without a signal: without a log entry only the watchdog detects the failure. */
static void
test_no_signal(void **state)
{
	unsigned int p, no_log;
	struct rig rig;

	rig_open(&rig, *state, WATCHDOG, 1);
	for (p = 0; p < RTE_DIM(places); p++) {
		for (no_log = 0; no_log < 2; no_log++) {
			INJECT(0, .kind = SDXI_EMU_FAULT_NO_SIGNAL, .op = places[p], .buf = 1,
			       .no_log = no_log != 0);
			BURST(&rig, 0);
			if (no_log)
				expect_one_unknown(&rig, 0, places[p]);
			else
				expect_one(&rig, 0, places[p], RTE_DMA_STATUS_INVALID_DST_ADDR);
			expect_usable(&rig, 0);
		}
	}
}

/* Several failures in one burst, from unmapped addresses. */
static void
test_many_fail(void **state)
{
	static const unsigned int masks[] = {
		0x001, 0x200, 0x018, 0x201, 0x155, 0x2aa, 0x3ff, 0x1fe,
	};
	enum rte_dma_status_code status[OPS + 1], expected;
	unsigned int m, way, i;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 1);
	for (m = 0; m < RTE_DIM(masks); m++) {
		for (way = 0; way < 3; way++) {
			const unsigned int src = way == 0 ? masks[m] : way == 1 ? 0 :
						 masks[m] & 0x0f3;
			const unsigned int dst = masks[m] & ~src;

			BURST(&rig, 0, .bad_src = src, .bad_dst = dst);
			gather(&rig, 0, status);
			for (i = 0; i < OPS; i++) {
				expected = src & (1u << i) ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
					   dst & (1u << i) ? RTE_DMA_STATUS_INVALID_DST_ADDR :
							     RTE_DMA_STATUS_SUCCESSFUL;
				if (status[i] != expected)
					fail_msg("sources 0x%x, destinations 0x%x: operation %u: "
						 "expected status %d, found %d", src, dst, i,
						 expected, status[i]);
			}
			expect_usable(&rig, 0);
		}
	}
}

/* Many failures in a row that fit into the log: each has its status. */
static void
test_all_fail(void **state)
{
	enum { NB = 200 };
	enum rte_dma_status_code status[NB];
	unsigned int i;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 1);
	assert_return_code(rte_dma_stop(rig.id), 0);
	td_vchan_setup(rig.id, 0, NB);
	assert_return_code(rte_dma_start(rig.id), 0);
	for (i = 0; i < NB; i++)
		assert_int_equal(rte_dma_copy(rig.id, 0, BAD, (uintptr_t)dst_of(&rig, 0, 0), LEN,
					      0), i);
	assert_return_code(rte_dma_submit(rig.id, 0), 0);
	td_statuses(rig.id, 0, NB, status);
	for (i = 0; i < NB; i++)
		if (status[i] != RTE_DMA_STATUS_INVALID_SRC_ADDR)
			fail_msg("operation %u: found status %d", i, status[i]);
}

/* With error=continue only: test_many_fail() covers stops at consecutive operations. */
static void
test_fail_consecutive(void **state)
{
	enum rte_dma_status_code status[OPS + 1];
	unsigned int count, i;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 1);
	for (count = 2; count <= 5; count++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_FAIL, .op = 2, .count = count);
		BURST(&rig, 0);
		gather(&rig, 0, status);
		for (i = 0; i < OPS; i++)
			assert_int_equal(status[i], i >= 2 && i < 2 + count ?
					 RTE_DMA_STATUS_INVALID_SRC_ADDR :
					 RTE_DMA_STATUS_SUCCESSFUL);
		expect_usable(&rig, 0);
	}
}

/* With error=stop, operations from the first fence after a failure on are not attempted. */
static void
test_fence(void **state)
{
	static const struct {
		unsigned int op, fence;
	} cases[] = {
		{ 0, 0x002 }, { 0, 0x200 }, { 3, 0x010 }, { 3, 0x140 }, { 3, 0x008 }, { 3, 0x00e },
		{ 8, 0x200 }, { 9, 0x3ff }, { 4, 0x3ff }, { 5, 0x001 },
	};
	enum rte_dma_status_code status[OPS + 1], expected;
	unsigned int c, i, way;
	struct rig rig;
	bool cut;

	rig_open(&rig, *state, "watchdog=0", 1);
	for (c = 0; c < RTE_DIM(cases); c++) {
		for (way = 0; way < 2; way++) {
			const unsigned int op = cases[c].op;

			BURST(&rig, 0, .fence = cases[c].fence, .bad_src = way == 0 ? 1u << op : 0,
			      .bad_dst = way == 1 ? 1u << op : 0);
			if (!rig.cont)
				rig.vchan[0].fenced = cases[c].fence & ~0u << (op + 1);
			gather(&rig, 0, status);
			cut = false;
			for (i = 0; i < OPS; i++) {
				cut |= !rig.cont && i > op && cases[c].fence & (1u << i);
				expected = cut ? RTE_DMA_STATUS_NOT_ATTEMPTED :
					   i != op ? RTE_DMA_STATUS_SUCCESSFUL :
					   way == 0 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
						      RTE_DMA_STATUS_INVALID_DST_ADDR;
				if (reorders() && cut && status[i] == RTE_DMA_STATUS_SUCCESSFUL)
					continue;
				if (status[i] != expected)
					fail_msg("fences 0x%x, fault at %u: operation %u: expected "
						 "status %d, found %d", cases[c].fence, op, i,
						 expected, status[i]);
			}
			expect_usable(&rig, 0);
		}
	}
}

/* ---- the log --------------------------------------------------------------------------------- */

static void
test_log_lost(void **state)
{
	static const enum sdxi_emu_fault_kind kinds[] = {
		SDXI_EMU_FAULT_LOG_OVF, SDXI_EMU_FAULT_LOG_ERR,
	};
	struct rig rig;
	unsigned int k, p;

	rig_open(&rig, *state, strcmp(*state, "continue") == 0 ? WATCHDOG : "watchdog=0", 1);
	for (k = 0; k < RTE_DIM(kinds); k++) {
		for (p = 0; p < RTE_DIM(places); p++) {
			INJECT(0, .kind = kinds[k], .op = places[p], .count = 1);
			INJECT(0, .kind = SDXI_EMU_FAULT_FAIL, .op = places[p]);
			BURST(&rig, 0);
			expect_one(&rig, 0, places[p], RTE_DMA_STATUS_ERROR_UNKNOWN);
			/* The next failure is logged. */
			BURST(&rig, 0, .bad_dst = 0x20);
			expect_one(&rig, 0, 5, RTE_DMA_STATUS_INVALID_DST_ADDR);
			/* Neither in the block nor in the log. */
			INJECT(0, .kind = kinds[k], .op = places[p], .count = 1);
			INJECT(0, .kind = SDXI_EMU_FAULT_FAIL, .op = places[p], .no_block = true);
			BURST(&rig, 0);
			if (rig.cont)
				expect_one_unknown(&rig, 0, places[p]);
			else
				expect_success(&rig, 0);
			expect_usable(&rig, 0);
		}
	}
}

/* More failures than the log has entries. */
static void
test_log_flood(void **state)
{
	enum { FLOOD = 600 };
	enum rte_dma_status_code status[FLOOD];
	unsigned int i;
	struct rig rig;
	uint8_t *buf;

	buf = td_alloc(2 * FLOOD, 64);
	td_fill(buf, FLOOD, 3);
	memset(buf + FLOOD, TD_GUARD, FLOOD);
	rig_open(&rig, *state, "watchdog=0,errlog_size=64", 1);
	assert_return_code(rte_dma_stop(rig.id), 0);
	td_vchan_setup(rig.id, 0, FLOOD);
	assert_return_code(rte_dma_start(rig.id), 0);
	for (i = 0; i < FLOOD; i++)
		assert_int_equal(rte_dma_copy(rig.id, 0, i % 10 == 9 ? (uintptr_t)buf + i : BAD,
					      (uintptr_t)buf + FLOOD + i, 1, 0), i);
	assert_return_code(rte_dma_submit(rig.id, 0), 0);
	td_statuses(rig.id, 0, FLOOD, status);
	for (i = 0; i < FLOOD; i++) {
		if (i % 10 != 9) {
			/* With error=stop and in order, the log does not overflow. */
			if (status[i] != RTE_DMA_STATUS_INVALID_SRC_ADDR &&
			    (status[i] != RTE_DMA_STATUS_ERROR_UNKNOWN ||
			     (!rig.cont && !reorders())))
				fail_msg("operation %u from an unmapped address: found status %d",
					 i, status[i]);
			assert_int_equal(buf[FLOOD + i], TD_GUARD);
		} else {
			assert_int_equal(status[i], RTE_DMA_STATUS_SUCCESSFUL);
			assert_int_equal(buf[FLOOD + i], buf[i]);
		}
	}
}

/* ---- missing completions --------------------------------------------------------------------- */

static void
test_lose(void **state)
{
	struct rig rig;
	unsigned int p;

	rig_open(&rig, *state, WATCHDOG, 1);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_LOSE, .op = places[p]);
		BURST(&rig, 0);
		expect_one_unknown(&rig, 0, places[p]);
		expect_usable(&rig, 0);
	}
}

/*
 * An operation whose completion was lost must not be retried after a fenced operation that may have
 * overwritten its source.
 */
static void
test_lose_before_fence(void **state)
{
	enum rte_dma_status_code status[2];
	uint8_t *own, *copy;
	struct rig rig;
	unsigned int together;
	uint64_t idx = 0;

	own = td_alloc(LEN, 64);
	copy = td_alloc(LEN, 64);
	rig_open(&rig, *state, WATCHDOG, 1);
	for (together = 0; together < 2; together++) {
		td_fill(own, LEN, 4);
		memset(copy, TD_GUARD, LEN);
		INJECT(0, .kind = SDXI_EMU_FAULT_LOSE, .op = 0);
		td_copy(rig.id, 0, idx, own, copy, LEN, together ? 0 : RTE_DMA_OP_FLAG_SUBMIT);
		td_copy(rig.id, 0, idx + 1, rig.src, own, LEN,
			RTE_DMA_OP_FLAG_SUBMIT | RTE_DMA_OP_FLAG_FENCE);
		idx += 2;
		td_statuses(rig.id, 0, 2, status);
		/* The copy was executed, even if its status is unknown. */
		assert_true(status[0] == RTE_DMA_STATUS_SUCCESSFUL ||
			    status[0] == RTE_DMA_STATUS_ERROR_UNKNOWN);
		assert_int_equal(status[1], RTE_DMA_STATUS_SUCCESSFUL);
		assert_memory_equal(own, rig.src, LEN);
		td_fill(own, LEN, 4);
		assert_memory_equal(copy, own, LEN);
	}
}

static void
test_stall(void **state)
{
	struct rig rig;
	unsigned int p;

	rig_open(&rig, *state, WATCHDOG, 2);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_STALL, .op = places[p]);
		BURST(&rig, 0, .fence = 0x2);
		expect_usable(&rig, 1);
		expect_success(&rig, 0);
		expect_usable(&rig, 0);
		expect_usable(&rig, 1);
	}
}

static void
test_stop(void **state)
{
	struct rig rig;
	unsigned int p;

	rig_open(&rig, *state, "watchdog=0", 2);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_STOP, .op = places[p]);
		BURST(&rig, 0, .fence = 0x204);
		expect_success(&rig, 0);
		expect_usable(&rig, 0);
		expect_usable(&rig, 1);
	}
}

/* An operation fails if its context stops again without progress. */
static void
test_stop_again(void **state)
{
	enum rte_dma_status_code status[OPS + 1];
	unsigned int p, i, failed;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 1);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(0, .kind = SDXI_EMU_FAULT_STOP, .op = places[p], .count = 2);
		BURST(&rig, 0);
		if (!reorders()) {
			expect_one(&rig, 0, places[p], RTE_DMA_STATUS_ERROR_UNKNOWN);
		} else {
			/* The oldest operation that was not done may be another one. */
			gather(&rig, 0, status);
			for (i = 0, failed = 0; i < OPS; i++)
				failed += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
			assert_in_range(failed, 0, 1);
		}
		expect_usable(&rig, 0);
	}
}

/* ---- function errors ------------------------------------------------------------------------- */

/* All vchans recover from a function error; the log has the operation that caused it. */
static void
test_fn_error(void **state)
{
	enum rte_dma_status_code status[OPS + 1], expected;
	unsigned int p, v, i;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", MAX_VCHANS);
	for (p = 0; p < RTE_DIM(places); p++) {
		INJECT(1, .kind = SDXI_EMU_FAULT_FN_ERROR, .op = places[p]);
		for (v = 0; v < MAX_VCHANS; v++)
			BURST(&rig, v, .fence = 0x40);
		for (v = 0; v < MAX_VCHANS; v++) {
			gather(&rig, v, status);
			for (i = 0; i < OPS; i++) {
				expected = RTE_DMA_STATUS_SUCCESSFUL;
				if (v == 1 && i == places[p])
					expected = RTE_DMA_STATUS_ERROR_UNKNOWN;
				else if (v == 1 && i >= 6 && places[p] < 6)
					expected = RTE_DMA_STATUS_NOT_ATTEMPTED;
				if (status[i] == expected)
					continue;
				/* Fenced operations may have started, and signals may be late. */
				if (reorders() && i < 6 &&
				    status[i] == RTE_DMA_STATUS_ERROR_UNKNOWN)
					continue;
				if (reorders() && v == 1 && i >= 6 &&
				    status[i] == RTE_DMA_STATUS_SUCCESSFUL)
					continue;
				fail_msg("vchan %u: operation %u, error at %u of vchan 1: found "
					 "status %d", v, i, places[p], status[i]);
			}
		}
		for (v = 0; v < MAX_VCHANS; v++)
			expect_usable(&rig, v);
	}
}

/* If a context does not stop, the function is stopped. */
static void
test_no_stop(void **state)
{
	struct rig rig;

	rig_open(&rig, *state, WATCHDOG, 3);
	INJECT(1, .kind = SDXI_EMU_FAULT_NO_STOP, .op = 3);
	INJECT(1, .kind = SDXI_EMU_FAULT_STALL, .op = 3);
	BURST(&rig, 0, .fence = 0x8);
	BURST(&rig, 1);
	BURST(&rig, 2);
	expect_success(&rig, 1);
	expect_success(&rig, 0);
	expect_success(&rig, 2);
	expect_usable(&rig, 0);
	expect_usable(&rig, 1);
	expect_usable(&rig, 2);
}

/* If the function does not stop either, it is reset. */
static void
test_no_fn_stop(void **state)
{
	struct rig rig;

	rig_open(&rig, *state, WATCHDOG, 2);
	INJECT(0, .kind = SDXI_EMU_FAULT_NO_FN_STOP);
	INJECT(0, .kind = SDXI_EMU_FAULT_NO_STOP, .op = 3);
	INJECT(0, .kind = SDXI_EMU_FAULT_STALL, .op = 3);
	BURST(&rig, 0);
	BURST(&rig, 1);
	expect_success(&rig, 0);
	expect_success(&rig, 1);
	expect_usable(&rig, 0);
	expect_usable(&rig, 1);
}

/* A failed vchan reports at most @p nb_done operations as successful, and accepts no more. */
static void
expect_failed(struct rig *rig, uint16_t vchan, unsigned int nb_done)
{
	enum rte_dma_status_code status[OPS + 1];
	unsigned int i;

	gather(rig, vchan, status);
	for (i = 0; i < OPS; i++) {
		const bool done = status[i] == RTE_DMA_STATUS_SUCCESSFUL;

		if (done ? i < nb_done || reorders() : status[i] == RTE_DMA_STATUS_ERROR_UNKNOWN ||
						       status[i] == RTE_DMA_STATUS_NOT_ATTEMPTED)
			continue;
		fail_msg("vchan %u: operation %u, first %u done: found status %d", vchan, i,
			 nb_done, status[i]);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(rte_dma_copy(rig->id, vchan, (uintptr_t)rig->src,
					      (uintptr_t)rig->vchan[vchan].dst, LEN,
					      RTE_DMA_OP_FLAG_SUBMIT), -EIO);
		assert_int_equal(rte_dma_fill(rig->id, vchan, 1, (uintptr_t)rig->vchan[vchan].dst,
					      LEN, 0), -EIO);
		assert_int_equal(rte_dma_burst_capacity(rig->id, vchan), 0);
		assert_int_equal(td_status(rig->id, vchan), RTE_DMA_VCHAN_HALTED_ERROR);
		assert_int_equal(rte_dma_completed(rig->id, vchan, OPS, NULL, NULL), 0);
	}
	expect_stats(rig, vchan);
}

static void
rig_restart(struct rig *rig)
{
	unsigned int v;

	assert_return_code(rte_dma_stop(rig->id), 0);
	assert_return_code(rte_dma_start(rig->id), 0);
	for (v = 0; v < rig->nb_vchans; v++) {
		rig->vchan[v].next = 0;
		expect_usable(rig, v);
	}
}

static void
test_failed(void **state)
{
	static const enum sdxi_emu_fault_kind kinds[] = {
		SDXI_EMU_FAULT_NO_RESET, SDXI_EMU_FAULT_NO_ACTIVE,
	};
	struct rig rig;
	unsigned int k, v, way;

	for (k = 0; k < RTE_DIM(kinds); k++) {
		for (way = 0; way < 3; way++) {
			rig_open(&rig, *state, "watchdog=0", 3);
			INJECT(0, .kind = kinds[k], .count = 1000);
			INJECT(1, .kind = SDXI_EMU_FAULT_FN_ERROR, .op = 0);
			for (v = 0; v < 3; v++)
				enqueue(&rig, v, (struct burst){ .fence = 0x24 });
			skip_sleeps_set(kinds[k] == SDXI_EMU_FAULT_NO_RESET);
			submit(&rig, 1);
			TD_WAIT(injected() > 0);
			submit(&rig, 0);
			submit(&rig, 2);
			for (v = 0; v < 3; v++)
				expect_failed(&rig, v, 0);
			switch (way) {
			case 0:
				/* Remove the failed device. */
				break;
			case 1:
				inject_clear();
				rig_restart(&rig);
				break;
			default:
				assert_int_equal(rte_dma_stop(rig.id), 0);
				inject_clear();
				break;
			}
			rig_close(&rig);
			skip_sleeps_set(false);
		}
	}
	rig_open(&rig, *state, "", 1);
	expect_usable(&rig, 0);
}

static void
nothing_cb(struct sdxi_emu *emu, void *arg)
{
	RTE_SET_USED(emu);
	RTE_SET_USED(arg);
}

static bool dump_stop; /* atomic */

static void *
dump_thread(void *arg)
{
	const int16_t id = *(const int16_t *)arg;
	FILE *f = fopen("/dev/null", "w");

	while (f != NULL && !__atomic_load_n(&dump_stop, __ATOMIC_RELAXED))
		rte_dma_dump(id, f);
	if (f != NULL)
		fclose(f);
	return NULL;
}

/* Threads that dump the device all the time must not starve the function. */
static void
test_dump(void **state)
{
	enum { THREADS = 4 };
	pthread_t thread[THREADS];
	pthread_attr_t attr;
	struct rig rig;
	unsigned int i;

	rig_open(&rig, *state, "watchdog=0", 1);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), td_cpus());
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], &attr, dump_thread, &rig.id), 0);
	pthread_attr_destroy(&attr);
	for (i = 0; i < 20; i++) {
		BURST(&rig, 0, .bad_src = i % 4 == 3 ? 0x10 : 0);
		expect_one(&rig, 0, i % 4 == 3 ? 4 : OPS, RTE_DMA_STATUS_INVALID_SRC_ADDR);
	}
	__atomic_store_n(&dump_stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* Give the function time to write. */
static void
wait_for_writes(void)
{
	unsigned int i;

	for (i = 0; i < 300; i++) {
		/* Each call pauses and resumes the function. */
		td_vdev_call(FN0, nothing_cb, NULL);
		usleep(1000);
	}
}

/*
 * Buffers of failed operations belong to the application, even if the function cannot be stopped:
 * it must write neither to them nor, after removal, to freed memory. A function that can still
 * access memory would continue with the second vchan as soon as the faults are cleared.
 */
static void
test_failed_memory(void **state)
{
	enum { AGAIN = 8 << 20 };
	struct rig rig;
	unsigned int v;
	uint8_t *again;

	rig_open(&rig, *state, WATCHDOG, 2);
	/* Context 0 executes no more commands. */
	inject(UINT16_MAX, (struct sdxi_emu_fault){ .kind = SDXI_EMU_FAULT_STALL });
	INJECT(0, .kind = SDXI_EMU_FAULT_NO_RESET);
	for (v = 0; v < 2; v++) {
		INJECT(v, .kind = SDXI_EMU_FAULT_STALL, .op = 3);
		BURST(&rig, v);
	}
	skip_sleeps_set(true);
	for (v = 0; v < 2; v++)
		expect_failed(&rig, v, 3);
	for (v = 0; v < 2; v++)
		memset(rig.vchan[v].dst, 0x5c, OPS * ROOM);
	inject_clear();
	wait_for_writes();
	for (v = 0; v < 2; v++)
		assert_true(td_is_all(rig.vchan[v].dst, OPS * ROOM, 0x5c));
	rig_close(&rig);
	again = td_alloc(AGAIN, 64);
	memset(again, 0x5c, AGAIN);
	wait_for_writes();
	assert_true(td_is_all(again, AGAIN, 0x5c));
	rig_open(&rig, *state, "", 1);
	expect_usable(&rig, 0);
}

/* A failed activation is retried. */
static void
test_no_active_once(void **state)
{
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 1);
	INJECT(0, .kind = SDXI_EMU_FAULT_NO_ACTIVE, .count = 1);
	INJECT(0, .kind = SDXI_EMU_FAULT_FN_ERROR, .op = 4);
	BURST(&rig, 0);
	expect_one(&rig, 0, 4, RTE_DMA_STATUS_ERROR_UNKNOWN);
	expect_usable(&rig, 0);
}

/* ---- other vchans and operations ------------------------------------------------------------- */

/* Repeated failures of one vchan do not affect others of the same function. */
static void
test_other_vchans(void **state)
{
	const unsigned int rounds = td_is_slow() ? 20 : 100;
	enum rte_dma_status_code status[OPS + 1];
	unsigned int round, i;
	struct rig rig;

	rig_open(&rig, *state, "watchdog=0", 3);
	for (round = 0; round < rounds; round++) {
		struct sdxi_emu_fault fault = { .op = round % OPS, .no_block = round % 5 == 1 };

		fault.kind = round % 3 == 0 ? SDXI_EMU_FAULT_STOP : SDXI_EMU_FAULT_FAIL;
		inject(1, fault);
		BURST(&rig, 1, .bad_src = round % 4 == 0 ? 0x82 : 0, .fence = round & 0x3ff);
		BURST(&rig, 0, .fence = 0x2a);
		BURST(&rig, 2);
		expect_success(&rig, 0);
		gather(&rig, 1, status);
		for (i = 0; i < OPS; i++)
			assert_int_not_equal(status[i], RTE_DMA_STATUS_USER_ABORT);
		expect_success(&rig, 2);
		BURST(&rig, 2);
		expect_success(&rig, 2);
	}
	inject_clear();
	expect_usable(&rig, 0);
	expect_usable(&rig, 1);
	expect_usable(&rig, 2);
	assert_int_equal(rig.vchan[0].errors + rig.vchan[2].errors, 0);
}

/* A long fill copies its first piece: failed reads of the copies must not set its status. */
static void
test_fill_log_lost(void **state)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	enum { OTHERS = 30 };
	bool error = false;
	struct rig rig;
	unsigned int i;
	uint16_t last;

	rig_open(&rig, *state, "", 1);
	INJECT(0, .kind = SDXI_EMU_FAULT_LOG_OVF);
	/* After the four pieces of the fill: its status must be decided when the context stops. */
	INJECT(0, .kind = SDXI_EMU_FAULT_STOP, .op = OTHERS + 4);
	/* Occupy all pattern pages, so that the fill is split. */
	for (i = 0; i < OTHERS; i++)
		assert_int_equal(rte_dma_fill(rig.id, 0, i + 1, (uintptr_t)rig.vchan[0].dst, 8, 0),
				 i);
	assert_int_equal(rte_dma_fill(rig.id, 0, 0, 16, 173, 0), OTHERS);
	assert_int_equal(rte_dma_fill(rig.id, 0, 1, (uintptr_t)rig.vchan[0].dst, 8,
				      RTE_DMA_OP_FLAG_SUBMIT), OTHERS + 1);
	for (i = 0; i <= OTHERS; i++)
		TD_WAIT(rte_dma_completed_status(rig.id, 0, 1, &last, &status) == 1);
	assert_int_equal(last, OTHERS);
	assert_int_equal(status, RTE_DMA_STATUS_ERROR_UNKNOWN);
	TD_WAIT(rte_dma_completed(rig.id, 0, 1, &last, &error) == 1);
	td_one_copy(rig.id, 0, OTHERS + 2);
}

/* rte_dma_vchan_status() in the phases of a failure. */
static void
test_vchan_status(void **state)
{
	enum rte_dma_status_code status[OPS];
	unsigned int n, round;
	struct rig rig;
	uint16_t last;
	bool error;

	rig_open(&rig, *state, "watchdog=0", 2);
	for (round = 0; round < 10; round++) {
		assert_int_equal(td_status(rig.id, 0), RTE_DMA_VCHAN_IDLE);
		enqueue(&rig, 0, (struct burst){ .bad_src = 1u << round });
		assert_int_equal(td_status(rig.id, 0), RTE_DMA_VCHAN_IDLE);
		submit(&rig, 0);
		n = 0;
		TD_WAIT((n += rte_dma_completed(rig.id, 0, OPS - n, &last, &error), error));
		assert_int_equal(n, round);
		/* The vchan recovers before the error is dequeued. */
		TD_WAIT(td_status(rig.id, 0) == RTE_DMA_VCHAN_IDLE);
		/* If CXT_UPD is refused, the function is reset. */
		if (getenv(TD_CXT_UPD) == NULL)
			assert_int_equal(td_status(rig.id, 1), RTE_DMA_VCHAN_IDLE);
		assert_int_equal(rte_dma_completed_status(rig.id, 0, 1, &last, status), 1);
		assert_int_equal(status[0], RTE_DMA_STATUS_INVALID_SRC_ADDR);
		assert_int_equal(rte_dma_completed(rig.id, 0, OPS, &last, &error), OPS - 1 - n);
		assert_int_equal(td_status(rig.id, 0), RTE_DMA_VCHAN_IDLE);
		rig.vchan[0].next += OPS;
		rig.vchan[0].completed += OPS;
		rig.vchan[0].errors++;
		expect_stats(&rig, 0);
	}
	expect_usable(&rig, 0);
}

/* ---- fills and scatter-gather ---------------------------------------------------------------- */

/* A failed fill writes nothing, and its neighbours only to their destinations. */
static void
test_fill_fails(void **state)
{
	static const uint32_t lens[] = { 1, 8, 32, 64, 100, 4096, 20000 };
	enum { AREA = 24576 };
	enum rte_dma_status_code status[3];
	unsigned int l, i, way;
	uint64_t idx = 0, at;
	struct rig rig;
	uint8_t *dst;

	dst = td_alloc(2 * AREA, 4096);
	rig_open(&rig, *state, "watchdog=0", 1);
	for (l = 0; l < RTE_DIM(lens); l++) {
		for (way = 0; way < 2; way++) {
			memset(dst, TD_GUARD, 2 * AREA);
			for (i = 0; i < 3; i++, idx++) {
				rte_iova_t to = (uintptr_t)dst + i / 2 * AREA + 64;

				if (i == 1)
					to = way == 0 ? BAD : UINT64_MAX - lens[l];
				assert_int_equal(rte_dma_fill(rig.id, 0, 0x0102030405060708, to,
							      lens[l], 0), (uint16_t)idx);
			}
			assert_return_code(rte_dma_submit(rig.id, 0), 0);
			td_statuses(rig.id, 0, 3, status);
			assert_int_equal(status[0], RTE_DMA_STATUS_SUCCESSFUL);
			assert_int_equal(status[1], RTE_DMA_STATUS_INVALID_DST_ADDR);
			assert_int_equal(status[2], RTE_DMA_STATUS_SUCCESSFUL);
			for (i = 0; i < 2; i++) {
				const uint8_t *area = dst + i * AREA;

				assert_true(td_is_all(area, 64, TD_GUARD));
				for (at = 0; at < lens[l]; at++)
					assert_int_equal(area[64 + at], 8 - at % 8);
				assert_true(td_is_all(area + 64 + at, AREA - 64 - at, TD_GUARD));
			}
		}
	}
	td_expect_stats(rig.id, 0, idx, idx, idx / 3);
}

/* One entry has an unmapped address: the whole operation fails, and no other one. */
static void
test_sg_fails(void **state)
{
	enum { SGES = 8, PART = 100, GAP = 28 };
	struct rte_dma_sge src[SGES], dst[SGES];
	enum rte_dma_status_code status[3];
	unsigned int bad, way, i, k, n;
	uint64_t idx = 0;
	struct rig rig;
	uint8_t *mem;

	mem = td_alloc(3 * SGES * (PART + GAP), 64);
	rig_open(&rig, *state, "watchdog=0", 1);
	for (bad = 0; bad < SGES; bad++) {
		for (way = 0; way < 2; way++) {
			memset(mem, TD_GUARD, 3 * SGES * (PART + GAP));
			for (k = 0; k < 3; k++, idx++) {
				for (i = 0; i < SGES; i++) {
					src[i].addr = (uintptr_t)rig.src + i * PART;
					src[i].length = PART;
					dst[i].addr = (uintptr_t)mem +
						      (k * SGES + i) * (PART + GAP);
					dst[i].length = PART;
				}
				/* Different boundaries: some entries span two of the other list. */
				src[0].length += 30;
				src[1].addr += 30;
				src[1].length -= 30;
				if (k == 1 && way == 0)
					src[bad].addr = BAD;
				if (k == 1 && way == 1)
					dst[bad].addr = BAD;
				assert_int_equal(rte_dma_copy_sg(rig.id, 0, src, dst, SGES, SGES,
								 0), (uint16_t)idx);
			}
			assert_return_code(rte_dma_submit(rig.id, 0), 0);
			td_statuses(rig.id, 0, 3, status);
			assert_int_equal(status[0], RTE_DMA_STATUS_SUCCESSFUL);
			assert_int_equal(status[1], way == 0 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
							       RTE_DMA_STATUS_INVALID_DST_ADDR);
			assert_int_equal(status[2], RTE_DMA_STATUS_SUCCESSFUL);
			for (i = 0; i < 3 * SGES; i++) {
				const uint8_t *at = mem + i * (PART + GAP);
				const uint8_t *from = rig.src + i % SGES * PART;

				assert_true(td_is_all(at + PART, GAP, TD_GUARD));
				for (n = 0; n < PART; n++)
					assert_true(at[n] == from[n] ||
						    (i / SGES == 1 && at[n] == TD_GUARD));
			}
		}
	}
	td_expect_stats(rig.id, 0, idx, idx, idx / 3);
}

/* ---- silent mode ----------------------------------------------------------------------------- */

static void
silent_open(struct rig *rig, const void *state, const char *more)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };

	rig_open(rig, state, more, 1);
	assert_return_code(rte_dma_stop(rig->id), 0);
	td_conf_silent(&conf);
	assert_return_code(rte_dma_configure(rig->id, &conf), 0);
	td_vchan_setup(rig->id, 0, NB_DESC);
	assert_return_code(rte_dma_start(rig->id), 0);
}

/* Return true if all submitted operations are done. Silent mode reports no completions. */
static bool
silent_done(struct rig *rig)
{
	enum rte_dma_status_code status;
	struct rte_dma_stats stats;
	const bool idle = td_status(rig->id, 0) == RTE_DMA_VCHAN_IDLE;

	assert_int_equal(rte_dma_completed(rig->id, 0, 1, NULL, NULL), 0);
	assert_int_equal(rte_dma_completed_status(rig->id, 0, 1, NULL, &status), 0);
	assert_return_code(rte_dma_stats_get(rig->id, 0, &stats), 0);
	assert_int_equal(stats.submitted, rig->vchan[0].submitted);
	rig->vchan[0].errors = stats.errors;
	return idle && stats.completed == stats.submitted;
}

/* Run a burst, and return the mask of operations that were not done. */
static unsigned int
silent_burst(struct rig *rig, struct burst burst)
{
	unsigned int i, not_done = 0;

	start_burst(rig, 0, burst);
	rig->vchan[0].next += OPS;
	TD_WAIT(silent_done(rig));
	for (i = 0; i < OPS; i++)
		if (memcmp(dst_of(rig, 0, i), rig->src + i * ROOM, LEN) != 0)
			not_done |= 1u << i;
	return not_done;
}

/* Each failure is counted once; with error=stop so are operations from the next fence on. */
static void
test_silent_errors(void **state)
{
	unsigned int round, errors = 0;
	struct rig rig;

	silent_open(&rig, *state, "watchdog=0");
	for (round = 0; round < 20; round++) {
		unsigned int not_done = silent_burst(&rig, (struct burst){ .bad_src = 0x12 });

		assert_int_equal(not_done, 0x12);
		errors += 2;
		assert_int_equal(rig.vchan[0].errors, errors);
		not_done = silent_burst(&rig, (struct burst){ .bad_dst = 0x4, .fence = 0x120 });
		errors += __builtin_popcount(not_done);
		assert_int_equal(rig.vchan[0].errors, errors);
		/* With reordering, operations that were consumed may be finished. */
		if (rig.cont)
			assert_int_equal(not_done, 0x4);
		else if (!reorders())
			assert_int_equal(not_done, 0x3e4);
	}
}

static void
test_silent(void **state)
{
	static const struct {
		enum sdxi_emu_fault_kind kind;
		const char *args;
		bool fails;
	} kinds[] = {
		{ SDXI_EMU_FAULT_FAIL, "watchdog=0", true },
		{ SDXI_EMU_FAULT_STOP, "watchdog=0", false },
		{ SDXI_EMU_FAULT_FN_ERROR, "watchdog=0", true },
		{ SDXI_EMU_FAULT_STALL, WATCHDOG, false },
	};
	unsigned int k, p, not_done, errors;
	struct rig rig;

	for (k = 0; k < RTE_DIM(kinds); k++) {
		silent_open(&rig, *state, kinds[k].args);
		for (p = 0; p < RTE_DIM(places); p++) {
			errors = rig.vchan[0].errors;
			INJECT(0, .kind = kinds[k].kind, .op = places[p]);
			not_done = silent_burst(&rig, (struct burst){ .fence = 0 });
			errors = rig.vchan[0].errors - errors;
			if (strcmp(kinds[k].args, WATCHDOG) == 0 || reorders() ?
			    (not_done & ~(1u << places[p])) != 0 && !reorders() :
			    not_done != (kinds[k].fails ? 1u << places[p] : 0) ||
			    errors != kinds[k].fails)
				fail_msg("fault kind %d at %u: not done: 0x%x, %u errors",
					 kinds[k].kind, places[p], not_done, errors);
			assert_int_equal(silent_burst(&rig, (struct burst){ .fence = 0x3ff }), 0);
		}
		rig_close(&rig);
	}
}

int
main(int argc, char **argv)
{
	static char stop[] = "stop", cont[] = "continue";
	const struct CMUnitTest tests[] = {
#define EACH(test)                                                                                 \
	TD_TEST_WITH(test, "error=stop", stop), TD_TEST_WITH(test, "error=continue", cont)
		EACH(test_fail),
		EACH(test_fail_no_log),
		EACH(test_fail_unreported),
		EACH(test_no_signal),
		EACH(test_many_fail),
		EACH(test_all_fail),
		TD_TEST_WITH(test_fail_consecutive, "error=continue", cont),
		EACH(test_fence),
		EACH(test_log_lost),
		EACH(test_log_flood),
		EACH(test_lose),
		EACH(test_lose_before_fence),
		EACH(test_stall),
		EACH(test_stop),
		EACH(test_stop_again),
		EACH(test_fn_error),
		EACH(test_no_active_once),
		EACH(test_other_vchans),
		TD_TEST_WITH(test_fill_log_lost, "error=continue", cont),
		EACH(test_vchan_status),
		EACH(test_fill_fails),
		EACH(test_sg_fails),
		EACH(test_silent),
		EACH(test_silent_errors),
		/* These wait for timeouts, and take some seconds each. */
		TD_TEST_WITH(test_no_stop, "error=stop", stop),
		TD_TEST_WITH(test_no_fn_stop, "error=continue", cont),
		EACH(test_failed),
		TD_TEST_WITH(test_failed_memory, "error=stop", stop),
		TD_TEST_WITH(test_dump, "error=stop", stop),
	};

	if (!td_eal_init_linked(argv[0], 128))
		return 1;
	return TD_RUN("driver, faults", tests, argc > 1 ? argv[1] : NULL);
}
