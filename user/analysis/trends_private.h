/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the table of series share.
 *
 * A subject has a cell for each kind of series. Most series of a machine never
 * move: such a cell holds its value alone, and means that it stood there since
 * the subject was first sampled, but for the gap. The first move beyond a
 * small part of the kind's floor makes it a series with windows.
 */
#ifndef PW_ANALYSIS_TRENDS_PRIVATE_H
#define PW_ANALYSIS_TRENDS_PRIVATE_H

#include "user/analysis/trends.h"
#include "user/base/clock.h"
#include "user/base/hash.h"
#include "user/model/intern.h"

#define PW_TRENDS_STEP_NS (10 * PW_NSEC_PER_SEC) /* of scaled time, between samples */
#define PW_TRENDS_SLOTS 64 /* of a lap of the judge's wheel */
#define PW_TRENDS_LAP_NS (10 * PW_NSEC_PER_SEC) /* of scaled time: a third of the shortest block */
#define PW_TRENDS_MOVE_SHARE 16 /* of a kind's floor: what moves less stands still */
#define PW_TRENDS_WINDOW_NS (72 * 3600 * PW_NSEC_PER_SEC) /* the longest; scaled time */
#define PW_TRENDS_REFUSED_BITS 16384
/* The saved form: trends_save.c, trends_restore.c. */
#define PW_TRENDS_SUBJECT_MAGIC 0x31535750u /* "PWS1" */
#define PW_TRENDS_TABLE_MAGIC 0x31425750u /* "PWB1" */
#define PW_TRENDS_ALL_MAGIC 0x31415750u /* "PWA1" */
#define PW_TRENDS_PIECE_MAX 65536u
#define PW_TRENDS_STRING_MAX 4095u
#define PW_TRENDS_SCALE_MIN 1e-3
#define PW_TRENDS_SCALE_MAX 1e6

/* What is known of a series beside its class while it is a suspect. */
struct pw_trends_suspicion {
	struct pw_verdict verdict;
	struct pw_limit limit;
	struct pw_time_to_limit time_to_limit;
	uint64_t window_ns; /* of the last judgement that suspected it */
	uint64_t acquitted_ns; /* the first of the judgements in a row that do not; 0: the last one did */
};

struct pw_trends_series {
	struct pw_trend *trend;
	uint64_t value; /* the last sample */
	uint64_t moved_ns; /* when it last changed */
	uint64_t suspected_since_ns;
	struct pw_trends_suspicion *suspicion; /* NULL: none */
	double slope; /* of the last judgement */
	uint32_t bytes; /* of the trend, as counted in the table */
	uint8_t held; /* enum pw_verdict_class: what is said of it */
	uint8_t pending; /* what the last judgements said instead */
	uint8_t pending_count;
};

union pw_trends_cell {
	uint64_t base;
	struct pw_trends_series *series;
};

struct pw_trends_subject {
	struct pw_subject s;
	uint64_t hash; /* of its identity: its id, and its slot on the wheel */
	uint64_t round; /* of samples: the last that saw it */
	uint64_t sampled_ns; /* the last sample */
	uint64_t begin_ns; /* where the cells that stand still begin */
	uint64_t gap_from_ns, gap_to_ns; /* the last hole in them; equal: none */
	uint64_t load[PW_LOAD_KINDS]; /* totals; of a group: of what its members ever did */
	struct pw_trend_load *loads; /* NULL: nothing moves yet */
	uint32_t load_bytes;
	uint32_t execs; /* of the model's process at the last sample */
	uint16_t known, moved; /* cells: bits of enum pw_series_kind */
	bool dirty; /* differs from what was last saved */
	bool saved; /* has a row somewhere */
	union pw_trends_cell cells[PW_SERIES_KINDS];
};

