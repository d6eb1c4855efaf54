#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=apt.sh
. "$project_root/devtools/apt.sh"

readonly configure_options=(
	--target-list=x86_64-softmmu
	--without-default-features
	--enable-tcg
	--enable-fdt=system
	--disable-docs
	--disable-tools
	--disable-user
	--disable-install-blobs
)
# What QEMU's build needs beside what devtools/setup.sh installs.
readonly packages=(bison flex libfdt-dev libglib2.0-dev libpixman-1-dev python3-venv zlib1g-dev)
# What is unpacked into the cache, and not installed; and the kernel that linux-image-amd64 stands for.
readonly unpacked=(busybox-static qemu-system-data seabios)
readonly kernel_package=linux-image-amd64
readonly firmware=(
	seabios/bios-256k.bin qemu/kvmvapic.bin qemu/linuxboot.bin qemu/linuxboot_dma.bin
)
# In the order in which they are loaded; where the kernel has one built in, or no such one, it is left out.
readonly modules=(
	irqbypass vfio vfio_virqfd iommufd vfio_iommu_type1 vfio-pci-core vfio-pci pci-pf-stub
)
readonly way_out='is this Debian 12 or 13, and are its package sources in reach?'
# Seconds for the guest to boot.
readonly boot_limit=300

usage()
{
	cat <<'END'
Usage: devtools/run-qemu.sh [OPTION]... MODE

Run the driver in a guest: QEMU with the PCI device sdxi, an IOMMU, Debian's kernel and vfio-pci. The
first run fetches the distribution's source package of QEMU (Debian 12: 7.2, Debian 13: 10.0), and
builds it with the device into the cache folder. KVM is not needed, and nothing but the missing packages
is installed.

  test          run the guest tests; the last line is "N passed, N failed, N skipped"
  shell         give a prompt in the guest; "exit" ends it, and so does Ctrl-A x
  -- ARG...     run a command in the guest, in the folder with the driver; its output (text: NUL
                bytes are lost) and exit code are this script's
  build         only make everything ready, and say where it is

  --device ARG  QEMU's -device ARG, for instance "sdxi,addr=0x10,error=continue"; may be given several
                times (default: "sdxi,addr=0x10"; for test: app/test/guest/devices)
  --qemu-source DIR  build this source tree of QEMU instead: the device is added to it
  --kernel FILE your own kernel, with what it needs built in (VFIO_PCI, INTEL_IOMMU), not Debian's
  --append ARGS more for the kernel's command line
  --memory MIB  the guest's memory (default: 2048)
  --silence S   a guest that says nothing for so many seconds is taken for dead, and so is a command
                that runs in it (default: 600)
  --limit S     and one that has not ended after so many (default: 3600); not for shell
  --help

The device, its properties and how to use it elsewhere: emu/qemu/README.md. SDXI_QEMU=FILE runs another
qemu-system-x86_64 that has it. DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to
devtools/setup.sh.
END
}

bad_usage()
{
	usage >&2
	exit 2
}

mode=
devices=()
qemu_source=
kernel=
own_kernel=false
append=
memory=2048
silence=600
whole_limit=3600
task=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--)
		mode=run
		shift
		task=("$@")
		break
		;;
	--*)
		(($# > 1)) || bad_usage
		case $1 in
		--device) devices+=(-device "$2") ;;
		--qemu-source) qemu_source=$2 ;;
		--kernel) kernel=$2 ;;
		--append) append=$2 ;;
		--memory) memory=$2 ;;
		--silence) silence=$2 ;;
		--limit) whole_limit=$2 ;;
		*) bad_usage ;;
		esac
		shift
		;;
	test | shell | build)
		[[ -z $mode ]] || bad_usage
		mode=$1
		;;
	*) bad_usage ;;
	esac
	shift
