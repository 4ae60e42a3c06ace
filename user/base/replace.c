// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/cleanup.h"

/* The mode that open() would have given, or that the file has already. */
static mode_t mode_for(const struct stat *old)
{
	mode_t mask;

	if (old)
		return old->st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int open_temporary(struct pw_replace *r, const struct stat *old)
{
	pw_auto_close int fd = -1;

	if (asprintf(&r->temporary, "%s.XXXXXX", r->path) < 0) {
		r->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(r->temporary, O_CLOEXEC);
	if (fd < 0) {
		int err = -errno;

		free(pw_steal(r->temporary)); /* there is none to unlink */
		return err;
	}
	if (fchmod(fd, mode_for(old)) != 0)
		return -errno;
	r->file = fdopen(fd, "w");
	if (!r->file)
		return -errno;
	pw_steal_fd(&fd);
	return 0;
}

int pw_replace_begin(struct pw_replace *r, const char *path)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	int err = 0;

	memset(r, 0, sizeof(*r));
	if (exists && !S_ISREG(st.st_mode)) {
		r->file = fopen(path, "we");
		return r->file ? 0 : -errno;
	}
	r->path = exists ? realpath(path, NULL) : strdup(path);
	err = r->path ? open_temporary(r, exists ? &st : NULL) : -errno;
	if (err)
		pw_replace_abort(r);
	return err;
}

int pw_replace_commit(struct pw_replace *r)
{
	int err = 0;

	if (fflush(r->file) != 0 || (r->temporary && fsync(fileno(r->file)) != 0))
		err = -errno;
	if (fclose(pw_steal(r->file)) != 0 && !err)
		err = -errno;
	if (!err && r->temporary && rename(r->temporary, r->path) != 0)
		err = -errno;
	if (!err)
		free(pw_steal(r->temporary)); /* it has become the file */
	pw_replace_abort(r);
	return err;
}

void pw_replace_abort(struct pw_replace *r)
{
	if (r->file)
		fclose(r->file);
	if (r->temporary)
		unlink(r->temporary);
	free(r->path);
	free(r->temporary);
	memset(r, 0, sizeof(*r));
}
