/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The emulated function with freedom: what must hold whatever it chooses, and that it does choose.
 * A function without freedom passes the former and fails the latter.
 */

#include <stdio.h>

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SEEDS 60
#define CONTEXTS 2 /* areas 1 and 2 */
#define OPS 500
#define START 700 /* index: rings wrap */
#define PLACE 4096
#define SRC DATA_AT
#define SRC_LEN (UINT64_C(1) << 20)
#define DST (DATA_AT + SRC_LEN)
#define LONG_AT (DST + CONTEXTS * OPS * PLACE)
#define LONG_LEN (700u << 10)
#define LONGS ((DATA_AT + DATA_LEN - LONG_AT) / LONG_LEN)
#define CALLS 20000 /* of sdxi_emu_run(): by then, everything is done */

/* ---- the software's choices ---- */

static uint64_t rnd_state;

static unsigned int
rnd_to(unsigned int n)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n;
}

/* ---- the model ---- */

enum kind {
	KIND_NOP,
	KIND_WRT_IMM,
	KIND_COPY,
	KIND_REPCOPY,
};

struct op {
	enum kind kind;
	uint64_t dst;
	uint64_t src;
	uint32_t len;
	bool fe;
	bool ch;
	bool bad;
	bool silent;
	unsigned int group; /* the operation whose block it is, itself if it has its own */
	unsigned int parts; /* of that block's: as many as name it */
	/* What has been seen. */
	uint32_t moved;
	uint64_t signal;
	unsigned int moved_at; /* call */
	bool consumed; /* and done, as was found at a restart */
};

struct model {
	struct op op[OPS];
	unsigned int n;
	unsigned int group;   /* open, and so many parts to come */
	unsigned int to_come;
	unsigned int chain;   /* operations to come in this chain */
	int last;	      /* operation that was last seen moving */
	uint64_t read_index;
	uint64_t restart;     /* Read_Index at the last one */
	bool stopped;	      /* says SYNC(STOP) */
	bool err_fn;	      /* says CXT_STS */
};

static struct model model[CONTEXTS];
static unsigned int longs;
static unsigned int call;

/* Liberties, and how often they were seen. */
static struct {
	unsigned int order;	 /* executed before an earlier one was begun */
	unsigned int fence;	 /* executed before an earlier fence was begun */
	unsigned int interleave; /* with one that had been begun */
	unsigned int signal;	 /* signalled before an earlier one that was executed */
	unsigned int late;	 /* signalled some calls behind */
	unsigned int index_late; /* signalled, and Read_Index in front of it */
	unsigned int index_far;	 /* the same by 64 */
	unsigned int index_soon; /* Read_Index behind one that has not been begun */
	unsigned int vl_kept;
	unsigned int vl_cleared;
	unsigned int recovered;	 /* contexts */
	unsigned int behind;	 /* operations in flight that a failure did not stop */
	unsigned int dropped;	 /* consumed and not executed, as they stood behind one */
} seen;

static struct owner *the_own;

static bool
moves(const struct op *op)
{
	return op->kind == KIND_COPY || op->kind == KIND_REPCOPY;
}

/* As many signals as can be told of a block have come for its parts up to an operation. */
static bool
is_complete(const struct model *m, unsigned int pos)
{
	const struct op *op = &m->op[pos], *owner = &m->op[op->group];
	unsigned int i, n = 0;

	if (op->silent)
		return op->bad || !moves(op) || op->moved == op->len;
	for (i = op->group; i <= pos; i++)
		n += !m->op[i].silent && m->op[i].group == op->group;
	return owner->parts - owner->signal >= n;
}

/* Does an operation wait for all that is in front of it? */
static bool
is_ordered(const struct model *m, unsigned int pos)
{
	return m->op[pos].fe || m->op[pos].ch ||
	       (pos != 0 && START + pos != m->restart && m->op[pos - 1].ch);
}

