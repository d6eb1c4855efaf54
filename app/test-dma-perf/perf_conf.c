/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_bitops.h>
#include <rte_cfgfile.h>
#include <rte_common.h>
#include <rte_dmadev.h>
#include <rte_version.h>

#include "perf_conf.h"

#define MIB			(UINT64_C(1) << 20)
#define MAX_MEM_MIB		MIB			/* 1 TiB */
#define MAX_BUF_SIZE		(UINT64_C(1) << 30)	/* 1 GiB */
#define MAX_BUFS		(UINT64_C(1) << 30)
#define MAX_SCENARIOS		UINT64_C(65535)
#define DEFAULT_TEST_SECONDS	2
#define DEFAULT_DETAIL_MS	100
#define MAX_DETAIL_MS		UINT64_C(3600000)
#define MAX_LANES		RTE_MAX_LCORE
#define LANE_KEY		"lcore_dma"
#define GLOBAL_SECTION		"GLOBAL"
#define TYPE_NAMES		"DMA_MEM_COPY, CPU_MEM_COPY or DMA_MEM_FILL"
#define UTF8_BOM		"\xef\xbb\xbf"

enum key_scope {
	IN_GLOBAL = 1 << 0,
	IN_COPY = 1 << 1,	/* DMA copy */
	IN_FILL = 1 << 2,
	IN_CPU = 1 << 3,
	IN_DMA = IN_COPY | IN_FILL,
	IN_CASE = IN_DMA | IN_CPU,
};

enum key_id {
	KEY_EAL_ARGS,
	KEY_CACHE_FLUSH,
	KEY_TEST_SECONDS,
	KEY_DETAIL_MS,
	KEY_SKIP,
	KEY_TYPE,
	KEY_MEM_SIZE,
	KEY_BUF_SIZE,
	KEY_RING_SIZE,
	KEY_KICK_BATCH,
	KEY_SRC_NUMA_NODE,
	KEY_DST_NUMA_NODE,
	KEY_LANE,		/* lcore_dma0, lcore_dma1, ... */
	KEY_OLD_LANES,		/* lcore_dma, the form before lcore_dma0 */
	KEY_OLD_DIR,		/* direction and vchan_dev, which apply to all lanes of lcore_dma */
	KEY_OLD_PORT,
	KEY_LCORE,
	KEY_SRC_SGE,
	KEY_DST_SGE,
	KEY_ENQ_DEQ,
	NB_KEYS,
};

/* Position in the file, for messages. */
struct where {
	struct perf_conf *conf;
	const char *section;
	const char *key;
	const char *value;
};

/* State while reading a section. */
struct section {
	struct perf_conf *conf;
	struct perf_case *pc;
	unsigned int scope;
	uint32_t seen;			/* 1 << enum key_id */
	uint32_t bad;
	struct perf_lane lanes[MAX_LANES];
	bool lane_seen[MAX_LANES];
	unsigned int nb_lanes;
	struct perf_lane old;		/* direction and port of KEY_OLD_LANES */
};

typedef bool (*key_reader)(struct section *s, const struct where *w);

struct key {
	const char *name;
	unsigned int scope;
	unsigned int needed;		/* scopes in which it is mandatory */
	key_reader read;
	const char *help;		/* one line on the expected value */
	const char *more;		/* further lines, for --help only */
};

static void __rte_format_printf(3, 4)
say(struct perf_conf *conf, enum perf_severity severity, const char *fmt, ...)
{
	struct perf_message *grown;
	char *text = NULL;
	va_list ap;
	int len;

	if (severity == PERF_ERROR)
		conf->nb_errors++;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	grown = realloc(conf->messages, (conf->nb_messages + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(text);
		return;
	}
	conf->messages = grown;
	conf->messages[conf->nb_messages++] = (struct perf_message){ severity, text };
}

/* Reports "file: [section] key=value: reason". */
static bool __rte_format_printf(3, 4)
complain(const struct where *w, enum perf_severity severity, const char *fmt, ...)
{
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	say(w->conf, severity, "%s: [%s] %s=%s: %s", w->conf->path, w->section, w->key, w->value,
	    reason);
	return false;
}

/* Strip white space from both ends, in place. */
static char *
trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

/* Digits only: no sign, no hexadecimal, no trailing text. */
static bool
to_number(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s))
			return false;
		v = v * 10 + (unsigned int)(*s - '0');
		if (v > max)
			return false;
	}
	if (v < min)
		return false;
	*out = v;
	return true;
}

static bool
read_number(const struct where *w, uint64_t min, uint64_t max, uint64_t *out)
{
	if (to_number(w->value, min, max, out))
		return true;
	return complain(w, PERF_ERROR, "expected a whole number from %" PRIu64 " to %" PRIu64, min,
			max);
}

static bool
read_range(const struct where *w, uint64_t max, struct perf_range *range)
{
	char copy[CFG_VALUE_LEN];
	char *field[5];
	char *rest = copy;
	unsigned int n = 0;
	uint64_t min_incr;

	snprintf(copy, sizeof(copy), "%s", w->value);
	while (rest != NULL && n < RTE_DIM(field))
		field[n++] = trim(strsep(&rest, ","));
	if (n != 1 && n != 4)
		return complain(w, PERF_ERROR,
				"expected one number or first,last,increment,ADD|MUL, found %u%s "
				"fields", n, rest != NULL ? " and more" : "");

	if (!to_number(field[0], 1, max, &range->first))
		return complain(w, PERF_ERROR, "%s'%s' found, expected a whole number from 1 to %"
				PRIu64, n == 4 ? "first value " : "", field[0], max);
	range->last = range->first;
	range->incr = 0;
	range->step = PERF_STEP_NONE;
	if (n == 1)
		return true;

	if (!to_number(field[1], 1, max, &range->last))
		return complain(w, PERF_ERROR, "last value '%s' found, expected a whole number from "
				"1 to %" PRIu64, field[1], max);
	if (range->last < range->first)
		return complain(w, PERF_ERROR, "last value %" PRIu64 " found, expected the first "
				"value %" PRIu64 " or more", range->last, range->first);
	if (strcmp(field[3], "ADD") == 0)
		range->step = PERF_STEP_ADD;
	else if (strcmp(field[3], "MUL") == 0)
		range->step = PERF_STEP_MUL;
	else
		return complain(w, PERF_ERROR, "'%s' found, expected ADD or MUL", field[3]);
	/* A smaller increment never reaches the last value. */
	min_incr = range->step == PERF_STEP_MUL ? 2 : 1;
	if (!to_number(field[2], min_incr, MAX_BUF_SIZE, &range->incr))
		return complain(w, PERF_ERROR, "increment '%s' found, expected a whole number from %"
				PRIu64 " to %" PRIu64 " with %s", field[2], min_incr, MAX_BUF_SIZE,
				field[3]);
	return true;
}

