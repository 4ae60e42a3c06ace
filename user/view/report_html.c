// SPDX-License-Identifier: GPL-2.0-or-later
/* The report as one HTML page: key figures, charts, tables. */
#include "user/view/report.h"

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

/* ---- values of the machine's columns ---- */

/* A number of the machine's as text; "–" where it is not known. */
static const char *machine_text(const struct pw_report *r, const char *name, char *out, size_t size)
{
	const struct pw_column *c = pw_column_find(pw_machine_columns, name);
	struct pw_value v;

	c->get(r->model, r->model, &v);
	if (!v.known)
		return "–";
	pw_emit_cell(c, &v, 0, false, out, size);
	return out;
}

static uint64_t pages(const struct pw_model *m, uint64_t n)
{
	return n * m->machine.page_size;
}

/* ---- the head ---- */

static void put_bytes(FILE *out, const __u8 *bytes, size_t size)
{
	pw_html_text(out, (const char *)bytes, strnlen((const char *)bytes, size));
}

static void put_title(const struct pw_report *r, FILE *out)
{
	const struct pw_model *m = r->model;
	char from[PW_RFC3339_LEN], to[PW_RFC3339_LEN], text[64];

	fputs("<h1>Memory of ", out);
	put_bytes(out, m->machine.hostname, sizeof(m->machine.hostname));
	fprintf(out, "</h1>\n<p class=\"soft\">%s to %s (%s), kernel ",
		pw_clock_rfc3339(pw_model_realtime(m, m->first_ns), from),
		pw_clock_rfc3339(pw_model_realtime(m, m->now_ns), to),
		machine_text(r, "observed_ns", text, sizeof(text)));
	put_bytes(out, m->machine.release, sizeof(m->machine.release));
	fputs(", counted by ", out);
	put_bytes(out, m->machine.source, sizeof(m->machine.source));
	fputs("</p>\n", out);
}

static void card(FILE *out, const char *value, const char *label)
{
	fprintf(out, "<div class=\"card\"><b>%s</b><span>%s</span></div>\n", value, label);
}

static void put_memory_card(const struct pw_model *m, FILE *out)
{
	uint64_t total = m->machine.memory_pages;
	uint64_t used = total > m->tick.available_pages ? total - m->tick.available_pages : 0;
	char a[PW_SIZE_TEXT], b[PW_SIZE_TEXT];

	fprintf(out,
		"<div class=\"card\"><b>%s</b><span>of %s in use</span>"
		"<meter min=\"0\" max=\"%" PRIu64 "\" high=\"%" PRIu64 "\" value=\"%" PRIu64
		"\"></meter></div>\n",
		pw_text_size(pages(m, used), a), pw_text_size(pages(m, total), b), total,
		total - total / 10, used);
}

static void put_growth_card(const struct pw_model *m, FILE *out)
{
	uint64_t then, now;
	char size[PW_SIZE_TEXT];

	if (!pw_series_at(&m->footprint, m->now_ns, m->first_ns, &then) ||
	    !pw_series_at(&m->footprint, m->now_ns, m->now_ns, &now))
		return;
	card(out, pw_text_signed_size((int64_t)(now - then) * m->machine.page_size, size),
	     "growth of the memory in use");
}

static void put_cost_card(const struct pw_report *r, FILE *out)
{
	char bpf[64], user[64], rss[64];

	fprintf(out,
		"<div class=\"card\"><b>%s%%</b><span>of one CPU is Pagewarden's own cost "
		"(BPF %s%%), with %s resident</span></div>\n",
		machine_text(r, "user_cpu_ratio", user, sizeof(user)),
		machine_text(r, "bpf_cpu_ratio", bpf, sizeof(bpf)),
		machine_text(r, "own_rss_bytes", rss, sizeof(rss)));
}

static void put_cards(const struct pw_report *r, FILE *out)
{
	char text[64], label[128];

	fputs("<div class=\"cards\">\n", out);
	put_memory_card(r->model, out);
	put_growth_card(r->model, out);
	snprintf(label, sizeof(label), "processes with %s threads; %zu dead remembered",
		 machine_text(r, "threads", text, sizeof(text)), r->model->dead);
	card(out, machine_text(r, "processes_alive", text, sizeof(text)), label);
	snprintf(text, sizeof(text), "%zu", r->tables[PW_REPORT_OOM_KILLS].count);
	card(out, text, "OOM kills");
	card(out, machine_text(r, "lost", text, sizeof(text)), "observations lost");
	put_cost_card(r, out);
	fputs("</div>\n", out);
}

static void put_coverage_line(const struct pw_report *r, FILE *out)
{
	const struct pw_column *c = pw_column_find(pw_machine_columns, "coverage");
	struct pw_value v;

	c->get(r->model, r->model, &v);
	if (!v.known || strcmp(v.text.bytes, "complete") == 0)
		return;
	fputs("<p class=\"soft\">Coverage: ", out);
	pw_html_text(out, v.text.bytes, v.text.len);
	fputs(" (see the end).</p>\n", out);
}

/* ---- charts ---- */

/* The finest tier of the series that reaches back to the beginning. */
static unsigned int tier_of(const struct pw_model *m)
{
	unsigned int tier = 0;

	while (tier + 1 < PW_SERIES_TIERS &&
	       (m->now_ns - m->first_ns) / pw_series_step_ns[tier] >= PW_SERIES_POINTS)
		tier++;
	return tier;
}

