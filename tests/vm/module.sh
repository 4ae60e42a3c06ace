#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# module.sh KERNEL [MAKE-ARGUMENTS]: builds pagewarden.ko for the guests' kernel
# of that name (6.1, 6.12, new) where its sources have changed, and prints its
# path, $BUILD/module/KERNEL/pagewarden.ko. Any warning is an error.
#
# The compiler and the headers are those of the kernel's own suite (kernel.sh
# --headers), so any Debian builds for each of them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/apt.sh"

[ $# -ge 1 ] || { sed -n '4s/^# //p' "$0" >&2; exit 2; }
name=$1
shift
root=$(cd "$here/../.." && pwd)
build=$(cd "$root" && realpath -m "${BUILD:-build}")
out=$build/module/$name
kernel=$("$here/kernel.sh" --headers "$name")
release=$(cat "$kernel/release")

mkdir -p "$out/kmod"
exec 8>"$out/lock"
flock 8

# What it was made of: the sources, the kernel, and how.
made_of() {
	echo "$release $*"
	(cd "$root" && find Kbuild kmod "$here/module.sh" -type f -print0 | sort -z | xargs -0 sha256sum)
}

if [ -s "$out/pagewarden.ko" ] && [ "$(made_of "$@")" = "$(cat "$out/made-of" 2>/dev/null)" ]; then
	echo "$out/pagewarden.ko"
	exit 0
fi
rm -f "$out/pagewarden.ko" "$out/made-of"
sh "$root/packaging/module-sources.sh" "$out"
status=0
# Debian's headers of 6.1 come without resolve_btfids; the module has no BTF IDs for it to resolve.
resolve=()
[ -x "$kernel/headers/usr/src/linux-headers-$release/tools/bpf/resolve_btfids/resolve_btfids" ] ||
	resolve=(RESOLVE_BTFIDS=true)
apt_enter "$kernel/headers" "$out" make -C "/usr/src/linux-headers-$release" M=/mnt W=1 KCFLAGS=-Werror \
	"${resolve[@]+"${resolve[@]}"}" "$@" modules >"$out/log" 2>&1 || status=$?
if [ "$status" -ne 0 ] || grep -Ei 'warning|skipping' "$out/log" | grep -qv 'compiler differs'; then
	rm -f "$out/pagewarden.ko"
	sed 's,/mnt/,,' "$out/log" >&2
	echo "module.sh: pagewarden.ko does not build without a warning for $release" >&2
	exit 1
fi
made_of "$@" >"$out/made-of"
echo "$out/pagewarden.ko"
