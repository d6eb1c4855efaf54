/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_MEM_H
#define PERF_MEM_H

/* Buffers of operations: placement, content, verification. */

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

/*
 * Operation i reads its buf_size bytes from nb_src source buffers, starting at i * nb_src, and
 * writes them to nb_dst destination buffers, starting at i * nb_dst. nb_src 0: fills.
 */
struct perf_layout {
	uint64_t buf_size;
	unsigned int nb_src;
	unsigned int nb_dst;
};

/* First wrong byte. */
struct perf_mismatch {
	uint64_t buf;
	uint64_t offset;
	uint8_t expected;
	uint8_t found;
};

/* Returns 0 or a negative errno. *mem must be zeroed. Call perf_mem_free() after success. */
int
perf_mem_alloc(struct perf_mem *mem, const char *name, uint64_t nb_bufs, uint64_t buf_size,
	       unsigned int numa_node);

void
perf_mem_free(struct perf_mem *mem);

/*
 * Make the buffers refer to remote memory from the address on, spaced as in DPDK's tool. No
 * function below may be called on them afterwards.
 */
void
perf_mem_set_remote(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size, uint64_t addr);

/*
 * Bytes of segment i of nb: all have the same size, except that the last one takes the remainder.
 */
static inline uint64_t
perf_mem_segment(uint64_t buf_size, unsigned int nb, unsigned int i)
{
	return buf_size / nb + (i + 1 == nb ? buf_size % nb : 0);
}

/* Multiplying by the golden ratio spreads neighbours over all 64 bits. */
static inline uint64_t
perf_mem_pattern(uint64_t buf, uint64_t word)
{
	uint64_t x = ((buf << 28 | word) + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return x ^ x >> 32;
}

/* Pattern of a fill operation. */
static inline uint64_t
perf_mem_fill_pattern(uint64_t op)
{
	return perf_mem_pattern(op, 0);
}

/* Fill each buffer with bytes that depend on its number (from first on) and on their offset. */
void
perf_mem_fill(struct rte_mbuf **bufs, uint64_t first, uint64_t nb_bufs, uint64_t buf_size);

void
perf_mem_clear(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

/* Returns false if this CPU has no flush instruction. */
bool
perf_mem_can_flush(void);

void
perf_mem_flush(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

/*
 * Check that the destination buffers of the first nb_done operations have the expected data, and
 * all others of the nb_bufs buffers what perf_mem_clear() wrote. first is the number of the first
 * operation for fill patterns, and of the first source buffer for perf_mem_fill().
 */
bool
perf_mem_verify(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t first, uint64_t nb_done,
		const struct perf_layout *layout, struct perf_mismatch *mismatch);

#endif /* PERF_MEM_H */
