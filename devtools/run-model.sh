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
devtools/model/ring.pml has it, with spin: no operation is lost, reported twice or before it has been done,
no slot is taken too early, and all are reported in the end. Then search it with one thing left away at a
time that the protocol needs, which must be found out. The last line is "N passed, N failed, N skipped".
END
}

case ${1:-} in
'') ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

"$project_root/devtools/setup.sh"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"
passed=0
failed=0

# search WANTED WHAT [-DNAME]...: all states of a variant, in which there is no error, or one.
search()
{
	local wanted=$1 what=$2 found states
	shift 2
	rm -f -- pan* ./*.trail
	limit "$work_limit" spin -a "$@" "$project_root/devtools/model/ring.pml" >log 2>&1 ||
		die 'making the model' "spin -a $*" 'mend what the log says' "$PWD/log"
	limit "$work_limit" gcc -O1 -w -DNFAIR=3 -o pan pan.c >log 2>&1 ||
		die 'compiling the model' "pan.c of $*" 'mend what the log says' "$PWD/log"
	limit "$work_limit" ./pan -a -f -m2000000 >out 2>&1 ||
		die 'searching the model' "pan of $* ended with $?" 'mend what the log says' "$PWD/out"
	if grep -q 'error: max search depth too small' out; then
		die 'searching the model' "$*: not all of it was searched" 'raise -m' "$PWD/out"
	fi
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
	found=$(sed -n 's/^pan:1: \(.*\) (at depth [0-9]*)$/\1/p' out)
	say "$what: ${states:-no} states: ${found:-no error}"
	# an error that is wanted is one of the protocol, in its words
	if [[ -n $states && ((-z $wanted && -z $found) || (-n $wanted && $found == $wanted*)) ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		say "$what: expected ${wanted:-no error}"
	fi
}

search '' 'the protocol'
search '' 'Write_Index sampled at any time' -DSAMPLE
search '' 'two failures' -DFAILS=2
search 'assertion violated' 'no barrier before Write_Index' -DSAMPLE -DFAULT_NO_BARRIER
search 'acceptance cycle' 'doorbell before Write_Index' -DFAULT_DOORBELL_ORDER
search 'assertion violated' 'signal before data' -DFAULT_SIGNAL_ORDER
search 'assertion violated' 'slots taken before they are reported' -DFAULT_UNREPORTED
search 'assertion violated' 'what was consumed taken for done' -DFAULT_FROM_READ_INDEX
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
