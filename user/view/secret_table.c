// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of ranges that are registered with the module, and of what happened to them. */
#include "user/view/table_values.h"
#include "user/view/tables.h"

static bool has_verdict(const struct pw_secret *s)
{
	return s->event == PW_SECRET_RELEASED || s->event == PW_SECRET_ENDED;
}

/* What the rows and the events have both: `s` is the record. */
#define SHARED_VALUES(type, row_type, record)                                                      \
	PW_TABLE_VALUE(type, row_type, watch, true, pw_value_u, (record)->id)                      \
	PW_TABLE_VALUE(type, row_type, pid, true, pw_value_u, (record)->key.pid)                   \
	PW_TABLE_VALUE(type, row_type, uid, true, pw_value_u, (record)->uid)                       \
	PW_TABLE_VALUE(type, row_type, cookie, true, pw_value_u, (record)->cookie)                 \
	PW_TABLE_VALUE(type, row_type, start, true, pw_value_u, (record)->start)                   \
	PW_TABLE_VALUE(type, row_type, end, true, pw_value_u, (record)->end)                       \
	PW_TABLE_VALUE(type, row_type, size_bytes, (record)->end >= (record)->start, pw_value_u,   \
		       (record)->end - (record)->start)                                            \
	PW_TABLE_VALUE(type, row_type, cause, true, pw_value_text_or_unknown,                      \
		       (record)->cause ? pw_secret_cause_name((record)->cause) : "")               \
	PW_TABLE_VALUE(type, row_type, verdict, has_verdict(record), pw_value_text,                \
		       pw_secret_verdict_name((record)->verdict))                                  \
	PW_TABLE_VALUE(type, row_type, reason, true, pw_value_text_or_unknown,                     \
		       pw_unseen_reason_name((uint8_t)(record)->reason))                           \
	PW_TABLE_VALUE(type, row_type, pages_clean, true, pw_value_u, (record)->pages_clean)       \
	PW_TABLE_VALUE(type, row_type, pages_dirty, true, pw_value_u, (record)->pages_dirty)       \
	PW_TABLE_VALUE(type, row_type, pages_mapped, true, pw_value_u, (record)->pages_mapped)     \
	PW_TABLE_VALUE(type, row_type, pages_swapped, true, pw_value_u, (record)->pages_swapped)   \
	PW_TABLE_VALUE(type, row_type, pages_copied, true, pw_value_u, (record)->pages_copied)     \
	PW_TABLE_VALUE(type, row_type, pages_held, true, pw_value_u, (record)->pages_held)         \
	PW_TABLE_VALUE(type, row_type, pages_unknown, true, pw_value_u, (record)->pages_unknown)   \
	PW_TABLE_VALUE(type, row_type, pages_absent, true, pw_value_u, (record)->pages_absent)     \
	PW_TABLE_VALUE(type, row_type, pages_scrubbed, true, pw_value_u, (record)->pages_scrubbed) \
	PW_TABLE_VALUE(type, row_type, dirty_bytes, true, pw_value_u, (record)->dirty_bytes)       \
	PW_TABLE_VALUE(type, row_type, first_dirty,                                                \
		       (record)->first_dirty != PW_UNKNOWN && (record)->dirty_bytes, pw_value_u,   \
		       (record)->first_dirty)                                                      \
	static void get_##type##_comm(const void *ctx, const void *row, struct pw_value *ret)      \
	{                                                                                          \
		const row_type *r = row;                                                           \
                                                                                                   \
		(void)ctx;                                                                         \
		pw_table_bytes((record)->comm, PW_COMM_LEN, ret);                                  \
	}                                                                                          \
	static void get_##type##_label(const void *ctx, const void *row, struct pw_value *ret)     \
	{                                                                                          \
		const row_type *r = row;                                                           \
                                                                                                   \
		(void)ctx;                                                                         \
		pw_table_bytes((record)->label, sizeof((record)->label), ret);                     \
	}

#define SHARED_PAGES(type)                                                                      \
	PW_TABLE_COLUMN(type, pages_clean, "CLEAN", COUNT, 6, true,                             \
			"pages that went, every byte of them 0"),                               \
		PW_TABLE_COLUMN(type, pages_dirty, "DIRTY", COUNT, 6, true,                     \
				"pages that went with contents"),                               \
		PW_TABLE_COLUMN(type, dirty_bytes, "BYTES", BYTES, 6, true,                     \
				"bytes in them that were not 0"),                               \
		PW_TABLE_COLUMN(type, first_dirty, "FIRST", ADDRESS, 14, false,                 \
				"address of the first of them"),                                \
		PW_TABLE_COLUMN(type, pages_copied, "COPIED", COUNT, 6, false,                  \
				"pages whose old copy another process still has"),              \
		PW_TABLE_COLUMN(type, pages_swapped, "SWAPPED", COUNT, 7, false,                \
				"pages whose contents are in swap, which is not scrubbed"),     \
		PW_TABLE_COLUMN(type, pages_mapped, "MAPPED", COUNT, 6, false,                  \
				"pages that are still mapped elsewhere: moved, or shared"),     \
		PW_TABLE_COLUMN(type, pages_held, "HELD", COUNT, 5, false,                      \
				"pages that somebody in the kernel holds: I/O, a pipe, a pin"), \
		PW_TABLE_COLUMN(type, pages_unknown, "UNKNOWN", COUNT, 7, false,                \
				"pages that went and could not be looked at"),                  \
		PW_TABLE_COLUMN(type, pages_absent, "ABSENT", COUNT, 6, false,                  \
				"pages that were never there"),                                 \
		PW_TABLE_COLUMN(type, pages_scrubbed, "SCRUBBED", COUNT, 8, false,              \
				"of the dirty ones: wiped by the module before they went on")

