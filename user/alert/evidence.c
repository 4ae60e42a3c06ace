// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/base/hash.h"
#include "user/base/text.h"

#define TEXT(to, from) pw_alert_text(to, sizeof(to), from)
#define U(n) ((unsigned long long)(n))

/* ---- verdicts -------------------------------------------------------------------- */

struct finding {
	const struct pw_subject *subject;
	enum pw_series_kind kind;
	const struct pw_verdict *verdict;
	enum pw_verdict_class class;
	uint64_t value, starts_ns;
	const struct pw_limit *limit;
	const struct pw_time_to_limit *time;
};

/* What people call it: the last part of its path, with the pid of one process. */
static void name_of(const struct pw_subject *s, char *out, size_t size)
{
	const char *whole = s->exe[0] ? s->exe : s->comm[0] ? s->comm : s->cgroup;
	const char *slash = strrchr(whole, '/');
	const char *name = slash && slash[1] ? slash + 1 : whole;

	if (s->type == PW_SUBJECT_PROCESS)
		snprintf(out, size, "%.64s (pid %u)", name, s->key.pid);
	else if (s->type == PW_SUBJECT_GROUP)
		snprintf(out, size, "%.64s (%u processes)", name, s->members);
	else
		snprintf(out, size, "cgroup %.128s", s->cgroup);
}

static void duration(double seconds, char out[24])
{
	if (seconds < 120)
		snprintf(out, 24, "%.0f s", seconds);
	else if (seconds < 120 * 60)
		snprintf(out, 24, "%.0f min", seconds / 60);
	else if (seconds < 72 * 3600)
		snprintf(out, 24, "%.0f h", seconds / 3600);
	else
		snprintf(out, 24, "%.0f days", fmin(seconds / 86400, 1e9));
}

static void amount(double n, const char *unit, char out[48])
{
	char size[PW_SIZE_TEXT];

	if (strcmp(unit, "bytes") == 0)
		snprintf(out, 48, "%s", pw_text_size((uint64_t)fmax(0, fmin(n, 9e18)), size));
	else
		snprintf(out, 48, "%.3g %s", n, unit);
}

/* "nginx (pid 4711) grows: anon by 1.2M an hour; 19 h to the limit (cgroup)" */
static void summarize(const struct finding *f, struct pw_alert *a)
{
	char name[200], speed[48], left[24];
	int n;

	name_of(f->subject, name, sizeof(name));
	amount(f->verdict->slope, a->value_unit, speed);
	n = snprintf(a->summary, sizeof(a->summary), "%s %s: %s by %s an hour", name,
		     f->class == PW_VERDICT_LEAK_UNREACHABLE ? "leaks" : "grows as leaks grow",
		     a->series, speed);
	if (!f->time->known || n < 0 || n >= (int)sizeof(a->summary) || !isfinite(f->time->seconds))
		return;
	duration(f->time->seconds, left);
	snprintf(a->summary + n, sizeof(a->summary) - (size_t)n, "; %s to its limit (%s)", left,
		 a->limit);
}

static void give_evidence(const struct finding *f, struct pw_alert *a)
{
	char low[24], high[24], limit[48], value[48];
	int n = pw_verdict_explain(f->verdict, a->value_unit, a->evidence, sizeof(a->evidence));
	size_t used = n < 0 ? 0 : (size_t)n;

	amount((double)f->value, a->value_unit, value);
	if (used < sizeof(a->evidence))
		used += (size_t)snprintf(a->evidence + used, sizeof(a->evidence) - used, "; now %s",
					 value);
	if (!f->time->known || used >= sizeof(a->evidence))
		return;
	amount((double)f->limit->limit, a->value_unit, limit);
	duration(f->time->seconds_low, low);
	duration(f->time->seconds_high, high);
	snprintf(a->evidence + used, sizeof(a->evidence) - used,
		 "; its limit of %s (%s) is reached in %s to %s (90 %%)", limit, a->limit, low,
		 isfinite(f->time->seconds_high) ? high : "never");
}

static void take_limit(const struct finding *f, struct pw_alert *a)
{
	if ((unsigned int)f->limit->kind >= PW_LIMIT_KINDS || f->limit->kind == PW_LIMIT_NONE)
		return;
	TEXT(a->limit, pw_limit_names[f->limit->kind]);
	if (!f->time->known)
		return;
	a->limit_s = f->time->seconds;
	a->limit_low_s = f->time->seconds_low;
	a->limit_high_s = f->time->seconds_high;
}

