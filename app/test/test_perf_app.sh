#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_perf_app.sh PROGRAM

Runs PROGRAM (a dpdk-test-dma-perf) on small INI files and checks its exit codes, messages, CSV and
JSON files. Needs the dma_skeleton driver of DPDK, and DPDK's libraries and librte_dma_sdxi_emu.so on
LD_LIBRARY_PATH. Prints TAP.
END
}

case ${1:---help} in
--help | -h)
	usage
	exit 0
	;;
esac

program=$(realpath -- "$1")
work=$(mktemp -d)
pid=
cleanup()
{
	if [[ -n $pid ]]; then
		kill -KILL "$pid" 2>/dev/null || true
	fi
	rm -rf -- "$work"
}
trap cleanup EXIT

# Paths with spaces must work.
dir="$work/a folder"
mkdir "$dir"
cd "$dir"

# All lcores on one CPU that this process may use: runs on any machine.
cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
cpu=${cpus%%[,-]*}
eal="--no-huge -m 128 --no-shconf --no-pci --no-telemetry --lcores=0@$cpu,1@$cpu,2@$cpu"
skeletons=(-- --vdev=dma_skeleton0 --vdev=dma_skeleton1)
functions=(-- -d librte_dma_sdxi_emu.so --vdev=dma_sdxi_emu0 --vdev=dma_sdxi_emu1)

tap_files=(out err test_result.csv test_result.json)

# run CODE ARGUMENT...: run the program, which must exit with CODE.
run()
{
	local expected=$1 code=0

	shift
	rm -f out err test_result.csv test_result.json
	"$program" "$@" >out 2>err || code=$?
	if ((code != expected)); then
		complain "exit code $code, expected $expected"
	fi
}

# has FILE REGEX: a line of the file matches completely.
has()
{
	if ! grep -Eqx -- "$2" "$1"; then
		complain "no line '$2' in $1"
	fi
}

has_not()
{
	if grep -Eq -- "$2" "$1"; then
		complain "a line with '$2' in $1"
	fi
}

# count NUMBER FILE REGEX
count()
{
	local found

	found=$(grep -Ecx -- "$3" "$2" || true)
	if ((found != $1)); then
		complain "$found lines '$3' in $2, expected $1"
	fi
}

# json FILE EXPRESSION: the file is valid JSON, and the Python expression is true, with j being the
# object in the file and s its scenarios.
json()
{
	if ! python3 -m json.tool "$1" >/dev/null; then
		complain "$1 is not JSON"
	elif ! python3 - "$1" "$2" <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    j = json.load(f)
sys.exit(not eval(sys.argv[2], {"j": j, "s": j["scenarios"]}))
END
	then
		complain "$1: not true: $2"
	fi
}

# global [SECONDS [CACHE_FLUSH [DETAIL_MS]]]
global()
{
	printf '[GLOBAL]\neal_args=%s\ncache_flush=%s\ntest_seconds=%s\ndetail_ms=%s\n' "$eal" \
		"${2:-0}" "${1:-1}" "${3:-20}"
}

# sizes [BUF_SIZE [MEM_SIZE]]
sizes()
{
	printf 'buf_size=%s\nmem_size=%s\nsrc_numa_node=0\ndst_numa_node=0\n' "${1:-64}" "${2:-2}"
}

# cpu_case N LCORES [BUF_SIZE]
cpu_case()
{
	printf '[case%s]\ntype=CPU_MEM_COPY\nlcore=%s\n' "$1" "$2"
	sizes "${3:-64}"
}

# dma_case N RING BATCH [BUF_SIZE]: to be followed by lcore_dma lines
dma_case()
{
	printf '[case%s]\ntype='"${type:-DMA_MEM_COPY}"'\ndma_ring_size=%s\nkick_batch=%s\n' "$1" "$2" "$3"
	sizes "${4:-64}"
}

