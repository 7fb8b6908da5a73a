/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - the bytes of a boot image: one segment after the other, unpacked.
 *
 * A boot image is what the kernel takes (init/initramfs.c, unpack_to_rootfs()): cpio archives
 * one behind the other, each plain or packed, with zeros between. A packed segment ends
 * where its packer ended it, a plain one with its archive. packers.h lists the formats.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of all segments together, unpacked. A larger file is no boot image, or an attack. */
#define STREAM_SIZE_MAX (4ULL << 30)

struct stream;

/* Opens a stream over `size` bytes of a regular file from the offset `at` on, or up to the end of
 * the file if it is shorter. The stream is before its first segment. Returns NULL if there is no
 * memory. The stream neither moves the offset of fd nor closes it. */
struct stream *stream_new(int fd, uint64_t at, uint64_t size);
void stream_free(struct stream *s);

/* Skips zeros and enters the next segment. A plain segment must have been read to the end of its
 * archive before. Returns 1, 0 if there is no segment any more, or -errno: -EBADMSG, the next
 * bytes are no segment. */
int stream_next(struct stream *s);

/* Returns true if the segment is plain. The stream does not know where a plain segment ends. */
bool stream_is_plain(const struct stream *s);

/* Returns the next byte of the segment without taking it, -1 at the segment's end, or
 * -errno - 1. */
int stream_peek(struct stream *s);

/* Takes at most n bytes of the segment; `to` may be NULL to skip them. Returns how many, 0 at the
 * segment's end, or -errno: -EBADMSG, it is damaged; -EFBIG, it exceeds STREAM_SIZE_MAX. */
ssize_t stream_some(struct stream *s, void *to, size_t n);

/* Takes n bytes of the segment; `to` may be NULL to skip them. Returns 0, or -errno as
 * stream_some() does; -EBADMSG also if the segment ends before. */
int stream_read(struct stream *s, void *to, size_t n);
