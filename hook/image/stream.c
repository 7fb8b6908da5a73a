/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c - see image_unpack.h */
#include "stream.h"

#include <bzlib.h>
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define READ_AHEAD ((size_t)256 << 10)
#define UNPACKED ((size_t)256 << 10)
#define XZ_MEMORY ((uint64_t)256 << 20)
/* lz4's legacy format, which the kernel takes, has blocks of this size. */
#define LZ4_BLOCK ((size_t)8 << 20)
#define LZ4_PACKED ((size_t)LZ4_COMPRESSBOUND(8 << 20))
#define LZO_BLOCK ((size_t)64 << 20) /* lzop's own limit */

/* A buffer of which [pos, end) is still to be read. */
struct window {
	unsigned char *p;
	size_t cap, pos, end;
};

struct packer;

struct image_stream {
	int fd;
	bool at_end;  /* of the file */
	bool over;    /* the segment has ended */
	unsigned long long total; /* bytes unpacked */
	struct window in, out;
	const struct packer *packer;
	uint32_t lzop_flags;
	union {
		z_stream gzip;
		lzma_stream xz;
		ZSTD_DStream *zstd;
		bz_stream bzip2;
	};
};

static bool make_room(struct window *w, size_t n)
{
	if (w->pos) {
		memmove(w->p, w->p + w->pos, w->end - w->pos);
		w->end -= w->pos;
		w->pos = 0;
	}
	if (n <= w->cap)
		return true;
	unsigned char *p = realloc(w->p, n);
	if (!p)
		return false;
	w->p = p;
	w->cap = n;
	return true;
}

/* Reads ahead until n bytes are there. 0, -EBADMSG the file has fewer, or -errno. */
static int want(struct image_stream *s, size_t n)
{
	struct window *in = &s->in;

	if (in->end - in->pos >= n)
		return 0;
	if (!make_room(in, n > READ_AHEAD ? n : READ_AHEAD))
		return -ENOMEM;
	while (in->end < n && !s->at_end) {
		ssize_t got = read(s->fd, in->p + in->end, in->cap - in->end);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			in->end += (size_t)got;
		s->at_end = !got;
	}
	return in->end >= n ? 0 : -EBADMSG;
}

/* --- the packers: start(), more() until it sets s->over, stop()
 *
 * more() takes from s->in, which is not empty, and fills s->out from its beginning. It may
 * make nothing at a time, as long as it takes something. */

struct packer {
	unsigned char magic[6];
	size_t n;
	int (*start)(struct image_stream *s);
	int (*more)(struct image_stream *s);
	void (*stop)(struct image_stream *s);
};

static int gzip_start(struct image_stream *s)
{
	s->gzip = (z_stream){ .next_in = NULL };
	return inflateInit2(&s->gzip, 15 + 16) == Z_OK ? 0 : -ENOMEM;
}

static int gzip_more(struct image_stream *s)
{
	z_stream *z = &s->gzip;

	z->next_in = s->in.p + s->in.pos;
	z->avail_in = (uInt)(s->in.end - s->in.pos);
	z->next_out = s->out.p;
	z->avail_out = (uInt)s->out.cap;
	int r = inflate(z, Z_NO_FLUSH);
	s->in.pos = s->in.end - z->avail_in;
	s->out.end = s->out.cap - z->avail_out;
	s->over = r == Z_STREAM_END;
	return s->over || r == Z_OK ? 0 : -EBADMSG;
}

static void gzip_stop(struct image_stream *s)
{
	inflateEnd(&s->gzip);
}

static int xz_start(struct image_stream *s)
{
	s->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&s->xz, XZ_MEMORY, 0) == LZMA_OK ? 0 : -ENOMEM;
}

static int lzma_start(struct image_stream *s)
{
	s->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_alone_decoder(&s->xz, XZ_MEMORY) == LZMA_OK ? 0 : -ENOMEM;
}

static int xz_more(struct image_stream *s)
{
	lzma_stream *z = &s->xz;

	z->next_in = s->in.p + s->in.pos;
	z->avail_in = s->in.end - s->in.pos;
	z->next_out = s->out.p;
	z->avail_out = s->out.cap;
	lzma_ret r = lzma_code(z, LZMA_RUN);
	s->in.pos = s->in.end - z->avail_in;
	s->out.end = s->out.cap - z->avail_out;
	s->over = r == LZMA_STREAM_END;
	return s->over || r == LZMA_OK ? 0 : -EBADMSG;
}

static void xz_stop(struct image_stream *s)
{
	lzma_end(&s->xz);
}

static int zstd_start(struct image_stream *s)
{
	s->zstd = ZSTD_createDStream();
	return s->zstd ? 0 : -ENOMEM;
}

