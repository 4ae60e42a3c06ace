// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "user/lib/pagewarden.h"

struct text {
	int number;
	const char *text;
};

static const char *find(const struct text *t, size_t count, int number, const char *otherwise)
{
	for (size_t i = 0; i < count; i++) {
		if (t[i].number == number)
			return t[i].text;
	}
	return otherwise;
}

#define FIND(table, number, otherwise) \
	find(table, sizeof(table) / sizeof((table)[0]), (int)(number), otherwise)

static const struct text errors[] = {
	{ 0, "success" },
	{ ENODEV, "the pagewarden module is not loaded; as root: modprobe pagewarden" },
	{ EACCES, "no right to use /dev/pagewarden; run as root, or join the group pagewarden" },
	{ EPERM, "not permitted; run as root, or with CAP_SYS_PTRACE for another process's memory" },
	{ ENOSYS, "this kernel has no memfd_secret; use Linux 5.14 or later and, before 6.5, boot "
		  "with secretmem.enable=y" },
	{ EDQUOT, "a limit is reached; raise RLIMIT_MEMLOCK (ulimit -l), or the pagewarden module's "
		  "limits per user" },
	{ ENOSPC, "a limit of the pagewarden module for all users is reached; raise its parameters" },
	{ EOPNOTSUPP, "memory of this kind (device, hugetlb, memfd_secret, arena, read-only) can't be "
		      "handled that way; use ordinary private memory" },
	{ EIO, "wiped, but bytes were not 0 when they were read back; stop the other threads that "
	       "write there" },
	{ EINVAL, "an empty or wrapping range, unknown flags, or a pointer that pw_secret_alloc() or "
		  "pw_secret_watch() did not give or that was freed; check the arguments" },
	{ EFAULT, "there is no memory at the range; check the address and the size" },
	{ ENOMEM, "out of memory; ask for less" },
	{ ENOENT, "the watch ended before, because the descriptor of /dev/pagewarden was closed; keep "
		  "descriptors that are not yours open" },
	{ ESRCH, "the watch is the parent process's; let the parent end it" },
	{ EBUSY, "watches are live; end them with pw_secret_unwatch() first" },
	{ EINTR, "a signal came; call again" },
	{ EMFILE, "too many open files; raise RLIMIT_NOFILE (ulimit -n)" },
	{ ENOTTY, "the pagewarden module is older than this library; load the one of this version" },
	{ E2BIG, "the pagewarden module is older than this library; load the one of this version" },
};

static const struct text ways[] = {
	{ PW_BY_NOTHING, "nothing" },
	{ PW_BY_MODULE, "module" },
	{ PW_BY_EXPLICIT_BZERO, "explicit_bzero" },
};

static const struct text places[] = {
	{ PW_IN_ARENA, "arena" },
	{ PW_IN_MEMFD_SECRET, "memfd_secret" },
	{ PW_IN_MLOCK, "mlock" },
};

static const struct text verdicts[] = {
	{ PW_VERDICT_UNKNOWN, "unknown" }, { PW_VERDICT_CLEAN, "clean" },
	{ PW_VERDICT_DIRTY, "dirty" },	   { PW_VERDICT_STILL_MAPPED, "still-mapped" },
	{ PW_VERDICT_SWAPPED, "swapped" }, { PW_VERDICT_COPIED, "copied" },
	{ PW_VERDICT_HELD, "held" },
};

static const struct text reasons[] = {
	{ PW_REASON_NONE, "" },
	{ PW_REASON_SECRETMEM, "memfd_secret memory, which nobody else may read" },
	{ PW_REASON_NOT_RESIDENT, "swapped out or unmapped when it was looked at" },
	{ PW_REASON_FOREIGN, "it went in a context that may not look" },
	{ PW_REASON_DEVICE, "a mapping without ordinary pages" },
	{ PW_REASON_BUSY, "it could not be looked at without waiting" },
	{ PW_REASON_NO_MEMORY, "the kernel had no memory for it" },
	{ PW_REASON_GONE, "the process was gone" },
};

const char *pw_strerror(int err)
{
	return FIND(errors, err < 0 ? -(unsigned int)err : (unsigned int)err,
		    "an error of the system; see errno(3)");
}

const char *pw_by_name(uint32_t by)
{
	return FIND(ways, by, "unknown");
}

const char *pw_secret_place_name(uint32_t place)
{
	return FIND(places, place, "unknown");
}

const char *pw_verdict_name(uint32_t verdict)
{
	return FIND(verdicts, verdict, "unknown");
}

const char *pw_reason_text(uint32_t reason)
{
	return FIND(reasons, reason, "for a reason that this version does not know");
}
