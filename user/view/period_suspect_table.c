// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of the suspicions of a period. */
#include "user/view/leak_table.h"
#include "user/view/period_report.h"
#include "user/view/table_values.h"

#define BYTES pw_leak_in_bytes(r->kind)
#define LIMITED (r->limit.kind != PW_LIMIT_NONE)

static void set_seconds(struct pw_value *ret, double seconds)
{
	uint64_t ns;

	if (pw_leak_seconds(seconds, &ns))
		pw_value_u(ret, ns);
	else
		pw_value_unknown(ret);
}

static void set_curve(struct pw_value *ret, const uint32_t *curve)
{
	ret->known = true;
	ret->spark.points = curve;
	ret->spark.count = PW_PERIOD_BINS;
	ret->spark.scale = 1024;
	ret->spark.gapped = true;
}

static const char *place_of(const struct pw_period_suspect *s)
{
	return s->unit[0] ? s->unit : s->container[0] ? s->container : s->cgroup;
}

#define SUSPECT(name, condition, set, ...) \
	PW_TABLE_VALUE(suspect, struct pw_period_suspect, name, condition, set, __VA_ARGS__)

SUSPECT(standing, true, pw_value_word, pw_standing_names[r->standing], r->standing)
SUSPECT(verdict, true, pw_value_text, pw_verdict_names[r->verdict.verdict])
SUSPECT(confidence_ratio, r->verdict.confidence > 0, pw_value_d, r->verdict.confidence)
SUSPECT(series, true, pw_value_text, pw_series_names[r->kind])
SUSPECT(unit_of_series, true, pw_value_text, pw_series_units[r->kind])
SUSPECT(growth_per_hour, true, pw_value_amount, r->verdict.slope, BYTES)
SUSPECT(growth_low_per_hour, true, pw_value_amount, r->verdict.slope_low, BYTES)
SUSPECT(growth_high_per_hour, true, pw_value_amount, r->verdict.slope_high, BYTES)
SUSPECT(value, true, pw_value_amount, (double)r->value, BYTES)
SUSPECT(limit_kind, true, pw_value_text, pw_limit_names[r->limit.kind])
SUSPECT(limit, LIMITED, pw_value_amount, (double)r->limit.limit, BYTES)
SUSPECT(time_to_limit_ns, r->time_to_limit.known, set_seconds, r->time_to_limit.seconds)
SUSPECT(time_to_limit_low_ns, r->time_to_limit.known, set_seconds, r->time_to_limit.seconds_low)
SUSPECT(time_to_limit_high_ns, r->time_to_limit.known, set_seconds, r->time_to_limit.seconds_high)
SUSPECT(growth_since_time, r->verdict.since_ns, pw_value_u, r->verdict.since_ns)
SUSPECT(suspected_since_time, r->since_ns, pw_value_u, r->since_ns)
SUSPECT(resolved_time, !r->now, pw_value_u, r->resolved_ns)
SUSPECT(footprint_series_bytes, r->curve, set_curve, r->curve)
SUSPECT(type, true, pw_value_text, pw_subject_type_names[r->type])
SUSPECT(pid, r->pid, pw_value_u, r->pid)
SUSPECT(name, true, pw_value_text_or_unknown, pw_period_suspect_name(r))
SUSPECT(place, true, pw_value_text_or_unknown, place_of(r))
SUSPECT(unit, true, pw_value_text_or_unknown, r->unit)
SUSPECT(container, true, pw_value_text_or_unknown, r->container)
SUSPECT(exe, true, pw_value_text_or_unknown, r->exe)
SUSPECT(cgroup, true, pw_value_text_or_unknown, r->cgroup)
SUSPECT(boot_id, true, pw_value_text_or_unknown, r->boot)
SUSPECT(reason, true, pw_value_text_or_unknown, r->reason)

const struct pw_column pw_period_suspect_columns[] = {
#define C(...) PW_TABLE_COLUMN(suspect, __VA_ARGS__)
	C(standing, "STATE", TEXT, 8, true,
	  "new: suspected at the end and not at the begin; standing: at both; resolved: no more"),
	C(verdict, "VERDICT", TEXT, 16, false, "what it is taken for"),
	C(confidence_ratio, "SURE%", RATIO, 5, true,
	  "share of such verdicts that were right in the corpus"),
	C(series, "SERIES", TEXT, 7, true, "which of its values grows"),
	C(unit_of_series, "OF", TEXT, 7, false, "what is counted: bytes, threads, files"),
	C(growth_per_hour, "+/H", AMOUNT, 7, true, "growth per hour"),
	C(growth_low_per_hour, "LOW", AMOUNT, 7, false, "its 90 % interval: from"),
	C(growth_high_per_hour, "HIGH", AMOUNT, 7, false, "to"),
	C(value, "VALUE", AMOUNT, 6, true, "the value at the last change of the verdict"),
	C(limit_kind, "LIMIT", TEXT, 8, false, "what bounds it"),
	C(limit, "AT", AMOUNT, 6, false, "that bound"),
	C(time_to_limit_ns, "LEFT", NS, 7, true,
	  "from the last change of the verdict to the limit, at this speed"),
	C(time_to_limit_low_ns, "AT LEAST", NS, 8, false, "its 90 % interval: from"),
	C(time_to_limit_high_ns, "AT MOST", NS, 8, false, "to"),
	C(growth_since_time, "GROWS SINCE", TIME, 24, false,
	  "where the growth began, as far as was seen"),
	C(suspected_since_time, "SUSPECTED", TIME, 24, false, "since when it is suspected"),
	C(resolved_time, "RESOLVED", TIME, 24, false, "since when it is no more"),
	C(footprint_series_bytes, "THE PERIOD", SPARK, 12, true,
	  "its footprint over the period, oldest first; null: nobody watched"),
	C(type, "WHAT", TEXT, 7, false, "process, group or cgroup"),
	C(pid, "PID", COUNT, 7, true, "of a process: its id"),
	C(name, "NAME", TEXT, 15, true, "the process's short name, the program's, or the cgroup's"),
	C(place, "RUNS IN", TEXT, 0, true, "its unit, else its container, else its cgroup"),
	C(unit, "UNIT", TEXT, 24, false, "systemd unit"),
	C(container, "CONTAINER", TEXT, 12, false, "container"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(cgroup, "CGROUP", TEXT, 40, false, "control group"),
	C(boot_id, "BOOT", TEXT, 36, false, "the kernel's random id of its boot"),
	C(reason, "WHY", TEXT, 80, false, "the last change in a sentence"),
	{ NULL },
#undef C
};
