// SPDX-License-Identifier: GPL-2.0-or-later
/* The wipe ledger on recorded streams: verdicts, what became of ranges, places, probes, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "lib/trace.h"
#include "user/model/export.h"
#include "user/model/loss.h"
#include "user/model/model.h"

#define LIB "/usr/lib/libkeys.so"

struct fixture {
	struct pw_model *m;
	struct trace t;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	f->t.now_ns = 100 * TRACE_SECOND;
	trace_machine(&f->t, "boot-1");
	trace_identity(&f->t, trace_key(7), "/usr/sbin/keyd", "/", "", "keyd");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_model_destroy(f->m);
	trace_free(&f->t);
	free(f);
	return 0;
}

static void play(struct fixture *f)
{
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
}

/* A wipe of process 7 at this address, a nanosecond after what came before. */
static struct pw_wipe *wipe(struct fixture *f, uint64_t address)
{
	f->t.now_ns++;
	return trace_wipe(&f->t, trace_key(7), address, 32, LIB, 0x1a2b, "free_key");
}

static struct pw_release *release(struct fixture *f, uint64_t address)
{
	f->t.now_ns++;
	return trace_release(&f->t, trace_key(7), address, LIB, 0x1b00, "free_key");
}

static const struct pw_wipe_event *event(struct fixture *f, size_t index)
{
	assert_true(index < pw_wipe_event_count(&f->m->wipes));
	return pw_wipe_event_at(&f->m->wipes, index);
}

#define assert_after(f, index, expected) \
	assert_string_equal(pw_wipe_after_name(event(f, index)->after), expected)

/* ---- what is counted --------------------------------------------------------------- */

static void verdicts_are_counted(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_ledger *l = &f->m->wipes;
	struct pw_wipe *w;

	wipe(f, 0x1000);
	wipe(f, 0x2000)->size = 100; /* only 32 of them were read back */
	trace_wiped_in_part(wipe(f, 0x3000), 24, 8);
	trace_wiped_in_part(wipe(f, 0x4000), 0, 32)->function = PW_WIPE_OPENSSL_CLEANSE;
	w = wipe(f, 0x5000);
	w->verdict = PW_WIPED_UNKNOWN;
	w->reason = PW_UNSEEN_SECRETMEM;
	w->checked_bytes = 0;
	play(f);
	assert_int_equal(l->total, 5);
	assert_int_equal(l->wipes, 5);
	assert_int_equal(l->releases, 0);
	assert_int_equal(l->by_verdict[PW_WIPED_WHOLE], 2);
	assert_int_equal(l->by_verdict[PW_WIPED_PART], 1);
	assert_int_equal(l->by_verdict[PW_WIPED_NOTHING], 1);
	assert_int_equal(l->by_verdict[PW_WIPED_UNKNOWN], 1);
	assert_int_equal(l->by_function[PW_WIPE_EXPLICIT_BZERO], 4);
	assert_int_equal(l->by_function_verdict[PW_WIPE_EXPLICIT_BZERO][PW_WIPED_WHOLE], 2);
	assert_int_equal(l->by_function_verdict[PW_WIPE_OPENSSL_CLEANSE][PW_WIPED_NOTHING], 1);
	assert_int_equal(l->bytes, 132);
	assert_int_equal(f->m->invalid_records, 0);

	assert_int_equal(event(f, 2)->sequence, 3);
	assert_int_equal(event(f, 2)->wipe.first_dirty, 24);
	assert_string_equal(event(f, 2)->exe, "/usr/sbin/keyd");
	assert_string_equal(event(f, 2)->file, LIB);
	assert_string_equal(event(f, 2)->symbol, "free_key");
	assert_after(f, 2, "");
	assert_string_equal(pw_unseen_reason_name(event(f, 4)->wipe.reason), "memfd_secret");
}

