/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Memory that an emulated function can access: with reach=process all mapped memory, with errors
 * for unmapped memory, missing permissions, and memory unmapped concurrently; with reach=eal what
 * EAL knows. Access to EAL's memory needs no system call.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include <sdxi_emu.h>

#include "test_driver_util.h"

#define FN0 TD_NAME(0)
#define PAGE 4096u

/* ---- replaced functions ---------------------------------------------------------------------- */

static int denied; /* errno of denied access; 0: allowed */
static bool is_pa; /* report IOVA-as-PA mode */
static unsigned int nb_calls, nb_walks, nb_maps;

#define COUNT(n) __atomic_fetch_add(&(n), 1, __ATOMIC_RELAXED)

#define VM_CALL(name)                                                                              \
	ssize_t __real_##name(pid_t pid, const struct iovec *local, unsigned long nb_local,        \
			      const struct iovec *remote, unsigned long nb_remote,                 \
			      unsigned long flags);                                                \
	ssize_t __wrap_##name(pid_t pid, const struct iovec *local, unsigned long nb_local,        \
			      const struct iovec *remote, unsigned long nb_remote,                 \
			      unsigned long flags);                                                \
	ssize_t __wrap_##name(pid_t pid, const struct iovec *local, unsigned long nb_local,        \
			      const struct iovec *remote, unsigned long nb_remote,                 \
			      unsigned long flags)                                                 \
	{                                                                                          \
		COUNT(nb_calls);                                                                   \
		errno = denied;                                                                    \
		return denied != 0 ? -1 : __real_##name(pid, local, nb_local, remote, nb_remote,   \
							flags);                                    \
	}

VM_CALL(process_vm_readv)
VM_CALL(process_vm_writev)

int __real_rte_memseg_contig_walk_thread_unsafe(rte_memseg_contig_walk_t func, void *arg);
int __wrap_rte_memseg_contig_walk_thread_unsafe(rte_memseg_contig_walk_t func, void *arg);
enum rte_iova_mode __real_rte_eal_iova_mode(void);
enum rte_iova_mode __wrap_rte_eal_iova_mode(void);
bool __real_sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);
bool __wrap_sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map);

int
__wrap_rte_memseg_contig_walk_thread_unsafe(rte_memseg_contig_walk_t func, void *arg)
{
	COUNT(nb_walks);
	return __real_rte_memseg_contig_walk_thread_unsafe(func, arg);
}

enum rte_iova_mode
__wrap_rte_eal_iova_mode(void)
{
	return is_pa ? RTE_IOVA_PA : __real_rte_eal_iova_mode();
}

bool
__wrap_sdxi_vdev_mem_map(void *opaque, uint64_t iova, struct sdxi_emu_map *map)
{
	bool ret = __real_sdxi_vdev_mem_map(opaque, iova, map);

	if (ret)
		COUNT(nb_maps);
	return ret;
}

/* ---- memory of all kinds --------------------------------------------------------------------- */

enum {
	BIG = 5 << 20,
	STACK = 64 << 10,
};

static uint8_t in_data[BIG] = { 1 };

static void *
area_map(size_t len, int prot, int flags, int fd)
{
	void *va = mmap(NULL, len, prot, flags, fd, 0);

	assert_ptr_not_equal(va, MAP_FAILED);
	return va;
}

/* Map a file of a given size, with a given length of the mapping. */
static uint8_t *
file_map(size_t bytes, size_t len, int prot, int flags)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	uint8_t *va;

	assert_true(fd >= 0);
	assert_return_code(ftruncate(fd, bytes), errno);
	va = area_map(len, prot, flags, fd);
	close(fd);
	return va;
}

static enum rte_dma_status_code
copy_status(int16_t id, const void *src, void *dst, uint32_t len)
{
	enum rte_dma_status_code status;
	int ret = rte_dma_copy(id, 0, (uintptr_t)src, (uintptr_t)dst, len,
			       RTE_DMA_OP_FLAG_SUBMIT);

	if (ret < 0)
		fail_msg("%u bytes from %p to %p: refused: %d", len, src, dst, ret);
	td_statuses(id, 0, 1, &status);
	return status;
}

