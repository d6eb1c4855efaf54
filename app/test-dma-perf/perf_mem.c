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
	 * The layout of packet buffers, as in applications that move packets, but without the 64
	 * KiB limit of mbufs: only the mbuf's address fields are used.
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
		memset(mem, 0, sizeof(*mem));
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

void
perf_mem_set_remote(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t buf_size, uint64_t addr)
{
	uint64_t n;

	for (n = 0; n < nb_bufs; n++) {
		rte_iova_t iova = addr + n * (buf_size + RTE_PKTMBUF_HEADROOM);

		/* Without an IOVA field in the mbuf, DPDK uses the address as the IOVA. */
		bufs[n]->buf_addr = (void *)(uintptr_t)iova;
		rte_mbuf_iova_set(bufs[n], iova);
		bufs[n]->data_off = 0;
	}
}

void
perf_mem_fill(struct rte_mbuf **bufs, uint64_t first, uint64_t nb_bufs, uint64_t buf_size)
{
	uint64_t n, w, value;

	for (n = 0; n < nb_bufs; n++) {
		uint8_t *p = rte_pktmbuf_mtod(bufs[n], uint8_t *);

		for (w = 0; w < buf_size / 8; w++) {
			value = perf_mem_pattern(first + n, w);
			memcpy(p + w * 8, &value, 8);
		}
		value = perf_mem_pattern(first + n, w);
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
		/* An unaligned buffer may end in one more cache line. */
		flush_line(p + buf_size - 1);
	}
	rte_mb();
}

/* Expected data is generated and compared in pieces of this many bytes. */
#define PIECE 512

/* Generate len bytes from offset of what perf_mem_fill() writes to source buffer buf. */
static void
expect_source(uint8_t *out, uint64_t buf, uint64_t offset, size_t len)
{
	uint64_t value = perf_mem_pattern(buf, offset / 8);
	size_t n;

	while (len != 0) {
		n = RTE_MIN(len, 8 - offset % 8);
		memcpy(out, (const uint8_t *)&value + offset % 8, n);
		out += n;
		len -= n;
		offset += n;
		value = perf_mem_pattern(buf, offset / 8);
	}
}

/* Generate len bytes from offset of the expected result of operation op. */
static void
expect(uint8_t *out, const struct perf_layout *layout, uint64_t first, uint64_t op, uint64_t offset,
       size_t len)
{
	uint64_t segment, pattern;
	unsigned int i;
	size_t n;

	if (layout->nb_src == 0) {
		pattern = perf_mem_fill_pattern(first + op);
		for (n = 0; n < len; n++)
			out[n] = ((const uint8_t *)&pattern)[(offset + n) % 8];
		return;
	}
	segment = layout->buf_size / layout->nb_src;
	while (len != 0) {
		i = RTE_MIN(offset / segment, (uint64_t)layout->nb_src - 1);
		n = RTE_MIN(len, i * segment +
			    perf_mem_segment(layout->buf_size, layout->nb_src, i) - offset);
		expect_source(out, first + op * layout->nb_src + i, offset - i * segment, n);
		out += n;
		len -= n;
		offset += n;
	}
}

static bool
compare(const uint8_t *p, const uint8_t *expected, size_t len, uint64_t buf, uint64_t offset,
	struct perf_mismatch *mismatch)
{
	size_t i;

	if (memcmp(p, expected, len) == 0)
		return true;
	for (i = 0; p[i] == expected[i]; i++)
		;
	*mismatch = (struct perf_mismatch){ buf, offset + i, expected[i], p[i] };
	return false;
}

bool
perf_mem_verify(struct rte_mbuf **bufs, uint64_t nb_bufs, uint64_t first, uint64_t nb_done,
		const struct perf_layout *layout, struct perf_mismatch *mismatch)
{
	uint64_t segment = layout->buf_size / layout->nb_dst;
	uint8_t expected[PIECE];
	uint64_t n;

	for (n = 0; n < nb_bufs; n++) {
		const uint8_t *p = rte_pktmbuf_mtod(bufs[n], const uint8_t *);
		uint64_t op = n / layout->nb_dst;
		unsigned int i = n % layout->nb_dst;
		uint64_t written = op >= nb_done ? 0 :
			perf_mem_segment(layout->buf_size, layout->nb_dst, i);
		uint64_t offset, len;

		for (offset = 0; offset < layout->buf_size; offset += len) {
			len = RTE_MIN((uint64_t)PIECE, layout->buf_size - offset);
			if (offset < written) {
				len = RTE_MIN(len, written - offset);
				expect(expected, layout, first, op, i * segment + offset, len);
			} else {
				memset(expected, 0, len);
			}
			if (!compare(p + offset, expected, len, n, offset, mismatch))
				return false;
		}
	}
	return true;
}
