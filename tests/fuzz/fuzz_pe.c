/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_pe.c - any bytes as a PE file: what is found is in the file */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hook/image/pe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void find(int fd, unsigned profile, const char *name, const uint8_t *data, size_t n)
{
	struct pe_section s = { 0, 0 };
	char *text = NULL;
	int r = pe_find(fd, profile, name, &s);

	if (!r && (s.at > n || s.size > n - s.at))
		abort();
	ssize_t length = pe_text(fd, profile, name, &text);
	if (r && length != r)
		abort();
	if (length >= 0 && (strlen(text) != (size_t)length || (size_t)length > s.size ||
			    memcmp(text, data + s.at, (size_t)length) != 0))
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { ".initrd", ".cmdline", ".uname", ".linux", ".profile" };
	int fd = memfd_create("pe", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (unsigned profile = 0; profile < 3; profile++)
			find(fd, profile, names[i], data, n);
	close(fd);
	return 0;
}
