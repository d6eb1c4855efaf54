/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An SDXI function in this process, for lack of one on the bus: --vdev=dma_sdxi_emu0,...
 *
 * The function is the emulation core's; here are the thread it runs on, the way to its registers
 * and its interrupt. Secondary processes have its doorbells.
 *
 * Three locks, always taken in this order: the list's; "core", which serialises the function (its
 * thread, register accesses); its view of memory's. EAL's own memory lock is taken with core held
 * but never with the last one held.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include <bus_vdev_driver.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_interrupts.h>
#include <rte_lcore.h>
#include <rte_pause.h>
#include <rte_thread.h>

#include <sdxi_emu.h>

#include "sdxi_bus.h"
#include "sdxi_compat.h"
#include "sdxi_emu_hw.h"
#include "sdxi_vdev.h"
#include "sdxi_vdev_args.h"
#include "sdxi_vdev_mem.h"
#include "sdxi_vdev_mp.h"

RTE_LOG_REGISTER_DEFAULT(sdxi_emu_logtype, NOTICE);

/* Work that the function does before others get at the core lock: see sdxi_emu_run(). */
#define EMU_BUDGET	128
/*
 * So long at least a thread gives way to others, who may always be there; on a busy machine, that
 * is once. Threads that share the lock have to be away at the same moment for others to get it, so
 * each is away for as many times its last turn as there are threads.
 */
#define EMU_GIVE_WAY_US	200
/*
 * Without work, a thread looks again at once for so long, which is longer than software that is at
 * work lets a device wait; then it offers its CPU to others between looks; then it sleeps in
 * between.
 */
#define EMU_SPIN_US	50
#define EMU_YIELD_US	10000
#define EMU_SLEEP_US	50

/* A thread that the function runs on; the first one does all, the others help with copies. */
struct emu_thread {
	struct emu_fn *fn;
	struct sdxi_emu_engine *engine; /* NULL: it is the only one */
	rte_thread_t id;
};

/* A function of this process. */
struct emu_fn {
	TAILQ_ENTRY(emu_fn) next;
	bool listed;
	char name[RTE_DEV_NAME_MAX_LEN];
	struct sdxi_emu *emu;
	struct sdxi_fn self;
	struct sdxi_vdev_db db; /* software stores, the function looks */
	struct emu_thread thread[SDXI_VDEV_MAX_ENGINES];
	unsigned int nb_threads; /* that have been started */
	unsigned int engines;	 /* that there are to be; set before the first one is started */
	RTE_ATOMIC(bool) exit;    /* the threads are to end */
	RTE_ATOMIC(bool) rest;    /* there is work for the first thread alone */
	RTE_ATOMIC(uint32_t) waiting; /* threads that want core; the function gives way to them */

	pthread_rwlock_t core; /* what only looks and copies shares it: sdxi_emu_engine_run() */
	struct sdxi_vdev_mem mem;

	int irq_fd; /* readable: the interrupt has been raised */
	RTE_ATOMIC(bool) irq_on;
	struct rte_intr_handle *irq; /* NULL: nobody wants it */
	void (*irq_cb)(void *arg);
	void *irq_arg;
};

/* The functions that can be found by name. */
static TAILQ_HEAD(, emu_fn) emu_fns = TAILQ_HEAD_INITIALIZER(emu_fns);

/* In a secondary process: the doorbells that it has mapped. */
struct emu_attached {
	TAILQ_ENTRY(emu_attached) next;
	char name[RTE_DEV_NAME_MAX_LEN];
	struct sdxi_vdev_db db;
};
static TAILQ_HEAD(, emu_attached) emu_attached = TAILQ_HEAD_INITIALIZER(emu_attached);

static pthread_mutex_t emu_fns_lock = PTHREAD_MUTEX_INITIALIZER;

/* How the driver reaches the function. */

static uint64_t
emu_reg_read(const struct sdxi_fn *sdxi_fn, uint32_t off)
{
	struct emu_fn *fn = sdxi_fn->opaque;
	uint64_t val;

	sdxi_vdev_lock(&fn->core, &fn->waiting);
	val = sdxi_emu_reg_read(fn->emu, off, sizeof(val));
	pthread_rwlock_unlock(&fn->core);
	return val;
}

static void
emu_reg_write(const struct sdxi_fn *sdxi_fn, uint32_t off, uint64_t val)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	sdxi_vdev_lock(&fn->core, &fn->waiting);
	sdxi_emu_reg_write(fn->emu, off, val, sizeof(val));
	pthread_rwlock_unlock(&fn->core);
}

