// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. The /proc source over a tree that changes between two walks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/tree.h"
#include "user/source/source.h"

struct fixture {
	struct tree tree;
	struct pw_source *source;
	struct pw_error err;
	/* what the last walk gave */
	uint8_t bytes[65536];
	size_t len;
};

/* ---- the tree ------------------------------------------------------------------- */

struct proc {
	uint32_t pid, ppid;
	const char *comm;
	char state;
	unsigned int threads;
	uint64_t start; /* ticks */
	uint64_t faults, anon_kib;
	uint64_t stack; /* address of the main stack */
	uint32_t flags;
	const char *exe;
};

static void write_proc(const struct fixture *f, const struct proc *p)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "proc/%u/stat", p->pid);
	snprintf(text, sizeof(text),
		 "%u (%s) %c %u 1 1 0 -1 %u %lu 0 7 0 30 12 0 0 20 0 %u 0 %lu 8192000 %lu "
		 "18446744073709551615 4096 8192 %lu 0 0\n",
		 p->pid, p->comm, p->state ? p->state : 'S', p->ppid, p->flags, p->faults,
		 p->threads ? p->threads : 1, p->start, p->anon_kib / 4, p->stack);
	tree_write(&f->tree, path, text);
	snprintf(path, sizeof(path), "proc/%u/status", p->pid);
	snprintf(text, sizeof(text),
		 "Name:\t%s\nUid:\t1000\t1001\t1000\t1000\nThreads:\t1\nVmSize:\t    8000 kB\n"
		 "VmHWM:\t    %lu kB\nRssAnon:\t  %lu kB\nRssFile:\t     400 kB\n"
		 "RssShmem:\t      40 kB\nVmData:\t 3000 kB\nVmStk:\t 132 kB\nVmExe:\t 8 kB\n"
		 "VmLib:\t 16 kB\nVmPTE:\t 52 kB\nVmSwap:\t 12 kB\nVmLck:\t 4 kB\nVmPin:\t 8 kB\n",
		 p->comm, p->anon_kib + 440, p->anon_kib);
	tree_write(&f->tree, path, text);
	snprintf(path, sizeof(path), "proc/%u/cgroup", p->pid);
	tree_write(&f->tree, path, "0::/system.slice/test.service\n");
	snprintf(path, sizeof(path), "proc/%u/cmdline", p->pid);
	tree_write(&f->tree, path, p->comm);
	snprintf(path, sizeof(path), "proc/%u/exe", p->pid);
	tree_link(&f->tree, path, p->exe ? p->exe : "/usr/bin/none");
}

static void remove_proc(const struct fixture *f, uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u", pid);
	tree_remove(&f->tree, path);
}

static void set_uptime(const struct fixture *f, const char *text)
{
	tree_write(&f->tree, "proc/uptime", text);
}

static const struct proc init = { .pid = 1, .comm = "init", .start = 5, .anon_kib = 4, .stack = 99 };
static const struct proc worker = {
	.pid = 70,
	.ppid = 1,
	.comm = "work) er",
	.start = 1000,
	.faults = 3,
	.anon_kib = 400,
	.stack = 4242,
	.exe = "/usr/bin/worker",
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tree_init(&f->tree);
	set_uptime(f, "100.25 0\n");
	tree_write(&f->tree, "proc/stat",
		   "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5 6 7\nbtime 1700000000\n");
	tree_write(&f->tree, "proc/meminfo",
		   "MemTotal: 8000 kB\nMemFree: 400 kB\nMemAvailable: 4000 kB\nCached: 80 kB\n"
		   "Slab: 40 kB\nSwapTotal: 800 kB\nSwapFree: 400 kB\n");
	tree_write(&f->tree, "proc/sys/kernel/hostname", "treehost\n");
	tree_write(&f->tree, "proc/sys/kernel/osrelease", "6.1.0-tree\n");
	tree_write(&f->tree, "proc/sys/kernel/random/boot_id", "0000-1111\n");
	write_proc(f, &init);
	write_proc(f, &worker);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_source_destroy(f->source);
	tree_remove(&f->tree, "");
	free(f);
	return 0;
}

/* ---- walking ---------------------------------------------------------------------- */

