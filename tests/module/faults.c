// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/module/device.h"
#include "tests/module/tap.h"

/* ---- faults --------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int fail_nth = -1;

bool faults_possible(void)
{
	return !access("/proc/thread-self/fail-nth", W_OK);
}

/* By default the kernel spares the allocations that may wait: those are ours. */
void faults_init(void)
{
	write_text("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	must(fail_nth >= 0);
}

void fault_arm(unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	must_equal(pwrite(fail_nth, text, length, 0), length);
}

/* The question and the disarming are calls that it may still hit. */
bool fault_disarm(void)
{
	char text[16] = "";
	ssize_t got = pread(fail_nth, text, sizeof(text) - 1, 0);
	bool came = got > 0 && strtoul(text, NULL, 10) == 0;

	while (pwrite(fail_nth, "0", 1, 0) != 1)
		;
	return came;
}

/* ---- what must be as before ------------------------------------------------------------- */

static int64_t vmstat_pins(void)
{
	long long value, pins = 0;
	char name[64];
	FILE *f;

	/* What each CPU has counted for itself counts too. */
	write_text("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/vmstat", "r");
	must(f);
	while (fscanf(f, "%63s %lld", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			pins += value;
		else if (!strcmp(name, "nr_foll_pin_released"))
			pins -= value;
	}
	fclose(f);
	return pins;
}

struct state state_now(int device)
{
	struct pw_dev_info info = dev_info(device);

	for (int i = 0; info.pending && i < 500; i++) {
		usleep(10000);
		info = dev_info(device);
	}
	must_equal(info.pending, 0);
	return (struct state){
		.watches = info.watches,
		.watched_bytes = info.watched_bytes,
		.held_pages = info.held_pages,
		.arena_bytes = info.arena_bytes,
		.memory_bytes = info.memory_bytes,
		.pins = vmstat_pins(),
	};
}

void must_be_as_before(const struct state *before, int device)
{
	struct state now = state_now(device);

	must_equal(now.watches, before->watches);
	must_equal(now.watched_bytes, before->watched_bytes);
	must_equal(now.held_pages, before->held_pages);
	must_equal(now.arena_bytes, before->arena_bytes);
	must_equal(now.memory_bytes, before->memory_bytes);
	must_equal(now.pins, before->pins);
}
