/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_EMU_PRIV_H_
#define _SDXI_EMU_PRIV_H_

/**
 * @file
 * What the parts of the emulated function share: its state, and the calls between the parts.
 *
 *   sdxi_emu.c        registers, function states, the error log, whose turn it is
 *   sdxi_emu_cxt.c    contexts: tables, start, stop, administrative operations
 *   sdxi_emu_exec.c   a context's turn: its window of operations, in order or in random order
 *   sdxi_emu_fast.c   the same for copies between mapped memory, in order
 *   sdxi_emu_op.c     one operation: what is legal, keys, data, completion status block
 *   sdxi_emu_fault.c  faults on demand
 *   sdxi_emu_text.c   faults and configuration as text
 *
 * Where public facts about SDXI leave open what a function does, the choice is tagged [I] at the
 * one place that makes it. [9] marks what is taken from public code for 0.9 hardware.
 */

#include <endian.h>
#include <stdatomic.h>

#include "sdxi_emu.h"
#include "sdxi_emu_hw.h"

/** Optional operation groups that it has: bit t of the opb_000 fields stands for type t. */
#define EMU_OPB(type) (UINT32_C(1) << (type))
#define EMU_OPB_CAP EMU_OPB(SDXI_TYPE_INTR)
/** Values of ERRLOG_HD_ENT.buf [I]. */
#define EMU_BUF_SRC 0
#define EMU_BUF_DST 1

/** Value of a doorbell word that has not been rung; no Write_Index gets this high. */
#define EMU_DB_IDLE UINT64_MAX
/** Work of a context's turn: descriptors, and so many bytes that count as one more. */
#define EMU_BATCH 32
#define EMU_COST_BYTES (SDXI_EMU_CHUNK / EMU_BATCH)
/** Bytes that may have been moved before the operations that moved them are signalled. */
#define EMU_SIGNAL_BYTES (32u << 10)
/** Contexts that one turn of an administrative operation handles. */
#define EMU_ADMIN_PART 32
/** After so many idle turns, a context is visited in 1 of EMU_COLD_PART rounds if others work. */
#define EMU_COLD 64
#define EMU_COLD_PART 32
/** AKeys that a context remembers; a power of two. */
#define EMU_AKEYS 4
/** Operations in progress of one context, with reorder. */
#define EMU_WINDOW 24
/** Faults that may be pending. */
#define EMU_FAULTS 256

/* What it takes of a compiler beyond C11. */
#ifdef RTE_COMPONENT_NAME
#include <rte_prefetch.h>
#define EMU_PREFETCH_TO_READ(p) rte_prefetch0(p)
#define EMU_PREFETCH_TO_WRITE(p) rte_prefetch0_write(p)
#else
#define EMU_PREFETCH_TO_READ(p) __builtin_prefetch((p), 0, 3)
#define EMU_PREFETCH_TO_WRITE(p) __builtin_prefetch((p), 1, 3)
#endif

/* Memory is little-endian. */
#define emu_le16(v) htole16(v)
#define emu_le32(v) htole32(v)
#define emu_le64(v) htole64(v)

#define EMU_MIN(a, b) ((a) < (b) ? (a) : (b))
#define EMU_DIM(a) (sizeof(a) / sizeof((a)[0]))
#define EMU_MAX(a, b) ((a) > (b) ? (a) : (b))

