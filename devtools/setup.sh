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

# What is built of DPDK, besides its libraries.
readonly apps=test,proc-info
readonly drivers=bus/pci,bus/vdev,mempool/ring,dma/skeleton,dma/ioat,dma/idxd,net/null
readonly cross_drivers=bus/pci,bus/vdev,mempool/ring
options=(--buildtype=release --libdir=lib -Ddefault_library=shared -Dplatform=generic
	-Ddeveloper_mode=disabled -Denable_driver_sdk=true)
packages=(build-essential clang dpkg-dev git libcmocka-dev libnuma-dev meson ninja-build pkg-config python3
	python3-pyelftools spin valgrind)
declare -A more_packages=([plots]=python3-matplotlib [fuzz]=llvm [checks]='codespell cppcheck shellcheck'
	[coverage]=gcovr [export]='gawk git python3-sphinx')

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
  --plots, --fuzz, --checks, --coverage, --export
                 also install what devtools/plot-perf.py, run-fuzz.sh, check-source.sh,
                 run-tests.sh --suite coverage or test-export.sh needs; without pictures (--plots) the
                 script continues
  --cross ARCH   set up for another machine instead: cross compiler, QEMU's user mode, cmocka and
                 DPDK. ARCH is aarch64, ppc64le, s390x (not supported by DPDK: without it) or i686
                 (not supported by the driver: the compiler only). With --env, SDXI_CROSS_FILE is a
                 cross file for Meson
  --source FOLDER  install the packages, and unpack the distribution's source package of DPDK into
                 FOLDER, which must not exist, whatever DPDK_SOURCE is

Where DPDK comes from, first match:
  DPDK_SOURCE=FOLDER  a DPDK source tree (22.11 or newer); it is built elsewhere and not written to
  DPDK_PREFIX=FOLDER  an installed DPDK, used as it is; not with --cross
  neither             the distribution's source package, verified by APT

DPDK_SDXI_CACHE=FOLDER is for what is kept (default: dpdk-sdxi in $XDG_CACHE_HOME or ~/.cache), JOBS=N the
number of compilers at a time.
END
}

env_only=false install_packages=true plots=false fuzz=false cross='' source_to=''
while (($# > 0)); do
	case $1 in
	--env) env_only=true ;;
	--no-packages) install_packages=false ;;
	--plots) plots=true ;;
	--fuzz | --checks | --coverage | --export)
		[[ $1 != --fuzz ]] || fuzz=true
		read -ra more <<<"${more_packages[${1#--}]}"
		packages+=("${more[@]}")
		;;
	--cross)
		cross_names "${2:-none}" || bad_usage
		cross=$2
		packages+=("gcc-$cross_triplet" "libc6-dev-$cross_deb-cross" qemu-user)
		shift
		;;
	--source)
		source_to=${2:-}
		[[ -n $source_to ]] || bad_usage
		shift
		;;
	-h | --help) usage; exit 0 ;;
	*) bad_usage ;;
	esac
	shift
done

# Fetch the distribution's source package of DPDK into $1: 22.11 if there is a choice, else the newest.
fetch_package()
{
	local log=$cache/log/source.log versions version
	say 'fetching the source package of DPDK (about 16 MB)'
	: >"$log"
	private_apt "$1/apt" "$log" deb-src
	versions=$(apt-cache -c "$apt_conf" showsrc --only-source dpdk 2>>"$log" |
		sed -n 's/^Version: //p' | sort -Vu) || true
	version=$(grep '^22\.11' <<<"$versions" | tail -n 1 || tail -n 1 <<<"$versions")
	dpkg --compare-versions "${version:-0}" ge 22.11 || die 'fetching DPDK' \
		"expected a source package dpdk >= 22.11 in the machine's package sources, found ${version:-none}" \
		'set DPDK_SOURCE to a DPDK source tree, or DPDK_PREFIX to an installed DPDK' "$log"
	fetch "$1" DPDK "$log" source --only-source --download-only "dpdk=$version"
	rm -rf -- "$1/apt"
	say "DPDK $version, verified by APT"
}

# Unpack the distribution's source package of DPDK into $1.
unpack_package()
{
	local kept log=$cache/log/unpack.log
	kept=$cache/package-$(distribution)
	fill_once "$kept" "fetches DPDK's source package" fetch_package
	limit "$work_limit" dpkg-source --no-copy -x "$kept"/dpdk_*.dsc "$1" >"$log" 2>&1 ||
		die 'unpacking DPDK' "$kept" 'remove that folder, and run this again to fetch it again' "$log"
}

