// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * WIPE, RELEASE, WIPE_PROBE and SECRET: checked here, so that the ledger and
 * the table take every number as it is. They are about processes and make
 * none: a process that is not known yet is told by a record of its own.
 */
#include <string.h>

#include "user/model/ingest.h"
#include "user/model/secret_table.h"
#include "user/model/wipe_ledger.h"

#define FILE_MAX 4095
#define SYMBOL_MAX 1023 /* mangled names are long; longer ones are cut */
#define BYTES_LIMIT (PW_INGEST_PAGES_LIMIT * 4096)

/* The strings behind a struct, in their order. */
struct behind {
	size_t head;
	uint16_t file_len, symbol_len, exe_len;
};

static size_t cut(const char *bytes, size_t len, size_t max)
{
	return strnlen(bytes, len < max ? len : max);
}

/* The program is the process's of its time, or the record's own. */
static bool place_of(const struct pw_model *m, const struct pw_record *rec,
		     const struct behind *behind, const struct pw_key *key, struct pw_wipe_place *ret)
{
	const char *strings = (const char *)rec + behind->head;
	struct pw_process *p = key ? pw_model_process(m, key) : NULL;

	if ((size_t)behind->file_len + behind->symbol_len + behind->exe_len > rec->size - behind->head)
		return false;
	if (p)
		p->confirmed = true;
	ret->file = strings;
	ret->file_len = cut(strings, behind->file_len, FILE_MAX);
	ret->symbol = strings + behind->file_len;
	ret->symbol_len = cut(ret->symbol, behind->symbol_len, SYMBOL_MAX);
	ret->exe = p ? p->exe : "";
	ret->exe_len = cut(ret->exe, SIZE_MAX, FILE_MAX);
	if (!behind->exe_len)
		return true;
	ret->exe = ret->symbol + behind->symbol_len;
	ret->exe_len = cut(ret->exe, behind->exe_len, FILE_MAX);
	return true;
}

static bool range_in_bounds(uint64_t address, uint64_t size)
{
	return size <= BYTES_LIMIT && address + size >= address;
}

/* What was found when `checked` bytes were read back. */
static bool finding_in_bounds(uint8_t verdict, uint8_t reason, uint64_t checked, uint64_t dirty,
			      uint64_t first_dirty)
{
	if (verdict > PW_WIPED_NOTHING || reason > PW_UNSEEN_GONE || dirty > checked)
		return false;
	if (first_dirty != PW_UNKNOWN && first_dirty >= checked)
		return false;
	return verdict != PW_WIPED_WHOLE || !dirty;
}

static bool kernel_function(uint16_t function)
{
	return function >= PW_WIPE_KFREE_SENSITIVE && function < PW_WIPE_MODULE;
}

static bool release_function(uint16_t function)
{
	return function >= PW_RELEASE_FREE && function < PW_WIPE_FUNCTIONS;
}

static bool wipe_in_bounds(const struct pw_wipe *r)
{
	bool idle = !r->key.pid && kernel_function(r->function);

	return (idle || pw_ingest_key_in_bounds(&r->key)) && r->function < PW_RELEASE_FREE &&
	       r->segment_kind <= PW_SEG_KINDS && range_in_bounds(r->address, r->size) &&
	       r->checked_bytes <= r->size && r->unreached_bytes <= r->size &&
	       finding_in_bounds(r->verdict, r->reason, r->checked_bytes, r->dirty_bytes,
				 r->first_dirty);
}

int pw_ingest_wipe(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_wipe *r = (const void *)rec;
	struct pw_wipe_place place = { .function = r->function, .symbol_offset = r->symbol_offset };
	struct behind behind = { sizeof(*r), r->file_len, r->symbol_len, r->exe_len };

	if (!wipe_in_bounds(r) || !place_of(m, rec, &behind, &r->key, &place))
		return pw_ingest_invalid(m);
	place.offset = place.file_len ? r->caller_offset : r->caller;
	return pw_wipes_add_wipe(&m->wipes, r, &place, &m->own_lost[PW_LOSS_NAMES_FULL]);
}

static bool release_in_bounds(const struct pw_release *r)
{
	return release_function(r->function) && !release_function(r->wipe_function) &&
	       r->segment_kind <= PW_SEG_KINDS && range_in_bounds(r->address, r->size) &&
	       range_in_bounds(r->wipe_address, r->wipe_size) &&
	       r->wipe_time_ns < PW_INGEST_TIME_LIMIT && r->checked_bytes <= BYTES_LIMIT &&
	       (!r->wipe_time_ns || r->checked_bytes <= r->wipe_size) &&
	       finding_in_bounds(r->verdict, r->reason, r->checked_bytes, r->dirty_bytes,
				 r->first_dirty);
}

int pw_ingest_release(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_release *r = (const void *)rec;
	struct pw_wipe_place place = { .function = r->function, .symbol_offset = r->symbol_offset };
	struct behind behind = { sizeof(*r), r->file_len, r->symbol_len, r->exe_len };

	if (!release_in_bounds(r) || !place_of(m, rec, &behind, &r->key, &place))
		return pw_ingest_invalid(m);
	place.offset = place.file_len ? r->caller_offset : r->caller;
	return pw_wipes_add_release(&m->wipes, r, &place, &m->own_lost[PW_LOSS_NAMES_FULL]);
}

int pw_ingest_wipe_probe(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_wipe_probe *r = (const void *)rec;
	struct pw_wipe_place place = { .offset = r->offset };
	struct behind behind = { sizeof(*r), r->path_len, r->symbol_len, 0 };

	if (r->function >= PW_WIPE_FUNCTIONS || !place_of(m, rec, &behind, NULL, &place))
		return pw_ingest_invalid(m);
	place.function = (uint16_t)r->function;
	return pw_wipe_probe_set(&m->wipes, r, &place, &m->own_lost[PW_LOSS_NAMES_FULL]);
}

static bool secret_in_bounds(const struct pw_secret *r)
{
	const uint64_t pages[] = {
		r->pages_clean,	  r->pages_dirty,  r->pages_mapped,
		r->pages_swapped, r->pages_copied, r->pages_held,
		r->pages_unknown, r->pages_absent, r->pages_scrubbed,
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (pages[i] > PW_INGEST_PAGES_LIMIT)
			return false;
	}
	return r->event >= PW_SECRET_REGISTERED && r->event <= PW_SECRET_ENDED &&
	       r->cause <= PW_CAUSE_CLOSE && r->verdict <= PW_SECRET_HELD &&
	       r->reason <= PW_UNSEEN_GONE && r->start <= r->end && r->from <= r->to &&
	       r->dirty_bytes <= BYTES_LIMIT && r->pages_scrubbed <= r->pages_dirty;
}

int pw_ingest_secret(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_secret *r = (const void *)rec;
	struct pw_process *p = pw_model_process(m, &r->key);

	if (!secret_in_bounds(r))
		return pw_ingest_invalid(m);
	if (p)
		p->confirmed = true;
	return pw_secrets_add(m, r, p ? p->exe : "");
}
