// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * releases: gives buffers back, wiped and not, in the order that
 * tests/live/test_wipes_releases.c knows. Prints "r" when ready, begins at a
 * byte on stdin, prints "d" when done, ends at the end of stdin.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OWN __attribute__((noinline, noclone, used, externally_visible))
#define KEEP() __asm__ volatile("" ::: "memory")

/* OpenSSL's, as far as they call each other. */
OWN void OPENSSL_cleanse(void *at, size_t size);
void OPENSSL_cleanse(void *at, size_t size)
{
	memset(at, 0, size);
	KEEP();
}

OWN void CRYPTO_free(void *at, const char *file, int line);
void CRYPTO_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	free(at);
	KEEP();
}

OWN void CRYPTO_clear_free(void *at, size_t size, const char *file, int line);
void CRYPTO_clear_free(void *at, size_t size, const char *file, int line)
{
	OPENSSL_cleanse(at, size);
	CRYPTO_free(at, file, line);
	KEEP();
}

/* One site each: the compiler must not make two of it. */
static __attribute__((noinline, noclone)) void give_back(void *at)
{
	free(at);
	KEEP();
}

static __attribute__((noinline, noclone)) void unmap(void *at, size_t size)
{
	munmap(at, size);
	KEEP();
}

static char *filled(size_t size)
{
	char *at = malloc(size);

	if (!at)
		_exit(10);
	return memset(at, 0xff, size);
}

static void small_buffers(void)
{
	char *at;

	give_back(filled(100)); /* nothing is known of this site yet */
	for (int i = 0; i < 23; i++) {
		at = filled(100);
		explicit_bzero(at, 100);
		give_back(at);
	}
	give_back(filled(100)); /* forgotten */
	at = filled(100);
	explicit_bzero(at, 100);
	memset(at + 7, 0xff, 3); /* written again */
	give_back(at);
	free(filled(100)); /* another site */
}

static void mappings(void)
{
	const size_t size = 3 * 4096;

	for (int i = 0; i < 3; i++) {
		char *at =
			mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			_exit(11);
		memset(at, 0xff, size);
		if (i != 1)
			explicit_bzero(at + 16, 5000);
		unmap(at, size);
	}
}

int main(void)
{
	char byte = 'r', *at;

	if (write(1, &byte, 1) != 1 || read(0, &byte, 1) != 1)
		return 1;
	small_buffers();
	at = filled(50);
	OPENSSL_cleanse(at, 50);
	CRYPTO_free(at, "", 0);
	CRYPTO_clear_free(filled(60), 60, "", 0);
	mappings();
	/* malloc maps it, free unmaps it */
	at = filled(1 << 20);
	explicit_bzero(at, 1 << 20);
	give_back(at);
	byte = 'd';
	if (write(1, &byte, 1) != 1)
		return 1;
	while (read(0, &byte, 1) == 1)
		;
	return 0;
}
