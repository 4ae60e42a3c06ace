// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The writer of wipes. The model's ring is short: a busy server overruns it
 * between two ticks. Its callers count everything, so what the ring lost is
 * told by the difference, and thinned like the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "user/store/private.h"

#define VERDICTS 4
#define STEP_ROWS_ORDINARY 16 /* of one caller and verdict in one step */
#define STEP_ROWS_MATTER 256
#define STEP_ROWS 2000 /* of all together */

/* One caller and verdict, or release site and verdict. */
struct quota {
	uint64_t taken; /* calls of the model that are in rows or skipped; of callers */
	uint64_t skipped; /* in this step, in no row yet */
	int64_t row; /* the last of this step; 0: none */
	uint32_t rows; /* in this step */
};

struct pw_store_wipes {
	uint64_t taken, secrets_taken; /* events of the model's logs */
	uint32_t step_rows;
	struct quota callers[PW_WIPE_CALLERS_MAX][VERDICTS];
	struct quota sites[PW_WIPE_SITES_MAX][VERDICTS];
};

/* ---- rows ---------------------------------------------------------------------- */

struct row {
	const struct pw_record *rec;
	size_t size; /* of its struct */
	bool matters;
	int64_t kind; /* what may be merged with it later, beside its place */
	const char *exe, *file, *symbol;
	int64_t offset;
	uint64_t skipped;
};

static int64_t kind_of(uint32_t type, uint32_t what, uint32_t verdict)
{
	return (int64_t)type << 32 | what << 8 | verdict;
}

static void bind_name(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_blob(st, i, text, strlen(text), SQLITE_STATIC); /* "" is no NULL */
}

static void bind_place(sqlite3_stmt *st, const struct row *row)
{
	bind_name(st, 1, row->exe);
	bind_name(st, 2, row->file);
	bind_name(st, 3, row->symbol);
	sqlite3_bind_int64(st, 4, row->offset);
}

/* The row's id; 0: not written, and counted as lost. */
static int64_t put_row(struct pw_store *s, const struct pw_model *m, const struct row *row)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_WIPE_PLACE_PUT];

	bind_place(st, row);
	if (!pw_write_put(s, PW_STMT_WIPE_PLACE_PUT))
		return 0;
	s->txn_rows--; /* the place is no row of history */
	st = s->stmt[PW_STMT_WIPE_PUT];
	bind_place(st, row);
	sqlite3_bind_int64(st, 5, pw_model_realtime(m, row->rec->time_ns));
	sqlite3_bind_int64(st, 6, row->matters);
	sqlite3_bind_int64(st, 7, row->kind);
	sqlite3_bind_int64(st, 8, row->skipped);
	sqlite3_bind_blob(st, 9, row->rec, row->size, SQLITE_STATIC);
	return pw_write_put(s, PW_STMT_WIPE_PUT) ? sqlite3_last_insert_rowid(s->db) : 0;
}

/* Writes the row or, beyond the quota, counts it. */
static void put_in_quota(struct pw_store *s, const struct pw_model *m, struct quota *q,
			 const struct row *row)
{
	uint32_t most = row->matters ? STEP_ROWS_MATTER : STEP_ROWS_ORDINARY;
	int64_t id;

	if (q && (q->rows >= most || s->wipes->step_rows >= STEP_ROWS)) {
		q->skipped += 1 + row->skipped;
		return;
	}
	if (s->wipes->step_rows >= STEP_ROWS) {
		s->lost_rows++;
		return;
	}
	id = put_row(s, m, row);
	if (!id)
		return;
	s->wipes->step_rows++;
	if (q) {
		q->rows++;
		q->row = id;
	}
}

/* ---- wipes and releases ---------------------------------------------------------- */

static bool wipe_matters(uint8_t verdict)
{
	return verdict == PW_WIPED_PART || verdict == PW_WIPED_NOTHING;
}

