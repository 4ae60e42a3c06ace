#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 14400
#
# The module's tests on debug kernels. Each of tests/module/test_*.c runs in a
# guest of each; afterwards the module is unloaded, and nothing that it took may
# be left. A word of any checker is a failure, named by the job that was running.
#
#   DEBUG_KERNELS="6.12-kasan"  only these kernels
#   DEBUG_TESTS="test_ways"     only these tests
#   PW_SLOW=N                   N times as long for each case, where the machine is busy (KCSAN: 10)
#   PW_STEPS=N                  randomised steps (2000: the guest is a hundred times slower)
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

mapfile -t tests < <(find "$vm_build/tests/module" -type f -name 'test_*' ! -name '*.*' 2>/dev/null | sort)
if [ -n "${DEBUG_TESTS:-}" ]; then
	tests=()
	for name in $DEBUG_TESTS; do
		tests+=("$vm_build/tests/module/$name")
	done
fi
[ ${#tests[@]} -gt 0 ] || skip_all "the module has no tests yet"
limit=1800

# What can't race is not for KCSAN, which holds up one access in twenty: the limits are
# one process's, and half a million pages are walked there several times.
tests_of() {
	local test

	for test in "${tests[@]}"; do
		case $1:$(basename "$test") in
		*-kcsan:test_limits) ;;
		*) echo "$test" ;;
		esac
	done
}

run_kernel() {
	local name=$1 tree=$tmp/tree-$1 kernel test slow=${PW_SLOW:-1}

	kernel=$(debug_kernel "$name" 2>"$tmp/why-$name") || return
	debug_copy "$tmp/module-$name"
	debug_build "$kernel" "$tmp/module-$name" >"$tmp/why-$name" 2>&1 || return
	debug_tree "$tree"
	debug_begin "$tree" "$tmp/module-$name/pagewarden.ko"
	[ "${name#*-}" != kcsan ] || slow=10
	while IFS= read -r test; do
		vm_add "$tree" "$test"
		debug_job "$tree" "$(basename "$test")" "$limit" \
			"PW_SLOW=$slow PW_STEPS=${PW_STEPS:-2000} $(vm_path_of "$test")"
	done < <(tests_of "$name")
	debug_end "$tree"
	export VM_TIMEOUT=$((${#tests[@]} * limit + 600))
	debug_boot "$tree" "$kernel" "$tmp/out-$name"
	debug_keep "$name" "$tmp/out-$name"
}

report_kernel() {
	local name=$1 out=$tmp/out-$1 test job

	check "$name boots" vm_booted "$out"
	for job in load unload leaks; do
		check "$name $job" vm_job_ok "$out" "$job"
	done
	while IFS= read -r test; do
		job=$(basename "$test")
		vm_relay "$out" "$job" "$limit" "$name $job"
	done < <(tests_of "$name")
	while IFS=$'\t' read -r job text; do
		fail "$name, during $job: $text"
	done < <(awk -F '\t' '!seen[$0]++ { print $1 "\t" $2 ": " $3 }' "$out/complaints")
	check "$name: no checker has complained" test ! -s "$out/complaints"
}

# The job ended with 0; else what it said.
vm_job_ok() {
	vm_job_output "$1" "$2"
	[ "$(vm_job_status "$1" "$2")" = 0 ]
}

for name in "${debug_kernels[@]}"; do
	if run_kernel "$name"; then
		report_kernel "$name"
	else
		fail "$name is there, and the module builds for it" "$(tail -n 5 "$tmp/why-$name")"
	fi
done
