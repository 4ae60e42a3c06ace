// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading /proc below a root prefix, from a tree that a test wrote. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/cleanup.h"
#include "user/base/procfs.h"

struct fixture {
	char root[32];
	struct pw_procfs fs;
};

static void write_file(const struct fixture *f, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *out;

	snprintf(full, sizeof(full), "%s/%s", f->root, path);
	out = fopen(full, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void make_dir(const struct fixture *f, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", f->root, path);
	assert_int_equal(mkdir(full, 0700), 0);
}

#define STAT_TAIL                                                                     \
	" S 1 7 7 0 -1 4194560 1234 99 5 3 111 222 0 0 20 0 13 0 98765 4096000 1021 " \
	"18446744073709551615 1 1 0 0\n"

static int setup(void **state)
{
	static const char *const dirs[] = { "proc",	"proc/7",    "proc/12",
					    "proc/100", "proc/self", "proc/007",
					    "proc/0",	"proc/12x",  "proc/4294967297" };
	struct fixture *f = calloc(1, sizeof(*f));
	char link[64];

	strcpy(f->root, "/tmp/pw-procfs-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_dir(f, dirs[i]);
	write_file(f, "proc/7/stat",
		   "7 (a) b) (c"
		   ")" STAT_TAIL);
	write_file(f, "proc/12/stat", "12 (cut) S 1 12");
	write_file(f, "proc/meminfo",
		   "MemTotal:       1000 kB\nMemFree:         300 kB\n"
		   "MemAvailable:    500 kB\nCached:   10 kB\nSwapCached: 5 kB\n"
		   "Slab: 20 kB\nSwapTotal: 0 kB\nHugePages_Total: 3\n");
	snprintf(link, sizeof(link), "%s/proc/7/exe", f->root);
	assert_int_equal(symlink("/usr/bin/seven", link), 0);
	pw_procfs_init(&f->fs, f->root);
	*state = f;
	return 0;
}

static int remove_all(const char *path)
{
	pw_auto_closedir DIR *dir = opendir(path);
	struct dirent *d;
	char full[PATH_MAX];

	while (dir && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		snprintf(full, sizeof(full), "%s/%s", path, d->d_name);
		if (d->d_type == DT_DIR)
			remove_all(full);
		else
			unlink(full);
	}
	return rmdir(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(remove_all(f->root), 0);
	free(f);
	return 0;
}

struct pids {
	uint32_t pid[8];
	size_t count;
};

static int note_pid(void *ctx, uint32_t pid)
{
	struct pids *p = ctx;

	p->pid[p->count++] = pid;
	return p->count == 8 ? -E2BIG : 0;
}

static int stop_at_once(void *ctx, uint32_t pid)
{
	(void)ctx;
	return (int)pid;
}

static void pids_in_order(void **state)
{
	struct fixture *f = *state;
	struct pids p = { .count = 0 };

	assert_int_equal(pw_procfs_each_pid(&f->fs, note_pid, &p), 0);
	assert_int_equal(p.count, 3); /* not self, 007, 0, 12x, 2^32 + 1 */
	assert_int_equal(p.pid[0], 7);
	assert_int_equal(p.pid[1], 12);
	assert_int_equal(p.pid[2], 100);
	assert_int_equal(pw_procfs_each_pid(&f->fs, stop_at_once, NULL), 7);
}

static void stat_with_a_nasty_comm(void **state)
{
	struct fixture *f = *state;
	struct pw_proc_stat st = { 0 };

	assert_int_equal(pw_procfs_stat(&f->fs, 7, &st), 0);
	assert_string_equal(st.comm, "a) b) (c");
	assert_int_equal(st.state, 'S');
	assert_int_equal(st.ppid, 1);
	assert_int_equal(st.minflt, 1234);
	assert_int_equal(st.majflt, 5);
	assert_int_equal(st.utime_ticks, 111);
	assert_int_equal(st.stime_ticks, 222);
	assert_int_equal(st.threads, 13);
	assert_int_equal(st.start_ticks, 98765);
	assert_int_equal(st.vsize_bytes, 4096000);
	assert_int_equal(st.rss_pages, 1021);
	assert_int_equal(pw_procfs_stat(&f->fs, 12, &st), -EINVAL);
	assert_int_equal(st.start_ticks, 98765); /* untouched on failure */
}

static void stat_hostile(void **state)
{
	static const char *const bad[] = {
		"",
		")",
		"(",
		")(",
		"1 (x)",
		"1 (x) ",
		"1 (x) S",
		"1 (x)S 1",
		"1 (x) S 1 x",
		("1 (x) S 1 7 7 0 -1 4194560 99999999999999999999999 99 5 3 111 222 0 0 20 0 13 0 9 "
		 "4 1"),
	};
	const char long_comm[] = "1 (0123456789012345678901234567890123456789012345678901234567890123"
				 "45678901234567890)" STAT_TAIL;
	struct pw_proc_stat st;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_procfs_parse_stat(bad[i], strlen(bad[i]), &st), -EINVAL);
	assert_int_equal(pw_procfs_parse_stat(long_comm, strlen(long_comm), &st), 0);
	assert_int_equal(strlen(st.comm), sizeof(st.comm) - 1);
	for (size_t len = 0; len < strlen(long_comm); len++) {
		char *cut = malloc(len ? len : 1); /* a sanitizer sees a read behind it */

		memcpy(cut, long_comm, len);
		pw_procfs_parse_stat(cut, len, &st);
		free(cut);
	}
}

static void reads_and_their_errors(void **state)
{
	struct fixture *f = *state;
	char buf[16];
	size_t len = 99;

	assert_int_equal(pw_procfs_read(&f->fs, 12, "stat", buf, sizeof(buf), &len), 0);
	assert_string_equal(buf, "12 (cut) S 1 12");
	assert_int_equal(len, 15);
	assert_int_equal(pw_procfs_read(&f->fs, 12, "stat", buf, 15, &len), -E2BIG);
	assert_string_equal(buf, "12 (cut) S 1 1");
	assert_int_equal(pw_procfs_read(&f->fs, 12, "stat", buf, 0, &len), -EINVAL);
	assert_int_equal(pw_procfs_read(&f->fs, 12, "maps", buf, sizeof(buf), NULL), -ENOENT);
	assert_int_equal(pw_procfs_read(&f->fs, 13, "maps", buf, sizeof(buf), NULL), -ESRCH);
	assert_int_equal(pw_procfs_open(&f->fs, 13, "maps", O_RDONLY), -ESRCH);
	assert_int_equal(pw_procfs_readlink(&f->fs, 7, "exe", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/usr/bin/seven");
	assert_int_equal(pw_procfs_readlink(&f->fs, 7, "exe", buf, 14), -E2BIG);
	assert_string_equal(buf, "/usr/bin/seve");
	assert_int_equal(pw_procfs_readlink(&f->fs, 7, "cwd", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(pw_procfs_readlink(&f->fs, 8, "exe", buf, sizeof(buf)), -ESRCH);
	assert_int_equal(pw_procfs_read_path(&f->fs, "/proc/nothing", buf, sizeof(buf), NULL),
			 -ENOENT);
}

static void lockdown(void **state)
{
	struct fixture *f = *state;
	char mode[PW_LOCKDOWN_LEN] = "untouched";

	assert_int_equal(pw_procfs_lockdown(&f->fs, mode), -ENOENT);
	make_dir(f, "sys");
	make_dir(f, "sys/kernel");
	make_dir(f, "sys/kernel/security");
	write_file(f, "sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	assert_int_equal(pw_procfs_lockdown(&f->fs, mode), 0);
	assert_string_equal(mode, "integrity");
	write_file(f, "sys/kernel/security/lockdown", "none integrity confidentiality\n");
	assert_int_equal(pw_procfs_lockdown(&f->fs, mode), -EBADMSG);
	write_file(f, "sys/kernel/security/lockdown",
		   "[a-word-that-is-longer-than-any-mode-there-is]\n");
	assert_int_equal(pw_procfs_lockdown(&f->fs, mode), -EBADMSG);
	assert_string_equal(mode, "integrity");
}

static void meminfo(void **state)
{
	struct fixture *f = *state;
	struct pw_meminfo mi;

	assert_int_equal(pw_procfs_meminfo(&f->fs, &mi), 0);
	assert_int_equal(mi.total, 1000 * 1024);
	assert_int_equal(mi.free, 300 * 1024);
	assert_int_equal(mi.available, 500 * 1024);
	assert_int_equal(mi.cached, 10 * 1024);
	assert_int_equal(mi.slab, 20 * 1024);
	assert_int_equal(mi.swap_total, 0);
	assert_int_equal(mi.swap_free, 0); /* absent */
	write_file(f, "proc/meminfo", "nothing of use");
	assert_int_equal(pw_procfs_meminfo(&f->fs, &mi), -EINVAL);
}

static void a_prefix_too_long_reads_nothing(void **state)
{
	struct pw_procfs fs;
	char root[300], buf[64];

	(void)state;
	memset(root, '/', sizeof(root)); /* would be the live machine, were it cut */
	root[sizeof(root) - 2] = 'x';
	root[sizeof(root) - 1] = '\0';
	pw_procfs_init(&fs, root);
	assert_int_equal(pw_procfs_read_path(&fs, "proc/meminfo", buf, sizeof(buf), NULL), -ENOTDIR);
	pw_procfs_init(&fs, "/");
	assert_string_equal(fs.root, "");
	pw_procfs_init(&fs, "/some/tree//");
	assert_string_equal(fs.root, "/some/tree");
}

static void the_live_machine(void **state)
{
	struct pw_procfs fs;
	struct pw_proc_stat st;
	struct pw_meminfo mi;

	(void)state;
	pw_procfs_init(&fs, NULL);
	assert_int_equal(pw_procfs_stat(&fs, (uint32_t)getpid(), &st), 0);
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(st.threads, 1);
	assert_true(st.rss_pages > 0 && st.start_ticks > 0);
	assert_int_equal(pw_procfs_meminfo(&fs, &mi), 0);
	assert_true(mi.total > mi.available && mi.available > 0);
}

#define PROC_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROC_TEST(pids_in_order),
		PROC_TEST(stat_with_a_nasty_comm),
		cmocka_unit_test(stat_hostile),
		PROC_TEST(reads_and_their_errors),
		PROC_TEST(lockdown),
		PROC_TEST(meminfo),
		cmocka_unit_test(a_prefix_too_long_reads_nothing),
		cmocka_unit_test(the_live_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
