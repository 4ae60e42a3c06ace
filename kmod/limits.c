// SPDX-License-Identifier: GPL-2.0-only
/*
 * One spinlock protects the table of users and every count in it: charges are
 * rare (a registration, an arena) and short. It is a leaf: nothing is taken
 * under it.
 */
#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "limits.h"
#include "uapi/pagewarden_dev.h"

struct pw_user {
	struct hlist_node node;
	kuid_t uid;
	unsigned int refs; /* pw_users_lock */
	u64 used[PW_LIMITS];
};

static unsigned long watches_max = 4096;
module_param(watches_max, ulong, 0644);
MODULE_PARM_DESC(watches_max, "Watches of all users together (4096)");
static unsigned long watches_user_max = 256;
module_param(watches_user_max, ulong, 0644);
MODULE_PARM_DESC(watches_user_max, "Watches of one user (256)");

static unsigned long watched_bytes_max = 8UL << 30;
module_param(watched_bytes_max, ulong, 0644);
MODULE_PARM_DESC(watched_bytes_max, "Bytes in the watches of all users together (8 GiB)");
static unsigned long watched_bytes_user_max = 2UL << 30;
module_param(watched_bytes_user_max, ulong, 0644);
MODULE_PARM_DESC(watched_bytes_user_max, "Bytes in the watches of one user (2 GiB)");

static unsigned long held_pages_max = (1UL << 30) >> PAGE_SHIFT;
module_param(held_pages_max, ulong, 0644);
MODULE_PARM_DESC(held_pages_max, "Pages held (pinned) for all users together (1 GiB)");
static unsigned long held_pages_user_max = (256UL << 20) >> PAGE_SHIFT;
module_param(held_pages_user_max, ulong, 0644);
MODULE_PARM_DESC(held_pages_user_max, "Pages held (pinned) for one user (256 MiB)");

static unsigned long arena_bytes_max = 256UL << 20;
module_param(arena_bytes_max, ulong, 0644);
MODULE_PARM_DESC(arena_bytes_max, "Bytes in secret arenas of all users together (256 MiB)");
static unsigned long arena_bytes_user_max = 64UL << 20;
module_param(arena_bytes_user_max, ulong, 0644);
MODULE_PARM_DESC(arena_bytes_user_max, "Bytes in secret arenas of one user (64 MiB)");

static const struct {
	unsigned long *total;
	unsigned long *user;
} limits[PW_LIMITS] = {
	[PW_LIMIT_WATCHES] = { &watches_max, &watches_user_max },
	[PW_LIMIT_WATCHED_BYTES] = { &watched_bytes_max, &watched_bytes_user_max },
	[PW_LIMIT_HELD_PAGES] = { &held_pages_max, &held_pages_user_max },
	[PW_LIMIT_ARENA_BYTES] = { &arena_bytes_max, &arena_bytes_user_max },
};

static DEFINE_HASHTABLE(users, 6);
static u64 used_total[PW_LIMITS];
static DEFINE_SPINLOCK(pw_users_lock);
static atomic64_t memory_bytes = ATOMIC64_INIT(0);

static struct pw_user *user_find(kuid_t uid)
{
	struct pw_user *user;

	hash_for_each_possible(users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

struct pw_user *pw_user_get(kuid_t uid)
{
	struct pw_user *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	struct pw_user *user;

	if (!fresh)
		return NULL;
	fresh->uid = uid;
	spin_lock(&pw_users_lock);
	user = user_find(uid);
	if (!user) {
		user = fresh;
		fresh = NULL;
		hash_add(users, &user->node, __kuid_val(uid));
	}
	user->refs++;
	spin_unlock(&pw_users_lock);
	kfree(fresh);
	return user;
}

void pw_user_put(struct pw_user *user)
{
	bool last;

	if (!user)
		return;
	spin_lock(&pw_users_lock);
	last = --user->refs == 0;
	if (last)
		hash_del(&user->node);
	spin_unlock(&pw_users_lock);
	if (last)
		kfree(user);
}

/* A parameter may have been lowered below what is used already. */
static bool room(u64 used, unsigned long max, u64 amount)
{
	return used <= max && amount <= max - used;
}

int pw_limit_charge(struct pw_user *user, enum pw_limit what, u64 amount)
{
	int err = 0;

	spin_lock(&pw_users_lock);
	if (!room(user->used[what], READ_ONCE(*limits[what].user), amount)) {
		err = -EDQUOT;
	} else if (!room(used_total[what], READ_ONCE(*limits[what].total), amount)) {
		err = -ENOSPC;
	} else {
		user->used[what] += amount;
		used_total[what] += amount;
	}
	spin_unlock(&pw_users_lock);
	return err;
}

void pw_limit_uncharge(struct pw_user *user, enum pw_limit what, u64 amount)
{
	spin_lock(&pw_users_lock);
	WARN_ON_ONCE(user->used[what] < amount || used_total[what] < amount);
	user->used[what] -= amount;
	used_total[what] -= amount;
	spin_unlock(&pw_users_lock);
}

void pw_memory_add(s64 bytes)
{
	atomic64_add(bytes, &memory_bytes);
}

void pw_limits_info(struct pw_dev_info *info)
{
	spin_lock(&pw_users_lock);
	info->watches = used_total[PW_LIMIT_WATCHES];
	info->watched_bytes = used_total[PW_LIMIT_WATCHED_BYTES];
	info->held_pages = used_total[PW_LIMIT_HELD_PAGES];
	info->arena_bytes = used_total[PW_LIMIT_ARENA_BYTES];
	spin_unlock(&pw_users_lock);
	info->watches_max = watches_max;
	info->watches_user_max = watches_user_max;
	info->watched_bytes_max = watched_bytes_max;
	info->watched_bytes_user_max = watched_bytes_user_max;
	info->held_pages_max = held_pages_max;
	info->held_pages_user_max = held_pages_user_max;
	info->arena_bytes_max = arena_bytes_max;
	info->arena_bytes_user_max = arena_bytes_user_max;
	info->memory_bytes = atomic64_read(&memory_bytes);
}
