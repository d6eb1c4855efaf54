/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* QEMU's device sdxi on its bus: registers, doorbells, states, properties, interrupts. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qtest_sdxi.h"

/* ---- registers ---- */

static void
test_reset_values(void **state)
{
	const struct fn *f = fn_start("");
	unsigned int i;

	(void)state;
	for (i = 0; i < REGS; i++) {
		const uint64_t val = reg_get(f, regs[i].off);

		switch (regs[i].off) {
		case CAP0:
			/* Rings up to 64 Ki, doorbells 4 KiB apart; any sfunc. */
			assert_int_equal(val & ~UINT64_C(0xffff), 6 << 24);
			break;
		case CAP1:
			/* 128 contexts, 4 GiB, RKeys; limits of AKey tables and logs. */
			assert_int_equal(val & ~UINT64_C(0xff00),
					(uint64_t)OPB_ALL << 32 | 127 << 16 | 1 << 6 | 1 << 4 | 11);
			assert_in_range((val >> 8) & 0xf, 0, 5);
			assert_in_range((val >> 12) & 0xf, 0, 8);
			break;
		case VERSION:
			assert_int_equal(val, 0x10000);
			break;
		default:
			assert_int_equal(val, 0);
		}
	}
}

/* Properties change their fields of CAP0 and CAP1, and no others. */
static void
test_cap_properties(void **state)
{
	static const struct {
		const char *props;
		uint64_t cap0;
		uint64_t cap1;
	} cases[] = {
		{ "max-cxt=1", 6 << 24, 1 << 16 | 11 },
		{ "max-cxt=65535,max-ring=1024", 0, UINT64_C(65535) << 16 | 11 },
		{ "max-ring=2048,max-buffer=2M", 1 << 24, 127 << 16 },
		{ "max-ring=32768,max-buffer=4194304", 5 << 24, 127 << 16 | 1 },
		{ "db-stride=524288,max-buffer=2G", 6 << 24 | 7 << 20, 127 << 16 | 10 },
		{ "db-stride=8192,max-cxt=300", 6 << 24 | 1 << 20, 300 << 16 | 11 },
		{ "error=continue,order=random,seed=7", 6 << 24, 127 << 16 | 11 },
	};
	const struct fn *f;
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		f = fn_start(cases[i].props);
		assert_int_equal(reg_get(f, CAP0) & ~UINT64_C(0xffff), cases[i].cap0);
		assert_int_equal(reg_get(f, CAP1) & UINT64_C(0xffffffffffff00ff),
				 cases[i].cap1 | (uint64_t)OPB_ALL << 32 | 1 << 6 | 1 << 4);
		assert_int_equal(reg_get(f, VERSION), 0x10000);
		assert_int_equal(qt_teardown(state), 0);
	}
}

/* Set all writable bits, without a request. */
static void
regs_fill(const struct fn *f)
{
	unsigned int i;

	for (i = 0; i < REGS; i++)
		reg_set(f, regs[i].off,
			UINT64_C(0xa596c3d2e1f07884) + i * UINT64_C(0x1020304050600));
	assert_int_equal(fn_state(f), 0);
}

/* Read any part of any register, across registers, and between them. */
static void
test_reads(void **state)
{
	static const struct {
		uint64_t from;
		uint64_t to;
	} ranges[] = {
		{ 0x0, 0x28 },	     { 0xf0, 0x118 },	  { 0x1f8, 0x228 },
		{ 0xfff0, 0x10018 }, { 0x100f0, 0x10118 }, { 0x1fff0, 0x20048 },
	};
	const struct fn *f = fn_start("");
	const uint64_t len = f->pci.bar_len[0];
	uint8_t *want = calloc(1, len + 8), *got = malloc(len);
	uint64_t off, word, val;
	unsigned int i, size, pass;

	(void)state;
	assert_non_null(want);
	assert_non_null(got);
	/* With reset values, then with all bits set. */
	for (pass = 0; pass < 2; pass++) {
		if (pass == 1)
			regs_fill(f);
		for (i = 0; i < REGS; i++) {
			word = le64(reg_get(f, regs[i].off));
			memcpy(want + regs[i].off, &word, 8);
		}
		qt_read_mem(f->pci.bar[0], got, len);
		assert_memory_equal(got, want, len);
		for (size = 1; size <= 8; size *= 2) {
			for (i = 0; i < ARRAY_LEN(ranges); i++)
				for (off = ranges[i].from; off < ranges[i].to; off++) {
					word = 0;
					/* Only aligned parts of registers return data. */
					if (off % size == 0)
						memcpy(&word, want + off, size);
					val = qt_read(f->pci.bar[0] + off, size);
					if (val != le64(word))
						fail_msg("%u bytes at %#" PRIx64 " are %#" PRIx64,
							 size, off, val);
				}
			/* From the last register up to the last byte. */
			for (off = REGS_END; off + size <= len; off += 1021)
				assert_int_equal(qt_read(f->pci.bar[0] + off, size), 0);
			assert_int_equal(qt_read(f->pci.bar[0] + len - size, size), 0);
		}
	}
	free(want);
	free(got);
}

/* Write whole registers, and their halves. */
static void
test_writes(void **state)
{
	static const uint64_t patterns[] = {
		UINT64_MAX, 0, UINT64_C(0x5555555555555555), UINT64_C(0xaaaaaaaaaaaaaaaa),
		UINT64_C(0x0123456789abcdef),
	};
	const struct fn *f = fn_start("");
	uint64_t at, val, was, half;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < REGS; i++) {
		/* Requests are tested elsewhere. */
		const uint64_t no_gsr = regs[i].off == CTL0 ? ~UINT64_C(3) : UINT64_MAX;
		const uint64_t fixed = regs[i].rw == 0 ? reg_get(f, regs[i].off) : 0;

		at = f->pci.bar[0] + regs[i].off;
		for (j = 0; j < ARRAY_LEN(patterns); j++) {
			/* ERR_WRT is read-only while the log is enabled. */
			reg_set(f, ERR_CFG, 0);
			val = patterns[j] & no_gsr;
			qt_write(at, val, 8);
			assert_int_equal(qt_read(at, 8), (val & regs[i].rw) | fixed);
			was = qt_read(at, 8);
			half = ~patterns[j] & no_gsr;
			qt_write(at, half, 4);
			assert_int_equal(qt_read(at, 8), (was & ~UINT64_C(0xffffffff)) |
					 ((half & regs[i].rw) & 0xffffffff) | (uint32_t)fixed);
			was = qt_read(at, 8);
			qt_write(at + 4, half >> 32, 4);
			assert_int_equal(qt_read(at, 8), (was & 0xffffffff) |
					 ((half & regs[i].rw) & ~UINT64_C(0xffffffff)) |
					 (fixed & ~UINT64_C(0xffffffff)));
		}
	}
	assert_int_equal(fn_state(f), 0);
}

