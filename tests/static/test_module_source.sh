#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
#
# The kernel's own checkers over kmod/: sparse with the headers of Debian 13's
# kernel, and checkpatch. make check-module-static has those that take longer.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/../vm/apt.sh"
cd "$root" || exit 1

kernel=$("$here/../vm/kernel.sh" --headers 6.12 2>"$tmp/fetch") || {
	skip 'sparse finds nothing' "no headers of 6.12: $(tail -n 3 "$tmp/fetch" | tr '\n' ' ')"
	kernel=
}

# check_module DIR: what sparse says of the module whose sources are below DIR. Its warnings go to
# stderr among the compiler's; they name the file.
check_module() {
	apt_enter "$kernel/headers" "$1" make -s -C "/usr/src/linux-headers-$(cat "$kernel/release")" \
		M=/mnt C=2 CF="-D__CHECK_ENDIAN__ '-D__has_include(x)=0'" modules >"$tmp/sparse" 2>&1 || { cat "$tmp/sparse"; return 1; }
	grep -E '(warning|error): ' "$tmp/sparse" | sed 's#^/mnt/##'
}

if [ -n "$kernel" ]; then
	sh packaging/module-sources.sh "$tmp/module"
	found=$(check_module "$tmp/module")
	if [ -z "$found" ]; then
		pass 'sparse finds nothing'
	else
		fail 'sparse finds nothing' "$found"
	fi
	# Silence is believed only of who speaks when there is something to say.
	mkdir -p "$tmp/planted/kmod"
	printf 'obj-m := planted.o\nplanted-y := kmod/bug.o\n' >"$tmp/planted/Kbuild"
	cat >"$tmp/planted/kmod/bug.c" <<-'END'
		#include <linux/module.h>
		#include <linux/spinlock.h>
		static DEFINE_SPINLOCK(lock);
		int pw_planted(int __user *p);
		int pw_planted(int __user *p)
		{
			spin_lock(&lock);
			return *p;
		}
		MODULE_LICENSE("GPL");
		MODULE_DESCRIPTION("bugs");
	END
	check_module "$tmp/planted" >"$tmp/planted.out"
	check_matches 'sparse finds a planted user pointer' "$tmp/planted.out" 'bug\.c:.*dereference of noderef'
	check_matches 'and a planted lock that is kept' "$tmp/planted.out" 'bug\.c:.*context imbalance'
fi

# It is in the kernel's source package alone, which the debug kernels are built from.
checkpatch=$(command -v checkpatch.pl ||
	find "$apt_cache/source-6.12/scripts" /usr/src/linux-*/scripts -name checkpatch.pl 2>/dev/null | head -n 1)
if [ -z "$checkpatch" ]; then
	skip 'checkpatch finds nothing' 'checkpatch.pl comes with linux-source alone, which is not here: make check-module-static fetches it'
else
	# Where its taste and the project's differ: programs include uapi/, and it has no BIT() there;
	# clang-format aligns, separates and breaks lines; the trace headers look as the kernel's own do; and a
	# module outside of the kernel asks for its version, which is no constant on the wrong side.
	ignored=BIT_MACRO,LINE_SPACING,CAMELCASE,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
	ignored=$ignored,LONG_LINE,LONG_LINE_COMMENT,LINUX_VERSION_CODE,CONSTANT_COMPARISON
	check 'checkpatch finds nothing' sh -c 'find kmod -name "*.[ch]" ! -name "*.mod.c" -exec "$@" {} +' - \
		perl "$checkpatch" --no-tree --strict --terse --show-types --ignore "$ignored" -f
	printf '// SPDX-License-Identifier: GPL-2.0-only\nint f(void)\n{\n  return (0) ;\n}\n' >"$tmp/bad.c"
	check_fails 'checkpatch finds a planted line' 1 perl "$checkpatch" --no-tree --strict --terse -f "$tmp/bad.c"
fi
