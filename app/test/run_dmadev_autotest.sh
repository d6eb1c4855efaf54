#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: run_dmadev_autotest.sh DPDK_TEST PLUGIN VDEV [LOG]
       run_dmadev_autotest.sh DPDK_TEST PLUGIN -a PCI_DEVICE [LOG]

Run DPDK's dmadev_autotest on an SDXI function and print a TAP result for each of its parts, from its
output: an exit code of 0 is not sufficient.

  DPDK_TEST   the dpdk-test program
  PLUGIN      the driver for -d: a name that the loader finds, or a path; - if linked into DPDK_TEST
  VDEV        an emulated function, for example dma_sdxi_emu0,error=stop; uses no huge pages
  PCI_DEVICE  a PCI function, for example 0000:01:00.0,watchdog=0, bound to vfio-pci with an IOMMU;
              uses huge pages
  LOG         file for the output (default: a temporary file, kept on failure only)
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
bus=vdev
if [[ ${3:-} == -a ]]; then
	bus=pci
	set -- "$1" "$2" "${@:4}"
fi
if (($# < 3 || $# > 4)); then
	usage >&2
	exit 2
fi
dpdk_test=$1
plugin=$2
device=${3%%,*}
prefix=sdxi-autotest-$$
if [[ $bus == pci ]]; then
	# Messages about the IOMMU are checked; some versions of EAL print them at debug level only.
	eal=(--in-memory --log-level=lib.eal:debug -a "$3")
else
	eal=(--no-huge -m 1024 --no-pci --no-shconf --file-prefix="$prefix" --vdev="$3")
fi

open_log "${4:-}"
lines=$(mktemp -t sdxi-autotest.XXXXXX)
names=$(mktemp -t sdxi-autotest.XXXXXX)

cleanup()
{
	rm -f "$lines" "$names"
	close_log
	remove_runtime "$prefix"
}
trap cleanup EXIT

# counters_of PART: print the last counters of a part: submitted, completed, errors.
counters_of()
{
	awk -v head="DMA Dev $index: Running $1 Tests" '
		index($0, "DMA Dev ") == 1 || index($0, "### Test") == 1 {
			inside = index($0, head) == 1
			next
		}
		inside && /^Ops submitted: / { last = $3 " " $6 " " $8 }
		END { print last }
	' "$lines"
}

# check_part TITLE MIN_OPS MIN_ERRORS NAME...: a part must have run, with these minimum numbers. Names
# depend on the DPDK version. With MIN_ERRORS 0 no operation may fail.
check_part()
{
	local title=$1 least=$2 least_errors=$3 name counters='' submitted completed errors
	shift 3
	for name in "$@"; do
		counters=$(counters_of "$name")
		[[ -n $counters ]] && break
	done
	if [[ -z $counters ]]; then
		not_ok "$title" "expected counters of this part for $device, found none in $log"
		return
	fi
	read -r submitted completed errors <<<"$counters"
	if ((submitted < least || completed != submitted || errors < least_errors ||
		(least_errors == 0 && errors != 0))); then
		not_ok "$title" "expected at least $least operations, all completed, $least_errors\
 of them or more failed; found $submitted submitted, $completed completed, $errors errors"
	else
		ok "$title ($completed operations, $errors failed)"
	fi
}

# The same for a part that exists in newer versions of DPDK only.
check_newer_part()
{
	if grep -Fq -- "$4" "$names"; then
		check_part "$@"
	else
		echo "# $1: not in dmadev_autotest of this DPDK"
	fi
}

# No part may be skipped except SVA on a PCI function: it needs PASIDs, which the driver does not use.
check_nothing_skipped()
{
	local said allowed='nothing is'

	[[ $bus != pci ]] || allowed=SVA
	said=$(grep -Ei "DMA Dev $index: .*(skip|support)" "$lines" | grep -Fv "$allowed" |
		head -n 1) || true
	if [[ -z $said ]]; then
		ok 'no part is skipped'
	else
		not_ok 'no part is skipped' "expected all parts to run, found \"$said\""
	fi
}

check_said()
{
	if grep -q -- "$2" "$lines"; then
		ok "$1"
	else
		not_ok "$1" "expected \"$2\" in EAL's output, found no such line"
	fi
}

if [[ $plugin != - ]]; then
	eal+=(-d "$plugin")
fi

run()
{
	rc=0
	DPDK_TEST=dmadev_autotest "$@" "$dpdk_test" --no-telemetry "${eal[@]}" </dev/null >"$log" 2>&1 || rc=$?
}

run env
# Some versions expect every device to refuse silent mode: then it is refused, and all else is tested.
if [[ -n ${SDXI_TEST_NO_SILENT:-} ]] && ((rc < 128 || rc == 255)) && grep -q 'test_dma_configure line [0-9]* failed: Expected -EINVAL, 0' "$log"
then
	echo '# silent mode is refused, as this DPDK expects of every device'
	run env LD_PRELOAD="$SDXI_TEST_NO_SILENT"
fi
tr '\r' '\n' <"$log" >"$lines"
strings -n 7 "$dpdk_test" >"$names"

# dpdk-test tests all devices, including its skeleton: only the named one counts.
index=$(sed -n "s/^### Test dmadev instance \([0-9]*\) \[$device\].*/\1/p" "$lines" | head -n 1)
if [[ -n $index ]]; then
	ok "$device is tested"
	# more than 65536 operations, so that the 16-bit index wraps
	check_part 'copy' 65537 0 'copy'
	check_part 'burst capacity' 1 0 'burst capacity' 'burst_capacity'
	check_part 'error handling' 100 16 'error handling' 'error_handling'
	check_part 'fill' 6 0 'fill'
	check_newer_part 'scatter-gather' 100 0 'sg_copy'
	[[ $bus == pci ]] || check_newer_part 'shared virtual addressing' 2 0 'sva_copy'
	check_newer_part 'stop and start' 1 0 'stop_start' 'stop-start'
	check_newer_part 'enqueue and dequeue' 1000 0 'dma_enq_deq'
	check_nothing_skipped
	if [[ $bus == pci ]]; then
		check_said 'behind an IOMMU' 'Using IOMMU type 1 '
		check_said 'IOVA as VA' "Selected IOVA mode 'VA'"
	fi
else
	not_ok "$device is tested" "expected '### Test dmadev instance N [$device]', found none"
fi

if ((rc == 0)) && grep -q '^Test OK' "$lines"; then
	ok 'dmadev_autotest'
else
	not_ok 'dmadev_autotest' "expected exit code 0 and 'Test OK', found exit code $rc"
fi
sed -i '/^Ops submitted/d' "$lines"
finish_with_log "$lines" "$log"
