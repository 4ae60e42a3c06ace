// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
// timeout: 240
/*
 * The segment view of real processes, from /proc alone and from the BPF
 * source's iterators: known numbers of pages in each kind, every VMA against
 * the kernel's own smaps, very many VMAs and threads, and processes that
 * change, exec or end under the scan.
 */
#include "tests/lib/watch.h"

#include <errno.h>
#include <sys/mount.h>

#include "user/base/clock.h"
#include "user/inspect/address_space.h"
#include "user/model/segment.h"

#define PAGE 4096ull

/* ---- a process that says what it has ----------------------------------------------- */

struct fact {
	char kind[32];
	long pages; /* -1: this machine has no such memory */
};

struct target {
	pid_t pid;
	int in;
	FILE *out;
	struct pw_key key;
	struct fact facts[32];
	int count;
};

static struct pw_procfs fs;

static struct pw_key key_of(pid_t pid)
{
	struct pw_proc_stat stat;

	assert_int_equal(pw_procfs_stat(&fs, (uint32_t)pid, &stat), 0);
	return (struct pw_key){ .pid = (uint32_t)pid, .start_ns = stat.start_ticks * PW_TICK_NS };
}

static struct target start(const char *program, const char *arg, const char *arg2)
{
	struct target t = { 0 };
	int to[2], from[2];
	char path[PATH_MAX], line[256];

