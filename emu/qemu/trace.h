/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */
#include "trace/trace-hw_misc_sdxi.h"
