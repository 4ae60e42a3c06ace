// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make_history KIND FILE: a history with a known past, the same bytes of meaning on
 * every run. It begins at 2023-11-14T22:20:00Z with a boot.
 *
 *   day    25 hours of a small server: nginx of which one worker grows, redis that fills,
 *          postgres that the OOM killer ends and systemd starts again, a batch job, a
 *          program that crashes, two hours without the daemon, a reboot, losses, a wipe
 *          that left something, and a process whose names are made to break a page
 *   quiet  one hour in which nothing happens
 *   many   24 hours of 1,000 processes that change now and then, for measurements
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/lib/trace.h"
#include "user/store/store.h"

#define REAL_BEGIN (1700000400ull * TRACE_SECOND)
#define STEP 10ull
#define HOUR 3600ull
#define MIB 256ull /* pages */
#define MEMORY_PAGES (4096 * MIB)

struct history {
	const char *path;
	struct pw_store *store;
	struct pw_model *model;
	struct trace trace;
	uint64_t now; /* seconds since the begin */
	uint64_t boot_at; /* seconds since the begin, when this boot began */
	uint64_t watching; /* since when this daemon runs */
	uint64_t used; /* pages, of the processes in this step */
	uint64_t swap_free;
	uint64_t ring_full; /* lost so far */
};

static void die(const char *what, int err, const struct pw_error *why)
{
	fprintf(stderr, "make_history: %s: %s\n", what,
		why && why->what[0] ? why->what : strerror(-err));
	exit(1);
}

static void open_store(struct history *h)
{
	const struct pw_store_options opt = { .max_bytes = 1ull << 30 };
	struct pw_error err = { 0 };
	int r = pw_store_open(h->path, &opt, &h->store, &err);

	if (r)
		die(h->path, r, &err);
	h->watching = h->now;
}

/* A daemon begins, in a boot that began at boot_at. */
static void begin(struct history *h, const char *id, const char *release)
{
	struct pw_machine *m;

	pw_store_close(h->store);
	pw_model_destroy(h->model);
	trace_free(&h->trace);
	if (pw_model_create(NULL, &h->model))
		die("model", -ENOMEM, NULL);
	open_store(h);
	m = trace_machine(&h->trace, id);
	m->boot_realtime_ns = REAL_BEGIN + h->boot_at * TRACE_SECOND;
	m->memory_pages = MEMORY_PAGES;
	m->swap_pages = 1024 * MIB;
	m->coverage = 0x3ff | PW_COVER_ALL_PROCESSES;
	strcpy((char *)m->hostname, "srv1");
	strcpy((char *)m->release, release);
	h->swap_free = m->swap_pages;
}

/* A process of this boot, by its PID and the second (since the begin) at which it started. */
static struct pw_key key_at(const struct history *h, uint32_t pid, uint64_t start)
{
	uint64_t since_boot = start > h->boot_at ? start - h->boot_at : 0;

	return (struct pw_key){
		.pid = pid,
		.start_ns = since_boot * TRACE_SECOND + pid * PW_TICK_NS,
	};
}

static void named(struct history *h, struct pw_key key, const char *comm, const char *exe,
		  const char *unit)
{
	char cgroup[128];

	snprintf(cgroup, sizeof(cgroup), "/system.slice/%s", unit);
	trace_comm(trace_identity(&h->trace, key, exe, cgroup, unit, exe)->comm, comm);
}

/* What it holds in this step. */
static void holds(struct history *h, struct pw_key key, const char *comm, uint64_t pages)
{
	struct pw_counters *c = trace_counters(&h->trace, key, pages);

	trace_comm(c->comm, comm);
	c->cpu_ns = h->now * 1000000;
	h->used += pages;
}

static void ends(struct history *h, struct pw_key key, const char *comm, int32_t code)
{
	trace_comm(trace_exit(&h->trace, key, code)->comm, comm);
}

