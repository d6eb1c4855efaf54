/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Costs of the driver for the CPU and for the function: data path calls do not wait, one lcore can
 * serve other vchans while one hangs, no command that was never seen on hardware is sent without
 * errors, and incidents do not flood the log.
 *
 * The test replaces some functions of EAL, the C library and the emulated function.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_log.h>

#include <sdxi_emu_priv.h>

#include "test_driver_util.h"
#include "test_vdev.h"

#define FN0 TD_NAME(0)
#define FN1 TD_NAME(1)

enum {
	NB_DESC = 64,
	LEN = 64,
	BAD = 64,		 /* unmapped address */
	MAX_STEPS = 100 * NB_DESC, /* instructions per call */
};

/* ---- data path calls ------------------------------------------------------------------------- */

static __thread bool polling; /* in a data path call */
static struct {
	unsigned int locks, sleeps, registers, lines, syscalls, calls;
	unsigned int steps, longest; /* instructions of this call, and of the longest one */
} spent;

static void
spend(unsigned int *what)
{
	*what += polling;
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static __typeof__(pthread_mutex_lock) *real;

	if (real == NULL)
		real = TD_REAL(pthread_mutex_lock);
	spend(&spent.locks);
	return real(mutex);
}

void
rte_delay_us_sleep(unsigned int us)
{
	static __typeof__(rte_delay_us_sleep) *real;
	static unsigned int nb_sleeps;

	if (real == NULL)
		real = TD_REAL(rte_delay_us_sleep);
	spend(&spent.sleeps);
	/* The driver counts timeouts in sleeps: skip most of them. */
	if (__atomic_add_fetch(&nb_sleeps, 1, __ATOMIC_RELAXED) % 4 == 0)
		real(us);
}

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int log_lines; /* about FN0 */
static char log_line[512];     /* the last one */
static bool log_update_refused;

int
rte_log(uint32_t level, uint32_t type, const char *fmt, ...)
{
	char line[sizeof(log_line)];
	va_list ap, again;
	int ret;

	spend(&spent.lines);
	va_start(ap, fmt);
	va_copy(again, ap);
	vsnprintf(line, sizeof(line), fmt, again);
	va_end(again);
	if (strncmp(line, "SDXI: " FN0 ": ", strlen("SDXI: " FN0 ": ")) == 0) {
		pthread_mutex_lock(&log_lock);
		log_lines++;
		memcpy(log_line, line, sizeof(line));
		if (strstr(line, "CXT_UPD of contexts 1 to 1: refused by the function") != NULL)
			log_update_refused = true;
		pthread_mutex_unlock(&log_lock);
	}
	ret = rte_vlog(level, type, fmt, ap);
	va_end(ap);
	return ret;
}

static uint64_t fake_hz; /* 0: do not override */

uint64_t
rte_get_tsc_hz(void)
{
	static __typeof__(rte_get_tsc_hz) *real;
	const uint64_t hz = __atomic_load_n(&fake_hz, __ATOMIC_RELAXED);

	if (real == NULL)
		real = TD_REAL(rte_get_tsc_hz);
	return hz != 0 ? hz : real();
}

/* Wrapped with the linker's --wrap. */
uint64_t __real_sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size);
uint64_t __wrap_sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size);
void __real_sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size);
void __wrap_sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size);
emu_fail_t __real_emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op);
emu_fail_t __wrap_emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op);
bool __real_sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);
bool __wrap_sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);
enum sdxi_emu_mem __real_sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val);
enum sdxi_emu_mem __wrap_sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val);

uint64_t
__wrap_sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size)
{
	spend(&spent.registers);
	return __real_sdxi_emu_reg_read(emu, off, size);
}

void
__wrap_sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size)
{
	spend(&spent.registers);
	__real_sdxi_emu_reg_write(emu, off, val, size);
}

#ifdef __x86_64__
/* Called after each instruction; syscall is 0f 05. */
static void
step(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	const uint8_t *next = (const uint8_t *)uc->uc_mcontext.gregs[REG_RIP];

	RTE_SET_USED(sig);
	RTE_SET_USED(info);
	spent.steps++;
	if (next[0] == 0x0f && next[1] == 0x05)
		spent.syscalls++;
}

