// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/schema.h"

#include <errno.h>
#include <jansson.h>

#include "user/base/cleanup.h"

/* What a unit looks like in JSON. Every value may be null: not seen. */
static const struct {
	const char *type;
	const char *unit; /* told in the description; "" where the type says it all */
	const char *pattern;
	bool natural; /* no negative numbers */
} units[] = {
	[PW_UNIT_TEXT] = { "string", "", NULL, false },
	[PW_UNIT_COUNT] = { "integer", "", NULL, true },
	[PW_UNIT_BYTES] = { "integer", "bytes", NULL, true },
	[PW_UNIT_SIGNED_BYTES] = { "integer", "bytes", NULL, false },
	[PW_UNIT_BYTES_PER_MINUTE] = { "number", "bytes per minute", NULL, false },
	[PW_UNIT_PER_SECOND] = { "number", "per second", NULL, false },
	[PW_UNIT_RATIO] = { "number", "ratio: 1 is 100%", NULL, false },
	[PW_UNIT_AMOUNT] = { "number", "", NULL, false },
	[PW_UNIT_NS] = { "integer", "nanoseconds", NULL, true },
	[PW_UNIT_TIME] = { "string", "RFC 3339, UTC",
			   "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
			   false },
	[PW_UNIT_ADDRESS] = { "string", "address in hex", "^0x[0-9a-f]+$", false },
	[PW_UNIT_BOOL] = { "boolean", "", NULL, false },
	[PW_UNIT_SPARK] = { "array", "bytes, or as unit says; null: nobody watched", NULL, false },
};

static json_t *column_schema(const struct pw_column *c)
{
	const char *unit = units[c->unit].unit;
	json_t *s = json_pack("{s:[s,s]}", "type", units[c->unit].type, "null");

	json_object_set_new(s, "description",
			    *unit ? json_sprintf("%s (%s)", c->help, unit) : json_string(c->help));
	if (units[c->unit].natural)
		json_object_set_new(s, "minimum", json_integer(0));
	if (units[c->unit].pattern)
		json_object_set_new(s, "pattern", json_string(units[c->unit].pattern));
	if (c->unit == PW_UNIT_SPARK)
		json_object_set_new(s, "items",
				    json_pack("{s:[s,s],s:i}", "type", "integer", "null", "minimum",
					      0));
	return s;
}

static void add_columns(const struct pw_column *c, json_t *properties, json_t *required)
{
	for (; c && c->name; c++) {
		json_object_set_new(properties, c->name, column_schema(c));
		json_array_append_new(required, json_string(c->name));
	}
}

/* { type: object, properties, required, additionalProperties: false } */
static json_t *object_schema(json_t *properties, json_t *required)
{
	return json_pack("{s:s,s:o,s:o,s:b}", "type", "object", "properties", properties,
			 "required", required, "additionalProperties", 0);
}

static json_t *table_schema(const struct pw_table_shape *t)
{
	json_t *properties = json_object(), *required = json_array();

	add_columns(t->columns, properties, required);
	return json_pack("{s:s,s:s,s:o}", "type", "array", "description", t->about, "items",
			 object_schema(properties, required));
}

static json_t *document_schema(const struct pw_document_shape *shape)
{
	json_t *properties = json_pack("{s:{s:s},s:{s:i}}", "schema", "const", shape->schema,
				       "schema_version", "const", (int)shape->version);
	json_t *required = json_pack("[s,s]", "schema", "schema_version");
	json_t *s = json_pack(
		"{s:s,s:o,s:s,s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
		"$id", json_sprintf("urn:pagewarden:schema:%s:v%u", shape->schema, shape->version),
		"title", shape->schema, "description", shape->about);

	add_columns(shape->header, properties, required);
	for (const struct pw_table_shape *t = shape->tables; t->name; t++) {
		json_object_set_new(properties, t->name, table_schema(t));
		json_array_append_new(required, json_string(t->name));
	}
	json_object_update_new(s, object_schema(properties, required));
	return s;
}

int pw_schema_emit(const struct pw_document_shape *shape, FILE *out)
{
	json_t *s = document_schema(shape);
	int err;

	if (!s)
		return -ENOMEM;
	errno = 0;
	err = json_dumpf(s, out, JSON_INDENT(1));
	json_decref(s);
	if (err || putc('\n', out) == EOF || fflush(out) != 0)
		return errno ? -errno : -EIO;
	return 0;
}
