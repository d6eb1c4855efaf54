/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An SDXI function in this process, for lack of one on the bus: --vdev=dma_sdxi_emu0,...
 *
 * The function is the emulation core's; here are its arguments, the threads it runs on, and the way
 * to its registers. Secondary processes have its doorbells.
 *
 * Locks, in the order in which they are taken: the list's; the function's "core", which serialises
 * it; that of its view of memory. EAL's own memory lock is taken with core held but never with the
 * last one held.
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <bus_vdev_driver.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "sdxi_emu_hw.h"
#include "sdxi_vdev.h"

RTE_LOG_REGISTER_DEFAULT(sdxi_emu_logtype, NOTICE);

#define EMU_MAX_FAULTS	32
#define EMU_MAX_ENGINES	16
/* Work that the function does before others get at the core lock: see sdxi_emu_run(). */
#define EMU_BUDGET	128
/*
 * A thread gives way to others, who may always be there, for at least so long. Threads that share
 * the lock have to be away at the same moment, so each is for as many turns as there are threads.
 */
#define EMU_GIVE_WAY_US	200
/* Without work, a thread looks again for so long, then offers its CPU, and at last sleeps. */
#define EMU_SPIN_US	50
#define EMU_YIELD_US	10000
#define EMU_SLEEP_US	50

struct emu_args {
	struct sdxi_emu_conf conf;
	struct sdxi_args drv;
	int lcore; /* of the first thread; -1: the system decides */
	unsigned int engines;
	enum sdxi_vdev_reach reach;
	struct sdxi_emu_fault faults[EMU_MAX_FAULTS];
	unsigned int nb_faults;
};

/* A function: of a secondary process, its name and doorbells alone. */
struct emu_fn {
	TAILQ_ENTRY(emu_fn) next;
	char name[RTE_DEV_NAME_MAX_LEN];
	void *db; /* software stores, the function looks */
	size_t db_len;
	bool listed;
	uint16_t sfunc; /* 0: it has none yet */
	struct sdxi_emu *emu;
	pthread_rwlock_t core; /* what only looks and copies shares it: sdxi_emu_help() */
	struct sdxi_vdev_mem mem;
	void (*drv_irq)(void *arg); /* the driver's handler, with core held */
	void *drv_irq_arg;
	void (*irq)(uint16_t vector, void *arg); /* a test's */
	void *irq_arg;

	struct emu_thread {
		struct emu_fn *fn;
		rte_thread_t id;
	} thread[EMU_MAX_ENGINES]; /* the first one does all, the others help with copies */
	unsigned int nb_threads; /* that have been started */
	unsigned int engines;	 /* that there are to be */
	RTE_ATOMIC(bool) exit;
	RTE_ATOMIC(bool) rest; /* there is work for the first thread alone */
};

/* The functions that can be found by name. */
static TAILQ_HEAD(, emu_fn) emu_fns = TAILQ_HEAD_INITIALIZER(emu_fns);
static pthread_mutex_t emu_fns_lock = PTHREAD_MUTEX_INITIALIZER;

/* MMIO_RKEY of each sfunc, for others' threads, with a bit that says that there is one. */
#define EMU_PRESENT UINT64_C(0x800)
static RTE_ATOMIC(uint64_t) emu_rkeys[UINT16_MAX + 1];

/* ---- Arguments: --vdev=dma_sdxi_emu0,<key>=<value>,... --------------------------------------- */

static bool
number_parse(const char *value, uint64_t max, uint64_t *number)
{
	char *end;

	/* strtoull() alone would take blanks and a sign, and in base 0 a leading 0 as octal. */
	*number = strtoull(value, &end, strncasecmp(value, "0x", 2) == 0 ? 16 : 10);
	return *value >= '0' && *value <= '9' && *end == '\0' && *number <= max;
}

static bool
lcore_has_cpus(unsigned int lcore)
{
	rte_cpuset_t cpuset;

	if (lcore >= RTE_MAX_LCORE)
		return false;
	cpuset = rte_lcore_cpuset(lcore);
	return CPU_COUNT(&cpuset) != 0;
}

