/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "sdxi_compat.h"
#include "sdxi_mem.h"

bool
sdxi_mem_is_contiguous(const void *va, size_t len, rte_iova_t iova)
{
	size_t off = 0;

	while (off < len) {
		const void *p = RTE_PTR_ADD(va, off);
		const struct rte_memseg *ms = rte_mem_virt2memseg(p, NULL);
		size_t in_ms;

		if (ms == NULL || ms->iova == RTE_BAD_IOVA)
			return false;
		in_ms = RTE_PTR_DIFF(p, ms->addr);
		if (ms->iova + in_ms != iova + off)
			return false;
		off += ms->len - in_ms;
	}
	return true;
}

/*
 * The heap comes first, because memzones are few (RTE_MAX_MEMZONE) and contexts may be many; it
 * promises no contiguous IOVAs, so the rare piece that has none is taken from a memzone.
 */
int
sdxi_mem_alloc(struct sdxi_mem *mem, size_t len, size_t align, int socket)
{
	static RTE_ATOMIC(uint32_t) zone_seq;
	char name[RTE_MEMZONE_NAMESIZE];
	void *va;

	memset(mem, 0, sizeof(*mem));
	va = rte_zmalloc_socket("sdxi", len, align, socket);
	if (va != NULL) {
		mem->iova = rte_malloc_virt2iova(va);
		if (mem->iova != RTE_BAD_IOVA && (mem->iova & (align - 1)) == 0 &&
		    (rte_eal_iova_mode() == RTE_IOVA_VA ||
		     sdxi_mem_is_contiguous(va, len, mem->iova))) {
			mem->va = va;
			mem->len = len;
			return 0;
		}
		/* Freed only behind the reservation below, which must not find the same place. */
	}

	/* Secondary processes have memzones of their own to name. */
	snprintf(name, sizeof(name), "sdxi_%d_%" PRIu32, (int)getpid(),
		 rte_atomic_fetch_add_explicit(&zone_seq, 1, rte_memory_order_relaxed));
	mem->zone = rte_memzone_reserve_aligned(name, len, socket, RTE_MEMZONE_IOVA_CONTIG, align);
	rte_free(va);
	if (mem->zone == NULL) {
		memset(mem, 0, sizeof(*mem));
		return -ENOMEM;
	}
	mem->va = mem->zone->addr;
	mem->iova = mem->zone->iova;
	mem->len = len;
	memset(mem->va, 0, len);
	return 0;
}

void
sdxi_mem_free(struct sdxi_mem *mem)
{
	if (mem->zone != NULL)
		rte_memzone_free(mem->zone);
	else
		rte_free(mem->va);
	memset(mem, 0, sizeof(*mem));
}
