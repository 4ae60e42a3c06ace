// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as the files of a memory controller's hierarchy, below a root prefix:
 * two walks over a cgroup and one in it. The first byte says whether it is
 * v2's or v1's; a 0xff ends a file. The tree is made below $FUZZ_DIR, and stays.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "user/model/model.h"
#include "user/source/cgroups.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const v2_files[] = { "cgroup.procs",	 "memory.current",	"memory.max",
					"memory.stat",	 "memory.swap.current", "memory.swap.max",
					"memory.events", "pids.current",	"pids.max" };
static const char *const v1_files[] = {
	"cgroup.procs",	     "memory.usage_in_bytes",	   "memory.limit_in_bytes",
	"memory.stat",	     "memory.kmem.usage_in_bytes", "memory.kmem.tcp.usage_in_bytes",
	"memory.oom_control"
};

static char roots[2][64]; /* of v2's, of v1's */
static int outer[2], inner[2];

static void write_at(int dir, const char *name, const void *bytes, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

static int make_dir(int in, const char *name)
{
	int fd;

	if (mkdirat(in, name, 0700))
		abort();
	fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		abort();
	return fd;
}

static void make_tree(int v1)
{
	const char *where = getenv("FUZZ_DIR");
	int dir;

	snprintf(roots[v1], sizeof(roots[v1]), "%s/cgroups-XXXXXX", where ? where : "/tmp");
	if (!mkdtemp(roots[v1]))
		abort();
	dir = open(roots[v1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = make_dir(make_dir(make_dir(dir, "sys"), "fs"), "cgroup");
	if (v1) {
		dir = make_dir(dir, "memory");
		write_at(dir, "memory.usage_in_bytes", "1\n", 2);
	} else {
		write_at(dir, "cgroup.controllers", "memory\n", 7);
	}
	outer[v1] = make_dir(dir, "outer");
	inner[v1] = make_dir(outer[v1], "inner");
}

static const uint8_t *write_files(int dir, int v1, const uint8_t *data, const uint8_t *end)
{
	size_t count = v1 ? COUNT(v1_files) : COUNT(v2_files);

	for (size_t i = 0; i < count; i++) {
		const uint8_t *stop = data < end ? memchr(data, 0xff, (size_t)(end - data)) : NULL;

		if (!stop)
			stop = end;
		write_at(dir, v1 ? v1_files[i] : v2_files[i], data, (size_t)(stop - data));
		data = stop < end ? stop + 1 : end;
	}
	return data;
}

/* What is read from a live machine is in the bounds of the model, but for values that no machine has. */
static int take(void *ctx, const struct pw_record *rec)
{
	const struct pw_cgroup *r = (const void *)rec;

	assert(rec->type == PW_REC_CGROUP && rec->size % 8 == 0);
	assert(sizeof(*r) + r->path_len <= rec->size && rec->size < sizeof(*r) + r->path_len + 8);
	assert(r->max_bytes == PW_UNKNOWN || r->max_used_bytes != PW_UNKNOWN);
	assert(r->pids_max == PW_UNKNOWN || r->pids_max_used != PW_UNKNOWN);
	return pw_model_ingest(ctx, rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	struct pw_cgroups *c;
	struct pw_model *m;
	struct pw_procfs fs;
	int v1;

	if (!size)
		return 0;
	v1 = *data++ & 1;
	if (!roots[v1][0])
		make_tree(v1);
	pw_procfs_init(&fs, roots[v1]);
	data = write_files(outer[v1], v1, data, end);
	data = write_files(inner[v1], v1, data, end);
	if (pw_cgroups_create(&fs, 0, &c) || pw_model_create(NULL, &m))
		abort();
	assert(!pw_cgroups_collect(c, 1, take, m));
	write_files(inner[v1], v1, data, end); /* what it has become by the second walk */
	assert(!pw_cgroups_collect(c, 20000000000ull, take, m));
	assert(m->cgroups.used <= 2);
	pw_cgroups_destroy(c);
	pw_model_destroy(m);
	return 0;
}
