// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The writer: what changed in a step becomes rows of one open transaction,
 * which the flush commits. When a row or the commit fails, the transaction is
 * rolled back, its rows are counted as lost, and every process counts as
 * unwritten: the next step writes the whole state again, so a loss costs
 * resolution and never leaves a stale value standing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/key.h"
#include "user/store/private.h"

#define SEEN_MAX 65536
#define EVENTS_PER_FLUSH 2000 /* a fork storm must not fill the history */

/* A process that has a row in this run. */
struct pw_store_seen {
	struct pw_key key;
	int64_t id;
	uint64_t identity; /* hash of what the process row holds */
	struct pw_store_amounts last;
	int64_t written_s; /* time of the last point; 0: write one */
	uint32_t generation;
	bool described; /* its process row is written */
	struct pw_store_seen *next_ended;
	bool ended;
};

static uint64_t seen_hash(const struct pw_key *key)
{
	return pw_hash_mix(key->pid ^ pw_key_tick(key) << 22);
}

static bool seen_match(const void *item, const void *key)
{
	return pw_key_same(&((const struct pw_store_seen *)item)->key, key);
}

int pw_write_init(struct pw_store *s, struct pw_error *err)
{
	int r = pw_hash_init(&s->seen, SEEN_MAX);

	if (r)
		return pw_error_set(err, r, "cannot open history %s: out of memory", s->path);
	r = pw_store_scalar(s, "SELECT value FROM meta WHERE key = 'run'", 0, &s->run);
	s->run++;
	s->trend_bytes = -1;
	r = r ? r : pw_store_scalar(s, "SELECT max(id) FROM process", 0, &s->next_process);
	s->next_process++;
	r = r ? r :
		pw_store_scalar(s, "SELECT max(time) + 10 FROM machine_point WHERE tier = 0", 0,
				&s->previous_end_s);
	r = r ? r :
		pw_store_exec(s, "BEGIN IMMEDIATE;"
				 "INSERT OR REPLACE INTO meta SELECT 'run', coalesce(max(value), 0) + 1"
				 " FROM meta WHERE key = 'run';"
				 "INSERT OR REPLACE INTO meta VALUES('clean', 0);"
				 "COMMIT");
	if (r && !sqlite3_get_autocommit(s->db))
		pw_store_exec(s, "ROLLBACK");
	return r ? pw_store_error(s, err, r, "write") : 0;
}

void pw_write_deinit(struct pw_store *s)
{
	for (size_t i = 0; i < s->seen.capacity; i++)
		free(s->seen.slots[i].item);
	pw_hash_deinit(&s->seen);
	free(s->wipes);
	s->wipes = NULL;
}

/* ---- rows -------------------------------------------------------------------- */

/* Forgets everything since the last commit and counts it. */
static void lose_transaction(struct pw_store *s, int rc)
{
	if (!s->failed) {
		s->failure = pw_store_errno(s, rc);
		snprintf(s->failure_text, sizeof(s->failure_text), "%s", sqlite3_errmsg(s->db));
	}
	s->failed = true;
	s->lost_rows += s->txn_rows;
	s->txn_rows = 0;
	if (!sqlite3_get_autocommit(s->db)) {
		sqlite3_step(s->stmt[PW_STMT_ROLLBACK]);
		sqlite3_reset(s->stmt[PW_STMT_ROLLBACK]);
	}
	s->in_txn = false;
	s->ended = NULL;
	s->boot = 0; /* its row may be gone */
	s->stale_ended = false;
	pw_write_wipes_lost(s);
	for (size_t i = 0; i < s->seen.capacity; i++) {
		struct pw_store_seen *n = s->seen.slots[i].item;

		if (!n)
			continue;
		n->written_s = 0;
		n->described = false;
		n->ended = false;
	}
}

static bool begin(struct pw_store *s)
{
	int rc;

	if (s->failed)
		return false;
	if (s->in_txn)
		return true;
	rc = sqlite3_step(s->stmt[PW_STMT_BEGIN]);
	sqlite3_reset(s->stmt[PW_STMT_BEGIN]);
	if (rc != SQLITE_DONE) {
		lose_transaction(s, rc);
		return false;
	}
	s->in_txn = true;
	return true;
}

