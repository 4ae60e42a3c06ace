// SPDX-License-Identifier: GPL-2.0-or-later
/* Where wipes and releases are called, and which functions are observed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/intern.h"
#include "user/model/wipe_ledger.h"

/* What callers and sites have in common, for one comparison of both. */
struct place_row {
	uint64_t id;
	const char *exe, *file, *symbol;
	uint64_t offset, symbol_offset;
	uint16_t function;
};

#define SAME_HEAD(row, field) \
	_Static_assert(offsetof(struct row, field) == offsetof(struct place_row, field), #row)
SAME_HEAD(pw_wipe_caller, id);
SAME_HEAD(pw_wipe_caller, exe);
SAME_HEAD(pw_wipe_caller, symbol);
SAME_HEAD(pw_wipe_caller, symbol_offset);
SAME_HEAD(pw_wipe_caller, function);
SAME_HEAD(pw_wipe_site, id);
SAME_HEAD(pw_wipe_site, exe);
SAME_HEAD(pw_wipe_site, symbol);
SAME_HEAD(pw_wipe_site, symbol_offset);
SAME_HEAD(pw_wipe_site, function);

int pw_wipe_places_init(struct pw_wipe_ledger *l)
{
	int err = pw_hash_init(&l->caller_index, PW_WIPE_CALLERS_MAX);

	return err ? err : pw_hash_init(&l->site_index, PW_WIPE_SITES_MAX);
}

void pw_wipe_places_deinit(struct pw_wipe_ledger *l)
{
	pw_hash_deinit(&l->caller_index);
	pw_hash_deinit(&l->site_index);
	free(l->callers);
	free(l->sites);
	free(l->probes);
}

size_t pw_wipe_places_memory(const struct pw_wipe_ledger *l)
{
	size_t bytes = (l->caller_index.capacity + l->site_index.capacity) *
		       sizeof(*l->caller_index.slots);

	bytes += l->callers ? PW_WIPE_CALLERS_MAX * sizeof(*l->callers) : 0;
	bytes += l->sites ? PW_WIPE_SITES_MAX * sizeof(*l->sites) : 0;
	return bytes + (l->probes ? PW_WIPE_PROBES_MAX * sizeof(*l->probes) : 0);
}

/* ---- names --------------------------------------------------------------------- */

static int intern(struct pw_wipe_ledger *l, const char *bytes, size_t len, const char **to,
		  uint64_t *ret_full)
{
	int err = pw_intern_get(l->strings, bytes, len, to);

	if (err != -ENOSPC)
		return err;
	*to = "";
	++*ret_full;
	return 0;
}

int pw_wipe_names(struct pw_wipe_ledger *l, const struct pw_wipe_place *place, const char **exe,
		  const char **file, const char **symbol, uint64_t *ret_full)
{
	int err;

	*exe = *file = *symbol = "";
	err = intern(l, place->exe, place->exe_len, exe, ret_full);
	if (!err)
		err = intern(l, place->file, place->file_len, file, ret_full);
	if (!err)
		err = intern(l, place->symbol, place->symbol_len, symbol, ret_full);
	return err;
}

/* ---- callers and sites ----------------------------------------------------------- */

static uint64_t place_id(const struct pw_wipe_place *p)
{
	uint64_t h = pw_hash_bytes(p->exe, p->exe_len, p->function);

	h = pw_hash_bytes(p->file, p->file_len, h);
	return pw_hash_mix(h ^ p->offset);
}

static bool same_text(const char *text, const char *bytes, size_t len)
{
	return !strncmp(text, bytes, len) && !text[len];
}

static bool same_place(const void *item, const void *key)
{
	const struct place_row *row = item;
	const struct pw_wipe_place *p = key;

	return row->function == p->function && row->offset == p->offset &&
	       same_text(row->exe, p->exe, p->exe_len) && same_text(row->file, p->file, p->file_len);
}

static int allocate(void *array, size_t count, size_t size)
{
	void **items = array;

	if (!*items)
		*items = calloc(count, size);
	return *items ? 0 : -ENOMEM;
}

/* A row behind the last of *count becomes this place's. */
static int name_row(struct pw_wipe_ledger *l, const struct pw_wipe_place *p, struct pw_hash *index,
		    void *at, size_t *count, uint64_t *ret_full)
{
	struct place_row *row = at;
	uint64_t unnamed = *ret_full;
	int err = pw_wipe_names(l, p, &row->exe, &row->file, &row->symbol, ret_full);

	row->id = place_id(p);
	row->function = p->function;
	row->offset = p->offset;
	row->symbol_offset = p->symbol_offset;
	/* Without its names it would never be found again, and be made anew each time. */
	if (!err && *ret_full == unnamed)
		err = pw_hash_insert(index, row->id, row);
	if (!err && *ret_full == unnamed) {
		++*count;
		return 0;
	}
	pw_intern_put(l->strings, row->exe);
	pw_intern_put(l->strings, row->file);
	pw_intern_put(l->strings, row->symbol);
	memset(row, 0, sizeof(*row));
	return err;
}

int pw_wipe_caller_obtain(struct pw_wipe_ledger *l, const struct pw_wipe_place *p,
			  struct pw_wipe_caller **ret, uint64_t *ret_full)
{
	size_t count = l->caller_count;
	int err;

	*ret = pw_hash_find(&l->caller_index, place_id(p), same_place, p);
	if (*ret)
		return 0;
	if (count == PW_WIPE_CALLERS_MAX) {
		l->callers_full++;
		++*ret_full;
		return 0;
	}
	err = allocate(&l->callers, PW_WIPE_CALLERS_MAX, sizeof(*l->callers));
	if (!err)
		err = name_row(l, p, &l->caller_index, &l->callers[count], &l->caller_count,
			       ret_full);
	if (!err && l->caller_count > count)
		*ret = &l->callers[count];
	return err;
}

int pw_wipe_site_obtain(struct pw_wipe_ledger *l, const struct pw_wipe_place *p,
			struct pw_wipe_site **ret, uint64_t *ret_full)
{
	size_t count = l->site_count;
	int err;

	*ret = pw_hash_find(&l->site_index, place_id(p), same_place, p);
	if (*ret)
		return 0;
	if (count == PW_WIPE_SITES_MAX) {
		l->sites_full++;
		++*ret_full;
		return 0;
	}
	err = allocate(&l->sites, PW_WIPE_SITES_MAX, sizeof(*l->sites));
	if (!err)
		err = name_row(l, p, &l->site_index, &l->sites[count], &l->site_count, ret_full);
	if (!err && l->site_count > count)
		*ret = &l->sites[count];
	return err;
}

/* ---- probes -------------------------------------------------------------------- */

/* The row of this function in this file; else one that observes nothing any more; else a new one. */
static struct pw_wipe_probe_row *probe_row(struct pw_wipe_ledger *l, const struct pw_wipe_probe *r)
{
	struct pw_wipe_probe_row *idle = NULL;

	for (size_t i = 0; i < l->probe_count; i++) {
		struct pw_wipe_probe_row *row = &l->probes[i];
		const struct pw_wipe_probe *p = &row->probe;

		if (p->device == r->device && p->inode == r->inode && p->offset == r->offset &&
		    p->function == r->function)
			return row;
		if (p->error && !idle)
			idle = row;
	}
	if (l->probe_count < PW_WIPE_PROBES_MAX)
		return &l->probes[l->probe_count++];
	return r->error ? NULL : idle;
}

int pw_wipe_probe_set(struct pw_wipe_ledger *l, const struct pw_wipe_probe *r,
		      const struct pw_wipe_place *place, uint64_t *ret_full)
{
	struct pw_wipe_probe_row *row, fresh = { .probe = *r, .calls = l->by_function[r->function] };
	const char *none;
	int err = allocate(&l->probes, PW_WIPE_PROBES_MAX, sizeof(*l->probes));

	if (err)
		return err;
	err = pw_wipe_names(l, place, &none, &fresh.path, &fresh.symbol, ret_full);
	if (err)
		return err;
	row = probe_row(l, r);
	if (!row) {
		l->probes_full++;
		++*ret_full;
		row = &fresh;
	}
	pw_intern_put(l->strings, row->path);
	pw_intern_put(l->strings, row->symbol);
	*row = fresh;
	return 0;
}

void pw_wipe_probes_clear(struct pw_wipe_ledger *l)
{
	for (size_t i = 0; i < l->probe_count; i++) {
		pw_intern_put(l->strings, l->probes[i].path);
		pw_intern_put(l->strings, l->probes[i].symbol);
		l->probes[i] = (struct pw_wipe_probe_row){ 0 };
	}
	l->probe_count = 0;
}