/* Ends the step: what was said of it is told to the store. */
static void step(struct history *h)
{
	struct pw_error err = { 0 };
	struct pw_tick *t;
	int r;

	h->trace.now_ns = (h->now - h->boot_at + STEP - 1) * TRACE_SECOND;
	t = trace_tick(&h->trace);
	t->interval_ns = STEP * TRACE_SECOND;
	t->available_pages = MEMORY_PAGES - 300 * MIB - h->used;
	t->cached_pages = 500 * MIB;
	t->slab_pages = 120 * MIB + h->now / 60;
	t->swap_free_pages = h->swap_free;
	t->bpf_ns = (h->now - h->watching) * 1000000;
	t->user_ns = (h->now - h->watching) * 2000000;
	t->own_rss_bytes = 20 << 20;
	t->lost[PW_LOSS_RING_FULL] = h->ring_full;
	r = trace_flush(&h->trace, pw_model_ingest, h->model);
	r = r ? r : pw_store_tick(h->store, h->model);
	if (!r && h->now % 600 == 0)
		r = pw_store_flush(h->store, &err);
	if (r)
		die("step", r, &err);
	h->now += STEP;
	h->used = 0;
	h->trace.now_ns = (h->now - h->boot_at) * TRACE_SECOND;
}

/* ---- a day --------------------------------------------------------------------------- */

#define NASTY_COMM "<b>\"'&\x1b[7m"
#define NASTY_EXE "/tmp/</title><script>alert(1)</script>"
#define NASTY_UNIT "=cmd|' /C calc'!A0.service"

#define KILL_AT (9 * HOUR + 1234)
#define GAP_FROM (13 * HOUR)
#define GAP_TO (15 * HOUR)
#define REBOOT_AT (18 * HOUR)
#define BACK_AT (REBOOT_AT + 300)
#define DAY (25 * HOUR)

static const uint64_t crashes[] = { 2 * HOUR, 4 * HOUR + 1800, 20 * HOUR };

/* Those that live as long as the machine is up: their age counts from its boot. */
static void say_services(struct history *h, bool first)
{
	uint64_t age = h->now - h->boot_at;

	for (uint32_t i = 0; i < 4; i++) {
		struct pw_key worker = key_at(h, 201 + i, h->boot_at + 20);

		if (first)
			named(h, worker, "nginx", "/usr/sbin/nginx", "nginx.service");
		holds(h, worker, "nginx", 30 * MIB + (i ? 0 : age / 600 * 2 * MIB));
	}
	if (first) {
		named(h, key_at(h, 1, h->boot_at), "systemd", "/usr/lib/systemd/systemd",
		      "init.scope");
		named(h, key_at(h, 301, h->boot_at + 20), "redis-server", "/usr/bin/redis-server",
		      "redis.service");
		named(h, key_at(h, 601, h->boot_at + 20), "java", "/usr/lib/jvm/bin/java",
		      "tomcat.service");
		named(h, key_at(h, 701, h->boot_at + 20), NASTY_COMM, NASTY_EXE, NASTY_UNIT);
	}
	holds(h, key_at(h, 1, h->boot_at), "systemd", 12 * MIB);
	/* fills, and stays */
	holds(h, key_at(h, 301, h->boot_at + 20), "redis-server",
	      100 * MIB + (age < 8 * HOUR ? age * 400 * MIB / (8 * HOUR) : 400 * MIB));
	/* saw-tooth */
	holds(h, key_at(h, 601, h->boot_at + 20), "java",
	      400 * MIB - age % 3600 / 60 * MIB - (h->boot_at ? 150 * MIB : 0));
	holds(h, key_at(h, 701, h->boot_at + 20), NASTY_COMM, 20 * MIB + age / 60 * (MIB / 16));
}

/* Grows into the wall, is killed, and comes back. */
static void say_postgres(struct history *h, bool first)
{
	struct pw_key before = key_at(h, 401, h->boot_at + 20), after = key_at(h, 402, KILL_AT + 2);
	uint64_t age = h->now - h->boot_at;

	if (h->boot_at || h->now < KILL_AT) {
		if (first)
			named(h, before, "postgres", "/usr/lib/postgresql/bin/postgres",
			      "postgresql.service");
		holds(h, before, "postgres",
		      200 * MIB + (h->boot_at ? 0 : age * 1700 * MIB / KILL_AT));
		if (!h->boot_at && h->now + STEP > KILL_AT) {
			struct pw_oom *oom;

			h->trace.now_ns = (KILL_AT - h->boot_at) * TRACE_SECOND;
			oom = trace_oom(&h->trace, before);
			trace_comm(oom->comm, "postgres");
			oom->anon_pages = 1899 * MIB;
			ends(h, before, "postgres", 9);
		}
		return;
	}
	if (first || h->now < KILL_AT + STEP)
		named(h, after, "postgres", "/usr/lib/postgresql/bin/postgres", "postgresql.service");
	holds(h, after, "postgres", 210 * MIB);
}

