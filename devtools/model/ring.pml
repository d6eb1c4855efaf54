/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * One context's ring between the driver and the function, for spin: see devtools/run-model.sh.
 *
 * The driver, as sdxi_ring.h and sdxi_recover.c have it with a block for each operation: it enqueues into
 * slots, arms blocks, and hands over by Write_Index and a doorbell; it reports in order. When it finds the
 * context stopped, or takes it for hung and asks it to stop, it waits until the context is at rest, judges
 * by the blocks, writes slots, blocks and indices anew, starts the context, runs suspects one at a time
 * where nothing explains the stop, and hands over what is left, up to a failure that is yet to be reported.
 *
 * The function: it fetches, has Read_Index lag as it likes, and executes in any order: data, then er if it
 * failed, then the signal, each a step that others see at any time later. It may fail an operation with or
 * without a block, go on or stop for it, or lose a completion. What it has in flight lives on behind the
 * state that says stopped, until it is at rest, and may be executed, half executed or dropped there.
 *
 * The driver's stores wait in buffers, which process "memory" empties in any order, so all that is ordered
 * is ordered by barriers: a barrier waits until the buffers are empty. The function's steps are what can be
 * seen of it, in the orders that SDXI asks for. Loads: the driver polls the signal and then reads er and
 * data; without the acquire in between these may have been read at any time before. That acquire is the
 * one that matters on a CPU. The one of Read_Index is needed by C alone and is not modelled: a store
 * is not seen before a load has come in that decides whether it is made. Behind a context's rest nothing
 * changes, so there the order of loads behind the answer to SYNC is that of the same acquire.
 *
 * Not in it: several descriptors an operation, blocks for batches or none, fences, the error log,
 * other contexts, giving up. Commands to the administrative context, whose ring is one as this, are one
 * step each. A reset is a hard stop here: it drops all that is in flight. A doorbell that is rung before a
 * stop stays rung behind the start, which does no harm.
 *
 * Each FAULT_... leaves one thing away that the protocol needs, and must be found out.
 */

#ifndef OPS
#define OPS 3		/* operations in all */
#endif
#define RING 2		/* slots, and blocks: the ring wraps */
#ifndef TROUBLE
#define TROUBLE 1	/* failures, lost completions, and stops for no reason */
#endif
#define NONE 255

#define SLOT(i) ((i) % RING)

/* Memory, and what the driver has stored and is not there yet; NONE: nothing. */
#define EMPTY 254		/* of a slot: zeros */
byte slot[RING] = EMPTY, slot_buf[RING] = NONE;	/* the operation that a descriptor is of */
byte signal[RING], signal_buf[RING] = NONE;	/* of blocks, which go by operations */
byte er[RING], er_buf[RING] = NONE;
byte write_index, write_index_buf = NONE;
byte read_index, read_index_buf = NONE;
bool doorbell;

/* What the driver itself reads where it has stored. */
#define SIGNAL(b) (signal_buf[b] != NONE -> signal_buf[b] : signal[b])
#define ER(b) (er_buf[b] != NONE -> er_buf[b] : er[b])

#define BARRIER (slot_buf[0] == NONE && slot_buf[1] == NONE && signal_buf[0] == NONE && \
		 signal_buf[1] == NONE && er_buf[0] == NONE && er_buf[1] == NONE && \
		 write_index_buf == NONE && read_index_buf == NONE)

/* CXT_STS.state. FINAL: stopped, by request or by itself. */
#define RUN 0
#define STOPPING 1
#define FINAL 2
byte state = RUN;
bool rest;		/* and nothing is in flight: what SYNC waits for */
bool err;		/* it is about to stop by itself */
bool lost;		/* a completion is, which a watchdog finds */
byte trouble = TROUBLE;

/* The function's own. */
byte fetched;			/* indices, since the start */
byte end_index;			/* Write_Index as sampled */
byte win[RING] = NONE;		/* operations that are fetched and not complete, by slot */
byte phase[RING];		/* what can be seen of them */
#define FETCHED 0
#define WRITTEN 1
#define FAILED 2
#define SIGNALLED 3		/* too early: with a fault alone */

/* The driver's own. */
byte tail, op_submitted, op_head;	/* operations; those below tail have been reported */
byte submitted, head;			/* descriptors */
byte start[OPS];			/* the first descriptor of an operation */
byte parked;				/* one past a failure that others wait behind, or 0 */

