#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1800
#
# Analysers over kmod/, with the headers of Debian 13's kernel: the kernel's own
# coccinelle rules, clang's analyzer and gcc's. Each is first shown a planted
# bug: silence is believed only of who speaks when there is something to say.
# (sparse and checkpatch are quick: tests/static/test_module_source.sh.)
#
#   SMATCH=DIR  a directory where smatch was built: it is in no package of Debian
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/../vm/apt.sh"

if ! { kernel=$("$here/../vm/kernel.sh" --analysis 6.12) && source_tree=$(apt_source trixie 6.12); } 2>"$tmp/fetch"; then
	fail 'the analysers are here' "$(tail -n 5 "$tmp/fetch")"
	exit 0
fi
headers=/usr/src/linux-headers-$(cat "$kernel/release")

inside() { apt_enter "$kernel/analysis" "$tmp" "$@"; }
build_in() { inside make -s -C "$headers" "M=/mnt/$1" "${@:2}" modules; }

# found NAME FILE: nothing was, or that is the failure.
found() {
	if [ ! -s "$2" ]; then
		pass "$1"
	else
		fail "$1" "$(head -n 60 "$2")"
	fi
}

sh "$root/packaging/module-sources.sh" "$tmp/module"
cp "$here/clang.sh" "$tmp/"
mkdir -p "$tmp/planted/kmod"
printf 'obj-m := planted.o\nplanted-y := kmod/bug.o\n' >"$tmp/planted/Kbuild"
cat >"$tmp/planted/kmod/bug.c" <<-'END'
	#include <linux/module.h>
	#include <linux/slab.h>
	int pw_planted(int *p, int n);
	int pw_planted(int *p, int n)
	{
		char *q = kmalloc(8, GFP_KERNEL);

		if (!p && n > 3)
			return *p;
		if (!q)
			return -ENOMEM;
		memset(q, 0, 8);
		kfree(q);
		return *q;
	}
	MODULE_LICENSE("GPL");
	MODULE_DESCRIPTION("bugs");
END
check 'the module builds' build_in module
check 'so does the one with bugs' build_in planted

# ---- coccinelle ----------------------------------------------------------------------

mkdir "$tmp/rules"
cp -r "$source_tree/scripts/coccinelle/." "$tmp/rules/"

# Two rules are written in OCaml and would need its compiler: one is about a
# driver, the other looks for 0 in a pointer's place, which sparse finds too.
cat >"$tmp/rules.sh" <<-'END'
	cd "/mnt/$1" || exit
	find /mnt/rules -name '*.cocci' ! -name check_bq27xxx_data.cocci ! -name badzero.cocci | sort |
		while IFS= read -r rule; do
			options=$(sed -n 's#^//  *Options: *##p' "$rule")
			# shellcheck disable=SC2086
			spatch -D report --no-show-diff --very-quiet --cocci-file "$rule" $options --dir kmod 2>&1 |
				grep -v 'should .* be a metavariable' | sed "s#^#${rule#/mnt/rules/}: #"
			echo "$rule" >>/mnt/rules.count
		done
END
coccinelle() { inside bash /mnt/rules.sh "$1" >"$tmp/$1.cocci"; }
check 'coccinelle reads the planted bug' coccinelle planted
check_matches '... and finds it' "$tmp/planted.cocci" 'kfree\.cocci: .*bug\.c.* reference preceded by free'
check_matches '... and that the wipe before the free is one call' "$tmp/planted.cocci" 'kfree_sensitive\.cocci: .*kfree_sensitive'
check_between 'it has the rules of the kernel' "$(wc -l <"$tmp/rules.count")" 60 200
check 'coccinelle reads the module' coccinelle module
found 'coccinelle finds nothing' "$tmp/module.cocci"

# ---- clang, gcc ----------------------------------------------------------------------

clang_reads() { inside bash /mnt/clang.sh "/mnt/$1" >"$tmp/$1.clang"; }
check "clang's analyzer reads the planted bug" clang_reads planted
check_matches '... and finds the null pointer' "$tmp/planted.clang" 'bug\.c:.*core\.NullDereference'
check_matches '... and the memory that is free' "$tmp/planted.clang" 'bug\.c:.*unix\.Malloc'
check "clang's analyzer reads the module" clang_reads module
found "clang's analyzer finds nothing" "$tmp/module.clang"

gcc_reads() {
	touch "$tmp/$1"/kmod/*.c
	build_in "$1" KCFLAGS=-fanalyzer 2>"$tmp/$1.gcc"
}
check "gcc's analyzer reads the planted bug" gcc_reads planted
check_matches '... and finds that null pointer too' "$tmp/planted.gcc" 'bug\.c:.*Wanalyzer-null-dereference'
check "gcc's analyzer reads the module" gcc_reads module
found "gcc's analyzer finds nothing" "$tmp/module.gcc"

# ---- smatch ----------------------------------------------------------------------------

if [ ! -x "${SMATCH:-}/smatch" ]; then
	skip 'smatch finds nothing' 'Debian has no package of it: build it, and give its directory as SMATCH='
	exit 0
fi
mkdir "$tmp/smatch"
cp -r "$SMATCH/smatch" "$SMATCH/smatch_data" "$tmp/smatch/"
# Without make's -s: kbuild would send what smatch says to /dev/null then.
smatch_reads() {
	inside make -C "$headers" "M=/mnt/$1" C=2 \
		CHECK='/mnt/smatch/smatch --data=/mnt/smatch/smatch_data -p=kernel' CF="'-D__has_include(x)=0'" modules >"$tmp/$1.all" 2>&1 || return
	grep -E '(warn|error): ' "$tmp/$1.all" >"$tmp/$1.smatch" || true
}
check 'smatch reads the planted bug' smatch_reads planted
check_matches '... and finds what is used after it is free' "$tmp/planted.smatch" 'bug\.c:.*dereferencing freed memory'
check 'smatch reads the module' smatch_reads module
found 'smatch finds nothing' "$tmp/module.smatch"
