/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_dmadev_pmd.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "sdxi_compat.h"
#include "sdxi_datapath.h"
#include "sdxi_dmadev.h"
#include "sdxi_recover.h"
#include "sdxi_report.h"

/* vchan 0 is context 1: context 0 is the administrative one. */
#define VCHAN_CXT(vchan) ((uint16_t)((vchan) + 1))

/* Most operations of a channel: a power of two, as its ring is, that dmadev's 16 bits can name. */
#define MAX_DESC 32768

/* How long contexts may take to start or to stop softly, in polls of one millisecond. */
#define CXT_STATE_POLLS 1000

/* How long a context that has stopped is given to make its completions visible. */
#define STATUS_GRACE_US 1000

/* A channel that stands still for so long is looked after, unless arguments say otherwise. */
#define WATCHDOG_MS 1000
#define WATCHDOG_MS_MAX 60000

/*
 * In a secondary process it is what that process remembers: the primary forgets what they share
 * when it closes the device, but keeps the memory.
 */
static struct sdxi_dev *
dev_of(const struct rte_dma_dev *dmadev)
{
	return rte_eal_process_type() == RTE_PROC_PRIMARY ? dmadev->data->dev_private :
							    dmadev->fp_obj->dev_private;
}

static int
sdxi_info_get(const struct rte_dma_dev *dmadev, struct rte_dma_info *info, uint32_t info_sz)
{
	const struct sdxi_dev *dev = dev_of(dmadev);

	RTE_SET_USED(info_sz);
	info->dev_capa = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_SILENT |
			 RTE_DMA_CAPA_HANDLES_ERRORS | RTE_DMA_CAPA_OPS_COPY |
			 RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL | SDXI_CAPA_PRIORITY |
			 SDXI_CAPA_OPS_ENQ_DEQ;
	info->max_vchans = dev->want_vchans != 0 ? RTE_MIN(dev->want_vchans, dev->max_cxt) :
						   dev->max_cxt;
	info->max_desc = RTE_MIN(dev->max_ring, (uint32_t)MAX_DESC);
	info->min_desc = 1;
	info->max_sges = SDXI_MAX_SGES;
	sdxi_info_set_priorities(info, SDXI_QOS_LEVELS);
	return 0;
}

/* Configuration is the primary process's: its threads use what it changes. */
static bool
is_secondary(const struct sdxi_dev *dev, const char *what)
{
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		return false;
	SDXI_LOG(ERR, dev, "%s: only the primary process can configure the device", what);
	return true;
}

static void
vchan_free(struct sdxi_vchan *vc)
{
	sdxi_cxt_free(&vc->cxt);
	rte_free(vc->ops);
	vc->ops = NULL;
}

/* Whoever reads the error log files it with the channels, so they are changed under its lock. */
static int
vchans_replace(struct sdxi_dev *dev, struct sdxi_vchan *vchans, uint16_t nb)
{
	struct sdxi_vchan *old = dev->vchans;
	uint16_t nb_old = dev->nb_vchans, i;

	if (!sdxi_errlog_lock(dev))
		return -EBUSY;
	dev->vchans = vchans;
	SDXI_SHOW(dev->nb_vchans, nb);
	sdxi_lock_release(&dev->errlog.lock);
	for (i = 0; i < nb_old; i++)
		vchan_free(&old[i]);
	rte_free(old);
	return 0;
}

/* Bring the function up if it is not, or not any more. */
static int
dev_ensure_up(struct sdxi_dev *dev)
{
	if (dev->up && dev->admin.usable && sdxi_dev_state(dev) == SDXI_GSV_ACTIVE)
		return 0;
	return sdxi_dev_up(dev);
}

