// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Growth per hour, windows and blocks are in the series' own time, which a
 * rehearsal makes run faster; points in time and the time to the limit are real.
 */
#include "user/view/leak_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/view/table_values.h"
#include "user/view/tables.h"

#define YEARS_NS (100 * 365.25 * 86400 * 1e9) /* what comes later does not come */

/* ---- what several columns need ---------------------------------------------------- */

bool pw_leak_in_bytes(enum pw_series_kind kind)
{
	return strcmp(pw_series_units[kind], "bytes") == 0;
}

bool pw_leak_seconds(double seconds, uint64_t *ret_ns)
{
	double ns = seconds * 1e9;

	if (!(ns < YEARS_NS)) /* NaN too */
		return false;
	*ret_ns = ns > 0 ? (uint64_t)ns : 0;
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static const char *short_name(const struct pw_subject *s)
{
	switch (s->type) {
	case PW_SUBJECT_PROCESS:
		return s->comm;
	case PW_SUBJECT_GROUP:
		return base_name(s->exe);
	default:
		return s->cgroup;
	}
}

const char *pw_leak_name(const struct pw_subject *s, char *buf, size_t size)
{
	if (s->type == PW_SUBJECT_PROCESS)
		snprintf(buf, size, "%u %s", s->key.pid, s->comm);
	else if (s->type == PW_SUBJECT_GROUP)
		snprintf(buf, size, "%s in %s", s->exe, s->cgroup[0] ? s->cgroup : "no cgroup");
	else
		snprintf(buf, size, "%s", s->cgroup[0] ? s->cgroup : "a cgroup without a name");
	return buf;
}

static const char *type_name(enum pw_subject_type type)
{
	return type < PW_SUBJECT_TYPES ? pw_subject_type_names[type] : "";
}

static void set_time(struct pw_value *ret, uint64_t realtime_ns)
{
	if (realtime_ns)
		pw_value_u(ret, realtime_ns);
	else
		pw_value_unknown(ret);
}

/* Starts are counted from the boot, and another boot's is not known here. */
static void set_start(struct pw_value *ret, const struct pw_model *m, const struct pw_subject *s)
{
	bool same = m && m->has_machine && s->type == PW_SUBJECT_PROCESS &&
		    strncmp((const char *)m->machine.boot_id, s->boot_id,
			    sizeof(m->machine.boot_id)) == 0;

	if (same)
		pw_value_u(ret, pw_model_realtime(m, s->key.start_ns));
	else
		pw_value_unknown(ret);
}

static void set_seconds(struct pw_value *ret, const struct pw_time_to_limit *t, double seconds)
{
	uint64_t ns;

	if (t->known && pw_leak_seconds(seconds, &ns))
		pw_value_u(ret, ns);
	else
		pw_value_unknown(ret);
}

/* ---- a series and its verdict ------------------------------------------------------- */

/* The sentence that decided: of a suspect the whole, of another the gate that it did not pass. */
static void set_evidence(struct pw_value *ret, const struct pw_suspect *r)
{
	enum pw_gate gate = pw_verdict_failed_gate(&r->verdict);
	const char *unit = pw_series_units[r->kind];
	size_t room = sizeof(ret->scratch.text);

	if (pw_verdict_is_suspect(r->verdict.verdict) || gate == PW_GATES)
		pw_verdict_explain(&r->verdict, unit, ret->scratch.text, room);
	else
		pw_gate_explain(&r->verdict, gate, unit, ret->scratch.text, room);
	pw_value_text_or_unknown(ret, ret->scratch.text);
}

/* The smallest power of two by which every floor fits a point. */
static uint32_t floor_scale(const struct pw_suspect *r)
{
	uint64_t high = 0;
	uint32_t scale = 1;

	for (size_t i = 0; i < r->floor_count; i++) {
		if (r->floors[i] != PW_UNKNOWN && r->floors[i] > high)
			high = r->floors[i];
	}
	while (high / scale >= PW_SPARK_GAP && scale < 1u << 31)
		scale *= 2;
	return scale;
}

static uint32_t point_of(uint64_t floor, uint32_t scale)
{
	if (floor == PW_UNKNOWN)
		return PW_SPARK_GAP;
	return floor / scale < PW_SPARK_GAP ? (uint32_t)(floor / scale) : PW_SPARK_GAP - 1;
}

static void set_floors(struct pw_value *ret, const struct pw_suspect *r)
{
	uint32_t scale = floor_scale(r);

	_Static_assert(PW_TREND_BLOCKS <= sizeof(ret->scratch.points) / sizeof(uint32_t),
		       "floors fit the scratch room");
	if (!r->floor_count) {
		pw_value_unknown(ret);
		return;
	}
	for (size_t i = 0; i < r->floor_count; i++)
		ret->scratch.points[i] = point_of(r->floors[i], scale);
	ret->known = true;
	ret->spark.points = ret->scratch.points;
	ret->spark.count = r->floor_count;
	ret->spark.scale = scale;
	ret->spark.gapped = true;
}

static void set_failed_gate(struct pw_value *ret, const struct pw_verdict *v)
{
	enum pw_gate gate = pw_verdict_failed_gate(v);

	if (gate < PW_GATES)
		pw_value_text(ret, pw_gate_names[gate]);
	else
		pw_value_unknown(ret);
}

static void set_amount(struct pw_value *ret, const struct pw_suspect *r, double n)
{
	pw_value_amount(ret, n, pw_leak_in_bytes(r->kind));
}

/* Of a suspect that one judgement acquits: the window that it is judged on. */
static uint64_t since_of(const struct pw_suspect *r)
{
	bool suspect = pw_verdict_is_suspect(r->verdict.verdict);

	return suspect && !r->verdict.since_ns ? r->verdict.from_ns : r->verdict.since_ns;
}

#define LEAK(name, condition, set, ...) \
	PW_TABLE_VALUE(leak, struct pw_suspect, name, condition, set, __VA_ARGS__)
#define JUDGED (r->verdict.verdict != PW_VERDICT_UNKNOWN)
#define BOUNDED (r->limit.kind != PW_LIMIT_NONE)
#define IS_PROCESS (r->subject->type == PW_SUBJECT_PROCESS)

LEAK(type, true, pw_value_text, type_name(r->subject->type))
LEAK(pid, IS_PROCESS, pw_value_u, r->subject->key.pid)
LEAK(start_time, true, set_start, m, r->subject)
LEAK(name, true, pw_value_text_or_unknown, short_name(r->subject))
LEAK(exe, true, pw_value_text_or_unknown, r->subject->exe)
LEAK(cgroup, true, pw_value_text_or_unknown, r->subject->cgroup)
LEAK(unit_name, true, pw_value_text_or_unknown, r->subject->unit)
LEAK(container, true, pw_value_text_or_unknown, r->subject->container)
LEAK(alive, true, pw_value_b, r->subject->alive)
LEAK(restored, true, pw_value_b, r->subject->restored)
LEAK(boot_id, true, pw_value_text_or_unknown, r->subject->boot_id)
LEAK(members, r->subject->type == PW_SUBJECT_GROUP, pw_value_u, r->subject->members)
LEAK(restarts, true, pw_value_u, r->subject->restarts)
LEAK(first_seen_time, true, set_time, r->subject->first_seen_ns)
LEAK(last_seen_time, true, set_time, r->subject->last_seen_ns)
LEAK(fingerprint, true, pw_value_u, pw_subject_fingerprint(r->subject, r->kind))
LEAK(series, true, pw_value_text, pw_series_names[r->kind])
LEAK(unit, true, pw_value_text, pw_series_units[r->kind])
LEAK(verdict, true, pw_table_verdict, r->verdict.verdict)
LEAK(suspect, true, pw_value_b, pw_verdict_is_suspect(r->verdict.verdict))
LEAK(covered_by_process, true, pw_value_b, r->covered_by_process)
LEAK(confidence_ratio, JUDGED && r->verdict.confidence > 0, pw_value_d, r->verdict.confidence)
LEAK(value, r->value != PW_UNKNOWN, set_amount, r, (double)r->value)
LEAK(growth_per_hour, JUDGED, set_amount, r, r->verdict.slope)
LEAK(growth_low_per_hour, JUDGED, set_amount, r, r->verdict.slope_low)
LEAK(growth_high_per_hour, JUDGED, set_amount, r, r->verdict.slope_high)
LEAK(since_time, true, set_time, since_of(r))
LEAK(suspected_since_time, true, set_time, r->suspected_since_ns)
LEAK(limit_kind, BOUNDED, pw_value_text, pw_limit_names[r->limit.kind])
LEAK(limit, BOUNDED, set_amount, r, (double)r->limit.limit)
LEAK(limit_left, BOUNDED, set_amount, r, (double)r->limit.left)
LEAK(time_to_limit_ns, BOUNDED, set_seconds, &r->time_to_limit, r->time_to_limit.seconds)
LEAK(time_to_limit_low_ns, BOUNDED, set_seconds, &r->time_to_limit, r->time_to_limit.seconds_low)
LEAK(time_to_limit_high_ns, BOUNDED, set_seconds, &r->time_to_limit, r->time_to_limit.seconds_high)
LEAK(floors, true, set_floors, r)
LEAK(floors_from_time, r->floor_count != 0, set_time, r->floors_from_ns)
LEAK(block_ns, r->floor_count != 0, pw_value_u, r->floors_block_ns)
LEAK(window_ns, r->verdict.window_ns != 0, pw_value_u, r->verdict.window_ns)
LEAK(blocks, true, pw_value_u, r->verdict.blocks)
LEAK(gaps, true, pw_value_u, r->verdict.gaps)
LEAK(passes, true, pw_value_u, r->verdict.passes)
LEAK(failed_gate, true, set_failed_gate, &r->verdict)
LEAK(evidence, true, set_evidence, r)

const struct pw_column pw_leak_columns[] = {
#define C(...) PW_TABLE_COLUMN(leak, __VA_ARGS__)
	C(type, "OF", TEXT, 7, false, "process, group (a program in a cgroup) or cgroup"),
	C(pid, "PID", COUNT, 7, true, "process id"),
	C(name, "NAME", TEXT, 15, true, "the process's command, the group's program, or the cgroup"),
	C(series, "SERIES", TEXT, 11, true, "which of its memory"),
	C(unit, "UNIT", TEXT, 7, false, "what the values of this row are: bytes, threads, files"),
	C(verdict, "VERDICT", TEXT, 10, true, "class of the growth"),
	C(suspect, "SUSPECT", BOOL, 7, false, "it grows as leaks grow"),
	C(confidence_ratio, "SURE%", RATIO, 5, true,
	  "share of such verdicts that were right in the corpus"),
	C(value, "NOW", AMOUNT, 7, true, "its size now; see unit"),
	C(growth_per_hour, "PER HOUR", AMOUNT, 8, true,
	  "growth of the floors per hour of the series' time; see unit"),
	C(growth_low_per_hour, "AT LEAST", AMOUNT, 8, true, "its lower bound, of a 90% interval"),
	C(growth_high_per_hour, "AT MOST", AMOUNT, 8, true, "its upper bound"),
	C(since_time, "GROWS SINCE", TIME, 24, true, "when the growth began, as far back as was seen"),
	C(suspected_since_time, "SUSPECTED SINCE", TIME, 24, false, "when it became a suspect"),
	C(limit_kind, "LIMIT", TEXT, 10, true, "what it will run into first"),
	C(limit, "OF", AMOUNT, 7, true, "that limit; see unit"),
	C(limit_left, "LEFT", AMOUNT, 7, false, "what is left of it; see unit"),
	C(time_to_limit_ns, "REACHED IN", NS, 10, true,
	  "real time to the limit at this rate; null: never, or not known"),
	C(time_to_limit_low_ns, "SOONEST", NS, 8, true, "lower bound of a 90% interval"),
	C(time_to_limit_high_ns, "LATEST", NS, 8, true, "upper bound; null: never, or not known"),
	C(floors, "FLOORS", SPARK, 24, true, "lowest value of each block of the window, oldest first"),
	C(floors_from_time, "FROM", TIME, 24, false, "begin of the first block"),
	C(block_ns, "BLOCK", NS, 8, false, "length of a block, in real time"),
	C(window_ns, "WINDOW", NS, 8, false, "length of the window that decided, in the series' time"),
	C(blocks, "BLOCKS", COUNT, 6, false, "blocks of the window that have values"),
	C(gaps, "GAPS", COUNT, 4, false, "blocks of the window in which nobody watched"),
	C(passes, "PASSES", COUNT, 6, false, "judgements in a row that passed every test"),
	C(failed_gate, "FAILED", TEXT, 12, false, "the gate that decided against a leak"),
	C(covered_by_process, "COVERED", BOOL, 7, false,
	  "a suspected process of this group stands for the same growth"),
	C(start_time, "STARTED", TIME, 24, false, "when the process started"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(cgroup, "CGROUP", TEXT, 40, false, "control group"),
	C(unit_name, "SYSTEMD UNIT", TEXT, 20, false, "systemd unit"),
	C(container, "CONTAINER", TEXT, 14, false, "container id"),
	C(alive, "ALIVE", BOOL, 5, false, "it is there"),
	C(restored, "RESTORED", BOOL, 8, false, "from before the daemon's start, and not seen since"),
	C(members, "MEMBERS", COUNT, 7, false, "living processes of a group"),
	C(boot_id, "BOOT", TEXT, 36, false, "the boot in which it was last seen"),
	C(restarts, "RESTARTS", COUNT, 8, false, "execs and new starts that began its history anew"),
	C(first_seen_time, "FIRST SEEN", TIME, 24, false, "when it was seen first"),
	C(last_seen_time, "LAST SEEN", TIME, 24, false, "when it was seen last"),
	C(fingerprint, "FINGERPRINT", ADDRESS, 18, false,
	  "the same for the same program, cgroup and series on every host and boot"),
	C(evidence, "WHY", TEXT, 0, false, "one sentence: what decided"),
	{ NULL },
#undef C
};

const char *const pw_leak_shown[] = {
	"pid",
	"name",
	"series",
	"verdict",
	"confidence_ratio",
	"value",
	"growth_per_hour",
	"growth_low_per_hour",
	"growth_high_per_hour",
	"limit_kind",
	"limit",
	"time_to_limit_ns",
	"time_to_limit_low_ns",
	"time_to_limit_high_ns",
	"floors",
	NULL,
};
const char *const pw_leak_evidence_shown[] = {
	"pid", "name", "series", "since_time", "evidence", NULL,
};
const char *const pw_leak_others_shown[] = {
	"pid",	  "name",     "series", "verdict", "confidence_ratio", "value", "growth_per_hour",
	"floors", "evidence", NULL,
};
const char *const pw_leak_summary_shown[] = {
	"series",     "verdict", "confidence_ratio", "value",	 "growth_per_hour",
	"limit_kind", "limit",	 "floors",	     "evidence", NULL,
};

/* ---- gates ----------------------------------------------------------------------------- */

static const struct pw_gate_result *result_of(const struct pw_gate_row *r)
{
	return &r->suspect->verdict.gates[r->gate];
}

static const char *outcome(const struct pw_gate_result *g)
{
	if (!g->asked)
		return "not asked";
	return g->passed ? "passed" : "failed";
}

/* Gates whose figure is one of the series' own. */
static bool is_amount(enum pw_gate gate)
{
	return gate == PW_GATE_SLOPE || gate == PW_GATE_FLOOR || gate == PW_GATE_HIGH_GROUND;
}

static void set_figure(struct pw_value *ret, const struct pw_gate_row *r, double n)
{
	pw_value_amount(ret, n, is_amount(r->gate) && pw_leak_in_bytes(r->suspect->kind));
}

static void set_sentence(struct pw_value *ret, const struct pw_gate_row *r)
{
	pw_gate_explain(&r->suspect->verdict, r->gate, pw_series_units[r->suspect->kind],
			ret->scratch.text, sizeof(ret->scratch.text));
	pw_value_text_or_unknown(ret, ret->scratch.text);
}

#define GATE(name, condition, set, ...) \
	PW_TABLE_VALUE(gate, struct pw_gate_row, name, condition, set, __VA_ARGS__)
#define ASKED (result_of(r)->asked)

GATE(series, true, pw_value_text, pw_series_names[r->suspect->kind])
GATE(gate, true, pw_value_text, pw_gate_names[r->gate])
GATE(outcome, true, pw_value_text, outcome(result_of(r)))
GATE(decided, true, pw_value_b, r->gate == pw_verdict_failed_gate(&r->suspect->verdict))
GATE(figure, ASKED, set_figure, r, result_of(r)->value)
GATE(bound, ASKED, set_figure, r, result_of(r)->bound)
GATE(sentence, true, set_sentence, r)

const struct pw_column pw_gate_columns[] = {
#define C(...) PW_TABLE_COLUMN(gate, __VA_ARGS__)
	C(series, "SERIES", TEXT, 11, false, "which memory of the subject"),
	C(gate, "GATE", TEXT, 13, true, "name of the test"),
	C(outcome, "RESULT", TEXT, 9, true, "passed, failed, or not asked: there was too little"),
	C(decided, "DECIDED", BOOL, 7, false, "the first that failed: it made the class"),
	C(figure, "FIGURE", AMOUNT, 8, true, "what was found"),
	C(bound, "BOUND", AMOUNT, 8, true, "what it is held against"),
	C(sentence, "IN WORDS", TEXT, 0, true, "one sentence"),
	{ NULL },
#undef C
};

/* ---- floors ---------------------------------------------------------------------------- */

#define FLOOR(name, condition, set, ...) \
	PW_TABLE_VALUE(floor, struct pw_floor_row, name, condition, set, __VA_ARGS__)

FLOOR(time, true, set_time, r->time_ns)
FLOOR(value, r->value != PW_UNKNOWN, set_amount, r->suspect, (double)r->value)
FLOOR(line, true, set_amount, r->suspect, r->line)

const struct pw_column pw_floor_columns[] = {
#define C(...) PW_TABLE_COLUMN(floor, __VA_ARGS__)
	C(time, "FROM", TIME, 24, true, "begin of the block"),
	C(value, "FLOOR", AMOUNT, 8, true, "lowest value in it; null: nobody watched"),
	C(line, "LINE", AMOUNT, 8, true, "Theil-Sen's line in its middle"),
	{ NULL },
#undef C
};

/* ---- changes ----------------------------------------------------------------------------- */

#define EVENT(name, condition, set, ...) \
	PW_TABLE_VALUE(change, struct pw_verdict_event, name, condition, set, __VA_ARGS__)

static void set_event_amount(struct pw_value *ret, const struct pw_verdict_event *r, double n)
{
	pw_value_amount(ret, n, pw_leak_in_bytes(r->kind));
}

EVENT(time, true, set_time, r->time_ns)
EVENT(type, true, pw_value_text, type_name(r->subject.type))
EVENT(pid, r->subject.type == PW_SUBJECT_PROCESS, pw_value_u, r->subject.key.pid)
EVENT(name, true, pw_value_text_or_unknown, short_name(&r->subject))
EVENT(exe, true, pw_value_text_or_unknown, r->subject.exe)
EVENT(cgroup, true, pw_value_text_or_unknown, r->subject.cgroup)
EVENT(series, true, pw_value_text, pw_series_names[r->kind])
EVENT(unit, true, pw_value_text, pw_series_units[r->kind])
EVENT(from, true, pw_table_verdict, r->from)
EVENT(to, true, pw_table_verdict, r->to)
EVENT(ended, true, pw_value_b, r->ended)
EVENT(confidence_ratio, r->verdict.confidence > 0, pw_value_d, r->verdict.confidence)
EVENT(value, r->value != PW_UNKNOWN, set_event_amount, r, (double)r->value)
EVENT(growth_per_hour, !r->ended, set_event_amount, r, r->verdict.slope)
EVENT(covered_by_process, true, pw_value_b, r->covered_by_process)
EVENT(fingerprint, true, pw_value_u, pw_subject_fingerprint(&r->subject, r->kind))
EVENT(reason, true, pw_value_text_or_unknown, r->reason)

const struct pw_column pw_verdict_event_columns[] = {
#define C(...) PW_TABLE_COLUMN(change, __VA_ARGS__)
	C(time, "TIME", TIME, 24, true, "when the verdict changed"),
	C(type, "OF", TEXT, 7, false, "process, group or cgroup"),
	C(pid, "PID", COUNT, 7, true, "process id"),
	C(name, "NAME", TEXT, 15, true, "the process's command, the group's program, or the cgroup"),
	C(series, "SERIES", TEXT, 11, true, "which of its memory"),
	C(unit, "UNIT", TEXT, 7, false, "what value and growth are: bytes, threads, files"),
	C(from, "FROM", TEXT, 10, true, "class before"),
	C(to, "TO", TEXT, 10, true, "class since"),
	C(ended, "ENDED", BOOL, 5, false, "the subject has ended or started anew"),
	C(confidence_ratio, "SURE%", RATIO, 5, true, "as of the series' verdict"),
	C(value, "SIZE", AMOUNT, 7, true, "its size then; see unit"),
	C(growth_per_hour, "PER HOUR", AMOUNT, 8, true, "its growth then; see unit"),
	C(covered_by_process, "COVERED", BOOL, 7, false, "as of the series"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(cgroup, "CGROUP", TEXT, 40, false, "control group"),
	C(fingerprint, "FINGERPRINT", ADDRESS, 18, false, "as of the series"),
	C(reason, "WHY", TEXT, 0, true, "one sentence"),
	{ NULL },
#undef C
};

/* ---- how much was seen --------------------------------------------------------------------- */

#define HEADER(name, condition, set, ...) \
	PW_TABLE_VALUE(header, struct pw_leak_header, name, condition, set, __VA_ARGS__)

static void machine_value(struct pw_value *ret, const struct pw_leak_header *r, const char *name)
{
	if (!r->model || !r->model->has_machine) {
		pw_value_unknown(ret);
		return;
	}
	pw_column_find(pw_machine_columns, name)->get(r->model, r->model, ret);
}

/* Of what a source may see, what trends are made of. */
static void set_coverage(struct pw_value *ret, const struct pw_model *m)
{
	static const struct {
		uint32_t bit;
		const char *words;
	} parts[] = {
		{ PW_COVER_ALL_PROCESSES, "other users' processes" },
		{ PW_COVER_EVENTS, "forks, execs and exits" },
		{ PW_COVER_RSS_EXACT, "exact sizes" },
		{ PW_COVER_RESOURCES, "open files, load and limits of processes" },
		{ PW_COVER_CGROUPS, "cgroups and their limits" },
	};
	size_t used = 0, room = sizeof(ret->scratch.text);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!(m->machine.coverage & parts[i].bit))
			used += (size_t)snprintf(ret->scratch.text + used, room - used, "%s%s",
						 used ? ", " : "without ", parts[i].words);
	}
	pw_value_text(ret, used ? ret->scratch.text : "complete");
}

HEADER(host, true, machine_value, r, "host")
HEADER(boot_id, true, machine_value, r, "boot_id")
HEADER(time, true, set_time, r->now_ns)
HEADER(origin, true, pw_value_text, r->origin)
HEADER(origin_name, true, pw_value_text_or_unknown, r->origin_name)
HEADER(source, true, machine_value, r, "source")
HEADER(coverage, r->model && r->model->has_machine, set_coverage, r->model)
HEADER(watched_ns, true, pw_value_u, r->watched_ns)
HEADER(time_scale, true, pw_value_amount, r->time_scale, false)
HEADER(suspect_count, true, pw_value_u, r->cost.suspects)
HEADER(subject_count, true, pw_value_u, r->cost.subjects)
HEADER(series_count, true, pw_value_u, r->cost.series)
HEADER(subjects_refused, true, pw_value_u, r->cost.refused)
HEADER(lost, true, machine_value, r, "lost")
HEADER(missed_ticks, r->model != NULL, pw_value_u, r->model->missed_ticks)

const struct pw_column pw_leak_header_columns[] = {
#define C(...) PW_TABLE_COLUMN(header, __VA_ARGS__)
	C(host, "host", TEXT, 15, true, "the machine"),
	C(boot_id, "boot", TEXT, 36, false, "the boot"),
	C(time, "at", TIME, 24, true, "when it was looked at last"),
	C(origin, "by", TEXT, 9, true,
	  "who watched: the daemon, its history, a recording, or this command itself"),
	C(origin_name, "from", TEXT, 40, false, "the daemon's socket, or the history's file"),
	C(source, "source", TEXT, 8, false, "who counts: bpf or proc"),
	C(coverage, "coverage", TEXT, 40, true, "what the source does not see"),
	C(watched_ns, "watched", NS, 8, true, "real time since the first sample"),
	C(time_scale, "time scale", AMOUNT, 4, false,
	  "hours that an hour counts as: above 1 it is a rehearsal"),
	C(suspect_count, "suspects", COUNT, 4, true,
	  "series that grow as leaks grow, also of groups of a suspected process"),
	C(subject_count, "subjects", COUNT, 6, true, "processes, groups and cgroups under watch"),
	C(series_count, "series", COUNT, 6, true, "series of memory of them that ever changed"),
	C(subjects_refused, "refused", COUNT, 6, true, "subjects that found no room"),
	C(lost, "lost", COUNT, 6, true, "records that were lost, all causes"),
	C(missed_ticks, "missed", COUNT, 6, true, "intervals that did not come"),
	{ NULL },
#undef C
};
