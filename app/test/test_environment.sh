#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tap.sh"

usage()
{
	cat <<'END'
Usage: test_environment.sh [--suite NAME]... [--help]

Run the scripts of devtools/ in clones with odd paths and with odd environment variables: each works, or
refuses in its first second and says why. All scripts print their help, those that take little time do
their work, and in one clone where everything is odd the benchmark is built and run. DPDK must be in the cache
(devtools/setup.sh). Prints TAP verdicts; the last line is "N passed, N failed, N skipped".

  --suite NAME  only variables, paths or benchmark; may be given several times
END
}

readonly all_suites=(variables paths benchmark)
suites=()
while (($# > 0)); do
	case $1 in
	--suite)
		[[ " ${all_suites[*]} " == *" ${2:-none} "* ]] || { usage >&2; exit 2; }
		suites+=("$2")
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
((${#suites[@]} > 0)) || suites=("${all_suites[@]}")

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly top
work=$(mktemp -d -t sdxi-environment.XXXXXX)
builds=()
cleanup()
{
	chmod -R u+w -- "$work"
	rm -rf -- "$work" "${builds[@]}"
}
trap cleanup EXIT
# shellcheck disable=SC2016 # for the shell that is called
cache=$(bash -c '. "$1/devtools/lib.sh" && cache_dir' bash "$top")
# As a user calls them.
unset SDXI_BUILDS_HELD DPDK_SDXI_PREFIX PKG_CONFIG_PATH LD_LIBRARY_PATH

# make_clone FOLDER: a copy of what Git knows here, changes included, in a repository of its own.
make_clone()
{
	mkdir -p -- "$1"
	git -C "$top" -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
		tar -C "$top" --null --verbatim-files-from --ignore-failed-read -T - -c 2>/dev/null | tar -C "$1" -x
	git -C "$1" init -q
	git -C "$1" add -A
	builds+=("$cache/build-$(printf '%s' "$1" | sha256sum | cut -c 1-12)")
}

# in_clone COMMAND...: in $clone, with the variables $env; leaves $rc and the files out and err.
in_clone()
{
	rc=0
	(cd -- "$clone" && exec env "${env[@]}" "$@") </dev/null >"$work/out" 2>"$work/err" || rc=$?
}

# wants COMMAND...: it must succeed.
wants()
{
	in_clone "$@"
	((rc == 0)) || complain "$* ended with $rc: $(tail -n 3 -- "$work/out" "$work/err" | tr '\n' ' ')"
}

# refuses PATTERN COMMAND...: it must fail before it does anything that takes time, and say why.
refuses()
{
	in_clone timeout 30 "${@:2}"
	((rc != 0 && rc != 124)) || complain "${*:2} ended with $rc, expected it to refuse"
	grep -q -- "$1" "$work/err" || complain "expected the reason '$1', found: $(tail -n 3 -- "$work/err")"
}

# everywhere TITLE: all help texts, and the real work of those that are quick.
everywhere()
{
	local script check
	begin "$1"
	for script in "$clone"/devtools/*.sh "$clone"/app/test/*.sh; do
		script=${script#"$clone/"}
		# The others are sourced, or run in a guest.
		[[ -x $clone/$script && $script != devtools/guest-init.sh ]] || continue
		in_clone "$script" --help
		if [[ $rc != 0 || -s $work/err ]] || ! grep -q "^Usage: .*${script##*/}" "$work/out"; then
			complain "$script --help ended with $rc: $(tail -n 3 -- "$work/err")"
		fi
	done
	wants devtools/setup.sh --env
	# shellcheck disable=SC1091 # written here
	(. "$work/out" && [[ -d ${DPDK_SDXI_PREFIX:-} ]]) || complain 'setup.sh --env names no DPDK'
	wants devtools/check-source.sh --suite width --suite notes --suite guide
	[[ $(tail -n 1 -- "$work/out") == '3 passed, 0 failed, 0 skipped' ]] || complain 'not all checks were run'
	for check in "${@:2}"; do
		wants devtools/"$check"
	done
	end
}

git -C "$work" init -q other
# In this language i is not the small letter of I. Without its sources the locale does not exist, and the
# scripts must work as well.
localedef -i tr_TR -f UTF-8 "$work/tr_TR.UTF-8" >/dev/null 2>&1 || true
# Programs that come first on the PATH: Debian's Python and Meson must be called, but the user's compiler.
mkdir -- "$work/bin"
for program in python3 meson ninja; do
	printf '#!/bin/sh\necho "the wrong %s" >&2\nexit 99\n' "$program" >"$work/bin/$program"
done
printf '#!/bin/sh\necho >>%q\nexec /usr/bin/gcc "$@"\n' "$work/gcc-called" >"$work/bin/gcc"
chmod +x -- "$work/bin"/*

test_variables()
{
	clone=$work/clone
	make_clone "$clone"
	env=(CDPATH="$work:/:.")
	everywhere 'CDPATH'
	env=(GIT_DIR="$work/other/.git" GIT_WORK_TREE="$work/other" GIT_PREFIX=x/
		GIT_INDEX_FILE="$work/other/.git/index")
	everywhere "a hook's GIT_DIR"
	env=(LC_ALL=C)
	everywhere 'LC_ALL=C' build-docs.sh
	env=(LOCPATH="$work" LC_ALL=tr_TR.UTF-8 LANGUAGE=tr)
	everywhere 'LC_ALL=tr_TR.UTF-8' build-docs.sh
	env=()
	umask 077
	everywhere 'a umask of 077'
	umask 022
	env=(-u HOME -u XDG_CACHE_HOME)
	[[ $cache == "$(getent passwd "$EUID" | cut -d: -f6)/.cache/dpdk-sdxi" ]] || env+=(DPDK_SDXI_CACHE="$cache")
	everywhere 'no HOME'
	env=(PATH="$work/bin:$PATH")
	everywhere 'other programs on the PATH'
}

test_paths()
{
	local name script read_only=(env)
	clone=$work/clone
	[[ -d $clone ]] || make_clone "$clone"
	env=()
	# Not even by root.
	begin 'a clone that cannot be written'
	if ((EUID == 0)); then
		# shellcheck disable=SC2016 # for the shell that is called
		read_only=(unshare --mount bash -c 'mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" &&
			cd -- "$PWD" && exec "$@"' bash)
	else
		chmod -R a-w -- "$clone"
	fi
	if "${read_only[@]}" true 2>/dev/null; then
		wants "${read_only[@]}" devtools/check-source.sh --suite width --suite codespell
		wants "${read_only[@]}" devtools/build-docs.sh
		end
	else
		skip_case "$tap_title" 'mounting is not allowed here'
	fi
	((EUID == 0)) || chmod -R u+w -- "$clone"

	for name in 'a space' "a'quote" 'a"double quote' 'a:colon' 'a;semicolon' 'a,comma' 'lettrés' ; do
		clone=$work/$name
		make_clone "$clone"
		everywhere "a path: $name" build-docs.sh
		rm -rf -- "$clone"
	done

	begin 'paths that are refused'
	# shellcheck disable=SC2016 # a name with a dollar
	for name in 'a\backslash' 'a$dollar' 'a*star' $'a\nline end'; do
		clone=$work/$name
		mkdir -p -- "$clone"
		cp -r -- "$top/devtools" "$clone/"
		for script in setup.sh run-perf.sh run-tests.sh check-source.sh; do
			refuses 'checking the path of this clone failed' "devtools/$script"
		done
	done
	clone=$top
	for name in "$work/a cache" "$work/cache:2" cache '/tmp/cache'; do
		env=(DPDK_SDXI_CACHE="$name")
		refuses 'finding a cache folder failed' devtools/setup.sh
	done
	mkdir -p -- "$work/dpdk tree/lib/eal" "$work/a prefix"
	: >"$work/dpdk tree/meson.build"
	env=(DPDK_SOURCE="$work/dpdk tree")
	refuses 'does not build in' devtools/setup.sh --no-packages
	env=(DPDK_PREFIX="$work/a prefix")
	refuses 'cannot quote the path' devtools/setup.sh --no-packages
	end
}

test_benchmark()
{
	begin 'everything is odd: the benchmark'
	clone=$work/"all: 'odd'; \"très\", (100%) & more"
	make_clone "$clone"
	# One size is enough.
	sed -i 's/^buf_size=.*/buf_size=4096/' "$clone/devtools/perf.ini"
	env=(-u HOME -u XDG_CACHE_HOME DPDK_SDXI_CACHE="$cache" CDPATH="$work:/" GIT_DIR="$work/other/.git"
		LOCPATH="$work" LC_ALL=tr_TR.UTF-8 PATH="$work/bin:$PATH")
	umask 077
	rm -f -- "$work/gcc-called"
	wants devtools/run-perf.sh
	grep -q '^run-perf.sh: dma_sdxi_emu0 ' "$work/out" || complain 'there is no result'
	[[ -s $work/gcc-called ]] || complain "the compiler that is first on the user's PATH was not called"
	umask 022
	end

	begin "the same with a build folder of one's own"
	eval "$("$top/devtools/setup.sh" --env)"
	env=(PATH=/usr/bin:/bin)
	in_clone meson setup build
	if ((rc == 0)) || ! grep -q 'has a ":" in its path' "$work/out"; then
		complain "expected Meson to refuse a colon, found: $(tail -n 3 -- "$work/out")"
	fi
	end
}

for suite in "${suites[@]}"; do
	"test_$suite"
done
finish || true
totals
