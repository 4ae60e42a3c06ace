// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends.h"
#include "user/base/clock.h"
#include "user/base/key.h"
#include "user/base/text.h"
#include "user/view/emit.h"
#include "user/view/screen.h"

static const char *const segment_priority[] = {
	"kind",		  "name",	   "rss_bytes",	      "growth_bytes",
	"rss_anon_bytes", "virtual_bytes", "swap_bytes",      "rss_file_bytes",
	"vmas",		  "perms",	   "rss_shmem_bytes", "huge_bytes",
	"dirty_bytes",	  "tid",	   "start",	      NULL,
};

#define EVENTS_SHOWN 3

/* ---- rows -------------------------------------------------------------------------- */

static void value(const void *ctx, size_t index, const struct pw_column *c, struct pw_value *ret,
		  enum pw_style *ret_style)
{
	const struct pw_screen_process *p = ctx;
	const struct pw_segment_row *row = p->rows[index];

	c->get(p->model, row, ret);
	if (strcmp(c->name, "growth_bytes") == 0 && ret->known && row->growth_bytes)
		*ret_style = row->growth_bytes > 0 ? PW_STYLE_GROWING : PW_STYLE_SHRINKING;
}

struct order {
	const struct pw_column *column;
	const struct pw_model *model;
};

static int compare_rows(const void *a, const void *b, void *ctx)
{
	const struct pw_segment_row *x = *(const struct pw_segment_row *const *)a;
	const struct pw_segment_row *y = *(const struct pw_segment_row *const *)b;
	const struct order *o = ctx;
	int rc = pw_column_compare(o->column, o->model, x, y, o->column->unit != PW_UNIT_TEXT);

	return rc ? rc : (x > y) - (x < y); /* of one array, in the source's order */
}