/* Set the trap flag (single step). */
static inline void
step_set(bool on)
{
	const uint64_t flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(on ? flags | 0x100 : flags & ~UINT64_C(0x100));
}
#else
static inline void
step_set(bool on)
{
	RTE_SET_USED(on);
}
#endif

static bool stepping;

static void
call_begin(void)
{
	spent.calls++;
	spent.steps = 0;
	polling = true;
	if (stepping)
		step_set(true);
}

static void
call_end(void)
{
	if (stepping)
		step_set(false);
	polling = false;
	spent.longest = RTE_MAX(spent.longest, spent.steps);
}

#define CALL(call)                                                                                 \
	({                                                                                         \
		__typeof__(call) ret_;                                                             \
                                                                                                   \
		call_begin();                                                                      \
		ret_ = (call);                                                                     \
		call_end();                                                                        \
		ret_;                                                                              \
	})

static void
calls_begin(void)
{
#ifdef __x86_64__
	struct sigaction action = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };

	assert_return_code(sigaction(SIGTRAP, &action, NULL), errno);
	stepping = !td_is_slow();
#endif
	memset(&spent, 0, sizeof(spent));
}

static void
calls_end(void)
{
	stepping = false;
	if (spent.locks != 0 || spent.sleeps != 0 || spent.registers != 0 || spent.lines != 0 ||
	    spent.syscalls != 0 || spent.longest > MAX_STEPS)
		fail_msg("%u calls: %u locks, %u sleeps, %u registers, %u lines, %u system calls; "
			 "%u instructions in the longest", spent.calls, spent.locks, spent.sleeps,
			 spent.registers, spent.lines, spent.syscalls, spent.longest);
	print_message("%u calls, %u instructions in the longest\n", spent.calls, spent.longest);
}

/* ---- faults ---------------------------------------------------------------------------------- */

#define INJECT(...) \
	assert_int_equal(td_vdev_inject(FN0, &(struct sdxi_emu_fault){ __VA_ARGS__ }), 0)

/* ---- data path calls do not wait ------------------------------------------------------------- */

static const struct {
	const char *what, *args;
	struct sdxi_emu_fault fault[3];
	unsigned int faults;
	bool dead; /* the function has failed permanently */
} incidents[] = {
	{ "nothing", "watchdog=0" },
	{ "stop", "watchdog=0", { { SDXI_EMU_FAULT_STOP, .cxt = 1, .op = 5 } }, 1 },
	{ "no block", "watchdog=0",
	  { { SDXI_EMU_FAULT_FAIL, .cxt = 1, .op = 5, .no_block = true } }, 1 },
	{ "hang", "watchdog=300", { { SDXI_EMU_FAULT_STALL, .cxt = 1, .op = 5 } }, 1 },
	{ "reset", "watchdog=0", { { SDXI_EMU_FAULT_FN_ERROR, .cxt = 1, .op = 5 } }, 1 },
	{ "context that does not stop", "watchdog=300",
	  { { SDXI_EMU_FAULT_STALL, .cxt = 1, .op = 5 },
	    { SDXI_EMU_FAULT_NO_STOP, .cxt = 1 } }, 2 },
	{ "function that never responds", "watchdog=300",
	  { { SDXI_EMU_FAULT_STALL, .cxt = 1, .op = 5 }, { SDXI_EMU_FAULT_STALL, .cxt = 0 },
	    { SDXI_EMU_FAULT_NO_RESET } }, 3, true },
};

