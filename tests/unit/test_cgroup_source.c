// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. CGROUP records of hierarchies that a test wrote, v2's and v1's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/tree.h"
#include "user/source/cgroups.h"

#define V2 "sys/fs/cgroup/"
#define V1 "sys/fs/cgroup/memory/"
#define SECOND 1000000000ull
#define MIB (1ull << 20)

struct fixture {
	struct tree tree;
	struct pw_procfs fs;
	struct pw_cgroups *c;
	uint64_t now_ns;
	/* what the last walk gave */
	struct pw_cgroup records[64];
	char paths[64][4096];
	size_t count;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tree_init(&f->tree);
	pw_procfs_init(&f->fs, f->tree.root);
	f->now_ns = 100 * SECOND;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_cgroups_destroy(f->c);
	tree_remove(&f->tree, "");
	free(f);
	return 0;
}

static void write_in(const struct fixture *f, const char *dir, const char *name, const char *text)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	tree_write(&f->tree, path, text);
}

static void write_number(const struct fixture *f, const char *dir, const char *name, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu\n", n);
	write_in(f, dir, name, text);
}

static void make_v2(const struct fixture *f)
{
	write_in(f, V2, "cgroup.controllers", "cpuset cpu io memory pids\n");
	write_in(f, V2, "cgroup.procs", "1\n2\n");
	write_in(f, V2, "memory.stat", "slab_unreclaimable 99\n");
}

/* With processes, 100 MiB of which 30 are page cache. */
static void make_service(const struct fixture *f, const char *dir, const char *max)
{
	write_in(f, dir, "cgroup.procs", "70\n71\n");
	write_number(f, dir, "memory.current", 100 * MIB);
	write_in(f, dir, "memory.max", max);
	write_in(f, dir, "memory.swap.current", "8192\n");
	write_in(f, dir, "memory.swap.max", "max\n");
	write_in(f, dir, "memory.stat",
		 "anon 41943040\nfile 31457280\nkernel 4000000\nkernel_stack 131072\n"
		 "pagetables 262144\nsec_pagetables 1\npercpu 77\nsock 4096\nvmalloc 0\nshmem 0\n"
		 "inactive_anon 1\nactive_anon 2\ninactive_file 20971520\nactive_file 10485760\n"
		 "slab_reclaimable 524288\nslab_unreclaimable 1048576\nslab 1572864\n");
	write_in(f, dir, "memory.events", "low 0\nhigh 0\nmax 8\noom 3\noom_kill 2\n");
	write_in(f, dir, "pids.current", "2\n");
	write_in(f, dir, "pids.max", "max\n");
}

static int keep(void *ctx, const struct pw_record *rec)
{
	struct fixture *f = ctx;
	const struct pw_cgroup *r = (const void *)rec;

	assert_int_equal(rec->type, PW_REC_CGROUP);
	assert_true(rec->size % 8 == 0 && rec->size >= sizeof(*r) + r->path_len);
	assert_int_equal(rec->time_ns, f->now_ns);
	assert_true(f->count < 64);
	f->records[f->count] = *r;
	memcpy(f->paths[f->count], r + 1, r->path_len);
	f->paths[f->count++][r->path_len] = '\0';
	return 0;
}

static void walk(struct fixture *f)
{
	if (!f->c)
		assert_int_equal(pw_cgroups_create(&f->fs, PW_SOURCE_RESOURCES_NS, &f->c), 0);
	f->count = 0;
	assert_int_equal(pw_cgroups_collect(f->c, f->now_ns, keep, f), 0);
}

static void walk_later(struct fixture *f)
{
	f->now_ns += 10 * SECOND;
	walk(f);
}

static const struct pw_cgroup *record_of(const struct fixture *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->paths[i], path))
			return &f->records[i];
	return NULL;
}

static uint64_t inode(const struct fixture *f, const char *dir)
{
	char path[1024];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", f->tree.root, dir);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void values_of_v2(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup *r;

	make_v2(f);
	make_service(f, V2 "system.slice/a.service", "209715200\n");
	walk(f);
	assert_int_equal(f->count, 1); /* not the root, not the slice */
	r = record_of(f, "/system.slice/a.service");
	assert_non_null(r);
	assert_int_equal(r->cgroup_id, inode(f, V2 "system.slice/a.service"));
	assert_int_equal(r->flags, 0);
	assert_int_equal(r->current_bytes, 100 * MIB);
	assert_int_equal(r->max_bytes, 200 * MIB);
	assert_int_equal(r->max_used_bytes, 70 * MIB);
	assert_int_equal(r->swap_bytes, 8192);
	assert_int_equal(r->swap_max_bytes, PW_UNKNOWN);
	assert_int_equal(r->anon_bytes, 40 * MIB);
	assert_int_equal(r->file_bytes, 30 * MIB);
	assert_int_equal(r->slab_bytes, MIB);
	assert_int_equal(r->slab_reclaimable_bytes, MIB / 2);
	assert_int_equal(r->sock_bytes, 4096);
	assert_int_equal(r->kernel_stack_bytes, 131072);
	assert_int_equal(r->page_table_bytes, 262144);
	assert_int_equal(r->pids, 2);
	assert_int_equal(r->pids_max, PW_UNKNOWN);
	assert_int_equal(r->oom_kills, 2);
}

