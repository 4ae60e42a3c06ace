// SPDX-License-Identifier: GPL-2.0-only
/*
 * All pages are there before mmap(2) returns; the page table gets each when it is
 * first touched. They are mapped as bare page frames (VM_PFNMAP, special entries),
 * which get_user_pages, and with it ptrace, /proc/PID/mem, process_vm_readv and
 * vmsplice, refuse to look at; without an access operation ptrace has no other way.
 *
 * Life: the arena belongs to its mapping. The kernel closes a mapping after its
 * page table entries are gone from all CPUs, so that nobody writes any more when
 * the pages are wiped. mremap is refused, but only after the kernel has opened
 * a second mapping for it, which it then closes: so openings are counted.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "arena.h"
#include "compat.h"
#include "device.h"
#include "event.h"
#include "limits.h"
#include "uapi/pagewarden_dev.h"

struct arena {
	refcount_t mappings;
	struct pw_user *user;
	struct pw_secret rec; /* as it is told at the beginning and at the end */
	size_t count;
	struct page *pages[]; /* count of them */
};

static size_t bytes_of(const struct arena *arena)
{
	return arena->count * PAGE_SIZE;
}

/* Wipes one page and looks at it. */
static void scrub(struct arena *arena, size_t i)
{
	u8 *at = page_address(arena->pages[i]), *dirty;

	memzero_explicit(at, PAGE_SIZE);
	dirty = memchr_inv(at, 0, PAGE_SIZE);
	if (!dirty) {
		arena->rec.pages_clean++;
		return;
	}
	/* Only a page that somebody else writes to gets here. The record says so. */
	arena->rec.pages_dirty++;
	arena->rec.dirty_bytes += PAGE_SIZE - (dirty - at);
	if (arena->rec.first_dirty == PW_UNKNOWN)
		arena->rec.first_dirty = arena->rec.start + i * PAGE_SIZE + (dirty - at);
}

static void free_pages_of(struct arena *arena)
{
	size_t i;

	for (i = 0; i < arena->count && arena->pages[i]; i++) {
		scrub(arena, i);
		__free_page(arena->pages[i]);
		cond_resched();
	}
}

static int alloc_pages_of(struct arena *arena)
{
	size_t i;

	for (i = 0; i < arena->count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		arena->pages[i] = alloc_page(GFP_USER | __GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN |
					     __GFP_RETRY_MAYFAIL);
		if (!arena->pages[i])
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static void describe(struct arena *arena, const struct vm_area_struct *vma)
{
	struct pw_secret *rec = &arena->rec;

	pw_event_key(&rec->key, current);
	pw_event_comm(rec->comm, current);
	rec->id = pw_device_new_id();
	rec->start = rec->from = vma->vm_start;
	rec->end = rec->to = vma->vm_end;
	rec->first_dirty = PW_UNKNOWN;
	rec->flags = PW_SECRET_ARENA;
	rec->tid = task_pid_nr(current);
	rec->uid = from_kuid(&init_user_ns, current_uid());
}

static struct arena *arena_create(size_t count)
{
	struct arena *arena;
	int err;

	arena = kvzalloc(struct_size(arena, pages, count), GFP_KERNEL_ACCOUNT);
	if (!arena)
		return ERR_PTR(-ENOMEM);
	refcount_set(&arena->mappings, 1);
	arena->count = count;
	err = -ENOMEM;
	arena->user = pw_user_get(current_uid());
	if (!arena->user)
		goto free_arena;
	err = pw_limit_charge(arena->user, PW_LIMIT_ARENA_BYTES, bytes_of(arena));
	if (err)
		goto put_user;
	err = alloc_pages_of(arena);
	if (err)
		goto free_pages;
	pw_memory_add(struct_size(arena, pages, count));
	return arena;

free_pages:
	free_pages_of(arena);
	pw_limit_uncharge(arena->user, PW_LIMIT_ARENA_BYTES, bytes_of(arena));
put_user:
	pw_user_put(arena->user);
free_arena:
	kvfree(arena);
	return ERR_PTR(err);
}

static void arena_destroy(struct arena *arena)
{
	pw_memory_add(-(s64)struct_size(arena, pages, arena->count));
	pw_limit_uncharge(arena->user, PW_LIMIT_ARENA_BYTES, bytes_of(arena));
	pw_user_put(arena->user);
	kvfree(arena);
}

/* Nobody has the address space any more: its last user exits, or executes another program. */
static u32 cause_of_end(const struct mm_struct *mm)
{
	if (atomic_read(&mm->mm_users))
		return PW_CAUSE_UNMAP;
	return current->in_execve ? PW_CAUSE_EXEC : PW_CAUSE_EXIT;
}

static void arena_open(struct vm_area_struct *vma)
{
	struct arena *arena = vma->vm_private_data;

	refcount_inc(&arena->mappings);
}

static void arena_close(struct vm_area_struct *vma)
{
	struct arena *arena = vma->vm_private_data;
	struct pw_secret *rec = &arena->rec;

	if (!refcount_dec_and_test(&arena->mappings))
		return;
	free_pages_of(arena);
	rec->event = PW_SECRET_ENDED;
	rec->cause = cause_of_end(vma->vm_mm);
	rec->verdict = rec->pages_dirty ? PW_SECRET_DIRTY : PW_SECRET_CLEAN;
	rec->tid = task_pid_nr(current);
	pw_event_secret(rec);
	arena_destroy(arena);
}

static vm_fault_t arena_fault(struct vm_fault *vmf)
{
	struct arena *arena = vmf->vma->vm_private_data;

	if (vmf->pgoff >= arena->count)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(arena->pages[vmf->pgoff]));
}

static int arena_may_split(struct vm_area_struct *vma, unsigned long address)
{
	return -EINVAL;
}

static int arena_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

static const struct vm_operations_struct arena_ops = {
	.open = arena_open,
	.close = arena_close,
	.fault = arena_fault,
	.may_split = arena_may_split,
	.mremap = arena_mremap,
};

int pw_arena_mmap(struct file *file, struct vm_area_struct *vma)
{
	const unsigned long wanted = VM_SHARED | VM_READ | VM_WRITE;
	struct arena *arena;

	if (vma->vm_pgoff || (vma->vm_flags & (wanted | VM_EXEC)) != wanted)
		return -EINVAL;
	arena = arena_create(vma_pages(vma));
	if (IS_ERR(arena))
		return PTR_ERR(arena);
	/* VM_IO: no get_user_pages, MADV_DOFORK or MADV_DODUMP. */
	pw_vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTCOPY | VM_DONTDUMP | VM_DONTEXPAND);
	pw_vm_flags_clear(vma, VM_MAYEXEC);
	vma->vm_private_data = arena;
	vma->vm_ops = &arena_ops;
	describe(arena, vma);
	arena->rec.event = PW_SECRET_REGISTERED;
	pw_event_secret(&arena->rec);
	return 0;
}
