/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _STUBS_H_
#define _STUBS_H_

/** @file
 * Replacement for all DPDK headers that the driver's data path, device and error files need, for
 * testing them on machines that DPDK does not support, such as big-endian ones. Names and semantics
 * are those of DPDK 22.11, implementations are as simple as possible.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RTE_VERSION_NUM(a, b, c, d) ((a) << 24 | (b) << 16 | (c) << 8 | (d))
#define RTE_VERSION RTE_VERSION_NUM(22, 11, 0, 99)

/* rte_common.h and similar */

#define RTE_CACHE_LINE_SIZE 64
#define RTE_CACHE_LINE_MIN_SIZE 64
#define __rte_aligned(n) __attribute__((aligned(n)))
#define __rte_cache_aligned __rte_aligned(RTE_CACHE_LINE_SIZE)
#define __rte_format_printf(at, first) __attribute__((format(printf, at, first)))
#define RTE_BIT32(n) (UINT32_C(1) << (n))
#define RTE_DIM(a) (sizeof(a) / sizeof((a)[0]))
#define RTE_MIN(a, b) ((a) < (b) ? (a) : (b))
#define RTE_MAX(a, b) ((a) > (b) ? (a) : (b))
#define RTE_PTR_ADD(p, n) ((void *)((uintptr_t)(p) + (n)))
#define RTE_PTR_DIFF(p, q) ((uintptr_t)(p) - (uintptr_t)(q))
#define RTE_SET_USED(x) ((void)(x))
#define __rte_always_inline inline __attribute__((always_inline))
#define __rte_noinline __attribute__((noinline))
#define __rte_internal
#define __rte_used __attribute__((used))
#define __rte_unused __attribute__((unused))
#define RTE_INIT(name) static void __attribute__((constructor)) name(void)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* rte_byteorder.h */

#define RTE_LITTLE_ENDIAN __ORDER_LITTLE_ENDIAN__
#define RTE_BIG_ENDIAN __ORDER_BIG_ENDIAN__
#define RTE_BYTE_ORDER __BYTE_ORDER__
#if RTE_BYTE_ORDER == RTE_BIG_ENDIAN
#define rte_cpu_to_le_16(x) __builtin_bswap16(x)
#define rte_cpu_to_le_32(x) __builtin_bswap32(x)
#define rte_cpu_to_le_64(x) __builtin_bswap64(x)
#else
#define rte_cpu_to_le_16(x) ((uint16_t)(x))
#define rte_cpu_to_le_32(x) ((uint32_t)(x))
#define rte_cpu_to_le_64(x) ((uint64_t)(x))
#endif
#define rte_le_to_cpu_16(x) rte_cpu_to_le_16(x)
#define rte_le_to_cpu_32(x) rte_cpu_to_le_32(x)
#define rte_le_to_cpu_64(x) rte_cpu_to_le_64(x)

/* rte_atomic.h, rte_io.h, rte_pause.h: the strongest variant of each, for any machine */

#define rte_compiler_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define rte_io_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rte_io_rmb() rte_io_mb()
#define rte_io_wmb() rte_io_mb()
#define rte_pause() rte_compiler_barrier()

static inline void
rte_write64(uint64_t val, volatile void *at)
{
	rte_io_wmb();
	*(volatile uint64_t *)at = val;
}

/* rte_cycles.h */

#define US_PER_S 1000000
#define MS_PER_S 1000
uint64_t rte_get_timer_cycles(void);
uint64_t rte_get_timer_hz(void);
void rte_delay_us_sleep(unsigned int us);

/* rte_log.h */

