/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_EMU_H_
#define _SDXI_EMU_H_

/**
 * @file
 * One SDXI 1.0 function in software, bus-agnostic.
 *
 * The owner (a DPDK virtual device, a QEMU PCI device, a test) gives the function a way to reach
 * memory and to raise interrupts, passes register accesses and doorbells on to it, and calls
 * sdxi_emu_run() for it to make progress. The function holds no thread and no lock: its owner
 * serialises all calls on one function, with sdxi_emu_doorbell() as the one exception.
 *
 * Nothing that is read from memory or written to a register is trusted: a bad address, table, ring
 * or descriptor ends as an SDXI error, never as an access outside the callbacks below.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An SDXI function. */
struct sdxi_emu;

/** How a memory access ended. */
enum sdxi_emu_mem {
	SDXI_EMU_MEM_OK = 0,
	SDXI_EMU_MEM_FAULT = 1,	    /**< the address does not translate for this access */
	SDXI_EMU_MEM_SRC_FAULT = 2, /**< copy only: the source does not */
	SDXI_EMU_MEM_DST_FAULT = 3, /**< copy only: the destination does not */
};

/** Memory in one piece: @p len bytes of the function's addresses from @p iova on are at @p va. */
struct sdxi_emu_map {
	uint64_t iova;
	uint64_t len;
	uint8_t *va;
};

/** What the function needs of its owner. A length is never 0, and may reach over mappings. */
struct sdxi_emu_ops {
	/** Read @p len bytes; on a fault the content of @p buf is undefined. */
	enum sdxi_emu_mem (*read)(void *opaque, uint64_t iova, void *buf, size_t len);
	/** Write @p len bytes; on a fault any part of them may have been written. */
	enum sdxi_emu_mem (*write)(void *opaque, uint64_t iova, const void *buf, size_t len);
	/** Read 8 aligned bytes as one access, in memory's byte order, with an acquire. */
	enum sdxi_emu_mem (*read64)(void *opaque, uint64_t iova, uint64_t *val);
	/** Write 8 aligned bytes as one access, in memory's byte order, with a release. */
	enum sdxi_emu_mem (*write64)(void *opaque, uint64_t iova, uint64_t val);
	/** Copy @p len bytes between places that do not overlap. */
	enum sdxi_emu_mem (*copy)(void *opaque, uint64_t dst, uint64_t src, size_t len);
	/**
	 * Say where the memory around @p iova lies, for direct access until a callback but this is
	 * called or sdxi_emu_run() returns. May be NULL; false: the other callbacks are used.
	 */
	bool (*map)(void *opaque, uint64_t iova, struct sdxi_emu_map *map);
	/** Raise interrupt @p vector. May be NULL. */
	void (*irq)(void *opaque, uint16_t vector);
	/** Milliseconds of a clock that only goes forward. May be NULL. */
	uint64_t (*now_ms)(void *opaque);
	/**
	 * Find another function, for accesses by RKey: its MMIO_RKEY, and in @p mem what read(),
	 * write() and copy() take to access its memory. False: there is none. May be NULL.
	 */
	bool (*peer)(void *opaque, uint16_t sfunc, uint64_t *rkey, void **mem);
};

/** CXT_UPD's cflags: 0, 1 and 2 name levels [I], or bits 0, 1 and 2 do [9], or it fails. */
enum sdxi_emu_cxt_upd {
	SDXI_EMU_CXT_UPD_NUMBER, SDXI_EMU_CXT_UPD_FLAGS, SDXI_EMU_CXT_UPD_REFUSE,
};

/** The csr with which a function decrements signals atomically [I]; NONE: it may lose some. */
enum sdxi_emu_csr { SDXI_EMU_CSR_0, SDXI_EMU_CSR_1, SDXI_EMU_CSR_NONE };

