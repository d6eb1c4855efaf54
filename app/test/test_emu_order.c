/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Emulated function with reorder: invariants hold for all choices, and all choices occur. A
 * function without reorder passes the former tests and fails the latter.
 */

#include "test_emu_owner.h"

#define SEEDS 40
#define CONTEXTS 2 /* areas 1 and 2 */
#define OPS 500
#define START 700 /* first index, so that rings wrap */
#define PLACE 4096
#define SRC DATA_AT
#define SRC_LEN (UINT64_C(1) << 20)
#define DST (DATA_AT + SRC_LEN)
#define LONG_AT (DST + CONTEXTS * OPS * PLACE)
#define LONG_LEN (700u << 10)
#define LONGS ((DATA_AT + DATA_LEN - LONG_AT) / LONG_LEN)
#define CALLS 20000 /* of sdxi_emu_run(), enough to finish */

/* ---- random choices of software ---- */

static uint64_t rnd_state;

static unsigned int
rnd_to(unsigned int n)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n;
}

/* ---- model ---- */

struct op {
	uint64_t dst;
	uint64_t src;
	uint32_t len; /* 0: a NOP */
	bool fe;
	bool bad;
	bool silent;
	/* Observed state. */
	uint32_t moved;
	unsigned int moved_at; /* number of the call */
	bool signalled;
	bool consumed; /* found executed and consumed at a restart */
};

struct model {
	struct op op[OPS];
	unsigned int n;
	int last; /* last operation seen moving data */
	uint64_t read_index;
	bool stopped; /* reported by SYNC(STOP) */
	bool err_fn;  /* reported by CXT_STS */
};

static struct model model[CONTEXTS];
static unsigned int longs;
static unsigned int call;

/* Kinds of reordering, and how often each was seen. */
enum {
	ORDER,	    /* executed before an earlier one began */
	FENCE,	    /* executed before an earlier fence began */
	INTERLEAVE, /* interleaved with another one */
	SIGNAL,	    /* signalled before an earlier one that was executed */
	LATE,	    /* signalled some calls after execution */
	INDEX_LATE, /* signalled while Read_Index is below it */
	INDEX_FAR,  /* the same by 16 or more */
	INDEX_SOON, /* Read_Index beyond one that has not begun */
	AFTER_ERR,  /* in flight when another failed, and still executed */
	DROPPED,    /* consumed but not executed, due to a fence after a failure */
	NB_REORDERINGS,
};
static unsigned int seen[NB_REORDERINGS];
static unsigned int recovered; /* number of restarted contexts */

/* Has all data of an operation arrived? */
static bool
is_moved(struct owner *own, const struct op *op)
{
	return op->bad || op->len == 0 ||
	       (op->moved == op->len && same(own, op->dst, op->src, op->len));
}

static void
look_at_copy(struct owner *own)
{
	struct op *op = NULL, *last;
	struct model *m = model;
	unsigned int pos, i;

	for (pos = 0; op == NULL; pos += op == NULL) {
		if (pos == m->n) {
			assert_ptr_equal(m++, model);
			pos = 0;
		}
		if (own->copy_dst - m->op[pos].dst < m->op[pos].len)
			op = &m->op[pos];
	}
	assert_false(m->stopped);
	/* Each part in order, and only once. */
	assert_int_equal(own->copy_dst - op->dst, op->moved);
	assert_true(op->moved + own->copy_len <= op->len);
	/* Nothing begins in ERR_FN, nor after a failure that leads to it. */
	assert_true(op->moved != 0 || !m->err_fn);
	for (i = 0; op->moved == 0 && i < pos; i++) {
		const struct op *earlier = &m->op[i];

		if (op->fe && earlier->silent)
			assert_true(is_moved(own, earlier));
		else if (op->fe)
			assert_true(earlier->signalled);
		if (op->fe && !own->conf.err_continue)
			assert_true(!earlier->bad || earlier->consumed);
		if (earlier->len != 0 && !earlier->bad && earlier->moved == 0) {
			seen[ORDER]++;
			seen[FENCE] += earlier->fe;
		}
	}
	last = m->last < 0 ? op : &m->op[m->last];
	seen[INTERLEAVE] += last != op && !last->bad && last->moved != last->len;
	m->last = pos;
	/* The source of a bad operation is not mapped. */
	if (op->bad)
		return;
	op->moved += own->copy_len;
	op->moved_at = call;
}

