#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# doctor: what it says agrees with what the kernel does.
. "$(dirname "$0")/../lib/check.sh"

# Extras may be absent; a part may be missing on this kernel.
status=0
"$pagewarden" doctor --format json >"$tmp/doctor.json" || status=$?
check 'it ends with 0 or 6' test "$status" -eq 0 -o "$status" -eq 6
state() {
	python3 -c 'import json,sys
print(next(c["state"] for c in json.load(open(sys.argv[1]))["checks"] if c["check"] == sys.argv[2]))' \
		"$tmp/doctor.json" "$1"
}
check 'the exit code is what the checks say' python3 - "$tmp/doctor.json" "$status" <<'PY'
import json, sys
states = {c["state"] for c in json.load(open(sys.argv[1]))["checks"]}
sys.exit(("missing" in states or "failed" in states) != (sys.argv[2] == "6"))
PY
check 'what is not there has its cost and remedy' python3 - "$tmp/doctor.json" <<'PY'
import json, sys
for c in json.load(open(sys.argv[1]))["checks"]:
    assert c["found"], c
    assert (c["state"] == "ok") == (not c["costs"] and not c["remedy"]), c
PY
agrees() { # CHECK COMMAND...: ok exactly when the command works
	local name=$1 want=ok

	shift
	"$@" >/dev/null 2>&1 || want=other
	if [ "$(state "$name")" = ok ]; then
		check "$name agrees with the machine" test $want = ok
	else
		check "$name agrees with the machine" test $want = other
	fi
}
agrees btf test -r /sys/kernel/btf/vmlinux
agrees module test -r /dev/pagewarden
agrees tracefs test -d /sys/kernel/tracing/events/kmem -o -d /sys/kernel/debug/tracing/events/kmem
if [ "$(id -u)" -eq 0 ]; then
	check 'root has the capabilities' test "$(state capabilities)" = ok
	if [ "$(state raw-tracepoints)" = ok ]; then
		check 'where raw tracepoints load, top counts with BPF' \
			"$pagewarden" top -n 1 -i 200ms --socket none -f json
		check_matches 'its source' "$tmp/out" '"source":"bpf"'
	else
		skip 'top counts with BPF' 'no raw tracepoints'
	fi
fi
works() { # doctor's exit code may be 6
	local code=0

	"$pagewarden" doctor "$@" || code=$?
	[ "$code" -eq 0 ] || [ "$code" -eq 6 ]
}
check 'text spreads costs and remedies' works
check_matches 'costs have a table' "$tmp/out" '^What that costs'
check_matches 'remedies have one' "$tmp/out" '^How to get it'
check 'the output - is standard output' works -o - -f csv
check_matches 'where it is' "$tmp/out" '^check,state'
check 'CSV' works -f csv
check_matches 'has the names' "$tmp/out" '^check,state,found,costs,remedy$'
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	check_fails 'without privileges parts are missing' 6 \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$pagewarden" doctor
	check_matches 'the capabilities are named' "$tmp/out" '^capabilities +missing +without CAP_BPF'
	check_matches 'raw tracepoints are missing' "$tmp/out" '^raw-tracepoints +missing'
else
	skip 'without privileges parts are missing' 'needs root and setpriv'
fi
