#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=apt.sh
. "$project_root/devtools/apt.sh"

usage()
{
	cat <<'END'
Usage: devtools/build-docs.sh [--help]

Install Sphinx (Debian's python3-sphinx) if it is missing, and build the guides as HTML, with warnings as
errors. Prints the path.
END
}

no_options "$@"
cache=$(cache_dir)
ensure_packages "$cache" python3-sphinx
find_builds
log=$builds/log/docs.txt
rm -rf -- "$builds/docs"
limit "$work_limit" sphinx-build -q -W --keep-going -n -b html -d "$builds/docs/doctrees" \
	"$project_root/doc/guides" "$builds/docs/html" >"$log" 2>&1 </dev/null ||
	die 'building the guide' 'sphinx-build' 'fix what the log says' "$log"
say "the guide: $builds/docs/html/dmadevs/sdxi.html"
