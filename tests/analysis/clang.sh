#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang.sh DIR: clang's analyzer over the module that was built below DIR, run
# where its kernel's headers are (see test_module.sh). Prints what it finds.
#
# Debian's kernels are built by gcc, and their headers ask for gcc's flags: they
# are those that kbuild recorded, without the ones that clang says it doesn't know.
set -u
dir=$1
cd /usr/src/linux-headers-*-cloud-* || exit 1

status=0
for recorded in "$dir"/kmod/.*.o.cmd; do
	source=$(sed -n 's/^source_[^ ]* := *//p' "$recorded")
	flags=$(sed -n '1s/^savedcmd_[^ ]* := *[^ ]* \(.*\) -c -o .*/\1/p' "$recorded")
	if [ -z "$source" ] || [ -z "$flags" ]; then
		echo "$recorded: tells no command"
		exit 1
	fi
	eval "set -- $flags"
	unknown=$(clang -fsyntax-only "$@" "$source" 2>&1 |
		sed -n "s/^clang[^ ]*: error: un[a-z]* [a-z' -]*\(argument\|option\)[^']*'\([^']*\)'.*/\2/p")
	known=()
	for flag; do
		case "
$unknown
" in
		*"
$flag
"*) ;;
		*) known+=("$flag") ;;
		esac
	done
	clang --analyze -Xclang -analyzer-output=text -Qunused-arguments -Wno-everything "${known[@]}" "$source" \
		2>"$dir/clang.log" || status=1
	# A finding is its warning and the notes that follow. Two kinds are none: paravirt's macros
	# assign a variable to itself so that the assembler may have it, and a count of references
	# is changed in assembly, where each put looks like the last.
	awk 'function tell() { if (finding != "" && !known) printf "%s", finding; finding = ""; known = 0 }
		/^In file included from|warnings? generated/ { next }
		/: warning: / { tell(); known = $1 ~ /asm\/paravirt/ }
		/kref_put|refcount_dec_and_test/ { known = 1 }
		{ finding = finding $0 "\n" }
		END { tell() }' "$dir/clang.log"
done
exit "$status"
