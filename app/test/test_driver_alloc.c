/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The n-th allocation of the driver's fails, for n from 1 until there is none left to fail: each
 * call says so or does without, nothing is left behind, and the same again works.
 *
 * Only the plugin's own calls are counted: those in its table of what the linker has bound are led
 * here, so EAL's and the C library's own never fail.
 */

#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>
#include <rte_telemetry.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)
#define PLUGIN_PART "librte_dma_sdxi"

enum {
	LEN = 300,
	NB_DESC = 64,
	BAD = 64, /* an address where nothing is */
};

/* ---- what fails ------------------------------------------------------------------------------ */

/* Whose calls: control operations' are the main thread's, the function has threads of its own. */
enum whose {
	NOBODYS,
	MAINS,
	OTHERS,
	ANYBODYS,
};

static struct {
	enum whose whose;   /* atomic */
	unsigned int fail;  /* atomic: number of the call that fails, from 1 */
	bool on;	    /* and all behind it */
	bool no_iova;	    /* heap memory has no IOVA: memzones are taken */
	unsigned int calls; /* atomic: so far */
	unsigned int hits;  /* atomic: those that failed */
	const char *first;  /* name of the first one */
	long live;	    /* atomic: C heap elements that the driver holds */
} inject;

static pthread_t main_thread;

static bool
hit(const char *name)
{
	enum whose whose = __atomic_load_n(&inject.whose, __ATOMIC_RELAXED);
	unsigned int n;

	if (whose == NOBODYS || (whose == MAINS && !pthread_equal(pthread_self(), main_thread)) ||
	    (whose == OTHERS && pthread_equal(pthread_self(), main_thread)))
		return false;
	n = __atomic_add_fetch(&inject.calls, 1, __ATOMIC_RELAXED);
	if (n != inject.fail && (!inject.on || n < inject.fail))
		return false;
	if (__atomic_fetch_add(&inject.hits, 1, __ATOMIC_RELAXED) == 0)
		inject.first = name;
	return true;
}

static void
live(int n)
{
	__atomic_fetch_add(&inject.live, n, __ATOMIC_RELAXED);
}