bool
perf_range_next(const struct perf_range *range, uint64_t *value)
{
	uint64_t v = *value;

	if (range->step == PERF_STEP_ADD) {
		if (range->incr == 0 || v > UINT64_MAX - range->incr)
			return false;
		v += range->incr;
	} else if (range->step == PERF_STEP_MUL) {
		if (range->incr < 2 || v == 0 || v > UINT64_MAX / range->incr)
			return false;
		v *= range->incr;
	} else {
		return false;
	}
	if (v > range->last)
		return false;
	*value = v;
	return true;
}

uint64_t
perf_range_count(const struct perf_range *range)
{
	uint64_t v = range->first;
	uint64_t n = 1;

	if (range->step == PERF_STEP_ADD && range->incr != 0)
		return (range->last - range->first) / range->incr + 1;
	while (perf_range_next(range, &v))
		n++;
	return n;
}

static uint64_t
range_max(const struct perf_range *range)
{
	uint64_t v = range->first;

	if (range->step == PERF_STEP_ADD && range->incr != 0)
		return range->last - (range->last - range->first) % range->incr;
	while (perf_range_next(range, &v))
		;
	return v;
}

uint64_t
perf_nb_scenarios(const struct perf_case *pc)
{
	uint64_t n = perf_range_count(&pc->mem_size) * perf_range_count(&pc->buf_size);

	if (perf_by_dma(pc))
		n *= perf_range_count(&pc->ring_size) * perf_range_count(&pc->kick_batch);
	return n;
}

uint64_t
perf_nb_bufs(const struct perf_case *pc, uint64_t mem_mib, uint64_t buf_size, unsigned int nb_lanes)
{
	uint64_t nb = mem_mib * MIB / (buf_size * 2) / nb_lanes;

	if (pc->nb_src_sges != 0 && pc->nb_dst_sges != 0)
		nb -= nb % (pc->nb_src_sges * pc->nb_dst_sges);
	return nb;
}

char **
perf_args_split(const char *args, unsigned int *argc)
{
	size_t len = strlen(args);
	char **argv = calloc(len / 2 + 2, sizeof(*argv));
	unsigned int n = 0;

	*argc = 0;
	if (argv == NULL)
		return NULL;
	for (;;) {
		char quote = '\0';
		char *out;

		while (isspace((unsigned char)*args))
			args++;
		if (*args == '\0')
			break;
		out = malloc(len + 1);
		if (out == NULL)
			goto fail;
		argv[n++] = out;
		for (; *args != '\0' && (quote != '\0' || !isspace((unsigned char)*args)); args++) {
			if (quote == '\0' && (*args == '"' || *args == '\''))
				quote = *args;
			else if (quote != '\0' && *args == quote)
				quote = '\0';
			else
				*out++ = *args;
		}
		*out = '\0';
		if (quote != '\0') {
			errno = EINVAL;
			goto fail;
		}
	}
	*argc = n;
	return argv;
fail:
	perf_args_free(argv, n);
	return NULL;
}

void
perf_args_free(char **argv, unsigned int argc)
{
	int saved = errno;
	unsigned int i;

	if (argv == NULL)
		return;
	for (i = 0; i < argc; i++)
		free(argv[i]);
	free(argv);
	errno = saved;
}

static bool
read_eal_args(struct section *s, const struct where *w)
{
	unsigned int argc;
	char **argv = perf_args_split(w->value, &argc);
	char *copy;

	if (argv == NULL && errno == EINVAL)
		return complain(w, PERF_ERROR, "unterminated quote, expected a second ' or \"");
	perf_args_free(argv, argc);
	copy = strdup(w->value);
	if (argv == NULL || copy == NULL) {
		free(copy);
		return complain(w, PERF_ERROR, "out of memory");
	}
	free(s->pc->eal_args);
	s->pc->eal_args = copy;
	return true;
}

static bool
read_cache_flush(struct section *s, const struct where *w)
{
	uint64_t v = 0;

	if (!to_number(w->value, 0, 1, &v))
		return complain(w, PERF_ERROR, "expected 0 or 1");
	s->pc->cache_flush = v;
	return true;
}

static bool
read_test_seconds(struct section *s, const struct where *w)
{
	uint64_t v = 0;

	if (!read_number(w, 1, UINT16_MAX, &v))
		return false;
	s->pc->test_seconds = v;
	return true;
}

static bool
read_detail_ms(struct section *s, const struct where *w)
{
	uint64_t v = 0;

	if (!read_number(w, 0, MAX_DETAIL_MS, &v))
		return false;
	s->pc->detail_ms = v;
	return true;
}

static bool
read_skip(struct section *s, const struct where *w)
{
	uint64_t v = 0;

	if (!to_number(w->value, 0, 1, &v))
		return complain(w, PERF_ERROR, "expected 0 or 1");
	s->pc->skip = v;
	return true;
}

static bool
unsupported(struct section *s, const struct where *w, const char *reason)
{
	s->pc->unsupported = true;
	complain(w, PERF_UNSUPPORTED, "not supported: %s", reason);
	return true;
}

static bool
read_type(struct section *s, const struct where *w)
{
	static const struct {
		enum perf_type type;
		unsigned int scope;
	} types[] = {
		{ PERF_TYPE_DMA_MEM_COPY, IN_COPY },
		{ PERF_TYPE_CPU_MEM_COPY, IN_CPU },
		{ PERF_TYPE_DMA_MEM_FILL, IN_FILL },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(types); i++) {
		if (strcmp(w->value, perf_type_name(types[i].type)) == 0) {
			s->pc->type = types[i].type;
			s->scope = types[i].scope;
			return true;
		}
	}
	if (*w->value == '\0')
		return complain(w, PERF_ERROR, "expected " TYPE_NAMES);
	return unsupported(s, w, "expected " TYPE_NAMES);
}

static bool
read_mem_size(struct section *s, const struct where *w)
{
	return read_range(w, MAX_MEM_MIB, &s->pc->mem_size);
}

