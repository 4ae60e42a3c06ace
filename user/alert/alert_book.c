// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/alert_book.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"

#define HOUR_NS (3600 * PW_NSEC_PER_SEC)

struct entry {
	struct pw_alert alert;
	uint64_t id;
	uint64_t hold_until_ns; /* 0: as long as it has members */
	uint64_t members[PW_ALERT_MEMBERS_MAX];
	bool seen[PW_ALERT_MEMBERS_MAX]; /* since forget */
	unsigned int member_count;
	bool told;
};

struct pw_alert_book {
	struct entry *entries[PW_ALERTS_MAX]; /* in the order in which they began */
	size_t count;
	pw_alert_tell tell;
	void *ctx;
	double rate, tokens; /* an hour; what may begin now */
	uint64_t filled_ns;
	bool changed;
	struct pw_alert_book_status status;
};

/* ---- life ------------------------------------------------------------------------ */

int pw_alert_book_create(unsigned int rate, pw_alert_tell tell, void *ctx, struct pw_alert_book **ret)
{
	struct pw_alert_book *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->tell = tell;
	b->ctx = ctx;
	b->rate = rate;
	b->tokens = rate;
	*ret = b;
	return 0;
}

void pw_alert_book_destroy(struct pw_alert_book *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		free(b->entries[i]);
	free(b);
}

void pw_alert_book_set_rate(struct pw_alert_book *b, unsigned int rate)
{
	b->rate = rate;
	if (b->tokens > rate)
		b->tokens = rate;
}

/* ---- entries --------------------------------------------------------------------- */

static struct entry *find(const struct pw_alert_book *b, uint64_t id)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->entries[i]->id == id)
			return b->entries[i];
	}
	return NULL;
}

static struct entry *add(struct pw_alert_book *b, const struct pw_alert *a)
{
	struct entry *e = b->count < PW_ALERTS_MAX ? calloc(1, sizeof(*e)) : NULL;

	if (!e) {
		b->status.refused++;
		return NULL;
	}
	e->alert = *a;
	e->id = pw_alert_id(a);
	b->entries[b->count++] = e;
	return e;
}

static void remove_at(struct pw_alert_book *b, size_t index)
{
	free(b->entries[index]);
	b->count--;
	memmove(b->entries + index, b->entries + index + 1,
		(b->count - index) * sizeof(b->entries[0]));
}

/* Whether there was something to end. */
static void end(struct pw_alert_book *b, struct entry *e, uint64_t now_ns, const char *reason)
{
	size_t index = 0;

	while (b->entries[index] != e)
		index++;
	e->alert.state = PW_ALERT_RESOLVED;
	/* A clock that was set back must not end it before it began. */
	e->alert.ends_ns = now_ns > e->alert.starts_ns ? now_ns : e->alert.starts_ns + 1;
	pw_alert_text(e->alert.reason, sizeof(e->alert.reason), reason);
	b->changed = true;
	if (e->told) {
		b->status.ended++;
		b->tell(b->ctx, &e->alert);
	} else {
		b->status.suppressed++;
	}
	remove_at(b, index);
}

static void join(struct pw_alert_book *b, struct entry *e, uint64_t member)
{
	for (unsigned int i = 0; i < e->member_count; i++) {
		if (e->members[i] == member) {
			e->seen[i] = true;
			return;
		}
	}
	if (e->member_count == PW_ALERT_MEMBERS_MAX) {
		b->status.crowded++;
		return;
	}
	e->members[e->member_count] = member;
	e->seen[e->member_count++] = true;
	b->changed = true;
}

static void leave(struct pw_alert_book *b, struct entry *e, unsigned int index)
{
	e->member_count--;
	e->members[index] = e->members[e->member_count];
	e->seen[index] = e->seen[e->member_count];
	b->changed = true;
}

#define KEEP(to, from, member) memcpy((to)->member, (from)->member, sizeof((to)->member))

/*
 * What is new is taken, but not when the alert began, nor what a receiver
 * knows it by: another member may be in another cgroup.
 */
