// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What Pagewarden costs and what it lost. The kernel times BPF programs only
 * on demand, and the timing itself costs; so a window of some 50 ms is opened
 * every 10 s, between two calls of the source and without waiting, and its
 * share of CPU stands for the time until the next.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf/pagewarden.skel.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/bpf_private.h"
#include "user/source/bpf_wipe.h"
#include "user/source/cgroups.h"

#define WINDOW_NS (50 * PW_NSEC_PER_MSEC)
#define PERIOD_NS (10 * PW_NSEC_PER_SEC)

struct program_sums {
	uint64_t run_ns;
	uint64_t misses;
};

static void add_programs(struct bpf_object *obj, struct program_sums *sums)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
	{
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);
		int fd = bpf_program__fd(prog);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		sums->run_ns += info.run_time_ns;
		sums->misses += info.recursion_misses;
	}
}

static struct program_sums sum_programs(struct pw_bpf *b)
{
	struct program_sums sums = {};

	add_programs(b->skel->obj, &sums);
	if (pw_bpf_wipe_object(b))
		add_programs(pw_bpf_wipe_object(b), &sums);
	return sums;
}

void pw_bpf_cost_init(struct pw_bpf *b)
{
	b->cost.stats_fd = -1;
	b->cost.told_until_ns = pw_clock_boot_ns();
}

void pw_bpf_cost_deinit(struct pw_bpf *b)
{
	pw_closep(&b->cost.stats_fd);
}

/* The time since the last account, at the share that the last window measured. */
static void account(struct pw_cost *c, uint64_t now_ns)
{
	c->bpf_ns += (uint64_t)((double)(now_ns - c->told_until_ns) * c->share);
	c->told_until_ns = now_ns;
}

void pw_bpf_cost_step(struct pw_bpf *b, uint64_t now_ns)
{
	struct pw_cost *c = &b->cost;

	if (c->stats_fd < 0) {
		if (now_ns < c->next_window_ns)
			return;
		c->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
		c->window_start_ns = now_ns;
		c->next_window_ns = now_ns + PERIOD_NS;
		c->run_start_ns = sum_programs(b).run_ns;
		return;
	}
	if (now_ns < c->window_start_ns + WINDOW_NS)
		return;
	account(c, c->window_start_ns);
	c->share = (double)(sum_programs(b).run_ns - c->run_start_ns) /
		   (double)(now_ns - c->window_start_ns);
	close(c->stats_fd);
	c->stats_fd = -1;
	account(c, now_ns);
}

static void sum_stats(struct pw_bpf *b, struct pw_stats *ret)
{
	struct pw_stats sum = {}, *each;
	uint32_t zero = 0, cpu, i, cpus = b->kernel.possible_cpus;

	each = calloc(cpus, sizeof(*each));
	if (!each || bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.stats), &zero, each)) {
		free(each);
		*ret = sum;
		return;
	}
	for (cpu = 0; cpu < cpus; cpu++) {
		sum.events_tried += each[cpu].events_tried;
		sum.stale_freed += each[cpu].stale_freed;
		for (i = 0; i < PW_LOSS_CAUSES; i++)
			sum.lost[i] += each[cpu].lost[i];
	}
	free(each);
	*ret = sum;
}

static uint64_t skips_of(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.recursion_misses;
}

void pw_bpf_cost_watch_skips(struct pw_bpf *b, const struct pw_tick *t)
{
	uint64_t skips = skips_of(b->skel->progs.page_alloc) + skips_of(b->skel->progs.page_free);
	uint64_t pages = t->ledger_touched_pages + t->ledger_freed_pages;

	pw_bpf_attach_twins(b, skips - b->last_skips, pages - b->last_pages);
	b->last_skips = skips;
	b->last_pages = pages;
}

void pw_bpf_cost_fill(struct pw_bpf *b, struct pw_tick *t)
{
	struct pw_stats stats;
	uint32_t i;

	sum_stats(b, &stats);
	for (i = 0; i < PW_LOSS_CAUSES; i++)
		t->lost[i] = b->lost[i] + stats.lost[i];
	t->lost[PW_LOSS_NAMES_FULL] += pw_cgroups_lost(b->cgroups);
	t->lost[PW_LOSS_RECURSION] += sum_programs(b).misses;
	t->events_tried = stats.events_tried;
	t->events_received = b->events_received;
	t->ledger_freed_pages = stats.stale_freed; /* pw_bpf_slots_totals adds the rest */
	if (b->cost.stats_fd < 0)
		account(&b->cost, t->rec.time_ns);
	t->bpf_ns = b->cost.bpf_ns;
}
