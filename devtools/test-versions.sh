#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/test-versions.sh [--suite NAME]... TREE...
       devtools/test-versions.sh --help

Build and test with several versions of DPDK: "devtools/run-tests.sh --suite unit --suite app --suite
dpdk". Prints one line per version; the last line is "N passed, N failed, N skipped" for all versions.

  TREE          a DPDK source tree, 22.11 or newer, or the prefix of an installed DPDK
  --suite NAME  run this suite of run-tests.sh instead

devtools/setup.sh uses DPDK_SDXI_CACHE and JOBS.
END
}

suites=()
trees=()
while (($# > 0)); do
	case $1 in
	--suite)
		(($# > 1)) || { usage >&2; exit 2; }
		suites+=(--suite "$2")
		shift
		;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) trees+=("$1") ;;
	esac
	shift
done
((${#trees[@]} > 0)) || { usage >&2; exit 2; }
((${#suites[@]} > 0)) || suites=(--suite unit --suite app --suite dpdk)
for tree in "${trees[@]}"; do
	[[ -d $tree ]] || die 'checking the trees' "$tree is not a directory" 'name source trees or prefixes'
done

find_builds
passed=0 failed=0 skipped=0
lines=()
for tree in "${trees[@]}"; do
	version=
	if [[ -f $tree/VERSION ]]; then
		version=$(<"$tree/VERSION")
		variables=(-u DPDK_PREFIX DPDK_SOURCE="$tree")
	else
		variables=(-u DPDK_SOURCE DPDK_PREFIX="$tree")
	fi
	p=$passed f=$failed s=$skipped
	run_program version "$tree" env "${variables[@]}" "$project_root/devtools/run-tests.sh" --keep-going \
		"${suites[@]}" </dev/null
	lines+=("$tree${version:+ ($version)}: $((passed - p)) passed, $((failed - f)) failed,\
 $((skipped - s)) skipped")
done
printf '%s\n' "${lines[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
