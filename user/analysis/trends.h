/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every series of the machine under the detector: per process, per group (exe
 * + cgroup, so that a pool whose workers die still has a history) and per
 * cgroup. Fed by the model at each tick; bounded; pure.
 *
 * All times that come out are CLOCK_REALTIME in ns, because what they tell may
 * lie in an earlier boot. They are the model's own times plus what makes them
 * go on where a restored table ended, should the clock have been set back.
 *
 * A series that begins to be suspected, or ceases to be, is an event with its
 * reason. It ceases only when the judgements say so for an eighth of the window
 * that suspected it, or when its subject ended or began anew (exec, restart).
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
	/*
	 * Default 1. A series wants a sample for each of its blocks, the shortest of
	 * which are 30 s of scaled time: with ticks further apart than 30 s / time_scale
	 * the short windows are blind.
	 */
	double time_scale;
};

enum pw_subject_type { PW_SUBJECT_PROCESS, PW_SUBJECT_GROUP, PW_SUBJECT_CGROUP, PW_SUBJECT_TYPES };
extern const char *const pw_subject_type_names[PW_SUBJECT_TYPES]; /* "process", "group", "cgroup" */

struct pw_subject {
	enum pw_subject_type type;
	struct pw_key key; /* processes; of the boot in boot_id */
	uint64_t cgroup_id; /* cgroups */
	char comm[PW_COMM_LEN + 1]; /* raw; processes */
	const char *exe, *cgroup, *unit, *container; /* raw, interned; "" when not known */
	const char *boot_id; /* interned; when it was last seen */
	bool alive; /* a group: has a living member */
	bool restored; /* from before the daemon's start, and not seen since */
	uint64_t first_seen_ns, last_seen_ns;
	uint32_t members; /* groups: alive */
	uint32_t restarts; /* execs, and of groups new incarnations of all members, that reset it */
};

/*
 * The same for the same program, unit (else cgroup, without ids and numbers)
 * and series on every host and boot. A process and its group share it.
 */
uint64_t pw_subject_fingerprint(const struct pw_subject *s, enum pw_series_kind kind);

/* One series of one subject, as a reader gets it. Pointers are valid until the next tick. */
struct pw_suspect {
	const struct pw_subject *subject;
	enum pw_series_kind kind;
	/*
	 * The last judgement, gates and all. Its class is the one that is held:
	 * of a suspect that one judgement acquits it is still the suspected one.
	 */
	struct pw_verdict verdict;
	uint64_t value; /* now */
	struct pw_limit limit;
	struct pw_time_to_limit time_to_limit;
	uint64_t suspected_since_ns; /* when it became a suspect; 0: it is none */
	/* A process of this group is suspected for most of the same growth: it stands for the group. */
	bool covered_by_process;
	uint64_t floors[PW_TREND_BLOCKS]; /* PW_UNKNOWN in gaps */
	size_t floor_count;
	uint64_t floors_from_ns, floors_block_ns;
};

/* A series became a suspect, ceased to be one, or went from one suspected class to another. */
struct pw_verdict_event {
	uint64_t sequence; /* 1, 2, ... */
	uint64_t time_ns;
	struct pw_subject subject; /* its strings stay valid as long as the event is kept */
	enum pw_series_kind kind;
	enum pw_verdict_class from, to;
	bool ended; /* the subject is gone, or restarted: nothing more will be said of it */
	bool covered_by_process; /* of a group: see struct pw_suspect */
	struct pw_verdict verdict; /* the new one; of what ended the last one */
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
 * time; the judgements that are due are spread over the ticks of the 10 s
 * behind the end of a block. 0 or -ENOMEM (what could be taken was).
 */
int pw_trends_tick(struct pw_trends *t, const struct pw_model *m);
double pw_trends_time_scale(const struct pw_trends *t);
/* Time of the first sample of anything, restored ones too; 0: none yet. */
uint64_t pw_trends_began(const struct pw_trends *t);
/* Time of the last tick, on the clock of all times here; 0: none yet. */
uint64_t pw_trends_now(const struct pw_trends *t);

struct pw_trends_query { /* zero: all suspects */
	bool all; /* also those that are none; a series that never changed has no story and is left out */
	uint32_t pid; /* only of this process and its group */
	size_t limit; /* most rows, the first of the ranking; 0: 10,000 */
};

/*
 * Ranked: suspects first (the nearest to their limit, then the fastest against
 * their size), then by class and growth. NULL: the zero query. Free the array.
 */
int pw_trends_suspects(const struct pw_trends *t, const struct pw_trends_query *q,
		       struct pw_suspect **ret, size_t *ret_count);
/* What is said of one process in one word: its worst series; UNKNOWN for strangers. */
enum pw_verdict_class pw_trends_of_process(const struct pw_trends *t, const struct pw_key *key);
enum pw_verdict_class pw_trends_of_group(const struct pw_trends *t, const struct pw_group *g);

/*
 * The oldest of the changes with sequence > after, at most max, in their
 * order; valid until the next tick. *ret_lost: how many of those were
 * overwritten before.
 */
size_t pw_trends_events(const struct pw_trends *t, uint64_t after,
			struct pw_verdict_event const **ret, size_t max, uint64_t *ret_lost);

struct pw_trends_cost {
	size_t subjects, series, suspects; /* series: that ever changed */
	size_t windowless; /* series that change and are not judged: no room for their windows now */
	size_t bytes;
	uint64_t refused; /* subjects that found no room; each counts once */
	uint64_t judged; /* judgements ever */
	uint64_t samples; /* rounds of samples ever */
};
void pw_trends_cost(const struct pw_trends *t, struct pw_trends_cost *ret);

/*
 * Saved and restored, one subject at a time: what the history keeps. A process
 * is recognised by boot id, pid and start; a group by exe and cgroup. The form
 * is versioned and checked: restore gives -EBADMSG for hostile bytes, -EEXIST
 * for a subject that is there already, -ESTALE for one of another time scale,
 * -ENOSPC when the table is full, and then changes nothing. A suspect of a process that does not
 * come again (of another boot, or gone meanwhile) ends with an event.
 *
 * dirty: only subjects that changed since the last save that succeeded. fn's
 * nonzero result stops, leaves them dirty and is passed on. What fn wrote may
 * still get lost behind it: then save all of them the next time.
 */
int pw_trends_save(struct pw_trends *t, bool dirty,
		   int (*fn)(void *ctx, uint64_t id, const void *bytes, size_t size), void *ctx);
int pw_trends_restore(struct pw_trends *t, const void *bytes, size_t size);
/* Ids, as given to save's fn, of subjects that were forgotten since the last call: their rows go. */
int pw_trends_each_forgotten(struct pw_trends *t, int (*fn)(void *ctx, uint64_t id), void *ctx);

/*
 * All subjects of which a series ever changed in one piece, with the time
 * scale and the time of the last tick: what the daemon's API hands out. read
 * makes a table that shows what the other one did; -EBADMSG for bytes that
 * are none.
 */
int pw_trends_write_all(struct pw_trends *t, void **ret, size_t *ret_size); /* free it */
int pw_trends_read_all(const void *bytes, size_t size, struct pw_trends **ret);

#endif