static int
sdxi_configure(struct rte_dma_dev *dmadev, const struct rte_dma_conf *conf, uint32_t conf_sz)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	struct sdxi_vchan *vchans;
	uint16_t i;
	int ret;

	RTE_SET_USED(conf_sz);
	if (is_secondary(dev, "configure"))
		return -EPERM;
	vchans = rte_zmalloc_socket("sdxi", (size_t)conf->nb_vchans * sizeof(*vchans),
				    RTE_CACHE_LINE_SIZE, dev->socket);
	if (vchans == NULL) {
		SDXI_LOG(ERR, dev, "no memory for %u vchans on socket %d", conf->nb_vchans,
			 dev->socket);
		return -ENOMEM;
	}
	for (i = 0; i < conf->nb_vchans; i++) {
		vchans[i].dev = dev;
		sdxi_ring_halt(&vchans[i].ring);
	}
	if (!sdxi_dev_lock(dev, &dev->lock)) {
		rte_free(vchans);
		return -EBUSY;
	}
	ret = dev_ensure_up(dev);
	/* The device is stopped, so the function knows none of the old contexts. */
	if (ret == 0)
		ret = vchans_replace(dev, vchans, conf->nb_vchans);
	if (ret < 0) {
		rte_free(vchans);
	} else {
		SDXI_SHOW(dev->mode, sdxi_conf_is_silent(conf) ? SDXI_MODE_SILENT :
				     dev->batch		       ? SDXI_MODE_BATCH :
								 SDXI_MODE_OP);
		SDXI_SHOW(dev->qos, sdxi_conf_priority(conf));
		dev->enq_deq = sdxi_conf_is_enq_deq(conf);
		sdxi_datapath_choose(dmadev->fp_obj, dev, false);
	}
	sdxi_lock_release(&dev->lock);
	return ret;
}

static int
sdxi_vchan_setup(struct rte_dma_dev *dmadev, uint16_t vchan, const struct rte_dma_vchan_conf *conf,
		 uint32_t conf_sz)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	struct rte_dma_op **ops = NULL;
	struct sdxi_vchan *vc;
	struct sdxi_ring ring;
	struct sdxi_cxt cxt;
	uint32_t ring_sz;
	int ret;

	RTE_SET_USED(conf_sz);
	if (is_secondary(dev, "vchan_setup"))
		return -EPERM;
	if (vchan >= dev->nb_vchans) {
		SDXI_LOG(ERR, dev, "vchan %u: %u are configured", vchan, dev->nb_vchans);
		return -EINVAL;
	}
	if (dev->loose) {
		SDXI_LOG(ERR, dev, "vchan %u: the function does not stop and may write its memory",
			 vchan);
		return -EBUSY;
	}
	vc = &dev->vchans[vchan];
	ring_sz = RTE_MAX(rte_align32pow2(conf->nb_desc), (uint32_t)SDXI_DS_RING_SZ_MIN);
	/* The longest fill is to fit, in parts of what one descriptor may move. */
	ring_sz = RTE_MAX(ring_sz, rte_align32pow2(UINT32_MAX / dev->max_len + 4));
	ring_sz = RTE_MIN(ring_sz, dev->max_ring);
	memset(&cxt, 0, sizeof(cxt));
	ret = sdxi_cxt_alloc(dev, &cxt, VCHAN_CXT(vchan), ring_sz, conf->nb_desc, &ring);
	if (ret < 0)
		return ret;
	cxt.qos = dev->qos;
	if (dev->enq_deq) {
		ops = rte_zmalloc_socket("sdxi", ring_sz * sizeof(struct rte_dma_op *),
					 RTE_CACHE_LINE_SIZE, dev->socket);
		if (ops == NULL)
			SDXI_LOG(ERR, dev, "vchan %u: no memory for %u operations on socket %d",
				 vchan, ring_sz, dev->socket);
	}
	if ((dev->enq_deq && ops == NULL) || !sdxi_errlog_lock(dev)) {
		sdxi_cxt_free(&cxt);
		rte_free(ops);
		return ops == NULL && dev->enq_deq ? -ENOMEM : -EBUSY;
	}
	vchan_free(vc);
	memset(vc, 0, sizeof(*vc));
	vc->dev = dev;
	vc->cxt = cxt;
	vc->ring = ring;
	vc->ops = ops;
	sdxi_lock_release(&dev->errlog.lock);
	return 0;
}

