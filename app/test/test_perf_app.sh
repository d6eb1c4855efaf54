#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail

usage()
{
	cat <<'END'
Usage: test_perf_app.sh PROGRAM

Runs PROGRAM (a dpdk-test-dma-perf) on small INI files and checks its exit codes, messages and CSV
files. Needs the dma_skeleton driver of DPDK, and DPDK's libraries on LD_LIBRARY_PATH. Prints TAP.
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

# A path with spaces must do.
dir="$work/a folder"
mkdir "$dir"
cd "$dir"

# All lcores on one CPU that this process may use: runs on any machine.
cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
cpu=${cpus%%[,-]*}
eal="--no-huge -m 128 --no-shconf --no-pci --no-telemetry --lcores=0@$cpu,1@$cpu,2@$cpu"
skeletons=(-- --vdev=dma_skeleton0 --vdev=dma_skeleton1)

nb=0
failed=0
result=0
what=

# begin WHAT: what follows, up to end, checks this.
begin()
{
	what=$1
	result=0
}

end()
{
	nb=$((nb + 1))
	if ((result == 0)); then
		echo "ok $nb - $what"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $nb - $what"
	for file in out err test_result.csv; do
		if [[ -f $file ]]; then
			sed "s/^/# $file: /" "$file"
		fi
	done
}

complain()
{
	echo "# $1"
	result=1
}

# run CODE ARGUMENT...: run the program, which must end with the exit code.
run()
{
	local expected=$1 code=0

	shift
	rm -f out err test_result.csv
	"$program" "$@" >out 2>err || code=$?
	if ((code != expected)); then
		complain "exit code $code, expected $expected"
	fi
}

# has FILE REGEX: a whole line of the file matches.
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

global()
{
	printf '[GLOBAL]\neal_args=%s\ncache_flush=%s\ntest_seconds=%s\n' "$eal" "${2:-0}" "${1:-1}"
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

# dma_case N RING BATCH [BUF_SIZE]: its lcore_dma lines are to follow
dma_case()
{
	printf '[case%s]\ntype=DMA_MEM_COPY\ndma_ring_size=%s\nkick_batch=%s\n' "$1" "$2" "$3"
	sizes "${4:-64}"
}

columns='lcore,DMA,DMA ring size,kick batch size,buffer size\(B\),number of buffers,memory\(MB\),average cycle,bandwidth\(Gbps\),MOps'
figures='[0-9]+,[0-9]+\.[0-9]{3},[0-9]+\.[0-9]{3}'
sums='[0-9]+\.[0-9],[0-9]+\.[0-9]{3},[0-9]+\.[0-9]{3}'

begin '--help lists the options and the keys'
run 0 --help
has out '.*--config FILE .*'
has out ' +lcore_dma<N> .*'
has out ' +buf_size .*'
end

begin 'no --config'
run 2
has err 'error: --config FILE is missing.*'
end

begin 'an argument that is no option'
run 2 --config test.ini -l 0
run 2 --config test.ini stray
has err "error: 'stray' found, expected an option; EAL arguments go behind --"
end

begin 'no such file'
run 2 --config missing.ini
has err 'error: missing.ini: cannot be read: No such file or directory.*'
end

begin 'all mistakes of a file are told before EAL starts'
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

begin 'the result is not written over the INI file'
{
	global
	cpu_case 1 1
} >test.ini
cp test.ini copy.ini
run 2 --config test.ini --result ./test.ini
has err 'error: test.ini: found as the file of --config and of --result.*'
cmp -s test.ini copy.ini || complain 'the INI file was changed'
end

begin 'a result file that cannot be written'
run 2 --config test.ini --result missing/result.csv
has err 'error: missing/result.csv: cannot be written: No such file or directory.*'
end

begin 'CPU copy, on two worker lcores and on the main lcore; the result lies beside the INI file'
{
	global
	cpu_case 1 0,2 100
	cpu_case 2 1 1048576
} >test.ini
rm -f out err test_result.csv
(cd / && "$program" --config "$dir/test.ini" >"$dir/out" 2>"$dir/err") || complain "exit code $?"
has test_result.csv "Case 1 : CPU_MEM_COPY,$columns"
has test_result.csv "Scenario 1,0,NA,NA,NA,100,5242,1\\.00,$figures"
has test_result.csv "Scenario 1,2,NA,NA,NA,100,5242,1\\.00,$figures"
has test_result.csv "Scenario 1 Summary, , , , , ,10484,2\\.00,$sums"
has test_result.csv "Case 2 : CPU_MEM_COPY,$columns"
has test_result.csv "Scenario 1,1,NA,NA,NA,1048576,1,2\\.00,$figures"
count 2 test_result.csv 'Test Environment:'
count 2 test_result.csv 'CPU frequency,[0-9]+\.[0-9]{3} Ghz'
has out '2 cases passed, 0 failed, 0 skipped; results in .*/a folder/test_result.csv'
end

begin 'DMA copy, all combinations of the ranges'
{
	global 1 1
	dma_case 1 64,256,4,MUL 1,33,32,ADD 61
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
} >test.ini
run 0 --config test.ini --result my.csv "${skeletons[@]}"
has my.csv "Case 1 : DMA_MEM_COPY,$columns"
has my.csv "Scenario 1,1,dma_skeleton0,64,1,61,17189,2\\.00,$figures"
has my.csv "Scenario 2,1,dma_skeleton0,64,33,61,17189,2\\.00,$figures"
has my.csv "Scenario 3,1,dma_skeleton0,256,1,61,17189,2\\.00,$figures"
has my.csv "Scenario 4,1,dma_skeleton0,256,33,61,17189,2\\.00,$figures"
count 4 my.csv 'Scenario [1-4] Summary, , , , , ,17189,.*'
count 4 out '.* data verified'
has_not my.csv failed
end

begin 'DMA copy: two devices, the main lcore, a batch larger than the ring, more room than buffers'
{
	global
	dma_case 1 64 1000 4096
	echo 'lcore_dma=lcore0@dma_skeleton0, lcore1@dma_skeleton1'
	dma_case 2 1024 32 524288
	echo 'lcore_dma0=lcore=0,dev=dma_skeleton0'
} >test.ini
run 0 --config test.ini "${skeletons[@]}"
has test_result.csv "Scenario 1,0,dma_skeleton0,64,1000,4096,128,1\\.00,$figures"
has test_result.csv "Scenario 1,1,dma_skeleton1,64,1000,4096,128,1\\.00,$figures"
has test_result.csv "Scenario 1 Summary, , , , , ,256,2\\.00,$sums"
has test_result.csv "Scenario 1,0,dma_skeleton0,1024,32,524288,2,2\\.00,$figures"
end

begin 'a case that is not supported fails, one that is skipped does not, the others run'
{
	global
	dma_case 1 64 1
	echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
	echo 'dma_src_sge=4'
	echo 'dma_dst_sge=1'
	echo '[case2]'
	echo 'skip=1'
	cpu_case 3 1
} >test.ini
run 1 --config test.ini
has err 'test.ini: \[case1\] dma_src_sge=4: not supported.*'
has err 'test.ini: \[case1\] dma_dst_sge=1: not supported.*'
has test_result.csv 'Invalid case 1'
has test_result.csv 'Skip the test-case 2'
has test_result.csv "Scenario 1,1,NA,NA,NA,64,16384,2\\.00,$figures"
has out '1 cases passed, 1 failed, 1 skipped; results in .*'
end

begin 'what the machine lacks: device, lcore, NUMA node, ring size'
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
has test_result.csv "Scenario 2,1,dma_skeleton0,8192,1,64,16384,2\\.00,$figures"
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

begin 'a word in EAL arguments that is no option'
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
has out 'dma_skeleton0: mem2mem yes, dma_ring_size [0-9]+ to [0-9]+, NUMA node -?[0-9]+'
has out 'dma_skeleton1: .*'
run 0 --config test.ini --list-dma
has out 'no DMA device.*'
end

for signal in INT TERM; do
	begin "SIG$signal ends the run and keeps what was measured"
	{
		global 2
		dma_case 1 64 1,4096,1,ADD
		echo 'lcore_dma0=lcore=1,dev=dma_skeleton0,dir=mem2mem'
		cpu_case 2 1
	} >test.ini
	rm -f out err test_result.csv
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
	has test_result.csv "Scenario 1,1,dma_skeleton0,64,1,64,16384,2\\.00,$figures"
	has test_result.csv 'Case 1 failed,interrupted'
	has out '.* skipped, interrupted; results in .*'
	has_not out 'scenario 1000:'
	has_not out 'case2:'
	end
done

echo "1..$nb"
((failed == 0))
