/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The function: from any state to ACTIVE and back to STOP, its tables and contexts, and the
 * administrative context's commands. Used by control operations or the control thread, never both.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#include "sdxi_internal.h"

/* Time-outs in ms. */
#define STATE_MS  1000 /* a change of the function's or of a context's state */
#define ABSENT_MS 1000 /* registers may be absent for so long after a function-level reset */
#define CMD_MS	  2000 /* a command */
#define ERRLOG_DEFAULT 256 /* entries, if there may be as many */

static void
mem_free(struct sdxi_mem *mem)
{
	if (mem->zone != NULL)
		rte_memzone_free(mem->zone);
	else
		rte_free(mem->va);
	*mem = (struct sdxi_mem){ .va = NULL };
}

/* With IOVA as VA from the heap, as memzones are few; as PA its memory may not be contiguous. */
static int
mem_alloc(struct sdxi_dev *dev, struct sdxi_mem *mem, size_t len, const char *what)
{
	static RTE_ATOMIC(uint32_t) zone_seq;
	char name[RTE_MEMZONE_NAMESIZE];

	*mem = (struct sdxi_mem){ .len = len };
	if (rte_eal_iova_mode() == RTE_IOVA_VA) {
		mem->va = rte_zmalloc_socket("sdxi", len, SDXI_TABLE_LEN, dev->socket);
		mem->iova = rte_malloc_virt2iova(mem->va);
	} else {
		snprintf(name, sizeof(name), "sdxi_%" PRIu32,
			 rte_atomic_fetch_add_explicit(&zone_seq, 1, rte_memory_order_relaxed));
		mem->zone = rte_memzone_reserve_aligned(name, len, dev->socket,
							RTE_MEMZONE_IOVA_CONTIG, SDXI_TABLE_LEN);
		if (mem->zone != NULL) {
			mem->va = memset(mem->zone->addr, 0, len);
			mem->iova = mem->zone->iova;
		}
	}
	if (mem->va != NULL && mem->iova != RTE_BAD_IOVA)
		return 0;
	SDXI_LOG(ERR, dev, "%s: no %zu bytes of contiguous memory on socket %d", what, len,
		 dev->socket);
	mem_free(mem);
	return -ENOMEM;
}

typedef bool (*poll_cond_t)(const struct sdxi_dev *dev, void *arg);

/* Poll until the condition holds, for @p ms or a little more. */
static bool
poll_until(const struct sdxi_dev *dev, poll_cond_t cond, void *arg, unsigned int ms)
{
	const unsigned int spins = 1000;
	unsigned int i;

	for (i = 0; i < spins + ms * 10; i++) {
		if (cond(dev, arg))
			return true;
		if (i < spins)
			rte_pause();
		else
			rte_delay_us_sleep(100);
	}
	return cond(dev, arg);
}

enum sdxi_fn_gsv
sdxi_fn_state(const struct sdxi_dev *dev)
{
	return (enum sdxi_fn_gsv)SDXI_GET(SDXI_STS0_FN_GSV, sdxi_read(dev, SDXI_MMIO_STS0));
}

const char *
sdxi_fn_state_name(enum sdxi_fn_gsv state)
{
	static const char * const name[] = {
		"STOP", "INIT", "ACTIVE", "STOPG_SF", "STOPG_HD", "ERROR",
	};

	return sdxi_name(name, RTE_DIM(name), state);
}

const char *
sdxi_cxt_state_name(enum sdxi_cxt_state state)
{
	static const char * const name[] = {
		"STOP_SW", "RUN", "STOPG_SW", NULL, "STOP_FN", NULL, "STOPG_FN",
		[SDXI_CXT_ERR_FN] = "ERR_FN",
	};

	return sdxi_name(name, RTE_DIM(name), state);
}

/* Without a function, or while it is being reset, registers read as all ones or all zeros. */
static bool
fn_is_present(const struct sdxi_dev *dev, void *arg)
{
	uint64_t version = sdxi_read(dev, SDXI_MMIO_VERSION);

	RTE_SET_USED(arg);
	return version != UINT64_MAX && version != 0;
}

static int
fn_wait_present(struct sdxi_dev *dev)
{
	if (poll_until(dev, fn_is_present, NULL, ABSENT_MS))
		return 0;
	sdxi_incident(dev, "function does not respond: VERSION reads 0x%" PRIx64,
		      sdxi_read(dev, SDXI_MMIO_VERSION));
	return -ENODEV;
}