/* Wait until all contexts run (or have come to rest); false: one does not, and that was said. */
static bool
vchans_wait(struct sdxi_dev *dev, bool run, const char *after)
{
	enum sdxi_cxt_state state;
	unsigned int polls = 0;
	uint16_t i = 0;

	while (i < dev->nb_vchans) {
		/*
		 * A channel may not have noticed yet that the function has forgotten its context.
		 */
		if (!run && dev->vchans[i].epoch != dev->epoch) {
			i++;
			continue;
		}
		state = sdxi_cxt_state(&dev->vchans[i].cxt);
		if (run ? state == SDXI_CXT_RUN : sdxi_cxt_state_is_final(state)) {
			i++;
			continue;
		}
		if ((run && state == SDXI_CXT_ERR_FN) || polls++ >= CXT_STATE_POLLS) {
			SDXI_LOG(ERR, dev, "vchan %u: context %u: %s: expected state %s, found %s",
				 i, VCHAN_CXT(i), after, run ? "RUN" : "STOP_SW",
				 sdxi_cxt_state_name(state));
			return false;
		}
		rte_delay_us_sleep(1000);
	}
	return true;
}

static int
vchans_start(struct sdxi_dev *dev)
{
	bool l2_changed = false;
	uint16_t i;
	int ret;

	for (i = 0; i < dev->nb_vchans; i++) {
		struct sdxi_vchan *vc = &dev->vchans[i];

		SDXI_SHOW(vc->submitted_off, vc->submitted_off + vc->ring.op_submitted);
		SDXI_SHOW(vc->completed_off, vc->completed_off + sdxi_datapath_completed(dev, vc));
		sdxi_vchan_remake(vc);
		vc->ring.write_index = vc->cxt.write_index;
		sdxi_ring_reset(&vc->ring);
		memset(vc->page, 0, sizeof(vc->page));
		ret = sdxi_cxt_publish(dev, &vc->cxt, &vc->ring, SDXI_CXT_STOP_SW, &l2_changed);
		if (ret < 0) {
			sdxi_ring_halt(&vc->ring);
			return ret;
		}
		SDXI_SHOW(vc->dead, false);
		SDXI_SHOW(vc->parked, false);
		SDXI_SHOW(vc->recovering, false);
		sdxi_vchan_remade(vc);
		vc->fault_looked = 0;
		vc->begun_end = 0;
		vc->stop_op = 0;
		vc->watch_fruitless = 0;
		vc->reset_seen = 0;
		sdxi_recover_started(dev, vc);
	}
	ret = sdxi_admin_update(dev, VCHAN_CXT(0), dev->nb_vchans, l2_changed);
	if (ret == 0)
		ret = sdxi_admin_start(dev, VCHAN_CXT(0), dev->nb_vchans);
	if (ret < 0)
		return ret;
	return vchans_wait(dev, true, "started") ? 0 : -EIO;
}

/* @param[out] finished: what was consumed has been executed. */
static int
vchans_stop(struct sdxi_dev *dev, bool *finished)
{
	enum sdxi_fn_gsv gsv;
	uint16_t i;
	int ret;

	/* A function that is not ACTIVE answers no command. */
	gsv = sdxi_dev_state(dev);
	if (gsv != SDXI_GSV_ACTIVE) {
		SDXI_LOG(WARNING, dev, "contexts are to stop: expected function state ACTIVE, "
			 "found %s (%u)", sdxi_dev_state_name(gsv), gsv);
		return -EIO;
	}
	ret = sdxi_admin_stop(dev, false, VCHAN_CXT(0), dev->nb_vchans);
	*finished = ret == 0 && vchans_wait(dev, false, "stopped softly");
	if (ret == 0 && !*finished)
		ret = sdxi_admin_stop(dev, true, VCHAN_CXT(0), dev->nb_vchans);
	if (ret == 0)
		ret = sdxi_admin_sync_stop(dev, VCHAN_CXT(0), dev->nb_vchans);
	if (ret < 0)
		return ret;
	/* The memory may be freed next, so the command's word alone will not do. */
	if (!vchans_wait(dev, false, "stopped"))
		return -EIO;
	for (i = 0; i < dev->nb_vchans; i++)
		sdxi_cxt_rescind(&dev->vchans[i].cxt);
	return sdxi_admin_update(dev, VCHAN_CXT(0), dev->nb_vchans, false);
}

/* Nothing is completed any more. */
static void
vchans_give_up(struct sdxi_dev *dev, bool rested, bool finished)
{
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++)
		if (dev->vchans[i].cxt.mem.va != NULL)
			sdxi_recover_give_up(dev, &dev->vchans[i], rested, finished);
}

