// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * comm HEX [BYTES]: names itself with the bytes that HEX spells (control
 * characters, broken UTF-8, whatever), touches BYTES of memory, writes "ready"
 * and waits to be ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char name[16] = { 0 };
	size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned int byte;
	char *memory;

	if (argc < 2)
		return 2;
	for (size_t i = 0; i < sizeof(name) - 1 && sscanf(argv[1] + 2 * i, "%2x", &byte) == 1; i++)
		name[i] = (char)byte;
	if (prctl(PR_SET_NAME, name))
		return 1;
	memory = malloc(bytes + 1);
	if (!memory)
		return 1;
	memset(memory, 1, bytes + 1);
	puts("ready");
	fflush(stdout);
	pause();
	return memory[0] != 1;
}
