#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh NAME: prints the directory of one of Debian's kernels, unpacked:
# vmlinuz and version (package and version). NAME is 6.1, 6.12 or new.
#
# The package comes through apt.sh, by name; it is unpacked, not installed. What
# is there is reused; remove the directory for a newer one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/apt.sh"
. "$here/../../packaging/kernel-package.sh"

# The one table of kernels: NAME -> suite and the package that names the newest.
case ${1:-} in
6.1) suite=bookworm ;;
6.12) suite=trixie ;;
new) suite=sid ;;
*) echo "usage: kernel.sh 6.1|6.12|new" >&2; exit 2 ;;
esac
name=$1
meta=linux-image-cloud-$apt_arch

kernel=$apt_cache/kernel-$name
if [ -s "$kernel/version" ]; then
	echo "$kernel"
	exit 0
fi
mkdir -p "$apt_cache"
apt_read "$suite"

work=$apt_cache/unpack-$name
image=
for package in $(kernel_packages "$meta" apt_private apt-cache "$suite"); do
	apt_fetch "$suite" "$package" "$work" >&2
	image=$(kernel_image "$work")
	[ -z "$image" ] || break
done
if [ -z "$image" ]; then
	echo "kernel.sh: found no kernel image in $suite's $meta" >&2
	exit 1
fi
rm -rf "$kernel"
mkdir -p "$kernel"
mv "$image" "$kernel/vmlinuz"
rm -rf "$work"
apt_clean "$suite"
echo "$package" >"$kernel/version"
echo "$kernel"
