// SPDX-License-Identifier: GPL-2.0-or-later
/* The report on a period as one HTML page: what happened, charts, tables. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/view/emitter.h"
#include "user/view/html.h"
#include "user/view/html_chart.h"
#include "user/view/period_report.h"

#define GROWTH_LINES PW_CHART_LINES_MAX
#define KILL_CHARTS 3
#define FIGURES_MAX 48 /* rows of the table behind the machine's chart */

static const char *host_of(const struct pw_period_report *r)
{
	return r->period->last_boot.host[0] ? r->period->last_boot.host : "this machine";
}

/* ---- the head ------------------------------------------------------------------------ */

static void put_title(const struct pw_period_report *r, FILE *out)
{
	const struct pw_period *p = r->period;
	char from[PW_RFC3339_LEN], to[PW_RFC3339_LEN];

	pw_clock_rfc3339(p->from_ns, from);
	pw_clock_rfc3339(p->to_ns, to);
	fputs("<h1>Memory of ", out);
	pw_html_string(out, host_of(r));
	fprintf(out, "</h1>\n<p class=\"soft\">%.10s %.5s to %.10s %.5s UTC", from, from + 11, to,
		to + 11);
	if (p->last_boot.release[0]) {
		fputs(", kernel ", out);
		pw_html_string(out, p->last_boot.release);
	}
	fputs("</p>\n", out);
}

static enum pw_finding_level worst(const struct pw_period_report *r)
{
	return r->finding_count ? r->findings[0].level : PW_FINDING_NOTE;
}

