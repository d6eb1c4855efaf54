#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_run_qemu.sh [--help] [PART]...

Test devtools/run-qemu.sh with a fake QEMU and with a real one: output, exit codes and errors of guests
and of QEMU. Test time limits, locks and the installation of packages with fake programs. Prints TAP;
the last line is "N passed, N failed, N skipped".

  PART  run this part only: limits, packages, password, reports, killed, guest or shell
END
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	usage
	exit 0
fi
readonly all_parts=(limits packages password reports killed guest shell)
parts=("$@")
(($# > 0)) || parts=("${all_parts[@]}")
for part in "${parts[@]}"; do
	[[ " ${all_parts[*]} " == *" $part "* ]] || {
		usage >&2
		exit 2
	}
done

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly top
readonly script=$top/devtools/run-qemu.sh
# Timeouts in seconds: of a script with its guest, and of the end of a process.
readonly run_timeout=400 exit_timeout=60
work=$(mktemp -d -t sdxi-run-qemu.XXXXXX)
started=

cleanup()
{
	[[ -z $started ]] || kill -KILL "$started" 2>/dev/null || true
	rm -rf -- "$work"
}
trap cleanup EXIT

# expect TITLE CODE OUTPUT [MATCH [NO_MATCH]]: check exit code and stdout ('*': any) of the last command, and
# that a line of stderr matches one pattern, if it is not empty, and none matches the other.
expect()
{
	local title=$1 problem=''
	[[ $rc == "$2" ]] || problem+="expected exit code $2, found $rc"$'\n'
	[[ $3 == '*' ]] || cmp -s -- "$work/stdout" <(printf '%s' "$3") ||
		problem+="expected the output $(printf '%q' "$3")"$'\n'
	[[ -z ${4:-} ]] || grep -aqE -- "$4" "$work/stderr" || problem+="expected stderr to match '$4'"$'\n'
	[[ -z ${5:-} ]] || ! grep -aqE -- "$5" "$work/stderr" || problem+="expected stderr not to match '$5'"$'\n'
	verdict "$title" "${problem%$'\n'}" "$work/stdout" "$work/stderr"
}

# run COMMAND...: set $rc, and write the output to $work/stdout and $work/stderr.
run()
{
	rc=0
	timeout "$run_timeout" "$@" </dev/null >"$work/stdout" 2>"$work/stderr" || rc=$?
}

# wait_for SECONDS COMMAND...: repeat the command until it succeeds or time is up.
wait_for()
{
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < until)) || return 1
		sleep 0.1
	done
}

# --- Time limits and packages -----------------------------------------------------------------------

# library COMMAND: run it in a shell with the scripts' functions and the fake programs.
cat >"$work/library" <<'END'
set -euo pipefail
. "$top/devtools/lib.sh"
. "$top/devtools/apt.sh"
PATH=$work/bin:$PATH
eval "$1"
END
library()
{
	run env top="$top" work="$work" bash "$work/library" "$1"
}

# fake NAME: write the script on stdin to a program that is first on the PATH.
fake()
{
	mkdir -p -- "$work/bin"
	{
		printf '#!/bin/bash\nwork=%q\n' "$work"
		cat
	} >"$work/bin/$1"
	chmod +x -- "$work/bin/$1"
}

test_limits()
{
	library 'limit 1 sleep 1000'
	expect 'a command is stopped at its time limit' 124 '' 'stopped, .* after 1 seconds: sleep 1000'
	library 'limit 100 bash -c "exit 3"'
	expect 'a command that ends in time is not stopped' 3 '' '' 'stopped'
	exec 5>"$work/lock"
	flock 5
	# shellcheck disable=SC2016 # expanded by the inner shell
	library 'exec 6>"$work/lock"; lock 6 "builds QEMU" 1'
	expect 'a lock that is held' 1 '*' 'after 1 seconds it still builds QEMU'
	exec 5>&-
	# shellcheck disable=SC2016
	library 'exec 6>"$work/lock"; lock 6 "builds QEMU" 1'
	expect 'a free lock' 0 '' '' .
}

