// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of the wipe ledger: events, functions, sites, probes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "user/analysis/forgotten.h"
#include "user/analysis/wipe_filter.h"
#include "user/view/table_values.h"
#include "user/view/tables.h"

/* "symbol+0x1f"; without a symbol the place in the file; without either the address. */
static void site_text(const char *symbol, uint64_t symbol_offset, const char *file, uint64_t offset,
		      uint64_t address, struct pw_value *ret)
{
	const char *slash = strrchr(file, '/');
	char *out = ret->scratch.text;
	size_t size = sizeof(ret->scratch.text);

	if (*symbol)
		snprintf(out, size, "%s+0x%" PRIx64, symbol, symbol_offset);
	else if (*file)
		snprintf(out, size, "%s+0x%" PRIx64, slash ? slash + 1 : file, offset);
	else
		snprintf(out, size, "0x%" PRIx64, address);
	pw_value_text(ret, out);
	ret->known = *symbol || *file || address;
}

static void fingerprint(uint64_t id, struct pw_value *ret)
{
	snprintf(ret->scratch.text, sizeof(ret->scratch.text), "%016" PRIx64, id);
	pw_value_text(ret, ret->scratch.text);
}

/* ---- events -------------------------------------------------------------------------- */

/* A field that wipes and releases have both. */
#define BOTH(field) (r->release ? r->rel.field : r->wipe.field)
#define EVENT(name, condition, set, expression) \
	PW_TABLE_VALUE(event, struct pw_wipe_event, name, condition, set, expression)
#define WIPE (!r->release)
#define RELEASE (r->release)
#define RELEASE_WIPED (r->release && r->rel.wipe_time_ns)
#define MODULE (WIPE && r->wipe.function == PW_WIPE_MODULE)
#define LOOKED (BOTH(checked_bytes) != 0)

static const char *segment_name(uint16_t kind)
{
	return kind < PW_SEG_KINDS ? pw_segment_kind_name(kind) : "";
}

static const struct pw_record *event_record(const struct pw_wipe_event *r)
{
	return r->release ? &r->rel.rec : &r->wipe.rec;
}

EVENT(time, true, pw_value_u, pw_model_realtime(m, event_record(r)->time_ns))
EVENT(event, true, pw_value_text, r->release ? "release" : "wipe")
EVENT(pid, true, pw_value_u, BOTH(key.pid))
EVENT(start_time, BOTH(key.start_ns) != 0, pw_value_u, pw_model_realtime(m, BOTH(key.start_ns)))
EVENT(tid, BOTH(tid) != 0, pw_value_u, BOTH(tid))
EVENT(uid, true, pw_value_u, BOTH(uid))
EVENT(exe, true, pw_value_text_or_unknown, r->exe)
EVENT(cgroup_id, BOTH(cgroup_id) != 0, pw_value_u, BOTH(cgroup_id))
EVENT(function, true, pw_value_text, pw_wipe_function_name(BOTH(function)))
EVENT(verdict, true, pw_value_text, pw_wipe_verdict_name(BOTH(verdict)))
EVENT(reason, true, pw_value_text_or_unknown,
      RELEASE && !r->rel.wipe_time_ns ? "not-wiped-before" : pw_unseen_reason_name(BOTH(reason)))
