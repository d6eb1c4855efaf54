/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "hostile.h"
#include "fuzz_driver.h"
#include "sdxi_emu.h"

#undef pthread_mutex_lock

/* Doorbells of eight contexts at the largest stride. */
#define DB_LEN (8 * (SDXI_DB_STRIDE_MIN << 7))
#define MAX_PIECES 64
#define MAX_POKES  8
#define STEP_NS	   40
#define BUDGET	   16
/* Maximum number of steps in a call: of the data path, of all others. */
#define MAX_POLL_STEPS 300000
#define MAX_STEPS      10000000
/* Maximum number of data path calls during a round of the control thread. */
#define MAX_MEANWHILE 32
/* Value of a doorbell that was not rung. */
#define DB_QUIET UINT64_MAX
#define FOR_EVER UINT16_MAX

uint8_t hostile_mem[HOSTILE_MEM_LEN];
struct sdxi_dev *hostile_dev;
struct hostile_past hostile_past;
static uint64_t doorbells[DB_LEN / 8];

/* How a corrupted value is derived from the true one. */
enum how { HOW_SET, HOW_XOR, HOW_ADD, NB_HOWS };

/* A register that reads wrong; bits of pattern select which of eight reads. */
struct reg_fault {
	uint64_t val;
	uint16_t left; /* number of reads */
	uint8_t how;
	uint8_t pattern;
};

/* What the function writes to memory. */
enum target {
	TARGET_STATE,
	TARGET_READ_INDEX,
	TARGET_SIGNAL,
	TARGET_FLAGS,
	TARGET_DONE,   /* success in a completion block */
	TARGET_FAILED, /* error (er) in a completion block */
	TARGET_DESC,
	TARGET_CXT, /* any word of a context's memory */
	TARGET_ERRLOG,
	TARGET_L2,
	TARGET_L1,
	NB_TARGETS,
};

/* A write to memory after a number of steps and loads, repeatedly. */
struct poke {
	uint64_t val;
	uint16_t delay;
	uint16_t period;
	uint16_t left; /* repetitions */
	uint16_t at;
	uint8_t target;
	uint8_t how;
	uint8_t vchan;
};

static const uint32_t regs[] = {
	SDXI_MMIO_STS0, SDXI_MMIO_VERSION, SDXI_MMIO_CAP0, SDXI_MMIO_CAP1, SDXI_MMIO_ERR_STS,
	SDXI_MMIO_ERR_WRT, SDXI_MMIO_CTL0, SDXI_MMIO_ERR_RD,
};

static struct {
	const uint8_t *input;
	size_t left;

	struct sdxi_emu *emu;
	uint8_t *db; /* of db_len bytes, at the end of doorbells */
	uint64_t db_len;
	uint64_t db_stride;
	uint64_t now;
	uint64_t steps; /* of the current call */
	enum hostile_who who;
	bool bus_master;
	bool keeps_dma; /* the last request to disable bus mastering failed */
	bool idle;	/* the function had nothing to do, and no request since */
	struct reg_fault reg[RTE_DIM(regs)];
	struct poke poke[MAX_POKES];
	unsigned int next_poke;
	bool pokes; /* any active pokes */
	uint16_t gone;		    /* registers read as ones or zeros, and writes are ignored */
	uint8_t dma_fails;	    /* pattern of requests that fail */
	uint64_t forged;	    /* number of forged log entries */

	/* Highest plausible Read_Index since the vchan's ring was created. */
	uint64_t plausible[HOSTILE_MAX_VCHANS];

	void (*irq_cb)(void *arg);
	void *irq_arg;
	bool irq_pending;

	struct sdxi_dev *thread; /* device of the control thread */
	bool thread_acts;
	unsigned int preempt; /* loads and stores of the data path until it runs; 0: never */
	void (*meanwhile)(void);
	uint8_t meanwhile_at; /* pattern of its sleeps */
	unsigned int meanwhile_left;

	struct {
		uint8_t *va;
		size_t len;
	} piece[MAX_PIECES];
	unsigned int nb_pieces;
	unsigned int alloc_fails_in; /* 0: none fails */
} hostile;

