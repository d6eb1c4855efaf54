/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_telemetry.h>

#include "sdxi_compat.h"
#include "sdxi_datapath.h"
#include "sdxi_dmadev.h"
#include "sdxi_report.h"

/* The devices of this process; the lock is held as long as one of them is looked at. */
static struct {
	pthread_mutex_t lock;
	struct sdxi_dev **dev;
	unsigned int nb;
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A context as it was at one time, for printing takes longer than a lock may be held. */
struct cxt_view {
	uint16_t num;
	bool set_up;
	enum sdxi_cxt_state state;
	const char *condition; /* what the driver thinks of it */
	uint32_t ring_sz;
	uint32_t nb_desc;
	uint64_t reported; /* operations */
	uint64_t submitted;
	uint64_t enqueued;
	uint64_t written; /* descriptors */
	uint64_t write_index;
	uint64_t read_index;
	uint64_t filed; /* faults */
	uint64_t lost;
	struct rte_dma_stats stats;
	uint64_t recoveries;
	uint64_t resets;
};

struct errlog_view {
	struct sdxi_errlog_stats stats;
	struct sdxi_errlog_hd_ent recent[SDXI_ERRLOG_RECENT]; /* oldest first */
	uint64_t first; /* number of the oldest */
	unsigned int nb;
	uint64_t read;
	uint32_t size;
	bool enabled;
	bool intr;
};

/* The data path is at work meanwhile: each number is a right one, if not of the same instant. */
#define LOOK(x) SDXI_LOOK(x)

/*
 * The one word that the data path sets by a plain store, as an atomic one takes an instruction more
 * for each copy. It is aligned, and stored at once by all compilers on all 64-bit machines;
 * ThreadSanitizer cannot know that.
 */
static __rte_noinline uint64_t
look_at_head(const struct sdxi_ring *r)
{
	return LOOK(r->op_head);
}

static void
look_at_context(struct cxt_view *v, const struct sdxi_cxt *cxt, const struct sdxi_ring *r)
{
	memset(v, 0, sizeof(*v));
	v->set_up = SDXI_LOAD(&cxt->sts, acquire) != NULL;
	if (!v->set_up)
		return;
	v->num = cxt->num;
	v->state = sdxi_cxt_state(cxt);
	v->read_index = rte_le_to_cpu_64(LOOK(cxt->sts->read_index));
	v->ring_sz = r->mask + 1;
	v->nb_desc = r->nb_desc;
	/* What follows is read first, so none is seen ahead of the one that it cannot pass. */
	v->reported = LOOK(r->tail);
	v->submitted = LOOK(r->op_submitted);
	v->enqueued = look_at_head(r);
	v->write_index = LOOK(r->submitted);
	v->written = v->enqueued + LOOK(r->shift);
	v->filed = cxt->faults.filed;
	v->lost = cxt->faults.lost;
	v->condition = LOOK(r->halted) ? "halted" : "in use";
}

/* @return false: there is no such channel, or it is not to be looked at. */
static bool
look_at_vchan(struct cxt_view *v, struct sdxi_dev *dev, uint16_t vchan)
{
	const struct sdxi_vchan *vc;
	bool ret = false;

	if (!sdxi_errlog_lock(dev))
		return false;
	if (dev->vchans == NULL || vchan >= dev->nb_vchans)
		goto out;
	ret = true;
	vc = &dev->vchans[vchan];
	look_at_context(v, &vc->cxt, &vc->ring);
	if (!v->set_up)
		goto out;
	/* As rte_dma_stats_get() has them. */
	v->stats.submitted = v->submitted + LOOK(vc->submitted_off);
	v->stats.completed = sdxi_datapath_completed(dev, vc) + LOOK(vc->completed_off);
	v->stats.errors = sdxi_datapath_errors(dev, vc);
	v->recoveries = LOOK(vc->recoveries);
	v->resets = LOOK(vc->resets);
	if (LOOK(vc->dead)) {
		v->condition = "given up";
	} else if (LOOK(vc->parked)) {
		v->condition = "held behind a failed operation";
		v->write_index = LOOK(vc->published);
	}
out:
	sdxi_lock_release(&dev->errlog.lock);
	return ret;
}

static void
look_at_errlog(struct errlog_view *v, struct sdxi_dev *dev)
{
	const struct sdxi_errlog *log = &dev->errlog;
	uint64_t valid;
	unsigned int i;

	memset(v, 0, sizeof(*v));
	if (!sdxi_errlog_lock(dev))
		return;
	v->stats = log->stats;
	v->read = log->read;
	v->size = LOOK(log->size);
	v->enabled = log->enabled;
	v->intr = log->intr;
	valid = log->stats.entries - log->stats.invalid;
	v->nb = RTE_MIN(valid, (uint64_t)SDXI_ERRLOG_RECENT);
	v->first = valid - v->nb;
	for (i = 0; i < v->nb; i++)
		v->recent[i] = log->recent[(v->first + i) % SDXI_ERRLOG_RECENT];
	sdxi_lock_release(&dev->errlog.lock);
}

static uint64_t
outstanding(const struct cxt_view *v)
{
	/* A start in between begins indices anew. */
	return v->submitted >= v->reported ? v->submitted - v->reported : 0;
}

static const char *
mode_name(const struct sdxi_dev *dev)
{
	switch (LOOK(dev->mode)) {
	case SDXI_MODE_OP:
		return "op";
	case SDXI_MODE_BATCH:
		return "batch";
	case SDXI_MODE_SILENT:
		return "silent";
	}
	return "reserved";
}

static uint16_t
max_vchans(const struct sdxi_dev *dev)
{
	const uint16_t max_cxt = LOOK(dev->max_cxt);

	return dev->want_vchans != 0 ? RTE_MIN(dev->want_vchans, max_cxt) : max_cxt;
}

/* As asked for; a function that has less gives what it has. */
static uint32_t
errlog_size(const struct sdxi_dev *dev)
{
	return dev->errlog.wanted != 0 ? dev->errlog.wanted : SDXI_ERRLOG_DEFAULT;
}

static const char *
condition_name(const struct sdxi_dev *dev)
{
	if (LOOK(dev->errlog.gone))
		return "does not answer";
	if (LOOK(dev->failed))
		return "given up: it could not be brought up again";
	if (LOOK(dev->loose))
		return "does not stop, and may write memory";
	return !LOOK(dev->up) ? "not in use" : LOOK(dev->started) ? "in use, started" : "in use";
}

/* ---- registry -------------------------------------------------------------------------------- */

int
sdxi_report_register(struct sdxi_dev *dev)
{
	struct sdxi_dev **all;

	pthread_mutex_lock(&registry.lock);
	all = realloc(registry.dev, (registry.nb + 1) * sizeof(struct sdxi_dev *));
	if (all != NULL) {
		all[registry.nb++] = dev;
		registry.dev = all;
	}
	pthread_mutex_unlock(&registry.lock);
	return all != NULL ? 0 : -ENOMEM;
}

void
sdxi_report_unregister(struct sdxi_dev *dev)
{
	unsigned int i;

	pthread_mutex_lock(&registry.lock);
	for (i = 0; i < registry.nb; i++) {
		if (registry.dev[i] != dev)
			continue;
		registry.dev[i] = registry.dev[--registry.nb];
		break;
	}
	if (registry.nb == 0) {
		free(registry.dev);
		registry.dev = NULL;
	}
	pthread_mutex_unlock(&registry.lock);
}

/* Leaves the registry locked if it gives a device. */
static struct sdxi_dev *
registry_get(const struct sdxi_dev *dev, int id)
{
	unsigned int i;

	pthread_mutex_lock(&registry.lock);
	for (i = 0; i < registry.nb; i++)
		if (registry.dev[i] == dev || (dev == NULL && registry.dev[i]->id == id))
			return registry.dev[i];
	pthread_mutex_unlock(&registry.lock);
	return NULL;
}

static void
registry_put(void)
{
	pthread_mutex_unlock(&registry.lock);
}

/* ---- in words -------------------------------------------------------------------------------- */

static void
dump_context(const struct cxt_view *v, FILE *f)
{
	fprintf(f, "context %u %s, %s, ring of %" PRIu32 " descriptors, up to %" PRIu32
		" operations\n", v->num, sdxi_cxt_state_name(v->state), v->condition, v->ring_sz,
		v->nb_desc);
	fprintf(f, "    operations: enqueued %" PRIu64 ", submitted %" PRIu64 ", reported %" PRIu64
		", outstanding %" PRIu64 "\n", v->enqueued, v->submitted, v->reported,
		outstanding(v));
	fprintf(f, "    descriptors: written %" PRIu64 ", Write_Index %" PRIu64 ", Read_Index %"
		PRIu64 "\n", v->written, v->write_index, v->read_index);
}

static void
dump_errlog(const struct errlog_view *v, FILE *f)
{
	char text[192];
	unsigned int i;

	if (v->enabled)
		fprintf(f, "  error log: %" PRIu32 " entries, read up to %" PRIu64 ", %s\n",
			v->size, v->read, v->intr ? "on interrupt and on demand" : "on demand");
	else
		fprintf(f, "  error log: not enabled\n");
	fprintf(f, "    entries %" PRIu64 ", overflows %" PRIu64 ", unusable %" PRIu64
		", bad ERR_WRT %" PRIu64 ", invalid entries %" PRIu64
		", about other contexts %" PRIu64 ", lines left out %" PRIu64 "\n",
		v->stats.entries, v->stats.overflow, v->stats.unusable, v->stats.misfit,
		v->stats.invalid, v->stats.unfiled, v->stats.left_out);
	for (i = 0; i < v->nb; i++)
		fprintf(f, "    error %" PRIu64 ": %s\n", v->first + i,
			sdxi_errlog_format(&v->recent[i], text, sizeof(text)));
}

int
sdxi_report_dump(const struct sdxi_dev *const_dev, FILE *f)
{
	struct sdxi_dev *dev = registry_get(const_dev, -1);
	struct errlog_view log;
	struct cxt_view v;
	enum sdxi_fn_gsv state;
	uint16_t nb, i;

	if (dev == NULL)
		return -ENODEV;
	state = sdxi_dev_state(dev);
	fprintf(f, "  SDXI version: %" PRIu64 ".%" PRIu64 "\n",
		SDXI_GET(SDXI_VERSION_MAJOR, LOOK(dev->version)),
		SDXI_GET(SDXI_VERSION_MINOR, LOOK(dev->version)));
	fprintf(f, "  function state: %s (%d), %s\n", sdxi_dev_state_name(state), state,
		condition_name(dev));
	fprintf(f, "  capabilities: contexts 1 to %u, rings up to %" PRIu32 " descriptors, buffers "
		"up to %" PRIu32 " bytes, operation groups 0x%" PRIx32 ", doorbell stride %" PRIu64
		"\n", LOOK(dev->max_cxt), LOOK(dev->max_ring), LOOK(dev->max_len),
		LOOK(dev->opb_000), LOOK(dev->db_stride));
	fprintf(f, "  arguments: max_vchans=%u, completion=%s, watchdog=%" PRIu32
		" ms, errlog_size=%" PRIu32 "\n", max_vchans(dev), dev->batch ? "batch" : "op",
		dev->watchdog_ms, errlog_size(dev));
	fprintf(f, "  completions in use: %s, qos %u\n", mode_name(dev), LOOK(dev->qos));
	look_at_errlog(&log, dev);
	dump_errlog(&log, f);

	/* Its memory stays until the device is closed. */
	look_at_context(&v, &dev->admin.cxt, &dev->admin.ring);
	if (v.set_up) {
		v.condition = LOOK(dev->admin.usable) ? "answers commands" : "answers no commands";
		fprintf(f, "  administrative: ");
		dump_context(&v, f);
	} else {
		fprintf(f, "  administrative: not set up\n");
	}
	nb = LOOK(dev->nb_vchans);
	for (i = 0; i < nb && look_at_vchan(&v, dev, i); i++) {
		fprintf(f, "  vchan %u: ", i);
		if (!v.set_up) {
			fprintf(f, "not set up\n");
			continue;
		}
		dump_context(&v, f);
		fprintf(f, "    statistics: submitted %" PRIu64 ", completed %" PRIu64 ", errors %"
			PRIu64 ", recoveries %" PRIu64 ", function resets %" PRIu64 "\n",
			v.stats.submitted, v.stats.completed, v.stats.errors, v.recoveries,
			v.resets);
		fprintf(f, "    error log: faults %" PRIu64 " since start, possibly lost %" PRIu64
			"\n", v.filed, v.lost);
	}
	registry_put();
	return 0;
}

/* ---- telemetry ------------------------------------------------------------------------------- */

/*
 * Dictionaries are filled without a look at what the additions return: all names are good, all of
 * them fit, and a string that is cut is still worth having.
 */

static void
put_u64(struct rte_tel_data *d, const char *name, uint64_t val)
{
	sdxi_tel_dict_u64(d, name, val);
}

static void
put_str(struct rte_tel_data *d, const char *name, const char *val)
{
	rte_tel_data_add_dict_string(d, name, val);
}

/* A dictionary to be filled and then put, or NULL. */
static struct rte_tel_data *
dict_new(void)
{
	struct rte_tel_data *d = rte_tel_data_alloc();

	if (d != NULL)
		rte_tel_data_start_dict(d);
	return d;
}

static void
put_dict(struct rte_tel_data *d, const char *name, struct rte_tel_data *val)
{
	if (rte_tel_data_add_dict_container(d, name, val, 0) < 0)
		rte_tel_data_free(val);
}

static void
put_context(struct rte_tel_data *d, const struct cxt_view *v)
{
	put_u64(d, "context", v->num);
	put_str(d, "state", sdxi_cxt_state_name(v->state));
	put_str(d, "condition", v->condition);
	put_u64(d, "ring_size", v->ring_sz);
	put_u64(d, "nb_desc", v->nb_desc);
	put_u64(d, "ops_enqueued", v->enqueued);
	put_u64(d, "ops_submitted", v->submitted);
	put_u64(d, "ops_reported", v->reported);
	put_u64(d, "ops_outstanding", outstanding(v));
	put_u64(d, "descriptors_written", v->written);
	put_u64(d, "write_index", v->write_index);
	put_u64(d, "read_index", v->read_index);
}

static void
put_stats(struct rte_tel_data *d, const struct cxt_view *v)
{
	put_u64(d, "submitted", v->stats.submitted);
	put_u64(d, "completed", v->stats.completed);
	put_u64(d, "errors", v->stats.errors);
	put_u64(d, "recoveries", v->recoveries);
	put_u64(d, "function_resets", v->resets);
}

static void
put_entry(struct rte_tel_data *d, const struct sdxi_errlog_hd_ent *ent)
{
	uint64_t hd = rte_le_to_cpu_64(ent->hd);

	if ((hd & SDXI_ERRLOG_CV) != 0)
		put_u64(d, "context", SDXI_GET(SDXI_ERRLOG_CXT_NUM, hd));
	if ((hd & SDXI_ERRLOG_DIV) != 0)
		put_u64(d, "descriptor", rte_le_to_cpu_64(ent->dsc_index));
	if ((hd & SDXI_ERRLOG_BV) != 0)
		put_u64(d, "buffer", SDXI_GET(SDXI_ERRLOG_BUF, hd));
	put_str(d, "step", sdxi_errlog_step_name(SDXI_GET(SDXI_ERRLOG_STEP, hd)));
	put_str(d, "sub_step", sdxi_errlog_sub_step_name(SDXI_GET(SDXI_ERRLOG_SUB_STEP, hd)));
	put_str(d, "reaction", sdxi_errlog_reaction_name(SDXI_GET(SDXI_ERRLOG_RE, hd)));
	put_u64(d, "class", rte_le_to_cpu_16(ent->err_class));
}

static int
put_errlog(struct rte_tel_data *d, const struct errlog_view *v)
{
	struct rte_tel_data *ent[SDXI_ERRLOG_RECENT], *errors;
	char number[24];
	unsigned int i;

	put_u64(d, "enabled", v->enabled);
	put_u64(d, "interrupt", v->intr);
	put_u64(d, "size", v->size);
	put_u64(d, "read", v->read);
	put_u64(d, "entries", v->stats.entries);
	put_u64(d, "overflows", v->stats.overflow);
	put_u64(d, "unusable", v->stats.unusable);
	put_u64(d, "bad_err_wrt", v->stats.misfit);
	put_u64(d, "invalid", v->stats.invalid);
	put_u64(d, "about_other_contexts", v->stats.unfiled);
	put_u64(d, "lines_left_out", v->stats.left_out);
	/* By number: the oldest versions have no arrays of dictionaries. */
	errors = dict_new();
	if (errors == NULL)
		return -ENOMEM;
	/* All at first: what has been put into another is not freed along with it. */
	for (i = 0; i < v->nb; i++) {
		ent[i] = dict_new();
		if (ent[i] == NULL)
			goto err;
	}
	for (i = 0; i < v->nb; i++) {
		put_entry(ent[i], &v->recent[i]);
		snprintf(number, sizeof(number), "%" PRIu64, v->first + i);
		put_dict(errors, number, ent[i]);
	}
	put_dict(d, "last", errors);
	return 0;
err:
	while (i-- > 0)
		rte_tel_data_free(ent[i]);
	rte_tel_data_free(errors);
	return -ENOMEM;
}

static void
put_function(struct rte_tel_data *d, const struct sdxi_dev *dev)
{
	char text[32];

	put_str(d, "name", dev->name);
	snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64,
		 SDXI_GET(SDXI_VERSION_MAJOR, LOOK(dev->version)),
		 SDXI_GET(SDXI_VERSION_MINOR, LOOK(dev->version)));
	put_str(d, "version", text);
	put_str(d, "state", sdxi_dev_state_name(sdxi_dev_state(dev)));
	put_str(d, "condition", condition_name(dev));
	put_u64(d, "max_cxt", LOOK(dev->max_cxt));
	put_u64(d, "max_ring", LOOK(dev->max_ring));
	put_u64(d, "max_len", LOOK(dev->max_len));
	snprintf(text, sizeof(text), "0x%" PRIx32, LOOK(dev->opb_000));
	put_str(d, "operation_groups", text);
	put_u64(d, "doorbell_stride", LOOK(dev->db_stride));
	put_u64(d, "max_vchans", max_vchans(dev));
	put_str(d, "completion", dev->batch ? "batch" : "op");
	put_str(d, "completions_in_use", mode_name(dev));
	put_u64(d, "qos", LOOK(dev->qos));
	put_u64(d, "watchdog_ms", dev->watchdog_ms);
	put_u64(d, "errlog_size", errlog_size(dev));
	put_u64(d, "nb_vchans", LOOK(dev->nb_vchans));
}

