#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# module-build.sh KDIR DIR [MAKE-ARGUMENTS]: builds pagewarden.ko below DIR with
# the kernel headers KDIR, usually /lib/modules/RELEASE/build.
set -eu

kdir=${1:?usage: module-build.sh KDIR DIR [MAKE-ARGUMENTS]}
dir=${2:?usage: module-build.sh KDIR DIR [MAKE-ARGUMENTS]}
shift 2

if [ ! -e "$kdir/Makefile" ]; then
	echo "pagewarden: the kernel's headers are not in $kdir" >&2
	release=$(echo "$kdir" | sed -n 's|^/\(usr/\)\{0,1\}lib/modules/\([^/]*\)/build/*$|\2|p')
	if [ -n "$release" ] && command -v apt-get >/dev/null; then
		echo "  run: apt-get install linux-headers-$release" >&2
	else
		echo "  install the development package of that kernel, or give its directory: make module KDIR=..." >&2
	fi
	exit 1
fi
sh "$(dirname "$0")/module-sources.sh" "$dir"
# --no-print-directory and no variables of our own make: kbuild has its own idea of each
unset MAKEFLAGS MFLAGS MAKELEVEL
exec make --no-print-directory -C "$kdir" M="$(cd "$dir" && pwd)" "$@"
