// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/study.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/corpus/table.h"
#include "tests/corpus/tables.h"

static struct specimen specimen; /* two megabytes, one at a time */

static bool is_asked(const struct study *s, uint32_t index)
{
	uint32_t cell = index / SHAPES / 2;

	if (s->every > 1 && cell % s->every)
		return false;
	return s->shape < 0 || (uint32_t)s->shape == index % SHAPES;
}

static const struct specimen *make(const struct study *s, uint32_t index)
{
	struct plan plan;

	plan_make(s->stream, index, &plan);
	specimen_make(&plan, &specimen);
	return &specimen;
}

size_t study_detectors(const struct study *s, struct detector ret[DETECTORS_MAX])
{
	size_t count = s->own_only ? 1 : detector_count;

	for (size_t d = 0; d < count; d++)
		ret[d] = detectors[d];
	ret[0].gates_off = s->gates_off;
	return count;
}

static void fill_row(const struct study *s, const struct detector *compared, size_t count,
		     uint32_t index, struct row *ret)
{
	const struct specimen *made = make(s, index);

	ret->plan = made->plan;
	ret->spread = made->spread;
	ret->steps = made->steps;
	ret->onset = made->leak.onset;
	ret->limit = made->limit;
	for (size_t d = 0; d < count; d++)
		compared[d].run(&compared[d], made, &ret->outcomes[d]);
}

/* One job's part of the rows: each jobs-th of them. */
static void fill_rows(const struct study *s, const struct detector *compared, size_t count,
		      unsigned int job, struct rows *rows)
{
	size_t n = 0;

	for (uint32_t i = 0; i < plan_count(s->rounds); i++) {
		if (!is_asked(s, i))
			continue;
		if (s->until && time(NULL) > s->until)
			return;
		if (n % s->jobs == job)
			fill_row(s, compared, count, i, &rows->rows[n]);
		n++;
	}
}

static void wait_for(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) < 0 || status) {
		fputs("corpus: a job came to a bad end\n", stderr);
		exit(1);
	}
}

static size_t filled(const struct rows *rows)
{
	size_t n = 0;

	while (n < rows->count && rows->rows[n].steps)
		n++;
	return n;
}

void study_run(const struct study *s, const struct detector *compared, size_t count, struct rows *ret)
{
	struct rows rows = { .detectors = count };
	pid_t children[JOBS_MAX];

	for (uint32_t i = 0; i < plan_count(s->rounds); i++)
		rows.count += is_asked(s, i);
	rows.room = rows.count + 1;
	/* Shared with the jobs. */
	rows.rows = mmap(NULL, rows.room * sizeof(rows.rows[0]), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rows.rows == MAP_FAILED)
		abort();
	fflush(NULL);
	for (unsigned int job = 1; job < s->jobs; job++) {
		children[job] = fork();
		if (children[job] < 0)
			abort();
		if (children[job] > 0)
			continue;
		fill_rows(s, compared, count, job, &rows);
		_exit(0);
	}
	fill_rows(s, compared, count, 0, &rows);
	for (unsigned int job = 1; job < s->jobs; job++)
		wait_for(children[job]);
	rows.count = filled(&rows);
	*ret = rows;
}

void study_free(struct rows *rows)
{
	munmap(rows->rows, rows->room * sizeof(rows->rows[0]));
}

/* ---- ablation ------------------------------------------------------------------ */

static void ablation_row(struct table *t, const char *name, const struct rows *rows, size_t d)
{
	struct cell hard = cell_all, big = cell_all, leaks = cell_all;

	hard.leaks = 0;
	hard.hard = big.big = leaks.leaks = 1;
	table_row(t);
	table_cell(t, "%s", name);
	cell_share(t, share_called(rows, &hard, d));
	cell_share(t, share_called(rows, &big, d));
	cell_share(t, share_called(rows, &leaks, d));
	cell_share(t, share_right(rows, &cell_all, d));
}

