// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/loss.h"

#include <stddef.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct words {
	const char *name;
	const char *text;
};

static const struct words losses[PW_LOSS_CAUSES] = {
	[PW_LOSS_RING_FULL] = { "ring_full", "events that found the ring full" },
	[PW_LOSS_RECURSION] = { "recursion", "events whose program the kernel skipped (recursion)" },
	[PW_LOSS_SLOTS_FULL] = { "slots_full",
				 "pages whose process found no slot in the kernel's table" },
	[PW_LOSS_STALE_PAGE] = { "stale_page", "pages allocated anew whose free was never seen" },
	[PW_LOSS_MIGRATION] = { "migration", "page migrations of which only one half was seen" },
	[PW_LOSS_STRAYS_FULL] = { "strays_full",
				  "migrating pages that found no room while under way" },
	[PW_LOSS_NO_OWNER] = { "no_owner",
			       "user pages that a kernel thread allocated for nobody known" },
	[PW_LOSS_OUT_OF_RANGE] = { "out_of_range", "pages outside the ledger's array" },
	[PW_LOSS_PROCESSES_FULL] = { "processes_full", "processes that found no room in the model" },
	[PW_LOSS_PROC_GONE] = { "proc_gone", "processes that ended before their identity was read" },
	[PW_LOSS_SEED_FAILED] = { "seed_failed", "processes whose earlier pages could not be seeded" },
	[PW_LOSS_STREAM] = { "stream", "records that a slow reader missed in the daemon's stream" },
	[PW_LOSS_DAMAGED] = { "damaged", "damaged places in the recording" },
	[PW_LOSS_STORE] = { "store", "history rows that could not be written" },
	[PW_LOSS_NAMES_FULL] = { "names_full",
				 "groups, cgroups and names that found no room in the model" },
	[PW_LOSS_WIPE_UNPAIRED] = { "wipe_unpaired",
				    "wipe and release calls of which one half was lost" },
};

static const struct words coverage[] = {
	{ "page ledger", "touched and freed pages are not counted; "
			 "run as root (or with CAP_BPF and CAP_PERFMON) on a kernel with BTF" },
	{ "page migrations", "pages that compaction or NUMA balancing moves leave the ledger; "
			     "needs a kernel with the migration tracepoints and CAP_PERFMON" },
	{ "huge page collapses", "pages that khugepaged collapses leave the ledger; "
				 "needs the huge_memory tracepoints (CONFIG_TRANSPARENT_HUGEPAGE)" },
	{ "seeding", "pages touched before the start are not in the ledger; "
		     "run as root (CAP_SYS_ADMIN for page frame numbers) and without --no-seed" },
	{ "exact resident counters", "resident sizes are off by up to the kernel's per-CPU batch; "
				     "the kernel's own sum is not readable from BPF here" },
	{ "fork, exec and exit events", "processes that live shorter than an interval are not seen; "
					"run as root, or start the daemon" },
	{ "OOM kills", "a process that the OOM killer ended looks like any other exit; "
		       "run as root, or start the daemon" },
	{ "mapping volumes", "gross mmap, munmap and brk volumes are not counted; "
			     "use --vm-calls syscall (costs on every system call) or a kernel "
			     "that allows fentry" },
	{ "VMA iterator", "address spaces are read from /proc/PID/maps, which is slower; "
			  "needs the task_vma iterator (CAP_BPF, a kernel with BTF)" },
	{ "fentry", "kernel functions cannot be watched directly; the kernel refuses fentry "
		    "(lockdown, or built without it)" },
	{ "kernel module", "released secrets are not looked at in the kernel; "
			   "load the pagewarden module" },
	{ "all processes", "processes of other users are hidden; "
			   "run as root, or mount /proc without hidepid" },
	{ "wipe functions", "calls of wipe functions are not seen; run `pagewarden wipes` as root, "
			    "or let the daemon observe them" },
	{ "kernel wipes", "kfree_sensitive and kvfree_sensitive are not seen; "
			  "needs a kernel that allows fentry or kprobes" },
	{ "releases of wiped buffers", "whether a buffer went back unwiped or written again is not "
				       "seen, so forgotten wipes are not; give one process or "
				       "cgroup to look at" },
	{ "open files and limits", "open files, context switches, read and write calls and resource "
				   "limits are not read; needs a source of this version" },
	{ "cgroup memory", "memory cgroups and their limits are not read; "
			   "mount cgroup2 on /sys/fs/cgroup with the memory controller" },
};

const char *pw_loss_name(unsigned int cause)
{
	return cause < COUNT(losses) ? losses[cause].name : NULL;
}

const char *pw_loss_text(unsigned int cause)
{
	return cause < COUNT(losses) ? losses[cause].text : NULL;
}

/* coverage[] stands in the order of the bits, PW_COVER_LEDGER first. */
static const struct words *coverage_words(unsigned int bit)
{
	unsigned int i = bit ? (unsigned int)__builtin_ctz(bit) : COUNT(coverage);

	return i < COUNT(coverage) && bit == 1u << i ? &coverage[i] : NULL;
}

const char *pw_coverage_name(unsigned int bit)
{
	const struct words *w = coverage_words(bit);

	return w ? w->name : NULL;
}

const char *pw_coverage_missing_text(unsigned int bit)
{
	const struct words *w = coverage_words(bit);

	return w ? w->text : NULL;
}

bool pw_coverage_is_extra(unsigned int bit)
{
	return bit & (PW_COVER_MODULE | PW_COVER_FENTRY | PW_COVER_WIPES | PW_COVER_WIPES_KERNEL |
		      PW_COVER_RELEASES | PW_COVER_RESOURCES | PW_COVER_CGROUPS);
}