/* Writes of bytes and words, unaligned ones, and to other offsets have no effect. */
static void
test_writes_ignored(void **state)
{
	static const uint8_t offs[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	const struct fn *f = fn_start("");
	const uint64_t len = f->pci.bar_len[0];
	uint8_t *before = malloc(len), *after = malloc(len);
	unsigned int i, j, size;
	uint64_t off;

	(void)state;
	assert_non_null(before);
	assert_non_null(after);
	regs_fill(f);
	qt_read_mem(f->pci.bar[0], before, len);
	for (i = 0; i < REGS; i++)
		for (size = 1; size <= 8; size *= 2)
			for (j = 0; j < ARRAY_LEN(offs); j++)
				if (size < 4 || offs[j] % size != 0)
					qt_write(f->pci.bar[0] + regs[i].off + offs[j],
						 UINT64_C(0x1122334455667788), size);
	qt_read_mem(f->pci.bar[0], after, len);
	assert_memory_equal(after, before, len);

	for (size = 1; size <= 8; size *= 2) {
		for (off = 0x30; off < 0x100; off += size)
			qt_write(f->pci.bar[0] + off, UINT64_MAX, size);
		for (off = REGS_END; off + size <= len; off += 1016)
			qt_write(f->pci.bar[0] + off, UINT64_MAX, size);
		qt_write(f->pci.bar[0] + len - size, UINT64_MAX, size);
	}
	qt_settle();
	qt_read_mem(f->pci.bar[0], after, len);
	assert_memory_equal(after, before, len);
	assert_int_equal(fn_state(f), 0);
	free(before);
	free(after);
}

/* Each bit of the log's status, and the log's indices. */
static void
test_err_sts(void **state)
{
	struct fn *f = fn_start("error=continue");
	unsigned int i;

	(void)state;
	fn_up(f);
	/* One entry. */
	do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	QT_WAIT(reg_get(f, ERR_WRT) == 1);
	assert_int_equal(reg_get(f, ERR_STS), 1);
	/* ERR_WRT is read-only while the log is enabled. */
	reg_set(f, ERR_WRT, 5);
	assert_int_equal(reg_get(f, ERR_WRT), 1);

	/* Overflow the log. */
	for (i = 1; i < LOG_ENTRIES; i++)
		do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	assert_int_equal(reg_get(f, ERR_STS), 1);
	do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	QT_WAIT(reg_get(f, ERR_STS) == 3);
	assert_int_equal(reg_get(f, ERR_WRT), LOG_ENTRIES);

	/* Only writing a 1 clears a bit, with 8 or 4 bytes. */
	reg_set(f, ERR_STS, 0);
	reg_set(f, ERR_STS, ~UINT64_C(3));
	qt_write(f->pci.bar[0] + ERR_STS + 4, UINT32_MAX, 4);
	qt_write(f->pci.bar[0] + ERR_STS, 0xff, 1);
	qt_write(f->pci.bar[0] + ERR_STS, 0xff, 2);
	assert_int_equal(reg_get(f, ERR_STS), 3);
	reg_set(f, ERR_STS, 1);
	assert_int_equal(reg_get(f, ERR_STS), 2);
	qt_write(f->pci.bar[0] + ERR_STS, 2, 4);
	assert_int_equal(reg_get(f, ERR_STS), 0);

	/* Advancing ERR_RD frees entries. */
	reg_set(f, ERR_RD, 10);
	do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	QT_WAIT(reg_get(f, ERR_WRT) == LOG_ENTRIES + 1);
	log_check(f, 0, &(struct entry){ 10, 1, 0, 0, LOG_ENTRIES + 1, 0 });
	assert_int_equal(log_service(f), 1);

	/* A disabled log, and one at an unusable address. */
	reg_set(f, ERR_CFG, 0);
	do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	assert_int_equal(reg_get(f, ERR_STS), 0);
	reg_set(f, ERR_CFG, QT_RAM_LEN | 3);
	do_bad(f, 0, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
	QT_WAIT(reg_get(f, ERR_STS) == 9);
	assert_int_equal(reg_get(f, ERR_WRT), LOG_ENTRIES + 1);
	reg_set(f, ERR_STS, 8);
	assert_int_equal(reg_get(f, ERR_STS), 1);
	reg_set(f, ERR_STS, 1);
	assert_int_equal(reg_get(f, ERR_STS), 0);
}

/* ---- PCI configuration ---- */

static void
test_identity(void **state)
{
	static const char *const props[] = { "", "vendor-id=0x1234,device-id=0xfedc" };
	const struct fn *f;
	unsigned int i;
	uint32_t cmd;

	for (i = 0; i < ARRAY_LEN(props); i++) {
		f = fn_start(props[i]);
		if (i == 1)
			assert_int_equal(qt_cfg_read(&f->pci, 0x00, 4), 0xfedc1234);
		assert_int_not_equal(qt_cfg_read(&f->pci, 0x00, 2), 0xffff);
		/* Class, sub-class and programming interface; a normal header, one function. */
		assert_int_equal(qt_cfg_read(&f->pci, 0x08, 4) >> 8, 0x120100);
		assert_int_equal(qt_cfg_read(&f->pci, 0x0e, 1), 0);
		/* Read-only. */
		qt_cfg_write(&f->pci, 0x00, 0, 4);
		qt_cfg_write(&f->pci, 0x08, 0, 4);
		assert_int_equal(qt_cfg_read(&f->pci, 0x08, 4) >> 8, 0x120100);

		/* 64-bit memory BARs 0 and 2; no I/O ports. */
		assert_true(f->pci.bar_64[0] && f->pci.bar_64[2]);
		assert_int_equal(f->pci.bar_len[0], 0x40000);
		assert_int_equal(f->pci.bar_len[2], 128 * 4096);
		qt_cfg_write(&f->pci, QT_PCI_COMMAND, 0xffff, 2);
		cmd = qt_cfg_read(&f->pci, QT_PCI_COMMAND, 2);
		assert_int_equal(cmd & 7, 6);
		assert_int_equal(qt_teardown(state), 0);
	}
}

static void
test_bar_sizes(void **state)
{
	static const struct {
		const char *props;
		uint64_t db_len;
	} cases[] = {
		{ "max-cxt=1", 2 * 4096 },
		{ "max-cxt=2", 4 * 4096 },
		{ "max-cxt=127", 128 * 4096 },
		{ "max-cxt=128", 256 * 4096 },
		{ "max-cxt=65535", UINT64_C(65536) * 4096 },
		{ "max-cxt=1,db-stride=524288", UINT64_C(2) << 19 },
		{ "max-cxt=127,db-stride=8192", 128 * 8192 },
		{ "max-cxt=65535,db-stride=524288", UINT64_C(65536) << 19 },
	};
	static const uint16_t stride_log2[] = { 0, 0, 0, 0, 0, 7, 1, 7 };
	unsigned int i, area, top;
	struct fn *f;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		f = fn_start(cases[i].props);
		assert_true(f->pci.bar_64[0] && f->pci.bar_64[2]);
		assert_int_equal(f->pci.bar_len[0], 0x40000);
		assert_int_equal(f->pci.bar_len[2], cases[i].db_len);
		assert_int_equal(f->stride, 4096 << stride_log2[i]);
		/* The last context's doorbell works. */
		fn_up(f);
		top = (reg_get(f, CAP1) >> 16) & 0xffff;
		area = cxt_up(f, top);
		copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 100);
		assert_int_equal(qt_teardown(state), 0);
	}
}

