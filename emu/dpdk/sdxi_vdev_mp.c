/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include "sdxi_vdev.h"
#include "sdxi_vdev_mp.h"

/* Kernels that do not know it take the address as a hint. */
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* How long the primary process may take to answer. */
#define ANSWER_SECONDS 5

/*
 * Doorbells are mapped above EAL's memory, with room for PCI devices between the two, so that they
 * are likely to find the same place in other processes.
 */
#define DB_GAP	 (UINT64_C(256) << 30)
#define DB_ALIGN (UINT64_C(2) << 20)
#define DB_TRIES 1024

/* What goes over rte_mp. */
struct mp_request {
	char name[RTE_DEV_NAME_MAX_LEN];
};

struct mp_answer {
	int32_t ret;
	uint64_t addr;
	uint64_t len;
};

static int
max_end(const struct rte_memseg_list *msl, void *arg)
{
	uint64_t *end = arg;

	if (!msl->external)
		*end = RTE_MAX(*end, (uint64_t)(uintptr_t)msl->base_va + msl->len);
	return 0;
}

static void *
db_map(int fd, size_t len)
{
	const int flags = MAP_SHARED | MAP_NORESERVE;
	uint64_t at = 0;
	unsigned int i;
	void *va;

	/* Without huge pages there are no secondary processes. */
	if (rte_eal_has_hugepages())
		rte_memseg_list_walk(max_end, &at);
	if (at != 0) {
		at = RTE_ALIGN(at + DB_GAP, DB_ALIGN);
		for (i = 0; i < DB_TRIES; i++, at += RTE_ALIGN((uint64_t)len, DB_ALIGN)) {
			va = mmap((void *)(uintptr_t)at, len, PROT_READ | PROT_WRITE,
				  flags | MAP_FIXED_NOREPLACE, fd, 0);
			if (va != MAP_FAILED)
				return va;
			if (errno != EEXIST)
				break;
		}
	}
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
}

int
sdxi_vdev_db_create(struct sdxi_vdev_db *db, const char *name, size_t len)
{
	void *va = MAP_FAILED;
	int ret;

	*db = (struct sdxi_vdev_db){ .fd = memfd_create("sdxi-emu", MFD_CLOEXEC), .len = len };
	if (db->fd >= 0 && ftruncate(db->fd, len) == 0)
		va = db_map(db->fd, len);
	if (va != MAP_FAILED) {
		db->va = va;
		return 0;
	}
	ret = -errno;
	EMU_LOG(ERR, name, "no %zu bytes of shared memory for doorbells: %s", len, strerror(-ret));
	sdxi_vdev_db_free(db);
	return ret;
}

void
sdxi_vdev_db_free(struct sdxi_vdev_db *db)
{
	if (db->va != NULL)
		munmap(db->va, db->len);
	if (db->fd >= 0)
		close(db->fd);
	*db = (struct sdxi_vdev_db){ .fd = -1 };
}

const char *
sdxi_vdev_mp_device(const struct rte_mp_msg *msg)
{
	const struct mp_request *req = (const struct mp_request *)msg->param;

	if (msg->len_param != (int)sizeof(*req) ||
	    strnlen(req->name, sizeof(req->name)) == sizeof(req->name))
		return NULL;
	return req->name;
}

int
sdxi_vdev_mp_answer(const struct sdxi_vdev_db *db, const void *peer)
{
	struct rte_mp_msg msg = { .len_param = sizeof(struct mp_answer) };
	struct mp_answer *answer = (struct mp_answer *)msg.param;

	static_assert(sizeof(*answer) <= RTE_MP_MAX_PARAM_LEN &&
		      sizeof(struct mp_request) <= RTE_MP_MAX_PARAM_LEN, "messages fit");
	snprintf(msg.name, sizeof(msg.name), "%s", SDXI_VDEV_MP);
	if (db == NULL) {
		answer->ret = -ENODEV;
	} else {
		answer->addr = (uintptr_t)db->va;
		answer->len = db->len;
		msg.fds[msg.num_fds++] = db->fd;
	}
	return rte_mp_reply(&msg, peer);
}

/* Ask the primary process where the doorbells are; the descriptor is the caller's. */
static int
mp_ask(const char *name, struct mp_answer *answer, int *fd)
{
	/* EAL allows one request of a name at a time, and devices are probed by any thread. */
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	const struct timespec timeout = { .tv_sec = ANSWER_SECONDS };
	struct rte_mp_msg msg = { .len_param = sizeof(struct mp_request) };
	struct mp_request *req = (struct mp_request *)msg.param;
	const struct rte_mp_msg *got;
	struct rte_mp_reply reply;
	int ret, i;

	snprintf(msg.name, sizeof(msg.name), "%s", SDXI_VDEV_MP);
	snprintf(req->name, sizeof(req->name), "%s", name);
	pthread_mutex_lock(&one);
	ret = rte_mp_request_sync(&msg, &reply, &timeout);
	pthread_mutex_unlock(&one);
	if (ret < 0 || reply.nb_received != 1) {
		ret = ret < 0 ? -rte_errno : -ENODEV;
		EMU_LOG(ERR, name, "no answer from the primary process: %s", strerror(-ret));
		return ret;
	}
	got = &reply.msgs[0];
	memcpy(answer, got->param, sizeof(*answer));
	ret = answer->ret;
	if (got->len_param != (int)sizeof(*answer) || (ret == 0 && got->num_fds != 1))
		ret = -EPROTO;
	if (ret == 0)
		*fd = got->fds[0];
	else
		for (i = 0; i < got->num_fds; i++)
			close(got->fds[i]);
	free(reply.msgs);
	if (ret < 0)
		EMU_LOG(ERR, name, "no such function in the primary process, which alone can make "
			"one: %s", strerror(-ret));
	return ret;
}

int
sdxi_vdev_db_attach(struct sdxi_vdev_db *db, const char *name)
{
	struct mp_answer answer;
	struct stat st;
	void *want, *va;
	int fd = -1, ret;

	*db = (struct sdxi_vdev_db){ .fd = -1 };
	ret = mp_ask(name, &answer, &fd);
	if (ret < 0)
		return ret;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != answer.len) {
		close(fd);
		EMU_LOG(ERR, name, "the primary process has another version of the driver");
		return -EPROTO;
	}
	want = (void *)(uintptr_t)answer.addr;
	va = mmap(want, answer.len, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
	ret = errno;
	close(fd);
	if (va == want) {
		db->va = va;
		db->len = answer.len;
		return 0;
	}
	if (va != MAP_FAILED) {
		munmap(va, answer.len);
		ret = EEXIST;
	}
	EMU_LOG(ERR, name, "doorbells: expected %p to %p to be free, as in the primary process: %s",
		want, RTE_PTR_ADD(want, answer.len), strerror(ret));
	return -ret;
}
