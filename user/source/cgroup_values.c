// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/cgroup_values.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/inspect/identity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* v1 writes "no limit" as the largest number of whole pages. */
#define V1_NO_LIMIT (1ull << 60)

#define V1_MOUNT "sys/fs/cgroup/memory"

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len) {
		bool begins = at == text || at[-1] == ' ';

		if (begins && (at[len] == ' ' || at[len] == '\n' || !at[len]))
			return true;
	}
	return false;
}

int pw_cgroup_tree_find(const struct pw_procfs *fs, struct pw_cgroup_tree *ret)
{
	const char *mount = pw_cgroup_v2_mount(fs);
	pw_auto_close int probe = -1;
	char path[96], text[1024];

	if (mount) {
		snprintf(path, sizeof(path), "%s/cgroup.controllers", mount);
		if (!pw_procfs_read_path(fs, path, text, sizeof(text), NULL) &&
		    has_word(text, "memory")) {
			*ret = (struct pw_cgroup_tree){ .mount = mount };
			return 0;
		}
	}
	probe = pw_procfs_open_path(fs, V1_MOUNT "/memory.usage_in_bytes", O_PATH);
	if (probe < 0)
		return -ENOENT;
	*ret = (struct pw_cgroup_tree){ .mount = V1_MOUNT, .v1 = true };
	return 0;
}

bool pw_cgroup_has_processes(int dir_fd)
{
	char text[2];
	size_t len = 0;
	int rc = pw_procfs_read_at(dir_fd, "cgroup.procs", text, sizeof(text), &len);

	if (rc == -EOPNOTSUPP) /* a threaded cgroup: its processes are above, its threads here */
		rc = pw_procfs_read_at(dir_fd, "cgroup.threads", text, sizeof(text), &len);
	return (!rc || rc == -E2BIG) && len > 0;
}

/* A file of one number; "max" and what can't be read are PW_UNKNOWN. */
static uint64_t read_number(int dir_fd, const char *name)
{
	uint64_t value = PW_UNKNOWN;
	char text[64];
	size_t len;

	if (!pw_procfs_read_at(dir_fd, name, text, sizeof(text), &len))
		pw_procfs_parse_number(text, len, &value);
	return value;
}

static void read_fields(int dir_fd, const char *name, const struct pw_procfs_field *fields,
			size_t count)
{
	char text[8192];
	size_t len;
	int rc = pw_procfs_read_at(dir_fd, name, text, sizeof(text), &len);

	if (!rc || rc == -E2BIG) /* what is wanted stands at the beginning */
		pw_procfs_take_fields(text, len, fields, count);
}

/* What the limit counts and reclaim can't simply drop. */
static uint64_t without_cache(uint64_t current, uint64_t active, uint64_t inactive)
{
	uint64_t cache =
		(active == PW_UNKNOWN ? 0 : active) + (inactive == PW_UNKNOWN ? 0 : inactive);

	if (current == PW_UNKNOWN)
		return PW_UNKNOWN;
	return current > cache ? current - cache : 0;
}

static void read_stat_v2(int dir_fd, struct pw_cgroup *c)
{
	uint64_t active = PW_UNKNOWN, inactive = PW_UNKNOWN;
	const struct pw_procfs_field fields[] = {
		{ "anon ", 0, 1, (uint64_t *)&c->anon_bytes },
		{ "file ", 0, 1, (uint64_t *)&c->file_bytes },
		{ "slab_unreclaimable ", 0, 1, (uint64_t *)&c->slab_bytes },
		{ "slab_reclaimable ", 0, 1, (uint64_t *)&c->slab_reclaimable_bytes },
		{ "sock ", 0, 1, (uint64_t *)&c->sock_bytes },
		{ "kernel_stack ", 0, 1, (uint64_t *)&c->kernel_stack_bytes },
		{ "pagetables ", 0, 1, (uint64_t *)&c->page_table_bytes },
		{ "active_file ", 0, 1, &active },
		{ "inactive_file ", 0, 1, &inactive },
	};

	read_fields(dir_fd, "memory.stat", fields, COUNT(fields));
	c->max_used_bytes = without_cache(c->current_bytes, active, inactive);
}

static void read_v2(int dir_fd, bool limits_only, struct pw_cgroup *c)
{
	const struct pw_procfs_field kills = { "oom_kill ", 0, 1, (uint64_t *)&c->oom_kills };

	c->max_bytes = read_number(dir_fd, "memory.max");
	c->pids_max = read_number(dir_fd, "pids.max");
	if (!limits_only || c->pids_max != PW_UNKNOWN)
		c->pids = read_number(dir_fd, "pids.current");
	if (!limits_only || c->max_bytes != PW_UNKNOWN) {
		c->current_bytes = read_number(dir_fd, "memory.current");
		read_stat_v2(dir_fd, c);
	}
	if (limits_only)
		return;
	c->swap_bytes = read_number(dir_fd, "memory.swap.current");
	c->swap_max_bytes = read_number(dir_fd, "memory.swap.max");
	read_fields(dir_fd, "memory.events", &kills, 1);
}

/* Hierarchical values, as v2's are. */
static void read_stat_v1(int dir_fd, struct pw_cgroup *c)
{
	uint64_t active = PW_UNKNOWN, inactive = PW_UNKNOWN;
	const struct pw_procfs_field fields[] = {
		{ "total_rss ", 0, 1, (uint64_t *)&c->anon_bytes },
		{ "total_cache ", 0, 1, (uint64_t *)&c->file_bytes },
		{ "total_swap ", 0, 1, (uint64_t *)&c->swap_bytes },
		{ "total_active_file ", 0, 1, &active },
		{ "total_inactive_file ", 0, 1, &inactive },
	};

	read_fields(dir_fd, "memory.stat", fields, COUNT(fields));
	c->max_used_bytes = without_cache(c->current_bytes, active, inactive);
}

static void read_v1(int dir_fd, bool limits_only, struct pw_cgroup *c)
{
	const struct pw_procfs_field kills = { "oom_kill ", 0, 1, (uint64_t *)&c->oom_kills };

	c->max_bytes = read_number(dir_fd, "memory.limit_in_bytes");
	if (c->max_bytes >= V1_NO_LIMIT)
		c->max_bytes = PW_UNKNOWN;
	if (!limits_only || c->max_bytes != PW_UNKNOWN) {
		c->current_bytes = read_number(dir_fd, "memory.usage_in_bytes");
		read_stat_v1(dir_fd, c);
	}
	if (limits_only)
		return;
	c->slab_bytes = read_number(dir_fd, "memory.kmem.usage_in_bytes");
	c->sock_bytes = read_number(dir_fd, "memory.kmem.tcp.usage_in_bytes");
	read_fields(dir_fd, "memory.oom_control", &kills, 1);
}

void pw_cgroup_read(int dir_fd, bool v1, bool limits_only, struct pw_cgroup *ret)
{
	struct pw_cgroup c;

	memset(&c, 0xff, sizeof(c)); /* PW_UNKNOWN, each of the values */
	c.rec = (struct pw_record){ .type = PW_REC_CGROUP, .size = sizeof(c) };
	c.cgroup_id = 0;
	c.flags = v1 ? PW_CGROUP_V1 : 0;
	c.path_len = c.reserved = 0;
	if (v1)
		read_v1(dir_fd, limits_only, &c);
	else
		read_v2(dir_fd, limits_only, &c);
	c.pids_max_used = c.pids;
	*ret = c;
}
