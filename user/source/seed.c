// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpf/slot.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/key.h"
#include "user/inspect/maps.h"

#define CHUNK_PAGES 8192u
#define RANGES_MAX 131072 /* VMAs; the kernel's default limit is 65530 */
#define SPARSE_BYTES (1ull << 36) /* a VMA that is read whole where there is no PAGEMAP_SCAN */
#define SCAN_FROM_BYTES (64ull << 20) /* smaller ones are read at once */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN ((1ull << 55) - 1)

/* /proc/kpageflags, from linux/kernel-page-flags.h */
#define KPF(bit) (1ull << (bit))
#define KPF_SLAB KPF(7)
#define KPF_BUDDY KPF(10)
#define KPF_ANON KPF(12)
#define KPF_SWAPBACKED KPF(14)
#define KPF_COMPOUND_TAIL KPF(16)
#define KPF_HUGETLB KPF(17)
#define KPF_NOPAGE KPF(20)
#define KPF_THP KPF(22)
#define KPF_ZERO_PAGE KPF(24)
#define KPF_NOT_OURS (KPF_SLAB | KPF_BUDDY | KPF_HUGETLB | KPF_NOPAGE | KPF_ZERO_PAGE)
#define HUGE_PAGES 512

/* From linux/fs.h since 6.7; the oldest headers that build this are from 6.1. */
struct scan_region {
	uint64_t start, end, categories;
};
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (1ull << 3)
#define SCAN_ZERO (1ull << 5)
#define SCAN_REGIONS 512

struct pw_seed_range {
	uint64_t start, end;
};

/* One process on its way into the ledger. */
struct visit {
	struct pw_seed *s;
	int pagemap;
	uint64_t page_size;
	uint64_t entry;
	uint64_t entered;
	size_t ranges;
};

int pw_seed_init(struct pw_seed *s)
{
	s->kpageflags = -1;
	s->before = malloc(CHUNK_PAGES * sizeof(*s->before));
	s->after = malloc(CHUNK_PAGES * sizeof(*s->after));
	s->put = malloc(CHUNK_PAGES * sizeof(*s->put));
	s->ranges = NULL;
	s->ranges_size = 0;
	if (!s->before || !s->after || !s->put)
		return -ENOMEM;
	s->kpageflags = pw_procfs_open_path(s->fs, "/proc/kpageflags", O_RDONLY);
	return s->kpageflags < 0 ? s->kpageflags : 0;
}

void pw_seed_deinit(struct pw_seed *s)
{
	if (s->before)
		pw_closep(&s->kpageflags);
	free(s->before);
	free(s->after);
	free(s->put);
	free(s->ranges);
}

static uint64_t page_flags(const struct pw_seed *s, uint64_t pfn)
{
	uint64_t flags;

	if (pread(s->kpageflags, &flags, sizeof(flags), pfn * sizeof(flags)) != sizeof(flags))
		return KPF_NOPAGE;
	return flags;
}

/* Anonymous or shmem: what the ledger counts. */
static bool is_user_page(const struct pw_seed *s, uint64_t pfn)
{
	uint64_t flags = page_flags(s, pfn);

	/* Older kernels show a huge page's nature in its head alone. */
	if (flags & KPF_COMPOUND_TAIL && flags & KPF_THP && !(flags & (KPF_ANON | KPF_SWAPBACKED)))
		flags |= page_flags(s, pfn & ~(uint64_t)(HUGE_PAGES - 1));
	return !(flags & KPF_NOT_OURS) && flags & (KPF_ANON | KPF_SWAPBACKED);
}

