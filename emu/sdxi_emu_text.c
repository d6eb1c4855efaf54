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

/* A key, and what it takes: words, a number, or no value; or a kind of fault. */
struct entry {
	const char *name;
	const char *words; /* in the place of numbers, counted from 0; N is one that follows */
	uint64_t min;
	uint64_t max;  /* 0: no number */
	uint8_t log2;  /* powers of two: what is stored is the logarithm, less this */
	uint8_t size;  /* bytes that are stored */
	uint16_t off;  /* where */
	uint8_t first; /* a kind of fault: it has n_keys of fault_keys[], from this one on */
	uint8_t n_keys;
};

#define AT(type, member)                                                                           \
	.size = sizeof(((struct type *)0)->member), .off = offsetof(struct type, member)
#define CONF(member) AT(sdxi_emu_conf, member)
#define FAULT(member) AT(sdxi_emu_fault, member)
#define POWER(n) (UINT64_C(1) << (n))

static const struct entry conf_keys[] = {
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
	{ "read_index", "each|lag:N", 0, 65536, CONF(read_index_lag) },
	{ "flr_ms", NULL, 0, 60000, CONF(flr_ms) },
	{ "flr_reads", "zeros|ones", CONF(flr_ones) },
};

static const struct entry fault_keys[] = { /* in an order in which each kind has a run of them */
	{ "cxt", NULL, 0, UINT16_MAX, FAULT(cxt) },
	{ "op", NULL, 0, UINT64_MAX, FAULT(op) },
	{ "count", NULL, 1, UINT32_MAX, FAULT(count) },
	{ "step", NULL, SDXI_STEP_INTERNAL, SDXI_STEP_RKEY, FAULT(step) },
	{ "sub_step", NULL, SDXI_SUB_STEP_OTHER, SDXI_SUB_STEP_VALIDATION, FAULT(sub_step) },
	{ "buf", NULL, EMU_BUF_SRC, EMU_BUF_DST, FAULT(buf) },
	{ "no_log", FAULT(no_log) },
	{ "no_block", FAULT(no_block) },
};

static const struct entry kinds[SDXI_EMU_FAULT_KINDS] = { /* by enum sdxi_emu_fault_kind */
	{ "fail", .n_keys = 8 }, { "lose", .n_keys = 3 }, { "no_signal", .n_keys = 7 },
	{ "stall", .n_keys = 3 }, { "stop", .n_keys = 3 }, { "fn_error", .n_keys = 3 },
	{ "log_ovf", .n_keys = 3 }, { "log_err", .n_keys = 3 }, { "no_stop", .n_keys = 2 },
	{ "no_fn_stop" }, { "no_reset" }, { "no_active", .first = 2, .n_keys = 1 },
	{ "flr", .n_keys = 3 },
};

static bool
name_is(const char *name, const char *text)
{
	while (*name != '\0' && *name == (*text == '-' ? '_' : *text)) {
		name++;
		text++;
	}
	return *name == *text;
}

/* The one of @p n entries with a name; NULL: @p why says which names there are. */
static const struct entry *
entry_find(const struct entry *entry, unsigned int n, const char *name, char *why, size_t len)
{
	size_t used = snprintf(why, len, "unknown '%s'; known:%s", name, n == 0 ? " none" : "");

	for (; n != 0; n--, entry++) {
		if (name_is(entry->name, name))
			return entry;
		used = EMU_MIN(used, len);
		used += snprintf(why + used, len - used, " %s", entry->name);
	}
	return NULL;
}

static bool
number_parse(const struct entry *key, const char *text, uint64_t *number)
{
	unsigned int exponent = 0;
	char *end;

	/* strtoull() alone would take blanks and a sign, and in base 0 a leading 0 as octal. */
	errno = 0;
	*number = strtoull(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || *number < key->min ||
	    *number > key->max || (key->log2 != 0 && (*number & (*number - 1)) != 0))
		return false;
	if (key->log2 != 0) {
		while (*number >> exponent > 1)
			exponent++;
		*number = exponent - key->log2;
	}
	return true;
}

/* Which of a key's words it is, or the number in the place of N. */
static bool
word_parse(const struct entry *key, const char *text, uint64_t *number)
{
	const char *word = key->words;
	size_t len;

	for (*number = 0;; ++*number, word += len + 1) {
		len = strcspn(word, "|N");
		if (strncmp(word, text, len) == 0 && word[len] == 'N')
			return number_parse(key, text + len, number);
		if (strncmp(word, text, len) == 0 && text[len] == '\0')
			return true;
		if (word[len] != '|')
			return false;
	}
}

/* Set what a key stands for, @p value NULL: without one; else @p why says what was expected. */
static int
key_set(const struct entry *key, const char *value, void *out, char *why, size_t len)
{
	const char *text = value != NULL ? value : "", *expected = key->words;
	uint8_t *to = (uint8_t *)out + key->off;
	char range[64] = "";
	uint64_t number = 1;
	bool good;

	if (key->words != NULL) {
		good = word_parse(key, text, &number);
	} else if (key->max != 0) {
		expected = key->log2 != 0 ? "a power of two" : "a number";
		good = number_parse(key, text, &number);
	} else {
		expected = "no value";
		good = value == NULL;
	}
	if (!good) {
		if (key->max != 0)
			snprintf(range, sizeof(range), " from %" PRIu64 " to %" PRIu64, key->min,
				 key->max);
		snprintf(why, len, "expected %s%s, found '%s'", expected, range, text);
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
	const struct entry *entry = entry_find(conf_keys, EMU_DIM(conf_keys), key, why, len);

	return entry != NULL ? key_set(entry, value, conf, why, len) : -ENOENT;
}

const char *
sdxi_emu_fault_name(enum sdxi_emu_fault_kind kind)
{
	return (unsigned int)kind < SDXI_EMU_FAULT_KINDS ? kinds[kind].name : "?";
}

int
sdxi_emu_fault_parse(const char *spec, struct sdxi_emu_fault *fault, char *why, size_t len)
{
	char text[256], *next = text, *name, *value;
	const struct entry *kind, *key;
	size_t used;

	if (snprintf(text, sizeof(text), "%s", spec) >= (int)sizeof(text)) {
		snprintf(why, len, "expected up to %zu characters", sizeof(text) - 1);
		return -EINVAL;
	}
	kind = entry_find(kinds, EMU_DIM(kinds), strsep(&next, ":"), why, len);
	if (kind == NULL)
		return -EINVAL;
	*fault = (struct sdxi_emu_fault){ .kind = kind - kinds, .sub_step = UINT8_MAX };
	while ((value = strsep(&next, ":")) != NULL) {
		name = strsep(&value, "=");
		used = snprintf(why, len, "%s: %s: ", kind->name, name);
		used = EMU_MIN(used, len);
		key = entry_find(fault_keys + kind->first, kind->n_keys, name, why + used,
				 len - used);
		if (key == NULL || key_set(key, value, fault, why + used, len - used) < 0)
			return -EINVAL;
	}
	/* Without a step the function takes the sub-step of its own choice, too. */
	if (fault->sub_step == UINT8_MAX)
		fault->sub_step = 0;
	else if (fault->step == 0)
		fault->step = SDXI_STEP_BUFFER;
	return 0;
}