/* A number at @p *p, which then is behind it and behind the @p end that has to follow; or false. */
static bool
parse_u16(const char **p, char end, uint16_t *val)
{
	unsigned long n;
	char *rest;

	if (*p == NULL || !isdigit((unsigned char)**p))
		return false;
	errno = 0;
	n = strtoul(*p, &rest, 10);
	if (errno != 0 || n > UINT16_MAX || *rest != end)
		return false;
	*val = n;
	*p = end == '\0' ? rest : rest + 1;
	return true;
}

static int
tel_list(const char *cmd, const char *params, struct rte_tel_data *d)
{
	unsigned int i;

	RTE_SET_USED(cmd);
	RTE_SET_USED(params);
	rte_tel_data_start_array(d, RTE_TEL_INT_VAL);
	pthread_mutex_lock(&registry.lock);
	for (i = 0; i < registry.nb; i++)
		rte_tel_data_add_array_int(d, registry.dev[i]->id);
	pthread_mutex_unlock(&registry.lock);
	return 0;
}

static int
tel_info(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct rte_tel_data *admin, *sum, *errlog;
	struct cxt_view v, total = { .set_up = true };
	struct errlog_view log;
	struct sdxi_dev *dev;
	uint64_t waiting = 0;
	uint16_t id, nb, i;
	int ret = -ENOMEM;

	RTE_SET_USED(cmd);
	if (!parse_u16(&params, '\0', &id))
		return -EINVAL;
	admin = dict_new();
	sum = dict_new();
	errlog = dict_new();
	if (admin == NULL || sum == NULL || errlog == NULL)
		goto err;
	dev = registry_get(NULL, id);
	if (dev == NULL) {
		ret = -ENODEV;
		goto err;
	}
	look_at_errlog(&log, dev);
	ret = put_errlog(errlog, &log);
	if (ret < 0) {
		registry_put();
		goto err;
	}

	rte_tel_data_start_dict(d);
	put_function(d, dev);
	look_at_context(&v, &dev->admin.cxt, &dev->admin.ring);
	if (v.set_up) {
		v.condition = LOOK(dev->admin.usable) ? "answers commands" : "answers no commands";
		put_context(admin, &v);
	}
	put_dict(d, "administrative", admin);
	nb = LOOK(dev->nb_vchans);
	for (i = 0; i < nb && look_at_vchan(&v, dev, i); i++) {
		total.stats.submitted += v.stats.submitted;
		total.stats.completed += v.stats.completed;
		total.stats.errors += v.stats.errors;
		total.recoveries += v.recoveries;
		total.resets += v.resets;
		waiting += outstanding(&v);
	}
	registry_put();
	put_stats(sum, &total);
	put_u64(sum, "outstanding", waiting);
	put_dict(d, "all_vchans", sum);
	put_dict(d, "errlog", errlog);
	return 0;
err:
	rte_tel_data_free(errlog);
	rte_tel_data_free(sum);
	rte_tel_data_free(admin);
	return ret;
}

