// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/source.h"

#include <errno.h>

int pw_source_collect(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err)
{
	return src->ops->collect(src, sink, ctx, err);
}

int pw_source_drain(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err)
{
	return src->ops->drain ? src->ops->drain(src, sink, ctx, err) : 0;
}

int pw_source_segments(struct pw_source *src, const struct pw_key *key, unsigned int flags,
		       pw_sink sink, void *ctx, struct pw_error *err)
{
	if (src->ops->segments)
		return src->ops->segments(src, key, flags, sink, ctx, err);
	pw_error_set(err, -EOPNOTSUPP, "the source \"%s\" cannot look into a process now",
		     src->ops->name);
	pw_error_remedy(err, "ask for the segments on the live machine, while the process runs");
	return -EOPNOTSUPP;
}

int pw_source_fd(struct pw_source *src)
{
	return src->ops->fd ? src->ops->fd(src) : -1;
}

void pw_source_destroy(struct pw_source *src)
{
	if (src)
		src->ops->destroy(src);
}