static int
emu_dma_enable(const struct sdxi_fn *sdxi_fn, bool on)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	sdxi_vdev_lock(&fn->core, &fn->waiting);
	fn->mem.off = !on;
	pthread_rwlock_unlock(&fn->core);
	return 0;
}

/*
 * The function raises an interrupt, core being held. As with one on a bus, EAL's interrupt thread
 * gets it: whoever handles it may wait for a thread that waits for the function.
 */
static void
emu_irq(void *opaque, uint16_t vector)
{
	struct emu_fn *fn = container_of((struct sdxi_vdev_mem *)opaque, struct emu_fn, mem);
	const uint64_t one = 1;
	ssize_t n;

	if (vector != SDXI_INTR_ERRLOG ||
	    !rte_atomic_load_explicit(&fn->irq_on, rte_memory_order_relaxed))
		return;
	/* The only way to fail is that it has been raised 2^64 times without being seen. */
	n = write(fn->irq_fd, &one, sizeof(one));
	RTE_SET_USED(n);
}

static bool
emu_irq_take(struct emu_fn *fn)
{
	uint64_t count;

	return read(fn->irq_fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void
emu_irq_deliver(void *arg)
{
	struct emu_fn *fn = arg;

	if (emu_irq_take(fn))
		fn->irq_cb(fn->irq_arg);
}

static int
emu_irq_enable(const struct sdxi_fn *sdxi_fn, void (*cb)(void *arg), void *arg)
{
	struct emu_fn *fn = sdxi_fn->opaque;
	struct rte_intr_handle *irq;
	int ret;

	if (fn->irq != NULL)
		return -EBUSY;
	irq = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	if (irq == NULL) {
		EMU_LOG(ERR, fn->name, "no memory for the interrupt");
		return -ENOMEM;
	}
	/* What was raised before is old. */
	emu_irq_take(fn);
	fn->irq_cb = cb;
	fn->irq_arg = arg;
	ret = 0;
	if (rte_intr_type_set(irq, RTE_INTR_HANDLE_VDEV) < 0 ||
	    rte_intr_fd_set(irq, fn->irq_fd) < 0)
		ret = -rte_errno;
	if (ret == 0)
		ret = rte_intr_callback_register(irq, emu_irq_deliver, fn);
	if (ret < 0) {
		EMU_LOG(ERR, fn->name, "interrupt: no callback: %s", strerror(-ret));
		rte_intr_instance_free(irq);
		return ret;
	}
	fn->irq = irq;
	rte_atomic_store_explicit(&fn->irq_on, true, rte_memory_order_relaxed);
	return 0;
}

static void
emu_irq_disable(const struct sdxi_fn *sdxi_fn)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	if (fn->irq == NULL)
		return;
	rte_atomic_store_explicit(&fn->irq_on, false, rte_memory_order_relaxed);
	/* Waits for a callback that is under way. */
	rte_intr_callback_unregister_sync(fn->irq, emu_irq_deliver, fn);
	rte_intr_instance_free(fn->irq);
	fn->irq = NULL;
}

/* Finding functions by name. */

static struct emu_fn *
emu_find(const char *name)
{
	struct emu_fn *fn;

	TAILQ_FOREACH(fn, &emu_fns, next)
		if (strcmp(fn->name, name) == 0)
			break;
	return fn;
}

/* A secondary process looks for a function. */
static int
emu_mp_action(const struct rte_mp_msg *msg, const void *peer)
{
	const char *name = sdxi_vdev_mp_device(msg);
	const struct emu_fn *fn;
	int ret;

	pthread_mutex_lock(&emu_fns_lock);
	fn = name != NULL ? emu_find(name) : NULL;
	ret = sdxi_vdev_mp_answer(fn != NULL ? &fn->db : NULL, peer);
	pthread_mutex_unlock(&emu_fns_lock);
	return ret;
}

/* From here on the function can be found, by secondary processes too. */
static void
emu_list(struct emu_fn *fn)
{
	pthread_mutex_lock(&emu_fns_lock);
	/* Where there is nothing to talk over there are no other processes. */
	if (TAILQ_EMPTY(&emu_fns) && rte_mp_action_register(SDXI_VDEV_MP, emu_mp_action) < 0 &&
	    rte_errno != ENOTSUP)
		EMU_LOG(WARNING, fn->name, "secondary processes cannot use it: %s",
			rte_strerror(rte_errno));
	TAILQ_INSERT_TAIL(&emu_fns, fn, next);
	fn->listed = true;
	pthread_mutex_unlock(&emu_fns_lock);
}

static void
emu_unlist(struct emu_fn *fn)
{
	if (!fn->listed)
		return;
	pthread_mutex_lock(&emu_fns_lock);
	TAILQ_REMOVE(&emu_fns, fn, next);
	fn->listed = false;
	if (TAILQ_EMPTY(&emu_fns))
		rte_mp_action_unregister(SDXI_VDEV_MP);
	pthread_mutex_unlock(&emu_fns_lock);
}

int
sdxi_vdev_call(const char *name, void (*call)(struct sdxi_emu *emu, void *arg), void *arg)
{
	struct emu_fn *fn;

	pthread_mutex_lock(&emu_fns_lock);
	fn = emu_find(name);
	if (fn != NULL) {
		sdxi_vdev_lock(&fn->core, &fn->waiting);
		sdxi_vdev_lock(&fn->mem.lock, &fn->mem.waiting);
		call(fn->emu, arg);
		pthread_rwlock_unlock(&fn->mem.lock);
		pthread_rwlock_unlock(&fn->core);
	}
	pthread_mutex_unlock(&emu_fns_lock);
	return fn != NULL ? 0 : -ENODEV;
}

/* The function's life. */

static bool
emu_is_wanted(const struct emu_fn *fn)
{
	return rte_atomic_load_explicit(&fn->waiting, rte_memory_order_relaxed) != 0 ||
	       rte_atomic_load_explicit(&fn->mem.waiting, rte_memory_order_relaxed) != 0;
}

/* All that there is to be done, by the first thread. */
static unsigned int
emu_work(struct emu_fn *fn)
{
	unsigned int done;

	/* The others give way, or it might never be free of them. */
	sdxi_vdev_lock(&fn->core, &fn->waiting);
	pthread_rwlock_wrlock(&fn->mem.lock);
	done = sdxi_emu_run(fn->emu, EMU_BUDGET);
	pthread_rwlock_unlock(&fn->mem.lock);
	pthread_rwlock_unlock(&fn->core);
	return done;
}

/*
 * What a thread's own contexts have to copy; the rest, from whichever thread, is the first one's.
 */
static unsigned int
emu_help(struct emu_thread *thread)
{
	struct emu_fn *fn = thread->fn;
	unsigned int done;
	bool rest;

	pthread_rwlock_rdlock(&fn->core);
	pthread_rwlock_rdlock(&fn->mem.lock);
	done = sdxi_emu_engine_run(thread->engine, &rest);
	pthread_rwlock_unlock(&fn->mem.lock);
	pthread_rwlock_unlock(&fn->core);
	if (rest)
		rte_atomic_store_explicit(&fn->rest, true, rte_memory_order_relaxed);
	return done;
}

static sdxi_thread_ret
emu_thread_main(void *arg)
{
	struct emu_thread *thread = arg;
	struct emu_fn *fn = thread->fn;
	const bool is_first = thread == fn->thread;
	const uint64_t us = rte_get_tsc_hz() / US_PER_S;
	uint64_t worked = rte_rdtsc(), idle;
	uint64_t turn = worked, away = EMU_GIVE_WAY_US * us;

	while (!rte_atomic_load_explicit(&fn->exit, rte_memory_order_relaxed)) {
		unsigned int done = 0;

		if (unlikely(emu_is_wanted(fn)) && rte_rdtsc() - turn < away) {
			sched_yield();
			continue;
		}
		turn = rte_rdtsc();
		if (thread->engine == NULL) {
			done = emu_work(fn);
		} else {
			done = emu_help(thread);
			if (is_first && rte_atomic_exchange_explicit(&fn->rest, false,
								     rte_memory_order_relaxed))
				done += emu_work(fn);
		}

		away = RTE_MAX(EMU_GIVE_WAY_US * us, (rte_rdtsc() - turn) * fn->engines);
		turn = rte_rdtsc();
		idle = turn - worked;
		if (done != 0)
			worked += idle;
		else if (idle < EMU_SPIN_US * us)
			rte_pause();
		else if (idle < EMU_YIELD_US * us)
			sched_yield();
		else
			rte_delay_us_sleep(EMU_SLEEP_US);
	}
	return (sdxi_thread_ret)0;
}

static void
emu_fn_free(struct emu_fn *fn)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(fn->thread); i++)
		sdxi_emu_engine_destroy(fn->thread[i].engine);
	sdxi_emu_destroy(fn->emu);
	sdxi_vdev_db_free(&fn->db);
	sdxi_vdev_mem_fini(&fn->mem);
	if (fn->irq_fd >= 0)
		close(fn->irq_fd);
	pthread_rwlock_destroy(&fn->core);
	free(fn);
}