static struct op *
op_at(uint64_t dst, unsigned int *cxt, unsigned int *pos)
{
	const struct op *op;

	for (*cxt = 0; *cxt < CONTEXTS; ++*cxt)
		for (*pos = 0; *pos < model[*cxt].n; ++*pos) {
			op = &model[*cxt].op[*pos];
			if (moves(op) && dst - op->dst < op->len)
				return &model[*cxt].op[*pos];
		}
	return NULL;
}

static void
look_at_copy(struct owner *own)
{
	unsigned int cxt, pos, i;
	struct op *op = op_at(own->copy_dst, &cxt, &pos);
	struct model *m = &model[cxt];
	struct op *last;

	/* A bad one's source is what is not there. */
	assert_non_null(op);
	assert_false(m->stopped);
	/* In order within itself, and once. */
	assert_int_equal(own->copy_dst - op->dst, op->moved);
	assert_true(op->moved + own->copy_len <= op->len);
	if (op->moved == 0) {
		/* Nothing is begun in ERR_FN, nor behind a failure that leads there. */
		assert_false(m->err_fn);
		for (i = 0; i < pos; i++) {
			if (op->fe)
				assert_true(is_complete(m, i));
			if (!own->conf.err_continue && is_ordered(m, pos))
				assert_true(!m->op[i].bad || m->op[i].consumed);
			if (moves(&m->op[i]) && !m->op[i].bad && m->op[i].moved == 0) {
				seen.order++;
				seen.fence += m->op[i].fe;
			}
		}
		if (pos != 0 && m->op[pos - 1].ch && START + pos != m->restart) {
			assert_int_equal(m->last, pos - 1);
			assert_true(m->op[pos - 1].bad ||
				    m->op[pos - 1].moved == m->op[pos - 1].len);
		}
	}
	last = m->last < 0 ? op : &m->op[m->last];
	/* What is left of a chain in which one has failed goes the failure's way. */
	if (last != op && last->ch && (own->conf.err_continue || !last->bad))
		assert_int_equal(pos, m->last + 1);
	if (last != op && !last->bad && last->moved != last->len)
		seen.interleave++;
	m->last = pos;
	if (op->bad)
		return;
	op->moved += own->copy_len;
	op->moved_at = call;
}

static void
check_data(const struct op *op)
{
	uint32_t at;

	if (op->bad)
		return;
	switch (op->kind) {
	case KIND_NOP:
		break;
	case KIND_REPCOPY:
		for (at = 0; at < op->len; at += 4096)
			assert_true(same(the_own, op->dst + at, op->src, 4096));
		break;
	default:
		assert_true(same(the_own, op->dst, op->src, op->len));
		break;
	}
}

static void
look_at_signal(struct owner *own, unsigned int cxt, unsigned int pos)
{
	struct model *m = &model[cxt];
	struct op *op = &m->op[pos];
	const uint64_t signal = le64(cst_of(own, cxt + 1, START + pos)->signal);
	unsigned int i, executed = 0;

	assert_false(m->stopped);
	assert_true(signal < op->signal);
	op->signal = signal;
	for (i = pos; i < m->n; i++)
		if (m->op[i].group == pos && !m->op[i].silent)
			executed += !moves(&m->op[i]) || m->op[i].bad ||
				    m->op[i].moved == m->op[i].len;
	assert_true(op->parts - signal <= executed);
	if (signal != 0)
		return;
	/* What can be seen once a block has its terminal value. */
	for (i = pos; i < m->n; i++) {
		if (m->op[i].group != pos || m->op[i].silent)
			continue;
		check_data(&m->op[i]);
		if (m->op[i].bad)
			assert_true(has_er(own, cxt + 1, START + pos));
		if (i >= m->read_index - START) {
			seen.index_late++;
			seen.index_far += i >= m->read_index - START + 64;
		}
	}
	if (op->parts != 1 || !moves(op) || op->bad)
		return;
	seen.late += call > op->moved_at + 2;
	for (i = 0; i < pos; i++)
		seen.signal += m->op[i].parts == 1 && m->op[i].signal != 0 && moves(&m->op[i]) &&
			       m->op[i].moved == m->op[i].len && !m->op[i].bad;
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
			assert_true(read_index(own, cxt + 1) >= m->read_index);
			assert_true(read_index(own, cxt + 1) <= own->wix[cxt + 1]);
			m->read_index = read_index(own, cxt + 1);
			for (i = 0; i < m->read_index - START; i++)
				if (moves(&m->op[i]) && !m->op[i].bad && m->op[i].moved == 0)
					seen.index_soon++;
		} else if (off == STS_OFF) {
			m->err_fn = cxt_state(own, cxt + 1) == SDXI_CXT_ERR_FN;
		} else if (off - CST_OFF < RING_SZ * sizeof(struct sdxi_cst_blk)) {
			off = (off - CST_OFF) / sizeof(struct sdxi_cst_blk);
			look_at_signal(own, cxt, (off + RING_SZ - START % RING_SZ) % RING_SZ);
		}
	}
}

