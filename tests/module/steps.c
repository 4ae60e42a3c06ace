// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/tap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PAGE_BYTES ((uint64_t)MODEL_PAGE)

struct steps steps_run;
bool steps_verbose, steps_swap;

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
	vsnprintf(steps_run.text, sizeof(steps_run.text), format, args);
	va_end(args);
	if (steps_verbose)
		tap_note("  %s", steps_run.text);
}

void steps_mismatch(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tap_note("%s: %s", steps_run.text, text);
	for (size_t i = 0; i < steps_run.r.count; i++)
		tap_note("    %s", secret_text(&steps_run.r.secrets[i]));
	_exit(STEPS_MISMATCH);
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

	if (write(steps_run.children[child].to, order, 2) != 2 ||
	    (what != 'x' && read(steps_run.children[child].from, order, 1) != 1))
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
			if (steps_run.m.children[i].alive && i != child)
				close(steps_run.children[i].to);
		close(there[1]);
		child_main(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	steps_run.children[child].pid = pid;
	steps_run.children[child].to = there[1];
	steps_run.children[child].from = back[0];
}

static void child_stop(unsigned int child)
{
	int status = 0;

	child_do(child, 'x', 0);
	close(steps_run.children[child].to);
	close(steps_run.children[child].from);
	if (waitpid(steps_run.children[child].pid, &status, 0) < 0 || status)
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
				steps_mismatch("page %u has another byte %u than was written", page,
					       byte);
		}
	}
}

static void page_out(struct model *m)
{
	unsigned int first, last;

	some_pages(&first, &last);
	if (!steps_swap || !all_mapped(m, first, last))
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
			steps_mismatch("page %u was swapped out though it is held", page);
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
	err = dev_watch(steps_run.fd, 0, start, end - start, flag, &id);
	if (!all_mapped(m, first, last)) {
		if (err != -EFAULT)
			steps_mismatch("%d, not EFAULT", err);
		return;
	}
	if (err)
		steps_mismatch("%s", strerror(-err));
	model_watch(m, n, start, end, flag);
	m->watches[n].id = id;
}

bool steps_same_sums(const struct pw_secret *got, const struct model_sums *want)
{
	return got->pages_clean == want->clean && got->pages_dirty == want->dirty &&
	       got->pages_mapped == want->mapped && got->pages_swapped == want->swapped &&
	       got->pages_copied == want->copied && got->pages_held == want->held &&
	       got->pages_unknown == want->unknown && got->pages_scrubbed == want->scrubbed &&
	       got->dirty_bytes == want->dirty_bytes &&
	       (!want->dirty_bytes || got->first_dirty == want->first_dirty);
}

void steps_wrong_sums(const char *what, const struct pw_secret *got, const struct model_sums *want)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", secret_text(got));
	steps_mismatch(
		"%s: %s\n    expected: clean %ju dirty %ju mapped %ju swapped %ju copied %ju held "
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
	if (dev_unwatch(steps_run.fd, id, NULL))
		steps_mismatch("unwatch: %s", strerror(errno));
	records_read(&steps_run.r, steps_run.fd);
	end = records_find(&steps_run.r, id, PW_SECRET_ENDED, 0);
	if (!end || end->cause != PW_CAUSE_UNWATCH)
		steps_mismatch("no ENDED of it");
	if (!steps_same_sums(end, &want))
		steps_wrong_sums("ENDED", end, &want);
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
	err = dev_wipe(steps_run.fd, 0, start, end - start, &w);
	if (!all_mapped(m, first, last)) {
		if (err != -EFAULT)
			steps_mismatch("%d, not EFAULT", err);
		return;
	}
	if (err)
		steps_mismatch("%s", strerror(-err));
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
	records_read(&steps_run.r, steps_run.fd);
	if (w.verdict != PW_WIPED_WHOLE || w.absent_bytes != absent ||
	    w.wiped_bytes != end - start - absent || w.unreached_bytes ||
	    w.copies_left_pages != shared || w.swapped_pages != swapped || w.first_dirty != ~0ull)
		steps_mismatch("verdict %u, wiped %ju, absent %ju, unreached %ju, copies %ju, swapped "
			       "%ju; expected absent %ju, copies %u, swapped %u",
			       w.verdict, (uintmax_t)w.wiped_bytes, (uintmax_t)w.absent_bytes,
			       (uintmax_t)w.unreached_bytes, (uintmax_t)w.copies_left_pages,
			       (uintmax_t)w.swapped_pages, (uintmax_t)absent, shared, swapped);
	if (steps_run.r.wipe_count != 1 || steps_run.r.wipes[0].address != start)
		steps_mismatch("%zu WIPE records", steps_run.r.wipe_count);
}

static const struct {
	void (*run)(struct model *m);
	unsigned int weight;
} kinds[] = {
	{ map_area, 8 },    { map_pages, 4 },	 { unmap_pages, 7 },  { discard_pages, 9 },
	{ move_pages, 5 },  { write_pages, 22 }, { clear_pages, 8 },  { read_pages, 6 },
	{ page_out, 4 },    { fork_child, 3 },	 { child_writes, 3 }, { child_unmaps, 2 },
	{ child_exits, 3 }, { watch, 14 },	 { unwatch, 8 },      { wipe, 4 },
};

static void *run_kind(void *kind)
{
	kinds[*(size_t *)kind].run(&steps_run.m);
	return NULL;
}

/* The memory is all threads'. */
static void run_in_thread(size_t kind)
{
	pthread_t t;
	int err = pthread_create(&t, NULL, run_kind, &kind);

	if (err)
		tap_fail("pthread_create: %s", strerror(err));
	pthread_join(t, NULL);
}

bool steps_do(uint64_t state, unsigned int n)
{
	const size_t count = sizeof(kinds) / sizeof(kinds[0]);
	unsigned int total = 0, pick;
	size_t i;

	chance = state;
	mix(&chance);
	for (i = 0; i < count; i++)
		total += kinds[i].weight;
	pick = below(total);
	for (i = 0; pick >= kinds[i].weight; i++)
		pick -= kinds[i].weight;
	snprintf(steps_run.text, sizeof(steps_run.text), "step %u: nothing", n);
	/* What a thread has forked is killed when that thread ends. */
	if (kinds[i].run != fork_child && !below(4))
		run_in_thread(i);
	else
		kinds[i].run(&steps_run.m);
	return kinds[i].run == fork_child;
}

void steps_end_children(void)
{
	for (unsigned int i = 0; i < MODEL_CHILDREN; i++) {
		if (!steps_run.m.children[i].alive)
			continue;
		model_child_exit(&steps_run.m, i);
		child_stop(i);
	}
}