/** What a function offers, and how it decides what SDXI leaves open. */
struct sdxi_emu_conf {
	uint16_t max_cxt;	/**< CAP1, the highest context number: 1 to 65535 */
	uint16_t sfunc;		/**< CAP0.sfunc */
	uint8_t max_ds_ring_sz; /**< CAP0: largest ring is 1024 << this; 0 to 21 */
	uint8_t max_buffer;	/**< CAP1: largest buffer is 2^(this + 21) bytes; 0 to 11 */
	uint8_t max_akey_sz;	/**< CAP1: largest AKey table is 256 << this; 0 to 8 */
	uint8_t max_errlog_sz;	/**< CAP1: largest log is 64 << this; 0 to 4 */
	uint8_t db_stride;	/**< CAP0: doorbells are 4 KiB << this apart; 0 to 7 */
	/**
	 * A failing operation does not stop its context (ERR_FN). An error in the context's own
	 * structures, or in the first word of a descriptor, stops the context in either case.
	 */
	bool err_continue;
	uint8_t cxt_upd; /**< enum sdxi_emu_cxt_upd */
	uint8_t csr;	 /**< enum sdxi_emu_csr */
	/** Descriptors that the Read_Index of a running context stays below Write_Index. */
	uint32_t read_index_lag;
	/** Milliseconds after sdxi_emu_flr() without registers; if not 0, needs now_ms(). */
	uint32_t flr_ms;
	bool flr_ones; /**< meanwhile, they read as ones, not as zeros */
	/**
	 * Doorbell memory for an owner that cannot trap stores, or NULL: (max_cxt + 1) * stride
	 * bytes, zeroed and 8-byte aligned. Those of context 0 and running contexts are accessed.
	 */
	void *doorbells;
	/**
	 * Take every liberty that SDXI leaves to a function, at random: order of execution and of
	 * completion, when what is read and written, and which intermediate states are seen.
	 */
	bool reorder;
	uint64_t seed; /**< the same seed and the same calls make the same choices */
};

/** Fill @p conf with the defaults: 127 contexts and the administrative one, 64 Ki descriptors. */
void sdxi_emu_conf_default(struct sdxi_emu_conf *conf);

/**
 * Set one of @p conf from text. '-' and '_' in a key are the same.
 *
 *   max_cxt=1-65535  max_ring=<descriptors>  max_buffer=<bytes>  db_stride=<bytes>  sfunc=0-65535
 *   error=stop|continue  order=in|random  seed=<number>  cxt_upd=number|flags|refuse
 *   csr=0|1|none  read_index=each|lag:<descriptors>  flr_ms=0-60000  flr_reads=zeros|ones
 * @return 0, -ENOENT for a key that is none of these, or -EINVAL and in @p why, of @p len bytes,
 *   what was expected and found.
 */
int sdxi_emu_conf_parse(struct sdxi_emu_conf *conf, const char *key, const char *value, char *why,
			size_t len);

/**
 * Make a function, in state STOP with all registers at their reset values.
 * @return 0, -EINVAL for a value of @p conf out of range or a callback that is missing, -ENOMEM.
 */
int sdxi_emu_create(const struct sdxi_emu_conf *conf, const struct sdxi_emu_ops *ops,
		    void *opaque, struct sdxi_emu **emu);

/** Free a function; makes no access to memory. NULL is allowed. Not from a callback. */
void sdxi_emu_destroy(struct sdxi_emu *emu);

/** Reset a function to its state after creation, except for counters; drops injected faults. */
void sdxi_emu_reset(struct sdxi_emu *emu);

/** Function-level reset: the same, but faults stay pending, and see sdxi_emu_conf.flr_ms. */
void sdxi_emu_flr(struct sdxi_emu *emu);

/** Read a register of BAR 0, or an aligned part of 1, 2 or 4 bytes. All else reads as 0. */
uint64_t sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size);

/**
 * Write a register of BAR 0. Only aligned accesses of 8 bytes, or of 4 bytes to one half of a
 * register, take effect; the rest, and those to read-only or absent registers, are ignored.
 */
void sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size);

/** Ring a context's doorbell, for owners that trap stores to BAR 2. In any thread, at any time. */
void sdxi_emu_doorbell(struct sdxi_emu *emu, uint16_t cxt, uint64_t val);

/**
 * Let the function work: take what doorbells and requests ask for, and run each context that has
 * work for a bounded part in turn. A long operation continues in the next call.
 * @param budget roughly how much to do: descriptors, each 8 KiB of data counting as one more
 * @return how much was done. 0: nothing to do until the next doorbell or register write; but if
 *   sdxi_emu_waits(), call again later.
 */
unsigned int sdxi_emu_run(struct sdxi_emu *emu, unsigned int budget);

/** Can work appear without a doorbell or register write, e.g. while a descriptor's vl is 0? */
bool sdxi_emu_waits(const struct sdxi_emu *emu);