static void say_batch(struct history *h)
{
	struct pw_key key = key_at(h, 801, 3 * HOUR);

	if (h->now < 3 * HOUR || h->now > 5 * HOUR)
		return;
	if (h->now == 3 * HOUR)
		named(h, key, "python3", "/usr/bin/python3.11", "batch.service");
	if (h->now == 5 * HOUR)
		ends(h, key, "python3", 0);
	else
		holds(h, key, "python3", 300 * MIB);
}

/* Each incarnation begins two seconds behind the crash before it. */
static void say_crasher(struct history *h, bool first)
{
	uint64_t start = h->boot_at + 20;
	uint32_t pid = 501;
	struct pw_key key;

	for (size_t i = 0; i < 3; i++) {
		if (crashes[i] < h->boot_at || h->now < crashes[i])
			continue;
		start = crashes[i] + 2;
		pid = 502 + (uint32_t)i;
	}
	key = key_at(h, pid, start);
	if (first || (h->now <= start && h->now + STEP > start))
		named(h, key, "thumbnailer", "/opt/thumb/bin/thumbnailer", "thumbnailer.service");
	holds(h, key, "thumbnailer", 40 * MIB);
	for (size_t i = 0; i < 3; i++) {
		if (h->now + STEP == crashes[i])
			ends(h, key, "thumbnailer", 11);
	}
}

static void say_wipe(struct history *h)
{
	struct pw_key key = key_at(h, 601, h->boot_at + 20);

	if (h->now != 7 * HOUR)
		return;
	trace_wiped_in_part(trace_wipe(&h->trace, key, 0x5000, 64, "/usr/lib/libvault.so", 0x1234,
				       "vault_close"),
			    32, 32);
}

static void say_all(struct history *h, bool first)
{
	h->trace.now_ns = (h->now - h->boot_at) * TRACE_SECOND;
	say_services(h, first);
	say_postgres(h, first);
	say_batch(h);
	say_crasher(h, first);
	say_wipe(h);
	h->ring_full = h->now >= 6 * HOUR && h->now < GAP_FROM ? 17 : 0;
	h->swap_free = (1024 - (h->now >= 8 * HOUR && h->now < REBOOT_AT ? 200 : 0)) * MIB;
}

/*
 * Changes of verdicts, as the daemon would have written them: one that stands since before,
 * one of the day, one that was resolved, and one whose process stands for it.
 */
