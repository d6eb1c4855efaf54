/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>
#include <rte_pause.h>

#include "sdxi_compat.h"
#include "sdxi_vdev.h"
#include "sdxi_vdev_mp.h"

/* Kernels that do not know it take the address as a hint. */
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* How long a request may take while the primary lives: its thread may be kept from a CPU. */
#define ANSWER_SECONDS 5
/* Looks at a mailbox without and with giving the CPU away, before sleeping between them. */
#define ANSWER_PAUSES 256
#define ANSWER_YIELDS 64
#define ANSWER_SLEEP_US 50

/*
 * Doorbells lie behind EAL's memory, with room for PCI devices between the two, so that they are
 * likely to find the same place in other processes.
 */
#define DB_GAP	 (UINT64_C(256) << 30)
#define DB_ALIGN (UINT64_C(2) << 20)
#define DB_TRIES 1024

enum mailbox_state {
	MAILBOX_IDLE,	/* the request is the lock holder's */
	MAILBOX_POSTED, /* the function's to take, or the lock holder's to take back */
	MAILBOX_TAKEN,	/* the function's; IDLE again once it is answered */
};

enum mailbox_kind {
	MAILBOX_READ,
	MAILBOX_WRITE,
	MAILBOX_DMA,
};

struct sdxi_vdev_mailbox {
	/*
	 * Robust: the kernel tells those who try to take it of a holder that has died. alive is
	 * held by the function's thread all its life, lock by whoever has a request.
	 */
	pthread_mutex_t alive;
	pthread_mutex_t lock;
	RTE_ATOMIC(uint32_t) gone;  /* the function does not answer any more */
	RTE_ATOMIC(uint32_t) state; /* enum mailbox_state */
	uint32_t kind;
	uint32_t off;
	uint64_t val; /* to be written, or the answer */
};

/* In front of the doorbells, which want a cache line of their own. */
#define MAILBOX_LEN 4096
static_assert(sizeof(struct sdxi_vdev_mailbox) <= MAILBOX_LEN, "the mailbox has one page");

/* What goes over rte_mp. */
struct mp_request {
	char name[RTE_DEV_NAME_MAX_LEN];
};

struct mp_answer {
	int32_t ret;
	uint64_t addr; /* of the mapping */
	uint64_t len;
	uint64_t db_len;
};

static_assert(sizeof(struct mp_request) <= RTE_MP_MAX_PARAM_LEN &&
	      sizeof(struct mp_answer) <= RTE_MP_MAX_PARAM_LEN, "messages are to fit");

/* The primary process. */

