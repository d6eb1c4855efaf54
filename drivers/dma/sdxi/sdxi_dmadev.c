/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_dmadev_pmd.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "sdxi_desc.h"
#include "sdxi_dmadev.h"

/* vchan 0 is context 1: context 0 is the administrative one. */
#define VCHAN_CXT(vchan) ((uint16_t)((vchan) + 1))

/* How long contexts may take to start or to stop softly, in polls of one millisecond. */
#define CXT_STATE_POLLS 1000

/* Polls in a row that find nothing, between two looks at the context's state; a power of two. */
#define IDLE_POLLS 256
/* The same for the function's state, which takes the read of a register. */
#define IDLE_POLLS_FN 4096

/* Where a channel is stuck: behind the data path, never in it while operations complete. */

/* Take nothing any more, and remember how far the function came. */
static void
vchan_halt(struct sdxi_vchan *vc)
{
	if (vc->ring.halted)
		return;
	sdxi_ring_refresh(&vc->ring);
	sdxi_ring_halt(&vc->ring);
}

/* The context has come to rest: nothing is completed any more, and nothing taken. */
static void
vchan_rest(struct sdxi_vchan *vc)
{
	if (vc->at_rest)
		return;
	vchan_halt(vc);
	/* What is submitted from here on is nobody's to hear of. */
	vc->ring.doorbell = &vc->no_doorbell;
	vc->at_rest = true;
}

/* The function says nonsense about a ring, whose operations are only waited for from here on. */
static __rte_noinline void
vchan_fault(const struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	if (vc->faulted || vc->ring.read_index != SDXI_RING_NO_BOUND)
		return;
	SDXI_LOG(ERR, dev, "vchan %u: context %u: expected Read_Index to grow up to %" PRIu64
		 ", found %" PRIu64, vc->cxt.num - 1, vc->cxt.num, vc->ring.submitted,
		 rte_le_to_cpu_64(vc->cxt.sts->read_index));
	vc->faulted = true;
}

/* An operation has failed: what the function has to say of it, and whether its context goes on. */
static __rte_noinline void
vchan_error(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	if (vc->at_rest)
		return;
	sdxi_errlog_service(dev);
	if (sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt)))
		vchan_halt(vc);
}

/*
 * Nothing has completed for a while: look whether the context still runs, and at times whether the
 * function does. What has come to rest by itself completes nothing any more; blocks may be written
 * behind the state that says so, so it takes a second look to give operations up.
 */
static void
vchan_check(struct sdxi_dev *dev, struct sdxi_vchan *vc, bool function)
{
	enum sdxi_cxt_state state = sdxi_cxt_state(&vc->cxt);
	enum sdxi_fn_gsv gsv = SDXI_GSV_ACTIVE;

	if (vc->at_rest)
		return;
	vchan_fault(dev, vc);
	if (function || sdxi_cxt_state_is_final(state)) {
		gsv = sdxi_dev_state(dev);
		/* A failure without a completion is told here alone. */
		sdxi_errlog_service(dev);
	}
	/* A function that is stopping has a state to come, which is waited for. */
	if (!sdxi_cxt_state_is_final(state) && !vc->final_seen &&
	    (gsv == SDXI_GSV_ACTIVE || gsv == SDXI_GSV_STOPG_SF || gsv == SDXI_GSV_STOPG_HD))
		return;
	if (vc->final_seen) {
		vchan_rest(vc);
		return;
	}
	SDXI_LOG(ERR, dev, "vchan %u: context %u: expected RUN in a function that is ACTIVE, "
		 "found %s in one that is %s (%u)", vc->cxt.num - 1, vc->cxt.num,
		 sdxi_cxt_state_name(state), sdxi_dev_state_name(gsv), gsv);
	vc->final_seen = true;
	vchan_halt(vc);
}

/* A poll has found nothing, though operations are outstanding. */
static __rte_noinline void
vchan_idle(struct sdxi_dev *dev, struct sdxi_vchan *vc)
{
	if (vc->idle_tail != vc->ring.tail) {
		vc->idle_tail = vc->ring.tail;
		vc->idle_polls = 0;
	}
	if ((++vc->idle_polls & (IDLE_POLLS - 1)) == 0)
		vchan_check(dev, vc, (vc->idle_polls & (IDLE_POLLS_FN - 1)) == 0);
}

