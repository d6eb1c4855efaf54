/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_FN_H_
#define _TEST_FN_H_

/** @file
 * A model of a function, controlled by the test: registers, administrative commands, contexts that
 * execute descriptors on request, error log. Reads tables, contexts and descriptors as bytes,
 * without the driver's masks, and checks them. Caches tables until CXT_UPD.
 *
 * The test also controls time: the driver's sleeps are only counted.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "sdxi_internal.h"
#include "sdxi_regs.h"

enum { STOP, INIT, ACTIVE, STOPG_SF, STOPG_HD, ERROR };
enum { RESET, STOP_SF, STOP_HD, ACTIVATE };

/* Pseudo offset for bus mastering in the record of accesses. */
#define DMA_OFF	0xfffffff0
#define DMA_ON	0xfffffff1
#define READ	0x80000000 /* flag for reads of ERR_STS, ERR_WRT and ERR_RD */

#define FN_GRP	  (UINT64_C(0xcafe0123) << 32)
#define FN_CAP1	  (UINT64_C(0x18) << 32 | UINT64_C(0xffff) << 16 | 0x3253)
#define FN_STRIDE 4096
#define FN_CXTS	  4 /* number of modelled contexts */

/* Bits of an error log entry. */
#define LOG_VL	  UINT64_C(1)
#define LOG_TYPE  (UINT64_C(0x7f7) << 16)
#define LOG_CV	  (UINT64_C(1) << 32)
#define LOG_DIV	  (UINT64_C(1) << 33)
#define LOG_BV	  (UINT64_C(1) << 34)
#define LOG_ALL	  (LOG_VL | LOG_TYPE | LOG_CV | LOG_DIV | LOG_BV)
/* An untranslated source, and the function's reaction. */
#define LOG_SRC(re) (LOG_ALL | 10 << 8 | UINT64_C(1) << 40 | (uint64_t)(re) << 44)

enum { STOP_SW = 0, RUN = 1, STOPG_SW = 2, STOP_FN = 4, ERR_FN = 0xf };

/** A context as read by the function. */
struct fn_cxt {
	bool known, runs;
	uint8_t *sts, *write_index, *ring;
	uint64_t size;
};

struct test_fn {
	uint64_t ctl0, ctl2, cap0, cap1, version, cxt_l2, rkey;
	uint64_t err_ctl, err_sts, err_cfg, err_wrt, err_rd;
	unsigned int state;
	unsigned int next[4];	/**< state after each request */
	bool absent;		/**< registers read as .absent_val */
	uint64_t absent_val;
	uint64_t back_at;	/**< value of .slept at which registers return; 0: never */
	bool dma_fails;
	bool real_time;		/**< really sleep */

	struct {
		uint32_t off;
		uint64_t val;
	} access[512];
	unsigned int nb_access;
	unsigned int reads;	/**< number of register reads */
	uint64_t slept;		/**< in us */
	void (*on_access)(uint32_t off); /**< called at each recorded access */

	/**
	 * Administrative commands in order: S CXT_START_NM, s CXT_STOP, h CXT_STOP with hs, Y
	 * SYNC(STOP), U CXT_UPD, C SYNC(CXT).
	 */
	char cmds[256];
	const char *refused; /**< commands that end with er and stop the administrative context */
	const char *ignored; /**< commands that are never completed */
	bool heals;	     /**< both only until the next activation */
	bool soft_hangs;     /**< CXT_STOP without hs leaves contexts in STOPG_SW */

	struct fn_cxt cxt[FN_CXTS];
	uint64_t ran[64];    /**< destinations of executed copies */
	unsigned int nb_ran;
};

extern struct test_fn fn;
extern uint64_t fn_db[FN_CXTS * FN_STRIDE / 8];

/** Create a function in STOP and a device for it; log lines are captured. */
struct sdxi_dev *fn_create(void);
void fn_destroy(struct sdxi_dev *dev);
extern const struct sdxi_fn_ops test_fn_ops;

/** Create the vchans of the device and the state of its control thread. */
void fn_vchans(struct sdxi_dev *dev, uint16_t nb_vchans, bool silent);

/** Read @p len bytes, little-endian. */
uint64_t fn_le(const void *p, unsigned int len);

/** Memory at an address: IOVA is VA with --no-huge. */
static inline uint8_t *
fn_at(uint64_t iova)
{
	return (uint8_t *)(uintptr_t)iova;
}

/** Check all bytes of a context's tables; returns its CXT_CTL. */
const uint8_t *fn_check_context(uint16_t num, uint32_t ring_sz);

/** Execute administrative commands. Also done at each read of STS0. */
void fn_work(void);

/** Execute up to @p nb descriptors of a running context; returns how many. */
unsigned int fn_exec(uint16_t num, unsigned int nb);

/** Consume a descriptor without writing its completion block. Returns its index. */
uint64_t fn_take(uint16_t num);

/** As fn_take(), and write er and signal. */
uint64_t fn_fail(uint16_t num);

/** Write CXT_STS.state. */
void fn_cxt_state(uint16_t num, uint8_t state);

/** Write an entry of the error log. */
void fn_log_entry(uint64_t hd, uint16_t num, uint64_t index);

/** Number of log lines with this text since the last fn_log_forget(). */
unsigned int fn_logged(const char *text);
void fn_log_forget(void);

#endif /* _TEST_FN_H_ */
