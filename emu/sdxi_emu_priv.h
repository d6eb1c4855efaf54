/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_EMU_PRIV_H_
#define _SDXI_EMU_PRIV_H_

/**
 * @file
 * What the parts of the emulated function share: its state, and the calls between the parts.
 *
 *   sdxi_emu.c        registers, function states, whose turn it is
 *   sdxi_emu_cxt.c    a context's tables, start, stop and failure
 *   sdxi_emu_ring.c   a context's turn: doorbell, fetch, execute, complete
 *   sdxi_emu_fast.c   the same turn where all is as it mostly is
 *   sdxi_emu_free.c   the same turn, with every freedom taken at random
 *   sdxi_emu_admin.c  operations of the administrative context
 *   sdxi_emu_log.c    error log
 *   sdxi_emu_fault.c  what goes wrong on demand
 *
 * Where public facts about SDXI do not say what a function does, this one decides for itself. Each
 * such choice is tagged [I] at the one place that makes it; those that are values stand here.
 */

#include <stdalign.h>
#include <stdatomic.h>

#include "sdxi_emu.h"
#include "sdxi_emu_osdep.h"
#include "sdxi_emu_hw.h"

/** [I] VERSION of the function: 1.0. */
#define EMU_VERSION (SDXI_PUT(SDXI_VERSION_MAJOR, 1) | SDXI_PUT(SDXI_VERSION_MINOR, 0))
/** [I] Reset value of CTL2: software that forgets to grant limits is granted the least. */
#define EMU_CTL2_RESET UINT64_C(0)
/** [I] Operation groups: bit t of the opb_000 fields stands for descriptor type t. */
#define EMU_OPB(type) (UINT32_C(1) << (type))
#define EMU_OPB_CAP (EMU_OPB(SDXI_TYPE_DMAB) | EMU_OPB(SDXI_TYPE_ADMIN) | EMU_OPB(SDXI_TYPE_INTR))
/** [I] ERRLOG_HD_ENT.buf of the source and of the destination. */
#define EMU_BUF_SRC 0
#define EMU_BUF_DST 1

/** A doorbell word that nobody has stored to; no Write_Index comes that far. */
#define EMU_DB_IDLE UINT64_MAX
/** Descriptors that are fetched at once. */
#define EMU_BATCH 32
/** Bytes that may have been moved before the operations that moved them are signalled. */
#define EMU_SIGNAL_BYTES (32u << 10)
/** Contexts that one turn of an administrative operation looks at. */
#define EMU_ADMIN_PART 32
/** Levels of CXT_CTL.qos. */
#define EMU_QOS_LEVELS 4
/** [I] One round in so many is open to all levels, however busy the higher ones are. */
#define EMU_QOS_ROUNDS 16
/** Turns without work that make a context a cold one. */
#define EMU_COLD 64
/** While others are at work, one in so many of the cold ones has a turn in each call. */
#define EMU_COLD_PART 32
/** AKeys that a context remembers; a power of two. */
#define EMU_AKEYS 4

#define EMU_MIN(a, b) ((a) < (b) ? (a) : (b))

