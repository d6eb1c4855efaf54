/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* The emulated function: doorbells, rings, operations and their completions. */

#include <pthread.h>

#include "test_emu_owner.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SRC DATA_AT
#define DST (DATA_AT + (UINT64_C(12) << 20))

/* ---- doorbells and ring ---- */

static void
test_no_doorbell_no_work(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	const struct sdxi_dsc nop = dsc_nop();
	uint64_t accesses;

	push(own, area, &nop);
	accesses = own->accesses;
	assert_int_equal(sdxi_emu_run(own->emu, 100), 0);
	assert_int_equal(own->accesses, accesses);
	/* Doorbells of others change nothing. */
	sdxi_emu_doorbell(own->emu, 0, 1);
	sdxi_emu_doorbell(own->emu, 2, 1);
	sdxi_emu_doorbell(own->emu, 1023, 1);
	sdxi_emu_doorbell(own->emu, 1024, 1);
	sdxi_emu_doorbell(own->emu, 65535, 1);
	run_dry(own);
	assert_false(is_done(own, area, 0));
	/* Any value will do: Write_Index counts. */
	sdxi_emu_doorbell(own->emu, 1, UINT64_MAX);
	run_dry(own);
	assert_true(is_done(own, area, 0));
	/* Values out of order. */
	push(own, area, &nop);
	push(own, area, &nop);
	sdxi_emu_doorbell(own->emu, 1, 3);
	run_dry(own);
	sdxi_emu_doorbell(own->emu, 1, 2);
	run_dry(own);
	assert_int_equal(read_index(own, area), 3);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
}

static uint64_t *
db_of(struct owner *own, uint16_t num)
{
	return (uint64_t *)((uint8_t *)own->conf.doorbells + num * DB_STRIDE);
}

static void
db_store(struct owner *own, uint16_t num, uint64_t val)
{
	__atomic_store_n(db_of(own, num), le64(val), __ATOMIC_RELEASE);
}

static void
test_polled_doorbells(void **state)
{
	struct owner *own = *state;
	const struct sdxi_dsc nop = dsc_nop();
	const struct sdxi_dsc start = dsc_adm(SDXI_ADM_CXT_START_NM, 500, 500);
	unsigned int area, i;

	/* The word was zeroed memory: the jump start is a store of 0. */
	push(own, 0, &nop);
	run_dry(own);
	assert_false(is_done(own, 0, 0));
	db_store(own, 0, 0);
	run_dry(own);
	assert_true(is_done(own, 0, 0));

	area = cxt_build(own, 500, 0);
	db_store(own, 500, 0);
	push(own, 0, &start);
	db_store(own, 0, 2);
	run_dry(own);
	assert_true(is_done(own, 0, 1));
	push(own, area, &nop);
	assert_int_equal(sdxi_emu_run(own->emu, 100), 0);
	db_store(own, 500, 1);
	run_dry(own);
	assert_true(is_done(own, area, 0));
	/* Out of order. */
	push(own, area, &nop);
	push(own, area, &nop);
	db_store(own, 500, 3);
	db_store(own, 500, 2);
	run_dry(own);
	assert_int_equal(read_index(own, area), 3);
	/* Trapped ones are heard beside. */
	push_ring(own, area, nop);
	run_dry(own);
	assert_int_equal(read_index(own, area), 4);
	/* Words of contexts that do not run are left alone. */
	for (i = 1; i <= own->conf.max_cxt; i++)
		assert_int_equal(*db_of(own, i), i == 500 ? UINT64_MAX : 0);
	/* A new start forgets the old doorbells: FLR, too. */
	db_store(own, 0, 7);
	sdxi_emu_reset(own->emu);
	assert_int_equal(*db_of(own, 0), UINT64_MAX);
}

struct producer {
	struct owner *own;
	unsigned int area;
	uint64_t n;
	bool polled;
};

/* The other side of a ring, in a thread. */
static void *
produce(void *arg)
{
	struct producer *p = arg;
	struct owner *own = p->own;
	struct sdxi_dsc *slot;
	uint64_t i, *ri;

	ri = (uint64_t *)&sts_of(own, p->area)->read_index;
	for (i = 0; i < p->n; i++) {
		while (i - le64(__atomic_load_n(ri, __ATOMIC_ACQUIRE)) >= RING_SZ)
			;
		/* As several producers do it: the index first, then the slot, vl last. */
		write_index_set(own, p->area, i + 1);
		slot = slot_of(own, p->area, i);
		slot->any.csb_ptr = le64(cst_at(p->area, i));
		__atomic_store_n(&slot->any.opcode,
				 le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_NOP) | SDXI_DSC_VL),
				 __ATOMIC_RELEASE);
		if (p->polled)
			db_store(own, own->cxt[p->area], i + 1);
		else
			sdxi_emu_doorbell(own->emu, own->cxt[p->area], i + 1);
	}
	return NULL;
}

