// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/wipe_filter.h"

#include <string.h>

#include "user/base/words.h"

uint32_t pw_wipe_event_pid(const struct pw_wipe_event *e)
{
	return e->release ? e->rel.key.pid : e->wipe.key.pid;
}

uint16_t pw_wipe_event_function(const struct pw_wipe_event *e)
{
	return e->release ? e->rel.function : e->wipe.function;
}

uint8_t pw_wipe_event_verdict(const struct pw_wipe_event *e)
{
	return e->release ? e->rel.verdict : e->wipe.verdict;
}

/* ---- names ------------------------------------------------------------------- */

static const char *function_name(unsigned int number)
{
	return pw_wipe_function_name((uint16_t)number);
}

static const char *verdict_name(unsigned int number)
{
	return pw_wipe_verdict_name((uint8_t)number);
}

int pw_wipe_filter_functions(struct pw_wipe_filter *f, const char *names, struct pw_error *err)
{
	static const struct pw_words known = { "wipe function", function_name, PW_WIPE_FUNCTIONS };

	f->by_function = true;
	return pw_words_parse(&known, names, f->functions, err);
}

int pw_wipe_filter_verdicts(struct pw_wipe_filter *f, const char *names, struct pw_error *err)
{
	static const struct pw_words known = { "verdict", verdict_name, PW_WIPE_VERDICTS };

	f->by_verdict = true;
	return pw_words_parse(&known, names, f->verdicts, err);
}

/* ---- events ------------------------------------------------------------------ */

bool pw_wipe_filter_process(const struct pw_wipe_filter *f, uint32_t pid, const char *comm,
			    const char *exe)
{
	if (!f)
		return true;
	if (f->pid && f->pid != pid)
		return false;
	return !f->process || strcasestr(comm, f->process) || strcasestr(exe, f->process);
}

static bool in_set(const bool *set, unsigned int number, unsigned int count)
{
	return number < count && set[number];
}

bool pw_wipe_filter_passes(const struct pw_wipe_filter *f, const struct pw_wipe_event *e)
{
	const uint8_t *raw = e->release ? e->rel.comm : e->wipe.comm;
	char comm[PW_COMM_LEN + 1] = "";

	if (!f)
		return true;
	if (f->by_function && !in_set(f->functions, pw_wipe_event_function(e), PW_WIPE_FUNCTIONS))
		return false;
	if (f->by_verdict && !in_set(f->verdicts, pw_wipe_event_verdict(e), PW_WIPE_VERDICTS))
		return false;
	memcpy(comm, raw, PW_COMM_LEN);
	return pw_wipe_filter_process(f, pw_wipe_event_pid(e), comm, e->exe);
}