static void
emu_threads_end(struct emu_fn *fn)
{
	rte_atomic_store_explicit(&fn->exit, true, rte_memory_order_relaxed);
	while (fn->nb_threads > 0)
		rte_thread_join(fn->thread[--fn->nb_threads].id, NULL);
	sdxi_vdev_mem_unwatch(&fn->mem);
}

static void
emu_release(const struct sdxi_fn *sdxi_fn)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	emu_unlist(fn);
	emu_irq_disable(sdxi_fn);
	emu_threads_end(fn);
	emu_fn_free(fn);
}

static const struct sdxi_fn_ops emu_fn_ops = {
	.reg_read = emu_reg_read,
	.reg_write = emu_reg_write,
	.dma_enable = emu_dma_enable,
	.irq_enable = emu_irq_enable,
	.irq_disable = emu_irq_disable,
	.release = emu_release,
};

static const struct sdxi_emu_ops emu_ops = {
	.read = sdxi_vdev_mem_read,
	.write = sdxi_vdev_mem_write,
	.read64 = sdxi_vdev_mem_read64,
	.write64 = sdxi_vdev_mem_write64,
	.copy = sdxi_vdev_mem_copy,
	.map = sdxi_vdev_mem_map,
	.irq = emu_irq,
};

static int
emu_fn_inject(struct emu_fn *fn, const struct sdxi_vdev_args *args)
{
	unsigned int i;
	int ret;

	for (i = 0; i < args->nb_faults; i++) {
		ret = sdxi_emu_inject(fn->emu, &args->faults[i]);
		if (ret < 0) {
			EMU_LOG(ERR, fn->name, "argument fault: number %u of %u: refused by "
				"the function: %s", i + 1, args->nb_faults, strerror(-ret));
			return ret;
		}
	}
	return 0;
}