/* Data path. */

static inline struct sdxi_vchan *
vchan_get(const void *dev_private, uint16_t vchan)
{
	const struct sdxi_dev *dev = dev_private;

	return &dev->vchans[vchan];
}

static int
sdxi_copy(void *dev_private, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t length,
	  uint64_t flags)
{
	struct sdxi_vchan *vc = vchan_get(dev_private, vchan);
	struct sdxi_ring *r = &vc->ring;
	uint64_t idx = r->head;
	struct sdxi_dsc *dsc;
	uint64_t first;
	int ret;

	/* A length of 0 wraps to more than any maximum. */
	if (unlikely(length - 1 >= r->max_len))
		return -EINVAL;
	ret = sdxi_ring_slot(r, &dsc);
	if (unlikely(ret < 0)) {
		vchan_fault(dev_private, vc);
		return ret;
	}
	first = sdxi_desc_copy(dsc, src, dst, length,
			       (flags & RTE_DMA_OP_FLAG_FENCE) != 0 ? SDXI_DSC_FE : 0);
	sdxi_ring_commit(r, dsc, first);
	if ((flags & RTE_DMA_OP_FLAG_SUBMIT) != 0)
		sdxi_ring_submit(r);
	return (uint16_t)idx;
}

static int
sdxi_submit(void *dev_private, uint16_t vchan)
{
	sdxi_ring_submit(&vchan_get(dev_private, vchan)->ring);
	return 0;
}

/* Is there an operation at tail that will not complete any more? */
static inline bool
vchan_has_lost(const struct sdxi_vchan *vc)
{
	const struct sdxi_ring *r = &vc->ring;

	return vc->at_rest && r->tail != r->submitted && !sdxi_ring_is_done(r, r->tail);
}

static uint16_t
sdxi_completed(void *dev_private, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,
	       bool *has_error)
{
	struct sdxi_vchan *vc = vchan_get(dev_private, vchan);
	struct sdxi_ring *r = &vc->ring;
	uint32_t n = sdxi_ring_done(r, nb_cpls);
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (unlikely(sdxi_ring_is_error(r, r->tail + i))) {
			*has_error = true;
			vchan_error(dev_private, vc);
			break;
		}
	}
	if (unlikely(n == 0) && r->tail != r->submitted && nb_cpls != 0) {
		vchan_idle(dev_private, vc);
		if (vchan_has_lost(vc))
			*has_error = true;
	}
	r->tail += i;
	*last_idx = (uint16_t)(r->tail - 1);
	return i;
}

/*
 * What became of an operation whose context has come to rest before the operation completed: the
 * function has fetched what lies below Read_Index, and nothing else.
 */
static enum rte_dma_status_code
vchan_lost_status(const struct sdxi_ring *r, uint64_t idx)
{
	if (sdxi_ring_is_done(r, idx)) {
		rte_io_rmb();
		return sdxi_ring_is_error(r, idx) ? RTE_DMA_STATUS_ERROR_UNKNOWN :
						    RTE_DMA_STATUS_SUCCESSFUL;
	}
	return idx < r->read_index ? RTE_DMA_STATUS_ERROR_UNKNOWN : RTE_DMA_STATUS_NOT_ATTEMPTED;
}

static uint16_t
sdxi_completed_status(void *dev_private, uint16_t vchan, const uint16_t nb_cpls,
		      uint16_t *last_idx, enum rte_dma_status_code *status)
{
	struct sdxi_vchan *vc = vchan_get(dev_private, vchan);
	struct sdxi_ring *r = &vc->ring;
	uint32_t n = sdxi_ring_done(r, nb_cpls);
	uint32_t i;

	for (i = 0; i < n; i++) {
		status[i] = RTE_DMA_STATUS_SUCCESSFUL;
		if (unlikely(sdxi_ring_is_error(r, r->tail + i))) {
			status[i] = RTE_DMA_STATUS_ERROR_UNKNOWN;
			vc->errors++;
			vchan_error(dev_private, vc);
		}
	}
	r->tail += n;
	if (unlikely(n == 0) && r->tail != r->submitted && nb_cpls != 0) {
		vchan_idle(dev_private, vc);
		for (; vc->at_rest && n < nb_cpls && r->tail != r->submitted; n++) {
			status[n] = vchan_lost_status(r, r->tail++);
			if (status[n] != RTE_DMA_STATUS_SUCCESSFUL)
				vc->errors++;
		}
	}
	*last_idx = (uint16_t)(r->tail - 1);
	return n;
}

