// SPDX-License-Identifier: GPL-2.0-or-later
/* IDENTITY: who a process is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/group_table.h"
#include "user/model/ingest.h"
#include "user/model/intern.h"
#include "user/model/process_table.h"

#define EXE_MAX 4095
#define CMDLINE_MAX 1024

/* The strings behind the struct, cut into pieces; false when they leave the record. */
struct pieces {
	const char *at;
	size_t left;
};

static bool next_piece(struct pieces *from, size_t len, const char **ret)
{
	if (len > from->left)
		return false;
	*ret = from->at;
	from->at += len;
	from->left -= len;
	return true;
}

/* Replaces an owned string; the old one stays when memory is short. */
static int set_text(char **to, const char *bytes, size_t len)
{
	char *copy;

	if (strlen(*to) == len && !memcmp(*to, bytes, len))
		return 0;
	copy = strndup(bytes, len);
	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

/* Replaces an interned string; "" when the strings' bound is reached. */
static int set_name(struct pw_model *m, const char **to, const char *bytes, size_t len)
{
	const char *fresh = "";
	int err = pw_intern_get(m->strings, bytes, len, &fresh);

	if (err == -ENOSPC)
		m->own_lost[PW_LOSS_NAMES_FULL]++;
	else if (err)
		return err;
	pw_intern_put(m->strings, *to);
	*to = fresh;
	return 0;
}

static size_t at_most(size_t len, size_t max)
{
	return len < max ? len : max;
}

/* 0, -ENOMEM, or -EBADMSG with the process as it was. */
static int set_strings(struct pw_model *m, struct pw_process *p, const struct pw_identity *r)
{
	struct pieces from = { (const char *)(r + 1), r->rec.size - sizeof(*r) };
	const char *exe, *cgroup, *unit, *container, *build_id, *cmdline;
	int err;

	if (!next_piece(&from, r->exe_len, &exe) || !next_piece(&from, r->cgroup_len, &cgroup) ||
	    !next_piece(&from, r->unit_len, &unit) ||
	    !next_piece(&from, r->container_len, &container) ||
	    !next_piece(&from, r->build_id_len, &build_id) ||
	    !next_piece(&from, r->cmdline_len, &cmdline) || r->build_id_len > PW_BUILD_ID_MAX)
		return -EBADMSG;
	memcpy(p->build_id, build_id, r->build_id_len);
	p->build_id_len = (uint8_t)r->build_id_len;
	err = set_text(&p->exe, exe, at_most(r->exe_len, EXE_MAX));
	if (!err)
		err = set_text(&p->cmdline, cmdline, at_most(r->cmdline_len, CMDLINE_MAX));
	if (!err)
		err = set_name(m, &p->cgroup, cgroup, r->cgroup_len);
	if (!err)
		err = set_name(m, &p->unit, unit, r->unit_len);
	if (!err)
		err = set_name(m, &p->container, container, r->container_len);
	return err;
}

/* The process, or NULL: unknown and gone already, or without room. */
static int find_subject(struct pw_model *m, const struct pw_identity *r, struct pw_process **ret)
{
	struct pw_process *p = pw_model_process(m, &r->key);
	bool gone = r->flags & (PW_IDENTITY_FROM_EXEC | PW_IDENTITY_INHERITED);

	if (!p && !gone)
		return pw_process_obtain(m, &r->key, r->rec.time_ns, ret);
	*ret = p;
	return 0;
}

int pw_ingest_identity(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_identity *r = (const void *)rec;
	struct pw_process *p;
	int err = find_subject(m, r, &p);

	if (err || !p)
		return err;
	err = set_strings(m, p, r);
	if (err)
		return err == -EBADMSG ? pw_ingest_invalid(m) : err;
	if (!p->alive && !p->exit_seen)
		pw_process_revive(m, p);
	p->confirmed = true;
	p->identified = true;
	p->identity_flags = r->flags;
	p->uid = r->uid;
	p->cgroup_id = r->cgroup_id;
	pw_ingest_set_comm(p, r->comm);
	pw_ingest_set_parent(m, p, r->parent_pid);
	return pw_group_join(m, p, rec->time_ns);
}

int pw_ingest_inherit(struct pw_model *m, struct pw_process *p)
{
	const struct pw_process *parent = pw_model_process(m, &p->parent);
	int err;

	if (!parent || parent == p)
		return 0;
	p->uid = parent->uid;
	err = set_text(&p->exe, parent->exe, strlen(parent->exe));
	if (!err)
		err = set_text(&p->cmdline, parent->cmdline, strlen(parent->cmdline));
	if (!err)
		err = set_name(m, &p->cgroup, parent->cgroup, SIZE_MAX);
	if (!err)
		err = set_name(m, &p->unit, parent->unit, SIZE_MAX);
	if (!err)
		err = set_name(m, &p->container, parent->container, SIZE_MAX);
	return err;
}
