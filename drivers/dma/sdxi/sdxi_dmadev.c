/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* dmadev's control operations, device arguments, statistics and dump. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "sdxi_internal.h"

RTE_LOG_REGISTER_DEFAULT(sdxi_logtype, NOTICE);

#define MAX_DESC 32768 /* operations outstanding on a vchan: dmadev names them with 16 bits */
#define TAKE_MS	 100   /* for secondary processes to hand their vchans over or leave a call */

/* One control operation of this process at a time: telemetry's thread calls some of them, too. */
static pthread_mutex_t ctrl_lock = PTHREAD_MUTEX_INITIALIZER;

/* Closed devices that a secondary process may still read; the next one of the name takes them. */
static TAILQ_HEAD(, sdxi_dev) closed_devs = TAILQ_HEAD_INITIALIZER(closed_devs);

static struct sdxi_dev *
dev_of(const struct rte_dma_dev *dmadev)
{
	return dmadev->fp_obj->dev_private;
}

/* Begin a control operation that is the primary process's alone: 0 with ctrl_lock held, -EPERM. */
static int
ctrl_begin(const struct sdxi_dev *dev, const char *what)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		SDXI_LOG(ERR, dev, "%s: only the primary process can configure the device", what);
		return -EPERM;
	}
	pthread_mutex_lock(&ctrl_lock);
	return 0;
}

static int
ctrl_end(int ret)
{
	pthread_mutex_unlock(&ctrl_lock);
	return ret;
}

static int
sdxi_info_get(const struct rte_dma_dev *dmadev, struct rte_dma_info *info, uint32_t info_sz)
{
	const struct sdxi_dev *dev = dev_of(dmadev);

	RTE_SET_USED(info_sz);
	info->dev_capa = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_SILENT | RTE_DMA_CAPA_OPS_COPY |
			 RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL | SDXI_CAPA_OPS_ENQ_DEQ |
			 RTE_DMA_CAPA_HANDLES_ERRORS | dev->fn.dev_capa;
	info->max_vchans = dev->args.max_vchans != 0 ? dev->args.max_vchans : dev->max_cxt;
	/* Read_Index may lag by as much as is outstanding. */
	info->max_desc = RTE_MIN(dev->max_ring / 2, (uint32_t)MAX_DESC);
	info->min_desc = 1;
	info->max_sges = SDXI_MAX_SGES;
	return 0;
}

static void
vchan_free(struct sdxi_vchan *vc)
{
	sdxi_cxt_free(&vc->cxt);
	rte_free(vc->logged);
	vc->logged = NULL;
	vc->ops = NULL;
}

static void
vchans_free(struct sdxi_vchan *vchans, uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb; i++)
		vchan_free(&vchans[i]);
	rte_free(vchans);
}

/* May the function write what vchans have? It may have stopped since it was asked to. */
static bool
memory_is_busy(struct sdxi_dev *dev)
{
	if (!dev->dma_uncontrolled || sdxi_fn_down(dev) == 0)
		return false;
	SDXI_LOG(ERR, dev, "function does not stop: vchans cannot be changed");
	return true;
}

/* Memory that is the driver's alone. */
static void *
dev_zmalloc(const struct sdxi_dev *dev, size_t len, const char *what)
{
	void *va = rte_zmalloc_socket("sdxi", len, RTE_CACHE_LINE_SIZE, dev->socket);

	if (va == NULL)
		SDXI_LOG(ERR, dev, "%s: no %zu bytes of memory on socket %d", what, len,
			 dev->socket);
	return va;
}

