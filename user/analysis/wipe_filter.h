/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events of the wipe ledger: by process, function and verdict. What is
 * not given holds for every event; what is given must hold together. Pure.
 */
#ifndef PW_ANALYSIS_WIPE_FILTER_H
#define PW_ANALYSIS_WIPE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "user/base/error.h"
#include "user/model/model.h"

#define PW_WIPE_VERDICTS 4 /* enum pw_wipe_verdict */

struct pw_wipe_filter {
	uint32_t pid; /* 0: any */
	const char *process; /* in the command or the program's path, case ignored; NULL: any */
	bool by_function, by_verdict; /* whether the sets below count */
	bool functions[PW_WIPE_FUNCTIONS];
	bool verdicts[PW_WIPE_VERDICTS];
};

/* Comma-separated names. 0, or -EINVAL with *err naming the word and listing the names. */
int pw_wipe_filter_functions(struct pw_wipe_filter *f, const char *names, struct pw_error *err);
int pw_wipe_filter_verdicts(struct pw_wipe_filter *f, const char *names, struct pw_error *err);

/* NULL passes everything. */
bool pw_wipe_filter_passes(const struct pw_wipe_filter *f, const struct pw_wipe_event *e);
/* Whether a process of this PID, command and program passes; the events' own conditions don't count. */
bool pw_wipe_filter_process(const struct pw_wipe_filter *f, uint32_t pid, const char *comm,
			    const char *exe);

/* What WIPE and RELEASE have both. */
uint32_t pw_wipe_event_pid(const struct pw_wipe_event *e);
uint16_t pw_wipe_event_function(const struct pw_wipe_event *e);
uint8_t pw_wipe_event_verdict(const struct pw_wipe_event *e);

#endif
