// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/cgroup_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/intern.h"
#include "user/model/process_table.h"

static uint64_t id_hash(uint64_t id)
{
	return pw_hash_mix(id);
}

static bool same_id(const void *item, const void *id)
{
	return ((const struct pw_cgroup_row *)item)->last.cgroup_id == *(const uint64_t *)id;
}

struct path_key {
	const char *bytes;
	size_t len;
};

static uint64_t path_hash(const struct path_key *key)
{
	return pw_hash_bytes(key->bytes, key->len, 0);
}

static bool is_gone(const struct pw_cgroup_row *row)
{
	return row->last.flags & PW_CGROUP_GONE;
}

static bool same_path(const void *item, const void *key)
{
	const struct pw_cgroup_row *row = item;
	const struct path_key *k = key;

	return !is_gone(row) && !strncmp(row->path, k->bytes, k->len) && !row->path[k->len];
}

/* ---- reading -------------------------------------------------------------------- */

struct pw_cgroup_row *pw_model_cgroup(const struct pw_model *m, uint64_t cgroup_id)
{
	return pw_hash_find(&m->cgroups, id_hash(cgroup_id), same_id, &cgroup_id);
}

struct pw_cgroup_row *pw_model_cgroup_at(const struct pw_model *m, const char *path)
{
	struct path_key key = { path, strlen(path) };

	while (key.len) {
		struct pw_cgroup_row *row =
			pw_hash_find(&m->cgroup_paths, path_hash(&key), same_path, &key);

		if (row || key.len == 1)
			return row;
		while (key.len && key.bytes[--key.len] != '/')
			;
		if (!key.len)
			key.len = 1; /* the root keeps its slash */
	}
	return NULL;
}

struct pw_cgroup_row *pw_model_cgroup_of(const struct pw_model *m, const struct pw_process *p)
{
	struct pw_cgroup_row *row = pw_model_cgroup(m, p->cgroup_id);

	if (row && !(row->last.flags & PW_CGROUP_V1))
		return row;
	return pw_model_cgroup_at(m, p->cgroup);
}

static int by_path(const void *a, const void *b)
{
	const struct pw_cgroup_row *x = *(struct pw_cgroup_row *const *)a;
	const struct pw_cgroup_row *y = *(struct pw_cgroup_row *const *)b;
	int order = strcmp(x->path, y->path);

	if (order)
		return order;
	return (x->last.cgroup_id > y->last.cgroup_id) - (x->last.cgroup_id < y->last.cgroup_id);
}

int pw_model_cgroups(const struct pw_model *m, struct pw_cgroup_row ***ret, size_t *ret_count)
{
	struct pw_cgroup_row **all = calloc(m->cgroups.used + 1, sizeof(struct pw_cgroup_row *));
	size_t count = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < m->cgroups.capacity; i++) {
		if (m->cgroups.slots[i].item)
			all[count++] = m->cgroups.slots[i].item;
	}
	qsort(all, count, sizeof(*all), by_path);
	*ret = all;
	*ret_count = count;
	return 0;
}

size_t pw_cgroups_memory(const struct pw_model *m)
{
	return m->cgroups.used * (sizeof(struct pw_cgroup_row) + 16);
}

/* ---- writing -------------------------------------------------------------------- */

int pw_cgroups_init(struct pw_model *m)
{
	int err = pw_hash_init(&m->cgroups, m->limits.cgroups);

	return err ? err : pw_hash_init(&m->cgroup_paths, m->limits.cgroups);
}

static void row_destroy(struct pw_model *m, struct pw_cgroup_row *row)
{
	pw_intern_put(m->strings, row->path);
	free(row);
}

void pw_cgroups_clear(struct pw_model *m)
{
	for (size_t i = 0; i < m->cgroups.capacity; i++) {
		if (m->cgroups.slots[i].item)
			row_destroy(m, m->cgroups.slots[i].item);
	}
	pw_hash_deinit(&m->cgroups);
	pw_hash_deinit(&m->cgroup_paths);
}

