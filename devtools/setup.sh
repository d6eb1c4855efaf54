#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=apt.sh
. "$project_root/devtools/apt.sh"
# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$project_root/devtools/cross.sh"

# What is built of DPDK, on top of its libraries.
readonly apps=test,proc-info
readonly drivers=bus/pci,bus/vdev,mempool/ring,dma/skeleton,dma/ioat,dma/idxd,net/null
readonly cross_drivers=bus/pci,bus/vdev,mempool/ring
options=(
	--buildtype=release
	--libdir=lib
	-Ddefault_library=shared
	-Dplatform=generic
	-Ddeveloper_mode=disabled
	-Denable_driver_sdk=true
)
readonly packages=(
	build-essential clang dpkg-dev libcmocka-dev libnuma-dev meson ninja-build pkg-config python3
	python3-pyelftools spin valgrind
)

usage()
{
	cat <<'END'
Usage: devtools/setup.sh [--env] [--no-packages] [--plots] [--fuzz] [--checks]
                         [--coverage] [--export] [--cross ARCH] [--help]
       devtools/setup.sh --source FOLDER

Make this machine ready to build and test: install the Debian packages that are missing, and build
DPDK once into a cache folder. A second run finds everything done.

  --env          only print the environment for use by hand: eval "$(devtools/setup.sh --env)"
  --no-packages  install nothing
  --plots        also install what devtools/plot-perf.py needs (python3-matplotlib); go on without
                 it where that fails
  --fuzz         also install what devtools/run-fuzz.sh needs beside clang: its libFuzzer, and its
                 tools for readable reports
  --checks       also install what devtools/check-source.sh needs: cppcheck, shellcheck, codespell
  --coverage     also install what devtools/run-tests.sh --coverage needs: gcovr
  --export       also install what devtools/test-export.sh needs: what DPDK's own checks ask for, and
                 what its documentation is built with
  --cross ARCH  in the place of this machine's DPDK and for another machine: cross compiler and QEMU's
                user mode, cmocka and DPDK. ARCH is aarch64 or ppc64le; or s390x, which DPDK does
                not support, or i686, which the driver does not: without DPDK. With --env,
                SDXI_CROSS_FILE is a cross file for Meson
  --source FOLDER  install the packages, and unpack the distribution's source package of DPDK, whatever
                 DPDK_SOURCE says, into FOLDER, which must not exist; it is kept in the cache

Where DPDK comes from, first match:
  DPDK_SOURCE=FOLDER  a DPDK source tree (22.11 or newer); it is built elsewhere and not written to
  DPDK_PREFIX=FOLDER  an installed DPDK, used as it is; not with --cross
  neither             the distribution's source package, verified by APT

Also: DPDK_SDXI_CACHE=FOLDER for what is kept (default: dpdk-sdxi in $XDG_CACHE_HOME or ~/.cache),
JOBS=N for the number of compilers at once.
END
}

