# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash disable=SC2034,SC2154 # lib.sh and those who source this

# What devtools/setup.sh does for another machine than this one. Sourced after lib.sh and apt.sh, never run.

# Meson's name, GNU's and Debian's; Meson's family and CPU, byte order, QEMU's user mode; whether there is to
# be a DPDK for it, and whether tests.
readonly cross_table='
aarch64 aarch64-linux-gnu     arm64   aarch64 armv8-a little qemu-aarch64 true  true
ppc64le powerpc64le-linux-gnu ppc64el ppc64   power8  little qemu-ppc64le true  true
s390x   s390x-linux-gnu       s390x   s390x   z13     big    qemu-s390x   false true
i686    i686-linux-gnu        i386    x86     i686    little qemu-i386    false false'
mapfile -t cross_archs < <(awk 'NF { print $1 }' <<<"$cross_table")

# Set cross_* to the names of the architecture $1.
cross_names()
{
	read -r _ cross_triplet cross_deb cross_family cross_cpu cross_endian cross_qemu cross_dpdk cross_tests \
		< <(grep -- "^$1 " <<<"$cross_table")
}

# Unpack the machine's cmocka into $1. Its packages are not installed, as this would change the system.
fetch_cmocka()
{
	local work=$1 log=$cache/log/cmocka-$cross_deb.log package lib
	say "fetching cmocka for $cross_deb"
	: >"$log"
	apt_arch=$cross_deb private_apt "$work/apt" "$log" deb
	fetch "$work" "cmocka for $cross_deb" "$log" download libcmocka-dev libcmocka0
	for package in "$work"/*.deb; do
		limit "$work_limit" dpkg-deb -x "$package" "$work" >>"$log" 2>&1 ||
			die 'unpacking cmocka' "dpkg-deb -x $package" "is there room in $cache?" "$log"
	done
	rm -rf -- "$work/apt" "$work"/*.deb
	lib=$(find "$work/usr/lib" -name libcmocka.so -printf '%P\n')
	[[ -n $lib ]] || die 'unpacking cmocka' 'expected libcmocka.so in its packages, found none' '' "$log"
	cat >"$work/cmocka.pc" <<END
prefix=\${pcfiledir}/usr
Name: cmocka
Description: as unpacked here
Version: 1.1
Libs: -L\${prefix}/lib/$(dirname -- "$lib") -lcmocka
Cflags: -I\${prefix}/include
END
}

# Write a cross file of Meson's to $1; pkg-config looks into the folders that follow, and nowhere else.
write_cross_file()
{
	local dirs
	dirs=$(printf "'%s', " "${@:2}")
	cat >"$1.$$" <<END
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
	# Meson configures again when it has changed, or seems to have.
	if cmp -s -- "$1.$$" "$1"; then rm -f -- "$1.$$"; else mv -f -- "$1.$$" "$1"; fi
}
