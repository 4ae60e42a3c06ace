/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * History in SQLite: a sink for records and a reader of the past.
 *
 * WAL mode; every flush is one transaction, so SIGKILL loses at most what came
 * since the last flush. Points age: 10 s for a day, 5 min for a month, 1 h for
 * a year; the file is kept below max_bytes by dropping the oldest first. A
 * full disk loses rows, counts them, and recovers when there is room.
 *
 * What has a row: each process that lived across a 10 s step, with a point for
 * each step in which its memory changed (queries fill the silent ones); the
 * machine, each step; OOM kills, deaths by a signal, and exec and exit of
 * processes that have a row; wipes, releases of wiped buffers, and secrets.
 *
 * A server may wipe fifty thousand times a second, so that of each caller and
 * verdict only the first few of a step have rows of their own, and the last of
 * these counts the rest. Whole wipes and clean releases are merged by the hour,
 * caller and verdict after a day, everything else after a month; together they
 * take at most an eighth of the file.
 */
#ifndef PW_STORE_STORE_H
#define PW_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/error.h"
#include "user/model/model.h"

#define PW_STORE_SCHEMA_VERSION 3

struct pw_store;

struct pw_store_options {
	uint64_t max_bytes; /* of the file and its WAL together; default 256 MiB, at least 1 MiB */
	bool read_only;
};

/*
 * Opens or creates. Errors name the remedy: -EBUSY another daemon writes it,
 * -EPROTONOSUPPORT a newer schema, -EBADMSG a damaged file and read_only,
 * -ENOSPC, -EACCES. A damaged file is kept aside as PATH.damaged-N and a new
 * one begun: that is a success that fills *err, for the caller to say it.
 */
int pw_store_open(const char *path, const struct pw_store_options *opt, struct pw_store **ret,
		  struct pw_error *err);
void pw_store_close(struct pw_store *s); /* flushes; takes NULL */

/* Takes the model's state at this tick and the events since the last; buffers. */
int pw_store_tick(struct pw_store *s, const struct pw_model *m);
/* Writes what is buffered in one transaction. -ENOSPC and others: counted, kept trying. */
int pw_store_flush(struct pw_store *s, struct pw_error *err);
/* Downsamples and trims; cheap when there is nothing to do. now is realtime. */
int pw_store_maintain(struct pw_store *s, uint64_t now_realtime_ns, struct pw_error *err);
uint64_t pw_store_lost_rows(const struct pw_store *s);
/* A new bound; a smaller one takes effect over the next maintenance calls. */
int pw_store_set_max_bytes(struct pw_store *s, uint64_t max_bytes, struct pw_error *err);
/* What the main file takes on disk. */
uint64_t pw_store_bytes(struct pw_store *s);

/*
 * Queries; times are realtime ns, ranges half-open. Each stops with fn's
 * nonzero result and passes it on; -ETIMEDOUT after 2 s, because the daemon
 * has one thread. Steps in which nobody watched have no points.
 */
struct pw_store_point {
	uint64_t time_ns, step_ns;
	uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes, page_table_bytes;
	uint64_t minor_faults, major_faults, cpu_ns; /* totals at that time */
	/* lowest and highest footprint (anon + shmem + swap) in the step; machine: of what is available */
	uint64_t low_bytes, high_bytes;
};
struct pw_store_process {
	int64_t id;
	uint32_t pid;
	uint64_t start_ns; /* realtime */
	uint64_t end_ns; /* 0: alive at last sight */
	uint32_t uid;
	const char *boot_id, *comm, *exe, *cgroup, *unit, *container, *build_id;
};
int pw_store_each_process(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
			  int (*fn)(void *ctx, const struct pw_store_process *p), void *ctx);
int pw_store_each_point(struct pw_store *s, int64_t process_id, uint64_t from_ns, uint64_t to_ns,
			int (*fn)(void *ctx, const struct pw_store_point *p), void *ctx);
/*
 * The machine's points tell of the watching as well: who watched (`run` counts the daemon's
 * starts), what that cost and what it lost since that start, and what it could see.
 */
struct pw_store_machine_point {
	struct pw_store_point point; /* the sums over all processes; file: the page cache */
	uint64_t available_bytes;
	bool detailed; /* what follows is known: not of points from before schema 3 */
	int64_t run;
	uint64_t memory_bytes, slab_bytes, swap_total_bytes;
	uint64_t bpf_ns, user_ns, own_rss_bytes; /* CPU time since the run's start */
	uint32_t coverage; /* PW_COVER_* */
	uint64_t lost[PW_LOSS_CAUSES]; /* since the run's start */
};
int pw_store_each_machine_point(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
				int (*fn)(void *ctx, const struct pw_store_machine_point *p),
				void *ctx);
struct pw_store_event {
	uint64_t time_ns;
	const char *type, *comm, *detail;
	uint32_t pid;
	int64_t value;
};
int pw_store_each_event(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
			int (*fn)(void *ctx, const struct pw_store_event *e), void *ctx);

/*
 * The wipe ledger of the past, oldest first: WIPE, RELEASE and SECRET records
 * as they came, but without the strings behind them; those are beside. A row
 * stands for `skipped` more of the same program, caller, function and verdict
 * (of a secret: program, label, event and verdict) in the time around it; a
 * WIPE and a RELEASE have that in their `more` as well.
 */
struct pw_store_wipe {
	uint64_t time_ns; /* realtime */
	uint64_t skipped;
	const char *exe, *file, *symbol;
	const struct pw_record *rec; /* the struct alone; its times are of its own boot */
};
int pw_store_each_wipe(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
		       int (*fn)(void *ctx, const struct pw_store_wipe *w), void *ctx);

#endif
