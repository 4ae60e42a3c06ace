/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: what the records say about the machine, bounded. It knows
 * neither where records come from nor who looks, has no clock (time is the
 * records') and does no I/O. Not thread-safe.
 *
 * A reader looks between two ticks, when `sequence` has moved.
 */
#ifndef PW_MODEL_MODEL_H
#define PW_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/hash.h"
#include "user/model/cgroup.h"
#include "user/model/event.h"
#include "user/model/group.h"
#include "user/model/process.h"
#include "user/model/secret.h"
#include "user/model/wipe.h"

struct pw_model_limits { /* zero: the default */
	size_t processes; /* alive; default 16384 */
	size_t dead; /* remembered; default 2048, the oldest go first */
	size_t groups; /* default 4096 */
	size_t cgroups; /* default 4096; gone ones go first */
	size_t strings; /* bytes of interned strings; default 4 MiB */
};

struct pw_intern; /* user/model/intern.h */
struct pw_segment_pending; /* user/model/segment_set.h */
struct pw_trends; /* user/analysis/trends.h */

#define PW_MODEL_REFUSED_BITS 16384

struct pw_model {
	struct pw_model_limits limits;
	bool has_machine;
	struct pw_machine machine;
	struct pw_tick tick; /* the last */
	uint64_t sequence; /* ticks taken */
	uint64_t now_ns; /* time of the last tick */
	uint64_t first_ns; /* time of the first tick */
	double events_rate, bpf_share, user_share; /* over the last interval; shares of one CPU */
	struct pw_hash processes; /* alive and remembered dead, by (pid, start tick) */
	struct pw_hash pids; /* the living, by pid */
	struct pw_hash groups;
	struct pw_hash cgroups; /* by id */
	struct pw_hash cgroup_paths; /* the same, by path */
	struct pw_intern *strings;
	size_t alive;
	size_t dead;
	struct pw_process *newest_dead, *oldest_dead;
	struct pw_event_log events;
	struct pw_wipe_ledger wipes;
	struct pw_secret_table secrets;
	struct pw_series footprint; /* of the machine: total - available */
	uint64_t lost[PW_LOSS_CAUSES]; /* the source's and the model's own, together */
	uint64_t own_lost[PW_LOSS_CAUSES];
	uint64_t unknown_records; /* types of a newer minor version, skipped */
	uint64_t invalid_records; /* size or content out of bounds, skipped */
	uint64_t missed_ticks; /* holes in the source's sequence */
	struct pw_segment_pending *pending; /* SEGMENTS seen, SEGMENTs still coming */
	size_t segment_rows; /* held by all processes together */
	unsigned int unconfirmed_ticks; /* ticks to wait for word of the living; see tick.c */
	/*
	 * What is judged of this model's growth, for views of its processes and groups;
	 * hung here by who judges, and not the model's. NULL: nobody does.
	 */
	const struct pw_trends *trends;
	uint8_t refused[PW_MODEL_REFUSED_BITS / 8]; /* hashes of processes and cgroups without room */
};

int pw_model_create(const struct pw_model_limits *limits, struct pw_model **ret);
void pw_model_destroy(struct pw_model *m); /* takes NULL */

/* Takes one record; a pw_sink with ctx = the model. 0 or -ENOMEM; bad records are counted, not refused. */
int pw_model_ingest(void *model, const struct pw_record *rec);

/* The process, alive or remembered; keys are compared on clock ticks. NULL: unknown. */
struct pw_process *pw_model_process(const struct pw_model *m, const struct pw_key *key);
/* The living process of this pid, else the newest dead one; NULL: unknown. */
struct pw_process *pw_model_pid(const struct pw_model *m, uint32_t pid);

/*
 * All processes (groups) in one array, ordered by key (by exe, then cgroup), so
 * that the same records give the same order. Free the array, not the items.
 */
int pw_model_processes(const struct pw_model *m, bool with_dead, struct pw_process ***ret,
		       size_t *ret_count);
int pw_model_groups(const struct pw_model *m, struct pw_group ***ret, size_t *ret_count);

/* Realtime of a BOOTTIME stamp. */
uint64_t pw_model_realtime(const struct pw_model *m, uint64_t time_ns);

/* Bytes that the model holds, for the bound's test. */
size_t pw_model_memory(const struct pw_model *m);

#endif
