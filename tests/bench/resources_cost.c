// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * resources_cost [ROUNDS]: what it costs to read what processes hold beside
 * memory, and what cgroups hold.
 *
 *   iterator  BPF's time for each visited thread, in passes that read no
 *             resources and in passes that read those of all, in turn: the
 *             kernel's own account of the program
 *   /proc     CPU of one reading of one process
 *   cgroups   CPU of one walk over CGROUPS cgroups that have processes; they
 *             are made for it, where that is allowed
 *
 * Medians of the rounds.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/source/cgroup_values.h"
#include "user/source/cgroups.h"
#include "user/source/proc_resources.h"

#define ROUNDS_MAX 1001
#define PROCESSES 1000
#define CGROUPS 500

static pid_t children[PROCESSES];

static void stop_children(void)
{
	for (int i = 0; i < PROCESSES; i++)
		if (children[i] > 0)
			kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	memset(children, 0, sizeof(children));
}

/* Processes that sleep, with so many descriptors each. */
static void start_children(int files)
{
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] < 0)
			break;
		if (children[i] == 0) {
			while (fcntl(0, F_DUPFD, 0) < files - 1)
				;
			pause();
			_exit(0);
		}
	}
	sleep(1);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[n / 2];
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ignore(void *ctx, const struct pw_record *rec)
{
	unsigned int *records = ctx;

	records[rec->type < 64 ? rec->type : 0]++;
	return 0;
}

/* ---- the iterator ------------------------------------------------------------------ */

static bool program_info(int fd, struct bpf_prog_info *ret)
{
	char link[64], target[64] = "";
	uint32_t len = sizeof(*ret);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	memset(ret, 0, sizeof(*ret));
	return readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, "bpf-prog") &&
	       !bpf_obj_get_info_by_fd(fd, ret, &len);
}

/* The descriptor of the iterator that this process loaded last. */
static int newest_iterator(void)
{
	struct bpf_prog_info info;
	uint32_t newest = 0;
	int found = -1;

	for (int fd = 0; fd < 1024; fd++) {
		if (!program_info(fd, &info) || strcmp(info.name, "count_tasks") != 0 ||
		    info.id < newest)
			continue;
		newest = info.id;
		found = fd;
	}
	return found;
}

static struct pw_source *open_source(uint64_t every_ns, int *ret_program)
{
	const struct pw_source_options opt = { .no_ledger = true, .resources_every_ns = every_ns };
	struct pw_source *src;
	struct pw_error err = { 0 };

	if (pw_source_bpf_create(&opt, &src, &err)) {
		pw_error_print(&err, stderr);
		exit(1);
	}
	*ret_program = newest_iterator();
	return src;
}

/* ns for each visited thread in one pass. */
static double pass(struct pw_source *src, int program)
{
	struct bpf_prog_info before, after;
	unsigned int records[64] = { 0 };
	struct pw_error err;

	if (!program_info(program, &before) || pw_source_collect(src, ignore, records, &err) ||
	    !program_info(program, &after))
		exit(1);
	return (double)(after.run_time_ns - before.run_time_ns) /
	       (double)(after.run_cnt - before.run_cnt);
}

static void measure_iterator(int files, int rounds)
{
	double without[ROUNDS_MAX], with[ROUNDS_MAX], more[ROUNDS_MAX];
	int never, always;
	struct pw_source *a, *b;

	start_children(files);
	a = open_source(3600000000000ull, &never);
	b = open_source(1, &always);
	for (int i = 0; i < rounds; i++) {
		without[i] = pass(a, never);
		with[i] = pass(b, always);
		more[i] = with[i] - without[i];
	}
	pw_source_destroy(a);
	pw_source_destroy(b);
	stop_children();
	printf("iterator, %d descriptors each: %.0f ns, with resources %.0f ns, %+.0f ns\n", files,
	       median(without, rounds), median(with, rounds), median(more, rounds));
}

/* ---- /proc ----------------------------------------------------------------------------- */

