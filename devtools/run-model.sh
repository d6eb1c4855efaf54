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

Set the machine up if need be (devtools/setup.sh), and search all that can happen on a ring as
devtools/model/ring.pml has it, with spin: beside failures, stops, lost completions and recovery no operation
is reported before it has been done or has failed, nothing is written of one that has been reported, none is
executed again that was complete, no slot is taken that the function may read, and all are reported in the
end. Then search it with one thing left away at a time that the protocol needs, which must be found out. What
is not as expected is shown step by step, and kept in build-scripts/log/model. The last line is "N passed, N
failed, N skipped".
END
}

case ${1:-} in
'') ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

"$project_root/devtools/setup.sh"
find_builds
work=$builds/log/model
rm -rf -- "$work"
passed=0
failed=0
total=0

# search WANTED WHAT [-DNAME]...: all states of a variant, in which there is no error, or one. An assertion
# that is wanted is looked for alone, as what breaks it may well keep operations from being reported, too.
search()
{
	local wanted=$1 what=$2 dir=$work/$((passed + failed + 1)) how=-a only=() found states
	shift 2
	if [[ $wanted == assertion* ]]; then
		how=-E
		only=(-noltl)
	fi
	mkdir -p -- "$dir"
	cd -- "$dir"
	limit "$work_limit" spin -a "${only[@]}" "$@" "$project_root/devtools/model/ring.pml" >log 2>&1 ||
		die 'making the model' "spin -a $*" 'mend what the log says' "$dir/log"
	limit "$work_limit" gcc -O1 -w -o pan pan.c >log 2>&1 ||
		die 'compiling the model' "pan.c of $*" 'mend what the log says' "$dir/log"
	limit "$work_limit" ./pan "$how" -m2000000 >out 2>&1 ||
		die 'searching the model' "pan of $* ended with $?" 'mend what the log says' "$dir/out"
	if grep -q 'error: max search depth too small' out; then
		die 'searching the model' "$*: not all of it was searched" 'raise -m' "$dir/out"
	fi
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
	found=$(sed -n 's/^pan:1: \(.*\) (at depth [0-9]*)$/\1/p' out)
	say "$what: ${states:-no} states: ${found:-no error}"
	total=$((total + ${states:-0}))
	# an error that is wanted is one of the protocol, in its words
	if [[ -n $states && ((-z $wanted && -z $found) || (-n $wanted && $found == $wanted*)) ]]; then
		passed=$((passed + 1))
		rm -rf -- "$dir"
		return
	fi
	failed=$((failed + 1))
	say "$what: expected ${wanted:-no error}; what was made and found: $dir"
	if [[ -f ring.pml.trail ]]; then
		limit "$work_limit" spin -k ring.pml.trail -p -g "${only[@]}" "$@" \
			"$project_root/devtools/model/ring.pml" >steps 2>&1 || true
		say "the end of its steps, which are in $dir/steps:"
		tail -n 60 steps
	fi
}

search '' 'the protocol' -DOPS=4
search '' 'Write_Index sampled at any time' -DOPS=4 -DSAMPLE
search '' 'two things that go wrong' -DTROUBLE=2
search '' 'the same, Write_Index sampled' -DTROUBLE=2 -DSAMPLE
say "$total states without a fault"
search 'assertion violated' 'no barrier before Write_Index' -DFAULT_NO_BARRIER
search 'acceptance cycle' 'doorbell before Write_Index' -DFAULT_DOORBELL_ORDER
search 'acceptance cycle' 'Write_Index read before the doorbell is taken' -DFAULT_DOORBELL_LATE
search 'assertion violated' 'signal before data' -DFAULT_SIGNAL_ORDER
search 'assertion violated' 'signal before er' -DFAULT_ER_ORDER
search 'assertion violated' 'er read before the signal' -DFAULT_NO_ACQUIRE=1
search 'assertion violated' 'data read before the signal' -DFAULT_NO_ACQUIRE=2
search 'assertion violated' 'slots taken before they are reported' -DFAULT_UNREPORTED
search 'assertion violated' 'slots taken before they are consumed' -DFAULT_UNCONSUMED
search 'assertion violated' 'what was consumed taken for done' -DFAULT_FROM_READ_INDEX
search 'assertion violated' 'what is done run again' -DFAULT_RERUN
search 'assertion violated' 'judged before the context is at rest' -DFAULT_NO_REST
search 'assertion violated' 'no barrier before the context starts again' -DFAULT_RECOVER_BARRIER
search 'assertion violated' 'the next one blamed for a late stop' -DTROUBLE=2 -DFAULT_BLAME_NEXT
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
