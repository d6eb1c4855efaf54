/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * The driver against a function that lies (liar.h), as an application uses it: the input says what
 * the function and the application do. Whatever that is, the driver stays within its memory, each
 * call ends, no operation is reported twice or out of turn, and when the function is honest again,
 * the device can be closed and leaves nothing behind.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bus_driver.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_log.h>
#include <rte_malloc.h>

#include "liar.h"
#include "sdxi_dmadev.h"

#define NAME	   "fuzz"
/* Behind so many steps of all calls an input comes to its end. */
#define MAX_STEPS  400000
#define MAX_CMDS   8
#define MAX_NESTED 256

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What the application knows of a channel. */
struct model {
	uint64_t enqueued;
	uint64_t submitted;
	uint64_t reported;
	uint16_t nb_desc;
};

static struct {
	int id;
	bool silent;
	bool started;
	bool used; /* started since it was configured */
	uint16_t nb_vchans;
	uint64_t all_submitted; /* since statistics were reset */
	uint64_t all_reported;
	uint64_t all_failed;
	struct model vchan[LIAR_MAX_VCHANS];
} app;

static FILE *null;
static size_t heap_base; /* what EAL's heap holds when there is no device */

/* Telemetry. */

static struct {
	const char *name;
	telemetry_cb fn;
} cmds[MAX_CMDS];
static unsigned int nb_cmds;
static struct rte_tel_data *nested[MAX_NESTED];
static unsigned int nb_nested;

int
fuzz_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help)
{
	RTE_SET_USED(help);
	liar_check(nb_cmds < MAX_CMDS, "too many commands");
	cmds[nb_cmds].name = cmd;
	cmds[nb_cmds++].fn = fn;
	return 0;
}

#undef rte_tel_data_add_dict_container

/* What is put into what is shown is freed where that is done. */
int
fuzz_tel_data_add_dict_container(struct rte_tel_data *d, const char *name,
				 struct rte_tel_data *val, int keep)
{
	int ret = rte_tel_data_add_dict_container(d, name, val, keep);

	if (ret == 0) {
		liar_check(nb_nested < MAX_NESTED, "too much is shown");
		nested[nb_nested++] = val;
	}
	return ret;
}

static void
do_telemetry(void)
{
	uint8_t which = liar_take8();
	struct rte_tel_data *d = rte_tel_data_alloc();
	char params[16];
	unsigned int i = which % nb_cmds;

	snprintf(params, sizeof(params), "%s%d", (which & 0x40) != 0 ? "x" : "",
		 app.id + (which >> 7));
	if (strstr(cmds[i].name, "vchan") != NULL)
		snprintf(params, sizeof(params), "%d,%u", app.id, which >> 4 & 3);
	liar_check(d != NULL, "no memory");
	liar_check(cmds[i].fn(cmds[i].name, (which & 0x20) != 0 ? NULL : params, d) <= 0,
		   "telemetry gives no errno");
	rte_tel_data_free(d);
	while (nb_nested > 0)
		rte_tel_data_free(nested[--nb_nested]);
}

/* Life. */

static const struct rte_device device = { .name = NAME, .numa_node = SOCKET_ID_ANY };

/* Each call has its bound of steps, and gives no more than 0 where it gives an errno. */
#define CALL(call)                                                                                 \
	__extension__({                                                                            \
		int ret_;                                                                          \
                                                                                                   \
		liar_call();                                                                       \
		ret_ = (call);                                                                     \
		liar_check(ret_ <= 0, "%s gives %d", #call, ret_);                                 \
		ret_;                                                                              \
	})

static void
acts(void)
{
	unsigned int n;

	for (n = liar_take8() & 3; n > 0; n--)
		liar_act();
}

/* What is typed behind a device's name. */
static void
do_args(void)
{
	static const char * const keys[] = {
		SDXI_ARG_MAX_VCHANS, SDXI_ARG_ERRLOG_SIZE, SDXI_ARG_WATCHDOG, SDXI_ARG_COMPLETION, "x",
	};
	const char *key = keys[liar_take8() % RTE_DIM(keys)];
	struct sdxi_args args;
	char value[8];
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(value) - 1; i++)
		value[i] = liar_take8();
	value[i] = '\0';
	sdxi_args_default(&args);
	ret = CALL(sdxi_args_parse(NAME, key, value, &args));
	liar_check(ret == 0 || ret == -EINVAL || (ret == -ENOENT && key == keys[4]),
		   "argument %s gives %d", key, ret);
	liar_check(args.errlog_size % SDXI_ERRLOG_UNIT == 0 && args.watchdog_ms <= 60000,
		   "argument %s=%s is taken", key, value);
}

