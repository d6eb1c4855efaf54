#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-dpdk-dma.sh [--mode hw|sw] [--size N] [--build FOLDER] [--help] [-- OPTION...]

Set the machine up if need be (devtools/setup.sh), build, and run dpdk-dma, the unchanged examples/dma of
DPDK: it receives packets on two ports, copies them, and sends the copies. The ports are net_null's, which
always have packets; an emulated SDXI function per port copies them. Prints what was received, copied and
sent, and fails unless

  - each port forwards packets throughout the run, and no copy fails;
  - each packet received is sent, dropped, or on its way;
  - telemetry (statistics of the driver and of the ports) agrees with the application.

  --mode hw|sw    copies by the functions, or by the CPU; default hw
  --size N        bytes of a packet; default 64
  --build FOLDER  take the programs of this build, in an environment that is set up for it
  -- OPTION...    options of dpdk-dma, for instance --ring-size 512

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

mode=hw
size=64
dir=
while (($# > 0)); do
	case $1 in
	--mode | --size | --build)
		(($# > 1)) || bad_usage
		case $1 in
		--mode) mode=$2 ;;
		--size) size=$2 ;;
		--build) dir=$(realpath -- "$2") ;;
		esac
		shift
		;;
	-h | --help) usage; exit 0 ;;
	--) shift; break ;;
	*) bad_usage ;;
	esac
	shift
done
[[ $mode == @(hw|sw) && $size =~ ^[1-9][0-9]{0,4}$ ]] || bad_usage

if [[ -z $dir ]]; then
	# shellcheck disable=SC2119 # options of another script
	build_perf
	dir=$builds/perf
fi
program=$dir/dpdk-dma
prefix=$(pkg-config --variable=prefix libdpdk)
client=$prefix/bin/dpdk-telemetry.py
[[ -x $program ]] || die 'looking for dpdk-dma' "it was not built in $dir" \
	"install DPDK with its examples, in $prefix/share/dpdk/examples"
[[ -e $(pkg-config --variable=libdir libdpdk)/librte_net_null.so ]] ||
	die 'looking for ports' "there is no net_null driver in $prefix" \
		'build DPDK with the driver net/null'
[[ -f $client ]] || die 'looking for telemetry' "there is no $client" 'install DPDK with its tools'

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
trap 'exit 130' INT
trap 'exit 143' TERM

LD_LIBRARY_PATH=$dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH RUNTIME_DIRECTORY=$work
mkdir -p -- "$dir/dpdk-dma-log"
log=$dir/dpdk-dma-log/$mode-$size.log
# wait_reports() may read it before the application has written anything.
: >"$log"
find_cpus
# The main lcore only prints once a second.
eal=(--no-huge -m 512 --no-pci --lcores="0@$driver_cpu,1@$driver_cpu"
	--vdev="net_null0,size=$size" --vdev="net_null1,size=$size")
if [[ $mode == hw ]]; then
	eal+=(-d librte_dma_sdxi_emu.so --vdev=dma_sdxi_emu0 --vdev=dma_sdxi_emu1)
fi
readonly patience=120

# wait_reports NUMBER: until the application has printed so many reports.
wait_reports()
{
	local left=$((patience * 10))
	# This line ends a report.
	while (($(grep -c '^====*$' "$log" || true) < $1)); do
		kill -0 "$pid" 2>/dev/null || die 'running dpdk-dma' 'it has ended' 'see what it says' "$log"
		((left-- > 0)) || die 'running dpdk-dma' "no $1 reports within $patience seconds" \
			'see what it says' "$log"
		sleep 0.1
	done
}

# sent PORT REPORT: print how many packets have been sent on the port, by the report with this number.
sent()
{
	awk -v port="$1" -v report="$2" '
		/^Statistics for port / { at = $4 }
		/^Packets sent: / && at == port { value = $3 }
		/^====*$/ && ++nb == report { print value; exit }
	' "$log"
}

cd -- "$work" # the plugin's name must not be a file here
say "running dpdk-dma, copy mode $mode"
"$program" "${eal[@]}" -- --copy-type "$mode" --portmask 3 --stats-interval 1 "$@" \
	</dev/null >"$log" 2>&1 &
pid=$!
wait_reports 2
before=$(grep -c '^====*$' "$log")
queries=('/ethdev/stats,0' '/ethdev/stats,1')
if [[ $mode == hw ]]; then
	queries+=('/dmadev/info,0' '/dmadev/info,1' '/dmadev/stats,0,0' '/dmadev/stats,1,0')
fi
printf '%s\n' "${queries[@]}" | limit "$patience" python3 "$client" >"$work/telemetry" 2>"$work/err" ||
	die 'asking telemetry' "dpdk-telemetry.py: $(tail -n 1 -- "$work/err")" 'see what dpdk-dma says' "$log"
