/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packers.c - see packers.h */
#include "packers.h"

#include <errno.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <string.h>

#define XZ_MEMORY ((uint64_t)256 << 20)
/* The legacy format of lz4, which is the kernel's, has blocks of this size. */
#define LZ4_BLOCK ((size_t)8 << 20)
#define LZ4_PACKED ((size_t)LZ4_COMPRESSBOUND(8 << 20))
#define LZO_BLOCK ((size_t)64 << 20) /* lzop's own limit */

static int gzip_start(struct stream *s)
{
	s->gzip = (z_stream){ .next_in = NULL };
	return inflateInit2(&s->gzip, 15 + 16) == Z_OK ? 0 : -ENOMEM;
}

static int gzip_more(struct stream *s)
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

static void gzip_stop(struct stream *s)
{
	inflateEnd(&s->gzip);
}

static int xz_start(struct stream *s)
{
	s->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&s->xz, XZ_MEMORY, 0) == LZMA_OK ? 0 : -ENOMEM;
}

static int lzma_start(struct stream *s)
{
	s->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_alone_decoder(&s->xz, XZ_MEMORY) == LZMA_OK ? 0 : -ENOMEM;
}

static int xz_more(struct stream *s)
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

static void xz_stop(struct stream *s)
{
	lzma_end(&s->xz);
}

static int zstd_start(struct stream *s)
{
	s->zstd = ZSTD_createDStream();
	return s->zstd ? 0 : -ENOMEM;
}

static int zstd_more(struct stream *s)
{
	ZSTD_inBuffer from = { s->in.p, s->in.end, s->in.pos };
	ZSTD_outBuffer to = { s->out.p, s->out.cap, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &to, &from);

	s->in.pos = from.pos;
	s->out.end = to.pos;
	s->over = !r;
	return ZSTD_isError(r) ? -EBADMSG : 0;
}

static void zstd_stop(struct stream *s)
{
	ZSTD_freeDStream(s->zstd);
}

static int bzip2_start(struct stream *s)
{
	s->bzip2 = (bz_stream){ .next_in = NULL };
	return BZ2_bzDecompressInit(&s->bzip2, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static int bzip2_more(struct stream *s)
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

static void bzip2_stop(struct stream *s)
{
	BZ2_bzDecompressEnd(&s->bzip2);
}

/* Takes n bytes as a number, low end first. */
static int take_le32(struct stream *s, uint32_t *ret)
{
	int r = stream_want(s, 4);

	if (r)
		return r;
	const unsigned char *p = s->in.p + s->in.pos;
	*ret = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
	s->in.pos += 4;
	return 0;
}

static int lz4_start(struct stream *s)
{
	s->in.pos += 4;
	return window_room(&s->out, LZ4_BLOCK) ? 0 : -ENOMEM;
}

/* The legacy format has no end: what cannot be the size of a block is behind it. */
static int lz4_more(struct stream *s)
{
	uint32_t size = 0;
	int r = take_le32(s, &size);

	if (r || !size || size > LZ4_PACKED) {
		s->in.pos -= r ? 0 : 4;
		s->over = true;
		return r == -EBADMSG ? 0 : r;
	}
	r = stream_want(s, size);
	if (r)
		return r;
	r = LZ4_decompress_safe((char *)s->in.p + s->in.pos, (char *)s->out.p, (int)size,
				(int)LZ4_BLOCK);
	if (r < 0)
		return -EBADMSG;
	s->in.pos += size;
	s->out.end = (size_t)r;
	s->over = stream_want(s, 1) == -EBADMSG;
	return 0;
}

static int take_be32(struct stream *s, uint32_t *ret)
{
	int r = take_le32(s, ret);

	*ret = __builtin_bswap32(*ret);
	return r;
}

enum { LZOP_ADLER32_D = 1, LZOP_ADLER32_C = 2, LZOP_EXTRA = 0x40, LZOP_CRC32_D = 0x100,
       LZOP_CRC32_C = 0x200, LZOP_FILTER = 0x800 };

/* lzop's header (its read_header()): nine bytes of magic, three versions, a method, a level, and
 * flags; then a filter, if a flag says so, a mode, two times, the file's name behind its length,
 * and a checksum. Versions below 0.940 have one version, no level and one time less. */
static int lzop_start(struct stream *s)
{
	size_t n = 9 + 8 + 4; /* up to the flags of a version from 0.940 on */
	int r = stream_want(s, n);

	if (r)
		return r;
	const unsigned char *p = s->in.p + s->in.pos;
	bool modern = (p[9] << 8 | p[10]) >= 0x940;
	n -= modern ? 0 : 3;
	s->lzop_flags = (uint32_t)p[n - 4] << 24 | p[n - 3] << 16 | p[n - 2] << 8 | p[n - 1];
	if (s->lzop_flags & LZOP_EXTRA)
		return -EBADMSG;
	n += (s->lzop_flags & LZOP_FILTER ? 4 : 0) + (modern ? 12 : 8) + 1;
	r = stream_want(s, n);
	if (r)
		return r;
	n += s->in.p[s->in.pos + n - 1] + 4;
	r = stream_want(s, n);
	s->in.pos += r ? 0 : n;
	return r;
}

static int lzop_sizes(struct stream *s, uint32_t *whole, uint32_t *packed)
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

static int lzop_more(struct stream *s)
{
	uint32_t whole = 0, packed = 0;
	int r = lzop_sizes(s, &whole, &packed);

	s->over = !whole;
	if (r || s->over)
		return r;
	r = stream_want(s, packed);
	if (!r && !window_room(&s->out, whole))
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

static const struct packer packers[] = {
	{ { 0x1f, 0x8b }, 2, gzip_start, gzip_more, gzip_stop },
	{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, xz_start, xz_more, xz_stop },
	{ { 0x5d, 0, 0 }, 3, lzma_start, xz_more, xz_stop },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_start, zstd_more, zstd_stop },
	{ { 'B', 'Z', 'h' }, 3, bzip2_start, bzip2_more, bzip2_stop },
	{ { 0x02, 0x21, 0x4c, 0x18 }, 4, lz4_start, lz4_more, NULL },
	{ { 0x89, 'L', 'Z', 'O' }, 4, lzop_start, lzop_more, NULL },
};

const struct packer *packers_find(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (n >= packers[i].n && !memcmp(p, packers[i].magic, packers[i].n))
			return &packers[i];
	return NULL;
}
