/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpio.h - named files out of a boot image, as the kernel would unpack them.
 *
 * The archives in it are those of cpio's "newc" format. What is in a later one stands for what
 * was in an earlier one, so a file may be found more than once: the last holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of one file that is wanted; larger ones, and what is no file, come without data. */
#define CPIO_FILE_MAX ((size_t)8 << 20)

struct cpio_visitor {
	/* True: the file of this name, which has no "/" or "./" in front, is wanted. */
	bool (*wants)(const char *name, void *arg);
	/* One that is; data is that of a file, or a symbolic link's target, else NULL. 0, or
	 * what cpio_read() shall return. */
	int (*found)(const char *name, const void *data, size_t n, void *arg);
	void *arg;
};

/* 0, what found() returned, or -errno: -EBADMSG it is damaged or no boot image, -EFBIG it is
 * larger than any. */
int cpio_read(const char *path, const struct cpio_visitor *v);
int cpio_read_fd(int fd, const struct cpio_visitor *v);
