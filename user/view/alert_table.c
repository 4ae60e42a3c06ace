// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of what somebody should act on. */
#include "user/analysis/wipe_alert.h"
#include "user/view/table_values.h"
#include "user/view/tables.h"

#define ALERT(name, condition, set, expression) \
	PW_TABLE_VALUE(alert, struct pw_wipe_alert, name, condition, set, expression)

ALERT(alert, true, pw_value_text, pw_wipe_alert_name(r->kind))
ALERT(count, true, pw_value_u, r->count)
ALERT(first_time, r->first_ns != 0, pw_value_u, pw_model_realtime(m, r->first_ns))
ALERT(last_time, r->last_ns != 0, pw_value_u, pw_model_realtime(m, r->last_ns))
ALERT(pid, r->key.pid != 0, pw_value_u, r->key.pid)
ALERT(start_time, r->key.start_ns != 0, pw_value_u, pw_model_realtime(m, r->key.start_ns))
ALERT(comm, true, pw_value_text_or_unknown, r->comm)
ALERT(exe, true, pw_value_text_or_unknown, r->exe)
ALERT(confidence_ratio, true, pw_value_d, r->confidence)
ALERT(what, true, pw_value_text, r->what)
ALERT(evidence, true, pw_value_text_or_unknown, r->evidence)

const struct pw_column pw_alert_columns[] = {
#define C(...) PW_TABLE_COLUMN(alert, __VA_ARGS__)
	C(alert, "ALERT", TEXT, 22, true, "kind of the alert"),
	C(confidence_ratio, "SURE%", RATIO, 5, true, "100%: certain; below: a suspicion"),
	C(count, "COUNT", COUNT, 6, true, "how often, from one place"),
	C(last_time, "LAST", TIME, 24, true, "when it was seen last"),
	C(first_time, "FIRST", TIME, 24, false, "when it was seen first"),
	C(pid, "PID", COUNT, 7, true, "process id of the newest"),
	C(start_time, "STARTED", TIME, 24, false, "when that process started"),
	C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(what, "WHAT", TEXT, 0, true, "one sentence"),
	C(evidence, "EVIDENCE", TEXT, 0, true, "the figures: addresses, offsets, counts, call site"),
	{ NULL },
#undef C
};
