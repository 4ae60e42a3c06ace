// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/series_kind.h"

#define MIB (1ull << 20)

const char *const pw_series_names[PW_SERIES_KINDS] = {
	[PW_SERIES_ANON] = "anon",
	[PW_SERIES_HEAP] = "heap",
	[PW_SERIES_MAPPED] = "mapped",
	[PW_SERIES_STACK] = "stack",
	[PW_SERIES_THREADS] = "threads",
	[PW_SERIES_SHMEM] = "shmem",
	[PW_SERIES_PAGE_TABLES] = "page-tables",
	[PW_SERIES_OPEN_FILES] = "open-files",
	[PW_SERIES_KERNEL] = "kernel",
};

const char *const pw_series_units[PW_SERIES_KINDS] = {
	[PW_SERIES_ANON] = "bytes",	   [PW_SERIES_HEAP] = "bytes",
	[PW_SERIES_MAPPED] = "bytes",	   [PW_SERIES_STACK] = "bytes",
	[PW_SERIES_THREADS] = "threads",   [PW_SERIES_SHMEM] = "bytes",
	[PW_SERIES_PAGE_TABLES] = "bytes", [PW_SERIES_OPEN_FILES] = "files",
	[PW_SERIES_KERNEL] = "bytes",
};

const uint64_t pw_series_floors[PW_SERIES_KINDS] = {
	[PW_SERIES_ANON] = 2 * MIB,	   [PW_SERIES_HEAP] = 2 * MIB,
	[PW_SERIES_MAPPED] = 2 * MIB,	   [PW_SERIES_STACK] = 2 * MIB,
	[PW_SERIES_THREADS] = 8,	   [PW_SERIES_SHMEM] = 2 * MIB,
	[PW_SERIES_PAGE_TABLES] = MIB / 2, /* of 256 MiB of pages, when each is touched */
	[PW_SERIES_OPEN_FILES] = 16,	   [PW_SERIES_KERNEL] = 2 * MIB,
};

/* The break is known where the address space was looked at: /proc's reader tells no mappings. */
static bool knows_the_break(const struct pw_counters *c)
{
	return c->map_count != 0;
}

static uint64_t mapped_bytes(const struct pw_model *m, const struct pw_counters *c)
{
	uint64_t page = m->machine.page_size;
	uint64_t data = c->data_pages * page;
	uint64_t heap = knows_the_break(c) ? (c->brk_bytes + page - 1) / page * page : 0;

	return data > heap ? data - heap : 0;
}

/* Sizes of address spaces, which a history does not keep. */
static bool virtual_of(const struct pw_model *m, const struct pw_counters *c,
		       enum pw_series_kind kind, uint64_t *ret)
{
	if (c->flags & PW_COUNTERS_PARTIAL)
		return false;
	switch (kind) {
	case PW_SERIES_HEAP:
		if (!knows_the_break(c))
			return false;
		*ret = c->brk_bytes;
		return true;
	case PW_SERIES_MAPPED:
		*ret = mapped_bytes(m, c);
		return true;
	case PW_SERIES_STACK:
		*ret = c->stack_pages * m->machine.page_size;
		return true;
	case PW_SERIES_THREADS:
		*ret = c->threads;
		return true;
	default:
		return false;
	}
}

bool pw_series_of_process(const struct pw_model *m, const struct pw_process *p,
			  enum pw_series_kind kind, uint64_t *ret)
{
	const struct pw_counters *c = &p->now;

	if (kind == PW_SERIES_OPEN_FILES) {
		if (!(p->resources.flags & PW_RESOURCES_FILES))
			return false;
		*ret = p->resources.open_files;
		return true;
	}
	if (!p->has_counters)
		return false;
	switch (kind) {
	case PW_SERIES_ANON:
		*ret = (c->anon_pages + c->swap_pages) * m->machine.page_size;
		return true;
	case PW_SERIES_SHMEM:
		*ret = c->shmem_pages * m->machine.page_size;
		return true;
	case PW_SERIES_PAGE_TABLES:
		*ret = c->page_table_bytes;
		return true;
	default:
		return virtual_of(m, c, kind, ret);
	}
}

bool pw_series_of_group(const struct pw_model *m, const struct pw_group *g,
			enum pw_series_kind kind, uint64_t *ret)
{
	uint64_t sum = 0, value;
	bool known = false;

	for (const struct pw_process *p = g->members; p; p = p->next_in_group) {
		if (!p->alive || !pw_series_of_process(m, p, kind, &value))
			continue;
		/* what members share is one memory: the largest view of it stands for it */
		sum = kind != PW_SERIES_SHMEM ? sum + value : value > sum ? value : sum;
		known = true;
	}
	if (known)
		*ret = sum;
	return known;
}

bool pw_series_of_cgroup(const struct pw_model *m, uint64_t cgroup_id, enum pw_series_kind kind,
			 uint64_t *ret)
{
	const struct pw_cgroup_row *row = pw_model_cgroup(m, cgroup_id);
	uint64_t slab, sock;

	if (kind != PW_SERIES_KERNEL || !row || row->last.flags & PW_CGROUP_GONE)
		return false;
	slab = row->last.slab_bytes;
	sock = row->last.sock_bytes;
	if (slab == PW_UNKNOWN && sock == PW_UNKNOWN)
		return false;
	*ret = (slab == PW_UNKNOWN ? 0 : slab) + (sock == PW_UNKNOWN ? 0 : sock);
	return true;
}
