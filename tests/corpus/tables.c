// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/tables.h"

#include <math.h>

#include "tests/corpus/table.h"

#define OWN 0

static struct table table; /* large, one at a time */

void cell_count(struct table *t, struct share s)
{
	table_cell(t, "%zu of %zu", s.n, s.of);
}

/* In percent: 4.6 (3.9 .. 5.4) */
void cell_share(struct table *t, struct share s)
{
	double low, high;

	if (!s.of) {
		table_cell(t, "-");
		return;
	}
	wilson(s, &low, &high);
	table_cell(t, "%.1f (%.1f .. %.1f)", 100 * share_value(s), 100 * low, 100 * high);
}

static void cell_percent(struct table *t, struct share s)
{
	if (s.of)
		table_cell(t, "%.1f", 100 * share_value(s));
	else
		table_cell(t, "-");
}

static void cell_hours(struct table *t, double hours)
{
	if (isnan(hours))
		table_cell(t, "-");
	else
		table_cell(t, "%.1f", hours);
}

static void finish(const struct printer *p)
{
	table_print(&table, p->markdown, p->out);
}

static void finish_texts(const struct printer *p)
{
	table.texts = true;
	finish(p);
}

static void cell_shape(int s)
{
	table_cell(&table, "%s%s", shape_names[s], shape_is_hard((enum shape)s) ? " *" : "");
}

void print_shapes(const struct printer *p)
{
	table_begin(&table, "Shapes without a leak");
	table_cell(&table, "shape (* hard)");
	table_cell(&table, "what it does");
	for (int s = 0; s < SHAPES; s++) {
		table_row(&table);
		cell_shape(s);
		table_cell(&table, "%s", shape_texts[s]);
	}
	finish_texts(p);
}

void print_opponents(const struct printer *p, size_t count)
{
	table_begin(&table, "Detectors");
	table_cell(&table, "detector");
	table_cell(&table, "calls when");
	for (size_t d = 0; d < count; d++) {
		table_row(&table);
		table_cell(&table, "%s", p->detectors[d].name);
		table_cell(&table, "%s", p->detectors[d].text);
	}
	finish_texts(p);
}

void print_detectors(const struct printer *p, const struct rows *rows)
{
	struct cell hard = cell_all, named = cell_all, healthy = cell_all, big = cell_all;
	struct cell leaks = cell_all;

	hard.leaks = named.leaks = healthy.leaks = 0;
	hard.hard = named.named = 1;
	big.big = leaks.leaks = 1;
	table_begin(&table, "Detectors over the same series, percent (95 % interval)");
	table_cell(&table, "detector");
	table_cell(&table, "false, hard shapes");
	table_cell(&table, "false, the eleven");
	table_cell(&table, "false, all");
	table_cell(&table, "recall from 3 spreads/day");
	table_cell(&table, "recall, all leaks");
	table_cell(&table, "precision at 50:50, from 3 spreads/day");
	table_cell(&table, "precision at 50:50, all leaks");
	table_cell(&table, "median h to detect, from 3 spreads/day");
	for (size_t d = 0; d < rows->detectors; d++) {
		table_row(&table);
		table_cell(&table, "%s", p->detectors[d].name);
		cell_share(&table, share_called(rows, &hard, d));
		cell_percent(&table, share_called(rows, &named, d));
		cell_percent(&table, share_called(rows, &healthy, d));
		cell_share(&table, share_called(rows, &big, d));
		cell_percent(&table, share_called(rows, &leaks, d));
		cell_share(&table, share_right(rows, &big, d));
		cell_share(&table, share_right(rows, &cell_all, d));
		cell_hours(&table, median_hours(rows, &big, d));
	}
	finish(p);
}

void print_false_calls(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "Healthy series that were called a leak, by shape, percent");
	table_cell(&table, "shape (* hard)");
	table_cell(&table, "series");
	for (size_t d = 0; d < rows->detectors; d++)
		table_cell(&table, "%s", p->detectors[d].name);
	for (int s = 0; s < SHAPES; s++) {
		struct cell c = cell_all;

		c.shape = s;
		c.leaks = 0;
		table_row(&table);
		cell_shape(s);
		table_cell(&table, "%zu", share_called(rows, &c, OWN).of);
		cell_share(&table, share_called(rows, &c, OWN));
		for (size_t d = 1; d < rows->detectors; d++)
			cell_percent(&table, share_called(rows, &c, d));
	}
	finish(p);
}

static void size_headings(void)
{
	for (int b = 0; b < SIZE_BINS; b++)
		table_cell(&table, "%g to %g spreads/day", size_edges[b], size_edges[b + 1]);
}

