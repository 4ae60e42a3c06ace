#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a guest with the module: an administrator registers the stack of a process,
# which then ends. What is told of it, by the device and by the tracepoints.
pagewarden=/pagewarden/build/pagewarden
tape=/tmp/secrets.pwr

sleep 300 &
victim=$!
sleep 1
range=$(sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) .*\[stack\]$/\1 \2/p' /proc/$victim/maps)
from=0x${range% *} to=0x${range#* }

$pagewarden record --wipes --no-ledger --socket none --segments none -i 500ms --duration 25s -o $tape >/tmp/record 2>&1 &
recorder=$!
# Its first words in the file: it observes.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ -s $tape ] && break
	sleep 0.5
done
sleep 1
$pagewarden secrets --register "$victim:$from+$((to - from)):demo" >/tmp/registered 2>&1 &
keeper=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	grep -q ' registered ' /tmp/registered && break
	sleep 0.5
done
kill $victim
wait $keeper
echo "registered: $?"
cat /tmp/registered
wait $recorder
echo "recorded: $?"
cat /tmp/record
$pagewarden secrets --replay $tape
