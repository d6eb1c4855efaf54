#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly all_checks=(analyzer cppcheck shellcheck codespell width guide)

usage()
{
	cat <<'END'
Usage: devtools/check-source.sh [CHECK]... [--help]

Set the machine up if need be (devtools/setup.sh), and look for faults without running anything. The
last line is "N passed, N failed, N skipped". Without an argument, all of:

  analyzer    a build of driver, emulated function and tools with gcc -fanalyzer, warnings being errors
  cppcheck    the same sources, and QEMU's device
  shellcheck  all scripts
  codespell   the spelling of all files
  width       lines of C beyond 100 columns, with tabs of 8, unless a string ends them
  guide       that doc/guides/dmadevs/sdxi.rst has, for each file with tags [E] or [I], at least as many
              rows of conformance notes, that what these name is there, and the keys of telemetry

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

checks=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage; exit 0 ;;
	*)
		[[ " ${all_checks[*]} " == *" $1 "* ]] || {
			usage >&2
			exit 2
		}
		checks+=("$1")
		;;
	esac
	shift
done
((${#checks[@]} > 0)) || checks=("${all_checks[@]}")

passed=0
failed=0

# Set files to those of the project, but of none that Git ignores, whose names match a pattern.
find_files()
{
	mapfile -d '' -t files < <(git -C "$project_root" -c safe.directory='*' ls-files -z \
		--cached --others --exclude-standard -- "$@")
}

check_analyzer()
{
	# Of cmocka's assertions gcc does not know that they end a test, so the tests are left out.
	CC=gcc configure analyzer -Dwerror=true -Dtests=disabled -Dperf_app=enabled \
		-Dc_args=-fanalyzer >"$log" 2>&1 && run_ninja "$builds/analyzer" "$log" 'gcc -fanalyzer'
}

check_cppcheck()
{
	# missingInclude: headers of the system and of DPDK are not read, its own libraries know them.
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
	find_files ':!app/fuzz/corpus'
	# The two are names of variables.
	limit "$work_limit" codespell --builtin clear,rare --ignore-words-list fro,upto -- "${files[@]}" \
		>"$log" 2>&1
}

check_width()
{
	local file rc=0

	find_files '*.c' '*.h'
	# A line in two would be a string in two, which nobody finds when he looks for what was printed.
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

# A row stands for the files that it names, and for those that define a function that it names.
check_notes()
{
	local guide=$1 rows row file tags found name
	rows=$(awk '/^Conformance Notes$/ { notes = 1 }
		/^===/ || !notes { next }
		/^\[[EI]\]/ { row++ }
		# The columns of the tables begin where their headings do.
		row && (/^\[[EI]\]/ || /^    /) {
			names = substr($0, 76)
			while (match(names, /``[A-Za-z0-9_.]+/)) {
				print row, substr(names, RSTART + 2, RLENGTH - 2)
				names = substr(names, RSTART + RLENGTH)
			}
		}' "$guide")
	[[ -n $rows ]] || {
		echo "$guide: no conformance notes were found"
		return 1
	}
	find_files 'drivers/*.[ch]' 'emu/*.[ch]'
	while read -r name; do
		case $name in
		*.[ch]) printf '%s\n' "${files[@]##*/}" ;;
		*) cat -- "${files[@]}" ;;
		esac | grep -w -- "$name" >/dev/null || echo "$guide: $name is not there"
	done < <(cut -d ' ' -f 2 <<<"$rows" | sort -u)
	for file in "${files[@]}"; do
		# What tags are is said in comments about whole files.
		tags=$(sed '/@file/,/\*\//d' -- "$file" | grep -oE '\[[EI]\]' | wc -l)
		((tags > 0)) || continue
		found=$(while read -r row name; do
			if [[ $name == "${file##*/}" ]] || grep -q "^$name(" -- "$file"; then
				echo "$row"
			fi
		done <<<"$rows" | sort -u | wc -l)
		((found >= tags)) || echo "$file: $tags tags, and $found rows in $guide"
	done
}

check_keys()
{
	local guide=$1 source=drivers/dma/sdxi/sdxi_report.c
	diff -U 0 --label "$source" --label "$guide" \
		<(grep -oE 'put_(u64|str|dict)\([a-z]+, "[a-z_]+"' -- "$source" | cut -d '"' -f 2 | sort -u) \
		<(awk -F '[^a-z_]+' '/^Debugging$/ { inside = 1 }
			/^Conformance Notes$/ { inside = 0 }
			inside && /^``[a-z_]+`` / { print $2 }' "$guide" | sort -u)
}

check_guide()
{
	local guide=doc/guides/dmadevs/sdxi.rst
	{
		check_notes "$guide"
		check_keys "$guide"
	} >"$log" 2>&1 && [[ ! -s $log ]]
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
		failed=$((failed + 1))
		say "$check failed, the end of its report:"
		tail -n 60 -- "$log"
		say "log: $log"
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
