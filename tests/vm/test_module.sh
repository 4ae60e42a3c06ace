#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 2400
#
# The kernel module on Debian's kernels: every tests/module/test_*.c runs in a
# guest of each kernel with pagewarden.ko loaded, and each of its test cases is
# one test here. The random steps have a guest of their own, so that two
# processors are busy to the end. Faults can only be injected into debug kernels
# (make check-debug-kernel).
#
#   PW_STEPS=N  random steps on each kernel (100000)
#   PW_SEED=N   of theirs
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

mapfile -t binaries < <(find "$vm_build/tests/module" -type f -name 'test_*' ! -name '*.*' 2>/dev/null | sort)
[ ${#binaries[@]} -gt 0 ] || skip_all "the module has no tests"
settings="PW_STEPS=${PW_STEPS:-100000}${PW_SEED:+ PW_SEED=$PW_SEED}"

limit_of() {
	local own

	own=$(head -n 10 "$vm_root/tests/module/$1.c" | sed -n 's/.*timeout: \([0-9][0-9]*\).*/\1/p' | head -n 1)
	echo "${own:-300}"
}

# Those that may bring the guest down are the last.
tests_of() {
	local binary last=()

	for binary in "${binaries[@]}"; do
		case $1:$(basename "$binary") in
		random:test_random) echo "$binary" ;;
		random:* | directed:test_random | directed:test_fail_nth) ;;
		directed:test_races | directed:test_unload) last+=("$binary") ;;
		directed:*) echo "$binary" ;;
		esac
	done
	[ ${#last[@]} -eq 0 ] || printf '%s\n' "${last[@]}"
}

# boot_one KERNEL PART: results in $tmp/out-KERNEL-PART; without one, the reason is in $tmp/why-KERNEL-PART.
boot_one() {
	local kernel module name=$1 part=$2 tree=$tmp/tree-$1-$2 total=60 binary limit

	{
		kernel=$(vm_kernel "$name") && module=$(vm_build_module "$name")
	} 2>"$tmp/why-$name-$part" || return
	vm_tree "$tree"
	vm_module "$tree" "$module"
	vm_kernel_module "$tree" "$kernel" zram 2>>"$tmp/why-$name-$part" || return
	while IFS= read -r binary; do
		limit=$(limit_of "$(basename "$binary")")
		total=$((total + limit))
		vm_add "$tree" "$binary"
		vm_job "$tree" "$(basename "$binary")" "$limit" "$settings $(vm_path_of "$binary")"
	done < <(tests_of "$part")
	VM_MEMORY=512 VM_NODES=2 VM_TIMEOUT=$((total < 1100 ? total : 1100)) vm_boot "$tree" "$kernel" "$tmp/out-$name-$part"
	rm -rf "$tree"
}

# Two guests at a time, the long ones first.
running=0
vm_accel "$(vm_kernel 6.1 2>/dev/null)" >/dev/null 2>&1
for part in random directed; do
	for name in "${VM_KERNELS[@]}"; do
		if [ "$running" -eq 2 ]; then
			wait -n
			running=$((running - 1))
		fi
		boot_one "$name" "$part" &
		running=$((running + 1))
	done
done
wait

report() {
	local name=$1 part=$2 out=$tmp/out-$1-$2 binary job reason complaints

	if [ ! -d "$out" ]; then
		reason="no guest with the module on $name: $(tail -n 3 "$tmp/why-$name-$part" | tr '\n' ' ')"
		# Without the archive there is no kernel; a module that does not build is a failure anywhere.
		if [ "${CI:-}" = true ] || vm_kernel "$name" >/dev/null 2>&1; then
			fail "$name, $part" "$reason"
		else
			skip "$name, $part" "$reason"
		fi
		return
	fi
	check "$name boots with the module, $part" vm_booted "$out"
	while IFS= read -r binary; do
		job=$(basename "$binary")
		vm_relay "$out" "$job" "$(limit_of "$job")" "$name $job"
	done < <(tests_of "$part")
	complaints=$(vm_complaints "$out")
	if [ -z "$complaints" ]; then
		pass "$name kernel log has no complaint of the module, $part"
	else
		fail "$name kernel log has no complaint of the module, $part" "$complaints"
	fi
	mkdir -p "$build/test-logs/vm/$name-module-$part"
	cp "$out"/{log,results,qemu} "$build/test-logs/vm/$name-module-$part/"
}

for name in "${VM_KERNELS[@]}"; do
	report "$name" random
	report "$name" directed
done
