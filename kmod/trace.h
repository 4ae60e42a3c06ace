/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints pagewarden:pw_secret and pagewarden:pw_wipe. Their one
 * argument is the whole ABI record; the fields here are for who reads tracefs.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pagewarden

#if !defined(PW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PW_TRACE_H

#include <linux/tracepoint.h>

#include "uapi/pagewarden.h"

/* These read as the trace headers of the kernel do. */
/* clang-format off */

#define pw_show_event(value)                                                                       \
	__print_symbolic(value, { PW_SECRET_REGISTERED, "registered" },                            \
			 { PW_SECRET_RELEASED, "released" }, { PW_SECRET_SHARED, "shared" },       \
			 { PW_SECRET_ENDED, "ended" })

#define pw_show_cause(value)                                                                       \
	__print_symbolic(value, { PW_CAUSE_NONE, "none" }, { PW_CAUSE_UNMAP, "unmap" },            \
			 { PW_CAUSE_DISCARD, "discard" }, { PW_CAUSE_COW, "cow" },                 \
			 { PW_CAUSE_RECLAIM, "reclaim" }, { PW_CAUSE_FORK, "fork" },               \
			 { PW_CAUSE_EXIT, "exit" }, { PW_CAUSE_EXEC, "exec" },                     \
			 { PW_CAUSE_UNWATCH, "unwatch" }, { PW_CAUSE_CLOSE, "close" })

#define pw_show_verdict(value)                                                                     \
	__print_symbolic(value, { PW_SECRET_UNKNOWN, "unknown" }, { PW_SECRET_CLEAN, "clean" },    \
			 { PW_SECRET_DIRTY, "dirty" },                                             \
			 { PW_SECRET_STILL_MAPPED, "still-mapped" },                               \
			 { PW_SECRET_SWAPPED, "swapped" }, { PW_SECRET_COPIED, "copied" },         \
			 { PW_SECRET_HELD, "held" })

TRACE_EVENT(pw_secret,
	TP_PROTO(const struct pw_secret *rec),
	TP_ARGS(rec),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, from)
		__field(u64, to)
		__field(u64, clean)
		__field(u64, dirty)
		__field(u64, other)
		__field(u64, dirty_bytes)
		__field(u32, pid)
		__field(u32, event)
		__field(u32, cause)
		__field(u32, verdict)
		__field(u32, reason)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->id = rec->id;
		__entry->from = rec->from;
		__entry->to = rec->to;
		__entry->clean = rec->pages_clean;
		__entry->dirty = rec->pages_dirty;
		__entry->other = rec->pages_mapped + rec->pages_swapped + rec->pages_copied +
				 rec->pages_held + rec->pages_unknown;
		__entry->dirty_bytes = rec->dirty_bytes;
		__entry->pid = rec->key.pid;
		__entry->event = rec->event;
		__entry->cause = rec->cause;
		__entry->verdict = rec->verdict;
		__entry->reason = rec->reason;
		__entry->flags = rec->flags;
	),
	TP_printk("pid=%u id=%llu %s cause=%s verdict=%s reason=%u [%llx-%llx) clean=%llu dirty=%llu other=%llu dirty_bytes=%llu flags=%x",
		  __entry->pid, __entry->id, pw_show_event(__entry->event),
		  pw_show_cause(__entry->cause), pw_show_verdict(__entry->verdict),
		  __entry->reason, __entry->from, __entry->to, __entry->clean, __entry->dirty,
		  __entry->other, __entry->dirty_bytes, __entry->flags)
);

#define pw_show_wiped(value)                                                                       \
	__print_symbolic(value, { PW_WIPED_UNKNOWN, "unknown" }, { PW_WIPED_WHOLE, "whole" },      \
			 { PW_WIPED_PART, "part" }, { PW_WIPED_NOTHING, "nothing" })

TRACE_EVENT(pw_wipe,
	TP_PROTO(const struct pw_wipe *rec),
	TP_ARGS(rec),
	TP_STRUCT__entry(
		__field(u64, address)
		__field(u64, size)
		__field(u64, checked_bytes)
		__field(u64, dirty_bytes)
		__field(u64, unreached_bytes)
		__field(u32, pid)
		__field(u32, verdict)
		__field(u32, reason)
		__field(u32, copies)
	),
	TP_fast_assign(
		__entry->address = rec->address;
		__entry->size = rec->size;
		__entry->checked_bytes = rec->checked_bytes;
		__entry->dirty_bytes = rec->dirty_bytes;
		__entry->unreached_bytes = rec->unreached_bytes;
		__entry->pid = rec->key.pid;
		__entry->verdict = rec->verdict;
		__entry->reason = rec->reason;
		__entry->copies = rec->copies_left_pages;
	),
	TP_printk("pid=%u address=%llx size=%llu verdict=%s reason=%u checked=%llu dirty=%llu unreached=%llu copies=%u",
		  __entry->pid, __entry->address, __entry->size, pw_show_wiped(__entry->verdict),
		  __entry->reason, __entry->checked_bytes, __entry->dirty_bytes,
		  __entry->unreached_bytes, __entry->copies)
);

#endif /* PW_TRACE_H */

/* Kbuild adds kmod/ to event.c's include path. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
