#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-scaling.sh [--descriptors N] [--help]

Set the machine up if need be (devtools/setup.sh), build, and measure the cost of more contexts of one
emulated function, from 1 to 1024: copies of 64 bytes in bursts of 32, from one lcore, verified. Prints

  KiB each   memory of each channel: ring, completion blocks, pages for patterns, the driver's own data
  all busy   operations per second with all channels in turn, one burst in flight on each, relative to one
             channel
  one busy   operations per second of one channel with all others started and idle, relative to the same
  idle poll  time of one rte_dma_completed() on an idle channel, relative to one operation of one channel

and the time of the first copy after the function has been idle, as a multiple and in microseconds.

  --descriptors N  operations that each channel may have outstanding (default 512: a ring of 1024, the
                   smallest of SDXI)

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

descriptors=512
while (($# > 0)); do
	case $1 in
	--descriptors)
		is_count "${2:-}" || bad_usage
		descriptors=$2
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) bad_usage ;;
	esac
	shift
done

# shellcheck disable=SC2119 # options of another script
build_perf
dir=$builds/perf

find_cpus
log=$builds/log/scaling.log
say "copying: the function on CPU $device_cpu, driven on CPU $driver_cpu"
cd -- "$builds/log"
LD_LIBRARY_PATH=$dir:$LD_LIBRARY_PATH timeout 600 \
	"$dir/app/test-dma-scaling/dpdk-test-dma-scaling" --no-huge -m 1024 --no-shconf --no-pci \
	--no-telemetry --lcores="0@$driver_cpu,1@$device_cpu" -d librte_dma_sdxi_emu.so \
	--vdev="dma_sdxi_emu0,lcore=1,max_cxt=1024" -- dma_sdxi_emu0 "$descriptors" \
	</dev/null 2>"$log" || die 'copying' "dpdk-test-dma-scaling ended with $?" \
	'fix what the log says' "$log"
