/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Memory as an emulated function sees it: EAL's, external memory that is registered with EAL, and,
 * where IO addresses are the process's, all other memory that the process has mapped. That is
 * accessed through the kernel, which checks each access: it may be unmapped at any time.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_atomic.h>
#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include "sdxi_vdev.h"

/* IO virtual addresses [iova, end) lie at va on. */
struct sdxi_vdev_range {
	uint64_t iova;
	uint64_t end;
	uint8_t *va;
	bool external; /**< registered by the application, and unregistered without an event */
};

/* Index of the first range that ends above @p iova. */
static inline unsigned int
range_at(const struct sdxi_vdev_mem *mem, uint64_t iova)
{
	unsigned int lo = 0, hi = mem->nb_ranges;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (iova < mem->ranges[mid].end)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static int
range_add(struct sdxi_vdev_mem *mem, uint64_t iova, uint8_t *va, size_t len, bool external)
{
	const unsigned int i = range_at(mem, iova);
	struct sdxi_vdev_range *r = i > 0 ? &mem->ranges[i - 1] : NULL;

	if (iova == RTE_BAD_IOVA || len == 0 || iova + len < iova)
		return 0;
	if (r != NULL && r->end == iova && r->external == external &&
	    r->va + (iova - r->iova) == va) {
		r->end += len;
		return 0;
	}
	r = realloc(mem->ranges, (mem->nb_ranges + 1) * sizeof(*r));
	if (r == NULL)
		return -1;
	mem->ranges = r;
	memmove(r + i + 1, r + i, (mem->nb_ranges++ - i) * sizeof(*r));
	r[i] = (struct sdxi_vdev_range){ iova, iova + len, va, external };
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

/* Walk EAL's memory again. Addresses translated earlier are void: the lock is dropped meanwhile. */
static void
ranges_renew(struct sdxi_vdev_mem *mem)
{
	pthread_mutex_unlock(&mem->lock);
	rte_mcfg_mem_read_lock();
	pthread_mutex_lock(&mem->lock);
	mem->nb_ranges = 0;
	/* If the C heap is exhausted, the rest of the memory gives translation errors. */
	rte_memseg_contig_walk_thread_unsafe(walk_add, mem);
	rte_mcfg_mem_read_unlock();
}

/*
 * The address of @p iova in memory that EAL knows, with @p len cut to what is contiguous there; or
 * NULL, with @p len cut to what EAL does not know either.
 */
static inline uint8_t *
translate(const struct sdxi_vdev_mem *mem, uint64_t iova, size_t *len)
{
	const unsigned int i = range_at(mem, iova);
	const struct rte_memseg_list *msl;
	const struct sdxi_vdev_range *r;
	uint8_t *va;

	if (unlikely(i == mem->nb_ranges || mem->off))
		return NULL;
	r = &mem->ranges[i];
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
		*len = RTE_MIN(*len, msl->len - RTE_PTR_DIFF(va, msl->base_va));
	}
	return va;
}

/* One end of a transfer: an address of the function's, or a buffer of the emulation's own. */
struct end {
	uint64_t at;
	bool is_buf;
};
#define AT(iova) ((struct end){ iova, false })
#define BUF(ptr) ((struct end){ (uintptr_t)(ptr), true })

/* Memory of the process. */
struct place {
	uint8_t *va; /* NULL: none */
	bool direct; /* EAL's or the emulation's own, not to be accessed through the kernel */
};

/* Where an end is. @p walked: ranges are up to date, so memory that they lack is not EAL's. */
static inline struct place
reach(const struct sdxi_vdev_mem *mem, struct end end, size_t *len, bool walked)
{
	uint8_t *at = (uint8_t *)(uintptr_t)end.at;
	uint8_t *va = end.is_buf ? at : translate(mem, end.at, len);

	if (likely(va != NULL) || mem->pid == 0 || mem->off)
		return (struct place){ va, true };
	return (struct place){ walked || rte_mem_virt2memseg_list(at) == NULL ? at : NULL, false };
}

/* Copy, as far as both places are mapped and may be accessed so: the number of bytes. */
static inline size_t
move(const struct sdxi_vdev_mem *mem, struct place to, struct place from, size_t len)
{
	const struct iovec dst = { to.va, len }, src = { from.va, len };
	ssize_t n;

	if (unlikely(to.va == NULL || from.va == NULL))
		return 0;
	if (likely(to.direct && from.direct)) {
		memcpy(to.va, from.va, len);
		return len;
	}
	/* The side called remote must not be EAL's: huge pages are slow there. */
	n = from.direct ? process_vm_writev(mem->pid, &src, 1, &dst, 1, 0) :
			  process_vm_readv(mem->pid, &dst, 1, &src, 1, 0);
	return n < 0 ? 0 : n;
}

static enum sdxi_emu_mem
transfer(struct sdxi_vdev_mem *mem, struct end dst, struct end src, size_t len)
{
	bool walked = false;
	uint8_t byte;
	size_t n;

	for (; len > 0; len -= n, src.at += n, dst.at += n) {
		const struct place buf = { &byte, true };
		size_t part = len;
		struct place from = reach(mem, src, &part, walked);
		struct place to = reach(mem, dst, &part, walked);

		n = move(mem, to, from, part);
		if (unlikely(n == 0 && !walked)) {
			/* EAL may have more memory now, also with IO addresses of its own. */
			ranges_renew(mem);
			walked = true;
			continue;
		}
		walked = false;
		if (likely(n != 0))
			continue;
		/* One byte through a buffer shows which of the two places it is. */
		if (move(mem, buf, from, 1) == 0)
			return dst.is_buf ? SDXI_EMU_MEM_FAULT : SDXI_EMU_MEM_SRC_FAULT;
		if (move(mem, to, buf, 1) == 0)
			return src.is_buf ? SDXI_EMU_MEM_FAULT : SDXI_EMU_MEM_DST_FAULT;
		n = 1;
	}
	return SDXI_EMU_MEM_OK;
}

enum sdxi_emu_mem
sdxi_vdev_mem_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	return transfer(opaque, AT(dst), AT(src), len);
}

