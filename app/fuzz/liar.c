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

#include "liar.h"
#include "fuzz_driver.h"
#include "sdxi_emu.h"

#undef pthread_mutex_lock

/* Doorbells of eight contexts as far apart as they can be. */
#define DB_LEN (8 * (SDXI_DB_STRIDE_MIN << 7))
#define MAX_PIECES 64
#define MAX_POKES  8
#define STEP_NS	   40
#define BUDGET	   16
/* Steps that a call may take, whatever the function does: of the data path, of all others. */
#define MAX_POLL_STEPS 300000
#define MAX_STEPS      10000000
/* Calls of the data path during one round of the control thread. */
#define MAX_MEANWHILE 32
/* In a doorbell that has not been rung. */
#define DB_QUIET UINT64_MAX
#define FOR_EVER UINT16_MAX

uint8_t liar_mem[LIAR_MEM_LEN];
struct sdxi_dev *liar_dev;
struct liar_past liar_past;
static uint64_t doorbells[DB_LEN / 8];

/* How a lie is made of what is true. */
enum how { HOW_SET, HOW_XOR, HOW_ADD, NB_HOWS };

/* A register that does not read as it should; pattern says which of eight reads do not. */
struct reg_lie {
	uint64_t val;
	uint16_t left; /* reads */
	uint8_t how;
	uint8_t pattern;
};

/* What of memory the function writes. */
enum target {
	TARGET_STATE,
	TARGET_READ_INDEX,
	TARGET_SIGNAL,
	TARGET_FLAGS,
	TARGET_DONE,   /* a block: completed */
	TARGET_FAILED, /* completed, with er */
	TARGET_DESC,
	TARGET_CXT, /* any word of a context's memory */
	TARGET_ERRLOG,
	TARGET_L2,
	TARGET_L1,
	NB_TARGETS,
};

/* Something that the function writes in so many steps and loads, and again and again. */
struct poke {
	uint64_t val;
	uint16_t delay;
	uint16_t period;
	uint16_t left; /* times */
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
	uint8_t *db; /* up to the end of doorbells */
	uint64_t db_len;
	uint64_t db_stride;
	uint64_t now;
	uint64_t steps; /* of this call */
	enum liar_who who;
	bool bus_master;
	bool keeps_dma; /* was told to leave memory alone last, and that failed */
	bool idle;	/* it had nothing to do, and nobody has asked for anything since */
	struct reg_lie reg[RTE_DIM(regs)];
	struct poke poke[MAX_POKES];
	unsigned int next_poke;
	bool pokes; /* there are some */
	uint16_t gone;		    /* register reads as ones or zeros, nothing is written */
	uint8_t dma_fails;	    /* pattern of requests that fail */
	uint64_t forged;	    /* log entries that the function itself has not written */

	/* The highest Read_Index that could be, since the vchan's ring was made. */
	uint64_t believable[LIAR_MAX_VCHANS];

	void (*irq_cb)(void *arg);
	void *irq_arg;
	bool irq_pending;

	struct sdxi_dev *thread; /* the control thread's device */
	bool thread_acts;
	unsigned int preempt; /* loads and stores of the data path until it acts; 0: never */
	void (*meanwhile)(void);
	uint8_t meanwhile_at; /* pattern of its sleeps */
	unsigned int meanwhile_left;

	struct {
		uint8_t *va;
		size_t len;
	} piece[MAX_PIECES];
	unsigned int nb_pieces;
	unsigned int alloc_fails_in; /* 0: none does */
} liar;

void
liar_check(bool ok, const char *fmt, ...)
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

enum liar_who
liar_enter(enum liar_who who)
{
	enum liar_who was = liar.who;

	liar.who = who;
	liar.steps = 0;
	return was;
}

void
liar_leave(enum liar_who was)
{
	liar.who = was;
	liar.steps = 0;
}

/* What a poll must not do. */
static void
not_in_data_path(const char *what)
{
	liar_check(liar.who != LIAR_DATA_PATH, "the data path %s", what);
}

/* The input. */

bool
liar_has_input(void)
{
	return liar.left > 0;
}

uint8_t
liar_take8(void)
{
	if (liar.left == 0)
		return 0;
	liar.left--;
	return *liar.input++;
}

uint16_t
liar_take16(void)
{
	uint16_t low = liar_take8();

	return low | (uint16_t)(liar_take8() << 8);
}

