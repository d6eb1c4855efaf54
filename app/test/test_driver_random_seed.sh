#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_driver_random_seed.sh PROGRAM

Run the test of random operations and faults twice with the same seed, and once with another one: a
seed must reproduce the same run. Prints TAP.

  PROGRAM  the test_driver_random program
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

# digest_of SEED: print the digest of a run.
digest_of()
{
	local out rc=0

	out=$("$program" --faults yes --order in --ops 8000 --seed "$1") || rc=$?
	if ((rc != 0)); then
		printf '%s\n' "$out" >&2
		return 1
	fi
	sed -n 's/^# digest of operations and faults: \([0-9a-f]\{16\}\)$/\1/p' <<<"$out"
}

first=$(digest_of 11) || first=
again=$(digest_of 11) || again=
other=$(digest_of 12) || other=

problem=
[[ -n $first && $first == "$again" ]] || problem="expected '$first', found '$again'"
verdict 'the same seed gives the same operations and faults' "$problem"
problem=
[[ -n $other && $first != "$other" ]] || problem="expected other than '$first', found '$other'"
verdict 'another seed gives others' "$problem"
finish