/* No doorbell is lost and no slot is taken early, whatever the other side is just doing. */
static void
test_concurrent(void **state)
{
	struct owner *own = *state;
	struct producer p = { .own = own, .n = 50000, .polled = own->conf.doorbells != NULL };
	pthread_t thread;
	uint64_t i;

	sdxi_emu_doorbell(own->emu, 0, 0);
	p.area = cxt_up(own, 77);
	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	while (read_index(own, p.area) < p.n && cxt_state(own, p.area) == SDXI_CXT_RUN)
		sdxi_emu_run(own->emu, 64);
	assert_int_equal(read_index(own, p.area), p.n);
	pthread_join(thread, NULL);
	run_dry(own);
	/* Blocks were never armed: each counts how often it was named. */
	for (i = 0; i < RING_SZ; i++)
		assert_int_equal(le64(cst_of(own, p.area, i)->signal),
				 -(p.n / RING_SZ + (i < p.n % RING_SZ)));
}

static void
test_waits_for_vl(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	const struct sdxi_dsc nop = dsc_nop();
	unsigned int i;

	for (i = 0; i < 5; i++)
		push(own, area, &nop);
	slot_of(own, area, 2)->any.opcode &= ~le32(SDXI_DSC_VL);
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), 2);
	assert_true(is_done(own, area, 1));
	assert_false(is_done(own, area, 2));
	assert_false(is_done(own, area, 3));
	assert_int_equal(slot_of(own, area, 1)->any.opcode & le32(SDXI_DSC_VL), 0);
	assert_int_not_equal(slot_of(own, area, 3)->any.opcode & le32(SDXI_DSC_VL), 0);
	/* Others go on meanwhile, and it takes no doorbell to go on. */
	do_good(own, 0, dsc_nop());
	slot_of(own, area, 2)->any.opcode |= le32(SDXI_DSC_VL);
	assert_int_not_equal(sdxi_emu_run(own->emu, 100), 0);
	assert_int_equal(read_index(own, area), 5);
	assert_true(is_done(own, area, 4));
}

/* What the other producers do between the two looks that the function takes at a slot. */
static void
fill_late(struct owner *own, uint64_t iova)
{
	struct sdxi_dsc *slot = slot_of(own, 1, 0);

	if (iova != AREA_AT(1) + RING_OFF)
		return;
	own->on_read = NULL;
	/* vl was there when it was looked at, these were not yet. */
	slot->copy.addr1 = le64(DST);
	/* And this one is against all rules. */
	slot[1].any.opcode &= ~le32(SDXI_DSC_VL);
}

static void
test_slot_filled_while_fetched(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc = dsc_copy(NO_MEM, SRC, 64);

	fill(own, SRC, 64, 1);
	push(own, area, &dsc);
	dsc = dsc_nop();
	push(own, area, &dsc);
	own->on_read = fill_late;
	ring_doorbell(own, area);
	run_dry(own);
	assert_null(own->on_read);
	assert_true(is_done(own, area, 0) && !has_er(own, area, 0));
	assert_true(same(own, DST, SRC, 64));
	assert_false(is_done(own, area, 1));
	assert_int_equal(read_index(own, area), 1);
}

static void
test_ring_wrap(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_build(own, 1, 1000);
	uint64_t at, n, i, done = 1000;
	struct sdxi_dsc dsc;

	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 1));
	fill(own, SRC, 1 << 16, 1);
	for (n = 1; done < 5 * RING_SZ; n = n * 5 % RING_SZ + 1) {
		for (i = 0; i < n; i++) {
			at = own->wix[area] % RING_SZ * 64;
			dsc = dsc_copy(DST + at, SRC + at, 64);
			push(own, area, &dsc);
		}
		ring_doorbell(own, area);
		run_dry(own);
		for (i = done; i < done + n; i++) {
			assert_true(is_done(own, area, i));
			/* With freedom it may be kept. */
			assert_true(with_freedom || !(slot_of(own, area, i)->any.opcode &
						      le32(SDXI_DSC_VL)));
			at = i % RING_SZ * 64;
			assert_true(same(own, DST + at, SRC + at, 64));
			memset(mem_at(own, DST + at), 0, 64);
		}
		done += n;
		assert_int_equal(read_index(own, area), done);
	}
	/* A full ring. */
	for (i = 0; i < RING_SZ; i++) {
		dsc = dsc_nop();
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), done + RING_SZ);
}

