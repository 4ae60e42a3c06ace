// SPDX-License-Identifier: GPL-2.0-or-later
/* A file is replaced whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/replace.h"

static char directory[64];
static char path[96];

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/pagewarden-test.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	return 0;
}

/* Removes what is there and returns how many files it was. */
static int clean(void)
{
	DIR *d = opendir(directory);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d))) {
		if (e->d_name[0] != '.') {
			unlinkat(dirfd(d), e->d_name, 0);
			n++;
		}
	}
	closedir(d);
	return n;
}

static int teardown(void **state)
{
	(void)state;
	clean();
	return rmdir(directory);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static void assert_file(const char *want)
{
	char text[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) < sizeof(text));
	fclose(f);
	assert_string_equal(text, want);
}

static void commit_replaces(void **state)
{
	struct pw_replace r;
	struct stat st;

	(void)state;
	write_file("old");
	chmod(path, 0640);
	assert_int_equal(pw_replace_begin(&r, path), 0);
	fputs("new", r.file);
	assert_file("old"); /* until the end */
	assert_int_equal(pw_replace_commit(&r), 0);
	assert_file("new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	pw_replace_abort(&r);
	assert_int_equal(clean(), 1);
}

static void abort_leaves_the_old(void **state)
{
	struct pw_replace r;

	(void)state;
	write_file("old");
	assert_int_equal(pw_replace_begin(&r, path), 0);
	fputs("new", r.file);
	pw_replace_abort(&r);
	assert_file("old");
	assert_int_equal(clean(), 1);
}

static void a_link_stays_a_link(void **state)
{
	struct pw_replace r;
	struct stat st;
	char target[128];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", directory);
	fclose(fopen(target, "w"));
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(pw_replace_begin(&r, path), 0);
	fputs("new", r.file);
	assert_int_equal(pw_replace_commit(&r), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_file("new");
	assert_int_equal(clean(), 2);
}

static void a_device_is_written_directly(void **state)
{
	struct pw_replace r;

	(void)state;
	assert_int_equal(pw_replace_begin(&r, "/dev/full"), 0);
	fputs("x", r.file);
	assert_int_equal(pw_replace_commit(&r), -ENOSPC);
	assert_int_equal(pw_replace_begin(&r, "/dev/null"), 0);
	fputs("x", r.file);
	assert_int_equal(pw_replace_commit(&r), 0);
}

static void errors_are_told(void **state)
{
	struct pw_replace r;

	(void)state;
	assert_int_equal(pw_replace_begin(&r, "/nonexistent/file"), -ENOENT);
	assert_int_equal(pw_replace_begin(&r, directory), -EISDIR);
	assert_int_equal(clean(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commit_replaces, setup, teardown),
		cmocka_unit_test_setup_teardown(abort_leaves_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_stays_a_link, setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_is_written_directly, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_are_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
