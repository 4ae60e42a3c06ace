/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope guards for user space. kmod/ and bpf/ use goto ladders instead. */
#ifndef PW_BASE_CLEANUP_H
#define PW_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define pw_cleanup(fn) __attribute__((cleanup(fn)))

/* _cleanup for (type *) variables with a destroy function that takes NULL. */
#define PW_DEFINE_CLEANUP(type, destroy)        \
	static inline void destroy##p(type **p) \
	{                                       \
		destroy(*p);                    \
	}

static inline void pw_freep(void *p)
{
	free(*(void **)p);
}

static inline void pw_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void pw_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void pw_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define pw_auto_free pw_cleanup(pw_freep)
#define pw_auto_close pw_cleanup(pw_closep)
#define pw_auto_fclose pw_cleanup(pw_fclosep)
#define pw_auto_closedir pw_cleanup(pw_closedirp)

/* Hand a guarded pointer or descriptor to its new owner. */
#define pw_steal(p)                         \
	({                                  \
		__typeof__(p) stolen = (p); \
		(p) = NULL;                 \
		stolen;                     \
	})

static inline int pw_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