/* All data path calls, until everything submitted was reported. */
static void
poll_through(int16_t id, uint8_t *buf, unsigned int ops)
{
	enum rte_dma_status_code status[NB_DESC];
	enum rte_dma_vchan_status state;
	unsigned int n, round;
	struct td_bound bound;
	uint16_t last;
	bool error;
	int ret;

	for (n = 0; n < ops; n++) {
		ret = CALL(rte_dma_copy(id, 0, n % 10 == 3 ? BAD : (uintptr_t)buf,
					(uintptr_t)buf + (n + 1) * LEN, LEN,
					n % 8 == 7 ? RTE_DMA_OP_FLAG_FENCE : 0));
		if (ret < 0)
			break;
	}
	ops = n;
	assert_true(ops > 10);
	CALL(rte_dma_submit(id, 0));
	td_bound_set(&bound);
	for (n = 0, round = 0; n < ops; round++) {
		error = false;
		n += CALL(rte_dma_completed(id, 0, 1 + round % ops, &last, &error));
		if (error || round % 2 != 0)
			n += CALL(rte_dma_completed_status(id, 0, 1 + round % 7, &last, status));
		CALL(rte_dma_burst_capacity(id, 0));
		CALL(rte_dma_vchan_status(id, 0, &state));
		CALL(rte_dma_submit(id, 0));
		/* Copy if there is space. */
		if (round % 64 == 0) {
			ret = CALL(rte_dma_copy(id, 0, (uintptr_t)buf, (uintptr_t)buf + LEN, LEN,
						RTE_DMA_OP_FLAG_SUBMIT));
			ops += ret >= 0;
			ret = CALL(rte_dma_fill(id, 0, 1, (uintptr_t)buf + LEN, LEN, 0));
			ops += ret >= 0;
		}
		/* Each instruction costs a signal. */
		if (round > 100)
			usleep(10000);
		if (td_bound_yield(&bound))
			fail_msg("operation %u of %u was not reported", n, ops);
	}
}

static void
test_calls(void **state)
{
	const char *error = *state;
	unsigned int i, f;
	char args[64];
	uint8_t *buf;
	int16_t id;

	buf = td_alloc((NB_DESC + 1) * LEN, 64);
	for (i = 0; i < RTE_DIM(incidents); i++) {
		/* These take seconds, and do not depend on the reaction to errors. */
		if (incidents[i].dead && strcmp(error, "continue") == 0)
			continue;
		snprintf(args, sizeof(args), "error=%s,%s", error, incidents[i].args);
		id = td_open(FN0, args, 1, NB_DESC);
		for (f = 0; f < incidents[i].faults; f++)
			assert_int_equal(td_vdev_inject(FN0, &incidents[i].fault[f]), 0);
		print_message("%s: ", incidents[i].what);
		calls_begin();
		poll_through(id, buf, NB_DESC);
		calls_end();
		if (incidents[i].dead)
			assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_HALTED_ERROR);
		else
			assert_int_not_equal(td_status(id, 0), RTE_DMA_VCHAN_HALTED_ERROR);
		td_remove(FN0);
	}
}

/* ---- one lcore, two vchans ------------------------------------------------------------------- */

/* Copy on another vchan, one by one, until everything outstanding on this one is reported. */
static unsigned int
copies_beside(int16_t id, int16_t other, uint16_t vchan, uint64_t *idx, unsigned int ops)
{
	enum rte_dma_status_code status[NB_DESC];
	unsigned int n = 0, copies = 0;

	while (n < ops) {
		n += rte_dma_completed_status(id, 0, NB_DESC, NULL, status);
		td_one_copy(other, vchan, (*idx)++);
		copies++;
		usleep(1000);
	}
	return copies;
}

/* One vchan recovers repeatedly while another one of its function works. */
static void
test_other_vchan_recovers(void **state)
{
	unsigned int round, i;
	uint64_t idx = 0;
	uint8_t *buf;
	int16_t id;

	buf = td_alloc(2 * LEN, 64);
	id = td_open(FN0, *state, 2, NB_DESC);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8; i++)
			TD_WAIT(rte_dma_copy(id, 0, i % 2 ? BAD : (uintptr_t)buf,
					     (uintptr_t)buf + LEN, LEN, 0) >= 0);
		assert_return_code(rte_dma_submit(id, 0), 0);
		copies_beside(id, id, 1, &idx, 8);
	}
	td_expect_stats(id, 1, idx, idx, 0);
}

