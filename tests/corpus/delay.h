/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long until a leak of a given speed is called: in a process that was
 * watched for half a day and more before it begins to leak, and in one that
 * leaks from its start.
 */
#ifndef CORPUS_DELAY_H
#define CORPUS_DELAY_H

#include <stdio.h>

#include "tests/corpus/plan.h"

#define DELAY_SERIES 40 /* per row */

void print_given_speeds(enum stream stream, bool markdown, FILE *out);

#endif
