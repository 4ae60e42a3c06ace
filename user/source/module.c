// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's own ring, for who has no BPF: SECRET records, and WIPE records
 * of the module's verified wipes. No counters, no other wipes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/key.h"
#include "user/inspect/identity.h"
#include "user/source/machine.h"
#include "user/source/module_device.h"
#include "user/source/source.h"

#define READ_BYTES 65536
#define TOLD_MAX 1024 /* processes whose identity was told; then it begins anew */

struct module_source {
	struct pw_source source;
	struct pw_procfs fs;
	int fd;
	uint64_t ticks, last_tick_ns, records;
	struct pw_key told[TOLD_MAX];
	size_t told_count;
	pw_sink sink;
	void *ctx;
	uint64_t buffer[READ_BYTES / sizeof(uint64_t)]; /* records are aligned to 8 */
	uint64_t identity[PW_RECORD_MAX / sizeof(uint64_t)];
};

/* ---- records ----------------------------------------------------------------------- */

static bool is_told(const struct module_source *src, const struct pw_key *key)
{
	for (size_t i = 0; i < src->told_count; i++) {
		if (pw_key_same(&src->told[i], key))
			return true;
	}
	return false;
}

/* Who it is, before the first record about it. A process that is gone stays without. */
static int tell_identity(struct module_source *src, const struct pw_key *key)
{
	struct pw_identity *id;

	if (is_told(src, key))
		return 0;
	if (src->told_count == TOLD_MAX)
		src->told_count = 0;
	src->told[src->told_count++] = *key;
	if (pw_identity_read(&src->fs, key, src->identity, sizeof(src->identity), &id))
		return 0;
	id->rec.time_ns = pw_machine_now_ns(&src->fs);
	return src->sink(src->ctx, &id->rec);
}

static const struct pw_key *key_of(const struct pw_record *rec)
{
	if (rec->type == PW_REC_SECRET && rec->size >= sizeof(struct pw_secret))
		return &((const struct pw_secret *)rec)->key;
	if (rec->type == PW_REC_WIPE && rec->size >= sizeof(struct pw_wipe))
		return &((const struct pw_wipe *)rec)->key;
	return NULL;
}

static int give(struct module_source *src, const struct pw_record *rec)
{
	const struct pw_key *key = key_of(rec);
	int rc = key ? tell_identity(src, key) : 0;

	src->records++;
	return rc ? rc : src->sink(src->ctx, rec);
}

static int give_all(struct module_source *src, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)src->buffer;
	size_t at = 0;
	int rc = 0;

	while (!rc && len - at >= sizeof(struct pw_record)) {
		const struct pw_record *rec = (const void *)(bytes + at);

		if (rec->size < sizeof(*rec) || rec->size % 8 || rec->size > len - at)
			return -EPROTO;
		rc = give(src, rec);
		at += rec->size;
	}
	return rc;
}

static int read_events(struct module_source *src, struct pw_error *err)
{
	for (;;) {
		ssize_t n = read(src->fd, src->buffer, sizeof(src->buffer));
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && errno == EAGAIN))
			return 0;
		if (n < 0)
			return pw_error_set(err, -errno, "cannot read " PW_DEV_PATH ": %s",
					    strerror(errno));
		rc = give_all(src, (size_t)n);
		if (rc == -EPROTO)
			pw_error_set(err, rc, PW_DEV_PATH " gave a damaged record");
		if (rc)
			return rc;
	}
}

/* ---- intervals --------------------------------------------------------------------- */

static int give_watch(void *ctx, const struct pw_secret *s)
{
	return give(ctx, &s->rec);
}

static int begin(struct module_source *src, struct pw_error *err)
{
	struct pw_machine m;
	int rc = pw_machine_fill(&src->fs, "module", PW_COVER_MODULE, &m);

	if (rc)
		return pw_error_set(err, rc, "cannot read /proc/meminfo: %s", strerror(-rc));
	rc = src->sink(src->ctx, &m.rec);
	/* the ring began with the open, so that nothing is missed between the two */
	rc = rc ? rc : pw_module_watches(src->fd, give_watch, src);
	return rc < 0 ? pw_error_set(err, rc, "cannot list the watches: %s", strerror(-rc)) : rc;
}

static int end_interval(struct module_source *src, struct pw_error *err)
{
	struct pw_dev_info info;
	struct pw_tick t;
	int rc = pw_machine_tick(&src->fs, ++src->ticks, src->last_tick_ns, &t);

	if (rc)
		return pw_error_set(err, rc, "cannot read /proc/meminfo: %s", strerror(-rc));
	if (!pw_module_info(src->fd, &info))
		t.lost[PW_LOSS_RING_FULL] = info.reader_lost;
	t.events_received = src->records;
	t.events_tried = src->records + t.lost[PW_LOSS_RING_FULL];
	src->last_tick_ns = t.rec.time_ns;
	return src->sink(src->ctx, &t.rec);
}

static int module_drain(struct pw_source *source, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct module_source *src = (struct module_source *)source;

	if (!src->ticks)
		return 0; /* the machine comes first */
	src->sink = sink;
	src->ctx = ctx;
	return read_events(src, err);
}

static int module_collect(struct pw_source *source, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct module_source *src = (struct module_source *)source;
	int rc;

	src->sink = sink;
	src->ctx = ctx;
	rc = src->ticks ? 0 : begin(src, err);
	rc = rc ? rc : read_events(src, err);
	return rc ? rc : end_interval(src, err);
}

static int module_fd(struct pw_source *source)
{
	return ((struct module_source *)source)->fd;
}

static void module_destroy(struct pw_source *source)
{
	struct module_source *src = (struct module_source *)source;

	close(src->fd);
	free(src);
}

static const struct pw_source_ops module_ops = {
	.name = "module",
	.collect = module_collect,
	.drain = module_drain,
	.fd = module_fd,
	.destroy = module_destroy,
};

int pw_source_module_create(struct pw_source **ret, struct pw_error *err)
{
	struct module_source *src = calloc(1, sizeof(*src));
	int rc;

	if (!src)
		return pw_error_set(err, -ENOMEM, "no memory to read the module's events");
	rc = pw_module_open(&src->fd, err);
	if (rc) {
		free(src);
		return rc;
	}
	src->source.ops = &module_ops;
	src->source.live = true;
	pw_procfs_init(&src->fs, NULL);
	*ret = &src->source;
	return 0;
}