static int
arg_parse(const char *name, const char *key, const char *value, struct emu_args *args)
{
	const char *expected = NULL;
	char why[256] = "";
	uint64_t n;
	int ret;

	if (strcmp(key, "lcore") == 0) {
		/* Not only EAL's own: the function may have a CPU that EAL does not use. */
		if (!number_parse(value, RTE_MAX_LCORE, &n) || !lcore_has_cpus(n))
			expected = "an lcore that has CPUs";
		args->lcore = n;
	} else if (strcmp(key, "engines") == 0) {
		if (!number_parse(value, EMU_MAX_ENGINES, &n) || n == 0)
			expected = "number of threads, 1 to " RTE_STR(EMU_MAX_ENGINES);
		args->engines = n;
	} else if (strcmp(key, "reach") == 0) {
		args->reach = strcmp(value, "eal") == 0 ? SDXI_VDEV_REACH_EAL :
							  SDXI_VDEV_REACH_PROCESS;
		if (args->reach == SDXI_VDEV_REACH_PROCESS && strcmp(value, "process") != 0)
			expected = "process|eal";
	} else if (strcmp(key, "fault") == 0) {
		if (args->nb_faults == EMU_MAX_FAULTS)
			expected = "no more of them than " RTE_STR(EMU_MAX_FAULTS);
		else if (sdxi_emu_fault_parse(value, &args->faults[args->nb_faults++], why,
					      sizeof(why)) == 0)
			return 0;
	} else {
		ret = sdxi_emu_conf_parse(&args->conf, key, value, why, sizeof(why));
		if (ret == -ENOENT)
			ret = sdxi_args_parse(name, key, value, &args->drv);
		if (ret == -ENOENT)
			EMU_LOG(ERR, name, "argument '%s' is not known; known are "
				SDXI_VDEV_ARG_PARAMS, key);
		if (ret == 0 || *why == '\0')
			return ret == 0 ? 0 : -EINVAL;
	}
	if (expected != NULL)
		snprintf(why, sizeof(why), "expected %s, found '%s'", expected, value);
	if (*why != '\0')
		EMU_LOG(ERR, name, "argument %s: %s", key, why);
	return *why != '\0' ? -EINVAL : 0;
}

static int
args_parse(const char *name, const char *str, struct emu_args *args)
{
	char *copy = strdup(str != NULL ? str : ""), *next = copy, *key, *value;
	int ret = 0;

	*args = (struct emu_args){ .drv = SDXI_ARGS_DEFAULT, .lcore = -1, .engines = 1 };
	sdxi_emu_conf_default(&args->conf);
	if (copy == NULL) {
		EMU_LOG(ERR, name, "no memory for arguments");
		return -ENOMEM;
	}
	/* rte_kvargs takes no '=' in a value, and a fault has some. */
	while (ret == 0 && (key = strsep(&next, ",")) != NULL) {
		if (*key == '\0')
			continue;
		value = key + strcspn(key, "=");
		if (*value != '\0')
			*value++ = '\0';
		ret = arg_parse(name, key, value, args);
	}
	free(copy);
	return ret;
}

/* ---- How the driver and tests reach the function --------------------------------------------- */

static void
core_lock(struct emu_fn *fn)
{
	sdxi_vdev_lock(&fn->mem, &fn->core);
}

static void
core_unlock(struct emu_fn *fn)
{
	rte_atomic_store_explicit(&emu_rkeys[fn->sfunc], EMU_PRESENT |
				  sdxi_emu_reg_read(fn->emu, SDXI_MMIO_RKEY, 8),
				  rte_memory_order_relaxed);
	pthread_rwlock_unlock(&fn->core);
}

static uint64_t
emu_reg_read(const struct sdxi_fn *sdxi_fn, uint32_t off)
{
	struct emu_fn *fn = sdxi_fn->opaque;
	uint64_t val;

	core_lock(fn);
	val = sdxi_emu_reg_read(fn->emu, off, sizeof(val));
	core_unlock(fn);
	return val;
}

static void
emu_reg_write(const struct sdxi_fn *sdxi_fn, uint32_t off, uint64_t val)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	core_lock(fn);
	sdxi_emu_reg_write(fn->emu, off, val, sizeof(val));
	core_unlock(fn);
}

static int
emu_dma_enable(const struct sdxi_fn *sdxi_fn, bool on)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	core_lock(fn);
	fn->mem.off = !on;
	core_unlock(fn);
	return 0;
}

static int
emu_irq_enable(const struct sdxi_fn *sdxi_fn, void (*cb)(void *arg), void *arg)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	core_lock(fn);
	fn->drv_irq = cb;
	fn->drv_irq_arg = arg;
	core_unlock(fn);
	return 0;
}

static void
emu_irq_disable(const struct sdxi_fn *sdxi_fn)
{
	emu_irq_enable(sdxi_fn, NULL, NULL);
}

