// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/session.h"

/* ---- opening ------------------------------------------------------------------ */

static int open_source(struct pw_session *s, const struct pw_common *c, struct pw_error *err)
{
	if (c->input)
		return pw_source_replay_create(c->input, &s->source, err);
	if (c->secrets == PW_SECRETS_OF_MODULE)
		return pw_source_module_create(&s->source, err);
	if (c->secrets == PW_SECRETS_OF_DAEMON)
		return pw_source_secrets_create(c->socket_path ? c->socket_path : PW_SOURCE_SOCKET,
						&s->source, err);
	return pw_source_open_best(&s->options, c->socket_path, &s->source, &s->why, err);
}

static int open_timer(struct pw_session *s, struct pw_error *err)
{
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer_fd < 0)
		return pw_error_set(err, -errno, "cannot create a timer: %s", strerror(errno));
	return 0;
}

/* A period of 0 fires once. The first expiry is at once when first_ns is 0. */
static void arm_timer(struct pw_session *s, uint64_t first_ns, uint64_t period_ns)
{
	struct itimerspec when = {
		.it_value = { (time_t)(first_ns / PW_NSEC_PER_SEC),
			      (long)(first_ns % PW_NSEC_PER_SEC) },
		.it_interval = { (time_t)(period_ns / PW_NSEC_PER_SEC),
				 (long)(period_ns % PW_NSEC_PER_SEC) },
	};

	if (!first_ns)
		when.it_value.tv_nsec = 1; /* 0 would disarm */
	timerfd_settime(s->timer_fd, 0, &when, NULL);
}

int pw_session_open(const struct pw_common *c, struct pw_session **ret, struct pw_error *err)
{
	pw_auto_session struct pw_session *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return pw_error_set(err, -ENOMEM, "no memory for a session");
	s->timer_fd = -1;
	s->options = c->source;
	s->input = c->input;
	s->interval_ns = c->interval_ns;
	rc = pw_interrupt_catch();
	if (rc)
		return pw_error_set(err, rc, "cannot catch signals: %s", strerror(-rc));
	rc = pw_model_create(NULL, &s->model);
	if (rc)
		return pw_error_set(err, rc, "no memory for the model");
	rc = open_source(s, c, err);
	if (rc)
		return rc;
	rc = open_timer(s, err);
	if (rc)
		return rc;
	if (s->source->live)
		arm_timer(s, 0, s->interval_ns);
	else
		s->thin = c->interval_given;
	*ret = pw_steal(s);
	return 0;
}

void pw_session_close(struct pw_session *s)
{
	if (!s)
		return;
	pw_source_destroy(s->segment_source);
	pw_source_destroy(s->source);
	pw_model_destroy(s->model);
	pw_trends_destroy(s->trends);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	free(s);
}

void pw_session_set_speed(struct pw_session *s, double speed)
{
	s->speed = speed;
	if (s->input && speed > 0)
		arm_timer(s, 0, 0);
}

/* ---- records ------------------------------------------------------------------ */

static int take_record(void *ctx, const struct pw_record *rec)
{
	struct pw_session *s = ctx;
	int rc = s->tee ? s->tee(s->tee_ctx, rec) : 0;

	return rc ? rc : pw_model_ingest(s->model, rec);
}

int pw_session_collect(struct pw_session *s, struct pw_error *err)
{
	int rc = pw_source_collect(s->source, take_record, s, err);

	if (rc || !s->trends)
		return rc;
	rc = pw_trends_tick(s->trends, s->model);
	return rc ? pw_error_set(err, rc, "no memory for the series") : 0;
}

void pw_session_watch_growth(struct pw_session *s, struct pw_trends *trends)
{
	pw_trends_destroy(s->trends);
	s->trends = trends;
	s->model->trends = trends;
}

static bool tick_is_due(struct pw_session *s)
{
	const struct pw_model *m = s->model;

	/* half a step early is nearer than half a step late */
	if (s->thin && s->reported_ns &&
	    m->now_ns + m->tick.interval_ns / 2 < s->reported_ns + s->interval_ns)
		return false;
	s->reported_ns = m->now_ns;
	return true;
}

/* Takes one interval. ret_due: whether the caller is to see it. */
static int advance(struct pw_session *s, bool *ret_due, struct pw_error *err)
{
	int rc = pw_session_collect(s, err);

	*ret_due = false;
	if (rc == -ENODATA) {
		s->ended = true;
		return 0;
	}
	if (rc == -EINTR || rc == -EAGAIN) /* a signal while a stream was read; poll() names it */
		return 0;
	if (rc)
		return rc;
	if (s->input && s->speed > 0)
		arm_timer(s, (uint64_t)((double)s->model->tick.interval_ns / s->speed), 0);
	*ret_due = tick_is_due(s);
	return 0;
}

/* ---- waiting ------------------------------------------------------------------ */

enum { SLOT_INPUT, SLOT_WAKE, SLOT_TIMER, SLOT_SOURCE, SLOTS };

static bool is_stream(const struct pw_session *s)
{
	return !s->source->live && !s->input;
}

