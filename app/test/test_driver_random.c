/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Runs a given number of operations of test_driver_model.h, on all channels in turn. */

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_log.h>

#include "test_driver_model.h"

enum {
	NB_DESC = 512,
	MANY_OPS = 1000000, /* from this number on, all kinds of faults hit */
	/* A function whose thread has no CPU for this long would count as hung. */
	WATCHDOG_MS = 3000,
	/* Without faults no recovery may happen, however slow the machine is. */
	WATCHDOG_OFF = 0,
};

/* A constant default seed separates new bugs from old ones. */
#define DEFAULT_SEED UINT64_C(0x5d5d1)

static uint64_t nb_ops;
static unsigned int nb_fns;
static struct model_fn fns[MODEL_MAX_FNS];
static struct model_vchan *vchans;

static void
show_progress(void)
{
	static uint64_t shown;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < MODEL_VCHANS; i++)
		sum += vchans[i].tail;
	if (sum * 10 / nb_ops == shown)
		return;
	shown = sum * 10 / nb_ops;
	fprintf(stderr, "%" PRIu64 " of %" PRIu64 " operations\n", sum, nb_ops);
}

static void
drive(void)
{
	unsigned int i, finished = 0;
	struct td_bound bound;
	bool done;

	td_bound_set(&bound);
	while (finished < MODEL_VCHANS) {
		done = false;
		finished = 0;
		for (i = 0; i < MODEL_VCHANS; i++) {
			if (model_is_finished(&vchans[i]))
				finished++;
			else if (model_step(&vchans[i]))
				done = true;
		}
		for (i = 0; i < nb_fns; i++)
			if (model_fn_is_dying(&fns[i]))
				model_fn_restart(&fns[i]);
		show_progress();
		if (done) {
			td_bound_set(&bound);
		} else if (td_bound_yield(&bound)) {
			for (i = 0; i < MODEL_VCHANS && model_is_finished(&vchans[i]); i++)
				;
			model_hangs(&vchans[i]);
		}
	}
}

static void
set_up(void)
{
	unsigned int i, f;
	char args[256];

	vchans = model_make();
	snprintf(args, sizeof(args), "error=%s,order=%s,seed=%" PRIu64 ",watchdog=%d",
		 model_conf.cont ? "continue" : "stop", model_conf.reorder ? "random" : "in",
		 model_conf.seed, model_conf.faults ? WATCHDOG_MS : WATCHDOG_OFF);
	for (f = 0; f < nb_fns; f++) {
		struct model_fn *fn = &fns[f];

		snprintf(fn->name, sizeof(fn->name), "dma_sdxi_emu%u", f);
		fn->vchans = MODEL_VCHANS / nb_fns;
		fn->vchan = &vchans[f * fn->vchans];
		fn->id = td_open(fn->name, args, fn->vchans, NB_DESC);
		for (i = 0; i < fn->vchans; i++) {
			model_is_probed(&fn->vchan[i], fn, i, 0);
			model_is_configured(&fn->vchan[i], NB_DESC);
			model_go_on(&fn->vchan[i], nb_ops / MODEL_VCHANS);
		}
	}
}

static void
test_random(void **state)
{
	uint64_t failed = 0, not_attempted = 0, exact = 0, single = 0, restarts = 0;
	uint64_t hits[SDXI_EMU_FAULT_KINDS] = { 0 }, all_hits = 0, digest = 0;
	unsigned int i;

	RTE_SET_USED(state);
	set_up();
	drive();
	for (i = 0; i < nb_fns; i++) {
		model_fn_hits(&fns[i], hits);
		assert_return_code(rte_dma_stop(fns[i].id), 0);
	}
	model_recheck(vchans);
	for (i = 0; i < MODEL_VCHANS; i++) {
		failed += vchans[i].nb_failed;
		not_attempted += vchans[i].nb_not_attempted;
		exact += vchans[i].nb_exact;
		single += vchans[i].nb_single;
		digest = td_word(digest, vchans[i].digest);
		restarts += vchans[i].nb_restarts;
	}
	printf("# %" PRIu64 " operations, %" PRIu64 " failed (%" PRIu64 " of them with an exact "
	       "code; for %" PRIu64 " nothing else was possible), %" PRIu64 " not attempted; "
	       "%" PRIu64 " vchans restarted\n", nb_ops, failed, exact, single, not_attempted,
	       restarts);
	printf("# faults hit:");
	for (i = 0; i < SDXI_EMU_FAULT_KINDS; i++) {
		printf(" %s %" PRIu64, sdxi_emu_fault_name(i), hits[i]);
		all_hits += hits[i];
	}
	printf("\n# digest of operations and faults: %016" PRIx64 "\n", digest);
	if (exact == 0)
		fail_msg("seed %" PRIu64 ": no operation failed with an exact code",
			 model_conf.seed);
	if (!model_conf.faults)
		assert_int_equal(all_hits, 0);
	/* With far fewer hits nothing was tested. */
	else if (all_hits < nb_ops / 2000)
		fail_msg("seed %" PRIu64 ": expected %" PRIu64 " faults to hit or more, found %"
			 PRIu64, model_conf.seed, nb_ops / 2000, all_hits);
	for (i = 0; i < nb_fns; i++)
		assert_int_equal(fns[i].nb_late, 0);
	for (i = 0; model_conf.faults && nb_ops >= MANY_OPS && i < SDXI_EMU_FAULT_KINDS; i++)
		if (hits[i] == 0 && i != SDXI_EMU_FAULT_NO_RESET)
			fail_msg("seed %" PRIu64 ": no fault of kind %s has hit", model_conf.seed,
				 sdxi_emu_fault_name(i));
	model_free(vchans);
}

