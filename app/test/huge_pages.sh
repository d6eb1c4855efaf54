# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash

# Huge pages of 2 MiB for test scripts. To be sourced after tap.sh.

huge_pages_dir=/sys/kernel/mm/hugepages/hugepages-2048kB
huge_pages_before=

# huge_pages_get N: ensure N free pages; root can add missing ones.
huge_pages_get()
{
	local needed=$1 free

	[[ -r $huge_pages_dir/free_hugepages ]] || skip_all "this machine has no huge pages of 2 MiB"
	free=$(<"$huge_pages_dir/free_hugepages")
	((free < needed)) || return 0
	((EUID == 0)) || skip_all "needs $needed free huge pages of 2 MiB, found $free"
	[[ -w $huge_pages_dir/nr_hugepages ]] || skip_all "the number of huge pages is read-only here"
	huge_pages_before=$(<"$huge_pages_dir/nr_hugepages")
	echo $((huge_pages_before + needed - free)) >"$huge_pages_dir/nr_hugepages"
	free=$(<"$huge_pages_dir/free_hugepages")
	((free >= needed)) || skip_all "needs $needed free huge pages of 2 MiB, memory has $free"
}

# huge_pages_restore: restore the previous number of pages.
huge_pages_restore()
{
	[[ -n $huge_pages_before ]] || return 0
	echo "$huge_pages_before" >"$huge_pages_dir/nr_hugepages" || true
	huge_pages_before=
}