EVENT(address, BOTH(address) != 0, pw_value_u, BOTH(address))
EVENT(size_bytes, WIPE || BOTH(size), pw_value_u, BOTH(size))
EVENT(first_dirty_offset, BOTH(first_dirty) != PW_UNKNOWN, pw_value_u, BOTH(first_dirty))
EVENT(dirty_bytes, LOOKED, pw_value_u, BOTH(dirty_bytes))
EVENT(checked_bytes, true, pw_value_u, BOTH(checked_bytes))
EVENT(calls, true, pw_value_u, 1 + (uint64_t)BOTH(more))
EVENT(segment, true, pw_value_text_or_unknown, segment_name(BOTH(segment_kind)))
EVENT(caller_symbol, true, pw_value_text_or_unknown, r->symbol)
EVENT(caller_file, true, pw_value_text_or_unknown, r->file)
EVENT(caller_offset, BOTH(caller_offset) != 0, pw_value_u, BOTH(caller_offset))
EVENT(caller_address, BOTH(caller) != 0, pw_value_u, BOTH(caller))
EVENT(fill, WIPE, pw_value_u, r->wipe.fill)
EVENT(duration_ns, WIPE, pw_value_u, r->wipe.duration_ns)
EVENT(after, WIPE, pw_value_text_or_unknown, pw_wipe_after_name(r->after))
EVENT(after_time, WIPE && r->after_ns, pw_value_u, pw_model_realtime(m, r->after_ns))
EVENT(nested, WIPE, pw_value_b, (r->wipe.flags & PW_WIPE_NESTED) != 0)
EVENT(fortified, WIPE, pw_value_b, (r->wipe.flags & PW_WIPE_FORTIFIED) != 0)
EVENT(jumped, WIPE, pw_value_b, (r->wipe.flags & PW_WIPE_JUMPED) != 0)
EVENT(other_process, WIPE, pw_value_b, (r->wipe.flags & PW_WIPE_OTHER_PROCESS) != 0)
EVENT(unreached_bytes, MODULE, pw_value_u, r->wipe.unreached_bytes)
EVENT(copies_left_pages, MODULE, pw_value_u, r->wipe.copies_left_pages)
EVENT(wiped_before, RELEASE, pw_value_b, r->rel.wipe_time_ns != 0)
EVENT(wipe_time, RELEASE_WIPED, pw_value_u, pw_model_realtime(m, r->rel.wipe_time_ns))
EVENT(wipe_function, RELEASE_WIPED, pw_value_text, pw_wipe_function_name(r->rel.wipe_function))
EVENT(wipe_address, RELEASE_WIPED, pw_value_u, r->rel.wipe_address)
EVENT(wipe_size_bytes, RELEASE_WIPED, pw_value_u, r->rel.wipe_size)
EVENT(site_wiped, RELEASE, pw_value_u, r->rel.site_wiped)
EVENT(site_unwiped, RELEASE, pw_value_u, r->rel.site_unwiped)

static void get_event_comm(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_wipe_event *r = row;

	(void)ctx;
	pw_table_bytes(BOTH(comm), PW_COMM_LEN, ret);
}

static void get_event_caller(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_wipe_event *r = row;

	(void)ctx;
	site_text(r->symbol, BOTH(symbol_offset), r->file, BOTH(caller_offset), BOTH(caller), ret);
}