static void write_verdicts(const char *path)
{
	static const char sql[] =
		"INSERT INTO verdict(time_ns, boot_id, type, pid, start_ns, comm, exe, cgroup, unit,"
		" container, series, from_class, to_class, ended, covered, confidence, slope, slope_low,"
		" slope_high, since_ns, window_ns, value, limit_kind, limit_value, limit_used, seconds,"
		" seconds_low, seconds_high, reason)"
		" SELECT 1700000400000000000 + hours * 3600000000000, boot, type, pid, 20000000000 + pid *"
		" 10000000, comm, exe, '/system.slice/' || unit, unit, '', series, was, class, over,"
		" covered, 0.94, slope, slope * 0.9, slope * 1.1, 1700000400000000000, 14400000000000,"
		" value, limit_kind, 8589934592, 1073741824, seconds, seconds * 0.8, seconds * 1.3, reason"
		" FROM (SELECT 0.5 AS hours, '11111111-0000-4000-8000-000000000000' AS boot,"
		" 'process' AS type, 401 AS pid, 'postgres' AS comm,"
		" '/usr/lib/postgresql/bin/postgres' AS exe, 'postgresql.service' AS unit,"
		" 'anon' AS series, 'unknown' AS was, 'growing' AS class, 0 AS over, 0 AS covered,"
		" 190e6 AS slope, 300000000 AS value, 'machine' AS limit_kind, 33000 AS seconds,"
		" 'growth of 180M/h' AS reason"
		" UNION ALL SELECT 9.4, '11111111-0000-4000-8000-000000000000', 'process', 401, 'postgres',"
		" '/usr/lib/postgresql/bin/postgres', 'postgresql.service', 'anon', 'growing', 'growing', 1,"
		" 0, 190e6, 1990000000, 'machine', NULL, 'it ended'"
		" UNION ALL SELECT 0.7, '22222222-0000-4000-8000-000000000000', 'group', 0, '',"
		" '/usr/sbin/nginx', 'nginx.service', 'anon', 'unknown', 'growing', 0, 0, 12582912,"
		" 125829120, 'cgroup', 2400000, 'growth of 12M/h'"
		" UNION ALL SELECT 22.0, '22222222-0000-4000-8000-000000000000', 'process', 701, '"
		"<b>\"''&', '" NASTY_EXE
		"', '=x.service', 'threads', 'warming', 'growing', 0, 0, 3.5, 77,"
		" 'none', NULL, 'one more thread every 17 minutes'"
		" UNION ALL SELECT 22.1, '22222222-0000-4000-8000-000000000000', 'group', 0, '', '" NASTY_EXE
		"', '=x.service', 'threads', 'unknown', 'growing', 0, 1, 3.5, 77, 'none', NULL, 'the same')";
	sqlite3 *db = NULL;
	char *why = NULL;

	if (sqlite3_open(path, &db) || sqlite3_exec(db, sql, NULL, NULL, &why)) {
		fprintf(stderr, "make_history: verdicts: %s\n", why ? why : "cannot open");
		exit(1);
	}
	sqlite3_close(db);
}

static void make_day(struct history *h)
{
	static const char first_boot[] = "11111111-0000-4000-8000-000000000000";

	begin(h, first_boot, "6.1.0-40-amd64");
	while (h->now < DAY) {
		if (h->now == GAP_FROM) {
			h->now = GAP_TO;
			begin(h, first_boot, "6.1.0-40-amd64");
		}
		if (h->now == REBOOT_AT) {
			h->now = h->boot_at = BACK_AT;
			begin(h, "22222222-0000-4000-8000-000000000000", "6.1.0-41-amd64");
		}
		say_all(h, h->now == h->watching);
		step(h);
	}
	pw_store_close(h->store);
	h->store = NULL;
	write_verdicts(h->path);
}

/* ---- the others ---------------------------------------------------------------------- */

static void make_quiet(struct history *h)
{
	begin(h, "33333333-0000-4000-8000-000000000000", "6.1.0-40-amd64");
	while (h->now < HOUR) {
		if (!h->now)
			named(h, key_at(h, 7, 0), "sleep", "/usr/bin/sleep", "quiet.service");
		holds(h, key_at(h, 7, 0), "sleep", MIB / 2);
		step(h);
	}
}

/* A fifth of them changes in each step. */
static void make_many(struct history *h)
{
	char exe[64], unit[64];

	begin(h, "44444444-0000-4000-8000-000000000000", "6.1.0-40-amd64");
	while (h->now < DAY) {
		for (uint32_t i = 0; i < 1000; i++) {
			struct pw_key key = key_at(h, 1000 + i, 0);

			if (!h->now) {
				snprintf(exe, sizeof(exe), "/usr/bin/program%u", i / 10);
				snprintf(unit, sizeof(unit), "unit%u.service", i / 10);
				named(h, key, exe + 9, exe, unit);
			}
			if (!h->now || (h->now / STEP + i) % 5 == 0)
				holds(h, key, "program",
				      300 + h->now / 600 * (i % 7) + h->now / STEP % 50);
		}
		h->used = 1000 * MIB;
		step(h);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct history *h);
	} kinds[] = { { "day", make_day }, { "quiet", make_quiet }, { "many", make_many } };
	struct history h = { 0 };

	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name))
			continue;
		h.path = argv[2];
		if (access(h.path, F_OK) == 0) {
			fprintf(stderr, "make_history: %s is there already\n", h.path);
			return 1;
		}
		kinds[i].make(&h);
		pw_store_close(h.store);
		pw_model_destroy(h.model);
		trace_free(&h.trace);
		return 0;
	}
	fputs("usage: make_history day|quiet|many FILE\n", stderr);
	return 2;
}