uint64_t
liar_take_val(uint64_t near)
{
	uint8_t kind = liar_take8();
	uint64_t val = 0;
	unsigned int i;

	switch (kind & 7) {
	case 0:
		return kind >> 3;
	case 1:
		return near + (int8_t)liar_take8();
	case 2:
		return UINT64_MAX - (kind >> 3);
	case 3:
		return UINT64_C(1) << (liar_take8() & 63);
	case 4:
		for (i = 0; i < sizeof(val); i++)
			val = val << 8 | liar_take8();
		return val;
	case 5:
		return liar_take16();
	case 6:
		return (uint64_t)liar_take16() << 16;
	default:
		return near + (uint64_t)liar_take16();
	}
}

/* Patterns go round. */
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

/* Memory as the function reaches it. */

static uint8_t *
reach(uint64_t iova, size_t len)
{
	uint64_t mem = (uintptr_t)liar_mem;
	unsigned int i;

	if (!liar.bus_master)
		return NULL;
	for (i = 0; i < liar.nb_pieces; i++) {
		uint64_t at = iova - (uintptr_t)liar.piece[i].va;

		if (len <= liar.piece[i].len && at <= liar.piece[i].len - len)
			return liar.piece[i].va + at;
	}
	if (len <= LIAR_MEM_LEN && iova - mem <= LIAR_MEM_LEN - len)
		return liar_mem + (iova - mem);
	/* What reaches over its end, by as much as a length may be, is the application's. */
	liar_check(liar_past.lied || iova < 4 * LIAR_NOWHERE ||
		   iova - mem <= LIAR_MEM_LEN + UINT64_C(0xffffffff),
		   "the function works with memory that the driver has freed, at 0x%" PRIx64, iova);
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
	liar.irq_pending = true;
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
 * What the driver believes of Read_Index has been there and could be, and no slot is written that
 * it does not free. To be looked at before memory changes.
 */
static void
progress_look(void)
{
	unsigned int i;

	for (i = 0; liar_dev != NULL && i < liar_dev->nb_vchans; i++) {
		const struct sdxi_vchan *vc = &liar_dev->vchans[i];
		const struct sdxi_ring *r = &vc->ring;
		uint64_t *most = &liar.believable[i], head = r->op_head + r->head_extra, now;

		if (!vchan_runs(vc)) {
			*most = 0;
			continue;
		}
		now = rte_le_to_cpu_64(vc->cxt.sts->read_index);
		if (now > *most && now <= r->submitted)
			*most = now;
		liar_check(r->read_index <= *most && head <= *most + r->size, "vchan %u: "
			   "Read_Index %" PRIu64 " is believed, descriptors to %" PRIu64
			   " are written; it was %" PRIu64 ", the ring has %u", i, r->read_index,
			   head, *most, r->size);
	}
}

/* Lies. */

static uint64_t
lie(uint64_t truth, uint8_t how, uint64_t val)
{
	return how == HOW_XOR ? truth ^ val : how == HOW_ADD ? truth + val : val;
}

/* A word of a piece of memory, if it is there. */
static void
lie_in(const struct sdxi_mem *mem, const struct poke *p)
{
	uint64_t *word = mem->va;

	if (word == NULL)
		return;
	word += p->at % (mem->len / sizeof(*word));
	*word = lie(*word, p->how, p->val);
}

static void
poke_cxt(const struct poke *p, struct sdxi_cxt *cxt, const struct sdxi_ring *r)
{
	uint64_t tail = r != NULL ? r->op_tail + r->tail_extra : liar_dev->admin_index;
	struct sdxi_line *line;
	uint64_t *word;

	if (cxt->mem.va == NULL)
		return;
	line = &cxt->line[(tail + p->at) & (cxt->ring_sz - 1)];
	switch (p->target) {
	case TARGET_STATE:
		cxt->sts->state = lie(cxt->sts->state, p->how, p->val);
		break;
	case TARGET_READ_INDEX:
		if (p->how == HOW_SET)
			cxt->sts->read_index = p->val + (r != NULL ? r->submitted : tail);
		else
			cxt->sts->read_index = lie(cxt->sts->read_index, p->how, p->val);
		break;
	case TARGET_SIGNAL:
		line->blk.signal = lie(line->blk.signal, p->how, p->val);
		break;
	case TARGET_FLAGS:
		line->blk.flags = lie(line->blk.flags, p->how, p->val);
		break;
	case TARGET_DONE:
	case TARGET_FAILED:
		line->blk.flags = p->target == TARGET_FAILED ? SDXI_CST_BLK_ER : 0;
		line->blk.signal = 0;
		break;
	case TARGET_DESC:
		word = &cxt->desc[(tail + p->at / 8) & (cxt->ring_sz - 1)].qw[p->at % 8];
		*word = lie(*word, p->how, p->val);
		break;
	default:
		lie_in(&cxt->mem, p);
		break;
	}
}

static void
poke(const struct poke *p)
{
	struct sdxi_dev *dev = liar_dev;

	if (dev == NULL || !liar.bus_master)
		return;
	progress_look();
	if (p->target == TARGET_ERRLOG)
		lie_in(&dev->errlog.mem, p);
	else if (p->target == TARGET_L2)
		lie_in(&dev->l2, p);
	else if (p->target == TARGET_L1)
		lie_in(&dev->l1[0], p);
	else if (p->vchan == 3 || dev->nb_vchans == 0)
		poke_cxt(p, &dev->admin, NULL);
	else
		poke_cxt(p, &dev->vchans[p->vchan % dev->nb_vchans].cxt,
			 &dev->vchans[p->vchan % dev->nb_vchans].ring);
	progress_look();
}

static void
pokes_step(void)
{
	unsigned int i;

	if (!liar.pokes)
		return;
	liar.pokes = false;
	for (i = 0; i < MAX_POKES; i++) {
		struct poke *p = &liar.poke[i];

		if (p->left == 0)
			continue;
		liar.pokes = true;
		if (p->delay > 0) {
			p->delay--;
			continue;
		}
		is_left(&p->left);
		p->delay = p->period;
		poke(p);
	}
}

/* An entry of the log that the function itself knows nothing of. */
static void
forge(void)
{
	uint64_t what = liar_take16(), num = liar_take8() & 3, index = liar_take_val(0), at;
	struct sdxi_errlog_hd_ent *ent;

	liar_past.lied = true;
	if (liar_dev == NULL || liar_dev->errlog.mem.va == NULL || !liar.bus_master)
		return;
	at = sdxi_emu_reg_read(liar.emu, SDXI_MMIO_ERR_WRT, 8) + liar.forged++;
	ent = (struct sdxi_errlog_hd_ent *)liar_dev->errlog.mem.va + at % liar_dev->errlog.size;
	ent->dsc_index = index;
	/* Step, reaction and sub-step; without some of the valid bits now and then. */
	ent->hd = SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD) |
		  SDXI_PUT(SDXI_ERRLOG_CXT_NUM, num) | SDXI_PUT(SDXI_ERRLOG_STEP, what) |
		  SDXI_PUT(SDXI_ERRLOG_RE, what >> 4) | SDXI_PUT(SDXI_ERRLOG_SUB_STEP, what >> 6) |
		  ((what & 0xf000) == 0 ? 0 : SDXI_ERRLOG_VL | SDXI_ERRLOG_CV | SDXI_ERRLOG_DIV);
}

