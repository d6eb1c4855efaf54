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
# What QEMU's build needs besides devtools/setup.sh's packages.
readonly packages=(bison flex libfdt-dev libglib2.0-dev libpixman-1-dev python3-venv zlib1g-dev)
# Unpacked into the cache, not installed; and the package that depends on the current kernel.
readonly unpacked=(busybox-static qemu-system-data seabios)
readonly kernel_package=linux-image-amd64
readonly firmware=(
	seabios/bios-256k.bin qemu/kvmvapic.bin qemu/linuxboot.bin qemu/linuxboot_dma.bin
)
# In the order in which they are loaded, without those that the kernel has built in or does not have.
readonly modules=(
	irqbypass vfio vfio_virqfd iommufd vfio_iommu_type1 vfio-pci-core vfio-pci pci-pf-stub
)
# Seconds for the guest to boot.
readonly boot_limit=300

usage()
{
	cat <<'END'
Usage: devtools/run-qemu.sh [OPTION]... MODE

Run the driver in a guest: QEMU with the PCI device sdxi, an IOMMU, Debian's kernel and vfio-pci. The
first run fetches the distribution's source package of QEMU (Debian 12: 7.2, Debian 13: 10.0), and
builds it with the device in the cache folder. KVM is not needed. Only missing packages are installed.

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
  --minutes N   how long the guest may run (default: 60); not for shell. A guest whose command prints
                nothing for ten minutes is ended as well
  --help

The device, its properties and how to use it elsewhere: emu/qemu/README.md. SDXI_QEMU=FILE runs another
qemu-system-x86_64 that has it. DPDK_SOURCE, DPDK_PREFIX, DPDK_SDXI_CACHE and JOBS are passed on to
devtools/setup.sh.
END
}

mode=
devices=()
qemu_source=
kernel=
own_kernel=false
append=
memory=2048
# SDXI_QEMU_SILENCE is for tests of this script.
silence=${SDXI_QEMU_SILENCE:-600}
minutes=60
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
		--minutes) minutes=$2 ;;
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
is_count "$memory" || bad_usage
is_count "$minutes" || bad_usage
whole_limit=$((minutes * 60))
if [[ -n ${SDXI_QEMU:-} ]]; then
	[[ -x $SDXI_QEMU ]] || die 'looking for QEMU' "there is no program $SDXI_QEMU" \
		'correct SDXI_QEMU, or unset it to have one built'
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

