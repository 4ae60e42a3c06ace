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
#include "tests/module/model.h"
#include "tests/module/tap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define RUN_STEPS 250u
#define GROUP_RUNS 20u /* runs of one TAP case */
#define MISMATCH 3 /* exit status of a run whose records were not as expected */
#define PAGE_BYTES ((uint64_t)MODEL_PAGE)

struct run {
	struct model m;
	struct records r;
	int fd;
	struct {
		pid_t pid;
		int to, from;
	} children[MODEL_CHILDREN];
	bool swap;
	char text[160]; /* what the step is */
};

/* What the process that ended expected, for its parent to compare. */
struct ending {
	bool complete;
	uint32_t cause;
	struct model_watch watches[MODEL_WATCHES];
};

static uint64_t seed;
static bool verbose, swap;
static struct ending *ending; /* shared */
static struct run run; /* of this process */

/* ---- chance --------------------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t chance;

static unsigned int below(unsigned int bound)
{
	return (unsigned int)(mix(&chance) % bound);
}

/* Pages [*first, *last) of one area. */
static void some_pages(unsigned int *first, unsigned int *last)
{
	unsigned int area = below(MODEL_AREAS), a = below(MODEL_AREA_PAGES);
	unsigned int n = 1 + below(below(3) ? 3 : MODEL_AREA_PAGES);

	*first = area * MODEL_AREA_PAGES + a;
	*last = a + n < MODEL_AREA_PAGES ? *first + n : (area + 1) * MODEL_AREA_PAGES;
}

static bool all_mapped(const struct model *m, unsigned int first, unsigned int last)
{
	for (unsigned int page = first; page < last; page++)
		if (!m->pages[page].mapped)
			return false;
	return true;
}

static void *at(unsigned int page)
{
	return (void *)model_address(page);
}

static void __attribute__((format(printf, 1, 2))) describe(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(run.text, sizeof(run.text), format, args);
	va_end(args);
	if (verbose)
		tap_note("  %s", run.text);
}

static void __attribute__((format(printf, 1, 2), noreturn)) mismatch(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tap_note("%s: %s", run.text, text);
	for (size_t i = 0; i < run.r.count; i++)
		tap_note("    %s", secret_text(&run.r.secrets[i]));
	_exit(MISMATCH);
}

/* ---- children ----------------------------------------------------------------------------------------- */

