/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef PERF_MEM_H
#define PERF_MEM_H

/* The buffers of operations: where they lie, what is in them, whether it arrived. */

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
 * How the operations lie in buffers: number i takes its buf_size bytes from the nb_src source
 * buffers that begin with number i * nb_src, and puts them into the nb_dst destination buffers that
 * begin with number i * nb_dst. No source buffer: the operations are fills.
 */
struct perf_layout {
	uint64_t buf_size;
	unsigned int nb_src;
	unsigned int nb_dst;
};

/* The first byte that is not what it should be. */
struct perf_mismatch {
	uint64_t buf;
	uint64_t offset;
	uint8_t expected;
	uint8_t found;
};

/* 0 or a negative errno. *mem is zeroes before; perf_mem_free() is due after success. */
int
perf_mem_alloc(struct perf_mem *mem, const char *name, uint64_t nb_bufs, uint64_t buf_size,
	       unsigned int numa_node);

void
perf_mem_free(struct perf_mem *mem);

/*
 * Have the buffers stand for memory of a device, from the address on and as far apart as upstream's
 * tool has them. Nothing below may be asked of them any more.
 */
void
perf_mem_set_remote(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size, uint64_t addr);

/* Bytes of segment number i of nb: all are equal but the last, which has the rest as well. */
static inline uint64_t
perf_mem_segment(uint64_t buf_size, unsigned int nb, unsigned int i)
{
	return buf_size / nb + (i + 1 == nb ? buf_size % nb : 0);
}

/* A golden-ratio step scatters neighbours over all 64 bits. */
static inline uint64_t
perf_mem_pattern(uint64_t buf, uint64_t word)
{
	uint64_t x = ((buf << 28 | word) + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return x ^ x >> 32;
}

/* The eight bytes that a fill repeats. */
static inline uint64_t
perf_mem_fill_pattern(uint64_t op)
{
	return perf_mem_pattern(op, 0);
}

/* Each buffer gets bytes that depend on its number, from first on, and on their place in it. */
void
perf_mem_fill(struct rte_mbuf **bufs, uint64_t first, uint64_t nb_bufs, uint64_t buf_size);

void
perf_mem_clear(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

/* False where this CPU has no instruction for it. */
bool
perf_mem_can_flush(void);

void
perf_mem_flush(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size);

/*
 * Whether of the nb_bufs destination buffers those of the first nb_done operations hold what they
 * should, and all else is still what perf_mem_clear() left. The operations count from number first
 * on for a fill's pattern, and their source buffers for perf_mem_fill().
 */
bool
perf_mem_verify(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t first, uint64_t nb_done,
		const struct perf_layout *layout, struct perf_mismatch *mismatch);

#endif /* PERF_MEM_H */