/* In the list, which is locked. */
static struct emu_fn *
emu_find(const char *name)
{
	struct emu_fn *fn;

	TAILQ_FOREACH(fn, &emu_fns, next)
		if (strcmp(fn->name, name) == 0)
			break;
	return fn;
}

/* The function of that name, which stays and pauses until emu_put(); NULL: there is none. */
static struct emu_fn *
emu_get(const char *name)
{
	struct emu_fn *fn;

	pthread_mutex_lock(&emu_fns_lock);
	fn = emu_find(name);
	if (fn == NULL || fn->emu == NULL) {
		pthread_mutex_unlock(&emu_fns_lock);
		return NULL;
	}
	core_lock(fn);
	sdxi_vdev_lock(&fn->mem, &fn->mem.lock);
	return fn;
}

static int
emu_put(struct emu_fn *fn)
{
	pthread_rwlock_unlock(&fn->mem.lock);
	core_unlock(fn);
	pthread_mutex_unlock(&emu_fns_lock);
	return 0;
}

int
sdxi_vdev_call(const char *name, void (*call)(struct sdxi_emu *emu, void *arg), void *arg)
{
	struct emu_fn *fn = emu_get(name);

	if (fn == NULL)
		return -ENODEV;
	call(fn->emu, arg);
	return emu_put(fn);
}

int
sdxi_vdev_irq(const char *name, void (*cb)(uint16_t vector, void *arg), void *arg)
{
	struct emu_fn *fn = emu_get(name);

	if (fn == NULL)
		return -ENODEV;
	fn->irq = cb;
	fn->irq_arg = arg;
	return emu_put(fn);
}

/* ---- What the function needs, core being held ------------------------------------------------ */

static struct emu_fn *
fn_of(void *opaque)
{
	return container_of((struct sdxi_vdev_mem *)opaque, struct emu_fn, mem);
}

static void
emu_irq(void *opaque, uint16_t vector)
{
	const struct emu_fn *fn = fn_of(opaque);

	if (vector == SDXI_INTR_ERRLOG && fn->drv_irq != NULL)
		fn->drv_irq(fn->drv_irq_arg);
	if (fn->irq != NULL)
		fn->irq(vector, fn->irq_arg);
}

static uint64_t
emu_now_ms(void *opaque)
{
	RTE_SET_USED(opaque);
	return rte_rdtsc() / (rte_get_tsc_hz() / MS_PER_S);
}

/* All functions of a process see the same memory. */
static bool
emu_peer(void *opaque, uint16_t sfunc, uint64_t *rkey, void **mem)
{
	const uint64_t val = rte_atomic_load_explicit(&emu_rkeys[sfunc], rte_memory_order_relaxed);

	*rkey = val & ~EMU_PRESENT;
	*mem = opaque;
	return val != 0;
}

static const struct sdxi_emu_ops emu_ops = {
	.read = sdxi_vdev_mem_read,
	.write = sdxi_vdev_mem_write,
	.read64 = sdxi_vdev_mem_read64,
	.write64 = sdxi_vdev_mem_write64,
	.copy = sdxi_vdev_mem_copy,
	.map = sdxi_vdev_mem_map,
	.irq = emu_irq,
	.now_ms = emu_now_ms,
	.peer = emu_peer,
};

/* ---- Threads --------------------------------------------------------------------------------- */

/* All that there is to be done, by the first thread. */
static unsigned int
emu_work(struct emu_fn *fn)
{
	unsigned int done;

	/* The others give way, or it might never be free of them. */
	core_lock(fn);
	pthread_rwlock_wrlock(&fn->mem.lock);
	done = sdxi_emu_run(fn->emu, EMU_BUDGET);
	pthread_rwlock_unlock(&fn->mem.lock);
	core_unlock(fn);
	return done;
}