/* ---- the load ---- */

static void
op_make(struct model *m, unsigned int cxt)
{
	struct op *op = &m->op[m->n];

	*op = (struct op){
		.kind = rnd_to(6),
		.dst = DST + ((uint64_t)cxt * OPS + m->n) * PLACE,
		.group = m->n,
	};
	op->kind = op->kind > KIND_REPCOPY ? KIND_COPY : op->kind;
	if (m->chain > 0 || (rnd_to(12) == 0 && OPS - m->n > 8)) {
		m->chain = m->chain > 0 ? m->chain - 1 : 1 + rnd_to(4);
		op->kind = KIND_COPY;
		op->ch = m->chain > 0;
	}
	op->fe = rnd_to(16) == 0;
	op->silent = rnd_to(10) == 0;
	op->bad = op->kind == KIND_COPY && rnd_to(40) == 0;
	op->len = op->kind == KIND_WRT_IMM ? 1 + rnd_to(32) :
		  op->kind == KIND_REPCOPY ? 4096 : 1 + rnd_to(rnd_to(2) ? 64 : 4096);
	op->src = SRC + rnd_to((SRC_LEN - PLACE) / PLACE) * PLACE;
	if (moves(op) && longs < LONGS && rnd_to(40) == 0) {
		op->dst = LONG_AT + (uint64_t)longs++ * LONG_LEN;
		op->src = SRC;
		op->len = op->kind == KIND_REPCOPY ? LONG_LEN & ~4095u : LONG_LEN;
	}

	/* Parts of one block, with others in between; all are there in the end. */
	op->signal = op->parts = op->silent ? 0 : 1;
	if (op->silent)
		return;
	if (m->to_come > 0 && (rnd_to(2) || OPS - m->n <= m->to_come + 1)) {
		op->group = m->group;
		op->signal = op->parts = 0;
		m->to_come--;
	} else if (m->to_come == 0 && OPS - m->n > 60 && rnd_to(6) == 0) {
		m->group = m->n;
		m->to_come = 1 + rnd_to(5);
		op->signal = op->parts = 1 + m->to_come;
	}
}

static void
op_push(struct owner *own, unsigned int cxt)
{
	static const uint8_t subtypes[] = {
		[KIND_NOP] = SDXI_DMAB_NOP,
		[KIND_WRT_IMM] = SDXI_DMAB_WRT_IMM,
		[KIND_COPY] = SDXI_DMAB_COPY,
		[KIND_REPCOPY] = SDXI_DMAB_REPCOPY,
	};
	struct model *m = &model[cxt];
	struct op *op = &m->op[m->n];
	struct sdxi_cst_blk *cst;
	struct sdxi_dsc dsc;

	op_make(m, cxt);
	/* The last ones close what is open. */
	if (m->n + 1 + m->to_come >= OPS)
		op->silent = op->silent && m->to_come == 0;
	dsc = dsc_copy(op->dst, op->bad ? NO_MEM : op->src, op->len);
	dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, subtypes[op->kind]) |
			      (op->fe ? SDXI_DSC_FE : 0) | (op->ch ? SDXI_DSC_CH : 0));
	if (op->kind == KIND_NOP) {
		memset(dsc.any.body, 0, sizeof(dsc.any.body));
	} else if (op->kind == KIND_WRT_IMM) {
		dsc.copy.addr0 = le64(op->dst);
		memcpy(SDXI_WRT_IMM_DATA(&dsc), mem_at(own, op->src), SDXI_WRT_IMM_MAX);
	}
	if (op->parts != 0) {
		cst = cst_of(own, cxt + 1, START + m->n);
		cst->signal = le64(op->parts);
		cst->flags = 0;
	}
	dsc.any.csb_ptr = le64(op->silent ? SDXI_DSC_NP : cst_at(cxt + 1, START + op->group));
	m->n++;
	push(own, cxt + 1, &dsc);
}

