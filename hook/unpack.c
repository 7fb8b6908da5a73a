/* unpack.c - see unpack.h */
#define _GNU_SOURCE
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define FILE_MAX ((size_t)256 << 20)

struct buffer {
	unsigned char *p;
	size_t n;
};

static int read_file(const char *path, struct buffer *ret)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = -EIO;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (size_t)st.st_size > FILE_MAX)
		goto out;
	ret->n = (size_t)st.st_size;
	ret->p = malloc(ret->n + 1);
	r = ret->p ? 0 : -ENOMEM;
	for (size_t done = 0; !r && done < ret->n;) {
		ssize_t n = read(fd, ret->p + done, ret->n - done);
		if (n > 0)
			done += (size_t)n;
		else if (!n || errno != EINTR)
			r = n ? -errno : -EIO;
	}
	if (r)
		free(ret->p);
out:
	close(fd);
	return r;
}

/* Room for at least as much again. */
static bool grow(struct buffer *b)
{
	size_t n = b->n ? 2 * b->n : 1 << 20;
	unsigned char *p = n <= FILE_MAX ? realloc(b->p, n) : NULL;

	if (p)
		*b = (struct buffer){ p, n };
	return p;
}

static int unpack_xz(const struct buffer *in, struct buffer *out)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret r = LZMA_OK;
	int error = lzma_stream_decoder(&z, UINT64_MAX, 0) == LZMA_OK ? 0 : -ENOMEM;

	z.next_in = in->p;
	z.avail_in = in->n;
	while (!error && r != LZMA_STREAM_END) {
		if (z.total_out == out->n && !grow(out)) {
			error = -ENOMEM;
			break;
		}
		z.next_out = out->p + z.total_out;
		z.avail_out = out->n - (size_t)z.total_out;
		r = lzma_code(&z, LZMA_FINISH);
		if (r != LZMA_OK && r != LZMA_STREAM_END)
			error = -EBADMSG;
	}
	out->n = (size_t)z.total_out;
	lzma_end(&z);
	return error;
}

static int unpack_zstd(const struct buffer *in, struct buffer *out)
{
	ZSTD_inBuffer from = { in->p, in->n, 0 };
	ZSTD_outBuffer to = { NULL, 0, 0 };
	ZSTD_DStream *z = ZSTD_createDStream();
	size_t r = 1;
	int error = z ? 0 : -ENOMEM;

	while (!error && r) {
		if (to.pos == to.size) {
			error = grow(out) ? 0 : -ENOMEM;
			to.dst = out->p;
			to.size = out->n;
		}
		if (error)
			break;
		r = ZSTD_decompressStream(z, &to, &from);
		if (ZSTD_isError(r) || (r && from.pos == from.size && to.pos < to.size))
			error = -EBADMSG;
	}
	ZSTD_freeDStream(z);
	out->n = to.pos;
	return error;
}

static int unpack_gzip(const struct buffer *in, struct buffer *out)
{
	z_stream z = { .next_in = in->p, .avail_in = (uInt)in->n };
	int r, error = 0;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -ENOMEM;
	do {
		if (z.total_out == out->n && !grow(out)) {
			error = -ENOMEM;
			break;
		}
		z.next_out = out->p + z.total_out;
		z.avail_out = (uInt)(out->n - z.total_out);
		r = inflate(&z, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END)
			error = -EBADMSG;
	} while (!error && r != Z_STREAM_END);
	out->n = z.total_out;
	inflateEnd(&z);
	return error;
}

int unpack_file(const char *path, unsigned char **ret, size_t *ret_size)
{
	static const struct {
		unsigned char magic[6];
		size_t n;
		int (*unpack)(const struct buffer *in, struct buffer *out);
	} formats[] = {
		{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
		{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
		{ { 0x1f, 0x8b }, 2, unpack_gzip },
	};
	struct buffer in = { NULL, 0 }, out = { NULL, 0 };
	int r = read_file(path, &in);

	if (r)
		return r;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (in.n < formats[i].n || memcmp(in.p, formats[i].magic, formats[i].n))
			continue;
		r = formats[i].unpack(&in, &out);
		free(in.p);
		in = out;
		break;
	}
	if (r) {
		free(in.p);
		return r;
	}
	*ret = in.p;
	*ret_size = in.n;
	return 0;
}
