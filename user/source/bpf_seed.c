// SPDX-License-Identifier: GPL-2.0-or-later
/* Seeds the ledger with every process that ran before it, oldest first. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bpf/pagewarden.skel.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/bpf_private.h"
#include "user/source/seed.h"

#define SEED_NS (3 * PW_NSEC_PER_SEC)

static int by_start(const void *a, const void *b)
{
	const struct pw_slot *const *x = a, *const *y = b;

	if ((*x)->start_ns != (*y)->start_ns)
		return (*x)->start_ns < (*y)->start_ns ? -1 : 1;
	return (*x)->pid < (*y)->pid ? -1 : (*x)->pid > (*y)->pid;
}

static int seed_one(struct pw_seed *seed, struct pw_slot *slot, uint64_t birth)
{
	struct pw_key key = { .pid = slot->pid, .start_ns = slot->start_ns };
	uint64_t pages = 0;
	int rc = pw_seed_process(seed, &key, slot->id | birth << 32, &pages);

	__atomic_fetch_add(&slot->seeded, pages, __ATOMIC_RELAXED);
	return rc;
}

/* Every active slot in turn; returns how many could not be seeded. */
static uint32_t seed_all(struct pw_bpf *b, struct pw_seed *seed)
{
	pw_auto_free struct pw_slot **order = calloc(b->active_count + 1, sizeof(*order));
	uint64_t birth = b->began_ns >> PW_BIRTH_SHIFT;
	uint32_t i, failed = 0;

	if (!order)
		return b->active_count;
	for (i = 0; i < b->active_count; i++)
		order[i] = &b->slots[b->active[i]];
	qsort(order, b->active_count, sizeof(*order), by_start);
	for (i = 0; i < b->active_count; i++) {
		int rc = seed_one(seed, order[i], birth);

		/* A process that ended meanwhile has no pages to seed. */
		failed += rc && rc != -ESRCH;
	}
	return failed;
}

void pw_bpf_seed(struct pw_bpf *b)
{
	size_t bytes = b->ledger_entries * sizeof(uint64_t);
	struct pw_seed seed = {
		.fs = &b->fs,
		.ledger = pw_bpf_map_memory(b->skel->maps.ledger, bytes),
		.sample_shift = b->sample_shift,
		.max_pfn = b->kernel.max_pfn,
		.until_ns = pw_clock_boot_ns() + SEED_NS,
	};
	uint32_t failed = b->active_count;

	if (seed.ledger && !pw_seed_init(&seed)) {
		failed = seed_all(b, &seed);
		b->coverage |= PW_COVER_SEEDED;
	}
	b->lost[PW_LOSS_SEED_FAILED] += failed;
	pw_seed_deinit(&seed);
	/* Not kept: its pages would count as ours. */
	if (seed.ledger)
		munmap(seed.ledger, bytes);
}
