/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace.c - see replace.h */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat() */
#include <unistd.h>

int replace_write(int fd, struct slice text)
{
	while (text.n) {
		ssize_t wrote = write(fd, text.p, text.n);
		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0) {
			text.p += wrote;
			text.n -= (size_t)wrote;
		}
	}
	return 0;
}

int replace_file(int dir, const char *name, const char *temporary, struct slice text)
{
	unlinkat(dir, temporary, 0);
	/* O_EXCL: a link that somebody puts there meanwhile is not followed. */
	int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	int error = replace_write(fd, text);
	if (close(fd) && !error)
		error = -errno;
	if (!error && renameat(dir, temporary, dir, name))
		error = -errno;
	if (error)
		unlinkat(dir, temporary, 0);
	return error;
}
