/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of files that a test makes up, to be read below a root prefix. */
#ifndef TESTS_LIB_TREE_H
#define TESTS_LIB_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	char root[64];
};

static inline void tree_fail(const char *what)
{
	perror(what);
	abort();
}

static inline void tree_init(struct tree *t)
{
	snprintf(t->root, sizeof(t->root), "/tmp/pw-tree-XXXXXX");
	if (!mkdtemp(t->root))
		tree_fail(t->root);
}

static inline int tree_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Below path, "" being all of it. */
static inline void tree_remove(const struct tree *t, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", t->root, path);
	if (nftw(full, tree_unlink, 8, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
		tree_fail(full);
}

/* Makes the folders on the way. */
static inline void tree_full_path(const struct tree *t, const char *path, char full[PATH_MAX])
{
	snprintf(full, PATH_MAX, "%s/%s", t->root, path);
	for (char *slash = full + strlen(t->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(full, 0700) && errno != EEXIST)
			tree_fail(full);
		*slash = '/';
	}
}

static inline void tree_write(const struct tree *t, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	tree_full_path(t, path, full);
	f = fopen(full, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		tree_fail(full);
}

static inline void tree_link(const struct tree *t, const char *path, const char *target)
{
	char full[PATH_MAX];

	tree_full_path(t, path, full);
	unlink(full);
	if (symlink(target, full))
		tree_fail(full);
}

#endif