static int
dev_start(struct sdxi_dev *dev)
{
	int ret = dev_ensure_up(dev);

	if (ret < 0)
		return ret;
	ret = vchans_start(dev);
	if (ret < 0) {
		/* Some contexts may run: stop them all for certain, the next start begins anew. */
		sdxi_errlog_service(dev);
		sdxi_dev_down(dev);
		vchans_give_up(dev, false, false);
	}
	SDXI_SHOW(dev->started, ret == 0);
	return ret;
}

static int
sdxi_start(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	uint16_t i;
	int ret;

	if (is_secondary(dev, "start"))
		return -EPERM;
	for (i = 0; i < dev->nb_vchans; i++) {
		if (dev->vchans[i].cxt.mem.va == NULL) {
			SDXI_LOG(ERR, dev, "vchan %u of %u is not set up", i, dev->nb_vchans);
			return -EINVAL;
		}
	}
	if (dev->nb_vchans == 0) {
		SDXI_LOG(ERR, dev, "no vchan is configured");
		return -EINVAL;
	}
	if (!sdxi_dev_lock(dev, &dev->lock))
		return -EBUSY;
	ret = dev_start(dev);
	sdxi_lock_release(&dev->lock);
	return ret;
}

static int
dev_stop(struct sdxi_dev *dev)
{
	bool finished = false, rested = vchans_stop(dev, &finished) == 0;

	if (!rested) {
		SDXI_LOG(WARNING, dev, "contexts of %u vchans do not stop: the function is stopped",
			 dev->nb_vchans);
		sdxi_errlog_service(dev);
		if (sdxi_dev_down(dev) < 0)
			return -EIO;
	}
	vchans_give_up(dev, rested, rested && finished);
	SDXI_SHOW(dev->started, false);
	return 0;
}

static int
sdxi_stop(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	int ret;

	if (is_secondary(dev, "stop"))
		return -EPERM;
	if (!sdxi_dev_lock(dev, &dev->lock))
		return -EBUSY;
	ret = dev_stop(dev);
	sdxi_lock_release(&dev->lock);
	return ret;
}

static void
dev_detach(struct sdxi_dev *dev)
{
	struct sdxi_fn fn = *sdxi_dev_fn(dev);
	int16_t id = dev->id;

	if (fn.ops->irq_disable != NULL && dev->intr && rte_eal_process_type() == RTE_PROC_PRIMARY)
		fn.ops->irq_disable(&fn);
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		rte_atomic_fetch_sub_explicit(&dev->attached, 1, rte_memory_order_acq_rel);
	sdxi_report_unregister(dev);
	sdxi_dev_fn_set(id, NULL);
	if (fn.ops->release != NULL)
		fn.ops->release(&fn);
}

static int
sdxi_close(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		dev_detach(dev);
		return 0;
	}
	/* Recoveries of other processes may be under way. */
	if (!sdxi_dev_lock(dev, &dev->lock))
		return -EBUSY;
	ret = sdxi_dev_down(dev);
	/* Channels that secondary processes drive are not started again: see vchan_rest(). */
	SDXI_SHOW(dev->failed, true);
	sdxi_lock_release(&dev->lock);
	if (ret < 0)
		return -EIO;
	if (rte_atomic_load_explicit(&dev->attached, rte_memory_order_acquire) != 0) {
		/* They look at all of this until they find that the function is gone. */
		SDXI_LOG(WARNING, dev, "its memory is kept for %u secondary processes",
			 dev->attached);
		dmadev->data->dev_private = NULL;
		dev_detach(dev);
		return 0;
	}
	ret = vchans_replace(dev, NULL, 0);
	if (ret < 0)
		return ret;
	/* Nobody shows what is freed next. */
	sdxi_report_unregister(dev);
	sdxi_dev_free(dev);
	dev_detach(dev);
	return 0;
}

static void
vchan_stats_add(const struct sdxi_dev *dev, const struct sdxi_vchan *vc,
		struct rte_dma_stats *stats)
{
	stats->submitted += SDXI_LOOK(vc->ring.op_submitted) + SDXI_LOOK(vc->submitted_off);
	stats->completed += sdxi_datapath_completed(dev, vc) + SDXI_LOOK(vc->completed_off);
	stats->errors += sdxi_datapath_errors(dev, vc);
}

