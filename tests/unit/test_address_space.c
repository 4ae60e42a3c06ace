// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* Recorded and hostile lists of mappings: what each mapping is for, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "tests/lib/tree.h"
#include "user/inspect/address_space.h"
#include "user/inspect/maps.h"
#include "user/model/segment.h"

static struct tree tree;
static const struct pw_key key = { .pid = 77, .start_ns = 1234 * (uint64_t)PW_TICK_NS };

/* ---- one line of maps ------------------------------------------------------------------ */

static void a_line_is_parsed(void **state)
{
	struct pw_vma v;

	(void)state;
	assert_int_equal(
		pw_maps_parse("7f00a000-7f00c000 rw-s 00002000 fe:1f 332383      /a b (deleted)", &v),
		0);
	assert_int_equal(v.start, 0x7f00a000);
	assert_int_equal(v.end, 0x7f00c000);
	assert_int_equal(v.offset, 0x2000);
	assert_int_equal(v.inode, 332383);
	assert_int_equal(v.dev_major, 0xfe);
	assert_int_equal(v.dev_minor, 0x1f);
	assert_int_equal(v.perms, PW_PERM_R | PW_PERM_W | PW_PERM_SHARED);
	assert_string_equal(v.name, "/a b (deleted)");
	/* no name, with and without the padding */
	assert_int_equal(pw_maps_parse("1000-2000 ---p 00000000 00:00 0 ", &v), 0);
	assert_int_equal(v.perms, 0);
	assert_string_equal(v.name, "");
	assert_int_equal(pw_maps_parse("1000-2000 ---p 00000000 00:00 0", &v), 0);
	assert_int_equal(
		pw_maps_parse("ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]", &v), 0);
	assert_int_equal(v.end, 0xffffffffff601000ull);
	assert_int_equal(pw_maps_parse("1000-2000 r--p 0 0:0 1 /new\\012line", &v), 0);
	assert_string_equal(v.name, "/new\nline");
}

static void a_long_name_is_cut(void **state)
{
	char line[5000] = "1000-2000 r--p 0 0:0 1 ";
	struct pw_vma v;

	(void)state;
	memset(line + strlen(line), 'n', sizeof(line) - strlen(line) - 1);
	line[sizeof(line) - 1] = 0;
	assert_int_equal(pw_maps_parse(line, &v), 0);
	assert_int_equal(strlen(v.name), sizeof(v.name) - 1);
}

static void other_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"-",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 r",
		"1000-2000 rwxp",
		"1000-2000 rwxp ",
		"1000-2000 rwxp 0",
		"1000-2000 rwxp 0 0",
		"1000-2000 rwxp 0 0:",
		"1000-2000 rwxp 0 0:0",
		"1000-2000 rwxp 0 0:0 ",
		"1000-2000 rwxp 0 0:0 x",
		"1000-2000 rwxp 0 0:0 1x /a",
		"1000-2000 rwxp 0 0:0 99999999999999999999999 /a",
		"1000-2000 rwxp 0 100000000:0 1 /a",
		"1000 -2000 rwxp 0 0:0 1",
		"2000-1000 rwxp 0 0:0 1",
		"1000-1000 rwxp 0 0:0 1",
		"10000000000000000-20000000000000000 rwxp 0 0:0 1",
		"G000-H000 rwxp 0 0:0 1",
		"Rss:                 4 kB",
	};
	struct pw_vma v;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(pw_maps_parse(lines[i], &v), -EBADMSG);
}

/* ---- a recorded process ---------------------------------------------------------------- */

struct row {
	struct pw_segment seg;
	char name[512];
};

static struct pw_segments head;
static struct row rows[256];
static size_t count;

static int take(void *ctx, const struct pw_record *rec)
{
	(void)ctx;
	if (rec->type == PW_REC_SEGMENTS) {
		memcpy(&head, rec, sizeof(head));
		count = 0;
		return 0;
	}
	if (count == 256)
		return 0;
	memcpy(&rows[count].seg, rec, sizeof(rows[count].seg));
	memcpy(rows[count].name, (const struct pw_segment *)rec + 1, rows[count].seg.name_len);
	rows[count].name[rows[count].seg.name_len] = 0;
	count++;
	return 0;
}