/* Is the function in one of the states of this mask? */
static bool
fn_is_in(const struct sdxi_dev *dev, void *arg)
{
	const uint32_t *states = arg;

	return (*states & RTE_BIT32(sdxi_fn_state(dev))) != 0;
}

static void
fn_request(const struct sdxi_dev *dev, enum sdxi_fn_gsr gsr)
{
	uint64_t ctl0 = sdxi_read(dev, SDXI_MMIO_CTL0);

	/* A function that has just gone would be given ones when it is back. */
	if (ctl0 != UINT64_MAX)
		sdxi_write(dev, SDXI_MMIO_CTL0,
			   (ctl0 & ~SDXI_CTL0_FN_GSR) | SDXI_PUT(SDXI_CTL0_FN_GSR, gsr));
}

/* Bring the function to STOP, by requests from @p gsr to harder ones: 0, -ENODEV, -ETIMEDOUT. */
static int
fn_stop(struct sdxi_dev *dev, enum sdxi_fn_gsr gsr)
{
	static const char * const name[] = { "RESET", "STOP_SF", "STOP_HD" };
	static const enum sdxi_fn_gsr harder[] = {
		[SDXI_GSR_STOP_SF] = SDXI_GSR_STOP_HD,
		[SDXI_GSR_STOP_HD] = SDXI_GSR_RESET,
		[SDXI_GSR_RESET] = SDXI_GSR_ACTIVE, /* none */
	};
	uint32_t until = RTE_BIT32(SDXI_GSV_STOP) | RTE_BIT32(SDXI_GSV_ERROR);
	enum sdxi_fn_gsv state;

	if (fn_wait_present(dev) < 0)
		return -ENODEV;
	state = sdxi_fn_state(dev);
	if (state == SDXI_GSV_STOPG_SF || state == SDXI_GSV_STOPG_HD)
		gsr = SDXI_GSR_STOP_HD;
	for (; state != SDXI_GSV_STOP && gsr != SDXI_GSR_ACTIVE; gsr = harder[gsr]) {
		/* Only RESET leads out of ERROR, or out of a state that has no name. */
		if (state >= SDXI_GSV_ERROR)
			gsr = SDXI_GSR_RESET;
		if (gsr == SDXI_GSR_RESET)
			until = RTE_BIT32(SDXI_GSV_STOP);
		fn_request(dev, gsr);
		poll_until(dev, fn_is_in, &until, STATE_MS);
		state = sdxi_fn_state(dev);
		if (!fn_is_present(dev, NULL))
			return -ENODEV;
		if (state != SDXI_GSV_STOP)
			sdxi_incident(dev, "%s requested: expected function state STOP, found %s",
				      name[gsr], sdxi_fn_state_name(state));
	}
	return state == SDXI_GSV_STOP ? 0 : -ETIMEDOUT;
}

/* After fn_stop(), which gave @p stopped: 0, or -EIO if the function may still write memory. */
static int
dma_off(struct sdxi_dev *dev, int stopped)
{
	/* Always: a function that does not respond may have lost its registers only. */
	int ret = dev->fn.ops->dma_enable(&dev->fn, false);

	dev->dma_uncontrolled = stopped == -ETIMEDOUT && ret < 0;
	if (!dev->dma_uncontrolled)
		return 0;
	SDXI_LOG(ERR, dev, "function does not stop, bus mastering cannot be disabled (%s):"
		 " it may write memory", strerror(-ret));
	return -EIO;
}

int
sdxi_fn_take_over(struct sdxi_dev *dev)
{
	enum sdxi_fn_gsv state = sdxi_fn_state(dev);

	if (state != SDXI_GSV_STOP) {
		SDXI_LOG(NOTICE, dev, "expected function state STOP, found %s: an earlier owner's",
			 sdxi_fn_state_name(state));
		/* What it still writes may be somebody else's memory by now. */
		if (dev->fn.ops->dma_enable(&dev->fn, false) < 0)
			SDXI_LOG(WARNING, dev, "bus mastering cannot be disabled");
	}
	return fn_stop(dev, SDXI_GSR_STOP_HD);
}

