#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 2400
#
# The live tests on Debian's kernels: every tests/live/test_*.c runs in a guest
# of each kernel, and each of its test cases is one test here.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

mapfile -t live < <(find "$vm_build/tests/live" -type f -name 'test_*' ! -name '*.*' 2>/dev/null | sort)
[ ${#live[@]} -gt 0 ] || skip_all "there are no live tests yet"

limit_of() {
	local own

	own=$(head -n 10 "$vm_root/tests/live/$1.c" | sed -n 's/.*timeout: \([0-9][0-9]*\).*/\1/p' | head -n 1)
	# an emulated processor is about ten times slower
	echo $((${own:-120} * 3))
}

vm_tree "$tmp/tree"
total=60
for binary in "${live[@]}"; do
	name=$(basename "$binary")
	vm_add "$tmp/tree" "$binary"
	vm_job "$tmp/tree" "$name" "$(limit_of "$name")" "$(vm_path_of "$binary")"
	total=$((total + $(limit_of "$name")))
done
export VM_TIMEOUT=$((total < 1100 ? total : 1100))

boot_one() {
	local kernel

	kernel=$(vm_kernel "$1" 2>"$tmp/fetch-$1") && vm_boot "$tmp/tree" "$kernel" "$tmp/out-$1"
}

# Two guests at a time: that many cores are the least that this is run on.
running=0
vm_accel "$(vm_kernel 6.1 2>/dev/null)" >/dev/null 2>&1
for name in "${VM_KERNELS[@]}"; do
	if [ "$running" -eq 2 ]; then
		wait -n
		running=$((running - 1))
	fi
	boot_one "$name" &
	running=$((running + 1))
done
wait

for name in "${VM_KERNELS[@]}"; do
	if [ ! -d "$tmp/out-$name" ]; then
		reason="no kernel $name: $(tail -n 3 "$tmp/fetch-$name" | tr '\n' ' ')"
		if [ "${CI:-}" = true ]; then
			fail "$name" "$reason"
		else
			skip "$name" "$reason"
		fi
		continue
	fi
	check "$name boots" vm_booted "$tmp/out-$name"
	for binary in "${live[@]}"; do
		job=$(basename "$binary")
		vm_relay "$tmp/out-$name" "$job" "$(limit_of "$job")" "$name $job"
	done
	complaints=$(vm_complaints "$tmp/out-$name")
	if [ -z "$complaints" ]; then
		pass "$name kernel log has no complaint"
	else
		fail "$name kernel log has no complaint" "$complaints"
	fi
	mkdir -p "$build/test-logs/vm/$name"
	cp "$tmp/out-$name"/{log,results,qemu} "$build/test-logs/vm/$name/"
done