static void
take_reg_lie(void)
{
	uint8_t which = liar_take8() % RTE_DIM(regs), how = liar_take8();

	liar.reg[which] = (struct reg_lie){
		.val = liar_take_val(0),
		.left = (how & 0x40) != 0 ? FOR_EVER : liar_take8(),
		.how = how % NB_HOWS,
		.pattern = (how & 0x80) != 0 ? liar_take8() : 0xff,
	};
	liar_past.lied = true;
}

static void
take_poke(void)
{
	struct poke *p = &liar.poke[liar.next_poke++ % MAX_POKES];
	uint8_t what = liar_take8(), how = liar_take8();

	*p = (struct poke){
		.target = what % NB_TARGETS,
		.vchan = how >> 4 & 3,
		.how = (how & 15) % NB_HOWS,
	};
	p->val = liar_take_val(0);
	p->at = (how & 0x40) != 0 ? liar_take16() : liar_take8();
	if (p->target >= TARGET_SIGNAL && p->target <= TARGET_FAILED)
		p->at &= 3;
	liar_past.lied = true;
	if ((how & 0x80) == 0) {
		poke(p);
		return;
	}
	p->delay = liar_take16();
	p->period = liar_take16();
	p->left = liar_take8();
	if (p->left == UINT8_MAX)
		p->left = FOR_EVER;
	liar.pokes = true;
}

