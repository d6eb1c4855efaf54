#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-overhead.sh [--check] [--profile] [--build FOLDER] [--help]

Set the machine up if need be (devtools/setup.sh), build, and count the instructions that a copy of 64
bytes takes in the data path, at bursts of 1, 8, 32 and 128. callgrind counts them, so the figures do not
depend on machine and load. Counted are a loop of rte_dma_copy() with one rte_dma_submit(), and one
rte_dma_completed(), including the caller's part, for

  - ioat and idxd, drivers of the same DPDK, with registers in plain memory;
  - this driver (sdxi) on the emulated function.

Prints a table with the ratio to ioat.

  --check         fail if this driver takes more than 45 instructions at burst 32, or more than ioat at
                  any burst
  --profile       also print the instructions of each function
  --build FOLDER  take the programs of this build, in an environment that is set up for it

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

check=false
profile=false
dir=
while (($# > 0)); do
	case $1 in
	--check) check=true ;;
	--profile) profile=true ;;
	--build)
		(($# > 1)) || bad_usage
		dir=$(realpath -- "$2")
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) bad_usage ;;
	esac
	shift
done

if [[ -z $dir ]]; then
	# shellcheck disable=SC2119 # options of another script
	build_perf
	dir=$builds/perf
fi

LD_LIBRARY_PATH=$dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
program=$dir/app/test-dma-overhead/dpdk-test-dma-overhead
out=$dir/overhead
mkdir -p -- "$out"
cd -- "$out"

# count NAME DEVICE [EAL-ARGUMENTS...]: write callgrind's output to NAME.callgrind
count()
{
	local name=$1 device=$2 file=$out/$1.callgrind log=$out/$1.log
	shift 2
	say "counting: $name"
	rm -f -- "$file"
	timeout 300 valgrind --tool=callgrind --callgrind-out-file="$file" \
		--toggle-collect='count_*' "$program" --no-huge -m 128 --no-shconf --no-pci \
		--no-telemetry --iova-mode=va --lcores=0 "$@" -- "$device" \
		</dev/null >"$log" 2>&1 ||
		die 'counting' "dpdk-test-dma-overhead on $device ended with $?" \
			'fix what the log says' "$log"
}

count ioat ioat
count idxd idxd
count sdxi dma_sdxi_emu0 -d librte_dma_sdxi_emu.so --vdev=dma_sdxi_emu0
echo
operations=$(sed -n 's/^operations: //p' ioat.log)
arguments=(--operations "$operations" ioat=ioat.callgrind idxd=idxd.callgrind sdxi=sdxi.callgrind)
! $check || arguments+=(--check)
rc=0
"$project_root/devtools/overhead-table.py" "${arguments[@]}" || rc=$?
if $profile; then
	for name in ioat idxd sdxi; do
		printf '\n%s: instructions in each function, all bursts together\n' "$name"
		callgrind_annotate --threshold=99 "$name.callgrind" |
			sed -n '/file:function/,/^$/p'
	done
fi
exit "$rc"
