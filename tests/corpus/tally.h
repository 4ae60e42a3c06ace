/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came out of the series, counted. */
#ifndef CORPUS_TALLY_H
#define CORPUS_TALLY_H

#include "tests/corpus/detector.h"

#define DETECTORS_MAX 16

/* One series and what each detector made of it. */
struct row {
	struct plan plan;
	double spread;
	size_t steps, onset;
	uint64_t limit;
	struct outcome outcomes[DETECTORS_MAX];
};

struct rows {
	struct row *rows;
	size_t count, room;
	size_t detectors; /* outcomes of each row that are filled */
};

/* Which rows are counted. A negative field: all. */
struct cell {
	int shape, leak, size_bin;
	int leaks; /* 0: healthy, 1: leaking */
	int hard; /* 1: hard shapes */
	int named; /* 1: the eleven shapes */
	int big; /* 1: leaks of three spreads a day and more */
	int group; /* 0: one process, 1: more workers */
	int restarts, gaps, limited; /* 0: without, 1: with */
};
extern const struct cell cell_all;

struct share {
	size_t n, of;
};

bool row_is_in(const struct row *r, const struct cell *c);
bool called(const struct row *r, size_t detector);

struct share share_called(const struct rows *rows, const struct cell *c, size_t detector);
/* Of those that were called, who leaks: at as many healthy as leaking series. */
struct share share_right(const struct rows *rows, const struct cell *c, size_t detector);
/* Hours from the onset to the first call, of those that were called; NAN: of none. */
double median_hours(const struct rows *rows, const struct cell *c, size_t detector);

double share_value(struct share s);
/* Wilson's 95 % interval (1927). */
void wilson(struct share s, double *ret_low, double *ret_high);

#endif