/* As many of a block's parts have been counted as were executed. */
static void
check_block(const struct model *m, unsigned int owner, const bool *dropped)
{
	unsigned int i, executed = 0;

	for (i = owner; i < m->n; i++)
		executed += m->op[i].group == owner && !m->op[i].silent &&
			    (m->op[i].consumed || (START + i < m->read_index && !dropped[i]));
	assert_int_equal(m->op[owner].parts - m->op[owner].signal, executed);
}

/*
 * Bring back a context that has failed. What is behind Read_Index then has not been touched, and
 * neither has what was consumed and stood ordered behind the failure: both are run again, the rest
 * in between being done.
 */
static void
recover(struct owner *own, unsigned int cxt)
{
	struct model *m = &model[cxt];
	const struct sdxi_dsc nop = dsc_nop();
	struct sdxi_dsc *slot;
	bool dropped[OPS] = { false }, failed = false;
	uint64_t restart = m->read_index;
	unsigned int i;

	do_good(own, 0, dsc_stop(cxt + 1, cxt + 1, rnd_to(2)));
	do_good(own, 0, dsc_sync(SDXI_FLT_STOP, cxt + 1, cxt + 1));
	assert_int_equal(cxt_state(own, cxt + 1), SDXI_CXT_STOP_SW);
	m->stopped = true;
	for (i = 0; i < 100; i++)
		sdxi_emu_run(own->emu, 1 + rnd_to(64));
	assert_int_equal(read_index(own, cxt + 1), m->read_index);
	for (i = 0; i < m->n; i++) {
		if (START + i >= m->read_index) {
			assert_true(m->op[i].moved == 0 || m->op[i].consumed);
			assert_true(slot_of(own, cxt + 1, START + i)->any.opcode &
				    le32(SDXI_DSC_VL));
			continue;
		}
		dropped[i] = failed && !m->op[i].consumed && is_ordered(m, i);
		if (dropped[i]) {
			assert_int_equal(m->op[i].moved, 0);
			restart = restart < START + i ? restart : START + i;
			seen.dropped++;
			continue;
		}
		seen.behind += failed && !m->op[i].consumed;
		if (moves(&m->op[i]) && !m->op[i].bad)
			assert_int_equal(m->op[i].moved, m->op[i].len);
		failed |= m->op[i].bad && !m->op[i].consumed;
	}
	assert_true(failed);
	for (i = 0; START + i < m->read_index; i++)
		if (m->op[i].group == i && !m->op[i].silent)
			check_block(m, i, dropped);
	for (i = 0; START + i < m->read_index; i++) {
		slot = slot_of(own, cxt + 1, START + i);
		if (START + i < restart) {
			m->op[i].consumed = true;
		} else if (!dropped[i]) {
			*slot = nop;
			slot->any.csb_ptr = le64(SDXI_DSC_NP);
			m->op[i].consumed = true;
		}
		if (START + i >= restart)
			slot->any.opcode |= le32(SDXI_DSC_VL);
	}
	m->read_index = restart;
	sts_of(own, cxt + 1)->read_index = le64(restart);
	m->stopped = false;
	/* A stop cuts a chain. */
	m->last = -1;
	m->restart = restart;
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_RS, cxt + 1, cxt + 1));
	seen.recovered++;
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
	the_own = own;
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
	/* All of that ends. */
	do {
		for (n = 0; sdxi_emu_run(own->emu, 8) != 0; n++, call++)
			assert_true(n < CALLS);
		for (cxt = i = 0; cxt < CONTEXTS; cxt++) {
			if (cxt_state(own, cxt + 1) == SDXI_CXT_ERR_FN) {
				assert_false(own->conf.err_continue);
				recover(own, cxt);
				i++;
			}
		}
	} while (i != 0);

	for (cxt = 0; cxt < CONTEXTS; cxt++) {
		m = &model[cxt];
		assert_int_equal(cxt_state(own, cxt + 1), SDXI_CXT_RUN);
		assert_int_equal(m->read_index, START + OPS);
		for (i = 0; i < OPS; i++) {
			assert_true(is_complete(m, i));
			check_data(&m->op[i]);
			if (slot_of(own, cxt + 1, START + i)->any.opcode & le32(SDXI_DSC_VL))
				seen.vl_kept++;
			else
				seen.vl_cleared++;
		}
	}
	own->on_copy = NULL;
	own->on_write64 = NULL;
}