/* One vchan waits for a function that never responds while another function works. */
static void
test_other_function_dead(void **state)
{
	uint64_t idx = 0;
	int16_t id, other;
	unsigned int i;
	uint8_t *buf;

	RTE_SET_USED(state);
	buf = td_alloc(2 * LEN, 64);
	id = td_open(FN0, "watchdog=100", 1, NB_DESC);
	other = td_open(FN1, "watchdog=0", 1, NB_DESC);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 1);
	INJECT(.kind = SDXI_EMU_FAULT_STALL, .cxt = 0);
	INJECT(.kind = SDXI_EMU_FAULT_NO_RESET);
	for (i = 0; i < 8; i++)
		td_copy(id, 0, i, buf, buf + LEN, LEN, RTE_DMA_OP_FLAG_SUBMIT);
	/* The driver waits for three timeouts of the function, the other vchan for none. */
	assert_in_range(copies_beside(id, other, 0, &idx, 8), 100, UINT32_MAX);
	assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_HALTED_ERROR);
	assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)buf, (uintptr_t)buf + LEN, LEN, 0), -EIO);
	td_one_copy(other, 0, idx);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* Number of operations other than copies, by the low bits of their types. */
static uint64_t seen[8][16]; /* atomic */

emu_fail_t
__wrap_emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op)
{
	const uint32_t opcode = rte_le_to_cpu_32(op->dsc.any.opcode);
	const emu_fail_t fail = __real_emu_op_begin(emu, cxt, op);

	if (op->kind != EMU_KIND_COPY)
		__atomic_fetch_add(&seen[SDXI_GET(SDXI_DSC_TYPE, opcode) % RTE_DIM(seen)]
					[SDXI_GET(SDXI_DSC_SUBTYPE, opcode) % RTE_DIM(seen[0])], 1,
				   __ATOMIC_RELAXED);
	return fail;
}

static void
expect_seen(unsigned int starts, unsigned int updates)
{
	unsigned int type, subtype;

	for (type = 0; type < RTE_DIM(seen); type++) {
		for (subtype = 0; subtype < RTE_DIM(seen[0]); subtype++) {
			uint64_t expected = 0;

			if (type == SDXI_TYPE_ADMIN && subtype == SDXI_ADM_CXT_START_NM)
				expected = starts;
			/* A slow function is stopped twice, the second time hard. */
			if (type == SDXI_TYPE_ADMIN && (subtype == SDXI_ADM_CXT_STOP ||
							subtype == SDXI_ADM_SYNC))
				continue;
			if (type == SDXI_TYPE_ADMIN && subtype == SDXI_ADM_CXT_UPD)
				expected = updates;
			if (seen[type][subtype] != expected)
				fail_msg("type %u, subtype %u: expected %" PRIu64 ", found %"
					 PRIu64, type, subtype, expected, seen[type][subtype]);
		}
	}
}

/* From probe to close: only copies, start and stop of contexts. */
static void
test_commands(void **state)
{
	struct rte_dma_sge from[2] = { { .length = 10 }, { .length = 20 } }, to;
	unsigned int round, v;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(1 << 20, 4096);
	from[0].addr = (uintptr_t)buf;
	from[1].addr = (uintptr_t)buf + 64;
	to = (struct rte_dma_sge){ .addr = (uintptr_t)buf + 4096, .length = 30 };
	memset(seen, 0, sizeof(seen));
	id = td_probe(FN0, "watchdog=0");
	for (round = 0; round < 3; round++) {
		/* All of them again, and then one of them. */
		if (round < 2) {
			td_up(id, round == 0 ? 127 : 50, NB_DESC);
		} else {
			td_vchan_setup(id, 1, NB_DESC);
			assert_return_code(rte_dma_start(id), 0);
		}
		for (v = 0; v < 2; v++) {
			td_copy(id, v, 0, buf, buf + 65536, 60000, RTE_DMA_OP_FLAG_FENCE);
			assert_int_equal(rte_dma_copy_sg(id, v, from, &to, 2, 1, 0), 1);
			assert_int_equal(rte_dma_fill(id, v, 1, (uintptr_t)buf + 8192, 30000,
						      RTE_DMA_OP_FLAG_SUBMIT), 2);
			td_gather(id, v, 0, 3);
		}
		assert_return_code(rte_dma_stop(id), 0);
	}
	assert_return_code(rte_dma_close(id), 0);
	td_remove(FN0);
	expect_seen(3, 0);
	if (seen[SDXI_TYPE_ADMIN][SDXI_ADM_SYNC] != 3)
		fail_msg("SYNC: expected 3, found %" PRIu64, seen[SDXI_TYPE_ADMIN][SDXI_ADM_SYNC]);
}