# The columns of DPDK's tool, followed by additional ones.
columns='lcore,DMA,DMA ring size,kick batch size,buffer size\(B\),number of buffers,memory\(MB\),average cycle,bandwidth\(Gbps\),MOps'
columns+=',direction,source segments,destination segments,enqueue-dequeue,data,state'
columns+=',enqueue\(cycles/op\),submit\(cycles/op\),poll\(cycles/op\),idle poll\(cycles/op\)'
for kind in latency 'batch latency'; do
	columns+=",$kind samples,$kind p50\\(ns\\),$kind p99\\(ns\\),$kind p99\\.9\\(ns\\),$kind max\\(ns\\)"
done
rates='[0-9]+,[0-9]+\.[0-9]{3},[0-9]+\.[0-9]{3}'
plain='mem2mem,NA,NA,0,verified,complete'
cycles='(,[0-9]+\.[0-9]){4}'
latency=',[1-9][0-9]*(,[0-9]+){4}'
dma_details="$cycles$latency$latency"
no_details=',NA,NA,NA,NA,0,NA,NA,NA,NA,0,NA,NA,NA,NA'
dma_figures="$rates,$plain$dma_details"
cpu_figures="$rates,$plain,NA,NA,NA,NA$latency,0,NA,NA,NA,NA"
sums='[0-9]+\.[0-9],[0-9]+\.[0-9]{3},[0-9]+\.[0-9]{3}'

begin '--help lists the options and the keys'
run 0 --help
has out '.*--config FILE .*'
has out ' +lcore_dma<N> .*'
has out ' +buf_size .*'
has out ' +detail_ms .*'
has out ' +batch latency +for detail_ms, kick_batch operations in flight.*'
end

begin 'no --config'
run 2
has err 'error: --config FILE is missing.*'
end

begin 'an argument that is not an option'
run 2 --config test.ini stray
has err "error: 'stray' found, expected an option; EAL arguments go after --.*"
end

begin 'EAL arguments in the wrong place'
hint='EAL arguments go after -- at the end, or into eal_args of the INI file'
run 2 --config test.ini -l 0
has err ".*invalid option -- 'l'"
has err "error: unknown or incomplete option, .*; $hint"
run 2 --no-huge -- --config test.ini
has err ".*unrecognized option '--no-huge'"
has err "error: unknown or incomplete option, .*; $hint"
run 2 -- --config test.ini
has err "error: '--config' found after --, expected before it; $hint"
run 2 --config test.ini -- --no-huge --result=out.csv
has err "error: '--result=out.csv' found after --, expected before it; $hint"
end

begin 'no such file'
run 2 --config missing.ini
has err 'error: missing.ini: cannot be read: No such file or directory.*'
end

begin 'all mistakes of a file are reported before EAL starts'
{
	global x
	cpu_case 1 1 64,128,1,MUL
	echo 'colour=red'
	cpu_case 2 1,1
} >test.ini
run 2 --config test.ini
has err 'error: test.ini: \[GLOBAL\] test_seconds=x: expected a whole number from 1 to 65535'
has err "error: test.ini: \\[case1\\] buf_size=64,128,1,MUL: increment '1' found, expected .*"
has err 'error: test.ini: \[case1\] colour=red: unknown key.*'
has err 'error: test.ini: \[case2\] lcore 1 found twice, expected once'
has err 'error: test.ini: 4 mistakes, nothing was run'
has_not err EAL:
if [[ -e test_result.csv ]]; then
	complain 'a result file was written'
fi
end

begin 'the result does not overwrite the INI file'
{
	global
	cpu_case 1 1
} >test.ini
cp test.ini copy.ini
run 2 --config test.ini --result ./test.ini
has err 'error: test.ini: --config and --result name the same file.*'
run 2 --config test.ini --result test.json
has err 'error: --result test.json: .json is the suffix of the JSON file.*'
cmp -s test.ini copy.ini || complain 'the INI file was changed'
end

begin 'a result file that cannot be written'
run 2 --config test.ini --result missing/result.csv
has err 'error: missing/result.csv: cannot be written: No such file or directory.*'
if [[ -c /dev/full ]]; then
	# The message names the file that could not be written.
	ln -s /dev/full full.json
	ln -s /dev/full room.csv
	run 2 --config test.ini --result full.csv
	has err 'error: full.json: not completely written: No space left on device'
	run 2 --config test.ini --result room.csv
	has err 'error: room.csv: not completely written: .*'
	json room.json 'j["cases"][0]["status"] == "passed"'
