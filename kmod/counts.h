/* SPDX-License-Identifier: GPL-2.0-only */
/* Sums of pages by what they were like, and the verdict that follows from them. */
#ifndef PW_COUNTS_H
#define PW_COUNTS_H

#include <linux/types.h>

#include "uapi/pagewarden.h"

/* As in struct pw_secret. */
struct pw_counts {
	u64 clean;
	u64 dirty;
	u64 mapped;
	u64 swapped;
	u64 copied;
	u64 held;
	u64 unknown;
	u64 absent;
	u64 scrubbed;
	u64 dirty_bytes;
	u64 first_dirty; /* address; PW_UNKNOWN: none */
	u32 reason; /* of the first that is unknown */
};

static inline void pw_counts_init(struct pw_counts *counts)
{
	*counts = (struct pw_counts){ .first_dirty = PW_UNKNOWN };
}

static inline u64 pw_counts_present(const struct pw_counts *c)
{
	return c->clean + c->dirty + c->mapped + c->swapped + c->copied + c->held + c->unknown;
}

void pw_counts_add(struct pw_counts *sum, const struct pw_counts *counts);
void pw_counts_unknown(struct pw_counts *counts, u64 pages, u32 reason);
u32 pw_counts_verdict(const struct pw_counts *counts);
/* The fields of a record that tell the counts. */
void pw_counts_fill(struct pw_secret *rec, const struct pw_counts *counts);

#endif /* PW_COUNTS_H */