/*
 * Recovery sends CXT_UPD, which was never seen to work on hardware: if it is refused, the function
 * is reset, and traffic continues.
 */
static void
test_update_refused(void **state)
{
	enum rte_dma_status_code status[8];
	unsigned int i;
	uint64_t other;
	uint8_t *buf;
	int16_t id;

	buf = td_alloc(16 * LEN, 64);
	td_fill(buf, 8 * LEN, 1);
	__atomic_store_n(&fake_hz, 1, __ATOMIC_RELAXED); /* log all lines */
	log_update_refused = false;
	while (!log_update_refused) {
		id = td_open(FN0, *state, 2, NB_DESC);
		other = 0;
		td_one_copy(id, 1, other++);
		/* The first commands are CXT_STOP and SYNC, unless the function is slow. */
		INJECT(.kind = SDXI_EMU_FAULT_FAIL, .cxt = 0, .op = 2);
		/* If the function continues after errors, another fault is needed. */
		if (strstr(*state, "continue") != NULL)
			INJECT(.kind = SDXI_EMU_FAULT_STOP, .cxt = 1, .op = 4);
		memset(buf + 8 * LEN, TD_GUARD, 8 * LEN);
		for (i = 0; i < RTE_DIM(status); i++)
			assert_int_equal(rte_dma_copy(id, 0,
						      i == 2 ? BAD : (uintptr_t)buf + i * LEN,
						      (uintptr_t)buf + (8 + i) * LEN, LEN, 0), i);
		assert_return_code(rte_dma_submit(id, 0), 0);
		td_statuses(id, 0, RTE_DIM(status), status);
		for (i = 0; i < RTE_DIM(status); i++) {
			assert_int_equal(status[i], i == 2 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
							     RTE_DMA_STATUS_SUCCESSFUL);
			if (i != 2)
				assert_memory_equal(buf + i * LEN, buf + (8 + i) * LEN, LEN);
		}
		td_one_copy(id, 0, 8);
		td_one_copy(id, 1, other);
		td_remove(FN0);
	}
	__atomic_store_n(&fake_hz, 0, __ATOMIC_RELAXED);
}

/* ---- lagging Read_Index ---------------------------------------------------------------------- */

static unsigned int lag; /* atomic */

/* Direct writes to mapped memory would bypass this. */
bool
__wrap_sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	return __atomic_load_n(&lag, __ATOMIC_RELAXED) == 0 &&
	       __real_sdxi_vdev_mem_map(opaque, iova, map);
}

/* Among these writes, only Read_Index has such an address. */
enum sdxi_emu_mem
__wrap_sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val)
{
	const unsigned int by = __atomic_load_n(&lag, __ATOMIC_RELAXED);

	if (iova % 16 == 8 && by != 0) {
		val = rte_le_to_cpu_64(val);
		val = rte_cpu_to_le_64(val - RTE_MIN(val, by));
	}
	return __real_sdxi_vdev_mem_write64(opaque, iova, val);
}