/** A word that others may access meanwhile, and which is no atomic by its type. */
#define EMU_ATOMIC(ptr) ((_Atomic uint64_t *)(ptr))
#define EMU_LOAD(ptr, order) \
	atomic_load_explicit((const _Atomic uint64_t *)(ptr), memory_order_##order)
#define EMU_STORE(ptr, val, order) \
	atomic_store_explicit(EMU_ATOMIC(ptr), val, memory_order_##order)

/** How something failed, or 0: step, sub-step, and the buffer where one is to blame. */
typedef uint32_t emu_fail_t;
#define EMU_FAIL_SUB UINT32_C(0xf)
#define EMU_FAIL_STEP UINT32_C(0x3f00)
#define EMU_FAIL_BUF UINT32_C(0x70000)
#define EMU_FAIL_BV UINT32_C(0x80000)
#define EMU_FAIL_FATAL UINT32_C(0x80000000) /**< stops the context in any case */
#define EMU_FAIL(step, sub) ((emu_fail_t)(step) << 8 | (emu_fail_t)(sub))
#define EMU_FAIL_ON(buf) (EMU_FAIL_BV | (emu_fail_t)(buf) << 16)
#define EMU_FAIL_TRANSLATION(step) EMU_FAIL(step, SDXI_SUB_STEP_TRANSLATION)
#define EMU_FAIL_VALIDATION(step) EMU_FAIL(step, SDXI_SUB_STEP_VALIDATION)
#define EMU_FAIL_DESC EMU_FAIL_VALIDATION(SDXI_STEP_DESC)
#define EMU_FAIL_INTERNAL EMU_FAIL(SDXI_STEP_INTERNAL, SDXI_SUB_STEP_OTHER)
/** For an entry of the log that no descriptor is to blame for. */
#define EMU_NO_DESC UINT64_MAX

/** STOPPING: CXT_STOP executed, not stopped yet. FAILED: in ERR_FN until CXT_STOP. */
enum emu_cxt_mode { EMU_CXT_OFF, EMU_CXT_RUN, EMU_CXT_STOPPING, EMU_CXT_FAILED };

enum emu_kind {
	EMU_KIND_NOP, EMU_KIND_COPY, EMU_KIND_WRT_IMM, EMU_KIND_REPCOPY, EMU_KIND_INTR,
	EMU_KIND_ADMIN,
};

/** What is not written of an operation's outcome: by a fault, or as its block is unreadable. */
enum emu_hide { EMU_HIDE_BLOCK = 1, EMU_HIDE_SIGNAL = 2, EMU_HIDE_LOG = 4 };

/** The steps of a context's turn; with reorder, each of them may be put off to a later turn. */
enum emu_step {
	EMU_STEP_SAMPLE, EMU_STEP_FETCH, EMU_STEP_EXEC, EMU_STEP_SIGNAL, EMU_STEP_INDEX,
	EMU_STEP_STATE, EMU_STEPS,
};

/** EXECUTED: only the completion status block is still to be written. */
enum emu_op_state { EMU_OP_WAITING, EMU_OP_BEGUN, EMU_OP_EXECUTED };

/** An operation that has been consumed and is not complete. */
struct emu_op {
	struct sdxi_dsc dsc;
	uint64_t index; /**< of the descriptor */
	uint64_t src, dst, len;
	void *src_mem, *dst_mem; /**< for the owner's accesses: another function's, by RKey */
	uint64_t done;	 /**< bytes */
	uint64_t signal; /**< as it was at the beginning */
	uint32_t pos;	 /**< administrative: the next context */
	emu_fail_t fail;
	uint16_t intr_num;
	uint8_t kind, hide, state; /**< enum emu_kind, emu_hide, emu_op_state */
	bool sampled;  /**< signal is valid */
	bool foreign;  /**< a key names another function */
	bool er;       /**< administrative: failed for at least one context */
	bool blocked;  /**< was waiting for other contexts when last tried */
	bool stops;    /**< its failure stops the context */
	bool log_due;
};

/**
 * A context. Words in memory that it shares with software:
 *   doorbell     any thread stores; exchanged for EMU_DB_IDLE, sequentially consistent, before
 *                Write_Index is read: a store is covered by this read or found by the next check
 *   Write_Index  software stores it, releasing what lies below; read with an acquire
 *   vl           read with an acquire, for several producers; cleared before Read_Index is written
 *   Read_Index   written with a release: slots below have been read, and may be written
 *   signal       written with a release: after data and flags; software acquires
 *   state        written with a release: of a stopped context, after all that it has written
 */
struct emu_cxt {
	uint64_t read_index, index_out; /**< and as written */
	uint64_t write_index; /**< as sampled */
	uint32_t ring_sz, slot; /**< slot is read_index mod ring_sz */
	uint64_t ring, sts, write_index_ptr, akey_ptr;
	uint64_t max_len;   /**< bytes of the largest buffer */
	uint32_t opb;	    /**< optional operation groups */
	uint32_t akeys;	    /**< entries of the AKey table */
	uint64_t *db;	    /**< doorbell word, NULL where doorbells are trapped only */
	uint32_t akey[EMU_AKEYS]; /**< 1 + an AKey found valid, for this function's memory; or 0 */
	uint32_t run_pos;   /**< place in the list of running contexts */
	uint16_t num;
	uint8_t idle;	    /**< turns in a row without work, up to EMU_COLD */
	uint8_t mode;	    /**< enum emu_cxt_mode */
	bool hard;	    /**< mode STOPPING: abandon what is in progress */
	_Atomic bool rung;  /**< its doorbell, by any thread */
	bool failing, err_out; /**< ends in ERR_FN; that has been written */
	bool stopg;	    /**< STOPG_FN has been written, or STOPG_SW */
	bool stalled, self_stop; /**< hangs, or ends in STOP_FN, by a fault */
	uint32_t n_faults;  /**< that are pending */
	uint32_t n_ops;
	struct emu_op *op;  /**< window, by index; made at the first start */
	uint64_t consumed;  /**< descriptors, ever */
	uint64_t fail_index; /**< of the first operation whose failure stops the context */
};

/** A fault that is pending. */
struct emu_fault {
	struct sdxi_emu_fault what;
	uint64_t at;   /**< emu_cxt.consumed of the first operation that it hits */
};

enum emu_reg {
	EMU_CTL0, EMU_CTL2, EMU_STS0, EMU_CAP0, EMU_CAP1, EMU_VERSION, EMU_CXT_L2, EMU_RKEY,
	EMU_ERR_CTL, EMU_ERR_STS, EMU_ERR_CFG, EMU_ERR_WRT, EMU_ERR_RD, EMU_REGS,
};

struct sdxi_emu {
	struct sdxi_emu_ops ops;
	void *opaque;
	struct sdxi_emu_conf conf;

	uint64_t reg[EMU_REGS];
	enum sdxi_fn_gsv gsv;
	uint64_t absent_until; /**< ms; 0: registers are there */
	uint64_t ctl2, cxt_l2; /**< as they were at activation, or at FN_UPD */

	bool in_run;  /**< a callback of the owner's may be on the stack */
	bool irq_due; /**< vector 0, after what it tells of is visible */
	uint8_t due;  /**< requests and resets from within a callback */

	struct emu_cxt *cxt;  /**< by number */
	struct emu_cxt **run; /**< those that run */
	uint32_t n_run, run_next, n_stopping;
	uint32_t round; /**< through the list */

	uint64_t random; /**< state of the generator of all random choices */
	struct {
		uint16_t turns; /**< until it changes */
		uint8_t window; /**< operations that may be in one */
		bool in_order;
		uint8_t rare[EMU_STEPS]; /**< a step is taken in one turn of 2^this */
	} mood;

	struct emu_fault fault[EMU_FAULTS];
	uint32_t n_fault;
	uint64_t injected[SDXI_EMU_FAULT_KINDS];
};

static inline bool
emu_fn_stopping(const struct sdxi_emu *emu)
{
	return emu->gsv == SDXI_GSV_STOPG_SF || emu->gsv == SDXI_GSV_STOPG_HD;
}

static inline bool
emu_cxt_has_turns(const struct emu_cxt *cxt)
{
	return cxt->mode == EMU_CXT_RUN || cxt->mode == EMU_CXT_STOPPING;
}

/** Was an AKey valid when it was looked up, and of this function's memory? */
static inline bool
emu_akey_known(const struct emu_cxt *cxt, uint16_t akey)
{
	return cxt->akey[akey % EMU_AKEYS] == akey + UINT32_C(1);
}

/** May Write_Index become @p index? */
static inline bool
emu_write_index_good(const struct emu_cxt *cxt, uint64_t index)
{
	return index >= cxt->write_index && index - cxt->read_index <= cxt->ring_sz;
}

/* sdxi_emu.c */

/** Latch what CTL2 and CXT_L2 say. */
void emu_fn_latch(struct sdxi_emu *emu);
/** Log a failure (parameters as for emu_log()) and go to state ERROR. */
void emu_fn_error(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail);
/** Log a failure; @p index EMU_NO_DESC: no descriptor. */
void emu_log(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail,
	     enum sdxi_err_reaction re);
/** A number below @p n; 0 without reorder. */
unsigned int emu_random(struct sdxi_emu *emu, unsigned int n);

/* sdxi_emu_cxt.c */

/** Read an entry of a context or key table; fails unless bit 0, its valid bit, is set. */
emu_fail_t emu_entry_read(struct sdxi_emu *emu, void *mem, enum sdxi_err_step step, uint64_t iova,
			  void *ent, size_t len);
/** Read a little-endian word. */
bool emu_read64(struct sdxi_emu *emu, uint64_t iova, uint64_t *val);
/** Start a context from its tables; if it already runs, only ring its doorbell. */
emu_fail_t emu_cxt_start(struct sdxi_emu *emu, uint16_t num);
/** Take a context that has stopped or failed off the run list, and write its final state. */
void emu_cxt_ended(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Write CXT_STS.state; false where that is not possible. */
bool emu_cxt_write_state(struct sdxi_emu *emu, const struct emu_cxt *cxt,
			 enum sdxi_cxt_state state);
/** Forget all contexts, without a write to memory. */
void emu_cxt_forget_all(struct sdxi_emu *emu);
/** Forget the rings of a context's doorbell so far. */
void emu_doorbell_idle(struct sdxi_emu *emu, uint16_t num);
/** Judge an administrative operation, whose reserved fields are 0. */
emu_fail_t emu_admin_judge(const struct sdxi_emu *emu, struct emu_op *op);
/** Do a part of an administrative operation: is it done? In op->blocked, whether it waits. */
bool emu_admin_step(struct sdxi_emu *emu, struct emu_op *op);

/* sdxi_emu_exec.c */

/** Let a context work for a bounded part; 0: it has nothing to do. */
unsigned int emu_cxt_turn(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int budget);
/** Log a failure that stops the context, and have it end in ERR_FN. */
void emu_cxt_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail);
/** Take a doorbell, if there is one. */
bool emu_doorbell_take(struct emu_cxt *cxt);
/** Sample Write_Index, which counts, whatever value was rung with; false: the context fails. */
bool emu_cxt_sample(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Does a context have something to do? Only looks. */
bool emu_cxt_has_work(const struct emu_cxt *cxt);
/** The Read_Index that software may see now. */
uint64_t emu_read_index(const struct sdxi_emu *emu, const struct emu_cxt *cxt);

/* sdxi_emu_op.c */

/** Judge an operation, of which descriptor and index are known, and read its block. */
emu_fail_t emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op);
/** Move the next part of an operation's data. */
emu_fail_t emu_op_move(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op, size_t part);
/** Write an operation's block, where it has one; false: that is not possible. */
bool emu_op_complete(struct sdxi_emu *emu, const struct emu_op *op);

/** Bits of a descriptor's last word that must be 0 when there is a block. */
#define EMU_CSB_RESERVED (~(SDXI_DSC_NP | SDXI_DSC_CSB_PTR))

/** Do two ranges, none of which wraps, have a byte in common? One of length 0 has none. */
static inline bool
emu_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a_len != 0 && b_len != 0 && (a - b < b_len || b - a < a_len);
}

/* sdxi_emu_fast.c */

/** Execute up to @p n descriptors in order; 0: what there is to do next is not as simple. */
unsigned int emu_fast_part(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int n);

/* sdxi_emu_fault.c */

/** Apply due faults to the next operation of a context; false: it is not consumed. */
bool emu_fault_take(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op);
/** Does a fault keep a context from stopping? @p asked: count it, as CXT_STOP is new. */
bool emu_fault_no_stop(struct sdxi_emu *emu, const struct emu_cxt *cxt, bool asked);
/** A context has ended: end its stall and, if the function stops as well, its NO_STOP. */
void emu_fault_gone(struct sdxi_emu *emu, struct emu_cxt *cxt, bool with_fn);
/** Does a fault make the function ignore a request that would have an effect? */
bool emu_fault_ignores(struct sdxi_emu *emu, enum sdxi_fn_gsr gsr);
/** Fail an activation? */
bool emu_fault_activation(struct sdxi_emu *emu);
/** Bits of ERR_STS that say why an entry of the log is lost; 0: it is not. */
uint64_t emu_fault_log(struct sdxi_emu *emu);

#endif /* _SDXI_EMU_PRIV_H_ */