/* What is to be so, for the assertions alone. */
byte data[OPS];			/* what an operation is to have written */
#define THERE 1
#define COMPLETE 2		/* and its block said so */
bool failed[OPS];
bool finished;

#define DRAIN(mem, buf) atomic { buf != NONE -> mem = buf; buf = NONE }

active proctype memory()
{
end:
	do
	:: DRAIN(slot[0], slot_buf[0])
	:: DRAIN(slot[1], slot_buf[1])
	:: DRAIN(signal[0], signal_buf[0])
	:: DRAIN(signal[1], signal_buf[1])
	:: DRAIN(er[0], er_buf[0])
	:: DRAIN(er[1], er_buf[1])
	:: DRAIN(write_index, write_index_buf)
	:: DRAIN(read_index, read_index_buf)
	od
}

/* Of an operation that has been reported nothing is written any more: not data, and not its block. */
#define ALIVE(s) assert(win[s] >= tail)

#define COMPLETES(s) \
	signal[SLOT(win[s])] = 0; \
	win[s] = NONE; \
	phase[s] = FETCHED

/* One thing that may happen to what is in flight. */
inline advance(s)
{
	atomic {
		win[s] != NONE;
		if
		:: phase[s] == FETCHED ->
			ALIVE(s);
			/* Not a second time what was seen to be complete. */
			assert(data[win[s]] != COMPLETE);
			data[win[s]] = THERE;
			phase[s] = WRITTEN
		:: phase[s] == FETCHED && trouble > 0 ->
			trouble--;
			failed[win[s]] = true;
			if
			:: ALIVE(s);
#ifndef FAULT_ER_ORDER
			   er[SLOT(win[s])] = 1;
#endif
			   phase[s] = FAILED
			:: ALIVE(s);
#ifndef FAULT_ER_ORDER
			   er[SLOT(win[s])] = 1;
#endif
			   phase[s] = FAILED; err = true
			:: win[s] = NONE; err = true
			fi
#ifdef FAULT_SIGNAL_ORDER
		:: phase[s] == FETCHED -> ALIVE(s); signal[SLOT(win[s])] = 0; phase[s] = SIGNALLED
		:: phase[s] == SIGNALLED ->
			ALIVE(s); data[win[s]] = COMPLETE; win[s] = NONE; phase[s] = FETCHED
#endif
		:: phase[s] == WRITTEN -> ALIVE(s); data[win[s]] = COMPLETE; COMPLETES(s)
#ifndef FAULT_ER_ORDER
		:: phase[s] == FAILED -> ALIVE(s); COMPLETES(s)
#else
		:: phase[s] == FAILED -> ALIVE(s); signal[SLOT(win[s])] = 0; phase[s] = SIGNALLED
		:: phase[s] == SIGNALLED ->
			ALIVE(s); er[SLOT(win[s])] = 1; win[s] = NONE; phase[s] = FETCHED
#endif
		/* Executed or not, its completion does not come. */
		:: phase[s] <= WRITTEN && state == RUN && trouble > 0 ->
			trouble--; lost = true;
			failed[win[s]] = true;
			win[s] = NONE; phase[s] = FETCHED
		:: state != RUN -> win[s] = NONE; phase[s] = FETCHED
		fi
	}
}

active proctype function()
{
end:
	do
	/* A doorbell is taken before Write_Index is read; or that is read just so. */
#ifndef FAULT_DOORBELL_LATE
	:: state == RUN && doorbell -> doorbell = false; end_index = write_index
#else
	:: state == RUN && doorbell -> end_index = write_index; doorbell = false
#endif
#ifdef SAMPLE
	:: atomic { state == RUN && end_index != write_index -> end_index = write_index }
#endif
	:: atomic {
		state == RUN && fetched != end_index && win[SLOT(fetched)] == NONE ->
		/* Write_Index is not ahead of what can be seen of slots and blocks. */
		assert(fetched < head && slot_buf[SLOT(fetched)] == NONE && slot[SLOT(fetched)] < OPS);
		assert(start[slot[SLOT(fetched)]] == fetched);
		assert(signal_buf[SLOT(slot[SLOT(fetched)])] == NONE);
		assert(signal[SLOT(slot[SLOT(fetched)])] == 1);
		assert(er_buf[SLOT(slot[SLOT(fetched)])] == NONE && er[SLOT(slot[SLOT(fetched)])] == 0);
		win[SLOT(fetched)] = slot[SLOT(fetched)];
		fetched++
	   }
	:: atomic { !rest && read_index != fetched -> read_index = fetched }
	:: advance(0)
	:: advance(1)
	/* The state may come before or behind what it stops. */
	:: atomic { err -> err = false; state = FINAL }
	:: atomic { state == STOPPING -> state = FINAL }
	:: atomic {
		state == FINAL && !rest && !err && win[0] == NONE && win[1] == NONE -> rest = true
	   }
	od
}