static void update(struct entry *e, const struct pw_alert *a)
{
	struct pw_alert next = *a;

	next.starts_ns = e->alert.starts_ns;
	KEEP(&next, &e->alert, exe);
	KEEP(&next, &e->alert, cgroup);
	KEEP(&next, &e->alert, unit);
	KEEP(&next, &e->alert, container);
	KEEP(&next, &e->alert, host);
	if (!next.reason[0])
		KEEP(&next, &e->alert, reason);
	e->alert = next;
}

void pw_alert_book_raise(struct pw_alert_book *b, const struct pw_alert *a, uint64_t member,
			 bool keep, uint64_t hold_until_ns)
{
	struct entry *e = find(b, pw_alert_id(a));

	if (e && !keep)
		update(e, a);
	if (!e) {
		e = add(b, a);
		if (!e)
			return;
		b->changed = true;
	}
	e->alert.state = PW_ALERT_FIRING;
	e->alert.ends_ns = 0;
	if (hold_until_ns > e->hold_until_ns) {
		e->hold_until_ns = hold_until_ns;
		b->changed = true;
	}
	join(b, e, member);
	e->alert.members = e->member_count;
}

void pw_alert_book_drop(struct pw_alert_book *b, uint64_t id, uint64_t member, uint64_t now_ns,
			const char *reason)
{
	struct entry *e = find(b, id);

	for (unsigned int i = 0; e && i < e->member_count; i++) {
		if (e->members[i] != member)
			continue;
		leave(b, e, i);
		e->alert.members = e->member_count;
		if (!e->member_count)
			end(b, e, now_ns, reason);
		return;
	}
}

void pw_alert_book_forget(struct pw_alert_book *b)
{
	for (size_t i = 0; i < b->count; i++)
		memset(b->entries[i]->seen, 0, sizeof(b->entries[i]->seen));
}

void pw_alert_book_sweep(struct pw_alert_book *b, uint64_t now_ns, const char *reason)
{
	for (size_t i = b->count; i-- > 0;) {
		struct entry *e = b->entries[i];

		if (e->hold_until_ns)
			continue;
		for (unsigned int m = e->member_count; m-- > 0;) {
			if (!e->seen[m])
				leave(b, e, m);
		}
		e->alert.members = e->member_count;
		if (!e->member_count)
			end(b, e, now_ns, reason);
	}
}

/* ---- telling --------------------------------------------------------------------- */

static void fill_tokens(struct pw_alert_book *b, uint64_t now_ns)
{
	if (b->filled_ns && now_ns > b->filled_ns)
		b->tokens += b->rate * (double)(now_ns - b->filled_ns) / HOUR_NS;
	if (b->tokens > b->rate)
		b->tokens = b->rate;
	b->filled_ns = now_ns;
}

static void end_held(struct pw_alert_book *b, uint64_t now_ns, uint64_t *again)
{
	for (size_t i = b->count; i-- > 0;) {
		struct entry *e = b->entries[i];

		if (!e->hold_until_ns)
			continue;
		if (e->hold_until_ns <= now_ns)
			end(b, e, now_ns, "nothing more was seen of it");
		else if (e->hold_until_ns < *again)
			*again = e->hold_until_ns;
	}
}

uint64_t pw_alert_book_run(struct pw_alert_book *b, uint64_t now_ns)
{
	uint64_t again = UINT64_MAX;

	fill_tokens(b, now_ns);
	end_held(b, now_ns, &again);
	for (size_t i = 0; i < b->count; i++) {
		struct entry *e = b->entries[i];

		if (e->told)
			continue;
		if (b->tokens < 1) {
			uint64_t turn = now_ns + (uint64_t)((1 - b->tokens) / b->rate * HOUR_NS) + 1;

			return turn < again ? turn : again;
		}
		b->tokens -= 1;
		e->told = true;
		b->changed = true;
		b->status.begun++;
		b->tell(b->ctx, &e->alert);
	}
	return again;
}

/* ---- looking --------------------------------------------------------------------- */

size_t pw_alert_book_firing(const struct pw_alert_book *b, size_t index,
			    const struct pw_alert **ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count && n < max; i++) {
		if (!b->entries[i]->told)
			continue;
		if (index)
			index--;
		else
			ret[n++] = &b->entries[i]->alert;
	}
	return n;
}

