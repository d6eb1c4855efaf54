#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../app/test/tap.sh
. "$project_root/app/test/tap.sh"

usage()
{
	cat <<'END'
Usage: devtools/test-export.sh [--all-commits] [--no-build] [--help]

Try devtools/export-to-dpdk.sh: what it refuses, and the series it makes in a copy of a DPDK source
tree. That has to apply as patches, to pass the tree's own checks, to build into a static dpdk-test,
and to pass dmadev_autotest and dmadev_sdxi_autotest there. The last line is
"N passed, N failed, N skipped".

  --all-commits  also build each commit of the series, and all of DPDK's guides
  --no-build     without building

DPDK_SOURCE names the tree; without it, it is the distribution's source package. DPDK_CHECKPATCH_PATH
names Linux' checkpatch.pl, without which only DPDK's own part of checkpatches.sh is run. The copy and
its build are kept, so that a second run takes less. DPDK_SDXI_CACHE and JOBS are as for
devtools/setup.sh.
END
}

all_commits=false
build=true
while (($# > 0)); do
	case $1 in
	--all-commits) all_commits=true ;;
	--no-build) build=false ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

readonly export_script=$project_root/devtools/export-to-dpdk.sh
readonly driver=drivers/dma/sdxi emulated=drivers/dma/sdxi_emu commits=8

# check WHAT COMMAND...: it has to succeed.
check()
{
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		ok "$what"
	else
		not_ok "$what" '' "$dir/out"
	fi
}

# refused WHAT TREE MESSAGE COMMAND...: it has to fail, saying why, and leave the tree alone.
refused()
{
	local what=$1 tree=$2 message=$3 before
	shift 3
	before=$(state_of "$tree")
	if "$@" >"$dir/out" 2>&1; then
		not_ok "$what is refused: it was not" '' "$dir/out"
	elif ! grep -q -- "$message" "$dir/out"; then
		not_ok "$what is refused: expected \"$message\"" '' "$dir/out"
	elif [[ $before != "$(state_of "$tree")" ]]; then
		not_ok "$what is refused: the tree is not as it was" '' "$dir/out"
	else
		ok "$what is refused"
	fi
}

# All that there is to know of a small tree.
state_of()
{
	(cd -- "$1" && find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
		git rev-parse HEAD 2>&1 || true
		git status --porcelain 2>&1 || true) | sha256sum
}

# is EXPECTED COMMAND...: it succeeds, and what it prints.
is()
{
	local expected=$1 found
	shift
	found=$("$@") || {
		printf 'exit code %d, and so far: %s: %s\n' $? "$found" "$*"
		return 1
	}
	[[ $found == "$expected" ]] || {
		printf 'expected %s, found %s: %s\n' "$expected" "$found" "$*"
		return 1
	}
}

# --- Set-up ---------------------------------------------------------------------------------------

"$project_root/devtools/setup.sh" --export
find_builds
dir=$builds/export
mkdir -p -- "$dir"
tree=$dir/tree
rm -rf -- "$dir/small" "$dir/patches" "$dir/applied"
export GIT_CONFIG_GLOBAL=$dir/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$dir/gitconfig" user.name 'Export Test'
git config --file "$dir/gitconfig" user.email 'export.test@example.org'
git config --file "$dir/gitconfig" safe.directory '*'
git config --file "$dir/gitconfig" advice.detachedHead false
# DPDK's checks are not written for every awk.
mkdir -p -- "$dir/bin"
ln -sf -- "$(command -v gawk)" "$dir/bin/awk"
PATH=$dir/bin:$PATH

source_identity()
{
	if [[ -z ${DPDK_SOURCE:-} ]]; then
		echo package
	else
		realpath -- "$DPDK_SOURCE"
		git -C "$DPDK_SOURCE" rev-parse HEAD 2>/dev/null || stat -c %Y -- "$DPDK_SOURCE"
	fi
}

