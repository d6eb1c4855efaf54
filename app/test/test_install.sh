#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_install.sh SOURCE BUILD PREFIX DRIVER_DIR DPDK_PREFIX DPDK_LIBDIR DPDK_PC

Install the build into a DESTDIR below it, look at what is there, let an application find the
plugins without -d, and uninstall. Prints TAP.

  SOURCE       the project's folder
  BUILD        a build folder in which everything is built
  PREFIX       its prefix
  DRIVER_DIR   where its plugins are installed
  DPDK_PREFIX  the DPDK that it was built against
  DPDK_LIBDIR  that one's libraries
  DPDK_PC      where its libdpdk.pc is
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
if (($# != 7)); then
	usage >&2
	exit 2
fi
source=$1
build=$(realpath -- "$2")
prefix=$3
driver_dir=$4
dpdk_prefix=$5
dpdk_libdir=$6
dpdk_pc=$7

log=$build/meson-logs/install-log.txt
work=$(mktemp -d)
# Not in the build's folder, whose path may have spaces: dpdk-pmdinfo.py does not find libraries there.
dest=$work/install
# A real installation's log is what uninstalls it.
[[ ! -e $log ]] || cp -p -- "$log" "$work/install-log.txt"
cleanup()
{
	if [[ -e $work/install-log.txt ]]; then
		cp -p -- "$work/install-log.txt" "$log"
	else
		rm -f -- "$log"
	fi
	rm -rf -- "$work"
}
trap cleanup EXIT

plugin=$driver_dir/librte_dma_sdxi.so
emu_plugin=$driver_dir/librte_dma_sdxi_emu.so
program=$prefix/bin/dpdk-test-dma-perf
man_page=$prefix/share/man/man1/dpdk-test-dma-perf.1
doc=$prefix/share/doc/dpdk-sdxi
expected=("$plugin" "$emu_plugin" "$doc"/{LICENSE,conformance.md,sdxi.rst,sdxi_emu.rst,sdxi_performance.rst}
	"$doc"/img/{sdxi_operation,sdxi_structures}.svg)
perf_app=false
if grep -q '"[^"]*/dpdk-test-dma-perf"' "$build/meson-info/intro-installed.json"; then
	perf_app=true
	expected+=("$program" "$man_page" "$doc/config.ini")
fi

fault=
meson install -C "$build" --no-rebuild --destdir "$dest" </dev/null >"$work/log" 2>&1 ||
	fault=$(tail -n 20 -- "$work/log")
verdict 'install' "$fault"

fault=$(diff <(printf '%s\n' "${expected[@]}" | LC_ALL=C sort) \
	<(cd "$dest" && find . ! -type d | sed 's/^\.//' | LC_ALL=C sort)) || true
verdict 'what is installed' "${fault:+expected (<) and found (>) differ:
$fault}"

# The figures that images are in are taken from beside the guide.
fault=
while read -r image; do
	compgen -G "$dest$doc/$image" >/dev/null || fault+="no $image; "
done < <(sed -n 's/^\.\. figure:: //p' "$dest$doc/sdxi.rst")
verdict "the guide's images" "$fault"

what='dpdk-pmdinfo.py'
if [[ ! -f $dpdk_prefix/bin/dpdk-pmdinfo.py ]]; then
	skip_case "$what" "there is none in $dpdk_prefix/bin"
elif ! python3 -c 'import elftools' 2>/dev/null; then
	skip_case "$what" 'python3 has no elftools, which it needs'
else
	fault=
	for file in "$plugin" "$emu_plugin"; do
		LD_LIBRARY_PATH=$dpdk_libdir python3 "$dpdk_prefix/bin/dpdk-pmdinfo.py" "$dest$file" \
			>"$work/pmdinfo-${file##*/}" 2>&1 || fault+=$(cat -- "$work/pmdinfo-${file##*/}")
	done
	[[ -n $fault ]] || fault=$(python3 - "$work"/pmdinfo-* "$dest$plugin" "$dest$emu_plugin" <<'END'
import json, sys
drivers = []
for path in sys.argv[1:3]:
    with open(path, encoding="utf-8") as file:
        drivers.append({driver["name"]: driver for driver in json.load(file)})
own = []
for path in sys.argv[3:]:
    with open(path, "rb") as file:
        own.append(file.read().count(b"PMD_INFO_STRING= "))
found = drivers[1]
pci, emu = drivers[0].get("dma_sdxi", {}), found.get("dma_sdxi_emu", {})
for right, what in (
        (own == [1, 1], f"one driver in each plugin, not {own}"),
        (list(drivers[0]) == ["dma_sdxi"], "only dma_sdxi in the PCI driver's"),
        # The program also looks into libraries that are needed.
        ("dma_sdxi" in found, "the PCI driver's plugin found beside the other one"),
        (pci.get("kmod") == "vfio-pci", "the kernel module vfio-pci"),
        (pci.get("pci_class") == ["120100"], "the class 120100"),
        # Any vendor and any device: the program shows only what is to match.
        ("pci_ids" not in pci, "no vendor and no device"),
        ("watchdog=<0-600000>" in pci.get("params", ""), "the PCI driver's arguments"),
        ("lcore=<lcore>" in emu.get("params", ""), "the emulated function's arguments"),
        ("kmod" not in emu and "pci_class" not in emu, "no PCI driver for emulated functions")):
    if not right:
        print(f"expected {what}, found {drivers}")
END
	) || fault+='; python3 failed'
	verdict "$what" "$fault"
fi

what='an application finds the plugins without -d'
# EAL refuses a folder below one that anyone may write to, and looks where DPDK was installed only: so
# the folder that was installed into takes that place, for this program alone.
isolate=(unshare --mount)
((EUID == 0)) || isolate+=(--map-root-user)
if ! $perf_app; then
	skip_case "$what" 'no application is installed'
elif ! "${isolate[@]}" true 2>/dev/null; then
	skip_case "$what" 'mounting is not allowed here'
elif [[ ! -d $driver_dir ]] || ! ls "$driver_dir"/librte_bus_vdev.so* >/dev/null 2>&1; then
	skip_case "$what" "no drivers of DPDK in $driver_dir"
else
	mkdir -- "$work/pmds" "$work/run"
	cp -a -- "$driver_dir/." "$work/pmds"
	cp -- "$dest$plugin" "$dest$emu_plugin" "$work/pmds"
	cat >"$work/list.ini" <<'END'
[GLOBAL]
eal_args=--no-huge -m 128 --no-pci --no-shconf --no-telemetry --vdev=dma_sdxi_emu0
[case1]
type=CPU_MEM_COPY
mem_size=1
buf_size=64
lcore=1
END
	fault=
	# shellcheck disable=SC2016 # for the shell that is called
	LD_LIBRARY_PATH=$dpdk_libdir RUNTIME_DIRECTORY=$work/run timeout 120 "${isolate[@]}" \
		bash -c 'mount --bind "$1" "$2" && exec "$3" --config "$4" --list-dma' bash \
		"$work/pmds" "$driver_dir" "$dest$program" "$work/list.ini" >"$work/log" 2>&1 ||
		fault="it ended with $?"
	grep -q '^dma_sdxi_emu0: directions mem2mem' "$work/log" || fault+=', no dma_sdxi_emu0'
	verdict "$what" "${fault:+$fault:
$(cat -- "$work/log")}"
fi