void study_ablation(const struct study *s, bool markdown, FILE *out)
{
	static struct table t;
	struct detector own[1 + PW_GATES];
	struct study fewer = *s;
	struct rows rows;

	_Static_assert(1 + PW_GATES <= DETECTORS_MAX, "a row has room for each gate's outcome");
	for (size_t g = 0; g <= PW_GATES; g++) {
		own[g] = detectors[0];
		own[g].gates_off = s->gates_off | (g < PW_GATES ? 1u << g : 0);
	}
	fewer.rounds = s->rounds > 4 ? s->rounds / 4 : 1;
	study_run(&fewer, own, 1 + PW_GATES, &rows);
	table_begin(&t, "What each gate is worth: ours without it, percent (95 % interval)");
	table_cell(&t, "without");
	table_cell(&t, "false, hard shapes");
	table_cell(&t, "recall from 3 spreads/day");
	table_cell(&t, "recall, all leaks");
	table_cell(&t, "precision at 50:50, all leaks");
	ablation_row(&t, "(nothing)", &rows, PW_GATES);
	for (size_t g = 0; g < PW_GATES; g++)
		ablation_row(&t, pw_gate_names[g], &rows, g);
	table_print(&t, markdown, out);
	study_free(&rows);
}

/* ---- single series --------------------------------------------------------------- */

static void describe(const struct specimen *s, FILE *out)
{
	const struct plan *p = &s->plan;

	fprintf(out, "%u: %s, leak %s", p->index, shape_names[p->shape], leak_names[p->leak]);
	if (p->leak != LEAK_NONE)
		fprintf(out, " of %.2f spreads/day (%.0f KiB/h)", p->size,
			p->size * s->spread / 24 / 1024);
	fprintf(out,
		", level %.0f MiB, spread %.1f MiB, load %s, %u workers, %u restarts, %u gaps%s\n",
		p->level / (1 << 20), s->spread / (1 << 20), profile_names[p->profile], p->workers,
		p->restarts, p->gaps, p->limited ? ", limited" : "");
}

struct listener {
	FILE *out;
	enum pw_verdict_class last;
	enum pw_gate failed;
};

static void print_gates(FILE *out, const struct pw_verdict *v)
{
	for (int g = 0; g < PW_GATES; g++) {
		const struct pw_gate_result *r = &v->gates[g];

		if (r->asked)
			fprintf(out, " %s%s %.3g/%.3g", r->passed ? "" : "!", pw_gate_names[g],
				r->value, r->bound);
	}
}

static void say_change(void *ctx, const struct specimen *s, size_t step, const struct pw_verdict *v,
		       const struct pw_trend *t)
{
	struct listener *l = ctx;
	enum pw_gate failed = pw_verdict_failed_gate(v);

	(void)t;
	if (v->verdict == l->last && failed == l->failed)
		return;
	l->last = v->verdict;
	l->failed = failed;
	fprintf(l->out, "%7.2f h %9.1f MiB %-14s %.2f window %.0f min passes %u:", (step + 1) / 360.,
		(double)s->values[step] / (1 << 20), pw_verdict_names[v->verdict], v->confidence,
		(double)v->window_ns / 6e10, v->passes);
	print_gates(l->out, v);
	fputc('\n', l->out);
}

void study_show(const struct study *s, uint32_t index, FILE *out)
{
	const struct specimen *made = make(s, index);
	struct listener l = { out, PW_VERDICT_CLASSES, PW_GATES };
	struct outcome o;

	describe(made, out);
	for (size_t from = 0; from < made->steps; from += HOUR_STEPS) {
		uint64_t least = VALUE_GAP;

		for (size_t i = from; i < from + HOUR_STEPS && i < made->steps; i++)
			least = made->values[i] < least ? made->values[i] : least;
		fprintf(out, "%s%.1f", from % (12 * HOUR_STEPS) ? " " : "\n  ",
			least == VALUE_GAP ? -1 : (double)least / (1 << 20));
	}
	fputs("\n\n", out);
	own_run(made, s->gates_off, say_change, &l, &o);
	fprintf(out, "first call: %.2f h\n",
		o.first == NEVER ? -1 : (double)(o.first + 1) / HOUR_STEPS);
}

void study_dump(const struct study *s, uint32_t index, FILE *out)
{
	const struct specimen *made = make(s, index);

	fputs("seconds,bytes,cpu_ns,switches,io_calls\n", out);
	for (size_t i = 0; i < made->steps; i++) {
		struct pw_load load = specimen_load(made, i);

		fprintf(out, "%zu,", (i + 1) * STEP_SECONDS);
		if (made->values[i] != VALUE_GAP)
			fprintf(out, "%llu", (unsigned long long)made->values[i]);
		fprintf(out, ",%llu,%llu,%llu\n", (unsigned long long)load.totals[PW_LOAD_CPU],
			(unsigned long long)load.totals[PW_LOAD_SWITCHES],
			(unsigned long long)load.totals[PW_LOAD_IO_CALLS]);
	}
}

