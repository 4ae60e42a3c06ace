/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the wipe ledger; wipe.h is for its readers. Records come checked
 * (ingest_wipe.c). All of it returns 0 or -ENOMEM.
 *
 * Each event of the ring hangs in two chains: of its range (process and
 * address), where a release looks for the wipes it is about, and of its
 * process, where an exit looks for what was not seen to go. Both are bounded
 * by the ring, and leaving them costs nothing.
 */
#ifndef PW_MODEL_WIPE_LEDGER_H
#define PW_MODEL_WIPE_LEDGER_H

#include "user/model/model.h"

/* Who called. The strings are not terminated, and cut at a NUL. */
struct pw_wipe_place {
	const char *exe, *file, *symbol;
	size_t exe_len, file_len, symbol_len;
	uint64_t offset, symbol_offset;
	uint16_t function;
};

int pw_wipes_init(struct pw_wipe_ledger *l, size_t string_bytes);
void pw_wipes_deinit(struct pw_wipe_ledger *l);
size_t pw_wipes_memory(const struct pw_wipe_ledger *l);

/* *ret_full grows when a name or a place found no room. */
int pw_wipes_add_wipe(struct pw_wipe_ledger *l, const struct pw_wipe *r,
		      const struct pw_wipe_place *place, uint64_t *ret_full);
int pw_wipes_add_release(struct pw_wipe_ledger *l, const struct pw_release *r,
			 const struct pw_wipe_place *place, uint64_t *ret_full);
/* The address space is gone: by exit or exec. */
void pw_wipes_process_gone(struct pw_wipe_ledger *l, const struct pw_key *key, uint64_t time_ns);
/* At each tick. */
void pw_wipes_count_calls(struct pw_wipe_ledger *l);

/* ---- wipe_place.c: callers, sites, probes ------------------------------------- */

int pw_wipe_places_init(struct pw_wipe_ledger *l);
void pw_wipe_places_deinit(struct pw_wipe_ledger *l);
size_t pw_wipe_places_memory(const struct pw_wipe_ledger *l);

/* Interns what a place is called; "" and *ret_full counted where there is no room. */
int pw_wipe_names(struct pw_wipe_ledger *l, const struct pw_wipe_place *place, const char **exe,
		  const char **file, const char **symbol, uint64_t *ret_full);
/* The row of a place, made when it is new; *ret NULL: no room, counted. */
int pw_wipe_caller_obtain(struct pw_wipe_ledger *l, const struct pw_wipe_place *place,
			  struct pw_wipe_caller **ret, uint64_t *ret_full);
int pw_wipe_site_obtain(struct pw_wipe_ledger *l, const struct pw_wipe_place *place,
			struct pw_wipe_site **ret, uint64_t *ret_full);
/* A function (of the place's file and symbol) begins or ceases to be observed. */
int pw_wipe_probe_set(struct pw_wipe_ledger *l, const struct pw_wipe_probe *r,
		      const struct pw_wipe_place *place, uint64_t *ret_full);
/* Another source will tell of its own. */
void pw_wipe_probes_clear(struct pw_wipe_ledger *l);

#endif