static bool
probe(const struct sdxi_fn *fn)
{
	uint8_t how = liar_take8();
	struct sdxi_args args;
	struct rte_device dev = device;

	sdxi_args_default(&args);
	args.batch = (how & 1) != 0;
	args.watchdog_ms = (how & 6) == 0 ? 1 : (how & 6) == 2 ? 1000 : (how & 6) == 4 ? 0 : 60000;
	args.errlog_size = (how & 8) != 0 ? (how >> 4) * SDXI_ERRLOG_UNIT : 0;
	args.max_vchans = (how & 0x80) != 0 ? 2 : 0;
	acts();
	if (CALL(sdxi_dmadev_create(NAME, &dev, fn, &args)) < 0) {
		liar_check(rte_dma_get_dev_id_by_name(NAME) < 0, "a probe that fails leaves a dmadev");
		liar_forsake();
		return false;
	}
	app.id = rte_dma_get_dev_id_by_name(NAME);
	liar_check(app.id >= 0, "a probe that succeeds leaves no dmadev");
	app.started = false;
	app.used = false;
	app.nb_vchans = 0;
	liar_serve(sdxi_dev_fn_get(app.id)->dmadev->data->dev_private);
	return true;
}

static void
stats_forget(void)
{
	app.all_submitted = 0;
	app.all_reported = 0;
	app.all_failed = 0;
}

static void
model_reset(struct model *m)
{
	m->enqueued = 0;
	m->submitted = 0;
	m->reported = 0;
}

static bool
do_start(void)
{
	unsigned int i;

	if (app.started)
		return false;
	/* Where that fails, channels are neither as they were nor as they should be. */
	app.used = false;
	if (CALL(rte_dma_start(app.id)) < 0)
		return false;
	for (i = 0; i < app.nb_vchans; i++)
		model_reset(&app.vchan[i]);
	app.started = true;
	app.used = true;
	return true;
}

static bool
do_configure(void)
{
	static const uint16_t sizes[] = { 16, 1, 2, 64, 1024, 1025, 3, 32768 };
	struct rte_dma_vchan_conf vconf = { .direction = RTE_DMA_DIR_MEM_TO_MEM };
	struct rte_dma_conf conf = { 0 };
	struct rte_dma_info info;
	uint8_t how = liar_take8(), size = liar_take8();
	unsigned int i;
	bool silent;

	app.used = false;
	liar_call();
	liar_check(rte_dma_info_get(app.id, &info) == 0, "there is no info");
	conf.nb_vchans = RTE_MIN(1 + (how & 3) % LIAR_MAX_VCHANS, info.max_vchans);
	silent = (how & 0xc) == 0xc;
#ifdef RTE_DMA_CFG_FLAG_SILENT
	conf.flags = silent ? RTE_DMA_CFG_FLAG_SILENT : 0;
#else
	conf.enable_silent = silent;
#endif
	if (CALL(rte_dma_configure(app.id, &conf)) < 0)
		return false;
	app.nb_vchans = conf.nb_vchans;
	app.silent = silent;
	/* Statistics are those of channels, and these are new. */
	stats_forget();
	acts();
	liar_check(CALL(rte_dma_start(app.id)) == -EINVAL, "channels start that are not set up");
	for (i = 0; i < conf.nb_vchans; i++) {
		vconf.nb_desc = RTE_MIN(sizes[size % RTE_DIM(sizes)], info.max_desc);
		app.vchan[i].nb_desc = vconf.nb_desc;
		if (CALL(rte_dma_vchan_setup(app.id, i, &vconf)) < 0)
			return false;
		/* Again, with its memory there already. */
		if ((how & 0x80) != 0 && CALL(rte_dma_vchan_setup(app.id, i, &vconf)) < 0)
			return false;
	}
	acts();
	return true;
}

/* Traffic. */

static bool
vchan_is_usable(unsigned int vchan)
{
	return app.used && vchan < app.nb_vchans;
}

