// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>

#include "counts.h"

void pw_counts_add(struct pw_counts *sum, const struct pw_counts *c)
{
	sum->clean += c->clean;
	sum->dirty += c->dirty;
	sum->mapped += c->mapped;
	sum->swapped += c->swapped;
	sum->copied += c->copied;
	sum->held += c->held;
	sum->unknown += c->unknown;
	sum->absent += c->absent;
	sum->scrubbed += c->scrubbed;
	sum->dirty_bytes += c->dirty_bytes;
	sum->first_dirty = min(sum->first_dirty, c->first_dirty);
	if (!sum->reason)
		sum->reason = c->reason;
}

void pw_counts_unknown(struct pw_counts *counts, u64 pages, u32 reason)
{
	if (!pages)
		return;
	counts->unknown += pages;
	if (!counts->reason)
		counts->reason = reason;
}

u32 pw_counts_verdict(const struct pw_counts *c)
{
	return c->dirty	  ? PW_SECRET_DIRTY :
	       c->copied  ? PW_SECRET_COPIED :
	       c->swapped ? PW_SECRET_SWAPPED :
	       c->mapped  ? PW_SECRET_STILL_MAPPED :
	       c->held	  ? PW_SECRET_HELD :
	       c->unknown ? PW_SECRET_UNKNOWN :
			    PW_SECRET_CLEAN;
}

void pw_counts_fill(struct pw_secret *rec, const struct pw_counts *c)
{
	rec->pages_clean = c->clean;
	rec->pages_dirty = c->dirty;
	rec->pages_mapped = c->mapped;
	rec->pages_swapped = c->swapped;
	rec->pages_copied = c->copied;
	rec->pages_held = c->held;
	rec->pages_unknown = c->unknown;
	rec->pages_absent = c->absent;
	rec->pages_scrubbed = c->scrubbed;
	rec->dirty_bytes = c->dirty_bytes;
	rec->first_dirty = c->first_dirty;
	rec->reason = c->reason;
}
