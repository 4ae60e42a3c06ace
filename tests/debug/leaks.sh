#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# leaks.sh before|after [pages]: asks a debug kernel, in the guest, what was not
# given back. "before" takes what is there as given; "after", once the module is
# gone, prints a line for each thing that is left and fails if there is one:
#
#   kmemleak TEXT   memory that nothing points to
#   pins N          pages of programs that are still pinned
#   page TEXT       with "pages": a page that was allocated by a module that is gone
kmemleak=/sys/kernel/debug/kmemleak
page_owner=/sys/kernel/debug/page_owner
baseline=/tmp/.pins

pins() {
	echo 1 >/proc/sys/vm/stat_refresh # what each CPU has counted for itself counts too
	awk '$1 == "nr_foll_pin_acquired" { n += $2 } $1 == "nr_foll_pin_released" { n -= $2 } END { print n + 0 }' /proc/vmstat
}

scan() {
	[ -w "$kmemleak" ] || return
	# Younger objects than five seconds are not judged, and what one scan suspects the next confirms.
	sleep 6
	echo scan >"$kmemleak"
	echo scan >"$kmemleak"
}

# kmemleak's objects, each in a line.
unreferenced() {
	[ -r "$kmemleak" ] || return
	awk '/^unreferenced object/ { if (line != "") print line; line = "kmemleak " $0; next }
		/hex dump|^ *[0-9a-f][0-9a-f] [0-9a-f][0-9a-f] / { next }
		{ sub(/^ +/, ""); if (length(line) < 900) line = line " | " $0 }
		END { if (line != "") print line }' "$kmemleak"
}

# A function of a module that is gone has no name any more, only its address. What
# it caused the kernel to take for itself (a slab, a page table, a shadow) is the
# kernel's, and is kept for the next who asks.
orphaned_pages() {
	[ -r "$page_owner" ] || return
	# Each read must have room for a whole entry.
	dd if="$page_owner" bs=4096 2>/dev/null | awk '/^Page allocated via/ { line = "page " $0; module = kernels = 0; next }
		/allocate_slab|new_slab|pte_alloc_kernel|p[4mu]d_alloc|kasan_populate|stack_depot/ { kernels = 1 }
		/^$/ { if (module && !kernels && n++ < 5) print line; line = ""; next }
		/ 0xffffffff[ac]0/ { module = 1; line = line " | " $0 }'
}

case $1 in
before)
	scan
	[ ! -w "$kmemleak" ] || echo clear >"$kmemleak"
	pins >"$baseline"
	;;
after)
	scan
	{
		unreferenced
		left=$(($(pins) - $(cat "$baseline")))
		[ "$left" -eq 0 ] || echo "pins $left"
		[ "${2:-}" != pages ] || orphaned_pages
	} >/tmp/.left
	cat /tmp/.left
	[ ! -s /tmp/.left ]
	;;
esac
