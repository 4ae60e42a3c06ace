// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/cgroup_table.h"
#include "user/model/event_log.h"
#include "user/model/group_table.h"
#include "user/model/ingest.h"
#include "user/model/intern.h"
#include "user/model/process_table.h"
#include "user/model/secret_table.h"
#include "user/model/segment_set.h"
#include "user/model/wipe_ledger.h"

#define MALLOC_HEADER 16 /* what an allocation costs beside its bytes, about */

static size_t or_default(size_t value, size_t standard)
{
	return value ? value : standard;
}

static int tables_init(struct pw_model *m)
{
	int err = pw_intern_create(m->limits.strings, &m->strings);

	if (!err)
		err = pw_hash_init(&m->processes, m->limits.processes + m->limits.dead);
	if (!err)
		err = pw_hash_init(&m->pids, m->limits.processes);
	if (!err)
		err = pw_hash_init(&m->groups, m->limits.groups);
	if (!err)
		err = pw_cgroups_init(m);
	if (!err)
		err = pw_wipes_init(&m->wipes, m->limits.strings / 2);
	return err;
}

static void tables_deinit(struct pw_model *m)
{
	pw_segment_pending_destroy(m->pending);
	m->pending = NULL;
	pw_processes_clear(m);
	pw_groups_clear(m);
	pw_cgroups_clear(m);
	pw_secrets_clear(m);
	pw_wipes_deinit(&m->wipes);
	pw_intern_destroy(m->strings);
	m->strings = NULL;
	pw_event_log_deinit(&m->events);
}

int pw_model_create(const struct pw_model_limits *limits, struct pw_model **ret)
{
	struct pw_model *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	if (limits)
		m->limits = *limits;
	m->limits.processes = or_default(m->limits.processes, 16384);
	m->limits.dead = or_default(m->limits.dead, 2048);
	m->limits.groups = or_default(m->limits.groups, 4096);
	m->limits.cgroups = or_default(m->limits.cgroups, 4096);
	m->limits.strings = or_default(m->limits.strings, 4u << 20);
	m->machine.page_size = 4096; /* until a MACHINE tells */
	err = tables_init(m);
	if (err) {
		pw_model_destroy(m);
		return err;
	}
	*ret = m;
	return 0;
}

void pw_model_destroy(struct pw_model *m)
{
	if (!m)
		return;
	tables_deinit(m);
	free(m);
}

int pw_model_reset(struct pw_model *m)
{
	const struct pw_model fresh = {
		.limits = m->limits,
		.sequence = m->sequence, /* a reader sees that it moves on */
		.unknown_records = m->unknown_records,
		.invalid_records = m->invalid_records,
	};

	tables_deinit(m);
	*m = fresh;
	return tables_init(m);
}

static int by_process(const void *a, const void *b)
{
	return pw_process_order(*(struct pw_process *const *)a, *(struct pw_process *const *)b);
}

int pw_model_processes(const struct pw_model *m, bool with_dead, struct pw_process ***ret,
		       size_t *ret_count)
{
	const struct pw_hash *from = with_dead ? &m->processes : &m->pids;
	struct pw_process **all = calloc(from->used + 1, sizeof(struct pw_process *));
	size_t count = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < from->capacity; i++) {
		if (from->slots[i].item)
			all[count++] = from->slots[i].item;
	}
	qsort(all, count, sizeof(*all), by_process);
	*ret = all;
	*ret_count = count;
	return 0;
}

static int by_group(const void *a, const void *b)
{
	return pw_group_order(*(struct pw_group *const *)a, *(struct pw_group *const *)b);
}

int pw_model_groups(const struct pw_model *m, struct pw_group ***ret, size_t *ret_count)
{
	struct pw_group **all = calloc(m->groups.used + 1, sizeof(struct pw_group *));
	size_t count = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < m->groups.capacity; i++) {
		if (m->groups.slots[i].item)
			all[count++] = m->groups.slots[i].item;
	}
	qsort(all, count, sizeof(*all), by_group);
	*ret = all;
	*ret_count = count;
	return 0;
}

uint64_t pw_model_realtime(const struct pw_model *m, uint64_t time_ns)
{
	return m->machine.boot_realtime_ns + time_ns;
}

static size_t process_memory(const struct pw_process *p)
{
	return sizeof(*p) + strlen(p->exe) + strlen(p->cmdline) + 2 + 3 * MALLOC_HEADER +
	       (p->segments ? pw_segment_set_memory(p->segments) : 0);
}

static size_t table_memory(const struct pw_hash *h)
{
	return h->capacity * sizeof(*h->slots) + MALLOC_HEADER;
}

size_t pw_model_memory(const struct pw_model *m)
{
	size_t bytes = sizeof(*m) + table_memory(&m->processes) + table_memory(&m->pids) +
		       table_memory(&m->groups) + table_memory(&m->cgroups) +
		       table_memory(&m->cgroup_paths) + pw_cgroups_memory(m) +
		       pw_intern_memory(m->strings) +
		       m->groups.used * (sizeof(struct pw_group) + MALLOC_HEADER) +
		       pw_wipes_memory(&m->wipes) + pw_secrets_memory(&m->secrets);

	if (m->events.ring)
		bytes += PW_EVENTS_MAX * sizeof(*m->events.ring);
	if (m->pending)
		bytes += sizeof(*m->pending) + m->pending->room * sizeof(*m->pending->rows);
	for (size_t i = 0; i < m->processes.capacity; i++) {
		if (m->processes.slots[i].item)
			bytes += process_memory(m->processes.slots[i].item);
	}
	return bytes;
}