static void measure_proc(int rounds)
{
	double files[ROUNDS_MAX], all[ROUNDS_MAX], start;
	struct pw_procfs fs;
	struct pw_proc_walk w = { .fs = &fs, .now_ns = 1 };
	struct pw_proc_process p;
	struct pw_resources r;
	uint32_t count;

	pw_procfs_init(&fs, NULL);
	if (pw_proc_process_look(&fs, (uint32_t)getpid(), &p))
		exit(1);
	for (int i = 0; i < rounds; i++) {
		start = cpu_us();
		for (int n = 0; n < 100; n++)
			pw_procfs_count_files(&fs, p.key.pid, 1 << 20, &count);
		files[i] = (cpu_us() - start) / 100;
		start = cpu_us();
		for (int n = 0; n < 100; n++) {
			p.held = (struct pw_proc_held){ 0 };
			pw_proc_resources_news(&w, &p, &r);
		}
		all[i] = (cpu_us() - start) / 100;
	}
	printf("/proc, one process: descriptors %.1f us, all of it %.1f us\n",
	       median(files, rounds), median(all, rounds));
}

/* ---- cgroups ----------------------------------------------------------------------------- */

static char base[512]; /* the cgroup in which they are made */

static void write_in(const char *dir, const char *name, const char *text)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static bool make_cgroups(const struct pw_cgroup_tree *tree)
{
	char dir[640], pid[16];

	snprintf(base, sizeof(base), "/%s", tree->mount);
	if (!tree->v1)
		write_in(base, "cgroup.subtree_control", "+memory +pids");
	snprintf(base, sizeof(base), "/%s/pagewarden-bench-%d", tree->mount, getpid());
	if (mkdir(base, 0755))
		return false;
	if (!tree->v1)
		write_in(base, "cgroup.subtree_control", "+memory +pids");
	for (int i = 0; i < CGROUPS; i++) {
		snprintf(dir, sizeof(dir), "%s/%d", base, i);
		snprintf(pid, sizeof(pid), "%d", children[i]);
		if (mkdir(dir, 0755))
			return false;
		write_in(dir, "cgroup.procs", pid);
	}
	return true;
}

static void remove_cgroups(void)
{
	char dir[640];

	for (int i = 0; i < CGROUPS; i++) {
		snprintf(dir, sizeof(dir), "%s/%d", base, i);
		for (int tries = 0; rmdir(dir) && errno == EBUSY && tries < 100; tries++)
			usleep(10000);
	}
	rmdir(base);
}

static void measure_walks(const struct pw_procfs *fs, int rounds)
{
	unsigned int records[64] = { 0 };
	double took[ROUNDS_MAX], start;
	struct pw_cgroups *c;

	if (pw_cgroups_create(fs, 1, &c))
		exit(1);
	for (int i = 0; i < rounds; i++) {
		start = cpu_us();
		pw_cgroups_collect(c, (uint64_t)i * 1000 + 1, ignore, records);
		took[i] = cpu_us() - start;
	}
	pw_cgroups_destroy(c);
	printf("a walk over %d cgroups: %.1f ms, %.1f us each\n", CGROUPS,
	       median(took, rounds) / 1000, median(took, rounds) / CGROUPS);
}

static void measure_cgroups(int rounds)
{
	struct pw_cgroup_tree tree;
	struct pw_procfs fs;

	pw_procfs_init(&fs, NULL);
	if (pw_cgroup_tree_find(&fs, &tree)) {
		printf("cgroups: no memory controller here\n");
		return;
	}
	start_children(4);
	if (make_cgroups(&tree)) {
		printf("memory controller of version %d: ", tree.v1 ? 1 : 2);
		measure_walks(&fs, rounds);
	} else {
		printf("cgroups: none can be made here: %s\n", strerror(errno));
	}
	stop_children();
	remove_cgroups();
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 31, stats;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats < 0)
		printf("iterator: the kernel keeps no account of BPF programs: %s\n",
		       strerror(errno));
	for (int files = 4; stats >= 0 && files <= 1024; files *= 16)
		measure_iterator(files, rounds);
	measure_proc(rounds);
	measure_cgroups(rounds);
	return 0;
}
