/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "sdxi_compat.h"
#include "sdxi_emu_hw.h"
#include "sdxi_vdev.h"
#include "sdxi_vdev_args.h"

/* What a key takes. */
struct arg_key {
	const char *key;
	const char *expected;
	uint64_t min;
	uint64_t max;
	bool pow2;
	const char * const *words; /* in the place of a number: these, counted from 0 */
};

static int
number_parse(const struct arg_key *key, const char *value, uint64_t *number)
{
	char *end;

	if (value == NULL)
		return -EINVAL;
	if (key->words != NULL) {
		for (*number = 0; key->words[*number] != NULL; ++*number)
			if (strcmp(value, key->words[*number]) == 0)
				return 0;
		return -EINVAL;
	}
	/* strtoull() alone would take blanks and a sign. */
	if (*value < '0' || *value > '9')
		return -EINVAL;
	errno = 0;
	/* Base 0 would read a leading 0 as octal. */
	*number = strtoull(value, &end, strncasecmp(value, "0x", 2) == 0 ? 16 : 10);
	if (errno != 0 || *end != '\0' || *number < key->min || *number > key->max ||
	    (key->pow2 && (*number & (*number - 1)) != 0))
		return -EINVAL;
	return 0;
}

static int
fault_parse(const char *name, const char *spec, struct sdxi_vdev_args *args)
{
	char why[256];

	if (args->nb_faults == SDXI_VDEV_MAX_FAULTS) {
		EMU_LOG(ERR, name, "argument fault: expected at most %u, found one more",
			SDXI_VDEV_MAX_FAULTS);
		return -EINVAL;
	}
	if (sdxi_emu_fault_parse(spec, &args->faults[args->nb_faults], why, sizeof(why)) < 0) {
		EMU_LOG(ERR, name, "argument fault: %s", why);
		return -EINVAL;
	}
	args->nb_faults++;
	return 0;
}

/* The function's own keys. */

enum emu_key {
	EMU_MAX_CXT,
	EMU_MAX_RING,
	EMU_MAX_BUFFER,
	EMU_DB_STRIDE,
	EMU_LCORE,
	EMU_ENGINES,
	EMU_ERROR,
	EMU_ORDER,
	EMU_SEED,
	EMU_KEYS,
};

static const char * const error_words[] = { "stop", "continue", NULL };
static const char * const order_words[] = { "in", "random", NULL };

static const struct arg_key emu_keys[EMU_KEYS] = {
	[EMU_MAX_CXT] = { "max_cxt", "highest context number, 1 to 65535", 1, UINT16_MAX },
	[EMU_MAX_RING] = { "max_ring", "descriptors, a power of two from 1024 to 65536",
		SDXI_DS_RING_SZ_MIN, 65536, true },
	[EMU_MAX_BUFFER] = { "max_buffer", "bytes, a power of two from 2097152 to 4294967296",
		UINT64_C(2) << 20, UINT64_C(4) << 30, true },
	[EMU_DB_STRIDE] = { "db_stride", "bytes, a power of two from 4096 to 524288",
		SDXI_DB_STRIDE_MIN, 524288, true },
	[EMU_LCORE] = { "lcore", "an lcore that has CPUs", 0, RTE_MAX_LCORE - 1 },
	[EMU_ENGINES] = { "engines", "number of threads, 1 to " RTE_STR(SDXI_VDEV_MAX_ENGINES), 1,
		SDXI_VDEV_MAX_ENGINES },
	[EMU_ERROR] = { "error", "stop or continue", .words = error_words },
	[EMU_ORDER] = { "order", "in or random", .words = order_words },
	[EMU_SEED] = { "seed", "number, 0 to 18446744073709551615", 0, UINT64_MAX },
};

#define EMU_KEY_NAMES \
	"max_cxt, max_ring, max_buffer, db_stride, lcore, engines, error, order, seed, fault, " \
	SDXI_ARG_NAMES

static bool
lcore_has_cpus(unsigned int lcore)
{
	rte_cpuset_t cpuset;

	if (lcore >= RTE_MAX_LCORE)
		return false;
	cpuset = rte_lcore_cpuset(lcore);
	return CPU_COUNT(&cpuset) != 0;
}