done
[[ -n $mode && ($mode != run || ${#task[@]} -gt 0) ]] || bad_usage
for number in "$memory" "$silence" "$whole_limit"; do
	# Bash takes a leading 0 for octal.
	[[ $number =~ ^[1-9][0-9]{0,8}$ ]] || bad_usage
done
if [[ -n ${SDXI_QEMU:-} ]]; then
	[[ -x $SDXI_QEMU ]] || die 'looking for QEMU' "there is no program $SDXI_QEMU" \
		'mend SDXI_QEMU, or unset it to have one built'
	SDXI_QEMU=$(realpath -- "$SDXI_QEMU")
fi
if [[ -n $qemu_source ]]; then
	[[ -w $qemu_source/hw/misc/meson.build ]] || die 'looking for the source of QEMU' \
		"$qemu_source has no hw/misc/meson.build that can be written" 'name a source tree of yours'
	qemu_source=$(realpath -- "$qemu_source")
fi
if [[ -n $kernel ]]; then
	own_kernel=true
	[[ -r $kernel ]] || die 'looking for the kernel' "there is no $kernel" 'name a bzImage'
	kernel=$(realpath -- "$kernel")
fi

# --- QEMU -----------------------------------------------------------------------------------------

# prepare_fetch DIR LOG: set $apt_get, a command that knows the machine's sources, and those of source
# packages as well.
prepare_fetch()
{
	command -v apt-get >/dev/null || die 'fetching packages' 'there is no apt-get here' "$way_out"
	: >"$2"
	private_apt "$1/apt"
	derive_sources "$1/apt" deb deb-src
	apt_get=(limit "$fetch_limit" apt-get -c "$1/apt/apt.conf")
	# One dead source makes the whole update fail, though the others were read.
	"${apt_get[@]}" update </dev/null >>"$2" 2>&1 || true
}

# Have $qemu/bios, and below $unpacked_root the rest of what a guest needs from packages.
ready_guest()
{
	local dir log=$cache/log/qemu-guest.log image deb file

	dir=$cache/guest-$(distribution)
	unpacked_root=$dir/root
	exec 7>"$dir.lock"
	lock 7 'fetches packages'
	# The last thing written: without it the folder is the rest of what was broken off.
	if [[ ! -e $dir/.complete ]]; then
		rm -rf -- "$dir"
		mkdir -p -- "$dir"
		say 'fetching a kernel and firmware for the guest (80 MB)'
		prepare_fetch "$dir" "$log"
		image=$(apt-cache -c "$dir/apt/apt.conf" depends "$kernel_package" 2>>"$log" |
			sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -n 1)
		[[ -n $image ]] || die 'fetching a kernel' \
			"the package sources offer no $kernel_package" "$way_out" "$log"
		(cd -- "$dir" && "${apt_get[@]}" download "$image" "${unpacked[@]}" </dev/null \
			>>"$log" 2>&1) || die 'fetching packages' "apt-get download $image ${unpacked[*]}" \
			"$way_out" "$log"
		for deb in "$dir"/*.deb; do
			limit "$work_limit" dpkg-deb -x "$deb" "$dir/root" >>"$log" 2>&1 ||
				die 'unpacking' "$deb" "is there room in $cache?" "$log"
		done
		rm -rf -- "$dir"/apt "$dir"/*.deb
		: >"$dir/.complete"
	fi
	exec 7>&-
	mkdir -p -- "$qemu/bios"
	for file in "${firmware[@]}"; do
		refresh "$unpacked_root/usr/share/$file" "$qemu/bios/${file##*/}"
	done
}

# Fetch QEMU's source package, and unpack it to $1/source.
fetch_qemu()
{
	local dir=$1 log=$cache/log/qemu-source.log

	rm -rf -- "$dir"/unpacking "$dir"/qemu_*
	say 'fetching the source package of QEMU'
	prepare_fetch "$dir" "$log"
	(cd -- "$dir" && "${apt_get[@]}" source --only-source --download-only qemu </dev/null \
		>>"$log" 2>&1) || die 'fetching QEMU' 'apt-get source qemu' "$way_out" "$log"
	limit "$work_limit" dpkg-source --no-copy -x "$dir"/qemu_*.dsc "$dir/unpacking" >>"$log" 2>&1 ||
		die 'unpacking QEMU' "$(echo "$dir"/qemu_*.dsc)" "is there room in $cache?" "$log"
	rm -rf -- "$dir"/apt "$dir"/qemu_*
	mv -- "$dir/unpacking" "$dir/source"
}

# A copy that leaves alone what is the same already, so that Ninja does as well.
refresh()
{
	cmp -s -- "$1" "$2" || cp -- "$1" "$2"
}

# Put the device into the source tree $1, as it is in this clone.
add_device()
{
	local misc=$1/hw/misc target=$1/hw/misc/sdxi file
	local files=("$project_root"/emu/*.[ch] "$project_root"/emu/qemu/*
		"$project_root/drivers/dma/sdxi/sdxi_hw.h")

	# Meson has no wildcards of its own: where files have come or gone, it has to run again.
	[[ $(printf '%s\n' "${files[@]##*/}" | LC_ALL=C sort) == \
		"$(LC_ALL=C ls -- "$target" 2>/dev/null)" ]] || rm -rf -- "$target"
	mkdir -p -- "$target"
	for file in "${files[@]}"; do
		refresh "$file" "$target/${file##*/}"
	done
	grep -qx "subdir('sdxi')" "$misc/meson.build" || echo "subdir('sdxi')" >>"$misc/meson.build"
	grep -qx 'source sdxi/Kconfig' "$misc/Kconfig" || echo 'source sdxi/Kconfig' >>"$misc/Kconfig"
	# The folders with trace events are listed in one place.
	grep -q "'hw/misc/sdxi'" "$1/meson.build" ||
		sed -i "s|^ *'hw/misc',$|&\n    'hw/misc/sdxi',|" "$1/meson.build"
}

# Have $qemu/qemu-system-x86_64 with this clone's device.
ready_qemu()
{
	local key dir source log
	local tools=(env -u CFLAGS -u CPPFLAGS -u LDFLAGS CC=gcc)

	key=$(printf '%s\n' 2 "$(distribution)" "$qemu_source" "${configure_options[*]}" \
		"$(gcc --version | head -n 1)" "$(uname -m)" | sha256sum | cut -c 1-12)
	dir=$cache/qemu-$key
	source=${qemu_source:-$dir/source}
	exec 7>"$dir.lock"
	lock 7 'builds QEMU'
	mkdir -p -- "$dir/build"
	[[ -d $source ]] || fetch_qemu "$dir"
	add_device "$source"
	# The last thing that configuring writes.
	if [[ ! -e $dir/build/build.ninja ]]; then
		log=$cache/log/qemu-configure.log
		say 'configuring QEMU'
		(cd -- "$dir/build" && limit "$work_limit" "${tools[@]}" "$source/configure" \
			"${configure_options[@]}" </dev/null >"$log" 2>&1) ||
			die 'configuring QEMU' "$source/configure" 'mend what the log says' "$log"
	fi
	log=$builds/log/qemu-build.log
	run_ninja "$dir/build" "$log" 'building QEMU' qemu-system-x86_64 ||
		die 'building QEMU' "ninja in $dir/build" \
			"mend what the log says; or remove $dir, and it is built anew" "$log"
	refresh "$dir/build/qemu-system-x86_64" "$qemu/qemu-system-x86_64"
	chmod +x -- "$qemu/qemu-system-x86_64"
	exec 7>&-
}

# --- The guest ------------------------------------------------------------------------------------

# copy_libs FILE: what it is linked with, but DPDK and what is built here, to the guest's root.
copy_libs()
{
	local file
	while read -r file; do
		[[ $file == "$builds"/* || $file == "$libdir"/* || -e $guest$file ]] && continue
		mkdir -p -- "$guest$(dirname -- "$file")"
		cp -L -- "$file" "$guest$file"
	done < <(LD_LIBRARY_PATH=$builds/gcc:$LD_LIBRARY_PATH ldd "$1" |
		sed -nE 's/^[[:space:]]*([^ ]+ => )?(\/.+) \(0x[0-9a-f]+\)$/\2/p')
}

# copy_in FILE: to the guest's root, at its own path; links as links.
copy_in()
{
	mkdir -p -- "$guest$(dirname -- "$1")"
	cp -P -- "$1" "$guest$1"
	[[ -L $1 ]] || copy_libs "$1"
}

# Make $qemu/initramfs.gz.
make_initramfs()
{
	local prefix=$DPDK_SDXI_PREFIX libdir file module

	rm -rf -- "$guest"
	mkdir -p -- "$guest"/{bin,dev,proc,sys,tmp,run,root,sdxi,var}
	ln -s ../run "$guest/var/run"
	cp -- "$(find "$unpacked_root" -path '*/bin/busybox' -print -quit)" "$guest/bin/"
	cp -- "$(command -v bash)" "$guest/bin/"
	cp -- "$project_root/devtools/guest-init.sh" "$guest/init"
	libdir=$(pkg-config --variable=libdir libdpdk)
	copy_libs "$guest/bin/bash"
	for file in "$libdir"/*.so* "$libdir"/dpdk/*/*.so* "$prefix"/bin/dpdk-test; do
		[[ ! -e $file ]] || copy_in "$file"
	done
	for file in "$builds"/gcc/{librte_dma_sdxi.so,app/test/test_guest}; do
		cp -- "$file" "$guest/sdxi/"
		copy_libs "$file"
	done
	# glibc opens it by itself, where a thread ends.
	copy_in "$(realpath -- "$(gcc -print-file-name=libgcc_s.so.1)")"
	cp -- "$project_root"/app/test/{guest/run.sh,run_dmadev_autotest.sh,tap.sh} "$guest/sdxi/"
	: >"$guest/sdxi/modules"
	if ! $own_kernel; then
		for module in "${modules[@]}"; do
			file=$(find "$unpacked_root" -path "*/lib/modules/*/$module.ko*" -print -quit)
			[[ -n $file ]] || continue
			# From Debian 13 on they are compressed.
			if [[ $file == *.xz ]]; then xz -dc -- "$file"; else cat -- "$file"; fi \
				>"$guest/sdxi/$module.ko"
			echo "/sdxi/$module.ko" >>"$guest/sdxi/modules"
		done
	fi
	cat >"$guest/sdxi/env" <<END
mark=$mark
export DPDK_SDXI_PREFIX=$prefix
export LD_LIBRARY_PATH=/sdxi:$libdir
export PATH=\$PATH:/sdxi:$prefix/bin
END
	case $mode in
	test) echo 'exec ./run.sh' >"$guest/sdxi/task" ;;
	run) printf '%q ' "${task[@]}" >"$guest/sdxi/task" ;;
	esac
	(cd -- "$guest" && find . | LC_ALL=C sort | ./bin/busybox cpio -o -H newc -R 0:0 2>/dev/null |
		limit "$work_limit" gzip -1) >"$qemu/initramfs.gz" ||
		die 'making the initramfs' "$guest" "is there room in $builds?"
	rm -rf -- "$guest"
}

# Set $command, to be run in $qemu: paths may have commas, which QEMU does not take in an option.
make_command()
{
	# shellcheck disable=SC2054 # QEMU's commas
	command=(
		setpriv --pdeathsig KILL -- "${SDXI_QEMU:-./qemu-system-x86_64}" -L bios -nodefaults -no-user-config -no-reboot -display none
		-machine q35,kernel-irqchip=off -accel "tcg,thread=multi" -cpu "max,la57=off" -smp 2
		-m "$memory" -device "intel-iommu,intremap=on,aw-bits=48" "${devices[@]}"
		-kernel "$kernel" -initrd initramfs.gz
		-append "console=ttyS0 intel_iommu=on no_timer_check panic=-1 oops=panic hugepages=$((memory / 5))\
${quiet:+ quiet} $append"
	)
}

# guest_died WHAT: with the kernel's last words.
guest_died()
{
	local why
	why=$(grep -a -m 1 -oE '(Kernel panic|Oops|BUG:).*' "$console" || true)
	die 'running the guest' "$1${why:+: $why}" \
		'see what its kernel said; "devtools/run-qemu.sh shell" gives a prompt in it' "$console"
}

# What QEMU has said, but for what the IOMMU says of each access that it refuses.
qemu_complaints()
{
	grep -av -e ': vtd_iova_to_slpte: ' -e ': vtd_iommu_translate: ' \
		-e ': Interrupt Mask set, irq is not generated' \
		-e ': New fault is not recorded due to compression of faults' "$qemu/qemu.log" || true
}

# run_guest HANDLER: boot, and give HANDLER what the guest's command prints, in pieces: text, and the
# line end behind it or nothing. What the guest says of itself comes behind $mark, which may stand
# anywhere in a line: what the command prints last need not end one. Sets $guest_code.
run_guest()
{
	local handler=$1 text held='' rc out state=booting limit=$boot_limit
	local began=$SECONDS heard=$SECONDS LC_ALL=C

	guest_code=
	: >"$console"
	# It holds nothing of this script's that someone waits for, and dies with it.
	exec {out}< <(cd -- "$qemu" && exec 9>&- {stdout}>&- "${command[@]}" \
		-serial file:console.log -serial stdio </dev/null 2>qemu.log)
	qemu_pid=$!
	while :; do
		rc=0
		IFS= read -r -t 1 -u "$out" text || rc=$?
		[[ $rc != 0 && -z $text ]] || heard=$SECONDS
		((SECONDS - heard <= limit)) || guest_died "$state: nothing was heard for $limit seconds"
		((SECONDS - began <= whole_limit)) ||
			guest_died "$state: it has not ended within $whole_limit seconds"
		text=$held$text
		held=
		if ((rc > 128)); then
			# No whole line yet: what may be the beginning of a mark stays here.
			held=${text#"${text%%"${mark::1}"*}"}
			"$handler" "${text%%"${mark::1}"*}" ''
			continue
		fi
		if [[ $text == *"$mark"* ]]; then
			"$handler" "${text%%"$mark"*}" ''
			case ${text#*"$mark"} in
			ready)
				state=running
				limit=$silence
				say "the guest runs, after $((SECONDS - began)) seconds"
				;;
			'ended '*)
				guest_code=${text##* }
				state='powering off'
				limit=60
				;;
			*) say "the guest: ${text#*"$mark"}" ;;
			esac
		elif ((rc == 0)); then
			"$handler" "$text" $'\n'
		else
			"$handler" "$text" ''
		fi
		((rc == 0)) || break
	done
	exec {out}<&-
	rc=0
	wait "$qemu_pid" || rc=$?
	qemu_pid=
	((rc == 0)) || die 'running QEMU' "$state: it ended with $rc" \
		"mend what it says; what the guest's kernel said is in $console" "$qemu/qemu.log"
	[[ -n $guest_code ]] || guest_died "$state: it went down"
}

print_text()
{
	printf '%s%s' "$1" "$2" >&"$stdout"
}

passed=0
failed=0
skipped=0
cases=0
plan=none
line=

count_text()
{
	line+=$1
	[[ -n $2 ]] || return 0
	printf '%s\n' "$line"
	case $line in
	1..[0-9]*) plan=${line#1..} ;;
	'ok '* | 'not ok '*)
		cases=$((cases + 1))
		if [[ $line == *'# SKIP'* ]]; then
			skipped=$((skipped + 1))
		elif [[ $line == 'ok '* ]]; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
		fi
		;;
	esac
	line=
}

# One that is not in the plan: a failure of the guest as a whole.
count_failure()
{
	failed=$((failed + 1))
	say "not ok - $1"
}

run_tests()
{
	local lines
	run_guest count_text
	if [[ $plan != "$cases" ]]; then
		count_failure "expected the $plan verdicts of the plan, found $cases"
	elif ((guest_code != 0 && failed == 0)); then
		count_failure "the guest tests ended with $guest_code"
	fi
	lines=$(grep -aE 'Oops|BUG:|WARNING: CPU|Call Trace|general protection' "$console" || true)
	[[ -z $lines ]] || count_failure "the guest's kernel is not well: ${lines//$'\n'/; }"
	lines=$(qemu_complaints)
	[[ -z $lines ]] || count_failure "QEMU is not well: ${lines//$'\n'/; }"
	((failed == 0)) || say "the guest's console: $console"
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0))
}