void
hostile_check(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (ok)
		return;
	fprintf(stderr, "fuzz_driver: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

enum hostile_who
hostile_enter(enum hostile_who who)
{
	enum hostile_who was = hostile.who;

	hostile.who = who;
	hostile.steps = 0;
	return was;
}

void
hostile_leave(enum hostile_who was)
{
	hostile.who = was;
	hostile.steps = 0;
}

/* Reject a call that a poll must not make. */
static void
not_in_data_path(const char *what)
{
	hostile_check(hostile.who != HOSTILE_DATA_PATH, "the data path %s", what);
}

/* ---- input ---- */

bool
hostile_has_input(void)
{
	return hostile.left > 0;
}

uint8_t
hostile_take8(void)
{
	if (hostile.left == 0)
		return 0;
	hostile.left--;
	return *hostile.input++;
}

uint16_t
hostile_take16(void)
{
	uint16_t low = hostile_take8();

	return low | (uint16_t)(hostile_take8() << 8);
}

uint64_t
hostile_take_val(uint64_t near)
{
	uint8_t kind = hostile_take8();
	uint64_t val = 0;
	unsigned int i;

	switch (kind & 7) {
	case 0:
		return kind >> 3;
	case 1:
		return near + (int8_t)hostile_take8();
	case 2:
		return UINT64_MAX - (kind >> 3);
	case 3:
		return UINT64_C(1) << (hostile_take8() & 63);
	case 4:
		for (i = 0; i < sizeof(val); i++)
			val = val << 8 | hostile_take8();
		return val;
	case 5:
		return hostile_take16();
	case 6:
		return (uint64_t)hostile_take16() << 16;
	default:
		return near + (uint64_t)hostile_take16();
	}
}

/* Patterns rotate. */
static bool
next_of(uint8_t *pattern)
{
	bool bit = *pattern & 1;

	*pattern = (uint8_t)(*pattern >> 1 | bit << 7);
	return bit;
}

static bool
is_left(uint16_t *left)
{
	if (*left == 0)
		return false;
	if (*left != FOR_EVER)
		(*left)--;
	return true;
}

/* Memory as the function sees it. */

static uint8_t *
reach(uint64_t iova, size_t len)
{
	uint64_t mem = (uintptr_t)hostile_mem;
	unsigned int i;

	if (!hostile.bus_master)
		return NULL;
	for (i = 0; i < hostile.nb_pieces; i++) {
		uint64_t at = iova - (uintptr_t)hostile.piece[i].va;

		if (len <= hostile.piece[i].len && at <= hostile.piece[i].len - len)
			return hostile.piece[i].va + at;
	}
	if (len <= HOSTILE_MEM_LEN && iova - mem <= HOSTILE_MEM_LEN - len)
		return hostile_mem + (iova - mem);
	/* An access past the end by less than the maximum length is the application's fault. */
	hostile_check(hostile_past.corrupted || iova < 4 * HOSTILE_UNMAPPED ||
		      iova - mem <= HOSTILE_MEM_LEN + UINT64_C(0xffffffff),
		      "the function accesses memory that the driver freed, at 0x%" PRIx64, iova);
	return NULL;
}

static enum sdxi_emu_mem
emu_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	const uint8_t *at = reach(iova, len);

	RTE_SET_USED(opaque);
	if (at == NULL)
		return SDXI_EMU_MEM_FAULT;
	memcpy(buf, at, len);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
emu_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	uint8_t *at = reach(iova, len);

	RTE_SET_USED(opaque);
	if (at == NULL)
		return SDXI_EMU_MEM_FAULT;
	memcpy(at, buf, len);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
emu_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	return emu_read(opaque, iova, val, sizeof(*val));
}

static enum sdxi_emu_mem
emu_write64(void *opaque, uint64_t iova, uint64_t val)
{
	return emu_write(opaque, iova, &val, sizeof(val));
}

static enum sdxi_emu_mem
emu_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	const uint8_t *from = reach(src, len);
	uint8_t *to;

	RTE_SET_USED(opaque);
	if (from == NULL)
		return SDXI_EMU_MEM_SRC_FAULT;
	to = reach(dst, len);
	if (to == NULL)
		return SDXI_EMU_MEM_DST_FAULT;
	memmove(to, from, len);
	return SDXI_EMU_MEM_OK;
}

static void
emu_irq(void *opaque, uint16_t vector)
{
	RTE_SET_USED(opaque);
	RTE_SET_USED(vector);
	hostile.irq_pending = true;
}

