// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of a segment, and of the scan that saw it. */
#include "user/view/tables.h"

#include <stdio.h>

#include "user/view/table_values.h"

#define SEGMENT_VALUE(name, condition, set, expression)                                \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_segment_row *r = row;                                  \
		const struct pw_segment *s = &r->seg;                                  \
                                                                                       \
		(void)ctx;                                                             \
		(void)s;                                                               \
		if (condition)                                                         \
			set(ret, expression);                                          \
		else                                                                   \
			pw_value_unknown(ret);                                         \
	}
#define SEGMENT_BYTES(name, value) SEGMENT_VALUE(name, (value) != PW_UNKNOWN, pw_value_u, value)

/* What the kernel holds for a process has no address. */
#define ADDRESSED (s->end > s->start)

static void get_perms(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_segment *s = &((const struct pw_segment_row *)row)->seg;
	char *t = ret->scratch.text;

	(void)ctx;
	if (!ADDRESSED) {
		pw_value_unknown(ret);
		return;
	}
	t[0] = s->perms & PW_PERM_R ? 'r' : '-';
	t[1] = s->perms & PW_PERM_W ? 'w' : '-';
	t[2] = s->perms & PW_PERM_X ? 'x' : '-';
	t[3] = s->perms & PW_PERM_SHARED ? 's' : 'p';
	t[4] = '\0';
	pw_value_text(ret, t);
}

static void get_device(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_segment *s = &((const struct pw_segment_row *)row)->seg;

	(void)ctx;
	snprintf(ret->scratch.text, sizeof(ret->scratch.text), "%x:%x", s->dev_major, s->dev_minor);
	pw_value_text(ret, ret->scratch.text);
	ret->known = s->inode != 0;
}

SEGMENT_VALUE(kind, true, pw_value_text, pw_segment_kind_name(s->kind))
SEGMENT_VALUE(name, true, pw_value_text_or_unknown, r->name)
SEGMENT_VALUE(tid, s->tid != 0, pw_value_u, s->tid)
SEGMENT_VALUE(start, ADDRESSED, pw_value_u, s->start)
SEGMENT_VALUE(end, ADDRESSED, pw_value_u, s->end)
SEGMENT_VALUE(vmas, true, pw_value_u, s->vmas)
SEGMENT_VALUE(inode, s->inode != 0, pw_value_u, s->inode)
SEGMENT_BYTES(virtual_bytes, s->virtual_bytes)
SEGMENT_BYTES(rss_bytes, pw_segment_resident(s))
SEGMENT_BYTES(rss_anon_bytes, s->anon_bytes)
SEGMENT_BYTES(rss_file_bytes, s->file_bytes)
SEGMENT_BYTES(rss_shmem_bytes, s->shmem_bytes)
SEGMENT_BYTES(swap_bytes, s->swap_bytes)
SEGMENT_BYTES(dirty_bytes, s->dirty_bytes)
SEGMENT_BYTES(huge_bytes, s->huge_bytes)
SEGMENT_VALUE(growth_bytes, pw_segment_resident(s) != PW_UNKNOWN, pw_value_i, r->growth_bytes)
SEGMENT_VALUE(pid, true, pw_value_u, s->key.pid)
SEGMENT_VALUE(is_new, true, pw_value_b, r->is_new)

