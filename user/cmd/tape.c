// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/cmd/tape.h"
#include "user/source/recording.h"

static int write_all(void *ctx, const void *bytes, size_t len)
{
	struct pw_tape *t = ctx;
	const char *p = bytes;

	while (len) {
		ssize_t n = write(t->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
		t->bytes += (uint64_t)n;
	}
	return 0;
}

/* A file that was there keeps its mode; what is in it from now on is for its owner alone. */
static void make_private(int fd)
{
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & 077)
		fchmod(fd, 0600);
}

static int open_new(struct pw_tape *t, bool force, struct pw_error *err)
{
	/* the memory of every process is nobody else's business: 0600 */
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
	int rc;

	t->fd = open(t->path, flags, 0600);
	if (t->fd >= 0) {
		make_private(t->fd);
		return 0;
	}
	rc = pw_error_set(err, -errno, "cannot create %s: %s", t->path, strerror(errno));
	if (rc == -EEXIST)
		pw_error_remedy(err, "choose another name, or overwrite it with --force");
	return rc;
}

int pw_tape_init(struct pw_tape *t, const char *path, bool force, struct pw_error *err)
{
	int rc;

	memset(t, 0, sizeof(*t));
	t->path = path;
	rc = open_new(t, force, err);
	if (rc)
		return rc;
	rc = pw_recording_writer_create(write_all, t, &t->writer);
	if (!rc)
		return 0;
	pw_error_set(err, rc, "cannot write %s: %s", path, strerror(-rc));
	pw_tape_deinit(t);
	return rc;
}

static int flush(struct pw_tape *t)
{
	int rc = pw_recording_flush(t->writer);

	if (!rc)
		t->whole = t->bytes;
	return rc;
}

int pw_tape_write(void *tape, const struct pw_record *rec)
{
	struct pw_tape *t = tape;
	int rc = t->failed;

	if (rc)
		return rc;
	rc = pw_recording_write(t->writer, rec);
	if (!rc && rec->type == PW_REC_TICK)
		rc = flush(t);
	if (rc) {
		t->failed = rc;
		return rc;
	}
	t->records++;
	t->ticks += rec->type == PW_REC_TICK;
	return 0;
}

int pw_tape_finish(struct pw_tape *t, struct pw_error *err)
{
	int rc = t->failed;

	if (!rc)
		rc = flush(t);
	if (rc && ftruncate(t->fd, (off_t)t->whole))
		pw_error_set(err, rc, "cannot write %s: %s; its end is damaged", t->path,
			     strerror(-rc));
	else if (rc)
		pw_error_set(err, rc, "cannot write %s: %s; what was recorded before is kept",
			     t->path, strerror(-rc));
	else if (fsync(t->fd) && errno != EINVAL && errno != EROFS) /* pipes and devices can't */
		rc = pw_error_set(err, -errno, "cannot write %s: %s", t->path, strerror(errno));
	if (rc == -ENOSPC)
		pw_error_remedy(err, "free some space, or record elsewhere");
	return rc;
}

void pw_tape_deinit(struct pw_tape *t)
{
	pw_recording_writer_destroy(t->writer);
	t->writer = NULL;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