const struct pw_column pw_wipe_columns[] = {
#define C(...) PW_TABLE_COLUMN(event, __VA_ARGS__)
	C(time, "TIME", TIME, 24, true, "when the call had returned and the range was read back"),
	C(event, "EVENT", TEXT, 7, false, "wipe, or release: a buffer that goes back"),
	C(pid, "PID", COUNT, 7, true, "process id in the initial namespace"),
	C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(function, "FUNCTION", TEXT, 18, true, "the wipe function that was called"),
	C(verdict, "VERDICT", TEXT, 13, true,
	  "wiped, wiped-in-part, not-wiped or unknown, as read back after the call"),
	C(reason, "REASON", TEXT, 12, true,
	  "why the verdict is unknown, or stands on less than the whole range; of a release "
	  "without a wipe: not-wiped-before"),
	C(address, "ADDRESS", ADDRESS, 14, true, "begin of the range, as the function was called"),
	C(size_bytes, "SIZE", BYTES, 6, true, "size of the range, as the function was called"),
	C(dirty_bytes, "DIRTY", BYTES, 6, true, "bytes that did not hold the fill when read back"),
	C(first_dirty_offset, "FIRST", COUNT, 5, true, "offset of the first of them"),
	C(checked_bytes, "CHECKED", BYTES, 7, false, "bytes that were read back, from the start"),
	C(segment, "SEGMENT", TEXT, 9, true, "kind of the segment that the range lies in"),
	C(after, "AFTER", TEXT, 9, true,
	  "what became of the range: clean, rewritten, unseen or exited; empty: not seen to go"),
	C(after_time, "WENT", TIME, 24, false, "when the range went"),
	C(caller, "CALLER", TEXT, 0, true, "who called: function and offset, or file and offset"),
	C(caller_symbol, "SYMBOL", TEXT, 24, false, "the caller's function"),
	C(caller_file, "FILE", TEXT, 40, false, "the caller's program or library"),
	C(caller_offset, "OFFSET", ADDRESS, 10, false, "the caller's offset in its file"),
	C(caller_address, "RETURN", ADDRESS, 14, false, "the return address"),
	C(duration_ns, "TOOK", NS, 6, false, "duration of the call, without the reading back"),
	C(calls, "CALLS", COUNT, 6, false,
	  "calls that the row stands for: a history thins what happens all the time"),
	C(fill, "FILL", COUNT, 4, false, "the byte that the range should hold"),
	C(exe, "EXE", TEXT, 40, false, "path of the program, in the process's own root"),
	C(start_time, "STARTED", TIME, 24, false, "when the process started"),
	C(tid, "TID", COUNT, 7, false, "the thread that called"),
	C(uid, "UID", COUNT, 6, false, "user id"),
	C(cgroup_id, "CGROUP", COUNT, 8, false, "id of the control group"),
	C(nested, "NESTED", BOOL, 6, false, "another wipe function inside did the work"),
	C(fortified, "FORT", BOOL, 4, false, "called through __explicit_bzero_chk"),
	C(jumped, "JUMP", BOOL, 4, false,
	  "a tail call: what the caller called jumped to the function"),
	C(other_process, "OTHER", BOOL, 5, false,
	  "of the module: wiped by one process on behalf of another"),
	C(unreached_bytes, "UNREACHED", BYTES, 9, false,
	  "of the module: bytes that were not wiped, for the reason given"),
	C(copies_left_pages, "COPIES", COUNT, 6, false,
	  "of the module: pages whose old copy another process still maps"),
	C(wiped_before, "WIPED", BOOL, 5, false, "of a release: the buffer was wiped before"),
	C(wipe_time, "WIPED AT", TIME, 24, false, "of a release: the last wipe of the buffer"),
	C(wipe_function, "WIPED BY", TEXT, 18, false, "of a release: the function of that wipe"),
	C(wipe_address, "WIPE ADDR", ADDRESS, 14, false, "of a release: begin of that wipe"),
	C(wipe_size_bytes, "WIPE SIZE", BYTES, 9, false, "of a release: size of that wipe"),
	C(site_wiped, "SITE W", COUNT, 6, false,
	  "of a release: releases of this process and site with a wipe before, so far"),
	C(site_unwiped, "SITE U", COUNT, 6, false, "of a release: and without"),
	{ NULL },
#undef C
};

/* ---- functions, by verdict --------------------------------------------------------------- */

#define FUNCTION(name, set, expression) \
	PW_TABLE_VALUE(function, struct pw_wipe_function_row, name, true, set, expression)
#define VERDICT(v) (r->by_verdict[PW_WIPED_##v])

static uint64_t calls_of(const struct pw_wipe_function_row *r)
{
	return VERDICT(WHOLE) + VERDICT(PART) + VERDICT(NOTHING) + VERDICT(UNKNOWN);
}

FUNCTION(function, pw_value_text, pw_wipe_function_name(r->function))
FUNCTION(calls, pw_value_u, calls_of(r))
FUNCTION(wiped, pw_value_u, VERDICT(WHOLE))
FUNCTION(wiped_in_part, pw_value_u, VERDICT(PART))
FUNCTION(not_wiped, pw_value_u, VERDICT(NOTHING))
FUNCTION(unknown, pw_value_u, VERDICT(UNKNOWN))
FUNCTION(files, pw_value_u, r->files)
FUNCTION(files_refused, pw_value_u, r->files_refused)
FUNCTION(example, pw_value_text_or_unknown, r->example)

