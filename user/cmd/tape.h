/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording file being written: made anew, flushed at every tick, and cut
 * back to its last whole block when the disk is full, so that it always
 * replays.
 */
#ifndef PW_CMD_TAPE_H
#define PW_CMD_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/error.h"

struct pw_recording_writer;

struct pw_tape {
	const char *path;
	int fd;
	struct pw_recording_writer *writer;
	uint64_t bytes; /* written */
	uint64_t whole; /* of them in whole blocks */
	uint64_t records;
	uint64_t ticks;
	int failed; /* the first -errno; what came after it is not on the tape */
};

/* -EEXIST when the file is there and force is not given. */
int pw_tape_init(struct pw_tape *t, const char *path, bool force, struct pw_error *err);
/* Flushes to the disk, or cuts to the last whole block after a failure. 0 or the first -errno. */
int pw_tape_finish(struct pw_tape *t, struct pw_error *err);
void pw_tape_deinit(struct pw_tape *t);
/* A pw_sink with ctx = the tape. */
int pw_tape_write(void *tape, const struct pw_record *rec);

#endif