int
sdxi_fn_discover(struct sdxi_dev *dev)
{
	uint64_t max_cxt, nb_db, max_len;

	if (fn_wait_present(dev) < 0)
		return -ENODEV;
	dev->version = sdxi_read(dev, SDXI_MMIO_VERSION);
	dev->cap0 = sdxi_read(dev, SDXI_MMIO_CAP0);
	dev->cap1 = sdxi_read(dev, SDXI_MMIO_CAP1);
	if (SDXI_GET(SDXI_VERSION_MAJOR, dev->version) != 1) {
		SDXI_LOG(ERR, dev, "expected SDXI version 1.x, found %" PRIu64 ".%" PRIu64,
			 SDXI_GET(SDXI_VERSION_MAJOR, dev->version),
			 SDXI_GET(SDXI_VERSION_MINOR, dev->version));
		return -ENOTSUP;
	}

	dev->db_stride = (uint64_t)SDXI_DB_STRIDE_MIN << SDXI_GET(SDXI_CAP0_DB_STRIDE, dev->cap0);
	nb_db = dev->fn.db_len / dev->db_stride;
	max_cxt = SDXI_GET(SDXI_CAP1_MAX_CXT, dev->cap1);
	if (max_cxt < 1 || nb_db < 2) {
		SDXI_LOG(ERR, dev, "no client context: expected a context number and doorbells "
			 "from 2 up, found %" PRIu64 " and %" PRIu64 " (%" PRIu64 " bytes each)",
			 max_cxt, nb_db, dev->db_stride);
		return -EINVAL;
	}
	dev->max_cxt = RTE_MIN(max_cxt, nb_db - 1);

	/* ERR_CFG.sz has 5 bits; neither a slot number nor dmadev's lengths have more than 32. */
	dev->max_errlog = SDXI_ERRLOG_UNIT *
		RTE_MIN(UINT64_C(1) << SDXI_GET(SDXI_CAP1_MAX_ERRLOG_SZ, dev->cap1), UINT64_C(31));
	dev->max_ring = SDXI_DS_RING_SZ_MIN <<
			RTE_MIN(SDXI_GET(SDXI_CAP0_MAX_DS_RING_SZ, dev->cap0), UINT64_C(16));
	max_len = UINT64_C(1) << SDXI_MAX_BUFFER_SHIFT << SDXI_GET(SDXI_CAP1_MAX_BUFFER, dev->cap1);
	dev->max_len = RTE_MIN(max_len, (uint64_t)UINT32_MAX);
	return 0;
}

/*
 * The begin of a context's memory; blocks, patterns and pages follow the ring. What each side
 * writes is on lines of its own, of 128 bytes: the most that a CPU has or prefetches in pairs.
 */
struct cxt_head {
	alignas(128) struct sdxi_cxt_ctl ctl;
	alignas(128) struct sdxi_cxt_sts sts;
	alignas(128) sdxi_le64 write_index;
	alignas(SDXI_AKEY_ALIGN) struct sdxi_akey_ent akey[SDXI_AKEY_ENTRIES_MIN];
	struct sdxi_dsc desc[];
};

int
sdxi_cxt_alloc(struct sdxi_dev *dev, struct sdxi_cxt *cxt, uint16_t num, uint32_t ring_sz)
{
	size_t line_off = sizeof(struct cxt_head) + (size_t)ring_sz * sizeof(struct sdxi_dsc);
	size_t pattern_off = line_off + (size_t)ring_sz * sizeof(struct sdxi_line);
	size_t page_off = pattern_off + (size_t)ring_sz * sizeof(*cxt->pattern);
	struct cxt_head *head;
	int ret = mem_alloc(dev, &cxt->mem, page_off + SDXI_PAGES * SDXI_PAGE_LEN, "context");

	if (ret < 0)
		return ret;
	head = cxt->mem.va;
	cxt->num = num;
	cxt->ring_sz = ring_sz;
	cxt->sts = &head->sts;
	cxt->write_index = &head->write_index;
	cxt->desc = head->desc;
	cxt->line = RTE_PTR_ADD(head, line_off);
	cxt->pattern = RTE_PTR_ADD(head, pattern_off);
	cxt->page = RTE_PTR_ADD(head, page_off);
	cxt->doorbell = RTE_PTR_ADD(dev->fn.db, num * dev->db_stride);
	return 0;
}