static int take_rows(struct pw_screen_process *p, const struct pw_segment_set *set)
{
	size_t n = set ? set->count : 0;
	const struct pw_segment_row **rows = realloc(p->rows, (n + 1) * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	p->rows = rows;
	for (size_t i = 0; i < n; i++)
		rows[i] = &set->rows[i];
	if (p->sort && n)
		qsort_r(rows, n, sizeof(*rows), compare_rows, &(struct order){ p->sort, p->model });
	p->grid.rows = (struct pw_grid_rows){ .ctx = p, .count = n, .value = value };
	p->grid.sort = p->sort;
	p->grid.descending = p->sort && p->sort->unit != PW_UNIT_TEXT;
	return 0;
}

/* ---- the head ----------------------------------------------------------------------- */

static void add(struct pw_screen_process *s, const struct pw_process *p, const char *name,
		const char *title)
{
	pw_screen_append_value(&s->head, pw_process_columns, name, title, s->model, p);
}

static void add_scan(struct pw_screen_process *s, const struct pw_process *p, const char *name,
		     const char *title)
{
	pw_screen_append_value(&s->head, pw_scan_columns, name, title, s->model, p);
}

static void add_identity(struct pw_screen_process *s, const struct pw_process *p)
{
	pw_screen_line(&s->head, PW_STYLE_BOLD, "%s", "");
	add(s, p, "pid", "PID");
	add(s, p, "comm", "");
	if (!p->alive)
		add(s, p, "exit_time", "ENDED");
	if (p->oom_killed)
		pw_screen_append(&s->head, "  killed by the OOM killer");
	add(s, p, "uid", "uid");
	add(s, p, "threads", "threads");
	add(s, p, "start_time", "since");
	add(s, p, "unit", "");
	add(s, p, "container", "container");
	pw_screen_line(&s->head, PW_STYLE_DIM, "%s", "");
	add(s, p, p->cmdline[0] ? "cmdline" : "exe", "");
}

static void add_counters(struct pw_screen_process *s, const struct pw_process *p)
{
	pw_screen_line(&s->head, PW_STYLE_PLAIN, "%s", "");
	add(s, p, "footprint_bytes", "footprint");
	add(s, p, "rss_anon_bytes", "anon");
	add(s, p, "rss_file_bytes", "file");
	add(s, p, "rss_shmem_bytes", "shmem");
	add(s, p, "swap_bytes", "swap");
	add(s, p, "page_table_bytes", "page tables");
	add(s, p, "hiwater_rss_bytes", "peak");
	pw_screen_line(&s->head, PW_STYLE_PLAIN, "%s", "");
	add(s, p, "growth_1m_bytes_per_minute", "per minute over 1m");
	add(s, p, "growth_10m_bytes_per_minute", "10m");
	add(s, p, "growth_1h_bytes_per_minute", "1h");
	add(s, p, "growth_8h_bytes_per_minute", "8h");
	add(s, p, "minor_faults_per_second", "faults/s");
	add(s, p, "freed_pages_per_second", "frees/s");
	add(s, p, "cpu_ratio", "cpu");
	add(s, p, "residual_bytes", "residual");
}

static const char *const tier_names[PW_SERIES_TIERS] = { "64 s", "32 min", "16 h" };

static void add_timeline(struct pw_screen_process *s, const struct pw_process *p, int width)
{
	static const struct pw_column spark = { .name = "timeline", .unit = PW_UNIT_SPARK };
	char text[PW_SCREEN_LINE_BYTES];
	int room = width - 24 < PW_SERIES_POINTS ? width - 24 : PW_SERIES_POINTS;
	struct pw_value v = { .known = true };

	if (room < 4)
		return;
	v.spark.points = v.scratch.points;
	v.spark.scale = s->model->machine.page_size;
	v.spark.count = pw_series_points(&p->footprint, s->timeline, s->model->now_ns,
					 v.scratch.points, PW_SERIES_POINTS);
	pw_emit_cell(&spark, &v, (unsigned int)room, pw_terminal_ascii(), text, sizeof(text));
	pw_screen_line(&s->head, PW_STYLE_PLAIN, "last %-6s [%s]", tier_names[s->timeline], text);
	add(s, p, "footprint_bytes", "");
}

/* The worst of its series, in a sentence. */
static void add_verdict(struct pw_screen_process *s, const struct pw_process *p)
{
	const struct pw_trends_query query = { .all = true, .pid = p->key.pid, .limit = 16 };
	struct pw_suspect *rows = NULL;
	char sentence[256];
	size_t count = 0;

	if (!s->model->trends || pw_trends_suspects(s->model->trends, &query, &rows, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct pw_suspect *r = &rows[i];

		if (r->subject->type != PW_SUBJECT_PROCESS ||
		    r->verdict.verdict == PW_VERDICT_UNKNOWN ||
		    !pw_key_same(&r->subject->key, &p->key))
			continue;
		pw_verdict_explain(&r->verdict, pw_series_units[r->kind], sentence, sizeof(sentence));
		pw_screen_line(&s->head,
			       pw_verdict_is_suspect(r->verdict.verdict) ? PW_STYLE_BAD : PW_STYLE_DIM,
			       "%s: %s", pw_series_names[r->kind], sentence);
		break;
	}
	free(rows);
}

static void add_view(struct pw_screen_process *s, const struct pw_process *p)
{
	if (p->segments) {
		pw_screen_line(&s->head, PW_STYLE_DIM, "%s", "");
		add_scan(s, p, "vmas", "vmas");
		add_scan(s, p, "seen_by", "by");
		add_scan(s, p, "scan_ns", "in");
		add_scan(s, p, "lock_total_ns", "mmap lock held at most");
		add_scan(s, p, "lock_longest_ns", "at once");
		add_scan(s, p, "first_scan_time", "grown since");
		if (p->segments->head.flags &
		    (PW_SEGMENTS_NO_RESIDENT | PW_SEGMENTS_TRUNCATED | PW_SEGMENTS_CHANGED |
		     PW_SEGMENTS_GONE | PW_SEGMENTS_NO_THREADS)) {
			pw_screen_line(&s->head, PW_STYLE_WARNING, "%s", "");
			add_scan(s, p, "missing", "not seen:");
		}
	}
	if (s->problem[0])
		pw_screen_line(&s->head, PW_STYLE_WARNING, "%s", s->problem);
}

/* ---- events ------------------------------------------------------------------------- */

static void add_event(struct pw_screen_process *s, const struct pw_event *e)
{
	static const char *const names[] = { "time",	    "type",	   "pid", "comm",
					     "exit_status", "exit_signal", "path" };
	static const char *const titles[] = { "", "", "", "", "status", "signal", "" };

	pw_screen_line(&s->events, e->type == PW_REC_OOM ? PW_STYLE_BAD : PW_STYLE_DIM, "%s", "");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		pw_screen_append_value(&s->events, pw_event_columns, names[i], titles[i], s->model,
				       e);
}

/* The newest few of the process and its children. */
static void take_events(struct pw_screen_process *s)
{
	const struct pw_event_log *log = &s->model->events;
	uint64_t oldest = log->total > PW_EVENTS_MAX ? log->total - PW_EVENTS_MAX : 0;

	s->events.count = 0;
	for (uint64_t i = log->total; i > oldest && s->events.count < EVENTS_SHOWN; i--) {
		const struct pw_event *e = &log->ring[(i - 1) % PW_EVENTS_MAX];

		if (pw_key_same(&e->key, &s->key) || pw_key_same(&e->parent, &s->key))
			add_event(s, e);
	}
}

/* ---- the widget ---------------------------------------------------------------------- */

void pw_screen_process_init(struct pw_screen_process *p, const struct pw_key *key)
{
	memset(p, 0, sizeof(*p));
	p->key = *key;
	p->problem = "";
	p->grid.columns = pw_segment_columns;
	p->grid.priority = segment_priority;
	p->grid.rest = "name";
	p->grid.rest_min = 28;
	p->sort = pw_column_find(pw_segment_columns, "rss_bytes");
}

void pw_screen_process_deinit(struct pw_screen_process *p)
{
	pw_grid_thaw(&p->grid);
	free(p->rows);
	p->rows = NULL;
}

int pw_screen_process_update(struct pw_screen_process *s, const struct pw_model *m, int width)
{
	const struct pw_process *p = pw_model_process(m, &s->key);

	s->model = m;
	s->head.count = 0;
	if (!p) {
		s->events.count = 0;
		pw_screen_line(&s->head, PW_STYLE_WARNING,
			       "process %u has ended and its history made room for others",
			       s->key.pid);
		return take_rows(s, NULL);
	}
	add_identity(s, p);
	add_counters(s, p);
	add_timeline(s, p, width);
	add_verdict(s, p);
	add_view(s, p);
	take_events(s);
	return take_rows(s, p->segments);
}

void pw_screen_process_draw(struct pw_screen_process *s, int row, int height, int width)
{
	/* on a small terminal the segments come before the words */
	int head = pw_screen_lines_draw(&s->head, row, height / 2, width);
	int events = height - head > 10 ? (int)s->events.count : 0;

	pw_grid_draw(&s->grid, row + head, height - head - events, width);
	pw_screen_lines_draw(&s->events, row + height - events, events, width);
}

bool pw_screen_process_key(struct pw_screen_process *p, int key, int height)
{
	if (pw_grid_key(&p->grid, key, height / 2))
		return true;
	if (key != 'l')
		return false;
	p->timeline = (p->timeline + 1) % PW_SERIES_TIERS;
	return true;
}
