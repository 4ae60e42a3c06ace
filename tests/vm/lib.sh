# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Guests for tests: an initramfs of busybox, the tests and what they link with,
# booted on one of Debian's kernels. Sourced by run and by the ring's scripts.
#
#   vm_tree DIR                    a root file system with busybox, the program and the tests' tools
#   vm_add DIR FILE [PATH]         one more file, with the libraries that it needs
#   vm_module DIR FILE [PARAMS]    a module that init loads before the jobs: /lib/modules/NAME.ko there
#   vm_kernel_module DIR KERNEL NAME [PARAMS]  one of KERNEL's own, after those that it needs
#   vm_job DIR NAME TIMEOUT CMD... one more job
#   vm_boot DIR KERNEL OUT         packs and boots; results in OUT (VM_MEMORY, VM_APPEND, VM_TIMEOUT,
#                                  VM_NODES=2 for memory in two nodes)
#   vm_job_status OUT NAME         its exit status, or "gone" where the guest died before its end
#   vm_relay OUT JOB LIMIT PREFIX  its results as tests of the script that sources lib/check.sh too
#   vm_complaints OUT              what the kernel log has against the run, a line each

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_root=$(cd "$vm_dir/../.." && pwd)
vm_build=$(cd "$vm_root" && realpath -m "${BUILD:-build}")

# shellcheck disable=SC2034  # for those who source this
VM_KERNELS=(6.1 6.12 new)

vm_kernel() { "$vm_dir/kernel.sh" "$1"; }

# Builds pagewarden.ko for that kernel and prints its path.
vm_build_module() { "$vm_dir/module.sh" "$1"; }

# Where a file of this repository lives in the guest.
vm_path_of() {
	case $1 in
	"$vm_build"/*) echo "/pagewarden/build/${1#"$vm_build"/}" ;;
	"$vm_root"/*) echo "/pagewarden/${1#"$vm_root"/}" ;;
	*) echo "$1" ;;
	esac
}

vm_add() {
	local tree=$1 file library
	local path=${3:-}

	file=$(realpath -s "$2")
	[ -n "$path" ] || path=$(vm_path_of "$file")
	[ ! -e "$tree$path" ] || return 0
	mkdir -p "$tree$(dirname "$path")"
	cp -L "$file" "$tree$path"
	# A script or a static program has no libraries; ldd then says so and fails.
	{ ldd "$file" 2>/dev/null || true; } | sed -n 's/.*=> *\(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\) .*/\1/p' |
		while read -r library; do
			[ -e "$tree$library" ] || {
				mkdir -p "$tree$(dirname "$library")"
				cp -L "$library" "$tree$library"
			}
		done
}