static bool enter(const struct visit *v, uint64_t pfn)
{
	uint64_t none = 0;

	return __atomic_compare_exchange_n(&v->s->ledger[pfn >> v->s->sample_shift], &none,
					   v->entry, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* False when the entry is not ours any more: its free was seen and counted. */
static bool undo(const struct visit *v, uint64_t pfn)
{
	uint64_t ours = v->entry;

	return __atomic_compare_exchange_n(&v->s->ledger[pfn >> v->s->sample_shift], &ours, 0,
					   false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int64_t read_entries(const struct visit *v, uint64_t start, size_t pages, uint64_t *to)
{
	ssize_t n = pread(v->pagemap, to, pages * sizeof(*to), start / v->page_size * sizeof(*to));

	return n < 0 ? -errno : (int64_t)(n / sizeof(*to));
}

static uint64_t pfn_of(uint64_t entry)
{
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

/* At most CHUNK_PAGES from start. */
static int seed_chunk(struct visit *v, uint64_t start, size_t pages)
{
	struct pw_seed *s = v->s;
	int64_t n = read_entries(v, start, pages, s->before), again;
	size_t put = 0, i;

	if (n <= 0)
		return n;
	for (i = 0; i < (size_t)n; i++) {
		uint64_t pfn = pfn_of(s->before[i]);

		if (pfn && pfn < s->max_pfn && pw_page_sampled(pfn, s->sample_shift) &&
		    is_user_page(s, pfn) && enter(v, pfn))
			s->put[put++] = i;
	}
	if (!put)
		return 0;
	again = read_entries(v, start, n, s->after);
	for (i = 0; i < put; i++) {
		uint64_t pfn = pfn_of(s->before[s->put[i]]);
		bool still = s->put[i] < again && pfn_of(s->after[s->put[i]]) == pfn;

		if (still || !undo(v, pfn))
			v->entered++;
	}
	return 0;
}

static int seed_range(struct visit *v, uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t pages = (end - start) / v->page_size;
		int rc;

		if (pw_clock_boot_ns() > v->s->until_ns)
			return -ETIME;
		if (pages > CHUNK_PAGES)
			pages = CHUNK_PAGES;
		rc = seed_chunk(v, start, pages);
		if (rc)
			return rc;
		start += pages * v->page_size;
	}
	return 0;
}

/* A big VMA by what is present in it. -EOPNOTSUPP: no PAGEMAP_SCAN. */
static int seed_present(struct visit *v, uint64_t start, uint64_t end)
{
	struct scan_region regions[SCAN_REGIONS];

	while (start < end) {
		struct scan_arg arg = {
			.size = sizeof(arg),
			.start = start,
			.end = end,
			.vec = (uintptr_t)regions,
			.vec_len = SCAN_REGIONS,
			.category_inverted = SCAN_ZERO,
			.category_mask = SCAN_PRESENT | SCAN_ZERO,
			.return_mask = SCAN_PRESENT,
		};
		int n = ioctl(v->pagemap, SCAN_IOCTL, &arg), i, rc;

		if (n < 0)
			return errno == ENOTTY || errno == EINVAL ? -EOPNOTSUPP : -errno;
		for (i = 0; i < n; i++) {
			rc = seed_range(v, regions[i].start, regions[i].end);
			if (rc)
				return rc;
		}
		if (arg.walk_end <= start)
			return 0;
		start = arg.walk_end;
	}
	return 0;
}

static int seed_vma(struct visit *v, const struct pw_seed_range *r)
{
	int rc;

	if (r->end - r->start < SCAN_FROM_BYTES)
		return seed_range(v, r->start, r->end);
	rc = seed_present(v, r->start, r->end);
	if (rc != -EOPNOTSUPP)
		return rc;
	return r->end - r->start > SPARSE_BYTES ? -EFBIG : seed_range(v, r->start, r->end);
}

/* Shared mappings of files on disk hold page cache alone, and may be huge. */
static bool may_hold_user_pages(const struct pw_vma *vma)
{
	if (vma->perms & PW_PERM_SHARED && vma->dev_major)
		return false;
	return strncmp(vma->name, "[v", 2) != 0; /* [vdso], [vvar], [vsyscall] */
}

static int add_range(void *ctx, const struct pw_vma *vma)
{
	struct visit *v = ctx;
	struct pw_seed *s = v->s;

	if (!may_hold_user_pages(vma))
		return 0;
	if (v->ranges == s->ranges_size) {
		size_t size = s->ranges_size ? 2 * s->ranges_size : 1024;
		struct pw_seed_range *bigger;

		if (size > RANGES_MAX)
			return -E2BIG;
		bigger = realloc(s->ranges, size * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		s->ranges = bigger;
		s->ranges_size = size;
	}
	s->ranges[v->ranges++] = (struct pw_seed_range){ vma->start, vma->end };
	return 0;
}

static bool same_process(const struct pw_seed *s, const struct pw_key *key)
{
	struct pw_proc_stat stat;

	return !pw_procfs_stat(s->fs, key->pid, &stat) && stat.start_ticks == pw_key_tick(key);
}

int pw_seed_process(struct pw_seed *s, const struct pw_key *key, uint64_t entry, uint64_t *ret_pages)
{
	struct visit v = { .s = s, .pagemap = -1, .page_size = sysconf(_SC_PAGESIZE), .entry = entry };
	pw_auto_close int maps = -1, pagemap = -1;
	size_t i;
	int rc, worst = 0;

	*ret_pages = 0;
	if (!same_process(s, key))
		return -ESRCH;
	maps = pw_procfs_open(s->fs, key->pid, "maps", O_RDONLY);
	pagemap = pw_procfs_open(s->fs, key->pid, "pagemap", O_RDONLY);
	if (maps < 0 || pagemap < 0)
		return maps < 0 ? maps : pagemap;
	v.pagemap = pagemap;
	rc = pw_maps_read(maps, NULL, add_range, &v);
	if (rc)
		return rc;
	for (i = 0; i < v.ranges; i++) {
		rc = seed_vma(&v, &s->ranges[i]);
		if (rc)
			worst = rc;
		if (rc == -ETIME || rc == -ESRCH)
			break;
	}
	*ret_pages = v.entered;
	return worst;
}