static const struct sdxi_emu_ops emu_ops = {
	.read = emu_read, .write = emu_write, .read64 = emu_read64, .write64 = emu_write64,
	.copy = emu_copy, .irq = emu_irq,
};

/* Does the data path own the vchan, and is it running? */
static bool
vchan_runs(const struct sdxi_vchan *vc)
{
	return vc->cxt.mem.va != NULL && !vc->closed && vc->word != SDXI_WORD_FAILED &&
	       vc->word != SDXI_WORD_STOPPED;
}

/*
 * Check that the driver's Read_Index is plausible and was in memory, and that no slot that it frees
 * is in use. Call before memory changes.
 */
static void
check_read_index(void)
{
	unsigned int i;

	for (i = 0; hostile_dev != NULL && i < hostile_dev->nb_vchans; i++) {
		const struct sdxi_vchan *vc = &hostile_dev->vchans[i];
		const struct sdxi_ring *r = &vc->ring;
		uint64_t *most = &hostile.plausible[i], head = r->op_head + r->head_extra, now;

		if (!vchan_runs(vc)) {
			*most = 0;
			continue;
		}
		now = rte_le_to_cpu_64(vc->cxt.sts->read_index);
		if (now > *most && now <= r->submitted)
			*most = now;
		hostile_check(r->read_index <= *most && head <= *most + r->size, "vchan %u: "
			      "Read_Index is %" PRIu64 " in the driver, at most %" PRIu64
			      " in memory; %" PRIu64 " descriptors written, ring size %u", i,
			      r->read_index, *most, head, r->size);
	}
}

/* ---- corruption ---- */

static uint64_t
corrupt(uint64_t truth, uint8_t how, uint64_t val)
{
	return how == HOW_XOR ? truth ^ val : how == HOW_ADD ? truth + val : val;
}

/* Corrupt a word of a piece of memory, if it exists. */
static void
corrupt_word(const struct sdxi_mem *mem, const struct poke *p)
{
	uint64_t *word = mem->va;

	if (word == NULL)
		return;
	word += p->at % (mem->len / sizeof(*word));
	*word = corrupt(*word, p->how, p->val);
}

static void
poke_cxt(const struct poke *p, struct sdxi_cxt *cxt, const struct sdxi_ring *r)
{
	uint64_t tail = r != NULL ? r->op_tail + r->tail_extra : hostile_dev->admin_index;
	struct sdxi_line *line;
	uint64_t *word;

	if (cxt->mem.va == NULL)
		return;
	line = &cxt->line[(tail + p->at) & (cxt->ring_sz - 1)];
	switch (p->target) {
	case TARGET_STATE:
		cxt->sts->state = corrupt(cxt->sts->state, p->how, p->val);
		break;
	case TARGET_READ_INDEX:
		if (p->how == HOW_SET)
			cxt->sts->read_index = p->val + (r != NULL ? r->submitted : tail);
		else
			cxt->sts->read_index = corrupt(cxt->sts->read_index, p->how, p->val);
		break;
	case TARGET_SIGNAL:
		line->blk.signal = corrupt(line->blk.signal, p->how, p->val);
		break;
	case TARGET_FLAGS:
		line->blk.flags = corrupt(line->blk.flags, p->how, p->val);
		break;
	case TARGET_DONE:
	case TARGET_FAILED:
		line->blk.flags = p->target == TARGET_FAILED ? SDXI_CST_BLK_ER : 0;
		line->blk.signal = 0;
		break;
	case TARGET_DESC:
		word = &cxt->desc[(tail + p->at / 8) & (cxt->ring_sz - 1)].qw[p->at % 8];
		*word = corrupt(*word, p->how, p->val);
		break;
	default:
		corrupt_word(&cxt->mem, p);
		break;
	}
}

static void
poke(const struct poke *p)
{
	struct sdxi_dev *dev = hostile_dev;

	if (dev == NULL || !hostile.bus_master)
		return;
	check_read_index();
	if (p->target == TARGET_ERRLOG)
		corrupt_word(&dev->errlog.mem, p);
	else if (p->target == TARGET_L2)
		corrupt_word(&dev->l2, p);
	else if (p->target == TARGET_L1)
		corrupt_word(&dev->l1[0], p);
	else if (p->vchan == 3 || dev->nb_vchans == 0)
		poke_cxt(p, &dev->admin, NULL);
	else
		poke_cxt(p, &dev->vchans[p->vchan % dev->nb_vchans].cxt,
			 &dev->vchans[p->vchan % dev->nb_vchans].ring);
	check_read_index();
}

