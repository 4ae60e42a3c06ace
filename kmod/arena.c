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

/* What the owner left in a page is told, then wiped, and that is checked. */
static void scrub(struct arena *arena, size_t i)
{
	u8 *at = page_address(arena->pages[i]), *dirty = memchr_inv(at, 0, PAGE_SIZE);
	struct pw_secret *rec = &arena->rec;

	if (!dirty) {
		rec->pages_clean++;
		return;
	}
	rec->pages_dirty++;
	if (rec->first_dirty == PW_UNKNOWN)
		rec->first_dirty = rec->start + i * PAGE_SIZE + (dirty - at);
	for (; dirty < at + PAGE_SIZE; dirty++)
		rec->dirty_bytes += *dirty != 0;
	memzero_explicit(at, PAGE_SIZE);
	/* Were it not so, somebody else writes to the page, and the counts differ. */
	rec->pages_scrubbed += !memchr_inv(at, 0, PAGE_SIZE);
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
	rec->start = vma->vm_start;
	rec->end = vma->vm_end;
	rec->from = rec->start;
	rec->to = rec->end;
	rec->first_dirty = PW_UNKNOWN;
	rec->flags = PW_SECRET_ARENA;
	rec->tid = task_pid_nr(current);
	rec->uid = from_kuid(&init_user_ns, current_uid());
}

static size_t size_of(size_t count)
{
	struct arena *arena;

	return struct_size(arena, pages, count);
}

/* Charged first: the limit bounds what is allocated for a length that makes no sense. */
static struct arena *arena_create(size_t count)
{
	struct pw_user *user = pw_user_get(current_uid());
	struct arena *arena;
	int err;

	if (!user)
		return ERR_PTR(-ENOMEM);
	err = pw_limit_charge(user, PW_LIMIT_ARENA_BYTES, count * PAGE_SIZE);
	if (err)
		goto put_user;
	err = -ENOMEM;
	if (size_of(count) > INT_MAX) /* kvmalloc warns of more */
		goto uncharge;
	arena = kvzalloc(size_of(count), GFP_KERNEL_ACCOUNT);
	if (!arena)
		goto uncharge;
	refcount_set(&arena->mappings, 1);
	arena->user = user;
	arena->count = count;
	err = alloc_pages_of(arena);
	if (err)
		goto free_pages;
	pw_memory_add(size_of(count));
	return arena;

free_pages:
	free_pages_of(arena);
	kvfree(arena);
uncharge:
	pw_limit_uncharge(user, PW_LIMIT_ARENA_BYTES, count * PAGE_SIZE);
put_user:
	pw_user_put(user);
	return ERR_PTR(err);
}

static void arena_destroy(struct arena *arena)
{
	pw_memory_add(-(s64)size_of(arena->count));
	pw_limit_uncharge(arena->user, PW_LIMIT_ARENA_BYTES, arena->count * PAGE_SIZE);
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