static int keep(void *ctx, const struct pw_record *rec)
{
	struct fixture *f = ctx;

	assert_true(f->len + rec->size <= sizeof(f->bytes));
	memcpy(f->bytes + f->len, rec, rec->size);
	f->len += rec->size;
	return 0;
}

static void create(struct fixture *f)
{
	const struct pw_source_options opt = { .root = f->tree.root };

	assert_int_equal(pw_source_proc_create(&opt, &f->source, &f->err), 0);
	assert_true(f->source->live);
}

static void walk(struct fixture *f)
{
	if (!f->source)
		create(f);
	f->len = 0;
	assert_int_equal(pw_source_collect(f->source, keep, f, &f->err), 0);
}

/* The nth record of a type in the last walk; NULL: fewer. */
static const void *nth(const struct fixture *f, unsigned int type, unsigned int n)
{
	for (size_t at = 0; at < f->len;) {
		const struct pw_record *rec = (const void *)(f->bytes + at);

		if (rec->type == type && !n--)
			return rec;
		at += rec->size;
	}
	return NULL;
}

static unsigned int count(const struct fixture *f, unsigned int type)
{
	unsigned int n = 0;

	while (nth(f, type, n))
		n++;
	return n;
}

static void expect_counts(const struct fixture *f, unsigned int forks, unsigned int execs,
			  unsigned int exits, unsigned int identities, unsigned int counters)
{
	assert_int_equal(count(f, PW_REC_FORK), forks);
	assert_int_equal(count(f, PW_REC_EXEC), execs);
	assert_int_equal(count(f, PW_REC_EXIT), exits);
	assert_int_equal(count(f, PW_REC_IDENTITY), identities);
	assert_int_equal(count(f, PW_REC_COUNTERS), counters);
	assert_int_equal(count(f, PW_REC_TICK), 1);
}

/* ---- tests ------------------------------------------------------------------------- */

static void the_first_walk(void **state)
{
	struct fixture *f = *state;
	const struct pw_machine *m;
	const struct pw_counters *c;
	const struct pw_tick *t;

	walk(f);
	expect_counts(f, 0, 0, 0, 2, 2);
	m = nth(f, PW_REC_MACHINE, 0);
	assert_ptr_equal(m, f->bytes);
	assert_string_equal((const char *)m->hostname, "treehost");
	assert_string_equal((const char *)m->release, "6.1.0-tree");
	assert_string_equal((const char *)m->boot_id, "0000-1111");
	assert_string_equal((const char *)m->source, "proc");
	assert_int_equal(m->cpus, 2);
	assert_int_equal(m->memory_pages, 2000);
	assert_int_equal(m->swap_pages, 200);
	assert_int_equal(m->boot_realtime_ns, 1700000000000000000ull);
	assert_int_equal(m->sample_every, 0);
	t = nth(f, PW_REC_TICK, 0);
	assert_int_equal(t->sequence, 1);
	assert_int_equal(t->interval_ns, 0);
	assert_int_equal(t->rec.time_ns, 100250000000ull);
	assert_int_equal(t->available_pages, 1000);
	assert_int_equal(t->swap_free_pages, 100);
	assert_int_equal(t->processes, 2);
	assert_true(t->own_rss_bytes > 0 && t->user_ns > 0);
	c = nth(f, PW_REC_COUNTERS, 1);
	assert_int_equal(c->key.pid, 70);
	assert_int_equal(c->key.start_ns, 10000000000ull);
	assert_string_equal((const char *)c->comm, "work) er");
	assert_int_equal(c->uid, 1001);
	assert_int_equal(c->parent_pid, 1);
	assert_int_equal(c->anon_pages, 100);
	assert_int_equal(c->file_pages, 100);
	assert_int_equal(c->shmem_pages, 10);
	assert_int_equal(c->swap_pages, 3);
	assert_int_equal(c->page_table_bytes, 53248);
	assert_int_equal(c->virtual_pages, 2000);
	assert_int_equal(c->data_pages, 750);
	assert_int_equal(c->stack_pages, 33);
	assert_int_equal(c->exec_pages, 6);
	assert_int_equal(c->locked_pages, 1);
	assert_int_equal(c->pinned_pages, 2);
	assert_int_equal(c->hiwater_rss_pages, 210);
	assert_int_equal(c->minor_faults, 3);
	assert_int_equal(c->major_faults, 7);
	assert_int_equal(c->cpu_ns, 420000000);
	assert_int_equal(c->flags, PW_COUNTERS_RSS_BOUND);
	assert_int_equal(c->rss_error_pages, 64);
}

