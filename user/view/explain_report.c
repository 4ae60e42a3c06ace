// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/view/emitter.h"
#include "user/view/leak_report.h"

const struct pw_document_shape pw_document_explain = {
	.schema = "pagewarden.explain",
	.version = 1,
	.about = "One verdict, gate by gate.",
	.header = pw_leak_header_columns,
	.tables = {
		[PW_EXPLAIN_VERDICT] = { "verdict", NULL, pw_leak_columns,
			"One object: the series that is explained." },
		[PW_EXPLAIN_GATES] = { "gates", "Gates", pw_gate_columns,
			"One object per test, in the order in which they are asked." },
		[PW_EXPLAIN_FLOORS] = { "floors", "Floors", pw_floor_columns,
			"One object per block of the window, oldest first." },
		[PW_EXPLAIN_SERIES] = { "series", "All its series", pw_leak_columns,
			"One object per series of the same process, group or cgroup that ever changed.",
			pw_leak_summary_shown },
		[PW_EXPLAIN_CHANGES] = { "changes", "History of its verdicts", pw_verdict_event_columns,
			"Verdicts that changed, oldest first." },
		[PW_EXPLAIN_NEXT] = { "next", "What to do next", pw_wipe_note_columns,
			"A sentence each." },
		[PW_EXPLAIN_NOTES] = { "notes", "What to know", pw_wipe_note_columns,
			"How much could be seen, a sentence each." },
		[PW_EXPLAIN_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"What was not counted, by cause; empty: nothing." },
	},
	.csv_table = PW_EXPLAIN_GATES,
};

/* ---- whose story ---------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_target(const struct pw_explain_target *t, const struct pw_subject *s)
{
	if (t->pid)
		return s->type == PW_SUBJECT_PROCESS && s->key.pid == t->pid;
	if (!t->exe)
		return s->type == PW_SUBJECT_CGROUP && strcmp(s->cgroup, t->cgroup) == 0;
	if (s->type != PW_SUBJECT_GROUP || (t->cgroup && strcmp(s->cgroup, t->cgroup) != 0))
		return false;
	return strcmp(s->exe, t->exe) == 0 ||
	       (!strchr(t->exe, '/') && strcmp(last_part(s->exe), t->exe) == 0);
}

/* Of two processes that had the PID, the one that lives, or was seen later. */
static bool is_newer(const struct pw_subject *a, const struct pw_subject *b)
{
	if (a->alive != b->alive)
		return a->alive;
	return a->last_seen_ns > b->last_seen_ns;
}

static int nobody(const struct pw_explain_target *t, struct pw_error *err)
{
	if (t->pid)
		pw_error_set(err, -ESRCH, "nothing is known of the growth of process %u", t->pid);
	else if (t->exe)
		pw_error_set(err, -ESRCH,
			     "nothing is known of the growth of a group of %.100s%s%.100s", t->exe,
			     t->cgroup ? " in " : "", t->cgroup ? t->cgroup : "");
	else
		pw_error_set(err, -ESRCH, "nothing is known of the growth of cgroup %.200s",
			     t->cgroup);
	pw_error_remedy(err, "it was never seen, or none of its memory ever changed; "
			     "pagewarden leaks --all lists what is known");
	return -ESRCH;
}

static int several(const struct pw_explain_target *t, const struct pw_subject *a,
		   const struct pw_subject *b, struct pw_error *err)
{
	pw_error_set(err, -EEXIST, "several groups run %.200s", t->exe);
	pw_error_remedy(err, "name the cgroup, too: --cgroup %.200s, or --cgroup %.200s", a->cgroup,
			b->cgroup);
	return -EEXIST;
}

static int find_subject(const struct pw_suspect *rows, size_t count,
			const struct pw_explain_target *t, const struct pw_subject **ret,
			struct pw_error *err)
{
	const struct pw_subject *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct pw_subject *s = rows[i].subject;

		if (s == best || !is_target(t, s))
			continue;
		if (best && t->exe && strcmp(best->cgroup, s->cgroup) != 0)
			return several(t, best, s, err);
		if (!best || is_newer(s, best))
			best = s;
	}
	*ret = best;
	return 0;
}

