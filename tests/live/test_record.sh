#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# record and replay: what was recorded is shown again, whole or damaged.
. "$(dirname "$0")/../lib/check.sh"

export LC_ALL=C.UTF-8
trace=$tmp/trace.pwr
sleep 300 &
sleeper=$!
at_exit kill "$sleeper"

check 'two seconds' "$pagewarden" record -o "$trace" --duration 2s --interval 200ms
check_matches 'the summary counts' "$tmp/err" "^recorded $trace: [0-9]+ ticks, [0-9]+ records"
check_matches 'and tells losses' "$tmp/err" '^lost:'
check 'nobody else may read it' test "$(stat -c %a "$trace")" = 600
cp "$trace" "$tmp/before"
check_fails 'it is not overwritten' 1 "$pagewarden" record -o "$trace" --duration 1s
check_matches 'and --force is named' "$tmp/err" '--force'
check 'nor touched' cmp "$trace" "$tmp/before"

for view in processes groups segments events machine; do
	for format in text json csv; do
		check "$view as $format" "$pagewarden" replay "$trace" --view $view -f $format
		cp "$tmp/out" "$tmp/first"
		check "$view as $format has something" test -s "$tmp/first"
		check "$view as $format again" "$pagewarden" replay "$trace" --view $view -f $format
		cp "$tmp/out" "$tmp/second"
		check "$view as $format is the same, byte for byte" cmp "$tmp/first" "$tmp/second"
	done
done
check 'top on the recording' "$pagewarden" top --replay "$trace" -n 3 -f json
check 'three of its ticks' test "$(wc -l <"$tmp/out")" -eq 3
check 'inspect on the recording' "$pagewarden" inspect --replay "$trace" "$sleeper"
check_matches 'has segments' "$tmp/out" '^heap'
check_fails 'a process that it does not know' 4 "$pagewarden" inspect --replay "$trace" 4194303
check 'report on the recording' "$pagewarden" report --replay "$trace"
check 'the end and the last tick are the same' "$pagewarden" replay "$trace" -f json
last=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["ticks"])' "$tmp/out")
cp "$tmp/out" "$tmp/end"
check 'a tick by its number' "$pagewarden" replay "$trace" --tick "$last" -f json
cp "$tmp/out" "$tmp/by-tick"
check 'shows the same' cmp "$tmp/by-tick" "$tmp/end"
check 'a time since the start' "$pagewarden" replay "$trace" --at 1s -f json
check 'is before the end' python3 - "$tmp/out" "$last" <<'PY'
import json, sys
sys.exit(not (1 < json.load(open(sys.argv[1]))["ticks"] < int(sys.argv[2])))
PY
check_fails 'a tick beyond the end' 4 "$pagewarden" replay "$trace" --tick 1000000
check_matches 'tells where it ends' "$tmp/err" "$last ticks from"
began=$EPOCHREALTIME
check 'at its own speed' "$pagewarden" replay "$trace" --speed 1 -n 5
check_between 'five ticks take their time (ms)' \
	$(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) 600 8000

# ---- whose segments ---------------------------------------------------------------------------
check 'PIDs by name' "$pagewarden" record -o "$tmp/one.pwr" --duration 1s --segments "$sleeper" \
	--segment-interval 200ms --interval 200ms
check 'their segments alone' "$pagewarden" replay "$tmp/one.pwr" --view segments -f csv
check 'are in it' python3 - "$tmp/out" "$sleeper" <<'PY'
import csv, sys
pids = {row["pid"] for row in csv.DictReader(open(sys.argv[1]))}
sys.exit(pids != {sys.argv[2]})
PY
check 'no segments' "$pagewarden" record -o "$tmp/none.pwr" --duration 1s --segments none
check 'none are in it' "$pagewarden" replay "$tmp/none.pwr" --view segments -f csv
check 'not one row' test "$(wc -l <"$tmp/out")" -le 1
check_fails '--segments of a word' 2 "$pagewarden" record -o "$tmp/x.pwr" --segments firefox