static void
test_bar_too_small(void **state)
{
	const struct fn *f = fn_start("x-bar0-size=65536,x-bar2-size=4096");

	(void)state;
	assert_int_equal(f->pci.bar_len[0], 65536);
	assert_int_equal(f->pci.bar_len[2], 4096);
	/* Other registers are unchanged. */
	assert_int_equal(reg_get(f, VERSION), 0x10000);
	qt_write(f->pci.bar[2], 1, 8);
	qt_write(f->pci.bar[2] + 4088, 1, 8);
	qt_read(f->pci.bar[0] + 65535, 1);
}

static void
test_msix_capability(void **state)
{
	static const struct {
		const char *props;
		unsigned int vectors;
	} cases[] = {
		{ "vectors=1", 1 }, { "vectors=5", 5 }, { "", 64 }, { "vectors=2048", 2048 },
	};
	unsigned int i, j, cap, bar, pba_bar;
	uint64_t table, pba, len;
	const struct fn *f;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		f = fn_start(cases[i].props);
		cap = qt_cap(&f->pci, QT_PCI_CAP_MSIX);
		assert_int_not_equal(cap, 0);
		assert_int_equal(qt_cfg_read(&f->pci, cap + 2, 2), cases[i].vectors - 1);
		bar = qt_cfg_read(&f->pci, cap + 4, 4) & 7;
		table = qt_cfg_read(&f->pci, cap + 4, 4) & ~7;
		pba_bar = qt_cfg_read(&f->pci, cap + 8, 4) & 7;
		pba = qt_cfg_read(&f->pci, cap + 8, 4) & ~7;
		assert_true(bar != 0 && bar != 2 && bar < 6 && pba_bar == bar);
		len = f->pci.bar_len[bar];
		assert_true(table + cases[i].vectors * 16 <= len);
		assert_true(pba + (cases[i].vectors + 63) / 64 * 8 <= len);
		assert_true(pba >= table + cases[i].vectors * 16 ||
			    table >= pba + (cases[i].vectors + 63) / 64 * 8);
		/* All masked, none pending. */
		for (j = 0; j < cases[i].vectors; j++)
			assert_int_equal(qt_read(f->pci.bar[bar] + table + j * 16 + 12, 4), 1);
		assert_int_equal(qt_read(f->pci.bar[bar] + pba, 8), 0);
		assert_int_equal(qt_teardown(state), 0);
	}
}

static void
test_msi_capability(void **state)
{
	static const struct {
		const char *props;
		unsigned int log2;
	} cases[] = { { "vectors=1", 0 }, { "vectors=5", 2 }, { "vectors=32", 5 }, { "", 5 } };
	const struct fn *f;
	unsigned int i, cap;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		f = fn_start(cases[i].props);
		cap = qt_cap(&f->pci, QT_PCI_CAP_MSI);
		assert_int_not_equal(cap, 0);
		/* Disabled; 64-bit address, maskable; number of vectors as a power of two. */
		assert_int_equal(qt_cfg_read(&f->pci, cap + 2, 2), 0x180 | cases[i].log2 << 1);
		assert_int_equal(qt_cfg_read(&f->pci, 0x3d, 1), 0);
		assert_int_equal(qt_teardown(state), 0);
	}
}

static void
test_pcie_capability(void **state)
{
	const struct fn *f;
	unsigned int cap;

	/* A root complex integrated endpoint, with and without function level reset. */
	f = fn_start("");
	cap = qt_cap(&f->pci, QT_PCI_CAP_EXP);
	assert_int_not_equal(cap, 0);
	assert_int_equal((qt_cfg_read(&f->pci, cap + 2, 2) >> 4) & 0xf, 9);
	assert_int_equal((qt_cfg_read(&f->pci, cap + 4, 4) >> 28) & 1, 1);
	assert_int_equal(qt_teardown(state), 0);

	f = fn_start("flr=off");
	cap = qt_cap(&f->pci, QT_PCI_CAP_EXP);
	assert_int_not_equal(cap, 0);
	assert_int_equal((qt_cfg_read(&f->pci, cap + 4, 4) >> 28) & 1, 0);
	assert_int_equal(qt_teardown(state), 0);

	/* And one below a root port. */
	QT_START("-device", "pcie-root-port,id=rp,chassis=1,addr=0x4", "-device", "sdxi,bus=rp");
	qt_bridge(QT_DEVFN(4, 0), 1);
	f = fn_find(0, 1, 0);
	cap = qt_cap(&f->pci, QT_PCI_CAP_EXP);
	assert_int_not_equal(cap, 0);
	assert_int_equal((qt_cfg_read(&f->pci, cap + 2, 2) >> 4) & 0xf, 0);
	assert_int_equal((qt_cfg_read(&f->pci, cap + 4, 4) >> 28) & 1, 1);
	fn_works(&fns[0]);
}

/* Move the BARs and restore them while contexts run. */
static void
test_bars_moved(void **state)
{
	struct fn *f = fn_start("");
	struct qt_pci old;
	unsigned int area, i;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 1);
	old = f->pci;
	/* Decoding off: reads do not reach the function, and writes are lost. */
	qt_cfg_write(&f->pci, QT_PCI_COMMAND, QT_PCI_MASTER, 2);
	fn_ask(f, SDXI_GSR_RESET);
	push(f, area, dsc_nop());
	ring_doorbell(f, area);
	qt_settle();
	assert_int_equal(read_index(f, area), 0);
	for (i = 0; i < QT_BARS; i++)
		if (f->pci.bar_len[i] != 0)
			f->pci.bar[i] = qt_mmio_alloc(f->pci.bar_len[i]);
	for (i = 0; i < QT_BARS; i++)
		if (f->pci.bar_len[i] != 0 && !f->pci.bar_64[i])
			f->pci.bar[i] = UINT64_C(0xd0000000);
	qt_remap(&f->pci);
	qt_bus_master(&f->pci, true);
	assert_int_equal(fn_state(f), 2);
	qt_write(old.bar[2] + f->cxt[area] * f->stride, 1, 8);
	qt_settle();
	assert_int_equal(read_index(f, area), 0);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);
	assert_int_equal(read_index(f, area), 2);
}

