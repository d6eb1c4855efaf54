/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Configuration, and faults, as text. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdxi_emu_priv.h"

/* What a key takes, and where that goes. */
struct key {
	const char *name;
	const char *words; /* in the place of numbers, counted from 0; "": a flag, no value */
	uint64_t min;
	uint64_t max;
	uint8_t log2; /* powers of two: what is stored is the logarithm, less this */
	uint8_t size; /* bytes */
	uint16_t off;
};

#define AT(type, member)                                                                           \
	.size = sizeof(((struct type *)0)->member), .off = offsetof(struct type, member)
#define CONF(member) AT(sdxi_emu_conf, member)
#define FAULT(member) AT(sdxi_emu_fault, member)
#define POWER(n) (UINT64_C(1) << (n))

static const struct key conf_keys[] = {
	{ "max_cxt", NULL, 1, UINT16_MAX, CONF(max_cxt) },
	{ "max_ring", NULL, POWER(10), POWER(31), 10, CONF(max_ds_ring_sz) },
	{ "max_buffer", NULL, POWER(21), POWER(32), 21, CONF(max_buffer) },
	{ "db_stride", NULL, POWER(12), POWER(19), 12, CONF(db_stride) },
	{ "sfunc", NULL, 0, UINT16_MAX, CONF(sfunc) },
	{ "error", "stop|continue", CONF(err_continue) },
	{ "order", "in|random", CONF(reorder) },
	{ "seed", NULL, 0, UINT64_MAX, CONF(seed) },
	{ "cxt_upd", "number|flags|refuse", CONF(cxt_upd) },
	{ "csr", "0|1|none", CONF(csr) },
	{ "read_index", "each|lag:", 0, 65536, CONF(read_index_lag) },
	{ "flr_ms", NULL, 0, 60000, CONF(flr_ms) },
	{ "flr_reads", "zeros|ones", CONF(flr_ones) },
};

enum { CXT = 1, OP = 2, COUNT = 4, STEP = 8, SUB_STEP = 16, BUF = 32, NO_BLOCK = 64, NO_LOG = 128 };
static const struct key fault_keys[] = { /* in the order of these bits */
	{ "cxt", NULL, 0, UINT16_MAX, FAULT(cxt) },
	{ "op", NULL, 0, UINT64_MAX, FAULT(op) },
	{ "count", NULL, 1, UINT32_MAX, FAULT(count) },
	{ "step", NULL, SDXI_STEP_INTERNAL, SDXI_STEP_RKEY, FAULT(step) },
	{ "sub_step", NULL, SDXI_SUB_STEP_OTHER, SDXI_SUB_STEP_VALIDATION, FAULT(sub_step) },
	{ "buf", NULL, EMU_BUF_SRC, EMU_BUF_DST, FAULT(buf) },
	{ "no_block", "", FAULT(no_block) },
	{ "no_log", "", FAULT(no_log) },
};
#define KEY_NAMES "cxt, op, count, step, sub_step, buf, no_block, no_log"

/* In the order of enum sdxi_emu_fault_kind, with the keys that mean something to each. */
#define OPS (CXT | OP | COUNT)
static const struct kind {
	const char *name;
	uint8_t keys;
} kinds[SDXI_EMU_FAULT_KINDS] = {
	{ "fail", UINT8_MAX }, { "lose", OPS }, { "no_signal", UINT8_MAX & ~NO_BLOCK },
	{ "stall", OPS }, { "stop", OPS }, { "fn_error", OPS }, { "log_ovf", OPS },
	{ "log_err", OPS }, { "no_stop", CXT | OP }, { "no_fn_stop", 0 }, { "no_reset", 0 },
	{ "no_active", COUNT }, { "flr", OPS },
};
#define KIND_NAMES                                                                                 \
	"fail, lose, no_signal, stall, stop, fn_error, log_ovf, log_err, no_stop, no_fn_stop, "    \
	"no_reset, no_active, flr"

/* A part of a text. */
struct part {
	const char *at;
	int len; /* -1: there is none */
};

static bool
part_is(const struct part *part, const char *name)
{
	int i;

	for (i = 0; i < part->len; i++)
		if (name[i] != (part->at[i] == '-' ? '_' : part->at[i]))
			return false;
	return name[i] == '\0';
}

static bool
number_parse(const struct key *key, const char *at, int len, uint64_t *number)
{
	char *end;

	/* strtoull() alone would take blanks and a sign, and in base 0 a leading 0 as octal. */
	if (len <= 0 || *at < '0' || *at > '9')
		return false;
	errno = 0;
	*number = strtoull(at, &end, strncasecmp(at, "0x", 2) == 0 ? 16 : 10);
	if (errno != 0 || end != at + len || *number < key->min || *number > key->max ||
	    (key->log2 != 0 && (*number & (*number - 1)) != 0))
		return false;
	if (key->log2 != 0)
		*number = __builtin_ctzll(*number) - key->log2;
	return true;
}

