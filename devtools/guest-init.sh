#!/bin/busybox sh
# shellcheck shell=dash disable=SC2154 # variables of /sdxi/env
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

# Init process of the guest of devtools/run-qemu.sh. /sdxi/task has the command, /sdxi/env its environment.
# The kernel and the shell use the first serial port, the command uses the second one.

export PATH=/bin:/sbin HOME=/root TERM=linux
readonly pci=/sys/bus/pci
readonly port=/dev/ttyS1

# busybox --install reads its own path from /proc.
busybox mount -t proc proc /proc
busybox --install -s /bin
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/hugepages /dev/shm
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t tmpfs shm /dev/shm
mount -t hugetlbfs huge /dev/hugepages
ln -s /proc/self/fd /dev/fd

# shellcheck disable=SC1091 # written by run-qemu.sh
. /sdxi/env
# Disable conversion of line ends.
stty -F $port raw -echo

while read -r module; do
	insmod "$module" || echo "${mark}no module $module" >$port
done </sdxi/modules

for function in "$pci"/devices/*; do
	read -r class <"$function/class"
	[ "$class" = 0x120100 ] || continue
	[ -e $pci/drivers/vfio-pci ] || continue
	echo vfio-pci >"$function/driver_override"
	echo "${function##*/}" >$pci/drivers_probe
	[ -e "$function/driver" ] || echo "$mark${function##*/} cannot be bound to vfio-pci" >$port
done

cd /sdxi || exit
echo "${mark}ready" >$port
if [ -s /sdxi/task ]; then
	bash /sdxi/task </dev/null >$port 2>&1
	code=$?
else
	echo
	echo "SDXI functions, bound to vfio-pci:"
	for function in "$pci"/drivers/vfio-pci/0000:*; do
		[ ! -e "$function" ] || echo "    ${function##*/}"
	done
	echo "For instance: dpdk-test -d librte_dma_sdxi.so -a 0000:00:10.0 --in-memory"
	echo "The guest ends with the shell."
	setsid cttyhack bash -l
	code=0
fi
# Follows the output directly, which may lack a final newline. stty waits until all output is sent.
echo "${mark}ended $code" >$port
stty -F $port raw -echo
sleep 1
poweroff -f
