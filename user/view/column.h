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
	PW_UNIT_AMOUNT, /* double, signed; of bytes or of things, as the row has it */
	PW_UNIT_NS, /* duration; JSON in ns; text as 1.2ms */
	PW_UNIT_TIME, /* realtime ns; everywhere RFC 3339 */
	PW_UNIT_ADDRESS, /* text and CSV hex, JSON a hex string "0x..." */
	PW_UNIT_BOOL,
	PW_UNIT_SPARK, /* points; text draws, JSON is an array, CSV leaves out */
};

#define PW_SPARK_GAP UINT32_MAX

struct pw_value {
	bool known; /* false: JSON null, CSV empty, text "-" */
	union {
		uint64_t u;
		int64_t i;
		double d;
		bool b;
		struct {
			double n;
			bool bytes; /* text shows K, M, G */
		} amount;
		struct {
			const char *bytes; /* the row's own, or in scratch */
			size_t len;
			unsigned int rank; /* the lower comes first; then the alphabet */
		} text;
		struct {
			const uint32_t *points; /* oldest first; the row's own, or in scratch */
			size_t count;
			uint32_t scale; /* bytes (or whatever the name says) per unit of a point */
			bool gapped; /* PW_SPARK_GAP is no value: nobody watched then */
		} spark;
	};
	/* For getters that make their text or points; so a value is passed by pointer, never copied. */
	union {
		char text[512];
		uint32_t points[64];
	} scratch;
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

/* Setters for getters. A double that is no number (NaN, infinite) is unknown. */
void pw_value_unknown(struct pw_value *ret);
void pw_value_u(struct pw_value *ret, uint64_t u);
void pw_value_i(struct pw_value *ret, int64_t i);
void pw_value_d(struct pw_value *ret, double d);
void pw_value_b(struct pw_value *ret, bool b);
void pw_value_amount(struct pw_value *ret, double n, bool bytes);
void pw_value_text(struct pw_value *ret, const char *bytes);
void pw_value_text_or_unknown(struct pw_value *ret, const char *bytes); /* "", NULL: unknown */
/* A text that has a place among others, whatever its letters say. */
void pw_value_word(struct pw_value *ret, const char *bytes, unsigned int rank);

/* Finds by name; NULL. */
const struct pw_column *pw_column_find(const struct pw_column *columns, const char *name);
size_t pw_column_count(const struct pw_column *columns);
/*
 * Order of two rows by a column, for qsort: negative when a comes first.
 * Unknown comes last in either direction.
 */
int pw_column_compare(const struct pw_column *c, const void *ctx, const void *a, const void *b,
		      bool descending);

#endif