static void
take_fault(void)
{
	uint8_t kind = liar_take8(), flags = liar_take8();
	struct sdxi_emu_fault fault = {
		.kind = (enum sdxi_emu_fault_kind)(kind % SDXI_EMU_FAULT_KINDS),
		.cxt = flags & 3,
		.op = flags >> 5,
		.no_block = (flags & 4) != 0,
		.no_log = (flags & 8) != 0,
		.buf = (flags & 16) != 0,
		.sub_step = kind >> 6,
	};

	fault.count = liar_take8();
	fault.step = liar_take8() % (SDXI_STEP_RKEY + 1);
	sdxi_emu_inject(liar.emu, &fault);
	liar_past.faulty = true;
}

static void
fn_reset(void)
{
	sdxi_emu_reset(liar.emu);
	liar.bus_master = false;
	liar.forged = 0;
	liar_past.faulty = true;
}

void
liar_act(void)
{
	uint8_t act = liar_take8(), more = act >> 4;

	switch (act & 15) {
	case 0: case 1:
		take_reg_lie();
		break;
	case 2:
		liar.preempt = 1 + liar_take8();
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
		/* With the first bit a function-level reset. */
		if ((more & 1) != 0)
			fn_reset();
		liar.gone = more == 15 ? FOR_EVER : more * more * 16;
		liar_past.faulty |= liar.gone != 0;
		break;
	case 13:
		liar.dma_fails = liar_take8();
		liar_past.faulty = true;
		break;
	case 15:
		if (more == 0)
			liar.meanwhile_at = liar_take8();
		else if (more == 1)
			liar_repent();
		else if (more == 2)
			liar.irq_pending = true;
		else
			liar.alloc_fails_in = more - 2;
		break;
	}
}

void
liar_repent(void)
{
	memset(liar.reg, 0, sizeof(liar.reg));
	memset(liar.poke, 0, sizeof(liar.poke));
	liar.pokes = false;
	liar.gone = 0;
	liar.dma_fails = 0;
	liar.forged = 0;
	liar.alloc_fails_in = 0;
	sdxi_emu_inject_clear(liar.emu);
}

/* Time. */

static void
emu_run(unsigned int budget)
{
	uint64_t *db, at;
	uint16_t num = 0;

	/* A function that is off the bus does not work either. */
	if (liar.gone != 0)
		return;
	for (at = 0; at + sizeof(*db) <= liar.db_len; at += liar.db_stride, num++) {
		db = (uint64_t *)(liar.db + at);
		if (*db != DB_QUIET) {
			sdxi_emu_doorbell(liar.emu, num, *db);
			liar.idle = false;
		}
		*db = DB_QUIET;
	}
	if (!liar.idle)
		liar.idle = sdxi_emu_run(liar.emu, budget) == 0 && !sdxi_emu_waits(liar.emu);
}

static void
step(void)
{
	liar.steps++;
	liar_check(liar.steps < (liar.who == LIAR_DATA_PATH ? MAX_POLL_STEPS : MAX_STEPS),
		   "a call does not end");
	liar.now += STEP_NS;
	if (liar.idle && !liar.pokes)
		return;
	progress_look();
	pokes_step();
	emu_run(BUDGET);
}

static void
interrupt(void)
{
	if (!liar.irq_pending || liar.irq_cb == NULL)
		return;
	liar.irq_pending = false;
	liar.irq_cb(liar.irq_arg);
}

void
liar_thread(bool periodic)
{
	enum liar_who was;

	if (liar.thread == NULL || liar.thread_acts)
		return;
	liar.thread_acts = true;
	liar.meanwhile_left = MAX_MEANWHILE;
	was = liar_enter(LIAR_THREAD);
	sdxi_service(liar.thread, periodic);
	liar_leave(was);
	liar.thread_acts = false;
}

/* Before a load of what is shared, or after a store. */
void
liar_shared(void)
{
	if (liar.who == LIAR_DATA_PATH) {
		liar_check(++liar.steps < MAX_POLL_STEPS, "a call of the data path does not end");
		if (liar.preempt > 0 && --liar.preempt == 0)
			liar_thread(true);
	}
	pokes_step();
}

void
liar_run(unsigned int budget)
{
	progress_look();
	pokes_step();
	liar.idle = false;
	emu_run(budget);
	interrupt();
}