void
sdxi_cxt_free(struct sdxi_cxt *cxt)
{
	mem_free(&cxt->mem);
	*cxt = (struct sdxi_cxt){ .doorbell = NULL };
}

void
sdxi_cxt_ring_init(struct sdxi_cxt *cxt)
{
	uint64_t iova = cxt->mem.iova + RTE_PTR_DIFF(cxt->line, cxt->mem.va);
	uint32_t i;

	memset(cxt->desc, 0, cxt->ring_sz * sizeof(*cxt->desc));
	for (i = 0; i < cxt->ring_sz; i++) {
		cxt->desc[i].any.csb_ptr = rte_cpu_to_le_64(iova + i * sizeof(*cxt->line));
		sdxi_line_arm(&cxt->line[i]);
		SDXI_STORE(&cxt->line[i].blk.flags, 0, relaxed);
	}
}

/* Zero a context's indices and give its state before it is started. */
static void
cxt_rewind(struct sdxi_cxt *cxt, enum sdxi_cxt_state state)
{
	memset(cxt->sts, 0, sizeof(*cxt->sts));
	SDXI_STORE(&cxt->sts->state, state, relaxed);
	SDXI_STORE(cxt->write_index, 0, relaxed);
	rte_io_wmb();
}

/* A context's level 1 entry. */
static struct sdxi_cxt_l1_ent *
cxt_l1(const struct sdxi_dev *dev, uint16_t num)
{
	struct sdxi_cxt_l1_ent *table = dev->l1[num >> SDXI_L1_SHIFT].va;

	return &table[num & (SDXI_L1_ENTRIES - 1)];
}

/* Make a context's structures valid, but for what its producer or the function writes. */
static void
cxt_publish(struct sdxi_dev *dev, struct sdxi_cxt *cxt)
{
	struct sdxi_cxt_l1_ent *l1 = cxt_l1(dev, cxt->num);
	struct cxt_head *head = cxt->mem.va;
	const rte_iova_t iova = cxt->mem.iova;
	/* csa: completion status blocks are in coherent memory. se: proven on hardware. */
	const uint64_t ring = (iova + offsetof(struct cxt_head, desc)) | SDXI_CXT_CTL_CSA |
			      SDXI_CXT_CTL_SE;

	memset(head->akey, 0, sizeof(head->akey));
	head->akey[SDXI_AKEY_SELF].intr_num = rte_cpu_to_le_16(SDXI_AKEY_ENT_VL);
	head->ctl = (struct sdxi_cxt_ctl){
		.ds_ring_ptr = rte_cpu_to_le_64(ring),
		.ds_ring_sz = rte_cpu_to_le_32(cxt->ring_sz),
		.cxt_sts_ptr = rte_cpu_to_le_64(iova + offsetof(struct cxt_head, sts)),
		.write_index_ptr =
			rte_cpu_to_le_64(iova + offsetof(struct cxt_head, write_index)),
	};
	/* The function may look at any time: each vl comes after what it vouches for. */
	rte_io_wmb();
	SDXI_STORE(&head->ctl.ds_ring_ptr, rte_cpu_to_le_64(ring | SDXI_CXT_CTL_VL), relaxed);

	l1->akey_ptr = rte_cpu_to_le_64(iova + offsetof(struct cxt_head, akey));
	l1->misc0 = rte_cpu_to_le_32(SDXI_PUT(SDXI_L1_ENT_MAX_BUFFER,
					      SDXI_GET(SDXI_CAP1_MAX_BUFFER, dev->cap1)));
	l1->opb_000_enb = rte_cpu_to_le_32(SDXI_GET(SDXI_CAP1_OPB_000_CAP, dev->cap1));
	rte_io_wmb();
	SDXI_STORE(&l1->cxt_ctl_ptr, rte_cpu_to_le_64(iova | SDXI_L1_ENT_KA | SDXI_L1_ENT_VL),
		   relaxed);
	rte_io_wmb();
}

static bool
admin_is_done(const struct sdxi_dev *dev, void *arg)
{
	return sdxi_line_is_done(arg) || sdxi_fn_state(dev) != SDXI_GSV_ACTIVE;
}

/* Commands about a range of contexts. */
enum { CMD_START, CMD_STOP_SOFT, CMD_STOP_HARD, CMD_SYNC_STOP, CMD_UPDATE, CMD_SYNC_CXT };

