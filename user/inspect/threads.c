// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/inspect/threads.h"

static int append(void *ctx, const struct pw_thread *thread)
{
	struct pw_threads *t = ctx;

	if (t->count == PW_THREADS_MAX)
		return 0;
	if ((t->count & (t->count - 1)) == 0) { /* full at each power of two */
		size_t room = t->count ? t->count * 2 : 1;
		void *grown = reallocarray(t->list, room, sizeof(*t->list));

		if (!grown)
			return -ENOMEM;
		t->list = grown;
	}
	t->list[t->count++] = *thread;
	if (thread->sp == 0)
		t->unknown++;
	return 0;
}

void pw_threads_deinit(struct pw_threads *t)
{
	free(t->list);
	memset(t, 0, sizeof(*t));
}

/* "NR ARGS... SP PC" while it sleeps in a call, "-1 SP PC" elsewhere, "running". */
static uint64_t parse_stack_pointer(const char *text)
{
	const char *last = strrchr(text, ' ');
	const char *before = last ? memrchr(text, ' ', (size_t)(last - text)) : NULL;

	return before ? strtoull(before + 1, NULL, 16) : 0;
}

static int read_one(const struct pw_procfs *fs, uint32_t pid, uint32_t tid, struct pw_threads *t)
{
	struct pw_thread thread = { .tid = tid };
	char name[64], text[256];
	size_t len;

	snprintf(name, sizeof(name), "task/%u/comm", tid);
	if (pw_procfs_read(fs, pid, name, text, sizeof(text), &len) != 0)
		return 0; /* it ended */
	if (len > 0 && text[len - 1] == '\n')
		len--;
	memcpy(thread.comm, text, len < sizeof(thread.comm) ? len : sizeof(thread.comm) - 1);
	snprintf(name, sizeof(name), "task/%u/syscall", tid);
	if (pw_procfs_read(fs, pid, name, text, sizeof(text), NULL) == 0)
		thread.sp = parse_stack_pointer(text);
	return append(t, &thread);
}

static int read_proc(const struct pw_procfs *fs, uint32_t pid, struct pw_threads *t)
{
	pw_auto_closedir DIR *dir = NULL;
	struct dirent *entry;
	int fd = pw_procfs_open(fs, pid, "task", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir)) && t->count < PW_THREADS_MAX) {
		unsigned long tid = strtoul(entry->d_name, NULL, 10);
		int err;

		if (tid == 0 || tid > INT32_MAX)
			continue;
		err = read_one(fs, pid, (uint32_t)tid, t);
		if (err)
			return err;
	}
	return 0;
}

static int by_stack_pointer(const void *a, const void *b)
{
	const struct pw_thread *x = a, *y = b;

	if (x->sp != y->sp)
		return x->sp < y->sp ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

int pw_threads_read(const struct pw_procfs *fs, const struct pw_vma_provider *provider,
		    const struct pw_key *key, struct pw_threads *ret)
{
	struct pw_threads t = { 0 };
	int err = -EOPNOTSUPP;

	if (provider && provider->threads)
		err = provider->threads(provider->ctx, key, append, &t);
	if (err && err != -ESRCH && err != -ENOMEM) {
		pw_threads_deinit(&t);
		err = read_proc(fs, key->pid, &t);
	}
	if (err == -ESRCH || err == -ENOMEM) {
		pw_threads_deinit(&t);
		return err;
	}
	if (t.count > 0)
		qsort(t.list, t.count, sizeof(*t.list), by_stack_pointer);
	*ret = t;
	return 0;
}

const struct pw_thread *pw_threads_find(const struct pw_threads *t, uint64_t start, uint64_t end)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->list[middle].sp >= start)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == t->count || t->list[low].sp == 0 || t->list[low].sp >= end)
		return NULL;
	return &t->list[low];
}
