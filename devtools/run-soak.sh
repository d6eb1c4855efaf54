#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-soak.sh MINUTES [--seed N|random] [--order in|random|any] [--faults yes|no|any]
                            [--cycle N] [--sanitizers] [--log] [--help]

Set the machine up if need be (devtools/setup.sh), build, and have the driver work on emulated functions
for so many minutes: copies, scatter-gather copies and fills of random sizes, with and without fences,
on several vchans with a thread each, reporting and silent, with both error reactions; faults
injected, and recovered from; devices started, stopped (also with operations outstanding), configured
in other ways, removed and probed again. Each byte, each completion and the statistics are checked, and
that memory, memzones, files and threads are after each probe what they were after the first.

A line every ten seconds says how far it has come, a summary at the end what was done. Ctrl-C ends it
in good order, a second one at once. Exits with 0 if nothing was found.

  MINUTES       how long; a whole number
  --seed N      what is done follows from it (default: always the same; random: another each time)
  --order W     whether functions take every liberty that they have (default any: drawn)
  --faults W    whether faults are injected (default any: drawn, mostly yes)
  --cycle N     run this cycle only, as a message has named it; with the seed and options it had
  --sanitizers  under address and undefined-behaviour sanitizers
  --log         with what is injected and what the driver says of it

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

minutes=
sanitizers=false
args=()
while (($# > 0)); do
	case $1 in
	--seed | --order | --faults)
		(($# > 1)) || { usage >&2; exit 2; }
		args+=("$1" "$2")
		shift
		;;
	--cycle)
		(($# > 1)) || { usage >&2; exit 2; }
		args+=(--cycle "$2" --cycles 1)
		shift
		;;
	--log) args+=(--log) ;;
	--sanitizers) sanitizers=true ;;
	-h | --help) usage; exit 0 ;;
	*)
		[[ -z $minutes && $1 =~ ^[1-9][0-9]{0,5}$ ]] || { usage >&2; exit 2; }
		minutes=$1
		;;
	esac
	shift
done
[[ -n $minutes ]] || { usage >&2; exit 2; }

set_up
find_builds

name=gcc
options=()
if $sanitizers; then
	name=sanitizers
	options=("${sanitizer_options[@]}")
fi
CC=gcc must_build "$name" 'the program' "${test_build_options[@]}" "${options[@]}" \
	app/test/test_driver_soak

# The program ends itself; its summary is to be seen even so.
trap : INT
log=$builds/log/soak.log
say "soaking for $minutes minutes; the driver's log: $log"
cd -- "$builds/log"
rc=0
UBSAN_OPTIONS=print_stacktrace=1 "$builds/$name/app/test/test_driver_soak" \
	--seconds $((minutes * 60)) "${args[@]}" </dev/null 2>"$log" || rc=$?
((rc == 0)) || die 'soaking' "test_driver_soak ended with $rc" \
	'run the cycle again by itself (--cycle, with the same options and the seed above)' "$log"
