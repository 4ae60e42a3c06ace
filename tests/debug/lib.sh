# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Modules on debug kernels: built against one, run in a guest of it, judged by
# what the kernel's checkers said. Sourced by the ring's scripts, after
# lib/check.sh.
#
#   debug_kernel NAME                  its directory; builds it where it isn't there yet
#   debug_build KERNEL SOURCE          builds the module in SOURCE against it
#   debug_tree TREE                    a guest's tree with the tools of this ring
#   debug_job TREE NAME TIMEOUT CMD... a job that is a section of the kernel log
#   debug_boot TREE KERNEL OUT         boots it; then OUT/complaints has the checkers' words
#   debug_copy, debug_begin, debug_end  Pagewarden's own module: its sources, and the jobs around its tests
#   debug_keep NAME OUT                keeps what the guest said below build/test-logs

debug_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$debug_dir/../vm/lib.sh"

# DEBUG_KERNELS="NAME..." in the environment: only these.
# shellcheck disable=SC2034  # for those who source this
read -ra debug_kernels <<<"${DEBUG_KERNELS:-6.1-kasan 6.12-kasan 6.12-kcsan}"

debug_kernel() { "$debug_dir/kernel.sh" "$1"; }

debug_build() { nice make -s -C "$1/build" M="$2" modules; }

debug_tree() {
	vm_tree "$1"
	cp "$debug_dir/setup.sh" "$1/setup"
	vm_add "$1" "$debug_dir/leaks.sh"
}

debug_job() {
	local tree=$1 name=$2 limit=$3

	shift 3
	vm_job "$tree" "$name" "$limit" "echo pw-section: $name >/dev/kmsg; $*"
}

# A race needs two processors that run at the same time. (The kernels here never
# patch themselves, which is what one thread for all of them spares the others.)
debug_boot() {
	local threads=single

	case $2 in
	*-kcsan) threads=multi ;;
	esac
	# kasan_multi_shot: every report, not the first alone
	VM_MEMORY=${VM_MEMORY:-1536} VM_TCG_THREAD=$threads \
		VM_APPEND="kasan_multi_shot page_owner=on printk.devkmsg=on secretmem.enable=1 ${VM_APPEND:-}" vm_boot "$@"
	awk -f "$debug_dir/complaints.awk" "$3/log" >"$3/complaints"
}

# complaints_of OUT SECTION KIND...: those of these kinds, a line each.
complaints_of() {
	local out=$1 section=$2

	shift 2
	awk -F '\t' -v section="$section" -v kinds=" $* " \
		'$1 == section && index(kinds, " " $2 " ") { print $2 ": " $3 }' "$out/complaints"
}

# debug_keep NAME OUT: for those who want to read what the guest said.
debug_keep() {
	mkdir -p "$vm_build/test-logs/debug/$1"
	cp "$2"/{log,results,qemu,complaints} "$vm_build/test-logs/debug/$1/"
}

# debug_copy DIR: the module's sources as they are here, to be built in.
debug_copy() {
	mkdir -p "$1"
	cp "$vm_root/Kbuild" "$1/"
	cp -r "$vm_root/kmod" "$1/"
}

# debug_begin TREE MODULE and debug_end TREE: the jobs around those that use the module.
debug_begin() {
	vm_add "$1" "$2" /lib/modules/pagewarden.ko
	debug_job "$1" load 120 'tests/debug/leaks.sh before && insmod /lib/modules/pagewarden.ko && ls -l /dev/pagewarden'
}

debug_end() {
	debug_job "$1" unload $((60 * ${PW_SLOW:-1})) 'rmmod pagewarden'
	debug_job "$1" leaks $((300 * ${PW_SLOW:-1})) 'tests/debug/leaks.sh after pages'
}
