/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the table of secrets; secret.h is for its readers. Records come checked (ingest_wipe.c). */
#ifndef PW_MODEL_SECRET_TABLE_H
#define PW_MODEL_SECRET_TABLE_H

#include "user/model/model.h"

/*
 * Takes one event. A REGISTERED of a watch that is known to live (a source that
 * describes it anew) brings its sums up to date and is not counted twice. A
 * REGISTERED of an ended one is another watch: the module was loaded again.
 * 0 or -ENOMEM.
 */
int pw_secrets_add(struct pw_model *m, const struct pw_secret *r, const char *exe);
/* The live ones as REGISTERED records that carry their sums, at the time of their registration. */
struct pw_secret pw_secret_as_record(const struct pw_secret_row *row);
/* Another source will tell of those that live; later, those that it did not tell of have ended. */
void pw_secrets_doubt(struct pw_secret_table *t);
void pw_secrets_end_unconfirmed(struct pw_secret_table *t, uint64_t time_ns);
void pw_secrets_clear(struct pw_model *m);
size_t pw_secrets_memory(const struct pw_secret_table *t);

#endif
