#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A report is written whole or not at all, and says why not.
. "$(dirname "$0")/../lib/check.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'root only: it mounts a small tmpfs'

check 'a recording is made' "$pagewarden" record --socket none --duration 1s -o "$tmp/rec"
report() { "$pagewarden" report --replay "$tmp/rec" "$@"; }
files() { find "$1" -mindepth 1 | wc -l; }

check 'HTML goes to a new file' report -f html -o "$tmp/page.html"
check_matches 'it is a whole page' "$tmp/page.html" '^</html>$'
check 'text goes to standard output' report
check_matches 'it has the largest processes' "$tmp/out" '^Largest processes$'
check 'the limit holds' report --limit 3 -f csv
check_between 'three rows and the names' "$(wc -l <"$tmp/out")" 4 4

check_fails 'a device that is full' 1 report -f html -o /dev/full
check_matches 'a full device is told with its name' "$tmp/err" 'cannot write the report to /dev/full: No space left'
to_full() { report >/dev/full; }
to_pipe() { report -f html -o /dev/stdout | grep -q '^</html>'; }
to_head() ( set -o pipefail; report | head -n 1 )
check_fails 'standard output that is full' 1 to_full
check_fails 'a folder that is not there' 4 report -o "$tmp/none/page.html"
check_matches 'a missing folder is told with its name' "$tmp/err" "$tmp/none/page.html: No such file"
check_fails 'a folder in place of a file' 1 report -o "$tmp"
check 'a pipe is written directly' to_pipe
check 'a reader that has seen enough is no failure' to_head

mkdir "$tmp/disk"
if mount -t tmpfs -o size=16k tmpfs "$tmp/disk"; then
	at_exit umount "$tmp/disk"
	echo old >"$tmp/disk/page.html"
	check_fails 'a disk that fills on the way' 1 report -f html -o "$tmp/disk/page.html"
	check_matches 'is told with the remedy' "$tmp/err" 'make room there'
	check 'the old file is still there' grep -qx old "$tmp/disk/page.html"
	check_between 'and nothing beside it' "$(files "$tmp/disk")" 1 1
else
	fail 'a small tmpfs can be mounted'
fi

check_fails 'a recording that is none' 1 "$pagewarden" report --replay "$0"
head -c 300 "$tmp/rec" >"$tmp/short"
status=0
"$pagewarden" report --replay "$tmp/short" >"$tmp/out" 2>"$tmp/err" || status=$?
check_between 'a recording that was cut short is no success' "$status" 1 5
check_matches 'and it is said' "$tmp/err" "$tmp/short"
check_fails 'a wrong option' 2 "$pagewarden" report --limit 0

# The past: the daemon's history under the same report.
"$pagewarden" daemon --socket "$tmp/sock" --history "$tmp/history.db" -i 500ms --flush 1s >"$tmp/log" 2>&1 &
daemon=$!
at_exit kill "$daemon"
sleep 1
/usr/bin/python3 -c 'import time; block = bytearray(67 << 20); time.sleep(600)' &
grown=$!
at_exit kill "$grown"
since() { "$pagewarden" report --since 1h --history "$tmp/history.db" "$@"; }
has_process() { since -f csv --table grown_processes --limit 1000 | grep -q "^$grown,"; }
check 'the history has the process after two of its steps' wait_for 40 has_process
check 'a report on the history' since -f json --limit 1000
cp "$tmp/out" "$tmp/json"
check 'matches its schema' "$root/tests/lib/validate.py" "$root/docs/schema" "$tmp/json"
cat >"$tmp/look.py" <<'END'
import json, sys
report = json.load(open(sys.argv[1]))
row = [p for p in report["grown_processes"] if p["pid"] == int(sys.argv[2])][0]
assert row["end_bytes"] >= 67 << 20 and row["change_bytes"] >= 67 << 20, row
assert row["comm"] == "python3", row["comm"]
assert row["curve_bytes"][-1] is None or row["curve_bytes"][-1] >= 67 << 20, row["curve_bytes"]
assert report["schema"] == "pagewarden.period" and 0 < report["own_rss_peak_bytes"] < 1 << 30, report["own_rss_peak_bytes"]
assert 0 < report["watched_ns"] <= report["period_ns"] == 3600 * 10**9, report["watched_ns"]
assert 0 < report["used_end_bytes"] < report["memory_total_bytes"], report["used_end_bytes"]
assert any(part["seen_ratio"] == 1 for part in report["coverage_parts"]), report["coverage_parts"]
END
check 'it knows who grew, what it cost, and what was seen' /usr/bin/python3 "$tmp/look.py" "$tmp/json" "$grown"
check_fails 'a history that is not there' 4 "$pagewarden" report --since 1h --history "$tmp/none.db"
check_matches 'tells who keeps it' "$tmp/err" 'the daemon keeps it'
check_fails 'the past of a recording' 2 "$pagewarden" report --since 1h --replay "$tmp/rec"
