// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"

#define CMDLINE_MAX 1024 /* as struct pw_identity cuts it */

union identity_buffer {
	struct pw_identity identity;
	uint8_t bytes[PW_RECORD_MAX];
};

/* Appends a string behind the struct; what does not fit is cut. */
static uint16_t append(union identity_buffer *b, size_t *used, const void *bytes, size_t len)
{
	size_t room = sizeof(b->bytes) - 8 - *used;

	if (len > room)
		len = room;
	memcpy(b->bytes + *used, bytes, len);
	*used += len;
	return len;
}

static uint16_t append_text(union identity_buffer *b, size_t *used, const char *text, size_t max)
{
	return append(b, used, text, strnlen(text, max));
}

static int export_identity(const struct pw_process *p, uint64_t time_ns, pw_export_fn fn, void *ctx)
{
	union identity_buffer b;
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
	memset(b.bytes + used, 0, -used & 7);
	id->rec.size = (used + 7) & ~(size_t)7;
	return fn(ctx, &id->rec);
}

static int export_process(const struct pw_process *p, uint64_t time_ns, pw_export_fn fn, void *ctx)
{
	int r = p->identified ? export_identity(p, time_ns, fn, ctx) : 0;

	/* The counters keep their own time: they say when this was so. */
	if (!r && p->has_counters)
		r = fn(ctx, &p->now.rec);
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
	return r ? r : fn(ctx, &m->tick.rec);
}