# Unpack what a guest needs from packages into $1.
fetch_guest()
{
	local dir=$1 log=$cache/log/qemu-guest.log image deb
	say 'fetching a kernel and firmware for the guest (80 MB)'
	: >"$log"
	private_apt "$dir/apt" "$log" deb
	image=$(apt-cache -c "$apt_conf" depends "$kernel_package" 2>>"$log" |
		sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -n 1) || true
	fetch "$dir" 'what the guest needs' "$log" download "${image:-$kernel_package}" "${unpacked[@]}"
	for deb in "$dir"/*.deb; do
		limit "$work_limit" dpkg-deb -x "$deb" "$dir" >>"$log" 2>&1 ||
			die 'unpacking' "$deb" "is there room in $cache?" "$log"
	done
	rm -rf -- "$dir"/apt "$dir"/*.deb
}

# Fetch QEMU's source package, and unpack it to $1/source.
fetch_qemu()
{
	local dir=$1 log=$cache/log/qemu-source.log
	rm -rf -- "$dir"/apt "$dir"/unpacking "$dir"/qemu_*
	say 'fetching the source package of QEMU'
	: >"$log"
	private_apt "$dir/apt" "$log" deb-src
	fetch "$dir" QEMU "$log" source --only-source --download-only qemu
	limit "$work_limit" dpkg-source --no-copy -x "$dir"/qemu_*.dsc "$dir/unpacking" >>"$log" 2>&1 ||
		die 'unpacking QEMU' "$(echo "$dir"/qemu_*.dsc)" "is there room in $cache?" "$log"
	rm -rf -- "$dir"/apt "$dir"/qemu_*
	mv -- "$dir/unpacking" "$dir/source"
}

# Copy a file unless the two are the same, so that Ninja does not build again.
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

	# Meson has no wildcards: if the list of files has changed, it must run again.
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
	# Configuring writes this last.
	if [[ ! -e $dir/build/build.ninja ]]; then
		log=$cache/log/qemu-configure.log
		say 'configuring QEMU'
		(cd -- "$dir/build" && limit "$work_limit" "${tools[@]}" "$source/configure" \
			--python=/usr/bin/python3 "${configure_options[@]}" </dev/null >"$log" 2>&1) ||
			die 'configuring QEMU' "$source/configure" 'fix what the log says' "$log"
	fi
	log=$builds/log/qemu-build.log
	run_ninja "$dir/build" "$log" 'building QEMU' qemu-system-x86_64 ||
		die 'building QEMU' "ninja in $dir/build" \
			"fix what the log says; or remove $dir, and it is built again" "$log"
	refresh "$dir/build/qemu-system-x86_64" "$qemu/qemu-system-x86_64"
	chmod +x -- "$qemu/qemu-system-x86_64"
	exec 7>&-
}

# --- The guest ------------------------------------------------------------------------------------

# copy_libs FILE: copy the libraries that it is linked with to the guest's root, without those of DPDK and
# of this build.
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

# copy_in FILE: copy it to the guest's root, at its own path; links as links.
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
	for file in "$builds"/gcc/{librte_dma_sdxi.so,app/test/test_guest,app/test/libno_silent.so}; do
		cp -- "$file" "$guest/sdxi/"
		copy_libs "$file"
	done
	# glibc opens it when a thread ends.
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
export SDXI_TEST_NO_SILENT=/sdxi/libno_silent.so
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

# Set $command, to be run in $qemu: QEMU's options take no path with a comma.
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

# guest_died WHAT: with the last message of the kernel.
guest_died()
{
	local why
	why=$(grep -a -m 1 -oE '(Kernel panic|Oops|BUG:).*' "$console" || true)
	die 'running the guest' "$1${why:+: $why}" \
		'see what its kernel logged; "devtools/run-qemu.sh shell" gives a prompt in it' "$console"
}

# Print what QEMU has logged, without the IOMMU's messages for each access that it refuses.
qemu_complaints()
{
	grep -av -e ': vtd_iova_to_slpte: ' -e ': vtd_iommu_translate: ' \
		-e ': Interrupt Mask set, irq is not generated' \
		-e ': New fault is not recorded due to compression of faults' "$qemu/qemu.log" || true
}

# run_guest HANDLER: boot, and give HANDLER what the guest's command prints, in pieces: text, and the
# line end after it or nothing. The guest's own messages follow $mark, which may stand anywhere in a line, as
# the command's last line need not have an end. Sets $guest_code.
run_guest()
{
	local handler=$1 text held='' rc out state=booting limit=$boot_limit
	local began=$SECONDS heard=$SECONDS LC_ALL=C

	guest_code=
	: >"$console"
	# QEMU inherits neither the lock nor the output, and is killed with this script.
	exec {out}< <(cd -- "$qemu" && exec 9>&- {stdout}>&- "${command[@]}" \
		-serial file:console.log -serial stdio </dev/null 2>qemu.log)
	qemu_pid=$!
	while :; do
		rc=0
		IFS= read -r -t 1 -u "$out" text || rc=$?
		[[ $rc != 0 && -z $text ]] || heard=$SECONDS
		((SECONDS - heard <= limit)) || guest_died "$state: nothing was heard for $limit seconds"
		((SECONDS - began <= whole_limit)) ||
			guest_died "$state: it has not ended within $minutes minutes"
		text=$held$text
		held=
		if ((rc > 128)); then
			# No whole line yet: keep what may be the beginning of a mark.
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
		"fix what it reports; the guest's console is in $console" "$qemu/qemu.log"
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

# A failure of the guest as a whole, which is not in the plan.
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
	[[ -z $lines ]] || count_failure "the guest's kernel reported: ${lines//$'\n'/; }"
	lines=$(qemu_complaints)
	[[ -z $lines ]] || count_failure "QEMU reported: ${lines//$'\n'/; }"
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

# Only the guest's own messages follow this.
mark=$'\036'sdxi-guest-$(od -An -N 8 -t x8 /dev/urandom | tr -d ' '):

# Standard output is for the command's output only.
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

CC=gcc must_build gcc 'the driver' "${test_build_options[@]}" librte_dma_sdxi.so app/test/test_guest \
	app/test/libno_silent.so
unpacked_root=$cache/qemu-guest-$(distribution)
fill_once "$unpacked_root" 'fetches packages' fetch_guest
mkdir -p -- "$qemu/bios"
for file in "${firmware[@]}"; do
	refresh "$unpacked_root/usr/share/$file" "$qemu/bios/${file##*/}"
done
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
