// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine as /proc shows it, for who may not load BPF. Births, deaths and
 * execs are what two walks differ in: who lived and died between them was
 * never seen. One read tells whether a process changed; only then the dearer
 * ones follow.
 */
#include <errno.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/inspect/address_space.h"
#include "user/inspect/identity.h"
#include "user/source/cgroups.h"
#include "user/source/machine.h"
#include "user/source/proc_resources.h"
#include "user/source/source.h"

#define CAPACITY_DEFAULT 16384u

/* Processes in ascending order of their pids, as /proc is walked. */
struct table {
	struct pw_proc_process *items;
	size_t count, room;
};

struct proc_source {
	struct pw_source source;
	struct pw_procfs fs;
	struct pw_cgroups *cgroups; /* NULL: no memory controller */
	size_t capacity;
	uint32_t only_pid; /* 0: all */
	struct table before, now;
	struct pw_proc_walk walk; /* the present one */
	uint64_t walks;
	uint64_t last_tick_ns;
	uint64_t lost[PW_LOSS_CAUSES];
	/* of the running delivery */
	pw_sink sink;
	void *sink_ctx;
	uint8_t record[PW_RECORD_MAX] __attribute__((aligned(8)));
};

static int deliver(struct proc_source *src, const struct pw_record *rec)
{
	return src->sink(src->sink_ctx, rec);
}

/* ---- the walk ---------------------------------------------------------------- */

static int table_add(struct table *t, const struct pw_proc_process *p)
{
	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct pw_proc_process *items = reallocarray(t->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		t->items = items;
		t->room = room;
	}
	t->items[t->count++] = *p;
	return 0;
}

static int by_pid(const void *key, const void *item)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct pw_proc_process *)item)->key.pid;

	return (a > b) - (a < b);
}

static const struct pw_proc_process *find(const struct table *t, uint32_t pid)
{
	return t->count ? bsearch(&pid, t->items, t->count, sizeof(*t->items), by_pid) : NULL;
}

static int look(void *ctx, uint32_t pid)
{
	struct proc_source *src = ctx;
	struct pw_proc_process p;

	if (pw_proc_process_look(&src->fs, pid, &p))
		return 0; /* gone, nothing with memory, or not ours to see: coverage says so */
	if (src->now.count == src->capacity) {
		src->lost[PW_LOSS_PROCESSES_FULL]++;
		return 0;
	}
	return table_add(&src->now, &p);
}

/* ---- what differs ------------------------------------------------------------- */

static int give_counters(struct proc_source *src, struct pw_proc_process *p)
{
	struct pw_counters c;

	/* gone: the next walk misses it and says EXIT */
	return pw_proc_process_counters(&src->walk, p, &c) ? 0 : deliver(src, &c.rec);
}

static int give_resources(struct proc_source *src, struct pw_proc_process *p)
{
	struct pw_resources r;

	if (!pw_proc_resources_due(&src->walk, p) || !pw_proc_resources_news(&src->walk, p, &r))
		return 0;
	return deliver(src, &r.rec);
}

/* Into src->record. */
static int read_identity(struct proc_source *src, struct pw_proc_process *p, struct pw_identity **ret)
{
	int rc = pw_identity_read(&src->fs, &p->key, src->record, sizeof(src->record), ret);

	if (rc)
		return rc;
	(*ret)->rec.time_ns = src->walk.now_ns;
	p->cgroup_id = (*ret)->cgroup_id;
	return 0;
}

static int give_new(struct proc_source *src, struct pw_proc_process *p)
{
	struct pw_identity *id;
	int rc = 0;

	if (read_identity(src, p, &id)) {
		src->lost[PW_LOSS_PROC_GONE]++;
		return 0;
	}
	p->announced = true;
	if (src->walks) {
		const struct pw_proc_process *parent = find(&src->now, p->stat.ppid);
		struct pw_fork fork;

		pw_proc_process_fork(&src->walk, p, parent, &fork);
		rc = deliver(src, &fork.rec);
	}
	if (!rc)
		rc = deliver(src, &id->rec);
	rc = rc ? rc : give_counters(src, p);
	return rc ? rc : give_resources(src, p);
}

