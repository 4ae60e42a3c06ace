// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* Who a process is: this one, made-up ones, and those whose pid is another's now. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/lib/tree.h"
#include "user/inspect/identity.h"

static union {
	struct pw_identity id;
	uint8_t bytes[PW_RECORD_MAX];
} buf;

/* The n-th string of a record, in the order of the lengths. */
static void string_of(const struct pw_identity *id, int n, char out[5000])
{
	const uint16_t lengths[] = { id->exe_len,	id->cgroup_len,	  id->unit_len,
				     id->container_len, id->build_id_len, id->cmdline_len };
	const char *at = (const char *)(id + 1);

	for (int i = 0; i < n; i++)
		at += lengths[i];
	assert_true(at + lengths[n] <= (const char *)id + id->rec.size);
	memcpy(out, at, lengths[n]);
	out[lengths[n]] = 0;
}

static void this_process(void **state)
{
	char exe[5000], text[5000];
	struct pw_identity *id;
	struct pw_proc_stat stat;
	struct pw_procfs fs;
	struct pw_key key;

	(void)state;
	pw_procfs_init(&fs, NULL);
	assert_int_equal(pw_procfs_stat(&fs, (uint32_t)getpid(), &stat), 0);
	key = (struct pw_key){ .pid = (uint32_t)getpid(), .start_ns = stat.start_ticks * PW_TICK_NS };
	assert_int_equal(pw_identity_read(&fs, &key, &buf, sizeof(buf), &id), 0);
	assert_int_equal(id->rec.type, PW_REC_IDENTITY);
	assert_int_equal(id->rec.size % 8, 0);
	assert_int_equal(id->uid, geteuid());
	assert_int_equal(id->parent_pid, getppid());
	assert_int_equal(id->build_id_len, 20);
	exe[readlink("/proc/self/exe", exe, sizeof(exe) - 1)] = 0;
	string_of(id, 0, text);
	assert_string_equal(text, exe);
	key.start_ns += PW_TICK_NS;
	assert_int_equal(pw_identity_read(&fs, &key, &buf, sizeof(buf), &id), -ESRCH);
	key.start_ns -= PW_TICK_NS;
	assert_int_equal(pw_identity_read(&fs, &key, &buf, sizeof(*id), &id), -ENOBUFS);
}

static void a_recorded_process(void **state)
{
	const struct pw_key key = { .pid = 5, .start_ns = 70 * (uint64_t)PW_TICK_NS };
	char path[PATH_MAX], text[5000], cmdline[3000];
	struct pw_identity *id;
	struct pw_procfs fs;
	struct tree tree;
	FILE *f;

	(void)state;
	tree_init(&tree);
	pw_procfs_init(&fs, tree.root);
	assert_int_equal(pw_identity_read(&fs, &key, &buf, sizeof(buf), &id), -ESRCH);
	tree_write(&tree, "proc/5/stat",
		   "5 (a) b\x1b) S 1 5 5 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 70 1 1 18446744073709551615 "
		   "1 1 1 1 1 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	tree_write(&tree, "proc/5/cgroup", "0::/system.slice/x.service\n");
	tree_link(&tree, "proc/5/exe", "/usr/bin/x (deleted)");
	tree_full_path(&tree, "proc/5/cmdline", path);
	memset(cmdline, 'a', sizeof(cmdline));
	cmdline[1] = 0;
	f = fopen(path, "w");
	assert_int_equal(fwrite(cmdline, 1, sizeof(cmdline), f), sizeof(cmdline));
	fclose(f);
	assert_int_equal(pw_identity_read(&fs, &key, &buf, sizeof(buf), &id), 0);
	assert_int_equal(id->flags, PW_IDENTITY_EXE_DELETED);
	assert_string_equal((const char *)id->comm, "a) b\x1b");
	string_of(id, 0, text);
	assert_string_equal(text, "/usr/bin/x");
	string_of(id, 1, text);
	assert_string_equal(text, "/system.slice/x.service");
	string_of(id, 2, text);
	assert_string_equal(text, "x.service");
	assert_int_equal(id->build_id_len, 0);
	string_of(id, 5, text);
	assert_int_equal(strlen(text), 1024);
	assert_memory_equal(text, "a aaa", 5);
	tree_remove(&tree, "");
}

static void what_an_exec_told(void **state)
{
	const struct pw_key key = { .pid = 9, .start_ns = 1 };
	struct pw_identity *id;
	char text[5000], longest[6000];

	(void)state;
	assert_int_equal(pw_identity_make(&key, "/bin/true", "/docker/", PW_IDENTITY_FROM_EXEC,
					  &buf, sizeof(buf), &id),
			 0);
	assert_int_equal(id->flags, PW_IDENTITY_FROM_EXEC);
	string_of(id, 0, text);
	assert_string_equal(text, "/bin/true");
	assert_int_equal(pw_identity_make(&key, NULL, NULL, 0, &buf, sizeof(buf), &id), 0);
	assert_int_equal(id->rec.size, sizeof(*id));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(pw_identity_make(&key, longest, longest, 0, &buf, sizeof(buf), &id), 0);
	assert_int_equal(id->exe_len, PATH_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_process),
		cmocka_unit_test(a_recorded_process),
		cmocka_unit_test(what_an_exec_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