static const struct admin_cmd {
	const char *name;
	uint8_t subtype, cflags, vflags, flags;
} admin_cmds[] = {
	[CMD_START] = { "CXT_START_NM", SDXI_ADM_CXT_START_NM, 0, 0, SDXI_DSC_FE },
	[CMD_STOP_SOFT] = { "CXT_STOP", SDXI_ADM_CXT_STOP, 0, 0, SDXI_DSC_FE },
	[CMD_STOP_HARD] = { "CXT_STOP", SDXI_ADM_CXT_STOP, 0, SDXI_VFLAGS_HS, SDXI_DSC_FE },
	[CMD_SYNC_STOP] = { "SYNC(STOP)", SDXI_ADM_SYNC, SDXI_FLT_STOP, 0, 0 },
	/* [9] [I] The encoding of cflags is not known; 1 is right in both readings of it. */
	[CMD_UPDATE] = { "CXT_UPD", SDXI_ADM_CXT_UPD, SDXI_LVL_L1, 0, 0 },
	[CMD_SYNC_CXT] = { "SYNC(CXT)", SDXI_ADM_SYNC, SDXI_FLT_CXT, 0, 0 },
};

/* Run one command and wait for it: 0 or -EIO, after which only an activation helps. */
static int
admin_run(struct sdxi_dev *dev, unsigned int num, uint16_t first, uint16_t last)
{
	const struct admin_cmd *cmd = &admin_cmds[num];
	struct sdxi_cxt *cxt = &dev->admin;
	uint32_t slot = dev->admin_index & (cxt->ring_sz - 1);
	struct sdxi_line *line = &cxt->line[slot];
	struct sdxi_dsc *dsc = &cxt->desc[slot];
	bool done = false;

	if (!dev->admin_ok)
		return -EIO;
	/* One command at a time: what is in the way is a Read_Index that lags by a ring. */
	if (dev->admin_index - sdxi_read_index(cxt->sts) < cxt->ring_sz) {
		sdxi_line_arm(line);
		dsc->adm.cflags = cmd->cflags;
		dsc->adm.vflags = cmd->vflags;
		dsc->adm.cxt_start = rte_cpu_to_le_16(first);
		dsc->adm.cxt_end = rte_cpu_to_le_16(last);
		dsc->adm.opcode = rte_cpu_to_le_32(SDXI_DSC_OP(SDXI_TYPE_ADMIN, cmd->subtype) |
						   SDXI_DSC_VL | cmd->flags);
		dev->admin_index++;
		sdxi_write_index_set(cxt->write_index, cxt->doorbell, dev->admin_index);
		poll_until(dev, admin_is_done, line, CMD_MS);
		done = sdxi_line_is_done(line);
	}
	if (done && !sdxi_line_is_error(line))
		return 0;
	/* A function may stop the context that has sent what it refuses. */
	dev->admin_ok = false;
	sdxi_incident(dev, "%s of contexts %u to %u: %s; administrative context is %s, function %s",
		      cmd->name, first, last, done ? "refused by the function" : "no answer",
		      sdxi_cxt_state_name(sdxi_cxt_state(cxt->sts)),
		      sdxi_fn_state_name(sdxi_fn_state(dev)));
	return -EIO;
}

/* vchans that have to run, or to stop; those before .first do. */
struct vchan_range {
	uint16_t first, last;
	bool run;
};

static bool
vchans_are_there(const struct sdxi_dev *dev, void *arg)
{
	struct vchan_range *range = arg;
	enum sdxi_cxt_state state;

	for (; range->first <= range->last; range->first++) {
		const struct sdxi_vchan *vc = &dev->vchans[range->first];

		/* Contexts that were not started in this activation do not run. */
		if (!range->run && vc->epoch != dev->epoch)
			continue;
		state = sdxi_cxt_state(vc->cxt.sts);
		if (range->run ? state != SDXI_CXT_RUN : !sdxi_cxt_is_final(state))
			return false;
	}
	return true;
}