static void
look_at_signal(struct owner *own, unsigned int cxt, unsigned int pos)
{
	struct model *m = &model[cxt];
	struct op *op = &m->op[pos];
	unsigned int i;

	assert_false(m->stopped || op->signalled || op->silent);
	assert_true(is_done(own, cxt + 1, START + pos));
	/* State that must be visible with the terminal value of the signal. */
	assert_true(is_moved(own, op));
	assert_true(has_er(own, cxt + 1, START + pos) == op->bad);
	op->signalled = true;
	seen[INDEX_LATE] += START + pos >= m->read_index;
	seen[INDEX_FAR] += START + pos >= m->read_index + 16;
	if (op->len == 0 || op->bad)
		return;
	seen[LATE] += call > op->moved_at + 2;
	for (i = 0; i < pos; i++)
		seen[SIGNAL] += m->op[i].len != 0 && !m->op[i].bad && !m->op[i].silent &&
				!m->op[i].signalled && m->op[i].moved == m->op[i].len;
}

static void
look_at_write(struct owner *own, uint64_t iova)
{
	unsigned int cxt, i;
	struct model *m;
	uint64_t off;

	for (cxt = 0; cxt < CONTEXTS; cxt++) {
		m = &model[cxt];
		off = iova - AREA_AT(cxt + 1);
		if (off >= AREA_LEN)
			continue;
		if (off == STS_OFF + 8) {
			assert_false(m->stopped);
			assert_in_range(read_index(own, cxt + 1), m->read_index, own->wix[cxt + 1]);
			m->read_index = read_index(own, cxt + 1);
			for (i = 0; i < m->read_index - START; i++)
				seen[INDEX_SOON] += m->op[i].len != 0 && m->op[i].moved == 0;
		} else if (off == STS_OFF) {
			m->err_fn = cxt_state(own, cxt + 1) == SDXI_CXT_ERR_FN;
		} else if (off - CST_OFF < RING_SZ * sizeof(struct sdxi_cst_blk)) {
			off = (off - CST_OFF) / sizeof(struct sdxi_cst_blk);
			look_at_signal(own, cxt, (off + RING_SZ - START % RING_SZ) % RING_SZ);
		}
	}
}

/* ---- load ---- */

static void
op_push(struct owner *own, unsigned int cxt)
{
	struct model *m = &model[cxt];
	struct op *op = &m->op[m->n];
	struct sdxi_dsc dsc;

	*op = (struct op){
		.dst = DST + ((uint64_t)cxt * OPS + m->n) * PLACE,
		.src = SRC + rnd_to((SRC_LEN - PLACE) / PLACE) * PLACE,
		.len = rnd_to(6) == 0 ? 0 : 1 + rnd_to(rnd_to(2) ? 64 : 4096),
		.fe = rnd_to(16) == 0,
		.silent = rnd_to(10) == 0,
		.bad = rnd_to(40) == 0,
	};
	op->bad &= op->len != 0;
	if (op->len != 0 && longs < LONGS && rnd_to(40) == 0) {
		op->dst = LONG_AT + (uint64_t)longs++ * LONG_LEN;
		op->src = SRC;
		op->len = LONG_LEN;
	}
	dsc = op->len == 0 ? dsc_nop() : dsc_copy(op->dst, op->bad ? NO_MEM : op->src, op->len);
	dsc.any.opcode |= le32(op->fe ? SDXI_DSC_FE : 0);
	dsc.any.csb_ptr = le64(op->silent ? SDXI_DSC_NP : 0);
	m->n++;
	push(own, cxt + 1, &dsc);
}

/*
 * Restart a failed context. Operations beyond Read_Index are untouched, and so are consumed ones
 * that were fenced after the failure: run both again. All others are done.
 */