static void take_subject(const struct pw_subject *s, struct pw_alert *a)
{
	TEXT(a->subject, pw_subject_type_names[s->type]);
	TEXT(a->comm, s->comm);
	TEXT(a->exe, s->exe);
	TEXT(a->cgroup, s->cgroup);
	TEXT(a->unit, s->unit);
	TEXT(a->container, s->container);
	a->pid = s->type == PW_SUBJECT_PROCESS ? s->key.pid : 0;
	a->members = 1;
}

static void make(const struct finding *f, const char *host, struct pw_alert *ret)
{
	const struct pw_verdict *v = f->verdict;
	struct pw_alert *a = ret;

	pw_alert_init(a);
	a->fingerprint = pw_subject_fingerprint(f->subject, f->kind);
	TEXT(a->name, PW_ALERT_LEAK);
	TEXT(a->severity, "warning");
	TEXT(a->class, pw_verdict_names[f->class]);
	TEXT(a->series, pw_series_names[f->kind]);
	TEXT(a->value_unit, pw_series_units[f->kind]);
	TEXT(a->host, host);
	take_subject(f->subject, a);
	a->starts_ns = f->starts_ns;
	a->since_ns = v->since_ns;
	a->window_ns = v->window_ns;
	a->value = f->value;
	a->growth = v->slope;
	a->growth_low = v->slope_low;
	a->growth_high = v->slope_high;
	a->confidence = v->confidence > 0 ? v->confidence : NAN;
	take_limit(f, a);
	summarize(f, a);
	give_evidence(f, a);
}

void pw_alert_of_event(const struct pw_verdict_event *ev, const char *host, struct pw_alert *ret)
{
	const struct finding f = { &ev->subject, ev->kind,    &ev->verdict, ev->to,
				   ev->value,	 ev->time_ns, &ev->limit,   &ev->time_to_limit };

	make(&f, host, ret);
	TEXT(ret->reason, ev->reason);
}

void pw_alert_of_suspect(const struct pw_suspect *s, const char *host, struct pw_alert *ret)
{
	const struct finding f = { s->subject,	       s->kind,		 &s->verdict,
				   s->verdict.verdict, s->value,	 s->suspected_since_ns,
				   &s->limit,	       &s->time_to_limit };

	make(&f, host, ret);
}

uint64_t pw_alert_member(const struct pw_subject *s, enum pw_series_kind kind)
{
	uint64_t h = pw_hash_mix((uint64_t)s->type << 32 | (uint64_t)kind);

	if (s->type == PW_SUBJECT_PROCESS)
		return pw_hash_mix(h ^ s->key.start_ns) ^ pw_hash_mix(s->key.pid);
	h = pw_hash_bytes(s->exe, strlen(s->exe), h);
	return pw_hash_bytes(s->cgroup, strlen(s->cgroup), h);
}

/* ---- wipes ------------------------------------------------------------------------ */

static const struct {
	const char *name, *severity;
} wipe_alerts[PW_ALERT_KINDS] = {
	[PW_ALERT_SECRET_DIRTY] = { "PagewardenSecretReleasedDirty", "critical" },
	[PW_ALERT_SECRET_LEFT_BEHIND] = { "PagewardenSecretLeftBehind", "critical" },
	[PW_ALERT_WIPED_IN_PART] = { "PagewardenWipedInPart", "warning" },
	[PW_ALERT_REWRITTEN] = { "PagewardenRewrittenAfterWipe", "info" },
	[PW_ALERT_FORGOTTEN_WIPE] = { "PagewardenForgottenWipe", "info" },
};

void pw_alert_of_wipe(const struct pw_wipe_alert *w, const struct pw_model *m, const char *host,
		      struct pw_alert *ret)
{
	const struct pw_process *p = pw_model_process(m, &w->key);
	struct pw_alert *a = ret;

	pw_alert_init(a);
	a->fingerprint = w->fingerprint;
	TEXT(a->name, wipe_alerts[w->kind].name);
	TEXT(a->severity, wipe_alerts[w->kind].severity);
	TEXT(a->class, pw_wipe_alert_name(w->kind));
	TEXT(a->subject, "process");
	TEXT(a->comm, w->comm);
	TEXT(a->exe, w->exe);
	TEXT(a->host, host);
	if (p && p->group) {
		TEXT(a->cgroup, p->group->cgroup);
		TEXT(a->unit, p->group->unit);
		TEXT(a->container, p->group->container);
	}
	a->pid = w->key.pid;
	a->members = 1;
	a->count = w->count;
	a->starts_ns = pw_model_realtime(m, w->first_ns);
	a->confidence = w->confidence;
	TEXT(a->summary, w->what);
	TEXT(a->evidence, w->evidence);
	snprintf(a->reason, sizeof(a->reason), "seen %llu time%s", U(w->count),
		 w->count == 1 ? "" : "s");
}
