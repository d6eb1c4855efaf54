/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* QEMU's device sdxi in memory: what it reads and writes, and when it stops doing so. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qtest_sdxi.h"

/* ---- unmapped memory ---- */

enum table { TABLE_L2, TABLE_L1, TABLE_CTL, TABLE_STS, TABLE_WIX, TABLE_AKEY, TABLES };

static const struct {
	unsigned int step;
	unsigned int len;
} tables[TABLES] = {
	[TABLE_L2] = { 2, 4096 },  [TABLE_L1] = { 3, 4096 }, [TABLE_CTL] = { 4, 64 },
	[TABLE_STS] = { 5, 16 },   [TABLE_WIX] = { 6, 8 },   [TABLE_AKEY] = { 11, 4096 },
};

static void
table_put(struct fn *f, unsigned int area, enum table table, uint64_t at)
{
	const uint16_t num = f->cxt[area];

	switch (table) {
	case TABLE_L2:
		reg_set(f, CXT_L2, at);
		break;
	case TABLE_L1:
		l2_of(f, num)->lv01_ptr = le64(at | 1);
		break;
	case TABLE_CTL:
		l1_of(f, num)->cxt_ctl_ptr = le64(at | 1);
		break;
	case TABLE_STS:
		ctl_of(f, area)->cxt_sts_ptr = le64(at);
		break;
	case TABLE_WIX:
		ctl_of(f, area)->write_index_ptr = le64(at);
		break;
	default:
		l1_of(f, num)->akey_ptr = le64(at);
		break;
	}
}

/* Tables of the administrative context: the function cannot be activated. */
static void
test_tables_unmapped(void **state)
{
	struct fn *f = fn_start("");
	enum table table;
	enum place place;
	struct snap snap;

	(void)state;
	for (table = 0; table < TABLES; table++)
		for (place = 0; place < PLACES; place++) {
			fn_build(f);
			table_put(f, 0, table, place_at(f, place, tables[table].len));
			snap_take(f, &snap);
			fn_ask(f, SDXI_GSR_ACTIVE);
			QT_WAIT(fn_state(f) != 0 && fn_state(f) != 1);
			assert_int_equal(fn_state(f), 5);
			log_check(f, 0, &(struct entry){ tables[table].step, 1, 2, 0, NO_INDEX,
							 NO_BUF });
			assert_int_equal(log_service(f), 1);
			snap_check(f, &snap);
			fn_reset(f);
		}
	fn_works(f);
}

/* Tables of another context: it cannot start, everything else continues. */
static void
test_client_tables_unmapped(void **state)
{
	struct fn *f = fn_start("max-cxt=200");
	unsigned int good, slot = 0;
	enum table table;
	enum place place;
	struct snap snap;

	(void)state;
	fn_up(f);
	good = cxt_up(f, 1);
	snap_take(f, &snap);
	for (table = TABLE_L1; table < TABLES; table++)
		for (place = 0; place < PLACES; place++) {
			f->n_areas = 2;
			f->n_l1 = 1;
			l2_of(f, 130)->lv01_ptr = 0;
			cxt_build(f, 130);
			table_put(f, 2, table, place_at(f, place, tables[table].len));
			do_bad(f, 0, dsc_start(130, 130));
			assert_int_equal(fn_state(f), 2);
			assert_int_equal(cxt_state(f, 2), 0);
			log_check(f, slot++,
				  &(struct entry){ tables[table].step, 1, 1, 130, NO_INDEX,
						   NO_BUF });
			assert_int_equal(log_service(f), 1);
			snap_check(f, &snap);
		}
	l2_of(f, 130)->lv01_ptr = 0;
	f->n_areas = 2;
	f->n_l1 = 1;
	copy_good(f, cxt_up(f, 130), DATA_AT + 0x10000, DATA_AT, 4096);
	copy_good(f, good, DATA_AT + 0x10000, DATA_AT, 4096);
}