const struct pw_column pw_segment_columns[] = {
#define C(name, title, unit, width, standard, help)                             \
	{                                                                       \
#name, title, help, PW_UNIT_##unit, width, standard, get_##name \
	}
	C(kind, "KIND", TEXT, 18, true, "what the segment is"),
	C(vmas, "VMAS", COUNT, 5, true, "mappings in it"),
	C(virtual_bytes, "VIRT", BYTES, 6, true, "address space, without the holes"),
	C(rss_bytes, "RSS", BYTES, 6, true, "resident: anonymous, file and shared memory"),
	C(rss_anon_bytes, "ANON", BYTES, 6, true, "resident anonymous memory"),
	C(rss_file_bytes, "FILE", BYTES, 6, true, "resident pages of files"),
	C(rss_shmem_bytes, "SHMEM", BYTES, 6, true, "resident shared memory and tmpfs"),
	C(swap_bytes, "SWAP", BYTES, 6, true, "swapped out"),
	C(dirty_bytes, "DIRTY", BYTES, 6, true, "resident and written to; only where smaps was read"),
	C(huge_bytes, "HUGE", BYTES, 6, true, "resident in huge pages"),
	C(growth_bytes, "GROWN", SIGNED_BYTES, 7, true,
	  "growth of resident and swapped memory since the first view"),
	C(perms, "PERM", TEXT, 4, true, "permissions of all its mappings together"),
	C(tid, "TID", COUNT, 7, true, "thread whose stack it is"),
	C(name, "NAME", TEXT, 0, true, "path, thread name or the name given to anonymous memory"),
	C(pid, "PID", COUNT, 7, false, "process that the segment belongs to"),
	C(start, "START", ADDRESS, 14, false, "first address"),
	C(end, "END", ADDRESS, 14, false, "end of the last mapping"),
	C(is_new, "NEW", BOOL, 3, false, "it was not there in the first view"),
	C(device, "DEV", TEXT, 7, false, "device of the file, major:minor in hex"),
	C(inode, "INODE", COUNT, 10, false, "inode of the file"),
	{ NULL },
#undef C
};

const char *const pw_segment_shown[] = {
	"pid",	      "kind",		"vmas",		  "virtual_bytes",
	"rss_bytes",  "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes",
	"swap_bytes", "growth_bytes",	"perms",	  "name",
	NULL,
};

/* ---- the scan: the header above the segments; a row is the process ---- */

#define SCAN_VALUE(name, condition, set, expression)                                    \
	static void scan_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                               \
		const struct pw_model *m = ctx;                                         \
		const struct pw_process *p = row;                                       \
                                                                                        \
		(void)m;                                                                \
		if (condition)                                                          \
			set(ret, expression);                                           \
		else                                                                    \
			pw_value_unknown(ret);                                          \
	}

#define SCANNED (p->segments != NULL)

static const struct {
	unsigned int flag;
	const char *words;
} scan_words[] = {
	{ PW_SEGMENTS_ITER, "task_vma iterator" },
	{ PW_SEGMENTS_PAGEMAP_SCAN, "PAGEMAP_SCAN" },
	{ PW_SEGMENTS_PAGEMAP, "pagemap" },
	{ PW_SEGMENTS_SMAPS, "smaps" },
}, scan_gaps[] = {
	{ PW_SEGMENTS_NO_RESIDENT, "residency not readable" },
	{ PW_SEGMENTS_TRUNCATED, "more mappings than the bound" },
	{ PW_SEGMENTS_CHANGED, "the address space moved under the scan" },
	{ PW_SEGMENTS_GONE, "the process ended during the scan" },
	{ PW_SEGMENTS_NO_THREADS, "thread stacks not told apart" },
};

#define JOIN_WORDS(list, flags, used, ret)                                                   \
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {                        \
		if ((flags)&list[i].flag)                                                    \
			used += (size_t)snprintf((ret)->scratch.text + used,                 \
						 sizeof((ret)->scratch.text) - used, "%s%s", \
						 used ? ", " : "", list[i].words);           \
	}

static void scan_seen_by(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_process *p = row;
	size_t used = 0;

	(void)ctx;
	pw_value_unknown(ret);
	if (!SCANNED)
		return;
	if (!(p->segments->head.flags & PW_SEGMENTS_ITER))
		used = (size_t)snprintf(ret->scratch.text, sizeof(ret->scratch.text), "maps");
	JOIN_WORDS(scan_words, p->segments->head.flags, used, ret)
	pw_value_text(ret, ret->scratch.text);
}

static void scan_missing(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_process *p = row;
	size_t used = 0;

	(void)ctx;
	pw_value_unknown(ret);
	if (!SCANNED)
		return;
	JOIN_WORDS(scan_gaps, p->segments->head.flags, used, ret)
	if (used)
		pw_value_text(ret, ret->scratch.text);
}

