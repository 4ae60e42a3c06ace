// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/module_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "user/base/cleanup.h"

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int pw_module_info(int fd, struct pw_dev_info *ret)
{
	struct pw_dev_info info = { .size = sizeof(info) };
	int rc = call(fd, PW_IOC_INFO, &info);

	if (!rc)
		*ret = info;
	return rc;
}

static int open_failed(int rc, struct pw_error *err)
{
	if (rc == -ENOENT || rc == -ENODEV || rc == -ENXIO) {
		pw_error_set(err, -ENOENT, "the pagewarden module is not loaded");
		pw_error_remedy(err, "modprobe pagewarden; without it no range can be registered, "
				     "and nothing proves that released secrets were wiped");
		return -ENOENT;
	}
	pw_error_set(err, rc, "cannot open " PW_DEV_PATH ": %s", strerror(-rc));
	if (rc == -EACCES || rc == -EPERM)
		pw_error_remedy(err, "it belongs to root and the group pagewarden");
	return rc;
}

int pw_module_open(int *ret_fd, struct pw_error *err)
{
	pw_auto_close int fd = open(PW_DEV_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct pw_dev_info info;
	int rc = fd < 0 ? -errno : 0;

	if (rc)
		return open_failed(rc, err);
	rc = pw_module_info(fd, &info);
	if (rc) {
		pw_error_set(err, -EPROTONOSUPPORT, PW_DEV_PATH " is not the module's: %s",
			     strerror(-rc));
		pw_error_remedy(err, "load the module that this pagewarden came with");
		return -EPROTONOSUPPORT;
	}
	*ret_fd = pw_steal_fd(&fd);
	return 0;
}

/* ---- live watches ---------------------------------------------------------------- */

static struct pw_secret registered(const struct pw_dev_next *n)
{
	uint64_t dirty = n->released_dirty_pages, released = n->released_pages;
	struct pw_secret s = {
		.rec = { .type = PW_REC_SECRET, .size = sizeof(s), .time_ns = n->since_ns },
		.key = { .pid = n->pid, .start_ns = n->start_ns },
		.id = n->id,
		.cookie = n->cookie,
		.start = n->start,
		.end = n->end,
		.from = n->start,
		.to = n->end,
		.pages_dirty = dirty,
		.pages_unknown = released > dirty ? released - dirty : 0,
		.first_dirty = PW_UNKNOWN,
		.event = PW_SECRET_REGISTERED,
		.flags = n->secret_flags,
		.uid = n->uid,
	};

	memcpy(s.comm, n->comm, sizeof(s.comm));
	memcpy(s.label, n->label, sizeof(s.label));
	return s;
}

int pw_module_watches(int fd, int (*fn)(void *ctx, const struct pw_secret *s), void *ctx)
{
	uint64_t after = 0;

	for (;;) {
		struct pw_dev_next next = { .size = sizeof(next), .after = after };
		int rc = call(fd, PW_IOC_NEXT, &next);
		struct pw_secret s;

		if (rc) /* -ENOTTY: a module that watches nothing */
			return rc == -ENOENT || rc == -ENOTTY ? 0 : rc;
		if (next.id <= after)
			return -EPROTO; /* would never end */
		after = next.id;
		s = registered(&next);
		rc = fn(ctx, &s);
		if (rc)
			return rc;
	}
}

/* ---- registering ------------------------------------------------------------------- */

static const char *remedy_of(int rc)
{
	switch (rc) {
	case -EPERM:
		return "another process's memory needs CAP_SYS_PTRACE: run as root";
	case -EDQUOT:
	case -ENOSPC:
		return "a limit of the module is reached: pagewarden doctor shows them, module "
		       "parameters raise them";
	case -EFAULT:
		return "holding needs memory that is there: /proc/PID/maps shows what is";
	case -EOPNOTSUPP:
		return "device memory and hugetlb can't be watched";
	case -EINVAL:
		return "the range must not be empty, wrap, or leave user space";
	default:
		return "";
	}
}

int pw_module_register(int fd, const struct pw_module_registration *reg, uint64_t *ret_id,
		       struct pw_error *err)
{
	struct pw_dev_watch w = {
		.size = sizeof(w),
		.flags = reg->flags,
		.pid = (int32_t)reg->pid,
		.start = reg->start,
		.length = reg->length,
	};
	int rc;

	if (reg->label)
		memcpy(w.label, reg->label, strnlen(reg->label, sizeof(w.label) - 1));
	rc = call(fd, PW_IOC_WATCH, &w);
	if (rc) {
		pw_error_set(err, rc, "cannot register %llu bytes at 0x%llx of process %u: %s",
			     (unsigned long long)reg->length, (unsigned long long)reg->start,
			     reg->pid, strerror(-rc));
		pw_error_remedy(err, "%s", remedy_of(rc));
		return rc;
	}
	*ret_id = w.id;
	return 0;
}