static void put_wipe(struct pw_store *s, const struct pw_model *m, struct quota *q,
		     const struct pw_wipe *w, const struct pw_wipe_caller *c,
		     const struct pw_wipe_event *ev, uint64_t skipped)
{
	struct pw_wipe record = *w;
	struct row row = {
		.rec = &record.rec,
		.size = sizeof(record),
		.matters = wipe_matters(w->verdict),
		.kind = kind_of(PW_REC_WIPE, w->function, w->verdict),
		.exe = c ? c->exe : ev->exe,
		.file = c ? c->file : ev->file,
		.symbol = c ? c->symbol : ev->symbol,
		.skipped = skipped,
	};

	record.rec.size = sizeof(record);
	record.file_len = record.symbol_len = record.exe_len = 0;
	record.more = 0; /* `skipped` tells */
	/* An address tells nothing about another process. */
	row.offset = row.file[0] ? (int64_t)w->caller_offset : 0;
	put_in_quota(s, m, q, &row);
}

static void take_wipe(struct pw_store *s, const struct pw_model *m, const struct pw_wipe_event *ev)
{
	const struct pw_wipe_caller *c = ev->caller;
	struct quota *q = NULL;

	if (c) {
		q = &s->wipes->callers[c - m->wipes.callers][ev->wipe.verdict];
		q->taken += 1 + (uint64_t)ev->wipe.more;
	}
	put_wipe(s, m, q, &ev->wipe, c, ev, ev->wipe.more);
}

static void take_release(struct pw_store *s, const struct pw_model *m, const struct pw_wipe_event *ev)
{
	const struct pw_release *r = &ev->rel;
	bool dirty = wipe_matters(r->verdict);
	struct pw_release record = *r;
	struct quota *q = NULL;
	struct row row = {
		.rec = &record.rec,
		.size = sizeof(record),
		.matters = dirty || !r->wipe_time_ns,
		/* whether it was wiped must not get lost when rows are merged */
		.kind = kind_of(PW_REC_RELEASE, r->function << 1 | !r->wipe_time_ns, r->verdict),
		.exe = ev->exe,
		.file = ev->file,
		.symbol = ev->symbol,
		.offset = ev->file[0] ? (int64_t)r->caller_offset : 0,
		.skipped = r->more,
	};

	record.rec.size = sizeof(record);
	record.file_len = record.symbol_len = record.exe_len = 0;
	record.more = 0;
	if (ev->site) /* those without a wipe are one kind, whatever was read of them */
		q = &s->wipes->sites[ev->site - m->wipes.sites][r->wipe_time_ns ? r->verdict : 0];
	put_in_quota(s, m, q, &row);
}

/* ---- secrets --------------------------------------------------------------------- */

static void take_secret(struct pw_store *s, const struct pw_model *m, const struct pw_secret *r)
{
	const struct pw_process *p = pw_model_process(m, &r->key);
	char label[sizeof(r->label) + 1] = "";
	struct pw_secret record = *r;
	struct row row = {
		.rec = &record.rec,
		.size = sizeof(record),
		.matters = r->verdict > PW_SECRET_CLEAN,
		.kind = kind_of(PW_REC_SECRET, r->event, r->verdict),
		.exe = p ? p->exe : "",
		.file = "",
		.symbol = label,
	};

	memcpy(label, r->label, sizeof(r->label));
	record.rec.size = sizeof(record);
	put_in_quota(s, m, NULL, &row);
}

/* ---- ticks and steps --------------------------------------------------------------- */

/* A model that ran before this file was opened: the ring is taken, what it lost before is not. */
static void begin_behind(struct pw_store_wipes *w, const struct pw_model *m)
{
	const struct pw_wipe_ledger *l = &m->wipes;

	for (size_t i = 0; i < l->caller_count; i++) {
		for (unsigned int v = 0; v < VERDICTS; v++)
			w->callers[i][v].taken = l->callers[i].by_verdict[v];
	}
	for (size_t i = 0; i < pw_wipe_event_count(l); i++) {
		const struct pw_wipe_event *ev = pw_wipe_event_at(l, i);

		if (!ev->release && ev->caller)
			w->callers[ev->caller - l->callers][ev->wipe.verdict].taken -=
				1 + (uint64_t)ev->wipe.more;
	}
	w->taken = l->total - pw_wipe_event_count(l);
	w->secrets_taken = m->secrets.log.total - pw_secret_event_count(&m->secrets);
}

