// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make_trace NAME FILE: writes one of the made-up recordings that the golden
 * files show. Each is the same on every run: no clock, no chance.
 *
 *   zoo      one process of every habit, over ten minutes
 *   odd      names that try to break a terminal, JSON or CSV; unknown values
 *   pool     short-lived workers of one service, and its OOM kill
 *   proc     what the /proc source gives: no ledger, bounded counters
 *   wipes    wiped whole, in part, not at all, unknown; released clean, rewritten
 *            and unwiped; a site that forgot 1 of 100; a secret of each verdict
 *   trends   for --time-scale 30: leaks of memory, threads and files with their
 *            limits, under a hostile name; a warm cache, and a gap
 */
#include <stdio.h>

#include "lib/recording.h"

#define MIB_PAGES 256ull
#define START_NS (5000 * TRACE_SECOND)

/* ---- processes ------------------------------------------------------------------- */

static void begin(struct trace *t)
{
	struct pw_machine *m;

	t->now_ns = START_NS;
	m = trace_machine(t, "b0071d00-0000-4000-8000-000000000000");
	m->coverage = PW_COVER_LEDGER | PW_COVER_MIGRATION | PW_COVER_SEEDED | PW_COVER_RSS_EXACT |
		      PW_COVER_EVENTS | PW_COVER_OOM | PW_COVER_ALL_PROCESSES;
	m->process_capacity = 16384;
	m->ledger_bytes = 8 << 20;
	m->swap_pages = 512 * MIB_PAGES;
}

static struct pw_identity *name_process(struct trace *t, struct pw_key key, const char *exe,
					const char *unit, const char *cmdline)
{
	char cgroup[128];
	const char *slash = strrchr(exe, '/');
	struct pw_identity *id;

	snprintf(cgroup, sizeof(cgroup), "/system.slice/%s", unit);
	id = trace_identity(t, key, exe, cgroup, unit, cmdline);
	trace_comm(id->comm, slash ? slash + 1 : exe);
	id->parent_pid = 1;
	id->cgroup_id = 4000 + key.pid;
	return id;
}

/* A whole sample in which everything follows from the resident anonymous pages. */
static struct pw_counters *sample(struct trace *t, struct pw_key key, const char *comm,
				  uint64_t anon_pages)
{
	struct pw_counters *c = trace_counters(t, key, anon_pages);

	trace_comm(c->comm, comm);
	c->parent_pid = 1;
	c->cgroup_id = 4000 + key.pid;
	c->file_pages = 3 * MIB_PAGES;
	c->page_table_bytes = 4096 * (8 + anon_pages / 512);
	c->virtual_pages = 4 * anon_pages + 5000;
	c->data_pages = 2 * anon_pages;
	c->stack_pages = 33;
	c->exec_pages = 700;
	c->brk_bytes = anon_pages * 4096;
	c->hiwater_rss_pages = anon_pages + 4 * MIB_PAGES;
	c->map_count = 40 + key.pid % 60;
	c->minor_faults = anon_pages + key.pid;
	c->major_faults = key.pid % 7;
	c->cpu_ns = (t->now_ns - START_NS) / 100 + anon_pages * 1000;
	c->ledger_touched_pages = anon_pages + 100;
	c->ledger_freed_pages = 100;
	return c;
}

static struct pw_tick *finish(struct trace *t, uint32_t processes)
{
	struct pw_tick *tick = trace_tick(t);

	tick->available_pages = 700000 - 1000 * tick->sequence % 5000;
	tick->free_pages = 300000;
	tick->cached_pages = 200000;
	tick->slab_pages = 20000;
	tick->swap_free_pages = 400 * MIB_PAGES;
	tick->processes = processes;
	tick->threads = 3 * processes;
	tick->bpf_ns = tick->sequence * 2000000;
	tick->user_ns = tick->sequence * 3000000;
	tick->own_rss_bytes = 9 << 20;
	tick->events_tried = tick->events_received = tick->sequence * 40;
	tick->ledger_live_pages = 100000;
	tick->ledger_touched_pages = 200000 + tick->sequence * 100;
	tick->ledger_freed_pages = 100000 + tick->sequence * 100;
	return tick;
}

