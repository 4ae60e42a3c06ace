// SPDX-License-Identifier: GPL-2.0-or-later
/* Records in memory: what the tests, and whoever holds a decoded trace, play. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/source/source.h"

struct array_source {
	struct pw_source source;
	const uint8_t *bytes;
	size_t len, at;
	/* The caller's bytes may lie at any alignment; a record handed on may not. */
	_Alignas(8) uint8_t record[PW_RECORD_MAX];
};

/* The next record into src->record; 0, -ENODATA, or -EBADMSG with *err filled. */
static int next_record(struct array_source *src, struct pw_error *err)
{
	size_t left = src->len - src->at;
	struct pw_record rec;

	if (!left)
		return -ENODATA;
	if (left >= sizeof(rec))
		memcpy(&rec, src->bytes + src->at, sizeof(rec));
	if (left < sizeof(rec) || rec.size < sizeof(rec) || rec.size % 8 ||
	    rec.size > PW_RECORD_MAX || rec.size > left) {
		size_t at = src->at;

		src->at = src->len; /* what follows a wrong size cannot be found */
		return pw_error_set(err, -EBADMSG, "record at byte %zu: its size is wrong", at);
	}
	memcpy(src->record, src->bytes + src->at, rec.size);
	src->at += rec.size;
	return 0;
}

static int array_collect(struct pw_source *source, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct array_source *src = (struct array_source *)source;
	const struct pw_record *rec = (const void *)src->record;
	int ret;

	do {
		ret = next_record(src, err);
		if (!ret)
			ret = sink(ctx, rec);
	} while (!ret && rec->type != PW_REC_TICK);
	return ret;
}

static void array_destroy(struct pw_source *source)
{
	free(source);
}

static const struct pw_source_ops array_ops = {
	.name = "array",
	.collect = array_collect,
	.destroy = array_destroy,
};

int pw_source_array_create(const void *bytes, size_t len, struct pw_source **ret)
{
	struct array_source *src = calloc(1, sizeof(*src));

	if (!src)
		return -ENOMEM;
	src->source.ops = &array_ops;
	src->bytes = bytes;
	src->len = len;
	*ret = &src->source;
	return 0;
}
