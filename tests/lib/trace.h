/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes traces for tests: each trace_*() appends one record and returns it,
 * zero but for what the arguments say, so that a test sets the fields it is
 * about. The pointer is valid until the next append.
 */
#ifndef TESTS_LIB_TRACE_H
#define TESTS_LIB_TRACE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/uapi/pagewarden.h"

#define TRACE_SECOND 1000000000ull

struct trace {
	uint8_t *bytes;
	size_t len, room;
	uint64_t now_ns; /* time of the records; moved by trace_tick() */
	uint64_t sequence;
};

static inline void trace_free(struct trace *t)
{
	free(t->bytes);
	*t = (struct trace){ 0 };
}

static inline void *trace_append(struct trace *t, uint16_t type, size_t size)
{
	struct pw_record *rec;

	size = (size + 7) & ~(size_t)7;
	if (t->len + size > t->room) {
		t->room = (t->room + size) * 2;
		t->bytes = realloc(t->bytes, t->room);
		if (!t->bytes)
			abort();
	}
	rec = (void *)(t->bytes + t->len);
	memset(rec, 0, size);
	*rec = (struct pw_record){ .type = type, .size = (uint16_t)size, .time_ns = t->now_ns };
	t->len += size;
	return rec;
}

static inline struct pw_key trace_key(uint32_t pid)
{
	return (struct pw_key){ .pid = pid, .start_ns = pid * PW_TICK_NS };
}

static inline void trace_comm(uint8_t comm[PW_COMM_LEN], const char *text)
{
	size_t len = strlen(text);

	memset(comm, 0, PW_COMM_LEN);
	memcpy(comm, text, len < PW_COMM_LEN ? len : PW_COMM_LEN); /* all 16 taken: no NUL */
}

static inline struct pw_machine *trace_machine(struct trace *t, const char *boot_id)
{
	struct pw_machine *r = trace_append(t, PW_REC_MACHINE, sizeof(*r));

	r->page_size = 4096;
	r->cpus = 2;
	r->memory_pages = 1 << 20;
	r->boot_realtime_ns = 1700000000ull * TRACE_SECOND;
	r->sample_every = 64;
	r->coverage = PW_COVER_LEDGER | PW_COVER_EVENTS;
	strncpy((char *)r->boot_id, boot_id, sizeof(r->boot_id) - 1);
	strcpy((char *)r->hostname, "host");
	strcpy((char *)r->release, "6.1.0");
	strcpy((char *)r->source, "bpf");
	return r;
}

static inline struct pw_fork *trace_fork(struct trace *t, struct pw_key key, struct pw_key parent)
{
	struct pw_fork *r = trace_append(t, PW_REC_FORK, sizeof(*r));

	r->key = key;
	r->parent = parent;
	trace_comm(r->comm, "forked");
	return r;
}

static inline struct pw_exec *trace_exec(struct trace *t, struct pw_key key, const char *path)
{
	struct pw_exec *r = trace_append(t, PW_REC_EXEC, sizeof(*r));

	r->key = key;
	trace_comm(r->comm, "execed");
	strncpy((char *)r->path, path, sizeof(r->path) - 1);
	return r;
}

static inline struct pw_exit *trace_exit(struct trace *t, struct pw_key key, int32_t code)
{
	struct pw_exit *r = trace_append(t, PW_REC_EXIT, sizeof(*r));

	r->key = key;
	r->exit_code = code;
	return r;
}

static inline struct pw_oom *trace_oom(struct trace *t, struct pw_key key)
{
	struct pw_oom *r = trace_append(t, PW_REC_OOM, sizeof(*r));

	r->key = key;
	return r;
}

static inline struct pw_counters *trace_counters(struct trace *t, struct pw_key key,
						 uint64_t anon_pages)
{
	struct pw_counters *r = trace_append(t, PW_REC_COUNTERS, sizeof(*r));

	r->key = key;
	r->threads = 1;
	r->flags = PW_COUNTERS_LEDGER;
	r->anon_pages = anon_pages;
	r->ledger_live_pages = anon_pages;
	trace_comm(r->comm, "sampled");
	return r;
}

