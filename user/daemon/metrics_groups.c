// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups and suspects in /metrics: as many rows as are wanted, and never two with the same labels. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/growth.h"
#include "user/analysis/trends.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/daemon/metrics.h"

#define OTHERS "(others)" /* no path, so no program is called so */

/* ---- groups --------------------------------------------------------------------------- */

struct row {
	const struct pw_group *group;
	char *labels;
	enum pw_verdict_class verdict;
};

/* Allocated for as many as there are groups; most are only a part of the last row. */
struct rows {
	struct row *items;
	size_t count;
	struct pw_group others; /* their sum: the fields that are shown */
};

static void rows_deinit(struct rows *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->items[i].labels);
	free(r->items);
}

static int make_labels(const char *exe, const char *cgroup, const char *unit, char **ret)
{
	size_t len;
	FILE *out = open_memstream(ret, &len);
	bool first = true;

	if (!out)
		return -ENOMEM;
	pw_metrics_label(out, &first, "exe", exe);
	pw_metrics_label(out, &first, "cgroup", cgroup);
	pw_metrics_label(out, &first, "unit", unit);
	return fclose(out) ? -ENOMEM : 0;
}

static void add_to_sum(struct pw_group *sum, const struct pw_group *g)
{
	sum->alive += g->alive;
	sum->oom_kills += g->oom_kills;
	sum->anon_pages += g->anon_pages;
	sum->file_pages += g->file_pages;
	sum->shmem_pages += g->shmem_pages;
	sum->swap_pages += g->swap_pages;
	sum->page_table_bytes += g->page_table_bytes;
	sum->threads += g->threads;
}

static int by_footprint(const void *x, const void *y)
{
	const struct pw_group *a = *(struct pw_group *const *)x, *b = *(struct pw_group *const *)y;
	uint64_t fa = pw_group_footprint(a), fb = pw_group_footprint(b);

	return fa != fb ? (fa > fb ? -1 : 1) : 0;
}

static int add_row(struct rows *rows, const struct pw_group *g, enum pw_verdict_class verdict)
{
	struct row *r = &rows->items[rows->count];
	bool sum = g == &rows->others;
	int err = make_labels(sum ? OTHERS : g->exe, sum ? OTHERS : g->cgroup, sum ? "" : g->unit,
			      &r->labels);

	if (err)
		return err;
	r->group = g;
	r->verdict = verdict;
	rows->count++;
	return 0;
}

/* The greatest come first; suspects at any place are taken, the rest goes into the last row. */
static int choose(const struct pw_model *m, const struct pw_trends *trends, size_t top,
		  struct rows *ret)
{
	pw_auto_free struct pw_group **groups = NULL;
	size_t count = 0;
	int err = pw_model_groups(m, &groups, &count);

	if (err)
		return err;
	ret->items = calloc(count + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	qsort(groups, count, sizeof(*groups), by_footprint);
	for (size_t i = 0; i < count && !err; i++) {
		enum pw_verdict_class v = trends ? pw_trends_of_group(trends, groups[i]) :
						   PW_VERDICT_UNKNOWN;

		if (groups[i]->alive && (ret->count < top || pw_verdict_is_suspect(v)))
			err = add_row(ret, groups[i], v);
		else
			add_to_sum(&ret->others, groups[i]);
	}
	return err ? err : add_row(ret, &ret->others, PW_VERDICT_UNKNOWN);
}

static void resident(struct pw_metrics *w, const struct rows *rows, double page)
{
	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_group_resident_bytes", "bytes",
			  "Resident memory of a program's processes in a cgroup, by kind.");
	for (size_t i = 0; i < rows->count; i++) {
		const struct pw_group *g = rows->items[i].group;
		const char *labels = rows->items[i].labels;

		pw_metrics_sample(w, labels, "kind=\"anon\"", (double)g->anon_pages * page);
		pw_metrics_sample(w, labels, "kind=\"file\"", (double)g->file_pages * page);
		pw_metrics_sample(w, labels, "kind=\"shmem\"", (double)g->shmem_pages * page);
	}
}

#define GROUPS(type, name, unit, help, expression)                                               \
	do {                                                                                     \
		pw_metrics_family(w, type, name, unit, help);                                    \
		for (size_t i = 0; i < rows->count; i++) {                                       \
			const struct pw_group *g = rows->items[i].group;                         \
                                                                                                 \
			pw_metrics_sample(w, rows->items[i].labels, NULL, (double)(expression)); \
		}                                                                                \
	} while (0)

