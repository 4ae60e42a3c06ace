#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
#
# A machine whose kernel shows no BTF takes the types from Debian's package.
. "$(dirname "$0")/../lib/check.sh"
. "$(dirname "$0")/copy.sh"

# ---- extract-vmlinux.sh: every compression that the kernel knows ----------------

extracts_to() { sh "$root/packaging/extract-vmlinux.sh" "$tmp/bzimage" >"$tmp/extracted" && cmp "$tmp/extracted" "$1"; }

# number32 N: as four bytes, little endian.
number32() {
	printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# bzimage PAYLOAD OUT: the boot header's fields around a payload.
bzimage() {
	{
		head -c 497 /dev/zero
		printf '\001' # one setup sector after the boot sector
		head -c 16 /dev/zero
		printf 'HdrS\017\002' # at 514; protocol 2.15
		head -c 64 /dev/zero
		number32 8 # payload_offset, at 584
		number32 "$(wc -c <"$1")" # payload_length
		head -c $((1024 - 592 + 8)) /dev/zero
		cat "$1"
		head -c 100 /dev/urandom
	} >"$2"
}

cp "$(command -v bash)" "$tmp/elf"
for how in gzip xz zstd lz4 lzma bzip2; do
	case $how in
	gzip) command='gzip -c' ;;
	xz) command='xz --check=crc32 -c' ;;
	zstd) command='zstd -qc' ;;
	lz4) command='lz4 -l -c' ;;
	lzma) command='xz --format=lzma -c' ;;
	bzip2) command='bzip2 -c' ;;
	esac
	if ! command -v "${command%% *}" >/dev/null; then
		skip "a $how payload is unpacked" "${command%% *} is not installed"
		continue
	fi
	$command <"$tmp/elf" >"$tmp/payload" 2>/dev/null
	[ "$how" = gzip ] || number32 "$(wc -c <"$tmp/elf")" >>"$tmp/payload"
	bzimage "$tmp/payload" "$tmp/bzimage"
	check "a $how payload is unpacked" extracts_to "$tmp/elf"
done

echo 'no kernel' >"$tmp/text"
check_fails 'a file that is no bzImage is refused' 1 sh "$root/packaging/extract-vmlinux.sh" "$tmp/text"
check_matches 'and named' "$tmp/err" 'text: is no bzImage'
head -c 2000 /dev/urandom >"$tmp/payload"
bzimage "$tmp/payload" "$tmp/bzimage"
check_fails 'a payload of no known compression is refused' 1 sh "$root/packaging/extract-vmlinux.sh" "$tmp/bzimage"
gzip -c <"$tmp/elf" | head -c 3000 >"$tmp/payload"
bzimage "$tmp/payload" "$tmp/bzimage"
check_fails 'a truncated payload is refused' 1 sh "$root/packaging/extract-vmlinux.sh" "$tmp/bzimage"
{ xz --check=crc32 -c <"$tmp/elf"; number32 7; } >"$tmp/payload"
bzimage "$tmp/payload" "$tmp/bzimage"
check_fails 'a payload of another size than it says is refused' 1 sh "$root/packaging/extract-vmlinux.sh" "$tmp/bzimage"

# ---- the build -----------------------------------------------------------------

copy_tree "$tmp/src"
cd "$tmp/src" || exit 1
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL
export VMLINUX_BTF=/nonexistent
if ! (cd "$tmp" && apt-get download -qq --print-uris linux-image-cloud-amd64 >/dev/null 2>&1); then
	if [ "${CI:-}" = true ]; then
		fail 'vmlinux.h comes from the package' 'apt does not know linux-image-cloud-amd64'
	else
		skip 'vmlinux.h comes from the package' 'apt does not know linux-image-cloud-amd64: apt-get update'
	fi
	exit 0
fi
check 'vmlinux.h comes from the package' make build/bpf/vmlinux.h
check_matches 'it has the types' build/bpf/vmlinux.h '^struct task_struct \{'
check 'the BPF objects build with it' make -j2 build/bpf/pagewarden.skel.h build/bpf/calibrate.skel.h