static inline struct pw_identity *trace_identity(struct trace *t, struct pw_key key,
						 const char *exe, const char *cgroup,
						 const char *unit, const char *cmdline)
{
	size_t strings = strlen(exe) + strlen(cgroup) + strlen(unit) + strlen(cmdline);
	struct pw_identity *r = trace_append(t, PW_REC_IDENTITY, sizeof(*r) + strings);
	char *at = (char *)(r + 1);

	r->key = key;
	r->exe_len = (uint16_t)strlen(exe);
	r->cgroup_len = (uint16_t)strlen(cgroup);
	r->unit_len = (uint16_t)strlen(unit);
	r->cmdline_len = (uint16_t)strlen(cmdline);
	memcpy(at, exe, r->exe_len);
	memcpy(at += r->exe_len, cgroup, r->cgroup_len);
	memcpy(at += r->cgroup_len, unit, r->unit_len);
	memcpy(at += r->unit_len, cmdline, r->cmdline_len);
	trace_comm(r->comm, "named");
	return r;
}

static inline struct pw_segments *trace_segments(struct trace *t, struct pw_key key, uint32_t rows)
{
	struct pw_segments *r = trace_append(t, PW_REC_SEGMENTS, sizeof(*r));

	r->key = key;
	r->segments = rows;
	return r;
}

static inline struct pw_segment *trace_segment(struct trace *t, struct pw_key key, uint32_t kind,
					       const char *name, uint64_t start, uint64_t bytes)
{
	struct pw_segment *r = trace_append(t, PW_REC_SEGMENT, sizeof(*r) + strlen(name));

	r->key = key;
	r->kind = kind;
	r->start = start;
	r->end = start + (1ull << 30);
	r->vmas = 1;
	r->virtual_bytes = 1ull << 30;
	r->anon_bytes = bytes;
	r->dirty_bytes = PW_UNKNOWN;
	r->name_len = (uint16_t)strlen(name);
	memcpy(r + 1, name, strlen(name));
	return r;
}

/* Puts the strings of a place behind a record that was appended with room for them. */
static inline void trace_place(void *behind, uint16_t *file_len, uint16_t *symbol_len,
			       const char *file, const char *symbol)
{
	*file_len = (uint16_t)strlen(file);
	*symbol_len = (uint16_t)strlen(symbol);
	memcpy(behind, file, *file_len);
	memcpy((char *)behind + *file_len, symbol, *symbol_len);
}

/* An explicit_bzero that wiped all of it, read back. */
static inline struct pw_wipe *trace_wipe(struct trace *t, struct pw_key key, uint64_t address,
					 uint64_t size, const char *file, uint64_t offset,
					 const char *symbol)
{
	struct pw_wipe *r = trace_append(t, PW_REC_WIPE, sizeof(*r) + strlen(file) + strlen(symbol));

	r->key = key;
	r->tid = key.pid;
	r->address = address;
	r->size = r->checked_bytes = size;
	r->caller = 0x400000 + offset;
	r->caller_offset = offset;
	r->symbol_offset = offset & 0xff;
	r->first_dirty = PW_UNKNOWN;
	r->duration_ns = 100;
	r->function = PW_WIPE_EXPLICIT_BZERO;
	r->verdict = PW_WIPED_WHOLE;
	r->segment_kind = PW_SEG_HEAP;
	trace_comm(r->comm, "wiper");
	trace_place(r + 1, &r->file_len, &r->symbol_len, file, symbol);
	return r;
}

/* The same call left the bytes from `first` on, all of them or `dirty`. */
static inline struct pw_wipe *trace_wiped_in_part(struct pw_wipe *r, uint64_t first, uint64_t dirty)
{
	r->verdict = first ? PW_WIPED_PART : PW_WIPED_NOTHING;
	r->first_dirty = first;
	r->dirty_bytes = dirty;
	return r;
}

/* A free of a buffer that was not wiped before. */
static inline struct pw_release *trace_release(struct trace *t, struct pw_key key, uint64_t address,
					       const char *file, uint64_t offset, const char *symbol)
{
	struct pw_release *r =
		trace_append(t, PW_REC_RELEASE, sizeof(*r) + strlen(file) + strlen(symbol));

	r->key = key;
	r->tid = key.pid;
	r->address = address;
	r->caller = 0x400000 + offset;
	r->caller_offset = offset;
	r->symbol_offset = offset & 0xff;
	r->first_dirty = PW_UNKNOWN;
	r->function = PW_RELEASE_FREE;
	r->verdict = PW_WIPED_UNKNOWN;
	r->segment_kind = PW_SEG_HEAP;
	trace_comm(r->comm, "wiper");
	trace_place(r + 1, &r->file_len, &r->symbol_len, file, symbol);
	return r;
}