static int zstd_more(struct image_stream *s)
{
	ZSTD_inBuffer from = { s->in.p, s->in.end, s->in.pos };
	ZSTD_outBuffer to = { s->out.p, s->out.cap, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &to, &from);

	s->in.pos = from.pos;
	s->out.end = to.pos;
	s->over = !r;
	return ZSTD_isError(r) ? -EBADMSG : 0;
}

static void zstd_stop(struct image_stream *s)
{
	ZSTD_freeDStream(s->zstd);
}

static int bzip2_start(struct image_stream *s)
{
	s->bzip2 = (bz_stream){ .next_in = NULL };
	return BZ2_bzDecompressInit(&s->bzip2, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static int bzip2_more(struct image_stream *s)
{
	bz_stream *z = &s->bzip2;

	z->next_in = (char *)s->in.p + s->in.pos;
	z->avail_in = (unsigned)(s->in.end - s->in.pos);
	z->next_out = (char *)s->out.p;
	z->avail_out = (unsigned)s->out.cap;
	int r = BZ2_bzDecompress(z);
	s->in.pos = s->in.end - z->avail_in;
	s->out.end = s->out.cap - z->avail_out;
	s->over = r == BZ_STREAM_END;
	return s->over || r == BZ_OK ? 0 : -EBADMSG;
}

static void bzip2_stop(struct image_stream *s)
{
	BZ2_bzDecompressEnd(&s->bzip2);
}

/* Takes n bytes as a number, low end first. */
static int take_le32(struct image_stream *s, uint32_t *ret)
{
	int r = want(s, 4);

	if (r)
		return r;
	const unsigned char *p = s->in.p + s->in.pos;
	*ret = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
	s->in.pos += 4;
	return 0;
}

static int lz4_start(struct image_stream *s)
{
	s->in.pos += 4;
	return make_room(&s->out, LZ4_BLOCK) ? 0 : -ENOMEM;
}

/* The legacy format has no end: what cannot be the size of a block is behind it. */
static int lz4_more(struct image_stream *s)
{
	uint32_t size = 0;
	int r = take_le32(s, &size);

	if (r || !size || size > LZ4_PACKED) {
		s->in.pos -= r ? 0 : 4;
		s->over = true;
		return r == -EBADMSG ? 0 : r;
	}
	r = want(s, size);
	if (r)
		return r;
	r = LZ4_decompress_safe((char *)s->in.p + s->in.pos, (char *)s->out.p, (int)size,
				(int)LZ4_BLOCK);
	if (r < 0)
		return -EBADMSG;
	s->in.pos += size;
	s->out.end = (size_t)r;
	s->over = want(s, 1) == -EBADMSG;
	return 0;
}

static int take_be32(struct image_stream *s, uint32_t *ret)
{
	int r = take_le32(s, ret);

	*ret = __builtin_bswap32(*ret);
	return r;
}

enum { LZOP_ADLER32_D = 1, LZOP_ADLER32_C = 2, LZOP_EXTRA = 0x40, LZOP_CRC32_D = 0x100,
       LZOP_CRC32_C = 0x200, LZOP_FILTER = 0x800 };

/* The header of lzop, as the kernel reads it (lib/decompress_unlzo.c): nine bytes of magic, a
 * version, and from 0.940 on more fields; then the file's name and a checksum. */
static int lzop_start(struct image_stream *s)
{
	int r = want(s, 34);

	if (r)
		return r;
	const unsigned char *p = s->in.p + s->in.pos + 9;
	bool modern = (p[0] << 8 | p[1]) >= 0x940;

	p += modern ? 8 : 5;
	s->lzop_flags = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	p += 4 + (s->lzop_flags & LZOP_FILTER ? 4 : 0) + (modern ? 12 : 8);
	size_t head = (size_t)(p - (s->in.p + s->in.pos)) + 1 + *p + 4;
	if (s->lzop_flags & LZOP_EXTRA)
		return -EBADMSG;
	r = want(s, head);
	s->in.pos += r ? 0 : head;
	return r;
}

static int lzop_sizes(struct image_stream *s, uint32_t *whole, uint32_t *packed)
{
	uint32_t sums = s->lzop_flags, sum = 0;
	int r = take_be32(s, whole);

	if (r || !*whole)
		return r;
	r = take_be32(s, packed);
	if (!r && (!*packed || *packed > *whole || *whole > LZO_BLOCK))
		r = -EBADMSG;
	if (!r && *packed == *whole)
		sums &= ~(uint32_t)(LZOP_ADLER32_C | LZOP_CRC32_C);
	sums &= LZOP_ADLER32_D | LZOP_CRC32_D | LZOP_ADLER32_C | LZOP_CRC32_C;
	for (; !r && sums; sums &= sums - 1)
		r = take_be32(s, &sum);
	return r;
}

static int lzop_more(struct image_stream *s)
{
	uint32_t whole = 0, packed = 0;
	int r = lzop_sizes(s, &whole, &packed);

	s->over = !whole;
	if (r || s->over)
		return r;
	r = want(s, packed);
	if (!r && !make_room(&s->out, whole))
		r = -ENOMEM;
	if (r)
		return r;
	lzo_uint n = whole;
	if (packed == whole)
		memcpy(s->out.p, s->in.p + s->in.pos, whole);
	else if (lzo1x_decompress_safe(s->in.p + s->in.pos, packed, s->out.p, &n, NULL) !=
		 LZO_E_OK)
		return -EBADMSG;
	s->in.pos += packed;
	s->out.end = n;
	return 0;
}

static void nothing_to_stop(struct image_stream *s)
{
	(void)s;
}

static const struct packer packers[] = {
	{ { 0x1f, 0x8b }, 2, gzip_start, gzip_more, gzip_stop },
	{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, xz_start, xz_more, xz_stop },
	{ { 0x5d, 0, 0 }, 3, lzma_start, xz_more, xz_stop },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_start, zstd_more, zstd_stop },
	{ { 'B', 'Z', 'h' }, 3, bzip2_start, bzip2_more, bzip2_stop },
	{ { 0x02, 0x21, 0x4c, 0x18 }, 4, lz4_start, lz4_more, nothing_to_stop },
	{ { 0x89, 'L', 'Z', 'O' }, 4, lzop_start, lzop_more, nothing_to_stop },
};

/* --- the stream over them */

struct image_stream *image_stream_new(int fd)
{
	struct image_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = fd;
	s->over = true;
	if (make_room(&s->in, READ_AHEAD) && make_room(&s->out, UNPACKED))
		return s;
	image_stream_free(s);
	return NULL;
}

static void stop(struct image_stream *s)
{
	if (s->packer)
		s->packer->stop(s);
	s->packer = NULL;
	s->over = true;
	s->out.pos = s->out.end = 0;
}

void image_stream_free(struct image_stream *s)
{
	if (!s)
		return;
	stop(s);
	free(s->in.p);
	free(s->out.p);
	free(s);
}

int image_stream_next(struct image_stream *s)
{
	int r;

	stop(s);
	while (!(r = want(s, 1)) && !s->in.p[s->in.pos])
		s->in.pos++;
	if (r)
		return r == -EBADMSG ? 0 : r;
	want(s, sizeof(packers[0].magic));
	const unsigned char *p = s->in.p + s->in.pos;
	size_t n = s->in.end - s->in.pos;
	s->over = false;
	if (n >= 6 && !memcmp(p, "07070", 5))
		return 1;
	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
		if (n < packers[i].n || memcmp(p, packers[i].magic, packers[i].n))
			continue;
		r = packers[i].start(s);
		if (r)
			return r;
		s->packer = &packers[i];
		return 1;
	}
	return -EBADMSG;
}