/* Sum of what is known; unknown when nothing is. */
static void scan_sum(const struct pw_process *p, uint64_t (*of)(const struct pw_segment *),
		     struct pw_value *ret)
{
	uint64_t sum = 0;

	pw_value_unknown(ret);
	for (size_t i = 0; SCANNED && i < p->segments->count; i++) {
		uint64_t n = of(&p->segments->rows[i].seg);

		if (n == PW_UNKNOWN)
			continue;
		sum += n;
		pw_value_u(ret, sum);
	}
}

static uint64_t virtual_of(const struct pw_segment *s)
{
	return s->virtual_bytes;
}

static uint64_t swap_of(const struct pw_segment *s)
{
	return s->swap_bytes;
}

#define SCAN_SUM(name, of)                                                              \
	static void scan_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                               \
		(void)ctx;                                                              \
		scan_sum(row, of, ret);                                                 \
	}
SCAN_SUM(virtual_bytes, virtual_of)
SCAN_SUM(rss_bytes, pw_segment_resident)
SCAN_SUM(swap_bytes, swap_of)

SCAN_VALUE(pid, true, pw_value_u, p->key.pid)
SCAN_VALUE(comm, true, pw_value_text_or_unknown, p->comm)
SCAN_VALUE(exe, true, pw_value_text_or_unknown, p->exe)
SCAN_VALUE(start_time, true, pw_value_u, pw_model_realtime(m, p->key.start_ns))
SCAN_VALUE(alive, true, pw_value_b, p->alive)
SCAN_VALUE(scan_time, SCANNED, pw_value_u, pw_model_realtime(m, p->segments->head.rec.time_ns))
SCAN_VALUE(first_scan_time, SCANNED, pw_value_u, pw_model_realtime(m, p->segments->first_ns))
SCAN_VALUE(vmas, SCANNED, pw_value_u, p->segments->head.vmas)
SCAN_VALUE(lock_calls, SCANNED, pw_value_u, p->segments->head.lock_calls)
SCAN_VALUE(lock_total_ns, SCANNED, pw_value_u, p->segments->head.lock_total_ns)
SCAN_VALUE(lock_longest_ns, SCANNED, pw_value_u, p->segments->head.lock_longest_ns)
SCAN_VALUE(scan_ns, SCANNED, pw_value_u, p->segments->head.scan_ns)

const struct pw_column pw_scan_columns[] = {
#define C(name, title, unit, width, standard, help)                              \
	{                                                                        \
#name, title, help, PW_UNIT_##unit, width, standard, scan_##name \
	}
	C(pid, "pid", COUNT, 7, true, "process id in the initial namespace"),
	C(comm, "command", TEXT, 15, true, "the kernel's short name of the process"),
	C(exe, "exe", TEXT, 40, true, "path of the program, in the process's own root"),
	C(start_time, "started", TIME, 24, false, "when the process started"),
	C(alive, "alive", BOOL, 3, false, "the process runs"),
	C(scan_time, "at", TIME, 24, true, "when it was scanned"),
	C(first_scan_time, "first at", TIME, 24, false,
	  "when it was scanned first: growth counts from here"),
	C(vmas, "vmas", COUNT, 6, true, "mappings of the address space"),
	C(virtual_bytes, "virtual", BYTES, 6, true, "sum over the segments"),
	C(rss_bytes, "rss", BYTES, 6, true, "sum over the segments"),
	C(swap_bytes, "swap", BYTES, 6, true, "sum over the segments"),
	C(seen_by, "by", TEXT, 40, true, "the kernel's interfaces that were used"),
	C(scan_ns, "scan", NS, 8, true, "time of the whole scan"),
	C(lock_calls, "calls", COUNT, 5, false, "calls that take the target's mmap lock"),
	C(lock_total_ns, "lock", NS, 8, true,
	  "time inside calls that take the target's mmap lock: an upper bound"),
	C(lock_longest_ns, "longest", NS, 8, true, "the longest of these calls"),
	C(missing, "missing", TEXT, 60, true, "what the scan could not see; null: nothing"),
	{ NULL },
#undef C
};