static void silence_when_nothing_changed(void **state)
{
	struct fixture *f = *state;
	const struct pw_tick *t;

	walk(f);
	set_uptime(f, "102.25 0\n");
	walk(f);
	expect_counts(f, 0, 0, 0, 0, 0);
	assert_int_equal(count(f, PW_REC_MACHINE), 0);
	t = nth(f, PW_REC_TICK, 0);
	assert_int_equal(t->sequence, 2);
	assert_int_equal(t->interval_ns, 2000000000);
	assert_int_equal(t->processes, 2);
}

static void only_who_changed(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;
	const struct pw_counters *c;

	walk(f);
	p.faults = 103;
	p.anon_kib = 800;
	write_proc(f, &p);
	walk(f);
	expect_counts(f, 0, 0, 0, 0, 1);
	c = nth(f, PW_REC_COUNTERS, 0);
	assert_int_equal(c->key.pid, 70);
	assert_int_equal(c->anon_pages, 200);
	assert_int_equal(c->minor_faults, 103);
}

static void births_and_deaths(void **state)
{
	struct fixture *f = *state;
	struct proc child = { .pid = 80, .ppid = 70, .comm = "child", .start = 10150, .stack = 9 };
	const struct pw_fork *fork;
	const struct pw_exit *exit;

	walk(f);
	set_uptime(f, "102.00 0\n");
	write_proc(f, &child);
	walk(f);
	expect_counts(f, 1, 0, 0, 1, 1);
	fork = nth(f, PW_REC_FORK, 0);
	assert_int_equal(fork->key.pid, 80);
	assert_int_equal(fork->parent.pid, 70);
	assert_int_equal(fork->parent.start_ns, 10000000000ull);
	assert_int_equal(fork->rec.time_ns, 101500000000ull);
	assert_string_equal((const char *)fork->comm, "child");
	remove_proc(f, 70);
	walk(f);
	expect_counts(f, 0, 0, 1, 0, 0);
	exit = nth(f, PW_REC_EXIT, 0);
	assert_int_equal(exit->key.pid, 70);
	assert_int_equal(exit->hiwater_rss_pages, 210);
	assert_int_equal(exit->minor_faults, 3);
	assert_string_equal((const char *)exit->comm, "work) er");
}

static void a_pid_that_is_anothers_now(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;
	const struct pw_exit *exit;
	const struct pw_fork *fork;

	walk(f);
	p.start = 10100;
	p.comm = "another";
	write_proc(f, &p);
	set_uptime(f, "103.00 0\n");
	walk(f);
	expect_counts(f, 1, 0, 1, 1, 1);
	exit = nth(f, PW_REC_EXIT, 0);
	fork = nth(f, PW_REC_FORK, 0);
	assert_int_equal(exit->key.start_ns, 10000000000ull);
	assert_int_equal(fork->key.start_ns, 101000000000ull);
	assert_true((const void *)exit < (const void *)fork);
}

static void exec_moves_the_stack(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;
	const struct pw_exec *exec;
	const struct pw_identity *id;

	walk(f);
	p.comm = "renamed"; /* by prctl(): its program is the same */
	write_proc(f, &p);
	walk(f);
	expect_counts(f, 0, 0, 0, 0, 1);
	p.comm = "other";
	p.exe = "/usr/bin/other";
	p.stack = 555;
	write_proc(f, &p);
	walk(f);
	expect_counts(f, 0, 1, 0, 1, 1);
	exec = nth(f, PW_REC_EXEC, 0);
	id = nth(f, PW_REC_IDENTITY, 0);
	assert_string_equal((const char *)exec->path, "/usr/bin/other");
	assert_string_equal((const char *)exec->comm, "other");
	assert_int_equal(id->exe_len, strlen("/usr/bin/other"));
	assert_memory_equal(id + 1, "/usr/bin/other", id->exe_len);
	assert_true((const void *)exec < (const void *)id);
}

/* Without the right to trace, stat hides the addresses. */
static void exec_by_name(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;

	p.stack = 0;
	write_proc(f, &p);
	walk(f);
	p.comm = "other";
	write_proc(f, &p);
	walk(f);
	expect_counts(f, 0, 1, 0, 1, 1);
}

