/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whole_file.h - a file's text in memory, whatever the file is. */
#pragma once

#include <sys/types.h>

/* Reads a regular file below the directory `at`. Returns its length and sets *ret to the text
 * with a NUL behind it, to be freed; or -errno, and *ret is NULL. -EFBIG: it has more than `max`
 * bytes; -EISDIR, -ENODEV: a directory, or neither that nor a file. A FIFO does not block. */
ssize_t whole_file(int at, const char *path, size_t max, char **ret);

/* What such an error means to a person, for brackets behind the file's name. */
const char *whole_file_error(ssize_t error);