const struct pw_column pw_wipe_function_columns[] = {
#define C(...) PW_TABLE_COLUMN(function, __VA_ARGS__)
	C(function, "FUNCTION", TEXT, 20, true, "a function that clears or releases memory"),
	C(calls, "CALLS", COUNT, 8, true, "calls that were seen"),
	C(wiped, "WIPED", COUNT, 8, true, "of those: each byte held the fill afterwards"),
	C(wiped_in_part, "IN PART", COUNT, 8, true, "of those: some bytes did not"),
	C(not_wiped, "NOT", COUNT, 8, true, "of those: no byte did"),
	C(unknown, "UNKNOWN", COUNT, 8, true, "of those: could not be read back"),
	C(files, "FILES", COUNT, 6, true, "programs and libraries in which it is observed"),
	C(files_refused, "REFUSED", COUNT, 7, true, "and in which it could not be"),
	C(example, "FOUND IN", TEXT, 0, true, "the first of them"),
	{ NULL },
#undef C
};

/* ---- totals --------------------------------------------------------------------------- */

#define TOTAL(name, set, expression) \
	PW_TABLE_VALUE(total, struct pw_wipe_totals, name, true, set, expression)

TOTAL(wipes, pw_value_u, r->wipes)
TOTAL(wiped, pw_value_u, VERDICT(WHOLE))
TOTAL(wiped_in_part, pw_value_u, VERDICT(PART))
TOTAL(not_wiped, pw_value_u, VERDICT(NOTHING))
TOTAL(unknown, pw_value_u, VERDICT(UNKNOWN))
TOTAL(releases, pw_value_u, r->releases)
TOTAL(functions, pw_value_u, r->functions)
TOTAL(files, pw_value_u, r->files)
TOTAL(files_refused, pw_value_u, r->files_refused)
TOTAL(alerts, pw_value_u, r->alerts)
TOTAL(certain_alerts, pw_value_u, r->certain_alerts)
TOTAL(not_shown, pw_value_u, r->not_shown)

const struct pw_column pw_wipe_total_columns[] = {
#define C(...) PW_TABLE_COLUMN(total, __VA_ARGS__)
	C(wipes, "WIPES", COUNT, 8, true, "calls of observed wipe functions"),
	C(wiped, "WIPED", COUNT, 8, true, "of those: each byte held the fill afterwards"),
	C(wiped_in_part, "IN PART", COUNT, 8, true, "of those: some bytes did not"),
	C(not_wiped, "NOT", COUNT, 8, true, "of those: no byte did"),
	C(unknown, "UNKNOWN", COUNT, 8, true, "of those: could not be read back"),
	C(releases, "RELEASES", COUNT, 8, true, "buffers that went back at sites that wipe"),
	C(functions, "FUNCTIONS", COUNT, 9, true, "functions that are observed"),
	C(files, "FILES", COUNT, 6, true, "programs and libraries in which they are"),
	C(files_refused, "REFUSED", COUNT, 7, true, "places in which one could not be observed"),
	C(alerts, "ALERTS", COUNT, 6, true, "things to act on"),
	C(certain_alerts, "CERTAIN", COUNT, 7, true, "of those: certain, not suspected"),
	C(not_shown, "NOT SHOWN", COUNT, 9, false,
	  "events that were counted, but made room for newer ones before they were shown"),
	{ NULL },
#undef C
};

/* ---- callers ---------------------------------------------------------------------------- */

#define CALLER(name, condition, set, expression) \
	PW_TABLE_VALUE(caller, struct pw_wipe_caller, name, condition, set, expression)

CALLER(function, true, pw_value_text, pw_wipe_function_name(r->function))
CALLER(wiped, true, pw_value_u, VERDICT(WHOLE))
CALLER(wiped_in_part, true, pw_value_u, VERDICT(PART))
CALLER(not_wiped, true, pw_value_u, VERDICT(NOTHING))
CALLER(unknown, true, pw_value_u, VERDICT(UNKNOWN))
CALLER(wiped_bytes, true, pw_value_u, r->bytes)
CALLER(exe, true, pw_value_text_or_unknown, r->exe)
CALLER(caller_symbol, true, pw_value_text_or_unknown, r->symbol)
CALLER(caller_file, true, pw_value_text_or_unknown, r->file)
CALLER(caller_offset, r->offset != 0, pw_value_u, r->offset)
CALLER(first_time, r->first_ns != 0, pw_value_u, pw_model_realtime(m, r->first_ns))
CALLER(last_time, true, pw_value_u, pw_model_realtime(m, r->last.rec.time_ns))
CALLER(last_pid, true, pw_value_u, r->last.key.pid)