static bool
read_buf_size(struct section *s, const struct where *w)
{
	return read_range(w, MAX_BUF_SIZE, &s->pc->buf_size);
}

static bool
read_ring_size(struct section *s, const struct where *w)
{
	return read_range(w, UINT16_MAX, &s->pc->ring_size);
}

static bool
read_kick_batch(struct section *s, const struct where *w)
{
	return read_range(w, UINT16_MAX, &s->pc->kick_batch);
}

static bool
read_numa_node(const struct where *w, unsigned int *node)
{
	uint64_t v = 0;

	if (!read_number(w, 0, RTE_MAX_NUMA_NODES - 1, &v))
		return false;
	*node = v;
	return true;
}

static bool
read_src_numa_node(struct section *s, const struct where *w)
{
	return read_numa_node(w, &s->pc->src_numa_node);
}

static bool
read_dst_numa_node(struct section *s, const struct where *w)
{
	return read_numa_node(w, &s->pc->dst_numa_node);
}

static bool
set_lane_lcore(const struct where *w, const char *text, struct perf_lane *lane)
{
	uint64_t v = 0;

	if (!to_number(text, 0, RTE_MAX_LCORE - 1, &v))
		return complain(w, PERF_ERROR, "lcore '%s' found, expected a number from 0 to %u",
				text, RTE_MAX_LCORE - 1);
	lane->lcore = v;
	return true;
}

static bool
set_lane_dev(const struct where *w, const char *text, struct perf_lane *lane)
{
	if (*text == '\0' || strlen(text) >= sizeof(lane->dev))
		return complain(w, PERF_ERROR, "device '%s' found, expected a name of 1 to %zu "
				"characters", text, sizeof(lane->dev) - 1);
	snprintf(lane->dev, sizeof(lane->dev), "%s", text);
	return true;
}

static bool
set_lane_dir(const struct where *w, const char *text, struct perf_lane *lane)
{
	enum perf_dir dir;

	for (dir = PERF_DIR_MEM_TO_MEM; dir <= PERF_DIR_DEV_TO_MEM; dir++) {
		if (strcmp(text, perf_dir_name(dir)) == 0) {
			lane->dir = dir;
			return true;
		}
	}
	return complain(w, PERF_ERROR, "dir '%s' found, expected mem2mem, mem2dev or dev2mem",
			text);
}

/* Hexadecimal with or without 0x, as in DPDK's tool. */
static bool
set_lane_raddr(const struct where *w, const char *text, struct perf_lane *lane)
{
	const char *digits = text;
	char *end;

	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		digits += 2;
	errno = 0;
	lane->raddr = strtoull(digits, &end, 16);
	if (!isxdigit((unsigned char)*digits) || *end != '\0' || errno != 0)
		return complain(w, PERF_ERROR, "raddr '%s' found, expected a hexadecimal address",
				text);
	return true;
}

static bool
set_lane_id(const struct where *w, const char *name, const char *text, uint64_t max, uint64_t *id)
{
	if (to_number(text, 0, max, id))
		return true;
	return complain(w, PERF_ERROR, "%s '%s' found, expected a number from 0 to %" PRIu64, name,
			text, max);
}

enum lane_item { LANE_LCORE, LANE_DEV, LANE_DIR, LANE_RADDR, LANE_COREID, LANE_PFID, LANE_VFID,
		 NB_LANE_ITEMS };

static const char *const lane_items[NB_LANE_ITEMS] = {
	"lcore", "dev", "dir", "raddr", "coreid", "pfid", "vfid",
};

static bool
set_lane_item(const struct where *w, unsigned int item, const char *text, struct perf_lane *lane)
{
	/* Field widths of struct rte_dma_port_param. */
	static const uint64_t max[NB_LANE_ITEMS] = {
		[LANE_COREID] = 15, [LANE_PFID] = UINT8_MAX, [LANE_VFID] = UINT16_MAX,
	};
	uint64_t id = 0;

	switch (item) {
	case LANE_LCORE:
		return set_lane_lcore(w, text, lane);
	case LANE_DEV:
		return set_lane_dev(w, text, lane);
	case LANE_DIR:
		return set_lane_dir(w, text, lane);
	case LANE_RADDR:
		return set_lane_raddr(w, text, lane);
	default:
		if (!set_lane_id(w, lane_items[item], text, max[item], &id))
			return false;
		if (item == LANE_COREID)
			lane->coreid = id;
		else if (item == LANE_PFID)
			lane->pfid = id;
		else
			lane->vfid = id;
		return true;
	}
}

/* Parse name=value items in any order; names before first are not allowed. */
static bool
read_lane_items(const struct where *w, enum lane_item first, struct perf_lane *lane, bool *seen)
{
	const char *names = "lcore, dev, dir, raddr, coreid, pfid and vfid";
	const char *example = "lcore=<number>,dev=<name>,dir=mem2mem";
	char copy[CFG_VALUE_LEN];
	char *rest = copy;
	char *item;
	unsigned int i;

	if (first == LANE_RADDR) {
		names = "raddr, coreid, pfid and vfid";
		example = "raddr=<address>,coreid=<number>,pfid=<number>,vfid=<number>";
	}
	snprintf(copy, sizeof(copy), "%s", w->value);
	while ((item = strsep(&rest, ",")) != NULL) {
		char *value = strchr(item, '=');

		if (value == NULL)
			return complain(w, PERF_ERROR, "'%s' found, expected %s", trim(item),
					example);
		*value++ = '\0';
		value = trim(value);
		item = trim(item);
		for (i = first; i < NB_LANE_ITEMS && strcmp(item, lane_items[i]) != 0; i++)
			;
		if (i == NB_LANE_ITEMS)
			return complain(w, PERF_ERROR, "unknown '%s', expected %s", item, names);
		if (seen[i])
			return complain(w, PERF_ERROR, "%s found twice, expected once", item);
		seen[i] = true;
		if (!set_lane_item(w, i, value, lane))
			return false;
	}
	return true;
}

