/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of taking records: one handler per record type, called by pw_model_ingest(). */
#ifndef PW_MODEL_INGEST_H
#define PW_MODEL_INGEST_H

#include "user/model/model.h"

int pw_ingest_machine(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_tick(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_identity(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_resources(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_cgroup(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_segments(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_segment(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_wipe(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_release(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_wipe_probe(struct pw_model *m, const struct pw_record *rec);
int pw_ingest_secret(struct pw_model *m, const struct pw_record *rec);

/* 2^46 pages of 4 KiB are 2^58 bytes, twice what five page table levels map. */
#define PW_INGEST_PAGES_LIMIT (1ull << 46)
/* The series number seconds with 32 bits. */
#define PW_INGEST_TIME_LIMIT (4294967295ull * 1000000000ull)

bool pw_ingest_key_in_bounds(const struct pw_key *key);
/* A record that is skipped because its content is out of bounds. Returns 0. */
int pw_ingest_invalid(struct pw_model *m);
/* Where a cut set of segments ends; counts it. */
void pw_ingest_drop_pending(struct pw_model *m);
void pw_ingest_set_comm(struct pw_process *p, const uint8_t comm[PW_COMM_LEN]);
/* What a fork gives the child until its own IDENTITY comes: names and uid, no group. 0 or -ENOMEM. */
int pw_ingest_inherit(struct pw_model *m, struct pw_process *p);
void pw_ingest_set_parent(struct pw_model *m, struct pw_process *p, uint32_t parent_pid);

/* Forgets everything but the limits: another boot. 0 or -ENOMEM. */
int pw_model_reset(struct pw_model *m);

#endif
