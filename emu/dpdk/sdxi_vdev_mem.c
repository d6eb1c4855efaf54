/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include "sdxi_compat.h"
#include "sdxi_vdev.h"
#include "sdxi_vdev_mem.h"

/* IO virtual addresses [iova, end) lie at va on. */
struct sdxi_vdev_range {
	uint64_t iova;
	uint64_t end;
	uint8_t *va;
	bool external; /**< registered by the application, and gone without notice */
};

static int
range_add(struct sdxi_vdev_mem *mem, uint64_t iova, void *va, size_t len, bool external)
{
	struct sdxi_vdev_range *r;

	if (iova == RTE_BAD_IOVA || len == 0 || iova + len < iova)
		return 0;
	if (mem->nb_ranges > 0) {
		r = &mem->ranges[mem->nb_ranges - 1];
		if (r->end == iova && r->va + (r->end - r->iova) == va && r->external == external) {
			r->end += len;
			return 0;
		}
	}
	if (mem->nb_ranges == mem->max_ranges) {
		unsigned int max = RTE_MAX(64u, mem->max_ranges * 2);

		r = realloc(mem->ranges, max * sizeof(*r));
		if (r == NULL)
			return -1;
		mem->ranges = r;
		mem->max_ranges = max;
	}
	mem->ranges[mem->nb_ranges++] = (struct sdxi_vdev_range){
		.iova = iova, .end = iova + len, .va = va, .external = external,
	};
	return 0;
}

static int
walk_add(const struct rte_memseg_list *msl, const struct rte_memseg *ms, size_t len, void *arg)
{
	struct sdxi_vdev_mem *mem = arg;
	size_t off;

	if (rte_eal_iova_mode() == RTE_IOVA_VA && !msl->external)
		return range_add(mem, ms->addr_64, ms->addr, len, false);
	for (off = 0; off < len; off += msl->page_sz) {
		const struct rte_memseg *page =
			rte_mem_virt2memseg(RTE_PTR_ADD(ms->addr, off), msl);
		uint64_t iova;

		if (page == NULL)
			continue;
		iova = page->iova;
		/* External memory that was registered without IOVAs is reached by its address. */
		if (iova == RTE_BAD_IOVA && rte_eal_iova_mode() == RTE_IOVA_VA)
			iova = page->addr_64;
		if (range_add(mem, iova, page->addr, page->len, msl->external) < 0)
			return -1;
	}
	return 0;
}

static int
range_cmp(const void *a, const void *b)
{
	const struct sdxi_vdev_range *ra = a, *rb = b;

	return ra->iova < rb->iova ? -1 : ra->iova > rb->iova;
}

/*
 * Look at EAL's memory anew. Drops the lock, because EAL's lock is taken in here: whatever was
 * translated before is void.
 */
static void
ranges_renew(struct sdxi_vdev_mem *mem)
{
	struct sdxi_vdev_mem next = { .nb_ranges = 0 };
	unsigned int frees;

	do {
		frees = mem->frees;
		next.nb_ranges = 0;
		pthread_rwlock_unlock(&mem->lock);
		/* A walk cut short for lack of memory makes the rest translation errors. */
		rte_memseg_contig_walk(walk_add, &next);
		pthread_rwlock_wrlock(&mem->lock);
		/* What was found may have gone between the walk's end and the lock. */
	} while (frees != mem->frees);
	if (next.nb_ranges > 1)
		qsort(next.ranges, next.nb_ranges, sizeof(*next.ranges), range_cmp);

	free(mem->ranges);
	mem->ranges = next.ranges;
	mem->nb_ranges = next.nb_ranges;
	mem->max_ranges = next.max_ranges;
	mem->last = 0;
}

static inline const struct sdxi_vdev_range *
range_find(struct sdxi_vdev_mem *mem, uint64_t iova)
{
	unsigned int lo = 0, hi = mem->nb_ranges;
	unsigned int last = rte_atomic_load_explicit(&mem->last, rte_memory_order_relaxed);
	const struct sdxi_vdev_range *r;

	if (likely(last < mem->nb_ranges)) {
		r = &mem->ranges[last];
		if (likely(iova >= r->iova && iova < r->end))
			return r;
	}
	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		r = &mem->ranges[mid];
		if (iova < r->iova) {
			hi = mid;
		} else if (iova >= r->end) {
			lo = mid + 1;
		} else {
			rte_atomic_store_explicit(&mem->last, mid, rte_memory_order_relaxed);
			return r;
		}
	}
	return NULL;
}

/*
 * Where @p iova lies, and in @p len how many bytes from there on lie in one piece; at most what it
 * was. NULL if it does not translate.
 */
static inline uint8_t *
translate(struct sdxi_vdev_mem *mem, uint64_t iova, size_t *len)
{
	const struct sdxi_vdev_range *r = range_find(mem, iova);
	uint8_t *va;

	if (unlikely(r == NULL))
		return NULL;
	va = r->va + (iova - r->iova);
	if (unlikely(r->external)) {
		const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(va);

		if (msl == NULL || !msl->external)
			return NULL;
		*len = RTE_MIN(*len, msl->len - (size_t)(va - (uint8_t *)msl->base_va));
	}
	*len = RTE_MIN(*len, r->end - iova);
	return va;
}

