# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash

# What test scripts share: verdicts in TAP, their log, what EAL leaves behind. Sourced, never run.

# With CDPATH in the environment, cd prints where it has gone, and may go elsewhere.
unset CDPATH

tap_number=0
tap_failures=0
tap_skipped=0
tap_files=()

ok()
{
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1"
}

# not_ok TITLE [PROBLEM [FILE...]]: with the ends of the files.
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

# verdict TITLE [PROBLEM [FILE...]]: no problem, no failure.
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

# skip_all WHY: the script ends; Meson knows the exit code.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 77
}

# show_end FILE [NAME]: the last lines of a log, which may be anything, as comments.
show_end()
{
	echo "# the last lines of ${2:-$1}:"
	tail -n 40 -- "$1" | cat -v | cut -c 1-300 | sed 's/^/# /'
}

# The plan. This fails if a case did.
finish()
{
	echo "1..$tap_number"
	((tap_failures == 0))
}

# finish_with_log FILE [NAME]: the same, with the end of the log that tells more.
finish_with_log()
{
	finish || {
		keep_log=true
		show_end "$@"
		return 1
	}
}

# For devtools/run-tests.sh the last line of a script that is no test of Meson's. This fails if a case did.
totals()
{
	echo "$((tap_number - tap_failures - tap_skipped)) passed, $tap_failures failed," \
		"$tap_skipped skipped"
	((tap_failures == 0))
}

# begin TITLE: what follows, up to end, checks this, and complains of what is wrong.
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

# The verdict, with those of $tap_files that there are if something was wrong.
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

# open_log [FILE]: set $log. Without a file it is a temporary one, which stays behind a failure only.
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

# remove_runtime PREFIX: the folder of EAL's for this prefix of files.
remove_runtime()
{
	if ((EUID == 0)); then
		rm -rf -- "/var/run/dpdk/$1"
	else
		rm -rf -- "${XDG_RUNTIME_DIR:-/tmp}/dpdk/$1"
	fi
}
