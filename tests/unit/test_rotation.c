// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are kept by number and bytes: the newest stay, strangers are not touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "user/base/rotation.h"

static char directory[64];

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/pagewarden-test.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void put(const char *name, size_t size, time_t age_s)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - age_s },
				     { .tv_sec = time(NULL) - age_s } };
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static bool is_there(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

static size_t trim(size_t files, uint64_t bytes)
{
	const struct pw_rotation r = { directory, "report", ".html", files, bytes };
	size_t removed = 99;

	assert_int_equal(pw_rotation_trim(&r, &removed), 0);
	return removed;
}

static void the_name_is_the_time(void **state)
{
	const struct pw_rotation r = { directory, "report", ".html", 1, 1 };
	char *path = pw_rotation_path(&r, 1700000400ull * 1000000000);

	(void)state;
	assert_non_null(path);
	assert_string_equal(path + strlen(directory), "/report-20231114T222000Z.html");
	free(path);
}

static void put_five(void)
{
	put("report-20260105T000000Z.html", 100, 0);
	put("report-20260101T000000Z.html", 100, 0);
	put("report-20260104T000000Z.html", 100, 0);
	put("report-20260102T000000Z.html", 100, 0);
	put("report-20260103T000000Z.html", 100, 0);
}

static void the_oldest_go_first(void **state)
{
	(void)state;
	put_five();
	assert_int_equal(trim(5, 0), 0);
	assert_int_equal(trim(3, 0), 2);
	assert_false(is_there("report-20260101T000000Z.html"));
	assert_false(is_there("report-20260102T000000Z.html"));
	assert_true(is_there("report-20260103T000000Z.html"));
	assert_int_equal(trim(0, 250), 1);
	assert_true(is_there("report-20260105T000000Z.html"));
	assert_true(is_there("report-20260104T000000Z.html"));
	assert_int_equal(trim(0, 0), 0); /* no bound */
}

static void the_newest_stays_whatever_it_weighs(void **state)
{
	(void)state;
	put_five();
	assert_int_equal(trim(1, 1), 4);
	assert_true(is_there("report-20260105T000000Z.html"));
}

static void strangers_are_not_touched(void **state)
{
	static const char *const strangers[] = {
		"report-20260101T000000Z.htm",
		"report-20260101T000000Z.json",
		"report-2026010XT000000Z.html",
		"report-20260101T000000.html",
		"reports-20260101T000000Z.html",
		"report-20260101T000000Z.html.bak",
		"xreport-20260101T000000Z.html",
		"report-",
		"history.db",
		"report-20260101T000000Z.html.abcdefg",
	};
	char path[160];

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		put(strangers[i], 1000, 86400);
	snprintf(path, sizeof(path), "%s/report-20250101T000000Z.html", directory);
	assert_int_equal(mkdir(path, 0700), 0); /* a directory of such a name */
	snprintf(path, sizeof(path), "%s/report-20250102T000000Z.html", directory);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	put_five();
	assert_int_equal(trim(1, 0), 4);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		assert_true(is_there(strangers[i]));
	assert_true(is_there("report-20250101T000000Z.html"));
	assert_true(is_there("report-20250102T000000Z.html"));
}

/* What a killed write left goes when nobody can be at it any more. */
static void leftovers_go(void **state)
{
	(void)state;
	put("report-20260101T000000Z.html.AbCdEf", 10, 7200);
	put("report-20260102T000000Z.html.AbCdEf", 10, 60);
	put_five();
	assert_int_equal(trim(0, 0), 0);
	assert_false(is_there("report-20260101T000000Z.html.AbCdEf"));
	assert_true(is_there("report-20260102T000000Z.html.AbCdEf"));
}

static void no_directory_is_an_error(void **state)
{
	const struct pw_rotation r = { "/nonexistent", "report", ".html", 1, 1 };
	size_t removed = 99;

	(void)state;
	assert_int_equal(pw_rotation_trim(&r, &removed), -ENOENT);
	assert_int_equal(removed, 0);
}

#define ROTATION_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROTATION_TEST(the_name_is_the_time),
		ROTATION_TEST(the_oldest_go_first),
		ROTATION_TEST(the_newest_stays_whatever_it_weighs),
		ROTATION_TEST(strangers_are_not_touched),
		ROTATION_TEST(leftovers_go),
		cmocka_unit_test(no_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
