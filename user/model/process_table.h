/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model's processes: the living (limits.processes) and the remembered dead
 * (limits.dead, the oldest go first). One living process per pid: a new key
 * with a living pid retires the old process.
 */
#ifndef PW_MODEL_PROCESS_TABLE_H
#define PW_MODEL_PROCESS_TABLE_H

#include "user/model/model.h"

#define PW_MODEL_SEGMENT_ROWS (4 * PW_SEGMENT_ROWS_MAX)

/*
 * The process of this key, made when it is not known. *ret is NULL, with 0
 * returned, when there is no room (PW_LOSS_PROCESSES_FULL counts it) or when a
 * younger process already has the pid. 0 or -ENOMEM.
 */
int pw_process_obtain(struct pw_model *m, const struct pw_key *key, uint64_t time_ns,
		      struct pw_process **ret);
/* A living process ended and is remembered; the oldest dead one beyond limits.dead is forgotten. */
void pw_process_retire(struct pw_model *m, struct pw_process *p, uint64_t time_ns);
/* A process that was only thought dead speaks again. false: its place is taken. */
bool pw_process_revive(struct pw_model *m, struct pw_process *p);
/*
 * The pending view becomes p's. All views together hold at most
 * PW_MODEL_SEGMENT_ROWS rows; the views seen the longest ago make room.
 */
int pw_process_take_segments(struct pw_model *m, struct pw_process *p,
			     struct pw_segment_pending *view);
/* Counts what found no room: each once, as far as a small set of hashes can tell. */
void pw_model_refuse(struct pw_model *m, uint64_t hash, unsigned int loss_cause);
/* The next rates count from the present sample. */
void pw_process_rebase(struct pw_process *p);
/* By pid, then start. */
int pw_process_order(const struct pw_process *a, const struct pw_process *b);
/* Frees all processes. */
void pw_processes_clear(struct pw_model *m);

#endif