/* Make the function and its doorbells; nothing runs yet. NULL: rte_errno tells why. */
static struct emu_fn *
emu_fn_create(const char *name, struct sdxi_vdev_args *args)
{
	struct emu_fn *fn = calloc(1, sizeof(*fn));
	size_t db_len;
	int ret;

	if (fn == NULL) {
		EMU_LOG(ERR, name, "no memory for the function");
		rte_errno = ENOMEM;
		return NULL;
	}
	snprintf(fn->name, sizeof(fn->name), "%s", name);
	ret = -pthread_rwlock_init(&fn->core, NULL);
	if (ret == 0) {
		ret = sdxi_vdev_mem_init(&fn->mem, name);
		if (ret < 0)
			pthread_rwlock_destroy(&fn->core);
	}
	if (ret < 0) {
		EMU_LOG(ERR, name, "no locks for the function: %s", strerror(-ret));
		free(fn);
		rte_errno = -ret;
		return NULL;
	}
	fn->db.fd = -1;
	fn->irq_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fn->irq_fd < 0) {
		ret = -errno;
		EMU_LOG(ERR, name, "no file for interrupts: %s", strerror(-ret));
		goto fail;
	}
	db_len = ((size_t)args->conf.max_cxt + 1) *
		 ((size_t)SDXI_DB_STRIDE_MIN << args->conf.db_stride);
	ret = sdxi_vdev_db_create(&fn->db, name, db_len);
	if (ret < 0)
		goto fail;
	args->conf.doorbells = fn->db.va;
	ret = sdxi_emu_create(&args->conf, &emu_ops, &fn->mem, &fn->emu);
	if (ret < 0) {
		EMU_LOG(ERR, name, "function could not be made: %s", strerror(-ret));
		goto fail;
	}
	ret = emu_fn_inject(fn, args);
	if (ret < 0)
		goto fail;
	fn->self = (struct sdxi_fn){
		.ops = &emu_fn_ops, .opaque = fn, .db = fn->db.va, .db_len = db_len,
	};
	return fn;
fail:
	emu_fn_free(fn);
	rte_errno = -ret;
	return NULL;
}