/* A child does what it is told: 'w' or 'u' and a page, 'x'. */
static void child_main(int from, int to)
{
	uint8_t order[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(from, order, 2) == 2 && order[0] != 'x') {
		if (order[0] == 'w')
			*(volatile uint8_t *)at(order[1]) = 'c';
		else if (munmap(at(order[1]), MODEL_PAGE))
			_exit(1);
		if (write(to, order, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void child_do(unsigned int child, char what, unsigned int page)
{
	uint8_t order[2] = { (uint8_t)what, (uint8_t)page };

	if (write(run.children[child].to, order, 2) != 2 ||
	    (what != 'x' && read(run.children[child].from, order, 1) != 1))
		tap_fail("a child does not answer");
}

static void child_start(unsigned int child)
{
	int there[2], back[2];
	pid_t pid;

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		tap_fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		tap_fail("fork: %s", strerror(errno));
	if (pid == 0) {
		for (unsigned int i = 0; i < MODEL_CHILDREN; i++)
			if (run.m.children[i].alive && i != child)
				close(run.children[i].to);
		close(there[1]);
		child_main(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	run.children[child].pid = pid;
	run.children[child].to = there[1];
	run.children[child].from = back[0];
}

static void child_stop(unsigned int child)
{
	int status = 0;

	child_do(child, 'x', 0);
	close(run.children[child].to);
	close(run.children[child].from);
	if (waitpid(run.children[child].pid, &status, 0) < 0 || status)
		tap_fail("a child ended with %d", status);
}

/* ---- steps ------------------------------------------------------------------------------------------------ */

static void map_pages(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	describe("mmap %u..%u", first, last);
	for (unsigned int page = first; page < last; page++)
		model_map(m, page);
	if (mmap(at(first), (last - first) * PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		tap_fail("mmap: %s", strerror(errno));
}

/* A whole area: else hardly a range is ever mapped whole. */
static void map_area(struct model *m)
{
	unsigned int area = below(MODEL_AREAS), first = area * MODEL_AREA_PAGES;

	describe("mmap area %u where it is not mapped", area);
	for (unsigned int page = first; page < first + MODEL_AREA_PAGES; page++) {
		if (m->pages[page].mapped)
			continue;
		model_map(m, page);
		if (mmap(at(page), MODEL_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
			tap_fail("mmap: %s", strerror(errno));
	}
}

static void unmap_pages(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	describe("munmap %u..%u", first, last);
	for (unsigned int page = first; page < last; page++)
		model_unmap(m, page);
	if (munmap(at(first), (last - first) * PAGE_BYTES))
		tap_fail("munmap: %s", strerror(errno));
}

static void discard_pages(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	if (!all_mapped(m, first, last))
		return;
	describe("MADV_DONTNEED %u..%u", first, last);
	for (unsigned int page = first; page < last; page++)
		model_discard(m, page);
	if (madvise(at(first), (last - first) * PAGE_BYTES, MADV_DONTNEED))
		tap_fail("madvise: %s", strerror(errno));
}

/* Page by page: a range of several mappings would be refused. */
static void move_pages(struct model *m)
{
	unsigned int first, last, to = below(MODEL_AREAS) * MODEL_AREA_PAGES;

	some_pages(&first, &last);
	if (first / MODEL_AREA_PAGES == to / MODEL_AREA_PAGES)
		return;
	to += first % MODEL_AREA_PAGES;
	describe("mremap %u..%u to %u", first, last, to);
	for (unsigned int page = first; page < last; page++, to++) {
		if (!m->pages[page].mapped)
			continue;
		model_move(m, page, to);
		if (mremap(at(page), MODEL_PAGE, MODEL_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   at(to)) != at(to))
			tap_fail("mremap: %s", strerror(errno));
	}
}

static void set_page(struct model *m, unsigned int page, bool dirty)
{
	unsigned int from = below(2) ? 0 : below(MODEL_PAGE);
	unsigned int to = below(2) ? MODEL_PAGE : from + 1 + below(MODEL_PAGE - from);

	if (!m->pages[page].mapped)
		return;
	model_write(m, page, from, to, dirty);
	memset((uint8_t *)at(page) + from, dirty ? 'x' : 0, to - from);
}

static void write_pages(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	describe("write %u..%u", first, last);
	for (unsigned int page = first; page < last; page++)
		set_page(m, page, true);
}

static void clear_pages(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	describe("clear %u..%u", first, last);
	for (unsigned int page = first; page < last; page++)
		set_page(m, page, false);
}

/* What is read is what the model has: nobody has wiped what he should not. */
static void read_pages(struct model *m)
{
	unsigned int first, last, byte;

	some_pages(&first, &last);
	describe("read %u..%u", first, last);
	for (unsigned int page = first; page < last; page++) {
		if (!m->pages[page].mapped)
			continue;
		model_read(m, page);
		for (int i = 0; i < 4; i++) {
			byte = below(MODEL_PAGE);
			if (!*((volatile uint8_t *)at(page) + byte) != !model_is_dirty(m, page, byte))
				mismatch("page %u has another byte %u than was written", page, byte);
		}
	}
}

static void page_out(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	if (!swap || !all_mapped(m, first, last))
		return;
	for (unsigned int i = 0; i < MODEL_CHILDREN; i++)
		if (m->children[i].alive)
			return; /* what is shared stays or goes as the kernel likes */
	describe("MADV_PAGEOUT %u..%u", first, last);
	if (madvise(at(first), (last - first) * PAGE_BYTES, MADV_PAGEOUT))
		tap_fail("madvise: %s", strerror(errno));
	/* Reclaim may fail for a page: what it did is asked of the page tables. */
	for (unsigned int page = first; page < last; page++) {
		if (!model_is_present(m, page) || !page_swapped(getpid(), model_address(page)))
			continue;
		if (model_is_held(m, page))
			mismatch("page %u was swapped out though it is held", page);
		model_swapped(m, page);
	}
}

static void fork_child(struct model *m)
{
	unsigned int child = below(MODEL_CHILDREN);

	if (m->children[child].alive)
		return;
	describe("fork %u", child);
	/* A swap slot that two have is neither's; it is read back first. */
	for (unsigned int page = 0; page < MODEL_PAGES; page++) {
		if (m->pages[page].frame == NO_FRAME || model_is_present(m, page))
			continue;
		model_read(m, page);
		(void)*(volatile uint8_t *)at(page);
	}
	model_fork(m, child);
	child_start(child);
}

static void child_writes(struct model *m)
{
	unsigned int child = below(MODEL_CHILDREN), first, last;

	some_pages(&first, &last);
	if (!m->children[child].alive)
		return;
	describe("child %u writes %u..%u", child, first, last);
	for (unsigned int page = first; page < last; page++) {
		if (!m->children[child].pages[page].mapped)
			continue;
		model_child_write(m, child, page);
		child_do(child, 'w', page);
	}
}

static void child_unmaps(struct model *m)
{
	unsigned int child = below(MODEL_CHILDREN), first, last;

	some_pages(&first, &last);
	if (!m->children[child].alive)
		return;
	describe("child %u unmaps %u..%u", child, first, last);
	for (unsigned int page = first; page < last; page++) {
		model_child_unmap(m, child, page);
		child_do(child, 'u', page);
	}
}

static void child_exits(struct model *m)
{
	unsigned int child = below(MODEL_CHILDREN);

	if (!m->children[child].alive)
		return;
	describe("child %u exits", child);
	model_child_exit(m, child);
	child_stop(child);
}

static void some_bytes(unsigned int first, unsigned int last, uint64_t *start, uint64_t *end)
{
	*start = model_address(first);
	*end = model_address(last - 1) + MODEL_PAGE;
	if (below(2))
		return;
	*start += below(MODEL_PAGE);
	*end -= last - first > 1 ? below(MODEL_PAGE) : 0;
}

static void watch(struct model *m)
{
	static const uint32_t flags[] = { 0, 0, PW_WATCH_HOLD, PW_WATCH_HOLD | PW_WATCH_SCRUB };
	unsigned int n = below(MODEL_WATCHES), first, last;
	uint32_t flag = flags[below(4)];
	uint64_t start, end, id = 0;
	int err;

	some_pages(&first, &last);
	some_bytes(first, last, &start, &end);
	if (m->watches[n].live)
		return;
	describe("watch %u: %u..%u, bytes %#jx..%#jx, flags %u", n, first, last,
		 (uintmax_t)(start - model_address(first)), (uintmax_t)(end - model_address(first)),
		 flag);
	err = dev_watch(run.fd, 0, start, end - start, flag, &id);
	if (!all_mapped(m, first, last)) {
		if (err != -EFAULT)
			mismatch("%d, not EFAULT", err);
		return;
	}
	if (err)
		mismatch("%s", strerror(-err));
	model_watch(m, n, start, end, flag);
	m->watches[n].id = id;
}

static bool same_sums(const struct pw_secret *got, const struct model_sums *want)
{
	return got->pages_clean == want->clean && got->pages_dirty == want->dirty &&
	       got->pages_mapped == want->mapped && got->pages_swapped == want->swapped &&
	       got->pages_copied == want->copied && got->pages_held == want->held &&
	       got->pages_unknown == want->unknown && got->pages_scrubbed == want->scrubbed &&
	       got->dirty_bytes == want->dirty_bytes &&
	       (!want->dirty_bytes || got->first_dirty == want->first_dirty);
}

static void __attribute__((noreturn))
wrong_sums(const char *what, const struct pw_secret *got, const struct model_sums *want)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", secret_text(got));
	mismatch("%s: %s\n    expected: clean %ju dirty %ju mapped %ju swapped %ju copied %ju held "
		 "%ju unknown %ju scrubbed %ju, %ju bytes from %#jx",
		 what, text, (uintmax_t)want->clean, (uintmax_t)want->dirty, (uintmax_t)want->mapped,
		 (uintmax_t)want->swapped, (uintmax_t)want->copied, (uintmax_t)want->held,
		 (uintmax_t)want->unknown, (uintmax_t)want->scrubbed, (uintmax_t)want->dirty_bytes,
		 (uintmax_t)(want->dirty_bytes ? want->first_dirty - got->start : 0));
}

static void unwatch(struct model *m)
{
	unsigned int n = below(MODEL_WATCHES);
	const struct pw_secret *end;
	struct model_sums want;
	uint64_t id;

	if (!m->watches[n].live)
		return;
	describe("unwatch %u", n);
	id = m->watches[n].id;
	want = model_unwatch(m, n);
	if (dev_unwatch(run.fd, id, NULL))
		mismatch("unwatch: %s", strerror(errno));
	records_read(&run.r, run.fd);
	end = records_find(&run.r, id, PW_SECRET_ENDED, 0);
	if (!end || end->cause != PW_CAUSE_UNWATCH)
		mismatch("no ENDED of it");
	if (!same_sums(end, &want))
		wrong_sums("ENDED", end, &want);
}

static void wipe(struct model *m)
{
	unsigned int first, last, shared = 0, swapped = 0;
	uint64_t start, end, absent = 0;
	struct pw_dev_wipe w;
	int err;

	some_pages(&first, &last);
	some_bytes(first, last, &start, &end);
	describe("wipe %u..%u, bytes %#jx..%#jx", first, last,
		 (uintmax_t)(start - model_address(first)), (uintmax_t)(end - model_address(first)));
	err = dev_wipe(run.fd, 0, start, end - start, &w);
	if (!all_mapped(m, first, last)) {
		if (err != -EFAULT)
			mismatch("%d, not EFAULT", err);
		return;
	}
	if (err)
		mismatch("%s", strerror(-err));
	for (unsigned int page = first; page < last; page++) {
		uint64_t here = model_address(page);
		unsigned int from = start > here ? (unsigned int)(start - here) : 0;
		unsigned int to = end < here + MODEL_PAGE ? (unsigned int)(end - here) : MODEL_PAGE;

		if (m->pages[page].frame == NO_FRAME) {
			absent += to - from;
			continue;
		}
		shared += model_is_shared(m, page);
		swapped += !model_is_present(m, page);
		model_write(m, page, from, to, false);
	}
	records_read(&run.r, run.fd);
	if (w.verdict != PW_WIPED_WHOLE || w.absent_bytes != absent ||
	    w.wiped_bytes != end - start - absent || w.unreached_bytes ||
	    w.copies_left_pages != shared || w.swapped_pages != swapped || w.first_dirty != ~0ull)
		mismatch("verdict %u, wiped %ju, absent %ju, unreached %ju, copies %ju, swapped "
			 "%ju; expected absent %ju, copies %u, swapped %u",
			 w.verdict, (uintmax_t)w.wiped_bytes, (uintmax_t)w.absent_bytes,
			 (uintmax_t)w.unreached_bytes, (uintmax_t)w.copies_left_pages,
			 (uintmax_t)w.swapped_pages, (uintmax_t)absent, shared, swapped);
	if (run.r.wipe_count != 1 || run.r.wipes[0].address != start)
		mismatch("%zu WIPE records", run.r.wipe_count);
}

static const struct {
	void (*run)(struct model *m);
	unsigned int weight;
} steps[] = {
	{ map_area, 8 },    { map_pages, 4 },	 { unmap_pages, 7 },  { discard_pages, 9 },
	{ move_pages, 5 },  { write_pages, 22 }, { clear_pages, 8 },  { read_pages, 6 },
	{ page_out, 4 },    { fork_child, 3 },	 { child_writes, 3 }, { child_unmaps, 2 },
	{ child_exits, 3 }, { watch, 14 },	 { unwatch, 8 },      { wipe, 4 },
};

/* ---- comparing --------------------------------------------------------------------------------------------- */

/* The records of one watch and cause, added up. */
static bool sum_released(const struct model_watch *w, uint32_t cause, struct pw_secret *sum)
{
	const struct pw_secret *one;
	bool any = false;

	*sum = (struct pw_secret){ .id = w->id,
				   .event = PW_SECRET_RELEASED,
				   .cause = cause,
				   .start = w->start,
				   .first_dirty = PW_UNKNOWN };
	for (size_t i = 0; (one = records_find(&run.r, w->id, PW_SECRET_RELEASED, i)); i++) {
		if (one->cause != cause)
			continue;
		any = true;
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
	return any;
}

static void compare_released(const struct model_watch *w)
{
	struct pw_secret sum;

	for (uint32_t cause = 0; cause < MODEL_CAUSES; cause++) {
		bool any = sum_released(w, cause, &sum);

		if (!same_sums(&sum, &w->now[cause]))
			wrong_sums("RELEASED", &sum, &w->now[cause]);
		(void)any;
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
		for (size_t i = 0; (one = records_find(&run.r, w->id, PW_SECRET_SHARED, i)); i++)
			told |= one->from < model_address(page) + MODEL_PAGE &&
				one->to > model_address(page);
		if (!told)
			mismatch("page %u of watch %ju was shared by the fork, and no record says so",
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
	for (size_t i = 0; i < run.r.count; i++) {
		const struct pw_secret *s = &run.r.secrets[i];
		bool known = false;

		for (unsigned int n = 0; n < MODEL_WATCHES; n++)
			known |= m->watches[n].id == s->id;
		if (!known)
			mismatch("a record of a watch that is none: %s", secret_text(s));
		if (s->event == PW_SECRET_SHARED && !forked)
			mismatch("SHARED without a fork");
		if (s->event == PW_SECRET_RELEASED && s->pages_unknown)
			mismatch("UNKNOWN though it could be looked at");
	}
}

static void step(uint64_t number, unsigned int n)
{
	unsigned int total = 0, pick;
	size_t i;

	chance = seed ^ number * 0xd1342543de82ef95ull;
	mix(&chance);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		total += steps[i].weight;
	pick = below(total);
	for (i = 0; pick >= steps[i].weight; i++)
		pick -= steps[i].weight;
	snprintf(run.text, sizeof(run.text), "step %u: nothing", n);
	model_step(&run.m);
	records_clear(&run.r);
	steps[i].run(&run.m);
	records_read(&run.r, run.fd);
	if (verbose)
		for (size_t k = 0; k < run.r.count; k++)
			tap_note("    %s", secret_text(&run.r.secrets[k]));
	compare(&run.m, steps[i].run == fork_child);
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
	model_init(&run.m);
	for (unsigned int i = 0; i < RUN_STEPS; i++)
		if (!leave_out || !leave_out[i])
			step((uint64_t)number * RUN_STEPS + i, i);
	for (unsigned int i = 0; i < MODEL_CHILDREN; i++)
		if (run.m.children[i].alive) {
			model_child_exit(&run.m, i);
			child_stop(i);
		}
	model_step(&run.m);
	model_end(&run.m, PW_CAUSE_EXIT);
	memcpy(ending->watches, run.m.watches, sizeof(ending->watches));
	ending->complete = true;
	if (number & 1)
		kill(getpid(), SIGKILL);
	_exit(0);
}

/* What its end brought, read by its parent through the same descriptor. */
static void compare_ending(void)
{
	snprintf(run.text, sizeof(run.text), "the end of the process");
	records_clear(&run.r);
	records_read(&run.r, run.fd);
	for (unsigned int i = 0; i < MODEL_WATCHES; i++) {
		const struct model_watch *w = &ending->watches[i];
		const struct pw_secret *end = records_find(&run.r, w->id, PW_SECRET_ENDED, 0);

		if (!w->live)
			continue;
		compare_released(w);
		if (!end || end->cause != PW_CAUSE_EXIT)
			mismatch("no ENDED of watch %ju", (uintmax_t)w->id);
		if (!same_sums(end, &w->life))
			wrong_sums("ENDED", end, &w->life);
	}
}

/* The status of a run: 0, MISMATCH, or what else went wrong. */
static int run_once(unsigned int number, const bool *leave_out)
{
	int status = 0;
	pid_t keeper, pid;

	fflush(stdout);
	keeper = fork();
	if (keeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run.fd = dev_open();
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
	verbose = true;
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

int main(void)
{
	const char *wanted = getenv("PW_STEPS"), *chosen = getenv("PW_RUN");
	unsigned int count = wanted ? (unsigned int)strtoul(wanted, NULL, 0) : 100000;
	unsigned int runs = (count + RUN_STEPS - 1) / RUN_STEPS;

	if (getenv("PW_SEED"))
		seed = strtoull(getenv("PW_SEED"), NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return 1;
	verbose = getenv("PW_VERBOSE") != NULL;
	ending = mmap(NULL, sizeof(*ending), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (ending == MAP_FAILED)
		return 1;
	tap_afterwards = dev_leftovers;
	tap_seconds = 600;
	swap = swap_try() == 0;
	tap_note("seed %#jx, %u steps in %u runs, %s swap", (uintmax_t)seed, runs * RUN_STEPS, runs,
		 swap ? "with" : "without");
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
