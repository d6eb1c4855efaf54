/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Spin model of two vchans, their data paths, the control thread and the function, run by
 * devtools/run-model.sh. Names are those of sdxi_ring.h and sdxi_internal.h. Each operation has one
 * descriptor, without fences or silent mode. The function may read Write_Index at any time,
 * consumes in order and executes in any order. Operations fail in all ways; contexts stop late.
 *
 * OPS0, OPS1: number of operations of vchans 0 and 1. TROUBLE: number of injected faults. CURSE:
 * the first operation of vchan 0 always stops its context, without a report. FAULT: the rule of
 * the protocol that is removed; the search must find an error.
 */

mtype = { NO_FAULT, ROOM, NP, CLOSED, RESUME, WORD, INDEX, BLAME, VERDICT, ASK, REST, REWIND,
	  EPOCH, SUBMITTED };
/* The word; CXT_STS.state. FINAL: the context has stopped, operations may still be in flight. */
mtype = { RUNNING, STOPPING, STOPPED, FAILED, RUN, FINAL };
#define RING 2		/* slots */
#define NONE 255
#define NOP 254		/* slot of a settled operation */
#define EMPTY 253
typedef vchan {
	/* Shared with the function. */
	byte slot[RING] = EMPTY, write_index, read_index, state = RUN;
	bit np[RING], signal[RING] = 1, er[RING], logged[RING];
	/* Of the owner by the word. Operation numbers; base is that of descriptor 0. */
	byte op_tail, op_submitted, op_head, base, word = RUNNING;
	byte ho_tail, ho_submitted, ho_head, ho_base;
	bit closed, verdict[RING];
	/* Of the thread. known: the function has activated the context. */
	bit settled, hangs, known = 1; byte progress = NONE;
	/* Of the function: operations in flight, faults. */
	byte fetched, win[RING] = NONE; bit stop, stuck, lost;
	/* Actual outcomes, for assertions. */
	bit done[3], bad[3], finished
};
vchan vc[2];
byte trouble = TROUBLE;
bit fn_error, dev_failed;
#define V vc[v]
#define S(op) ((op - V.base) % RING)

/* Function: a context. */
#define CURSED (CURSE && v == 0 && V.win[s] == 0)
#define ON (V.state == RUN && V.known && !fn_error)
#define NEXT (V.fetched % RING)
/* An operation that is reported or complete is not executed. */
#define CHECK_OP assert(V.win[s] >= V.op_tail && V.signal[s])
#define FAILS trouble > 0 && !CURSED -> CHECK_OP; V.bad[V.win[s]] = 1; trouble--

inline execute(s)
{
	atomic {
		V.win[s] != NONE && !fn_error ->
		if
		:: !CURSED -> CHECK_OP; V.done[V.win[s]] = 1; V.signal[s] = V.np[s]
		:: FAILS; V.er[s] = 1; V.signal[s] = 0; V.state = FINAL
		:: FAILS; V.er[s] = 1; V.signal[s] = 0	/* the context continues */
		:: FAILS; V.logged[s] = 1
		:: FAILS; V.lost = 1
		:: FAILS; V.state = FINAL
		:: CURSED -> V.bad[V.win[s]] = 1; V.state = FINAL
		:: V.state == FINAL
		fi;
		V.win[s] = NONE
	}
}

proctype context(byte v)
{
end:	do
	:: atomic {
		ON && V.fetched < V.write_index && V.win[NEXT] == NONE ->
		/* The slot was written and submitted, and its completion block is armed. */
		assert(V.slot[NEXT] == NOP || (V.slot[NEXT] < V.op_submitted && V.signal[NEXT]));
		V.win[NEXT] = (V.slot[NEXT] == NOP -> NONE : V.slot[NEXT]); V.fetched++
	   }
	:: atomic { V.known && !fn_error && V.read_index != V.fetched -> V.read_index = V.fetched }
	:: execute(0)
	:: execute(1)
	/* The context stops late or never, or the function has an error. */
	:: atomic { V.stop && ON && !V.stuck -> V.state = FINAL }
	:: atomic { V.stop && ON && !V.stuck && trouble > 0 -> trouble--; V.stuck = 1 }
	:: atomic { ON && trouble > 0 && V.fetched > 0 -> trouble--; fn_error = 1 }
	od
}

