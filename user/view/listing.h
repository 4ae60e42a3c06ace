/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows that a table of processes or groups shows: chosen by a filter,
 * ordered by a column, flat or below the cgroups they run in. Holds pointers
 * into the model, so it lives no longer than until the next tick.
 */
#ifndef PW_VIEW_LISTING_H
#define PW_VIEW_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/model/model.h"
#include "user/view/column.h"

struct pw_listing_options {
	bool groups; /* else processes */
	bool with_dead;
	bool tree; /* by cgroup */
	const struct pw_column *sort; /* NULL: by key */
	bool descending;
	/* Words of user/analysis/rank.h; NULL, "" or one that does not parse: all. */
	const char *filter;
	size_t limit; /* most items; 0: all */
};

struct pw_listing_row {
	const void *item; /* struct pw_process or pw_group; NULL: a cgroup of the tree */
	unsigned int depth; /* in the tree */
	/* cgroups: the part of the path below the parent's, raw, and the items[first, last) in it */
	const char *label;
	size_t label_len;
	size_t first, last;
};

struct pw_listing {
	const void **items; /* in the order shown */
	size_t item_count;
	struct pw_listing_row *rows; /* tree: the items among their cgroups; else one for each item */
	size_t row_count;
	size_t total; /* before the filter */
};

/* 0 or -ENOMEM. */
int pw_listing_init(struct pw_listing *l, const struct pw_model *m,
		    const struct pw_listing_options *opt);
void pw_listing_deinit(struct pw_listing *l); /* takes a zeroed one */

/*
 * A row's value: the item's own, or for a cgroup the sum over its items where
 * a sum means something (sizes and rates), else unknown.
 */
void pw_listing_value(const struct pw_listing *l, const struct pw_listing_row *row,
		      const struct pw_column *c, const struct pw_model *m, struct pw_value *ret);

#endif
