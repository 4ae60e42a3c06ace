#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The runner itself: a test that crashes, hangs, stops half-way or says nothing
# must count as failed, and the last line must be the one that machines read.
. "$(dirname "$0")/../lib/check.sh"

tree=$tmp/tree
mkdir -p "$tree/tests/fuzz"
cp -r "$root/tests/run" "$root/tests/lib" "$tree/tests/"

# try NAME EXPECTED-LAST-LINE EXPECTED-STATUS: runs tests/fuzz/test_NAME.sh, given on stdin.
try() {
	local name=$1 want=$2 want_status=$3 status=0 last

	rm -f "$tree"/tests/fuzz/*
	# shellcheck disable=SC2016  # for the script that it becomes
	{ echo '. "$(dirname "$0")/../lib/check.sh"'; cat; } >"$tree/tests/fuzz/test_it.sh"
	env -u CI BUILD=build RINGS=fuzz TEST_TIMEOUT=1 bash "$tree/tests/run" >"$tmp/said" 2>&1 || status=$?
	last=$(tail -n 1 "$tmp/said")
	if [ "$last" = "$want" ] && [ "$status" -eq "$want_status" ]; then
		pass "$name"
	else
		fail "$name" "status $status, last line '$last', expected '$want':
$(cat "$tmp/said")"
	fi
}

try 'passes and skips are counted' '2 passed, 0 failed, 1 skipped' 0 <<'E2'
check 'one' true
check_exits 'two' 3 bash -c 'exit 3'
skip 'three' 'it is not here'
E2
check_matches 'a skip is shown with its reason' "$tmp/said" 'it is not here'

try 'a failed check fails' '1 passed, 1 failed, 0 skipped' 1 <<'E2'
check 'one' true
check 'two' bash -c 'echo the cause; exit 1'
E2
check_matches 'a failure is shown with its cause' "$tmp/said" 'the cause'

try 'a crash fails' '1 passed, 1 failed, 0 skipped' 1 <<'E2'
check 'one' true
kill -SEGV $$
E2
check_matches 'and names the signal' "$tmp/said" 'signal 11'

try 'a test that is killed fails' '1 passed, 1 failed, 0 skipped' 1 <<'E2'
check 'one' true
kill -KILL $$
E2
try 'a test that hangs fails' '1 passed, 1 failed, 0 skipped' 1 <<'E2'
check 'one' true
sleep 30
E2
check_matches 'and names the limit' "$tmp/said" 'stopped after 1 s'

try 'a test that stops half-way fails' '1 passed, 1 failed, 0 skipped' 1 <<'E2'
check 'one' true
: "$not_set_at_all"
E2
try 'a test that says nothing fails' '0 passed, 1 failed, 0 skipped' 1 <<'E2'
trap - EXIT
exit 0
E2
try 'a plan that is not done fails' '1 passed, 1 failed, 0 skipped' 1 <<'E2'
trap - EXIT
echo 1..2
echo 'ok 1 - one'
E2
try 'success claimed over a failure fails' '0 passed, 2 failed, 0 skipped' 1 <<'E2'
trap - EXIT
echo 1..1
echo 'not ok 1 - one'
E2
try 'a name used twice fails' '2 passed, 1 failed, 0 skipped' 1 <<'E2'
check 'one' true
check 'one' true
E2
try 'a script that skips itself is one skip, and no success' '0 passed, 0 failed, 1 skipped' 1 <<'E2'
skip_all 'not on this machine'
E2

cmocka_skip() {
	printf '1..3\nok 1 - a\nwhy it is so\nnot ok 2 # SKIP b\nERROR: words\nnot ok 3 - c\n# 0x1 != 0x2\n# ok - tests\n' |
		awk -v status=1 -f "$root/tests/lib/tap.awk" >"$tmp/states"
	printf 'pass\ta\t\nskip\tb\twhy it is so\nfail\tc\tERROR: words\\n0x1 != 0x2\n' | diff - "$tmp/states"
}
check "cmocka's own form is read" cmocka_skip

cmocka_groups() {
	printf '1..1\nok 1 - a\n# ok - first\n1..1\nok 1 - a\n# ok - second\n' |
		awk -v status=0 -f "$root/tests/lib/tap.awk" >"$tmp/states"
	printf 'pass\tfirst: a\t\npass\tsecond: a\t\n' | diff - "$tmp/states"
}
check 'two groups of the same tests have names of their own' cmocka_groups

ring_missing() { ! RINGS=nosuch bash "$tree/tests/run" >"$tmp/said" && grep -q 'no such ring' "$tmp/said"; }
check 'a ring that does not exist fails' ring_missing