fi
end

begin 'CPU copy, on two worker lcores and on the main lcore; result in the directory of the INI file'
{
	global
	cpu_case 1 0,2 100
	cpu_case 2 1 1048576
} >test.ini
rm -f out err test_result.csv
(cd / && "$program" --config "$dir/test.ini" >"$dir/out" 2>"$dir/err") || complain "exit code $?"
has test_result.csv "Case 1 : CPU_MEM_COPY,$columns"
has test_result.csv "Scenario 1,0,NA,NA,NA,100,5242,1\\.00,$cpu_figures"
has test_result.csv "Scenario 1,2,NA,NA,NA,100,5242,1\\.00,$cpu_figures"
has test_result.csv "Scenario 1 Summary, , , , , ,10484,2\\.00,$sums"
has test_result.csv "Case 2 : CPU_MEM_COPY,$columns"
has test_result.csv "Scenario 1,1,NA,NA,NA,1048576,1,2\\.00,$cpu_figures"
count 2 test_result.csv 'Test Environment:'
count 2 test_result.csv 'CPU frequency,[0-9]+\.[0-9]{3} Ghz'
has out '2 cases passed, 0 failed, 0 skipped; results in .*/test_result.csv and .*/test_result.json'
has_not out 'cycles/op: enqueue'
has_not out $'\r'
json test_result.json 'len(s) == 2 and s[0]["type"] == "CPU_MEM_COPY" and len(s[0]["lcores"]) == 2'
json test_result.json '[l["lcore"] for l in s[0]["lcores"]] == [0, 2]'
json test_result.json 's[1]["lcores"][0]["device"] is None and s[1]["ring_size_descriptors"] is None'
json test_result.json 's[1]["lcores"][0]["cpu_cycles_per_operation"] is None'
json test_result.json 's[1]["lcores"][0]["latency_batch"] is None'
end

begin 'the JSON file: versions, cases, units in the names, consistent figures'
{
	global
	dma_case 1 1024 32 64,4096,64,MUL
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
} >test.ini
run 0 --config test.ini --result a.b.csv "${skeletons[@]}"
json a.b.json 'j["format"] == "dpdk-test-dma-perf" and j["format_version"] == 1'
json a.b.json 'j["dpdk_version"].startswith("DPDK ") and j["program_version"] and j["clock_hz"] > 0'
json a.b.json 'j["interrupted"] is False and j["config"] == "test.ini"'
json a.b.json '[c["status"] for c in j["cases"]] == ["passed"] and j["cases"][0]["reason"] is None'
json a.b.json '[x["buffer_size_bytes"] for x in s] == [64, 4096] and s[0]["status"] == "complete"'
json a.b.json 's[0]["ring_size_descriptors"] == 1024 and s[0]["kick_batch_operations"] == 32'
json a.b.json 's[0]["source_segments"] is None and s[0]["memory_size_mib"] == 2'
one='s[0]["lcores"][0]'
json a.b.json "$one"'["device"] == "dma_skeleton0" and '"$one"'["data"] == "verified"'
json a.b.json "abs($one"'["operations"] / '"$one"'["duration_s"] / s[0]["operations_per_s"] - 1) < 0.001'
json a.b.json "abs($one"'["bandwidth_bit_per_s"] / s[0]["operations_per_s"] / 64 / 8 - 1) < 0.001'
json a.b.json "all($one"'["cpu_cycles_per_operation"][k + "_cycles"] >= 0 for k in
	("enqueue", "submit", "poll", "idle_poll"))'
json a.b.json "all(l[a] <= l[b] for l in ($one"'["latency_single"], '"$one"'["latency_batch"])
	for a, b in (("min_ns", "p50_ns"), ("p50_ns", "p99_ns"), ("p99_ns", "p99_9_ns"),
		("p99_9_ns", "max_ns"), ("min_ns", "mean_ns"), ("mean_ns", "max_ns")))'
