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
#include "user/base/procfs.h"

/*
 * Fills an IDENTITY record (at most PW_RECORD_MAX bytes) for key; the caller
 * gives parent_pid, uid, cgroup_id and comm where it knows them better and
 * sets time_ns. -ESRCH: gone.
 */
int pw_identity_read(const struct pw_procfs *fs, const struct pw_key *key,
		     void *buf, size_t size, struct pw_identity **ret);
/* The same from what an exec or the parent told, when /proc is gone already. */
int pw_identity_make(const struct pw_key *key, const char *exe, const char *cgroup,
		     uint32_t flags, void *buf, size_t size, struct pw_identity **ret);

/* /proc/PID/cgroup (v1, v2, hybrid) to the path that a person would name. */
int pw_cgroup_parse(const char *text, size_t len, char *path, size_t size);
/* "…/nginx.service" -> "nginx.service"; user and nested slices as systemd nests them. Empty: none. */
void pw_cgroup_unit(const char *path, char *unit, size_t size);
/* docker, containerd, podman, cri-o, lxc, kubepods: the id. Empty: none. */
void pw_cgroup_container(const char *path, char *id, size_t size);

/* The GNU build id note of an ELF file; the bytes written (at most 32), or -errno. */
int pw_build_id_read(int fd, uint8_t *out, size_t size);

#endif