/* An AKey table, a ring and a log that extend past the end of memory. */
static void
test_tables_cut_off(void **state)
{
	struct fn *f = fn_start("");
	unsigned int area;

	(void)state;
	fn_up(f);
	area = cxt_build(f, 1);
	/* 512 entries, of which 256 are in memory. */
	l1_of(f, 1)->akey_ptr = le64((QT_RAM_LEN - 4096) | 1);
	do_bad(f, 0, dsc_start(1, 1));
	log_check(f, 0, &(struct entry){ 11, 1, 1, 1, NO_INDEX, NO_BUF });
	log_service(f);

	/* Descriptors run up to the end of memory. */
	f->n_areas--;
	area = cxt_build_ring(f, 1, QT_RAM_LEN - 64 * 4, RING_SZ);
	memset(qt_ram(QT_RAM_LEN - 64 * 4, 64 * 4), 0, 64 * 4);
	do_good(f, 0, dsc_start(1, 1));
	f->ring_sz[area] = 4;
	push(f, area, dsc_nop());
	push(f, area, dsc_nop());
	push(f, area, dsc_nop());
	submit(f, area, dsc_nop());
	QT_WAIT(is_done(f, area, 3));
	assert_int_equal(read_index(f, area), 4);
	write_index_set(f, area, 5);
	ring_doorbell(f, area);
	log_check(f, 1, &(struct entry){ 7, 1, 1, 1, 4, NO_BUF });
	QT_WAIT(cxt_state(f, area) == 0xf);
	assert_int_equal(read_index(f, area), 4);
	log_service(f);

	/* A ring must not wrap around the address space. */
	do_good(f, 0, dsc_stop(1, false));
	f->n_areas--;
	area = cxt_build(f, 1);
	ctl_of(f, area)->ds_ring_ptr = le64(UINT64_C(0xffffffffffff0040) | 1);
	do_bad(f, 0, dsc_start(1, 1));
	log_check(f, 2, &(struct entry){ 4, 3, 1, 1, NO_INDEX, NO_BUF });
	log_service(f);

	/* The second half of the log is not mapped. */
	f->n_areas--;
	area = cxt_up(f, 1);
	reg_set(f, ERR_CFG, 0);
	reg_set(f, ERR_WRT, 63);
	reg_set(f, ERR_RD, 63);
	reg_set(f, ERR_CFG, (QT_RAM_LEN - 4096) | 2 << 1 | 1);
	do_bad(f, area, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	QT_WAIT(reg_get(f, ERR_WRT) == 64);
	assert_int_equal(log_service(f), 1);
	cxt_again(f, area);
	do_bad(f, area, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	QT_WAIT(reg_get(f, ERR_STS) == 9);
	assert_int_equal(reg_get(f, ERR_WRT), 64);
}

static void
test_ring_unmapped(void **state)
{
	struct fn *f = fn_start("");
	unsigned int slot = 0, area;
	enum place place;
	struct snap snap;

	(void)state;
	fn_up(f);
	snap_take(f, &snap);
	for (place = 0; place < PLACES; place++) {
		f->n_areas = 1;
		area = cxt_build_ring(f, 5, place_at(f, place, RING_SZ * 64), RING_SZ);
		do_good(f, 0, dsc_start(5, 5));
		write_index_set(f, area, 1);
		ring_doorbell(f, area);
		log_check(f, slot++, &(struct entry){ 7, 1, 1, 5, 0, NO_BUF });
		QT_WAIT(cxt_state(f, area) == 0xf);
		assert_int_equal(read_index(f, area), 0);
		assert_int_equal(log_service(f), 1);
		snap_check(f, &snap);
		do_good(f, 0, dsc_stop(5, false));
	}
	/* For the administrative context, only a reset helps. */
	for (place = 0; place < PLACES; place++) {
		fn_reset(f);
		fn_build(f);
		ctl_of(f, 0)->ds_ring_ptr = le64(place_at(f, place, RING_SZ * 64) | 1);
		fn_activate(f);
		write_index_set(f, 0, 1);
		qt_write(f->pci.bar[2], 0, 8);
		log_check(f, 0, &(struct entry){ 7, 1, 1, 0, 0, NO_BUF });
		QT_WAIT(cxt_state(f, 0) == 0xf);
	}
	fn_reset(f);
	fn_works(f);
}

static void
test_log_unmapped(void **state)
{
	struct fn *f = fn_start("error=continue");
	enum place place;
	struct snap snap;

	(void)state;
	fn_up(f);
	for (place = 0; place < PLACES; place++) {
		reg_set(f, ERR_CFG, place_at(f, place, 4096) | 1 << 1 | 1);
		snap_take(f, &snap);
		do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
		QT_WAIT(reg_get(f, ERR_STS) == 9);
		assert_int_equal(reg_get(f, ERR_WRT), 0);
		reg_set(f, ERR_STS, 9);
		snap_check(f, &snap);
		do_good(f, 0, dsc_nop());
	}
}

/* Unmapped memory of an operation, with either reaction to errors. */
static void
data_unmapped(bool stops)
{
	struct fn *f = fn_start(stops ? "" : "error=continue");
	const unsigned int re = stops ? 1 : 0;
	unsigned int area, slot = 0, kind;
	enum place place;
	struct snap snap;
	struct sdxi_dsc dsc;
	uint64_t at, index;

	fn_up(f);
	area = cxt_up(f, 3);
	snap_take(f, &snap);
	fill(DATA_AT, 8192, 1);
	/* Data that would be visible in registers. */
	memset(qt_ram(DATA_AT + 0x20000, 4096), 0xff, 4096);
	for (place = 0; place < PLACES; place++)
		for (kind = 0; kind < 4; kind++) {
			struct entry want = { 10, 1, re, 3, 0, kind == 0 ? 0 : 1 };

			at = place_at(f, place, 4096);
			switch (kind) {
			case 0:
				memset(qt_ram(DATA_AT + 0x10000, 4096), 0x77, 4096);
				dsc = dsc_copy(f, DATA_AT + 0x10000, at, 4096);
				break;
			case 1:
				dsc = dsc_copy(f, at, DATA_AT + 0x20000, 4096);
				break;
			case 2:
				dsc = dsc_wrt_imm(f, at, 8, 0xff);
				break;
			default:
				/* The operation's completion block. */
				dsc = dsc_copy(f, DATA_AT + 0x10000, DATA_AT, 4096);
				dsc.any.csb_ptr = le64(at);
				want.step = 8;
				want.buf = NO_BUF;
				break;
			}
			want.index = submit(f, area, dsc);
			if (kind != 3) {
				QT_WAIT(is_done(f, area, want.index));
				assert_true(has_er(f, area, want.index));
			}
			log_check(f, slot++, &want);
			if (kind == 0)
				assert_true(all_are(DATA_AT + 0x10000, 4096, 0x77));
			if (stops)
				QT_WAIT(cxt_state(f, area) == 0xf);
			assert_int_equal(log_service(f), 1);
			snap_check(f, &snap);
			assert_int_equal(fn_state(f), 2);
			if (stops)
				cxt_again(f, area);
			assert_int_equal(cxt_state(f, area), 1);
			index = submit(f, area, dsc_nop());
			QT_WAIT(is_done(f, area, index));
		}
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);
}

static void
test_data_unmapped_stop(void **state)
{
	(void)state;
	data_unmapped(true);
}

static void
test_data_unmapped_continue(void **state)
{
	(void)state;
	data_unmapped(false);
}

/* Buffers that start in memory and end outside, and firmware (read-only). */
static void
test_data_cut_off(void **state)
{
	static const uint64_t rom_at = 0xfffff000;
	struct fn *f = fn_start("error=continue");
	const uint64_t end = QT_RAM_LEN - 100;
	uint8_t before[4096], after[4096];
	unsigned int area;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 3);
	do_bad(f, area, dsc_copy(f, DATA_AT, end, 101));
	log_check(f, 0, &(struct entry){ 10, 1, 0, 3, 0, 0 });
	do_bad(f, area, dsc_copy(f, end, DATA_AT, 101));
	log_check(f, 1, &(struct entry){ 10, 1, 0, 3, 1, 1 });
	/* Wraps around the address space. */
	do_bad(f, area, dsc_copy(f, DATA_AT, -UINT64_C(50), 101));
	log_check(f, 2, &(struct entry){ 10, 1, 0, 3, 2, 0 });
	do_bad(f, area, dsc_copy(f, -UINT64_C(50), DATA_AT, 101));
	log_check(f, 3, &(struct entry){ 10, 1, 0, 3, 3, 1 });
	qt_read_mem(rom_at, before, 4096);
	do_bad(f, area, dsc_copy(f, rom_at, DATA_AT, 4096));
	log_check(f, 4, &(struct entry){ 10, 1, 0, 3, 4, 1 });
	qt_read_mem(rom_at, after, 4096);
	assert_memory_equal(after, before, 4096);
	/* A long one fails where the error is found. */
	do_bad(f, area, dsc_copy(f, QT_RAM_LEN - 0x300000, DATA_AT, 0x300001));
	log_check(f, 5, &(struct entry){ 10, 1, 0, 3, 5, 1 });
	/* Entirely in memory. */
	fill(DATA_AT, 100, 9);
	do_good(f, area, dsc_copy(f, end, DATA_AT, 100));
	assert_memory_equal(qt_ram(end, 100), qt_ram(DATA_AT, 100), 100);
}

/* ---- bus mastering ---- */

