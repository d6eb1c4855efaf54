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
Usage: devtools/run-cross.sh [ARCH]... [--help]

For each architecture, by default for all: install Debian's cross compiler, build, and run the unit tests
under QEMU's user mode. The last line is "N passed, N failed, N skipped", counting builds and test cases.

  aarch64, ppc64le  DPDK (by devtools/setup.sh --cross, once), driver, emulated function, tools and tests,
                    warnings being errors
  s390x             big-endian, and not supported by DPDK: without it the emulated function and the
                    driver, which finds stand-ins in DPDK's place; not what knows buses and dmadevs
  i686              32 bits: is to be refused

DPDK_SOURCE, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

archs=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage; exit 0 ;;
	*)
		cross_names "$1" || {
			usage >&2
			exit 2
		}
		archs+=("$1")
		;;
	esac
	shift
done
((${#archs[@]} > 0)) || archs=("${cross_archs[@]}")

passed=0
failed=0
skipped=0

# What Meson says of a machine that is none of ours, before it asks for anything else.
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
	# What is random is tried on this machine.
	SDXI_TEST_SEEDS=2 count_tests "$builds/cross-$arch" "unit, on $arch" unit --suite unit \
		--timeout-multiplier 10
}

# What is said of this machine's compiler and libraries is not said of that one's.
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
