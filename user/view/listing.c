// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/rank.h"
#include "user/view/listing.h"

/* ---- choosing ------------------------------------------------------------------ */

/* A filter that is still being typed may not parse yet: it passes everything. */
static struct pw_filter filter_of(const struct pw_listing_options *opt, const struct pw_model *m)
{
	struct pw_filter f = { 0 };

	if (opt->filter)
		pw_filter_parse(opt->filter, &f, NULL);
	f.trends = m->trends;
	return f;
}

static int take_processes(struct pw_listing *l, const struct pw_model *m,
			  const struct pw_listing_options *opt)
{
	struct pw_process **processes;
	struct pw_filter filter = filter_of(opt, m);
	int rc = pw_model_processes(m, opt->with_dead, &processes, &l->total);

	if (rc)
		return rc;
	l->item_count = pw_rank_keep_processes(processes, l->total, &filter, m->machine.page_size);
	l->items = (const void **)processes;
	return 0;
}

static int take_groups(struct pw_listing *l, const struct pw_model *m,
		       const struct pw_listing_options *opt)
{
	struct pw_filter filter = filter_of(opt, m);
	struct pw_group **groups;
	int rc = pw_model_groups(m, &groups, &l->total);

	if (rc)
		return rc;
	for (size_t i = 0; i < l->total; i++) {
		if (opt->with_dead || groups[i]->alive)
			groups[l->item_count++] = groups[i];
	}
	l->item_count = pw_rank_keep_groups(groups, l->item_count, &filter, m->machine.page_size);
	l->items = (const void **)groups;
	return 0;
}

/* ---- ordering ------------------------------------------------------------------ */

struct order {
	const struct pw_model *model;
	const struct pw_listing_options *opt;
};

static const char *cgroup_of(const struct pw_listing_options *opt, const void *item)
{
	return opt->groups ? ((const struct pw_group *)item)->cgroup :
			     ((const struct pw_process *)item)->cgroup;
}

/* '/' comes before every other byte, so that a cgroup's children stand together. */
static int compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_items(const void *a, const void *b, void *ctx)
{
	const struct order *o = ctx;
	int rc = 0;

	if (o->opt->tree)
		rc = compare_paths(cgroup_of(o->opt, a), cgroup_of(o->opt, b));
	if (!rc && o->opt->sort)
		rc = pw_column_compare(o->opt->sort, o->model, a, b, o->opt->descending);
	return rc; /* the sort is stable: else by key */
}

/* ---- the tree ------------------------------------------------------------------ */

#define TREE_DEPTH_MAX 32 /* deeper cgroups stand flat below the last */

struct branch {
	size_t first, last; /* items */
	double weight; /* their sum of the sort's column */
};

struct tree {
	struct pw_listing *l;
	const struct pw_listing_options *opt;
	const struct pw_model *model;
	struct branch *branches; /* siblings that wait, of all levels */
	size_t branch_count;
};

static void add_item(struct pw_listing *l, size_t index, unsigned int depth)
{
	l->rows[l->row_count++] = (struct pw_listing_row){
		.item = l->items[index], .depth = depth, .first = index, .last = index + 1
	};
}

/* Length of what two paths have in common, cut at a whole component. */
static size_t common_path(const char *a, const char *b)
{
	size_t n = 0, whole = 0;

	for (;; n++) {
		bool end_a = !a[n] || a[n] == '/', end_b = !b[n] || b[n] == '/';

		if (end_a && end_b)
			whole = n;
		if (!a[n] || a[n] != b[n])
			return whole;
	}
}

/*
 * The end of the run of items that agree with the first in one more component
 * after `prefix`. Unknown cgroups, "", have no component; they agree as well.
 */
static size_t child_end(const struct tree *t, size_t first, size_t last, size_t prefix)
{
	const char *path = cgroup_of(t->opt, t->l->items[first]);
	size_t i = first + 1;

	for (; i < last; i++) {
		const char *other = cgroup_of(t->opt, t->l->items[i]);

		if (common_path(path, other) <= prefix && strcmp(path, other) != 0)
			break;
	}
	return i;
}

static double weigh(const struct tree *t, size_t first, size_t last)
{
	const struct pw_listing_row row = { .first = first, .last = last };
	const struct pw_column *c = t->opt->sort;
	struct pw_value v;

	if (!c)
		return 0;
	pw_listing_value(t->l, &row, c, t->model, &v);
	if (!v.known)
		return -INFINITY;
	return c->unit == PW_UNIT_BYTES	       ? (double)v.u :
	       c->unit == PW_UNIT_SIGNED_BYTES ? (double)v.i :
						 v.d;
}

