// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/proc_resources.h"

#include <errno.h>
#include <stdio.h>

#include "user/base/clock.h"
#include "user/base/hash.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define EVERY_IDLE_NS (60 * PW_NSEC_PER_SEC)
#define FILES_MAX (1u << 20)

/* Moves with whatever a process does, if seldom at once: CPU time comes in ticks. */
static uint64_t activity(const struct pw_proc_process *p)
{
	const struct pw_proc_stat *st = &p->stat;

	return st->utime_ticks + st->stime_ticks + st->minflt + st->majflt + st->threads;
}

/* Whether only its descriptors could have changed since all was read. */
static bool is_idle(const struct pw_proc_walk *w, const struct pw_proc_process *p)
{
	const struct pw_proc_held *h = &p->held;

	return h->read_ns && h->activity == activity(p) && w->now_ns - h->read_ns < EVERY_IDLE_NS;
}

bool pw_proc_resources_due(const struct pw_proc_walk *w, struct pw_proc_process *p)
{
	if (p->held.looked_ns && w->now_ns - p->held.looked_ns < w->resources_every_ns)
		return false;
	p->held.looked_ns = w->now_ns;
	return true;
}

void pw_proc_parse_limits(const char *text, size_t len, struct pw_resources *ret)
{
	uint64_t as = PW_UNKNOWN, data = PW_UNKNOWN, files = PW_UNKNOWN;
	const struct pw_procfs_field fields[] = {
		{ "Max address space ", 0, 1, &as },
		{ "Max data size ", 0, 1, &data },
		{ "Max open files ", 0, 1, &files },
	};

	pw_procfs_take_fields(text, len, fields, COUNT(fields));
	ret->limit_address_space_bytes = as;
	ret->limit_data_bytes = data;
	ret->limit_open_files = files;
}

static void read_limits(const struct pw_procfs *fs, uint32_t pid, struct pw_resources *r)
{
	char text[4096];
	size_t len;

	if (pw_procfs_read(fs, pid, "limits", text, sizeof(text), &len))
		return;
	pw_proc_parse_limits(text, len, r);
	r->flags |= PW_RESOURCES_LIMITS;
}

static void read_calls(const struct pw_procfs *fs, uint32_t pid, struct pw_resources *r)
{
	uint64_t reads = PW_UNKNOWN, writes = PW_UNKNOWN;
	const struct pw_procfs_field fields[] = {
		{ "syscr:", 0, 1, &reads },
		{ "syscw:", 0, 1, &writes },
	};
	char text[1024];
	size_t len;

	if (pw_procfs_read(fs, pid, "io", text, sizeof(text), &len))
		return;
	pw_procfs_take_fields(text, len, fields, COUNT(fields));
	if (reads == PW_UNKNOWN || writes == PW_UNKNOWN)
		return;
	r->io_calls = reads + writes;
	r->flags |= PW_RESOURCES_IO_CALLS;
}

struct thread_sum {
	const struct pw_procfs *fs;
	uint32_t pid;
	uint64_t switches;
	bool told;
};

static int add_thread(void *ctx, uint32_t tid)
{
	struct thread_sum *s = ctx;
	struct pw_proc_status status;
	char name[40], text[8192];
	size_t len;
	int rc;

	snprintf(name, sizeof(name), "task/%u/status", tid);
	rc = pw_procfs_read(s->fs, s->pid, name, text, sizeof(text), &len);
	if (!rc)
		rc = pw_procfs_parse_status(text, len, &status);
	if (!rc && status.voluntary_switches != UINT64_MAX) {
		s->switches += status.voluntary_switches;
		s->told = true;
	}
	return 0; /* a thread that is gone takes its count along */
}

/* Of the living threads: /proc keeps none of the dead ones'. */
static void read_switches(const struct pw_procfs *fs, const struct pw_proc_process *p,
			  struct pw_resources *r)
{
	struct thread_sum sum = { .fs = fs, .pid = p->key.pid };

	if (p->stat.threads > PW_PROC_THREADS_SUMMED)
		return;
	if (p->stat.threads > 1)
		pw_procfs_each_thread(fs, p->key.pid, add_thread, &sum);
	else
		add_thread(&sum, p->key.pid);
	if (!sum.told)
		return;
	r->voluntary_switches = sum.switches;
	r->flags |= PW_RESOURCES_SWITCHES;
}

/* Reads all but the descriptors, which are in *r already. */
static void read_the_rest(const struct pw_proc_walk *w, struct pw_proc_process *p,
			  struct pw_resources *r)
{
	struct pw_proc_held *h = &p->held;

	h->read_ns = w->now_ns;
	h->activity = activity(p);
	read_limits(w->fs, p->key.pid, r);
	read_calls(w->fs, p->key.pid, r);
	read_switches(w->fs, p, r);
	if (r->voluntary_switches < h->voluntary_switches) /* threads ended */
		r->voluntary_switches = h->voluntary_switches;
	h->voluntary_switches = r->voluntary_switches;
}

static bool is_still_there(const struct pw_proc_walk *w, const struct pw_proc_process *p)
{
	struct pw_proc_process again;

	return !pw_proc_process_look(w->fs, p->key.pid, &again) &&
	       again.key.start_ns == p->key.start_ns;
}

bool pw_proc_resources_news(const struct pw_proc_walk *w, struct pw_proc_process *p,
			    struct pw_resources *ret)
{
	struct pw_resources r = {
		.rec = { .type = PW_REC_RESOURCES, .size = sizeof(r) },
		.key = p->key,
	};
	struct pw_proc_held *h = &p->held;
	uint64_t signature;

	if (!pw_procfs_count_files(w->fs, p->key.pid, FILES_MAX, &r.open_files))
		r.flags |= PW_RESOURCES_FILES;
	if (is_idle(w, p) && r.open_files == h->open_files)
		return false;
	h->open_files = r.open_files;
	read_the_rest(w, p, &r);
	/* Last, so that one look proves that all of it is this process's. */
	if (!r.flags || !is_still_there(w, p))
		return false;
	signature = pw_hash_bytes(&r, sizeof(r), 1);
	if (signature == h->signature)
		return false;
	h->signature = signature;
	r.rec.time_ns = w->now_ns;
	*ret = r;
	return true;
}
