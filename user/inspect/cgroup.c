// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a cgroup path says about a process: the path itself on v1, v2 and
 * hybrid machines, the systemd unit (systemd's "control group interface"
 * naming) and the container id (each runtime's naming).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/cleanup.h"
#include "user/inspect/identity.h"

struct span {
	const char *at;
	size_t len;
};

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool span_starts(struct span s, const char *text)
{
	return s.len >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static bool span_ends(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && memcmp(s.at + s.len - len, text, len) == 0;
}

static struct span span_skip(struct span s, size_t bytes)
{
	return (struct span){ s.at + bytes, s.len - bytes };
}

static void span_copy(struct span s, char *out, size_t size)
{
	if (s.len >= size)
		s.len = size - 1;
	memcpy(out, s.at, s.len);
	out[s.len] = '\0';
}

/* The next component of a path; false at its end. */
static bool next_component(const char **path, struct span *ret)
{
	*path += strspn(*path, "/");
	if (**path == '\0')
		return false;
	ret->at = *path;
	ret->len = strcspn(*path, "/");
	*path += ret->len;
	return true;
}

/* ---- /proc/PID/cgroup --------------------------------------------------- */

static bool list_has(struct span list, const char *word)
{
	while (list.len > 0) {
		const char *comma = memchr(list.at, ',', list.len);
		struct span item = { list.at, comma ? (size_t)(comma - list.at) : list.len };

		if (span_is(item, word))
			return true;
		list = span_skip(list, comma ? item.len + 1 : item.len);
	}
	return false;
}

/* The path on the line of this controller ("" is v2). */
static bool find_path(const char *text, size_t len, const char *controller, struct span *ret)
{
	struct span rest = { text, strnlen(text, len) };

	while (rest.len > 0) {
		const char *newline = memchr(rest.at, '\n', rest.len);
		struct span line = { rest.at, newline ? (size_t)(newline - rest.at) : rest.len };
		const char *first = memchr(line.at, ':', line.len);
		const char *second =
			first ? memchr(first + 1, ':', line.at + line.len - first - 1) : NULL;

		rest = span_skip(rest, newline ? line.len + 1 : line.len);
		if (!second)
			continue;
		struct span list = { first + 1, second - first - 1 };
		struct span path = { second + 1, line.at + line.len - second - 1 };

		if (path.len == 0 || path.at[0] != '/')
			continue;
		if (controller[0] ? !list_has(list, controller) : list.len > 0)
			continue;
		if (span_ends(path, " (deleted)"))
			path.len -= strlen(" (deleted)");
		*ret = path;
		return true;
	}
	return false;
}

int pw_cgroup_parse(const char *text, size_t len, char *path, size_t size)
{
	static const char *const controllers[] = { "", "name=systemd", "memory" };
	struct span best = { NULL, 0 }, found;

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (!find_path(text, len, controllers[i], &found))
			continue;
		if (!best.at || span_is(best, "/"))
			best = found;
	}
	if (!best.at)
		return -ENOENT;
	if (best.len >= size)
		return -ENAMETOOLONG;
	span_copy(best, path, size);
	return 0;
}

/* A path that leaves the cgroup namespace ("/../x") names nothing below our mount. */
static bool climbs(const char *path)
{
	struct span c;

	while (next_component(&path, &c))
		if (span_is(c, ".."))
			return true;
	return false;
}

static const char *const v2_mounts[] = { "sys/fs/cgroup/unified", "sys/fs/cgroup" };

/* Only the v2 hierarchy has this file. */
const char *pw_cgroup_v2_mount(const struct pw_procfs *fs)
{
	for (size_t i = 0; i < sizeof(v2_mounts) / sizeof(v2_mounts[0]); i++) {
		pw_auto_close int probe = -1;
		char path[64];

		snprintf(path, sizeof(path), "/%s/cgroup.controllers", v2_mounts[i]);
		probe = pw_procfs_open_path(fs, path, O_PATH | O_CLOEXEC);
		if (probe >= 0)
			return v2_mounts[i];
	}
	return NULL;
}

/* The inode of a directory below the mount. 0 or -errno. */
static int v2_id(const struct pw_procfs *fs, const char *mount, struct span below, uint64_t *ret)
{
	char path[4096 + 64];
	pw_auto_close int dir = -1;
	struct stat st;

	if (below.len >= 4096)
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), "/%s%.*s", mount, (int)below.len, below.at);
	if (climbs(path))
		return -EINVAL;
	dir = pw_procfs_open_path(fs, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return dir;
	if (fstat(dir, &st))
		return -errno;
	*ret = st.st_ino;
	return 0;
}

