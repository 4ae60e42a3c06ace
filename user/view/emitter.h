/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the emitters share; emit.h is the interface for everybody else. */
#ifndef PW_VIEW_EMITTER_H
#define PW_VIEW_EMITTER_H

#include <locale.h>
#include <stdio.h>

#include "user/view/emit.h"

/* Each writes the whole document: 0 or -errno. opt->format is theirs. */
int pw_emit_text(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out);
int pw_emit_json(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out);
int pw_emit_csv(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out);

/*
 * A known value for machines: sizes in bytes, durations in ns, RFC 3339 times,
 * 0x addresses, true/false, doubles in at most 9 digits. Texts and sparklines
 * are the caller's own business. Returns out.
 */
#define PW_PLAIN_MAX 48
const char *pw_emit_plain(enum pw_unit unit, const struct pw_value *v, char out[PW_PLAIN_MAX]);

/*
 * The columns that a person sees of a table: the chosen ones (NULL: none
 * chosen) as far as this table has them, else what the table shows by itself.
 * Returns how many.
 */
size_t pw_emit_shown(const struct pw_table *t, const char *const *chosen,
		     const struct pw_column **out, size_t max);

/* "1.4M" where it is of bytes, else "0.05", "7.3", "812", "1.2k"; finite. */
void pw_emit_amount(double n, bool bytes, char out[PW_PLAIN_MAX]);
/* "1.2ms", "3.0h", "2.5d". */
void pw_emit_duration(uint64_t ns, char out[PW_PLAIN_MAX]);

bool pw_emit_right_aligned(enum pw_unit unit);

/*
 * Draws the points in width columns (0: one each), the newest at the right
 * edge. Between the lowest and the highest point, but never magnified so far
 * that a change of less than 5% looks like a cliff.
 */
size_t pw_emit_spark(const struct pw_value *v, unsigned int width, bool ascii, char *out,
		     size_t out_size);

/*
 * Between these, numbers of this thread have a decimal point whatever the
 * user's locale says: JSON and SVG know no other, and the same records give
 * the same bytes. 0 or -ENOMEM.
 */
struct pw_emit_locale {
	locale_t plain, before;
};
int pw_emit_locale_enter(struct pw_emit_locale *l);
void pw_emit_locale_leave(struct pw_emit_locale *l);

/* -errno of the first failed write since errno was 0; 0 when all is well. */
int pw_emit_status(FILE *out);

#endif
