#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vmlinux-btf.sh OUT: writes vmlinux.h, the kernel's types as C.
#
# From the running kernel's BTF; where the machine has none, from the image in
# Debian's kernel package, which is downloaded and unpacked but not installed.
set -eu

out=$1
bpftool=${BPFTOOL:-bpftool}
btf=${VMLINUX_BTF:-/sys/kernel/btf/vmlinux}

if [ -r "$btf" ]; then
	"$bpftool" btf dump file "$btf" format c > "$out.tmp"
	mv "$out.tmp" "$out"
	exit 0
fi

echo "vmlinux-btf.sh: $btf is not there; taking the types from Debian's kernel package" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
meta=linux-image-cloud-$(dpkg --print-architecture)
package=$(apt-cache depends "$meta" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
[ -n "$package" ] || { echo "vmlinux-btf.sh: apt does not know $meta; run apt-get update" >&2; exit 1; }
(cd "$work" && apt-get download -qq "$package" && dpkg-deb -x ./*.deb image)
sh "$(dirname "$0")/extract-vmlinux.sh" "$work"/image/boot/vmlinuz-* > "$work/vmlinux"
"$bpftool" btf dump file "$work/vmlinux" format c > "$out.tmp"
mv "$out.tmp" "$out"