static void callers_outlive_the_ring(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_ledger *l = &f->m->wipes;

	trace_wiped_in_part(wipe(f, 0x3000), 24, 8);
	for (unsigned int i = 0; i < PW_WIPES_MAX; i++)
		wipe(f, 0x1000 + 64 * i);
	play(f);
	assert_int_equal(pw_wipe_event_count(l), PW_WIPES_MAX);
	assert_int_equal(event(f, 0)->sequence, 2);
	assert_int_equal(event(f, PW_WIPES_MAX - 1)->sequence, PW_WIPES_MAX + 1);
	assert_int_equal(l->caller_count, 1);
	assert_int_equal(l->callers[0].by_verdict[PW_WIPED_WHOLE], PW_WIPES_MAX);
	assert_int_equal(l->callers[0].by_verdict[PW_WIPED_PART], 1);
	assert_int_equal(l->callers[0].last_bad.first_dirty, 24);
	assert_int_equal(l->callers[0].last.address, 0x1000 + 64 * (PW_WIPES_MAX - 1));
	assert_int_equal(l->callers[0].first_ns, 100 * TRACE_SECOND + 1);

	/* Other programs, places and functions are other callers. */
	trace_wipe(&f->t, trace_key(8), 0x1000, 32, LIB, 0x1a2b, "free_key");
	trace_wipe(&f->t, trace_key(7), 0x1000, 32, LIB, 0x1a2c, "free_key");
	trace_wipe(&f->t, trace_key(7), 0x1000, 32, "/lib/other.so", 0x1a2b, "free_key");
	wipe(f, 0x1000)->function = PW_WIPE_MEMSET_S;
	trace_wipe(&f->t, trace_key(7), 0x1000, 32, "", 0, "")->caller = 0x1234;
	trace_wipe(&f->t, trace_key(7), 0x1000, 32, "", 0, "")->caller = 0x1235;
	play(f);
	assert_int_equal(l->caller_count, 7);
	assert_int_equal(l->callers[6].offset, 0x1235);
}

static void one_record_may_stand_for_more(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_ledger *l = &f->m->wipes;

	wipe(f, 0x1000)->more = 99;
	trace_wiped_before(release(f, 0x1000), f->t.now_ns - 1, 32)->more = 9;
	play(f);
	assert_int_equal(l->total, 2);
	assert_int_equal(l->wipes, 100);
	assert_int_equal(l->bytes, 3200);
	assert_int_equal(l->callers[0].by_verdict[PW_WIPED_WHOLE], 100);
	assert_int_equal(l->releases, 10);
	assert_int_equal(l->sites[0].wiped, 10);
}

/* ---- what became of a range ---------------------------------------------------------- */

static void a_release_tells_how_the_range_went(void **state)
{
	struct fixture *f = *state;
	uint64_t at[5];
	struct pw_release *r;

	for (unsigned int i = 0; i < 5; i++) {
		struct pw_wipe *w = wipe(f, 0x1000 * (i + 1));

		if (i == 4)
			trace_wiped_in_part(w, 24, 8);
		at[i] = f->t.now_ns;
	}
	trace_wiped_before(release(f, 0x1000), at[0], 32);
	r = trace_wiped_before(release(f, 0x2000), at[1], 32);
	r->verdict = PW_WIPED_PART;
	r->dirty_bytes = 5;
	r->first_dirty = 3;
	r = trace_wiped_before(release(f, 0x3000), at[2], 32);
	r->verdict = PW_WIPED_UNKNOWN;
	r->reason = PW_UNSEEN_NOT_RESIDENT;
	r->checked_bytes = 0;
	/* 0x4000 is not seen to go; 0x5000 goes with what the wipe had left */
	r = trace_wiped_before(release(f, 0x5000), at[4], 32);
	r->verdict = PW_WIPED_PART;
	r->dirty_bytes = 8;
	r->first_dirty = 24;
	play(f);
	assert_after(f, 0, "clean");
	assert_int_equal(event(f, 0)->after_ns, 100 * TRACE_SECOND + 6);
	assert_after(f, 1, "rewritten");
	assert_after(f, 2, "unseen");
	assert_after(f, 3, "");
	assert_after(f, 4, "dirty");
	assert_int_equal(f->m->wipes.site_count, 1);
	assert_int_equal(f->m->wipes.sites[0].wiped, 4);
	assert_int_equal(f->m->wipes.sites[0].rewritten, 1);
	assert_int_equal(f->m->wipes.sites[0].last_rewritten.first_dirty, 3);
	assert_int_equal(f->m->wipes.sites[0].unwiped, 0);

	/* The address is used again: the earlier wipe keeps what became of it. */
	wipe(f, 0x1000);
	r = trace_wiped_before(release(f, 0x1000), f->t.now_ns - 1, 32);
	r->verdict = PW_WIPED_NOTHING;
	r->dirty_bytes = 32;
	r->first_dirty = 0;
	play(f);
	assert_after(f, 0, "clean");
	assert_after(f, 9, "rewritten");
}