extern FILE *stubs_log;
int rte_openlog_stream(FILE *f);
#define RTE_LOG(level, type, fmt, ...)                                                             \
	fprintf(stubs_log != NULL ? stubs_log : stderr, #type ": " fmt, ##__VA_ARGS__)
#define RTE_LOG_REGISTER_DEFAULT(name, level) int name

/* rte_eal.h, rte_malloc.h, rte_memory.h, rte_memzone.h: IOVA as VA */

typedef uint64_t rte_iova_t;
#define RTE_BAD_IOVA ((rte_iova_t)-1)
enum rte_iova_mode { RTE_IOVA_PA = 1, RTE_IOVA_VA };
struct rte_memseg_list;
struct rte_memseg {
	void *addr;
	rte_iova_t iova;
	size_t len;
};
struct rte_memzone {
	void *addr;
	rte_iova_t iova;
};
#define RTE_MEMZONE_NAMESIZE 32
#define RTE_MEMZONE_IOVA_CONTIG 1
#define SOCKET_ID_ANY (-1)

int rte_eal_init(int argc, char **argv);
int rte_eal_cleanup(void);
enum rte_iova_mode rte_eal_iova_mode(void);
void *rte_malloc(const char *type, size_t len, unsigned int align);
void *rte_zmalloc(const char *type, size_t len, unsigned int align);
void *rte_zmalloc_socket(const char *type, size_t len, unsigned int align, int socket);
void rte_free(void *p);
rte_iova_t rte_malloc_virt2iova(const void *p);
struct rte_memseg *rte_mem_virt2memseg(const void *p, const struct rte_memseg_list *list);
const struct rte_memzone *rte_memzone_reserve_aligned(const char *name, size_t len, int socket,
						      unsigned int flags, unsigned int align);
int rte_memzone_free(const struct rte_memzone *zone);

/* rte_dmadev.h, rte_dmadev_pmd.h, rte_lcore.h, rte_thread.h: declarations only */

#define RTE_DEV_NAME_MAX_LEN 64
#define RTE_DMA_OP_FLAG_FENCE UINT64_C(1)
#define RTE_DMA_OP_FLAG_SUBMIT UINT64_C(2)
struct rte_device;
struct rte_dma_sge {
	rte_iova_t addr;
	uint32_t length;
};
struct rte_dma_conf {
	bool enable_silent;
};
enum rte_dma_vchan_status {
	RTE_DMA_VCHAN_IDLE,
	RTE_DMA_VCHAN_ACTIVE,
	RTE_DMA_VCHAN_HALTED_ERROR,
};
enum rte_dma_status_code {
	RTE_DMA_STATUS_SUCCESSFUL,
	RTE_DMA_STATUS_USER_ABORT,
	RTE_DMA_STATUS_NOT_ATTEMPTED,
	RTE_DMA_STATUS_INVALID_SRC_ADDR,
	RTE_DMA_STATUS_INVALID_DST_ADDR,
	RTE_DMA_STATUS_INVALID_ADDR,
	RTE_DMA_STATUS_INVALID_LENGTH,
	RTE_DMA_STATUS_INVALID_OPCODE,
	RTE_DMA_STATUS_BUS_READ_ERROR,
	RTE_DMA_STATUS_BUS_WRITE_ERROR,
	RTE_DMA_STATUS_BUS_ERROR,
	RTE_DMA_STATUS_DATA_POISION,
	RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR,
	RTE_DMA_STATUS_DEV_LINK_ERROR,
	RTE_DMA_STATUS_PAGE_FAULT,
	RTE_DMA_STATUS_ERROR_UNKNOWN = 0x100,
};

struct rte_dma_fp_object {
	void *dev_private;
	int (*copy)(void *priv, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len,
		    uint64_t flags);
	int (*copy_sg)(void *priv, uint16_t vchan, const struct rte_dma_sge *src,
		       const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst,
		       uint64_t flags);
	int (*fill)(void *priv, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t len,
		    uint64_t flags);
	int (*submit)(void *priv, uint16_t vchan);
	uint16_t (*completed)(void *priv, uint16_t vchan, const uint16_t nb, uint16_t *last,
			      bool *error);
	uint16_t (*completed_status)(void *priv, uint16_t vchan, const uint16_t nb, uint16_t *last,
				     enum rte_dma_status_code *status);
	uint16_t (*burst_capacity)(const void *priv, uint16_t vchan);
};
struct rte_dma_dev {
	struct rte_dma_fp_object *fp_obj;
};
struct rte_dma_stats {
	uint64_t submitted;
	uint64_t completed;
	uint64_t errors;
};

typedef struct {
	uintptr_t opaque_id;
} rte_thread_t;

/* The driver's threads do not run here. */
static inline int
rte_ctrl_thread_create(pthread_t *id, const char *name, const pthread_attr_t *attr,
		       void *(*func)(void *), void *arg)
{
	RTE_SET_USED(name);
	return pthread_create(id, attr, func, arg);
}

static inline int
rte_thread_join(rte_thread_t thread, uint32_t *val)
{
	RTE_SET_USED(val);
	return pthread_join((pthread_t)thread.opaque_id, NULL);
}

#endif /* _STUBS_H_ */
