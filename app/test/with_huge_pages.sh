#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"
# shellcheck source-path=SCRIPTDIR source=huge_pages.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/huge_pages.sh"

usage()
{
	cat <<'END'
Usage: with_huge_pages.sh PAGES PROGRAM [ARGUMENTS]

Run PROGRAM with PAGES free huge pages of 2 MiB, and exit with its exit code. Missing pages are added
temporarily if run as root; otherwise the test is skipped (exit code 77).
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
if (($# < 2)) || [[ ! $1 =~ ^[1-9][0-9]*$ ]]; then
	usage >&2
	exit 2
fi
pid=

cleanup()
{
	if [[ -n $pid ]]; then
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	huge_pages_restore
}
trap cleanup EXIT

huge_pages_get "$1"
# In the background, so that a signal terminates this script immediately.
"${@:2}" &
pid=$!
rc=0
wait "$pid" || rc=$?
pid=
((rc == 0)) || exit "$rc"
