#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --help names is in the man page and completes; the man page names nothing else.
. "$(dirname "$0")/../lib/check.sh"

man=$root/packaging/man/pagewarden.1
completion=$root/packaging/completions/pagewarden.bash
[ -x "$pagewarden" ] || skip_all "$pagewarden is not built"

# The man page as plain words: "\-\-no\-seed" is --no-seed there.
sed 's/\\-/-/g; s/\\f[A-Z]//g' "$man" >"$tmp/man"

long_options() {
	"$pagewarden" "$1" --help | grep -E '^ *(-.,|--)' | grep -oE -- '--[a-z-]+' | sort -u
}

# complete WORD...: what bash would propose for the last word, into $tmp/words.
complete_words() {
	PATH=$(dirname "$pagewarden"):$PATH bash -c '
		. "$1"; shift
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_pagewarden 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"
	' - "$completion" "$@" >"$tmp/words"
}

complete_words pagewarden ''
cp "$tmp/words" "$tmp/commands"
for c in $("$pagewarden" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
	check_matches "$c completes" "$tmp/commands" "^$c\$"
	check_matches "$c is in the man page" "$tmp/man" "^\.SS $c\$"
	complete_words pagewarden "$c" --
	cp "$tmp/words" "$tmp/options"
	for o in $(long_options "$c"); do
		check_matches "$c $o completes" "$tmp/options" "^$o\$"
		check_matches "$c $o is in the man page" "$tmp/man" "(^|[ \"])$o( |\"|\$)"
	done
	long_options "$c" >>"$tmp/all"
done

# The other way round: an option of the man page that no command has.
grep -E '^\.(TP|BR|B|BI) ' "$tmp/man" | grep -oE -- '--[a-z-]+' | sort -u |
	grep -vxF -e --version -f "$tmp/all" >"$tmp/unknown"
check 'the man page names no option that is gone' test ! -s "$tmp/unknown"

complete_words pagewarden top --sort gro
check_matches 'columns complete' "$tmp/words" '^growth_1m_bytes_per_minute$'
complete_words pagewarden top --columns pid,foot
check_matches 'columns complete behind a comma' "$tmp/words" '^pid,footprint_bytes$'
complete_words pagewarden inspect "$$"
check_matches 'PIDs complete' "$tmp/words" "^$$\$"
complete_words pagewarden explain "$$"
check_matches 'PIDs complete for explain' "$tmp/words" "^$$\$"
complete_words pagewarden explain --series open
check_matches 'series complete' "$tmp/words" '^open-files$'
complete_words pagewarden report --format h
check_matches 'formats complete' "$tmp/words" '^html$'
complete_words pagewarden top --format h
check 'html is no format of top' test ! -s <(grep . "$tmp/words")

check_matches 'the man page is of this version' "$man" "^\.TH .*$("$pagewarden" --version)"
for page in "$root"/packaging/man/*.[1-8]; do
	name=$(basename "$page")
	if ! command -v man >/dev/null; then
		skip "$name formats" 'man is not installed'
		continue
	fi
	man --warnings -l "$page" >"$tmp/formatted" 2>"$tmp/warnings"
	check "$name formats without a warning" test ! -s "$tmp/warnings"
	check_matches "$name has its name" "$tmp/formatted" '^NAME|^N.*A.*M.*E'
done
if command -v shellcheck >/dev/null; then
	check 'the completion is sound' shellcheck -s bash "$completion"
else
	skip 'the completion is sound' 'shellcheck is not installed'
fi
