// SPDX-License-Identifier: GPL-2.0-or-later
/* make corpus: the series, the detectors, the tables. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/corpus/delay.h"
#include "tests/corpus/study.h"
#include "tests/corpus/tables.h"

static const char usage[] =
	"corpus [OPTION...]   series of memory with a known truth, and what detectors make of them\n"
	"\n"
	"  --tuning          the stream to work with, not the held-out one\n"
	"  --rounds N        N healthy and N leaking series per cell (default 6: 5100 series)\n"
	"  --jobs N          in N processes\n"
	"  --minutes N       begins no series after that; the tables count those that were made,\n"
	"                    and there is no table of speeds and gates\n"
	"  --shape NAME      only this shape\n"
	"  --own             only our own detector, and no table of speeds and gates\n"
	"  --gates-off MASK  ours with these gates taken as passed (bits of enum pw_gate)\n"
	"  --speeds          only: how long until leaks of given speeds are called\n"
	"  --ablation        only: ours with each gate off\n"
	"  --wrong           only: the series that ours gets wrong (healthy, or from 3 spreads/day)\n"
	"  --show INDEX      only: one series, hour by hour, and every change of its verdict\n"
	"  --dump INDEX      only: one series as CSV\n"
	"  --markdown        tables as Markdown\n"
	"  --csv DIR         one row per series and one per cell, below DIR\n"
	"\n"
	"Without --minutes nothing is drawn from the clock: the same call prints the same tables.\n";

enum mode { MODE_TABLES, MODE_SPEEDS, MODE_ABLATION, MODE_WRONG, MODE_SHOW, MODE_DUMP };

struct arguments {
	enum mode mode;
	struct study study;
	uint32_t index;
	bool markdown;
	const char *csv;
};

static int shape_by_name(const char *name)
{
	for (int s = 0; s < SHAPES; s++) {
		if (!strcmp(name, shape_names[s]))
			return s;
	}
	fprintf(stderr, "corpus: --shape %s: no such shape; they are:", name);
	for (int s = 0; s < SHAPES; s++)
		fprintf(stderr, " %s", shape_names[s]);
	fputc('\n', stderr);
	exit(2);
}

static uint32_t number(const char *option, const char *text)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || *end || end == text || n > UINT32_MAX) {
		fprintf(stderr, "corpus: %s %s: not a number\n", option, text);
		exit(2);
	}
	return (uint32_t)n;
}

static void parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "tuning", no_argument, NULL, 't' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "minutes", required_argument, NULL, 'M' },
		{ "shape", required_argument, NULL, 's' },
		{ "own", no_argument, NULL, 'o' },
		{ "gates-off", required_argument, NULL, 'g' },
		{ "speeds", no_argument, NULL, 'p' },
		{ "ablation", no_argument, NULL, 'a' },
		{ "wrong", no_argument, NULL, 'w' },
		{ "show", required_argument, NULL, 'S' },
		{ "dump", required_argument, NULL, 'D' },
		{ "markdown", no_argument, NULL, 'm' },
		{ "csv", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't':
			a->study.stream = STREAM_TUNING;
			break;
		case 'r':
			a->study.rounds = number("--rounds", optarg);
			break;
		case 'M':
			a->study.until = time(NULL) + 60 * (time_t)number("--minutes", optarg);
			break;
		case 'j':
			a->study.jobs = number("--jobs", optarg);
			if (!a->study.jobs || a->study.jobs > JOBS_MAX) {
				fprintf(stderr, "corpus: --jobs %s: 1 to %d\n", optarg, JOBS_MAX);
				exit(2);
			}
			break;
		case 's':
			a->study.shape = shape_by_name(optarg);
			break;
		case 'o':
			a->study.own_only = true;
			break;
		case 'g':
			a->study.gates_off = number("--gates-off", optarg);
			break;
		case 'p':
			a->mode = MODE_SPEEDS;
			break;
		case 'a':
			a->mode = MODE_ABLATION;
			break;
		case 'w':
			a->mode = MODE_WRONG;
			break;
		case 'S':
		case 'D':
			a->mode = c == 'S' ? MODE_SHOW : MODE_DUMP;
			a->index = number("--show", optarg);
			break;
		case 'm':
			a->markdown = true;
			break;
		case 'c':
			a->csv = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "corpus: %s: it takes no such argument\n", argv[optind]);
		exit(2);
	}
}

static void print_all(const struct arguments *a, const struct rows *rows,
		      const struct detector *compared)
{
	struct printer p = { stdout, a->markdown, compared };

	print_goals(&p, rows);
	if (rows->detectors > 1) {
		print_detectors(&p, rows);
		print_opponents(&p, rows->detectors);
		print_shapes(&p);
	}
	print_false_calls(&p, rows);
	print_recall(&p, rows);
	print_recall_by_shape(&p, rows);
	print_delays(&p, rows);
	print_classes(&p, rows);
	print_confidence(&p, rows);
	print_circumstances(&p, rows);
	print_limits(&p, rows);
	/* What takes as long again: for the whole report alone. */
	if (a->study.own_only || a->study.shape >= 0 || a->study.until)
		return;
	print_given_speeds(a->study.stream, a->markdown, stdout);
	study_ablation(&a->study, a->markdown, stdout);
}

static int tables(const struct arguments *a)
{
	struct detector compared[DETECTORS_MAX];
	size_t count = study_detectors(&a->study, compared);
	time_t begin = time(NULL);
	struct rows rows;
	int r = 0;

	study_run(&a->study, compared, count, &rows);
	print_all(a, &rows, compared);
	if (a->csv)
		r = study_csv(a->csv, &rows, compared);
	if (r)
		fprintf(stderr, "corpus: %s: %s\n", a->csv, strerror(-r));
	fprintf(stderr, "%zu series in %.0f s\n", rows.count, difftime(time(NULL), begin));
	study_free(&rows);
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct arguments a = {
		.study = { .stream = STREAM_HELD_OUT, .rounds = 6, .shape = -1, .jobs = 1 }
	};

	parse(argc, argv, &a);
	switch (a.mode) {
	case MODE_SPEEDS:
		print_given_speeds(a.study.stream, a.markdown, stdout);
		return 0;
	case MODE_ABLATION:
		study_ablation(&a.study, a.markdown, stdout);
		return 0;
	case MODE_WRONG:
		study_wrong(&a.study, stdout);
		return 0;
	case MODE_SHOW:
		study_show(&a.study, a.index, stdout);
		return 0;
	case MODE_DUMP:
		study_dump(&a.study, a.index, stdout);
		return 0;
	default:
		return tables(&a);
	}
}