static bool free_running(const struct pw_session *s)
{
	return s->input && s->speed <= 0 && !s->paused;
}

static void fill_slots(struct pw_session *s, int input_fd, struct pollfd slots[SLOTS])
{
	bool listens = is_stream(s) || s->source->ops->drain;

	slots[SLOT_INPUT] = (struct pollfd){ input_fd, POLLIN, 0 };
	slots[SLOT_WAKE] = (struct pollfd){ pw_interrupt_fd(), POLLIN, 0 };
	slots[SLOT_TIMER] = (struct pollfd){ s->paused ? -1 : s->timer_fd, POLLIN, 0 };
	slots[SLOT_SOURCE] = (struct pollfd){ listens ? pw_source_fd(s->source) : -1, POLLIN, 0 };
}

static bool take_expiry(struct pw_session *s)
{
	uint64_t expirations;

	return read(s->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations);
}

/* What became readable, the caller's things first. false: nothing for the caller, wait on. */
static int serve(struct pw_session *s, const struct pollfd slots[SLOTS], bool *ret_done,
		 enum pw_session_event *ret, struct pw_error *err)
{
	int rc = 0;

	*ret_done = true;
	*ret = PW_SESSION_WAKE;
	if (slots[SLOT_WAKE].revents) {
		pw_interrupt_clear();
		return 0;
	}
	*ret = PW_SESSION_INPUT;
	if (slots[SLOT_INPUT].revents)
		return 0;
	*ret = PW_SESSION_TICK;
	*ret_done = false;
	if (slots[SLOT_TIMER].revents && take_expiry(s))
		return advance(s, ret_done, err);
	if (slots[SLOT_SOURCE].revents && is_stream(s))
		return advance(s, ret_done, err);
	if (slots[SLOT_SOURCE].revents)
		rc = pw_source_drain(s->source, take_record, s, err);
	return rc;
}

/* The end is told once; after it a caller with a descriptor still hears its input. */
static bool tell_end(struct pw_session *s, int input_fd)
{
	if (!s->ended || (s->end_told && input_fd >= 0))
		return false;
	s->end_told = true;
	return true;
}

int pw_session_wait(struct pw_session *s, int input_fd, enum pw_session_event *ret,
		    struct pw_error *err)
{
	bool done = false;

	while (!done) {
		bool runs = free_running(s) && !s->ended;
		struct pollfd slots[SLOTS];
		int n, rc = 0;

		if (tell_end(s, input_fd)) {
			*ret = PW_SESSION_END;
			return 0;
		}
		fill_slots(s, input_fd, slots);
		n = poll(slots, SLOTS, runs ? 0 : -1);
		if (n < 0 && errno != EINTR)
			return pw_error_set(err, -errno, "cannot wait: %s", strerror(errno));
		if (n > 0)
			rc = serve(s, slots, &done, ret, err);
		else if (runs) {
			*ret = PW_SESSION_TICK;
			rc = advance(s, &done, err);
		}
		if (rc)
			return rc;
	}
	return 0;
}

int pw_session_next(struct pw_session *s, enum pw_session_event *ret, struct pw_error *err)
{
	for (;;) {
		enum pw_session_event event;
		int rc = pw_session_wait(s, -1, &event, err);

		if (rc)
			return rc;
		if (event == PW_SESSION_WAKE && !pw_interrupted())
			continue;
		*ret = event;
		return 0;
	}
}

/* ---- segments ----------------------------------------------------------------- */

int pw_session_segments(struct pw_session *s, const struct pw_key *key, unsigned int flags,
			struct pw_error *err)
{
	int rc;

	if (!s->segment_source) {
		rc = pw_source_segments(s->source, key, flags, take_record, s, err);
		if (rc != -EOPNOTSUPP || s->input)
			return rc;
		/* a stream has none: look with our own eyes */
		rc = pw_source_proc_create(&s->options, &s->segment_source, err);
		if (rc)
			return rc;
	}
	return pw_source_segments(s->segment_source, key, flags, take_record, s, err);
}

/* ---- the end ------------------------------------------------------------------ */

static int tell_gaps(const struct pw_session *s, int code)
{
	uint64_t places = s->model->lost[PW_LOSS_DAMAGED];

	if (!s->input && s->ended) {
		fputs("pagewarden: the daemon has ended; this is what it said until then\n", stderr);
		return code == PW_EXIT_OK ? PW_EXIT_FAILURE : code;
	}
	if (!s->input || !places)
		return code;
	fprintf(stderr,
		"pagewarden: %s is damaged in %" PRIu64 " place%s; what could be read is shown\n",
		s->input, places, places == 1 ? "" : "s");
	return code == PW_EXIT_OK ? PW_EXIT_DAMAGED : code;
}

int pw_session_end(struct pw_session *s, int rc, const struct pw_error *err)
{
	int code = pw_exit_code_of(rc);

	if (rc && rc != -EPIPE)
		pw_error_print(err, stderr);
	if (s)
		code = tell_gaps(s, code);
	pw_session_close(s);
	return code;
}
