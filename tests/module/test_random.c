// SPDX-License-Identifier: GPL-2.0-or-later
// timeout: 900
/*
 * Random steps against a model that says which records each must bring.
 *
 *	PW_STEPS   how many in all (100000)
 *	PW_SEED    of all of them (random; printed)
 *	PW_RUN     only this run: RUN or RUN:STEP,STEP,... as a failure prints it
 *	PW_VERBOSE prints each step and each record
 *
 * A run of RUN_STEPS steps has a process of its own. What a step does follows
 * from the seed, the run and its number alone, so that a run can be repeated with
 * steps left out: a failing run is, until no more can be left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/steps.h"
#include "tests/module/tap.h"

#define RUN_STEPS 250u
#define GROUP_RUNS 20u /* runs of one TAP case */

/* What the process that ended expected, for its parent to compare. */
struct ending {
	bool complete;
	uint32_t cause;
	struct model_watch watches[MODEL_WATCHES];
};

static uint64_t seed;
static struct ending *ending; /* shared */

/* ---- comparing --------------------------------------------------------------------------------------------- */

/* The records of one watch and cause, added up. */
static void sum_released(const struct model_watch *w, uint32_t cause, struct pw_secret *sum)
{
	const struct pw_secret *one;

	*sum = (struct pw_secret){ .id = w->id,
				   .event = PW_SECRET_RELEASED,
				   .cause = cause,
				   .start = w->start,
				   .first_dirty = PW_UNKNOWN };
	for (size_t i = 0; (one = records_find(&steps_run.r, w->id, PW_SECRET_RELEASED, i)); i++) {
		if (one->cause != cause)
			continue;
		sum->pages_clean += one->pages_clean;
		sum->pages_dirty += one->pages_dirty;
		sum->pages_mapped += one->pages_mapped;
		sum->pages_swapped += one->pages_swapped;
		sum->pages_copied += one->pages_copied;
		sum->pages_held += one->pages_held;
		sum->pages_unknown += one->pages_unknown;
		sum->pages_scrubbed += one->pages_scrubbed;
		sum->dirty_bytes += one->dirty_bytes;
		if (one->first_dirty < sum->first_dirty)
			sum->first_dirty = one->first_dirty;
	}
}

static void compare_released(const struct model_watch *w)
{
	struct pw_secret sum;

	for (uint32_t cause = 0; cause < MODEL_CAUSES; cause++) {
		sum_released(w, cause, &sum);
		if (!steps_same_sums(&sum, &w->now[cause]))
			steps_wrong_sums("RELEASED", &sum, &w->now[cause]);
	}
}

/* Each page that was shared is told of; nothing is where nothing of the watch was. */
static void compare_shared(const struct model_watch *w)
{
	const struct pw_secret *one;
	bool told;

	for (unsigned int page = 0; page < MODEL_PAGES; page++) {
		if (!w->shared[page])
			continue;
		told = false;
		for (size_t i = 0; (one = records_find(&steps_run.r, w->id, PW_SECRET_SHARED, i)); i++)
			told |= one->from < model_address(page) + MODEL_PAGE &&
				one->to > model_address(page);
		if (!told)
			steps_mismatch(
				"page %u of watch %ju was shared by the fork, and no record says so",
				page, (uintmax_t)w->id);
	}
}

static void compare(struct model *m, bool forked)
{
	for (unsigned int i = 0; i < MODEL_WATCHES; i++) {
		if (!m->watches[i].id)
			continue;
		compare_released(&m->watches[i]);
		compare_shared(&m->watches[i]);
	}
	for (size_t i = 0; i < steps_run.r.count; i++) {
		const struct pw_secret *s = &steps_run.r.secrets[i];
		bool known = false;

		for (unsigned int n = 0; n < MODEL_WATCHES; n++)
			known |= m->watches[n].id == s->id;
		if (!known)
			steps_mismatch("a record of a watch that is none: %s", secret_text(s));
		if (s->event == PW_SECRET_SHARED && !forked)
			steps_mismatch("SHARED without a fork");
		if (s->event == PW_SECRET_RELEASED && s->pages_unknown)
			steps_mismatch("UNKNOWN though it could be looked at");
	}
}

static void step(uint64_t number, unsigned int n)
{
	bool forked;

	model_step(&steps_run.m);
	records_clear(&steps_run.r);
	forked = steps_do(seed ^ number * 0xd1342543de82ef95ull, n);
	records_read(&steps_run.r, steps_run.fd);
	if (steps_verbose)
		for (size_t i = 0; i < steps_run.r.count; i++)
			tap_note("    %s", secret_text(&steps_run.r.secrets[i]));
	compare(&steps_run.m, forked);
}

/* ---- runs ---------------------------------------------------------------------------------------------------- */

/* In a process of its own: the steps of which leave_out is not set, then its end. */
static void run_steps(unsigned int number, const bool *leave_out)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	/* On one CPU: pages that wait in another's batch would be copied where they need not be. */
	sched_setaffinity(0, sizeof(one), &one);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	model_init(&steps_run.m);
	for (unsigned int i = 0; i < RUN_STEPS; i++)
		if (!leave_out || !leave_out[i])
			step((uint64_t)number * RUN_STEPS + i, i);
	steps_end_children();
	model_step(&steps_run.m);
	ending->cause = number % 3 == 2 ? PW_CAUSE_EXEC : PW_CAUSE_EXIT;
	model_end(&steps_run.m, ending->cause);
	memcpy(ending->watches, steps_run.m.watches, sizeof(ending->watches));
	ending->complete = true;
	if (number % 3 == 2)
		execl("/proc/self/exe", "test", "--leave", NULL);
	if (number % 3 == 1)
		kill(getpid(), SIGKILL);
	_exit(number % 3 == 2 ? 1 : 0);
}

