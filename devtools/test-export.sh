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
Usage: devtools/test-export.sh [--each-patch | --no-build] [--help]

Try devtools/export-to-dpdk.sh: what it refuses, and the series it makes in a copy of a DPDK source
tree. That has to apply as patches, to pass the tree's own checks, to build into a static dpdk-test,
and to pass dmadev_autotest and dmadev_sdxi_autotest there. The last line is
"N passed, N failed, N skipped".

  --each-patch  also build each patch of the series and run it, where it has no emulated function yet
                with the final one beside it; and build all of DPDK's guides
  --no-build    without building

DPDK_SOURCE names the tree; without it, it is the distribution's source package. DPDK_CHECKPATCH_PATH
names Linux' checkpatch.pl, without which only DPDK's own part of checkpatches.sh is run. The copy and
its build are kept, so that a second run takes less. DPDK_SDXI_CACHE and JOBS are as for
devtools/setup.sh.
END
}

each_patch=false
build=true
while (($# > 0)); do
	case $1 in
	--each-patch) each_patch=true ;;
	--no-build) build=false ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

readonly export_script=$project_root/devtools/export-to-dpdk.sh
readonly driver=drivers/dma/sdxi emulated=drivers/dma/sdxi_emu

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

# refused WHAT MESSAGE COMMAND...: it has to fail, saying why, and leave the small tree alone.
refused()
{
	local what=$1 message=$2 before
	shift 2
	before=$(state)
	if "$@" >"$dir/out" 2>&1; then
		not_ok "$what is refused: it was not" '' "$dir/out"
	elif ! grep -q -- "$message" "$dir/out"; then
		not_ok "$what is refused: expected \"$message\"" '' "$dir/out"
	elif [[ $before != "$(state)" ]]; then
		not_ok "$what is refused: the tree is not as it was" '' "$dir/out"
	else
		ok "$what is refused"
	fi
}

state()
{
	git -C "$small" rev-parse HEAD 2>/dev/null || true
	(cd -- "$small" && find . -path ./.git -prune -o -type f -exec sha256sum {} +) | sort
}

# is EXPECTED COMMAND...: it succeeds, and what it prints.
is()
{
	local expected=$1 found
	shift
	found=$("$@") || { echo "it failed: $*"; return 1; }
	[[ $found == "$expected" ]] || { echo "expected '$expected', found '$found': $*"; return 1; }
}

# --- Set-up ---------------------------------------------------------------------------------------

# the tree is built here, so not for the cache
env -u DPDK_SOURCE "$project_root/devtools/setup.sh" --export
find_builds
dir=$builds/export
mkdir -p -- "$dir/bin"
tree=$dir/tree
small=$dir/small
rm -rf -- "$small" "$dir/patches" "$dir/applied" "$dir/project" "$dir/final"
export GIT_CONFIG_GLOBAL=$dir/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$dir/gitconfig" user.name 'Export Test'
git config --file "$dir/gitconfig" user.email 'export.test@example.org'
git config --file "$dir/gitconfig" safe.directory '*'
git config --file "$dir/gitconfig" advice.detachedHead false
# DPDK's checks are not written for every awk.
ln -sf -- "$(command -v gawk)" "$dir/bin/awk"
PATH=$dir/bin:$PATH

if [[ -n ${DPDK_SOURCE:-} ]]; then
	identity=$(realpath -- "$DPDK_SOURCE")
	identity+=$(git -C "$DPDK_SOURCE" rev-parse HEAD 2>/dev/null || stat -c ' %Y' -- "$DPDK_SOURCE")
else
	identity=package
fi
if [[ $identity == "$(cat -- "$dir/identity" 2>/dev/null)" ]]; then
	git -C "$tree" checkout -q -f -B main sdxi-base
	git -C "$tree" clean -q -f -d
else
	rm -rf -- "$tree" "$dir/build" "$dir/identity"
	if [[ $identity == package ]]; then
		"$project_root/devtools/setup.sh" --source "$tree"
	elif git -C "$DPDK_SOURCE" rev-parse HEAD >/dev/null 2>&1; then
		git clone -q --shared -- "$DPDK_SOURCE" "$tree"
	else
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

# --- What is refused, on as little of a tree as there can be ---------------------------------------