static void write_process(const char *maps)
{
	tree_write(&tree, "proc/77/stat",
		   "77 (x) S 1 77 77 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 2 0 1234 1 1 18446744073709551615 "
		   "1 1 1 1 1 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	tree_write(
		&tree, "proc/77/status",
		"Name:\tx\nUid:\t0\t0\t0\t0\nVmPTE:\t      44 kB\nVmPin:\t       8 kB\nThreads:\t2\n");
	tree_write(&tree, "proc/77/mountinfo",
		   "24 1 0:22 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=1k\n"
		   "25 1 0:33 / /huge rw - hugetlbfs none rw\n"
		   "26 1 fe:00 / / rw - ext4 /dev/vda rw\n"
		   "nonsense\n\n - tmpfs \n");
	tree_write(&tree, "proc/77/task/77/comm", "x\n");
	tree_write(&tree, "proc/77/task/77/syscall",
		   "0 0x0 0x1 0x2 0x3 0x4 0x5 0x7ffd00001000 0x7f0000000000\n");
	tree_write(&tree, "proc/77/task/78/comm",
		   "wor\xff"
		   "ker\n");
	tree_write(&tree, "proc/77/task/78/syscall",
		   "202 0x0 0x80 0x0 0x0 0x0 0x0 0x7f1000009000 0x7f0000000000\n");
	tree_write(&tree, "proc/77/task/79/comm", "busy\n");
	tree_write(&tree, "proc/77/task/79/syscall", "running\n");
	tree_write(&tree, "proc/77/maps", maps);
}

static int scan(unsigned int flags)
{
	struct pw_procfs fs;
	struct pw_error err = { 0 };
	int rc;

	count = 0;
	pw_procfs_init(&fs, tree.root);
	rc = pw_address_space_scan(&fs, NULL, &key, flags, take, NULL, &err);
	assert_true(rc == 0 || err.what[0] != 0);
	return rc;
}

static void expect(uint32_t kind, const char *name, uint64_t kib)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].seg.kind != kind || strcmp(rows[i].name, name) != 0)
			continue;
		if (rows[i].seg.virtual_bytes != kib * 1024)
			fail_msg("%s '%s': %llu bytes", pw_segment_kind_name(kind), name,
				 (unsigned long long)rows[i].seg.virtual_bytes);
		return;
	}
	for (size_t i = 0; i < count; i++)
		print_message("# %s '%s' %llu\n", pw_segment_kind_name(rows[i].seg.kind),
			      rows[i].name, (unsigned long long)rows[i].seg.virtual_bytes);
	fail_msg("no %s '%s'", pw_segment_kind_name(kind), name);
}

static const char recorded[] =
	"55aa00000000-55aa00001000 r--p 00000000 fe:00 9    /usr/bin/prog\n"
	"55aa00001000-55aa00003000 r-xp 00001000 fe:00 9    /usr/bin/prog\n"
	"55aa00003000-55aa00004000 r--p 00003000 fe:00 9    /usr/bin/prog\n"
	"55aa00004000-55aa00005000 rw-p 00004000 fe:00 9    /usr/bin/prog\n"
	"55aa00005000-55aa00009000 rw-p 00000000 00:00 0 \n"
	"55aa10000000-55aa10021000 rw-p 00000000 00:00 0    [heap]\n"
	/* an arena's heap and its reserve */
	"7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
	"7f0000021000-7f0004000000 ---p 00000000 00:00 0 \n"
	/* a thread's stack behind its guard, of a thread that sleeps, and one that runs */
	"7f1000000000-7f1000001000 ---p 00000000 00:00 0 \n"
	"7f1000001000-7f1000801000 rw-p 00000000 00:00 0 \n"
	"7f1000801000-7f1000802000 ---p 00000000 00:00 0 \n"
	"7f1000802000-7f1001002000 rw-p 00000000 00:00 0 \n"
	"7f2000000000-7f2000003000 rw-p 00000000 00:00 0    [anon:ring buffer]\n"
	"7f2000010000-7f2000011000 rw-p 00000000 00:00 0    [anon: glibc: malloc arena]\n"
	"7f2000020000-7f2000021000 rw-s 00000000 00:01 5    /memfd:wayland-shm (deleted)\n"
	"7f2000030000-7f2000031000 rw-s 00000000 00:01 7    /SYSV0000162e (deleted)\n"
	"7f2000040000-7f2000041000 rw-s 00000000 00:01 8    /dev/zero (deleted)\n"
	"7f2000050000-7f2000051000 rw-s 00000000 00:16 9    /run/queue\n"
	"7f2000060000-7f2000061000 rw-s 00000000 00:17 9    /dev/shm/sem.x\n"
	"7f2000200000-7f2000400000 rw-p 00000000 00:0f 9    /anon_hugepage (deleted)\n"
	"7f2000400000-7f2000600000 rw-s 00000000 00:21 9    /huge/pool\n"
	"7f2000600000-7f2000601000 rw-s 00000000 00:05 9    /dev/dri/card0\n"
	"7f2000610000-7f2000611000 rw-s 00000000 00:0e 9    anon_inode:[perf_event]\n"
	"7f2000620000-7f2000621000 r--s 00000000 fe:00 44   /var/lib/db file\n"
	"7f3000000000-7f3000001000 r--p 00000000 fe:00 10   /lib/libx.so.1\n"
	"7f3000001000-7f3000002000 r-xp 00001000 fe:00 10   /lib/libx.so.1\n"
	"7f3000002000-7f3000003000 r--p 00002000 fe:00 10   /lib/libx.so.1\n"
	"7f3000003000-7f3000004000 r--p 00002000 fe:00 10   /lib/libx.so.1\n"
	"7f3000004000-7f3000005000 rw-p 00003000 fe:00 10   /lib/libx.so.1\n"
	"7f3000005000-7f3000009000 rw-p 00000000 00:00 0 \n"
	"7f3000100000-7f3000101000 rwxp 00000000 00:00 0 \n"
	"7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0    [stack]\n"
	"7ffd00030000-7ffd00032000 r-xp 00000000 00:00 0    [vdso]\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";