/* A ring of the largest size, and one whose size is no power of two. */
static void
test_ring_sizes(void **state)
{
	struct owner *own = *state;
	const uint64_t big = UINT64_C(1024) << own->conf.max_ds_ring_sz;
	unsigned int area, i;
	uint64_t at;

	for (i = 0; i < 2; i++) {
		const uint64_t size = i == 0 ? big : 1025;
		const uint64_t start = 10 * size - 1;
		struct sdxi_dsc *ring = mem_at(own, DATA_AT);

		memset(ring, 0, big * sizeof(*ring));
		area = cxt_build(own, 1 + i, start);
		ctl_of(own, area)->ds_ring_ptr =
			le64(DATA_AT | SDXI_CXT_CTL_VL | SDXI_CXT_CTL_CSA);
		ctl_of(own, area)->ds_ring_sz = le32(size);
		for (at = 0; at < size; at++) {
			ring[at] = dsc_nop();
			ring[at].any.opcode |= le32(SDXI_DSC_VL);
			ring[at].any.csb_ptr = le64(SDXI_DSC_NP);
		}
		/* All but one, which the others would stop at if they began elsewhere. */
		ring[(start - 1) % size].any.opcode = 0;
		write_index_set(own, area, start + size - 1);
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1 + i, 1 + i));
		assert_int_equal(read_index(own, area), start + size - 1);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
		for (at = 0; at < size; at++)
			assert_true(with_freedom || !(ring[at].any.opcode & le32(SDXI_DSC_VL)));
	}
}

static void
test_write_index_errors(void **state)
{
	static const struct {
		uint64_t val;
		bool bad;
	} wix[] = {
		{ 110, true },		     /* behind what was seen */
		{ 111, false },		     /* and not moved at all */
		{ 111 + RING_SZ, false },    /* full */
		{ 111 + RING_SZ + 1, true }, /* too far */
		{ UINT64_MAX, true },
		{ 0, true },
	};
	struct owner *own;
	unsigned int i, area, other;
	void *s;

	(void)state;
	for (i = 0; i < ARRAY_LEN(wix) + 1; i++) {
		setup_active_continue(&s);
		own = s;
		other = cxt_up(own, 6);
		area = cxt_build(own, 5, 110);
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 5, 5));
		do_good(own, area, dsc_nop());
		if (i < ARRAY_LEN(wix))
			write_index_set(own, area, wix[i].val);
		else
			hole_add(own, AREA_AT(area) + WIX_OFF, 8, true, true);
		ring_doorbell(own, area);
		run_dry(own);
		if (i < ARRAY_LEN(wix) && !wix[i].bad) {
			assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
		} else {
			assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
			log_check(own, 0, 5, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_WRITE_INDEX,
				  i < ARRAY_LEN(wix) ? SDXI_SUB_STEP_VALIDATION
						     : SDXI_SUB_STEP_TRANSLATION,
				  SDXI_RE_CXT_STOPPED);
		}
		assert_int_equal(read_index(own, area), 111);
		do_good(own, other, dsc_nop());
		owner_free(own);
	}
}

/* Backwards, but still in front of Read_Index. */
static void
test_write_index_backwards(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	const struct sdxi_dsc nop = dsc_nop();
	unsigned int i;

	for (i = 0; i < 4; i++)
		push(own, area, &nop);
	slot_of(own, area, 1)->any.opcode = 0;
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(read_index(own, area), 1);
	write_index_set(own, area, 3);
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
	log_check(own, 0, 1, LOG_NO_DESC, LOG_NO_BUF, SDXI_STEP_WRITE_INDEX,
		  SDXI_SUB_STEP_VALIDATION, SDXI_RE_CXT_STOPPED);
}

/* Rings and statuses that turn bad while in use stop their context, of either kind of function. */
static void
test_ring_faults(void **state)
{
	struct sdxi_dsc nop = dsc_nop();
	unsigned int i, k, area, other;
	struct owner *own;
	void *s;

	(void)state;
	for (k = 0; k < 6; k++) {
		if (k % 2)
			setup_active(&s);
		else
			setup_active_continue(&s);
		own = s;
		other = cxt_up(own, 6);
		area = cxt_up(own, 5);
		for (i = 0; i < 8; i++)
			push(own, area, &nop);
		if (k < 2) /* slot 5 cannot be read: those before are executed */
			hole_add(own, AREA_AT(area) + 5 * 64, 64, true, true);
		else if (k < 4) /* nor can any be written */
			hole_add(own, AREA_AT(area), RING_SZ * 64, false, true);
		else
			hole_add(own, AREA_AT(area) + STS_OFF + 8, 8, false, true);
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
		log_check(own, 0, 5, k < 2 ? 5 : 7, LOG_NO_BUF,
			  k < 4 ? SDXI_STEP_DESC : SDXI_STEP_CXT_STS, SDXI_SUB_STEP_TRANSLATION,
			  SDXI_RE_CXT_STOPPED);
		for (i = 0; i < 8; i++)
			assert_true(is_done(own, area, i) == (k >= 2 || i < 5));
		do_good(own, other, dsc_nop());
		owner_free(own);
	}
}

