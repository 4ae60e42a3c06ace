/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a command prints: standard output or -o FILE, in the format and with
 * the columns that were asked for. Errors of writing are told with the file's
 * name; a reader that went away (EPIPE) is told as -EPIPE without a message.
 */
#ifndef PW_CMD_OUTPUT_H
#define PW_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "user/cmd/cmd.h"
#include "user/view/emit.h"

#define PW_OUTPUT_COLUMNS_MAX 128

struct pw_output {
	FILE *file;
	const char *path; /* NULL: standard output */
	struct pw_emit_options emit;
	char *words; /* what names point into */
	const char *names[PW_OUTPUT_COLUMNS_MAX + 1];
};

int pw_output_open(struct pw_output *o, const struct pw_common *c, struct pw_error *err);
/* More than one document will come: JSON a line each, text with a line between. Before the first. */
void pw_output_repeat(struct pw_output *o);
int pw_output_emit(struct pw_output *o, const struct pw_document *doc, struct pw_error *err);
/* Closes, and tells what only shows when the last bytes are written. */
int pw_output_close(struct pw_output *o, struct pw_error *err);

/* "a,b" to its names, NULL-terminated; they point into *ret_words, which the caller frees. */
int pw_columns_split(const char *list, char **ret_words,
		     const char *names[PW_OUTPUT_COLUMNS_MAX + 1]);
/*
 * --columns against the tables that the command prints (NULL-terminated list):
 * PW_OPTION_TAKEN, or an exit code after 'help' was printed or a name was not
 * found.
 */
int pw_columns_check(const struct pw_common *c, const struct pw_column *const *tables);

#endif
