#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_perf_plot.sh DEVTOOLS INPUTS

Runs perf-table.py and plot-perf.py of the directory DEVTOOLS on the result files of the directory
INPUTS and checks tables, sentences, pictures and messages. Skips pictures without matplotlib. Prints
TAP.
END
}

if (($# != 2)); then
	usage
	exit 0
fi

devtools=$(realpath -- "$1")
inputs=$(realpath -- "$2")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

# Paths with spaces must work.
mkdir "$work/a folder"
cd "$work/a folder"

tap_files=(out err)

# run CODE SCRIPT ARGUMENT...
run()
{
	local expected=$1 script=$2 code=0

	shift 2
	"$devtools/$script" "$@" >out 2>err || code=$?
	if ((code != expected)); then
		complain "exit code $code, expected $expected"
	fi
}

# has FILE LINE: the file has exactly this line.
has()
{
	if ! grep -Fqx -- "$2" "$1"; then
		complain "no line '$2' in $1"
	fi
}

# one_line_error TEXT: stderr is one line with the text.
one_line_error()
{
	if [[ -s out || $(wc -l <err) -ne 1 ]] || ! grep -Fq -- "$1" err; then
		complain "not one line with '$1'"
	fi
}

sentence='dma_sdxi_emu0 does 3.2 to 3.3 times the operations of dma_skeleton and 0.48 to 0.67 times those'
sentence+=" of the CPU's copy up to 1 KiB, and has 3.4 times the bandwidth of dma_skeleton and 0.93 to 1.1"
sentence+=" times that of the CPU's copy from 4 KiB up; the fastest is the CPU's copy up to 4 KiB and"
sentence+=' dma_sdxi_emu0 at 64 KiB.'

for file in three.json three.csv; do
	begin "the table of $file"
	run 0 perf-table.py "$inputs/$file"
	has out '           |                 dma_sdxi_emu0 |                  dma_skeleton |            CPU copy'
	has out '    buffer |    Gbit/s     Mop/s     x CPU |    Gbit/s     Mop/s     x CPU |    Gbit/s     Mop/s'
	has out '      64 B |     12.29    24.000      0.48 |      3.84     7.500      0.15 |     25.60    50.000'
	has out '    64 KiB |    230.69     0.440      1.10 |     68.16     0.130      0.32 |    209.72     0.400'
	[[ $(wc -l <out) -eq 7 ]] || complain 'not seven lines'
	end

	begin "the sentence of $file"
	run 0 perf-table.py --sentence "$inputs/$file"
	has out "$sentence"
	end
done

begin 'the sentence without a CPU: devices only'
python3 - "$inputs/three.json" >two.json <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    j = json.load(f)
j["scenarios"] = [s for s in j["scenarios"] if s["type"] != "CPU_MEM_COPY"]
print(json.dumps(j))
END
run 0 perf-table.py --sentence two.json
has out "dma_sdxi_emu0 does 3.2 to 3.3 times the operations of dma_skeleton up to 1 KiB, and has 3.4 times\
 the bandwidth of dma_skeleton from 4 KiB up; the fastest is dma_sdxi_emu0 at all sizes."
end

begin 'a single device: no sentence'
python3 - "$inputs/three.json" >one.json <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    j = json.load(f)
j["scenarios"] = [s for s in j["scenarios"] if s["case"] == 1]
print(json.dumps(j))
END
run 1 perf-table.py --sentence one.json
end

begin 'distinct names of series; lcores are summed up; fills are not compared with copies'
python3 - "$inputs/three.json" >many.json <<'END'
import copy, json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    j = json.load(f)
first = [s for s in j["scenarios"] if s["case"] == 1]

def add(case, change):
    for scenario in copy.deepcopy(first):
        scenario["case"] = case
        change(scenario)
        j["scenarios"].append(scenario)

add(4, lambda s: s.update(kick_batch_operations=1))
add(5, lambda s: s.update(type="DMA_MEM_FILL"))
add(6, lambda s: s.update(source_segments=4, destination_segments=1))
add(7, lambda s: s["lcores"].append(dict(s["lcores"][0], lcore=2, device="dma_sdxi_emu1")))
j["cases"][0].update(status="failed", reason="it did")
print(json.dumps(j))
END
run 1 perf-table.py many.json
for name in '(batch 32)' '(batch 1)' '(fill)' '(4 to 1 segments)' '+ dma_sdxi_emu1'; do
	grep -Fq "dma_sdxi_emu0 $name" out || complain "no series 'dma_sdxi_emu0 $name'"
done
grep -Eq '^ +64 B .*24.58    48.000      0.96' out || complain 'lcores were not summed up'
grep -Eq '^ +64 B .*12.29    24.000         -' out || complain 'a fill was compared with copies'
has out 'FAILED: case 1, it did'
end

begin 'cases that are otherwise equal are distinguished by their number'
python3 - "$inputs/three.json" >cases.json <<'END'
import copy, json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    j = json.load(f)
first = [s for s in j["scenarios"] if s["case"] == 1]
for case, ring in (4, 1024), (5, 64):
    for scenario in copy.deepcopy(first):
        scenario.update(case=case, ring_size_descriptors=ring)
        j["scenarios"].append(scenario)
print(json.dumps(j))
END
run 0 perf-table.py cases.json
for name in 1024,\ case\ 1 1024,\ case\ 4 64,\ case\ 5; do
	grep -Fq "dma_sdxi_emu0 (ring $name)" out || complain "no series 'ring $name'"
done
end

begin 'a range of memory sizes has a series for each, also from CSV'
sed -n '/^Case 1 /,/^Scenario 4,/p' "$inputs/three.csv" >memory.csv
# The next mem_size, which large buffers do not fill completely.
sed -n 's/,32\.00,/,64.00,/
	s/^Scenario 1,\(.*\)24\.000$/Scenario 5,\125.000/p
	s/,64\.00,/,63.94,/
	s/^Scenario 4,/Scenario 6,/p' memory.csv >>more.csv
cat more.csv >>memory.csv
run 0 perf-table.py memory.csv
grep -Fq 'dma_sdxi_emu0 (32 MiB)' out || complain 'no series of 32 MiB'
grep -Fq 'dma_sdxi_emu0 (64 MiB)' out || complain 'no series of 64 MiB'
grep -Eq '^ +64 B .* 24\.000 .* 25\.000 ' out || complain 'not both figures of 64 B'
grep -Eq '^ +64 KiB .* 0\.440 .* 0\.440 ' out || complain 'not both figures of 64 KiB'
grep -Eq '^ +1 KiB .* 20\.000 .* - ' out || complain 'unexpected figure for 1 KiB'
end

begin 'files that are not result files'
printf '{"format": "dpdk-test-dma-perf"' >cut.json
printf 'a,b\n' >other.csv
head -c 100 /dev/zero >zero.json
printf '%0200000d' 0 >long.csv
python3 -c 'print("[" * 200000)' >deep.json
for script in perf-table.py plot-perf.py; do
	run 1 "$script" missing.json
	one_line_error 'missing.json: No such file or directory'
	run 1 "$script" cut.json
	one_line_error 'cut.json: no JSON: '
	run 1 "$script" zero.json
	one_line_error 'zero.json: no JSON: '
	run 1 "$script" deep.json
	one_line_error 'deep.json: no JSON: '
	run 1 "$script" long.csv
	one_line_error 'long.csv: no CSV: '
	run 1 "$script" other.csv
	one_line_error 'other.csv: no case in it'
	sed 's/"format_version": 1/"format_version": 9/' "$inputs/three.json" >newer.json
	run 1 "$script" newer.json
	one_line_error 'newer.json: it is of another format or version'
	sed 's/buffer_size_bytes/buffer/' "$inputs/three.json" >lacking.json
	run 1 "$script" lacking.json
	one_line_error "lacking.json: it lacks what a result file has: 'buffer_size_bytes'"
	for change in 's/\("buffer_size_bytes": \)[0-9]*/\1"64"/' 's/\("buffer_size_bytes": \)[0-9]*/\10/' \
			's/\("operations_per_s": \)[0-9.]*/\1NaN/' 's/\("case": \)[0-9]/\1"one"/' \
			's/\("p50_ns": \)[0-9.]*/\1Infinity/'; do
		sed "${change}g" "$inputs/three.json" >wrong.json
		cmp -s wrong.json "$inputs/three.json" && complain "sed changed nothing: $change"
		run 1 "$script" wrong.json
		one_line_error 'wrong.json: it lacks what a result file has: '
	done
	sed 's/,24.000$/,nan/' "$inputs/three.csv" >wrong.csv
	run 1 "$script" wrong.csv
	one_line_error 'wrong.csv: a scenario that cannot be understood: Scenario 1,'
done
end

begin '--help, and a wrong number of labels'
run 0 plot-perf.py --help
run 0 perf-table.py --help
run 1 plot-perf.py --label one --label two "$inputs/three.json"
one_line_error '2 --label for 1 result files, expected one for each'
end

begin 'without matplotlib, the message says how to install it'
mkdir -p none
echo 'raise ImportError("none of it")' >none/matplotlib.py
PYTHONPATH=$PWD/none run 1 plot-perf.py --output none/picture "$inputs/three.json"
one_line_error 'apt-get install python3-matplotlib'
end

if ! "$devtools/plot-perf.py" --output probe "$inputs/three.json" >/dev/null 2>&1 &&
   ! /usr/bin/python3 -c 'import matplotlib' 2>/dev/null; then
	skip_case 'a picture of one file' 'no matplotlib'
	skip_case 'a picture of several files' 'no matplotlib'
	skip_case 'a picture that cannot be written' 'no matplotlib'
	finish
	exit
fi

# picture BASE TEXT...: BASE.png and BASE.svg are pictures, and the latter contains the texts.
picture()
{
	local base=$1
	shift
	python3 - "$base" "$@" <<'END' >>out 2>&1 || complain "$base: not as expected"
import struct, sys
import xml.etree.ElementTree as tree
base, texts = sys.argv[1], sys.argv[2:]
with open(base + ".png", "rb") as f:
    head = f.read(24)
assert head[:8] == b"\x89PNG\r\n\x1a\n"
assert min(struct.unpack(">II", head[16:24])) >= 1000
found = ["".join(e.itertext()).strip() for e in tree.parse(base + ".svg").iter()
         if e.tag.endswith("}text")]
for text in texts:
    assert text in found, "%s not in %s" % (text, found)
END
}

begin 'a picture of one file'
for file in three.json three.csv; do
	run 0 plot-perf.py --output "my picture" "$inputs/$file"
	has out 'my picture.png'
	has out 'my picture.svg'
	picture 'my picture' 'dma_sdxi_emu0' 'dma_skeleton' 'CPU copy' '64 B' '1 KiB' '64 KiB' 'Bandwidth' \
		'Operations per second' "Ratio to the CPU's own copy (1 ×: as fast)" '10 Mop/s' \
		'100 Gbit/s' '1 ×' 'Latency of one operation' 'Latency of a batch' \
		'Memory moved by devices and by the CPU (ring of 1024, batches of 32)'
	if [[ $file == *.json ]]; then
		picture 'my picture' 'p50 to p99' 'p99 to p99.9' 'maximum' '1 µs'
	else
		picture 'my picture' 'not in the result files'
	fi
done
# The same file gives the same picture.
cp 'my picture.svg' first.svg
run 0 plot-perf.py --output "my picture" "$inputs/three.csv"
cmp -s 'my picture.svg' first.svg || complain 'a different picture the second time'
end

begin 'a picture of several files'
run 0 plot-perf.py --label before --label after --title 'Some title' --output two \
	"$inputs/three.json" two.json
picture two 'before: dma_sdxi_emu0' 'after: dma_sdxi_emu0' 'before: CPU copy' \
	'Some title (ring of 1024, batches of 32)'
run 0 plot-perf.py --output two "$inputs/three.csv" many.json one.json
picture two 'three: dma_skeleton' 'many: dma_sdxi_emu0 (fill)' 'one: dma_sdxi_emu0'
run 0 plot-perf.py two.json
picture two 'no copies by the CPU to compare with'
end

begin 'a picture that cannot be written'
run 1 plot-perf.py --output no/such "$inputs/three.json"
one_line_error 'no/such.png: No such file or directory'
end

finish