static void get_caller_site(const void *ctx, const void *row, struct pw_value *ret)
{
	fingerprint(((const struct pw_wipe_caller *)row)->id, ret);
	(void)ctx;
}

static void get_caller_caller(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_wipe_caller *r = row;

	(void)ctx;
	site_text(r->symbol, r->symbol_offset, r->file, r->offset, r->offset, ret);
}

const struct pw_column pw_wipe_caller_columns[] = {
#define C(...) PW_TABLE_COLUMN(caller, __VA_ARGS__)
	C(site, "SITE", TEXT, 16, false, "fingerprint of program, function, file and offset"),
	C(function, "FUNCTION", TEXT, 18, true, "the wipe function that is called"),
	C(wiped, "WIPED", COUNT, 8, true, "calls after which each byte held the fill"),
	C(wiped_in_part, "IN PART", COUNT, 8, true, "calls after which some bytes did not"),
	C(not_wiped, "NOT", COUNT, 8, true, "calls after which no byte did"),
	C(unknown, "UNKNOWN", COUNT, 8, true, "calls after which it could not be read back"),
	C(wiped_bytes, "BYTES", BYTES, 6, true, "in ranges that were wiped whole"),
	C(first_time, "FIRST", TIME, 24, false, "the first call that was seen"),
	C(last_time, "LAST", TIME, 24, true, "the newest"),
	C(last_pid, "PID", COUNT, 7, false, "the process of the newest"),
	C(caller, "CALLER", TEXT, 30, true, "who calls: function and offset, or file and offset"),
	C(caller_symbol, "SYMBOL", TEXT, 24, false, "the caller's function"),
	C(caller_file, "FILE", TEXT, 40, false, "the caller's program or library"),
	C(caller_offset, "OFFSET", ADDRESS, 10, false,
	  "the caller's offset in its file; without a file its address"),
	C(exe, "EXE", TEXT, 0, true, "path of the program, in the process's own root"),
	{ NULL },
#undef C
};

/* ---- suspected forgotten wipes ------------------------------------------------------------ */

#define SITE(name, condition, set, expression) \
	PW_TABLE_VALUE(site, struct pw_wipe_site, name, condition, set, expression)

SITE(function, true, pw_value_text, pw_wipe_function_name(r->function))
SITE(wiped, true, pw_value_u, r->wiped)
SITE(unwiped, true, pw_value_u, r->unwiped)
SITE(rewritten, true, pw_value_u, r->rewritten)
SITE(confidence_ratio, true, pw_value_d, pw_forgotten_bound(r->wiped, r->unwiped))
SITE(exe, true, pw_value_text_or_unknown, r->exe)
SITE(caller_symbol, true, pw_value_text_or_unknown, r->symbol)
SITE(caller_file, true, pw_value_text_or_unknown, r->file)
SITE(caller_offset, r->offset != 0, pw_value_u, r->offset)
SITE(last_unwiped_time, r->last_unwiped_ns != 0, pw_value_u, pw_model_realtime(m, r->last_unwiped_ns))
SITE(last_unwiped_pid, r->unwiped != 0, pw_value_u, r->last_unwiped_key.pid)
SITE(last_unwiped_comm, true, pw_value_text_or_unknown, r->last_unwiped_comm)
SITE(last_unwiped_address, r->last_unwiped_address != 0, pw_value_u, r->last_unwiped_address)

static void get_site_site(const void *ctx, const void *row, struct pw_value *ret)
{
	fingerprint(((const struct pw_wipe_site *)row)->id, ret);
	(void)ctx;
}

static void get_site_caller(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_wipe_site *r = row;

	(void)ctx;
	site_text(r->symbol, r->symbol_offset, r->file, r->offset, r->offset, ret);
}