static void
pokes_step(void)
{
	unsigned int i;

	if (!hostile.pokes)
		return;
	hostile.pokes = false;
	for (i = 0; i < MAX_POKES; i++) {
		struct poke *p = &hostile.poke[i];

		if (p->left == 0)
			continue;
		hostile.pokes = true;
		if (p->delay > 0) {
			p->delay--;
			continue;
		}
		is_left(&p->left);
		p->delay = p->period;
		poke(p);
	}
}

/* Write a log entry that the function did not. */
static void
forge(void)
{
	uint64_t what = hostile_take16(), num = hostile_take8() & 3;
	uint64_t index = hostile_take_val(0), at;
	struct sdxi_errlog_hd_ent *ent;

	hostile_past.corrupted = true;
	if (hostile_dev == NULL || hostile_dev->errlog.mem.va == NULL || !hostile.bus_master)
		return;
	at = sdxi_emu_reg_read(hostile.emu, SDXI_MMIO_ERR_WRT, 8) + hostile.forged++;
	ent = hostile_dev->errlog.mem.va;
	ent += at % hostile_dev->errlog.size;
	ent->dsc_index = index;
	/* Step, reaction and sub-step; sometimes without a valid bit. */
	ent->hd = SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD) |
		  SDXI_PUT(SDXI_ERRLOG_CXT_NUM, num) | SDXI_PUT(SDXI_ERRLOG_STEP, what) |
		  SDXI_PUT(SDXI_ERRLOG_RE, what >> 4) | SDXI_PUT(SDXI_ERRLOG_SUB_STEP, what >> 6) |
		  ((what & 0xf000) == 0 ? 0 : SDXI_ERRLOG_VL | SDXI_ERRLOG_CV | SDXI_ERRLOG_DIV);
}

static void
take_reg_fault(void)
{
	uint8_t which = hostile_take8() % RTE_DIM(regs), how = hostile_take8();

	hostile.reg[which] = (struct reg_fault){
		.val = hostile_take_val(0),
		.left = (how & 0x40) != 0 ? FOR_EVER : hostile_take8(),
		.how = how % NB_HOWS,
		.pattern = (how & 0x80) != 0 ? hostile_take8() : 0xff,
	};
	hostile_past.corrupted = true;
}

static void
take_poke(void)
{
	struct poke *p = &hostile.poke[hostile.next_poke++ % MAX_POKES];
	uint8_t what = hostile_take8(), how = hostile_take8();

	*p = (struct poke){
		.target = what % NB_TARGETS,
		.vchan = how >> 4 & 3,
		.how = (how & 15) % NB_HOWS,
	};
	p->val = hostile_take_val(0);
	p->at = (how & 0x40) != 0 ? hostile_take16() : hostile_take8();
	if (p->target >= TARGET_SIGNAL && p->target <= TARGET_FAILED)
		p->at &= 3;
	hostile_past.corrupted = true;
	if ((how & 0x80) == 0) {
		poke(p);
		return;
	}
	p->delay = hostile_take16();
	p->period = hostile_take16();
	p->left = hostile_take8();
	if (p->left == UINT8_MAX)
		p->left = FOR_EVER;
	hostile.pokes = true;
}

static void
take_fault(void)
{
	uint8_t kind = hostile_take8(), flags = hostile_take8();
	struct sdxi_emu_fault fault = {
		.kind = (enum sdxi_emu_fault_kind)(kind % SDXI_EMU_FAULT_KINDS),
		.cxt = flags & 3,
		.op = flags >> 5,
		.no_block = (flags & 4) != 0,
		.no_log = (flags & 8) != 0,
		.buf = (flags & 16) != 0,
		.sub_step = kind >> 6,
	};

	fault.count = hostile_take8();
	fault.step = hostile_take8() % (SDXI_STEP_RKEY + 1);
	sdxi_emu_inject(hostile.emu, &fault);
	hostile_past.faulty = true;
}

static void
fn_reset(void)
{
	sdxi_emu_reset(hostile.emu);
	hostile.bus_master = false;
	hostile.forged = 0;
	hostile_past.faulty = true;
}

