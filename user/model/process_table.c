// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/process_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/key.h"
#include "user/model/group_table.h"
#include "user/model/intern.h"
#include "user/model/segment_set.h"

int pw_process_order(const struct pw_process *a, const struct pw_process *b)
{
	if (a->key.pid != b->key.pid)
		return a->key.pid < b->key.pid ? -1 : 1;
	return (a->key.start_ns > b->key.start_ns) - (a->key.start_ns < b->key.start_ns);
}

static uint64_t key_hash(const struct pw_key *key)
{
	return pw_hash_mix(pw_hash_mix(key->pid) ^ pw_key_tick(key));
}

static uint64_t pid_hash(uint32_t pid)
{
	return pw_hash_mix(pid);
}

static bool same_key(const void *item, const void *key)
{
	return pw_key_same(&((const struct pw_process *)item)->key, key);
}

static bool same_pid(const void *item, const void *pid)
{
	return ((const struct pw_process *)item)->key.pid == *(const uint32_t *)pid;
}

struct pw_process *pw_model_process(const struct pw_model *m, const struct pw_key *key)
{
	return pw_hash_find(&m->processes, key_hash(key), same_key, key);
}

static struct pw_process *living(const struct pw_model *m, uint32_t pid)
{
	return pw_hash_find(&m->pids, pid_hash(pid), same_pid, &pid);
}

struct pw_process *pw_model_pid(const struct pw_model *m, uint32_t pid)
{
	struct pw_process *p = living(m, pid);

	if (p)
		return p;
	for (p = m->newest_dead; p && p->key.pid != pid; p = p->older_dead)
		;
	return p;
}

/* Rows that a view holds, the baseline's included: they cost memory too. */
static size_t rows_of(const struct pw_segment_set *set)
{
	return set ? set->count + set->baseline_count : 0;
}

static void drop_segments(struct pw_model *m, struct pw_process *p)
{
	m->segment_rows -= rows_of(p->segments);
	pw_segment_set_destroy(p->segments);
	p->segments = NULL;
}

static struct pw_process *oldest_view(const struct pw_model *m, const struct pw_process *except)
{
	struct pw_process *oldest = NULL;

	for (size_t i = 0; i < m->processes.capacity; i++) {
		struct pw_process *p = m->processes.slots[i].item;

		if (!p || p == except || !p->segments)
			continue;
		if (!oldest || p->segments->head.rec.time_ns < oldest->segments->head.rec.time_ns)
			oldest = p;
	}
	return oldest;
}

int pw_process_take_segments(struct pw_model *m, struct pw_process *p, struct pw_segment_pending *view)
{
	int err;

	m->segment_rows -= rows_of(p->segments);
	err = pw_segment_set_take(&p->segments, view);
	m->segment_rows += rows_of(p->segments);
	while (m->segment_rows > PW_MODEL_SEGMENT_ROWS) {
		struct pw_process *oldest = oldest_view(m, p);

		if (!oldest)
			break; /* one view alone has at most half of that */
		drop_segments(m, oldest);
	}
	return err;
}

static void process_free(struct pw_model *m, struct pw_process *p)
{
	drop_segments(m, p);
	pw_intern_put(m->strings, p->cgroup);
	pw_intern_put(m->strings, p->unit);
	pw_intern_put(m->strings, p->container);
	free(p->exe);
	free(p->cmdline);
	free(p);
}

static void unlink_dead(struct pw_model *m, struct pw_process *p)
{
	if (p->newer_dead)
		p->newer_dead->older_dead = p->older_dead;
	else
		m->newest_dead = p->older_dead;
	if (p->older_dead)
		p->older_dead->newer_dead = p->newer_dead;
	else
		m->oldest_dead = p->newer_dead;
	p->newer_dead = p->older_dead = NULL;
	m->dead--;
}

static void forget(struct pw_model *m, struct pw_process *p)
{
	unlink_dead(m, p);
	pw_group_leave(p);
	pw_hash_remove(&m->processes, p->hash, p);
	process_free(m, p);
}

