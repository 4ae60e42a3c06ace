// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes of verdicts: a ring of the newest, in an order that the same records give again. */
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"

#define FRESH_FIRST 4

static void hold_strings(struct pw_subject *s)
{
	pw_intern_again(s->exe);
	pw_intern_again(s->cgroup);
	pw_intern_again(s->unit);
	pw_intern_again(s->container);
	pw_intern_again(s->boot_id);
}

static void release(struct pw_trends *t, struct pw_verdict_event *ev)
{
	if (!ev->sequence)
		return;
	pw_intern_put(t->strings, ev->subject.exe);
	pw_intern_put(t->strings, ev->subject.cgroup);
	pw_intern_put(t->strings, ev->subject.unit);
	pw_intern_put(t->strings, ev->subject.container);
	pw_intern_put(t->strings, ev->subject.boot_id);
}

static bool make_ring(struct pw_trends *t)
{
	if (!t->ring)
		t->ring = calloc(PW_VERDICT_EVENTS_MAX, sizeof(*t->ring));
	return t->ring;
}

/* Without memory an event is lost, and its number tells. */
void pw_trends_emit(struct pw_trends *t, const struct pw_trends_subject *s,
		    enum pw_series_kind kind, const struct pw_verdict_event *ev)
{
	struct pw_verdict_event *to;

	if (t->fresh_count == t->fresh_room) {
		size_t room = t->fresh_room ? 2 * t->fresh_room : FRESH_FIRST;

		to = realloc(t->fresh, room * sizeof(*t->fresh));
		if (!to) {
			t->events++;
			return;
		}
		t->fresh = to;
		t->fresh_room = room;
	}
	to = &t->fresh[t->fresh_count++];
	*to = *ev;
	to->time_ns = t->now_ns;
	to->kind = kind;
	to->subject = s->s;
	hold_strings(&to->subject);
}

static int by_subject(const void *a, const void *b)
{
	const struct pw_verdict_event *x = a, *y = b;
	int order;

	if (x->subject.type != y->subject.type)
		return x->subject.type < y->subject.type ? -1 : 1;
	if (x->subject.key.pid != y->subject.key.pid)
		return x->subject.key.pid < y->subject.key.pid ? -1 : 1;
	if (x->subject.key.start_ns != y->subject.key.start_ns)
		return x->subject.key.start_ns < y->subject.key.start_ns ? -1 : 1;
	order = strcmp(x->subject.exe, y->subject.exe);
	order = order ? order : strcmp(x->subject.cgroup, y->subject.cgroup);
	if (order)
		return order;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	/* an end, then what a new beginning was found to be */
	return (int)y->ended - (int)x->ended;
}

void pw_trends_publish(struct pw_trends *t)
{
	if (!t->fresh_count)
		return;
	qsort(t->fresh, t->fresh_count, sizeof(*t->fresh), by_subject);
	for (size_t i = 0; i < t->fresh_count; i++) {
		struct pw_verdict_event *ev = &t->fresh[i];

		ev->sequence = ++t->events;
		if (!make_ring(t)) {
			release(t, ev);
			continue;
		}
		release(t, &t->ring[t->events % PW_VERDICT_EVENTS_MAX]);
		t->ring[t->events % PW_VERDICT_EVENTS_MAX] = *ev;
	}
	t->fresh_count = 0;
	if (t->fresh_room > 64) {
		free(t->fresh);
		t->fresh = NULL;
		t->fresh_room = 0;
	}
}

/* The strings go with the table. */
void pw_trends_events_free(struct pw_trends *t)
{
	free(t->fresh);
	free(t->ring);
}

size_t pw_trends_events(const struct pw_trends *t, uint64_t after,
			struct pw_verdict_event const **ret, size_t max, uint64_t *ret_lost)
{
	uint64_t oldest = t->events > PW_VERDICT_EVENTS_MAX ? t->events - PW_VERDICT_EVENTS_MAX : 0;
	uint64_t lost = 0;
	size_t count = 0;

	for (uint64_t n = after + 1; n <= t->events && count < max; n++) {
		const struct pw_verdict_event *ev;

		if (n <= oldest) {
			lost += oldest - n + 1;
			n = oldest;
			continue;
		}
		ev = t->ring ? &t->ring[n % PW_VERDICT_EVENTS_MAX] : NULL;
		if (ev && ev->sequence == n)
			ret[count++] = ev;
		else
			lost++;
	}
	*ret_lost = lost;
	return count;
}