identity=$(source_identity)
if [[ $identity == "$(cat -- "$dir/identity" 2>/dev/null)" ]]; then
	git -C "$tree" checkout -q -f -B main sdxi-base
	git -C "$tree" clean -q -f -d
else
	rm -rf -- "$tree" "$dir/build" "$dir/identity"
	if [[ -z ${DPDK_SOURCE:-} ]]; then
		"$project_root/devtools/setup.sh" --source "$tree"
	elif git -C "$DPDK_SOURCE" rev-parse HEAD >/dev/null 2>&1; then
		say "copying $DPDK_SOURCE"
		git clone -q --shared -- "$DPDK_SOURCE" "$tree"
	else
		say "copying $DPDK_SOURCE"
		cp -a -- "$DPDK_SOURCE" "$tree"
	fi
	if [[ ! -e $tree/.git ]]; then
		rm -rf -- "$tree/.pc"
		git -C "$tree" init -q
		git -C "$tree" add -f .
		git -C "$tree" commit -q -m base
	fi
	git -C "$tree" checkout -q -B main
	git -C "$tree" tag -f sdxi-base >/dev/null
	printf '%s\n' "$identity" >"$dir/identity"
fi
version=$(<"$tree/VERSION")
say "testing with DPDK $version"

# --- What is refused, and what a second run does, on as little of a tree as there can be -----------

small=$dir/small
mkdir -p -- "$small"
IFS=. read -r year month _ <<<"$version"
(cd -- "$tree" && cp -a --parents -- VERSION MAINTAINERS .mailmap .gitignore drivers/dma/meson.build \
	lib/dmadev usertools/dpdk-devbind.py doc/guides/dmadevs/index.rst app/test/meson.build \
	"doc/guides/rel_notes/release_${year}_$month.rst" "$small")
# not in the clone's repository, which it stands in
export GIT_CEILING_DIRECTORIES=$dir

refused 'a folder that is no tree' "$small" 'no DPDK source tree' "$export_script" "$small/lib"
refused 'a tree without git' "$small" 'no git repository' "$export_script" "$small"
sed -i 's/^DMAdev Drivers$/Drivers/' "$small/MAINTAINERS"
refused 'one whose lists are unknown, with --init' "$small" 'MAINTAINERS of DPDK' \
	"$export_script" --init "$small"
cp -a -- "$tree/MAINTAINERS" "$small"
mkdir -p -- "$small/of mine/meson-private"
touch -- "$small/of mine/meson-private/log"
check 'with --init it is made a repository' "$export_script" --init "$small"
check 'but for build folders' is '?? "of mine/"' git -C "$small" status --porcelain
rm -rf -- "$small/of mine"
check 'it has the series' is $((commits + 1)) git -C "$small" rev-list --count HEAD
check 'nothing is left over' is '' git -C "$small" status --porcelain
refused "somebody else's repository" "$small" 'dubious ownership' \
	env GIT_TEST_ASSUME_DIFFERENT_OWNER=1 GIT_CONFIG_GLOBAL=/dev/null "$export_script" "$small"
series=$(git -C "$small" rev-parse HEAD)
check 'a second run succeeds' "$export_script" "$small"
check 'and changes nothing' is "$series" git -C "$small" rev-parse HEAD
echo '/* changed */' >>"$small/$driver/sdxi_ring.h"
refused 'a tree with changes' "$small" 'not committed' "$export_script" "$small"
git -C "$small" reset -q --hard
# more than a pipe holds, which ends who writes it where the first lines only are read
blob=$(git -C "$small" rev-parse HEAD:VERSION)
for ((i = 0; i < 500; i++)); do
	printf '100644 %s\t%0200d\n' "$blob" "$i"
done | git -C "$small" update-index --index-info
refused 'a tree with many changes' "$small" 'not committed' "$export_script" "$small"
git -C "$small" reset -q --hard