mkdir -p -- "$small"
IFS=. read -r year month _ <<<"$version"
(cd -- "$tree" && cp -a --parents -- VERSION MAINTAINERS .mailmap .gitignore drivers/dma/meson.build \
	lib/dmadev usertools/dpdk-devbind.py doc/guides/dmadevs/index.rst app/test/meson.build \
	"doc/guides/rel_notes/release_${year}_$month.rst" "$small")
# not in the clone's repository, which it stands in
export GIT_CEILING_DIRECTORIES=$dir

commit_small()
{
	git -C "$small" add -f .
	git -C "$small" commit -q -m "$1"
}

refused 'a folder that is no tree' 'no DPDK source tree' "$export_script" "$small/lib"
refused 'a tree without git' "git -C '$small' init" "$export_script" "$small"
git -C "$small" init -q
commit_small base
refused "somebody else's repository" 'dubious ownership' \
	env GIT_TEST_ASSUME_DIFFERENT_OWNER=1 GIT_CONFIG_GLOBAL=/dev/null "$export_script" "$small"
refused 'a user without a name' 'who you are' env GIT_CONFIG_GLOBAL=/dev/null "$export_script" "$small"
echo >>"$small/MAINTAINERS"
refused 'a tree with changes' 'not committed' "$export_script" "$small"
sed -i 's/^DMAdev Drivers$/Drivers/' "$small/MAINTAINERS"
commit_small strange
refused 'a tree whose lists are unknown' 'MAINTAINERS of this DPDK' "$export_script" "$small"
git -C "$small" reset -q --hard HEAD~
mkdir -- "$dir/project"
(cd -- "$project_root" && cp -a --parents -- devtools/{lib.sh,export*} drivers emu doc/guides/dmadevs \
	app/test/test_dmadev_sdxi.c "$dir/project")
sed -i 's/^	\.dev_dump = sdxi_dump,/	.dev_dump = sdxi_print,/' "$dir/project/$driver/sdxi_dmadev.c"
refused 'a source that the series does not fit' 'export-series.txt:[0-9]*: expected this once in' \
	"$dir/project/devtools/export-to-dpdk.sh" "$small"
check 'one from a hook, with patches' env GIT_DIR=/nowhere \
	"$export_script" "$small" --patches "$dir/patches"
refused 'a tree that has the driver' 'has the driver already' "$export_script" "$small"
echo 21.11.0 >"$small/VERSION"
commit_small old
refused 'an old tree' '22.11 or newer' "$export_script" "$small"

# --- The series -----------------------------------------------------------------------------------

in_tree()
{
	(cd -- "$tree" && "$@")
}

base=$(git -C "$tree" rev-parse sdxi-base)
git clone -q --shared --no-checkout -- "$tree" "$dir/applied"
git -C "$dir/applied" sparse-checkout set --cone drivers/dma >/dev/null
git -C "$dir/applied" checkout -q --detach "$base"
check 'patches of the driver apply' git -C "$dir/applied" am -q "$dir"/patches/*.patch
first_part=$(find "$dir/patches" -name '*.patch' | wc -l)
check 'export with the emulated function' "$export_script" "$tree" --with-emulation
check 'which begins as without it' is "$(git -C "$dir/applied" rev-parse 'HEAD^{tree}')" \
	git -C "$tree" rev-parse "$(git -C "$tree" rev-list --reverse "$base.." | sed -n "${first_part}p")^{tree}"
check 'nothing is left over in the tree' is '' git -C "$tree" status --porcelain

# Of a file, only what is for other versions and builds may be missing.
final_files()
{
	local file
	cd -- "$project_root"
	for file in "$driver"/* emu/*.[ch] emu/dpdk/*.[ch] app/test/test_dmadev_sdxi.c doc/guides/dmadevs/img/*; do
		local there=$tree/$file
		[[ $file != emu/* ]] || there=$tree/$emulated/${file##*/}
		if [[ $file == */version.map && ! -e $there ]] || cmp -s -- "$file" "$there"; then
			continue
		elif ! grep -qE 'RTE_VERSION|RTE_COMPONENT_NAME|RTE_EXPORT_' "$file" ||
			diff -- "$file" "$there" | grep '^>'; then
			echo "$file differs"
		fi
	done
}
check 'it ends with the final files' is '' final_files
leftovers()
{
	git -C "$tree" grep -nE 'RTE_VERSION|RTE_COMPONENT_NAME|fs\.|standalone|conformance' HEAD -- \
		"$driver" "$emulated" app/test/test_dmadev_sdxi.c 'doc/guides/dmadevs/sdxi*' || (($? == 1))
}
check 'nothing is in it for other builds' is '' leftovers
check 'MAINTAINERS names every place' is 6 grep -Ec '^F: .*sdxi' "$tree/MAINTAINERS"