/* ... of one whose first `size` bytes were wiped and still are. */
static inline struct pw_release *trace_wiped_before(struct pw_release *r, uint64_t wipe_time_ns,
						    uint64_t size)
{
	r->wipe_time_ns = wipe_time_ns;
	r->wipe_address = r->address;
	r->wipe_size = r->checked_bytes = size;
	r->wipe_function = PW_WIPE_EXPLICIT_BZERO;
	r->verdict = PW_WIPED_WHOLE;
	return r;
}

static inline struct pw_wipe_probe *trace_probe(struct trace *t, uint32_t function, const char *path,
						uint64_t offset, const char *symbol)
{
	struct pw_wipe_probe *r =
		trace_append(t, PW_REC_WIPE_PROBE, sizeof(*r) + strlen(path) + strlen(symbol));

	r->device = 0x801;
	r->inode = 1234;
	r->offset = offset;
	r->function = function;
	trace_place(r + 1, &r->path_len, &r->symbol_len, path, symbol);
	return r;
}

/* Four pages at 0x700000000000 + id MiB. */
static inline struct pw_secret *trace_secret(struct trace *t, struct pw_key key, uint64_t id,
					     uint32_t event, const char *label)
{
	struct pw_secret *r = trace_append(t, PW_REC_SECRET, sizeof(*r));
	size_t len = strlen(label);

	r->key = key;
	r->id = id;
	r->event = event;
	r->start = r->from = 0x700000000000 + (id << 20);
	r->end = r->to = r->start + 4 * 4096;
	r->first_dirty = PW_UNKNOWN;
	trace_comm(r->comm, "keeper");
	memcpy(r->label, label, len < sizeof(r->label) ? len : sizeof(r->label));
	return r;
}

/* Everything known; no limit but 1024 open files. */
static inline struct pw_resources *trace_resources(struct trace *t, struct pw_key key,
						   uint32_t open_files)
{
	struct pw_resources *r = trace_append(t, PW_REC_RESOURCES, sizeof(*r));

	r->key = key;
	r->flags = PW_RESOURCES_FILES | PW_RESOURCES_SWITCHES | PW_RESOURCES_IO_CALLS |
		   PW_RESOURCES_LIMITS;
	r->open_files = open_files;
	r->limit_address_space_bytes = r->limit_data_bytes = PW_UNKNOWN;
	r->limit_open_files = 1024;
	return r;
}

/* Nothing known but what it uses of max_bytes, which may be PW_UNKNOWN. */
static inline struct pw_cgroup *trace_cgroup(struct trace *t, uint64_t id, const char *path,
					     uint64_t used_bytes, uint64_t max_bytes)
{
	struct pw_cgroup *r = trace_append(t, PW_REC_CGROUP, sizeof(*r) + strlen(path));

	memset(&r->current_bytes, 0xff, (size_t)((uint8_t *)(r + 1) - (uint8_t *)&r->current_bytes));
	r->cgroup_id = id;
	r->current_bytes = r->max_used_bytes = used_bytes;
	r->max_bytes = max_bytes;
	r->path_len = (uint16_t)strlen(path);
	memcpy(r + 1, path, r->path_len);
	return r;
}

/* Closes the interval: time moves on by a second first. */
static inline struct pw_tick *trace_tick(struct trace *t)
{
	struct pw_tick *r;

	t->now_ns += TRACE_SECOND;
	r = trace_append(t, PW_REC_TICK, sizeof(*r));
	r->sequence = ++t->sequence;
	r->interval_ns = t->sequence == 1 ? 0 : TRACE_SECOND;
	r->available_pages = 1 << 19;
	return r;
}

/* Hands every record to take(); stops at a nonzero result and returns it. */
static inline int trace_play(const struct trace *t, int (*take)(void *, const struct pw_record *),
			     void *ctx)
{
	for (size_t at = 0; at < t->len;) {
		const struct pw_record *rec = (const void *)(t->bytes + at);
		int err = take(ctx, rec);

		if (err)
			return err;
		at += rec->size;
	}
	return 0;
}

/* Plays what was appended since the last call and forgets it; the clock stays. */
static inline int trace_flush(struct trace *t, int (*take)(void *, const struct pw_record *),
			      void *ctx)
{
	int err = trace_play(t, take, ctx);

	t->len = 0;
	return err;
}

#endif
