// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/cmd/verdicts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/procfs.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/pid.h"
#include "user/cmd/verdicts_fetch.h"
#include "user/daemon/daemon.h"

#define DURATION_DEFAULT_NS (30 * PW_NSEC_PER_SEC)
#define PAST_DEFAULT_NS (30 * 86400 * PW_NSEC_PER_SEC)
/* A sample is taken every 10 s of the series' time; faster than this no source is asked. */
#define SAMPLE_NS (10 * PW_NSEC_PER_SEC)
#define INTERVAL_MIN_NS (50 * PW_NSEC_PER_MSEC)
#define TIME_SCALE_MIN 1
#define TIME_SCALE_MAX 3600

/* ---- options ------------------------------------------------------------------------ */

void pw_verdicts_wish_init(struct pw_verdicts_wish *w)
{
	*w = (struct pw_verdicts_wish){ .history = PW_DAEMON_HISTORY };
}

static bool take_scale(const struct pw_command *c, const char *text, double *ret)
{
	char *end;
	double scale = strtod(text, &end);

	if (end == text || *end || !(scale >= TIME_SCALE_MIN && scale <= TIME_SCALE_MAX)) {
		pw_usage_error(c, "--time-scale: '%s' is not a factor from %d to %d, such as 60",
			       text, TIME_SCALE_MIN, TIME_SCALE_MAX);
		return false;
	}
	*ret = scale;
	return true;
}

int pw_verdicts_option(const struct pw_command *c, struct pw_verdicts_wish *w, int code)
{
	bool taken;

	switch (code) {
	case PW_OPT_DURATION:
		taken = pw_option_duration(c, "--duration", optarg, &w->duration_ns);
		break;
	case PW_OPT_TIME_SCALE:
		taken = take_scale(c, optarg, &w->time_scale);
		break;
	case PW_OPT_SINCE:
		taken = pw_option_duration(c, "--since", optarg, &w->since_ns);
		break;
	case PW_OPT_HISTORY:
		w->history = optarg;
		w->history_given = taken = true;
		break;
	default:
		return PW_OPTION_OWN;
	}
	return taken ? PW_OPTION_TAKEN : PW_EXIT_USAGE;
}

static bool is_own_watching(const struct pw_verdicts_wish *w)
{
	return w->duration_ns || (w->time_scale > 0 && !w->history_given);
}

static bool names_a_daemon(const struct pw_common *c)
{
	return c->socket_path && strcmp(c->socket_path, "none") != 0;
}

int pw_verdicts_check(const struct pw_command *c, const struct pw_verdicts_wish *w,
		      const struct pw_common *common)
{
	if (common->input && (w->duration_ns || w->history_given || w->since_ns))
		return pw_usage_error(c, "--replay shows a recording from its begin to its end: "
					 "--duration, --since and --history are not for it");
	if (w->duration_ns && w->history_given)
		return pw_usage_error(c, "--history shows what was seen, --duration watches anew: give "
					 "one of them");
	if (is_own_watching(w) && names_a_daemon(common))
		return pw_usage_error(c, "--socket asks the daemon, --duration and --time-scale watch "
					 "without it: give one of them");
	return PW_OPTION_TAKEN;
}

/* ---- opening ------------------------------------------------------------------------ */

static bool is_stream(const struct pw_session *s)
{
	return !s->source->live && !s->input;
}

static int own_trends(struct pw_session *s, double time_scale, struct pw_error *err)
{
	const struct pw_trends_options opt = { .time_scale = time_scale };
	struct pw_trends *trends;
	int rc = pw_trends_create(&opt, &trends);

	if (rc)
		return pw_error_set(err, rc, "no memory for the series");
	pw_session_watch_growth(s, trends);
	return 0;
}

static const char *socket_of(const struct pw_common *c)
{
	return c->socket_path ? c->socket_path : PW_SOURCE_SOCKET;
}

static int daemon_trends(struct pw_session *s, const struct pw_common *c, struct pw_error *err)
{
	struct pw_trends *trends;
	int rc = pw_trends_fetch(socket_of(c), &trends, err);

	if (!rc)
		pw_session_watch_growth(s, trends);
	return rc;
}

int pw_verdicts_along(struct pw_session *s, const struct pw_common *common, struct pw_error *err)
{
	struct pw_error none;

	if (is_stream(s) && !daemon_trends(s, common, &none))
		return 0;
	return own_trends(s, 0, err);
}

