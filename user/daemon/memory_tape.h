/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording in memory: a sink for records, and the bytes they became. */
#ifndef PW_DAEMON_MEMORY_TAPE_H
#define PW_DAEMON_MEMORY_TAPE_H

#include <stddef.h>

#include "user/source/recording.h"

struct pw_memory_tape {
	struct pw_recording_writer *writer; /* flush it before taking the bytes */
	char *bytes;
	size_t len, capacity;
	size_t limit; /* -EFBIG beyond; 0: none */
};

int pw_memory_tape_init(struct pw_memory_tape *t, size_t limit);
int pw_memory_tape_sink(void *tape, const struct pw_record *rec); /* a pw_sink */
void pw_memory_tape_deinit(struct pw_memory_tape *t);

#endif
