/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Memory as an emulated function sees it: EAL's, external memory that is registered with it, and,
 * where addresses are the process's, all else that the process has mapped. Other memory is accessed
 * through the kernel, which checks each access: a mapping of the application's may go at any time.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_atomic.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include "sdxi_vdev.h"

/* IO virtual addresses [iova, end) lie at va on. */
struct sdxi_vdev_range {
	uint64_t iova;
	uint64_t end;
	uint8_t *va;
	bool external; /**< registered by the application, and gone without notice */
};

static int
range_add(struct sdxi_vdev_mem *mem, uint64_t iova, uint8_t *va, size_t len, bool external)
{
	struct sdxi_vdev_range *r = mem->ranges + mem->nb_ranges;

	if (iova == RTE_BAD_IOVA || len == 0 || iova + len < iova)
		return 0;
	if (mem->nb_ranges > 0 && r[-1].end == iova && r[-1].external == external &&
	    r[-1].va + (iova - r[-1].iova) == va) {
		r[-1].end += len;
		return 0;
	}
	if (mem->nb_ranges % 64 == 0) {
		r = realloc(mem->ranges, (mem->nb_ranges + 64) * sizeof(*r));
		if (r == NULL)
			return -1;
		mem->ranges = r;
	}
	mem->ranges[mem->nb_ranges++] = (struct sdxi_vdev_range){
		.iova = iova, .end = iova + len, .va = va, .external = external,
	};
	return 0;
}

static int
walk_add(const struct rte_memseg_list *msl, const struct rte_memseg *ms, size_t len, void *arg)
{
	const bool is_va = rte_eal_iova_mode() == RTE_IOVA_VA;
	const struct rte_memseg *page;
	size_t off;

	if (is_va && !msl->external)
		return range_add(arg, ms->addr_64, ms->addr, len, false);
	for (off = 0; off < len; off += msl->page_sz) {
		page = rte_mem_virt2memseg(RTE_PTR_ADD(ms->addr, off), msl);
		/* External memory that was registered without IOVAs is reached by its address. */
		if (page != NULL &&
		    range_add(arg, is_va && page->iova == RTE_BAD_IOVA ? page->addr_64 : page->iova,
			      page->addr, page->len, msl->external) < 0)
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
 * Walk EAL's memory again. Drops the lock, because EAL's lock is taken in here: whatever was
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
}

/* The first range that ends above @p iova. */
static inline const struct sdxi_vdev_range *
range_find(struct sdxi_vdev_mem *mem, uint64_t iova)
{
	unsigned int last = rte_atomic_load_explicit(&mem->last, rte_memory_order_relaxed);
	unsigned int lo = 0, hi = mem->nb_ranges;

	if (likely(last < hi && iova >= mem->ranges[last].iova && iova < mem->ranges[last].end))
		return &mem->ranges[last];
	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (iova < mem->ranges[mid].end)
			hi = mid;
		else
			lo = mid + 1;
	}
	rte_atomic_store_explicit(&mem->last, lo, rte_memory_order_relaxed);
	return lo < mem->nb_ranges ? &mem->ranges[lo] : NULL;
}

/*
 * Where @p iova lies in memory that EAL knows, and in @p len how many bytes from there on lie in
 * one piece; at most what it was. NULL: it does not, and @p len counts bytes of which that is true.
 */
static inline uint8_t *
translate(struct sdxi_vdev_mem *mem, uint64_t iova, size_t *len)
{
	const struct sdxi_vdev_range *r = range_find(mem, iova);
	const struct rte_memseg_list *msl;
	uint8_t *va;

	if (unlikely(r == NULL))
		return NULL;
	if (unlikely(iova < r->iova)) {
		*len = RTE_MIN(*len, r->iova - iova);
		return NULL;
	}
	*len = RTE_MIN(*len, r->end - iova);
	va = r->va + (iova - r->iova);
	if (unlikely(r->external)) {
		msl = rte_mem_virt2memseg_list(va);
		if (msl == NULL || !msl->external)
			return NULL;
		*len = RTE_MIN(*len, msl->len - (size_t)(va - (uint8_t *)msl->base_va));
	}
	return va;
}

