// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/cmd/output.h"

static unsigned int terminal_width(FILE *f)
{
	struct winsize size;

	if (ioctl(fileno(f), TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	return size.ws_col;
}

int pw_columns_split(const char *list, char **ret_words, const char *names[PW_OUTPUT_COLUMNS_MAX + 1])
{
	char *words = strdup(list), *rest = words;
	const char *word;
	size_t n = 0;

	if (!words)
		return -ENOMEM;
	while ((word = strsep(&rest, ",")) && n < PW_OUTPUT_COLUMNS_MAX) {
		if (*word)
			names[n++] = word;
	}
	names[n] = NULL;
	*ret_words = words;
	return 0;
}

int pw_output_open(struct pw_output *o, const struct pw_common *c, struct pw_error *err)
{
	memset(o, 0, sizeof(*o));
	o->path = c->output;
	o->emit.format = c->format;
	o->emit.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (c->columns && pw_columns_split(c->columns, &o->words, o->names))
		return pw_error_set(err, -ENOMEM, "no memory for the columns");
	o->emit.columns = o->names[0] ? o->names : NULL;
	o->file = o->path ? fopen(o->path, "we") : stdout;
	if (!o->file)
		return pw_error_set(err, -errno, "cannot create %s: %s", o->path, strerror(errno));
	o->emit.line_width = terminal_width(o->file);
	return 0;
}

void pw_output_repeat(struct pw_output *o)
{
	o->emit.repeated = true;
}

static int write_failed(const struct pw_output *o, int rc, struct pw_error *err)
{
	if (rc == -EPIPE)
		return rc;
	return pw_error_set(err, rc, "cannot write to %s: %s",
			    o->path ? o->path : "standard output", strerror(-rc));
}

int pw_output_emit(struct pw_output *o, const struct pw_document *doc, struct pw_error *err)
{
	int rc;

	errno = 0;
	if (o->emit.continued && o->emit.format == PW_FORMAT_TEXT && !o->emit.log)
		putc('\n', o->file);
	rc = pw_emit(doc, &o->emit, o->file);
	/* each document is whole for who reads along */
	if (!rc && fflush(o->file))
		rc = -errno;
	o->emit.continued = true;
	return rc ? write_failed(o, rc, err) : 0;
}

int pw_output_close(struct pw_output *o, struct pw_error *err)
{
	int rc = 0;

	free(o->words);
	o->words = NULL;
	if (!o->path || !o->file)
		return 0; /* main() looks at standard output last */
	if (fclose(o->file))
		rc = write_failed(o, -errno, err);
	o->file = NULL;
	return rc;
}

static void print_columns(const struct pw_column *const *tables)
{
	for (; *tables; tables++) {
		for (const struct pw_column *c = *tables; c->name; c++)
			printf("%-28s %-8s %s%s\n", c->name, c->title, c->help,
			       c->standard ? " (standard)" : "");
	}
}

static bool is_column(const struct pw_column *const *tables, const char *name)
{
	for (; *tables; tables++) {
		if (pw_column_find(*tables, name))
			return true;
	}
	return false;
}

int pw_columns_check(const struct pw_common *c, const struct pw_column *const *tables)
{
	pw_auto_free char *copy = NULL;
	char *rest;
	const char *word;

	if (!c->columns)
		return PW_OPTION_TAKEN;
	if (strcmp(c->columns, "help") == 0) {
		print_columns(tables);
		return PW_EXIT_OK;
	}
	copy = rest = strdup(c->columns);
	while ((word = strsep(&rest, ","))) {
		if (*word && !is_column(tables, word))
			return pw_usage_error(c->command,
					      "there is no column '%s'; --columns help lists them",
					      word);
	}
	return PW_OPTION_TAKEN;
}
