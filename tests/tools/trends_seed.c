// SPDX-License-Identifier: GPL-2.0-or-later
/* trends_seed [N]: the Nth piece that trends save of a small machine with a leak, or all of it, for the fuzzer. */
#include <stdio.h>
#include <string.h>

#include "lib/trace.h"
#include "user/analysis/trends.h"

static int print_piece(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	unsigned int *skip = ctx;

	(void)id;
	if ((*skip)--)
		return 0;
	fwrite(bytes, 1, size, stdout);
	return 1;
}

static void live(struct pw_trends *t, struct pw_model *m)
{
	struct trace trace = { .now_ns = 100 * TRACE_SECOND };

	trace_machine(&trace, "boot");
	trace_identity(&trace, trace_key(7), "/usr/bin/leaky", "/a", "", "");
	for (unsigned int i = 0; i < 150; i++) {
		trace_counters(&trace, trace_key(7), 1000 + 300 * i + i * 7919 % 64);
		trace_cgroup(&trace, 5, "/a", i << 20, 1 << 30)->slab_bytes = 1 << 20;
		trace.now_ns += 9 * TRACE_SECOND;
		trace_tick(&trace)->interval_ns = 10 * TRACE_SECOND;
		trace_flush(&trace, pw_model_ingest, m);
		pw_trends_tick(t, m);
	}
	trace_free(&trace);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";
	struct pw_trends *t;
	struct pw_model *m;
	size_t size;
	void *all;

	if (pw_model_create(NULL, &m) || pw_trends_create(NULL, &t))
		return 1;
	live(t, m);
	if (strcmp(what, "all") == 0) {
		if (pw_trends_write_all(t, &all, &size))
			return 1;
		fwrite(all, 1, size, stdout);
		free(all);
	} else { /* the first piece is the table's */
		unsigned int skip = (unsigned int)atoi(what);

		pw_trends_save(t, false, print_piece, &skip);
	}
	pw_trends_destroy(t);
	pw_model_destroy(m);
	return 0;
}
