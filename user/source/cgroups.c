// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/hash.h"
#include "user/source/cgroup_values.h"

#define DEPTH_MAX 64
#define DIRECTORIES_MAX 65536

/* A cgroup that was told of. */
struct told {
	struct pw_cgroup last;
	uint64_t signature;
	uint64_t walk; /* the last in which its directory was there */
	char *path;
};

/* Of the limits from the root down to here, the one with the least room. */
struct bound {
	uint64_t max, used;
};

struct bounds {
	struct bound memory, pids;
};

struct pw_cgroups {
	const struct pw_procfs *fs;
	struct pw_cgroup_tree tree;
	struct pw_hash told; /* by id */
	uint64_t every_ns;
	uint64_t next_ns;
	uint64_t lost; /* most that ever found no room at once */
	/* of the running walk */
	uint64_t walk, now_ns, refused;
	unsigned int directories;
	bool cut; /* not all was seen */
	pw_sink sink;
	void *sink_ctx;
	char path[PATH_MAX];
	union {
		struct pw_cgroup cgroup;
		uint8_t bytes[PW_RECORD_MAX];
	} record;
};

/* ---- who was told of --------------------------------------------------------------- */

static bool same_id(const void *item, const void *id)
{
	return ((const struct told *)item)->last.cgroup_id == *(const uint64_t *)id;
}

static struct told *find(const struct pw_cgroups *c, uint64_t id)
{
	return pw_hash_find(&c->told, pw_hash_mix(id), same_id, &id);
}

static void told_destroy(struct told *t)
{
	if (!t)
		return;
	free(t->path);
	free(t);
}
PW_DEFINE_CLEANUP(struct told, told_destroy)

/* *ret: NULL, with 0 returned, when there is no room. */
static int add(struct pw_cgroups *c, uint64_t id, struct told **ret)
{
	pw_cleanup(told_destroyp) struct told *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return -ENOMEM;
	t->last.cgroup_id = id;
	t->path = strdup(c->path);
	rc = t->path ? pw_hash_insert(&c->told, pw_hash_mix(id), t) : -ENOMEM;
	*ret = NULL;
	if (rc == -ENOSPC) {
		c->refused++;
		return 0;
	}
	if (!rc)
		*ret = pw_steal(t);
	return rc;
}

/* ---- telling -------------------------------------------------------------------------- */

static int deliver(struct pw_cgroups *c, const struct told *t, uint32_t flags)
{
	struct pw_cgroup *r = &c->record.cgroup;
	size_t len = strlen(t->path), size = (sizeof(*r) + len + 7) & ~(size_t)7;

	*r = t->last;
	r->rec.time_ns = c->now_ns;
	r->rec.size = (uint16_t)size;
	r->flags |= flags;
	r->path_len = (uint16_t)len;
	memcpy(c->record.bytes + sizeof(*r), t->path, len);
	memset(c->record.bytes + sizeof(*r) + len, 0, size - sizeof(*r) - len);
	return c->sink(c->sink_ctx, &r->rec);
}

static int tell(struct pw_cgroups *c, struct told *t, const struct pw_cgroup *values)
{
	uint64_t signature = pw_hash_bytes(values, sizeof(*values), 1);

	if (strcmp(t->path, c->path) != 0) { /* v1 can rename them */
		char *path = strdup(c->path);

		if (!path)
			return -ENOMEM;
		free(t->path);
		t->path = path;
		t->signature = 0;
	}
	if (signature == t->signature)
		return 0;
	t->signature = signature;
	t->last = *values;
	return deliver(c, t, 0);
}

/* After a whole walk: whose directory was not there. */
static int tell_the_gone(struct pw_cgroups *c)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->told.capacity;) {
		struct told *t = c->told.slots[i].item;

		if (!t || t->walk == c->walk) {
			i++;
			continue;
		}
		rc = deliver(c, t, PW_CGROUP_GONE);
		pw_hash_remove(&c->told, pw_hash_mix(t->last.cgroup_id), t);
		told_destroy(t); /* another may move into this slot */
	}
	return rc;
}

/* ---- the walk --------------------------------------------------------------------------- */

static void tighten(struct bound *b, uint64_t max, uint64_t used)
{
	uint64_t left = max > used ? max - used : 0;

	if (max == PW_UNKNOWN || used == PW_UNKNOWN)
		return;
	if (b->max == PW_UNKNOWN || left < (b->max > b->used ? b->max - b->used : 0))
		*b = (struct bound){ max, used };
}