static void
recover(struct owner *own, unsigned int cxt)
{
	const struct sdxi_dsc nop = dsc_nop();
	struct model *m = &model[cxt];
	bool dropped[OPS] = { false }, failed = false;
	uint64_t restart = m->read_index, index;
	struct sdxi_dsc *slot;
	unsigned int i;

	do_good(own, 0, dsc_stop(cxt + 1, cxt + 1, rnd_to(2)));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, cxt + 1, cxt + 1));
	assert_int_equal(cxt_state(own, cxt + 1), SDXI_CXT_STOP_SW);
	m->stopped = true;
	for (i = 0; i < 100; i++)
		sdxi_emu_run(own->emu, 1 + rnd_to(64));
	assert_int_equal(read_index(own, cxt + 1), m->read_index);
	for (i = 0, index = START; i < m->n; i++, index++) {
		struct op *op = &m->op[i];

		slot = slot_of(own, cxt + 1, index);
		assert_int_equal(slot->any.opcode & le32(SDXI_DSC_VL),
				 index < m->read_index ? 0 : le32(SDXI_DSC_VL));
		if (op->consumed)
			continue;
		dropped[i] = index >= m->read_index || (failed && op->fe);
		if (dropped[i]) {
			assert_true(op->moved == 0 && !op->signalled);
			restart = restart < index ? restart : index;
			seen[DROPPED] += index < m->read_index;
			continue;
		}
		seen[AFTER_ERR] += failed;
		assert_true(is_moved(own, op) && op->signalled == !op->silent);
		failed |= op->bad;
		op->consumed = true;
	}
	assert_true(failed);
	for (index = restart; index < m->read_index; index++) {
		slot = slot_of(own, cxt + 1, index);
		if (!dropped[index - START]) {
			*slot = nop;
			slot->any.csb_ptr = le64(SDXI_DSC_NP);
		}
		slot->any.opcode |= le32(SDXI_DSC_VL);
	}
	m->read_index = restart;
	sts_of(own, cxt + 1)->read_index = le64(restart);
	m->stopped = false;
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, cxt + 1, cxt + 1));
	recovered++;
}

static void
load(struct owner *own)
{
	unsigned int cxt, i, n;
	struct model *m;

	longs = 0;
	fill(own, SRC, SRC_LEN, 7);
	memset(model, 0, sizeof(model));
	for (cxt = 0; cxt < CONTEXTS; cxt++) {
		model[cxt].last = -1;
		model[cxt].read_index = START;
		cxt_build(own, cxt + 1, START);
	}
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, CONTEXTS));
	own->on_copy = look_at_copy;
	own->on_write64 = look_at_write;

	for (call = 0; model[0].n < OPS || model[1].n < OPS; call++) {
		cxt = rnd_to(CONTEXTS);
		m = &model[cxt];
		n = rnd_to(4) == 0 ? rnd_to(40) : rnd_to(3);
		for (i = 0; i < n && m->n < OPS; i++)
			op_push(own, cxt);
		if (n != 0 && rnd_to(4) != 0)
			ring_doorbell(own, cxt + 1);
		sdxi_emu_run(own->emu, 1 + rnd_to(16));
	}
	for (cxt = 0; cxt < CONTEXTS; cxt++)
		ring_doorbell(own, cxt + 1);
	/* Run until everything is done, restarting failed contexts. */
	do {
		for (n = 0; sdxi_emu_run(own->emu, 8) != 0; n++, call++)
			assert_true(n < CALLS);
		for (cxt = i = 0; cxt < CONTEXTS; cxt++) {
			if (cxt_state(own, cxt + 1) != SDXI_CXT_ERR_FN)
				continue;
			assert_false(own->conf.err_continue);
			recover(own, cxt);
			i++;
		}
	} while (i != 0);

	for (cxt = 0; cxt < CONTEXTS; cxt++) {
		m = &model[cxt];
		assert_int_equal(cxt_state(own, cxt + 1), SDXI_CXT_RUN);
		assert_int_equal(m->read_index, START + OPS);
		for (i = 0; i < OPS; i++)
			assert_true(is_moved(own, &m->op[i]) &&
				    m->op[i].signalled == !m->op[i].silent);
	}
	own->on_copy = NULL;
	own->on_write64 = NULL;
}

static struct owner *
make(unsigned int seed, bool cont)
{
	struct sdxi_emu_conf conf = conf_test();

	conf.seed = seed;
	conf.err_continue = cont;
	return active_with(&conf);
}

static void
test_load(void **state)
{
	const char *env = getenv("SDXI_TEST_SEED");
	const unsigned int first = env != NULL ? strtoul(env, NULL, 0) : 1;
	const unsigned int end = env != NULL ? first + 1 : first + seeds_of(SEEDS);
	unsigned int seed, i;
	struct owner *own;

	(void)state;
	memset(seen, 0, sizeof(seen));
	recovered = 0;
	for (seed = first; seed < end; seed++) {
		if (env != NULL)
			print_message("seed %u (SDXI_TEST_SEED)\n", seed);
		rnd_state = seed * UINT64_C(0x9e3779b97f4a7c15);
		own = make(seed, seed & 1);
		load(own);
		owner_free(own);
	}
	/* A few seeds may not show all kinds. */
	if (end < first + SEEDS)
		return;
	assert_true(recovered > 0);
	for (i = 0; i < NB_REORDERINGS; i++) {
		print_message("reordering %u seen %u times\n", i, seen[i]);
		if (order_seed != 0)
			assert_true(seen[i] > 0);
	}
	if (order_seed == 0)
		assert_int_equal(seen[ORDER] + seen[SIGNAL] + seen[AFTER_ERR] + seen[DROPPED], 0);
}

