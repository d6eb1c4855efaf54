# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash

# Common functions of test scripts: TAP results, logs, cleanup after EAL. To be sourced.

# With CDPATH in the environment, cd prints the new directory, and may choose another one.
unset CDPATH
# Messages and the order of names do not depend on the language. devtools/lib.sh sets the other one, which a
# guest does not have.
[[ ${LC_ALL:-} == C.UTF-8 ]] || export LC_ALL=C

tap_number=0
tap_failures=0
tap_skipped=0
tap_files=()

ok()
{
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1"
}

# not_ok TITLE [PROBLEM [FILE...]]: also shows the ends of the files.
not_ok()
{
	local file

	tap_number=$((tap_number + 1))
	tap_failures=$((tap_failures + 1))
	echo "not ok $tap_number - $1"
	[[ -z ${2:-} ]] || printf '# %s\n' "${2//$'\n'/$'\n# '}"
	for file in "${@:3}"; do
		show_end "$file"
	done
}

# verdict TITLE [PROBLEM [FILE...]]: ok if PROBLEM is empty.
verdict()
{
	if [[ -n ${2:-} ]]; then not_ok "$@"; else ok "$1"; fi
}

# skip_case TITLE WHY
skip_case()
{
	tap_skipped=$((tap_skipped + 1))
	ok "$1 # SKIP $2"
}

# skip_all WHY: exit with the code that Meson counts as skipped.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 77
}

# show_end FILE [NAME]: print the last lines of a log as comments.
show_end()
{
	echo "# the last lines of ${2:-$1}:"
	tail -n 40 -- "$1" | cat -v | cut -c 1-300 | sed 's/^/# /'
}

# Print the plan. Fails if a case failed.
finish()
{
	echo "1..$tap_number"
	((tap_failures == 0))
}

# finish_with_log FILE [NAME]: the same, and show the end of the log on failure.
finish_with_log()
{
	finish || {
		keep_log=true
		show_end "$@"
		return 1
	}
}

# Print the last line of scripts that devtools/run-tests.sh runs without Meson. Fails if a case failed.
totals()
{
	echo "$((tap_number - tap_failures - tap_skipped)) passed, $tap_failures failed," \
		"$tap_skipped skipped"
	((tap_failures == 0))
}

# begin TITLE: start a case, which ends with end; complain makes it fail.
begin()
{
	tap_title=$1
	tap_wrong=false
}

complain()
{
	echo "# $1"
	tap_wrong=true
}

# Print the result of the case, on failure with the existing ones of $tap_files.
end()
{
	local file

	if ! $tap_wrong; then
		ok "$tap_title"
		return
	fi
	not_ok "$tap_title"
	for file in "${tap_files[@]}"; do
		[[ ! -f $file ]] || sed "s/^/# $file: /" "$file"
	done
}

# open_log [FILE]: set $log; by default to a temporary file, which is kept on failure only.
open_log()
{
	keep_log=true
	log=${1:-}
	if [[ -z $log ]]; then
		log=$(mktemp -t sdxi-test-log.XXXXXX)
		keep_log=false
	fi
	: >"$log"
}

close_log()
{
	$keep_log || rm -f -- "$log"
}

# remove_runtime PREFIX: remove EAL's runtime directory for this file prefix.
remove_runtime()
{
	if ((EUID == 0)); then
		rm -rf -- "/var/run/dpdk/$1"
	else
		rm -rf -- "${XDG_RUNTIME_DIR:-/tmp}/dpdk/$1"
	fi
}
