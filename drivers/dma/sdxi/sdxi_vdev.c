/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An SDXI function in this process, for lack of one on the bus: --vdev=dma_sdxi_emu0,...
 *
 * The function is the emulation core's; here are the thread it runs on and its view of memory. It
 * reaches what an IOMMU would let it reach: DPDK's memory and registered external memory, and
 * nothing else.
 *
 * Two locks, always taken in this order: "core" serialises the function (its thread, register
 * accesses), "mem" keeps memory that the function is using from being unmapped. EAL's own memory
 * lock is taken with core held but never with mem held, because EAL calls mem_event() with it held.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bus_vdev_driver.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_kvargs.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <rte_pause.h>
#include <rte_thread.h>

#include <sdxi_emu.h>

#include "sdxi_compat.h"
#include "sdxi_dmadev.h"

#define EMU_LOG(level, name, fmt, ...) \
	rte_log(RTE_LOG_##level, sdxi_logtype, "SDXI: %s: " fmt "\n", name, ##__VA_ARGS__)

/* Work that the function does before others get at the core lock: see sdxi_emu_run(). */
#define EMU_BUDGET	128
/* Turns without work: so many with a pause, so many that yield, then sleeps of EMU_SLEEP_US. */
#define EMU_PAUSES	64
#define EMU_YIELDS	20000
#define EMU_SLEEP_US	50

/* IO virtual addresses [iova, end) lie at va on. */
struct emu_range {
	uint64_t iova;
	uint64_t end;
	uint8_t *va;
	bool external; /**< registered by the application, and gone without notice */
};

struct emu_fn {
	struct sdxi_emu *emu;
	char name[RTE_DEV_NAME_MAX_LEN];
	void *db;      /**< doorbells; software stores, the function looks */
	size_t db_len; /**< bytes */
	rte_thread_t thread;
	bool exit;	  /**< atomic: the thread is to end */
	uint32_t waiting; /**< atomic: threads that want a lock; the function gives way to them */

	pthread_mutex_t core;
	bool dma_off; /**< no memory access: bus mastering is off */

	pthread_mutex_t mem;
	struct emu_range *ranges; /**< sorted by iova */
	unsigned int nb_ranges;
	unsigned int max_ranges;
	unsigned int last; /**< the range that the last translation found */
	unsigned int frees; /**< how often EAL said that it unmaps memory */
};

/* Memory, seen through translation. mem is held. */

static int
emu_range_add(struct emu_fn *fn, uint64_t iova, void *va, size_t len, bool external)
{
	struct emu_range *r;

	if (iova == RTE_BAD_IOVA || len == 0 || iova + len < iova)
		return 0;
	if (fn->nb_ranges > 0) {
		r = &fn->ranges[fn->nb_ranges - 1];
		if (r->end == iova && r->va + (r->end - r->iova) == va && r->external == external) {
			r->end += len;
			return 0;
		}
	}
	if (fn->nb_ranges == fn->max_ranges) {
		unsigned int max = RTE_MAX(64u, fn->max_ranges * 2);

		r = realloc(fn->ranges, max * sizeof(*r));
		if (r == NULL)
			return -1;
		fn->ranges = r;
		fn->max_ranges = max;
	}
	fn->ranges[fn->nb_ranges++] = (struct emu_range){
		.iova = iova, .end = iova + len, .va = va, .external = external,
	};
	return 0;
}

static int
emu_walk(const struct rte_memseg_list *msl, const struct rte_memseg *ms, size_t len, void *arg)
{
	struct emu_fn *fn = arg;
	size_t off;

	if (rte_eal_iova_mode() == RTE_IOVA_VA && !msl->external)
		return emu_range_add(fn, ms->addr_64, ms->addr, len, false);
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
		if (emu_range_add(fn, iova, page->addr, page->len, msl->external) < 0)
			return -1;
	}
	return 0;
}

static int
emu_range_cmp(const void *a, const void *b)
{
	const struct emu_range *ra = a, *rb = b;

	return ra->iova < rb->iova ? -1 : ra->iova > rb->iova;
}

/*
 * Look at EAL's memory anew. Drops mem, because EAL's lock is taken in here: whatever was
 * translated before is void.
 */
