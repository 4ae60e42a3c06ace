// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/pagemap, for kernels without PAGEMAP_SCAN. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/inspect/residency.h"
#include "user/inspect/residency_account.h"

#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_FILE (1ull << 61)
#define ENTRY_GUARD (1ull << 58)
#define ENTRY_PFN ((1ull << 55) - 1)

#define CALL_ENTRIES 8192u
#define READ_MAX (64ull << 30) /* of address space: 128 MiB of entries */

/* The frame of the zero page, from a page of our own; 0: may not be known. */
static uint64_t zero_frame(uint64_t page_size)
{
	pw_auto_close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char *page = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry = 0;

	if (page == MAP_FAILED)
		return 0;
	(void)*page;
	if (fd < 0 || pread(fd, &entry, sizeof(entry),
			    (off_t)((uintptr_t)page / page_size * sizeof(entry))) != sizeof(entry))
		entry = 0;
	munmap((void *)page, page_size);
	return entry & ENTRY_PRESENT ? entry & ENTRY_PFN : 0;
}

static void account(const struct pw_residency_input *in, struct pw_piece *p, uint64_t entry,
		    uint64_t zero)
{
	const bool migrating = entry & ENTRY_SWAPPED && in->swap_unused;
	const struct pw_page_state state = {
		.present = entry & ENTRY_PRESENT || migrating,
		.swapped = entry & ENTRY_SWAPPED && !migrating,
		.file = entry & ENTRY_FILE,
		.huge = p->kind == PW_SEG_HUGETLB,
	};

	if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) || entry & ENTRY_GUARD)
		return;
	if (zero && entry & ENTRY_PRESENT && (entry & ENTRY_PFN) == zero)
		return;
	/* no file can be behind plain memory: this is the huge zero page */
	if (entry & ENTRY_FILE && !(p->perms & PW_PERM_SHARED) && !pw_piece_is_mixed(p))
		return;
	pw_piece_account(p, in->page_size, state);
}

struct reader {
	const struct pw_residency_input *in;
	struct pw_layout *layout;
	uint64_t *entries;
	uint64_t zero; /* frame */
};

/* The entries of [at, at + n pages) to their pieces, the first of which is `piece`. */
static void account_all(const struct reader *r, size_t piece, uint64_t at, size_t n)
{
	struct pw_piece *p = &r->layout->pieces[piece];

	for (size_t i = 0; i < n; i++, at += r->in->page_size) {
		while (at >= p->end)
			p++;
		account(r->in, p, r->entries[i], r->zero);
	}
}

/* Pieces [first, next), which lie side by side. */
static int read_run(const struct reader *r, size_t first, size_t next)
{
	const uint64_t page = r->in->page_size, end = r->layout->pieces[next - 1].end;

	for (uint64_t at = r->layout->pieces[first].start; at < end;) {
		uint64_t want = (end - at) / page, began = pw_lock_begin();
		ssize_t n;

		if (want > CALL_ENTRIES)
			want = CALL_ENTRIES;
		n = pread(r->in->pagemap, r->entries, want * sizeof(*r->entries),
			  (off_t)(at / page * sizeof(*r->entries)));
		pw_lock_end(r->in->meter, began);
		if (n < 0)
			return -errno;
		n /= (ssize_t)sizeof(*r->entries);
		if (n == 0)
			return 0; /* the address space is gone; the caller finds out */
		while (r->layout->pieces[first].end <= at)
			first++;
		account_all(r, first, at, (size_t)n);
		at += (uint64_t)n * page;
	}
	return 0;
}

int pw_residency_read(const struct pw_residency_input *in, struct pw_layout *l)
{
	pw_auto_free uint64_t *entries = calloc(CALL_ENTRIES, sizeof(*entries));
	const struct reader r = { in, l, entries, zero_frame(in->page_size) };
	uint64_t total = 0;
	int err = 0;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < l->count; i++) {
		if (pw_piece_is_user(&l->pieces[i]))
			total += pw_piece_bytes(&l->pieces[i]);
		if (total > READ_MAX)
			return -EFBIG;
	}
	for (size_t i = 0, next; i < l->count && pw_piece_is_user(&l->pieces[i]) && !err; i = next) {
		for (next = i + 1; next < l->count; next++)
			if (l->pieces[next].start != l->pieces[next - 1].end)
				break;
		err = read_run(&r, i, next);
	}
	return err;
}