static int
sdxi_configure(struct rte_dma_dev *dmadev, const struct rte_dma_conf *conf, uint32_t conf_sz)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	struct sdxi_vchan *vchans = NULL, *old = dev->vchans;
	uint16_t i, nb_old = dev->nb_vchans;
	int ret = ctrl_begin(dev, "configure");

	RTE_SET_USED(conf_sz);
	if (ret < 0)
		return ret;
	ret = memory_is_busy(dev) ? -EBUSY : sdxi_fn_alloc(dev, conf->nb_vchans);
	if (ret == 0)
		vchans = dev_zmalloc(dev, conf->nb_vchans * sizeof(*vchans), "vchans");
	if (vchans == NULL)
		return ctrl_end(ret < 0 ? ret : -ENOMEM);
	for (i = 0; i < conf->nb_vchans; i++) {
		vchans[i].dev = dev;
		vchans[i].word = SDXI_WORD_FAILED;
	}
	dev->silent = SDXI_CONF_SILENT(conf);
	dev->enq_deq = SDXI_CONF_ENQ_DEQ(conf);
	SDXI_STORE(&dev->vchans, vchans, release);
	dev->nb_vchans = conf->nb_vchans;
	sdxi_datapath_set(dmadev->fp_obj, dev);
	/* A secondary process may be in a call. */
	if (dev->attached != 0)
		rte_delay_us_sleep(TAKE_MS * 1000);
	vchans_free(old, nb_old);
	return ctrl_end(0);
}

/* Descriptors in a ring: room for a Read_Index that lags, and for the longest fill. */
static uint32_t
ring_size(const struct sdxi_dev *dev, uint16_t nb_desc)
{
	const uint32_t fill = UINT32_MAX / (dev->max_len & ~7u) + 32;
	uint32_t size = rte_align32pow2(nb_desc + RTE_MAX((uint32_t)nb_desc, fill));

	size = RTE_MAX(size, (uint32_t)SDXI_DS_RING_SZ_MIN);
	return RTE_MIN(size, dev->max_ring);
}

static int
vchan_alloc(struct sdxi_dev *dev, struct sdxi_vchan *vc, uint16_t vchan, uint16_t nb_desc)
{
	const uint32_t size = ring_size(dev, nb_desc);
	struct sdxi_ring *r = &vc->ring;
	int ret = sdxi_cxt_alloc(dev, &vc->cxt, SDXI_VCHAN_CXT(vchan), size);

	if (ret < 0)
		return ret;
	vc->logged = dev_zmalloc(dev, SDXI_PAGES * sizeof(*vc->page) + (size_t)size *
				 (sizeof(*vc->logged) + sizeof(*vc->ops) + sizeof(*r->note)),
				 "vchan");
	if (vc->logged == NULL) {
		vchan_free(vc);
		return -ENOMEM;
	}
	vc->page = (struct sdxi_page *)(vc->logged + size);
	r->note = (struct sdxi_note *)(vc->page + SDXI_PAGES);
	if (dev->enq_deq)
		vc->ops = (struct rte_dma_op **)(r->note + size);
	r->desc = vc->cxt.desc;
	r->line = vc->cxt.line;
	r->sts = vc->cxt.sts;
	r->csb_iova = vc->cxt.mem.iova + RTE_PTR_DIFF(r->line, vc->cxt.mem.va);
	r->mask = size - 1;
	r->size = size;
	r->nb_desc = nb_desc;
	r->max_len = dev->enq_deq ? 0 : dev->max_len;
	return 0;
}

static int
sdxi_vchan_setup(struct rte_dma_dev *dmadev, uint16_t vchan, const struct rte_dma_vchan_conf *conf,
		 uint32_t conf_sz)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	struct sdxi_vchan new = { .dev = dev, .silent = dev->silent, .word = SDXI_WORD_FAILED };
	int ret = ctrl_begin(dev, "vchan_setup");

	RTE_SET_USED(conf_sz);
	if (ret < 0)
		return ret;
	if (vchan >= dev->nb_vchans) {
		SDXI_LOG(ERR, dev, "vchan %u: %u are configured", vchan, dev->nb_vchans);
		ret = -EINVAL;
	} else {
		ret = memory_is_busy(dev) ? -EBUSY : vchan_alloc(dev, &new, vchan, conf->nb_desc);
	}
	if (ret == 0) {
		vchan_free(&dev->vchans[vchan]);
		dev->vchans[vchan] = new;
	}
	return ctrl_end(ret);
}