static void who_has_no_memory_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct proc kernel = { .pid = 2, .comm = "kthreadd", .flags = 0x00200040, .start = 5 };
	struct proc zombie = { .pid = 90, .comm = "dead", .state = 'Z', .start = 50 };
	struct proc half = { .pid = 91, .comm = "half", .state = 'Z', .threads = 2, .start = 50 };

	write_proc(f, &kernel);
	write_proc(f, &zombie);
	write_proc(f, &half); /* its leader is dead, a thread lives */
	walk(f);
	expect_counts(f, 0, 0, 0, 3, 3);
	assert_int_equal(((const struct pw_counters *)nth(f, PW_REC_COUNTERS, 2))->key.pid, 91);
}

static void a_zombie_has_exited(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;

	walk(f);
	p.state = 'Z';
	write_proc(f, &p);
	walk(f);
	expect_counts(f, 0, 0, 1, 0, 0);
	remove_proc(f, 70);
	walk(f);
	expect_counts(f, 0, 0, 0, 0, 0);
}

static void hostile_files(void **state)
{
	static const char *const stats[] = { "",
					     "70",
					     "70 (x",
					     "70 (x) S",
					     "70 (x) S 1 2 3",
					     ")(",
					     "70 (x) S -1 99999999999999999999999 1" };
	struct fixture *f = *state;

	walk(f);
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		tree_write(&f->tree, "proc/70/stat", stats[i]);
		walk(f);
		assert_int_equal(count(f, PW_REC_EXIT), i == 0);
		assert_int_equal(count(f, PW_REC_COUNTERS), 0);
	}
	write_proc(f, &worker);
	tree_write(&f->tree, "proc/70/status", "RssAnon: 99999999999999999999999 kB\n");
	walk(f); /* an identity, and no counters made of rubbish */
	assert_int_equal(count(f, PW_REC_COUNTERS), 0);
}

/* The sink of a walk that meddles with worker while init's records are given. */
static int meddle(void *ctx, const struct pw_record *rec)
{
	struct fixture *f = ctx;
	struct proc reused = worker;

	if (rec->type == PW_REC_COUNTERS) {
		reused.start = 2000;
		write_proc(f, &reused);
	}
	return keep(ctx, rec);
}

static void gone_between_two_reads(void **state)
{
	struct fixture *f = *state;
	const struct pw_tick *t;

	create(f);
	assert_int_equal(pw_source_collect(f->source, meddle, f, &f->err), 0);
	/* it was listed, ended, and its pid was another's when its identity was read */
	expect_counts(f, 0, 0, 0, 1, 1);
	t = nth(f, PW_REC_TICK, 0);
	assert_int_equal(t->lost[PW_LOSS_PROC_GONE], 1);
	assert_int_equal(t->processes, 1);
	walk(f); /* who has the pid now was not there before; whom it replaced was never told of */
	expect_counts(f, 1, 0, 0, 1, 1);
	assert_int_equal(((const struct pw_fork *)nth(f, PW_REC_FORK, 0))->key.start_ns,
			 2000 * (uint64_t)PW_TICK_NS);
}

/* Known, changed, and gone before its status was read: the next walk says so. */
static int remove_worker(void *ctx, const struct pw_record *rec)
{
	struct fixture *f = ctx;

	if (rec->type == PW_REC_COUNTERS)
		remove_proc(f, 70);
	return keep(ctx, rec);
}

static void gone_before_its_counters(void **state)
{
	struct fixture *f = *state;
	struct proc first = init, second = worker;

	walk(f);
	first.faults = second.faults = 1000;
	write_proc(f, &first);
	write_proc(f, &second);
	f->len = 0;
	assert_int_equal(pw_source_collect(f->source, remove_worker, f, &f->err), 0);
	expect_counts(f, 0, 0, 0, 0, 1);
	walk(f);
	expect_counts(f, 0, 0, 1, 0, 0);
}

static void a_full_table(void **state)
{
	struct fixture *f = *state;
	const struct pw_source_options opt = { .root = f->tree.root, .process_capacity = 1 };

	assert_int_equal(pw_source_proc_create(&opt, &f->source, &f->err), 0);
	walk(f);
	expect_counts(f, 0, 0, 0, 1, 1);
	assert_int_equal(
		((const struct pw_tick *)nth(f, PW_REC_TICK, 0))->lost[PW_LOSS_PROCESSES_FULL], 1);
}