	program_path(program, path);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	t.pid = fork();
	assert_true(t.pid >= 0);
	if (t.pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl(path, path, arg, arg2, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	t.in = to[1];
	t.out = fdopen(from[0], "r");
	while (fgets(line, sizeof(line), t.out) && strcmp(line, "ready\n") != 0) {
		struct fact *f = &t.facts[t.count];

		assert_true(t.count < 32);
		f->pages = -1;
		if (sscanf(line, "%31s %ld", f->kind, &f->pages) < 2)
			print_message("# not on this machine: %s", line);
		t.count++;
	}
	assert_string_equal(line, "ready\n");
	t.key = key_of(t.pid);
	return t;
}

static void end(struct target *t)
{
	close(t->in);
	fclose(t->out);
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
}

static long fact(const struct target *t, const char *kind)
{
	for (int i = 0; i < t->count; i++)
		if (strcmp(t->facts[i].kind, kind) == 0)
			return t->facts[i].pages;
	fail_msg("the program told nothing of %s", kind);
	return 0;
}

/* ---- a view ------------------------------------------------------------------------ */

struct row {
	struct pw_segment seg;
	char name[512];
};

struct view {
	struct pw_segments head;
	struct row *rows;
	size_t count;
};

static int take(void *ctx, const struct pw_record *rec)
{
	struct view *v = ctx;

	assert_int_equal(rec->size % 8, 0);
	if (rec->type == PW_REC_SEGMENTS) {
		memcpy(&v->head, rec, sizeof(v->head));
		v->rows = calloc(v->head.segments + 1, sizeof(*v->rows));
		v->count = 0;
		return 0;
	}
	assert_int_equal(rec->type, PW_REC_SEGMENT);
	assert_true(v->count < v->head.segments);
	struct row *row = &v->rows[v->count++];

	memcpy(&row->seg, rec, sizeof(row->seg));
	assert_true(sizeof(row->seg) + row->seg.name_len <= rec->size);
	memcpy(row->name, (const struct pw_segment *)rec + 1, row->seg.name_len);
	row->name[row->seg.name_len] = 0;
	return 0;
}

/* How to look: through /proc, or through the BPF source. */
static struct pw_source *source;

static int try_look(const struct pw_key *key, unsigned int flags, struct view *v)
{
	struct pw_error err = { 0 };
	int rc;

	free(v->rows);
	memset(v, 0, sizeof(*v));
	if (source)
		rc = pw_source_segments(source, key, flags, take, v, &err);
	else
		rc = pw_address_space_scan(&fs, NULL, key, flags, take, v, &err);
	if (rc && rc != -ESRCH)
		fail_msg("%d %s", rc, err.what);
	if (!rc)
		assert_int_equal(v->count, v->head.segments);
	return rc;
}

static void look(const struct target *t, unsigned int flags, struct view *v)
{
	assert_int_equal(try_look(&t->key, flags, v), 0);
	assert_int_equal(v->head.flags & (PW_SEGMENTS_GONE | PW_SEGMENTS_CHANGED |
					  PW_SEGMENTS_TRUNCATED | PW_SEGMENTS_NO_RESIDENT),
			 0);
	assert_true(v->head.lock_calls > 0 && v->head.lock_longest_ns > 0);
	assert_true(v->head.lock_total_ns <= v->head.scan_ns);
}

/* The only row of this kind, or the one of this name. */
static const struct pw_segment *row_of(const struct view *v, uint32_t kind, const char *name)
{
	const struct pw_segment *found = NULL;

	for (size_t i = 0; i < v->count; i++) {
		if (v->rows[i].seg.kind != kind || (name && strcmp(v->rows[i].name, name) != 0))
			continue;
		if (found)
			fail_msg("two rows of kind %s: %llx and %llx, %s",
				 pw_segment_kind_name(kind), (unsigned long long)found->start,
				 (unsigned long long)v->rows[i].seg.start, v->rows[i].name);
		found = &v->rows[i].seg;
	}
	if (!found)
		fail_msg("no row of kind %s, name %s", pw_segment_kind_name(kind),
			 name ? name : "any");
	return found;
}

/* ---- the kernel's own account -------------------------------------------------------- */

struct smap {
	uint64_t start, end, rss, anon, swap, huge, hugetlb, dirty;
};

static size_t read_smaps(pid_t pid, struct smap **ret)
{
	char path[64], line[1024];
	struct smap *list = NULL, *m = NULL;
	size_t count = 0;
	unsigned long long start_, end_, kb;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &start_, &end_) == 2 &&
		    strchr(line, '-') < strchr(line, ' ')) {
			list = realloc(list, (count + 1) * sizeof(*list));
			m = &list[count++];
			*m = (struct smap){ .start = start_, .end = end_ };
		} else if (sscanf(line, "Rss: %llu", &kb) == 1) {
			m->rss = kb * 1024;
		} else if (sscanf(line, "Anonymous: %llu", &kb) == 1) {
			m->anon = kb * 1024;
		} else if (sscanf(line, "Swap: %llu", &kb) == 1) {
			m->swap = kb * 1024;
		} else if (sscanf(line, "AnonHugePages: %llu", &kb) == 1 ||
			   sscanf(line, "ShmemPmdMapped: %llu", &kb) == 1) {
			m->huge += kb * 1024;
		} else if (sscanf(line, "Private_Hugetlb: %llu", &kb) == 1 ||
			   sscanf(line, "Shared_Hugetlb: %llu", &kb) == 1) {
			m->hugetlb += kb * 1024;
		} else if (sscanf(line, "Private_Dirty: %llu", &kb) == 1 ||
			   sscanf(line, "Shared_Dirty: %llu", &kb) == 1) {
			m->dirty += kb * 1024;
		}
	}
	fclose(f);
	*ret = list;
	return count;
}

