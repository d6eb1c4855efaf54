/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Configuration, and faults, as text. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdxi_emu_priv.h"

/* What a key takes, and where that goes. */
struct key {
	const char *name;
	const char *expected; /* NULL: no value, a flag */
	const char *words;    /* values in the place of numbers, counted from 0: |a|b| */
	uint64_t min;
	uint64_t max;
	uint8_t log2; /* powers of two: what is stored is the logarithm, less this and 1 */
	uint8_t size; /* bytes */
	uint16_t off;
};

#define AT(type, member)                                                                           \
	.size = sizeof(((struct type *)0)->member), .off = offsetof(struct type, member)
#define CONF(member) AT(sdxi_emu_conf, member)
#define FAULT(member) AT(sdxi_emu_fault, member)
#define WORDS(a) .expected = a, .words = "|" a "|"

static const struct key conf_keys[] = {
	{ "max_cxt", "a context number, 1 to 65535", NULL, 1, UINT16_MAX, CONF(max_cxt) },
	{ "max_ring", "descriptors, a power of two from 1024 to 2147483648", NULL,
	  SDXI_DS_RING_SZ_MIN, UINT64_C(1) << 31, 11, CONF(max_ds_ring_sz) },
	{ "max_buffer", "bytes, a power of two from 2097152 to 4294967296", NULL, UINT64_C(2) << 20,
	  UINT64_C(4) << 30, SDXI_MAX_BUFFER_SHIFT + 1, CONF(max_buffer) },
	{ "db_stride", "bytes, a power of two from 4096 to 524288", NULL, SDXI_DB_STRIDE_MIN,
	  524288, 13, CONF(db_stride) },
	{ "sfunc", "a function number, 0 to 65535", NULL, 0, UINT16_MAX, CONF(sfunc) },
	{ "error", WORDS("stop|continue"), CONF(err_continue) },
	{ "order", WORDS("in|random"), CONF(reorder) },
	{ "seed", "a number, 0 to 18446744073709551615", NULL, 0, UINT64_MAX, CONF(seed) },
	{ "cxt_upd", WORDS("number|flags|refuse"), CONF(cxt_upd) },
	{ "csr", WORDS("0|1|none"), CONF(csr) },
	{ "read_index", "each or lag:N, N descriptors from 0 to 65536", NULL, 0, 65536,
	  CONF(read_index_lag) },
	{ "flr_ms", "milliseconds, 0 to 60000", NULL, 0, 60000, CONF(flr_ms) },
	{ "flr_reads", WORDS("zeros|ones"), CONF(flr_ones) },
};

enum fault_key {
	KEY_CXT,
	KEY_OP,
	KEY_COUNT,
	KEY_STEP,
	KEY_SUB_STEP,
	KEY_BUF,
	KEY_NO_BLOCK,
	KEY_NO_LOG,
	KEYS,
};

#define KEY_NAMES "cxt, op, count, step, sub_step, buf, no_block, no_log"
static const struct key fault_keys[KEYS] = {
	[KEY_CXT] = { "cxt", "context number, 0 to max_cxt", NULL, 0, UINT16_MAX, FAULT(cxt) },
	[KEY_OP] = { "op", "number of operations, 0 or more", NULL, 0, UINT64_MAX, FAULT(op) },
	[KEY_COUNT] = { "count", "number of operations, 1 to 4294967295", NULL, 1, UINT32_MAX,
		FAULT(count) },
	[KEY_STEP] = { "step", "step of the error log, 1 to 12", NULL, SDXI_STEP_INTERNAL,
		SDXI_STEP_RKEY, FAULT(step) },
	[KEY_SUB_STEP] = { "sub_step", "sub-step of the error log, 0 to 3", NULL,
		SDXI_SUB_STEP_OTHER, SDXI_SUB_STEP_VALIDATION, FAULT(sub_step) },
	[KEY_BUF] = { "buf", "0 for the source, 1 for the destination", NULL, 0, 1, FAULT(buf) },
	[KEY_NO_BLOCK] = { "no_block", FAULT(no_block) },
	[KEY_NO_LOG] = { "no_log", FAULT(no_log) },
};

#define HAS(key) (1u << KEY_##key)
#define HAS_OP (HAS(CXT) | HAS(OP) | HAS(COUNT))
#define KIND_NAMES                                                                                 \
	"fail, lose, no_signal, stall, stop, fn_error, log_ovf, log_err, no_stop, no_fn_stop, "    \
	"no_reset, no_active, flr"
static const struct kind {
	const char *name;
	uint32_t keys; /* that mean something to it */
} kinds[SDXI_EMU_FAULT_KINDS] = {
	[SDXI_EMU_FAULT_FAIL] = { "fail", HAS_OP | HAS(STEP) | HAS(SUB_STEP) | HAS(BUF) |
		HAS(NO_BLOCK) | HAS(NO_LOG) },
	[SDXI_EMU_FAULT_LOSE] = { "lose", HAS_OP },
	[SDXI_EMU_FAULT_NO_SIGNAL] = { "no_signal", HAS_OP | HAS(STEP) | HAS(SUB_STEP) | HAS(BUF) |
		HAS(NO_LOG) },
	[SDXI_EMU_FAULT_STALL] = { "stall", HAS_OP },
	[SDXI_EMU_FAULT_STOP] = { "stop", HAS_OP },
	[SDXI_EMU_FAULT_FN_ERROR] = { "fn_error", HAS_OP },
	[SDXI_EMU_FAULT_LOG_OVF] = { "log_ovf", HAS_OP },
	[SDXI_EMU_FAULT_LOG_ERR] = { "log_err", HAS_OP },
	[SDXI_EMU_FAULT_NO_STOP] = { "no_stop", HAS(CXT) | HAS(OP) },
	[SDXI_EMU_FAULT_NO_FN_STOP] = { "no_fn_stop", 0 },
	[SDXI_EMU_FAULT_NO_RESET] = { "no_reset", 0 },
	[SDXI_EMU_FAULT_NO_ACTIVE] = { "no_active", HAS(COUNT) },
	[SDXI_EMU_FAULT_FLR] = { "flr", HAS_OP },
};