void print_recall(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "Leaking series that were called, percent (95 % interval)");
	table_cell(&table, "leak");
	size_headings();
	for (int leak = LEAK_LINEAR; leak <= LEAKS; leak++) {
		table_row(&table);
		table_cell(&table, "%s", leak < LEAKS ? leak_names[leak] : "all");
		for (int b = 0; b < SIZE_BINS; b++) {
			struct cell c = cell_all;

			c.leaks = 1;
			c.leak = leak < LEAKS ? leak : -1;
			c.size_bin = b;
			cell_share(&table, share_called(rows, &c, OWN));
		}
	}
	finish(p);
}

void print_recall_by_shape(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "Leaks from 3 spreads/day that were called, by shape and leak, percent");
	table_cell(&table, "shape (* hard)");
	for (int leak = LEAK_LINEAR; leak < LEAKS; leak++)
		table_cell(&table, "%s", leak_names[leak]);
	table_cell(&table, "all");
	for (int s = 0; s < SHAPES; s++) {
		struct cell c = cell_all;

		c.shape = s;
		c.big = 1;
		table_row(&table);
		cell_shape(s);
		for (c.leak = LEAK_LINEAR; c.leak < LEAKS; c.leak++)
			cell_percent(&table, share_called(rows, &c, OWN));
		c.leak = -1;
		cell_share(&table, share_called(rows, &c, OWN));
	}
	finish(p);
}

void print_delays(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "Median hours from the leak's onset to the first call, of those called");
	table_cell(&table, "detector");
	size_headings();
	for (size_t d = 0; d < rows->detectors; d++) {
		table_row(&table);
		table_cell(&table, "%s", p->detectors[d].name);
		for (int b = 0; b < SIZE_BINS; b++) {
			struct cell c = cell_all;

			c.leaks = 1;
			c.size_bin = b;
			cell_hours(&table, median_hours(rows, &c, d));
		}
	}
	finish(p);
}

void print_classes(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "The class after 72 h, series");
	table_cell(&table, "shape");
	for (int v = 0; v <= PW_VERDICT_GROWING; v++)
		table_cell(&table, "%s", pw_verdict_names[v]);
	for (int s = 0; s <= SHAPES; s++) {
		table_row(&table);
		table_cell(&table, "%s%s", s < SHAPES ? "healthy " : "leaking, all",
			   s < SHAPES ? shape_names[s] : "");
		for (int v = 0; v <= PW_VERDICT_GROWING; v++) {
			struct cell c = cell_all;
			size_t n = 0;

			c.shape = s < SHAPES ? s : -1;
			c.leaks = s == SHAPES;
			for (size_t i = 0; i < rows->count; i++)
				n += row_is_in(&rows->rows[i], &c) &&
				     (int)rows->rows[i].outcomes[OWN].last == v;
			table_cell(&table, "%zu", n);
		}
	}
	finish(p);
}

#define CONFIDENCE_BINS 5

static void count_confidence(const struct rows *rows, bool suspects, int bin, struct share *ret,
			     double *ret_sum)
{
	*ret = (struct share){ 0, 0 };
	*ret_sum = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *r = &rows->rows[i];
		double confidence = r->outcomes[OWN].confidence;
		int own = (int)fmin(confidence * CONFIDENCE_BINS, CONFIDENCE_BINS - 1);
		bool leaks = r->plan.leak != LEAK_NONE;

		/* Who knows nothing says nothing. */
		if (own != bin || called(r, OWN) != suspects ||
		    (!suspects && r->outcomes[OWN].last == PW_VERDICT_UNKNOWN))
			continue;
		ret->of++;
		ret->n += leaks == suspects;
		*ret_sum += confidence;
	}
}

void print_confidence(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "Is the confidence true? Share of verdicts that were right, percent");
	table_cell(&table, "confidence");
	table_cell(&table, "growing: verdicts");
	table_cell(&table, "said");
	table_cell(&table, "true");
	table_cell(&table, "others: verdicts");
	table_cell(&table, "said");
	table_cell(&table, "true");
	for (int bin = 0; bin < CONFIDENCE_BINS; bin++) {
		table_row(&table);
		table_cell(&table, "%d to %d", bin * 100 / CONFIDENCE_BINS,
			   (bin + 1) * 100 / CONFIDENCE_BINS);
		for (int suspects = 1; suspects >= 0; suspects--) {
			struct share s;
			double sum;

			count_confidence(rows, suspects, bin, &s, &sum);
			table_cell(&table, "%zu", s.of);
			if (s.of)
				table_cell(&table, "%.1f", 100 * sum / (double)s.of);
			else
				table_cell(&table, "-");
			cell_share(&table, s);
		}
	}
	finish(p);
}

