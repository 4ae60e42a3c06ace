// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/key.h"
#include "user/model/secret_table.h"

#define CMDLINE_MAX 1024 /* as struct pw_identity cuts it */

union record_buffer {
	struct pw_identity identity;
	struct pw_wipe_probe probe;
	struct pw_cgroup cgroup;
	uint8_t bytes[PW_RECORD_MAX];
};

/* Appends a string behind the struct; what does not fit is cut. */
static uint16_t append(union record_buffer *b, size_t *used, const void *bytes, size_t len)
{
	size_t room = sizeof(b->bytes) - 8 - *used;

	if (len > room)
		len = room;
	memcpy(b->bytes + *used, bytes, len);
	*used += len;
	return len;
}

static uint16_t append_text(union record_buffer *b, size_t *used, const char *text, size_t max)
{
	return append(b, used, text, strnlen(text, max));
}

/* Pads the record to whole words. */
static void finish(union record_buffer *b, size_t used)
{
	memset(b->bytes + used, 0, -used & 7);
	b->identity.rec.size = (uint16_t)((used + 7) & ~(size_t)7);
}

static int export_identity(const struct pw_process *p, uint64_t time_ns, pw_export_fn fn, void *ctx)
{
	union record_buffer b;
	struct pw_identity *id = &b.identity;
	size_t used = sizeof(*id);

	memset(id, 0, sizeof(*id));
	id->rec.type = PW_REC_IDENTITY;
	id->rec.time_ns = time_ns;
	id->key = p->key;
	id->uid = p->uid;
	id->parent_pid = p->parent.pid;
	id->cgroup_id = p->cgroup_id;
	id->flags = p->identity_flags;
	memcpy(id->comm, p->comm, strnlen(p->comm, PW_COMM_LEN - 1));
	id->exe_len = append_text(&b, &used, p->exe, 4096);
	id->cgroup_len = append_text(&b, &used, p->cgroup, 4096);
	id->unit_len = append_text(&b, &used, p->unit, 256);
	id->container_len = append_text(&b, &used, p->container, 128);
	id->build_id_len = append(&b, &used, p->build_id, p->build_id_len);
	id->cmdline_len = append_text(&b, &used, p->cmdline, CMDLINE_MAX);
	finish(&b, used);
	return fn(ctx, &id->rec);
}

static int export_process(const struct pw_process *p, uint64_t time_ns, pw_export_fn fn, void *ctx)
{
	int r = p->identified ? export_identity(p, time_ns, fn, ctx) : 0;

	/* The counters keep their own time: they say when this was so. */
	if (!r && p->has_counters)
		r = fn(ctx, &p->now.rec);
	if (!r && p->resources.flags)
		r = fn(ctx, &p->resources.rec);
	return r;
}

/* With its own time: it says when this was so. */
static int export_cgroup(const struct pw_cgroup_row *row, pw_export_fn fn, void *ctx)
{
	union record_buffer b;
	size_t used = sizeof(b.cgroup);

	b.cgroup = row->last;
	b.cgroup.path_len = append_text(&b, &used, row->path, 4095);
	finish(&b, used);
	return fn(ctx, &b.cgroup.rec);
}

static int export_cgroups(const struct pw_model *m, pw_export_fn fn, void *ctx)
{
	pw_auto_free struct pw_cgroup_row **rows = NULL;
	size_t count;
	int r = pw_model_cgroups(m, &rows, &count);

	for (size_t i = 0; !r && i < count; i++)
		r = export_cgroup(rows[i], fn, ctx);
	return r;
}

static int export_probe(const struct pw_wipe_probe_row *row, uint64_t time_ns, pw_export_fn fn,
			void *ctx)
{
	union record_buffer b;
	struct pw_wipe_probe *r = &b.probe;
	size_t used = sizeof(*r);

	*r = row->probe;
	r->rec.time_ns = time_ns;
	r->path_len = append_text(&b, &used, row->path, 4096);
	r->symbol_len = append_text(&b, &used, row->symbol, 1024);
	finish(&b, used);
	return fn(ctx, &r->rec);
}

/* What is observed, and the secrets that live (of one process, or NULL: all). */
static int export_wipes(const struct pw_model *m, const struct pw_key *of, pw_export_fn fn, void *ctx)
{
	int r = 0;

	for (size_t i = 0; !r && i < m->wipes.probe_count; i++)
		r = export_probe(&m->wipes.probes[i], m->now_ns, fn, ctx);
	for (size_t i = 0; !r && i < m->secrets.count; i++) {
		const struct pw_secret_row *row = &m->secrets.rows[i];
		struct pw_secret record = pw_secret_as_record(row);

		if (row->live && (!of || pw_key_same(of, &row->key)))
			r = fn(ctx, &record.rec);
	}
	return r;
}

int pw_model_export_process(const struct pw_model *m, const struct pw_process *p, pw_export_fn fn,
			    void *ctx)
{
	int r;

	if (!m->has_machine || !m->sequence)
		return 0;
	r = fn(ctx, &m->machine.rec);
	r = r ? r : export_process(p, m->now_ns, fn, ctx);
	if (!r && pw_model_cgroup_of(m, p))
		r = export_cgroup(pw_model_cgroup_of(m, p), fn, ctx);
	r = r ? r : export_wipes(m, &p->key, fn, ctx);
	return r ? r : fn(ctx, &m->tick.rec);
}

int pw_model_export(const struct pw_model *m, pw_export_fn fn, void *ctx)
{
	pw_auto_free struct pw_process **processes = NULL;
	size_t count;
	int r;

	if (!m->has_machine || !m->sequence)
		return 0;
	r = pw_model_processes(m, false, &processes, &count);
	r = r ? r : fn(ctx, &m->machine.rec);
	for (size_t i = 0; !r && i < count; i++)
		r = export_process(processes[i], m->now_ns, fn, ctx);
	r = r ? r : export_cgroups(m, fn, ctx);
	r = r ? r : export_wipes(m, NULL, fn, ctx);
	return r ? r : fn(ctx, &m->tick.rec);
}

static int export_secret(const struct pw_secret_row *row, pw_export_fn fn, void *ctx)
{
	struct pw_secret begin = pw_secret_as_record(row), end = row->sums;
	int r = fn(ctx, &begin.rec);

	if (r || row->live)
		return r;
	/* an end that nobody told of has no verdict */
	if (end.event != PW_SECRET_ENDED)
		end.verdict = PW_SECRET_UNKNOWN;
	end.event = PW_SECRET_ENDED;
	end.rec.time_ns = row->ended_ns;
	return fn(ctx, &end.rec);
}

int pw_model_export_secrets(const struct pw_model *m, pw_export_fn fn, void *ctx)
{
	int r;

	if (!m->has_machine || !m->sequence)
		return 0;
	r = fn(ctx, &m->machine.rec);
	for (size_t i = 0; !r && i < m->secrets.count; i++)
		r = export_secret(&m->secrets.rows[i], fn, ctx);
	return r ? r : fn(ctx, &m->tick.rec);
}