/* -ENOENT: there is none, and none was named. */
static int open_history(struct pw_verdicts *v, const struct pw_verdicts_wish *w, struct pw_error *err)
{
	struct pw_trends *trends;
	int rc = pw_trends_of_history(w->history, w->time_scale, &trends, err);

	if (rc)
		return rc;
	v->origin = PW_VERDICTS_OF_HISTORY;
	v->origin_name = w->history;
	pw_session_watch_growth(v->session, trends);
	return 0;
}

/* The best that is not the daemon. Who may not read the history watches by himself. */
static int open_without_daemon(struct pw_verdicts *v, const struct pw_verdicts_wish *w,
			       struct pw_error *err)
{
	struct pw_error none;
	int rc = is_own_watching(w) ? -ENOENT : open_history(v, w, w->history_given ? err : &none);

	if (!rc || w->history_given)
		return rc;
	v->origin = PW_VERDICTS_OWN;
	v->origin_name = "";
	return own_trends(v->session, w->time_scale, err);
}

static int no_daemon(const struct pw_session *s, const char *socket_path, struct pw_error *err)
{
	if (s->why.what[0])
		*err = s->why;
	else
		pw_error_set(err, -ENOENT, "there is no daemon at %s", socket_path);
	if (!err->remedy[0])
		pw_error_remedy(err, "systemctl start pagewarden; or leave out --socket, and the "
				     "history or this command itself tells what it can");
	return -ENOENT;
}

static int open_daemon(struct pw_verdicts *v, const struct pw_common *c, struct pw_error *err)
{
	v->origin = PW_VERDICTS_OF_DAEMON;
	v->origin_name = socket_of(c);
	return daemon_trends(v->session, c, err);
}

static int open_origin(struct pw_verdicts *v, const struct pw_common *c,
		       const struct pw_verdicts_wish *w, struct pw_error *err)
{
	if (c->input) {
		v->origin = PW_VERDICTS_OF_RECORDING;
		v->origin_name = c->input;
		return own_trends(v->session, w->time_scale, err);
	}
	if (is_stream(v->session))
		return open_daemon(v, c, err);
	if (names_a_daemon(c))
		return no_daemon(v->session, c->socket_path, err);
	return open_without_daemon(v, w, err);
}

/* How the session is to be opened for this wish. */
static void prepare(struct pw_common *c, const struct pw_verdicts_wish *w)
{
	uint64_t sample = (uint64_t)((double)SAMPLE_NS / (w->time_scale > 0 ? w->time_scale : 1));

	if ((is_own_watching(w) || w->history_given) && !c->input)
		c->socket_path = "none";
	/* counters are all that trends need; but who sets up a source is not given the daemon's */
	if (!names_a_daemon(c) && (c->socket_path || !pw_daemon_listens(PW_SOURCE_SOCKET)))
		c->source.no_ledger = true;
	sample = sample > INTERVAL_MIN_NS ? sample : INTERVAL_MIN_NS;
	if (!c->interval_given && sample < c->interval_ns)
		c->interval_ns = sample;
	if (sample < SAMPLE_NS) /* descriptors and limits are read less often than counters */
		c->source.resources_every_ns = sample;
}

/* ---- looking ------------------------------------------------------------------------- */

static bool watched_enough(const struct pw_verdicts *v, const struct pw_verdicts_wish *w)
{
	const struct pw_model *m = v->session->model;
	uint64_t duration = w->duration_ns ? w->duration_ns : DURATION_DEFAULT_NS;

	if (v->origin == PW_VERDICTS_OF_RECORDING)
		return false; /* its end comes by itself */
	return v->origin != PW_VERDICTS_OWN || m->now_ns >= m->first_ns + duration;
}

static int look(struct pw_verdicts *v, const struct pw_verdicts_wish *w, struct pw_error *err)
{
	enum pw_session_event event;
	int rc;

	do {
		rc = pw_session_next(v->session, &event, err);
	} while (!rc && event == PW_SESSION_TICK && !watched_enough(v, w));
	if (!rc && !v->session->model->sequence)
		rc = pw_error_set(err, -ENODATA, "%s holds no whole interval",
				  v->origin_name[0] ? v->origin_name : "the source");
	return rc;
}

/* What was said before; who did not ask for it does without, where it can't be had. */
static int take_past(struct pw_verdicts *v, const struct pw_verdicts_wish *w, struct pw_error *err)
{
	uint64_t since = w->since_ns ? w->since_ns : PAST_DEFAULT_NS;
	const char *path = w->history;
	struct pw_error none;
	char told[PATH_MAX];
	int rc;

	if (v->origin == PW_VERDICTS_OF_DAEMON && pw_history_of_daemon(v->origin_name, told))
		path = told;
	rc = pw_verdicts_past(path, since, &v->past, &v->past_count, w->since_ns ? err : &none);
	return w->since_ns ? rc : 0;
}

