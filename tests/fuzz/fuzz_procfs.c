// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as one file of /proc; the first says which. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "user/base/procfs.h"
#include "user/base/text.h"
#include "user/inspect/identity.h"
#include "user/inspect/maps.h"

static void cgroup(const char *text, size_t len)
{
	char path[256], unit[64], container[64];

	if (pw_cgroup_parse(text, len, path, sizeof(path)))
		return;
	assert(strlen(path) < sizeof(path));
	pw_cgroup_unit(path, unit, sizeof(unit));
	pw_cgroup_container(path, container, sizeof(container));
	assert(strlen(unit) < sizeof(unit) && strlen(container) < sizeof(container));
}

static int take_vma(void *ctx, const struct pw_vma *vma)
{
	(void)ctx;
	assert(strnlen(vma->name, sizeof(vma->name)) < sizeof(vma->name));
	return 0;
}

static void maps(const char *text, size_t len)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("maps", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len)
		abort();
	lseek(fd, 0, SEEK_SET);
	pw_maps_read(fd, NULL, take_vma, NULL);
}

static void escape(const char *text, size_t len)
{
	size_t room = 4 * len + 1;
	char *out = malloc(room), fitted[64];

	assert(pw_text_escape(out, room, text, len) < room);
	assert(pw_text_fit(fitted, sizeof(fitted), out, 10, 0) < sizeof(fitted));
	assert(pw_text_width(fitted) == 10);
	for (const char *p = out; *p; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
	assert(pw_text_escape(out, len / 2 + 1, text, len) <= len / 2);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pw_proc_stat stat;
	struct pw_proc_status status;
	struct pw_meminfo meminfo;
	char *text;

	if (!size)
		return 0;
	text = malloc(size); /* of exactly its size: a byte beyond is found */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 6) {
	case 0:
		if (!pw_procfs_parse_stat(text, size - 1, &stat))
			assert(strlen(stat.comm) < sizeof(stat.comm));
		break;
	case 1:
		pw_procfs_parse_status(text, size - 1, &status);
		break;
	case 2:
		pw_procfs_parse_meminfo(text, size - 1, &meminfo);
		break;
	case 3:
		cgroup(text, size - 1);
		break;
	case 4:
		maps(text, size - 1);
		break;
	case 5:
		escape(text, size - 1);
		break;
	}
	free(text);
	return 0;
}
