// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/inspect/maps.h"
#include "user/source/bpf_wipe.h"

#define MAPPINGS_MAX 4096u /* of one address space */
/* Events of a process may still wait in the ring when its end was seen. */
#define KEEP_ENDED_NS (10 * PW_NSEC_PER_SEC)

struct process_space {
	uint32_t pid;
	uint64_t ended_ns; /* 0: alive */
	uint64_t read_ns; /* when its list was last asked for */
	struct pw_wipe_space *space; /* NULL: nothing known since its exec */
};

static uint64_t pid_hash(uint32_t pid)
{
	return pw_hash_mix(pid);
}

static bool pid_match(const void *item, const void *key)
{
	return ((const struct process_space *)item)->pid == *(const uint32_t *)key;
}

/* ---- address spaces --------------------------------------------------------------- */

static void space_put(struct pw_wipe_space *s)
{
	if (!s || --s->users)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		pw_wipe_file_put(s->mappings[i].file);
	free(s->mappings);
	free(s);
}

static struct pw_wipe_space *space_copy(const struct pw_wipe_space *from)
{
	struct pw_wipe_space *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->users = 1;
	if (!from || !from->count)
		return s;
	s->mappings = calloc(from->count, sizeof(*s->mappings));
	if (!s->mappings) {
		free(s);
		return NULL;
	}
	s->room = s->count = from->count;
	for (uint32_t i = 0; i < s->count; i++) {
		s->mappings[i] = from->mappings[i];
		pw_wipe_file_get(s->mappings[i].file);
	}
	return s;
}

/* Cuts away what a new mapping covers; a part of a mapping that remains stays known. */
static void space_unmap(struct pw_wipe_space *s, uint64_t start, uint64_t end)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		struct pw_wipe_mapping *m = &s->mappings[i];

		if (m->start >= start && m->end <= end)
			pw_wipe_file_put(m->file);
		else
			s->mappings[kept++] = *m;
	}
	s->count = kept;
}

static int space_add(struct pw_wipe_space *s, const struct pw_wipe_mapping *m)
{
	space_unmap(s, m->start, m->end);
	if (s->count == MAPPINGS_MAX)
		return -ENOSPC;
	if (s->count == s->room) {
		uint32_t room = s->room ? s->room * 2 : 8;
		struct pw_wipe_mapping *more = reallocarray(s->mappings, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->mappings = more;
		s->room = room;
	}
	s->mappings[s->count++] = *m;
	pw_wipe_file_get(m->file);
	return 0;
}

/* ---- processes ---------------------------------------------------------------------- */

int pw_wipe_spaces_init(struct pw_wipes *w)
{
	return pw_hash_init(&w->spaces, PW_WIPE_SPACES_MAX);
}

static void process_forget(struct pw_wipes *w, struct process_space *p)
{
	pw_hash_remove(&w->spaces, pid_hash(p->pid), p);
	space_put(p->space);
	free(p);
}

void pw_wipe_spaces_deinit(struct pw_wipes *w)
{
	for (size_t i = 0; i < w->spaces.capacity; i++) {
		struct process_space *p = w->spaces.slots[i].item;

		if (p)
			space_put(p->space);
		free(p);
	}
	if (w->spaces.slots)
		pw_hash_deinit(&w->spaces);
}

static struct process_space *process_find(struct pw_wipes *w, uint32_t pid)
{
	return pw_hash_find(&w->spaces, pid_hash(pid), pid_match, &pid);
}

static struct process_space *process_get(struct pw_wipes *w, uint32_t pid)
{
	struct process_space *p = process_find(w, pid);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p || pw_hash_insert(&w->spaces, pid_hash(pid), p)) {
		free(p);
		w->b->lost[PW_LOSS_NAMES_FULL]++;
		return NULL;
	}
	p->pid = pid;
	return p;
}

/* Another space for a process; takes the reference. */
static struct process_space *process_set(struct pw_wipes *w, uint32_t pid, struct pw_wipe_space *space)
{
	struct process_space *p = process_get(w, pid);

	if (!p) {
		space_put(space);
		return NULL;
	}
	space_put(p->space);
	p->space = space;
	p->ended_ns = 0;
	return p;
}

/* ---- what happens to them ------------------------------------------------------------ */

struct reading {
	struct pw_wipes *w;
	struct pw_wipe_space *space;
	uint32_t pid;
};