/* Copy len bytes and check that nothing else is written; buffers have one more byte. */
static void
expect_copy(int16_t id, const char *what, uint8_t *src, uint8_t *dst, uint32_t len)
{
	const uint8_t before = dst[len] ^ 0xff;
	enum rte_dma_status_code status;

	td_fill(src, len, (uintptr_t)dst + len);
	memset(dst, 0, len);
	dst[len] = before;
	status = copy_status(id, src, dst, len);
	if (status != RTE_DMA_STATUS_SUCCESSFUL)
		fail_msg("%s, %u bytes: found status %d", what, len, status);
	if (memcmp(src, dst, len) != 0 || dst[len] != before)
		fail_msg("%s, %u bytes: wrong data", what, len);
}

static void
test_kinds(void **state)
{
	static const uint32_t lens[] = { 1, 7, 8, 64, 4095, 4096, 4097, 60001, BIG - 4096 };
	struct {
		const char *what;
		uint8_t *va;
		uint32_t room;
	} kind[] = {
		{ "malloc()", malloc(BIG), BIG },
		{ "private", area_map(BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				      -1), BIG },
		{ "shared", area_map(BIG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1),
		  BIG },
		{ "file", file_map(BIG, BIG, PROT_READ | PROT_WRITE, MAP_SHARED), BIG },
		{ "private file", file_map(BIG, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE), BIG },
		{ "data", in_data, BIG },
		{ "stack", (uint8_t[STACK]){ 0 }, STACK },
	};
	uint8_t *eal = td_alloc(BIG, 0), *other = malloc(BIG);
	unsigned int k, i;
	int16_t id;

	id = td_open(FN0, *state, 1, 64);
	assert_non_null(other);
	for (k = 0; k < RTE_DIM(kind); k++) {
		assert_non_null(kind[k].va);
		for (i = 0; i < RTE_DIM(lens); i++) {
			if (lens[i] + 4 > kind[k].room)
				continue;
			expect_copy(id, kind[k].what, kind[k].va + i % 3, eal, lens[i]);
			expect_copy(id, kind[k].what, eal, kind[k].va + i % 3, lens[i]);
			expect_copy(id, kind[k].what, kind[k].va, other + i % 3, lens[i]);
			expect_copy(id, kind[k].what, other, kind[k].va + i % 3, lens[i]);
		}
	}
	free(kind[0].va);
	for (k = 1; k < 5; k++)
		munmap(kind[k].va, BIG);
	free(other);
}

