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
 *   sdxi_emu_admin.c  operations of the administrative context
 *   sdxi_emu_log.c    error log
 *
 * Where public facts about SDXI do not say what a function does, this one decides for itself. Each
 * such choice is tagged [I] at the one place that makes it; those that are values stand here.
 */

#include "sdxi_emu.h"
#include "sdxi_hw.h"

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
/** AKeys that a context remembers; a power of two. */
#define EMU_AKEYS 4

#define EMU_LIKELY(x) __builtin_expect(!!(x), 1)
#define EMU_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define EMU_MIN(a, b) ((a) < (b) ? (a) : (b))

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
	return __builtin_bswap16(v);
}

static inline uint32_t
emu_le32(uint32_t v)
{
	return __builtin_bswap32(v);
}

static inline uint64_t
emu_le64(uint64_t v)
{
	return __builtin_bswap64(v);
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
	bool er;	/**< administrative: failed for at least one context */
};

/** An AKey that was valid when it was looked up. */
struct emu_akey {
	uint32_t tag; /**< AKey + 1, 0: nothing */
	uint16_t intr_num;
	bool iv;
};

/** A context. */
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
	uint16_t num;
	uint8_t mode;	    /**< enum emu_cxt_mode */
	bool hard;	    /**< mode STOPPING: abandon what is in flight */
	bool csa;
	bool kick;	    /**< to be treated as if its doorbell had been rung */
	bool busy;	    /**< op is in flight */
	bool stopg;	    /**< STOPG_FN has been written */
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
	struct sdxi_dsc dsc[EMU_BATCH] __attribute__((aligned(64)));
	/** By ascending address, so that a block which is there already is seen at the end. */
	struct emu_pend pend[EMU_BATCH];
	unsigned int n_pend;
	unsigned int n_retired; /**< descriptors of dsc[] that Read_Index has passed */
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

	/* Latched at activation. */
	uint64_t lim_l2_ptr;
	uint32_t lim_opb;
	uint16_t lim_max_cxt;
	uint8_t lim_max_buffer;
	uint8_t lim_max_akey_sz;

	bool in_run;	/**< a callback of the owner's may be on the stack */
	bool irq_due;	/**< vector 0, after what it tells of is visible */
	bool reset_due; /**< asked for from within a callback */
	bool gsr_due;	/**< CTL0.fn_gsr was written from within a callback */

	/** Contexts with work, or with a doorbell to look at. */
	struct emu_cxt **run;
	uint32_t n_run;
	uint32_t run_alloc;
	uint32_t run_next;
	uint32_t n_stopping;

	/** Trapped doorbells, a bit each; written by any thread. */
	uint64_t *db_bits;
	/** Contexts by number / 128, made when one is first started, kept until the end. */
	struct emu_chunk *chunk[SDXI_L2_ENTRIES];

	struct emu_turn turn;
};

/* sdxi_emu_log.c */

/** Tell the error log of a failure; @p index EMU_NO_DESC: no descriptor. */
void emu_log(struct sdxi_emu *emu, uint16_t cxt, uint64_t index, emu_fail_t fail,
	     enum sdxi_err_reaction re);

/* sdxi_emu_cxt.c */

/** A context that has ever been started, or NULL. */
struct emu_cxt *emu_cxt_find(struct sdxi_emu *emu, uint16_t num);
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
/** Forget all contexts without a word to anybody. */
void emu_cxt_forget_all(struct sdxi_emu *emu);
/** Forget what a context's doorbell was rung for so far. */
void emu_doorbell_idle(struct sdxi_emu *emu, uint16_t num);

/* sdxi_emu_ring.c */

/** Let a context work for a bounded part; 0: it has nothing to do. */
unsigned int emu_cxt_turn(struct sdxi_emu *emu, struct emu_cxt *cxt, unsigned int budget);

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
