// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes of verdicts: one row each. */
#include <errno.h>
#include <string.h>

#include "user/store/private.h"
#include "user/store/reading.h"
#include "user/store/trends.h"

#define EVENTS_AT_ONCE 64
#define TRIM_ROWS 4096

/* ---- writing ------------------------------------------------------------------------- */

static void bind_word(sqlite3_stmt *st, int *i, const char *word)
{
	sqlite3_bind_text(st, (*i)++, word, -1, SQLITE_STATIC);
}

static void bind_bytes(sqlite3_stmt *st, int *i, const char *bytes)
{
	sqlite3_bind_blob(st, (*i)++, bytes, strlen(bytes), SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *st, int *i, uint64_t n)
{
	sqlite3_bind_int64(st, (*i)++, (int64_t)n);
}

static void bind_subject(sqlite3_stmt *st, int *i, const struct pw_subject *s)
{
	bind_word(st, i, s->boot_id);
	bind_word(st, i, pw_subject_type_names[s->type]);
	bind_number(st, i, s->key.pid);
	bind_number(st, i, s->key.start_ns);
	bind_bytes(st, i, s->comm);
	bind_bytes(st, i, s->exe);
	bind_bytes(st, i, s->cgroup);
	bind_bytes(st, i, s->unit);
	bind_bytes(st, i, s->container);
}

static void put_verdict(struct pw_store *s, const struct pw_verdict_event *ev)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_VERDICT_PUT];
	const struct pw_verdict *v = &ev->verdict;
	int i = 1;

	bind_number(st, &i, ev->time_ns);
	bind_subject(st, &i, &ev->subject);
	bind_word(st, &i, pw_series_names[ev->kind]);
	bind_word(st, &i, pw_verdict_names[ev->from]);
	bind_word(st, &i, pw_verdict_names[ev->to]);
	bind_number(st, &i, ev->ended);
	bind_number(st, &i, ev->covered_by_process);
	sqlite3_bind_double(st, i++, v->confidence);
	sqlite3_bind_double(st, i++, v->slope);
	sqlite3_bind_double(st, i++, v->slope_low);
	sqlite3_bind_double(st, i++, v->slope_high);
	bind_number(st, &i, v->since_ns);
	bind_number(st, &i, v->window_ns);
	bind_number(st, &i, ev->value);
	bind_word(st, &i, pw_limit_names[ev->limit.kind]);
	bind_number(st, &i, ev->limit.limit);
	bind_number(st, &i, ev->limit.used);
	if (ev->time_to_limit.known) { /* else they stay NULL */
		sqlite3_bind_double(st, i++, ev->time_to_limit.seconds);
		sqlite3_bind_double(st, i++, ev->time_to_limit.seconds_low);
		sqlite3_bind_double(st, i++, ev->time_to_limit.seconds_high);
	} else {
		i += 3;
	}
	bind_word(st, &i, ev->reason);
	pw_write_put(s, PW_STMT_VERDICT_PUT);
}

void pw_store_take_verdicts(struct pw_store *s, const struct pw_trends *t)
{
	const struct pw_verdict_event *events[EVENTS_AT_ONCE];
	uint64_t lost;
	size_t count;

	do {
		count = pw_trends_events(t, s->verdicts_taken, events, EVENTS_AT_ONCE, &lost);
		s->lost_rows += lost;
		s->verdicts_taken += lost;
		for (size_t i = 0; i < count; i++) {
			put_verdict(s, events[i]);
			s->verdicts_taken = events[i]->sequence;
		}
	} while (count == EVENTS_AT_ONCE);
}

/* ---- ageing -------------------------------------------------------------------------- */

int pw_age_verdicts(struct pw_store *s)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int64_t most = s->max_bytes / PW_STORE_VERDICT_SHARE / PW_STORE_VERDICT_ROW_BYTES, rows,
		excess;
	int r = pw_store_scalar(s, "SELECT count(*) FROM verdict", 0, &rows);

	if (r || rows <= most)
		return r;
	/* below it by a tenth, so that it does not run at each call */
	excess = rows - most + most / 10;
	r = pw_store_errno(s, sqlite3_prepare_v2(s->db,
						 "DELETE FROM verdict WHERE id IN (SELECT id FROM"
						 " verdict ORDER BY time_ns LIMIT ?1)",
						 -1, &st, NULL));
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, excess < TRIM_ROWS ? excess : TRIM_ROWS);
	return pw_store_errno(s, sqlite3_step(st));
}

/* ---- reading ------------------------------------------------------------------------- */

/* A word of a list; 0 for one that this version does not know. */
static unsigned int word_of(sqlite3_stmt *st, int i, const char *const *words, unsigned int count)
{
	const char *text = (const char *)sqlite3_column_text(st, i);

	for (unsigned int k = 0; text && k < count; k++) {
		if (!strcmp(words[k], text))
			return k;
	}
	return 0;
}