/* lcore=10,dev=0000:00:04.2,dir=mem2mem; dir may be missing. */
static bool
read_lane(struct section *s, const struct where *w)
{
	bool seen[NB_LANE_ITEMS] = { false };
	uint64_t idx = 0;
	struct perf_lane *lane;
	unsigned int i;

	if (!to_number(w->key + strlen(LANE_KEY), 0, MAX_LANES - 1, &idx))
		return complain(w, PERF_ERROR, "expected %s0 to %s%u", LANE_KEY, LANE_KEY,
				MAX_LANES - 1);
	lane = &s->lanes[idx];
	s->lane_seen[idx] = true;
	s->nb_lanes = RTE_MAX(s->nb_lanes, (unsigned int)idx + 1);

	if (!read_lane_items(w, LANE_LCORE, lane, seen))
		return false;
	if (!seen[LANE_LCORE])
		return complain(w, PERF_ERROR, "no lcore found, expected lcore=<number>");
	if (!seen[LANE_DEV])
		return complain(w, PERF_ERROR, "no device found, expected dev=<name>");
	for (i = LANE_RADDR; i < NB_LANE_ITEMS && lane->dir == PERF_DIR_MEM_TO_MEM; i++)
		if (seen[i])
			complain(w, PERF_WARNING, "%s has no effect with mem2mem", lane_items[i]);
	if (lane->dir == PERF_DIR_MEM_TO_MEM)
		return true;
	if (!seen[LANE_RADDR])
		complain(w, PERF_WARNING, "no raddr found with %s, using 0",
			 perf_dir_name(lane->dir));
	if (s->scope == IN_FILL)
		return unsupported(s, w, "a fill goes to memory, expected dir=mem2mem");
	return true;
}

/* lcore10@0000:00:04.1, lcore11@0000:00:04.2 */
static bool
read_old_lanes(struct section *s, const struct where *w)
{
	char copy[CFG_VALUE_LEN];
	char *rest = copy;
	char *item;

	snprintf(copy, sizeof(copy), "%s", w->value);
	/* Holds at most CFG_VALUE_LEN / 2 items, fewer than MAX_LANES in a default build. */
	while ((item = strsep(&rest, ",")) != NULL) {
		struct perf_lane *lane = &s->lanes[s->nb_lanes];
		char *dev;

		if (s->nb_lanes == MAX_LANES)
			return complain(w, PERF_ERROR, "expected at most %u lcores", MAX_LANES);
		item = trim(item);
		dev = strchr(item, '@');
		if (dev == NULL || strncmp(item, "lcore", strlen("lcore")) != 0)
			return complain(w, PERF_ERROR, "'%s' found, expected lcore<number>@<device>",
					item);
		*dev++ = '\0';
		if (!set_lane_lcore(w, trim(item + strlen("lcore")), lane) ||
		    !set_lane_dev(w, trim(dev), lane))
			return false;
		s->lane_seen[s->nb_lanes++] = true;
	}
	return true;
}

static bool
read_old_dir(struct section *s, const struct where *w)
{
	return set_lane_dir(w, w->value, &s->old);
}

/* raddr=0x400000,coreid=1,pfid=2,vfid=3 */
static bool
read_old_port(struct section *s, const struct where *w)
{
	bool seen[NB_LANE_ITEMS] = { false };

	if (!read_lane_items(w, LANE_RADDR, &s->old, seen))
		return false;
	if (!seen[LANE_RADDR])
		complain(w, PERF_WARNING, "no raddr found, using 0");
	return true;
}

/* 10, 11 */
static bool
read_lcores(struct section *s, const struct where *w)
{
	char copy[CFG_VALUE_LEN];
	char *rest = copy;
	char *item;

	snprintf(copy, sizeof(copy), "%s", w->value);
	while ((item = strsep(&rest, ", \t")) != NULL) {
		if (*item == '\0')
			continue;
		if (s->nb_lanes == MAX_LANES)
			return complain(w, PERF_ERROR, "expected at most %u lcores", MAX_LANES);
		if (!set_lane_lcore(w, item, &s->lanes[s->nb_lanes]))
			return false;
		s->lane_seen[s->nb_lanes++] = true;
	}
	if (s->nb_lanes == 0)
		return complain(w, PERF_ERROR, "expected lcore numbers, separated by commas");
	return true;
}

static bool
read_sge(const struct where *w, unsigned int *nb)
{
	uint64_t v = 0;

	if (!read_number(w, 1, UINT8_MAX, &v))
		return false;
	*nb = v;
	return true;
}

static bool
read_src_sge(struct section *s, const struct where *w)
{
	return read_sge(w, &s->pc->nb_src_sges);
}

static bool
read_dst_sge(struct section *s, const struct where *w)
{
	return read_sge(w, &s->pc->nb_dst_sges);
}

static bool
read_enq_deq(struct section *s, const struct where *w)
{
	uint64_t v = 0;

	if (!to_number(w->value, 0, 1, &v))
		return complain(w, PERF_ERROR, "expected 0 or 1");
	s->pc->enq_deq = v;
#ifndef RTE_DMA_CAPA_OPS_ENQ_DEQ
	if (v != 0) {
		char reason[128];

		snprintf(reason, sizeof(reason), "enqueue and dequeue operations need DPDK 25.11 or "
			 "newer, this is %s; expected 0", rte_version());
		return unsupported(s, w, reason);
	}
#endif
	return true;
}

