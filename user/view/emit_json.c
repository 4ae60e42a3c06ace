// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON, written value by value, so that memory stays the same for any number
 * of rows. Strings go through jansson, which refuses what is not UTF-8.
 * Integers are written here, because jansson's end at 2^63 - 1 and ours are
 * exact up to 2^64 - 1. A row is one line.
 */
#include "user/view/emitter.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"

struct json_out {
	FILE *file;
	char *buf; /* PW_CELL_MAX bytes */
	const char *newline; /* "" where a document is one line */
	int err;
};

static int dump_chunk(const char *bytes, size_t len, void *file)
{
	return fwrite(bytes, 1, len, file) == len ? 0 : -1;
}

static void put_string(struct json_out *j, const char *bytes, size_t len)
{
	size_t n = pw_text_escape(j->buf, PW_CELL_MAX, bytes, len);
	json_t *s = json_stringn(j->buf, n);

	if (!s) {
		j->err = j->err ? j->err : -ENOMEM;
		return;
	}
	json_dump_callback(s, dump_chunk, j->file, JSON_ENCODE_ANY);
	json_decref(s);
}

static void put_points(struct json_out *j, const struct pw_value *v)
{
	putc('[', j->file);
	for (size_t i = 0; i < v->spark.count; i++) {
		fputs(i ? "," : "", j->file);
		if (v->spark.gapped && v->spark.points[i] == PW_SPARK_GAP)
			fputs("null", j->file);
		else
			fprintf(j->file, "%" PRIu64, (uint64_t)v->spark.points[i] * v->spark.scale);
	}
	putc(']', j->file);
}

static void put_value(struct json_out *j, enum pw_unit unit, const struct pw_value *v)
{
	bool quoted = unit == PW_UNIT_TIME || unit == PW_UNIT_ADDRESS;
	char plain[PW_PLAIN_MAX];

	if (!v->known) {
		fputs("null", j->file);
	} else if (unit == PW_UNIT_TEXT) {
		put_string(j, v->text.bytes, v->text.len);
	} else if (unit == PW_UNIT_SPARK) {
		put_points(j, v);
	} else {
		const char *quote = quoted ? "\"" : "";

		fprintf(j->file, "%s%s%s", quote, pw_emit_plain(unit, v, plain), quote);
	}
}

static void put_members(struct json_out *j, const struct pw_table *t, const void *row,
			const char *between)
{
	for (const struct pw_column *c = t->columns; c->name; c++) {
		struct pw_value v;

		c->get(t->ctx, row, &v);
		fprintf(j->file, "%s\"%s\":", c == t->columns ? "" : between, c->name);
		put_value(j, c->unit, &v);
	}
}

static int put_table(struct json_out *j, const struct pw_table *t)
{
	fprintf(j->file, ",%s\"%s\":[", j->newline, t->name);
	for (size_t i = 0; i < t->count; i++) {
		fprintf(j->file, "%s%s{", i ? "," : "", j->newline);
		put_members(j, t, t->rows[i], ",");
		putc('}', j->file);
		if (j->err || pw_emit_status(j->file))
			break;
	}
	fprintf(j->file, "%s]", t->count ? j->newline : "");
	return j->err ? j->err : pw_emit_status(j->file);
}

int pw_emit_json(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out)
{
	pw_auto_free char *buf = malloc(PW_CELL_MAX);
	struct json_out j = { .file = out, .buf = buf, .newline = opt->repeated ? "" : "\n" };
	const char *nl = j.newline;
	int err = 0;

	if (!buf)
		return -ENOMEM;
	fprintf(out, "{%s\"schema\":\"%s\",%s\"schema_version\":%u", nl, doc->schema, nl,
		doc->schema_version);
	if (doc->header && doc->header->count) {
		fprintf(out, ",%s", nl);
		put_members(&j, doc->header, doc->header->rows[0], opt->repeated ? "," : ",\n");
	}
	for (size_t i = 0; i < doc->table_count && !err; i++)
		err = put_table(&j, &doc->tables[i]);
	fprintf(out, "%s}\n", nl);
	return err ? err : j.err ? j.err : pw_emit_status(out);
}