/** A word that others may write or read meanwhile, and which is no atomic by its type. */
#define EMU_ATOMIC(ptr) ((_Atomic uint64_t *)(ptr))
#define EMU_LOAD(ptr, order) \
	atomic_load_explicit((const _Atomic uint64_t *)(ptr), memory_order_##order)
#define EMU_STORE(ptr, val, order) \
	atomic_store_explicit(EMU_ATOMIC(ptr), val, memory_order_##order)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint16_t
emu_le16(uint16_t v)
{
	return v;
}

static inline uint32_t
emu_le32(uint32_t v)
{
	return v;
}

static inline uint64_t
emu_le64(uint64_t v)
{
	return v;
}
#elif __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline uint16_t
emu_le16(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

static inline uint32_t
emu_le32(uint32_t v)
{
	return (uint32_t)emu_le16((uint16_t)v) << 16 | emu_le16((uint16_t)(v >> 16));
}

static inline uint64_t
emu_le64(uint64_t v)
{
	return (uint64_t)emu_le32((uint32_t)v) << 32 | emu_le32((uint32_t)(v >> 32));
}
#else
#error "this byte order is not supported"
#endif

/** How something failed, or 0: step, sub-step, and the buffer where one is to blame. */
typedef uint32_t emu_fail_t;
#define EMU_FAIL_SUB UINT32_C(0xf)
#define EMU_FAIL_STEP UINT32_C(0x3f00)
#define EMU_FAIL_BUF UINT32_C(0x70000)
#define EMU_FAIL_BV UINT32_C(0x80000)
/** The context cannot go on, whatever the reaction to data errors is. */
#define EMU_FAIL_FATAL UINT32_C(0x80000000)
#define EMU_FAIL(step, sub) ((emu_fail_t)(step) << 8 | (emu_fail_t)(sub))
#define EMU_FAIL_ON(buf) (EMU_FAIL_BV | (emu_fail_t)(buf) << 16)
#define EMU_FAIL_DESC EMU_FAIL(SDXI_STEP_DESC, SDXI_SUB_STEP_VALIDATION)
/** For an entry that no descriptor is to blame for. */
#define EMU_NO_DESC UINT64_MAX

/** What software last asked of a context, as far as it matters for its turns. */
enum emu_cxt_mode {
	EMU_CXT_OFF = 0, /**< not started, or stopped; nothing is known of it */
	EMU_CXT_RUN,
	EMU_CXT_STOPPING, /**< CXT_STOP was executed, its effect is due */
	EMU_CXT_FAILED,	  /**< ERR_FN: waits for CXT_STOP */
};

/** What an operation does, once its descriptor has been found good. */
enum emu_kind {
	EMU_KIND_NOP = 0,
	EMU_KIND_COPY,
	EMU_KIND_WRT_IMM,
	EMU_KIND_REPCOPY,
	EMU_KIND_INTR,
	EMU_KIND_ADMIN,
};

/** What an injected fault withholds of an operation's outcome. */
enum emu_hide {
	EMU_HIDE_BLOCK = 1 << 0,  /**< the block, also of one that turned out not to be there */
	EMU_HIDE_SIGNAL = 1 << 1, /**< of the block the signal */
	EMU_HIDE_LOG = 1 << 2,
};

/** An operation on its way. */
struct emu_op {
	struct sdxi_dsc dsc;
	uint64_t index; /**< of the descriptor */
	uint64_t src;
	uint64_t dst;
	uint64_t len;
	uint64_t done;	/**< bytes */
	uint32_t pos;	/**< administrative: the next context */
	uint16_t intr_num;
	uint8_t kind;	/**< enum emu_kind */
	uint8_t hide;	/**< enum emu_hide */
	bool er;	/**< administrative: failed for at least one context */
};

/** An AKey that was valid when it was looked up. */
struct emu_akey {
	uint32_t tag; /**< AKey + 1, 0: nothing */
	uint16_t intr_num;
	bool iv;
};

struct emu_free;

/**
 * A context. Its own fields, but num, belong to the thread whose turn it has: engines share the
 * owner's lock and have different contexts, all others hold it alone.
 *
 * Words in memory that it shares with software:
 *   doorbell     any thread of software stores; exchanged for EMU_DB_IDLE, sequentially consistent,
 *                before Write_Index is read, so a ring is either seen by this read or there for the
 *                next look
 *   Write_Index  software stores it, releasing what lies below; read with an acquire
 *   vl           read with an acquire, for several producers; cleared before Read_Index is written
 *   Read_Index   written with a release: slots below have been read, and may be written
 *   signal       written with a release: behind data, flags and Read_Index; software acquires
 *   state        written with a release: of a context at rest, behind all that it has written
 */
struct emu_cxt {
	uint64_t read_index;
	uint64_t write_index; /**< as sampled */
	uint64_t ring;
	uint32_t ring_sz;
	uint32_t slot;	    /**< read_index mod ring_sz */
	uint64_t *db;	    /**< doorbell word, NULL where doorbells are trapped only */
	uint64_t sts;
	uint64_t write_index_ptr;
	uint64_t max_len;   /**< bytes of the largest buffer */
	uint32_t opb;	    /**< operation groups */
	uint32_t akeys;	    /**< entries of the AKey table */
	uint64_t akey_ptr;
	struct emu_akey akey[EMU_AKEYS];
	uint32_t run_pos;   /**< place in the list of running contexts */
	uint8_t idle;	    /**< turns in a row without work, up to EMU_COLD */
	uint16_t num;
	uint8_t mode;	    /**< enum emu_cxt_mode */
	bool hard;	    /**< mode STOPPING: abandon what is in flight */
	bool csa;
	bool kick;	    /**< to be treated as if its doorbell had been rung */
	bool busy;	    /**< op is in flight */
	bool stopg;	    /**< STOPG_FN has been written, or STOPG_SW */
	uint8_t qos;	    /**< as it was at the start: 0 goes first */
	bool se;	    /**< CXT_CTL.se, as it was at the start */
	bool stalled;	    /**< by a fault */
	bool no_stop;	    /**< by a fault */
	uint32_t n_faults;  /**< that are pending */
	uint64_t consumed;  /**< descriptors, ever */
	struct emu_free *free; /**< for freedom only */
	struct emu_op op;
};

/** An executed operation whose block is yet to be written. */
struct emu_pend {
	uint64_t csb;
	uint64_t index;
	uint64_t signal; /**< value to write */
	bool er;
};

/** Working space of one turn. */
struct emu_turn {
	alignas(64) struct sdxi_dsc dsc[EMU_BATCH];
	/** By ascending address, so that a block which is there already is seen at the end. */
	struct emu_pend pend[EMU_BATCH];
	unsigned int n_pend;
	unsigned int n_retired; /**< descriptors of dsc[] that Read_Index has passed */
};

/** What a batch of sdxi_emu_fast.c has mapped. */
enum emu_map {
	EMU_MAP_RING,
	EMU_MAP_CSB,
	EMU_MAP_SRC,
	EMU_MAP_DST,
	EMU_MAPS,
};

/** A copy that has been judged. */
struct emu_fast_op {
	uint8_t *dst;
	const uint8_t *src;
	uint64_t *signal; /**< NULL: no block */
	uint64_t first;	  /**< the descriptor's first 8 bytes */
};

/** Working space of such a batch. */
struct emu_fast {
	struct sdxi_emu_map map[EMU_MAPS];
	struct emu_fast_op op[EMU_BATCH];
};

/** A fault that is pending, or lasts. */
struct emu_fault {
	struct sdxi_emu_fault what;
	uint64_t at;  /**< emu_cxt.consumed of the first operation that it hits */
	bool in_force; /**< STALL: the context is there */
};

struct emu_chunk {
	struct emu_cxt cxt[SDXI_L1_ENTRIES];
};

struct sdxi_emu {
	struct sdxi_emu_ops ops;
	void *opaque;
	struct sdxi_emu_conf conf;

	/* Registers. */
	uint64_t ctl0;
	uint64_t ctl2;
	uint64_t cxt_l2;
	uint64_t rkey;
	uint64_t err_ctl;
	uint64_t err_sts;
	uint64_t err_cfg;
	uint64_t err_wrt;
	uint64_t err_rd;
	enum sdxi_fn_gsv gsv;

	/* Latched at activation, and by FN_UPD. */
	uint64_t lim_l2_ptr;
	uint32_t lim_opb;
	uint16_t lim_max_cxt;
	uint8_t lim_max_buffer;
	uint8_t lim_max_akey_sz;

	bool in_run;	/**< a callback of the owner's may be on the stack */
	bool irq_due;	/**< vector 0, after what it tells of is visible */
	bool reset_due; /**< asked for from within a callback */
	bool gsr_due;	/**< CTL0.fn_gsr was written from within a callback */

	/**
	 * Contexts with work, or with a doorbell to look at. Those that have had none for a while,
	 * from n_hot on, have fewer turns while others are at work.
	 */
	struct emu_cxt **run;
	uint32_t n_run;
	uint32_t n_hot;
	uint32_t cold_next;
	uint32_t cold_left; /**< cold ones that have not been looked at since there was work */
	bool all_idle;
	uint32_t run_alloc;
	uint32_t run_next;
	uint32_t n_stopping;
	uint32_t n_qos[EMU_QOS_LEVELS]; /**< of those in the list */
	uint8_t qos_level;   /**< the lowest that has turns in this round */
	uint8_t qos_rounds;  /**< that were not open to all */
	bool qos_worked;     /**< in this round */

	/** State of the generator behind all random choices. */
	uint64_t random;
	uint8_t delay; /**< turns that an activation or an interrupt has been put off */

	struct emu_fault *fault;
	uint32_t n_fault;
	uint32_t fault_alloc;
	uint32_t lose_ovf;  /**< log entries to be lost */
	uint32_t lose_err;
	uint32_t no_active; /**< requests to fail */
	bool no_fn_stop;
	bool no_reset;
	uint64_t injected[SDXI_EMU_FAULT_KINDS];
	uint64_t seen[8][16]; /* descriptors other than copies, by the low bits of their types */

	/**
	 * Trapped doorbells, a bit each; set by any thread with a release, taken with an acquire.
	 */
	_Atomic uint64_t *db_bits;
	/** Contexts by number / 128, made when one is first started, kept until the end. */
	struct emu_chunk *chunk[SDXI_L2_ENTRIES];

	struct emu_turn turn;
	struct emu_fast fast;
};

static inline bool
emu_fn_stopping(const struct sdxi_emu *emu)
{
	return emu->gsv == SDXI_GSV_STOPG_SF || emu->gsv == SDXI_GSV_STOPG_HD;
}

/* sdxi_emu.c */

/** Take over what CTL2 and CXT_L2 say. */
void emu_fn_latch(struct sdxi_emu *emu);
/** End in state ERROR, by a failure of a context's descriptor or of none. */
void emu_fn_error(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail);

/* sdxi_emu_log.c */

/** Tell the error log of a failure; @p index EMU_NO_DESC: no descriptor. */
void emu_log(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail,
	     enum sdxi_err_reaction re);

/* sdxi_emu_cxt.c */

/** A context that has ever been started or spoken of, or NULL. */
struct emu_cxt *emu_cxt_find(struct sdxi_emu *emu, uint16_t num);
/** The same, made where it is not there yet; NULL: no memory. */
struct emu_cxt *emu_cxt_get(struct sdxi_emu *emu, uint16_t num);
/** Start a context from its tables; no effect on one that runs but that of a doorbell. */
emu_fail_t emu_cxt_start(struct sdxi_emu *emu, uint16_t num);
/** Have a context stop at its next turn. */
void emu_cxt_stop(struct sdxi_emu *emu, struct emu_cxt *cxt, bool hard);
/** The stop that was asked for takes effect. */
void emu_cxt_stopped(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Read a running context's tables again for what may change while it runs. */
emu_fail_t emu_cxt_reload(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Do the tables have an entry for a context, good or bad? */
bool emu_cxt_is_listed(struct sdxi_emu *emu, uint16_t num);
/** Forget cached AKeys. */
void emu_cxt_forget_akeys(struct emu_cxt *cxt);
/** End in ERR_FN. */
void emu_cxt_failed(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Log a failure that stops the context, and end in ERR_FN. */
void emu_cxt_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail);
/** Write CXT_STS.state; false where that is not possible. */
bool emu_cxt_write_state(struct sdxi_emu *emu, const struct emu_cxt *cxt,
			 enum sdxi_cxt_state state);
/** Move a context in the list to those that had work lately, or away from them. */
void emu_cxt_heat(struct sdxi_emu *emu, struct emu_cxt *cxt, bool hot);
/** Forget all contexts without a word to anybody. */
void emu_cxt_forget_all(struct sdxi_emu *emu);
/** Forget what a context's doorbell was rung for so far. */
void emu_doorbell_idle(struct sdxi_emu *emu, uint16_t num);

/* sdxi_emu_ring.c */

/** Let a context work for a bounded part; 0: it has nothing to do. */
unsigned int emu_cxt_turn(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int budget);

/** Is data's failure the end of the context's run? */
static inline bool
emu_fail_stops(const struct sdxi_emu *emu, const struct emu_cxt *cxt, emu_fail_t fail)
{
	/* [I] A context that is being stopped anyway ends as it was to end. */
	return ((fail & EMU_FAIL_FATAL) || !emu->conf.err_continue) && cxt->mode == EMU_CXT_RUN &&
	       !emu_fn_stopping(emu);
}

/** What the log says of a failure that is or is not. */
static inline enum sdxi_err_reaction
emu_fail_reaction(bool stops)
{
	return stops ? SDXI_RE_CXT_STOPPED : SDXI_RE_INFORMATIVE;
}

#define EMU_FAIL_CSB EMU_FAIL(SDXI_STEP_CST_BLK, SDXI_SUB_STEP_TRANSLATION)

/** Does a context that is not as it mostly is have something to do? Only looks. */
bool emu_ring_has_work(const struct sdxi_emu *emu, const struct emu_cxt *cxt);
/** Take a doorbell, if there is one. */
bool emu_ring_doorbell(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Sample Write_Index; false: it was bad, and the context has failed. */
bool emu_ring_sample(struct sdxi_emu *emu, struct emu_cxt *cxt);
/**
 * Fetch up to @p n descriptors from Read_Index on into the working space, without consuming them;
 * returns how many are valid, or -1 when the ring could not be read.
 */
int emu_ring_fetch(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int n);
/** Look at the block of an operation, of which descriptor and index are known, and judge it. */
emu_fail_t emu_op_begin(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op);
/** Move the next part of an operation's data. */
emu_fail_t emu_op_move(struct sdxi_emu *emu, const struct emu_op *op, size_t part);
/** Write an operation's block, where it has one; false: that is not possible. */
bool emu_op_complete(struct sdxi_emu *emu, struct emu_cxt *cxt, const struct emu_op *op,
		     bool failed);

/** Bits of a descriptor's last word that must be 0 when there is a block. */
#define EMU_CSB_RESERVED (~(SDXI_DSC_NP | SDXI_DSC_CSB_PTR))

/** Do two ranges, none of which wraps, have a byte in common? */
static inline bool
emu_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a - b < b_len || b - a < a_len;
}

/**
 * The value that a block's signal is to have next.
 *
 * Atomic mode, where the context has it, counts down; simple mode writes the terminal value. The
 * two are the same for a start value of 1. [I] csr 0 in a context without csa is simple mode.
 */
static inline uint64_t
emu_signal_next(const struct emu_cxt *cxt, uint32_t opcode, uint64_t signal)
{
	return (opcode & SDXI_DSC_CSR) || !cxt->csa ? 0 : signal - 1;
}

/* sdxi_emu_fast.c */

/**
 * Execute up to @p n descriptors of a context that runs and has nothing in flight and no faults
 * pending, for an owner that can map memory. Returns how many; 0: the next one is not as simple.
 */
unsigned int emu_fast_part(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_fast *fast,
			   unsigned int n);

/* sdxi_emu_free.c */

/** emu_cxt_turn() of a function with freedom. */
unsigned int emu_free_turn(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** A context starts; false: no memory. */
bool emu_free_start(struct emu_cxt *cxt);
/** What stops a context has been found: an entry for the log, and no more fetches. */
void emu_free_error(struct sdxi_emu *emu, struct emu_cxt *cxt, uint64_t index, emu_fail_t fail);
/** A context is told to stop; true: its state is to say so at once. */
bool emu_free_stop(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** Has a context that still has its turns stopped working? */
bool emu_free_ending(const struct emu_cxt *cxt);
/** A number below @p n. */
unsigned int emu_random(struct sdxi_emu *emu, unsigned int n);

/* sdxi_emu_fault.c */

/** How many descriptors a context may consume before one that a pending fault is about. */
uint64_t emu_fault_distance(const struct sdxi_emu *emu, const struct emu_cxt *cxt);

enum emu_hit {
	EMU_HIT_OP,	/**< the operation, if anything: what @p fail and op->hide say */
	EMU_HIT_STALL,	/**< the context, which stands still */
	EMU_HIT_STOP,	/**< the context, which is to stop */
	EMU_HIT_FN,	/**< the function, which is to go to ERROR */
};

/** What happens to the next operation, which no pending fault is in front of. */
enum emu_hit emu_fault_take(struct sdxi_emu *emu, struct emu_cxt *cxt, struct emu_op *op,
			    emu_fail_t *fail);
/** A context is told to stop. */
void emu_fault_stop_asked(struct sdxi_emu *emu, struct emu_cxt *cxt);
/** A context is gone, and with it what kept it. */
void emu_fault_gone(struct sdxi_emu *emu, struct emu_cxt *cxt, bool with_fn);
/** Is a request to the function, which would have an effect, to be ignored? */
bool emu_fault_ignores(struct sdxi_emu *emu, enum sdxi_fn_gsr gsr);
/** Is an activation to fail? */
bool emu_fault_activation(struct sdxi_emu *emu);
/** Is an entry of the log to be lost? ERR_STS has the reason then. */
bool emu_fault_log(struct sdxi_emu *emu);

/* sdxi_emu_admin.c */

/** Judge an administrative descriptor and prepare @p op. */
emu_fail_t emu_admin_judge(const struct sdxi_emu *emu, uint32_t opcode, const struct sdxi_dsc *dsc,
			   struct emu_op *op);

enum emu_admin {
	EMU_ADMIN_DONE,
	EMU_ADMIN_MORE, /**< call again in the next turn */
	EMU_ADMIN_WAIT, /**< the same, but nothing was done */
};

/** Do a part of the administrative operation in flight. */
enum emu_admin emu_admin_step(struct sdxi_emu *emu, struct emu_op *op);

#endif /* _SDXI_EMU_PRIV_H_ */
