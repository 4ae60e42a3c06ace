// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/cmd/whole.h"

#include <errno.h>
#include <string.h>

#include "user/base/replace.h"

static int write_file(const char *path, int (*emit)(const void *ctx, FILE *out), const void *ctx)
{
	struct pw_replace file;
	int rc = pw_replace_begin(&file, path);

	if (rc)
		return rc;
	rc = emit(ctx, file.file);
	if (!rc)
		return pw_replace_commit(&file);
	pw_replace_abort(&file);
	return rc;
}

int pw_whole_write(const char *path, int (*emit)(const void *ctx, FILE *out), const void *ctx,
		   struct pw_error *err)
{
	int rc = path ? write_file(path, emit, ctx) : emit(ctx, stdout);

	if (!rc || rc == -EPIPE)
		return rc;
	pw_error_set(err, rc, "cannot write the report to %s: %s", path ? path : "standard output",
		     strerror(-rc));
	if (rc == -ENOSPC)
		pw_error_remedy(err, "make room there, or give -o a file on another disk");
	return rc;
}
