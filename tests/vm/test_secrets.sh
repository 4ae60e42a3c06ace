#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
#
# The command `secrets` with the module, on each of Debian's kernels: a range that
# goes with contents is told so, by the module's device and in a recording made
# through its tracepoints.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

for name in "${VM_KERNELS[@]}"; do
	check "$name: the guest does its part" "$here/run" -M -m 512 -f "$here/secrets.sh" "$name" \
		"sh $(vm_path_of "$here/secrets.sh")"
	cp "$tmp/out" "$tmp/said"
	check_matches "$name: the registration ends with the process" "$tmp/said" '^registered: 0'
	check_matches "$name: it is told as released dirty" "$tmp/said" ' released .* exit +dirty '
	check_matches "$name: the recording is whole" "$tmp/said" '^recorded: 0'
	check_matches "$name: nothing was lost" "$tmp/said" '^lost: (nothing|[0-9]+ processes that ended before their identity was read)$'
	sed -n '/^recorded: /,$p' "$tmp/said" >"$tmp/replayed"
	check_matches "$name: the tracepoints told the same" "$tmp/replayed" ' released-dirty +no .* exit .* demo'
	check_matches "$name: with the alert" "$tmp/replayed" '^secret-released-dirty +100\.0 +1 '
done
