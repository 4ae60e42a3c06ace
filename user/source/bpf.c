// SPDX-License-Identifier: GPL-2.0-or-later
/* The eBPF source: the table of functions and the order of an interval. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/bpf_private.h"
#include "user/source/bpf_vma.h"
#include "user/source/bpf_wipe.h"
#include "user/source/cgroups.h"
#include "user/source/machine.h"

static int tell_machine(struct pw_bpf *b, struct pw_error *err)
{
	struct pw_machine m;
	int rc;

	if (b->machine_told)
		return 0;
	rc = pw_machine_fill(&b->fs, "bpf", b->coverage, &m);
	if (rc)
		return pw_error_set(err, rc, "cannot read /proc/meminfo: %s", strerror(-rc));
	m.sample_every = b->coverage & PW_COVER_LEDGER ? b->opt.sample_every : 0;
	m.process_capacity = b->capacity;
	m.ledger_bytes = b->ledger_bytes;
	b->machine_told = true;
	return pw_bpf_deliver(b, &m.rec);
}

#define SETTLE_TRIES 16

/*
 * An event that comes between the drain and the count would be in the one and
 * not in the other: drain until they agree, which they do at once unless
 * processes come faster than this loop.
 */
static int settle_events(struct pw_bpf *b, struct pw_tick *t)
{
	int i, rc = 0;

	for (i = 0; i < SETTLE_TRIES && !rc; i++) {
		pw_bpf_cost_fill(b, t);
		if (t->events_tried == t->events_received + t->lost[PW_LOSS_RING_FULL])
			break;
		rc = pw_bpf_events_drain(b);
	}
	return rc;
}

static int tell_tick(struct pw_bpf *b, struct pw_error *err)
{
	struct pw_tick t;
	int rc = pw_machine_tick(&b->fs, b->sequence + 1, b->last_tick_ns, &t);

	if (rc)
		return pw_error_set(err, rc, "cannot read /proc/meminfo: %s", strerror(-rc));
	b->sequence = t.sequence;
	b->last_tick_ns = t.rec.time_ns;
	rc = settle_events(b, &t);
	if (rc)
		return rc;
	pw_bpf_slots_totals(b, &t);
	if (b->coverage & PW_COVER_LEDGER)
		pw_bpf_cost_watch_skips(b, &t);
	return pw_bpf_deliver(b, &t.rec);
}

static void begin_delivery(struct pw_bpf *b, pw_sink sink, void *ctx)
{
	b->sink = sink;
	b->sink_ctx = ctx;
	b->sink_result = 0;
}

static int collect(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct pw_bpf *b = (struct pw_bpf *)src;
	int rc;

	begin_delivery(b, sink, ctx);
	rc = tell_machine(b, err);
	if (!rc && b->wipes)
		rc = pw_bpf_wipe_drain(b);
	if (!rc)
		rc = pw_bpf_events_drain(b);
	if (!rc)
		rc = pw_bpf_slots_pass(b, err);
	if (!rc)
		rc = pw_bpf_identify_pending(b);
	if (!rc)
		rc = pw_bpf_slots_deliver(b);
	if (!rc && b->cgroups)
		rc = pw_cgroups_collect(b->cgroups, pw_clock_boot_ns(), sink, ctx);
	if (rc)
		return rc;
	pw_bpf_cost_step(b, pw_clock_boot_ns());
	if (b->wipes)
		pw_bpf_wipe_tick(b);
	rc = tell_tick(b, err);
	pw_bpf_slots_reclaim(b);
	if (b->coverage & PW_COVER_MIGRATION)
		pw_bpf_drop_unfinished_migrations(b);
	return rc;
}

static int drain(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct pw_bpf *b = (struct pw_bpf *)src;
	int rc;

	begin_delivery(b, sink, ctx);
	rc = tell_machine(b, err);
	if (!rc && b->wipes)
		rc = pw_bpf_wipe_drain(b);
	if (!rc)
		rc = pw_bpf_events_drain(b);
	if (!rc)
		rc = pw_bpf_identify_pending(b);
	pw_bpf_cost_step(b, pw_clock_boot_ns());
	return rc;
}

static int segments(struct pw_source *src, const struct pw_key *key, unsigned int flags,
		    pw_sink sink, void *ctx, struct pw_error *err)
{
	struct pw_bpf *b = (struct pw_bpf *)src;

	return pw_address_space_scan(&b->fs, b->coverage & PW_COVER_VMA_ITER ? &b->vmas : NULL, key,
				     flags, sink, ctx, err);
}

static int ring_fd(struct pw_source *src)
{
	struct pw_bpf *b = (struct pw_bpf *)src;

	return b->wipes ? pw_bpf_wipe_fd(b) : ring_buffer__epoll_fd(b->ring);
}

static void destroy(struct pw_source *src)
{
	struct pw_bpf *b = (struct pw_bpf *)src;

	pw_bpf_wipe_destroy(b);
	pw_cgroups_destroy(b->cgroups);
	pw_bpf_cost_deinit(b);
	pw_bpf_events_deinit(b);
	pw_bpf_known_deinit(b);
	pw_bpf_slots_deinit(b);
	pw_bpf_unload(b);
	free(b);
}

static const struct pw_source_ops bpf_ops = {
	.name = "bpf",
	.collect = collect,
	.drain = drain,
	.segments = segments,
	.fd = ring_fd,
	.destroy = destroy,
};

static void destroy_bpf(struct pw_bpf *b)
{
	if (b)
		destroy(&b->base);
}
PW_DEFINE_CLEANUP(struct pw_bpf, destroy_bpf)

int pw_source_bpf_create(const struct pw_source_options *opt, struct pw_source **ret,
			 struct pw_error *err)
{
	pw_cleanup(destroy_bpfp) struct pw_bpf *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return -ENOMEM;
	b->base.ops = &bpf_ops;
	b->base.live = true;
	b->opt = *opt;
	b->began_ns = pw_clock_boot_ns();
	pw_procfs_init(&b->fs, opt->root);
	pw_bpf_cost_init(b);
	rc = pw_bpf_load(b, err);
	if (!rc)
		rc = pw_bpf_known_init(b);
	if (!rc)
		rc = pw_bpf_slots_init(b, err);
	if (!rc)
		rc = pw_bpf_events_init(b, err);
	if (!rc)
		rc = pw_bpf_attach(b, err);
	if (!rc && b->opt.wipes.on)
		rc = pw_bpf_wipe_create(b, err);
	if (rc)
		return rc;
	/* The first pass gives every running process its slot. */
	rc = pw_bpf_slots_pass(b, err);
	if (rc)
		return rc;
	if (!b->opt.no_ledger && !b->opt.no_seed)
		pw_bpf_seed(b);
	/* A recorded tree has no living tasks to iterate over. */
	if (!opt->root && !pw_vma_provider_init(b->skel, &b->vmas))
		b->coverage |= PW_COVER_VMA_ITER;
	if (!pw_cgroups_create(&b->fs, b->opt.resources_every_ns, &b->cgroups))
		b->coverage |= PW_COVER_CGROUPS;
	if (pw_machine_sees_all(&b->fs))
		b->coverage |= PW_COVER_ALL_PROCESSES;
	*ret = &pw_steal(b)->base;
	return 0;
}