/* ---- doorbells ---- */

/* Doorbells without a running context have no effect. */
static void
test_doorbell_no_context(void **state)
{
	/* A BAR for 512 doorbells, of which 301 exist. */
	struct fn *f = fn_start("max-cxt=300");
	unsigned int area, other, i;
	struct snap snap;

	(void)state;
	/* Before activation. */
	for (i = 0; i < 512; i++)
		qt_write(f->pci.bar[2] + i * 4096, i, 8);
	qt_settle();
	assert_int_equal(fn_state(f), 0);

	fn_up(f);
	area = cxt_up(f, 7);
	other = cxt_build(f, 9);
	push(f, area, dsc_nop());
	push(f, other, dsc_nop());
	snap_take(f, &snap);
	for (i = 0; i < 512; i++)
		if (i != 7)
			qt_write(f->pci.bar[2] + i * 4096, UINT64_MAX - i, 8);
	qt_settle();
	snap_check(f, &snap);
	assert_int_equal(reg_get(f, ERR_STS), 0);
	assert_int_equal(read_index(f, area), 0);
	assert_int_equal(read_index(f, other), 0);
	assert_int_equal(cxt_state(f, other), 0);

	/* A start implies a doorbell; only Write_Index matters, not the doorbell's value. */
	do_good(f, 0, dsc_start(9, 9));
	QT_WAIT(read_index(f, other) == 1);
	qt_write(f->pci.bar[2] + 7 * 4096, 0, 8);
	QT_WAIT(read_index(f, area) == 1);

	/* Nor after a stop. */
	do_good(f, 0, dsc_stop(9, false));
	do_good(f, 0, dsc_sync_stop(9));
	submit(f, other, dsc_nop());
	qt_settle();
	assert_int_equal(read_index(f, other), 1);
	assert_int_equal(cxt_state(f, other), 0);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);
}

/* Reads of any offset and size return 0 and have no effect. */
static void
test_doorbell_reads(void **state)
{
	struct fn *f = fn_start("max-cxt=5");
	unsigned int area, size;
	uint64_t off;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 2);
	push(f, area, dsc_nop());
	for (size = 1; size <= 8; size *= 2)
		for (off = 0; off + size <= f->pci.bar_len[2]; off += off % 4096 < 24 ? 1 : 1021)
			assert_int_equal(qt_read(f->pci.bar[2] + off, size), 0);
	assert_int_equal(qt_read(f->pci.bar[2] + f->pci.bar_len[2] - 1, 1), 0);
	assert_int_equal(qt_read(f->pci.bar[2] + f->pci.bar_len[2] - 8, 8), 0);
	qt_settle();
	assert_int_equal(read_index(f, area), 0);
	ring_doorbell(f, area);
	QT_WAIT(read_index(f, area) == 1);
}

/* Between doorbells, at the end of the BAR, partial and crossing. */
static void
test_doorbell_odd(void **state)
{
	struct fn *f = fn_start("max-cxt=3");
	unsigned int area, size;
	uint64_t off;

	(void)state;
	assert_int_equal(f->pci.bar_len[2], 4 * 4096);
	fn_up(f);
	area = cxt_up(f, 3);
	push(f, area, dsc_nop());
	for (size = 1; size <= 8; size *= 2) {
		for (off = 3 * 4096 + 8; off + size <= 4 * 4096; off += off % 64 < 16 ? 1 : 61)
			qt_write(f->pci.bar[2] + off, 1, size);
		qt_write(f->pci.bar[2] + 4 * 4096 - size, 1, size);
		for (off = 2 * 4096 + 8; off + size <= 3 * 4096; off += 59)
			qt_write(f->pci.bar[2] + off, 1, size);
	}
	qt_settle();
	assert_int_equal(read_index(f, area), 0);
	/* Parts of a doorbell, and accesses that overlap one. */
	for (size = 1; size <= 8; size *= 2)
		for (off = 3 * 4096 - 7; off < 3 * 4096 + 8; off++)
			if (off != 3 * 4096 || size != 8)
				qt_write(f->pci.bar[2] + off, 1, size);
	qt_settle();
	assert_int_equal(read_index(f, area), 0);
	ring_doorbell(f, area);
	QT_WAIT(read_index(f, area) == 1);
	assert_int_equal(reg_get(f, ERR_STS), 0);
}

/* A slot below Write_Index may be filled after the doorbell. */
static void
test_late_descriptor(void **state)
{
	struct fn *f = fn_start("");
	unsigned int area;
	uint64_t index;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 1);
	index = push(f, area, dsc_nop());
	slot_of(f, area, index)->any.opcode &= le32(~UINT32_C(1));
	ring_doorbell(f, area);
	qt_settle();
	assert_false(is_done(f, area, index));
	__atomic_fetch_or(&slot_of(f, area, index)->any.opcode, le32(1), __ATOMIC_RELEASE);
	QT_WAIT(is_done(f, area, index));
	QT_WAIT(read_index(f, area) == 1);
}

/* ---- states ---- */

static void
test_activation(void **state)
{
	struct fn *f = fn_start("");
	uint64_t grp;

	(void)state;
	/* Activation preserves fn_grp_id. */
	reg_set(f, CTL0, UINT64_C(0xdeadbeef00000000));
	fn_build(f);
	grp = reg_get(f, CTL0) >> 32;
	assert_int_equal(grp, 0xdeadbeef);
	/* A non-empty ring waits for the first doorbell. */
	push(f, 0, dsc_nop());
	fn_ask(f, SDXI_GSR_ACTIVE);
	QT_WAIT(fn_state(f) == 2);
	qt_settle();
	assert_int_equal(cxt_state(f, 0), 1);
	assert_int_equal(read_index(f, 0), 0);
	qt_write(f->pci.bar[2], 0, 8);
	QT_WAIT(is_done(f, 0, 0));
	QT_WAIT(read_index(f, 0) == 1);
	/* vl is cleared as a descriptor is consumed. */
	assert_int_equal(le32(slot_of(f, 0, 0)->any.opcode) & 1, 0);
	assert_int_equal(reg_get(f, CTL0) >> 32, 0xdeadbeef);
	assert_int_equal(reg_get(f, ERR_STS), 0);
}

