/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace as the bytes of a recording. */
#ifndef TESTS_LIB_RECORDING_H
#define TESTS_LIB_RECORDING_H

#include <stdlib.h>
#include <string.h>

#include "lib/trace.h"
#include "user/source/recording.h"

struct recorded {
	uint8_t *bytes;
	size_t len;
};

static inline int recorded_write(void *ctx, const void *bytes, size_t len)
{
	struct recorded *r = ctx;

	r->bytes = realloc(r->bytes, r->len + len);
	if (!r->bytes)
		abort();
	memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
	return 0;
}

static inline int recorded_record(void *writer, const struct pw_record *rec)
{
	return pw_recording_write(writer, rec);
}

/* Free its bytes. */
static inline struct recorded recorded_of(const struct trace *t)
{
	struct recorded r = { 0 };
	struct pw_recording_writer *w;

	if (pw_recording_writer_create(recorded_write, &r, &w) ||
	    trace_play(t, recorded_record, w) || pw_recording_flush(w))
		abort();
	pw_recording_writer_destroy(w);
	return r;
}

#endif
