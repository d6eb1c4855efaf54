/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#include "test_driver_util.h"

#define TD_MAX_DEVICES	64
#define TD_MAX_ALLOCS	64
#define TD_MAX_SOCKETS	32

static cpu_set_t td_all_cpus;
static char td_device[TD_MAX_DEVICES][RTE_DEV_NAME_MAX_LEN];
static void *td_allocs[TD_MAX_ALLOCS];
static struct td_stock td_before;

/* ---- environment ---- */

bool
td_is_slow(void)
{
	const char *preload = getenv("LD_PRELOAD");

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#endif
#endif
	return preload != NULL && strstr(preload, "valgrind") != NULL;
}

const cpu_set_t *
td_cpus(void)
{
	return &td_all_cpus;
}

static void
td_remove_runtime_dir(void)
{
	rmdir(rte_eal_get_runtime_dir());
}

enum {
	TD_EAL_LINKED = 1 << 0,
	TD_EAL_FILES = 1 << 1,
	TD_EAL_TELEMETRY = 1 << 2,
};

static int
td_eal_start(const char *prog, unsigned int mib, const char *prefix, unsigned int flags)
{
	char memory[16], lcores[32], prefix_arg[128], shconf[] = "--no-shconf";
	char name[128];
	char no_huge[] = "--no-huge", m[] = "-m", no_pci[] = "--no-pci", d[] = "-d";
	char plugin[] = TD_PLUGIN, iova[] = "--iova-mode=va", telemetry[] = "--no-telemetry";
	char *argv[14] = { name, no_huge, m, memory, no_pci, iova, lcores, prefix_arg };
	struct td_stock unused;
	int argc = 8, cpu, ret;

	if (sched_getaffinity(0, sizeof(td_all_cpus), &td_all_cpus) < 0)
		return -errno;
	for (cpu = 0; cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &td_all_cpus); cpu++)
		;
	snprintf(name, sizeof(name), "%s", prog);
	snprintf(memory, sizeof(memory), "%u", mib);
	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", cpu);
	/* EAL refuses --in-memory without huge pages: use a private prefix instead. */
	if (prefix != NULL)
		snprintf(prefix_arg, sizeof(prefix_arg), "--file-prefix=%s", prefix);
	else
		snprintf(prefix_arg, sizeof(prefix_arg), "--file-prefix=sdxi-test-%d", getpid());
	if (!(flags & TD_EAL_FILES))
		argv[argc++] = shconf;
	if (!(flags & TD_EAL_TELEMETRY))
		argv[argc++] = telemetry;
	if (!(flags & TD_EAL_LINKED)) {
		argv[argc++] = d;
		argv[argc++] = plugin;
	}
	rte_openlog_stream(stderr);
	/* Registered so that it runs after telemetry's handler, which removes its socket. */
	if (!(flags & TD_EAL_FILES))
		atexit(td_remove_runtime_dir);
	if (rte_eal_init(argc, argv) < 0)
		return -rte_errno;

	/* dmadev allocates its own tables with the first device and keeps them. */
	ret = rte_vdev_init(TD_NAME(999), "");
	if (ret == 0)
		ret = rte_vdev_uninit(TD_NAME(999));
	td_stock_take(&unused);
	return ret;
}

static bool
td_eal_up(const char *prog, unsigned int mib, const char *prefix, unsigned int flags)
{
	int ret = td_eal_start(prog, mib, prefix, flags);

	if (ret < 0)
		fprintf(stderr, "EAL or the driver cannot start: %s\n", strerror(-ret));
	return ret >= 0;
}

bool
td_eal_init(const char *prog, unsigned int mib, const char *prefix)
{
	return td_eal_up(prog, mib, prefix, prefix != NULL ? TD_EAL_FILES : 0);
}

bool
td_eal_init_linked(const char *prog, unsigned int mib)
{
	return td_eal_up(prog, mib, NULL, TD_EAL_LINKED);
}

bool
td_eal_init_telemetry(const char *prog, unsigned int mib, const char *prefix)
{
	return td_eal_up(prog, mib, prefix, TD_EAL_TELEMETRY);
}

int
td_run(const char *name, const struct CMUnitTest *tests, size_t nb, const char *filter)
{
	if (filter != NULL)
		cmocka_set_test_filter(filter);
	return _cmocka_run_group_tests(name, tests, nb, NULL, NULL) != 0;
}