/* Invalid requests have no effect, in each state. */
static void
test_requests(void **state)
{
	struct fn *f = fn_start("");
	unsigned int area;

	(void)state;
	/* STOP */
	fn_ask(f, SDXI_GSR_STOP_SF);
	qt_settle();
	assert_int_equal(fn_state(f), 0);
	fn_ask(f, SDXI_GSR_STOP_HD);
	qt_settle();
	assert_int_equal(fn_state(f), 0);
	fn_ask(f, SDXI_GSR_RESET);
	qt_settle();
	assert_int_equal(fn_state(f), 0);

	/* ACTIVE */
	fn_up(f);
	area = cxt_up(f, 1);
	fn_ask(f, SDXI_GSR_ACTIVE);
	qt_settle();
	assert_int_equal(fn_state(f), 2);
	copy_good(f, area, DATA_AT + 0x10000, DATA_AT, 4096);
	/* Writes to the other half of CTL0, or of single bytes, are no requests. */
	qt_write(f->pci.bar[0] + 4, 0, 4);
	qt_write(f->pci.bar[0], 0, 1);
	qt_write(f->pci.bar[0], 0, 2);
	qt_settle();
	assert_int_equal(fn_state(f), 2);

	/* A soft stop; the function stops running contexts. */
	fn_ask(f, SDXI_GSR_STOP_SF);
	QT_WAIT(fn_state(f) == 0);
	assert_int_equal(cxt_state(f, area), 4);
	assert_int_equal(cxt_state(f, 0), 4);
	submit(f, area, dsc_nop());
	qt_settle();
	assert_int_equal(read_index(f, area), 1);

	/* A hard stop, with a 4-byte write. */
	fn_up(f);
	area = cxt_up(f, 1);
	qt_write(f->pci.bar[0], SDXI_GSR_STOP_HD, 4);
	QT_WAIT(fn_state(f) == 0);
	assert_int_equal(cxt_state(f, area), 4);

	/* RESET does not stop them: memory stays unchanged. */
	fn_up(f);
	area = cxt_up(f, 1);
	fn_reset(f);
	assert_int_equal(cxt_state(f, area), 1);
	submit(f, area, dsc_nop());
	qt_settle();
	assert_int_equal(read_index(f, area), 0);
	fn_works(f);
}

/* A stalled context delays a soft stop. */
static void
test_stop_ladder(void **state)
{
	struct fn *f = fn_start("fault=stall:cxt=1:op=1");
	unsigned int area;

	(void)state;
	fn_up(f);
	area = cxt_up(f, 1);
	do_good(f, area, dsc_nop());
	submit(f, area, dsc_nop());
	qt_settle();
	assert_int_equal(read_index(f, area), 1);
	fn_ask(f, SDXI_GSR_STOP_SF);
	qt_settle();
	assert_int_equal(fn_state(f), 3);
	assert_int_equal(cxt_state(f, area), 6);
	/* Invalid requests. */
	fn_ask(f, SDXI_GSR_ACTIVE);
	qt_settle();
	assert_int_equal(fn_state(f), 3);
	fn_ask(f, SDXI_GSR_STOP_SF);
	qt_settle();
	assert_int_equal(fn_state(f), 3);
	fn_ask(f, SDXI_GSR_STOP_HD);
	QT_WAIT(fn_state(f) == 0);
	assert_int_equal(cxt_state(f, area), 4);
	assert_int_equal(read_index(f, area), 1);
	fn_works(f);
}

/* Only RESET leaves ERROR. */
static void
test_error_state(void **state)
{
	struct fn *f = fn_start("fault=no_active");
	uint64_t index;

	(void)state;
	fn_build(f);
	fn_ask(f, SDXI_GSR_ACTIVE);
	QT_WAIT(fn_state(f) == 5);
	log_check(f, 0, &(struct entry){ 1, 0, 2, 0, NO_INDEX, NO_BUF });
	fn_ask(f, SDXI_GSR_ACTIVE);
	qt_settle();
	assert_int_equal(fn_state(f), 5);
	fn_ask(f, SDXI_GSR_STOP_SF);
	qt_settle();
	assert_int_equal(fn_state(f), 5);
	fn_ask(f, SDXI_GSR_STOP_HD);
	qt_settle();
	assert_int_equal(fn_state(f), 5);
	index = submit(f, 0, dsc_nop());
	qt_settle();
	assert_false(is_done(f, 0, index));
	/* The log is still readable. */
	assert_int_equal(reg_get(f, ERR_WRT), 1);
	fn_reset(f);
	assert_int_equal(reg_get(f, ERR_WRT), 1);
	fn_works(f);
}

/* A function stuck in INIT reacts to stops, RESET and its bus. */
static void
test_stuck(void **state)
{
	static const enum sdxi_fn_gsr ways[] = {
		SDXI_GSR_STOP_SF, SDXI_GSR_STOP_HD, SDXI_GSR_RESET,
	};
	struct fn *f = fn_start("x-stuck=on");
	unsigned int i;

	(void)state;
	for (i = 0; i <= ARRAY_LEN(ways); i++) {
		fn_build(f);
		fn_ask(f, SDXI_GSR_ACTIVE);
		qt_settle();
		assert_int_equal(fn_state(f), 1);
		assert_int_equal(reg_get(f, ERR_STS), 0);
		if (i < ARRAY_LEN(ways)) {
			fn_ask(f, ways[i]);
			QT_WAIT(fn_state(f) == 0);
		} else {
			qt_flr(&f->pci);
			qt_remap(&f->pci);
			assert_int_equal(fn_state(f), 0);
		}
	}
}

/* ---- limits ---- */

static void
test_max_ring(void **state)
{
	struct fn *f = fn_start("max-ring=2048");
	unsigned int area;

	(void)state;
	fn_up(f);
	area = cxt_build_ring(f, 1, f->at + BIG_RING_OFF, 2049);
	do_bad(f, 0, dsc_start(1, 1));
	log_check(f, 0, &(struct entry){ 4, 3, 1, 1, NO_INDEX, NO_BUF });
	ctl_of(f, area)->ds_ring_sz = le32(1023);
	do_bad(f, 0, dsc_start(1, 1));
	log_check(f, 1, &(struct entry){ 4, 3, 1, 1, NO_INDEX, NO_BUF });
	ctl_of(f, area)->ds_ring_sz = le32(2048);
	f->ring_sz[area] = 2048;
	do_good(f, 0, dsc_start(1, 1));
	/* Several rounds. */
	while (f->wix[area] < 5000) {
		struct sdxi_dsc nop = dsc_nop();

		nop.any.csb_ptr = le64(1);
		push(f, area, nop);
		if (f->wix[area] % 500 == 0) {
			ring_doorbell(f, area);
			QT_WAIT(read_index(f, area) == f->wix[area]);
		}
	}
	do_good(f, area, dsc_nop());
}