void
liar_pass(uint64_t ns)
{
	liar.now += ns;
}

uint64_t
liar_timer_cycles(void)
{
	return liar.now += STEP_NS;
}

uint64_t
liar_timer_hz(void)
{
	return NS_PER_S;
}

void
liar_delay_us_sleep(unsigned int us)
{
	not_in_data_path("sleeps");
	liar.now += us * UINT64_C(1000);
	step();
	interrupt();
	/* The thread may have been put into the midst of a call: see liar_shared(). */
	if (liar.who == LIAR_THREAD && liar.preempt == 0 && liar.meanwhile_left > 0 &&
	    next_of(&liar.meanwhile_at)) {
		liar.meanwhile_left--;
		liar.meanwhile();
	}
}

void
liar_pause(void)
{
	not_in_data_path("waits");
	step();
	interrupt();
}

void
liar_barrier(void)
{
	step();
}

int
liar_mutex_lock(pthread_mutex_t *mutex)
{
	not_in_data_path("takes a lock");
	return pthread_mutex_lock(mutex);
}

int
liar_log(uint32_t level, uint32_t type, const char *fmt, ...)
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
liar_thread_create(rte_thread_t *thread, const char *name, sdxi_thread_ret (*func)(void *),
		   void *arg)
{
	RTE_SET_USED(thread);
	RTE_SET_USED(name);
	RTE_SET_USED(func);
	liar_check(liar.thread == NULL, "there is a control thread already");
	if (liar.alloc_fails_in > 0 && --liar.alloc_fails_in == 0)
		return -EAGAIN;
	liar.thread = arg;
	return 0;
}

int
liar_thread_join(rte_thread_t thread, uint32_t *val)
{
	RTE_SET_USED(thread);
	RTE_SET_USED(val);
	liar_check(liar.thread != NULL, "there is no control thread");
	liar.thread = NULL;
	return 0;
}

/* A doorbell; or what stands for it where the function is not to see it. */
void
liar_write64(uint64_t val, volatile void *addr)
{
	uintptr_t at = (uintptr_t)addr, db = (uintptr_t)liar.db;
	unsigned int i;
	bool ok = at >= db && at - db < liar.db_len;

	liar.idle &= !ok;
	for (i = 0; i < liar.nb_pieces && !ok; i++)
		ok = at - (uintptr_t)liar.piece[i].va < liar.piece[i].len;
	liar_check(ok, "a doorbell lies outside of its BAR, at %" PRId64 " of %" PRIu64,
		   (int64_t)(at - db), liar.db_len);
	*(volatile uint64_t *)addr = val;
	step();
}

/* Memory as the driver gets it. */

void *
liar_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	void *va;

	RTE_SET_USED(type);
	RTE_SET_USED(socket);
	not_in_data_path("allocates");
	if (liar.alloc_fails_in > 0 && --liar.alloc_fails_in == 0)
		return NULL;
	liar_check(liar.nb_pieces < MAX_PIECES, "the driver holds ever more memory");
	if (posix_memalign(&va, RTE_MAX(align, (unsigned int)RTE_CACHE_LINE_SIZE), size) != 0)
		return NULL;
	memset(va, 0, size);
	liar.piece[liar.nb_pieces].va = va;
	liar.piece[liar.nb_pieces++].len = size;
	return va;
}

void
liar_free(void *ptr)
{
	unsigned int i;

	if (ptr == NULL)
		return;
	for (i = 0; i < liar.nb_pieces && liar.piece[i].va != ptr; i++)
		;
	liar_check(i < liar.nb_pieces, "the driver frees what it does not hold");
	liar.piece[i] = liar.piece[--liar.nb_pieces];
	free(ptr);
}

/* The function as the driver accesses it. */

static uint64_t
reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	uint64_t val;
	unsigned int i;

	RTE_SET_USED(fn);
	not_in_data_path("reads a register");
	step();
	if (is_left(&liar.gone))
		return (liar.gone & 64) != 0 ? 0 : UINT64_MAX;
	val = sdxi_emu_reg_read(liar.emu, off, 8);
	if (liar.forged > 0 && off == SDXI_MMIO_ERR_STS)
		val |= SDXI_ERR_STS_STS;
	if (off == SDXI_MMIO_ERR_WRT)
		val += liar.forged;
	for (i = 0; i < RTE_DIM(regs); i++) {
		struct reg_lie *l = &liar.reg[i];

		if (regs[i] != off || l->left == 0 || !next_of(&l->pattern) || !is_left(&l->left))
			continue;
		val = lie(val, l->how, l->val);
		/* What it said of itself at probe is what is expected of it from then on. */
		liar_past.incurable |= liar_dev == NULL &&
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
	if (liar.gone != 0)
		return;
	if (off == SDXI_MMIO_ERR_WRT)
		liar.forged = 0;
	sdxi_emu_reg_write(liar.emu, off, val, 8);
	liar.idle = false;
}