static struct owner *
make(unsigned int seed, bool cont)
{
	struct sdxi_emu_conf conf;
	void *s;

	conf_test(&conf);
	conf.freedom = with_freedom;
	conf.seed = seed;
	conf.err_continue = cont;
	setup_conf(&s, &conf, true);
	return s;
}

static void
test_load(void **state)
{
	const char *env = getenv("SDXI_TEST_SEED");
	const unsigned int first = env != NULL ? strtoul(env, NULL, 0) : 1;
	const unsigned int end = env != NULL ? first + 1 : first + seeds_of(SEEDS);
	unsigned int seed;
	struct owner *own;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	for (seed = first; seed < end; seed++) {
		if (env != NULL)
			print_message("seed %u (SDXI_TEST_SEED)\n", seed);
		rnd_state = seed * UINT64_C(0x9e3779b97f4a7c15);
		own = make(seed, seed & 1);
		load(own);
		owner_free(own);
	}
	print_message("seen: order %u, fence %u, interleave %u, signal %u, late %u, index_late %u, "
		      "index_far %u, index_soon %u, vl_kept %u, vl_cleared %u, recovered %u, "
		      "behind %u, dropped %u\n",
		      seen.order, seen.fence, seen.interleave, seen.signal, seen.late,
		      seen.index_late, seen.index_far, seen.index_soon, seen.vl_kept,
		      seen.vl_cleared, seen.recovered, seen.behind, seen.dropped);
	/* Fewer seeds need not have shown all. */
	if (end < first + SEEDS)
		return;
	assert_true(seen.recovered > 0 && seen.vl_cleared > 0);
	if (!with_freedom) {
		assert_int_equal(seen.behind + seen.dropped, 0);
		return;
	}
	assert_true(seen.order > 0 && seen.fence > 0 && seen.interleave > 0);
	assert_true(seen.signal > 0 && seen.late > 0);
	assert_true(seen.index_late > 0 && seen.index_far > 0 && seen.index_soon > 0);
	assert_true(seen.vl_kept > 0 && seen.behind > 0 && seen.dropped > 0);
}

/* The same seed and the same calls make the same choices, another seed makes others. */
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

/* Write_Index: looked at without a doorbell, and long after one, but not never. */
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
	if (with_freedom)
		assert_true(unasked > 0 && late > 0);
}

/* ---- a failure ---- */

static struct {
	unsigned int now;
	unsigned int state;
	unsigned int signal[3];
	unsigned int index;
	unsigned int log;
	unsigned int irq;
} when;

/* The order in which the parts of a failure are seen. */
static void
look_at_failure(struct owner *own, uint64_t iova)
{
	unsigned int i;

	when.now++;
	if (iova == AREA_AT(1) + STS_OFF && cxt_state(own, 1) == SDXI_CXT_ERR_FN &&
	    when.state == 0)
		when.state = when.now;
	if (iova == AREA_AT(1) + STS_OFF + 8)
		when.index = when.now;
	for (i = 0; i < 3; i++)
		if (iova == cst_at(1, i))
			when.signal[i] = when.now;
	if (iova == LOG_AT)
		when.log = when.now;
}

