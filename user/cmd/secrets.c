// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/output.h"
#include "user/cmd/past.h"
#include "user/cmd/wipe_source.h"
#include "user/daemon/daemon.h"
#include "user/source/module_device.h"
#include "user/view/secret_report.h"

enum {
	OPT_PID = PW_OPT_OWN,
	OPT_PROCESS,
	OPT_STATE,
	OPT_DURATION,
	OPT_SINCE,
	OPT_HISTORY,
	OPT_FOLLOW,
	OPT_REGISTER,
	OPT_HOLD,
	OPT_SCRUB,
};

struct secrets {
	struct pw_common common;
	struct pw_wipe_filter filter;
	struct pw_secret_report_options list;
	uint64_t duration_ns, since_ns, limit;
	const char *history;
	bool follow; /* events as they come, then the ranges */
	bool registers;
	struct pw_module_registration registration;
	char label[32];
	int device; /* that owns it; -1: none */
	struct pw_session *session;
	struct pw_model *past;
	struct pw_output out;
	uint64_t printed; /* events */
};

static const struct pw_model *model_of(const struct secrets *s)
{
	return s->past ? s->past : s->session->model;
}

static bool is_live(const struct secrets *s)
{
	return !s->past && !s->common.input;
}

/* ---- printing -------------------------------------------------------------------- */

/* The ranges; or, in a log, the events since the last time. */
static int emit(struct secrets *s, bool log, struct pw_error *err)
{
	struct pw_shaped_document d;
	struct pw_secret_report r;
	int rc;

	s->list.filter = &s->filter;
	s->list.after = s->printed;
	s->list.limit = log ? 0 : s->limit;
	rc = pw_secret_report_init(&r, model_of(s), &s->list);
	if (rc)
		return pw_error_set(err, rc, "no memory for the ranges");
	pw_secret_report_document(&r, &d);
	if (s->follow && (log || s->common.format == PW_FORMAT_CSV))
		d.doc.csv_table = PW_SECRETS_EVENTS;
	s->out.emit.log = log && s->common.format == PW_FORMAT_TEXT;
	s->printed = model_of(s)->secrets.log.total;
	rc = pw_output_emit(&s->out, &d.doc, err);
	pw_secret_report_deinit(&r);
	return rc;
}

static int take_tick(struct secrets *s, struct pw_error *err)
{
	if (!s->follow || (s->common.format == PW_FORMAT_JSON && s->duration_ns))
		return 0;
	return emit(s, true, err);
}

/* The log has told the events; CSV is one table. */
static int finish(struct secrets *s, struct pw_error *err)
{
	if (s->follow && s->common.format == PW_FORMAT_CSV)
		return take_tick(s, err);
	return emit(s, false, err);
}

/* ---- looking --------------------------------------------------------------------- */

static bool registration_ended(const struct secrets *s)
{
	const struct pw_secret_table *t = &s->session->model->secrets;

	for (size_t i = 0; s->registers && i < t->count; i++) {
		if (t->rows[i].id == s->list.watch)
			return !t->rows[i].live;
	}
	return false;
}

static bool is_done(const struct secrets *s)
{
	const struct pw_model *m = s->session->model;

	if (pw_interrupted() || registration_ended(s))
		return true;
	if (!is_live(s))
		return false;
	if (s->common.count || s->duration_ns)
		return (s->common.count && m->sequence > s->common.count) ||
		       (s->duration_ns && m->now_ns >= m->first_ns + s->duration_ns);
	return !s->follow;
}

static int begin_registration(struct secrets *s, struct pw_error *err)
{
	int rc;

	if (!s->registers || s->device >= 0)
		return 0;
	rc = pw_module_open(&s->device, err);
	return rc ? rc : pw_module_register(s->device, &s->registration, &s->list.watch, err);
}

/* Ends what was registered, and hears of its end. */
static int end_registration(struct secrets *s, struct pw_error *err)
{
	if (s->device < 0)
		return 0;
	close(s->device);
	s->device = -1;
	return registration_ended(s) ? 0 : pw_session_collect(s->session, err);
}

static int look(struct secrets *s, struct pw_error *err)
{
	enum pw_session_event event;
	int rc;

	do {
		rc = pw_session_next(s->session, &event, err);
		if (!rc && event == PW_SESSION_TICK)
			rc = begin_registration(s, err);
		if (!rc && event == PW_SESSION_TICK)
			rc = take_tick(s, err);
	} while (!rc && event == PW_SESSION_TICK && !is_done(s));
	if (!rc && !s->session->model->sequence)
		return pw_error_set(err, -ENODATA, "%s holds no whole interval",
				    s->common.input ? s->common.input : "the source");
	return rc ? rc : end_registration(s, err);
}

