#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-soak.sh [--minutes N] [--seed N|random] [--order in|random|any]
                            [--faults yes|no|any] [--cycle N] [--sanitizers] [--log] [--help]

Set the machine up if need be (devtools/setup.sh), build, and run the driver on emulated functions under
mixed load: copies, scatter-gather copies and fills of random sizes, with and without fences, on several
vchans with a thread each, reporting and silent, with both error reactions; injected faults and their
recovery; devices that are started, stopped (also with operations outstanding), reconfigured, removed and
probed again. Each byte, each completion and the statistics are checked. Memory, memzones, files and
threads must be after each probe what they were after the first.

Prints a progress line every ten seconds, and a summary. Ctrl-C ends the run in order, a second one
immediately. The exit code is 0 if no fault was found.

  --minutes N   how long (default 10)
  --seed N      of the random sequence (default: a constant; random: another one each time)
  --order W     whether operations complete in random order (default any: drawn)
  --faults W    whether faults are injected (default any: drawn, mostly yes)
  --cycle N     run only this cycle, as a message has named it; with the seed and options it had
  --sanitizers  under address and undefined-behaviour sanitizers
  --log         print injected faults and the driver's log

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

minutes=10
sanitizers=false
args=()
while (($# > 0)); do
	case $1 in
	--minutes | --seed | --order | --faults | --cycle)
		(($# > 1)) || bad_usage
		case $1 in
		--minutes) minutes=$2 ;;
		--cycle) args+=(--cycle "$2" --cycles 1) ;;
		*) args+=("$1" "$2") ;;
		esac
		shift
		;;
	--log) args+=(--log) ;;
	--sanitizers) sanitizers=true ;;
	-h | --help) usage; exit 0 ;;
	*) bad_usage ;;
	esac
	shift
done
is_count "$minutes" || bad_usage

set_up
find_builds

name=gcc compiler=gcc
options=()
if $sanitizers; then
	name=sanitizers compiler=clang
	options=("${sanitizer_options[@]}")
fi
CC=$compiler must_build "$name" 'the program' "${test_build_options[@]}" "${options[@]}" \
	app/test/test_driver_soak

# The program handles the signal, and prints its summary.
trap : INT
log=$builds/log/soak.log
say "soaking for $minutes minutes; the driver's log: $log"
cd -- "$builds/log"
rc=0
UBSAN_OPTIONS=print_stacktrace=1 "$builds/$name/app/test/test_driver_soak" \
	--seconds $((minutes * 60)) "${args[@]}" </dev/null 2>"$log" || rc=$?
((rc == 0)) || die 'soaking' "test_driver_soak ended with $rc" \
	'run the cycle again by itself (--cycle, with the same options and the seed above)' "$log"