void
hostile_act(void)
{
	uint8_t act = hostile_take8(), more = act >> 4;

	switch (act & 15) {
	case 0: case 1:
		take_reg_fault();
		break;
	case 2:
		hostile.preempt = 1 + hostile_take8();
		break;
	case 3: case 4: case 5: case 6: case 7:
		take_poke();
		break;
	case 8: case 9:
		take_fault();
		break;
	case 10:
		forge();
		break;
	case 11:
		/* With the first bit, a function level reset. */
		if ((more & 1) != 0)
			fn_reset();
		hostile.gone = more == 15 ? FOR_EVER : more * more * 16;
		hostile_past.faulty |= hostile.gone != 0;
		break;
	case 13:
		hostile.dma_fails = hostile_take8();
		hostile_past.faulty = true;
		break;
	case 15:
		if (more == 0)
			hostile.meanwhile_at = hostile_take8();
		else if (more == 1)
			hostile_end();
		else if (more == 2)
			hostile.irq_pending = true;
		else
			hostile.alloc_fails_in = more - 2;
		break;
	}
}

void
hostile_end(void)
{
	memset(hostile.reg, 0, sizeof(hostile.reg));
	memset(hostile.poke, 0, sizeof(hostile.poke));
	hostile.pokes = false;
	hostile.gone = 0;
	hostile.dma_fails = 0;
	hostile.forged = 0;
	hostile.alloc_fails_in = 0;
	sdxi_emu_inject_clear(hostile.emu);
}

/* ---- time ---- */

static void
emu_run(unsigned int budget)
{
	uint64_t *db, at;
	uint16_t num = 0;

	/* A function that is off the bus does not work. */
	if (hostile.gone != 0)
		return;
	for (at = 0; at + sizeof(*db) <= hostile.db_len; at += hostile.db_stride, num++) {
		db = (uint64_t *)(hostile.db + at);
		if (*db != DB_QUIET) {
			sdxi_emu_doorbell(hostile.emu, num, *db);
			hostile.idle = false;
		}
		*db = DB_QUIET;
	}
	if (!hostile.idle)
		hostile.idle = sdxi_emu_run(hostile.emu, budget) == 0 &&
			       !sdxi_emu_waits(hostile.emu);
}

static void
step(void)
{
	hostile.steps++;
	hostile_check(hostile.steps <
		      (hostile.who == HOSTILE_DATA_PATH ? MAX_POLL_STEPS : MAX_STEPS),
		      "a call does not return");
	hostile.now += STEP_NS;
	if (hostile.idle && !hostile.pokes)
		return;
	check_read_index();
	pokes_step();
	emu_run(BUDGET);
}

static void
interrupt(void)
{
	if (!hostile.irq_pending || hostile.irq_cb == NULL)
		return;
	hostile.irq_pending = false;
	hostile.irq_cb(hostile.irq_arg);
}

void
hostile_thread(bool periodic)
{
	enum hostile_who was;

	if (hostile.thread == NULL || hostile.thread_acts)
		return;
	hostile.thread_acts = true;
	hostile.meanwhile_left = MAX_MEANWHILE;
	was = hostile_enter(HOSTILE_THREAD);
	sdxi_service(hostile.thread, periodic);
	hostile_leave(was);
	hostile.thread_acts = false;
}

/* Called before a load from shared memory, or after a store. */
void
hostile_shared(void)
{
	if (hostile.who == HOSTILE_DATA_PATH) {
		hostile_check(++hostile.steps < MAX_POLL_STEPS, "a data path call does not return");
		if (hostile.preempt > 0 && --hostile.preempt == 0)
			hostile_thread(true);
	}
	pokes_step();
}

void
hostile_run(unsigned int budget)
{
	check_read_index();
	pokes_step();
	hostile.idle = false;
	emu_run(budget);
	interrupt();
}

void
hostile_advance(uint64_t ns)
{
	hostile.now += ns;
}

uint64_t
hostile_timer_cycles(void)
{
	return hostile.now += STEP_NS;
}

uint64_t
hostile_timer_hz(void)
{
	return NS_PER_S;
}

void
hostile_delay_us_sleep(unsigned int us)
{
	not_in_data_path("sleeps");
	hostile.now += us * UINT64_C(1000);
	step();
	interrupt();
	/* Not if this thread has itself preempted a data path call, see hostile_shared(). */
	if (hostile.who == HOSTILE_THREAD && hostile.preempt == 0 && hostile.meanwhile_left > 0 &&
	    next_of(&hostile.meanwhile_at)) {
		hostile.meanwhile_left--;
		hostile.meanwhile();
	}
}