void pw_process_retire(struct pw_model *m, struct pw_process *p, uint64_t time_ns)
{
	if (p->sampled)
		pw_series_add(&p->footprint, time_ns, pw_process_footprint(p));
	p->sampled = false;
	p->alive = false;
	p->exit_ns = time_ns;
	p->has_rates = false;
	p->minor_faults_rate = p->major_faults_rate = 0;
	p->touched_rate = p->freed_rate = p->cpu_share = 0;
	pw_group_died(p);
	pw_hash_remove(&m->pids, pid_hash(p->key.pid), p);
	m->alive--;

	p->older_dead = m->newest_dead;
	if (m->newest_dead)
		m->newest_dead->newer_dead = p;
	else
		m->oldest_dead = p;
	m->newest_dead = p;
	m->dead++;
	while (m->dead > m->limits.dead)
		forget(m, m->oldest_dead);
}

bool pw_process_revive(struct pw_model *m, struct pw_process *p)
{
	if (living(m, p->key.pid) || pw_hash_insert(&m->pids, pid_hash(p->key.pid), p))
		return false;
	unlink_dead(m, p);
	p->alive = true;
	p->exit_ns = 0;
	pw_group_revived(p);
	m->alive++;
	return true;
}

void pw_process_rebase(struct pw_process *p)
{
	p->prev_minor_faults = p->now.minor_faults;
	p->prev_major_faults = p->now.major_faults;
	p->prev_touched = p->now.ledger_touched_pages;
	p->prev_freed = p->now.ledger_freed_pages;
	p->prev_cpu_ns = p->now.cpu_ns;
}

void pw_model_refuse(struct pw_model *m, uint64_t hash, unsigned int loss_cause)
{
	uint64_t bit = hash % PW_MODEL_REFUSED_BITS;
	uint8_t mask = (uint8_t)(1u << (bit % 8));

	if (m->refused[bit / 8] & mask)
		return;
	m->refused[bit / 8] |= mask;
	m->own_lost[loss_cause]++;
}

static struct pw_process *process_alloc(const struct pw_key *key)
{
	struct pw_process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->exe = strdup("");
	p->cmdline = strdup("");
	if (!p->exe || !p->cmdline) {
		free(p->exe);
		free(p->cmdline);
		free(p);
		return NULL;
	}
	p->cgroup = p->unit = p->container = "";
	p->key = *key;
	p->hash = key_hash(key);
	p->alive = true;
	pw_series_init(&p->footprint);
	return p;
}

/* Into both tables; -ENOSPC when one is full. */
static int insert(struct pw_model *m, struct pw_process *p)
{
	int err = pw_hash_insert(&m->pids, pid_hash(p->key.pid), p);

	if (err)
		return err;
	err = pw_hash_insert(&m->processes, p->hash, p);
	if (err)
		pw_hash_remove(&m->pids, pid_hash(p->key.pid), p);
	return err;
}

static int create(struct pw_model *m, const struct pw_key *key, uint64_t time_ns,
		  struct pw_process **ret)
{
	struct pw_process *p = process_alloc(key);
	int err;

	if (!p)
		return -ENOMEM;
	err = insert(m, p);
	if (err) {
		process_free(m, p);
		if (err != -ENOSPC)
			return err;
		pw_model_refuse(m, key_hash(key), PW_LOSS_PROCESSES_FULL);
		*ret = NULL;
		return 0;
	}
	p->first_seen_ns = time_ns;
	m->alive++;
	*ret = p;
	return 0;
}

int pw_process_obtain(struct pw_model *m, const struct pw_key *key, uint64_t time_ns,
		      struct pw_process **ret)
{
	struct pw_process *p = pw_model_process(m, key);
	struct pw_process *other;

	if (p) {
		*ret = p;
		return 0;
	}
	other = living(m, key->pid);
	if (other && pw_key_tick(key) < pw_key_tick(&other->key)) {
		*ret = NULL; /* a late word about the pid's former owner */
		return 0;
	}
	if (other)
		pw_process_retire(m, other, time_ns);
	return create(m, key, time_ns, ret);
}

void pw_processes_clear(struct pw_model *m)
{
	for (size_t i = 0; i < m->processes.capacity; i++) {
		struct pw_process *p = m->processes.slots[i].item;

		if (!p)
			continue;
		pw_group_leave(p);
		process_free(m, p);
	}
	pw_hash_deinit(&m->processes);
	pw_hash_deinit(&m->pids);
	m->newest_dead = m->oldest_dead = NULL;
	m->alive = m->dead = 0;
	m->segment_rows = 0;
}
