// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/machine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool is_live(const struct pw_procfs *fs)
{
	return fs->root[0] == '\0';
}

/* The first line of a file, cut to fit; "" when it can't be read. */
static void read_line(const struct pw_procfs *fs, const char *path, uint8_t *out, size_t size)
{
	char line[128] = "";

	pw_procfs_read_path(fs, path, line, sizeof(line), NULL);
	line[strcspn(line, "\n")] = '\0';
	memset(out, 0, size);
	memcpy(out, line, strnlen(line, size - 1));
}

/* /proc/stat opens with the cpu lines; btime stands far behind them, so it is read whole. */
static void read_stat(const struct pw_procfs *fs, uint32_t *cpus, uint64_t *boot_sec)
{
	pw_auto_fclose FILE *f = NULL;
	int fd = pw_procfs_open_path(fs, "proc/stat", O_RDONLY);
	char line[512];

	if (fd < 0)
		return;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		/* a continuation of the long intr line begins with a digit or a space */
		if (!strncmp(line, "cpu", 3) && line[3] >= '0' && line[3] <= '9')
			(*cpus)++;
		else
			sscanf(line, "btime %" SCNu64, boot_sec);
	}
}

uint64_t pw_machine_now_ns(const struct pw_procfs *fs)
{
	char text[64];
	uint64_t sec = 0;
	unsigned int hundredths = 0;

	if (is_live(fs))
		return pw_clock_boot_ns();
	if (pw_procfs_read_path(fs, "proc/uptime", text, sizeof(text), NULL) ||
	    sscanf(text, "%" SCNu64 ".%2u", &sec, &hundredths) < 1 || sec > UINT32_MAX)
		return 0;
	return sec * PW_NSEC_PER_SEC + hundredths * (PW_NSEC_PER_SEC / 100);
}

void pw_machine_fill(const struct pw_procfs *fs, const char *source, struct pw_machine *ret)
{
	struct pw_machine m = {
		.rec = { .type = PW_REC_MACHINE, .size = sizeof(m) },
		.page_size = (uint32_t)page_size(),
	};
	struct pw_meminfo mi;
	uint64_t boot_sec = 0;

	m.rec.time_ns = pw_machine_now_ns(fs);
	read_stat(fs, &m.cpus, &boot_sec);
	m.boot_realtime_ns = is_live(fs) ? pw_clock_boot_realtime_ns() : boot_sec * PW_NSEC_PER_SEC;
	if (!pw_procfs_meminfo(fs, &mi)) {
		m.memory_pages = mi.total / m.page_size;
		m.swap_pages = mi.swap_total / m.page_size;
	}
	read_line(fs, "proc/sys/kernel/hostname", m.hostname, sizeof(m.hostname));
	read_line(fs, "proc/sys/kernel/osrelease", m.release, sizeof(m.release));
	read_line(fs, "proc/sys/kernel/random/boot_id", m.boot_id, sizeof(m.boot_id));
	memcpy(m.source, source, strnlen(source, sizeof(m.source) - 1));
	*ret = m;
}

int pw_tick_fill_memory(const struct pw_procfs *fs, struct pw_tick *tick)
{
	uint64_t page = page_size();
	struct pw_meminfo mi;
	int err = pw_procfs_meminfo(fs, &mi);

	if (err)
		return err;
	tick->available_pages = mi.available / page;
	tick->free_pages = mi.free / page;
	tick->cached_pages = mi.cached / page;
	tick->slab_pages = mi.slab / page;
	tick->swap_free_pages = mi.swap_free / page;
	return 0;
}

void pw_tick_fill_own_cost(struct pw_tick *tick)
{
	struct pw_procfs live;
	struct timespec cpu;
	char text[128];
	uint64_t rss;

	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		tick->user_ns = (uint64_t)cpu.tv_sec * PW_NSEC_PER_SEC + (uint64_t)cpu.tv_nsec;
	pw_procfs_init(&live, NULL);
	if (!pw_procfs_read_path(&live, "proc/self/statm", text, sizeof(text), NULL) &&
	    sscanf(text, "%*u %" SCNu64, &rss) == 1)
		tick->own_rss_bytes = rss * page_size();
}
