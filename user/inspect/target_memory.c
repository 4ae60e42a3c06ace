// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "user/inspect/target_memory.h"

#define PAGEMAP_PRESENT (1ull << 63)

static bool is_present(struct pw_target_memory *m, uint64_t address)
{
	uint64_t began = pw_lock_begin(), entry = 0;
	ssize_t n = pread(m->pagemap, &entry, sizeof(entry),
			  (off_t)(address / m->page_size * sizeof(entry)));

	pw_lock_end(m->meter, began);
	return n == sizeof(entry) && entry & PAGEMAP_PRESENT;
}

/* One call of process_vm_readv: 0 when all of size came. */
static int read_remote(struct pw_target_memory *m, void *out, size_t size, struct iovec *remote,
		       unsigned int pieces)
{
	struct iovec local = { out, size };
	uint64_t began = pw_lock_begin();
	ssize_t n = process_vm_readv((pid_t)m->pid, &local, 1, remote, pieces, 0);

	pw_lock_end(m->meter, began);
	if (n == (ssize_t)size)
		return 0;
	if (n < 0 && (errno == EPERM || errno == ENOSYS)) {
		m->pid = 0;
		return -EPERM;
	}
	return n < 0 ? -errno : -EFAULT;
}

int pw_target_read(struct pw_target_memory *m, uint64_t address, void *out, size_t size)
{
	struct iovec remote = { (void *)(uintptr_t)address, size };
	const uint64_t last = address + size - 1;

	if (m->pid == 0 || m->pagemap < 0)
		return -EPERM;
	if (m->budget == 0)
		return -EDQUOT;
	m->budget--;
	if (!is_present(m, address))
		return -ENODATA;
	if (last / m->page_size != address / m->page_size && !is_present(m, last))
		return -ENODATA;
	return read_remote(m, out, size, &remote, 1);
}

int pw_target_read_heads(struct pw_target_memory *m, uint64_t start, unsigned int pages,
			 uint64_t heads[PW_TARGET_PAGES][2], uint64_t *ret_present)
{
	uint64_t entries[PW_TARGET_PAGES], packed[PW_TARGET_PAGES][2], present = 0, began;
	struct iovec remote[PW_TARGET_PAGES];
	unsigned int count = 0;
	ssize_t n;
	int err = 0;

	if (m->pid == 0 || m->pagemap < 0)
		return -EPERM;
	if (m->budget == 0)
		return -EDQUOT;
	m->budget--;
	began = pw_lock_begin();
	n = pread(m->pagemap, entries, pages * sizeof(entries[0]),
		  (off_t)(start / m->page_size * sizeof(entries[0])));
	pw_lock_end(m->meter, began);
	if (n != (ssize_t)(pages * sizeof(entries[0])))
		return -EFAULT;
	for (unsigned int i = 0; i < pages; i++) {
		if (!(entries[i] & PAGEMAP_PRESENT))
			continue;
		present |= 1ull << i;
		remote[count].iov_base = (void *)(uintptr_t)(start + i * m->page_size);
		remote[count++].iov_len = sizeof(packed[0]);
	}
	if (count > 0)
		err = read_remote(m, packed, count * sizeof(packed[0]), remote, count);
	if (err)
		return err;
	for (unsigned int i = 0, from = 0; i < pages; i++) {
		if (!(present & 1ull << i))
			continue;
		heads[i][0] = packed[from][0];
		heads[i][1] = packed[from++][1];
	}
	*ret_present = present;
	return 0;
}
