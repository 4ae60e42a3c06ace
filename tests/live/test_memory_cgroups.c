// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
// timeout: 240
/*
 * The memory cgroups of a live machine: one that the test makes, with limits,
 * another in it that has none, and a process in that one whose pages are known. What both
 * sources tell is compared with the kernel's files and with the process.
 */
#include "tests/lib/watch.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "user/base/procfs.h"
#include "user/model/model.h"
#include "user/source/cgroup_values.h"
#include "user/source/recording.h"

#define PAGES 7919u
#define PAGE 4096ull
#define MAX_BYTES (40009 * PAGE)
#define PIDS_MAX 211

/* The pair below where this test itself is. */
static struct pw_cgroup_tree tree;
static char outer[512], inner[512 + 8]; /* directories */
static char inner_path[512 + 8]; /* as records name it */
static const char *no_cgroup; /* why there is none; NULL: there is */

static bool write_in(const char *dir, const char *name, const char *text)
{
	char path[1024];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

static uint64_t number_in(const char *dir, const char *name)
{
	char path[1024];
	unsigned long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &value), 1);
	fclose(f);
	return value;
}

/* v1: below the test's own cgroup of the memory controller. v2: below the root, where limits may be set. */
static void own_path(char path[256])
{
	char line[512];
	FILE *f = fopen("/proc/self/cgroup", "re");
	char *at;

	path[0] = '\0';
	while (tree.v1 && f && fgets(line, sizeof(line), f)) {
		at = strstr(line, ":memory:");
		if (at && strlen(at + 9))
			snprintf(path, 256, "%.*s", (int)strcspn(at + 8, "\n"), at + 8);
	}
	if (f)
		fclose(f);
	if (!strcmp(path, "/"))
		path[0] = '\0';
}

static bool set_limits(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", MAX_BYTES);
	if (tree.v1)
		return write_in(outer, "memory.limit_in_bytes", text);
	if (!write_in(outer, "memory.max", text) ||
	    !write_in(outer, "cgroup.subtree_control", "+memory +pids"))
		return false;
	snprintf(text, sizeof(text), "%d", PIDS_MAX);
	return write_in(outer, "pids.max", text);
}

static int make_cgroups(void **state)
{
	struct pw_procfs fs;
	char own[256], root[64];

	(void)state;
	pw_procfs_init(&fs, NULL);
	if (pw_cgroup_tree_find(&fs, &tree)) {
		no_cgroup = "this machine shows no memory controller\n";
		return 0;
	}
	own_path(own);
	snprintf(root, sizeof(root), "/%s", tree.mount);
	if (!tree.v1)
		write_in(root, "cgroup.subtree_control", "+memory +pids");
	snprintf(inner_path, sizeof(inner_path), "%s/pagewarden-test-%d/inner", own, getpid());
	snprintf(outer, sizeof(outer), "%s%s/pagewarden-test-%d", root, own, getpid());
	snprintf(inner, sizeof(inner), "%s/inner", outer);
	if (mkdir(outer, 0755) || !set_limits() || mkdir(inner, 0755))
		no_cgroup = "no cgroup with a limit can be made here\n";
	return 0;
}

static int remove_cgroups(void **state)
{
	(void)state;
	rmdir(inner);
	rmdir(outer);
	return 0;
}

static void need_cgroup(void)
{
	if (!no_cgroup)
		return;
	print_message("%s", no_cgroup);
	skip();
}

/* ---- looking ------------------------------------------------------------------------ */

enum from { BPF, PROC };

static struct pw_source *open_source(enum from from)
{
	const struct pw_source_options opt = { .no_ledger = true };
	struct pw_source *src = NULL;
	struct pw_error err = { 0 };

	if (from == BPF ? pw_source_bpf_create(&opt, &src, &err) :
			  pw_source_proc_create(&opt, &src, &err))
		fail_msg("%s; %s", err.what, err.remedy);
	return src;
}

static void collect(struct pw_source *src, struct pw_model *m)
{
	struct pw_error err = { 0 };

	assert_int_equal(pw_source_collect(src, pw_model_ingest, m, &err), 0);
}

static struct pw_model *look(enum from from)
{
	struct pw_source *src = open_source(from);
	struct pw_model *m;

	assert_int_equal(pw_model_create(NULL, &m), 0);
	collect(src, m);
	pw_source_destroy(src);
	assert_true(m->machine.coverage & PW_COVER_CGROUPS);
	assert_int_equal(m->invalid_records, 0);
	return m;
}

/* A process with PAGES touched pages, all of them charged to the inner cgroup. */
static struct driven start_inside(void)
{
	struct driven d = drive("anon", PAGES);
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", d.pid);
	assert_true(write_in(inner, "cgroup.procs", pid));
	drive_step(&d);
	return d;
}

