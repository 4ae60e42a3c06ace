// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/inspect/identity.h"
#include "user/source/bpf_private.h"

/* How long an interval may read /proc for identities; the rest waits for the next. */
#define IDENTIFY_NS (100 * PW_NSEC_PER_MSEC)
#define IDENTIFY_FIRST_NS (2 * PW_NSEC_PER_SEC)

static void list_init(struct pw_known_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_append(struct pw_known_list *l, struct pw_known *p)
{
	p->next = NULL;
	p->at = l->last;
	*l->last = p;
	l->last = &p->next;
}

static void list_remove(struct pw_known_list *l, struct pw_known *p)
{
	if (!p->at)
		return;
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	else
		l->last = p->at;
	p->at = NULL;
}

static uint64_t key_hash(const struct pw_key *key)
{
	return pw_hash_mix(key->start_ns ^ (uint64_t)key->pid << 40);
}

static bool key_match(const void *item, const void *key)
{
	const struct pw_known *p = item;
	const struct pw_key *k = key;

	return p->key.pid == k->pid && p->key.start_ns == k->start_ns;
}

int pw_bpf_known_init(struct pw_bpf *b)
{
	list_init(&b->pending);
	list_init(&b->ended);
	b->identity_buffer = malloc(PW_RECORD_MAX);
	if (!b->identity_buffer)
		return -ENOMEM;
	/* Ended processes keep their place until their pages are gone. */
	return pw_hash_init(&b->known, 2 * (size_t)b->capacity);
}

static void known_free(struct pw_known *p)
{
	free(p->exe);
	free(p->exec_path);
	free(p);
}

void pw_bpf_known_deinit(struct pw_bpf *b)
{
	size_t i;

	for (i = 0; i < b->known.capacity; i++)
		if (b->known.slots[i].item)
			known_free(b->known.slots[i].item);
	if (b->known.slots)
		pw_hash_deinit(&b->known);
	free(b->identity_buffer);
}

struct pw_known *pw_bpf_known_find(struct pw_bpf *b, const struct pw_key *key)
{
	return pw_hash_find(&b->known, key_hash(key), key_match, key);
}

static void want_identity(struct pw_bpf *b, struct pw_known *p)
{
	if (p->flags & (PW_KNOWN_PENDING | PW_KNOWN_ENDED))
		return;
	p->flags |= PW_KNOWN_PENDING;
	list_append(&b->pending, p);
}

struct pw_known *pw_bpf_known_get(struct pw_bpf *b, const struct pw_key *key)
{
	struct pw_known *p = pw_bpf_known_find(b, key);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p || pw_hash_insert(&b->known, key_hash(key), p)) {
		free(p);
		b->lost[PW_LOSS_PROCESSES_FULL]++;
		return NULL;
	}
	p->key = *key;
	if (key->start_ns < b->began_ns)
		p->flags |= PW_KNOWN_BEFORE;
	want_identity(b, p);
	return p;
}

void pw_bpf_known_forget(struct pw_bpf *b, struct pw_known *p)
{
	list_remove(p->flags & PW_KNOWN_ENDED ? &b->ended : &b->pending, p);
	pw_hash_remove(&b->known, key_hash(&p->key), p);
	known_free(p);
}

void pw_bpf_known_exec(struct pw_bpf *b, struct pw_known *p, const char *path)
{
	free(p->exec_path);
	p->exec_path = strdup(path);
	want_identity(b, p);
}

void pw_bpf_known_end(struct pw_bpf *b, struct pw_known *p)
{
	if (p->flags & PW_KNOWN_ENDED)
		return;
	if (p->flags & PW_KNOWN_PENDING) {
		list_remove(&b->pending, p);
		p->flags &= ~PW_KNOWN_PENDING;
	}
	p->flags |= PW_KNOWN_ENDED;
	list_append(&b->ended, p);
}

static void keep_exe(struct pw_known *p, const struct pw_identity *id)
{
	char *exe;

	if (!id->exe_len)
		return;
	exe = strndup((const char *)(id + 1), id->exe_len);
	if (!exe)
		return;
	free(p->exe);
	p->exe = exe;
}

/* The parent's program, even if its own turn has not come yet. */
static const char *inherited_exe(struct pw_bpf *b, const struct pw_known *p)
{
	struct pw_known *parent = pw_bpf_known_find(b, &p->parent);
	char exe[PATH_MAX];

	if (!parent)
		return NULL;
	if (!parent->exe && !pw_procfs_readlink(&b->fs, parent->key.pid, "exe", exe, sizeof(exe)))
		parent->exe = strdup(exe);
	return parent->exe;
}

/* /proc is gone: the program's name from its exec, or the parent's. */
static int identity_from_memory(struct pw_bpf *b, struct pw_known *p, struct pw_identity **ret)
{
	uint32_t flags = p->exec_path ? PW_IDENTITY_FROM_EXEC : PW_IDENTITY_INHERITED;
	const char *exe = p->exec_path;

	if (!exe)
		exe = p->exe ? p->exe : inherited_exe(b, p);
	if (!exe) {
		b->lost[PW_LOSS_PROC_GONE]++;
		return -ESRCH;
	}
	return pw_identity_make(&p->key, exe, "", flags, b->identity_buffer, PW_RECORD_MAX, ret);
}

int pw_bpf_identify(struct pw_bpf *b, struct pw_known *p)
{
	struct pw_identity *id;
	int rc;

	rc = pw_identity_read(&b->fs, &p->key, b->identity_buffer, PW_RECORD_MAX, &id);
	/* A zombie still has a name, but no program any more. */
	if (!rc && !id->exe_len && (p->exec_path || p->exe || p->parent.pid))
		rc = -ESRCH;
	if (rc)
		rc = identity_from_memory(b, p, &id);
	p->flags &= ~PW_KNOWN_PENDING;
	list_remove(&b->pending, p);
	if (rc)
		return 0;
	p->flags |= PW_KNOWN_IDENTIFIED;
	keep_exe(p, id);
	free(p->exec_path);
	p->exec_path = NULL;
	id->rec.time_ns = pw_clock_boot_ns();
	if (p->parent_pid)
		id->parent_pid = p->parent_pid;
	if (p->cgroup_id)
		id->cgroup_id = p->cgroup_id;
	if (p->comm[0])
		memcpy(id->comm, p->comm, sizeof(id->comm));
	return pw_bpf_deliver(b, &id->rec);
}

int pw_bpf_identify_pending(struct pw_bpf *b)
{
	uint64_t until = pw_clock_boot_ns() + (b->identified_once ? IDENTIFY_NS : IDENTIFY_FIRST_NS);

	while (b->pending.first && pw_clock_boot_ns() < until) {
		int rc = pw_bpf_identify(b, b->pending.first);

		if (rc)
			return rc;
	}
	b->identified_once = true;
	return 0;
}