static void read_text(sqlite3_stmt *st, int i, char *out, size_t size)
{
	const void *bytes = sqlite3_column_blob(st, i);
	size_t len = sqlite3_column_bytes(st, i);

	len = !bytes ? 0 : len < size ? len : size - 1;
	if (len)
		memcpy(out, bytes, len);
	out[len] = '\0';
}

static void read_subject(sqlite3_stmt *st, int *i, struct pw_subject *s, struct pw_text_cell text[5])
{
	s->boot_id = pw_text_cell(st, (*i)++, &text[0]);
	s->type = word_of(st, (*i)++, pw_subject_type_names, PW_SUBJECT_TYPES);
	s->key.pid = (uint32_t)sqlite3_column_int64(st, (*i)++);
	s->key.start_ns = sqlite3_column_int64(st, (*i)++);
	read_text(st, (*i)++, s->comm, sizeof(s->comm));
	s->exe = pw_text_cell(st, (*i)++, &text[1]);
	s->cgroup = pw_text_cell(st, (*i)++, &text[2]);
	s->unit = pw_text_cell(st, (*i)++, &text[3]);
	s->container = pw_text_cell(st, (*i)++, &text[4]);
}

static void read_verdict(sqlite3_stmt *st, int *i, struct pw_verdict *v)
{
	v->confidence = sqlite3_column_double(st, (*i)++);
	v->slope = sqlite3_column_double(st, (*i)++);
	v->slope_low = sqlite3_column_double(st, (*i)++);
	v->slope_high = sqlite3_column_double(st, (*i)++);
	v->since_ns = sqlite3_column_int64(st, (*i)++);
	v->window_ns = sqlite3_column_int64(st, (*i)++);
}

static void read_limit(sqlite3_stmt *st, int *i, struct pw_verdict_event *ev)
{
	ev->limit.kind = word_of(st, (*i)++, pw_limit_names, PW_LIMIT_KINDS);
	ev->limit.limit = sqlite3_column_int64(st, (*i)++);
	ev->limit.used = sqlite3_column_int64(st, (*i)++);
	ev->limit.left = ev->limit.limit > ev->limit.used ? ev->limit.limit - ev->limit.used : 0;
	ev->time_to_limit.known = sqlite3_column_type(st, *i) != SQLITE_NULL;
	ev->time_to_limit.seconds = sqlite3_column_double(st, (*i)++);
	ev->time_to_limit.seconds_low = sqlite3_column_double(st, (*i)++);
	ev->time_to_limit.seconds_high = sqlite3_column_double(st, (*i)++);
}

static void read_event(sqlite3_stmt *st, struct pw_verdict_event *ev, struct pw_text_cell text[5])
{
	int i = 0;

	*ev = (struct pw_verdict_event){ .sequence = sqlite3_column_int64(st, i++) };
	ev->time_ns = sqlite3_column_int64(st, i++);
	read_subject(st, &i, &ev->subject, text);
	ev->kind = word_of(st, i++, pw_series_names, PW_SERIES_KINDS);
	ev->from = word_of(st, i++, pw_verdict_names, PW_VERDICT_CLASSES);
	ev->to = word_of(st, i++, pw_verdict_names, PW_VERDICT_CLASSES);
	ev->verdict.verdict = ev->to;
	ev->ended = sqlite3_column_int(st, i++);
	ev->covered_by_process = sqlite3_column_int(st, i++);
	read_verdict(st, &i, &ev->verdict);
	ev->value = sqlite3_column_int64(st, i++);
	read_limit(st, &i, ev);
	read_text(st, i, ev->reason, sizeof(ev->reason));
}

int pw_store_each_verdict(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
			  int (*fn)(void *ctx, const struct pw_verdict_event *ev), void *ctx)
{
	PW_QUERY_SCOPE(s);
	pw_auto_statement sqlite3_stmt *st = NULL;
	struct pw_verdict_event ev;
	struct pw_text_cell text[5];
	int rc, r;

	if (s->schema < 3)
		return 0;
	r = pw_store_errno(s, sqlite3_prepare_v2(s->db,
						 "SELECT id, " PW_STORE_VERDICT_COLUMNS
						 " FROM verdict WHERE time_ns >= ?1 AND time_ns < ?2"
						 " ORDER BY time_ns, id",
						 -1, &st, NULL));
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, pw_clamp_ns(from_ns));
	sqlite3_bind_int64(st, 2, pw_clamp_ns(to_ns));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		read_event(st, &ev, text);
		r = fn(ctx, &ev);
		if (r)
			return r;
	}
	return pw_store_errno(s, rc);
}
