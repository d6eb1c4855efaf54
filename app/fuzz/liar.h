/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _LIAR_H_
#define _LIAR_H_

/**
 * @file
 * A function that lies: the emulated one, with whatever the input asks for laid over its registers
 * and over the memory that the driver gives it. Where the input asks for nothing (zeros, or its
 * end) it is honest. It acts where the driver accesses a register, rings a doorbell, waits or has a
 * memory barrier, and between calls; and it writes between any two loads, if it is to.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdxi_dev.h"

/** Bytes of the application's memory that the function can reach, at liar_mem. */
#define LIAR_MEM_LEN (64u << 10)
extern uint8_t liar_mem[LIAR_MEM_LEN];
/** Addresses from 0 up to this reach nothing, and the application may name them. */
#define LIAR_NOWHERE (UINT64_C(1) << 32)

/** Steps that one call of the driver's may take at most, whatever the function does. */
#define LIAR_MAX_STEPS 1000000

/** Channels that the application may ask for. */
#define LIAR_MAX_VCHANS 3

/** What is left of the input: zeros behind its end. */
void liar_input(const uint8_t *data, size_t len);
bool liar_has_input(void);
uint8_t liar_take8(void);
uint16_t liar_take16(void);
uint64_t liar_take64(void);
/** A number as it is likely to matter, around @p near or anywhere. */
uint64_t liar_take_val(uint64_t near);

/** Make the function, from the input; gives how it is reached. */
struct sdxi_fn liar_create(void);
/** It is the function of this device; NULL: of none. */
void liar_serve(struct sdxi_dev *dev);
/** Is it certain that the driver finds a Read_Index that cannot be, when it looks at it next? */
bool liar_index_is_bad(unsigned int vchan);
/** Changes when the driver makes a channel's indices anew. */
uint32_t liar_remade(unsigned int vchan);
/**
 * Its device is closed, or was never there: it has been left alone, and leaves alone what it had.
 */
void liar_forsake(void);
void liar_destroy(void);

/** One act of the function's, from the input. */
void liar_act(void);
/** Let it work, and interrupt. */
void liar_run(unsigned int budget);
/** Let time pass. */
void liar_pass(uint64_t ns);
/** It lies no more, and nothing goes wrong. */
void liar_repent(void);
/** The same; and it is reset if it has lied about what it has, for the driver to ask again. */
void liar_cure(void);
/** Would it be one that the driver can use then? If not, the input has seen to that. */
bool liar_has_cure(void);

/** The driver is called: it has LIAR_MAX_STEPS. Gives how many were taken by all calls so far. */
uint64_t liar_call(void);

/** Pieces of memory that the driver holds. */
unsigned int liar_nb_pieces(void);

/** End the program where something is not as it has to be. */
void liar_check(bool ok, const char *fmt, ...) __rte_format_printf(2, 3);

#endif /* _LIAR_H_ */
