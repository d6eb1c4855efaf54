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
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An SDXI function. */
struct sdxi_emu;

/** How a memory access ended. */
enum sdxi_emu_mem {
	SDXI_EMU_MEM_OK = 0,
	SDXI_EMU_MEM_FAULT = 1,	    /**< the address does not translate for this access */
	SDXI_EMU_MEM_SRC_FAULT = 2, /**< copy only: the source does not */
	SDXI_EMU_MEM_DST_FAULT = 3, /**< copy only: the destination does not */
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

/** Bring a function to what sdxi_emu_create() made, as function-level reset does. */
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
 *   to be looked at again).
 */
unsigned int sdxi_emu_run(struct sdxi_emu *emu, unsigned int budget);

/** Bytes that the function copies in one go before it looks at other contexts and requests. */
#define SDXI_EMU_CHUNK (256u << 10)

#ifdef __cplusplus
}
#endif

#endif /* _SDXI_EMU_H_ */
