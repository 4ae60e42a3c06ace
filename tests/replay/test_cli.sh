#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: help, mistakes, exit codes, pipes and full disks.
. "$(dirname "$0")/../lib/check.sh"

commands='top inspect record replay report wipes secrets doctor daemon'

check 'the overview' "$pagewarden" --help
for c in $commands; do
	check_matches "the overview lists $c" "$tmp/out" "^  $c +[A-Z]"
done
check 'the version' "$pagewarden" --version
check_matches 'the version has a number' "$tmp/out" '^pagewarden [0-9]+\.[0-9]+\.[0-9]+$'

for c in $commands; do
	check "$c --help" "$pagewarden" "$c" --help
	check_matches "$c has a usage line" "$tmp/out" "^Usage: pagewarden $c"
	check_matches "$c has examples" "$tmp/out" "^  pagewarden $c|^  pagewarden daemon"
	check_fails "$c refuses an unknown option" 2 "$pagewarden" "$c" --no-such-option
	check_matches "$c names the unknown option" "$tmp/err" "unknown option '--no-such-option'"
	check_matches "$c points to its help" "$tmp/err" "pagewarden $c --help"
done
check 'help of a command by its name' "$pagewarden" help top
check_fails 'no command' 2 "$pagewarden"
check_fails 'an unknown command' 2 "$pagewarden" inspcet
check_matches 'a likely one is proposed' "$tmp/err" "did you mean 'inspect'"
check_fails 'a command like none' 2 "$pagewarden" xyzzy
check_matches 'the overview is proposed' "$tmp/err" 'pagewarden --help'

check_fails 'a value is missing' 2 "$pagewarden" top --interval
check_matches 'the option is named' "$tmp/err" "'--interval' wants a value"
for bad in 0 -1 x 1y 1ms ''; do
	check_fails "--interval '$bad'" 2 "$pagewarden" top --interval "$bad"
done
for bad in 0 -1 x 99999999999999999999999; do
	check_fails "--count '$bad'" 2 "$pagewarden" top --count "$bad"
done
check_fails '--sample that is no power of two' 2 "$pagewarden" top --sample 3
check_fails '--sample out of range' 2 "$pagewarden" top --sample 1024
check_fails '--format of top is not html' 2 "$pagewarden" top --format html
check_fails '--vm-calls' 2 "$pagewarden" top --vm-calls maybe
check_fails '--sort by no column' 2 "$pagewarden" top --sort no_such_column
check_matches 'the column is named' "$tmp/err" "no column 'no_such_column'"
check_fails '--columns with a wrong name' 2 "$pagewarden" top --columns pid,nonsense
check_fails 'an option of another command' 2 "$pagewarden" doctor --interval 1s
check_matches 'it is named, not its value' "$tmp/err" "unknown option '--interval'"
check_fails 'a short option of another command' 2 "$pagewarden" record -f json
check_matches 'it is named as well' "$tmp/err" "unknown option '-f'"
check_fails 'a long one with its value behind =' 2 "$pagewarden" doctor --interval=1s
check_matches 'it is named with it' "$tmp/err" "unknown option '--interval=1s'"
check_fails 'an output without a name' 2 "$pagewarden" top -o ''
check_matches 'is told' "$tmp/err" 'empty name'
check_fails 'a recording to standard output' 2 "$pagewarden" record -o -
check_fails 'inspect without a PID' 2 "$pagewarden" inspect
check_fails 'inspect of a word' 2 "$pagewarden" inspect bash
check_fails 'inspect of two' 2 "$pagewarden" inspect 1 2
check_fails 'record without a file' 2 "$pagewarden" record
check_fails 'replay without a file' 2 "$pagewarden" replay
check_fails 'replay of no such view' 2 "$pagewarden" replay --view nothing x
check_fails 'replay --at nonsense' 2 "$pagewarden" replay --at noon x
check_fails 'replay of a missing file' 4 "$pagewarden" replay "$tmp/missing"
check_matches 'the file is named' "$tmp/err" "$tmp/missing"
check_fails 'replay of something else' 1 "$pagewarden" replay /etc/passwd
check_matches 'it says what it wants' "$tmp/err" 'not a recording'
check_fails 'replay of nothing' 1 "$pagewarden" replay /dev/null

check_fails 'wipes of no such verdict' 2 "$pagewarden" wipes --verdict cleaned
check_matches 'the verdicts are listed' "$tmp/err" 'wiped, wiped-in-part, not-wiped'
check_fails 'wipes of no such function' 2 "$pagewarden" wipes --function memset
check_matches 'the functions are listed' "$tmp/err" 'explicit_bzero.*OPENSSL_cleanse'
check_fails 'wipes of a PID that is none' 2 "$pagewarden" wipes --pid 0
check_fails 'wipes of a process that is not there' 4 "$pagewarden" wipes --pid 2147483647
check_fails 'releases of everybody' 2 "$pagewarden" wipes --releases
check_matches 'it says whose may be looked at' "$tmp/err" 'say whose'
check_fails 'wipes of the history and of a recording' 2 "$pagewarden" wipes --since 1h --replay x
check_fails 'wipes of a recording, set up' 2 "$pagewarden" wipes --replay x --no-kernel
check_fails 'wipes of a history that is not there' 4 "$pagewarden" wipes --since 1h --history "$tmp/missing"
for bad in 0 2G x -1; do
	check_fails "--read-back '$bad'" 2 "$pagewarden" wipes --read-back "$bad"
done
check_fails 'a recording of all releases' 2 "$pagewarden" record -o "$tmp/never" --releases
check_fails 'secrets of no such state' 2 "$pagewarden" secrets --state clean
check_matches 'the states are listed' "$tmp/err" 'released-clean'
for bad in '' 1 1: 0:0x10+4K 1:x+4K 1:0x10 1:0x10+ 1:0x10+0 1:0x10+4Q 99999999999:0x10+4K '1:0x10+4K:a-label-of-thirty-two-characters'; do
	check_fails "--register '$bad'" 2 "$pagewarden" secrets --register "$bad"
done
check_fails '--hold without --register' 2 "$pagewarden" secrets --hold
check_fails '--register in a recording' 2 "$pagewarden" secrets --register 1:0x10+4K --replay x
[ -e /dev/pagewarden ] || check_fails 'secrets without the module' 6 "$pagewarden" secrets --socket none
[ -e /dev/pagewarden ] || check_matches 'what its absence costs is told' "$tmp/err" 'nothing proves'

for c in top inspect replay wipes secrets doctor; do
	check "$c lists its columns" "$pagewarden" "$c" --columns help
	check_matches "$c has columns" "$tmp/out" '^[a-z_0-9]+ +[A-Z#+]'
done

full_disk() { "$pagewarden" "$@" >/dev/full; }
check_fails 'a full disk under --help is told' 1 full_disk top --help
check_matches 'and its cause' "$tmp/err" 'standard output: No space left'
check_fails 'a full disk under a table is told' 1 full_disk top --columns help
closed_pipe() {
	"$pagewarden" "$@" 2>"$tmp/pipe-err" | true
	[ "${PIPESTATUS[0]}" -eq 0 ] && [ ! -s "$tmp/pipe-err" ]
}
# What is opened next must not become standard output or error.
closed_stdout() { "$pagewarden" "$@" >&-; }
check_fails 'a closed standard output is told' 1 closed_stdout top --columns help
check_matches 'as what it is' "$tmp/err" 'standard output: Bad file descriptor'
check 'a reader that went away ends it quietly' closed_pipe top --columns help