static uint16_t
sdxi_burst_capacity(const void *dev_private, uint16_t vchan)
{
	struct sdxi_ring *r = &vchan_get(dev_private, vchan)->ring;

	if (unlikely(r->halted || sdxi_ring_refresh(r) < 0))
		return 0;
	return RTE_MIN(sdxi_ring_room(r), (uint64_t)UINT16_MAX);
}

/* Control path. */

static int
sdxi_info_get(const struct rte_dma_dev *dmadev, struct rte_dma_info *info, uint32_t info_sz)
{
	const struct sdxi_dev *dev = dmadev->data->dev_private;

	RTE_SET_USED(info_sz);
	info->dev_capa = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_OPS_COPY;
	info->max_vchans = dev->max_cxt;
	info->max_desc = RTE_MIN(dev->max_ring, (uint32_t)UINT16_MAX);
	info->min_desc = 1;
	return 0;
}

static void
vchans_free(struct sdxi_dev *dev)
{
	uint16_t i;

	for (i = 0; i < dev->nb_vchans; i++)
		sdxi_cxt_free(&dev->vchans[i].cxt);
	rte_free(dev->vchans);
	dev->vchans = NULL;
	dev->nb_vchans = 0;
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
	struct sdxi_dev *dev = dmadev->data->dev_private;
	struct sdxi_vchan *vchans;
	uint16_t i;
	int ret;

	RTE_SET_USED(conf_sz);
	vchans = rte_zmalloc_socket("sdxi", (size_t)conf->nb_vchans * sizeof(*vchans),
				    RTE_CACHE_LINE_SIZE, dev->socket);
	if (vchans == NULL) {
		SDXI_LOG(ERR, dev, "no memory for %u vchans on socket %d", conf->nb_vchans,
			 dev->socket);
		return -ENOMEM;
	}
	ret = dev_ensure_up(dev);
	if (ret < 0) {
		rte_free(vchans);
		return ret;
	}
	for (i = 0; i < conf->nb_vchans; i++)
		sdxi_ring_halt(&vchans[i].ring);
	/* The device is stopped, so the function knows none of the old contexts. */
	vchans_free(dev);
	dev->vchans = vchans;
	dev->nb_vchans = conf->nb_vchans;
	return 0;
}

