/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* Faults as text: kind[:key=value|:flag]... */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdxi_emu_priv.h"

enum spec_key {
	SPEC_CXT,
	SPEC_OP,
	SPEC_COUNT,
	SPEC_STEP,
	SPEC_SUB_STEP,
	SPEC_BUF,
	SPEC_NO_BLOCK,
	SPEC_NO_LOG,
	SPEC_KEYS,
};

#define HAS(key) (UINT32_C(1) << SPEC_##key)
#define HAS_OP	 (HAS(CXT) | HAS(OP))

static const struct spec_kind {
	const char *name;
	enum sdxi_emu_fault_kind kind;
	uint32_t keys; /* that mean something to it */
} spec_kinds[] = {
	{ "fail", SDXI_EMU_FAULT_FAIL, HAS_OP | HAS(COUNT) | HAS(STEP) | HAS(SUB_STEP) | HAS(BUF) |
		HAS(NO_BLOCK) | HAS(NO_LOG) },
	{ "lose", SDXI_EMU_FAULT_LOSE, HAS_OP | HAS(COUNT) },
	{ "no_signal", SDXI_EMU_FAULT_NO_SIGNAL, HAS_OP | HAS(COUNT) | HAS(STEP) | HAS(SUB_STEP) |
		HAS(BUF) | HAS(NO_LOG) },
	{ "stall", SDXI_EMU_FAULT_STALL, HAS_OP | HAS(COUNT) },
	{ "stop", SDXI_EMU_FAULT_STOP, HAS_OP | HAS(COUNT) },
	{ "fn_error", SDXI_EMU_FAULT_FN_ERROR, HAS_OP | HAS(COUNT) },
	{ "log_ovf", SDXI_EMU_FAULT_LOG_OVF, HAS_OP | HAS(COUNT) },
	{ "log_err", SDXI_EMU_FAULT_LOG_ERR, HAS_OP | HAS(COUNT) },
	{ "no_stop", SDXI_EMU_FAULT_NO_STOP, HAS_OP },
	{ "no_fn_stop", SDXI_EMU_FAULT_NO_FN_STOP, 0 },
	{ "no_reset", SDXI_EMU_FAULT_NO_RESET, 0 },
	{ "no_active", SDXI_EMU_FAULT_NO_ACTIVE, HAS(COUNT) },
};

#define KIND_NAMES \
	"fail, lose, no_signal, stall, stop, fn_error, log_ovf, log_err, no_stop, no_fn_stop, " \
	"no_reset, no_active"

static const struct {
	const char *name;
	const char *expected; /* NULL: a flag */
	uint64_t min;
	uint64_t max;
} spec_keys[SPEC_KEYS] = {
	[SPEC_CXT] = { "cxt", "context number, 0 to max_cxt", 0, UINT16_MAX },
	[SPEC_OP] = { "op", "number of operations, 0 or more", 0, UINT64_MAX },
	[SPEC_COUNT] = { "count", "number of operations, 1 to 4294967295", 1, UINT32_MAX },
	[SPEC_STEP] = { "step", "step of the error log, 1 to 12", SDXI_STEP_INTERNAL,
		SDXI_STEP_RKEY },
	[SPEC_SUB_STEP] = { "sub_step", "sub-step of the error log, 0 to 3", SDXI_SUB_STEP_OTHER,
		SDXI_SUB_STEP_VALIDATION },
	[SPEC_BUF] = { "buf", "0 for the source, 1 for the destination", 0, 1 },
	[SPEC_NO_BLOCK] = { .name = "no_block" },
	[SPEC_NO_LOG] = { .name = "no_log" },
};

/* A part of the text, which ends where the next begins. */
struct part {
	const char *at;
	int len;
};

static bool
part_is(const struct part *part, const char *name)
{
	return strlen(name) == (size_t)part->len && memcmp(part->at, name, part->len) == 0;
}

static bool
number_parse(const struct part *part, enum spec_key key, uint64_t *number)
{
	char *end;

	/* strtoull() alone would take blanks and a sign. */
	if (part->len == 0 || *part->at < '0' || *part->at > '9')
		return false;
	errno = 0;
	/* Base 0 would read a leading 0 as octal. */
	*number = strtoull(part->at, &end, strncasecmp(part->at, "0x", 2) == 0 ? 16 : 10);
	return errno == 0 && end == part->at + part->len && *number >= spec_keys[key].min &&
	       *number <= spec_keys[key].max;
}

