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

step_failed()
{
	failed=$((failed + 1))
	say "$1 failed, the end of the log:"
	tail -n 40 -- "$2"
	say "log: $2"
}

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
	local arch=$1 log=$builds/log/cross-$1-build.log json=$builds/cross-$1/meson-logs/unit.json
	local dir=$builds/cross-$1 out=$builds/log/cross-$1.txt rc=0 p f s
	local options=(--cross-file "$SDXI_CROSS_FILE" "${test_build_options[@]}")

	$cross_dpdk || options+=(-Ddpdk=false)
	if ! configure "cross-$arch" "${options[@]}" >"$log" 2>&1; then
		step_failed "configuring for $arch" "$log"
		return
	fi
	if ! run_ninja "$dir" "$log" "building for $arch"; then
		step_failed "building for $arch" "$log"
		return
	fi
	passed=$((passed + 1))
	say "testing: unit, on $arch"
	rm -f -- "$json"
	# What is random is tried on this machine.
	SDXI_TEST_SEEDS=2 limit "$build_limit" meson test -C "$dir" --no-rebuild --suite unit --logbase unit \
		--timeout-multiplier 10 ${JOBS:+--num-processes "$JOBS"} </dev/null 2>&1 |
		sed -un 's/^ *[0-9]*\/[0-9]* /    /p' || rc=$?
	if [[ ! -s $json ]]; then
		say "$arch: no test ran"
		failed=$((failed + 1))
		return
	fi
	"$project_root/devtools/test-summary.py" "$json" >"$out"
	sed '$d' "$out"
	read -r p f s < <(tail -n 1 "$out")
	if (((rc != 0 && f == 0) || (p == 0 && f == 0))); then
		f=1
		say "$arch: meson test ended with $rc; log: ${json%.json}.txt"
	fi
	say "$arch: $p passed, $f failed, $s skipped"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

# What is said of this machine's compiler and libraries is not said of that one's.
unset CC CFLAGS CPPFLAGS LDFLAGS LD_LIBRARY_PATH PKG_CONFIG_PATH
find_builds
for arch in "${archs[@]}"; do
	cross_names "$arch"
	unset DPDK_SDXI_PREFIX
	if ! "$project_root/devtools/setup.sh" --cross "$arch"; then
		failed=$((failed + 1))
		continue
	fi
	environment=$("$project_root/devtools/setup.sh" --cross "$arch" --env)
	eval "$environment"
	if $cross_tests; then
		check_arch "$arch"
	else
		check_refused "$arch"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
