// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/symbol/unwind_table.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/cleanup.h"
#include "user/symbol/frame_entry.h"
#include "user/symbol/unwind_rule.h"

#define SECTION_MAX (256u << 20) /* bytes of call frame information */
/*
 * elfutils runs an entry's instructions from their beginning for each of its
 * rows: of cc1, a program of 20 MB, that makes 225 MB. An entry made of a
 * million rows would take hours.
 */
#define WORK_MAX (2ull << 30) /* bytes of instructions, those that are read again counted again */

static inline void elf_endp(Elf **elf)
{
	elf_end(*elf);
}

static inline void dwarf_endp(Dwarf **dwarf)
{
	dwarf_end(*dwarf);
}

struct range {
	uint32_t from, to;
	struct pw_unwind_row row;
};

struct build {
	struct range *ranges;
	size_t count, room;
	uint64_t base;
	uint64_t work;
	uint32_t entries, damaged;
};

static int add_range(struct build *b, uint64_t from, uint64_t to, const struct pw_unwind_row *row)
{
	if (from < b->base || to - b->base > UINT32_MAX)
		return 0; /* of no loaded place */
	if (b->count == b->room) {
		size_t room = b->room ? b->room * 2 : 1024;
		struct range *more;

		if (room > PW_UNWIND_ROWS_MAX)
			return -EFBIG;
		more = realloc(b->ranges, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		b->ranges = more;
		b->room = room;
	}
	b->ranges[b->count++] =
		(struct range){ (uint32_t)(from - b->base), (uint32_t)(to - b->base), *row };
	return 0;
}

/* The rows of one function. */
static int add_entry(struct build *b, Dwarf_CFI *cfi, uint64_t from, uint64_t to, size_t bytes)
{
	b->entries++;
	while (from < to) {
		struct pw_unwind_row row = { 0 };
		Dwarf_Addr start, end;
		Dwarf_Frame *frame;
		int rc;

		b->work += bytes;
		if (b->work > WORK_MAX)
			return -EFBIG;
		if (dwarf_cfi_addrframe(cfi, from, &frame)) {
			b->damaged++;
			return 0;
		}
		pw_unwind_rule(frame, &row);
		rc = dwarf_frame_info(frame, &start, &end, NULL);
		free(frame);
		if (rc < 0 || end <= from) {
			b->damaged++;
			return 0;
		}
		if (end > to)
			end = to;
		rc = add_range(b, from, end, &row);
		if (rc)
			return rc;
		from = end;
	}
	return 0;
}

static int add_entries(struct build *b, Dwarf_CFI *cfi, struct pw_frame_entries *entries)
{
	uint64_t from, to;
	int rc;

	while ((rc = pw_frame_entries_next(entries, &from, &to)) > 0) {
		rc = add_entry(b, cfi, from, to, entries->cie_bytes + entries->entry_bytes);
		if (rc)
			return rc;
	}
	b->damaged += entries->damaged;
	return rc;
}

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static bool same_rule(const struct pw_unwind_row *a, const struct pw_unwind_row *b)
{
	return a->cfa_rule == b->cfa_rule && a->rbp_rule == b->rbp_rule && a->cfa == b->cfa &&
	       a->rbp == b->rbp;
}

static void add_row(struct pw_unwind_table *t, uint32_t pc, struct pw_unwind_row row)
{
	if (t->count && same_rule(&t->rows[t->count - 1], &row))
		return;
	row.pc = pc;
	t->rows[t->count++] = row;
}

/* Ranges in order, of which the first to claim a place has it; holes are unknown. */
static int make_rows(struct build *b, struct pw_unwind_table *ret)
{
	struct pw_unwind_table t = { .base = b->base,
				     .entries = b->entries,
				     .damaged_entries = b->damaged };
	uint32_t at = 0;

	qsort(b->ranges, b->count, sizeof(*b->ranges), by_place);
	/* at most a hole before each range, and one behind the last */
	t.rows = calloc(2 * b->count + 1, sizeof(*t.rows));
	if (!t.rows)
		return -ENOMEM;
	for (size_t i = 0; i < b->count; i++) {
		struct range r = b->ranges[i];

		if (r.from < at)
			r.from = at;
		if (r.to <= r.from)
			continue;
		if (r.from > at)
			add_row(&t, at, (struct pw_unwind_row){ 0 });
		add_row(&t, r.from, r.row);
		if (r.row.cfa_rule == PW_UNWIND_UNKNOWN)
			t.unknown_bytes += r.to - r.from;
		else
			t.covered_bytes += r.to - r.from;
		at = r.to;
	}
	add_row(&t, at, (struct pw_unwind_row){ 0 });
	*ret = t;
	return 0;
}

static int lowest_address(Elf *elf, uint64_t *ret)
{
	uint64_t lowest = UINT64_MAX;
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;

		if (gelf_getphdr(elf, (int)i, &phdr) && phdr.p_type == PT_LOAD &&
		    phdr.p_vaddr < lowest)
			lowest = phdr.p_vaddr;
	}
	if (lowest == UINT64_MAX)
		return -ENOEXEC;
	*ret = lowest & ~4095ull; /* as it is mapped */
	return 0;
}

