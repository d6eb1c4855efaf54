/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_DRIVER_MODEL_H_
#define _TEST_DRIVER_MODEL_H_

/**
 * @file
 * Random operations on several channels, with faults injected into their functions, against a
 * model.
 *
 * What is done follows from the seed and from numbers alone: the operation of each number of each
 * channel, and the faults of each channel's epochs. When the function gets to it, how many
 * completions a poll finds, and so when a full ring is found, is up to the threads. An epoch begins
 * with nothing outstanding, so that the descriptors that a fault is counted in are those of the
 * epoch's operations.
 *
 * Each operation's destination lies in a slot of its own that no other operation touches until
 * long after it was reported: it is looked at when the operation is reported, and once more when
 * the slot is used again. Chains read another operation's destination, or write another one's
 * source, behind a fence.
 */

#include <rte_dev.h>

#include <sdxi_emu.h>

#include "test_driver_util.h"

enum {
	MODEL_VCHANS = 4,
	MODEL_MAX_FNS = 2,
	MODEL_SLOTS = 512,	/* > WINDOW + 2 * REACH */
	MODEL_MAX_SEGS = 8,
	MODEL_BATCHES = 1024,	/* > WINDOW */
	MODEL_LAST_FAULTS = 16,	/* that are shown of a channel */
};

/* What the seed is used for. */
enum stream { S_OP, S_BURST, S_EPOCH, S_DECK, S_POLL, S_SOAK, S_ROUND };

struct model_rng {
	uint64_t seed;
	uint64_t at;
};

/* A part of a source or destination. */
struct model_seg {
	uint8_t *at; /* NULL: nothing is there */
	rte_iova_t iova;
	uint32_t len;
};

enum kind { K_COPY, K_OWN, K_CHAIN, K_FILL, K_SG, K_MAX };

enum submit { SUBMIT_NOT, SUBMIT_FLAG, SUBMIT_CALL };

struct model_op {
	uint64_t no;
	enum kind kind;
	enum submit submit;
	bool fence;
	bool bad;	  /* an address of it is nowhere: */
	bool bad_dst;	  /* the destination's, or the source's */
	bool overwritten; /* K_OWN: an operation that overwrites the source is there */
	const struct model_op *over; /* its destination is this one's source */
	const struct model_op *from; /* K_CHAIN: its source is this one's destination */
	uint32_t len;
	uint64_t pattern;      /* K_FILL */
	uint8_t nb_src, nb_dst;
	struct model_seg src[MODEL_MAX_SEGS], dst[MODEL_MAX_SEGS];
	uint8_t *own;	   /* K_OWN: the source */
	uint8_t *zone;	   /* around the destinations; NULL: there are none */
	size_t zone_len;
	uint64_t hash;	   /* of the zone, once it was looked at */
	uint64_t batch;
	uint64_t reported; /* operations that had been reported when it was enqueued */
};

/* Operations that were submitted together. */
struct model_batch {
	bool fence;   /* between two of them */
	bool bad;     /* one of them has a bad address */
	bool excused; /* a fault has accounted for a failure in it */
	uint32_t fn_epoch; /* when it was submitted */
};

/* What was injected, for its channel's epoch. */
struct model_injected {
	struct sdxi_emu_fault fault;
	uint64_t epoch, from;
};

/* How a device is configured. */
enum model_mode { MODEL_REPORTS, MODEL_SILENT, MODEL_OPS };

struct model_fn {
	char name[RTE_DEV_NAME_MAX_LEN];
	int16_t id;
	enum model_mode mode;
	bool fatal;   /* atomic: a fault that nothing gets over is about */
	bool dying;   /* atomic: it has refused: nothing is enqueued until it has been restarted */
	unsigned int nb_late; /* times that it was given up, and no fault accounts for that */
	unsigned int vchans;
	struct model_vchan *vchan; /* the first of so many */
};

struct model_vchan {
	struct model_fn *fn;
	unsigned int no;     /* of all */
	uint16_t vchan;	     /* of its function */
	uint16_t nb_desc;
	uint8_t *slots, *bigs, *rops;
	uint8_t *expected, *before; /* of the operation that is looked at */
	struct model_op op[MODEL_SLOTS];
	struct model_batch batches[MODEL_BATCHES];

	/* Numbers of operations. */
	uint64_t total, next, submitted, tail, settled;
	uint64_t base; /* the one that had index 0 */
	uint64_t batch;
	bool generated; /* next has been drawn up */
	bool failing;	/* the one at tail is known to have failed */
	unsigned int refused;
	uint64_t polls;