json a.b.json "$one"'["latency_single"]["operations_per_sample"] == 1'
json a.b.json "$one"'["latency_batch"]["operations_per_sample"] == 32'
count 2 out ' +cycles/op: enqueue [0-9.]+, submit [0-9.]+, poll [0-9.]+, idle poll [0-9.]+'
count 2 out ' +latency of a batch of 32, microseconds: p50 [0-9.]+, p99 [0-9.]+, p99.9 [0-9.]+, max [0-9.]+'
end

begin 'detail_ms=0: throughput only'
{
	global 1 0 0
	dma_case 1 1024 32
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
	cpu_case 2 1
} >test.ini
run 0 --config test.ini "${skeletons[@]}"
has test_result.csv "Scenario 1,1,dma_skeleton0,1024,32,64,16384,2\\.00,$rates,$plain$no_details"
has test_result.csv "Scenario 1,1,NA,NA,NA,64,16384,2\\.00,$rates,$plain$no_details"
json test_result.json 'all(x["lcores"][0][k] is None for x in s for k in
	("cpu_cycles_per_operation", "latency_single", "latency_batch"))'
end

begin 'DMA copy, all combinations of the ranges'
{
	global 1 1
	dma_case 1 64,256,4,MUL 1,33,32,ADD 61
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
} >test.ini
run 0 --config test.ini --result my.csv "${skeletons[@]}"
has my.csv "Case 1 : DMA_MEM_COPY,$columns"
has my.csv "Scenario 1,1,dma_skeleton0,64,1,61,17189,2\\.00,$dma_figures"
has my.csv "Scenario 2,1,dma_skeleton0,64,33,61,17189,2\\.00,$dma_figures"
has my.csv "Scenario 3,1,dma_skeleton0,256,1,61,17189,2\\.00,$dma_figures"
has my.csv "Scenario 4,1,dma_skeleton0,256,33,61,17189,2\\.00,$dma_figures"
count 4 my.csv 'Scenario [1-4] Summary, , , , , ,17189,.*'
count 4 out '.* data verified'
has_not my.csv failed
json my.json 'len(s) == 4'
end

begin 'DMA copy: two devices, the main lcore, a batch larger than the ring, more slots than buffers'
{
	global
	dma_case 1 64 1000 4096
	echo 'lcore_dma=lcore0@dma_skeleton0, lcore1@dma_skeleton1'
	dma_case 2 1024 32 524288
	echo 'lcore_dma0=lcore=0,dev=dma_skeleton0'
	dma_case 3 128 16 1024
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_skeleton1,dir=mem2mem' \
		'lcore_dma1=lcore=2,dev=dma_skeleton0,dir=mem2mem'
} >test.ini
run 0 --config test.ini "${skeletons[@]}"
has test_result.csv "Scenario 1,1,dma_skeleton1,128,16,1024,512,1\\.00,$dma_figures"
has test_result.csv "Scenario 1,2,dma_skeleton0,128,16,1024,512,1\\.00,$dma_figures"
json test_result.json '[l["device"] for l in s[2]["lcores"]] == ["dma_skeleton1", "dma_skeleton0"]'
json test_result.json 'abs(sum(l["operations_per_s"] for l in s[2]["lcores"]) - s[2]["operations_per_s"]) < 1'
has test_result.csv "Scenario 1,0,dma_skeleton0,64,1000,4096,128,1\\.00,$dma_figures"
has test_result.csv "Scenario 1,1,dma_skeleton1,64,1000,4096,128,1\\.00,$dma_figures"
has test_result.csv "Scenario 1 Summary, , , , , ,256,2\\.00,$sums"
has test_result.csv "Scenario 1,0,dma_skeleton0,1024,32,524288,2,2\\.00,$dma_figures"
end

