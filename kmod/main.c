// SPDX-License-Identifier: GPL-2.0-only
/* Order of init, exit in exact reverse: the device is last, so nobody calls before all is there. */
#include <linux/init.h>
#include <linux/module.h>

#include "device.h"
#include "event.h"
#include "look.h"
#include "watch.h"

static int __init pw_init(void)
{
	int err;

	err = pw_event_init();
	if (err)
		return err;
	err = pw_look_init();
	if (err)
		goto exit_event;
	err = pw_watch_init();
	if (err)
		goto exit_look;
	err = pw_device_init();
	if (err)
		goto exit_watch;
	return 0;

exit_watch:
	pw_watch_exit();
exit_look:
	pw_look_exit();
exit_event:
	pw_event_exit();
	return err;
}

static void __exit pw_exit(void)
{
	pw_device_exit();
	pw_watch_exit();
	pw_look_exit();
	pw_event_exit();
}

module_init(pw_init);
module_exit(pw_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The Pagewarden developers");
MODULE_DESCRIPTION("Watches registered secrets leave memory, wipes, and keeps secret arenas");