static void
test_max_buffer(void **state)
{
	struct fn *f = fn_start("max-buffer=4M,error=continue");
	const uint64_t most = UINT64_C(4) << 20;
	unsigned int area, i;

	(void)state;
	for (i = 0; i < 3; i++) {
		uint64_t len = most >> (i != 0);

		fn_build(f);
		/* Software may grant less: to all contexts, or to one. */
		if (i == 1)
			reg_set(f, CTL2, reg_get(f, CTL2) & ~UINT64_C(0xf));
		fn_activate(f);
		area = cxt_build(f, 1);
		if (i == 2)
			l1_of(f, 1)->misc0 = 0;
		do_good(f, 0, dsc_start(1, 1));
		memset(qt_ram(DATA_AT, len + 1), 0x55, len + 1);
		memset(qt_ram(DATA_AT + most * 2, len + 1), 0, len + 1);
		do_bad(f, area, dsc_copy(f, DATA_AT + most * 2, DATA_AT, len + 1));
		assert_true(all_are(DATA_AT + most * 2, len + 1, 0));
		do_good(f, area, dsc_copy(f, DATA_AT + most * 2, DATA_AT, len));
		assert_true(all_are(DATA_AT + most * 2, len, 0x55));
		fn_reset(f);
	}
}

static void
test_max_cxt(void **state)
{
	struct fn *f = fn_start("max-cxt=9,error=continue");
	unsigned int area;

	(void)state;
	fn_up(f);
	area = cxt_build(f, 10);
	do_bad(f, 0, dsc_start(10, 10));
	assert_int_equal(cxt_state(f, area), 0);
	fn_reset(f);

	/* The lower limit applies. */
	fn_build(f);
	reg_set(f, CTL2, (reg_get(f, CTL2) & ~UINT64_C(0xffff0000)) | 4 << 16);
	fn_activate(f);
	cxt_build(f, 5);
	do_bad(f, 0, dsc_start(5, 5));
	copy_good(f, cxt_up(f, 4), DATA_AT + 0x10000, DATA_AT, 4096);
}

/* ---- properties ---- */

