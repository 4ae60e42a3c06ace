// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a seed for fuzz_model to standard output: one record of each kind of
 * the wipe ledger and what they need around them, all valid, so that the
 * fuzzer begins behind the checks.
 */
#include <stdio.h>

#include "fuzz/kinds.h"
#include "lib/trace.h"

#define LIB "/usr/lib/libx.so"

/* As fuzz_model reads it: the kind, what is longer than the struct in words, and all behind the type. */
static int write_record(void *ctx, const struct pw_record *rec)
{
	const uint8_t *bytes = (const void *)rec;

	(void)ctx;
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].type != rec->type)
			continue;
		putchar((int)i);
		putchar((rec->size - kinds[i].size) / 8);
		return fwrite(bytes + 8, 1, rec->size - sizeof(*rec), stdout) !=
		       rec->size - sizeof(*rec);
	}
	return 1;
}

static void releases(struct trace *t, struct pw_key key)
{
	struct pw_release *r;

	for (uint64_t i = 1; i <= 20; i++) {
		t->now_ns++;
		trace_wipe(t, key, 0x1000, 32, LIB, 0x10, "free_key");
		t->now_ns++;
		trace_wiped_before(trace_release(t, key, 0x1000, LIB, 0x20, "free_key"),
				   t->now_ns - 1, 32);
	}
	trace_release(t, key, 0x2000, LIB, 0x20, "free_key");
	r = trace_wiped_before(trace_release(t, key, 0x1000, LIB, 0x20, "free_key"), t->now_ns - 1,
			       32);
	r->function = PW_RELEASE_MUNMAP;
	r->size = 0x10000;
	r->verdict = PW_WIPED_PART;
	r->dirty_bytes = 5;
	r->first_dirty = 2;
}

int main(void)
{
	const struct pw_key key = trace_key(7);
	struct trace t = { .now_ns = 100 * TRACE_SECOND };
	struct pw_secret *s;
	int err;

	trace_machine(&t, "boot");
	trace_identity(&t, key, "/usr/bin/keyd", "/", "keyd.service", "keyd");
	trace_probe(&t, PW_WIPE_EXPLICIT_BZERO, "/usr/lib/libc.so.6", 0x100, "explicit_bzero");
	releases(&t, key);
	trace_wiped_in_part(trace_wipe(&t, key, 0x3000, 64, LIB, 0x30, "half"), 40, 24);
	trace_secret(&t, key, 1, PW_SECRET_REGISTERED, "tls key");
	s = trace_secret(&t, key, 1, PW_SECRET_RELEASED, "tls key");
	s->verdict = PW_SECRET_DIRTY;
	s->cause = PW_CAUSE_UNMAP;
	s->pages_dirty = 1;
	s->dirty_bytes = 4096;
	s->first_dirty = s->from;
	trace_secret(&t, key, 1, PW_SECRET_SHARED, "tls key");
	s = trace_secret(&t, key, 2, PW_SECRET_ENDED, "other");
	s->verdict = PW_SECRET_SWAPPED;
	s->cause = PW_CAUSE_EXIT;
	s->pages_swapped = 2;
	trace_tick(&t);
	trace_exit(&t, key, 9);
	trace_tick(&t);
	err = trace_play(&t, write_record, NULL);
	trace_free(&t);
	return err;
}