/* What a thread's own contexts have to copy; the rest, whichever finds it, is the first one's. */
static unsigned int
emu_help(struct emu_fn *fn, unsigned int index)
{
	unsigned int done;
	bool rest;

	pthread_rwlock_rdlock(&fn->core);
	pthread_rwlock_rdlock(&fn->mem.lock);
	done = sdxi_emu_help(fn->emu, index, fn->engines, &rest);
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
	const unsigned int index = thread - fn->thread;
	const uint64_t us = rte_get_tsc_hz() / US_PER_S;
	uint64_t turn = rte_rdtsc(), worked = turn, away = EMU_GIVE_WAY_US * us, idle;

	while (!rte_atomic_load_explicit(&fn->exit, rte_memory_order_relaxed)) {
		unsigned int done = 0;

		if (rte_atomic_load_explicit(&fn->mem.waiting, rte_memory_order_relaxed) != 0 &&
		    rte_rdtsc() - turn < away) {
			sched_yield();
			continue;
		}
		turn = rte_rdtsc();
		if (fn->engines > 1)
			done = emu_help(fn, index);
		if (fn->engines == 1 ||
		    (index == 0 && rte_atomic_exchange_explicit(&fn->rest, false,
								rte_memory_order_relaxed)))
			done += emu_work(fn);
		away = RTE_MAX(EMU_GIVE_WAY_US * us, (rte_rdtsc() - turn) * fn->engines);
		turn = rte_rdtsc();
		idle = turn - worked;
		if (done != 0)
			worked = turn;
		else if (idle < EMU_SPIN_US * us)
			rte_pause();
		else if (idle < EMU_YIELD_US * us)
			sched_yield();
		else
			rte_delay_us_sleep(EMU_SLEEP_US);
	}
	return (sdxi_thread_ret)0;
}

/* Start the threads, each bound to the CPUs of one lcore of as many, if the first is given. */
static int
emu_threads_start(struct emu_fn *fn, const struct emu_args *args)
{
	unsigned int i, lcore;
	rte_cpuset_t cpuset;
	int ret;

	fn->engines = args->engines;
	for (i = 0; i < fn->engines; i++) {
		fn->thread[i].fn = fn;
		ret = sdxi_thread_create(&fn->thread[i].id, "sdxi-emu", emu_thread_main,
					 &fn->thread[i]);
		if (ret < 0) {
			EMU_LOG(ERR, fn->name, "thread %u could not be started: %s", i,
				strerror(-ret));
			return ret;
		}
		fn->nb_threads++;
		lcore = args->lcore + i;
		if (lcore_has_cpus(lcore))
			cpuset = rte_lcore_cpuset(lcore);
		if (args->lcore >= 0 && (!lcore_has_cpus(lcore) ||
		    rte_thread_set_affinity_by_id(fn->thread[i].id, &cpuset) != 0))
			EMU_LOG(WARNING, fn->name, "engine %u of %u cannot be bound to lcore %u",
				i, fn->engines, lcore);
	}
	return 0;
}

/* ---- The function's life --------------------------------------------------------------------- */

/* Give the function its number: the one that was asked for, or the first one that is free. */
static int
emu_sfunc_take(struct emu_fn *fn, uint16_t wanted)
{
	unsigned int i;
	uint64_t val;

	for (i = RTE_MAX(wanted, 1); i <= (wanted != 0 ? wanted : UINT16_MAX); i++) {
		val = 0;
		if (!rte_atomic_compare_exchange_strong_explicit(&emu_rkeys[i], &val, EMU_PRESENT,
				rte_memory_order_relaxed, rte_memory_order_relaxed))
			continue;
		fn->sfunc = i;
		return 0;
	}
	EMU_LOG(ERR, fn->name, "argument sfunc: expected a number that no other function has, "
		"found '%u'", wanted);
	return -EEXIST;
}

static void
emu_list(struct emu_fn *fn)
{
	pthread_mutex_lock(&emu_fns_lock);
	TAILQ_INSERT_TAIL(&emu_fns, fn, next);
	fn->listed = true;
	pthread_mutex_unlock(&emu_fns_lock);
}

static void
emu_free(struct emu_fn *fn)
{
	pthread_mutex_lock(&emu_fns_lock);
	if (fn->listed)
		TAILQ_REMOVE(&emu_fns, fn, next);
	pthread_mutex_unlock(&emu_fns_lock);
	rte_atomic_store_explicit(&fn->exit, true, rte_memory_order_relaxed);
	while (fn->nb_threads > 0)
		rte_thread_join(fn->thread[--fn->nb_threads].id, NULL);
	if (fn->sfunc != 0)
		rte_atomic_store_explicit(&emu_rkeys[fn->sfunc], 0, rte_memory_order_relaxed);
	sdxi_emu_destroy(fn->emu);
	sdxi_vdev_db_free(fn->name, fn->db, fn->db_len);
	sdxi_vdev_mem_fini(&fn->mem);
	free(fn);
}

/* The driver has closed the device. */
static void
emu_release(const struct sdxi_fn *sdxi_fn)
{
	emu_free(sdxi_fn->opaque);
}

static const struct sdxi_fn_ops emu_fn_ops = {
	.reg_read = emu_reg_read,
	.reg_write = emu_reg_write,
	.dma_enable = emu_dma_enable,
	.irq_enable = emu_irq_enable,
	.irq_disable = emu_irq_disable,
	.release = emu_release,
};