	/* Failures that are behind, for those that were not attempted: number + 1. */
	uint64_t last_fail, fail_before_fence, last_not_attempted;

	/* The epoch. */
	uint64_t epoch, epoch_end, deck_at;
	unsigned int window, epoch_len;
	uint32_t mishaps;   /* that were injected for it: bits of enum mishap */
	uint32_t codes;	    /* that faults lead to: see code_bit(); those to come are in it too */
	uint64_t disturbed; /* hits, before it, of faults that may take others' entries along */
	bool in_epoch;
	bool simple;	    /* only copies, and nothing else to make them fail */
	bool fatal_mine;    /* the function's fatal fault is of this epoch */
	bool left_out;	    /* the function may not have consumed all of it */
	bool spoilt;	    /* its faults may have been forgotten */
	unsigned int must;  /* at least so many have to fail */
	unsigned int fails;
	unsigned int budget; /* failures that faults may still account for */
	unsigned int carry;  /* descriptors to come before the faults of earlier epochs have hit */
	unsigned int reach_op, reach_count; /* the same for this epoch's: the last, and how many */
	uint64_t fatal_until; /* anything may have become of those before */

	uint64_t nb_failed, nb_not_attempted, nb_vague, nb_exact, nb_restarts, nb_bytes;
	uint64_t stat_base, stat_errors; /* where statistics began; those in them */

	struct model_injected last[MODEL_LAST_FAULTS];
	uint64_t nb_injected;
	uint64_t digest; /* of its operations and faults */
};

extern struct model_conf {
	uint64_t seed;
	bool cont, batch, reorder, quiet, faults;
	bool threads; /* each channel has one of its own */
	/** Told of a failure, in the thread that found it; may return. */
	void (*on_fail)(const char *text);
} model_conf;

static inline struct model_rng
rng_of(enum stream stream, unsigned int vchan, uint64_t number)
{
	uint64_t s = td_word(td_word(model_conf.seed, 0), stream);

	return (struct model_rng){ .seed = td_word(td_word(s, vchan), number) };
}

static inline uint64_t
draw(struct model_rng *rng)
{
	return td_word(rng->seed, rng->at++ << 32);
}

/* 0 to n - 1. */
static inline uint32_t
below(struct model_rng *rng, uint32_t n)
{
	return draw(rng) % n;
}

static inline bool
one_in(struct model_rng *rng, uint32_t n)
{
	return below(rng, n) == 0;
}

/** Memory for MODEL_VCHANS channels; gives them. */
struct model_vchan *model_make(void);
/** No source was written, nor a destination after it was reported. */
void model_recheck(struct model_vchan *vchans);
void model_free(struct model_vchan *vchans);

/**
 * @p v is the channel @p vchan of a function that is new; what is done with it follows from @p
 * cycle, and not from what was done before.
 */
void model_is_probed(struct model_vchan *v, struct model_fn *fn, uint16_t vchan, uint32_t cycle);
/**
 * Draw up a fault for a function that is to be probed, which @p v is a channel of, as one of its
 * arguments with a comma before it; gives what snprintf() does.
 */
int model_fault_arg(struct model_vchan *v, struct model_rng *rng, char *text, size_t len);
/** @p v has been set up anew. */
void model_is_configured(struct model_vchan *v, uint16_t nb_desc);
/** So many more operations are to be done; nothing is outstanding. */
void model_go_on(struct model_vchan *v, uint64_t count);

/** Start a device, all of whose channels have been set up. */
void model_fn_start(struct model_fn *fn);
/** Stop it, whatever is outstanding. */
void model_fn_stop(struct model_fn *fn);
/** A function that has given up works again once it has been stopped and started. */
void model_fn_restart(struct model_fn *fn);
/** No fault that was injected before is to hit any more; nothing is outstanding. */
void model_fn_forget(struct model_fn *fn);
bool model_fn_is_dying(const struct model_fn *fn);
/** Add what injected faults have hit, by kind. */
void model_fn_hits(const struct model_fn *fn, uint64_t hits[SDXI_EMU_FAULT_KINDS]);

/** Do something for a channel; false: there was nothing to be done. */
bool model_step(struct model_vchan *v);
/** Hand over what has been enqueued. */
void model_submit(struct model_vchan *v);
bool model_is_drained(const struct model_vchan *v);
bool model_is_finished(const struct model_vchan *v);

/** Fail the test. */
void __rte_noreturn model_fail(const char *format, ...) __rte_format_printf(1, 2);
/** Fail it, as a channel does not move any more. */
void __rte_noreturn model_hangs(struct model_vchan *v);

#endif /* _TEST_DRIVER_MODEL_H_ */