/* Disabled: no request changes memory; then enabled again. */
static void
test_bus_master(void **state)
{
	struct fn *f = fn_start("");
	unsigned int area;
	uint64_t index;

	(void)state;
	fn_build(f);
	qt_bus_master(&f->pci, false);
	*(uint8_t *)in_area(f, 0, STS_OFF) = 0;
	fn_ask(f, SDXI_GSR_ACTIVE);
	qt_write(f->pci.bar[2], 0, 8);
	qt_settle();
	assert_int_not_equal(fn_state(f), 2);
	assert_int_equal(cxt_state(f, 0), 0);
	assert_true(all_are(f->at + LOG_OFF, LOG_ENTRIES * 64, 0));
	fn_reset(f);
	fn_up(f);
	area = cxt_up(f, 1);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);

	/* Disabled while contexts run. */
	qt_bus_master(&f->pci, false);
	memset(qt_ram(DATA_AT + 0x10000, 4096), 0, 4096);
	index = submit(f, area, dsc_copy(f, DATA_AT + 0x10000, DATA_AT, 4096));
	qt_settle();
	assert_true(all_are(DATA_AT + 0x10000, 4096, 0));
	assert_false(is_done(f, area, index));
	assert_int_equal(read_index(f, area), 1);
	assert_int_equal(cxt_state(f, area), 1);
	assert_true(all_are(f->at + LOG_OFF, LOG_ENTRIES * 64, 0));
	/* Once enabled, it continues. */
	qt_bus_master(&f->pci, true);
	QT_WAIT(is_done(f, area, index));
	assert_memory_equal(qt_ram(DATA_AT + 0x10000, 4096), qt_ram(DATA_AT, 4096), 4096);

	/* A soft stop waits for bus mastering, a hard one does not. */
	qt_bus_master(&f->pci, false);
	fn_ask(f, SDXI_GSR_STOP_SF);
	qt_settle();
	assert_int_equal(fn_state(f), 3);
	qt_bus_master(&f->pci, true);
	QT_WAIT(fn_state(f) == 0);
	assert_int_equal(cxt_state(f, area), 4);
	fn_up(f);
	area = cxt_up(f, 1);
	qt_bus_master(&f->pci, false);
	fn_ask(f, SDXI_GSR_STOP_HD);
	QT_WAIT(fn_state(f) == 0);
	assert_int_equal(cxt_state(f, area), 1);
	fn_works(f);
}

/* Memory does not change while the machine is stopped. */
static void
test_machine_stopped(void **state)
{
	struct fn *f = fn_start("");
	unsigned int area;
	uint64_t index;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 1);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);
	qt_qmp_ok("{\"execute\": \"stop\"}\n");
	index = submit(f, area, dsc_nop());
	qt_settle();
	assert_false(is_done(f, area, index));
	assert_int_equal(read_index(f, area), 1);
	qt_qmp_ok("{\"execute\": \"cont\"}\n");
	QT_WAIT(is_done(f, area, index));
}

/* ---- resets ---- */

/* More work than any machine finishes before the stop. */
static unsigned int
work_without_end(struct fn *f, uint16_t num)
{
	const unsigned int area = cxt_build_ring(f, num, f->at + BIG_RING_OFF, BIG_RING_SZ);
	struct sdxi_dsc dsc = dsc_copy(f, DATA_AT + DATA_LEN / 2, DATA_AT, DATA_LEN / 2);

	dsc.any.csb_ptr = le64(1);
	do_good(f, 0, dsc_start(num, num));
	while (f->wix[area] < BIG_RING_SZ)
		push(f, area, dsc);
	ring_doorbell(f, area);
	QT_WAIT(read_index(f, area) >= 1);
	return area;
}

/* Check that memory is not written any more. */
static void
check_silence(struct fn *f, unsigned int area)
{
	const uint64_t index = read_index(f, area);
	const unsigned int was = cxt_state(f, area);

	assert_true(index < BIG_RING_SZ);
	memset(qt_ram(DATA_AT + DATA_LEN / 2, DATA_LEN / 2), 0x11, DATA_LEN / 2);
	qt_settle();
	assert_true(all_are(DATA_AT + DATA_LEN / 2, DATA_LEN / 2, 0x11));
	assert_int_equal(read_index(f, area), index);
	assert_int_equal(cxt_state(f, area), was);
}

/* Check reset values. */
static void
check_reset_values(const struct fn *f, uint64_t cap0, uint64_t cap1)
{
	unsigned int i;

	for (i = 0; i < REGS; i++)
		assert_int_equal(reg_get(f, regs[i].off), regs[i].off == CAP0 ? cap0 :
				 regs[i].off == CAP1			       ? cap1 :
				 regs[i].off == VERSION ? 0x10000 : 0);
}

enum reset { RESET_FN, RESET_FLR, RESET_BUS, RESET_SYSTEM, RESETS };

static void
reset_do(struct fn *f, enum reset how)
{
	const struct qt_pci port = { .devfn = QT_DEVFN(4, 0) };
	uint32_t ctl;

	switch (how) {
	case RESET_FN:
		fn_ask(f, SDXI_GSR_RESET);
		break;
	case RESET_FLR:
		qt_flr(&f->pci);
		break;
	case RESET_BUS:
		ctl = qt_cfg_read(&port, QT_PCI_BRIDGE_CTL, 2);
		qt_cfg_write(&port, QT_PCI_BRIDGE_CTL, ctl | 1 << 6, 2);
		qt_cfg_write(&port, QT_PCI_BRIDGE_CTL, ctl & ~(1 << 6), 2);
		break;
	default:
		qt_system_reset();
		qt_bridge(QT_DEVFN(4, 0), 1);
		break;
	}
}

/* Reset during work, with writes to the function before it ends. */
static void
test_resets(void **state)
{
	struct qt_pci pci;
	uint64_t cap0, cap1;
	unsigned int area, n;
	enum reset how;
	struct fn *f;

	(void)state;
	QT_START("-device", "pcie-root-port,id=rp,chassis=1,addr=0x4", "-device", "sdxi,bus=rp");
	qt_bridge(QT_DEVFN(4, 0), 1);
	f = fn_find(0, 1, 0);
	cap0 = reg_get(f, CAP0);
	cap1 = reg_get(f, CAP1);
	for (n = 0; n < 2 * RESETS; n++) {
		how = n % RESETS;
		fn_up(f);
		cxt_up(f, 1);
		area = work_without_end(f, 2);
		/* It still responds in the meantime. */
		assert_int_equal(fn_state(f), 2);
		assert_int_equal(reg_get(f, CAP1), cap1);
		reset_do(f, how);
		/* Doorbells and writes that arrive too early, or when the function is gone. */
		pci = f->pci;
		ring_doorbell(f, area);
		ring_doorbell(f, 0);
		reg_set(f, CXT_L2, f->at);
		if (how == RESET_FN) {
			/* No contexts, and registers have their reset values. */
			QT_WAIT(fn_state(f) == 0);
			check_silence(f, area);
			continue;
		}
		assert_int_equal(qt_cfg_read(&f->pci, QT_PCI_COMMAND, 2) & 7, 0);
		check_silence(f, area);
		qt_remap(&pci);
		check_reset_values(f, cap0, cap1);
		ring_doorbell(f, area);
		check_silence(f, area);
		check_reset_values(f, cap0, cap1);
	}
	fn_works(f);
}

