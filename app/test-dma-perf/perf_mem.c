/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "perf_mem.h"

static void
init_buf(struct rte_mempool *pool, void *opaque, void *obj, unsigned int idx)
{
	struct perf_mem *mem = opaque;
	struct rte_mbuf *m = obj;

	memset(m, 0, sizeof(*m));
	m->buf_addr = RTE_PTR_ADD(m, sizeof(*m));
	rte_mbuf_iova_set(m, rte_mempool_virt2iova(m) + sizeof(*m));
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->pool = pool;
	mem->bufs[idx] = m;
}

int
perf_mem_alloc(struct perf_mem *mem, const char *name, uint64_t nb_bufs, uint64_t buf_size,
	       unsigned int numa_node)
{
	/*
	 * The layout of packet buffers, as applications that move packets have it, but not their
	 * limit of 64 KiB: only the address of an mbuf is used, and it may lie before any length.
	 */
	uint64_t elt_size = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + buf_size;

	if (nb_bufs > UINT32_MAX || elt_size > UINT32_MAX)
		return -E2BIG;
	mem->nb_bufs = nb_bufs;
	mem->bufs = rte_zmalloc_socket(NULL, nb_bufs * sizeof(*mem->bufs), 0, numa_node);
	if (mem->bufs == NULL)
		return -ENOMEM;
	mem->pool = rte_mempool_create(name, nb_bufs, elt_size, 0, 0, NULL, NULL, NULL, NULL,
				       numa_node, RTE_MEMPOOL_F_SP_PUT | RTE_MEMPOOL_F_SC_GET);
	if (mem->pool == NULL) {
		int ret = rte_errno > 0 ? -rte_errno : -ENOMEM;

		rte_free(mem->bufs);
		return ret;
	}
	rte_mempool_obj_iter(mem->pool, init_buf, mem);
	return 0;
}

void
perf_mem_free(struct perf_mem *mem)
{
	rte_mempool_free(mem->pool);
	rte_free(mem->bufs);
	memset(mem, 0, sizeof(*mem));
}

static inline uint64_t
pattern(uint64_t buf, uint64_t word)
{
	/* A golden-ratio step scatters neighbours over all 64 bits. */
	uint64_t x = ((buf << 28 | word) + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return x ^ x >> 32;
}

void
perf_mem_fill(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size)
{
	uint64_t n, w, value;

	for (n = 0; n < nb_bufs; n++) {
		uint8_t *p = rte_pktmbuf_mtod(bufs[n], uint8_t *);

		for (w = 0; w < buf_size / 8; w++) {
			value = pattern(n, w);
			memcpy(p + w * 8, &value, 8);
		}
		value = pattern(n, w);
		memcpy(p + w * 8, &value, buf_size % 8);
	}
}

void
perf_mem_clear(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size)
{
	uint64_t n;

	for (n = 0; n < nb_bufs; n++)
		memset(rte_pktmbuf_mtod(bufs[n], void *), 0, buf_size);
}

bool
perf_mem_can_flush(void)
{
#if defined(RTE_ARCH_X86_64) || defined(RTE_ARCH_ARM64)
	return true;
#else
	return false;
#endif
}

static inline void
flush_line(const uint8_t *p)
{
#if defined(RTE_ARCH_X86_64)
	__builtin_ia32_clflush(p);
#elif defined(RTE_ARCH_ARM64)
	asm volatile("dc civac, %0" : : "r" (p) : "memory");
#else
	RTE_SET_USED(p);
#endif
}

void
perf_mem_flush(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size)
{
	uint64_t n, offset;

	for (n = 0; n < nb_bufs; n++) {
		const uint8_t *p = rte_pktmbuf_mtod(bufs[n], const uint8_t *);

		for (offset = 0; offset < buf_size; offset += RTE_CACHE_LINE_SIZE)
			flush_line(p + offset);
		/* A buffer that begins within a line may end in one more. */
		flush_line(p + buf_size - 1);
	}
	rte_mb();
}

static bool
verify_word(const uint8_t *p, uint64_t value, size_t len, uint64_t n, uint64_t offset,
	    struct perf_mismatch *mismatch)
{
	uint8_t expected[8];
	size_t i;

	memcpy(expected, &value, 8);
	for (i = 0; i < len; i++) {
		if (p[offset + i] != expected[i]) {
			*mismatch = (struct perf_mismatch){ n, offset + i, expected[i],
							    p[offset + i] };
			return false;
		}
	}
	return true;
}

bool
perf_mem_verify(struct rte_mbuf **bufs, uint64_t first, uint64_t nb_bufs, uint64_t nb_copied,
		uint64_t buf_size, struct perf_mismatch *mismatch)
{
	uint64_t n, w, value;

	for (n = first; n < first + nb_bufs; n++) {
		const uint8_t *p = rte_pktmbuf_mtod(bufs[n], const uint8_t *);
		bool copied = n - first < nb_copied;

		for (w = 0; w < buf_size / 8; w++) {
			value = copied ? pattern(n, w) : 0;
			if (memcmp(p + w * 8, &value, 8) != 0)
				return verify_word(p, value, 8, n, w * 8, mismatch);
		}
		value = copied ? pattern(n, w) : 0;
		if (!verify_word(p, value, buf_size % 8, n, w * 8, mismatch))
			return false;
	}
	return true;
}