static void wiped_twice_goes_once(void **state)
{
	struct fixture *f = *state;

	wipe(f, 0x1000);
	wipe(f, 0x1000);
	trace_wiped_before(release(f, 0x1000), f->t.now_ns - 1, 32);
	play(f);
	assert_after(f, 0, "clean");
	assert_after(f, 1, "clean");
}

static void another_process_has_other_ranges(void **state)
{
	struct fixture *f = *state;
	struct pw_key reborn = trace_key(7);

	wipe(f, 0x1000);
	trace_wipe(&f->t, trace_key(8), 0x1000, 32, LIB, 1, "");
	reborn.start_ns += TRACE_SECOND;
	f->t.now_ns++;
	trace_wiped_before(trace_release(&f->t, trace_key(9), 0x1000, LIB, 2, ""), 1, 32);
	trace_wiped_before(trace_release(&f->t, reborn, 0x1000, LIB, 2, ""), 1, 32);
	trace_wiped_before(trace_release(&f->t, trace_key(8), 0x1000, LIB, 2, ""), 1, 32);
	play(f);
	assert_after(f, 0, "");
	assert_after(f, 1, "clean");
}

static void exit_and_exec_take_the_rest(void **state)
{
	struct fixture *f = *state;

	wipe(f, 0x1000);
	wipe(f, 0x2000);
	trace_wipe(&f->t, trace_key(8), 0x1000, 32, LIB, 1, "");
	trace_wiped_before(release(f, 0x1000), f->t.now_ns - 2, 32);
	f->t.now_ns += 10;
	trace_exec(&f->t, trace_key(7), "/bin/true");
	wipe(f, 0x2000); /* the new program's */
	play(f);
	assert_after(f, 0, "clean");
	assert_after(f, 1, "exited");
	assert_int_equal(event(f, 1)->after_ns, 100 * TRACE_SECOND + 13);
	assert_after(f, 2, "");
	assert_after(f, 4, "");
	trace_wiped_before(release(f, 0x2000), f->t.now_ns - 1, 32);
	play(f);
	assert_after(f, 1, "exited");
	assert_after(f, 4, "clean");
	trace_exit(&f->t, trace_key(8), 9);
	play(f);
	assert_after(f, 2, "exited");
}

static void munmap_takes_what_it_covers(void **state)
{
	struct fixture *f = *state;
	struct pw_release *r;

	wipe(f, 0x10000);
	wipe(f, 0x10800);
	wipe(f, 0x10ff0); /* begins inside */
	wipe(f, 0x11000); /* begins behind */
	f->t.now_ns++;
	for (unsigned int i = 0; i < 2; i++) { /* one record for each range that it remembers */
		r = trace_release(&f->t, trace_key(7), 0x10000, LIB, 0x1b00, "");
		r->function = PW_RELEASE_MUNMAP;
		r->size = 0x1000;
		trace_wiped_before(r, 100 * TRACE_SECOND + 1 + i, 32);
		r->wipe_address += 0x800 * i;
	}
	r->verdict = PW_WIPED_PART;
	r->dirty_bytes = 1;
	r->first_dirty = 31;
	play(f);
	assert_after(f, 0, "clean");
	assert_after(f, 1, "rewritten");
	assert_after(f, 2, "unseen");
	assert_after(f, 3, "");
	/* A later buffer at the same place does not change what was told of the earlier one. */
	wipe(f, 0x10ff0);
	trace_wiped_before(release(f, 0x10ff0), f->t.now_ns - 1, 32);
	play(f);
	assert_after(f, 2, "unseen");
	assert_after(f, 6, "clean");
}

/* ---- sites ------------------------------------------------------------------------ */

static void sites_count_all_processes(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_site *s = f->m->wipes.sites;
	struct pw_release *r;

	for (unsigned int i = 0; i < 99; i++) {
		wipe(f, 0x1000);
		trace_wiped_before(release(f, 0x1000), f->t.now_ns - 1, 32);
	}
	r = release(f, 0x9000);
	trace_comm(r->comm, "sixteen chars ab");
	trace_identity(&f->t, trace_key(8), "/usr/sbin/keyd", "/", "", "keyd");
	trace_wiped_before(trace_release(&f->t, trace_key(8), 0x1000, LIB, 0x1b00, ""), 1, 32);
	play(f);
	s = f->m->wipes.sites;
	assert_int_equal(f->m->wipes.site_count, 1);
	assert_int_equal(s->wiped, 100);
	assert_int_equal(s->unwiped, 1);
	assert_int_equal(s->last_unwiped_address, 0x9000);
	assert_int_equal(s->last_unwiped_key.pid, 7);
	assert_string_equal(s->last_unwiped_comm, "sixteen chars ab");
	assert_string_equal(s->symbol, "free_key");
	assert_int_equal(s->offset, 0x1b00);
}

