#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# The library's own tests under the address, undefined-behaviour and thread sanitizers, and valgrind.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

flags=(-std=gnu11 -D_GNU_SOURCE -I. -Itests -g -O1 -pthread)

# under NAME TEST FLAGS...: builds TEST and the library with them, and runs it.
under() {
	local name=$1 test=$2

	shift 2
	check "$test builds with $name" gcc "${flags[@]}" "$@" -o "$tmp/$test" "tests/unit/$test.c" user/lib/*.c -lcmocka ||
		return
	check "$test under $name" "$tmp/$test"
}

# memfd_secret is no system call that valgrind knows: it says ENOSYS, as an old kernel would.
under_valgrind() {
	valgrind -q --error-exitcode=9 --leak-check=full --trace-children=no --child-silent-after-fork=yes \
		"$build/tests/unit/$1" >"$tmp/valgrind" 2>&1
	local status=$?

	# A uprobe is a breakpoint in the code that valgrind translates: 128 + SIGTRAP.
	if [ $status -eq 133 ] && grep -q 'at 0x.*: explicit_bzero' "$tmp/valgrind"; then
		skip "$1 under valgrind" 'somebody observes explicit_bzero on this machine, where valgrind dies'
	elif [ $status -eq 0 ]; then
		pass "$1 under valgrind"
	else
		fail "$1 under valgrind" "status $status: $(tail -n 30 "$tmp/valgrind")"
	fi
}

# A forked child ends while its parent's threads are not joined.
export ASAN_OPTIONS=detect_leaks=1 TSAN_OPTIONS='die_after_fork=0 report_thread_leaks=0'
for t in test_lib_wipe test_lib_secret; do
	under 'address and undefined' "$t" -fsanitize=address,undefined -fno-sanitize-recover=undefined
	under thread "$t" -fsanitize=thread
	under_valgrind "$t"
done
