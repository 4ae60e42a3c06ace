#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the commands print on this machine matches the documented schemas, also
# while a process runs whose names are made to break JSON, CSV, HTML and a terminal.
. "$(dirname "$0")/../lib/check.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'root only: the commands shall see everything'

# comm: ="<[ESC]\xff, with an argument that has the rest
/usr/bin/python3 -c '
import sys, time
open("/proc/self/comm", "wb").write(b"=\"<\x1b[7m,\xff\n")
print("ready", flush=True)
time.sleep(600)
' $'\xff\xc3(,"\r\n</td><script>alert(1)</script>\x1b]0;x\x07' >"$tmp/ready" &
hostile=$!
at_exit kill "$hostile"
wait_for 10 grep -q ready "$tmp/ready"

validate() { "$root/tests/lib/validate.py" "$root/docs/schema" "$@"; }

# both NAME COMMAND...: it runs, and its JSON matches.
both() {
	local name=$1

	check "$name runs" "$pagewarden" "${@:2}"
	cp "$tmp/out" "$tmp/json"
	check "$name matches its schema" validate "$tmp/json"
}

check 'a recording is made' "$pagewarden" record --socket none --duration 2s --segments "$hostile" -o "$tmp/rec"

both 'top' top --socket none -n 2 -i 300ms -f json
check_matches 'it printed two documents' "$tmp/out" '^2$'
both 'top --groups' top --socket none -n 1 -g -f json
both 'top --dead' top --socket none -n 1 --dead -f json
both 'inspect' inspect --socket none "$hostile" -f json
both 'report' report --socket none --duration 1s -f json
both 'top on /proc alone' top --socket none --no-ledger -n 1 -f json
for view in processes groups segments events machine; do
	both "replay --view $view" replay --view "$view" -f json "$tmp/rec"
done
both 'report on a recording' report --replay "$tmp/rec" -f json
status=0
"$pagewarden" doctor -f json >"$tmp/json" 2>"$tmp/err" || status=$?
check_between 'doctor exits with 0 or 6' "$((status % 6))" 0 0
check 'doctor matches its schema' validate "$tmp/json"

# The names survive CSV, and nothing in it is a formula or moves a terminal.
check 'CSV' "$pagewarden" replay -f csv "$tmp/rec"
cp "$tmp/out" "$tmp/csv"
cat >"$tmp/check_csv.py" <<'END'
import csv, sys
text = open(sys.argv[1], encoding="utf-8", newline="").read()
rows = list(csv.DictReader(text.splitlines(keepends=True), strict=True))
assert all(c == "\n" or c.isprintable() for c in text), "a control character"
row = [r for r in rows if r["pid"] == sys.argv[2]]
assert len(row) == 1, "%d rows" % len(row)
assert None not in row[0], row
assert row[0]["comm"] == '\\x3d"<\\x1b[7m,\\xff\\x0a', row[0]["comm"]
assert all(value[:1] not in "=+@" or not value for r in rows for value in r.values()), "a formula"
END
check 'CSV is whole and harmless' /usr/bin/python3 "$tmp/check_csv.py" "$tmp/csv" "$hostile"

check 'text' env LC_ALL=C.UTF-8 "$pagewarden" replay "$tmp/rec"
cp "$tmp/out" "$tmp/text"
check_fails 'text moves no terminal' 1 grep -P '[\x00-\x08\x0b-\x1f\x7f]' "$tmp/text"

check 'HTML' "$pagewarden" report --replay "$tmp/rec" -f html -o "$tmp/html"
check_fails 'no name becomes a tag' 1 grep -F '<script' "$tmp/html"
check_fails 'the page asks for nothing' 1 grep -E 'src=|url\(|https?:|@import' "$tmp/html"
check 'one recording gives the same page again' "$pagewarden" report --replay "$tmp/rec" -f html -o "$tmp/again"
check 'byte for byte' cmp "$tmp/html" "$tmp/again"
