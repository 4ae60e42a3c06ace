// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/machine.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"

static uint32_t page_size(void)
{
	return (uint32_t)sysconf(_SC_PAGESIZE);
}

static bool is_live(const struct pw_procfs *fs)
{
	return fs->root[0] == '\0';
}

uint64_t pw_machine_now_ns(const struct pw_procfs *fs)
{
	char text[64];
	uint64_t sec = 0;
	unsigned int hundredths = 0;

	if (is_live(fs))
		return pw_clock_boot_ns();
	if (pw_procfs_read_path(fs, "proc/uptime", text, sizeof(text), NULL) ||
	    sscanf(text, "%10" SCNu64 ".%2u", &sec, &hundredths) < 1 || sec > UINT32_MAX)
		return 0;
	return sec * PW_NSEC_PER_SEC + hundredths * (PW_NSEC_PER_SEC / 100);
}

/* ---- MACHINE ------------------------------------------------------------------ */

/* The first line of a file, cut to fit; "" when it can't be read. */
static void read_line(const struct pw_procfs *fs, const char *path, uint8_t *out, size_t size)
{
	char line[128] = "";

	pw_procfs_read_path(fs, path, line, sizeof(line), NULL);
	line[strcspn(line, "\n")] = '\0';
	memcpy(out, line, strnlen(line, size - 1));
}

/* /proc/stat: a line for each CPU, and the second of the boot. */
static void read_stat(const struct pw_procfs *fs, uint32_t *cpus, uint32_t *boot_sec)
{
	pw_auto_fclose FILE *f = pw_procfs_fopen_path(fs, "proc/stat");
	char line[512];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		/* what is left of a long line begins with a digit or a space */
		if (!strncmp(line, "cpu", 3) && line[3] >= '0' && line[3] <= '9')
			(*cpus)++;
		else
			sscanf(line, "btime %10" SCNu32, boot_sec);
	}
}

int pw_machine_fill(const struct pw_procfs *fs, const char *source, uint32_t coverage,
		    struct pw_machine *ret)
{
	struct pw_machine m = {
		.rec = { .type = PW_REC_MACHINE, .size = sizeof(m) },
		.page_size = page_size(),
		.coverage = coverage,
	};
	struct pw_meminfo mem;
	uint32_t boot_sec = 0;
	int err = pw_procfs_meminfo(fs, &mem);

	if (err)
		return err;
	m.rec.time_ns = pw_machine_now_ns(fs);
	read_stat(fs, &m.cpus, &boot_sec);
	m.boot_realtime_ns = is_live(fs) ? pw_clock_boot_realtime_ns() : boot_sec * PW_NSEC_PER_SEC;
	m.memory_pages = mem.total / m.page_size;
	m.swap_pages = mem.swap_total / m.page_size;
	read_line(fs, "proc/sys/kernel/hostname", m.hostname, sizeof(m.hostname));
	read_line(fs, "proc/sys/kernel/osrelease", m.release, sizeof(m.release));
	read_line(fs, "proc/sys/kernel/random/boot_id", m.boot_id, sizeof(m.boot_id));
	memcpy(m.source, source, strnlen(source, sizeof(m.source) - 1));
	*ret = m;
	return 0;
}

/* ---- TICK ---------------------------------------------------------------------- */

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
		return 0;
	return (uint64_t)t.tv_sec * PW_NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

/* Always of the live machine: what Pagewarden costs now, not what it cost in a recorded tree. */
static uint64_t own_rss_bytes(void)
{
	struct pw_procfs live;
	uint64_t resident;
	char text[128];

	pw_procfs_init(&live, NULL);
	if (pw_procfs_read_path(&live, "proc/self/statm", text, sizeof(text), NULL) ||
	    sscanf(text, "%*u %" SCNu64, &resident) != 1)
		return 0;
	return resident * page_size();
}

int pw_machine_tick(const struct pw_procfs *fs, uint64_t sequence, uint64_t last_tick_ns,
		    struct pw_tick *ret)
{
	uint64_t page = page_size();
	struct pw_tick t = {
		.rec = { .type = PW_REC_TICK, .size = sizeof(t) },
		.sequence = sequence,
	};
	struct pw_meminfo mem;
	int err = pw_procfs_meminfo(fs, &mem);

	if (err)
		return err;
	t.rec.time_ns = pw_machine_now_ns(fs);
	t.interval_ns = last_tick_ns ? t.rec.time_ns - last_tick_ns : 0;
	t.available_pages = mem.available / page;
	t.free_pages = mem.free / page;
	t.cached_pages = mem.cached / page;
	t.slab_pages = mem.slab / page;
	t.swap_free_pages = mem.swap_free / page;
	t.user_ns = own_cpu_ns();
	t.own_rss_bytes = own_rss_bytes();
	*ret = t;
	return 0;
}
