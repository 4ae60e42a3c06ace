// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as a file whose functions are looked up: the first 8 are the place, the rest the file. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "user/symbol/symbol.h"

static const char *const names[] = { "free", "main", "explicit_bzero" };

static int found(void *ctx, size_t which, const struct pw_symbol *symbol)
{
	(void)symbol;
	assert(which < sizeof(names) / sizeof(*names));
	return ++*(unsigned int *)ctx == 100;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	unsigned int count = 0;
	uint64_t place = 0, at;
	char name[32];

	if (size < sizeof(place))
		return 0;
	memcpy(&place, data, sizeof(place));
	data += sizeof(place);
	size -= sizeof(place);
	if (fd < 0)
		fd = memfd_create("symbol", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	assert(pw_symbol_find(fd, names, sizeof(names) / sizeof(*names), found, &count) <= 1);
	assert(count <= 100);
	if (pw_symbol_at(fd, fd, place, name, sizeof(name), &at) == 0)
		assert(strlen(name) < sizeof(name));
	return 0;
}