bool image_stream_plain(const struct image_stream *s)
{
	return !s->packer;
}

/* The window that holds the segment's next bytes; it is empty at the segment's end. */
static int fill(struct image_stream *s, struct window **ret)
{
	struct window *w = s->packer ? &s->out : &s->in;
	int r = 0;

	*ret = w;
	if (!s->packer) {
		r = want(s, 1);
		return r == -EBADMSG ? 0 : r;
	}
	while (!r && w->pos == w->end && !s->over) {
		w->pos = w->end = 0;
		r = want(s, 1);
		size_t before = s->in.end - s->in.pos;
		if (!r)
			r = s->packer->more(s);
		/* A library that neither takes nor gives would do so for ever. */
		if (!r && !w->end && !s->over && s->in.end - s->in.pos == before)
			r = -EBADMSG;
		s->total += w->end;
		if (!r && s->total > IMAGE_SIZE_MAX)
			r = -EFBIG;
	}
	return r;
}

int image_stream_peek(struct image_stream *s)
{
	struct window *w;
	int r = fill(s, &w);

	if (r)
		return r - 1;
	return w->pos < w->end ? w->p[w->pos] : -1;
}

ssize_t image_stream_some(struct image_stream *s, void *to, size_t n)
{
	struct window *w;
	int r = fill(s, &w);

	if (r)
		return r;
	if (n > w->end - w->pos)
		n = w->end - w->pos;
	if (to)
		memcpy(to, w->p + w->pos, n);
	w->pos += n;
	return (ssize_t)n;
}

int image_stream_read(struct image_stream *s, void *to, size_t n)
{
	while (n) {
		ssize_t some = image_stream_some(s, to, n);
		if (some <= 0)
			return some ? (int)some : -EBADMSG;
		to = to ? (char *)to + some : NULL;
		n -= (size_t)some;
	}
	return 0;
}