/* Counts without vc->base; in silent mode with what is complete and not collected yet. */
static struct rte_dma_stats
vchan_stats(const struct sdxi_vchan *vc)
{
	struct rte_dma_stats stats;

	stats.errors = SDXI_LOAD(&vc->errors, relaxed);
	stats.completed = SDXI_LOAD(&vc->ring.op_tail, acquire);
	/* After completed, which is never more. */
	stats.submitted = SDXI_LOAD(&vc->ring.op_submitted, relaxed);
	if (vc->silent && vc->cxt.mem.va != NULL) {
		const struct sdxi_done done = sdxi_vchan_done(vc);

		stats.completed += done.ops;
		stats.errors += done.failed;
	}
	return stats;
}

/* Begin again from operation 0; counts go on. */
static void
vchan_rewind(struct sdxi_vchan *vc)
{
	const struct rte_dma_stats stats = vchan_stats(vc);

	vc->base.submitted += stats.submitted;
	vc->base.completed += stats.completed;
	SDXI_STORE(&vc->errors, stats.errors, relaxed);
	vc->fault_end = 0;
	vc->done_before = UINT64_MAX;
	vc->log_stopped = false;
	vc->watch_rounds = 0;
	sdxi_vchan_reset(vc);
}

/* Take all vchans, for which secondary processes have some time, and settle what is outstanding. */
static void
vchans_fail(struct sdxi_dev *dev, uint32_t rest_epoch)
{
	unsigned int ms = dev->attached != 0 ? TAKE_MS : 0;
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++)
		sdxi_vchan_ask(&dev->vchans[i]);
	for (i = 0; i < dev->nb_vchans; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];

		for (; SDXI_LOAD(&vc->word, acquire) == SDXI_WORD_STOPPING && ms > 0; ms--)
			rte_delay_us_sleep(1000);
		if (vc->word == SDXI_WORD_STOPPING)
			sdxi_vchan_release(vc, false);
		if (vc->word == SDXI_WORD_STOPPED)
			sdxi_vchan_fail(vc, vc->epoch == rest_epoch && !vc->remade);
	}
}

static int
sdxi_start(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	uint16_t i;
	int ret = ctrl_begin(dev, "start");

	if (ret < 0)
		return ret;
	for (i = 0; i < dev->nb_vchans && dev->vchans[i].cxt.mem.va != NULL; i++)
		;
	if (i < dev->nb_vchans || i == 0) {
		SDXI_LOG(ERR, dev, "vchan %u of %u is not set up", i, dev->nb_vchans);
		return ctrl_end(-EINVAL);
	}
	dev->failed = false;
	dev->resets = 0;
	dev->log_tsc = 0;
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_rewind(&dev->vchans[i]);
	ret = sdxi_fn_up(dev);
	if (ret == 0)
		ret = sdxi_vchans_start(dev, 0, dev->nb_vchans - 1);
	if (ret == 0)
		ret = sdxi_thread_start(dev);
	if (ret < 0) {
		sdxi_fn_down(dev);
		vchans_fail(dev, 0);
	} else {
		SDXI_STORE(&dev->started, 1, release);
	}
	return ctrl_end(ret);
}

static int
sdxi_stop(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	uint32_t rest_epoch = 0;
	int ret = ctrl_begin(dev, "stop");

	if (ret < 0)
		return ret;
	if (dev->started != 0)
		sdxi_thread_stop(dev);
	SDXI_STORE(&dev->started, 0, relaxed);
	if (dev->up && dev->nb_vchans > 0 && sdxi_fn_state(dev) == SDXI_GSV_ACTIVE &&
	    sdxi_vchans_stop(dev, 0, dev->nb_vchans - 1) == 0)
		rest_epoch = dev->epoch;
	ret = sdxi_fn_down(dev);
	vchans_fail(dev, rest_epoch);
	return ctrl_end(ret);
}

/* Leave vchans that are FAILED and empty to secondary processes. */
static void
dev_keep(struct rte_dma_dev *dmadev, struct sdxi_dev *dev)
{
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];

		vc->closed = false;
		vc->ring.op_head = vc->ring.op_tail;
		SDXI_STORE(&vc->ring.op_submitted, vc->ring.op_tail, relaxed);
	}
	/* Calls in progress may still look at memory. */
	rte_delay_us_sleep(TAKE_MS * 1000);
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_free(&dev->vchans[i]);
	TAILQ_INSERT_TAIL(&closed_devs, dev, closed);
	dmadev->data->dev_private = NULL;
}