/* What stands in the place of a function, called real_NAME where it is. */
#define HOOK(type, name, params, args, code, failed)                                               \
	static type(*real_##name) params;                                                          \
	static type hook_##name params                                                             \
	{                                                                                          \
		if (hit(#name)) {                                                                  \
			errno = (code);                                                            \
			rte_errno = (code);                                                        \
			return failed;                                                             \
		}                                                                                  \
		return real_##name args;                                                           \
	}

/* The same for what the driver gives back with free(). */
#define HOOK_HEAP(name, params, args, more)                                                        \
	static void *(*real_##name) params;                                                        \
	static void *hook_##name params                                                            \
	{                                                                                          \
		void *p;                                                                           \
                                                                                                   \
		if (hit(#name)) {                                                                  \
			errno = ENOMEM;                                                            \
			return NULL;                                                               \
		}                                                                                  \
		p = real_##name args;                                                              \
		live(p != NULL && (more));                                                         \
		return p;                                                                          \
	}

HOOK_HEAP(malloc, (size_t len), (len), true)
HOOK_HEAP(calloc, (size_t n, size_t len), (n, len), true)
HOOK_HEAP(realloc, (void *old, size_t len), (old, len), old == NULL)
HOOK_HEAP(aligned_alloc, (size_t align, size_t len), (align, len), true)
HOOK_HEAP(strdup, (const char *s), (s), true)
HOOK(void *, rte_zmalloc_socket, (const char *type, size_t len, unsigned int align, int socket),
     (type, len, align, socket), ENOMEM, NULL)
HOOK(const struct rte_memzone *, rte_memzone_reserve_aligned,
     (const char *name, size_t len, int socket, unsigned int flags, unsigned int align),
     (name, len, socket, flags, align), ENOMEM, NULL)
HOOK(void *, rte_dma_pmd_allocate, (const char *name, int socket, size_t len), (name, socket, len),
     ENOMEM, NULL)
HOOK(void *, rte_kvargs_parse, (const char *args, const char *const *keys), (args, keys), EINVAL,
     NULL)
HOOK(void *, rte_intr_instance_alloc, (uint32_t flags), (flags), ENOMEM, NULL)
HOOK(int, rte_intr_type_set, (void *handle, int type), (handle, type), ENOMEM, -ENOMEM)
HOOK(int, rte_intr_fd_set, (void *handle, int fd), (handle, fd), ENOMEM, -ENOMEM)
HOOK(int, rte_intr_callback_register, (const void *handle, void *cb, void *arg), (handle, cb, arg),
     ENOMEM, -ENOMEM)
HOOK(int, rte_mp_action_register, (const char *name, void *action), (name, action), ENOMEM, -1)
HOOK(int, rte_mp_request_sync, (void *req, void *reply, const void *ts), (req, reply, ts), ENOMEM,
     -1)
HOOK(int, rte_mem_event_callback_register, (const char *name, void *cb, void *arg),
     (name, cb, arg), ENOMEM, -1)
HOOK(int, rte_ctrl_thread_create, (void *id, const char *name, const void *attr, void *f, void *arg),
     (id, name, attr, f, arg), EAGAIN, -EAGAIN)
HOOK(int, rte_thread_create_internal_control, (void *id, const char *name, void *f, void *arg),
     (id, name, f, arg), EAGAIN, -EAGAIN)
HOOK(int, eventfd, (unsigned int count, int flags), (count, flags), EMFILE, -1)
HOOK(int, memfd_create, (const char *name, unsigned int flags), (name, flags), EMFILE, -1)
HOOK(int, ftruncate64, (int fd, off_t len), (fd, len), ENOSPC, -1)
HOOK(void *, mmap64, (void *at, size_t len, int prot, int flags, int fd, off_t off),
     (at, len, prot, flags, fd, off), ENOMEM, MAP_FAILED)
HOOK(int, pthread_mutexattr_init, (void *attr), (attr), ENOMEM, ENOMEM)
HOOK(int, pthread_mutex_init, (void *mutex, const void *attr), (mutex, attr), ENOMEM, ENOMEM)
HOOK(int, pthread_rwlock_init, (void *lock, const void *attr), (lock, attr), ENOMEM, ENOMEM)

static void (*real_free)(void *p);

static void
hook_free(void *p)
{
	live(-(p != NULL));
	real_free(p);
}

static rte_iova_t (*real_rte_malloc_virt2iova)(const void *p);

static rte_iova_t
hook_rte_malloc_virt2iova(const void *p)
{
	return inject.no_iova ? RTE_BAD_IOVA : real_rte_malloc_virt2iova(p);
}

/*
 * The driver's patience is a matter of looks with a sleep in between. Where it lasts they are made
 * longer, so that no verdict depends on how soon the function's thread has a CPU.
 */
#define SLEEPS_AS_THEY_ARE 100
#define SLEEPS_LONGER	   20

static unsigned int sleeps;
static void (*real_rte_delay_us_sleep)(unsigned int us);

static void
hook_rte_delay_us_sleep(unsigned int us)
{
	if (pthread_equal(pthread_self(), main_thread) && ++sleeps > SLEEPS_AS_THEY_ARE)
		us *= SLEEPS_LONGER;
	real_rte_delay_us_sleep(us);
}

static unsigned int lines; /* atomic: of the log, the driver's */
static int (*real_rte_log)(uint32_t level, uint32_t type, const char *fmt, ...);

static int __rte_format_printf(3, 4)
hook_rte_log(uint32_t level, uint32_t type, const char *fmt, ...)
{
	va_list ap;
	int ret;

	__atomic_fetch_add(&lines, 1, __ATOMIC_RELAXED);
	va_start(ap, fmt);
	ret = rte_vlog(level, type, fmt, ap);
	va_end(ap);
	return ret;
}

/* Telemetry's containers, until they are freed; those that are put into others go with these. */
static struct {
	void *data;
	const void *in;
} tel[64];

static unsigned int
tel_find(const void *data)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(tel) && tel[i].data != data; i++)
		;
	return i;
}

static void *(*real_rte_tel_data_alloc)(void);

static void *
hook_rte_tel_data_alloc(void)
{
	unsigned int i = tel_find(NULL);

	assert_in_range(i, 0, RTE_DIM(tel) - 1);
	if (hit("rte_tel_data_alloc"))
		return NULL;
	tel[i].data = real_rte_tel_data_alloc();
	tel[i].in = NULL;
	return tel[i].data;
}

static int (*real_rte_tel_data_add_dict_container)(void *d, const char *name, void *val, int keep);

static int
hook_rte_tel_data_add_dict_container(void *d, const char *name, void *val, int keep)
{
	int ret = real_rte_tel_data_add_dict_container(d, name, val, keep);

	if (ret == 0)
		tel[tel_find(val)].in = d;
	return ret;
}

static void (*real_rte_tel_data_free)(void *data);

static void
hook_rte_tel_data_free(void *data)
{
	if (data != NULL)
		tel[tel_find(data)].data = NULL;
	real_rte_tel_data_free(data);
}

/*
 * Allocators that may fail, and those without which the driver does: it looks at the error log when
 * it wants to know, and other processes are not there where they cannot be.
 */
static struct {
	const char *name;
	const void *hook;
	const void *real; /* address of the pointer */
	int code;	  /* the errno that is passed on; 0: the driver does without */
} hooks[] = {
#define ENTRY(name, code) { #name, (const void *)(uintptr_t)hook_##name, &real_##name, code }
	ENTRY(malloc, ENOMEM),
	ENTRY(calloc, ENOMEM),
	ENTRY(realloc, ENOMEM),
	ENTRY(aligned_alloc, ENOMEM),
	ENTRY(strdup, ENOMEM),
	ENTRY(free, 0),
	ENTRY(rte_delay_us_sleep, 0),
	ENTRY(rte_log, 0),
	ENTRY(rte_malloc_virt2iova, 0),
	ENTRY(rte_zmalloc_socket, ENOMEM),
	ENTRY(rte_memzone_reserve_aligned, ENOMEM),
	ENTRY(rte_dma_pmd_allocate, ENOMEM),
	ENTRY(rte_kvargs_parse, EINVAL),
	ENTRY(rte_intr_instance_alloc, 0),
	ENTRY(rte_intr_type_set, 0),
	ENTRY(rte_intr_fd_set, 0),
	ENTRY(rte_intr_callback_register, 0),
	ENTRY(rte_mp_action_register, 0),
	ENTRY(rte_mp_request_sync, ENOMEM),
	ENTRY(rte_mem_event_callback_register, ENOMEM),
	ENTRY(rte_ctrl_thread_create, EAGAIN),
	ENTRY(rte_thread_create_internal_control, EAGAIN),
	ENTRY(eventfd, EMFILE),
	ENTRY(memfd_create, EMFILE),
	ENTRY(ftruncate64, ENOSPC),
	{ "ftruncate", (const void *)(uintptr_t)hook_ftruncate64, &real_ftruncate64, ENOSPC },
	ENTRY(mmap64, ENOMEM),
	{ "mmap", (const void *)(uintptr_t)hook_mmap64, &real_mmap64, ENOMEM },
	ENTRY(pthread_mutexattr_init, ENOMEM),
	ENTRY(pthread_mutex_init, ENOMEM),
	ENTRY(pthread_rwlock_init, ENOMEM),
	ENTRY(rte_tel_data_alloc, ENOMEM),
	ENTRY(rte_tel_data_add_dict_container, 0),
	ENTRY(rte_tel_data_free, 0),
};

static int
code_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(hooks); i++)
		if (strcmp(hooks[i].name, name) == 0)
			return hooks[i].code;
	fail_msg("%s is not known", name);
	return 0;
}