static void segments_of_leaker(struct trace *t, struct pw_key key, uint64_t heap)
{
	struct pw_segments *head = trace_segments(t, key, 5);
	struct pw_segment *s;

	head->vmas = 9;
	head->flags = PW_SEGMENTS_ITER | PW_SEGMENTS_PAGEMAP_SCAN;
	head->lock_calls = 3;
	head->lock_total_ns = 61000;
	head->lock_longest_ns = 40000;
	head->scan_ns = 210000;
	s = trace_segment(t, key, PW_SEG_CODE, "/usr/bin/leaker", 0x400000, 0);
	s->perms = PW_PERM_R | PW_PERM_X;
	s->file_bytes = 65536;
	s = trace_segment(t, key, PW_SEG_HEAP, "[heap]", 0x1000000, heap);
	s->perms = PW_PERM_R | PW_PERM_W;
	s->swap_bytes = 12288;
	s = trace_segment(t, key, PW_SEG_ARENA, "arena of thread 4712", 0x7f0000000000, 1 << 20);
	s->huge_bytes = 0;
	s = trace_segment(t, key, PW_SEG_THREAD_STACK, "worker", 0x7f1000000000, 16384);
	s->tid = 4712;
	s = trace_segment(t, key, PW_SEG_KERNEL_PAGE_TABLES, "", 0, 0);
	s->end = 0;
	s->vmas = 0;
	s->virtual_bytes = s->anon_bytes = 131072;
	s->swap_bytes = s->huge_bytes = PW_UNKNOWN;
}

/* ---- the traces ------------------------------------------------------------------ */

static void make_zoo(struct trace *t)
{
	const struct pw_key stable = trace_key(401), leaker = trace_key(402),
			    cache = trace_key(403), tooth = trace_key(404), gone = trace_key(405);

	begin(t);
	name_process(t, stable, "/usr/sbin/stable", "stable.service", "stable --quiet");
	name_process(t, leaker, "/usr/bin/leaker", "leaker.service", "leaker -n 1");
	name_process(t, cache, "/usr/bin/cache", "cache.service", "cache");
	name_process(t, tooth, "/usr/bin/tooth", "tooth.service", "tooth \t--odd");
	name_process(t, gone, "/usr/bin/gone", "gone.service", "gone");
	sample(t, stable, "stable", 40 * MIB_PAGES);
	sample(t, gone, "gone", 10 * MIB_PAGES);
	for (uint64_t i = 0; i < 600; i++) {
		uint64_t filled = i < 200 ? i : 200;

		sample(t, leaker, "leaker", 20 * MIB_PAGES + 37 * i);
		sample(t, cache, "cache", 10 * MIB_PAGES + filled * 97)->swap_pages = i / 10;
		if (i % 3 == 0)
			sample(t, tooth, "tooth", 5 * MIB_PAGES + i % 60 * 211);
		if (i == 10 || i == 590)
			segments_of_leaker(t, leaker, (20 * MIB_PAGES + 37 * i) * 4096);
		if (i == 300)
			trace_exit(t, gone, 0x0100)->hiwater_rss_pages = 14 * MIB_PAGES;
		finish(t, i < 300 ? 5 : 4);
	}
}

static void make_odd(struct trace *t)
{
	static const char *const names[] = {
		"\x1b[2J\x1b[31mred",
		"tab\there",
		"new\nline",
		"quote\"d",
		"comma,semi;",
		"\xff\xfe bytes",
		("\xe2\x80\xae"
		 "back"),
		"\xc3\xbcml\xc3\xa4ut",
		"\xe6\xbc\xa2\xe5\xad\x97",
		"=cmd|' /C calc'",
	};
	struct pw_tick *tick;

	begin(t);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			struct pw_key key = trace_key(500 + i);

			if (!round)
				name_process(t, key, names[i], "odd.service", names[i]);
			sample(t, key, names[i], (i + 1) * MIB_PAGES + (uint64_t)round * i);
		}
		/* a process that nobody named, and one that grows beyond all bounds */
		sample(t, trace_key(600), "", 1)->threads = 0;
		sample(t, trace_key(601), "huge", 1ull << 40);
		finish(t, 12);
	}
	/* a record of a later minor version, and one with a size too small for its type */
	trace_append(t, 777, 64);
	trace_append(t, PW_REC_COUNTERS, 32);
	tick = finish(t, 12);
	for (unsigned int i = 0; i < PW_LOSS_CAUSES; i++)
		tick->lost[i] = i == PW_LOSS_DAMAGED ? 0 : 1000 + i;
}

