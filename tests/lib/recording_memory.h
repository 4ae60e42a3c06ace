/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings in memory that can be cut, damaged and read in pieces, of records
 * whose content tells which one they are.
 */
#ifndef TESTS_LIB_RECORDING_MEMORY_H
#define TESTS_LIB_RECORDING_MEMORY_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/base/hash.h"
#include "user/source/recording.h"

/* ---- a recording in memory -------------------------------------------------- */

struct memory {
	uint8_t *bytes;
	size_t len, at;
	size_t room; /* writes beyond it fail with -ENOSPC */
	size_t most; /* a read gives at most this many; 0: no limit */
	bool stutter; /* every second read is -EAGAIN */
	bool stuttered;
	unsigned int calls;
	size_t ends[16]; /* of the first writes: the header, then the blocks */
};

static inline int memory_write(void *ctx, const void *bytes, size_t len)
{
	struct memory *m = ctx;

	m->calls++;
	if (len > m->room - m->len)
		return -ENOSPC;
	if (m->calls <= sizeof(m->ends) / sizeof(m->ends[0]))
		m->ends[m->calls - 1] = m->len + len;
	m->bytes = realloc(m->bytes, m->len + len);
	assert_non_null(m->bytes);
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
	return 0;
}

static inline int64_t memory_read(void *ctx, void *bytes, size_t len)
{
	struct memory *m = ctx;

	m->stuttered = m->stutter && !m->stuttered;
	if (m->stuttered)
		return -EAGAIN;
	if (m->most && len > m->most)
		len = m->most;
	if (len > m->len - m->at)
		len = m->len - m->at;
	memcpy(bytes, m->bytes + m->at, len);
	m->at += len;
	return (int64_t)len;
}

/* ---- records whose content tells which one they are ---------------------------- */

#define FILLER_SIZE 64

struct filler {
	struct pw_record rec;
	uint64_t number;
	uint8_t noise[FILLER_SIZE - 24];
};

static inline struct filler filler(uint64_t number, bool tick, bool noisy)
{
	struct filler f = {
		.rec = { .type = tick ? PW_REC_TICK : PW_REC_COUNTERS,
			 .size = sizeof(f),
			 .time_ns = number },
		.number = number,
	};

	/* what no compressor shrinks much */
	for (size_t i = 0; noisy && i < sizeof(f.noise); i++)
		f.noise[i] = (uint8_t)pw_hash_mix(number * sizeof(f.noise) + i);
	return f;
}

#define PER_TICK 3

static inline struct memory make(unsigned int records, bool noisy)
{
	struct memory m = { .room = SIZE_MAX };
	struct pw_recording_writer *w;

	assert_int_equal(pw_recording_writer_create(memory_write, &m, &w), 0);
	for (unsigned int i = 1; i <= records; i++) {
		struct filler f = filler(i, i % PER_TICK == 0, noisy);

		assert_int_equal(pw_recording_write(w, &f.rec), 0);
	}
	assert_int_equal(pw_recording_flush(w), 0);
	pw_recording_writer_destroy(w);
	return m;
}

struct outcome {
	int create;
	unsigned int records;
	unsigned int damages; /* -EBADMSG seen */
	uint64_t damaged; /* as the reader counts */
	uint64_t last;
	int end;
};

/* Reads to the end; every record given must be an original one, in order. */
static inline struct outcome play(struct memory *m, bool noisy, struct pw_error *err)
{
	struct outcome o = { 0 };
	struct pw_recording_reader *r;
	const struct pw_record *rec;

	m->at = 0;
	o.create = pw_recording_reader_create(memory_read, m, &r, err);
	if (o.create)
		return o;
	for (;;) {
		struct filler want;
		int rc = pw_recording_read(r, &rec);

		if (rc == -EAGAIN)
			continue;
		o.damages += rc == -EBADMSG;
		if (rc == -EBADMSG)
			continue;
		o.end = rc;
		if (rc)
			break;
		assert_int_equal(rec->size, FILLER_SIZE);
		want = filler(((const struct filler *)rec)->number, rec->type == PW_REC_TICK, noisy);
		assert_memory_equal(rec, &want, sizeof(want));
		assert_true(want.number > o.last);
		o.last = want.number;
		o.records++;
	}
	o.damaged = pw_recording_damaged(r);
	assert_int_equal(pw_recording_read(r, &rec), o.end); /* the end stays the end */
	pw_recording_reader_destroy(r);
	return o;
}

#endif
