// SPDX-License-Identifier: GPL-2.0-or-later
/* The report on a period for a terminal or a mail, JSON and CSV. */
#include "user/view/period_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/view/emitter.h"

#define CURVE_WIDTH 60

struct text_report {
	const struct pw_period_report *r;
	const struct pw_emit_options *opt;
	FILE *out;
};

/* ---- words --------------------------------------------------------------------------- */

/*
 * Words of raw bytes, wrapped; lines after the first begin with `indent` blanks, and so
 * does the first behind what already stands there. A word that is too long has its own line.
 */
static void put_wrapped(const struct text_report *t, const char *bytes, size_t indent)
{
	static const struct pw_column text = { .unit = PW_UNIT_TEXT };
	pw_auto_free char *words = malloc(PW_CELL_MAX);
	struct pw_value v;
	size_t at = indent;
	char *rest = words;

	if (!words)
		return;
	pw_value_text(&v, bytes);
	pw_emit_cell(&text, &v, 0, t->opt->ascii, words, PW_CELL_MAX);
	for (const char *word; (word = strsep(&rest, " "));) {
		size_t width = pw_text_width(word);

		if (at > indent && at + 1 + width > PW_PERIOD_TEXT_WIDTH) {
			fprintf(t->out, "\n%*s", (int)indent, "");
			at = indent;
		}
		fprintf(t->out, "%s%s", at > indent ? " " : "", word);
		at += width + (at > indent);
	}
	putc('\n', t->out);
}

static void put_title(const struct text_report *t)
{
	const struct pw_period *p = t->r->period;
	char from[PW_RFC3339_LEN], to[PW_RFC3339_LEN], line[512];

	pw_clock_rfc3339(p->from_ns, from);
	pw_clock_rfc3339(p->to_ns, to);
	snprintf(line, sizeof(line), "Memory of %.64s, %.10s %.5s to %.10s %.5s UTC",
		 p->last_boot.host[0] ? p->last_boot.host : "this machine", from, from + 11, to,
		 to + 11);
	put_wrapped(t, line, 0);
	putc('\n', t->out);
	put_wrapped(t, t->r->summary, 0);
	putc('\n', t->out);
	for (size_t i = 0; i < t->r->finding_count; i++) {
		const struct pw_finding *f = &t->r->findings[i];

		fprintf(t->out, "%-4s  ", pw_finding_names[f->level]);
		put_wrapped(t, f->text, 6);
	}
	if (t->r->finding_count)
		putc('\n', t->out);
}

/* ---- the machine's curves -------------------------------------------------------------- */

static uint64_t used_or_gone(const struct pw_period_step *s)
{
	return s->detailed ? pw_period_used(s) : UINT64_MAX;
}

static uint64_t slab_or_gone(const struct pw_period_step *s)
{
	return s->detailed ? s->slab_bytes : UINT64_MAX;
}

static uint64_t swap_of(const struct pw_period_step *s)
{
	return s->swap_bytes;
}

/* "used   ▁▂▃▅▇  1.2G to 3.4G"; nothing where it was 0 or not known all through. */
static void put_curve(const struct text_report *t, const char *name,
		      uint64_t (*get)(const struct pw_period_step *s))
{
	const struct pw_period *p = t->r->period;
	char curve[4 * CURVE_WIDTH + 1], a[PW_SIZE_TEXT], b[PW_SIZE_TEXT];
	uint32_t points[PW_PERIOD_STEPS];
	uint64_t first = 0, last = 0, highest = 0;
	struct pw_value v = {
		.known = true,
		.spark = { .points = points, .count = p->step_count, .scale = 1024, .gapped = true },
	};
	bool any = false;

	for (size_t i = 0; i < p->step_count; i++) {
		uint64_t bytes = p->steps[i].watched ? get(&p->steps[i]) : UINT64_MAX;

		points[i] = bytes == UINT64_MAX ? PW_SPARK_GAP : (uint32_t)(bytes >> 12);
		if (bytes == UINT64_MAX)
			continue;
		first = any ? first : bytes;
		last = bytes;
		highest = bytes > highest ? bytes : highest;
		any = true;
	}
	if (!any || !highest)
		return;
	pw_emit_spark(&v, CURVE_WIDTH, t->opt->ascii, curve, sizeof(curve));
	fprintf(t->out, "%-5s %s  %s to %s\n", name, curve, pw_text_size(first, a),
		pw_text_size(last, b));
}

static void put_curves(const struct text_report *t)
{
	put_curve(t, "used", used_or_gone);
	put_curve(t, "slab", slab_or_gone);
	put_curve(t, "swap", swap_of);
	putc('\n', t->out);
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool is_said_elsewhere(size_t table)
{
	return table == PW_PERIOD_FINDINGS || table == PW_PERIOD_MACHINE ||
	       table == PW_PERIOD_COVERAGE;
}

static int put_text(const struct text_report *t)
{
	struct pw_emit_options opt = *t->opt;
	struct pw_shaped_document d;
	size_t kept = 0;

	opt.line_width = PW_PERIOD_TEXT_WIDTH;
	pw_document_build(&d, &pw_document_period, t->r->wipes, t->r, t->r->tables);
	put_title(t);
	put_curves(t);
	for (size_t i = 0; i < d.doc.table_count; i++) {
		if (!is_said_elsewhere(i) && d.tables[i].count)
			d.tables[kept++] = d.tables[i];
	}
	d.doc.header = NULL;
	d.doc.table_count = kept;
	return kept ? pw_emit(&d.doc, &opt, t->out) : pw_emit_status(t->out);
}

int pw_period_report_emit(const struct pw_period_report *r, const struct pw_emit_options *opt,
			  enum pw_period_table csv_table, FILE *out)
{
	const struct text_report text = { r, opt, out };
	struct pw_shaped_document d;

	if (opt->format == PW_FORMAT_HTML)
		return pw_period_html(r, out);
	if (opt->format == PW_FORMAT_TEXT) {
		errno = 0;
		return put_text(&text);
	}
	pw_document_build(&d, &pw_document_period, r->wipes, r, r->tables);
	d.doc.csv_table = csv_table;
	return pw_emit(&d.doc, opt, out);
}