static void make_pool(struct trace *t)
{
	const struct pw_key master = trace_key(700);
	struct pw_oom *oom;

	begin(t);
	name_process(t, master, "/usr/sbin/poold", "pool.service", "poold: master");
	sample(t, master, "poold", 8 * MIB_PAGES);
	finish(t, 1);
	for (uint32_t i = 1; i <= 40; i++) {
		struct pw_key worker = trace_key(700 + i), old = trace_key(700 + i - 4);

		trace_fork(t, worker, master);
		if (i % 5 == 0)
			trace_exec(t, worker, "/usr/lib/poold/helper");
		name_process(t, worker, i % 5 ? "/usr/sbin/poold" : "/usr/lib/poold/helper",
			     "pool.service", "poold: worker")
			->parent_pid = master.pid;
		sample(t, worker, i % 5 ? "poold" : "helper", 2 * MIB_PAGES + i * 10);
		if (i == 20) {
			oom = trace_oom(t, old);
			oom->anon_pages = 3 * MIB_PAGES;
			trace_comm(oom->comm, "poold");
		}
		if (i > 4)
			trace_exit(t, old, i == 20 ? 9 : 0)->hiwater_rss_pages = 6 * MIB_PAGES;
		finish(t, 5);
	}
}

static void make_proc(struct trace *t)
{
	struct pw_machine *m;

	t->now_ns = START_NS;
	m = trace_machine(t, "b0071d00-0000-4000-8000-000000000001");
	memset(m->source, 0, sizeof(m->source));
	strcpy((char *)m->source, "proc");
	m->sample_every = 0;
	m->coverage = 0; /* hidepid */
	name_process(t, trace_key(801), "/usr/bin/one", "one.service", "one");
	for (unsigned int i = 0; i < 70; i++) {
		struct pw_counters *c = sample(t, trace_key(801), "one", 1000 + 5 * i);

		c->flags = PW_COUNTERS_RSS_BOUND;
		c->rss_error_pages = 128;
		c->ledger_live_pages = c->ledger_touched_pages = c->ledger_freed_pages = 0;
		finish(t, 1);
	}
}

#define KEYS "/usr/lib/x86_64-linux-gnu/libkeys.so.1"

static uint64_t moment(struct trace *t)
{
	return t->now_ns += 1000;
}

/* 64 bytes on the heap, wiped by a function of the library. */
static struct pw_wipe *wipe(struct trace *t, struct pw_key key, uint64_t address)
{
	struct pw_wipe *w;

	moment(t);
	w = trace_wipe(t, key, address, 64, KEYS, 0x4c2d, "key_destroy");
	trace_comm(w->comm, key.pid == 901 ? "keyd" : "openssl");
	w->cgroup_id = 4000 + key.pid;
	w->uid = 106;
	return w;
}

static struct pw_release *release(struct trace *t, struct pw_key key, uint64_t address,
				  uint64_t wiped_ns)
{
	struct pw_release *r;

	moment(t);
	r = trace_release(t, key, address, KEYS, 0x4c40, "key_destroy");
	trace_comm(r->comm, "keyd");
	return wiped_ns ? trace_wiped_before(r, wiped_ns, 64) : r;
}

