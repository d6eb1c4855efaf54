/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_EMU_OSDEP_H_
#define _SDXI_EMU_OSDEP_H_

/**
 * @file
 * What the emulated function takes of a compiler beyond C11. Nothing else of it knows where it is
 * built.
 */

#ifdef RTE_COMPONENT_NAME
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#define EMU_LIKELY(x) likely(x)
#define EMU_UNLIKELY(x) unlikely(x)
#define EMU_PREFETCHER
#define EMU_PREFETCH_TO_READ(p) rte_prefetch0(p)
#define EMU_PREFETCH_TO_WRITE(p) rte_prefetch0_write(p)
#else
/* A build without DPDK has none of its names. */
#define EMU_LIKELY(x) __builtin_expect(!!(x), 1)
#define EMU_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* To write: a line that another CPU has is asked for once, and not for reading first. */
#if defined(__x86_64__)
#define EMU_PREFETCHER __attribute__((target("prfchw")))
#else
#define EMU_PREFETCHER
#endif
#define EMU_PREFETCH_TO_READ(p) __builtin_prefetch((p), 0, 3)
#define EMU_PREFETCH_TO_WRITE(p) __builtin_prefetch((p), 1, 3)
#endif

#endif /* _SDXI_EMU_OSDEP_H_ */