static int
sdxi_stats_get(const struct rte_dma_dev *dmadev, uint16_t vchan, struct rte_dma_stats *stats,
	       uint32_t stats_sz)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	uint16_t i;

	RTE_SET_USED(stats_sz);
	/* Of a silent channel, nobody may have asked for failures yet. */
	if (dev->mode == SDXI_MODE_SILENT)
		sdxi_errlog_service(dev);
	if (vchan != RTE_DMA_ALL_VCHAN) {
		vchan_stats_add(dev, &dev->vchans[vchan], stats);
		return 0;
	}
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_stats_add(dev, &dev->vchans[i], stats);
	return 0;
}

static void
vchan_stats_reset(const struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	SDXI_SHOW(vc->submitted_off, -SDXI_LOOK(vc->ring.op_submitted));
	SDXI_SHOW(vc->completed_off, -sdxi_datapath_completed(dev, vc));
	/* The counts themselves are the channel's own thread's, which may be at work meanwhile. */
	SDXI_SHOW(vc->errors_off, SDXI_LOOK(vc->errors));
	SDXI_SHOW(vc->faults_off, SDXI_LOOK(vc->cxt.faults.total));
}

static int
sdxi_stats_reset(struct rte_dma_dev *dmadev, uint16_t vchan)
{
	struct sdxi_dev *dev = dev_of(dmadev);
	uint16_t i;

	if (vchan != RTE_DMA_ALL_VCHAN) {
		vchan_stats_reset(dev, &dev->vchans[vchan]);
		return 0;
	}
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_stats_reset(dev, &dev->vchans[i]);
	return 0;
}

/*
 * Has the function come to a state of its own in which nothing goes on? Looked at once in a while:
 * it takes a register, and callers ask in a loop.
 */
static bool
status_is_fn_gone(const struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	return (rte_atomic_fetch_add_explicit(&vc->status_looks, 1, rte_memory_order_relaxed) &
		0xff) == 0xff &&
	       !sdxi_dev_state_is_live(sdxi_dev_state(dev));
}

static int
sdxi_vchan_status(const struct rte_dma_dev *dmadev, uint16_t vchan,
		  enum rte_dma_vchan_status *status)
{
	const struct sdxi_dev *dev = dev_of(dmadev);
	struct sdxi_vchan *vc = &dev->vchans[vchan];
	uint64_t since, now;
	bool failed;

	/* Only looks: the channel's own lcore may be at work meanwhile. */
	*status = RTE_DMA_VCHAN_IDLE;
	if (!SDXI_LOOK(dev->started))
		return 0;
	if (SDXI_LOOK(vc->dead)) {
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
		return 0;
	}
	if (sdxi_datapath_is_idle(dev, vc, &failed))
		return 0;
	*status = RTE_DMA_VCHAN_ACTIVE;
	if (failed &&
	    (SDXI_LOOK(vc->parked) || sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)))) {
		/* All before the failure is done, and what is behind it waits to be asked for. */
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
		return 0;
	}
	if (!sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)) &&
	    SDXI_LOOK(vc->epoch) ==
		    rte_atomic_load_explicit(&dev->epoch, rte_memory_order_acquire) &&
	    !status_is_fn_gone(dev, vc))
		return 0;
	/* Completions may become visible behind the state. */
	now = rte_get_timer_cycles();
	since = rte_atomic_load_explicit(&vc->status_tsc, rte_memory_order_relaxed);
	if (since == 0)
		rte_atomic_store_explicit(&vc->status_tsc, now, rte_memory_order_relaxed);
	else if (now - since > rte_get_timer_hz() / US_PER_S * STATUS_GRACE_US)
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
	return 0;
}

static int
sdxi_dump(const struct rte_dma_dev *dmadev, FILE *f)
{
	return sdxi_report_dump(dev_of(dmadev), f);
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

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_args_default)
void
sdxi_args_default(struct sdxi_args *args)
{
	*args = (struct sdxi_args){ .watchdog_ms = WATCHDOG_MS };
}