/* What allocates, by its name, and is not led here: found as soon as somebody uses it. */
static bool
is_missed(const char *name)
{
	static const char *const parts[] = {
		"alloc", "dup", "create", "reserve", "eventfd", "mmap", "open", "socket", "clone",
		"_init", "register", "epoll", "timerfd", "asprintf", "getline",
	};
	static const char *const harmless[] = {
		/* Constructors, before anything can be led here. */
		"rte_vdev_register", "rte_pci_register", "rte_telemetry_register_cmd",
		"rte_log_register_type_and_pick_level",
		"rte_mem_event_callback_unregister", "rte_mp_action_unregister",
		"rte_intr_callback_unregister_sync",
	};
	unsigned int i;

	/* Tools' own: sanitizers, coverage, profilers. */
	if (name[0] == '_')
		return false;
	for (i = 0; i < RTE_DIM(harmless); i++)
		if (strcmp(harmless[i], name) == 0)
			return false;
	for (i = 0; i < RTE_DIM(parts); i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return false;
}

struct table {
	const ElfW(Rela) *rela;
	size_t len;
};

/* One symbol that the plugin has from elsewhere, and where the linker put its address. */
static void
slot_take(const char *name, void **slot, unsigned int *missed)
{
	const uintptr_t page = (uintptr_t)slot & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	unsigned int i;

	for (i = 0; i < RTE_DIM(hooks); i++) {
		if (strcmp(name, hooks[i].name) != 0)
			continue;
		memcpy((void *)(uintptr_t)hooks[i].real, slot, sizeof(*slot));
		if (mprotect((void *)page, (uintptr_t)(slot + 1) - page, PROT_READ | PROT_WRITE) < 0) {
			perror("mprotect");
			exit(1);
		}
		memcpy(slot, &hooks[i].hook, sizeof(*slot));
		return;
	}
	if (is_missed(name)) {
		fprintf(stderr, "the driver calls %s, of which this test knows nothing\n", name);
		(*missed)++;
	}
}

/* Lead the plugin's calls here. */
static int
plugin_take(struct dl_phdr_info *info, size_t len, void *missed)
{
	struct table tables[2] = { { NULL, 0 }, { NULL, 0 } };
	const ElfW(Dyn) *dyn = NULL;
	const ElfW(Sym) *symtab = NULL;
	const char *strtab = NULL;
	unsigned int t;
	size_t i;

	RTE_SET_USED(len);
	if (strstr(info->dlpi_name, PLUGIN_PART) == NULL)
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (; dyn != NULL && dyn->d_tag != DT_NULL; dyn++) {
		switch (dyn->d_tag) {
		case DT_SYMTAB:
			symtab = (const void *)dyn->d_un.d_ptr;
			break;
		case DT_STRTAB:
			strtab = (const void *)dyn->d_un.d_ptr;
			break;
		case DT_JMPREL:
			tables[0].rela = (const void *)dyn->d_un.d_ptr;
			break;
		case DT_PLTRELSZ:
			tables[0].len = dyn->d_un.d_val;
			break;
		case DT_RELA:
			tables[1].rela = (const void *)dyn->d_un.d_ptr;
			break;
		case DT_RELASZ:
			tables[1].len = dyn->d_un.d_val;
			break;
		}
	}
	for (t = 0; t < RTE_DIM(tables); t++) {
		for (i = 0; i < tables[t].len / sizeof(*tables[t].rela); i++) {
			const ElfW(Rela) *r = &tables[t].rela[i];
			const ElfW(Sym) *sym = &symtab[ELF64_R_SYM(r->r_info)];

			if (ELF64_R_SYM(r->r_info) != 0 && sym->st_shndx == SHN_UNDEF)
				slot_take(strtab + sym->st_name,
					  (void **)(info->dlpi_addr + r->r_offset), missed);
		}
	}
	return 1;
}

static void
arm(enum whose whose, unsigned int fail, bool on)
{
	inject.fail = fail;
	inject.on = on;
	inject.calls = 0;
	inject.hits = 0;
	inject.first = NULL;
	__atomic_store_n(&inject.whose, whose, __ATOMIC_SEQ_CST);
}

static void
disarm(void)
{
	__atomic_store_n(&inject.whose, NOBODYS, __ATOMIC_SEQ_CST);
}

/* ---- what is there --------------------------------------------------------------------------- */

struct stock {
	struct td_stock td;
	unsigned int fds;
	unsigned int devices;
	long live;
};

static void
stock_take(struct stock *stock)
{
	memset(stock, 0, sizeof(*stock));
	td_stock_take(&stock->td);
	stock->fds = td_nb_files();
	stock->devices = rte_dma_count_avail();
	stock->live = __atomic_load_n(&inject.live, __ATOMIC_RELAXED);
}

static void
expect_stock(const struct stock *before, const char *when)
{
	struct td_bound bound;
	struct stock now;

	/* A joined thread may stay in the list for a moment. */
	td_bound_set(&bound);
	do {
		stock_take(&now);
	} while (now.td.threads != before->td.threads && !td_bound_yield(&bound));
	if (memcmp(&now, before, sizeof(now)) == 0)
		return;
	fail_msg("%s, call %u (%s): memzones %u -> %u, heap elements %u -> %u, bytes %zu -> %zu, "
		 "threads %u -> %u, files %u -> %u, dmadevs %u -> %u, C heap elements %ld -> %ld",
		 when, inject.fail, inject.first != NULL ? inject.first : "none failed",
		 before->td.memzones, now.td.memzones, before->td.allocs, now.td.allocs,
		 before->td.bytes, now.td.bytes, before->td.threads, now.td.threads, before->fds,
		 now.fds, before->devices, now.devices, before->live, now.live);
}

/* ---- the sequence ---------------------------------------------------------------------------- */

enum phase {
	PROBE,
	CONFIGURE,
	SETUP,
	START,
	NB_PHASES,
};

static const char *const phase_names[NB_PHASES] = { "probe", "configure", "vchan_setup", "start" };

struct variant {
	const char *args;
	uint16_t nb_vchans;
	unsigned int phases; /* set of those in which calls fail */
	bool no_iova;
	bool silent;
};

static uint8_t *src, *dst;

static int
phase_do(const struct variant *v, enum phase phase, int16_t *id)
{
	struct rte_dma_conf conf = { .nb_vchans = v->nb_vchans };
	char args[TD_ARGS_LEN];
	unsigned int i;
	int ret;

	sleeps = 0;
	switch (phase) {
	case PROBE:
		ret = rte_vdev_init(FN0, td_args(v->args, args, sizeof(args)));
		*id = rte_dma_get_dev_id_by_name(FN0);
		if ((ret == 0) != (*id >= 0))
			fail_msg("probe: %d, and the dmadev is %d", ret, *id);
		return ret;
	case CONFIGURE:
		if (v->silent)
			td_conf_silent(&conf);
#if defined(RTE_DMA_CFG_FLAG_ENQ_DEQ)
		else
			conf.flags |= RTE_DMA_CFG_FLAG_ENQ_DEQ;
#endif
		return rte_dma_configure(*id, &conf);
	case SETUP:
		for (i = 0, ret = 0; i < v->nb_vchans && ret == 0; i++)
			ret = td_try_vchan_setup(*id, i, NB_DESC);
		return ret;
	default:
		return rte_dma_start(*id);
	}
}

/*
 * Some of everything on each channel, a failure and its recovery too: whatever it is, it is made of
 * what there is.
 */
static void
traffic(const struct variant *v, int16_t id)
{
	struct rte_dma_sge from[2], to[2];
	struct rte_dma_info info;
	struct rte_dma_stats stats;
	enum rte_dma_status_code status[8];
	struct td_bound bound;
	unsigned int i, n, got;
	uint16_t vchan;
	FILE *f;

	for (vchan = 0; vchan < RTE_MIN(v->nb_vchans, 3); vchan++) {
		memset(dst, TD_GUARD, 4 * LEN);
		for (i = 0; i < 2; i++) {
			from[i] = (struct rte_dma_sge){ (uintptr_t)src + i * 50, 40 };
			to[i] = (struct rte_dma_sge){ (uintptr_t)dst + 2 * LEN + i * 40, 40 };
		}
		assert_int_equal(rte_dma_copy(id, vchan, (uintptr_t)src, (uintptr_t)dst, LEN, 0), 0);
		assert_int_equal(rte_dma_fill(id, vchan, UINT64_C(0x0101010101010101) * 7,
					      (uintptr_t)dst + LEN, LEN, 0), 1);
		assert_int_equal(rte_dma_copy_sg(id, vchan, from, to, 2, 2, 0), 2);
		/* Behind a failure that nobody reports, others need not be executed. */
		assert_int_equal(rte_dma_copy(id, vchan, v->silent ? (uintptr_t)src : BAD,
					      (uintptr_t)dst + 3 * LEN, LEN, 0), 3);
		assert_int_equal(rte_dma_copy(id, vchan, (uintptr_t)src, (uintptr_t)dst + 3 * LEN,
					      LEN, 0), 4);
		assert_int_equal(rte_dma_submit(id, vchan), 0);
		td_bound_set(&bound);
		for (n = 0; n < 5; n += got) {
			if (v->silent) {
				rte_dma_completed(id, vchan, 1, NULL, NULL);
				assert_int_equal(rte_dma_stats_get(id, vchan, &stats), 0);
				got = stats.completed == 5 ? 5 : 0;
			} else {
				got = rte_dma_completed_status(id, vchan, 5 - n, NULL, status + n);
			}
			if (got == 0 && td_bound_yield(&bound))
				fail_msg("vchan %u: operation %u does not complete", vchan, n);
		}
		if (v->silent)
			TD_WAIT(memcmp(dst, src, LEN) == 0 && td_is_all(dst + LEN, LEN, 7) &&
				memcmp(dst + 2 * LEN, src, 40) == 0 &&
				memcmp(dst + 2 * LEN + 40, src + 50, 40) == 0 &&
				memcmp(dst + 3 * LEN, src, LEN) == 0);
		for (i = 0; i < 5 && !v->silent; i++)
			assert_int_equal(status[i], i == 3 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
							     RTE_DMA_STATUS_SUCCESSFUL);
		assert_memory_equal(dst, src, LEN);
		assert_true(td_is_all(dst + LEN, LEN, 7));
		assert_memory_equal(dst + 2 * LEN, src, 40);
		assert_memory_equal(dst + 2 * LEN + 40, src + 50, 40);
		assert_memory_equal(dst + 3 * LEN, src, LEN);
		td_status(id, vchan);
		assert_int_equal(rte_dma_stats_get(id, vchan, &stats), 0);
		assert_int_equal(rte_dma_stats_reset(id, vchan), 0);
	}
	assert_int_equal(rte_dma_info_get(id, &info), 0);
	f = fopen("/dev/null", "w");
	assert_non_null(f);
	assert_int_equal(rte_dma_dump(id, f), 0);
	fclose(f);
}

/*
 * The sequence with a failing call; behind one that fails, it ends there, or goes on with the same
 * once more.
 *
 * @return false: there was no such call.
 */
static bool
run(const struct variant *v, unsigned int fail, bool on, bool again)
{
	const struct stock *before;
	static struct stock stock;
	enum phase phase;
	int16_t id = -1;
	int ret = 0, code;
	bool was_hit = false, failed = false;

	stock_take(&stock);
	before = &stock;
	inject.no_iova = v->no_iova;
	arm(NOBODYS, fail, on);
	for (phase = 0; phase < NB_PHASES; phase++) {
		if (!was_hit && (v->phases & 1u << phase) != 0)
			__atomic_store_n(&inject.whose, MAINS, __ATOMIC_SEQ_CST);
		__atomic_store_n(&lines, 0, __ATOMIC_RELAXED);
		ret = phase_do(v, phase, &id);
		disarm();
		was_hit = inject.hits > 0;
		if (ret == 0)
			continue;
		failed = true;
		if (!was_hit)
			fail_msg("%s: %d, though no call failed", phase_names[phase], ret);
		code = code_of(inject.first);
		/* Memory may come from the heap or a memzone. */
		if (ret != -code)
			fail_msg("%s: call %u, of %s, fails: expected %d, found %d",
				 phase_names[phase], fail, inject.first, -code, ret);
		if (__atomic_load_n(&lines, __ATOMIC_RELAXED) == 0)
			fail_msg("%s: call %u, of %s, fails: nothing in the log",
				 phase_names[phase], fail, inject.first);
		if (phase == PROBE)
			expect_stock(before, "a probe that failed");
		if (!again)
			break;
		ret = phase_do(v, phase, &id);
		if (ret != 0)
			fail_msg("%s: call %u, of %s, had failed; once more: %d",
				 phase_names[phase], fail, inject.first, ret);
	}
	/* Once is bridged where the other kind of memory is there. */
	if (was_hit && !failed && code_of(inject.first) != 0 &&
	    (on || strcmp(inject.first, "rte_zmalloc_socket") != 0))
		fail_msg("call %u, of %s, failed, and nobody said so", fail, inject.first);
	if (ret == 0) {
		unsigned int calls = inject.calls;

		__atomic_store_n(&inject.whose, MAINS, __ATOMIC_SEQ_CST);
		inject.fail = UINT32_MAX;
		inject.on = false;
		traffic(v, id);
		disarm();
		assert_int_equal(inject.calls, calls);
		inject.fail = fail;
	}
	if (id >= 0) {
		/* Which has to go without memory, too. */
		__atomic_store_n(&inject.whose, MAINS, __ATOMIC_SEQ_CST);
		inject.calls = 0;
		inject.fail = 1;
		inject.on = true;
		ret = rte_vdev_uninit(FN0);
		disarm();
		inject.fail = fail;
		if (ret != 0)
			fail_msg("call %u, of %s, had failed; remove: %d", fail,
				 inject.first != NULL ? inject.first : "none", ret);
	}
	expect_stock(before, "the device removed");
	return was_hit;
}

static void
test_control(void **state)
{
	const struct variant *v = *state;
	unsigned int way, n, total = 0;

	for (way = 0; way < 4; way++) {
		for (n = 1; run(v, n, (way & 1) != 0, (way & 2) != 0); n++)
			;
		/* It makes no difference to how many there are. */
		assert_true(n > 1);
		total += n - 1;
	}
	print_message("# %u allocations fail one by one, in 4 ways\n", total / 4);
}

/* ---- the function's own threads -------------------------------------------------------------- */

/* All are reported, and good is what is said to be. */
static void
traffic_any(int16_t id)
{
	enum rte_dma_status_code status[8];
	struct td_bound bound;
	unsigned int i, n, got;

	memset(dst, TD_GUARD, 8 * LEN);
	for (n = 0; n < 8; n++)
		if (rte_dma_copy(id, 0, (uintptr_t)src + n, (uintptr_t)dst + n * LEN, LEN,
				 RTE_DMA_OP_FLAG_SUBMIT) < 0)
			break;
	td_bound_set(&bound);
	for (i = 0; i < n; i += got) {
		got = rte_dma_completed_status(id, 0, n - i, NULL, status + i);
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("operation %u does not complete", i);
	}
	for (i = 0; i < n; i++)
		if (status[i] == RTE_DMA_STATUS_SUCCESSFUL)
			assert_memory_equal(dst + i * LEN, src + i, LEN);
}

/* A function without memory is one that errs: the driver reports that, and nothing is left behind. */
static void
test_function(void **state)
{
	const struct variant *v = *state;
	struct stock before;
	unsigned int way, n;
	enum phase phase;
	int16_t id;
	bool was_hit = true;
	int ret;

	for (way = 0; way < 2; way++) {
		for (n = 1, was_hit = true; was_hit; n++) {
			stock_take(&before);
			arm(OTHERS, n, way == 1);
			for (phase = 0, ret = 0; phase < NB_PHASES && ret == 0; phase++)
				ret = phase_do(v, phase, &id);
			assert_in_range(-ret, 0, 133);
			if (ret == 0)
				traffic_any(id);
			else if (inject.hits == 0)
				fail_msg("%s: %d, though no call failed", phase_names[phase - 1],
					 ret);
			disarm();
			was_hit = inject.hits > 0;
			if (id >= 0)
				assert_int_equal(rte_vdev_uninit(FN0), 0);
			expect_stock(&before, "the device removed");
		}
		assert_true(n > 2);
	}
}

/* ---- telemetry ------------------------------------------------------------------------------- */

static telemetry_cb tel_info;

/* In the place of telemetry's own, for the plugin too, which is loaded behind this program. */
int
rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help)
{
	RTE_SET_USED(help);
	if (strcmp(cmd, "/dmadev_sdxi/info") == 0)
		tel_info = fn;
	return 0;
}

