// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/session.h"
#include "user/cmd/tape.h"
#include "user/cmd/wipe_source.h"
#include "user/model/loss.h"

#define PIDS_MAX 256
/* Views of all processes may take this long at the start and at the end. */
#define SNAPSHOT_BUDGET_NS (3 * PW_NSEC_PER_SEC)

enum {
	OPT_DURATION = PW_OPT_OWN,
	OPT_SEGMENTS,
	OPT_SEGMENT_INTERVAL,
	OPT_FORCE,
	OPT_WIPES,
	OPT_WIPES_PID,
	OPT_RELEASES,
};

struct recorder {
	struct pw_common common;
	struct pw_session *session;
	struct pw_tape tape;
	uint64_t duration_ns; /* 0: until interrupted */
	uint64_t segment_interval_ns; /* 0: start and end only */
	uint64_t next_segments_ns;
	bool all_segments;
	uint32_t pids[PIDS_MAX];
	size_t pid_count;
	bool force;
	bool wipes; /* `wish` says whose */
	struct pw_wipe_wish wish;
	uint64_t views; /* segment views taken */
	uint64_t views_failed; /* gone or not permitted */
	uint64_t views_skipped; /* out of time */
};

/* ---- segment views ------------------------------------------------------------- */

static int record_view(struct recorder *r, const struct pw_process *p)
{
	struct pw_error err;
	int rc = pw_session_segments(r->session, &p->key, 0, &err);

	if (r->tape.failed)
		return r->tape.failed;
	if (rc)
		r->views_failed++;
	else
		r->views++;
	return 0;
}

static int record_all_views(struct recorder *r)
{
	uint64_t deadline = pw_clock_boot_ns() + SNAPSHOT_BUDGET_NS;
	pw_auto_free struct pw_process **processes = NULL;
	size_t count;
	int rc = pw_model_processes(r->session->model, false, &processes, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		if (processes[i]->now.virtual_pages == 0)
			continue; /* no address space: a kernel thread or a zombie */
		if (pw_clock_boot_ns() > deadline)
			r->views_skipped++;
		else
			rc = record_view(r, processes[i]);
	}
	return rc;
}

static int record_views(struct recorder *r)
{
	int rc = 0;

	if (r->all_segments)
		return record_all_views(r);
	for (size_t i = 0; !rc && i < r->pid_count; i++) {
		const struct pw_process *p = pw_model_pid(r->session->model, r->pids[i]);

		if (p && p->alive)
			rc = record_view(r, p);
		else
			r->views_failed++;
	}
	return rc;
}

static int record_views_when_due(struct recorder *r)
{
	uint64_t now = r->session->model->now_ns;

	if (!r->segment_interval_ns || now < r->next_segments_ns)
		return 0;
	r->next_segments_ns = now + r->segment_interval_ns;
	return record_views(r);
}

/* ---- the loop ------------------------------------------------------------------ */

static bool is_done(const struct recorder *r)
{
	const struct pw_model *m = r->session->model;

	return pw_interrupted() || (r->duration_ns && m->now_ns >= m->first_ns + r->duration_ns) ||
	       (r->common.count && m->sequence > r->common.count);
}

static int record_loop(struct recorder *r, struct pw_error *err)
{
	bool started = false;

	while (!is_done(r) || !started) {
		enum pw_session_event event;
		int rc = pw_session_next(r->session, &event, err);

		if (rc)
			return rc;
		if (event != PW_SESSION_TICK)
			return 0;
		if (started) {
			rc = record_views_when_due(r);
		} else {
			rc = r->wipes ? pw_wipe_source_check(r->session, err) : 0;
			rc = rc ? rc : record_views(r);
			r->next_segments_ns = r->session->model->now_ns + r->segment_interval_ns;
		}
		if (rc)
			return rc;
		started = true;
	}
	return 0;
}

/* The last views need a tick behind them: it closes their interval. */
static int record_end(struct recorder *r, struct pw_error *err)
{
	int rc;

	if (r->session->ended || !r->session->model->sequence)
		return 0;
	rc = record_views(r);
	if (!rc)
		rc = pw_session_collect(r->session, err);
	return rc == -ENODATA ? 0 : rc;
}

static void print_summary(const struct recorder *r)
{
	char size[PW_SIZE_TEXT];
	const struct pw_model *m = r->session->model;
	bool lost = false;

	fprintf(stderr,
		"recorded %s: %" PRIu64 " ticks, %" PRIu64 " records, %s (%" PRIu64 " bytes)\n",
		r->tape.path, r->tape.ticks, r->tape.records, pw_text_size(r->tape.whole, size),
		r->tape.whole);
	fprintf(stderr, "segment views: %" PRIu64, r->views);
	if (r->views_failed)
		fprintf(stderr, ", %" PRIu64 " of processes gone or not permitted", r->views_failed);
	if (r->views_skipped)
		fprintf(stderr, ", %" PRIu64 " skipped for lack of time", r->views_skipped);
	fputs("\nlost:", stderr);
	for (unsigned int i = 0; i < PW_LOSS_CAUSES; i++) {
		if (!m->lost[i] || !pw_loss_name(i))
			continue;
		fprintf(stderr, "%s %" PRIu64 " %s", lost ? "," : "", m->lost[i], pw_loss_text(i));
		lost = true;
	}
	fputs(lost ? "\n" : " nothing\n", stderr);
}

