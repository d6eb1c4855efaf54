/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * One context's ring between the driver and the function, for spin: see devtools/run-model.sh.
 *
 * The driver enqueues operations into slots, arms their blocks, and hands them over by Write_Index and a
 * doorbell; it reports them in order. The function fetches in batches, executes in any order, and has
 * Read_Index lag behind as it likes. An operation may fail: its block says so or says nothing, and the
 * context stops with what it had consumed left undone. The driver then lets it come to rest, judges by
 * the blocks, and starts it anew from index 0 with what has yet to run.
 *
 * Stores of either side to memory wait in buffers, which process "memory" empties in any order, so all
 * that is ordered is ordered by barriers: a barrier waits until the buffer is empty. Each FAULT_... leaves
 * one thing away that the protocol needs, and must be found out.
 */

#define OPS 4		/* operations in all */
#define RING 2		/* slots, and blocks: the ring wraps */
#ifndef FAILS
#define FAILS 1		/* operations that may fail */
#endif
#define NONE 255

#define SLOT(i) ((i) % RING)

/* Memory, and what waits to get there; NONE: nothing does. */
byte slot[RING] = NONE, slot_buf[RING] = NONE;	/* the operation that a descriptor is of */
byte block[RING], block_buf[RING] = NONE;	/* by operation; as below */
byte write_index, write_index_buf = NONE;
bool doorbell, doorbell_buf;
byte read_index;
bool data[OPS], data_buf[OPS];	/* what an operation is to have written */
#define ARMED 1
#define DONE 2
#define FAILED 3

bool stopped;	/* CXT_STS.state: ERR_FN */
bool restart;	/* behind it, CXT_START */

/* What is to be so, for the assertions alone. */
byte owner[RING] = NONE;	/* the operation that a slot is for */
bool reported[OPS];
byte fetched;			/* indices that the function has fetched, since the start */
bool finished;

#define DRIVER_BUF_EMPTY (slot_buf[0] == NONE && slot_buf[1] == NONE && block_buf[0] == NONE && \
			  block_buf[1] == NONE)

active proctype memory()
{
	byte i;
end:
	do
	:: atomic { slot_buf[0] != NONE -> slot[0] = slot_buf[0]; slot_buf[0] = NONE }
	:: atomic { slot_buf[1] != NONE -> slot[1] = slot_buf[1]; slot_buf[1] = NONE }
	:: atomic { block_buf[0] != NONE -> block[0] = block_buf[0]; block_buf[0] = NONE }
	:: atomic { block_buf[1] != NONE -> block[1] = block_buf[1]; block_buf[1] = NONE }
	:: atomic { write_index_buf != NONE -> write_index = write_index_buf; write_index_buf = NONE }
	:: atomic { doorbell_buf -> doorbell = true; doorbell_buf = false }
	:: d_step {
		data_buf[0] || data_buf[1] || data_buf[2] || data_buf[3] ->
		i = 0;
		do
		:: data_buf[i] -> data[i] = true; data_buf[i] = false; break
		:: else -> i++
		od;
		i = 0
	   }
	od
}

#define CAN_FETCH (fetched != end_index && win[SLOT(fetched)] == NONE)
#define FETCH atomic { \
	/* Write_Index is not ahead of what is written. */ \
	assert(slot[SLOT(fetched)] == owner[SLOT(fetched)] && slot[SLOT(fetched)] != NONE); \
	win[SLOT(fetched)] = slot[SLOT(fetched)]; \
	fetched++ \
}

active proctype function()
{
	byte end_index;		/* Write_Index as sampled */
	byte win[RING] = NONE;	/* operations that are fetched and not complete */
	byte i, fails;
	bool er;
end:
	do
	/* A doorbell is taken before Write_Index is read; or that is read just so. */
	:: !stopped && doorbell ->
		doorbell = false;
		end_index = write_index
#ifdef SAMPLE
	:: !stopped && end_index != write_index -> end_index = write_index
#endif
	/* A batch of descriptors, or one. */
	:: !stopped && CAN_FETCH ->
		FETCH;
		if
		:: CAN_FETCH -> FETCH
		:: skip
		fi
	:: !stopped && read_index != fetched -> read_index = fetched
	/* Any that is in flight. */
	:: !stopped && (win[0] != NONE || win[1] != NONE) ->
		if
		:: win[0] != NONE -> i = 0
		:: win[1] != NONE -> i = 1
		fi;
		er = false;
		if
		:: fails < FAILS -> fails++; er = true
		:: data_buf[win[i]] = true
		fi;
		if
#ifndef FAULT_SIGNAL_ORDER
		:: !data_buf[win[i]] -> skip
#else
		:: skip
#endif
		fi;
		if
		:: !er -> block[SLOT(win[i])] = DONE; win[i] = NONE
		:: er ->
			/* Read_Index and the block are its last, if they come at all. */
			if
			:: read_index = fetched
			:: skip
			fi;
			if
			:: block[SLOT(win[i])] = FAILED
			:: skip
			fi;
			win[0] = NONE; win[1] = NONE;
			stopped = true
		fi
	/* Started anew, it reads its indices from memory. */
	:: atomic {
		restart ->
		restart = false; fetched = read_index; end_index = fetched;
		stopped = false
	   }
	od
}