/* ---- command line ---------------------------------------------------------------------------- */

/* Parse one of two words. */
static int
parse_word(const char *text, const char *no, const char *yes, bool *value)
{
	*value = strcmp(text, yes) == 0;
	return *value || strcmp(text, no) == 0 ? 0 : -1;
}

static int
usage(const char *prog, int ret)
{
	fprintf(ret == 0 ? stdout : stderr,
		"Usage: %s [--error stop|continue] [--order in|random]\n"
		"\t[--ops N] [--functions 1|2] [--seed N|random] [--faults yes|no] [--log]\n"
		"The default seed is SDXI_TEST_SEED of the environment, or a constant.\n",
		prog);
	return ret;
}

static int
parse_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "error", required_argument, NULL, 'e' },
		{ "order", required_argument, NULL, 'f' },
		{ "ops", required_argument, NULL, 'n' },
		{ "functions", required_argument, NULL, 'F' },
		{ "seed", required_argument, NULL, 's' },
		{ "faults", required_argument, NULL, 'm' },
		{ "log", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	const char *seed = getenv("SDXI_TEST_SEED");
	uint64_t functions = 0;
	int opt, ret = 0;
	bool faults = true;

	nb_ops = td_is_slow() ? 20000 : 100000;
	model_conf.seed = DEFAULT_SEED;
	while (ret == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'e': ret = parse_word(optarg, "stop", "continue", &model_conf.cont); break;
		case 'f': ret = parse_word(optarg, "in", "random", &model_conf.reorder); break;
		case 'm': ret = parse_word(optarg, "no", "yes", &faults); break;
		case 'n': ret = model_parse_number(optarg, UINT64_MAX, &nb_ops); break;
		case 'F': ret = model_parse_number(optarg, MODEL_MAX_FNS, &functions); break;
		case 's': seed = optarg; break;
		case 'l': model_conf.quiet = false; break;
		default: ret = -1; break;
		}
	}
	model_conf.faults = faults;
	if ((seed != NULL && model_parse_seed(seed) < 0) || optind != argc || nb_ops < MODEL_VCHANS)
		ret = -1;
	nb_fns = functions != 0 ? functions : 1 + (td_word(model_conf.seed, 1) & 1);
	nb_ops -= nb_ops % MODEL_VCHANS;
	return ret;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { TD_TEST(test_random) };

	if (parse_args(argc, argv) < 0)
		return usage(argv[0], 2);
	printf("# seed %" PRIu64 " (%s --error %s --order %s --ops %" PRIu64 " --functions %u "
	       "--faults %s --seed %" PRIu64 ")\n", model_conf.seed, argv[0],
	       model_conf.cont ? "continue" : "stop", model_conf.reorder ? "random" : "in", nb_ops,
	       nb_fns,
	       model_conf.faults ? "yes" : "no", model_conf.seed);
	fflush(stdout);
	if (!td_eal_init_linked(argv[0], 320))
		return 1;
	/* Ten thousands of injected faults would be logged. */
	if (model_conf.quiet)
		rte_log_set_level_pattern("pmd.dma.sdxi*", RTE_LOG_CRIT);
	return TD_RUN("driver, random", tests, NULL);
}