void (*td_real(const char *name))(void)
{
	void *sym = dlsym(RTLD_NEXT, name);
	void (*real)(void);

	memcpy(&real, &sym, sizeof(real));
	return real;
}

void
td_bound_set(struct td_bound *bound)
{
	clock_gettime(CLOCK_MONOTONIC, &bound->until);
	bound->until.tv_sec += TD_HANG_SECONDS;
	bound->looks = 0;
}

bool
td_bound_yield(struct td_bound *bound)
{
	struct timespec now;

	sched_yield();
	if ((++bound->looks & 0xff) != 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > bound->until.tv_sec;
}

static void
td_count_zone(const struct rte_memzone *mz, void *arg)
{
	struct td_stock *stock = arg;

	RTE_SET_USED(mz);
	stock->memzones++;
}

void
td_stock_take(struct td_stock *stock)
{
	struct rte_malloc_socket_stats heap;
	DIR *tasks;
	int i;

	memset(stock, 0, sizeof(*stock));
	rte_memzone_walk(td_count_zone, stock);
	for (i = 0; i < TD_MAX_SOCKETS; i++) {
		if (rte_malloc_get_socket_stats(i, &heap) < 0)
			continue;
		stock->allocs += heap.alloc_count;
		stock->bytes += heap.heap_allocsz_bytes;
	}
	tasks = opendir("/proc/self/task");
	if (tasks == NULL)
		return;
	while (readdir(tasks) != NULL)
		stock->threads++;
	closedir(tasks);
}

unsigned int
td_nb_files(void)
{
	DIR *files = opendir("/proc/self/fd");
	struct dirent *file;
	unsigned int nb = 0;

	if (files == NULL)
		return 0;
	while ((file = readdir(files)) != NULL) {
		char target[64] = "";

		if (readlinkat(dirfd(files), file->d_name, target, sizeof(target) - 1) > 0 &&
		    strcmp(target, "anon_inode:[eventpoll]") != 0)
			nb++;
	}
	closedir(files);
	return nb - 1; /* the directory itself */
}

int
td_setup(void **state)
{
	RTE_SET_USED(state);
	td_stock_take(&td_before);
	return 0;
}

int
td_teardown(void **state)
{
	struct td_bound bound;
	struct td_stock now;
	unsigned int i;
	int ret = 0;

	RTE_SET_USED(state);
	rte_openlog_stream(stderr);
	for (i = 0; i < TD_MAX_DEVICES; i++) {
		if (td_device[i][0] == '\0')
			continue;
		if (rte_vdev_uninit(td_device[i]) < 0) {
			print_error("teardown: %s cannot be removed\n", td_device[i]);
			ret = -1;
		}
		td_device[i][0] = '\0';
	}
	for (i = 0; i < TD_MAX_ALLOCS; i++) {
		rte_free(td_allocs[i]);
		td_allocs[i] = NULL;
	}
	/* A joined thread stays listed for a moment, also one of EAL's. */
	td_bound_set(&bound);
	do {
		td_stock_take(&now);
	} while (now.threads > td_before.threads && !td_bound_yield(&bound));
	td_before.threads = RTE_MIN(td_before.threads, now.threads);
	if (memcmp(&now, &td_before, sizeof(now)) != 0) {
		print_error("teardown: before: %u memzones, %u heap elements of %zu bytes, %u "
			    "threads; now: %u, %u of %zu, %u\n", td_before.memzones,
			    td_before.allocs, td_before.bytes, td_before.threads, now.memzones,
			    now.allocs, now.bytes, now.threads);
		ret = -1;
	}
	return ret;
}

void *
td_alloc(size_t len, size_t align)
{
	unsigned int i;

	for (i = 0; i < TD_MAX_ALLOCS && td_allocs[i] != NULL; i++)
		;
	assert_true(i < TD_MAX_ALLOCS);
	td_allocs[i] = rte_malloc("test", len, align);
	if (td_allocs[i] == NULL)
		fail_msg("cannot allocate %zu bytes of DPDK memory", len);
	return td_allocs[i];
}

void
td_free(void *ptr)
{
	unsigned int i;

	for (i = 0; i < TD_MAX_ALLOCS && td_allocs[i] != ptr; i++)
		;
	assert_true(i < TD_MAX_ALLOCS);
	td_allocs[i] = NULL;
	rte_free(ptr);
}

/* ---- devices ---- */

const char *
td_args(const char *args, char *buf, size_t len)
{
	static const char * const more[][2] = {
		{ TD_ORDER, "order=" }, { TD_CXT_UPD, "cxt_upd=" }, { TD_CSR, "csr=" },
		{ TD_READ_INDEX, "read_index=" }, { NULL, "reach=" },
	};
	unsigned int i;
	int n;

	n = snprintf(buf, len, "%s", args);
	assert_in_range(n, 0, len - 1);
	for (i = 0; i < RTE_DIM(more); i++) {
		/* A wrong address must be an error, and must not overwrite memory. */
		const char *value = more[i][0] != NULL ? getenv(more[i][0]) : "eal";

		if (value == NULL || strstr(args, more[i][1]) != NULL)
			continue;
		n += snprintf(buf + n, len - n, "%s%s%s", n == 0 ? "" : ",", more[i][1], value);
		assert_in_range(n, 0, len - 1);
	}
	return buf;
}

int16_t
td_probe(const char *name, const char *args)
{
	char buf[TD_ARGS_LEN];
	unsigned int i;
	int id, ret;

	args = td_args(args, buf, sizeof(buf));
	for (i = 0; i < TD_MAX_DEVICES && td_device[i][0] != '\0'; i++)
		;
	assert_true(i < TD_MAX_DEVICES);
	ret = rte_vdev_init(name, args);
	if (ret != 0)
		fail_msg("%s,%s: probe: %d", name, args, ret);
	snprintf(td_device[i], sizeof(td_device[i]), "%s", name);
	id = rte_dma_get_dev_id_by_name(name);
	if (id < 0)
		fail_msg("%s: probed, but no such dmadev", name);
	return id;
}

int
td_probe_logged(const char *name, const char *args, char **log)
{
	size_t len;
	FILE *f = open_memstream(log, &len);
	int ret;

	assert_non_null(f);
	rte_openlog_stream(f);
	ret = rte_vdev_init(name, args);
	rte_openlog_stream(stderr);
	fclose(f);
	return ret;
}

void
td_remove(const char *name)
{
	unsigned int i;
	int ret;

	for (i = 0; i < TD_MAX_DEVICES && strcmp(td_device[i], name) != 0; i++)
		;
	assert_true(i < TD_MAX_DEVICES);
	ret = rte_vdev_uninit(name);
	if (ret != 0)
		fail_msg("%s: remove: %d", name, ret);
	td_device[i][0] = '\0';
	assert_true(rte_dma_get_dev_id_by_name(name) < 0);
}

void
td_configure(int16_t id, uint16_t nb_vchans)
{
	const struct rte_dma_conf conf = { .nb_vchans = nb_vchans };

	assert_return_code(rte_dma_configure(id, &conf), 0);
}

int
td_try_vchan_setup(int16_t id, uint16_t vchan, uint16_t nb_desc)
{
	const struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = nb_desc,
	};

	return rte_dma_vchan_setup(id, vchan, &conf);
}