begin 'scatter-gather: segments of equal and of different sizes'
{
	global
	dma_case 1 1024 32 64,4096,64,MUL
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0,dir=mem2mem' 'dma_src_sge=4' 'dma_dst_sge=1'
	dma_case 2 64 100 61
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0' 'lcore_dma1=lcore=2,dev=dma_sdxi_emu1' \
		'dma_src_sge=3' 'dma_dst_sge=4'
	dma_case 3 64 1 256
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0' 'dma_src_sge=200' 'dma_dst_sge=1'
} >test.ini
run 1 --config test.ini "${functions[@]}"
sg="mem2mem,4,1,0,verified,complete$dma_details"
has test_result.csv "Scenario 1,1,dma_sdxi_emu0,1024,32,64,16384,2\\.00,$rates,$sg"
has test_result.csv "Scenario 2,1,dma_sdxi_emu0,1024,32,4096,256,2\\.00,$rates,$sg"
sg="mem2mem,3,4,0,verified,complete$dma_details"
# A multiple of both numbers of segments for each lcore, as in DPDK's tool.
has test_result.csv "Scenario 1,1,dma_sdxi_emu0,64,100,61,8592,1\\.00,$rates,$sg"
has test_result.csv "Scenario 1,2,dma_sdxi_emu1,64,100,61,8592,1\\.00,$rates,$sg"
has out '.*, 3 to 4 segments, 61 bytes: .* data verified'
has out '.*FAILED: dma_src_sge=200: device dma_sdxi_emu0 takes up to [0-9]+ segments'
json test_result.json 's[0]["source_segments"] == 4 and s[0]["destination_segments"] == 1'
json test_result.json 's[3]["status"] == "failed" and "up to" in s[3]["lcores"][0]["reason"]'
end

begin 'fill, also of sizes that are not a multiple of the pattern'
{
	global
	type=DMA_MEM_FILL dma_case 1 1024 32 61,4096,67,MUL
	echo 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0,dir=mem2mem'
} >test.ini
run 0 --config test.ini "${functions[@]}"
has test_result.csv "Case 1 : DMA_MEM_FILL,$columns"
has test_result.csv "Scenario 1,1,dma_sdxi_emu0,1024,32,61,17189,1\\.00,$dma_figures"
has test_result.csv "Scenario 2,1,dma_sdxi_emu0,1024,32,4087,256,1\\.00,$dma_figures"
json test_result.json 'all(x["type"] == "DMA_MEM_FILL" for x in s)'
end

# Operations that dma_skeleton of this DPDK does not support.
"$program" --config test.ini --list-dma "${skeletons[@]}" >list 2>/dev/null || true
has_skeleton()
{
	grep -q "^dma_skeleton0: .*operations.* $1" list
}

begin 'a device that does not support the operation'
{
	global 1 0 0
	dma_case 1 64 1
	echo 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0,dir=mem2dev,raddr=0x1000'
	dma_case 2 64 1
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_skeleton0' 'dma_src_sge=2' 'dma_dst_sge=2'
	type=DMA_MEM_FILL dma_case 3 64 1
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0'
} >test.ini
run 1 --config test.ini "${functions[@]}" --vdev=dma_skeleton0
has out '.*FAILED: dir=mem2dev: not supported: device dma_sdxi_emu0 does not copy from memory to a device'
has_skeleton scatter-gather || has out '.*FAILED: dma_src_sge=2: not supported: device dma_skeleton0 .*'
has_skeleton fill || has out '.*FAILED: type=DMA_MEM_FILL: not supported: device dma_skeleton0 does not fill'
end

begin 'enqueue and dequeue operations, where this DPDK has them'
{
	global
	dma_case 1 1024 32
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0' 'use_enq_deq_ops=1'
	dma_case 2 64 100 61
	printf '%s\n' 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0' 'lcore_dma1=lcore=2,dev=dma_sdxi_emu1' \
		'dma_src_sge=3' 'dma_dst_sge=4' 'use_enq_deq_ops=1'
} >test.ini
"$program" --config test.ini --list-dma "${functions[@]}" >list 2>/dev/null || true
if grep -q enqueue-dequeue list; then
	run 0 --config test.ini "${functions[@]}"
	has test_result.csv "Scenario 1,1,.*,$rates,mem2mem,NA,NA,1,verified,complete$dma_details"
	has test_result.csv "Scenario 1,2,.*,61,8592,1\\.00,$rates,mem2mem,3,4,1,verified,.*"
	json test_result.json 's[0]["enqueue_dequeue_operations"] is True'