static int
tel_vchan(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct sdxi_dev *dev;
	struct cxt_view v;
	uint16_t id, vchan;
	bool found;

	RTE_SET_USED(cmd);
	if (!parse_u16(&params, ',', &id) || !parse_u16(&params, '\0', &vchan))
		return -EINVAL;
	dev = registry_get(NULL, id);
	if (dev == NULL)
		return -ENODEV;
	found = look_at_vchan(&v, dev, vchan);
	registry_put();
	if (!found)
		return -EINVAL;
	rte_tel_data_start_dict(d);
	put_u64(d, "vchan", vchan);
	put_u64(d, "set_up", v.set_up);
	if (!v.set_up)
		return 0;
	put_context(d, &v);
	put_stats(d, &v);
	put_u64(d, "faults", v.filed);
	put_u64(d, "faults_possibly_lost", v.lost);
	return 0;
}

RTE_INIT(sdxi_report_init)
{
	rte_telemetry_register_cmd("/dmadev_sdxi/list", tel_list,
		"Returns the ids of the SDXI devices among the dmadevs. No parameters.");
	rte_telemetry_register_cmd("/dmadev_sdxi/info", tel_info,
		"Returns an SDXI device's state and its last errors. Parameters: int dev_id");
	rte_telemetry_register_cmd("/dmadev_sdxi/vchan", tel_vchan,
		"Returns a channel's state. Parameters: int dev_id, int vchan");
}
