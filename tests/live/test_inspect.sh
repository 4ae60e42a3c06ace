#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# inspect: a process of known segments, one that ends, one whose PID is reused.
. "$(dirname "$0")/../lib/check.sh"

export LC_ALL=C.UTF-8
comm=$build/tests/programs/comm
[ -x "$comm" ] || skip_all "$comm is not built"

start_comm() {
	rm -f "$tmp/ready"
	"$comm" "$@" >"$tmp/ready" &
	started=$!
	at_exit kill "$started"
	wait_for 10 grep -q ready "$tmp/ready"
}

# 60013 KiB of heap in one chunk that malloc maps by itself.
bytes=61453312
start_comm 6b6e6f776e $bytes
pid=$started
check 'once' "$pagewarden" inspect "$pid"
check_matches 'the head names the process' "$tmp/out" "^pid $pid +command known"
check_matches 'how it was seen' "$tmp/out" 'PAGEMAP_SCAN|pagemap'
for kind in code rodata data heap stack library-code mmap-chunk vdso kernel-page-tables; do
	check_matches "it has $kind" "$tmp/out" "^$kind "
done
check 'as JSON' "$pagewarden" inspect "$pid" --format json --timeline
check 'its chunk is what was touched, its sums are what /proc says' python3 - "$tmp/out" $bytes "$pid" <<'PY'
import json, sys
doc, want, pid = json.load(open(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
chunk = sum(s["rss_bytes"] for s in doc["segments"] if s["kind"] == "mmap-chunk")
assert want <= chunk < want + 16384, (chunk, want)
status = dict(l.split(":", 1) for l in open(f"/proc/{pid}/status"))
rss = sum(s["rss_anon_bytes"] for s in doc["segments"] if not s["kind"].startswith("kernel"))
assert abs(rss - int(status["RssAnon"].split()[0]) * 1024) < 512 * 1024, (rss, status["RssAnon"])
assert doc["process"][0]["pid"] == int(pid) and doc["timeline"]
PY
check 'a row for each mapping' "$pagewarden" inspect "$pid" --vmas --format csv
check 'are as many as in maps' test "$(($(wc -l <"$tmp/out") - 1))" -ge "$(wc -l <"/proc/$pid/maps")"
check 'with smaps' "$pagewarden" inspect "$pid" --smaps --format json
check 'dirty pages are known' python3 - "$tmp/out" <<'PY'
import json, sys
sys.exit(not any(s["dirty_bytes"] for s in json.load(open(sys.argv[1]))["segments"]))
PY
check 'columns of a choice' "$pagewarden" inspect "$pid" --columns kind,rss_bytes
check_matches 'alone' "$tmp/out" '^heap +[0-9.]+[KM]?$'
check 'watched three times' "$pagewarden" inspect "$pid" --watch 200ms --count 3 --format json
check 'are three lines' test "$(wc -l <"$tmp/out")" -eq 3

# ---- who is not there, or leaves -----------------------------------------------------
check_fails 'no such process' 4 "$pagewarden" inspect 4194303
check_matches 'is told' "$tmp/err" 'there is no process 4194303'
kernel_thread=$(awk '$1 ~ /^[0-9]+$/ { print $1; exit }' < <(ps -o pid= --ppid 2))
if [ -n "$kernel_thread" ]; then
	check_fails 'a kernel thread' 4 "$pagewarden" inspect "$kernel_thread"
	check_matches 'has no address space' "$tmp/err" 'no address space of its own'
else
	skip 'a kernel thread' 'none can be seen'
fi
threaded=
for task in /proc/[0-9]*/task/*; do
	process=${task#/proc/}
	if [ "${process%%/*}" != "${task##*/}" ]; then
		threaded=${task##*/}
		break
	fi
done
if [ -n "$threaded" ]; then
	check_fails 'a thread' 4 "$pagewarden" inspect "$threaded"
	check_matches 'leads to its process' "$tmp/err" 'is a thread of process [0-9]+'
else
	skip 'a thread' 'no process has two'
fi

start_comm 656e6473
(sleep 1.5 && kill -KILL "$started") &
check_fails 'one that ends while it is watched' 4 "$pagewarden" inspect "$started" --watch 200ms
check_matches 'is told, with its end' "$tmp/err" "process $started is gone: it (was ended by signal 9|has ended)"
check_matches 'was shown before' "$tmp/out" '^heap'

# The same PID again: ns_last_pid lets the next fork take it.
start_comm 6f6c64
old=$started
reuse_pid() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		echo $((old - 1)) >/proc/sys/kernel/ns_last_pid || return 1
		"$comm" 6e6577 >"$tmp/ready" &
		new=$!
		at_exit kill "$new"
		[ "$new" -ne "$old" ] || return 0
		kill "$new"
	done
	return 1
}
"$pagewarden" inspect "$old" --watch 200ms >"$tmp/watch" 2>"$tmp/watch-err" &
watcher=$!
at_exit kill "$watcher"
if wait_for 10 grep -q '^heap' "$tmp/watch"; then
	kill -KILL "$old"
	wait "$old" 2>/dev/null
	if reuse_pid 2>/dev/null; then
		status=0
		wait "$watcher" || status=$?
		check 'a reused PID is not taken for the old process' test "$status" -eq 4
		check_matches 'and that is told' "$tmp/watch-err" "process $old is gone"
		check 'the new one is another' "$pagewarden" inspect "$old"
		check_matches 'with its own name' "$tmp/out" 'command new'
	else
		skip 'a reused PID' 'the PID could not be had again'
	fi
else
	fail 'a watch that a reused PID ends' "$(cat "$tmp/watch-err")"
fi

# ---- without privileges ----------------------------------------------------------------
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	check_fails 'the process of another user is refused' 3 nobody "$pagewarden" inspect "$pid"
	check_matches 'with the remedy' "$tmp/err" 'run as root'
	setpriv --reuid 65534 --regid 65534 --clear-groups sleep 60 &
	own=$!
	at_exit kill "$own"
	sleep 0.3
	check 'a process of ones own is shown' nobody "$pagewarden" inspect "$own"
	check_matches 'with its heap' "$tmp/out" '^heap'
	check 'and top shows what /proc shows' nobody "$pagewarden" top -n 1 -i 200ms
	check_matches 'saying what is missing' "$tmp/out" 'without page ledger'
else
	skip 'without privileges' 'needs root and setpriv'
fi