/* One cgroup's values; *b: the bounds above it, then those that hold in it. */
static int look(struct pw_cgroups *c, int dir_fd, uint64_t id, bool is_root, struct bounds *b)
{
	struct told *t = is_root ? NULL : find(c, id);
	struct pw_cgroup values;
	int rc = 0;

	if (!t && !is_root && pw_cgroup_has_processes(dir_fd))
		rc = add(c, id, &t);
	if (rc)
		return rc;
	pw_cgroup_read(dir_fd, c->tree.v1, !t, &values);
	tighten(&b->memory, values.max_bytes, values.max_used_bytes);
	tighten(&b->pids, values.pids_max, values.pids_max_used);
	if (!t)
		return 0;
	t->walk = c->walk;
	values.cgroup_id = id;
	values.max_bytes = b->memory.max;
	values.max_used_bytes = b->memory.used;
	values.pids_max = b->pids.max;
	values.pids_max_used = b->pids.used;
	return tell(c, t, &values);
}

static int visit(struct pw_cgroups *c, int dir_fd, size_t path_len, unsigned int depth,
		 struct bounds b);

/* Puts "/name" behind the path. false: it is too long. */
static bool enter(struct pw_cgroups *c, size_t *path_len, const char *name)
{
	size_t len = strlen(name), at = *path_len > 1 ? *path_len : 0; /* the root is "/" */

	if (at + 1 + len >= sizeof(c->path))
		return false;
	c->path[at] = '/';
	memcpy(c->path + at + 1, name, len + 1);
	*path_len = at + 1 + len;
	return true;
}

static int visit_child(struct pw_cgroups *c, int dir_fd, const char *name, size_t path_len,
		       unsigned int depth, const struct bounds *b)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	pw_auto_close int fd = openat(dir_fd, name, flags);

	if (fd < 0)
		return 0; /* gone meanwhile */
	if (depth >= DEPTH_MAX || c->directories >= DIRECTORIES_MAX || !enter(c, &path_len, name)) {
		c->cut = true;
		return 0;
	}
	return visit(c, pw_steal_fd(&fd), path_len, depth + 1, *b);
}

/* Takes over dir_fd. */
static int visit_children(struct pw_cgroups *c, int dir_fd, size_t path_len, unsigned int depth,
			  const struct bounds *b)
{
	pw_auto_close int fd = dir_fd;
	pw_auto_closedir DIR *dir = fdopendir(fd);
	struct dirent *d;
	int rc = 0;

	if (!dir)
		return -errno;
	pw_steal_fd(&fd); /* dir's now */
	while (!rc && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || (d->d_type != DT_DIR && d->d_type != DT_UNKNOWN))
			continue;
		rc = visit_child(c, dirfd(dir), d->d_name, path_len, depth, b);
		c->path[path_len] = '\0';
	}
	return rc;
}

/* A cgroup and all below it. Takes over dir_fd. */
static int visit(struct pw_cgroups *c, int dir_fd, size_t path_len, unsigned int depth,
		 struct bounds b)
{
	pw_auto_close int fd = dir_fd;
	struct stat st;
	int rc;

	if (fstat(fd, &st))
		return 0;
	c->directories++;
	rc = look(c, fd, st.st_ino, depth == 0, &b);
	/* the directories in it have ".." each; a file system that doesn't count has 1 */
	if (rc || st.st_nlink == 2)
		return rc;
	return visit_children(c, pw_steal_fd(&fd), path_len, depth, &b);
}

static int walk(struct pw_cgroups *c)
{
	const struct bound none = { PW_UNKNOWN, PW_UNKNOWN };
	int fd = pw_procfs_open_path(c->fs, c->tree.mount, O_RDONLY | O_DIRECTORY), rc;

	if (fd < 0)
		return 0; /* unmounted: what is known stands */
	c->walk++;
	c->refused = c->directories = 0;
	c->cut = false;
	strcpy(c->path, "/");
	rc = visit(c, fd, 1, 0, (struct bounds){ none, none });
	if (!rc && !c->cut)
		rc = tell_the_gone(c);
	if (c->refused > c->lost)
		c->lost = c->refused;
	return rc;
}

/* ---- the outside -------------------------------------------------------------------------- */

int pw_cgroups_create(const struct pw_procfs *fs, uint64_t every_ns, struct pw_cgroups **ret)
{
	struct pw_cgroup_tree tree;
	struct pw_cgroups *c;
	int rc = pw_cgroup_tree_find(fs, &tree);

	if (rc)
		return rc;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->fs = fs;
	c->every_ns = every_ns;
	c->tree = tree;
	rc = pw_hash_init(&c->told, PW_CGROUPS_MAX);
	if (rc) {
		free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

void pw_cgroups_destroy(struct pw_cgroups *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->told.capacity; i++)
		told_destroy(c->told.slots[i].item);
	pw_hash_deinit(&c->told);
	free(c);
}

int pw_cgroups_collect(struct pw_cgroups *c, uint64_t now_ns, pw_sink sink, void *ctx)
{
	if (now_ns < c->next_ns)
		return 0;
	c->next_ns = now_ns + c->every_ns;
	c->now_ns = now_ns;
	c->sink = sink;
	c->sink_ctx = ctx;
	return walk(c);
}

uint64_t pw_cgroups_lost(const struct pw_cgroups *c)
{
	return c ? c->lost : 0;
}