/* An operation with segments of several kinds, and fills. */
static void
test_sg_and_fill(void **state)
{
	enum { LEN = 3 * 5000 };
	uint8_t on_stack[3][5000];
	uint8_t *heap = malloc(LEN), *eal = td_alloc(LEN, 0), *flat = malloc(LEN);
	struct rte_dma_sge src[] = {
		{ (uintptr_t)on_stack[0], 5000 }, { (uintptr_t)eal, 5000 },
		{ (uintptr_t)heap, 5000 },
	};
	struct rte_dma_sge dst[] = {
		{ (uintptr_t)heap + 5000, 1 }, { (uintptr_t)on_stack[1], 9999 },
		{ (uintptr_t)eal + 5000, 5000 },
	};
	static const uint32_t lens[] = { 1, 9, 4096, 4097, 12345 };
	enum rte_dma_status_code status;
	unsigned int i, b;
	int16_t id;

	assert_true(heap != NULL && flat != NULL);
	id = td_open(FN0, *state, 1, 64);
	td_fill(on_stack[0], 5000, 1);
	td_fill(eal, 5000, 2);
	td_fill(heap, 5000, 3);
	memcpy(flat, on_stack[0], 5000);
	memcpy(flat + 5000, eal, 5000);
	memcpy(flat + 10000, heap, 5000);
	assert_return_code(rte_dma_copy_sg(id, 0, src, dst, 3, 3, RTE_DMA_OP_FLAG_SUBMIT), 0);
	td_statuses(id, 0, 1, &status);
	assert_int_equal(status, RTE_DMA_STATUS_SUCCESSFUL);
	assert_int_equal(heap[5000], flat[0]);
	assert_memory_equal(on_stack[1], flat + 1, 9999);
	assert_memory_equal(eal + 5000, flat + 10000, 5000);
	/* With one invalid segment. */
	for (b = 0; b < 2; b++) {
		struct rte_dma_sge *sge = b == 0 ? &src[1] : &dst[2];
		const rte_iova_t addr = sge->addr;

		sge->addr = 8;
		assert_return_code(rte_dma_copy_sg(id, 0, src, dst, 3, 3, RTE_DMA_OP_FLAG_SUBMIT),
				   0);
		td_statuses(id, 0, 1, &status);
		assert_int_equal(status, b == 0 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
						  RTE_DMA_STATUS_INVALID_DST_ADDR);
		sge->addr = addr;
	}
	for (i = 0; i < RTE_DIM(lens); i++) {
		memset(heap, TD_GUARD, LEN);
		assert_return_code(rte_dma_fill(id, 0, 0x7777777777777777, (uintptr_t)heap + 1,
						lens[i], RTE_DMA_OP_FLAG_SUBMIT), 0);
		td_statuses(id, 0, 1, &status);
		assert_int_equal(status, RTE_DMA_STATUS_SUCCESSFUL);
		assert_true(td_is_all(heap, 1, TD_GUARD) && td_is_all(heap + 1, lens[i], 0x77) &&
			    td_is_all(heap + 1 + lens[i], LEN - 1 - lens[i], TD_GUARD));
	}
	free(heap);
	free(flat);
}

/* ---- inaccessible memory --------------------------------------------------------------------- */

static void
expect_status(int16_t id, const char *what, const void *src, void *dst, uint32_t len,
	      enum rte_dma_status_code expected)
{
	const enum rte_dma_status_code status = copy_status(id, src, dst, len);

	if (status != expected)
		fail_msg("%s, %u bytes: expected status %d, found %d", what, len, expected, status);
}

