/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a command's verdicts come from: the daemon, which has watched all the
 * time; else its history, looked at once more; else a recording; else this
 * command's own watching. Whatever it is, there is a session with trends in it
 * that go on with each of its ticks.
 */
#ifndef PW_CMD_VERDICTS_H
#define PW_CMD_VERDICTS_H

#include "user/cmd/session.h"
#include "user/view/leak_report.h"

/* Options that the commands about verdicts share. */
struct pw_verdicts_wish {
	uint64_t duration_ns; /* watch by oneself for so long; 0: not asked for */
	double time_scale; /* of a recording or one's own watching; 0: not asked for */
	const char *history; /* the daemon's file */
	bool history_given; /* then it is that and not the daemon */
	uint64_t since_ns; /* changes of so long back; 0: those that the origin has at hand */
};

/* clang-format off */
#define PW_VERDICTS_LONG_OPTIONS \
	{ "duration", required_argument, NULL, PW_OPT_DURATION }, \
	{ "time-scale", required_argument, NULL, PW_OPT_TIME_SCALE }, \
	{ "history", required_argument, NULL, PW_OPT_HISTORY }, \
	{ "since", required_argument, NULL, PW_OPT_SINCE }
#define PW_HELP_VERDICTS \
	"      --since TIME       changes of verdicts, so long back, from the history (24h, 7d)\n" \
	"      --history FILE     look at this history, not at the daemon\n" \
	"      --duration TIME    watch so long by oneself, without the daemon (default 30s when\n" \
	"                         there is neither a daemon nor a history)\n" \
	"      --time-scale X     a rehearsal: one hour counts as X; of one's own watching or a\n" \
	"                         recording\n"
/* clang-format on */

void pw_verdicts_wish_init(struct pw_verdicts_wish *w);
/* As pw_common_option(). */
int pw_verdicts_option(const struct pw_command *c, struct pw_verdicts_wish *w, int code);
/* Options that make no sense together: PW_OPTION_TAKEN, or an exit code after a message. */
int pw_verdicts_check(const struct pw_command *c, const struct pw_verdicts_wish *w,
		      const struct pw_common *common);

/*
 * For who shows verdicts beside other things: the session's trends begin with
 * what the daemon has, or with nothing. 0 or -ENOMEM; a daemon that gives none is no error.
 */
int pw_verdicts_along(struct pw_session *s, const struct pw_common *common, struct pw_error *err);

enum pw_verdicts_origin {
	PW_VERDICTS_OF_DAEMON,
	PW_VERDICTS_OF_HISTORY,
	PW_VERDICTS_OF_RECORDING,
	PW_VERDICTS_OWN
};

struct pw_verdicts {
	enum pw_verdicts_origin origin;
	const char *origin_name; /* the socket or the file */
	struct pw_session *session; /* its trends are the verdicts */
	struct pw_verdict_event *past; /* from the history, oldest first */
	size_t past_count;
	const struct pw_verdict_event **events; /* those, and what this session saw */
	size_t event_count;
};

/*
 * Opens the best origin and takes what it has: after it there is something to
 * show. One's own watching, and a recording, run to their end, or until Ctrl-C.
 */
int pw_verdicts_open(struct pw_verdicts *v, struct pw_common *common,
		     const struct pw_verdicts_wish *wish, struct pw_error *err);
/* Waits for the next look. ret_more: false at the end, or when interrupted. */
int pw_verdicts_next(struct pw_verdicts *v, bool *ret_more, struct pw_error *err);
/* All that reports are made of, as it is now; stands on v. 0 or -ENOMEM. */
int pw_verdicts_material(struct pw_verdicts *v, struct pw_leak_material *ret);
/*
 * Of this process there are no series: -ESRCH with words, whether there is
 * such a process and never was, or nothing of it ever changed.
 */
int pw_verdicts_nobody(const struct pw_verdicts *v, uint32_t pid, struct pw_error *err);
/* Frees everything but the session, which pw_session_end() closes. */
void pw_verdicts_deinit(struct pw_verdicts *v);

#endif
