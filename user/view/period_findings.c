// SPDX-License-Identifier: GPL-2.0-or-later
/* The report on a period in words: one sentence, and what it is made of. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/model/loss.h"
#include "user/view/emitter.h"
#include "user/view/leak_table.h"
#include "user/view/period_report.h"

#define SUSPECTS_TOLD 5
#define NEAR_LIMIT_NS (48 * 3600 * PW_NSEC_PER_SEC)
#define OOM_TOLD 3
#define RESTARTS_TOLD 3
#define BOOTS_TOLD 3
#define LOW_PART 10 /* less than a tenth of the memory available is little */
#define SWAP_NOTABLE_BYTES (64u << 20)
#define UNWATCHED_NOTABLE_NS (300 * PW_NSEC_PER_SEC)
#define OWN_CPU_NOTABLE 0.02

const char *const pw_finding_names[PW_FINDING_LEVELS] = { "bad", "warn", "note" };

struct size_text {
	char text[PW_SIZE_TEXT];
};
#define SIZE(bytes) pw_text_size(bytes, (struct size_text){ "" }.text)

/* "2026-01-31 23:59": UTC, as everywhere. */
struct time_text {
	char text[PW_RFC3339_LEN];
};
static const char *minute(uint64_t realtime_ns, struct time_text *t)
{
	pw_clock_rfc3339(realtime_ns, t->text);
	t->text[10] = ' ';
	t->text[16] = '\0';
	return t->text;
}
#define MINUTE(ns) minute(ns, &(struct time_text){ "" })

struct duration_text {
	char text[PW_PLAIN_MAX];
};
static const char *duration(uint64_t ns, struct duration_text *d)
{
	pw_emit_duration(ns, d->text);
	return d->text;
}
#define DURATION(ns) duration(ns, &(struct duration_text){ "" })

