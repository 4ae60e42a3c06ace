/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches one process through the eBPF source and through /proc, for tests on
 * the live machine. The process is tests/programs/touch, driven step by step.
 */
#ifndef TESTS_LIB_WATCH_H
#define TESTS_LIB_WATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/source/source.h"

#define WATCHED_MAX 8

struct watched_child {
	struct pw_key key;
	uint64_t touched, freed; /* pages, as its last COUNTERS said */
};

/* What the source said last. */
struct watch {
	struct pw_source *src;
	struct pw_machine machine;
	struct pw_tick tick;
	uint32_t watched[WATCHED_MAX];
	struct pw_counters counters[WATCHED_MAX];
	struct pw_resources resources[WATCHED_MAX];
	uint64_t records[64]; /* by type */
	/* events of children of `parent`, or of all when it is 0 */
	uint32_t parent;
	uint64_t forks, execs, exits, exit_codes_wrong;
	struct pw_exit last_exit;
	struct pw_exec last_exec;
	struct watched_child *children; /* seen to be forked by parent */
	size_t children_count;
};

static inline struct watched_child *watch_child(const struct watch *w, const struct pw_key *key)
{
	for (size_t i = w->children_count; i > 0; i--) {
		struct watched_child *c = &w->children[i - 1];

		if (c->key.pid == key->pid && c->key.start_ns == key->start_ns)
			return c;
	}
	return NULL;
}

static inline void watch_fork(struct watch *w, const struct pw_fork *f)
{
	if (w->parent && f->parent.pid != w->parent)
		return;
	w->forks++;
	w->children = realloc(w->children, (w->children_count + 1) * sizeof(*w->children));
	assert_non_null(w->children);
	w->children[w->children_count++] = (struct watched_child){ .key = f->key };
}

static inline void watch_counters(struct watch *w, const struct pw_counters *c)
{
	struct watched_child *child = watch_child(w, &c->key);

	if (child) {
		child->touched = c->ledger_touched_pages;
		child->freed = c->ledger_freed_pages;
	}
	for (int i = 0; i < WATCHED_MAX; i++)
		if (c->key.pid == w->watched[i])
			w->counters[i] = *c;
}

static inline void watch_resources(struct watch *w, const struct pw_resources *r)
{
	for (int i = 0; i < WATCHED_MAX; i++)
		if (r->key.pid == w->watched[i])
			w->resources[i] = *r;
}

static inline int watch_sink(void *ctx, const struct pw_record *rec)
{
	struct watch *w = ctx;

	assert_true(rec->type < 64);
	assert_int_equal(rec->size % 8, 0);
	w->records[rec->type]++;
	switch (rec->type) {
	case PW_REC_MACHINE:
		memcpy(&w->machine, rec, sizeof(w->machine));
		break;
	case PW_REC_TICK:
		memcpy(&w->tick, rec, sizeof(w->tick));
		break;
	case PW_REC_FORK:
		watch_fork(w, (const void *)rec);
		break;
	case PW_REC_EXEC:
		if (watch_child(w, &((const struct pw_exec *)rec)->key)) {
			w->execs++;
			memcpy(&w->last_exec, rec, sizeof(w->last_exec));
		}
		break;
	case PW_REC_EXIT:
		if (watch_child(w, &((const struct pw_exit *)rec)->key)) {
			w->exits++;
			memcpy(&w->last_exit, rec, sizeof(w->last_exit));
		}
		break;
	case PW_REC_COUNTERS:
		watch_counters(w, (const void *)rec);
		break;
	case PW_REC_RESOURCES:
		watch_resources(w, (const void *)rec);
		break;
	}
	return 0;
}

static inline void watch_open(struct watch *w, const struct pw_source_options *opt)
{
	struct pw_error err = { 0 };
	int rc = pw_source_bpf_create(opt, &w->src, &err);

	if (rc)
		fail_msg("%s; %s", err.what, err.remedy);
}

static inline void watch_close(struct watch *w)
{
	pw_source_destroy(w->src);
	free(w->children);
	memset(w, 0, sizeof(*w));
}