/* What has the least room, not the smallest limit. */
static void the_tightest_above_counts(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup *r;

	make_v2(f);
	write_number(f, V2 "big", "memory.max", 1000 * MIB);
	write_number(f, V2 "big", "memory.current", 995 * MIB);
	write_in(f, V2 "big", "memory.stat", "active_file 1048576\n");
	write_in(f, V2 "big", "pids.max", "50\n");
	write_in(f, V2 "big", "pids.current", "49\n");
	make_service(f, V2 "big/a", "314572800\n"); /* 230 MiB left */
	make_service(f, V2 "big/b", "75497472\n"); /* 2 MiB */
	write_in(f, V2 "big/b", "pids.max", "3\n");
	walk(f);
	assert_int_equal(f->count, 2);
	r = record_of(f, "/big/a");
	assert_int_equal(r->max_bytes, 1000 * MIB);
	assert_int_equal(r->max_used_bytes, 994 * MIB);
	assert_int_equal(r->pids_max, 50);
	assert_int_equal(r->pids_max_used, 49);
	assert_int_equal(r->pids, 2);
	r = record_of(f, "/big/b");
	assert_int_equal(r->max_bytes, 72 * MIB);
	assert_int_equal(r->max_used_bytes, 70 * MIB);
	assert_int_equal(r->pids_max, 50); /* one left in both: the first stays */
}

/* A cgroup whose parent did not give it the controller has its parent's limits. */
static void without_the_controller(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup *r;

	make_v2(f);
	make_service(f, V2 "a", "209715200\n");
	write_in(f, V2 "a/threads", "cgroup.procs", "99\n");
	walk(f);
	r = record_of(f, "/a/threads");
	assert_non_null(r);
	assert_int_equal(r->current_bytes, PW_UNKNOWN);
	assert_int_equal(r->slab_bytes, PW_UNKNOWN);
	assert_int_equal(r->max_bytes, 200 * MIB);
	assert_int_equal(r->max_used_bytes, 70 * MIB);
}

static void only_news_and_only_every_ten_seconds(void **state)
{
	struct fixture *f = *state;

	make_v2(f);
	make_service(f, V2 "a", "max\n");
	walk(f);
	assert_int_equal(f->count, 1);
	walk_later(f);
	assert_int_equal(f->count, 0); /* nothing changed */
	write_number(f, V2 "a", "memory.current", 101 * MIB);
	f->now_ns += 10 * SECOND - 1;
	walk(f);
	assert_int_equal(f->count, 0); /* not yet */
	f->now_ns++;
	walk(f);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->records[0].current_bytes, 101 * MIB);
}

static void until_it_is_removed(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	make_v2(f);
	make_service(f, V2 "a", "max\n");
	make_service(f, V2 "b", "max\n");
	write_in(f, V2 "empty", "cgroup.procs", "");
	walk(f);
	assert_int_equal(f->count, 2);
	id = inode(f, V2 "a");
	write_in(f, V2 "a", "cgroup.procs", ""); /* its memory outlives its processes */
	write_number(f, V2 "a", "memory.current", 55 * MIB);
	walk_later(f);
	assert_int_equal(record_of(f, "/a")->current_bytes, 55 * MIB);
	tree_remove(&f->tree, V2 "a");
	walk_later(f);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->records[0].flags, PW_CGROUP_GONE);
	assert_int_equal(f->records[0].cgroup_id, id);
	assert_int_equal(f->records[0].current_bytes, 55 * MIB);
	assert_string_equal(f->paths[0], "/a");
	walk_later(f);
	assert_int_equal(f->count, 0);
}

