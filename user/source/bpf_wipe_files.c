// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/bpf_wipe.h"

/* Commands that come again and again keep their probes in between. */
#define KEEP_UNUSED_NS (60 * PW_NSEC_PER_SEC)
#define KEEP_UNPROBED_NS (600 * PW_NSEC_PER_SEC)

static uint64_t id_hash(const struct pw_wipe_file_id *id)
{
	return pw_hash_mix(id->inode ^ pw_hash_mix(id->device));
}

static bool id_match(const void *item, const void *key)
{
	const struct pw_wipe_file *file = item;
	const struct pw_wipe_file_id *id = key;

	return file->id.device == id->device && file->id.inode == id->inode;
}

int pw_wipe_files_init(struct pw_wipes *w)
{
	return pw_hash_init(&w->files, PW_WIPE_FILES_MAX);
}

static void file_destroy(struct pw_wipes *w, struct pw_wipe_file *file)
{
	pw_wipe_unprobe_file(w, file);
	free(file->path);
	free(file);
}

void pw_wipe_files_deinit(struct pw_wipes *w)
{
	for (size_t i = 0; i < w->files.capacity; i++)
		if (w->files.slots[i].item)
			file_destroy(w, w->files.slots[i].item);
	if (w->files.slots)
		pw_hash_deinit(&w->files);
}

void pw_wipe_file_get(struct pw_wipe_file *file)
{
	file->spaces++;
	file->unused_ns = 0;
}

void pw_wipe_file_put(struct pw_wipe_file *file)
{
	if (--file->spaces == 0)
		file->unused_ns = pw_clock_boot_ns();
}

static uint64_t changed_ns(const struct stat *st)
{
	return (uint64_t)st->st_ctim.tv_sec * PW_NSEC_PER_SEC + (uint64_t)st->st_ctim.tv_nsec;
}

/*
 * Only regular files are opened: a device may do something at an open. Nor are
 * files of FUSE: whoever serves them could keep us waiting for ever.
 */
static int open_regular(const char *path, struct stat *ret)
{
	pw_auto_close int fd = -1;
	struct statfs fs;

	if (stat(path, ret))
		return -errno;
	if (!S_ISREG(ret->st_mode))
		return -ENOEXEC;
	if (statfs(path, &fs))
		return -errno;
	if (fs.f_type == FUSE_SUPER_MAGIC)
		return -EREMOTE;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, ret))
		return -errno;
	return S_ISREG(ret->st_mode) ? pw_steal_fd(&fd) : -ENOEXEC;
}

/* " (deleted)" is what the kernel writes behind the name of a file that has none any more. */
static void without_deleted(char *path)
{
	static const char mark[] = " (deleted)";
	const size_t len = strlen(path), n = sizeof(mark) - 1;

	if (len > n && strcmp(path + len - n, mark) == 0)
		path[len - n] = '\0';
}

static struct pw_wipe_file *file_add(struct pw_wipes *w, const struct pw_wipe_file_id *id,
				     const char *path)
{
	struct pw_wipe_file *file = calloc(1, sizeof(*file));

	if (file)
		file->path = strdup(path);
	if (!file || !file->path || pw_hash_insert(&w->files, id_hash(id), file)) {
		if (file)
			free(file->path);
		free(file);
		w->b->lost[PW_LOSS_NAMES_FULL]++;
		return NULL;
	}
	without_deleted(file->path);
	file->id = *id;
	file->number = ++w->last_number;
	file->unused_ns = pw_clock_boot_ns();
	return file;
}

static void file_remove(struct pw_wipes *w, struct pw_wipe_file *file)
{
	pw_hash_remove(&w->files, id_hash(&file->id), file);
	file_destroy(w, file);
}

static void file_learn(struct pw_wipes *w, struct pw_wipe_file *file, int fd, const struct stat *st)
{
	file->device = st->st_dev;
	file->inode = st->st_ino;
	file->size = (uint64_t)st->st_size;
	file->changed_ns = changed_ns(st);
	pw_wipe_probe_file(w, file, fd);
}

/*
 * The mapping's own link first: it leads to the very file, whatever its name
 * is now and in whatever mount namespace. It is gone with the process; then
 * the name, if it still leads to the same file.
 */
