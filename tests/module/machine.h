/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest that the tests run on: its settings, swap, control groups. */
#ifndef TESTS_MODULE_MACHINE_H
#define TESTS_MODULE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* 0 or -errno */
int write_file(const char *path, const char *text);
/* The first line, without its end; "" where it can't be read. */
const char *read_file(const char *path); /* a static buffer */

/* Swap on zram, once. 0 or -errno; -ENODEV: the guest has no zram. */
int swap_try(void);
void swap_on(void); /* ends the case where it can't; skipped when the guest has no zram */
void swap_off(void);

/* /proc/PID/pagemap of one address: bit 63 present, 62 swapped; the low bits the PFN or slot. */
uint64_t pagemap_of(pid_t pid, uint64_t address);
bool page_present(pid_t pid, uint64_t address);
bool page_swapped(pid_t pid, uint64_t address);
/* Pages of the range that are mapped by PMDs, in kB, from smaps. */
uint64_t huge_kb(pid_t pid, uint64_t address);

/* A control group of its own with a limit of memory and no swap; its directory. */
const char *cgroup_make(const char *name, uint64_t memory_max);
int cgroup_enter(const char *directory, pid_t pid);

#endif