# Lines of a check that name files of the series, or the one whose series it is.
names_series()
{
	grep -E "(^|[^a-z])(sdxi|dmadevs/index|release_${year}_$month)|Export Test" | LC_ALL=C sort || true
}

# lines_of MARK COMMAND...: such lines of a check that fails for what other files have, too. That it has
# run is known by a line that MARK matches.
lines_of()
{
	local mark=$1 out
	shift
	out=$("$@" 2>&1) || true
	grep -q -- "$mark" <<<"$out" || { printf 'no line "%s" in: %s\n' "$mark" "$out"; return 1; }
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
	devtools/check-meson.py -v -d drivers/dma && devtools/check-meson.py -v -d app/test
}
check 'check-meson.py' is "Processing $driver/meson.build
Processing $emulated/meson.build" in_tree lines_of '^Processing' check_meson
check 'check-maintainers.sh' is '' in_tree lines_of '^# wrong patterns' devtools/check-maintainers.sh
check 'check-doc-vs-code.sh' in_tree devtools/check-doc-vs-code.sh "$base"

guide_alone()
{
	rm -rf -- "$dir/guide"
	mkdir -- "$dir/guide"
	cp -r -- "$tree"/doc/guides/dmadevs/{sdxi.rst,sdxi_emu.rst,img} "$dir/guide/"
	printf 'SDXI\n====\n\n.. toctree::\n\n   sdxi\n   sdxi_emu\n' >"$dir/guide/index.rst"
	sphinx-build -q -C -W --keep-going -b html "$dir/guide" "$dir/guide/html"
}
check 'the guide is sound' guide_alone
all_guides()
{
	(cd -- "$tree/doc/guides" &&
		lines_of '^build succeeded\|^build finished' sphinx-build -j "${JOBS:-2}" -b dummy . "$dir/guide/all")
}
! $each_patch || check "the guide is sound among DPDK's" is '' all_guides

# --- dpdk-devbind.py, outside of the series --------------------------------------------------------

git -C "$tree" checkout -q -B devbind "$base"
check 'export of dpdk-devbind.py' "$export_script" "$tree" --devbind
check 'its check-git-log.sh' in_tree devtools/check-git-log.sh -r "$base.."
devbind()
{
	python3 - "$tree/usertools/dpdk-devbind.py" <<'END'
import importlib.machinery
import importlib.util
import sys

loader = importlib.machinery.SourceFileLoader("devbind", sys.argv[1])
devbind = importlib.util.module_from_spec(importlib.util.spec_from_loader("devbind", loader))
loader.exec_module(devbind)


def devices(pci_class):
    yield {"Class": pci_class, "Vendor": "1b36", "Device": "0001", "SVendor": "", "SDevice": ""}
    if not hasattr(devbind, "init_devices_cache_bsd"):
        return
    line = (f"none0@pci0:0:1:0: class=0x{pci_class}00 rev=0x00 hdr=0x00 vendor=0x1b36 device=0x0001"
            " subvendor=0x0000 subdevice=0x0000\n")
    devbind.subprocess.check_output = lambda cmd: line.encode() if cmd[0] == "pciconf" else b""
    devbind.devices_cache = None
    yield devbind.init_devices_cache_bsd()[0]


for pci_class, kind in ("1201", "dma"), ("1200", "baseband"), ("0200", "network"):
    for device in devices(pci_class):
        found = [k for k in ("dma", "baseband", "network", "crypto")
                 if devbind.device_type_match(device, getattr(devbind, k + "_devices"))]
        assert found == [kind], (pci_class, found)
END
}
check 'dpdk-devbind.py knows the class' devbind
git -C "$tree" checkout -q main

# --- Builds ---------------------------------------------------------------------------------------

if ! $build; then
	totals || exit 1
	exit 0
fi