static int open_mapped(const struct pw_wipes *w, uint32_t pid, uint64_t start, uint64_t end,
		       const struct pw_wipe_file_id *id, const char *path, struct stat *st)
{
	char link[PATH_MAX];
	int fd;

	snprintf(link, sizeof(link), "%s/proc/%u/map_files/%lx-%lx", w->b->fs.root, pid, start, end);
	fd = open_regular(link, st);
	if (fd >= 0 || fd == -ENOEXEC || fd == -EREMOTE)
		return fd;
	fd = open_regular(path, st);
	if (fd >= 0 && (st->st_dev != id->device || st->st_ino != id->inode)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

/* Nobody had the file mapped, so its inode may be another file's by now. */
static bool was_replaced(const struct pw_wipes *w, const struct pw_wipe_file *file, uint32_t pid,
			 uint64_t start, uint64_t end)
{
	char link[PATH_MAX];
	struct stat st;

	if (file->spaces || !file->changed_ns)
		return false;
	snprintf(link, sizeof(link), "%s/proc/%u/map_files/%lx-%lx", w->b->fs.root, pid, start, end);
	return !stat(link, &st) &&
	       (changed_ns(&st) != file->changed_ns || (uint64_t)st.st_size != file->size);
}

struct pw_wipe_file *pw_wipe_file_mapped(struct pw_wipes *w, uint32_t pid, uint64_t start,
					 uint64_t end, const struct pw_wipe_file_id *id,
					 const char *path)
{
	struct pw_wipe_file *file = pw_hash_find(&w->files, id_hash(id), id_match, id);
	pw_auto_close int fd = -1;
	struct stat st;

	if (file && was_replaced(w, file, pid, start, end)) {
		file_remove(w, file);
		file = NULL;
	}
	if (file && file->changed_ns)
		return file;
	if (!file)
		file = file_add(w, id, path);
	if (!file)
		return NULL;
	/* What could not be opened is tried again when somebody else maps it. */
	fd = open_mapped(w, pid, start, end, id, path, &st);
	if (fd >= 0)
		file_learn(w, file, fd, &st);
	return file;
}

/* ---- libraries that are known to wipe ------------------------------------------------ */

static const char *const library_paths[] = {
	"/lib/*-linux-*", "/usr/lib/*-linux-*", "/lib64",	  "/usr/lib64",
	"/lib",		  "/usr/lib",		"/usr/local/lib", "/usr/local/lib/*-linux-*",
};

static const char *const library_names[] = {
	"libc.so.*",	      "libc.musl-*.so.*",    "libcrypto.so.*",
	"libsodium.so.*",     "libgnutls.so.*",	     "libwolfssl.so.*",
	"libmbedcrypto.so.*", "libtfpsacrypto.so.*", "libbsd.so.*",
};

static void learn_library(struct pw_wipes *w, const char *path)
{
	struct pw_wipe_file_id id;
	struct pw_wipe_file *file;
	pw_auto_close int fd = -1;
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(path, real))
		return;
	fd = open_regular(real, &st);
	if (fd < 0)
		return;
	id = (struct pw_wipe_file_id){ .device = st.st_dev, .inode = st.st_ino };
	file = pw_hash_find(&w->files, id_hash(&id), id_match, &id);
	if (!file) {
		file = file_add(w, &id, real);
		if (file)
			file_learn(w, file, fd, &st);
	}
	if (file)
		file->standard = true;
}

void pw_wipe_files_standard(struct pw_wipes *w)
{
	char pattern[PATH_MAX];

	/* a probe that is for one process alone comes when that process maps the file */
	if (w->b->fs.root[0])
		return;
	for (size_t i = 0; i < sizeof(library_paths) / sizeof(*library_paths); i++) {
		for (size_t j = 0; j < sizeof(library_names) / sizeof(*library_names); j++) {
			glob_t found = {};

			snprintf(pattern, sizeof(pattern), "%s/%s", library_paths[i],
				 library_names[j]);
			if (!glob(pattern, GLOB_NOSORT, NULL, &found))
				for (size_t k = 0; k < found.gl_pathc; k++)
					learn_library(w, found.gl_pathv[k]);
			globfree(&found);
		}
	}
}

void pw_wipe_files_sweep(struct pw_wipes *w, uint64_t now_ns)
{
	for (size_t i = 0; i < w->files.capacity; i++) {
		struct pw_wipe_file *file = w->files.slots[i].item;
		uint64_t keep;

		if (!file || file->spaces || file->standard || !file->unused_ns)
			continue;
		keep = file->link_count ? KEEP_UNUSED_NS : KEEP_UNPROBED_NS;
		if (now_ns < file->unused_ns + keep)
			continue;
		file_remove(w, file);
		/* the table closed the hole: the slot may hold another one now */
		i--;
	}
}

int pw_wipe_file_open(const struct pw_wipe_file *file, uint32_t pid)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, n;

	n = snprintf(path, sizeof(path), "/proc/%u/root%s", pid, file->path);
	fd = n < (int)sizeof(path) ? open_regular(path, &st) : -ENAMETOOLONG;
	if (fd < 0)
		fd = open_regular(file->path, &st);
	if (fd >= 0 && (st.st_dev != file->device || st.st_ino != file->inode)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}
