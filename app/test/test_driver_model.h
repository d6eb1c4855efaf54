/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_DRIVER_MODEL_H_
#define _TEST_DRIVER_MODEL_H_

/** @file
 * Random operations on several vchans, with faults injected into their functions, checked against a
 * model: the result of each operation follows from the table of outcomes in the design notes.
 *
 * Each operation of a vchan and the fault of each epoch depend only on the seed and on their
 * numbers. When the function executes it, how many completions a poll finds, and when the ring is
 * full, depend on scheduling. An epoch begins with nothing outstanding, so that its fault is
 * counted in descriptors of its own operations. An epoch with a fault has no invalid operations.
 *
 * Each operation has a destination in its own slot, which is not reused until long after it was
 * reported: it is verified then, and again before reuse. Chained operations read the destination,
 * or overwrite the source, of another one after a fence.
 */

#include <rte_dev.h>

#include <sdxi_emu.h>

#include "test_driver_util.h"

enum {
	MODEL_VCHANS = 4,
	MODEL_MAX_FNS = 2,
	MODEL_SLOTS = 512,	/* more than WINDOW + 2 * REACH */
	MODEL_MAX_SEGS = 8,
};

/* Random streams derived from the seed. */
enum stream { S_OP, S_BURST, S_EPOCH, S_POLL, S_SOAK, S_ROUND };

struct model_rng {
	uint64_t seed;
	uint64_t at;
};

/* Segment of a source or destination. */
struct model_seg {
	uint8_t *at; /* NULL: invalid address */
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
	bool bad;	  /* it has an invalid address: */
	bool bad_dst;	  /* in the destination, else in the source */
	bool overwritten; /* K_OWN: the overwriting operation was generated */
	const struct model_op *over; /* its destination is the source of this one */
	const struct model_op *from; /* K_CHAIN: its source is the destination of this one */
	uint32_t len;
	uint64_t pattern;      /* of a K_FILL */
	uint8_t nb_src, nb_dst;
	struct model_seg src[MODEL_MAX_SEGS], dst[MODEL_MAX_SEGS];
	uint8_t *own;	   /* source of a K_OWN */
	uint8_t *zone;	   /* memory around the destinations, or NULL */
	size_t zone_len;
	uint64_t hash;	   /* of the zone, once verified */
	uint32_t handovers; /* takeovers of vchans when it was enqueued */
};

/* Fault of an epoch. */
enum mishap {
	M_NONE, M_FAIL, M_NO_TRACE, M_LOSE, M_STOP, M_STOP_TWICE, M_STALL, M_FN_ERROR, M_LOG_LOST,
	M_NO_STOP, M_NO_FN_STOP, M_NO_ACTIVE, M_MAX,
};

/* Configuration of a device. */
enum model_mode { MODEL_REPORTS, MODEL_SILENT, MODEL_OPS };

struct model_fn {
	char name[RTE_DEV_NAME_MAX_LEN];
	int16_t id;
	enum model_mode mode;
	bool fatal;   /* atomic: hit by a fault that has no recovery */
	unsigned int lossy; /* atomic: epochs of its vchans in which log entries are lost */
	bool dying;   /* atomic: it failed: enqueue nothing until the restart */
	unsigned int nb_late; /* failures without an injected fault */
	unsigned int vchans;
	struct model_vchan *vchan; /* array of its vchans */
};

struct model_vchan {
	struct model_fn *fn;
	unsigned int no;     /* number of the vchan, of all */
	uint16_t vchan;	     /* number within its function */
	uint16_t nb_desc;
	uint8_t *slots, *bigs, *rops;
	uint8_t *expected, *before; /* of the operation being verified */
	struct model_op op[MODEL_SLOTS];

	/* Operation numbers. */
	uint64_t total, next, submitted, tail, settled;
	uint64_t base; /* operation with index 0 */
	bool generated; /* operation next has been generated */
	bool failing;	/* the operation at tail has failed */
	uint64_t polls;

	/* State of the epoch. */
	uint64_t epoch_begin, epoch_end;
	unsigned int window;
	enum mishap what;     /* M_MAX: no epoch */
	uint64_t fault_dsc;   /* number of descriptors before the fault */
	uint64_t dsc_sum;     /* number of descriptors enqueued */
	uint64_t target;      /* operation hit by the fault; UINT64_MAX: not enqueued yet */
	uint32_t fault_codes; /* mask of its possible results */
	uint32_t epoch_fn;    /* activations of the function before the epoch */
	bool counted;	      /* nothing was outstanding when the device was stopped */
	uint64_t fatal_until; /* operations below may have any result */

	/* The last failure, and the fence after it; the rest are numbers of takeovers. */
	bool failed, dead;
	uint32_t fail_handovers; /* when it was enqueued */
	uint32_t fail_known;	 /* when it was reported */
	bool fail_stops;	 /* its context stopped there */
	uint32_t dead_known;	 /* operations enqueued later are executed */
	bool dead_certain;	 /* operations enqueued with the failure are not executed */

	uint64_t nb_failed, nb_not_attempted, nb_exact, nb_single, nb_restarts, nb_bytes;
	uint64_t stat_base, stat_errors; /* value at the start of statistics; expected values */

	uint64_t digest; /* of its operations and faults */
};

extern struct model_conf {
	uint64_t seed;
	bool cont, reorder, quiet, faults;
	bool threads; /* one thread per channel */
	/** Called on a failure in the thread that found it; may return. */
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

/* Random number from 0 to n - 1. */
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

/** Parse an option's number up to @p max, or a seed; 0, or -1 if it is invalid. */
int model_parse_number(const char *text, uint64_t max, uint64_t *number);
int model_parse_seed(const char *text);

/** Allocate MODEL_VCHANS channels. */
struct model_vchan *model_make(void);
/** Check that no source was changed, and no destination after it was reported. */
void model_recheck(struct model_vchan *vchans);
void model_free(struct model_vchan *vchans);

/** @p v becomes vchan @p vchan of a new function; its operations follow from @p cycle only. */
void model_is_probed(struct model_vchan *v, struct model_fn *fn, uint16_t vchan, uint32_t cycle);
/** The channel has been set up again. */
void model_is_configured(struct model_vchan *v, uint16_t nb_desc);
/** Run this many more operations; nothing is outstanding. */
void model_go_on(struct model_vchan *v, uint64_t count);

/** Start a device with all of its channels set up. */
void model_fn_start(struct model_fn *fn);
/** Stop it with any operations outstanding. */
void model_fn_stop(struct model_fn *fn);
/** Stop and start a function that failed; it then works again. */
void model_fn_restart(struct model_fn *fn);
bool model_fn_is_dying(const struct model_fn *fn);
/** Add the hits of injected faults by kind. */
void model_fn_hits(const struct model_fn *fn, uint64_t hits[SDXI_EMU_FAULT_KINDS]);

/** Do one action on a channel; returns false if there was nothing to do. */
bool model_step(struct model_vchan *v);
/** Submit what was enqueued. */
void model_submit(struct model_vchan *v);
bool model_is_drained(const struct model_vchan *v);
bool model_is_finished(const struct model_vchan *v);

/** Fail the test. */
void __rte_noreturn model_fail(const char *format, ...) __rte_format_printf(1, 2);
/** Fail the test because a channel makes no progress. */
void __rte_noreturn model_hangs(struct model_vchan *v);

#endif /* _TEST_DRIVER_MODEL_H_ */