what='the man page'
if ! $perf_app; then
	skip_case "$what" 'it is not installed'
else
	keys=$(LD_LIBRARY_PATH=$dpdk_libdir "$dest$program" --help | sed -nE 's/^    ([a-z_]+)(<N>)?  .*/\1/p')
	fault=
	((${#keys} > 0)) || fault='no keys in --help'
	for key in $keys; do
		grep -Eq "^\\.B.* ?$key\\b" "$dest$man_page" || fault+="no key $key; "
	done
	verdict "$what has all keys" "$fault"
	if command -v groff >/dev/null; then
		verdict "$what is clean" \
			"$(groff -ww -man -Tascii -z "$dest$man_page" 2>&1 || echo "groff ended with $?")"
	else
		skip_case "$what is clean" 'no groff'
	fi
fi

# A prefix like DPDK's, with a program of its own by this name.
fault=
mkdir -p -- "$work/theirs/bin" "$work/pc"
: >"$work/theirs/bin/dpdk-test-dma-perf"
sed "s|\${prefix}|$dpdk_prefix|; s|^prefix=.*|prefix=$work/theirs|" "$dpdk_pc/libdpdk.pc" \
	>"$work/pc/libdpdk.pc"
PKG_CONFIG_PATH=$work/pc:$dpdk_pc meson setup -Dtests=disabled --prefix="$work/theirs" "$work/build" \
	"$source" </dev/null >"$work/log" 2>&1 || fault=$(tail -n 20 -- "$work/log")
! grep -q '/bin/dpdk-test-dma-perf"' "$work/build/meson-info/intro-installed.json" ||
	fault+='dpdk-test-dma-perf would be installed'
verdict "DPDK's own dpdk-test-dma-perf is not overwritten" "$fault"

fault=
ninja -C "$build" uninstall </dev/null >"$work/log" 2>&1 || fault=$(tail -n 20 -- "$work/log")
[[ ! -e $dest ]] || fault+=$(find "$dest")
verdict 'uninstall leaves nothing' "$fault"

finish