/* Bind a thread to an lcore's CPUs: the next ones have the next lcores. */
static void
emu_thread_bind(const struct emu_fn *fn, unsigned int i, int lcore)
{
	rte_cpuset_t cpuset;

	if (lcore < 0)
		return;
	CPU_ZERO(&cpuset);
	if (lcore + i < RTE_MAX_LCORE)
		cpuset = rte_lcore_cpuset(lcore + i);
	if (CPU_COUNT(&cpuset) == 0 ||
	    rte_thread_set_affinity_by_id(fn->thread[i].id, &cpuset) != 0)
		EMU_LOG(WARNING, fn->name, "engine %u of %u cannot be bound to lcore %u", i,
			fn->nb_threads, lcore + i);
}

static int
emu_fn_start(struct emu_fn *fn, const struct sdxi_vdev_args *args)
{
	unsigned int i;
	int ret;

	for (i = 0; i < args->engines; i++) {
		fn->thread[i].fn = fn;
		ret = args->engines == 1 ? 0 : sdxi_emu_engine_create(fn->emu, i, args->engines,
								      &fn->thread[i].engine);
		if (ret < 0) {
			EMU_LOG(ERR, fn->name, "engine %u could not be made: %s", i,
				strerror(-ret));
			return ret;
		}
	}
	fn->engines = args->engines;
	ret = sdxi_vdev_mem_watch(&fn->mem);
	if (ret < 0)
		return ret;
	for (i = 0; i < args->engines; i++) {
		ret = sdxi_thread_create(&fn->thread[i].id, "sdxi-emu", emu_thread_main,
						 &fn->thread[i]);
		if (ret < 0) {
			EMU_LOG(ERR, fn->name, "thread %u could not be started: %s", i,
				strerror(-ret));
			emu_threads_end(fn);
			return ret;
		}
		fn->nb_threads++;
		emu_thread_bind(fn, i, args->lcore);
	}
	return 0;
}

/* The vdev bus. */

/* In a secondary process the device's arguments are the primary's business. */
static int
emu_attach(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct emu_attached *attached = calloc(1, sizeof(*attached));
	int ret;

	if (attached == NULL) {
		EMU_LOG(ERR, name, "no memory for the function");
		return -ENOMEM;
	}
	snprintf(attached->name, sizeof(attached->name), "%s", name);
	ret = sdxi_vdev_db_attach(&attached->db, name);
	if (ret == 0)
		ret = sdxi_dmadev_attach(name, &vdev->device);
	if (ret < 0) {
		sdxi_vdev_db_free(&attached->db);
		free(attached);
		return ret;
	}
	pthread_mutex_lock(&emu_fns_lock);
	TAILQ_INSERT_TAIL(&emu_attached, attached, next);
	pthread_mutex_unlock(&emu_fns_lock);
	return 0;
}

static void
emu_detach(const char *name)
{
	struct emu_attached *attached;

	pthread_mutex_lock(&emu_fns_lock);
	TAILQ_FOREACH(attached, &emu_attached, next) {
		if (strcmp(attached->name, name) != 0)
			continue;
		TAILQ_REMOVE(&emu_attached, attached, next);
		sdxi_vdev_db_free(&attached->db);
		free(attached);
		break;
	}
	pthread_mutex_unlock(&emu_fns_lock);
}

static int
emu_probe(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct sdxi_vdev_args args;
	struct emu_fn *fn;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return emu_attach(vdev);
	ret = sdxi_vdev_args_parse(name, rte_vdev_device_args(vdev), &args);
	if (ret < 0)
		return ret;
	if (args.conf.freedom)
		EMU_LOG(INFO, name, "order=random,seed=%" PRIu64, args.conf.seed);
	fn = emu_fn_create(name, &args);
	if (fn == NULL)
		return -rte_errno;
	ret = emu_fn_start(fn, &args);
	if (ret < 0) {
		emu_fn_free(fn);
		return ret;
	}
	ret = sdxi_dmadev_create(name, &vdev->device, &fn->self, &args.drv);
	if (ret < 0) {
		emu_release(&fn->self);
		return ret;
	}
	/* Secondary processes need the dmadev, too. */
	emu_list(fn);
	return 0;
}

static int
emu_remove(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	int ret;

	if (name == NULL)
		return -EINVAL;
	ret = sdxi_dmadev_destroy(name);
	if (ret == 0)
		emu_detach(name);
	return ret;
}

static struct rte_vdev_driver emu_drv = {
	.probe = emu_probe,
	.remove = emu_remove,
};

RTE_PMD_REGISTER_VDEV(dma_sdxi_emu, emu_drv);
RTE_PMD_REGISTER_PARAM_STRING(dma_sdxi_emu, SDXI_VDEV_ARG_PARAMS);
