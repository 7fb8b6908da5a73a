/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packers.h - the formats of packed segments, for stream.c alone.
 *
 * These are all formats that initramfs-tools, dracut and mkinitcpio can make: gzip, xz, lzma,
 * zstd, bzip2, lz4 and lzop.
 */
#pragma once

#include <bzlib.h>
#include <lzma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

struct packer;

/* A buffer whose bytes [pos, end) have not been taken yet. */
struct window {
	unsigned char *p;
	size_t cap, pos, end;
};

struct stream {
	int fd;
	uint64_t at, left;  /* offset of the next byte to read, and how many the stream may read */
	bool over;          /* the segment has ended */
	uint64_t unpacked;  /* bytes */
	struct window in, out;
	const struct packer *packer; /* NULL: the segment is plain */
	uint32_t lzop_flags;
	union {
		z_stream gzip;
		lzma_stream xz;
		ZSTD_DStream *zstd;
		bz_stream bzip2;
	};
};

/* A format. start() sees at least the n bytes of `magic` in s->in. more() sees at least one byte
 * there; it takes from s->in, fills s->out from its beginning, and sets s->over at the segment's
 * end. It may fill nothing in a call in which it takes something. stop() may be NULL. All return
 * 0 or -errno: -EBADMSG, the segment is damaged. */
struct packer {
	unsigned char magic[6];
	size_t n;
	int (*start)(struct stream *s);
	int (*more)(struct stream *s);
	void (*stop)(struct stream *s);
};

#define PACKERS_MAGIC_MAX sizeof(((struct packer *)0)->magic)

/* Returns the packer whose magic these n bytes begin with, or NULL. */
const struct packer *packers_find(const unsigned char *p, size_t n);

/* Moves the window's bytes to its beginning, and makes it at least n bytes large. Returns false if
 * there is no memory. */
bool window_room(struct window *w, size_t n);

/* Reads ahead until s->in holds n bytes. Returns 0, or -errno: -EBADMSG, the stream has fewer. A
 * packer may use only as many bytes as it asked for last, or as s->in.end says. */
int stream_want(struct stream *s, size_t n);
