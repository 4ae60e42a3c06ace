/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module lets its users take: per user, and of all users together.
 *
 * A struct pw_user is the account of one uid. Whoever charges keeps a reference
 * until it has uncharged the same amounts. All functions may be called in any
 * process context, under spinlocks too, but for pw_user_get(), which allocates.
 */
#ifndef PW_LIMITS_H
#define PW_LIMITS_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct pw_dev_info;
struct pw_user;

enum pw_limit {
	PW_LIMIT_WATCHES,
	PW_LIMIT_WATCHED_BYTES,
	PW_LIMIT_HELD_PAGES,
	PW_LIMIT_ARENA_BYTES,
	PW_LIMITS
};

/* The account of `uid`, made where there is none; NULL: no memory. May sleep. */
struct pw_user *pw_user_get(kuid_t uid);
void pw_user_put(struct pw_user *user); /* takes NULL */

/* 0, or -EDQUOT (the user's limit) or -ENOSPC (the limit in total): then nothing is charged. */
int pw_limit_charge(struct pw_user *user, enum pw_limit what, u64 amount);
void pw_limit_uncharge(struct pw_user *user, enum pw_limit what, u64 amount);

/* Memory that the module itself takes (INFO's memory_bytes). */
void pw_memory_add(s64 bytes);

/* The fields of INFO that limits.c keeps: what is used, and of how much. */
void pw_limits_info(struct pw_dev_info *info);

#endif /* PW_LIMITS_H */
