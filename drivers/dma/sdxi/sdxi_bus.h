/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_BUS_H_
#define _SDXI_BUS_H_

/** @file Between the driver and the bus that finds a function: what each needs of the other. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_compat.h>
#include <dev_driver.h>

struct sdxi_fn;

/** How to access a function. Control path only; called in the primary process only. */
struct sdxi_fn_ops {
	/** Read a register; @p off is one of SDXI_MMIO_*. */
	uint64_t (*reg_read)(const struct sdxi_fn *fn, uint32_t off);
	/** Write a register. Earlier stores to memory are visible to the function first. */
	void (*reg_write)(const struct sdxi_fn *fn, uint32_t off, uint64_t val);
	/** Let the function access memory (bus mastering), or not: 0, or a negative errno. */
	int (*dma_enable)(const struct sdxi_fn *fn, bool on);
	/** Have @p cb, which may use no @p fn, called at vector 0: 0, or an errno. NULL: none. */
	int (*irq_enable)(const struct sdxi_fn *fn, void (*cb)(void *arg), void *arg);
	/** Undo irq_enable(); returns when no call of @p cb is in progress. */
	void (*irq_disable)(const struct sdxi_fn *fn);
	/** The driver has closed the device. May be NULL. */
	void (*release)(const struct sdxi_fn *fn);
};

/** A function as the primary process accesses it. */
struct sdxi_fn {
	const struct sdxi_fn_ops *ops;
	void *opaque;	 /**< the bus's own */
	void *db;	 /**< doorbells (BAR 2), at the same address in all processes */
	uint64_t db_len; /**< bytes */
	uint64_t dev_capa; /**< RTE_DMA_CAPA_* that the bus adds */
};

/** Keys of device arguments on every bus; in a list; and for RTE_PMD_REGISTER_PARAM_STRING. */
#define SDXI_ARG_MAX_VCHANS  "max_vchans"
#define SDXI_ARG_ERRLOG_SIZE "errlog_size"
#define SDXI_ARG_WATCHDOG    "watchdog"
#define SDXI_ARG_NAMES SDXI_ARG_MAX_VCHANS ", " SDXI_ARG_ERRLOG_SIZE ", " SDXI_ARG_WATCHDOG
#define SDXI_ARG_PARAMS SDXI_ARG_MAX_VCHANS "=<1-65535> " SDXI_ARG_ERRLOG_SIZE "=<64-1984> "       \
	SDXI_ARG_WATCHDOG "=<0-600000>"

/** Values of these arguments. All zeros but .watchdog_ms are the defaults. */
struct sdxi_args {
	uint16_t max_vchans;  /**< 0: as many as the function has client contexts */
	uint16_t errlog_size; /**< entries, a multiple of 64; 0: default */
	uint32_t watchdog_ms; /**< hang timeout; 0 disables */
};
#define SDXI_ARGS_DEFAULT { .watchdog_ms = 30000 }

/** Take one key=value: 0, -ENOENT for an unknown key, -EINVAL for a bad value, which is logged. */
__rte_internal
int sdxi_args_parse(const char *name, const char *key, const char *value, struct sdxi_args *args);

/**
 * Make a dmadev for a function, which is left in STOP: 0, -ENODEV or -ETIMEDOUT (it does not
 * respond or stop), -ENOTSUP (not version 1.x), -EINVAL (an argument exceeds what it has), -ENOMEM.
 * @p fn is copied, and released when the dmadev is closed, not if this fails.
 */
__rte_internal
int sdxi_dmadev_create(const char *name, struct rte_device *device, const struct sdxi_fn *fn,
		       const struct sdxi_args *args);

/** Make a secondary process's dmadev: 0, or -ENODEV if the primary has no such device. */
__rte_internal
int sdxi_dmadev_attach(const char *name, struct rte_device *device);

/** Stop and close the dmadev of that name, if any: 0, or a negative errno and it still exists. */
__rte_internal
int sdxi_dmadev_destroy(const char *name);

#endif /* _SDXI_BUS_H_ */
