// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of what the doctor tried. */
#include "user/view/tables.h"

#define DOCTOR_VALUE(type, name, set, expression)                                         \
	static void type##_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                                 \
		const struct pw_doctor_##type *r = row;                                   \
                                                                                          \
		(void)ctx;                                                                \
		set(ret, expression);                                                     \
	}

static const char *state_word(enum pw_doctor_state state)
{
	switch (state) {
	case PW_DOCTOR_OK:
		return "ok";
	case PW_DOCTOR_ABSENT:
		return "absent";
	case PW_DOCTOR_MISSING:
		return "missing";
	case PW_DOCTOR_FAILED:
		break;
	}
	return "failed";
}

DOCTOR_VALUE(row, check, pw_value_text, r->check)
DOCTOR_VALUE(row, state, pw_value_text, state_word(r->state))
DOCTOR_VALUE(row, found, pw_value_text_or_unknown, r->found)
DOCTOR_VALUE(row, costs, pw_value_text_or_unknown, r->costs)
DOCTOR_VALUE(row, remedy, pw_value_text_or_unknown, r->remedy)
DOCTOR_VALUE(host, host, pw_value_text_or_unknown, r->host)
DOCTOR_VALUE(host, kernel, pw_value_text_or_unknown, r->kernel)
DOCTOR_VALUE(host, uid, pw_value_u, r->uid)
DOCTOR_VALUE(host, verdict, pw_value_text_or_unknown, r->verdict)

const struct pw_column pw_doctor_columns[] = {
	{ "check", "CHECK", "what was tried", PW_UNIT_TEXT, 24, true, row_check },
	{ "state", "STATE", "ok; absent: an extra; missing: not seen; failed: nothing works",
	  PW_UNIT_TEXT, 7, true, row_state },
	{ "found", "FOUND", "what was seen", PW_UNIT_TEXT, 40, true, row_found },
	{ "costs", "COSTS", "what is missing without it", PW_UNIT_TEXT, 40, true, row_costs },
	{ "remedy", "REMEDY", "how to get it", PW_UNIT_TEXT, 0, true, row_remedy },
	{ NULL },
};

const struct pw_column pw_doctor_host_columns[] = {
	{ "host", "host", "name of the machine", PW_UNIT_TEXT, 20, true, host_host },
	{ "kernel", "kernel", "its kernel's release", PW_UNIT_TEXT, 20, true, host_kernel },
	{ "uid", "uid", "effective user id of the doctor", PW_UNIT_COUNT, 6, true, host_uid },
	{ "verdict", "verdict", "all of it in one sentence", PW_UNIT_TEXT, 60, true, host_verdict },
	{ NULL },
};
