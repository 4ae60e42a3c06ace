// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kmod/uapi/pagewarden.h"
#include "kmod/uapi/pagewarden_dev.h"
#include "user/lib/device.h"
#include "user/lib/pagewarden.h"
#include "user/lib/state.h"

static_assert((int)PW_VERDICT_UNKNOWN == (int)PW_SECRET_UNKNOWN, "the ABI's number");
static_assert((int)PW_VERDICT_CLEAN == (int)PW_SECRET_CLEAN, "the ABI's number");
static_assert((int)PW_VERDICT_DIRTY == (int)PW_SECRET_DIRTY, "the ABI's number");
static_assert((int)PW_VERDICT_STILL_MAPPED == (int)PW_SECRET_STILL_MAPPED, "the ABI's number");
static_assert((int)PW_VERDICT_SWAPPED == (int)PW_SECRET_SWAPPED, "the ABI's number");
static_assert((int)PW_VERDICT_COPIED == (int)PW_SECRET_COPIED, "the ABI's number");
static_assert((int)PW_VERDICT_HELD == (int)PW_SECRET_HELD, "the ABI's number");

struct pw_watch {
	struct pw_watch *next;
	uint64_t id;
	pid_t pid; /* whose it is: a child inherits the struct, not the watch */
};

static struct pw_watch *watches; /* under the lock of state.h */

int pw_secret_watch(const void *p, size_t n, unsigned int flags, const char *label,
		    struct pw_watch **ret)
{
	PW_KEEP_ERRNO();
	struct pw_dev_watch request = {
		.size = sizeof(request),
		.flags = flags,
		.start = (uintptr_t)p,
		.length = n,
	};
	struct pw_watch *w;
	int fd, r = 0;

	if (!p || !n || !ret || (uintptr_t)p + (n - 1) < (uintptr_t)p ||
	    (flags & ~(PW_WATCH_HOLD | PW_WATCH_SCRUB)) ||
	    ((flags & PW_WATCH_SCRUB) && !(flags & PW_WATCH_HOLD)))
		return -EINVAL;
	if (label)
		memcpy(request.label, label, strnlen(label, sizeof(request.label) - 1));
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	pw_state_lock();
	fd = pw_device_get();
	if (fd < 0)
		r = fd;
	else if (ioctl(fd, PW_IOC_WATCH, &request))
		r = -errno;
	if (!r) {
		*w = (struct pw_watch){ watches, request.id, getpid() };
		watches = w;
	}
	pw_state_unlock();
	if (r) {
		free(w);
		return r;
	}
	*ret = w;
	return 0;
}

static void fill(const struct pw_dev_unwatch *u, struct pw_watch_verdict *ret)
{
	*ret = (struct pw_watch_verdict){
		.verdict = u->verdict,
		.reason = u->reason,
		.pages_clean = u->pages_clean,
		.pages_dirty = u->pages_dirty,
		.pages_mapped = u->pages_mapped,
		.pages_swapped = u->pages_swapped,
		.pages_copied = u->pages_copied,
		.pages_held = u->pages_held,
		.pages_unknown = u->pages_unknown,
		.pages_absent = u->pages_absent,
		.pages_scrubbed = u->pages_scrubbed,
		.dirty_bytes = u->dirty_bytes,
		.first_dirty = u->first_dirty == PW_UNKNOWN ? NULL :
							      (const void *)(uintptr_t)u->first_dirty,
	};
}

/* With the lock held. -ESRCH, -ENOENT or what the module says. */
static int end_watch(const struct pw_watch *w, struct pw_watch_verdict *ret)
{
	struct pw_dev_unwatch u = { .size = sizeof(u), .id = w->id };
	int fd;

	if (w->pid != getpid())
		return -ESRCH;
	/* A new descriptor, where something closed the old one, does not know the id: -ENOENT. */
	fd = pw_device_get();
	if (fd < 0)
		return fd == -ENODEV ? -ENOENT : fd;
	if (ioctl(fd, PW_IOC_UNWATCH, &u))
		return -errno;
	if (ret)
		fill(&u, ret);
	return 0;
}

int pw_secret_unwatch(struct pw_watch *w, struct pw_watch_verdict *ret)
{
	PW_KEEP_ERRNO();
	struct pw_watch **at;
	int r = -EINVAL;

	if (!w)
		return 0;
	pw_state_lock();
	for (at = &watches; *at && *at != w; at = &(*at)->next)
		;
	if (*at) {
		r = end_watch(w, ret);
		if (r != -EINTR) {
			*at = w->next;
			free(w);
		}
	}
	pw_state_unlock();
	return r;
}

int pw_close(void)
{
	PW_KEEP_ERRNO();
	const struct pw_watch *w;
	int r = 0;

	pw_state_lock();
	for (w = watches; w; w = w->next) {
		if (w->pid == getpid())
			r = -EBUSY;
	}
	if (!r)
		pw_device_close();
	pw_state_unlock();
	return r;
}
