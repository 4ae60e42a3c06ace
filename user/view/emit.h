/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables and documents in text, JSON and CSV. A document is one object with
 * "schema" and "schema_version", scalars, and named tables; text prints the
 * tables under their titles, CSV prints exactly one table.
 */
#ifndef PW_VIEW_EMIT_H
#define PW_VIEW_EMIT_H

#include <stdbool.h>
#include <stdio.h>

#include "user/view/column.h"

enum pw_format { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_CSV, PW_FORMAT_HTML };

/* "text", "json", "csv", "html"; -EINVAL. */
int pw_format_parse(const char *word, enum pw_format *ret);

struct pw_table {
	const char *name; /* "processes": the key in JSON */
	const char *title; /* text's heading; NULL: none */
	const struct pw_column *columns;
	/* what text shows of them when nobody chose, NULL-terminated; NULL: the standard ones */
	const char *const *shown;
	const void *ctx; /* for the getters */
	const void *const *rows;
	size_t count;
};

struct pw_emit_options {
	enum pw_format format;
	/* names of the columns for text, NULL-terminated; NULL: the standard ones */
	const char *const *columns;
	unsigned int line_width; /* text is cut to it; 0: never */
	/* Documents that follow one another in one stream: */
	bool repeated; /* JSON: each is one line */
	bool continued; /* not the first: CSV leaves out the names */
	bool log; /* text: rows of the one table that CSV prints too; their titles once */
	bool ascii; /* text without Unicode: bars of ASCII, other bytes as \xHH */
};

/*
 * A document: the header's fields are one row of a table as well. Writes to
 * out; 0 or -errno of the write (a full disk, EPIPE).
 */
struct pw_document {
	const char *schema; /* "pagewarden.processes" */
	unsigned int schema_version;
	const struct pw_table *header; /* one row: becomes the object's scalars; may be NULL */
	const struct pw_table *tables;
	size_t table_count;
	size_t csv_table; /* which one CSV prints */
};

int pw_emit(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out);

/*
 * One value as text, escaped, padded or cut to width columns (0: as wide as it
 * is). A number is never cut: one that does not fit turns shorter (1.2M) or
 * into '#'. Returns the bytes written. For the terminal too.
 */
size_t pw_emit_cell(const struct pw_column *c, const struct pw_value *v, unsigned int width,
		    bool ascii, char *out, size_t out_size);
/* Room that a cell as wide as it is never outgrows. */
#define PW_CELL_MAX 65600

#endif