/* ---- copies ---- */

static void
test_copy_lengths(void **state)
{
	static const uint32_t lens[] = {
		1,    2,     63,	      64,		   65,
		4095, 4096,  4097,	      SDXI_EMU_CHUNK - 1,  SDXI_EMU_CHUNK,
		SDXI_EMU_CHUNK + 1, 2 * SDXI_EMU_CHUNK, (5u << 20) + 3, 10u << 20,
	};
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int i, a;
	uint64_t src, dst;

	fill(own, SRC, 11 << 20, 1);
	for (i = 0; i < ARRAY_LEN(lens); i++)
		for (a = 0; a < 3; a++) {
			src = SRC + a * 13;
			dst = DST + 64 + a * 7;
			memset(mem_at(own, dst - 64), 0, lens[i] + 128);
			do_good(own, area, dsc_copy(dst, src, lens[i]));
			assert_true(same(own, dst, src, lens[i]));
			/* Not a byte beside it: what was filled holds no 0. */
			assert_int_equal(*(uint8_t *)mem_at(own, dst - 1), 0);
			assert_int_equal(*(uint8_t *)mem_at(own, dst + lens[i]), 0);
		}
}

/* Many in a batch, of lengths that cross the engine's limits for a turn. */
static void
test_copy_mix(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	uint64_t at = 0, len = 1, first = own->wix[area], i;
	struct sdxi_dsc dsc;

	fill(own, SRC, 11 << 20, 9);
	for (i = 0; i < 200; i++) {
		len = len * 7 % 100003;
		if (i % 50 == 49)
			len = SDXI_EMU_CHUNK + i;
		if (at + len > 11 << 20)
			break;
		dsc = dsc_copy(DST + at, SRC + at, len);
		if (i % 3 == 1)
			dsc.any.csb_ptr = le64(SDXI_DSC_NP);
		if (i % 5 == 1)
			dsc.any.opcode |= le32(SDXI_DSC_FE);
		push(own, area, &dsc);
		at += len;
	}
	assert_true(i > 100);
	ring_doorbell(own, area);
	run_dry(own);
	assert_true(same(own, DST, SRC, at));
	assert_int_equal(read_index(own, area), own->wix[area]);
	for (i = first; i < own->wix[area]; i++)
		assert_true(i % 3 == 1 || is_done(own, area, i));
}

/* A long copy leaves the others their turns. */
static void
test_fairness(void **state)
{
	struct owner *own = *state;
	const unsigned int slow = cxt_up(own, 1);
	const unsigned int quick = cxt_up(own, 2);
	unsigned int i;
	uint64_t index;

	fill(own, SRC, 10 << 20, 5);
	push_ring(own, slow, dsc_copy(DST, SRC, 10 << 20));
	/* 40 parts, at most two to a call: the other context gets its work done meanwhile. */
	for (i = 0; i < 9; i++) {
		index = push_ring(own, quick, dsc_nop());
		assert_int_not_equal(sdxi_emu_run(own->emu, 2), 0);
		assert_int_not_equal(sdxi_emu_run(own->emu, 2), 0);
		assert_true(is_done(own, quick, index));
		assert_false(is_done(own, slow, 0));
	}
	assert_int_equal(read_index(own, slow), 1);
	run_dry(own);
	assert_true(is_done(own, slow, 0));
	assert_true(same(own, DST, SRC, 10 << 20));
}

/* Read_Index first, so that a completion always frees its slot. */
static void
look_at_order(struct owner *own)
{
	const uint64_t ri = read_index(own, 1);
	uint64_t i;

	for (i = 0; i < own->wix[1]; i++)
		assert_true(!is_done(own, 1, i) || i < ri);
}