/** Bytes that the function copies in one go before it looks at other contexts and requests. */
#define SDXI_EMU_CHUNK (256u << 10)

/** What goes wrong: struct sdxi_emu_fault. A block is a completion status block. */
enum sdxi_emu_fault_kind {
	SDXI_EMU_FAULT_FAIL, /**< the operation fails at .step and .sub_step, with nothing done */
	SDXI_EMU_FAULT_LOSE, /**< the operation is done, but its block is never written */
	SDXI_EMU_FAULT_NO_SIGNAL, /**< as FAIL, but of the block only er is written, no signal */
	/**
	 * The context hangs before the operation, which is not consumed, until a hard stop of the
	 * context or of the function, or RESET. .count: how many starts in a row it hangs after.
	 */
	SDXI_EMU_FAULT_STALL,
	/** The context stops before the operation: STOP_FN, nothing is logged. .count as STALL. */
	SDXI_EMU_FAULT_STOP,
	/** The function goes to ERROR before the operation: logged, no CXT_STS is written. */
	SDXI_EMU_FAULT_FN_ERROR,
	/** From the operation on, the next .count log entries are lost: ERR_STS.ovf and sts. */
	SDXI_EMU_FAULT_LOG_OVF,
	SDXI_EMU_FAULT_LOG_ERR, /**< the same, the log being unusable: ERR_STS.err and sts */
	/**
	 * From the operation on, CXT_STOP of this context never takes effect. A stop of the
	 * function and RESET work, and end the fault.
	 */
	SDXI_EMU_FAULT_NO_STOP,
	/** From now on, STOP_SF and STOP_HD are ignored. RESET works, and ends the fault. */
	SDXI_EMU_FAULT_NO_FN_STOP,
	SDXI_EMU_FAULT_NO_RESET,  /**< from now on, every request is ignored, also for ACTIVE */
	SDXI_EMU_FAULT_NO_ACTIVE, /**< the next .count requests for ACTIVE end in ERROR, logged */
	SDXI_EMU_FAULT_FLR,	  /**< sdxi_emu_flr() before the operation */
};
#define SDXI_EMU_FAULT_KINDS (SDXI_EMU_FAULT_FLR + 1)

/** A fault on demand. */
struct sdxi_emu_fault {
	enum sdxi_emu_fault_kind kind;
	uint16_t cxt; /**< context number, where the kind has one, and op */
	uint64_t op;  /**< descriptors that it consumes from now on before the one that is hit */
	uint32_t count;	 /**< operations in a row that are hit, or see the kind; 0 is 1 */
	uint8_t step;	 /**< FAIL, NO_SIGNAL: as in the log; 0 is BUFFER, TRANSLATION */
	uint8_t sub_step;
	uint8_t buf;	 /**< at SDXI_STEP_BUFFER: 0 the source, 1 the destination */
	bool no_block;	 /**< FAIL: the completion status block is not written either */
	bool no_log;	 /**< FAIL, NO_SIGNAL: there is no log entry */
};

/**
 * Read a fault from text: kind[:key=value|:flag]..., for instance "fail:cxt=1:op=5:no_block", of up
 * to 255 characters. Kinds and keys are the names above, in lower case and without prefix.
 * @return 0, or -EINVAL and in @p why, of @p len bytes, what is wrong.
 */
int sdxi_emu_fault_parse(const char *spec, struct sdxi_emu_fault *fault, char *why, size_t len);

/** What sdxi_emu_fault_parse() calls a kind, "?" where it is none. */
const char *sdxi_emu_fault_name(enum sdxi_emu_fault_kind kind);

/**
 * Inject a fault; not to be called from a callback. Of several faults on one operation, lasting
 * ones take effect first, then those that keep it from being consumed, then the first injected.
 * @return 0, -EINVAL for a value of @p fault that is out of its range, -ENOSPC: 256 are pending.
 */
int sdxi_emu_inject(struct sdxi_emu *emu, const struct sdxi_emu_fault *fault);

/** Forget the faults that are pending, and end those that last. */
void sdxi_emu_inject_clear(struct sdxi_emu *emu);

/** Operations, contexts, log entries and requests hit so far by faults of a kind. */
uint64_t sdxi_emu_injected(const struct sdxi_emu *emu, enum sdxi_emu_fault_kind kind);

#endif /* _SDXI_EMU_H_ */
