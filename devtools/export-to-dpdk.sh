#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END'
Usage: devtools/export-to-dpdk.sh TREE [--with-emulation | --devbind] [--patches DIR] [--help]

Add the driver for PCI functions, with guide and what DPDK's lists say of it, to the DPDK source tree
TREE (22.11 or newer), as a series of commits on the branch that is checked out there: one for each
feature, of at most 900 lines. Each of them builds. The commits are yours: author, Signed-off-by,
MAINTAINERS and .mailmap have the name and address that git knows in TREE (user.name, user.email).

  --with-emulation  continue the series with the emulated function, its guide and its test
  --devbind         only have usertools/dpdk-devbind.py know SDXI functions, in one commit. It needs
                    no driver, and is no part of the series
  --patches DIR     also write the commits as patches for "git am" into DIR

A tree that has the driver already, or changes that are not committed, is refused. Nothing of a tree
changes unless all commits could be made.
END
}

tree=
patches=
parts=driver
while (($# > 0)); do
	case $1 in
	--with-emulation) parts=driver,emulation ;;
	--devbind) parts=devbind ;;
	--patches)
		(($# > 1)) || { usage >&2; exit 2; }
		patches=$2
		shift
		;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*)
		[[ -z $tree ]] || { usage >&2; exit 2; }
		tree=$1
		;;
	esac
	shift
done
[[ -n $tree ]] || { usage >&2; exit 2; }

# --- The tree -------------------------------------------------------------------------------------

[[ -f $tree/VERSION && -f $tree/drivers/dma/meson.build && -d $tree/lib/dmadev ]] ||
	die 'looking at the tree' "$tree is no DPDK source tree with dmadev" \
		'name the top folder of one, 22.11 or newer'
tree=$(realpath -- "$tree")
version=$(<"$tree/VERSION")
[[ $version =~ ^([0-9]{2})\.([0-9]{2})\.[0-9]+(-rc[0-9]+)?$ ]] ||
	die 'looking at the tree' "expected a version like 22.11.0 in $tree/VERSION, found '$version'"
((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]} >= 2211)) ||
	die 'looking at the tree' "expected DPDK 22.11 or newer in $tree, found $version" 'use a newer tree'

# A hook that calls this has its own repository in the environment.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
in_tree()
{
	git -C "$tree" "$@"
}

command -v git >/dev/null || die 'looking for git' 'it is not there' 'install the package git'
top=$(in_tree rev-parse --show-toplevel 2>&1) || [[ ! -e $tree/.git ]] ||
	die 'looking at the tree' "git does not take $tree/.git:"$'\n'"$top" \
		"do what git says; if it is another user's whom you trust:
         git config --global --add safe.directory '$tree'"
[[ $top == "$tree" ]] || die 'looking at the tree' "$tree is no git repository of its own" \
	"name a clone of DPDK; or, for an unpacked archive:
         git -C '$tree' init && git -C '$tree' add -f . && git -C '$tree' commit -m DPDK"
name=$(in_tree config user.name || true)
email=$(in_tree config user.email || true)
[[ -n $name && $email == *@* ]] ||
	die 'asking git who you are' "expected user.name and user.email, found '$name' and '$email'" \
		'git config --global user.name "Your Name"; git config --global user.email you@example.org'
base=$(in_tree rev-parse --verify -q 'HEAD^{commit}') ||
	die 'looking at the tree' "the branch that is checked out in $tree has no commit" 'check one out'
changed=$(in_tree status --porcelain --untracked-files=no | sed -n 1,5p)
[[ -z $changed ]] ||
	die 'looking at the tree' "$tree has changes that are not committed:"$'\n'"$changed" \
		'commit or stash them'
if [[ $parts == devbind ]]; then
	! in_tree grep -q '^sdxi_class' HEAD -- usertools/dpdk-devbind.py ||
		die 'looking at the tree' 'dpdk-devbind.py knows SDXI functions already'
else
	[[ -z $(in_tree ls-tree HEAD -- drivers/dma/sdxi) ]] ||
		die 'looking at the tree' "$tree has the driver already" \
			'check out a branch without it, and export to that'
fi

# --- Commits --------------------------------------------------------------------------------------

work=$(mktemp -d -t sdxi-export.XXXXXX)
trap 'rm -rf -- "$work"' EXIT
say "making commits for DPDK $version in $tree"
python3 -- "$project_root/devtools/export_series.py" "$tree" "$parts" "$work" "$name" "$email" ||
	die 'making the series' "see above; the tree is unchanged"

# Commits are made beside the tree, which has them in one go, or none of them.
export GIT_INDEX_FILE=$work/index
export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email
in_tree read-tree HEAD
last=$base
for patch in "$work"/[0-9]*; do
	(cd -- "$patch/tree" && find . -type f -printf '%P\0') >"$work/files"
	while IFS= read -r -d '' file; do
		mode=$(in_tree ls-files -s -- "$file" | cut -c 1-6)
		blob=$(in_tree hash-object -w --no-filters -- "$patch/tree/$file")
		in_tree update-index --add --cacheinfo "${mode:-100644},$blob,$file"
	done <"$work/files"
	last=$(in_tree commit-tree "$(in_tree write-tree)" -p "$last" -F "$patch/message")
	read -r added _ _ < <(in_tree diff --numstat "$last~" "$last" | awk '{ n += $1 } END { print n }')
	printf '%7d lines  %s\n' "$added" "$(sed -n 1p "$patch/message")"
	((added <= 900)) || die 'making the series' "the patch above has more than 900 lines" \
		'cut it in devtools/export-series.txt; the tree is unchanged'
done
unset GIT_INDEX_FILE
in_tree merge -q --ff-only "$last" >"$work/error" 2>&1 ||
	die 'updating the tree' "git merge --ff-only: $(<"$work/error")" \
		'move what is in the way; the tree is unchanged'
say "done: $(in_tree rev-list --count "$base..") commits on $(in_tree rev-parse --abbrev-ref HEAD)"

if [[ -n $patches ]]; then
	mkdir -p -- "$patches"
	patches=$(realpath -- "$patches")
	[[ -z $(find "$patches" -maxdepth 1 -name '*.patch' -print -quit) ]] ||
		die 'writing patches' "there are patches in $patches already; the commits are in $tree" \
			'remove them, or name another folder'
	in_tree -c format.coverLetter=false format-patch -q -o "$patches" "$base.."
	say "done: patches in $patches"
fi