# ---- interrupted, killed --------------------------------------------------------------------
"$pagewarden" record -o "$tmp/term.pwr" --interval 200ms 2>"$tmp/term-err" &
recorder=$!
at_exit kill "$recorder"
wait_for 20 test -s "$tmp/term.pwr"
sleep 1
kill -TERM "$recorder"
status=0
wait "$recorder" || status=$?
check 'SIGTERM ends it cleanly' test "$status" -eq 0
check_matches 'with its summary' "$tmp/term-err" '^recorded'
check 'the file is whole' "$pagewarden" replay "$tmp/term.pwr"
"$pagewarden" record -o "$tmp/kill.pwr" --interval 200ms 2>/dev/null &
recorder=$!
at_exit kill "$recorder"
wait_for 20 test -s "$tmp/kill.pwr"
sleep 1.5
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null
check 'after SIGKILL every tick is there' "$pagewarden" replay "$tmp/kill.pwr"

# ---- damage -----------------------------------------------------------------------------------
size=$(stat -c %s "$trace")
head -c $((size * 2 / 3)) "$trace" >"$tmp/short.pwr"
check_fails 'a truncated recording' 5 "$pagewarden" replay "$tmp/short.pwr"
check_matches 'shows what is good' "$tmp/out" '^ +PID'
check_matches 'and says so' "$tmp/err" 'short.pwr is damaged in 1 place'
cp "$trace" "$tmp/flipped.pwr"
byte=$(od -An -tu1 -j $((size / 2)) -N 1 "$trace")
# shellcheck disable=SC2059
printf "\\x$(printf %02x $((byte ^ 1)))" |
	dd of="$tmp/flipped.pwr" bs=1 seek=$((size / 2)) conv=notrunc status=none
for command in "replay $tmp/flipped.pwr" "top --replay $tmp/flipped.pwr -f csv" \
	"report --replay $tmp/flipped.pwr"; do
	# shellcheck disable=SC2086
	check_fails "one flipped bit: ${command%% *}" 5 "$pagewarden" $command
	check_matches "${command%% *} says so" "$tmp/err" 'damaged'
done
head -c 10 "$trace" >"$tmp/head.pwr"
newer() { # newer FROM TO: the same recording in format 9, with a header that is whole
	python3 - "$1" "$2" <<-'PY'
	import struct, sys, zlib
	data = bytearray(open(sys.argv[1], "rb").read())
	data[8:10] = struct.pack("<H", 9)
	size, = struct.unpack_from("<H", data, 14)
	data[16:20] = bytes(4)
	data[16:20] = struct.pack("<I", zlib.crc32(data[:size]))
	open(sys.argv[2], "wb").write(data)
	PY
}
check 'a recording of a newer version is made' newer "$trace" "$tmp/newer.pwr"
for command in "replay $tmp/newer.pwr" "report --replay $tmp/newer.pwr" "top --replay $tmp/newer.pwr -n 1"; do
	# shellcheck disable=SC2086
	check_fails "a newer version: ${command%% *}" 1 "$pagewarden" $command
	check_matches "${command%% *} names both versions" "$tmp/err" 'made by a newer pagewarden \(format 9\); this one reads up to 1'
done
check_fails 'a piece of the head' 5 "$pagewarden" replay "$tmp/head.pwr"

# ---- a full disk --------------------------------------------------------------------------------
mkdir "$tmp/small"
if mount -t tmpfs -o size=20k tmpfs "$tmp/small" 2>/dev/null; then
	at_exit umount "$tmp/small"
	check_fails 'a disk that gets full' 1 "$pagewarden" record -o "$tmp/small/full.pwr" --interval 100ms \
		--duration 20s --segments none
	check_matches 'is told with the file' "$tmp/err" 'cannot write .*full.pwr: No space left'
	check_matches 'and that the rest is kept' "$tmp/err" 'what was recorded before is kept'
	check 'what is kept is whole' "$pagewarden" replay "$tmp/small/full.pwr"
else
	skip 'a disk that gets full' 'tmpfs cannot be mounted here'
fi
echo old >"$tmp/mine.pwr"
chmod 644 "$tmp/mine.pwr"
check 'a file of another mode is overwritten' "$pagewarden" record --force -o "$tmp/mine.pwr" -n 1 -i 200ms \
	--segments none
check 'and from then on is for its owner alone' test "$(stat -c %a "$tmp/mine.pwr")" = 600
closed_stderr() { "$pagewarden" "$@" 2>&-; }
check 'with standard error closed' closed_stderr record -o "$tmp/closed.pwr" -n 1 -i 200ms --segments none
check 'its messages are not in the recording' "$pagewarden" replay "$tmp/closed.pwr"
check_fails 'a folder that is not there' 4 "$pagewarden" record -o "$tmp/no/such.pwr" --duration 1s
