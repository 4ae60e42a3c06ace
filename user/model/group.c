// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/group_table.h"
#include "user/model/intern.h"

uint64_t pw_group_footprint(const struct pw_group *g)
{
	return g->anon_pages + g->shmem_pages + g->swap_pages;
}

/* The group's strings are interned: equal pointers are equal names. */
struct group_key {
	const char *exe, *cgroup;
};

static uint64_t key_hash(const struct group_key *key)
{
	return pw_hash_mix((uintptr_t)key->exe) ^ pw_hash_mix((uintptr_t)key->cgroup + 1);
}

static uint64_t group_hash(const struct pw_group *g)
{
	const struct group_key key = { g->exe, g->cgroup };

	return key_hash(&key);
}

static bool same_key(const void *item, const void *key)
{
	const struct pw_group *g = item;
	const struct group_key *k = key;

	return g->exe == k->exe && g->cgroup == k->cgroup;
}

int pw_group_order(const struct pw_group *a, const struct pw_group *b)
{
	int order = strcmp(a->exe, b->exe);

	return order ? order : strcmp(a->cgroup, b->cgroup);
}

/* Which of two empty groups goes first; never the table's order, which is not reproducible. */
static bool goes_before(const struct pw_group *a, const struct pw_group *b)
{
	if (a->last_seen_ns != b->last_seen_ns)
		return a->last_seen_ns < b->last_seen_ns;
	return pw_group_order(a, b) < 0;
}

static void group_destroy(struct pw_model *m, struct pw_group *g)
{
	pw_intern_put(m->strings, g->exe);
	pw_intern_put(m->strings, g->cgroup);
	pw_intern_put(m->strings, g->unit);
	pw_intern_put(m->strings, g->container);
	free(g);
}

static bool forget_oldest_empty(struct pw_model *m)
{
	struct pw_group *oldest = NULL;

	for (size_t i = 0; i < m->groups.capacity; i++) {
		struct pw_group *g = m->groups.slots[i].item;

		if (g && !g->members && (!oldest || goes_before(g, oldest)))
			oldest = g;
	}
	if (!oldest)
		return false;
	pw_hash_remove(&m->groups, group_hash(oldest), oldest);
	group_destroy(m, oldest);
	return true;
}

/* Takes over the key's reference to exe when it succeeds. */
static int group_create(struct pw_model *m, const struct group_key *key,
			const struct pw_process *first, uint64_t time_ns, struct pw_group **ret)
{
	struct pw_group *g;
	int err;

	if (m->groups.used >= m->groups.limit && !forget_oldest_empty(m))
		return -ENOSPC;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	err = pw_hash_insert(&m->groups, key_hash(key), g);
	if (err) {
		free(g);
		return err;
	}
	g->exe = key->exe;
	g->cgroup = pw_intern_again(key->cgroup);
	g->unit = pw_intern_again(first->unit);
	g->container = pw_intern_again(first->container);
	g->first_seen_ns = g->last_seen_ns = time_ns;
	pw_series_init(&g->footprint);
	*ret = g;
	return 0;
}

static int find_or_create(struct pw_model *m, const struct pw_process *p, uint64_t time_ns,
			  struct pw_group **ret)
{
	struct group_key key = { .cgroup = p->cgroup };
	struct pw_group *g;
	int err = pw_intern_get(m->strings, p->exe, SIZE_MAX, &key.exe);

	if (err)
		return err;
	g = pw_hash_find(&m->groups, key_hash(&key), same_key, &key);
	if (!g) {
		err = group_create(m, &key, p, time_ns, ret);
		if (err)
			pw_intern_put(m->strings, key.exe);
		return err;
	}
	pw_intern_put(m->strings, key.exe); /* the group has its own */
	*ret = g;
	return 0;
}

static void link_member(struct pw_group *g, struct pw_process *p)
{
	p->group = g;
	p->prev_in_group = NULL;
	p->next_in_group = g->members;
	if (g->members)
		g->members->prev_in_group = p;
	g->members = p;
	g->born++;
	if (p->alive)
		g->alive++;
	else
		g->died++;
}