static void each_kind_is_told_from_a_recording(void **state)
{
	(void)state;
	write_process(recorded);
	tree_link(&tree, "proc/77/exe", "/usr/bin/prog");
	assert_int_equal(scan(0), 0);
	assert_int_equal(head.vmas, 34);
	expect(PW_SEG_CODE, "/usr/bin/prog", 8);
	expect(PW_SEG_RODATA, "/usr/bin/prog", 8);
	expect(PW_SEG_DATA, "/usr/bin/prog", 4);
	expect(PW_SEG_BSS, "/usr/bin/prog", 16);
	expect(PW_SEG_LIBRARY_CODE, "/lib/libx.so.1", 4);
	expect(PW_SEG_LIBRARY_RODATA, "/lib/libx.so.1", 8);
	expect(PW_SEG_LIBRARY_DATA, "/lib/libx.so.1", 24);
	expect(PW_SEG_HEAP, "[heap]", 132);
	expect(PW_SEG_ARENA, "glibc: malloc arena", 4);
	expect(PW_SEG_THREAD_STACK,
	       "wor\xff"
	       "ker",
	       8192);
	expect(PW_SEG_THREAD_STACK, "", 8192);
	expect(PW_SEG_NAMED_ANON, "ring buffer", 12);
	expect(PW_SEG_MEMFD, "wayland-shm", 4);
	expect(PW_SEG_SYSV, "key 0x0000162e id 7", 4);
	expect(PW_SEG_SHARED_ANON, "", 4);
	expect(PW_SEG_TMPFS, "/run/queue", 4);
	expect(PW_SEG_POSIX_SHM, "/dev/shm/sem.x", 4);
	expect(PW_SEG_HUGETLB, "", 2048);
	expect(PW_SEG_HUGETLB, "/huge/pool", 2048);
	expect(PW_SEG_DEVICE, "/dev/dri/card0", 4);
	expect(PW_SEG_DEVICE, "anon_inode:[perf_event]", 4);
	expect(PW_SEG_FILE, "/var/lib/db file", 4);
	expect(PW_SEG_STACK, "[stack]", 132);
	expect(PW_SEG_VDSO, "[vdso]", 8);
	expect(PW_SEG_KERNEL_PAGE_TABLES, "", 44);
	expect(PW_SEG_KERNEL_STACKS, "2 x 16 KiB, estimated", 32);
	expect(PW_SEG_KERNEL_PINNED, "", 8);
	/* nothing here tells what is resident, nor where thread 79 is */
	assert_true(head.flags & PW_SEGMENTS_NO_RESIDENT);
	assert_true(head.flags & PW_SEGMENTS_NO_THREADS);
	for (size_t i = 0; i < count; i++)
		if (rows[i].seg.vmas > 0)
			assert_true(rows[i].seg.anon_bytes == PW_UNKNOWN);
	tree_remove(&tree, "proc/77/exe");
}