/* Free all containers, as telemetry does with an answer; gives how many are not in it. */
static unsigned int
tel_clear(const void *answer)
{
	unsigned int i, at, lost = 0;

	for (i = 0; i < RTE_DIM(tel); i++) {
		if (tel[i].data == NULL)
			continue;
		for (at = i; at < RTE_DIM(tel) && tel[at].in != answer;)
			at = tel[at].in != NULL ? tel_find(tel[at].in) : RTE_DIM(tel);
		lost += answer == NULL || at == RTE_DIM(tel);
	}
	for (i = 0; i < RTE_DIM(tel); i++) {
		if (tel[i].data != NULL)
			real_rte_tel_data_free(tel[i].data);
		tel[i].data = NULL;
	}
	return lost;
}

static void
test_telemetry(void **state)
{
	const struct variant v = { "error=continue,watchdog=0", 1, 0, false, false };
	enum phase phase;
	const struct stock *before;
	struct stock stock;
	unsigned int n, lost;
	char param[8];
	int16_t id;
	int ret;

	RTE_SET_USED(state);
	assert_non_null(tel_info);
	for (phase = 0; phase < NB_PHASES; phase++)
		assert_int_equal(phase_do(&v, phase, &id), 0);
	/* So that the log has some entries. */
	for (n = 0; n < 3; n++) {
		traffic(&v, id);
		assert_int_equal(rte_dma_stop(id), 0);
		assert_int_equal(rte_dma_start(id), 0);
	}
	snprintf(param, sizeof(param), "%d", id);
	stock_take(&stock);
	before = &stock;
	for (n = 1;; n++) {
		struct rte_tel_data *answer = rte_tel_data_alloc();

		assert_non_null(answer);
		arm(MAINS, n, false);
		ret = tel_info("/dmadev_sdxi/info", param, answer);
		disarm();
		lost = tel_clear(ret == 0 ? answer : NULL);
		rte_tel_data_free(answer);
		if (ret != (inject.hits > 0 ? -ENOMEM : 0) || lost != 0)
			fail_msg("allocation %u fails: expected %d and 0 containers lost, found %d "
				 "and %u", n, inject.hits > 0 ? -ENOMEM : 0, ret, lost);
		expect_stock(before, "telemetry");
		if (inject.hits == 0)
			break;
	}
	/* The dictionaries of the answer, and three of entries. */
	assert_in_range(n - 1, 7, RTE_DIM(tel));
	assert_int_equal(rte_vdev_uninit(FN0), 0);
}

