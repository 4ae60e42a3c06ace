/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Secret arena: mmap(2) of the device, as pagewarden_dev.h tells.
 *
 * Charges: pw_user_get(current_uid()) and PW_LIMIT_ARENA_BYTES for as long as the
 * pages exist; pw_memory_add() for what it keeps beside them. Events: a SECRET
 * record through pw_event_secret() with PW_SECRET_ARENA, REGISTERED at the
 * beginning and ENDED at the end, `id` from pw_device_new_id() so that no two
 * watches or arenas ever share one. A mapping keeps its file, and that keeps
 * the module: the exit of the module never sees an arena.
 */
#ifndef PW_ARENA_H
#define PW_ARENA_H

struct file;
struct vm_area_struct;

int pw_arena_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* PW_ARENA_H */