static uint32_t coverage(struct fixture *f)
{
	uint32_t bits;

	walk(f);
	bits = ((const struct pw_machine *)nth(f, PW_REC_MACHINE, 0))->coverage;
	bits &= PW_COVER_ALL_PROCESSES;
	pw_source_destroy(f->source);
	f->source = NULL;
	return bits;
}

static void hidden_processes(void **state)
{
	static const char root_line[] = "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
	static const char none[] = "Name:\tx\nCapEff:\t0000000000000000\n";
	static const char ptrace[] = "Name:\tx\nCapEff:\t0000000000080000\n";
	struct fixture *f = *state;
	char text[512];

	assert_int_equal(coverage(f), PW_COVER_ALL_PROCESSES);
	for (int i = 0; i < 4; i++) {
		static const char *const options[] = { "rw", "rw,hidepid=2", "rw,hidepid=invisible",
						       "rw,hidepid=off" };

		snprintf(text, sizeof(text),
			 "%s36 30 0:5 / /proc rw,nosuid shared:5 - proc proc %s\n", root_line,
			 options[i]);
		tree_write(&f->tree, "proc/self/mountinfo", text);
		tree_write(&f->tree, "proc/self/status", none);
		assert_int_equal(coverage(f), i == 1 || i == 2 ? 0 : PW_COVER_ALL_PROCESSES);
		tree_write(&f->tree, "proc/self/status", ptrace);
		assert_int_equal(coverage(f), PW_COVER_ALL_PROCESSES);
	}
	remove_proc(f, 1); /* hidepid=invisible without a word in mountinfo: a foreign mount */
	assert_int_equal(coverage(f), 0);
}

static void no_proc_at_all(void **state)
{
	struct fixture *f = *state;
	const struct pw_source_options opt = { .root = "/nonexistent" };

	assert_int_equal(pw_source_proc_create(&opt, &f->source, &f->err), -ENOENT);
	assert_non_null(strstr(f->err.what, "/nonexistent/proc/uptime"));
	assert_non_null(strstr(f->err.remedy, "copy of /proc"));
	assert_null(f->source);
}

static int refuse(void *ctx, const struct pw_record *rec)
{
	unsigned int *left = ctx;

	(void)rec;
	return (*left)-- ? 0 : -EPIPE;
}

static void a_sink_may_stop(void **state)
{
	struct fixture *f = *state;

	create(f);
	for (unsigned int n = 0; n < 6; n++) {
		unsigned int left = n;

		assert_int_equal(pw_source_collect(f->source, refuse, &left, &f->err), -EPIPE);
	}
}

static void write_resources(const struct fixture *f, unsigned int pid, unsigned int files,
			    const char *limits, const char *io)
{
	char path[64];

	for (unsigned int fd = 0; fd < files; fd++) {
		snprintf(path, sizeof(path), "proc/%u/fd/%u", pid, fd);
		tree_write(&f->tree, path, "");
	}
	snprintf(path, sizeof(path), "proc/%u/limits", pid);
	tree_write(&f->tree, path, limits);
	snprintf(path, sizeof(path), "proc/%u/io", pid);
	tree_write(&f->tree, path, io);
}

static void add_thread(const struct fixture *f, unsigned int tid, unsigned int switches)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "proc/70/task/%u/status", tid);
	snprintf(text, sizeof(text), "Uid:\t1 1 1 1\nvoluntary_ctxt_switches:\t%u\n", switches);
	tree_write(&f->tree, path, text);
}

static const char some_limits[] =
	"Limit                     Soft Limit           Hard Limit           Units     \n"
	"Max data size             unlimited            unlimited            bytes     \n"
	"Max processes             95899                95899                processes \n"
	"Max open files            1021                 524288               files     \n"
	"Max address space         8303673344           unlimited            bytes     \n";

