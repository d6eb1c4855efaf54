/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_VDEV_ARGS_H_
#define _SDXI_VDEV_ARGS_H_

/** @file Arguments of an emulated function: --vdev=dma_sdxi_emu0,<key>=<value>,... */

#include <sdxi_emu.h>

#include "sdxi_bus.h"

/** Faults that one function's arguments may ask for. */
#define SDXI_VDEV_MAX_FAULTS 32

/** Threads that one function may run on. */
#define SDXI_VDEV_MAX_ENGINES 16

/** The keys, for RTE_PMD_REGISTER_PARAM_STRING. */
#define SDXI_VDEV_ARG_PARAMS                                                                       \
	"max_cxt=<1-65535> "                                                                       \
	"max_ring=<1024-65536> "                                                                   \
	"max_buffer=<2097152-4294967296> "                                                         \
	"db_stride=<4096-524288> "                                                                 \
	"lcore=<lcore> "                                                                           \
	"engines=<1-16> "                                                                          \
	"error=stop|continue "                                                                     \
	"order=in|random "                                                                         \
	"seed=<uint64> "                                                                           \
	"fault=<kind>[:<key>=<value>|:<flag>]... "                                                 \
	SDXI_ARG_PARAMS

struct sdxi_vdev_args {
	struct sdxi_emu_conf conf;
	struct sdxi_args drv;
	int lcore; /**< of the function's first thread; -1: wherever there is room */
	unsigned int engines; /**< threads */
	struct sdxi_emu_fault faults[SDXI_VDEV_MAX_FAULTS];
	unsigned int nb_faults;
};

/**
 * @param str
 *   As given to the device, or NULL for none.
 * @return
 *   0, or -EINVAL or -ENOMEM that has been logged.
 */
int sdxi_vdev_args_parse(const char *name, const char *str, struct sdxi_vdev_args *args);

#endif /* _SDXI_VDEV_ARGS_H_ */
