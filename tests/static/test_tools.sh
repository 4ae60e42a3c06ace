#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other people's checkers over our files.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

files() { git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r f; do [ ! -f "$f" ] || echo "$f"; done; }
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || skip_all "this is no git work tree"

if ! command -v shellcheck >/dev/null; then
	skip 'shellcheck finds nothing' 'shellcheck is not installed'
else
	mapfile -t scripts < <(
		files '*.sh' '*.bash'
		files | while IFS= read -r f; do
			case $f in *.sh | *.bash) ;; *) head -c 20 "$f" | grep -aqE '^#!/bin/(ba)?sh' && echo "$f" ;; esac
		done
	)
	check 'shellcheck finds nothing' shellcheck -x -P SCRIPTDIR -e SC1091 "${scripts[@]}"
fi

# Every version formats a little differently; Debian 12's is the one that counts.
format=$(command -v clang-format-14 || command -v clang-format)
if [ -z "$format" ] || ! "$format" --version | grep -q 'version 14\.'; then
	skip 'clang-format changes nothing' "clang-format 14 is not installed (found: $("${format:-false}" --version 2>/dev/null || echo none))"
else
	unformatted() {
		local file bad=0

		echo "make format puts these right:"
		while IFS= read -r file; do
			"$format" --dry-run -Werror "$file" >/dev/null 2>&1 || { echo "$file"; bad=1; }
		done < <(files '*.c' '*.h')
		return "$bad"
	}
	check 'clang-format changes nothing' unformatted
fi
