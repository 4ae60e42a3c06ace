#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 180
#
# The examples of each command's --help, run as they stand. Only what a reader
# replaces is replaced: PIDs, file names, and times, which are shortened.
. "$(dirname "$0")/../lib/check.sh"

mkdir "$tmp/bin" "$tmp/here"
ln -s "$pagewarden" "$tmp/bin/pagewarden"
printf '#!/bin/sh\ngrep "^MIME-Version: 1.0"\n' >"$tmp/bin/sendmail"
chmod +x "$tmp/bin/sendmail"
PATH=$tmp/bin:$PATH
cd "$tmp/here" || exit 1
# Grows, so that there is a story to explain.
mkfifo hold
"$build/tests/programs/leak" heap 5 <hold >/dev/null &
target=$!
exec 9>hold
at_exit kill "$target"

check 'a recording is made' pagewarden record --socket none -o monday.pwr -n 3 -i 200ms --segments "$target"
check 'a daemon leaves a history' timeout --preserve-status -s TERM 4 pagewarden daemon --config /dev/null \
	--socket "$tmp/socket" --history "$tmp/history.db" --flush 1s -i 500ms

shorten() {
	sed -e "s/4711/$target/g" -e 's/--duration [0-9]*[mh]/--duration 1s/' \
		-e 's/--interval [0-9]*[sm]/--interval 200ms/' -e 's/--segment-interval 10s/--segment-interval 300ms/' \
		-e 's/--watch 10s/--watch 300ms/' -e 's/--at 10m/--at 100ms/' \
		-e "s,--since 24h,& --history '$tmp/history.db'," -e 's,record -o monday.pwr,record -o tuesday.pwr,' |
		shorten_growth
}

# Verdicts take minutes: their time is shortened by a scale, and the daemon's word is its own.
shorten_growth() {
	sed -E -e '/^pagewarden (leaks|explain)/{
		s/--time-scale [0-9]+//
		s/--group nginx --cgroup [^ ]*/--group leak/
		s/--duration [^ ]*//
		s/--series open-files/--series heap/
		/--since/!s/$/ --time-scale 600/
		/--since|--replay/!s/$/ --duration 1s/
	}'
}

# run EXAMPLE: a command that goes on until it is ended is ended after some seconds.
run() {
	local line=$1

	case $line in
	*' daemon'*) line="${line%%#*} --config /dev/null --socket '$tmp/socket'"
		case $line in *--history*) ;; *) line="$line --history '$tmp/other.db'" ;; esac ;;
	esac
	case $line in
	*'| '*) ;;
	*) line="exec $line" ;;
	esac
	timeout --preserve-status -s TERM "$2" bash -o pipefail -c "$line"
}

for c in top inspect record replay report leaks explain doctor daemon; do
	pagewarden "$c" --help | sed -n '/^Examples:/,$s/^  //p' >"$tmp/examples"
	check_between "$c has examples" "$(wc -l <"$tmp/examples")" 2 9
	while IFS= read -r example; do
		limit=20
		case $example in
		*'--replay'* | *'--count'*) ;;
		*' daemon'* | *' top'* | *--watch* | *--segment-interval*) limit=4 ;;
		esac
		status=0
		run "$(shorten <<<"$example")" "$limit" >"$tmp/said" 2>"$tmp/complaint" </dev/null || status=$?
		# doctor tells of parts that are missing here with 6
		[ "$c $status" != 'doctor 6' ] || status=0
		case $example in
		*-o\ *) result=$(shorten <<<"$example" | sed 's/.*-o \([^ ]*\).*/\1/') ;;
		*' daemon'*) result=$tmp/complaint ;;
		*) result=$tmp/said ;;
		esac
		if [ "$status" -eq 0 ] && [ -s "$result" ]; then
			pass "$example"
		else
			fail "$example" "exit status $status, $(wc -c <"$result") bytes: $(head -n 5 "$tmp/complaint")"
		fi
	done <"$tmp/examples"
done
