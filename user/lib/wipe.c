// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kmod/uapi/pagewarden.h"
#include "kmod/uapi/pagewarden_dev.h"
#include "user/lib/device.h"
#include "user/lib/state.h"
#include "user/lib/wipe.h"

static_assert((int)PW_REASON_SECRETMEM == (int)PW_UNSEEN_SECRETMEM, "the ABI's number");
static_assert((int)PW_REASON_NOT_RESIDENT == (int)PW_UNSEEN_NOT_RESIDENT, "the ABI's number");
static_assert((int)PW_REASON_FOREIGN == (int)PW_UNSEEN_FOREIGN, "the ABI's number");
static_assert((int)PW_REASON_DEVICE == (int)PW_UNSEEN_DEVICE, "the ABI's number");
static_assert((int)PW_REASON_BUSY == (int)PW_UNSEEN_BUSY, "the ABI's number");
static_assert((int)PW_REASON_NO_MEMORY == (int)PW_UNSEEN_NO_MEMORY, "the ABI's number");
static_assert((int)PW_REASON_GONE == (int)PW_UNSEEN_GONE, "the ABI's number");

typedef uint64_t __attribute__((may_alias)) word_t;

static void look_at_bytes(const volatile unsigned char *p, size_t n, struct pw_wipe_result *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (!p[i])
			continue;
		if (!ret->first_dirty)
			ret->first_dirty = (const void *)&p[i];
		ret->dirty_bytes++;
	}
}

/* Volatile: the compiler must not conclude from the zeros it has just seen written. */
static void read_back(const void *p, size_t n, struct pw_wipe_result *ret)
{
	const unsigned char *at = p;
	size_t odd = -(uintptr_t)p % sizeof(word_t);

	if (odd > n)
		odd = n;
	look_at_bytes(at, odd, ret);
	for (at += odd, n -= odd; n >= sizeof(word_t); at += sizeof(word_t), n -= sizeof(word_t)) {
		if (*(const volatile word_t *)at)
			look_at_bytes(at, sizeof(word_t), ret);
	}
	look_at_bytes(at, n, ret);
}

int pw_wipe_here(void *p, size_t n, struct pw_wipe_result *ret)
{
	ret->by = PW_BY_EXPLICIT_BZERO;
	ret->first_dirty = NULL;
	ret->dirty_bytes = 0;
	ret->absent_bytes = 0;
	explicit_bzero(p, n);
	read_back(p, n, ret);
	ret->wiped_bytes = n - ret->dirty_bytes;
	return ret->dirty_bytes ? -EIO : 0;
}

static uint32_t reason_of(int err)
{
	switch (err) {
	case EOPNOTSUPP:
		return PW_REASON_DEVICE;
	case ENOMEM:
		return PW_REASON_NO_MEMORY;
	default:
		return PW_REASON_BUSY;
	}
}

/*
 * 0: wiped by the module, whole. -EFAULT: no memory there. -EAGAIN: not, or not
 * all of it; what the module saw (copies, swap, the reason) is in *ret.
 */
static int by_module(void *p, size_t n, struct pw_wipe_result *ret)
{
	struct pw_dev_wipe w = { .size = sizeof(w), .start = (uintptr_t)p, .length = n };
	int fd = pw_device_get();

	if (fd < 0)
		return -EAGAIN;
	if (ioctl(fd, PW_IOC_WIPE, &w)) {
		ret->reason = reason_of(errno);
		return errno == EFAULT ? -EFAULT : -EAGAIN;
	}
	ret->reason = w.reason;
	ret->copies_left_pages = w.copies_left_pages;
	ret->swapped_pages = w.swapped_pages;
	ret->copies_known = 1;
	if (w.verdict != PW_WIPED_WHOLE || w.unreached_bytes)
		return -EAGAIN;
	ret->by = PW_BY_MODULE;
	ret->wiped_bytes = w.wiped_bytes;
	ret->absent_bytes = w.absent_bytes;
	return 0;
}

int pw_wipe(void *p, size_t n, struct pw_wipe_result *ret)
{
	PW_KEEP_ERRNO();
	struct pw_wipe_result result = { 0 };
	int r = 0;

	if (n && (!p || (uintptr_t)p + (n - 1) < (uintptr_t)p))
		return -EINVAL;
	if (n)
		r = by_module(p, n, &result);
	/* What the module can't reach, the owner can: wiping comes before telling. */
	if (r == -EAGAIN)
		r = pw_wipe_here(p, n, &result);
	if (ret && (!r || r == -EIO))
		*ret = result;
	return r;
}