void
hostile_pause(void)
{
	not_in_data_path("waits");
	step();
	interrupt();
}

void
hostile_barrier(void)
{
	step();
}

int
hostile_mutex_lock(pthread_mutex_t *mutex)
{
	not_in_data_path("takes a lock");
	return pthread_mutex_lock(mutex);
}

int
hostile_log(uint32_t level, uint32_t type, const char *fmt, ...)
{
	va_list ap;
	int ret;

	not_in_data_path("logs");
	va_start(ap, fmt);
	ret = rte_vlog(level, type, fmt, ap);
	va_end(ap);
	return ret;
}

int
hostile_thread_create(rte_thread_t *thread, const char *name, sdxi_thread_ret (*func)(void *),
		   void *arg)
{
	RTE_SET_USED(thread);
	RTE_SET_USED(name);
	RTE_SET_USED(func);
	hostile_check(hostile.thread == NULL, "a control thread already exists");
	if (hostile.alloc_fails_in > 0 && --hostile.alloc_fails_in == 0)
		return -EAGAIN;
	hostile.thread = arg;
	return 0;
}

int
hostile_thread_join(rte_thread_t thread, uint32_t *val)
{
	RTE_SET_USED(thread);
	RTE_SET_USED(val);
	hostile_check(hostile.thread != NULL, "no control thread exists");
	hostile.thread = NULL;
	return 0;
}

/* Ring a doorbell, or a substitute if the function must not see it. */
void
hostile_write64(uint64_t val, volatile void *addr)
{
	uintptr_t at = (uintptr_t)addr, db = (uintptr_t)hostile.db;
	unsigned int i;
	bool ok = at >= db && at - db < hostile.db_len;

	hostile.idle &= !ok;
	for (i = 0; i < hostile.nb_pieces && !ok; i++)
		ok = at - (uintptr_t)hostile.piece[i].va < hostile.piece[i].len;
	hostile_check(ok, "a doorbell is outside of its BAR, at %" PRId64 " of %" PRIu64,
		      (int64_t)(at - db), hostile.db_len);
	*(volatile uint64_t *)addr = val;
	step();
}

/* ---- memory of the driver ---- */

void *
hostile_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	void *va;

	RTE_SET_USED(type);
	RTE_SET_USED(socket);
	not_in_data_path("allocates");
	if (hostile.alloc_fails_in > 0 && --hostile.alloc_fails_in == 0)
		return NULL;
	hostile_check(hostile.nb_pieces < MAX_PIECES, "the driver leaks memory");
	if (posix_memalign(&va, RTE_MAX(align, (unsigned int)RTE_CACHE_LINE_SIZE), size) != 0)
		return NULL;
	memset(va, 0, size);
	hostile.piece[hostile.nb_pieces].va = va;
	hostile.piece[hostile.nb_pieces++].len = size;
	return va;
}

void
hostile_free(void *ptr)
{
	unsigned int i;

	if (ptr == NULL)
		return;
	for (i = 0; i < hostile.nb_pieces && hostile.piece[i].va != ptr; i++)
		;
	hostile_check(i < hostile.nb_pieces, "the driver frees memory that it did not allocate");
	hostile.piece[i] = hostile.piece[--hostile.nb_pieces];
	free(ptr);
}

/* ---- registers ---- */

static uint64_t
reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	uint64_t val;
	unsigned int i;

	RTE_SET_USED(fn);
	not_in_data_path("reads a register");
	step();
	if (is_left(&hostile.gone))
		return (hostile.gone & 64) != 0 ? 0 : UINT64_MAX;
	val = sdxi_emu_reg_read(hostile.emu, off, 8);
	if (hostile.forged > 0 && off == SDXI_MMIO_ERR_STS)
		val |= SDXI_ERR_STS_STS;
	if (off == SDXI_MMIO_ERR_WRT)
		val += hostile.forged;
	for (i = 0; i < RTE_DIM(regs); i++) {
		struct reg_fault *l = &hostile.reg[i];

		if (regs[i] != off || l->left == 0 || !next_of(&l->pattern) || !is_left(&l->left))
			continue;
		val = corrupt(val, l->how, l->val);
		/* Values read at probe stay in use. */
		hostile_past.permanent |= hostile_dev == NULL &&
				  (off == SDXI_MMIO_CAP0 || off == SDXI_MMIO_CAP1);
	}
	return val;
}

