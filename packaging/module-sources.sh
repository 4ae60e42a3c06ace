#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# module-sources.sh DIR: puts the kernel module's sources below DIR, and takes
# away those that are gone.
#
# A copy, because kbuild leaves its objects beside the sources. Files that are
# the same are not touched, so that only what changed is built again.
set -eu

to=${1:?usage: module-sources.sh DIR}
from=$(cd "$(dirname "$0")/.." && pwd)

sources() { (cd "$1" && find Kbuild kmod -type f \( -name '*.[ch]' ! -name '*.mod.c' -o -name Kbuild \) 2>/dev/null); }

mkdir -p "$to/kmod"
sources "$to" | while IFS= read -r file; do
	[ -e "$from/$file" ] || rm "$to/$file"
done
sources "$from" | while IFS= read -r file; do
	cmp -s "$from/$file" "$to/$file" || install -D -m 644 "$from/$file" "$to/$file"
done