enum sdxi_emu_mem
sdxi_vdev_mem_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	return transfer(opaque, BUF(buf), AT(iova), len);
}

enum sdxi_emu_mem
sdxi_vdev_mem_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	return transfer(opaque, AT(iova), BUF(buf), len);
}

/* Where 8 aligned bytes lie that EAL knows: in one page, so in one piece, aligned as pages are. */
static void *
word_find(struct sdxi_vdev_mem *mem, uint64_t iova)
{
	size_t len = sizeof(uint64_t);
	struct place word = reach(mem, AT(iova), &len, false);

	if (unlikely(word.va == NULL)) {
		ranges_renew(mem);
		len = sizeof(uint64_t);
		word = reach(mem, AT(iova), &len, true);
	}
	return word.direct && len == sizeof(uint64_t) && (uintptr_t)word.va % len == 0 ?
	       word.va : NULL;
}

/*
 * In memory that EAL does not know, the kernel copies a word, and does not promise to do so in one
 * access: rings and indices belong in EAL's memory. The fences keep the order.
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
	rte_mb();
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
	rte_mb();
	return sdxi_vdev_mem_write(opaque, iova, &val, sizeof(val));
}

/* Only what is known already: another walk would make earlier mappings void. */
bool
sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	const struct sdxi_vdev_mem *mem = opaque;
	size_t len = SIZE_MAX;
	uint8_t *va = translate(mem, iova, &len);

	*map = (struct sdxi_emu_map){ .iova = iova, .len = len, .va = va };
	return va != NULL;
}

/* EAL is about to unmap memory: forget where it was. */
static void
mem_event(enum rte_mem_event event, const void *addr __rte_unused, size_t len __rte_unused,
	  void *arg)
{
	struct sdxi_vdev_mem *mem = arg;

	if (event != RTE_MEM_EVENT_FREE)
		return;
	sdxi_vdev_lock(mem, &mem->lock);
	mem->nb_ranges = 0;
	pthread_mutex_unlock(&mem->lock);
}

int
sdxi_vdev_mem_init(struct sdxi_vdev_mem *mem, enum sdxi_vdev_reach reach)
{
	uint8_t byte[2] = { 0 };
	const struct place own = { &byte[0], true }, other = { &byte[1], false };

	if (rte_eal_iova_mode() == RTE_IOVA_VA && reach != SDXI_VDEV_REACH_EAL) {
		mem->pid = getpid();
	} else if (reach == SDXI_VDEV_REACH_PROCESS) {
		EMU_LOG(ERR, mem->name, "argument reach: expected eal, as IO addresses are not "
			"the process's without --iova-mode=va, found 'process'");
		return -EINVAL;
	}
	if (mem->pid != 0 && (move(mem, own, other, 1) == 0 || move(mem, other, own, 1) == 0)) {
		mem->pid = 0;
		EMU_LOG(NOTICE, mem->name, "reach=eal: the system does not allow more: %s",
			strerror(errno));
	}
	/* There are no events where memory is never unmapped. */
	if (rte_mem_event_callback_register(mem->name, mem_event, mem) == 0 || rte_errno == ENOTSUP)
		return 0;
	EMU_LOG(ERR, mem->name, "no notice of memory events: %s", rte_strerror(rte_errno));
	return -rte_errno;
}