/* Who is gone is still told of by its changes; the newest, should a PID have had several. */
static const struct pw_subject *find_past(const struct pw_leak_material *of,
					  const struct pw_explain_target *t)
{
	for (size_t i = of->event_count; i-- > 0;) {
		if (is_target(t, &of->events[i]->subject))
			return &of->events[i]->subject;
	}
	return NULL;
}

/* The rows are ranked: the first is the worst. */
static int choose_series(struct pw_explain_report *r, size_t count,
			 const struct pw_explain_target *t, struct pw_error *err)
{
	struct pw_rows *out = &r->tables[PW_EXPLAIN_SERIES];
	int rc = pw_rows_make(out, count);

	for (size_t i = 0; !rc && i < count; i++) {
		const struct pw_suspect *s = &r->suspects[i];

		if (s->subject != r->subject)
			continue;
		pw_rows_add(out, s);
		if (!r->chosen && (t->kind < 0 || s->kind == (enum pw_series_kind)t->kind))
			r->chosen = s;
	}
	if (rc || r->chosen || !out->count)
		return rc;
	pw_error_set(err, -ESRCH, "its series '%s' never changed", pw_series_names[t->kind]);
	pw_error_remedy(err, "leave out --series: the worst one is explained, and all are listed");
	return -ESRCH;
}

static int choose(struct pw_explain_report *r, const struct pw_leak_material *of, size_t count,
		  const struct pw_explain_target *t, struct pw_error *err)
{
	int rc = find_subject(r->suspects, count, t, &r->subject, err);

	if (!rc && !r->subject)
		r->subject = find_past(of, t);
	if (!rc && !r->subject)
		rc = nobody(t, err);
	return rc ? rc : choose_series(r, count, t, err);
}

/* ---- rows ------------------------------------------------------------------------------- */

static int fill_gates(struct pw_explain_report *r)
{
	struct pw_rows *out = &r->tables[PW_EXPLAIN_GATES];
	int err = pw_rows_make(out, PW_GATES);

	for (unsigned int i = 0; !err && r->chosen && i < PW_GATES; i++) {
		r->gates[i] = (struct pw_gate_row){ r->chosen, (enum pw_gate)i };
		pw_rows_add(out, &r->gates[i]);
	}
	return err;
}

static int fill_floors(struct pw_explain_report *r)
{
	const struct pw_suspect *s = r->chosen;
	struct pw_rows *out = &r->tables[PW_EXPLAIN_FLOORS];
	size_t count = s ? s->floor_count : 0;
	int err = pw_rows_make(out, count);

	for (size_t i = 0; !err && i < count; i++) {
		r->floors[i] = (struct pw_floor_row){
			.suspect = s,
			.time_ns = s->floors_from_ns + i * s->floors_block_ns,
			.value = s->floors[i],
			.line = pw_leak_line(s, r->header.time_scale, i),
		};
		pw_rows_add(out, &r->floors[i]);
	}
	return err;
}

static bool same_subject(const struct pw_subject *a, const struct pw_subject *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == PW_SUBJECT_PROCESS)
		return a->key.pid == b->key.pid && a->key.start_ns == b->key.start_ns;
	return strcmp(a->cgroup, b->cgroup) == 0 && strcmp(a->exe, b->exe) == 0;
}

static int fill_events(struct pw_explain_report *r, const struct pw_leak_material *of)
{
	struct pw_rows *out = &r->tables[PW_EXPLAIN_CHANGES];
	int err = pw_rows_make(out, of->event_count);

	for (size_t i = 0; !err && i < of->event_count; i++) {
		if (same_subject(&of->events[i]->subject, r->subject))
			pw_rows_add(out, of->events[i]);
	}
	return err;
}

/* ---- what to do next ---------------------------------------------------------------------- */