void
td_vchan_setup(int16_t id, uint16_t vchan, uint16_t nb_desc)
{
	assert_return_code(td_try_vchan_setup(id, vchan, nb_desc), 0);
}

void
td_up(int16_t id, uint16_t nb_vchans, uint16_t nb_desc)
{
	unsigned int i;

	td_configure(id, nb_vchans);
	for (i = 0; i < nb_vchans; i++)
		td_vchan_setup(id, i, nb_desc);
	assert_return_code(rte_dma_start(id), 0);
}

int16_t
td_open(const char *name, const char *args, uint16_t nb_vchans, uint16_t nb_desc)
{
	int16_t id = td_probe(name, args);

	td_up(id, nb_vchans, nb_desc);
	return id;
}

enum rte_dma_vchan_status
td_status(int16_t id, uint16_t vchan)
{
	enum rte_dma_vchan_status status = RTE_DMA_VCHAN_IDLE;

	assert_return_code(rte_dma_vchan_status(id, vchan, &status), 0);
	return status;
}

char *
td_dump(int16_t id)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_return_code(rte_dma_dump(id, f), 0);
	fclose(f);
	return text;
}

uint64_t
td_dump_number(int16_t id, const char *part, const char *name)
{
	char *text = td_dump(id);
	const char *at = strstr(text, part);
	uint64_t n;

	if (at != NULL)
		at = strstr(at, name);
	if (at == NULL)
		fail_msg("expected \"%s\" and \"%s\", found:\n%s", part, name, text);
	n = strtoull(at + strlen(name), NULL, 10);
	free(text);
	return n;
}

