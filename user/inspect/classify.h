/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each VMA is for: from names, files, neighbours, threads and malloc's own headers. */
#ifndef PW_INSPECT_CLASSIFY_H
#define PW_INSPECT_CLASSIFY_H

#include "user/inspect/layout.h"
#include "user/inspect/lock_meter.h"
#include "user/inspect/mounts.h"
#include "user/inspect/threads.h"

struct pw_classify_input {
	const struct pw_procfs *fs;
	uint32_t pid;
	const struct pw_layout *vmas;
	const struct pw_threads *threads;
	const struct pw_mounts *mounts;
	uint64_t page_size;
	int pagemap; /* -1: memory is not looked at */
	struct pw_lock_meter *meter;
};

/*
 * Fills ret with the pieces of all VMAs: split where one VMA has two uses,
 * with kind, tid, shmem and a name for people. Names may belong to
 * in->vmas, which must outlive ret. 0 or -ENOMEM.
 */
int pw_classify(const struct pw_classify_input *in, struct pw_layout *ret);

/*
 * What the name and the file of a VMA alone say. Returns false when they say
 * nothing. *name_out is changed where a person would say it differently; it
 * points to piece->name or to buf.
 */
bool pw_classify_name(const struct pw_piece *piece, enum pw_mount_type mount, char *buf,
		      size_t size, const char **name_out, uint32_t *kind, uint32_t *tid);

#endif