inline store(mem, buf, val)
{
	if
	:: buf == NONE && mem == val
	:: else -> buf = val
	fi
}

inline publish(index)
{
	BARRIER;
	assert(write_index <= index);
	atomic { store(write_index, write_index_buf, index) };
#ifndef FAULT_DOORBELL_ORDER
	write_index_buf == NONE;
#endif
	doorbell = true
}

/* What recovery has settled has no descriptor any more. */
#define HAS_DSC(op) ((op + 1 < op_head -> start[op + 1] : head) > start[op])
#define SETTLED_FAILED(op) (!(HAS_DSC(op)) && ER(SLOT(op)) == 1)

#ifndef FAULT_RERUN
#define RUN_ONCE(op) true
#else
#define RUN_ONCE(op) (!(HAS_DSC(op)))
#endif

/*
 * Behind rest: what has completed or failed, by its block or for being the one to blame, is settled. The
 * others are put into slots from index 0 on, with what has yet to be submitted behind.
 */
inline rebuild()
{
	d_step {
		op = tail; n = 0; suspects = 0;
		do
		:: op == op_head -> break
		:: else ->
#ifdef FAULT_FROM_READ_INDEX
			/* What was consumed is taken for done. */
			if
			:: op < op_submitted && start[op] < read_index -> signal[SLOT(op)] = 0
			:: else
			fi;
#endif
			if
			:: op < op_submitted && (ER(SLOT(op)) == 1 ||
			   (blamed == op + 1 && SIGNAL(SLOT(op)) == 1)) ->
				explained = explained || (HAS_DSC(op));
				store(er[SLOT(op)], er_buf[SLOT(op)], 1);
				store(signal[SLOT(op)], signal_buf[SLOT(op)], 0);
				start[op] = n
			:: op < op_submitted && RUN_ONCE(op) && ER(SLOT(op)) == 0 && SIGNAL(SLOT(op)) == 0 ->
				start[op] = n
			:: else ->
				suspects = suspects + (op < op_submitted && start[op] < read_index);
				start[op] = n;
				store(er[SLOT(op)], er_buf[SLOT(op)], 0);
				store(signal[SLOT(op)], signal_buf[SLOT(op)], 1);
				store(slot[SLOT(n)], slot_buf[SLOT(n)], op);
				n++
			fi;
			op++
		od;
		head = n;
		submitted = (op_submitted < op_head -> start[op_submitted] : n);
		do
		:: n >= RING -> break
		:: else -> store(slot[SLOT(n)], slot_buf[SLOT(n)], EMPTY); n++
		od;
		store(write_index, write_index_buf, 0);
		store(read_index, read_index_buf, 0);
		op = 0; n = 0; blamed = 0
	}
}

#if FAULT_NO_ACQUIRE == 1
#define POLL_ER (early -> was_er : ER(SLOT(tail)) == 1)
#else
#define POLL_ER (ER(SLOT(tail)) == 1)
#endif
#if FAULT_NO_ACQUIRE == 2
#define POLL_DATA (early -> was_there : data[tail] != 0)
#else
#define POLL_DATA (data[tail] != 0)
#endif