static int
sdxi_vchan_setup(struct rte_dma_dev *dmadev, uint16_t vchan, const struct rte_dma_vchan_conf *conf,
		 uint32_t conf_sz)
{
	struct sdxi_dev *dev = dmadev->data->dev_private;
	struct sdxi_vchan *vc;
	struct sdxi_ring ring;
	struct sdxi_cxt cxt;
	uint32_t ring_sz;
	int ret;

	RTE_SET_USED(conf_sz);
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
	memset(&cxt, 0, sizeof(cxt));
	ret = sdxi_cxt_alloc(dev, &cxt, VCHAN_CXT(vchan), ring_sz, conf->nb_desc, &ring);
	if (ret < 0)
		return ret;
	sdxi_cxt_free(&vc->cxt);
	memset(vc, 0, sizeof(*vc));
	vc->cxt = cxt;
	vc->ring = ring;
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
		state = sdxi_cxt_state(&dev->vchans[i].cxt);
		if (run ? state == SDXI_CXT_RUN : sdxi_cxt_state_is_final(state)) {
			i++;
			continue;
		}
		if ((run && state == SDXI_CXT_ERR_FN) || polls++ >= CXT_STATE_POLLS) {
			SDXI_LOG(ERR, dev, "vchan %u: context %u: %s: expected state %s, found %s", i,
				 VCHAN_CXT(i), after, run ? "RUN" : "STOP_SW",
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
		uint64_t submitted = vc->ring.submitted;
		uint64_t completed = vc->ring.tail;

		ret = sdxi_cxt_publish(dev, &vc->cxt, &vc->ring, SDXI_CXT_STOP_SW, &l2_changed);
		if (ret < 0)
			return ret;
		vc->submitted_off += submitted;
		vc->completed_off += completed;
		vc->idle_tail = 0;
		vc->idle_polls = 0;
		vc->at_rest = false;
		vc->final_seen = false;
		vc->faulted = false;
	}
	ret = sdxi_admin_update(dev, VCHAN_CXT(0), dev->nb_vchans, l2_changed);
	if (ret == 0)
		ret = sdxi_admin_start(dev, VCHAN_CXT(0), dev->nb_vchans);
	if (ret < 0)
		return ret;
	return vchans_wait(dev, true, "started") ? 0 : -EIO;
}

static int
vchans_stop(struct sdxi_dev *dev)
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
	if (ret == 0 && !vchans_wait(dev, false, "stopped softly"))
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

static int
sdxi_start(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dmadev->data->dev_private;
	uint16_t i;
	int ret;

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
	ret = dev_ensure_up(dev);
	if (ret < 0)
		return ret;
	ret = vchans_start(dev);
	if (ret < 0) {
		/* Some contexts may run: stop them all for certain, the next start begins anew. */
		sdxi_errlog_service(dev);
		sdxi_dev_down(dev);
		for (i = 0; i < dev->nb_vchans; i++)
			vchan_rest(&dev->vchans[i]);
	}
	dev->started = ret == 0;
	return ret;
}

static int
sdxi_stop(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dmadev->data->dev_private;
	uint16_t i;

	if (vchans_stop(dev) < 0) {
		SDXI_LOG(WARNING, dev, "contexts of %u vchans do not stop: the function is stopped",
			 dev->nb_vchans);
		sdxi_errlog_service(dev);
		if (sdxi_dev_down(dev) < 0)
			return -EIO;
	}
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_rest(&dev->vchans[i]);
	dev->started = false;
	return 0;
}

static int
sdxi_close(struct rte_dma_dev *dmadev)
{
	struct sdxi_dev *dev = dmadev->data->dev_private;

	if (sdxi_dev_down(dev) < 0)
		return -EIO;
	vchans_free(dev);
	sdxi_dev_free(dev);
	if (dev->fn.ops->release != NULL)
		dev->fn.ops->release(&dev->fn);
	return 0;
}

static void
vchan_stats_add(const struct sdxi_vchan *vc, struct rte_dma_stats *stats)
{
	stats->submitted += vc->ring.submitted + vc->submitted_off;
	stats->completed += vc->ring.tail + vc->completed_off;
	stats->errors += vc->errors;
}

static int
sdxi_stats_get(const struct rte_dma_dev *dmadev, uint16_t vchan, struct rte_dma_stats *stats,
	       uint32_t stats_sz)
{
	const struct sdxi_dev *dev = dmadev->data->dev_private;
	uint16_t i;

	RTE_SET_USED(stats_sz);
	if (vchan != RTE_DMA_ALL_VCHAN) {
		vchan_stats_add(&dev->vchans[vchan], stats);
		return 0;
	}
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_stats_add(&dev->vchans[i], stats);
	return 0;
}

static void
vchan_stats_reset(struct sdxi_vchan *vc)
{
	vc->submitted_off = -vc->ring.submitted;
	vc->completed_off = -vc->ring.tail;
	vc->errors = 0;
}

static int
sdxi_stats_reset(struct rte_dma_dev *dmadev, uint16_t vchan)
{
	struct sdxi_dev *dev = dmadev->data->dev_private;
	uint16_t i;

	if (vchan != RTE_DMA_ALL_VCHAN) {
		vchan_stats_reset(&dev->vchans[vchan]);
		return 0;
	}
	for (i = 0; i < dev->nb_vchans; i++)
		vchan_stats_reset(&dev->vchans[i]);
	return 0;
}

static int
sdxi_vchan_status(const struct rte_dma_dev *dmadev, uint16_t vchan,
		  enum rte_dma_vchan_status *status)
{
	const struct sdxi_dev *dev = dmadev->data->dev_private;
	const struct sdxi_vchan *vc = &dev->vchans[vchan];
	const struct sdxi_ring *r = &vc->ring;
	uint64_t idx;

	/* Only looks: the channel's own lcore may be at work meanwhile. */
	*status = RTE_DMA_VCHAN_IDLE;
	if (!dev->started)
		return 0;
	if (vc->at_rest || r->halted) {
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
		return 0;
	}
	if (sdxi_cxt_state_is_final(sdxi_cxt_state(&vc->cxt))) {
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
		return 0;
	}
	/* Operations of one context complete in any order, so the last says nothing of the rest. */
	for (idx = r->tail; idx != r->submitted; idx++) {
		if (!sdxi_ring_is_done(r, idx)) {
			*status = RTE_DMA_VCHAN_ACTIVE;
			break;
		}
	}
	/* The caller may look at the data without asking for completions first. */
	rte_io_rmb();
	return 0;
}

static int
sdxi_dump(const struct rte_dma_dev *dmadev, FILE *f)
{
	const struct sdxi_dev *dev = dmadev->data->dev_private;
	enum sdxi_fn_gsv state = sdxi_dev_state(dev);
	uint16_t i;

	fprintf(f, "  SDXI version: %" PRIu64 ".%" PRIu64 "\n",
		SDXI_GET(SDXI_VERSION_MAJOR, dev->version),
		SDXI_GET(SDXI_VERSION_MINOR, dev->version));
	fprintf(f, "  function state: %s (%u)\n", sdxi_dev_state_name(state), state);
	fprintf(f, "  capabilities: contexts 1 to %u, rings up to %u descriptors, buffers up to %"
		PRIu32 " bytes, operation groups 0x%" PRIx32 ", doorbell stride %" PRIu64 "\n",
		dev->max_cxt, dev->max_ring, dev->max_len, dev->opb_000, dev->db_stride);
	for (i = 0; i < dev->nb_vchans; i++) {
		const struct sdxi_vchan *vc = &dev->vchans[i];
		const struct sdxi_ring *r = &vc->ring;

		if (vc->cxt.mem.va == NULL) {
			fprintf(f, "  vchan %u: not set up\n", i);
			continue;
		}
		fprintf(f, "  vchan %u: context %u %s, ring %u, descriptors %u, enqueued %" PRIu64
			", Write_Index %" PRIu64 ", Read_Index %" PRIu64 ", reported %" PRIu64
			"%s\n", i, vc->cxt.num, sdxi_cxt_state_name(sdxi_cxt_state(&vc->cxt)),
			r->mask + 1, r->nb_desc, r->head, r->submitted,
			rte_le_to_cpu_64(vc->cxt.sts->read_index), r->tail,
			r->halted ? ", halted" : "");
	}
	return 0;
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

int
sdxi_dmadev_create(const char *name, struct rte_device *device, const struct sdxi_fn *fn)
{
	struct rte_dma_dev *dmadev;
	struct sdxi_dev *dev;
	int ret;

	dmadev = rte_dma_pmd_allocate(name, device->numa_node, sizeof(*dev));
	if (dmadev == NULL) {
		rte_log(RTE_LOG_ERR, sdxi_logtype, "SDXI: %s: no dmadev could be allocated\n", name);
		return -ENOMEM;
	}
	dev = dmadev->data->dev_private;
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	dev->socket = device->numa_node;
	dev->fn = *fn;

	ret = sdxi_dev_discover(dev);
	/* Found running, it may write memory that belongs to someone else by now. */
	if (ret == 0)
		ret = sdxi_dev_quiesce(dev);
	if (ret == -ETIMEDOUT)
		fn->ops->dma_enable(fn, false);
	if (ret < 0) {
		rte_dma_pmd_release(name);
		return ret;
	}

	dmadev->device = device;
	dmadev->dev_ops = &sdxi_dev_ops;
	dmadev->fp_obj->dev_private = dev;
	dmadev->fp_obj->copy = sdxi_copy;
	dmadev->fp_obj->submit = sdxi_submit;
	dmadev->fp_obj->completed = sdxi_completed;
	dmadev->fp_obj->completed_status = sdxi_completed_status;
	dmadev->fp_obj->burst_capacity = sdxi_burst_capacity;
	dmadev->state = RTE_DMA_DEV_READY;
	return 0;
}

int
sdxi_dmadev_destroy(const char *name)
{
	int dev_id = rte_dma_get_dev_id_by_name(name);
	const struct sdxi_dev *dev;
	int ret;

	if (dev_id < 0)
		return 0;
	dev = rte_dma_fp_objs[dev_id].dev_private;
	if (dev->started) {
		ret = rte_dma_stop(dev_id);
		if (ret < 0)
			return ret;
	}
	return rte_dma_pmd_release(name);
}