static void
test_faults(void **state)
{
	enum { PAGES = 200, LEN = PAGES * PAGE }; /* more than the function copies in one chunk */
	const int rw = PROT_READ | PROT_WRITE;
	uint8_t *eal = td_alloc(LEN, 0), *heap = malloc(LEN);
	uint8_t *at_end = area_map(LEN, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint8_t *gone = at_end + LEN / 2;
	uint8_t *read_only = area_map(LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	const struct {
		const char *what;
		uint8_t *va;
		uint32_t len;
		bool is_readable;
	} bad[] = {
		{ "unmapped", gone, LEN / 2, false },
		{ "end of a mapping", gone - 64, 65, false },
		{ "far beyond the end of a mapping", at_end, LEN, false },
		{ "no access", area_map(LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1), LEN,
		  false },
		{ "read-only", read_only, LEN, true },
		{ "read-only, one byte", read_only + 5, 1, true },
		{ "read-only file", file_map(LEN, LEN, PROT_READ, MAP_SHARED), LEN, true },
		{ "beyond the end of a file", file_map(PAGE, LEN, rw, MAP_SHARED), LEN, false },
		{ "page 0", (uint8_t *)8, 64, false },
		{ "address 0", NULL, 64, false },
		{ "non-canonical address", (uint8_t *)(uintptr_t)0x8000000000000000, 64, false },
		{ "kernel address", (uint8_t *)(uintptr_t)0xffffffff81000000, 64, false },
		{ "end of the address space", (uint8_t *)(uintptr_t)-16, 64, false },
	};
	unsigned int i, o;
	int16_t id;

	assert_non_null(heap);
	id = td_open(FN0, *state, 1, 64);
	/* Free address space, which nothing else uses: the test maps nothing from here on. */
	assert_return_code(munmap(gone, LEN / 2), errno);
	for (i = 0; i < RTE_DIM(bad); i++) {
		for (o = 0; o < 2; o++) {
			uint8_t *good = o == 0 ? eal : heap;

			memset(good, TD_GUARD, LEN);
			expect_status(id, bad[i].what, bad[i].va, good, bad[i].len,
				      bad[i].is_readable ? RTE_DMA_STATUS_SUCCESSFUL :
							   RTE_DMA_STATUS_INVALID_SRC_ADDR);
			assert_true(td_is_all(good + bad[i].len, LEN - bad[i].len, TD_GUARD));
			expect_status(id, bad[i].what, good, bad[i].va, bad[i].len,
				      RTE_DMA_STATUS_INVALID_DST_ADDR);
		}
	}
	assert_true(td_is_all(read_only, LEN, 0));
	/* Both invalid: the source is read before the destination is written. */
	expect_status(id, "both", bad[3].va, (uint8_t *)8, 64, RTE_DMA_STATUS_INVALID_SRC_ADDR);
	expect_status(id, "both", read_only, bad[3].va, 64, RTE_DMA_STATUS_INVALID_DST_ADDR);
	expect_copy(id, "after errors", heap, eal, LEN - 1);
	munmap(at_end, LEN / 2);
	munmap(read_only, LEN);
	munmap(bad[3].va, LEN);
	munmap(bad[6].va, LEN);
	munmap(bad[7].va, LEN);
	free(heap);
}

/* ---- memory unmapped concurrently ------------------------------------------------------------ */

enum { MOVING = 64 * 4096 };

struct mover {
	uint8_t *at;
	bool exit;
	unsigned int rounds;
};

/* Continuously unmap and map some pages of the area, filled again. */
static void *
mover_main(void *arg)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	struct mover *m = arg;
	uint8_t *half = m->at + MOVING / 2;

	while (!__atomic_load_n(&m->exit, __ATOMIC_RELAXED)) {
		/* Keep the address range reserved with an inaccessible mapping. */
		if (mmap(half, MOVING / 2, PROT_NONE, flags, -1, 0) == MAP_FAILED)
			abort();
		sched_yield();
		if (mmap(half, MOVING / 2, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
			abort();
		memset(half, 0x5a, MOVING / 2);
		sched_yield();
		m->rounds++;
	}
	return NULL;
}

static void
test_moving(void **state)
{
	struct mover mover = {
		area_map(MOVING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), false, 0,
	};
	char wrong[256] = "";
	uint8_t *places[] = { td_alloc(MOVING, 0), malloc(MOVING) };
	unsigned int ok[4] = { 0 }, failed[4] = { 0 }, i, b;
	enum rte_dma_status_code status;
	struct td_bound bound;
	pthread_t thread;
	bool enough;
	int16_t id;

	assert_non_null(places[1]);
	memset(mover.at, 0x5a, MOVING);
	id = td_open(FN0, *state, 1, 64);
	assert_int_equal(pthread_create(&thread, NULL, mover_main, &mover), 0);
	td_bound_set(&bound);
	do {
		enough = true;
		for (i = 0; i < RTE_DIM(ok); i++) {
			uint8_t *place = places[i % 2];
			const bool to = i >= 2;

			memset(place, 0x5a, MOVING);
			status = copy_status(id, to ? place : mover.at, to ? mover.at : place,
					     MOVING);
			if (status == RTE_DMA_STATUS_SUCCESSFUL)
				ok[i]++;
			else if (status == (to ? RTE_DMA_STATUS_INVALID_DST_ADDR :
						 RTE_DMA_STATUS_INVALID_SRC_ADDR))
				failed[i]++;
			else
				snprintf(wrong, sizeof(wrong), "way %u: status %d", i, status);
			/* A page is zero between its mapping and the fill. */
			for (b = 0; b < MOVING; b++)
				if (place[b] != 0x5a && (place[b] != 0 || b < MOVING / 2))
					snprintf(wrong, sizeof(wrong), "variant %u: byte %u is %#x",
						 i, b, place[b]);
			enough &= ok[i] >= 3 && failed[i] >= 3;
		}
		if (td_bound_yield(&bound))
			snprintf(wrong, sizeof(wrong), "success or failure missing: %u, %u, %u, %u "
				 "of success, %u, %u, %u, %u of failure", ok[0], ok[1], ok[2],
				 ok[3], failed[0], failed[1], failed[2], failed[3]);
	} while (!enough && *wrong == '\0');
	__atomic_store_n(&mover.exit, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_string_equal(wrong, "");
	assert_true(mover.rounds > 0);
	munmap(mover.at, MOVING);
	free(places[1]);
}

/* ---- cost ------------------------------------------------------------------------------------ */

static void
test_cost(void **state)
{
	const char *order = getenv(TD_ORDER);
	uint8_t *eal = td_alloc(2 << 20, 0), *heap = malloc(2 << 20);
	unsigned int i, calls, walks, maps;
	uint8_t *late;
	int16_t id;

	assert_non_null(heap);
	id = td_open(FN0, *state, 1, 64);
	expect_copy(id, "EAL's", eal, eal + (1 << 20), 1000);

	calls = nb_calls;
	walks = nb_walks;
	maps = nb_maps;
	for (i = 0; i < 100; i++)
		expect_copy(id, "EAL's", eal, eal + (1 << 20), 1 + i * 1000);
	assert_int_equal(nb_calls, calls);
	assert_int_equal(nb_walks, walks);
	if (order == NULL)
		assert_true(nb_maps > maps);
	/* Other memory costs system calls, but no walk over EAL's. */
	for (i = 0; i < 100; i++)
		expect_copy(id, "other", eal, heap, 1 + i * 1000);
	assert_true(nb_calls >= calls + 100);
	assert_int_equal(nb_walks, walks);
	/* EAL memory allocated later is handled the same way. */
	late = td_alloc(16 << 20, 0);
	calls = nb_calls;
	expect_copy(id, "EAL's", eal, late + (8 << 20), 100);
	assert_int_equal(nb_calls, calls);
	free(heap);
}

/* ---- configuration --------------------------------------------------------------------------- */

static bool
has_sva(int16_t id)
{
	struct rte_dma_info info;

	assert_return_code(rte_dma_info_get(id, &info), 0);
	return (info.dev_capa & RTE_DMA_CAPA_SVA) != 0;
}

/* Is memory from malloc() accessible? */
static void
expect_reach(int16_t id, bool all)
{
	uint8_t *eal = td_alloc(PAGE, 0), *heap = malloc(PAGE);

	assert_non_null(heap);
	assert_int_equal(has_sva(id), all);
	memset(heap, TD_GUARD, PAGE);
	expect_status(id, "malloc()ed", heap, eal, 64, all ? RTE_DMA_STATUS_SUCCESSFUL :
							     RTE_DMA_STATUS_INVALID_SRC_ADDR);
	memset(eal, 0, 64);
	expect_status(id, "malloc()ed", eal, heap, 64, all ? RTE_DMA_STATUS_SUCCESSFUL :
							     RTE_DMA_STATUS_INVALID_DST_ADDR);
	assert_true(td_is_all(heap, 64, all ? 0 : TD_GUARD));
	assert_true(td_is_all(heap + 64, PAGE - 64, TD_GUARD));
	td_free(eal);
	free(heap);
}

static void
expect_default(const char *args, bool all, const char *said)
{
	int16_t id;
	char *log;

	assert_return_code(td_probe_logged(FN0, args, &log), 0);
	id = rte_dma_get_dev_id_by_name(FN0);
	td_up(id, 1, 64);
	expect_reach(id, all);
	assert_return_code(rte_vdev_uninit(FN0), 0);
	if (said != NULL ? strstr(log, said) == NULL : *log != '\0')
		fail_msg("%s: expected \"%s\" in the log, found: %s", args,
			 said != NULL ? said : "", log);
	free(log);
}

static void
test_choice(void **state)
{
	char *log;

	RTE_SET_USED(state);
	expect_default("", true, NULL);
	expect_default("reach=process,error=continue", true, NULL);
	expect_default("reach=eal", false, NULL);
	/* Denied by the system, as in a container. */
	denied = EPERM;
	expect_default("", false, "reach=eal: the system does not allow more: Operation not permit");
	denied = ENOSYS;
	expect_default("reach=process", false, FN0 ": reach=eal");
	denied = 0;
	/* Addresses are physical. */
	is_pa = true;
	assert_int_equal(td_probe_logged(FN0, "reach=process", &log), -EINVAL);
	if (strstr(log, "argument reach") == NULL || strstr(log, "iova-mode=va") == NULL)
		fail_msg("expected the log to name the argument, found: %s", log);
	free(log);
	assert_return_code(td_probe_logged(FN0, "", &log), 0);
	assert_false(has_sva(rte_dma_get_dev_id_by_name(FN0)));
	assert_return_code(rte_vdev_uninit(FN0), 0);
	assert_string_equal(log, "");
	free(log);
	is_pa = false;
}

/* External memory with its own IOVAs, registered after lookups of other memory. */
static void
test_external(void **state)
{
	const rte_iova_t iova = 0x4000; /* not mapped in the process */
	rte_iova_t iovas[4];
	uint8_t *heap = malloc(sizeof(iovas) / sizeof(iovas[0]) * PAGE);
	uint8_t *ext = area_map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned int i;
	int16_t id;

	assert_non_null(heap);
	id = td_open(FN0, *state, 1, 64);
	expect_copy(id, "before", heap, ext, PAGE);
	expect_status(id, "before", heap, (void *)(uintptr_t)iova, 64,
		      RTE_DMA_STATUS_INVALID_DST_ADDR);
	for (i = 0; i < RTE_DIM(iovas); i++)
		iovas[i] = iova + i * PAGE;
	assert_return_code(rte_extmem_register(ext, 4 * PAGE, iovas, 4, PAGE), rte_errno);
	td_fill(heap, 4 * PAGE, 9);
	expect_status(id, "registered", heap, (void *)(uintptr_t)iova, 4 * PAGE,
		      RTE_DMA_STATUS_SUCCESSFUL);
	assert_memory_equal(heap, ext, 4 * PAGE);
	assert_return_code(rte_extmem_unregister(ext, 4 * PAGE), rte_errno);
	expect_status(id, "after", heap, (void *)(uintptr_t)iova, 64,
		      RTE_DMA_STATUS_INVALID_DST_ADDR);
	expect_copy(id, "after", heap, ext, 100);
	munmap(ext, 4 * PAGE);
	free(heap);
}

#define STOP "reach=process,error=stop"
#define CONTINUE "reach=process,error=continue"
#define BOTH(f) \
	TD_TEST_WITH(f, "stop", (char *)(uintptr_t)STOP), \
	TD_TEST_WITH(f, "continue", (char *)(uintptr_t)CONTINUE)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_kinds),
		BOTH(test_sg_and_fill),
		BOTH(test_faults),
		BOTH(test_moving),
		TD_TEST_WITH(test_cost, "in EAL's memory and outside", (char *)(uintptr_t)STOP),
		TD_TEST(test_choice),
		BOTH(test_external),
	};

	if (!td_eal_init_linked(argv[0], 160))
		return 1;
	return TD_RUN("driver, reach of the emulated function", tests, argc > 1 ? argv[1] : NULL);
}