/* Which ones there are, as ranges; as far as there is room for them. */
static const char *
lcores_format(char *buf, size_t len)
{
	unsigned int first, end;
	size_t at = 0;

	*buf = '\0';
	for (first = 0; first < RTE_MAX_LCORE && at < len; first = end + 1) {
		for (end = first; lcore_has_cpus(end); end++)
			;
		if (end == first)
			continue;
		at += snprintf(buf + at, len - at, "%s%u", at == 0 ? "" : ",", first);
		if (end - first > 1 && at < len)
			at += snprintf(buf + at, len - at, "-%u", end - 1);
	}
	return buf;
}

static int
emu_set(struct sdxi_vdev_args *args, enum emu_key key, uint64_t number)
{
	switch (key) {
	case EMU_MAX_CXT:
		args->conf.max_cxt = number;
		break;
	case EMU_MAX_RING:
		args->conf.max_ds_ring_sz = rte_bsf64(number / SDXI_DS_RING_SZ_MIN);
		break;
	case EMU_MAX_BUFFER:
		args->conf.max_buffer = rte_bsf64(number >> SDXI_MAX_BUFFER_SHIFT);
		break;
	case EMU_DB_STRIDE:
		args->conf.db_stride = rte_bsf64(number / SDXI_DB_STRIDE_MIN);
		break;
	case EMU_LCORE:
		/* Not only EAL's own: the function may have a CPU that no lcore of it uses. */
		if (!lcore_has_cpus(number))
			return -EINVAL;
		args->lcore = number;
		break;
	case EMU_ENGINES:
		args->engines = number;
		break;
	case EMU_ERROR:
		args->conf.err_continue = number != 0;
		break;
	case EMU_ORDER:
		args->conf.freedom = number != 0;
		break;
	default:
		args->conf.seed = number;
		break;
	}
	return 0;
}

/* One argument; @p arg is cut into pieces. */
static int
arg_parse(const char *name, char *arg, struct sdxi_vdev_args *args)
{
	char *value = strchr(arg, '=');
	char lcores[128] = "";
	uint64_t number;
	unsigned int k;
	int ret;

	if (value != NULL)
		*value++ = '\0';
	if (strcmp(arg, "fault") == 0)
		return fault_parse(name, value != NULL ? value : "", args);
	for (k = 0; k < EMU_KEYS; k++) {
		if (strcmp(arg, emu_keys[k].key) != 0)
			continue;
		if (number_parse(&emu_keys[k], value, &number) == 0 &&
		    emu_set(args, k, number) == 0)
			return 0;
		if (k == EMU_LCORE)
			lcores_format(lcores, sizeof(lcores));
		EMU_LOG(ERR, name, "argument %s: expected %s%s%s, found '%s'", arg,
			emu_keys[k].expected, *lcores != '\0' ? ": " : "", lcores,
			value != NULL ? value : "");
		return -EINVAL;
	}
	ret = sdxi_args_parse(name, arg, value != NULL ? value : "", &args->drv);
	if (ret == -ENOENT) {
		EMU_LOG(ERR, name, "argument '%s' is not known; known are " EMU_KEY_NAMES,
			arg);
		ret = -EINVAL;
	}
	return ret;
}

int
sdxi_vdev_args_parse(const char *name, const char *str, struct sdxi_vdev_args *args)
{
	char *copy, *next, *arg;
	unsigned int i;
	int ret = 0;

	memset(args, 0, sizeof(*args));
	args->lcore = -1;
	args->engines = 1;
	sdxi_emu_conf_default(&args->conf);
	args->drv = (struct sdxi_args)SDXI_ARGS_DEFAULT;
	if (str == NULL)
		return 0;
	/* rte_kvargs takes no '=' in a value, and a fault has some. */
	copy = strdup(str);
	if (copy == NULL) {
		EMU_LOG(ERR, name, "no memory for arguments");
		return -ENOMEM;
	}
	next = copy;
	while (ret == 0 && (arg = strsep(&next, ",")) != NULL)
		if (*arg != '\0')
			ret = arg_parse(name, arg, args);
	free(copy);

	/* Only now is it known what contexts there are. */
	for (i = 0; ret == 0 && i < args->nb_faults; i++) {
		if (args->faults[i].cxt <= args->conf.max_cxt)
			continue;
		EMU_LOG(ERR, name, "argument fault: cxt: expected a context number, 0 to %u, "
			"found '%u'", args->conf.max_cxt, args->faults[i].cxt);
		ret = -EINVAL;
	}
	return ret;
}