active proctype driver()
{
	byte op, n, suspects, blamed, behind;
	bool explained, asked, resume;
	bool early, was_er, was_there;	/* read before the signal, which a fault alone does */

	do
	:: tail == OPS -> break
	/* Enqueue. */
	:: atomic {
		op_head < OPS &&
#ifndef FAULT_UNCONSUMED
		head - read_index < RING &&
#endif
#ifndef FAULT_UNREPORTED
		op_head - tail < RING && head - (tail < op_head -> start[tail] : head) < RING &&
#endif
		true ->
		/* What the slot held has been reported, and the function does not read it any more. */
		assert(slot_buf[SLOT(head)] == NONE);
		assert(slot[SLOT(head)] == EMPTY || slot[SLOT(head)] < tail);
		assert(head < read_index + RING);
		slot_buf[SLOT(head)] = op_head;
		store(signal[SLOT(op_head)], signal_buf[SLOT(op_head)], 1);
		store(er[SLOT(op_head)], er_buf[SLOT(op_head)], 0);
		start[op_head] = head;
		head++;
		op_head++
	   }
	/* Submit: behind a failure that is yet to be reported, nothing of it reaches the function. */
	:: submitted != head ->
#ifndef FAULT_NO_BARRIER
		BARRIER;
#endif
		atomic {
			if
			:: parked == 0 -> store(write_index, write_index_buf, head)
			:: else
			fi;
			op_submitted = op_head;
			submitted = head
		};
		if
		:: parked == 0 ->
#ifndef FAULT_DOORBELL_ORDER
			write_index_buf == NONE;
#endif
			doorbell = true
		:: else
		fi
#ifdef FAULT_NO_ACQUIRE
	:: atomic {
		tail < op_submitted && !early ->
		early = true;
		was_er = ER(SLOT(tail)) == 1;
		was_there = data[tail] != 0
	   }
#endif
	/* Completed. */
	:: atomic {
		tail < op_submitted && SIGNAL(SLOT(tail)) == 0 ->
		resume = false;
		if
		:: POLL_ER ->
			assert(failed[tail]);
			resume = parked != 0 && tail + 1 >= parked
		:: else ->
			/* Not before it has been done, and that can be seen. */
			assert(POLL_DATA)
		fi;
		early = false; was_er = false; was_there = false;
		data[tail] = 0; failed[tail] = false; start[tail] = 0;
		tail++;
		if
		:: resume -> parked = 0
		:: else
		fi
	   };
		if
		:: resume -> resume = false; publish(submitted)
		:: else
		fi
	/* Nothing moves, or so it seems: the context is to stop. */
	:: atomic {
		tail < op_submitted && state == RUN && (lost || trouble > 0) ->
		trouble = trouble - !lost;
		state = STOPPING;
		asked = true
	   }
	/* Recovery: it has stopped, or does not. */
	:: state != RUN ->
		early = false; was_er = false; was_there = false;
		explained = asked;
		asked = false;
again:
		/* The command that stops, whose doorbell is behind a barrier, and SYNC. */
		BARRIER;
		atomic {
			if
			:: state == RUN -> state = STOPPING
			:: else
			fi
		};
#ifndef FAULT_NO_REST
		rest;
#else
		state == FINAL;
#endif
		rebuild();
		/* Publishing the context has several, and so has each command; one of them is needed. */
#ifndef FAULT_RECOVER_BARRIER
		BARRIER;
#endif
		atomic {
			fetched = read_index;
			end_index = fetched;
			lost = false;
			rest = false;
			state = RUN
		};
		/* What is not explained: the first ones are run one at a time. */
		if
		:: explained
		:: else ->
			suspects = (suspects == 0 -> 1 : suspects);
			op = tail;
			do
			:: op == op_submitted || suspects == 0 -> break
			:: op != op_submitted && suspects != 0 && !(HAS_DSC(op)) ->
				if
				:: ER(SLOT(op)) == 1 -> break
				:: else -> op++
				fi
			:: op != op_submitted && suspects != 0 && HAS_DSC(op) ->
				suspects--;
				publish(start[op] + 1);
				if
				:: SIGNAL(SLOT(op)) == 0 && ER(SLOT(op)) == 0 -> op++
				/* Its failure stops the context, or does not, or not yet. */
				:: SIGNAL(SLOT(op)) == 0 && ER(SLOT(op)) == 1 && state == FINAL ->
					blamed = op + 1; op = 0; behind = 0; goto again
				:: SIGNAL(SLOT(op)) == 0 && ER(SLOT(op)) == 1 && state == RUN ->
#ifndef FAULT_BLAME_NEXT
					behind = op + 1;
#endif
					op++
				:: SIGNAL(SLOT(op)) == 1 && (state == FINAL || lost) ->
					blamed = (behind != 0 && !lost -> behind : op + 1);
					op = 0; behind = 0; goto again
				fi
			od
		fi;
		explained = false; suspects = 0; behind = 0;
		op = tail;
		do
		:: op == op_submitted -> parked = 0; break
		:: op != op_submitted && SETTLED_FAILED(op) -> parked = op + 1; break
		:: else -> op++
		od;
		op = 0;
		if
		:: parked == 0 -> publish(submitted)
		:: else -> publish(start[parked - 1])
		fi
	od;
	finished = true
}

/* All are reported in the end: none is lost, and nobody waits for ever. */
ltl live { <> finished }
