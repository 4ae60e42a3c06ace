#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
#
# Machines that refuse things: lockdown, no BTF, no privilege, hidepid. The
# program must say what is missing and why, and go on with what is left.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/check.sh"
. "$here/lib.sh"

kernel=$(vm_kernel 6.12 2>"$tmp/fetch") || {
	reason="no kernel 6.12: $(tail -n 3 "$tmp/fetch" | tr '\n' ' ')"
	[ "${CI:-}" != true ] || fail 'guests boot' "$reason"
	[ "${CI:-}" = true ] || skip 'guests boot' "$reason"
	exit 0
}

program=/pagewarden/build/pagewarden
as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
# Debian's busybox can't change users with setpriv; ours is the machine's own.
vm_tree "$tmp/tree"
vm_add "$tmp/tree" "$(command -v setpriv)" /usr/bin/setpriv

# job NAME COMMAND...: what it prints on stdout and stderr, and its status, for the checks below.
job() { vm_job "$tmp/tree" "$1" 60 "${*:2}"; }

# ---- one guest whose machine refuses step by step -------------------------------

job doctor-full "$program doctor"
job top-full "$program top --count 2 --interval 500ms"
job user-doctor "/usr/bin/$as_nobody $program doctor"
job user-top "/usr/bin/$as_nobody $program top --count 1"
job user-record "chmod 1777 /tmp && /usr/bin/$as_nobody $program record -o /tmp/own.pwr --count 1"
job hidepid "mount -o remount,hidepid=2 /proc && grep ' /proc ' /proc/mounts"
job hidepid-doctor "/usr/bin/$as_nobody $program doctor"
job hidepid-top "/usr/bin/$as_nobody $program top --count 1"
job hidepid-inspect "/usr/bin/$as_nobody $program inspect 1"
job unhide "mount -o remount,hidepid=0 /proc"
job no-btf "mkdir -p /tmp/empty && mount --bind /tmp/empty /sys/kernel/btf"
job no-btf-doctor "$program doctor"
job no-btf-top "$program top --count 1"
vm_boot "$tmp/tree" "$kernel" "$tmp/out"
booted=$(vm_booted "$tmp/out") || { fail 'the guest boots' "$booted"; exit 0; }

# ---- one that is locked down ------------------------------------------------------

: >"$tmp/tree/jobs"
job locked 'cat /sys/kernel/security/lockdown'
job locked-doctor "$program doctor"
job locked-top "$program top --count 1"
VM_APPEND='lockdown=confidentiality' vm_boot "$tmp/tree" "$kernel" "$tmp/out-locked"

# says NAME OUT JOB STATUS REGEX: the job ended so, and a line of it says so.
says() {
	local status

	vm_job_output "$2" "$3" >"$tmp/job"
	status=$(vm_job_status "$2" "$3")
	case " $4 " in
	*" $status "*) ;;
	*) fail "$1" "status $status, expected $4: $(head -n 30 "$tmp/job")"; return ;;
	esac
	if grep -Eiq -- "$5" "$tmp/job"; then
		pass "$1"
	else
		fail "$1" "no line matches $5: $(head -n 30 "$tmp/job")"
	fi
}

says 'doctor on a whole machine' "$tmp/out" doctor-full '0 6' 'raw-tracepoints +ok'
says 'top on a whole machine counts with eBPF' "$tmp/out" top-full 0 'source +bpf'
says 'and has the first process' "$tmp/out" top-full 0 '^ +1 .* (init|sh|busybox)$'
says 'doctor without privilege says so' "$tmp/out" user-doctor '3 6' 'CAP_BPF|root'
says 'top without privilege goes on with /proc' "$tmp/out" user-top 0 'source +proc'
says 'and says why' "$tmp/out" user-top 0 'CAP_BPF|root|not permitted|privilege'
says 'record without privilege records what /proc shows' "$tmp/out" user-record 0 'recorded /tmp/own.pwr'
says 'hidepid is in force' "$tmp/out" hidepid 0 'hidepid=(2|invisible)'
says 'doctor names hidepid' "$tmp/out" hidepid-doctor '3 6' 'hidepid'
says 'top sees its own process below hidepid' "$tmp/out" hidepid-top 0 '^ *[0-9]+ .* pagewarden$'
says 'and says that it does not see all' "$tmp/out" hidepid-top 0 'without.* all processes'
says 'inspect of a hidden process is an error with its cause' "$tmp/out" hidepid-inspect '4' 'there is no process 1$'
says 'and it may be hidden' "$tmp/out" hidepid-inspect '4' 'hidepid: run as root'
says 'doctor names the missing BTF' "$tmp/out" no-btf-doctor '3 6' 'btf'
says 'top without BTF goes on with /proc' "$tmp/out" no-btf-top 0 'source +proc'
says 'and says that BTF is missing' "$tmp/out" no-btf-top 0 'btf'

says 'the lockdown is in force' "$tmp/out-locked" locked 0 '\[confidentiality\]'
says 'doctor names the lockdown' "$tmp/out-locked" locked-doctor '3 6' 'lockdown.*confidentiality'
says 'top under lockdown goes on with /proc' "$tmp/out-locked" locked-top 0 'source +proc'
says 'and names the lockdown' "$tmp/out-locked" locked-top 0 'lockdown'

for out in out out-locked; do
	complaints=$(vm_complaints "$tmp/$out")
	if [ -z "$complaints" ]; then
		pass "$out: the kernel log has no complaint"
	else
		fail "$out: the kernel log has no complaint" "$complaints"
	fi
	mkdir -p "$build/test-logs/vm/refusals-$out"
	cp "$tmp/$out"/{log,results} "$build/test-logs/vm/refusals-$out/"
done