/* Stops during work take effect between two operations. */
static void
test_stop_working(void **state)
{
	struct fn *f = fn_start("");
	unsigned int area, hard;

	(void)state;
	for (hard = 0; hard < 2; hard++) {
		fn_up(f);
		area = work_without_end(f, 2);
		fn_ask(f, hard ? SDXI_GSR_STOP_HD : SDXI_GSR_STOP_SF);
		QT_WAIT(fn_state(f) == 0);
		assert_int_equal(cxt_state(f, area), 4);
		check_silence(f, area);
		/* The context only. */
		fn_up(f);
		area = work_without_end(f, 2);
		do_good(f, 0, dsc_stop(2, hard));
		do_good(f, 0, dsc_sync_stop(2));
		assert_int_equal(cxt_state(f, area), 0);
		check_silence(f, area);
		fn_reset(f);
	}
	fn_works(f);
}

/* Without function level reset the bit has no effect. */
static void
test_flr_off(void **state)
{
	struct fn *f = fn_start("flr=off");
	unsigned int area;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 1);
	qt_flr(&f->pci);
	qt_settle();
	assert_int_equal(fn_state(f), 2);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);
	qt_system_reset();
	qt_remap(&f->pci);
	assert_int_equal(fn_state(f), 0);
	fn_works(f);
}

/* Registers are absent for exactly the configured time, and writes are lost. */
static void
test_flr_absent(void **state)
{
	static const struct {
		const char *props;
		uint64_t reads;
	} cases[] = {
		{ "flr-ms=200", 0 }, { "flr-ms=200,flr-reads=ones", UINT64_MAX },
	};
	uint64_t cap0, cap1;
	unsigned int area, i, n;
	struct fn *f;

	(void)state;
	for (n = 0; n < ARRAY_LEN(cases); n++) {
		f = fn_start(cases[n].props);
		cap0 = reg_get(f, CAP0);
		cap1 = reg_get(f, CAP1);
		fn_up(f);
		area = work_without_end(f, 2);
		qt_flr(&f->pci);
		qt_remap(&f->pci);
		qt_step(199999999);
		for (i = 0; i < REGS; i++)
			assert_int_equal(reg_get(f, regs[i].off), cases[n].reads);
		assert_int_equal(qt_read(f->pci.bar[0] + VERSION, 4), (uint32_t)cases[n].reads);
		reg_set(f, CXT_L2, f->at);
		fn_ask(f, SDXI_GSR_ACTIVE);
		ring_doorbell(f, area);
		qt_step(1);
		check_reset_values(f, cap0, cap1);
		check_silence(f, area);
		/* RESET through CTL0 and machine resets take no time. */
		fn_up(f);
		fn_reset(f);
		assert_int_equal(reg_get(f, CAP0), cap0);
		qt_flr(&f->pci);
		qt_system_reset();
		qt_remap(&f->pci);
		check_reset_values(f, cap0, cap1);
		fn_works(f);
		assert_int_equal(qt_teardown(NULL), 0);
	}
}

/* Doorbells and requests before a reset have no effect after it. */
static void
test_reset_forgets(void **state)
{
	struct fn *f = fn_start("");
	unsigned int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		fn_build(f);
		push(f, 0, dsc_nop());
		/* The request and the doorbell may or may not have had effect. */
		fn_ask(f, SDXI_GSR_ACTIVE);
		qt_write(f->pci.bar[2], 0, 8);
		qt_flr(&f->pci);
		qt_remap(&f->pci);
		assert_int_equal(fn_state(f), 0);
		qt_settle();
		assert_int_equal(fn_state(f), 0);
		fn_build(f);
		push(f, 0, dsc_nop());
		qt_write(f->pci.bar[2], 0, 8);
		fn_ask(f, SDXI_GSR_ACTIVE);
		QT_WAIT(fn_state(f) == 2);
		qt_settle();
		assert_int_equal(read_index(f, 0), 0);
		qt_write(f->pci.bar[2], 0, 8);
		QT_WAIT(read_index(f, 0) == 1);
		qt_flr(&f->pci);
		qt_remap(&f->pci);
	}
	fn_works(f);
}

/* ---- operations, end to end ---- */

static void
test_copies(void **state)
{
	static const uint64_t lens[] = {
		1, 7, 8, 63, 64, 4095, 4096, 4097, 65536, 262144, 262145, 1000003, 0x1000000,
	};
	static const char *const props[] = {
		"", "error=continue", "order=random,seed=3", "max-cxt=65535,db-stride=16384",
	};
	unsigned int i, j, k, area[6];
	uint64_t index[6];
	struct fn *f;

	for (i = 0; i < ARRAY_LEN(props); i++) {
		f = fn_start(props[i]);
		fn_up(f);
		for (j = 0; j < 6; j++)
			area[j] = cxt_up(f, 1 + j * 25);
		for (j = 0; j < ARRAY_LEN(lens); j++)
			copy_good(f, area[j % 6], DATA_AT + DATA_LEN / 2 + j * 3, DATA_AT + j * 5,
				  lens[j]);
		/* All in one go. */
		fill(DATA_AT, 6 << 20, i);
		memset(qt_ram(DATA_AT + DATA_LEN / 2, 6 << 20), 0, 6 << 20);
		for (j = 0; j < 6; j++)
			for (k = 0; k < 64; k++) {
				const uint64_t at = j * (1 << 20) + k * 16384;

				index[j] = push(f, area[j], dsc_copy(f, DATA_AT + DATA_LEN / 2 + at,
								     DATA_AT + at, 16384));
			}
		for (j = 0; j < 6; j++)
			ring_doorbell(f, area[j]);
		for (j = 0; j < 6; j++) {
			QT_WAIT(read_index(f, area[j]) == index[j] + 1);
			for (k = 0; k < 64; k++)
				QT_WAIT(is_done(f, area[j], index[j] - k));
		}
		assert_memory_equal(qt_ram(DATA_AT + DATA_LEN / 2, 6 << 20),
				    qt_ram(DATA_AT, 6 << 20), 6 << 20);
		assert_int_equal(reg_get(f, ERR_STS), 0);
		fn_ask(f, SDXI_GSR_STOP_SF);
		QT_WAIT(fn_state(f) == 0);
		for (j = 0; j < 6; j++)
			assert_int_equal(cxt_state(f, area[j]), 4);
		assert_int_equal(qt_teardown(state), 0);
	}
}