/* Every VMA of smaps against the pieces that the view has of it. */
static void compare_with_smaps(const struct view *v, pid_t pid)
{
	struct smap *maps;
	size_t count = read_smaps(pid, &maps);

	for (size_t i = 0; i < count; i++) {
		const struct smap *m = &maps[i];
		uint64_t covered = 0, anon = 0, resident = 0, swap = 0, huge = 0, dirty = 0;

		if (m->start >> 63)
			continue; /* vsyscall: not in the task's own list */
		for (size_t k = 0; k < v->count; k++) {
			const struct pw_segment *s = &v->rows[k].seg;

			if (s->start < m->start || s->end > m->end || s->vmas == 0)
				continue;
			covered += s->virtual_bytes;
			anon += s->anon_bytes;
			resident += pw_segment_resident(s);
			swap += s->swap_bytes;
			huge += s->huge_bytes == PW_UNKNOWN ? 0 : s->huge_bytes;
			dirty += s->dirty_bytes == PW_UNKNOWN ? 0 : s->dirty_bytes;
		}
		if (covered != m->end - m->start || resident != m->rss + m->hugetlb ||
		    anon < m->anon || swap != m->swap)
			fail_msg("%lx-%lx: covered %lu, resident %lu of %lu, anon %lu of %lu",
				 (unsigned long)m->start, (unsigned long)m->end,
				 (unsigned long)covered, (unsigned long)resident,
				 (unsigned long)m->rss, (unsigned long)anon, (unsigned long)m->anon);
		if (v->head.flags & PW_SEGMENTS_PAGEMAP_SCAN)
			assert_int_equal(huge, m->huge + m->hugetlb);
		if (v->head.flags & PW_SEGMENTS_DIRTY)
			assert_int_equal(dirty, m->dirty);
	}
	free(maps);
}

/* ---- tests ----------------------------------------------------------------------------- */

static char tmpfs_dir[] = "/tmp/pagewarden-tmpfs-XXXXXX";

static void check_anon(const struct view *v, uint32_t kind, const char *name, long pages)
{
	if (pages >= 0)
		assert_int_equal(row_of(v, kind, name)->anon_bytes, pages * PAGE);
}

static void check_shmem(const struct view *v, uint32_t kind, const char *name, long pages)
{
	if (pages >= 0 && row_of(v, kind, name)->shmem_bytes != pages * PAGE)
		fail_msg("%s: %lld bytes shmem, %lld file, %lld anon, device %u:%u",
			 pw_segment_kind_name(kind), row_of(v, kind, name)->shmem_bytes,
			 row_of(v, kind, name)->file_bytes, row_of(v, kind, name)->anon_bytes,
			 row_of(v, kind, name)->dev_major, row_of(v, kind, name)->dev_minor);
}

static const struct row *thread_row(const struct view *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->rows[i].seg.kind == PW_SEG_THREAD_STACK && strcmp(v->rows[i].name, name) == 0)
			return &v->rows[i];
	return NULL;
}

static void check_threads(const struct view *v, const struct target *t)
{
	const struct row *alpha = thread_row(v, "alpha"), *beta = thread_row(v, "beta");

	assert_non_null(alpha);
	assert_int_not_equal(alpha->seg.tid, 0);
	assert_in_range(alpha->seg.anon_bytes, fact(t, "stack-alpha") * PAGE,
			(fact(t, "stack-alpha") + 8) * PAGE);
	/* it never enters the kernel: /proc does not tell its stack pointer */
	if (v->head.flags & PW_SEGMENTS_ITER) {
		assert_non_null(beta);
		assert_int_not_equal(beta->seg.tid, 0);
		assert_in_range(beta->seg.anon_bytes, fact(t, "stack-beta") * PAGE,
				(fact(t, "stack-beta") + 8) * PAGE);
	} else {
		assert_true(beta || v->head.flags & PW_SEGMENTS_NO_THREADS);
		if (!beta)
			assert_in_range(thread_row(v, "")->seg.anon_bytes,
					fact(t, "stack-beta") * PAGE,
					(fact(t, "stack-beta") + 8) * PAGE);
	}
}

