/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_MEM_H_
#define _SDXI_MEM_H_

#include <stdbool.h>
#include <stddef.h>

#include <rte_common.h>
#include <rte_memzone.h>

/** A piece of memory that the function reaches as one range. */
struct sdxi_mem {
	void *va;		       /**< NULL: none */
	rte_iova_t iova;
	size_t len;		       /**< bytes */
	const struct rte_memzone *zone; /**< NULL: from the heap */
};

/**
 * Allocate zeroed, IOVA-contiguous memory.
 *
 * @param len
 *   Bytes.
 * @param align
 *   Bytes, a power of two; of the IOVA too.
 * @param socket
 *   NUMA node, or SOCKET_ID_ANY.
 * @return
 *   0, or -ENOMEM and @p mem is empty.
 */
int sdxi_mem_alloc(struct sdxi_mem *mem, size_t len, size_t align, int socket);

/** Free what sdxi_mem_alloc() gave, and empty @p mem; an empty one is left alone. */
void sdxi_mem_free(struct sdxi_mem *mem);

/** Do @p len bytes at @p va, in EAL's memory, lie at @p iova in one piece? */
bool sdxi_mem_is_contiguous(const void *va, size_t len, rte_iova_t iova);

#endif /* _SDXI_MEM_H_ */