/* A part of a text, which ends where the next begins. */
struct part {
	const char *at;
	int len;
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
number_parse(const char *at, int len, uint64_t *number)
{
	char *end;

	/* strtoull() alone would take blanks and a sign, and in base 0 a leading 0 as octal. */
	if (len == 0 || *at < '0' || *at > '9')
		return false;
	errno = 0;
	*number = strtoull(at, &end, strncasecmp(at, "0x", 2) == 0 ? 16 : 10);
	return errno == 0 && end == at + len;
}

/* Which of the words |a|b| it is. */
static bool
word_parse(const char *words, const struct part *value, uint64_t *number)
{
	for (*number = 0; words[1] != '\0'; ++*number) {
		const int len = strcspn(words + 1, "|");

		if (len == value->len && memcmp(words + 1, value->at, len) == 0)
			return true;
		words += 1 + len;
	}
	return false;
}

/* The value of a key, into a structure; false: it has none such. */
static bool
value_parse(const struct key *key, const struct part *value, void *out)
{
	uint64_t number = 1;
	uint8_t log2 = 0;

	if (key->words != NULL) {
		if (!word_parse(key->words, value, &number))
			return false;
	} else if (key->expected != NULL) {
		if (!number_parse(value->at, value->len, &number) || number < key->min ||
		    number > key->max)
			return false;
	}
	if (key->log2 != 0) {
		if ((number & (number - 1)) != 0)
			return false;
		while (number >> log2 != 1)
			log2++;
		number = log2 - (key->log2 - 1);
	}
	out = (uint8_t *)out + key->off;
	if (key->size == 1)
		*(uint8_t *)out = number;
	else if (key->size == 2)
		*(uint16_t *)out = number;
	else if (key->size == 4)
		*(uint32_t *)out = number;
	else
		*(uint64_t *)out = number;
	return true;
}

int
sdxi_emu_conf_parse(struct sdxi_emu_conf *conf, const char *key, const char *value, char *why,
		    size_t len)
{
	const struct part name = { key, strlen(key) };
	struct part val = { value, strlen(value) };
	const struct key *k;

	for (k = conf_keys; k < conf_keys + sizeof(conf_keys) / sizeof(conf_keys[0]); k++) {
		if (!part_is(&name, k->name))
			continue;
		if (k->off == offsetof(struct sdxi_emu_conf, read_index_lag)) {
			if (strcmp(value, "each") == 0)
				val = (struct part){ "0", 1 };
			else if (strncmp(value, "lag:", 4) == 0)
				val = (struct part){ value + 4, val.len - 4 };
			else
				val.len = 0;
		}
		if (value_parse(k, &val, conf))
			return 0;
		snprintf(why, len, "expected %s, found '%s'", k->expected, value);
		return -EINVAL;
	}
	return -ENOENT;
}

/* One key of a fault, which is added to @p seen; what is wrong ends up in @p why. */
static int
part_parse(const struct part *part, const struct kind *kind, struct sdxi_emu_fault *fault,
	   uint32_t *seen, char *why, size_t len)
{
	const char *eq = memchr(part->at, '=', part->len);
	bool good = false;
	struct part name = { part->at, eq != NULL ? eq - part->at : part->len };
	struct part value = { "", 0 };
	unsigned int k;

	if (eq != NULL)
		value = (struct part){ eq + 1, part->len - name.len - 1 };
	for (k = 0; k < KEYS && !part_is(&name, fault_keys[k].name); k++)
		;
	if (k == KEYS)
		snprintf(why, len, "%s: '%.*s' is not known; known are " KEY_NAMES, kind->name,
			 name.len, name.at);
	else if (!(kind->keys & 1u << k))
		snprintf(why, len, "%s: '%s' means nothing to this kind", kind->name,
			 fault_keys[k].name);
	else if ((fault_keys[k].expected == NULL && eq != NULL) ||
		 !value_parse(&fault_keys[k], &value, fault))
		snprintf(why, len, "%s: %s: expected %s, found '%.*s'", kind->name,
			 fault_keys[k].name,
			 fault_keys[k].expected != NULL ? fault_keys[k].expected : "no value",
			 value.len, value.at);
	else
		good = true;
	*seen |= good ? 1u << k : 0;
	return good ? 0 : -EINVAL;
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
	uint32_t seen = 0;
	unsigned int k;

	for (k = 0; k < SDXI_EMU_FAULT_KINDS && !part_is(&part, kinds[k].name); k++)
		;
	if (k == SDXI_EMU_FAULT_KINDS) {
		snprintf(why, len, "kind '%.*s' is not known; known are " KIND_NAMES, part.len,
			 part.at);
		return -EINVAL;
	}
	*fault = (struct sdxi_emu_fault){ .kind = k };
	while (part.at[part.len] == ':') {
		part.at += part.len + 1;
		part.len = strcspn(part.at, ":");
		if (part_parse(&part, &kinds[k], fault, &seen, why, len) < 0)
			return -EINVAL;
	}
	/* Without a step the function takes the sub-step of its own choice, too. */
	if ((seen & (HAS(STEP) | HAS(SUB_STEP))) == HAS(SUB_STEP))
		fault->step = SDXI_STEP_BUFFER;
	return 0;
}