static void
test_fence(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int i;

	/* Each copies the block of the one before it, which is complete then. */
	own->on_copy = with_freedom ? NULL : look_at_order;
	for (i = 0; i < 40; i++) {
		dsc = dsc_copy(DST + i * 32, i == 0 ? SRC : cst_at(area, i - 1), 32);
		dsc.any.opcode |= le32(SDXI_DSC_FE);
		push(own, area, &dsc);
	}
	memset(mem_at(own, DST), 0xff, 40 * 32);
	ring_doorbell(own, area);
	run_dry(own);
	for (i = 0; i < 40; i++)
		assert_int_equal(*(uint64_t *)mem_at(own, DST + i * 32), 0);
}

static void
test_wrt_imm(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int len, i;
	uint64_t index;

	for (len = 1; len <= 32; len++) {
		dsc = dsc_op(SDXI_TYPE_DMAB, SDXI_DMAB_WRT_IMM);
		dsc.copy.size = le32(len - 1);
		dsc.copy.addr0 = le64(DST + len);
		for (i = 0; i < 32; i++)
			SDXI_WRT_IMM_DATA(&dsc)[i] = 0x80 + len + i;
		memset(mem_at(own, DST), 0, 128);
		do_good(own, area, dsc);
		assert_memory_equal(mem_at(own, DST + len), SDXI_WRT_IMM_DATA(&dsc), len);
		assert_int_equal(*(uint8_t *)mem_at(own, DST + len - 1), 0);
		assert_int_equal(*(uint8_t *)mem_at(own, DST + 2 * len), 0);
	}
	dsc.copy.size = le32(32);
	index = push_ring(own, area, dsc);
	run_dry(own);
	assert_true(has_er(own, area, index));
	log_check(own, 0, 1, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_INFORMATIVE);
	dsc.copy.size = 0;
	dsc.copy.addr0 = le64(NO_MEM);
	index = push_ring(own, area, dsc);
	run_dry(own);
	log_check(own, 1, 1, index, 1, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_INFORMATIVE);
	dsc.copy.akey0 = le16(9);
	index = push_ring(own, area, dsc);
	run_dry(own);
	log_check(own, 2, 1, index, 1, SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_INFORMATIVE);
	/* Into its own block. */
	dsc.copy.akey0 = 0;
	dsc.copy.addr0 = le64(DST + 31);
	dsc.copy.csb_ptr = le64(DST);
	index = push_ring(own, area, dsc);
	run_dry(own);
	log_check(own, 3, 1, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
		  SDXI_RE_INFORMATIVE);
}

static void
test_repcopy(void **state)
{
	static const unsigned int pages[] = { 1, 2, 64, 65, 1000 };
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc;
	unsigned int i, p;
	uint64_t index;

	fill(own, SRC, 4096, 77);
	for (i = 0; i < ARRAY_LEN(pages); i++) {
		dsc = dsc_copy(DST, SRC, pages[i] * 4096);
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY));
		memset(mem_at(own, DST), 0, pages[i] * 4096 + 1);
		do_good(own, area, dsc);
		for (p = 0; p < pages[i]; p++)
			assert_true(same(own, DST + p * 4096, SRC, 4096));
		assert_int_equal(*(uint8_t *)mem_at(own, DST + p * 4096), 0);
	}
	for (i = 0; i < 4; i++) {
		dsc = dsc_copy(DST + (i == 0), SRC + (i == 1), 8192 - (i == 2));
		dsc.any.opcode = le32(SDXI_DSC_OP(SDXI_TYPE_DMAB, SDXI_DMAB_REPCOPY));
		if (i == 3) /* the page is one of those that it goes to */
			dsc.copy.addr0 = le64(DST + 4096);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_true(has_er(own, area, index));
		log_check(own, i, 1, index, LOG_NO_BUF, SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION,
			  SDXI_RE_INFORMATIVE);
	}
}

/* ---- completions ---- */

