#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly all_suites=(static docs unit driver dpdk app clang cross sanitizers threads model fuzz
	valgrind soak export qemu)

usage()
{
	cat <<'END'
Usage: devtools/run-tests.sh [--quick] [--no-qemu] [--suite NAME]... [--keep-going] [--coverage]
                             [--help]

Set the machine up if need be (devtools/setup.sh), build, run the tests. The last line is
"N passed, N failed, N skipped", counting test cases and builds.

  --suite NAME  only this one; may be given several times:
                  static      faults that can be seen without running: devtools/check-source.sh
                  docs        the guide, built with Sphinx without a warning
                  unit        parts of the driver and of the emulated function by themselves
                  driver      the driver on the emulated function, through DPDK's public API
                  dpdk        DPDK's own dmadev_autotest and dpdk-dma on the emulated function
                  app         dpdk-test-dma-perf: its files, messages and exit codes; the table and
                              the picture of its results
                  clang       a build with clang, warnings being errors
                  cross       builds for aarch64, ppc64le and big-endian s390x with gcc, and the unit
                              tests there, under QEMU's user mode (devtools/run-cross.sh)
                  sanitizers  unit and driver under address and undefined-behaviour sanitizers
                  threads     the tests with several threads, under ThreadSanitizer
                  model       the ring protocol, model-checked with spin (devtools/run-model.sh)
                  fuzz        each suite of devtools/run-fuzz.sh for a minute
                  valgrind    the unit tests under valgrind
                  soak        two minutes of devtools/run-soak.sh
                  export      the driver in a DPDK tree (devtools/test-export.sh): its checks, a static
                              build, and dmadev_autotest there
                  qemu        QEMU's device sdxi from its bus, and the driver on it in a guest, behind
                              an IOMMU; the first run builds QEMU (devtools/run-qemu.sh)
  --quick       only unit, driver, dpdk, app and qemu, without the tests marked as slow
  --no-qemu     without qemu
  --keep-going  go on to the next step after one that failed
  --coverage    only unit, driver and dpdk, without the tests marked as slow, in a build that counts
                lines: prints for each file of drivers/dma/sdxi and emu how many were run

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

quick=false
no_qemu=false
keep_going=false
coverage=false
suites=()
while (($# > 0)); do
	case $1 in
	--quick) quick=true ;;
	--no-qemu) no_qemu=true ;;
	--keep-going) keep_going=true ;;
	--coverage) coverage=true ;;
	--suite)
		[[ $# -gt 1 && " ${all_suites[*]} " == *" $2 "* ]] || {
			usage >&2
			exit 2
		}
		suites+=("$2")
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
if $coverage; then
	if $quick || ((${#suites[@]} > 0)); then
		usage >&2
		exit 2
	fi
	suites=(coverage)
fi
if ((${#suites[@]} == 0)); then
	suites=("${all_suites[@]}")
	if $quick; then
		suites=(unit driver dpdk app qemu)
	fi
fi

wanted()
{
	local suite
	[[ $1 != qemu ]] || ! $no_qemu || return 1
	for suite in "${suites[@]}"; do
		[[ $suite == "$1" ]] && return 0
	done
	return 1
}

passed=0
failed=0
skipped=0

finish()
{
	if ((passed + failed == 0)); then
		say 'no test ran'
		failed=1
	fi
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0)) || exit 1
	exit 0
}

# To be called after a step that may have failed.
maybe_stop()
{
	if ((failed > 0)) && ! $keep_going; then
		say 'stopping at the first step that failed (--keep-going goes on)'
		finish
	fi
}

# build NAME WHAT [MESON OPTIONS...]: configure if need be, and build, in $builds/NAME.
build()
{
	if try_build "$1" "$2" "${test_build_options[@]}" "${@:3}"; then
		passed=$((passed + 1))
		return 0
	fi
	step_failed "$build_step" "$build_log"
	return 1
}

# run_suite NAME ...: count_tests in $builds/NAME.
run_suite()
{
	count_tests "$builds/$1" "${@:2}"
}

# run_program NAME WHAT COMMAND...: tests whose last line says how many there were, counted.
run_program()
{
	local name=$1 what=$2 out=$builds/log/$1.txt counts rc=0 p f s
	shift 2
	say "testing: $what"
	"$@" 2>&1 | tee -- "$out" | sed -u 's/^/    /' || rc=$?
	counts=$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$out")
	read -r p f s <<<"${counts:-0 1 0}"
	if ((rc != 0 && f == 0)) || ((p == 0 && f == 0)); then
		f=1
	fi
	say "$name: $p passed, $f failed, $s skipped"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

# --- Main -----------------------------------------------------------------------------------------

setup=()
if wanted app; then
	# for the test of devtools/plot-perf.py, which leaves out what it cannot do
	setup+=(--plots)
fi
if $coverage; then
	setup+=(--coverage)
fi
if ! set_up "${setup[@]}"; then
	failed=1
	finish
fi
find_builds

if wanted static; then
	run_program static 'what can be seen without running' "$project_root/devtools/check-source.sh"
	maybe_stop
fi

if wanted docs; then
	if "$project_root/devtools/build-docs.sh"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	maybe_stop
fi

slow=()
if $quick; then
	slow=(--no-suite slow)
fi

gcc_built=false
if wanted unit || wanted driver || wanted dpdk || wanted app || wanted valgrind; then
	if CC=gcc build gcc 'with gcc'; then
		gcc_built=true
		for suite in unit driver dpdk app; do
			if wanted "$suite"; then
				run_suite gcc "$suite" "$suite" --suite "$suite" "${slow[@]}"
				maybe_stop
			fi
		done
	fi
	maybe_stop
fi

if wanted coverage; then
	# Threads count in the same words, and processes of tests that run at once in the same files.
	if CC=gcc build coverage 'for coverage' -Db_coverage=true -Doptimization=1 \
		-Dc_args=-fprofile-update=atomic; then
		find "$builds/coverage" -name '*.gcda' -delete
		run_suite coverage 'unit, driver and dpdk, for coverage' coverage --suite unit \
			--suite driver --suite dpdk --no-suite slow
		mkdir -p -- "$builds/coverage/html"
		# Its filters are relative to the folder that it is run in.
		if (cd -- "$project_root" && limit "$work_limit" gcovr --root . \
			--object-directory "$builds/coverage" --filter 'drivers/dma/sdxi/' --filter 'emu/' \
			--exclude 'emu/qemu/' --html-details "$builds/coverage/html/index.html" \
			--txt "$builds/log/coverage.txt") &&
		   grep -Eq '^TOTAL +[1-9]' "$builds/log/coverage.txt"; then
			cat -- "$builds/log/coverage.txt"
			say "line by line: $builds/coverage/html/index.html"
		else
			say 'no line was counted'
			failed=$((failed + 1))
		fi
	fi
	maybe_stop
fi

if wanted clang; then
	CC=clang build clang 'with clang' || true
	maybe_stop
fi

if wanted cross; then
	run_program cross 'other machines' "$project_root/devtools/run-cross.sh"
	maybe_stop
fi

if wanted sanitizers; then
	if CC=gcc build sanitizers 'with sanitizers' "${sanitizer_options[@]}"; then
		UBSAN_OPTIONS=print_stacktrace=1 \
			run_suite sanitizers 'unit and driver, with sanitizers' sanitizers \
			--suite unit --suite driver --no-suite slow
	fi
	maybe_stop
fi

if wanted threads; then
	if CC=gcc build threads 'with ThreadSanitizer' -Db_sanitize=thread -Db_lundef=false \
		-Doptimization=1 -Dc_args=-Wno-tsan; then
		# The clone's path may have a quote.
		cp -- "$project_root/app/test/tsan.supp" "$builds/threads/"
		TSAN_OPTIONS="suppressions='$builds/threads/tsan.supp'" \
			run_suite threads 'threads, under ThreadSanitizer' threads \
			--suite threads
	fi
	maybe_stop
fi

if wanted model; then
	run_program model 'the ring protocol, model-checked' "$project_root/devtools/run-model.sh"
	maybe_stop
fi

if wanted fuzz; then
	run_program fuzz 'hostile input' "$project_root/devtools/run-fuzz.sh" --minutes 1
	maybe_stop
fi

if wanted valgrind && $gcc_built; then
	run_suite gcc 'unit, under valgrind' unit-valgrind --suite unit "${slow[@]}" \
		--timeout-multiplier 20 \
		--wrap 'valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite'
	maybe_stop
fi

if wanted soak; then
	say 'testing: two minutes of mixed traffic, faults, restarts and probes'
	rc=0
	"$project_root/devtools/run-soak.sh" --minutes 2 2>&1 | sed -u 's/^/    /' || rc=$?
	if ((rc == 0)); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	maybe_stop
fi

if wanted export; then
	run_program export 'the driver in a DPDK tree' "$project_root/devtools/test-export.sh"
	maybe_stop
fi

if wanted qemu; then
	# run-qemu.sh builds no more in that folder than a guest needs.
	if ! $gcc_built; then
		CC=gcc build gcc 'with gcc' || true
		maybe_stop
	fi
	if "$project_root/devtools/run-qemu.sh" build; then
		SDXI_QEMU=${SDXI_QEMU:-$builds/qemu/qemu-system-x86_64} SDXI_QEMU_BIOS=$builds/qemu/bios \
			run_suite gcc "QEMU's device" qemu --suite qemu
		maybe_stop
		run_program run-qemu 'how a guest is run' "$project_root/app/test/test_run_qemu.sh"
		maybe_stop
		run_program guest 'the driver in a guest' "$project_root/devtools/run-qemu.sh" test
	else
		failed=$((failed + 1))
	fi
	maybe_stop
fi

finish