/* ---- probes ----------------------------------------------------------------------- */

static int keep(void *ctx, const struct pw_record *rec)
{
	struct trace *t = ctx;

	memcpy(trace_append(t, rec->type, rec->size), rec, rec->size);
	return 0;
}

static void probes_come_go_and_are_exported(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_ledger *l = &f->m->wipes;
	struct trace exported = { 0 };
	struct pw_model *late;

	trace_probe(&f->t, PW_WIPE_EXPLICIT_BZERO, "/lib/libc.so.6", 0x100, "explicit_bzero");
	trace_probe(&f->t, PW_WIPE_EXPLICIT_BZERO, "/lib/libc.so.6", 0x200, "__explicit_bzero_chk");
	trace_probe(&f->t, PW_WIPE_OPENSSL_CLEANSE, "/lib/libcrypto.so.3", 0x100, "OPENSSL_cleanse");
	trace_probe(&f->t, PW_WIPE_EXPLICIT_BZERO, "/lib/libc.so.6", 0x200, "__explicit_bzero_chk")
		->error = 2;
	wipe(f, 0x1000)->more = 10;
	trace_tick(&f->t);
	play(f);
	assert_int_equal(l->probe_count, 3);
	assert_int_equal(l->probes[0].calls, 11);
	assert_int_equal(l->probes[2].calls, 0);
	assert_int_equal(l->probes[1].probe.error, 2);
	assert_string_equal(l->probes[1].symbol, "__explicit_bzero_chk");

	assert_int_equal(pw_model_export(f->m, keep, &exported), 0);
	assert_int_equal(pw_model_create(NULL, &late), 0);
	assert_int_equal(trace_play(&exported, pw_model_ingest, late), 0);
	assert_int_equal(late->invalid_records, 0);
	assert_int_equal(late->wipes.probe_count, 3);
	assert_string_equal(late->wipes.probes[2].path, "/lib/libcrypto.so.3");
	assert_string_equal(late->wipes.probes[1].symbol, "__explicit_bzero_chk");
	assert_int_equal(late->wipes.total, 0); /* what happened is past */
	pw_model_destroy(late);
	trace_free(&exported);

	/* A source that comes anew tells of its own. */
	trace_machine(&f->t, "boot-1");
	trace_probe(&f->t, PW_WIPE_MEMSET_S, "/bin/x", 1, "memset_s");
	play(f);
	assert_int_equal(l->probe_count, 1);
	assert_int_equal(l->wipes, 11);
}

/* ---- bounds ------------------------------------------------------------------------- */

static void another_boot_forgets(void **state)
{
	struct fixture *f = *state;

	wipe(f, 0x1000);
	release(f, 0x1000);
	trace_probe(&f->t, PW_WIPE_MEMSET_S, "/bin/x", 1, "memset_s");
	trace_secret(&f->t, trace_key(7), 1, PW_SECRET_REGISTERED, "key");
	trace_machine(&f->t, "boot-2");
	play(f);
	assert_int_equal(f->m->wipes.total, 0);
	assert_int_equal(f->m->wipes.site_count + f->m->wipes.caller_count, 0);
	assert_int_equal(f->m->wipes.probe_count, 0);
	assert_int_equal(f->m->secrets.count, 0);
	wipe(f, 0x1000);
	play(f);
	assert_int_equal(f->m->wipes.total, 1);
}

static void hostile_wipes_are_refused(void **state)
{
	struct fixture *f = *state;

	wipe(f, 0)->key.pid = 0;
	wipe(f, 0)->function = PW_RELEASE_FREE;
	wipe(f, 0)->function = 60000;
	wipe(f, 0)->verdict = PW_WIPED_NOTHING + 1;
	wipe(f, 0)->reason = PW_UNSEEN_GONE + 1;
	wipe(f, 0)->segment_kind = PW_SEG_KINDS + 1;
	wipe(f, UINT64_MAX - 31); /* the last byte would be behind the end */
	wipe(f, 0)->size = UINT64_MAX;
	wipe(f, 0)->checked_bytes = 33;
	wipe(f, 0)->dirty_bytes = 1; /* and yet wiped whole */
	trace_wiped_in_part(wipe(f, 0), 32, 1);
	trace_wiped_in_part(wipe(f, 0), 31, 33);
	wipe(f, 0)->unreached_bytes = 33;
	wipe(f, 0)->file_len = 60;
	wipe(f, 0)->symbol_len = UINT16_MAX;
	wipe(f, 0)->rec.time_ns = UINT64_MAX;
	play(f);
	assert_int_equal(f->m->invalid_records, 16);
	assert_int_equal(f->m->wipes.total, 0);
	wipe(f, UINT64_MAX - 32);
	wipe(f, 0)->segment_kind = PW_SEG_KINDS;
	/* An interrupt of the idle task frees a key. */
	trace_wipe(&f->t, (struct pw_key){ 0 }, 0, 32, "", 0, "")->function = PW_WIPE_KFREE_SENSITIVE;
	play(f);
	assert_int_equal(f->m->invalid_records, 16);
	assert_int_equal(f->m->wipes.total, 3);
}

