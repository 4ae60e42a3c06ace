// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/rotation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"

#define STAMP "00000000T000000Z" /* its digits stand for any */
#define STAMP_LEN (sizeof(STAMP) - 1)
#define LEFTOVER_LEN 7 /* ".XXXXXX" */
#define LEFTOVER_AGE_S 3600

struct entry {
	char *name;
	uint64_t bytes;
};

struct entries {
	struct entry *items;
	size_t count, room;
};

static void entries_deinit(struct entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->items[i].name);
	free(e->items);
}

char *pw_rotation_path(const struct pw_rotation *r, uint64_t realtime_ns)
{
	char t[PW_RFC3339_LEN], *path;

	pw_clock_rfc3339(realtime_ns, t); /* 2026-01-31T23:59:59.000Z */
	if (asprintf(&path, "%s/%s-%.4s%.2s%.2sT%.2s%.2s%.2sZ%s", r->directory, r->prefix, t, t + 5,
		     t + 8, t + 11, t + 14, t + 17, r->suffix) < 0)
		return NULL;
	return path;
}

/* What stands behind PREFIX-STAMP.SUFFIX in the name; NULL: it is another's file. */
static const char *behind(const struct pw_rotation *r, const char *name)
{
	size_t prefix = strlen(r->prefix), suffix = strlen(r->suffix);

	if (strncmp(name, r->prefix, prefix) != 0 || name[prefix] != '-')
		return NULL;
	name += prefix + 1;
	for (size_t i = 0; i < STAMP_LEN; i++) {
		bool digit = name[i] >= '0' && name[i] <= '9';

		if (STAMP[i] == '0' ? !digit : name[i] != STAMP[i])
			return NULL;
	}
	name += STAMP_LEN;
	return strncmp(name, r->suffix, suffix) == 0 ? name + suffix : NULL;
}

static int add(struct entries *e, const char *name, uint64_t bytes)
{
	if (e->count == e->room) {
		size_t room = e->room ? 2 * e->room : 64;
		void *more = reallocarray(e->items, room, sizeof(*e->items));

		if (!more)
			return -ENOMEM;
		e->items = more;
		e->room = room;
	}
	e->items[e->count].name = strdup(name);
	if (!e->items[e->count].name)
		return -ENOMEM;
	e->items[e->count++].bytes = bytes;
	return 0;
}

/* Files of the kind; leftovers are removed on the way. */
static int look(const struct pw_rotation *r, DIR *dir, struct entries *ret)
{
	const struct dirent *d;
	int err = 0;

	while (!err && (errno = 0, d = readdir(dir))) {
		const char *rest = behind(r, d->d_name);
		struct stat st;

		if (!rest || fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (!*rest)
			err = add(ret, d->d_name, (uint64_t)st.st_size);
		else if (rest[0] == '.' && strlen(rest) == LEFTOVER_LEN &&
			 st.st_mtime < time(NULL) - LEFTOVER_AGE_S)
			unlinkat(dirfd(dir), d->d_name, 0);
	}
	return err ? err : -errno;
}

/* The names of one kind are in order of time. */
static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct entry *)b)->name, ((const struct entry *)a)->name);
}

int pw_rotation_trim(const struct pw_rotation *r, size_t *ret_removed)
{
	pw_auto_closedir DIR *dir = opendir(r->directory);
	__attribute__((cleanup(entries_deinit))) struct entries e = { 0 };
	uint64_t bytes = 0;
	int err;

	*ret_removed = 0;
	if (!dir)
		return -errno;
	err = look(r, dir, &e);
	if (err)
		return err;
	if (e.count)
		qsort(e.items, e.count, sizeof(*e.items), newest_first);
	for (size_t i = 0; i < e.count; i++) {
		bytes += e.items[i].bytes;
		if (i == 0 || ((!r->files || i < r->files) && (!r->bytes || bytes <= r->bytes)))
			continue;
		if (unlinkat(dirfd(dir), e.items[i].name, 0) == 0)
			++*ret_removed;
		else if (errno != ENOENT)
			err = -errno;
	}
	return err;
}
