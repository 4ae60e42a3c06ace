// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/broadcast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/daemon/memory_tape.h"
#include "user/model/export.h"

#define QUEUE_MAX 256 /* chunks; intervals are small on a quiet machine */

/* Encoded blocks that several readers share. */
struct chunk {
	unsigned int refs;
	size_t len;
	char bytes[];
};

struct pw_stream {
	struct pw_broadcast *owner;
	struct pw_stream *next;
	void (*wake)(void *ctx);
	void *ctx;
	struct chunk *queue[QUEUE_MAX]; /* ring */
	unsigned int head, used;
	size_t offset; /* into the head */
	size_t waiting; /* bytes in the queue */
	bool behind; /* lost an interval; a snapshot is due */
	uint64_t lost; /* records, ever */
};

struct pw_broadcast {
	struct pw_memory_tape tape; /* the interval so far */
	uint64_t records; /* in it */
	struct pw_stream *readers;
	unsigned int count;
	uint64_t lost;
};

static void chunk_put(struct chunk *c)
{
	if (c && --c->refs == 0)
		free(c);
}

/* What the tape holds, as a chunk with one reference. */
static int cut_chunk(struct pw_memory_tape *t, struct chunk **ret)
{
	int r = pw_recording_flush(t->writer);
	struct chunk *c;

	if (r)
		return r;
	c = malloc(sizeof(*c) + t->len);
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->len = t->len;
	memcpy(c->bytes, t->bytes, t->len);
	t->len = 0;
	*ret = c;
	return 0;
}

/* ---- readers --------------------------------------------------------------------- */

static void enqueue(struct pw_stream *s, struct chunk *c)
{
	if (!c->len)
		return;
	c->refs++;
	s->queue[(s->head + s->used++) % QUEUE_MAX] = c;
	s->waiting += c->len;
}

static bool has_room(const struct pw_stream *s, size_t len)
{
	/* Two chunks: the interval and its TICK. */
	return s->used + 2 <= QUEUE_MAX && s->waiting + len <= PW_STREAM_BACKLOG;
}

struct snapshot {
	struct pw_memory_tape tape;
	uint64_t lost;
};

static int snapshot_record(void *ctx, const struct pw_record *rec)
{
	struct snapshot *sn = ctx;
	struct pw_tick tick;

	if (rec->type != PW_REC_TICK || !sn->lost)
		return pw_memory_tape_sink(&sn->tape, rec);
	tick = *(const struct pw_tick *)rec;
	tick.lost[PW_LOSS_STREAM] += sn->lost;
	return pw_memory_tape_sink(&sn->tape, &tick.rec);
}

/* All of the model for this reader; the file's header only for a new one. */
static int enqueue_snapshot(struct pw_stream *s, const struct pw_model *m, bool with_header)
{
	struct snapshot sn = { .lost = s->lost };
	struct chunk *c = NULL;
	int r = pw_memory_tape_init(&sn.tape, 0);

	if (!r && !with_header) {
		r = pw_recording_flush(sn.tape.writer);
		sn.tape.len = 0;
	}
	r = r ? r : pw_model_export(m, snapshot_record, &sn);
	r = r ? r : cut_chunk(&sn.tape, &c);
	pw_memory_tape_deinit(&sn.tape);
	if (!r)
		enqueue(s, c);
	chunk_put(c);
	return r;
}

int pw_stream_create(struct pw_broadcast *b, const struct pw_model *m, void (*wake)(void *ctx),
		     void *ctx, struct pw_stream **ret)
{
	struct pw_stream *s;
	int r;

	if (b->count >= PW_STREAM_READERS)
		return -EMFILE;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->owner = b;
	s->wake = wake;
	s->ctx = ctx;
	r = enqueue_snapshot(s, m, true);
	if (r) {
		free(s);
		return r;
	}
	s->next = b->readers;
	b->readers = s;
	b->count++;
	*ret = s;
	return 0;
}

void pw_stream_destroy(struct pw_stream *s)
{
	struct pw_stream **p;

	if (!s)
		return;
	for (p = &s->owner->readers; *p != s; p = &(*p)->next)
		;
	*p = s->next;
	s->owner->count--;
	while (s->used--)
		chunk_put(s->queue[s->head++ % QUEUE_MAX]);
	free(s);
}

size_t pw_stream_take(struct pw_stream *s, void *buf, size_t size)
{
	size_t taken = 0;

	while (s->used && taken < size) {
		struct chunk *c = s->queue[s->head];
		size_t n = c->len - s->offset;

		if (n > size - taken)
			n = size - taken;
		memcpy((char *)buf + taken, c->bytes + s->offset, n);
		taken += n;
		s->offset += n;
		s->waiting -= n;
		if (s->offset < c->len)
			break;
		chunk_put(c);
		s->offset = 0;
		s->head = (s->head + 1) % QUEUE_MAX;
		s->used--;
	}
	return taken;
}