static int give_exec(struct proc_source *src, struct pw_proc_process *p)
{
	struct pw_identity *id;
	struct pw_exec exec;
	int rc;

	if (read_identity(src, p, &id))
		return 0;
	pw_proc_process_exec(&src->walk, p, id, &exec);
	rc = deliver(src, &exec.rec);
	return rc ? rc : deliver(src, &id->rec);
}

static int give_known(struct proc_source *src, const struct pw_proc_process *before,
		      struct pw_proc_process *now)
{
	int rc = 0;

	if (!before->announced)
		return give_new(src, now);
	now->announced = true;
	now->uid = before->uid;
	now->cgroup_id = before->cgroup_id;
	now->hiwater_rss_pages = before->hiwater_rss_pages;
	now->held = before->held;
	if (pw_proc_process_execed(before, now))
		rc = give_exec(src, now);
	if (!rc && pw_proc_process_changed(before, now))
		rc = give_counters(src, now);
	return rc ? rc : give_resources(src, now);
}

static int give_exit(struct proc_source *src, const struct pw_proc_process *before)
{
	struct pw_exit e;

	if (!before->announced)
		return 0;
	pw_proc_process_exit(&src->walk, before, &e);
	return deliver(src, &e.rec);
}

/* Both tables are in order of pids: one pass pairs them. */
static int give_differences(struct proc_source *src)
{
	const struct table *before = &src->before, *now = &src->now;
	size_t i = 0, j = 0;
	int rc = 0;

	while (!rc && (i < before->count || j < now->count)) {
		const struct pw_proc_process *old = i < before->count ? &before->items[i] : NULL;
		struct pw_proc_process *p = j < now->count ? &now->items[j] : NULL;

		if (!p || (old && old->key.pid < p->key.pid)) {
			rc = give_exit(src, old);
			i++;
		} else if (!old || p->key.pid < old->key.pid) {
			rc = give_new(src, p);
			j++;
		} else if (old->key.start_ns == p->key.start_ns) {
			rc = give_known(src, old, p);
			i++;
			j++;
		} else { /* the pid is another process's now: new in the next turn */
			rc = give_exit(src, old);
			i++;
		}
	}
	return rc;
}

/* ---- an interval ---------------------------------------------------------------- */

static int give_machine(struct proc_source *src, struct pw_error *err)
{
	uint32_t coverage = PW_COVER_RESOURCES | (src->cgroups ? PW_COVER_CGROUPS : 0) |
			    (pw_machine_sees_all(&src->fs) ? PW_COVER_ALL_PROCESSES : 0);
	struct pw_machine m;
	int rc = pw_machine_fill(&src->fs, "proc", coverage, &m);

	if (rc)
		return pw_error_set(err, rc, "cannot read %s/proc/meminfo: %s", src->fs.root,
				    strerror(-rc));
	/*
	 * Since 6.2 /proc may leave out what each CPU has not yet added to the
	 * sum: a batch of max(32, 2 * CPUs) pages each (lib/percpu_counter.c).
	 * Before, each thread kept back up to 64 (mm/memory.c).
	 */
	src->walk.rss_error_pages = (m.cpus > 16 ? 2 * m.cpus : 32) * (m.cpus ? m.cpus : 1);
	src->walk.page_size = m.page_size;
	return deliver(src, &m.rec);
}

static int give_tick(struct proc_source *src, struct pw_error *err)
{
	struct pw_tick t;
	int rc = pw_machine_tick(&src->fs, src->walks, src->last_tick_ns, &t);

	if (rc)
		return pw_error_set(err, rc, "cannot read %s/proc/meminfo: %s", src->fs.root,
				    strerror(-rc));
	for (size_t i = 0; i < src->before.count; i++) {
		const struct pw_proc_process *p = &src->before.items[i];

		t.processes += p->announced;
		t.threads += p->announced ? p->stat.threads : 0;
	}
	memcpy(t.lost, src->lost, sizeof(t.lost));
	t.lost[PW_LOSS_NAMES_FULL] += pw_cgroups_lost(src->cgroups);
	src->last_tick_ns = t.rec.time_ns;
	return deliver(src, &t.rec);
}

