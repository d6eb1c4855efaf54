#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
unset CDPATH
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "$here/tap.sh"

usage()
{
	cat <<'END'
Usage: run.sh [--help]

Tests the driver on QEMU's SDXI functions and prints TAP. Run as root in the guest that
devtools/run-qemu.sh boots, with test_guest, run_dmadev_autotest.sh and tap.sh in the same directory;
needs the functions of app/test/guest/devices bound to vfio-pci.

  DPDK_SDXI_PREFIX  installation prefix of DPDK
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
if (($# > 0)); then
	usage >&2
	exit 2
fi

# As in the file "devices".
readonly plain=0000:00:10.0
readonly continuing=0000:00:11.0
readonly no_flr=0000:00:12.0
readonly zeros=0000:00:19.0
readonly ones=0000:00:1a.0
readonly small_bar0=0000:00:13.0
readonly small_bar2=0000:00:14.0
readonly never_active=0000:00:15.0
readonly stuck=0000:00:18.0
readonly foreign=0000:00:16.0
readonly port=0000:00:17.0

readonly pci=/sys/bus/pci
readonly plugin=librte_dma_sdxi.so
# Timeout in seconds for one program.
readonly patience=500
# MMIO_STS0, its field fn_gsv, and two values of the field.
readonly sts0=0x100 fn_gsv=7 stop=0 active=2

work=$(mktemp -d -t sdxi-guest.XXXXXX)
# Huge pages of a killed process are reused by the next one with this prefix.
prefix=sdxi-guest-$$

cleanup()
{
	rm -rf "$work"
	remove_runtime "$prefix"
}
trap cleanup EXIT

export CMOCKA_MESSAGE_OUTPUT=TAP

# relay LABEL OUTPUT LOG EXIT_CODE: forward the results of a program; none may be skipped.
relay()
{
	local label=$1 line title cases=0 bad=0 plan=none
	while IFS= read -r line || [[ -n $line ]]; do
		if [[ $line =~ ^1\.\.([0-9]+) ]]; then
			plan=${BASH_REMATCH[1]}
			continue
		fi
		if [[ ! $line =~ ^(not )?ok\ [0-9]+[\ -]*(.*)$ ]]; then
			echo "# ${line#\# }"
			continue
		fi
		title="$label: ${BASH_REMATCH[2]%%#*}"
		cases=$((cases + 1))
		if [[ ${BASH_REMATCH[2]} == *'# SKIP'* ]]; then
			bad=$((bad + 1))
			verdict "$title" 'skipped'
		elif [[ -n ${BASH_REMATCH[1]} ]]; then
			bad=$((bad + 1))
			verdict "$title" 'see the end of its log'
		else
			verdict "$title"
		fi
	done <"$2"
	if [[ $plan != "$cases" || $plan == 0 ]]; then
		bad=$((bad + 1))
		verdict "$label" "expected $plan results as planned, found $cases, exit code $4"
	elif ((bad == 0 && $4 != 0)); then
		bad=$((bad + 1))
		verdict "$label" "expected exit code 0, found $4"
	fi
	((bad == 0)) || show_end "$3"
	echo "# $label: $SECONDS seconds since the start"
}

# make_command MODE DEVICE[,ARGS]...: set $guest to the command line of test_guest.
make_command()
{
	local mode=$1 device names=()
	shift
	guest=(timeout "$patience" "$here/test_guest" -d "$plugin" --no-telemetry "${eal[@]}")
	for device in "$@"; do
		guest+=(-a "$device")
		names+=("${device%%,*}")
	done
	guest+=(-- "$mode" "${names[@]}")
}

# run_guest LABEL MODE DEVICE...
run_guest()
{
	local rc=0
	make_command "${@:2}"
	"${guest[@]}" >"$work/out" 2>"$work/log" || rc=$?
	relay "$1" "$work/out" "$work/log" "$rc"
}

# autotest LABEL DEVICE
autotest()
{
	local rc=0
	timeout "$patience" "$here/run_dmadev_autotest.sh" "$DPDK_SDXI_PREFIX/bin/dpdk-test" \
		"$plugin" -a "$2" "$work/log" >"$work/out" 2>&1 || rc=$?
	relay "$1" "$work/out" "$work/log" "$rc"
}

# driver_of DEVICE: print the kernel driver that it is bound to, if any.
driver_of()
{
	[[ ! -e $pci/devices/$1/driver ]] || basename "$(readlink -f "$pci/devices/$1/driver")"
}

# bind_to DRIVER DEVICE
bind_to()
{
	echo "$1" >"$pci/devices/$2/driver_override"
	[[ ! -e $pci/devices/$2/driver ]] || echo "$2" >"$pci/devices/$2/driver/unbind"
	echo "$2" >"$pci/drivers_probe"
	[[ $(driver_of "$2") == "$1" ]]
}

# state_of DEVICE: print fn_gsv of an unused function.
state_of()
{
	local base value
	read -r base _ <"$pci/devices/$1/resource"
	value=$(devmem "$((base + sts0))" 64)
	echo "$((value & fn_gsv))"
}

# refused_of DEVICE: number of kernel log lines about its accesses refused by the IOMMU.
refused_of()
{
	dmesg | grep -c "DMAR: .*Request device \[${1#0000:}\] fault addr" || true
}

kernel_is_well()
{
	local problem='' tainted lines
	# taint flags D (oops) and W (warning)
	tainted=$(($(cat /proc/sys/kernel/tainted) & (1 << 7 | 1 << 9)))
	lines=$(dmesg | grep -E 'Oops|BUG:|Call Trace|general protection|WARNING: CPU' || true)
	((tainted == 0)) && [[ -z $lines ]] || problem="taint flags $tainted, ${lines:-no lines}"
	verdict "$1" "${problem//$'\n'/; }"
}

# check_refused LABEL none|some DEVICE...: check for accesses of each refused by the IOMMU.
check_refused()
{
	local device count problem
	for device in "${@:3}"; do
		count=$(refused_of "$device")
		problem=''
		if [[ $2 == none ]]; then
			((count == 0)) || problem="expected none, found the kernel to log $count"
		else
			((count > 0)) || problem='expected the kernel to log some, found none'
		fi
		verdict "$1: $device, $2 of its accesses refused by the IOMMU" "$problem"
	done
}

two_processes()
{
	local one other rc_one=0 rc_other=0
	mkfifo "$work/there" "$work/back"
	eal=(--in-memory -l 0)
	make_command peer "$plain"
	"${guest[@]}" 3<"$work/there" 4>"$work/back" >"$work/out" 2>"$work/log" &
	one=$!
	eal=(--in-memory -l 1)
	make_command peer "$continuing"
	"${guest[@]}" 4>"$work/there" 3<"$work/back" >"$work/other-out" 2>"$work/other-log" &
	other=$!
	wait "$one" || rc_one=$?
	wait "$other" || rc_other=$?
	relay 'two processes' "$work/out" "$work/log" "$rc_one"
	relay 'two processes' "$work/other-out" "$work/other-log" "$rc_other"
}

# check_state DEVICE VALUE WHAT
check_state()
{
	local found problem=''
	found=$(state_of "$1")
	[[ $found == "$2" ]] || problem="expected function state $2, found $found"
	verdict "killed: $1, $3" "$problem"
}

# The driver logs that it found a function running, but not for other functions.
check_found_running()
{
	local running others problem=''
	running=$(grep -c "SDXI: $no_flr: .* found ACTIVE" "$work/log" || true)
	others=$(grep -c "SDXI: $plain: .* found" "$work/log" || true)
	((running == 1 && others == 0)) ||
		problem="expected one line about $no_flr, found $running, and $others about $plain"
	verdict "started again: $no_flr, found running by the driver" "$problem" "$work/log"
}

killed()
{
	local rc=0 problem=''
	eal=(--file-prefix="$prefix" -l 0-1)
	make_command kill "$plain" "$no_flr"
	"${guest[@]}" >"$work/out" 2>"$work/log" &
	# The shell prints how it ended.
	wait "$!" 2>/dev/null || rc=$?
	sed 's/^/# /' "$work/out"
	if ((rc != 137)) || (($(grep -c ' copies done$' "$work/out") != 2)); then
		problem="expected two busy functions and exit by SIGKILL, found exit code $rc"
	fi
	verdict 'killed: in mid-transfer' "$problem" "$work/log"
	check_state "$plain" "$stop" 'reset by the kernel'
	check_state "$no_flr" "$active" 'still running'
	run_guest 'started again' work "$plain" "$no_flr"
	check_found_running
}

virtual_functions()
{
	local pf vf link problem='' vfs=()
	pf=$(cd "$pci/devices/$port" && echo 0000:??:??.?)
	if bind_to pci-pf-stub "$pf" && echo 2 >"$pci/devices/$pf/sriov_numvfs"; then
		for link in "$pci/devices/$pf"/virtfn*; do
			vf=$(basename "$(readlink -f "$link")")
			vfs+=("$vf")
			bind_to vfio-pci "$vf" || problem="$vf: cannot be bound to vfio-pci"
		done
		((${#vfs[@]} == 2)) || problem="expected 2 virtual functions, found ${#vfs[@]}"
	else
		problem="$pf: cannot be bound to pci-pf-stub, or have virtual functions enabled"
	fi
	verdict 'virtual functions: enabled' "$problem"
	[[ -z $problem ]] || return 0
	run_guest 'virtual functions' work "${vfs[@]}"
	echo 0 >"$pci/devices/$pf/sriov_numvfs"
	bind_to vfio-pci "$pf" || problem="$pf: cannot be bound to vfio-pci again"
	verdict 'virtual functions: disabled' "$problem"
}

eal=(--in-memory -l 0-1)
run_guest 'work' work "$plain" "$continuing"
run_guest 'probe' probe "$plain" "$continuing"
two_processes
check_refused 'so far' none "$plain" "$continuing"
eal=(--in-memory -l 0-1)
run_guest 'addresses' address "$plain" "$continuing"
# The kernel limits the rate of its log, so not all are logged.
check_refused 'addresses' some "$plain"
kernel_is_well 'addresses: no oops'
run_guest 'error interrupt' interrupt "$plain" "$continuing"
run_guest 'function-level reset' reset "$zeros" "$ones"
# Secondary processes need files.
eal=(--file-prefix="$prefix" -l 0-1)
run_guest 'secondary process' share "$plain" "$continuing"
eal=(--in-memory -l 0-1)
# So that only its class prevents the driver from probing it.
bind_to vfio-pci "$foreign" || verdict "unusable: $foreign" 'cannot be bound to vfio-pci'
run_guest 'unusable' bad "$plain" "$small_bar0" "$small_bar2" "$never_active" "$stuck" \
	"$foreign"
killed
eal=(--in-memory -l 0-1)
virtual_functions
autotest 'dmadev_autotest, error=stop' "$plain"
autotest 'dmadev_autotest, error=continue' "$continuing"
kernel_is_well 'no oops in any test'
finish
