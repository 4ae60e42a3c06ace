/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every series of the machine under the detector: per process, per group (exe
 * + cgroup, so that a pool whose workers die still has a history) and per
 * cgroup. Fed by the model at each tick; bounded; pure.
 *
 * A subject that begins to be suspected, ceases to be, or whose class changes,
 * is an event with its reason.
 */
#ifndef PW_ANALYSIS_TRENDS_H
#define PW_ANALYSIS_TRENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/analysis/limit.h"
#include "user/analysis/series_kind.h"
#include "user/analysis/trend.h"
#include "user/analysis/verdict.h"
#include "user/model/model.h"

struct pw_trends_options { /* zero: the default */
	size_t subjects; /* default 24576: processes, groups and cgroups together */
	double time_scale; /* default 1 */
};

enum pw_subject_type { PW_SUBJECT_PROCESS, PW_SUBJECT_GROUP, PW_SUBJECT_CGROUP };

struct pw_subject {
	enum pw_subject_type type;
	struct pw_key key; /* processes; of the boot in boot_id */
	uint64_t cgroup_id; /* cgroups */
	char comm[PW_COMM_LEN + 1]; /* raw; processes */
	const char *exe, *cgroup, *unit, *container; /* raw, interned; "" when not known */
	uint64_t fingerprint; /* the same for the same program, cgroup and series on every host and boot */
	bool alive;
	bool restored; /* from before the daemon's start, and not seen since */
	uint64_t first_seen_ns, last_seen_ns;
	uint32_t restarts; /* execs and new incarnations that reset it */
};

/* One series of one subject, as a reader gets it. Pointers are valid until the next tick. */
struct pw_suspect {
	const struct pw_subject *subject;
	enum pw_series_kind kind;
	struct pw_verdict verdict;
	uint64_t value; /* now */
	struct pw_limit limit;
	struct pw_time_to_limit time_to_limit;
	uint64_t suspected_since_ns; /* when it became a suspect; 0: it is none */
	/* The group to which a suspected process belongs is suspected for the same growth: it stands for it. */
	bool covered_by_process;
	uint64_t floors[PW_TREND_BLOCKS]; /* PW_UNKNOWN in gaps */
	size_t floor_count;
	uint64_t floors_from_ns, floors_block_ns;
};

/* A verdict changed. */
struct pw_verdict_event {
	uint64_t sequence; /* 1, 2, ... */
	uint64_t time_ns;
	struct pw_subject subject; /* its strings stay valid as long as the trends do */
	enum pw_series_kind kind;
	enum pw_verdict_class from, to;
	bool ended; /* the subject is gone, or restarted: nothing more will be said of it */
	struct pw_verdict verdict; /* the new one */
	uint64_t value;
	struct pw_limit limit;
	struct pw_time_to_limit time_to_limit;
	char reason[192]; /* one sentence */
};
#define PW_VERDICT_EVENTS_MAX 1024

struct pw_trends;

int pw_trends_create(const struct pw_trends_options *opt, struct pw_trends **ret);
void pw_trends_destroy(struct pw_trends *t); /* takes NULL */

/*
 * Takes the model's state at this tick. Samples are taken every 10 s of scaled
 * time; a tick in between does nothing. Judges the series that are due.
 * 0 or -ENOMEM (what could be taken was).
 */
int pw_trends_tick(struct pw_trends *t, const struct pw_model *m);

/*
 * Ranked: suspects first (the nearest to their limit, then the fastest against
 * their size), then by class and growth. all: also those that are none. pid:
 * only of this process and its group; 0: of all. Free the array.
 */
int pw_trends_suspects(const struct pw_trends *t, bool all, uint32_t pid, struct pw_suspect **ret,
		       size_t *ret_count);
/* What is said of one process in one word: its worst series; NULL-safe for strangers: UNKNOWN. */
enum pw_verdict_class pw_trends_of_process(const struct pw_trends *t, const struct pw_key *key);
enum pw_verdict_class pw_trends_of_group(const struct pw_trends *t, const struct pw_group *g);

/* The newest changes: those with sequence > after, oldest first. *ret_lost: overwritten before. */
size_t pw_trends_events(const struct pw_trends *t, uint64_t after,
			struct pw_verdict_event const **ret, size_t max, uint64_t *ret_lost);

struct pw_trends_cost {
	size_t subjects, series, suspects;
	size_t bytes;
	uint64_t refused; /* subjects that found no room */
	uint64_t judged; /* judgements ever */
};
void pw_trends_cost(const struct pw_trends *t, struct pw_trends_cost *ret);

/*
 * Saved and restored, one subject at a time (what the history keeps and the
 * daemon's API hands out). A process is recognised by boot id, pid and start;
 * a group by exe and cgroup. restore checks everything; hostile bytes give
 * -EBADMSG and change nothing. dirty: only subjects that changed since the
 * last save with dirty.
 */
int pw_trends_save(struct pw_trends *t, bool dirty,
		   int (*fn)(void *ctx, uint64_t id, const void *bytes, size_t size), void *ctx);
int pw_trends_restore(struct pw_trends *t, const void *bytes, size_t size);
/* Ids, as given to save's fn, of subjects that were forgotten since the last call: their rows go. */
int pw_trends_each_forgotten(struct pw_trends *t, int (*fn)(void *ctx, uint64_t id), void *ctx);

#endif
