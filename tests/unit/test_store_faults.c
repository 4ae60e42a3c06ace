// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest */
/* The history under fire: two writers, newer schemas, damage, SIGKILL, a full disk. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/history.h"

/* ---- faults ---------------------------------------------------------------------- */

static void a_second_writer_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pw_store *other = NULL;
	struct pw_error err = { 0 };
	char pid[32];

	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_int_equal(pw_store_open(f->path, NULL, &other, &err), -EBUSY);
	assert_null(other);
	assert_non_null(strstr(err.what, pid));
	assert_true(err.remedy[0] != '\0');
	/* Readers are welcome. */
	grow(f, 7, 1);
	tick_at(f, 100);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	const struct pw_store_options read_only = { .read_only = true };

	assert_int_equal(pw_store_open(f->path, &read_only, &other, &err), 0);
	list.count = 0;
	assert_int_equal(pw_store_each_process(other, 0, UINT64_MAX, take_process, NULL), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(pw_store_tick(other, f->m), -EACCES);
	pw_store_close(other);
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pw_error err;
	sqlite3 *db;

	pw_store_close(f->s);
	f->s = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(open_store(f, 0, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.what, "schema 99"));
	assert_true(err.remedy[0] != '\0');
	assert_int_equal(access(f->path, F_OK), 0); /* untouched */
}

static void overwrite(const char *path, off_t at, size_t len)
{
	char junk[512];
	int fd = open(path, O_WRONLY);

	memset(junk, 0x5a, sizeof(junk));
	assert_true(fd >= 0);
	for (; len; len -= sizeof(junk), at += sizeof(junk))
		assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	close(fd);
}

static void assert_kept_aside(struct fixture *f, const char *said)
{
	char aside[128];

	snprintf(aside, sizeof(aside), "%s.damaged-1", f->path);
	assert_int_equal(access(aside, F_OK), 0);
	assert_non_null(strstr(said, aside));
	grow(f, 7, 1);
	assert_int_equal(tick_at(f, 2000), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_intact(f);
}

static void a_damaged_header_is_kept_aside(void **state)
{
	struct fixture *f = *state;
	struct pw_error err;

	pw_store_close(f->s);
	f->s = NULL;
	overwrite(f->path, 0, 1024);
	assert_int_equal(open_store(f, 0, &err), 0);
	assert_kept_aside(f, err.what);
}

/* Damage inside is looked for after a run that did not end cleanly. */
static void damage_after_a_crash_is_kept_aside(void **state)
{
	struct fixture *f = *state;
	struct pw_error err;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (uint64_t t = 100; t < 400; t += 10) {
			for (uint32_t p = 1; p < 100; p++)
				grow(f, p, t + p);
			tick_at(f, t);
			pw_store_flush(f->s, NULL);
		}
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* SQLite must not carry a connection over a fork: this one did nothing since. */
	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, 0);
	pw_store_close(f->s);
	f->s = NULL;
	/* Mark it unclean again, and hit pages behind the schema's. */
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "UPDATE meta SET value = 0 WHERE key = 'clean';"
				      "PRAGMA wal_checkpoint(TRUNCATE)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_true(st.st_size > 20 * 4096);
	overwrite(f->path, 16 * 4096, 4 * 4096);
	assert_int_equal(open_store(f, 0, &err), 0);
	assert_kept_aside(f, err.what);
}

