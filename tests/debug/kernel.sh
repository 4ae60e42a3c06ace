#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh NAME: prints the directory of a debug kernel: vmlinuz, version, and
# build, the tree that modules are built against. NAME is 6.1-kasan, 6.12-kasan
# or 6.12-kcsan.
#
# It is built from Debian's own source package: tinyconfig and the *.config
# beside this script. What is there is reused until those files change; remove
# the directory (and source-VERSION) for a newer source. DEBUG_JOBS=N compiles
# with N processes (2).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../vm/apt.sh"

# The one table of debug kernels: NAME -> suite, Debian's source version, and the checkers.
case ${1:-} in
6.1-kasan) suite=bookworm version=6.1 ;;
6.12-kasan | 6.12-kcsan) suite=trixie version=6.12 ;;
*) echo "usage: kernel.sh 6.1-kasan|6.12-kasan|6.12-kcsan" >&2; exit 2 ;;
esac
name=$1
fragments=("$here/base.config" "$here/${name#*-}.config")
[ ! -f "$here/$version.config" ] || fragments+=("$here/$version.config")

# KCSAN looks at one access in many, and holds up whoever makes it: in the module alone, where it
# can look at nearly each. The kernel keeps KCSAN's own code, which modules call.
how=
[ "${name#*-}" != kcsan ] || how=KCSAN_SANITIZE=n

kernel=$apt_cache/debug-$name
mkdir -p "$apt_cache"
exec 9>"$apt_cache/lock-debug-$name" # two at once would build in one another's tree
flock 9
wanted=$({ cat "${fragments[@]}"; printf %s "$how"; } | sha256sum | cut -c 1-16)
if [ -s "$kernel/version" ] && [ "$(cat "$kernel/fragments" 2>/dev/null)" = "$wanted" ]; then
	echo "$kernel"
	exit 0
fi
mkdir -p "$kernel/build"

need=
for tool in gcc make flex bison bc; do
	command -v "$tool" >/dev/null || need="$need $tool"
done
[ -e /usr/include/libelf.h ] || need="$need libelf-dev"
if [ -n "$need" ]; then
	echo "kernel.sh: a kernel is not built without:$need" >&2
	exit 1
fi

source_tree=$(apt_source "$suite" "$version")

# nice: this is half an hour of a machine that may have other work.
kbuild() { nice make -s -C "$source_tree" O="$kernel/build" ARCH=x86_64 CC="${CC:-gcc}" "$@"; }

# Kconfig drops what it can't satisfy without a word; that must not make a checker vanish.
check_config() {
	local line missing=

	while IFS= read -r line; do
		case $line in
		CONFIG_*=n | '# CONFIG_'*' is not set') ;;
		CONFIG_*) grep -qxF "$line" "$kernel/build/.config" || missing="$missing ${line%%=*}" ;;
		esac
	done < <(cat "${fragments[@]}")
	[ -z "$missing" ] && return
	echo "kernel.sh: $name does not take:$missing" >&2
	return 1
}

configure() {
	kbuild tinyconfig
	(cd "$kernel/build" && "$source_tree/scripts/kconfig/merge_config.sh" -m -O . .config "${fragments[@]}") >/dev/null
	kbuild olddefconfig
	check_config
}
configure >&2
kbuild -j"${DEBUG_JOBS:-2}" ${how:+"$how"} bzImage modules >&2
ln -sf build/arch/x86/boot/bzImage "$kernel/vmlinuz"
echo "linux-source-$version $(cat "$source_tree/debian-version"), $name" >"$kernel/version"
echo "$wanted" >"$kernel/fragments"
echo "$kernel"