/* Which of a key's words it is; one that ends in a colon has a number after it. */
static bool
word_parse(const struct key *key, const struct part *value, uint64_t *number)
{
	const char *word = key->words;
	int len;

	for (*number = 0;; ++*number, word += len + 1) {
		len = strcspn(word, "|");
		if (len > 0 && word[len - 1] == ':' && strncmp(word, value->at, len) == 0)
			return number_parse(key, value->at + len, value->len - len, number);
		if (len == value->len && memcmp(word, value->at, len) == 0)
			return true;
		if (word[len] == '\0')
			return false;
	}
}

/* Set what a key stands for; otherwise @p why says what was expected. */
static int
key_set(const struct key *key, const struct part *value, void *out, char *why, size_t len)
{
	const bool flag = key->words != NULL && *key->words == '\0';
	uint8_t *to = (uint8_t *)out + key->off;
	char range[64] = "";
	uint64_t number = 1;

	if (flag ? value->len >= 0 :
	    value->len < 0 || !(key->words != NULL ? word_parse(key, value, &number) :
				number_parse(key, value->at, value->len, &number))) {
		if (key->max != 0)
			snprintf(range, sizeof(range), "%s from %" PRIu64 " to %" PRIu64,
				 key->words != NULL ? "N, N" : key->log2 != 0 ? "a power of two" :
				 "a number", key->min, key->max);
		snprintf(why, len, "expected %s%s, found '%.*s'", flag ? "no value" :
			 key->words != NULL ? key->words : "", range, value->len, value->at);
		return -EINVAL;
	}
	if (key->size == 1)
		*to = number;
	else if (key->size == 2)
		*(uint16_t *)to = number;
	else if (key->size == 4)
		*(uint32_t *)to = number;
	else
		*(uint64_t *)to = number;
	return 0;
}

int
sdxi_emu_conf_parse(struct sdxi_emu_conf *conf, const char *key, const char *value, char *why,
		    size_t len)
{
	const struct part name = { key, strlen(key) }, val = { value, strlen(value) };
	unsigned int k;

	for (k = 0; k < EMU_DIM(conf_keys); k++)
		if (part_is(&name, conf_keys[k].name))
			return key_set(&conf_keys[k], &val, conf, why, len);
	return -ENOENT;
}

/* One key of a fault. */
static int
part_parse(const struct part *part, struct sdxi_emu_fault *fault, char *why, size_t len)
{
	const struct kind *kind = &kinds[fault->kind];
	const char *eq = memchr(part->at, '=', part->len);
	struct part name = *part, value = { "", -1 };
	unsigned int k;
	size_t n;

	if (eq != NULL) {
		name.len = eq - part->at;
		value = (struct part){ eq + 1, part->len - name.len - 1 };
	}
	for (k = 0; k < EMU_DIM(fault_keys) && !part_is(&name, fault_keys[k].name); k++)
		;
	if (k < EMU_DIM(fault_keys) && (kind->keys & 1u << k)) {
		n = snprintf(why, len, "%s: %s: ", kind->name, fault_keys[k].name);
		n = EMU_MIN(n, len);
		return key_set(&fault_keys[k], &value, fault, why + n, len - n);
	}
	snprintf(why, len, "%s: '%.*s' %s", kind->name, name.len, name.at,
		 k < EMU_DIM(fault_keys) ? "means nothing to this kind" :
		 "is not known; known are " KEY_NAMES);
	return -EINVAL;
}

const char *
sdxi_emu_fault_name(enum sdxi_emu_fault_kind kind)
{
	return (unsigned int)kind < SDXI_EMU_FAULT_KINDS ? kinds[kind].name : "?";
}

int
sdxi_emu_fault_parse(const char *spec, struct sdxi_emu_fault *fault, char *why, size_t len)
{
	struct part part = { spec, strcspn(spec, ":") };
	unsigned int k;

	for (k = 0; k < SDXI_EMU_FAULT_KINDS && !part_is(&part, kinds[k].name); k++)
		;
	if (k == SDXI_EMU_FAULT_KINDS) {
		snprintf(why, len, "kind '%.*s' is not known; known are " KIND_NAMES, part.len,
			 part.at);
		return -EINVAL;
	}
	*fault = (struct sdxi_emu_fault){ .kind = k, .sub_step = UINT8_MAX };
	while (part.at[part.len] == ':') {
		part.at += part.len + 1;
		part.len = strcspn(part.at, ":");
		if (part_parse(&part, fault, why, len) < 0)
			return -EINVAL;
	}
	/* Without a step the function takes the sub-step of its own choice, too. */
	if (fault->sub_step == UINT8_MAX)
		fault->sub_step = 0;
	else if (fault->step == 0)
		fault->step = SDXI_STEP_BUFFER;
	return 0;
}
