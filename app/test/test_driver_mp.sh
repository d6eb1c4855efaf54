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
Usage: test_driver_mp.sh PROGRAM

Share emulated SDXI functions between a primary and secondary processes, which exit, are killed, and
call operations that are refused. Prints a TAP result for each case.

Needs 128 free huge pages of 2 MiB. Missing ones are added temporarily if run as root; otherwise the
test is skipped (exit code 77).

  PROGRAM  the test_driver_mp program
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
if (($# != 1)); then
	usage >&2
	exit 2
fi
program=$1
prefix=sdxi-mp-$$
fn0=dma_sdxi_emu0
# Timeout in seconds for one reply.
patience=250
pages_needed=128
huge_dir=
mounted=
# Processes by name: process ID, file descriptors of stdin and stdout.
declare -A pid=() to=() from=()

work=$(mktemp --directory --tmpdir sdxi-mp.XXXXXX)
open_log ""

cleanup()
{
	local name

	for name in "${!pid[@]}"; do
		kill -KILL "${pid[$name]}" 2>/dev/null || true
		wait "${pid[$name]}" 2>/dev/null || true
	done
	if [[ -n $mounted ]]; then
		if umount "$mounted"; then rmdir "$mounted"; fi || true
	elif [[ -n $huge_dir ]]; then
		rm -f "$huge_dir/${prefix}map_"*
	fi
	huge_pages_restore
	rm -rf "$work"
	close_log
	remove_runtime "$prefix"
}
trap cleanup EXIT
# A process may have died when it is sent a command.
trap '' PIPE

# --- Huge pages ---------------------------------------------------------------------------------

# find_mount: find a writable hugetlbfs of 2 MiB pages.
find_mount()
{
	local dir type options

	while read -r _ dir type options _; do
		# Blanks in names are escaped in the mount table.
		dir=$(printf '%b' "$dir")
		if [[ $type == hugetlbfs && ",$options," == *,pagesize=2M,* && -w $dir ]]; then
			huge_dir=$dir
			return
		fi
	done </proc/self/mounts
}

get_pages()
{
	huge_pages_get "$pages_needed"
	find_mount
	if [[ -z $huge_dir ]]; then
		((EUID == 0)) || skip_all "no hugetlbfs of 2 MiB pages is mounted for this user"
		# Not in $work: EAL does not find mount points with a blank in their path.
		huge_dir=$(mktemp --directory /tmp/sdxi-mp-huge.XXXXXX)
		mount -t hugetlbfs -o pagesize=2M none "$huge_dir" 2>>"$log" || {
			rmdir "$huge_dir"
			huge_dir=
			skip_all "hugetlbfs cannot be mounted here"
		}
		mounted=$huge_dir
	fi
}

# --- Processes ----------------------------------------------------------------------------------

problem=

# wrong TEXT: record the first problem of a case. Always fails.
wrong()
{
	[[ -n $problem ]] || problem=$1
	return 1
}

# spawn NAME ROLE [ARGUMENTS]: start a process and wait until it is ready.
spawn()
{
	local name=$1 in out

	mkfifo "$work/in" "$work/out"
	"$program" "$2" "$prefix" "$huge_dir" "${@:3}" <"$work/in" >"$work/out" 2>>"$log" &
	pid[$name]=$!
	exec {in}>"$work/in"
	exec {out}<"$work/out"
	rm "$work/in" "$work/out"
	to[$name]=$in
	from[$name]=$out
	await "$name" ok
}

tell()
{
	local fd=${to[$1]}

	echo "${*:2}" >&"$fd" || wrong "$1: cannot send '${*:2}'"
}

# await NAME PATTERN: read lines until one matches or is a reply; sets $line.
await()
{
	local name=$1

	line=
	while true; do
		if ! IFS= read -r -t "$patience" -u "${from[$name]}" line; then
			wrong "$name: expected '$2', found nothing after '$line'"
			return 1
		fi
		# shellcheck disable=SC2053  # a pattern
		[[ $line != $2 ]] || return 0
		if [[ $line == ok* || $line == no* ]]; then
			wrong "$name: expected '$2', found '$line'"
			return 1
		fi
	done
}

# ask NAME PATTERN COMMAND...: send a command and check the reply.
ask()
{
	tell "$1" "${@:3}" && await "$1" "$2"
}

forget()
{
	local fd=${to[$1]}

	exec {fd}>&-
	fd=${from[$1]}
	exec {fd}<&-
	unset "pid[$1]" "to[$1]" "from[$1]"
}

# reap NAME CODE: wait for its exit.
reap()
{
	local rc=0

	wait "${pid[$1]}" 2>/dev/null || rc=$?
	forget "$1"
	((rc == $2)) || wrong "$1: expected exit code $2, found $rc"
}

# slay NAME
slay()
{
	kill -KILL "${pid[$1]}"
	reap "$1" 137
}

# quit NAME: let it exit normally.
quit()
{
	ask "$1" ok quit && reap "$1" 0
}

# clear_away: kill the processes that a case left running.
clear_away()
{
	local name

	for name in "${!pid[@]}"; do
		kill -KILL "${pid[$name]}" 2>/dev/null || true
		wait "${pid[$name]}" 2>/dev/null || true
		forget "$name"
	done
}

# --- Cases --------------------------------------------------------------------------------------
#
# Each starts without processes. Only one process uses a vchan at a time: the primary uses vchan 0.

# set_up [ARGUMENTS]: start a primary with a started device, and a secondary.
set_up()
{
	spawn primary primary "${1:-}" &&
		spawn secondary secondary &&
		ask secondary 'ok 0' find "$fn0"
}

both_copy()
{
	set_up &&
		tell primary copy 0 0 20000 && tell secondary copy 0 1 20000 &&
		await primary ok && await secondary ok
}

secondary_looks()
{
	local counts

	set_up && ask secondary ok copy 0 1 1000 &&
		ask secondary 'ok idle' status 0 1 &&
		ask secondary 'ok 1000 1000 0' stats 0 1 && counts=$line &&
		ask primary "$counts" stats 0 1 &&
		ask secondary ok dump 0
}

# refusals OPERATION: number of log lines that refuse an operation in a secondary process.
refusals()
{
	grep -Fc "SDXI: $fn0: $1: only the primary process can configure the device" "$log" || true
}

# In any state of the device. Results that dmadev returns without calling the driver are not checked.
refused='configure=refused vchan_setup=refused'

refused_started()
{
	set_up &&
		ask secondary "ok $refused start=* stop=refused close=refused" control 0 &&
		ask primary ok copy 0 0 1000 && ask secondary ok copy 0 1 1000
}

refused_stopped()
{
	local before=() after i what=(configure vchan_setup start)

	for i in "${!what[@]}"; do
		before[i]=$(refusals "${what[i]}")
	done
	set_up && ask secondary ok copy 0 1 1000 && ask primary ok stop 0 &&
		ask secondary "ok $refused start=refused stop=* close=*" control 0 || return 1
	# Each refusal is logged.
	for i in "${!what[@]}"; do
		after=$(refusals "${what[i]}")
		((after == before[i] + 1)) || {
			wrong "${what[i]}: expected one more refusal in the log than ${before[i]}, \
found $after in all"
			return 1
		}
	done
	ask primary ok start 0 && ask primary ok copy 0 0 1000 &&
		spawn next secondary && ask next ok copy 0 1 1000 && quit secondary &&
		ask next ok copy 0 1 1000 && ask primary ok copy 0 0 1000
}

secondary_recovers()
{
	local i

	set_up "$1" && tell primary copy 0 0 40000 &&
		for ((i = 0; i < 20; i++)); do
			ask secondary ok fail 0 1 && ask secondary ok copy 0 1 100 || return 1
		done
	await primary ok && ask secondary 'ok 2060 2060 20' stats 0 1
}

secondary_exits()
{
	set_up && tell primary copy 0 0 40000 && ask secondary ok copy 0 1 5000 &&
		quit secondary && await primary ok &&
		spawn next secondary && ask next ok copy 0 1 5000 && ask primary ok copy 0 0 1000
}

secondary_killed()
{
	set_up && tell primary copy 0 0 60000 && tell secondary flow 0 1 &&
		await secondary 'at 3000' && slay secondary &&
		await primary ok &&
		spawn next secondary && ask next ok copy 0 2 5000 &&
		ask primary ok stop 0 && ask primary ok start 0 &&
		ask primary ok copy 0 1 5000 && ask next ok copy 0 2 5000
}

killed_in_recovery()
{
	local i

	set_up error=stop || return 1
	for ((i = 1; i <= 8; i++)); do
		# The victim's vchan is usable again only after a stop and start of the device.
		spawn victim secondary && tell victim failures 0 1 && await victim "at $i" &&
			slay victim &&
			ask primary ok copy 0 0 100 && ask secondary ok fail 0 2 &&
			ask primary ok stop 0 && ask primary ok start 0 &&
			ask primary ok copy 0 1 100 && ask secondary ok copy 0 2 100 || return 1
	done
}

plugged()
{
	set_up && ask primary ok plug dma_sdxi_emu1 && ask primary 'ok 1' find dma_sdxi_emu1 &&
		ask secondary 'ok 1' find dma_sdxi_emu1 && ask primary ok up 1 &&
		tell primary copy 1 0 5000 && ask secondary ok copy 1 1 5000 && await primary ok &&
		ask primary ok stop 1 && ask primary ok unplug dma_sdxi_emu1 &&
		ask secondary 'no: dma_sdxi_emu1: *' find dma_sdxi_emu1 &&
		ask secondary ok copy 0 1 1000 && ask primary ok copy 0 0 1000
}

no_such_function()
{
	set_up && ask secondary 'no: dma_sdxi_emu7: *' probe dma_sdxi_emu7 &&
		ask secondary 'no: dma_sdxi_emu7: *' find dma_sdxi_emu7 &&
		ask secondary ok copy 0 1 1000 && quit secondary && quit primary
}

# The maximum number of shared doorbells, and one more.
doorbells()
{
	local before after said='doorbells are not shared'

	before=$(grep -Fc "$said" "$log" || true)
	set_up max_cxt=4095 && ask secondary ok copy 0 1 1000 && quit secondary && quit primary &&
		spawn primary primary max_cxt=4096 && spawn secondary secondary &&
		ask secondary 'no: dma_sdxi_emu0: *' find "$fn0" &&
		ask primary ok copy 0 0 1000 && quit secondary && quit primary || return 1
	after=$(grep -Fc "$said" "$log" || true)
	((after > before)) || wrong "the log does not say that $said"
}

attach_without_memory()
{
	set_up && ask primary ok probe dma_sdxi_emu1 && ask secondary 'ok [1-9]*' attach dma_sdxi_emu1 &&
		ask secondary ok probe dma_sdxi_emu1 && ask primary ok up 1 &&
		ask secondary ok copy 1 1 1000 && ask secondary ok copy 0 1 1000 &&
		quit secondary && quit primary
}

# A stopped primary does not block a secondary that attaches, and can continue later.
primary_hangs()
{
	local rc=0

	set_up && ask primary ok probe dma_sdxi_emu1 && ask secondary ok copy 0 1 1000 || return 1
	kill -STOP "${pid[primary]}"
	{ ask secondary ok dump 0 && ask secondary ok probe dma_sdxi_emu1; } || rc=1
	kill -CONT "${pid[primary]}"
	((rc == 0)) || return 1
	ask primary ok up 1 && ask primary ok copy 0 0 1000 && ask secondary ok copy 0 1 1000 &&
		ask secondary ok copy 1 1 1000 && quit secondary && quit primary
}

# Without the primary nothing progresses, but data path calls still return.
primary_killed()
{
	set_up && spawn other secondary && tell secondary flow 0 1 && tell other flow 0 2 &&
		await secondary 'at 3000' && await other 'at 3000' && slay primary &&
		await secondary 'ok dead, 0' && await other 'ok dead, 0' &&
		ask secondary 'ok active' status 0 1 && ask other 'ok *' stats 0 2 &&
		quit secondary && quit other && set_up && ask secondary ok copy 0 1 1000
}

primary_exits()
{
	set_up && tell secondary flow 0 1 && await secondary 'at 3000' && quit primary &&
		await secondary 'ok gone, *' && quit secondary
}

primary_stops()
{
	local i

	set_up || return 1
	for ((i = 0; i < 10; i++)); do
		tell secondary flow 0 1 && await secondary 'at 3000' && ask primary ok stop 0 &&
			await secondary 'ok gone, * failed, 0 forgotten' &&
			ask secondary 'ok idle' status 0 1 &&
			ask primary ok start 0 && ask primary ok copy 0 0 100 || return 1
	done
	ask secondary ok copy 0 1 1000
}

# The secondary can use the device that is probed next after attaching to it.
primary_closes()
{
	local i

	set_up || return 1
	for ((i = 0; i < 10; i++)); do
		tell secondary flow 0 1 && await secondary 'at 3000' &&
			ask primary ok remove "$fn0" && await secondary 'ok gone, *' &&
			ask secondary '[on]*' status 0 1 && ask secondary '[on]*' stats 0 1 &&
			ask secondary 'no: no context runs' dump 0 &&
			ask primary ok probe "$fn0" && ask primary ok up 0 &&
			ask primary ok copy 0 0 100 &&
			ask secondary ok remove "$fn0" && ask secondary ok probe "$fn0" &&
			ask secondary ok copy 0 1 100 || return 1
	done
}

# memory: set $bytes to the DPDK memory that the primary has allocated.
memory()
{
	ask primary 'ok *' memory && bytes=${line#ok }
}

# Closing a device frees its memory, except for some allocated once. The victim's own allocations do
# not count.
killed_keeps_nothing()
{
	local i bytes took

	set_up || return 1
	for ((i = 0; i < 5; i++)); do
		memory && took=$bytes && ask primary ok probe dma_sdxi_emu1 &&
			ask primary ok up 1 && memory && took=$((bytes - took)) &&
			spawn victim secondary && tell victim flow 1 1 &&
			await victim 'at 3000' && slay victim &&
			ask primary ok copy 1 0 100 && memory && took=$((took - bytes)) &&
			ask primary ok stop 1 && ask primary ok remove dma_sdxi_emu1 &&
			memory || return 1
		((took + bytes >= 0 && took + bytes <= (i == 0 ? 65536 : 0))) ||
			wrong "round $i: $((took + bytes)) bytes are not freed" || return 1
	done
	ask secondary ok copy 0 1 1000 && ask primary ok copy 0 0 1000
}

# primary_gone PATTERN COMMAND...: control operations return even after the primary's exit.
primary_gone()
{
	set_up && ask secondary ok copy 0 1 1000 && quit primary &&
		ask secondary "$@" && quit secondary
}

run_case()
{
	"${@:2}" || wrong "failed without a message" || true
	clear_away
	verdict "$1" "$problem"
	problem=
}

get_pages
run_case 'two processes copy on a vchan each' both_copy
run_case 'statistics, dump and status in the secondary process' secondary_looks
run_case 'control operations are refused while the device runs' refused_started
run_case 'control operations are refused while it is stopped' refused_stopped
run_case 'the secondary process recovers its vchan, error=stop' secondary_recovers error=stop
run_case 'the same, with error=continue' secondary_recovers error=continue
run_case 'a secondary process exits, another one continues' secondary_exits
run_case 'a secondary process is killed while it copies' secondary_killed
run_case 'secondary processes are killed while they recover' killed_in_recovery
run_case 'a function is plugged and unplugged' plugged
run_case 'a function that the primary process does not have' no_such_function
run_case 'a function with too many doorbells to share' doorbells
run_case 'a secondary process attaches without memory' attach_without_memory
run_case 'a killed secondary process leaks no memory of the device' killed_keeps_nothing
run_case 'the primary process hangs' primary_hangs
run_case 'the primary process stops the device while another copies' primary_stops
run_case 'the primary process closes it while another copies' primary_closes
run_case 'the primary process is killed while others copy' primary_killed
run_case 'the primary process exits while another copies' primary_exits
run_case 'a dump after its exit' primary_gone 'no: no context runs' dump 0
run_case 'statistics after its exit' primary_gone 'ok *' stats 0 65535
run_case 'control operations after its exit' primary_gone 'ok *' control 0
finish_with_log "$log"
