/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The suspicions of a period: what was suspected of growing without end at its
 * begin, at its end, or in between. Told from the changes of verdicts since
 * the history began, in order of time; pure.
 */
#ifndef PW_ANALYSIS_PERIOD_SUSPECT_H
#define PW_ANALYSIS_PERIOD_SUSPECT_H

#include "user/analysis/period.h"
#include "user/analysis/trends.h"

enum pw_period_standing {
	PW_STANDING_NEW, /* suspected at the end, and not at the begin */
	PW_STANDING_KEPT, /* at both */
	PW_STANDING_RESOLVED, /* not at the end any more */
	PW_STANDINGS
};
extern const char *const pw_standing_names[PW_STANDINGS]; /* "new", "standing", "resolved" */

struct pw_period_suspect {
	enum pw_subject_type type;
	enum pw_series_kind kind;
	uint32_t pid; /* processes */
	uint64_t start_ns; /* on the clock of its boot */
	char comm[PW_COMM_LEN + 1];
	const char *boot, *exe, *cgroup, *unit, *container; /* interned, raw */
	bool at_begin, now;
	enum pw_period_standing standing;
	uint64_t since_ns; /* when the suspicion arose */
	uint64_t resolved_ns;
	struct pw_verdict verdict; /* the last that suspected it; no gates */
	uint64_t value;
	struct pw_limit limit;
	struct pw_time_to_limit time_to_limit;
	char reason[192]; /* of the last change */
	/* its footprint over the period, where the history has it; NULL */
	const uint32_t *curve;
};

/* All changes up to the period's end, oldest first; before pw_period_finish(). 0 or -ENOMEM. */
int pw_period_add_verdict(struct pw_period *p, const struct pw_verdict_event *ev);
/* In pw_period_finish(). */
void pw_period_finish_suspects(struct pw_period *p);
/*
 * Those that stand, the nearest to their limit first, then the fastest; then
 * the resolved ones, the newest first. Free the array. 0 or -ENOMEM.
 */
int pw_period_rank_suspects(const struct pw_period *p, struct pw_period_suspect ***ret,
			    size_t *ret_count);

/* "nginx", the last part of the cgroup: raw. */
const char *pw_period_suspect_name(const struct pw_period_suspect *s);

#endif
