#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
#
# Parallel and incremental builds are right: what is built depends on what
# changed, and on nothing else.
. "$(dirname "$0")/../lib/check.sh"
. "$(dirname "$0")/copy.sh"

copy_tree "$tmp/src"
cd "$tmp/src" || exit 1
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL

check 'a clean tree builds with -j2' make -j2 all
[ -x build/pagewarden ] || exit 1

nothing_to_do() {
	local said

	said=$(make -j2 all | grep -v 'Nothing to be done')
	[ -z "$said" ] || { echo "$said"; return 1; }
}
check 'the second make does nothing' nothing_to_do
check 'make -q agrees' make -q all
no_commands() { ! make -n all | grep -v 'Nothing to be done'; }
check 'make -n names no command then' no_commands

outside_build() { ! find . -path ./build -prune -o -type f -newer "$tmp/before" -print | grep .; }
touch "$tmp/before"
clean_and_build() { make clean >/dev/null && [ ! -e build ] && make -j2 all; }
check 'it builds again after make clean' clean_and_build
check 'a build writes to build/ alone' outside_build

# rebuilt FILE: touches it and prints what make then compiles.
rebuilt() {
	sleep 0.02
	touch "$1"
	make -j2 all >"$tmp/rebuilt" 2>&1 || { cat "$tmp/rebuilt"; return 1; }
	grep -E '^  (CC|BPF|LINK) ' "$tmp/rebuilt"
}

# check_rebuilds FILE "what must be rebuilt" "what must not" (extended regexes)
check_rebuilds() {
	local said

	said=$(rebuilt "$1")
	if ! grep -Eq "$2" <<<"$said"; then
		fail "touching $1 rebuilds its dependents" "nothing matches $2 in: $said"
	elif [ -n "$3" ] && grep -Eq "$3" <<<"$said"; then
		fail "touching $1 rebuilds its dependents" "rebuilt without need: $(grep -E "$3" <<<"$said")"
	else
		pass "touching $1 rebuilds its dependents"
	fi
}

check_rebuilds user/view/emit.h 'user/view/emit' 'user/(model|base|analysis|source|inspect)/|BPF'
check_rebuilds user/base/text.h 'user/base/text' 'BPF'
check_rebuilds user/daemon/daemon.h 'user/daemon/' 'user/(model|base|analysis|source|inspect|view)/|BPF'
check_rebuilds kmod/uapi/pagewarden.h 'BPF .*bpf/page' ''
check 'the ABI header rebuilds user space too' grep -q 'user/source/bpf' "$tmp/rebuilt"
check_rebuilds bpf/page.bpf.c 'BPF .*bpf/page' 'user/(model|base|analysis|view)/|bpf/process'
check 'a BPF program rebuilds who carries its skeleton' grep -q 'CC .*user/source/' "$tmp/rebuilt"
check_rebuilds user/cmd/main.c 'user/cmd/main' 'user/(model|base|analysis|source|inspect|view|store|daemon)/|BPF'

# A header that goes away must not leave make without a rule for it.
header_goes() {
	: >user/base/gone.h
	echo '#include "user/base/gone.h"' >>user/base/text.c
	make -j2 all >/dev/null && rm user/base/gone.h && sed -i '$d' user/base/text.c && make -j2 all
}
check 'a header that is removed leaves no stale rule' header_goes

check 'BUILD= moves everything' make -j2 BUILD="$tmp/elsewhere" all
check 'the binary built there runs' "$tmp/elsewhere/pagewarden" --version
