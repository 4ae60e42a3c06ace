// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/inspect/line_reader.h"
#include "user/inspect/maps.h"
#include "user/inspect/smaps.h"

/* What one VMA's lines add up to, in bytes. */
struct totals {
	uint64_t rss, anon, dirty, swap, huge, hugetlb;
};

/* Lines that add to one of the totals. */
static const struct {
	const char *key;
	size_t offset;
} fields[] = {
	{ "Rss:", offsetof(struct totals, rss) },
	{ "Anonymous:", offsetof(struct totals, anon) },
	{ "Shared_Dirty:", offsetof(struct totals, dirty) },
	{ "Private_Dirty:", offsetof(struct totals, dirty) },
	{ "Swap:", offsetof(struct totals, swap) },
	{ "AnonHugePages:", offsetof(struct totals, huge) },
	{ "ShmemPmdMapped:", offsetof(struct totals, huge) },
	{ "FilePmdMapped:", offsetof(struct totals, huge) },
	{ "Shared_Hugetlb:", offsetof(struct totals, hugetlb) },
	{ "Private_Hugetlb:", offsetof(struct totals, hugetlb) },
};

static void take_field(struct totals *t, const char *line)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t len = strlen(fields[i].key);

		if (strncmp(line, fields[i].key, len) != 0)
			continue;
		*(uint64_t *)((char *)t + fields[i].offset) += strtoull(line + len, NULL, 10) * 1024;
		return;
	}
}

/* At most limit bytes of *left. */
static uint64_t take(uint64_t *left, uint64_t limit)
{
	uint64_t n = *left < limit ? *left : limit;

	*left -= n;
	return n;
}

static void fill_residency(struct pw_piece *p, struct totals *left)
{
	uint64_t file = left->rss - (left->anon < left->rss ? left->anon : left->rss);
	uint64_t bytes = pw_piece_bytes(p);

	p->anon = take(&left->anon, bytes);
	p->file = p->shm = 0;
	*(p->shmem ? &p->shm : &p->file) = take(&file, bytes);
	left->rss = left->anon + file;
	p->swap = take(&left->swap, bytes);
	p->huge = take(&left->huge, bytes);
	if (left->hugetlb > 0) {
		uint64_t hugetlb = take(&left->hugetlb, bytes);

		*(p->perms & PW_PERM_SHARED ? &p->shm : &p->anon) += hugetlb;
		p->huge += hugetlb;
	}
}

/* Gives a finished VMA's totals to its pieces. */
static void settle(struct pw_layout *l, const struct pw_vma *vma, struct totals *t, bool residency)
{
	for (size_t i = pw_layout_find(l, vma->start); i < l->count; i++) {
		struct pw_piece *p = &l->pieces[i];

		if (p->start >= vma->end)
			return;
		if (residency)
			fill_residency(p, t);
		p->dirty += take(&t->dirty, p->anon + p->file + p->shm);
	}
}

int pw_smaps_read(int fd, struct pw_layout *l, bool residency, struct pw_lock_meter *meter)
{
	pw_auto_free struct pw_line_reader *lines = malloc(sizeof(*lines));
	struct pw_vma vma = { 0 }, next;
	struct totals t = { 0 };
	size_t len;
	char *line;
	int err;

	if (!lines)
		return -ENOMEM;
	pw_line_reader_init(lines, fd, meter);
	while ((err = pw_line_next(lines, &line, &len)) > 0) {
		/* keys start with a capital, addresses never do */
		if (line[0] >= 'A' && line[0] <= 'Z') {
			take_field(&t, line);
			continue;
		}
		err = pw_maps_parse(line, &next);
		if (err)
			return err;
		settle(l, &vma, &t, residency);
		vma = next;
		t = (struct totals){ 0 };
	}
	if (!err)
		settle(l, &vma, &t, residency);
	return err;
}
