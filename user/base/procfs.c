// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "user/base/cleanup.h"

/* A prefix that was too long to keep: every access below it fails with -ENOTDIR. */
#define ROOT_TOO_LONG "/dev/null/root-prefix-too-long"

void pw_procfs_init(struct pw_procfs *fs, const char *root_or_null)
{
	const char *root = root_or_null ? root_or_null : "";
	size_t len = strlen(root);

	while (len && root[len - 1] == '/')
		len--;
	if (len >= sizeof(fs->root)) {
		snprintf(fs->root, sizeof(fs->root), "%s", ROOT_TOO_LONG);
		return;
	}
	memcpy(fs->root, root, len);
	fs->root[len] = '\0';
}

static int pid_path(const struct pw_procfs *fs, uint32_t pid, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/proc/%u%s%s", fs->root, pid, *name ? "/" : "", name);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* ENOENT below /proc/PID means either: no such file, or no such process any more. */
static int gone_or(const struct pw_procfs *fs, uint32_t pid, int err)
{
	char path[PATH_MAX];

	if (err != -ENOENT || pid_path(fs, pid, "", path))
		return err;
	return faccessat(AT_FDCWD, path, F_OK, 0) && errno == ENOENT ? -ESRCH : err;
}

static int open_at(const char *path, int flags)
{
	int fd = openat(AT_FDCWD, path, flags | O_CLOEXEC | O_NOCTTY);

	return fd >= 0 ? fd : -errno;
}

int pw_procfs_open(const struct pw_procfs *fs, uint32_t pid, const char *name, int flags)
{
	char path[PATH_MAX];
	int fd = pid_path(fs, pid, name, path);

	if (fd)
		return fd;
	fd = open_at(path, flags);
	return fd < 0 ? gone_or(fs, pid, fd) : fd;
}

int pw_procfs_open_path(const struct pw_procfs *fs, const char *path, int flags)
{
	char full[PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s/%s", fs->root, path + (*path == '/'));

	return n < (int)sizeof(full) ? open_at(full, flags) : -ENAMETOOLONG;
}

FILE *pw_procfs_fopen_path(const struct pw_procfs *fs, const char *path)
{
	pw_auto_close int fd = pw_procfs_open_path(fs, path, O_RDONLY);
	FILE *f;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	f = fdopen(fd, "r");
	if (f)
		pw_steal_fd(&fd); /* f's now */
	return f;
}

/* Reads up to size - 1 bytes; whether more was there is found out by one more byte. */
static int read_all(int fd, char *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;
	char more;

	if (!size)
		return -EINVAL;
	for (;;) {
		bool full = len == size - 1;
		ssize_t n = full ? read(fd, &more, 1) : read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n > 0 && !full) {
			len += (size_t)n;
			continue;
		}
		buf[len] = '\0';
		if (ret_len)
			*ret_len = len;
		return n > 0 ? -E2BIG : 0;
	}
}

int pw_procfs_read(const struct pw_procfs *fs, uint32_t pid, const char *name, char *buf,
		   size_t size, size_t *ret_len)
{
	pw_auto_close int fd = pw_procfs_open(fs, pid, name, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? fd : read_all(fd, buf, size, ret_len);
}

int pw_procfs_read_path(const struct pw_procfs *fs, const char *path, char *buf, size_t size,
			size_t *ret_len)
{
	pw_auto_close int fd = pw_procfs_open_path(fs, path, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? fd : read_all(fd, buf, size, ret_len);
}

int pw_procfs_read_at(int dir_fd, const char *name, char *buf, size_t size, size_t *ret_len)
{
	pw_auto_close int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : read_all(fd, buf, size, ret_len);
}

int pw_procfs_readlink(const struct pw_procfs *fs, uint32_t pid, const char *name, char *buf,
		       size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int err = pid_path(fs, pid, name, path);

	if (err || !size)
		return err ? err : -EINVAL;
	n = readlinkat(AT_FDCWD, path, buf, size);
	if (n < 0)
		return gone_or(fs, pid, -errno);
	if ((size_t)n == size) { /* perhaps cut */
		buf[size - 1] = '\0';
		return -E2BIG;
	}
	buf[n] = '\0';
	return 0;
}

static int add_pid(uint32_t **pids, size_t *count, size_t *room, uint32_t pid)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 256;
		uint32_t *p = reallocarray(*pids, more, sizeof(*p));

		if (!p)
			return -ENOMEM;
		*pids = p;
		*room = more;
	}
	(*pids)[(*count)++] = pid;
	return 0;
}

/* The canonical decimal form alone: 0 for anything else. */
static uint32_t parse_pid(const char *name)
{
	uint64_t n = 0;

	if (name[0] < '1' || name[0] > '9')
		return 0;
	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return 0;
		n = n * 10 + (uint64_t)(*name - '0');
		if (n > INT32_MAX)
			return 0;
	}
	return (uint32_t)n;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Takes over dir_fd, or the -errno that stands there. */
static int each_number(int dir_fd, int (*fn)(void *ctx, uint32_t number), void *ctx)
{
	pw_auto_close int fd = dir_fd;
	pw_auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint32_t *pids pw_auto_free = NULL;
	size_t count = 0, room = 0;
	struct dirent *d;
	int err;

	if (!dir)
		return fd < 0 ? fd : -errno;
	pw_steal_fd(&fd); /* dir's now */
	while (errno = 0, (d = readdir(dir))) {
		uint32_t pid = parse_pid(d->d_name);

		err = pid ? add_pid(&pids, &count, &room, pid) : 0;
		if (err)
			return err;
	}
	if (errno)
		return -errno;
	if (count)
		qsort(pids, count, sizeof(*pids), by_number);
	for (size_t i = 0; i < count; i++) {
		err = fn(ctx, pids[i]);
		if (err)
			return err;
	}
	return 0;
}

int pw_procfs_each_pid(const struct pw_procfs *fs, int (*fn)(void *ctx, uint32_t pid), void *ctx)
{
	return each_number(pw_procfs_open_path(fs, "proc", O_RDONLY | O_DIRECTORY), fn, ctx);
}

int pw_procfs_each_thread(const struct pw_procfs *fs, uint32_t pid,
			  int (*fn)(void *ctx, uint32_t tid), void *ctx)
{
	return each_number(pw_procfs_open(fs, pid, "task", O_RDONLY | O_DIRECTORY), fn, ctx);
}

static int count_entries(int dir_fd, uint32_t max, uint32_t *ret)
{
	pw_auto_close int fd = dir_fd;
	pw_auto_closedir DIR *dir = fdopendir(fd);
	uint32_t count = 0;
	struct dirent *d;

	if (!dir)
		return -errno;
	pw_steal_fd(&fd); /* dir's now */
	while (errno = 0, count < max && (d = readdir(dir)))
		count += d->d_name[0] != '.';
	if (errno)
		return -errno;
	*ret = count;
	return 0;
}

int pw_procfs_count_files(const struct pw_procfs *fs, uint32_t pid, uint32_t max, uint32_t *ret)
{
	pw_auto_close int fd = pw_procfs_open(fs, pid, "fd", O_RDONLY | O_DIRECTORY);
	struct statfs where;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &where) || fstat(fd, &st))
		return -errno;
	/* the count, since f1f1f2569901 ("proc: report open files as size in stat()"), 6.2 */
	if (where.f_type == PROC_SUPER_MAGIC && st.st_size > 0) {
		*ret = st.st_size < max ? (uint32_t)st.st_size : max;
		return 0;
	}
	return count_entries(pw_steal_fd(&fd), max, ret);
}

/* "[none] integrity confidentiality": the word in brackets holds. */
int pw_procfs_lockdown(const struct pw_procfs *fs, char ret[PW_LOCKDOWN_LEN])
{
	char text[128];
	const char *open, *close;
	int rc = pw_procfs_read_path(fs, "/sys/kernel/security/lockdown", text, sizeof(text), NULL);

	if (rc)
		return rc;
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close || close - open > PW_LOCKDOWN_LEN)
		return -EBADMSG;
	snprintf(ret, PW_LOCKDOWN_LEN, "%.*s", (int)(close - open - 1), open + 1);
	return 0;
}