static void put_findings(const struct pw_period_report *r, FILE *out)
{
	fprintf(out, "<p class=\"lead %s\" id=\"summary\">", pw_finding_names[worst(r)]);
	pw_html_string(out, r->summary);
	fputs("</p>\n", out);
	if (!r->finding_count)
		return;
	fputs("<ul class=\"findings\" id=\"findings\">\n", out);
	for (size_t i = 0; i < r->finding_count; i++) {
		const char *level = pw_finding_names[r->findings[i].level];

		fprintf(out, "<li class=\"%s\"><b>%s</b>", level, level);
		pw_html_string(out, r->findings[i].text);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void card(FILE *out, const char *value, const char *label)
{
	fprintf(out, "<div class=\"card\"><b>%s</b><span>%s</span></div>\n", value, label);
}

static void put_memory_card(const struct pw_period_report *r, FILE *out)
{
	const struct pw_period_step *s = r->use.last;
	char a[PW_SIZE_TEXT], b[PW_SIZE_TEXT];

	if (!r->has_use || !s->detailed)
		return;
	fprintf(out,
		"<div class=\"card\"><b>%s</b><span>of %s in use at the end</span>"
		"<meter min=\"0\" max=\"%" PRIu64 "\" high=\"%" PRIu64 "\" value=\"%" PRIu64
		"\" aria-label=\"memory in use\"></meter></div>\n",
		pw_text_size(pw_period_used(s), a), pw_text_size(s->memory_bytes, b),
		s->memory_bytes, s->memory_bytes - s->memory_bytes / 10, pw_period_used(s));
}

static void put_low_card(const struct pw_period_report *r, FILE *out)
{
	char size[PW_SIZE_TEXT], time[PW_RFC3339_LEN], label[96];

	if (!r->has_use)
		return;
	pw_clock_rfc3339(r->use.tightest->time_ns, time);
	snprintf(label, sizeof(label), "available at the least, at %.10s %.5s", time, time + 11);
	card(out, pw_text_size(r->use.tightest->lowest_available_bytes, size), label);
}

static void put_count_card(uint64_t n, const char *label, FILE *out)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	card(out, text, label);
}

static void put_cost_card(const struct pw_period_report *r, FILE *out)
{
	const struct pw_period_watch *w = &r->period->watch;
	char value[32], label[128], size[PW_SIZE_TEXT];

	if (!w->detailed_ns)
		return;
	snprintf(value, sizeof(value), "%.2f%%",
		 100 * (double)(w->user_ns + w->bpf_ns) / (double)w->detailed_ns);
	snprintf(label, sizeof(label),
		 "of one CPU is Pagewarden's own cost (BPF %.2f%%), with at most %s resident",
		 100 * (double)w->bpf_ns / (double)w->detailed_ns,
		 pw_text_size(w->rss_peak_bytes, size));
	card(out, value, label);
}

static void put_watched_card(const struct pw_period_report *r, FILE *out)
{
	const struct pw_period *p = r->period;
	char value[32], label[96];

	snprintf(value, sizeof(value), "%.1f%%",
		 100 * (double)p->watch.watched_ns / (double)(p->to_ns - p->from_ns));
	snprintf(label, sizeof(label), "of the time was watched; %" PRIu64 " observations lost",
		 r->lost);
	card(out, value, label);
}

static void put_cards(const struct pw_period_report *r, FILE *out)
{
	fputs("<div class=\"cards\">\n", out);
	put_memory_card(r, out);
	put_low_card(r, out);
	put_count_card(r->suspects, "suspected leaks", out);
	put_count_card(r->period->kill_count + r->period->kills_left_out, "OOM kills", out);
	put_count_card(r->failures, "restarts after a failure", out);
	put_watched_card(r, out);
	put_cost_card(r, out);
	fputs("</div>\n", out);
}

/* ---- charts -------------------------------------------------------------------------- */

static void begin_figure(FILE *out, const char *id, const char *title, const char *about)
{
	fprintf(out,
		"<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n"
		"<p class=\"soft\">%s</p>\n",
		id, id, id, title, about);
}

static struct pw_chart_line *add_line(struct pw_chart *c, const char *label)
{
	struct pw_chart_line *line = &c->lines[c->line_count++];

	snprintf(line->label, sizeof(line->label), "%s", label);
	return line;
}

static struct pw_chart *machine_chart(const struct pw_period_report *r)
{
	const struct pw_period *p = r->period;
	struct pw_chart *c = calloc(1, sizeof(*c));
	struct pw_chart_line *used, *swap, *slab, *most;

	if (!c)
		return NULL;
	used = add_line(c, "in use");
	swap = add_line(c, "swap in use");
	slab = add_line(c, "slab");
	most = add_line(c, "the most in each step");
	for (size_t i = 0; i < p->step_count && i < PW_CHART_POINTS_MAX; i++) {
		const struct pw_period_step *s = &p->steps[i];
		bool detailed = s->watched && s->detailed;

		used->bytes[i] = detailed ? (int64_t)pw_period_used(s) : PW_CHART_GAP;
		swap->bytes[i] = s->watched ? (int64_t)s->swap_bytes : PW_CHART_GAP;
		slab->bytes[i] = detailed ? (int64_t)s->slab_bytes : PW_CHART_GAP;
		most->bytes[i] = detailed ? (int64_t)(s->memory_bytes - s->lowest_available_bytes) :
					    PW_CHART_GAP;
		used->count = swap->count = slab->count = most->count = i + 1;
		if (detailed && (int64_t)s->memory_bytes > c->ceiling)
			c->ceiling = (int64_t)s->memory_bytes;
	}
	c->filled = true;
	c->step_ns = p->step_ns;
	c->end_ns = p->from_ns + p->step_count * p->step_ns;
	for (size_t i = 0; i < p->kill_count && c->mark_count < 32; i++)
		c->marks[c->mark_count++] = p->kills[i].time_ns;
	return c;
}

/* The figures of a drawing, for who cannot see it or wants to know. */
static void put_figures(const struct pw_period_report *r, FILE *out)
{
	static const char *const shown[] = { "time",	   "used_bytes", "lowest_available_bytes",
					     "slab_bytes", "swap_bytes", NULL };
	const struct pw_period *p = r->period;
	size_t every = (p->step_count + FIGURES_MAX - 1) / FIGURES_MAX;
	const void *rows[FIGURES_MAX];
	struct pw_table t = {
		.name = "machine",
		.columns = pw_period_step_columns,
		.shown = shown,
		.ctx = r->wipes,
		.rows = rows,
	};

	for (size_t i = every - 1; i < p->step_count && t.count < FIGURES_MAX; i += every)
		rows[t.count++] = &p->steps[i];
	fputs("<details><summary>The figures of this chart</summary>\n", out);
	pw_html_rows(out, &t);
	fputs("</details>\n", out);
}

static int put_machine(const struct pw_period_report *r, FILE *out)
{
	pw_auto_free struct pw_chart *c = machine_chart(r);

	if (!c)
		return -ENOMEM;
	c->about = "Memory of the machine over the period";
	c->detail = r->summary;
	begin_figure(out, "machine", "Memory of the machine",
		     "In use: all memory less what programs could still get without swapping. The "
		     "axis ends at the machine's memory. Grey ground: nobody watched; dashed lines: "
		     "OOM kills.");
	pw_chart_draw(c, out);
	put_figures(r, out);
	fputs("</section>\n", out);
	return 0;
}

static void fill_growth(struct pw_chart_line *line, const struct pw_period_group *g)
{
	for (size_t i = 0; i < PW_PERIOD_BINS; i++)
		line->bytes[i] = g->curve[i] == PW_PERIOD_GAP ?
					 PW_CHART_GAP :
					 (int64_t)g->curve[i] * 1024 - (int64_t)g->begin_bytes;
	line->count = PW_PERIOD_BINS;
}

/* The programs that grew most; where none grew there is nothing to draw. */
static int put_growth(const struct pw_period_report *r, FILE *out)
{
	const struct pw_rows *rows = &r->tables[PW_PERIOD_GROWN_GROUPS];
	pw_auto_free struct pw_chart *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	if (!rows->count)
		return 0;
	for (size_t i = 0; i < rows->count && i < GROWTH_LINES; i++)
		fill_growth(add_line(c, pw_period_group_name(rows->rows[i])), rows->rows[i]);
	c->changes = true;
	c->about = "Growth of the programs that grew most";
	c->detail = "The figures are in the table below it.";
	c->step_ns = r->period->bin_ns;
	c->end_ns = r->period->to_ns;
	begin_figure(out, "growth", "Growth of the programs that grew most",
		     "Footprint (resident anonymous and shared memory plus swap) against that at the "
		     "begin of the period.");
	pw_chart_draw(c, out);
	fputs("</section>\n", out);
	return 0;
}

static int put_kill_chart(const struct pw_period_kill *k, FILE *out)
{
	pw_auto_free struct pw_chart *c = calloc(1, sizeof(*c));
	char label[64];

	if (!c)
		return -ENOMEM;
	snprintf(label, sizeof(label), "%s (%u) in the hour before its OOM kill", k->comm, k->pid);
	struct pw_chart_line *line = add_line(c, label);

	for (size_t i = 0; i < PW_PERIOD_BINS; i++)
		line->bytes[i] = k->curve[i] == PW_PERIOD_GAP ? PW_CHART_GAP :
								(int64_t)k->curve[i] * 1024;
	line->count = PW_PERIOD_BINS;
	c->about = label;
	c->detail = "Its footprint, a point a minute; the tables have the figures at the kill.";
	c->step_ns = 60 * PW_NSEC_PER_SEC;
	c->end_ns = k->curve_from_ns + PW_PERIOD_BINS * c->step_ns;
	c->marks[c->mark_count++] = k->time_ns < c->end_ns ? k->time_ns : c->end_ns;
	pw_chart_draw(c, out);
	return 0;
}

static int put_kill_charts(const struct pw_period_report *r, FILE *out)
{
	const struct pw_period *p = r->period;
	size_t drawn = 0;
	int err = 0;

	for (size_t i = 0; i < p->kill_count && drawn < KILL_CHARTS && !err; i++) {
		if (!p->kills[i].curve_from_ns)
			continue;
		if (!drawn++)
			begin_figure(out, "kills", "Before the OOM kills",
				     "The victim's footprint in the hour before.");
		err = put_kill_chart(&p->kills[i], out);
	}
	if (drawn)
		fputs("</section>\n", out);
	return err;
}

/* ---- the page ------------------------------------------------------------------------ */

static const char *empty_text(size_t t)
{
	switch (t) {
	case PW_PERIOD_GROWN_GROUPS:
	case PW_PERIOD_GROWN_PROCESSES:
		return "Nothing grew by 1 MiB or more.";
	case PW_PERIOD_SUSPECTS:
		return "Nothing grows the way leaks grow.";
	case PW_PERIOD_RESTARTS:
		return "Nothing was restarted.";
	case PW_PERIOD_LOSSES:
		return "Nothing: every observation arrived.";
	}
	return "None.";
}

/* Empty, and nobody would miss it. */
static bool is_left_out(const struct pw_period_report *r, size_t t)
{
	if (t == PW_PERIOD_FINDINGS || t == PW_PERIOD_MACHINE)
		return true; /* drawn above */
	return !r->tables[t].count && t != PW_PERIOD_SUSPECTS && t != PW_PERIOD_GROWN_GROUPS &&
	       t != PW_PERIOD_OOM_KILLS && t != PW_PERIOD_RESTARTS && t != PW_PERIOD_LOSSES;
}

static int put_tables(const struct pw_period_report *r, FILE *out)
{
	struct pw_shaped_document d;
	int err = 0;

	pw_document_build(&d, &pw_document_period, r->wipes, r, r->tables);
	for (size_t t = 0; t < d.doc.table_count && !err; t++) {
		if (t == PW_PERIOD_GROWN_GROUPS)
			err = put_growth(r, out);
		if (t == PW_PERIOD_OOM_KILLS)
			err = err ? err : put_kill_charts(r, out);
		if (!err && !is_left_out(r, t))
			pw_html_table(out, &d.tables[t], pw_document_period.tables[t].about,
				      empty_text(t));
	}
	return err;
}

static int put_page(const struct pw_period_report *r, FILE *out)
{
	char title[128];
	int err;

	snprintf(title, sizeof(title), "Memory of %.64s", host_of(r));
	pw_html_begin(out, title);
	put_title(r, out);
	put_findings(r, out);
	put_cards(r, out);
	err = put_machine(r, out);
	err = err ? err : put_tables(r, out);
	fputs("<footer>Pagewarden " PW_VERSION ". Sizes are powers of 1024, times are UTC; a footprint "
	      "is resident anonymous and shared memory plus swap.</footer>\n",
	      out);
	pw_html_end(out);
	return err;
}

int pw_period_html(const struct pw_period_report *r, FILE *out)
{
	struct pw_emit_locale locale;
	int err = pw_emit_locale_enter(&locale);

	if (err)
		return err;
	errno = 0;
	err = put_page(r, out);
	if (!err && fflush(out) != 0)
		err = pw_emit_status(out);
	pw_emit_locale_leave(&locale);
	return err ? err : pw_emit_status(out);
}