static const struct key keys[NB_KEYS] = {
	[KEY_EAL_ARGS] = { "eal_args", IN_GLOBAL | IN_CASE, 0, read_eal_args,
		"EAL arguments, as on a command line; quotes keep white space", NULL },
	[KEY_CACHE_FLUSH] = { "cache_flush", IN_GLOBAL | IN_CASE, 0, read_cache_flush,
		"1 flushes the buffers from the CPU's caches before each pass; default 0", NULL },
	[KEY_TEST_SECONDS] = { "test_seconds", IN_GLOBAL | IN_CASE, 0, read_test_seconds,
		"how long a scenario's throughput is measured; default "
		RTE_STR(DEFAULT_TEST_SECONDS), NULL },
	[KEY_DETAIL_MS] = { "detail_ms", IN_GLOBAL | IN_CASE, 0, read_detail_ms,
		"milliseconds of each pass after throughput; default " RTE_STR(DEFAULT_DETAIL_MS),
		"0 skips these passes, which measure cycles per step and latencies\n"
		"(not a key of DPDK's tool, which ignores it)" },
	[KEY_SKIP] = { "skip", IN_CASE, 0, read_skip,
		"1 skips the case and ignores its other keys", NULL },
	[KEY_TYPE] = { "type", IN_CASE, IN_CASE, read_type,
		TYPE_NAMES,
		"(a fill writes an 8-byte pattern, different for each buffer; DPDK's tool reports\n"
		"such a case as invalid, and runs the others)" },
	[KEY_MEM_SIZE] = { "mem_size", IN_CASE, IN_CASE, read_mem_size,
		"MiB of all buffers, half source and half destination; range",
		"shared evenly by all lcores; a fill uses the destination half only" },
	[KEY_BUF_SIZE] = { "buf_size", IN_CASE, IN_CASE, read_buf_size,
		"bytes per operation, up to 1 GiB; range", NULL },
	[KEY_RING_SIZE] = { "dma_ring_size", IN_DMA, IN_DMA, read_ring_size,
		"descriptors of a device's ring, within the device's limits; range",
		"(--list-dma shows them)" },
	[KEY_KICK_BATCH] = { "kick_batch", IN_DMA, IN_DMA, read_kick_batch,
		"operations per submit; range", NULL },
	[KEY_SRC_NUMA_NODE] = { "src_numa_node", IN_CASE, 0, read_src_numa_node,
		"NUMA node of the source buffers; default 0", NULL },
	[KEY_DST_NUMA_NODE] = { "dst_numa_node", IN_CASE, 0, read_dst_numa_node,
		"NUMA node of the destination buffers; default 0", NULL },
	[KEY_LANE] = { LANE_KEY "<N>", IN_DMA, 0, read_lane,
		"lcore=<number>,dev=<name>,dir=mem2mem: an lcore and its device, N from 0",
		"all pairs of a case run in parallel. dir=mem2dev and dir=dev2mem copy to and from\n"
		"remote memory: raddr=<hexadecimal address>, and coreid=, pfid= and vfid= of its\n"
		"PCIe port; such data is not verified" },
	[KEY_OLD_LANES] = { LANE_KEY, IN_DMA, 0, read_old_lanes,
		"lcore<number>@<name>,...: older form of the above", NULL },
	[KEY_OLD_DIR] = { "direction", IN_DMA, 0, read_old_dir,
		"mem2mem, mem2dev or dev2mem: dir for all of " LANE_KEY "; default mem2mem", NULL },
	[KEY_OLD_PORT] = { "vchan_dev", IN_DMA, 0, read_old_port,
		"raddr=,coreid=,pfid=,vfid=: remote memory for all of " LANE_KEY, NULL },
	[KEY_LCORE] = { "lcore", IN_CPU, IN_CPU, read_lcores,
		"lcores that copy, separated by commas", NULL },
	[KEY_SRC_SGE] = { "dma_src_sge", IN_COPY, 0, read_src_sge,
		"source segments per operation, for scatter-gather",
		"buf_size is divided evenly, the last segment takes the remainder; each segment is\n"
		"in its own buffer" },
	[KEY_DST_SGE] = { "dma_dst_sge", IN_COPY, 0, read_dst_sge,
		"destination segments per operation, required with dma_src_sge", NULL },
	[KEY_ENQ_DEQ] = { "use_enq_deq_ops", IN_COPY, 0, read_enq_deq,
		"1 uses enqueue and dequeue operations; default 0",
		"requires DPDK 25.11 or newer, and support by the device" },
};

static enum key_id
find_key(const char *name)
{
	const char *digits;
	unsigned int i;

	for (i = 0; i < NB_KEYS; i++)
		if (strcmp(name, keys[i].name) == 0 && i != KEY_LANE)
			return i;
	if (strncmp(name, LANE_KEY, strlen(LANE_KEY)) == 0) {
		digits = name + strlen(LANE_KEY);
		/*
		 * DPDK's tool looks keys up by printing the number, so leading zeros are not
		 * allowed.
		 */
		if (strspn(digits, "0123456789") == strlen(digits) &&
		    (digits[0] != '0' || digits[1] == '\0'))
			return KEY_LANE;
	}
	return NB_KEYS;
}

static bool
is_repeated(const struct rte_cfgfile_entry *entries, int i)
{
	int j;

	for (j = 0; j < i; j++)
		if (strcmp(entries[j].name, entries[i].name) == 0)
			return true;
	return false;
}

static void
read_entry(struct section *s, const char *section, const struct rte_cfgfile_entry *entry)
{
	struct where w = { s->conf, section, entry->name, entry->value };
	enum key_id id = find_key(entry->name);

	if (id == NB_KEYS) {
		complain(&w, PERF_ERROR, "unknown key, expected one that --help lists");
	} else if ((keys[id].scope & s->scope) == 0) {
		if (s->scope == IN_GLOBAL)
			complain(&w, PERF_ERROR, "expected in a section [case<N>], found in [%s]",
				 section);
		else if ((keys[id].scope & IN_CASE) != 0)
			complain(&w, PERF_WARNING, "has no effect in a case of type %s",
				 perf_type_name(s->pc->type));
	} else {
		s->seen |= RTE_BIT32(id);
		if (!keys[id].read(s, &w))
			s->bad |= RTE_BIT32(id);
	}
}

static bool
are_good(const struct section *s, uint32_t ids)
{
	return (s->seen & ~s->bad & ids) == ids;
}

static void
check_lanes(struct section *s, const char *section)
{
	unsigned int i, j;

	for (i = 0; i < s->nb_lanes; i++) {
		const struct perf_lane *a = &s->lanes[i];

		if (!s->lane_seen[i]) {
			say(s->conf, PERF_ERROR, "%s: [%s] " LANE_KEY "%u: missing, expected before "
			    LANE_KEY "%u", s->conf->path, section, i, s->nb_lanes - 1);
			continue;
		}
		for (j = 0; j < i; j++) {
			const struct perf_lane *b = &s->lanes[j];

			if (!s->lane_seen[j])
				continue;
			if (a->lcore == b->lcore)
				say(s->conf, PERF_ERROR, "%s: [%s] lcore %u found twice, expected "
				    "once", s->conf->path, section, a->lcore);
			if (a->dev[0] != '\0' && strcmp(a->dev, b->dev) == 0)
				say(s->conf, PERF_ERROR, "%s: [%s] device %s found twice, expected "
				    "once", s->conf->path, section, a->dev);
		}
	}
}

