#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

# shellcheck disable=SC2016 # programs of awk, and text of the guide
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage()
{
	cat <<'END_OF_USAGE'
Usage: devtools/export-to-dpdk.sh TREE [--patches DIR] [--init] [--update] [--help]

Add the driver, the emulated function, a test, the guide, and what DPDK's lists say of them to the DPDK
source tree TREE (22.11 or newer), as a series of commits on the branch that is checked out there. Each
of them builds. The commits are yours: author, Signed-off-by, MAINTAINERS and .mailmap have the name and
address that git knows in TREE (user.name, user.email).

  --patches DIR  also write the series as patches for "git am" into DIR
  --init         TREE is no git repository (an unpacked archive, say): make it one first, with one
                 commit of all that is there but build folders
  --update       TREE has an older or changed version of the driver: add one commit that brings it to
                 this one. Without this option such a tree is refused

A tree with changes that are not committed is refused. One that has this version already is left as it
is. Nothing of a tree changes unless all commits could be made.
END_OF_USAGE
}

tree=
patches=
init=false
update=false
while (($# > 0)); do
	case $1 in
	--patches)
		(($# > 1)) || { usage >&2; exit 2; }
		patches=$2
		shift
		;;
	--init) init=true ;;
	--update) update=true ;;
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
[[ $version =~ ^([0-9]{2})\.([0-9]{2})\.([0-9]+)(-rc[0-9]+)?$ ]] ||
	die 'looking at the tree' "expected a version like 22.11.0 in $tree/VERSION, found '$version'"
year=${BASH_REMATCH[1]} month=${BASH_REMATCH[2]}
tree_version=$((10#$year * 100 + 10#$month))
((tree_version >= 2211)) ||
	die 'looking at the tree' "expected DPDK 22.11 or newer in $tree, found $version" 'use a newer tree'

in_tree()
{
	git -C "$tree" "$@"
}

command -v git >/dev/null || die 'looking for git' 'it is not there' 'install the package git'
if ! top=$(in_tree rev-parse --show-toplevel 2>&1); then
	[[ ! -e $tree/.git ]] ||
		die 'looking at the tree' "git does not take $tree/.git:"$'\n'"$top" \
			"mend what git says; if it is another user's whom you trust:
         git config --global --add safe.directory '$tree'"
	top=
fi
if [[ $top != "$tree" ]] && ! $init; then
	die 'looking at the tree' "$tree is no git repository${top:+ of its own (it is in that of $top)}" \
		'give --init to make it one, or name a clone of DPDK'
fi
name=$(in_tree config user.name || true)
email=$(in_tree config user.email || true)
[[ -n $name && $email == *@* ]] ||
	die 'asking git who you are' "expected user.name and user.email, found '$name' and '$email'" \
		'git config --global user.name "Your Name"; git config --global user.email you@example.org'
export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email

work=
made_repository=false
clean_up()
{
	[[ -z $work ]] || rm -rf -- "$work"
	! $made_repository || rm -rf -- "$tree/.git"
}
trap clean_up EXIT

if [[ $top != "$tree" ]]; then
	say "making $tree a git repository"
	made_repository=true
	in_tree init -q
	excluded=(':(exclude).pc')
	# build folders, whatever their names
	while IFS= read -r -d '' folder; do
		[[ $folder != */* ]] || excluded+=(":(exclude,literal)${folder%/*}")
	done < <(find "$tree" -type d -name meson-private -printf '%P\0' -prune)
	# DPDK's own list of ignored files has those that begin with a dot, of which some are part of it.
	{
		in_tree ls-files -z --others --exclude-standard -- . "${excluded[@]}"
		in_tree ls-files -z --others -- . "${excluded[@]}" | sed -zn '/^\./p; /\/\./p'
	} | xargs -0r git -C "$tree" --literal-pathspecs add -f --
	in_tree -c commit.gpgsign=false commit -q --no-verify -m "DPDK $version"
fi
base=$(in_tree rev-parse --verify -q 'HEAD^{commit}') ||
	die 'looking at the tree' "the branch that is checked out in $tree has no commit" 'check one out'
gitdir=$(in_tree rev-parse --absolute-git-dir)
for state in rebase-merge rebase-apply MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD; do
	[[ ! -e $gitdir/$state ]] ||
		die 'looking at the tree' "$tree is in the middle of something ($state)" 'end that first'
done
changed=$(in_tree status --porcelain --untracked-files=no | sed -n 1,5p)
[[ -z $changed ]] ||
	die 'looking at the tree' "$tree has changes that are not committed:"$'\n'"$changed" \
		'commit or stash them'

work=$(mktemp -d -t sdxi-export.XXXXXX)
mkdir "$work/tree"
export GIT_INDEX_FILE=$work/index
# Commits are made beside the tree, which has them all at once, or none of them.
beside()
{
	git --git-dir="$gitdir" --work-tree="$work/tree" "$@"
}
beside read-tree HEAD

# --- What a DPDK tree has of the project's files ---------------------------------------------------

readonly driver=drivers/dma/sdxi emulated=drivers/dma/sdxi_emu
readonly guides='doc/guides/dmadevs/sdxi.rst doc/guides/dmadevs/sdxi_emu.rst'
readonly images=doc/guides/dmadevs/img test=app/test/test_dmadev_sdxi.c
# The files of each commit, in the order of the commits, and what these do besides.
readonly part_definitions='sdxi_bus.h sdxi_compat.h sdxi_hw.h sdxi_internal.h sdxi_ring.h'
readonly part_function=sdxi_device.c part_datapath=sdxi_datapath.c part_errors=sdxi_error.c
readonly part_dmadev='sdxi_dmadev.c sdxi_pci.c'

# Leave out of a C file on stdin what is for other versions than the tree's, and for other builds than
# DPDK's: the branches of "#if RTE_VERSION >= RTE_VERSION_NUM(...)" and "#ifdef RTE_COMPONENT_NAME". What
# is exported stands in sources since 25.07.
resolve()
{
	awk -v tree="$tree_version" '
		function begin(chosen) {
			depth++
			decided[depth] = chosen
			outer[depth] = dropping
			if (chosen == 0)
				dropping = 1
		}
		/^RTE_EXPORT_/ && tree < 2507 { next }
		/^#[ \t]*if/ {
			# What stands for it elsewhere is not needed where it is not used.
			if ($0 == "#if __has_include(<eal_export.h>)") {
				if (tree >= 2507)
					print "#include <eal_export.h>"
				begin(0)
				decided[depth] = 1
				next
			}
			if ($0 == "#ifdef RTE_COMPONENT_NAME") {
				begin(1)
				next
			}
			if ($0 ~ /^#if RTE_VERSION /) {
				if ($0 !~ /^#if RTE_VERSION >= RTE_VERSION_NUM\([0-9]+, [0-9]+, 0, 0\)$/)
					exit 1
				split($0, part, /[(,)]/)
				begin(tree >= part[2] * 100 + part[3])
				next
			}
			begin(2)
		}
		/^#[ \t]*(else|elif|endif)/ && decided[depth] != 2 {
			if ($0 == "#else")
				dropping = outer[depth] || decided[depth]
			else if ($0 == "#endif")
				dropping = outer[depth--]
			else
				exit 1
			next
		}
		!dropping { print }
		/^#[ \t]*endif/ { depth-- }
		END { exit depth != 0 }
	'
}

# Leave out of a guide on stdin what is of the project and not of DPDK.
trim_guide()
{
	awk '
		/^\.\. standalone: begin$/ { dropping = 1; next }
		/^\.\. standalone: end$/ { dropping = 0; gap = 1; next }
		dropping { next }
		# The blank lines on both sides of what is left out are one too many, at the end two.
		/^$/ { if (!gap) blank = 1; next }
		{ if (blank) print ""; blank = gap = 0; print }
		END { exit dropping }
	'
}

# put FILE SOURCE [FILTER]: a file of the project's, in the work folder.
put()
{
	local file=$work/tree/$1 source=$project_root/$2
	mkdir -p -- "$(dirname -- "$file")"
	"${3:-cat}" <"$source" >"$file" || die 'exporting' "$source could not be read or understood"
}

put_part()
{
	local file filter
	for file in $1; do
		filter='cat'
		[[ $file != sdxi_compat.h && $file != sdxi_dmadev.c ]] || filter=resolve
		put "$driver/$file" "$driver/$file" "$filter"
	done
}

# How it is built, and what it exports to the emulated function.
put_build()
{
	put "$driver/meson.build" "$driver/meson.build"
	((tree_version >= 2507)) || put "$driver/version.map" "$driver/version.map"
}

# The virtual device's meson.build on stdin with the sources of the function itself.
add_function()
{
	awk -v own="$(sed -n "s/^ *\('[a-z_]*\.c',\)\$/        \1/p" "$project_root/emu/meson.build")" '
		/^# In the form of a driver/ { next }
		{ print }
		/^sources = files\($/ { print own }
	'
}

put_emulated()
{
	local source filter
	for source in "$project_root"/emu/{,dpdk/}*.[ch]; do
		filter='cat'
		[[ ${source##*/} != sdxi_emu_priv.h ]] || filter=resolve
		put "$emulated/${source##*/}" "${source#"$project_root/"}" "$filter"
	done
	put "$emulated/meson.build" emu/dpdk/meson.build add_function
}

put_guide()
{
	local guide image
	for guide in $guides; do
		put "$guide" "$guide" trim_guide
	done
	for image in "$project_root/$images"/sdxi_*.svg; do
		put "$images/${image##*/}" "$images/${image##*/}"
	done
}

# --- What DPDK's lists say -------------------------------------------------------------------------

# edit FILE PROGRAM [VARIABLES...]: have awk change a file of the tree's, which it says to have done.
edit()
{
	local file=$1 program=$2
	shift 2
	# what an earlier change has left there, or the tree's
	[[ -e $work/tree/$file ]] || beside checkout-index -- "$file"
	awk "$@" "$program"'
		END { exit !done }
	' "$work/tree/$file" >"$work/edited" ||
		die 'exporting' "$file of DPDK $version is not as it is expected to be" \
			'tell the project of this version'
	# in place, as that keeps the mode
	cat -- "$work/edited" >"$work/tree/$file"
}

# has_line FILE LINE: an earlier export, or its user, has done what it stands for.
has_line()
{
	[[ -e $work/tree/$1 ]] || beside checkout-index -- "$1"
	grep -Fqx -- "$2" "$work/tree/$1"
}

# Add a line to a sorted list: before the first entry that is behind it, or behind the last one.
readonly insert_sorted='
	$0 ~ entry && !done {
		inside = 1
		if ($0 > line) {
			print line
			done = 1
		}
	}
	inside && $0 !~ entry && !done {
		print line
		done = 1
	}
	{ print }
'

# list_driver NAME
list_driver()
{
	has_line drivers/dma/meson.build "        '$1'," || edit drivers/dma/meson.build "$insert_sorted" \
		-v entry="^        '[a-z0-9_]+',\$" -v line="        '$1',"
}

# list_guide NAME
list_guide()
{
	! has_line doc/guides/dmadevs/index.rst "   $1" || return 0
	# A list that ends with its file.
	edit doc/guides/dmadevs/index.rst '
		/^   [a-z0-9_]+$/ && !done && $0 > line { print line; done = 1 }
		/^   [a-z0-9_]+$/ { inside = 1 }
		inside && !/^   [a-z0-9_]+$/ && !done { print line; done = 1 }
		{ print }
		END { if (!done) { print line; done = 1 } }
	' -v line="   $1"
}

# maintain PATH: add a path to the entry in MAINTAINERS, which is made if need be.
maintain()
{
	! has_line MAINTAINERS "F: $1" || return 0
	edit MAINTAINERS '
		/^DMAdev Drivers$/ { inside = 1 }
		inside && /^SNIA SDXI$/ { entry = 1 }
		# behind the last line of the entry, or of the section
		inside && !done && /^$/ && (entry || blank) {
			if (!entry) {
				printf "SNIA SDXI\nM: %s <%s>\n", name, email
			}
			print "F: " path
			if (!entry)
				print ""
			done = 1
		}
		{ blank = inside && /^$/; print }
	' -v name="$name" -v email="$email" -v path="$1"
}

list_contributor()
{
	local line="$name <$email>" listed
	[[ -n $(in_tree ls-tree --name-only HEAD .mailmap) ]] || return 0
	listed=$'\n'$(in_tree show HEAD:.mailmap)
	[[ $listed != *"$line"* ]] || return 0
	if [[ $listed == *$'\n'"$name <"* ]]; then
		warn ".mailmap has $name with another address than $email: see to it yourself"
		return 0
	fi
	edit .mailmap "$insert_sorted" -v entry='.' -v line="$line"
}

list_guides()
{
	local guide
	for guide in $guides; do
		maintain "$guide"
		list_guide "$(basename -- "$guide" .rst)"
	done
	maintain "$images/sdxi_*"
}

note_release()
{
	# in the notes of whatever release it came with
	! in_tree grep -Fq 'Added SDXI DMA driver' HEAD -- doc/guides/rel_notes || return 0
	edit "doc/guides/rel_notes/release_${year}_${month}.rst" '
		{ text[NR] = $0 }
		/^-+$/ {
			if (inside && !end)
				end = NR - 2
			inside = text[NR - 1] == "New Features"
		}
		END {
			# behind the last item, or the comment that stands where there is none yet
			while (end > 0 && text[end] ~ /^[ \t]*$/)
				end--
			for (i = 1; i <= NR; i++) {
				print text[i]
				if (i == end) {
					print item
					done = 1
				}
			}
		}
	' -v item='
* **Added SDXI DMA driver.**

  Added a dmadev driver for PCI functions, of any vendor, that implement
  the Smart Data Accelerator Interface (SDXI) of SNIA,
  and for an emulated function which needs no hardware.

  See the :doc:`../dmadevs/sdxi` guide for more details on this new driver.'
}

# Functions are known by base class and sub-class. Baseband devices are known by the base class alone,
# and are none of that sub-class. On FreeBSD the script keeps the base class only, since 26.07.
list_class()
{
	# What is as it should be counts as done, so that a tree with a part of it gets the rest.
	edit usertools/dpdk-devbind.py '
		/^acceleration_class = / {
			sub(/\047Class\047: \04712\047/, "\047Class\047: \0471200\047")
			done += /\0471200\047/
		}
		/^sdxi_class = / { known = 1 }
		/^virtio_blk = / {
			if (!known) {
				print "sdxi_class = {\047Class\047: \0471201\047, \047Vendor\047: None, \047Device\047: None,"
				print "              \047SVendor\047: None, \047SDevice\047: None}\n"
			}
			done++
		}
		/^dma_devices = / { inside = 1 }
		inside && (/sdxi_class/ || sub(/\]$/, ",\n               sdxi_class]")) {
			inside = 0
			done++
		}
		/dev\["Class"\](\[0:2\] == |\.startswith\()devices_type\[i\]\["Class"\]/ {
			sub(/\[0:2\] == devices_type\[i\]\["Class"\]/,
				".startswith(devices_type[i][\"Class\"])")
			done++
		}
		/^def init_devices_cache_bsd/ { bsd = 1 }
		bsd && /current_dev\[name\] = value\[2:[46]\]/ {
			sub(/value\[2:4\].*/, "value[2:6]  # e.g., \"0200\" from \"0x020000\"")
			done++
		}
		bsd && /if class_code(\.startswith\(| == )"02"/ {
			sub(/ == "02"/, ".startswith(\"02\")")
			done++
		}
		bsd { sub(/first 2 hex digits \(class part\)/, "first 4 hex digits (class and sub-class)") }
		{ print }
		END { done = done == (bsd ? 6 : 4) }
	'
}

list_test()
{
	# A list of files and one of tests, or since 23.11 a table of what each file needs.
	edit app/test/meson.build '
		/^ *\047(test_dmadev_sdxi\.c|dmadev_sdxi_autotest)\047[,:]/ { next }
		{ print }
		/^ *\047test_dmadev_api\.c\047,$/ {
			print "        \047test_dmadev_sdxi.c\047,"
			done++
		}
		/^        \047dmadev_autotest\047,$/ {
			print "        \047dmadev_sdxi_autotest\047,"
			done++
		}
		/^    \047test_dmadev_api\.c\047: / {
			print "    \047test_dmadev_sdxi.c\047: [\047dma_sdxi_emu\047, \047dmadev\047],"
			done = 2
		}
		END { done = done == 2 }
	'
}

# --- Commits ----------------------------------------------------------------------------------------

last=$base

# Everything in the work folder goes into the index.
stage()
{
	(cd -- "$work/tree" && find . -type f -printf '%P\0') >"$work/files"
	beside add -f --pathspec-from-file="$work/files" --pathspec-file-nul 2>"$work/error" ||
		die 'exporting' "git add: $(<"$work/error")"
}

# commit SUBJECT: all that is in the index and the work folder, with the text on stdin.
commit()
{
	local message=$work/message object
	{
		printf '%s\n\n' "$1"
		cat
		printf '\nSigned-off-by: %s <%s>\n' "$name" "$email"
	} >"$message"
	stage
	object=$(beside write-tree)
	last=$(beside commit-tree "$object" -p "$last" -F "$message")
	number=$((number + 1))
	printf '    %s\n' "$1"
}

number=0

# All files of the project's as the tree has them in the end.
put_all()
{
	put_part "$part_definitions $part_function $part_datapath $part_errors $part_dmadev"
	put_build
	put_emulated
	put "$test" "$test" resolve
	put_guide
}

# All that the lists say of them.
list_all()
{
	list_driver sdxi
	maintain "$driver/"
	list_driver sdxi_emu
	maintain "$emulated/"
	list_test
	maintain "$test"
	list_class
	list_guides
	note_release
}

# A file that is in no part would be missed only by those who build the tree.
parts=" $part_definitions $part_function $part_datapath $part_errors $part_dmadev "
for file in "$project_root/$driver"/*.[ch]; do
	[[ $parts == *" ${file##*/} "* ]] ||
		die 'exporting' "$file is in no commit" 'add it to one in devtools/export-to-dpdk.sh'
done

has_driver=$(in_tree ls-tree --name-only HEAD -- "$driver")
if [[ -n $has_driver ]]; then
	foreign=$(in_tree grep -LF 'The SDXI for DPDK authors' HEAD -- "$driver" "$emulated" \
		":(exclude)$driver/version.map" || true)
	[[ -z $foreign ]] ||
		die 'looking at the tree' "files in its $driver are not this project's, by their copyright:
${foreign//HEAD:/    }" 'take them elsewhere, or export to a tree without them'
	put_all
	list_all
	# Files that the project does not have any more.
	while IFS= read -r file; do
		[[ -e $work/tree/$file ]] || beside rm -q --cached -- "$file"
	done < <(in_tree ls-tree -r --name-only HEAD -- "$driver" "$emulated")
	stage
	if [[ $(beside write-tree) == "$(beside rev-parse 'HEAD^{tree}')" ]]; then
		say "nothing to do: DPDK $version in $tree has this version of the driver"
	elif ! $update; then
		die 'looking at the tree' "it has another version of the driver; different are
$(beside diff --cached --name-only HEAD | sed 's/^/    /')" \
			'give --update to add a commit that brings these to this version, or go back to before the
         series and export anew'
	else
		say "bringing the driver in DPDK $version in $tree to this version"
		list_contributor
		commit 'dma/sdxi: update driver' <<'END'
Bring the driver, its emulated function, test and guide, and what is
listed of them, to the version of the project "SDXI for DPDK" of today.
END
	fi
else
	say "adding the driver to DPDK $version in $tree"

	put_part "$part_definitions"
	list_contributor
	commit 'dma/sdxi: define registers and structures' <<'END'
SNIA's Smart Data Accelerator Interface (SDXI) is a vendor-neutral
interface to memory-to-memory data movers. Begin a driver for PCI
functions that implement version 1.0 of it, with what these and the
driver have in common, registers and structures in memory, and with the
structures of the driver. The patch that probes functions builds it.
END

	put_part "$part_function"
	commit 'dma/sdxi: activate functions and start contexts' <<'END'
A function may be found in any state, still running for an application
that was killed, say. Bring it to STOP with bounded waits, program
limits, context tables, administrative context and error log, and
activate it. Contexts, each of which is a ring of descriptors of one
producer, are started and stopped with commands on the administrative
ring.
END

	put_part "$part_datapath"
	commit 'dma/sdxi: add data path' <<'END'
Copy, fill and scatter-gather copy with fences, submission, completion
and room. Each descriptor has a completion status block at a place that
its slot fixes. A batch takes one barrier and one doorbell; there are no
locks, no waits, and no registers are read. What fails is handed over.
END

	put_part "$part_errors"
	commit 'dma/sdxi: recover from errors' <<'END'
A function may stop a context at an operation that fails, or go on with
the next one, and may do so without saying it in the completion status
block of the operation. A control thread finds out what became of each
operation from blocks, context status, Read_Index and error log, restarts
the context after what has failed, and resets the function if nothing
else helps. Other channels are not disturbed.
END

	put_part "$part_dmadev"
	put_build
	list_driver sdxi
	maintain "$driver/"
	commit 'dma/sdxi: probe PCI functions' <<'END'
Register a driver for the PCI class of SDXI functions, whatever vendor
they are of. A function is a dmadev, each of its vchans a context.
Device arguments limit the channels and choose log size and watchdog.
Secondary processes use the data path, statistics and dump.
END

	put_emulated
	list_driver sdxi_emu
	maintain "$emulated/"
	put "$test" "$test" resolve
	list_test
	maintain "$test"
	commit 'dma/sdxi: add emulated function' <<'END'
SDXI hardware is rare today. Emulate a function in software, on threads
of the process, so that the driver can be tried, and applications tested
with it, anywhere: --vdev=dma_sdxi_emu0. It has registers, tables,
rings, doorbells, interrupts and errors as one on the bus has them, and
reaches what the process has mapped. Faults can be injected, and
liberties that the interface leaves to functions be taken at random. The
driver uses the same code for both kinds.

The test plugs such functions in and checks their data, order and errors.
END

	list_class
	commit 'usertools/devbind: add SDXI class' <<'END'
SDXI functions are known by their PCI class, 1201, whatever vendor they
are of. Compare as many digits of the class as are given, and have them
all for baseband accelerators too, which are of class 1200.
END

	put_guide
	list_guides
	note_release
	commit 'doc: add guide for SDXI driver' <<'END'
Describe setup, arguments, capabilities and limits, use, errors,
statistics and multi-process, and the emulated function.
END
fi

unset GIT_INDEX_FILE
if [[ $last != "$base" ]]; then
	in_tree merge -q --ff-only "$last" >"$work/error" 2>&1 ||
		die 'updating the tree' "git merge --ff-only: $(<"$work/error")" \
			'move what is in the way; the tree is unchanged'
	say "done: $number commits on $(in_tree rev-parse --abbrev-ref HEAD) of $tree"
fi
made_repository=false

# --- Patches ----------------------------------------------------------------------------------------

if [[ -n $patches ]]; then
	first=$(in_tree log --diff-filter=A --format=%H -n 1 -- "$driver/sdxi_hw.h")
	foreign=$(in_tree log --format='    %h %s' "$first^.." |
		grep -Ev ' (dma/sdxi: .*|usertools/devbind: add SDXI class|doc: add guide for SDXI driver)$' ||
		true)
	[[ -z $foreign ]] || die 'writing patches' "there are others among the commits of the series:
$foreign" 'export to a branch of its own'
	mkdir -p -- "$patches"
	patches=$(realpath -- "$patches")
	[[ -z $(find "$patches" -maxdepth 1 -name '*.patch' -print -quit) ]] ||
		die 'writing patches' "there are patches in $patches already" \
			'remove them, or name another folder'
	in_tree -c format.coverLetter=false format-patch -q -o "$patches" "$first^.."
	say "done: $(find "$patches" -maxdepth 1 -name '*.patch' | wc -l) patches in $patches"
fi
