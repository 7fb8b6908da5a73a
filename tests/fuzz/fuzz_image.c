/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_image.c - any bytes as a boot image */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hook/image/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool wants(const char *name, void *arg)
{
	(void)arg;
	if (*name == '/')
		abort();
	return *name != 'n';
}

/* Every byte that is told is there, and a NUL behind. */
static int found(const char *name, const void *data, size_t n, void *arg)
{
	(void)arg;
	if (n > CPIO_FILE_MAX || (!data && n) || (data && ((const char *)data)[n]))
		abort();
	if (*name == 'n')
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct cpio_visitor v = { wants, found, NULL };
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	cpio_read_fd(fd, &v, NULL);
	cpio_read_fd(fd, &v, "m");
	close(fd);
	return 0;
}
