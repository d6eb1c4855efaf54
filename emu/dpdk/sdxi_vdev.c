/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An SDXI function in this process, for lack of one on the bus: --vdev=dma_sdxi_emu0,...
 *
 * The function is the emulation core's; here are its arguments, its thread, its doorbells and the
 * way to its registers. It lives in the primary process: secondary processes ring its doorbells.
 *
 * Locks, in the order in which they are taken: the function's "core", which serialises it; EAL's
 * own memory lock, also where memory is allocated and freed; that of the function's view of memory.
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include <bus_vdev_driver.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_memzone.h>
#include <rte_pause.h>

#include "sdxi_emu_hw.h"
#include "sdxi_vdev.h"

RTE_LOG_REGISTER_DEFAULT(sdxi_emu_logtype, NOTICE);

#define EMU_MAX_FAULTS	32
/* More doorbells than this are not shared with secondary processes. */
#define EMU_DB_MIB	16u
/* Work that the function does before it releases the core lock: see sdxi_emu_run(). */
#define EMU_BUDGET	128
/* Between two such parts, the thread leaves the locks to others that wait, for at most so long. */
#define EMU_GIVE_WAY_US	200
/* Without work, the thread polls for EMU_SPIN_US, then yields up to EMU_YIELD_US, then sleeps. */
#define EMU_SPIN_US	50
#define EMU_YIELD_US	10000
#define EMU_SLEEP_US	50

struct emu_args {
	struct sdxi_emu_conf conf;
	struct sdxi_args drv;
	rte_cpuset_t cpuset; /* of the thread; none: the system decides */
	enum sdxi_vdev_reach reach;
	struct sdxi_emu_fault fault[EMU_MAX_FAULTS];
	unsigned int nb_fault;
};

struct emu_fn {
	struct sdxi_fn self; /* as the driver knows it */
	const struct rte_memzone *db_zone; /* NULL: doorbells are this process's alone */
	uint16_t sfunc; /* 0: it has none yet */
	struct sdxi_emu *emu;
	pthread_mutex_t core;
	struct sdxi_vdev_mem mem;
	void (*drv_irq)(void *arg); /* the driver's handler, called with core held */
	void *drv_irq_arg;
	void (*irq)(uint16_t vector, void *arg);
	void *irq_arg;
	rte_thread_t thread;
	RTE_ATOMIC(bool) run; /* there is a thread, which has not been told to end */
};

/* MMIO_RKEY of each sfunc, for other functions' threads, and a bit that says that there is one. */
#define EMU_PRESENT UINT64_C(0x800)
static RTE_ATOMIC(uint64_t) emu_rkeys[UINT16_MAX + 1];

/* The lcore need not be EAL's own: the function may have a CPU that EAL does not use. */
static int
lcore_parse(const char *value, rte_cpuset_t *cpuset)
{
	char *end;
	/* strtoul() alone would take blanks and a sign, and in base 0 a leading 0 as octal. */
	const unsigned long n = strtoul(value, &end, strncasecmp(value, "0x", 2) == 0 ? 16 : 10);

	if (*value < '0' || *value > '9' || *end != '\0' || n >= RTE_MAX_LCORE)
		return -EINVAL;
	*cpuset = rte_lcore_cpuset(n);
	return CPU_COUNT(cpuset) != 0 ? 0 : -EINVAL;
}

static int
arg_parse(const char *name, const char *key, const char *value, struct emu_args *args)
{
	int ret = sdxi_args_parse(name, key, value, &args->drv);
	const char *expected = NULL;
	char why[256] = "";

	if (ret != -ENOENT)
		return ret;
	if (strcmp(key, "lcore") == 0) {
		expected = "an lcore that has CPUs";
		ret = lcore_parse(value, &args->cpuset);
	} else if (strcmp(key, "reach") == 0) {
		expected = "process|eal";
		args->reach = strcmp(value, "eal") == 0 ? SDXI_VDEV_REACH_EAL :
							  SDXI_VDEV_REACH_PROCESS;
		ret = args->reach == SDXI_VDEV_REACH_EAL ? 0 : strcmp(value, "process");
	} else if (strcmp(key, "fault") != 0) {
		ret = sdxi_emu_conf_parse(&args->conf, key, value, why, sizeof(why));
	} else if (args->nb_fault < EMU_MAX_FAULTS) {
		ret = sdxi_emu_fault_parse(value, &args->fault[args->nb_fault++], why, sizeof(why));
	} else {
		expected = "no more of them than " RTE_STR(EMU_MAX_FAULTS);
	}
	if (ret != 0 && expected != NULL)
		EMU_LOG(ERR, name, "argument %s: expected %s, found '%s'", key, expected, value);
	else if (ret == -ENOENT)
		EMU_LOG(ERR, name, "unknown argument '%s'; known: " SDXI_VDEV_ARG_PARAMS, key);
	else if (ret != 0)
		EMU_LOG(ERR, name, "argument %s: %s", key, why);
	return ret != 0 ? -EINVAL : 0;
}

