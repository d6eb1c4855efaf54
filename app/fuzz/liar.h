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
 * memory barrier, and between calls; and before any load, if it is to. The control thread is here,
 * too: a round of it is run where the application or the input says so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdxi_internal.h"

/** Channels that the application may ask for. */
#define LIAR_MAX_VCHANS 3

/** The application's memory, all of which the function reaches. */
#define LIAR_MEM_LEN (832u << 10)
extern uint8_t liar_mem[LIAR_MEM_LEN];
/** Addresses from 0 up to this reach nothing, and the application may name them. */
#define LIAR_NOWHERE (UINT64_C(1) << 32)

/** The device whose function it is; NULL: none. */
extern struct sdxi_dev *liar_dev;

/** What has happened since the function was made. */
extern struct liar_past {
	bool lied;	/**< or written what it may not */
	bool faulty;	/**< something has gone wrong otherwise */
	bool incurable; /**< by a lie at probe that cannot be taken back */
} liar_past;

/** Who is in the driver. */
enum liar_who {
	LIAR_NOBODY,
	LIAR_DATA_PATH,
	LIAR_CONTROL, /* a control operation */
	LIAR_THREAD,
};

/** A call into the driver begins; gives who was in it before, to be put back. */
enum liar_who liar_enter(enum liar_who who);
void liar_leave(enum liar_who was);

/** What is left of the input: zeros after its end. */
bool liar_has_input(void);
uint8_t liar_take8(void);
uint16_t liar_take16(void);
/** A number as it is likely to matter, around @p near or anywhere. */
uint64_t liar_take_val(uint64_t near);

/**
 * Make the function, from the input; gives how it is accessed.
 *
 * @param meanwhile
 *   Called where the control thread sleeps and nobody is in the data path.
 */
struct sdxi_fn liar_create(const uint8_t *data, size_t len, void (*meanwhile)(void));
/** Its device is closed, or was never there: the driver must have left it alone, and no memory. */
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

/** A round of the control thread, if there is one. */
void liar_thread(bool periodic);

/** End the program if something is not as it must be. */
void liar_check(bool ok, const char *fmt, ...) __rte_format_printf(2, 3);

#endif /* _LIAR_H_ */