static void get_site_figures(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_wipe_site *r = row;
	struct pw_value caller;

	get_site_caller(ctx, row, &caller);
	snprintf(ret->scratch.text, sizeof(ret->scratch.text),
		 "%" PRIu64 " of %" PRIu64 " releases at %.200s were preceded by a wipe, %s not",
		 r->wiped, r->wiped + r->unwiped, caller.known ? caller.text.bytes : "this site",
		 r->unwiped == 1 ? "this one was" : "the others were");
	pw_value_text(ret, ret->scratch.text);
}

const struct pw_column pw_wipe_site_columns[] = {
#define C(...) PW_TABLE_COLUMN(site, __VA_ARGS__)
	C(site, "SITE", TEXT, 16, false, "fingerprint of program, file and offset"),
	C(confidence_ratio, "SURE%", RATIO, 5, true,
	  "lower bound of the share of wiped releases, at 95% confidence"),
	C(last_unwiped_time, "LAST", TIME, 24, true, "the newest release without a wipe"),
	C(last_unwiped_pid, "PID", COUNT, 7, true, "of the process that made it"),
	C(last_unwiped_comm, "COMMAND", TEXT, 15, true, "its short name"),
	C(last_unwiped_address, "ADDRESS", ADDRESS, 14, true, "of the buffer that went unwiped"),
	C(function, "FUNCTION", TEXT, 18, false, "how the buffers go back"),
	C(wiped, "WIPED", COUNT, 8, false, "releases with a wipe before"),
	C(unwiped, "NOT", COUNT, 6, false, "releases without"),
	C(rewritten, "REWR", COUNT, 6, false, "releases of buffers that were written after the wipe"),
	C(exe, "EXE", TEXT, 40, false, "the program"),
	C(caller, "CALLER", TEXT, 30, false, "who releases: function and offset, or file and offset"),
	C(caller_symbol, "SYMBOL", TEXT, 24, false, "the caller's function"),
	C(caller_file, "FILE", TEXT, 40, false, "the caller's program or library"),
	C(caller_offset, "OFFSET", ADDRESS, 10, false, "the caller's offset in its file"),
	C(figures, "FIGURES", TEXT, 0, true, "the figures in a sentence"),
	{ NULL },
#undef C
};

/* ---- probes ----------------------------------------------------------------------------- */

#define PROBE(name, condition, set, expression) \
	PW_TABLE_VALUE(probe, struct pw_wipe_probe_row, name, condition, set, expression)

PROBE(function, true, pw_value_text, pw_wipe_function_name((uint16_t)r->probe.function))
PROBE(observed, true, pw_value_b, r->probe.error == 0)
PROBE(error, r->probe.error != 0, pw_value_text,
      strerror(r->probe.error < 0 ? -r->probe.error : r->probe.error))
PROBE(calls, true, pw_value_u, r->calls)
PROBE(path, true, pw_value_text_or_unknown, r->path)
PROBE(symbol, true, pw_value_text_or_unknown, r->symbol)
PROBE(file_offset, r->probe.offset != 0, pw_value_u, r->probe.offset)
PROBE(inode, r->probe.inode != 0, pw_value_u, r->probe.inode)

const struct pw_column pw_wipe_probe_columns[] = {
#define C(...) PW_TABLE_COLUMN(probe, __VA_ARGS__)
	C(function, "FUNCTION", TEXT, 20, true, "a function that clears or releases memory"),
	C(observed, "SEEN", BOOL, 4, true, "its calls in this file are observed"),
	C(error, "WHY NOT", TEXT, 24, true, "why they could not be"),
	C(calls, "CALLS", COUNT, 8, true, "calls of this function, in any file"),
	C(symbol, "SYMBOL", TEXT, 24, true, "its name in the file"),
	C(file_offset, "OFFSET", ADDRESS, 10, false, "its place in the file"),
	C(inode, "INODE", COUNT, 9, false, "inode of the file"),
	C(path, "FILE", TEXT, 0, true, "the program or library; empty: the kernel"),
	{ NULL },
#undef C
};

/* ---- what can't be seen ------------------------------------------------------------------- */

static void get_note_text(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	pw_value_text(ret, row);
}

const struct pw_column pw_wipe_note_columns[] = {
	PW_TABLE_COLUMN(note, text, "NOTE", TEXT, 0, true, "one sentence"),
	{ NULL },
};