static void
test_lag(void **state)
{
	static const unsigned int sizes[] = { 1, 512, 1000 };
	unsigned int i, l, round, n;
	uint64_t idx, recoveries;
	uint8_t *buf;
	int16_t id;

	RTE_SET_USED(state);
	buf = td_alloc(2 * LEN, 64);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		for (l = 0; l < 3; l++) {
			__atomic_store_n(&lag, l == 0 ? 1 : RTE_MAX(1u, l * sizes[i] / 2),
					 __ATOMIC_RELAXED);
			id = td_open(FN0, "watchdog=100", 1, sizes[i]);
			for (round = 0, idx = 0; round < 10; round++) {
				/* Any other lag comes on top. */
				TD_WAIT(rte_dma_burst_capacity(id, 0) == sizes[i]);
				for (n = 0; n < sizes[i]; n++)
					td_copy(id, 0, idx + n, buf, buf + LEN, LEN, 0);
				assert_int_equal(rte_dma_copy(id, 0, (uintptr_t)buf,
							      (uintptr_t)buf + LEN, LEN, 0),
						 -ENOSPC);
				assert_return_code(rte_dma_submit(id, 0), 0);
				td_gather(id, 0, idx, sizes[i]);
				idx += sizes[i];
			}
			/* Idle for longer than the watchdog timeout. */
			recoveries = td_dump_number(id, "vchan 0:", "recoveries ");
			usleep(400000);
			assert_int_equal(td_status(id, 0), RTE_DMA_VCHAN_IDLE);
			assert_int_equal(td_dump_number(id, "vchan 0:", "recoveries "), recoveries);
			td_one_copy(id, 0, idx);
			__atomic_store_n(&lag, 0, __ATOMIC_RELAXED);
			td_remove(FN0);
		}
	}
}

/* ---- log ------------------------------------------------------------------------------------- */

/* At most one line per second, with the number of suppressed ones. */
static void
test_log(void **state)
{
	enum { ROUNDS = 10 };
	enum rte_dma_status_code status;
	char what[64];
	uint64_t idx;
	uint8_t *buf;
	int16_t id;

	buf = td_alloc(LEN, 64);
	id = td_open(FN0, *state, 1, NB_DESC);
	log_lines = 0;
	/* First a second never ends, then it takes no time. */
	__atomic_store_n(&fake_hz, UINT64_C(1) << 62, __ATOMIC_RELAXED);
	for (idx = 0; idx <= ROUNDS + 1; idx++) {
		if (idx == ROUNDS)
			__atomic_store_n(&fake_hz, 1, __ATOMIC_RELAXED);
		TD_WAIT(rte_dma_copy(id, 0, BAD, (uintptr_t)buf, LEN, RTE_DMA_OP_FLAG_SUBMIT) ==
			(int)idx);
		td_statuses(id, 0, 1, &status);
		assert_int_equal(status, RTE_DMA_STATUS_INVALID_SRC_ADDR);
		pthread_mutex_lock(&log_lock);
		snprintf(what, sizeof(what), "(%u lines left out before)", ROUNDS - 1);
		if (log_lines != (idx < ROUNDS ? 1 : idx - ROUNDS + 2) ||
		    (strstr(log_line, what) != NULL) != (idx == ROUNDS) ||
		    (strstr(log_line, "left out") != NULL) != (idx == ROUNDS))
			fail_msg("round %" PRIu64 ": %u lines, the last of them: %s", idx,
				 log_lines, log_line);
		pthread_mutex_unlock(&log_lock);
	}
	__atomic_store_n(&fake_hz, 0, __ATOMIC_RELAXED);
}

int
main(int argc, char **argv)
{
	static char stop[] = "error=stop,watchdog=0", cont[] = "error=continue,watchdog=0";
	static char just_stop[] = "stop", just_cont[] = "continue";
	const struct CMUnitTest tests[] = {
		TD_TEST_WITH(test_calls, "error=stop", just_stop),
		TD_TEST_WITH(test_calls, "error=continue", just_cont),
		TD_TEST_WITH(test_other_vchan_recovers, "error=stop", stop),
		TD_TEST_WITH(test_other_vchan_recovers, "error=continue", cont),
		TD_TEST(test_other_function_dead),
		TD_TEST(test_commands),
		TD_TEST_WITH(test_update_refused, "error=stop", stop),
		TD_TEST_WITH(test_update_refused, "error=continue", cont),
		TD_TEST(test_lag),
		TD_TEST_WITH(test_log, "error=stop", stop),
		TD_TEST_WITH(test_log, "error=continue", cont),
	};

	if (!td_eal_init_linked(argv[0], 128))
		return 1;
	return TD_RUN("driver, polls", tests, argc > 1 ? argv[1] : NULL);
}
