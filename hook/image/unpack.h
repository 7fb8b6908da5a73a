/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack.h - module files as the kernel can always take them: uncompressed.
 *
 * libkmod unpacks inside but gives nobody the result. A signature at the end of a module is
 * part of what was compressed, so it survives.
 */
#pragma once

#include <stddef.h>

/* Reads a file below the directory fd `at`, of at most 256 MiB; what is xz, zstd or gzip by its
 * first bytes is unpacked. *ret is malloc()ed. 0, or -errno: -EBADMSG it is damaged, -EIO no regular file, -EFBIG larger. */
int unpack_file(int at, const char *path, unsigned char **ret, size_t *ret_size);
