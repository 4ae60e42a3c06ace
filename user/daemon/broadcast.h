/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record stream to many readers. Each interval is encoded once and shared;
 * a reader holds references to what it has not taken yet. One that falls
 * behind by more than PW_STREAM_BACKLOG loses whole intervals, is told so in
 * PW_LOSS_STREAM of its next TICK, and starts again from a fresh snapshot.
 */
#ifndef PW_DAEMON_BROADCAST_H
#define PW_DAEMON_BROADCAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/model/model.h"

#define PW_STREAM_BACKLOG (1u << 20) /* bytes, beyond a snapshot */
#define PW_STREAM_READERS 16

struct pw_broadcast;
struct pw_stream;

int pw_broadcast_create(struct pw_broadcast **ret);
void pw_broadcast_destroy(struct pw_broadcast *b); /* no reader may be left; takes NULL */

/*
 * Takes each record after the model did. At a TICK the interval goes to the
 * readers, and wake is called for each that has something to take.
 */
int pw_broadcast_record(struct pw_broadcast *b, const struct pw_model *m,
			const struct pw_record *rec);

/* A new reader, with a snapshot waiting. -EMFILE: there are PW_STREAM_READERS. */
int pw_stream_create(struct pw_broadcast *b, const struct pw_model *m, void (*wake)(void *ctx),
		     void *ctx, struct pw_stream **ret);
void pw_stream_destroy(struct pw_stream *s);
/* Takes at most size bytes; 0: nothing now. */
size_t pw_stream_take(struct pw_stream *s, void *buf, size_t size);

struct pw_broadcast_status {
	unsigned int readers;
	uint64_t waiting_bytes; /* over all readers; shared chunks count for each */
	uint64_t lost_records; /* ever, over all readers */
};
struct pw_broadcast_status pw_broadcast_status(const struct pw_broadcast *b);
/* Calls wake for every reader; at the end of the daemon. */
void pw_broadcast_wake_all(struct pw_broadcast *b);

#endif
