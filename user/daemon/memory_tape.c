// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/memory_tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int tape_write(void *ctx, const void *bytes, size_t len)
{
	struct pw_memory_tape *t = ctx;

	if (t->limit && t->len + len > t->limit)
		return -EFBIG;
	if (t->len + len > t->capacity) {
		size_t capacity = t->capacity ? t->capacity : 4096;
		char *p;

		while (capacity < t->len + len)
			capacity *= 2;
		p = realloc(t->bytes, capacity);
		if (!p)
			return -ENOMEM;
		t->bytes = p;
		t->capacity = capacity;
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	return 0;
}

int pw_memory_tape_init(struct pw_memory_tape *t, size_t limit)
{
	*t = (struct pw_memory_tape){ .limit = limit };
	return pw_recording_writer_create(tape_write, t, &t->writer);
}

int pw_memory_tape_sink(void *tape, const struct pw_record *rec)
{
	struct pw_memory_tape *t = tape;

	return pw_recording_write(t->writer, rec);
}

void pw_memory_tape_deinit(struct pw_memory_tape *t)
{
	pw_recording_writer_destroy(t->writer);
	free(t->bytes);
	*t = (struct pw_memory_tape){ 0 };
}
