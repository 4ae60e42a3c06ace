// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/playback.h"

#include <errno.h>
#include <string.h>

void pw_playback_init(struct pw_playback *p, struct pw_recording_reader *reader, bool ahead)
{
	memset(p, 0, sizeof(*p));
	p->reader = reader;
	p->ahead = ahead;
}

void pw_playback_deinit(struct pw_playback *p)
{
	pw_recording_reader_destroy(p->reader);
	p->reader = NULL;
}

uint64_t pw_playback_damaged(const struct pw_playback *p)
{
	return pw_recording_damaged(p->reader);
}

static int read_good(struct pw_playback *p, const struct pw_record **ret)
{
	int rc;

	do
		rc = pw_recording_read(p->reader, ret);
	while (rc == -EBADMSG);
	p->input_error = rc != -ENODATA ? rc : 0;
	return rc;
}

static int next_record(struct pw_playback *p, const struct pw_record **ret)
{
	if (!p->holds)
		return read_good(p, ret);
	p->holds = false;
	if (!p->held_result)
		*ret = p->held;
	return p->held_result;
}

/* Says in a tick what the recorded one said, and the damage known by now. */
static void tell_damage(struct pw_playback *p, struct pw_tick *tick)
{
	p->told = pw_playback_damaged(p);
	tick->lost[PW_LOSS_DAMAGED] = p->last.lost[PW_LOSS_DAMAGED] + p->told;
}

static int give_tick(struct pw_playback *p, const struct pw_record *rec, pw_sink sink, void *ctx)
{
	struct pw_tick *tick = (void *)p->tick;

	memcpy(p->tick, rec, rec->size);
	if (p->ahead) { /* rec is gone after this */
		p->held_result = read_good(p, &p->held);
		p->holds = true;
	}
	if (tick->rec.size >= sizeof(*tick)) {
		p->last = *tick;
		tell_damage(p, tick);
	}
	return sink(ctx, &tick->rec);
}

static int give_made_up_tick(struct pw_playback *p, pw_sink sink, void *ctx)
{
	struct pw_tick tick = p->last;
	uint64_t before = p->last.rec.time_ns;

	tick.rec.type = PW_REC_TICK;
	tick.rec.size = sizeof(tick);
	tick.rec.time_ns = p->last_ns > before ? p->last_ns : before;
	tick.interval_ns = p->last.sequence ? tick.rec.time_ns - before : 0;
	tick.sequence++;
	tell_damage(p, &tick);
	return sink(ctx, &tick.rec);
}

int pw_playback_interval(struct pw_playback *p, pw_sink sink, void *ctx)
{
	for (;;) {
		const struct pw_record *rec;
		int rc = next_record(p, &rec);

		if (rc == -ENODATA && p->told < pw_playback_damaged(p))
			return give_made_up_tick(p, sink, ctx);
		if (rc)
			return rc;
		if (rec->time_ns > p->last_ns)
			p->last_ns = rec->time_ns;
		if (rec->type == PW_REC_TICK)
			return give_tick(p, rec, sink, ctx);
		rc = sink(ctx, rec);
		if (rc)
			return rc;
	}
}