/* Make the function itself; nothing runs yet. */
static int
emu_init(struct emu_fn *fn, struct emu_args *args)
{
	struct sdxi_emu_conf *conf = &args->conf;
	unsigned int i;
	int ret;

	fn->db_len = ((size_t)conf->max_cxt + 1) * ((size_t)SDXI_DB_STRIDE_MIN << conf->db_stride);
	ret = sdxi_vdev_db_create(fn->name, fn->db_len, &fn->db);
	if (ret == 0)
		ret = sdxi_vdev_mem_init(&fn->mem, args->reach);
	if (ret == 0)
		ret = emu_sfunc_take(fn, conf->sfunc);
	if (ret < 0)
		return ret;
	conf->sfunc = fn->sfunc;
	conf->doorbells = fn->db;
	ret = sdxi_emu_create(conf, &emu_ops, &fn->mem, &fn->emu);
	if (ret < 0)
		EMU_LOG(ERR, fn->name, "function could not be made: %s", strerror(-ret));
	/* Only now is it known what contexts there are. */
	for (i = 0; ret == 0 && i < args->nb_faults; i++) {
		ret = sdxi_emu_inject(fn->emu, &args->faults[i]);
		if (ret < 0)
			EMU_LOG(ERR, fn->name, "argument fault: cxt: expected a context number, "
				"0 to %u, found '%u'", conf->max_cxt, args->faults[i].cxt);
	}
	return ret;
}

static int
emu_make(struct rte_vdev_device *vdev, struct emu_fn *fn)
{
	struct sdxi_fn self = { .ops = &emu_fn_ops, .opaque = fn };
	struct emu_args args;
	int ret;

	ret = args_parse(fn->name, rte_vdev_device_args(vdev), &args);
	if (ret == 0)
		ret = emu_init(fn, &args);
	if (ret == 0)
		ret = emu_threads_start(fn, &args);
	if (ret < 0)
		return ret;
	if (args.conf.reorder)
		EMU_LOG(INFO, fn->name, "order=random,seed=%" PRIu64, args.conf.seed);
	emu_list(fn);
	self.db = fn->db;
	self.db_len = fn->db_len;
	self.dev_capa = fn->mem.pid != 0 ? RTE_DMA_CAPA_SVA : 0;
	return sdxi_dmadev_create(fn->name, &vdev->device, &self, &args.drv);
}

/* In a secondary process the device's arguments are the primary's business. */
static int
emu_attach(struct rte_vdev_device *vdev, struct emu_fn *fn)
{
	int ret = sdxi_vdev_db_attach(fn->name, &fn->db_len, &fn->db);

	if (ret == 0)
		ret = sdxi_dmadev_attach(fn->name, &vdev->device);
	if (ret == 0)
		emu_list(fn);
	return ret;
}

/* ---- The vdev bus ---------------------------------------------------------------------------- */

static int
emu_probe(struct rte_vdev_device *vdev)
{
	struct emu_fn *fn = calloc(1, sizeof(*fn));
	int ret;

	if (fn == NULL) {
		EMU_LOG(ERR, vdev->device.name, "no memory for the function");
		return -ENOMEM;
	}
	snprintf(fn->name, sizeof(fn->name), "%s", vdev->device.name);
	fn->mem.name = fn->name;
	fn->core = fn->mem.lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
	ret = rte_eal_process_type() == RTE_PROC_PRIMARY ? emu_make(vdev, fn) :
							   emu_attach(vdev, fn);
	if (ret < 0)
		emu_free(fn);
	return ret;
}

static int
emu_remove(struct rte_vdev_device *vdev)
{
	int ret = sdxi_dmadev_destroy(vdev->device.name);
	struct emu_fn *fn;

	if (ret < 0 || rte_eal_process_type() == RTE_PROC_PRIMARY)
		return ret;
	pthread_mutex_lock(&emu_fns_lock);
	fn = emu_find(vdev->device.name);
	pthread_mutex_unlock(&emu_fns_lock);
	if (fn != NULL)
		emu_free(fn);
	return 0;
}

static struct rte_vdev_driver emu_drv = {
	.probe = emu_probe,
	.remove = emu_remove,
};

RTE_PMD_REGISTER_VDEV(dma_sdxi_emu, emu_drv);
RTE_PMD_REGISTER_PARAM_STRING(dma_sdxi_emu, SDXI_VDEV_ARG_PARAMS);
