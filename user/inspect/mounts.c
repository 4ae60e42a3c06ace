// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/inspect/line_reader.h"
#include "user/inspect/mounts.h"

static void add(struct pw_mounts *m, uint32_t dev_major, uint32_t dev_minor, enum pw_mount_type type)
{
	if (m->count < PW_MOUNTS_MAX && pw_mounts_type(m, dev_major, dev_minor) == PW_MOUNT_OTHER)
		m->list[m->count++] = (struct pw_mount){ dev_major, dev_minor, type };
}

/* "36 35 98:0 /root /mount/point options tags... - TYPE source options" */
static void parse_line(struct pw_mounts *m, const char *line)
{
	const char *dash = strstr(line, " - ");
	unsigned int dev_major, dev_minor;

	if (!dash || sscanf(line, "%*u %*u %u:%u ", &dev_major, &dev_minor) != 2)
		return;
	if (strncmp(dash + 3, "tmpfs ", 6) == 0)
		add(m, dev_major, dev_minor, PW_MOUNT_TMPFS);
	else if (strncmp(dash + 3, "hugetlbfs ", 10) == 0)
		add(m, dev_major, dev_minor, PW_MOUNT_HUGETLBFS);
}

/*
 * The kernel's own tmpfs, behind memfds, SysV and shared anonymous memory, is
 * in no mount table: a memfd of our own has its device number.
 */
static void add_kernel_tmpfs(struct pw_mounts *m)
{
	pw_auto_close int fd = memfd_create("pagewarden", MFD_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		add(m, major(st.st_dev), minor(st.st_dev), PW_MOUNT_TMPFS);
}

int pw_mounts_read(const struct pw_procfs *fs, uint32_t pid, struct pw_mounts *ret)
{
	pw_auto_free struct pw_line_reader *lines = malloc(sizeof(*lines));
	pw_auto_close int fd = pw_procfs_open(fs, pid, "mountinfo", O_RDONLY);
	struct pw_mounts m = { .list = calloc(PW_MOUNTS_MAX, sizeof(*m.list)) };
	size_t len;
	char *line;

	if (!lines || !m.list) {
		free(m.list);
		return -ENOMEM;
	}
	add_kernel_tmpfs(&m);
	if (fd >= 0) {
		pw_line_reader_init(lines, fd, NULL);
		while (pw_line_next(lines, &line, &len) > 0)
			parse_line(&m, line);
	}
	*ret = m;
	return 0;
}

void pw_mounts_deinit(struct pw_mounts *m)
{
	free(m->list);
	memset(m, 0, sizeof(*m));
}

enum pw_mount_type pw_mounts_type(const struct pw_mounts *m, uint32_t dev_major, uint32_t dev_minor)
{
	for (unsigned int i = 0; i < m->count; i++)
		if (m->list[i].dev_major == dev_major && m->list[i].dev_minor == dev_minor)
			return m->list[i].type;
	return PW_MOUNT_OTHER;
}
