/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whole_file.c - see whole_file.h */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"

#define FIRST_SIZE 16384 /* for a file that is larger than the caller takes */

/* Opens a regular file. Returns its descriptor, or -errno; *size is its size, which may be 0 for
 * a file of /proc that has text. */
static int open_file(int at, const char *path, size_t *size)
{
	/* O_NONBLOCK: opening a FIFO would wait for a writer. */
	int fd = sysfs_open(at, path, O_RDONLY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return fd;
	int error = fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? 0 :
		    S_ISDIR(st.st_mode) ? -EISDIR : -ENODEV;
	*size = (size_t)st.st_size;
	if (!error)
		return fd;
	close(fd);
	return error;
}

ssize_t whole_file(int at, const char *path, size_t max, char **ret)
{
	size_t len = 0, cap = 0, size = 0;
	char *text = NULL;
	ssize_t n = 0;
	int error = 0, fd = open_file(at, path, &size);

	*ret = NULL;
	if (fd < 0)
		return fd;
	do {
		if (len + 1 >= cap)
			text = xreallocarray(text, cap = cap ? 2 * cap : size <= max ? size + 4096 :
								 FIRST_SIZE, 1);
		n = read(fd, text + len, cap - 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			error = -errno;
	} while (n && !error && len <= max);
	close(fd);
	if (len > max)
		error = -EFBIG;
	if (error) {
		free(text);
		return error;
	}
	text[len] = '\0';
	*ret = text;
	return (ssize_t)len;
}

const char *whole_file_error(ssize_t error)
{
	return error == -EFBIG ? "it is too large" : error == -EISDIR ? "it is a directory" :
	       error == -ENODEV ? "it is not a file" : strerror((int)-error);
}
