/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run over many series. */
#ifndef CORPUS_STUDY_H
#define CORPUS_STUDY_H

#include <stdio.h>
#include <time.h>

#include "tests/corpus/tally.h"

struct study {
	enum stream stream;
	unsigned int rounds;
	int shape; /* -1: all */
	unsigned int every; /* 2: every second cell of a round; 0 and 1: all */
	bool own_only;
	uint32_t gates_off; /* of ours */
	unsigned int jobs; /* processes; 1 .. JOBS_MAX. The rows are the same */
	time_t until; /* no series is begun after it; 0: no end */
};
#define JOBS_MAX 64

/* Those that the study compares, ours first; returns how many. */
size_t study_detectors(const struct study *s, struct detector ret[DETECTORS_MAX]);
/* The rows up to the first that was not begun in time. */
void study_run(const struct study *s, const struct detector *detectors, size_t count,
	       struct rows *ret);
void study_free(struct rows *rows);
/* DIR/series.csv and DIR/cells.csv; 0 or -errno. */
int study_csv(const char *dir, const struct rows *rows, const struct detector *detectors);

/* Ours, with each gate taken as passed: over a quarter of the rounds. */
void study_ablation(const struct study *s, bool markdown, FILE *out);
void study_wrong(const struct study *s, FILE *out);
void study_show(const struct study *s, uint32_t index, FILE *out);
void study_dump(const struct study *s, uint32_t index, FILE *out);

#endif
