// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * New executable mappings, forks, execs and exits, as the kernel tells perf: a
 * dummy event on each CPU with nothing but this side-band. A mapping is told
 * right after it was made, while its process runs on: what it calls until
 * the probe is there, some milliseconds later at most on an idle machine, is
 * not seen. Libraries in the usual places were probed before.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/source/bpf_wipe.h"

#define RING_PAGES 64u /* of each CPU; a power of two */
#define EVENT_MAX 65536u
#define BATCH_MAX 65536u /* events that are put in order at once */

struct cpu_ring {
	int fd;
	struct perf_event_mmap_page *page; /* NULL: this CPU is offline */
	uint8_t *data;
	size_t size;
};

/* What a record of any kind says, in one form. */
struct event {
	uint64_t time;
	uint32_t kind; /* PERF_RECORD_* */
	uint32_t pid, tid, parent;
	struct pw_vma vma;
};

struct pw_wipe_follow {
	uint32_t cpus;
	size_t page_size;
	struct cpu_ring *rings;
	struct event *events; /* of one batch */
	size_t count, room;
	bool lost; /* the kernel found no room: the lists in /proc have to be read again */
	uint64_t record[EVENT_MAX / 8]; /* one that wraps around in its ring */
};

static int open_event(uint32_t cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
		.use_clockid = 1,
		.clockid = CLOCK_BOOTTIME,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

static int open_ring(const struct pw_wipe_follow *f, uint32_t cpu, struct cpu_ring *ring)
{
	void *at;

	ring->fd = open_event(cpu);
	if (ring->fd < 0)
		return ring->fd;
	ring->size = RING_PAGES * f->page_size;
	at = mmap(NULL, ring->size + f->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	ring->page = at;
	ring->data = (uint8_t *)at + f->page_size;
	return 0;
}

void pw_wipe_follow_destroy(struct pw_wipe_follow *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; f->rings && i < f->cpus; i++) {
		if (f->rings[i].page)
			munmap(f->rings[i].page, f->rings[i].size + f->page_size);
		pw_closep(&f->rings[i].fd);
	}
	free(f->rings);
	free(f->events);
	free(f);
}
PW_DEFINE_CLEANUP(struct pw_wipe_follow, pw_wipe_follow_destroy)

int pw_wipe_follow_create(struct pw_wipes *w, struct pw_wipe_follow **ret)
{
	pw_cleanup(pw_wipe_follow_destroyp) struct pw_wipe_follow *f = calloc(1, sizeof(*f));
	uint32_t opened = 0;

	if (!f)
		return -ENOMEM;
	f->page_size = (size_t)sysconf(_SC_PAGESIZE);
	f->rings = calloc(w->b->kernel.possible_cpus, sizeof(*f->rings));
	if (!f->rings)
		return -ENOMEM;
	for (; f->cpus < w->b->kernel.possible_cpus; f->cpus++)
		f->rings[f->cpus].fd = -1;
	for (uint32_t cpu = 0; cpu < f->cpus; cpu++) {
		struct epoll_event ev = { .events = EPOLLIN };
		int rc = open_ring(f, cpu, &f->rings[cpu]);

		if (rc == -ENODEV) /* a CPU that is not there now */
			continue;
		if (!rc && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, f->rings[cpu].fd, &ev))
			rc = -errno;
		if (rc)
			return rc;
		opened++;
	}
	if (!opened)
		return -ENODEV;
	*ret = pw_steal(f);
	return 0;
}

/* ---- records -------------------------------------------------------------------------- */

struct record_mmap2 {
	struct perf_event_header head;
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t prot, flags;
	char path[];
};

struct record_comm {
	struct perf_event_header head;
	uint32_t pid, tid;
};

struct record_task {
	struct perf_event_header head;
	uint32_t pid, parent, tid, parent_tid;
};

