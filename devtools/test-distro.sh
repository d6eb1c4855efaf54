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
Usage: devtools/test-distro.sh SUITE [--ubuntu] [--mirror URL] [--qemu | -- COMMAND...]
       devtools/test-distro.sh --help

Run the two commands of README.md with another release of Debian or Ubuntu: in a chroot made by
debootstrap, as root, in a clone of the current commit. This takes about an hour. The chroot is kept in
the cache for the next run. Needs root.

  SUITE         the release: trixie (Debian 13), bookworm (Debian 12), noble (Ubuntu 24.04), ...
  --ubuntu      SUITE is a release of Ubuntu
  --mirror URL  the package mirror (default: deb.debian.org or archive.ubuntu.com)
  --qemu        run "devtools/run-qemu.sh test" as well
  -- COMMAND    run this command in the clone instead

DPDK_SOURCE is the DPDK source tree to build, by default SUITE's source package. JOBS is passed on.
END
}

bad_usage()
{
	usage >&2
	exit 2
}

suite=
mirror=http://deb.debian.org/debian
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
bootstrap=()
commands=(devtools/run-perf.sh devtools/run-tests.sh)
while (($# > 0)); do
	case $1 in
	--ubuntu)
		mirror=http://archive.ubuntu.com/ubuntu
		keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
		# debootstrap's script for all releases of Ubuntu, including unknown newer ones
		bootstrap=(gutsy)
		;;
	--mirror)
		(($# > 1)) || bad_usage
		mirror=$2
		shift
		;;
	--qemu) commands+=('devtools/run-qemu.sh test') ;;
	--)
		(($# > 1)) || bad_usage
		commands=("$(printf '%q ' "${@:2}")")
		break
		;;
	-h | --help) usage; exit 0 ;;
	-*) bad_usage ;;
	*)
		[[ -z $suite ]] || bad_usage
		suite=$1
		;;
	esac
	shift
done
[[ $suite =~ ^[a-z]+$ ]] || bad_usage
((EUID == 0)) || die 'starting' 'debootstrap and chroot need root' "sudo $0 $suite"
[[ -z ${DPDK_SOURCE:-} || -f $DPDK_SOURCE/VERSION ]] ||
	die 'checking DPDK_SOURCE' "$DPDK_SOURCE is not a DPDK source tree" 'name one, or unset it'

cache=$(cache_dir)
mkdir -p -- "$cache/log"
ensure_packages "$cache" debootstrap git
[[ -f $keyring ]] || die "looking for the keys of $mirror" "there is no $keyring" \
	"install the package that has it (Ubuntu's is ubuntu-keyring)"
root=$cache/distro-$suite
exec 9>"$root.lock"
lock 9 "uses $root"

if [[ ! -e $root/complete ]]; then
	say "making a chroot of $suite"
	rm -rf --one-file-system -- "$root"
	# Its mounts end with the namespace.
	limit "$fetch_limit" unshare --mount debootstrap --variant=minbase --include=ca-certificates,git \
		--components="main${bootstrap:+,universe}" --keyring="$keyring" \
		"$suite" "$root" "$mirror" "${bootstrap[@]}" </dev/null >"$cache/log/distro.log" 2>&1 ||
		die "making a chroot of $suite" debootstrap 'see --mirror and --ubuntu' \
			"$cache/log/distro.log"
	: >"$root/complete"
fi
rm -rf -- "$root/root/sdxi"
git -c safe.directory='*' clone -q -- "$project_root" "$root/root/sdxi"
if [[ -n ${DPDK_SOURCE:-} ]]; then
	mkdir -p -- "$root/root/dpdk"
fi

# All mounts and processes end with the namespaces.
# shellcheck disable=SC2016 # expanded by the inner shell
in_root()
{
	unshare --mount --pid --fork --kill-child bash -c '
		root=$1 source=$2
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" ||
			exit 1
		[[ -z $source ]] || mount --bind -o ro -- "$source" "$root/root/dpdk" || exit 1
		cp --remove-destination -- /etc/resolv.conf "$root/etc/resolv.conf" && cd -- "$root" || exit 1
		exec chroot . env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
			${source:+DPDK_SOURCE=/root/dpdk} ${JOBS:+"JOBS=$JOBS"} \
			bash -c "cd /root/sdxi && $3"
	' bash "$root" "${DPDK_SOURCE:-}" "$1"
}

failed=0
for command in "${commands[@]}"; do
	say "$suite: $command"
	rc=0
	in_root "$command" </dev/null || rc=$?
	say "$suite: $command: exit code $rc"
	((rc == 0)) || failed=$((failed + 1))
done
echo "$((${#commands[@]} - failed)) passed, $failed failed, 0 skipped"
((failed == 0))