/* The same seed and calls give the same choices, another seed gives others. */
static void
test_seed(void **state)
{
	uint64_t accesses[3];
	struct owner *own;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		own = make(7 + i / 2, true);
		rnd_state = 1;
		load(own);
		accesses[i] = own->accesses;
		owner_free(own);
	}
	assert_int_equal(accesses[0], accesses[1]);
	assert_int_not_equal(accesses[0], accesses[2]);
}

/* Write_Index is read without a doorbell, and at the latest some time after one. */
static void
test_doorbell(void **state)
{
	unsigned int seed, calls, unasked = 0, late = 0, soon = 0;
	struct owner *own;
	struct sdxi_dsc nop = dsc_nop();
	unsigned int area;

	(void)state;
	for (seed = 0; seed < 100; seed++) {
		own = make(seed, false);
		area = cxt_up(own, 1);
		push(own, area, &nop);
		if (seed % 4 == 0) {
			for (calls = 0; calls < 100 && !is_done(own, area, 0); calls++)
				sdxi_emu_run(own->emu, 4);
			unasked += is_done(own, area, 0);
		}
		ring_doorbell(own, area);
		for (calls = 0; !is_done(own, area, 0); calls++) {
			assert_true(calls < CALLS);
			sdxi_emu_run(own->emu, 1);
		}
		late += calls > 20;
		soon += calls < 5;
		owner_free(own);
	}
	assert_true(soon > 0);
	if (order_seed != 0)
		assert_true(unasked > 0 && late > 0);
}

/* ---- failures ---- */

/* Order in which parts of a failure became visible, counted in writes. */
static unsigned int now, state_at, index_at, signal_at, log_seen_at;

static void
look_at_failure(struct owner *own, uint64_t iova)
{
	now++;
	if (iova == AREA_AT(1) + STS_OFF && cxt_state(own, 1) == SDXI_CXT_ERR_FN && state_at == 0)
		state_at = now;
	if (iova == AREA_AT(1) + STS_OFF + 8)
		index_at = now;
	if (iova == cst_at(1, 1))
		signal_at = now;
	if (iova == LOG_AT)
		log_seen_at = now;
}

static void
test_failure(void **state)
{
	enum { STATE_FIRST, LOG_FIRST, ALONE, STATE_LAST, LOG_LAST, LOG_STATE, INDEX_LAST, IRQ_LATE,
	       IN_FLIGHT, WAYS };
	unsigned int ways[WAYS] = { 0 }, seed, calls, i;
	struct owner *own;
	struct sdxi_dsc dsc;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		own = make(seed, false);
		cxt_up(own, 1);
		reg_set(own, SDXI_MMIO_ERR_CTL, SDXI_ERR_CTL_INTR_EN);
		for (i = 0; i < 3; i++) {
			dsc = dsc_copy(DST, i == 1 ? NO_MEM : SRC, 64);
			push(own, 1, &dsc);
		}
		now = state_at = index_at = signal_at = log_seen_at = 0;
		own->on_write64 = look_at_failure;
		ring_doorbell(own, 1);
		for (calls = 0; own->irqs == 0; calls++) {
			assert_true(calls < CALLS);
			/* The function still has work. */
			assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
			ways[IRQ_LATE] += own->irqs == 0 && log_seen_at != 0;
		}
		run_dry(own);
		assert_int_equal(own->irqs, 1);
		assert_int_equal(cxt_state(own, 1), SDXI_CXT_ERR_FN);
		assert_true(is_done(own, 1, 0) && !has_er(own, 1, 0));
		assert_true(is_done(own, 1, 1) && has_er(own, 1, 1));
		log_check(own, 0, 1, 1, 0, AT(BUFFER, TRANSLATION), SDXI_RE_CXT_STOPPED);
		assert_int_equal(read_index(own, 1), is_done(own, 1, 2) ? 3 : 2);
		ways[IN_FLIGHT] += is_done(own, 1, 2);
		ways[ALONE] += !is_done(own, 1, 2);
		ways[STATE_FIRST] += state_at < signal_at;
		ways[STATE_LAST] += state_at > signal_at;
		ways[LOG_FIRST] += log_seen_at < signal_at;
		ways[LOG_LAST] += log_seen_at > signal_at;
		ways[LOG_STATE] += log_seen_at > state_at;
		ways[INDEX_LAST] += index_at > state_at;
		owner_free(own);
	}
	for (i = 0; i < WAYS; i++) {
		print_message("sequence %u seen %u times\n", i, ways[i]);
		assert_true((order_seed == 0 && i > ALONE) || ways[i] > 0);
	}
}

