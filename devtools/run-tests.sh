#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

# shellcheck disable=SC2317 # suite_NAME is called by name
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly quick_suites=(unit driver dpdk app)
readonly all_suites=(static docs unit driver dpdk app cross sanitizers threads model fuzz valgrind soak
	environment export qemu)

usage()
{
	cat <<'END'
Usage: devtools/run-tests.sh [--all | --suite NAME...] [--keep-going] [--help]

Set up the machine if needed (devtools/setup.sh), build, and run tests; by default the fast tests of
unit, driver, dpdk and app. The last line is "N passed, N failed, N skipped", counting test cases and
builds.

  --all         run all tests of all suites except coverage, as in CI
  --suite NAME  run all tests of this suite; may be given several times:
                  static       static checks (devtools/check-source.sh)
                  docs         the guide, built with Sphinx without warnings
                  unit         units of the driver and of the emulated function
                  driver       the driver with the emulated function, through DPDK's public API
                  dpdk         DPDK's dmadev_autotest and dpdk-dma with the emulated function
                  app          dpdk-test-dma-perf, tables and plots of its results; installation
                  cross        aarch64, ppc64le and big-endian s390x: builds, and unit tests with QEMU's
                               user-mode emulation (devtools/run-cross.sh)
                  sanitizers   unit and driver, built with clang, AddressSanitizer and
                               UndefinedBehaviorSanitizer
                  threads      multi-threaded tests with ThreadSanitizer
                  model        the ring protocol, model-checked with spin (devtools/run-model.sh)
                  fuzz         one minute of each target of devtools/run-fuzz.sh
                  valgrind     the unit tests with valgrind
                  soak         two minutes of devtools/run-soak.sh
                  environment  the scripts with unusual paths and environments
                  export       the driver in a DPDK tree (devtools/test-export.sh)
                  qemu         QEMU's device with qtest, and the driver with it in a guest with an
                               IOMMU; the first run builds QEMU (devtools/run-qemu.sh)
                  coverage     the fast tests of unit, driver and dpdk; prints the line coverage of
                               each file of drivers/dma/sdxi and emu
  --keep-going  continue with the next suite after a failure

devtools/setup.sh uses DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS.
END
}

suites=()
keep_going=false
fast=(--no-suite slow)
while (($# > 0)); do
	case $1 in
	--all)
		suites=("${all_suites[@]}")
		fast=()
		;;
	--suite)
		[[ $# -gt 1 && " ${all_suites[*]} coverage " == *" $2 "* ]] || {
			usage >&2
			exit 2
		}
		suites+=("$2")
		fast=()
		shift
		;;
	--keep-going) keep_going=true ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
