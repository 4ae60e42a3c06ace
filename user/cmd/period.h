/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report --since: a period of the daemon's history, printed, mailed or kept in a directory. */
#ifndef PW_CMD_PERIOD_H
#define PW_CMD_PERIOD_H

#include <stdint.h>

#include "user/base/error.h"
#include "user/view/period_report.h"

struct pw_period_request {
	const char *history;
	uint64_t since_ns; /* so long back from ... */
	uint64_t until_ns; /* ... this, realtime; 0: now */
	enum pw_format format;
	enum pw_period_table csv_table;
	size_t limit; /* 0: the default */
	const char *output; /* a file; NULL: standard output */
	const char *mail; /* to whom: print a mail; NULL: none */
	const char *directory; /* keep it there, named by its time; NULL: no */
	size_t keep_files;
	uint64_t keep_bytes;
};

#define PW_PERIOD_KEEP_FILES 30
#define PW_PERIOD_KEEP_BYTES (64u << 20)

/* 0; -EPIPE without words; -errno with words. */
int pw_period_run(const struct pw_period_request *q, struct pw_error *err);
/* --table; false: there is none of this name. */
bool pw_period_table_find(const char *name, enum pw_period_table *ret);

#endif
