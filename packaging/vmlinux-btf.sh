#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vmlinux-btf.sh OUT: writes vmlinux.h, the kernel's types as C.
#
# From the running kernel's BTF; where the machine has none, from the image in
# Debian's kernel package, which is downloaded and unpacked but not installed.
set -eu
. "$(dirname "$0")/kernel-package.sh"

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
packages=$(kernel_packages "$meta" apt-cache)
[ -n "$packages" ] || { echo "vmlinux-btf.sh: apt does not know $meta; run apt-get update" >&2; exit 1; }
image=
for package in $packages; do
	rm -rf "$work/image" "$work"/*.deb
	# apt's own user can't write here and needs not: the warning about that is no news
	(cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb -x ./*.deb image)
	image=$(kernel_image "$work/image")
	[ -z "$image" ] || break
done
[ -n "$image" ] || { echo "vmlinux-btf.sh: no kernel image in $packages" >&2; exit 1; }
sh "$(dirname "$0")/extract-vmlinux.sh" "$image" > "$work/vmlinux"
"$bpftool" btf dump file "$work/vmlinux" format c > "$out.tmp"
mv "$out.tmp" "$out"