static void turn_tables(struct proc_source *src)
{
	struct table t = src->before;

	src->before = src->now;
	src->now = t;
	src->now.count = 0;
}

static int proc_collect(struct pw_source *source, pw_sink sink, void *ctx, struct pw_error *err)
{
	struct proc_source *src = (struct proc_source *)source;
	int rc;

	src->sink = sink;
	src->sink_ctx = ctx;
	src->walk.before_ns = src->last_tick_ns;
	src->walk.now_ns = pw_machine_now_ns(&src->fs);
	if (!src->walks) {
		rc = give_machine(src, err);
		if (rc)
			return rc;
	}
	src->now.count = 0;
	rc = src->only_pid ? look(src, src->only_pid) : pw_procfs_each_pid(&src->fs, look, src);
	if (rc)
		return pw_error_set(err, rc, "cannot read %s/proc: %s", src->fs.root, strerror(-rc));
	rc = give_differences(src);
	if (!rc && src->cgroups)
		rc = pw_cgroups_collect(src->cgroups, src->walk.now_ns, sink, ctx);
	if (rc)
		return rc;
	turn_tables(src);
	src->walks++;
	return give_tick(src, err);
}

static int proc_segments(struct pw_source *source, const struct pw_key *key, unsigned int flags,
			 pw_sink sink, void *ctx, struct pw_error *err)
{
	struct proc_source *src = (struct proc_source *)source;

	return pw_address_space_scan(&src->fs, NULL, key, flags, sink, ctx, err);
}

static void proc_destroy(struct pw_source *source)
{
	struct proc_source *src = (struct proc_source *)source;

	pw_cgroups_destroy(src->cgroups);
	free(src->before.items);
	free(src->now.items);
	free(src);
}

static const struct pw_source_ops proc_ops = {
	.name = "proc",
	.collect = proc_collect,
	.segments = proc_segments,
	.destroy = proc_destroy,
};

/* Whether there is a /proc to walk; told before the first interval. */
static int check_root(const struct pw_procfs *fs, struct pw_error *err)
{
	char text[64];
	int rc = pw_procfs_read_path(fs, "proc/uptime", text, sizeof(text), NULL);

	if (!rc)
		return 0;
	pw_error_set(err, rc, "cannot read %s/proc/uptime: %s", fs->root, strerror(-rc));
	pw_error_remedy(err, fs->root[0] ? "give it a directory that holds a copy of /proc" :
					   "mount /proc");
	return rc;
}

int pw_source_proc_create(const struct pw_source_options *opt, struct pw_source **ret,
			  struct pw_error *err)
{
	struct proc_source *src = calloc(1, sizeof(*src));
	int rc;

	if (!src)
		return pw_error_set(err, -ENOMEM, "no memory to walk /proc");
	src->source.ops = &proc_ops;
	pw_procfs_init(&src->fs, opt->root);
	src->walk.fs = &src->fs;
	src->walk.resources_every_ns = opt->resources_every_ns ? opt->resources_every_ns :
								 PW_SOURCE_RESOURCES_NS;
	src->source.live = true;
	src->only_pid = opt->only_pid;
	src->capacity = opt->process_capacity ? opt->process_capacity : CAPACITY_DEFAULT;
	rc = check_root(&src->fs, err);
	if (rc) {
		proc_destroy(&src->source);
		return rc;
	}
	if (!src->only_pid)
		pw_cgroups_create(&src->fs, src->walk.resources_every_ns,
				  &src->cgroups); /* without: coverage says so */
	*ret = &src->source;
	return 0;
}