/* ---- ranges --------------------------------------------------------------------------- */

#define ROW(name, condition, set, expression) \
	PW_TABLE_VALUE(row, struct pw_secret_row, name, condition, set, expression)

SHARED_VALUES(row, struct pw_secret_row, &r->sums)
ROW(state, true, pw_value_text, pw_secret_state_name(r->state))
ROW(live, true, pw_value_b, r->live)
ROW(registered_time, r->registered_ns != 0, pw_value_u, pw_model_realtime(m, r->registered_ns))
ROW(ended_time, r->ended_ns != 0, pw_value_u, pw_model_realtime(m, r->ended_ns))
ROW(shared, true, pw_value_u, r->shared)
ROW(exe, true, pw_value_text_or_unknown, r->exe)
ROW(arena, true, pw_value_b, (r->sums.flags & PW_SECRET_ARENA) != 0)
ROW(holding, true, pw_value_b, (r->sums.flags & PW_SECRET_HOLDING) != 0)
ROW(scrubbing, true, pw_value_b, (r->sums.flags & PW_SECRET_SCRUBBING) != 0)
ROW(by_admin, true, pw_value_b, (r->sums.flags & PW_SECRET_BY_ADMIN) != 0)

const struct pw_column pw_secret_columns[] = {
#define C(...) PW_TABLE_COLUMN(row, __VA_ARGS__)
	C(watch, "WATCH", COUNT, 6, true, "id of the registration"),
	C(state, "STATE", TEXT, 14, true,
	  "live, released-clean, released-dirty, left-behind or unknown"),
	C(live, "LIVE", BOOL, 4, true, "the registration has not ended"),
	C(pid, "PID", COUNT, 7, true, "whose memory"),
	C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(start, "START", ADDRESS, 14, true, "begin of the range"),
	C(end, "END", ADDRESS, 14, false, "its end"),
	C(size_bytes, "SIZE", BYTES, 6, true, "its size"),
	SHARED_PAGES(row),
	C(shared, "SHARED", COUNT, 6, false, "forks that gave a child the same pages"),
	C(cause, "CAUSE", TEXT, 9, true, "what let its pages go last, or ended it"),
	C(verdict, "VERDICT", TEXT, 12, false, "of the last release, or of its whole life"),
	C(reason, "REASON", TEXT, 12, true, "why something of it is unknown"),
	C(registered_time, "REGISTERED", TIME, 24, true, "when; unknown: before the observation"),
	C(ended_time, "ENDED", TIME, 24, false, "when"),
	C(uid, "UID", COUNT, 6, false, "of the registrant"),
	C(cookie, "COOKIE", COUNT, 8, false, "the registrant's own number for it"),
	C(arena, "ARENA", BOOL, 5, false, "pages of the module's secret arena"),
	C(holding, "HOLD", BOOL, 4, false, "its pages are pinned: looked at with certainty"),
	C(scrubbing, "SCRUB", BOOL, 5, false, "dirty pages are wiped before they go on"),
	C(by_admin, "ADMIN", BOOL, 5, false, "registered by another process"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(label, "LABEL", TEXT, 0, true, "the registrant's name for it"),
	{ NULL },
#undef C
};

/* ---- events --------------------------------------------------------------------------- */

#define EVENT(name, condition, set, expression) \
	PW_TABLE_VALUE(event, struct pw_secret, name, condition, set, expression)

SHARED_VALUES(event, struct pw_secret, r)
EVENT(time, true, pw_value_u, pw_model_realtime(m, r->rec.time_ns))
EVENT(event, true, pw_value_text, pw_secret_event_name(r->event))
EVENT(from, r->to != 0, pw_value_u, r->from)
EVENT(to, r->to != 0, pw_value_u, r->to)
EVENT(tid, r->tid != 0, pw_value_u, r->tid)
EVENT(other_pid, r->other_pid != 0, pw_value_u, r->other_pid)

const struct pw_column pw_secret_event_columns[] = {
#define C(...) PW_TABLE_COLUMN(event, __VA_ARGS__)
	C(time, "TIME", TIME, 24, true, "when it happened"),
	C(event, "EVENT", TEXT, 10, true, "registered, released, shared or ended"),
	C(watch, "WATCH", COUNT, 6, true, "id of the registration"),
	C(pid, "PID", COUNT, 7, true, "whose memory"),
	C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(cause, "CAUSE", TEXT, 9, true, "what happened to the pages"),
	C(verdict, "VERDICT", TEXT, 12, true,
	  "clean, dirty, still-mapped, swapped, copied, held or unknown"),
	C(reason, "REASON", TEXT, 12, true, "why something of it is unknown"),
	C(from, "FROM", ADDRESS, 14, true, "begin of the part that it is about"),
	C(to, "TO", ADDRESS, 14, true, "its end"),
	SHARED_PAGES(event),
	C(other_pid, "CHILD", COUNT, 7, false, "of a fork: the child"),
	C(tid, "TID", COUNT, 7, false, "the thread that caused it"),
	C(uid, "UID", COUNT, 6, false, "of the registrant"),
	C(cookie, "COOKIE", COUNT, 8, false, "the registrant's own number for it"),
	C(start, "START", ADDRESS, 14, false, "begin of the registered range"),
	C(end, "END", ADDRESS, 14, false, "its end"),
	C(size_bytes, "SIZE", BYTES, 6, false, "its size"),
	C(label, "LABEL", TEXT, 0, true, "the registrant's name for it"),
	{ NULL },
#undef C
};