# Print a cheap name for the state of the source tree $1.
tree_identity()
{
	local git=(git -c safe.directory='*' --no-optional-locks -C "$1")
	if [[ $("${git[@]}" rev-parse --show-prefix 2>/dev/null || echo outside) == '' ]]; then
		"${git[@]}" rev-parse HEAD
		"${git[@]}" diff HEAD | sha256sum
		"${git[@]}" ls-files -z --others --exclude-standard | (cd -- "$1" && xargs -0r stat -c '%n %s %Y' --)
	else
		(cd -- "$1" && find . -type d \( -name __pycache__ -o -exec test -d '{}/meson-private' \; \) -prune -o \
			-type f -printf '%p %s %T@\n' | LC_ALL=C sort)
	fi
}

# Set $dpdk_pc, $dpdk_libdir and $dpdk_version of the DPDK installed in $prefix. What else a build needs of it,
# Meson looks for.
check_prefix()
{
	local pc open
	local build='build DPDK with "-Ddefault_library=shared -Denable_driver_sdk=true" and install it,
         or unset DPDK_PREFIX: then this script builds one'
	for pc in "$prefix"/lib*/pkgconfig "$prefix"/lib*/*/pkgconfig "$prefix"/share/pkgconfig ''; do
		[[ ! -f $pc/libdpdk.pc ]] || break
	done
	[[ -n $pc ]] || die 'checking DPDK' "there is no libdpdk.pc in $prefix" "$build"
	dpdk_pc=$pc
	dpdk_version=$(PKG_CONFIG_PATH=$pc pkg-config --modversion libdpdk)
	dpdk_libdir=$(PKG_CONFIG_PATH=$pc pkg-config --variable=libdir libdpdk)
	PKG_CONFIG_PATH=$pc pkg-config --atleast-version=22.11 libdpdk ||
		die 'checking DPDK' "expected 22.11 or newer in $prefix, found $dpdk_version" "$build"
	! open=$(world_writable_above "$dpdk_libdir/dpdk") ||
		die 'checking DPDK' "its drivers are below $open, which is world-writable: EAL refuses to load them" \
			'install DPDK to a folder where nobody else may write'
}

# Build the DPDK in $1, and install it to $prefix. Runs in a subshell.
build_dpdk()
{
	local log=$cache/log/$key way_out
	way_out='fix what the log says, or name another DPDK in DPDK_SOURCE or DPDK_PREFIX'
	unset CFLAGS CPPFLAGS LDFLAGS PKG_CONFIG_PATH DESTDIR
	export CC=gcc
	say "configuring DPDK${cross:+ for $cross} ($1)"
	limit "$work_limit" meson setup "$work/build" "$1" --prefix="$prefix" "${options[@]}" </dev/null \
		>"$log-configure.log" 2>&1 ||
		die 'configuring DPDK' "meson setup $1" "$way_out" "$log-configure.log"
	say 'building DPDK, once: some minutes'
	run_ninja "$work/build" "$log-build.log" 'building DPDK' ||
		die 'building DPDK' "ninja in $work/build" "$way_out" "$log-build.log"
	limit "$work_limit" meson install -C "$work/build" --no-rebuild </dev/null >"$log-install.log" 2>&1 ||
		die 'installing DPDK' "meson install to $prefix" "is there room in $cache?" "$log-install.log"
}

# --- Packages ---------------------------------------------------------------------------------------

cache=$(cache_dir)
if $install_packages && ! $env_only; then
	ensure_packages "$cache" "${packages[@]}"
	# Nothing depends on pictures.
	if $plots && ! (ensure_packages "$cache" "${more_packages[plots]}"); then
		warn 'there will be no pictures: devtools/plot-perf.py needs python3-matplotlib'
	fi
	# Some distributions have it in clang's package, others in one of its own.
	if $fuzz && ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }' |
	   clang -fsanitize=fuzzer -x c -o /dev/null - 2>/dev/null; then
		ensure_packages "$cache" "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
	fi
fi
# For limit() of lib.sh.
mkdir -p -- "$cache/bin"
for program in meson ninja python3; do
	[[ -e $cache/bin/$program || ! -x /usr/bin/$program ]] || ln -sf "/usr/bin/$program" "$cache/bin/"
done
if [[ -n $source_to ]]; then
	[[ ! -e $source_to ]] || die 'unpacking DPDK' "$source_to is there already" 'name a folder that is not'
	unpack_package "$source_to"
	say "done: DPDK $(<"$source_to/VERSION") in $source_to"
	exit 0
fi

# --- Another machine --------------------------------------------------------------------------------

cross_cmocka=$cache
if [[ -n $cross ]]; then
	unset DPDK_PREFIX
	cross_file=$cache/cross-$cross.ini
	if $cross_tests; then
		cross_cmocka=$cache/cmocka-$cross_deb-$(distribution)
		$env_only || fill_once "$cross_cmocka" "fetches cmocka for $cross_deb" fetch_cmocka
	fi
	if ! $cross_dpdk; then
		$env_only || write_cross_file "$cross_file" "$cross_cmocka"
		[[ -e $cross_file ]] || die "looking for $cross" 'it is not set up yet' \
			"run devtools/setup.sh --cross $cross first"
		$env_only || say "ready to build for $cross, without DPDK"
		! $env_only || printf 'export SDXI_CROSS_FILE=%q\n' "$cross_file"
		exit 0
	fi
	options+=(-Dtests=false '-Ddisable_apps=*' "-Denable_drivers=$cross_drivers")
else
	options+=(-Dtests=true "-Denable_apps=$apps" "-Denable_drivers=$drivers")
fi
options+=("-Ddisable_libs=$dpdk_unused_libs")

# --- DPDK -------------------------------------------------------------------------------------------

source_dir='' identity=''
if [[ -n ${DPDK_SOURCE:-} ]]; then
	[[ -f $DPDK_SOURCE/meson.build && -d $DPDK_SOURCE/lib/eal ]] || die 'looking for DPDK' \
		"DPDK_SOURCE=$DPDK_SOURCE is not a DPDK source tree" 'set it to the top folder of one, or unset it'
	source_dir=$(realpath -- "$DPDK_SOURCE")
	is_plain "$source_dir" || die 'looking for DPDK' \
		"DPDK does not build in $source_dir: its scripts do not quote paths" 'move it elsewhere'
	identity=$(tree_identity "$source_dir")
elif [[ -n ${DPDK_PREFIX:-} ]]; then
	prefix=$(realpath -- "$DPDK_PREFIX")
	is_plain "$prefix" || die 'looking for DPDK' "pkg-config cannot quote the path $prefix" 'install it elsewhere'
else
	identity=package-$(distribution)
fi
if [[ -n $identity ]]; then
	compiler=$("${cross:+$cross_triplet-}gcc" --version 2>/dev/null | head -n 1 || true)
	key=$(printf '%s\n' 1 "$source_dir" "$identity" "${options[*]}" "$compiler" "${cross:-$(uname -m)}" |
		sha256sum | cut -c 1-12)
	prefix=$cache/dpdk-$key
	# Written last: without this file a prefix is what is left of a build that was interrupted.
	complete=$prefix/.complete
	if [[ ! -e $complete ]]; then
		! $env_only || die 'looking for DPDK' 'it is not built yet' \
			"run devtools/setup.sh${cross:+ --cross $cross} first"
		exec 9>"$prefix.lock"
		lock 9 'builds this DPDK'
	fi
	if [[ ! -e $complete ]]; then
		work=$cache/work-$key
		trap 'rm -rf -- "$work"' EXIT
		rm -rf -- "$work" "$prefix"
		mkdir -- "$work"
		if [[ -n $cross ]]; then
			# pkg-config is to find nothing: this machine's libraries do not fit
			write_cross_file "$work/cross.ini" "$work"
			options+=(--cross-file "$work/cross.ini")
		fi
		[[ -n $source_dir ]] || unpack_package "$work/source"
		(build_dpdk "${source_dir:-$work/source}")
		check_prefix
		printf '%s\n' "${source_dir:-$identity}" >"$complete"
	fi
fi
check_prefix
if [[ -n $cross ]]; then
	cross_file=$cache/cross-$key.ini
	$env_only || write_cross_file "$cross_file" "$dpdk_pc" "$cross_cmocka"
fi

if ! $env_only; then
	say "DPDK $dpdk_version${cross:+ for $cross} is ready in $prefix;\
 its environment: eval \"\$(devtools/setup.sh${cross:+ --cross $cross} --env)\""
	exit 0
fi
printf 'export DPDK_SDXI_PREFIX=%q\n' "$prefix"
if [[ -n $cross ]]; then
	printf 'export SDXI_CROSS_FILE=%q\n' "$cross_file"
else
	# shellcheck disable=SC2016 # for the shell that reads it
	printf 'export %s=%q${%s:+:$%s}\n' PKG_CONFIG_PATH "$dpdk_pc" PKG_CONFIG_PATH PKG_CONFIG_PATH \
		LD_LIBRARY_PATH "$dpdk_libdir" LD_LIBRARY_PATH LD_LIBRARY_PATH PATH "$prefix/bin" PATH PATH
fi