static void resources(void **state)
{
	struct fixture *f = *state;
	const struct pw_resources *r;
	struct proc p = worker;

	p.threads = 2;
	write_proc(f, &p);
	add_thread(f, 70, 30);
	add_thread(f, 71, 4);
	write_resources(f, 70, 5, some_limits, "rchar: 3\nsyscr: 40\nsyscw: 2\nread_bytes: 9\n");
	walk(f);
	assert_int_equal(count(f, PW_REC_RESOURCES), 1); /* of init nothing can be read */
	r = nth(f, PW_REC_RESOURCES, 0);
	assert_int_equal(r->key.pid, 70);
	assert_int_equal(r->flags, PW_RESOURCES_FILES | PW_RESOURCES_SWITCHES |
					   PW_RESOURCES_IO_CALLS | PW_RESOURCES_LIMITS);
	assert_int_equal(r->open_files, 5);
	assert_int_equal(r->voluntary_switches, 34);
	assert_int_equal(r->io_calls, 42);
	assert_int_equal(r->limit_address_space_bytes, 8303673344);
	assert_int_equal(r->limit_data_bytes, PW_UNKNOWN);
	assert_int_equal(r->limit_open_files, 1021);
	assert_int_equal(r->rec.time_ns, 100250000000ull);
}

/* Descriptors every 10 s; the rest of who did not run every minute. */
static void resources_in_their_turn(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;

	write_resources(f, 70, 5, some_limits, "syscr: 40\nsyscw: 2\n");
	walk(f);
	assert_int_equal(count(f, PW_REC_RESOURCES), 1);
	write_resources(f, 70, 6, some_limits, "syscr: 41\nsyscw: 2\n");
	set_uptime(f, "110.24 0\n");
	walk(f);
	assert_int_equal(count(f, PW_REC_RESOURCES), 0);
	set_uptime(f, "110.25 0\n");
	walk(f);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->open_files, 6);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->io_calls, 43);
	write_resources(f, 70, 6, some_limits, "syscr: 50\nsyscw: 2\n");
	set_uptime(f, "130.00 0\n");
	walk(f);
	assert_int_equal(count(f, PW_REC_RESOURCES), 0); /* it seems to sleep */
	set_uptime(f, "171.00 0\n");
	walk(f);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->io_calls, 52);
	write_resources(f, 70, 6, some_limits, "syscr: 60\nsyscw: 2\n");
	p.faults++;
	write_proc(f, &p);
	set_uptime(f, "182.00 0\n");
	walk(f);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->io_calls, 62);
	set_uptime(f, "999.00 0\n");
	walk(f);
	assert_int_equal(count(f, PW_REC_RESOURCES), 0); /* nothing is new */
}

/* A thread that ended takes its switches along: what was counted stays. */
static void switches_never_fall(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;

	p.threads = 2;
	write_proc(f, &p);
	add_thread(f, 70, 30);
	add_thread(f, 71, 400);
	walk(f);
	assert_int_equal(
		((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->voluntary_switches, 430);
	tree_remove(&f->tree, "proc/70/task/71");
	write_resources(f, 70, 1, "", "");
	set_uptime(f, "200.00 0\n");
	walk(f);
	assert_int_equal(
		((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->voluntary_switches, 430);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->flags &
				 PW_RESOURCES_IO_CALLS,
			 0);
}

static void too_many_threads_are_not_summed(void **state)
{
	struct fixture *f = *state;
	struct proc p = worker;

	p.threads = 65;
	write_proc(f, &p);
	add_thread(f, 70, 30);
	write_resources(f, 70, 2, "Max open files    -3 -3\nMax data size  18446744073709551616 1\n",
			"syscr: x\nsyscw: 4\n");
	walk(f);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->flags,
			 PW_RESOURCES_FILES | PW_RESOURCES_LIMITS);
	assert_int_equal(((const struct pw_resources *)nth(f, PW_REC_RESOURCES, 0))->limit_data_bytes,
			 PW_UNKNOWN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_walk),
		TEST(silence_when_nothing_changed),
		TEST(only_who_changed),
		TEST(births_and_deaths),
		TEST(a_pid_that_is_anothers_now),
		TEST(exec_moves_the_stack),
		TEST(exec_by_name),
		TEST(who_has_no_memory_is_left_out),
		TEST(a_zombie_has_exited),
		TEST(hostile_files),
		TEST(gone_between_two_reads),
		TEST(gone_before_its_counters),
		TEST(a_full_table),
		TEST(hidden_processes),
		TEST(no_proc_at_all),
		TEST(a_sink_may_stop),
		TEST(resources),
		TEST(resources_in_their_turn),
		TEST(switches_never_fall),
		TEST(too_many_threads_are_not_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
