#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a program that uses libpagewarden meets: the header alone, the symbols, pkg-config, an example.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

so=$build/user/lib/libpagewarden.so.0
cp user/lib/pagewarden.h "$tmp/"
for compiler in 'gcc -std=c99' 'gcc -std=gnu2x' 'clang -std=c11' 'clang++ -std=c++11' 'clang++ -std=c++20'; do
	read -ra command <<<"$compiler"
	case $compiler in *++*) suffix=cc ;; *) suffix=c ;; esac
	echo '#include <pagewarden.h>
int main() { return pw_wipe(0, 0, 0); }' >"$tmp/alone.$suffix"
	check "the header stands alone with $compiler" "${command[@]}" -Wall -Wextra -Werror -pedantic -I"$tmp" \
		-fsyntax-only "$tmp/alone.$suffix"
done

nm -D --defined-only "$so" | sed -n 's/.* T \([a-z_]*\)@@PAGEWARDEN_0$/\1/p' | sort >"$tmp/exported"
grep -oE '\bpw_[a-z_]+\(' user/lib/pagewarden.h | tr -d '(' | sort -u >"$tmp/named"
# Prose names functions too, but only those that are declared.
check 'what the header declares is exported, and nothing else' diff "$tmp/named" "$tmp/exported"
nm -D --defined-only "$so" | grep -v ' A PAGEWARDEN_0$' | grep -v '@@PAGEWARDEN_0$' >"$tmp/unversioned"
check 'no symbol is without a version' test ! -s "$tmp/unversioned"
readelf -d "$so" >"$tmp/dynamic"
check 'it needs libc alone' test "$(grep -c NEEDED "$tmp/dynamic")" = 1
check_matches 'its soname has the version' "$tmp/dynamic" 'SONAME.*\[libpagewarden\.so\.0\]'

check 'make install' make --no-print-directory BUILD="$build" DESTDIR="$tmp/into" install
export PKG_CONFIG_PATH=$tmp/into/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp/into
example() {
	# shellcheck disable=SC2046  # pkg-config's words
	gcc -Wall -Wextra -Werror -o "$tmp/$1" "$tmp/example.c" "${@:2}" $(pkg-config --cflags --libs pagewarden)
}
# shellcheck disable=SC2016  # Markdown's fences
sed -n '/^```c$/,/^```$/p' docs/library.md | grep -v '^```' >"$tmp/example.c"
check 'the example of docs/library.md builds as pkg-config says' example shared
check 'it runs with the shared library' env LD_LIBRARY_PATH="$tmp/into/usr/lib" "$tmp/shared"
check_matches 'it says how it wiped' "$tmp/out" '^wiped by (module|explicit_bzero)$'
check 'it builds statically' example static -static
check 'it runs without the shared library' "$tmp/static"
# What the example names as its output is its output, where the module is not there.
if [ ! -e /dev/pagewarden ]; then
	check_matches 'it says what a watch needs' "$tmp/out" 'modprobe pagewarden'
fi
