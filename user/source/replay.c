// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/source/playback.h"

struct replay_source {
	struct pw_source source;
	int fd;
	char *path;
	struct pw_playback playback;
};

static int64_t read_file(void *ctx, void *bytes, size_t len)
{
	struct replay_source *src = ctx;
	ssize_t n = read(src->fd, bytes, len);

	return n < 0 ? -errno : n;
}

static int replay_collect(struct pw_source *source, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct replay_source *src = (struct replay_source *)source;
	int rc = pw_playback_interval(&src->playback, sink, ctx);

	if (rc == -ENODATA)
		pw_error_set(err, rc, "%s ends here", src->path);
	else if (rc && rc == src->playback.input_error)
		pw_error_set(err, rc, "cannot read %s: %s", src->path, strerror(-rc));
	return rc;
}

static void replay_destroy(struct pw_source *source)
{
	struct replay_source *src = (struct replay_source *)source;

	pw_playback_deinit(&src->playback);
	if (src->fd >= 0)
		close(src->fd);
	free(src->path);
	free(src);
}

static const struct pw_source_ops replay_ops = {
	.name = "replay",
	.collect = replay_collect,
	.destroy = replay_destroy,
};

static int open_recording(struct replay_source *src, const char *path, struct pw_error *err)
{
	struct pw_recording_reader *reader;
	struct pw_error why = { 0 };
	int rc;

	src->path = strdup(path);
	if (!src->path)
		return pw_error_set(err, -ENOMEM, "no memory to replay %s", path);
	src->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (src->fd < 0)
		return pw_error_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	rc = pw_recording_reader_create(read_file, src, &reader, &why);
	if (rc) {
		pw_error_set(err, rc, "%s: %s", path, why.what);
		pw_error_remedy(err, "%s",
				rc == -EINVAL ? "give it a file that 'pagewarden record' made" :
						why.remedy);
		return rc;
	}
	pw_playback_init(&src->playback, reader, true);
	return 0;
}

int pw_source_replay_create(const char *path, struct pw_source **ret, struct pw_error *err)
{
	struct replay_source *src = calloc(1, sizeof(*src));
	int rc;

	if (!src)
		return pw_error_set(err, -ENOMEM, "no memory to replay %s", path);
	src->source.ops = &replay_ops;
	src->fd = -1;
	rc = open_recording(src, path, err);
	if (rc) {
		replay_destroy(&src->source);
		return rc;
	}
	*ret = &src->source;
	return 0;
}

uint64_t pw_source_replay_damaged(const struct pw_source *src)
{
	return src->ops == &replay_ops ?
		       pw_playback_damaged(&((const struct replay_source *)src)->playback) :
		       0;
}