static void each_kind_is_exact(void **state)
{
	struct target t = start("segments", tmpfs_dir, NULL);
	struct view v = { 0 };
	char name[128];

	(void)state;
	/* /proc tells the stack pointers of threads that sleep: wait until alpha does */
	for (int i = 0; i < 100; i++) {
		look(&t, 0, &v);
		if (thread_row(&v, "alpha"))
			break;
		usleep(50000);
	}
	/* besides what the compiler and the loader add */
	assert_in_range(row_of(&v, PW_SEG_BSS, NULL)->anon_bytes, fact(&t, "bss") * PAGE,
			(fact(&t, "bss") + 4) * PAGE);
	check_anon(&v, PW_SEG_MMAP_CHUNK, NULL, fact(&t, "mmap-chunk"));
	check_anon(&v, PW_SEG_NAMED_ANON, "prime pages", fact(&t, "named-anon"));
	check_shmem(&v, PW_SEG_MEMFD, "prime", fact(&t, "memfd"));
	check_shmem(&v, PW_SEG_SYSV, NULL, fact(&t, "sysv"));
	snprintf(name, sizeof(name), "/dev/shm/pagewarden-segments-%d (deleted)", t.pid);
	check_shmem(&v, PW_SEG_POSIX_SHM, name, fact(&t, "posix-shm"));
	snprintf(name, sizeof(name), "%s/pagewarden-segments-%d (deleted)", tmpfs_dir, t.pid);
	check_shmem(&v, PW_SEG_TMPFS, name, fact(&t, "tmpfs"));
	check_shmem(&v, PW_SEG_SHARED_ANON, NULL, fact(&t, "shared-anon"));
	check_anon(&v, PW_SEG_HUGETLB, NULL, fact(&t, "hugetlb"));
	for (size_t i = 0; i < v.count; i++) {
		const struct row *r = &v.rows[i];

		if (!strstr(r->name, "/pagewarden-segments-") || !strstr(r->name, "/tmp/") ||
		    strstr(r->name, tmpfs_dir))
			continue;
		assert_int_equal(r->seg.anon_bytes, fact(&t, "file-anon") * PAGE);
		assert_int_equal(r->seg.anon_bytes + r->seg.file_bytes + r->seg.shmem_bytes,
				 fact(&t, "file") * PAGE);
	}
	assert_in_range(row_of(&v, PW_SEG_DATA, NULL)->anon_bytes, fact(&t, "data") * PAGE,
			(fact(&t, "data") + 4) * PAGE);
	assert_true(row_of(&v, PW_SEG_ARENA, NULL)->anon_bytes >= (uint64_t)fact(&t, "arena") * PAGE);
	assert_int_equal(row_of(&v, PW_SEG_ARENA, NULL)->virtual_bytes, 64ull << 20);
	assert_true(row_of(&v, PW_SEG_HEAP, NULL)->anon_bytes > 0);
	assert_true(row_of(&v, PW_SEG_STACK, NULL)->anon_bytes > 0);
	assert_true(row_of(&v, PW_SEG_GUARD, NULL)->virtual_bytes >= 157 * PAGE);
	assert_int_equal(row_of(&v, PW_SEG_GUARD, NULL)->anon_bytes, 0);
	assert_true(row_of(&v, PW_SEG_CODE, NULL)->file_bytes > 0);
	assert_int_equal(row_of(&v, PW_SEG_KERNEL_PAGE_TABLES, NULL)->anon_bytes,
			 proc_value(t.pid, "status", "VmPTE") * 1024);
	assert_int_equal(row_of(&v, PW_SEG_KERNEL_STACKS, NULL)->anon_bytes, 3 * 16384);
	check_threads(&v, &t);
	free(v.rows);
	end(&t);
}

static void each_vma_agrees_with_smaps(void **state)
{
	struct target t = start("segments", tmpfs_dir, NULL);
	struct view v = { 0 };

	(void)state;
	look(&t, PW_SEGMENT_EACH_VMA, &v);
	compare_with_smaps(&v, t.pid);
	look(&t, PW_SEGMENT_EACH_VMA | PW_SEGMENT_SMAPS, &v);
	assert_true(v.head.flags & PW_SEGMENTS_DIRTY);
	compare_with_smaps(&v, t.pid);
	free(v.rows);
	end(&t);
}

