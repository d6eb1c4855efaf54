/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_DRIVER_MODEL_H_
#define _TEST_DRIVER_MODEL_H_

/**
 * @file
 * Random operations on several vchans, with faults injected into their functions, against a model:
 * what becomes of each operation follows from the table of outcomes in the design notes.
 *
 * What is done follows from the seed and from numbers alone: the operation of each number of each
 * vchan, and the fault of each epoch. When the function gets to it, how many completions a poll
 * finds, and so when a full ring is found, is up to the threads. An epoch begins with nothing
 * outstanding, so that the descriptors that its fault is counted in are those of its operations. An
 * epoch with a fault has no operation that is impossible.
 *
 * Each operation's destination lies in a slot of its own that no other operation touches until
 * long after it was reported: it is looked at when the operation is reported, and once more when
 * the slot is used again. Chains read another operation's destination, or write another one's
 * source, after a fence.
 */

#include <rte_dev.h>

#include <sdxi_emu.h>

#include "test_driver_util.h"

enum {
	MODEL_VCHANS = 4,
	MODEL_MAX_FNS = 2,
	MODEL_SLOTS = 512,	/* > WINDOW + 2 * REACH */
	MODEL_MAX_SEGS = 8,
};

/* What the seed is used for. */
enum stream { S_OP, S_BURST, S_EPOCH, S_POLL, S_SOAK, S_ROUND };

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
	uint32_t handovers; /* of vchans, when it was enqueued */
};

/* What goes wrong in an epoch. */
enum mishap {
	M_NONE, M_FAIL, M_NO_TRACE, M_LOSE, M_STOP, M_STOP_TWICE, M_STALL, M_FN_ERROR, M_LOG_LOST,
	M_NO_STOP, M_NO_FN_STOP, M_NO_ACTIVE, M_MAX,
};

/* How a device is configured. */
enum model_mode { MODEL_REPORTS, MODEL_SILENT, MODEL_OPS };

struct model_fn {
	char name[RTE_DEV_NAME_MAX_LEN];
	int16_t id;
	enum model_mode mode;
	bool fatal;   /* atomic: a fault that nothing gets over is about */
	unsigned int lossy; /* atomic: epochs of its vchans in which entries of the log are lost */
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

	/* Numbers of operations. */
	uint64_t total, next, submitted, tail, settled;
	uint64_t base; /* the one that had index 0 */
	bool generated; /* next has been drawn up */
	bool failing;	/* the one at tail is known to have failed */
	uint64_t polls;

	/* The epoch. */
	uint64_t epoch_begin, epoch_end;
	unsigned int window;
	enum mishap what;     /* M_MAX: there is no epoch */
	uint64_t fault_dsc;   /* descriptors before the one that the fault hits */
	uint64_t dsc_sum;     /* descriptors enqueued */
	uint64_t target;      /* the operation that has it; UINT64_MAX: not yet enqueued */
	uint32_t fault_codes; /* what may become of it, as a set */
	uint32_t epoch_fn;    /* activations of the function before */
	bool counted;	      /* nothing was outstanding when the device was stopped */
	uint64_t fatal_until; /* anything may have become of those before */

	/* The last failure, and the fence after it; in numbers of handovers. */
	bool failed, dead;
	uint32_t fail_handovers; /* when it was enqueued */
	uint32_t fail_known;	 /* when it was reported */
	bool fail_stops;	 /* its context stopped there */
	uint32_t dead_known;	 /* when what is enqueued later is certain to run */
	bool dead_certain;	 /* what was enqueued with the failure is certain not to */

	uint64_t nb_failed, nb_not_attempted, nb_exact, nb_single, nb_restarts, nb_bytes;
	uint64_t stat_base, stat_errors; /* where statistics began; those in them */

	uint64_t digest; /* of its operations and faults */
};

extern struct model_conf {
	uint64_t seed;
	bool cont, reorder, quiet, faults;
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
/** @p v has been set up again. */
void model_is_configured(struct model_vchan *v, uint16_t nb_desc);
/** So many more operations are to be done; nothing is outstanding. */
void model_go_on(struct model_vchan *v, uint64_t count);

/** Start a device, all of whose channels have been set up. */
void model_fn_start(struct model_fn *fn);
/** Stop it, whatever is outstanding. */
void model_fn_stop(struct model_fn *fn);
/** A function that has failed works again once it has been stopped and started. */
void model_fn_restart(struct model_fn *fn);
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