static void advise_gone(struct pw_leak_notes *n, const struct pw_subject *s)
{
	pw_leak_note(n, "%s; the changes of its verdicts are kept.",
		     s->restored ? "It was not seen since it was looked at last, and may have ended" :
				   "It has ended, and its windows went with it");
	if (s->type == PW_SUBJECT_PROCESS && s->exe[0])
		pw_leak_note(n, "Its group may go on: pagewarden explain --group %.200s.", s->exe);
}

static void advise_process(struct pw_leak_notes *n, const struct pw_suspect *s)
{
	uint32_t pid = s->subject->key.pid;

	if (!s->subject->alive || s->subject->restored) {
		advise_gone(n, s->subject);
		return;
	}
	pw_leak_note(n,
		     "Where the memory lies: pagewarden inspect %u --watch 60s shows which segments "
		     "grow.",
		     pid);
	if (s->kind == PW_SERIES_THREADS)
		pw_leak_note(n,
			     "Which threads: ls /proc/%u/task, and the programs' own names in "
			     "/proc/%u/task/*/comm.",
			     pid, pid);
	if (s->kind == PW_SERIES_OPEN_FILES)
		pw_leak_note(n, "Which files: ls -l /proc/%u/fd | sort -k11 | uniq -c -f10.", pid);
}

static void advise_limit(struct pw_leak_notes *n, const struct pw_suspect *s)
{
	char in[PW_PLAIN_MAX], soonest[PW_PLAIN_MAX];
	uint64_t ns, low;

	if (!s->time_to_limit.known || !pw_leak_seconds(s->time_to_limit.seconds, &ns))
		return;
	if (!pw_leak_seconds(s->time_to_limit.seconds_low, &low))
		low = ns;
	pw_emit_duration(ns, in);
	pw_emit_duration(low, soonest);
	pw_leak_note(n,
		     "Its limit (%s) is reached in %s, at the soonest in %s: restart it before that, "
		     "or raise the limit.",
		     pw_limit_names[s->limit.kind], in, soonest);
}