/* Operations after a failed one in the ring. */
static void
after_failure(bool stops)
{
	struct fn *f = fn_start(stops ? "error=stop" : "error=continue");
	struct sdxi_dsc nop = dsc_nop(), bad;
	unsigned int area;
	uint64_t index;

	fn_up(f);
	area = cxt_up(f, 1);
	bad = dsc_copy(f, DATA_AT, QT_RAM_LEN, 64);
	push(f, area, nop);
	index = push(f, area, bad);
	/* With a fence, so that it cannot run before. */
	nop.any.opcode |= le32(1 << 2);
	push(f, area, nop);
	push(f, area, nop);
	ring_doorbell(f, area);
	QT_WAIT(is_done(f, area, index));
	assert_true(has_er(f, area, index));
	assert_true(is_done(f, area, 0) && !has_er(f, area, 0));
	log_check(f, 0, &(struct entry){ 10, 1, stops ? 1 : 0, 1, index, 0 });
	if (stops) {
		QT_WAIT(cxt_state(f, area) == 0xf);
		qt_settle();
		assert_false(is_done(f, area, index + 1) || is_done(f, area, index + 2));
		ring_doorbell(f, area);
		qt_settle();
		assert_false(is_done(f, area, index + 1));
		cxt_again(f, area);
	}
	QT_WAIT(is_done(f, area, index + 2));
	assert_true(!has_er(f, area, index + 1) && !has_er(f, area, index + 2));
	QT_WAIT(read_index(f, area) == 4);
	assert_int_equal(cxt_state(f, area), 1);
	assert_int_equal(reg_get(f, ERR_WRT), 1);
}

static void
test_error_stop(void **state)
{
	(void)state;
	after_failure(true);
}

static void
test_error_continue(void **state)
{
	(void)state;
	after_failure(false);
}

/* Two independent functions. */
static void
test_two_functions(void **state)
{
	struct fn *a, *b;
	unsigned int area_a, area_b;
	struct snap snap;

	(void)state;
	QT_START("-device", "sdxi," SLOT, "-device", "sdxi,addr=0x11,max-cxt=3");
	a = fn_find(0, 0, DEVFN);
	b = fn_find(1, 0, QT_DEVFN(0x11, 0));
	assert_int_equal((reg_get(a, CAP1) >> 16) & 0xffff, 127);
	assert_int_equal((reg_get(b, CAP1) >> 16) & 0xffff, 3);
	fn_up(a);
	fn_up(b);
	area_a = cxt_up(a, 2);
	area_b = cxt_up(b, 2);
	copy_good(a, area_a, DATA_AT + 0x10000, DATA_AT, 4096);
	copy_good(b, area_b, DATA_AT + 0x10000, DATA_AT, 4096);

	/* One cannot write to the other's memory. */
	snap_take(b, &snap);
	memset(qt_ram(DATA_AT, 64), 0, 64);
	do_bad(a, area_a, dsc_copy(a, b->pci.bar[0], DATA_AT, 8));
	log_check(a, 0, &(struct entry){ 10, 1, 1, 2, 1, 1 });
	cxt_again(a, area_a);
	push(b, area_b, dsc_nop());
	do_bad(a, area_a, dsc_copy(a, b->pci.bar[2] + 2 * b->stride, DATA_AT, 8));
	qt_settle();
	assert_int_equal(read_index(b, area_b), 1);
	snap_check(b, &snap);
	assert_int_equal(fn_state(b), 2);

	fn_ask(a, SDXI_GSR_RESET);
	qt_flr(&a->pci);
	assert_int_equal(fn_state(b), 2);
	copy_good(b, area_b, DATA_AT + 0x10000, DATA_AT, 4096);
	qt_remap(&a->pci);
	fn_works(a);
}

/* ---- faults ---- */

#define SET_FAULT                                                                                  \
	"{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"/machine/peripheral/dut\", " \
	"\"property\": \"fault\", \"value\": \"%s\"}}\n"

static void
test_faults(void **state)
{
	struct fn *f = fn_start("fault=fail:cxt=1:op=1:step=10:sub_step=2:buf=1;fail:cxt=2");
	unsigned int one, two, i;

	(void)state;
	/* Injected again at each reset of the device, but not at RESET of the function. */
	for (i = 0; i < 2; i++) {
		fn_up(f);
		one = cxt_up(f, 1);
		two = cxt_up(f, 2);
		do_good(f, one, dsc_nop());
		do_bad(f, one, dsc_nop());
		log_check(f, 0, &(struct entry){ 10, 2, 1, 1, 1, 1 });
		do_bad(f, two, dsc_nop());
		cxt_again(f, one);
		do_good(f, one, dsc_nop());
		fn_reset(f);
		fn_works(f);
		if (i == 0) {
			qt_flr(&f->pci);
			qt_remap(&f->pci);
		}
	}
	qt_system_reset();
	qt_remap(&f->pci);

	/* Injected at run time: immediately, and once. */
	fn_up(f);
	one = cxt_up(f, 3);
	do_good(f, one, dsc_nop());
	qt_qmp_ok(SET_FAULT, "fail:cxt=3:op=1:no_log");
	do_good(f, one, dsc_nop());
	do_bad(f, one, dsc_nop());
	QT_WAIT(cxt_state(f, one) == 0xf);
	assert_int_equal(reg_get(f, ERR_WRT), 0);
	cxt_again(f, one);
	do_good(f, one, dsc_nop());
	assert_non_null(strstr(qt_qmp(SET_FAULT, "fail:cxt=3;rubbish"), "\"error\""));
	do_good(f, one, dsc_nop());

	/* A function that reacts only to its bus. */
	qt_qmp_ok(SET_FAULT, "no_reset");
	fn_ask(f, SDXI_GSR_STOP_HD);
	qt_settle();
	fn_ask(f, SDXI_GSR_RESET);
	qt_settle();
	assert_int_equal(fn_state(f), 2);
	qt_flr(&f->pci);
	qt_remap(&f->pci);
	assert_int_equal(fn_state(f), 0);
}

/* ---- hotplug ---- */

static void
test_hotplug(void **state)
{
	const struct qt_pci port = { .devfn = QT_DEVFN(4, 0) };
	unsigned int area, slot, i;
	struct fn *f;

	(void)state;
	/* Use the port's native hotplug, not ACPI's. */
	QT_START("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
		 "-device", "pcie-root-port,id=rp,chassis=1,addr=0x4");
	qt_bridge(QT_DEVFN(4, 0), 1);
	slot = qt_cap(&port, QT_PCI_CAP_EXP) + 0x18;
	for (i = 0; i < 3; i++) {
		qt_qmp_ok("{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"sdxi\","
			  " \"id\": \"hot\", \"bus\": \"rp\"}}\n");
		/* Power on, indicator on. */
		qt_cfg_write(&port, slot, 1 << 8, 2);
		f = fn_find(0, 1, 0);
		fn_up(f);
		copy_good(f, cxt_up(f, 1), DATA_AT + 0x10000, DATA_AT, 4096);
		area = work_without_end(f, 2);
		assert_non_null(strstr(qt_qmp("{\"execute\": \"device_add\", \"arguments\": {"
					      "\"driver\": \"sdxi\", \"bus\": \"rp\", "
					      "\"max-cxt\": 0}}\n"), "\"error\""));
		qt_qmp_ok("{\"execute\": \"device_del\", \"arguments\": {\"id\": \"hot\"}}\n");
		/* Complete removal as the guest does: power off, indicator off. */
		qt_cfg_write(&port, slot, 1 << 10 | 3 << 8, 2);
		qt_event("DEVICE_DELETED");
		check_silence(f, area);
		assert_int_equal(qt_cfg_read(&f->pci, 0, 2), 0xffff);
	}
}

