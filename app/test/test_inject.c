/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#include "test_driver_util.h"
#include "test_inject.h"

#define PLUGIN_PART "librte_dma_sdxi"

struct inject inject;

static pthread_t main_thread;

static bool
hit(const char *name)
{
	enum inject_whose whose = __atomic_load_n(&inject.whose, __ATOMIC_RELAXED);
	unsigned int n;

	if (whose == INJECT_NOBODYS ||
	    (whose == INJECT_MAINS && !pthread_equal(pthread_self(), main_thread)) ||
	    (whose == INJECT_OTHERS && pthread_equal(pthread_self(), main_thread)))
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

/* Replacement of a function, which is called as real_NAME. */
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

/* The same for memory that the driver frees with free(). */
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
HOOK(int, rte_intr_callback_register, (const void *handle, void *cb, void *arg), (handle, cb, arg),
     ENOMEM, -ENOMEM)
HOOK(int, rte_mem_event_callback_register, (const char *name, void *cb, void *arg),
     (name, cb, arg), ENOMEM, -1)
HOOK(int, rte_ctrl_thread_create,
     (void *id, const char *name, const void *attr, void *f, void *arg),
     (id, name, attr, f, arg), EAGAIN, -EAGAIN)
HOOK(int, rte_thread_create_internal_control, (void *id, const char *name, void *f, void *arg),
     (id, name, f, arg), EAGAIN, -EAGAIN)
HOOK(int, memfd_create, (const char *name, unsigned int flags), (name, flags), EMFILE, -1)
HOOK(int, ftruncate64, (int fd, off_t len), (fd, len), ENOSPC, -1)
HOOK(void *, mmap64, (void *at, size_t len, int prot, int flags, int fd, off_t off),
     (at, len, prot, flags, fd, off), ENOMEM, MAP_FAILED)
HOOK(int, pthread_mutexattr_init, (void *attr), (attr), ENOMEM, ENOMEM)
HOOK(int, pthread_mutex_init, (void *mutex, const void *attr), (mutex, attr), ENOMEM, ENOMEM)

static int (*real_open)(const char *path, int flags, mode_t mode);

/* Also called with two arguments; the third is ignored then. */
static int
hook_open(const char *path, int flags, mode_t mode)
{
	if (!hit("open"))
		return real_open(path, flags, mode);
	errno = EMFILE;
	return -1;
}

static void (*real_free)(void *p);

static void
hook_free(void *p)
{
	live(-(p != NULL));
	real_free(p);
}

static enum rte_iova_mode (*real_rte_eal_iova_mode)(void);

static enum rte_iova_mode
hook_rte_eal_iova_mode(void)
{
	return inject.zones ? RTE_IOVA_PA : real_rte_eal_iova_mode();
}

/*
 * The driver's timeouts are counted in polls with sleeps. Make long waits longer, so that no result
 * depends on when the function's thread gets a CPU.
 */
#define SLEEPS_AS_THEY_ARE 100
#define SLEEPS_LONGER	   20

static void (*real_rte_delay_us_sleep)(unsigned int us);

static void
hook_rte_delay_us_sleep(unsigned int us)
{
	if (pthread_equal(pthread_self(), main_thread) && ++inject.sleeps > SLEEPS_AS_THEY_ARE)
		us *= SLEEPS_LONGER;
	real_rte_delay_us_sleep(us);
}

static int (*real_rte_log)(uint32_t level, uint32_t type, const char *fmt, ...);

static int __rte_format_printf(3, 4)
hook_rte_log(uint32_t level, uint32_t type, const char *fmt, ...)
{
	va_list ap;
	int ret;

	__atomic_fetch_add(&inject.lines, 1, __ATOMIC_RELAXED);
	va_start(ap, fmt);
	ret = rte_vlog(level, type, fmt, ap);
	va_end(ap);
	return ret;
}

/*
 * Allocating functions that may fail; code is 0 if the driver works without: it polls the error
 * log, and runs without other processes.
 */
static struct {
	const char *name;
	const void *hook;
	const void *real; /* address of the pointer */
	int code;	  /* errno returned by the driver; 0: works without */
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
	ENTRY(rte_eal_iova_mode, 0),
	ENTRY(rte_zmalloc_socket, ENOMEM),
	ENTRY(rte_memzone_reserve_aligned, ENOMEM),
	ENTRY(rte_dma_pmd_allocate, ENOMEM),
	ENTRY(rte_kvargs_parse, EINVAL),
	ENTRY(rte_intr_callback_register, 0),
	ENTRY(rte_mem_event_callback_register, ENOMEM),
	ENTRY(rte_ctrl_thread_create, EAGAIN),
	ENTRY(rte_thread_create_internal_control, EAGAIN),
	ENTRY(open, EMFILE),
	{ "open64", (const void *)(uintptr_t)hook_open, &real_open, EMFILE },
	ENTRY(memfd_create, EMFILE),
	ENTRY(ftruncate64, ENOSPC),
	{ "ftruncate", (const void *)(uintptr_t)hook_ftruncate64, &real_ftruncate64, ENOSPC },
	ENTRY(mmap64, ENOMEM),
	{ "mmap", (const void *)(uintptr_t)hook_mmap64, &real_mmap64, ENOMEM },
	ENTRY(pthread_mutexattr_init, ENOMEM),
	ENTRY(pthread_mutex_init, ENOMEM),
};

int
inject_code(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(hooks); i++)
		if (strcmp(hooks[i].name, name) == 0)
			return hooks[i].code;
	fail_msg("%s is not known", name);
	return 0;
}