static void advise(struct pw_leak_notes *n, const struct pw_suspect *s)
{
	if (s->subject->type == PW_SUBJECT_PROCESS)
		advise_process(n, s);
	if (s->subject->type == PW_SUBJECT_GROUP && s->subject->members == 1)
		pw_leak_note(n,
			     "A group of one process says what its process says; which that is: "
			     "pagewarden leaks --all --cgroup %.160s.",
			     s->subject->cgroup[0] ? s->subject->cgroup : "/");
	if (!pw_verdict_is_suspect(s->verdict.verdict)) {
		pw_leak_note(n, "Nothing else: it is no suspect. A change of its verdict is kept, and told "
				"by the daemon's alerts.");
		return;
	}
	advise_limit(n, s);
	if (s->subject->type == PW_SUBJECT_GROUP)
		pw_leak_note(n,
			     "Which of its processes: pagewarden top --filter exe=%.160s --sort "
			     "growth_1h_bytes_per_minute.",
			     s->subject->exe);
	if (s->subject->type == PW_SUBJECT_CGROUP)
		pw_leak_note(n, "What the kernel holds for it: memory.stat in /sys/fs/cgroup%.160s.",
			     s->subject->cgroup);
	pw_leak_note(n,
		     "Whether it is meant to grow so: its own statistics, the size of its caches, the "
		     "number of its sessions. If it is, it will be called load-following or bounded "
		     "once it shows.");
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int fill(struct pw_explain_report *r, const struct pw_leak_material *of)
{
	struct pw_rows *verdict = &r->tables[PW_EXPLAIN_VERDICT];
	int err = pw_rows_make(verdict, 1);

	if (!err && r->chosen)
		pw_rows_add(verdict, r->chosen);
	err = err ? err : fill_gates(r);
	err = err ? err : fill_floors(r);
	err = err ? err : fill_events(r, of);
	if (r->chosen)
		advise(&r->next, r->chosen);
	else
		advise_gone(&r->next, r->subject);
	pw_leak_notes_fill(&r->notes, &r->header, r->chosen, r->chosen ? 1 : 0);
	err = err ? err : pw_leak_notes_rows(&r->next, &r->tables[PW_EXPLAIN_NEXT]);
	err = err ? err : pw_leak_notes_rows(&r->notes, &r->tables[PW_EXPLAIN_NOTES]);
	return err ? err : pw_leak_loss_rows(&r->tables[PW_EXPLAIN_LOSSES], of->model, r->losses);
}

int pw_explain_report_init(struct pw_explain_report *r, const struct pw_leak_material *of,
			   const struct pw_explain_target *target, struct pw_error *err)
{
	const struct pw_trends_query query = { .all = true, .pid = target->pid };
	size_t count = 0;
	int rc;

	memset(r, 0, sizeof(*r));
	pw_leak_header_fill(&r->header, of);
	rc = pw_trends_suspects(of->trends, &query, &r->suspects, &count);
	if (rc)
		return pw_error_set(err, rc, "no memory for the series");
	rc = choose(r, of, count, target, err);
	if (!rc) {
		rc = fill(r, of);
		if (rc)
			pw_error_set(err, rc, "no memory for the verdict");
	}
	if (rc)
		pw_explain_report_deinit(r);
	return rc;
}

void pw_explain_report_deinit(struct pw_explain_report *r)
{
	for (size_t i = 0; i < PW_EXPLAIN_PARTS; i++)
		pw_rows_free(&r->tables[i]);
	free(r->suspects);
	memset(r, 0, sizeof(*r));
}

/* ---- text ------------------------------------------------------------------------------------- */

static void get_line(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	pw_value_text(ret, row);
}

static const struct pw_column headline_columns[] = {
	{ "headline", "", "", PW_UNIT_TEXT, 0, true, get_line },
	{ NULL },
};

/* The newest words on who is gone, but for those that it is gone. */
static const char *last_words(const struct pw_explain_report *r)
{
	const struct pw_rows *changes = &r->tables[PW_EXPLAIN_CHANGES];

	for (size_t i = changes->count; i-- > 0;) {
		const struct pw_verdict_event *e = changes->rows[i];

		if (!e->ended || !i)
			return e->reason;
	}
	return "";
}

/* "4711 nginx, anon: growing: SENTENCE" */
static void write_headline(struct pw_explain_report *r)
{
	const struct pw_suspect *s = r->chosen;
	char name[512], why[400] = "";

	pw_leak_name(r->subject, name, sizeof(name));
	if (!s) {
		snprintf(r->headline, sizeof(r->headline), "%s has ended. Its last verdict: %s",
			 name, last_words(r));
	} else {
		pw_verdict_explain(&s->verdict, pw_series_units[s->kind], why, sizeof(why));
		snprintf(r->headline, sizeof(r->headline), "%s, %s: %s", name,
			 pw_series_names[s->kind], why);
	}
	r->headline_row = r->headline;
}

static struct pw_table lines_table(const char *title, const void *const *lines, size_t count)
{
	return (struct pw_table){ .name = "lines",
				  .title = title,
				  .columns = headline_columns,
				  .rows = lines,
				  .count = count };
}

void pw_explain_report_document(struct pw_explain_report *r, bool text, bool ascii,
				struct pw_shaped_document *d)
{
	size_t n = 0;

	pw_document_build(d, &pw_document_explain, r->header.model, &r->header, r->tables);
	if (!text)
		return;
	write_headline(r);
	if (r->chosen)
		pw_leak_plot(r->chosen, r->header.time_scale, ascii, &r->plot);
	for (size_t i = 0; i < r->plot.count; i++)
		r->plot_lines[i] = r->plot.line[i];
	r->text_tables[n++] = lines_table(NULL, &r->headline_row, 1);
	r->text_tables[n++] = lines_table("Floors", r->plot_lines, r->plot.count);
	for (size_t i = PW_EXPLAIN_VERDICT; i < PW_EXPLAIN_PARTS; i++) {
		if (i != PW_EXPLAIN_FLOORS) /* drawn above */
			r->text_tables[n++] = d->tables[i];
	}
	r->text_tables[2].shown = pw_leak_shown;
	r->text_tables[2].title = "Verdict";
	d->doc.tables = r->text_tables;
	d->doc.table_count = n;
}