static int
args_parse(const char *name, const char *str, struct emu_args *args)
{
	char *copy = strdup(str != NULL ? str : ""), *next = copy, *key, *value;
	int ret = 0;

	*args = (struct emu_args){ .drv = SDXI_ARGS_DEFAULT };
	sdxi_emu_conf_default(&args->conf);
	if (copy == NULL)
		return -ENOMEM;
	/* rte_kvargs takes no '=' in a value, and a fault has some. */
	while (ret == 0 && (value = strsep(&next, ",")) != NULL) {
		key = strsep(&value, "=");
		if (*key != '\0' || value != NULL)
			ret = arg_parse(name, key, value != NULL ? value : "", args);
	}
	free(copy);
	return ret;
}

/* The memzone's name: of a name that is longer than EAL takes, the beginning counts. */
#define DB_ZONE_NAME(buf, name) (snprintf(buf, sizeof(buf), "db_%.28s", name), buf)

/*
 * A memzone where secondary processes may need it; the driver lets them leave before it closes the
 * device. Doorbells may take 32 GiB, of which few are touched: too many are mapped privately.
 */
static int
db_create(struct emu_fn *fn, size_t len)
{
	char zone[RTE_MEMZONE_NAMESIZE];
	void *db = NULL;

	if (rte_eal_has_hugepages() && len <= EMU_DB_MIB << 20) {
		fn->db_zone = rte_memzone_reserve_aligned(DB_ZONE_NAME(zone, fn->mem.name), len,
							  SOCKET_ID_ANY, 0, SDXI_DB_STRIDE_MIN);
		if (fn->db_zone != NULL)
			db = memset(fn->db_zone->addr, 0, len);
	} else {
		db = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	}
	if (db == NULL || db == MAP_FAILED) {
		EMU_LOG(ERR, fn->mem.name, "no %zu bytes of memory for doorbells", len);
		return -ENOMEM;
	}
	fn->self.db = db;
	fn->self.db_len = len;
	return 0;
}

static struct emu_fn *
core_lock(const struct sdxi_fn *sdxi_fn)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	sdxi_vdev_lock(&fn->mem, &fn->core);
	return fn;
}

static void
core_unlock(struct emu_fn *fn)
{
	const uint64_t rkey = fn->mem.off ? 0 : sdxi_emu_reg_read(fn->emu, SDXI_MMIO_RKEY, 8);

	/* Neighbours share the cache line. */
	if (rte_atomic_load_explicit(&emu_rkeys[fn->sfunc], rte_memory_order_relaxed) !=
	    (rkey | EMU_PRESENT))
		rte_atomic_store_explicit(&emu_rkeys[fn->sfunc], rkey | EMU_PRESENT,
					  rte_memory_order_relaxed);
	pthread_mutex_unlock(&fn->core);
}

static uint64_t
emu_reg_read(const struct sdxi_fn *sdxi_fn, uint32_t off)
{
	struct emu_fn *fn = core_lock(sdxi_fn);
	const uint64_t val = sdxi_emu_reg_read(fn->emu, off, sizeof(val));

	core_unlock(fn);
	return val;
}

static void
emu_reg_write(const struct sdxi_fn *sdxi_fn, uint32_t off, uint64_t val)
{
	struct emu_fn *fn = core_lock(sdxi_fn);

	sdxi_emu_reg_write(fn->emu, off, val, sizeof(val));
	core_unlock(fn);
}