bool pw_write_put(struct pw_store *s, enum pw_store_statement which)
{
	int rc = SQLITE_ERROR;

	if (begin(s)) {
		rc = sqlite3_step(s->stmt[which]);
		s->txn_rows++;
		/* An INSERT OR REPLACE that fails may have ended the transaction by itself. */
		if (rc != SQLITE_DONE)
			lose_transaction(s, rc);
	} else {
		s->lost_rows++;
	}
	sqlite3_reset(s->stmt[which]);
	sqlite3_clear_bindings(s->stmt[which]);
	return rc == SQLITE_DONE;
}

static void bind_bytes(sqlite3_stmt *st, int i, const char *bytes)
{
	if (bytes && bytes[0])
		sqlite3_bind_blob(st, i, bytes, strlen(bytes), SQLITE_STATIC);
	else
		sqlite3_bind_null(st, i);
}

static int bind_amounts(sqlite3_stmt *st, int i, const struct pw_store_amounts *a)
{
	sqlite3_bind_int64(st, i++, a->anon);
	sqlite3_bind_int64(st, i++, a->file);
	sqlite3_bind_int64(st, i++, a->shmem);
	sqlite3_bind_int64(st, i++, a->swap);
	sqlite3_bind_int64(st, i++, a->page_table);
	sqlite3_bind_int64(st, i++, a->minor_faults);
	sqlite3_bind_int64(st, i++, a->major_faults);
	sqlite3_bind_int64(st, i++, a->cpu_ms);
	return i;
}

static int take_boot(struct pw_store *s, const struct pw_model *m)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db,
				    "INSERT INTO boot(boot_id, hostname, release) VALUES(?, ?, ?)"
				    " ON CONFLICT(boot_id) DO UPDATE SET release = excluded.release"
				    " RETURNING id",
				    -1, &st, NULL);

	if (!begin(s))
		return s->failure;
	if (rc == SQLITE_OK) {
		const struct pw_machine *mc = &m->machine;

		sqlite3_bind_text(st, 1, (const char *)mc->boot_id,
				  strnlen((const char *)mc->boot_id, sizeof(mc->boot_id)),
				  SQLITE_STATIC);
		sqlite3_bind_text(st, 2, (const char *)mc->hostname,
				  strnlen((const char *)mc->hostname, sizeof(mc->hostname)),
				  SQLITE_STATIC);
		sqlite3_bind_text(st, 3, (const char *)mc->release,
				  strnlen((const char *)mc->release, sizeof(mc->release)),
				  SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc != SQLITE_ROW) {
		lose_transaction(s, rc);
		return s->failure;
	}
	s->boot = sqlite3_column_int64(st, 0);
	return 0;
}

/* ---- processes --------------------------------------------------------------- */

static struct pw_store_amounts amounts_of(const struct pw_process *p, uint32_t page_size)
{
	const struct pw_counters *c = &p->now;
	int64_t kib = page_size / 1024;

	return (struct pw_store_amounts){
		.anon = c->anon_pages * kib,
		.file = c->file_pages * kib,
		.shmem = c->shmem_pages * kib,
		.swap = c->swap_pages * kib,
		.page_table = c->page_table_bytes / 1024,
		.minor_faults = c->minor_faults,
		.major_faults = c->major_faults,
		.cpu_ms = c->cpu_ns / PW_NSEC_PER_MSEC,
	};
}

static bool same_memory(const struct pw_store_amounts *a, const struct pw_store_amounts *b)
{
	return a->anon == b->anon && a->file == b->file && a->shmem == b->shmem &&
	       a->swap == b->swap && a->page_table == b->page_table;
}

static bool point_is_due(const struct pw_store_seen *n, const struct pw_store_amounts *a,
			 int64_t time_s)
{
	/* a clock that was set back: nobody would look for it in the future */
	if (!n->written_s || n->written_s > time_s || !same_memory(&n->last, a))
		return true;
	if (memcmp(&n->last, a, sizeof(*a)) && time_s - n->written_s >= PW_STORE_TOTALS_S)
		return true;
	return time_s - n->written_s >= PW_STORE_HEARTBEAT_S;
}

static uint64_t identity_of(const struct pw_process *p)
{
	uint64_t h = pw_hash_bytes(p->comm, strlen(p->comm), p->uid);

	h = pw_hash_bytes(p->exe, strlen(p->exe), h);
	h = pw_hash_bytes(p->cgroup, strlen(p->cgroup), h);
	return pw_hash_bytes(p->build_id, p->build_id_len, h);
}