static void
test_signal_modes(void **state)
{
	struct owner *own = *state;
	const unsigned int atomic = cxt_up(own, 1);
	const unsigned int simple = cxt_build(own, 2, 0);
	struct sdxi_cst_blk *cst = mem_at(own, DST);
	struct sdxi_dsc dsc;
	unsigned int i;

	ctl_of(own, simple)->ds_ring_ptr &= ~le64(SDXI_CXT_CTL_CSA);
	do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 2, 2));

	/* One block for many. */
	cst[0].signal = le64(100);
	cst[1].signal = le64(50);
	cst[2].signal = le64(50);
	dsc = dsc_nop();
	for (i = 0; i < 200; i++) {
		/* In runs, and to and fro. */
		dsc.any.csb_ptr = le64(DST + (i < 100 ? 0 : i % 2 ? 32 : 64));
		push(own, atomic, &dsc);
	}
	ring_doorbell(own, atomic);
	run_dry(own);
	for (i = 0; i < 3; i++)
		assert_int_equal(cst[i].signal, 0);
	/* Below 0 it goes as arithmetic does. */
	dsc.any.csb_ptr = le64(DST);
	push_ring(own, atomic, dsc);
	run_dry(own);
	assert_int_equal(cst[0].signal, UINT64_MAX);
	/* Simple: the terminal value, wherever it started. */
	cst[0].signal = le64(7);
	dsc.any.opcode |= le32(SDXI_DSC_CSR);
	push_ring(own, atomic, dsc);
	run_dry(own);
	assert_int_equal(cst[0].signal, 0);
	dsc.any.opcode &= ~le32(SDXI_DSC_CSR);
	cst[0].signal = le64(7);
	push_ring(own, simple, dsc);
	run_dry(own);
	assert_int_equal(cst[0].signal, 0);
	/* np: none, whatever the pointer is. */
	cst[0].signal = le64(7);
	dsc.any.csb_ptr = le64(DST | SDXI_DSC_NP);
	push_ring(own, atomic, dsc);
	run_dry(own);
	assert_int_equal(le64(cst[0].signal), 7);
	assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 0);
}

/* er of one among several that share a block. */
static void
test_shared_er(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_cst_blk *cst = mem_at(own, DST);
	struct sdxi_dsc dsc;
	unsigned int i;

	cst->signal = le64(5);
	for (i = 0; i < 5; i++) {
		dsc = i == 2 ? dsc_copy(NO_MEM, SRC, 8) : dsc_nop();
		dsc.any.csb_ptr = le64(DST);
		push(own, area, &dsc);
	}
	ring_doorbell(own, area);
	run_dry(own);
	assert_int_equal(cst->signal, 0);
	assert_int_equal(cst->flags, le32(SDXI_CST_BLK_ER));

	/* Flags that cannot be written: the block has failed, too. */
	cst->signal = le64(1);
	hole_add(own, DST + 8, 4, false, true);
	own->plain_fault = true;
	dsc = dsc_copy(DST + 64, NO_MEM, 8);
	dsc.any.csb_ptr = le64(DST);
	push_ring(own, area, dsc);
	run_dry(own);
	assert_int_equal(le64(cst->signal), 1);
	log_check(own, 1, 1, 5, LOG_NO_BUF, SDXI_STEP_BUFFER, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_INFORMATIVE);
	log_check(own, 2, 1, 5, LOG_NO_BUF, SDXI_STEP_CST_BLK, SDXI_SUB_STEP_TRANSLATION,
		  SDXI_RE_INFORMATIVE);
}

static void
test_csb_errors(void **state)
{
	unsigned int cont, how, area, other;
	struct sdxi_dsc dsc;
	struct owner *own;
	uint64_t index;
	void *s;

	(void)state;
	for (cont = 0; cont < 2; cont++)
		for (how = 0; how < 4; how++) {
			if (cont)
				setup_active_continue(&s);
			else
				setup_active(&s);
			own = s;
			other = cxt_up(own, 2);
			area = cxt_up(own, 1);
			fill(own, SRC, 1 << 20, 3);
			dsc = dsc_copy(DST, SRC, how == 3 ? 1 << 20 : 64);
			dsc.any.csb_ptr = le64(how == 1 ? DST + (1 << 20) + 2 : NO_MEM);
			if (how >= 2) {
				/* To be read, not to be written. */
				hole_add(own, DST + (2 << 20), 32, false, true);
				dsc.any.csb_ptr = le64(DST + (2 << 20));
			}
			index = push_ring(own, area, dsc);
			run_dry(own);
			log_check(own, 0, 1, index, LOG_NO_BUF, SDXI_STEP_CST_BLK,
				  how == 1 ? SDXI_SUB_STEP_VALIDATION : SDXI_SUB_STEP_TRANSLATION,
				  cont ? SDXI_RE_INFORMATIVE : SDXI_RE_CXT_STOPPED);
			assert_int_equal(reg_get(own, SDXI_MMIO_ERR_WRT), 1);
			assert_int_equal(cxt_state(own, area),
					 cont ? SDXI_CXT_RUN : SDXI_CXT_ERR_FN);
			assert_int_equal(read_index(own, area), 1);
			/* Not moved where the block was missing from the start. */
			assert_true(same(own, DST, SRC, 64) == (how >= 2));
			do_good(own, other, dsc_nop());
			owner_free(own);
		}
}

