// SPDX-License-Identifier: GPL-2.0-or-later
/* schema DIRECTORY: writes the JSON schema of every document there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/daemon/documents.h"
#include "user/view/schema.h"

static int write_schema(const char *directory, const struct pw_document_shape *shape)
{
	char path[4096];
	pw_auto_fclose FILE *out = NULL;
	int err;

	snprintf(path, sizeof(path), "%s/%s.v%u.schema.json", directory, shape->schema,
		 shape->version);
	out = fopen(path, "w");
	err = out ? pw_schema_emit(shape, out) : -errno;
	if (err)
		fprintf(stderr, "schema: cannot write %s: %s\n", path, strerror(-err));
	return err;
}

static int write_schemas(const char *directory, const struct pw_document_shape *const *shapes)
{
	for (; *shapes; shapes++) {
		if (write_schema(directory, *shapes))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: schema DIRECTORY\n", stderr);
		return 2;
	}
	return write_schemas(argv[1], pw_document_shapes) ||
	       write_schemas(argv[1], pw_daemon_document_shapes);
}