/* What its end brought, read by its parent through the same descriptor. */
static void compare_ending(void)
{
	snprintf(steps_run.text, sizeof(steps_run.text), "the end of the process");
	records_clear(&steps_run.r);
	records_read(&steps_run.r, steps_run.fd);
	for (unsigned int i = 0; i < MODEL_WATCHES; i++) {
		const struct model_watch *w = &ending->watches[i];
		const struct pw_secret *end = records_find(&steps_run.r, w->id, PW_SECRET_ENDED, 0);

		if (!w->live)
			continue;
		compare_released(w);
		if (!end || end->cause != ending->cause)
			steps_mismatch("no ENDED of watch %ju", (uintmax_t)w->id);
		if (!steps_same_sums(end, &w->life))
			steps_wrong_sums("ENDED", end, &w->life);
	}
}

/* The status of a run: 0, STEPS_MISMATCH, or what else went wrong. */
static int run_once(unsigned int number, const bool *leave_out)
{
	int status = 0;
	pid_t keeper, pid;

	fflush(stdout);
	keeper = fork();
	if (keeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		steps_run.fd = dev_open();
		memset(ending, 0, sizeof(*ending));
		pid = fork();
		if (pid == 0)
			run_steps(number, leave_out);
		waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status))
			_exit(WEXITSTATUS(status));
		if (!ending->complete)
			tap_fail("the process of the run died: status %#x", status);
		compare_ending();
		_exit(0);
	}
	if (waitpid(keeper, &status, 0) != keeper)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static bool fails_without(unsigned int number, const bool *leave_out)
{
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY), status;

	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	status = run_once(number, leave_out);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(null);
	return status != 0;
}

/* Leaves out as many steps as can be: halves, quarters, ..., single ones. */
static void shrink(unsigned int number, bool *leave_out)
{
	bool trial[RUN_STEPS];

	for (unsigned int size = RUN_STEPS / 2; size; size = size > 1 ? (size + 1) / 2 : 0) {
		for (unsigned int from = 0; from < RUN_STEPS; from += size) {
			bool any = false;

			memcpy(trial, leave_out, sizeof(trial));
			for (unsigned int i = from; i < from + size && i < RUN_STEPS; i++) {
				any |= !trial[i];
				trial[i] = true;
			}
			if (any && fails_without(number, trial))
				memcpy(leave_out, trial, sizeof(trial));
		}
	}
}

static void explain(unsigned int number)
{
	bool leave_out[RUN_STEPS] = { false };
	char list[RUN_STEPS * 4 + 1] = "";
	size_t n = 0;

	if (!fails_without(number, leave_out)) {
		tap_note("it does not fail again: PW_SEED=%#jx PW_RUN=%u", (uintmax_t)seed, number);
		return;
	}
	shrink(number, leave_out);
	for (unsigned int i = 0; i < RUN_STEPS; i++)
		if (!leave_out[i])
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%u", n ? "," : "", i);
	tap_note("again: PW_SEED=%#jx PW_RUN=%u:%s", (uintmax_t)seed, number, list);
	steps_verbose = true;
	run_once(number, leave_out);
}

struct group {
	unsigned int first, last;
};

static void run_group(const void *arg)
{
	const struct group *g = arg;

	for (unsigned int number = g->first; number < g->last; number++) {
		int status = run_once(number, NULL);

		if (!status)
			continue;
		tap_note("run %u: status %d", number, status);
		explain(number);
		tap_fail("run %u of seed %#jx", number, (uintmax_t)seed);
	}
}

static void run_chosen(const void *arg)
{
	bool leave_out[RUN_STEPS];
	const char *text = arg, *list = strchr(text, ':');
	unsigned int number = (unsigned int)strtoul(text, NULL, 10);

	memset(leave_out, list != NULL, sizeof(leave_out));
	while (list) {
		unsigned int i = (unsigned int)strtoul(list + 1, NULL, 10);

		if (i < RUN_STEPS)
			leave_out[i] = false;
		list = strchr(list + 1, ',');
	}
	must_equal(run_once(number, leave_out), 0);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("PW_STEPS"), *chosen = getenv("PW_RUN");
	unsigned int count = wanted ? (unsigned int)strtoul(wanted, NULL, 0) : 100000;
	unsigned int runs = (count + RUN_STEPS - 1) / RUN_STEPS;

	if (argc > 1 && !strcmp(argv[1], "--leave"))
		return 0;
	if (getenv("PW_SEED"))
		seed = strtoull(getenv("PW_SEED"), NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return 1;
	steps_verbose = getenv("PW_VERBOSE") != NULL;
	ending = mmap(NULL, sizeof(*ending), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (ending == MAP_FAILED)
		return 1;
	tap_afterwards = dev_leftovers;
	tap_seconds = 600;
	steps_swap = swap_try() == 0;
	tap_note("seed %#jx, %u steps in %u runs, %s swap", (uintmax_t)seed, runs * RUN_STEPS, runs,
		 steps_swap ? "with" : "without");
	if (chosen)
		tap_case(run_chosen, chosen, "run %s", chosen);
	for (unsigned int n = 0; !chosen && n < runs; n += GROUP_RUNS) {
		struct group g = { n, n + GROUP_RUNS < runs ? n + GROUP_RUNS : runs };

		tap_case(run_group, &g, "random steps %u to %u", n * RUN_STEPS + 1,
			 g.last * RUN_STEPS);
	}
	swap_off();
	return tap_end();
}