void study_wrong(const struct study *s, FILE *out)
{
	for (uint32_t i = 0; i < plan_count(s->rounds); i++) {
		const struct specimen *made;
		struct outcome o;

		if (!is_asked(s, i))
			continue;
		made = make(s, i);
		if (made->plan.leak != LEAK_NONE && made->plan.size < 3)
			continue;
		own_run(made, s->gates_off, NULL, NULL, &o);
		if ((o.first != NEVER) == (made->plan.leak != LEAK_NONE))
			continue;
		if (o.first == NEVER)
			fprintf(out, "missed (%s, %s) ", pw_verdict_names[o.last],
				o.failed < PW_GATES ? pw_gate_names[o.failed] : "no gate");
		else
			fprintf(out, "false at %.1f h, window %.0f h, ",
				(double)o.first / HOUR_STEPS, (double)o.window_ns / 3.6e12);
		describe(made, out);
	}
}

/* ---- CSV --------------------------------------------------------------------------- */

static FILE *open_csv(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, "w");
}

static void write_series(FILE *out, const struct rows *rows, const struct detector *compared)
{
	fputs("index,shape,hard,leak,spreads_per_day,spread_bytes,level_bytes,workers,restarts,gaps,"
	      "limit_bytes,load,hours,onset_hours,class,confidence",
	      out);
	for (size_t d = 0; d < rows->detectors; d++)
		fprintf(out, ",%s_hours", compared[d].name);
	fputc('\n', out);
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *r = &rows->rows[i];
		const struct plan *p = &r->plan;

		fprintf(out, "%u,%s,%d,%s,%.4g,%.0f,%.0f,%u,%u,%u,", p->index,
			shape_names[p->shape], shape_is_hard(p->shape), leak_names[p->leak],
			p->size, r->spread, p->level, p->workers, p->restarts, p->gaps);
		if (r->limit != UINT64_MAX)
			fprintf(out, "%llu", (unsigned long long)r->limit);
		fprintf(out, ",%s,%.2f,%.2f,%s,%.3f", profile_names[p->profile],
			(double)r->steps / HOUR_STEPS, (double)r->onset / HOUR_STEPS,
			pw_verdict_names[r->outcomes[0].last], r->outcomes[0].confidence);
		for (size_t d = 0; d < rows->detectors; d++) {
			fputc(',', out);
			if (called(r, d))
				fprintf(out, "%.2f", (double)(r->outcomes[d].first + 1) / HOUR_STEPS);
		}
		fputc('\n', out);
	}
}

static void write_cell(FILE *out, const struct rows *rows, const struct detector *compared,
		       const struct cell *c)
{
	for (size_t d = 0; d < rows->detectors; d++) {
		struct share s = share_called(rows, c, d);
		double low, high;

		if (!s.of)
			continue;
		wilson(s, &low, &high);
		fprintf(out, "%s,%s,%s,", compared[d].name, shape_names[c->shape],
			leak_names[c->leak]);
		if (c->size_bin >= 0)
			fprintf(out, "%g,%g", size_edges[c->size_bin], size_edges[c->size_bin + 1]);
		else
			fputc(',', out);
		fprintf(out, ",%zu,%zu,%.4f,%.4f,%.4f,%.2f\n", s.of, s.n, share_value(s), low, high,
			median_hours(rows, c, d));
	}
}

static void write_cells(FILE *out, const struct rows *rows, const struct detector *compared)
{
	fputs("detector,shape,leak,spreads_from,spreads_to,series,called,rate,low,high,median_hours\n",
	      out);
	for (int shape = 0; shape < SHAPES; shape++) {
		for (int leak = 0; leak < LEAKS; leak++) {
			for (int bin = leak ? 0 : -1; bin < (leak ? SIZE_BINS : 0); bin++) {
				struct cell c = cell_all;

				c.shape = shape;
				c.leak = leak;
				c.size_bin = bin;
				write_cell(out, rows, compared, &c);
			}
		}
	}
}

int study_csv(const char *dir, const struct rows *rows, const struct detector *compared)
{
	static const struct {
		const char *name;
		void (*write)(FILE *out, const struct rows *rows, const struct detector *compared);
	} files[] = { { "series.csv", write_series }, { "cells.csv", write_cells } };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *out = open_csv(dir, files[i].name);
		bool bad;

		if (!out)
			return -errno;
		files[i].write(out, rows, compared);
		bad = ferror(out);
		if (fclose(out) || bad)
			return -EIO;
	}
	return 0;
}
