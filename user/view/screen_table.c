// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends.h"
#include "user/base/key.h"
#include "user/base/text.h"
#include "user/view/screen.h"

/* What is worth its width, the most first. */
static const char *const process_priority[] = {
	"pid",
	"comm",
	"footprint_bytes",
	"growth_1m_bytes_per_minute",
	"rss_anon_bytes",
	"growth_10m_bytes_per_minute",
	"footprint_series_bytes",
	"verdict",
	"cpu_ratio",
	"minor_faults_per_second",
	"freed_pages_per_second",
	"rss_file_bytes",
	"growth_1h_bytes_per_minute",
	"rss_shmem_bytes",
	"swap_bytes",
	"touched_pages_per_second",
	"unit",
	"threads",
	"growth_8h_bytes_per_minute",
	"cmdline",
	NULL,
};
static const char *const group_priority[] = {
	"processes",
	"name",
	"footprint_bytes",
	"growth_1m_bytes_per_minute",
	"rss_anon_bytes",
	"growth_10m_bytes_per_minute",
	"footprint_series_bytes",
	"verdict",
	"cpu_ratio",
	"minor_faults_per_second",
	"freed_pages_per_second",
	"rss_file_bytes",
	"growth_1h_bytes_per_minute",
	"rss_shmem_bytes",
	"swap_bytes",
	"touched_pages_per_second",
	"unit",
	"born",
	"growth_8h_bytes_per_minute",
	"cgroup",
	NULL,
};

/* Below this a footprint stands still, for the eye. */
#define GROWTH_VISIBLE (256.0 * 1024)

/* ---- cells ------------------------------------------------------------------------- */

static void indent(const struct pw_listing_row *row, const char *bytes, size_t len,
		   struct pw_value *v)
{
	char *out = v->scratch.text;
	size_t n = row->depth * 2 < 64 ? row->depth * 2 : 64, room = sizeof(v->scratch.text) - n;

	len = len < room ? len : room;
	memmove(out + n, bytes, len); /* bytes may be the scratch itself */
	memset(out, ' ', n);
	v->known = true;
	v->text.bytes = out;
	v->text.len = n + len;
}

static bool is_suspect(const struct pw_screen_table *t, const void *item)
{
	const struct pw_trends *trends = t->model->trends;
	const struct pw_process *p = item;

	if (!item || !trends)
		return false;
	return pw_verdict_is_suspect(t->opt.groups ? pw_trends_of_group(trends, item) :
						     pw_trends_of_process(trends, &p->key));
}

static void value(const void *ctx, size_t index, const struct pw_column *c, struct pw_value *ret,
		  enum pw_style *ret_style)
{
	const struct pw_screen_table *t = ctx;
	const struct pw_listing_row *row = &t->listing.rows[index];

	pw_listing_value(&t->listing, row, c, t->model, ret);
	if (t->opt.tree && strcmp(c->name, t->grid.rest) == 0) {
		if (!row->item)
			indent(row, row->label, row->label_len, ret);
		else if (ret->known)
			indent(row, ret->text.bytes, ret->text.len, ret);
	}
	if (c->unit == PW_UNIT_BYTES_PER_MINUTE && ret->known && ret->d > GROWTH_VISIBLE)
		*ret_style = PW_STYLE_GROWING;
	else if (c->unit == PW_UNIT_BYTES_PER_MINUTE && ret->known && ret->d < -GROWTH_VISIBLE)
		*ret_style = PW_STYLE_SHRINKING;
	else if (strcmp(c->name, "verdict") == 0 && ret->known && is_suspect(t, row->item))
		*ret_style = PW_STYLE_BAD;
}

static enum pw_style row_style(const void *ctx, size_t index)
{
	const struct pw_screen_table *t = ctx;
	const void *item = t->listing.rows[index].item;
	const struct pw_process *p = item;

	if (!item)
		return PW_STYLE_BOLD;
	if (t->opt.groups)
		return ((const struct pw_group *)item)->alive ? PW_STYLE_PLAIN : PW_STYLE_DIM;
	if (p->oom_killed)
		return PW_STYLE_BAD;
	return p->alive ? PW_STYLE_PLAIN : PW_STYLE_DIM;
}

/* ---- life -------------------------------------------------------------------------- */

/* Groups and processes have columns of their own, and a sort each. */
static void set_columns(struct pw_screen_table *t)
{
	t->grid.columns = t->opt.groups ? pw_group_columns : pw_process_columns;
	t->grid.priority = t->chosen	 ? t->chosen :
			   t->opt.groups ? group_priority :
					   process_priority;
	t->grid.in_priority_order = t->chosen != NULL;
	t->grid.rest = t->opt.groups ? "name" : "comm";
	t->grid.rest_min = t->opt.tree ? 26 : 15;
	t->opt.sort = t->sorts[t->opt.groups];
}

void pw_screen_table_init(struct pw_screen_table *t, const struct pw_listing_options *opt,
			  const char *const *columns)
{
	memset(t, 0, sizeof(*t));
	t->opt = *opt;
	t->sorts[0] = pw_column_find(pw_process_columns, "footprint_bytes");
	t->sorts[1] = pw_column_find(pw_group_columns, "footprint_bytes");
	if (opt->sort)
		t->sorts[opt->groups] = opt->sort;
	else
		t->opt.descending = true;
	t->chosen = columns;
	pw_screen_table_filter(t, opt->filter ? opt->filter : "");
	set_columns(t);
}

void pw_screen_table_deinit(struct pw_screen_table *t)
{
	pw_grid_thaw(&t->grid);
	pw_listing_deinit(&t->listing);
	free(t->keys);
}

/* ---- update ------------------------------------------------------------------------ */