int pw_verdicts_open(struct pw_verdicts *v, struct pw_common *common,
		     const struct pw_verdicts_wish *wish, struct pw_error *err)
{
	int rc;

	prepare(common, wish);
	rc = pw_session_open(common, &v->session, err);
	rc = rc ? rc : open_origin(v, common, wish, err);
	if (!rc && v->session->why.what[0])
		pw_error_print(&v->session->why, stderr);
	rc = rc ? rc : look(v, wish, err);
	return rc || common->input || is_own_watching(wish) ? rc : take_past(v, wish, err);
}

int pw_verdicts_next(struct pw_verdicts *v, bool *ret_more, struct pw_error *err)
{
	enum pw_session_event event;
	int rc = pw_session_next(v->session, &event, err);

	*ret_more = !rc && event == PW_SESSION_TICK;
	return rc;
}

/* ---- who is not there --------------------------------------------------------------------- */

int pw_verdicts_nobody(const struct pw_verdicts *v, uint32_t pid, struct pw_error *err)
{
	bool recorded = v->origin == PW_VERDICTS_OF_RECORDING;
	struct pw_procfs fs;
	struct pw_proc_stat stat;

	if (recorded && !pw_model_pid(v->session->model, pid))
		return pw_error_set(err, -ESRCH, "%s knows no process %u", v->origin_name, pid);
	pw_procfs_init(&fs, NULL);
	if (!recorded && pw_procfs_stat(&fs, pid, &stat))
		return pw_pid_not_there(&fs, pid, err);
	pw_error_set(err, -ESRCH, "nothing is known of the growth of process %u", pid);
	pw_error_remedy(err, "none of its memory has changed by much since it was first seen");
	return -ESRCH;
}

/* ---- what is there ---------------------------------------------------------------------- */

static const char *origin_word(enum pw_verdicts_origin origin)
{
	static const char *const words[] = { "daemon", "history", "recording", "own" };

	return words[origin];
}

static bool is_known(const struct pw_verdicts *v, const struct pw_verdict_event *e)
{
	for (size_t i = v->past_count; i-- > 0 && v->past[i].time_ns >= e->time_ns;) {
		if (v->past[i].time_ns == e->time_ns && v->past[i].kind == e->kind &&
		    v->past[i].subject.key.pid == e->subject.key.pid && v->past[i].to == e->to)
			return true;
	}
	return false;
}

/* The past, then what the history does not have yet. */
static int gather_events(struct pw_verdicts *v)
{
	const struct pw_verdict_event **fresh = calloc(PW_VERDICT_EVENTS_MAX, sizeof(*fresh));
	const struct pw_verdict_event **all =
		calloc(v->past_count + PW_VERDICT_EVENTS_MAX, sizeof(*all));
	size_t count = 0, n = 0;
	uint64_t lost;

	if (fresh && all) {
		count = pw_trends_events(v->session->trends, 0, fresh, PW_VERDICT_EVENTS_MAX, &lost);
		for (size_t i = 0; i < v->past_count; i++)
			all[n++] = &v->past[i];
		for (size_t i = 0; i < count; i++) {
			if (!is_known(v, fresh[i]))
				all[n++] = fresh[i];
		}
	}
	free(v->events);
	v->events = all;
	v->event_count = n;
	free(fresh);
	return all && fresh ? 0 : -ENOMEM;
}

int pw_verdicts_material(struct pw_verdicts *v, struct pw_leak_material *ret)
{
	const struct pw_model *m = v->session->model;
	uint64_t now = pw_trends_now(v->session->trends);
	uint64_t began = pw_trends_began(v->session->trends);
	uint64_t seen = m->now_ns - m->first_ns;
	int rc = gather_events(v);

	*ret = (struct pw_leak_material){
		.trends = v->session->trends,
		.model = m,
		.origin = origin_word(v->origin),
		/* a recording shows the same wherever its file lies */
		.origin_name = v->origin == PW_VERDICTS_OF_RECORDING ? "" : v->origin_name,
		.watched_ns = began && now - began > seen ? now - began : seen,
		.events = v->events,
		.event_count = v->event_count,
	};
	return rc;
}

void pw_verdicts_deinit(struct pw_verdicts *v)
{
	free(v->events);
	pw_verdicts_past_free(v->past, v->past_count);
	v->events = NULL;
	v->past = NULL;
}
