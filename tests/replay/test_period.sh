#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A period of a history from the command line: options, mails, files that are
# kept, and a disk that fills.
. "$(dirname "$0")/../lib/check.sh"

check 'a history is made' "$build/tests/replay/make_history" day "$tmp/day.db"
check 'and a quiet one' "$build/tests/replay/make_history" quiet "$tmp/quiet.db"
report() { "$pagewarden" report "$@"; }
day() { report --since 24h --until 2023-11-15T23:20:00Z --history "$tmp/day.db" "$@"; }

# ---- what is asked ------------------------------------------------------------------
check 'text' env LC_ALL=C.UTF-8 "$pagewarden" report --since 24h --until 2023-11-15T23:20:00Z --history "$tmp/day.db"
check_matches 'begins with the machine and the period' "$tmp/out" '^Memory of srv1, 2023-11-14 23:20 to 2023-11-15 23:20 UTC$'
cp "$tmp/out" "$tmp/text"
check_fails 'no line is wider than 100 columns' 1 env LC_ALL=C.UTF-8 grep -E '^.{101,}' "$tmp/text"
check_between 'lines are as wide as that, though' "$(LC_ALL=C.UTF-8 grep -cE '^.{95,100}$' "$tmp/text")" 1 1000
check 'text where there is no Unicode' env LC_ALL=C "$pagewarden" report --since 24h --until 2023-11-15T23:20:00Z --history "$tmp/day.db"
cp "$tmp/out" "$tmp/text"
check_fails 'is ASCII' 1 grep -P '[^\x00-\x7f]' "$tmp/text"
check 'a table of the csv' day -f csv --table oom_kills
check_between 'a kill and the names' "$(wc -l <"$tmp/out")" 2 2
check 'a limit' day -f csv --limit 2
check_between 'two rows and the names' "$(wc -l <"$tmp/out")" 3 3
check 'a quiet hour' report --since 1h --until 2023-11-14T23:20:00Z --history "$tmp/quiet.db"
check_matches 'is told as one' "$tmp/out" '^Nothing alarming: memory in use'

check_fails 'a time before the history' 1 report --since 1h --until 2020-01-01T00:00:00Z --history "$tmp/day.db"
check_matches 'is told with its begin' "$tmp/err" 'it begins at 2023-11-14T22:20:10'
check_fails 'no history' 4 report --since 1h --history "$tmp/none.db"
check_matches 'tells who keeps it' "$tmp/err" 'the daemon keeps it'
echo 'no database' >"$tmp/bad.db"
check_fails 'no database' 5 report --since 1h --history "$tmp/bad.db"
check_fails 'a time that is none' 2 day --until yesterday
check_fails 'a table that is none' 2 day -f csv --table nonsense
check_matches 'lists them' "$tmp/err" 'suspects, grown_groups'
check_fails 'a mail of json' 2 day -f json --mail a@example.org
check_fails 'two headers in place of an address' 2 day --mail $'a@b\nBcc: c@d'
check_fails 'a directory and a file' 2 day --output-dir "$tmp" -o "$tmp/x"
check_fails '--keep of the live machine' 2 report --keep 3
check_matches 'names the option that is missing' "$tmp/err" 'give --since too'

# ---- mail ---------------------------------------------------------------------------
cat >"$tmp/mail.py" <<'END'
import email, email.policy, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
assert not mail.defects, mail.defects
assert mail["To"] == "admin@example.org" and mail["MIME-Version"] == "1.0", mail.items()
assert mail["Subject"].startswith("Memory of srv1: 2 suspected leaks (1 new), 1 OOM kill"), mail["Subject"]
assert mail["Auto-Submitted"] == "auto-generated", mail.items()
parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
assert set(parts) == set(sys.argv[2].split(",")), set(parts)
assert parts["text/plain"].startswith("Memory of srv1,"), parts["text/plain"][:99]
assert parts.get("text/html", "</html>").rstrip().endswith("</html>")
assert all(len(line) <= 78 and line.isascii() for line in open(sys.argv[1]).read().split("\n"))
END
check 'a mail of a page' day -f html --mail admin@example.org -o "$tmp/mail"
check 'is a mail with text and page' /usr/bin/python3 "$tmp/mail.py" "$tmp/mail" text/plain,text/html
check 'a mail of text' day --mail admin@example.org -o "$tmp/mail"
check 'is a mail with text' /usr/bin/python3 "$tmp/mail.py" "$tmp/mail" text/plain

# ---- files that are kept ------------------------------------------------------------
kept=$tmp/reports
at_hour() { report --since 1h --until "2023-11-15T0$1:00:00Z" --history "$tmp/day.db" -f html --output-dir "$kept" "${@:2}"; }
check 'a first one makes the directory' at_hour 1
check_matches 'and tells its name' "$tmp/out" "^$kept/pagewarden-20231115T010000Z.html$"
check 'nobody else may look into it' test "$(stat -c %a "$kept")" = 750
for hour in 2 3 4 5; do
	check "the one of hour $hour" at_hour "$hour" --keep 3
done
check_between 'three are kept' "$(find "$kept" -type f | wc -l)" 3 3
check 'the newest' test -f "$kept/pagewarden-20231115T050000Z.html"
check 'the same once more' at_hour 5 --keep 3
check_between 'replaces it' "$(find "$kept" -type f | wc -l)" 3 3
check 'few bytes' at_hour 6 --keep-bytes 1k
check_between 'leave the newest' "$(find "$kept" -type f | wc -l)" 1 1
check_matches 'a whole page' "$kept/pagewarden-20231115T060000Z.html" '^</html>$'
check_fails 'a directory below none' 4 report --since 1h --until 2023-11-15T01:00:00Z --history "$tmp/day.db" --output-dir "$tmp/no/where"

# Killed while it writes: what is there is whole.
write_again() {
	report --since 24h --until 2023-11-15T23:20:00Z --history "$tmp/day.db" -f html --output-dir "$kept" >"$tmp/killed" 2>&1
}
for n in 1 2 3 4 5 6 7 8; do
	write_again &
	pid=$!
	sleep "0.0$n"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
halves() {
	for page in "$kept"/*.html; do
		tail -n 1 "$page" | grep -qx '</html>' || echo "$page"
	done
}
check 'no page is half written, whenever it is killed' test -z "$(halves)"

if [ "$(id -u)" -eq 0 ] && mkdir "$tmp/disk" && mount -t tmpfs -o size=128k tmpfs "$tmp/disk"; then
	at_exit umount "$tmp/disk"
	full() { report --since 1h --until "2023-11-15T0$1:00:00Z" --history "$tmp/day.db" -f html --output-dir "$tmp/disk/r" --keep 2; }
	check 'a first report on a small disk' full 1
	dd if=/dev/zero of="$tmp/disk/fill" bs=4k 2>/dev/null
	check_fails 'a disk that is full' 1 full 2
	check_matches 'is told with its remedy' "$tmp/err" 'the earlier reports are untouched'
	check 'they are' test "$(find "$tmp/disk/r" -type f -printf '%f\n')" = pagewarden-20231115T010000Z.html
	rm "$tmp/disk/fill"
	check 'with room again it goes on' full 3
else
	skip 'a disk that fills' 'root only: it mounts a small tmpfs'
fi

# As the unit runs it: root without any capability.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 750 "$tmp" # root alone owns it
	check 'root without capabilities may' setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \
		"$pagewarden" report --since 24h --until 2023-11-15T23:20:00Z --history "$tmp/day.db" --output-dir "$tmp/bare" -f html
else
	skip 'root without capabilities may' 'root and setpriv only'
fi
