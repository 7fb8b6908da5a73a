/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - the bytes of a boot image: one segment after the other, unpacked.
 *
 * A boot image is what the kernel takes (init/initramfs.c, unpack_to_rootfs()): cpio archives
 * one behind the other, each plain or packed, with zeros between. A packed segment ends
 * where its packer ended it, a plain one with its archive. All that initramfs-tools, dracut
 * and mkinitcpio can make is read: gzip, xz, lzma, zstd, lz4, bzip2 and lzop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Bytes of all segments together; more is no boot image, or an attack. */
#define IMAGE_SIZE_MAX (4ULL << 30)

struct image_stream;

/* A stream over the file, before its first segment; NULL: no memory. */
struct image_stream *image_stream_new(int fd);
void image_stream_free(struct image_stream *s);

/* Goes to the next segment, over zeros. 1, 0: there is none, or -errno: -EBADMSG, what comes
 * is no segment. A plain one must have been read to the end of its archive. */
int image_stream_next(struct image_stream *s);

/* True: the segment is plain. Its last byte is not known here. */
bool image_stream_plain(const struct image_stream *s);

/* The next byte of the segment, which stays; -1 at its end, or -errno - 1. */
int image_stream_peek(struct image_stream *s);

/* Reads at most n bytes of the segment, NULL: over them. How many, 0: it has ended, or
 * -errno: -EBADMSG it is damaged. */
ssize_t image_stream_some(struct image_stream *s, void *to, size_t n);

/* Reads n bytes of the segment, NULL: over them. 0, or -errno: -EBADMSG it is damaged or
 * ends before. */
int image_stream_read(struct image_stream *s, void *to, size_t n);
