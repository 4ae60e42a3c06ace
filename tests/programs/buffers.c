// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * buffers MODE: a process that gives buffers back after it has wiped them, or
 * not. It prints "ready"; a line on stdin runs the mode, which is answered by
 * what it did, a line each, and "done". It ends at the end of stdin.
 *
 *	wipe FUNCTION ADDRESS SIZE VERDICT AFTER
 *	release FUNCTION ADDRESS VERDICT	verdict "-": was not wiped, at a place where others were
 *
 * Each mode has a place of its own that releases.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OWN __attribute__((noinline, noclone, used, externally_visible))
#define COUNT 100
#define SIZE 200
#define PAGE 4096ul

/* Printed at the end: until then nobody else allocates or frees. */
static char said[64 << 10];
static size_t said_len;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	said_len += (size_t)vsnprintf(said + said_len, sizeof(said) - said_len, format, args);
	va_end(args);
	if (said_len >= sizeof(said))
		abort();
}

static void wiped(const char *function, const void *at, size_t size, const char *verdict,
		  const char *after)
{
	say("wipe %s %p %zu %s %s\n", function, at, size, verdict, after);
}

static void released(const char *function, const void *at, const char *verdict)
{
	say("release %s %p %s\n", function, at, verdict);
}

/* All but its last quarter. */
OWN void mbedtls_platform_zeroize(void *at, size_t size);
void mbedtls_platform_zeroize(void *at, size_t size)
{
	memset(at, 0, size - size / 4);
	__asm__ volatile("" ::: "memory");
}

static void fill(void *at, size_t size)
{
	memset(at, 0xa5, size);
	__asm__ volatile("" ::"r"(at) : "memory");
}

static void *take(void)
{
	void *p = malloc(SIZE);

	if (!p)
		abort();
	fill(p, SIZE);
	return p;
}

/* A place that frees: a function of its own, that the call returns to. */
#define GIVES(name)                                \
	OWN void name(void *at);                   \
	void name(void *at)                        \
	{                                          \
		free(at);                          \
		__asm__ volatile("" ::: "memory"); \
	}

GIVES(give_mostly_wiped)
GIVES(give_by_turns)
GIVES(give_rewritten)
GIVES(give_in_part)

/* What is left in a freed buffer is free's own; how it was when it went counts. */
static void wipe_and_give(void (*give)(void *), const char *after, const char *verdict)
{
	void *p = take();

	explicit_bzero(p, SIZE);
	wiped("explicit_bzero", p, SIZE, "wiped", after);
	if (strcmp(after, "rewritten") == 0)
		fill(p, SIZE);
	give(p);
	released("free", p, verdict);
}

static void forget_and_give(void (*give)(void *), const char *verdict)
{
	void *p = take();

	give(p);
	if (verdict)
		released("free", p, verdict);
}

/* One in a hundred is forgotten. */
static void run_forgets(void)
{
	for (int i = 0; i < COUNT; i++) {
		if (i == 57)
			forget_and_give(give_mostly_wiped, "-");
		else
			wipe_and_give(give_mostly_wiped, "clean", "wiped");
	}
}

/* The first of all is not told: nothing was wiped at that place yet. */
static void run_turns(void)
{
	for (int i = 0; i < COUNT; i++) {
		if (i % 2)
			wipe_and_give(give_by_turns, "clean", "wiped");
		else
			forget_and_give(give_by_turns, i ? "-" : NULL);
	}
}

static void run_rewritten(void)
{
	for (int i = 0; i < 3; i++)
		wipe_and_give(give_rewritten, "rewritten", "not-wiped");
}

static void run_part(void)
{
	for (int i = 0; i < 3; i++) {
		void *p = take();

		mbedtls_platform_zeroize(p, SIZE);
		wiped("mbedtls_platform_zeroize", p, SIZE, "wiped-in-part", "dirty");
		give_in_part(p);
		released("free", p, "wiped-in-part");
	}
}

static char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	fill(p, size);
	return p;
}

/* Two ranges in one mapping, and one that stays. */
static void run_unmaps(void)
{
	char *p = map(4 * PAGE), *q = map(4 * PAGE);

	explicit_bzero(p + 100, PAGE);
	wiped("explicit_bzero", p + 100, PAGE, "wiped", "clean");
	explicit_bzero(p + 2 * PAGE, PAGE);
	wiped("explicit_bzero", p + 2 * PAGE, PAGE, "wiped", "clean");
	explicit_bzero(q, PAGE);
	wiped("explicit_bzero", q, PAGE, "wiped", "exited");
	munmap(p, 4 * PAGE);
	released("munmap", p + 100, "wiped");
	released("munmap", p + 2 * PAGE, "wiped");
}

/* A range that lives as long as its process. */
static void run_keeps(void)
{
	static char key[64];

	fill(key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	wiped("explicit_bzero", key, sizeof(key), "wiped", "exited");
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "forgets", run_forgets }, { "turns", run_turns },   { "rewritten", run_rewritten },
	{ "part", run_part },	    { "unmaps", run_unmaps }, { "keeps", run_keeps },
};

int main(int argc, char **argv)
{
	char line[16];

	for (size_t i = 0; argc == 2 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(argv[1], modes[i].name) != 0)
			continue;
		puts("ready");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		modes[i].run();
		printf("%sdone\n", said);
		fflush(stdout);
		while (fgets(line, sizeof(line), stdin))
			;
		return 0;
	}
	fprintf(stderr, "usage: buffers MODE\n");
	return 2;
}
