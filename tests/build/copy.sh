# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# copy_tree DIR: the project's files, without what was built or is ignored, so
# that a test may touch them.
# shellcheck disable=SC2154  # root comes from check.sh
copy_tree() {
	mkdir -p "$1"
	(cd "$root" && {
		git ls-files --cached --others --exclude-standard 2>/dev/null || find . -path ./build -prune -o -type f -print
	} | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\0' "$f"; done | tar -c --null -T -) | tar -x -C "$1"
}
