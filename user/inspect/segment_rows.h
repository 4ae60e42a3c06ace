/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces to rows: one for each kind, name and thread, or one for each piece. */
#ifndef PW_INSPECT_SEGMENT_ROWS_H
#define PW_INSPECT_SEGMENT_ROWS_H

#include "user/inspect/layout.h"

#define PW_SEGMENT_ROWS_LIMIT 65536

struct pw_segment_out {
	struct pw_segment seg; /* without rec, key and name_len */
	const char *name; /* of the layout, or the caller's */
};

struct pw_segment_rows {
	struct pw_segment_out *rows;
	size_t count, capacity;
	bool truncated; /* what found no row of its own is in the row of its kind */
	struct pw_hash index;
};

int pw_segment_rows_init(struct pw_segment_rows *r);
void pw_segment_rows_deinit(struct pw_segment_rows *r);
/* 0 or -ENOMEM. */
int pw_segment_rows_add_layout(struct pw_segment_rows *r, const struct pw_layout *l, bool each);
/* A row without addresses. name must live as long as r. */
int pw_segment_rows_add_kernel(struct pw_segment_rows *r, uint32_t kind, const char *name,
			       uint64_t virtual_bytes, uint64_t resident_bytes);
/* By kind, then address, then name. Ends the adding. */
void pw_segment_rows_sort(struct pw_segment_rows *r);

#endif
