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

int pw_target_read(struct pw_target_memory *m, uint64_t address, void *out, size_t size)
{
	struct iovec local = { out, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	uint64_t began;
	ssize_t n;

	if (m->pid == 0 || m->pagemap < 0)
		return -EPERM;
	if (m->budget == 0)
		return -EDQUOT;
	m->budget--;
	if (!is_present(m, address) || !is_present(m, address + size - 1))
		return -ENODATA;
	began = pw_lock_begin();
	n = process_vm_readv((pid_t)m->pid, &local, 1, &remote, 1, 0);
	pw_lock_end(m->meter, began);
	if (n == (ssize_t)size)
		return 0;
	if (n < 0 && (errno == EPERM || errno == ENOSYS)) {
		m->pid = 0;
		return -EPERM;
	}
	return n < 0 ? -errno : -EFAULT;
}