static void unusable_paths_are_told(void **state)
{
	struct fixture *f = *state;
	struct pw_store *other = NULL;
	struct pw_error err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/no/such/dir/h.db", f->dir);
	assert_int_equal(pw_store_open(path, NULL, &other, &err), -ENOENT);
	assert_non_null(strstr(err.what, path));
	snprintf(path, sizeof(path), "%s/link.db", f->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	memset(&err, 0, sizeof(err));
	assert_true(pw_store_open(path, NULL, &other, &err) < 0);
	assert_null(other);
}

/* ---- SIGKILL --------------------------------------------------------------------- */

#define KILLS 50

/* Writes and flushes for ever, and publishes each step that a flush has committed. */
static void write_until_killed(const char *path, unsigned int round, volatile uint64_t *flushed)
{
	struct fixture f = { 0 };
	struct pw_error err;

	snprintf(f.path, sizeof(f.path), "%s", path);
	fresh_model(&f, "boot-1");
	if (open_store(&f, 0, &err)) {
		fprintf(stderr, "round %u: %s\n", round, err.what);
		_exit(1);
	}
	for (uint64_t t = 100000ull * (round + 1);; t += 10) {
		for (uint32_t pid = 1; pid <= 50; pid++)
			grow(&f, pid, t + pid);
		for (uint64_t i = 0; i < 20;
		     i++) /* of the last four is only told how many they are */
			trace_wipe(&f.t, trace_key(1), t + i, 32, "/lib/x.so", 1, "x");
		if (tick_at(&f, t) || pw_store_flush(f.s, &err))
			_exit(2);
		if (t % 100 == 0 && maintain_at(&f, t))
			_exit(3);
		*flushed = t;
	}
}

static void sigkill_loses_only_what_was_not_flushed(void **state)
{
	struct fixture *f = *state;
	volatile uint64_t *flushed =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int seed = 4711, with_work = 0;

	pw_store_close(f->s);
	f->s = NULL;
	for (unsigned int round = 0; round < KILLS; round++) {
		char sql[128];
		uint64_t newest;
		int status;
		pid_t pid;

		*flushed = 0;
		pid = fork();
		if (pid == 0)
			write_until_killed(f->path, round, flushed);
		/* Two in three strike a writer at work, the others anywhere, opening included. */
		for (int i = 0; i < 10000 && round % 3 && *flushed <= 100000ull * (round + 1); i++)
			usleep(1000);
		usleep(rand_r(&seed) % 20000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status)); /* an error would have ended it by itself */
		newest = *flushed;
		assert_intact(f);
		if (!newest || newest == 100000ull * (round + 1))
			continue; /* killed before its second flush */
		with_work++;
		/* The tick at `newest` wrote the step before it, for all 50. */
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM point WHERE tier = 0 AND time = %llu",
			 (unsigned long long)(real(newest - 10) / TRACE_SECOND));
		assert_int_equal(sql_number(f, sql), 50);
		/* Those that came before that tick, at the time of the one before. */
		snprintf(sql, sizeof(sql), "SELECT sum(1 + skipped) FROM wipe WHERE time_ns = %llu",
			 (unsigned long long)real(newest - 10));
		assert_int_equal(sql_number(f, sql), 20);
	}
	print_message("%u of %d kills hit a writer at work\n", with_work, KILLS);
	assert_true(with_work >= KILLS / 2);
	munmap((void *)flushed, 4096);
	must_open(f, 0);
}

/* ---- a full disk ----------------------------------------------------------------- */

static void fill(const char *path)
{
	char block[4096] = { 1 };
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static bool mount_small_disk(const char *dir)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=2m")) {
		print_message("cannot mount a small tmpfs: %s\n", strerror(errno));
		return false;
	}
	return true;
}

static void wipe(struct fixture *f, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		trace_wipe(&f->t, trace_key(7), i, 32, "/lib/x.so", 1, "x");
}

static void a_full_disk_loses_rows_and_recovers(void **state)
{
	struct fixture *f = *state;
	char filler[128], sql[128];
	struct pw_error err = { 0 };
	uint64_t t = 100, lost;
	int r = 0;

	pw_store_close(f->s);
	f->s = NULL;
	if (!mount_small_disk(f->dir))
		skip();
	must_open(f, 0);
	snprintf(filler, sizeof(filler), "%s/filler", f->dir);
	grow(f, 7, 100);
	assert_int_equal(tick_at(f, t), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	fill(filler);
	/* The WAL has some room left in its last page; soon it has none. */
	for (unsigned int i = 0; i < 200 && !r; i++) {
		t += 10;
		for (uint32_t pid = 1; pid <= 100; pid++)
			grow(f, pid, t + pid);
		wipe(f, 100);
		tick_at(f, t);
		r = pw_store_flush(f->s, &err);
	}
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(err.what, f->path));
	assert_true(err.remedy[0] != '\0');
	lost = pw_store_lost_rows(f->s);
	assert_true(lost >= 100);
	/* More of the same: counted, and still alive. */
	for (unsigned int i = 0; i < 5; i++) {
		t += 10;
		grow(f, 7, t);
		wipe(f, 100);
		tick_at(f, t);
		pw_store_flush(f->s, NULL);
	}
	assert_true(pw_store_lost_rows(f->s) > lost);
	lost = pw_store_lost_rows(f->s);
	/* Room again: the next step writes the whole state, whatever changed. */
	assert_int_equal(unlink(filler), 0);
	t += 10;
	wipe(f, 100);
	assert_int_equal(tick_at(f, t), 0);
	assert_int_equal(pw_store_flush(f->s, &err), 0);
	assert_int_equal(pw_store_lost_rows(f->s), lost);
	snprintf(sql, sizeof(sql), "SELECT sum(1 + skipped) FROM wipe WHERE time_ns = %llu",
		 (unsigned long long)real(t - 10));
	assert_int_equal(sql_number(f, sql), 100);
	assert_int_equal(points_of(f, 42, t - 10, t), 1);
	assert_int_equal(points_of(f, 7, t - 10, t), 1);
	assert_int_equal(list.points[0].anon_bytes, (t - 10) * PAGE);
	assert_intact(f);
	pw_store_close(f->s);
	f->s = NULL;
	assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(a_second_writer_is_refused),
		HISTORY_TEST(a_newer_schema_is_refused),
		HISTORY_TEST(a_damaged_header_is_kept_aside),
		HISTORY_TEST(damage_after_a_crash_is_kept_aside),
		HISTORY_TEST(unusable_paths_are_told),
		HISTORY_TEST(sigkill_loses_only_what_was_not_flushed),
		HISTORY_TEST(a_full_disk_loses_rows_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