/* Anything that the application may call for has so many operations more than were reported. */
static void
check_index(unsigned int vchan, int idx, bool submit)
{
	struct model *m = &app.vchan[vchan];

	if (idx < 0) {
		liar_check(idx == -EINVAL || idx == -ENOSPC || idx == -EIO,
			   "vchan %u: an enqueue gives %d", vchan, idx);
		return;
	}
	liar_check(idx == (uint16_t)m->enqueued, "vchan %u: expected index %u, found %d", vchan,
		   (uint16_t)m->enqueued, idx);
	liar_check(app.started, "vchan %u: takes operations while stopped", vchan);
	m->enqueued++;
	if (submit) {
		app.all_submitted += m->enqueued - m->submitted;
		m->submitted = m->enqueued;
	}
	liar_check(app.silent || m->enqueued - m->reported <= m->nb_desc,
		   "vchan %u: %" PRIu64 " operations are outstanding, %u may be", vchan,
		   m->enqueued - m->reported, m->nb_desc);
}

/* Where the application says; or nowhere, or over the end of what is there. */
static uint64_t
take_addr(unsigned int half)
{
	uint64_t base = (uintptr_t)liar_mem + half * (LIAR_MEM_LEN / 2);
	uint8_t where = liar_take8();

	switch (where >> 6) {
	case 1:
		return base + (where & 63) * 8;
	case 2:
		return base + (where & 63) * 500;
	case 3:
		return where == 0xff ? LIAR_NOWHERE / 2 : (uint64_t)where << 8;
	default:
		return base;
	}
}

static uint32_t
take_len(void)
{
	static const uint32_t lens[] = {
		64, 1, 0, 32, 33, 65, 100, 4096, 4097, 8192, 12345, 16384, 1u << 21,
		(1u << 21) + 1, 1u << 31, UINT32_MAX,
	};

	return lens[liar_take8() % RTE_DIM(lens)];
}

static uint64_t
take_flags(void)
{
	uint8_t bits = liar_take8();

	return ((bits & 1) != 0 ? 0 : RTE_DMA_OP_FLAG_SUBMIT) |
	       ((bits & 2) != 0 ? RTE_DMA_OP_FLAG_FENCE : 0);
}

static void
do_copies(unsigned int vchan, unsigned int nb)
{
	uint64_t flags = take_flags(), src = take_addr(0), dst = take_addr(1);
	uint32_t len = take_len();
	uint64_t steps = liar_call();
	int idx = 0;

	/* Each of them may take a recovery. */
	for (; nb > 0 && idx >= 0 && liar_call() - steps < MAX_STEPS / 100; nb--) {
		idx = rte_dma_copy(app.id, vchan, src, dst, len, flags);
		check_index(vchan, idx, (flags & RTE_DMA_OP_FLAG_SUBMIT) != 0);
	}
}

static void
do_fill(unsigned int vchan)
{
	uint64_t flags = take_flags(), dst = take_addr(1), pattern = liar_take_val(vchan);
	uint32_t len = take_len();

	liar_call();
	check_index(vchan, rte_dma_fill(app.id, vchan, pattern, dst, len, flags),
		    (flags & RTE_DMA_OP_FLAG_SUBMIT) != 0);
}

static void
do_copy_sg(unsigned int vchan)
{
	struct rte_dma_sge src[4], dst[4];
	uint64_t flags = take_flags();
	uint8_t shape = liar_take8();
	unsigned int i, nb_src = 1 + (shape & 3), nb_dst = 1 + (shape >> 2 & 3);

	/* Of the same length altogether, mostly. */
	for (i = 0; i < nb_src; i++)
		src[i] = (struct rte_dma_sge){ .addr = take_addr(0), .length = 48 / nb_src };
	for (i = 0; i < nb_dst; i++)
		dst[i] = (struct rte_dma_sge){ .addr = take_addr(1), .length = 48 / nb_dst };
	if ((shape & 0x80) != 0)
		src[0].length = take_len();
	liar_call();
	check_index(vchan, rte_dma_copy_sg(app.id, vchan, src, dst, nb_src, nb_dst, flags),
		    (flags & RTE_DMA_OP_FLAG_SUBMIT) != 0);
}

static void
do_submit(unsigned int vchan)
{
	struct model *m = &app.vchan[vchan];

	if (CALL(rte_dma_submit(app.id, vchan)) == 0) {
		app.all_submitted += m->enqueued - m->submitted;
		m->submitted = m->enqueued;
	}
}