/* What takes long, or has effects beside data, is not consumed behind a block that has failed. */
static void
test_csb_error_before_slow(void **state)
{
	unsigned int how, area;
	struct sdxi_cst_blk *cst;
	struct sdxi_dsc dsc;
	struct owner *own;
	uint64_t index;
	void *s;

	(void)state;
	for (how = 0; how < 2; how++) {
		setup_active(&s);
		own = s;
		area = cxt_up(own, 1);
		akeys_of(own, area)[1].intr_num =
			le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV | 3 << 4);
		hole_add(own, DST + (2 << 20), 32, false, true);
		dsc = dsc_copy(DST, SRC, 64);
		dsc.any.csb_ptr = le64(DST + (2 << 20));
		push(own, area, &dsc);
		dsc = how == 0 ? dsc_copy(DST, SRC, 2 * SDXI_EMU_CHUNK) :
				 dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR);
		if (how == 1)
			dsc.copy.akey0 = le16(1);
		/* Behind the first block in memory: one before it would have both written apart. */
		dsc.any.csb_ptr = le64(DST + (3 << 20));
		cst = mem_at(own, DST + (3 << 20));
		cst->signal = le64(1);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_int_equal(cxt_state(own, area), SDXI_CXT_ERR_FN);
		assert_int_equal(read_index(own, area), index);
		assert_int_equal(le64(cst->signal), 1);
		assert_true(slot_of(own, area, index)->any.opcode & le32(SDXI_DSC_VL));
		assert_int_equal(own->irqs, 0);

		/* Stopped and started again, the context goes on with it. */
		do_good(own, 0, dsc_stop(1, 1, false));
		do_good(own, 0, dsc_sync(SDXI_FLT_STOP, 1, 1));
		do_good(own, 0, dsc_adm(SDXI_ADM_CXT_START_NM, 1, 1));
		assert_int_equal(cst->signal, 0);
		assert_int_equal(cst->flags, 0);
		assert_int_equal(own->irqs, how);
		owner_free(own);
	}
}

/* It is about what is complete: its own block is written, and those before it. */
static void
look_at_intr(struct owner *own)
{
	uint64_t i;

	for (i = 0; i < own->wix[1]; i++)
		assert_true(is_done(own, 1, i));
}

static void
test_intr(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	struct sdxi_dsc dsc = dsc_op(SDXI_TYPE_INTR, SDXI_INTR_INTR);
	struct sdxi_akey_ent *akeys = akeys_of(own, area);
	unsigned int i;
	uint64_t index;

	akeys[3].intr_num = le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV | 0x7a5 << 4);
	akeys[255].intr_num = le16(SDXI_AKEY_ENT_VL | SDXI_AKEY_ENT_IV);
	dsc.copy.akey0 = le16(3);
	own->on_irq = look_at_intr;
	do_good(own, area, dsc);
	assert_int_equal(own->irqs, 1);
	assert_int_equal(own->irq_vector, 0x7a5);
	push_ring(own, area, dsc_copy(DST, SRC, 64));
	dsc.any.opcode |= le32(SDXI_DSC_FE);
	dsc.copy.akey0 = le16(255);
	do_good(own, area, dsc);
	assert_int_equal(own->irqs, 2);
	assert_int_equal(own->irq_vector, 0);
	/* An AKey without an interrupt, and one that is not there. */
	for (i = 0; i < 2; i++) {
		dsc.copy.akey0 = le16(i == 0 ? 0 : 256);
		index = push_ring(own, area, dsc);
		run_dry(own);
		assert_true(has_er(own, area, index));
		log_check(own, i, 1, index, LOG_NO_BUF, SDXI_STEP_AKEY, SDXI_SUB_STEP_VALIDATION,
			  SDXI_RE_INFORMATIVE);
	}
	assert_int_equal(own->irqs, 2);
}

/*
 * Bursts in which copies of all sizes, blocks that are shared, none at all, fences and operations
 * that are not copies alternate: all data, all signals, all slots.
 */