static void put_process(struct pw_store *s, const struct pw_model *m, const struct pw_process *p,
			const struct pw_store_seen *n)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_PROCESS_PUT];
	char build_id[2 * PW_BUILD_ID_MAX + 1] = "";

	for (size_t i = 0; i < p->build_id_len && i < PW_BUILD_ID_MAX; i++)
		snprintf(build_id + 2 * i, 3, "%02x", p->build_id[i]);
	sqlite3_bind_int64(st, 1, n->id);
	sqlite3_bind_int64(st, 2, s->boot);
	sqlite3_bind_int64(st, 3, p->key.pid);
	sqlite3_bind_int64(st, 4, pw_key_tick(&p->key));
	sqlite3_bind_int64(st, 5, pw_model_realtime(m, p->key.start_ns));
	sqlite3_bind_int64(st, 6, s->run);
	sqlite3_bind_int64(st, 7, p->uid);
	bind_bytes(st, 8, p->comm);
	bind_bytes(st, 9, p->exe);
	bind_bytes(st, 10, p->cgroup);
	bind_bytes(st, 11, p->unit);
	bind_bytes(st, 12, p->container);
	sqlite3_bind_text(st, 13, build_id, -1, SQLITE_TRANSIENT);
	pw_write_put(s, PW_STMT_PROCESS_PUT);
}

static void put_point(struct pw_store *s, const struct pw_store_seen *n, int64_t time_s)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_POINT_PUT];

	sqlite3_bind_int64(st, 1, 0);
	sqlite3_bind_int64(st, 2, time_s);
	sqlite3_bind_int64(st, 3, n->id);
	bind_amounts(st, 4, &n->last); /* low and high stay NULL: one value is both */
	pw_write_put(s, PW_STMT_POINT_PUT);
}

static void put_end(struct pw_store *s, struct pw_store_seen *n, uint64_t end_ns)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_PROCESS_END];

	sqlite3_bind_int64(st, 1, n->id);
	sqlite3_bind_int64(st, 2, end_ns);
	pw_write_put(s, PW_STMT_PROCESS_END);
	if (s->failed || n->ended)
		return;
	n->ended = true; /* forgotten at the commit */
	n->next_ended = s->ended;
	s->ended = n;
}

/* The row of a process that an earlier run of this boot wrote goes on. */
static int64_t find_id(struct pw_store *s, const struct pw_key *key)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_PROCESS_FIND];
	int64_t id;

	sqlite3_bind_int64(st, 1, s->boot);
	sqlite3_bind_int64(st, 2, key->pid);
	sqlite3_bind_int64(st, 3, pw_key_tick(key));
	id = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : s->next_process++;
	sqlite3_reset(st);
	return id;
}

static struct pw_store_seen *add_seen(struct pw_store *s, const struct pw_key *key)
{
	struct pw_store_seen *n = calloc(1, sizeof(*n));

	if (!n || pw_hash_insert(&s->seen, seen_hash(key), n)) {
		free(n);
		s->lost_rows++;
		return NULL;
	}
	n->key = *key;
	n->id = find_id(s, key);
	return n;
}

/* Totals of the machine grow by what each process grew since its last visit. */
static void add_totals(struct pw_store_amounts *sum, const struct pw_store_amounts *was,
		       const struct pw_store_amounts *is)
{
	sum->minor_faults +=
		is->minor_faults > was->minor_faults ? is->minor_faults - was->minor_faults : 0;
	sum->major_faults +=
		is->major_faults > was->major_faults ? is->major_faults - was->major_faults : 0;
	sum->cpu_ms += is->cpu_ms > was->cpu_ms ? is->cpu_ms - was->cpu_ms : 0;
}

