# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash disable=SC2034 # variables of those who source this

# What the scripts in this folder share. Sourced, never run.

# The environment may come from anywhere: CDPATH lets cd print and go elsewhere, a hook's Git variables
# name its repository, and a language changes what is read from other programs' output.
unset CDPATH GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG GIT_DIR GIT_GRAFT_FILE \
	GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_INTERNAL_SUPER_PREFIX GIT_NO_REPLACE_OBJECTS \
	GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE GIT_WORK_TREE
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
# The user's order; system tools are found even where a user's PATH does not have them.
export PATH=${PATH:-}${PATH:+:}/usr/bin:/bin:/usr/sbin:/sbin

project_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
script_name=$(basename -- "$0")

say() { printf '%s: %s\n' "$script_name" "$*"; }
warn() { say "warning: $*" >&2; }

# die STEP WHAT [WAY OUT] [LOG]
die()
{
	say "$1 failed: $2"
	if [[ -s ${4:-} ]]; then
		say 'the end of the log:'
		tail -n 25 -- "$4"
	fi
	[[ -z ${4:-} ]] || say "log: $4"
	[[ -z ${3:-} ]] || say "way out: $3"
	exit 1
} >&2

# Of the script that sources this, which has usage().
bad_usage() { usage >&2; exit 2; }
no_options()
{
	case ${1:-} in
	'') ;;
	-h | --help) usage; exit 0 ;;
	*) bad_usage ;;
	esac
}
is_count() { [[ ${1:-} =~ ^[1-9][0-9]{0,5}$ ]]; }

# Ninja's and make's files cannot hold these, nor can patterns and lists of files. All others work.
[[ $project_root != *[$'\n\\$#*?['\]]* ]] || die 'checking the path of this clone' \
	"$project_root has one of \\ \$ # * ? [ ] or a line end in it" 'move it elsewhere'

# Seconds that a script waits, far above what a slow machine needs: for a computation, for a download or
# an installation, for a build, for another script.
readonly work_limit=900 fetch_limit=3600 build_limit=7200 lock_limit=10800

# limit_told CODE SECONDS WORD...: say so if the time limit has ended a command.
limit_told() { (($1 != 124 && $1 != 137)) || say "stopped, as it had not ended after $2 seconds: ${*:3}"; }

# limit SECONDS COMMAND...: in the script's process group, so that a terminal's keys reach it. Debian's Meson,
# Ninja and Python belong together: another python3 lacks modules that DPDK's build asks for. What these
# call is found in the user's order.
limit()
{
	local rc=0 path=$PATH
	[[ $2 != @(meson|ninja|python3) ]] || path=$(cache_dir)/bin:$PATH
	PATH=$path timeout --foreground --kill-after=30 "$@" || rc=$?
	limit_told "$rc" "$@" >&2
	return "$rc"
}

# lock FD WHAT [SECONDS]: wait until no other script holds the lock of the open file.
lock()
{
	local seconds=${3:-$lock_limit}
	flock -n "$1" && return
	say "another script $2: waiting for it"
	flock -w "$seconds" "$1" || die 'waiting for another script' "after $seconds seconds it still $2" \
		"if none runs any more, end what holds the lock (fuser $(readlink "/proc/self/fd/$1"))"
}

# fill_once FOLDER WHAT FUNCTION: have FUNCTION fill the folder, unless it is there. WHAT is for those who wait.
fill_once()
{
	local held
	[[ ! -d $1 ]] || return 0
	exec {held}>"$1.lock"
	lock "$held" "$2"
	if [[ ! -d $1 ]]; then
		rm -rf -- "$1.part"
		mkdir -- "$1.part"
		"$3" "$1.part"
		mv -- "$1.part" "$1"
	fi
	exec {held}>&-
}