static void
emu_ranges_renew(struct emu_fn *fn)
{
	struct emu_fn next = { .nb_ranges = 0 };
	unsigned int frees;

	do {
		frees = fn->frees;
		next.nb_ranges = 0;
		pthread_mutex_unlock(&fn->mem);
		/* A walk cut short for lack of memory makes the rest translation errors. */
		rte_memseg_contig_walk(emu_walk, &next);
		pthread_mutex_lock(&fn->mem);
		/* What was found may have gone between the walk's end and the lock. */
	} while (frees != fn->frees);
	if (next.nb_ranges > 1)
		qsort(next.ranges, next.nb_ranges, sizeof(*next.ranges), emu_range_cmp);

	free(fn->ranges);
	fn->ranges = next.ranges;
	fn->nb_ranges = next.nb_ranges;
	fn->max_ranges = next.max_ranges;
	fn->last = 0;
}

static inline const struct emu_range *
emu_range_find(struct emu_fn *fn, uint64_t iova)
{
	unsigned int lo = 0, hi = fn->nb_ranges;
	const struct emu_range *r;

	if (likely(fn->last < fn->nb_ranges)) {
		r = &fn->ranges[fn->last];
		if (likely(iova >= r->iova && iova < r->end))
			return r;
	}
	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		r = &fn->ranges[mid];
		if (iova < r->iova) {
			hi = mid;
		} else if (iova >= r->end) {
			lo = mid + 1;
		} else {
			fn->last = mid;
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
emu_translate(struct emu_fn *fn, uint64_t iova, size_t *len)
{
	const struct emu_range *r = emu_range_find(fn, iova);
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
emu_translate_renew(struct emu_fn *fn, uint64_t iova, size_t *len)
{
	uint8_t *va;

	if (unlikely(fn->dma_off))
		return NULL;
	va = emu_translate(fn, iova, len);
	if (unlikely(va == NULL)) {
		emu_ranges_renew(fn);
		va = emu_translate(fn, iova, len);
	}
	return va;
}

static enum sdxi_emu_mem
emu_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	uint8_t *out = buf;

	while (len > 0) {
		size_t part = len;
		const uint8_t *va = emu_translate_renew(opaque, iova, &part);

		if (va == NULL)
			return SDXI_EMU_MEM_FAULT;
		memcpy(out, va, part);
		out += part;
		iova += part;
		len -= part;
	}
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
emu_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	const uint8_t *in = buf;

	while (len > 0) {
		size_t part = len;
		uint8_t *va = emu_translate_renew(opaque, iova, &part);

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
static enum sdxi_emu_mem
emu_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	size_t len = sizeof(*val);
	uint8_t *va = emu_translate_renew(opaque, iova, &len);

	if (va == NULL || len < sizeof(*val) || !rte_is_aligned(va, sizeof(*val)))
		return SDXI_EMU_MEM_FAULT;
	*val = __atomic_load_n((uint64_t *)(uintptr_t)va, __ATOMIC_ACQUIRE);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
emu_write64(void *opaque, uint64_t iova, uint64_t val)
{
	size_t len = sizeof(val);
	uint8_t *va = emu_translate_renew(opaque, iova, &len);

	if (va == NULL || len < sizeof(val) || !rte_is_aligned(va, sizeof(val)))
		return SDXI_EMU_MEM_FAULT;
	__atomic_store_n((uint64_t *)(uintptr_t)va, val, __ATOMIC_RELEASE);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
emu_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	struct emu_fn *fn = opaque;

	while (len > 0) {
		size_t part = len;
		const uint8_t *from;
		uint8_t *to;

		if (unlikely(fn->dma_off))
			return SDXI_EMU_MEM_SRC_FAULT;
		from = emu_translate(fn, src, &part);
		to = emu_translate(fn, dst, &part);
		if (unlikely(from == NULL || to == NULL)) {
			/* One look for both: a second one would make the first's result void. */
			emu_ranges_renew(fn);
			part = len;
			from = emu_translate(fn, src, &part);
			if (from == NULL)
				return SDXI_EMU_MEM_SRC_FAULT;
			to = emu_translate(fn, dst, &part);
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

static const struct sdxi_emu_ops emu_ops = {
	.read = emu_read,
	.write = emu_write,
	.read64 = emu_read64,
	.write64 = emu_write64,
	.copy = emu_copy,
};

/* Locks that the function's thread gives way for: it would take them again at once otherwise. */

static void
emu_lock(struct emu_fn *fn, pthread_mutex_t *lock)
{
	__atomic_fetch_add(&fn->waiting, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(lock);
	__atomic_fetch_sub(&fn->waiting, 1, __ATOMIC_RELAXED);
}

/* EAL is about to unmap memory, or has mapped some: forget what was known of it. */
static void
emu_mem_event(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	struct emu_fn *fn = arg;

	RTE_SET_USED(addr);
	RTE_SET_USED(len);
	if (event != RTE_MEM_EVENT_FREE)
		return;
	emu_lock(fn, &fn->mem);
	fn->nb_ranges = 0;
	fn->frees++;
	pthread_mutex_unlock(&fn->mem);
}

/* How the driver reaches the function. */

static uint64_t
emu_reg_read(const struct sdxi_fn *sdxi_fn, uint32_t off)
{
	struct emu_fn *fn = sdxi_fn->opaque;
	uint64_t val;

	emu_lock(fn, &fn->core);
	val = sdxi_emu_reg_read(fn->emu, off, sizeof(val));
	pthread_mutex_unlock(&fn->core);
	return val;
}

static void
emu_reg_write(const struct sdxi_fn *sdxi_fn, uint32_t off, uint64_t val)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	emu_lock(fn, &fn->core);
	sdxi_emu_reg_write(fn->emu, off, val, sizeof(val));
	pthread_mutex_unlock(&fn->core);
}

static int
emu_dma_enable(const struct sdxi_fn *sdxi_fn, bool on)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	emu_lock(fn, &fn->core);
	fn->dma_off = !on;
	pthread_mutex_unlock(&fn->core);
	return 0;
}

static void
emu_fn_free(struct emu_fn *fn)
{
	sdxi_emu_destroy(fn->emu);
	if (fn->db != NULL)
		munmap(fn->db, fn->db_len);
	free(fn->ranges);
	pthread_mutex_destroy(&fn->mem);
	pthread_mutex_destroy(&fn->core);
	free(fn);
}

static void
emu_release(const struct sdxi_fn *sdxi_fn)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	__atomic_store_n(&fn->exit, true, __ATOMIC_RELAXED);
	rte_thread_join(fn->thread, NULL);
	rte_mem_event_callback_unregister(fn->name, fn);
	emu_fn_free(fn);
}

static const struct sdxi_fn_ops emu_fn_ops = {
	.reg_read = emu_reg_read,
	.reg_write = emu_reg_write,
	.dma_enable = emu_dma_enable,
	.release = emu_release,
};

static sdxi_thread_ret
emu_thread(void *arg)
{
	struct emu_fn *fn = arg;
	unsigned int idle = 0;

	while (!__atomic_load_n(&fn->exit, __ATOMIC_RELAXED)) {
		unsigned int done;

		if (unlikely(__atomic_load_n(&fn->waiting, __ATOMIC_RELAXED) != 0)) {
			sched_yield();
			continue;
		}
		pthread_mutex_lock(&fn->core);
		pthread_mutex_lock(&fn->mem);
		done = sdxi_emu_run(fn->emu, EMU_BUDGET);
		pthread_mutex_unlock(&fn->mem);
		pthread_mutex_unlock(&fn->core);

		if (done != 0) {
			idle = 0;
		} else if (idle < EMU_PAUSES) {
			idle++;
			rte_pause();
		} else if (idle < EMU_PAUSES + EMU_YIELDS) {
			idle++;
			sched_yield();
		} else {
			rte_delay_us_sleep(EMU_SLEEP_US);
		}
	}
	return (sdxi_thread_ret)0;
}

/* Device arguments. */

struct emu_args {
	struct sdxi_emu_conf conf;
	int lcore; /**< -1: wherever there is room */
};

static int
emu_set_max_cxt(struct emu_args *args, uint64_t number)
{
	args->conf.max_cxt = number;
	return 0;
}

static int
emu_set_max_ring(struct emu_args *args, uint64_t number)
{
	args->conf.max_ds_ring_sz = rte_bsf64(number / SDXI_DS_RING_SZ_MIN);
	return 0;
}

static int
emu_set_max_buffer(struct emu_args *args, uint64_t number)
{
	args->conf.max_buffer = rte_bsf64(number >> SDXI_MAX_BUFFER_SHIFT);
	return 0;
}

static int
emu_set_db_stride(struct emu_args *args, uint64_t number)
{
	args->conf.db_stride = rte_bsf64(number / SDXI_DB_STRIDE_MIN);
	return 0;
}

static int
emu_set_lcore(struct emu_args *args, uint64_t number)
{
	/* Not only EAL's own: the function may have a CPU that the application does not use. */
	rte_cpuset_t cpuset = rte_lcore_cpuset(number);

	if (CPU_COUNT(&cpuset) == 0)
		return -EINVAL;
	args->lcore = number;
	return 0;
}

static int
emu_set_error(struct emu_args *args, uint64_t number)
{
	args->conf.err_continue = number != 0;
	return 0;
}

static const char * const emu_errors[] = { "stop", "continue", NULL };

static const struct emu_key {
	const char *key;
	const char *expected;
	uint64_t min;
	uint64_t max;
	bool pow2;
	const char * const *words; /* in the place of a number: these, counted from 0 */
	int (*set)(struct emu_args *args, uint64_t number);
} emu_keys[] = {
	{ "max_cxt", "highest context number, 1 to 65535", 1, UINT16_MAX, false, NULL,
		emu_set_max_cxt },
	{ "max_ring", "descriptors, a power of two from 1024 to 65536", SDXI_DS_RING_SZ_MIN, 65536,
		true, NULL, emu_set_max_ring },
	{ "max_buffer", "bytes, a power of two from 2097152 to 4294967296", UINT64_C(2) << 20,
		UINT64_C(4) << 30, true, NULL, emu_set_max_buffer },
	{ "db_stride", "bytes, a power of two from 4096 to 524288", SDXI_DB_STRIDE_MIN, 524288,
		true, NULL, emu_set_db_stride },
	{ "lcore", "number of an lcore that this machine has", 0, RTE_MAX_LCORE - 1, false, NULL,
		emu_set_lcore },
	{ "error", "stop or continue", 0, 0, false, emu_errors, emu_set_error },
};

static int
emu_arg_parse(const struct emu_key *key, const char *value, struct emu_args *args)
{
	uint64_t number;
	char *end;

	if (value == NULL)
		return -EINVAL;
	if (key->words != NULL) {
		for (number = 0; key->words[number] != NULL; number++)
			if (strcmp(value, key->words[number]) == 0)
				return key->set(args, number);
		return -EINVAL;
	}
	if (*value < '0' || *value > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno != 0 || *end != '\0' || number < key->min || number > key->max ||
	    (key->pow2 && (number & (number - 1)) != 0))
		return -EINVAL;
	return key->set(args, number);
}

static int
emu_args_parse(const char *name, const char *str, struct emu_args *args)
{
	struct rte_kvargs *kvlist;
	unsigned int i, k;
	int ret = 0;

	args->lcore = -1;
	sdxi_emu_conf_default(&args->conf);
	if (str == NULL || *str == '\0')
		return 0;
	kvlist = rte_kvargs_parse(str, NULL);
	if (kvlist == NULL) {
		EMU_LOG(ERR, name, "arguments: expected key=value,..., found '%s'", str);
		return -EINVAL;
	}
	for (i = 0; i < kvlist->count && ret == 0; i++) {
		const char *key = kvlist->pairs[i].key;
		const char *value = kvlist->pairs[i].value;

		for (k = 0; k < RTE_DIM(emu_keys); k++)
			if (strcmp(key, emu_keys[k].key) == 0)
				break;
		if (k == RTE_DIM(emu_keys)) {
			EMU_LOG(ERR, name, "argument '%s' is not known; known are max_cxt, "
				"max_ring, max_buffer, db_stride, lcore, error", key);
			ret = -EINVAL;
		} else if (emu_arg_parse(&emu_keys[k], value, args) < 0) {
			EMU_LOG(ERR, name, "argument %s: expected %s, found '%s'", key,
				emu_keys[k].expected, value != NULL ? value : "");
			ret = -EINVAL;
		}
	}
	rte_kvargs_free(kvlist);
	return ret;
}

/* Make the function and its doorbells; nothing runs yet. */
static int
emu_fn_create(const char *name, struct emu_args *args, struct emu_fn **out)
{
	struct emu_fn *fn = calloc(1, sizeof(*fn));
	int ret;

	if (fn == NULL)
		return -ENOMEM;
	snprintf(fn->name, sizeof(fn->name), "%s", name);
	pthread_mutex_init(&fn->core, NULL);
	pthread_mutex_init(&fn->mem, NULL);
	fn->db_len = ((size_t)args->conf.max_cxt + 1) *
		     ((size_t)SDXI_DB_STRIDE_MIN << args->conf.db_stride);
	/* Address space for all, memory for the few pages that are used. */
	fn->db = mmap(NULL, fn->db_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fn->db == MAP_FAILED) {
		ret = -errno;
		fn->db = NULL;
		EMU_LOG(ERR, name, "no %zu bytes of address space for doorbells", fn->db_len);
		goto fail;
	}
	args->conf.doorbells = fn->db;
	ret = sdxi_emu_create(&args->conf, &emu_ops, fn, &fn->emu);
	if (ret < 0) {
		EMU_LOG(ERR, name, "function could not be made: %s", strerror(-ret));
		goto fail;
	}
	*out = fn;
	return 0;
fail:
	emu_fn_free(fn);
	return ret;
}

static int
emu_fn_start(struct emu_fn *fn, int lcore)
{
	rte_cpuset_t cpuset;
	int ret;

	/* Not supported where memory is never unmapped, and not needed there. */
	if (rte_mem_event_callback_register(fn->name, emu_mem_event, fn) < 0 &&
	    rte_errno != ENOTSUP) {
		ret = -rte_errno;
		EMU_LOG(ERR, fn->name, "no notice of memory events: %s", rte_strerror(rte_errno));
		return ret;
	}
	ret = sdxi_control_thread_create(&fn->thread, "sdxi-emu", emu_thread, fn);
	if (ret < 0) {
		EMU_LOG(ERR, fn->name, "thread could not be started: %s", strerror(-ret));
		rte_mem_event_callback_unregister(fn->name, fn);
		return ret;
	}
	if (lcore >= 0) {
		cpuset = rte_lcore_cpuset(lcore);
		if (rte_thread_set_affinity_by_id(fn->thread, &cpuset) != 0)
			EMU_LOG(WARNING, fn->name, "function cannot be bound to lcore %d", lcore);
	}
	return 0;
}

static int
emu_probe(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct emu_args args;
	struct sdxi_fn sdxi_fn;
	struct emu_fn *fn = NULL;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		EMU_LOG(ERR, name, "only the primary process can use the function");
		return -ENOTSUP;
	}
	ret = emu_args_parse(name, rte_vdev_device_args(vdev), &args);
	if (ret < 0)
		return ret;
	ret = emu_fn_create(name, &args, &fn);
	if (ret < 0)
		return ret;
	ret = emu_fn_start(fn, args.lcore);
	if (ret < 0) {
		emu_fn_free(fn);
		return ret;
	}
	sdxi_fn = (struct sdxi_fn){
		.ops = &emu_fn_ops, .opaque = fn, .db = fn->db, .db_len = fn->db_len,
	};
	ret = sdxi_dmadev_create(name, &vdev->device, &sdxi_fn);
	if (ret < 0)
		emu_release(&sdxi_fn);
	return ret;
}

static int
emu_remove(struct rte_vdev_device *vdev)
{
	return sdxi_dmadev_destroy(rte_vdev_device_name(vdev));
}

static struct rte_vdev_driver emu_drv = {
	.probe = emu_probe,
	.remove = emu_remove,
};

RTE_PMD_REGISTER_VDEV(dma_sdxi_emu, emu_drv);
RTE_PMD_REGISTER_PARAM_STRING(dma_sdxi_emu,
	"max_cxt=<1-65535> "
	"max_ring=<1024-65536> "
	"max_buffer=<2097152-4294967296> "
	"db_stride=<4096-524288> "
	"lcore=<lcore> "
	"error=stop|continue");