static int
emu_dma_enable(const struct sdxi_fn *sdxi_fn, bool on)
{
	struct emu_fn *fn = core_lock(sdxi_fn);

	fn->mem.off = !on;
	core_unlock(fn);
	return 0;
}

static int
emu_irq_enable(const struct sdxi_fn *sdxi_fn, void (*cb)(void *arg), void *arg)
{
	struct emu_fn *fn = core_lock(sdxi_fn);

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

void
sdxi_vdev_call(const struct sdxi_fn *sdxi_fn, void (*call)(struct sdxi_emu *emu, void *arg),
	       void *arg)
{
	struct emu_fn *fn = core_lock(sdxi_fn);

	call(fn->emu, arg);
	core_unlock(fn);
}

void
sdxi_vdev_irq(const struct sdxi_fn *sdxi_fn, void (*cb)(uint16_t vector, void *arg), void *arg)
{
	struct emu_fn *fn = core_lock(sdxi_fn);

	fn->irq = cb;
	fn->irq_arg = arg;
	core_unlock(fn);
}

/* What the function needs, core being held. */
static void
emu_irq(void *opaque, uint16_t vector)
{
	const struct emu_fn *fn = container_of((struct sdxi_vdev_mem *)opaque, struct emu_fn, mem);

	if (vector == SDXI_INTR_ERRLOG && fn->drv_irq != NULL)
		fn->drv_irq(fn->drv_irq_arg);
	if (fn->irq != NULL)
		fn->irq(vector, fn->irq_arg);
}

static uint64_t
emu_now_ms(void *opaque __rte_unused)
{
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

static sdxi_thread_ret
emu_thread_main(void *arg)
{
	const uint64_t us = rte_get_tsc_hz() / US_PER_S;
	struct emu_fn *fn = arg;
	uint64_t now = rte_rdtsc(), worked = now;
	unsigned int done;

	while (rte_atomic_load_explicit(&fn->run, rte_memory_order_relaxed)) {
		/* Others may always be waiting, so the thread gives way for some time only. */
		if (rte_atomic_load_explicit(&fn->mem.waiting, rte_memory_order_relaxed) != 0 &&
		    rte_rdtsc() - now < EMU_GIVE_WAY_US * us) {
			sched_yield();
			continue;
		}
		pthread_mutex_lock(&fn->core);
		pthread_mutex_lock(&fn->mem.lock);
		done = sdxi_emu_run(fn->emu, EMU_BUDGET);
		pthread_mutex_unlock(&fn->mem.lock);
		core_unlock(fn);
		now = rte_rdtsc();
		if (done != 0)
			worked = now;
		else if (now - worked < EMU_SPIN_US * us)
			rte_pause();
		else if (now - worked < EMU_YIELD_US * us)
			sched_yield();
		else
			rte_delay_us_sleep(EMU_SLEEP_US);
	}
	return (sdxi_thread_ret)0;
}

static int
emu_thread_start(struct emu_fn *fn, const rte_cpuset_t *cpuset)
{
	int ret;

	fn->run = true;
	ret = sdxi_thread_create(&fn->thread, "sdxi-emu", emu_thread_main, fn);
	if (ret < 0) {
		fn->run = false;
		EMU_LOG(ERR, fn->mem.name, "thread could not be started: %s", strerror(-ret));
		return ret;
	}
	if (CPU_COUNT(cpuset) != 0 && rte_thread_set_affinity_by_id(fn->thread, cpuset) != 0)
		EMU_LOG(WARNING, fn->mem.name, "thread cannot be bound to the CPUs of its lcore");
	return 0;
}

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
	EMU_LOG(ERR, fn->mem.name, "argument sfunc: expected a number that no other function has, "
		"found '%u'", wanted);
	return -EEXIST;
}

/* The driver has closed the device, or there is none yet. */
static void
emu_free(const struct sdxi_fn *sdxi_fn)
{
	struct emu_fn *fn = sdxi_fn->opaque;

	if (rte_atomic_exchange_explicit(&fn->run, false, rte_memory_order_relaxed))
		rte_thread_join(fn->thread, NULL);
	if (fn->sfunc != 0)
		rte_atomic_store_explicit(&emu_rkeys[fn->sfunc], 0, rte_memory_order_relaxed);
	sdxi_emu_destroy(fn->emu);
	rte_mem_event_callback_unregister(fn->mem.name, &fn->mem);
	free(fn->mem.ranges);
	if (fn->db_zone != NULL)
		rte_memzone_free(fn->db_zone);
	else if (fn->self.db != NULL)
		munmap(fn->self.db, fn->self.db_len);
	free(fn);
}

static const struct sdxi_fn_ops emu_fn_ops = {
	.reg_read = emu_reg_read,
	.reg_write = emu_reg_write,
	.dma_enable = emu_dma_enable,
	.irq_enable = emu_irq_enable,
	.irq_disable = emu_irq_disable,
	.release = emu_free,
};

static int
emu_init(struct emu_fn *fn, struct emu_args *args)
{
	struct sdxi_emu_conf *conf = &args->conf;
	unsigned int i;
	int ret;

	ret = db_create(fn, (conf->max_cxt + UINT64_C(1)) * SDXI_DB_STRIDE_MIN << conf->db_stride);
	if (ret == 0)
		ret = sdxi_vdev_mem_init(&fn->mem, args->reach);
	if (ret == 0)
		ret = emu_sfunc_take(fn, conf->sfunc);
	if (ret < 0)
		return ret;
	conf->sfunc = fn->sfunc;
	conf->doorbells = fn->self.db;
	ret = sdxi_emu_create(conf, &emu_ops, &fn->mem, &fn->emu);
	if (ret < 0)
		EMU_LOG(ERR, fn->mem.name, "function could not be made: %s", strerror(-ret));
	/* Only now is it known what contexts there are. */
	for (i = 0; ret == 0 && i < args->nb_fault; i++) {
		ret = sdxi_emu_inject(fn->emu, &args->fault[i]);
		if (ret < 0)
			EMU_LOG(ERR, fn->mem.name, "argument fault: cxt: expected a context "
				"number, 0 to %u, found '%u'", conf->max_cxt, args->fault[i].cxt);
	}
	if (ret == 0 && conf->reorder)
		EMU_LOG(INFO, fn->mem.name, "order=random,seed=%" PRIu64, conf->seed);
	fn->self.dev_capa = fn->mem.pid != 0 ? RTE_DMA_CAPA_SVA : 0;
	return ret;
}

/* In a secondary process the device's arguments are the primary's business. */
static int
emu_attach(struct rte_vdev_device *vdev)
{
	char zone[RTE_MEMZONE_NAMESIZE];

	if (rte_memzone_lookup(DB_ZONE_NAME(zone, vdev->device.name)) == NULL) {
		EMU_LOG(ERR, vdev->device.name, "the primary process has no such function, or one "
			"whose doorbells are not shared, being more than %u MiB", EMU_DB_MIB);
		return -ENODEV;
	}
	return sdxi_dmadev_attach(vdev->device.name, &vdev->device);
}

static int
emu_probe(struct rte_vdev_device *vdev)
{
	const char *name = vdev->device.name;
	struct emu_args args;
	struct emu_fn *fn;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return emu_attach(vdev);
	ret = args_parse(name, rte_vdev_device_args(vdev), &args);
	fn = ret == 0 ? calloc(1, sizeof(*fn)) : NULL;
	if (fn == NULL) {
		if (ret == 0 || ret == -ENOMEM)
			EMU_LOG(ERR, name, "no memory for the function");
		return ret != 0 ? ret : -ENOMEM;
	}
	fn->self = (struct sdxi_fn){ .ops = &emu_fn_ops, .opaque = fn };
	fn->core = fn->mem.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	fn->mem.name = name;
	ret = emu_init(fn, &args);
	if (ret == 0)
		ret = emu_thread_start(fn, &args.cpuset);
	if (ret == 0)
		ret = sdxi_dmadev_create(name, &vdev->device, &fn->self, &args.drv);
	if (ret < 0)
		emu_free(&fn->self);
	return ret;
}

static int
emu_remove(struct rte_vdev_device *vdev)
{
	return sdxi_dmadev_destroy(vdev->device.name);
}

static struct rte_vdev_driver emu_drv = {
	.probe = emu_probe,
	.remove = emu_remove,
};

RTE_PMD_REGISTER_VDEV(dma_sdxi_emu, emu_drv);
RTE_PMD_REGISTER_PARAM_STRING(dma_sdxi_emu, SDXI_VDEV_ARG_PARAMS);
