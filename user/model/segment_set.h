/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building segment sets. A pending set collects the SEGMENT records behind a
 * SEGMENTS record; complete, it becomes the process's view, measured against
 * the baseline that the first view left.
 *
 * Rows are matched by (kind, tid, name, start). A row that is not found so but
 * is the only one of its (kind, tid, name) in both views is matched by these
 * alone: a stack that grew downwards or a group that gained a VMA stays itself.
 */
#ifndef PW_MODEL_SEGMENT_SET_H
#define PW_MODEL_SEGMENT_SET_H

#include "user/model/segment.h"

struct pw_segment_baseline {
	uint64_t loose; /* hash of (kind, tid, name) */
	uint64_t exact; /* ... and the start of a single VMA */
	uint64_t bytes; /* resident + swap; PW_UNKNOWN */
};

struct pw_segment_pending {
	struct pw_segments head;
	struct pw_segment_row *rows;
	size_t count, room;
	uint32_t received; /* rows beyond PW_SEGMENT_ROWS_MAX included, which are not kept */
};

int pw_segment_pending_create(const struct pw_segments *head, struct pw_segment_pending **ret);
void pw_segment_pending_destroy(struct pw_segment_pending *p); /* takes NULL */
/* name: seg->name_len bytes. 0 or -ENOMEM. */
int pw_segment_pending_add(struct pw_segment_pending *p, const struct pw_segment *seg,
			   const char *name);
/* A row that is not kept still counts as received; the view is marked as truncated. */
void pw_segment_pending_skip(struct pw_segment_pending *p);
bool pw_segment_pending_complete(const struct pw_segment_pending *p);

/*
 * Makes the pending rows the view of *set (created when NULL); the pending set
 * is left empty. A scan that lost its process half-way does not replace a
 * complete view: it only leaves its flags there. 0 or -ENOMEM.
 */
int pw_segment_set_take(struct pw_segment_set **set, struct pw_segment_pending *p);
void pw_segment_set_destroy(struct pw_segment_set *set); /* takes NULL */
size_t pw_segment_set_memory(const struct pw_segment_set *set);

#endif
