#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_no_emu.sh SOURCE WORK PKG_CONFIG_DIR

Copy the sources without the emulated function into WORK, build the driver and run its unit tests.
Prints TAP.

  SOURCE          the source directory
  WORK            a directory, which is deleted and created
  PKG_CONFIG_DIR  the directory of libdpdk.pc
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
if (($# != 3)); then
	usage >&2
	exit 2
fi
source=$1
work=$2
export PKG_CONFIG_PATH=$3${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

rm -rf -- "$work"
mkdir -p -- "$work"
cd -- "$work"
mkdir src
for part in LICENSE app devtools doc drivers meson.build meson_options.txt; do
	cp -r -- "$source/$part" src
done

# step TITLE COMMAND...
step()
{
	local title=$1

	shift
	if "$@" >log 2>&1; then
		ok "$title"
	else
		not_ok "$title" "status $?" log
	fi
}

step 'configuring without emu' meson setup --werror -Dtests=enabled -Dperf_app=disabled src build
step 'building without emu' ninja -C build
step 'the plugin exists' test -f build/librte_dma_sdxi.so
step 'the unit tests without emu' meson test -C build --suite unit --no-rebuild --print-errorlogs
# "meson test" also succeeds if a test was not built.
for name in test_ring test_outcome test_device test_recover test_dmadev test_pci; do
	step "$name ran" grep -q "\"name\": \"[^\"]*$name\", .*\"result\": \"OK\"" \
		build/meson-logs/testlog.json
done
finish