static int
vchans_wait(struct sdxi_dev *dev, uint16_t first, uint16_t last, bool run)
{
	struct vchan_range range = { .first = first, .last = last, .run = run };

	if (poll_until(dev, vchans_are_there, &range, STATE_MS))
		return 0;
	sdxi_incident(dev, "vchan %u: expected context %u to %s, found state %s", range.first,
		      SDXI_VCHAN_CXT(range.first), run ? "run" : "stop",
		      sdxi_cxt_state_name(sdxi_cxt_state(dev->vchans[range.first].cxt.sts)));
	return -EIO;
}

int
sdxi_vchans_start(struct sdxi_dev *dev, uint16_t first, uint16_t last)
{
	uint32_t i;
	int ret;

	for (i = first; i <= last; i++) {
		cxt_rewind(&dev->vchans[i].cxt, SDXI_CXT_STOP_SW);
		dev->vchans[i].epoch = dev->epoch;
	}
	ret = admin_run(dev, CMD_START, SDXI_VCHAN_CXT(first), SDXI_VCHAN_CXT(last));
	return ret < 0 ? ret : vchans_wait(dev, first, last, true);
}

int
sdxi_vchans_stop(struct sdxi_dev *dev, uint16_t first, uint16_t last)
{
	const uint16_t cxt_first = SDXI_VCHAN_CXT(first), cxt_last = SDXI_VCHAN_CXT(last);
	int ret = admin_run(dev, CMD_STOP_SOFT, cxt_first, cxt_last);

	if (ret == 0 && vchans_wait(dev, first, last, false) < 0)
		ret = admin_run(dev, CMD_STOP_HARD, cxt_first, cxt_last);
	if (ret == 0)
		ret = admin_run(dev, CMD_SYNC_STOP, cxt_first, cxt_last);
	/* Memory may be reused or freed next, so the command's word alone will not do. */
	return ret < 0 ? ret : vchans_wait(dev, first, last, false);
}

int
sdxi_vchan_publish(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool on)
{
	const uint16_t num = vc->cxt.num;
	int ret;

	if (on)
		cxt_publish(dev, &vc->cxt);
	else
		SDXI_STORE(&cxt_l1(dev, num)->cxt_ctl_ptr, 0, relaxed);
	ret = admin_run(dev, CMD_UPDATE, num, num);
	return ret < 0 ? ret : admin_run(dev, CMD_SYNC_CXT, num, num);
}

int
sdxi_fn_alloc(struct sdxi_dev *dev, uint16_t max_cxt)
{
	uint32_t i, size = dev->args.errlog_size;
	int ret = 0;

	if (size == 0)
		size = RTE_MIN(dev->max_errlog, ERRLOG_DEFAULT);
	dev->errlog.size = size;
	if (dev->l2.va == NULL)
		ret = mem_alloc(dev, &dev->l2, SDXI_TABLE_LEN, "level 2 table");
	for (i = 0; ret == 0 && i <= max_cxt >> SDXI_L1_SHIFT; i++)
		if (dev->l1[i].va == NULL)
			ret = mem_alloc(dev, &dev->l1[i], SDXI_TABLE_LEN, "level 1 table");
	if (ret == 0 && dev->admin.mem.va == NULL)
		ret = sdxi_cxt_alloc(dev, &dev->admin, SDXI_CXT_ADMIN, SDXI_DS_RING_SZ_MIN);
	if (ret == 0 && dev->errlog.mem.va == NULL)
		ret = mem_alloc(dev, &dev->errlog.mem, size * sizeof(struct sdxi_errlog_hd_ent),
				"error log");
	return ret;
}

void
sdxi_fn_free(struct sdxi_dev *dev)
{
	unsigned int i;

	mem_free(&dev->errlog.mem);
	sdxi_cxt_free(&dev->admin);
	for (i = 0; i < RTE_DIM(dev->l1); i++)
		mem_free(&dev->l1[i]);
	mem_free(&dev->l2);
}

