#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-model.sh [--help]

Set the machine up if need be (devtools/setup.sh), and search with spin all states of vchans, control
thread and device in the model devtools/model/ring.pml: whatever fails, each operation is reported once
and in order, not before it is done or has failed, and is not executed after that; no party writes indices
that it does not own; the device sees no descriptor that was not submitted; all outstanding operations are
reported in the end. Then repeat the search with one rule of the protocol removed at a time, which must
find an error. Anything else is shown step by step, and kept in the build folder's log/model. The last line
is "N passed, N failed, N skipped".
END
}

no_options "$@"
"$project_root/devtools/setup.sh"
find_builds
work=$builds/log/model
rm -rf -- "$work"
passed=0
failed=0
total=0

# search WANTED WHAT OPS0 OPS1 TROUBLE CURSE FAULT: search all states of a variant, for no error or for this
# one. "an end" and "acceptance cycle" look for cycles too: do all outstanding operations end?
search()
{
	local wanted=$1 what=$2 dir=$work/$((passed + failed + 1)) how=() found states
	local args=("-DOPS0=$3" "-DOPS1=$4" "-DTROUBLE=$5" "-DCURSE=$6" "-DFAULT=$7")
	local flags=(-O1 -w -DCOLLAPSE)
	if [[ $wanted == a[nc]* ]]; then
		how=(-a)
		wanted=${wanted#an end}
	else
		flags+=(-DSAFETY -DNOCLAIM)
	fi
	[[ $7 == NO_FAULT ]] || flags[0]=-O0
	mkdir -p -- "$dir"
	cd -- "$dir"
	# spin calls the preprocessor without quotes.
	cp -- "$project_root/devtools/model/ring.pml" .
	limit "$work_limit" spin -a "${args[@]}" ring.pml >log 2>&1 ||
		die 'making the model' "spin -a ${args[*]}" 'fix what the log says' "$dir/log"
	limit "$work_limit" gcc "${flags[@]}" -o pan pan.c >log 2>&1 ||
		die 'compiling the model' "pan.c of ${args[*]}" 'fix what the log says' "$dir/log"
	limit "$work_limit" ./pan "${how[@]}" -m1000000 >out 2>&1 ||
		die 'searching the model' "pan of ${args[*]} ended with $?" 'fix what the log says' "$dir/out"
	if grep -q 'error: max search depth too small' out; then
		die 'searching the model' "${args[*]}: the search is not complete" 'raise -m' "$dir/out"
	fi
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
	found=$(sed -n 's/^pan:1: \(.*\) (at depth [0-9]*)$/\1/p' out)
	say "$what: ${states:-no} states: ${found:-no error}"
	total=$((total + ${states:-0}))
	if [[ -n $states && ((-z $wanted && -z $found) || (-n $wanted && $found == $wanted*)) ]]; then
		passed=$((passed + 1))
		rm -rf -- "$dir"
		return
	fi
	failed=$((failed + 1))
	say "$what: expected ${wanted:-no error}; files: $dir"
	if [[ -f ring.pml.trail ]]; then
		limit "$work_limit" spin -k ring.pml.trail -p -g "${args[@]}" ring.pml >steps 2>&1 || true
		say "the last steps of $dir/steps:"
		tail -n 60 steps
	fi
}

search '' 'one vchan, the ring wraps' 3 0 1 0 NO_FAULT
search '' 'one vchan, two things go wrong' 2 0 2 0 NO_FAULT
search '' 'two vchans, two things go wrong' 1 1 2 0 NO_FAULT
search 'an end' 'all ends' 2 0 1 0 NO_FAULT
search 'an end' 'all ends, with an operation that always stops its context' 2 1 0 1 NO_FAULT
say "$total states without a fault"
search 'assertion violated' 'slots taken before they are consumed' 3 0 1 0 ROOM
search 'invalid end state' 'np left in a slot that is used again' 3 0 1 0 NP
search 'assertion violated' 'submit writes Write_Index while closed' 2 0 1 0 CLOSED
search 'invalid end state' 'what was submitted meanwhile forgotten' 2 0 1 0 RESUME
search 'assertion violated' 'word stored before what is handed over' 2 0 1 0 WORD
search 'assertion violated' 'what was consumed taken for done' 2 0 1 0 INDEX
search 'acceptance cycle' 'nothing blamed where nothing moves' 2 0 0 1 BLAME
search 'acceptance cycle' 'verdict forgotten' 2 0 1 0 VERDICT
search 'invalid end state' 'other vchans not asked before a reset' 1 1 1 0 ASK
search 'assertion violated' 'settled before the context has stopped' 2 0 1 0 REST
search 'assertion violated' 'Write_Index not rewound' 2 0 1 0 REWIND
search 'invalid end state' 'contexts taken for running after a reset' 1 1 1 0 EPOCH
search 'assertion violated' 'what was not submitted handed over' 2 0 1 0 SUBMITTED
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