static inline void watch_collect(struct watch *w)
{
	struct pw_error err = { 0 };
	int rc = pw_source_collect(w->src, watch_sink, w, &err);

	if (rc)
		fail_msg("collect: %d %s", rc, err.what);
}

/*
 * The losses that would make the ledger wrong. Not PW_LOSS_RECURSION: an
 * interrupt that comes while a program runs, and then frees pages, is counted
 * there whatever it frees; those are the kernel's own pages, as exact results
 * beside that count show.
 */
static inline uint64_t watch_page_losses(const struct watch *w)
{
	const __u64 *lost = w->tick.lost;

	return lost[PW_LOSS_SLOTS_FULL] + lost[PW_LOSS_MIGRATION] + lost[PW_LOSS_STRAYS_FULL] +
	       lost[PW_LOSS_OUT_OF_RANGE] + lost[PW_LOSS_STALE_PAGE];
}

/*
 * Pages on their way to the LRU lists wait in a batch per CPU (up to 31), which
 * keeps them even after their process let go. Emptying those batches is the
 * first thing that move_pages(2) does.
 */
static inline void settle(void)
{
	int node = 0, status;

	assert_int_equal(syscall(SYS_move_pages, 0, 0ul, NULL, &node, &status, 0), 0);
}

/* ---- the driven process --------------------------------------------------------------- */

struct driven {
	pid_t pid;
	int in, out;
};

static inline void program_path(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = 0;
	snprintf(path, PATH_MAX, "%.3000s/../programs/%s", dirname(self), name);
	assert_int_equal(access(path, X_OK), 0);
}

/* A program that speaks as tests/programs/touch does. */
static inline struct driven drive_program(const char *program, const char *arg, unsigned long n)
{
	char path[PATH_MAX], number[32], byte;
	int to[2], from[2];
	struct driven d;

	program_path(program, path);
	snprintf(number, sizeof(number), "%lu", n);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	d.pid = fork();
	assert_true(d.pid >= 0);
	if (d.pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl(path, path, arg, number, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	d.in = to[1];
	d.out = from[0];
	assert_int_equal(read(d.out, &byte, 1), 1);
	assert_int_equal(byte, 'r');
	return d;
}

static inline struct driven drive(const char *mode, unsigned long pages)
{
	return drive_program("touch", mode, pages);
}

/* Runs the next step; returns its number. */
static inline uint32_t drive_step(struct driven *d)
{
	struct {
		char done;
		uint32_t value;
	} __attribute__((packed)) answer = { 0 };

	assert_int_equal(write(d->in, "g", 1), 1);
	assert_int_equal(read(d->out, &answer, sizeof(answer)), sizeof(answer));
	assert_int_equal(answer.done, 'd');
	return answer.value;
}

static inline void drive_end(struct driven *d)
{
	int status;

	close(d->in);
	close(d->out);
	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	assert_int_equal(status, 0);
}

/* ---- /proc ------------------------------------------------------------------------------ */

/* A number behind "NAME:" in a file of /proc/PID, or of /proc when pid is 0; -1: not there. */
static inline int64_t proc_value(pid_t pid, const char *file, const char *name)
{
	char path[64], line[512];
	size_t len = strlen(name);
	int64_t value = -1;
	FILE *f;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	else
		snprintf(path, sizeof(path), "/proc/%s", file);
	f = fopen(path, "re");
	assert_non_null(f);
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && (line[len] == ':' || line[len] == ' '))
			value = strtoll(line + len + 1, NULL, 10);
	fclose(f);
	return value;
}

/* From a walk of the page tables: exact on every kernel, unlike /proc/PID/status. */
static inline int64_t proc_anon_pages(pid_t pid)
{
	return proc_value(pid, "smaps_rollup", "Anonymous") / 4;
}

static inline int64_t proc_shmem_pages(pid_t pid)
{
	return proc_value(pid, "smaps_rollup", "Pss_Shmem") / 4;
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

#endif