static int
sdxi_close(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dev_of(dmadev);

	/* In a secondary process only dmadev's own part is closed. */
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return 0;
	pthread_mutex_lock(&ctrl_lock);
	if (sdxi_fn_down(dev) < 0)
		return ctrl_end(-EIO);
	if (dev->intr)
		dev->fn.ops->irq_disable(&dev->fn);
	dev->intr = false;
	if (dev->attached != 0)
		dev_keep(dmadev, dev);
	else
		vchans_free(dev->vchans, dev->nb_vchans);
	sdxi_fn_free(dev);
	if (dev->fn.ops->release != NULL)
		dev->fn.ops->release(&dev->fn);
	return ctrl_end(0);
}

/* The vchans that dmadev names: from *first up to the one returned, which is not among them. */
static uint16_t
stats_range(const struct sdxi_dev *dev, uint16_t vchan, uint16_t *first)
{
	*first = vchan == RTE_DMA_ALL_VCHAN ? 0 : vchan;
	return vchan == RTE_DMA_ALL_VCHAN ? dev->nb_vchans : RTE_MIN(vchan + 1, dev->nb_vchans);
}

static int
sdxi_stats_get(const struct rte_dma_dev *dmadev, uint16_t vchan, struct rte_dma_stats *stats,
	       uint32_t stats_sz)
{
	const struct sdxi_dev *dev = dev_of(dmadev);
	uint16_t i, end;

	RTE_SET_USED(stats_sz);
	pthread_mutex_lock(&ctrl_lock);
	for (end = stats_range(dev, vchan, &i); i < end; i++) {
		const struct sdxi_vchan *vc = &dev->vchans[i];
		const struct rte_dma_stats now = vchan_stats(vc);

		stats->submitted += vc->base.submitted + now.submitted;
		stats->completed += vc->base.completed + now.completed;
		stats->errors += vc->base.errors + now.errors;
	}
	return ctrl_end(0);
}

static int
sdxi_stats_reset(struct rte_dma_dev *dmadev, uint16_t vchan)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	uint16_t i, end;

	pthread_mutex_lock(&ctrl_lock);
	for (end = stats_range(dev, vchan, &i); i < end; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];
		const struct rte_dma_stats now = vchan_stats(vc);

		vc->base = (struct rte_dma_stats){ -now.submitted, -now.completed, -now.errors };
	}
	return ctrl_end(0);
}

static void
vchan_dump(const struct sdxi_vchan *vc, FILE *f)
{
	static const char * const word_name[] = {
		"running", "to be stopped", "recovering", "failed or not started",
	};
	const struct rte_dma_stats stats = vchan_stats(vc);

	if (vc->cxt.mem.va == NULL)
		return;
	fprintf(f, "  vchan %u: context %u is %s; %s%s\n", vc->cxt.num - 1, vc->cxt.num,
		sdxi_cxt_state_name(sdxi_cxt_state(vc->cxt.sts)),
		word_name[SDXI_LOAD(&vc->word, relaxed)], vc->silent ? ", silent" : "");
	fprintf(f, "    ring of %u descriptors for %u operations, Read_Index %" PRIu64
		", Write_Index %" PRIu64 "\n", vc->cxt.ring_sz, vc->ring.nb_desc,
		sdxi_read_index(vc->cxt.sts),
		rte_le_to_cpu_64(SDXI_LOAD(vc->cxt.write_index, relaxed)));
	fprintf(f, "    operations submitted %" PRIu64 ", completed %" PRIu64 ", failed %" PRIu64
		"; recoveries %" PRIu64 "\n", stats.submitted, stats.completed, stats.errors,
		SDXI_LOAD(&vc->recoveries, relaxed));
}

