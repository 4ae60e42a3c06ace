#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Recorded traces through the commands, compared byte by byte with what a
# person has looked at. After a wanted change: make tests && bash
# tests/replay/test_golden.sh --update, and read the diff.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

golden=$root/tests/replay/golden
update=
[ "${1:-}" != --update ] || update=yes

# Each line: the trace, the golden file's name, the formats, the command.
cases() {
	cat <<-'TABLE'
		zoo processes text,json,csv replay
		zoo dead text replay --dead --sort pid
		zoo groups text,json,csv replay --view groups
		zoo segments text,json,csv replay --view segments --pid 402
		zoo segments-before text replay --view segments --pid 402 --at 20s
		zoo events text,json,csv replay --view events
		zoo machine text,json,csv replay --view machine
		zoo along csv replay --interval 2m
		zoo report text,json,csv report
		odd processes text,json,csv replay
		odd groups text,json,csv replay --view groups
		odd machine text,json,csv replay --view machine
		odd report text,json,csv report
		pool dead text replay --dead --sort pid
		pool groups text,json,csv replay --view groups
		pool events text,json,csv replay --view events
		pool report text,json,csv report
		proc processes text,json,csv replay
		proc machine text replay --view machine
		proc report text,json report
		wipes wipes text,json,csv wipes
		wipes part text wipes --pid 901 --verdict wiped-in-part,not-wiped
		wipes secrets text,json,csv secrets
		wipes dirty text secrets --state released-dirty,left-behind
		wipes report text,json,csv report
		day period text,json,csv period
		day processes csv period --table grown_processes --limit 5
		day machine csv period --table machine
		zoo leaks text,json,csv leaks
		zoo others text leaks --all --pid 403
		zoo explain text explain 402
		trends leaks text,json,csv leaks --time-scale 30 --all
		trends explain text,json,csv explain 801 --time-scale 30
		trends threads text explain 802 --time-scale 30 --series threads
		trends group text explain --group files --time-scale 30 --series open-files
		trends cgroup text explain --cgroup /system.slice/leak.service --time-scale 30
	TABLE
	[ ! -f "$root/tests/replay/real.pwr" ] || cat <<-'TABLE'
		real processes text,json,csv replay
		real groups text,csv replay --view groups
		real segments text,json replay --view segments
		real events text,csv replay --view events
		real machine text,json replay --view machine
		real report text,json,csv report
	TABLE
}

trace_of() {
	if [ "$1" = day ]; then
		echo "$tmp/day.db"
	elif [ -f "tests/replay/$1.pwr" ]; then
		echo "tests/replay/$1.pwr"
	else
		echo "$tmp/$1.pwr"
	fi
}

# show TRACE FORMAT COMMAND ARGS...
show() {
	local trace
	trace=$(trace_of "$1")
	case $3 in
	period) "$pagewarden" report --since 24h --until 2023-11-15T23:20:00Z --history "$trace" --format "$2" "${@:4}" ;;
	replay) "$pagewarden" replay "$trace" --format "$2" "${@:4}" ;;
	wipes | secrets | leaks | explain) "$pagewarden" "$3" --replay "$trace" --format "$2" "${@:4}" ;;
	report) "$pagewarden" report --replay "$trace" --format "$2" "${@:4}" ;;
	esac
}

# one NAME TRACE FORMAT COMMAND ARGS...
one() {
	local name=$1 file=$golden/$2.$1.$3 status=0

	show "${@:2}" >"$tmp/shown" 2>"$tmp/err" </dev/null || status=$?
	if [ -n "$update" ]; then
		cp "$tmp/shown" "$file"
	fi
	if [ "$status" -ne 0 ]; then
		fail "$2 $name as $3" "exit status $status: $(head -n 5 "$tmp/err")"
	elif cmp -s "$tmp/shown" "$file"; then
		pass "$2 $name as $3"
	else
		fail "$2 $name as $3" "$(diff -u "$file" "$tmp/shown" | head -n 20 | cut -c 1-300)"
	fi
}

mkdir -p "$golden"
for trace in zoo odd pool proc wipes trends; do
	"$build/tests/replay/make_trace" "$trace" "$tmp/$trace.pwr" || exit 1
	"$build/tests/replay/make_trace" "$trace" "$tmp/again.pwr" || exit 1
	check "the trace $trace is the same each time" cmp "$tmp/$trace.pwr" "$tmp/again.pwr"
done
check 'a history is made' "$build/tests/replay/make_history" day "$tmp/day.db"
[ -z "$update" ] || rm -f "$golden"/*

while read -r trace name formats command; do
	for format in ${formats//,/ }; do
		# shellcheck disable=SC2086
		one "$name" "$trace" "$format" $command
	done
done < <(cases)

# A golden file that nothing makes any more would pass for ever.
while read -r trace name formats command; do
	for format in ${formats//,/ }; do
		echo "$trace.$name.$format"
	done
done < <(cases) | sort >"$tmp/wanted"
find "$golden" -type f -printf '%f\n' | sort >"$tmp/there"
check 'every golden file belongs to a case' diff "$tmp/wanted" "$tmp/there"
