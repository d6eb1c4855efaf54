#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

if [[ ${1:-} == --help || ${1:-} == -h || $# -ne 1 ]]; then
	echo 'Usage: skip.sh WHY: replaces a test that cannot run with this DPDK or on this machine.'
	exit $(($# == 1 ? 0 : 2))
fi
skip_all "$1"