static uint64_t
random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A value that is likely to be interesting. */
static uint64_t
random_value(const struct fn *f, uint64_t *seed)
{
	switch (random_next(seed) % 8) {
	case 0:
		return random_next(seed);
	case 1:
		return f->at + (random_next(seed) & 0xfffff);
	case 2:
		return f->pci.bar[random_next(seed) % 3 * 2] + (random_next(seed) & 0x3ffff);
	case 3:
		return UINT64_MAX << random_next(seed) % 64;
	case 4:
		return QT_RAM_LEN - (random_next(seed) & 0xffff);
	default:
		return random_next(seed) & 0xff;
	}
}

static void
random_step(struct fn *f, uint64_t *seed)
{
	const unsigned int size = 1 << random_next(seed) % 4;
	const uint64_t val = random_value(f, seed);
	unsigned int bar;
	uint64_t at;

	switch (random_next(seed) % 16) {
	default:
		at = regs[random_next(seed) % REGS].off;
		at += random_next(seed) % 4 == 0 ? val % 8 : 0;
		qt_write(f->pci.bar[0] + at, val, random_next(seed) % 4 == 0 ? size : 8);
		break;
	case 0:
	case 1:
	case 2:
		at = random_next(seed) % 16 * 4096;
		qt_write(f->pci.bar[2] + at, val, random_next(seed) % 8 == 0 ? size : 8);
		break;
	case 3:
		bar = random_next(seed) % 3 * 2;
		at = random_next(seed) % (f->pci.bar_len[bar] - 8);
		qt_write(f->pci.bar[bar] + at, val, size);
		break;
	case 4:
		bar = random_next(seed) % 3 * 2;
		at = random_next(seed) % (f->pci.bar_len[bar] - 8);
		qt_read(f->pci.bar[bar] + at, size);
		break;
	case 5:
		/* Corrupt descriptors and tables. */
		at = AREA_OFF(random_next(seed) % 4) + random_next(seed) % AREA_LEN / 8 * 8;
		*(uint64_t *)mem(f, at, 8) = le64(val);
		break;
	case 6:
		at = AREA_OFF(random_next(seed) % 4) + WIX_OFF;
		*(uint64_t *)mem(f, at, 8) = le64(random_next(seed) % 64);
		break;
	case 7:
		fn_ask(f, random_next(seed) % 4);
		break;
	case 8:
		if (random_next(seed) % 4 == 0)
			qt_cfg_write(&f->pci, random_next(seed) % 256 / 4 * 4, val, 4);
		break;
	case 9:
		if (random_next(seed) % 8 == 0) {
			qt_remap(&f->pci);
			qt_bus_master(&f->pci, true);
		}
		break;
	case 10:
		qt_step(random_next(seed) % 10000000);
		break;
	case 11:
		/* Usually recover, so that there is something to lose again. */
		if (random_next(seed) % 16 != 0)
			break;
		qt_system_reset();
		qt_remap(&f->pci);
		fn_up(f);
		for (bar = 1; bar < 4; bar++)
			cxt_up(f, bar);
		break;
	}
}

static void
test_random(void **state)
{
	static const char *const props[] = {
		"", "error=continue,order=random", "fault=fail:cxt=1:op=3;stall:cxt=2:op=9",
	};
	unsigned int i, n;
	uint64_t seed;
	struct fn *f;

	for (i = 0; i < ARRAY_LEN(props); i++) {
		f = fn_start(props[i]);
		seed = UINT64_C(0x5d71) + i;
		for (n = 0; n < 15000; n++)
			random_step(f, &seed);
		qt_system_reset();
		f = fn_find(0, 0, DEVFN);
		fn_up(f);
		copy_good(f, cxt_up(f, 4), DATA_AT + 0x10000, DATA_AT, 4096);
		assert_int_equal(qt_teardown(state), 0);
	}
}

/* ---- IOMMU ---- */

#define VTD_AT UINT64_C(0xfed90000)
#define VTD_MEM UINT64_C(0x800000) /* its tables: root, context, four levels of pages */
#define IOVA UINT64_C(0x7000000000)
#define VTD_READ 1
#define VTD_WRITE 2

/* The page table entry of an IOVA; missing upper levels are created. */
static uint64_t *
vtd_entry(uint64_t iova)
{
	static uint64_t next;
	uint64_t table = VTD_MEM + 0x2000, *ent;
	int level;

	if (*(uint64_t *)qt_ram(table, 8) == 0)
		next = table + 0x1000;
	for (level = 3; level > 0; level--) {
		ent = (uint64_t *)qt_ram(table, 4096) + (iova >> (12 + 9 * level)) % 512;
		if (*ent == 0) {
			*ent = le64(next | VTD_READ | VTD_WRITE);
			next += 0x1000;
		}
		table = le64(*ent) & ~UINT64_C(0xfff);
	}
	return (uint64_t *)qt_ram(table, 4096) + (iova >> 12) % 512;
}

static void
vtd_map(uint64_t at, uint64_t len, unsigned int access)
{
	uint64_t off;

	for (off = 0; off < len; off += 4096)
		*vtd_entry(at + off + IOVA) = le64(access == 0 ? 0 : (at + off) | access);
	/* Invalidate the IOTLB; ECAP has the offset of the register. */
	off = VTD_AT + ((qt_read(VTD_AT + 0x10, 8) >> 8) & 0x3ff) * 16 + 8;
	qt_write(off, UINT64_C(1) << 63 | UINT64_C(1) << 60, 8);
	QT_WAIT(!(qt_read(off, 8) >> 63));
}

/* Enable 48-bit translation for all functions of bus 0. */
static void
vtd_on(void)
{
	uint64_t *root = qt_ram(VTD_MEM, 4096), *cxt = qt_ram(VTD_MEM + 0x1000, 4096);
	unsigned int i;

	memset(root, 0, 0x3000);
	root[0] = le64((VTD_MEM + 0x1000) | 1);
	for (i = 0; i < 256; i++) {
		cxt[i * 2] = le64((VTD_MEM + 0x2000) | 1);
		cxt[i * 2 + 1] = le64(1 << 8 | 2);
	}
	qt_write(VTD_AT + 0x20, VTD_MEM, 8);
	qt_write(VTD_AT + 0x18, UINT32_C(1) << 30, 4);
	qt_write(VTD_AT + 0x18, UINT32_C(1) << 31, 4);
	QT_WAIT(qt_read(VTD_AT + 0x1c, 4) >> 31);
}

