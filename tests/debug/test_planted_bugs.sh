#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 14400
#
# Would the net catch a bug of the module? Each plants/*.patch makes one, in a
# copy, and must be heard of from the checker that it names, with the tests that
# are there anyway. A bug that slips through is a hole in the tests or in the
# harness; a patch that does not apply any more is a failure too. A patch begins:
#
#   Bug: what it is
#   Kernel: NAME                the debug kernel that is to catch it
#   Run: TEST [CASE]            of tests/module, and the cases whose name contains it; may be repeated
#   Caught: KIND REGEX          KIND of complaints.awk, "left" for what is left after the
#                               unloading, or "test" for a failure that a test reports itself
#
#   FILTER_PLANTS=text          only patches whose name contains it
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"
limit=900

field() { sed -n "s/^$2: //p" "$1"; }

build_plant() {
	local patch=$1 kernel=$2 copy=$3

	debug_copy "$copy"
	patch -d "$copy" -p1 --no-backup-if-mismatch -s <"$patch" && debug_build "$kernel" "$copy"
}

run_plant() {
	local patch=$1 name=$2 kernel=$3 tree=$tmp/tree-$2 test only

	debug_tree "$tree"
	debug_begin "$tree" "$tmp/module-$name/pagewarden.ko"
	while read -r test only; do
		vm_add "$tree" "$vm_build/tests/module/$test"
		debug_job "$tree" "$test" "$limit" "$(vm_path_of "$vm_build/tests/module/$test")${only:+ \"$only\"}"
	done < <(field "$patch" Run)
	case $(field "$patch" Caught) in
	left*) debug_end "$tree" ;;
	esac
	VM_TIMEOUT=$((limit * 2)) debug_boot "$tree" "$kernel" "$tmp/out-$name"
	debug_keep "plant-$name" "$tmp/out-$name"
	rm -rf "$tree"
}

# Everything that was said, as KIND TEXT.
heard() {
	local out=$1 patch=$2 test _

	cut -f 2,3 "$out/complaints" | tr '\t' ' '
	vm_job_output "$out" leaks | sed 's/^/left /'
	while read -r test _; do
		vm_job_output "$out" "$test" | sed -n 's/^not ok [0-9]* /test /p'
	done < <(field "$patch" Run)
}

for patch in "$here"/plants/*"${FILTER_PLANTS:-}"*.patch; do
	name=$(basename "$patch" .patch)
	what="$(field "$patch" Bug), by $(field "$patch" Caught | cut -d ' ' -f 1) on $(field "$patch" Kernel)"
	if ! kernel=$(debug_kernel "$(field "$patch" Kernel)" 2>"$tmp/why") ||
		! build_plant "$patch" "$kernel" "$tmp/module-$name" >"$tmp/why" 2>&1; then
		fail "caught: $what" "$name was not built: $(tail -n 5 "$tmp/why")"
		continue
	fi
	run_plant "$patch" "$name" "$kernel"
	heard "$tmp/out-$name" "$patch" >"$tmp/heard"
	check_matches "caught: $what" "$tmp/heard" "^$(field "$patch" Caught)"
done