/* ---- stops ---- */

static unsigned int stopg;

static void
look_at_state(struct owner *own, uint64_t iova)
{
	if (iova == AREA_AT(1) + STS_OFF)
		stopg += cxt_state(own, 1) == SDXI_CXT_STOPG_SW ||
			 cxt_state(own, 1) == SDXI_CXT_STOPG_FN;
	/* The context itself may still be written. */
	assert_true(iova < AREA_AT(1) || iova >= AREA_AT(2) || !model[0].stopped);
}

static void
no_more(struct owner *own)
{
	(void)own;
	assert_false(model[0].stopped);
}

/* No write after a stop of any kind; intermediate states are optional. */
static void
test_stops(void **state)
{
	unsigned int with_state = 0, without = 0, lost = 0, kept = 0, slow = 0, quick = 0;
	unsigned int seed, calls, i, done;
	struct sdxi_dsc dsc;
	struct owner *own;
	uint64_t sync = 0;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		const unsigned int how = seed % 4; /* 1: hard, 2: by the function */

		own = make(seed, true);
		cxt_up(own, 1);
		fill(own, SRC, 4096, 3);
		stopg = 0;
		model[0].stopped = false;
		own->on_copy = no_more;
		own->on_write64 = look_at_state;
		for (i = 0; i < 40; i++) {
			dsc = dsc_copy(DST + i * 4096, SRC, i % 8 == 7 ? SDXI_EMU_CHUNK * 3 : 64);
			if (i % 8 == 7)
				dsc.copy.addr1 = le64(LONG_AT + (uint64_t)i / 8 * LONG_LEN * 2);
			push(own, 1, &dsc);
		}
		ring_doorbell(own, 1);
		for (i = 0; i < seed % 37; i++)
			sdxi_emu_run(own->emu, 4);
		if (how & 2) {
			fn_ask(own, how & 1 ? SDXI_GSR_STOP_HD : SDXI_GSR_STOP_SF);
		} else {
			dsc = dsc_stop(1, 1, how & 1);
			push(own, 0, &dsc);
			sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		}
		for (calls = 0; how & 2 ? fn_state(own) != SDXI_GSV_STOP : !is_done(own, 0, sync);
		     calls++) {
			assert_true(calls < CALLS);
			assert_int_not_equal(sdxi_emu_run(own->emu, 2), 0);
		}
		assert_int_equal(cxt_state(own, 1), how & 2 ? SDXI_CXT_STOP_FN : SDXI_CXT_STOP_SW);
		model[0].stopped = true;
		run_dry(own);
		with_state += stopg != 0;
		without += stopg == 0;
		slow += calls > 40;
		quick += calls < 10;
		/* After a soft stop all consumed operations are executed, and no others. */
		for (i = 0; i < 40; i++) {
			done = is_done(own, 1, i);
			assert_true(!done || i < read_index(own, 1));
			if (!(how & 1))
				assert_true(done || i >= read_index(own, 1));
			else if (i < read_index(own, 1))
				*(done ? &kept : &lost) += 1;
		}
		owner_free(own);
	}
	assert_true(with_state > 0 && quick > 0 && kept > 0 && lost > 0);
	if (order_seed != 0)
		assert_true(without > 0 && slow > 0);
}

/*
 * An operation fails while its context is being stopped, or just before: fenced operations after it
 * are not executed if the log says that the failure stopped the context, otherwise they are.
 */