static void rows_are_ordered_and_sum_up(void **state)
{
	uint64_t grouped = 0, single = 0;

	(void)state;
	write_process(recorded);
	assert_int_equal(scan(0), 0);
	for (size_t i = 0; i < count; i++) {
		grouped += rows[i].seg.vmas ? rows[i].seg.virtual_bytes : 0;
		if (i > 0)
			assert_true(rows[i].seg.kind > rows[i - 1].seg.kind ||
				    (rows[i].seg.kind == rows[i - 1].seg.kind &&
				     rows[i].seg.start >= rows[i - 1].seg.start));
	}
	assert_int_equal(scan(PW_SEGMENT_EACH_VMA), 0);
	for (size_t i = 0; i < count; i++)
		single += rows[i].seg.vmas ? rows[i].seg.virtual_bytes : 0;
	assert_int_equal(grouped, single);
	assert_true(count >= 34);
}

static void smaps_gives_residency_and_dirt(void **state)
{
	(void)state;
	write_process("1000-9000 rw-p 00000000 00:00 0    [heap]\n"
		      "10000-20000 rw-s 00000000 00:16 9    /run/queue\n");
	tree_write(&tree, "proc/77/smaps",
		   "1000-9000 rw-p 00000000 00:00 0    [heap]\nRss: 28 kB\nPrivate_Dirty: 12 kB\n"
		   "Shared_Dirty: 4 kB\nAnonymous: 28 kB\nSwap: 4 kB\nVmFlags: rd wr\n"
		   "10000-20000 rw-s 00000000 00:16 9    /run/queue\nRss: 40 kB\nAnonymous: 0 kB\n"
		   "ShmemPmdMapped: 0 kB\nPrivate_Dirty: 99999999999 kB\n");
	assert_int_equal(scan(PW_SEGMENT_SMAPS), 0);
	assert_true(head.flags & PW_SEGMENTS_SMAPS && head.flags & PW_SEGMENTS_DIRTY);
	assert_int_equal(rows[0].seg.kind, PW_SEG_HEAP);
	assert_int_equal(rows[0].seg.anon_bytes, 28 * 1024);
	assert_int_equal(rows[0].seg.dirty_bytes, 16 * 1024);
	assert_int_equal(rows[0].seg.swap_bytes, 4 * 1024);
	assert_int_equal(rows[1].seg.kind, PW_SEG_TMPFS);
	assert_int_equal(rows[1].seg.shmem_bytes, 40 * 1024);
	assert_int_equal(rows[1].seg.dirty_bytes, 40 * 1024); /* never more than there is */
	tree_remove(&tree, "proc/77/smaps");
}

static void a_list_that_moved_is_cut_and_told(void **state)
{
	(void)state;
	write_process("1000-5000 rw-p 00000000 00:00 0 \n"
		      "3000-9000 rw-p 00000000 00:00 0 \n"
		      "2000-4000 rw-p 00000000 00:00 0 \n");
	assert_int_equal(scan(0), 0);
	assert_true(head.flags & PW_SEGMENTS_CHANGED);
	expect(PW_SEG_ANON, "", 32);
}

static void damaged_lists_are_refused(void **state)
{
	char *long_line = malloc(200000);

	(void)state;
	write_process("1000-2000 rw-p 00000000 00:00 0 \nwhat is this\n");
	assert_int_equal(scan(0), -EBADMSG);
	memset(long_line, 'x', 199998);
	strcpy(long_line + 199998, "\n");
	write_process(long_line);
	assert_int_equal(scan(0), -EBADMSG);
	free(long_line);
}

static void a_process_without_mappings_has_ended(void **state)
{
	(void)state;
	write_process("");
	assert_int_equal(scan(0), -ESRCH);
	tree_remove(&tree, "proc/77");
	assert_int_equal(scan(0), -ESRCH);
}

static void random_lists_never_crash(void **state)
{
	char text[sizeof(recorded)];
	int accepted = 0;

	(void)state;
	srandom(17);
	for (int round = 0; round < 3000; round++) {
		memcpy(text, recorded, sizeof(recorded));
		for (int flips = 1 + random() % 4; flips > 0; flips--)
			text[(size_t)random() % (sizeof(text) - 1)] = (char)(1 + random() % 255);
		write_process(text);
		accepted += scan(round & 1 ? PW_SEGMENT_EACH_VMA : 0) == 0;
	}
	assert_in_range(accepted, 1, 2999);
}

static int make_tree(void **state)
{
	(void)state;
	tree_init(&tree);
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	tree_remove(&tree, "");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_parsed),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(each_kind_is_told_from_a_recording),
		cmocka_unit_test(rows_are_ordered_and_sum_up),
		cmocka_unit_test(smaps_gives_residency_and_dirt),
		cmocka_unit_test(a_list_that_moved_is_cut_and_told),
		cmocka_unit_test(damaged_lists_are_refused),
		cmocka_unit_test(a_process_without_mappings_has_ended),
		cmocka_unit_test(random_lists_never_crash),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
