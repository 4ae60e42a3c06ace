// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/cleanup.h"

#define NAME_DIGITS 20
#define NAME_MAX_LEN (NAME_DIGITS + 8)
#define LISTED_MAX 65536 /* files that are looked at; the directory is root's own */

struct pw_spool {
	int dir_fd; /* -1: in memory alone */
	struct pw_spool_item *items;
	size_t count, max;
	uint64_t sequence; /* of the newest */
	uint64_t dropped;
};

/* ---- files ----------------------------------------------------------------------- */

static void name_of(uint64_t sequence, const char *suffix, char out[NAME_MAX_LEN])
{
	snprintf(out, NAME_MAX_LEN, "%0*" PRIu64 "%s", NAME_DIGITS, sequence, suffix);
}

/* 0: not one of ours. */
static uint64_t sequence_of(const char *name)
{
	if (strlen(name) != NAME_DIGITS + strlen(".json") ||
	    strspn(name, "0123456789") != NAME_DIGITS || strcmp(name + NAME_DIGITS, ".json") != 0)
		return 0;
	errno = 0;
	uint64_t n = strtoull(name, NULL, 10);

	return errno ? 0 : n;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A temporary first, so that a file with its name is whole. */
static int save(const struct pw_spool *s, struct pw_spool_item *item)
{
	char temporary[NAME_MAX_LEN], name[NAME_MAX_LEN];
	pw_auto_close int fd = -1;
	int r;

	if (s->dir_fd < 0)
		return 0;
	name_of(item->sequence, ".new", temporary);
	name_of(item->sequence, ".json", name);
	fd = openat(s->dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0640);
	r = fd < 0 ? -errno : write_all(fd, item->text, item->len);
	if (!r && renameat(s->dir_fd, temporary, s->dir_fd, name))
		r = -errno;
	if (r && fd >= 0)
		unlinkat(s->dir_fd, temporary, 0);
	item->saved = !r;
	return r;
}

static void unlink_item(const struct pw_spool *s, const struct pw_spool_item *item)
{
	char name[NAME_MAX_LEN];

	name_of(item->sequence, ".json", name);
	if (item->saved)
		unlinkat(s->dir_fd, name, 0);
}

/* NULL: can't be read, or is too long. */
static char *read_text(int dir_fd, const char *name, size_t *ret_len)
{
	pw_auto_close int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	pw_auto_free char *text = malloc(PW_SPOOL_TEXT_MAX + 1);
	size_t used = 0;
	ssize_t n = 0;

	while (fd >= 0 && text && used <= PW_SPOOL_TEXT_MAX &&
	       (n = read(fd, text + used, PW_SPOOL_TEXT_MAX + 1 - used)) > 0)
		used += (size_t)n;
	if (fd < 0 || !text || n < 0 || !used || used > PW_SPOOL_TEXT_MAX)
		return NULL;
	text[used] = '\0';
	*ret_len = used;
	return pw_steal(text);
}

/* ---- items ----------------------------------------------------------------------- */

static void remove_at(struct pw_spool *s, size_t index)
{
	unlink_item(s, &s->items[index]);
	free(s->items[index].text);
	s->count--;
	memmove(s->items + index, s->items + index + 1, (s->count - index) * sizeof(s->items[0]));
}

/* The newest says best how things are, so the oldest goes. */
static bool make_room(struct pw_spool *s)
{
	if (s->count < s->max)
		return true;
	s->dropped++;
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].busy)
			continue;
		remove_at(s, i);
		return true;
	}
	return false;
}

int pw_spool_put(struct pw_spool *s, const char *text, size_t len)
{
	struct pw_spool_item *item;
	char *copy;

	if (len > PW_SPOOL_TEXT_MAX)
		return -EFBIG;
	copy = strndup(text, len);
	if (!copy)
		return -ENOMEM;
	if (!make_room(s)) {
		free(copy);
		return 0;
	}
	item = &s->items[s->count++];
	*item = (struct pw_spool_item){ .sequence = ++s->sequence, .text = copy, .len = len };
	return save(s, item);
}

size_t pw_spool_count(const struct pw_spool *s)
{
	return s->count;
}

struct pw_spool_item *pw_spool_at(const struct pw_spool *s, size_t index)
{
	return &s->items[index];
}

struct pw_spool_item *pw_spool_find(const struct pw_spool *s, uint64_t sequence)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].sequence == sequence)
			return &s->items[i];
	}
	return NULL;
}

void pw_spool_remove(struct pw_spool *s, uint64_t sequence)
{
	struct pw_spool_item *item = pw_spool_find(s, sequence);

	if (item)
		remove_at(s, (size_t)(item - s->items));
}

uint64_t pw_spool_dropped(const struct pw_spool *s)
{
	return s->dropped;
}

/* ---- life ------------------------------------------------------------------------ */

static int by_number(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

/* The numbers of the files that are there, ascending. */
static int list(int dir_fd, uint64_t **ret, size_t *ret_count)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pw_auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	pw_auto_free uint64_t *numbers = calloc(LISTED_MAX, sizeof(*numbers));
	const struct dirent *entry;
	size_t n = 0;

	if (!dir || !numbers) {
		int r = -errno;

		if (!dir && fd >= 0)
			close(fd);
		return r;
	}
	while (n < LISTED_MAX && (entry = readdir(dir))) {
		uint64_t sequence = sequence_of(entry->d_name);

		if (sequence)
			numbers[n++] = sequence;
	}
	qsort(numbers, n, sizeof(*numbers), by_number);
	*ret = pw_steal(numbers);
	*ret_count = n;
	return 0;
}

static int take_over(struct pw_spool *s)
{
	pw_auto_free uint64_t *numbers = NULL;
	size_t count = 0;
	int r = list(s->dir_fd, &numbers, &count);

	for (size_t i = 0; i < count && !r; i++) {
		struct pw_spool_item item = { .sequence = numbers[i], .saved = true };
		char name[NAME_MAX_LEN];

		name_of(item.sequence, ".json", name);
		item.text = read_text(s->dir_fd, name, &item.len);
		s->sequence = item.sequence;
		if (item.text && make_room(s))
			s->items[s->count++] = item;
		else
			free(item.text);
	}
	return r;
}

static int open_directory(const char *path, int *ret)
{
	int fd;

	if (mkdir(path, 0750) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = fd;
	return 0;
}

int pw_spool_create(const char *path, size_t max, struct pw_spool **ret, struct pw_error *err)
{
	struct pw_spool *s = calloc(1, sizeof(*s));
	int r = s ? 0 : -ENOMEM;

	if (s) {
		s->dir_fd = -1;
		s->max = max;
		s->items = calloc(max, sizeof(*s->items));
		r = s->items ? 0 : -ENOMEM;
	}
	if (!r && path[0])
		r = open_directory(path, &s->dir_fd);
	if (!r && s->dir_fd >= 0)
		r = take_over(s);
	if (r) {
		pw_spool_destroy(s);
		return pw_error_set(err, r, "cannot open the spool %s: %s", path, strerror(-r));
	}
	*ret = s;
	return 0;
}

void pw_spool_destroy(struct pw_spool *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->items && i < s->count; i++)
		free(s->items[i].text);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->items);
	free(s);
}
