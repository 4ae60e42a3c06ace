#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
#
# top, without a terminal and on one that tmux holds: keys, sizes, hostile names.
. "$(dirname "$0")/../lib/check.sh"

export LC_ALL=C.UTF-8
comm=$build/tests/programs/comm

# ---- without a terminal -------------------------------------------------------------

check 'one table' "$pagewarden" top --count 1 --interval 200ms
check_matches 'it has a head' "$tmp/out" '^ +PID FOOTPR +ANON'
check_matches 'it has rows' "$tmp/out" '^ +[0-9]+ +[0-9.]+[KMG]? '
check_matches 'its header names the source' "$tmp/out" 'source (bpf|proc)'

check 'three JSON documents' "$pagewarden" top --count 3 --interval 200ms --format json
check 'are three lines' test "$(wc -l <"$tmp/out")" -eq 3
check 'each of which is JSON of its own interval' python3 - "$tmp/out" <<'PY'
import json, sys
ticks = [json.loads(line)["ticks"] for line in open(sys.argv[1])]
sys.exit(not (ticks[0] < ticks[1] < ticks[2]))
PY
check 'two CSV tables' "$pagewarden" top --count 2 --interval 200ms --format csv
check 'have the names once' test "$(grep -c '^pid,' "$tmp/out")" -eq 1
check 'the columns of a choice' "$pagewarden" top -n 1 -i 200ms --columns comm,pid --limit 1
check_matches 'in that order' "$tmp/out" '^COMMAND +PID$'
check 'groups' "$pagewarden" top -n 1 -i 200ms --groups
check_matches 'have a head of their own' "$tmp/out" '^PROCS '
check 'into a file' "$pagewarden" top -n 1 -i 200ms -f json -o "$tmp/top.json"
check 'which is JSON' python3 -m json.tool "$tmp/top.json" /dev/null
full_disk() { "$pagewarden" top -n 1 -i 200ms >/dev/full; }
check_fails 'a full disk is told' 1 full_disk
check_fails 'a full disk behind -o is told' 1 "$pagewarden" top -n 1 -i 200ms -o /dev/full
check_matches 'with the name of the file' "$tmp/err" 'cannot write to /dev/full: No space left'
"$pagewarden" top -i 100ms 2>"$tmp/pipe-err" | head -n 1 >/dev/null
check 'a closed pipe ends it quietly' test "${PIPESTATUS[0]}" -eq 0 -a ! -s "$tmp/pipe-err"
"$pagewarden" top -i 100ms >"$tmp/endless" 2>&1 &
endless=$!
at_exit kill "$endless"
wait_for 20 grep -q PID "$tmp/endless"
kill -TERM "$endless"
status=0
wait "$endless" || status=$?
check 'SIGTERM ends it with 0' test "$status" -eq 0

# ---- a name that wants to take over the terminal ------------------------------------
# ESC [ 2 J, an overlong and a lone UTF-8 byte, a bidi override
[ -x "$comm" ] || skip_all "$comm is not built"
"$comm" 1b5b324ac0aeffe280ae07 400000 >"$tmp/ready" &
hostile=$!
at_exit kill "$hostile"
wait_for 10 grep -q ready "$tmp/ready"
check 'a hostile name as text' "$pagewarden" top -n 1 -i 200ms --filter "$hostile"
check_matches 'is escaped' "$tmp/out" '\\x1b\[2J'
check 'no raw control character gets out' test "$(LC_ALL=C tr -d '\n -~\200-\377' <"$tmp/out" | wc -c)" -eq 0
check 'a hostile name as JSON' "$pagewarden" top -n 1 -i 200ms --filter "$hostile" -f json
check 'is valid UTF-8 and JSON' python3 - "$tmp/out" <<'PY'
import json, sys
rows = json.loads(open(sys.argv[1], "rb").read().decode("utf-8"))["processes"]
sys.exit(not (len(rows) == 1 and rows[0]["comm"].startswith("\\x1b[2J\\xc0\\xae\\xff")))
PY
check 'a hostile name as CSV' "$pagewarden" top -n 1 -i 200ms --filter "$hostile" -f csv
check_matches 'is escaped there too' "$tmp/out" '\\x1b\[2J'

# ---- with a part of root's privileges ---------------------------------------------------
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	check 'without CAP_SYS_ADMIN' setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \
		"$pagewarden" top --socket none -n 1 -i 200ms --limit 3
	check_matches 'BPF still counts' "$tmp/out" 'source bpf'
	check_matches 'there is no ledger' "$tmp/out" 'without page ledger'
	check_matches 'and it is said why' "$tmp/err" 'no page ledger: the kernel hides page frame numbers'
	check_matches 'with the remedy' "$tmp/err" 'CAP_SYS_ADMIN'
else
	skip 'without CAP_SYS_ADMIN' 'needs root and setpriv'
fi