# Packages are installed with new lists if the present ones do not do, by one script at a time.
test_packages()
{
	local one two rc_one=0 rc_two=0 problem=''
	fake dpkg-query <<'END'
[[ ! -e $work/installed ]] || echo installed
END
	fake apt-get <<'END'
echo "$*" >>"$work/calls"
mkdir "$work/busy" || echo 'two at once' >>"$work/calls"
# Wait for a concurrent call.
for ((i = 0; i < 10; i++)); do
	(($(grep -c . "$work/calls") < 2)) || break
	sleep 0.1
done
rmdir "$work/busy" || true
case $* in
*update*) : >"$work/lists" ;;
*install*) [[ -e $work/lists ]] && : >"$work/installed" ;;
esac
END
	fake sudo <<'END'
[[ $1 != -n ]] || shift
"$@"
END
	mkdir -p -- "$work/cache/log"
	# shellcheck disable=SC2016
	local install='ensure_packages "$work/cache" thing'
	timeout "$run_timeout" env top="$top" work="$work" bash "$work/library" "$install" \
		>"$work/one" 2>&1 &
	one=$!
	timeout "$run_timeout" env top="$top" work="$work" bash "$work/library" "$install" \
		>"$work/two" 2>&1 &
	two=$!
	wait "$one" || rc_one=$?
	wait "$two" || rc_two=$?
	((rc_one == 0 && rc_two == 0)) || problem="expected exit codes 0, found $rc_one and $rc_two"
	! grep -qx 'two at once' "$work/calls" || problem+=' apt-get ran twice at the same time'
	(($(grep -c ' install -y' "$work/calls") == 2)) || problem+=' expected one installation, at the second try'
	verdict 'two scripts that need packages' "$problem" "$work/calls" "$work/one" "$work/two"
}

# sudo may ask for a password if there is a terminal, even if stdin is not one.
test_password()
{
	local as=()
	((EUID != 0)) || as=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	fake sudo <<'END'
echo "sudo $1"
END
	cp -- "$top/devtools/apt.sh" "$work/"
	cat >"$work/ask" <<END
PATH=$work/bin:\$PATH
script_name=ask
limit_told() { :; }
. $work/apt.sh
as_root 5 true </dev/null
END
	chmod -R a+rX -- "$work"
	run setsid -w "${as[@]}" bash "$work/ask"
	expect 'without a terminal sudo does not ask' 0 $'sudo -n\n'
	run script -qec "$(printf '%q ' "${as[@]}" bash "$work/ask")" /dev/null
	expect 'at a terminal it does' 0 $'sudo env\r\n'
}

# --- Fake QEMU --------------------------------------------------------------------------------------

# fake_qemu: run the script on stdin as QEMU. It can call guest to print what guest-init.sh would.
fake_qemu()
{
	{
		cat <<'END'
mark=$(zcat initramfs.gz | grep -aom 1 $'\036sdxi-guest-[0-9a-f]*:')
printf '%s' "${mark%:}" >"$work/mark"
guest() { printf '%s%s\n' "$mark" "$1"; }
guest ready
END
		cat
	} | fake qemu
}

run_fake_qemu()
{
	run env SDXI_QEMU="$work/bin/qemu" "$script" "$@"
}