/* A test that has failed may have left its device. */
static int
teardown(void **state)
{
	disarm();
	inject.no_iova = false;
	rte_vdev_uninit(FN0);
	return td_teardown(state);
}

/* ---- main ------------------------------------------------------------------------------------ */

int
main(int argc, char **argv)
{
	const unsigned int all = (1u << NB_PHASES) - 1;
	/* Three channels; every key that is a word; engines; other memory; more tables at start. */
	static struct variant plain = { "", 3, 0, false, false };
	static struct variant full = {
		"max_cxt=7,engines=3,max_vchans=4,errlog_size=128,completion=batch,watchdog=1000,"
		"fault=fail:cxt=7:op=5,fault=stall:cxt=7:op=9", 2, 0, false, false,
	};
	static struct variant zones = { "error=continue", 2, 0, true, false };
	static struct variant many = { "max_cxt=255", 130, 1u << START, false, true };
	static struct variant one = { "", 1, 0, false, false };
	static struct variant free_one = { "freedom=random", 1, 0, false, false };
	const struct CMUnitTest tests[] = {
#define TEST(f, label, variant) { #f " (" label ")", f, td_setup, teardown, variant }
		TEST(test_control, "three vchans", &plain),
		TEST(test_control, "all arguments", &full),
		TEST(test_control, "no IOVAs", &zones),
		TEST(test_control, "130 vchans, start", &many),
		TEST(test_function, "plain", &one),
		TEST(test_function, "with liberties", &free_one),
		TEST(test_telemetry, "info", NULL),
	};
	unsigned int missed = 0;
	int ret;

	plain.phases = all;
	full.phases = all;
	zones.phases = all;
	main_thread = pthread_self();
	ret = td_eal_init(argv[0], 256, NULL);
	if (ret < 0) {
		fprintf(stderr, "EAL or the driver cannot be brought up: %s\n", strerror(-ret));
		return 1;
	}
	if (dl_iterate_phdr(plugin_take, &missed) == 0 || missed > 0) {
		fprintf(stderr, "the driver's calls cannot be led here\n");
		return 1;
	}
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	src = rte_malloc("src", LEN + 64, 64);
	dst = rte_malloc("dst", 8 * LEN, 64);
	if (src == NULL || dst == NULL)
		return 1;
	td_fill(src, LEN + 64, 1);
	ret = cmocka_run_group_tests_name("driver, allocations", tests, NULL, NULL);
	rte_free(src);
	rte_free(dst);
	return ret != 0;
}