static void wipes_of_each_verdict(struct trace *t, struct pw_key key)
{
	struct pw_wipe *w;
	struct pw_release *r;
	uint64_t at;

	wipe(t, key, 0x555500001000); /* released clean */
	release(t, key, 0x555500001000, t->now_ns);
	wipe(t, key, 0x555500002000); /* written again before it goes */
	at = t->now_ns;
	r = release(t, key, 0x555500002000, at);
	r->verdict = PW_WIPED_PART;
	r->dirty_bytes = 5;
	r->first_dirty = 3;
	wipe(t, key, 0x555500003000); /* lives until the exit */
	w = wipe(t, key, 0x555500004000);
	trace_wiped_in_part(w, 40, 24);
	w = wipe(t, key, 0x555500005000);
	trace_wiped_in_part(w, 0, 64)->function = PW_WIPE_OPENSSL_CLEANSE;
	w = wipe(t, key, 0x7f0000000000);
	w->function = PW_WIPE_SODIUM_MEMZERO;
	w->verdict = PW_WIPED_UNKNOWN;
	w->reason = PW_UNSEEN_SECRETMEM;
	w->checked_bytes = 0;
	w->segment_kind = PW_SEG_OTHER;
	w = wipe(t, key, 0x7f1000000000);
	w->size = 4 << 20;
	w->checked_bytes = 1 << 20;
	w->reason = PW_UNSEEN_TOO_LARGE;
	w->segment_kind = PW_SEG_ANON;
	/* the kernel's, where nobody is to blame */
	w = trace_wipe(t, (struct pw_key){ 0 }, 0xffff888012345000, 32, "", 0,
		       "crypto_free_instance");
	w->function = PW_WIPE_KFREE_SENSITIVE;
	w->verdict = PW_WIPED_UNKNOWN;
	w->reason = PW_UNSEEN_KERNEL;
	w->checked_bytes = 0;
	w->segment_kind = PW_SEG_KINDS;
	trace_comm(w->comm, "swapper/1");
}

static struct pw_secret *end_secret(struct trace *t, struct pw_key key, uint64_t id,
				    uint32_t verdict, const char *label)
{
	struct pw_secret *s;

	moment(t);
	trace_secret(t, key, id, PW_SECRET_REGISTERED, label);
	moment(t);
	s = trace_secret(t, key, id, PW_SECRET_ENDED, label);
	s->verdict = verdict;
	s->cause = PW_CAUSE_UNMAP;
	s->tid = key.pid;
	s->uid = 106;
	return s;
}

static void secrets_of_each_verdict(struct trace *t, struct pw_key key)
{
	struct pw_secret *s;

	trace_secret(t, key, 1, PW_SECRET_REGISTERED, "alive")->flags = PW_SECRET_HOLDING;
	end_secret(t, key, 2, PW_SECRET_CLEAN, "session")->pages_clean = 4;
	s = end_secret(t, key, 3, PW_SECRET_DIRTY, "tls key");
	s->pages_clean = 3;
	s->pages_dirty = 1;
	s->dirty_bytes = 32;
	s->first_dirty = s->start + 0x1010;
	s = end_secret(t, key, 4, PW_SECRET_SWAPPED, "tls key");
	s->cause = PW_CAUSE_EXIT;
	s->pages_swapped = 2;
	s->pages_clean = 2;
	s = end_secret(t, key, 5, PW_SECRET_COPIED, "forked");
	s->cause = PW_CAUSE_COW;
	s->pages_copied = 4;
	end_secret(t, key, 6, PW_SECRET_STILL_MAPPED, "moved")->pages_mapped = 4;
	end_secret(t, key, 7, PW_SECRET_HELD, "in a pipe")->pages_held = 1;
	s = end_secret(t, key, 8, PW_SECRET_UNKNOWN, "reclaimed");
	s->cause = PW_CAUSE_RECLAIM;
	s->reason = PW_UNSEEN_FOREIGN;
	s->pages_unknown = 4;
	s = end_secret(t, key, 9, PW_SECRET_DIRTY, "scrubbed");
	s->flags = PW_SECRET_HOLDING | PW_SECRET_SCRUBBING;
	s->pages_dirty = s->pages_scrubbed = 4;
	trace_secret(t, key, 1, PW_SECRET_SHARED, "alive")->other_pid = 777;
	s = trace_secret(t, key, 1, PW_SECRET_RELEASED, "alive");
	s->verdict = PW_SECRET_DIRTY;
	s->cause = PW_CAUSE_DISCARD;
	s->to = s->from + 4096;
	s->pages_dirty = 1;
	s->dirty_bytes = 4096;
	s->first_dirty = s->from;
}

