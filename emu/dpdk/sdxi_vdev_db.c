/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The doorbells of an emulated function, which lives in the primary process: memory that secondary
 * processes map at the same address. They find it as a file in EAL's runtime folder; after the
 * doorbells, that has their address.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "sdxi_vdev.h"

/* Kernels that do not know it take the address as a hint. */
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Far above EAL's memory and its PCI devices, and below what the system maps of its own accord. */
#define DB_BASE	 (UINT64_C(32) << 40)
#define DB_ALIGN (UINT64_C(2) << 20)
#define DB_TRIES 1024

static const char *
db_path(const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s_doorbells", rte_eal_get_runtime_dir(), name);
	return path;
}

static void *
db_map(uint64_t at, size_t len, int fd)
{
	return mmap((void *)(uintptr_t)at, len, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_NORESERVE | (at != 0 ? MAP_FIXED_NOREPLACE : 0), fd, 0);
}

int
sdxi_vdev_db_create(const char *name, size_t len, void **db)
{
	const bool is_shared = rte_eal_has_hugepages(); /* without, there are no other processes */
	void *va = MAP_FAILED;
	char path[PATH_MAX];
	unsigned int i;
	uint64_t addr;
	int fd = -1, ret;

	if (is_shared) {
		unlink(db_path(name, path));
		fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	}
	/* Nor are there where EAL makes no folder. */
	if (!is_shared || (fd < 0 && errno == ENOENT))
		fd = memfd_create("sdxi-emu", MFD_CLOEXEC);
	/* Doorbells that nobody rings take no room. */
	if (fd >= 0 && ftruncate(fd, len) == 0) {
		for (i = 0; is_shared && i < DB_TRIES && va == MAP_FAILED; i++)
			va = db_map(DB_BASE + i * RTE_ALIGN(len, DB_ALIGN), len, fd);
		if (va == MAP_FAILED)
			va = db_map(0, len, fd);
	}
	addr = (uintptr_t)va;
	ret = va != MAP_FAILED && pwrite(fd, &addr, sizeof(addr), len) == sizeof(addr) ? 0 : -errno;
	if (fd >= 0)
		close(fd);
	*db = va != MAP_FAILED ? va : NULL;
	if (ret < 0)
		EMU_LOG(ERR, name, "no %zu bytes of shared memory for doorbells: %s", len,
			strerror(-ret));
	return ret;
}

void
sdxi_vdev_db_free(const char *name, void *db, size_t len)
{
	char path[PATH_MAX];

	if (db == NULL)
		return;
	munmap(db, len);
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		unlink(db_path(name, path));
}

int
sdxi_vdev_db_attach(const char *name, size_t *len, void **db)
{
	int fd, ret = -EPROTO; /* the file is not complete yet, or another version's */
	void *va = MAP_FAILED;
	char path[PATH_MAX];
	uint64_t addr = 0;
	struct stat st;

	fd = open(db_path(name, path), O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ret = errno == ENOENT ? -ENODEV : -errno;
		EMU_LOG(ERR, name, "no such function in the primary process, which alone can make "
			"one: %s: %s", path, strerror(errno));
		return ret;
	}
	if (fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(addr)) {
		*len = st.st_size - sizeof(addr);
		if (pread(fd, &addr, sizeof(addr), *len) == sizeof(addr) && addr != 0) {
			va = db_map(addr, *len, fd);
			ret = va == MAP_FAILED ? -errno : -EEXIST;
		}
	}
	close(fd);
	if (va == (void *)(uintptr_t)addr) {
		*db = va;
		return 0;
	}
	if (va != MAP_FAILED)
		munmap(va, *len);
	EMU_LOG(ERR, name, "doorbells: expected %#" PRIx64 " to be free, as in the primary "
		"process: %s", addr, strerror(-ret));
	return ret;
}