# The first one may have been started before. A failed copy stops a port, as dpdk-dma does not skip it.
now=$(($(grep -c '^====*$' "$log") + 2))
wait_reports "$now"
for port in 0 1; do
	until (($(sent "$port" "$now") > $(sent "$port" "$before"))); do
		((now - before < patience)) || die 'forwarding' "port $port has stopped" \
			'see what dpdk-dma says' "$log"
		now=$((now + 1))
		wait_reports "$now"
	done
done
kill -INT "$pid"
left=$((patience * 10))
while kill -0 "$pid" 2>/dev/null; do
	((left-- > 0)) || die 'ending dpdk-dma' "it still runs $patience seconds after SIGINT" \
		'see what it says' "$log"
	sleep 0.1
done
code=0
wait "$pid" || code=$?
pid=
((code == 0)) || die 'running dpdk-dma' "it ended with $code" 'see what it says' "$log"

/usr/bin/python3 - "$mode" "$log" "$work/telemetry" "$before" <<'END' ||
import json
import re
import sys

mode, log, telemetry, before = sys.argv[1:]
before = int(before)
hw = mode == "hw"
# Packets on their way: a burst in the application's loop, and a ring after the copy.
BURST, RING = 32, 2048
PORT = re.compile(r"Statistics for port (\d) -+\s+Packets sent: +(\d+)\s+Packets received: +(\d+)\s+"
                  r"Packets dropped on tx: +(\d+)\s+Packets dropped on copy: +(\d+)"
                  r"(?:\s+DMA channel (\d+)\s+Total submitted ops: (\d+)\s+Total completed ops: (\d+)"
                  r"\s+Total failed ops: (\d+))?")
faults = []


def check(low, high, what):
    if low > high:
        faults.append(f"{what}: expected {low} or more, found {high}")


with open(log, encoding="utf-8", errors="replace") as file:
    screens = re.findall(r"Statistics for port 0.*?\n====", file.read(), re.DOTALL)
reports = []
for screen in screens:
    report = {}
    for found in PORT.findall(screen):
        port, sent, received, lost, not_copied, dma, *ops = found
        report[int(port)] = {
            "sent": int(sent), "received": int(received), "lost": int(lost),
            "not_copied": int(not_copied), "dma": dma,
            **dict(zip(("submitted", "completed", "failed"), map(int, ops if dma else [0, 0, 0]))),
        }
    if len(report) != 2 or any((r["dma"] != "") != hw for r in report.values()):
        sys.exit("expected two ports, found: " + screen)
    reports.append(report)
stats, names = {}, {}
with open(telemetry, encoding="utf-8") as file:
    for line in file:
        for what, answer in json.loads(line).items() if line.startswith('{"/') else ():
            stats.setdefault(what, []).append(answer)

for port in (0, 1):
    # Counters only grow, so one that is read later is not lower. A report reads a port's counters from
    # sent to received, and then the device's.
    for now, then in zip(reports, reports[1:]):
        a, b = now[port], then[port]
        gone = b["sent"] + b["lost"] + b["not_copied"] + RING + 2 * BURST
        if hw:
            check(a["sent"], a["completed"], f"port {port}: copies completed, of those sent")
            check(a["completed"], b["submitted"], f"port {port}: copies submitted, of those completed")
            check(a["submitted"], b["received"], f"port {port}: packets received, of those copied")
            check(a["received"], a["submitted"] + a["not_copied"] + BURST,
                  f"port {port}: copied, dropped or in hand, of packets received")
            check(a["completed"], gone, f"port {port}: sent, dropped or queued, of copies completed")
        else:
            check(a["sent"], a["received"], f"port {port}: packets received, of those sent")
            check(a["received"], gone, f"port {port}: sent, dropped or queued, of packets received")

    first, last = reports[before - 1][port], reports[-1][port]
    check(1, last["sent"], f"port {port}: packets sent")
    found = stats["/ethdev/stats"][port]
    for key, name in (("received", "ipackets"), ("sent", "opackets")):
        check(first[key], found[name], f"port {port}: telemetry's {name}")
        check(found[name], last[key] + BURST, f"port {port}: packets {key}, of telemetry's")
    device = ""
    if hw:
        device = stats["/dmadev/info"][port]["name"]
        if last["failed"] != 0 or last["dma"] != str(port) or device != f"dma_sdxi_emu{port}":
            faults.append(f"port {port}: expected dma_sdxi_emu{port} without a failure, found {last}, "
                          f"{device}")
        found = stats["/dmadev/stats"][port]
        for key in ("submitted", "completed"):
            check(first[key], found[key], f"{device}: telemetry's {key}")
            check(found[key], last[key], f"{device}: operations {key}, of telemetry's")
        device = f", {last['completed']} copied by {device}, {last['failed']} failed"
    print(f"port {port}: {last['received']} packets in{device}, {last['sent']} sent, "
          f"{last['lost'] + last['not_copied']} dropped")
for fault in faults:
    print("not consistent: " + fault)
print(f"{len(reports)} reports of the application, and telemetry"
      f"{', agree' if not faults else ' do not agree'}")
sys.exit(bool(faults))
END
	die 'counting' 'see above' "compare the application's reports with telemetry" "$log"