/* So many operations have been reported, the last of which is this. */
static void
check_reported(unsigned int vchan, uint16_t n, uint16_t max, uint16_t last)
{
	struct model *m = &app.vchan[vchan];

	liar_check(n <= max, "vchan %u: %u operations are reported, %u were asked for", vchan, n,
		   max);
	if (app.silent) {
		liar_check(n == 0, "vchan %u: is silent, and reports %u operations", vchan, n);
		/* Those that are said to be done were submitted. */
		liar_check((uint16_t)(m->enqueued - 1 - last) <= m->enqueued,
			   "vchan %u: %" PRIu64 " operations, the last is %u", vchan, m->enqueued,
			   last);
		return;
	}
	liar_check(n <= m->submitted - m->reported,
		   "vchan %u: %u operations are reported, %" PRIu64 " were outstanding", vchan, n,
		   m->submitted - m->reported);
	m->reported += n;
	app.all_reported += n;
	liar_check(last == (uint16_t)(m->reported - 1), "vchan %u: expected last index %u, found %u",
		   vchan, (uint16_t)(m->reported - 1), last);
}

static unsigned int
do_completed(unsigned int vchan, uint16_t max)
{
	struct model *m = &app.vchan[vchan];
	bool has_error = false;
	uint16_t last = 0x5d, n;

	liar_call();
	n = rte_dma_completed(app.id, vchan, max, &last, &has_error);
	check_reported(vchan, n, max, last);
	liar_check(!has_error || m->reported < m->submitted,
		   "vchan %u: an error, and nothing is outstanding", vchan);
	return n;
}

static unsigned int
do_completed_status(unsigned int vchan, uint16_t max)
{
	enum rte_dma_status_code status[64];
	uint16_t last = 0x5d, n, i;

	max = RTE_MIN(max, (uint16_t)RTE_DIM(status));
	liar_call();
	n = rte_dma_completed_status(app.id, vchan, max, &last, status);
	check_reported(vchan, n, max, last);
	for (i = 0; i < n; i++) {
		liar_check(status[i] >= RTE_DMA_STATUS_SUCCESSFUL &&
			   status[i] <= RTE_DMA_STATUS_ERROR_UNKNOWN, "vchan %u: status %d", vchan,
			   status[i]);
		app.all_failed += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
	}
	return n;
}

static void
do_burst_capacity(unsigned int vchan)
{
	struct model *m = &app.vchan[vchan];
	uint64_t most = m->nb_desc;
	uint32_t remade;
	uint16_t room;
	bool bad;

	liar_call();
	bad = liar_index_is_bad(vchan);
	remade = liar_remade(vchan);
	room = rte_dma_burst_capacity(app.id, vchan);
	if (!app.silent)
		most -= m->enqueued - m->reported;
	liar_check(room <= most, "vchan %u: room for %u operations, expected at most %" PRIu64,
		   vchan, room, most);
	/* It looks at Read_Index first. */
	liar_check(!bad || room == 0 || liar_remade(vchan) != remade,
		   "vchan %u: room for %u operations, and nobody knows how far the function is",
		   vchan, room);
}

static void
do_status(unsigned int vchan)
{
	enum rte_dma_vchan_status status = (enum rte_dma_vchan_status)-1;
	unsigned int looks = 1 + (liar_take8() & 1) * 256;

	while (looks-- > 0) {
		liar_check(CALL(rte_dma_vchan_status(app.id, vchan, &status)) == 0,
			   "vchan %u: no status", vchan);
		liar_check(status == RTE_DMA_VCHAN_IDLE || status == RTE_DMA_VCHAN_ACTIVE ||
			   status == RTE_DMA_VCHAN_HALTED_ERROR, "vchan %u: status %d", vchan,
			   status);
	}
}

static void
do_stats(void)
{
	struct rte_dma_stats stats, one, sum = { 0 };
	unsigned int i;

	if (CALL(rte_dma_stats_get(app.id, RTE_DMA_ALL_VCHAN, &stats)) < 0)
		return;
	for (i = 0; i < app.nb_vchans; i++) {
		liar_check(CALL(rte_dma_stats_get(app.id, i, &one)) == 0, "there are no statistics");
		sum.submitted += one.submitted;
		sum.completed += one.completed;
	}
	/* A silent channel is asked for what has completed meanwhile. */
	if (!app.used || app.silent)
		return;
	liar_check(sum.submitted == stats.submitted && sum.completed == stats.completed,
		   "the sum of all statistics is another");
	liar_check(stats.submitted == app.all_submitted && stats.completed == app.all_reported &&
		   stats.errors == app.all_failed,
		   "statistics: expected %" PRIu64 " submitted, %" PRIu64 " completed, %" PRIu64
		   " failed, found %" PRIu64 ", %" PRIu64 ", %" PRIu64, app.all_submitted,
		   app.all_reported, app.all_failed, stats.submitted, stats.completed,
		   stats.errors);
}