/* As above, with a second look at EAL's memory where the first one fails. */
static inline uint8_t *
translate_renew(struct sdxi_vdev_mem *mem, uint64_t iova, size_t *len)
{
	uint8_t *va;

	if (unlikely(mem->off))
		return NULL;
	va = translate(mem, iova, len);
	if (unlikely(va == NULL)) {
		ranges_renew(mem);
		va = translate(mem, iova, len);
	}
	return va;
}

enum sdxi_emu_mem
sdxi_vdev_mem_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	uint8_t *out = buf;

	while (len > 0) {
		size_t part = len;
		const uint8_t *va = translate_renew(opaque, iova, &part);

		if (va == NULL)
			return SDXI_EMU_MEM_FAULT;
		memcpy(out, va, part);
		out += part;
		iova += part;
		len -= part;
	}
	return SDXI_EMU_MEM_OK;
}

enum sdxi_emu_mem
sdxi_vdev_mem_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	const uint8_t *in = buf;

	while (len > 0) {
		size_t part = len;
		uint8_t *va = translate_renew(opaque, iova, &part);

		if (va == NULL)
			return SDXI_EMU_MEM_FAULT;
		memcpy(va, in, part);
		in += part;
		iova += part;
		len -= part;
	}
	return SDXI_EMU_MEM_OK;
}

/* 8 aligned bytes lie in one page, so in one piece; aligned in memory too, as pages are. */
enum sdxi_emu_mem
sdxi_vdev_mem_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	size_t len = sizeof(*val);
	uint8_t *va = translate_renew(opaque, iova, &len);

	if (va == NULL || len < sizeof(*val) || !rte_is_aligned(va, sizeof(*val)))
		return SDXI_EMU_MEM_FAULT;
	*val = SDXI_LOAD((uint64_t *)(uintptr_t)va, acquire);
	return SDXI_EMU_MEM_OK;
}

enum sdxi_emu_mem
sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val)
{
	size_t len = sizeof(val);
	uint8_t *va = translate_renew(opaque, iova, &len);

	if (va == NULL || len < sizeof(val) || !rte_is_aligned(va, sizeof(val)))
		return SDXI_EMU_MEM_FAULT;
	SDXI_STORE((uint64_t *)(uintptr_t)va, val, release);
	return SDXI_EMU_MEM_OK;
}

enum sdxi_emu_mem
sdxi_vdev_mem_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	struct sdxi_vdev_mem *mem = opaque;

	while (len > 0) {
		size_t part = len;
		const uint8_t *from;
		uint8_t *to;

		if (unlikely(mem->off))
			return SDXI_EMU_MEM_SRC_FAULT;
		from = translate(mem, src, &part);
		to = translate(mem, dst, &part);
		if (unlikely(from == NULL || to == NULL)) {
			/* One look for both: a second one would make the first's result void. */
			ranges_renew(mem);
			part = len;
			from = translate(mem, src, &part);
			if (from == NULL)
				return SDXI_EMU_MEM_SRC_FAULT;
			to = translate(mem, dst, &part);
			if (to == NULL)
				return SDXI_EMU_MEM_DST_FAULT;
		}
		memcpy(to, from, part);
		src += part;
		dst += part;
		len -= part;
	}
	return SDXI_EMU_MEM_OK;
}

/* Only what is known already: to look at EAL's memory anew would make mappings void. */
bool
sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	struct sdxi_vdev_mem *mem = opaque;
	size_t len = SIZE_MAX;
	const uint8_t *va;

	va = mem->off ? NULL : translate(mem, iova, &len);
	if (va == NULL)
		return false;
	*map = (struct sdxi_emu_map){ .iova = iova, .len = len, .va = (uint8_t *)(uintptr_t)va };
	return true;
}

/* EAL is about to unmap memory, or has mapped some: forget what was known of it. */
static void
mem_event(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	struct sdxi_vdev_mem *mem = arg;

	RTE_SET_USED(addr);
	RTE_SET_USED(len);
	if (event != RTE_MEM_EVENT_FREE)
		return;
	sdxi_vdev_lock(&mem->lock, &mem->waiting);
	mem->nb_ranges = 0;
	mem->frees++;
	pthread_rwlock_unlock(&mem->lock);
}

int
sdxi_vdev_mem_watch(struct sdxi_vdev_mem *mem)
{
	/* Not supported where memory is never unmapped, and not needed there. */
	if (rte_mem_event_callback_register(mem->name, mem_event, mem) < 0 &&
	    rte_errno != ENOTSUP) {
		int ret = -rte_errno;

		EMU_LOG(ERR, mem->name, "no notice of memory events: %s",
			rte_strerror(rte_errno));
		return ret;
	}
	return 0;
}

void
sdxi_vdev_mem_unwatch(struct sdxi_vdev_mem *mem)
{
	rte_mem_event_callback_unregister(mem->name, mem);
}

int
sdxi_vdev_mem_init(struct sdxi_vdev_mem *mem, const char *name)
{
	memset(mem, 0, sizeof(*mem));
	snprintf(mem->name, sizeof(mem->name), "%s", name);
	return -pthread_rwlock_init(&mem->lock, NULL);
}

void
sdxi_vdev_mem_fini(struct sdxi_vdev_mem *mem)
{
	free(mem->ranges);
	pthread_rwlock_destroy(&mem->lock);
}