static void
test_fail_while_stopping(void **state)
{
	unsigned int seed, i, re, stopped = 0, left = 0, done = 0, alone = 0;
	struct sdxi_dsc dsc;
	struct owner *own;
	uint64_t sync;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		own = make(seed, false);
		cxt_up(own, 1);
		hole_add(own, SRC + 2 * SDXI_EMU_CHUNK, 1, true, true);
		dsc = dsc_copy(LONG_AT, SRC, 2 * SDXI_EMU_CHUNK + 1);
		push(own, 1, &dsc);
		dsc = dsc_copy(DST, SRC, 64);
		dsc.any.opcode |= le32(SDXI_DSC_FE);
		push(own, 1, &dsc);
		ring_doorbell(own, 1);
		for (i = 0; i < seed % 40; i++)
			sdxi_emu_run(own->emu, 1);
		dsc = dsc_stop(1, 1, false);
		push(own, 0, &dsc);
		sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		while (!is_done(own, 0, sync))
			assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
		assert_int_equal(cxt_state(own, 1), SDXI_CXT_STOP_SW);
		if (read_index(own, 1) != 0) {
			assert_true(is_done(own, 1, 0) && has_er(own, 1, 0));
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
			re = SDXI_GET(SDXI_ERRLOG_RE, le64(log_at(own, 0)->hd));
			log_check(own, 0, 1, 0, 0, AT(BUFFER, TRANSLATION), re);
			assert_in_range(re, SDXI_RE_INFORMATIVE, SDXI_RE_CXT_STOPPED);
			assert_true(is_done(own, 1, 1) == (re == SDXI_RE_INFORMATIVE &&
							   read_index(own, 1) == 2));
			stopped += re == SDXI_RE_CXT_STOPPED;
			left += re == SDXI_RE_CXT_STOPPED && read_index(own, 1) == 2;
			done += is_done(own, 1, 1);
			alone += re == SDXI_RE_INFORMATIVE && !is_done(own, 1, 1);
		}
		owner_free(own);
	}
	print_message("seen: stopped %u, left %u, done %u, alone %u\n", stopped, left, done,
		      alone);
	assert_true(stopped > 0 && alone > 0);
	if (order_seed != 0)
		assert_true(left > 0 && done > 0);
}

/* SYNC covers all earlier operations, in any order of execution. */
static void
test_sync(void **state)
{
	struct owner *own;
	struct sdxi_dsc dsc;
	unsigned int seed, area;
	uint64_t sync, index;

	(void)state;
	for (seed = 0; seed < 100; seed++) {
		own = make(seed, true);
		area = cxt_up(own, 1);
		akeys_of(own, area)[1].intr_num = le16(SDXI_AKEY_ENT_VL);
		dsc = dsc_copy(DST, SRC, 64);
		dsc.copy.akey0 = le16(1);
		do_good(own, area, dsc);
		/* Remove the key, and with AKEY_UPD and SYNC all copies that use it. */
		akeys_of(own, area)[1].intr_num = 0;
		dsc = dsc_adm(SDXI_ADM_AKEY_UPD, 1, 1);
		push(own, 0, &dsc);
		dsc = dsc_adm(SDXI_ADM_RKEY_UPD, 1, 1);
		push(own, 0, &dsc);
		sync = push_ring(own, 0, dsc_sync(SDXI_FLT_AKEY, 1, 1));
		while (!is_done(own, 0, sync))
			assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
		dsc = dsc_copy(DST, SRC, 64);
		dsc.copy.akey0 = le16(1);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_true(has_er(own, area, index));
		owner_free(own);
	}
}

/* A SYNC after a failed stop is not executed, as the administrative context has stopped. */
static void
test_sync_after_failure(void **state)
{
	const struct sdxi_emu_fault fail = { .kind = SDXI_EMU_FAULT_FAIL, .cxt = 0 };
	struct sdxi_dsc dsc = dsc_stop(1, 1, false);
	struct owner *own;
	unsigned int seed;
	uint64_t sync;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		own = make(seed, false);
		cxt_up(own, 1);
		assert_int_equal(sdxi_emu_inject(own->emu, &fail), 0);
		push(own, 0, &dsc);
		sync = push_ring(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		run_dry(own);
		assert_int_equal(cxt_state(own, 0), SDXI_CXT_ERR_FN);
		assert_int_equal(cxt_state(own, 1), SDXI_CXT_RUN);
		assert_false(is_done(own, 0, sync));
		owner_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest any_order[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_fail_while_stopping),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_sync_after_failure),
	};
	const struct CMUnitTest seed_tests[] = {
		cmocka_unit_test(test_seed),
	};
	int failed;

	failed = cmocka_run_group_tests_name("in order", any_order, NULL, NULL);
	order_seed = 1;
	failed += cmocka_run_group_tests_name("reorder", any_order, NULL, NULL);
	failed += cmocka_run_group_tests_name("reorder, seed", seed_tests, NULL, NULL);
	return failed;
}
