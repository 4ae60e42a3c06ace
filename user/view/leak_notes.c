// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/view/emitter.h"
#include "user/view/leak_report.h"

/* The detector's least blocks of its shortest window, and three passes; in the series' time. */
#define SHORTEST_NS (15 * 30 * PW_NSEC_PER_SEC)

void pw_leak_header_fill(struct pw_leak_header *h, const struct pw_leak_material *of)
{
	*h = (struct pw_leak_header){
		.model = of->model,
		.now_ns = pw_trends_now(of->trends),
		.origin = of->origin,
		.origin_name = of->origin_name ? of->origin_name : "",
		.watched_ns = of->watched_ns,
		.time_scale = pw_trends_time_scale(of->trends),
	};
	pw_trends_cost(of->trends, &h->cost);
}

static uint64_t shortest_real_ns(const struct pw_leak_header *h)
{
	return (uint64_t)((double)SHORTEST_NS / h->time_scale);
}

bool pw_leak_too_little(const struct pw_leak_header *h)
{
	return h->watched_ns < shortest_real_ns(h);
}

bool pw_leak_in_cgroup(const char *path, const char *cgroup)
{
	size_t n = strlen(cgroup);

	while (n && cgroup[n - 1] == '/') /* "/" is above all */
		n--;
	return strncmp(path, cgroup, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

void pw_leak_note(struct pw_leak_notes *n, const char *format, ...)
{
	va_list args;

	if (n->count == PW_LEAK_NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(n->text[n->count++], PW_LEAK_NOTE_BYTES, format, args);
	va_end(args);
}

/* ---- what there is to say ---------------------------------------------------------- */

static void note_span(struct pw_leak_notes *n, const struct pw_leak_header *h)
{
	char watched[PW_PLAIN_MAX], needed[PW_PLAIN_MAX];

	if (!pw_leak_too_little(h))
		return;
	pw_emit_duration(h->watched_ns, watched);
	pw_emit_duration(shortest_real_ns(h), needed);
	pw_leak_note(n,
		     "Watched %s: too little for a verdict, which takes %s of a fast leak and hours of "
		     "a slow one.%s",
		     watched, needed,
		     strcmp(h->origin, "own") == 0 ?
			     " The daemon watches all the time: systemctl start pagewarden." :
			     "");
}

static void note_scale(struct pw_leak_notes *n, const struct pw_leak_header *h)
{
	if (h->time_scale > 1 || h->time_scale < 1)
		pw_leak_note(n,
			     "A rehearsal: an hour counts as %g. Growth per hour, windows and blocks "
			     "are in that time; points in time and the time to the limit are real.",
			     h->time_scale);
}

static void note_gaps(struct pw_leak_notes *n, const struct pw_suspect *suspects, size_t count)
{
	size_t rows = 0, most = 0;

	for (size_t i = 0; i < count; i++) {
		rows += suspects[i].verdict.gaps != 0;
		most = suspects[i].verdict.gaps > most ? suspects[i].verdict.gaps : most;
	}
	if (count == 1 && rows)
		pw_leak_note(n,
			     "Nobody watched in %zu of the %d blocks of its window: what happened then "
			     "is not known.",
			     most, PW_TREND_BLOCKS);
	else if (rows)
		pw_leak_note(n,
			     "%zu of these series have blocks in which nobody watched, up to %zu of "
			     "%d in a window: what happened then is not known.",
			     rows, most, PW_TREND_BLOCKS);
}

static void note_subjects(struct pw_leak_notes *n, const struct pw_leak_header *h,
			  const struct pw_suspect *suspects, size_t count)
{
	size_t restored = 0;

	for (size_t i = 0; i < count; i++)
		restored += suspects[i].subject->restored;
	if (restored && count == 1)
		pw_leak_note(n, "It is from before the last start and has not been seen since: perhaps it "
				"has ended.");
	else if (restored)
		pw_leak_note(n,
			     "%zu of these series are from before the last start and have not been "
			     "seen since.",
			     restored);
	if (h->cost.refused)
		pw_leak_note(n,
			     "%llu processes, groups or cgroups found no room: nothing is said of "
			     "them.",
			     (unsigned long long)h->cost.refused);
}

static void note_source(struct pw_leak_notes *n, const struct pw_model *m)
{
	if (!m || !m->has_machine)
		return;
	if (!(m->machine.coverage & PW_COVER_ALL_PROCESSES))
		pw_leak_note(n, "Processes of other users were not seen: run as root.");
	if (m->missed_ticks)
		pw_leak_note(n, "%llu intervals did not come: a block may lack its lowest value.",
			     (unsigned long long)m->missed_ticks);
}

static bool any_suspect(const struct pw_suspect *suspects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pw_verdict_is_suspect(suspects[i].verdict.verdict))
			return true;
	}
	return false;
}

void pw_leak_notes_fill(struct pw_leak_notes *n, const struct pw_leak_header *h,
			const struct pw_suspect *suspects, size_t count)
{
	note_span(n, h);
	note_scale(n, h);
	note_gaps(n, suspects, count);
	note_subjects(n, h, suspects, count);
	note_source(n, h->model);
	if (any_suspect(suspects, count))
		pw_leak_note(n, "A suspicion is no proof: seen from outside, a cache that fills in a "
				"straight line looks like a leak.");
}

/* ---- rows ----------------------------------------------------------------------------- */

int pw_leak_notes_rows(const struct pw_leak_notes *n, struct pw_rows *ret)
{
	int err = pw_rows_make(ret, n->count);

	for (size_t i = 0; !err && i < n->count; i++)
		pw_rows_add(ret, n->text[i]);
	return err;
}

int pw_leak_loss_rows(struct pw_rows *ret, const struct pw_model *m,
		      struct pw_loss_row losses[PW_LOSS_CAUSES])
{
	return m ? pw_rows_of_losses(ret, m, losses) : pw_rows_make(ret, 0);
}
