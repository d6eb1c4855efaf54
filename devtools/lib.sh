# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash

# What the scripts in this folder share. Sourced, never run.

# Debian's own Python, Meson and Ninja belong together: another python3 earlier on the path lacks the
# modules that DPDK's build asks for.
PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
export PATH PYTHONDONTWRITEBYTECODE=1
# With CDPATH in the environment, cd prints where it has gone, and may go elsewhere.
unset CDPATH

# shellcheck disable=SC2034 # used by those who source this
project_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
script_name=$(basename -- "$0")

say()
{
	printf '%s: %s\n' "$script_name" "$*"
}

warn()
{
	printf '%s: warning: %s\n' "$script_name" "$*" >&2
}

# die STEP WHAT [WAY OUT] [LOG]: one failure, told in full.
die()
{
	{
		printf '%s: %s failed: %s\n' "$script_name" "$1" "$2"
		if [[ -n ${4:-} ]]; then
			if [[ -s $4 ]]; then
				printf -- '--- the end of the log ---\n'
				tail -n 25 -- "$4"
				printf -- '--------------------------\n'
			fi
			printf 'log:     %s\n' "$4"
		fi
		if [[ -n ${3:-} ]]; then
			printf 'way out: %s\n' "$3"
		fi
	} >&2
	exit 1
}

# Seconds for what a script waits for, far above what a slow machine needs: for what computes or unpacks
# a little, for downloads and installations, for builds, for other scripts that do all of this.
# shellcheck disable=SC2034 # used by those who source this
readonly work_limit=900 fetch_limit=3600 build_limit=7200 lock_limit=10800

# limit_told CODE SECONDS WORD...: say so if a command was ended by its time limit.
limit_told()
{
	(($1 != 124 && $1 != 137)) ||
		printf '%s: stopped, as it had not ended after %d seconds: %s\n' "$script_name" "$2" "${*:3}"
}

# limit SECONDS COMMAND...: it has so much time; its output tells if it has taken more. It stays in the
# script's process group, so that a terminal's keys reach it.
limit()
{
	local rc=0
	timeout --foreground --kill-after=30 "$@" || rc=$?
	limit_told "$rc" "$@" >&2
	return "$rc"
}

# lock FD WHAT [SECONDS]: wait until no other script holds the lock of the open file.
lock()
{
	local seconds=${3:-$lock_limit}
	flock -n "$1" && return 0
	say "another script $2: waiting for it"
	flock -w "$seconds" "$1" || die 'waiting for another script' \
		"after $seconds seconds it still $2" \
		"if none is at work any more, end what is left of it (fuser $(readlink "/proc/self/fd/$1"))"
}

# Print the first folder on the way to $1 (which need not exist yet) that anyone may write to. EAL
# loads no driver from below such a folder.
world_writable_above()
{
	local path
	path=$(realpath -m -- "$1")
	while :; do
		if [[ -e $path && $(stat -c %A -- "$path") == ????????w? ]]; then
			printf '%s\n' "$path"
			return 0
		fi
		[[ $path == / ]] && return 1
		path=$(dirname -- "$path")
	done
}

