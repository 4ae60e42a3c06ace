#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 9000
#
# Are the checkers of the debug kernels awake? bait/ commits one bug of each
# kind, and the harness must hear of it. (9000 s: the kernels may have to be built.)
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

# Bug, and the complaint that must follow: KIND and what its text says. Lockdep
# and the others are off after the first that says "tainted", so it comes first;
# the guest does not survive the last.
kasan_bugs() {
	cat <<-'END'
		lock_inversion lockdep possible circular locking
		sleep atomic sleeping function called
		use_after_free kasan use-after-free
		out_of_bounds kasan out-of-bounds
		double_free kasan (double|invalid)-free
		list list list_del corruption
		refcount refcount refcount_t
		shift ubsan shift-out-of-bounds
		live_object object ODEBUG: free active
		leak left kmemleak .*0xffffffff[ac]0
		pin_leak left pins 1
		page_leak left page .*0xffffffff[ac]0
		page_put_twice vm page_ref_count|VM_BUG_ON
	END
}

kcsan_bugs() {
	echo 'data_race kcsan data-race in racer'
}

try_kernel() {
	local name=$1 out=$tmp/out-$1 tree=$tmp/tree-$1 kernel bug kind text

	kernel=$(debug_kernel "$name" 2>"$tmp/build-$name") || return
	cp -r "$here/bait" "$tmp/bait-$name"
	debug_build "$kernel" "$tmp/bait-$name" >"$tmp/build-$name" 2>&1 || return
	debug_tree "$tree"
	vm_add "$tree" "$tmp/bait-$name/pw_bait.ko" /pagewarden/pw_bait.ko
	debug_job "$tree" load 60 'tests/debug/leaks.sh before; insmod pw_bait.ko'
	while read -r bug kind text; do
		[ "$kind" != vm ] || debug_job "$tree" leaks 120 'rmmod pw_bait; tests/debug/leaks.sh after pages; insmod pw_bait.ko'
		debug_job "$tree" "$bug" 60 "echo $bug >/sys/module/pw_bait/parameters/bug"
	done < <("${name#*-}_bugs")
	debug_boot "$tree" "$kernel" "$out"
}

for name in "${debug_kernels[@]}"; do
	out=$tmp/out-$name
	if ! try_kernel "$name"; then
		fail "$name is there" "$(tail -n 5 "$tmp/build-$name")"
		continue
	fi
	check "$name boots" vm_booted "$out"
	quiet=$(complaints_of "$out" boot 'kasan kcsan atomic lockdep vm list object refcount ubsan stuck oops warning bug')
	if [ -z "$quiet" ]; then
		pass "$name has nothing against an empty guest"
	else
		fail "$name has nothing against an empty guest" "$quiet"
	fi
	while read -r bug kind text; do
		if [ "$kind" = left ]; then
			vm_job_output "$out" leaks >"$tmp/said"
		else
			complaints_of "$out" "$bug" "$kind" >"$tmp/said"
		fi
		check_matches "$name reports $bug" "$tmp/said" "$text"
	done < <("${name#*-}_bugs")
	debug_keep "$name-checkers" "$out"
done
