/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the emitters share; emit.h is the interface for everybody else. */
#ifndef PW_VIEW_EMITTER_H
#define PW_VIEW_EMITTER_H

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

bool pw_emit_right_aligned(enum pw_unit unit);

/*
 * Draws the points in width columns (0: one each), the newest at the right
 * edge. Between the lowest and the highest point, but never magnified so far
 * that a change of less than 5% looks like a cliff.
 */
size_t pw_emit_spark(const struct pw_value *v, unsigned int width, bool ascii, char *out,
		     size_t out_size);

/* -errno of the first failed write since errno was 0; 0 when all is well. */
int pw_emit_status(FILE *out);

#endif