meson_build()
{
	[[ ! -f $dir/build/build.ninja ]] || return 0
	rm -rf -- "$dir/build"
	limit "$work_limit" meson setup "$dir/build" "$tree" --buildtype=release -Dwerror=true \
		-Dplatform=generic -Dtests=true -Denable_apps=test \
		-Denable_drivers=dma/sdxi,dma/sdxi_emu,dma/skeleton,bus/vdev,bus/pci,mempool/ring \
		"-Ddisable_libs=$dpdk_unused_libs" </dev/null
}

# build_tree WHAT: what is checked out there.
build_tree()
{
	local log=$builds/log/export-build.log
	# DPDK 25.11 expects that every device refuses silent mode, which its own does.
	sed -i '/Check enable silent mode \*\/$/,/Expected -EINVAL/d' "$tree/app/test/test_dmadev_api.c"
	if ! meson_build >"$log" 2>&1 || ! run_ninja "$dir/build" "$log" "building $1"; then
		not_ok "$1 builds" '' "$log"
		return 1
	fi
	ok "$1 builds"
	program=$dir/build/app/dpdk-test
	# 22.11 has it where it always was
	[[ -x $program ]] || program=$dir/build/app/test/dpdk-test
}

# run_test TEST [EAL OPTIONS...]
run_test()
{
	local rc=0
	DPDK_TEST=$1 limit "$work_limit" "$program" --no-huge -m 512 --no-pci --no-shconf --no-telemetry \
		--file-prefix="sdxi-export-$$" "${@:2}" </dev/null >"$dir/run" 2>&1 || rc=$?
	tail -n 20 -- "$dir/run"
	! grep -q 'probe failed\|cannot be created\|Cannot plug' "$dir/run" && return "$rc"
}

# The driver of an earlier patch has no device of its own: put the final function beside it, with the
# headers that it was written for.
put_function()
{
	local header
	(cd -- "$tree" && git checkout -q main -- "$emulated" && git reset -q)
	for header in hw compat bus; do
		git -C "$tree" show "main:$driver/sdxi_$header.h" >"$tree/$emulated/sdxi_$header.h"
	done
	cat >"$tree/$emulated/later.c" <<'END'
/* What comes with later patches, or is not exported yet. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wold-style-definition"
__attribute__((weak)) int sdxi_args_parse(void) { return -2; }
__attribute__((weak)) int sdxi_dmadev_attach(void) { return -19; }
__attribute__((weak)) int sdxi_dmadev_create(void) { return -19; }
__attribute__((weak)) int sdxi_dmadev_destroy(void) { return -19; }
END
	sed -i "s/^sources = files($/&'later.c',/" "$tree/$emulated/meson.build"
	sed -i "s/^ *'sdxi',$/&\n        'sdxi_emu',/" "$tree/drivers/dma/meson.build"
}

if $each_patch; then
	for commit in $(git -C "$tree" rev-list --reverse "$base..main"); do
		subject=$(git -C "$tree" log -1 --format=%s "$commit")
		git -C "$tree" checkout -q -f "$commit"
		git -C "$tree" clean -q -f -d
		[[ -e $tree/$emulated ]] || put_function
		build_tree "\"$subject\"" || continue
		check "\"$subject\" probes" run_test version_autotest --vdev=dma_sdxi_emu0
		# Part of a function copies nothing yet.
		[[ ! -f $tree/$driver/sdxi_datapath.c || ! -f $tree/$emulated/sdxi_emu_op.c ]] ||
			! grep -q 'DMAB_COPY, COPY' "$tree/$emulated/sdxi_emu_op.c" ||
			check "\"$subject\" passes dmadev_autotest" run_test dmadev_autotest --vdev=dma_sdxi_emu0
	done
	git -C "$tree" checkout -q -f main
	git -C "$tree" clean -q -f -d
fi

if build_tree 'the series'; then
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "dmadev_autotest: ${line#ok * - }" ;;
		'not ok '*) not_ok "dmadev_autotest: ${line#not ok * - }" ;;
		'# '*) echo "$line" ;;
		esac
	done < <("$project_root/app/test/run_dmadev_autotest.sh" "$program" - dma_sdxi_emu0 \
		"$builds/log/export-autotest.log")
	check 'dmadev_sdxi_autotest' run_test dmadev_sdxi_autotest
fi

totals
