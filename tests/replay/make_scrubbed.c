// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make_scrubbed PID IN OUT: copies of a recording what belongs to process PID
 * and its descendants, without what tells whose machine it was: host name,
 * boot, kernel build, command lines, cgroups, and paths outside /usr. That is
 * how tests/replay/real.pwr came to be (see tests/README.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/recording.h"

#define KEPT_MAX 4096

struct scrub {
	struct pw_recording_writer *out;
	uint32_t kept[KEPT_MAX]; /* pids: a short recording does not use one twice */
	unsigned int count;
};

static bool is_kept(const struct scrub *s, uint32_t pid)
{
	for (unsigned int i = 0; i < s->count; i++) {
		if (s->kept[i] == pid)
			return true;
	}
	return false;
}

static void keep_child(struct scrub *s, uint32_t pid, uint32_t parent)
{
	if (is_kept(s, parent) && !is_kept(s, pid) && s->count < KEPT_MAX)
		s->kept[s->count++] = pid;
}

static void set_text(uint8_t *out, size_t size, const char *text)
{
	memset(out, 0, size);
	memcpy(out, text, strnlen(text, size - 1));
}

static bool is_public(const char *path, size_t len)
{
	return len == 0 || path[0] != '/' || !strncmp(path, "/usr/", 5) ||
	       !strncmp(path, "/lib", 4) || !strncmp(path, "/bin", 4);
}

static void scrub_identity(struct pw_identity *id)
{
	char *exe = (char *)(id + 1),
	     *build_id = exe + id->exe_len + id->cgroup_len + id->unit_len + id->container_len;

	if (!is_public(exe, id->exe_len))
		id->exe_len = 0;
	memmove(exe + id->exe_len, build_id, id->build_id_len);
	id->cgroup_len = id->unit_len = id->container_len = id->cmdline_len = 0;
	id->cgroup_id = 0;
	id->rec.size = (uint16_t)((sizeof(*id) + id->exe_len + id->build_id_len + 7) & ~7u);
	memset(exe + id->exe_len + id->build_id_len, 0,
	       id->rec.size - sizeof(*id) - id->exe_len - id->build_id_len);
}

static void scrub_segment(struct pw_segment *seg)
{
	if (is_public((const char *)(seg + 1), seg->name_len))
		return;
	seg->name_len = 0;
	seg->rec.size = sizeof(*seg);
	seg->inode = 0;
}

/* Whether the record stays; it is changed in place. */
static bool scrub(struct scrub *s, struct pw_record *rec)
{
	const struct pw_key *key = (const void *)(rec + 1); /* of all but MACHINE and TICK */
	struct pw_machine *m = (void *)rec;
	struct pw_fork *fork = (void *)rec;
	struct pw_identity *id = (void *)rec;
	size_t cut;

	switch (rec->type) {
	case PW_REC_MACHINE:
		set_text(m->hostname, sizeof(m->hostname), "machine");
		set_text(m->boot_id, sizeof(m->boot_id), "b0071d00-0000-4000-8000-000000000002");
		cut = strcspn((const char *)m->release, "-");
		memset(m->release + cut, 0, sizeof(m->release) - cut);
		return true;
	case PW_REC_TICK:
		return true;
	case PW_REC_FORK:
		keep_child(s, fork->key.pid, fork->parent.pid);
		fork->cgroup_id = 0;
		break;
	case PW_REC_EXEC:
		((struct pw_exec *)rec)->cgroup_id = 0;
		break;
	case PW_REC_COUNTERS:
		((struct pw_counters *)rec)->cgroup_id = 0;
		break;
	case PW_REC_IDENTITY:
		keep_child(s, id->key.pid, id->parent_pid);
		scrub_identity(id);
		break;
	case PW_REC_SEGMENT:
		scrub_segment((struct pw_segment *)rec);
		break;
	}
	return is_kept(s, key->pid);
}

static int64_t read_fd(void *ctx, void *bytes, size_t len)
{
	ssize_t n = read(*(int *)ctx, bytes, len);

	return n < 0 ? -errno : n;
}

static int copy(struct scrub *s, int fd)
{
	static uint8_t bytes[PW_RECORD_MAX] __attribute__((aligned(8)));
	struct pw_recording_reader *in;
	const struct pw_record *rec;
	struct pw_error err;
	int rc = pw_recording_reader_create(read_fd, &fd, &in, &err);

	if (rc) {
		fprintf(stderr, "make_scrubbed: %s\n", err.what);
		return rc;
	}
	while (!(rc = pw_recording_read(in, &rec))) {
		memcpy(bytes, rec, rec->size);
		if (scrub(s, (void *)bytes) && pw_recording_write(s->out, (void *)bytes))
			break;
	}
	pw_recording_reader_destroy(in);
	return rc == -ENODATA ? pw_recording_flush(s->out) : rc;
}

int main(int argc, char **argv)
{
	struct recorded out = { 0 };
	struct scrub s = { .count = 1 };
	FILE *f;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: make_scrubbed PID IN OUT\n");
		return 2;
	}
	s.kept[0] = (uint32_t)strtoul(argv[1], NULL, 10);
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	f = fopen(argv[3], "w");
	if (fd < 0 || !f || pw_recording_writer_create(recorded_write, &out, &s.out) ||
	    copy(&s, fd) || fwrite(out.bytes, 1, out.len, f) != out.len || fclose(f)) {
		perror("make_scrubbed");
		return 1;
	}
	pw_recording_writer_destroy(s.out);
	free(out.bytes);
	close(fd);
	return 0;
}
