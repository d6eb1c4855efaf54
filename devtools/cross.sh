# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash disable=SC2154 # lib.sh has it

# What devtools/setup.sh does for another machine than this one. Sourced behind lib.sh and apt.sh, never
# run.

# shellcheck disable=SC2034 # used by those who source this
readonly cross_archs=(aarch64 ppc64le s390x i686)

# Set cross_triplet, cross_deb, cross_family, cross_cpu, cross_endian and cross_qemu to what the architecture
# $1 has, cross_dpdk to whether there is to be a DPDK for it, and cross_tests to whether there are to be tests.
cross_names()
{
	cross_endian=little
	cross_qemu=qemu-$1
	cross_dpdk=true
	cross_tests=true
	case $1 in
	aarch64)
		cross_triplet=aarch64-linux-gnu
		cross_deb=arm64
		cross_family=aarch64
		cross_cpu=armv8-a
		;;
	ppc64le)
		cross_triplet=powerpc64le-linux-gnu
		cross_deb=ppc64el
		cross_family=ppc64
		cross_cpu=power8
		;;
	s390x)
		cross_triplet=s390x-linux-gnu
		cross_deb=s390x
		cross_family=s390x
		cross_cpu=z13
		cross_endian=big
		cross_dpdk=false
		;;
	i686)
		cross_triplet=i686-linux-gnu
		cross_deb=i386
		cross_family=x86
		cross_cpu=i686
		cross_qemu=qemu-i386
		cross_dpdk=false
		cross_tests=false
		;;
	*) return 1 ;;
	esac
}

# Unpack the machine's cmocka into $1. Its packages are not installed, as this would take a change to the
# system: they come by a configuration of APT of our own.
fetch_cmocka()
{
	local work=$1 apt=$1/apt log=$cache/log/cmocka-$cross_deb.log package lib
	local way_out="have the machine's package sources offer packages of architecture $cross_deb"

	command -v apt-get >/dev/null || die 'fetching cmocka' 'there is no apt-get here' "$way_out"
	: >"$log"
	say "fetching cmocka for $cross_deb"
	private_apt "$apt"
	derive_sources "$apt" deb
	cat >>"$apt/apt.conf" <<END
APT::Architecture "$cross_deb";
APT::Architectures { "$cross_deb"; };
END
	# One dead source makes the whole update fail, though the others were read.
	limit "$fetch_limit" apt-get -c "$apt/apt.conf" update </dev/null >>"$log" 2>&1 || true
	(cd -- "$work" && limit "$fetch_limit" \
		apt-get -c "$apt/apt.conf" download libcmocka-dev libcmocka0 </dev/null >>"$log" 2>&1) ||
		die 'fetching cmocka' 'apt-get download libcmocka-dev libcmocka0' "$way_out" "$log"
	for package in "$work"/*.deb; do
		limit "$work_limit" dpkg-deb -x "$package" "$work" >>"$log" 2>&1 ||
			die 'unpacking cmocka' "dpkg-deb -x $package" 'run this again' "$log"
	done
	rm -rf -- "$apt" "$work"/*.deb
	lib=$(find "$work/usr/lib" -name libcmocka.so -printf '%P\n')
	[[ -n $lib ]] ||
		die 'unpacking cmocka' 'the packages have no libcmocka.so' "mend fetch_cmocka() in $0" "$log"
	cat >"$work/cmocka.pc" <<END
prefix=\${pcfiledir}/usr
Name: cmocka
Description: as unpacked here
Version: 1.1
Libs: -L\${prefix}/lib/$(dirname -- "$lib") -lcmocka
Cflags: -I\${prefix}/include
END
}

# Set $cross_cmocka to the folder of the machine's cmocka and of its pkg-config file.
ensure_cmocka()
{
	local held

	cross_cmocka=$cache/cmocka-$cross_deb-$(distribution)
	[[ ! -d $cross_cmocka ]] || return 0
	if $env_only; then
		die "looking for cmocka of $cross_deb" 'it is not there yet' \
			"run devtools/setup.sh --cross $cross first"
	fi
	exec {held}>"$cross_cmocka.lock"
	lock "$held" "fetches cmocka for $cross_deb"
	if [[ ! -d $cross_cmocka ]]; then
		rm -rf -- "$cross_cmocka.part"
		mkdir -p -- "$cross_cmocka.part"
		fetch_cmocka "$cross_cmocka.part"
		mv -- "$cross_cmocka.part" "$cross_cmocka"
	fi
	exec {held}>&-
}

# Write a cross file of Meson's to $1; pkg-config is to look into the folders that follow, and nowhere else.
write_cross_file()
{
	local file=$1 dirs
	shift
	dirs=$(printf "'%s', " "$@")
	cat >"$file.$$" <<END
[binaries]
c = '$cross_triplet-gcc'
ar = '$cross_triplet-gcc-ar'
strip = '$cross_triplet-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['$cross_qemu', '-L', '/usr/$cross_triplet']

[host_machine]
system = 'linux'
cpu_family = '$cross_family'
cpu = '$cross_cpu'
endian = '$cross_endian'

[properties]
pkg_config_libdir = [${dirs%, }]
platform = 'generic'
numa = false
END
	# Meson configures anew when it has changed, or seems to have.
	if cmp -s -- "$file.$$" "$file"; then
		rm -f -- "$file.$$"
	else
		mv -- "$file.$$" "$file"
	fi
}