static int record(struct recorder *r, struct pw_error *err)
{
	int finish, rc = 0;

	if (r->wipes) {
		rc = pw_wipe_wish_check(&r->wish, "pagewarden record --wipes-pid", err);
		if (!rc)
			pw_wipe_source_choose(&r->common, &r->wish);
	}
	rc = rc ? rc : pw_session_open(&r->common, &r->session, err);
	if (rc)
		return rc;
	if (r->session->why.what[0])
		pw_error_print(&r->session->why, stderr);
	rc = pw_tape_init(&r->tape, r->common.output, r->force, err);
	if (rc)
		return rc;
	r->session->tee = pw_tape_write;
	r->session->tee_ctx = &r->tape;
	rc = record_loop(r, err);
	if (!rc)
		rc = record_end(r, err);
	/* a full disk says so itself; another cause must not be lost behind it */
	finish = pw_tape_finish(&r->tape, r->tape.failed || !rc ? err : NULL);
	print_summary(r);
	pw_tape_deinit(&r->tape);
	return rc ? rc : finish;
}

/* ---- options ------------------------------------------------------------------- */

static int take_segments(struct recorder *r, const char *list)
{
	pw_auto_free char *copy = strdup(list);
	char *rest = copy;
	const char *word;

	r->all_segments = strcmp(list, "all") == 0;
	r->pid_count = 0;
	if (r->all_segments || strcmp(list, "none") == 0)
		return PW_OPTION_TAKEN;
	while ((word = strsep(&rest, ","))) {
		uint64_t pid;

		if (r->pid_count == PIDS_MAX)
			return pw_usage_error(&pw_command_record, "--segments: more than %d PIDs",
					      PIDS_MAX);
		if (!pw_option_number(&pw_command_record, "--segments", word, 1, INT32_MAX, &pid))
			return PW_EXIT_USAGE;
		r->pids[r->pid_count++] = (uint32_t)pid;
	}
	return PW_OPTION_TAKEN;
}

static int take_duration(const char *name, uint64_t *ret)
{
	return pw_option_duration(&pw_command_record, name, optarg, ret) ? PW_OPTION_TAKEN :
									   PW_EXIT_USAGE;
}

static int take_wipes_pid(struct recorder *r)
{
	uint64_t pid;

	if (!pw_option_number(&pw_command_record, "--wipes-pid", optarg, 1, INT32_MAX, &pid))
		return PW_EXIT_USAGE;
	r->wish.options.pid = (uint32_t)pid;
	r->wipes = true;
	return PW_OPTION_TAKEN;
}

static int take_option(struct recorder *r, int code)
{
	switch (code) {
	case OPT_WIPES:
		r->wipes = true;
		return PW_OPTION_TAKEN;
	case OPT_WIPES_PID:
		return take_wipes_pid(r);
	case OPT_RELEASES:
		r->wipes = r->wish.options.releases = true;
		return PW_OPTION_TAKEN;
	case OPT_DURATION:
		return take_duration("--duration", &r->duration_ns);
	case OPT_SEGMENT_INTERVAL:
		return take_duration("--segment-interval", &r->segment_interval_ns);
	case OPT_SEGMENTS:
		return take_segments(r, optarg);
	case OPT_FORCE:
		r->force = true;
		return PW_OPTION_TAKEN;
	}
	return PW_EXIT_USAGE;
}

static int parse(struct recorder *r, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "segments", required_argument, NULL, OPT_SEGMENTS },
		{ "segment-interval", required_argument, NULL, OPT_SEGMENT_INTERVAL },
		{ "force", no_argument, NULL, OPT_FORCE },
		{ "wipes", no_argument, NULL, OPT_WIPES },
		{ "wipes-pid", required_argument, NULL, OPT_WIPES_PID },
		{ "releases", no_argument, NULL, OPT_RELEASES },
		{ NULL, 0, NULL, 0 },
	};
	int code;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		int rc = pw_common_option(&r->common, code, argv);

		if (rc == PW_OPTION_OWN)
			rc = take_option(r, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_record, "unexpected argument '%s'", argv[optind]);
	if (!r->common.output)
		return pw_usage_error(&pw_command_record, "where to? Give -o FILE");
	return pw_wipe_wish_bounded(&r->wish, &pw_command_record);
}

static int run(int argc, char **argv)
{
	struct recorder r = { .all_segments = true, .tape.fd = -1, .wish.ledger = true };
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&r.common, &pw_command_record,
		       PW_TAKES_OUTPUT | PW_TAKES_PACE | PW_TAKES_SOURCE);
	rc = parse(&r, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = record(&r, &err);
	rc = pw_session_end(r.session, rc, &err);
	return r.tape.failed ? PW_EXIT_FAILURE : rc;
}

const struct pw_command pw_command_record = {
	.name = "record",
	.summary = "Write what happens to a file that every view can replay",
	.usage = "pagewarden record [options] -o FILE",
	.help = "Options:\n" PW_HELP_OUTPUT
		"      --force            overwrite the file when it is there\n"
		"      --duration TIME    end after this long; else at Ctrl-C\n" PW_HELP_PACE
		"      --segments WHOSE   segment views of 'all' (default), 'none', or PID,PID,...\n"
		"      --segment-interval TIME\n"
		"                         take the views again and again; else at start and end\n"
		"      --wipes            observe wipe functions, for wipes --replay\n"
		"      --wipes-pid PID    ... of this process alone\n"
		"      --releases         and releases of its wiped buffers\n" PW_HELP_SOURCE PW_HELP_HELP
		"\n"
		"The file holds counters and events of every process, readable by its owner alone.\n"
		"It stays valid whatever ends the recording.\n"
		"\n"
		"Examples:\n"
		"  pagewarden record -o monday.pwr --duration 1h --interval 5s\n"
		"  pagewarden record -o redis.pwr --segments 4711 --segment-interval 10s\n"
		"  pagewarden record -o tls.pwr --wipes-pid 4711 --releases --segments none\n"
		"  pagewarden top --replay monday.pwr\n",
	.run = run,
};
