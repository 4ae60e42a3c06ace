# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Where Debian keeps a kernel's image; sourced by who unpacks one.

# kernel_packages META APT-CACHE [OPTIONS...]: the packages that may hold the
# image of META's newest kernel, the likelier first. Since 7.x the image sits in
# linux-binary-VERSION, and linux-image-VERSION only depends on it.
kernel_packages() {
	meta=$1
	shift
	image=$("$@" depends "$meta" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
	[ -n "$image" ] || return 0
	"$@" depends "$image" | sed -n 's/^ *Depends: \(linux-binary-[0-9].*\)$/\1/p'
	echo "$image"
}

# kernel_image DIR: the image below an unpacked package.
kernel_image() {
	find "$1" -type f -name 'vmlinuz*' | head -n 1
}
