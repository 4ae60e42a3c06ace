/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a process is, read from /proc while it lives. Everything read is
 * untrusted: capped, bounds-checked.
 */
#ifndef PW_INSPECT_IDENTITY_H
#define PW_INSPECT_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/error.h"
#include "user/base/procfs.h"
#include "user/inspect/build_id.h"

/*
 * Fills an IDENTITY record (at most PW_RECORD_MAX bytes) for key; the caller
 * gives parent_pid, uid, cgroup_id and comm where it knows them better and
 * sets time_ns. -ESRCH: gone, or its pid is another process's now; -ENOBUFS: buf is
 * too small (PW_RECORD_MAX always suffices).
 */
int pw_identity_read(const struct pw_procfs *fs, const struct pw_key *key, void *buf, size_t size,
		     struct pw_identity **ret);
/* The same from what an exec or the parent told, when /proc is gone already. */
int pw_identity_make(const struct pw_key *key, const char *exe, const char *cgroup, uint32_t flags,
		     void *buf, size_t size, struct pw_identity **ret);

/*
 * /proc/PID/cgroup (v1, v2, hybrid) to the path that a person would name: v2's
 * unless it is the root, then systemd's, then the memory controller's.
 * -ENOENT: no such line; -ENAMETOOLONG.
 */
int pw_cgroup_parse(const char *text, size_t len, char *path, size_t size);
/* "…/nginx.service" -> "nginx.service"; user and nested slices as systemd nests them. Empty: none. */
void pw_cgroup_unit(const char *path, char *unit, size_t size);
/* docker, containerd, podman, cri-o, lxc, kubepods: the id. Empty: none. */
void pw_cgroup_container(const char *path, char *id, size_t size);

/* Where the v2 hierarchy is mounted, below the root prefix; NULL: nowhere known. */
const char *pw_cgroup_v2_mount(const struct pw_procfs *fs);
/* Inode of the v2 cgroup directory, which is its id in the kernel; 0: not known. */
uint64_t pw_cgroup_id(const struct pw_procfs *fs, const char *text, size_t len);
/* The same for a path: "/system.slice/nginx.service", or its directory. 0, -ENOENT, or another -errno. */
int pw_cgroup_find(const struct pw_procfs *fs, const char *path, uint64_t *ret_id,
		   struct pw_error *err);

#endif