run_task()
{
	local lines
	run_guest print_text
	lines=$(qemu_complaints)
	[[ -z $lines ]] || warn "QEMU said: ${lines//$'\n'/; }"
	exit "$guest_code"
}

# --- Main -----------------------------------------------------------------------------------------

# What the guest says of itself stands behind this, and nothing else that it says does.
mark=$'\036'sdxi-guest-$(od -An -N 8 -t x8 /dev/urandom | tr -d ' '):

# The command's output is this script's, and nothing else is.
exec {stdout}>&1
[[ $mode != run ]] || exec >&2

set_up
cache=$(cache_dir)
ensure_packages "$cache" "${packages[@]}"

find_builds
qemu=$builds/qemu
console=$qemu/console.log
guest=$qemu/guest
mkdir -p -- "$qemu"
qemu_pid=
cleanup()
{
	[[ -z $qemu_pid ]] || kill -KILL "$qemu_pid" 2>/dev/null || true
	rm -rf -- "$guest"
}
trap cleanup EXIT

CC=gcc must_build gcc 'the driver' "${test_build_options[@]}" librte_dma_sdxi.so app/test/test_guest
ready_guest
[[ -n ${SDXI_QEMU:-} ]] || ready_qemu
if [[ $mode == build ]]; then
	say "QEMU: ${SDXI_QEMU:-$qemu/qemu-system-x86_64} -L $qemu/bios"
	exit 0
fi

if ! $own_kernel; then
	kernel=$(find "$unpacked_root/boot" -name 'vmlinuz-*' -print -quit)
fi
if ((${#devices[@]} == 0)); then
	if [[ $mode == test ]]; then
		read -r -d '' -a devices < <(sed '/^#/d' "$project_root/app/test/guest/devices") || true
	else
		devices=(-device 'sdxi,addr=0x10')
	fi
fi
say 'making the initramfs'
make_initramfs
quiet=
[[ $mode != shell ]] || quiet=yes
make_command
say "booting${quiet:+; Ctrl-A x ends QEMU}"
case $mode in
test) run_tests || exit 1 ;;
run) run_task ;;
shell) cd -- "$qemu" && "${command[@]}" -serial mon:stdio -serial null ;;
esac