static struct pw_chart_line *add_line(struct pw_chart *c, const struct pw_model *m,
				      const struct pw_series *s, bool growth)
{
	struct pw_chart_line *line = &c->lines[c->line_count++];
	uint32_t points[PW_SERIES_POINTS];

	line->count = pw_series_points(s, tier_of(m), m->now_ns, points, PW_SERIES_POINTS);
	for (size_t i = 0; i < line->count; i++)
		line->bytes[i] = ((int64_t)points[i] - (growth ? points[0] : 0)) *
				 (int64_t)m->machine.page_size;
	return line;
}

static struct pw_chart *chart_create(const struct pw_model *m, const char *about)
{
	struct pw_chart *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->about = about;
	c->step_ns = pw_series_step_ns[tier_of(m)];
	c->end_ns = pw_model_realtime(m, m->now_ns);
	return c;
}

static int put_machine_chart(const struct pw_report *r, FILE *out)
{
	const struct pw_model *m = r->model;
	const struct pw_rows *kills = &r->tables[PW_REPORT_OOM_KILLS];
	pw_auto_free struct pw_chart *c = chart_create(m, "Memory in use over time");

	if (!c)
		return -ENOMEM;
	c->filled = true;
	c->ceiling = (int64_t)pages(m, m->machine.memory_pages);
	add_line(c, m, &m->footprint, false);
	for (size_t i = 0; i < kills->count && i < sizeof(c->marks) / sizeof(c->marks[0]); i++) {
		const struct pw_event *e = kills->rows[kills->count - 1 - i];

		c->marks[c->mark_count++] = pw_model_realtime(m, e->time_ns);
	}
	fputs("<section>\n<h2>Memory in use</h2>\n<p class=\"soft\">All memory less what programs "
	      "could still get without swapping; the axis ends at the machine's memory.",
	      out);
	fputs(c->mark_count ? " Dashed lines are OOM kills.</p>\n" : "</p>\n", out);
	pw_chart_draw(c, out);
	fputs("</section>\n", out);
	return 0;
}

static void label_process(struct pw_chart_line *line, const struct pw_process *p)
{
	snprintf(line->label, sizeof(line->label), "%s (%u)", p->comm, p->key.pid);
}

/* The processes that grew most; where none grew there is nothing to draw. */
static int put_growth_chart(const struct pw_report *r, FILE *out)
{
	const struct pw_rows *growing = &r->tables[PW_REPORT_GROWING];
	pw_auto_free struct pw_chart *c =
		chart_create(r->model, "Growth of the processes that grew most");

	if (!c)
		return -ENOMEM;
	c->changes = true;
	for (size_t i = 0; i < growing->count && i < PW_CHART_LINES_MAX; i++) {
		const struct pw_process *p = growing->rows[i];

		label_process(add_line(c, r->model, &p->footprint, true), p);
	}
	if (!c->line_count)
		return 0;
	fputs("<section>\n<h2>Growth of the processes that grew most</h2>\n<p class=\"soft\">"
	      "Footprint (resident anonymous and shared memory plus swap) against the beginning "
	      "of the drawing.</p>\n",
	      out);
	pw_chart_draw(c, out);
	fputs("</section>\n", out);
	return 0;
}

/* ---- the page ---- */

static const char *empty_text(enum pw_report_table t)
{
	switch (t) {
	case PW_REPORT_GROWING:
	case PW_REPORT_GROWING_GROUPS:
		return "Nothing grew.";
	case PW_REPORT_DEAD:
		return "No process ended while it was observed.";
	case PW_REPORT_OOM_KILLS:
		return "None.";
	case PW_REPORT_LOSSES:
		return "Nothing: every observation arrived.";
	default:
		return "None.";
	}
}

/* A recording has segments and wipes only where somebody asked for them. */
static bool is_left_out(const struct pw_report *r, size_t t)
{
	if (r->tables[t].count)
		return false;
	if (t == PW_REPORT_SEGMENTS || t == PW_REPORT_SECRETS)
		return true;
	return t >= PW_REPORT_ALERTS && t <= PW_REPORT_WIPE_NOTES && !pw_wipes_observed(r->model);
}

static void put_tables(const struct pw_report *r, FILE *out)
{
	struct pw_shaped_document d;

	pw_document_build(&d, &pw_document_report, r->model, r->model, r->tables);
	for (size_t t = 0; t < d.doc.table_count; t++) {
		if (!is_left_out(r, t))
			pw_html_table(out, &d.tables[t], pw_document_report.tables[t].about,
				      empty_text((enum pw_report_table)t));
	}
}

static int put_page(const struct pw_report *r, FILE *out)
{
	char title[128];
	int err;

	snprintf(title, sizeof(title), "Memory of %.64s", (const char *)r->model->machine.hostname);
	pw_html_begin(out, title);
	put_title(r, out);
	put_coverage_line(r, out);
	put_cards(r, out);
	err = put_machine_chart(r, out);
	err = err ? err : put_growth_chart(r, out);
	put_tables(r, out);
	fputs("<footer>Pagewarden " PW_VERSION ". Sizes are powers of 1024; growth is per minute "
	      "over the last minute, 10 minutes, hour and 8 hours.</footer>\n",
	      out);
	pw_html_end(out);
	return err;
}

int pw_report_html(const struct pw_report *r, FILE *out)
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
