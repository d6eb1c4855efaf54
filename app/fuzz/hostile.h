/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _HOSTILE_H_
#define _HOSTILE_H_

/** @file
 * A hostile function: the emulated one, with registers and memory corrupted as the input says.
 * Without input (zeros, or its end) it is not hostile. It acts when the driver accesses a register,
 * rings a doorbell, waits or executes a memory barrier, between calls, and optionally before any
 * load. The control thread is also run from here, when the application or the input says so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdxi_internal.h"

/** Maximum number of channels. */
#define HOSTILE_MAX_VCHANS 3

/** Memory of the application, accessible to the function. */
#define HOSTILE_MEM_LEN (832u << 10)
extern uint8_t hostile_mem[HOSTILE_MEM_LEN];
/** Addresses below this are not mapped, but the application may use them. */
#define HOSTILE_UNMAPPED (UINT64_C(1) << 32)

/** Device of the function, or NULL. */
extern struct sdxi_dev *hostile_dev;

/** What has happened since the function was created. */
extern struct hostile_past {
	bool corrupted;	/**< the function violated the specification */
	bool faulty;	/**< something else went wrong */
	bool permanent; /**< corrupted at probe, which cannot be undone */
} hostile_past;

/** The caller of the driver. */
enum hostile_who {
	HOSTILE_NOBODY,
	HOSTILE_DATA_PATH,
	HOSTILE_CONTROL, /* a control operation */
	HOSTILE_THREAD,
};

/** Enter the driver; returns the previous caller, to be restored. */
enum hostile_who hostile_enter(enum hostile_who who);
void hostile_leave(enum hostile_who was);

/** Is there input left? It reads as zeros after its end. */
bool hostile_has_input(void);
uint8_t hostile_take8(void);
uint16_t hostile_take16(void);
/** A value that is likely to be interesting, around @p near or random. */
uint64_t hostile_take_val(uint64_t near);

/**
 * Create the function from the input; returns its access methods.
 *
 * @param meanwhile Called when the control thread sleeps and no other caller is in the data path.
 */
struct sdxi_fn hostile_create(const uint8_t *data, size_t len, void (*meanwhile)(void));
/** No device is left: the driver must have stopped the function and freed all memory. */
void hostile_closed(void);
void hostile_destroy(void);

/** Take one action from the input. */
void hostile_act(void);
/** Run the emulated function, and deliver interrupts. */
void hostile_run(unsigned int budget);
/** Advance the time. */
void hostile_advance(uint64_t ns);
/** Stop being hostile: corrupt nothing, fail nothing. */
void hostile_end(void);

/** Run a round of the control thread, if there is one. */
void hostile_thread(bool periodic);

/** Abort if a condition does not hold. */
void hostile_check(bool ok, const char *fmt, ...) __rte_format_printf(2, 3);

#endif /* _HOSTILE_H_ */