((${#suites[@]} > 0)) || suites=("${quick_suites[@]}")

wanted()
{
	[[ " ${suites[*]} " == *" $1 "* ]]
}

passed=0 failed=0 skipped=0
summary=()

finish()
{
	if ((passed + failed == 0)); then
		say 'no test ran'
		failed=1
	fi
	((${#summary[@]} == 0)) || printf '%s\n' "${summary[@]}"
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0)) || exit 1
	exit 0
}

# build NAME WHAT [MESON OPTION | TARGET]...: configure if needed, and build, in $builds/NAME.
build()
{
	if try_build "$1" "$2" "${test_build_options[@]}" "${@:3}"; then
		passed=$((passed + 1))
		return 0
	fi
	step_failed "$build_step" "$build_log"
	return 1
}

# Shared by all suites that use it, built once.
gcc_built=
build_gcc()
{
	if [[ -z $gcc_built ]]; then
		gcc_built=false
		CC=gcc build gcc 'with gcc' && gcc_built=true
	fi
	$gcc_built
}

# run_suite NAME ...: count_tests with $builds/NAME.
run_suite()
{
	count_tests "$builds/$1" "${@:2}"
}

# run_step WHAT COMMAND...: run a program that counts as one test.
run_step()
{
	say "testing: $1"
	if "${@:2}" 2>&1 | sed -u 's/^/    /'; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

# --- Suites ---------------------------------------------------------------------------------------

suite_static()
{
	run_program static 'static checks' "$project_root/devtools/check-source.sh"
}

suite_docs()
{
	run_step 'the guide' "$project_root/devtools/build-docs.sh"
}

suite_of_gcc()
{
	build_gcc || return 0
	run_suite gcc "$1" "$1" --suite "$1" "${fast[@]}"
}

suite_unit() { suite_of_gcc unit; }
suite_driver() { suite_of_gcc driver; }
suite_dpdk() { suite_of_gcc dpdk; }
suite_app() { suite_of_gcc app; }

suite_cross()
{
	run_program cross 'other architectures' "$project_root/devtools/run-cross.sh"
}

suite_sanitizers()
{
	CC=clang build sanitizers 'with clang and sanitizers' "${sanitizer_options[@]}" || return 0
	UBSAN_OPTIONS=print_stacktrace=1 run_suite sanitizers 'unit and driver, with sanitizers' \
		sanitizers --suite unit --suite driver --no-suite slow
}

suite_threads()
{
	CC=gcc build threads 'with ThreadSanitizer' -Db_sanitize=thread -Db_lundef=false -Doptimization=1 \
		-Dc_args=-Wno-tsan app/test/test_driver_threads librte_dma_sdxi_emu.so || return 0
	# TSAN_OPTIONS cannot escape a quote, which the clone's path may have.
	cp -- "$project_root/app/test/tsan.supp" "$builds/threads/"
	TSAN_OPTIONS="suppressions='$builds/threads/tsan.supp'" \
		run_suite threads 'threads, with ThreadSanitizer' threads --suite threads
}

suite_model()
{
	run_program model 'the ring protocol, model-checked' "$project_root/devtools/run-model.sh"
}

suite_fuzz()
{
	run_program fuzz 'hostile input' "$project_root/devtools/run-fuzz.sh" --minutes 1
}

suite_valgrind()
{
	build_gcc || return 0
	run_suite gcc 'unit, with valgrind' unit-valgrind --suite unit \
		--timeout-multiplier 20 \
		--wrap 'valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite'
}

suite_soak()
{
	run_step 'two minutes of mixed traffic, faults, restarts and probes' \
		"$project_root/devtools/run-soak.sh" --minutes 2
}

suite_environment()
{
	run_program environment 'unusual paths and environments' "$project_root/app/test/test_environment.sh"
}

suite_export()
{
	run_program export 'the driver in a DPDK tree' "$project_root/devtools/test-export.sh"
}

suite_qemu()
{
	# run-qemu.sh itself builds only what a guest needs.
	build_gcc || return 0
	if ! "$project_root/devtools/run-qemu.sh" build; then
		failed=$((failed + 1))
		return
	fi
	SDXI_QEMU=${SDXI_QEMU:-$builds/qemu/qemu-system-x86_64} SDXI_QEMU_BIOS=$builds/qemu/bios \
		run_suite gcc "QEMU's device" qemu --suite qemu
	run_program run-qemu 'devtools/run-qemu.sh' "$project_root/app/test/test_run_qemu.sh"
	run_program guest 'the driver in a guest' "$project_root/devtools/run-qemu.sh" test
}

suite_coverage()
{
	local html=$builds/coverage/html/index.html

	# Atomic updates, as threads share counters.
	CC=gcc build coverage 'for coverage' -Db_coverage=true -Doptimization=1 \
		-Dc_args=-fprofile-update=atomic || return 0
	find "$builds/coverage" -name '*.gcda' -delete
	run_suite coverage 'unit, driver and dpdk, for coverage' coverage --suite unit --suite driver \
		--suite dpdk --no-suite slow
	mkdir -p -- "$builds/coverage/html"
	# gcovr's filters are relative to the current directory.
	if (cd -- "$project_root" && limit "$work_limit" gcovr --root . --object-directory "$builds/coverage" \
		--filter 'drivers/dma/sdxi/' --filter 'emu/' --exclude 'emu/qemu/' --html-details "$html" \
		--txt "$builds/log/coverage.txt") && grep -Eq '^TOTAL +[1-9]' "$builds/log/coverage.txt"; then
		cat -- "$builds/log/coverage.txt"
		say "covered lines: $html"
	else
		say 'gcovr counted no lines'
		failed=$((failed + 1))
	fi
}

# --- Main -----------------------------------------------------------------------------------------

setup=()
# test_perf_plot skips plots without these packages.
! wanted app || setup+=(--plots)
! wanted coverage || setup+=(--coverage)
if ! set_up "${setup[@]}"; then
	failed=1
	finish
fi
find_builds

for suite in "${all_suites[@]}" coverage; do
	wanted "$suite" || continue
	p=$passed f=$failed s=$skipped began=$SECONDS
	"suite_$suite"
	summary+=("$(printf '%-12s %5d passed, %d failed, %d skipped in %d s' "$suite" $((passed - p)) \
		$((failed - f)) $((skipped - s)) $((SECONDS - began)))")
	say "${summary[-1]}"
	if ((failed > 0)) && ! $keep_going; then
		say 'stopping after a failed suite (--keep-going continues)'
		finish
	fi
done
finish