static int
sdxi_dump(const struct rte_dma_dev *dmadev, FILE *f)
{
	const bool primary = rte_eal_process_type() == RTE_PROC_PRIMARY;
	const struct sdxi_dev *dev = dev_of(dmadev);
	const struct sdxi_errlog_stats *log = &dev->errlog.stats;
	uint16_t i;

	pthread_mutex_lock(&ctrl_lock);
	fprintf(f, "  SDXI %" PRIu64 ".%" PRIu64 ", function state: %s, interrupt: %s\n",
		SDXI_GET(SDXI_VERSION_MAJOR, dev->version),
		SDXI_GET(SDXI_VERSION_MINOR, dev->version),
		primary ? sdxi_fn_state_name(sdxi_fn_state(dev)) : "the primary's to know",
		dev->intr ? "on" : "none");
	fprintf(f, "  contexts 1 to %u, rings to %u descriptors, copies to %u bytes\n",
		dev->max_cxt, dev->max_ring, dev->max_len);
	fprintf(f, "  error log: entries %" PRIu64 ", invalid %" PRIu64 ", overflows %" PRIu64
		", unusable %" PRIu64 "\n", SDXI_LOAD(&log->entries, relaxed),
		SDXI_LOAD(&log->invalid, relaxed), SDXI_LOAD(&log->overflow, relaxed),
		SDXI_LOAD(&log->unusable, relaxed));
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_dump(&dev->vchans[i], f);
	return ctrl_end(0);
}

static const struct rte_dma_dev_ops sdxi_dev_ops = {
	.dev_info_get = sdxi_info_get,
	.dev_configure = sdxi_configure,
	.dev_start = sdxi_start,
	.dev_stop = sdxi_stop,
	.dev_close = sdxi_close,
	.vchan_setup = sdxi_vchan_setup,
	.stats_get = sdxi_stats_get,
	.stats_reset = sdxi_stats_reset,
	.vchan_status = sdxi_vchan_status,
	.dev_dump = sdxi_dump,
};

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_args_parse)
int
sdxi_args_parse(const char *name, const char *key, const char *value, struct sdxi_args *args)
{
	static const struct {
		const char *key;
		uint32_t min, max, step;
	} known[] = {
		{ SDXI_ARG_MAX_VCHANS, 1, UINT16_MAX, 1 },
		{ SDXI_ARG_ERRLOG_SIZE, SDXI_ERRLOG_UNIT, 31 * SDXI_ERRLOG_UNIT, SDXI_ERRLOG_UNIT },
		{ SDXI_ARG_WATCHDOG, 0, 600000, 1 },
	};
	unsigned long n = 0;
	char *end = NULL;
	unsigned int i;

	for (i = 0; i < RTE_DIM(known) && strcmp(key, known[i].key) != 0; i++)
		;
	if (i == RTE_DIM(known))
		return -ENOENT;
	errno = 0;
	/* Decimal, or hexadecimal with 0x; strtoul() alone would take blanks and signs. */
	if (value != NULL && *value >= '0' && *value <= '9')
		n = strtoul(value, &end, value[1] == 'x' || value[1] == 'X' ? 16 : 10);
	if (end == NULL || *end != '\0' || errno != 0 || n < known[i].min || n > known[i].max ||
	    n % known[i].step != 0) {
		SDXI_LOG_LINE(ERR, name, "argument %s: expected a number from %u to %u, a multiple "
			      "of %u, found '%s'", key, known[i].min, known[i].max, known[i].step,
			      value != NULL ? value : "");
		return -EINVAL;
	}
	if (i == 0)
		args->max_vchans = n;
	else if (i == 1)
		args->errlog_size = n;
	else
		args->watchdog_ms = n;
	return 0;
}

/* Do the arguments ask for more than the function has? */
static int
args_check(const struct sdxi_dev *dev)
{
	if (dev->args.max_vchans <= dev->max_cxt && dev->args.errlog_size <= dev->max_errlog)
		return 0;
	SDXI_LOG(ERR, dev, "arguments: function allows " SDXI_ARG_MAX_VCHANS "=%u and "
		 SDXI_ARG_ERRLOG_SIZE "=%u at most, found %u and %u", dev->max_cxt,
		 dev->max_errlog, dev->args.max_vchans, dev->args.errlog_size);
	return -EINVAL;
}

