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

/* Options of the commands that list processes or groups. */
struct pw_view_args {
	const char *sort; /* a column's name; NULL: the footprint */
	bool reverse;
	const char *filter;
	bool dead;
	uint64_t limit;
};

/* clang-format off */
#define PW_VIEW_LONG_OPTIONS \
	{ "sort", required_argument, NULL, PW_OPT_SORT }, \
	{ "reverse", no_argument, NULL, PW_OPT_REVERSE }, \
	{ "filter", required_argument, NULL, PW_OPT_FILTER }, \
	{ "dead", no_argument, NULL, PW_OPT_DEAD }, \
	{ "limit", required_argument, NULL, PW_OPT_LIMIT }
#define PW_HELP_VIEW \
	"      --sort COLUMN      order by this column (default footprint_bytes)\n" \
	"      --reverse          the other way round\n" \
	"      --filter WORDS     rows with each word in command, path, cgroup, unit; or this PID;\n" \
	"                         uid=N, comm=TEXT, unit=TEXT, min=64M, ...; !WORD: without it;\n" \
	"                         verdict=suspect: whose growth is suspected\n" \
	"      --dead             dead processes too\n" \
	"      --limit N          at most N rows\n"
/* clang-format on */

/* As pw_common_option(). */
int pw_view_option(const struct pw_command *c, struct pw_view_args *a, int code);
/* The request for a view: PW_OPTION_TAKEN, or an exit code after a message (no such column). */
int pw_view_request_init(struct pw_view_request *r, const struct pw_command *c, enum pw_view view,
			 const struct pw_view_args *a);

const struct pw_column *pw_view_columns(enum pw_view view);
int pw_view_print(const struct pw_view_request *r, const struct pw_model *m, struct pw_output *o,
		  struct pw_error *err);

/* One process: the document that inspect prints. */
struct pw_inspect_request {
	const struct pw_process *process;
	bool timeline;
};
int pw_view_print_inspect(const struct pw_inspect_request *r, const struct pw_model *m,
			  struct pw_output *o, struct pw_error *err);

#endif
