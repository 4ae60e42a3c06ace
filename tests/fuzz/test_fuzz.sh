#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 7200
#
# Runs each fuzzer for FUZZ_SECONDS (default 10) from seeds that are made here.
# What crashes one is kept in build/fuzz/crashes; a fixed one goes with its
# bytes to tests/fuzz/regressions/FUZZER/, which every run begins with.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

seconds=${FUZZ_SECONDS:-10}
crashes=$build/fuzz/crashes
runtime=$(cat "$build/fuzz/runtime" 2>/dev/null)
if [ "$runtime" != yes ]; then
	skip_all "clang has no fuzzer runtime here (on Debian: the package libclang-rt-dev): $(head -n 1 "$build/fuzz/runtime.log" 2>/dev/null)"
fi

# seed FUZZER NAME: stdin becomes a seed.
seed() {
	mkdir -p "$tmp/$1"
	cat >"$tmp/$1/$2"
}

for trace in odd pool proc wipes; do
	"$build/tests/replay/make_trace" "$trace" "$tmp/trace" || exit 1
	for kind in 0 1; do
		{ printf '%b' "\\x0$kind"; head -c 4000 "$tmp/trace"; } | seed recording "$trace$kind"
	done
done
index=0
for file in stat status ../meminfo cgroup maps cmdline; do
	{ printf '%b' "\\x0$index"; head -c 2000 "/proc/self/$file"; } | seed procfs "${file##*/}"
	index=$((index + 1))
done
for file in stat status maps smaps cgroup cmdline mountinfo comm limits io stat status; do
	head -c 2000 "/proc/self/$file" | sed '1s/^[0-9]* (/7 (/'
	printf '\xff'
done | seed proc_tree self
# one cgroup in another, as tests/fuzz/fuzz_cgroups.c names their files; then the inner one anew
memory_stat='anon 4096\nfile 8192\nslab_unreclaimable 77\nsock 5\nactive_file 4096\ninactive_file 1\n'
for _ in 1 2 3; do
	printf '%b\xff' '70\n' '99999\n' '200000\n' "$memory_stat" '0\n' 'max\n' 'oom 1\noom_kill 1\n' '1\n' 'max\n'
done | { printf '\0'; cat; } | seed cgroups v2
for _ in 1 2 3; do
	printf '%b\xff' '70\n' '99999\n' '9223372036854771712\n' 'total_rss 4096\ntotal_active_file 1\n' '5\n' '6\n' 'oom_kill 2\n'
done | { printf '\1'; cat; } | seed cgroups v1
head -c 4096 "$(type -P true)" | seed elf true
"$build/pagewarden" --version >/dev/null && head -c 4096 "$build/pagewarden" | seed elf pagewarden
{ printf '\0\021\0\0\0\0\0\0'; cat "$build/tests/programs/wipes"; } | seed symbol program
{ printf '\0\021\0\0\0\0\0\0'; cat "$(type -P true)"; } | seed symbol stripped
printf 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n' | seed http ok
printf 'HTTP/1.0 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n' | seed http chunked
printf 'HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad' | seed http refused
for word in 'Bearer 0123456789abcdef' 127.0.0.1:9750 '[::1]:9750' localhost:80 'http://[::1]:9093/am'; do
	printf '%s' "$word" | seed http "$(printf '%s' "$word" | cksum | cut -d ' ' -f 1)"
done
notice='{"schema":"pagewarden.alert","state":"firing","alert":"A","severity":"info","class":"growing",'
notice=$notice'"fingerprint":"0x1f","exe":"/a\\x0a","pid":7,"members":1,"starts_time":"2026-01-31T23:59:59.123Z",'
notice=$notice'"value":1024,"growth_per_hour":-1.5e3,"confidence_ratio":0.9,"time_to_limit_ns":1000,"summary":"s"}'
printf '%s' "$notice" | seed alert notice
printf '{"hold":"0","members":["1f","20"],"alert":%s}\n' "$notice" | seed alert firing
# MACHINE, IDENTITY, COUNTERS, SEGMENTS, SEGMENT, TICK with contents that chance fills
for kind in 8 5 4 6 7 9; do
	printf '%b' "\\x0$kind\\x00"
	head -c 240 /dev/zero | tr '\0' '\1'
done | seed model some
"$build/tests/tools/model_seed" | seed model wipes
for piece in 0 1 2 3; do
	{ printf '\0'; "$build/tests/tools/trends_seed" $piece; } | seed trends "piece$piece"
done
{ printf '\1'; "$build/tests/tools/trends_seed"; } | seed trends all

# in memory, where there is such a place: one of them writes thousands of files a second
FUZZ_DIR=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "$tmp")")
export FUZZ_DIR
at_exit rm -rf "$FUZZ_DIR"

mkdir -p "$crashes"
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	mkdir -p "$tmp/$name"
	[ ! -d "tests/fuzz/regressions/$name" ] || cp "tests/fuzz/regressions/$name"/* "$tmp/$name/"
	check "$name stands $seconds s of hostile bytes" \
		"$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$crashes/$name-" -print_final_stats=1 -verbosity=0 "$tmp/$name"
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/err")
	check_between "$name ran more than a handful of them" "${runs:-0}" 100 1000000000
done