static int
mailbox_init(struct sdxi_vdev_mailbox *mb)
{
	pthread_mutexattr_t attr;
	int ret;

	ret = pthread_mutexattr_init(&attr);
	if (ret != 0)
		return -ret;
	ret = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (ret == 0)
		ret = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (ret == 0)
		ret = pthread_mutex_init(&mb->alive, &attr);
	if (ret == 0)
		ret = pthread_mutex_init(&mb->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return -ret;
}

static int
max_end(const struct rte_memseg_list *msl, void *arg)
{
	uint64_t *end = arg;

	if (!msl->external)
		*end = RTE_MAX(*end, (uint64_t)(uintptr_t)msl->base_va + msl->len);
	return 0;
}

static void *
shm_map(int fd, size_t len)
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
sdxi_vdev_shm_create(struct sdxi_vdev_shm *shm, const char *name, size_t db_len)
{
	const size_t len = MAILBOX_LEN + db_len;
	void *va;
	int ret;

	*shm = (struct sdxi_vdev_shm){ .fd = -1 };
	shm->fd = memfd_create("sdxi-emu", MFD_CLOEXEC);
	if (shm->fd < 0 || ftruncate(shm->fd, len) < 0) {
		ret = -errno;
		EMU_LOG(ERR, name, "no file for doorbells: %s", strerror(-ret));
		goto fail;
	}
	/* Address space for all, memory for the few pages that are used. */
	va = shm_map(shm->fd, len);
	if (va == MAP_FAILED) {
		ret = -errno;
		EMU_LOG(ERR, name, "no %zu bytes of address space for doorbells: %s", db_len,
			strerror(-ret));
		goto fail;
	}
	shm->mailbox = va;
	shm->len = len;
	shm->db = RTE_PTR_ADD(va, MAILBOX_LEN);
	shm->db_len = db_len;
	ret = mailbox_init(shm->mailbox);
	if (ret == 0)
		return 0;
	EMU_LOG(ERR, name, "no locks for the mailbox: %s", strerror(-ret));
fail:
	sdxi_vdev_shm_free(shm);
	return ret;
}

void
sdxi_vdev_shm_free(struct sdxi_vdev_shm *shm)
{
	if (shm->mailbox != NULL)
		munmap(shm->mailbox, shm->len);
	if (shm->fd >= 0)
		close(shm->fd);
	*shm = (struct sdxi_vdev_shm){ .fd = -1 };
}

void
sdxi_vdev_shm_enter(struct sdxi_vdev_shm *shm)
{
	/* Nobody else knows of it yet. */
	pthread_mutex_lock(&shm->mailbox->alive);
}

void
sdxi_vdev_shm_leave(struct sdxi_vdev_shm *shm)
{
	rte_atomic_store_explicit(&shm->mailbox->gone, 1, rte_memory_order_release);
	pthread_mutex_unlock(&shm->mailbox->alive);
}

bool
sdxi_vdev_shm_serve(struct sdxi_vdev_shm *shm, const struct sdxi_fn *fn)
{
	struct sdxi_vdev_mailbox *mb = shm->mailbox;
	uint32_t state = MAILBOX_POSTED;

	if (likely(rte_atomic_load_explicit(&mb->state, rte_memory_order_relaxed) !=
		   MAILBOX_POSTED))
		return false;
	/* From here on nobody takes it back. */
	if (!rte_atomic_compare_exchange_strong_explicit(&mb->state, &state, MAILBOX_TAKEN,
							 rte_memory_order_acquire,
							 rte_memory_order_relaxed))
		return false;
	switch (mb->kind) {
	case MAILBOX_READ:
		mb->val = fn->ops->reg_read(fn, mb->off);
		break;
	case MAILBOX_WRITE:
		fn->ops->reg_write(fn, mb->off, mb->val);
		break;
	case MAILBOX_DMA:
		mb->val = fn->ops->dma_enable(fn, mb->val != 0);
		break;
	default:
		mb->val = UINT64_MAX;
		break;
	}
	rte_atomic_store_explicit(&mb->state, MAILBOX_IDLE, rte_memory_order_release);
	return true;
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
sdxi_vdev_mp_answer(const struct sdxi_vdev_shm *shm, const void *peer)
{
	struct rte_mp_msg msg = { .num_fds = 0 };
	struct mp_answer *answer = (struct mp_answer *)msg.param;

	snprintf(msg.name, sizeof(msg.name), "%s", SDXI_VDEV_MP);
	msg.len_param = sizeof(*answer);
	if (shm == NULL) {
		answer->ret = -ENODEV;
	} else {
		answer->addr = (uintptr_t)shm->mailbox;
		answer->len = shm->len;
		answer->db_len = shm->db_len;
		msg.fds[msg.num_fds++] = shm->fd;
	}
	return rte_mp_reply(&msg, peer);
}

/* Secondary processes. */

static bool
remote_is_gone(const struct sdxi_vdev_remote *remote)
{
	struct sdxi_vdev_mailbox *mb = remote->mailbox;
	int ret;

	if (rte_atomic_load_explicit(&mb->gone, rte_memory_order_acquire) != 0)
		return true;
	ret = pthread_mutex_trylock(&mb->alive);
	if (ret == EBUSY)
		return false;
	rte_atomic_store_explicit(&mb->gone, 1, rte_memory_order_release);
	/* Not made consistent again, it is nobody's any more. */
	if (ret == 0 || ret == EOWNERDEAD)
		pthread_mutex_unlock(&mb->alive);
	return true;
}

/* A moment after which waiting makes no sense, and how to wait for it. */
struct wait {
	struct timespec until;
	unsigned int looks;
};

static void
wait_begin(struct wait *wait)
{
	wait->looks = 0;
	clock_gettime(CLOCK_MONOTONIC, &wait->until);
	wait->until.tv_sec += ANSWER_SECONDS;
}

/* 0: look again; -ENODEV: the function is gone; -ETIMEDOUT. */
static int
wait_go_on(struct wait *wait, const struct sdxi_vdev_remote *remote)
{
	const struct timespec sleep = { .tv_nsec = ANSWER_SLEEP_US * 1000 };
	struct timespec now;

	if (++wait->looks <= ANSWER_PAUSES) {
		rte_pause();
		return 0;
	}
	if (remote_is_gone(remote))
		return -ENODEV;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > wait->until.tv_sec ||
	    (now.tv_sec == wait->until.tv_sec && now.tv_nsec >= wait->until.tv_nsec))
		return -ETIMEDOUT;
	if (wait->looks <= ANSWER_PAUSES + ANSWER_YIELDS)
		sched_yield();
	else
		nanosleep(&sleep, NULL);
	return 0;
}

/* Several processes, and threads in each, may want the mailbox, and die with it. */
static int
remote_lock(const struct sdxi_vdev_remote *remote)
{
	struct sdxi_vdev_mailbox *mb = remote->mailbox;
	struct wait wait;
	int ret;

	if (remote_is_gone(remote))
		return -ENODEV;
	wait_begin(&wait);
	for (;;) {
		ret = pthread_mutex_trylock(&mb->lock);
		if (ret == 0)
			return 0;
		/* What its holder has posted is taken and answered; the rest is written anew. */
		if (ret == EOWNERDEAD)
			return -pthread_mutex_consistent(&mb->lock);
		if (ret != EBUSY)
			return -ret;
		ret = wait_go_on(&wait, remote);
		if (ret < 0)
			return ret;
	}
}

static int
remote_wait_idle(const struct sdxi_vdev_remote *remote)
{
	struct wait wait;
	int ret;

	wait_begin(&wait);
	while (rte_atomic_load_explicit(&remote->mailbox->state, rte_memory_order_acquire) !=
	       MAILBOX_IDLE) {
		ret = wait_go_on(&wait, remote);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Have the primary process do something. */
static int
remote_call(const struct sdxi_vdev_remote *remote, enum mailbox_kind kind, uint32_t off,
	    uint64_t *val)
{
	struct sdxi_vdev_mailbox *mb = remote->mailbox;
	uint32_t state = MAILBOX_POSTED;
	int ret;

	ret = remote_lock(remote);
	if (ret == 0) {
		ret = remote_wait_idle(remote);
		if (ret == 0) {
			mb->kind = kind;
			mb->off = off;
			mb->val = *val;
			rte_atomic_store_explicit(&mb->state, MAILBOX_POSTED,
						  rte_memory_order_release);
			ret = remote_wait_idle(remote);
			if (ret == 0)
				*val = mb->val;
			else
				rte_atomic_compare_exchange_strong_explicit(&mb->state, &state,
					MAILBOX_IDLE, rte_memory_order_relaxed,
					rte_memory_order_relaxed);
		}
		pthread_mutex_unlock(&mb->lock);
	}
	if (ret < 0 && ret != -ENODEV)
		EMU_LOG(ERR, remote->name, "no answer from the primary process for %u s: %s",
			ANSWER_SECONDS, strerror(-ret));
	return ret;
}

static uint64_t
remote_reg_read(const struct sdxi_fn *fn, uint32_t off)
{
	uint64_t val = 0;

	if (remote_call(fn->opaque, MAILBOX_READ, off, &val) < 0)
		return UINT64_MAX;
	return val;
}

static void
remote_reg_write(const struct sdxi_fn *fn, uint32_t off, uint64_t val)
{
	remote_call(fn->opaque, MAILBOX_WRITE, off, &val);
}

static int
remote_dma_enable(const struct sdxi_fn *fn, bool on)
{
	uint64_t val = on;
	int ret = remote_call(fn->opaque, MAILBOX_DMA, 0, &val);

	return ret < 0 ? ret : (int)val;
}

/* No interrupts: they are the primary's. No release: the mapping lasts as long as the device. */
const struct sdxi_fn_ops sdxi_vdev_remote_ops = {
	.reg_read = remote_reg_read,
	.reg_write = remote_reg_write,
	.dma_enable = remote_dma_enable,
};

/* Ask the primary process where the function's memory is; the descriptor is the caller's. */
static int
mp_ask(const char *name, struct mp_answer *answer, int *fd)
{
	/* EAL allows one request of a name at a time, and devices are probed by any thread. */
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	const struct timespec patience = { .tv_sec = ANSWER_SECONDS };
	struct rte_mp_msg msg = { .num_fds = 0 };
	struct mp_request *req = (struct mp_request *)msg.param;
	struct rte_mp_reply reply;
	const struct rte_mp_msg *got;
	int ret, i;

	snprintf(msg.name, sizeof(msg.name), "%s", SDXI_VDEV_MP);
	msg.len_param = sizeof(*req);
	snprintf(req->name, sizeof(req->name), "%s", name);
	pthread_mutex_lock(&one);
	ret = rte_mp_request_sync(&msg, &reply, &patience);
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
	if (ret == -ENODEV)
		EMU_LOG(ERR, name, "the primary process has no such function, and only it "
			"can make one");
	else if (ret < 0)
		EMU_LOG(ERR, name, "the primary process refuses: %s", strerror(-ret));
	return ret;
}

int
sdxi_vdev_remote_attach(const char *name, struct sdxi_vdev_remote **out)
{
	struct sdxi_vdev_remote *remote;
	struct mp_answer answer;
	struct stat st;
	void *want, *va;
	int fd = -1, ret;

	ret = mp_ask(name, &answer, &fd);
	if (ret < 0)
		return ret;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != answer.len ||
	    answer.len != MAILBOX_LEN + answer.db_len) {
		close(fd);
		EMU_LOG(ERR, name, "the primary process has another version of the driver");
		return -EPROTO;
	}
	want = (void *)(uintptr_t)answer.addr;
	va = mmap(want, answer.len, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
	ret = errno;
	close(fd);
	if (va != want) {
		if (va != MAP_FAILED) {
			munmap(va, answer.len);
			ret = EEXIST;
		}
		EMU_LOG(ERR, name, "doorbells: expected %p to %p to be free, as in the "
			"primary process, found %s", want, RTE_PTR_ADD(want, answer.len),
			strerror(ret));
		return -ret;
	}
	remote = calloc(1, sizeof(*remote));
	if (remote == NULL) {
		munmap(va, answer.len);
		EMU_LOG(ERR, name, "no memory for the function");
		return -ENOMEM;
	}
	snprintf(remote->name, sizeof(remote->name), "%s", name);
	remote->mailbox = va;
	remote->len = answer.len;
	remote->db = RTE_PTR_ADD(va, MAILBOX_LEN);
	remote->db_len = answer.db_len;
	*out = remote;
	return 0;
}

void
sdxi_vdev_remote_detach(struct sdxi_vdev_remote *remote)
{
	munmap(remote->mailbox, remote->len);
	free(remote);
}