static int
dma_enable(const struct sdxi_fn *fn, bool on)
{
	RTE_SET_USED(fn);
	not_in_data_path("changes bus mastering");
	liar.keeps_dma = false;
	if (next_of(&liar.dma_fails)) {
		liar.keeps_dma = !on;
		/* Nobody can know what such a function still does, nor keep it from that. */
		liar_past.lied |= !on;
		return -EIO;
	}
	liar.bus_master = on;
	liar.idle = false;
	return 0;
}

static int
irq_enable(const struct sdxi_fn *fn, void (*cb)(void *arg), void *arg)
{
	RTE_SET_USED(fn);
	liar.irq_cb = cb;
	liar.irq_arg = arg;
	return 0;
}

static void
irq_disable(const struct sdxi_fn *fn)
{
	RTE_SET_USED(fn);
	liar.irq_cb = NULL;
}

static const struct sdxi_fn_ops fn_ops = {
	.reg_read = reg_read, .reg_write = reg_write, .dma_enable = dma_enable,
	.irq_enable = irq_enable, .irq_disable = irq_disable,
};

struct sdxi_fn
liar_create(const uint8_t *data, size_t len, void (*meanwhile)(void))
{
	uint8_t has, more, db;
	struct sdxi_emu_conf conf;
	uint64_t at;

	memset(&liar, 0, sizeof(liar));
	liar_past = (struct liar_past){ 0 };
	liar.input = data;
	liar.left = len;
	liar.now = NS_PER_S;
	liar.meanwhile = meanwhile;
	has = liar_take8();
	more = liar_take8();
	db = liar_take8();

	sdxi_emu_conf_default(&conf);
	conf.max_cxt = 7 - (has & 3);
	/* Rings of no more than 256 KiB, as their memory takes most of the time. */
	conf.max_ds_ring_sz = (has & 4) != 0 ? 0 : 2;
	conf.max_buffer = 11 - (has >> 3 & 15) % 12;
	conf.err_continue = (has & 0x80) != 0;
	conf.max_errlog_sz = 2 - (more & 3) % 3;
	conf.reorder = (more & 4) != 0;
	conf.seed = more >> 3 & 3;
	conf.db_stride = db & 7;
	liar_check(sdxi_emu_create(&conf, &emu_ops, NULL, &liar.emu) == 0, "there is no function");
	liar.db_stride = (uint64_t)SDXI_DB_STRIDE_MIN << conf.db_stride;
	liar.db_len = (conf.max_cxt + UINT64_C(1)) * liar.db_stride;
	liar.db = (uint8_t *)doorbells + DB_LEN - liar.db_len;
	for (at = 0; at + sizeof(uint64_t) <= liar.db_len; at += liar.db_stride)
		*(uint64_t *)(liar.db + at) = DB_QUIET;
	return (struct sdxi_fn){ .ops = &fn_ops, .db = liar.db, .db_len = liar.db_len };
}

void
liar_forsake(void)
{
	uint64_t at;

	liar_dev = NULL;
	liar_check(liar.nb_pieces == 0, "%u pieces of memory are left", liar.nb_pieces);
	liar_check(liar.thread == NULL, "the control thread of a closed device runs");
	liar_check(liar.irq_cb == NULL, "the interrupt of a closed device has a handler");
	liar_check(!liar.bus_master || liar.keeps_dma,
		   "the function of a closed device may access memory");
	/* Whatever is rung, it looks at nothing that it was given. */
	for (at = 0; at + sizeof(uint64_t) <= liar.db_len; at += liar.db_stride)
		*(uint64_t *)(liar.db + at) = 1;
	liar_run(4 * BUDGET);
}

void
liar_destroy(void)
{
	sdxi_emu_destroy(liar.emu);
	liar.emu = NULL;
}