/* Data path. */
#define LAST (v == 0 -> OPS0 : OPS1)
#define HEAD S(V.op_head)
#define TAIL S(V.op_tail)
#define OUTSTANDING (V.op_tail != V.op_submitted)
#define UNSETTLED (V.signal[TAIL] == 0 && V.er[TAIL] && !V.verdict[TAIL])
#define NEEDS_THREAD (V.word == STOPPING || \
		      (V.word == RUNNING && OUTSTANDING && (V.state == FINAL || UNSETTLED)))
#define HANDOVER V.ho_tail = V.op_tail; V.ho_submitted = V.op_submitted; \
	V.ho_head = V.op_head; V.ho_base = V.base

proctype data_path(byte v)
{
	do
	:: V.op_tail == V.op_head && !V.closed && (V.op_head == LAST || V.word == FAILED) -> break
	/* Enqueue into a slot that was consumed and reported. */
	:: atomic {
		!V.closed && V.word != FAILED && V.op_head < LAST && V.op_head - V.op_tail < RING &&
		(FAULT == ROOM || V.op_head - V.base < V.read_index + RING) ->
		assert(V.word != STOPPED && V.op_head - V.base < V.fetched + RING);
		assert(V.slot[HEAD] >= EMPTY || V.slot[HEAD] < V.op_tail);
		assert(V.win[HEAD] == NONE && V.signal[HEAD] && !V.er[HEAD]);
		V.slot[HEAD] = V.op_head; V.np[HEAD] = FAULT == NP && V.np[HEAD];
		V.op_head++
	   }
	/* Submit: a closed vchan does not write Write_Index. */
	:: atomic {
		V.op_submitted != V.op_head && V.word != FAILED -> V.op_submitted = V.op_head;
		V.write_index = (V.closed && FAULT != CLOSED -> V.write_index : V.op_head - V.base)
	   }
	/* Completed: done or failed. */
	:: atomic {
		!V.closed && OUTSTANDING && V.signal[TAIL] == 0 && !UNSETTLED ->
		assert(V.word != STOPPED); assert(V.er[TAIL] -> V.bad[V.op_tail] || dev_failed : V.done[V.op_tail]);
		V.signal[TAIL] = 1; V.er[TAIL] = 0; V.verdict[TAIL] = 0;
		V.op_tail++
	   }
	/* Reopen the vchan. */
	:: atomic {
		V.closed && V.word != STOPPED -> V.base = V.ho_base; V.closed = 0;
		V.op_submitted = (V.word == FAILED -> V.op_head : V.op_submitted);
		V.write_index = (FAULT == RESUME -> V.write_index : V.op_submitted - V.base)
	   }
	/* Handover to the thread. */
	:: atomic { FAULT != WORD && !V.closed && NEEDS_THREAD -> V.closed = 1; HANDOVER; V.word = STOPPED }
	:: FAULT == WORD && !V.closed && NEEDS_THREAD -> V.closed = 1; V.word = STOPPED; HANDOVER
	od;
	V.finished = 1
}

/* Control thread. */
#define DONE (!V.er[s] && !V.logged[s] && \
	      (V.signal[s] == 0 || (FAULT == INDEX && j - V.ho_base < V.read_index)))
#define IDLE (V.state == FINAL && !fn_error && (FAULT == REST || \
	(V.win[0] == NONE && V.win[1] == NONE && V.read_index == V.fetched)))
#define ASKS(x) (vc[x].word == RUNNING && !vc[x].finished && \
	(dev_failed || vc[x].lost || vc[x].logged[0] || vc[x].logged[1]))

inline ask(x)
{
	vc[x].hangs = vc[x].hangs || vc[x].lost;
	vc[x].word = (vc[x].word == RUNNING -> STOPPING : vc[x].word)
}

/* Verdicts of failed operations, or of all that are not done if the device has failed. */
inline verdicts(last, failed)
{
	d_step {
		for (j : V.ho_tail + 1 .. last) {
			s = (j - 1 - V.ho_base) % RING;
			if :: failed -> V.verdict[s] = FAULT != VERDICT; V.er[s] = 1; V.signal[s] = 0;
					V.logged[s] = 0
			   :: else
			fi
		}
		j = 0; s = 0
	}
}