static void
check_sizes(struct section *s, const char *section)
{
	const struct perf_case *pc = s->pc;
	unsigned int sges = RTE_MAX(pc->nb_src_sges, pc->nb_dst_sges);
	/* Buffers needed per lane and side. */
	uint64_t needed = RTE_MAX(pc->nb_src_sges * pc->nb_dst_sges, 1u);
	uint64_t mem = pc->mem_size.first;
	uint64_t buf = range_max(&pc->buf_size);
	/* Each factor is at most 2^30, so a product of two does not overflow. */
	uint64_t scenarios = perf_range_count(&pc->mem_size) * perf_range_count(&pc->buf_size);

	if (pc->buf_size.first < sges)
		say(s->conf, PERF_ERROR, "%s: [%s] buf_size=%" PRIu64 ": found with %u segments, "
		    "expected at least a byte each", s->conf->path, section, pc->buf_size.first,
		    sges);
	if (s->nb_lanes > 0 && perf_nb_bufs(pc, mem, buf, s->nb_lanes) == 0)
		say(s->conf, PERF_ERROR, "%s: [%s] mem_size=%" PRIu64 ": too small for buf_size "
		    "%" PRIu64 " and %u lcores, expected at least %" PRIu64, s->conf->path, section,
		    mem, buf, s->nb_lanes, (buf * 2 * needed * s->nb_lanes + MIB - 1) / MIB);
	mem = range_max(&pc->mem_size);
	buf = pc->buf_size.first;
	if (perf_nb_bufs(pc, mem, buf, 1) > MAX_BUFS)
		say(s->conf, PERF_ERROR, "%s: [%s] mem_size=%" PRIu64 ": %" PRIu64 " buffers of "
		    "buf_size %" PRIu64 " found, expected at most %" PRIu64, s->conf->path, section,
		    mem, perf_nb_bufs(pc, mem, buf, 1), buf, MAX_BUFS);
	if (are_good(s, RTE_BIT32(KEY_RING_SIZE) | RTE_BIT32(KEY_KICK_BATCH)) &&
	    scenarios <= MAX_SCENARIOS)
		scenarios *= perf_range_count(&pc->ring_size) * perf_range_count(&pc->kick_batch);
	if (scenarios > MAX_SCENARIOS)
		say(s->conf, PERF_ERROR, "%s: [%s] %" PRIu64 " scenarios found, expected at most %"
		    PRIu64 ": a range is too long", s->conf->path, section, scenarios,
		    MAX_SCENARIOS);
}

/* DPDK's tool has no default for either key, so a file needs both or none. */
static void
check_sges(struct section *s, const char *section)
{
	bool src = (s->seen & RTE_BIT32(KEY_SRC_SGE)) != 0;
	bool dst = (s->seen & RTE_BIT32(KEY_DST_SGE)) != 0;

	if (src != dst)
		say(s->conf, PERF_ERROR, "%s: [%s] %s: missing, expected with %s", s->conf->path,
		    section, keys[src ? KEY_DST_SGE : KEY_SRC_SGE].name,
		    keys[src ? KEY_SRC_SGE : KEY_DST_SGE].name);
}

/* direction and vchan_dev apply to all lanes of lcore_dma. */
static void
check_old_lanes(struct section *s, const char *section)
{
	static const enum key_id ids[] = { KEY_OLD_DIR, KEY_OLD_PORT };
	const struct where w = {
		s->conf, section, keys[KEY_OLD_DIR].name, perf_dir_name(s->old.dir),
	};
	bool is_old = (s->seen & RTE_BIT32(KEY_OLD_LANES)) != 0;
	bool is_remote = s->old.dir != PERF_DIR_MEM_TO_MEM;
	unsigned int i;

	for (i = 0; i < RTE_DIM(ids); i++)
		if ((s->seen & RTE_BIT32(ids[i])) != 0 &&
		    (!is_old || (ids[i] == KEY_OLD_PORT && !is_remote)))
			say(s->conf, PERF_WARNING, "%s: [%s] %s: has no effect %s", s->conf->path,
			    section, keys[ids[i]].name,
			    is_old ? "with mem2mem" : "without " LANE_KEY);
	if (!is_old || !is_remote)
		return;
	if ((s->seen & RTE_BIT32(KEY_OLD_PORT)) == 0)
		complain(&w, PERF_ERROR, "vchan_dev is missing, expected with it");
	if (s->scope == IN_FILL)
		unsupported(s, &w, "a fill goes to memory, expected mem2mem");
	for (i = 0; i < s->nb_lanes; i++) {
		s->lanes[i].dir = s->old.dir;
		s->lanes[i].raddr = s->old.raddr;
		s->lanes[i].coreid = s->old.coreid;
		s->lanes[i].pfid = s->old.pfid;
		s->lanes[i].vfid = s->old.vfid;
	}
}

static int
check_case(struct section *s, const char *section)
{
	struct perf_case *pc = s->pc;
	uint32_t lane_keys = RTE_BIT32(KEY_LANE) | RTE_BIT32(KEY_OLD_LANES);
	unsigned int i;

	for (i = 0; i < NB_KEYS; i++) {
		/* An unknown type needs only what all types need. */
		bool needed = s->scope == IN_CASE ? keys[i].needed == IN_CASE :
			(keys[i].needed & s->scope) != 0;

		if (needed && (s->seen & RTE_BIT32(i)) == 0)
			say(s->conf, PERF_ERROR, "%s: [%s] %s: missing, expected %s", s->conf->path,
			    section, keys[i].name, keys[i].help);
	}
	if ((s->scope & ~IN_DMA) == 0 && (s->seen & lane_keys) == 0)
		say(s->conf, PERF_ERROR, "%s: [%s] " LANE_KEY "0: missing, expected %s",
		    s->conf->path, section, keys[KEY_LANE].help);
	if ((s->seen & lane_keys) == lane_keys)
		say(s->conf, PERF_ERROR, "%s: [%s] " LANE_KEY ": found with " LANE_KEY "0, "
		    "expected one of the two forms", s->conf->path, section);
	/* Skip a lane that did not parse: its lcore would default to 0. */
	else if (s->scope != IN_CASE && (s->bad & (lane_keys | RTE_BIT32(KEY_LCORE))) == 0)
		check_lanes(s, section);
	/* Skip a direction that did not parse: it would default to mem2mem. */
	if (s->scope != IN_CASE && (s->bad & RTE_BIT32(KEY_OLD_DIR)) == 0)
		check_old_lanes(s, section);
	check_sges(s, section);
	if (are_good(s, RTE_BIT32(KEY_MEM_SIZE) | RTE_BIT32(KEY_BUF_SIZE)))
		check_sizes(s, section);

	pc->lanes = calloc(s->nb_lanes + 1, sizeof(*pc->lanes));
	if (pc->lanes == NULL)
		return -ENOMEM;
	memcpy(pc->lanes, s->lanes, s->nb_lanes * sizeof(*pc->lanes));
	pc->nb_lanes = s->nb_lanes;
	return 0;
}