git -C "$small" checkout -q -B part "$series~4"
refused 'a part of the series' "$small" 'another version' "$export_script" "$small"
check 'with --update it is completed' "$export_script" --update "$small"
check 'to the whole' is "$(git -C "$small" rev-parse "$series^{tree}")" \
	git -C "$small" rev-parse 'HEAD^{tree}'
git -C "$small" checkout -q -B unlisted "$series"
sed -i "/'sdxi',/d" "$small/drivers/dma/meson.build"
git -C "$small" commit -q -a -m 'dma/sdxi: take out'
refused 'a driver that is not listed' "$small" '^ *drivers/dma/meson.build$' "$export_script" "$small"

git -C "$small" checkout -q -B changed "$series"
echo '/* changed */' >>"$small/$driver/sdxi_ring.h"
git -C "$small" commit -q -a -m 'dma/sdxi: change'
refused 'a changed driver' "$small" 'another version' "$export_script" "$small"
check 'with --update it is brought up to date' "$export_script" --update "$small"
check 'to what it was' is "$(git -C "$small" rev-parse "$series^{tree}")" \
	git -C "$small" rev-parse 'HEAD^{tree}'
check 'with one commit' is $((commits + 3)) git -C "$small" rev-list --count HEAD

git -C "$small" checkout -q -B known "$series~$commits"
# more than a pipe holds
cat -- "$tree/.mailmap" "$tree/.mailmap" >>"$small/.mailmap"
git -C "$small" commit -q -a -m '.mailmap: grow'
IFS='<>' read -r known address _ <"$small/.mailmap"
check 'a contributor at the top of .mailmap exports' \
	env GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0="${known% }" \
	GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1="$address" "$export_script" "$small"
check 'and is not listed again' is '' git -C "$small" diff --name-only "HEAD~$commits" -- .mailmap
git -C "$small" checkout -q -B foreign "$series~$commits"
mkdir -- "$small/$driver"
echo '/* Copyright(c) 2026 Somebody Else */' >"$small/$driver/sdxi.c"
git -C "$small" add -- "$driver"
git -C "$small" commit -q -m 'dma/sdxi: add another'
refused "somebody else's driver" "$small" "not this project's" "$export_script" --update "$small"
git -C "$small" checkout -q -B old "$series~$commits"
refused 'a user without a name' "$small" 'who you are' \
	env GIT_CONFIG_GLOBAL=/dev/null "$export_script" "$small"
sed -i 's/^DMAdev Drivers$/Drivers/' "$small/MAINTAINERS"
git -C "$small" commit -q -a -m strange
refused 'a tree whose lists are unknown' "$small" 'MAINTAINERS of DPDK' "$export_script" "$small"
echo 21.11.0 >"$small/VERSION"
git -C "$small" commit -q -a -m old
refused 'an old tree' "$small" '22.11 or newer' "$export_script" "$small"

# --- The series -----------------------------------------------------------------------------------

check 'export' "$export_script" "$tree" --patches "$dir/patches"
in_tree()
{
	(cd -- "$tree" && "$@")
}
base=$(git -C "$tree" rev-parse sdxi-base)
check 'commits of the series' is "$commits" git -C "$tree" rev-list --count "$base.."
check 'nothing is left over in the tree' is '' git -C "$tree" status --porcelain

