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
 * sdxi_emu_run() for it to make progress. The function holds no thread and no lock: all calls on
 * one function are to be serialised by its owner, with sdxi_emu_doorbell() as the one exception.
 *
 * Nothing that is read from memory or written to a register is trusted: a bad address, table, ring
 * or descriptor ends as an SDXI error, never as an access outside the callbacks below.
 *
 * For the software on the other side to be tested there are two ways to make its life hard: a
 * function that uses every freedom it has (struct sdxi_emu_conf's freedom), and things that go
 * wrong on demand (sdxi_emu_inject()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An SDXI function. */
struct sdxi_emu;

/** See sdxi_emu_engine_create(). */
struct sdxi_emu_engine;

/** How a memory access ended. */
enum sdxi_emu_mem {
	SDXI_EMU_MEM_OK = 0,
	SDXI_EMU_MEM_FAULT = 1,	    /**< the address does not translate for this access */
	SDXI_EMU_MEM_SRC_FAULT = 2, /**< copy only: the source does not */
	SDXI_EMU_MEM_DST_FAULT = 3, /**< copy only: the destination does not */
};

/**
 * Memory in one piece: @p len bytes of the function's addresses from @p iova on lie at @p va on.
 */
struct sdxi_emu_map {
	uint64_t iova;
	uint64_t len;
	uint8_t *va;
};

/**
 * What the function needs of its owner. Addresses are IO virtual addresses of the function's own
 * address space; a length is never 0 and may reach over any number of mappings.
 */
struct sdxi_emu_ops {
	/** Read @p len bytes; on a fault the content of @p buf is undefined. */
	enum sdxi_emu_mem (*read)(void *opaque, uint64_t iova, void *buf, size_t len);
	/** Write @p len bytes; on a fault any part of them may have been written. */
	enum sdxi_emu_mem (*write)(void *opaque, uint64_t iova, const void *buf, size_t len);
	/**
	 * Read 8 bytes at an 8-byte aligned address as one access, in memory's byte order. Later
	 * accesses are not made before it (acquire).
	 */
	enum sdxi_emu_mem (*read64)(void *opaque, uint64_t iova, uint64_t *val);
	/**
	 * Write 8 bytes at an 8-byte aligned address as one access, in memory's byte order. Earlier
	 * accesses are visible before it (release).
	 */
	enum sdxi_emu_mem (*write64)(void *opaque, uint64_t iova, uint64_t val);
	/** Copy @p len bytes between places that do not overlap. */
	enum sdxi_emu_mem (*copy)(void *opaque, uint64_t dst, uint64_t src, size_t len);
	/**
	 * Say where the memory around @p iova lies, for the function to read and write it directly:
	 * until it calls another of these callbacks, or sdxi_emu_run() returns. May be NULL, and
	 * may give false for anything: the other callbacks are asked then.
	 */
	bool (*map)(void *opaque, uint64_t iova, struct sdxi_emu_map *map);
	/** Raise interrupt @p vector. May be NULL. */
	void (*irq)(void *opaque, uint16_t vector);
};

/** What a function offers: the reset values of its capability registers, and its manners. */
struct sdxi_emu_conf {
	uint16_t max_cxt;      /**< CAP1.max_cxt, the highest context number: 1 to 65535 */
	uint16_t sfunc;	       /**< CAP0.sfunc */
	uint8_t max_ds_ring_sz; /**< CAP0.max_ds_ring_sz: largest ring is 1024 << this; 0 to 21 */
	uint8_t max_buffer;    /**< CAP1.max_buffer: largest buffer is 2^(this + 21); 0 to 11 */
	uint8_t max_akey_sz;   /**< CAP1.max_akey_sz: largest AKey table is 256 << this; 0 to 8 */
	uint8_t max_errlog_sz; /**< CAP1.max_errlog_sz: largest log is 64 << this; 0 to 4 */
	uint8_t db_stride;     /**< CAP0.db_stride: doorbells are 4 KiB << this apart; 0 to 7 */
	/**
	 * Reaction to a failing data operation: false, its context stops with CXT_STS.state ERR_FN;
	 * true, the context goes on behind it. What is wrong with the structures of a context, or
	 * with the first word of a descriptor, stops it in either case.
	 */
	bool err_continue;
	/**
	 * Doorbell memory for an owner that cannot trap stores, or NULL: (max_cxt + 1) * stride
	 * bytes, zeroed and 8-byte aligned, to which software stores doorbell values directly. The
	 * function looks at the doorbells of running contexts only, and touches no page of the
	 * others.
	 */
	void *doorbells;
	/**
	 * Take every liberty that SDXI leaves to a function, at random: order of execution and of
	 * completion, when Write_Index is sampled and Read_Index written, what is seen of states
	 * in between, how late a signal, a log entry or an interrupt is. Slow; for tests.
	 */
	bool freedom;
	/** Of the pseudo-random choices: the same seed and the same calls make the same ones. */
	uint64_t seed;
};

/** Fill @p conf with the defaults: 127 contexts beside the administrative one, 64 Ki descriptors,
 * 4 GiB buffers, 4 KiB doorbells, errors stop the context.
 */
void sdxi_emu_conf_default(struct sdxi_emu_conf *conf);

/**
 * Make a function, in state STOP with all registers at their reset values.
 *
 * @return 0, -EINVAL for a value of @p conf that is out of its range, -ENOMEM.
 */
int sdxi_emu_create(const struct sdxi_emu_conf *conf, const struct sdxi_emu_ops *ops,
		    void *opaque, struct sdxi_emu **emu);

/** Free a function; makes no access to memory. NULL is allowed. */
void sdxi_emu_destroy(struct sdxi_emu *emu);

/**
 * Bring a function to what sdxi_emu_create() made, as function-level reset does. Injected faults
 * are forgotten.
 */
void sdxi_emu_reset(struct sdxi_emu *emu);

/**
 * Read a register of BAR 0. @p off is any offset and need not be aligned; @p size is 1, 2, 4 or 8.
 * Bytes that belong to no register read as 0.
 */
uint64_t sdxi_emu_reg_read(struct sdxi_emu *emu, uint64_t off, unsigned int size);

/**
 * Write a register of BAR 0. Only aligned accesses of 8 bytes, or of 4 bytes to one half of a
 * register, take effect; the rest, and those to read-only or absent registers, are ignored.
 */
void sdxi_emu_reg_write(struct sdxi_emu *emu, uint64_t off, uint64_t val, unsigned int size);

/**
 * Ring a context's doorbell, for owners that trap stores to BAR 2. May be called at any time and
 * from any thread; contexts that do not exist or do not run are ignored.
 */
void sdxi_emu_doorbell(struct sdxi_emu *emu, uint16_t cxt, uint64_t val);

/**
 * Let the function work: take what doorbells and requests ask for, and run each context that has
 * work for a bounded part in turn.
 *
 * @param budget
 *   Roughly how much to do: descriptors, each @ref SDXI_EMU_CHUNK bytes of data counting as one
 *   more. A long operation goes on in the next call.
 * @return
 *   How much was done; 0 when the function has nothing to do until the next doorbell or register
 *   write (a context that waits for a descriptor to become valid counts as nothing to do, and is
 *   to be looked at again: see sdxi_emu_waits()).
 */
unsigned int sdxi_emu_run(struct sdxi_emu *emu, unsigned int budget);

/**
 * Behind an sdxi_emu_run() that had nothing to do: may there be work later without a doorbell or a
 * register write? For an owner that lets the function sleep, and has to look at it now and then.
 */
bool sdxi_emu_waits(const struct sdxi_emu *emu);

/** What is to go wrong: struct sdxi_emu_fault. */
enum sdxi_emu_fault_kind {
	/**
	 * The operation fails at .step and .sub_step, nothing of it having been done. The context
	 * reacts as struct sdxi_emu_conf's err_continue says.
	 */
	SDXI_EMU_FAULT_FAIL,
	/** The operation is executed, its completion status block is never written. */
	SDXI_EMU_FAULT_LOSE,
	/** As FAIL, but of the block er alone is written, not the signal. */
	SDXI_EMU_FAULT_NO_SIGNAL,
	/**
	 * The context stands still in front of the operation, which is not consumed. A soft stop
	 * of the context or of the function never ends; a hard one, or RESET, does, and ends the
	 * fault. With .count the context stands still so many times, as software starts it again.
	 */
	SDXI_EMU_FAULT_STALL,
	/**
	 * The context stops by itself in front of the operation, which is not consumed:
	 * CXT_STS.state is STOP_FN, nothing is logged. Software may start it again; .count is as
	 * for STALL.
	 */
	SDXI_EMU_FAULT_STOP,
	/**
	 * The function goes to ERROR in front of the operation: a log entry says so, no CXT_STS is
	 * written, and nothing moves any more. Left by RESET.
	 */
	SDXI_EMU_FAULT_FN_ERROR,
	/** From the operation on, the next .count log entries are lost: ERR_STS.ovf and sts. */
	SDXI_EMU_FAULT_LOG_OVF,
	/** The same, the log being unusable: ERR_STS.err and sts. */
	SDXI_EMU_FAULT_LOG_ERR,
	/**
	 * From the operation on, CXT_STOP of this context never takes effect, soft or hard, so that
	 * SYNC(STOP) about it is never answered. A stop of the function and RESET work, and end the
	 * fault.
	 */
	SDXI_EMU_FAULT_NO_STOP,
	/** From now on, STOP_SF and STOP_HD are ignored. RESET works, and ends the fault. */
	SDXI_EMU_FAULT_NO_FN_STOP,
	/**
	 * From now on, the function does not leave its state, whatever is asked. Only taking its
	 * memory from it, sdxi_emu_reset() and sdxi_emu_inject_clear() help.
	 */
	SDXI_EMU_FAULT_NO_RESET,
	/** The next .count requests for ACTIVE end in ERROR, with a log entry. */
	SDXI_EMU_FAULT_NO_ACTIVE,
};
#define SDXI_EMU_FAULT_KINDS (SDXI_EMU_FAULT_NO_ACTIVE + 1)

/** Something that is to go wrong. */
struct sdxi_emu_fault {
	enum sdxi_emu_fault_kind kind;
	/** Context number. Not used by NO_FN_STOP, NO_RESET and NO_ACTIVE, as is op. */
	uint16_t cxt;
	/**
	 * Descriptors that the context consumes from now on before the one that is hit; 0 is the
	 * next one. The count goes on over stops and starts of the context, and over RESET.
	 */
	uint64_t op;
	/** How many operations in a row are hit, or see the kind; 0 counts as 1. */
	uint32_t count;
	/**
	 * FAIL and NO_SIGNAL: as the error log has them. A step of 0 stands for SDXI_STEP_BUFFER
	 * with SDXI_SUB_STEP_TRANSLATION.
	 */
	uint8_t step;
	uint8_t sub_step;
	/** FAIL and NO_SIGNAL at SDXI_STEP_BUFFER: 0 the source, 1 the destination. */
	uint8_t buf;
	bool no_block; /**< FAIL: the completion status block is not written either */
	bool no_log;   /**< FAIL and NO_SIGNAL: there is no log entry */
};

/**
 * Read a fault from text: kind[:key=value|:flag]..., for instance "fail:cxt=1:op=5:no_block". Kinds
 * are named as above, keys and flags as in struct sdxi_emu_fault. Whether the function has the
 * context is for sdxi_emu_inject() to say.
 *
 * @param why
 *   On an error, what is wrong in words, in @p len bytes.
 * @return 0 or -EINVAL.
 */
int sdxi_emu_fault_parse(const char *spec, struct sdxi_emu_fault *fault, char *why, size_t len);

/** What sdxi_emu_fault_parse() calls a kind, "?" where it is none. */
const char *sdxi_emu_fault_name(enum sdxi_emu_fault_kind kind);

/**
 * Have something go wrong. Any number of faults may be pending. To be serialised as
 * sdxi_emu_run() is, and not to be called from its callbacks.
 *
 * Of several that are about one operation, those that last begin first; then come those that keep
 * the operation from being consumed, and then one of FAIL, LOSE and NO_SIGNAL: the one injected
 * first, the others hitting the operations behind it.
 *
 * @return 0, -EINVAL for a value of @p fault that is out of its range, -ENOMEM.
 */
int sdxi_emu_inject(struct sdxi_emu *emu, const struct sdxi_emu_fault *fault);

/**
 * Forget the faults that are pending, and end those that last: STALL, NO_STOP, NO_FN_STOP,
 * NO_RESET, LOG_OVF and LOG_ERR.
 */
void sdxi_emu_inject_clear(struct sdxi_emu *emu);

/**
 * How often injected faults have hit since sdxi_emu_create(): operations, stalls, stops, log
 * entries lost, and requests without effect (CXT_STOP, and those to the function) count one each.
 */
uint64_t sdxi_emu_injected(const struct sdxi_emu *emu);

/** The same of one kind. */
uint64_t sdxi_emu_injected_of(const struct sdxi_emu *emu, enum sdxi_emu_fault_kind kind);

/**
 * How many descriptors of this type and subtype the function has seen since sdxi_emu_create().
 * Copies are not counted.
 */
uint64_t sdxi_emu_seen(const struct sdxi_emu *emu, unsigned int type, unsigned int subtype);

/**
 * A helper of sdxi_emu_run(), for owners with more threads: it serves the contexts whose numbers
 * are @p index modulo @p count, as far as they do no more than copy between memory that can be
 * mapped.
 *
 * @return 0, -EINVAL for an index that is not below the count, -ENOMEM.
 */
int sdxi_emu_engine_create(struct sdxi_emu *emu, unsigned int index, unsigned int count,
			   struct sdxi_emu_engine **engine);

/** Free a helper; it must not be at work. NULL is allowed. */
void sdxi_emu_engine_destroy(struct sdxi_emu_engine *engine);

/**
 * Do some work. Helpers may do so at the same time, each in one thread; what else is called on the
 * function, but for sdxi_emu_doorbell(), is to be serialised with all of them.
 *
 * @param[out] rest
 *   There is something to be done that only sdxi_emu_run() can do.
 * @return
 *   As sdxi_emu_run().
 */
unsigned int sdxi_emu_engine_run(struct sdxi_emu_engine *engine, bool *rest);

/** Bytes that the function copies in one go before it looks at other contexts and requests. */
#define SDXI_EMU_CHUNK (256u << 10)

#ifdef __cplusplus
}
#endif

#endif /* _SDXI_EMU_H_ */
