/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_MEM_H
#define PERF_MEM_H

/* The buffers that are copied: where they lie, what is in them, whether it arrived. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

struct perf_mem {
	struct rte_mempool *pool;
	struct rte_mbuf **bufs;
	uint64_t nb_bufs;
};

/* The first byte that is not what it should be. */
struct perf_mismatch {
	uint64_t buf;
	uint64_t offset;
	uint8_t expected;
	uint8_t found;
};

/* 0 or a negative errno. perf_mem_free() is due after success only. */
int
perf_mem_alloc(struct perf_mem *mem, const char *name, uint64_t nb_bufs, uint64_t buf_size,
	       unsigned int numa_node);

void
perf_mem_free(struct perf_mem *mem);

/* Each buffer gets bytes that depend on its number, from 0, and on their place in it. */
void
perf_mem_fill(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

void
perf_mem_clear(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

/* False where this CPU has no instruction for it. */
bool
perf_mem_can_flush(void);

void
perf_mem_flush(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

/*
 * Whether of the nb_bufs buffers from number first on the first nb_copied hold what
 * perf_mem_fill() wrote to their sources, and the others still what perf_mem_clear() left.
 */
bool
perf_mem_verify(struct rte_mbuf **bufs, uint64_t first, uint64_t nb_bufs, uint64_t nb_copied,
		uint64_t buf_size, struct perf_mismatch *mismatch);

#endif /* PERF_MEM_H */
