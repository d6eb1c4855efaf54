/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stubs.h"

FILE *stubs_log;

/* Number of tracked allocations, each with its own segment. */
#define SEGS 1024
static struct rte_memseg seg[SEGS];
static pthread_mutex_t seg_lock = PTHREAD_MUTEX_INITIALIZER;

int
rte_openlog_stream(FILE *f)
{
	stubs_log = f;
	return 0;
}

uint64_t
rte_get_timer_cycles(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * rte_get_timer_hz() + now.tv_nsec;
}

uint64_t
rte_get_timer_hz(void)
{
	return 1000000000;
}

/* Tests may override it. */
void __attribute__((weak))
rte_delay_us_sleep(unsigned int us)
{
	usleep(us);
}

int
rte_eal_init(int argc, char **argv)
{
	RTE_SET_USED(argv);
	return argc - 1;
}

int
rte_eal_cleanup(void)
{
	return 0;
}

enum rte_iova_mode
rte_eal_iova_mode(void)
{
	return RTE_IOVA_VA;
}

void *
rte_zmalloc_socket(const char *type, size_t len, unsigned int align, int socket)
{
	void *p = NULL;
	unsigned int i;

	RTE_SET_USED(type);
	RTE_SET_USED(socket);
	if (posix_memalign(&p, RTE_MAX(align, (unsigned int)RTE_CACHE_LINE_SIZE), len) != 0)
		return NULL;
	memset(p, 0, len);
	pthread_mutex_lock(&seg_lock);
	for (i = 0; i < SEGS && seg[i].addr != NULL; i++)
		;
	if (i == SEGS)
		abort();
	seg[i] = (struct rte_memseg){ .addr = p, .iova = (uintptr_t)p, .len = len };
	pthread_mutex_unlock(&seg_lock);
	return p;
}

void *
rte_zmalloc(const char *type, size_t len, unsigned int align)
{
	return rte_zmalloc_socket(type, len, align, SOCKET_ID_ANY);
}

void *
rte_malloc(const char *type, size_t len, unsigned int align)
{
	return rte_zmalloc(type, len, align);
}

void
rte_free(void *p)
{
	unsigned int i;

	pthread_mutex_lock(&seg_lock);
	for (i = 0; p != NULL && i < SEGS; i++) {
		if (seg[i].addr == p)
			memset(&seg[i], 0, sizeof(seg[i]));
	}
	pthread_mutex_unlock(&seg_lock);
	free(p);
}

rte_iova_t
rte_malloc_virt2iova(const void *p)
{
	return (uintptr_t)p;
}

struct rte_memseg *
rte_mem_virt2memseg(const void *p, const struct rte_memseg_list *list)
{
	struct rte_memseg *found = NULL;
	unsigned int i;

	RTE_SET_USED(list);
	pthread_mutex_lock(&seg_lock);
	for (i = 0; i < SEGS; i++) {
		if ((uintptr_t)p - (uintptr_t)seg[i].addr < seg[i].len)
			found = &seg[i];
	}
	pthread_mutex_unlock(&seg_lock);
	return found;
}

const struct rte_memzone *
rte_memzone_reserve_aligned(const char *name, size_t len, int socket, unsigned int flags,
			    unsigned int align)
{
	RTE_SET_USED(name);
	RTE_SET_USED(len);
	RTE_SET_USED(socket);
	RTE_SET_USED(flags);
	RTE_SET_USED(align);
	return NULL;
}

int
rte_memzone_free(const struct rte_memzone *zone)
{
	RTE_SET_USED(zone);
	return 0;
}