__attribute__((format(printf, 3, 4))) static void
add(struct pw_period_report *r, enum pw_finding_level level, const char *format, ...)
{
	struct pw_finding *f = &r->findings[r->finding_count];
	va_list args;

	if (r->finding_count == PW_FINDINGS_MAX)
		return;
	f->level = level;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	r->finding_count++;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- what happened ------------------------------------------------------------------ */

static void find_kill(struct pw_period_report *r, const struct pw_period_kill *k)
{
	char before[128] = "", holders[160] = "";
	size_t used = 0;

	if (k->state_ns)
		snprintf(before, sizeof(before), "; %s available and %s swapped just before",
			 SIZE(k->available_bytes), SIZE(k->swap_bytes));
	for (size_t i = 0; i < k->holder_count && i < 3 && used < sizeof(holders); i++)
		used += (size_t)snprintf(holders + used, sizeof(holders) - used, "%s%s %s",
					 i ? ", " : "; largest then: ", k->holders[i].process->comm,
					 SIZE(k->holders[i].bytes));
	add(r, PW_FINDING_BAD, "OOM kill at %s: %s (pid %u) with %s resident%s%s", MINUTE(k->time_ns),
	    k->comm[0] ? k->comm : "a process", k->pid, SIZE(k->rss_bytes), before, holders);
}

/* "12.0M an hour (anon)", "3.5 threads an hour". */
static void say_speed(const struct pw_period_suspect *s, char *out, size_t size)
{
	bool bytes = pw_leak_in_bytes(s->kind);
	char amount[PW_PLAIN_MAX];

	pw_emit_amount(s->verdict.slope, bytes, amount);
	if (bytes)
		snprintf(out, size, "%s an hour (%s)", amount, pw_series_names[s->kind]);
	else
		snprintf(out, size, "%s %s an hour", amount, pw_series_units[s->kind]);
}

static void say_who(const struct pw_period_suspect *s, char *out, size_t size)
{
	const char *name = pw_period_suspect_name(s);

	if (s->type == PW_SUBJECT_PROCESS)
		snprintf(out, size, "%.64s (pid %u)", name, s->pid);
	else
		snprintf(out, size, "%.64s (%s)", name, pw_subject_type_names[s->type]);
}

static void find_suspect(struct pw_period_report *r, const struct pw_period_suspect *s)
{
	char speed[96], who[96], left[96] = "";
	uint64_t ns = UINT64_MAX;

	say_speed(s, speed, sizeof(speed));
	say_who(s, who, sizeof(who));
	if (s->time_to_limit.known && pw_leak_seconds(s->time_to_limit.seconds, &ns))
		snprintf(left, sizeof(left), ", %s from its limit (%s)", DURATION(ns),
			 pw_limit_names[s->limit.kind]);
	add(r, ns < NEAR_LIMIT_NS ? PW_FINDING_BAD : PW_FINDING_WARN,
	    "%s leak: %s grows by %s since %s%s",
	    s->standing == PW_STANDING_NEW ? "new suspected" : "suspected", who, speed,
	    MINUTE(s->verdict.since_ns ? s->verdict.since_ns : s->since_ns), left);
}

static void find_suspects(struct pw_period_report *r)
{
	const struct pw_rows *rows = &r->tables[PW_PERIOD_SUSPECTS];

	for (size_t i = 0; i < r->suspects && i < SUSPECTS_TOLD; i++)
		find_suspect(r, rows->rows[i]);
	if (r->suspects > SUSPECTS_TOLD)
		add(r, PW_FINDING_WARN, "%zu more suspected leak%s", r->suspects - SUSPECTS_TOLD,
		    plural(r->suspects - SUSPECTS_TOLD));
	if (r->resolved)
		add(r, PW_FINDING_NOTE, "%zu suspicion%s resolved", r->resolved,
		    r->resolved == 1 ? " was" : "s were");
}

static void find_kills(struct pw_period_report *r)
{
	const struct pw_period *p = r->period;
	uint64_t more = p->kill_count + p->kills_left_out;

	for (size_t i = 0; i < p->kill_count && i < OOM_TOLD; i++, more--)
		find_kill(r, &p->kills[i]);
	if (more)
		add(r, PW_FINDING_BAD, "%" PRIu64 " more OOM kill%s", more, plural(more));
}

static void find_restarts(struct pw_period_report *r)
{
	const struct pw_rows *rows = &r->tables[PW_PERIOD_RESTARTS];

	for (size_t i = 0; i < rows->count && i < RESTARTS_TOLD; i++) {
		const struct pw_period_group *g = rows->rows[i];
		char end[32], last[48] = "", share[32] = "";

		if (!g->failures)
			break;
		pw_period_end_text(g->last_ended, end, sizeof(end));
		if (end[0])
			snprintf(last, sizeof(last), " (the last: %s)", end);
		if (g->restarts > g->failures)
			snprintf(share, sizeof(share), ", %" PRIu32 " of them", g->failures);
		add(r, PW_FINDING_WARN,
		    "%s was restarted %" PRIu32 " time%s%s after a failure%s, the last at %s",
		    pw_period_group_name(g), g->restarts, plural(g->restarts), share, last,
		    MINUTE(g->last_began->start_ns));
	}
}

static void find_boots(struct pw_period_report *r)
{
	const size_t boots = r->period->boot_count;

	if (boots > BOOTS_TOLD)
		add(r, PW_FINDING_WARN, "the machine booted %zu times, the last ones:", boots);
	for (size_t i = boots > BOOTS_TOLD ? boots - BOOTS_TOLD : 0; i < boots; i++)
		add(r, PW_FINDING_WARN, "the machine booted at %s, kernel %s",
		    MINUTE(r->period->boots[i].time_ns), r->period->boots[i].release);
}

static void find_pressure(struct pw_period_report *r)
{
	const struct pw_period_step *low = r->use.tightest;
	int64_t swapped;

	if (!r->has_use)
		return;
	if (low->detailed && low->lowest_available_bytes < low->memory_bytes / LOW_PART)
		add(r, PW_FINDING_WARN, "little memory was available at %s: %s of %s",
		    MINUTE(low->time_ns), SIZE(low->lowest_available_bytes), SIZE(low->memory_bytes));
	swapped = (int64_t)(r->use.last->swap_bytes - r->use.first->swap_bytes);
	if (swapped >= (int64_t)SWAP_NOTABLE_BYTES)
		add(r, PW_FINDING_WARN, "swap in use grew by %s to %s", SIZE((uint64_t)swapped),
		    SIZE(r->use.last->swap_bytes));
}

static void find_alerts(struct pw_period_report *r)
{
	const struct pw_rows *rows = &r->tables[PW_PERIOD_ALERTS];

	for (size_t i = 0; i < rows->count && i < 2; i++) {
		const struct pw_wipe_alert *a = rows->rows[i];

		add(r, a->confidence < 1 ? PW_FINDING_WARN : PW_FINDING_BAD, "%s", a->what);
	}
	if (r->alerts > 2)
		add(r, PW_FINDING_WARN, "%zu more alert%s of the wipe ledger", r->alerts - 2,
		    plural(r->alerts - 2));
}

static void find_growth(struct pw_period_report *r)
{
	const struct pw_rows *rows = &r->tables[PW_PERIOD_GROWN_GROUPS];
	const struct pw_period_group *g = rows->count ? rows->rows[0] : NULL;

	if (g && !g->at_begin)
		add(r, PW_FINDING_NOTE, "%s came new and holds %s, the most growth",
		    pw_period_group_name(g), SIZE(g->end_bytes));
	else if (g)
		add(r, PW_FINDING_NOTE, "%s grew most: by %s to %s", pw_period_group_name(g),
		    SIZE((uint64_t)pw_period_group_change(g)), SIZE(g->end_bytes));
	rows = &r->tables[PW_PERIOD_SHRUNK_GROUPS];
	g = rows->count ? rows->rows[0] : NULL;
	if (g && !g->end_bytes)
		add(r, PW_FINDING_NOTE, "%s is gone and gave back %s, the most",
		    pw_period_group_name(g), SIZE(g->begin_bytes));
	else if (g)
		add(r, PW_FINDING_NOTE, "%s shrank most: by %s to %s", pw_period_group_name(g),
		    SIZE((uint64_t)-pw_period_group_change(g)), SIZE(g->end_bytes));
}

/* ---- what is not known --------------------------------------------------------------- */

/* Parts that a full installation sees. */
static void find_unseen(struct pw_period_report *r)
{
	const struct pw_period_watch *w = &r->period->watch;

	for (unsigned int i = 0; i < 32 && w->detailed_ns; i++) {
		unsigned int bit = 1u << i;

		if (pw_coverage_name(bit) && !pw_coverage_is_extra(bit) &&
		    w->covered_ns[i] < w->detailed_ns)
			add(r, PW_FINDING_NOTE, "%s: not seen for %s", pw_coverage_name(bit),
			    DURATION(w->detailed_ns - w->covered_ns[i]));
	}
}

static void find_watching(struct pw_period_report *r)
{
	const struct pw_period *p = r->period;
	const struct pw_period_watch *w = &p->watch;
	uint64_t period = p->to_ns - p->from_ns;
	uint64_t unwatched = period > w->watched_ns ? period - w->watched_ns : 0;
	double own = w->detailed_ns ? (double)(w->user_ns + w->bpf_ns) / (double)w->detailed_ns : 0;

	if (p->gap_count && p->gaps[0].before_history)
		add(r, PW_FINDING_NOTE, "the history begins at %s: nothing is known of the %s before",
		    MINUTE(p->gaps[0].to_ns), DURATION(p->gaps[0].to_ns - p->gaps[0].from_ns));
	else if (unwatched >= UNWATCHED_NOTABLE_NS)
		add(r, PW_FINDING_WARN, "nobody watched %s of the time", DURATION(unwatched));
	find_unseen(r);
	if (w->starts)
		add(r, PW_FINDING_NOTE, "Pagewarden was started %" PRIu32 " time%s", w->starts,
		    plural(w->starts));
	if (r->lost)
		add(r, PW_FINDING_NOTE, "%" PRIu64 " observation%s lost, see the table", r->lost,
		    r->lost == 1 ? " was" : "s were");
	if (own >= OWN_CPU_NOTABLE)
		add(r, PW_FINDING_WARN, "Pagewarden itself took %.1f%% of one CPU", own * 100);
	if (p->left_out)
		add(r, PW_FINDING_WARN,
		    "%" PRIu64 " process%s or name%s found no room in this report", p->left_out,
		    p->left_out == 1 ? "" : "es", plural(p->left_out));
}

/* ---- the sentence -------------------------------------------------------------------- */

static size_t say(struct pw_period_report *r, size_t used, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static size_t say(struct pw_period_report *r, size_t used, const char *format, ...)
{
	va_list args;
	int n;

	if (used >= sizeof(r->summary))
		return used;
	va_start(args, format);
	n = vsnprintf(r->summary + used, sizeof(r->summary) - used, format, args);
	va_end(args);
	return used + (size_t)n;
}

static size_t say_count(struct pw_period_report *r, size_t used, uint64_t n, const char *what)
{
	return n ? say(r, used, "%s%" PRIu64 " %s%s", used ? ", " : "", n, what, plural(n)) : used;
}

static size_t say_use(struct pw_period_report *r, size_t used)
{
	const struct pw_period_step *first = r->use.first, *last = r->use.last;
	int64_t change = (int64_t)(first->available_bytes - last->available_bytes);
	uint64_t amount = change < 0 ? -(uint64_t)change : (uint64_t)change;

	if (amount < PW_PERIOD_NOTABLE_BYTES)
		used = say(r, used, "memory in use stayed the same");
	else
		used = say(r, used, "memory in use %s by %s", change < 0 ? "shrank" : "grew",
			   SIZE(amount));
	if (last->detailed)
		used = say(r, used, amount < PW_PERIOD_NOTABLE_BYTES ? " (%s of %s)" : " to %s of %s",
			   SIZE(pw_period_used(last)), SIZE(last->memory_bytes));
	return say(r, used, ", at least %s stayed available",
		   SIZE(r->use.tightest->lowest_available_bytes));
}

static void summarise(struct pw_period_report *r)
{
	const struct pw_period *p = r->period;
	size_t used = say_count(r, 0, r->suspects, "suspected leak");

	if (r->new_suspects)
		used = say(r, used, " (%zu new)", r->new_suspects);
	used = say_count(r, used, p->kill_count + p->kills_left_out, "OOM kill");
	if (r->failures)
		used = say(r, used, "%s%" PRIu64 " restart%s after a failure", used ? ", " : "",
			   r->failures, plural(r->failures));
	used = say_count(r, used, r->alerts, "wipe alert");
	used = say_count(r, used, p->boot_count, "boot");
	if (!used)
		used = say(r, used, "Nothing alarming");
	used = say(r, used, ": ");
	if (r->has_use)
		used = say_use(r, used);
	say(r, used, ".");
}

/* Of one level, in the order in which they were found. */
static void sort_by_level(struct pw_period_report *r)
{
	for (size_t i = 1; i < r->finding_count; i++) {
		struct pw_finding f = r->findings[i];
		size_t at = i;

		for (; at && r->findings[at - 1].level > f.level; at--)
			r->findings[at] = r->findings[at - 1];
		r->findings[at] = f;
	}
}

void pw_period_find(struct pw_period_report *r)
{
	find_suspects(r);
	find_kills(r);
	find_alerts(r);
	find_restarts(r);
	find_boots(r);
	find_pressure(r);
	find_growth(r);
	find_watching(r);
	sort_by_level(r);
	summarise(r);
}
