/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - runs a fuzz target on each file given, without a fuzzer: so gcc can, too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int replay(const char *name)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(name, "rb");

	if (!file) {
		perror(name);
		return 1;
	}
	size_t n = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, n);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%s %s: %d inputs\n", failed ? "not ok" : "ok", argv[0], argc - 1);
	return failed;
}