static void
do_stats_reset(void)
{
	unsigned int i;

	if ((liar_take8() & 1) != 0) {
		for (i = 0; i < app.nb_vchans; i++)
			liar_check(CALL(rte_dma_stats_reset(app.id, i)) == 0,
				   "statistics are not reset");
		stats_forget();
	} else if (CALL(rte_dma_stats_reset(app.id, RTE_DMA_ALL_VCHAN)) == 0) {
		stats_forget();
	}
}

static void
do_stop(void)
{
	unsigned int i;

	if (!app.started || CALL(rte_dma_stop(app.id)) < 0)
		return;
	app.started = false;
	for (i = 0; i < app.nb_vchans && !app.silent; i++) {
		do_submit(i);
		/* Nothing that the function does keeps an operation of a stopped device back. */
		while (app.vchan[i].reported < app.vchan[i].submitted)
			liar_check(do_completed_status(i, 64) > 0,
				   "vchan %u: stopped, and %" PRIu64 " operations are never reported",
				   i, app.vchan[i].submitted - app.vchan[i].reported);
	}
}

static void
do_destroy(void)
{
	/* A function that lies may keep its memory, and the device is still there then. */
	if (CALL(sdxi_dmadev_destroy(NAME)) < 0) {
		liar_check(rte_dma_get_dev_id_by_name(NAME) == app.id, "the dmadev is gone all the same");
		liar_repent();
		liar_check(CALL(sdxi_dmadev_destroy(NAME)) == 0,
			   "the device of an honest function is not closed");
	}
	app.id = -1;
	app.used = false;
	app.started = false;
	liar_check(rte_dma_get_dev_id_by_name(NAME) < 0, "a dmadev is left");
	liar_check(liar_nb_pieces() == 0, "%u pieces of memory are left", liar_nb_pieces());
	liar_forsake();
	stats_forget();
}

/* Polls with time in between, for a watchdog to look after the channel. */
static void
do_wait(unsigned int vchan)
{
	uint8_t how = liar_take8();
	unsigned int n;

	for (n = how & 15; n > 0; n--) {
		liar_pass(UINT64_C(100000) << (how >> 5));
		liar_run(4);
		if ((how & 16) != 0)
			do_completed(vchan, 64);
		else
			do_completed_status(vchan, 64);
	}
}

static void
do_something(const struct sdxi_fn *fn)
{
	uint8_t what = liar_take8();
	unsigned int vchan = what >> 6;

	if (app.nb_vchans > 0)
		vchan %= app.nb_vchans;
	switch (what & 31) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
		liar_act();
		return;
	case 6:
		liar_run(1 + liar_take8());
		return;
	case 7:
		liar_pass((uint64_t)liar_take8() * 500000);
		return;
	case 8:
		do_stop();
		return;
	case 9:
		do_start();
		return;
	case 10:
		do_stop();
		if (!app.started && do_configure())
			do_start();
		return;
	case 11:
		do_destroy();
		if (probe(fn) && do_configure())
			do_start();
		return;
	case 12:
		do_stats();
		return;
	case 13:
		do_stats_reset();
		return;
	case 14:
		liar_call();
		liar_check(rte_dma_dump(app.id, null) == 0, "nothing is dumped");
		return;
	case 15:
		do_telemetry();
		return;
	case 31:
		do_args();
		return;
	}
	if (!vchan_is_usable(vchan))
		return;
	switch (what & 31) {
	case 16:
	case 17:
		do_copies(vchan, 1);
		break;
	case 18:
		do_copies(vchan, 2 + liar_take8() % 32);
		break;
	case 19:
		do_copies(vchan, 2 * SDXI_DS_RING_SZ_MIN);
		break;
	case 20:
	case 21:
		do_fill(vchan);
		break;
	case 22:
	case 23:
		do_copy_sg(vchan);
		break;
	case 24:
		do_submit(vchan);
		break;
	case 25:
		do_completed(vchan, liar_take8());
		break;
	case 26:
	case 27:
		do_completed_status(vchan, liar_take8());
		break;
	case 28:
		do_burst_capacity(vchan);
		break;
	case 29:
		do_status(vchan);
		break;
	default:
		do_wait(vchan);
		break;
	}
}

