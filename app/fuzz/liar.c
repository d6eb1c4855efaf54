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

#include "fuzz_driver.h"
#include "liar.h"
#include "sdxi_dmadev.h"
#include "sdxi_emu.h"

/* Doorbells of eight contexts as far apart as they can be. */
#define DB_LEN (8 * (SDXI_DB_STRIDE_MIN << 7))
#define MAX_PIECES 64
#define MAX_POKES  8
/* A step takes this long, and longer the more of them a call takes: it may wait for minutes. */
#define STEP_NS	   40
#define BUDGET	   16
#define FORSAKEN_RUNS 4
/* In a doorbell that has not been rung. */
#define DB_QUIET   UINT64_MAX

uint8_t liar_mem[LIAR_MEM_LEN];
static uint64_t doorbells[DB_LEN / 8];

/* How a lie is made of what is true. */
enum how {
	HOW_SET,
	HOW_XOR,
	HOW_ADD,
	NB_HOWS,
};

/* A register that does not read as it should; pattern says which of eight reads do not. */
struct reg_lie {
	uint64_t val;
	uint16_t left; /* reads; UINT16_MAX: for ever */
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

/* Something that the function writes in so many steps, or loads, and again and again. */
struct poke {
	uint64_t val;
	uint32_t delay;
	uint32_t period;
	uint16_t left; /* times; UINT16_MAX: for ever */
	uint16_t at;
	uint8_t target;
	uint8_t how;
	uint8_t vchan;
	bool at_loads;
};

/* What a context's memory has told the driver of how far it is, since it was started. */
struct progress {
	uint64_t believable; /* the highest Read_Index that could be */
	uint64_t believed;   /* the driver's at the last look */
	uint32_t remade;
};

struct piece {
	uint8_t *va;
	size_t len;
};

static const uint32_t regs[] = {
	SDXI_MMIO_STS0, SDXI_MMIO_VERSION, SDXI_MMIO_CAP0, SDXI_MMIO_CAP1, SDXI_MMIO_ERR_STS,
	SDXI_MMIO_ERR_WRT, SDXI_MMIO_CTL0, SDXI_MMIO_ERR_RD,
};

static struct {
	const uint8_t *input;
	size_t left;

	struct sdxi_emu *emu;
	struct sdxi_dev *dev;
	uint8_t *db; /* as the bus tells it, up to the end of doorbells */
	uint64_t db_len;
	uint64_t db_stride; /* as it is */
	bool incurable;
	bool boasted; /* lied about what it has */
	bool left_bus; /* once, or is off it */
	bool keeps_dma; /* was told to leave memory alone last, and that failed */
	uint64_t now;
	uint64_t steps; /* of this call, and of all before */
	uint64_t all_steps;
	bool bus_master;
	bool idle; /* it had nothing to do, and nobody has asked for anything since */
	bool lied;

	struct reg_lie reg[RTE_DIM(regs)];
	struct poke poke[MAX_POKES];
	unsigned int next_poke;
	bool at_loads;	  /* some are for loads */
	uint16_t gone;	  /* register reads as ones, nothing is written; UINT16_MAX: for ever */
	uint16_t deaf;	  /* register writes that have no effect */
	uint8_t dma_fails; /* pattern of requests that fail */
	uint8_t lazy;	  /* works in every 2^n-th step only */
	uint64_t forged;  /* log entries that the function itself has not written */

	struct progress progress[LIAR_MAX_VCHANS];

	void (*irq_cb)(void *arg);
	void *irq_arg;
	bool irq_pending;
	bool no_irq;