static void
dev_irq(void *arg)
{
	struct sdxi_dev *dev = arg;

	SDXI_STORE(&dev->irq, 1, relaxed);
}

/* The memory of a device: what a closed one of the name has left, or what dmadev has allocated. */
static struct sdxi_dev *
dev_memory(struct rte_dma_dev *dmadev, const char *name)
{
	struct sdxi_dev *dev = dmadev->data->dev_private, *old;

	memset(dev, 0, sizeof(*dev));
	pthread_mutex_lock(&ctrl_lock);
	TAILQ_FOREACH(old, &closed_devs, closed) {
		if (strcmp(old->name, name) != 0)
			continue;
		TAILQ_REMOVE(&closed_devs, old, closed);
		dev->vchans = old->vchans;
		dev->nb_vchans = old->nb_vchans;
		dev->attached = 1;
		*old = *dev;
		rte_free(dev);
		dev = old;
		break;
	}
	dmadev->data->dev_private = dev;
	ctrl_end(0);
	return dev;
}

static struct rte_dma_dev *
dmadev_allocate(const char *name, struct rte_device *device)
{
	struct rte_dma_dev *dmadev = rte_dma_pmd_allocate(name, device->numa_node,
							  sizeof(struct sdxi_dev));

	if (dmadev == NULL) {
		SDXI_LOG_LINE(ERR, name, "no dmadev could be allocated");
		return NULL;
	}
	dmadev->device = device;
	dmadev->dev_ops = &sdxi_dev_ops;
	return dmadev;
}

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_dmadev_create)
int
sdxi_dmadev_create(const char *name, struct rte_device *device, const struct sdxi_fn *fn,
		   const struct sdxi_args *args)
{
	struct rte_dma_dev *dmadev = dmadev_allocate(name, device);
	struct sdxi_dev *dev;
	int ret;

	if (dmadev == NULL)
		return -ENOMEM;
	dev = dev_memory(dmadev, name);
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	dev->socket = device->numa_node;
	dev->fn = *fn;
	dev->args = *args;
	ret = sdxi_fn_discover(dev);
	if (ret == 0)
		ret = sdxi_fn_take_over(dev);
	if (ret == 0)
		ret = args_check(dev);
	if (ret < 0) {
		/* What a secondary process may look at is kept as it was. */
		if (dev->attached != 0)
			dev_keep(dmadev, dev);
		rte_dma_pmd_release(name);
		return ret;
	}
	dev->intr = fn->ops->irq_enable != NULL && fn->ops->irq_enable(&dev->fn, dev_irq, dev) == 0;
	sdxi_datapath_set(dmadev->fp_obj, dev);
	dmadev->state = RTE_DMA_DEV_READY;
	return 0;
}

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_dmadev_attach)
int
sdxi_dmadev_attach(const char *name, struct rte_device *device)
{
	struct rte_dma_dev *dmadev = dmadev_allocate(name, device);
	struct sdxi_dev *dev;

	if (dmadev == NULL)
		return -ENODEV;
	dev = dmadev->data->dev_private;
	if (dev == NULL) {
		SDXI_LOG_LINE(ERR, name, "the primary process has closed the device");
		rte_dma_pmd_release(name);
		return -ENODEV;
	}
	SDXI_STORE(&dev->attached, 1, relaxed);
	sdxi_datapath_set(dmadev->fp_obj, dev);
	/* A READY dmadev is closed at release, which fails while the primary has it started. */
	dmadev->state = RTE_DMA_DEV_REGISTERED;
	return 0;
}

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_dmadev_destroy)
int
sdxi_dmadev_destroy(const char *name)
{
	int ret = 0, id = rte_dma_get_dev_id_by_name(name);
	const struct sdxi_dev *dev;

	if (id < 0)
		return 0;
	dev = rte_dma_fp_objs[id].dev_private;
	/* One whose stop has failed is still started to dmadev. */
	if (rte_eal_process_type() == RTE_PROC_PRIMARY && (dev->started || dev->dma_uncontrolled))
		ret = rte_dma_stop(id);
	return ret < 0 ? ret : rte_dma_pmd_release(name);
}