/* Fill the tables of a function that is stopped. */
static void
tables_fill(struct sdxi_dev *dev)
{
	struct sdxi_cxt_l2_ent *l2 = dev->l2.va;
	unsigned int i;

	memset(l2, 0, SDXI_TABLE_LEN);
	for (i = 0; i < RTE_DIM(dev->l1) && dev->l1[i].va != NULL; i++) {
		memset(dev->l1[i].va, 0, SDXI_TABLE_LEN);
		l2[i].lv01_ptr = rte_cpu_to_le_64(dev->l1[i].iova | SDXI_L2_ENT_VL);
	}
	for (i = 0; i < dev->nb_vchans; i++) {
		struct sdxi_cxt *cxt = &dev->vchans[i].cxt;

		/* None runs, whatever it did before; a data path may still read Read_Index. */
		SDXI_STORE(&cxt->sts->state, SDXI_CXT_STOP_SW, relaxed);
		cxt_publish(dev, cxt);
	}
	sdxi_cxt_ring_init(&dev->admin);
	cxt_rewind(&dev->admin, SDXI_CXT_RUN);
	dev->admin_index = 0;
	cxt_publish(dev, &dev->admin);
}

/* Nothing that was started in the activation that ends here runs any more: 0, or fn_stop()'s. */
static int
fn_deactivate(struct sdxi_dev *dev)
{
	dev->admin_ok = false;
	dev->up = false;
	dev->epoch++;
	return fn_stop(dev, SDXI_GSR_STOP_SF);
}

int
sdxi_fn_up(struct sdxi_dev *dev)
{
	uint32_t until = RTE_BIT32(SDXI_GSV_ACTIVE) | RTE_BIT32(SDXI_GSV_ERROR);
	uint64_t ctl0;
	int ret;

	ret = fn_deactivate(dev);
	if (ret < 0) {
		dma_off(dev, ret);
		return ret;
	}
	dev->dma_uncontrolled = false;
	if (sdxi_read(dev, SDXI_MMIO_CAP0) != dev->cap0 ||
	    sdxi_read(dev, SDXI_MMIO_CAP1) != dev->cap1) {
		sdxi_incident(dev, "CAP0 or CAP1 is not what it was at probe: another function");
		return -ENODEV;
	}
	/* fn_grp_id stays. fn_gsr may still hold ACTIVE, which is not requested yet. */
	ctl0 = sdxi_read(dev, SDXI_MMIO_CTL0);
	if (ctl0 == UINT64_MAX)
		return -ENODEV;
	ctl0 &= ~(SDXI_CTL0_FN_GSR | SDXI_CTL0_FN_ERR_INTR_EN | SDXI_CTL0_FN_PASID_VL |
		  SDXI_CTL0_FN_PASID);
	ctl0 |= SDXI_PUT(SDXI_CTL0_FN_GSR, SDXI_GSR_STOP_SF);
	sdxi_write(dev, SDXI_MMIO_CTL0, ctl0 | (dev->intr ? SDXI_CTL0_FN_ERR_INTR_EN : 0));
	sdxi_write(dev, SDXI_MMIO_CTL2, dev->cap1 &
		   (SDXI_CTL2_MAX_BUFFER | SDXI_CTL2_MAX_AKEY_SZ | SDXI_CTL2_MAX_CXT |
		    SDXI_CTL2_OPB_000_AVL));
	tables_fill(dev);
	sdxi_write(dev, SDXI_MMIO_CXT_L2, dev->l2.iova);
	sdxi_write(dev, SDXI_MMIO_RKEY, 0);
	sdxi_errlog_enable(dev);

	ret = dev->fn.ops->dma_enable(&dev->fn, true);
	if (ret < 0) {
		sdxi_incident(dev, "bus mastering cannot be enabled: %s", strerror(-ret));
		return ret;
	}
	fn_request(dev, SDXI_GSR_ACTIVE);
	poll_until(dev, fn_is_in, &until, STATE_MS);
	if (sdxi_fn_state(dev) != SDXI_GSV_ACTIVE) {
		sdxi_errlog_drain(dev);
		sdxi_incident(dev, "activation: expected function state ACTIVE, found %s",
			      sdxi_fn_state_name(sdxi_fn_state(dev)));
		sdxi_fn_down(dev);
		return -EIO;
	}
	/* The jump start: the administrative context's first doorbell. */
	rte_write64(0, dev->admin.doorbell);
	dev->admin_ok = true;
	dev->up = true;
	return 0;
}

int
sdxi_fn_down(struct sdxi_dev *dev)
{
	int stopped = fn_deactivate(dev);

	if (stopped == 0) {
		/* The memory that these point to may be freed next. */
		sdxi_write(dev, SDXI_MMIO_ERR_CFG, 0);
		sdxi_write(dev, SDXI_MMIO_CXT_L2, 0);
	}
	return dma_off(dev, stopped);
}