/* What is looked at over time: the daemon's table is of one moment. */
static bool takes_time(const struct secrets *s)
{
	return s->registers || s->follow || s->duration_ns || s->common.count;
}

/*
 * The daemon, where it hears of the module: it knows the ranges that have
 * ended too. Else, or over time, the device; who may not open it gets the
 * daemon's stream.
 */
static int open_session(struct secrets *s, struct pw_error *err)
{
	bool daemon = !s->common.input && pw_wipe_source_daemon_sees_module(&s->common);
	int rc;

	if (daemon && !takes_time(s))
		s->common.secrets = PW_SECRETS_OF_DAEMON;
	else if (!s->common.input)
		s->common.secrets = PW_SECRETS_OF_MODULE;
	rc = pw_session_open(&s->common, &s->session, err);
	if (!daemon || s->registers || (rc != -EACCES && rc != -EPERM))
		return rc;
	s->common.secrets = PW_SECRETS_BESIDE;
	return pw_session_open(&s->common, &s->session, err);
}

static int secrets(struct secrets *s, struct pw_error *err)
{
	int rc = pw_output_open(&s->out, &s->common, err), closed;

	if (rc)
		return rc;
	if (s->follow && s->common.format == PW_FORMAT_JSON && !s->duration_ns)
		pw_output_repeat(&s->out);
	if (s->since_ns)
		rc = pw_past_open(s->history, s->since_ns, NULL, &s->past, err);
	else
		rc = open_session(s, err);
	if (!rc && !s->past)
		rc = look(s, err);
	if (!rc)
		rc = finish(s, err);
	closed = pw_output_close(&s->out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* ---- options --------------------------------------------------------------------- */

/* A number in decimal or with 0x, up to a stop; -EINVAL. */
static int take_number(const char **text, char stop, uint64_t *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(*text, &end, 0);
	if (errno || (*end != stop && !(stop == ':' && !*end)))
		return -EINVAL;
	*text = *end ? end + 1 : end;
	return 0;
}

static int take_length(const char *text, uint64_t *ret, const char **ret_rest)
{
	size_t len = strcspn(text, ":");
	char size[32];

	*ret_rest = text[len] ? text + len + 1 : text + len;
	if (len >= sizeof(size))
		return -EINVAL;
	memcpy(size, text, len);
	size[len] = '\0';
	return take_number(&(const char *){ size }, ':', ret) ? pw_text_parse_size(size, ret) : 0;
}

/* PID:START+LENGTH[:LABEL] */
static int take_register(struct secrets *s, const char *spec)
{
	struct pw_module_registration *r = &s->registration;
	const char *rest = spec;
	uint64_t pid;

	if (take_number(&rest, ':', &pid) || pid == 0 || pid > INT32_MAX ||
	    take_number(&rest, '+', &r->start) || take_length(rest, &r->length, &rest) ||
	    r->length == 0)
		return pw_usage_error(&pw_command_secrets,
				      "--register: '%s' is not PID:START+LENGTH[:LABEL], such as "
				      "4711:0x7f2a10000000+64K:session-key",
				      spec);
	if (strlen(rest) >= sizeof(s->label))
		return pw_usage_error(&pw_command_secrets,
				      "--register: a label has at most %zu bytes",
				      sizeof(s->label) - 1);
	memcpy(s->label, rest, strlen(rest) + 1);
	r->pid = (uint32_t)pid;
	r->label = s->label;
	s->registers = s->follow = true;
	return PW_OPTION_TAKEN;
}

static int take_states(struct secrets *s, const char *names)
{
	struct pw_error err;

	if (!pw_secret_report_states(&s->list, names, &err))
		return PW_OPTION_TAKEN;
	return pw_usage_error(&pw_command_secrets, "--state: %s; %s", err.what, err.remedy);
}

static int take_option(struct secrets *s, int code)
{
	const struct pw_command *c = &pw_command_secrets;
	bool taken = true;
	uint64_t n;

	switch (code) {
	case OPT_PID:
		taken = pw_option_number(c, "--pid", optarg, 1, INT32_MAX, &n);
		s->filter.pid = taken ? (uint32_t)n : 0;
		break;
	case OPT_PROCESS:
		s->filter.process = optarg;
		break;
	case OPT_STATE:
		return take_states(s, optarg);
	case OPT_DURATION:
		taken = pw_option_duration(c, "--duration", optarg, &s->duration_ns);
		break;
	case OPT_SINCE:
		taken = pw_option_duration(c, "--since", optarg, &s->since_ns);
		break;
	case OPT_HISTORY:
		s->history = optarg;
		break;
	case PW_OPT_LIMIT:
		taken = pw_option_number(c, "--limit", optarg, 1, SIZE_MAX, &s->limit);
		break;
	case OPT_FOLLOW:
		s->follow = true;
		break;
	case OPT_REGISTER:
		return take_register(s, optarg);
	case OPT_HOLD:
		s->registration.flags |= PW_WATCH_HOLD;
		break;
	case OPT_SCRUB:
		s->registration.flags |= PW_WATCH_HOLD | PW_WATCH_SCRUB;
		break;
	default:
		return PW_EXIT_USAGE;
	}
	return taken ? PW_OPTION_TAKEN : PW_EXIT_USAGE;
}

static int check_options(const struct secrets *s)
{
	const struct pw_command *c = &pw_command_secrets;

	if (s->since_ns && s->common.input)
		return pw_usage_error(c, "--since asks the history, --replay a recording: "
					 "give one of them");
	if (s->registers && (s->since_ns || s->common.input))
		return pw_usage_error(c, "--register registers a range now: it goes with neither "
					 "--since nor --replay");
	if (s->registration.flags && !s->registers)
		return pw_usage_error(c, "--hold and --scrub say how to --register a range");
	return PW_OPTION_TAKEN;
}

static int parse(struct secrets *s, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "pid", required_argument, NULL, OPT_PID },
		{ "process", required_argument, NULL, OPT_PROCESS },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "history", required_argument, NULL, OPT_HISTORY },
		{ "limit", required_argument, NULL, PW_OPT_LIMIT },
		{ "follow", no_argument, NULL, OPT_FOLLOW },
		{ "register", required_argument, NULL, OPT_REGISTER },
		{ "hold", no_argument, NULL, OPT_HOLD },
		{ "scrub", no_argument, NULL, OPT_SCRUB },
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *const tables[] = { pw_secret_columns, pw_secret_event_columns, NULL };
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		rc = pw_common_option(&s->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(s, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	rc = pw_columns_check(&s->common, tables);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	if (optind < argc)
		return pw_usage_error(&pw_command_secrets, "unexpected argument '%s'", argv[optind]);
	return check_options(s);
}

static int run(int argc, char **argv)
{
	struct secrets s = { .history = PW_DAEMON_HISTORY, .device = -1 };
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&s.common, &pw_command_secrets,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_PACE |
			       PW_TAKES_REPLAY | PW_TAKES_SOCKET);
	rc = parse(&s, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = secrets(&s, &err);
	if (s.device >= 0)
		close(s.device);
	/* no module: the rest of Pagewarden works, this part does not */
	if (rc == -ENOENT && s.common.secrets == PW_SECRETS_OF_MODULE && !s.session) {
		pw_error_print(&err, stderr);
		return PW_EXIT_DEGRADED;
	}
	rc = pw_session_end(s.session, rc, &err);
	pw_model_destroy(s.past);
	return rc;
}

/* clang-format off */
const struct pw_command pw_command_secrets = {
	.name = "secrets",
	.summary = "Show ranges registered with the module: live, released clean, dirty, left behind",
	.usage = "pagewarden secrets [options]",
	.help =
		"Programs register their secrets through libpagewarden; the module tells whether each\n"
		"page was clean when it went. Asks the daemon where it observes wipes, which remembers\n"
		"ranges that ended, else the module's device, which knows the live ones alone.\n"
		"\n"
		"Options:\n"
		"      --pid PID          of this process alone\n"
		"      --process TEXT     with TEXT in the command or the program's path\n"
		"      --state NAMES      live, released-clean, released-dirty, left-behind, unknown\n"
		"      --limit N          the newest N ranges\n"
		"      --follow           events as they come, until Ctrl-C, then the ranges\n"
		"      --duration TIME    look for this long\n"
		PW_HELP_PACE
		"      --register PID:START+LENGTH[:LABEL]\n"
		"                         register a range of a process, and follow until Ctrl-C or its\n"
		"                         end; another's memory needs root\n"
		"      --hold             with --register: pin its pages, so that every verdict is certain\n"
		"      --scrub            ... and wipe what is dirty when it goes\n"
		"      --since TIME       from the daemon's history, so long back (24h, 7d)\n"
		"      --history FILE     that history (default " PW_DAEMON_HISTORY ")\n"
		PW_HELP_REPLAY
		PW_HELP_FORMAT
		PW_HELP_OUTPUT
		PW_HELP_COLUMNS
		PW_HELP_SOCKET
		PW_HELP_HELP
		"\n"
		"Without the module the exit code is 6: nothing proves then that a secret was wiped.\n"
		"\n"
		"Examples:\n"
		"  pagewarden secrets\n"
		"  pagewarden secrets --state released-dirty,left-behind --since 24h\n"
		"  pagewarden secrets --register 4711:0x7f2a10000000+64K:session-key --hold\n",
	.run = run,
};
/* clang-format on */
