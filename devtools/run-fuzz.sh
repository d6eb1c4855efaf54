#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly all_targets=(driver emu)

usage()
{
	cat <<'END'
Usage: devtools/run-fuzz.sh [--suite driver|emu]... [--minutes N] [--merge] [--help]

Feed hostile input to the driver (from a device that lies) and to the emulated function (from software that
lies), under address and undefined-behaviour sanitizers, with clang's libFuzzer. It starts with the inputs
in app/fuzz/corpus/*.tar.xz and those that earlier runs have found, and keeps new ones in the build folder.
A crash is reported with its input, and the exit code is 1; the last line is
"N passed, N failed, N skipped", counting suites.

  --suite NAME  only this one; may be given twice
  --minutes N   for each suite (default 1)
  --merge       do not fuzz, but rebuild the archives from the fewest inputs that reach all that the
                archives and the inputs found reach; fixed-* and planted-* (inputs of defects that were
                fixed, or made by hand) stay as they are

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

targets=()
minutes=1
merge=false
while (($# > 0)); do
	case $1 in
	--suite)
		[[ " ${all_targets[*]} " == *" ${2:-none} "* ]] || bad_usage
		targets+=("$2")
		shift
		;;
	--minutes)
		is_count "${2:-}" || bad_usage
		minutes=$2
		shift
		;;
	--merge) merge=true ;;
	-h | --help) usage; exit 0 ;;
	*) bad_usage ;;
	esac
	shift
done
seconds=$((minutes * 60))
((${#targets[@]} > 0)) || targets=("${all_targets[@]}")

set_up --fuzz
find_builds
CC=clang must_build fuzz 'the fuzzers' -Dwerror=true -Dfuzz=enabled -Dtests=disabled \
	-Dperf_app=disabled -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 \
	"${targets[@]/#/app/fuzz/fuzz_}"

# What an input may take: seconds, and MiB.
readonly limits=(-timeout=20 -rss_limit_mb=2048)
readonly corpora=$project_root/app/fuzz/corpus
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=16:allocator_may_return_null=1:allocator_release_to_os_interval_ms=-1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# Print the figure $1 that libFuzzer has written to the log $2 at its end.
figure()
{
	sed -n "s/^stat::$1: *//p" "$2" | tail -n 1
}

# Unpack the committed corpus of the target $1.
unpack()
{
	rm -rf -- "$builds/fuzz-committed/$1"
	mkdir -p -- "$builds/fuzz-committed/$1"
	tar -xJf "$corpora/$1.tar.xz" -C "$builds/fuzz-committed/$1"
}

# fuzz TARGET: fails if an input crashes it.
fuzz()
{
	local target=$1 rc=0 out=$builds/log/fuzz-$1.log crash
	local program=$builds/fuzz/app/fuzz/fuzz_$1 committed=$builds/fuzz-committed/$1
	local grown=$builds/fuzz-corpus/$1 crashes=$builds/fuzz-crashes/$1

	mkdir -p -- "$grown" "$crashes"
	unpack "$target" || return 1
	say "$target: fuzzing for $minutes min"
	# libFuzzer prints a line for each new input; here a line for each tenth of the time is enough.
	# Not by limit: $! would be the shell around it. The fuzzer must not hold the lock.
	timeout --foreground --kill-after=30 $((seconds + work_limit)) "$program" "${limits[@]}" \
		-max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$crashes/" \
		"$grown" "$committed" </dev/null >"$out" 2>&1 9>&- &
	local pid=$! next=$(((seconds + 9) / 10)) started=$SECONDS
	trap 'kill "$pid" 2>/dev/null && wait "$pid" || true' EXIT
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if ((SECONDS - started >= next)); then
			say "$target: $((SECONDS - started)) s: $(grep -a '^#[0-9]' "$out" | tail -n 1)"
			next=$((SECONDS - started + (seconds + 9) / 10))
		fi
	done
	wait "$pid" || rc=$?
	trap - EXIT
	limit_told "$rc" $((seconds + work_limit)) "$program" >&2
	say "$target: $(figure number_of_executed_units "$out") inputs tried," \
		"$(figure average_exec_per_sec "$out") a second;" \
		"coverage: $(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 edges, \2 features/p' \
			"$out" | tail -n 1); $(find "$grown" -type f | wc -l) inputs kept in $grown"
	((rc != 0)) || return 0
	crash=$(sed -n 's/.*Test unit written to //p' "$out" | tail -n 1)
	say "$target: libFuzzer ended with $rc; its report:"
	sed -n '/==ERROR\|runtime error\|^fuzz_[a-z]*: \|==[0-9]*== ERROR/,$p' "$out" | head -n 60 |
		sed 's/^/    /'
	say "log: $out"
	if [[ -n $crash ]]; then
		say "input: $crash"
		say "to replay it: LD_LIBRARY_PATH=$LD_LIBRARY_PATH $program $crash"
	fi
	return 1
}

# merge_corpus TARGET
merge_corpus()
{
	local target=$1 out=$builds/log/fuzz-merge-$1.log nb_old
	local program=$builds/fuzz/app/fuzz/fuzz_$1 committed=$builds/fuzz-committed/$1
	local grown=$builds/fuzz-corpus/$1 new=$builds/fuzz-merged/$1

	rm -rf -- "$new"
	mkdir -p -- "$grown" "$new"
	unpack "$target"
	nb_old=$(find "$committed" -type f | wc -l)
	find "$committed" \( -name 'fixed-*' -o -name 'planted-*' \) -exec cp -t "$new" -- {} +
	limit "$build_limit" "$program" "${limits[@]}" -merge=1 -use_counters=0 "$new" "$committed" "$grown" \
		</dev/null >"$out" 2>&1 ||
		die 'merging the corpora' "$target" 'fix what the log says' "$out"
	# The same files make the same archive.
	find "$new" -type f -printf '%f\n' | LC_ALL=C sort |
		tar -cJf "$corpora/$target.tar.xz" -C "$new" -T - --mtime=@0 --owner=0 --group=0 \
			--numeric-owner --mode=644
	say "$target: $nb_old inputs before, $(find "$new" -type f | wc -l) now," \
		"$(stat -c %s "$corpora/$target.tar.xz") bytes, in $corpora/$target.tar.xz"
}

if $merge; then
	for target in "${targets[@]}"; do
		merge_corpus "$target"
	done
	exit 0
fi

passed=0
failed=0
for target in "${targets[@]}"; do
	if fuzz "$target"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
