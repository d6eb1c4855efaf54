#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly all_checks=(analyzer cppcheck shellcheck codespell width notes guide)

usage()
{
	cat <<'END'
Usage: devtools/check-source.sh [--suite NAME]... [--help]

Set the machine up if need be (devtools/setup.sh), and check the sources without running them. The
last line is "N passed, N failed, N skipped". Without --suite, all of:

  analyzer    a build of driver, emulated function and tools with gcc -fanalyzer, warnings being errors
  cppcheck    the same sources, and QEMU's device
  shellcheck  all scripts
  codespell   the spelling of all files
  width       lines of C beyond 100 columns, with tabs of 8, unless a string ends them
  notes       that doc/conformance.md names only what is there, and has a note for each place in the
              driver's C files with a tag [9] or [I]
  guide       that doc/guides/dmadevs/sdxi.rst has at most 300 lines and all arguments of the driver,
              sdxi_emu.rst those of the emulated function

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

checks=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--suite)
		[[ " ${all_checks[*]} " == *" ${2:-none} "* ]] || bad_usage
		checks+=("$2")
		shift
		;;
	*) bad_usage ;;
	esac
	shift
done
((${#checks[@]} > 0)) || checks=("${all_checks[@]}")

passed=0
failed=0

# Set $files to those of the project that match a pattern and that Git does not ignore.
find_files()
{
	mapfile -d '' -t files < <(git -C "$project_root" -c safe.directory='*' ls-files -z \
		--cached --others --exclude-standard -- "$@")
	((${#files[@]} > 0)) || die 'listing the files' "git ls-files lists none in $project_root" 'use a clone'
}

check_analyzer()
{
	# Without the tests: gcc does not know that a failed assertion of cmocka's ends a test.
	CC=gcc configure analyzer -Dwerror=true -Dtests=disabled -Dperf_app=enabled \
		-Dc_args=-fanalyzer >"$log" 2>&1 && run_ninja "$builds/analyzer" "$log" 'gcc -fanalyzer'
}

check_cppcheck()
{
	# missingInclude: cppcheck does not read the headers of the system and of DPDK, but has --library.
	limit "$work_limit" cppcheck --quiet --std=c11 --library=posix,gnu,bsd,dpdk \
		--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		${JOBS:+-j "$JOBS"} -I emu -I drivers/dma/sdxi --suppress=missingInclude \
		drivers emu app/test-dma-* >"$log" 2>&1
}

check_shellcheck()
{
	find_files '*.sh' .ci/run
	limit "$work_limit" shellcheck -x -- "${files[@]}" >"$log" 2>&1
}

check_codespell()
{
	find_files ':!*.tar.xz'
	# Names of variables.
	limit "$work_limit" codespell --builtin clear,rare --ignore-words-list fro,upto -- "${files[@]}" \
		>"$log" 2>&1
}

check_width()
{
	local file rc=0

	find_files '*.c' '*.h'
	# A string is not split, so that it can be searched for.
	for file in "${files[@]}"; do
		[[ ! -f $file ]] || expand -t 8 -- "$file" | FILE=$file awk '
			length($0) > 100 && $0 !~ /"([^"\\]|\\.)*"[),; \\]*$/ {
				printf "%s:%d: %d columns, expected at most 100\n", ENVIRON["FILE"], NR, length($0)
				wide = 1
			}
			END { exit wide }' || rc=1
	done >"$log" 2>&1
	return "$rc"
}

# A note names a function or a variable, and the file that has it.
check_notes()
{
	local notes=doc/conformance.md dir=drivers/dma/sdxi name file rc=0
	{
		# shellcheck disable=SC2016 # Markdown's backticks
		while IFS=$'\t' read -r name file; do
			grep -qE "^(static const struct [a-z_]+ |} )?$name(\[\] =| =|\()" -- "$dir/$file" || {
				echo "$notes: $name is not in $file"
				rc=1
			}
		done < <(tr '\n' ' ' <"$notes" | grep -oE '`[a-z_]+(\(\))?`, +`sdxi_[a-z]+\.c`' |
			sed -E 's/`([a-z_]+)[^`]*`, +`([^`]*)`/\1\t\2/')
		# Tags come before what they are about, or inside it.
		while IFS=: read -r file name; do
			grep -qF -- "\`$name" "$notes" || {
				echo "$file: a tag at $name, and no note in $notes"
				rc=1
			}
		done < <(awk '
			function flush() { if (tag && name != "") print FILENAME ":" name; tag = 0 }
			FNR == 1 { name = "" }
			/^[a-z_]+\(|^} [a-z_]+\[\] =/ { name = $0; sub(/^} /, "", name); sub(/[[(].*/, "", name) }
			/\[[9I]\]/ && !/^\/\*|^ \*/ { tag = 1; flush() }
			/^\/\*.*\[[9I]\]|^ \*.*\[[9I]\]/ { ahead = 1 }
			ahead && /^(static const struct .* =|[a-z_]+\()/ {
				name = $0
				sub(/( =|\().*/, "", name)
				sub(/.* /, "", name)
				print FILENAME ":" name
				ahead = 0
			}' "$dir"/*.c)
		return "$rc"
	} >"$log" 2>&1
}

check_guide()
{
	local guides=doc/guides/dmadevs
	{
		(($(wc -l <"$guides/sdxi.rst") <= 300)) || echo "$guides/sdxi.rst: more than 300 lines"
		diff -U 0 --label sdxi_bus.h --label sdxi.rst \
			<(sed -n 's/^#define SDXI_ARG_[A-Z_]* *"\([a-z_]*\)"$/\1/p' drivers/dma/sdxi/sdxi_bus.h | sort) \
			<(arguments "$guides/sdxi.rst")
		diff -U 0 --label sdxi_vdev.h --label sdxi_emu.rst \
			<(sed -n '/SDXI_VDEV_ARG_PARAMS "/,/SDXI_ARG_PARAMS$/p' emu/dpdk/sdxi_vdev.h |
				grep -oE '[a-z_]+=' | tr -d = | sort) \
			<(arguments "$guides/sdxi_emu.rst")
	} >"$log" 2>&1
	[[ ! -s $log ]]
}

# The terms of the definition list of a guide's section "Arguments".
arguments()
{
	awk '/^Arguments$/ { inside = 1; next }
		inside && /^[A-Z][A-Za-z ]*$/ { exit }
		inside && /^``[a-z_]+``$/ { gsub(/`/, ""); print }' "$1" | sort
}

set_up --checks
find_builds
cd -- "$project_root"

for check in "${checks[@]}"; do
	log=$builds/log/check-$check.txt
	say "checking: $check"
	if "check_$check"; then
		passed=$((passed + 1))
	else
		step_failed "$check" "$log"
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