test_reports()
{
	fake qemu </dev/null
	run_fake_qemu --memory 0900 -- true
	expect 'a number with a leading zero' 2 '' '^Usage: '

	fake_qemu <<'END'
printf 'one\n\n \ttwo\\ \377\r\n%s ready\n\036three' "${mark%:}"
echo 'qemu: vtd_iova_to_slpte: expected' >&2
echo 'qemu: something odd' >&2
guest 'ended 7'
END
	run_fake_qemu -- true
	expect "output and exit code of a command" 7 \
		$'one\n\n \ttwo\\ \377\r\n'"$(<"$work/mark")"$' ready\n\036three' \
		'warning: QEMU said: qemu: something odd$' 'vtd_iova'

	fake_qemu <<'END'
guest 'ended 0'
exit 9
END
	run_fake_qemu -- true
	expect 'QEMU fails after the guest has ended' 1 '' 'powering off: it ended with 9'

	fake_qemu <<'END'
printf 'ok 1 - a\nok 2 - b\nnot ok 3 - c # SKIP\n1..3'
echo
echo 'qemu: something odd' >&2
guest 'ended 0'
END
	run_fake_qemu test
	problem=''
	((rc == 1)) || problem="expected exit code 1, found $rc"
	[[ $(tail -n 1 "$work/stdout") == '2 passed, 1 failed, 1 skipped' ]] ||
		problem+=' expected 2 passed, 1 failed, 1 skipped'
	grep -q 'not ok - QEMU reported: qemu: something odd$' "$work/stdout" ||
		problem+=" expected QEMU's message"
	verdict "guest tests with a message of QEMU" "$problem" "$work/stdout" "$work/stderr"

	fake_qemu <<'END'
echo 'the last words' >console.log
printf 'half a line'
exec sleep 1000
END
	SDXI_QEMU_SILENCE=1 run_fake_qemu -- true
	expect 'a guest that hangs' 1 'half a line' 'running: nothing was heard for 1 seconds'
	problem=''
	grep -q 'the last words' "$work/stderr" || problem='expected the end of the console'
	verdict 'a guest that hangs: its console' "$problem" "$work/stderr"
}

is_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# QEMU ends when its script is killed, and inherits no files of the script.
test_killed()
{
	local problem='' qemu
	rm -f -- "$work/fds" "$work/pid"
	fake_qemu <<'END'
find "/proc/$$/fd" -type l -printf '%f %l\n' >"$work/fds"
echo "$$" >"$work/pid.new"
mv "$work/pid.new" "$work/pid"
exec sleep 1000
END
	SDXI_QEMU=$work/bin/qemu "$script" -- true </dev/null >"$work/stdout" 2>"$work/stderr" &
	started=$!
	wait_for "$run_timeout" test -e "$work/pid" || problem='QEMU did not start'
	kill -KILL "$started"
	wait "$started" 2>/dev/null || true
	started=
	if [[ -z $problem ]]; then
		qemu=$(<"$work/pid")
		wait_for "$exit_timeout" is_gone "$qemu" || {
			problem='QEMU is still running'
			kill -KILL "$qemu"
		}
		! grep -E "/lock$|$work/stdout$" "$work/fds" >"$work/held" ||
			problem+=" QEMU has inherited $(<"$work/held")"
	fi
	verdict 'a script that is killed' "$problem" "$work/stderr"
}

# --- Real QEMU --------------------------------------------------------------------------------------

test_guest()
{
	run "$script" -- bash -c 'ls -d /sys/bus/pci/drivers/vfio-pci/0000:*; printf "no end"; exit 7'
	expect 'a command in a guest' 7 $'/sys/bus/pci/drivers/vfio-pci/0000:00:10.0\nno end'
	# shellcheck disable=SC2016
	run "$script" -- bash -c 'printf before; echo c >/proc/sysrq-trigger; sleep 1000'
	expect 'a guest that panics' 1 'before' 'running: it went down: Kernel panic'
	problem=''
	grep -aqE '^\[ *[0-9]+\.[0-9]+\] ' "$work/stderr" || problem="expected kernel messages"
	verdict 'a guest that panics: its console' "$problem" "$work/stderr"
}

test_shell()
{
	local problem=''
	rc=0
	mkfifo -- "$work/keys"
	timeout "$run_timeout" "$script" shell <"$work/keys" >"$work/stdout" 2>"$work/stderr" &
	started=$!
	exec 5>"$work/keys"
	# shellcheck disable=SC2016
	if wait_for "$run_timeout" grep -aq 'ends with the shell' "$work/stdout"; then
		echo 'echo "the sum is $((40 + 2))"; exit' >&5
	else
		problem='no shell'
	fi
	wait "$started" || rc=$?
	started=
	exec 5>&-
	((rc == 0)) || problem+=" expected exit code 0, found $rc"
	grep -aq '^the sum is 42' "$work/stdout" || problem+=' expected output of the command'
	grep -aq '^ *0000:00:10.0' "$work/stdout" || problem+=' expected the name of the function'
	verdict 'a shell in a guest' "$problem" "$work/stdout" "$work/stderr"
}

for part in "${parts[@]}"; do
	"test_$part"
done
finish || true
totals
