#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rules of the house that a reader would otherwise check by hand.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

# What git would commit: tracked files and new ones that are not ignored.
files() { git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r f; do [ ! -f "$f" ] || echo "$f"; done; }

# report NAME LINES...: passes when there are no lines.
report() {
	if [ -z "$2" ]; then
		pass "$1"
	else
		fail "$1" "$2"
	fi
}

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	skip_all "this is no git work tree, so what belongs to the project is not known"
fi

# The license of a file follows from where it is.
license_of() {
	case $1 in
	kmod/uapi/*) echo 'GPL-2.0-only WITH Linux-syscall-note' ;;
	Kbuild | kmod/* | bpf/*) echo 'GPL-2.0-only' ;;
	user/lib/*) echo 'LGPL-2.1-or-later' ;;
	*) echo 'GPL-2.0-or-later' ;;
	esac
}

wrong_license() {
	local file want

	files '*.c' '*.h' '*.sh' '*.mk' '*.py' '*.awk' '*.service' '*.bash' Makefile Kbuild .clang-format tests/run .ci/run \
		tests/vm/run tests/bench/run | sort -u | while IFS= read -r file; do
		want=$(license_of "$file")
		# the first line, or below "#!"
		head -n 2 "$file" | grep -Eq "SPDX-License-Identifier: $want *(\*/)?\$" ||
			echo "$file: its first line lacks 'SPDX-License-Identifier: $want'"
	done
}
report 'every source file carries the license of its folder' "$(wrong_license)"

# bpf/wipe.bpf.h tells what happens to a uprobe program that may get a stack per CPU.
without_own_stack() {
	files 'bpf/*.bpf.c' | while IFS= read -r file; do
		probes=$(grep -cE '^SEC\("\??u(ret)?probe' "$file")
		kept=$(grep -c '^	pw_keep_thread_stack(ctx);' "$file")
		[ "$probes" -eq "$kept" ] || echo "$file: $probes uprobe programs, $kept of them with pw_keep_thread_stack()"
	done
}
report 'every uprobe program keeps to the stack of its thread' "$(without_own_stack)"

# The stages, and what each may include beside itself and the ABI. Data flows one way.
wrong_includes() {
	local stage allowed file line target

	while read -r stage allowed; do
		files "user/$stage/*.c" "user/$stage/*.h" | while IFS= read -r file; do
			grep -noE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"(user|kmod|bpf|build)/[^"]+' "$file" |
				while IFS= read -r line; do
					target=${line#*\"}
					case $target in
					kmod/uapi/* | "user/$stage/"*) continue ;;
					# the skeletons, and the layout of the maps and of what is in them
					bpf/*.bpf.h) ;;
					bpf/unwind.h) [ "$stage" != symbol ] || continue ;;
					bpf/*.h) [ "$stage" != source ] || continue ;;
					esac
					case " $allowed " in
					*" ${target%/*} "*) ;;
					*) echo "$file:${line%%:*}: $stage may not include $target" ;;
					esac
				done
		done
	done <<-'TABLE'
		base
		model user/base
		analysis user/base user/model
		inspect user/base user/source
		symbol user/base user/inspect
		source user/base user/inspect user/symbol
		view user/base user/model user/analysis
		store user/base user/source user/model user/analysis
		alert user/base user/source user/model user/analysis user/view
		daemon user/base user/source user/model user/analysis user/view user/inspect user/store user/symbol user/alert
		cmd user/base user/source user/model user/analysis user/view user/inspect user/store user/daemon user/symbol user/alert
		lib
	TABLE
}
report 'no stage includes a later one' "$(wrong_includes)"

unknown_stages() {
	files 'user/*' | cut -d / -f 2 | sort -u |
		grep -vxE 'base|model|analysis|inspect|symbol|source|view|store|alert|daemon|cmd|lib' | sed 's/$/: a stage that this check does not know/'
}
report 'every stage has its place in the order' "$(unknown_stages)"

# The ABI stands alone: fixed-width types, no bitfields, no pointers.
abi_breaks() {
	local headers=(kmod/uapi/*.h)

	grep -nE '^[[:space:]]*#[[:space:]]*include' "${headers[@]}" |
		grep -vE '<linux/(types|ioctl)\.h>|"pagewarden_wipe\.h"'
	grep -nE '^[[:space:]]+(unsigned |signed )?(long|int|char|short|size_t)[[:space:]]' "${headers[@]}"
	grep -nE '^[[:space:]]+__[us](8|16|32|64)[[:space:]]+(\*|[a-z_]+[[:space:]]*:)' "${headers[@]}"
}
report 'the ABI headers have fixed-width types alone' "$(abi_breaks)"

# A test is a list of cases and may be longer than what it tests.
too_long() {
	local file limit

	files '*.c' '*.h' '*.sh' '*.py' tests/run | while IFS= read -r file; do
		case $file in tests/*) limit=800 ;; *) limit=600 ;; esac
		awk -v limit=$limit 'END { if (NR > limit) print FILENAME ": " NR " lines; the limit is " limit }' "$file"
	done
}
report 'no file is too long' "$(too_long)"

# Functions of user/ and bpf/ in this style begin with "{" and end with "}" in column one.
long_functions() {
	files 'user/*.c' 'bpf/*.c' 'bpf/*.h' 'kmod/*.c' 'tests/*.c' | while IFS= read -r file; do
		awk '/^\{/ { start = NR } /^\}/ { if (start && NR - start > 101) print FILENAME ":" start ": a function of " NR - start - 1 " lines; 100 is the limit"; start = 0 }' "$file"
	done
}
report 'no function is longer than 100 lines' "$(long_functions)"

# Paths that exist on one developer's machine only.
private_paths() {
	files | grep -v '^LICENSE$' | tr '\n' '\0' |
		xargs -0 grep -nIE '(^|[^[:alnum:]_./-])/(home/[a-z]|root/[a-z.]|work/|tmp/[a-z]/|tmp/[a-z]+\.git)' /dev/null |
		grep -v '^tests/static/test_source_rules.sh:'
}
report 'no file names a path of one machine' "$(private_paths)"

generated() { files | grep -E '(^|/)vmlinux\.h$|\.skel\.h$|\.o$|\.a$|^build/'; }
report 'no generated file is in git' "$(generated)"

unbounded() {
	files 'user/*.c' 'user/*.h' | tr '\n' '\0' |
		xargs -0 grep -nE '(^|[^_[:alnum:]])(strcpy|strcat|sprintf|vsprintf|gets|alloca|strtok|atoi|atol|system|popen|tmpnam|mktemp)[[:space:]]*\(' /dev/null |
		grep -vE 'strcpy\([^,]+, "[^"]*"\)' # the compiler checks a literal
}
report 'no call without a bound or an error in user/' "$(unbounded)"

printing() {
	files 'user/base/*.c' 'user/model/*.c' 'user/analysis/*.c' 'user/source/*.c' 'user/inspect/*.c' 'user/store/*.c' 'user/alert/*.c' |
		tr '\n' '\0' |
		xargs -0 grep -nE '(^|[^_[:alnum:]])(printf|puts|putchar|perror|vprintf)[[:space:]]*\(|fprintf\((stderr|stdout)' /dev/null
}
report 'library code never prints' "$(printing)"

trailing_space() { files | grep -vE '^LICENSE$|\.md$|\.patch$' | tr '\n' '\0' | xargs -0 grep -nIE '[[:space:]]+$' /dev/null | cut -c 1-120; }
report 'no line ends in white space' "$(trailing_space)"
