// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as the files of one process, below a root prefix: identity, address
 * space and two walks of the /proc source. A 0xff ends a file. The tree is made
 * below $FUZZ_DIR, and stays.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "user/inspect/address_space.h"
#include "user/inspect/identity.h"
#include "user/source/source.h"

static const char *const files[] = { "stat",	"status",    "maps", "smaps",  "cgroup",
				     "cmdline", "mountinfo", "comm", "limits", "io" };

static char root[64];
static int process_dir; /* ROOT/proc/7 */

static void write_at(int dir, const char *name, const void *bytes, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

static void make_tree(void)
{
	static const char meminfo[] = "MemTotal: 1000 kB\n";
	const char *where = getenv("FUZZ_DIR");
	char path[128];

	snprintf(root, sizeof(root), "%s/tree-XXXXXX", where ? where : "/tmp");
	if (!mkdtemp(root))
		abort();
	snprintf(path, sizeof(path), "%s/proc", root);
	mkdir(path, 0700);
	process_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process_dir < 0)
		abort();
	write_at(process_dir, "meminfo", meminfo, strlen(meminfo));
	write_at(process_dir, "uptime", "100.0 1\n", 8);
	mkdirat(process_dir, "7", 0700);
	process_dir = openat(process_dir, "7", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process_dir < 0 || symlinkat("/bin/true", process_dir, "exe"))
		abort();
}

static int take(void *ctx, const struct pw_record *rec)
{
	unsigned int *records = ctx;

	assert(rec->size >= sizeof(*rec) && rec->size <= PW_RECORD_MAX && rec->size % 8 == 0);
	assert(++*records < 200000);
	return 0;
}

static const uint8_t *write_files(const uint8_t *data, const uint8_t *end, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *stop = data < end ? memchr(data, 0xff, (size_t)(end - data)) : NULL;

		if (!stop)
			stop = end;
		write_at(process_dir, files[i], data, (size_t)(stop - data));
		data = stop < end ? stop + 1 : end;
	}
	return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pw_source_options opt = { .root = root };
	const struct pw_key key = { .pid = 7, .start_ns = 50000000 };
	const uint8_t *end = data + size;
	struct pw_procfs fs;
	struct pw_identity *id;
	struct pw_source *src;
	struct pw_error err;
	unsigned int records = 0;
	uint64_t buf[PW_RECORD_MAX / 8];

	if (!root[0])
		make_tree();
	pw_procfs_init(&fs, root);
	data = write_files(data, end, sizeof(files) / sizeof(files[0]));
	pw_identity_read(&fs, &key, buf, sizeof(buf), &id);
	pw_address_space_scan(&fs, NULL, &key, 0, take, &records, &err);
	pw_address_space_scan(&fs, NULL, &key, PW_SEGMENT_SMAPS | PW_SEGMENT_EACH_VMA, take,
			      &records, &err);
	if (pw_source_proc_create(&opt, &src, &err))
		abort();
	assert(!pw_source_collect(src, take, &records, &err));
	write_files(data, end, 2); /* what it has become by the second walk */
	assert(!pw_source_collect(src, take, &records, &err));
	pw_source_destroy(src);
	return 0;
}