# ---- on a terminal --------------------------------------------------------------------
command -v tmux >/dev/null || skip_all 'tmux is not installed'
server=pagewarden-test-$$
t() { tmux -u -L "$server" -f /dev/null "$@"; }
at_exit t kill-server
screen() { t capture-pane -p -t top >"$tmp/screen"; }
shows() { screen && grep -Eq -- "$1" "$tmp/screen"; }
shows_not() { screen && ! grep -Eq -- "$1" "$tmp/screen"; }
# sees NAME REGEX: the screen comes to show it.
sees() {
	if wait_for 10 shows "$2"; then
		pass "$1"
	else
		fail "$1" "the screen does not show: $2
$(cat "$tmp/screen")"
	fi
}
sees_not() {
	if wait_for 10 shows_not "$2"; then
		pass "$1"
	else
		fail "$1" "the screen still shows: $2
$(cat "$tmp/screen")"
	fi
}
keys() { t send-keys -t top "$@"; }
runs() { kill -0 "$pane" 2>/dev/null; }
start_top() {
	t new-session -d -s top -x "$1" -y "$2" \
		"exec '$pagewarden' top --interval 300ms ${3-} 2>'$tmp/top-err'"
	pane=$(t display-message -p -t top '#{pane_pid}')
}

start_top 120 30
sees 'the table' 'PID.FOOTPR +ANON'
sees 'the memory bar' 'memory \[[|.]+\] [0-9.]+[MG] of'
sees 'its own cost' 'own cost:.*rss'
sees 'the source' 'source (bpf|proc)'

keys g
sees 'g: groups' '^PROCS'
keys g
sees 'g: processes again' ' PID.FOOTPR'
keys t
sees 't: below cgroups' 'below cgroups'
keys t
sees_not 't: flat again' 'below cgroups'
keys r
sees 'r: reversed' 'PID\^FOOTPR'
keys r
sees 'r: as before' 'PIDvFOOTPR'
keys '>'
sees '>: sorted by the next column' 'FOOTPR +vANON'
keys '<'
sees '<: sorted by the column before' 'PIDvFOOTPR'
keys s
sees 's: the columns to sort by' 'sort by: its letter'
keys a
sees 's and a letter: sorted by PID' 'by PID'
keys s Escape
sees 'Esc: no other column' 'by PID'
keys s
sees 's again' 'sort by: its letter'
keys b
sees 'sorted by the footprint again' 'by FOOTPR'

keys /
sees '/: a prompt' 'filter: _'
keys -l "$hostile"
sees 'the filter works while it is typed' "1 processes of [0-9]+ with '$hostile'|filter: $hostile"
keys Enter
sees 'Enter keeps it' "1 processes of [0-9]+ with '$hostile'"
sees 'the hostile name is escaped' '\\x1b\[2J'
keys Enter
sees 'Enter opens the process' "PID $hostile"
sees 'its segments' '^KIND'
sees 'its heap' '^heap'
sees 'its timeline' 'last 64 s'
keys l
sees 'l: the longer timeline' 'last 32 min'
keys q
sees 'q: back to the table' 'PID.FOOTPR'
keys / Escape
sees_not 'Esc in the prompt takes the filter away' 'processes of'

keys h
sees 'h: help' 'Nothing here sends a signal|Keys'
keys q
sees 'q: out of the help' 'PID.FOOTPR'
keys d
sees 'd: dead ones too' 'dead ones too'
keys d

# Paused: the screen stands while the collection goes on.
keys Space
sees 'Space: paused' 'PAUSED'
screen
cp "$tmp/screen" "$tmp/paused"
sleep 1.5
screen
check 'a paused screen stands' cmp "$tmp/screen" "$tmp/paused"
keys Space
sees_not 'Space: goes on' 'PAUSED'
moved() { screen && ! cmp -s "$tmp/screen" "$tmp/paused"; }
check 'the screen moves again' wait_for 5 moved

# Sizes: columns go by their importance, nothing breaks.
t resize-window -t top -x 40 -y 12
sees '40 columns: what matters most is there' '^ +PID.FOOTPR.*COMMAND *$'
check '40 columns: no line is longer' test "$(screen; awk 'length > 40' "$tmp/screen" | wc -l)" -eq 0
keys Enter
sees '40 columns: a process' '^KIND'
keys q
for size in '10 3' '1 1' '300 80' '80 24'; do
	t resize-window -t top -x "${size% *}" -y "${size#* }"
	sleep 0.4
	check "it lives at $size" runs
done
sees '80x24 afterwards' 'PID.FOOTPR +ANON'
kill -WINCH "$pane"
sleep 0.4
check 'SIGWINCH without a change' runs
keys q
ended() { ! runs; }
check 'q ends it' wait_for 5 ended
check 'nothing was said on stderr' test ! -s "$tmp/top-err"

start_top 80 24
sees 'it starts again' 'PID.FOOTPR'
kill -TERM "$pane"
check 'SIGTERM ends it' wait_for 5 ended
start_top 80 24
sees 'and again' 'PID.FOOTPR'
keys C-c
check 'Ctrl-C ends it' wait_for 5 ended
check_fails 'an unknown TERM is told' 1 env TERM=no-such-terminal script -qec "'$pagewarden' top" /dev/null
check_matches 'with its name' "$tmp/out" "TERM is 'no-such-terminal'"