vm_tree() {
	local tree=$1 file

	rm -rf "$tree"
	mkdir -p "$tree"/{bin,sbin,proc,sys,dev,run,tmp,root,etc,usr/bin,usr/sbin,pagewarden}
	vm_add "$tree" "$(command -v busybox)" /bin/busybox
	ln -s busybox "$tree/bin/sh"
	vm_add "$tree" "$(command -v bash)" /bin/bash
	cp "$vm_dir/init.sh" "$tree/init"
	chmod 755 "$tree/init"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>"$tree/etc/passwd"
	echo 'root:x:0:' >"$tree/etc/group"
	: >"$tree/jobs"
	for file in "$vm_build/pagewarden" "$vm_build"/tests/programs/* "$vm_build"/tests/lib/*_probe \
		"$vm_root"/tests/lib/*.sh; do
		case $file in *.o | *.d) continue ;; esac
		[ ! -f "$file" ] || vm_add "$tree" "$file"
	done
}

vm_module() {
	local tree=$1 file=$2 path

	shift 2
	path=/lib/modules/$(basename "${file%.xz}")
	[ ! -e "$tree$path" ] || return 0
	mkdir -p "$tree/lib/modules"
	case $file in
	*.xz) xz -dc "$file" >"$tree$path" ;;
	*) cp "$file" "$tree$path" ;;
	esac
	echo "$path $*" >>"$tree/modules"
}

# Modules name each other with "_" and their files have "-" as well.
vm_kernel_module() {
	local tree=$1 kernel=$2 name=$3 file need

	shift 3
	file=$(find "$kernel/modules" -name "${name//[-_]/[-_]}.ko" -o -name "${name//[-_]/[-_]}.ko.xz")
	if [ -z "$file" ]; then
		echo "$(cat "$kernel/version") has no module $name" >&2
		return 1
	fi
	for need in $(vm_module_info "$file" depends | tr , ' '); do
		vm_kernel_module "$tree" "$kernel" "$need" || return
	done
	# 6.1's asks for its compressor by name at run time, and the guest has no modprobe.
	[ "$name" != zram ] || vm_kernel_module "$tree" "$kernel" lzo-rle 2>/dev/null || true
	vm_module "$tree" "$file" "$@"
}

# vm_module_info FILE FIELD: as modinfo -F, which not every machine has.
vm_module_info() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*) cat "$1" ;;
	esac | tr '\0' '\n' | LC_ALL=C sed -n "s/^$2=//p"
}

vm_job() {
	local tree=$1 name=$2 limit=$3

	shift 3
	printf '%s %s %s\n' "$name" "$limit" "$*" >>"$tree/jobs"
}

# KVM where a guest really runs. /dev/kvm alone proves nothing: on some nested
# hosts a kernel hangs under it, so the answer is a boot, asked once per boot of
# this machine.
vm_accel() {
	local kernel=$1 memo answer=tcg boot_id

	[ -z "${VM_ACCEL:-}" ] || { echo "$VM_ACCEL"; return; }
	[ -w /dev/kvm ] || { echo tcg; return; }
	boot_id=$(cat /proc/sys/kernel/random/boot_id)
	memo=$(dirname "$kernel")/accel-$boot_id
	if [ ! -s "$memo" ]; then
		if timeout 10 qemu-system-x86_64 -accel kvm -cpu host -m 256 -display none -no-reboot \
			-nodefaults -serial stdio -kernel "$kernel/vmlinuz" \
			-append "console=ttyS0 panic=-1" </dev/null 2>&1 | grep -q 'Linux version'; then
			answer=kvm
		fi
		echo "$answer" >"$memo"
	fi
	cat "$memo"
}

# A guest that never came up is tried once more: on a busy machine an emulated
# timer can miss the kernel's patience. One that came up had its chance.
vm_boot() {
	vm_boot_once "$@"
	grep -Eq '^@(READY|FAILED)' "$3/results" || vm_boot_once "$@"
}

vm_boot_once() {
	local tree=$1 kernel=$2 out=$3 accel status=0

	mkdir -p "$out"
	rm -f "$out"/*.job "$out"/console "$out"/serial
	(cd "$tree" && find . | cpio -o -H newc --quiet -R 0:0) >"$out/initramfs"
	accel=$(vm_accel "$kernel")
	local -a cpu=(-cpu max)
	[ "$accel" = kvm ] && cpu=(-cpu host)
	# One host thread for all guest CPUs: with one each, TCG now and then runs an
	# int3 that the kernel had already patched away on the other CPU, and the
	# guest dies of it. VM_TCG_THREAD=multi for those that patch nothing.
	[ "$accel" = tcg ] && accel=tcg,thread=${VM_TCG_THREAD:-single}
	local -a nodes=()
	if [ "${VM_NODES:-1}" = 2 ]; then
		local half=$((${VM_MEMORY:-1024} / 2))
		# shellcheck disable=SC2054  # the commas are QEMU's
		nodes=(-object "memory-backend-ram,id=m0,size=${half}M" -object "memory-backend-ram,id=m1,size=${half}M"
			-numa node,cpus=0-1,memdev=m0 -numa node,memdev=m1)
	fi
	# Patience: on a busy host a guest's processor gets no time for half a minute now and then; a
	# processor that is really stuck still is after two.
	local patience='watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120'
	# --foreground: it stays in our process group and ends with us
	timeout --foreground --kill-after=5 "${VM_TIMEOUT:-600}" qemu-system-x86_64 \
		-accel "$accel" "${cpu[@]}" -smp "${VM_CPUS:-2}" -m "${VM_MEMORY:-1024}" "${nodes[@]+"${nodes[@]}"}" \
		-nodefaults -display none -no-reboot \
		-kernel "$kernel/vmlinuz" -initrd "$out/initramfs" \
		-append "console=ttyS0 loglevel=6 panic=-1 oops=panic no_timer_check $patience rdinit=/init ${VM_APPEND:-}" \
		-serial "file:$out/console" -serial "file:$out/serial" \
		</dev/null >"$out/qemu" 2>&1 || status=$?
	rm -f "$out/initramfs"
	[ "$status" -ne 124 ] || echo "the guest was stopped after ${VM_TIMEOUT:-600} s" >>"$out/qemu"
	tr -d '\r' <"$out/serial" >"$out/results" 2>/dev/null || : >"$out/results"
	tr -d '\r' <"$out/console" >"$out/log" 2>/dev/null || : >"$out/log"
	# One file per job: what it printed, and its status in the name of the last line.
	awk -v out="$out" '
		/^@BEGIN / { name = $2; file = out "/" name ".job"; printf "" >file; next }
		/^@END / && $2 == name { print $3 >(out "/" name ".status.job"); close(file); name = ""; next }
		name != "" { print >file }' "$out/results"
}

vm_job_output() { cat "$1/$2.job" 2>/dev/null; }

vm_job_status() {
	if [ -s "$1/$2.status.job" ]; then
		cat "$1/$2.status.job"
	else
		echo gone
	fi
}

# The limit is the job's in seconds; a test's name here is "PREFIX: NAME".
vm_relay() {
	local out=$1 job=$2 limit=$3 prefix=$4 status state name reason

	status=$(vm_job_status "$out" "$job")
	if [ "$status" = gone ]; then
		fail "$prefix" "the guest ended before this test did: $(tail -n 2 "$out/log" | tr '\n' '|')"
		return
	fi
	while IFS=$'\t' read -r state name reason; do
		case $state in
		pass) pass "$prefix: $name" ;;
		skip) skip "$prefix: $name" "$reason" ;;
		*) fail "$prefix: $name" "$(printf '%b' "$reason")" ;;
		esac
	done < <(vm_job_output "$out" "$job" |
		awk -v status="$status" -v limit="$limit" -v took="$limit" -f "$vm_root/tests/lib/tap.awk")
}

# The guest came up at all; else says why on stdout.
vm_booted() {
	grep -q '^@READY' "$1/results" && return
	sed -n 's/^@FAILED /the guest refused: /p' "$1/results"
	echo "the guest did not come up: $(tail -n 3 "$1/log" | tr '\n' '|') $(tail -n 1 "$1/qemu")"
	return 1
}

vm_complaints() {
	# What the OOM killer says when a test wants it to kill is no complaint, and has a trace of its own.
	awk '/invoked oom-killer/ { oom = 1 } !oom { print } /oom-kill:|Killed process/ { oom = 0 }' "$1/log" |
		grep -E 'BUG[: ]|WARNING: |Oops|general protection|rcu:.*(stall|detected)|soft lockup|hung task|blocked for more than|Call Trace|Kernel panic|UBSAN|refcount_t' |
		sort -u
	grep -q '^@DONE' "$1/results" || echo "the guest ended before its last job: $(tail -n 1 "$1/qemu")"
}
