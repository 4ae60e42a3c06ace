// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/store/replay_wipes.h"

#include <string.h>

struct telling {
	pw_sink sink;
	void *ctx;
};

union buffer {
	struct pw_record rec;
	struct pw_wipe wipe;
	struct pw_release release;
	struct pw_secret secret;
	uint8_t bytes[PW_RECORD_MAX];
};

static uint16_t append(union buffer *b, const char *text)
{
	size_t len = strnlen(text, PW_RECORD_MAX / 4); /* three of them fit */

	memcpy(b->bytes + b->rec.size, text, len);
	b->rec.size += len;
	return (uint16_t)len;
}

static void finish(union buffer *b)
{
	size_t padding = -(size_t)b->rec.size & 7;

	memset(b->bytes + b->rec.size, 0, padding);
	b->rec.size += padding;
}

/* Times of a boot become realtime, keys with them: a range may hold several boots. */
static int tell(void *ctx, const struct pw_store_wipe *w)
{
	const uint64_t boot_ns = w->time_ns - w->rec->time_ns;
	struct telling *t = ctx;
	union buffer b;

	memcpy(&b, w->rec, w->rec->size);
	b.rec.time_ns = w->time_ns;
	switch (b.rec.type) {
	case PW_REC_WIPE:
		b.wipe.key.start_ns += boot_ns;
		b.wipe.file_len = append(&b, w->file);
		b.wipe.symbol_len = append(&b, w->symbol);
		b.wipe.exe_len = append(&b, w->exe);
		break;
	case PW_REC_RELEASE:
		b.release.key.start_ns += boot_ns;
		b.release.wipe_time_ns += b.release.wipe_time_ns ? boot_ns : 0;
		b.release.file_len = append(&b, w->file);
		b.release.symbol_len = append(&b, w->symbol);
		b.release.exe_len = append(&b, w->exe);
		break;
	default:
		b.secret.key.start_ns += boot_ns;
	}
	finish(&b);
	return t->sink(t->ctx, &b.rec);
}

int pw_store_replay_wipes(struct pw_store *s, uint64_t from_ns, uint64_t to_ns, pw_sink sink,
			  void *ctx)
{
	struct telling t = { sink, ctx };

	return pw_store_each_wipe(s, from_ns, to_ns, tell, &t);
}