/*
 * The same for whatever the process may have mapped; @p other: EAL does not know it. NULL: there
 * is nothing, or it may be memory that EAL has got since the last walk, unless there was one now.
 */
static inline uint8_t *
reach(struct sdxi_vdev_mem *mem, uint64_t iova, size_t *len, bool *other, bool walked)
{
	uint8_t *va = translate(mem, iova, len);

	*other = va == NULL;
	if (likely(va != NULL) || mem->pid == 0)
		return va;
	va = (uint8_t *)(uintptr_t)iova;
	return walked || rte_mem_virt2memseg_list(va) == NULL ? va : NULL;
}

/* Copy, as far as both places are mapped and may be accessed so; @p write: only src is EAL's. */
static size_t
kernel_copy(const struct sdxi_vdev_mem *mem, void *dst, const void *src, size_t len, bool write)
{
	const struct iovec to = { dst, len }, from = { (void *)(uintptr_t)src, len };
	ssize_t n;

	/* The side that is called remote must not be the one that is EAL's: huge pages are slow. */
	if (write)
		n = process_vm_writev(mem->pid, &from, 1, &to, 1, 0);
	else
		n = process_vm_readv(mem->pid, &to, 1, &from, 1, 0);
	return n < 0 ? 0 : n;
}

/* One end of a transfer: an address of the function's, or a buffer of the emulation's own. */
struct end {
	uint64_t iova;
	uint8_t *buf; /* NULL: it is an address */
};

static inline uint8_t *
end_reach(struct sdxi_vdev_mem *mem, const struct end *end, size_t at, size_t *len, bool *other,
	  bool walked)
{
	*other = false;
	return end->buf != NULL ? end->buf + at : reach(mem, end->iova + at, len, other, walked);
}

/* One byte by way of a buffer: where more has failed, this tells which of the two places it is. */
static enum sdxi_emu_mem
byte_copy(const struct sdxi_vdev_mem *mem, uint8_t *to, bool to_other, const uint8_t *from,
	  bool from_other)
{
	uint8_t byte;

	if (from == NULL || (from_other && kernel_copy(mem, &byte, from, 1, false) == 0))
		return SDXI_EMU_MEM_SRC_FAULT;
	if (!from_other)
		byte = *from;
	if (to == NULL || (to_other && kernel_copy(mem, to, &byte, 1, true) == 0))
		return SDXI_EMU_MEM_DST_FAULT;
	if (!to_other)
		*to = byte;
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
transfer(struct sdxi_vdev_mem *mem, struct end dst, struct end src, size_t len)
{
	bool walked = false, from_other, to_other;
	enum sdxi_emu_mem ret;
	size_t at = 0;

	if (unlikely(mem->off))
		return SDXI_EMU_MEM_SRC_FAULT;
	while (at < len) {
		size_t n = 0, part = len - at;
		const uint8_t *from = end_reach(mem, &src, at, &part, &from_other, walked);
		uint8_t *to = end_reach(mem, &dst, at, &part, &to_other, walked);

		if (likely(from != NULL && to != NULL)) {
			n = part;
			if (likely(!from_other && !to_other))
				memcpy(to, from, part);
			else
				n = kernel_copy(mem, to, from, part, !from_other);
		}
		if (likely(n > 0)) {
			walked = false;
			at += n;
		} else if (!walked) {
			/* EAL may have got memory, registered with IO addresses of its own too. */
			ranges_renew(mem);
			walked = true;
		} else {
			ret = byte_copy(mem, to, to_other, from, from_other);
			if (ret != SDXI_EMU_MEM_OK)
				return ret;
			walked = false;
			at++;
		}
	}
	return SDXI_EMU_MEM_OK;
}

enum sdxi_emu_mem
sdxi_vdev_mem_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	const struct end to = { .iova = dst }, from = { .iova = src };

	return transfer(opaque, to, from, len);
}

enum sdxi_emu_mem
sdxi_vdev_mem_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	return transfer(opaque, (struct end){ .buf = buf }, (struct end){ .iova = iova }, len) ==
	       SDXI_EMU_MEM_OK ? SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