static int
read_section(struct section *s, const char *section, const struct rte_cfgfile_entry *entries,
	     int nb_entries)
{
	/* Read these first: they decide how other keys are read. */
	static const enum key_id early[] = { KEY_SKIP, KEY_TYPE };
	bool done[NB_KEYS] = { false };
	enum key_id id;
	unsigned int e;
	int i;

	for (e = 0; e < RTE_DIM(early) && s->scope != IN_GLOBAL; e++) {
		for (i = 0; i < nb_entries; i++)
			if (find_key(entries[i].name) == early[e] && !is_repeated(entries, i))
				read_entry(s, section, &entries[i]);
		if (s->pc->skip)
			return 0;
		done[early[e]] = true;
	}
	for (i = 0; i < nb_entries; i++) {
		struct where w = { s->conf, section, entries[i].name, entries[i].value };

		id = find_key(entries[i].name);
		if (is_repeated(entries, i))
			complain(&w, PERF_WARNING, "has no effect, the key is already set above");
		else if (id == NB_KEYS || !done[id])
			read_entry(s, section, &entries[i]);
	}
	return s->scope == IN_GLOBAL ? 0 : check_case(s, section);
}

/* case1, case2, ... */
static bool
is_case_name(const char *name, uint64_t *id)
{
	return strncmp(name, "case", 4) == 0 && name[4] != '0' &&
		to_number(name + 4, 1, UINT16_MAX, id);
}

static int
read_case(struct perf_conf *conf, const char *name, uint64_t id,
	  const struct rte_cfgfile_entry *entries, int nb_entries)
{
	struct perf_case *pc = &conf->cases[conf->nb_cases];
	struct section s = { .conf = conf, .pc = pc, .scope = IN_CASE };
	unsigned int i;

	for (i = 0; i < conf->nb_cases; i++) {
		if (conf->cases[i].id == id) {
			say(conf, PERF_ERROR, "%s: [%s] found twice, expected once", conf->path,
			    name);
			return 0;
		}
	}
	*pc = conf->global;
	pc->eal_args = strdup(conf->global.eal_args);
	if (pc->eal_args == NULL)
		return -ENOMEM;
	snprintf(pc->section, sizeof(pc->section), "%s", name);
	pc->id = id;
	conf->nb_cases++;
	return read_section(&s, name, entries, nb_entries);
}

/* Called for GLOBAL first, wherever it is in the file: it has the defaults of all cases. */
static int
read_sections(struct perf_conf *conf, struct rte_cfgfile *cfg, bool global)
{
	int nb_sections = rte_cfgfile_num_sections(cfg, NULL, 0);
	struct section s = { .conf = conf, .pc = &conf->global, .scope = IN_GLOBAL };
	bool seen = false;
	int ret = 0;
	int i;

	for (i = 0; i < nb_sections && ret == 0; i++) {
		char name[CFG_NAME_LEN];
		int nb = rte_cfgfile_section_num_entries_by_index(cfg, name, i);
		struct rte_cfgfile_entry *entries = calloc(nb + 1, sizeof(*entries));
		uint64_t id;

		if (entries == NULL)
			return -ENOMEM;
		rte_cfgfile_section_entries_by_index(cfg, i, name, entries, nb);
		if ((strcmp(name, GLOBAL_SECTION) == 0) != global) {
			free(entries);
			continue;
		}
		if (global && seen)
			say(conf, PERF_ERROR, "%s: [%s] found twice, expected once", conf->path,
			    name);
		else if (global)
			ret = read_section(&s, name, entries, nb);
		else if (is_case_name(name, &id))
			ret = read_case(conf, name, id, entries, nb);
		else
			say(conf, PERF_ERROR, "%s: [%s] unknown section, expected [%s] or "
			    "[case<N>], N from 1", conf->path, name, GLOBAL_SECTION);
		seen = true;
		free(entries);
	}
	return ret;
}

/* Check one trimmed line of the file; write it to out if cfgfile can parse it. */
static void
check_line(struct perf_conf *conf, unsigned int lineno, char *line, bool *in_section, FILE *out)
{
	char *end, *value, *key;

	if (line[0] == '[') {
		char *name = line + 1;

		end = strchr(line, ']');
		if (end == NULL) {
			say(conf, PERF_ERROR, "%s: line %u: '%s' found, expected a ']'",
			    conf->path, lineno, line);
		} else {
			*end++ = '\0';
			if (*trim(end) != '\0')
				say(conf, PERF_ERROR, "%s: line %u: '%s' found, expected nothing "
				    "after [%s]", conf->path, lineno, trim(end), name);
		}
		name = trim(name);
		if (strlen(name) >= CFG_NAME_LEN)
			say(conf, PERF_ERROR, "%s: line %u: section name of %zu characters found, "
			    "expected at most %u", conf->path, lineno, strlen(name),
			    CFG_NAME_LEN - 1);
		fprintf(out, "[%.*s]\n", CFG_NAME_LEN - 1, name);
		*in_section = true;
		return;
	}
	value = strchr(line, '=');
	/* # is not cfgfile's comment character, but users expect it to be one. */
	if (line[0] == '#')
		return;
	if (value == NULL) {
		say(conf, PERF_ERROR, "%s: line %u: '%s' found, expected [section], key=value or "
		    "a comment after ';'", conf->path, lineno, line);
		return;
	}
	*value++ = '\0';
	key = trim(line);
	value = trim(value);
	if (!*in_section) {
		say(conf, PERF_ERROR, "%s: line %u: %s=%s found before the first [section]",
		    conf->path, lineno, key, value);
		return;
	}
	if (strlen(key) >= CFG_NAME_LEN) {
		say(conf, PERF_ERROR, "%s: line %u: key of %zu characters found, expected at most "
		    "%u", conf->path, lineno, strlen(key), CFG_NAME_LEN - 1);
		return;
	}
	if (strlen(value) >= CFG_VALUE_LEN)
		say(conf, PERF_ERROR, "%s: line %u: %s: value of %zu characters found, expected "
		    "at most %u", conf->path, lineno, key, strlen(value), CFG_VALUE_LEN - 1);
	fprintf(out, "%s=%.*s\n", key, CFG_VALUE_LEN - 1, value);
}

/*
 * Depending on its version, cfgfile stops at the first bad line, silently skips others, and
 * truncates long values. So check each line here, and give cfgfile a copy that it parses
 * completely.
 */