/* A number in a range, a multiple of a step. */
static int
arg_number(const char *name, const char *key, const char *value, uint32_t min, uint32_t max,
	   uint32_t step, uint32_t *out)
{
	char multiple[32] = "";
	char *end = NULL;
	unsigned long n = 0;

	errno = 0;
	/* Base 0 would read a leading 0 as octal. */
	if (value != NULL && *value >= '0' && *value <= '9')
		n = strtoul(value, &end, strncasecmp(value, "0x", 2) == 0 ? 16 : 10);
	if (end != NULL && *end == '\0' && errno == 0 && n >= min && n <= max && n % step == 0) {
		*out = n;
		return 0;
	}
	if (step > 1)
		snprintf(multiple, sizeof(multiple), ", a multiple of %u", step);
	SDXI_LOG_LINE(ERR, name, "argument %s: expected a number from %u to %u%s, found '%s'", key,
		      min, max, multiple, value != NULL ? value : "");
	return -EINVAL;
}

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_args_parse)
int
sdxi_args_parse(const char *name, const char *key, const char *value, struct sdxi_args *args)
{
	uint32_t n;
	int ret;

	if (strcmp(key, SDXI_ARG_MAX_VCHANS) == 0) {
		ret = arg_number(name, key, value, 1, UINT16_MAX, 1, &n);
		if (ret == 0)
			args->max_vchans = n;
	} else if (strcmp(key, SDXI_ARG_ERRLOG_SIZE) == 0) {
		ret = arg_number(name, key, value, SDXI_ERRLOG_UNIT,
				 SDXI_ERRLOG_UNIT * SDXI_GET(SDXI_ERR_CFG_SZ, SDXI_ERR_CFG_SZ),
				 SDXI_ERRLOG_UNIT, &n);
		if (ret == 0)
			args->errlog_size = n;
	} else if (strcmp(key, SDXI_ARG_WATCHDOG) == 0) {
		ret = arg_number(name, key, value, 0, WATCHDOG_MS_MAX, 1, &n);
		if (ret == 0)
			args->watchdog_ms = n;
	} else if (strcmp(key, SDXI_ARG_COMPLETION) == 0) {
		args->batch = value != NULL && strcmp(value, "batch") == 0;
		ret = 0;
		if (!args->batch && (value == NULL || strcmp(value, "op") != 0)) {
			SDXI_LOG_LINE(ERR, name, "argument %s: expected op or batch, found '%s'",
				      key, value != NULL ? value : "");
			ret = -EINVAL;
		}
	} else {
		ret = -ENOENT;
	}
	return ret;
}

/* Do the arguments ask for more than the function has? */
static int
args_check(const struct sdxi_dev *dev)
{
	if (dev->want_vchans > dev->max_cxt) {
		SDXI_LOG(ERR, dev, "argument %s: the function allows 1 to %u, found '%u'",
			 SDXI_ARG_MAX_VCHANS, dev->max_cxt, dev->want_vchans);
		return -EINVAL;
	}
	return sdxi_errlog_check(dev);
}

static void
dev_irq(void *arg)
{
	sdxi_errlog_service(arg);
}

static void
dev_irq_enable(struct sdxi_dev *dev)
{
	const struct sdxi_fn *fn = sdxi_dev_fn(dev);

	dev->intr = fn->ops->irq_enable != NULL && fn->ops->irq_enable(fn, dev_irq, dev) == 0;
}

static int
dmadev_reach(const struct rte_dma_dev *dmadev, const struct sdxi_dev *dev, const struct sdxi_fn *fn)
{
	int ret = sdxi_dev_fn_set(dmadev->data->dev_id, fn);

	if (ret < 0)
		SDXI_LOG(ERR, dev, "no memory for what is known of the function");
	return ret;
}

static int
dmadev_ready(struct rte_dma_dev *dmadev, struct rte_device *device, struct sdxi_dev *dev, bool any)
{
	int ret = sdxi_report_register(dev);

	if (ret < 0) {
		SDXI_LOG(ERR, dev, "no memory for the list of devices");
		return ret;
	}
	dmadev->device = device;
	dmadev->dev_ops = &sdxi_dev_ops;
	sdxi_dev_fn(dev)->dmadev = dmadev;
	sdxi_datapath_choose(dmadev->fp_obj, dev, any);
	dmadev->state = RTE_DMA_DEV_READY;
	return 0;
}