env_only=false
install_packages=true
plots=false
fuzz=false
checks=false
coverage=false
export=false
cross=
source_to=
while (($# > 0)); do
	case $1 in
	--env) env_only=true ;;
	--no-packages) install_packages=false ;;
	--plots) plots=true ;;
	--fuzz) fuzz=true ;;
	--checks) checks=true ;;
	--coverage) coverage=true ;;
	--export) export=true ;;
	--cross)
		if (($# < 2)) || ! cross_names "$2"; then
			usage >&2
			exit 2
		fi
		cross=$2
		shift
		;;
	--source)
		(($# > 1)) || { usage >&2; exit 2; }
		source_to=$2
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

# --- DPDK's source --------------------------------------------------------------------------------

# Fetch the distribution's DPDK source package into $1.
fetch_package()
{
	local work=$1 log=$cache/log/source.log version='' candidate
	local apt=$work/apt
	local way_out='set DPDK_SOURCE to a DPDK source tree, or DPDK_PREFIX to an installed DPDK'

	command -v apt-get >/dev/null || die 'fetching DPDK' 'there is no apt-get here' "$way_out"
	: >"$log"
	say 'fetching the source package of DPDK (about 16 MB)'
	private_apt "$apt"
	derive_sources "$apt" deb-src
	# One dead source makes the whole update fail, though the others were read.
	limit "$fetch_limit" apt-get -c "$apt/apt.conf" update </dev/null >>"$log" 2>&1 || true
	while read -r candidate; do
		dpkg --compare-versions "$candidate" ge 22.11 || continue
		# the oldest supported long-term version where there is a choice, else the newest
		if [[ -z $version ]] ||
		   { [[ $version != 22.11* ]] && dpkg --compare-versions "$candidate" gt "$version"; } ||
		   { [[ $candidate == 22.11* && $version != 22.11* ]]; } ||
		   { [[ $candidate == 22.11* ]] && dpkg --compare-versions "$candidate" gt "$version"; }
		then
			version=$candidate
		fi
	done < <(apt-cache -c "$apt/apt.conf" showsrc --only-source dpdk 2>>"$log" |
		sed -n 's/^Version: //p')
	[[ -n $version ]] || die 'fetching DPDK' \
		"the machine's package sources offer no source package dpdk >= 22.11" "$way_out" "$log"
	(cd "$work" && limit "$fetch_limit" \
		apt-get -c "$apt/apt.conf" source --only-source --download-only \
		"dpdk=$version" </dev/null >>"$log" 2>&1) ||
		die 'fetching DPDK' "apt-get source dpdk=$version" "$way_out" "$log"
	rm -rf "$apt"
	say "DPDK $version, verified by APT"
}

# Unpack the distribution's DPDK source package into $1; fetch it where the cache does not have it.
unpack_package()
{
	local kept log=$cache/log/source.log dsc held

	kept=$cache/package-$(distribution)
	exec {held}>"$kept.lock"
	lock "$held" "fetches DPDK's source package"
	if [[ ! -d $kept ]]; then
		rm -rf "$kept.part"
		mkdir -p "$kept.part"
		fetch_package "$kept.part"
		mv -- "$kept.part" "$kept"
	fi
	exec {held}>&-
	dsc=$(find "$kept" -maxdepth 1 -name 'dpdk_*.dsc')
	limit "$work_limit" dpkg-source --no-copy -x "$dsc" "$1" >>"$log" 2>&1 ||
		die 'unpacking DPDK' "$dsc" "remove $kept: it is fetched anew then" "$log"
}

# --- DPDK -----------------------------------------------------------------------------------------

# A cheap name for the state of the source tree $1.
tree_identity()
{
	local dir=$1 skip=()
	local git=(git -c safe.directory='*' -C "$dir")

	if command -v git >/dev/null &&
	   [[ $("${git[@]}" rev-parse --show-prefix 2>/dev/null || echo outside) == '' ]]; then
		# read-only: git status would otherwise refresh the index
		export GIT_OPTIONAL_LOCKS=0
		"${git[@]}" rev-parse HEAD
		"${git[@]}" diff HEAD | sha256sum
		"${git[@]}" ls-files -z --others --exclude-standard |
			(cd "$dir" && xargs -0r stat -c '%n %s %Y' --)
	else
		while IFS= read -r -d '' meson_private; do
			skip+=(-path "$(dirname -- "$meson_private")" -prune -o)
		done < <(cd "$dir" && find . -maxdepth 3 -name meson-private -print0)
		(cd "$dir" && find . "${skip[@]}" -name __pycache__ -prune -o -type f \
			-printf '%p %s %T@\n' | LC_ALL=C sort)
	fi
}

# Print the libdpdk.pc folder of the prefix $1.
pkgconfig_of()
{
	local dir
	for dir in "$1"/lib*/pkgconfig "$1"/lib*/*/pkgconfig "$1"/share/pkgconfig; do
		if [[ -f $dir/libdpdk.pc ]]; then
			printf '%s\n' "$dir"
			return 0
		fi
	done
}

# Print the path of the header $1 in the include folders that follow.
find_header()
{
	local header=$1 dir
	shift
	for dir in "$@"; do
		if [[ -f $dir/$header ]]; then
			printf '%s\n' "$dir/$header"
			return 0
		fi
	done
	return 1
}

# Whether a prefix can be used: its libraries, its driver SDK, its driver folder.
check_prefix()
{
	local prefix=$1 pc version header bus libdir pmds open includes=()
	local build='build DPDK with "-Ddefault_library=shared -Denable_driver_sdk=true" and install it,
         or leave DPDK_PREFIX away: then this script builds one'

	pc=$(pkgconfig_of "$prefix")
	[[ -n $pc ]] || die 'checking DPDK' "there is no libdpdk.pc below $prefix" "$build"
	version=$(PKG_CONFIG_PATH=$pc pkg-config --modversion libdpdk)
	PKG_CONFIG_PATH=$pc pkg-config --atleast-version=22.11 libdpdk ||
		die 'checking DPDK' "expected 22.11 or newer in $prefix, found $version" "$build"
	while IFS= read -r header; do
		includes+=("${header#-I}")
	done < <(PKG_CONFIG_PATH=$pc pkg-config --keep-system-cflags --cflags-only-I libdpdk |
		tr ' ' '\n' | grep '^-I')
	libdir=$(PKG_CONFIG_PATH=$pc pkg-config --variable=libdir libdpdk)
	for header in rte_dmadev_pmd.h bus_pci_driver.h bus_vdev_driver.h; do
		find_header "$header" "${includes[@]}" >/dev/null ||
			die 'checking DPDK' "no driver SDK in $prefix: $header is missing" "$build"
	done
	for bus in rte_bus_pci rte_bus_vdev; do
		[[ -e $libdir/lib$bus.so ]] ||
			die 'checking DPDK' "no shared libraries in $libdir: lib$bus.so is missing" "$build"
	done
	pmds=$(sed -n 's/^#define RTE_EAL_PMD_PATH "\(.*\)"/\1/p' \
		"$(find_header rte_build_config.h "${includes[@]}")")
	if [[ -n $pmds ]] && open=$(world_writable_above "$pmds"); then
		die 'checking DPDK' "its driver folder $pmds lies below $open, which is world-writable:\
 EAL refuses to load drivers from there" 'install DPDK to a folder where nobody else may write'
	fi
	dpdk_version=$version
	dpdk_libdir=$libdir
	dpdk_pc=$pc
}

build_dpdk()
{
	local source=$1 prefix=$2 work=$3 rc=0
	local log=$cache/log/$key-configure.log
	local tools=(env -u CFLAGS -u CPPFLAGS -u LDFLAGS -u PKG_CONFIG_PATH -u DESTDIR CC=gcc)

	say "configuring DPDK${cross:+ for $cross} ($source)"
	limit "$work_limit" "${tools[@]}" meson setup "$work/build" "$source" --prefix="$prefix" "${options[@]}" \
		</dev/null >"$log" 2>&1 ||
		die 'configuring DPDK' "meson setup $source" \
			'mend what the log says, or name another DPDK in DPDK_SOURCE or DPDK_PREFIX' "$log"
	say 'building DPDK, once: some minutes'
	log=$cache/log/$key-build.log
	run_ninja "$work/build" "$log" 'building DPDK' || rc=$?
	((rc == 0)) || die 'building DPDK' "ninja ended with $rc" \
		'mend what the log says, or name another DPDK in DPDK_SOURCE or DPDK_PREFIX' "$log"
	log=$cache/log/$key-install.log
	limit "$work_limit" "${tools[@]}" meson install -C "$work/build" --no-rebuild </dev/null >"$log" 2>&1 ||
		die 'installing DPDK' "meson install to $prefix" "is there room in $cache?" "$log"
}

# Whether clang finds its libFuzzer.
has_libfuzzer()
{
	echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long len) { return !data && len; }' |
		clang -fsanitize=fuzzer,address,undefined -x c -o /dev/null - 2>/dev/null
}

# --- Main -----------------------------------------------------------------------------------------

cache=$(cache_dir)
mkdir -p "$cache/log"

if ! $env_only && $install_packages; then
	ensure_packages "$cache" "${packages[@]}"
	if [[ -n $cross ]]; then
		ensure_packages "$cache" "gcc-$cross_triplet" "libc6-dev-$cross_deb-cross" qemu-user
	fi
	# Pictures are a pleasure: nothing else waits for them.
	if $plots && ! (ensure_packages "$cache" python3-matplotlib); then
		warn 'there will be no pictures: devtools/plot-perf.py needs python3-matplotlib'
	fi
	if $checks; then
		ensure_packages "$cache" codespell cppcheck shellcheck
	fi
	if $coverage; then
		ensure_packages "$cache" gcovr
	fi
	if $export; then
		ensure_packages "$cache" gawk git python3-sphinx
	fi
	if $fuzz; then
		# In some distributions it comes with clang, in others in a package of its own.
		if ! has_libfuzzer; then
			ensure_packages "$cache" "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
		fi
		has_libfuzzer || die 'looking for libFuzzer' "$(clang --version | head -n 1) has none" \
			'install the runtime libraries of this version of clang'
		if ! command -v llvm-symbolizer >/dev/null && ! (ensure_packages "$cache" llvm); then
			warn 'reports of crashes will have no line numbers: no package llvm'
		fi
	fi
fi

if [[ -n $source_to ]]; then
	[[ ! -e $source_to ]] ||
		die "unpacking DPDK's source" "$source_to is there already" 'name a folder that is not'
	unpack_package "$source_to"
	say "done: DPDK $(cat -- "$source_to/VERSION") in $source_to"
	exit 0
fi

if [[ -n $cross ]]; then
	unset DPDK_PREFIX
	cross_cmocka=
	if $cross_tests; then
		ensure_cmocka
	fi
	if ! $cross_dpdk; then
		cross_file=$cache/cross-$cross.ini
		if $env_only; then
			printf 'export SDXI_CROSS_FILE=%q\n' "$cross_file"
		else
			# where there is no cmocka, a folder without files of pkg-config
			write_cross_file "$cross_file" "${cross_cmocka:-$cache}"
			say "ready to build for $cross, without DPDK"
		fi
		exit 0
	fi
	options+=(-Dtests=false '-Ddisable_apps=*' "-Denable_drivers=$cross_drivers")
else
	options+=(-Dtests=true "-Denable_apps=$apps" "-Denable_drivers=$drivers")
fi
options+=("-Ddisable_libs=$dpdk_unused_libs")

if [[ -n ${DPDK_SOURCE:-} ]]; then
	[[ -f $DPDK_SOURCE/meson.build && -d $DPDK_SOURCE/lib/eal ]] ||
		die 'looking at DPDK_SOURCE' "$DPDK_SOURCE is not a DPDK source tree" \
			'set it to the top folder of one, or unset it'
	source_dir=$(realpath -- "$DPDK_SOURCE")
	identity=$(tree_identity "$source_dir")
	origin=$source_dir
elif [[ -n ${DPDK_PREFIX:-} ]]; then
	source_dir=
	origin=$(realpath -- "$DPDK_PREFIX")
else
	source_dir=
	identity=package-$(distribution)
	origin="the source package of $(distribution)"
fi

built=false
if [[ -z ${DPDK_SOURCE:-} && -n ${DPDK_PREFIX:-} ]]; then
	prefix=$origin
else
	compiler=$("${cross:+$cross_triplet-}gcc" --version 2>/dev/null | head -n 1 || true)
	key=$(printf '%s\n' 1 "$source_dir" "$identity" "${options[*]}" "$compiler" "${cross:-$(uname -m)}" |
		sha256sum | cut -c 1-12)
	prefix=$cache/dpdk-$key
	# The last thing written: without it a prefix is the rest of a build that was broken off.
	complete=$prefix/.complete
	if [[ ! -e $complete ]] && $env_only; then
		die 'looking for DPDK' 'it is not built yet' 'run devtools/setup.sh first'
	fi
	if [[ ! -e $complete ]]; then
		exec 9>"$cache/dpdk-$key.lock"
		lock 9 'builds this DPDK'
	fi
	if [[ ! -e $complete ]]; then
		work=$cache/work-$key
		trap 'rm -rf "$work"' EXIT
		rm -rf "$work" "$prefix"
		mkdir -p "$work"
		if [[ -n $cross ]]; then
			# pkg-config is to find nothing: libraries of this machine are none of that one's
			write_cross_file "$work/cross.ini" "$work"
			options+=(--cross-file "$work/cross.ini")
		fi
		if [[ -z $source_dir ]]; then
			unpack_package "$work/source"
			build_from=$work/source
		else
			build_from=$source_dir
		fi
		build_dpdk "$build_from" "$prefix" "$work"
		check_prefix "$prefix"
		printf '%s\n' "$origin" >"$complete"
		built=true
	fi
fi
check_prefix "$prefix"
if [[ -n $cross ]]; then
	cross_file=$cache/cross-$key.ini
	$env_only || write_cross_file "$cross_file" "$dpdk_pc" "$cross_cmocka"
fi

# shellcheck disable=SC2016 # for the shell that reads it
print_env()
{
	printf 'export DPDK_SDXI_PREFIX=%q\n' "$prefix"
	if [[ -n $cross ]]; then
		printf 'export SDXI_CROSS_FILE=%q\n' "$cross_file"
		return
	fi
	printf 'export PKG_CONFIG_PATH=%q${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}\n' "$dpdk_pc"
	printf 'export LD_LIBRARY_PATH=%q${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n' "$dpdk_libdir"
	printf 'export PATH=%q:$PATH\n' "$prefix/bin"
}

if $env_only; then
	print_env
elif $built; then
	say "done: DPDK $dpdk_version${cross:+ for $cross} in $prefix"
	say "for use by hand, eval what \"devtools/setup.sh${cross:+ --cross $cross} --env\" prints:"
	print_env | sed 's/^/    /'
else
	say "nothing to do: DPDK $dpdk_version${cross:+ for $cross} is ready in $prefix"
fi