static void make_wipes(struct trace *t)
{
	const struct pw_key keyd = trace_key(901), tool = trace_key(902);

	begin(t);
	((struct pw_machine *)t->bytes)->coverage |= PW_COVER_WIPES | PW_COVER_WIPES_KERNEL |
						     PW_COVER_RELEASES | PW_COVER_MODULE;
	name_process(t, keyd, "/usr/sbin/keyd", "keyd.service", "keyd");
	name_process(t, tool, "/usr/bin/openssl", "session-2.scope", "openssl s_client");
	sample(t, keyd, "keyd", 3000);
	sample(t, tool, "openssl", 900);
	trace_probe(t, PW_WIPE_EXPLICIT_BZERO, "/usr/lib/x86_64-linux-gnu/libc.so.6", 0xa1000,
		    "explicit_bzero");
	trace_probe(t, PW_WIPE_OPENSSL_CLEANSE, "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", 0xb2000,
		    "OPENSSL_cleanse");
	trace_probe(t, PW_WIPE_MEMSET_S, "/opt/odd/libodd.so", 0x10, "memset_s")->error = 22;
	finish(t, 2);
	wipes_of_each_verdict(t, keyd);
	finish(t, 2);
	/* the rewritten one above was wiped as well: 97 more make 99 of 100 */
	for (uint64_t i = 0; i < 97; i++) {
		wipe(t, keyd, 0x555500010000 + 256 * i);
		release(t, keyd, 0x555500010000 + 256 * i, t->now_ns);
	}
	release(t, keyd, 0x555500777700, 0);
	finish(t, 2);
	wipe(t, tool, 0x555600001000);
	wipe(t, tool, 0x555600001000); /* twice */
	secrets_of_each_verdict(t, keyd);
	moment(t);
	trace_exit(t, tool, 0);
	finish(t, 1);
}

#define LEAK_CGROUP 4801 /* as sample() has it of PID 801 */

static void limits_of_leak(struct trace *t, struct pw_key leak, uint64_t i)
{
	struct pw_cgroup *c = trace_cgroup(t, LEAK_CGROUP, "/system.slice/leak.service",
					   (30 + i) << 20, 1ull << 30);

	c->slab_bytes = (8 << 20) + i * 300000;
	c->sock_bytes = 0;
	c->pids = c->pids_max_used = 5 + i;
	c->pids_max = 400;
	trace_resources(t, leak, 20)->limit_address_space_bytes = 16ull << 30;
}

static void make_trends(struct trace *t)
{
	const struct pw_key leak = trace_key(801), threads = trace_key(802), files = trace_key(803),
			    cache = trace_key(804);

	begin(t);
	((struct pw_machine *)t->bytes)->coverage |= PW_COVER_RESOURCES | PW_COVER_CGROUPS;
	name_process(t, leak, "/usr/bin/\x1b[31mleak\n", "leak.service", "leak");
	name_process(t, threads, "/usr/bin/threads", "threads.service", "threads");
	name_process(t, files, "/usr/bin/files", "files.service", "files");
	name_process(t, cache, "/usr/bin/cache", "cache.service", "cache");
	for (uint64_t i = 0; i < 96; i++) {
		sample(t, leak, "\x1b[31mleak\n", 20 * MIB_PAGES + 256 * i + i * i % 7);
		sample(t, threads, "threads", 10 * MIB_PAGES)->threads = (uint32_t)(5 + 2 * i);
		sample(t, files, "files", 10 * MIB_PAGES);
		sample(t, cache, "cache", 10 * MIB_PAGES + 97 * (i < 20 ? 40 * i - i * i : 400));
		limits_of_leak(t, leak, i);
		trace_resources(t, files, (uint32_t)(30 + 3 * i));
		finish(t, 4);
		if (i == 38) /* nobody watched for a while */
			t->now_ns += 5 * TRACE_SECOND;
	}
}

static int save(const struct trace *t, const char *path)
{
	struct recorded r = recorded_of(t);
	FILE *f = fopen(path, "w");
	int ok = f && fwrite(r.bytes, 1, r.len, f) == r.len;

	if (f)
		ok &= !fclose(f);
	free(r.bytes);
	if (!ok)
		perror(path);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct trace *t);
	} traces[] = {
		{ "zoo", make_zoo },   { "odd", make_odd },	{ "pool", make_pool },
		{ "proc", make_proc }, { "wipes", make_wipes }, { "trends", make_trends },
	};

	for (size_t i = 0; argc == 3 && i < sizeof(traces) / sizeof(traces[0]); i++) {
		struct trace t = { 0 };
		int status;

		if (strcmp(traces[i].name, argv[1]) != 0)
			continue;
		traces[i].make(&t);
		status = save(&t, argv[2]);
		trace_free(&t);
		return status;
	}
	fprintf(stderr, "usage: make_trace zoo|odd|pool|proc|wipes|trends FILE\n");
	return 2;
}