static void
fault_set(struct sdxi_emu_fault *fault, enum spec_key key, uint64_t number)
{
	switch (key) {
	case SPEC_CXT:
		fault->cxt = number;
		break;
	case SPEC_OP:
		fault->op = number;
		break;
	case SPEC_COUNT:
		fault->count = number;
		break;
	case SPEC_STEP:
		fault->step = number;
		break;
	case SPEC_SUB_STEP:
		fault->sub_step = number;
		break;
	case SPEC_BUF:
		fault->buf = number;
		break;
	case SPEC_NO_BLOCK:
		fault->no_block = true;
		break;
	default:
		fault->no_log = true;
		break;
	}
}

/* One key, which is added to @p seen. */
static int
part_parse(const struct part *part, const struct spec_kind *kind, struct sdxi_emu_fault *fault,
	   uint32_t *seen, char *why, size_t len)
{
	const char *eq = memchr(part->at, '=', part->len);
	struct part name = { part->at, eq != NULL ? eq - part->at : part->len };
	struct part value = { "", 0 };
	uint64_t number = 0;
	unsigned int k;

	if (eq != NULL)
		value = (struct part){ eq + 1, part->len - name.len - 1 };
	for (k = 0; k < SPEC_KEYS; k++)
		if (part_is(&name, spec_keys[k].name))
			break;
	if (k == SPEC_KEYS) {
		snprintf(why, len, "%s: '%.*s' is not known; known are cxt, op, count, step, "
			 "sub_step, buf, no_block, no_log", kind->name, name.len, name.at);
		return -EINVAL;
	}
	if ((kind->keys & (UINT32_C(1) << k)) == 0) {
		snprintf(why, len, "%s: '%s' means nothing to this kind", kind->name,
			 spec_keys[k].name);
		return -EINVAL;
	}
	if (spec_keys[k].expected == NULL && eq != NULL) {
		snprintf(why, len, "%s: %s: expected no value, found '%.*s'", kind->name,
			 spec_keys[k].name, value.len, value.at);
		return -EINVAL;
	}
	if (spec_keys[k].expected != NULL && !number_parse(&value, k, &number)) {
		snprintf(why, len, "%s: %s: expected %s, found '%.*s'", kind->name,
			 spec_keys[k].name, spec_keys[k].expected, value.len, value.at);
		return -EINVAL;
	}
	fault_set(fault, k, number);
	*seen |= UINT32_C(1) << k;
	return 0;
}

const char *
sdxi_emu_fault_name(enum sdxi_emu_fault_kind kind)
{
	unsigned int k;

	for (k = 0; k < sizeof(spec_kinds) / sizeof(spec_kinds[0]); k++)
		if (spec_kinds[k].kind == kind)
			return spec_kinds[k].name;
	return "?";
}

int
sdxi_emu_fault_parse(const char *spec, struct sdxi_emu_fault *fault, char *why, size_t len)
{
	struct part part = { spec, strcspn(spec, ":") };
	const struct spec_kind *kind = NULL;
	uint32_t seen = 0;
	unsigned int k;

	for (k = 0; k < sizeof(spec_kinds) / sizeof(spec_kinds[0]); k++)
		if (part_is(&part, spec_kinds[k].name))
			kind = &spec_kinds[k];
	if (kind == NULL) {
		snprintf(why, len, "kind '%.*s' is not known; known are " KIND_NAMES, part.len,
			 part.at);
		return -EINVAL;
	}
	*fault = (struct sdxi_emu_fault){ .kind = kind->kind };
	while (part.at[part.len] == ':') {
		part.at += part.len + 1;
		part.len = strcspn(part.at, ":");
		if (part_parse(&part, kind, fault, &seen, why, len) < 0)
			return -EINVAL;
	}
	/* Without a step the function takes the sub-step of its own choice, too. */
	if ((seen & (HAS(STEP) | HAS(SUB_STEP))) == HAS(SUB_STEP))
		fault->step = SDXI_STEP_BUFFER;
	return 0;
}