uint64_t pw_cgroup_id(const struct pw_procfs *fs, const char *text, size_t len)
{
	const char *mount = pw_cgroup_v2_mount(fs);
	struct span found;
	uint64_t id = 0;

	if (mount && find_path(text, len, "", &found))
		v2_id(fs, mount, found, &id);
	return id;
}

int pw_cgroup_find(const struct pw_procfs *fs, const char *path, uint64_t *ret_id,
		   struct pw_error *err)
{
	const char *mount = pw_cgroup_v2_mount(fs);
	struct span below = { path, strlen(path) };
	int rc;

	if (!mount) {
		pw_error_set(err, -EOPNOTSUPP,
			     "cannot look for the cgroup %s: cgroup v2 is not mounted", path);
		pw_error_remedy(err,
				"mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified, or watch a PID");
		return -EOPNOTSUPP;
	}
	/* as cgroup paths are written, or as the directory is */
	if (path[0] == '/' && span_starts(span_skip(below, 1), mount))
		below = span_skip(below, 1 + strlen(mount));
	rc = path[0] == '/' ? v2_id(fs, mount, below, ret_id) : -EINVAL;
	if (!rc)
		return 0;
	pw_error_set(err, rc, "there is no cgroup %s: %s", path,
		     rc == -EINVAL ? "not an absolute path" : strerror(-rc));
	pw_error_remedy(err, "the directories below /%s are the cgroups", mount);
	return rc;
}

/* ---- systemd units ------------------------------------------------------- */

/* systemd puts a "_" before a name that would clash with a kernel file. */
static struct span unescape_unit(struct span s)
{
	return s.len > 0 && s.at[0] == '_' ? span_skip(s, 1) : s;
}

static bool is_unit(struct span s)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (s.len > strlen(suffixes[i]) && span_ends(s, suffixes[i]))
			return true;
	return false;
}

/* Slices, then a unit: what one manager makes of the path. */
static bool next_unit(const char **path, struct span *ret)
{
	struct span c;

	while (next_component(path, &c)) {
		c = unescape_unit(c);
		if (span_ends(c, ".slice"))
			continue;
		*ret = c;
		return is_unit(c);
	}
	return false;
}

void pw_cgroup_unit(const char *path, char *unit, size_t size)
{
	struct span found, nested;
	const char *rest = path;

	if (size == 0)
		return;
	unit[0] = '\0';
	/* an LXC container has a manager of its own below its payload */
	if (strncmp(path, "/lxc.payload.", strlen("/lxc.payload.")) == 0)
		next_component(&rest, &found);
	if (!next_unit(&rest, &found))
		return;
	/* a user's manager is a unit of the system's and has units of its own */
	if (span_starts(found, "user@") && next_unit(&rest, &nested))
		found = nested;
	span_copy(found, unit, size);
}

/* ---- containers ------------------------------------------------------------ */

static bool is_hex(struct span s, size_t min)
{
	if (s.len < min || s.len > 64)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

/* "docker-ID.scope", "SLICE:cri-containerd:ID", a bare ID of 64 digits. */
static bool container_of_component(struct span c, struct span *ret)
{
	static const char *const runtimes[] = { "docker-",    "cri-containerd-", "crio-",
						"libpod-",    "libpod-payload-", "nerdctl-",
						"containerd-" };
	const char *colon = memrchr(c.at, ':', c.len);

	if (span_ends(c, ".scope"))
		c.len -= strlen(".scope");
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		*ret = c;
		if (!span_starts(c, runtimes[i]))
			continue;
		*ret = span_skip(c, strlen(runtimes[i]));
		if (is_hex(*ret, 12))
			return true;
	}
	*ret = c;
	if (colon && colon < c.at + c.len)
		*ret = span_skip(c, colon + 1 - c.at);
	return is_hex(*ret, 64);
}

void pw_cgroup_container(const char *path, char *id, size_t size)
{
	struct span c, found = { path, 0 }, before = { path, 0 };

	if (size == 0)
		return;
	/* the innermost container is the one that the process knows */
	for (; next_component(&path, &c); before = c) {
		struct span match;

		if (span_starts(c, "lxc.payload.") && c.len > strlen("lxc.payload."))
			found = span_skip(c, strlen("lxc.payload."));
		else if (span_is(before, "lxc") || span_is(before, "lxc.payload"))
			found = c;
		else if (container_of_component(c, &match))
			found = match;
	}
	span_copy(found, id, size);
}