static int add_vma(struct reading *r, const struct pw_vma *vma)
{
	const struct pw_wipe_file_id id = {
		.device = makedev(vma->dev_major, vma->dev_minor),
		.inode = vma->inode,
	};
	struct pw_wipe_mapping m = { vma->start, vma->end, vma->offset, NULL };
	int rc;

	if (!(vma->perms & PW_PERM_X) || !vma->inode)
		return 0;
	m.file = pw_wipe_file_mapped(r->w, r->pid, vma->start, vma->end, &id, vma->name);
	rc = m.file ? space_add(r->space, &m) : 0;
	if (rc == -ENOSPC) {
		r->w->b->lost[PW_LOSS_NAMES_FULL]++;
		rc = 0;
	}
	return rc;
}

static int add_listed(void *ctx, const struct pw_vma *vma)
{
	return add_vma(ctx, vma);
}

int pw_wipe_space_read(struct pw_wipes *w, uint32_t pid)
{
	pw_auto_close int fd = pw_procfs_open(&w->b->fs, pid, "maps", O_RDONLY);
	struct reading r = { w, NULL, pid };
	struct process_space *p;
	int rc;

	if (fd < 0)
		return fd;
	r.space = space_copy(NULL);
	if (!r.space)
		return -ENOMEM;
	rc = pw_maps_read(fd, NULL, add_listed, &r);
	/* The end of the process leaves an empty list: what was known is better. */
	if (rc || !r.space->count) {
		space_put(r.space);
		return rc ? rc : -ESRCH;
	}
	p = process_set(w, pid, r.space);
	if (p)
		p->read_ns = pw_clock_boot_ns();
	return 0;
}

static int read_one(void *ctx, uint32_t pid)
{
	pw_wipe_space_read(ctx, pid);
	return 0;
}

void pw_wipe_spaces_read_all(struct pw_wipes *w)
{
	if (w->b->opt.wipes.pid)
		pw_wipe_space_read(w, w->b->opt.wipes.pid);
	else
		pw_procfs_each_pid(&w->b->fs, read_one, w);
}

void pw_wipe_space_fork(struct pw_wipes *w, uint32_t parent, uint32_t child)
{
	const struct process_space *p = process_find(w, parent);

	if (!p || !p->space)
		return;
	p->space->users++;
	process_set(w, child, p->space);
}

void pw_wipe_space_exec(struct pw_wipes *w, uint32_t pid)
{
	struct pw_wipe_space *space = space_copy(NULL);

	if (space)
		process_set(w, pid, space);
}

void pw_wipe_space_exit(struct pw_wipes *w, uint32_t pid)
{
	struct process_space *p = process_find(w, pid);

	if (p && !p->ended_ns)
		p->ended_ns = pw_clock_boot_ns();
}

void pw_wipe_space_map(struct pw_wipes *w, uint32_t pid, const struct pw_vma *vma)
{
	struct process_space *p = process_find(w, pid);
	struct reading r = { w, NULL, pid };

	if (!p || !p->space) {
		/* it ran before, and was passed over: the whole list has this one, too */
		pw_wipe_space_read(w, pid);
		return;
	}
	if (p->space->users > 1) {
		r.space = space_copy(p->space);
		if (!r.space)
			return;
		space_put(p->space);
		p->space = r.space;
	}
	r.space = p->space;
	add_vma(&r, vma);
}

bool pw_wipe_space_stale(struct pw_wipes *w, uint32_t pid, uint64_t age_ns)
{
	struct process_space *p = process_get(w, pid);
	const uint64_t now = pw_clock_boot_ns();

	if (!p || p->ended_ns || now < p->read_ns + age_ns)
		return false;
	p->read_ns = now;
	return true;
}

void pw_wipe_spaces_expire(struct pw_wipes *w, uint64_t now_ns)
{
	for (size_t i = 0; i < w->spaces.capacity; i++) {
		struct process_space *p = w->spaces.slots[i].item;

		if (!p || !p->ended_ns || now_ns < p->ended_ns + KEEP_ENDED_NS)
			continue;
		process_forget(w, p);
		i--; /* the table closed the hole: the slot may hold another one now */
	}
}

const struct pw_wipe_mapping *pw_wipe_space_find(struct pw_wipes *w, uint32_t pid, uint64_t address)
{
	const struct process_space *p = process_find(w, pid);

	if (!p || !p->space)
		return NULL;
	for (uint32_t i = p->space->count; i > 0; i--) {
		const struct pw_wipe_mapping *m = &p->space->mappings[i - 1];

		if (address >= m->start && address < m->end)
			return m;
	}
	return NULL;
}
