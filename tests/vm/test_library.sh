#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
#
# The Python package where the module is loaded: the same cases as in the unit
# ring, which there take the ways without the module. (The library in C has
# tests/module/test_lib.c.)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

python=$(realpath /usr/bin/python3)
stdlib=/usr/lib/$(basename "$python")
[ -d "$stdlib/ctypes" ] || skip_all "$stdlib has no ctypes"

# The standard library but for what no test here imports.
add_python() {
	local tree=$1 file

	vm_add "$tree" "$python" /usr/bin/python3
	mkdir -p "$tree$stdlib"
	tar -C "$stdlib" --exclude=__pycache__ --exclude=test --exclude=idlelib --exclude=lib2to3 --exclude=pydoc_data \
		--exclude=ensurepip --exclude=tkinter --exclude=config-\* --exclude=lib-dynload -cf - . | tar -C "$tree$stdlib" -xf -
	for file in "$stdlib"/lib-dynload/{_ctypes,mmap,_json}.*.so; do
		vm_add "$tree" "$file"
	done
	for file in "$vm_build"/user/lib/libpagewarden.so.0 "$vm_root"/user/lib/python/pagewarden/*.py \
		"$vm_root"/tests/lib/check.py "$vm_root"/tests/unit/test_lib_python.py; do
		vm_add "$tree" "$file"
	done
}

run_on() {
	local name=$1 tree=$tmp/tree kernel module

	{ kernel=$(vm_kernel "$name") && module=$(vm_build_module "$name"); } 2>"$tmp/why" || {
		fail "$name is there, and the module builds for it" "$(tail -n 3 "$tmp/why")"
		return
	}
	vm_tree "$tree"
	vm_module "$tree" "$module"
	add_python "$tree"
	vm_job "$tree" python 120 'test -e /dev/pagewarden && PYTHONDONTWRITEBYTECODE=1 python3 tests/unit/test_lib_python.py'
	vm_boot "$tree" "$kernel" "$tmp/guest"
	vm_relay "$tmp/guest" python 120 "$name"
	vm_complaints "$tmp/guest" >"$tmp/complaints"
	check "$name: the kernel does not complain" test ! -s "$tmp/complaints"
	rm -rf "$tree" "$tmp/guest"
}

for kernel in "${VM_KERNELS[@]}"; do
	run_on "$kernel"
done
