/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The segments of one address space, as the last scan saw them, with the
 * growth since the first.
 */
#ifndef PW_MODEL_SEGMENT_H
#define PW_MODEL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

struct pw_segment_row {
	struct pw_segment seg; /* name_len is cut to the string below */
	char *name; /* raw bytes, NUL-terminated, never NULL */
	int64_t growth_bytes; /* resident + swap against the first view; 0 in the first */
	bool is_new; /* not in the first view */
};

#define PW_SEGMENT_ROWS_MAX 65536

struct pw_segment_set {
	struct pw_segments head; /* of the last complete scan */
	size_t count;
	struct pw_segment_row *rows; /* as the source ordered them: by kind, then address */
	/* baseline: resident + swap of each (kind, tid, name, start of single VMAs) in the first view */
	struct pw_segment_baseline *baseline;
	size_t baseline_count;
	uint64_t first_ns;
};

/* "code", "heap", "thread-stack", ... the name in every output. */
const char *pw_segment_kind_name(uint32_t kind);
/* Resident of one segment: anon + file + shmem; PW_UNKNOWN when none is known. */
uint64_t pw_segment_resident(const struct pw_segment *s);

#endif
