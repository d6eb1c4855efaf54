#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_driver_kill.sh PROGRAM

Start PROGRAM, which keeps an SDXI function busy, kill it with a signal at various moments, and start
it again with the same EAL file prefix each time: it must work immediately. Prints a TAP result for
each moment.

  PROGRAM  the test_driver_kill program
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
if (($# != 1)); then
	usage >&2
	exit 2
fi
program=$1
prefix=sdxi-kill-$$
# Timeout in seconds for one line of output.
patience=240
pid=

work=$(mktemp --directory --tmpdir sdxi-kill.XXXXXX)
open_log ""

cleanup()
{
	[[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null || true
	rm -rf "$work"
	close_log
	remove_runtime "$prefix"
}
trap cleanup EXIT

# Patterns of output lines after which the program is killed.
recovery='*: vchan 0: expected context 1 to stop, found state STOPG_SW*'
moments=(
	'eal'
	'probed'
	'configured'
	'started'
	'operations 4'
	'operations 1000'
	"$recovery"
	'operations 37000'
	'stopping 80000'
	'stopped 80000'
	'started 80000'
	'operations 123000'
)
# The same for SIGTERM, which the program does not handle.
terms=(
	'probed'
	'operations 1000'
	"$recovery"
	'stopping 80000'
)

# kill_at SIGNAL LINE: sets $problem on failure.
kill_at()
{
	local expected=$((128 + $(kill -l "$1")))

	local line='' rc=0 reached=false out

	mkfifo "$work/out"
	"$program" "$prefix" >"$work/out" 2>&1 &
	pid=$!
	exec {out}<"$work/out"
	rm "$work/out"
	while IFS= read -r -t "$patience" -u "$out" line; do
		echo "$line" >>"$log"
		# shellcheck disable=SC2053 # it is a pattern
		if [[ $line == $2 ]]; then
			reached=true
			break
		fi
	done
	kill -"$1" "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || rc=$?
	pid=
	exec {out}<&-
	if ! $reached; then
		problem="expected to be killed at '$2', found it at '$line', exit code $rc"
	elif ((rc != expected)); then
		problem="expected to end by SIG$1, found exit code $rc"
	fi
}

for moment in "${moments[@]/#/KILL }" "${terms[@]/#/TERM }"; do
	problem=
	kill_at "${moment%% *}" "${moment#* }"
	if [[ -z $problem ]]; then
		rc=0
		timeout --signal=KILL "$patience" "$program" "$prefix" 8000 \
			>"$work/again" 2>>"$log" || rc=$?
		last=$(tail -n 1 "$work/again")
		if ((rc != 0)) || [[ $last != 'done' ]]; then
			problem="started again: exit code $rc, last line '$last'"
		fi
	fi
	verdict "SIG${moment%% *} at '${moment#* }'" "$problem"
done
finish_with_log "$log"