static int
check_lines(struct perf_conf *conf, FILE *in, FILE *out)
{
	char *line = NULL;
	size_t size = 0;
	bool in_section = false;
	unsigned int lineno = 0;
	ssize_t len;
	int ret = 0;

	for (errno = 0; (len = getline(&line, &size, in)) >= 0; errno = 0) {
		char *comment = strchr(line, CFG_DEFAULT_COMMENT_CHARACTER);
		char *text;

		lineno++;
		if (strlen(line) != (size_t)len) {
			say(conf, PERF_ERROR, "%s: line %u: a zero byte found, expected text",
			    conf->path, lineno);
			continue;
		}
		if (comment != NULL && (comment == line || comment[-1] != '\\'))
			*comment = '\0';
		text = line;
		if (lineno == 1 && strncmp(text, UTF8_BOM, strlen(UTF8_BOM)) == 0) {
			say(conf, PERF_ERROR, "%s: line 1: UTF-8 byte order mark found, expected "
			    "none: save the file as UTF-8 without BOM", conf->path);
			text += strlen(UTF8_BOM);
		}
		text = trim(text);
		if (*text != '\0')
			check_line(conf, lineno, text, &in_section, out);
	}
	if (ferror(in))
		ret = errno != 0 ? -errno : -EIO;
	free(line);
	if (ret == 0 && (fflush(out) != 0 || ferror(out)))
		ret = -EIO;
	return ret;
}

static int
load_copy(struct perf_conf *conf, int copy)
{
	struct rte_cfgfile *cfg;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	cfg = rte_cfgfile_load(path, CFG_FLAG_EMPTY_VALUES);
	if (cfg == NULL)
		return -EIO;
	conf->cases = calloc(rte_cfgfile_num_sections(cfg, NULL, 0) + 1, sizeof(*conf->cases));
	conf->global.eal_args = strdup("");
	conf->global.test_seconds = DEFAULT_TEST_SECONDS;
	conf->global.detail_ms = DEFAULT_DETAIL_MS;
	if (conf->cases == NULL || conf->global.eal_args == NULL) {
		ret = -ENOMEM;
	} else {
		ret = read_sections(conf, cfg, true);
		if (ret == 0)
			ret = read_sections(conf, cfg, false);
	}
	rte_cfgfile_close(cfg);
	if (ret == 0 && conf->nb_cases == 0)
		say(conf, PERF_ERROR, "%s: no case found, expected a section [case1]", conf->path);
	return ret;
}

int
perf_conf_load(struct perf_conf *conf, const char *path)
{
	FILE *in, *out = NULL;
	int copy;
	int ret;

	memset(conf, 0, sizeof(*conf));
	conf->path = path;
	in = fopen(path, "r");
	if (in == NULL) {
		ret = -errno;
		goto out;
	}
	copy = memfd_create("perf_conf", MFD_CLOEXEC);
	if (copy < 0) {
		ret = -errno;
		goto out;
	}
	out = fdopen(copy, "w");
	if (out == NULL) {
		ret = -errno;
		close(copy);
		goto out;
	}
	ret = check_lines(conf, in, out);
	if (ret == 0)
		ret = load_copy(conf, copy);
out:
	if (in != NULL)
		fclose(in);
	if (out != NULL)
		fclose(out);
	if (ret != 0)
		say(conf, PERF_ERROR, "%s: cannot be read: %s, expected an INI file", path,
		    strerror(-ret));
	else if (conf->nb_errors != 0)
		ret = -EINVAL;
	return ret;
}

void
perf_conf_free(struct perf_conf *conf)
{
	unsigned int i;

	for (i = 0; i < conf->nb_cases; i++) {
		free(conf->cases[i].eal_args);
		free(conf->cases[i].lanes);
	}
	free(conf->cases);
	free(conf->global.eal_args);
	for (i = 0; i < conf->nb_messages; i++)
		free(conf->messages[i].text);
	free(conf->messages);
	memset(conf, 0, sizeof(*conf));
}

void
perf_conf_print_messages(const struct perf_conf *conf, FILE *f)
{
	static const char *const prefix[] = {
		[PERF_WARNING] = "warning: ",
		[PERF_UNSUPPORTED] = "",
		[PERF_ERROR] = "error: ",
	};
	unsigned int i;

	for (i = 0; i < conf->nb_messages; i++)
		fprintf(f, "%s%s\n", prefix[conf->messages[i].severity], conf->messages[i].text);
}

static void
print_key(FILE *f, const struct key *key)
{
	const char *line = key->more;

	fprintf(f, "    %-16s %s\n", key->name, key->help);
	while (line != NULL) {
		const char *end = strchrnul(line, '\n');

		fprintf(f, "    %-16s %.*s\n", "", (int)(end - line), line);
		line = *end == '\0' ? NULL : end + 1;
	}
}

void
perf_conf_print_keys(FILE *f)
{
	static const struct {
		const char *title;
		unsigned int scope;
	} groups[] = {
		{ "in [GLOBAL], or in a case for that case alone", IN_GLOBAL | IN_CASE },
		{ "in a case [case<N>]", IN_CASE },
		{ "in a case of type DMA_MEM_COPY or DMA_MEM_FILL", IN_DMA },
		{ "in a case of type DMA_MEM_COPY", IN_COPY },
		{ "in a case of type CPU_MEM_COPY", IN_CPU },
	};
	unsigned int g, i;

	for (g = 0; g < RTE_DIM(groups); g++) {
		fprintf(f, "  %s:\n", groups[g].title);
		for (i = 0; i < NB_KEYS; i++)
			if (keys[i].scope == groups[g].scope)
				print_key(f, &keys[i]);
	}
}

const char *
perf_type_name(enum perf_type type)
{
	static const char *const names[] = {
		[PERF_TYPE_NONE] = "unknown",
		[PERF_TYPE_DMA_MEM_COPY] = "DMA_MEM_COPY",
		[PERF_TYPE_CPU_MEM_COPY] = "CPU_MEM_COPY",
		[PERF_TYPE_DMA_MEM_FILL] = "DMA_MEM_FILL",
	};

	return names[type];
}

const char *
perf_dir_name(enum perf_dir dir)
{
	static const char *const names[] = {
		[PERF_DIR_MEM_TO_MEM] = "mem2mem",
		[PERF_DIR_MEM_TO_DEV] = "mem2dev",
		[PERF_DIR_DEV_TO_MEM] = "dev2mem",
	};

	return names[dir];
}