int pw_group_join(struct pw_model *m, struct pw_process *p, uint64_t time_ns)
{
	struct pw_group *g;
	int err = find_or_create(m, p, time_ns, &g);

	if (err == -ENOSPC) {
		m->own_lost[PW_LOSS_NAMES_FULL]++;
		pw_group_leave(p);
		return 0;
	}
	if (err)
		return err;
	if (g == p->group)
		return 0;
	pw_group_leave(p);
	link_member(g, p);
	return 0;
}

void pw_group_died(struct pw_process *p)
{
	if (!p->group)
		return;
	p->group->alive--;
	p->group->died++;
}

void pw_group_revived(struct pw_process *p)
{
	if (!p->group)
		return;
	p->group->alive++;
	p->group->died--;
}

void pw_group_leave(struct pw_process *p)
{
	struct pw_group *g = p->group;

	if (!g)
		return;
	if (p->prev_in_group)
		p->prev_in_group->next_in_group = p->next_in_group;
	else
		g->members = p->next_in_group;
	if (p->next_in_group)
		p->next_in_group->prev_in_group = p->prev_in_group;
	if (p->alive)
		g->alive--;
	p->group = NULL;
	p->next_in_group = p->prev_in_group = NULL;
}

static void clear_sums(struct pw_group *g)
{
	g->anon_pages = g->file_pages = g->shmem_pages = g->swap_pages = 0;
	g->page_table_bytes = g->virtual_pages = 0;
	g->ledger_live_pages = g->ledger_touched_pages = g->ledger_freed_pages = 0;
	g->minor_faults = g->major_faults = g->threads = 0;
	g->minor_faults_rate = g->major_faults_rate = 0;
	g->touched_rate = g->freed_rate = g->cpu_share = 0;
}

void pw_group_sums_begin(struct pw_model *m)
{
	for (size_t i = 0; i < m->groups.capacity; i++) {
		if (m->groups.slots[i].item)
			clear_sums(m->groups.slots[i].item);
	}
}

void pw_group_sums_add(const struct pw_process *p)
{
	struct pw_group *g = p->group;

	if (!g)
		return;
	g->anon_pages += p->now.anon_pages;
	g->file_pages += p->now.file_pages;
	g->shmem_pages += p->now.shmem_pages;
	g->swap_pages += p->now.swap_pages;
	g->page_table_bytes += p->now.page_table_bytes;
	g->virtual_pages += p->now.virtual_pages;
	g->ledger_live_pages += p->now.ledger_live_pages;
	g->ledger_touched_pages += p->now.ledger_touched_pages;
	g->ledger_freed_pages += p->now.ledger_freed_pages;
	g->minor_faults += p->now.minor_faults;
	g->major_faults += p->now.major_faults;
	g->threads += p->now.threads;
	g->minor_faults_rate += p->minor_faults_rate;
	g->major_faults_rate += p->major_faults_rate;
	g->touched_rate += p->touched_rate;
	g->freed_rate += p->freed_rate;
	g->cpu_share += p->cpu_share;
}

void pw_group_sums_end(struct pw_model *m, uint64_t time_ns)
{
	for (size_t i = 0; i < m->groups.capacity; i++) {
		struct pw_group *g = m->groups.slots[i].item;
		uint64_t pages;

		if (!g)
			continue;
		pages = pw_group_footprint(g);
		if (g->alive)
			g->last_seen_ns = time_ns;
		if (!g->footprint.started)
			g->first_footprint_pages = pages;
		else if (pw_series_last(&g->footprint) == pages)
			continue; /* a gap repeats the last value */
		pw_series_add(&g->footprint, time_ns, pages);
	}
}

void pw_groups_clear(struct pw_model *m)
{
	for (size_t i = 0; i < m->groups.capacity; i++) {
		if (m->groups.slots[i].item)
			group_destroy(m, m->groups.slots[i].item);
	}
	pw_hash_deinit(&m->groups);
}