else
	run 1 --config test.ini "${functions[@]}"
	has err '.*\[case1\] use_enq_deq_ops=1: not supported: enqueue and dequeue operations need DPDK .*'
	has out '0 cases passed, 2 failed, 0 skipped; .*'
fi
end

begin 'a failed operation is reported with its index and status'
{
	global
	dma_case 1 64 1
	echo 'lcore_dma0=lcore=1,dev=dma_sdxi_emu0,dir=mem2mem'
} >test.ini
run 1 --config test.ini -- -d librte_dma_sdxi_emu.so --vdev=dma_sdxi_emu0,fault=fail:cxt=1:op=1000
has out '.*FAILED: device dma_sdxi_emu0: operation 1000 failed with status [0-9]+'
json test_result.json 'j["cases"][0]["status"] == "failed" and "1000" in j["cases"][0]["reason"]'
json test_result.json 's[0]["status"] == "failed" and s[0]["operations_per_s"] == 0'
end

begin 'an unsupported case fails, a skipped one does not, the others run'
{
	global
	type=DMA_MEM_SORT dma_case 1 64 1
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
	echo '[case2]'
	echo 'skip=1'
	cpu_case 3 1
} >test.ini
run 1 --config test.ini
has err 'test.ini: \[case1\] type=DMA_MEM_SORT: not supported.*'
has test_result.csv 'Invalid case 1'
has test_result.csv 'Skip the test-case 2'
has test_result.csv "Scenario 1,1,NA,NA,NA,64,16384,2\\.00,$cpu_figures"
has out '1 cases passed, 1 failed, 1 skipped; results in .*'
json test_result.json '[c["status"] for c in j["cases"]] == ["unsupported", "skipped", "passed"]'
end

begin 'missing on this machine: device, lcore, NUMA node, ring size'
{
	global
	dma_case 1 64 1
	echo 'lcore_dma0=lcore=9,dev=dma_none,dir=mem2mem'
	dma_case 2 8,8192,1024,MUL 1
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
	dma_case 3 65 1
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
	cpu_case 4 1 | sed 's/dst_numa_node=0/dst_numa_node=31/'
} >test.ini
run 1 --config test.ini "${skeletons[@]}"
has out ".*FAILED: lcore 9: expected one of EAL's lcores: 0 1 2 .*"
has out '.*FAILED: device dma_none: not found, EAL has: dma_skeleton0 dma_skeleton1 .*'
has out '.*FAILED: dma_ring_size=8: device dma_skeleton0 expects [0-9]+ to [0-9]+'
has test_result.csv 'Scenario 1 failed,1,dma_skeleton0,dma_ring_size=8: .*'
has test_result.csv "Scenario 2,1,dma_skeleton0,8192,1,64,16384,2\\.00,$dma_figures"
has out '.*FAILED: dma_ring_size=65: device dma_skeleton0 refused it: Invalid argument'
has out '.*FAILED: dst_numa_node=31: expected one of the [0-9]+ NUMA nodes that EAL found'
has out '0 cases passed, 4 failed, 0 skipped; results in .*'
end

begin 'memory that EAL does not have'
{
	global
	cpu_case 1 1 | sed 's/mem_size=2/mem_size=4000/'
} >test.ini
run 1 --config test.ini
has out '.*FAILED: no memory for 2 \* 32768000 buffers of 64 bytes on NUMA nodes 0 and 0: .*'
end

begin 'EAL refuses its arguments'
{
	global
	cpu_case 1 1
} | sed 's/^eal_args=/eal_args=--nonsense /' >test.ini
run 1 --config test.ini
has err "error: EAL cannot start with eal_args '--nonsense .*"
has out 'case1: FAILED: EAL cannot start, see above'
has test_result.csv 'Case 1 failed,EAL cannot start; see above'
end

begin 'a word in EAL arguments that is not an option'
{
	global
	cpu_case 1 1
} >test.ini
run 1 --config test.ini -- stray
has out 'case1: FAILED: EAL cannot start, see above'
has err '.*stray.*'
end