static void sizes(struct pw_metrics *w, const struct rows *rows, double page)
{
	GROUPS(PW_METRIC_GAUGE, "pagewarden_group_footprint_bytes", "bytes",
	       "Anonymous, shared and swapped memory: what cannot be dropped.",
	       (double)pw_group_footprint(g) * page);
	GROUPS(PW_METRIC_GAUGE, "pagewarden_group_swap_bytes", "bytes", "Swapped-out memory.",
	       (double)g->swap_pages * page);
	GROUPS(PW_METRIC_GAUGE, "pagewarden_group_page_table_bytes", "bytes", "Page tables.",
	       g->page_table_bytes);
	GROUPS(PW_METRIC_GAUGE, "pagewarden_group_processes", NULL, "Living processes.", g->alive);
	GROUPS(PW_METRIC_GAUGE, "pagewarden_group_threads", NULL, "Threads.", g->threads);
	GROUPS(PW_METRIC_COUNTER, "pagewarden_group_oom_kills", NULL,
	       "Processes that the OOM killer chose.", g->oom_kills);
}

static void growth(struct pw_metrics *w, const struct rows *rows, const struct pw_model *m)
{
	char label[32];
	double per_minute;

	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_group_growth_bytes_per_second", NULL,
			  "Growth of the footprint over a horizon.");
	for (size_t i = 0; i < rows->count; i++) {
		const struct pw_group *g = rows->items[i].group;

		for (int h = 0; g != &rows->others && h < PW_HORIZONS; h++) {
			if (!pw_growth_per_minute(&g->footprint, m->now_ns, h, m->machine.page_size,
						  &per_minute))
				continue;
			snprintf(label, sizeof(label), "horizon=\"%s\"", pw_horizon_name[h]);
			pw_metrics_sample(w, rows->items[i].labels, label, per_minute / 60);
		}
	}
}

/* One row for each group, with its verdict as a label: the others would be zeroes. */
static void verdicts(struct pw_metrics *w, const struct rows *rows)
{
	char label[48];

	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_group_verdict", NULL,
			  "1, with the verdict on the group's worst series.");
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->items[i].group == &rows->others)
			continue;
		snprintf(label, sizeof(label), "verdict=\"%s\"",
			 pw_verdict_names[rows->items[i].verdict]);
		pw_metrics_sample(w, rows->items[i].labels, label, 1);
	}
}

int pw_metrics_groups(struct pw_metrics *w, const struct pw_model *m,
		      const struct pw_trends *trends, size_t top)
{
	pw_cleanup(rows_deinit) struct rows rows = { 0 };
	double page = m->machine.page_size;
	int err = choose(m, trends, top, &rows);

	if (err)
		return err;
	resident(w, &rows, page);
	sizes(w, &rows, page);
	growth(w, &rows, m);
	if (trends)
		verdicts(w, &rows);
	return 0;
}

/* ---- suspects -------------------------------------------------------------------------- */

/* All suspects of one cause and class: the worst of them, and how many. */
struct suspect {
	const struct pw_suspect *worst;
	uint64_t fingerprint;
	size_t members, rank;
	uint64_t since_ns;
	char *labels;
};

struct suspects {
	struct suspect *items;
	size_t count;
};

static void suspects_deinit(struct suspects *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].labels);
	free(s->items);
}

static int label_suspect(struct suspect *s)
{
	const struct pw_subject *subject = s->worst->subject;
	char fingerprint[20];
	size_t len;
	FILE *out = open_memstream(&s->labels, &len);
	bool first = true;

	if (!out)
		return -ENOMEM;
	snprintf(fingerprint, sizeof(fingerprint), "%016" PRIx64, s->fingerprint);
	pw_metrics_label(out, &first, "fingerprint", fingerprint);
	pw_metrics_label(out, &first, "class", pw_verdict_names[s->worst->verdict.verdict]);
	pw_metrics_label(out, &first, "series", pw_series_names[s->worst->kind]);
	pw_metrics_label(out, &first, "value_unit", pw_series_units[s->worst->kind]);
	pw_metrics_label(out, &first, "exe", subject->exe);
	pw_metrics_label(out, &first, "cgroup", subject->cgroup);
	pw_metrics_label(out, &first, "unit", subject->unit);
	return fclose(out) ? -ENOMEM : 0;
}