static void take_process(struct pw_store *s, const struct pw_model *m, const struct pw_process *p,
			 int64_t time_s)
{
	struct pw_store_seen *n = pw_hash_find(&s->seen, seen_hash(&p->key), seen_match, &p->key);
	struct pw_store_amounts a = amounts_of(p, m->machine.page_size);
	uint64_t identity = identity_of(p);

	if (!n && p->alive && p->has_counters)
		n = add_seen(s, &p->key);
	if (!n || n->ended)
		return;
	n->generation = s->generation;
	if (!n->described || n->identity != identity) {
		put_process(s, m, p, n);
		n->described = !s->failed;
		n->identity = identity;
	}
	if (point_is_due(n, &a, time_s)) {
		if (n->written_s)
			add_totals(&s->machine_totals, &n->last, &a);
		n->last = a;
		put_point(s, n, time_s);
		n->written_s = s->failed ? 0 : time_s;
	}
	if (!p->alive)
		put_end(s, n, pw_model_realtime(m, p->exit_ns));
}

/* Dead and forgotten by the model before the step ended. */
static void end_unvisited(struct pw_store *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->seen.capacity; i++) {
		struct pw_store_seen *n = s->seen.slots[i].item;

		if (n && n->generation != s->generation && !n->ended)
			put_end(s, n, now_ns);
	}
}

/* What an earlier run left open and this one has not met again. */
static void end_stale(struct pw_store *s)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_PROCESS_END_STALE];

	sqlite3_bind_int64(st, 1, s->run);
	sqlite3_bind_int64(st, 2, s->previous_end_s * (int64_t)PW_NSEC_PER_SEC);
	pw_write_put(s, PW_STMT_PROCESS_END_STALE);
	s->stale_ended = !s->failed;
}

/* ---- the machine and its events ---------------------------------------------- */

/* "0=12 5=1": the causes by number (enum pw_loss_cause) with their totals; "": nothing. */
static void write_losses(const struct pw_model *m, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned int cause = 0; cause < PW_LOSS_CAUSES && used < size; cause++) {
		if (m->lost[cause])
			used += (size_t)snprintf(out + used, size - used, "%s%u=%llu",
						 used ? " " : "", cause,
						 (unsigned long long)m->lost[cause]);
	}
}

static void bind_watch(const struct pw_store *s, sqlite3_stmt *st, int i, const struct pw_model *m)
{
	char losses[PW_LOSS_CAUSES * 24];
	int64_t kib = m->machine.page_size / 1024;

	write_losses(m, losses, sizeof(losses));
	sqlite3_bind_int64(st, i++, s->run);
	sqlite3_bind_int64(st, i++, m->machine.memory_pages * kib);
	sqlite3_bind_int64(st, i++, m->tick.slab_pages * kib);
	sqlite3_bind_int64(st, i++, m->machine.swap_pages * kib);
	sqlite3_bind_int64(st, i++, m->tick.bpf_ns / PW_NSEC_PER_MSEC);
	sqlite3_bind_int64(st, i++, m->tick.user_ns / PW_NSEC_PER_MSEC);
	sqlite3_bind_int64(st, i++, m->tick.own_rss_bytes / 1024);
	sqlite3_bind_int64(st, i++, m->machine.coverage);
	if (losses[0])
		sqlite3_bind_text(st, i, losses, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(st, i);
}

static void put_machine(struct pw_store *s, const struct pw_model *m, int64_t time_s)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_MACHINE_PUT];
	int64_t kib = m->machine.page_size / 1024;
	struct pw_store_amounts sum = s->machine_totals;
	int i;

	for (size_t k = 0; k < m->processes.capacity; k++) {
		const struct pw_process *p = m->processes.slots[k].item;

		if (!p || !p->alive)
			continue;
		sum.anon += p->now.anon_pages * kib;
		sum.shmem += p->now.shmem_pages * kib;
		sum.page_table += p->now.page_table_bytes / 1024;
	}
	sum.file = m->tick.cached_pages * kib; /* mapped pages would count once for each mapper */
	sum.swap = (m->machine.swap_pages - m->tick.swap_free_pages) * kib;
	sqlite3_bind_int64(st, 1, 0);
	sqlite3_bind_int64(st, 2, time_s);
	sqlite3_bind_int64(st, 3, m->tick.available_pages * kib);
	i = bind_amounts(st, 4, &sum);
	bind_watch(s, st, i, m);
	pw_write_put(s, PW_STMT_MACHINE_PUT);
}

/*
 * Kept: OOM kills, deaths by a signal, and exec and exit of processes that have
 * a row. A build's thousands of short compilers are not history.
 */
