/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The documents that the looking commands print, from a model of any origin. */
#ifndef PW_CMD_VIEWS_H
#define PW_CMD_VIEWS_H

#include "user/cmd/output.h"
#include "user/model/model.h"
#include "user/view/listing.h"

enum pw_view {
	PW_VIEW_PROCESSES,
	PW_VIEW_GROUPS,
	PW_VIEW_SEGMENTS,
	PW_VIEW_EVENTS,
	PW_VIEW_MACHINE,
	PW_VIEWS
};

extern const char *const pw_view_names[PW_VIEWS];

struct pw_view_request {
	enum pw_view view;
	struct pw_listing_options list; /* processes and groups */
	uint32_t pid; /* segments and events: of this process; 0: of all */
};

const struct pw_column *pw_view_columns(enum pw_view view);
/*
 * Sets view's own order: `sort` is a column's name or NULL for the standard
 * one (the largest footprint first). -EINVAL: no such column.
 */
int pw_view_sort(struct pw_view_request *r, const char *sort, bool reverse);

int pw_view_print(const struct pw_view_request *r, const struct pw_model *m, struct pw_output *o,
		  struct pw_error *err);

/* Newest last; of one process when key is not NULL. Free the array. 0 or -ENOMEM. */
int pw_view_events(const struct pw_model *m, const struct pw_key *key, const void ***ret,
		   size_t *ret_count);

#endif