/* Never the table's order, which is not reproducible. */
static bool goes_before(const struct pw_cgroup_row *a, const struct pw_cgroup_row *b)
{
	if (a->last.rec.time_ns != b->last.rec.time_ns)
		return a->last.rec.time_ns < b->last.rec.time_ns;
	return a->last.cgroup_id < b->last.cgroup_id;
}

static bool forget_oldest_gone(struct pw_model *m)
{
	struct pw_cgroup_row *oldest = NULL;

	for (size_t i = 0; i < m->cgroups.capacity; i++) {
		struct pw_cgroup_row *row = m->cgroups.slots[i].item;

		if (row && is_gone(row) && (!oldest || goes_before(row, oldest)))
			oldest = row;
	}
	if (!oldest)
		return false;
	pw_hash_remove(&m->cgroups, id_hash(oldest->last.cgroup_id), oldest);
	pw_hash_remove(&m->cgroup_paths, oldest->path_hash, oldest);
	row_destroy(m, oldest);
	return true;
}

static int set_path(struct pw_model *m, struct pw_cgroup_row *row, const struct path_key *key)
{
	const char *fresh = "";
	int err;

	if (!strncmp(row->path, key->bytes, key->len) && !row->path[key->len])
		return 0;
	err = pw_intern_get(m->strings, key->bytes, key->len, &fresh);
	if (err == -ENOSPC)
		pw_model_refuse(m, path_hash(key), PW_LOSS_NAMES_FULL);
	else if (err)
		return err;
	pw_hash_remove(&m->cgroup_paths, row->path_hash, row);
	pw_intern_put(m->strings, row->path);
	row->path = fresh;
	row->path_hash = path_hash(&(struct path_key){ fresh, strlen(fresh) });
	return pw_hash_insert(&m->cgroup_paths, row->path_hash, row);
}

/* In both tables or in none. */
static int insert(struct pw_model *m, struct pw_cgroup_row *row)
{
	int err = pw_hash_insert(&m->cgroups, id_hash(row->last.cgroup_id), row);

	if (err)
		return err;
	err = pw_hash_insert(&m->cgroup_paths, row->path_hash, row);
	if (err)
		pw_hash_remove(&m->cgroups, id_hash(row->last.cgroup_id), row);
	return err;
}

/* *ret: NULL, with 0 returned, when there is no room. */
static int create(struct pw_model *m, const struct pw_cgroup *r, struct pw_cgroup_row **ret)
{
	struct pw_cgroup_row *row;
	int err;

	*ret = NULL;
	if (m->cgroups.used >= m->cgroups.limit && !forget_oldest_gone(m)) {
		pw_model_refuse(m, id_hash(r->cgroup_id), PW_LOSS_NAMES_FULL);
		return 0;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->last.cgroup_id = r->cgroup_id;
	row->first_seen_ns = r->rec.time_ns;
	row->path = "";
	row->path_hash = path_hash(&(struct path_key){ "", 0 });
	err = insert(m, row);
	if (err) {
		free(row);
		return err;
	}
	*ret = row;
	return 0;
}

int pw_cgroup_update(struct pw_model *m, const struct pw_cgroup *r, const char *path, size_t len)
{
	const struct path_key key = { path, strnlen(path, len) };
	struct pw_cgroup_row *row = pw_model_cgroup(m, r->cgroup_id);
	int err = 0;

	if (!row)
		err = create(m, r, &row);
	if (err || !row)
		return err;
	row->last = *r;
	row->last.path_len = 0;
	row->last.rec.size = sizeof(row->last);
	row->confirmed = true;
	return set_path(m, row, &key);
}

void pw_cgroups_doubt(struct pw_model *m)
{
	for (size_t i = 0; i < m->cgroups.capacity; i++) {
		struct pw_cgroup_row *row = m->cgroups.slots[i].item;

		if (row)
			row->confirmed = false;
	}
}

void pw_cgroups_end_silent(struct pw_model *m)
{
	for (size_t i = 0; i < m->cgroups.capacity; i++) {
		struct pw_cgroup_row *row = m->cgroups.slots[i].item;

		if (row && !row->confirmed)
			row->last.flags |= PW_CGROUP_GONE;
	}
}