extern void __gcov_init(void) __attribute__((weak));

/* An allocating function that is not replaced here: detected by name as soon as it is used. */
static bool
is_missed(const char *name)
{
	static const char *const parts[] = {
		"alloc", "dup", "create", "reserve", "eventfd", "mmap", "open", "socket", "clone",
		"_init", "register", "epoll", "timerfd", "asprintf", "getline",
	};
	static const char *const gcovs[] = { "fdopen", "fopen", "open" };
	static const char *const harmless[] = {
		/* Constructors, called before anything can be replaced. */
		"rte_vdev_register", "rte_pci_register",
		"rte_log_register_type_and_pick_level",
		"rte_malloc_virt2iova", "rte_mem_event_callback_unregister",
		"rte_intr_callback_unregister_sync",
	};
	unsigned int i;

	/* Symbols of sanitizers, coverage and profilers, and of the other plugin. */
	if (name[0] == '_' || strncmp(name, "sdxi_", 5) == 0)
		return false;
	/* A coverage build contains libgcov, which opens files. */
	for (i = 0; __gcov_init != NULL && i < RTE_DIM(gcovs); i++)
		if (strcmp(gcovs[i], name) == 0)
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

/* Replace an imported symbol of the plugin in the slot that the linker filled. */
static void
slot_take(const char *name, void **slot, unsigned int *missed)
{
	const uintptr_t page = (uintptr_t)slot & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	unsigned int i;

	for (i = 0; i < RTE_DIM(hooks); i++) {
		if (strcmp(name, hooks[i].name) != 0)
			continue;
		memcpy((void *)(uintptr_t)hooks[i].real, slot, sizeof(*slot));
		if (mprotect((void *)page, (uintptr_t)(slot + 1) - page,
			     PROT_READ | PROT_WRITE) < 0) {
			perror("mprotect");
			exit(1);
		}
		memcpy(slot, &hooks[i].hook, sizeof(*slot));
		return;
	}
	if (is_missed(name)) {
		fprintf(stderr, "the driver calls %s, which is unknown to this test\n", name);
		(*missed)++;
	}
}

struct taken {
	unsigned int plugins;
	unsigned int missed;
};

/* Replace the imports of a plugin. */
static int
plugin_take(struct dl_phdr_info *info, size_t len, void *arg)
{
	struct taken *taken = arg;
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
					  (void **)(info->dlpi_addr + r->r_offset), &taken->missed);
		}
	}
	taken->plugins++;
	return 0;
}

int
inject_begin(void)
{
	struct taken taken = { 0 };

	main_thread = pthread_self();
	dl_iterate_phdr(plugin_take, &taken);
	return taken.plugins == 0 || taken.missed > 0 ? -ENOENT : 0;
}

void
inject_arm(enum inject_whose whose, unsigned int fail, bool on)
{
	inject.fail = fail;
	inject.on = on;
	inject.calls = 0;
	inject.hits = 0;
	inject.first = NULL;
	__atomic_store_n(&inject.whose, whose, __ATOMIC_SEQ_CST);
}

void
inject_disarm(void)
{
	__atomic_store_n(&inject.whose, INJECT_NOBODYS, __ATOMIC_SEQ_CST);
}