begin '--list-dma'
{
	global
	cpu_case 1 1
} >test.ini
run 0 --config test.ini --list-dma "${skeletons[@]}"
has out 'dma_skeleton0: directions mem2mem; operations copy.*; dma_ring_size [0-9]+ to [0-9]+; NUMA node -?[0-9]+'
has out 'dma_skeleton1: .*'
run 0 --config test.ini --list-dma "${functions[@]}"
has out 'dma_sdxi_emu0: directions mem2mem; operations copy scatter-gather fill.*; up to [0-9]+ segments; .*'
if [[ -e test_result.csv ]]; then
	complain 'a result file was written'
fi
run 0 --config test.ini --list-dma
has out 'no DMA device.*'
end

for signal in INT TERM; do
	begin "SIG$signal ends the run and keeps its results"
	{
		global 2
		dma_case 1 64 1,4096,1,ADD
		echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
		cpu_case 2 1
	} >test.ini
	rm -f out err test_result.csv test_result.json
	"$program" --config test.ini "${skeletons[@]}" >out 2>err &
	pid=$!
	until grep -q 'scenario 1: ' out 2>/dev/null || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
	done
	kill "-$signal" "$pid" 2>/dev/null || complain 'ended too early'
	code=0
	wait "$pid" || code=$?
	pid=
	if ((code != 128 + $(kill -l "$signal"))); then
		complain "exit code $code, expected $((128 + $(kill -l "$signal")))"
	fi
	has test_result.csv "Scenario 1,1,dma_skeleton0,64,1,64,16384,2\\.00,$dma_figures"
	has test_result.csv 'Case 1 failed,interrupted'
	has out '.* skipped, interrupted; results in .*'
	has_not out 'scenario 1000:'
	has_not out 'case2:'
	json test_result.json 'j["interrupted"] is True and j["cases"][0]["status"] == "interrupted"'
	json test_result.json 's[0]["status"] == "complete" and s[0]["operations_per_s"] > 0'
	# Scenarios marked as complete have all of their passes.
	json test_result.json 'all(l["latency_batch"] for x in s for l in x["lcores"] if
		l["status"] == "complete")'
	end
done

begin 'interrupted within a scenario: its results are kept and marked'
{
	global 600
	cpu_case 1 1
} >test.ini
rm -f out err test_result.csv test_result.json
"$program" --config test.ini >out 2>err &
pid=$!
# Well after the start of EAL and the warm-up, however slow the machine; checked below.
until grep -q 'TELEMETRY\|EAL: .*' err 2>/dev/null || ! kill -0 "$pid" 2>/dev/null; do
	sleep 0.1
done
sleep 3
kill -INT "$pid" 2>/dev/null || complain 'ended too early'
code=0
wait "$pid" || code=$?
pid=
((code == 130)) || complain "exit code $code, expected 130"
json test_result.json 'j["interrupted"] is True and j["cases"][0]["status"] == "interrupted"'
if grep -q '^Scenario 1,' test_result.csv; then
	has test_result.csv "Scenario 1,1,NA,.*,$rates,mem2mem,NA,NA,0,verified,interrupted$no_details"
	has out '.* data verified \(interrupted\)'
	json test_result.json 's[0]["status"] == "interrupted" and s[0]["lcores"][0]["operations"] > 0'
fi
end

begin 'the files are written although the reader of the output has exited'
{
	global 1 0 0
	cpu_case 1 1 64,128,2,MUL
} >test.ini
rm -f out err test_result.csv test_result.json
: >out
code=0
{ "$program" --config test.ini 2>err || echo $? >code; } | true
[[ ! -e code ]] || complain "exit code $(cat code), expected 0"
rm -f code
json test_result.json 'len(s) == 2 and j["cases"][0]["status"] == "passed"'
end

begin 'progress is shown on a terminal only'
{
	global
	cpu_case 1 1 64,128,2,MUL
} >test.ini
if command -v script >/dev/null; then
	script -qec "$(printf '%q ' "$program" --config test.ini)" typescript >out 2>err </dev/null ||
		complain "exit code $?"
	grep -q $'scenario 1 of 2 (case1): throughput, at least [0-9]* s to go\r' out ||
		complain 'no progress line on a terminal'
fi
run 0 --config test.ini
has_not out 'scenario 1 of 2'
end

finish