static bool event_is_kept(const struct pw_store *s, const struct pw_event *e)
{
	if (e->type == PW_REC_OOM || (e->type == PW_REC_EXIT && (e->exit_code & 0x7f)))
		return true;
	return (e->type == PW_REC_EXIT || e->type == PW_REC_EXEC) &&
	       pw_hash_find(&s->seen, seen_hash(&e->key), seen_match, &e->key);
}

static void put_event(struct pw_store *s, const struct pw_model *m, const struct pw_event *e)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_EVENT_PUT];

	sqlite3_bind_int64(st, 1, pw_model_realtime(m, e->time_ns));
	sqlite3_bind_text(st, 2, pw_event_type_name(e->type), -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, e->key.pid);
	bind_bytes(st, 4, e->comm);
	bind_bytes(st, 5, e->path);
	sqlite3_bind_int64(st, 6,
			   e->type == PW_REC_OOM ? (int64_t)(e->pages * m->machine.page_size) :
						   e->exit_code);
	pw_write_put(s, PW_STMT_EVENT_PUT);
}

static void take_events(struct pw_store *s, const struct pw_model *m)
{
	const struct pw_event_log *log = &m->events;
	uint64_t first = log->total > PW_EVENTS_MAX ? log->total - PW_EVENTS_MAX : 0;
	uint64_t kept = 0;

	if (s->events_taken > log->total) /* another model */
		s->events_taken = 0;
	if (s->events_taken < first) {
		s->lost_rows += first - s->events_taken;
		s->events_taken = first;
	}
	for (; s->events_taken < log->total; s->events_taken++) {
		const struct pw_event *e = &log->ring[s->events_taken % PW_EVENTS_MAX];

		if (!event_is_kept(s, e))
			continue;
		if (kept++ < EVENTS_PER_FLUSH)
			put_event(s, m, e);
		else
			s->lost_rows++;
	}
}

/* ---- the sink ---------------------------------------------------------------- */

static void take_step(struct pw_store *s, const struct pw_model *m, int64_t time_s)
{
	s->generation++;
	for (size_t i = 0; i < m->processes.capacity; i++) {
		if (m->processes.slots[i].item)
			take_process(s, m, m->processes.slots[i].item, time_s);
	}
	end_unvisited(s, pw_model_realtime(m, m->now_ns));
	if (!s->stale_ended)
		end_stale(s);
	put_machine(s, m, time_s);
	pw_write_wipes_step(s, m);
}

int pw_store_tick(struct pw_store *s, const struct pw_model *m)
{
	int64_t step;
	int r;

	if (s->read_only)
		return -EACCES;
	if (!m->has_machine || !m->sequence || m->machine.page_size < 1024)
		return 0;
	if (!s->boot) {
		r = take_boot(s, m);
		if (r)
			return r;
	}
	take_events(s, m);
	pw_write_wipes(s, m);
	step = pw_model_realtime(m, m->now_ns) / PW_NSEC_PER_SEC / pw_store_step_s[0];
	if (step == s->step)
		return s->failure;
	/* The values now are the last of the step that just ended. */
	take_step(s, m, (s->step ? step - 1 : step) * pw_store_step_s[0]);
	s->step = step;
	return s->failure;
}

static void forget_ended(struct pw_store *s)
{
	while (s->ended) {
		struct pw_store_seen *n = s->ended;

		s->ended = n->next_ended;
		pw_hash_remove(&s->seen, seen_hash(&n->key), n);
		free(n);
	}
}

int pw_store_flush(struct pw_store *s, struct pw_error *err)
{
	int r;

	if (s->in_txn) {
		int rc = sqlite3_step(s->stmt[PW_STMT_COMMIT]);

		sqlite3_reset(s->stmt[PW_STMT_COMMIT]);
		if (rc != SQLITE_DONE)
			lose_transaction(s, rc);
	}
	r = s->failure;
	if (r) {
		pw_error_set(err, r, "cannot write history %s: %s (%llu rows lost so far)", s->path,
			     s->failure_text, (unsigned long long)s->lost_rows);
		if (r == -ENOSPC)
			pw_error_remedy(err, "free space on its file system");
	} else {
		forget_ended(s);
	}
	s->in_txn = false;
	s->txn_rows = 0;
	s->failed = false;
	s->failure = 0;
	return r;
}

uint64_t pw_store_lost_rows(const struct pw_store *s)
{
	return s->lost_rows;
}