/* QEMU's own message does not count: it repeats the whole argument. */
static void
check_refused(const char *props, const char *name)
{
	char arg[256], where[300];
	const char *text, *msg;

	snprintf(arg, sizeof(arg), "sdxi,%s", props);
	text = qt_refused((const char *const[]){ "-device", arg, NULL });
	snprintf(where, sizeof(where), "-device %s: ", arg);
	msg = strstr(text, where);
	if (msg == NULL || strstr(msg + strlen(where), name) == NULL)
		fail_msg("%s: the message does not name %s: %s", arg, name, text);
	if (strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("%s: not one line: %s", arg, text);
}

static void
test_bad_properties(void **state)
{
	static const char *const cases[][2] = {
		{ "max-cxt=0", "max-cxt" },
		{ "max-cxt=65536", "max-cxt" },
		{ "max-cxt=x", "max-cxt" },
		{ "max-ring=0", "max-ring" },
		{ "max-ring=512", "max-ring" },
		{ "max-ring=1025", "max-ring" },
		{ "max-ring=4294967296", "max-ring" },
		{ "max-buffer=1M", "max-buffer" },
		{ "max-buffer=3M", "max-buffer" },
		{ "max-buffer=8G", "max-buffer" },
		{ "max-buffer=0", "max-buffer" },
		{ "db-stride=0", "db-stride" },
		{ "db-stride=2048", "db-stride" },
		{ "db-stride=4097", "db-stride" },
		{ "db-stride=1048576", "db-stride" },
		{ "error=maybe", "error" },
		{ "order=much", "order" },
		{ "seed=x", "seed" },
		{ "fault=nonsense", "fault" },
		{ "fault=fail:cxt", "fault" },
		{ "fault=fail:cxt=128", "fault" },
		{ "fault=fail:step=64", "fault" },
		{ "fault=stall;fail:what=1", "fault" },
		{ "vectors=0", "vectors" },
		{ "vectors=2049", "vectors" },
		{ "sriov-vfs=1", "sriov-vfs" }, /* not below a root port */
		{ "x-bar0-size=3000", "x-bar0-size" },
		{ "x-bar2-size=5000", "x-bar2-size" },
		{ "flr=perhaps", "flr" },
		{ "flr-ms=60001", "flr-ms" },
		{ "flr-reads=twos", "flr-reads" },
		{ "no-such=1", "no-such" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		check_refused(cases[i][0], cases[i][1]);
}

/* ---- MSI-X ---- */

struct msix {
	unsigned int cap;
	uint64_t table;
	uint64_t pba;
};

/* Each vector's message data is its number. */
static struct msix
msix_up(const struct fn *f)
{
	struct msix m = { .cap = qt_cap(&f->pci, QT_PCI_CAP_MSIX) };
	const uint32_t table = qt_cfg_read(&f->pci, m.cap + 4, 4);
	const uint32_t pba = qt_cfg_read(&f->pci, m.cap + 8, 4);
	const unsigned int vectors = (qt_cfg_read(&f->pci, m.cap + 2, 2) & 0x7ff) + 1;
	unsigned int i;

	m.table = f->pci.bar[table & 7] + (table & ~7);
	m.pba = f->pci.bar[pba & 7] + (pba & ~7);
	for (i = 0; i < vectors; i++) {
		const uint64_t msg = f->at + MSG_OFF + i * 4 + f->iova;

		qt_write(m.table + i * 16, (uint32_t)msg, 4);
		qt_write(m.table + i * 16 + 4, msg >> 32, 4);
		qt_write(m.table + i * 16 + 8, 0x1000 + i, 4);
		qt_write(m.table + i * 16 + 12, 0, 4);
	}
	qt_cfg_write(&f->pci, m.cap + 2, 1 << 15, 2);
	return m;
}

static uint32_t
msg_take(const struct fn *f, unsigned int vector)
{
	uint32_t *msg = (uint32_t *)mem(f, MSG_OFF, 4096) + vector;

	return le32(__atomic_exchange_n(msg, 0, __ATOMIC_ACQ_REL));
}

static uint32_t
msg_peek(const struct fn *f, unsigned int vector)
{
	return le32(__atomic_load_n((uint32_t *)mem(f, MSG_OFF, 4096) + vector, __ATOMIC_ACQUIRE));
}

static void
test_msix(void **state)
{
	struct fn *f = fn_start("error=continue");
	struct sdxi_dsc bad;
	struct msix m;

	(void)state;
	fn_up(f);
	bad = dsc_copy(f, DATA_AT, QT_RAM_LEN, 1);
	m = msix_up(f);

	/* One message, from the log's vector only. */
	do_bad(f, 0, bad);
	QT_WAIT(msg_peek(f, 0) != 0);
	assert_int_equal(msg_take(f, 0), 0x1000);
	qt_settle();
	assert_true(all_are(f->at + MSG_OFF, 4096, 0));

	/* Masked: pending until unmasked. */
	qt_write(m.table + 12, 1, 4);
	reg_set(f, ERR_STS, UINT64_MAX);
	do_bad(f, 0, bad);
	QT_WAIT(qt_read(m.pba, 8) == 1);
	qt_settle();
	assert_int_equal(msg_peek(f, 0), 0);
	qt_write(m.pba, 0, 8);
	assert_int_equal(qt_read(m.pba, 8), 1);
	qt_write(m.table + 12, 0, 4);
	QT_WAIT(msg_peek(f, 0) != 0);
	assert_int_equal(msg_take(f, 0), 0x1000);
	assert_int_equal(qt_read(m.pba, 8), 0);

	/* All masked with the function mask. */
	qt_cfg_write(&f->pci, m.cap + 2, 1 << 15 | 1 << 14, 2);
	reg_set(f, ERR_STS, UINT64_MAX);
	do_bad(f, 0, bad);
	QT_WAIT(qt_read(m.pba, 8) == 1);
	qt_settle();
	assert_int_equal(msg_peek(f, 0), 0);
	qt_cfg_write(&f->pci, m.cap + 2, 1 << 15, 2);
	QT_WAIT(msg_peek(f, 0) != 0);
	assert_int_equal(msg_take(f, 0), 0x1000);
	assert_int_equal(qt_read(m.pba, 8), 0);

	/* Interrupt disabled by software. */
	reg_set(f, ERR_CTL, 0);
	reg_set(f, ERR_STS, UINT64_MAX);
	do_bad(f, 0, bad);
	qt_settle();
	assert_int_equal(msg_peek(f, 0), 0);
	assert_int_equal(qt_read(m.pba, 8), 0);
	reg_set(f, ERR_CTL, 1);

	/* MSI-X disabled. */
	qt_cfg_write(&f->pci, m.cap + 2, 0, 2);
	reg_set(f, ERR_STS, UINT64_MAX);
	do_bad(f, 0, bad);
	qt_settle();
	assert_int_equal(msg_peek(f, 0), 0);
	qt_cfg_write(&f->pci, m.cap + 2, 1 << 15, 2);
	/* Another entry does not raise an interrupt, but setting sts again does. */
	do_bad(f, 0, bad);
	qt_settle();
	assert_int_equal(msg_peek(f, 0), 0);
	reg_set(f, ERR_STS, UINT64_MAX);
	do_bad(f, 0, bad);
	QT_WAIT(msg_peek(f, 0) != 0);
	assert_int_equal(log_service(f), 1);
}

/* Errors of the function, with the interrupt enabled in CTL0. */
static void
test_msix_fn_error(void **state)
{
	struct fn *f = fn_start("");
	unsigned int on;

	(void)state;
	for (on = 0; on < 2; on++) {
		fn_build(f);
		msix_up(f);
		reg_set(f, ERR_CTL, 0);
		reg_set(f, CTL0, on << 4);
		reg_set(f, CXT_L2, QT_RAM_LEN);
		fn_ask(f, SDXI_GSR_ACTIVE);
		QT_WAIT(fn_state(f) == 5);
		qt_settle();
		assert_int_equal(msg_take(f, 0), on ? 0x1000 : 0);
		fn_reset(f);
	}
}

/* Descriptors that raise a vector, also an invalid one. */
static void
test_msix_intr(void **state)
{
	struct fn *f = fn_start("vectors=3");
	unsigned int area;

	(void)state;
	fn_build(f);
	msix_up(f);
	fn_activate(f);
	area = cxt_build(f, 1);
	/* vl, iv */
	akeys_of(f, area)[1].intr_num = le16(3 | 2 << 4);
	akeys_of(f, area)[2].intr_num = le16(3 | 3 << 4);
	akeys_of(f, area)[3].intr_num = le16(3 | 2047 << 4);
	akeys_of(f, area)[4].intr_num = le16(1);
	do_good(f, 0, dsc_start(1, 1));
	do_good(f, area, dsc_intr(1));
	QT_WAIT(msg_peek(f, 2) != 0);
	assert_int_equal(msg_take(f, 2), 0x1002);
	submit(f, area, dsc_intr(2));
	QT_WAIT(is_done(f, area, 1));
	if (cxt_state(f, area) != 1)
		cxt_again(f, area);
	submit(f, area, dsc_intr(3));
	QT_WAIT(is_done(f, area, 2));
	if (cxt_state(f, area) != 1)
		cxt_again(f, area);
	do_bad(f, area, dsc_intr(4));
	qt_settle();
	assert_int_equal(msg_peek(f, 1), 0);
	assert_int_equal(msg_peek(f, 2), 0);
	cxt_again(f, area);
	do_good(f, area, dsc_intr(1));
	QT_WAIT(msg_peek(f, 2) != 0);
}

/* Messages addressed to the function itself: registers, doorbells, MSI-X table. */
static void
test_msix_to_itself(void **state)
{
	static const struct {
		unsigned int bar;
		uint64_t off;
		uint32_t data;
	} cases[] = {
		{ 0, 0x0, SDXI_GSR_RESET },   { 0, 0x0, SDXI_GSR_STOP_HD }, { 0, 0x20008, 0xb },
		{ 0, 0x20010, 0 },	      { 2, 0x0, 1 },		    { 2, 0x1000, 1 },
		{ UINT32_MAX, 0xc, 0 },	      { UINT32_MAX, 0x0, 0 },
	};
	struct fn *f = fn_start("");
	struct msix m;
	unsigned int i, bar, area;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		fn_build(f);
		m = msix_up(f);
		bar = cases[i].bar == UINT32_MAX ? msix_bar(f) : cases[i].bar;
		qt_write(m.table, (uint32_t)(f->pci.bar[bar] + cases[i].off), 4);
		qt_write(m.table + 4, (f->pci.bar[bar] + cases[i].off) >> 32, 4);
		qt_write(m.table + 8, cases[i].data, 4);
		fn_activate(f);
		area = cxt_build(f, 1);
		akeys_of(f, area)[1].intr_num = le16(3);
		do_good(f, 0, dsc_start(1, 1));
		submit(f, area, dsc_intr(1));
		submit(f, area, dsc_copy(f, DATA_AT, QT_RAM_LEN, 1));
		qt_settle();
		qt_flr(&f->pci);
		qt_remap(&f->pci);
	}
	fn_works(f);
}

/* A message that resets its sender: work requested before the reset is not done. */
static void
test_msix_reset(void **state)
{
	struct fn *f = fn_start("");
	uint64_t devctl;
	struct msix m;
	unsigned int area;

	(void)state;
	devctl = place_at(f, PLACE_ECAM, 0) + qt_cap(&f->pci, QT_PCI_CAP_EXP) + 8;
	fn_build(f);
	m = msix_up(f);
	qt_write(m.table, (uint32_t)devctl, 4);
	qt_write(m.table + 4, devctl >> 32, 4);
	qt_write(m.table + 8, 1 << 15, 4);
	fn_activate(f);
	area = cxt_build(f, 1);
	akeys_of(f, area)[1].intr_num = le16(3);
	do_good(f, 0, dsc_start(1, 1));
	submit(f, area, dsc_intr(1));
	QT_WAIT(qt_cfg_read(&f->pci, QT_PCI_COMMAND, 2) == 0);
	memset(qt_ram(DATA_AT + 0x10000, 64), 0, 64);
	submit(f, area, dsc_copy(f, DATA_AT + 0x10000, DATA_AT, 64));
	qt_settle();
	assert_true(all_are(DATA_AT + 0x10000, 64, 0));
	qt_remap(&f->pci);
	assert_int_equal(fn_state(f), 0);
	fn_works(f);
}

/* ---- MSI ---- */

/* All messages have the address of MSI-X vector 0; the capability is 64-bit and maskable. */
static unsigned int
msi_up(const struct fn *f, unsigned int vectors_log2)
{
	const unsigned int cap = qt_cap(&f->pci, QT_PCI_CAP_MSI);
	const uint64_t msg = f->at + MSG_OFF + f->iova;

	qt_cfg_write(&f->pci, cap + 4, (uint32_t)msg, 4);
	qt_cfg_write(&f->pci, cap + 8, msg >> 32, 4);
	qt_cfg_write(&f->pci, cap + 12, 0x1000, 2);
	qt_cfg_write(&f->pci, cap + 2, vectors_log2 << 4 | 1, 2);
	return cap;
}

static void
test_msi(void **state)
{
	struct fn *f = fn_start("error=continue");
	struct sdxi_dsc bad;
	unsigned int cap;

	(void)state;
	fn_up(f);
	bad = dsc_copy(f, DATA_AT, QT_RAM_LEN, 1);
	cap = msi_up(f, 5);
	do_bad(f, 0, bad);
	QT_WAIT(msg_peek(f, 0) != 0);
	assert_int_equal(msg_take(f, 0), 0x1000);
	assert_int_equal(log_service(f), 1);

	/* Masked: pending until unmasked. */
	qt_cfg_write(&f->pci, cap + 16, 1, 4);
	do_bad(f, 0, bad);
	QT_WAIT(qt_cfg_read(&f->pci, cap + 20, 4) == 1);
	qt_settle();
	assert_int_equal(msg_peek(f, 0), 0);
	qt_cfg_write(&f->pci, cap + 16, 0, 4);
	QT_WAIT(msg_peek(f, 0) != 0);
	assert_int_equal(msg_take(f, 0), 0x1000);
	assert_int_equal(qt_cfg_read(&f->pci, cap + 20, 4), 0);
	assert_int_equal(log_service(f), 1);

	/* Disabled, also by a reset. */
	qt_cfg_write(&f->pci, cap + 2, 0, 2);
	do_bad(f, 0, bad);
	qt_settle();
	assert_true(all_are(f->at + MSG_OFF, 4096, 0));
	msi_up(f, 0);
	qt_flr(&f->pci);
	assert_int_equal(qt_cfg_read(&f->pci, cap + 2, 2) & 1, 0);
}

/* Vectors beyond the enabled number are not sent; MSI-X has priority if both are enabled. */
static void
test_msi_vectors(void **state)
{
	static const uint16_t vectors[] = { 3, 4, 31, 40 };
	struct fn *f = fn_start("");
	unsigned int area, i, log2;

	(void)state;
	fn_build(f);
	fn_activate(f);
	area = cxt_build(f, 1);
	for (i = 0; i < ARRAY_LEN(vectors); i++)
		akeys_of(f, area)[1 + i].intr_num = le16(3 | vectors[i] << 4);
	do_good(f, 0, dsc_start(1, 1));
	for (log2 = 0; log2 <= 5; log2++) {
		msi_up(f, log2);
		for (i = 0; i < ARRAY_LEN(vectors); i++) {
			do_good(f, area, dsc_intr(1 + i));
			qt_settle();
			assert_int_equal(msg_take(f, 0),
					 vectors[i] < 1 << log2 ? 0x1000 | vectors[i] : 0);
		}
	}
	msix_up(f);
	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		do_good(f, area, dsc_intr(1 + i));
		QT_WAIT(msg_peek(f, vectors[i]) != 0);
		assert_int_equal(msg_take(f, vectors[i]), 0x1000 + vectors[i]);
	}
	qt_settle();
	assert_true(all_are(f->at + MSG_OFF, 4096, 0));
}

/* ---- unsupported features ---- */

static void
test_migration(void **state)
{
	const char *answer;

	(void)state;
	fn_works(fn_start(""));
	answer = qt_qmp("{\"execute\": \"migrate\", \"arguments\": {\"uri\": \"exec:true\"}}\n");
	if (strstr(answer, "\"error\"") == NULL || strstr(answer, "device sdxi") == NULL)
		fail_msg("expected a refusal that names the device, found %s", answer);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, qt_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_reset_values),
		TEST(test_cap_properties),
		TEST(test_reads),
		TEST(test_writes),
		TEST(test_writes_ignored),
		TEST(test_err_sts),
		TEST(test_identity),
		TEST(test_bar_sizes),
		TEST(test_bar_too_small),
		TEST(test_msix_capability),
		TEST(test_msi_capability),
		TEST(test_pcie_capability),
		TEST(test_bars_moved),
		TEST(test_doorbell_no_context),
		TEST(test_doorbell_reads),
		TEST(test_doorbell_odd),
		TEST(test_late_descriptor),
		TEST(test_activation),
		TEST(test_requests),
		TEST(test_stop_ladder),
		TEST(test_error_state),
		TEST(test_stuck),
		TEST(test_max_ring),
		TEST(test_max_buffer),
		TEST(test_max_cxt),
		TEST(test_bad_properties),
		TEST(test_msix),
		TEST(test_msix_fn_error),
		TEST(test_msix_intr),
		TEST(test_msix_to_itself),
		TEST(test_msix_reset),
		TEST(test_msi),
		TEST(test_msi_vectors),
		TEST(test_migration),
	};

	if (!qt_available()) {
		printf("1..0 # SKIP no QEMU: SDXI_QEMU names none\n");
		return 77;
	}
	return cmocka_run_group_tests_name("qtest", tests, NULL, NULL);
}