/* The kernel charges in batches of 64 pages per CPU, and its statistics lag behind by as much. */
static void close_to(uint64_t value, uint64_t truth)
{
	uint64_t off = 64 * PAGE * (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	assert_in_range(value, truth > off ? truth - off : 0, truth + off);
}

static void values_of(enum from from)
{
	struct driven d = start_inside();
	const struct pw_cgroup_row *row;
	struct pw_model *m;
	struct stat st;

	m = look(from);
	row = pw_model_cgroup_of(m, pw_model_pid(m, (uint32_t)d.pid));
	assert_non_null(row);
	assert_string_equal(row->path, inner_path);
	assert_int_equal(stat(inner, &st), 0);
	assert_int_equal(row->last.cgroup_id, st.st_ino);
	close_to(row->last.current_bytes,
		 number_in(inner, tree.v1 ? "memory.usage_in_bytes" : "memory.current"));
	close_to(row->last.anon_bytes, PAGES * PAGE);
	assert_true(row->last.current_bytes >= row->last.anon_bytes);
	assert_int_equal(row->last.max_bytes, MAX_BYTES); /* the outer one's */
	/* and what the kernel holds for it */
	assert_in_range(row->last.max_used_bytes, PAGES * PAGE - PAGES * PAGE / 50,
			PAGES * PAGE + (4 << 20));
	assert_int_equal(row->last.oom_kills, 0);
	assert_true(row->last.slab_bytes != PW_UNKNOWN && row->last.sock_bytes != PW_UNKNOWN);
	if (!tree.v1) {
		assert_int_equal(row->last.pids, 1);
		assert_int_equal(row->last.pids_max, PIDS_MAX);
		assert_int_equal(row->last.pids_max_used, 1);
		/* its stack was charged where it was born */
		assert_in_range(row->last.kernel_stack_bytes, 0, MAX_BYTES);
		assert_true(row->last.page_table_bytes >= PAGES / 512 * PAGE);
	}
	pw_model_destroy(m);
	drive_end(&d);
}

static void values(void **state)
{
	(void)state;
	need_cgroup();
	values_of(BPF);
}

static void values_from_proc(void **state)
{
	(void)state;
	need_cgroup();
	values_of(PROC);
}

/* Its process ends, then it is removed: told once, with the last values. */
static void until_it_is_gone(void **state)
{
	const struct timespec until_due = { 10, 100000000 };
	const struct pw_cgroup_row *row;
	struct pw_source *src;
	struct pw_model *m;
	struct driven d;
	struct stat st;

	(void)state;
	need_cgroup();
	d = start_inside();
	assert_int_equal(pw_model_create(NULL, &m), 0);
	src = open_source(BPF);
	collect(src, m);
	assert_int_equal(stat(inner, &st), 0);
	assert_non_null(pw_model_cgroup(m, st.st_ino));
	drive_end(&d);
	for (int tries = 0; rmdir(inner) && tries < 200; tries++)
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	assert_int_not_equal(access(inner, F_OK), 0);
	collect(src, m); /* not due yet */
	row = pw_model_cgroup(m, st.st_ino);
	assert_false(row->last.flags & PW_CGROUP_GONE);
	nanosleep(&until_due, NULL);
	collect(src, m);
	assert_true(row->last.flags & PW_CGROUP_GONE);
	close_to(row->last.anon_bytes, PAGES * PAGE);
	assert_ptr_not_equal(pw_model_cgroup_at(m, inner_path), row);
	pw_source_destroy(src);
	pw_model_destroy(m);
	assert_int_equal(mkdir(inner, 0755), 0);
}

/* ---- a recording ---------------------------------------------------------------------- */

struct both {
	struct pw_model *model;
	struct pw_recording_writer *writer;
};

static int into_both(void *ctx, const struct pw_record *rec)
{
	struct both *b = ctx;

	assert_int_equal(pw_model_ingest(b->model, rec), 0);
	return pw_recording_write(b->writer, rec);
}

static int into_file(void *file, const void *bytes, size_t len)
{
	return fwrite(bytes, 1, len, file) == len ? 0 : -EIO;
}

static void assert_same_rows(const struct pw_model *a, const struct pw_model *b)
{
	struct pw_cgroup_row **x, **y;
	struct pw_process **p, **q;
	size_t n, k;

	assert_int_equal(pw_model_cgroups(a, &x, &n) | pw_model_cgroups(b, &y, &k), 0);
	assert_true(n > 0);
	assert_int_equal(n, k);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(x[i]->path, y[i]->path);
		assert_memory_equal(&x[i]->last, &y[i]->last, sizeof(x[i]->last));
	}
	assert_int_equal(pw_model_processes(a, true, &p, &n) | pw_model_processes(b, true, &q, &k),
			 0);
	assert_int_equal(n, k);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(&p[i]->resources, &q[i]->resources, sizeof(p[i]->resources));
	free(x);
	free(y);
	free(p);
	free(q);
}

static void a_recording_tells_the_same(void **state)
{
	char path[64];
	struct pw_source *src = NULL;
	struct pw_error err = { 0 };
	struct both b = { 0 };
	struct pw_model *again;
	struct driven d;
	FILE *file;
	int rc;

	(void)state;
	need_cgroup();
	d = start_inside();
	snprintf(path, sizeof(path), "/tmp/pagewarden-cgroups-%d.pwr", getpid());
	assert_int_equal(pw_model_create(NULL, &b.model), 0);
	file = fopen(path, "wbe");
	assert_non_null(file);
	assert_int_equal(pw_recording_writer_create(into_file, file, &b.writer), 0);
	src = open_source(BPF);
	assert_int_equal(pw_source_collect(src, into_both, &b, &err), 0);
	assert_int_equal(pw_source_collect(src, into_both, &b, &err), 0);
	pw_source_destroy(src);
	assert_int_equal(pw_recording_flush(b.writer), 0);
	pw_recording_writer_destroy(b.writer);
	fclose(file);

	assert_int_equal(pw_model_create(NULL, &again), 0);
	assert_int_equal(pw_source_replay_create(path, &src, &err), 0);
	while (!(rc = pw_source_collect(src, pw_model_ingest, again, &err)))
		;
	assert_int_equal(rc, -ENODATA);
	assert_same_rows(b.model, again);
	pw_source_destroy(src);
	pw_model_destroy(again);
	pw_model_destroy(b.model);
	unlink(path);
	drive_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(values_from_proc),
		cmocka_unit_test(a_recording_tells_the_same),
		cmocka_unit_test(until_it_is_gone),
	};

	return cmocka_run_group_tests(tests, make_cgroups, remove_cgroups);
}