active proctype driver()
{
	byte op_head, op_submitted, tail;	/* operations */
	byte head, submitted;			/* descriptors */
	byte start[OPS];			/* the first descriptor of an operation */
	bool failed[OPS];			/* verdicts of recovery */
	byte op, n, seen;

	do
	:: tail == OPS -> break
	/* Enqueue. */
	:: op_head < OPS && head - read_index < RING &&
#ifndef FAULT_UNREPORTED
	   op_head - tail < RING && head - (tail < op_head -> start[tail] : head) < RING &&
#endif
	   !stopped ->
		atomic {
			/* What the slot held has been consumed and reported. */
			assert(owner[SLOT(head)] == NONE || reported[owner[SLOT(head)]]);
			assert(fetched + RING > head);
			owner[SLOT(head)] = op_head;
			slot_buf[SLOT(head)] = op_head;
			block_buf[SLOT(op_head)] = ARMED;
			start[op_head] = head;
			head++;
			op_head++
		}
	/* Submit. */
	:: submitted != head && !stopped ->
#ifndef FAULT_NO_BARRIER
		DRIVER_BUF_EMPTY;
#endif
		atomic { write_index_buf == NONE; write_index_buf = head };
		op_submitted = op_head;
		submitted = head;
#ifndef FAULT_DOORBELL_ORDER
		write_index_buf == NONE;
#endif
		doorbell_buf = true
	/* Completed. */
	:: tail < op_submitted && (failed[tail] || block[SLOT(tail)] == DONE) ->
		atomic {
			assert(!reported[tail]);
			/* Not before it has been done, and that can be seen. */
			assert(failed[tail] || data[tail]);
			reported[tail] = true;
			tail++
		}
	/*
	 * Recovery. Own stores are in memory, and the function writes no more. What was consumed and is
	 * not complete is run again, and so is the rest, but for what has failed.
	 */
	:: stopped ->
		DRIVER_BUF_EMPTY && write_index_buf == NONE && !doorbell_buf;
		!data_buf[0] && !data_buf[1] && !data_buf[2] && !data_buf[3];
		atomic {
			doorbell = false;
			seen = read_index;
			owner[0] = NONE; owner[1] = NONE; slot[0] = NONE; slot[1] = NONE;
			op = tail; n = 0;
			do
			:: op == op_head -> break
			:: op != op_head && op < op_submitted && !failed[op] &&
			   block[SLOT(op)] == DONE -> start[op] = n; op++
			:: op != op_head && op < op_submitted && (failed[op] ||
			   block[SLOT(op)] == FAILED) -> failed[op] = true; start[op] = n; op++
			:: op != op_head && !(op < op_submitted && (failed[op] ||
			   block[SLOT(op)] == DONE || block[SLOT(op)] == FAILED)) ->
#ifdef FAULT_FROM_READ_INDEX
				/* What was consumed is taken for done. */
				if
				:: start[op] < seen -> block[SLOT(op)] = DONE; start[op] = n
				:: else ->
#endif
					start[op] = n;
					slot[SLOT(n)] = op;
					owner[SLOT(n)] = op;
					block[SLOT(op)] = ARMED;
					n++;
#ifdef FAULT_FROM_READ_INDEX
				fi;
#endif
				op++
			od;
			head = n;
			submitted = (op_submitted < op_head -> start[op_submitted] : n);
			read_index = 0;
			write_index = 0;
			op = 0; n = 0; seen = 0;
			restart = true
		};
		/* It runs before there is anything that could fail. */
		!stopped;
		write_index_buf = submitted;
		write_index_buf == NONE;
		doorbell_buf = true
	od;
	finished = true
}

/* All are reported in the end: none is lost, and nobody waits for ever. */
ltl live { <> finished }