static void sixty_thousand_vmas(void **state)
{
	struct target t = start("vmas", "60000", "81965056");
	struct view v = { 0 };
	uint64_t anon = 0;

	(void)state;
	look(&t, PW_SEGMENT_EACH_VMA, &v);
	assert_true(v.head.vmas >= 60000 && v.head.segments >= 60000);
	look(&t, 0, &v);
	assert_true(v.head.vmas >= 60000);
	assert_true(v.head.segments < 60);
	for (size_t i = 0; i < v.count; i++)
		if (v.rows[i].seg.kind == PW_SEG_ANON)
			anon += v.rows[i].seg.anon_bytes;
	assert_in_range(anon, 20011 * PAGE, 20031 * PAGE);
	print_message("# 60000 VMAs: %.1f ms, longest call %.2f ms\n", v.head.scan_ns / 1e6,
		      v.head.lock_longest_ns / 1e6);
	free(v.rows);
	end(&t);
}

static int by_tid(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void five_thousand_threads(void **state)
{
	enum { THREADS = 5000 };
	struct target t = start("parked", "5000", NULL);
	struct view v = { 0 };
	uint32_t *tids = calloc(THREADS, sizeof(*tids));
	size_t found = 0;

	(void)state;
	/* /proc tells the stack pointers of threads that sleep: wait until all do */
	for (int i = 0; i < 100; i++) {
		look(&t, 0, &v);
		if (!(v.head.flags & PW_SEGMENTS_NO_THREADS))
			break;
		usleep(50000);
	}
	for (size_t i = 0; i < v.count; i++) {
		const struct row *r = &v.rows[i];

		if (r->seg.kind != PW_SEG_THREAD_STACK || strncmp(r->name, "parked-", 7) != 0)
			continue;
		assert_true(found < THREADS);
		assert_int_equal(r->seg.vmas, 1);
		assert_int_equal(r->seg.virtual_bytes, 64 * 1024);
		tids[found++] = r->seg.tid;
	}
	assert_int_equal(found, THREADS);
	qsort(tids, found, sizeof(*tids), by_tid);
	for (size_t i = 1; i < found; i++)
		assert_true(tids[i] > tids[i - 1]);
	print_message("# 5000 threads: %.1f ms\n", v.head.scan_ns / 1e6);
	free(tids);
	free(v.rows);
	end(&t);
}

/* The 499 pages that churn holds; -1: not seen or not known. */
static int64_t held_pages(const struct view *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->rows[i].seg.kind == PW_SEG_ANON && v->rows[i].seg.perms == PW_PERM_R &&
		    v->rows[i].seg.virtual_bytes == 499 * PAGE)
			return v->rows[i].seg.anon_bytes == PW_UNKNOWN ?
				       -1 :
				       (int64_t)(v->rows[i].seg.anon_bytes / PAGE);
	return -1;
}

static void maps_and_unmaps_under_the_scan(void **state)
{
	struct target t = start("churn", NULL, NULL);
	struct view v = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++) {
		assert_int_equal(try_look(&t.key, PW_SEGMENT_EACH_VMA, &v), 0);
		assert_int_equal(v.head.flags & PW_SEGMENTS_GONE, 0);
		if (held_pages(&v) != 499)
			fail_msg("%ld of 499 pages in %u VMAs, flags %x", (long)held_pages(&v),
				 v.head.vmas, v.head.flags);
	}
	free(v.rows);
	end(&t);
}

static void execs_under_the_scan(void **state)
{
	struct target t = start("churn", "exec", NULL);
	struct view v = { 0 };
	int whole = 0;

	(void)state;
	/* on a slow machine nearly every look falls into an exec: until one doesn't */
	for (int i = 0; i < 100 || (!whole && i < 5000); i++) {
		assert_int_equal(try_look(&t.key, PW_SEGMENT_EACH_VMA, &v), 0);
		/* the young process may not have touched all yet; more is a lie */
		assert_true(held_pages(&v) <= 499);
		if (held_pages(&v) == 499)
			whole++;
	}
	assert_true(whole > 0);
	free(v.rows);
	end(&t);
}