static int from_eh_frame(struct build *b, Elf *elf)
{
	struct pw_frame_entries entries;
	Dwarf_CFI *cfi;
	int rc = pw_frame_entries_open(elf, ".eh_frame", SECTION_MAX, &entries);

	if (rc)
		return rc;
	cfi = dwarf_getcfi_elf(elf);
	if (!cfi)
		return -EBADMSG;
	rc = add_entries(b, cfi, &entries);
	dwarf_cfi_end(cfi);
	return rc;
}

static int from_debug_frame(struct build *b, Elf *elf)
{
	Dwarf *dwarf pw_cleanup(dwarf_endp) = NULL;
	struct pw_frame_entries entries;
	Dwarf_CFI *cfi;
	int rc = pw_frame_entries_open(elf, ".debug_frame", SECTION_MAX, &entries);

	if (rc)
		return rc;
	dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	cfi = dwarf ? dwarf_getcfi(dwarf) : NULL; /* the dwarf's own */
	return cfi ? add_entries(b, cfi, &entries) : -EBADMSG;
}

static int open_elf(int fd, Elf **ret)
{
	struct stat st;
	GElf_Ehdr head;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOEXEC;
	if ((uint64_t)st.st_size > PW_UNWIND_FILE_MAX)
		return -EFBIG;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	*ret = elf_begin(fd, ELF_C_READ, NULL); /* a file that shrinks under a mapping kills us */
	if (!*ret || elf_kind(*ret) != ELF_K_ELF || !gelf_getehdr(*ret, &head) ||
	    head.e_machine != EM_X86_64 || head.e_ident[EI_CLASS] != ELFCLASS64)
		return -ENOEXEC;
	return 0;
}

static int collect(struct build *b, int fd, int debug_fd)
{
	Elf *elf pw_cleanup(elf_endp) = NULL;
	Elf *debug pw_cleanup(elf_endp) = NULL;
	int rc = open_elf(fd, &elf);

	if (rc)
		return rc;
	rc = lowest_address(elf, &b->base);
	if (rc)
		return rc;
	rc = from_eh_frame(b, elf);
	if (rc != -ENOENT)
		return rc;
	rc = from_debug_frame(b, elf);
	if (rc != -ENOENT || debug_fd < 0)
		return rc;
	rc = open_elf(debug_fd, &debug);
	return rc ? rc : from_debug_frame(b, debug);
}

int pw_unwind_table_build(int fd, int debug_fd, struct pw_unwind_table *ret)
{
	struct build b = { 0 };
	int rc = collect(&b, fd, debug_fd);

	if (!rc)
		rc = b.count ? make_rows(&b, ret) : -ENOENT;
	free(b.ranges);
	return rc;
}

void pw_unwind_table_free(struct pw_unwind_table *t)
{
	free(t->rows);
	*t = (struct pw_unwind_table){ 0 };
}

const struct pw_unwind_row *pw_unwind_table_find(const struct pw_unwind_table *t, uint32_t pc)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->rows[middle].pc <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &t->rows[low - 1] : NULL;
}