const struct pw_alert *pw_alert_book_find(const struct pw_alert_book *b, uint64_t id)
{
	const struct entry *e = find(b, id);

	return e ? &e->alert : NULL;
}

void pw_alert_book_status(const struct pw_alert_book *b, struct pw_alert_book_status *ret)
{
	*ret = b->status;
	for (size_t i = 0; i < b->count; i++) {
		if (b->entries[i]->told)
			ret->firing++;
		else
			ret->waiting++;
	}
}

/* ---- saving ---------------------------------------------------------------------- */

bool pw_alert_book_is_changed(const struct pw_alert_book *b)
{
	return b->changed;
}

/* One line each: {"alert": {...}, "hold": "hex", "members": ["hex", ...]}. */
static int write_entry(const struct entry *e, FILE *out)
{
	pw_auto_free char *json = NULL;
	size_t len;
	int r = pw_alert_to_json(&e->alert, &json, &len);

	if (r)
		return r;
	fprintf(out, "{\"hold\":\"%" PRIx64 "\",\"members\":[", e->hold_until_ns);
	for (unsigned int i = 0; i < e->member_count; i++)
		fprintf(out, "%s\"%" PRIx64 "\"", i ? "," : "", e->members[i]);
	fprintf(out, "],\"alert\":%s}\n", json);
	return 0;
}

int pw_alert_book_save(struct pw_alert_book *b, char **ret, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r = out ? 0 : -ENOMEM;

	/* What was not told yet is found again by looking. */
	for (size_t i = 0; i < b->count && !r; i++)
		r = b->entries[i]->told ? write_entry(b->entries[i], out) : 0;
	if (out && (ferror(out) | fclose(out)) && !r)
		r = -ENOMEM;
	if (r) {
		free(text);
		return r;
	}
	b->changed = false;
	*ret = text;
	*ret_len = len;
	return 0;
}

static int take_hex(const json_t *value, uint64_t *ret)
{
	const char *text = json_string_value(value);
	char *stop;

	if (!text || !*text || strlen(text) > 16 || strspn(text, "0123456789abcdef") != strlen(text))
		return -EBADMSG;
	*ret = strtoull(text, &stop, 16);
	return 0;
}

static int take_entry(struct entry *e, const json_t *root)
{
	const json_t *members = json_object_get(root, "members");
	pw_auto_free char *json = json_dumps(json_object_get(root, "alert"), JSON_COMPACT);
	int r = json ? pw_alert_from_json(json, strlen(json), &e->alert) : -EBADMSG;

	r = r ? r : take_hex(json_object_get(root, "hold"), &e->hold_until_ns);
	if (r || !json_array_size(members) || json_array_size(members) > PW_ALERT_MEMBERS_MAX ||
	    e->alert.state != PW_ALERT_FIRING)
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(members) && !r; i++)
		r = take_hex(json_array_get(members, i), &e->members[i]);
	e->member_count = (unsigned int)json_array_size(members);
	e->id = pw_alert_id(&e->alert);
	e->told = true;
	return r;
}

static int load_line(struct pw_alert_book *b, const char *line, size_t len)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	struct entry *e = root && b->count < PW_ALERTS_MAX ? calloc(1, sizeof(*e)) : NULL;
	int r = e ? take_entry(e, root) : root ? -ENOMEM : -EBADMSG;

	json_decref(root);
	if (!r && find(b, e->id))
		r = -EBADMSG;
	if (r)
		free(e);
	else
		b->entries[b->count++] = e;
	return r;
}

int pw_alert_book_load(struct pw_alert_book *b, const char *text, size_t len)
{
	const char *end_of_text = text + len;
	int r = 0;

	while (text < end_of_text) {
		const char *stop = memchr(text, '\n', (size_t)(end_of_text - text));
		size_t n = (size_t)((stop ? stop : end_of_text) - text);
		int bad = n ? load_line(b, text, n) : 0;

		r = bad ? bad : r; /* the others are as good as they were */
		text = stop ? stop + 1 : end_of_text;
	}
	return r;
}
