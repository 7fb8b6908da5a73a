/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack.h - module files, uncompressed, as every kernel takes them.
 *
 * libkmod unpacks files for itself but does not hand out the result. The signature at the end of a
 * module has been compressed with it, so it is kept.
 */
#pragma once

#include <stddef.h>

/* Reads a file below the directory fd `at`. If its first bytes are those of xz, zstd or gzip, it is
 * unpacked. *ret is malloc()ed. Returns 0, or -errno: -EBADMSG, it is damaged; -EIO, it is no
 * regular file; -EFBIG, it exceeds 256 MiB, packed or unpacked. */
int unpack_file(int at, const char *path, unsigned char **ret, size_t *ret_size);
