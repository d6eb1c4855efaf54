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

Install a build into a temporary DESTDIR, check the installed files, run an application that
loads the plugins without -d, and uninstall. Prints TAP.

  SOURCE       the source directory
  BUILD        the build directory, with everything built
  PREFIX       the prefix of the build
  DRIVER_DIR   the directory that the plugins are installed to
  DPDK_PREFIX  the prefix of the DPDK used by the build
  DPDK_LIBDIR  the directory of DPDK's libraries
  DPDK_PC      the directory of libdpdk.pc
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
# Not below the build directory: dpdk-pmdinfo.py finds no libraries in paths with spaces.
dest=$work/install
# "ninja uninstall" of an earlier installation needs its log.
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
verdict 'installed files' "${fault:+expected (<) and found (>) differ:
$fault}"

fault=
while read -r image; do
	compgen -G "$dest$doc/$image" >/dev/null || fault+="no $image; "
done < <(sed -n 's/^\.\. figure:: //p' "$dest$doc/sdxi.rst")
verdict "the guide's images" "$fault"

what='dpdk-pmdinfo.py'
if [[ ! -f $dpdk_prefix/bin/dpdk-pmdinfo.py ]]; then
	skip_case "$what" "not found in $dpdk_prefix/bin"
elif ! python3 -c 'import elftools' 2>/dev/null; then
	skip_case "$what" 'needs the Python module elftools'
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
        # dpdk-pmdinfo.py also searches needed libraries.
        ("dma_sdxi" in found, "the PCI driver's plugin found as a needed library"),
        (pci.get("kmod") == "vfio-pci", "the kernel module vfio-pci"),
        (pci.get("pci_class") == ["120100"], "the class 120100"),
        # Any vendor and device: only IDs to match are printed.
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
# Without -d, EAL loads plugins from DPDK's own directory only, and from none below a world-writable one.
# So a copy with the installed plugins is mounted there, in a mount namespace of the program.
isolate=(unshare --mount)
((EUID == 0)) || isolate+=(--map-root-user)
if ! $perf_app; then
	skip_case "$what" 'the application is not installed'
elif ! "${isolate[@]}" true 2>/dev/null; then
	skip_case "$what" 'mounting is not permitted'
elif [[ ! -d $driver_dir ]] || ! ls "$driver_dir"/librte_bus_vdev.so* >/dev/null 2>&1; then
	skip_case "$what" "no DPDK drivers in $driver_dir"
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
	# shellcheck disable=SC2016 # expanded by the inner shell
	LD_LIBRARY_PATH=$dpdk_libdir RUNTIME_DIRECTORY=$work/run timeout 120 "${isolate[@]}" \
		bash -c 'mount --bind "$1" "$2" && exec "$3" --config "$4" --list-dma' bash \
		"$work/pmds" "$driver_dir" "$dest$program" "$work/list.ini" >"$work/log" 2>&1 ||
		fault="exit code $?"
	grep -q '^dma_sdxi_emu0: directions mem2mem' "$work/log" || fault+=', no dma_sdxi_emu0'
	verdict "$what" "${fault:+$fault:
$(cat -- "$work/log")}"
fi

what='the man page'
if ! $perf_app; then
	skip_case "$what" 'not installed'
else
	keys=$(LD_LIBRARY_PATH=$dpdk_libdir "$dest$program" --help | sed -nE 's/^    ([a-z_]+)(<N>)?  .*/\1/p')
	fault=
	((${#keys} > 0)) || fault='--help lists no keys'
	for key in $keys; do
		grep -Eq "^\\.B.* ?$key\\b" "$dest$man_page" || fault+="no key $key; "
	done
	verdict "$what has all keys" "$fault"
	if command -v groff >/dev/null; then
		verdict "$what has no warnings" \
			"$(groff -ww -man -Tascii -z "$dest$man_page" 2>&1 || echo "groff: exit code $?")"
	else
		skip_case "$what has no warnings" 'groff not found'
	fi
fi

# A DPDK prefix that contains dpdk-test-dma-perf.
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
verdict 'uninstall removes everything' "$fault"

finish