/* ---- intervals --------------------------------------------------------------------- */

struct interval {
	struct chunk *records; /* all but the TICK */
	struct chunk *tick; /* for readers without losses */
	const struct pw_tick *raw;
	uint64_t count;
};

static int encode_tick(struct pw_broadcast *b, const struct pw_tick *tick, uint64_t lost,
		       struct chunk **ret)
{
	struct pw_tick own = *tick;
	int r;

	own.lost[PW_LOSS_STREAM] += lost;
	r = pw_memory_tape_sink(&b->tape, &own.rec);
	return r ? r : cut_chunk(&b->tape, ret);
}

static void lose(struct pw_stream *s, uint64_t records)
{
	s->behind = true;
	s->lost += records;
	s->owner->lost += records;
}

static int deliver(struct pw_stream *s, const struct pw_model *m, const struct interval *in)
{
	struct chunk *tick = NULL;
	int r = 0;

	if (s->behind && s->waiting <= PW_STREAM_BACKLOG / 4 && s->used + 2 <= QUEUE_MAX) {
		/* The snapshot holds this interval too: the model has taken it. */
		r = enqueue_snapshot(s, m, false);
		s->behind = r != 0;
		return r;
	}
	if (s->behind || !has_room(s, in->records->len + in->tick->len)) {
		lose(s, in->count);
		return 0;
	}
	if (s->lost)
		r = encode_tick(s->owner, in->raw, s->lost, &tick);
	if (r)
		return r;
	enqueue(s, in->records);
	enqueue(s, tick ? tick : in->tick);
	chunk_put(tick);
	return 0;
}

static int end_interval(struct pw_broadcast *b, const struct pw_model *m, const struct pw_tick *tick)
{
	struct interval in = { .raw = tick, .count = b->records + 1 };
	int r = cut_chunk(&b->tape, &in.records);

	r = r ? r : encode_tick(b, tick, 0, &in.tick);
	for (struct pw_stream *s = b->readers; !r && s; s = s->next)
		r = deliver(s, m, &in);
	chunk_put(in.records);
	chunk_put(in.tick);
	if (r) { /* out of memory: everybody missed this one */
		for (struct pw_stream *s = b->readers; s; s = s->next)
			lose(s, in.count);
	}
	pw_broadcast_wake_all(b);
	return r;
}

/* The tape of intervals goes on behind the snapshots' headers, so its own header is dropped. */
static int restart_tape(struct pw_broadcast *b)
{
	int r;

	pw_memory_tape_deinit(&b->tape);
	r = pw_memory_tape_init(&b->tape, 0);
	r = r ? r : pw_recording_flush(b->tape.writer);
	b->tape.len = 0;
	b->records = 0;
	return r;
}

int pw_broadcast_record(struct pw_broadcast *b, const struct pw_model *m, const struct pw_record *rec)
{
	int r;

	if (!b->readers) {
		/* What began before a reader came is in its snapshot. */
		return b->records ? restart_tape(b) : 0;
	}
	if (rec->type == PW_REC_TICK) {
		r = end_interval(b, m, (const struct pw_tick *)rec);
		b->records = 0;
	} else {
		r = pw_memory_tape_sink(&b->tape, rec);
		b->records++;
	}
	if (!r)
		return 0;
	/* A writer's failure is sticky: begin a new one, the readers start over from snapshots. */
	for (struct pw_stream *s = b->readers; s; s = s->next)
		s->behind = true;
	return restart_tape(b);
}

int pw_broadcast_create(struct pw_broadcast **ret)
{
	struct pw_broadcast *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	r = restart_tape(b);
	if (r) {
		free(b);
		return r;
	}
	*ret = b;
	return 0;
}

void pw_broadcast_destroy(struct pw_broadcast *b)
{
	if (!b)
		return;
	pw_memory_tape_deinit(&b->tape);
	free(b);
}

void pw_broadcast_wake_all(struct pw_broadcast *b)
{
	for (struct pw_stream *s = b->readers; s; s = s->next)
		s->wake(s->ctx);
}

struct pw_broadcast_status pw_broadcast_status(const struct pw_broadcast *b)
{
	struct pw_broadcast_status st = { .readers = b->count, .lost_records = b->lost };

	for (const struct pw_stream *s = b->readers; s; s = s->next)
		st.waiting_bytes += s->waiting;
	return st;
}
