#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
#
# The module as a user builds and installs it, by hand and by DKMS, with the
# headers of one of Debian's kernels.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/copy.sh"
. "$here/../vm/apt.sh"

copy_tree "$tmp/src"
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL

check_fails 'without headers there is no module' 2 make -C "$tmp/src" module KDIR=/lib/modules/1.2.3/build
check_matches 'and it says which package has them' "$tmp/err" 'apt-get install linux-headers-1\.2\.3$'

kernel=$("$here/../vm/kernel.sh" --headers 6.12 2>"$tmp/fetch") || {
	reason="no headers of 6.12: $(tail -n 3 "$tmp/fetch" | tr '\n' ' ')"
	[ "${CI:-}" != true ] || fail 'the module builds' "$reason"
	[ "${CI:-}" = true ] || skip 'the module builds' "$reason"
	exit 0
}
release=$(cat "$kernel/release")
inside() { apt_enter "$kernel/headers" "$tmp" "$@"; }
vermagic() { xz -dcf "$1" | tr '\0' '\n' | LC_ALL=C sed -n 's/^vermagic=//p'; }

check 'make module' inside make -C /mnt/src module KDIR="/lib/modules/$release/build"
check 'no warning' sh -c "! grep -i warning '$tmp/out' '$tmp/err'"
nothing_is_made() { ! inside make -C /mnt/src module KDIR="/lib/modules/$release/build" | grep -E '^  (CC|LD) '; }
check 'a second time makes nothing anew' nothing_is_made
check 'nothing is left beside the sources' test -z "$(find "$tmp/src/kmod" -name '*.o' -o -name '.*.cmd')"

check 'make module-install' inside make -C /mnt/src module-install DESTDIR=/mnt/into \
	KDIR="/lib/modules/$release/build"
installed=$(find "$tmp/into/lib/modules/$release" -name 'pagewarden.ko*' 2>/dev/null)
check 'it is among the modules of that kernel' test -s "${installed:-/nonexistent}"
check 'and is made for it' test "$(vermagic "${installed:-/dev/null}" | cut -d ' ' -f 1)" = "$release"

# ---- DKMS --------------------------------------------------------------------------

version=$(sed -n 's/^VERSION := //p' "$root/Makefile")
check 'make install-dkms' make -C "$tmp/src" install-dkms DESTDIR="$tmp/into"
mkdir -p "$tmp/dkms" "$tmp/modules/$release"
dkms() {
	inside dkms "$@" -k "$release" --kernelsourcedir "/usr/src/linux-headers-$release" \
		--dkmstree /mnt/dkms --sourcetree /mnt/into/usr/src --installtree /mnt/modules --no-depmod
}
check 'dkms add' dkms add "pagewarden/$version"
check 'dkms build' dkms build "pagewarden/$version"
check 'dkms install' dkms install "pagewarden/$version"
dkms status "pagewarden/$version" >"$tmp/status" 2>&1
check_matches "dkms status knows it" "$tmp/status" ": installed"
installed=$(find "$tmp/modules" -name 'pagewarden.ko*')
check 'it is where DKMS puts modules' test -s "${installed:-/nonexistent}"
check 'and is made for that kernel too' test "$(vermagic "${installed:-/dev/null}" | cut -d ' ' -f 1)" = "$release"
check 'dkms remove' dkms remove "pagewarden/$version"
check 'it is gone' test -z "$(find "$tmp/modules" -name 'pagewarden.ko*')"