/* Outcomes: 1 done, 2 failed, 0 runs again. Rebuild the ring from index 0. */
inline rebuild()
{
	d_step {
		nb = 0; first = NONE; any = 0;
		for (n : 0 .. V.ho_head - V.ho_tail - 1) {
			j = V.ho_tail + n; s = (j - V.ho_base) % RING;
			res[n] = (j >= V.ho_submitted -> 0 : (DONE -> 1 : (V.er[s] || V.logged[s] -> 2 : 0)));
			nb = nb + (res[n] != 0); any = any || (res[n] == 2 && !V.verdict[s]);
			first = (first == NONE && res[n] == 0 && j < V.ho_submitted -> j : first)
		}
		/* Blame the first operation if none failed and there was no progress. */
		any = any || FAULT == BLAME || !(V.known || V.hangs) || V.progress != V.ho_tail + nb;
		if :: !any && first != NONE -> res[first - V.ho_tail] = 2; V.bad[first] = 1; nb++ :: else fi;
		V.progress = V.ho_tail + nb;
		for (j : 0 .. RING - 1) {
			any = j < V.ho_head - V.ho_tail;
			V.np[j] = any && res[j] != 0;
			V.slot[j] = (!any -> EMPTY : (V.np[j] -> NOP : V.ho_tail + j));
			V.signal[j] = !V.np[j];
			V.er[j] = any && res[j] == 2; V.verdict[j] = V.er[j];
			V.logged[j] = 0; res[j] = 0
		}
		V.ho_base = V.ho_tail; V.settled = 1;
		j = 0; s = 0; n = 0; nb = 0; first = 0; any = 0
	}
}

/* Stops all contexts at any point. CXT_STS is not changed. */
inline reset()
{
	atomic { ask(0); ask(FAULT != ASK) };
	atomic {
		fn_error = 0;
		for (j : 0 .. 1) {
			vc[j].win[0] = NONE; vc[j].win[1] = NONE; vc[j].lost = 0;
			vc[j].known = FAULT == EPOCH && vc[j].known
		}
		j = 0; if :: trouble > 0 -> trouble--; dev_failed = 1 :: true fi
	}
}

proctype thread()
{
	byte v, j, s, n, nb, first, res[RING]; bit any;

	do
	:: vc[0].finished && vc[1].finished -> break
	:: fn_error && !dev_failed -> reset()
	:: atomic { ASKS(0) -> ask(0) }
	:: atomic { ASKS(1) -> ask(1) }
	:: vc[0].word == STOPPED || vc[1].word == STOPPED ->
		v = vc[0].word != STOPPED;
again:		if
		:: dev_failed -> verdicts(V.ho_head, V.signal[s] || V.er[s]); n = FAILED
		:: !dev_failed && V.known && !V.settled && !V.hangs && V.state != FINAL ->
			verdicts(V.ho_submitted, V.er[s] || V.logged[s]); n = RUNNING
		:: else ->
			V.stop = V.known;
			if :: !V.known || IDLE
			   :: V.known && (V.stuck || fn_error) -> V.hangs = 1; reset(); goto again
			fi;
			if :: !V.settled -> rebuild() :: else fi;
			if :: fn_error -> reset(); goto again :: else fi;
			atomic {
				V.fetched = 0; V.read_index = 0; V.stop = 0; V.stuck = 0; V.lost = 0;
				V.known = 1; V.state = RUN;
				V.write_index = (FAULT == REWIND -> V.write_index : 0)
			};
			V.write_index = (FAULT == SUBMITTED -> V.ho_head : V.ho_submitted) - V.ho_base;
			n = RUNNING
		fi;
		atomic { assert(V.word == STOPPED); V.settled = 0; V.hangs = 0; V.word = n; n = 0; v = 0 }
	od
}
init {
	atomic { run context(0); run context(1); run data_path(0); run data_path(1); run thread() }
}

/* All outstanding operations are reported eventually. */
ltl live { <> (vc[0].finished && vc[1].finished) }
