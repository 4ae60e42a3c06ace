// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/secret.h"

#define NAME(table, i) \
	((i) < sizeof(table) / sizeof((table)[0]) && (table)[i] ? (table)[i] : "unknown")

static const char *const states[] = {
	[PW_SECRET_LIVE] = "live",
	[PW_SECRET_ENDED_CLEAN] = "released-clean",
	[PW_SECRET_ENDED_DIRTY] = "released-dirty",
	[PW_SECRET_LEFT_BEHIND] = "left-behind",
	[PW_SECRET_ENDED_UNKNOWN] = "unknown",
};

static const char *const events[] = {
	[PW_SECRET_REGISTERED] = "registered",
	[PW_SECRET_RELEASED] = "released",
	[PW_SECRET_SHARED] = "shared",
	[PW_SECRET_ENDED] = "ended",
};

static const char *const causes[] = {
	[PW_CAUSE_NONE] = "",	    [PW_CAUSE_UNMAP] = "unmap",	    [PW_CAUSE_DISCARD] = "discard",
	[PW_CAUSE_COW] = "cow",	    [PW_CAUSE_RECLAIM] = "reclaim", [PW_CAUSE_FORK] = "fork",
	[PW_CAUSE_EXIT] = "exit",   [PW_CAUSE_EXEC] = "exec",	    [PW_CAUSE_UNWATCH] = "unwatch",
	[PW_CAUSE_CLOSE] = "close",
};

static const char *const verdicts[] = {
	[PW_SECRET_UNKNOWN] = "unknown", [PW_SECRET_CLEAN] = "clean",
	[PW_SECRET_DIRTY] = "dirty",	 [PW_SECRET_STILL_MAPPED] = "still-mapped",
	[PW_SECRET_SWAPPED] = "swapped", [PW_SECRET_COPIED] = "cow-left-behind",
	[PW_SECRET_HELD] = "held",
};

const char *pw_secret_state_name(enum pw_secret_state s)
{
	return NAME(states, (unsigned int)s);
}

const char *pw_secret_event_name(uint32_t event)
{
	return NAME(events, event);
}

const char *pw_secret_cause_name(uint32_t cause)
{
	return NAME(causes, cause);
}

const char *pw_secret_verdict_name(uint32_t verdict)
{
	return NAME(verdicts, verdict);
}

size_t pw_secret_event_count(const struct pw_secret_table *t)
{
	return t->log.total < PW_SECRET_EVENTS_MAX ? t->log.total : PW_SECRET_EVENTS_MAX;
}

const struct pw_secret *pw_secret_event_at(const struct pw_secret_table *t, size_t index)
{
	return &t->log.ring[(t->log.total - pw_secret_event_count(t) + index) % PW_SECRET_EVENTS_MAX];
}