enum sdxi_emu_mem
sdxi_vdev_mem_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	struct end src = { .buf = (uint8_t *)(uintptr_t)buf };

	return transfer(opaque, (struct end){ .iova = iova }, src, len) == SDXI_EMU_MEM_OK ?
	       SDXI_EMU_MEM_OK : SDXI_EMU_MEM_FAULT;
}

/* Where 8 aligned bytes lie that EAL knows: in one page, so in one piece, aligned as pages are. */
static void *
word_find(struct sdxi_vdev_mem *mem, uint64_t iova)
{
	size_t len = sizeof(uint64_t);
	bool other;
	void *va;

	if (unlikely(mem->off))
		return NULL;
	va = reach(mem, iova, &len, &other, false);
	if (unlikely(va == NULL)) {
		ranges_renew(mem);
		va = reach(mem, iova, &len, &other, true);
	}
	return other ? NULL : va;
}

/*
 * In memory that EAL does not know, a word is the kernel's to copy. It does so in one access on all
 * machines that DPDK has, though it does not promise to; the order is kept by the fences.
 */
enum sdxi_emu_mem
sdxi_vdev_mem_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	uint64_t *va = word_find(opaque, iova);
	enum sdxi_emu_mem ret;

	if (likely(va != NULL)) {
		*val = SDXI_LOAD(va, acquire);
		return SDXI_EMU_MEM_OK;
	}
	ret = sdxi_vdev_mem_read(opaque, iova, val, sizeof(*val));
	rte_smp_mb();
	return ret;
}

enum sdxi_emu_mem
sdxi_vdev_mem_write64(void *opaque, uint64_t iova, uint64_t val)
{
	uint64_t *va = word_find(opaque, iova);

	if (likely(va != NULL)) {
		SDXI_STORE(va, val, release);
		return SDXI_EMU_MEM_OK;
	}
	rte_smp_mb();
	return sdxi_vdev_mem_write(opaque, iova, &val, sizeof(val));
}

/* Only what is known already: another walk would make mappings void. */
bool
sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	struct sdxi_vdev_mem *mem = opaque;
	size_t len = SIZE_MAX;
	uint8_t *va = mem->off ? NULL : translate(mem, iova, &len);

	*map = (struct sdxi_emu_map){ .iova = iova, .len = len, .va = va };
	return va != NULL;
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
	sdxi_vdev_lock(mem, &mem->lock);
	mem->nb_ranges = 0;
	mem->frees++;
	pthread_rwlock_unlock(&mem->lock);
}

int
sdxi_vdev_mem_init(struct sdxi_vdev_mem *mem, enum sdxi_vdev_reach reach)
{
	uint8_t byte = 1, copy;

	if (rte_eal_iova_mode() != RTE_IOVA_VA && reach == SDXI_VDEV_REACH_PROCESS) {
		EMU_LOG(ERR, mem->name, "argument reach: expected eal, as IO addresses are not "
			"the process's without --iova-mode=va, found 'process'");
		return -EINVAL;
	}
	if (rte_eal_iova_mode() == RTE_IOVA_VA && reach != SDXI_VDEV_REACH_EAL) {
		mem->pid = getpid();
		if (kernel_copy(mem, &copy, &byte, 1, false) == 0 ||
		    kernel_copy(mem, &copy, &byte, 1, true) == 0) {
			mem->pid = 0;
			EMU_LOG(NOTICE, mem->name, "reach=eal: the system does not allow more: %s",
				strerror(errno));
		}
	}
	/* There are no events where memory is never unmapped. */
	if (rte_mem_event_callback_register(mem->name, mem_event, mem) == 0 || rte_errno == ENOTSUP)
		return 0;
	EMU_LOG(ERR, mem->name, "no notice of memory events: %s", rte_strerror(rte_errno));
	return -rte_errno;
}

void
sdxi_vdev_mem_fini(struct sdxi_vdev_mem *mem)
{
	rte_mem_event_callback_unregister(mem->name, mem);
	free(mem->ranges);
}