static void
test_failure(void **state)
{
	unsigned int state_first = 0, state_last = 0, log_first = 0, log_last = 0, log_state = 0;
	unsigned int index_last = 0, irq_late = 0, in_flight = 0, alone = 0, seed, calls, i;
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
		memset(&when, 0, sizeof(when));
		own->on_write64 = look_at_failure;
		ring_doorbell(own, 1);
		for (calls = 0; own->irqs == 0; calls++) {
			assert_true(calls < CALLS);
			/* It is not forgotten. */
			assert_int_not_equal(sdxi_emu_run(own->emu, 1), 0);
			irq_late += own->irqs == 0 && when.log != 0;
		}
		run_dry(own);
		assert_int_equal(own->irqs, 1);
		assert_int_equal(cxt_state(own, 1), SDXI_CXT_ERR_FN);
		assert_true(is_done(own, 1, 0) && !has_er(own, 1, 0));
		assert_true(is_done(own, 1, 1) && has_er(own, 1, 1));
		log_check(own, 0, 1, 1, 0, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
			  SDXI_RE_CXT_STOPPED);
		assert_true(read_index(own, 1) == (is_done(own, 1, 2) ? 3 : 2));
		in_flight += is_done(own, 1, 2);
		alone += !is_done(own, 1, 2);
		state_first += when.state < when.signal[1];
		state_last += when.state > when.signal[1];
		log_first += when.log < when.signal[1];
		log_last += when.log > when.signal[1];
		log_state += when.log > when.state;
		index_last += when.index > when.state;
		owner_free(own);
	}
	print_message("seen: state first %u, last %u, log first %u, last %u, behind state %u, "
		      "index last %u, irq late %u, in flight %u, alone %u\n",
		      state_first, state_last, log_first, log_last, log_state, index_last, irq_late,
		      in_flight, alone);
	assert_true(state_first > 0 && log_first > 0 && alone > 0);
	if (with_freedom)
		assert_true(state_last > 0 && log_last > 0 && log_state > 0 && index_last > 0 &&
			    irq_late > 0 && in_flight > 0);
}

/* ---- stops ---- */

static unsigned int stopg;

static void
look_at_state(struct owner *own, uint64_t iova)
{
	if (iova == AREA_AT(1) + STS_OFF)
		stopg += cxt_state(own, 1) == SDXI_CXT_STOPG_SW ||
			 cxt_state(own, 1) == SDXI_CXT_STOPG_FN;
	/* The context itself is not told by that to be gone. */
	assert_true(iova < AREA_AT(1) || iova >= AREA_AT(2) || !model[0].stopped);
}

static void
no_more(struct owner *own)
{
	(void)own;
	assert_false(model[0].stopped);
}

/* Nothing is written behind a stop, of any kind; in between there may or may not be a state. */
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
		const unsigned int how = seed % 4; /* hard: 1; by the function: 2 */

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
		/* Softly, what is consumed is done, and the rest is not. */
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
	if (with_freedom)
		assert_true(without > 0 && slow > 0);
}

/*
 * An operation that fails while its context is being stopped, or a moment before: what stands
 * behind it with a fence is left if the log says that the failure has stopped the context, and
 * otherwise not.
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
			log_check(own, 0, 1, 0, 0, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
				  re);
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
	if (with_freedom)
		assert_true(left > 0 && done > 0);
}

/* SYNC is about what was ordered before it, in whatever order the rest is executed. */
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
		/* The key goes, and so do, with AKEY_UPD and SYNC, copies with it. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_fail_while_stopping),
		cmocka_unit_test(test_sync),
	};
	const struct CMUnitTest seed_tests[] = {
		cmocka_unit_test(test_seed),
	};
	int failed;

	/* What must hold holds for the other kind of function, too. */
	failed = cmocka_run_group_tests_name("in order", tests, NULL, NULL);
	with_freedom = true;
	failed += cmocka_run_group_tests_name("freedom", tests, NULL, NULL);
	failed += cmocka_run_group_tests_name("freedom, seed", seed_tests, NULL, NULL);
	return failed;
}