# Print the first folder on the way to $1, which need not exist, that anyone may write to: EAL loads no
# driver from below it.
world_writable_above()
{
	local path
	path=$(realpath -m -- "$1")
	while [[ $(stat -c %A -- "$path" 2>/dev/null) != ????????w? ]]; do
		[[ $path != / ]] || return 1
		path=$(dirname -- "$path")
	done
	printf '%s\n' "$path"
}

# What no quoting is needed for: in pkg-config's files, search paths and DPDK's scripts there is none.
is_plain() { [[ $1 != *[^[:alnum:]_./+@=-]* ]]; }

# Print the folder for what is kept between runs.
cache_dir()
{
	local dir open why='' candidates=("${DPDK_SDXI_CACHE:-}")
	[[ -n ${DPDK_SDXI_CACHE:-} ]] || candidates=("${XDG_CACHE_HOME:+$XDG_CACHE_HOME/dpdk-sdxi}"
		"${HOME:+$HOME/.cache/dpdk-sdxi}" "$(getent passwd "$EUID" | cut -d: -f6)/.cache/dpdk-sdxi")
	for dir in "${candidates[@]}"; do
		[[ -n $dir ]] || continue
		if [[ $dir != /* ]]; then
			why+="; $dir is not an absolute path"
		elif ! is_plain "$dir"; then
			why+="; $dir has a character other than letters, digits and _ . / + @ = -"
		elif open=$(world_writable_above "$dir"); then
			why+="; $open is world-writable, and EAL loads no driver from below it"
		elif ! mkdir -p -- "$dir/log" 2>/dev/null || [[ ! -w $dir ]]; then
			why+="; $dir cannot be written"
		else
			printf '%s\n' "$dir"
			return
		fi
	done
	die 'finding a cache folder' "${why#; }" \
		'set DPDK_SDXI_CACHE to a folder of yours that none of this is true for'
}

# run_ninja FOLDER LOG WHAT [ARGS...]: with a line for each 10 %.
run_ninja()
{
	NINJA_STATUS='[%p] ' limit "$build_limit" ninja -C "$1" ${JOBS:+-j "$JOBS"} "${@:4}" 2>&1 </dev/null |
		tee -- "$2" | sed -un "s|^\[ *\([0-9]*0\)%\].*|$script_name: $3: \1 %|p" | stdbuf -oL uniq
}

# set_up [OPTIONS OF SETUP.SH...]: set the machine up if need be, and take over its environment.
set_up()
{
	local environment
	"$project_root/devtools/setup.sh" "$@" || return 1
	environment=$("$project_root/devtools/setup.sh" "$@" --env) || return 1
	eval "$environment"
}

# Set $builds, the folder of the scripts' build folders: in the clone, or in the cache where the clone cannot
# be written or its path would need quotes. Lock it until the script ends; scripts called from here share it.
find_builds()
{
	builds=$project_root/build-scripts
	if [[ ! -w $project_root ]] || ! is_plain "$project_root"; then
		builds=$(cache_dir)
		builds+=/build-$(printf '%s' "$project_root" | sha256sum | cut -c 1-12)
	fi
	mkdir -p -- "$builds/log"
	[[ ${SDXI_BUILDS_HELD:-} != "$builds" ]] || return 0
	exec 9>"$builds/lock"
	lock 9 "uses $builds"
	export SDXI_BUILDS_HELD=$builds
}

# Libraries of DPDK that nothing here uses; those that a DPDK version cannot do without, it keeps.
readonly dpdk_unused_libs=acl,bbdev,bitratestats,bpf,compressdev,dispatcher,distributor,efd,fib,\
flow_classify,gpudev,graph,gro,gso,ip_frag,ipsec,jobstats,kni,latencystats,lpm,member,metrics,mldev,\
node,pcapng,pdcp,pdump,pipeline,pmu,port,power,ptr_compress,rawdev,regexdev,reorder,rib,sched,table,\
vhost
# What all builds for tests have, so that a build that is there can be used again.
readonly test_build_options=(-Dwerror=true -Dtests=enabled -Dperf_app=enabled)
readonly sanitizer_options=('-Db_sanitize=address,undefined' -Db_lundef=false
	-Dc_args=-fno-sanitize-recover=all -Doptimization=1)

# configure NAME [MESON OPTIONS...]: set up $builds/NAME, again if what it depends on has changed.
configure()
{
	local dir=$builds/$1 stamp
	shift
	stamp=$(printf '%s\n' "${DPDK_SDXI_PREFIX:-}" "${DPDK_SDXI_PREFIX:+$(stat -c %Y -- "$DPDK_SDXI_PREFIX")}" \
		"$project_root" "$(${CC:-cc} --version | head -n 1)" "$@")
	[[ ! -f $dir/build.ninja || $(cat -- "$dir/configured-for" 2>/dev/null) != "$stamp" ]] || return 0
	rm -rf -- "$dir"
	limit "$work_limit" meson setup "$dir" "$project_root" "$@" </dev/null || return 1
	printf '%s\n' "$stamp" >"$dir/configured-for"
}

# try_build NAME WHAT [MESON OPTION | TARGET]...: configure if need be, and build, in $builds/NAME. Options
# begin with -. If that fails, $build_step and $build_tool say where, and $build_log is the log.
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

# The same; the script ends if it fails.
must_build() { try_build "$@" || die "$build_step" "$build_tool" 'fix what the log says' "$build_log"; }

# step_failed STEP LOG: for a script that counts failures in $failed and continues.
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
	local dir=$1 what=$2 json=$1/meson-logs/$3.json out rc=0 p f s
	out=$builds/log/$(basename -- "$dir")-$3.txt
	rm -f -- "$json"
	say "testing: $what"
	# Meson appends the name of a wrapper to that of the log. The last multiplier counts.
	limit "$lock_limit" meson test -C "$dir" --no-rebuild --logbase "${3%-valgrind}" \
		--timeout-multiplier 4 ${JOBS:+--num-processes "$JOBS"} "${@:4}" </dev/null 2>&1 |
		sed -un 's/^ *[0-9]*\/[0-9]* /    /p' || rc=$?
	if [[ -s $json ]]; then
		"$project_root/devtools/test-summary.py" "$json" >"$out"
	else
		printf 'no test ran\n0 0 0\n' >"$out"
	fi
	sed '$d' "$out"
	read -r p f s < <(tail -n 1 "$out")
	# a failure for Meson, whatever the cases say; and a suite that tried nothing
	if (((rc != 0 && f == 0) || (p == 0 && f == 0))); then
		f=1
		say "$what: meson test ended with $rc; log: ${json%.json}.txt"
	fi
	say "$what: $p passed, $f failed, $s skipped"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# run_program NAME WHAT COMMAND...: run a program whose last line has the numbers of tests.
run_program()
{
	local name=$1 what=$2 out=$builds/log/$1.txt counts rc=0 p f s
	shift 2
	say "testing: $what"
	"$@" 2>&1 | tee -- "$out" | sed -u 's/^/    /' || rc=$?
	counts=$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$out")
	read -r p f s <<<"${counts:-0 1 0}"
	if ((rc != 0 && f == 0)) || ((p == 0 && f == 0)); then
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# Set $driver_cpu and $device_cpu: the first CPU that this process may use, and the second, if there is one.
find_cpus()
{
	local cpus
	mapfile -t cpus < <(/usr/bin/python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)), sep="\n")')
	driver_cpu=${cpus[0]}
	device_cpu=${cpus[1]:-${cpus[0]}}
	((${#cpus[@]} > 1)) || warn 'there is only one CPU: the driver and the software devices take turns on it'
}

# build_perf [OPTIONS OF SETUP.SH...]: set the machine up, and build the benchmarks in $builds/perf.
build_perf()
{
	set_up "$@"
	find_builds
	must_build perf 'the benchmarks' -Dperf_app=enabled -Dtests=disabled
}