static struct rte_dma_dev *
dmadev_allocate(const char *name, struct rte_device *device)
{
	struct rte_dma_dev *dmadev;

	dmadev = rte_dma_pmd_allocate(name, device->numa_node, sizeof(struct sdxi_dev));
	if (dmadev == NULL)
		SDXI_LOG_LINE(ERR, name, "no dmadev could be allocated");
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
	dev = dmadev->data->dev_private;
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	dev->socket = device->numa_node;
	dev->id = dmadev->data->dev_id;
	dev->want_vchans = args->max_vchans;
	dev->batch = args->batch;
	dev->mode = args->batch ? SDXI_MODE_BATCH : SDXI_MODE_OP;
	dev->watchdog_ms = args->watchdog_ms;
	dev->errlog.wanted = args->errlog_size;
	ret = sdxi_lock_init(&dev->lock);
	if (ret == 0)
		ret = sdxi_lock_init(&dev->errlog.lock);
	if (ret == 0)
		ret = sdxi_lock_init(&dev->admin.lock);
	if (ret < 0)
		SDXI_LOG(ERR, dev, "no locks: %s", strerror(-ret));
	if (ret == 0)
		ret = dmadev_reach(dmadev, dev, fn);
	if (ret == 0)
		ret = sdxi_dev_discover(dev);
	if (ret == 0)
		ret = sdxi_dev_seize(dev);
	if (ret == 0)
		ret = args_check(dev);
	if (ret == 0)
		ret = dmadev_ready(dmadev, device, dev, false);
	if (ret < 0) {
		sdxi_dev_fn_set(dev->id, NULL);
		rte_dma_pmd_release(name);
		return ret;
	}
	dev_irq_enable(dev);
	return 0;
}

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_dmadev_attach)
int
sdxi_dmadev_attach(const char *name, struct rte_device *device, const struct sdxi_fn *fn)
{
	struct rte_dma_dev *dmadev = dmadev_allocate(name, device);
	struct sdxi_dev *dev;
	int ret;

	if (dmadev == NULL)
		return -ENODEV;
	dev = dmadev->data->dev_private;
	ret = dmadev_reach(dmadev, dev, fn);
	/* The primary process may configure it anew at any time. */
	if (ret == 0)
		ret = dmadev_ready(dmadev, device, dev, true);
	if (ret == 0)
		rte_atomic_fetch_add_explicit(&dev->attached, 1, rte_memory_order_acq_rel);
	if (ret < 0) {
		sdxi_dev_fn_set(dmadev->data->dev_id, NULL);
		rte_dma_pmd_release(name);
	}
	return ret;
}

/* In a secondary process the device may be there, though the primary has closed it. */
static int
dmadev_detach(const char *name)
{
	struct rte_dma_dev *dmadev = NULL;
	struct sdxi_fn *fn;
	int id;

	for (id = 0; id <= INT16_MAX && dmadev == NULL; id++) {
		fn = sdxi_dev_fn_get(id);
		if (fn != NULL && strcmp(fn->dmadev->device->name, name) == 0)
			dmadev = fn->dmadev;
	}
	if (dmadev == NULL)
		return 0;
	dev_detach(dmadev->fp_obj->dev_private);
	/* To close it, dmadev wants it stopped, and whether it is is the primary's affair. */
	dmadev->state = RTE_DMA_DEV_REGISTERED;
	return rte_dma_get_dev_id_by_name(name) < 0 ? 0 : rte_dma_pmd_release(name);
}

RTE_EXPORT_INTERNAL_SYMBOL(sdxi_dmadev_destroy)
int
sdxi_dmadev_destroy(const char *name)
{
	const struct sdxi_dev *dev;
	int dev_id, ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return dmadev_detach(name);
	dev_id = rte_dma_get_dev_id_by_name(name);
	if (dev_id < 0)
		return 0;
	dev = sdxi_dev_fn_get(dev_id)->dmadev->data->dev_private;
	if (dev->started) {
		ret = rte_dma_stop(dev_id);
		if (ret < 0)
			return ret;
	}
	return rte_dma_pmd_release(name);
}