static void circumstance(const struct rows *rows, const char *name, struct cell c)
{
	struct cell healthy = c, big = c;

	healthy.leaks = 0;
	big.big = 1;
	table_row(&table);
	table_cell(&table, "%s", name);
	cell_count(&table, share_called(rows, &healthy, OWN));
	cell_share(&table, share_called(rows, &healthy, OWN));
	cell_count(&table, share_called(rows, &big, OWN));
	cell_share(&table, share_called(rows, &big, OWN));
}

void print_circumstances(const struct printer *p, const struct rows *rows)
{
	struct cell one = cell_all, group = cell_all, restarts = cell_all, gaps = cell_all;
	struct cell limited = cell_all, plain = cell_all;

	table_begin(&table, "Circumstances");
	table_cell(&table, "series");
	table_cell(&table, "healthy, called");
	table_cell(&table, "percent");
	table_cell(&table, "leaks from 3 spreads/day, called");
	table_cell(&table, "percent");
	plain.restarts = plain.gaps = plain.group = 0;
	circumstance(rows, "one process, no restart, no gap", plain);
	one.group = 0;
	circumstance(rows, "one process", one);
	group.group = 1;
	circumstance(rows, "2 to 64 workers", group);
	restarts.restarts = 1;
	circumstance(rows, "with restarts", restarts);
	gaps.gaps = 1;
	circumstance(rows, "with gaps", gaps);
	limited.limited = 1;
	circumstance(rows, "ended by a limit", limited);
	finish(p);
}

static struct share covered(const struct rows *rows, const struct cell *c, bool later)
{
	struct share s = { 0, 0 };

	for (size_t i = 0; i < rows->count; i++) {
		const struct outcome *o = &rows->rows[i].outcomes[OWN];
		const struct limit_check *l = later ? &o->limit_later : &o->limit_first;

		if (!row_is_in(&rows->rows[i], c) || !l->asked)
			continue;
		s.of++;
		s.n += l->covered;
	}
	return s;
}

void print_limits(const struct printer *p, const struct rows *rows)
{
	table_begin(&table, "The 90 % interval of the time to the limit holds the truth, percent");
	table_cell(&table, "leak");
	table_cell(&table, "at the first call");
	table_cell(&table, "percent");
	table_cell(&table, "half-way to the limit");
	table_cell(&table, "percent");
	for (int leak = LEAK_LINEAR; leak < LEAKS; leak++) {
		struct cell c = cell_all;

		c.leak = leak;
		table_row(&table);
		table_cell(&table, "%s", leak_names[leak]);
		cell_count(&table, covered(rows, &c, false));
		cell_share(&table, covered(rows, &c, false));
		cell_count(&table, covered(rows, &c, true));
		cell_share(&table, covered(rows, &c, true));
	}
	finish(p);
}

static void goal(const char *what, struct share s, double bound, bool at_most)
{
	bool reached = at_most ? share_value(s) <= bound : share_value(s) >= bound;

	table_row(&table);
	table_cell(&table, "%s", what);
	table_cell(&table, "%s %.0f", at_most ? "at most" : "at least", 100 * bound);
	cell_share(&table, s);
	table_cell(&table, "%s", !s.of ? "-" : reached ? "reached" : "missed");
}

void print_goals(const struct printer *p, const struct rows *rows)
{
	struct cell hard = cell_all, big = cell_all, linear = cell_all;

	hard.leaks = 0;
	hard.hard = big.big = 1;
	linear.leak = LEAK_LINEAR;
	table_begin(&table, "Goals, percent (95 % interval)");
	table_cell(&table, "of");
	table_cell(&table, "goal");
	table_cell(&table, "measured");
	table_cell(&table, " ");
	goal("healthy series of hard shapes called in 72 h", share_called(rows, &hard, OWN), .05,
	     true);
	goal("leaks from 3 spreads/day called", share_called(rows, &big, OWN), .90, false);
	goal("calls that were right at 50:50, all leaks", share_right(rows, &cell_all, OWN), .95,
	     false);
	goal("calls that were right at 50:50, leaks from 3 spreads/day",
	     share_right(rows, &big, OWN), .95, false);
	goal("intervals of the time to the limit that hold, linear leaks, first call",
	     covered(rows, &linear, false), .85, false);
	finish(p);
}
