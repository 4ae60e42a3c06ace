/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back: the model's state as records, so that a listener who comes
 * late starts complete. Dead processes are not told, and no past event is: the
 * totals of wipes and secrets count from where the listener came in.
 */
#ifndef PW_MODEL_EXPORT_H
#define PW_MODEL_EXPORT_H

#include "user/model/model.h"

/* Takes one record, valid during the call; nonzero stops and is passed on. */
typedef int (*pw_export_fn)(void *ctx, const struct pw_record *rec);

/*
 * MACHINE, then IDENTITY and COUNTERS of each living process by ascending key,
 * then the WIPE_PROBEs, then the live SECRETs as REGISTERED records that carry
 * the sums of what went so far, at the time of their registration (0: before
 * the trace), then the last TICK. Nothing before the first tick. 0, fn's result
 * or -ENOMEM.
 */
int pw_model_export(const struct pw_model *m, pw_export_fn fn, void *ctx);
/* The same of this one alone, with its secrets. */
int pw_model_export_process(const struct pw_model *m, const struct pw_process *p, pw_export_fn fn,
			    void *ctx);
/*
 * MACHINE, each registered secret as REGISTERED and, where it has ended, an
 * ENDED with its sums, then the last TICK: what became of the past ones too.
 */
int pw_model_export_secrets(const struct pw_model *m, pw_export_fn fn, void *ctx);

#endif