static void
test_iommu(void **state)
{
	unsigned int area, slot = 0;
	struct sdxi_dsc real;
	struct fn *f;

	(void)state;
	QT_START("-device", "intel-iommu,aw-bits=48", "-device", "sdxi," SLOT);
	f = fn_find(0, 0, DEVFN);
	vtd_on();
	f->iova = IOVA;
	/* With nothing mapped, nothing is readable. */
	fn_build(f);
	fn_ask(f, SDXI_GSR_ACTIVE);
	QT_WAIT(fn_state(f) == 5);
	assert_int_equal(reg_get(f, ERR_STS), 9);
	fn_reset(f);

	vtd_map(f->at, AREA_OFF(4), VTD_READ | VTD_WRITE);
	vtd_map(DATA_AT, 0x20000, VTD_READ | VTD_WRITE);
	fn_up(f);
	area = cxt_up(f, 1);
	copy_good(f, area, DATA_AT + 0x10100, DATA_AT + 0x80, 0x8000);

	/* Physical addresses are not mapped. */
	f->iova = 0;
	real = dsc_copy(f, DATA_AT + 0x10000, DATA_AT, 64);
	f->iova = IOVA;
	do_bad(f, area, real);
	log_check(f, slot++, &(struct entry){ 10, 1, 1, 1, 1, 0 });
	cxt_again(f, area);

	/* Read-only, then unmapped. */
	vtd_map(DATA_AT + 0x10000, 0x1000, VTD_READ);
	memset(qt_ram(DATA_AT + 0x10000, 0x1000), 0x33, 0x1000);
	do_good(f, area, dsc_copy(f, DATA_AT, DATA_AT + 0x10000, 0x1000));
	assert_true(all_are(DATA_AT, 0x1000, 0x33));
	fill(DATA_AT, 0x1000, 5);
	do_bad(f, area, dsc_copy(f, DATA_AT + 0x10000, DATA_AT, 0x1000));
	assert_true(all_are(DATA_AT + 0x10000, 0x1000, 0x33));
	log_check(f, slot++, &(struct entry){ 10, 1, 1, 1, 3, 1 });
	cxt_again(f, area);
	vtd_map(DATA_AT + 0x10000, 0x1000, 0);
	do_bad(f, area, dsc_copy(f, DATA_AT + 0xf000, DATA_AT + 0x1000, 0x2000));
	log_check(f, slot++, &(struct entry){ 10, 1, 1, 1, 4, 1 });
	cxt_again(f, area);
	do_bad(f, area, dsc_copy(f, DATA_AT, DATA_AT + 0xf000, 0x2000));
	log_check(f, slot++, &(struct entry){ 10, 1, 1, 1, 5, 0 });
	cxt_again(f, area);
	vtd_map(DATA_AT + 0x10000, 0x1000, VTD_READ | VTD_WRITE);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 0x1000);

	/* Unmap the context's own memory. */
	vtd_map(f->at + AREA_OFF(area), 0x1000, 0);
	submit(f, area, dsc_nop());
	log_check(f, slot++, &(struct entry){ 7, 1, 1, 1, 7, NO_BUF });
	QT_WAIT(cxt_state(f, area) == 0xf);
	vtd_map(f->at + AREA_OFF(area), 0x1000, VTD_READ | VTD_WRITE);
	cxt_again(f, area);
	QT_WAIT(is_done(f, area, 7));
	vtd_map(f->at + AREA_OFF(area) + WIX_OFF, 0x1000, 0);
	submit(f, area, dsc_nop());
	log_check(f, slot++, &(struct entry){ 6, 1, 1, 1, NO_INDEX, NO_BUF });
	vtd_map(f->at + AREA_OFF(area) + WIX_OFF, 0x1000, VTD_READ | VTD_WRITE);
	QT_WAIT(cxt_state(f, area) == 0xf);
	cxt_again(f, area);
	/* The IOMMU also translates messages. */
	vtd_map(f->at + AREA_OFF(area) + CSB_OFF, 0x1000, VTD_READ);
	submit(f, area, dsc_nop());
	log_check(f, slot++, &(struct entry){ 8, 1, 1, 1, 9, NO_BUF });
	vtd_map(f->at + AREA_OFF(area) + CSB_OFF, 0x1000, VTD_READ | VTD_WRITE);
	QT_WAIT(cxt_state(f, area) == 0xf);
	cxt_again(f, area);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 0x1000);
}

/* ---- virtual functions ---- */

static void
test_sriov(void **state)
{
	struct qt_pci pf = { .bus = 1 };
	unsigned int cap, i, area[3], offset, stride;
	struct fn *f[3];

	(void)state;
	QT_START("-device", "pcie-root-port,id=rp,chassis=1,addr=0x4", "-device",
		 "sdxi,bus=rp,sriov-vfs=2,max-cxt=15,db-stride=8192");
	qt_bridge(QT_DEVFN(4, 0), 1);
	f[0] = fn_find(0, 1, 0);
	pf = f[0]->pci;
	cap = qt_ext_cap(&pf, QT_PCI_EXT_CAP_SRIOV);
	assert_int_not_equal(cap, 0);
	assert_int_equal(qt_cfg_read(&pf, cap + 0x0e, 2), 2);
	offset = qt_cfg_read(&pf, cap + 0x14, 2);
	stride = qt_cfg_read(&pf, cap + 0x16, 2);
	qt_cfg_write(&pf, cap + 0x10, 2, 2);
	for (i = 0; i < 2; i++)
		memset(&fns[1 + i], 0, sizeof(fns[0]));
	/* The BARs of all VFs are contiguous. */
	for (i = 0; i < QT_BARS; i += 1 + pf.bar_64[i]) {
		uint64_t at, len;

		if (pf.bar_len[i] == 0)
			continue;
		assert_true(pf.bar_64[i]);
		qt_cfg_write(&pf, cap + 0x24 + i * 4, UINT32_MAX, 4);
		qt_cfg_write(&pf, cap + 0x28 + i * 4, UINT32_MAX, 4);
		len = qt_cfg_read(&pf, cap + 0x24 + i * 4, 4) & ~15u;
		len |= (uint64_t)qt_cfg_read(&pf, cap + 0x28 + i * 4, 4) << 32;
		len = ~len + 1;
		assert_int_equal(len, pf.bar_len[i]);
		at = qt_mmio_alloc(len * 2);
		qt_cfg_write(&pf, cap + 0x24 + i * 4, at, 4);
		qt_cfg_write(&pf, cap + 0x28 + i * 4, at >> 32, 4);
		fns[1].pci.bar[i] = at;
		fns[2].pci.bar[i] = at + len;
		fns[1].pci.bar_len[i] = fns[2].pci.bar_len[i] = len;
	}
	qt_cfg_write(&pf, cap + 0x08, 1 | 1 << 3, 2);
	for (i = 1; i < 3; i++) {
		f[i] = &fns[i];
		f[i]->at = FN_AT(i);
		f[i]->pci.bus = 1;
		f[i]->pci.devfn = offset + (i - 1) * stride;
		fn_found(f[i]);
		assert_int_equal(f[i]->stride, 8192);
		assert_int_equal((reg_get(f[i], CAP1) >> 16) & 0xffff, 15);
	}
	for (i = 0; i < 3; i++) {
		fn_up(f[i]);
		area[i] = cxt_up(f[i], 15);
	}
	for (i = 0; i < 3; i++)
		copy_good(f[i], area[i], DATA_AT + 0x10000, DATA_AT, 4096);
	/* Reset one alone, and all with the physical function. */
	fn_ask(f[1], SDXI_GSR_RESET);
	QT_WAIT(fn_state(f[1]) == 0);
	copy_good(f[2], area[2], DATA_AT + 0x10000, DATA_AT, 4096);
	area[2] = work_without_end(f[2], 2);
	qt_cfg_write(&pf, cap + 0x08, 0, 2);
	check_silence(f[2], area[2]);
	copy_good(f[0], area[0], DATA_AT + 0x10000, DATA_AT, 4096);

	/* New VFs, with memory decoding off and then on. */
	qt_cfg_write(&pf, cap + 0x10, 2, 2);
	qt_cfg_write(&pf, cap + 0x08, 1, 2);
	assert_int_equal(qt_cfg_read(&f[2]->pci, 0x08, 4) >> 8, 0x120100);
	assert_int_not_equal(reg_get(f[2], VERSION), 0x10000);
	qt_cfg_write(&pf, cap + 0x08, 1 | 1 << 3, 2);
	assert_int_equal(reg_get(f[2], VERSION), 0x10000);
	fn_works(f[1]);
	fn_reset(f[2]);
	fn_up(f[2]);
	area[2] = work_without_end(f[2], 2);
	/* A VF reset preserves the addresses of its BARs. */
	qt_flr(&f[2]->pci);
	check_silence(f[2], area[2]);
	assert_int_equal(fn_state(f[2]), 0);
	assert_int_equal(fn_state(f[1]), 2);
	fn_up(f[2]);
	area[2] = work_without_end(f[2], 2);
	/* A reset of the physical function removes all VFs. */
	qt_flr(&pf);
	check_silence(f[2], area[2]);
	assert_int_equal(qt_cfg_read(&f[1]->pci, 0x08, 4), UINT32_MAX);
	assert_int_equal(qt_cfg_read(&f[2]->pci, 0x08, 4), UINT32_MAX);
	assert_int_equal(qt_cfg_read(&pf, cap + 0x08, 2), 0);
	assert_int_equal(qt_cfg_read(&pf, cap + 0x10, 2), 0);
	qt_remap(&pf);
	fn_works(f[0]);
}