static void
test_bursts(void **state)
{
	struct owner *own = *state;
	const unsigned int area = cxt_up(own, 1);
	unsigned int round, i, n, share = 0;
	uint32_t random = 12345;

	fill(own, SRC, UINT64_C(1) << 20, 5);
	for (round = 0; round < 400; round++) {
		uint64_t len[40], first = own->wix[area], shared = 0;

		n = 1 + round % 40;
		memset(mem_at(own, DST), 0, n * 8192);
		for (i = 0; i < n; i++) {
			struct sdxi_dsc dsc;

			random = random * 1664525 + 1013904223;
			len[i] = random >> 30 == 0 ? 1 + (random >> 8) % 8000 :
						     1 + (random >> 8) % 128;
			dsc = dsc_copy(DST + i * 8192 + (random >> 24) % 64, SRC + i * 8192 + round,
				       len[i]);
			if ((random >> 20) % 16 == 0)
				dsc.any.opcode |= le32(SDXI_DSC_FE);
			if ((random >> 16) % 16 == 0)
				dsc.any.opcode |= le32(SDXI_DSC_CSR);
			if ((random >> 12) % 16 == 0) {
				dsc = dsc_nop();
				len[i] = 0;
			}
			if ((random >> 4) % 16 == 0)
				dsc.any.csb_ptr = le64(SDXI_DSC_NP);
			/* The block of the one before, once more. */
			if (i != 0 && share != 0 && (random >> 8) % 4 == 0 &&
			    !(dsc.any.opcode & le32(SDXI_DSC_CSR)) && dsc.any.csb_ptr == 0) {
				cst_of(own, area, shared)->signal =
					le64(le64(cst_of(own, area, shared)->signal) + 1);
				dsc.any.csb_ptr = le64(cst_at(area, shared));
				push(own, area, &dsc);
			} else {
				shared = push(own, area, &dsc);
				share = dsc.any.csb_ptr == 0 &&
					!(dsc.any.opcode & le32(SDXI_DSC_CSR));
			}
		}
		ring_doorbell(own, area);
		run_dry(own);
		assert_int_equal(read_index(own, area), first + n);
		for (i = 0; i < n; i++) {
			const struct sdxi_dsc *slot = slot_of(own, area, first + i);

			assert_int_equal(le32(slot->any.opcode) & 1, 0);
			if (!(slot->any.csb_ptr & le64(SDXI_DSC_NP)))
				assert_true(((struct sdxi_cst_blk *)mem_at(own,
					le64(slot->any.csb_ptr)))->signal == 0);
			if (len[i] != 0)
				assert_true(same(own, le64(slot->copy.addr0),
						 le64(slot->copy.addr1), len[i]));
			/* And nothing around it. */
			if (len[i] != 0) {
				const uint8_t *d = mem_at(own, le64(slot->copy.addr1));

				assert_int_equal(d[len[i]], 0);
				assert_true((le64(slot->copy.addr1) & 8191) == 0 || d[-1] == 0);
			}
		}
	}
	assert_int_equal(cxt_state(own, area), SDXI_CXT_RUN);
	assert_true(own->maps > 0 || !own->can_map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_doorbell_no_work, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_polled_doorbells, setup_active_polled,
						teardown),
		cmocka_unit_test_setup_teardown(test_concurrent, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_concurrent, setup_active_polled, teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_vl, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_slot_filled_while_fetched, setup_active,
						teardown),
		cmocka_unit_test_setup_teardown(test_ring_wrap, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_ring_sizes, setup_active, teardown),
		cmocka_unit_test(test_write_index_errors),
		cmocka_unit_test_setup_teardown(test_write_index_backwards, setup_active_continue,
						teardown),
		cmocka_unit_test(test_ring_faults),
		cmocka_unit_test_setup_teardown(test_copy_lengths, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_copy_mix, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_bursts, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_fairness, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_fence, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_wrt_imm, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_repcopy, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_signal_modes, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_shared_er, setup_active_continue, teardown),
		cmocka_unit_test(test_csb_errors),
		cmocka_unit_test(test_csb_error_before_slow),
		cmocka_unit_test_setup_teardown(test_intr, setup_active_continue, teardown),
	};
	/* Not those about turns, or that count on doorbells being waited for. */
	const struct CMUnitTest free_tests[] = {
		cmocka_unit_test_setup_teardown(test_concurrent, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_concurrent, setup_active_polled, teardown),
		cmocka_unit_test_setup_teardown(test_slot_filled_while_fetched, setup_active,
						teardown),
		cmocka_unit_test_setup_teardown(test_ring_wrap, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_ring_sizes, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_fence, setup_active, teardown),
		cmocka_unit_test(test_write_index_errors),
		cmocka_unit_test_setup_teardown(test_write_index_backwards, setup_active_continue,
						teardown),
		cmocka_unit_test_setup_teardown(test_copy_lengths, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_copy_mix, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_wrt_imm, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_repcopy, setup_active_continue, teardown),
		cmocka_unit_test_setup_teardown(test_signal_modes, setup_active, teardown),
		cmocka_unit_test_setup_teardown(test_shared_er, setup_active_continue, teardown),
		cmocka_unit_test(test_csb_errors),
		cmocka_unit_test_setup_teardown(test_intr, setup_active_continue, teardown),
	};
	int failed;

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	RUN_WITH_FREEDOM(failed, free_tests);
	return failed;
}
