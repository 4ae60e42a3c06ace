// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open descriptor holds the module (fops.owner), so it can't be unloaded
 * while there is anything to end: the last close has ended every watch of the
 * descriptor before it returns.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kconfig.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "arena.h"
#include "compat.h"
#include "device.h"
#include "event.h"
#include "limits.h"
#include "uapi/pagewarden_dev.h"
#include "watch.h"
#include "wipe.h"

/*
 * The ioctls by number. `known` is the struct's size here; `first` is that of
 * its first version, the least that makes sense. `undo`, where there is one,
 * takes back what `run` did when its answer can't be delivered.
 */
struct command {
	int (*run)(struct pw_file *file, void *arg);
	void (*undo)(struct pw_file *file, void *arg);
	u32 known;
	u32 first;
};

union argument {
	u32 size;
	struct pw_dev_info info;
	struct pw_dev_watch watch;
	struct pw_dev_unwatch unwatch;
	struct pw_dev_next next;
	struct pw_dev_wipe wipe;
};

static atomic64_t last_id = ATOMIC64_INIT(0);

u64 pw_device_new_id(void)
{
	return atomic64_inc_return(&last_id);
}

static int info_ioctl(struct pw_file *file, void *arg)
{
	struct pw_dev_info *info = arg;

	if (info->reserved)
		return -EINVAL;
	info->abi = PW_DEV_ABI;
	info->features = PW_DEV_WATCH | PW_DEV_TRACEPOINTS | PW_DEV_WIPE | PW_DEV_ARENA;
	if (IS_ENABLED(CONFIG_FAULT_INJECTION))
		info->features |= PW_DEV_FAULT_INJECTION;
	pw_limits_info(info);
	pw_event_info(info);
	pw_watch_info(info);
	info->reader_lost = pw_reader_lost(&file->reader);
	return 0;
}

static const struct command commands[] = {
	[_IOC_NR(PW_IOC_INFO)] = { info_ioctl, NULL, sizeof(struct pw_dev_info), 184 },
	[_IOC_NR(PW_IOC_WATCH)] = { pw_watch_ioctl, pw_watch_undo, sizeof(struct pw_dev_watch), 80 },
	[_IOC_NR(PW_IOC_UNWATCH)] = { pw_unwatch_ioctl, NULL, sizeof(struct pw_dev_unwatch), 112 },
	[_IOC_NR(PW_IOC_NEXT)] = { pw_next_ioctl, NULL, sizeof(struct pw_dev_next), 152 },
	[_IOC_NR(PW_IOC_WIPE)] = { pw_wipe_ioctl, NULL, sizeof(struct pw_dev_wipe), 96 },
};

static const struct command *command_of(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != PW_IOC_MAGIC || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE) ||
	    _IOC_NR(cmd) >= ARRAY_SIZE(commands) || !commands[_IOC_NR(cmd)].run)
		return NULL;
	return &commands[_IOC_NR(cmd)];
}

/*
 * The bits of the size in `cmd` are not looked at: the struct tells its own,
 * and a caller of another version has another number there.
 */
static long device_ioctl(struct file *filp, unsigned int cmd, unsigned long address)
{
	const struct command *command = command_of(cmd);
	void __user *user = (void __user *)address;
	union argument arg;
	u32 size;
	int err;

	if (!command)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < command->first)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	memset(&arg, 0, sizeof(arg));
	err = copy_struct_from_user(&arg, command->known, user, size);
	if (err)
		return err;
	/* Another thread may have changed it since. What can't be answered is not begun. */
	arg.size = size;
	size = min(size, command->known);
	if (copy_to_user(user, &arg, size))
		return -EFAULT;
	err = command->run(filp->private_data, &arg);
	if (err)
		return err;
	if (copy_to_user(user, &arg, size)) {
		if (command->undo)
			command->undo(filp->private_data, &arg);
		return -EFAULT;
	}
	return 0;
}

static int device_open(struct inode *inode, struct file *filp)
{
	struct pw_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->read_lock);
	pw_reader_init(&file->reader, from_kuid(&init_user_ns, current_uid()),
		       capable(CAP_SYS_ADMIN));
	pw_memory_add(sizeof(*file));
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int device_release(struct inode *inode, struct file *filp)
{
	struct pw_file *file = filp->private_data;

	pw_watch_close(file);
	pw_memory_add(-(s64)sizeof(*file));
	kfree(file);
	return 0;
}

static ssize_t device_read(struct file *filp, char __user *to, size_t room, loff_t *offset)
{
	struct pw_file *file = filp->private_data;
	ssize_t got;

	for (;;) {
		if (mutex_lock_interruptible(&file->read_lock))
			return -ERESTARTSYS;
		got = pw_reader_copy(&file->reader, to, room);
		mutex_unlock(&file->read_lock);
		if (got)
			return got;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(*pw_event_wait(), pw_reader_ready(&file->reader)))
			return -ERESTARTSYS;
	}
}

static __poll_t device_poll(struct file *filp, poll_table *table)
{
	struct pw_file *file = filp->private_data;

	poll_wait(filp, pw_event_wait(), table);
	return pw_reader_ready(&file->reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = pw_arena_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pagewarden",
	.mode = 0660,
	.fops = &device_fops,
};

int pw_device_init(void)
{
	return misc_register(&device);
}

void pw_device_exit(void)
{
	misc_deregister(&device);
}
