// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module of bugs, one of each kind that a debug kernel is to report:
 *
 *   echo NAME >/sys/module/pw_bait/parameters/bug
 *
 * commits one. Nothing of Pagewarden's module is in here: this asks whether
 * the checkers of a kernel are awake, before their silence is believed.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

/* What the compiler must neither see through nor drop. */
static void *volatile hidden;
static volatile int sink;

static int bug_use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	hidden = p;
	kfree(p);
	sink = *(volatile char *)hidden;
	return 0;
}

static int bug_out_of_bounds(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	hidden = p;
	((volatile char *)hidden)[64] = 1;
	kfree(p);
	return 0;
}

static int bug_double_free(void)
{
	hidden = kmalloc(64, GFP_KERNEL);
	kfree(hidden);
	kfree(hidden);
	return 0;
}

static int bug_leak(void)
{
	hidden = kmalloc(192, GFP_KERNEL);
	if (!hidden)
		return -ENOMEM;
	hidden = NULL;
	return 0;
}

static int bug_page_leak(void)
{
	return alloc_page(GFP_KERNEL) ? 0 : -ENOMEM;
}

static int bug_pin_leak(void)
{
	unsigned long at =
		vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	struct page *page;

	if (IS_ERR_VALUE(at))
		return (int)at;
	return pin_user_pages_fast(at, 1, FOLL_WRITE, &page) == 1 ? 0 : -EFAULT;
}

static DEFINE_SPINLOCK(sleep_lock);

static int bug_sleep(void)
{
	spin_lock(&sleep_lock);
	hidden = kmalloc(64, GFP_KERNEL);
	spin_unlock(&sleep_lock);
	kfree(hidden);
	return 0;
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static int bug_lock_inversion(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
	return 0;
}

static int bug_list(void)
{
	static LIST_HEAD(head);
	static struct list_head item;

	list_add(&item, &head);
	list_del(&item);
	list_del(&item);
	return 0;
}

static int bug_refcount(void)
{
	static refcount_t count = REFCOUNT_INIT(1);

	if (refcount_dec_and_test(&count))
		refcount_inc(&count);
	return 0;
}

static int bug_shift(void)
{
	static volatile int by = 40;

	sink = 1 << by;
	return 0;
}

static void nothing(struct work_struct *work)
{
}

static int bug_live_object(void)
{
	struct delayed_work *work = kzalloc(sizeof(*work), GFP_KERNEL);

	if (!work)
		return -ENOMEM;
	INIT_DELAYED_WORK(work, nothing);
	schedule_delayed_work(work, HZ);
	kfree(work);
	return 0;
}

static int raced;

static int racer(void *done)
{
	unsigned long until = jiffies + 4 * HZ;

	while (time_before(jiffies, until)) {
		raced++;
		barrier(); /* each time anew */
		cond_resched();
	}
	complete(done);
	return 0;
}

static int bug_data_race(void)
{
	struct completion done[2];
	int i, started = 0;

	for (i = 0; i < 2; i++) {
		init_completion(&done[i]);
		if (!IS_ERR(kthread_run(racer, &done[i], "racer%d", i)))
			started++;
		else
			complete(&done[i]);
	}
	for (i = 0; i < 2; i++)
		wait_for_completion(&done[i]);
	return started == 2 ? 0 : -ENOMEM;
}

/* The guest doesn't survive this one. */
static int bug_page_put_twice(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	hidden = page;
	put_page(page);
	put_page((struct page *)hidden);
	return 0;
}

#define BUG_NAMED(name)           \
	{                         \
#name, bug_##name \
	}
static const struct {
	const char *name;
	int (*commit)(void);
} bugs[] = {
	BUG_NAMED(use_after_free), BUG_NAMED(out_of_bounds),  BUG_NAMED(double_free),
	BUG_NAMED(leak),	   BUG_NAMED(page_leak),      BUG_NAMED(pin_leak),
	BUG_NAMED(sleep),	   BUG_NAMED(lock_inversion), BUG_NAMED(list),
	BUG_NAMED(refcount),	   BUG_NAMED(shift),	      BUG_NAMED(live_object),
	BUG_NAMED(data_race),	   BUG_NAMED(page_put_twice),
};

static int commit_bug(const char *value, const struct kernel_param *kp)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (sysfs_streq(value, bugs[i].name))
			return bugs[i].commit();
	}
	return -EINVAL;
}

static const struct kernel_param_ops bug_ops = { .set = commit_bug };
module_param_cb(bug, &bug_ops, NULL, 0200);
MODULE_PARM_DESC(bug, "commits the bug of this name");

static int __init bait_init(void)
{
	return 0;
}

static void __exit bait_exit(void)
{
}

module_init(bait_init);
module_exit(bait_exit);
MODULE_DESCRIPTION("Bugs for testing debug kernels");
MODULE_LICENSE("GPL");
