// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's record stream: a recording that is still being made. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/key.h"
#include "user/source/http_client.h"
#include "user/source/playback.h"

#define OPEN_TIMEOUT_MS 5000
#define SEGMENTS_TIMEOUT_MS 30000 /* smaps of a big process takes seconds */
#define SEGMENT_RECORDS_MAX (1u << 17)

struct stream_source {
	struct pw_source source;
	char *path;
	struct pw_http_body body;
	struct pw_playback playback;
};

static int64_t read_body(void *ctx, void *bytes, size_t len)
{
	return pw_http_body_read(ctx, bytes, len);
}

static int open_body(const char *path, const char *target, int timeout_ms, struct pw_http_body *body,
		     struct pw_recording_reader **ret, struct pw_error *err)
{
	struct pw_error why = { 0 };
	int rc = pw_http_get(path, target, timeout_ms, body, err);

	if (rc)
		return rc;
	rc = pw_recording_reader_create(read_body, body, ret, &why);
	if (!rc)
		return 0;
	close(body->fd);
	body->fd = -1;
	pw_error_set(err, rc, "the daemon at %s: %s", path, why.what);
	if (rc == -EPROTONOSUPPORT)
		pw_error_remedy(err, "use the pagewarden that the daemon came with");
	return rc;
}

/* ---- intervals ------------------------------------------------------------------- */

static int broken(const struct stream_source *src, int rc, struct pw_error *err)
{
	pw_error_set(err, rc, "the daemon at %s broke off: %s", src->path, strerror(-rc));
	pw_error_remedy(err, "see what it said: journalctl -u pagewarden");
	return rc;
}

static int stream_collect(struct pw_source *source, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct stream_source *src = (struct stream_source *)source;
	int rc = pw_playback_interval(&src->playback, sink, ctx);

	if (rc == -ENODATA)
		pw_error_set(err, rc, "the daemon at %s ended the stream", src->path);
	else if (rc && rc == src->playback.input_error && rc != -EINTR)
		return broken(src, rc, err);
	return rc;
}

static int stream_fd(struct pw_source *source)
{
	return ((struct stream_source *)source)->body.fd;
}

/* ---- segments -------------------------------------------------------------------- */

struct segments_reply {
	const struct pw_key *key;
	struct pw_recording_reader *reader;
	uint32_t left; /* SEGMENTs that the SEGMENTS record announced */
	bool begun;
};

/* Whether rec is what must come next. -ESRCH: the pid is another process's now. */
static int expect(struct segments_reply *reply, const struct pw_record *rec)
{
	const struct pw_segments *head = (const void *)rec;

	if (reply->begun) {
		reply->left--;
		return rec->type == PW_REC_SEGMENT && rec->size >= sizeof(struct pw_segment) ?
			       0 :
			       -EPROTO;
	}
	if (rec->type == PW_REC_MACHINE)
		return 0;
	if (rec->type != PW_REC_SEGMENTS || rec->size < sizeof(*head) ||
	    head->segments > SEGMENT_RECORDS_MAX)
		return -EPROTO;
	if (!pw_key_same(&head->key, reply->key))
		return -ESRCH;
	reply->begun = true;
	reply->left = head->segments;
	return 0;
}

static int deliver_segments(struct segments_reply *reply, pw_sink sink, void *ctx)
{
	while (!reply->begun || reply->left) {
		const struct pw_record *rec;
		int rc = pw_recording_read(reply->reader, &rec);

		if (rc == -ENODATA || rc == -EBADMSG)
			return -EPROTO;
		if (!rc)
			rc = expect(reply, rec);
		if (!rc && rec->type != PW_REC_MACHINE)
			rc = sink(ctx, rec);
		if (rc)
			return rc;
	}
	return 0;
}

PW_DEFINE_CLEANUP(struct pw_recording_reader, pw_recording_reader_destroy)

static int stream_segments(struct pw_source *source, const struct pw_key *key, unsigned int flags,
			   pw_sink sink, void *ctx, struct pw_error *err)
{
	struct stream_source *src = (struct stream_source *)source;
	struct pw_recording_reader *reader pw_cleanup(pw_recording_reader_destroyp) = NULL;
	struct pw_http_body body = { .fd = -1 };
	struct segments_reply reply = { .key = key };
	pw_auto_close int fd = -1;
	char target[96];
	int rc;

	snprintf(target, sizeof(target), "/v1/segments/%" PRIu32 "%s%s", key->pid,
		 flags & PW_SEGMENT_SMAPS ? "?smaps=1" : "",
		 !(flags & PW_SEGMENT_EACH_VMA) ? "" :
		 flags & PW_SEGMENT_SMAPS	? "&each_vma=1" :
						  "?each_vma=1");
	rc = open_body(src->path, target, SEGMENTS_TIMEOUT_MS, &body, &reader, err);
	if (rc)
		return rc;
	fd = body.fd;
	reply.reader = reader;
	rc = deliver_segments(&reply, sink, ctx);
	if (rc == -ESRCH)
		pw_error_set(err, rc, "process %" PRIu32 " has ended", key->pid);
	else if (rc == -EPROTO)
		pw_error_set(err, rc, "the daemon at %s broke off its answer", src->path);
	return rc;
}

/* ---- the source ------------------------------------------------------------------ */

static void stream_destroy(struct pw_source *source)
{
	struct stream_source *src = (struct stream_source *)source;

	pw_playback_deinit(&src->playback);
	if (src->body.fd >= 0)
		close(src->body.fd);
	free(src->path);
	free(src);
}

static const struct pw_source_ops stream_ops = {
	.name = "stream",
	.collect = stream_collect,
	.segments = stream_segments,
	.fd = stream_fd,
	.destroy = stream_destroy,
};

static int open_stream(struct stream_source *src, const char *path, const char *target,
		       struct pw_error *err)
{
	struct pw_recording_reader *reader;
	int rc;

	src->path = strdup(path);
	if (!src->path)
		return pw_error_set(err, -ENOMEM, "no memory for the daemon's stream");
	rc = open_body(path, target, OPEN_TIMEOUT_MS, &src->body, &reader, err);
	if (rc == -ESRCH)
		return pw_error_set(err, -EPROTO, "the daemon at %s has no record stream at %s",
				    path, target);
	if (rc)
		return rc;
	src->body.timeout_ms = -1; /* the daemon sets the pace */
	pw_playback_init(&src->playback, reader, false);
	return 0;
}

static int create(const char *socket_path, const char *target, struct pw_source **ret,
		  struct pw_error *err)
{
	struct stream_source *src = calloc(1, sizeof(*src));
	int rc;

	if (!src)
		return pw_error_set(err, -ENOMEM, "no memory for the daemon's stream");
	src->source.ops = &stream_ops;
	src->body.fd = -1;
	rc = open_stream(src, socket_path, target, err);
	if (rc) {
		stream_destroy(&src->source);
		return rc;
	}
	*ret = &src->source;
	return 0;
}

int pw_source_stream_create(const char *socket_path, struct pw_source **ret, struct pw_error *err)
{
	return create(socket_path, "/v1/stream", ret, err);
}

int pw_source_secrets_create(const char *socket_path, struct pw_source **ret, struct pw_error *err)
{
	return create(socket_path, "/v1/secrets/records", ret, err);
}
