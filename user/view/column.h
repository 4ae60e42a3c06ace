/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns are declared once; text, JSON, CSV, the terminal and HTML derive
 * from the declaration. A table is an array of columns, the last with name
 * NULL; a row is an opaque pointer that the columns' getters understand.
 */
#ifndef PW_VIEW_COLUMN_H
#define PW_VIEW_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pw_unit {
	PW_UNIT_TEXT, /* raw bytes: emitters escape */
	PW_UNIT_COUNT, /* unsigned */
	PW_UNIT_BYTES, /* unsigned; text shows K, M, G */
	PW_UNIT_SIGNED_BYTES,
	PW_UNIT_BYTES_PER_MINUTE, /* double, signed */
	PW_UNIT_PER_SECOND, /* double */
	PW_UNIT_RATIO, /* double; text shows percent */
	PW_UNIT_NS, /* duration; JSON in ns; text as 1.2ms */
	PW_UNIT_TIME, /* realtime ns; everywhere RFC 3339 */
	PW_UNIT_ADDRESS, /* text and CSV hex, JSON a hex string "0x..." */
	PW_UNIT_BOOL,
	PW_UNIT_SPARK, /* points; text draws, JSON is an array, CSV leaves out */
};

struct pw_value {
	bool known; /* false: JSON null, CSV empty, text "-" */
	union {
		uint64_t u;
		int64_t i;
		double d;
		bool b;
		struct {
			const char *bytes; /* valid until the next get */
			size_t len;
		} text;
		struct {
			const uint32_t *points;
			size_t count;
		} spark;
	};
};

struct pw_column {
	const char *name; /* "rss_anon_bytes": the key in JSON and CSV, the word for --sort and --columns */
	const char *title; /* "ANON": text's header */
	const char *help; /* one line, for --columns help and the man page */
	enum pw_unit unit;
	uint8_t width; /* text; 0: the rest of the line */
	bool standard; /* shown when no --columns is given; JSON and CSV always have all */
	void (*get)(const void *ctx, const void *row, struct pw_value *ret);
};

/* Values for getters. */
struct pw_value pw_value_unknown(void);
struct pw_value pw_value_u(uint64_t u);
struct pw_value pw_value_text(const char *bytes);

/* Finds by name; NULL. */
const struct pw_column *pw_column_find(const struct pw_column *columns, const char *name);
/* Three-way order by a column; unknown sorts last in either direction. */
int pw_column_compare(const struct pw_column *c, const void *ctx, const void *a, const void *b);

#endif
