/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every looking command does: open a source, feed a model, pace the
 * samples. The source is a recording, the daemon, BPF or /proc; a command
 * sees only ticks.
 */
#ifndef PW_CMD_SESSION_H
#define PW_CMD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "user/analysis/trends.h"
#include "user/base/cleanup.h"
#include "user/base/error.h"
#include "user/cmd/cmd.h"
#include "user/model/model.h"
#include "user/source/source.h"

struct pw_session {
	struct pw_source *source;
	struct pw_source *segment_source; /* where the source has no segments itself; opened when needed */
	struct pw_model *model;
	struct pw_trends *trends; /* NULL: growth is not judged */
	struct pw_source_options options;
	struct pw_error why; /* why a better source was not taken; what[0] == 0: it is the best */
	const char *input; /* the recording; NULL: live */
	uint64_t interval_ns;
	bool thin; /* the peer sets the pace: ticks closer than interval_ns are passed over */
	uint64_t reported_ns; /* time of the last tick that the caller saw */
	/*
	 * A recording runs as fast as it reads (0), or at this multiple of its
	 * own time.
	 */
	double speed;
	bool paused; /* a recording stands still */
	bool ended;
	bool end_told;
	int timer_fd; /* paces; -1: nothing to wait for */
	pw_sink tee; /* takes each record before the model does; NULL: none */
	void *tee_ctx;
};

enum pw_session_event {
	PW_SESSION_TICK, /* the model has a new interval */
	PW_SESSION_INPUT, /* the caller's descriptor is readable */
	PW_SESSION_WAKE, /* a signal came: look at pw_interrupted() and the window */
	PW_SESSION_END, /* the recording or the stream is over; told once to who has a descriptor */
};

/* --replay FILE, or the best live source. Errors are complete sentences in *err. */
int pw_session_open(const struct pw_common *c, struct pw_session **ret, struct pw_error *err);
void pw_session_close(struct pw_session *s); /* takes NULL */
PW_DEFINE_CLEANUP(struct pw_session, pw_session_close)
#define pw_auto_session pw_cleanup(pw_session_closep)

/*
 * Waits for the next of the events; input_fd may be -1. The first tick comes
 * at once, the next one interval later. Between ticks waiting events are
 * drained. -errno of the source, the model or the tee.
 */
int pw_session_wait(struct pw_session *s, int input_fd, enum pw_session_event *ret,
		    struct pw_error *err);
/* The same without a terminal: PW_SESSION_TICK, PW_SESSION_WAKE when interrupted, or PW_SESSION_END. */
int pw_session_next(struct pw_session *s, enum pw_session_event *ret, struct pw_error *err);
/* One tick now, without waiting for its time; a live source's last words. */
int pw_session_collect(struct pw_session *s, struct pw_error *err);
/* Takes a segment view of a process into the model (and the tee). Errors as pw_source_segments. */
int pw_session_segments(struct pw_session *s, const struct pw_key *key, unsigned int flags,
			struct pw_error *err);
/* From now on the trends, which become the session's, go on with each tick. */
void pw_session_watch_growth(struct pw_session *s, struct pw_trends *trends);
void pw_session_set_speed(struct pw_session *s, double speed);
/*
 * The end of a command: prints the error of rc (a closed pipe has none),
 * tells when the recording was damaged or the daemon ended first, closes the
 * session (NULL: it never opened), and returns the exit code.
 */
int pw_session_end(struct pw_session *s, int rc, const struct pw_error *err);

#endif