/* Whatever was done to it, with an honest function the device works again. */
static void
check_cure(void)
{
	struct rte_dma_vchan_conf vconf = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 16 };
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	uint8_t *src = liar_mem, *dst = liar_mem + LIAR_MEM_LEN / 2;
	unsigned int looks;

	liar_cure();
	do_stop();
	liar_check(!app.started, "a device with an honest function cannot be stopped");
	liar_check(CALL(rte_dma_configure(app.id, &conf)) == 0 &&
		   CALL(rte_dma_vchan_setup(app.id, 0, &vconf)) == 0,
		   "a device with an honest function cannot be configured");
	/* What was written into its tables is found out when it is told of them. */
	if (CALL(rte_dma_start(app.id)) < 0)
		liar_check(CALL(rte_dma_start(app.id)) == 0,
			   "a device with an honest function cannot be started");
	app.started = true;
	app.used = true;
	app.silent = false;
	app.nb_vchans = 1;
	app.vchan[0].nb_desc = vconf.nb_desc;
	model_reset(&app.vchan[0]);
	stats_forget();
	memset(src, 0x5d, 64);
	memset(dst, 0, 64);
	check_index(0, rte_dma_copy(app.id, 0, (uintptr_t)src, (uintptr_t)dst, 64,
				    RTE_DMA_OP_FLAG_SUBMIT), true);
	liar_check(app.vchan[0].enqueued == 1, "an operation is refused");
	for (looks = 0; looks < 1000 && app.vchan[0].reported == 0; looks++) {
		liar_run(16);
		do_completed_status(0, 1);
	}
	liar_check(app.vchan[0].reported == 1 && app.all_failed == 0 && memcmp(src, dst, 64) == 0,
		   "an operation of an honest function is not done");
}

/* What EAL's own heap holds, for the dmadev itself. */
static size_t
heap_used(void)
{
	struct rte_malloc_socket_stats stats;

	liar_check(rte_malloc_get_socket_stats(0, &stats) == 0, "there is no heap");
	return stats.heap_allocsz_bytes;
}

/* A function and its device, from probe to close. */
static void
live(const uint8_t *data, size_t len)
{
	struct sdxi_fn fn;

	liar_input(data, len);
	memset(&app, 0, sizeof(app));
	app.id = -1;
	fn = liar_create();
	if (probe(&fn) && do_configure())
		do_start();
	while (app.id >= 0 && liar_has_input() && liar_call() < MAX_STEPS)
		do_something(&fn);
	if (app.id >= 0) {
		/* The input has no more to say, so these are the lies that last. */
		if (liar_has_cure())
			check_cure();
		do_destroy();
	}
	liar_check(liar_nb_pieces() == 0, "%u pieces of memory are left", liar_nb_pieces());
	liar_destroy();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *args[] = {
		(char[]){ "fuzz" }, (char[]){ "--no-huge" }, (char[]){ "--no-shconf" },
		(char[]){ "--no-pci" }, (char[]){ "--no-telemetry" }, (char[]){ "-m" },
		(char[]){ "64" }, (char[]){ "-l" }, (char[]){ "0" }, NULL,
	};

	RTE_SET_USED(argc);
	RTE_SET_USED(argv);
	liar_check(rte_eal_init(RTE_DIM(args) - 1, args) >= 0, "there is no EAL");
	/* Lines are made, and go nowhere, unless an input is looked into. */
	null = fopen("/dev/null", "w");
	liar_check(null != NULL, "there is no /dev/null");
	if (getenv("SDXI_FUZZ_LOG") == NULL)
		rte_openlog_stream(null);
	/*
	 * The first dmadev takes what all share: an honest one, so that each input is judged alike.
	 */
	live(NULL, 0);
	heap_base = heap_used();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	live(data, len);
	liar_check(heap_used() == heap_base, "EAL's heap held %zu bytes, and %zu now", heap_base,
		   heap_used());
	return 0;
}