static void hostile_releases_and_probes_are_refused(void **state)
{
	struct fixture *f = *state;

	release(f, 0)->function = PW_WIPE_MEMSET_S;
	release(f, 0)->function = PW_WIPE_FUNCTIONS;
	release(f, 0)->wipe_function = PW_RELEASE_FREE;
	release(f, 0)->verdict = 200;
	release(f, 0)->size = UINT64_MAX;
	release(f, 4096)->wipe_size = UINT64_MAX - 4095;
	trace_wiped_before(release(f, 0), UINT64_MAX, 32);
	trace_wiped_before(release(f, 0), 1, 32)->checked_bytes = 33;
	trace_wiped_before(release(f, 0), 1, 32)->dirty_bytes = 33;
	release(f, 0)->segment_kind = UINT16_MAX;
	release(f, 0)->file_len = UINT16_MAX;
	trace_probe(&f->t, PW_WIPE_FUNCTIONS, "/x", 0, "x");
	trace_probe(&f->t, PW_WIPE_MEMSET_S, "/x", 0, "x")->path_len = 9;
	trace_probe(&f->t, PW_WIPE_MEMSET_S, "/x", 0, "x")->symbol_len = UINT16_MAX;
	play(f);
	assert_int_equal(f->m->invalid_records, 14);
	assert_int_equal(f->m->wipes.total, 0);
	assert_int_equal(f->m->wipes.probe_count, 0);
}

static void names_end_at_a_nul_and_are_cut(void **state)
{
	struct fixture *f = *state;
	char file[5001];

	memset(file, 'f', 5000);
	file[5000] = '\0';
	trace_wipe(&f->t, trace_key(7), 1, 1, file, 1, "a\0b");
	memcpy(trace_wipe(&f->t, trace_key(7), 1, 1, "abcd", 1, "sym") + 1, "a\0cds\0m", 7);
	play(f);
	assert_int_equal(strlen(event(f, 0)->file), 4095);
	assert_string_equal(event(f, 1)->file, "a");
	assert_string_equal(event(f, 1)->symbol, "s");
	assert_int_equal(f->m->wipes.caller_count, 2);
	trace_wipe(&f->t, trace_key(7), 1, 1, file, 1, "");
	play(f);
	assert_int_equal(f->m->wipes.caller_count, 2);
}

static void full_tables_count_and_memory_is_bounded(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_ledger *l = &f->m->wipes;
	size_t before = pw_model_memory(f->m), held;
	char path[64];

	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/libnumber-%u.so.1", i);
		trace_wipe(&f->t, trace_key(7), i, 1, path, 0x1000 + i, "some_function");
		trace_release(&f->t, trace_key(7), i, path, 0x1000 + i, "some_function");
		trace_probe(&f->t, PW_WIPE_MEMSET_S, path, i, "memset_s");
		trace_secret(&f->t, trace_key(7), i, PW_SECRET_REGISTERED, "key");
		play(f);
	}
	trace_tick(&f->t);
	play(f);
	assert_int_equal(l->total, 40000);
	assert_int_equal(l->caller_count, PW_WIPE_CALLERS_MAX);
	assert_int_equal(l->callers_full, 20000 - PW_WIPE_CALLERS_MAX);
	assert_int_equal(l->site_count, PW_WIPE_SITES_MAX);
	assert_int_equal(l->probe_count, PW_WIPE_PROBES_MAX);
	assert_int_equal(l->probes_full, 20000 - PW_WIPE_PROBES_MAX);
	assert_int_equal(f->m->secrets.count, PW_SECRETS_MAX);
	assert_int_equal(f->m->secrets.full, 20000 - PW_SECRETS_MAX);
	assert_true(f->m->lost[PW_LOSS_NAMES_FULL] >=
		    l->callers_full + l->sites_full + l->probes_full);
	held = pw_model_memory(f->m) - before;
	print_message("wipe ledger and secrets with all tables full: %zu KiB\n", held / 1024);
	assert_in_range(held, 4u << 20, 16u << 20);

	/* What ceased to be observed makes room for what begins to be. */
	trace_probe(&f->t, PW_WIPE_MEMSET_S, "/usr/lib/x86_64-linux-gnu/libnumber-5.so.1", 5,
		    "memset_s")
		->error = 2;
	trace_probe(&f->t, PW_WIPE_MEMSET_S, "/new", 77, "memset_s")->inode = 5;
	play(f);
	assert_int_equal(l->probes[5].probe.inode, 5);
	assert_string_equal(l->probes[5].path, "/new");
}