static int by_cause_then_rank(const void *x, const void *y)
{
	const struct suspect *a = x, *b = y;
	enum pw_verdict_class va = a->worst->verdict.verdict, vb = b->worst->verdict.verdict;

	if (a->fingerprint != b->fingerprint)
		return a->fingerprint < b->fingerprint ? -1 : 1;
	if (va != vb)
		return va < vb ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static int by_rank(const void *x, const void *y)
{
	const struct suspect *a = x, *b = y;

	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static bool same_alert(const struct suspect *a, const struct suspect *b)
{
	return a->fingerprint == b->fingerprint &&
	       a->worst->verdict.verdict == b->worst->verdict.verdict;
}

/* ranked: as pw_trends_suspects() gives them. */
static int merge(const struct pw_suspect *ranked, size_t count, struct suspects *ret)
{
	struct suspect *all = calloc(count + 1, sizeof(*all));
	size_t n = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		all[i] = (struct suspect){ &ranked[i],
					   pw_subject_fingerprint(ranked[i].subject, ranked[i].kind),
					   1,
					   i,
					   ranked[i].suspected_since_ns,
					   NULL };
	qsort(all, count, sizeof(*all), by_cause_then_rank);
	for (size_t i = 0; i < count; i++) {
		if (n && same_alert(&all[n - 1], &all[i])) {
			all[n - 1].members++;
			if (all[i].since_ns < all[n - 1].since_ns)
				all[n - 1].since_ns = all[i].since_ns;
		} else {
			all[n++] = all[i];
		}
	}
	qsort(all, n, sizeof(*all), by_rank);
	ret->items = all;
	ret->count = n < PW_METRICS_SUSPECTS ? n : PW_METRICS_SUSPECTS;
	return 0;
}

#define SUSPECTS(name, unit, help, expression)                                       \
	do {                                                                         \
		pw_metrics_family(w, PW_METRIC_GAUGE, name, unit, help);             \
		for (size_t i = 0; i < s->count; i++) {                              \
			const struct suspect *x = &s->items[i];                      \
                                                                                     \
			pw_metrics_sample(w, x->labels, NULL, (double)(expression)); \
		}                                                                    \
	} while (0)

static void write_suspects(struct pw_metrics *w, const struct suspects *s)
{
	SUSPECTS("pagewarden_suspect_members", NULL,
		 "Processes, groups and cgroups that are suspected for one cause.", x->members);
	SUSPECTS("pagewarden_suspect_value", NULL, "The suspected series now, in value_unit.",
		 x->worst->value);
	SUSPECTS("pagewarden_suspect_growth_per_second", NULL,
		 "Growth of the suspected series, in value_unit.", x->worst->verdict.slope / 3600);
	SUSPECTS("pagewarden_suspect_growth_low_per_second", NULL,
		 "Lower end of its 90 % interval.", x->worst->verdict.slope_low / 3600);
	SUSPECTS("pagewarden_suspect_confidence_ratio", "ratio", "How sure the verdict is.",
		 x->worst->verdict.confidence);
	SUSPECTS("pagewarden_suspect_since_timestamp_seconds", "seconds",
		 "Since when it is suspected.", (double)x->since_ns / (double)PW_NSEC_PER_SEC);
}

static void write_limits(struct pw_metrics *w, const struct suspects *s)
{
	char label[48];

	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_suspect_time_to_limit_seconds", "seconds",
			  "Time until the suspected series runs into its nearest limit.");
	for (size_t i = 0; i < s->count; i++) {
		const struct pw_suspect *x = s->items[i].worst;

		if (!x->time_to_limit.known)
			continue;
		snprintf(label, sizeof(label), "limit=\"%s\"", pw_limit_names[x->limit.kind]);
		pw_metrics_sample(w, s->items[i].labels, label, x->time_to_limit.seconds);
	}
}

int pw_metrics_suspects(struct pw_metrics *w, const struct pw_trends *trends)
{
	pw_cleanup(suspects_deinit) struct suspects s = { 0 };
	pw_auto_free struct pw_suspect *ranked = NULL;
	size_t count = 0;
	int err = pw_trends_suspects(trends, NULL, &ranked, &count);

	err = err ? err : merge(ranked, count, &s);
	for (size_t i = 0; i < s.count && !err; i++)
		err = label_suspect(&s.items[i]);
	if (err)
		return err;
	write_suspects(w, &s);
	write_limits(w, &s);
	return 0;
}
