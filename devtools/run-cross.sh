#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$project_root/devtools/cross.sh"

usage()
{
	cat <<'END'
Usage: devtools/run-cross.sh [--arch NAME]... [--help]

For each architecture: install Debian's cross compiler, build, and run the unit tests under QEMU's user mode.
The last line is "N passed, N failed, N skipped", counting builds and test cases.

  --arch NAME  only this one; may be given several times:
    aarch64, ppc64le  DPDK (by devtools/setup.sh --cross, once), driver, emulated function, tools and
                      tests, with warnings as errors
    s390x             big-endian, and not supported by DPDK: emulated function and driver, with
                      stubs for DPDK; without the code that knows buses and dmadevs
    i686              32 bits: must be refused

DPDK_SOURCE, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

archs=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--arch)
		cross_names "${2:-none}" || bad_usage
		archs+=("$2")
		shift
		;;
	*) bad_usage ;;
	esac
	shift
done
((${#archs[@]} > 0)) || archs=("${cross_archs[@]}")

passed=0
failed=0
skipped=0

# Meson must refuse the machine before it looks for anything else.
check_refused()
{
	local arch=$1 log=$builds/log/cross-$1.log

	if configure "cross-$arch" --cross-file "$SDXI_CROSS_FILE" >"$log" 2>&1 ||
	   ! grep -q 'ERROR: .*only 64-bit machines are supported' "$log" || grep -q 'libdpdk' "$log"
	then
		step_failed "refusing $arch" "$log"
	else
		say "$arch is refused"
		passed=$((passed + 1))
	fi
}

check_arch()
{
	local arch=$1 options=("--cross-file=$SDXI_CROSS_FILE" "${test_build_options[@]}")

	$cross_dpdk || options+=(-Ddpdk=false)
	if ! try_build "cross-$arch" "for $arch" "${options[@]}"; then
		step_failed "$build_step" "$build_log"
		return
	fi
	passed=$((passed + 1))
	# Random tests run on this machine: here few seeds are enough.
	SDXI_TEST_SEEDS=2 count_tests "$builds/cross-$arch" "unit, on $arch" unit --suite unit \
		--timeout-multiplier 10
}

# These are for this machine's compiler and libraries.
unset CC CFLAGS CPPFLAGS LDFLAGS LD_LIBRARY_PATH PKG_CONFIG_PATH
find_builds
for arch in "${archs[@]}"; do
	cross_names "$arch"
	unset DPDK_SDXI_PREFIX
	if ! set_up --cross "$arch"; then
		failed=$((failed + 1))
		continue
	fi
	if $cross_tests; then
		check_arch "$arch"
	else
		check_refused "$arch"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