static struct pw_key key_of(const struct pw_screen_table *t, const struct pw_listing_row *row)
{
	if (!row->item || t->opt.groups)
		return (struct pw_key){ 0 };
	return ((const struct pw_process *)row->item)->key;
}

static int take_keys(struct pw_screen_table *t)
{
	size_t n = t->listing.row_count;
	struct pw_key *keys = realloc(t->keys, (n + 1) * sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	t->keys = keys;
	t->key_count = n;
	for (size_t i = 0; i < n; i++)
		keys[i] = key_of(t, &t->listing.rows[i]);
	return 0;
}

static void follow(struct pw_screen_table *t)
{
	for (size_t i = 0; t->follows && i < t->key_count; i++) {
		if (pw_key_same(&t->keys[i], &t->followed)) {
			t->grid.selected = i;
			return;
		}
	}
}

int pw_screen_table_update(struct pw_screen_table *t, const struct pw_model *m)
{
	int rc;

	pw_listing_deinit(&t->listing);
	t->model = m;
	set_columns(t);
	t->opt.filter = t->filter;
	rc = pw_listing_init(&t->listing, m, &t->opt);
	if (!rc)
		rc = take_keys(t);
	t->grid.sort = t->opt.sort;
	t->grid.descending = t->opt.descending;
	t->grid.rows = (struct pw_grid_rows){
		.ctx = t, .count = t->listing.row_count, .value = value, .row_style = row_style
	};
	follow(t);
	return rc;
}

/* ---- drawing ------------------------------------------------------------------------ */

void pw_screen_table_draw(struct pw_screen_table *t, int row, int height, int width)
{
	pw_grid_draw(&t->grid, row, height, width);
}

void pw_screen_table_describe(const struct pw_screen_table *t, struct pw_screen_lines *l)
{
	char filter[4 * PW_SCREEN_FILTER + 1];

	pw_screen_append(l, "%zu %s", t->listing.item_count, t->opt.groups ? "groups" : "processes");
	if (t->filter[0]) {
		pw_text_escape(filter, sizeof(filter), t->filter, strlen(t->filter));
		pw_screen_append(l, " of %zu with '%s'", t->listing.total, filter);
	}
	if (t->opt.sort)
		pw_screen_append(l, ", by %s", t->opt.sort->title);
	pw_screen_append(l, "%s%s", t->opt.tree ? ", below cgroups" : "",
			 t->opt.with_dead ? ", dead ones too" : "");
}

/* ---- keys --------------------------------------------------------------------------- */

const struct pw_column *pw_screen_table_columns(const struct pw_screen_table *t)
{
	return t->opt.groups ? pw_group_columns : pw_process_columns;
}

void pw_screen_table_sort(struct pw_screen_table *t, const struct pw_column *c)
{
	t->sorts[t->opt.groups] = c;
	t->opt.descending = c->unit != PW_UNIT_TEXT;
}

void pw_screen_table_filter(struct pw_screen_table *t, const char *text)
{
	snprintf(t->filter, sizeof(t->filter), "%s", text);
	t->opt.filter = t->filter;
}

/* The column beside the present one, among those that the table may show. */
static void step_sort(struct pw_screen_table *t, int step)
{
	const struct pw_column *columns = pw_screen_table_columns(t);
	const struct pw_column *c = t->sorts[t->opt.groups];
	long n = (long)pw_column_count(columns), i = c - columns;

	do {
		i = (i + step + n) % n;
	} while (!columns[i].standard || columns[i].unit == PW_UNIT_SPARK);
	pw_screen_table_sort(t, &columns[i]);
}

#define SUSPECTS_WORD "verdict=suspect"

/* The word goes into the filter, where it is seen, or out of it. */
static void toggle_suspects(struct pw_screen_table *t)
{
	size_t n = strlen(SUSPECTS_WORD), used = strlen(t->filter);
	char *at = strstr(t->filter, SUSPECTS_WORD);

	if (at) {
		if (at > t->filter && at[-1] == ' ') {
			at--;
			n++;
		}
		memmove(at, at + n, strlen(at + n) + 1);
	} else if (used + 1 + n < sizeof(t->filter)) {
		snprintf(t->filter + used, sizeof(t->filter) - used, "%s%s", used ? " " : "",
			 SUSPECTS_WORD);
	}
}

static bool option_key(struct pw_screen_table *t, int key)
{
	switch (key) {
	case 'g':
		t->opt.groups = !t->opt.groups;
		t->follows = false;
		t->grid.selected = 0;
		return true;
	case 't':
	case PW_KEY_TREE:
		t->opt.tree = !t->opt.tree;
		return true;
	case 'd':
		t->opt.with_dead = !t->opt.with_dead;
		return true;
	case 'v':
		toggle_suspects(t);
		return true;
	case 'r':
		t->opt.descending = !t->opt.descending;
		return true;
	case '<':
	case ',':
		step_sort(t, -1);
		return true;
	case '>':
	case '.':
		step_sort(t, 1);
		return true;
	}
	return false;
}

bool pw_screen_table_key(struct pw_screen_table *t, int key, int height)
{
	if (!pw_grid_key(&t->grid, key, height))
		return !pw_grid_is_frozen(&t->grid) && option_key(t, key);
	/* at the top the eye wants the first row, whoever that is */
	t->follows = t->grid.selected > 0 && pw_screen_table_selected(t, &t->followed);
	return true;
}

bool pw_screen_table_selected(const struct pw_screen_table *t, struct pw_key *ret)
{
	size_t i = t->grid.selected < t->key_count ? t->grid.selected : t->key_count - 1;

	if (!t->key_count || !t->keys[i].pid)
		return false;
	*ret = t->keys[i];
	return true;
}