static void
reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	RTE_SET_USED(fn);
	not_in_data_path("writes a register");
	step();
	if (hostile.gone != 0)
		return;
	if (off == SDXI_MMIO_ERR_WRT)
		hostile.forged = 0;
	sdxi_emu_reg_write(hostile.emu, off, val, 8);
	hostile.idle = false;
}

static int
dma_enable(const struct sdxi_fn *fn, bool on)
{
	RTE_SET_USED(fn);
	not_in_data_path("changes bus mastering");
	hostile.keeps_dma = false;
	if (next_of(&hostile.dma_fails)) {
		hostile.keeps_dma = !on;
		/* A function that could not be disabled may still write to memory. */
		hostile_past.corrupted |= !on;
		return -EIO;
	}
	hostile.bus_master = on;
	hostile.idle = false;
	return 0;
}

static int
irq_enable(const struct sdxi_fn *fn, void (*cb)(void *arg), void *arg)
{
	RTE_SET_USED(fn);
	hostile.irq_cb = cb;
	hostile.irq_arg = arg;
	return 0;
}

static void
irq_disable(const struct sdxi_fn *fn)
{
	RTE_SET_USED(fn);
	hostile.irq_cb = NULL;
}

static const struct sdxi_fn_ops fn_ops = {
	.reg_read = reg_read, .reg_write = reg_write, .dma_enable = dma_enable,
	.irq_enable = irq_enable, .irq_disable = irq_disable,
};

struct sdxi_fn
hostile_create(const uint8_t *data, size_t len, void (*meanwhile)(void))
{
	uint8_t has, more, db;
	struct sdxi_emu_conf conf;
	uint64_t at;

	memset(&hostile, 0, sizeof(hostile));
	hostile_past = (struct hostile_past){ 0 };
	hostile.input = data;
	hostile.left = len;
	hostile.now = NS_PER_S;
	hostile.meanwhile = meanwhile;
	has = hostile_take8();
	more = hostile_take8();
	db = hostile_take8();

	sdxi_emu_conf_default(&conf);
	conf.max_cxt = 7 - (has & 3);
	/* At most 256 KiB, as zeroing rings takes most of the time. */
	conf.max_ds_ring_sz = (has & 4) != 0 ? 0 : 2;
	conf.max_buffer = 11 - (has >> 3 & 15) % 12;
	conf.err_continue = (has & 0x80) != 0;
	conf.max_errlog_sz = 2 - (more & 3) % 3;
	conf.reorder = (more & 4) != 0;
	conf.seed = more >> 3 & 3;
	conf.db_stride = db & 7;
	hostile_check(sdxi_emu_create(&conf, &emu_ops, NULL, &hostile.emu) == 0,
			 "cannot create the function");
	hostile.db_stride = (uint64_t)SDXI_DB_STRIDE_MIN << conf.db_stride;
	hostile.db_len = (conf.max_cxt + UINT64_C(1)) * hostile.db_stride;
	hostile.db = (uint8_t *)doorbells + DB_LEN - hostile.db_len;
	for (at = 0; at + sizeof(uint64_t) <= hostile.db_len; at += hostile.db_stride)
		*(uint64_t *)(hostile.db + at) = DB_QUIET;
	return (struct sdxi_fn){ .ops = &fn_ops, .db = hostile.db, .db_len = hostile.db_len };
}

void
hostile_closed(void)
{
	uint64_t at;

	hostile_dev = NULL;
	hostile_check(hostile.nb_pieces == 0, "%u allocations were not freed", hostile.nb_pieces);
	hostile_check(hostile.thread == NULL, "the control thread runs after close");
	hostile_check(hostile.irq_cb == NULL, "an interrupt handler is registered after close");
	hostile_check(!hostile.bus_master || hostile.keeps_dma,
		      "bus mastering is on after close");
	/* Ring all doorbells: the function must not access memory that the driver has freed. */
	for (at = 0; at + sizeof(uint64_t) <= hostile.db_len; at += hostile.db_stride)
		*(uint64_t *)(hostile.db + at) = 1;
	hostile_run(4 * BUDGET);
}

void
hostile_destroy(void)
{
	sdxi_emu_destroy(hostile.emu);
	hostile.emu = NULL;
}
