/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_VDEV_H_
#define _SDXI_VDEV_H_

/**
 * @file
 * Emulated functions of this process: for tests that have the driver linked in. And their log.
 */

#include <sdxi_emu.h>

#include "sdxi_compat.h"

extern int sdxi_emu_logtype;
#define RTE_LOGTYPE_SDXI_EMU sdxi_emu_logtype

/** One log line, with a device's name in front. */
#define EMU_LOG(level, name, ...) SDXI_LOG_LINE_OF(level, SDXI_EMU, name, __VA_ARGS__)

/**
 * Call @p call with the emulated function of that name, which stands still meanwhile. @p call must
 * neither use the device nor take or give back DPDK memory.
 *
 * @return
 *   0, or -ENODEV if this process has no such function and nothing was called.
 */
int sdxi_vdev_call(const char *name, void (*call)(struct sdxi_emu *emu, void *arg), void *arg);

#endif /* _SDXI_VDEV_H_ */