/* Room for the quotas, made when there is something to write. */
static bool make_ready(struct pw_store *s, const struct pw_model *m)
{
	const struct pw_wipe_ledger *l = &m->wipes;

	if (s->wipes &&
	    (s->wipes->taken > l->total || s->wipes->secrets_taken > m->secrets.log.total)) {
		free(s->wipes); /* another boot: the model began anew */
		s->wipes = NULL;
		s->wipes_from_start = true;
	}
	if (s->wipes)
		return true;
	if (!l->total && !m->secrets.log.total) {
		s->wipes_from_start = true;
		return false;
	}
	s->wipes = calloc(1, sizeof(*s->wipes));
	if (s->wipes && !s->wipes_from_start)
		begin_behind(s->wipes, m);
	return s->wipes;
}

void pw_write_wipes(struct pw_store *s, const struct pw_model *m)
{
	const struct pw_wipe_ledger *l = &m->wipes;
	const struct pw_secret_table *t = &m->secrets;
	struct pw_store_wipes *w;
	uint64_t first;

	if (!make_ready(s, m))
		return;
	w = s->wipes;
	first = l->total - pw_wipe_event_count(l);
	w->taken = w->taken < first ? first : w->taken; /* the callers counted those */
	for (; w->taken < l->total; w->taken++) {
		const struct pw_wipe_event *ev = pw_wipe_event_at(l, w->taken - first);

		if (ev->release)
			take_release(s, m, ev);
		else
			take_wipe(s, m, ev);
	}
	first = t->log.total - pw_secret_event_count(t);
	if (w->secrets_taken < first) {
		s->lost_rows += first - w->secrets_taken;
		w->secrets_taken = first;
	}
	for (; w->secrets_taken < t->log.total; w->secrets_taken++)
		take_secret(s, m, pw_secret_event_at(t, w->secrets_taken - first));
}

/* Adds what was skipped to the step's last row. */
static void settle(struct pw_store *s, struct quota *q)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_WIPE_MORE];

	if (q->skipped && q->row) {
		sqlite3_bind_int64(st, 1, q->row);
		sqlite3_bind_int64(st, 2, q->skipped);
		if (pw_write_put(s, PW_STMT_WIPE_MORE))
			s->txn_rows--;
		q->skipped = 0;
	}
	q->rows = 0;
	q->row = 0;
}

/* All of a step was overrun: one row stands for it, with what is known of the caller. */
static void put_overrun(struct pw_store *s, const struct pw_model *m, struct quota *q,
			const struct pw_wipe_caller *c, uint8_t verdict)
{
	struct pw_wipe w = c->last;
	uint64_t skipped = q->skipped - 1;

	if (wipe_matters(verdict) && c->last_bad.verdict == verdict)
		w = c->last_bad;
	if (w.verdict != verdict) { /* its findings are not this verdict's */
		w.verdict = verdict;
		w.reason = PW_UNSEEN_NONE;
		w.checked_bytes = w.dirty_bytes = 0;
		w.first_dirty = PW_UNKNOWN;
	}
	q->skipped = 0;
	put_wipe(s, m, q, &w, c, NULL, skipped);
	q->row = 0; /* the next step has its own */
	q->rows = 0;
}

void pw_write_wipes_step(struct pw_store *s, const struct pw_model *m)
{
	const struct pw_wipe_ledger *l = &m->wipes;

	if (!s->wipes)
		return;
	s->wipes->step_rows = 0;
	for (size_t i = 0; i < l->caller_count; i++) {
		for (unsigned int v = 0; v < VERDICTS; v++) {
			struct quota *q = &s->wipes->callers[i][v];

			q->skipped += l->callers[i].by_verdict[v] - q->taken;
			q->taken = l->callers[i].by_verdict[v];
			settle(s, q);
			if (q->skipped)
				put_overrun(s, m, q, &l->callers[i], v);
		}
	}
	for (size_t i = 0; i < l->site_count; i++) {
		for (unsigned int v = 0; v < VERDICTS; v++)
			settle(s, &s->wipes->sites[i][v]);
	}
}

void pw_write_wipes_lost(struct pw_store *s)
{
	if (!s->wipes)
		return;
	for (size_t i = 0; i < PW_WIPE_CALLERS_MAX; i++) {
		for (unsigned int v = 0; v < VERDICTS; v++)
			s->wipes->callers[i][v].row = 0;
	}
	for (size_t i = 0; i < PW_WIPE_SITES_MAX; i++) {
		for (unsigned int v = 0; v < VERDICTS; v++)
			s->wipes->sites[i][v].row = 0;
	}
}