void
td_copy(int16_t id, uint16_t vchan, uint64_t idx, const void *src, void *dst, uint32_t len,
	uint64_t flags)
{
	int ret = rte_dma_copy(id, vchan, (uintptr_t)src, (uintptr_t)dst, len, flags);

	if (ret != (uint16_t)idx)
		fail_msg("copy of %u bytes on vchan %u: expected index %u, found %d", len, vchan,
			 (uint16_t)idx, ret);
}

void
td_gather(int16_t id, uint16_t vchan, uint64_t first, unsigned int n)
{
	struct td_bound bound;
	unsigned int sum = 0;

	td_bound_set(&bound);
	while (sum < n) {
		uint16_t want = RTE_MIN(n - sum, (unsigned int)UINT16_MAX);
		uint16_t last = 0xdead, got;
		bool error = true;

		got = rte_dma_completed(id, vchan, want, &last, &error);
		sum += got;
		if (error)
			fail_msg("vchan %u: error reported after index %u", vchan, last);
		if (got > want || last != (uint16_t)(first + sum - 1))
			fail_msg("vchan %u: requested %u, got %u, last index: expected %u, found "
				 "%u", vchan, want, got, (uint16_t)(first + sum - 1), last);
		if (got == 0 && td_bound_yield(&bound))
			fail_msg("vchan %u: index %u does not complete", vchan,
				 (uint16_t)(first + sum));
	}
}

void
td_statuses(int16_t id, uint16_t vchan, unsigned int n, enum rte_dma_status_code *status)
{
	struct td_bound bound;
	unsigned int got = 0;

	td_bound_set(&bound);
	while (got < n) {
		const uint16_t want = RTE_MIN(n - got, (unsigned int)UINT16_MAX);
		uint16_t last = 0xdead, now;

		now = rte_dma_completed_status(id, vchan, want, &last, status + got);
		assert_in_range(now, 0, want);
		got += now;
		if (now == 0 && td_bound_yield(&bound))
			fail_msg("vchan %u: %u of %u operations were reported", vchan, got, n);
	}
}

void
td_expect_stats(int16_t id, uint16_t vchan, uint64_t submitted, uint64_t completed,
		uint64_t errors)
{
	struct rte_dma_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	assert_return_code(rte_dma_stats_get(id, vchan, &stats), 0);
	if (stats.submitted != submitted || stats.completed != completed || stats.errors != errors)
		fail_msg("vchan %u: submitted, completed, errors: expected %" PRIu64 ", %" PRIu64
			 ", %" PRIu64 ", found %" PRIu64 ", %" PRIu64 ", %" PRIu64, vchan,
			 submitted, completed, errors, stats.submitted, stats.completed,
			 stats.errors);
}

void
td_one_copy(int16_t id, uint16_t vchan, uint64_t idx)
{
	const size_t len = 1000;
	uint8_t *buf = td_alloc(3 * len, 0);
	struct td_bound bound;
	int ret;

	td_fill(buf, len, 0x6f6e65 + idx * 1000 + vchan);
	memset(buf + len, TD_GUARD, 2 * len);
	/* On a late log entry the control thread takes over the vchan for a moment. */
	td_bound_set(&bound);
	while ((ret = rte_dma_copy(id, vchan, (uintptr_t)buf, (uintptr_t)buf + len, len,
				   RTE_DMA_OP_FLAG_SUBMIT)) == -ENOSPC)
		if (td_bound_yield(&bound))
			break;
	assert_int_equal(ret, (uint16_t)idx);
	td_gather(id, vchan, idx, 1);
	assert_memory_equal(buf, buf + len, len);
	assert_true(td_is_all(buf + 2 * len, len, TD_GUARD));
	td_free(buf);
}

/* ---- content ---- */

void
td_fill(void *buf, size_t len, uint64_t seed)
{
	uint8_t *out = buf;
	size_t at;
	uint64_t word;

	for (at = 0; at + sizeof(word) <= len; at += sizeof(word)) {
		word = td_word(seed, at / sizeof(word));
		memcpy(out + at, &word, sizeof(word));
	}
	word = td_word(seed, at / sizeof(word));
	memcpy(out + at, &word, len - at);
}

bool
td_is_all(const void *buf, size_t len, uint8_t byte)
{
	const uint8_t *in = buf;

	return len == 0 || (in[0] == byte && memcmp(in, in + 1, len - 1) == 0);
}