check 'MAINTAINERS names every place' is 6 grep -Ec '^F: .*sdxi' "$tree/MAINTAINERS"
git clone -q --shared --no-checkout -- "$tree" "$dir/applied"
git -C "$dir/applied" sparse-checkout set --cone drivers/dma >/dev/null
git -C "$dir/applied" checkout -q --detach "$base"
check 'patches apply' git -C "$dir/applied" am -q "$dir"/patches/*.patch
check 'to the same tree' is "$(git -C "$tree" rev-parse 'HEAD^{tree}')" \
	git -C "$dir/applied" rev-parse 'HEAD^{tree}'

leftovers()
{
	git -C "$tree" grep -nE 'RTE_VERSION|RTE_COMPONENT_NAME|fs\.|cppcheck' HEAD -- \
		"$driver" "$emulated" app/test/test_dmadev_sdxi.c || (($? == 1))
}
check 'nothing is in it for other builds' is '' leftovers

# Lines of a check that name files of the series, or the one whose series it is.
names_series()
{
	grep -E "(^|[^a-z])(sdxi|dmadevs/index|release_${year}_$month)|Export Test" || true
}

# lines_of MARK COMMAND...: such lines of a check that fails for what other files have, too. That it has run
# is known by a line that MARK matches.
lines_of()
{
	local mark=$1 out
	shift
	out=$("$@" 2>&1) || true
	grep -q -- "$mark" <<<"$out" || {
		printf 'no line "%s" in: %s\n' "$mark" "$out"
		return 1
	}
	names_series <<<"$out"
}

check 'check-git-log.sh' in_tree devtools/check-git-log.sh -r "$base.."
checkpatch=${DPDK_CHECKPATCH_PATH:-}
if [[ ! -x $checkpatch ]]; then
	checkpatch=/bin/true
	skip_case 'checkpatch.pl' 'DPDK_CHECKPATCH_PATH does not name it'
fi
check 'checkpatches.sh: tokens, symbols, tags, release notes' in_tree \
	env DPDK_CHECKPATCH_PATH="$checkpatch" devtools/checkpatches.sh -r "$base.."
check 'check-spdx-tag.sh' is '' in_tree lines_of '^total: .*errors' devtools/check-spdx-tag.sh
check_meson()
{
	local out
	out=$(devtools/check-meson.py -v -d drivers/dma && devtools/check-meson.py -v -d app/test) || return 1
	grep -qx "Processing $driver/meson.build" <<<"$out" || return 1
	grep -qx "Processing $emulated/meson.build" <<<"$out" || return 1
	grep -v -e ': info: ' -e '^Processing ' <<<"$out" || true
}
check 'check-meson.py' is '' in_tree check_meson
check 'check-maintainers.sh' is '' in_tree lines_of '^# wrong patterns' devtools/check-maintainers.sh
check 'check-doc-vs-code.sh' in_tree devtools/check-doc-vs-code.sh "$base"

# devbind SYSTEM: linux or bsd
devbind()
{
	python3 - "$tree/usertools/dpdk-devbind.py" "$1" <<'END'
import importlib.machinery
import importlib.util
import sys

loader = importlib.machinery.SourceFileLoader("devbind", sys.argv[1])
devbind = importlib.util.module_from_spec(importlib.util.spec_from_loader("devbind", loader))
loader.exec_module(devbind)


def device(pci_class):
    if sys.argv[2] == "linux":
        return {"Class": pci_class, "Vendor": "1b36", "Device": "0001", "SVendor": "", "SDevice": ""}
    line = (f"none0@pci0:0:1:0: class=0x{pci_class}00 rev=0x00 hdr=0x00 vendor=0x1b36 device=0x0001"
            " subvendor=0x0000 subdevice=0x0000\n")
    devbind.subprocess.check_output = lambda cmd: line.encode() if cmd[0] == "pciconf" else b""
    devbind.devices_cache = None
    return devbind.init_devices_cache_bsd()[0]


for pci_class, kind in ("1201", "dma"), ("1200", "baseband"), ("0200", "network"):
    found = [k for k in ("dma", "baseband", "network", "crypto")
             if devbind.device_type_match(device(pci_class), getattr(devbind, k + "_devices"))]
    assert found == [kind], (pci_class, found)
END
}
check 'dpdk-devbind.py knows the class' devbind linux
if grep -q '^def init_devices_cache_bsd' "$tree/usertools/dpdk-devbind.py"; then
	check 'dpdk-devbind.py knows the class on FreeBSD' devbind bsd
else
	skip_case 'dpdk-devbind.py knows the class on FreeBSD' "DPDK $version has nothing of its own there"
fi

guide_alone()
{
	rm -rf -- "$dir/guide"
	mkdir -- "$dir/guide"
	cp -r -- "$tree"/doc/guides/dmadevs/{sdxi.rst,sdxi_emu.rst,img} "$dir/guide/"
	printf 'SDXI\n====\n\n.. toctree::\n\n   sdxi\n   sdxi_emu\n' >"$dir/guide/index.rst"
	sphinx-build -q -C -W --keep-going -b html "$dir/guide" "$dir/guide/html"
}
check 'the guide is sound' guide_alone
# in DPDK's tree it is DPDK's build that counts
own_build()
{
	grep -nE 'driver_dir|ninja|devtools/' "$dir"/guide/sdxi*.rst || (($? == 1))
}
check "the guide says nothing of the project's own build" is '' own_build
guides()
{
	local out
	out=$(cd -- "$tree/doc/guides" && sphinx-build -q -j "${JOBS:-2}" -b dummy . "$dir/guide/all" 2>&1) || {
		printf '%s\n' "$out"
		return 1
	}
	names_series <<<"$out"
}
if $all_commits; then
	check "the guide is sound among DPDK's" is '' guides
fi

# --- Builds ---------------------------------------------------------------------------------------

meson_build()
{
	if [[ ! -f $dir/build/build.ninja ]]; then
		rm -rf -- "$dir/build"
		limit "$work_limit" meson setup "$dir/build" "$tree" --buildtype=release -Dwerror=true \
			-Dplatform=generic -Dtests=true -Denable_apps=test \
			-Denable_drivers=dma/sdxi,dma/sdxi_emu,dma/skeleton,bus/vdev,bus/pci,mempool/ring \
			"-Ddisable_libs=$dpdk_unused_libs" </dev/null
	fi
}

# build_tree WHAT: what is checked out there.
build_tree()
{
	local log=$builds/log/export-build.log
	if ! meson_build >"$log" 2>&1 || ! run_ninja "$dir/build" "$log" "building $1"; then
		not_ok "$1 builds" '' "$log"
		return 1
	fi
	ok "$1 builds"
}

if ! $build; then
	totals || exit 1
	exit 0
fi

if $all_commits; then
	number=0
	for commit in $(git -C "$tree" rev-list --reverse "$base..main"); do
		number=$((number + 1))
		git -C "$tree" checkout -q "$commit"
		build_tree "commit $number of $commits" || true
	done
	git -C "$tree" checkout -q main
fi

if build_tree 'the series'; then
	program=$dir/build/app/dpdk-test
	# 22.11 has it where it always was
	[[ -x $program ]] || program=$dir/build/app/test/dpdk-test
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "dmadev_autotest: ${line#ok * - }" ;;
		'not ok '*) not_ok "dmadev_autotest: ${line#not ok * - }" ;;
		'# '*) echo "$line" ;;
		esac
	done < <("$project_root/app/test/run_dmadev_autotest.sh" "$program" - dma_sdxi_emu0 \
		"$builds/log/export-autotest.log")
	autotest()
	{
		DPDK_TEST=dmadev_sdxi_autotest limit "$work_limit" "$program" --no-huge -m 512 --no-pci \
			--no-shconf --no-telemetry --file-prefix="sdxi-export-$$" </dev/null >"$dir/autotest" 2>&1
		tail -n 20 -- "$dir/autotest"
		grep -q '^Test OK' "$dir/autotest"
	}
	check 'dmadev_sdxi_autotest' autotest
	cp -- "$project_root/$driver"/* "$tree/$driver/"
	build_tree "the driver's folder as it is" || true
	git -C "$tree" reset -q --hard
	git -C "$tree" clean -q -f -d
fi

totals
