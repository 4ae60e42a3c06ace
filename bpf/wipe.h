/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the wipe programs and their loader agree on: the cookie of a probe says
 * which function it sits on, how that function takes its arguments, and which
 * file it is in. No ABI: both sides are always compiled together.
 */
#ifndef PW_BPF_WIPE_H
#define PW_BPF_WIPE_H

#include "kmod/uapi/pagewarden.h"

/* How a function takes the address, the size and what it fills with. */
enum pw_wipe_convention {
	PW_CALL_SIZE = 0, /* f(address, size): zeros */
	PW_CALL_SIZE32 = 1, /* f(address, size) with 32 bits of size: zeros */
	PW_CALL_FILL_SIZE = 2, /* f(address, fill, size), as memset */
	PW_CALL_ROOM_FILL_SIZE = 3, /* f(address, room, fill, size), as memset_s */
};

/*
 * Cookie: bits 0..7 the function, 8..11 the convention, 12 fortified, 32..63
 * the file's number. Two files of one inode (an overlay's lower file in two
 * containers) make every call come twice, with different numbers.
 */
#define PW_COOKIE_FORTIFIED (1ull << 12)

static inline __u64 pw_cookie(__u32 function, enum pw_wipe_convention how, int fortified, __u32 file)
{
	return (__u64)file << 32 | (fortified ? PW_COOKIE_FORTIFIED : 0) | (__u64)how << 8 | function;
}

static inline __u32 pw_cookie_function(__u64 cookie)
{
	return cookie & 0xff;
}

static inline __u32 pw_cookie_convention(__u64 cookie)
{
	return cookie >> 8 & 0xf;
}

#endif /* PW_BPF_WIPE_H */