/* More VFs than a slot has functions, and a message from the last one that removes all. */
static void
test_sriov_many(void **state)
{
	static const unsigned int n = 40;
	struct qt_pci last = { .bus = 1, .devfn = n };
	unsigned int cap, i, bar, area;
	struct fn *f, *vf = &fns[1];
	struct qt_pci pf;
	uint64_t at;

	(void)state;
	QT_START("-device", "pcie-root-port,id=rp,chassis=1,addr=0x4", "-device",
		 "sdxi,bus=rp,sriov-vfs=40,max-cxt=1");
	qt_bridge(QT_DEVFN(4, 0), 1);
	f = fn_find(0, 1, 0);
	pf = f->pci;
	cap = qt_ext_cap(&pf, QT_PCI_EXT_CAP_SRIOV);
	for (bar = 0; bar < QT_BARS; bar += 2) {
		at = qt_mmio_alloc(pf.bar_len[bar] * 64);
		qt_cfg_write(&pf, cap + 0x24 + bar * 4, at, 4);
		qt_cfg_write(&pf, cap + 0x28 + bar * 4, at >> 32, 4);
		last.bar[bar] = at + (n - 1) * pf.bar_len[bar];
		last.bar_len[bar] = pf.bar_len[bar];
	}
	/* More than TotalVFs enables none. */
	qt_cfg_write(&pf, cap + 0x10, n + 1, 2);
	qt_cfg_write(&pf, cap + 0x08, 1 | 1 << 3, 2);
	assert_int_equal(qt_cfg_read(&last, 0x08, 4), UINT32_MAX);
	qt_cfg_write(&pf, cap + 0x08, 0, 2);
	qt_cfg_write(&pf, cap + 0x10, n, 2);
	qt_cfg_write(&pf, cap + 0x08, 1 | 1 << 3, 2);
	for (i = 1; i <= n; i++)
		assert_int_equal(qt_cfg_read(&(struct qt_pci){ .bus = 1, .devfn = i }, 0x08, 4) >>
					 8, 0x120100);
	memset(vf, 0, sizeof(*vf));
	vf->pci = last;
	vf->at = FN_AT(1);
	fn_found(vf);
	fn_works(vf);
	fn_reset(vf);

	/* Its message goes to the SR-IOV control of the physical function. */
	fn_build(vf);
	at = place_at(f, PLACE_ECAM, 0) + (UINT64_C(1) << 20) + cap + 0x08;
	bar = msix_bar(vf);
	qt_write(last.bar[bar], (uint32_t)at, 4);
	qt_write(last.bar[bar] + 4, at >> 32, 4);
	qt_write(last.bar[bar] + 8, 0, 4);
	qt_write(last.bar[bar] + 12, 0, 4);
	i = qt_cap(&last, QT_PCI_CAP_MSIX);
	qt_cfg_write(&last, i + 2, 1 << 15, 2);
	fn_activate(vf);
	area = cxt_build(vf, 1);
	akeys_of(vf, area)[1].intr_num = le16(3);
	do_good(vf, 0, dsc_start(1, 1));
	submit(vf, area, dsc_intr(1));
	QT_WAIT(qt_cfg_read(&last, 0x08, 4) == UINT32_MAX);
	fn_works(f);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, qt_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_tables_unmapped),
		TEST(test_client_tables_unmapped),
		TEST(test_tables_cut_off),
		TEST(test_ring_unmapped),
		TEST(test_log_unmapped),
		TEST(test_data_unmapped_stop),
		TEST(test_data_unmapped_continue),
		TEST(test_data_cut_off),
		TEST(test_bus_master),
		TEST(test_machine_stopped),
		TEST(test_resets),
		TEST(test_stop_working),
		TEST(test_flr_off),
		TEST(test_flr_absent),
		TEST(test_reset_forgets),
		TEST(test_copies),
		TEST(test_error_stop),
		TEST(test_error_continue),
		TEST(test_two_functions),
		TEST(test_faults),
		TEST(test_hotplug),
		TEST(test_random),
		TEST(test_iommu),
		TEST(test_sriov),
		TEST(test_sriov_many),
	};

	if (!qt_available()) {
		printf("1..0 # SKIP no QEMU: SDXI_QEMU names none\n");
		return 77;
	}
	return cmocka_run_group_tests_name("qtest_dma", tests, NULL, NULL);
}