static void the_v1_controller(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup *r;

	write_in(f, V2 "unified", "cgroup.controllers", "hugetlb\n");
	write_in(f, V1, "memory.usage_in_bytes", "999999\n");
	write_in(f, V1, "cgroup.procs", "1\n");
	write_in(f, V1 "jobs", "memory.limit_in_bytes", "209715200\n");
	write_in(f, V1 "jobs", "memory.usage_in_bytes", "104857600\n");
	write_in(f, V1 "jobs", "memory.stat",
		 "cache 1\ninactive_file 3\ntotal_cache 31457280\ntotal_rss 41943040\n"
		 "total_swap 4096\ntotal_inactive_file 20971520\ntotal_active_file 10485760\n");
	write_in(f, V1 "jobs/7", "cgroup.procs", "70\n");
	write_in(f, V1 "jobs/7", "memory.limit_in_bytes", "9223372036854771712\n");
	write_in(f, V1 "jobs/7", "memory.usage_in_bytes", "5000\n");
	write_in(f, V1 "jobs/7", "memory.kmem.usage_in_bytes", "300\n");
	write_in(f, V1 "jobs/7", "memory.kmem.tcp.usage_in_bytes", "20\n");
	write_in(f, V1 "jobs/7", "memory.oom_control",
		 "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
	walk(f);
	assert_int_equal(f->count, 1);
	r = record_of(f, "/jobs/7");
	assert_int_equal(r->flags, PW_CGROUP_V1);
	assert_int_equal(r->current_bytes, 5000);
	assert_int_equal(r->max_bytes, 200 * MIB);
	assert_int_equal(r->max_used_bytes, 70 * MIB);
	assert_int_equal(r->slab_bytes, 300);
	assert_int_equal(r->sock_bytes, 20);
	assert_int_equal(r->oom_kills, 4);
	assert_int_equal(r->pids_max, PW_UNKNOWN);
}

static void no_controller(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pw_cgroups_create(&f->fs, PW_SOURCE_RESOURCES_NS, &f->c), -ENOENT);
	write_in(f, V2, "cgroup.controllers", "cpu memory2 xmemory\n");
	assert_int_equal(pw_cgroups_create(&f->fs, PW_SOURCE_RESOURCES_NS, &f->c), -ENOENT);
	assert_null(f->c);
	assert_int_equal(pw_cgroups_lost(NULL), 0);
	write_in(f, V2, "cgroup.controllers", "memory\n");
	assert_int_equal(pw_cgroups_create(&f->fs, PW_SOURCE_RESOURCES_NS, &f->c), 0);
}

static void hostile_files(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup *r;

	make_v2(f);
	make_service(f, V2 "a", "-5\n");
	write_in(f, V2 "a", "memory.current", "99999999999999999999999\n");
	write_in(f, V2 "a", "memory.stat",
		 "anon\nfile x\nsock 18446744073709551615\nslab_unreclaimable 7");
	write_in(f, V2 "a", "memory.events", "");
	tree_link(&f->tree, V2 "loop", f->tree.root);
	walk(f);
	assert_int_equal(f->count, 1);
	r = record_of(f, "/a");
	assert_int_equal(r->current_bytes, PW_UNKNOWN);
	assert_int_equal(r->max_bytes, PW_UNKNOWN);
	assert_int_equal(r->anon_bytes, PW_UNKNOWN);
	assert_int_equal(r->file_bytes, PW_UNKNOWN);
	assert_int_equal(r->slab_bytes, 7);
	assert_int_equal(r->oom_kills, PW_UNKNOWN);
}

/* Deeper than anybody nests them: the walk ends, and nobody is taken for gone. */
static void too_deep(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX] = V2 "x";

	make_v2(f);
	make_service(f, V2 "a", "max\n");
	walk(f);
	for (int depth = 1; depth < 70; depth++)
		strcat(dir, "/x");
	write_in(f, dir, "cgroup.procs", "70\n");
	tree_remove(&f->tree, V2 "a");
	walk_later(f);
	assert_int_equal(f->count, 0);
}

static int refuse(void *ctx, const struct pw_record *rec)
{
	(void)ctx;
	(void)rec;
	return -EPIPE;
}

static void a_sink_may_stop(void **state)
{
	struct fixture *f = *state;

	make_v2(f);
	make_service(f, V2 "a", "max\n");
	assert_int_equal(pw_cgroups_create(&f->fs, PW_SOURCE_RESOURCES_NS, &f->c), 0);
	assert_int_equal(pw_cgroups_collect(f->c, 1, refuse, NULL), -EPIPE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(values_of_v2),
		TEST(the_tightest_above_counts),
		TEST(without_the_controller),
		TEST(only_news_and_only_every_ten_seconds),
		TEST(until_it_is_removed),
		TEST(the_v1_controller),
		TEST(no_controller),
		TEST(hostile_files),
		TEST(too_deep),
		TEST(a_sink_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