	struct piece piece[MAX_PIECES];
	unsigned int nb_pieces;
	unsigned int alloc_fails_in; /* 0: none does */
	uint8_t no_iova; /* pattern of pieces that are not in one piece for the function */
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

/* The input. */

void
liar_input(const uint8_t *data, size_t len)
{
	liar.input = data;
	liar.left = len;
}

bool
liar_has_cure(void)
{
	return !liar.incurable;
}

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
liar_take64(void)
{
	uint64_t val = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		val = val << 8 | liar_take8();
	return val;
}

uint64_t
liar_take_val(uint64_t near)
{
	uint8_t kind = liar_take8();

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
		return liar_take64();
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
	if (*left != UINT16_MAX)
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
		const struct piece *p = &liar.piece[i];

		if (iova >= (uintptr_t)p->va && len <= p->len &&
		    iova - (uintptr_t)p->va <= p->len - len)
			return p->va + (iova - (uintptr_t)p->va);
	}
	if (iova >= mem && len <= LIAR_MEM_LEN && iova - mem <= LIAR_MEM_LEN - len)
		return liar_mem + (iova - mem);
	/* What reaches over its end, by as much as a length may be, is the application's. */
	liar_check(liar.lied || iova < 4 * LIAR_NOWHERE ||
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

/*
 * What the driver believes of Read_Index is something that has been there and could be, and no slot
 * is written anew that it does not free. To be looked at before memory changes.
 */
static void
progress_check(unsigned int vchan)
{
	const struct sdxi_vchan *vc = &liar.dev->vchans[vchan];
	struct progress *p = &liar.progress[vchan];
	const struct sdxi_ring *r = &vc->ring;
	uint64_t read_index;

	if (vc->remade != p->remade)
		*p = (struct progress){ .remade = vc->remade };
	/* Indices are made anew, or count no more. */
	if (vc->cxt.mem.va == NULL || vc->remade % 2 != 0 || r->halted)
		return;
	read_index = rte_le_to_cpu_64(vc->cxt.sts->read_index);
	if (read_index > p->believable && read_index <= r->submitted)
		p->believable = read_index;
	liar_check(sdxi_ring_head(r) - p->believable <= r->mask + UINT64_C(1),
		   "vchan %u: descriptors up to %" PRIu64 " are written, those from %" PRIu64
		   " on may not have been read, the ring has %u", vchan, sdxi_ring_head(r),
		   p->believable, r->mask + 1);
	liar_check(r->read_index == SDXI_RING_NO_BOUND ||
		   (r->read_index >= p->believed && r->read_index <= p->believable),
		   "vchan %u: Read_Index from %" PRIu64 " to %" PRIu64 " can be, %" PRIu64
		   " is believed", vchan, p->believed, p->believable, r->read_index);
	p->believed = r->read_index;
}

static void
progress_look(void)
{
	unsigned int i;

	for (i = 0; liar.dev != NULL && i < liar.dev->nb_vchans; i++)
		progress_check(i);
}

/* Lies. */

static uint64_t
lie(uint64_t truth, uint8_t how, uint64_t val)
{
	switch (how) {
	case HOW_XOR:
		return truth ^ val;
	case HOW_ADD:
		return truth + val;
	default:
		return val;
	}
}

static void
lie64(volatile uint64_t *at, const struct poke *p)
{
	*at = lie(*at, p->how, p->val);
}

/* A word of a piece of memory, if it is there. */
static void
lie_in(const struct sdxi_mem *mem, const struct poke *p)
{
	volatile uint64_t *word = mem->va;

	if (word != NULL)
		lie64(&word[p->at % (mem->len / sizeof(*word))], p);
}

static void
poke_cxt(const struct poke *p, struct sdxi_cxt *cxt, struct sdxi_ring *r)
{
	struct sdxi_cst_blk *csb;
	uint64_t at;

	if (cxt->mem.va == NULL)
		return;
	at = r->tail + p->at;
	csb = &r->csb[at & r->mask];
	switch (p->target) {
	case TARGET_STATE:
		cxt->sts->state = lie(cxt->sts->state, p->how, p->val);
		break;
	case TARGET_READ_INDEX:
		cxt->sts->read_index = lie(p->how == HOW_SET ? 0 : cxt->sts->read_index,
					   HOW_ADD, p->how == HOW_SET ? p->val + r->submitted :
								       p->val);
		break;
	case TARGET_SIGNAL:
		csb->signal = lie(csb->signal, p->how, p->val);
		break;
	case TARGET_FLAGS:
		csb->flags = lie(csb->flags, p->how, p->val);
		break;
	case TARGET_DONE:
	case TARGET_FAILED:
		csb->flags = p->target == TARGET_FAILED ? SDXI_CST_BLK_ER : 0;
		csb->signal = 0;
		break;
	case TARGET_DESC:
		at = sdxi_ring_op_start(r, r->tail) + p->at / 8;
		r->desc[at & r->mask].qw[p->at % 8] = lie(r->desc[at & r->mask].qw[p->at % 8],
							  p->how, p->val);
		break;
	default:
		lie_in(&cxt->mem, p);
		break;
	}
}

static void
poke(const struct poke *p)
{
	struct sdxi_dev *dev = liar.dev;
	struct sdxi_vchan *vc;

	if (dev == NULL || !liar.bus_master)
		return;
	progress_look();
	switch (p->target) {
	case TARGET_ERRLOG:
		lie_in(&dev->errlog.mem, p);
		break;
	case TARGET_L2:
		lie_in(&dev->l2, p);
		break;
	case TARGET_L1:
		lie_in(&dev->l1[0], p);
		break;
	default:
		if (p->vchan < dev->nb_vchans) {
			vc = &dev->vchans[p->vchan];
			poke_cxt(p, &vc->cxt, &vc->ring);
		} else {
			poke_cxt(p, &dev->admin.cxt, &dev->admin.ring);
		}
		break;
	}
}

static void
pokes_step(bool at_loads)
{
	unsigned int i;

	for (i = 0; i < MAX_POKES && liar.next_poke > 0; i++) {
		struct poke *p = &liar.poke[i];

		if (p->left == 0 || p->at_loads != at_loads)
			continue;
		if (p->delay > 0) {
			p->delay--;
			continue;
		}
		is_left(&p->left);
		p->delay = p->period;
		poke(p);
	}
}

void
liar_load(void)
{
	if (liar.at_loads)
		pokes_step(true);
}

/* An entry of the log that the function itself knows nothing of. */
static void
forge(void)
{
	uint8_t bits = liar_take8(), where = liar_take8();
	struct sdxi_dev *dev = liar.dev;
	struct sdxi_errlog_hd_ent *ent;
	uint16_t num = liar_take8();
	uint64_t index = 0, at;

	if (dev == NULL || dev->errlog.mem.va == NULL || !liar.bus_master)
		return;
	if (num > 0 && num <= dev->nb_vchans && dev->vchans[num - 1].cxt.mem.va != NULL)
		index = sdxi_ring_op_start(&dev->vchans[num - 1].ring,
					   dev->vchans[num - 1].ring.tail);
	index = liar_take_val(index);
	at = sdxi_emu_reg_read(liar.emu, SDXI_MMIO_ERR_WRT, 8) + liar.forged++;
	ent = (struct sdxi_errlog_hd_ent *)dev->errlog.mem.va + at % dev->errlog.size;
	ent->dsc_index = index;
	ent->hd = ((bits & 1) == 0 ? SDXI_ERRLOG_VL : 0) | ((bits & 2) == 0 ? SDXI_ERRLOG_CV : 0) |
		  ((bits & 4) == 0 ? SDXI_ERRLOG_DIV : 0) | ((bits & 8) == 0 ? SDXI_ERRLOG_BV : 0) |
		  SDXI_PUT(SDXI_ERRLOG_RE, bits >> 4) | SDXI_PUT(SDXI_ERRLOG_STEP, where & 15) |
		  SDXI_PUT(SDXI_ERRLOG_SUB_STEP, where >> 4) |
		  SDXI_PUT(SDXI_ERRLOG_BUF, where >> 7) | SDXI_PUT(SDXI_ERRLOG_CXT_NUM, num) |
		  SDXI_PUT(SDXI_ERRLOG_TYPE, SDXI_ERRLOG_TYPE_HD);
	liar.lied = true;
}

static void
take_reg_lie(void)
{
	uint8_t which = liar_take8(), how = liar_take8();
	struct reg_lie *l = &liar.reg[which % RTE_DIM(regs)];

	l->val = liar_take_val(0);
	l->left = (how & 0x40) != 0 ? UINT16_MAX : liar_take8();
	l->how = how % NB_HOWS;
	l->pattern = (how & 0x80) != 0 ? liar_take8() : 0xff;
	liar.lied = true;
	liar.boasted |= regs[which % RTE_DIM(regs)] == SDXI_MMIO_CAP0 ||
			regs[which % RTE_DIM(regs)] == SDXI_MMIO_CAP1;
}

static void
take_poke(bool at_loads)
{
	struct poke *p = &liar.poke[liar.next_poke++ % MAX_POKES];
	uint8_t what = liar_take8(), how = liar_take8();

	*p = (struct poke){
		.target = what % NB_TARGETS,
		.vchan = how >> 4 & 3,
		.how = (how & 15) % NB_HOWS,
		.left = 1,
	};
	p->val = liar_take_val(0);
	p->at = (how & 0x40) != 0 ? liar_take16() : liar_take8();
	liar.lied = true;
	if ((how & 0x80) == 0) {
		poke(p);
		p->left = 0;
		return;
	}
	p->delay = liar_take16();
	p->period = liar_take16();
	p->left = liar_take8();
	if (p->left == UINT8_MAX)
		p->left = UINT16_MAX;
	p->at_loads = at_loads;
	liar.at_loads |= at_loads;
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
}

void
liar_act(void)
{
	uint8_t act = liar_take8();

	switch (act % 16) {
	case 0:
	case 1:
	case 2:
		take_reg_lie();
		break;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		take_poke((act & 0x80) != 0);
		break;
	case 8:
	case 9:
		take_fault();
		break;
	case 10:
		forge();
		break;
	case 11:
		liar.gone = act >> 4 == 15 ? UINT16_MAX : act >> 4;
		liar.left_bus |= liar.gone != 0;
		break;
	case 12:
		liar.deaf = act >> 4 == 15 ? UINT16_MAX : act >> 4;
		liar.lied = true;
		break;
	case 13:
		liar.dma_fails = liar_take8();
		break;
	case 14:
		liar.lazy = act >> 4;
		break;
	case 15:
		if (act >> 4 == 0)
			sdxi_emu_reset(liar.emu);
		else if (act >> 4 == 1)
			liar_repent();
		else if (act >> 4 == 2)
			liar.irq_pending = true;
		else
			liar.alloc_fails_in = act >> 4;
		break;
	}
}

void
liar_repent(void)
{
	memset(liar.reg, 0, sizeof(liar.reg));
	memset(liar.poke, 0, sizeof(liar.poke));
	liar.next_poke = 0;
	liar.at_loads = false;
	liar.gone = 0;
	liar.deaf = 0;
	liar.dma_fails = 0;
	liar.lazy = 0;
	liar.forged = 0;
	liar.alloc_fails_in = 0;
	sdxi_emu_inject_clear(liar.emu);
}

void
liar_cure(void)
{
	liar_repent();
	if (liar.boasted)
		sdxi_emu_reset(liar.emu);
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
	liar.all_steps++;
	liar_check(liar.steps < LIAR_MAX_STEPS, "a call takes no end");
	liar.now += STEP_NS + (liar.steps >> 4) * 100;
	progress_look();
	pokes_step(false);
	if ((liar.all_steps & ((UINT64_C(1) << liar.lazy) - 1)) == 0)
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

uint64_t
liar_call(void)
{
	liar.steps = 0;
	progress_look();
	return liar.all_steps;
}

void
liar_run(unsigned int budget)
{
	liar_call();
	pokes_step(false);
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
	liar.now += us * UINT64_C(1000);
	step();
	interrupt();
}

void
liar_pause(void)
{
	step();
	interrupt();
}

void
liar_barrier(void)
{
	step();
}

/* A doorbell; or what stands for it where the function is not to see it. */
void
liar_write64(uint64_t val, volatile void *addr)
{
	uintptr_t at = (uintptr_t)addr, db = (uintptr_t)liar.db;
	bool ok = at >= db && at - db < liar.db_len;
	unsigned int i;

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
	if (liar.alloc_fails_in > 0 && --liar.alloc_fails_in == 0)
		return NULL;
	liar_check(liar.nb_pieces < MAX_PIECES, "the driver holds ever more memory");
	if (posix_memalign(&va, RTE_MAX(align, (unsigned int)RTE_CACHE_LINE_SIZE), size) != 0)
		return NULL;
	memset(va, 0, size);
	liar.piece[liar.nb_pieces++] = (struct piece){ va, size };
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

rte_iova_t
liar_malloc_virt2iova(const void *addr)
{
	return next_of(&liar.no_iova) ? RTE_BAD_IOVA : (uintptr_t)addr;
}

const struct rte_memzone *
liar_memzone_reserve_aligned(const char *name, size_t len, int socket, unsigned int flags,
			     unsigned int align)
{
	struct rte_memzone *zone = malloc(sizeof(*zone));
	void *va = liar_zmalloc_socket(NULL, len, align, socket);

	RTE_SET_USED(flags);
	if (zone == NULL || va == NULL) {
		free(zone);
		return NULL;
	}
	memset(zone, 0, sizeof(*zone));
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	zone->addr = va;
	zone->iova = (uintptr_t)va;
	zone->len = len;
	return zone;
}

int
liar_memzone_free(const struct rte_memzone *zone)
{
	liar_free(zone->addr);
	free((void *)(uintptr_t)zone);
	return 0;
}

/* A dmadev's private data is none that the function could reach. */
static struct {
	struct rte_dma_dev *dmadev;
	void *eals;
	void *ours;
	int (*close)(struct rte_dma_dev *dmadev);
	struct rte_dma_dev_ops ops;
} priv;

#undef rte_dma_pmd_allocate
#undef rte_dma_pmd_release

static void
priv_give_back(void)
{
	liar.dev = NULL;
	priv.dmadev->data->dev_private = priv.eals;
	priv.dmadev = NULL;
	free(priv.ours);
}

struct rte_dma_dev *
liar_dma_allocate(const char *name, int socket, size_t size)
{
	void *va;

	liar_check(priv.dmadev == NULL, "there is a dmadev already");
	if (posix_memalign(&va, RTE_CACHE_LINE_SIZE, size) != 0)
		return NULL;
	memset(va, 0, size);
	priv.dmadev = rte_dma_pmd_allocate(name, socket, size);
	if (priv.dmadev == NULL) {
		free(va);
		return NULL;
	}
	priv.ours = va;
	priv.eals = priv.dmadev->data->dev_private;
	priv.dmadev->data->dev_private = va;
	priv.close = NULL;
	return priv.dmadev;
}

/* EAL frees private data as soon as it is closed, and that has to be its own. */
static int
priv_close(struct rte_dma_dev *dmadev)
{
	int ret = priv.close(dmadev);

	if (ret == 0)
		priv_give_back();
	return ret;
}

int
liar_dma_release(const char *name)
{
	struct rte_dma_dev *dmadev = priv.dmadev;

	liar_check(dmadev != NULL, "a dmadev is released that is not there");
	if (dmadev->state != RTE_DMA_DEV_READY) {
		priv_give_back();
	} else if (priv.close == NULL) {
		priv.ops = *dmadev->dev_ops;
		priv.close = priv.ops.dev_close;
		priv.ops.dev_close = priv_close;
		dmadev->dev_ops = &priv.ops;
	}
	return rte_dma_pmd_release(name);
}

unsigned int
liar_nb_pieces(void)
{
	return liar.nb_pieces;
}

/* The function as the driver reaches it. */

static uint64_t
reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	uint64_t val;
	unsigned int i;

	RTE_SET_USED(fn);
	step();
	if (is_left(&liar.gone))
		return UINT64_MAX;
	val = sdxi_emu_reg_read(liar.emu, off, 8);
	if (liar.forged > 0 && off == SDXI_MMIO_ERR_STS)
		val |= SDXI_ERR_STS_STS;
	if (off == SDXI_MMIO_ERR_WRT)
		val += liar.forged;
	for (i = 0; i < RTE_DIM(regs); i++) {
		struct reg_lie *l = &liar.reg[i];

		if (regs[i] == off && l->left > 0 && next_of(&l->pattern) && is_left(&l->left))
			val = lie(val, l->how, l->val);
	}
	return val;
}

static void
reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	RTE_SET_USED(fn);
	step();
	if (liar.gone != 0 || is_left(&liar.deaf))
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
	liar.keeps_dma = false;
	if (next_of(&liar.dma_fails)) {
		liar.keeps_dma = !on;
		/* Who did not answer, keeps its memory and is back cannot be guarded against. */
		liar.lied |= !on && liar.left_bus;
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
	if (liar.no_irq)
		return -ENOTSUP;
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
liar_create(void)
{
	uint8_t has = liar_take8(), more = liar_take8(), db = liar_take8();
	struct sdxi_emu_conf conf;
	uint64_t at;

	liar.emu = NULL;
	liar.dev = NULL;
	liar.now = NS_PER_S;
	liar.steps = 0;
	liar.all_steps = 0;
	liar.bus_master = false;
	liar.idle = false;
	liar.lied = false;
	liar.boasted = false;
	liar.left_bus = false;
	liar.keeps_dma = false;
	liar.irq_cb = NULL;
	liar.irq_arg = NULL;
	liar.irq_pending = false;
	liar.no_irq = (more & 0x40) != 0;
	liar.no_iova = (more & 0x80) != 0 ? liar_take8() : 0;

	sdxi_emu_conf_default(&conf);
	conf.max_cxt = 7 - (has & 3);
	/* Rings of no more than 256 KiB, for their memory takes most of the time. */
	conf.max_ds_ring_sz = (has & 4) != 0 ? 0 : 2;
	conf.max_buffer = 11 - (has >> 3 & 15) % 12;
	conf.err_continue = (has & 0x80) != 0;
	conf.max_errlog_sz = 2 - (more & 3) % 3;
	conf.freedom = (more & 4) != 0;
	conf.seed = more >> 3 & 3;
	conf.db_stride = db & 7;
	liar_check(sdxi_emu_create(&conf, &emu_ops, NULL, &liar.emu) == 0, "there is no function");
	/* As many doorbells as it has contexts; or fewer, as the bus tells it. */
	liar.db_stride = (uint64_t)SDXI_DB_STRIDE_MIN << conf.db_stride;
	liar.db_len = (conf.max_cxt + UINT64_C(1)) * liar.db_stride;
	liar.incurable = (db & 8) != 0 || (more & 0x20) != 0;
	if ((db & 8) != 0)
		liar.db_len = (db >> 4) * (liar.db_stride / 2);
	liar.db = (uint8_t *)doorbells + DB_LEN - liar.db_len;
	for (at = 0; at + sizeof(uint64_t) <= liar.db_len; at += liar.db_stride)
		*(uint64_t *)(liar.db + at) = DB_QUIET;
	liar_repent();
	return (struct sdxi_fn){ .ops = &fn_ops, .db = liar.db, .db_len = liar.db_len };
}

void
liar_serve(struct sdxi_dev *dev)
{
	liar.dev = dev;
	memset(liar.progress, 0, sizeof(liar.progress));
}

bool
liar_index_is_bad(unsigned int vchan)
{
	const struct sdxi_vchan *vc = &liar.dev->vchans[vchan];
	uint64_t read_index;

	if (vc->cxt.mem.va == NULL || liar.at_loads)
		return false;
	read_index = rte_le_to_cpu_64(vc->cxt.sts->read_index);
	return read_index < vc->ring.read_index || read_index > vc->ring.submitted;
}

uint32_t
liar_remade(unsigned int vchan)
{
	return liar.dev->vchans[vchan].remade;
}

void
liar_forsake(void)
{
	unsigned int i;
	uint64_t at;

	liar.dev = NULL;
	liar_check(liar.irq_cb == NULL, "the interrupt of a device that is closed has a handler");
	liar_check(!liar.bus_master || liar.keeps_dma,
		   "the function of a device that is closed may work with memory");
	/* It is done: whatever is rung, it looks at nothing that it was given. */
	for (at = 0; at + sizeof(uint64_t) <= liar.db_len; at += liar.db_stride)
		*(uint64_t *)(liar.db + at) = 1;
	for (i = 0; i < FORSAKEN_RUNS; i++)
		liar_run(BUDGET);
}

void
liar_destroy(void)
{
	sdxi_emu_destroy(liar.emu);
	liar.emu = NULL;
}
