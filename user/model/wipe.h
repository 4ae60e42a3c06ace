/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wipe ledger: calls of wipe functions, releases of buffers at sites that
 * wipe, and the functions that are observed. Bounded: the newest
 * PW_WIPES_MAX events, PW_WIPE_CALLERS_MAX callers, PW_WIPE_SITES_MAX sites,
 * PW_WIPE_PROBES_MAX functions; the totals count everything. A record that
 * stands for more calls (`more`) is one event that counts for all of them.
 *
 * A wiped range is remembered until its buffer goes back (RELEASE), the
 * process ends or execs, or the event leaves the ring; so that a row can say what
 * became of the range.
 */
#ifndef PW_MODEL_WIPE_H
#define PW_MODEL_WIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/hash.h"

#define PW_WIPES_MAX 8192
#define PW_WIPE_CALLERS_MAX 4096
#define PW_WIPE_SITES_MAX 4096
#define PW_WIPE_PROBES_MAX 4096

struct pw_intern; /* user/model/intern.h */

enum pw_wipe_after { /* what became of the wiped range */
		     PW_AFTER_LIVES, /* not seen to go yet */
		     PW_AFTER_CLEAN, /* went, still wiped */
		     PW_AFTER_REWRITTEN, /* went, written again */
		     PW_AFTER_UNSEEN, /* went, could not be read */
		     PW_AFTER_EXITED, /* went with its process */
		     PW_AFTER_DIRTY, /* went with what the wipe had left in it */
};

struct pw_wipe_caller;
struct pw_wipe_site;

/* One WIPE or RELEASE. Strings are raw and interned in the model. */
struct pw_wipe_event {
	bool release;
	union {
		struct pw_wipe wipe;
		struct pw_release rel;
	};
	const char *file; /* of the caller; "" */
	const char *symbol; /* of the caller; "" */
	const char *exe; /* of the process, when it happened; "" */
	uint64_t sequence; /* 1, 2, 3, ... in this model */
	const struct pw_wipe_caller *caller; /* of a wipe; NULL: it found no room */
	const struct pw_wipe_site *site; /* of a release; NULL: it found no room */
	/* of wipes: */
	enum pw_wipe_after after;
	uint64_t after_ns;
};

/*
 * A place that calls a wipe function, per program, function and place: what is
 * left when the ring has long passed its events.
 */
struct pw_wipe_caller {
	uint64_t id; /* hash of (exe, function, file, offset); stable across processes and runs */
	const char *exe, *file, *symbol;
	uint64_t offset, symbol_offset; /* of a caller without a file: its address */
	uint16_t function;
	uint64_t by_verdict[4];
	uint64_t bytes; /* in ranges wiped whole */
	uint64_t first_ns;
	struct pw_wipe last; /* without its strings */
	uint64_t first_bad_ns;
	struct pw_wipe last_bad; /* the newest that wiped in part or nothing; rec.size 0: none */
};

/* A call site that releases buffers which are usually wiped, per program and site. */
struct pw_wipe_site {
	uint64_t id; /* hash of (exe, function, file, offset); stable across processes and runs */
	const char *exe, *file, *symbol;
	uint64_t offset, symbol_offset; /* of a caller without a file: its address */
	uint16_t function; /* PW_RELEASE_* */
	uint64_t wiped, unwiped, rewritten; /* releases, of all processes together */
	struct pw_key last_unwiped_key; /* the newest release without a wipe */
	uint64_t last_unwiped_ns, last_unwiped_address;
	char last_unwiped_comm[PW_COMM_LEN + 1];
	uint64_t first_unwiped_ns, first_rewritten_ns;
	struct pw_release last_rewritten; /* without its strings; rec.size 0: none */
};

struct pw_wipe_probe_row {
	struct pw_wipe_probe probe;
	const char *path, *symbol;
	uint64_t calls; /* of this function, in any file: probes of one function share it */
};

#define PW_WIPE_FUNCTIONS 80 /* above every enum pw_wipe_function */

struct pw_wipe_ledger {
	struct pw_wipe_event *ring; /* PW_WIPES_MAX, allocated at first use */
	uint64_t total; /* events ever; the newest is ring[(total - 1) % MAX] */
	uint64_t wipes, releases; /* ever */
	uint64_t by_verdict[4]; /* wipes, by enum pw_wipe_verdict */
	uint64_t by_function[PW_WIPE_FUNCTIONS];
	uint64_t by_function_verdict[PW_WIPE_FUNCTIONS][4]; /* wipes and releases */
	uint64_t bytes; /* in ranges wiped whole */
	struct pw_wipe_caller *callers; /* PW_WIPE_CALLERS_MAX, allocated at first use */
	size_t caller_count;
	struct pw_wipe_site *sites; /* PW_WIPE_SITES_MAX, allocated at first use */
	size_t site_count;
	struct pw_wipe_probe_row *probes;
	size_t probe_count;
	uint64_t callers_full, sites_full, probes_full; /* had no room */
	struct pw_intern *strings; /* of the events, callers, sites and probes; apart from the model's */
	struct pw_hash caller_index, site_index;
	struct pw_wipe_links *links; /* user/model/wipe_ledger.h */
};

const char *pw_wipe_function_name(uint16_t function); /* "explicit_bzero"; "unknown" */
const char *
pw_wipe_verdict_name(uint8_t verdict); /* "wiped", "wiped-in-part", "not-wiped", "unknown" */
const char *pw_wipe_after_name(
	enum pw_wipe_after after); /* "", "clean", "rewritten", "unseen", "exited", "dirty" */
const char *pw_unseen_reason_name(uint8_t reason); /* "memfd_secret", "not-resident", ...; "" */
const char *pw_unseen_reason_text(uint8_t reason); /* a clause for people */

/* The events, oldest first: index 0 .. count - 1. */
size_t pw_wipe_event_count(const struct pw_wipe_ledger *l);
const struct pw_wipe_event *pw_wipe_event_at(const struct pw_wipe_ledger *l, size_t index);

/* What can't be seen, for every report: one sentence each, NULL ends the list. */
extern const char *const pw_wipe_blind_spots[];

#endif
