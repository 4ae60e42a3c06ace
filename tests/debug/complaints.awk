# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads a guest's kernel log and writes one line per complaint of a checker:
# SECTION <tab> KIND <tab> TEXT. A section begins where a job wrote
# "pw-section: NAME" to /dev/kmsg. TEXT is the complaint's first line and the
# module's functions that it names.
#
# KCSAN watches the whole kernel, which has races of its own: only those count
# where a module that was built outside of it made one of the two accesses, or
# called what made it.

function kind_of(line)
{
	if (line ~ /BUG: KASAN: /) return "kasan"
	if (line ~ /BUG: KCSAN: /) return "kcsan"
	if (line ~ /BUG: sleeping function called|BUG: scheduling while atomic|BUG: using .* in preemptible|INFO: .*preempt.* leak|returned with preemption imbalance/) return "atomic"
	if (line ~ /WARNING: (possible|inconsistent lock|bad unlock|lock held|suspicious RCU|nested lock|HARDIRQ|SOFTIRQ|held lock|.*still has locks)|BUG: Invalid wait context|WARNING: .*held lock freed|DEBUG_LOCKS_WARN_ON|has .*locks? .*held/) return "lockdep"
	if (line ~ /BUG: (MAX_LOCK|MAX_STACK|.*chains) too low|turning off the locking/) return "lockdep"
	if (line ~ /kmemleak: [0-9]+ new suspected/) return "kmemleak"
	if (line ~ /page dumped because: kasan/) return ""
	if (line ~ /BUG: Bad page|BUG: Bad rss|BUG: non-zero pgtables|page dumped because|VM_BUG_ON|VM_WARN_ON|kernel BUG at (mm|.*\/mm\.h|.*page|.*folio)|BUG: Bad rss-counter/) return "vm"
	if (line ~ /list_(add|del) corruption|hlist.*corruption/) return "list"
	if (line ~ /ODEBUG: /) return "object"
	if (line ~ /refcount_t: /) return "refcount"
	if (line ~ /UBSAN: /) return "ubsan"
	if (line ~ /rcu:.*(stall|detected)|soft lockup|hard LOCKUP|blocked for more than|hung task/) return "stuck"
	if (line ~ /unable to handle|general protection|Oops|kernel BUG at|Kernel panic|double fault|stack segment/) return "oops"
	if (line ~ /WARNING: /) return "warning"
	if (line ~ /BUG[: ]/) return "bug"
	return ""
}

function flush()
{
	if (kind != "" && (kind != "kcsan" || names_module))
		print section "\t" kind "\t" text (functions == "" ? "" : " {" functions " }")
	kind = text = functions = ""
	names_module = lines = near = 0
}

BEGIN { section = "boot" }

{
	gsub(/\t/, " ")
	sub(/\r$/, "")
	sub(/^(<[0-9]+>)?\[ *[0-9]+\.[0-9]+\](\[[^]]*\])? ?/, "")
}

/pw-section: / {
	flush()
	section = $0
	sub(/.*pw-section: */, "", section)
	next
}

{
	found = kind_of($0)
	# One report has several lines that look like a beginning: a WARNING inside
	# KASAN's frame of "=====" does not begin another.
	if (found != "" && !(kind == "oops" && found == "oops") && !(found == "warning" && kind != "" && lines < 3)) {
		flush()
		kind = found
		text = $0
	}
	if (kind != "") {
		lines++
		near = / by (task|interrupt) / ? 4 : near - 1
		if (match($0, /[A-Za-z0-9_.]+(\+0x[0-9a-f]+\/0x[0-9a-f]+)? \[(pagewarden|pw_bait)\]/)) {
			names_module = names_module || near > 0
			name = substr($0, RSTART, RLENGTH)
			sub(/[+ ].*/, "", name)
			if (index(functions " ", " " name " ") == 0 && length(functions) < 200)
				functions = functions " " name
		}
		if (/^=====+$/ && lines > 1 || /---\[ end trace/ || lines > 120)
			flush()
	}
}

END { flush() }