static void read_mapping(const struct record_mmap2 *m, struct event *e)
{
	const size_t room = m->head.size - sizeof(*m) - sizeof(uint64_t);

	e->pid = m->pid;
	e->vma.start = m->start;
	e->vma.end = m->start + m->length;
	e->vma.offset = m->offset;
	e->vma.inode = m->inode;
	e->vma.dev_major = m->major;
	e->vma.dev_minor = m->minor;
	e->vma.perms = PW_PERM_X; /* no others are told */
	snprintf(e->vma.name, sizeof(e->vma.name), "%.*s", (int)strnlen(m->path, room), m->path);
}

/* Whether the record says something that counts here. */
static bool read_record(struct pw_wipe_follow *f, const struct perf_event_header *head,
			struct event *e)
{
	memset(e, 0, sizeof(*e));
	e->kind = head->type;
	memcpy(&e->time, (const uint8_t *)head + head->size - sizeof(e->time), sizeof(e->time));
	switch (head->type) {
	case PERF_RECORD_MMAP2:
		if (head->size < sizeof(struct record_mmap2) + sizeof(e->time))
			return false;
		read_mapping((const void *)head, e);
		return e->vma.inode && e->vma.end > e->vma.start;
	case PERF_RECORD_COMM:
		e->pid = ((const struct record_comm *)head)->pid;
		return head->misc & PERF_RECORD_MISC_COMM_EXEC;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		e->pid = ((const struct record_task *)head)->pid;
		e->tid = ((const struct record_task *)head)->tid;
		e->parent = ((const struct record_task *)head)->parent;
		/* threads come and go within their process */
		return e->pid == e->tid && e->pid != e->parent;
	case PERF_RECORD_LOST:
		f->lost = true;
		return false;
	}
	return false;
}

static int add_event(struct pw_wipe_follow *f, const struct perf_event_header *head)
{
	if (f->count == f->room) {
		size_t room = f->room ? f->room * 2 : 256;
		struct event *more = reallocarray(f->events, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		f->events = more;
		f->room = room;
	}
	if (read_record(f, head, &f->events[f->count]))
		f->count++;
	return 0;
}

/* The record at a place of the ring, in one piece. */
static const struct perf_event_header *record_at(struct pw_wipe_follow *f, const struct cpu_ring *r,
						 uint64_t at)
{
	const size_t from = at & (r->size - 1);
	const struct perf_event_header *head = (const void *)(r->data + from);
	const size_t size = head->size, first = r->size - from;

	if (size <= first)
		return head;
	memcpy(f->record, r->data + from, first);
	memcpy((uint8_t *)f->record + first, r->data, size - first);
	return (const void *)f->record;
}

static void read_ring(struct pw_wipe_follow *f, struct cpu_ring *r)
{
	uint64_t at = r->page->data_tail,
		 end = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);

	while (at < end) {
		const struct perf_event_header *head = record_at(f, r, at);

		if (head->size < sizeof(*head) + sizeof(uint64_t))
			break; /* the kernel writes no such record */
		if (f->count == BATCH_MAX || add_event(f, head))
			f->lost = true;
		at += head->size;
	}
	__atomic_store_n(&r->page->data_tail, end, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

static void apply(struct pw_wipes *w, const struct event *e)
{
	const uint32_t only = w->b->opt.wipes.pid;

	if (only && e->pid != only)
		return;
	switch (e->kind) {
	case PERF_RECORD_MMAP2:
		pw_wipe_space_map(w, e->pid, &e->vma);
		break;
	case PERF_RECORD_COMM:
		pw_wipe_space_exec(w, e->pid);
		break;
	case PERF_RECORD_FORK:
		pw_wipe_space_fork(w, e->parent, e->pid);
		break;
	case PERF_RECORD_EXIT:
		pw_wipe_space_exit(w, e->pid);
		break;
	}
}

void pw_wipe_follow_drain(struct pw_wipes *w, struct pw_wipe_follow *f)
{
	f->count = 0;
	for (uint32_t cpu = 0; cpu < f->cpus; cpu++)
		if (f->rings[cpu].page)
			read_ring(f, &f->rings[cpu]);
	if (f->count)
		qsort(f->events, f->count, sizeof(*f->events), by_time);
	for (size_t i = 0; i < f->count; i++)
		apply(w, &f->events[i]);
	if (f->lost)
		pw_wipe_spaces_read_all(w);
	f->lost = false;
}
