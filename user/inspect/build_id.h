/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GNU build id of an ELF file that a stranger may have written. */
#ifndef PW_INSPECT_BUILD_ID_H
#define PW_INSPECT_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

#define PW_BUILD_ID_BYTES 32 /* longer ids are cut */

/*
 * The build id note; the bytes written (at most 32), or -errno: -ENOEXEC no
 * ELF of this machine's byte order, -EBADMSG damaged, -ENOENT no such note.
 */
int pw_build_id_read(int fd, uint8_t *out, size_t size);
/* The same, remembered per file (device, inode, size, mtime, ctime). Thread-safe. */
int pw_build_id_cached(int fd, uint8_t out[PW_BUILD_ID_BYTES]);

#endif