static void long_names_cannot_take_all_memory(void **state)
{
	struct fixture *f = *state;
	char path[4001];

	memset(path, 'p', sizeof(path) - 1);
	path[4000] = '\0';
	for (unsigned int i = 0; i < 9000; i++) {
		snprintf(path, 16, "/%08u", i);
		path[9] = 'p';
		trace_wipe(&f->t, trace_key(7), i, 1, path, i, path + 3000);
		play(f);
	}
	assert_true(f->m->own_lost[PW_LOSS_NAMES_FULL] > 0);
	assert_int_equal(f->m->wipes.wipes, 9000);
	assert_true(pw_model_memory(f->m) < 24u << 20);
	/* The groups' names have room of their own. */
	trace_identity(&f->t, trace_key(70), "/usr/bin/late", "/late.slice", "late.service", "late");
	play(f);
	assert_string_equal(pw_model_pid(f->m, 70)->unit, "late.service");
}

static void words_for_everything(void **state)
{
	static const uint16_t named[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 32, 33, 48, 64, 65, 66, 67 };
	size_t spots = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		assert_string_not_equal(pw_wipe_function_name(named[i]), "unknown");
	assert_string_equal(pw_wipe_function_name(0), "unknown");
	assert_string_equal(pw_wipe_function_name(10), "unknown");
	assert_string_equal(pw_wipe_function_name(UINT16_MAX), "unknown");
	assert_string_equal(pw_wipe_verdict_name(PW_WIPED_PART), "wiped-in-part");
	assert_string_equal(pw_wipe_verdict_name(200), "unknown");
	assert_string_equal(pw_wipe_after_name(PW_AFTER_DIRTY), "dirty");
	assert_string_equal(pw_wipe_after_name(PW_AFTER_DIRTY + 1), "");
	assert_string_equal(pw_unseen_reason_name(PW_UNSEEN_NONE), "");
	for (uint8_t i = 1; i <= PW_UNSEEN_GONE; i++) {
		assert_true(strlen(pw_unseen_reason_name(i)) > 3);
		assert_true(strlen(pw_unseen_reason_text(i)) > 10);
	}
	assert_string_equal(pw_unseen_reason_name(PW_UNSEEN_GONE + 1), "unknown");
	while (pw_wipe_blind_spots[spots])
		assert_true(strlen(pw_wipe_blind_spots[spots++]) > 40);
	assert_in_range(spots, 8, 12);
	assert_string_equal(pw_loss_name(PW_LOSS_WIPE_UNPAIRED), "wipe_unpaired");
}

#define WIPE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIPE_TEST(verdicts_are_counted),
		WIPE_TEST(callers_outlive_the_ring),
		WIPE_TEST(one_record_may_stand_for_more),
		WIPE_TEST(a_release_tells_how_the_range_went),
		WIPE_TEST(wiped_twice_goes_once),
		WIPE_TEST(another_process_has_other_ranges),
		WIPE_TEST(exit_and_exec_take_the_rest),
		WIPE_TEST(munmap_takes_what_it_covers),
		WIPE_TEST(sites_count_all_processes),
		WIPE_TEST(probes_come_go_and_are_exported),
		WIPE_TEST(another_boot_forgets),
		WIPE_TEST(hostile_wipes_are_refused),
		WIPE_TEST(hostile_releases_and_probes_are_refused),
		WIPE_TEST(names_end_at_a_nul_and_are_cut),
		WIPE_TEST(full_tables_count_and_memory_is_bounded),
		WIPE_TEST(long_names_cannot_take_all_memory),
		cmocka_unit_test(words_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
