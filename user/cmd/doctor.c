// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "user/cmd/output.h"
#include "user/cmd/probe.h"
#include "user/daemon/daemon.h"
#include "user/view/document.h"

#define PROBES_MAX 48

struct findings {
	struct pw_doctor_row rows[PROBES_MAX];
	char found[PROBES_MAX][PW_PROBE_FOUND];
	size_t count;
	size_t missing; /* not seen, or worse */
	size_t absent; /* extras */
};

static void run_probe(struct findings *f, const struct pw_probe *p, const struct pw_probe_context *ctx)
{
	struct pw_doctor_row *row = &f->rows[f->count];
	char *found = f->found[f->count];
	int rc;

	found[0] = '\0';
	rc = p->check(ctx, found);
	if (!found[0])
		snprintf(found, PW_PROBE_FOUND, "%s", rc ? strerror(-rc) : "works");
	*row = (struct pw_doctor_row){
		.check = p->name,
		.state = rc ? p->otherwise : PW_DOCTOR_OK,
		.found = found,
		.costs = rc ? p->costs : "",
		.remedy = rc ? p->remedy : "",
	};
	f->missing += row->state == PW_DOCTOR_MISSING || row->state == PW_DOCTOR_FAILED;
	f->absent += row->state == PW_DOCTOR_ABSENT;
	f->count++;
}

static void run_probes(struct findings *f, const struct pw_probe_context *ctx)
{
	static const struct pw_probe *const lists[] = { pw_probes_machine, pw_probes_bpf,
							pw_probes_wipes, pw_probes_own };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (const struct pw_probe *p = lists[i]; p->name && f->count < PROBES_MAX; p++)
			run_probe(f, p, ctx);
	}
}

static void conclude(const struct findings *f, char *out, size_t size)
{
	if (!f->missing && !f->absent)
		snprintf(out, size, "everything works");
	else if (!f->missing)
		snprintf(out, size, "works; %zu extra%s absent", f->absent,
			 f->absent == 1 ? "" : "s");
	else
		snprintf(out, size, "works with %zu part%s missing", f->missing,
			 f->missing == 1 ? "" : "s");
}

/* Text tells costs and remedies below, a table each: one line would be too long. */
static const char *const found_shown[] = { "check", "state", "found", NULL };
static const char *const cost_shown[] = { "check", "costs", NULL };
static const char *const remedy_shown[] = { "check", "remedy", NULL };

static void spread_for_text(struct pw_shaped_document *d, const void *const *absent, size_t count)
{
	struct pw_table *checks = &d->tables[0];

	checks->shown = found_shown;
	d->tables[1] = d->tables[2] = *checks;
	d->tables[1].title = "What that costs";
	d->tables[1].shown = cost_shown;
	d->tables[2].title = "How to get it";
	d->tables[2].shown = remedy_shown;
	d->tables[1].rows = d->tables[2].rows = absent;
	d->tables[1].count = d->tables[2].count = count;
	d->doc.table_count = 3;
}

static int print(const struct findings *f, const struct pw_common *c, struct pw_error *err)
{
	struct pw_shaped_document d;
	const void *rows[PROBES_MAX], *absent[PROBES_MAX];
	size_t absent_count = 0;
	struct pw_doctor_host host = { .uid = geteuid() };
	struct pw_output out;
	struct utsname name;
	char verdict[96];
	int rc = pw_output_open(&out, c, err), closed;

	if (rc)
		return rc;
	uname(&name);
	host.host = name.nodename;
	host.kernel = name.release;
	host.verdict = verdict;
	conclude(f, verdict, sizeof(verdict));
	for (size_t i = 0; i < f->count; i++) {
		rows[i] = &f->rows[i];
		if (f->rows[i].state != PW_DOCTOR_OK)
			absent[absent_count++] = &f->rows[i];
	}
	pw_document_build(&d, &pw_document_doctor, NULL, &host, &(struct pw_rows){ rows, f->count });
	if (c->format == PW_FORMAT_TEXT && !c->columns)
		spread_for_text(&d, absent, absent_count);
	rc = pw_output_emit(&out, &d.doc, err);
	closed = pw_output_close(&out, rc ? NULL : err);
	return rc ? rc : closed;
}

static int parse(struct pw_common *c, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *const tables[] = { pw_doctor_columns, NULL };
	int code;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		int rc = pw_common_option(c, code, argv);

		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_doctor, "unexpected argument '%s'", argv[optind]);
	return pw_columns_check(c, tables);
}

static int run(int argc, char **argv)
{
	struct findings f = { 0 };
	struct pw_error err = { 0 };
	struct pw_common c;
	int rc;

	pw_common_init(&c, &pw_command_doctor,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_SOCKET);
	rc = parse(&c, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	run_probes(&f, &(struct pw_probe_context){
			       .socket_path = c.socket_path ? c.socket_path : PW_DAEMON_SOCKET,
			       .history_path = PW_DAEMON_HISTORY,
		       });
	rc = print(&f, &c, &err);
	if (rc && rc != -EPIPE)
		pw_error_print(&err, stderr);
	if (rc)
		return pw_exit_code_of(rc);
	return f.missing ? PW_EXIT_DEGRADED : PW_EXIT_OK;
}

const struct pw_command pw_command_doctor = {
	.name = "doctor",
	.summary = "Try what this kernel and these privileges allow, and how to get the rest",
	.usage = "pagewarden doctor [options]",
	.help = "Programs are loaded and attached for a moment, calls are made; nothing stays.\n"
		"\n"
		"Options:\n" PW_HELP_FORMAT PW_HELP_OUTPUT PW_HELP_COLUMNS PW_HELP_SOCKET PW_HELP_HELP
		"\n"
		"Ends with 0 when all works (extras may be absent), with 6 when parts are missing.\n"
		"\n"
		"Examples:\n"
		"  pagewarden doctor\n"
		"  pagewarden doctor --columns check,state,found\n"
		"  pagewarden doctor --format json\n",
	.run = run,
};