# The folder for what is kept between runs.
cache_dir()
{
	local dir home why=''
	local candidates=()

	if [[ -n ${DPDK_SDXI_CACHE:-} ]]; then
		candidates=("$DPDK_SDXI_CACHE")
	else
		[[ -n ${XDG_CACHE_HOME:-} ]] && candidates+=("$XDG_CACHE_HOME/dpdk-sdxi")
		[[ -n ${HOME:-} ]] && candidates+=("$HOME/.cache/dpdk-sdxi")
		home=$(getent passwd "$EUID" | cut -d: -f6 || true)
		[[ -n $home ]] && candidates+=("$home/.cache/dpdk-sdxi")
		((EUID == 0)) && candidates+=(/var/cache/dpdk-sdxi)
	fi
	for dir in "${candidates[@]}"; do
		if [[ $dir != /* ]]; then
			why+="; $dir is not an absolute path"
		elif [[ $dir == *[[:space:]:\'\"\\\$]* ]]; then
			# pkg-config's files and the loader's path have no quoting that holds
			why+="; $dir has a space or a special character in it"
		elif home=$(world_writable_above "$dir"); then
			why+="; $home is world-writable, and EAL loads no driver from below it"
		elif ! mkdir -p -- "$dir" 2>/dev/null || [[ ! -w $dir ]]; then
			why+="; $dir cannot be written"
		else
			printf '%s\n' "$dir"
			return 0
		fi
	done
	die 'finding a cache folder' "${why#; }" \
		'set DPDK_SDXI_CACHE to a folder of yours that none of this is true for'
}

# Turn Ninja's lines on stdin into progress: a counter on a terminal, else a line every 10 %. All of
# it goes to the log file $1.
ninja_progress()
{
	local log=$1 what=$2 line percent step next_line=0 shown=false
	while IFS= read -r line || [[ -n $line ]]; do
		printf '%s\n' "$line" >&8
		[[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
		percent=$((BASH_REMATCH[1] * 100 / BASH_REMATCH[2]))
		if [[ -t 1 ]]; then
			printf '\r%s: %s: %d of %d (%d %%)' "$script_name" "$what" \
				"${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "$percent"
			shown=true
		elif ((percent >= next_line)); then
			say "$what: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} ($percent %)"
			# a short build is not worth ten lines
			step=$((BASH_REMATCH[2] < 200 ? 50 : 10))
			next_line=$((percent / step * step + step))
		fi
	done 8>"$log"
	! $shown || echo
}

# run_ninja FOLDER LOG WHAT [ARGS...]
run_ninja()
{
	local dir=$1 log=$2 what=$3
	shift 3
	NINJA_STATUS='[%f/%t] ' limit "$build_limit" ninja -C "$dir" ${JOBS:+-j "$JOBS"} "$@" 2>&1 </dev/null |
		ninja_progress "$log" "$what"
}

# set_up [OPTIONS OF SETUP.SH...]: set the machine up if need be, and have its environment.
set_up()
{
	local environment

	"$project_root/devtools/setup.sh" "$@" || return 1
	environment=$("$project_root/devtools/setup.sh" "$@" --env) || return 1
	eval "$environment"
}

# Set $builds, the folder of the scripts' build folders: in the clone, or in the cache where the clone
# cannot be written. Keep others out of it until the script ends; those that it calls may use it.
find_builds()
{
	if [[ -w $project_root ]]; then
		builds=$project_root/build-scripts
	else
		builds=$(cache_dir)/build-$(printf '%s' "$project_root" | sha256sum | cut -c 1-12)
	fi
	mkdir -p -- "$builds/log"
	[[ ${SDXI_BUILDS_HELD:-} != "$builds" ]] || return 0
	exec 9>"$builds/lock"
	lock 9 "uses $builds"
	export SDXI_BUILDS_HELD=$builds
}

# Libraries of DPDK that nothing here uses; those that a DPDK version cannot do without, it keeps.
# shellcheck disable=SC2034 # used by those who source this
readonly dpdk_unused_libs=acl,bbdev,bitratestats,bpf,compressdev,dispatcher,distributor,efd,fib,\
flow_classify,gpudev,graph,gro,gso,ip_frag,ipsec,jobstats,kni,latencystats,lpm,member,metrics,mldev,\
node,pcapng,pdcp,pdump,pipeline,pmu,port,power,ptr_compress,rawdev,regexdev,reorder,rib,sched,table,\
vhost

# What all builds for tests have, so that one that is there is taken as it is.
# shellcheck disable=SC2034 # used by those who source this
readonly test_build_options=(-Dwerror=true -Dtests=enabled -Dperf_app=enabled)
# shellcheck disable=SC2034 # used by those who source this
readonly sanitizer_options=('-Db_sanitize=address,undefined' -Dc_args=-fno-sanitize-recover=all
	-Doptimization=1)

# configure NAME [MESON OPTIONS...]: set $builds/NAME up, anew if what it depends on has changed.
configure()
{
	local dir=$builds/$1 stamp
	shift
	stamp=$(printf '%s\n' "${DPDK_SDXI_PREFIX:-}" "${DPDK_SDXI_PREFIX:+$(stat -c %Y -- "$DPDK_SDXI_PREFIX")}" \
		"$project_root" "$(${CC:-cc} --version | head -n 1)" "$@")
	if [[ ! -f $dir/build.ninja || $(cat -- "$dir/configured-for" 2>/dev/null) != "$stamp" ]]; then
		rm -rf -- "$dir"
		limit "$work_limit" meson setup "$dir" "$project_root" "$@" </dev/null || return 1
		printf '%s\n' "$stamp" >"$dir/configured-for"
	fi
}

# try_build NAME WHAT [MESON OPTION | TARGET]...: configure if need be, and build, in $builds/NAME; what
# begins with - is an option. If that fails, $build_step and $build_tool say how far it came, and
# $build_log is the log.
try_build()
{
	local name=$1 what=$2 argument options=() targets=()
	shift 2
	for argument; do
		if [[ $argument == -* ]]; then options+=("$argument"); else targets+=("$argument"); fi
	done
	build_log=$builds/log/$name-build.log
	build_step="configuring $what"
	build_tool="meson setup $builds/$name"
	configure "$name" "${options[@]}" >"$build_log" 2>&1 || return 1
	build_step="building $what"
	build_tool="ninja in $builds/$name"
	run_ninja "$builds/$name" "$build_log" "$build_step" "${targets[@]}"
}

# The same, and the script ends where it fails.
must_build()
{
	try_build "$@" || die "$build_step" "$build_tool" 'mend what the log says' "$build_log"
}

# step_failed STEP LOG: for a script that counts what fails in $failed, and goes on.
step_failed()
{
	failed=$((failed + 1))
	say "$1 failed, the end of the log:"
	tail -n 40 -- "$2"
	say "log: $2"
}

# count_tests DIR WHAT LOG [MESON TEST ARGUMENTS...]: run tests of a build folder, and add them to $passed,
# $failed and $skipped.
count_tests()
{
	local dir=$1 what=$2 log=$3 json out counts rc=0 p f s
	shift 3
	json=$dir/meson-logs/$log.json
	out=$builds/log/$(basename -- "$dir")-$log.txt
	rm -f -- "$json"
	say "testing: $what"
	# Meson appends the name of a wrapper to that of the log.
	# What a test may take is for a machine that does nothing else; the last multiplier counts.
	meson test -C "$dir" --no-rebuild --logbase "${log%-valgrind}" --timeout-multiplier 4 \
		${JOBS:+--num-processes "$JOBS"} "$@" </dev/null 2>&1 |
		sed -un 's/^ *[0-9]*\/[0-9]* /    /p' || rc=$?
	if [[ ! -s $json ]]; then
		say "$what: no test ran"
		failed=$((failed + 1))
		return
	fi
	"$project_root/devtools/test-summary.py" "$json" >"$out"
	counts=$(tail -n 1 "$out")
	sed '$d' "$out"
	read -r p f s <<<"$counts"
	say "$what: $p passed, $f failed, $s skipped"
	# what Meson calls a failure is one, whatever the cases say, and so is a suite that tried nothing
	if (((rc != 0 && f == 0) || (p == 0 && f == 0))); then
		f=1
		say "$what: meson test ended with $rc; log: ${json%.json}.txt"
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

# Set $driver_cpu and $device_cpu: of the CPUs that this process may use the first one, which mostly has
# the interrupts, drives the device, and the second one is the device.
# shellcheck disable=SC2034 # used by those who source this
find_cpus()
{
	local cpus=() first last cpu

	while IFS=- read -r first last; do
		for ((cpu = first; cpu <= ${last:-first}; cpu++)); do
			cpus+=("$cpu")
		done
	done < <(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr ',' '\n')
	driver_cpu=${cpus[0]}
	device_cpu=${cpus[1]:-${cpus[0]}}
	if ((${#cpus[@]} == 1)); then
		warn 'there is only one CPU: the driver and the software devices take turns on it'
	fi
}

# build_perf [OPTIONS OF SETUP.SH...]: set the machine up, and build what is measured with in $builds/perf.
build_perf()
{
	set_up "$@"
	find_builds
	must_build perf 'the benchmarks' -Dperf_app=enabled -Dtests=disabled
}