/* By what they hold together; where that says nothing, by path. */
static int compare_branches(const void *a, const void *b, void *ctx)
{
	const struct branch *x = a, *y = b;
	bool descending = ((const struct tree *)ctx)->opt->descending;

	if (x->weight != y->weight)
		return (x->weight < y->weight) == descending ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static void add_branch(struct tree *t, size_t first, size_t last, size_t parent_len,
		       unsigned int depth);

/* The cgroups below one of path length len, each with all that is in it. */
static void add_children(struct tree *t, size_t first, size_t last, size_t len, unsigned int depth)
{
	size_t base = t->branch_count, end;

	for (; first < last; first = end) {
		end = child_end(t, first, last, len);
		t->branches[t->branch_count++] = (struct branch){ first, end, weigh(t, first, end) };
	}
	end = t->branch_count;
	qsort_r(t->branches + base, end - base, sizeof(*t->branches), compare_branches, t);
	for (size_t i = base; i < end; i++)
		add_branch(t, t->branches[i].first, t->branches[i].last, len, depth);
	t->branch_count = base;
}

/*
 * One cgroup and all below it: items[first, last) are sorted by path, so their
 * common path is that of the first and the last. At most one cgroup row for an
 * item and one for each split: 2 * items rows suffice.
 */
static void add_branch(struct tree *t, size_t first, size_t last, size_t parent_len,
		       unsigned int depth)
{
	struct pw_listing *l = t->l;
	const char *path = cgroup_of(t->opt, l->items[first]);
	size_t len = common_path(path, cgroup_of(t->opt, l->items[last - 1]));

	l->rows[l->row_count++] = (struct pw_listing_row){
		.depth = depth,
		.label = path + parent_len,
		.label_len = len - parent_len,
		.first = first,
		.last = last,
	};
	while (first < last &&
	       (depth >= TREE_DEPTH_MAX || strlen(cgroup_of(t->opt, l->items[first])) == len))
		add_item(l, first++, depth + 1);
	add_children(t, first, last, len, depth + 1);
}

static int make_rows(struct pw_listing *l, const struct pw_model *m,
		     const struct pw_listing_options *opt)
{
	struct tree t = { .l = l, .opt = opt, .model = m };

	l->rows = calloc(3 * l->item_count + 1, sizeof(*l->rows));
	if (!l->rows)
		return -ENOMEM;
	if (!opt->tree) {
		for (size_t i = 0; i < l->item_count; i++)
			add_item(l, i, 0);
		return 0;
	}
	/* siblings of all levels: each split of n items into k leaves at most n - k + 1 to split */
	t.branches = calloc(l->item_count + TREE_DEPTH_MAX + 2, sizeof(*t.branches));
	if (!t.branches)
		return -ENOMEM;
	add_children(&t, 0, l->item_count, 0, 0);
	free(t.branches);
	return 0;
}

int pw_listing_init(struct pw_listing *l, const struct pw_model *m,
		    const struct pw_listing_options *opt)
{
	int rc;

	memset(l, 0, sizeof(*l));
	rc = opt->groups ? take_groups(l, m, opt) : take_processes(l, m, opt);
	if (!rc && (opt->sort || opt->tree))
		rc = pw_rank_sort(l->items, l->item_count, compare_items,
				  &(struct order){ .model = m, .opt = opt });
	if (!rc && opt->limit && l->item_count > opt->limit)
		l->item_count = opt->limit;
	if (!rc)
		rc = make_rows(l, m, opt);
	if (rc)
		pw_listing_deinit(l);
	return rc;
}

void pw_listing_deinit(struct pw_listing *l)
{
	free(l->items);
	free(l->rows);
	memset(l, 0, sizeof(*l));
}

/* ---- values -------------------------------------------------------------------- */

static bool add_value(enum pw_unit unit, const struct pw_value *v, struct pw_value *sum)
{
	switch (unit) {
	case PW_UNIT_BYTES:
		sum->u += v->u;
		return true;
	case PW_UNIT_SIGNED_BYTES:
		sum->i += v->i;
		return true;
	case PW_UNIT_BYTES_PER_MINUTE:
	case PW_UNIT_PER_SECOND:
	case PW_UNIT_RATIO:
		sum->d += v->d;
		return true;
	default:
		return false;
	}
}

static void set_zero(enum pw_unit unit, struct pw_value *ret)
{
	if (unit == PW_UNIT_BYTES)
		pw_value_u(ret, 0);
	else if (unit == PW_UNIT_SIGNED_BYTES)
		pw_value_i(ret, 0);
	else
		pw_value_d(ret, 0);
}

void pw_listing_value(const struct pw_listing *l, const struct pw_listing_row *row,
		      const struct pw_column *c, const struct pw_model *m, struct pw_value *ret)
{
	bool any = false;

	if (row->item) {
		c->get(m, row->item, ret);
		return;
	}
	set_zero(c->unit, ret);
	for (size_t i = row->first; i < row->last; i++) {
		struct pw_value v;

		c->get(m, l->items[i], &v);
		if (v.known)
			any |= add_value(c->unit, &v, ret);
	}
	if (!any)
		pw_value_unknown(ret);
}
