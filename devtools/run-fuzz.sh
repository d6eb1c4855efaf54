#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

all_targets=()
for source in "$project_root"/app/fuzz/fuzz_*.c; do
	source=${source##*/fuzz_}
	all_targets+=("${source%.c}")
done
readonly all_targets

usage()
{
	cat <<'END'
Usage: devtools/run-fuzz.sh [--target driver|emu]... [--seconds N | --minutes N] [--merge] [--help]

Feed hostile input to the driver (a function that lies) and to the emulated function (software that
lies), under address and undefined-behaviour sanitizers, with clang's libFuzzer. Begins with the inputs
in app/fuzz/corpus/*.tar.xz and with those that runs before have found, and keeps what it finds in the
build folder. A crash is reported with its input, and the exit code is 1; the last line is
"N passed, N failed, N skipped", counting targets.

  --target NAME  only this one; may be given twice
  --seconds N    for each target (default: 60)
  --minutes N    the same in minutes
  --merge        fuzz nothing, but rebuild the archives from few inputs that reach all places that
                 those there and those found reach; fixed-* and planted-* (inputs of defects that were
                 fixed, or put in by hand) stay as they are

DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to devtools/setup.sh.
END
}

# Seconds, of the argument $1 in units of $2 seconds.
seconds_of()
{
	[[ $1 =~ ^[1-9][0-9]{0,5}$ ]] || die 'reading the arguments' "expected a number from 1 on, found '$1'"
	echo $(($1 * $2))
}

targets=()
seconds=60
merge=false
while (($# > 0)); do
	case $1 in
	--target)
		[[ " ${all_targets[*]} " == *" ${2:-none} "* ]] || { usage >&2; exit 2; }
		targets+=("$2")
		shift
		;;
	--seconds | --minutes)
		seconds=$(seconds_of "${2:-}" "$([[ $1 == --minutes ]] && echo 60 || echo 1)")
		shift
		;;
	--merge) merge=true ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
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

# Of the target $1, the figure $2 that libFuzzer prints at its end into the log $3.
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

# fuzz TARGET: 0, or 1 if an input was found to crash it.
fuzz()
{
	local target=$1 rc=0 out=$builds/log/fuzz-$1.log crash
	local program=$builds/fuzz/app/fuzz/fuzz_$1 committed=$builds/fuzz-committed/$1
	local grown=$builds/fuzz-corpus/$1 crashes=$builds/fuzz-crashes/$1

	mkdir -p -- "$grown" "$crashes"
	unpack "$target"
	say "$target: fuzzing for $seconds seconds"
	# libFuzzer tells of each new input: a line for each tenth of the time is enough here.
	# Not by limit: what is ended below would be the shell around it. The lock is not the fuzzer's to hold.
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
	say "$target: libFuzzer ended with $rc, its log from the report on:"
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
