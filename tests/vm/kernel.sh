#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh NAME: prints the directory of one of Debian's kernels, unpacked.
# kernel.sh --headers NAME: the same, with what modules for it are built with.
# kernel.sh --analysis NAME: with that, and what analyses their sources.
# NAME is 6.1, 6.12 or new.
#
#   vmlinuz    the image
#   release    what uname -r says there
#   version    the package
#   modules/   Debian's modules for it
#   headers/   with --headers: a root file system with its headers and compiler
#   analysis/  with --analysis: another, with clang and coccinelle as well
#
# The packages come through apt.sh, by name; they are unpacked, not installed.
# What is there is reused; remove the directory for newer ones. Where the archive
# has no headers of the image that is here any more, both are taken anew.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/apt.sh"
. "$here/../../packaging/kernel-package.sh"

extra=
case ${1:-} in
--headers | --analysis) extra=${1#--}; shift ;;
esac

# What builds a module: kbuild's needs, pahole for its BTF, perl for what W=1 checks.
tools="make pahole perl dash bash coreutils sed grep mawk findutils diffutils"

# The one table of kernels: NAME -> suite. In one of them are also those that check and package.
case ${1:-} in
6.1) suite=bookworm ;;
6.12) suite=trixie tools="$tools sparse dkms kmod xz-utils" ;;
new) suite=sid ;;
*) echo "usage: kernel.sh [--headers|--analysis] 6.1|6.12|new" >&2; exit 2 ;;
esac
[ "$extra" != analysis ] || tools="$tools clang coccinelle python3 libpython3.13"
name=$1
meta=linux-image-cloud-$apt_arch
kernel=$apt_cache/kernel-$name

have_image() { [ -s "$kernel/release" ]; }
have_extra() { [ -z "$extra" ] || [ "$(cat "$kernel/$extra/complete" 2>/dev/null)" = "$tools" ]; }
done_if_complete() {
	have_image && have_extra || return 0
	echo "$kernel"
	exit 0
}

# Into $work/kernel, which then takes its place as a whole.
get_image() {
	local work=$apt_cache/unpack-$name image='' package release

	rm -rf "$work"
	mkdir -p "$work/kernel/modules"
	for package in $(kernel_packages "$meta" apt_private apt-cache "$suite"); do
		apt_fetch "$suite" "$package" "$work/package" >&2
		image=$(kernel_image "$work/package")
		[ -z "$image" ] || break
	done
	if [ -z "$image" ]; then
		echo "kernel.sh: found no kernel image in $suite's $meta" >&2
		exit 1
	fi
	mv "$image" "$work/kernel/vmlinuz"
	release=${package#linux-*-}
	case $package in
	linux-binary-*) apt_fetch "$suite" "linux-modules-$release" "$work/package" >&2 ;;
	esac
	find "$work/package" -path "*/modules/$release/*" -name '*.ko*' -exec mv -t "$work/kernel/modules" {} +
	echo "$package" >"$work/kernel/version"
	echo "$release" >"$work/kernel/release"
	rm -rf "$kernel"
	mv "$work/kernel" "$kernel"
	rm -rf "$work"
}

# Each suite's kernel wants its own compiler, and its build tools their own libc.
get_extra() {
	local release new=$kernel/$extra.new source

	release=$(cat "$kernel/release")
	source=$new/usr/src/linux-headers-$release
	rm -rf "$new"
	# shellcheck disable=SC2086
	apt_tree "$suite" "$new" "linux-headers-$release" $tools "linux-image-$release-" linux-base- || return
	# The types of the kernel, for those of the module: 6.1's headers don't bring them.
	[ -e "$source/vmlinux" ] ||
		sh "$here/../../packaging/extract-vmlinux.sh" "$kernel/vmlinuz" >"$source/vmlinux" || return
	# Coccinelle looks for it under the name that only the development package has.
	[ "$extra" != analysis ] ||
		(cd "$new/usr/lib/x86_64-linux-gnu" && ln -s libpython3.*.so.1.0 libpython3.13.so) || return
	echo "$tools" >"$new/complete"
	rm -rf "${kernel:?}/$extra"
	mv "$new" "$kernel/$extra"
}

done_if_complete
apt_lock "$suite"
done_if_complete # who held the lock has brought it
apt_read "$suite"
have_image || get_image
if ! have_extra && ! get_extra; then
	echo "kernel.sh: $suite has no headers of $(cat "$kernel/release") any more; taking both anew" >&2
	get_image
	get_extra
fi
apt_clean "$suite"
echo "$kernel"
