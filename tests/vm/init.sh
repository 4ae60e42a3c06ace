#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /init of a test guest. Runs the jobs of /jobs, one per line ("NAME TIMEOUT
# COMMAND..."), and reports on the second serial port:
#
#   @READY kernel=RELEASE          or @FAILED and why, and that is all
#   @BEGIN NAME
#   ...what the command printed, stdout and stderr...
#   @END NAME STATUS
#   @DONE
#
# The harness believes these lines alone: a guest that dies prints no @END.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin LC_ALL=C.UTF-8 HOME=/root TERM=dumb
export CMOCKA_MESSAGE_OUTPUT=TAP BUILD=/pagewarden/build
/bin/busybox --install -s /bin

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm /dev/pts /run /tmp /sys/fs/cgroup
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs run /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t securityfs securityfs /sys/kernel/security
ln -s /proc/self/fd /dev/fd
ip link set lo up
# shellcheck disable=SC3045  # busybox has it
ulimit -c 0

exec >/dev/ttyS1 2>&1
stty raw -echo </dev/ttyS1

# What this guest is to be like: /setup is part of the image where a test wants one.
# shellcheck source=/dev/null
[ ! -f /setup ] || . /setup

[ ! -f /modules ] || while read -r module parameters; do
	# shellcheck disable=SC2086
	why=$(insmod "$module" $parameters 2>&1) || {
		echo "@FAILED insmod $module: $why; $(dmesg | tail -n 1)"
		reboot -f
	}
done </modules

cd /pagewarden || exit
echo "@READY kernel=$(uname -r)"
while read -r name limit command; do
	echo "@BEGIN $name"
	status=0
	timeout -s KILL "$limit" sh -c "$command" >/tmp/.output 2>&1 </dev/null || status=$?
	cat /tmp/.output
	echo "@END $name $status"
done </jobs
echo "@DONE"
sync
# Let the port drain, then end QEMU: -no-reboot turns the reset into an exit.
sleep 0.2
reboot -f