struct pw_trends {
	struct pw_trends_options options;
	struct pw_hash subjects;
	struct pw_intern *strings;
	const char *boot_id; /* interned; of the last tick */
	uint64_t began_ns; /* the first round ever */
	uint64_t now_ns; /* of the last tick */
	uint64_t sampled_ns; /* of the last round, a restored one too */
	uint64_t adjust_ns; /* what makes the clock go on where it stood */
	uint64_t step, slot; /* numbers since 1970 of the last ones taken, in scaled time */
	uint64_t round; /* of samples */
	uint64_t restored_ns; /* up to when a restored table was kept */
	bool watched; /* nothing was missed since the last sample */
	size_t suspects, moved;
	size_t series_bytes;
	size_t windowless; /* of the last round: cells that moved and found no room for windows */
	uint64_t refused, judged;
	uint8_t refused_seen[PW_TRENDS_REFUSED_BITS / 8];
	/* events of this tick, until they are in order */
	struct pw_verdict_event *fresh;
	size_t fresh_count, fresh_room;
	struct pw_verdict_event *ring; /* PW_VERDICT_EVENTS_MAX, made at the first event */
	uint64_t events; /* ever */
	uint64_t *forgotten; /* ids */
	size_t forgotten_count, forgotten_room;
};

static inline struct pw_trend_options pw_trends_options_of(const struct pw_trends *t,
							   enum pw_series_kind kind)
{
	return (struct pw_trend_options){ .time_scale = t->options.time_scale,
					  .floor = pw_series_floors[kind] };
}

/* Real time of so much scaled time. */
static inline uint64_t pw_trends_real_ns(const struct pw_trends *t, uint64_t scaled_ns)
{
	return (uint64_t)((double)scaled_ns / t->options.time_scale);
}

static inline struct pw_trends_series *pw_trends_series_of(const struct pw_trends_subject *s,
							   enum pw_series_kind kind)
{
	return s->moved & 1u << kind ? s->cells[kind].series : NULL;
}

/* ---- trends_subject.c: who there is ---- */

/* Whom a name means: what of it counts depends on its type. */
struct pw_trends_name {
	enum pw_subject_type type;
	const struct pw_key *key; /* processes */
	const char *boot_id; /* processes; need not be interned */
	const char *exe, *cgroup; /* groups; cgroups: the path */
};

uint64_t pw_trends_hash(const struct pw_trends_name *name);
struct pw_trends_subject *pw_trends_find(const struct pw_trends *t,
					 const struct pw_trends_name *name, uint64_t hash);
/* A new one, with its names' strings alone. 0, -ENOMEM, or -ENOSPC: counted as refused. */
int pw_trends_add(struct pw_trends *t, const struct pw_trends_name *name, uint64_t hash,
		  struct pw_trends_subject **ret);
/* Replaces an interned string; "" when there is no room for it. */
int pw_trends_set_string(struct pw_trends *t, const char **to, const char *bytes, size_t len);
/* Without an event. */
void pw_trends_forget(struct pw_trends *t, struct pw_trends_subject *s);
void pw_trends_subject_free(struct pw_trends *t, struct pw_trends_subject *s);
/* Gives a cell that stood still its windows. 0 or -ENOMEM. */
int pw_trends_make_series(struct pw_trends *t, struct pw_trends_subject *s, enum pw_series_kind kind);
/* The cell stands still again, at this value. */
void pw_trends_drop_series(struct pw_trends *t, struct pw_trends_subject *s,
			   enum pw_series_kind kind, uint64_t base);
/* Takes the trend's memory into the table's sum. */
void pw_trends_count_bytes(struct pw_trends *t, struct pw_trends_subject *s,
			   struct pw_trends_series *se);

/* ---- trends_sample.c: what the model says ---- */
int pw_trends_sample(struct pw_trends *t, const struct pw_model *m);

/* ---- trends_judge.c: what is said of it ---- */
/* Judges what is due in the slots behind `after`, up to the table's slot. */
void pw_trends_judge_slots(struct pw_trends *t, const struct pw_model *m, uint64_t after);
/* The suspects of a subject end, with an event each. */
void pw_trends_end(struct pw_trends *t, struct pw_trends_subject *s, const char *reason);
/* Limit and time to it, as the model has it now. */
void pw_trends_refresh_limit(struct pw_trends *t, const struct pw_model *m,
			     const struct pw_trends_subject *s, enum pw_series_kind kind);
/* A suspected process of this group has most of its growth. */
bool pw_trends_covered(const struct pw_trends *t, const struct pw_trends_subject *s,
		       enum pw_series_kind kind);

/* ---- trends_event.c ---- */
void pw_trends_emit(struct pw_trends *t, const struct pw_trends_subject *s,
		    enum pw_series_kind kind, const struct pw_verdict_event *ev);
/* The events of this tick get their order and go to the ring. */
void pw_trends_publish(struct pw_trends *t);
void pw_trends_events_free(struct pw_trends *t);

#endif
