#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-perf.sh [--help]

Set the machine up if need be (devtools/setup.sh), build, and copy memory through the SDXI driver: on
the emulated SDXI function, next to DPDK's dma_skeleton and the CPU's own copy, as devtools/perf.ini says,
in one run of dpdk-test-dma-perf. All copied data is verified. Prints a table, the path of its picture
(drawn by devtools/plot-perf.py, which needs python3-matplotlib), and a sentence that compares them.

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

no_options "$@"
build_perf --plots
dir=$builds/perf

find_cpus

ini=$builds/log/perf.ini
result=$builds/log/perf_result.csv
log=$builds/log/perf.log
sed "s/--lcores=0@1,1@0/--lcores=0@$device_cpu,1@$driver_cpu/" "$project_root/devtools/perf.ini" >"$ini"
json=$builds/log/perf_result.json
picture=$builds/log/perf_result
rm -f -- "$result" "$json" "$picture.png" "$picture.svg"
say "copying: devices on CPU $device_cpu, driven on CPU $driver_cpu; about half a minute"
cd -- "$builds/log"
rc=0
LD_LIBRARY_PATH=$dir:$LD_LIBRARY_PATH "$dir/app/test-dma-perf/dpdk-test-dma-perf" \
	--config "$ini" --result "$result" </dev/null 2>&1 | tee -- "$log" |
	sed -un "s/^case[0-9]*: .*/$script_name: &/p" || rc=$?
echo
if [[ ! -s $json ]] || ! "$project_root/devtools/perf-table.py" "$json" || ((rc != 0)); then
	die 'copying' "dpdk-test-dma-perf ended with $rc" 'fix what the log says' "$log"
fi
echo
say "every copy was verified; result files: $result and $json"
if why=$("$project_root/devtools/plot-perf.py" --output "$picture" "$json" 2>&1 >/dev/null); then
	say "picture: $picture.png and $picture.svg"
else
	warn "no picture: ${why##*$'\n'}"
fi
"$project_root/devtools/perf-table.py" --sentence "$json" | sed "s/^/$script_name: /"
