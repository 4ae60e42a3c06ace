#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# extract-vmlinux.sh BZIMAGE > VMLINUX: the kernel's ELF file out of a bzImage.
#
# A bzImage is a small loader with the kernel compressed inside it. The boot
# header (Linux's boot protocol, 2.08 and newer) says where: payload_offset and
# payload_length count from the end of the setup sectors. So nothing is searched
# for, and the payload's own first bytes tell how it is compressed.
set -eu

image=${1:?usage: extract-vmlinux.sh BZIMAGE}
fail() { echo "extract-vmlinux.sh: $image: $*" >&2; exit 1; }

# number OFFSET SIZE: a little-endian number of the header.
number() { od -An -v -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
bytes() { od -An -v -t x1 -j "$1" -N "$2" "$image" | tr -d ' \n'; }

[ -r "$image" ] || fail "cannot be read"
[ "$(bytes 514 4)" = 48647253 ] || fail "is no bzImage (no HdrS at byte 514)"
[ "$(number 518 2)" -ge 520 ] || fail "its boot protocol is older than 2.08"

setup_sectors=$(number 497 1)
[ "$setup_sectors" -ne 0 ] || setup_sectors=4
start=$(((setup_sectors + 1) * 512 + $(number 584 4)))
length=$(number 588 4)

# The stream, then the size before compression as four bytes; gzip's own end is that already.
payload() { tail -c +$((start + 1)) "$image" | head -c $((length - $1)); }

case $(bytes "$start" 6) in
1f8b*) unpack='gzip -dc' trailer=0 ;;
fd377a585a00) unpack='xz -dc --single-stream' trailer=4 ;;
28b52ffd*) unpack='zstd -dcq' trailer=4 ;;
02214c18* | 04224d18*) unpack='lz4 -dc' trailer=4 ;;
5d0000*) unpack='xz --format=lzma -dc' trailer=4 ;;
425a68*) unpack='bzip2 -dc' trailer=4 ;;
894c5a4f*) unpack='lzop -dc' trailer=4 ;;
7f454c46*) unpack=cat trailer=0 ;;
*) fail "its payload begins with $(bytes "$start" 6), which is no compression known here" ;;
esac
tool=${unpack%% *}
command -v "$tool" >/dev/null || fail "needs $tool to unpack it: apt-get install $tool"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
payload "$trailer" | $unpack >"$out" || fail "$tool could not unpack its payload"
[ "$(od -An -v -t x1 -N 4 "$out" | tr -d ' \n')" = 7f454c46 ] || fail "what $tool unpacked is no ELF file"
if [ "$tool" != cat ]; then
	want=$(number $((start + length - 4)) 4)
	got=$(wc -c <"$out")
	[ "$got" -eq "$want" ] || fail "$tool unpacked $got bytes of $want"
fi
cat "$out"
