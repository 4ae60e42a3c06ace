/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of docs/accuracy.md. */
#ifndef CORPUS_TABLES_H
#define CORPUS_TABLES_H

#include <stdio.h>

#include "tests/corpus/table.h"
#include "tests/corpus/tally.h"

struct printer {
	FILE *out;
	bool markdown;
	const struct detector *detectors; /* of the rows' outcomes */
};

void print_shapes(const struct printer *p);
void print_opponents(const struct printer *p, size_t count);
void print_detectors(const struct printer *p, const struct rows *rows);
void print_false_calls(const struct printer *p, const struct rows *rows);
void print_recall(const struct printer *p, const struct rows *rows);
void print_recall_by_shape(const struct printer *p, const struct rows *rows);
void print_delays(const struct printer *p, const struct rows *rows);
void print_classes(const struct printer *p, const struct rows *rows);
void print_confidence(const struct printer *p, const struct rows *rows);
void print_circumstances(const struct printer *p, const struct rows *rows);
void print_limits(const struct printer *p, const struct rows *rows);
void print_goals(const struct printer *p, const struct rows *rows);

/* "31 of 3000", ".0103 (.0073 .. .0146)" */
void cell_count(struct table *t, struct share s);
void cell_share(struct table *t, struct share s);

#endif
