// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/proc_process.h"

#include <errno.h>
#include <string.h>

static void set_comm(uint8_t out[PW_COMM_LEN], const char *comm)
{
	memcpy(out, comm, strnlen(comm, PW_COMM_LEN - 1));
}

static uint64_t start_ns(const struct pw_proc_stat *st)
{
	return st->start_ticks <= UINT64_MAX / PW_TICK_NS ? st->start_ticks * PW_TICK_NS : 0;
}

int pw_proc_process_look(const struct pw_procfs *fs, uint32_t pid, struct pw_proc_process *ret)
{
	struct pw_proc_process p = { .key = { .pid = pid } };
	int rc = pw_procfs_stat(fs, pid, &p.stat);

	if (rc)
		return rc;
	if (p.stat.flags & PW_PF_KTHREAD)
		return -ENOENT;
	/* a dead leader whose threads live on still holds its memory */
	if ((p.stat.state == 'Z' || p.stat.state == 'X') && p.stat.threads <= 1)
		return -ENOENT;
	p.key.start_ns = start_ns(&p.stat);
	*ret = p;
	return 0;
}

/*
 * What runs, faults or is reclaimed moves one of these. Locked, pinned and
 * swapped memory alone could move behind their back, but only together with
 * resident pages or by a system call that costs CPU time.
 */
bool pw_proc_process_changed(const struct pw_proc_process *before, const struct pw_proc_process *now)
{
	const struct pw_proc_stat *a = &before->stat, *b = &now->stat;

	return a->minflt != b->minflt || a->majflt != b->majflt ||
	       a->utime_ticks != b->utime_ticks || a->stime_ticks != b->stime_ticks ||
	       a->vsize_bytes != b->vsize_bytes || a->rss_pages != b->rss_pages ||
	       a->threads != b->threads || a->ppid != b->ppid || strcmp(a->comm, b->comm) != 0;
}

/* The stack moves with every exec. Who isn't told where it is goes by the name. */
bool pw_proc_process_execed(const struct pw_proc_process *before, const struct pw_proc_process *now)
{
	if (before->stat.start_stack > 1 && now->stat.start_stack > 1)
		return before->stat.start_stack != now->stat.start_stack;
	return strcmp(before->stat.comm, now->stat.comm) != 0;
}

static void fill_memory(const struct pw_proc_walk *w, const struct pw_proc_status *st,
			struct pw_counters *c)
{
	c->anon_pages = st->anon / w->page_size;
	c->file_pages = st->file / w->page_size;
	c->shmem_pages = st->shmem / w->page_size;
	c->swap_pages = st->swap / w->page_size;
	c->page_table_bytes = st->page_tables;
	c->virtual_pages = st->virtual_size / w->page_size;
	c->data_pages = st->data / w->page_size;
	c->stack_pages = st->stack / w->page_size;
	c->exec_pages = (st->exe + st->lib) / w->page_size;
	c->locked_pages = st->locked / w->page_size;
	c->pinned_pages = st->pinned / w->page_size;
	c->hiwater_rss_pages = st->hiwater_rss / w->page_size;
}

int pw_proc_process_counters(const struct pw_proc_walk *w, struct pw_proc_process *p,
			     struct pw_counters *ret)
{
	struct pw_counters c = {
		.rec = { .type = PW_REC_COUNTERS, .size = sizeof(c), .time_ns = w->now_ns },
		.key = p->key,
		.flags = PW_COUNTERS_RSS_BOUND,
		.cgroup_id = p->cgroup_id,
		.rss_error_pages = w->rss_error_pages,
	};
	struct pw_proc_process again;
	struct pw_proc_status status;
	int rc = pw_procfs_status(w->fs, p->key.pid, &status);

	if (!rc)
		rc = pw_proc_process_look(w->fs, p->key.pid, &again);
	if (rc)
		return rc;
	if (again.key.start_ns != p->key.start_ns)
		return -ESRCH;
	p->stat = again.stat;
	p->uid = status.uid;
	fill_memory(w, &status, &c);
	p->hiwater_rss_pages = c.hiwater_rss_pages;
	c.parent_pid = p->stat.ppid;
	c.uid = status.uid;
	c.threads = p->stat.threads;
	c.minor_faults = p->stat.minflt;
	c.major_faults = p->stat.majflt;
	c.cpu_ns = (p->stat.utime_ticks + p->stat.stime_ticks) * PW_TICK_NS;
	set_comm(c.comm, p->stat.comm);
	*ret = c;
	return 0;
}

/* It was born between the two walks, whatever the rounding to ticks says. */
static uint64_t birth_ns(const struct pw_proc_walk *w, const struct pw_proc_process *p)
{
	uint64_t ns = p->key.start_ns;

	return ns < w->before_ns ? w->before_ns : ns > w->now_ns ? w->now_ns : ns;
}

void pw_proc_process_fork(const struct pw_proc_walk *w, const struct pw_proc_process *p,
			  const struct pw_proc_process *parent, struct pw_fork *ret)
{
	struct pw_fork f = {
		.rec = { .type = PW_REC_FORK, .size = sizeof(f), .time_ns = birth_ns(w, p) },
		.key = p->key,
		.parent = { .pid = p->stat.ppid },
		.cgroup_id = p->cgroup_id,
	};

	if (parent)
		f.parent = parent->key;
	set_comm(f.comm, p->stat.comm);
	*ret = f;
}

void pw_proc_process_exec(const struct pw_proc_walk *w, const struct pw_proc_process *p,
			  const struct pw_identity *id, struct pw_exec *ret)
{
	struct pw_exec e = {
		.rec = { .type = PW_REC_EXEC, .size = sizeof(e), .time_ns = w->now_ns },
		.key = p->key,
		.cgroup_id = p->cgroup_id,
	};
	size_t len = id->exe_len;

	set_comm(e.comm, p->stat.comm);
	memcpy(e.path, id + 1, len < sizeof(e.path) ? len : sizeof(e.path) - 1);
	*ret = e;
}

void pw_proc_process_exit(const struct pw_proc_walk *w, const struct pw_proc_process *p,
			  struct pw_exit *ret)
{
	struct pw_exit e = {
		.rec = { .type = PW_REC_EXIT, .size = sizeof(e), .time_ns = w->now_ns },
		.key = p->key,
		.hiwater_rss_pages = p->hiwater_rss_pages,
		.minor_faults = p->stat.minflt,
		.major_faults = p->stat.majflt,
	};

	set_comm(e.comm, p->stat.comm);
	*ret = e;
}
