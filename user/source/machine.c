// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "user/base/clock.h"

static void copy_text(__u8 *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	memset(to + len, 0, size - len);
}

static void read_boot_id(const struct pw_procfs *fs, struct pw_machine *m)
{
	char text[64];

	if (pw_procfs_read_path(fs, "/proc/sys/kernel/random/boot_id", text, sizeof(text), NULL))
		return;
	text[strcspn(text, "\n")] = 0;
	copy_text(m->boot_id, sizeof(m->boot_id), text);
}

bool pw_machine_sees_all(const struct pw_procfs *fs)
{
	char text[16];

	/* The environment of init takes ptrace rights, what hidepid asks for too. */
	return pw_procfs_read(fs, 1, "environ", text, sizeof(text), NULL) != -EACCES;
}

int pw_machine_fill(const struct pw_procfs *fs, const char *source, uint32_t coverage,
		    struct pw_machine *ret)
{
	struct pw_machine m = { .rec = { .type = PW_REC_MACHINE, .size = sizeof(m) } };
	struct pw_meminfo mem;
	struct utsname uts;
	int err = pw_procfs_meminfo(fs, &mem);

	if (err)
		return err;
	m.rec.time_ns = pw_clock_boot_ns();
	m.page_size = sysconf(_SC_PAGESIZE);
	m.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	m.memory_pages = mem.total / m.page_size;
	m.swap_pages = mem.swap_total / m.page_size;
	m.boot_realtime_ns = pw_clock_boot_realtime_ns();
	m.coverage = coverage;
	if (!uname(&uts)) {
		copy_text(m.hostname, sizeof(m.hostname), uts.nodename);
		copy_text(m.release, sizeof(m.release), uts.release);
	}
	read_boot_id(fs, &m);
	copy_text(m.source, sizeof(m.source), source);
	*ret = m;
	return 0;
}

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
		return 0;
	return t.tv_sec * PW_NSEC_PER_SEC + t.tv_nsec;
}

/* Always of the live machine: what Pagewarden costs now, not what it cost in a recorded tree. */
static uint64_t own_rss_bytes(uint32_t page_size)
{
	unsigned long size, resident;
	struct pw_procfs live;
	char text[128];

	pw_procfs_init(&live, NULL);
	if (pw_procfs_read_path(&live, "/proc/self/statm", text, sizeof(text), NULL))
		return 0;
	if (sscanf(text, "%lu %lu", &size, &resident) != 2)
		return 0;
	return (uint64_t)resident * page_size;
}

int pw_machine_tick(const struct pw_procfs *fs, uint64_t sequence, uint64_t last_tick_ns,
		    struct pw_tick *ret)
{
	uint32_t page_size = sysconf(_SC_PAGESIZE);
	struct pw_tick t = { .rec = { .type = PW_REC_TICK, .size = sizeof(t) } };
	struct pw_meminfo mem;
	int err = pw_procfs_meminfo(fs, &mem);

	if (err)
		return err;
	t.rec.time_ns = pw_clock_boot_ns();
	t.sequence = sequence;
	t.interval_ns = last_tick_ns ? t.rec.time_ns - last_tick_ns : 0;
	t.available_pages = mem.available / page_size;
	t.free_pages = mem.free / page_size;
	t.cached_pages = mem.cached / page_size;
	t.slab_pages = mem.slab / page_size;
	t.swap_free_pages = mem.swap_free / page_size;
	t.user_ns = own_cpu_ns();
	t.own_rss_bytes = own_rss_bytes(page_size);
	*ret = t;
	return 0;
}