static void ends_under_the_scan(void **state)
{
	enum { ROUNDS = 30 };
	struct view v = { 0 };
	int seen = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct target t = start("vmas", "512", "8388608");
		uint64_t until;

		/* spread over four looks, however slow this machine is */
		look(&t, 0, &v);
		until = pw_clock_boot_ns() + v.head.scan_ns * 4 * (uint64_t)i / ROUNDS;
		pid_t killer = fork();

		assert_true(killer >= 0);
		if (killer == 0) {
			while (pw_clock_boot_ns() < until)
				;
			kill(t.pid, SIGKILL);
			_exit(0);
		}
		while (try_look(&t.key, 0, &v) == 0) {
			uint64_t anon = 0;

			if (v.head.flags & (PW_SEGMENTS_GONE | PW_SEGMENTS_NO_RESIDENT))
				break;
			for (size_t k = 0; k < v.count; k++)
				if (v.rows[k].seg.kind == PW_SEG_ANON)
					anon += v.rows[k].seg.anon_bytes;
			/* whole, or said not to be */
			if (anon < 2048 * PAGE)
				fail_msg("%lu bytes in %u VMAs, %u rows, flags %x",
					 (unsigned long)anon, v.head.vmas, v.head.segments,
					 v.head.flags);
			assert_in_range(anon, 2048 * PAGE, 2060 * PAGE);
			seen++;
		}
		waitpid(killer, NULL, 0);
		end(&t);
		assert_int_equal(try_look(&t.key, 0, &v), -ESRCH);
	}
	assert_true(seen > 0);
	free(v.rows);
}

static void another_process_of_the_same_pid(void **state)
{
	struct target t = start("vmas", "2", "8192");
	struct view v = { 0 };

	(void)state;
	t.key.start_ns -= PW_TICK_NS;
	assert_int_equal(try_look(&t.key, 0, &v), -ESRCH);
	end(&t);
}

/* ---- both ways to look --------------------------------------------------------------- */

static char huge_pages_before[32];

/* Two huge pages, where the machine gives them. */
static void reserve_huge_pages(void)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "r+");

	if (f && fgets(huge_pages_before, sizeof(huge_pages_before), f)) {
		rewind(f);
		fputs("2\n", f);
	}
	if (f)
		fclose(f);
}

static void give_huge_pages_back(void)
{
	FILE *f = huge_pages_before[0] ? fopen("/proc/sys/vm/nr_hugepages", "w") : NULL;

	if (f) {
		fputs(huge_pages_before, f);
		fclose(f);
	}
}

static int without_bpf(void **state)
{
	(void)state;
	reserve_huge_pages();
	pw_procfs_init(&fs, NULL);
	return mkdtemp(tmpfs_dir) && mount("none", tmpfs_dir, "tmpfs", 0, "size=16m") == 0 ? 0 : -1;
}

static int clean_up(void **state)
{
	(void)state;
	give_huge_pages_back();
	umount(tmpfs_dir);
	rmdir(tmpfs_dir);
	strcpy(tmpfs_dir + strlen(tmpfs_dir) - 6, "XXXXXX");
	pw_source_destroy(source);
	source = NULL;
	return 0;
}

static int with_bpf(void **state)
{
	const struct pw_source_options opt = { .no_seed = true };
	struct pw_error err = { 0 };

	if (pw_source_bpf_create(&opt, &source, &err) != 0) {
		print_message("# %s\n", err.what);
		return -1;
	}
	return without_bpf(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_exact),
		cmocka_unit_test(each_vma_agrees_with_smaps),
		cmocka_unit_test(sixty_thousand_vmas),
		cmocka_unit_test(five_thousand_threads),
		cmocka_unit_test(maps_and_unmaps_under_the_scan),
		cmocka_unit_test(execs_under_the_scan),
		cmocka_unit_test(ends_under_the_scan),
		cmocka_unit_test(another_process_of_the_same_pid),
	};
	int failed = cmocka_run_group_tests_name("proc", tests, without_bpf, clean_up);

	return failed + cmocka_run_group_tests_name("bpf", tests, with_bpf, clean_up);
}
